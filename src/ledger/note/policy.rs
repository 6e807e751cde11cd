//! Which witnesses must have cosigned before a checkpoint counts: a C2SP tlog-policy file.

mod rule;

use std::collections::BTreeMap;

pub use rule::Rule;

use super::cosign::CosignerKey;
use super::{Checkpoint, KeyError, NoteError, UnverifiedNote, Verifier};
use crate::clock::Moment;

/// A policy file; one with a hundred keys takes 20 KiB.
const POLICY_BYTES: usize = 64 * 1024;
/// Logs, witnesses and groups, each.
const NAMES: usize = 256;
/// The quorum that asks for nothing; no name of one's own.
const NONE: &[u8] = b"none";

/// Why a policy file is refused: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A line of it.
    #[error("line {line}: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it and what to do.
        what: String,
    },
    /// It does not end in a rule.
    #[error(
        "it has no quorum line; add one, such as `quorum NAME` with a witness or group above it"
    )]
    NoQuorum,
    /// It begins with a byte order mark, which is no character of it.
    #[error("it begins with a byte order mark (BOM); save it as UTF-8 without one")]
    Mark,
    /// It is too long.
    #[error("it is longer than {POLICY_BYTES} bytes; leave out what is not needed")]
    TooLong,
}

/// A log that the policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its key; the key's name is the log's origin.
    pub key: Verifier,
    /// Where it is, if the file says so.
    pub url: Option<String>,
}

/// A witness that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessLine {
    /// What the file calls it; without a meaning outside the file.
    pub name: String,
    /// Its key.
    pub key: CosignerKey,
    /// Its submission prefix, if the file has one.
    pub url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// So many of these members.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    needed: usize,
    members: Vec<Member>,
}

/// Logs, witnesses, and the rule which of these must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<LogLine>,
    witnesses: Vec<WitnessLine>,
    /// Each names only groups before it.
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A checkpoint that a policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Whose log it is of.
    pub origin: String,
    /// The moment at which the quorum stood behind it: enough witnesses cosigned it then or later.
    /// `None` when the policy asks for no witness.
    pub at: Option<Moment>,
    /// When each witness cosigned it, in the order of the policy.
    pub times: Vec<Option<Moment>>,
}

