//! Logging in at a certified login service (oidc-provider, on Node.js), through a browser that
//! knows no more than redirects, cookies and forms. What stands for the desk here is the part of the
//! library that talks to the login service.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, header};
use serde_json::{Value, json};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::domain::{DeskRole, Oin, Organisation, Organisations, Role, Wording};
use sluis::errors::in_full;
use sluis::https::{Address, Tls};
use sluis::identity::login_tls;
use sluis::oidc::{
    Begun, ClientSecret, Issuer, LoginError, LoginService, Person, Returned, Settings,
};

use crate::party::{pki, strange_pki};
use crate::process::{mortal, spawn};

const REDIRECT: &str = "https://balie.example/aanmelden/terug";
const AFTER_LOGOUT: &str = "https://balie.example/afgemeld";
const IMG: &str = "00000001812345678000";
const SECRET: &str = "geheim: 100%+&";
const HOW_TO_INSTALL: &str = "the login tests need Node.js 18 or newer and its packages: install \
     them (on Debian: apt-get install nodejs npm), then run npm ci --prefix tests/oidc, or let \
     tests/run do both";
/// The algorithms an id token is accepted with; one client for each.
const ALGORITHMS: [&str; 6] = ["ES256", "ES384", "EdDSA", "PS256", "PS384", "RS256"];

/// The login service, as a process that ends with this one.
pub(crate) struct Service {
    child: Child,
    pub(crate) issuer: String,
    _folder: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn clients(redirect: &str, after_logout: &str) -> Vec<Value> {
    let client = |name: &str, algorithm: &str, method: &str| {
        json!({
            "client_id": name, "id_token_signed_response_alg": algorithm,
            "token_endpoint_auth_method": method, "redirect_uris": [redirect],
            "post_logout_redirect_uris": [after_logout],
        })
    };
    let mut clients: Vec<Value> = ALGORITHMS
        .iter()
        .map(|algorithm| client(algorithm, algorithm, "none"))
        .collect();
    let mut confidential = client("met geheim", "ES256", "client_secret_basic");
    confidential["client_secret"] = SECRET.into();
    clients.push(confidential);
    clients
}

impl Service {
    fn start() -> Self {
        Self::start_for(REDIRECT, AFTER_LOGOUT)
    }

    /// For a desk to which the browser comes back here.
    pub(crate) fn start_for(redirect: &str, after_logout: &str) -> Self {
        let oidc = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        let node = Command::new("node").arg("--version").output();
        assert!(
            node.is_ok_and(|node| node.status.success())
                && oidc.join("node_modules/oidc-provider").exists(),
            "{HOW_TO_INSTALL}"
        );
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("settings.json");
        let text = json!({
            "certificate": pki().join("gateway.pem"),
            "key": pki().join("gateway.key"),
            "clients": clients(redirect, after_logout),
            "accounts": {
                "jansen": {
                    "sub": "medewerker-17", "name": "F. Jansen", "organisatie": IMG,
                    "rollen": ["fg", "parkeren"],
                },
                "bakker": { "sub": "m-18", "organisatie": IMG, "rollen": "beheer" },
                "zonder-rol": { "sub": "m-19", "organisatie": IMG },
                "zonder-organisatie": { "sub": "m-20", "rollen": ["fg"] },
                "vreemd": { "sub": "m-21", "organisatie": "00000009999999999000", "rollen": ["fg"] },
            },
        });
        std::fs::write(&settings, text.to_string()).unwrap();
        let mut command = mortal("KILL", "node");
        command.arg(oidc.join("server.mjs")).arg(&settings);
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = spawn(command).unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the login service ended; {HOW_TO_INSTALL}"));
        Self {
            child,
            issuer: told["issuer"].as_str().unwrap().to_owned(),
            _folder: folder,
        }
    }

