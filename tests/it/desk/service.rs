//! A desk outside the demo: in by a certified login service, in a real browser, on both databases.

use std::net::TcpListener;

use super::browser::Browser;
use crate::login::Service;
use crate::party::pki;
use crate::world::{World, on_each_store};

/// The desk of a world whose gateway is still to be started, and its login
/// service.
pub(super) fn with_a_desk(world: &World) -> (Service, String) {
    let port = {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let url = format!("https://127.0.0.1:{port}");
    let service = Service::start_for(
        &format!("{url}/aanmelden/terug"),
        &format!("{url}/afgemeld"),
    );
    let config = std::fs::read_to_string(world.config()).unwrap();
    let listening = config.replace(
        "desk = \"127.0.0.1:0\"",
        &format!("desk = \"127.0.0.1:{port}\""),
    );
    assert_ne!(config, listening);
    let anchor = pki().join("ca.pem");
    let desk = format!(
        "{listening}\n[desk]\nurl = \"{url}\"\nissuer = \"{}\"\nclient-id = \"ES256\"\n\
         trust-anchors = [\"{}\"]\n",
        service.issuer,
        anchor.display()
    );
    std::fs::write(world.config(), desk).unwrap();
    (service, url)
}

on_each_store! {
async fn an_officer_comes_in_by_the_login_service(store) {
    let mut world = World::without_gateway(store).await;
    let (service, url) = with_a_desk(&world);
    world.start().await;

    let browser = Browser::start(url).await;
    let log_in = async |account: &str, button: &str| {
        browser.go("/integriteit").await;
        assert_eq!(browser.path().await, "/aanmelden");
        browser.press("main a.knop").await;
        if !browser.is_at_the_desk().await {
            browser.fill("account", account).await;
            browser.press(button).await;
        }
    };
    // Who is nobody here is told so, and stays outside.
    for (account, button, told) in [
        ("jansen", "#annuleren", "niet aangemeld"),
        ("zonder-rol", "#aanmelden", "geen rol"),
    ] {
        log_in(account, button).await;
        assert_eq!(browser.path().await, "/aanmelden/terug");
        assert!(
            browser.text().await.contains(told),
            "{}",
            browser.text().await
        );
        browser.client.delete_all_cookies().await.unwrap();
        browser.forget(&service.issuer).await;
    }
    // The link of the demo is nowhere to be had.
    browser.go("/aanmelden/link/AAAA").await;
    assert!(browser.text().await.contains("Niet gevonden"));

    log_in("jansen", "#aanmelden").await;
    assert_eq!(browser.path().await, "/integriteit", "where one was going");
    let text = browser.text().await;
    assert!(
        text.contains("privacy officer") && text.contains("F. Jansen"),
        "{text}"
    );
    let wrong = browser.check("aangemeld").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.press("form[action='/afmelden'] button").await;
    assert_eq!(browser.path().await, "/afgemeld");
    assert_eq!(
        browser.count("main a[href^='https://']").await,
        1,
        "and out there too"
    );
    browser.go("/integriteit").await;
    assert_eq!(browser.path().await, "/aanmelden");
    browser.close().await;
    world.close().await;
}
}
