//! Following the witnesses: every new checkpoint is shown to all of them at once, at most once a
//! second, and what a quorum cosigned is kept and served. No append waits for any of it.
//!
//! A witness is also the memory that the database does not have. Where it knows a larger book than
//! the database holds, the database was rolled back; where it does not take ours for the book it
//! knows, somebody made another one. Either way nothing may be served from it any more: [`Broken`].
//!
//! Any number of gateways on one database do this beside each other. That another one was there in
//! between is nothing to worry about: the witness says which size it knows, and the proof is made
//! from there.

mod ask;
mod gather;
mod look;
mod settings;
mod standing;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

pub use ask::AskError;
pub use look::{Known, Looked, NotKnown};
pub use settings::{Settings, SettingsError};
pub use standing::{Mishap, Outcome, Trouble, WitnessStanding};
pub use watch::Watch;

use crate::bounds;
use crate::clock::Clock;
use crate::errors::in_full;
use crate::https::Address;
use crate::ledger::note::{Cosignature, UnverifiedNote};
use crate::ledger::{Compared, Cosigned, Ledger, NotCompared, Stand};
use ask::{Reply, Road};
use gather::Gathered;

/// How often a witness is asked again in one round, because another gateway was there in between.
const ATTEMPTS: u32 = 4;
/// Who cosigned what the database itself holds.
const QUORUM: &str = "a quorum of witnesses";

/// The book is not the one that was witnessed: nothing may be served from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The database has fewer entries than were cosigned.
    #[error(
        "the ledger was rolled back: {who} cosigned {cosigned} entries, the database has {here}; put the newest database back (deploy/lost.md: what if there is none)"
    )]
    Behind {
        /// The witness, as the policy file calls it.
        who: String,
        /// What it knows.
        cosigned: u64,
        /// What the database has.
        here: u64,
    },
    /// The database has other entries.
    #[error(
        "the ledger was forked: the {here} entries in the database do not continue the {cosigned} that {who} cosigned; put the genuine database back"
    )]
    Forked {
        /// The witness, as the policy file calls it.
        who: String,
        /// What it knows.
        cosigned: u64,
        /// What the database has.
        here: u64,
    },
}

