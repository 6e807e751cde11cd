//! What is sought in the log: read from a form, written back into one, and told as badges.

use super::super::forms::{Filled, Form};
use super::super::law::{self, GROUNDS};
use super::super::words::{self, Wording};
use crate::clock::{Day, Moment};
use crate::domain::{
    AddressId, CaseNumber, DocumentKind, Employee, Oin, Organisations, Purpose, TransactionId,
};
use crate::language::Language;
use crate::oversight::{Came, Criteria};

/// How long the name of an article can be.
const ARTICLE_CHARS: usize = 64;

/// What lines can have come to: code, Dutch, English.
pub(super) const CAME: [(&str, Came, &str, &str); 8] = [
    (
        "uitwisselingen",
        Came::Exchanged,
        "alleen uitwisselingen",
        "exchanges only",
    ),
    ("gegeven", Came::Released, "gegeven", "released"),
    ("geweigerd", Came::Refused, "geweigerd", "refused"),
    (
        "getoetst",
        Came::Asked,
        "alleen getoetst of gegevens bekeken",
        "only tested, or metadata seen",
    ),
    (
        "te-beoordelen",
        Came::ToReview,
        "gegeven, met beoordeling achteraf",
        "released, reviewed afterwards",
    ),
    (
        "proef-anders",
        Came::TriedOtherwise,
        "proefregels beslissen anders",
        "trial rules decide otherwise",
    ),
    (
        "gezocht",
        Came::Searched,
        "zoekvraag bij een adres",
        "search at an address",
    ),
    (
        "gelezen",
        Came::Read,
        "inzage in logboek of register",
        "reading of the log or the registry",
    ),
];

/// The fields that are folded away until somebody asks for them.
const FOLDED: [&str; 11] = [
    "vrager",
    "bron",
    "soort",
    "doel",
    "grondslag",
    "artikel",
    "uitkomst",
    "reden",
    "transactie",
    "medewerker",
    "zaaknummer",
];

/// Whether something stands in one of them.
pub(super) fn has_folded(f: &Filled) -> bool {
    let mut folded = FOLDED.into_iter();
    folded.any(|field| !f.value(field).is_empty() || !f.error(field).is_empty())
}

/// Codes of problems that refuse a request before the policy is asked.
pub(in crate::desk) const PROBLEMS: [&str; 10] = [
    "token-ontbreekt",
    "token-ongeldig",
    "token-verlopen",
    "token-niet-gebonden",
    "token-hergebruikt",
    "conflict",
    "doel-onbekend",
    "document-onbekend",
    "niet-bevoegd",
    "bereik-ongeldig",
];

/// A list to choose from holds what was chosen unless somebody made the form themselves.
const NOT_LISTED: (&str, &str) = ("Kies iets uit de lijst.", "Choose something from the list.");

