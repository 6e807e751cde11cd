//! What a gateway says: the way there, whether it lets the certificate in, and what it makes of a token.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;

use super::Asked;
use super::answer::{Problem, refused};
use super::token::Looked;
use crate::bounds;
use crate::clock::{Clock, Random};
use crate::domain::{DocumentId, TransactionId, json};
use crate::errors::in_full;
use crate::finding::{Findings, day};
use crate::https::{Answered, NoAnswer, NoConnection, Tls, TlsTrouble};
use crate::identity::{CertificateFacts, login_tls, reader_tls};

const ADDRESS: &str = "address";
const SERVER: &str = "server";
const ACCEPTED: &str = "accepted";
const HEADERS: &str = "headers";
const CLOCK: &str = "clock";
const CALL: &str = "call";

const TRANSACTION: &str = "fsc-transaction-id";

/// The steps that need the gateway.
pub(super) struct Wire<'a> {
    pub(super) asked: &'a Asked,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) random: &'a dyn Random,
    /// One of the client's own, to be sent along.
    pub(super) transaction: Option<TransactionId>,
}

/// How far the gateway was heard.
pub(super) enum Heard {
    /// It answered.
    Answers,
    /// It could not be reached, or was not able to answer, which is not the client's doing.
    Nothing(Findings),
}

type Tell<'a> = &'a mut (dyn FnMut(Findings) + Send);

