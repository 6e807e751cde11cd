//! What happened, step by step; the rule that decided.

use super::super::law;
use super::super::rules;
use super::super::words::{self, Wording};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::TransactionId;
use crate::language::Language;
use crate::ledger::Found;
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};
use crate::policy::Bundle;

/// One step of the story.
pub(super) struct Step {
    /// A class of the style sheet.
    pub(super) kind: &'static str,
    pub(super) iso: String,
    pub(super) time: String,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) hash: Option<String>,
    /// Where to read on.
    pub(super) link: Option<(String, &'static str)>,
}

/// A rule, as its author wrote it.
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) sentence: String,
    pub(super) article: String,
    pub(super) text: String,
    /// Where it is told among the others.
    pub(super) place: String,
}

/// The bundle a decision fell under.
pub(super) struct Terms {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) iso: String,
    pub(super) from: String,
    pub(super) caveat: String,
    /// Where they are told.
    pub(super) place: String,
}

impl Terms {
    pub(super) fn new(bundle: &Bundle, l: Language) -> Self {
        let (from, _) = bundle.in_force();
        Self {
            id: bundle.id().to_owned(),
            title: bundle.title_in(l).to_owned(),
            iso: from.to_string(),
            from: words::day(from.local().day(), l),
            caveat: bundle.caveat_in(l).to_owned(),
            place: rules::place(bundle.hash(), None),
        }
    }
}

/// The rules that decided, as far as the bundle is here.
pub(super) fn rules(entry: &Entry, bundle: Option<&Bundle>, l: Language) -> Vec<Rule> {
    let Some(bundle) = bundle else {
        return Vec::new();
    };
    let known = entry.regels.iter().filter_map(|id| bundle.find_rule(id));
    known
        .map(|rule| Rule {
            id: rule.id.to_owned(),
            sentence: rule.sentence.told(l).to_owned(),
            article: rule.article.unwrap_or_default().to_owned(),
            text: rule.text.to_owned(),
            place: rules::place(bundle.hash(), Some(rule.id)),
        })
        .collect()
}

/// `14.32:07,104`.
fn exact(at: Moment, l: Language) -> String {
    let local = at.local();
    format!(
        "{}:{:02}{}{:03}",
        words::clock_time(at, l),
        local.second(),
        l.pick(",", "."),
        at.unix_ms().rem_euclid(1000)
    )
}

/// How long something took: `56 ms`, `12,3 s`.
fn took(ms: i64, l: Language) -> String {
    let ms = ms.max(0);
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{}{}{} s", ms / 1000, l.pick(",", "."), ms % 1000 / 100)
    }
}

fn step(kind: &'static str, at: Moment, title: String, l: Language) -> Step {
    Step {
        kind,
        iso: at.to_string(),
        time: exact(at, l),
        title,
        lines: Vec::new(),
        hash: None,
        link: None,
    }
}

/// The story from the request to the last byte.
pub(super) fn steps(
    found: &Found,
    closing: Option<&Found>,
    read: Option<TransactionId>,
    wording: &Wording,
) -> Vec<Step> {
    let entry = &found.entry;
    let mut steps = vec![asked(entry, read, wording)];
    if entry.soort == Kind::Decision {
        steps.push(decided(entry, wording));
    }
    if entry.soort == Kind::Search {
        steps.push(listed(entry, wording));
    }
    steps.push(recorded(found, wording.l));
    match closing {
        Some(closing) => steps.push(ended(entry, closing, wording)),
        None if entry.handeling == Some(Act::Download)
            && entry.uitkomst == Some(Outcome::Permitted) =>
        {
            let l = wording.l;
            let title = l.pick("Het document is onderweg", "The document is under way");
            steps.push(step("", entry.tijd, title.to_owned(), l));
        }
        None => {}
    }
    steps
}

/// When it was asked: the id of a transaction tells when it was made, by the clock of who asked.
fn asked_at(entry: &Entry) -> Moment {
    let made = entry.transactie.moment().filter(|made| {
        let age = entry.tijd.ms_since(*made);
        (0..=bounds::TRANSACTION_SKEW_MS).contains(&age)
    });
    made.unwrap_or(entry.tijd)
}

