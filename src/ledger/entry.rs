//! What an entry of the book says: one line of canonical JSON (RFC 8785), nothing personal in it.
//!
//! Personal values go through [`super::seal`]: the entry holds only their commitments (`zegels`).
//! All kinds share one struct, whose fields stand in the order canonical JSON wants them; a field a
//! kind does not have is left out. The JSON Schema of each kind is published by the edge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::seal::KeyId;
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{
    AosId, ChoiceId, ChoiceKind, ChoiceState, DocumentKind, Language, Mark, Oin, Purpose, Sha256,
    Team, TraceParent, TransactionId, Version,
};
use crate::policy::{Difference, ProofRecord, Tried};

/// The version of the form of entries.
pub const ENTRY_VERSION: u32 = 1;

/// The kinds of entries (CONTRACT, "Ledger entries").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A decision about one document.
    #[serde(rename = "besluit")]
    Decision,
    /// How the transfer that a decision permitted came to its end.
    #[serde(rename = "afgifte")]
    Release,
    /// A choice of an owner was recorded.
    #[serde(rename = "toestemming")]
    Choice,
    /// A choice was taken back.
    #[serde(rename = "intrekking")]
    Withdrawal,
    /// Who owns an address.
    #[serde(rename = "eigenaren")]
    Owners,
    /// A dossier became active, or no longer is.
    #[serde(rename = "dossier")]
    Dossier,
    /// An acutely unsafe situation was reported.
    #[serde(rename = "aos")]
    Aos,
    /// It was closed.
    #[serde(rename = "aos-einde")]
    AosEnd,
    /// A policy bundle was activated.
    #[serde(rename = "overeenkomst")]
    Agreement,
    /// Somebody read personal data out of the book.
    #[serde(rename = "inzage")]
    Reading,
    /// A reviewer judged a decision.
    #[serde(rename = "beoordeling")]
    Review,
    /// A search: what was listed and what withheld.
    #[serde(rename = "zoek")]
    Search,
    /// A gateway started.
    #[serde(rename = "start")]
    Start,
    /// Somebody at the desk proposes something that a second person must confirm.
    #[serde(rename = "voorstel")]
    Proposal,
    /// The whole book was checked.
    #[serde(rename = "controle")]
    Check,
    /// Keys of openings were destroyed: what they sealed cannot be read any more.
    #[serde(rename = "vernietiging")]
    Erasure,
    /// A second person agreed to hold an address, or to lift a hold.
    #[serde(rename = "bewaarplicht")]
    Hold,
}

impl Kind {
    /// The word in the book.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Decision => "besluit",
            Self::Release => "afgifte",
            Self::Choice => "toestemming",
            Self::Withdrawal => "intrekking",
            Self::Owners => "eigenaren",
            Self::Dossier => "dossier",
            Self::Aos => "aos",
            Self::AosEnd => "aos-einde",
            Self::Agreement => "overeenkomst",
            Self::Reading => "inzage",
            Self::Review => "beoordeling",
            Self::Search => "zoek",
            Self::Start => "start",
            Self::Proposal => "voorstel",
            Self::Check => "controle",
            Self::Erasure => "vernietiging",
            Self::Hold => "bewaarplicht",
        }
    }
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Permitted.
    #[serde(rename = "toegestaan")]
    Permitted,
    /// Refused.
    #[serde(rename = "geweigerd")]
    Refused,
    /// Only asked whether it would be; nothing was released.
    #[serde(rename = "toets")]
    Test,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// The bytes of a document.
    #[serde(rename = "download")]
    Download,
    /// Its metadata.
    #[serde(rename = "metagegevens")]
    Metadata,
    /// Whether it would be permitted.
    #[serde(rename = "toets")]
    Test,
    /// The documents of an address.
    #[serde(rename = "zoek")]
    Search,
    /// Anything of the registry or the book itself.
    #[serde(rename = "beheer")]
    Registry,
    /// One exchange of the past was opened at the desk.
    #[serde(rename = "raadplegen")]
    Consult,
    /// A part of the log was taken out as a file.
    #[serde(rename = "uitvoer")]
    Export,
    /// The answer to a person who asked what was shared (AVG 15) was made.
    #[serde(rename = "inzageverzoek")]
    SubjectReport,
    /// A letter to an owner was made.
    #[serde(rename = "brief")]
    Letter,
    /// Somebody is erased from the book.
    #[serde(rename = "vernietigen")]
    Erase,
    /// What was kept for its term is erased.
    #[serde(rename = "bewaartermijn")]
    Expire,
    /// An address is held: nothing of it is erased.
    #[serde(rename = "bewaarplicht-instellen")]
    Hold,
    /// A hold is lifted.
    #[serde(rename = "bewaarplicht-opheffen")]
    LiftHold,
}

