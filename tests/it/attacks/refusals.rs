//! Two refusals that nobody may tell apart: the same answer but for its own id, and the same steps, one
//! entry in the book for one. How long each takes is measured by a test that is not run by itself:
//! `cargo test --test it -- --ignored --nocapture how_long_refusals_take`.
//!
//! A refused document and an unknown one are told apart, as agreed: 403 with its reason, and 404. What
//! must not be is what is asked for without a good token, and exchanges of others.

use std::time::Instant;

use serde_json::{Value, json};

use super::judge;
use super::siege::Siege;
use super::tokens::forged;
use crate::client::{Answer, Call};
use crate::party::{Party, Token};

const ADDRESS: &str = "0024200000017301";
const STRANGE: &str = "00000000-0000-4000-8000-0000000000ff";

/// What an answer says that is not its own id or time.
fn shape(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "fsc-transaction-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut body = answer.json();
    assert!(body["instance"].is_string(), "{body}");
    body["instance"] = Value::Null;
    (answer.status, headers, body)
}

/// What an entry says that is not its own id or time; of what is sealed, that it is there.
fn public(entry: &Value) -> Value {
    let mut entry = entry.clone();
    for own in ["tijd", "transactie"] {
        entry[own] = Value::Null;
    }
    let sealed: Vec<String> = entry["zegels"]
        .as_object()
        .map(|seals| seals.keys().cloned().collect())
        .unwrap_or_default();
    entry["zegels"] = json!(sealed);
    entry
}

/// A call about something that is there, and the same about something that is not.
struct Pair {
    name: &'static str,
    party: &'static str,
    /// Makes the call; each needs a token of its own.
    call: Box<dyn Fn(&str) -> Call>,
    there: String,
    not_there: String,
}

/// What a municipality, which provides nothing, may neither see nor change.
async fn pairs_of_the_registry(siege: &Siege) -> Vec<Pair> {
    let world = &siege.world;
    world.owners(ADDRESS, &["eig-1"]).await;
    let choice = world
        .consent(ADDRESS, "eig-1", "ncg", "schademelding")
        .await;
    let aos = json!({
        "nummeraanduiding": ADDRESS, "van": "2026-01-01T00:00:00Z", "tot": "2036-01-01T00:00:00Z",
    });
    let aos = world.tell("img", "POST", "/v1/aos-meldingen", &aos).await;
    let aos = aos["id"].as_str().unwrap().to_owned();
    let pair = |name, method: &'static str, path: &'static str, there: String| Pair {
        name,
        party: "gemeente",
        call: Box::new(move |id: &str| {
            let token = Party::find("gemeente").token(&Token::beheer());
            Call::new(method, path.replace('@', id)).token(&token)
        }),
        there,
        not_there: "0193d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11".to_owned(),
    };
    let uuid = siege.uuid.clone();
    vec![
        pair("a choice", "GET", "/v1/toestemmingen/@", choice.clone()),
        pair(
            "a withdrawal",
            "POST",
            "/v1/toestemmingen/@/intrekken",
            choice,
        ),
        pair(
            "the end of an AOS",
            "POST",
            "/v1/aos-meldingen/@/afsluiten",
            aos,
        ),
        pair("a document of others", "DELETE", "/v1/documenten/@", uuid),
    ]
}

/// Makes a token anew, or none.
type Make = Box<dyn Fn() -> Option<String>>;