/// Reads what is sought; what is wrong stands beside its field.
pub(super) fn read(f: &mut Filled, organisations: &Organisations) -> Criteria {
    // In the order of the form: so the mistakes are summed up.
    let address = address(f);
    let (from, until) = period(f);
    Criteria {
        from,
        until,
        address,
        transaction: f.optional(
            "transactie",
            (
                "Transactie: vul het hele kenmerk in, 36 tekens zoals 0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31.",
                "Transaction: fill in the whole id, 36 characters such as 0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31.",
            ),
            |text| TransactionId::parse(text).ok(),
        ),
        requester: organisation(f, "vrager", organisations),
        provider: organisation(f, "bron", organisations),
        kind: f.optional("soort", NOT_LISTED, |text| {
            DocumentKind::parse(text).ok().map(|kind| kind.to_string())
        }),
        purpose: f.optional("doel", NOT_LISTED, |text| {
            Purpose::parse(text).ok().map(|purpose| purpose.to_string())
        }),
        ground: f.optional("grondslag", NOT_LISTED, |code| {
            let mut all = GROUNDS.iter();
            let ground = all.find(|ground| ground.code == code)?;
            Some(ground.iri.to_owned())
        }),
        article: f.optional("artikel", NOT_LISTED, |text| {
            let proper =
                text.chars().count() <= ARTICLE_CHARS && !text.chars().any(char::is_control);
            proper.then(|| text.to_owned())
        }),
        reason: f.optional("reden", NOT_LISTED, |code| {
            is_reason(code).then(|| code.to_owned())
        }),
        came: f.optional("uitkomst", NOT_LISTED, |code| {
            let mut all = CAME.iter();
            all.find(|(known, ..)| *known == code)
                .map(|(_, came, ..)| *came)
        }),
        employee: f.optional(
            "medewerker",
            (
                "Medewerker: een pseudoniem heeft 1 tot 128 tekens.",
                "Employee: a pseudonym has 1 to 128 characters.",
            ),
            |text| Employee::parse(text).ok(),
        ),
        case: f.optional(
            "zaaknummer",
            (
                "Zaaknummer: een zaaknummer heeft 1 tot 128 tekens.",
                "Case number: a case number has 1 to 128 characters.",
            ),
            |text| CaseNumber::parse(text).ok(),
        ),
        below: None,
    }
}

fn is_reason(code: &str) -> bool {
    crate::policy::Reason::find(code).is_some() || PROBLEMS.contains(&code)
}

fn organisation(f: &mut Filled, field: &'static str, known: &Organisations) -> Option<Oin> {
    f.optional(field, NOT_LISTED, |text| {
        let oin = Oin::parse(text).ok()?;
        known.find(oin).map(|organisation| organisation.oin)
    })
}

/// The address, which people copy with spaces in it.
fn address(f: &mut Filled) -> Option<AddressId> {
    let typed: String = f.value("adres").split_whitespace().collect();
    if typed.is_empty() {
        return None;
    }
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    let (dutch, english) = if digits != typed.chars().count() {
        (
            "Adres: gebruik alleen cijfers.".to_owned(),
            "Address: use digits only.".to_owned(),
        )
    } else if digits == 16 {
        (
            "Adres: dit is geen BAG-nummer van een adres. Op plaats 5 en 6 staat dan 20."
                .to_owned(),
            "Address: this is no BAG number of an address. Those have 20 at places 5 and 6."
                .to_owned(),
        )
    } else {
        (
            format!("Adres: dit zijn {digits} cijfers, het moeten er 16 zijn."),
            format!("Address: these are {digits} digits, there must be 16."),
        )
    };
    let parsed = AddressId::parse(&typed).ok();
    if parsed.is_none() {
        f.wrong("adres", &dutch, &english);
    }
    parsed
}

/// The period, its last day included.
fn period(f: &mut Filled) -> (Option<Moment>, Option<Moment>) {
    let day = |text: &str| Day::parse(text).ok();
    let first = f.optional(
        "van",
        (
            "Van: vul een datum in zoals 2026-03-01.",
            "From: fill in a date such as 2026-03-01.",
        ),
        day,
    );
    let last = f.optional(
        "tot",
        (
            "Tot en met: vul een datum in zoals 2026-03-31.",
            "Until: fill in a date such as 2026-03-31.",
        ),
        day,
    );
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        f.wrong(
            "tot",
            "Tot en met: deze dag ligt voor ‘van’.",
            "Until: this day is before ‘from’.",
        );
    }
    let end = last.map(|last| last.plus_days(1).start());
    (first.map(Day::start), end)
}

/// The last day of a period that ends at this moment.
fn last_day(until: Moment) -> Day {
    until.plus_ms(-1).local().day()
}

