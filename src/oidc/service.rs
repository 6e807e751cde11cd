//! Calls to the login service: its description, its keys, a token for a code.

use std::sync::{Arc, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::{Map, Value};

use super::error::{LoginError, NoAnswer, Question, ServiceFault};
use super::{LoginService, form};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::json;
use crate::errors::in_full;
use crate::https::{Address, Tls};
use crate::identity::{self, IssuerKeys, LoginClaims, LoginExpected};

/// The algorithms an id token may be signed with; see [`crate::identity`] for why RS256 is one.
const ALGORITHMS: [&str; 6] = ["ES256", "ES384", "EdDSA", "PS256", "PS384", "RS256"];

/// What was asked before.
#[derive(Debug, Default)]
pub(super) struct Kept {
    description: Option<(Moment, Arc<Description>)>,
    keys: Option<(Moment, Arc<IssuerKeys>)>,
    keys_asked: Option<Moment>,
}

/// What a login service says of itself.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) authorization: Address,
    token: Address,
    keys: Address,
    end_session: Option<Address>,
    /// Whether it says who it is when the browser comes back (RFC 9207).
    pub(super) names_issuer: bool,
}

/// Whether something of `then` still counts. Of a time that is yet to come nothing is known.
fn is_fresh(then: Moment, now: Moment, most_ms: i64) -> bool {
    (0..most_ms).contains(&now.ms_since(then))
}

impl LoginService {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service's description, asked at most once in [`bounds::LOGIN_SERVICE_AGE_MS`].
    pub(super) async fn description(&self) -> Result<Arc<Description>, LoginError> {
        let now = self.clock.now();
        if let Some((then, description)) = &self.kept().description
            && is_fresh(*then, now, bounds::LOGIN_SERVICE_AGE_MS)
        {
            return Ok(Arc::clone(description));
        }
        let asked = Question::Description;
        let answer = self
            .call(asked, self.settings.issuer.description(), Ask::Get)
            .await?;
        let wrong = |source| LoginError::Wrong { asked, source };
        let answer = object(answer.of_200().map_err(wrong)?).map_err(wrong)?;
        let description = self.read_description(&answer).map_err(wrong)?;
        let description = Arc::new(description);
        self.kept().description = Some((now, Arc::clone(&description)));
        Ok(description)
    }

