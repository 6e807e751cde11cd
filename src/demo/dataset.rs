//! What the demo is filled with, as typed values: addresses, owners, dossiers, documents, choices,
//! unsafe situations, and the cases that show every purpose, every ground and every `reden` under
//! the bundle `2023-04-19-twg`.
//!
//! The moments are fixed, so that a second start finds the same; only what must be *now* (the
//! running unsafe situation) follows the clock it is given. Most reasons come from an owner's
//! choice or the lack of one. `BELEID_ONBRUIKBAAR` does not, under a sound bundle: it is what
//! happens when a fact cannot be expressed in it, here a team that an organisation already has and
//! the agreement does not name yet ([`Party::teams`]).

use std::collections::BTreeMap;

pub use super::planned::{
    Case, Expect, Parties, Party, PlannedAos, PlannedChoice, PlannedDocument, PlannedDossier,
    PlannedOwners, Tour,
};
use super::tables::{self, ChoiceRow, Outcome, Row};
use crate::clock::{Moment, NotAMoment};
use crate::domain::{
    AddressId, ChoiceKind, Document, DocumentId, DocumentKind, DossierNumber, Evidence,
    EvidenceKind, Language, Malformed, Mark, MediaType, OwnerId, Purpose, Reference, Sha256,
    ShownText, Team, Title, Version,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Everything the demo is filled with.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Who owns what, in the order in which it is to be told.
    pub owners: Vec<PlannedOwners>,
    /// The dossiers.
    pub dossiers: Vec<PlannedDossier>,
    /// The documents.
    pub documents: Vec<PlannedDocument>,
    /// The choices, in the order in which they are to be recorded.
    pub choices: Vec<PlannedChoice>,
    /// The unsafe situations: one that is over, and one that runs.
    pub unsafe_situations: Vec<PlannedAos>,
    /// What must come of which request.
    pub cases: Vec<Case>,
    /// Which of the choices the tour takes back, and whose document shows it.
    pub tour: Tour,
}

/// Why the tables do not make a dataset: a mistake in them.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A text is not what its column asks for.
    #[error("a value of the demo's tables is malformed")]
    Malformed(#[from] Malformed),
    /// A date is not one.
    #[error("a date of the demo's tables is malformed")]
    Date(#[from] NotAMoment),
    /// A row names something that is in no other table.
    #[error("the demo's tables name `{0}`, which is not in them")]
    Unknown(String),
}

impl Dataset {
    /// Builds it for these parties, with one unsafe situation running at `now`.
    ///
    /// # Errors
    /// [`DatasetError`] for a mistake in the tables.
    pub fn new(parties: &Parties, now: Moment) -> Result<Self, DatasetError> {
        Builder { parties }.build(now)
    }
}

struct Builder<'a> {
    parties: &'a Parties,
}

impl Builder<'_> {
    fn build(&self, now: Moment) -> Result<Dataset, DatasetError> {
        let documents: Vec<PlannedDocument> = tables::DOCUMENTS
            .iter()
            .map(|row| self.document(row))
            .collect::<Result<_, _>>()?;
        let by_id: BTreeMap<DocumentId, &PlannedDocument> = documents
            .iter()
            .map(|planned| (planned.document.id, planned))
            .collect();
        let cases = (1..)
            .zip(tables::CASES)
            .map(|(number, row)| case(number, row, &by_id))
            .collect::<Result<_, _>>()?;
        let tour_row = tables::CaseRow {
            name: "toestemming die zo dadelijk wordt ingetrokken",
            asks: Party::Ncg,
            purpose: "overig",
            team: "",
            place: "siddeburen",
            holder: Party::Img,
            kind: "schademelding",
            expect: Outcome::Granted("A6-1-a", "AVG 6(1)(a)"),
        };
        let tour = Tour {
            consent: tables::TOUR_CONSENT,
            request: case(99, &tour_row, &by_id)?,
        };
        Ok(Dataset {
            owners: owners()?,
            dossiers: dossiers()?,
            choices: tables::CHOICES
                .iter()
                .map(|row| self.choice(row))
                .collect::<Result<_, _>>()?,
            unsafe_situations: unsafe_situations(now)?,
            cases,
            tour,
            documents,
        })
    }

    fn document(&self, row: &Row) -> Result<PlannedDocument, DatasetError> {
        let place = place(row.place)?;
        let [img, ncg] = place.dossiers;
        let (dossier, _) = if row.holder == Party::Img { img } else { ncg };
        Ok(PlannedDocument {
            holder: row.holder,
            document: Document {
                id: document_id(row.place, row.holder, row.kind),
                provider: self.parties.oin(row.holder),
                dossier: DossierNumber::parse(dossier)?,
                kind: DocumentKind::parse(row.kind)?,
                title: Title::parse(row.title)?,
                media_type: MediaType::parse("application/pdf")?,
                size_bytes: u64::from(row.bytes),
                created: day(row.date)?,
                address: AddressId::parse(place.address)?,
                health: row.health,
                version: Version::parse("1")?,
            },
            written_address: place.written.into(),
            written_date: written(row.date),
        })
    }

    fn choice(&self, row: &ChoiceRow) -> Result<PlannedChoice, DatasetError> {
        Ok(PlannedChoice {
            key: row.key,
            recorded_by: row.recorded_by,
            ends_as: row.ends_as,
            kind: row.kind,
            address: AddressId::parse(place(row.place)?.address)?,
            owner: OwnerId::parse(row.owner)?,
            receivers: row
                .receivers
                .iter()
                .map(|party| self.parties.oin(*party))
                .collect(),
            purposes: row
                .purposes
                .iter()
                .map(|code| Purpose::parse(code))
                .collect::<Result<_, _>>()?,
            kinds: row
                .kinds
                .iter()
                .map(|code| DocumentKind::parse(code))
                .collect::<Result<_, _>>()?,
            valid_from: day(row.from)?,
            valid_until: if row.until.is_empty() {
                None
            } else {
                Some(day(row.until)?)
            },
            evidence: Evidence {
                kind: EvidenceKind::parse("ondertekend-formulier")?,
                reference: Reference::parse(&format!("formulier/{}", row.key))?,
                sha256: form_hash(row.key),
            },
            shown: ShownText {
                language: Language::parse("nl")?,
                version: Version::parse("2024-1")?,
            },
            coordinator: (row.kind == ChoiceKind::JointRequest).then_some(self.parties.ncg),
            state: row.state,
        })
    }
}

