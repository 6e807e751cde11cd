//! What erasing would come to, as tables.

use super::super::words::Wording;
use super::wording::{HoldRow, WaitRow, kind_of_entry, lines};
use crate::exchange::officer::{Weighed, WeighedOwner};
use crate::language::Language;

/// What erasing an address would come to.
pub(super) struct Counted {
    pub(super) address: String,
    pub(super) entries: Vec<(String, String)>,
    pub(super) total: String,
    pub(super) registry: Vec<(&'static str, String)>,
    pub(super) holds: Vec<HoldRow>,
    pub(super) waits: Vec<WaitRow>,
    /// What is not finished, in sentences.
    pub(super) unfinished: Vec<String>,
    pub(super) is_unknown: bool,
}

impl Counted {
    pub(super) fn of(weighed: &Weighed, besides: Option<u64>, wording: &Wording) -> Self {
        let l = wording.l;
        let entries = weighed.entries.iter();
        let registry = [
            (l.pick("Documenten", "Documents"), weighed.documents),
            (
                l.pick("Opgaven van eigenaren", "Times owners were told"),
                weighed.ownerships,
            ),
            (
                l.pick("Keuzes van eigenaren", "Choices of owners"),
                weighed.choices,
            ),
            (l.pick("Dossiers", "Dossiers"), weighed.dossiers),
            (
                l.pick(
                    "Meldingen van onveiligheid",
                    "Reports of an unsafe situation",
                ),
                weighed.aos,
            ),
        ];
        let waits = weighed.waits.iter();
        Self {
            address: weighed.address.to_string(),
            entries: entries
                .map(|(kind, count)| (kind_of_entry(kind, l), l.number(*count)))
                .collect(),
            total: lines(weighed.total(), l),
            registry: registry.map(|(name, count)| (name, l.number(count))).into(),
            holds: weighed
                .holds
                .iter()
                .map(|one| HoldRow::of(one, &weighed.waits, wording))
                .collect(),
            waits: waits
                .filter(|one| Some(one.index) != besides)
                .map(|one| WaitRow::of(one, wording))
                .collect(),
            unfinished: unfinished(weighed, l),
            is_unknown: weighed.is_unknown(),
        }
    }
}

fn unfinished(weighed: &Weighed, l: Language) -> Vec<String> {
    let mut all = Vec::new();
    if weighed.incidents > 0 {
        let count = l.number(weighed.incidents);
        all.push(match l {
            Language::Dutch => format!(
                "Incidenten van uw organisatie die niet gesloten zijn: {count}. Na het wissen kunt u de betrokkenen niet meer vinden om hen te informeren (AVG 34)."
            ),
            Language::English => format!(
                "Incidents of your organisation that are not closed: {count}. After erasing you cannot find those concerned any more to tell them (GDPR 34)."
            ),
        });
    }
    if weighed.reviews > 0 {
        let count = l.number(weighed.reviews);
        all.push(match l {
            Language::Dutch => format!(
                "Verstrekkingen die uw organisatie nog moet beoordelen: {count}. Na het wissen is het adres daar niet meer te lezen."
            ),
            Language::English => format!(
                "Releases your organisation has to judge still: {count}. After erasing the address cannot be read there any more."
            ),
        });
    }
    all
}

/// What erasing an owner would come to.
pub(super) struct CountedOwner {
    pub(super) owner: String,
    pub(super) addresses: String,
    pub(super) entries: Vec<(String, String)>,
    pub(super) total: String,
    pub(super) holds: Vec<HoldRow>,
    pub(super) is_unknown: bool,
}

impl CountedOwner {
    pub(super) fn of(weighed: &WeighedOwner, wording: &Wording) -> Self {
        let l = wording.l;
        let (entries, holds) = (weighed.entries.iter(), weighed.holds.iter());
        Self {
            owner: weighed.owner.to_string(),
            addresses: l.number(weighed.addresses),
            entries: entries
                .map(|(kind, count)| (kind_of_entry(kind, l), l.number(*count)))
                .collect(),
            total: lines(weighed.total(), l),
            holds: holds.map(|one| HoldRow::of(one, &[], wording)).collect(),
            is_unknown: weighed.is_unknown(),
        }
    }
}
