//! The whole surface of the desk: every route × every part × every organisation, as one table that a
//! privacy officer could read.

use std::fmt::Write as _;

use super::{Demo, Visitor};

/// The people of the demo, in the order of the table.
const PEOPLE: [&str; 6] = [
    "img-fg",
    "img-auditor",
    "img-beheer",
    "ncg-fg",
    "ncg-beheer",
    "gemeente-fg",
];

/// A path of the route table with something of IMG and NCG filled in.
fn filled(path: &str, transaction: &str, [bundle, agreement]: [&str; 2]) -> String {
    path.replace("{transactie}", transaction)
        .replace("{bundel}", bundle)
        .replace("{nr}", agreement)
        .replace("{index}", "1")
        .replace("{nummer}", "1")
        .replace("{signaal}", "volume-medewerker-1")
        .replace("{code}", "A")
        .replace("{file}", "0.css")
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split(after).next().unwrap()
}

async fn ask(visitor: &mut Visitor, method: &str, path: &str) -> String {
    let answer = match method {
        "GET" => visitor.get(path).await,
        _ => visitor.post(path, &[]).await,
    };
    match (answer.status, answer.header("location")) {
        (303, to) if to.starts_with("/aanmelden?") => "aanmelden".to_owned(),
        (403, _) => "niet".to_owned(),
        (404, _) => "niets".to_owned(),
        (500.., _) => format!("FOUT {}", answer.status),
        _ => "ja".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_come_where() {
    let demo = Demo::start(200).await;
    let mut officer = demo.enter(0, PEOPLE[0]).await;
    let log = officer.get("/logboek").await;
    // One between IMG and NCG, of which a municipality may not know.
    let mut lines = log.text().split("<li");
    let line = lines.find(|line| line.contains("NCG") && line.contains("/uitwisseling/"));
    let (_, transaction) = line.unwrap().split_once("/uitwisseling/").unwrap();
    let transaction = transaction[..36].to_owned();
    let rules = officer.get("/regels").await;
    let agreed = between(rules.text(), "href=\"/regels/", "\"");
    let (bundle, agreement) = agreed.split_once("/overeenkomst/").unwrap();
    let mut stranger = demo.visitor();
    let mut table = format!(
        "{:<54}{:<11}{}\n",
        "",
        "niemand",
        PEOPLE.map(|name| format!("{name:<13}")).concat()
    );
    for (method, path) in sluis::desk::route_table() {
        let asked = filled(path, &transaction, [bundle, agreement]);
        let mut line = format!("{:<54}", format!("{method} {path}"));
        let _ = write!(line, "{:<11}", ask(&mut stranger, method, &asked).await);
        for person in PEOPLE {
            officer.become_(person).await;
            let answer = if path == "/afmelden" {
                // Somebody else leaves, so that this one can go on.
                "ja".to_owned()
            } else {
                ask(&mut officer, method, &asked).await
            };
            let _ = write!(line, "{answer:<13}");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}