impl Wire<'_> {
    /// Goes on for as long as it makes sense.
    pub(super) async fn walk(
        &self,
        can_connect: bool,
        token: Option<&Looked>,
        tell: Tell<'_>,
    ) -> Heard {
        let mut all = Findings::default();
        let is_there = self.server(&mut all).await;
        match is_there {
            Ok(true) => tell(all),
            Ok(false) => {
                tell(all);
                return Heard::Answers;
            }
            Err(()) => return Heard::Nothing(all),
        }
        let mut all = Findings::default();
        if !can_connect {
            all.skip(
                ACCEPTED,
                "not tried: there is no certificate and key to show",
            );
            tell(all);
            return Heard::Answers;
        }
        match self.accepted(&mut all).await {
            Ok(true) => tell(all),
            Ok(false) => {
                tell(all);
                return Heard::Answers;
            }
            Err(()) => return Heard::Nothing(all),
        }
        let Some(token) = token else {
            let mut all = Findings::default();
            all.skip(
                CALL,
                "no call with a token: there is none, or something is wrong with it",
            );
            tell(all);
            return Heard::Answers;
        };
        self.with_token(token, tell).await
    }

    /// Whether the server is there, and who it says it is.
    async fn server(&self, all: &mut Findings) -> Result<bool, ()> {
        let (asked, who) = (self.asked, self.asked.url.authority());
        let tls = match login_tls(std::slice::from_ref(&asked.ca), Arc::clone(self.clock)) {
            Ok(tls) => tls,
            Err(error) => {
                all.fail(
                    SERVER,
                    in_full(&error),
                    "give the CA of the gateway's certificate, in PEM, with --ca",
                );
                return Ok(false);
            }
        };
        let met = asked.url.meet::<Full<Bytes>>(tls);
        let met = tokio::time::timeout(bounds::FETCH, met).await;
        let Ok(met) = met else {
            let seconds = bounds::FETCH.as_secs();
            all.fail(
                ADDRESS,
                format!("{who} did not answer within {seconds} s"),
                "is the address right, and does a firewall stop it",
            );
            return Err(());
        };
        let error = match met {
            Ok((_, certificate)) => {
                let facts = certificate.as_ref().and_then(CertificateFacts::read);
                let facts = facts.map_or(String::new(), |facts| {
                    format!(": {}, until {}", facts.subject, day(facts.not_after))
                });
                all.ok(ADDRESS, format!("{who} answers over TLS"));
                all.ok(SERVER, format!("its certificate is trusted{facts}"));
                return Ok(true);
            }
            Err(error) => error,
        };
        match (TlsTrouble::find(&error), &error) {
            (Some(TlsTrouble::Certificate(why)), _) => {
                all.ok(ADDRESS, format!("{who} answers over TLS"));
                all.fail(
                    SERVER,
                    format!("its certificate is not accepted: {why}"),
                    "give its own CA with --ca, and call it by a name that is in its certificate; never by leaving out this check",
                );
                Ok(false)
            }
            (Some(TlsTrouble::Alert(alert)), _) => {
                all.fail(
                    SERVER,
                    format!("it ended the handshake ({alert})"),
                    "is --url the exchange, and not another listener",
                );
                Ok(false)
            }
            (Some(TlsTrouble::Other(why)), _) => {
                all.fail(
                    SERVER,
                    format!("there is no TLS with it: {why}"),
                    "is the port that of the exchange, and does a proxy in between answer instead",
                );
                Ok(false)
            }
            (None, NoConnection::Connect(_) | NoConnection::Http(_)) => {
                all.fail(
                    ADDRESS,
                    format!("{who} cannot be reached: {}", in_full(&error)),
                    "is the address right, does the gateway run, does a firewall stop it",
                );
                Err(())
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        transaction: Option<TransactionId>,
    ) -> Request<Full<Bytes>> {
        let base = self.asked.url.path().trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        if let Ok(target) = format!("{base}{path}").parse() {
            *request.uri_mut() = target;
        }
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        let id = transaction.and_then(|id| HeaderValue::try_from(id.to_string()).ok());
        if let Some(id) = id {
            headers.insert(TRANSACTION, id);
        }
        request
    }

    /// TLS with the client's certificate.
    fn tls(&self) -> Result<Tls, NoAnswer> {
        let asked = self.asked;
        let anchors = std::slice::from_ref(&asked.ca);
        let clock = Arc::clone(self.clock);
        let tls = reader_tls(&asked.certificate, &asked.key, anchors, clock);
        tls.map_err(|error| NoAnswer::BrokenOff(error.into()))
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answered, NoAnswer> {
        let most = bounds::AGREEMENT_BODY_BYTES;
        let url = &self.asked.url;
        url.ask(self.tls()?, request, most, bounds::FETCH).await
    }

    /// What the gateway has against the certificate, where the connection only ended.
    async fn objection(&self, error: &NoAnswer) -> Option<TlsTrouble> {
        if !matches!(error, NoAnswer::BrokenOff(_)) || TlsTrouble::find(error).is_some() {
            return None;
        }
        let url = &self.asked.url;
        url.objection(self.tls().ok()?, bounds::HANDSHAKE).await
    }

    /// Whether it lets the certificate in: a call that needs nothing else, and leaves no trace.
    async fn accepted(&self, all: &mut Findings) -> Result<bool, ()> {
        let sent = self
            .transaction
            .or_else(|| TransactionId::new(self.clock.now(), self.random).ok());
        let request = self.request(Method::GET, "/v1/logboek/checkpoint", sent);
        let answer = match self.ask(request).await {
            Ok(answer) => answer,
            Err(error) => {
                let objection = self.objection(&error).await;
                if let Some((what, advice)) = refused(&error, objection) {
                    all.fail(ACCEPTED, what, advice);
                    return Ok(false);
                }
                let advice = "try again; if it stays so, ask the gateway's operator";
                all.fail(ADDRESS, in_full(&error), advice);
                return Err(());
            }
        };
        if answer.status != StatusCode::OK {
            let problem = Problem::of(&answer);
            all.fail(ACCEPTED, problem.told(), problem.advice());
            return if problem.is_theirs() {
                Err(())
            } else {
                Ok(false)
            };
        }
        let text = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let Some(version) = text("api-version") else {
            all.fail(
                ACCEPTED,
                "200, and no API-Version: this is no answer of Sluis",
                "is --url the address of the exchange, and is there a proxy in between",
            );
            return Ok(false);
        };
        all.ok(
            ACCEPTED,
            format!("the gateway knows your organisation (GET /v1/logboek/checkpoint; API-Version {version}); that call is not recorded"),
        );
        let back = text(TRANSACTION).map(str::to_owned);
        match (sent.map(|id| id.to_string()), back) {
            (Some(sent), Some(back)) if sent == back => {
                all.ok(HEADERS, "Fsc-Transaction-Id was taken over, and came back");
            }
            _ => all.warn(
                HEADERS,
                "Fsc-Transaction-Id came back as another one",
                "something in between changes headers: let it pass this one on",
            ),
        }
        self.clocks(all, &answer);
        Ok(true)
    }

    fn clocks(&self, all: &mut Findings, answer: &Answered) {
        let Some(theirs) = answer.date() else { return };
        // A date is cut to whole seconds.
        let ms = self.clock.now().ms_since(theirs.plus_ms(500));
        let way = if ms < 0 { "behind" } else { "ahead of" };
        let text = format!(
            "this machine is {} s {way} the gateway",
            (ms.abs() + 500) / 1000
        );
        let leeway = bounds::TOKEN_LEEWAY_SECONDS;
        if ms.abs() > leeway * 1000 {
            all.fail(
                CLOCK,
                text,
                format!("set the clock by NTP: with more than {leeway} s between them tokens are refused"),
            );
        } else {
            all.ok(CLOCK, text);
        }
    }

    /// A call with the token: one that changes nothing and gives no document.
    async fn with_token(&self, token: &Looked, tell: Tell<'_>) -> Heard {
        let (mut all, mut beforehand) = (Findings::default(), Findings::default());
        let given = self.asked.document.or(token.document);
        let anything = || DocumentId::new(self.clock.now(), self.random).ok();
        let (method, path) = match given.or_else(anything) {
            Some(document) if !token.is_for_registry => {
                (Method::POST, format!("/v1/documenten/{document}/_toets"))
            }
            _ => (Method::GET, "/v1/overeenkomsten".to_owned()),
        };
        beforehand.note(
            CALL,
            match (token.is_for_registry, given) {
                (true, _) => {
                    "GET /v1/overeenkomsten, which changes nothing and is not recorded; only a refusal is, in the gateway's ledger"
                }
                (false, Some(_)) => {
                    "POST _toets about this document, which gives no document; it uses the token up, and is recorded in the gateway's ledger as a test, with the token's sub and zaak"
                }
                (false, None) => {
                    "POST _toets about a document that nobody has; it uses the token up, and is recorded in the gateway's ledger as a refusal, with the token's sub and zaak"
                }
            },
        );
        tell(beforehand);
        let mut request = self.request(method, &path, None);
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.unverified));
        if let Ok(mut bearer) = bearer {
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let answer = match self.ask(request).await {
            Ok(answer) => answer,
            Err(error) => {
                all.fail(
                    CALL,
                    in_full(&error),
                    "try again with a new token; if it stays so, ask the gateway's operator",
                );
                return Heard::Nothing(all);
            }
        };
        if answer.status == StatusCode::OK {
            all.ok(
                CALL,
                format!("200: the token is accepted{}", permitted(&answer)),
            );
            tell(all);
            return Heard::Answers;
        }
        let problem = Problem::of(&answer);
        match problem.code.as_str() {
            "document-onbekend" if given.is_none() => all.ok(
                CALL,
                format!(
                    "{}: the token is accepted, and nobody has that document, as expected",
                    problem.told()
                ),
            ),
            "document-onbekend" | "niet-toegestaan" | "niet-bevoegd" => {
                all.warn(CALL, problem.told(), problem.advice());
            }
            _ => all.fail(CALL, problem.told(), problem.advice()),
        }
        if problem.is_theirs() {
            return Heard::Nothing(all);
        }
        tell(all);
        Heard::Answers
    }
}

/// What a test of a decision says.
fn permitted(answer: &Answered) -> String {
    let body = json::parse(&answer.body).unwrap_or_default();
    let reason = body.get("reden").and_then(serde_json::Value::as_str);
    match body.get("toegestaan").and_then(serde_json::Value::as_bool) {
        Some(true) => ", and the document would be given".to_owned(),
        Some(false) => format!(
            ", and the document would be refused ({}); what is missing is in the answer's ontbreekt",
            reason.unwrap_or("no reason was given")
        ),
        None => String::new(),
    }
}
