//! Plays the year: the parties' systems call the gateway, a few at a time, while its clock is moved
//! from one moment to the next.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::try_join_all;
use http::Method;
use serde_json::json;

use super::events::{Ask, Event, Script, What};
use super::judged::Judging;
use super::{Year, YearClock};
use crate::clock::{Clock, Random};
use crate::demo::caller::{CallError, Claims};
use crate::demo::dataset::{DatasetError, Party};
use crate::demo::register::{RegisterError, accepted};
use crate::demo::settings::AUDIENCE;
use crate::demo::stage::Callers;
use crate::exchange::Failure;
use crate::exchange::officer::Officers;
use crate::identity::DevPki;
use crate::oversight::NotReady;

/// How many call at the same time.
const AT_ONCE: usize = 64;
/// What happened within so long of each other may be told at the same moment.
const TOGETHER_MS: i64 = 20 * 60 * 1000;
/// Documents told in one call.
const BULK_LINES: usize = 1_000;
/// What such a call counts for in the progress, beside the others.
const BULK_WEIGHT: u64 = 10;

/// Why the year was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum YearError {
    /// A mistake in its tables.
    #[error("the year's tables are wrong")]
    Tables(#[from] DatasetError),
    /// A call had no answer.
    #[error("the year could not be played")]
    Call(#[from] CallError),
    /// The gateway refused what it should take.
    #[error("the year could not be told")]
    Refused(#[from] RegisterError),
    /// The book could not be read to find what is to be judged.
    #[error("what was to be judged in the year could not be found")]
    Looking(#[from] NotReady),
    /// A judgement was not taken.
    #[error("a release of the year could not be judged")]
    Judging(#[from] Failure),
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Played {
    /// Documents in the index.
    pub documents: u64,
    /// Owners, dossiers, choices and unsafe situations that were told.
    pub told: u64,
    /// Documents handed over.
    pub granted: u64,
    /// Requests refused by the policy.
    pub refused: u64,
    /// Releases judged afterwards, once for each organisation.
    pub judged: u64,
}

/// What one call came to.
enum Came {
    Told(Option<(u32, String)>),
    Granted,
    Refused,
}

/// Plays the year before the gateway at this address, whose clock is the one given and whose desk has
/// these procedures; `progress` is told how much of how much is done.
///
/// # Errors
/// [`YearError`].
pub async fn play(
    year: &Year,
    pki: &DevPki,
    (gateway, officers): (SocketAddr, &Officers),
    clock: &Arc<YearClock>,
    random: &Arc<dyn Random>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Played, YearError> {
    let events = Script::of(year)?;
    let lines = index(year)?;
    let total = events.len() as u64 + lines.len() as u64 * BULK_WEIGHT;
    let mut done = 0;
    let their_clock: Arc<dyn Clock> = Arc::<YearClock>::clone(clock);
    let mut callers = (0..AT_ONCE)
        .map(|_| Callers::new(pki, gateway, AUDIENCE, &their_clock, random))
        .collect::<Result<Vec<_>, _>>()?;
    let mut played = Played::default();

    for (party, text, count) in lines {
        let Some(caller) = callers.first_mut() else {
            break;
        };
        let body = Some(("application/x-ndjson", text));
        let path = "/v1/documenten/_bulk";
        let claims = Claims::registry()?;
        let answer = caller
            .of(party)
            .call(Method::POST, path, claims, body)
            .await?;
        accepted(path, &answer)?;
        played.documents += count;
        done += BULK_WEIGHT;
        progress(done, total);
    }

    let mut made: HashMap<u32, String> = HashMap::new();
    let mut judging = Judging::new(year, officers);
    let mut rest = events.as_slice();
    while let Some(first) = rest.first() {
        let together = rest
            .iter()
            .take(AT_ONCE)
            .take_while(|event| event.at.ms_since(first.at) < TOGETHER_MS)
            .count();
        let (now, later) = rest.split_at(together);
        played.judged += judging.up_to(first.at, clock).await?;
        clock.set(first.at);
        let calls = now
            .iter()
            .zip(&mut callers)
            .map(|(event, callers)| one(event, callers, &made));
        for came in try_join_all(calls).await? {
            match came {
                Came::Told(id) => {
                    played.told += 1;
                    made.extend(id);
                }
                Came::Granted => played.granted += 1,
                Came::Refused => played.refused += 1,
            }
        }
        done += now.len() as u64;
        progress(done, total);
        rest = later;
    }
    played.judged += judging.up_to(year.end(), clock).await?;
    Ok(played)
}

/// The index of documents, as the bodies of calls, with how many each holds.
fn index(year: &Year) -> Result<Vec<(Party, String, u64)>, DatasetError> {
    let mut bodies = Vec::new();
    for holder in [Party::Ncg, Party::Img] {
        let (mut text, mut count) = (String::new(), 0);
        for number in 0..year.addresses() {
            for kind in Year::kinds(number, holder) {
                text.push_str(&json!(year.planned(number, kind)?.document).to_string());
                text.push('\n');
                count += 1;
            }
            if count >= BULK_LINES {
                bodies.push((holder, std::mem::take(&mut text), count as u64));
                count = 0;
            }
        }
        if count > 0 {
            bodies.push((holder, text, count as u64));
        }
    }
    Ok(bodies)
}

async fn one(
    event: &Event,
    callers: &mut Callers,
    made: &HashMap<u32, String>,
) -> Result<Came, YearError> {
    let caller = callers.of(event.party);
    match &event.what {
        What::Tell {
            method,
            path,
            body,
            remember,
        } => {
            let answer = caller.send(method.clone(), path, body).await?;
            let answered = accepted(path, &answer)?;
            let id = answered.get("id").and_then(serde_json::Value::as_str);
            Ok(Came::Told(remember.zip(id.map(str::to_owned))))
        }
        What::End {
            made: number,
            path,
            what,
            body,
        } => {
            let id = made.get(number);
            let id = id.ok_or_else(|| CallError::Answer((*path).to_owned()))?;
            let answer = caller
                .send(Method::POST, &format!("{path}/{id}/{what}"), body)
                .await?;
            accepted(path, &answer)?;
            Ok(Came::Told(None))
        }
        What::Ask(ask) => {
            let path = format!("/v1/documenten/{}/download", ask.document);
            let answer = caller.get(&path, claims(event.party, ask)?).await?;
            match answer.status {
                200 => Ok(Came::Granted),
                403 => Ok(Came::Refused),
                _ => {
                    accepted("/v1/documenten/{uuid}/download", &answer)?;
                    Err(CallError::Answer("/v1/documenten/{uuid}/download".to_owned()).into())
                }
            }
        }
    }
}

fn claims(party: Party, ask: &Ask) -> Result<Claims, CallError> {
    let employee = format!("medewerker-{}-{}", party.code(), ask.employee);
    Claims::asked(&employee, ask.purpose, &ask.case, ask.team, ask.document)
}
