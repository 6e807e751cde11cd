//! Every page in a real browser: accessible in every light and width, by keyboard alone, and with
//! what a privacy officer does in an hour.

use super::Demo;
use super::browser::Browser;
use super::hour::letter;

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

/// Finds fault with pages, one after the other.
struct Walk {
    browser: Browser,
    wrong: Vec<String>,
}

impl Walk {
    async fn see(&mut self, name: &str) {
        let found = self.browser.check(name).await;
        self.wrong.extend(found);
    }

    async fn visit(&mut self, name: &str, path: &str) {
        self.browser.go(path).await;
        self.see(name).await;
    }

    async fn fill(&self, fields: &[(&str, &str)]) {
        for (id, value) in fields {
            self.browser.fill(id, value).await;
        }
    }

    async fn press(&mut self, css: &str, name: &str) {
        self.browser.press(css).await;
        self.see(name).await;
    }

    async fn become_(&self, person: &str) {
        self.browser.go("/wisselen").await;
        self.browser.press(&format!("button[value={person}]")).await;
    }
}

impl Walk {
    /// What goes to an owner: a letter that asks, and the receipt of a choice that two people registered.
    async fn papers(&mut self, demo: &Demo) {
        self.visit("lijst-gevraagd", "/toestemmingen/lijst/gevraagd")
            .await;
        self.press("a[href^='/toestemmingen/brief/']", "brief-maken")
            .await;
        self.say_why().await;
        self.press("main form button.knop:not(.stil)", "brief")
            .await;

        let receiver = demo.about["parties"]["img"]["oin"].as_str().unwrap();
        let mut colleague = demo.enter(1, "img-beheer-2").await;
        let path = "/toestemmingen/vastleggen";
        let proposed = colleague.post(path, &letter(receiver)).await;
        let proposal = proposed.header("location").to_owned();
        assert!(proposal.starts_with("/toestemmingen/voorstel/"));
        self.visit("voorstel-dicht", &proposal).await;
        self.say_why().await;
        self.press("main form button.knop:not(.stil)", "voorstel")
            .await;
        self.press("button[value=afwijzen]", "voorstel-fout").await;
        self.press("button[value=bevestigen]", "ontvangstbewijs")
            .await;
        assert!(self.browser.text().await.contains("BRIEF-2026-7"));
    }

    /// What is erased and held, as far as a second person has to say so.
    async fn keeping(&mut self, address: &str) {
        const GO_ON: &str = "main form button.knop:not(.stil)";
        self.visit("bewaren", "/bewaren").await;
        self.visit("bewaren-vragen", "/bewaren/vragen").await;
        self.press(GO_ON, "bewaren-vragen-fout").await;
        self.fill(&[("adres", address), ("reden", "de zaak loopt nog")])
            .await;
        self.browser.tick("wat-2").await;
        self.press(GO_ON, "bewaren-nakijken").await;
        self.press(GO_ON, "bewaren-nakijken-fout").await;
        self.browser.tick("zeker").await;
        self.press(GO_ON, "bewaren-voorstel-dicht").await;
        self.press(GO_ON, "bewaren-voorstel").await;
        self.visit("bewaren-eigenaar", "/bewaren/eigenaar").await;
        self.press(GO_ON, "bewaren-eigenaar-fout").await;
        self.fill(&[("eigenaar", "niemand"), ("reden", "op verzoek")])
            .await;
        self.press(GO_ON, "bewaren-eigenaar-nakijken").await;
        self.visit("bewaren-wacht", "/bewaren").await;
        self.press("main a[href^='/bewaren/regel/']", "bewaren-regel")
            .await;
    }

    /// The rules, one bundle of them, the entry they were agreed on with, and what changed with them.
    async fn rules(&mut self) {
        const BUNDLE: &str = "main .paneel.ja a.knop[href^='/regels/']";
        self.visit("regels", "/regels").await;
        self.press(BUNDLE, "regels-bundel").await;
        self.press(
            "main .paneel a[href*='/overeenkomst/']",
            "regels-overeenkomst",
        )
        .await;
        self.visit("regels", "/regels").await;
        self.press("main .paneel.ja a.stil", "regels-vergelijking")
            .await;
        self.press("main form button.knop", "regels-vergelijking-gekozen")
            .await;
    }