    fn login(&self, change: impl FnOnce(&mut Settings)) -> LoginService {
        let mut settings = Settings {
            issuer: Issuer::parse(&self.issuer).unwrap(),
            client_id: "ES256".to_owned(),
            client_secret: None,
            redirect: REDIRECT.to_owned(),
            after_logout: AFTER_LOGOUT.to_owned(),
            organisation_claim: "organisatie".to_owned(),
            roles_claim: "rollen".to_owned(),
            role_names: DeskRole::ALL
                .map(|role| (role.code().to_owned(), role))
                .into(),
            trust_anchors: vec![pki().join("ca.pem")],
        };
        change(&mut settings);
        let img = Organisation {
            oin: Oin::parse(IMG).unwrap(),
            name: "IMG".to_owned(),
            role: Role::parse("img").unwrap(),
            teams: [].into(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandomness::default()));
        LoginService::new(settings, Organisations::new(vec![img]), clock, random).unwrap()
    }
}

/// Redirects, cookies, forms.
struct Browser {
    tls: Tls,
    cookies: BTreeMap<String, String>,
}

/// Where a browser ended.
enum Ended {
    /// At a page of the login service.
    Page(u16, String),
    /// On its way to the desk, at this address.
    Back(String),
}

impl Browser {
    fn new() -> Self {
        let anchors: [PathBuf; 1] = [pki().join("ca.pem")];
        Self {
            tls: login_tls(&anchors, Arc::new(SystemClock)).unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens a page, or sends a form, and follows.
    async fn open(&mut self, url: &str, form: Option<&str>) -> (String, Ended) {
        let mut url = url.to_owned();
        let mut form = form.map(str::to_owned);
        for _ in 0..8 {
            let address = Address::parse(&url).unwrap();
            let mut sender = address.connect(Arc::clone(&self.tls)).await.unwrap();
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let method = if form.is_some() { "POST" } else { "GET" };
            let request = Request::builder()
                .method(method)
                .uri(address.target())
                .header(header::HOST, address.host_header())
                .header(header::COOKIE, cookies.join("; "))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from(form.take().unwrap_or_default())));
            let answer = sender.send_request(request.unwrap()).await.unwrap();
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = cookie.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let to = answer.headers().get(header::LOCATION);
            let Some(to) = to.map(|to| to.to_str().unwrap().to_owned()) else {
                let status = answer.status().as_u16();
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                let body = String::from_utf8(body.to_vec()).unwrap();
                return (url, Ended::Page(status, body));
            };
            let here = format!("https://{}/", address.authority());
            if !to.starts_with('/') && !to.starts_with(&here) {
                return (url, Ended::Back(to));
            }
            url = match to.strip_prefix('/') {
                Some(path) => here + path,
                None => to,
            };
        }
        panic!("too many redirects, the last to {url}");
    }