    /// Asks what a login asks before anybody is known: its description and its keys.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn look(&self) -> Result<(), LoginError> {
        let description = self.description().await?;
        self.keys(&description).await.map(drop)
    }

    /// OpenID Connect Discovery 1.0 (3, 4.3); RFC 8414 (3.3).
    fn read_description(&self, answer: &Map<String, Value>) -> Result<Description, ServiceFault> {
        if text(answer, "issuer")? != self.settings.issuer.as_str() {
            return Err(ServiceFault::Issuer);
        }
        let endpoint = |name| {
            let address = Address::parse(text(answer, name)?);
            address.map_err(|_| ServiceFault::Endpoint(name))
        };
        lists(answer, "response_types_supported", &["code"])?;
        lists(answer, "id_token_signing_alg_values_supported", &ALGORITHMS)?;
        lists(answer, "code_challenge_methods_supported", &["S256"])?;
        if self.settings.client_secret.is_some() {
            let name = "token_endpoint_auth_methods_supported";
            lists(answer, name, &["client_secret_basic"])?;
        }
        let end_session = match answer.get("end_session_endpoint") {
            None => None,
            Some(_) => Some(endpoint("end_session_endpoint")?),
        };
        let names_issuer = answer.get("authorization_response_iss_parameter_supported");
        Ok(Description {
            authorization: endpoint("authorization_endpoint")?,
            token: endpoint("token_endpoint")?,
            keys: endpoint("jwks_uri")?,
            end_session,
            names_issuer: names_issuer == Some(&Value::Bool(true)),
        })
    }

    /// Where to log out, as far as is known.
    pub(super) fn end_session(&self) -> Option<Address> {
        let kept = self.kept();
        kept.description.as_ref()?.1.end_session.clone()
    }

    /// Changes a code for an id token, which is not believed yet.
    pub(super) async fn exchange(
        &self,
        description: &Description,
        code: &str,
        verifier: &str,
    ) -> Result<String, LoginError> {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.settings.redirect),
            ("code_verifier", verifier),
        ];
        let basic = self.basic();
        if basic.is_none() {
            pairs.push(("client_id", &self.settings.client_id));
        }
        let asked = Question::Token;
        let ask = Ask::Post {
            form: form(&pairs),
            basic,
        };
        let answer = self.call(asked, &description.token, ask).await?;
        let wrong = |source| LoginError::Wrong { asked, source };
        // RFC 6749 (5.2): 400, or 401 for what is wrong with us.
        if matches!(answer.status.as_u16(), 400 | 401)
            && let Ok(refused) = object(&answer.body)
            && let Ok(code) = text(&refused, "error")
        {
            return Err(LoginError::of_code(code));
        }
        let answer = object(answer.of_200().map_err(wrong)?).map_err(wrong)?;
        let kind = text(&answer, "token_type").map_err(wrong)?;
        if !kind.eq_ignore_ascii_case("Bearer") {
            return Err(wrong(ServiceFault::Member("token_type")));
        }
        let id_token = text(&answer, "id_token").map_err(wrong)?;
        Ok(id_token.to_owned())
    }

    /// RFC 6749 (2.3.1): both halves are form-encoded first.
    fn basic(&self) -> Option<HeaderValue> {
        let secret = self.settings.client_secret.as_ref()?;
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!(
            "{}:{}",
            encoded(&self.settings.client_id),
            encoded(secret.reveal())
        );
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Verifies an id token; with keys asked anew, if those that are kept do not fit.
    pub(super) async fn verify(
        &self,
        description: &Description,
        unverified: &str,
        expected: &LoginExpected<'_>,
    ) -> Result<LoginClaims, LoginError> {
        let keys = self.keys(description).await?;
        let flaw = match keys.verify(unverified, expected) {
            Ok(claims) => return Ok(claims),
            Err(flaw) => flaw,
        };
        let asked = self.kept().keys_asked;
        let just_asked =
            asked.is_some_and(|then| is_fresh(then, self.clock.now(), bounds::LOGIN_KEYS_MS));
        if just_asked || !flaw.may_be_a_newer_key() {
            return Err(LoginError::IdToken(flaw));
        }
        let keys = self.ask_keys(description).await?;
        keys.verify(unverified, expected)
            .map_err(LoginError::IdToken)
    }

    async fn keys(&self, description: &Description) -> Result<Arc<IssuerKeys>, LoginError> {
        if let Some((then, keys)) = &self.kept().keys
            && is_fresh(*then, self.clock.now(), bounds::LOGIN_SERVICE_AGE_MS)
        {
            return Ok(Arc::clone(keys));
        }
        self.ask_keys(description).await
    }

    async fn ask_keys(&self, description: &Description) -> Result<Arc<IssuerKeys>, LoginError> {
        let asked = Question::Keys;
        let now = self.clock.now();
        self.kept().keys_asked = Some(now);
        let answer = self.call(asked, &description.keys, Ask::Get).await?;
        let wrong = |source| LoginError::Wrong { asked, source };
        let keys = IssuerKeys::parse(answer.of_200().map_err(wrong)?)
            .map_err(|source| wrong(ServiceFault::Keys(source)))?;
        let keys = Arc::new(keys);
        self.kept().keys = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// One call, on a connection of its own: there are few.
    async fn call(
        &self,
        asked: Question,
        address: &Address,
        ask: Ask,
    ) -> Result<Answer, LoginError> {
        let Ok(_place) = self.calls.try_acquire() else {
            return Err(LoginError::Busy);
        };
        let tls = self.current_tls().await;
        match tokio::time::timeout(self.patience, answer(address, ask, tls)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Failed::NoAnswer(source))) => Err(LoginError::Unreachable { asked, source }),
            Ok(Err(Failed::Wrong(source))) => Err(LoginError::Wrong { asked, source }),
            Err(_) => Err(LoginError::Unreachable {
                asked,
                source: NoAnswer::TooLate,
            }),
        }
    }

    /// A renewed file of trust anchors counts from the next call on; a bad one keeps the last good.
    async fn current_tls(&self) -> Tls {
        let (anchors, clock) = (self.settings.trust_anchors.clone(), self.clock.clone());
        let read = tokio::task::spawn_blocking(move || identity::login_tls(&anchors, clock)).await;
        let mut tls = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(Ok(read)) => *tls = read,
            Ok(Err(error)) => tracing::error!(
                identity.fault = in_full(&error),
                "a trust file cannot be used; what it held before stays in use"
            ),
            // The runtime is going down.
            Err(_) => {}
        }
        Arc::clone(&tls)
    }
}

