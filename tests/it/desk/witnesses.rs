//! The witnesses as officers see them: a real gateway, witnesses that are processes of their own, and
//! a desk that somebody logged in to.

use std::time::{Duration, Instant};

use sluis::ledger::note::Policy;

use super::Visitor;
use super::browser::Browser;
use super::service::with_a_desk;
use crate::client::Line;
use crate::party::client_tls;
use crate::witness::{Witness, ask, cosigned};
use crate::world::{Store, World};

/// Longer than any change takes to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a page says once it says this.
async fn told(browser: &Browser, path: &str, line: &str) -> String {
    let since = Instant::now();
    loop {
        browser.go(path).await;
        let text = browser.text().await;
        if text.contains(line) {
            return text;
        }
        assert!(since.elapsed() < PATIENCE, "{path}: no {line}: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The same person, without a browser.
async fn as_visitor(browser: &Browser, origin: &str) -> Visitor {
    let cookies = browser.client.get_all_cookies().await.unwrap();
    let address = origin.trim_start_matches("https://").parse().unwrap();
    Visitor {
        origin: origin.to_owned(),
        line: Line::new(address, client_tls(None)),
        cookies: cookies
            .iter()
            .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
            .collect(),
        token: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_sees_how_the_witnesses_stand() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let (_service, url) = with_a_desk(&world);
    let mut away = Witness::new(&world, "away").await;
    let there = Witness::new(&world, "there").await;
    ask(&world, &[&away, &there], "all", "refuse-after-seconds = 6");
    away.kill();
    world.start().await;
    let browser = Browser::start(url.clone()).await;
    browser.go("/").await;
    browser.press("main a.knop").await;
    browser.fill("account", "jansen").await;
    browser.press("#aanmelden").await;
    let mut visitor = as_visitor(&browser, &url).await;

    // One of both is away from the beginning: nothing is released, and there is nothing to keep.
    for path in ["/", "/integriteit"] {
        let text = told(&browser, path, "Er worden nu geen documenten verstrekt").await;
        for line in [
            "Genoeg getuigen tekenden nog niet.",
            "niet bereikbaar",
            "w0",
        ] {
            assert!(text.contains(line), "{path}: no {line}: {text}");
        }
    }
    assert_eq!(visitor.get("/integriteit/getuigd").await.status, 404);
    let mut wrong = browser.check("integriteit-zonder-getuigen").await;

    away.start().await;
    cosigned(&world, 0, 1).await;
    for path in ["/", "/integriteit"] {
        let text = told(&browser, path, "Beide getuigen staan achter dit logboek.").await;
        assert!(!text.contains("Er worden nu geen"), "{path}: {text}");
    }
    let text = browser.text().await;
    for line in [
        "beide van w0 en w1",
        "langer dan 6 seconden geleden",
        "daarna weer in orde",
    ] {
        assert!(text.contains(line), "no {line}: {text}");
    }
    wrong.extend(browser.check("integriteit-getuigen").await);
    browser.go("/").await;
    wrong.extend(browser.check("overzicht-getuigen").await);

    // What somebody keeps is what the policy accepts, and the page compares it.
    let kept = visitor.get("/integriteit/getuigd").await.expect("200");
    let policy = std::fs::read(world.folder.path().join("witnesses.policy")).unwrap();
    let witnessed = Policy::parse(&policy).unwrap().open(kept.text()).unwrap();
    assert!(witnessed.times.iter().all(Option::is_some));
    assert!(witnessed.checkpoint.size <= world.size().await);
    visitor.get("/integriteit").await;
    let fields = [("daad", "vergelijken"), ("stand", kept.text())];
    let compared = visitor.post("/integriteit", &fields).await;
    assert!(compared.text().contains("Uw stand klopt met het logboek"));

    // One goes: after the term of the setting both pages say what that means.
    away.kill();
    let text = told(
        &browser,
        "/integriteit",
        "Er worden nu geen documenten verstrekt",
    )
    .await;
    for line in [
        "w0 tekent nu niet",
        "hoogstens 6 seconden geleden",
        "te weinig",
    ] {
        assert!(text.contains(line), "no {line}: {text}");
    }
    wrong.extend(browser.check("integriteit-te-weinig-getuigen").await);
    told(
        &browser,
        "/",
        "1 van de 2 getuigen staat achter dit logboek.",
    )
    .await;
    wrong.extend(browser.check("overzicht-te-weinig-getuigen").await);

    browser.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.close().await;
}
