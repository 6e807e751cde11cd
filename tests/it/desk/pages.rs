//! Every page and every form in a real browser.

use super::Demo;
use super::browser::Browser;

impl Demo {
    /// A browser in which somebody came in by a link.
    pub(crate) async fn browser(&self, used: usize, person: &str) -> Browser {
        let browser = Browser::start(self.origin()).await;
        let link = self.link(used).unwrap();
        browser.go(&link).await;
        browser.press(&format!("button[value={person}]")).await;
        assert_eq!(browser.path().await, "/");
        browser
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_accessible_in_every_light_and_width() {
    let demo = Demo::start(400).await;
    let browser = demo.browser(0, "img-fg").await;
    let mut wrong = Vec::new();
    for (name, path) in [
        ("integriteit", "/integriteit"),
        ("zaak", "/zaak"),
        ("niets", "/nergens"),
    ] {
        browser.go(path).await;
        wrong.extend(browser.check(name).await);
    }
    browser.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
