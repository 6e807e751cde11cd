//! Judging: reviews of what was released, incidents, signals.

use super::look::not_ready;
use super::{Cause, Failure, Officer, Officers, Remark, unreadable};
use crate::domain::DeskRole;
use crate::ledger::Receipt;
use crate::ledger::entry::{IncidentStep, Judgement, Kind};
use crate::oversight::Personal as Tagged;

/// What an officer finds of a release. Anything but lawful says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was lawful.
    Lawful(Option<Remark>),
    /// It was not, because of this; it opens an incident (AVG 33).
    Unlawful(Remark),
    /// It cannot be told before this is known.
    MoreInformation(Remark),
}

impl Verdict {
    /// This judgement of a release; `None` when it does not say what it must, or is none of the three.
    #[must_use]
    pub fn new(judgement: Judgement, remark: Option<Remark>) -> Option<Self> {
        match judgement {
            Judgement::Lawful => Some(Self::Lawful(remark)),
            Judgement::Unlawful => remark.map(Self::Unlawful),
            Judgement::MoreInformation => remark.map(Self::MoreInformation),
            Judgement::Dismissed | Judgement::Rejected | Judgement::Confirmed => None,
        }
    }

    /// What is recorded.
    #[must_use]
    pub const fn judgement(&self) -> Judgement {
        match self {
            Self::Lawful(_) => Judgement::Lawful,
            Self::Unlawful(_) => Judgement::Unlawful,
            Self::MoreInformation(_) => Judgement::MoreInformation,
        }
    }

    const fn remark(&self) -> Option<&Remark> {
        match self {
            Self::Lawful(remark) => remark.as_ref(),
            Self::Unlawful(why) | Self::MoreInformation(why) => Some(why),
        }
    }
}

/// What an officer finds of a signal. It always says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is in order.
    InOrder(Remark),
    /// It is not: it opens an incident about what the signal consists of (AVG 33).
    NotInOrder(Remark),
}

impl Finding {
    /// What is recorded.
    #[must_use]
    pub const fn judgement(&self) -> Judgement {
        match self {
            Self::InOrder(_) => Judgement::Lawful,
            Self::NotInOrder(_) => Judgement::Unlawful,
        }
    }

    const fn remark(&self) -> &Remark {
        match self {
            Self::InOrder(why) | Self::NotInOrder(why) => why,
        }
    }
}

/// What was done about an incident. What is notified has a number or a name; that nothing is notified is explained (AVG 33(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// The supervisory authority was notified, under this number; when that was late, with why
    /// (AVG 33(1)).
    Notified(Remark),
    /// There is nothing to notify, because of this.
    NotNotifiable(Remark),
    /// Those concerned were told (AVG 34).
    SubjectInformed(Option<Remark>),
    /// Nothing is left to be done.
    Closed(Option<Remark>),
}

impl Measure {
    /// This step; `None` when it does not say what it always must.
    #[must_use]
    pub fn new(step: IncidentStep, remark: Option<Remark>) -> Option<Self> {
        match step {
            IncidentStep::Notified => remark.map(Self::Notified),
            IncidentStep::NotNotifiable => remark.map(Self::NotNotifiable),
            IncidentStep::SubjectInformed => Some(Self::SubjectInformed(remark)),
            IncidentStep::Closed => Some(Self::Closed(remark)),
        }
    }

    /// What is recorded.
    #[must_use]
    pub const fn step(&self) -> IncidentStep {
        match self {
            Self::Notified(_) => IncidentStep::Notified,
            Self::NotNotifiable(_) => IncidentStep::NotNotifiable,
            Self::SubjectInformed(_) => IncidentStep::SubjectInformed,
            Self::Closed(_) => IncidentStep::Closed,
        }
    }

    const fn remark(&self) -> Option<&Remark> {
        match self {
            Self::SubjectInformed(remark) | Self::Closed(remark) => remark.as_ref(),
            Self::Notified(remark) | Self::NotNotifiable(remark) => Some(remark),
        }
    }
}

impl Officers {
    /// Judges a release of the officer's own organisation, whether a rule asked for that or not. What
    /// no rule asked for has no term, and so waits for no more information either.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when nothing there was released, [`Failure::Conflict`] when it is judged
    /// already, or half by this same person.
    pub async fn judge(
        &self,
        officer: &Officer,
        cause: &Cause,
        decision: u64,
        verdict: &Verdict,
    ) -> Result<Receipt, Failure> {
        officer.must_be(&[DeskRole::Fg])?;
        let judgement = verdict.judgement();
        let oin = officer.organisation.oin;
        let judge = officer.subject.clone();
        let looked = self.oversight.read(move |index| {
            let own = index.party(oin);
            let row = index.find_row(decision).filter(|row| row.is_of(own));
            row.filter(|row| row.is_release())?;
            let tag = index.tag(Tagged::Employee(oin), judge.as_str());
            let is_asked = index.reviews().contains_key(&decision);
            let known = index.judgements_of(decision);
            let is_fitting = is_asked || judgement != Judgement::MoreInformation;
            Some(is_fitting && known.is_none_or(|review| review.allows(own, tag, judgement)))
        });
        match looked.await.map_err(not_ready)? {
            None => return Err(Failure::NotFound),
            Some(false) => return Err(Failure::Conflict),
            Some(true) => {}
        }
        self.record_judgement(officer, cause, decision, verdict.remark(), |entry| {
            entry.oordeel = Some(judgement);
        })
        .await
    }