/// Why a policy does not accept a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWitnessed {
    /// The note itself, the log's signature on it, or a witness's.
    #[error("the checkpoint cannot be believed")]
    Note(#[source] NoteError),
    /// Too few witnesses.
    #[error("too few witnesses cosigned the checkpoint")]
    Quorum,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`], the first there is.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        if file.len() > POLICY_BYTES {
            return Err(PolicyError::TooLong);
        }
        if file.starts_with(b"\xef\xbb\xbf") {
            return Err(PolicyError::Mark);
        }
        let mut reader = Reader::default();
        for (line, bytes) in (1..).zip(file.split(|byte| *byte == b'\n')) {
            let read = reader.line(bytes);
            read.map_err(|what| PolicyError::Line { line, what })?;
        }
        let quorum = match reader.quorum.ok_or(PolicyError::NoQuorum)? {
            Quorum::Nobody => None,
            Quorum::Of(member) => Some(member),
        };
        Ok(Self {
            logs: reader.logs,
            witnesses: reader.witnesses,
            groups: reader.groups,
            quorum,
        })
    }

    /// The logs it accepts, in the order of the file; perhaps none, when which log is meant is known
    /// otherwise.
    #[must_use]
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }

    /// The witnesses it knows, in the order of the file.
    #[must_use]
    pub fn witnesses(&self) -> &[WitnessLine] {
        &self.witnesses
    }

    /// Whether it asks for any witness at all.
    #[must_use]
    pub const fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Since when the quorum stands, from when each witness cosigned: the latest moment such that
    /// those who cosigned then or later are enough. `None` when it is not reached, or none is asked.
    #[must_use]
    pub fn quorum_at(&self, times: &[Option<Moment>]) -> Option<Moment> {
        let mut moments: Vec<Moment> = times.iter().copied().flatten().collect();
        moments.sort_unstable();
        let reached = |at: &Moment| self.is_reached(|one| time_of(times, one) >= Some(*at));
        moments.into_iter().rev().find(reached)
    }

    /// Whether these witnesses are enough.
    #[must_use]
    pub fn is_reached(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        let Some(quorum) = self.quorum else {
            return true;
        };
        // Each group looks only at what stands before it, so one pass suffices.
        let mut reached: Vec<bool> = Vec::with_capacity(self.groups.len());
        let stands = |member: &Member, reached: &[bool]| match *member {
            Member::Witness(at) => cosigned(at),
            Member::Group(at) => reached.get(at).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let of = group.members.iter();
            let count = of.filter(|member| stands(member, &reached)).count();
            reached.push(count >= group.needed);
        }
        stands(&quorum, &reached)
    }

    /// Opens a checkpoint: it must be signed by one of the logs and cosigned as the quorum asks. A
    /// wrong signature by any known key spoils it; those of strangers are passed over.
    ///
    /// # Errors
    /// [`NotWitnessed`].
    pub fn open(&self, note: &str) -> Result<Witnessed, NotWitnessed> {
        let note = UnverifiedNote::parse(note).map_err(NotWitnessed::Note)?;
        let opened = first_signed(self.logs.iter().map(|log| log.key.open_parsed(&note)));
        let checkpoint = opened.map_err(NotWitnessed::Note)?;
        let times = self.times(&note).map_err(NotWitnessed::Note)?;
        let at = self.quorum_at(&times);
        if self.quorum.is_some() && at.is_none() {
            return Err(NotWitnessed::Quorum);
        }
        Ok(Witnessed {
            checkpoint,
            origin: note.origin().to_owned(),
            at,
            times,
        })
    }

    /// When each witness cosigned a note.
    ///
    /// # Errors
    /// [`NoteError`] when a known witness's cosignature is wrong.
    pub fn times(&self, note: &UnverifiedNote<'_>) -> Result<Vec<Option<Moment>>, NoteError> {
        let of = |witness: &WitnessLine| Ok(witness.key.find(note)?.map(|found| found.at));
        self.witnesses.iter().map(of).collect()
    }
}

/// The first verdict by a key that signed; else why nobody's counts.
pub(super) fn first_signed(
    verdicts: impl Iterator<Item = Result<Checkpoint, NoteError>>,
) -> Result<Checkpoint, NoteError> {
    let mut unsigned = NoteError::Unsigned;
    for verdict in verdicts {
        match verdict {
            Err(why) if why.is_unsigned() => {
                if unsigned == NoteError::Unsigned {
                    unsigned = why;
                }
            }
            verdict => return verdict,
        }
    }
    Err(unsigned)
}

fn time_of(times: &[Option<Moment>], witness: usize) -> Option<Moment> {
    times.get(witness).copied().flatten()
}

/// What the quorum line names.
#[derive(Debug, Clone, Copy)]
enum Quorum {
    Nobody,
    Of(Member),
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    logs: Vec<LogLine>,
    witnesses: Vec<WitnessLine>,
    groups: Vec<Group>,
    /// Names are bytes: the file has no encoding. Each with what it names and whether a group has it.
    names: BTreeMap<Vec<u8>, (Member, bool)>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        if let Some(byte) = line.iter().find(|byte| is_control(**byte)) {
            return Err(format!(
                "holds the control character 0x{byte:02x}; only tabs and line feeds are allowed"
            ));
        }
        let mut words = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        let Some(first) = words.next().filter(|first| !first.starts_with(b"#")) else {
            return Ok(());
        };
        let rest: Vec<&[u8]> = words.collect();
        match (first, rest.as_slice()) {
            (b"log", [key]) => self.log(key, None),
            (b"log", [key, url]) => self.log(key, Some(url)),
            (b"log", _) => Err("expected `log VKEY [URL]`".to_owned()),
            (b"witness", [name, key]) => self.witness(name, key, None),
            (b"witness", [name, key, url]) => self.witness(name, key, Some(url)),
            (b"witness", _) => Err("expected `witness NAME VKEY [URL]`".to_owned()),
            (b"group", [name, how_many, members @ ..]) if !members.is_empty() => {
                self.group(name, how_many, members)
            }
            (b"group", _) => Err("expected `group NAME any|all|NUMBER MEMBER…`".to_owned()),
            (b"quorum", [name]) => self.quorum(name),
            (b"quorum", _) => Err("expected `quorum NAME`, or `quorum none`".to_owned()),
            (other, _) => Err(format!(
                "`{}` is no keyword; expected log, witness, group or quorum",
                shown(other)
            )),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        room(self.logs.len(), "logs")?;
        let key = parsed(key, Verifier::parse)?;
        let known = |log: &LogLine| log.key.key.bytes() == key.key.bytes();
        if self.logs.iter().any(known) {
            return Err("another log line has this public key already; remove one".to_owned());
        }
        let url = url.map(as_url).transpose()?;
        self.logs.push(LogLine { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        room(self.witnesses.len(), "witnesses")?;
        let key = parsed(key, CosignerKey::parse)?;
        let known = |witness: &WitnessLine| witness.key.bytes() == key.bytes();
        if self.witnesses.iter().any(known) {
            return Err("another witness line has this public key already; remove one".to_owned());
        }
        let url = url.map(as_url).transpose()?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        let name = shown(name);
        self.witnesses.push(WitnessLine { name, key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], how_many: &[u8], names: &[&[u8]]) -> Result<(), String> {
        room(self.groups.len(), "groups")?;
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            members.push(self.join(member)?);
        }
        let needed = match how_many {
            b"any" => 1,
            b"all" => members.len(),
            number => std::str::from_utf8(number)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .filter(|needed| (1..=members.len()).contains(needed))
                .ok_or_else(|| {
                    format!(
                        "`{}` of {} members cannot be; expected any, all or a number from 1 to {1}",
                        shown(number),
                        members.len()
                    )
                })?,
        };
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { needed, members });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("there is a quorum line already; keep one".to_owned());
        }
        self.quorum = Some(if name == NONE {
            Quorum::Nobody
        } else {
            Quorum::Of(self.named(name)?)
        });
        Ok(())
    }

    fn define(&mut self, name: &[u8], what: Member) -> Result<(), String> {
        if name == NONE {
            return Err("the name none is taken: it means no quorum; choose another".to_owned());
        }
        if self.names.contains_key(name) {
            let name = shown(name);
            return Err(format!("the name {name} is taken already; choose another"));
        }
        self.names.insert(name.to_owned(), (what, false));
        Ok(())
    }

    fn named(&self, name: &[u8]) -> Result<Member, String> {
        match self.names.get(name) {
            Some((member, _)) => Ok(*member),
            None => Err(unknown(name)),
        }
    }

    /// A name may stand in one group only: no witness counts twice.
    fn join(&mut self, name: &[u8]) -> Result<Member, String> {
        match self.names.get_mut(name) {
            None => Err(unknown(name)),
            Some((_, true)) => Err(format!(
                "{} is a member of a group already; a name counts once",
                shown(name)
            )),
            Some((member, joined)) => {
                *joined = true;
                Ok(*member)
            }
        }
    }
}

fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unknown(name: &[u8]) -> String {
    format!(
        "no witness or group {} stands above this line; define it first",
        shown(name)
    )
}

fn room(taken: usize, of: &str) -> Result<(), String> {
    if taken < NAMES {
        Ok(())
    } else {
        Err(format!(
            "more than {NAMES} {of}; leave out what is not needed"
        ))
    }
}

fn parsed<T>(key: &[u8], parse: impl Fn(&str) -> Result<T, KeyError>) -> Result<T, String> {
    let text = std::str::from_utf8(key).map_err(|_| KeyError::Form);
    text.and_then(parse)
        .map_err(|error| format!("the key cannot be used: {error}; copy it again from its owner"))
}

fn as_url(url: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(url).map(str::to_owned);
    text.map_err(|_| "the URL is not UTF-8; correct it".to_owned())
}
