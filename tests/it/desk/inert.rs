//! What somebody types stays text: markup in every field of every form, and every page under 100 KiB.

use super::{Demo, Visitor};

/// Would be seen as an element of its own if it were ever markup.
const CANARY: &str = "\"'><b id=kanarie>&amp;</b>{{ 7*7 }}";
/// What it must not become.
const ALIVE: &str = "<b id=kanarie>";

const PAGES: [&str; 16] = [
    "/",
    "/logboek",
    "/beoordelingen",
    "/signalen",
    "/proefregels",
    "/inzageverzoek",
    "/toestemmingen",
    "/toestemmingen/vastleggen",
    "/toestemmingen/verwerkingen",
    "/regels",
    "/integriteit",
    "/bewaren",
    "/bewaren/vragen",
    "/bewaren/eigenaar",
    "/zaak",
    "/wisselen",
];

/// A form of a page: where it goes, and the names of its fields.
fn forms(page: &str) -> Vec<(String, Vec<String>)> {
    let attribute = |text: &str, name: &str| {
        let (_, after) = text.split_once(&format!(" {name}=\""))?;
        Some(after.split('"').next().unwrap_or_default().to_owned())
    };
    let mut found = Vec::new();
    for form in page.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap();
        let action = attribute(form, "action").unwrap();
        let mut fields: Vec<String> = form
            .split('<')
            .filter(|tag| {
                ["input", "select", "textarea", "button"]
                    .iter()
                    .any(|name| tag.starts_with(name))
            })
            .filter_map(|tag| attribute(tag, "name"))
            .filter(|name| name != "teken")
            .collect();
        fields.dedup();
        found.push((action, fields));
    }
    found
}

async fn hold(
    visitor: &mut Visitor,
    path: &str,
    wrong: &mut Vec<String>,
) -> Vec<(String, Vec<String>)> {
    let answer = visitor.get(path).await;
    if answer.status == 303 {
        return Vec::new();
    }
    let text = answer.text();
    if text.contains(ALIVE) {
        wrong.push(format!("{path}: the canary sings"));
    }
    if answer.body.len() > 100 * 1024 {
        wrong.push(format!("{path}: {} bytes", answer.body.len()));
    }
    forms(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_every_field_of_every_form_stays_text() {
    let demo = Demo::start(200).await;
    let mut visitor = demo.enter(0, "img-fg").await;
    let mut wrong = Vec::new();
    let (mut sent, mut fields_sent) = (0, 0);
    let mut pages = PAGES.map(str::to_owned).to_vec();
    for (list, one) in [
        ("/signalen", "/signalen/"),
        ("/beoordelingen", "/beoordelingen/"),
    ] {
        let page = visitor.get(list).await;
        let (_, after) = page.text().split_once(&format!("href=\"{one}")).unwrap();
        pages.push(format!("{one}{}", after.split('"').next().unwrap()));
    }
    let page = visitor.get("/regels").await;
    let (_, after) = page.text().split_once("href=\"/regels/").unwrap();
    let (bundle, _) = after.split_once('/').unwrap();
    pages.extend(["", "/vergelijking"].map(|more| format!("/regels/{bundle}{more}")));
    for person in ["img-fg", "img-auditor", "img-beheer"] {
        visitor.become_(person).await;
        for page in &pages {
            for (action, fields) in hold(&mut visitor, page, &mut wrong).await {
                if ["/afmelden", "/wisselen"].contains(&&*action) {
                    continue;
                }
                let typed: Vec<(&str, &str)> =
                    fields.iter().map(|name| (name.as_str(), CANARY)).collect();
                let answer = visitor.post(&action, &typed).await;
                (sent, fields_sent) = (sent + 1, fields_sent + typed.len());
                if answer.status >= 500 {
                    wrong.push(format!("{action}: {}", answer.status));
                }
                if answer.text_or_nothing().contains(ALIVE) {
                    wrong.push(format!("{action}: the canary sings"));
                }
                if answer.status == 303 {
                    let next = answer.header("location").to_owned();
                    hold(&mut visitor, &next, &mut wrong).await;
                }
                // Its token is that of the session, but a page may have been told something.
                hold(&mut visitor, page, &mut wrong).await;
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(
        sent > 45 && fields_sent > 150,
        "{sent} forms, {fields_sent} fields"
    );
}
