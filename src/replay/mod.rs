//! Lawful by replay: the book read from its first entry, the registry rebuilt from it, and every
//! decision made again with the bundle that was in force at its own moment and the facts that stood
//! before it (DESIGN, I2). What follows is compared with what was recorded.
//!
//! One pass checks what [`crate::ledger::verify`] checks, and beside it: that every sealed value is the
//! one its entry committed to, under the key of its own address; that every change of the registry saw
//! the newest state of its address; that every decision did, and follows; that two people stand behind
//! what was erased and held. The work goes through three
//! stations on any number of threads (read; open and parse; decide), with a few chunks under way at
//! once, so that memory is bounded by the registry and not by the book.
//!
//! What a document was (its kind, its provider, its health mark) is the providers' own to say and not
//! in the book: it is taken as the entry tells it. Which part an organisation plays comes from the
//! configuration. What was erased, or names what the configuration lacks, is counted by its reason and
//! told: it is neither passed nor found wrong. What this module deliberately does not do: read a file
//! or a database, or write.

mod agreed;
mod asked;
mod case;
mod counts;
mod differences;
mod fault;
mod judge;
mod search;
mod second;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::domain::Organisations;
use crate::ledger::note::Verifier;
use crate::ledger::registry::Registry;
use crate::ledger::verify::{Checker, Known, Progress, SealedSource, Summary, Walk, Wrong};
use crate::ledger::{EntryFlaw, Leaf, Opener};
use crate::policy::Policies;
use crate::store::SealedEntry;
use agreed::Agreements;
pub use agreed::learn;
pub use asked::{Asking, Compared, compare, unverified_span};
use case::Case;
use counts::Found;
pub use counts::{Counts, Replayed, Unjudged};
pub use differences::{Changes, Difference, Direction, Ground, Shift, Tally, Unasked};
pub use fault::{Fault, NotRight, Told};
use second::Proposals;

/// What decisions are made again with.
#[derive(Debug)]
pub struct With {
    /// Who takes part, in which part.
    pub organisations: Organisations,
    /// The bundles that are known beside those that are kept with the book.
    pub policies: Policies,
    /// What opens the sealed values.
    pub opener: Opener,
    /// How many threads may work at once; at least one does.
    pub threads: usize,
}

/// What is made of the decisions of a book, each with the facts that stood before it.
trait Judge: fmt::Debug + Send + Sync + 'static {
    /// What the decisions of one step came to.
    type Tally: Default + Send + 'static;

    /// Judges one case; what follows is wrong with its entry.
    fn judge(&self, case: Case, with: &With, tally: &mut Self::Tally) -> Result<(), Fault>;
}

/// What everyone at work shares.
#[derive(Debug)]
struct Shared<J> {
    with: With,
    judge: J,
    at_work: Semaphore,
}

impl<J: Judge> Shared<J> {
    /// Does this on a thread of its own, when there is room for one more.
    async fn work<T: Send + 'static>(
        self: Arc<Self>,
        what: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, NotRight> {
        // It is never closed; were it, there would be no work to do.
        let permit = self.at_work.acquire().await.map_err(|_| NotRight::Broken)?;
        let shared = Arc::clone(&self);
        let done = tokio::task::spawn_blocking(move || what(&shared)).await;
        drop(permit);
        done.map_err(|_| NotRight::Broken)
    }
}

/// Entries that were opened, up to one that could not be.
struct Opened {
    leaves: Vec<Leaf>,
    flaw: Option<(u64, EntryFlaw)>,
}

/// The entries up to an index, being opened; or why they could not be read.
type Chunk = (u64, Result<JoinHandle<Result<Opened, NotRight>>, Wrong>);
/// Decisions that are being made again.
type Judging<T> = JoinHandle<Result<Result<T, (u64, Fault)>, NotRight>>;

/// Reads the whole book, checks it, and makes every decision again; `progress` is called after every
/// step. `known` are checkpoints that were seen before, which must be of its past.
///
/// # Errors
/// [`NotRight`]: the first thing that is wrong.
pub async fn run<S: SealedSource + Send + 'static>(
    source: Arc<S>,
    verifier: &Verifier,
    known: impl IntoIterator<Item = Known>,
    with: With,
    progress: impl FnMut(Progress) + Send,
) -> Result<Replayed, NotRight> {
    let mut counts = Counts::default();
    let take = |of_step: Counts| counts.add(&of_step);
    let passed = pass(
        source,
        verifier,
        known,
        (with, judge::Follows),
        take,
        progress,
    )
    .await?;
    counts.erased = passed.erased;
    let summary = passed.summary;
    Ok(Replayed { summary, counts })
}

