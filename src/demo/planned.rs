//! What the demo's dataset consists of: one type for each thing that is told to the gateway, each
//! serialising to the body of the call that tells it (CONTRACT, "Endpoints of `exchange`").

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::pdf::{self, Letterhead, Paper, WrongSize};
use crate::clock::Moment;
use crate::domain::{
    AddressId, ChoiceKind, ChoiceState, Document, DocumentId, DocumentKind, DossierNumber,
    Evidence, Mark, Oin, OwnerId, Purpose, ShownText, Team,
};

/// A party of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Instituut Mijnbouwschade Groningen.
    Img,
    /// Nationaal Coördinator Groningen.
    Ncg,
    /// The municipality.
    Municipality,
}

impl Party {
    /// Every party.
    pub const ALL: [Self; 3] = [Self::Img, Self::Ncg, Self::Municipality];

    /// Its name in `demo.json` and in file names; also its role in the policy.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Img => "img",
            Self::Ncg => "ncg",
            Self::Municipality => "gemeente",
        }
    }

    /// The teams to configure for it. IMG's `crisisteam` is deliberately not in any bundle.
    #[must_use]
    pub const fn teams(self) -> &'static [&'static str] {
        match self {
            Self::Img => &["combinatieteam", "interventieteam", "aos", "crisisteam"],
            Self::Ncg => &["combinatieteam", "interventieteam", "aos"],
            Self::Municipality => &["aos"],
        }
    }

    /// Whether it provides documents.
    #[must_use]
    pub const fn provides(self) -> bool {
        matches!(self, Self::Img | Self::Ncg)
    }

    const fn letterhead(self) -> Letterhead {
        match self {
            Self::Img => Letterhead {
                name: "Instituut Mijnbouwschade Groningen",
                line: "Afhandeling van schade door bodembeweging",
                colour: [0.0, 0.36, 0.33],
            },
            Self::Ncg => Letterhead {
                name: "Nationaal Coördinator Groningen",
                line: "Versterking van gebouwen, namens de minister",
                colour: [0.04, 0.27, 0.45],
            },
            Self::Municipality => Letterhead {
                name: "Gemeente Eemsdelta",
                line: "Openbare orde en veiligheid",
                colour: [0.48, 0.16, 0.20],
            },
        }
    }
}

/// The identification numbers of the parties.
#[derive(Debug, Clone, Copy)]
pub struct Parties {
    /// Of IMG.
    pub img: Oin,
    /// Of NCG.
    pub ncg: Oin,
    /// Of the municipality.
    pub municipality: Oin,
}

impl Parties {
    /// The number of a party.
    #[must_use]
    pub const fn oin(&self, party: Party) -> Oin {
        match party {
            Party::Img => self.img,
            Party::Ncg => self.ncg,
            Party::Municipality => self.municipality,
        }
    }
}

/// Owners to be told with `PUT /adressen/_eigenaren`.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedOwners {
    /// Who tells it.
    #[serde(skip)]
    pub told_by: Party,
    /// The address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// All owners from then on.
    #[serde(rename = "eigenaren")]
    pub owners: BTreeSet<OwnerId>,
    /// From when.
    #[serde(rename = "per")]
    pub from: Moment,
}

/// A dossier to be told with `PUT /adressen/_dossiers`.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedDossier {
    /// Whose it is, and who tells it.
    #[serde(skip)]
    pub organisation: Party,
    /// The address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// Its number.
    #[serde(rename = "dossier")]
    pub number: DossierNumber,
    /// Whether it is being worked on.
    #[serde(rename = "actief")]
    pub active: bool,
    /// Its marks.
    #[serde(rename = "kenmerken")]
    pub marks: BTreeSet<Mark>,
}

/// A document to be put in the index, and to be made as a file.
#[derive(Debug, Clone)]
pub struct PlannedDocument {
    /// Who keeps it.
    pub holder: Party,
    /// Its record in the index.
    pub document: Document,
    /// Its address, as people write it.
    pub written_address: Cow<'static, str>,
    /// Its date, as people write it.
    pub written_date: String,
}

