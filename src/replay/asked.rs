//! Another bundle, asked what was asked then: the same question on the same facts. What follows is
//! compared with what was recorded, and neither is found wrong.

use std::sync::Arc;

use super::case::{Case, On, asked_policy};
use super::differences::{Difference, Direction, Place, Tally, Unasked};
use super::fault::{Fault, NotRight, Told};
use super::{Judge, With, judge, pass};
use crate::clock::Moment;
use crate::domain::Role;
use crate::language::Language;
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::note::Verifier;
use crate::ledger::verify::{BookSource, Known, Progress, SealedSource, Summary, Walk, Wrong};
use crate::policy::{Bundle, Question, Reason};

/// Which bundle is asked, and of which decisions.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The bundle; its own dates do not matter, and it may be a candidate.
    pub bundle: Arc<Bundle>,
    /// From this moment on.
    pub from: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
}

impl Asking {
    fn is_asked(&self, at: Moment) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The first word of a question that the bundle does not have.
    fn unknown_word(&self, question: &Question<'_>) -> Option<Unasked> {
        let words = self.bundle.vocabulary();
        if !words.knows_purpose(question.purpose) {
            return Some(Unasked::Purpose(question.purpose.clone()));
        }
        if !words.knows_kind(question.document.kind) {
            return Some(Unasked::Kind(question.document.kind.clone()));
        }
        let roles = [question.requester_role, question.document.provider_role];
        let unknown = |role: &&Role| !words.knows_role(role);
        let role = roles.into_iter().find(unknown)?;
        Some(Unasked::Role(role.clone()))
    }
}

/// What a step of the book came to.
#[derive(Debug, Default)]
pub(super) struct Step {
    tally: Tally,
    differences: Vec<Difference>,
}

impl Judge for Asking {
    type Tally = Step;

    fn judge(&self, case: Case, with: &With, step: &mut Step) -> Result<(), Fault> {
        let index = case.index();
        let entry = &case.leaf.entry;
        if !self.is_asked(entry.tijd) {
            return Ok(());
        }
        if entry.soort == Kind::Search {
            step.tally.searches += 1;
            return Ok(());
        }
        if !asked_policy(entry) {
            step.tally.before_policy += 1;
            return Ok(());
        }
        let unasked = match &case.on {
            On::Nothing => return Err(Fault::Lacks("gezien")),
            On::ErasedAddress => Unasked::Erased,
            On::ErasedFacts | On::Facts { erased: true, .. } => Unasked::ErasedBefore,
            On::Facts { .. } if is_unusable(entry) => Unasked::NoPolicy,
            On::Facts { facts, .. } => match judge::question(entry, facts, &with.organisations)? {
                None => Unasked::Organisation,
                Some(question) => {
                    let Some(unknown) = self.unknown_word(&question) else {
                        self.ask(index, entry, &question, step);
                        return Ok(());
                    };
                    unknown
                }
            },
        };
        step.tally.count_unasked(index, unasked);
        Ok(())
    }
}

/// Whether nothing could be checked then.
fn is_unusable(entry: &Entry) -> bool {
    entry.reden.as_deref() == Some(Reason::PolicyUnusable.code())
}

impl Asking {
    fn ask(&self, index: u64, entry: &Entry, question: &Question<'_>, step: &mut Step) {
        let document = &question.document;
        let judgement = self.bundle.judge(question);
        let was = Told::recorded(entry);
        let follows = Told::follows(&judgement, entry);
        let direction = Direction {
            from: document.provider_role.clone(),
            to: question.requester_role.clone(),
        };
        let place = Place {
            kind: document.kind,
            purpose: question.purpose,
            direction: direction.clone(),
            week: entry.tijd.local().day().week(),
        };
        let Some(shift) = step.tally.count(place, &was, &follows) else {
            return;
        };
        step.differences.push(Difference {
            index,
            transaction: entry.transactie,
            at: entry.tijd,
            act: entry.handeling,
            purpose: question.purpose.clone(),
            kind: document.kind.clone(),
            health: document.health,
            direction,
            provider: document.provider,
            requester: question.requester,
            team: question.team.cloned(),
            shift,
            was,
            follows,
            sentences: self.bundle.sentences(&judgement, Language::Dutch),
        });
    }
}

/// A book that is whole, and what another bundle would have decided in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the book is.
    pub summary: Summary,
    /// What came out.
    pub tally: Tally,
}

/// Reads the whole book and checks it as [`super::run`] does, but for what the recorded decisions say:
/// those that are asked for are put to another bundle. `take` is handed each that would come out
/// otherwise, in the order of the book; `progress` is called after every step.
///
/// # Errors
/// [`NotRight`]: the first thing that is wrong.
pub async fn compare<S: SealedSource + Send + 'static>(
    source: Arc<S>,
    verifier: &Verifier,
    known: impl IntoIterator<Item = Known>,
    (with, asking): (With, Asking),
    mut take: impl FnMut(Difference) + Send,
    progress: impl FnMut(Progress) + Send,
) -> Result<Compared, NotRight> {
    let mut tally = Tally::default();
    let of_step = |step: Step| {
        tally.add(step.tally);
        step.differences.into_iter().for_each(&mut take);
    };
    let passed = pass(source, verifier, known, (with, asking), of_step, progress).await?;
    let summary = passed.summary;
    Ok(Compared { summary, tally })
}

/// The moments of the first and the last entry of a book, read before it is checked; `None` where there
/// are none to be read.
///
/// # Errors
/// [`NotRight`] when its checkpoint cannot be believed, or it cannot be read.
pub async fn unverified_span<S: BookSource>(
    source: &S,
    verifier: &Verifier,
) -> Result<Option<(Moment, Moment)>, NotRight> {
    let walk = Walk::begin(source, verifier, None).await?;
    let Some(last) = walk.size().checked_sub(1) else {
        return Ok(None);
    };
    let mut moments = Vec::new();
    for index in [0, last] {
        let from = index - index % source.step();
        let lines = source.entries(from, index + 1).await;
        let lines = lines.map_err(|error| Wrong::at(from, error))?;
        let at = usize::try_from(index - from).ok();
        let line = at.and_then(|at| lines.get(at));
        let entry = line.and_then(|line| Entry::parse(line).ok());
        moments.extend(entry.map(|entry| entry.tijd));
    }
    match moments[..] {
        [first, last] => Ok(Some((first, last))),
        _ => Ok(None),
    }
}
