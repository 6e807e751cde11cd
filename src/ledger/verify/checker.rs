//! The rules of form and order, as a pure machine that is fed the entries one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Known, Summary};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{AosId, ChoiceId, TransactionId};
use crate::ledger::asked_by;
use crate::ledger::entry::{Act, Entry, EntryError, Judgement, Kind, Outcome};
use crate::ledger::note::Checkpoint;
use crate::ledger::seal::KeyId;
use crate::merkle::{self, Edge, Hash, WholeTile};
use crate::store::Ask;

/// What is wrong with an entry at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is not the canonical form of an entry.
    #[error("it is not an entry in canonical form")]
    Form(#[source] EntryError),
    /// A field its kind must have is missing.
    #[error("it lacks the field {0}, which its kind must have")]
    Lacks(&'static str),
    /// A closing entry without an open release.
    #[error(
        "it closes the release that entry {decision} permits, but no open release stands there"
    )]
    NothingToClose {
        /// The index it names.
        decision: u64,
    },
    /// A closing entry of another transaction than its decision.
    #[error("it closes the release of entry {decision}, but is of another transaction")]
    OtherTransaction {
        /// The index it names.
        decision: u64,
    },
    /// A withdrawal of a choice that was never recorded.
    #[error("it withdraws a choice that no earlier entry records")]
    NothingToWithdraw,
    /// The end of an unsafe situation that was never reported.
    #[error("it ends an unsafe situation that no earlier entry reports")]
    NothingToEnd,
    /// It answers a proposal of another kind, or one that does not wait.
    #[error("it answers the proposal of entry {proposal}, but nothing of its kind waits there")]
    NothingProposed {
        /// The index it names.
        proposal: u64,
    },
    /// A hold that is not there, or not agreed on, is to be lifted.
    #[error("it would lift the hold of entry {hold}, but none stands there")]
    NoHold {
        /// The index it names.
        hold: u64,
    },
    /// It has seen a version of its address that is later than itself.
    #[error("it says to have seen the book at size {seen}, which is after it")]
    SawTheFuture {
        /// The version it names.
        seen: u64,
    },
    /// Its time is too far before that of an earlier entry, or of its own decision.
    #[error("its time is {ms} ms before that of an earlier entry, more than can be honest")]
    Backwards {
        /// How far.
        ms: i64,
    },
}

/// A release that was permitted and not yet closed.
#[derive(Debug, Clone, Copy)]
struct Open {
    transaction: TransactionId,
    permitted: Moment,
}

/// What must be remembered of the entries so far to judge the next one.
#[derive(Debug, Default)]
pub struct Checker {
    edge: Edge,
    whole: Vec<WholeTile>,
    kinds: BTreeMap<Kind, u64>,
    open: HashMap<u64, Open>,
    choices: HashSet<ChoiceId>,
    situations: HashSet<AosId>,
    /// What is asked of a second person, by the index of the proposal.
    asked: HashMap<u64, Ask>,
    /// What two people agreed to hold.
    held: HashSet<u64>,
    /// The keys that entries destroyed, each with the index of that entry.
    destroyed: Vec<(KeyId, u64)>,
    /// The last `start` that names the keys of its gateway, and those.
    signing: Option<(u64, Vec<String>)>,
    newest: Option<Moment>,
    known: Vec<Known>,
    /// The first known checkpoint that turned out to be of another history.
    forked: Option<Known>,
}

impl Checker {
    /// A checker that also compares with checkpoints that were seen before.
    #[must_use]
    pub fn knowing(known: impl IntoIterator<Item = Known>) -> Self {
        let mut checker = Self {
            known: known.into_iter().collect(),
            ..Self::default()
        };
        checker.look_back();
        checker
    }

    /// Takes the next line; of one that is refused its index is told, and nothing is kept.
    ///
    /// # Errors
    /// Its index and [`Flaw`].
    pub fn push(&mut self, line: &[u8]) -> Result<(), (u64, Flaw)> {
        let index = self.edge.size();
        let entry = Entry::parse(line).map_err(|error| (index, Flaw::Form(error)))?;
        self.take(&entry, merkle::leaf_hash(line))
    }