/// Why an officer looks at personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occasion {
    /// Somebody asked what is known and shared about them (AVG 15).
    #[serde(rename = "inzageverzoek")]
    SubjectRequest,
    /// A release must be reviewed afterwards.
    #[serde(rename = "nabeoordeling")]
    Review,
    /// Somebody complained.
    #[serde(rename = "klacht")]
    Complaint,
    /// The regular check of the log (BIO2 8.15).
    #[serde(rename = "controle")]
    Audit,
    /// A signal or an incident is looked into.
    #[serde(rename = "incident")]
    Incident,
    /// A choice of an owner is recorded.
    #[serde(rename = "registratie")]
    Registration,
    /// Something else; what, is sealed as `toelichting`.
    #[serde(rename = "anders")]
    Other,
}

/// What an officer judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judgement {
    /// It was lawful.
    #[serde(rename = "rechtmatig")]
    Lawful,
    /// It was not; this opens an incident (AVG 33).
    #[serde(rename = "onrechtmatig")]
    Unlawful,
    /// It cannot be told yet.
    #[serde(rename = "meer-informatie")]
    MoreInformation,
    /// A signal needs no more attention.
    #[serde(rename = "afgehandeld")]
    Dismissed,
    /// A proposal was turned down.
    #[serde(rename = "afgewezen")]
    Rejected,
    /// A proposal was confirmed by a second person.
    #[serde(rename = "bevestigd")]
    Confirmed,
}

/// A step in dealing with an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IncidentStep {
    /// The supervisory authority was notified (AVG 33).
    #[serde(rename = "gemeld-bij-ap")]
    Notified,
    /// It was decided, with reasons, that there is nothing to notify (AVG 33(1), (5)).
    #[serde(rename = "melding-niet-nodig")]
    NotNotifiable,
    /// Those concerned were told (AVG 34).
    #[serde(rename = "betrokkene-geinformeerd")]
    SubjectInformed,
    /// Nothing is left to be done.
    #[serde(rename = "afgesloten")]
    Closed,
}

/// What a check of the book found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// Every entry stands where the signed checkpoint says.
    #[serde(rename = "in-orde")]
    Whole,
    /// Something is wrong.
    #[serde(rename = "afwijking")]
    Wrong,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Every byte was handed over.
    #[serde(rename = "volledig")]
    Complete,
    /// The requester went away, or read too slowly.
    #[serde(rename = "afgebroken-aanvrager")]
    BrokenByRequester,
    /// The provider gave no document, or broke off.
    #[serde(rename = "afgebroken-bron")]
    BrokenByProvider,
    /// Nobody can tell: the gateway stopped in between.
    #[serde(rename = "onbekend")]
    Unknown,
}

/// What a search withheld: how many of a kind for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// How many.
    pub aantal: u32,
    /// Why.
    pub reden: String,
    /// Of which kind.
    pub soort: DocumentKind,
}

/// What a search listed: how many of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// How many.
    pub aantal: u32,
    /// Of which kind.
    pub soort: DocumentKind,
}

/// What a candidate would have decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trial {
    /// It would permit.
    #[serde(rename = "toegestaan")]
    Permitted,
    /// It would refuse.
    #[serde(rename = "geweigerd")]
    Refused,
    /// It cannot tell.
    #[serde(rename = "niet-te-beoordelen")]
    Unknown,
}

