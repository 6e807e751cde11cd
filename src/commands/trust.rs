//! Whom somebody believes who checks a ledger: the key of the log and the policy of its witnesses, as
//! the command line names them, and what they say.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sluis::bounds;
use sluis::clock::{Clock as _, Moment, SystemClock};
use sluis::errors::in_full;
use sluis::ledger::extract::Extract;
use sluis::ledger::note::{Backing, Checkpoint, Distrust, NoteError, Policy, Trust, Verifier};
use sluis::ledger::proof::UnverifiedProof;
use sluis::ledger::verify::{BookSource, Wrong};

use super::verify::not_right;
use super::{Exit, Failed, output};

/// A file with the keys of one log is no longer than this.
const KEY_BYTES: u64 = 4096;

/// The key of the log, or its keys with white space between them: as they are, or the name of a file that
/// holds them.
pub(super) fn key(option: &str, text: Option<&str>) -> Result<Option<Verifier>, Failed> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: String| Failed::usage([format!("{option}: {why}")]);
    match Verifier::parse_all(text) {
        Ok(key) => Ok(Some(key)),
        Err(error) if !Path::new(text).is_file() => Err(wrong(format!(
            "{error}, and no file has this name; give what `sluis ledger init` printed"
        ))),
        Err(_) => {
            let file = read_at_most(Path::new(text), KEY_BYTES);
            let file = file.map_err(|error| wrong(format!("{text} cannot be read ({error})")))?;
            let key = Verifier::parse_all(&String::from_utf8_lossy(&file));
            key.map(Some)
                .map_err(|error| wrong(format!("in the file {text}: {error}")))
        }
    }
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
    opened.map(Some).map_err(|error| {
        let mut why = error.to_string();
        if matches!(error, NoteError::OtherKey { .. }) {
            why.push_str("; here: name the key that it is signed with, in --at-least-key");
        }
        wrong(why)
    })
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
    // Whoever keeps the log answers for this one; the witnesses come after it.
    let own = verifier.open(&newest.checkpoint).map_err(Wrong::Checkpoint);
    own.map_err(|wrong| not_right(&wrong.into()))?;
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

/// The witnesses' word may not be older than so many seconds.
pub(super) fn check_age(backing: Option<&Backing>, most_seconds: u64) -> Result<(), Failed> {
    let stood = backing.and_then(|backing| backing.stood.as_ref()?.quorum);
    let Some(at) = stood else {
        let why = "--max-age: the policy asks for no witness, so nothing has an age";
        return Err(Failed::usage([why.to_owned()]));
    };
    let now = SystemClock.now();
    if seconds_since(at, now) <= most_seconds {
        return Ok(());
    }
    Err(Failed {
        exit: Exit::Wrong,
        lines: vec![format!(
            "the witnesses' word is too old: enough of them last stood behind the ledger at {}, {}, and --max-age allows {most_seconds} seconds",
            to_the_second(at),
            age(at, now)
        )],
    })
}

/// Says who stands behind a checkpoint.
pub(super) fn tell(backing: &Backing, what: &str) {
    if let Some(stood) = &backing.stood {
        for (name, key, at) in &stood.witnesses {
            let (name, key) = (plain(name), plain(key));
            output::say(&match at {
                Some(at) => format!(
                    "  witness {name} ({key}) cosigned {what} at {} (to the second)",
                    to_the_second(*at)
                ),
                None => format!("  witness {name} ({key}) did not cosign {what}"),
            });
        }
        output::say(&match stood.quorum {
            Some(at) => format!(
                "  enough of them for the policy stood behind {what} at {}, {}",
                to_the_second(at),
                age(at, SystemClock.now())
            ),
            None => "  the policy asks for no witness".to_owned(),
        });
    }
    let stood = backing.stood.iter();
    let witnesses: Vec<&String> = stood
        .flat_map(|stood| &stood.witnesses)
        .map(|(_, key, _)| key)
        .collect();
    let (own, others): (Vec<&String>, Vec<&String>) = backing
        .unverified_names
        .iter()
        .partition(|name| **name == backing.origin);
    if !own.is_empty() {
        output::say(
            "  not checked: a signature in the name of the ledger itself, by another key than was given; where its key is being replaced, ask its keepers for the second one",
        );
    }
    let (known, strangers): (Vec<&String>, Vec<&String>) = others
        .into_iter()
        .partition(|name| witnesses.contains(name));
    let list = |names: &[&String]| {
        let names: Vec<String> = names.iter().map(|it| plain(it)).collect();
        names.join(", ")
    };
    if !known.is_empty() {
        output::say(&format!(
            "  not counted: signatures in the name of {}, by another key than the policy gives",
            list(&known)
        ));
    }
    if !strangers.is_empty() {
        output::say(&format!(
            "  not checked: signatures that name {}; no key for them was given (--policy)",
            list(&strangers)
        ));
    }
}

/// A witness's time has no parts of a second: it is cut, so that a permit of the same second may bear a
/// later one.
fn to_the_second(at: Moment) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

fn seconds_since(at: Moment, now: Moment) -> u64 {
    // A witness's clock may be a little ahead.
    u64::try_from(now.ms_since(at) / 1000).unwrap_or(0)
}

/// How long ago, in words.
fn age(at: Moment, now: Moment) -> String {
    let seconds = seconds_since(at, now);
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_its_age_are_told_in_whole_words() {
        let at = Moment::parse("2026-11-21T14:12:25Z").unwrap();
        assert_eq!(to_the_second(at.plus_ms(459)), "2026-11-21T14:12:25Z");
        for (seconds, told) in [
            (-5, "0 seconds ago"),
            (1, "1 second ago"),
            (119, "119 seconds ago"),
            (120, "2 minutes ago"),
            (7_199, "119 minutes ago"),
            (7_200, "2 hours ago"),
            (172_799, "47 hours ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(age(at, at.plus_ms(seconds * 1000)), told);
        }
    }
}
