//! Agreements at the counter: everything that can be wrong with one, and the life of one that is right.

use std::collections::BTreeMap;

use serde_json::json;

use super::in_use::{check, size};
use super::*;
use crate::bounds::AGREEMENT_BODY_BYTES;
use crate::exchange::testing::{agreement, signature, signed_by};
use crate::policy::{Agreement, Revocation, SignedAgreement};

const AT: &str = "/v1/overeenkomsten";
const JSON: (&str, &str) = ("content-type", "application/json");
const LATER: &str = "2027-01-01T00:00:00Z";

type Files = BTreeMap<String, String>;

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// The files of a bundle that is not the one in force.
fn files() -> Files {
    let mut files: Files = serde_json::from_str(BUNDLE.files()).unwrap();
    change(&mut files, "manifest.toml", "novelle", "novelle, proef");
    files
}

/// Changes the first of something in a file, which must be there.
fn change(files: &mut Files, name: &str, old: &str, new: &str) {
    let text = files.get_mut(name).unwrap();
    assert!(text.contains(old), "{old} in {name}");
    *text = text.replacen(old, new, 1);
}

fn bundle(files: &Files) -> Bundle {
    Bundle::from_text(&json!(files).to_string()).unwrap()
}

/// What somebody hands in, to be spoiled.
struct Hand {
    files: Files,
    signed: Vec<SignedAgreement>,
}

impl Hand {
    /// A bundle of these files that both parties signed for, from a moment on.
    fn of(world: &World, files: Files, from: &str) -> Self {
        let agreement = agreement(&bundle(&files), moment(from), None);
        let signed = signed_by(world, ["img", "ncg"], &agreement);
        Self { files, signed }
    }

    fn agreement(&self) -> &Agreement {
        &self.signed[0].agreement
    }

    fn body(&self) -> String {
        json!({"bestanden": self.files, "verklaringen": self.signed}).to_string()
    }
}

