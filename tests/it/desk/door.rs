//! Who gets in, and what a form must bring along (SECURITY 19, 20).

use super::Demo;

const OWN: &str = "__Host-sluis";

#[tokio::test(flavor = "multi_thread")]
async fn only_a_link_of_the_demo_lets_somebody_in_and_only_once() {
    let demo = Demo::start(0).await;
    let mut stranger = demo.visitor();
    for path in ["/", "/integriteit", "/logboek", "/wisselen"] {
        let answer = stranger.get(path).await;
        let asked = path.replace('/', "%2F");
        let expected = format!("/aanmelden?terug={asked}");
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, &*expected)
        );
    }
    let link = demo.link(0).unwrap();
    let wrong = format!("{}x", &link[..link.len() - 1]);
    for (path, person, status) in [
        ("/aanmelden/link/", "img-fg", 404),
        (&*wrong, "img-fg", 404),
        (&*link, "img-koning", 404),
        (&*link, "", 404),
        (&*link, "img-fg", 303),
    ] {
        let answer = stranger.post(path, &[("persoon", person)]).await;
        assert_eq!(answer.status, status, "{path} {person}");
    }
    assert_eq!(stranger.get("/integriteit").await.status, 200);
    let mut late = demo.visitor();
    assert_eq!(late.get(&link).await.status, 404);
    assert_eq!(late.post(&link, &[("persoon", "img-fg")]).await.status, 404);
    // The cookie is for this host alone, and out of reach of pages and of plain HTTP.
    let mut second = demo.visitor();
    let next = loop {
        if let Some(next) = demo.link(1) {
            break next;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let entered = second.post(&next, &[("persoon", "ncg-fg")]).await;
    let set = entered.header("set-cookie").to_owned();
    assert!(set.starts_with("__Host-sluis="), "{set}");
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(set.contains(part), "{set} lacks {part}");
    }
    assert!(!set.contains("Domain"), "{set}");

    // Whoever logs out is out, with the old cookie too.
    let kept = second.cookies.clone();
    second.get("/integriteit").await;
    let left = second.post("/afmelden", &[]).await;
    assert_eq!(left.header("location"), "/afgemeld");
    assert!(second.cookies.iter().all(|(name, _)| name != OWN));
    second.cookies = kept;
    assert_eq!(second.get("/integriteit").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_from_our_page_does_nothing() {
    let demo = Demo::start(0).await;
    let mut officer = demo.enter(0, "img-fg").await;
    let own = officer.origin.clone();
    let good = officer.form("/zaak", &[("aanleiding", "controle"), ("zaak", "C-1")]);
    let without = |name: &str| {
        let mut call = good.clone();
        call.headers.retain(|(header, _)| header != name);
        call
    };
    let other_body = |body: &'static str| {
        let mut call = good.clone();
        call.body = body.into();
        call
    };
    let with_origin = |origin: &str| without("origin").header("origin", origin);
    for (what, call, status) in [
        ("no origin", without("origin"), 403),
        ("null", with_origin("null"), 403),
        ("another", with_origin("https://boos.example"), 403),
        ("plain", with_origin(&own.replace("https", "http")), 403),
        ("longer", with_origin(&format!("{own}.boos.example")), 403),
        ("no token", other_body("aanleiding=controle&zaak=C-1"), 403),
        (
            "empty token",
            other_body("teken=&aanleiding=controle&zaak=C-1"),
            403,
        ),
        (
            "a made-up token",
            other_body("teken=AAAA&aanleiding=controle&zaak=C-1"),
            403,
        ),
        ("no type", without("content-type"), 400),
        (
            "JSON",
            without("content-type").header("content-type", "application/json"),
            400,
        ),
        ("no UTF-8", other_body("teken=%ff"), 400),
        (
            "too large",
            {
                let mut call = good.clone();
                call.body = vec![b'a'; 70_000].into();
                call
            },
            413,
        ),
    ] {
        let answer = officer.send(&call).await;
        assert_eq!(answer.status, status, "{what}");
        let page = officer.get("/integriteit").await;
        assert!(!page.text().contains("zaakbalk"), "{what} was done");
    }
    assert_eq!(officer.send(&good).await.status, 303);
    assert!(
        officer
            .get("/integriteit")
            .await
            .text()
            .contains("zaakbalk")
    );

    // Under another name it is sent home, and leads nowhere else.
    let call = crate::client::Call::get("/integriteit").host("boos.example");
    let answer = officer.send(&call).await;
    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), format!("{own}/integriteit"));
    for (back, to) in [
        ("/logboek", "/logboek"),
        ("//boos.example", "/"),
        ("/\\boos.example", "/"),
        ("https://boos.example", "/"),
        ("/a\r\nx: y", "/"),
    ] {
        let answer = officer
            .post("/taal", &[("taal", "en"), ("terug", back)])
            .await;
        assert_eq!(answer.header("location"), to, "{back:?}");
    }
    assert!(
        officer
            .get("/integriteit")
            .await
            .text()
            .contains("lang=\"en\"")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_protects_the_browser() {
    let demo = Demo::start(0).await;
    let mut officer = demo.enter(0, "img-fg").await;
    let css = {
        let page = officer.get("/integriteit").await;
        let (_, after) = page
            .text()
            .split_once("rel=\"stylesheet\" href=\"")
            .unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    for (path, status, kept) in [
        ("/integriteit", 200, "no-store"),
        ("/aanmelden", 303, "no-store"),
        ("/nergens", 404, "no-store"),
        (&*css, 200, "public, max-age=31536000, immutable"),
        ("/balie/0000000000000000.css", 404, "no-store"),
    ] {
        let answer = officer.get(path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (status, kept),
            "{path}"
        );
        let csp = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(csp.contains(part), "{path}: {csp}");
        }
        assert!(!csp.contains("script") && !csp.contains("unsafe"), "{csp}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(
            !answer.header("strict-transport-security").is_empty(),
            "{path}"
        );
        assert!(!answer.text_or_nothing().contains("<script"), "{path}");
    }
}
