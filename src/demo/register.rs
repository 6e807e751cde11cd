//! Fills the gateway, by its own calls, as the organisations would.
//!
//! What was answered well is noted beside the ledger (`registered.ndjson`), so that a second start
//! tells nothing twice. A start that was broken off between an answer and its note is found out:
//! owners, dossiers and documents can be told again without harm, and of choices the gateway is
//! asked which it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use http::Method;
use ring::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::caller::{Answer, CallError, Claims, sha256};
use super::dataset::{Dataset, Party, PlannedAos, PlannedChoice};
use super::stage::Callers;
use crate::clock::Moment;
use crate::domain::{ChoiceId, ChoiceState};

/// The last note of a filling that came to its end.
const COMPLETE: &str = "volledig";
/// A running unsafe situation with less left than this is reported anew.
const AOS_LEFT_MS: i64 = 24 * 60 * 60 * 1000;

/// Why the gateway was not filled.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A call had no answer.
    #[error("the gateway could not be filled")]
    Call(#[from] CallError),
    /// The gateway refused.
    #[error("the gateway refused {what}: {status} {told}")]
    Refused {
        /// What it was told.
        what: String,
        /// The status.
        status: u16,
        /// Its words.
        told: String,
    },
    /// The notes.
    #[error("{}: cannot be read or written", path.display())]
    Notes {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A note is not one.
    #[error("{}: line {line} is damaged; remove the demo's folder to begin anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

/// What was registered, as the notes say.
#[derive(Debug)]
struct Notes {
    path: PathBuf,
    file: File,
    /// What was told, with what was answered.
    told: BTreeMap<String, Value>,
}

impl Notes {
    fn open(path: PathBuf) -> Result<Self, RegisterError> {
        let failed = |source| RegisterError::Notes {
            path: path.clone(),
            source,
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        // A last line without its end was being written when the demo was broken off.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut told = BTreeMap::new();
        for (number, line) in (1..).zip(text.get(..whole).unwrap_or_default().lines()) {
            let note: Option<(String, Value)> = serde_json::from_str(line).ok();
            let (what, answered) = note.ok_or_else(|| RegisterError::Damaged {
                path: path.clone(),
                line: number,
            })?;
            told.insert(what, answered);
        }
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        file.set_len(whole as u64).map_err(failed)?;
        Ok(Self { path, file, told })
    }

    fn note(&mut self, what: String, answered: Value) -> Result<(), RegisterError> {
        let line = format!("{}\n", json!([what, answered]));
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|source| RegisterError::Notes {
            path: self.path.clone(),
            source,
        })?;
        self.told.insert(what, answered);
        Ok(())
    }
}

/// One thing to tell.
struct Tell {
    party: Party,
    method: Method,
    path: &'static str,
    body: Value,
}

impl Tell {
    /// Its name in the notes: another body is another thing.
    fn name(&self) -> String {
        let text = format!("{} {}", self.party.code(), self.body);
        let mut hash = Context::new(&SHA256);
        hash.update(text.as_bytes());
        format!("{} {}#{}", self.method, self.path, sha256(hash))
    }
}

/// Fills the gateway with what it does not have yet; answers how many things it was told.
///
/// # Errors
/// [`RegisterError`].
pub(super) async fn register(
    callers: &mut Callers,
    dataset: &Dataset,
    notes: &Path,
    now: Moment,
) -> Result<usize, RegisterError> {
    let mut notes = Notes::open(notes.to_owned())?;
    let broken_off = !notes.told.is_empty() && !notes.told.contains_key(COMPLETE);
    let mut count = 0;
    for tell in plain(dataset) {
        count += usize::from(once(callers, &mut notes, &tell).await?.1);
    }
    for party in Party::ALL.into_iter().filter(|party| party.provides()) {
        count += usize::from(documents(callers, &mut notes, dataset, party).await?);
    }
    let known = if broken_off {
        references(callers, dataset).await?
    } else {
        BTreeMap::new()
    };
    for choice in &dataset.choices {
        count += usize::from(record(callers, &mut notes, choice, &known).await?);
    }
    for aos in &dataset.unsafe_situations {
        count += usize::from(report(callers, &mut notes, aos, now).await?);
    }
    if !notes.told.contains_key(COMPLETE) {
        notes.note(COMPLETE.to_owned(), Value::Null)?;
    }
    Ok(count)
}

/// What can be told twice without harm.
fn plain(dataset: &Dataset) -> impl Iterator<Item = Tell> {
    let owners = dataset.owners.iter().map(|owners| Tell {
        party: owners.told_by,
        method: Method::PUT,
        path: "/v1/adressen/_eigenaren",
        body: json!(owners),
    });
    let dossiers = dataset.dossiers.iter().map(|dossier| Tell {
        party: dossier.organisation,
        method: Method::PUT,
        path: "/v1/adressen/_dossiers",
        body: json!(dossier),
    });
    owners.chain(dossiers)
}

/// Tells something that was not told before; answers what was answered, and whether it was now.
async fn once(
    callers: &mut Callers,
    notes: &mut Notes,
    tell: &Tell,
) -> Result<(Value, bool), RegisterError> {
    let name = tell.name();
    if let Some(answered) = notes.told.get(&name) {
        return Ok((answered.clone(), false));
    }
    let caller = callers.of(tell.party);
    let answer = caller
        .send(tell.method.clone(), tell.path, &tell.body)
        .await?;
    let answered = accepted(&name, &answer)?;
    let id = json!({"id": answered.get("id"), "tot": answered.get("tot")});
    notes.note(name, id)?;
    Ok((answered, true))
}

/// The answer's body, when it is a good one.
pub(super) fn accepted(what: &str, answer: &Answer) -> Result<Value, RegisterError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.json());
    }
    Err(RegisterError::Refused {
        what: what.to_owned(),
        status: answer.status,
        told: answer.text(),
    })
}

