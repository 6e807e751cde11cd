//! The book in the words of three standards, and as a table: every record is computed from entries
//! that stand in it, none is written beside it.
//!
//! | View | Of which entries | Standard |
//! |---|---|---|
//! | [`Fsc`] | a `besluit` about a document: two parties, one request | FSC Logging: the transaction log |
//! | [`Ldv`] | a `besluit` or `zoek` for a purpose of a bundle, once for each owner | Logboek Dataverwerkingen |
//! | [`Adl`] | every `besluit` and every `zoek`, denials too | Authorization Decision Log |
//! | [`Table`] | every entry, one row | CSV (RFC 4180, semicolons) |
//!
//! No employee, address, case, title or document is in any of them. Owners are in LDV alone, under a
//! pseudonym that only the ledger's master key can make ([`Pseudonyms`]).
//!
//! A trace is the caller's own where it sent a `traceparent` that the book keeps (`spoor`), else the
//! transaction, whose UUIDv7 has the 16 bytes of a trace id. The span of a decision hangs under the
//! caller's (ADL), and what is told of each owner under that of the decision (LDV). Spans are derived
//! from the hash of the entry: the same entry always gives the same record, and a log that takes one
//! twice can tell. A release is told at its closing entry, which every release gets in the end; so
//! views of two parts of the book, one behind the other, are the view of both.
//!
//! What this module deliberately does not do: read, decide who may see what, or send anything.

mod adl;
mod csv;
mod fsc;
mod ldv;
pub mod otlp;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::digest;

pub use self::csv::{COLUMNS, Table, defused, row};
pub use adl::Adl;
pub use fsc::{Direction, Fsc, Record as FscRecord};
pub use ldv::Ldv;

use crate::domain::{Oin, Organisations, OwnerId, Sha256};
use crate::ledger::entry::{Act, Entry, Kind};
use crate::ledger::seal::MasterKey;
use crate::ledger::{Leaf, Ledger};
use crate::merkle::Hash;
use crate::policy::{Policies, PurposeInfo};

/// What records need that is not in the entries.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name of the ledger.
    pub origin: String,
    /// Who takes part: which role has which processing activity.
    pub organisations: Organisations,
    /// The bundles, for the purposes they name.
    pub policies: Policies,
    /// Whose records these are: only what this organisation is party to, seen from its side.
    /// Everybody's, seen from the gateway, when absent.
    pub of: Option<Oin>,
}

impl Setting {
    fn is_wanted(&self, entry: &Entry) -> bool {
        self.of.is_none_or(|of| is_party(entry, of))
    }

    /// The purpose of an entry: as its own bundle describes it, else as any does.
    fn purpose(&self, entry: &Entry) -> Option<PurposeInfo> {
        let purpose = entry.doel.as_ref()?;
        let own = entry.bundel.and_then(|hash| self.policies.find(hash));
        let mut known = own.into_iter().chain(self.policies.all());
        known.find_map(|bundle| bundle.vocabulary().find_purpose(purpose).cloned())
    }
}

/// Whether an organisation asked for, or holds, what an entry is about.
#[must_use]
pub fn is_party(entry: &Entry, oin: Oin) -> bool {
    [entry.aanvrager, entry.bron].contains(&Some(oin))
}

/// Whoever can make a name for an owner that says nothing to others.
pub trait Pseudonyms: Send + Sync {
    /// The same for the same owner, at every address and in every year.
    fn pseudonym(&self, owner: &OwnerId) -> String;
}

impl Pseudonyms for MasterKey {
    fn pseudonym(&self, owner: &OwnerId) -> String {
        BASE64URL.encode(self.subject(owner))
    }
}

impl Pseudonyms for Ledger {
    fn pseudonym(&self, owner: &OwnerId) -> String {
        BASE64URL.encode(self.subject(owner))
    }
}

/// Which view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// FSC Logging.
    Fsc,
    /// Logboek Dataverwerkingen.
    Ldv,
    /// Authorization Decision Log.
    Adl,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fsc, Self::Ldv, Self::Adl];

    /// The word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fsc => "fsc",
            Self::Ldv => "ldv",
            Self::Adl => "adl",
        }
    }
}

/// One of the views that give records, whichever.
pub enum View {
    /// FSC Logging.
    Fsc(Fsc),
    /// Logboek Dataverwerkingen.
    Ldv(Ldv),
    /// Authorization Decision Log.
    Adl(Adl),
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fsc(_) => "View::Fsc",
            Self::Ldv(_) => "View::Ldv",
            Self::Adl(_) => "View::Adl",
        })
    }
}

