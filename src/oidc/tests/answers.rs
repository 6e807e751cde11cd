//! What a login service can answer wrongly, and what is made of it.

use super::*;

/// What is told of a failed begin.
async fn told_of(world: &World, service: &LoginService) -> String {
    let begun = service.begin().await;
    world.script(|script| script.seen.truncate(64));
    in_full(&begun.unwrap_err())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a table of lies")]
async fn a_description_that_lies_is_refused() {
    let world = World::new().await;
    let honest = description(&world.issuer);
    let wrong = "the login service answered wrongly (its description): ";
    let without = |name: &str| say(&with(honest.clone(), name, None));
    let other = |name: &str, member: Value| say(&with(honest.clone(), name, Some(member)));
    let base = world.issuer.clone();
    let twice =
        honest
            .to_string()
            .replacen('{', &format!("{{\"token_endpoint\":\"{base}/evil\","), 1);
    let elsewhere = format!("{base}/elsewhere");
    for (name, reply, told) in [
        (
            "of another",
            other("issuer", "https://evil.example".into()),
            "its issuer is not the configured one (desk.issuer)",
        ),
        (
            "with a slash",
            other("issuer", format!("{base}/").into()),
            "its issuer is not the configured one (desk.issuer)",
        ),
        (
            "of nobody",
            without("issuer"),
            "issuer is missing or not what it should be",
        ),
        (
            "issuer a list",
            other("issuer", json!([base])),
            "issuer is missing or not what it should be",
        ),
        (
            "no token endpoint",
            without("token_endpoint"),
            "token_endpoint is missing or not what it should be",
        ),
        (
            "no authorisation endpoint",
            without("authorization_endpoint"),
            "authorization_endpoint is missing or not what it should be",
        ),
        (
            "no keys",
            without("jwks_uri"),
            "jwks_uri is missing or not what it should be",
        ),
        (
            "tokens in the clear",
            other("token_endpoint", "http://127.0.0.1/token".into()),
            "token_endpoint is not an https address",
        ),
        (
            "keys in the clear",
            other("jwks_uri", "http://127.0.0.1/keys".into()),
            "jwks_uri is not an https address",
        ),
        (
            "keys in a file",
            other("jwks_uri", "file:///etc/passwd".into()),
            "jwks_uri is not an https address",
        ),
        (
            "a page of ours",
            other("authorization_endpoint", "/auth".into()),
            "authorization_endpoint is not an https address",
        ),
        (
            "a script",
            other("authorization_endpoint", "javascript:alert(1)".into()),
            "authorization_endpoint is not an https address",
        ),
        (
            "another header",
            other("authorization_endpoint", format!("{base}\r\nX: y").into()),
            "authorization_endpoint is not an https address",
        ),
        (
            "logging out in the clear",
            other("end_session_endpoint", "http://127.0.0.1/".into()),
            "end_session_endpoint is not an https address",
        ),
        (
            "no code",
            other("response_types_supported", json!(["id_token"])),
            "response_types_supported does not list code",
        ),
        (
            "PKCE in the clear",
            other("code_challenge_methods_supported", json!(["plain"])),
            "code_challenge_methods_supported does not list S256",
        ),
        (
            "unsigned tokens",
            other(
                "id_token_signing_alg_values_supported",
                json!(["none", "HS256"]),
            ),
            "id_token_signing_alg_values_supported does not list ES256",
        ),
        (
            "a list that is none",
            other("response_types_supported", "code".into()),
            "response_types_supported is missing or not what it should be",
        ),
        (
            "a member twice",
            Reply::Say(200, twice.into_bytes()),
            "the answer is not plain JSON: het veld token_endpoint komt twee keer voor",
        ),
        (
            "a list",
            say(&json!([])),
            "a JSON object is missing or not what it should be",
        ),
        (
            "a page",
            Reply::Say(200, b"<html>".to_vec()),
            "the answer is not plain JSON: geen geldige JSON (regel 1, kolom 1)",
        ),
        ("gone", Reply::Say(404, Vec::new()), "status 404 Not Found"),
        (
            "ill",
            Reply::Say(503, honest.to_string().into_bytes()),
            "status 503 Service Unavailable",
        ),
        (
            "made, not found",
            Reply::Say(201, honest.to_string().into_bytes()),
            "status 201 Created",
        ),
        (
            "moved",
            Reply::Redirect(301, elsewhere.clone()),
            "status 301 Moved Permanently",
        ),
        (
            "elsewhere for now",
            Reply::Redirect(307, elsewhere.clone()),
            "status 307 Temporary Redirect",
        ),
        (
            "huge",
            Reply::Say(200, vec![b' '; bounds::LOGIN_ANSWER_BYTES + 1]),
            "the answer is longer than 131072 bytes",
        ),
    ] {
        world.script(|script| script.description = reply);
        let service = world.service();
        let found = told_of(&world, &service).await;
        assert_eq!(found, format!("{wrong}{told}"), "{name}");
    }
    assert_eq!(world.asked("/elsewhere"), 0, "a redirect was followed");
    // With a secret, the service must take it as we give it.
    let methods = json!(["client_secret_post", "private_key_jwt"]);
    world.script(|script| {
        script.description = other("token_endpoint_auth_methods_supported", methods);
    });
    let mut settings = world.settings();
    assert!(world.service().begin().await.is_ok());
    settings.client_secret = Some(ClientSecret::new("geheim".to_owned()));
    let found = told_of(&world, &world.service_of(settings)).await;
    let told = "token_endpoint_auth_methods_supported does not list client_secret_basic";
    assert_eq!(found, format!("{wrong}{told}"));
}

/// A service that is away, slow or somebody else: and the next login finds it well again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_does_not_answer_is_told_apart() {
    let world = World::new().await;
    let service = world.service();
    let away = "the login service cannot be reached (its description): ";
    for (name, reply, told) in [
        ("silent", Reply::Silence, "no answer came in time"),
        ("drop by drop", Reply::Drip, "no answer came in time"),
        ("hanging up", Reply::HangUp, "the answer broke off"),
    ] {
        world.script(|script| script.description = reply);
        let found = told_of(&world, &service).await;
        assert!(
            found.starts_with(&format!("{away}{told}")),
            "{name}: {found}"
        );
    }
    world.script(|script| script.description = say(&description(&world.issuer)));
    assert!(service.begin().await.is_ok());

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let mut settings = world.settings();
    settings.issuer = Issuer::parse(&format!("https://{address}")).unwrap();
    let found = told_of(&world, &world.service_of(settings)).await;
    let told = format!("{away}{address}: no connection could be made: ");
    assert!(found.starts_with(&told), "{found}");

    // Another host than its certificate names; another CA than the configured one.
    let mut settings = world.settings();
    settings.issuer = Issuer::parse(&world.issuer.replace("127.0.0.1", "127.0.0.2")).unwrap();
    let found = told_of(&world, &world.service_of(settings)).await;
    assert!(found.starts_with(away), "{found}");
    let elsewhere = tempfile::tempdir().unwrap();
    let other = dev_pki(
        elsewhere.path(),
        &*world.clock,
        &SystemRandomness::default(),
    );
    let mut settings = world.settings();
    settings.trust_anchors = vec![other.unwrap().ca];
    let found = told_of(&world, &world.service_of(settings)).await;
    assert!(
        found.starts_with(away) && found.contains("invalid peer certificate"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_calls_than_there_is_room_for() {
    let world = World::new().await;
    world.script(|script| script.description = Reply::Silence);
    let service = Arc::new(world.service());
    let waiting: Vec<_> = (0..bounds::LOGIN_CALLS)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.begin().await.map(drop) })
        })
        .collect();
    while world.asked("openid-configuration") < bounds::LOGIN_CALLS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(matches!(service.begin().await, Err(LoginError::Busy)));
    for one in waiting {
        let ended = one.await.unwrap();
        assert!(matches!(ended, Err(LoginError::Unreachable { .. })));
    }
    world.script(|script| script.description = say(&description(&world.issuer)));
    assert!(service.begin().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a table of lies")]
async fn a_token_answer_that_is_not_one_is_refused() {
    let world = World::new().await;
    let service = world.service();
    let wrong = "the login service answered wrongly (a token): ";
    let refuses = |code: &str| {
        format!(
            "the login service refuses ({code}); check desk.client-id, its secret and its redirect \
             address"
        )
    };
    let error =
        |status, code: &str| Reply::Say(status, json!({ "error": code }).to_string().into_bytes());
    let answer = token_answer("a.b.c");
    let without = |name: &str| say(&with(answer.clone(), name, None));
    let other = |name: &str, member: Value| say(&with(answer.clone(), name, Some(member)));
    let twice = answer.to_string().replacen('{', "{\"id_token\":\"x\",", 1);
    for (name, reply, told) in [
        (
            "a used code",
            error(400, "invalid_grant"),
            refuses("invalid_grant"),
        ),
        (
            "a wrong secret",
            error(401, "invalid_client"),
            refuses("invalid_client"),
        ),
        (
            "its own words",
            error(400, "<script>geheim"),
            refuses("an error code of its own"),
        ),
        (
            "denied",
            error(400, "access_denied"),
            "access was denied at the login service".to_owned(),
        ),
        (
            "busy",
            error(400, "temporarily_unavailable"),
            "the login service is not able to (temporarily_unavailable)".to_owned(),
        ),
        (
            "an error that is none",
            Reply::Say(400, b"{}".to_vec()),
            format!("{wrong}status 400 Bad Request"),
        ),
        (
            "an error twice",
            Reply::Say(400, br#"{"error":"a","error":"b"}"#.to_vec()),
            format!("{wrong}status 400 Bad Request"),
        ),
        (
            "a page for an error",
            Reply::Say(500, b"<html>".to_vec()),
            format!("{wrong}status 500 Internal Server Error"),
        ),
        (
            "moved",
            Reply::Redirect(302, format!("{}/keys", world.issuer)),
            format!("{wrong}status 302 Found"),
        ),
        (
            "moved with the code",
            Reply::Redirect(308, format!("{}/elsewhere", world.issuer)),
            format!("{wrong}status 308 Permanent Redirect"),
        ),
        (
            "an error with 200",
            error(200, "invalid_grant"),
            format!("{wrong}token_type is missing or not what it should be"),
        ),
        (
            "no id token",
            without("id_token"),
            format!("{wrong}id_token is missing or not what it should be"),
        ),
        (
            "id token a number",
            other("id_token", 5.into()),
            format!("{wrong}id_token is missing or not what it should be"),
        ),
        (
            "id token null",
            other("id_token", Value::Null),
            format!("{wrong}id_token is missing or not what it should be"),
        ),
        (
            "id token twice",
            Reply::Say(200, twice.into_bytes()),
            format!("{wrong}the answer is not plain JSON: het veld id_token komt twee keer voor"),
        ),
        (
            "no token type",
            without("token_type"),
            format!("{wrong}token_type is missing or not what it should be"),
        ),
        (
            "another token type",
            other("token_type", "mac".into()),
            format!("{wrong}token_type is missing or not what it should be"),
        ),
        (
            "a form",
            Reply::Say(200, b"id_token=a.b.c&token_type=Bearer".to_vec()),
            format!("{wrong}the answer is not plain JSON: geen geldige JSON (regel 1, kolom 1)"),
        ),
        (
            "huge",
            other("more", "x".repeat(bounds::LOGIN_ANSWER_BYTES).into()),
            format!("{wrong}the answer is longer than 131072 bytes"),
        ),
        (
            "silent",
            Reply::Silence,
            "the login service cannot be reached (a token): no answer came in time".to_owned(),
        ),
        (
            "an id token that is none",
            say(&answer),
            "the id token is not accepted: it is not a token signed by the login service: it is not \
             a compact JWS"
                .to_owned(),
        ),
    ] {
        let Begun { pending, .. } = service.begin().await.unwrap();
        world.script(|script| script.token = reply);
        let returned = world.returned(&pending);
        let outcome = service.finish(pending, returned).await;
        let outcome = outcome.unwrap_err();
        assert!(!format!("{outcome:?}").contains("geheim"), "{name}");
        assert_eq!(in_full(&outcome), told, "{name}");
    }
    assert_eq!(world.asked("/elsewhere"), 0, "a redirect was followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_cannot_be_used_let_nobody_in() {
    let world = World::new().await;
    let service = world.service();
    let wrong = "the login service answered wrongly (its keys): ";
    for (name, reply, told) in [
        (
            "none",
            say(&json!({ "keys": [] })),
            format!(
                "{wrong}its keys cannot be used: expected {{\"keys\": [...]}} with 1 to 64 keys"
            ),
        ),
        (
            "a page",
            Reply::Say(200, b"<html>".to_vec()),
            format!("{wrong}its keys cannot be used: it is not plain JSON"),
        ),
        (
            "gone",
            Reply::Say(410, Vec::new()),
            format!("{wrong}status 410 Gone"),
        ),
        (
            "moved",
            Reply::Redirect(302, format!("{}/token", world.issuer)),
            format!("{wrong}status 302 Found"),
        ),
        (
            "huge",
            Reply::Say(200, vec![b' '; bounds::LOGIN_ANSWER_BYTES + 1]),
            format!("{wrong}the answer is longer than 131072 bytes"),
        ),
    ] {
        world.script(|script| script.keys = reply);
        let outcome = world.finish(&service, |_| {}, |_| {}).await;
        let found = in_full(&outcome.unwrap_err());
        assert!(found.starts_with(&told), "{name}: {found}");
    }
}