/// Puts all documents of a party in the index with one call.
async fn documents(
    callers: &mut Callers,
    notes: &mut Notes,
    dataset: &Dataset,
    party: Party,
) -> Result<bool, RegisterError> {
    let own = dataset
        .documents
        .iter()
        .filter(|document| document.holder == party);
    let mut lines = String::new();
    for own in own {
        lines.push_str(&json!(own.document).to_string());
        lines.push('\n');
    }
    let tell = Tell {
        party,
        method: Method::POST,
        path: "/v1/documenten/_bulk",
        body: Value::String(lines.clone()),
    };
    let name = tell.name();
    if notes.told.contains_key(&name) {
        return Ok(false);
    }
    let body = Some(("application/x-ndjson", lines));
    let caller = callers.of(party);
    let answer = caller
        .call(tell.method, tell.path, Claims::registry()?, body)
        .await?;
    accepted(&name, &answer)?;
    notes.note(name, Value::Null)?;
    Ok(true)
}

/// Which choices of the dataset the gateway has: their ids, by the reference of their evidence.
async fn references(
    callers: &mut Callers,
    dataset: &Dataset,
) -> Result<BTreeMap<String, Value>, RegisterError> {
    let addresses: BTreeSet<_> = dataset
        .choices
        .iter()
        .map(|choice| choice.address)
        .collect();
    let mut known = BTreeMap::new();
    for address in addresses {
        for choice in choices_at(callers, &json!({"nummeraanduiding": address})).await? {
            let reference = choice.pointer("/bewijs/kenmerk").and_then(Value::as_str);
            if let Some(reference) = reference {
                known.insert(reference.to_owned(), choice);
            }
        }
    }
    Ok(known)
}

/// The choices at an address, as the gateway has them.
async fn choices_at(callers: &mut Callers, wanted: &Value) -> Result<Vec<Value>, RegisterError> {
    let path = "/v1/toestemmingen/_zoek";
    let answer = callers
        .of(Party::Img)
        .send(Method::POST, path, wanted)
        .await?;
    match accepted(path, &answer)?
        .get_mut("toestemmingen")
        .map(Value::take)
    {
        Some(Value::Array(choices)) => Ok(choices),
        _ => Err(CallError::Answer(path.to_owned()).into()),
    }
}

