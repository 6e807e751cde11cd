//! The words of the domain (LAW.md's table): identifiers, documents, addresses, owners' choices.
//!
//! Pure values and pure questions about them: no I/O, no policy. What is *allowed* is not decided
//! here; this floor only says what was chosen, by whom, and what held at a moment.

pub mod address;
pub mod choice;
pub mod document;
pub mod id;
pub mod json;
pub mod officer;
pub mod organisation;
pub mod text;
pub mod trace;

pub use address::{AddressFacts, Aos, Dossier, Ownership};
pub use choice::{Answers, Choice, ChoiceKind, ChoiceState, Evidence, Scope, ShownText, Standing};
pub use document::{Document, Sha256};
pub use id::{AddressId, AosId, ChoiceId, DocumentId, Malformed, Oin, TransactionId};
pub use officer::DeskRole;
pub use organisation::{Organisation, Organisations, Wording};
pub use text::{
    CaseNumber, DocumentKind, DossierNumber, Employee, EvidenceKind, Language, Mark, MediaType,
    OwnerId, Purpose, Reference, Role, Team, Title, Version, Word,
};
pub use trace::TraceParent;