/// What was sought, as a form that asks it again.
pub(super) fn form_of(criteria: &Criteria) -> Form {
    let mut form = Form::default();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            form = std::mem::take(&mut form).with(name, &value);
        }
    };
    put("adres", criteria.address.map(|address| address.to_string()));
    put(
        "van",
        criteria.from.map(|from| from.local().day().to_string()),
    );
    put(
        "tot",
        criteria.until.map(|until| last_day(until).to_string()),
    );
    put("transactie", criteria.transaction.map(|id| id.to_string()));
    put("vrager", criteria.requester.map(|oin| oin.to_string()));
    put("bron", criteria.provider.map(|oin| oin.to_string()));
    put("soort", criteria.kind.clone());
    put("doel", criteria.purpose.clone());
    let code = |iri: &String| {
        let mut all = GROUNDS.iter();
        all.find(|ground| ground.iri == iri)
            .map(|ground| ground.code.to_owned())
    };
    put("grondslag", criteria.ground.as_ref().and_then(code));
    put("artikel", criteria.article.clone());
    put("reden", criteria.reason.clone());
    put(
        "uitkomst",
        criteria.came.map(|came| came_code(came).to_owned()),
    );
    put(
        "medewerker",
        criteria.employee.as_ref().map(ToString::to_string),
    );
    put(
        "zaaknummer",
        criteria.case.as_ref().map(ToString::to_string),
    );
    form
}

/// The fields of a form that asks for the exchanges alone among what was sought.
pub(super) fn only_exchanges(criteria: &Criteria) -> Vec<(String, String)> {
    let form = form_of(&Criteria {
        came: Some(Came::Exchanged),
        ..criteria.clone()
    });
    form.fields().to_vec()
}

/// The code of what lines came to.
pub(super) fn came_code(came: Came) -> &'static str {
    let mut all = CAME.iter();
    let known = all.find(|(_, known, ..)| *known == came);
    known.map_or("", |(code, ..)| code)
}

/// What lines came to, in words.
pub(super) fn came_name(came: Came, l: Language) -> &'static str {
    let mut all = CAME.iter();
    let known = all.find(|(_, known, ..)| *known == came);
    known.map_or("", |(_, _, dutch, english)| l.pick(dutch, english))
}

/// What was sought, one badge for each part of it. Those that are personal come first and are left
/// out where `personal` is not wanted.
pub(super) fn badges(criteria: &Criteria, wording: &Wording, personal: bool) -> Vec<String> {
    let l = wording.l;
    let mut badges = Vec::new();
    let mut add = |dutch: &str, english: &str, value: Option<String>| {
        badges.extend(value.map(|value| format!("{} {value}", l.pick(dutch, english))));
    };
    if personal {
        let address = criteria.address.map(|address| address.to_string());
        add("adres", "address", address);
        let employee = criteria.employee.as_ref().map(ToString::to_string);
        add("medewerker", "employee", employee);
        let case = criteria.case.as_ref().map(ToString::to_string);
        add("zaak", "case", case);
    }
    let day = |moment: Moment| words::day(moment.local().day(), l);
    add("van", "from", criteria.from.map(day));
    let until = criteria.until.map(|until| words::day(last_day(until), l));
    add("tot en met", "until", until);
    add(
        "transactie",
        "transaction",
        criteria.transaction.map(|id| id.to_string()),
    );
    let name = |oin: Oin| wording.organisation(oin);
    add("gevraagd door", "asked by", criteria.requester.map(name));
    add(
        "documenten van",
        "documents of",
        criteria.provider.map(name),
    );
    let kind = criteria.kind.as_deref().map(|code| wording.kind(code));
    add("soort:", "kind:", kind);
    let purpose = criteria
        .purpose
        .as_deref()
        .map(|code| wording.purpose(code));
    add("doel:", "purpose:", purpose);
    let ground = criteria.ground.as_deref().map(|iri| law::ground(iri, l));
    add("grondslag:", "ground:", ground);
    add("artikel", "article", criteria.article.clone());
    let came = criteria.came.map(|came| came_name(came, l).to_owned());
    add("uitkomst:", "outcome:", came);
    let reason = criteria.reason.as_deref().map(|code| wording.reason(code));
    add("reden:", "reason:", reason);
    badges
}
