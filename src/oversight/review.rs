//! What officers judged: reviews, incidents, signals, proposals, checks of the book. Everything here
//! follows from entries.

use super::words::{Party, Tag};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, ChoiceState};
use crate::ledger::entry::{Finding, IncidentStep, Judgement};

/// Hours within which a personal data breach is notified (AVG 33(1)).
pub const NOTIFY_WITHIN_HOURS: i64 = 72;
/// The term of a review where its bundle is not known here any more.
pub(super) const USUAL_REVIEW_DAYS: u32 = 14;

/// A judgement somebody gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Of which organisation.
    pub by: Party,
    /// By whom.
    pub judge: Tag,
    /// What.
    pub judgement: Judgement,
}

/// A release that must be reviewed afterwards. Each of its two parties does so for itself.
#[derive(Debug, Clone)]
pub struct Review {
    /// The index of the decision.
    pub decision: u64,
    /// Until when it should be done.
    pub due: Moment,
    /// Whether two people must judge alike.
    pub four_eyes: bool,
    /// What was judged so far, oldest first.
    pub given: Vec<Given>,
}

/// Where a review stands for one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody judged it yet.
    Waiting,
    /// More was asked for.
    MoreInformation,
    /// One judged; a second person must judge alike.
    Half(Judgement),
    /// It is judged.
    Judged(Judgement),
}

impl Review {
    /// Where it stands for this organisation.
    #[must_use]
    pub fn standing(&self, own: Party) -> Standing {
        let mut of_own = self.given.iter().rev().filter(|given| given.by == own);
        let Some(last) = of_own.next() else {
            return Standing::Waiting;
        };
        if last.judgement == Judgement::MoreInformation {
            return Standing::MoreInformation;
        }
        let second = of_own
            .take_while(|given| given.judgement == last.judgement)
            .any(|given| given.judge != last.judge);
        if self.four_eyes && !second {
            Standing::Half(last.judgement)
        } else {
            Standing::Judged(last.judgement)
        }
    }

    /// Whether somebody of this organisation still has to do something.
    #[must_use]
    pub fn is_open(&self, own: Party) -> bool {
        !matches!(self.standing(own), Standing::Judged(_))
    }

    /// Whether this judgement of this person would add something: nothing is judged twice, and of two
    /// who must judge alike, the second is somebody else.
    #[must_use]
    pub fn allows(&self, own: Party, judge: Tag, judgement: Judgement) -> bool {
        let last = self.given.iter().rev().find(|given| given.by == own);
        let repeats =
            last.is_some_and(|given| given.judge == judge && given.judgement == judgement);
        self.is_open(own) && !(self.four_eyes && repeats)
    }
}

/// A signal that was judged not to be in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condemned {
    /// The code of the signal; it begins with the entry that the incident is about.
    pub signal: String,
    /// Where the judgement stands.
    pub index: u64,
    /// When.
    pub at: Moment,
}

/// An unlawful release, or a signal of several, and what was done about it.
#[derive(Debug, Clone)]
pub struct Incident {
    /// The index of the decision.
    pub decision: u64,
    /// Whose incident it is.
    pub by: Party,
    /// When it was judged unlawful: from then on the authority must be notified in time.
    pub opened: Moment,
    /// The judgement that opened it: what was done before that was about less.
    pub since: u64,
    /// What was done, oldest first.
    pub steps: Vec<(IncidentStep, Moment, u64)>,
    /// The signals it is about, oldest first; none when it is about one release.
    pub signals: Vec<Condemned>,
}

impl Incident {
    /// Until when the authority must be notified.
    #[must_use]
    pub fn notify_before(&self) -> Moment {
        self.opened.plus_ms(NOTIFY_WITHIN_HOURS * 60 * 60 * 1000)
    }

    /// Whether something must be said with this step: why nothing is notified (AVG 33(5)), or the number
    /// of what was, and why it came after the term if it did (AVG 33(1)).
    #[must_use]
    pub const fn must_explain(step: IncidentStep) -> bool {
        match step {
            IncidentStep::NotNotifiable | IncidentStep::Notified => true,
            IncidentStep::SubjectInformed | IncidentStep::Closed => false,
        }
    }

    /// Takes a signal that was judged not to be in order. What was settled before was about less: the
    /// clock begins anew.
    pub(super) fn condemn(&mut self, condemned: Condemned) {
        if self.is_settled() {
            self.opened = condemned.at;
            self.since = condemned.index;
        }
        self.signals.push(condemned);
    }

