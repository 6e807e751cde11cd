//! JSON bodies: the first line names the reader, what follows is the body.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::{Value, json};
use sluis::bounds::FIELD_ERRORS;
use sluis::domain::{Malformed, Oin, json as strict};
use sluis::exchange::{Codes, KnownCodes};
use sluis::http::bodies;
use sluis::http::fields::Errors;

/// Some words of each sort.
static CODES: LazyLock<KnownCodes> = LazyLock::new(|| KnownCodes {
    purposes: codes(&["schade-afhandeling", "overig"]),
    kinds: codes(&["schademelding", "opnamerapport"]),
    marks: codes(&["aos"]),
    organisations: ["00000001812345678000", "00000001823456789000"]
        .map(|oin| Oin::parse(oin).expect("an OIN"))
        .into(),
});

fn codes<T: Ord + Clone + Display + FromStr<Err = Malformed>>(words: &[&str]) -> Codes<T> {
    let shared: BTreeSet<T> = words.iter().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(shared.len(), words.len());
    Codes::new(shared, None)
}

/// What the reader of this name makes of a body: whether anything, and how many mistakes it tells.
fn read(name: &str, body: Value) -> Option<(bool, usize)> {
    let (codes, mut errors) = (&*CODES, Errors::up_to(FIELD_ERRORS));
    let e = &mut errors;
    let something = match name {
        "document" => bodies::document(body, codes, e).is_some(),
        "bulk" => bodies::bulk_document(body, codes, e).1.is_some(),
        "search" => bodies::search(body, codes, e).is_some(),
        "owners" => bodies::owners(body, codes, e).is_some(),
        "dossier" => bodies::dossier(body, codes, e).is_some(),
        "choice" => bodies::choice(body, codes, e).is_some(),
        "withdrawal" => bodies::withdrawal(body, codes, e).is_some(),
        "address" => bodies::address(body, codes, e).is_some(),
        "aos" => bodies::aos(body, codes, e).is_some(),
        "nothing" => bodies::nothing(body, codes, e).is_some(),
        _ => return None,
    };
    Some((something, errors.into_list().len()))
}

pub(super) fn body(data: &[u8]) -> bool {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(name), Some(text)) = (lines.next(), lines.next()) else {
        return false;
    };
    let Ok(name) = std::str::from_utf8(name) else {
        return false;
    };
    let Ok(body) = strict::parse(text) else {
        return false;
    };
    let theirs: Value = serde_json::from_slice(text).expect("they call it JSON");
    assert_eq!(theirs, body, "they read it otherwise");
    let Some((something, mistakes)) = read(name, body.clone()) else {
        return false;
    };
    assert!(something || mistakes > 0, "refused without a word");
    assert!(mistakes <= FIELD_ERRORS + 1, "{mistakes} mistakes");
    if mistakes > 0 {
        return false;
    }
    let members = body.as_object().expect("only objects are bodies");
    let mut more = members.clone();
    more.insert("vreemd".to_owned(), json!(1));
    let (_, told) = read(name, more.into()).expect("the same reader");
    assert!(told > 0, "a member that nobody knows");
    for missing in members.keys() {
        let mut fewer = members.clone();
        fewer.remove(missing);
        let (something, told) = read(name, fewer.into()).expect("the same reader");
        assert!(something || told > 0, "{missing} is missed without a word");
    }
    true
}
