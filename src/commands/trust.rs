//! Whom somebody believes who checks a ledger: the key of the log and the policy of its witnesses, as
//! the command line names them, and what they say.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sluis::bounds;
use sluis::ledger::note::{Backing, Policy, Verifier};

use super::{Failed, output};

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