    /// The steps taken since it was opened.
    fn taken(&self) -> impl Iterator<Item = IncidentStep> {
        let since = self.steps.iter().filter(|(.., at)| *at > self.since);
        since.map(|(step, ..)| *step)
    }

    /// Whether it was settled if there is something to notify.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let settles = |step| matches!(step, IncidentStep::Notified | IncidentStep::NotNotifiable);
        self.taken().any(settles)
    }

    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.taken().any(|step| step == IncidentStep::Closed)
    }

    /// Whether this step can be taken: each once, none after the last, and that one only when it was
    /// settled if there is something to notify (AVG 33). What was notified cannot need no notification.
    #[must_use]
    pub fn allows(&self, step: IncidentStep) -> bool {
        let taken = |wanted| self.taken().any(|step| step == wanted);
        let fits = match step {
            IncidentStep::Notified | IncidentStep::SubjectInformed => true,
            IncidentStep::NotNotifiable => !taken(IncidentStep::Notified),
            IncidentStep::Closed => self.is_settled(),
        };
        fits && !taken(step) && !self.is_closed()
    }
}

/// A signal that was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dismissal {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Of which organisation.
    pub by: Party,
    /// What was found of it.
    pub judgement: Judgement,
}

/// Something that a second person must confirm.
#[derive(Debug, Clone, Copy)]
pub struct Proposal {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Of which organisation.
    pub by: Party,
    /// By whom.
    pub proposer: Tag,
    /// Where.
    pub address: Tag,
    /// Which of the four choices it is about.
    pub kind: Option<ChoiceKind>,
    /// What that choice would become.
    pub state: Option<ChoiceState>,
    /// What became of it: by which entry, and what.
    pub answered: Option<(u64, Judgement)>,
}

/// A check of the whole book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Where its entry stands.
    pub index: u64,
    /// When it was done.
    pub at: Moment,
    /// Who did it.
    pub by: Party,
    /// Entries that were checked.
    pub size: u64,
    /// What was found.
    pub finding: Finding,
}

#[cfg(test)]
mod tests {
    use super::super::words::{Parties, Personal, Tagger};
    use super::*;
    use crate::clock::SystemRandomness;
    use crate::domain::Oin;

    #[test]
    fn a_review_is_done_when_enough_people_of_the_same_organisation_judge_alike() {
        use Judgement::{Lawful, MoreInformation, Unlawful};
        let oin = Oin::parse("00000001812345678000").unwrap();
        let other = Oin::parse("00000001823456789000").unwrap();
        let mut parties = Parties::default();
        let (own, theirs) = (parties.learn(oin), parties.learn(other));
        let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
        let judge = |name| tagger.tag(Personal::Employee(oin), name);
        let (anna, bram) = (judge("anna"), judge("bram"));
        let at = Moment::from_unix_seconds(1_800_000_000).unwrap();
        let standing = |four_eyes, given: &[(Party, Tag, Judgement)]| {
            let given = given
                .iter()
                .zip(0..)
                .map(|((by, judge, judgement), index)| Given {
                    index,
                    at,
                    by: *by,
                    judge: *judge,
                    judgement: *judgement,
                });
            let given = given.collect();
            let review = Review {
                decision: 0,
                due: at,
                four_eyes,
                given,
            };
            review.standing(own)
        };
        for (four_eyes, given, expected) in [
            (false, &[][..], Standing::Waiting),
            (false, &[(theirs, anna, Lawful)], Standing::Waiting),
            (
                false,
                &[(own, anna, MoreInformation)],
                Standing::MoreInformation,
            ),
            (false, &[(own, anna, Lawful)], Standing::Judged(Lawful)),
            (true, &[(own, anna, Lawful)], Standing::Half(Lawful)),
            (
                true,
                &[(own, anna, Lawful), (own, anna, Lawful)],
                Standing::Half(Lawful),
            ),
            (
                true,
                &[(own, anna, Lawful), (theirs, bram, Lawful)],
                Standing::Half(Lawful),
            ),
            (
                true,
                &[(own, anna, Lawful), (own, bram, Unlawful)],
                Standing::Half(Unlawful),
            ),
            (
                true,
                &[(own, anna, Lawful), (own, bram, Lawful)],
                Standing::Judged(Lawful),
            ),
            (
                true,
                &[
                    (own, bram, Unlawful),
                    (own, anna, MoreInformation),
                    (own, bram, Unlawful),
                ],
                Standing::Half(Unlawful),
            ),
        ] {
            assert_eq!(
                standing(four_eyes, given),
                expected,
                "{four_eyes} {given:?}"
            );
        }
    }
}