async fn pairs(siege: &Siege) -> Vec<Pair> {
    let call = Call::get(siege.path()).token(&Siege::token());
    let answer = siege.world.call("img", &call).await.expect("200");
    let exchange = answer.header("fsc-transaction-id").to_owned();
    let nobodys = {
        let mut id = exchange.clone();
        let last = if id.ends_with('0') { "1" } else { "0" };
        id.replace_range(35.., last);
        id
    };
    let used = Siege::token();
    let call = Call::get(siege.path()).token(&used);
    siege.world.call("img", &call).await.expect("200");

    let of_exchange = |name, path: &'static str| Pair {
        name,
        party: "gemeente",
        call: Box::new(move |id: &str| {
            let token = Party::find("gemeente").token(&Token::beheer());
            Call::get(path.replace('@', id)).token(&token)
        }),
        there: exchange.clone(),
        not_there: nobodys.clone(),
    };
    let mut pairs = vec![
        of_exchange("an exchange of others", "/v1/besluiten/@"),
        of_exchange("its proof", "/v1/besluiten/@/bewijs"),
        of_exchange("its extract", "/v1/besluiten/@/uittreksel"),
        of_exchange(
            "its extract with a field",
            "/v1/besluiten/@/uittreksel?velden=zaak",
        ),
    ];
    pairs.extend(pairs_of_the_registry(siege).await);
    let expired = || {
        forged(|_, payload| {
            for claim in ["iat", "nbf", "exp"] {
                payload[claim] = json!(payload[claim].as_i64().unwrap() - 3_600);
            }
        })
    };
    let unbound = || forged(|_, payload| payload["cnf"]["x5t#S256"] = "A".repeat(43).into());
    let tokens: Vec<(&'static str, Make)> = vec![
        ("no token", Box::new(|| None)),
        ("an empty token", Box::new(|| Some(String::new()))),
        (
            "a forged token",
            Box::new(|| Some(forged(|header, _| header["kid"] = "x".into()))),
        ),
        (
            "another issuer",
            Box::new(|| Some(forged(|_, payload| payload["iss"] = "x".into()))),
        ),
        ("an expired token", Box::new(move || Some(expired()))),
        (
            "a token bound to another",
            Box::new(move || Some(unbound())),
        ),
        (
            "a token for a third document",
            Box::new(|| {
                Some(forged(|_, payload| {
                    payload["document"] = "00000000-0000-4000-8000-0000000000fe".into();
                }))
            }),
        ),
        (
            "a token for the registry",
            Box::new(|| Some(Party::find("img").token(&Token::beheer()))),
        ),
        (
            "a purpose that nobody knows",
            Box::new(|| Some(forged(|_, payload| payload["doel"] = "koffie".into()))),
        ),
    ];
    for (name, token) in tokens {
        let token = std::rc::Rc::new(token);
        for (method, path) in [
            ("GET", "/v1/documenten/@/download"),
            ("GET", "/v1/documenten/@"),
            ("POST", "/v1/documenten/@/_toets"),
        ] {
            let token = std::rc::Rc::clone(&token);
            pairs.push(Pair {
                name,
                party: "img",
                call: Box::new(move |id: &str| {
                    let call = Call::new(method, path.replace('@', id));
                    match token() {
                        Some(token) => call.token(&token),
                        None => call,
                    }
                }),
                there: siege.uuid.clone(),
                not_there: STRANGE.to_owned(),
            });
        }
    }
    pairs
}

#[tokio::test]
async fn nobody_can_tell_two_refusals_apart_that_must_be_one() {
    let mut siege = Siege::lay().await;
    let pairs = pairs(&siege).await;
    let mut wrong = Vec::new();
    let before = siege.world.settled().await.entries.len();
    let mut shapes = Vec::new();
    for Pair {
        name,
        party,
        call,
        there,
        not_there,
    } in &pairs
    {
        let mut both = Vec::new();
        for id in [there, not_there] {
            let answer = siege.world.call(party, &call(id)).await;
            assert!(answer.status >= 400, "{name}: {}", answer.status);
            both.push(shape(&answer));
        }
        if both[0] != both[1] {
            wrong.push(format!("- {name}: {both:#?}"));
        }
        shapes.push(both.remove(0));
    }
    // Whatever is wrong with a token, the answer is one and the same.
    let invalid: Vec<_> = shapes
        .iter()
        .filter(|(.., body)| body["code"] == "token-ongeldig")
        .collect();
    assert!(invalid.len() >= 12, "{}", invalid.len());
    assert!(
        invalid.iter().all(|shape| *shape == invalid[0]),
        "{invalid:#?}"
    );

    // And so are the steps: an entry for each call, the same for both of a pair.
    let book = siege.world.settled().await;
    let entries: Vec<Value> = book.entries[before..].iter().map(public).collect();
    let mut entries = entries.chunks(2);
    for Pair { name, .. } in &pairs {
        match entries.next() {
            Some([one, other]) if one == other => {}
            found => wrong.push(format!("- {name}, in the book: {found:#?}")),
        }
    }
    assert!(entries.next().is_none(), "more entries than calls");
    judge(
        "pairs of refusals that must not be told apart",
        pairs.len(),
        35,
        "",
        &wrong,
    );
    siege.world.close().await;
}

/// Prints medians, in turns; asserts nothing but that there were answers.
#[tokio::test]
#[ignore = "measures, on a machine that does nothing else"]
async fn how_long_refusals_take() {
    const ROUNDS: usize = 400;
    let siege = Siege::lay().await;
    let pairs = pairs(&siege).await;
    let mut line = [siege.world.line(0, "img"), siege.world.line(0, "gemeente")];
    for Pair {
        name,
        party,
        call,
        there,
        not_there,
    } in &pairs
    {
        let mut took = [Vec::new(), Vec::new()];
        for round in 0..2 * ROUNDS {
            // Which goes first changes every other time.
            let which = (round + round / 2) % 2;
            let call = call([there, not_there][which]);
            let since = Instant::now();
            line[usize::from(*party != "img")].call(&call).await;
            took[which].push(since.elapsed().as_micros());
        }
        let [there, not_there] = took.map(|mut all| {
            all.sort_unstable();
            (all[ROUNDS / 4], all[ROUNDS / 2], all[ROUNDS * 3 / 4])
        });
        super::tell(&format!(
            "{name}: there {there:?}, not there {not_there:?} µs (quartiles of {ROUNDS})"
        ));
    }
    siege.world.close().await;
}