    /// Records what was done about an incident of the officer's own organisation.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is no such incident, [`Failure::Conflict`] when it is closed,
    /// or would be while it is open whether there is something to notify (AVG 33).
    pub async fn take_step(
        &self,
        officer: &Officer,
        cause: &Cause,
        decision: u64,
        measure: &Measure,
    ) -> Result<Receipt, Failure> {
        officer.must_be(&[DeskRole::Fg])?;
        let step = measure.step();
        let oin = officer.organisation.oin;
        let looked = self.oversight.read(move |index| {
            let incident = index.incidents().get(&(decision, index.party(oin)))?;
            Some(incident.allows(step))
        });
        match looked.await.map_err(not_ready)? {
            None => return Err(Failure::NotFound),
            Some(false) => return Err(Failure::Conflict),
            Some(true) => {}
        }
        self.record_judgement(officer, cause, decision, measure.remark(), |entry| {
            entry.stap = Some(step);
        })
        .await
    }

    /// Deals with a signal: the one with this code that begins with this entry.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when the entry is not the officer's own organisation's,
    /// [`Failure::Conflict`] when it was dealt with before.
    pub async fn deal_with(
        &self,
        officer: &Officer,
        cause: &Cause,
        signal: &'static str,
        about: u64,
        finding: &Finding,
    ) -> Result<Receipt, Failure> {
        officer.must_be(&[DeskRole::Fg])?;
        let oin = officer.organisation.oin;
        let looked = self.oversight.read(move |index| {
            let own = index.party(oin);
            index.find_row(about).filter(|row| row.is_of(own))?;
            Some(index.find_dismissal(signal, about, own).is_some())
        });
        match looked.await.map_err(not_ready)? {
            None => return Err(Failure::NotFound),
            Some(true) => return Err(Failure::Conflict),
            Some(false) => {}
        }
        self.record_judgement(officer, cause, about, Some(finding.remark()), |entry| {
            entry.signaal = Some(signal.to_owned());
            entry.oordeel = Some(finding.judgement());
        })
        .await
    }

    /// Appends a judgement about an entry; what is personal in it is erased with that entry's address.
    async fn record_judgement(
        &self,
        officer: &Officer,
        cause: &Cause,
        about: u64,
        remark: Option<&Remark>,
        fill: impl FnOnce(&mut crate::ledger::entry::Entry),
    ) -> Result<Receipt, Failure> {
        let found = self.exchange.ledger.find_at(about).await;
        let found = found.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        let subject = self.about(&found).await?;
        let (mut entry, mut personal) = self.entry(officer, Kind::Review, Some(cause))?;
        entry.index = Some(about);
        fill(&mut entry);
        if let Some(remark) = remark {
            personal = personal.with("opmerking", remark.as_str());
        }
        self.append(officer, entry, personal, subject).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_explained_cannot_be_made_without() {
        let remark = || Remark::parse("want").unwrap();
        for (judgement, without, with) in [
            (Judgement::Dismissed, false, false),
            (Judgement::Rejected, false, false),
            (Judgement::Confirmed, false, false),
            (Judgement::Unlawful, false, true),
            (Judgement::MoreInformation, false, true),
            (Judgement::Lawful, true, true),
        ] {
            let made = Verdict::new(judgement, None);
            assert_eq!(made.is_some(), without, "{judgement:?}");
            let made = Verdict::new(judgement, Some(remark()));
            assert_eq!(made.is_some(), with, "{judgement:?}");
            if let Some(made) = made {
                assert_eq!(made.judgement(), judgement);
                assert_eq!(made.remark(), Some(&remark()));
            }
        }
        for (step, without) in [
            (IncidentStep::NotNotifiable, false),
            (IncidentStep::Notified, false),
            (IncidentStep::SubjectInformed, true),
            (IncidentStep::Closed, true),
        ] {
            assert_eq!(Measure::new(step, None).is_some(), without, "{step:?}");
            let made = Measure::new(step, Some(remark())).unwrap();
            assert_eq!((made.step(), made.remark()), (step, Some(&remark())));
        }
    }
}