impl View {
    /// A view in this form; the pseudonyms are for LDV.
    #[must_use]
    pub fn new(form: Form, setting: Setting, pseudonyms: std::sync::Arc<dyn Pseudonyms>) -> Self {
        match form {
            Form::Fsc => Self::Fsc(Fsc::new(setting.of)),
            Form::Ldv => Self::Ldv(Ldv::new(setting, pseudonyms)),
            Form::Adl => Self::Adl(Adl::new(setting)),
        }
    }

    /// The records that the next entry of the book gives.
    #[must_use]
    pub fn take(&mut self, leaf: &Leaf) -> Vec<serde_json::Value> {
        match self {
            Self::Fsc(view) => view.record(&leaf.entry).iter().map(value).collect(),
            Self::Ldv(view) => view.take(leaf).iter().map(value).collect(),
            Self::Adl(view) => view.take(leaf).iter().map(value).collect(),
        }
    }

    /// What an entry cannot be told without, if the view began behind it: the decision whose release
    /// it closes. Hand it to [`View::recall`] first.
    #[must_use]
    pub fn lacks(&self, leaf: &Leaf) -> Option<u64> {
        match self {
            Self::Fsc(_) | Self::Adl(_) => None,
            Self::Ldv(view) => view.lacks(leaf),
        }
    }

    /// Whether it began behind the last `start` entry, and must [`View::recall`] that first.
    #[must_use]
    pub const fn lacks_program(&self) -> bool {
        matches!(self, Self::Adl(view) if view.lacks_program())
    }

    /// Sees an entry that was told before.
    pub fn recall(&mut self, earlier: &Leaf) {
        // Its records are no news.
        let _ = self.take(earlier);
    }

    /// Releases that have not come to their end, so that they are still to be told.
    #[must_use]
    pub fn open(&self) -> usize {
        match self {
            Self::Fsc(_) | Self::Adl(_) => 0,
            Self::Ldv(view) => view.open(),
        }
    }
}

/// A record as JSON: maps with text keys, which always can be written.
fn value(record: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(record).unwrap_or_default()
}

/// The trace an entry belongs to: its caller's, else its transaction.
fn trace(entry: &Entry) -> String {
    entry.spoor.map_or_else(
        || hex(entry.transactie.as_bytes()),
        |trail| trail.trace_id().to_owned(),
    )
}

/// A span of an entry: the decision itself, or one of the owners it is about.
fn span(leaf: Hash, which: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"sluis/span/v1\n");
    context.update(&leaf);
    context.update(which.as_bytes());
    let hash = context.finish();
    hex(hash.as_ref().get(..8).unwrap_or_default())
}

/// The span of the decision, the same in every view.
fn decision_span(leaf: &Leaf) -> String {
    span(leaf.hash, "besluit")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The system that asked, by its organisation's OIN in the form Digikoppeling gives it. The standard
/// wants a URL; nobody publishes one for each OIN, so this is a URN.
fn processor(oin: Oin) -> String {
    format!("urn:osb:oin:{oin}")
}

/// Whether a policy was to decide here: a request for a document, or for the list of an address.
fn is_decision(entry: &Entry) -> bool {
    matches!(entry.soort, Kind::Decision | Kind::Search)
}

/// What was done or asked, for people.
fn act(entry: &Entry) -> &'static str {
    match (entry.soort, entry.handeling) {
        (Kind::Search, _) | (_, Some(Act::Search)) => "Documenten van een adres zoeken",
        (_, Some(Act::Download)) => "Een document opvragen",
        (_, Some(Act::Metadata)) => "De metagegevens van een document opvragen",
        (_, Some(Act::Test)) => "Toetsen of een document opgevraagd mag worden",
        _ => "Een aanroep",
    }
}

fn bundle_name(bundle: Option<Sha256>) -> String {
    bundle.map_or_else(String::new, |hash| hash.to_string())
}

/// A value of the book as the word it is written with.
fn word(value: Option<impl serde::Serialize>) -> String {
    let written = value.and_then(|value| serde_json::to_value(value).ok());
    let text = written.as_ref().and_then(serde_json::Value::as_str);
    text.unwrap_or_default().to_owned()
}
