//! The desk by keyboard alone: Tab, Enter and what is typed. At every stop the focus can be seen, and
//! the stops come in the order of the page.

use std::fmt::Write as _;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde::Deserialize;

use super::Demo;
use super::browser::Browser;

/// More stops than any page has.
const STOPS: i64 = 400;

/// Where the focus is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Stop {
    /// How many of the places that Tab can stop at come before it in the page; -1 for another place.
    place: i64,
    tag: String,
    id: String,
    href: String,
    text: String,
    /// Whether it stands in the content of the page.
    inside: bool,
    /// Whether it is drawn round, and on the screen, and not under something else.
    outlined: bool,
    shown: bool,
    /// Left, top, right, bottom, in the page.
    edges: [f64; 4],
}

/// The places that Tab stops at, in the order of the page: of buttons that exclude each other, one.
const PLACES: &str = "
    const stops = [...document.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex=\"0\"]')]
        .filter(e => e.checkVisibility() && !e.disabled)
        .filter(e => e.type !== 'radio' || e.checked || !document.querySelector(
            `input[type=radio][name=\"${e.name}\"]:checked`)
            && e === document.querySelector(`input[type=radio][name=\"${e.name}\"]`));";

const STOP: &str = "
    const at = document.activeElement, box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    const over = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    return {
        place: stops.indexOf(at),
        tag: at.localName,
        id: at.id,
        href: at.getAttribute('href') ?? '',
        text: at.innerText.trim(),
        inside: at.closest('main') !== null && at.localName !== 'main',
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        shown: over !== null && (at.contains(over) || over.contains(at)),
        edges: [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY],
    };";

/// Somebody without a mouse.
struct Hands(Browser);

impl Hands {
    async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let mut typed = KeyActions::new("keyboard".to_owned());
        for value in keys {
            typed = typed.then(KeyAction::Down { value });
            typed = typed.then(KeyAction::Up { value });
        }
        self.0.client.perform_actions(typed).await.unwrap();
    }

    async fn kind(&self, text: &str) {
        self.press(text.chars()).await;
    }

    /// Presses Enter where that leads to another page.
    async fn enter(&self) {
        let key = self.press([Key::Enter.into()]);
        self.0.leave(key).await;
    }

    async fn stop(&self) -> Stop {
        let script = format!("{PLACES}{STOP}");
        let found = self.0.client.execute(&script, Vec::new()).await.unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Goes one stop on. A date has several places to type in: they are one stop.
    async fn tab(&self) -> Stop {
        let before = self.stop().await;
        loop {
            self.press([Key::Tab.into()]).await;
            let stop = self.stop().await;
            if stop.place != before.place || stop.place < 0 {
                return stop;
            }
        }
    }

    /// Goes on to the first stop that is wanted, and sees that each on the way can be seen.
    async fn tab_to(&self, what: &str, is_wanted: impl Fn(&Stop) -> bool) -> Stop {
        for _ in 0..STOPS {
            let stop = self.tab().await;
            assert!(stop.place >= 0, "left the page before {what}");
            assert!(stop.outlined && stop.shown, "cannot be seen: {stop:?}");
            if is_wanted(&stop) {
                return stop;
            }
        }
        panic!("no {what}");
    }

    /// What is wrong with the stops of the page that is shown, from its beginning to its end.
    async fn walk(&self, name: &str) -> String {
        let count = format!("{PLACES} return stops.length;");
        let count = self.0.client.execute(&count, Vec::new()).await.unwrap();
        let count = count.as_i64().unwrap();
        assert!((5..STOPS).contains(&count), "{name}: {count} stops");
        let mut wrong = String::new();
        let mut before: Option<Stop> = None;
        for place in 0..count {
            let stop = self.tab().await;
            let mut faults = Vec::new();
            if stop.place != place {
                faults.push(format!("comes at {place}"));
            }
            if !stop.outlined {
                faults.push("has no outline".to_owned());
            }
            if !stop.shown {
                faults.push("is not on the screen".to_owned());
            }
            if let Some(before) = before {
                let [left, _, _, bottom] = before.edges;
                if stop.edges[1] < bottom - 1.0 && stop.edges[0] <= left {
                    faults.push(format!("stands before {before:?}"));
                }
            }
            for fault in faults {
                writeln!(wrong, "{name}: {stop:?} {fault}").unwrap();
            }
            before = Some(stop);
        }
        wrong
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_found_by_keyboard_alone() {
    let demo = Demo::start(200).await;
    let hands = Hands(demo.browser(0, "img-fg").await);
    let cases = demo.about["cases"].as_array().unwrap().iter();
    let mut granted = cases.filter(|case| case["as"] == "img" && case["expect"]["status"] == 200);
    let address = granted.next().unwrap()["nummeraanduiding"]
        .as_str()
        .unwrap();

    // The first stop leads past the menu: what comes after it stands in the content.
    let skip = hands.tab().await;
    assert_eq!((skip.place, &*skip.href), (0, "#inhoud"), "{skip:?}");
    assert!(skip.outlined && skip.shown, "{skip:?}");
    hands.press([Key::Enter.into()]).await;
    assert!(hands.tab().await.inside);

    // By the menu to the log.
    hands.0.go("/").await;
    let is_log = |stop: &Stop| stop.href == "/logboek";
    hands.tab_to("the log in the menu", is_log).await;
    hands.enter().await;
    assert_eq!(hands.0.path().await, "/logboek");

    // A mistake takes the focus, and leads to its field.
    let is_field = |id: &'static str| move |stop: &Stop| stop.id == id;
    let is_button = |text: &'static str| {
        move |stop: &Stop| stop.tag == "button" && stop.inside && stop.text == text
    };
    hands.tab_to("the address", is_field("adres")).await;
    hands.kind("12").await;
    hands.tab_to("the button", is_button("Zoeken")).await;
    hands.enter().await;
    let summary = hands.stop().await;
    assert!(
        summary.text.starts_with("Wij konden nog niet zoeken"),
        "{summary:?}"
    );
    let mistake = hands.tab().await;
    assert_eq!(mistake.href, "#adres");
    hands.press([Key::Enter.into()]).await;
    assert_eq!(hands.stop().await.id, "adres");

    // Typed over, with a reason from a list.
    hands
        .press([
            Key::End.into(),
            Key::Backspace.into(),
            Key::Backspace.into(),
        ])
        .await;
    hands.kind(address).await;
    hands.tab_to("the reason", is_field("aanleiding")).await;
    hands.kind("vraag").await;
    hands.tab_to("the case", is_field("zaak")).await;
    hands.kind("FG-2026-1").await;
    hands.tab_to("the button", is_button("Zoeken")).await;
    hands.enter().await;
    assert!(
        hands.0.path().await.starts_with("/logboek/"),
        "{}",
        hands.0.text().await
    );

    // One of the lines, and back by the trail that stands first in the content.
    let is_line = |stop: &Stop| stop.href.starts_with("/uitwisseling/");
    let line = hands.tab_to("a line", is_line).await;
    hands.enter().await;
    assert_eq!(hands.0.path().await, line.href);
    assert_eq!(hands.tab().await.href, "#inhoud");
    hands.press([Key::Enter.into()]).await;
    let trail = hands.tab().await;
    assert!(trail.inside, "{trail:?}");
    assert_eq!(trail.href, "/logboek");
    hands.enter().await;
    assert_eq!(hands.0.path().await, "/logboek");
    hands.0.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stop_can_be_seen_and_comes_in_its_turn() {
    let demo = Demo::start(200).await;
    let hands = Hands(demo.browser(0, "img-fg").await);
    let mut wrong = String::new();
    for path in [
        "/",
        "/logboek",
        "/beoordelingen",
        "/signalen",
        "/proefregels",
        "/inzageverzoek",
        "/toestemmingen",
        "/toestemmingen/verwerkingen",
        "/regels",
        "/integriteit",
        "/bewaren",
        "/bewaren/vragen",
        "/bewaren/eigenaar",
        "/zaak",
    ] {
        hands.0.go(path).await;
        wrong += &hands.walk(path).await;
    }
    hands.0.go("/beoordelingen").await;
    hands.0.press("main a[href^='/beoordelingen/']").await;
    wrong += &hands.walk("a review").await;
    hands.0.go("/logboek").await;
    hands.0.press("main form button.knop:not(.stil)").await;
    wrong += &hands.walk("what was found").await;
    hands.0.press("a[href^='/uitwisseling/']").await;
    wrong += &hands.walk("an exchange").await;
    hands.0.go("/wisselen").await;
    hands.0.press("button[value=img-beheer]").await;
    hands.0.go("/toestemmingen/vastleggen").await;
    hands.0.press("main .paneel a").await;
    wrong += &hands.walk("registering").await;
    hands.0.close().await;
    assert!(wrong.is_empty(), "\n{wrong}");
}