impl Broken {
    const fn trouble(&self) -> Trouble {
        match self {
            Self::Behind { .. } => Trouble::Behind,
            Self::Forked { .. } => Trouble::Forked,
        }
    }
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
enum NotCosigned {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the proof could not be made")]
    Read(#[from] crate::ledger::ReadError),
    #[error("the newest entries could not be read")]
    CatchUp(#[from] crate::ledger::NotAppended),
    #[error("other gateways were there before, each time")]
    Contended,
}

impl NotCosigned {
    /// What is amiss; nothing is with a witness to which other gateways were quicker.
    const fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Broken(broken) => Some(broken.trouble()),
            Self::Ask(error) => Some(error.trouble()),
            Self::Read(_) | Self::CatchUp(_) => Some(Trouble::Own),
            Self::Contended => None,
        }
    }
}

/// One witness, while it is not being asked.
#[derive(Debug)]
struct Witness {
    at: usize,
    road: Road,
    standing: Arc<WitnessStanding>,
    /// The size it knows, as far as is known here.
    known: Option<u64>,
    /// What it last cosigned, and when it did by our own clock.
    last: Option<(String, Instant)>,
    /// Whether the operator was told that it is away.
    told: bool,
}

/// A call that ended.
struct Asked {
    witness: Witness,
    result: Result<(Stand, Cosignature), NotCosigned>,
}

/// Follows the book and its witnesses.
#[derive(Debug)]
pub struct Cosigning {
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    gathered: Gathered,
    watch: Watch,
    idle: Vec<Witness>,
    calls: JoinSet<Asked>,
    /// How long a cosignature of an unchanged book is left to age.
    again: Duration,
}

impl Cosigning {
    /// Before anything is served or written: every witness that can be reached must know this book.
    /// One that cannot be reached holds up nothing longer than [`bounds::WITNESS_CALL`].
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn start(
        settings: Settings,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Broken> {
        let Settings {
            policy,
            addresses,
            tls,
            refuse_after,
        } = settings;
        let hosts = addresses.iter().map(Address::authority);
        let watch = Watch::new(policy.clone(), hosts);
        let mut idle = Vec::new();
        let asked = policy.witnesses().iter().zip(addresses);
        for (at, ((line, address), standing)) in asked.zip(watch.standings().iter()).enumerate() {
            idle.push(Witness {
                at,
                road: Road::new(address, line.key.clone(), tls.clone()),
                standing: Arc::clone(standing),
                known: None,
                last: None,
                told: false,
            });
        }
        if let Some(limit) = refuse_after {
            ledger.refuse_after(limit);
        }
        let again = refuse_after.map_or(bounds::WITNESS_AGAIN, |limit| limit / 3);
        let mut own = Self {
            ledger,
            clock,
            gathered: Gathered::new(policy),
            watch,
            idle,
            calls: JoinSet::new(),
            again: again.min(bounds::WITNESS_AGAIN),
        };
        own.adopt().await?;
        own.round();
        while let Some(asked) = own.calls.join_next().await {
            own.take(asked)?;
        }
        Ok(own)
    }

    /// The witnesses, for whoever wants to look.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Runs until it is told that the book takes no more entries, which are then shown once more; or until
    /// a witness shows that the book is not the one that was witnessed.
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn run(mut self, mut leave: oneshot::Receiver<()>) -> Result<(), Broken> {
        let mut rounds = interval(bounds::WITNESS_ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let broken = loop {
            tokio::select! {
                _ = &mut leave => match self.part().await {
                    Ok(()) => return Ok(()),
                    Err(broken) => break broken,
                },
                _ = rounds.tick() => {
                    // Ours is not young: perhaps another gateway reached the witnesses.
                    let age = self.ledger.quorum_age();
                    if age.is_none_or(|age| age > bounds::WITNESS_CALL)
                        && let Err(broken) = self.adopt().await
                    {
                        break broken;
                    }
                    self.round();
                }
                Some(asked) = self.calls.join_next() => {
                    if let Err(broken) = self.take(asked) {
                        break broken;
                    }
                }
            }
        };
        tracing::error!(error = %broken, "the ledger is not the one that was witnessed");
        Err(broken)
    }

    /// One last round; whoever was still being asked about an older book, is asked about this one too.
    /// Whoever calls bounds how long it takes.
    async fn part(&mut self) -> Result<(), Broken> {
        let mut under_way = self.calls.len();
        self.round();
        while let Some(asked) = self.calls.join_next().await {
            self.take(asked)?;
            if under_way > 0 {
                under_way -= 1;
                self.round();
            }
        }
        Ok(())
    }

    /// Asks all that are not being asked, and have not cosigned this checkpoint lately.
    fn round(&mut self) {
        let stand = self.ledger.stand();
        let again = self.again;
        let is_due = |witness: &Witness| match &witness.last {
            Some((checkpoint, at)) => *checkpoint != stand.checkpoint() || at.elapsed() >= again,
            None => true,
        };
        let (due, idle) = std::mem::take(&mut self.idle).into_iter().partition(is_due);
        self.idle = idle;
        let due: Vec<Witness> = due;
        for mut witness in due {
            let (ledger, clock) = (self.ledger.clone(), Arc::clone(&self.clock));
            let stand = stand.clone();
            self.calls.spawn(async move {
                let result = witness.bring(&ledger, &*clock, stand).await;
                Asked { witness, result }
            });
        }
    }

    fn take(&mut self, asked: Result<Asked, tokio::task::JoinError>) -> Result<(), Broken> {
        // Only a panic, a defect of ours, loses a witness; the others go on.
        let Ok(Asked {
            mut witness,
            result,
        }) = asked
        else {
            return Ok(());
        };
        let told = match result {
            Ok((stand, cosignature)) => {
                let (at, size) = (cosignature.at, stand.size());
                witness.standing.note_cosigned(at, size);
                witness.last = Some((stand.checkpoint().to_owned(), Instant::now()));
                let checkpoint = stand.checkpoint();
                let reached = self.gathered.add(witness.at, size, checkpoint, cosignature);
                if let Some(cosigned) = reached {
                    self.ledger.keep_cosigned(cosigned);
                }
                if witness.told {
                    tracing::info!(witness.name = witness.standing.name(), "a witness is back");
                }
                false
            }
            Err(NotCosigned::Broken(broken)) => {
                witness.standing.note(Outcome::Inconsistent);
                let trouble = broken.trouble();
                witness.standing.note_mishap(trouble, self.clock.now());
                return Err(broken);
            }
            Err(error) => {
                if let Some(trouble) = error.trouble() {
                    witness.standing.note_mishap(trouble, self.clock.now());
                }
                if let NotCosigned::Ask(error) = &error {
                    witness.standing.note(if error.is_silence() {
                        Outcome::Unreachable
                    } else {
                        Outcome::Unusable
                    });
                }
                if !witness.told {
                    tracing::warn!(
                        witness.name = witness.standing.name(),
                        error = in_full(&error),
                        "a witness did not cosign; it is asked again every second"
                    );
                }
                true
            }
        };
        witness.told = told;
        self.idle.push(witness);
        Ok(())
    }

    /// Takes over what stands in the database, if it is newer: another gateway's, or our own of
    /// before a restart. It must be of this very book.
    async fn adopt(&self) -> Result<(), Broken> {
        let found = match self.ledger.find_unverified_cosigned().await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::warn!(
                    error = in_full(&error),
                    "the cosigned checkpoint was not read"
                );
                return Ok(());
            }
        };
        let at = UnverifiedNote::parse(&found)
            .and_then(|note| self.gathered.policy().times(&note))
            .map(|times| self.gathered.policy().quorum_at(&times));
        let Ok(Some(at)) = at else {
            // Of another policy, which was exchanged since; the witnesses will cosign anew.
            return Ok(());
        };
        let who = QUORUM.to_owned();
        match self.ledger.compare(&found).await {
            Ok(Compared::Begins { kept, .. }) => {
                self.ledger.adopt_cosigned(Cosigned {
                    size: kept,
                    at,
                    note: found,
                });
                Ok(())
            }
            Ok(Compared::Ahead { kept, size }) => Err(Broken::Behind {
                who,
                cosigned: kept,
                here: size,
            }),
            Ok(Compared::Differs { kept, size }) => Err(Broken::Forked {
                who,
                cosigned: kept,
                here: size,
            }),
            // Signed with a key that is not the book's any more.
            Err(NotCompared::Checkpoint(_)) => Ok(()),
            Err(NotCompared::Read(error)) => {
                tracing::warn!(
                    error = in_full(&error),
                    "the cosigned checkpoint was not checked"
                );
                Ok(())
            }
        }
    }
}

impl Witness {
    /// Brings a witness to this checkpoint, or to a newer one if it knows more than this one has.
    async fn bring(
        &mut self,
        ledger: &Ledger,
        clock: &dyn Clock,
        mut stand: Stand,
    ) -> Result<(Stand, Cosignature), NotCosigned> {
        for _ in 0..ATTEMPTS {
            // Not knowing better, it knows what we do: true after a restart of a quiet gateway.
            let old = self.known.unwrap_or(stand.size());
            if old > stand.size() {
                stand = self.catch_up(ledger, old).await?;
            }
            let proof = ledger.consistency(&stand, old).await?;
            let asked = self
                .road
                .add_checkpoint(old, &proof, stand.checkpoint(), clock)
                .await?;
            match asked {
                Reply::Cosigned(cosignature) => {
                    self.known = Some(stand.size());
                    return Ok((stand, cosignature));
                }
                Reply::Newest(newest) => {
                    self.standing.note(Outcome::Conflict);
                    self.known = Some(newest);
                }
                // It compared with the size that was named, so it knows another tree of that size.
                Reply::Inconsistent => {
                    return Err(NotCosigned::Broken(Broken::Forked {
                        who: self.standing.name().to_owned(),
                        cosigned: old,
                        here: stand.size(),
                    }));
                }
            }
        }
        Err(NotCosigned::Contended)
    }

    /// Reads what the database has now. Only a committed checkpoint is ever shown to a witness, so
    /// what it knows must be there.
    async fn catch_up(&self, ledger: &Ledger, cosigned: u64) -> Result<Stand, NotCosigned> {
        ledger.beat().await?;
        let stand = ledger.stand();
        if stand.size() < cosigned {
            return Err(NotCosigned::Broken(Broken::Behind {
                who: self.standing.name().to_owned(),
                cosigned,
                here: stand.size(),
            }));
        }
        Ok(stand)
    }
}
