//! An agreement in words.

use super::super::keeping::When;
use super::super::words::{self, Wording};
use crate::clock::Moment;
use crate::exchange::officer::{AgreedOn, AgreementStanding};
use crate::identity::Signed;
use crate::language::Language;
use crate::ledger::Found;
use crate::policy::{Bundle, ProofRecord};

/// One agreement, for a page.
pub(super) struct AgreedPart {
    pub(super) index: u64,
    pub(super) title: String,
    pub(super) hash: String,
    /// Whether this gateway has the bundle.
    pub(super) is_here: bool,
    pub(super) is_in_force: bool,
    pub(super) kind: &'static str,
    pub(super) standing: &'static str,
    pub(super) period: String,
    pub(super) proven: Option<ProvenPart>,
    pub(super) entry: EntryPart,
    pub(super) taken_back: Option<EntryPart>,
}

/// What was proven of the bundle before it was signed for.
pub(super) struct ProvenPart {
    pub(super) count: String,
    pub(super) solver: String,
    pub(super) at: When,
    /// What it never permits, in sentences.
    pub(super) limits: Vec<String>,
}

/// An entry that parties signed for.
pub(super) struct EntryPart {
    pub(super) number: String,
    pub(super) at: When,
    pub(super) signers: Vec<Signer>,
}

/// Who signed; nothing about it for a signature that is not good.
pub(super) struct Signer {
    pub(super) told: Option<(String, String, When)>,
}

impl AgreedPart {
    pub(super) fn new(one: &AgreedOn, bundle: Option<&Bundle>, wording: &Wording) -> Self {
        let l = wording.l;
        let title = bundle.map(|bundle| bundle.title_in(l).to_owned());
        let (kind, standing) = standing(one.standing, l);
        let back = one.taken_back.as_ref();
        Self {
            index: one.found.index,
            title: title
                .or_else(|| one.found.entry.titel.clone())
                .unwrap_or_default(),
            hash: one.bundle.to_string(),
            is_here: bundle.is_some(),
            is_in_force: one.standing == AgreementStanding::InForce,
            kind,
            standing,
            period: period(one.from, one.until, l),
            proven: one
                .found
                .entry
                .bewijzen
                .as_deref()
                .map(|record| ProvenPart::new(record, bundle, l)),
            entry: EntryPart::new(&one.found, &one.signatures, wording),
            taken_back: back.map(|back| EntryPart::new(&back.found, &back.signatures, wording)),
        }
    }
}

impl ProvenPart {
    fn new(record: &ProofRecord, bundle: Option<&Bundle>, l: Language) -> Self {
        let proven = record.proven();
        let limits = bundle.into_iter().flat_map(Bundle::limits);
        let limits = limits.filter(|limit| proven.iter().any(|id| id == limit.id));
        Self {
            count: l.number(proven.len() as u64),
            solver: record.solver().to_owned(),
            at: When::of(record.at(), l),
            limits: limits
                .map(|limit| l.pick(limit.sentence, limit.sentence_en).to_owned())
                .collect(),
        }
    }
}

impl EntryPart {
    fn new(found: &Found, signatures: &[Option<Signed>], wording: &Wording) -> Self {
        let l = wording.l;
        let signer = |signed: &Option<Signed>| Signer {
            told: signed.as_ref().map(|signed| {
                let name = wording.organisation(signed.by);
                (name, signed.by.to_string(), When::of(signed.at, l))
            }),
        };
        Self {
            number: l.number(found.index),
            at: When::of(found.entry.tijd, l),
            signers: signatures.iter().map(signer).collect(),
        }
    }
}

/// How it stands: the badge, and the word in it.
pub(super) const fn standing(
    standing: AgreementStanding,
    l: Language,
) -> (&'static str, &'static str) {
    match standing {
        AgreementStanding::InForce => ("ja", l.pick("geldt nu", "in force")),
        AgreementStanding::Planned => ("info", l.pick("gepland", "planned")),
        AgreementStanding::Replaced => ("toets", l.pick("vervangen", "replaced")),
        AgreementStanding::Ended => ("toets", l.pick("voorbij", "ended")),
        AgreementStanding::TakenBack => ("nee", l.pick("ingetrokken", "taken back")),
    }
}

/// `van 1 april 2021 tot en met 18 april 2023`.
pub(super) fn period(from: Moment, until: Option<Moment>, l: Language) -> String {
    let begins = if is_midnight(from) {
        words::day(from.local().day(), l)
    } else {
        words::moment(from, l)
    };
    let Some(until) = until else {
        return format!("{} {begins}", l.pick("vanaf", "from"));
    };
    // The end is excluded: the day before is the last.
    let (to, ends) = if is_midnight(until) {
        let last = until.plus_ms(-1).local().day();
        (
            l.pick("tot en met", "up to and including"),
            words::day(last, l),
        )
    } else {
        (l.pick("tot", "until"), words::moment(until, l))
    };
    format!("{} {begins} {to} {ends}", l.pick("van", "from"))
}

/// Whether a day begins then, here.
fn is_midnight(at: Moment) -> bool {
    at == at.local().day().start()
}