/// What a candidate says beside the bundle in force: with a decision where it differs, with a start
/// which one is asked from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// The article of its permit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub artikel: Option<String>,
    /// The candidate.
    pub bundel: Sha256,
    /// The ground of its permit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grondslag: Option<String>,
    /// Why it would refuse.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reden: Option<String>,
    /// Its rules that determine it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub regels: Vec<String>,
    /// What it would decide; with a start nothing yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uitkomst: Option<Trial>,
}

impl Shadow {
    /// A candidate that is asked from now on.
    #[must_use]
    pub const fn begins(bundle: Sha256) -> Self {
        Self {
            artikel: None,
            bundel: bundle,
            grondslag: None,
            reden: None,
            regels: Vec::new(),
            uitkomst: None,
        }
    }
}

impl From<&Tried> for Shadow {
    fn from(tried: &Tried) -> Self {
        let ground = tried.ground.as_ref();
        Self {
            artikel: ground.map(|ground| ground.article.clone()),
            grondslag: ground.map(|ground| ground.iri.clone()),
            reden: tried.reason.map(|reason| reason.code().to_owned()),
            regels: tried.rules.iter().map(ToString::to_string).collect(),
            uitkomst: Some(match tried.difference {
                Difference::DenyToPermit | Difference::Ground => Trial::Permitted,
                Difference::PermitToDeny => Trial::Refused,
                Difference::Unknown => Trial::Unknown,
            }),
            ..Self::begins(tried.bundle)
        }
    }
}

/// The text an owner was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Its language.
    pub taal: Language,
    /// Its version.
    pub versie: Version,
}

/// An entry. Field names are those of the book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are the book's own words, explained in its JSON Schema"
)]
pub struct Entry {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aanleiding: Option<Occasion>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aantal: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aanvrager: Option<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actief: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub artikel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bevinding: Option<Finding>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bewijs: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bewijzen: Option<Box<ProofRecord>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bron: Option<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundel: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coordinator: Option<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub documentsoort: Option<DocumentKind>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub documentsoorten: Vec<DocumentKind>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doel: Option<Purpose>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub doelen: Vec<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub einde: Option<End>,
    #[serde(rename = "geldigTot", skip_serializing_if = "Option::is_none", default)]
    pub geldig_tot: Option<Moment>,
    #[serde(rename = "geldigVan", skip_serializing_if = "Option::is_none", default)]
    pub geldig_van: Option<Moment>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub getoond: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gezien: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gezondheid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grondslag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub handeling: Option<Act>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub handtekeningen: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kenmerken: Vec<Mark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub keuze: Option<ChoiceKind>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub logsleutels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub melding: Option<AosId>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub onthouden: Vec<Withheld>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub ontvangers: Vec<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oordeel: Option<Judgement>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub overeenkomst: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub programma: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reden: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub regels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schaduw: Option<Box<Shadow>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signaal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sleutels: Vec<KeyId>,
    pub soort: Kind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spoor: Option<TraceParent>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stap: Option<IncidentStep>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub team: Option<Team>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tekst: Option<Shown>,
    pub tijd: Moment,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub titel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub toestand: Option<ChoiceState>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub toestemming: Option<ChoiceId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tot: Option<Moment>,
    pub transactie: TransactionId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uitkomst: Option<Outcome>,
    pub v: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub van: Option<Moment>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub verplichtingen: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub zegels: BTreeMap<String, String>,
}

/// Why an entry was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It does not fit in a bundle.
    #[error("the entry has {bytes} bytes, more than {} fit", bounds::ENTRY_BYTES)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is not canonical JSON of a known form.
    #[error("the entry is not in the form of version 1")]
    Form,
}