    /// Takes the next entry, which was read from its canonical form, with its hash in the tree.
    ///
    /// # Errors
    /// Its index and [`Flaw`].
    pub fn take(&mut self, entry: &Entry, leaf: Hash) -> Result<(), (u64, Flaw)> {
        let index = self.edge.size();
        self.judge(index, entry).map_err(|flaw| (index, flaw))?;
        self.newest = self.newest.max(Some(entry.tijd));
        *self.kinds.entry(entry.soort).or_default() += 1;
        self.edge.push(leaf, &mut self.whole);
        self.look_back();
        Ok(())
    }

    fn look_back(&mut self) {
        let size = self.edge.size();
        let mut reached = self.known.iter().map(|known| (known, known.checkpoint));
        let differs = |of: &Checkpoint| of.size == size && of.root != self.edge.root();
        if self.forked.is_none() {
            let found = reached.find(|(_, of)| differs(of));
            self.forked = found.map(|(known, _)| *known);
        }
    }

    /// A checkpoint that was seen before and is not of this history, when it was passed.
    #[must_use]
    pub const fn forked(&self) -> Option<Known> {
        self.forked
    }

    /// The releases that are permitted and not closed, by the index of their decision.
    pub fn open_releases(&self) -> impl Iterator<Item = (u64, TransactionId)> {
        self.open
            .iter()
            .map(|(index, open)| (*index, open.transaction))
    }

    /// How many entries were taken.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The edge of the tree over them.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The keys that entries destroyed, each with the index of that entry.
    #[must_use]
    pub fn destroyed(&self) -> &[(KeyId, u64)] {
        &self.destroyed
    }

    /// The tiles that became whole since they were last taken.
    #[must_use]
    pub fn tiles(&self) -> &[WholeTile] {
        &self.whole
    }

    /// The tiles that became whole since this was last asked.
    pub fn take_tiles(&mut self) -> Vec<WholeTile> {
        std::mem::take(&mut self.whole)
    }

    /// What the book is found to be; `None` when its entries do not make what the checkpoint signs.
    #[must_use]
    pub fn finish(self, signed: &Checkpoint) -> Option<Summary> {
        let made = Checkpoint {
            size: self.edge.size(),
            root: self.edge.root(),
        };
        (made == *signed).then_some(Summary {
            size: made.size,
            root: made.root,
            kinds: self.kinds,
            open_releases: self.open.len() as u64,
            signing: self.signing,
        })
    }

    fn judge(&mut self, index: u64, entry: &Entry) -> Result<(), Flaw> {
        if let Some(seen) = entry.gezien.filter(|seen| *seen > index) {
            return Err(Flaw::SawTheFuture { seen });
        }
        match entry.soort {
            // It waits for the database as long as it takes, so it may be older than its neighbours.
            Kind::Release => return self.close(entry),
            Kind::Withdrawal => {
                let id = entry.toestemming.ok_or(Flaw::Lacks("toestemming"))?;
                if !self.choices.contains(&id) {
                    return Err(Flaw::NothingToWithdraw);
                }
            }
            Kind::AosEnd => {
                let id = entry.melding.ok_or(Flaw::Lacks("melding"))?;
                if !self.situations.contains(&id) {
                    return Err(Flaw::NothingToEnd);
                }
            }
            Kind::Proposal => self.may_ask(entry)?,
            Kind::Erasure | Kind::Hold => self.may_answer(entry)?,
            Kind::Agreement if entry.bundel.is_none() => return Err(Flaw::Lacks("bundel")),
            Kind::Decision if entry.uitkomst.is_none() => return Err(Flaw::Lacks("uitkomst")),
            _ => {}
        }
        self.check_time(entry)?;
        // Nothing is remembered of an entry before all of it was found good.
        match entry.soort {
            Kind::Choice => {
                self.choices
                    .insert(entry.toestemming.ok_or(Flaw::Lacks("toestemming"))?);
            }
            Kind::Aos => {
                self.situations
                    .insert(entry.melding.ok_or(Flaw::Lacks("melding"))?);
            }
            Kind::Decision if permits_a_release(entry) => {
                let open = Open {
                    transaction: entry.transactie,
                    permitted: entry.tijd,
                };
                self.open.insert(index, open);
            }
            Kind::Start if !entry.logsleutels.is_empty() => {
                self.signing = Some((index, entry.logsleutels.clone()));
            }
            _ => self.remember(index, entry),
        }
        Ok(())
    }