fn asked(entry: &Entry, read: Option<TransactionId>, wording: &Wording) -> Step {
    let l = wording.l;
    let who = entry.aanvrager.map_or_else(
        || l.pick("Iemand", "Somebody").to_owned(),
        |oin| wording.organisation(oin),
    );
    let what = match (entry.soort, entry.handeling) {
        (Kind::Search, _) => l.pick(
            "zocht documenten bij een adres",
            "searched the documents of an address",
        ),
        (Kind::Reading, _) if entry.aanleiding.is_some() => l.pick(
            "vroeg aan de balie om inzage in het register of het logboek",
            "asked at the desk to look in the registry or the log",
        ),
        (Kind::Reading, _) if entry.index.is_some() => l.pick(
            "vroeg via het eigen systeem een besluit uit het logboek op",
            "fetched a decision from the log by its own system",
        ),
        (Kind::Reading, _) => l.pick(
            "vroeg via het eigen systeem op wat eigenaren bij een adres kozen",
            "fetched by its own system what owners chose at an address",
        ),
        (_, Some(Act::Metadata)) => l.pick(
            "vroeg de gegevens over het document",
            "asked for the metadata of the document",
        ),
        (_, Some(Act::Test)) => l.pick(
            "vroeg of het document gegeven mag worden",
            "asked whether the document may be given",
        ),
        _ => l.pick("vroeg het document", "asked for the document"),
    };
    let mut step = step("", asked_at(entry), format!("{who} {what}"), l);
    if let Some(purpose) = entry.doel.as_ref().filter(|doel| doel.as_str() != "beheer") {
        let purpose = wording.purpose(purpose.as_str());
        step.lines
            .push(format!("{} {purpose}.", l.pick("Voor", "For")));
    }
    if let Some(team) = &entry.team {
        let team = wording.team(team.as_str());
        step.lines
            .push(format!("{} {team}.", l.pick("Team:", "Team:")));
    }
    if let Some(occasion) = entry.aanleiding {
        let occasion = words::occasion(occasion, l);
        step.lines
            .push(format!("{} {occasion}.", l.pick("Aanleiding:", "Reason:")));
    }
    step.link = read.map(|transaction| {
        let path = format!("/uitwisseling/{transaction}");
        (
            path,
            l.pick(
                "Naar de uitwisseling die is bekeken",
                "To the exchange that was looked at",
            ),
        )
    });
    step
}

fn decided(entry: &Entry, wording: &Wording) -> Step {
    let l = wording.l;
    let is_yes = entry.artikel.is_some();
    let reason = entry.reden.as_deref().or(entry.code.as_deref());
    let (kind, title) = match (entry.uitkomst, is_yes) {
        (Some(Outcome::Test), true) => (
            "ja",
            l.pick("De toets: het zou mogen", "The test: it would be allowed"),
        ),
        (Some(Outcome::Test), false) => (
            "nee",
            l.pick(
                "De toets: het zou niet mogen",
                "The test: it would not be allowed",
            ),
        ),
        (Some(Outcome::Permitted), _) => (
            "ja",
            l.pick(
                "De poort besloot: toegestaan",
                "The gateway decided: permitted",
            ),
        ),
        _ => (
            "nee",
            l.pick(
                "De poort besloot: geweigerd",
                "The gateway decided: refused",
            ),
        ),
    };
    let mut step = step(kind, entry.tijd, title.to_owned(), l);
    if let Some(article) = &entry.artikel {
        let words = law::article_in_words(article, l);
        let words = words.map_or_else(String::new, |words| format!(": {words}"));
        step.lines.push(format!("{article}{words}."));
    }
    if let Some(ground) = &entry.grondslag {
        let ground = law::ground(ground, l);
        step.lines
            .push(format!("{} {ground}.", l.pick("Grondslag:", "Ground:")));
    }
    if let Some(code) = reason {
        let reason = wording.reason(code);
        step.lines
            .push(format!("{} {reason}.", l.pick("Reden:", "Reason:")));
    }
    step
}