impl Entry {
    /// An entry of this kind with nothing else in it yet.
    #[must_use]
    pub fn new(kind: Kind, at: Moment, transaction: TransactionId) -> Self {
        Self {
            aanleiding: None,
            aantal: None,
            aanvrager: None,
            actief: None,
            artikel: None,
            bevinding: None,
            bewijs: None,
            bewijzen: None,
            bron: None,
            bundel: None,
            bytes: None,
            code: None,
            coordinator: None,
            documentsoort: None,
            documentsoorten: Vec::new(),
            doel: None,
            doelen: Vec::new(),
            einde: None,
            geldig_tot: None,
            geldig_van: None,
            getoond: Vec::new(),
            gezien: None,
            gezondheid: None,
            grondslag: None,
            handeling: None,
            handtekeningen: Vec::new(),
            index: None,
            kenmerken: Vec::new(),
            keuze: None,
            logsleutels: Vec::new(),
            melding: None,
            onthouden: Vec::new(),
            ontvangers: Vec::new(),
            oordeel: None,
            overeenkomst: None,
            per: None,
            programma: None,
            reden: None,
            regels: Vec::new(),
            schaduw: None,
            sha256: None,
            signaal: None,
            sleutels: Vec::new(),
            soort: kind,
            spoor: None,
            stap: None,
            status: None,
            team: None,
            tekst: None,
            tijd: at,
            titel: None,
            toestand: None,
            toestemming: None,
            tot: None,
            transactie: transaction,
            uitkomst: None,
            v: ENTRY_VERSION,
            van: None,
            verplichtingen: Vec::new(),
            zegels: BTreeMap::new(),
        }
    }

    /// In what a candidate differs from this decision, if it does.
    #[must_use]
    pub fn difference(&self) -> Option<Difference> {
        let permits = self.grondslag.is_some();
        Some(match self.schaduw.as_ref()?.uitkomst? {
            Trial::Unknown => Difference::Unknown,
            Trial::Permitted if permits => Difference::Ground,
            Trial::Permitted => Difference::DenyToPermit,
            Trial::Refused => Difference::PermitToDeny,
        })
    }