/// A book that was read to its end.
struct Passed {
    summary: Summary,
    /// Entries of which something was erased.
    erased: u64,
}

/// Reads the whole book, checks it, and has every decision judged; `take` is handed what the decisions
/// of each step came to, in the order of the book.
async fn pass<S: SealedSource + Send + 'static, J: Judge>(
    source: Arc<S>,
    verifier: &Verifier,
    known: impl IntoIterator<Item = Known>,
    (with, judge): (With, J),
    take: impl FnMut(J::Tally) + Send,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Passed, NotRight> {
    let walk = Walk::begin(&*source, verifier, known).await?;
    learn(&*source, &with.policies).await?;
    let threads = with.threads.max(1);
    let shared = Arc::new(Shared {
        with,
        judge,
        at_work: Semaphore::new(threads),
    });
    let (send, mut chunks) = mpsc::channel(threads);
    let reader = tokio::spawn(read(
        Arc::clone(&source),
        walk.size(),
        Arc::clone(&shared),
        send,
    ));
    let mut replay = Replay {
        walk: &walk,
        shared,
        threads,
        judging: VecDeque::new(),
        take,
    };
    let mut state = Some(State {
        checker: walk.checker(),
        registry: Registry::default(),
        proposals: Proposals::default(),
        agreements: Agreements::default(),
        erased: 0,
        strangers: false,
    });
    let mut ended = Ok(());
    while let Some((to, opened)) = chunks.recv().await {
        ended = replay.step(&mut state, to, opened).await;
        if ended.is_err() {
            break;
        }
        progress(Progress {
            checked: to,
            size: walk.size(),
        });
    }
    // Whoever still reads finds nobody to send to.
    drop(chunks);
    let _ = reader.await;
    ended?;
    replay.drain(0).await?;
    let state = state.ok_or(NotRight::Broken)?;
    let erased = state.erased;
    let summary = walk.finish(state.checker).await?;
    Ok(Passed { summary, erased })
}

async fn read<S: SealedSource, J: Judge>(
    source: Arc<S>,
    size: u64,
    shared: Arc<Shared<J>>,
    send: mpsc::Sender<Chunk>,
) {
    let mut from = 0;
    while from < size {
        let to = size.min(from + source.step());
        let read = source.sealed(from, to).await;
        let failed = read.is_err();
        let chunk = read.map_err(|error| Wrong::at(from, error)).map(|sealed| {
            let many = usize::try_from(to - from).unwrap_or(usize::MAX);
            let opening = Arc::clone(&shared).work(move |shared| open(&sealed, many, &shared.with));
            tokio::spawn(opening)
        });
        if send.send((to, chunk)).await.is_err() || failed {
            return;
        }
        from = to;
    }
}

fn open(sealed: &[SealedEntry], many: usize, with: &With) -> Opened {
    let mut opened = Opened {
        leaves: Vec::with_capacity(sealed.len()),
        flaw: None,
    };
    for one in sealed.iter().take(many) {
        match with.opener.open(one) {
            Ok(leaf) => opened.leaves.push(leaf),
            Err(flaw) => {
                opened.flaw = Some((one.index, flaw));
                break;
            }
        }
    }
    opened
}

/// What is known after the entries so far.
struct State {
    checker: Checker,
    registry: Registry,
    proposals: Proposals,
    agreements: Agreements,
    erased: u64,
    strangers: bool,
}

/// What a step of the book came to, before its decisions are made again.
struct Stepped {
    cases: Vec<Case>,
    fault: Option<(u64, Fault)>,
}

