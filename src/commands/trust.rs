//! Whom somebody believes who checks a ledger: the key of the log and the policy of its witnesses, as
//! the command line names them, and what they say.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sluis::bounds;
use sluis::errors::in_full;
use sluis::ledger::extract::Extract;
use sluis::ledger::note::{Backing, Checkpoint, Distrust, Policy, Trust, Verifier};
use sluis::ledger::proof::UnverifiedProof;
use sluis::ledger::verify::{BookSource, Wrong};

use super::verify::not_right;
use super::{Exit, Failed, output};

/// The key of the log.
pub(super) fn key(text: Option<&str>) -> Result<Option<Verifier>, Failed> {
    let key = text.map(Verifier::parse).transpose();
    key.map_err(|error| Failed::usage([format!("--log-key: {error}")]))
}

/// The policy file.
pub(super) fn policy(path: Option<&Path>) -> Result<Option<Policy>, Failed> {
    let Some(path) = path else { return Ok(None) };
    let wrong = |why: String| Failed::usage([format!("--policy {}: {why}", path.display())]);
    let file = read_at_most(path, bounds::WITNESS_POLICY_BYTES);
    let file = file.map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    let policy = Policy::parse(&file);
    policy.map(Some).map_err(|error| wrong(error.to_string()))
}

/// A file, and no more of it than one byte too many.
pub(super) fn read_at_most(path: &Path, bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?
        .take(bytes + 1)
        .read_to_end(&mut content)?;
    Ok(content)
}

/// A checkpoint that somebody kept: by itself, or in an extract or a proof.
pub(super) fn seen_before(
    path: Option<&Path>,
    verifier: &Verifier,
) -> Result<Option<Checkpoint>, Failed> {
    let Some(path) = path else { return Ok(None) };
    let wrong = |why: String| Failed::usage([format!("--at-least {}: {why}", path.display())]);
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    let extract = Extract::parse(text.as_bytes()).ok();
    let proof = UnverifiedProof::parse(&text).ok();
    let inside = extract.as_ref().and_then(Extract::unverified_checkpoint);
    let inside = inside.or(proof.map(|proof| proof.checkpoint));
    let opened = verifier.open(inside.unwrap_or(&text));
    opened.map(Some).map_err(|error| wrong(error.to_string()))
}

/// The checkpoint that the witnesses of the policy stand behind: the newest, or the one kept beside it
/// for them. The ledger must have grown from it.
pub(super) async fn backing<S: BookSource>(
    source: &S,
    verifier: &Verifier,
    policy: Option<Policy>,
) -> Result<Option<Backing>, Failed> {
    let key = Some(verifier.clone());
    let Some(trust) = policy.and_then(|policy| Trust::new(key, Some(policy))) else {
        return Ok(None);
    };
    let unread = |error| not_right(&Wrong::at(0, error).into());
    let newest = source.checkpoint().await.map_err(unread)?;
    let mut opened = trust.open(&newest.checkpoint);
    if matches!(opened, Err(Distrust::Quorum { .. }))
        && let Some(cosigned) = source.cosigned().await.map_err(unread)?
    {
        opened = trust.open(&cosigned);
    }
    opened.map(Some).map_err(|distrust| Failed {
        exit: Exit::Wrong,
        lines: vec![format!(
            "the cosigned checkpoint cannot be believed: {}",
            in_full(&distrust)
        )],
    })
}

/// Says who stands behind a checkpoint.
pub(super) fn tell(backing: &Backing, what: &str) {
    if let Some(stood) = &backing.stood {
        for (name, key, at) in &stood.witnesses {
            let (name, key) = (plain(name), plain(key));
            output::say(&match at {
                Some(at) => format!("  witness {name} ({key}) cosigned {what} at {at}"),
                None => format!("  witness {name} ({key}) did not cosign {what}"),
            });
        }
        output::say(&match stood.quorum {
            Some(at) => format!("  enough of them for the policy stood behind {what} at {at}"),
            None => "  the policy asks for no witness".to_owned(),
        });
    }
    if !backing.unverified_names.is_empty() {
        let names: Vec<String> = backing
            .unverified_names
            .iter()
            .map(|it| plain(it))
            .collect();
        output::say(&format!(
            "  not checked: signatures that name {}; no key for them was given (--policy)",
            names.join(", ")
        ));
    }
}

/// A text from outside, for a terminal: nothing in it steers that.
pub(super) fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}
