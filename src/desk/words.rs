//! The book in plain words: what happened, when, between whom, in Dutch and in English.

mod amounts;
mod dates;
mod reasons;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use amounts::{ago, in_a_row, lines};
pub(super) use dates::{clock_time, day, moment, week};

use crate::domain::{ChoiceKind, ChoiceState, Oin, Organisation, Organisations, Purpose};
use crate::exchange::officer::Officers;
use crate::language::Language;
use crate::ledger::entry::{Act, End, Judgement, Occasion, Outcome};
use crate::oversight::{Line, What};
use crate::policy::Bundle;

/// What people call an organisation in a sentence: `IMG`, or its whole name where its part is no
/// abbreviation.
pub(super) fn short_name(organisation: &Organisation) -> String {
    let role = organisation.role.as_str();
    if role.len() <= 4 {
        role.to_uppercase()
    } else {
        organisation.name.clone()
    }
}

/// The names of everything that is known by a code.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) l: Language,
    organisations: BTreeMap<Oin, String>,
    bundle: Option<Arc<Bundle>>,
}

impl Wording {
    /// The names in use now.
    pub(super) fn new(officers: &Officers, l: Language) -> Self {
        Self {
            bundle: officers.bundle_in_force(),
            ..Self::of(officers.organisations(), l)
        }
    }

    /// The names of these organisations alone.
    pub(super) fn of(organisations: &Organisations, l: Language) -> Self {
        let organisations = organisations.iter();
        Self {
            l,
            organisations: organisations
                .map(|organisation| (organisation.oin, short_name(organisation)))
                .collect(),
            bundle: None,
        }
    }

    /// Without organisations or a bundle: codes stand for themselves.
    #[cfg(test)]
    pub(super) const fn bare(l: Language) -> Self {
        Self {
            l,
            organisations: BTreeMap::new(),
            bundle: None,
        }
    }

    /// An organisation; one that takes part no longer by its number.
    pub(super) fn organisation(&self, oin: Oin) -> String {
        let known = self.organisations.get(&oin);
        known.map_or_else(|| oin.to_string(), Clone::clone)
    }

    /// All organisations, by number.
    pub(super) fn organisations(&self) -> impl Iterator<Item = (&Oin, &str)> {
        self.organisations
            .iter()
            .map(|(oin, name)| (oin, name.as_str()))
    }

    /// A document kind by its name, as in the middle of a sentence.
    pub(super) fn kind(&self, code: &str) -> String {
        self.find_kind(code).unwrap_or_else(|| code.to_owned())
    }

    fn find_kind(&self, code: &str) -> Option<String> {
        let mut kinds = self.bundle.as_ref()?.vocabulary().kinds();
        let (_, name) = kinds.find(|(kind, _)| kind.as_str() == code)?;
        // Without what stands between brackets to explain it.
        let short = name.told(self.l).split(" (").next()?;
        Some(uncapitalised(short))
    }

    /// A document kind with its article.
    fn a_kind(&self, code: &str) -> String {
        match (self.find_kind(code), self.l) {
            (Some(name), Language::English) => a_kind(&name),
            (None, Language::English) => format!("a document of the kind {code}"),
            (name, Language::Dutch) => {
                let name = name.unwrap_or_else(|| code.to_owned());
                if name.ends_with("gegevens") {
                    name
                } else {
                    format!("een {name}")
                }
            }
        }
    }

    /// A purpose by its name, as in the middle of a sentence.
    pub(super) fn purpose(&self, code: &str) -> String {
        let known = Purpose::parse(code).ok();
        let name = self.bundle.as_ref().zip(known).and_then(|(bundle, code)| {
            let purpose = bundle.vocabulary().find_purpose(&code)?;
            Some(uncapitalised(purpose.name.told(self.l)))
        });
        name.unwrap_or_else(|| code.to_owned())
    }

    /// A team by its name.
    pub(super) fn team(&self, code: &str) -> String {
        let name = self.bundle.as_ref().and_then(|bundle| {
            let mut teams = bundle.vocabulary().teams();
            let (_, name) = teams.find(|(team, _)| team.as_str() == code)?;
            Some(name.told(self.l).to_owned())
        });
        name.unwrap_or_else(|| code.to_owned())
    }

    /// How long the log keeps what it has, where the parties wrote it down.
    pub(super) fn retention(&self) -> Option<&str> {
        self.bundle.as_ref()?.retention(self.l)
    }