impl State {
    fn take<J>(&mut self, opened: Opened, shared: &Shared<J>) -> Stepped {
        let mut cases = Vec::new();
        for leaf in opened.leaves {
            let index = leaf.index;
            if let Err((index, flaw)) = self.checker.take(&leaf.entry, leaf.hash) {
                let fault = Some((index, Fault::Order(flaw)));
                return Stepped { cases, fault };
            }
            let is_erased = |field: &String| !leaf.values.contains_key(field);
            self.erased += u64::from(leaf.entry.zegels.keys().any(is_erased));
            let is_strange = |oin| shared.with.organisations.find(oin).is_none();
            let named = leaf.entry.aanvrager.into_iter().chain(leaf.entry.bron);
            self.strangers |= named.into_iter().any(is_strange);
            let with = &shared.with;
            let agreed = (self.agreements).check(&leaf, &with.policies, &with.organisations);
            if let Err(fault) = agreed.and_then(|()| self.proposals.take(&leaf)) {
                let fault = Some((index, fault));
                return Stepped { cases, fault };
            }
            match case::next(&mut self.registry, leaf) {
                Ok(case) => cases.extend(case.map(|case| Case {
                    strangers: self.strangers,
                    ..case
                })),
                Err(fault) => {
                    let fault = Some((index, fault));
                    return Stepped { cases, fault };
                }
            }
        }
        let fault = opened.flaw.map(|(index, flaw)| (index, Fault::Entry(flaw)));
        Stepped { cases, fault }
    }
}

fn judge_all<J: Judge>(cases: Vec<Case>, shared: &Shared<J>) -> Result<J::Tally, (u64, Fault)> {
    let mut tally = J::Tally::default();
    for case in cases {
        let index = case.index();
        let judged = (shared.judge).judge(case, &shared.with, &mut tally);
        judged.map_err(|fault| (index, fault))?;
    }
    Ok(tally)
}

/// A replay under way.
struct Replay<'s, S, J: Judge, F> {
    walk: &'s Walk<'s, S>,
    shared: Arc<Shared<J>>,
    threads: usize,
    judging: VecDeque<Judging<J::Tally>>,
    take: F,
}

impl<S: SealedSource, J: Judge, F: FnMut(J::Tally)> Replay<'_, S, J, F> {
    async fn step(
        &mut self,
        state: &mut Option<State>,
        to: u64,
        chunk: Result<JoinHandle<Result<Opened, NotRight>>, Wrong>,
    ) -> Result<(), NotRight> {
        let opened = match chunk {
            Ok(opening) => opening.await.map_err(|_| NotRight::Broken)??,
            Err(wrong) => return Err(self.first_of(wrong).await),
        };
        let mut known = state.take().ok_or(NotRight::Broken)?;
        let work = Arc::clone(&self.shared).work(move |shared| {
            let stepped = known.take(opened, shared);
            (known, stepped)
        });
        let (mut known, stepped) = work.await?;
        let judging = Arc::clone(&self.shared)
            .work(move |shared: &Shared<J>| judge_all(stepped.cases, shared));
        self.judging.push_back(tokio::spawn(judging));
        if let Some((index, fault)) = stepped.fault {
            self.drain(0).await?;
            // A change of an earlier entry may be what this one stumbled over.
            return Err(match self.walk.look_around(&mut known.checker).await {
                Err(wrong) => wrong.into(),
                Ok(()) => NotRight::Entry { index, fault },
            });
        }
        if let Err(wrong) = self.walk.settle(&mut known.checker, to).await {
            return Err(self.first_of(wrong).await);
        }
        *state = Some(known);
        self.drain(self.threads).await
    }

    /// What comes first in the book: this, or a decision before it that does not follow.
    async fn first_of(&mut self, wrong: Wrong) -> NotRight {
        match self.drain(0).await {
            Err(earlier)
                if earlier
                    .index()
                    .is_some_and(|index| wrong.index().is_none_or(|wrong| index < wrong)) =>
            {
                earlier
            }
            _ => wrong.into(),
        }
    }

    /// Waits until no more than so many chunks are being judged.
    async fn drain(&mut self, left: usize) -> Result<(), NotRight> {
        while self.judging.len() > left
            && let Some(judging) = self.judging.pop_front()
        {
            let judged = judging.await.map_err(|_| NotRight::Broken)??;
            let tally = judged.map_err(|(index, fault)| NotRight::Entry { index, fault })?;
            (self.take)(tally);
        }
        Ok(())
    }
}