    /// Goes to the login service and sends its form.
    async fn log_in(&mut self, url: &str, form: &str) -> String {
        let (at, ended) = self.open(url, None).await;
        let Ended::Page(200, page) = ended else {
            panic!("no login page at {at}");
        };
        assert!(page.contains("name=\"account\""), "{page}");
        match self.open(&at, Some(form)).await.1 {
            Ended::Back(to) => {
                let query = to.strip_prefix(&format!("{REDIRECT}?"));
                query.unwrap_or_else(|| panic!("sent to {to}")).to_owned()
            }
            Ended::Page(status, page) => panic!("{status} {page}"),
        }
    }
}

async fn person(service: &LoginService, form: &str) -> Result<Person, LoginError> {
    let Begun { url, pending } = service.begin().await?;
    let query = Browser::new().log_in(&url, form).await;
    service.finish(pending, Returned::read(&query)?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certified_login_service_says_who_somebody_is() {
    let service = Service::start();
    let login = service.login(|_| {});
    for (form, told) in [
        ("annuleren=ja", "access was denied at the login service"),
        (
            "account=zonder-rol",
            "the roles claim of the id token (desk.roles-claim) names no role of the desk",
        ),
        (
            "account=zonder-organisatie",
            "the organisation claim of the id token (desk.organisation-claim) is not an OIN",
        ),
        (
            "account=vreemd",
            "the organisation in the id token is not a configured one",
        ),
    ] {
        let found = in_full(&person(&login, form).await.unwrap_err());
        assert_eq!(found, told, "{form}");
    }
    for algorithm in ALGORITHMS {
        let login = service.login(|settings| settings.client_id = algorithm.to_owned());
        let person = person(&login, "account=jansen").await;
        let person = person.unwrap_or_else(|error| panic!("{algorithm}: {}", in_full(&error)));
        assert_eq!(person.subject.as_str(), "medewerker-17");
        assert_eq!(person.organisation.as_str(), IMG);
        assert_eq!(person.roles, [DeskRole::Fg].into());
        assert_eq!(person.name.as_deref(), Some("F. Jansen"));
    }
    let found = person(&login, "account=bakker").await.unwrap();
    assert_eq!(found.roles, [DeskRole::Beheer].into());
    assert_eq!(found.name, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certified_login_service_takes_only_what_it_should() {
    let service = Service::start();
    let with_secret = |secret: Option<&str>| {
        service.login(|settings| {
            settings.client_id = "met geheim".to_owned();
            settings.client_secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
        })
    };
    for secret in [None, Some("geraden")] {
        let outcome = person(&with_secret(secret), "account=jansen").await;
        let found = in_full(&outcome.unwrap_err());
        let told = "the login service refuses (invalid_client)";
        assert!(found.starts_with(told), "{secret:?}: {found}");
    }
    let login = with_secret(Some(SECRET));
    assert!(person(&login, "account=jansen").await.is_ok());

    // Two logins in two browsers: the code of one is no good for the other, and is used up.
    let (mine, theirs) = (login.begin().await.unwrap(), login.begin().await.unwrap());
    let query = Browser::new().log_in(&mine.url, "account=jansen").await;
    let other_state = Returned::read(&query).unwrap();
    let crossed = login.finish(theirs.pending, other_state).await;
    assert!(matches!(crossed, Err(LoginError::OtherLogin)));
    assert!(
        login
            .finish(mine.pending, Returned::read(&query).unwrap())
            .await
            .is_ok()
    );
    // A code of somebody else, put under the own state: PKCE.
    let (mine, theirs) = (login.begin().await.unwrap(), login.begin().await.unwrap());
    let code = Browser::new().log_in(&theirs.url, "account=jansen").await;
    let state = Browser::new().log_in(&mine.url, "account=bakker").await;
    let parameter = |query: &str, name: &str| {
        let found = query.split('&').find(|pair| pair.starts_with(name));
        found.unwrap().to_owned()
    };
    let mixed = [
        parameter(&code, "code="),
        parameter(&state, "state="),
        parameter(&state, "iss="),
    ];
    let outcome = login
        .finish(mine.pending, Returned::read(&mixed.join("&")).unwrap())
        .await;
    let found = in_full(&outcome.unwrap_err());
    assert!(
        found.starts_with("the login service refuses (invalid_grant)"),
        "{found}"
    );

    // An address that is not registered never gets a code.
    let elsewhere =
        service.login(|settings| settings.redirect = "https://evil.example/".to_owned());
    let url = elsewhere.begin().await.unwrap().url;
    let Ended::Page(400, page) = Browser::new().open(&url, None).await.1 else {
        panic!("the login service sent the browser on");
    };
    assert!(page.contains("redirect_uri"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_ends_the_session_at_the_login_service() {
    let service = Service::start();
    let login = service.login(|_| {});
    let mut browser = Browser::new();
    let url = login.begin().await.unwrap().url;
    browser.log_in(&url, "account=jansen").await;
    // With the session, no form is asked for.
    let url = login.begin().await.unwrap().url;
    assert!(matches!(browser.open(&url, None).await.1, Ended::Back(_)));
    let logout = login.logout_url().unwrap();
    assert!(
        !logout.contains("medewerker") && !logout.contains("id_token"),
        "{logout}"
    );
    let (at, ended) = browser.open(&logout, None).await;
    let Ended::Page(200, page) = ended else {
        panic!("no page to log out at {at}");
    };
    let value = page.split("name=\"xsrf\" value=\"").nth(1).unwrap();
    let form = format!("xsrf={}&logout=yes", value.split('"').next().unwrap());
    let confirm = format!("{}/session/end/confirm", service.issuer);
    let Ended::Back(to) = browser.open(&confirm, Some(&form)).await.1 else {
        panic!("logging out did not end");
    };
    assert_eq!(to, AFTER_LOGOUT);
    // And now the form is there again.
    let url = login.begin().await.unwrap().url;
    browser.log_in(&url, "account=bakker").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_service_that_is_away_or_another_is_told() {
    let service = Service::start();
    let strange = service.login(|settings| {
        settings.trust_anchors = vec![strange_pki().join("ca.pem")];
    });
    let found = in_full(&strange.begin().await.unwrap_err());
    assert!(found.contains("invalid peer certificate"), "{found}");
    let login = service.login(|_| {});
    let Begun { url, pending } = login.begin().await.unwrap();
    let query = Browser::new().log_in(&url, "account=jansen").await;
    drop(service);
    let outcome = login.finish(pending, Returned::read(&query).unwrap()).await;
    let found = in_full(&outcome.unwrap_err());
    let told = "the login service cannot be reached (a token): ";
    assert!(found.starts_with(told), "{found}");
}
