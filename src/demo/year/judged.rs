//! What the privacy officers of the year do: on every working day they judge, by the procedures of
//! the desk, the releases whose turn it is.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::events::is_working_day;
use super::play::YearError;
use super::{DAY_MS, Year, YearClock, draw, drawn};
use crate::clock::Moment;
use crate::demo::dataset::{DatasetError, Party};
use crate::demo::people;
use crate::domain::{CaseNumber, DeskRole, Oin};
use crate::exchange::officer::{Cause, Officer, Officers, Remark, Verdict};
use crate::ledger::entry::Occasion;
use crate::oversight::{NotReady, Queued, State};

/// When they sit down to it, as UTC has it.
const AT_MS: i64 = (8 * 60 + 15) * 60 * 1000;
/// How long they let a release wait at most, in days: with a weekend behind it still within its term.
const LONGEST_DAYS: u64 = 9;
/// What the last days of the year brought is still to be judged when it ends.
const LEFT_DAYS: i64 = 14;
/// From which day of the year on each office overlooks the next release: one each.
const FORGETFUL: [(Party, i64); 2] = [(Party::Img, 150), (Party::Ncg, 250)];
/// As many as can wait.
const AT_MOST: usize = 1_000;
/// How long the book may take to be read for the first time.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
const REMARKS: [&str; 3] = [
    "De melding liep nog, en het stuk ging over hetzelfde pand.",
    "Nagevraagd bij het team: nodig voor de maatregel die dezelfde dag is genomen.",
    "Melding, zaak en document horen bij elkaar.",
];

/// The privacy officers of one organisation.
struct Office {
    party: Party,
    oin: Oin,
    people: Vec<Officer>,
    /// From when on a release is overlooked.
    forgets_from: Moment,
    forgotten: Option<u64>,
}

/// The officers of both, and how far they are.
pub(super) struct Judging<'o> {
    officers: &'o Officers,
    offices: Vec<Office>,
    next: Moment,
    /// What was released from then on is left.
    left_from: Moment,
}

impl<'o> Judging<'o> {
    pub(super) fn new(year: &Year, officers: &'o Officers) -> Self {
        let all = people::of(officers.organisations());
        let office = |(party, day): (Party, i64)| {
            let oin = year.parties.oin(party);
            let own = all.iter().map(|persona| &persona.officer);
            let own = own
                .filter(|person| person.organisation.oin == oin && person.is_any(&[DeskRole::Fg]));
            Office {
                party,
                oin,
                people: own.cloned().collect(),
                forgets_from: year.start().plus_ms(day * DAY_MS),
                forgotten: None,
            }
        };
        Self {
            officers,
            offices: FORGETFUL.into_iter().map(office).collect(),
            next: year.start().plus_ms(AT_MS),
            left_from: year.end().plus_ms(-LEFT_DAYS * DAY_MS),
        }
    }

    /// Judges on every working day up to this moment; how many there were.
    pub(super) async fn up_to(
        &mut self,
        moment: Moment,
        clock: &YearClock,
    ) -> Result<u64, YearError> {
        let mut judged = 0;
        while self.next <= moment {
            if is_working_day(self.next) {
                clock.set(self.next);
                for office in &mut self.offices {
                    judged += office.day(self.officers, self.left_from).await?;
                }
            }
            self.next = self.next.plus_ms(DAY_MS);
        }
        Ok(judged)
    }
}

impl Office {
    async fn day(&mut self, officers: &Officers, left_from: Moment) -> Result<u64, YearError> {
        let now = officers.now();
        let waiting = self.waiting(officers, now).await?;
        if self.forgotten.is_none() {
            let mut later = waiting.iter();
            let overlooked = later.find(|one| one.line.at >= self.forgets_from);
            self.forgotten = overlooked.map(|one| one.line.index);
        }
        let month = now.to_string();
        let month = month.get(..7).unwrap_or_default();
        let case = format!("{}-FG-{month}", self.party.code().to_uppercase());
        let cause = Cause {
            occasion: Occasion::Review,
            case: CaseNumber::parse(&case).map_err(DatasetError::from)?,
            explanation: None,
        };
        let due = waiting.iter().filter(|one| {
            let wait = 1 + draw(one.line.index, drawn::JUDGED) % LONGEST_DAYS;
            let is_ripe = now.ms_since(one.line.at) >= wait.cast_signed() * DAY_MS;
            is_ripe && one.line.at < left_from && self.forgotten != Some(one.line.index)
        });
        let cause = &cause;
        let calls = due.filter_map(|one| {
            let index = one.line.index;
            let drawn = draw(index, drawn::JUDGED_BY);
            let person = picked(&self.people, drawn)?;
            // Three of four need no explanation.
            let said = picked(&REMARKS, drawn / 16).filter(|_| drawn.is_multiple_of(4));
            let verdict = Verdict::Lawful(said.and_then(|text| Remark::parse(text)));
            Some(async move { officers.judge(person, cause, index, &verdict).await })
        });
        let judged = try_join_all(calls).await?;
        Ok(judged.len() as u64)
    }

    /// What waits for them, by its term.
    async fn waiting(&self, officers: &Officers, now: Moment) -> Result<Vec<Queued>, YearError> {
        let Some(person) = self.people.first() else {
            return Ok(Vec::new());
        };
        let mut waited = Duration::ZERO;
        loop {
            let (oin, who) = (self.oin, person.subject.clone());
            let looked = officers.oversight().read(move |index| {
                let queue = index.queue((oin, &who), false, now, (0, AT_MOST));
                queue.releases
            });
            match looked.await {
                Err(NotReady(State::Reading { .. })) if waited < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                looked => return Ok(looked?),
            }
        }
    }
}

fn picked<T>(all: &[T], drawn: u64) -> Option<&T> {
    let count = u64::try_from(all.len()).ok()?;
    let at = drawn.checked_rem(count)?;
    all.get(usize::try_from(at).ok()?)
}
