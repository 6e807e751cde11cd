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
mod case;
mod fault;
mod judge;
mod search;
mod second;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::domain::Organisations;
use crate::ledger::note::Verifier;
use crate::ledger::registry::Registry;
use crate::ledger::verify::{Checker, Known, Progress, SealedSource, Summary, Walk, Wrong};
use crate::ledger::{EntryFlaw, Leaf, Opener};
use crate::policy::{self, Bundle, Judgements, Policies};
use crate::store::SealedEntry;
use case::Case;
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

/// A book that is whole, and whose decisions follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What the book is.
    pub summary: Summary,
    /// What was made again.
    pub counts: Counts,
}

/// What was made again, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Decisions of the policy that follow.
    pub followed: u64,
    /// Searches whose every kind and reason can follow.
    pub searches: u64,
    /// Refusals before any policy was asked, by their code.
    pub unasked: u64,
    /// What a candidate said beside decisions that follow, which follows too.
    pub shadows: u64,
    /// Entries of which something was erased.
    pub erased: u64,
    /// What could not be judged: how often, and the first index.
    pub unjudged: BTreeMap<Unjudged, (u64, u64)>,
}

/// Why a decision could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unjudged {
    /// Its own values were erased.
    Erased,
    /// Something was erased of what it rested on.
    ErasedBefore,
    /// The bundle in force then is not kept with the book, or this version does not read it.
    Bundle,
    /// An organisation it names is not in the configuration.
    Organisation,
    /// It is a refusal because the policy could not be used then, and now it can.
    Unusable,
    /// It follows, but what stands beside it is of a candidate that is not in the configuration.
    Candidate,
}

impl Unjudged {
    /// What is said of decisions that could not be judged for this reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Erased => "their own values were erased",
            Self::ErasedBefore => "something they rested on was erased",
            Self::Bundle => {
                "the bundle in force then is not kept with the ledger in a form that this version reads"
            }
            Self::Organisation => "an organisation they name is not in the configuration",
            Self::Unusable => "they were refused because no policy could be used then",
            Self::Candidate => {
                "they follow, but the candidate whose answer stands beside them is not in the configuration"
            }
        }
    }
}

/// What one decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Followed,
    /// And so does what a candidate said beside it.
    FollowedBoth,
    /// And what a candidate said beside it was not checked.
    FollowedAlone,
    Searched,
    Unasked,
    Unjudged(Unjudged),
}

impl Counts {
    fn count(&mut self, index: u64, found: Found) {
        match found {
            Found::Followed => self.followed += 1,
            Found::FollowedBoth => {
                self.followed += 1;
                self.shadows += 1;
            }
            Found::FollowedAlone => {
                self.followed += 1;
                self.count(index, Found::Unjudged(Unjudged::Candidate));
            }
            Found::Searched => self.searches += 1,
            Found::Unasked => self.unasked += 1,
            Found::Unjudged(why) => {
                self.unjudged
                    .entry(why)
                    .and_modify(|(count, first)| {
                        *count += 1;
                        *first = (*first).min(index);
                    })
                    .or_insert((1, index));
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.followed += other.followed;
        self.searches += other.searches;
        self.unasked += other.unasked;
        self.shadows += other.shadows;
        self.erased += other.erased;
        for (why, (count, first)) in &other.unjudged {
            let known = self.unjudged.entry(*why).or_insert((0, *first));
            known.0 += count;
            known.1 = known.1.min(*first);
        }
    }

    /// What could not be judged, one sentence for each reason.
    pub fn not_judged(&self) -> impl Iterator<Item = String> {
        let told = |(why, (count, first)): (&Unjudged, &(u64, u64))| {
            let what = match why {
                Unjudged::Candidate => "candidates beside decisions were not asked again",
                _ => "decisions were not judged",
            };
            format!("{count} {what}, from entry {first} on: {}", why.reason())
        };
        self.unjudged.iter().map(told)
    }
}

impl fmt::Display for Counts {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} decisions follow, {} searches can, {} were refused before any policy was asked; \
             {} entries have something erased",
            self.followed, self.searches, self.unasked, self.erased
        )?;
        self.not_judged().try_for_each(|told| write!(f, "; {told}"))
    }
}

impl fmt::Display for Replayed {
    /// One line for the operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.summary, self.counts)
    }
}

/// What everyone at work shares.
#[derive(Debug)]
struct Shared {
    with: With,
    origin: String,
    judgements: Judgements,
    at_work: Semaphore,
}