/// Sends it as NCG, and answers how many entries that left too.
async fn send_body(
    counter: &Counter,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (Answer, usize) {
    let before = entries(counter).await;
    let headers = [headers, &[JSON]].concat();
    let sent = counter.request(&Method::POST, path, &headers, body.to_owned());
    let answer = counter.send(sent).await;
    (answer, entries(counter).await - before)
}

async fn entries(counter: &Counter) -> usize {
    size(
        &counter
            .send(counter.get("/v1/logboek/checkpoint", &[]))
            .await,
    )
}

/// The only thing wrong with it: its status, its code, where, and what is told.
fn told(answer: &Answer) -> (u16, String, String, String) {
    let told = answer.json();
    let wrong = told["fouten"]
        .as_array()
        .unwrap_or_else(|| panic!("{told}"));
    assert_eq!(wrong.len(), 1, "{told}");
    let text = |name: &str| wrong[0][name].as_str().unwrap().to_owned();
    (
        answer.status.as_u16(),
        answer.code(),
        text("veld"),
        text("melding"),
    )
}

/// What is done to it; status and code, where, and a part of what is told.
type Row = (
    &'static str,
    fn(&mut Hand, &World),
    u16,
    &'static str,
    &'static str,
    &'static str,
);

const OF_BUNDLE: &str = "bundel-onbruikbaar";
const NOT_AGREED: &str = "niet-overeengekomen";
const HEALTH: &str = "40-gezondheid.cedar";

const ROWS: &[Row] = &[
    (
        "a file that is none of a bundle",
        |hand, _| {
            hand.files.insert("lees.mij".to_owned(), "x".to_owned());
        },
        422,
        OF_BUNDLE,
        "bestanden.lees.mij",
        "lees.mij: dit bestand hoort niet in een bundel",
    ),
    (
        "a syntax error",
        |hand, _| {
            change(
                &mut hand.files,
                HEALTH,
                "permit (principal",
                "permit ((principal",
            );
        },
        422,
        OF_BUNDLE,
        "bestanden.40-gezondheid.cedar",
        "40-gezondheid.cedar:10",
    ),
    (
        "a word that is not in the vocabulary",
        |hand, _| {
            change(
                &mut hand.files,
                HEALTH,
                "Soort::\"gezondheidsgegevens\"",
                "Soort::\"dagboek\"",
            );
        },
        422,
        OF_BUNDLE,
        "bestanden.40-gezondheid.cedar",
        "(regel knelpunt-gezondheid)",
    ),
    (
        "an annotation that is missing",
        |hand, _| {
            change(
                &mut hand.files,
                HEALTH,
                "@artikel(\"TwG 2(11) jo. 3(9)\")\n",
                "",
            );
        },
        422,
        OF_BUNDLE,
        "bestanden.40-gezondheid.cedar",
        "(regel knelpunt-gezondheid)",
    ),
    (
        "one signature",
        |hand, _| drop(hand.signed.pop()),
        422,
        NOT_AGREED,
        "verklaringen",
        "de handtekening van ncg ontbreekt",
    ),
    (
        "one party twice",
        |hand, world| hand.signed = signed_by(world, ["img", "img", "ncg"], hand.agreement()),
        422,
        NOT_AGREED,
        "verklaringen",
        "van img is er meer dan één handtekening",
    ),
    (
        "a stranger",
        |hand, world| hand.signed = signed_by(world, ["img", "gemeente"], hand.agreement()),
        422,
        NOT_AGREED,
        "verklaringen[1].handtekening",
        "die is geen partij bij deze bundel",
    ),
    (
        "a byte that changed after signing",
        |hand, _| change(&mut hand.files, "manifest.toml", "een lezing", "een Lezing"),
        422,
        NOT_AGREED,
        "bestanden",
        "na het tekenen is een bestand veranderd",
    ),
    (
        "a signature under something else",
        |hand, world| hand.signed[1].signature = signature(world, "ncg", b"iets anders"),
        422,
        NOT_AGREED,
        "verklaringen[1].handtekening",
        "niet met het certificaat erin gezet",
    ),
    (
        "other dates in the two",
        |hand, world| {
            let other = agreement(&bundle(&hand.files), moment("2027-02-01T00:00:00Z"), None);
            hand.signed[1] = signed_by(world, ["ncg"], &other).remove(0);
        },
        422,
        NOT_AGREED,
        "verklaringen[1].verklaring",
        "over andere data dan de eerste",
    ),
    (
        "dates before those of the bundle",
        |hand, world| *hand = Hand::of(world, files(), "2020-01-01T00:00:00Z"),
        422,
        NOT_AGREED,
        "verklaringen[0].verklaring",
        "de data vallen daar niet binnen",
    ),
    (
        "a candidate",
        |hand, world| {
            let mut files = files();
            change(
                &mut files,
                "manifest.toml",
                "\"vastgesteld\"",
                "\"kandidaat\"",
            );
            *hand = Hand::of(world, files, LATER);
        },
        422,
        NOT_AGREED,
        "bestanden",
        "de bundel is een kandidaat",
    ),
    (
        "a bundle that asks its author alone to sign",
        |hand, _| {
            change(
                &mut hand.files,
                "manifest.toml",
                "ondertekenaars = [\"img\", \"ncg\"]",
                "ondertekenaars = [\"img\"]",
            );
            hand.signed.pop();
        },
        422,
        OF_BUNDLE,
        "bestanden.manifest.toml",
        "ncg ontbreekt, en de bundel gaat over stukken van ncg",
    ),
];

#[tokio::test]
async fn what_is_wrong_is_named_recorded_and_changes_nothing() {
    for (what, spoil, status, code, field, part) in ROWS {
        let counter = Counter::open().await;
        let mut hand = Hand::of(&counter.world, files(), LATER);
        spoil(&mut hand, &counter.world);
        let (answer, left) = send_body(&counter, AT, &[], &hand.body()).await;
        let found = (answer.status.as_u16(), answer.code());
        assert_eq!(found, (*status, (*code).to_owned()), "{what}: {answer:?}");
        let told = answer.json()["fouten"].clone();
        let names =
            |one: &Value| one["veld"] == *field && one["melding"].as_str().unwrap().contains(part);
        assert!(told.as_array().unwrap().iter().any(names), "{what}: {told}");
        assert_eq!(left, 1, "{what}: one entry about the refusal");
        let all = check(
            &counter,
            &counter.img,
            &Method::GET,
            "/overeenkomsten",
            AT,
            "",
        )
        .await;
        let all = all.json()["overeenkomsten"].clone();
        assert_eq!(all.as_array().unwrap().len(), 1, "{what}");
        assert_eq!(all[0]["stand"], "van-kracht", "{what}");
    }
}

#[tokio::test]
async fn what_is_no_agreement_at_all_is_refused_unread() {
    let counter = Counter::open().await;
    let hand = Hand::of(&counter.world, files(), LATER);
    let whole = hand.body();
    let cut = whole.chars().take(whole.len() / 2).collect::<String>();
    let large = format!("\"{}\"", "x".repeat(AGREEMENT_BODY_BYTES));
    let with = |name: &str, value: Value| {
        let mut body: Value = serde_json::from_str(&whole).unwrap();
        *body.pointer_mut(name).unwrap() = value;
        body.to_string()
    };
    for (body, status, fields) in [
        (cut, 400, vec!["body"]),
        (large, 413, vec![]),
        ("{}".to_owned(), 400, vec!["bestanden", "verklaringen"]),
        (with("/bestanden", json!({})), 400, vec!["bestanden"]),
        (
            with("/bestanden", json!({"tabel.csv": "x"})),
            400,
            vec!["bestanden"],
        ),
        (
            with("/bestanden/tabel.csv", json!(7)),
            400,
            vec!["bestanden"],
        ),
        (with("/verklaringen", json!([])), 400, vec!["verklaringen"]),
        (
            with("/verklaringen/1", json!(hand.signed[0])),
            400,
            vec!["verklaringen[1]"],
        ),
        (
            with("/verklaringen/1/handtekening", json!("a b")),
            400,
            vec!["verklaringen[1].handtekening"],
        ),
        (
            with("/verklaringen/0/verklaring", json!({"v": 1})),
            400,
            vec!["verklaringen[0].verklaring"],
        ),
        (
            with("/verklaringen/0/verklaring/bundel", json!("x")),
            400,
            vec!["verklaringen[0].verklaring"],
        ),
    ] {
        let (answer, left) = send_body(&counter, AT, &[], &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body:.80}");
        assert_eq!(answer.fields(), fields, "{body:.80}");
        assert_eq!(left, 0);
    }
    let english = [("accept-language", "en")];
    let one = json!({"bestanden": hand.files, "verklaringen": hand.signed[..1]}).to_string();
    let (answer, _) = send_body(&counter, AT, &english, &one).await;
    let told = answer.json();
    assert_eq!(told["title"], "Not agreed");
    assert_eq!(
        told["fouten"][0]["melding"],
        "the signature of ncg is missing; have ncg sign the same, and send both"
    );
}

/// What these parties sign to take an agreement back.
async fn taking_back(counter: &Counter, bundle: &Bundle, index: u64, parties: &[&str]) -> String {
    let entry = counter.exchange.ledger().find_at(index).await.unwrap();
    let revocation = Revocation::new(bundle.hash(), entry.unwrap().hash());
    let signed: Vec<Value> = parties
        .iter()
        .map(|party| json!({"handtekening": signature(&counter.world, party, &revocation.text()), "verklaring": revocation}))
        .collect();
    json!({ "verklaringen": signed }).to_string()
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "the life of one agreement, in its order"
)]
async fn an_agreement_is_planned_withdrawn_and_another_decides() {
    const ONE: &str = "/overeenkomsten/{index}";
    const WITHDRAW: &str = "/overeenkomsten/{index}/intrekken";
    let counter = Counter::open().await;
    let (get, post) = (&Method::GET, &Method::POST);
    let hand = Hand::of(&counter.world, files(), LATER);
    let planned = check(
        &counter,
        &counter.ncg,
        post,
        "/overeenkomsten",
        AT,
        &hand.body(),
    )
    .await;
    assert_eq!(planned.status, 201, "{planned:?}");
    let planned = planned.json();
    assert_eq!(planned["stand"], "gepland");
    let index = planned["index"].as_u64().unwrap();

    // Nobody overrules by the way what both planned.
    let mut other = files();
    change(
        &mut other,
        "manifest.toml",
        "novelle, proef",
        "novelle, anders",
    );
    let other = Hand::of(&counter.world, other, "2026-12-01T00:00:00Z");
    let (answer, left) = send_body(&counter, AT, &[], &other.body()).await;
    let (status, code, place, message) = told(&answer);
    assert_eq!((status, left), (409, 1));
    assert_eq!(
        (code.as_str(), place.as_str()),
        ("anders-overeengekomen", "verklaringen[0].verklaring")
    );
    assert!(
        message.contains(&format!("de overeenkomst in regel {index}, die begint op")),
        "{message}"
    );

    // The answer was lost, or the other party sends the same.
    let before = entries(&counter).await;
    let again = check(
        &counter,
        &counter.img,
        post,
        "/overeenkomsten",
        AT,
        &hand.body(),
    )
    .await;
    assert_eq!((again.status.as_u16(), again.json()), (200, planned));
    assert_eq!(entries(&counter).await, before);

    let at = format!("{AT}/{index}");
    let whole = check(&counter, &counter.img, get, ONE, &at, "")
        .await
        .json();
    assert_eq!(whole["bestanden"], json!(hand.files));
    let signers: Vec<&Value> = whole["ondertekenaars"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["oin"])
        .collect();
    assert_eq!(signers, [IMG, NCG]);
    assert!(
        whole["ondertekenaars"][0]["certificaat"]
            .as_str()
            .unwrap()
            .contains(IMG),
        "{whole}"
    );
    for missing in [0, 1, index + 1] {
        let at = format!("{AT}/{}", missing + 1_000);
        let answer = check(&counter, &counter.img, get, ONE, &at, "").await;
        assert_eq!(answer.code(), "niet-gevonden");
    }

    let bundle = bundle(&hand.files);
    let withdraw = format!("{at}/intrekken");
    for (of, body, status, field) in [
        (
            index,
            taking_back(&counter, &bundle, index, &["img"]).await,
            422,
            "verklaringen",
        ),
        (
            index,
            taking_back(&counter, &bundle, 0, &["img", "ncg"]).await,
            422,
            "verklaringen[0].verklaring",
        ),
        (
            index,
            taking_back(&counter, &BUNDLE, index, &["img", "ncg"]).await,
            422,
            "verklaringen[0].verklaring",
        ),
        // What began can only be followed by another.
        (
            0,
            taking_back(&counter, &BUNDLE, 0, &["img", "ncg"]).await,
            409,
            "index",
        ),
    ] {
        let at = format!("{AT}/{of}/intrekken");
        let answer = check(&counter, &counter.ncg, post, WITHDRAW, &at, &body).await;
        let (found, _, place, message) = told(&answer);
        assert_eq!((found, place.as_str()), (status, field), "{message}");
    }
    let both = taking_back(&counter, &bundle, index, &["ncg", "img"]).await;
    let gone = check(&counter, &counter.img, post, WITHDRAW, &withdraw, &both).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(gone.json()["stand"], "ingetrokken");
    let before = entries(&counter).await;
    let again = check(&counter, &counter.ncg, post, WITHDRAW, &withdraw, &both).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, gone.json()));
    assert_eq!(entries(&counter).await, before);
    let whole = check(&counter, &counter.ncg, get, ONE, &at, "")
        .await
        .json();
    assert_eq!(whole["intrekking"]["index"], gone.json()["ingetrokkenIn"]);
    assert_eq!(
        whole["intrekking"]["ondertekenaars"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // Its signatures are there for everybody to copy, and count no more.
    let (answer, left) = send_body(&counter, AT, &[], &hand.body()).await;
    assert_eq!(
        (told(&answer).1.as_str(), left),
        ("anders-overeengekomen", 1)
    );

    // And another, from now on.
    let hand = Hand::of(&counter.world, files(), "2026-11-21T12:00:00Z");
    let now = check(
        &counter,
        &counter.ncg,
        post,
        "/overeenkomsten",
        AT,
        &hand.body(),
    )
    .await;
    assert_eq!(now.json()["stand"], "van-kracht", "{now:?}");
    let all = check(&counter, &counter.ncg, get, "/overeenkomsten", AT, "")
        .await
        .json();
    let all = all["overeenkomsten"].as_array().unwrap();
    let stands: Vec<&str> = all
        .iter()
        .map(|one| one["stand"].as_str().unwrap())
        .collect();
    assert_eq!(stands, ["opgevolgd", "ingetrokken", "van-kracht"]);
}
