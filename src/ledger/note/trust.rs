//! Whom somebody believes who was handed a checkpoint: the key of the log, the policy file with its
//! witnesses, or both. What they say of it is told whole, for a person to read.

use std::fmt;

use super::cosign::CosignerKey;
use super::policy::{Policy, WitnessLine, first_signed};
use super::{Checkpoint, NoteError, UnverifiedNote, Verifier};
use crate::clock::Moment;

/// Whom to believe. At least one log is named, by its key or in the policy.
#[derive(Debug, Clone)]
pub struct Trust {
    key: Option<Verifier>,
    policy: Option<Policy>,
}

/// Who stands behind a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backing {
    /// Which book it is of.
    pub origin: String,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// What the witnesses of the policy said; `None` without a policy.
    pub stood: Option<Stood>,
    /// Names on signature lines that no key here could check.
    pub unverified_names: Vec<String>,
}

/// What the witnesses of a policy said of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// Each witness by its name and its key's, and when it cosigned.
    pub witnesses: Vec<(String, String, Option<Moment>)>,
    /// Since when the quorum stands behind it; `None` where the policy asks for nobody.
    pub quorum: Option<Moment>,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is of another book.
    #[error("it is of the book {found}, and the key given is of {expected}")]
    Origin {
        /// What it says.
        found: String,
        /// Whose key was given.
        expected: String,
    },
    /// The policy names logs, and not this one.
    #[error("it is of the book {found}, which the policy does not name")]
    NotInPolicy {
        /// What it says.
        found: String,
    },
    /// Its form, or the log's signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A witness of the policy.
    #[error("the cosignature of the witness {name} is wrong")]
    Witness {
        /// What the policy calls it.
        name: String,
        /// How.
        #[source]
        source: NoteError,
    },
    /// Too few.
    #[error(
        "too few witnesses cosigned it: {cosigned} of the {known} that the policy names, and its quorum asks for more; {}", told(.missing)
    )]
    Quorum {
        /// How many did.
        cosigned: usize,
        /// How many the policy names.
        known: usize,
        /// Who did not.
        missing: Vec<Missing>,
    },
}

/// A witness of the policy that did not cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What the policy calls it.
    pub name: String,
    /// The name of its key.
    pub key: String,
    /// Whether a line that names it is by another key than the policy gives.
    pub other_key: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, key, .. } = self;
        write!(f, "{name} ({key})")?;
        if self.other_key {
            f.write_str(", under whose name another key signed than the policy gives")?;
        }
        Ok(())
    }
}

fn told(missing: &[Missing]) -> String {
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    format!("missing: {}", names.join("; "))
}

impl Trust {
    /// Believes this key, this policy, or both together; `None` when neither names a log.
    #[must_use]
    pub fn new(key: Option<Verifier>, policy: Option<Policy>) -> Option<Self> {
        let names_a_log = key.is_some() || policy.as_ref().is_some_and(|it| !it.logs().is_empty());
        names_a_log.then_some(Self { key, policy })
    }

    /// Opens a checkpoint: the key given must have signed it; where the policy names logs, one of
    /// these; and its quorum must be reached. Signatures of strangers are passed over, as the
    /// specification asks.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn open(&self, note: &str) -> Result<Backing, Distrust> {
        let note = UnverifiedNote::parse(note)?;
        let origin = note.origin().to_owned();
        let mut opened = Err(NoteError::Unsigned);
        if let Some(key) = &self.key {
            if key.name() != origin {
                let expected = key.name().to_owned();
                let found = origin;
                return Err(Distrust::Origin { found, expected });
            }
            opened = Ok(key.open_parsed(&note)?);
        }
        let logs = self.policy.as_ref().map_or(&[][..], Policy::logs);
        let mut of_origin = logs
            .iter()
            .filter(|log| log.key.name() == origin)
            .peekable();
        if !logs.is_empty() {
            if of_origin.peek().is_none() {
                return Err(Distrust::NotInPolicy { found: origin });
            }
            let verdicts = of_origin.map(|log| log.key.open_parsed(&note));
            opened = first_signed(verdicts);
        }
        Ok(Backing {
            origin,
            checkpoint: opened?,
            stood: match &self.policy {
                Some(policy) => Some(stood(policy, &note)?),
                None => None,
            },
            unverified_names: self.strangers(&note),
        })
    }

    fn strangers(&self, note: &UnverifiedNote<'_>) -> Vec<String> {
        let policy = self.policy.as_ref();
        let logs = policy.map_or(&[][..], Policy::logs);
        let logs = logs.iter().map(|log| &log.key).chain(&self.key);
        let logs: Vec<&Verifier> = logs.collect();
        let witnesses = policy.map_or(&[][..], Policy::witnesses);
        let lines = note.lines().iter().filter(|line| {
            !logs.iter().any(|key| key.signed(line))
                && !witnesses.iter().any(|witness| witness.key.signed(line))
        });
        lines.map(|line| line.name.to_owned()).collect()
    }
}