impl Shared {
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
type Judging = JoinHandle<Result<Result<Counts, (u64, Fault)>, NotRight>>;

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
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Replayed, NotRight> {
    let walk = Walk::begin(&*source, verifier, known).await?;
    learn(&*source, &with.policies).await?;
    let threads = with.threads.max(1);
    let shared = Arc::new(Shared {
        with,
        origin: verifier.name().to_owned(),
        judgements: Judgements::default(),
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
        counts: Counts::default(),
    };
    let mut state = Some(State {
        checker: walk.checker(),
        registry: Registry::default(),
        proposals: Proposals::default(),
        counts: Counts::default(),
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
    let mut counts = replay.counts;
    let state = state.ok_or(NotRight::Broken)?;
    counts.add(&state.counts);
    let summary = walk.finish(state.checker).await?;
    Ok(Replayed { summary, counts })
}

/// Learns the bundles that are kept with the book: what was agreed on decides, whatever was configured.
/// One that this version does not read is as good as missing, and decisions by it are told.
///
/// # Errors
/// [`NotRight::Bundle`] when one is not what its hash says; it is then not used.
pub async fn learn<S: SealedSource>(source: &S, policies: &Policies) -> Result<(), NotRight> {
    let kept = source.bundles().await;
    for (hash, files) in kept.map_err(|error| Wrong::at(0, error))? {
        if policy::hash_of_files(&files) != Some(hash) {
            return Err(NotRight::Bundle(hash));
        }
        if policies.find(hash).is_none()
            && let Ok(bundle) = Bundle::from_text(&files)
        {
            policies.learn(Arc::new(bundle));
        }
    }
    Ok(())
}

async fn read<S: SealedSource>(
    source: Arc<S>,
    size: u64,
    shared: Arc<Shared>,
    send: mpsc::Sender<Chunk>,
) {
    let mut from = 0;
    while from < size {
        let to = size.min(from + source.step());
        let read = source.sealed(from, to).await;
        let failed = read.is_err();
        let chunk = read.map_err(|error| Wrong::at(from, error)).map(|sealed| {
            let many = usize::try_from(to - from).unwrap_or(usize::MAX);
            let opening = Arc::clone(&shared).work(move |shared| open(&sealed, many, shared));
            tokio::spawn(opening)
        });
        if send.send((to, chunk)).await.is_err() || failed {
            return;
        }
        from = to;
    }
}

fn open(sealed: &[SealedEntry], many: usize, shared: &Shared) -> Opened {
    let mut opened = Opened {
        leaves: Vec::with_capacity(sealed.len()),
        flaw: None,
    };
    for one in sealed.iter().take(many) {
        match shared.with.opener.open(one) {
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
    counts: Counts,
    strangers: bool,
}

/// What a step of the book came to, before its decisions are made again.
struct Stepped {
    cases: Vec<Case>,
    fault: Option<(u64, Fault)>,
}

impl State {
    fn take(&mut self, opened: Opened, shared: &Shared) -> Stepped {
        let mut cases = Vec::new();
        for leaf in opened.leaves {
            let index = leaf.index;
            if let Err((index, flaw)) = self.checker.take(&leaf.entry, leaf.hash) {
                let fault = Some((index, Fault::Order(flaw)));
                return Stepped { cases, fault };
            }
            let is_erased = |field: &String| !leaf.values.contains_key(field);
            self.counts.erased += u64::from(leaf.entry.zegels.keys().any(is_erased));
            let is_strange = |oin| shared.with.organisations.find(oin).is_none();
            let named = leaf.entry.aanvrager.into_iter().chain(leaf.entry.bron);
            self.strangers |= named.into_iter().any(is_strange);
            let with = &shared.with;
            let agreed = agreed::check(
                &leaf.entry,
                &shared.origin,
                &with.policies,
                &with.organisations,
            );
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

fn judge_all(cases: Vec<Case>, shared: &Shared) -> Result<Counts, (u64, Fault)> {
    let mut counts = Counts::default();
    for case in cases {
        let index = case.index();
        let found = judge::judge(case, &shared.with, &shared.judgements);
        counts.count(index, found.map_err(|fault| (index, fault))?);
    }
    Ok(counts)
}

/// A replay under way.
struct Replay<'s, S> {
    walk: &'s Walk<'s, S>,
    shared: Arc<Shared>,
    threads: usize,
    judging: VecDeque<Judging>,
    counts: Counts,
}

impl<S: SealedSource> Replay<'_, S> {
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
        let judging =
            Arc::clone(&self.shared).work(move |shared: &Shared| judge_all(stepped.cases, shared));
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
            let counts = judged.map_err(|(index, fault)| NotRight::Entry { index, fault })?;
            self.counts.add(&counts);
        }
        Ok(())
    }
}