    /// One line of the log, as a sentence.
    pub(super) fn sentence(&self, line: &Line) -> String {
        let l = self.l;
        let name = |oin: Option<Oin>| {
            oin.map_or_else(
                || l.pick("iemand", "somebody").to_owned(),
                |oin| self.organisation(oin),
            )
        };
        let who = name(line.requester);
        let from = match line.provider {
            Some(oin) => format!("{}{}", l.pick(" van ", " from "), self.organisation(oin)),
            None => String::new(),
        };
        let what = if line.kind.is_empty() {
            l.pick("een document", "a document").to_owned()
        } else {
            self.a_kind(&line.kind)
        };
        let purpose = match &*line.purpose {
            "" | "beheer" => String::new(),
            code => format!("{}{}", l.pick(", voor ", ", for "), self.purpose(code)),
        };
        let article = match &*line.article {
            "" => String::new(),
            article => format!(", {article}"),
        };
        match line.what {
            What::Decision => {
                let verb = self.verb(line);
                let why = match &*line.reason {
                    "" => String::new(),
                    code => format!(": {}", self.reason(code)),
                };
                format!("{who} {verb} {what}{from}{purpose}{article}{why}")
            }
            What::Search => {
                let (shown, withheld) = (line.count, line.withheld);
                format!(
                    "{who} {}{purpose}: {shown} {}, {withheld} {}",
                    l.pick(
                        "zocht documenten bij een adres",
                        "searched the documents of an address"
                    ),
                    l.pick("getoond", "listed"),
                    l.pick("niet", "withheld"),
                )
            }
            What::Reading => format!("{who} {}", self.reading(line)),
        }
    }

    fn verb(&self, line: &Line) -> &'static str {
        let l = self.l;
        match (line.outcome, line.act, line.end) {
            (Some(Outcome::Permitted), Some(Act::Download), Some(End::Complete)) => {
                l.pick("kreeg", "received")
            }
            (Some(Outcome::Permitted), Some(Act::Download), None) => {
                l.pick("krijgt", "is receiving")
            }
            (Some(Outcome::Permitted), Some(Act::Download), Some(_)) => l.pick(
                "mocht hebben, maar kreeg niet geheel,",
                "was allowed, but did not wholly receive,",
            ),
            (Some(Outcome::Permitted), ..) => l.pick("zag de gegevens over", "saw the metadata of"),
            (Some(Outcome::Test), ..) => l.pick("toetste voor", "tested for"),
            _ => l.pick("kreeg geen toegang tot", "was refused"),
        }
    }

    fn reading(&self, line: &Line) -> String {
        let l = self.l;
        let what = match line.act {
            Some(Act::Search) => l.pick(
                "zocht in het logboek naar een persoon of adres",
                "searched the log for a person or address",
            ),
            Some(Act::Consult) => l.pick(
                "opende een uitwisseling in het logboek",
                "opened an exchange in the log",
            ),
            Some(Act::Export) => l.pick(
                "haalde regels uit het logboek als bestand",
                "took lines out of the log as a file",
            ),
            Some(Act::SubjectReport) => l.pick(
                "maakte het antwoord op een inzageverzoek",
                "made the answer to an access request",
            ),
            Some(Act::Letter) => l.pick(
                "maakte een brief aan een eigenaar",
                "made a letter to an owner",
            ),
            Some(Act::Registry) => l.pick(
                "bekeek de toestemmingen bij een adres",
                "looked at the consents of an address",
            ),
            // A system leaves no occasion; an officer always has one.
            _ if line.occasion.is_none() && line.of.is_some() => l.pick(
                "vroeg via het eigen systeem een besluit uit het logboek op",
                "fetched a decision from the log by its own system",
            ),
            _ if line.occasion.is_none() => l.pick(
                "vroeg via het eigen systeem op wat eigenaren bij een adres kozen",
                "fetched by its own system what owners chose at an address",
            ),
            _ => l.pick(
                "keek in het register of het logboek",
                "looked in the registry or the log",
            ),
        };
        let why = line.occasion.map_or("", |why| occasion(why, l));
        let count = if line.count > 0 {
            format!(
                " ({} {})",
                l.number(line.count.into()),
                l.pick("regels", "lines")
            )
        } else {
            String::new()
        };
        if why.is_empty() {
            format!("{what}{count}")
        } else {
            format!("{what}{count}, {}: {why}", l.pick("aanleiding", "reason"))
        }
    }
}

/// A kind's English name with its article.
fn a_kind(name: &str) -> String {
    let has_none = ["details", "data"].iter().any(|end| name.ends_with(end));
    let article = match name.chars().next() {
        _ if has_none => "",
        Some('a' | 'e' | 'i' | 'o' | 'u') => "an ",
        _ => "a ",
    };
    format!("{article}{name}")
}

