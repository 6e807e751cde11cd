//! Logins: those that do not belong together, those of people who have no business here, and good
//! ones.

use std::collections::{BTreeMap, BTreeSet};

use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::language::Language;

fn flaw(outcome: Result<Person, LoginError>) -> String {
    in_full(&outcome.unwrap_err())
}

/// The query of an address.
fn query(url: &str) -> BTreeMap<String, String> {
    let (_, query) = url.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "a parameter is there twice");
    map
}

/// What happens to an honest query on its way.
type Change = fn(&mut Vec<(&'static str, String)>);

#[test]
fn what_cannot_be_read_is_refused() {
    let returned = "what came back from the login service cannot be read: ";
    for (query, told) in [
        ("", "state, or both code and error, are missing"),
        ("code=a", "state, or both code and error, are missing"),
        ("state=a", "state, or both code and error, are missing"),
        (
            "state=a&code=",
            "state, or both code and error, are missing",
        ),
        ("state=a&code=b&code=b", "a parameter is there twice"),
        ("state=a&state=b&code=c", "a parameter is there twice"),
        ("state=a&st%61te=b&code=c", "a parameter is there twice"),
        ("state=a&code=b&iss=c&iss=c", "a parameter is there twice"),
        ("state=a&code=b&error=c", "there is a code and an error"),
        (
            &format!("state=a&code={}", "x".repeat(bounds::LOGIN_CODE_BYTES + 1)),
            "a parameter is longer than 4096 characters",
        ),
    ] {
        let found = in_full(&Returned::read(query).unwrap_err());
        assert_eq!(found, format!("{returned}{told}"), "{query:.40}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_belong_to_the_login_is_refused() {
    let world = World::new().await;
    let service = world.service();
    let good = |pending: &Pending| {
        vec![
            ("code", CODE.to_owned()),
            ("state", pending.state.clone()),
            ("iss", world.issuer.clone()),
            ("session_state", "passed over".to_owned()),
        ]
    };
    let rows: [(&str, Change, &str); 9] = [
        (
            "another state",
            |pairs| pairs[1].1 = "x".repeat(43),
            "the state is not that of the login under way",
        ),
        (
            "an empty state",
            |pairs| pairs[1].1.clear(),
            "the state is not that of the login under way",
        ),
        (
            "an error with another state",
            |pairs| {
                pairs[0] = ("error", "access_denied".to_owned());
                pairs[1].1.push('x');
            },
            "the state is not that of the login under way",
        ),
        (
            "another service",
            |pairs| pairs[2].1 = "https://evil.example".to_owned(),
            "the issuer that came back is not the configured one",
        ),
        (
            "a service that does not say who it is",
            |pairs| {
                pairs.remove(2);
            },
            "the issuer that came back is not the configured one",
        ),
        (
            "denied",
            |pairs| pairs[0] = ("error", "access_denied".to_owned()),
            "access was denied at the login service",
        ),
        (
            "ill",
            |pairs| pairs[0] = ("error", "server_error".to_owned()),
            "the login service is not able to (server_error)",
        ),
        (
            "wrongly asked",
            |pairs| pairs[0] = ("error", "unauthorized_client".to_owned()),
            "the login service refuses (unauthorized_client); check desk.client-id, its secret and \
             its redirect address",
        ),
        (
            "in its own words",
            |pairs| pairs[0] = ("error", "<b>nee</b>".to_owned()),
            "the login service refuses (an error code of its own); check desk.client-id, its \
             secret and its redirect address",
        ),
    ];
    for (name, change, told) in rows {
        let Begun { pending, .. } = service.begin().await.unwrap();
        let mut pairs = good(&pending);
        change(&mut pairs);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let returned = Returned::read(&form(&pairs)).unwrap();
        assert_eq!(
            flaw(service.finish(pending, returned).await),
            told,
            "{name}"
        );
    }
    for ms in [bounds::LOGIN_MS + 1, -1] {
        let Begun { pending, .. } = service.begin().await.unwrap();
        world.clock.advance_ms(ms);
        let returned = world.returned(&pending);
        assert_eq!(
            flaw(service.finish(pending, returned).await),
            "the login took too long"
        );
        world.clock.advance_ms(-ms);
    }
    assert_eq!(world.asked("/token"), 0, "a code was given away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_signature_on_the_wrong_claims_lets_nobody_in() {
    let world = World::new().await;
    let service = world.service();
    let token = "the id token is not accepted: ";
    let subject = "the sub of the id token is not a pseudonym of 1 to 128 characters";
    let organisation =
        "the organisation claim of the id token (desk.organisation-claim) is not an OIN";
    let unknown = "the organisation in the id token is not a configured one";
    let role = "the roles claim of the id token (desk.roles-claim) names no role of the desk";
    let expired = format!("{token}it has expired");
    let other_login = format!("{token}it belongs to another login");
    let other_client = format!("{token}it is not meant for this client");
    let other_issuer = format!("{token}its issuer is not the configured one");
    for (name, member, told) in [
        ("nonce", Some(json!("other")), other_login.as_str()),
        ("aud", Some(json!("other")), &other_client),
        ("iss", Some(json!("https://evil.example")), &other_issuer),
        (
            "exp",
            Some(json!(1)),
            "the id token is not accepted: it is not valid yet, or ends before it begins",
        ),
        ("sub", Some(json!("")), subject),
        ("sub", Some(json!(" 1")), subject),
        ("sub", Some(json!("x".repeat(129))), subject),
        ("sub", Some(json!("a\nb")), subject),
        ("organisatie", None, organisation),
        ("organisatie", Some(json!("IMG")), organisation),
        ("organisatie", Some(json!(1)), organisation),
        ("organisatie", Some(json!([IMG])), organisation),
        (
            "organisatie",
            Some(json!("0000000181234567800")),
            organisation,
        ),
        ("organisatie", Some(json!(format!("{IMG} "))), organisation),
        ("organisatie", Some(json!(NCG)), unknown),
        ("rollen", None, role),
        ("rollen", Some(Value::Null), role),
        ("rollen", Some(json!([])), role),
        ("rollen", Some(json!("")), role),
        ("rollen", Some(json!("FG")), role),
        ("rollen", Some(json!("fg auditor")), role),
        ("rollen", Some(json!(["admin", 5, null])), role),
        ("rollen", Some(json!({ "fg": true })), role),
        ("rollen", Some(json!([["fg"]])), role),
    ] {
        let shown = format!("{name}: {member:?}");
        let outcome = world
            .finish(
                &service,
                |_| {},
                |claims| *claims = with(claims.take(), name, member),
            )
            .await;
        assert_eq!(flaw(outcome), told, "{shown}");
    }
    let outcome = world
        .finish(
            &service,
            |_| {},
            |claims| {
                let at = world.clock.now().unix_seconds();
                claims["iat"] = (at - 600).into();
                claims["exp"] = (at - 60).into();
            },
        )
        .await;
    assert_eq!(flaw(outcome), expired);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_who_the_login_service_says() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings
        .role_names
        .insert("Privacy officer".to_owned(), DeskRole::Fg);
    let service = world.service_of(settings);
    let fg = [DeskRole::Fg].into();
    let all: BTreeSet<DeskRole> = DeskRole::ALL.into();
    for (change, roles, name) in [
        (json!({}), &fg, Some("F. Jansen")),
        (json!({ "rollen": "fg" }), &fg, Some("F. Jansen")),
        (
            json!({ "rollen": ["Privacy officer", "admin"], "name": null }),
            &fg,
            None,
        ),
        (
            json!({ "rollen": ["beheer", "fg", "auditor", "fg"], "name": " Ad " }),
            &all,
            Some("Ad"),
        ),
        (json!({ "name": "a\u{202e}b\u{0}" }), &fg, None),
        (json!({ "name": "x".repeat(129) }), &fg, None),
        (json!({ "name": "  " }), &fg, None),
        (json!({ "sub": "é".repeat(128), "name": 5 }), &fg, None),
    ] {
        let person = world
            .finish(
                &service,
                |answer| answer["token_type"] = "bearer".into(),
                |claims| {
                    for (name, member) in change.as_object().unwrap() {
                        claims[name] = member.clone();
                    }
                },
            )
            .await
            .unwrap();
        assert_eq!(person.organisation.as_str(), IMG);
        assert_eq!((&person.roles, person.name.as_deref()), (roles, name));
        let subject = change
            .get("sub")
            .map_or("medewerker-1", |sub| sub.as_str().unwrap());
        assert_eq!(person.subject.as_str(), subject);
        let shown = format!("{person:?}");
        assert!(
            !shown.contains("medewerker") && !shown.contains("Jansen"),
            "{shown}"
        );
    }
}

/// What leaves the house: the address for the browser, and the call with the code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_asks_what_it_should_and_tells_no_more() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.client_id = "sluis & balie".to_owned();
    settings.client_secret = Some(ClientSecret::new("geheim: 100%é".to_owned()));
    let service = world.service_of(settings);
    let Begun { url, pending } = service.begin().await.unwrap();
    let asked = query(&url);
    assert!(
        url.starts_with(&format!("{}/auth?tenant=rijk&", world.issuer)),
        "{url}"
    );
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "sluis & balie"),
        ("redirect_uri", "https://balie.example/aanmelden/terug"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("tenant", "rijk"),
        ("state", &pending.state),
        ("nonce", &pending.nonce),
    ] {
        assert_eq!(asked[name], value);
    }
    assert_eq!(asked.len(), 9);
    assert!(!url.contains(&pending.verifier));
    let secrets = [&pending.state, &pending.nonce, &pending.verifier];
    let shown = format!("{pending:?}");
    for secret in secrets {
        assert_eq!(secret.len(), 43);
        assert!(!shown.contains(secret.as_str()));
    }
    let Begun { pending: other, .. } = service.begin().await.unwrap();
    let others = [&other.state, &other.nonce, &other.verifier];
    let distinct: BTreeSet<_> = secrets.iter().chain(&others).collect();
    assert_eq!(distinct.len(), 6);

    let (challenge, verifier) = (asked["code_challenge"].clone(), pending.verifier.clone());
    let returned = world.returned(&pending);
    assert!(service.finish(pending, returned).await.is_err());
    let token = world.last();
    assert_eq!(token.path, "/oidc/token");
    let sent = query(&format!("?{}", token.body));
    assert_eq!(sent["grant_type"], "authorization_code");
    assert_eq!(sent["code"], CODE);
    assert_eq!(
        sent["redirect_uri"],
        "https://balie.example/aanmelden/terug"
    );
    assert_eq!(sent["code_verifier"], verifier);
    assert_eq!(sent.len(), 4, "{sent:?}");
    let hash = digest(&SHA256, verifier.as_bytes());
    assert_eq!(challenge, URL_SAFE_NO_PAD.encode(hash));
    let basic = STANDARD.encode("sluis+%26+balie:geheim%3A+100%25%C3%A9");
    assert_eq!(token.headers["authorization"], format!("Basic {basic}"));
    let shown = format!("{service:?}");
    assert!(!shown.contains("geheim"), "{shown}");

    // Without a secret, its name goes with the code instead.
    let service = world.service();
    drop(world.finish(&service, |_| {}, |_| {}).await);
    let seen = world.script.lock().unwrap().seen.clone();
    let token = seen
        .iter()
        .rfind(|seen| seen.path == "/oidc/token")
        .unwrap();
    assert_eq!(query(&format!("?{}", token.body))["client_id"], "sluis");
    assert!(!token.headers.contains_key("authorization"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn description_and_keys_are_asked_when_needed_and_kept() {
    let world = World::new().await;
    let service = world.service();
    assert_eq!(service.logout_url(), None);
    assert_eq!(world.asked(""), 0, "asked before it was needed");
    for _ in 0..3 {
        world.finish(&service, |_| {}, |_| {}).await.unwrap();
    }
    assert_eq!((world.asked("configuration"), world.asked("/keys")), (1, 1));
    let logout = service.logout_url().unwrap();
    assert!(logout.starts_with(&format!("{}/end?", world.issuer)));
    assert_eq!(query(&logout)["client_id"], "sluis");
    assert_eq!(
        query(&logout)["post_logout_redirect_uri"],
        "https://balie.example/aanmelden"
    );

    // The service replaces its key; the next login finds the new one, but not within a minute.
    let new = new_key();
    world.script(|script| script.keys = say(&json!({ "keys": [jwk(&new, "twee")] })));
    let login = async || {
        let Begun { pending, .. } = service.begin().await.unwrap();
        let token = token_answer(&signed(&new, "twee", &world.claims(&pending)));
        world.script(|script| script.token = say(&token));
        let returned = world.returned(&pending);
        service.finish(pending, returned).await
    };
    let unknown = "the id token is not accepted: it is not a token signed by the login service: its \
                   kid names no key of its issuer";
    world.clock.advance_ms(bounds::LOGIN_KEYS_MS - 1);
    assert_eq!(flaw(login().await), unknown);
    assert_eq!(world.asked("/keys"), 1);
    world.clock.advance_ms(1);
    assert!(login().await.is_ok());
    assert_eq!(world.asked("/keys"), 2);
    // The old key is gone, and asking for it again is not repeated at once.
    for _ in 0..3 {
        assert_eq!(flaw(world.finish(&service, |_| {}, |_| {}).await), unknown);
    }
    assert_eq!(world.asked("/keys"), 2);
    world.clock.advance_ms(bounds::LOGIN_KEYS_MS);
    for _ in 0..3 {
        assert_eq!(flaw(world.finish(&service, |_| {}, |_| {}).await), unknown);
    }
    assert_eq!(world.asked("/keys"), 3);
    // A token that is wrong for another reason asks nothing.
    world.clock.advance_ms(bounds::LOGIN_KEYS_MS);
    world.script(|script| script.keys = Reply::Say(500, Vec::new()));
    world.clock.advance_ms(bounds::LOGIN_KEYS_MS);
    let Begun { pending, .. } = service.begin().await.unwrap();
    let claims = with(world.claims(&pending), "nonce", Some("other".into()));
    world.script(|script| script.token = say(&token_answer(&signed(&new, "twee", &claims))));
    let returned = world.returned(&pending);
    let found = flaw(service.finish(pending, returned).await);
    assert_eq!(
        found,
        "the id token is not accepted: it belongs to another login"
    );
    assert_eq!((world.asked("configuration"), world.asked("/keys")), (1, 3));

    // A key that the service withdrew counts an hour at most.
    world.clock.advance_ms(bounds::LOGIN_SERVICE_AGE_MS);
    let found = flaw(login().await);
    assert!(found.starts_with("the login service answered wrongly (its keys): status 500"));
    assert_eq!((world.asked("configuration"), world.asked("/keys")), (2, 4));
}

/// A renewed file of trust anchors counts from the next call; a bad one keeps what was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trust_anchors_are_read_anew() {
    let world = World::new().await;
    let path = world.folder.path().join("login-ca.pem");
    let good = std::fs::read(&world.pki.ca).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = dev_pki(
        elsewhere.path(),
        &*world.clock,
        &SystemRandomness::default(),
    );
    let other = std::fs::read(other.unwrap().ca).unwrap();
    let mut settings = world.settings();
    settings.trust_anchors = vec![path.clone()];
    std::fs::write(&path, &other).unwrap();
    let service = world.service_of(settings.clone());
    for (name, content, good) in [
        ("another CA", &other[..], false),
        ("not PEM", &b"x"[..], false),
        ("the right CA", &good, true),
        ("not PEM after that", &b"x"[..], true),
        ("another CA again", &other, false),
    ] {
        std::fs::write(&path, content).unwrap();
        world.clock.advance_ms(bounds::LOGIN_SERVICE_AGE_MS);
        assert_eq!(service.begin().await.is_ok(), good, "{name}");
    }
    std::fs::remove_file(&path).unwrap();
    let random = Arc::new(SystemRandomness::default());
    let made = LoginService::new(settings, Organisations::default(), world.clock, random);
    assert!(in_full(&made.unwrap_err()).contains("login-ca.pem"));
}

/// Every reason has its own words, in two languages, and none tells of the inside.
#[test]
fn every_refusal_has_a_text_for_the_page() {
    let refusals = [
        LoginError::Busy,
        LoginError::TooLate,
        LoginError::OtherLogin,
        LoginError::Denied,
        LoginError::of_code("server_error"),
        LoginError::of_code("invalid_client"),
        LoginError::Subject,
        LoginError::OrganisationUnknown,
        LoginError::NoRole,
    ];
    let languages = [Language::Dutch, Language::English];
    let texts: BTreeSet<&str> = languages
        .into_iter()
        .flat_map(|language| refusals.iter().map(move |refusal| refusal.told(language)))
        .collect();
    assert_eq!(texts.len(), 2 * refusals.len());
    for text in texts {
        let inside = text.contains('_') || text.contains("claim");
        assert!(text.ends_with('.') && !inside, "{text}");
    }
}
