//! Whom a gateway asks: a policy file, with a road to each witness in it.

use std::time::Duration;

use crate::https::{Address, Tls};
use crate::ledger::note::{Policy, Verifier};

/// Whom to ask, and what to do when they do not answer.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) policy: Policy,
    /// In the order of the policy's witnesses.
    pub(super) addresses: Vec<Address>,
    pub(super) tls: Tls,
    pub(super) refuse_after: Option<Duration>,
}

/// Why a policy is none for a gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Nobody to ask.
    #[error("its quorum is none; name one, or leave out [witnesses]")]
    NoQuorum,
    /// A witness without a road to it.
    #[error(
        "the witness {witness} needs a URL behind its key, such as https://getuige.example:8446/"
    )]
    Url {
        /// What the file calls it.
        witness: String,
    },
    /// It accepts other logs only.
    #[error("its log lines do not have this ledger's key; add `log {key}`")]
    OtherLog {
        /// This ledger's key.
        key: String,
    },
}

impl Settings {
    /// Reads the roads to the witnesses of a policy.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(
        policy: Policy,
        tls: Tls,
        refuse_after: Option<Duration>,
    ) -> Result<Self, SettingsError> {
        if !policy.asks_for_witnesses() {
            return Err(SettingsError::NoQuorum);
        }
        let mut addresses = Vec::new();
        for witness in policy.witnesses() {
            let address = witness.url.as_deref().map(Address::parse);
            let address = address.and_then(Result::ok).filter(|a| a.query().is_none());
            addresses.push(address.ok_or_else(|| SettingsError::Url {
                witness: witness.name.clone(),
            })?);
        }
        Ok(Self {
            policy,
            addresses,
            tls,
            refuse_after,
        })
    }

    /// Whom it asks for.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// From which age of the quorum on nothing is released.
    #[must_use]
    pub const fn refuse_after(&self) -> Option<Duration> {
        self.refuse_after
    }

    /// A policy that names logs must name this one, by every key that signs for it.
    ///
    /// # Errors
    /// [`SettingsError::OtherLog`].
    pub fn check_log(&self, own: &Verifier) -> Result<(), SettingsError> {
        let logs = self.policy.logs();
        let unknown = |key: &Verifier| !logs.iter().any(|log| log.key == *key);
        match own.each().find(unknown) {
            Some(key) if !logs.is_empty() => {
                let key = key.to_string();
                Err(SettingsError::OtherLog { key })
            }
            _ => Ok(()),
        }
    }
}