impl PlannedDocument {
    /// Makes the file: exactly as many bytes as the record says.
    ///
    /// # Errors
    /// [`WrongSize`] when the record's size cannot be made.
    pub fn pdf(&self) -> Result<Vec<u8>, WrongSize> {
        let seed = self.document.id.as_bytes().iter().take(8);
        let paper = Paper {
            head: self.holder.letterhead(),
            kind: self.document.kind.as_str(),
            title: self.document.title.as_str(),
            dossier: self.document.dossier.as_str(),
            address: &self.written_address,
            address_id: self.document.address.as_str(),
            date: &self.written_date,
            seed: seed.fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
        };
        pdf::make(
            &paper,
            usize::try_from(self.document.size_bytes).unwrap_or(usize::MAX),
        )
    }
}

/// A choice to be recorded with `POST /toestemmingen`.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedChoice {
    /// What it is called here.
    #[serde(skip)]
    pub key: &'static str,
    /// Who records it.
    #[serde(skip)]
    pub recorded_by: Party,
    /// The state it is to be given afterwards, with `POST …/intrekken`.
    #[serde(skip)]
    pub ends_as: Option<ChoiceState>,
    /// Which question it answers.
    #[serde(rename = "soort")]
    pub kind: ChoiceKind,
    /// The address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// Who chose.
    #[serde(rename = "eigenaar")]
    pub owner: OwnerId,
    /// Who may receive.
    #[serde(rename = "ontvangers")]
    pub receivers: Vec<Oin>,
    /// For what.
    #[serde(rename = "doelen")]
    pub purposes: Vec<Purpose>,
    /// Which kinds.
    #[serde(rename = "documentsoorten")]
    pub kinds: Vec<DocumentKind>,
    /// From when.
    #[serde(rename = "geldigVan")]
    pub valid_from: Moment,
    /// Until when.
    #[serde(rename = "geldigTot", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// What proves it.
    #[serde(rename = "bewijs")]
    pub evidence: Evidence,
    /// What the owner saw.
    #[serde(rename = "tekst")]
    pub shown: ShownText,
    /// Who coordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<Oin>,
    /// The state it is recorded in.
    #[serde(rename = "toestand")]
    pub state: ChoiceState,
}

/// An unsafe situation to be reported with `POST /aos-meldingen`.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedAos {
    /// Who reports it.
    #[serde(skip)]
    pub reported_by: Party,
    /// The address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// From when.
    #[serde(rename = "van")]
    pub from: Moment,
    /// Until when.
    #[serde(rename = "tot")]
    pub until: Moment,
}

/// What the tour takes back: the key of a choice, and the request that it decides.
#[derive(Debug, Clone)]
pub struct Tour {
    /// The key of the [`PlannedChoice`].
    pub consent: &'static str,
    /// The request: granted before, refused as `TOESTEMMING_INGETROKKEN` after.
    pub request: Case,
}

/// A request and what must come of it, as in `demo.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// What it shows, in Dutch.
    pub name: &'static str,
    /// Who asks.
    #[serde(rename = "as", serialize_with = "code")]
    pub asks: Party,
    /// Why.
    #[serde(rename = "doel")]
    pub purpose: Purpose,
    /// From which team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Team>,
    /// The requester's case number.
    #[serde(rename = "zaak")]
    pub case: String,
    /// The document.
    pub document: DocumentId,
    /// Its kind.
    #[serde(rename = "soort")]
    pub kind: DocumentKind,
    /// Its address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expect {
    /// The HTTP status.
    pub status: u16,
    /// The ground, as a DPV IRI.
    #[serde(rename = "grondslag", skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// The article.
    #[serde(rename = "artikel", skip_serializing_if = "Option::is_none")]
    pub article: Option<&'static str>,
    /// The reason of a refusal.
    #[serde(rename = "reden", skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn code<S: Serializer>(party: &Party, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(party.code())
}
