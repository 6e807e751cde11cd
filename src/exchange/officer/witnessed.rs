//! How the book stands with its witnesses, for officers to see.

use std::sync::Arc;
use std::time::Duration;

use super::Officers;
use crate::bounds;
use crate::clock::Moment;
use crate::cosign::{Mishap, Watch, WitnessStanding};
use crate::ledger::Cosigned;
use crate::ledger::note::{Rule, UnverifiedNote};

/// The witnesses of the book, as this gateway knows them at one moment.
#[derive(Debug, Clone)]
pub struct Witnessing {
    /// When this was so.
    pub now: Moment,
    /// They, in the order of the policy file.
    pub witnesses: Vec<Witness>,
    /// Which of them must have cosigned.
    pub rule: Option<Rule>,
    /// What enough of them last cosigned.
    pub cosigned: Option<Arc<Cosigned>>,
    /// From which age of that on nothing is released.
    pub refuses_after: Option<Duration>,
    /// How the quorum stands.
    pub quorum: Quorum,
}

/// How the quorum stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// Enough witnesses stand behind the book.
    Stands,
    /// Too few do, and documents are released all the same.
    Lost,
    /// Too few do, and nothing is released.
    Lapsed,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// What the policy file calls it.
    pub name: String,
    /// Its host and port.
    pub host: String,
    /// The key that verifies its cosignatures.
    pub key: String,
    /// When it last cosigned, and how many entries.
    pub cosigned: Option<(Moment, u64)>,
    /// The last time that it did not.
    pub mishap: Option<Mishap>,
    /// Whether it stands behind the book now.
    pub stands: bool,
}

impl Witness {
    fn new(
        standing: &WitnessStanding,
        key: String,
        on_quorum: Option<(Moment, u64)>,
        is_young: impl Fn(Moment) -> bool,
    ) -> Self {
        let own = standing.cosigned_at().map(|at| (at, standing.size()));
        // What stands under the quorum's checkpoint may be from another gateway, or from before.
        let cosigned = own.max(on_quorum);
        let mishap = standing.mishap();
        let other = mishap.is_some_and(|mishap| mishap.why.is_another_history());
        Self {
            name: standing.name().to_owned(),
            host: standing.host().to_owned(),
            key,
            cosigned,
            mishap,
            stands: !other && cosigned.is_some_and(|(at, _)| is_young(at)),
        }
    }

    /// What goes wrong with it now.
    #[must_use]
    pub fn trouble(&self) -> Option<Mishap> {
        self.mishap.filter(|mishap| !mishap.is_over)
    }
}

impl Officers {
    /// These, with the witnesses of the book, if it has any.
    #[must_use]
    pub fn witnessed(self, witnesses: Option<Watch>) -> Self {
        Self { witnesses, ..self }
    }

    /// How the witnesses stand; `None` when the book has none.
    #[must_use]
    pub fn witnesses(&self) -> Option<Witnessing> {
        let watch = self.witnesses.as_ref()?;
        let (ledger, now) = (&self.exchange.ledger, self.now());
        let refuses_after = ledger.refuses_after();
        let silent = bounds::WITNESS_SILENT;
        let silent = refuses_after.map_or(silent, |limit| limit.min(silent));
        let is_young = |at: Moment| {
            // Where a witness's clock is ahead, this is less than nothing.
            let age = u64::try_from(now.ms_since(at)).unwrap_or(0);
            Duration::from_millis(age) <= silent
        };
        let cosigned = ledger.cosigned();
        let on_quorum = cosigned.as_deref().and_then(|cosigned| {
            let note = UnverifiedNote::parse(&cosigned.note).ok()?;
            let times = watch.policy().times(&note).ok()?;
            let with_size = |at: Option<Moment>| at.map(|at| (at, cosigned.size));
            Some(times.into_iter().map(with_size).collect::<Vec<_>>())
        });
        let mut on_quorum = on_quorum.unwrap_or_default().into_iter();
        let lines = watch.policy().witnesses().iter();
        let mut witnesses = Vec::with_capacity(lines.len());
        for (line, standing) in lines.zip(watch.standings().iter()) {
            let found = on_quorum.next().flatten();
            witnesses.push(Witness::new(
                standing,
                line.key.to_string(),
                found,
                is_young,
            ));
        }
        let quorum = match &cosigned {
            _ if ledger.lapsed().is_some() => Quorum::Lapsed,
            Some(cosigned) if is_young(cosigned.at) => Quorum::Stands,
            _ => Quorum::Lost,
        };
        Some(Witnessing {
            now,
            witnesses,
            rule: watch.policy().rule(),
            cosigned,
            refuses_after,
            quorum,
        })
    }
}
