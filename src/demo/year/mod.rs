//! A year of traffic for `sluis demo --seed-year`: some 26,000 addresses with their owners, dossiers,
//! documents and choices, and what the organisations asked of each other, one planted abuse among it.
//!
//! Everything follows from the number of an address, a few tables and the day the year ends, so that
//! nothing of it has to be kept: a document is made when it is asked for. It is told to the gateway
//! by its own calls, over mutual TLS and with tokens, at the pace of a clock that runs ahead. Only the
//! judgements of privacy officers, who sit at the desk, are given by the desk's own procedures.

mod asked;
mod clock;
mod events;
mod judged;
mod play;
mod registered;

use std::collections::BTreeSet;

pub use clock::YearClock;
pub use play::{Played, YearError, play};
use serde::{Deserialize, Serialize};

use super::dataset::{
    DatasetError, Parties, Party, PlannedDocument, named_id, written as written_day,
};
use crate::clock::Moment;
use crate::domain::{
    AddressId, Document, DocumentId, DocumentKind, DossierNumber, MediaType, OwnerId, Title,
    Version,
};

/// How many addresses the strengthening of Groningen is about (LAW, the letter of 2021).
pub const ADDRESSES: u32 = 26_000;
/// Fewer would leave some kinds of requests without an address.
pub const FEWEST_ADDRESSES: u32 = 200;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const DAYS: i64 = 365;
/// Of a hundred addresses, how many have a damage report too (LAW, the letter of 2021).
const DAMAGED_PERCENT: u64 = 29;
/// Addresses of one street.
const STREET: u32 = 60;

/// Municipality (as the BAG numbers it), place, and the first digits of its postcode.
const TOWNS: [(&str, &str, u32); 10] = [
    ("1979", "Appingedam", 9901),
    ("1979", "Delfzijl", 9934),
    ("1979", "Loppersum", 9919),
    ("1979", "Middelstum", 9991),
    ("1966", "Bedum", 9781),
    ("1966", "Uithuizermeeden", 9982),
    ("0014", "Ten Boer", 9791),
    ("1952", "Slochteren", 9621),
    ("1952", "Siddeburen", 9628),
    ("1895", "Finsterwolde", 9684),
];
const STREETS: [&str; 12] = [
    "Borgweg",
    "Wierdelaan",
    "Maarpad",
    "Kleiweg",
    "Tilstraat",
    "Dijkhorn",
    "Molenrij",
    "Zijlpad",
    "Kerkring",
    "Hogepad",
    "Trekwegje",
    "Lageweg",
];

/// A kind of document: whose it is, what it is called, and of a hundred addresses with a dossier
/// there, how many have one.
struct Row {
    holder: Party,
    kind: &'static str,
    title: &'static str,
    percent: u64,
}

const fn row(holder: Party, kind: &'static str, title: &'static str, percent: u64) -> Row {
    Row {
        holder,
        kind,
        title,
        percent,
    }
}

#[rustfmt::skip]
static KINDS: [Row; 15] = [
    row(Party::Ncg, "opnamerapport", "Opname van het pand", 100),
    row(Party::Ncg, "beoordeling", "Beoordeling van de veiligheid", 60),
    row(Party::Ncg, "versterkingsadvies", "Advies over de versterking", 35),
    row(Party::Ncg, "normbesluit", "Besluit over de veiligheidsnorm", 20),
    row(Party::Ncg, "planning", "Planning van de werkzaamheden", 50),
    row(Party::Ncg, "contactgegevens", "Contactgegevens", 30),
    row(Party::Ncg, "funderingsonderzoek", "Onderzoek van de fundering", 8),
    row(Party::Ncg, "gezondheidsgegevens", "Verklaring over de gezondheid", 2),
    row(Party::Img, "schademelding", "Schademelding", 100),
    row(Party::Img, "schaderapport", "Deskundigenadvies", 85),
    row(Party::Img, "schadebesluit", "Besluit op de schademelding", 75),
    row(Party::Img, "inspectierapport", "Inspectie van het pand", 30),
    row(Party::Img, "aos-inspectierapport", "Inspectie bij een onveilige situatie", 4),
    row(Party::Img, "contactgegevens", "Contactgegevens", 30),
    row(Party::Img, "gezondheidsgegevens", "Verklaring over de gezondheid", 1),
];

