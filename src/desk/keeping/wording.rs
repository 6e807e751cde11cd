//! What is asked, erased and held, in words.

use super::super::words::{self, Wording};
use crate::domain::Oin;
use crate::exchange::officer::{InForce, Waits};
use crate::language::Language;
use crate::ledger::entry::Act;
use crate::oversight::{Deed, Did};
use crate::store::Ask;

/// A moment, and how people write it.
pub(in crate::desk) struct When {
    pub(in crate::desk) iso: String,
    pub(in crate::desk) text: String,
}

impl When {
    pub(in crate::desk) fn of(at: crate::clock::Moment, l: Language) -> Self {
        Self {
            iso: at.to_string(),
            text: words::moment(at, l),
        }
    }
}

/// An entry about erasing or holding, as a line.
pub(in crate::desk) struct DeedRow {
    pub(in crate::desk) index: u64,
    pub(in crate::desk) number: String,
    pub(in crate::desk) at: When,
    pub(in crate::desk) sentence: String,
}

/// Entries as lines, in their order.
pub(in crate::desk) fn rows(deeds: &[(Deed, Option<Oin>)], wording: &Wording) -> Vec<DeedRow> {
    let row = |(deed, by): &(Deed, Option<Oin>)| DeedRow {
        index: deed.index,
        number: wording.l.number(deed.index),
        at: When::of(deed.at, wording.l),
        sentence: sentence(deed.did, *by, deed.count, deed.kind.as_deref(), wording),
    };
    deeds.iter().map(row).collect()
}

/// What an entry says, as a sentence.
pub(super) fn sentence(
    did: Did,
    by: Option<Oin>,
    count: u64,
    kind: Option<&str>,
    wording: &Wording,
) -> String {
    let l = wording.l;
    let who = by.map_or_else(
        || l.pick("iemand", "somebody").to_owned(),
        |oin| wording.organisation(oin),
    );
    let what = match did {
        Did::Asked(Act::Erase) if kind.is_some() => l.pick(
            "vroeg om een eigenaar te wissen, bij elk adres",
            "asked to erase an owner, at every address",
        ),
        Did::Asked(Act::Erase) => {
            l.pick("vroeg om een adres te wissen", "asked to erase an address")
        }
        Did::Asked(Act::Hold) => l.pick(
            "stelde voor een adres een bewaarplicht in; die geldt meteen",
            "put a hold on an address; it counts at once",
        ),
        Did::Asked(_) => l.pick(
            "vroeg om een bewaarplicht op te heffen",
            "asked to lift a hold",
        ),
        Did::TurnedDown(Act::Erase) => l.pick(
            "wees af dat er wordt gewist",
            "turned down that something is erased",
        ),
        Did::TurnedDown(Act::Hold) => l.pick(
            "wees een bewaarplicht af; die geldt niet meer",
            "turned a hold down; it counts no more",
        ),
        Did::TurnedDown(_) => l.pick(
            "wees af dat een bewaarplicht wordt opgeheven",
            "turned down that a hold is lifted",
        ),
        Did::Agreed(Act::Erase) => {
            return match l {
                Language::Dutch => {
                    format!(
                        "Er is gewist, bevestigd door {who}: uit {}",
                        lines(count, l)
                    )
                }
                Language::English => {
                    format!(
                        "Data was erased, confirmed by {who}: from {}",
                        lines(count, l)
                    )
                }
            };
        }
        Did::Agreed(Act::Hold) => l.pick("bevestigde een bewaarplicht", "confirmed a hold"),
        Did::Agreed(_) => l.pick(
            "bevestigde dat een bewaarplicht is opgeheven",
            "confirmed that a hold is lifted",
        ),
        Did::Expired => {
            let of = kind_of_entry(kind.unwrap_or_default(), l);
            return match l {
                Language::Dutch => format!(
                    "De bewaartermijn was voorbij ({of}): {} onleesbaar",
                    lines(count, l)
                ),
                Language::English => {
                    format!(
                        "The term of keeping was over ({of}): {} unreadable",
                        lines(count, l)
                    )
                }
            };
        }
    };
    format!("{who} {what}")
}

