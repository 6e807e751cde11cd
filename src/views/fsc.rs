//! The transaction log of FSC Logging 1.0: who asked a service of whom, when.
//!
//! An FSC peer's outway and inway each write a record of one request; the gateway stands for both, so
//! one entry is told as sent to who asked, and as received to who holds the document. `grant_hash` names
//! what both parties signed: here that is the policy bundle, by its SHA-256, and empty where none was in
//! force. A search asks the gateway, not another organisation, and is no transaction in this sense.

use serde::Serialize;

use crate::domain::{Oin, TransactionId};
use crate::ledger::entry::{Entry, Kind};

/// The name of the one service that every provider has.
const SERVICE: &str = "documenten";

/// Whether a request is told as it was sent or as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// Received.
    #[serde(rename = "DIRECTION_INCOMING")]
    Incoming,
    /// Sent.
    #[serde(rename = "DIRECTION_OUTGOING")]
    Outgoing,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// `SOURCE_TYPE_SOURCE`: nobody asks on behalf of another here.
    pub r#type: &'static str,
    /// Its OIN.
    pub outway_peer_id: Oin,
}

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Destination {
    /// `DESTINATION_TYPE_DESTINATION`.
    pub r#type: &'static str,
    /// Its OIN.
    pub service_peer_id: Oin,
}

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The `Fsc-Transaction-Id`.
    pub transaction_id: TransactionId,
    /// Sent or received.
    pub direction: Direction,
    /// The bundle it was judged under: SHA-256 in lower-case hexadecimal, or empty.
    pub grant_hash: String,
    /// Who asked.
    pub source: Source,
    /// Who was asked.
    pub destination: Destination,
    /// What was asked: documents, the one service there is.
    pub service_name: &'static str,
    /// When, in seconds since 1970.
    pub created_at: i64,
}

/// The view of one organisation, or of the gateway.
#[derive(Debug, Clone, Copy)]
pub struct Fsc {
    of: Option<Oin>,
}

impl Fsc {
    /// What this organisation was party to; everything, as the gateway received it, without one.
    #[must_use]
    pub const fn new(of: Option<Oin>) -> Self {
        Self { of }
    }

    /// The record of an entry, when it is a transaction and this organisation's.
    #[must_use]
    pub fn record(&self, entry: &Entry) -> Option<Record> {
        let (Kind::Decision, Some(asked), Some(holds)) = (entry.soort, entry.aanvrager, entry.bron)
        else {
            return None;
        };
        let direction = match self.of {
            Some(of) if of == asked => Direction::Outgoing,
            Some(of) if of == holds => Direction::Incoming,
            Some(_) => return None,
            None => Direction::Incoming,
        };
        Some(Record {
            transaction_id: entry.transactie,
            direction,
            grant_hash: super::bundle_name(entry.bundel),
            source: Source {
                r#type: "SOURCE_TYPE_SOURCE",
                outway_peer_id: asked,
            },
            destination: Destination {
                r#type: "DESTINATION_TYPE_DESTINATION",
                service_peer_id: holds,
            },
            service_name: SERVICE,
            created_at: entry.tijd.unix_seconds(),
        })
    }
}