fn uncapitalised(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // An abbreviation stays as it is.
        (Some(_), Some(second)) if second.is_uppercase() => text.to_owned(),
        (Some(first), _) => first.to_lowercase().chain(chars).collect(),
        (None, _) => String::new(),
    }
}

/// Every reason there is to look, in the order of the form.
pub(super) const OCCASIONS: [(&str, Occasion); 7] = [
    ("inzageverzoek", Occasion::SubjectRequest),
    ("nabeoordeling", Occasion::Review),
    ("klacht", Occasion::Complaint),
    ("controle", Occasion::Audit),
    ("incident", Occasion::Incident),
    ("registratie", Occasion::Registration),
    ("anders", Occasion::Other),
];

/// Why somebody looks.
pub(super) const fn occasion(occasion: Occasion, l: Language) -> &'static str {
    match occasion {
        Occasion::SubjectRequest => l.pick("vraag van een bewoner", "question of a resident"),
        Occasion::Review => l.pick("beoordeling achteraf", "review afterwards"),
        Occasion::Complaint => l.pick("klacht", "complaint"),
        Occasion::Audit => l.pick("controle van het logboek", "check of the log"),
        Occasion::Incident => l.pick("signaal of incident", "signal or incident"),
        Occasion::Registration => l.pick("registratie van een keuze", "registering a choice"),
        Occasion::Other => l.pick("iets anders", "something else"),
    }
}

/// A judgement.
pub(super) const fn judgement(judgement: Judgement, l: Language) -> &'static str {
    match judgement {
        Judgement::Lawful => l.pick("rechtmatig", "lawful"),
        Judgement::Unlawful => l.pick("onrechtmatig", "unlawful"),
        Judgement::MoreInformation => l.pick("meer informatie nodig", "more information needed"),
        Judgement::Dismissed => l.pick("afgehandeld", "dealt with"),
        Judgement::Rejected => l.pick("afgewezen", "turned down"),
        Judgement::Confirmed => l.pick("bevestigd", "confirmed"),
    }
}

/// One of the four choices of an owner.
pub(super) const fn choice_kind(kind: ChoiceKind, l: Language) -> &'static str {
    match kind {
        ChoiceKind::Consent => l.pick("toestemming", "consent"),
        ChoiceKind::ExplicitAgreement => l.pick(
            "uitdrukkelijke instemming (gezondheid)",
            "explicit agreement (health)",
        ),
        ChoiceKind::Objection => l.pick("bezwaar tegen afstemming", "objection to alignment"),
        ChoiceKind::JointRequest => l.pick(
            "verzoek om gezamenlijke behandeling",
            "request for joint handling",
        ),
    }
}

/// The state of a choice.
pub(super) const fn choice_state(state: ChoiceState, l: Language) -> &'static str {
    match state {
        ChoiceState::Requested => l.pick("gevraagd", "asked"),
        ChoiceState::Given => l.pick("gegeven", "given"),
        ChoiceState::Renewed => l.pick("vernieuwd", "renewed"),
        ChoiceState::Refused => l.pick("geweigerd", "refused"),
        ChoiceState::Withdrawn => l.pick("ingetrokken", "withdrawn"),
        ChoiceState::Revoked => l.pick("herroepen", "revoked"),
        ChoiceState::Invalidated => l.pick("ongeldig", "invalid"),
        ChoiceState::EnteredInError => l.pick("foutief ingevoerd", "entered in error"),
        ChoiceState::Unknown => l.pick("onbekend", "unknown"),
    }
}

/// The same of this kind: an objection or a request is made, not given.
pub(super) const fn choice_state_of(
    kind: ChoiceKind,
    state: ChoiceState,
    l: Language,
) -> &'static str {
    let made = matches!(kind, ChoiceKind::Objection | ChoiceKind::JointRequest);
    match state {
        ChoiceState::Given if made => l.pick("gemaakt", "made"),
        _ => choice_state(state, l),
    }
}

/// How a transfer ended.
pub(super) const fn end(end: End, l: Language) -> &'static str {
    match end {
        End::Complete => l.pick("geheel overgedragen", "wholly handed over"),
        End::BrokenByRequester => l.pick(
            "afgebroken door de aanvrager",
            "broken off by the requester",
        ),
        End::BrokenByProvider => l.pick("afgebroken door de bron", "broken off by the provider"),
        End::Unknown => l.pick("afloop onbekend", "end unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_the_article_that_fits() {
        for (name, expected) in [
            ("survey report", "a survey report"),
            ("inspection report", "an inspection report"),
            ("health data", "health data"),
            ("contact details", "contact details"),
        ] {
            assert_eq!(a_kind(name), expected);
        }
    }
}