/// A year, up to a day.
#[derive(Debug, Clone)]
pub struct Year {
    parties: Parties,
    end: Moment,
    addresses: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    einde: Moment,
    adressen: u32,
}

/// Chance without chance: the same for the same two numbers, and alike for no others (the finaliser
/// of `SplitMix64`).
fn draw(of: u64, what: u64) -> u64 {
    let mut mixed = of
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(what.wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn percent(of: u64, what: u64) -> u64 {
    draw(of, what) % 100
}

/// What is drawn, so that no two draws of one number are the same.
mod drawn {
    pub(super) const TWO_OWNERS: u64 = 1;
    pub(super) const OWNER: u64 = 2;
    pub(super) const DAMAGED: u64 = 4;
    pub(super) const SIZE: u64 = 5;
    pub(super) const AGE: u64 = 6;
    pub(super) const JUDGED: u64 = 50;
    pub(super) const JUDGED_BY: u64 = 51;
    pub(super) const DOCUMENT: u64 = 100;
    pub(super) const EVENTS: u64 = 1_000;
}

impl Year {
    /// The year that ends with the day of `now`, for so many addresses.
    #[must_use]
    pub fn up_to(parties: Parties, now: Moment, addresses: u32) -> Self {
        let end = now.plus_ms(-now.unix_ms().rem_euclid(DAY_MS));
        Self {
            parties,
            end,
            addresses: addresses.clamp(FEWEST_ADDRESSES, ADDRESSES),
        }
    }

    /// What has to be known to find its documents again.
    #[must_use]
    pub fn note(&self) -> String {
        let note = Note {
            einde: self.end,
            adressen: self.addresses,
        };
        format!("{}\n", serde_json::json!(note))
    }

    /// The year of a note, if it is one.
    #[must_use]
    pub fn noted(parties: Parties, note: &str) -> Option<Self> {
        let Note { einde, adressen } = serde_json::from_str(note).ok()?;
        Some(Self::up_to(parties, einde, adressen))
    }

    /// Its first moment.
    #[must_use]
    pub fn start(&self) -> Moment {
        self.end.plus_ms(-DAYS * DAY_MS)
    }

    /// Its last moment.
    #[must_use]
    pub const fn end(&self) -> Moment {
        self.end
    }

    /// How many addresses it has.
    #[must_use]
    pub const fn addresses(&self) -> u32 {
        self.addresses
    }

    fn address(number: u32) -> Result<AddressId, DatasetError> {
        let (municipality, _, _) = town(number);
        Ok(AddressId::parse(&format!(
            "{municipality}20{:010}",
            5_000_000 + number
        ))?)
    }

    fn owners(number: u32) -> Result<BTreeSet<OwnerId>, DatasetError> {
        let count = if percent(number.into(), drawn::TWO_OWNERS) < 22 {
            2
        } else {
            1
        };
        (0..count)
            .map(|owner| {
                let pseudonym = draw(number.into(), drawn::OWNER + owner) & 0xffff_ffff;
                Ok(OwnerId::parse(&format!("eig-{pseudonym:08x}"))?)
            })
            .collect()
    }

    /// Whether there is a damage report for an address, and so a dossier at both.
    fn is_damaged(number: u32) -> bool {
        percent(number.into(), drawn::DAMAGED) < DAMAGED_PERCENT
    }

    fn dossier(number: u32, holder: Party) -> Result<DossierNumber, DatasetError> {
        let year = 2021 + draw(number.into(), drawn::AGE) % 4;
        let text = match holder {
            Party::Ncg => format!("NCG-V-{year}-{number:05}"),
            _ => format!("IMG-{year}-{:06}", 200_000 + number),
        };
        Ok(DossierNumber::parse(&text)?)
    }

    /// The kinds of documents a party keeps about an address.
    fn kinds(number: u32, holder: Party) -> impl Iterator<Item = usize> {
        (0..KINDS.len()).filter(move |kind| {
            let Some(row) = KINDS.get(*kind) else {
                return false;
            };
            let there = holder == Party::Ncg || Self::is_damaged(number);
            row.holder == holder
                && there
                && percent(number.into(), drawn::DOCUMENT + *kind as u64) < row.percent
        })
    }

    /// A document of an address, by its place among the kinds.
    fn planned(&self, number: u32, kind: usize) -> Result<PlannedDocument, DatasetError> {
        let row = KINDS
            .get(kind)
            .ok_or_else(|| DatasetError::Unknown(format!("kind {kind}")))?;
        let days = draw(number.into(), drawn::AGE + 1 + kind as u64) % 900;
        let created = self.start().plus_ms(-DAY_MS * (30 + days.cast_signed()));
        Ok(PlannedDocument {
            holder: row.holder,
            document: Document {
                id: document_id(number, kind),
                provider: self.parties.oin(row.holder),
                dossier: Self::dossier(number, row.holder)?,
                kind: DocumentKind::parse(row.kind)?,
                title: Title::parse(row.title)?,
                media_type: MediaType::parse("application/pdf")?,
                size_bytes: 6_000 + draw(number.into(), drawn::SIZE + kind as u64) % 6_000,
                created,
                address: Self::address(number)?,
                health: row.kind == "gezondheidsgegevens",
                version: Version::parse("1")?,
            },
            written_address: written(number).into(),
            written_date: written_day(created.to_string().get(..10).unwrap_or("")),
        })
    }

    /// The document with this id that a party keeps, if the year has it.
    #[must_use]
    pub fn find(&self, holder: Party, id: DocumentId) -> Option<PlannedDocument> {
        let [a, b, c, d, kind, ..] = *id.as_bytes();
        let number = u32::from_be_bytes([a, b, c, d]);
        let kind = usize::from(kind);
        let there = number < self.addresses
            && Self::kinds(number, holder).any(|known| known == kind)
            && document_id(number, kind) == id;
        there.then(|| self.planned(number, kind).ok()).flatten()
    }
}

fn town(number: u32) -> (&'static str, &'static str, u32) {
    let street = number / STREET;
    let town = usize::try_from(street / 7).unwrap_or_default() % TOWNS.len();
    TOWNS
        .get(town)
        .copied()
        .unwrap_or(("1979", "Delfzijl", 9934))
}

/// An address as people write it; a street has [`STREET`] of them.
fn written(number: u32) -> String {
    let street = number / STREET;
    let (_, town, postcode) = town(number);
    let name = STREETS
        .get(usize::try_from(street).unwrap_or_default() % STREETS.len())
        .copied()
        .unwrap_or("Borgweg");
    let letters = [b'A' + (street % 26) as u8, b'A' + (street / 26 % 26) as u8];
    let letters = String::from_utf8_lossy(&letters).into_owned();
    format!(
        "{name} {}, {postcode} {letters} {town}",
        number % STREET + 1
    )
}

/// Tells its address and its kind in its first bytes, so that it can be found again.
fn document_id(number: u32, kind: usize) -> DocumentId {
    let mut bytes = named_id(&format!("sluis-demo/jaar/{number}/{kind}"));
    let [a, b, c, d, of_kind, ..] = &mut bytes;
    [*a, *b, *c, *d] = number.to_be_bytes();
    *of_kind = u8::try_from(kind).unwrap_or(u8::MAX);
    DocumentId::from_bytes(bytes)
}

#[cfg(test)]
mod tests;