    fn may_ask(&self, entry: &Entry) -> Result<(), Flaw> {
        match asked_by(entry) {
            Some(Ask::Lift(hold)) if !self.held.contains(&hold) => Err(Flaw::NoHold { hold }),
            _ => Ok(()),
        }
    }

    /// Nothing is erased, held or lifted but what somebody asked, except what was kept for its term.
    fn may_answer(&self, entry: &Entry) -> Result<(), Flaw> {
        let act = entry.handeling.ok_or(Flaw::Lacks("handeling"))?;
        if entry.soort == Kind::Erasure && entry.aantal.is_none() {
            return Err(Flaw::Lacks("aantal"));
        }
        if entry.soort == Kind::Erasure && act == Act::Expire {
            return entry.code.as_ref().map(drop).ok_or(Flaw::Lacks("code"));
        }
        let proposal = entry.index.ok_or(Flaw::Lacks("index"))?;
        match (entry.soort, act, self.asked.get(&proposal)) {
            (Kind::Erasure, Act::Erase, Some(Ask::Erase))
            | (Kind::Hold, Act::Hold, Some(Ask::Hold))
            | (Kind::Hold, Act::LiftHold, Some(Ask::Lift(_))) => Ok(()),
            _ => Err(Flaw::NothingProposed { proposal }),
        }
    }

    fn remember(&mut self, index: u64, entry: &Entry) {
        if let Some(ask) = asked_by(entry) {
            self.asked.insert(index, ask);
        }
        let rejects = entry.soort == Kind::Review && entry.oordeel == Some(Judgement::Rejected);
        if !(rejects || matches!(entry.soort, Kind::Erasure | Kind::Hold)) {
            return;
        }
        let answered = entry
            .index
            .and_then(|at| Some((at, self.asked.remove(&at)?)));
        match answered {
            Some((proposal, Ask::Hold)) if !rejects => {
                self.held.insert(proposal);
            }
            Some((_, Ask::Lift(hold))) if !rejects => {
                self.held.remove(&hold);
            }
            _ => {}
        }
        let keys = entry.sleutels.iter().map(|key| (*key, index));
        self.destroyed.extend(keys);
    }

    /// An entry is in the book at most [`bounds::DECISION_AGE_MS`] after its time, and whatever
    /// stands before it was written before it. So it can be older than an earlier entry by that
    /// much, and by what the clocks of several gateways differ.
    fn check_time(&self, entry: &Entry) -> Result<(), Flaw> {
        let back = self.newest.map_or(0, |newest| newest.ms_since(entry.tijd));
        if back > bounds::DECISION_AGE_MS + bounds::GATEWAY_CLOCKS_MS {
            return Err(Flaw::Backwards { ms: back });
        }
        Ok(())
    }

    fn close(&mut self, entry: &Entry) -> Result<(), Flaw> {
        let decision = entry.index.ok_or(Flaw::Lacks("index"))?;
        if entry.einde.is_none() {
            return Err(Flaw::Lacks("einde"));
        }
        let open = *self
            .open
            .get(&decision)
            .ok_or(Flaw::NothingToClose { decision })?;
        if open.transaction != entry.transactie {
            return Err(Flaw::OtherTransaction { decision });
        }
        let back = open.permitted.ms_since(entry.tijd);
        if back > bounds::GATEWAY_CLOCKS_MS {
            return Err(Flaw::Backwards { ms: back });
        }
        self.open.remove(&decision);
        Ok(())
    }
}

/// Metadata and tests are decided too, but nothing is released on them.
fn permits_a_release(entry: &Entry) -> bool {
    entry.uitkomst == Some(Outcome::Permitted)
        && matches!(entry.handeling, None | Some(Act::Download))
}