    /// Fills in why, where that is asked.
    async fn say_why(&self) {
        if self.browser.count("#aanleiding").await > 0 {
            self.fill(&[("aanleiding", "registratie"), ("zaak", "REG-1")])
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_accessible_in_every_light_and_width() {
    let demo = Demo::start(400).await;
    let stranger = Browser::start(demo.origin()).await;
    stranger.go("/logboek").await;
    let mut wrong = stranger.check("aanmelden").await;
    stranger.go(&demo.link(0).unwrap()).await;
    wrong.extend(stranger.check("personen").await);
    stranger.close().await;
    let browser = demo.browser(0, "img-fg").await;
    let mut walk = Walk { browser, wrong };
    let cases = demo.about["cases"].as_array().unwrap().iter();
    let mut granted = cases.filter(|case| case["as"] == "img" && case["expect"]["status"] == 200);
    let address = granted.next().unwrap()["nummeraanduiding"]
        .as_str()
        .unwrap();

    walk.visit("overzicht", "/").await;
    walk.visit("logboek", "/logboek").await;
    walk.press("main form button.knop:not(.stil)", "logboek-alles")
        .await;
    walk.visit("logboek", "/logboek").await;
    walk.fill(&[("adres", "12")]).await;
    walk.press("main form button.knop:not(.stil)", "logboek-fout")
        .await;
    walk.fill(&[
        ("adres", address),
        ("aanleiding", "inzageverzoek"),
        ("zaak", "FG-2026-1"),
    ])
    .await;
    walk.press("main form button.knop:not(.stil)", "logboek-adres")
        .await;
    walk.visit("uitwisseling", "/logboek").await;
    walk.press("a[href^='/uitwisseling/']", "uitwisseling")
        .await;
    walk.visit("beoordelingen", "/beoordelingen").await;
    walk.press("main a[href^='/beoordelingen/']", "beoordeling")
        .await;
    walk.press("main form button.knop:not(.stil)", "beoordeling-fout")
        .await;
    walk.visit("signalen", "/signalen").await;
    walk.visit("proefregels", "/proefregels").await;
    walk.visit("inzageverzoek", "/inzageverzoek").await;
    walk.press("main form button.knop:not(.stil)", "inzageverzoek-fout")
        .await;
    walk.fill(&[("nummeraanduiding", address)]).await;
    walk.press("main form button.knop:not(.stil)", "inzageverzoek-antwoord")
        .await;
    walk.visit("toestemmingen", "/toestemmingen").await;
    walk.fill(&[("adres", address)]).await;
    walk.press("main form button.knop:not(.stil)", "toestemming-adres")
        .await;
    walk.visit("verwerkingen", "/toestemmingen/verwerkingen")
        .await;
    walk.rules().await;
    walk.visit("integriteit", "/integriteit").await;
    walk.keeping(address).await;
    walk.visit("zaak", "/zaak").await;
    walk.visit("niets", "/nergens").await;
    walk.visit("niet-uw-rol", "/toestemmingen/vastleggen").await;
    walk.become_("img-beheer").await;
    walk.visit("overzicht-beheer", "/").await;
    walk.visit("toestemmingen-beheer", "/toestemmingen").await;
    walk.visit("vastleggen", "/toestemmingen/vastleggen").await;
    walk.press("main .paneel a", "vastleggen-toestemming").await;
    walk.press("main form button.knop:not(.stil)", "vastleggen-fout")
        .await;
    walk.papers(&demo).await;
    walk.browser.go("/").await;
    walk.browser.press("button[name=taal]").await;
    walk.see("overview-english").await;

    let Walk { browser, wrong } = walk;
    browser.close().await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
