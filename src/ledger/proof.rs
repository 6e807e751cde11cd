//! Checking the proof of one entry as an outsider would: with the verifier key, the entry and the
//! tlog-proof, and nothing of the gateway's own.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::entry::Entry;
use super::note::{self, NoteError, Verifier};
use super::seal::commitment;
use crate::merkle::{self, Hash};

/// What a proof showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// Where the entry stands.
    pub index: u64,
    /// How many entries the signed checkpoint is over.
    pub size: u64,
    /// The root it signs.
    pub root: Hash,
    /// How many hashes lead from the entry to the root.
    pub hashes: usize,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// It is not in the form of C2SP tlog-proof.
    #[error("it is not a tlog-proof")]
    Form,
    /// The checkpoint in it.
    #[error("its checkpoint cannot be believed")]
    Checkpoint(#[source] NoteError),
    /// The hashes do not lead from the entry to the root.
    #[error("the entry is not in the tree of its checkpoint")]
    NotIncluded,
}

/// Checks that a proof shows this entry to be in the book of this key.
///
/// # Errors
/// [`NotProven`].
pub fn check(proof: &str, entry: &[u8], key: &Verifier) -> Result<Proven, NotProven> {
    let (head, checkpoint) = proof.split_once("\n\n").ok_or(NotProven::Form)?;
    let mut lines = head.split('\n');
    if lines.next() != Some("c2sp.org/tlog-proof@v1") {
        return Err(NotProven::Form);
    }
    let index = lines.next().and_then(|line| line.strip_prefix("index "));
    let index = index.and_then(note::size).ok_or(NotProven::Form)?;
    let hashes: Vec<Hash> = lines
        .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
        .collect::<Option<_>>()
        .ok_or(NotProven::Form)?;
    let signed = key.open(checkpoint).map_err(NotProven::Checkpoint)?;
    let leaf = merkle::leaf_hash(entry);
    if !merkle::includes(&leaf, index, signed.size, &hashes, &signed.root) {
        return Err(NotProven::NotIncluded);
    }
    Ok(Proven {
        index,
        size: signed.size,
        root: signed.root,
        hashes: hashes.len(),
    })
}

/// Whether an opening (`{waarde, zout}`) of a field is what the entry sealed.
#[must_use]
pub fn opens(entry: &Entry, field: &str, opening: &Value) -> bool {
    let text = |name: &str| opening.get(name).and_then(Value::as_str);
    let salt: Option<[u8; 32]> = text("zout")
        .and_then(|salt| URL_SAFE_NO_PAD.decode(salt).ok())
        .and_then(|salt| salt.try_into().ok());
    let (Some(value), Some(salt), Some(sealed)) = (text("waarde"), salt, entry.zegels.get(field))
    else {
        return false;
    };
    let made = commitment(&salt, &entry.transactie, entry.soort, field, value);
    URL_SAFE_NO_PAD.encode(made) == *sealed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;
    use crate::ledger::note::{Checkpoint, Signer};

    #[test]
    fn a_proof_shows_its_own_entry_under_its_own_key_and_nothing_else() {
        let chance = SystemRandomness::default();
        let ours = Signer::generate("sluis.example/logboek", &chance).unwrap();
        let other = Signer::generate("sluis.example/logboek", &chance).unwrap();
        let (left, right) = (merkle::leaf_hash(b"een"), merkle::leaf_hash(b"twee"));
        let root = merkle::node_hash(&left, &right);
        let note = ours.sign(&Checkpoint { size: 2, root });
        let hash = STANDARD.encode(left);
        let proof = format!("c2sp.org/tlog-proof@v1\nindex 1\n{hash}\n\n{note}");
        let key = ours.verifier();
        let unsigned = NotProven::Checkpoint(NoteError::Unsigned);
        let touched = NotProven::Checkpoint(NoteError::Signature);
        for (name, proof, entry, key, expected) in [
            ("nothing", String::new(), "twee", &key, NotProven::Form),
            (
                "form",
                proof.replace("@v1", "@v2"),
                "twee",
                &key,
                NotProven::Form,
            ),
            (
                "hash",
                proof.replace(&hash, "AAAA"),
                "twee",
                &key,
                NotProven::Form,
            ),
            ("entry", proof.clone(), "drie", &key, NotProven::NotIncluded),
            (
                "index",
                proof.replace("index 1", "index 0"),
                "twee",
                &key,
                NotProven::NotIncluded,
            ),
            (
                "size",
                proof.replace("\n2\n", "\n3\n"),
                "twee",
                &key,
                touched,
            ),
            ("key", proof.clone(), "twee", &other.verifier(), unsigned),
        ] {
            assert_eq!(
                check(&proof, entry.as_bytes(), key),
                Err(expected),
                "{name}"
            );
        }
        let proven = check(&proof, b"twee", &key).unwrap();
        assert_eq!((proven.index, proven.size, proven.hashes), (1, 2, 1));
    }
}
