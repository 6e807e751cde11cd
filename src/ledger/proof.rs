//! Checking the proof of one entry as an outsider would: with the verifier key, the entry and the
//! tlog-proof, and nothing of the gateway's own.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::entry::Entry;
use super::note::{self, Checkpoint, NoteError, Verifier};
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

/// The first line of every tlog-proof.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No path in a tree of 64-bit indices is longer.
const HASHES: usize = 64;

/// A proof as it came in: in its form, and nobody vouches for a word of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedProof<'p> {
    /// Where it says the entry stands.
    pub index: u64,
    /// From the entry to the root.
    pub hashes: Vec<Hash>,
    /// The signed note behind it, verbatim.
    pub checkpoint: &'p str,
}

impl<'p> UnverifiedProof<'p> {
    /// Takes a proof apart. Its `extra` line is passed over: what it would add, nothing signs.
    ///
    /// # Errors
    /// [`NotProven::Form`].
    pub fn parse(proof: &'p str) -> Result<Self, NotProven> {
        let (head, checkpoint) = proof.split_once("\n\n").ok_or(NotProven::Form)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(PROOF_HEADER) {
            return Err(NotProven::Form);
        }
        if let Some(extra) = lines.next_if(|line| line.starts_with("extra ")) {
            let extra = extra
                .strip_prefix("extra ")
                .map(|text| STANDARD.decode(text));
            extra.ok_or(NotProven::Form)?.map_err(|_| NotProven::Form)?;
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(note::size).ok_or(NotProven::Form)?;
        let hashes: Vec<Hash> = lines
            .take(HASHES + 1)
            .map(note::hash)
            .collect::<Option<_>>()
            .filter(|hashes: &Vec<Hash>| hashes.len() <= HASHES)
            .ok_or(NotProven::Form)?;
        Ok(Self {
            index,
            hashes,
            checkpoint,
        })
    }

    /// Whether it leads from this entry to the root of a checkpoint.
    #[must_use]
    pub fn includes(&self, entry: &[u8], signed: &Checkpoint) -> bool {
        let leaf = merkle::leaf_hash(entry);
        merkle::includes(&leaf, self.index, signed.size, &self.hashes, &signed.root)
    }
}

/// Checks that a proof shows this entry to be in the book of this key.
///
/// # Errors
/// [`NotProven`].
pub fn check(proof: &str, entry: &[u8], key: &Verifier) -> Result<Proven, NotProven> {
    let proof = UnverifiedProof::parse(proof)?;
    let signed = key.open(proof.checkpoint).map_err(NotProven::Checkpoint)?;
    if !proof.includes(entry, &signed) {
        return Err(NotProven::NotIncluded);
    }
    Ok(Proven {
        index: proof.index,
        size: signed.size,
        root: signed.root,
        hashes: proof.hashes.len(),
    })
}

/// Whether an opening (`{waarde, zout}`) of a field is what the entry sealed.
#[must_use]
pub fn opens(entry: &Entry, field: &str, opening: &Value) -> bool {
    let text = |name: &str| opening.get(name).and_then(Value::as_str);
    let (Some(value), Some(salt)) = (text("waarde"), text("zout").and_then(salt)) else {
        return false;
    };
    fits(entry, field, value, &salt)
}

/// A salt, as an opening writes it.
pub(super) fn salt(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Whether this value under this salt is what the entry committed to.
pub(super) fn fits(entry: &Entry, field: &str, value: &str, salt: &[u8; 32]) -> bool {
    let made = commitment(salt, &entry.transactie, entry.soort, field, value);
    entry.zegels.get(field) == Some(&URL_SAFE_NO_PAD.encode(made))
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
        let hash_of = |signer: &Signer| signer.verifier().hashes().next().unwrap();
        let unsigned = NotProven::Checkpoint(NoteError::OtherKey {
            found: hash_of(&ours),
            expected: hash_of(&other),
        });
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
            (
                "extra",
                proof.replace("index 1", "extra ****\nindex 1"),
                "twee",
                &key,
                NotProven::Form,
            ),
            (
                "extra in the wrong place",
                proof.replace("index 1", "index 1\nextra AAAA"),
                "twee",
                &key,
                NotProven::Form,
            ),
            (
                "many hashes",
                proof.replace(&hash, &vec![&*hash; 65].join("\n")),
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
        let extra = proof.replace("index 1", "extra AAAA\nindex 1");
        assert!(check(&extra, b"twee", &key).is_ok());
        let proven = check(&proof, b"twee", &key).unwrap();
        assert_eq!((proven.index, proven.size, proven.hashes), (1, 2, 1));
    }
}