/// So many entries.
pub(super) fn lines(count: u64, l: Language) -> String {
    match count {
        1 => l.pick("1 regel", "1 entry").to_owned(),
        _ => format!("{} {}", l.number(count), l.pick("regels", "entries")),
    }
}

/// What people call a kind of entry.
pub(super) fn kind_of_entry(code: &str, l: Language) -> String {
    let name = match code {
        "besluit" => l.pick("verstrekkingen en weigeringen", "releases and refusals"),
        "afgifte" => l.pick("afloop van verstrekkingen", "ends of releases"),
        "toestemming" => l.pick("keuzes van eigenaren", "choices of owners"),
        "intrekking" => l.pick("beëindigde keuzes", "choices that ended"),
        "eigenaren" => l.pick("wie eigenaar is", "who the owners are"),
        "dossier" => l.pick("dossiers", "dossiers"),
        "aos" => l.pick(
            "meldingen van onveiligheid",
            "reports of an unsafe situation",
        ),
        "aos-einde" => l.pick(
            "gesloten meldingen van onveiligheid",
            "closed reports of an unsafe situation",
        ),
        "inzage" => l.pick("wie keek", "who looked"),
        "beoordeling" => l.pick("beoordelingen", "reviews"),
        "zoek" => l.pick("zoekvragen", "searches"),
        "voorstel" => l.pick("voorstellen", "proposals"),
        "controle" => l.pick("controles", "checks"),
        "vernietiging" => l.pick("wie liet wissen", "who had something erased"),
        "bewaarplicht" => l.pick("bewaarplichten", "holds"),
        other => other,
    };
    name.to_owned()
}

/// What somebody asks, as a heading.
pub(super) const fn ask_name(ask: Ask, of_owner: bool, l: Language) -> &'static str {
    match ask {
        Ask::Erase if of_owner => l.pick(
            "Een eigenaar wissen, bij elk adres",
            "Erase an owner, at every address",
        ),
        Ask::Erase => l.pick("Een adres wissen", "Erase an address"),
        Ask::Hold => l.pick("Bewaarplicht instellen", "Put a hold"),
        Ask::Lift(_) => l.pick("Bewaarplicht opheffen", "Lift a hold"),
    }
}

/// Something that waits.
pub(super) struct WaitRow {
    pub(super) index: u64,
    pub(super) number: String,
    pub(super) at: When,
    pub(super) what: &'static str,
    pub(super) by: String,
    pub(super) is_mine: bool,
    pub(super) of_owner: bool,
}

impl WaitRow {
    pub(super) fn of(one: &Waits, wording: &Wording) -> Self {
        Self {
            index: one.index,
            number: wording.l.number(one.index),
            at: When::of(one.at, wording.l),
            what: ask_name(one.ask, one.of_owner, wording.l),
            by: organisation(one.by, wording),
            is_mine: one.is_mine,
            of_owner: one.of_owner,
        }
    }
}

/// A hold.
pub(super) struct HoldRow {
    pub(super) index: u64,
    pub(super) number: String,
    pub(super) since: When,
    pub(super) by: String,
    pub(super) is_confirmed: bool,
    /// The proposal to lift it, if one waits.
    pub(super) lifting: Option<u64>,
}

impl HoldRow {
    pub(super) fn of(one: &InForce, waits: &[Waits], wording: &Wording) -> Self {
        let mut lifting = waits.iter();
        let lifting = lifting.find(|wait| wait.ask == Ask::Lift(one.index));
        Self {
            index: one.index,
            number: wording.l.number(one.index),
            since: When::of(one.since, wording.l),
            by: organisation(one.by, wording),
            is_confirmed: one.confirmed.is_some(),
            lifting: lifting.map(|wait| wait.index),
        }
    }
}

fn organisation(oin: Option<Oin>, wording: &Wording) -> String {
    oin.map_or_else(String::new, |oin| wording.organisation(oin))
}