/// How it is asked.
enum Ask {
    Get,
    Post {
        form: String,
        basic: Option<HeaderValue>,
    },
}

struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Answer {
    fn of_200(&self) -> Result<&[u8], ServiceFault> {
        match self.status {
            StatusCode::OK => Ok(&self.body),
            status => Err(ServiceFault::Status(status)),
        }
    }
}

enum Failed {
    NoAnswer(NoAnswer),
    Wrong(ServiceFault),
}

async fn answer(address: &Address, ask: Ask, tls: Tls) -> Result<Answer, Failed> {
    let broken_off = |error| Failed::NoAnswer(NoAnswer::BrokenOff(error));
    let mut sender = address.connect(tls).await.map_err(|source| {
        Failed::NoAnswer(NoAnswer::Connection {
            host: address.authority().to_owned(),
            source,
        })
    })?;
    let (parts, body) = sender
        .send_request(request(address, ask))
        .await
        .map_err(broken_off)?
        .into_parts();
    let body = Limited::new(body, bounds::LOGIN_ANSWER_BYTES)
        .collect()
        .await;
    let body = body.map_err(|error| match error.downcast::<hyper::Error>() {
        Ok(error) => broken_off(*error),
        // The only other error there is: LengthLimitError.
        Err(_) => Failed::Wrong(ServiceFault::TooLong),
    })?;
    Ok(Answer {
        status: parts.status,
        body: body.to_bytes(),
    })
}

fn request(address: &Address, ask: Ask) -> Request<Full<Bytes>> {
    let (method, body, basic) = match ask {
        Ask::Get => (Method::GET, None, None),
        Ask::Post { form, basic } => (Method::POST, Some(form), basic),
    };
    let kind = body
        .is_some()
        .then_some("application/x-www-form-urlencoded");
    let mut request = Request::new(Full::from(body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = address.target();
    let headers = request.headers_mut();
    headers.insert(header::HOST, address.host_header());
    let fixed = HeaderValue::from_static;
    headers.insert(header::ACCEPT, fixed("application/json"));
    let agent = concat!("sluis/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, fixed(agent));
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, fixed(kind));
    }
    if let Some(basic) = basic {
        headers.insert(header::AUTHORIZATION, basic);
    }
    request
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ServiceFault> {
    match json::parse(body).map_err(ServiceFault::Json)? {
        Value::Object(object) => Ok(object),
        _ => Err(ServiceFault::Member("a JSON object")),
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, ServiceFault> {
    let member = object.get(name).and_then(Value::as_str);
    member.ok_or(ServiceFault::Member(name))
}

/// A list, if it is there, names one of these. Many services leave these lists out.
fn lists(
    object: &Map<String, Value>,
    name: &'static str,
    one_of: &[&'static str],
) -> Result<(), ServiceFault> {
    let listed = match object.get(name) {
        None => return Ok(()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(ServiceFault::Member(name)),
    };
    let named = |wanted: &&str| listed.iter().any(|value| value == *wanted);
    match one_of {
        [first, ..] if !one_of.iter().any(named) => Err(ServiceFault::Unsupported(name, first)),
        _ => Ok(()),
    }
}