fn stood(policy: &Policy, note: &UnverifiedNote<'_>) -> Result<Stood, Distrust> {
    let mut witnesses = Vec::new();
    let mut times = Vec::new();
    let mut missing = Vec::new();
    for WitnessLine { name, key, .. } in policy.witnesses() {
        let at = time(name, key, note)?;
        times.push(at);
        if at.is_none() {
            missing.push(Missing {
                name: name.clone(),
                key: key.name().to_owned(),
                other_key: note.lines().iter().any(|line| line.name == key.name()),
            });
        }
        witnesses.push((name.clone(), key.name().to_owned(), at));
    }
    let quorum = policy.quorum_at(&times);
    if policy.asks_for_witnesses() && quorum.is_none() {
        return Err(Distrust::Quorum {
            cosigned: times.iter().flatten().count(),
            known: times.len(),
            missing,
        });
    }
    let quorum = quorum.filter(|_| policy.asks_for_witnesses());
    Ok(Stood { witnesses, quorum })
}

fn time(
    name: &str,
    key: &CosignerKey,
    note: &UnverifiedNote<'_>,
) -> Result<Option<Moment>, Distrust> {
    let found = key.find(note).map_err(|source| Distrust::Witness {
        name: name.to_owned(),
        source,
    })?;
    Ok(found.map(|cosignature| cosignature.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;
    use crate::ledger::note::{Cosigner, Signer};

    #[test]
    fn who_is_missing_is_named_and_who_uses_the_name() {
        let random = SystemRandomness::default();
        let signer = Signer::generate("sluis.example/logboek", &random).unwrap();
        let witness = |name| Cosigner::generate(name, &random).unwrap();
        let (one, other) = (witness("een.example"), witness("twee.example"));
        let file = format!(
            "witness een {}\nwitness twee {}\ngroup beide all een twee\nquorum beide\n",
            one.key(),
            other.key()
        );
        let policy = Policy::parse(file.as_bytes()).unwrap();
        let trust = Trust::new(Some(signer.verifier()), Some(policy)).unwrap();
        let root = [3; 32];
        let note = signer.sign(&Checkpoint { size: 9, root });
        let body = UnverifiedNote::parse(&note).unwrap().body().to_owned();
        let at = Moment::parse("2026-11-21T12:00:00Z").unwrap();
        let (of_one, of_other) = (one.cosign(&body, at), other.cosign(&body, at));
        let impostor = witness("twee.example").cosign(&body, at);
        for (lines, told) in [
            (
                String::new(),
                "missing: een (een.example); twee (twee.example)",
            ),
            (of_one.clone(), "missing: twee (twee.example)"),
            (
                format!("{of_one}{impostor}"),
                "missing: twee (twee.example), under whose name another key signed than the policy gives",
            ),
        ] {
            let doubt = trust.open(&format!("{note}{lines}")).unwrap_err();
            assert!(doubt.to_string().ends_with(told), "{doubt}");
        }
        let both = format!("{note}{of_one}{impostor}{of_other}");
        let backing = trust.open(&both).unwrap();
        assert_eq!(backing.unverified_names, ["twee.example"]);
    }
}