    /// The line as it goes into the tree.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn to_line(&self) -> Result<Vec<u8>, EntryError> {
        // Canonical already: the fields stand in order, maps are sorted, numbers are whole.
        let line = serde_json::to_vec(self).map_err(|_| EntryError::Form)?;
        if line.len() > bounds::ENTRY_BYTES {
            return Err(EntryError::TooLarge { bytes: line.len() });
        }
        Ok(line)
    }

    /// Reads a line of the book; anything but the one canonical form is refused.
    ///
    /// # Errors
    /// [`EntryError::Form`].
    pub fn parse(line: &[u8]) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_slice(line).map_err(|_| EntryError::Form)?;
        if entry.v == ENTRY_VERSION && entry.to_line().is_ok_and(|again| again == line) {
            Ok(entry)
        } else {
            Err(EntryError::Form)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn full() -> Entry {
        let at = Moment::parse("2026-11-21T12:00:00.5Z").unwrap();
        let random = SystemRandomness::default();
        let oin = Oin::parse("00000001812345678000").unwrap();
        let kind = DocumentKind::parse("planning").unwrap();
        let mut entry = Entry::new(Kind::Decision, at, TransactionId::new(at, &random).unwrap());
        entry.aanleiding = Some(Occasion::Other);
        entry.aantal = Some(9);
        entry.aanvrager = Some(oin);
        entry.actief = Some(true);
        entry.artikel = Some("TwG 3(4)".into());
        entry.bevinding = Some(Finding::Whole);
        entry.bewijs = Some(Sha256::from_bytes([1; 32]));
        let proven = vec!["bouw-tafel".to_owned(), "grens-eigen".to_owned()];
        let record = ProofRecord::of_ids(Sha256::from_bytes([2; 32]), proven);
        entry.bewijzen = Some(Box::new(record));
        entry.bron = Some(oin);
        entry.bundel = Some(Sha256::from_bytes([2; 32]));
        entry.bytes = Some(u64::from(u32::MAX));
        entry.code = Some("token-ongeldig".into());
        entry.coordinator = Some(oin);
        entry.documentsoort = Some(kind.clone());
        entry.documentsoorten = vec![kind.clone()];
        entry.doel = Some(Purpose::parse("aos").unwrap());
        entry.doelen = vec![Purpose::parse("aos").unwrap()];
        entry.einde = Some(End::Unknown);
        entry.geldig_tot = Some(at);
        entry.geldig_van = Some(at);
        entry.getoond = vec![Listed {
            aantal: 1,
            soort: kind.clone(),
        }];
        entry.gezien = Some(3);
        entry.gezondheid = Some(false);
        entry.grondslag = Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".into());
        entry.handeling = Some(Act::Download);
        entry.handtekeningen = vec!["h..s".into()];
        entry.index = Some(4);
        entry.kenmerken = vec![Mark::parse("urgentie").unwrap()];
        entry.keuze = Some(ChoiceKind::Consent);
        entry.logsleutels = vec!["l+00000000+AA==".into()];
        entry.melding = Some(AosId::new(at, &random).unwrap());
        entry.onthouden = vec![Withheld {
            aantal: 2,
            reden: "X".into(),
            soort: kind,
        }];
        entry.ontvangers = vec![oin];
        entry.oordeel = Some(Judgement::Lawful);
        entry.overeenkomst = Some(5);
        entry.per = Some(at);
        entry.programma = Some("sluis \u{e9} \"\\ \u{1}\u{7f}\u{2028}".into());
        entry.reden = Some("GEEN_GRONDSLAG".into());
        entry.regels = vec!["a".into()];
        entry.schaduw = Some(Box::new(Shadow {
            artikel: Some("TwG 3(4)".into()),
            grondslag: Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".into()),
            reden: Some("GEEN_GRONDSLAG".into()),
            regels: vec!["b".into()],
            uitkomst: Some(Trial::Unknown),
            ..Shadow::begins(Sha256::from_bytes([4; 32]))
        }));
        entry.sha256 = Some(Sha256::from_bytes([3; 32]));
        entry.signaal = Some("s".into());
        entry.spoor = TraceParent::parse(TRACE).ok();
        entry.sleutels = vec![KeyId::from_number(1), KeyId::from_number(u64::MAX)];
        entry.stap = Some(IncidentStep::Closed);
        entry.status = Some(200);
        entry.team = Some(Team::parse("aos").unwrap());
        entry.tekst = Some(Shown {
            taal: Language::parse("nl").unwrap(),
            versie: Version::parse("3").unwrap(),
        });
        entry.titel = Some("t".into());
        entry.toestand = Some(ChoiceState::Given);
        entry.toestemming = Some(ChoiceId::new(at, &random).unwrap());
        entry.tot = Some(at);
        entry.uitkomst = Some(Outcome::Permitted);
        entry.van = Some(at);
        entry.verplichtingen = vec!["x".into()];
        entry.zegels =
            BTreeMap::from([("zaak".into(), "z".into()), ("document".into(), "d".into())]);
        entry
    }

    #[test]
    fn every_field_stands_in_canonical_order() {
        let line = full().to_line().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
        assert_eq!(
            String::from_utf8(line.clone()),
            String::from_utf8(canonical)
        );
        assert_eq!(Entry::parse(&line), Ok(full_again(&line)));
    }

    fn full_again(line: &[u8]) -> Entry {
        serde_json::from_slice(line).unwrap()
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let line = String::from_utf8(full().to_line().unwrap()).unwrap();
        for wrong in [
            String::new(),
            line.replace(',', ", "),
            line.replace("\"v\":1", "\"v\":2"),
            line.replace("\"v\":1", "\"extra\":1,\"v\":1"),
            line.replace("besluit", "besluiten"),
            line.replace(TRACE, &TRACE.to_uppercase()),
            line.replace("0000000000000001", "1"),
            line.replace("7fffffffffffffff", "ffffffffffffffff"),
            line.replace("7fffffffffffffff", "7FFFFFFFFFFFFFFF"),
            format!("{line}\n"),
        ] {
            assert_eq!(
                Entry::parse(wrong.as_bytes()),
                Err(EntryError::Form),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_entry_that_does_not_fit_is_refused() {
        let mut entry = full();
        entry.regels = vec!["x".repeat(bounds::ENTRY_BYTES)];
        assert!(matches!(entry.to_line(), Err(EntryError::TooLarge { .. })));
    }
}