/// What a search listed and withheld.
fn listed(entry: &Entry, wording: &Wording) -> Step {
    let l = wording.l;
    let title = l.pick(
        "De poort besloot per document",
        "The gateway decided for each document",
    );
    let mut step = step("", entry.tijd, title.to_owned(), l);
    for listed in &entry.getoond {
        let kind = wording.kind(listed.soort.as_str());
        step.lines.push(format!(
            "{} {}× {kind}.",
            l.pick("Genoemd:", "Listed:"),
            listed.aantal
        ));
    }
    for withheld in &entry.onthouden {
        let kind = wording.kind(withheld.soort.as_str());
        step.lines.push(format!(
            "{} {}× {kind}: {}.",
            l.pick("Niet genoemd:", "Withheld:"),
            withheld.aantal,
            wording.reason(&withheld.reden)
        ));
    }
    if step.lines.is_empty() {
        let nothing = l.pick("Er was niets te vinden.", "There was nothing to be found.");
        step.lines.push(nothing.to_owned());
    }
    step
}

fn recorded(found: &Found, l: Language) -> Step {
    let title = l.pick("Vastgelegd in het logboek", "Recorded in the log");
    let mut step = step("", found.entry.tijd, title.to_owned(), l);
    let number = l.number(found.index);
    step.lines
        .push(format!("{} {number}.", l.pick("Regel", "Entry")));
    let then = match (found.entry.soort, found.entry.uitkomst) {
        (Kind::Reading, _) => l.pick(
            "Pas daarna werd er iets getoond.",
            "Only then was anything shown.",
        ),
        (Kind::Decision, Some(Outcome::Permitted)) => l.pick(
            "Pas daarna ging de poort ermee verder.",
            "Only then did the gateway go on with it.",
        ),
        _ => return step,
    };
    step.lines.push(then.to_owned());
    step
}

fn ended(entry: &Entry, closing: &Found, wording: &Wording) -> Step {
    let l = wording.l;
    let last = &closing.entry;
    let end = last.einde.unwrap_or(End::Unknown);
    let kind = if end == End::Complete { "ja" } else { "let-op" };
    let who = entry
        .aanvrager
        .map_or_else(String::new, |oin| wording.organisation(oin));
    let title = if end == End::Complete {
        format!(
            "{who} {}",
            l.pick("had het hele document", "had the whole document")
        )
    } else {
        let end = words::end(end, l);
        format!("{} {end}", l.pick("Einde:", "End:"))
    };
    let mut step = step(kind, last.tijd, title, l);
    let mut told = Vec::new();
    told.extend(last.bytes.map(|bytes| l.size(bytes)));
    told.push(format!("in {}", took(last.tijd.ms_since(entry.tijd), l)));
    told.push(format!(
        "{} {}",
        l.pick("regel", "entry"),
        l.number(closing.index)
    ));
    step.lines.push(format!("{}.", told.join(", ")));
    step.hash = last.sha256.map(|hash| hash.to_string());
    step
}

/// The exchange in a few facts that are nobody's secret.
pub(super) fn short(entry: &Entry, wording: &Wording) -> Vec<(&'static str, String)> {
    let l = wording.l;
    let mut short = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        short.extend(value.map(|value| (name, value)));
    };
    let asked = entry.aanvrager.map(|oin| wording.organisation(oin));
    add(l.pick("Wie vroeg", "Who asked"), asked);
    let of = entry.bron.map(|oin| wording.organisation(oin));
    add(l.pick("Van wie", "Of whom"), of);
    let kind = entry.documentsoort.as_ref();
    let kind = kind.map(|kind| wording.kind(kind.as_str()));
    add(l.pick("Wat", "What"), kind);
    let purpose = entry.doel.as_ref().filter(|doel| doel.as_str() != "beheer");
    let purpose = purpose.map(|doel| wording.purpose(doel.as_str()));
    add(l.pick("Waarvoor", "What for"), purpose);
    let team = entry.team.as_ref();
    add(
        l.pick("Team", "Team"),
        team.map(|team| wording.team(team.as_str())),
    );
    let health = entry.gezondheid.map(|health| yes_no(health, l).to_owned());
    add(l.pick("Gezondheid", "Health data"), health);
    short
}

pub(super) const fn yes_no(yes: bool, l: Language) -> &'static str {
    if yes {
        l.pick("ja", "yes")
    } else {
        l.pick("nee", "no")
    }
}