fn owners() -> Result<Vec<PlannedOwners>, DatasetError> {
    let one = |(key, from, owners): &(&str, &str, &[&str])| {
        Ok(PlannedOwners {
            told_by: Party::Img,
            address: AddressId::parse(place(key)?.address)?,
            owners: owners
                .iter()
                .map(|owner| OwnerId::parse(owner))
                .collect::<Result<_, _>>()?,
            from: day(from)?,
        })
    };
    tables::OWNERS.iter().map(one).collect()
}

fn dossiers() -> Result<Vec<PlannedDossier>, DatasetError> {
    let mut dossiers = Vec::new();
    for place in tables::PLACES {
        for (organisation, (number, active)) in [Party::Img, Party::Ncg].iter().zip(place.dossiers)
        {
            if number.is_empty() {
                continue;
            }
            let marked = *organisation == Party::Ncg && !place.mark.is_empty();
            let mark = marked.then(|| Mark::parse(place.mark)).transpose()?;
            dossiers.push(PlannedDossier {
                organisation: *organisation,
                address: AddressId::parse(place.address)?,
                number: DossierNumber::parse(number)?,
                active,
                marks: mark.into_iter().collect(),
            });
        }
    }
    Ok(dossiers)
}

fn unsafe_situations(now: Moment) -> Result<Vec<PlannedAos>, DatasetError> {
    Ok(vec![
        PlannedAos {
            reported_by: Party::Img,
            address: AddressId::parse(place("garrelsweer")?.address)?,
            from: day("2023-11-20")?,
            until: day("2023-12-18")?,
        },
        PlannedAos {
            reported_by: Party::Img,
            address: AddressId::parse(place("ten-boer")?.address)?,
            from: now.plus_ms(-DAY_MS),
            until: now.plus_ms(27 * DAY_MS),
        },
    ])
}

fn case(
    number: u32,
    row: &tables::CaseRow,
    documents: &BTreeMap<DocumentId, &PlannedDocument>,
) -> Result<Case, DatasetError> {
    let id = document_id(row.place, row.holder, row.kind);
    let unknown = || DatasetError::Unknown(format!("{} of {}", row.kind, row.place));
    let document = &documents.get(&id).ok_or_else(unknown)?.document;
    let expect = match row.expect {
        Outcome::Granted(ground, article) => Expect {
            status: 200,
            ground: Some(format!("https://w3id.org/dpv/legal/eu/gdpr#{ground}")),
            article: Some(article),
            reason: None,
        },
        Outcome::Refused(reason) => Expect {
            status: 403,
            ground: None,
            article: None,
            reason: Some(reason),
        },
    };
    let team = if row.team.is_empty() {
        None
    } else {
        Some(Team::parse(row.team)?)
    };
    Ok(Case {
        name: row.name,
        asks: row.asks,
        purpose: Purpose::parse(row.purpose)?,
        team,
        case: format!("{}-zaak-{number:04}", row.asks.code().to_uppercase()),
        document: id,
        kind: document.kind.clone(),
        address: document.address,
        expect,
    })
}

fn place(key: &str) -> Result<&'static tables::Place, DatasetError> {
    let found = tables::PLACES.iter().find(|place| place.key == key);
    found.ok_or_else(|| DatasetError::Unknown(key.to_owned()))
}

fn day(date: &str) -> Result<Moment, NotAMoment> {
    Moment::parse(&format!("{date}T08:00:00Z"))
}

/// `2025-03-12` as people write it: `12 maart 2025`.
pub(super) fn written(date: &str) -> String {
    const MONTHS: [&str; 12] = [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ];
    let mut parts = date.split('-');
    let year = parts.next().unwrap_or_default();
    let month = parts
        .next()
        .and_then(|month| month.parse::<usize>().ok())
        .unwrap_or_default();
    let name = month
        .checked_sub(1)
        .and_then(|at| MONTHS.get(at))
        .copied()
        .unwrap_or_default();
    let day = parts.next().unwrap_or_default().trim_start_matches('0');
    format!("{day} {name} {year}")
}

/// The hash of the signed form of this name.
pub(super) fn form_hash(name: &str) -> Sha256 {
    Sha256::from_bytes(hash(name))
}

fn hash(name: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, name.as_bytes()).as_ref());
    bytes
}

/// The same document has the same id on every machine: that of its place, holder and kind.
fn document_id(place: &str, holder: Party, kind: &str) -> DocumentId {
    DocumentId::from_bytes(named_id(&format!(
        "sluis-demo/{place}/{}/{kind}",
        holder.code()
    )))
}

/// A `UUIDv8` (RFC 9562, 5.8) of a name.
pub(super) fn named_id(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(hash(name)) {
        *byte = of_hash;
    }
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = 0x80 | (*version & 0x0f);
    *variant = 0x80 | (*variant & 0x3f);
    bytes
}

#[cfg(test)]
mod tests;