/// Records a choice, and then the state it is to end in.
async fn record(
    callers: &mut Callers,
    notes: &mut Notes,
    choice: &PlannedChoice,
    known: &BTreeMap<String, Value>,
) -> Result<bool, RegisterError> {
    let tell = Tell {
        party: choice.recorded_by,
        method: Method::POST,
        path: "/v1/toestemmingen",
        body: json!(choice),
    };
    let there = known.get(choice.evidence.reference.as_str());
    if let Some(there) = there
        && !notes.told.contains_key(&tell.name())
    {
        notes.note(tell.name(), json!({"id": there.get("id")}))?;
    }
    let (recorded, fresh) = once(callers, notes, &tell).await?;
    let Some(state) = choice.ends_as else {
        return Ok(fresh);
    };
    let name = format!("{} {}", state.code(), tell.name());
    if notes.told.contains_key(&name) {
        return Ok(fresh);
    }
    let ended = there.and_then(|there| there.get("toestand")) == Some(&json!(state));
    if !ended {
        let id = recorded.get("id").and_then(Value::as_str);
        let id = id.ok_or_else(|| CallError::Answer(tell.path.to_owned()))?;
        take_back(callers, choice.recorded_by, id, state).await?;
    }
    notes.note(name, Value::Null)?;
    Ok(true)
}

/// Takes a choice back; answers what was recorded.
pub(super) async fn take_back(
    callers: &mut Callers,
    party: Party,
    id: &str,
    state: ChoiceState,
) -> Result<Value, RegisterError> {
    let path = format!("/v1/toestemmingen/{id}/intrekken");
    let body = json!({"toestand": state});
    let answer = callers.of(party).send(Method::POST, &path, &body).await?;
    accepted("/v1/toestemmingen/{id}/intrekken", &answer)
}

/// Reports an unsafe situation; one that runs is reported again when its time is nearly up.
async fn report(
    callers: &mut Callers,
    notes: &mut Notes,
    aos: &PlannedAos,
    now: Moment,
) -> Result<bool, RegisterError> {
    let tell = Tell {
        party: aos.reported_by,
        method: Method::POST,
        path: "/v1/aos-meldingen",
        body: json!(aos),
    };
    if aos.until <= now {
        return Ok(once(callers, notes, &tell).await?.1);
    }
    let name = "lopende aos".to_owned();
    let until = notes
        .told
        .get(&name)
        .and_then(|answered| answered.get("tot"));
    let until = until
        .and_then(Value::as_str)
        .and_then(|text| Moment::parse(text).ok());
    if until.is_some_and(|until| until.ms_since(now) > AOS_LEFT_MS) {
        return Ok(false);
    }
    let answer = callers
        .of(tell.party)
        .send(tell.method, tell.path, &tell.body)
        .await?;
    accepted(tell.path, &answer)?;
    notes.note(name, json!({"tot": aos.until}))?;
    Ok(true)
}

/// The id of a given choice with this evidence; recorded anew when an earlier tour took it back.
pub(super) async fn given(
    callers: &mut Callers,
    choice: &PlannedChoice,
) -> Result<ChoiceId, RegisterError> {
    let path = "/v1/toestemmingen";
    let there = choices_at(callers, &json!({"nummeraanduiding": choice.address})).await?;
    let found = there.into_iter().find(|there| {
        there.get("toestand") == Some(&json!(choice.state))
            && there.pointer("/bewijs/kenmerk") == Some(&json!(choice.evidence.reference))
    });
    let found = if let Some(found) = found {
        found
    } else {
        let caller = callers.of(choice.recorded_by);
        let answer = caller.send(Method::POST, path, &json!(choice)).await?;
        accepted(path, &answer)?
    };
    let id = found.get("id").and_then(Value::as_str);
    id.and_then(|id| ChoiceId::parse(id).ok())
        .ok_or_else(|| CallError::Answer(path.to_owned()).into())
}
