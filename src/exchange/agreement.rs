//! Putting a bundle in force: both organisations sign for the same content and the same dates, and it
//! becomes an entry. Neither can change the rules alone, and neither can whoever runs the gateway.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Exchange;
use super::api::Failure;
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{Oin, Role};
use crate::identity::SignatureFlaw;
use crate::ledger::{Agreed, HandedIn, NotAppended, Receipt};
use crate::policy::{
    Activation, Agreement, AgreementFlaw, Bundle, Revocation, SignedAgreement, SignedRevocation,
};

/// Why nothing was put in force, or nothing was taken back. What is in force stays so.
#[derive(Debug, thiserror::Error)]
pub enum NotAgreed {
    /// The agreement cannot be one.
    #[error("this cannot be put in force")]
    Agreement(#[source] AgreementFlaw),
    /// One signed for something else than the others.
    #[error("signature {number} is for another bundle, or for other dates, than the first")]
    Different {
        /// Which of those that were given, counted from 1.
        number: usize,
    },
    /// It is about another agreement, or for another book.
    #[error("signature {number} withdraws another agreement, or one of another ledger")]
    OtherRevocation {
        /// Which of those that were given, counted from 1.
        number: usize,
    },
    /// A signature is not one.
    #[error("signature {number} is not good")]
    Signature {
        /// Which of those that were given, counted from 1.
        number: usize,
        /// Why.
        #[source]
        flaw: SignatureFlaw,
    },
    /// Somebody else signed.
    #[error("signature {number} is by {by}, who is no party to this bundle")]
    NoParty {
        /// Which of those that were given, counted from 1.
        number: usize,
        /// Whose it is.
        by: Oin,
    },
    /// A party signed twice, or two organisations in one role.
    #[error("there is more than one signature for {0}")]
    Twice(Role),
    /// A party did not sign.
    #[error("the signature of {0} is missing")]
    Missing(Role),
    /// The same agreement was recorded before.
    #[error(
        "the same agreement stands in entry {0}; to put the bundle in force again, sign for other dates"
    )]
    Known(u64),
    /// The same agreement was recorded before, and taken back. Its signatures stand in the book for
    /// everybody to copy, so they count no more.
    #[error(
        "the same agreement stood in entry {0} and was taken back; to put the bundle in force after all, sign for other dates"
    )]
    TakenBack(u64),
    /// Both parties planned something else for a part of its time.
    #[error(
        "its dates overlap with those of the agreement in entry {entry}, which begins at {from}; take that one back, or sign for other dates"
    )]
    Overlaps {
        /// The entry of that agreement.
        entry: u64,
        /// From when that bundle is to decide.
        from: Moment,
    },
    /// There is no such agreement.
    #[error("there is no agreement in entry {0}; `sluis policy agreements` lists them")]
    NothingToRevoke(u64),
    /// It has begun, or is about to.
    #[error(
        "the agreement of entry {agreement} decides from {from} on, and cannot be withdrawn any more; agree on another bundle to follow it"
    )]
    Begun {
        /// The index of its entry.
        agreement: u64,
        /// From when.
        from: Moment,
    },
    /// It could not be recorded.
    #[error("it was not recorded")]
    NotAppended(#[source] NotAppended),
    /// The book could not be written or read.
    #[error("the ledger could not be written")]
    Unavailable,
}

/// How long before its beginning an agreement can be taken back: what takes it back must be in the book
/// by then, by whichever gateway's clock.
const LAST_CALL_MS: i64 = bounds::DECISION_AGE_MS + bounds::GATEWAY_CLOCKS_MS;

impl Exchange {
    /// Puts a bundle in force as agreed. From the entry on, every gateway on this book decides by it.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub async fn agree(
        &self,
        bundle: &Arc<Bundle>,
        agreement: &Agreement,
        signatures: Vec<String>,
    ) -> Result<Receipt, NotAgreed> {
        self.agree_by(None, bundle, agreement, signatures).await
    }

    /// The same with what each party signed, as `sluis policy sign` wrote it.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub async fn agree_on(
        &self,
        by: Option<HandedIn>,
        bundle: &Arc<Bundle>,
        signed: &[SignedAgreement],
    ) -> Result<Receipt, NotAgreed> {
        let Some(first) = signed.first() else {
            let missing = bundle.signers().first().cloned();
            return Err(missing.map_or(NotAgreed::Unavailable, NotAgreed::Missing));
        };
        let differs = |one: &SignedAgreement| one.agreement != first.agreement;
        if let Some(at) = signed.iter().position(differs) {
            return Err(NotAgreed::Different { number: at + 1 });
        }
        let signatures = signed.iter().map(|one| one.signature.clone()).collect();
        self.agree_by(by, bundle, &first.agreement, signatures)
            .await
    }

    async fn agree_by(
        &self,
        by: Option<HandedIn>,
        bundle: &Arc<Bundle>,
        agreement: &Agreement,
        signatures: Vec<String>,
    ) -> Result<Receipt, NotAgreed> {
        agreement.check(bundle).map_err(NotAgreed::Agreement)?;
        loop {
            self.look_again().await?;
            let known = self.in_force.load();
            let same = |one: &&Activation| {
                (one.bundle, one.from, one.until)
                    == (agreement.bundle, agreement.from, agreement.until)
            };
            // Before the signatures: their certificates may have expired since.
            if let Some(known) = known.list().iter().find(same) {
                return Err(NotAgreed::Known(known.index));
            }
            if let Some(gone) = known.taken_back().iter().find(same) {
                return Err(NotAgreed::TakenBack(gone.index));
            }
            let now = self.clock.now();
            let contradicted = |one: &&Activation| contradicts(agreement, one, now);
            if let Some(planned) = known.list().iter().find(contradicted) {
                return Err(NotAgreed::Overlaps {
                    entry: planned.index,
                    from: planned.from,
                });
            }
            self.check_signatures(bundle, &agreement.text(), &signatures)?;
            self.policies.learn(bundle);
            let agreed = Agreed {
                agreement: agreement.clone(),
                files: Arc::from(bundle.files()),
                signatures: signatures.clone(),
            };
            let ledger = &self.ledger;
            match ledger.activate_by(by.clone(), agreed, known.epoch()).await {
                Ok(receipt) => {
                    self.look_again().await?;
                    return Ok(receipt);
                }
                // Another agreement was first: look whether it is the same.
                Err(NotAppended::Stale) => {}
                Err(error) => return Err(NotAgreed::NotAppended(error)),
            }
        }
    }

    /// Takes an agreement back before it begins.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub async fn take_back(
        &self,
        agreement: u64,
        signatures: Vec<String>,
    ) -> Result<Receipt, NotAgreed> {
        self.take_back_by(None, agreement, &[], signatures).await
    }

    /// The same with what each party signed, as `sluis policy sign --withdraw` wrote it.
    ///
    /// # Errors
    /// [`NotAgreed`].
    pub async fn withdraw(
        &self,
        by: Option<HandedIn>,
        agreement: u64,
        signed: &[SignedRevocation],
    ) -> Result<Receipt, NotAgreed> {
        let stated: Vec<&Revocation> = signed.iter().map(|one| &one.revocation).collect();
        let signatures = signed.iter().map(|one| one.signature.clone()).collect();
        self.take_back_by(by, agreement, &stated, signatures).await
    }

    async fn take_back_by(
        &self,
        by: Option<HandedIn>,
        agreement: u64,
        stated: &[&Revocation],
        signatures: Vec<String>,
    ) -> Result<Receipt, NotAgreed> {
        loop {
            self.look_again().await?;
            let known = self.in_force.load();
            let at_index = |one: &&Activation| one.index == agreement;
            if known.taken_back().iter().any(|one| at_index(&one)) {
                return Err(NotAgreed::TakenBack(agreement));
            }
            let found = known.list().iter().find(at_index);
            let found = *found.ok_or(NotAgreed::NothingToRevoke(agreement))?;
            if found.from <= self.clock.now().plus_ms(LAST_CALL_MS) {
                let from = found.from;
                return Err(NotAgreed::Begun { agreement, from });
            }
            let bundle = self.policies.find(found.bundle);
            let bundle = bundle.ok_or(NotAgreed::Unavailable)?;
            let entry = self.ledger.find_at(agreement).await;
            let entry = entry.ok().flatten().ok_or(NotAgreed::Unavailable)?;
            let wanted = Revocation::new(found.bundle, entry.hash());
            if let Some(at) = stated.iter().position(|one| **one != wanted) {
                return Err(NotAgreed::OtherRevocation { number: at + 1 });
            }
            self.check_signatures(&bundle, &wanted.text(), &signatures)?;
            let (epoch, signatures) = (known.epoch(), signatures.clone());
            let ledger = &self.ledger;
            let done = ledger.revoke(by.clone(), found.bundle, agreement, signatures, epoch);
            match done.await {
                Ok(receipt) => {
                    self.look_again().await?;
                    return Ok(receipt);
                }
                Err(NotAppended::Stale) => {}
                Err(error) => return Err(NotAgreed::NotAppended(error)),
            }
        }
    }

    /// Every party of the bundle signed this text, once, with a certificate that is good now; and
    /// nobody else did.
    fn check_signatures(
        &self,
        bundle: &Bundle,
        text: &[u8],
        signatures: &[String],
    ) -> Result<(), NotAgreed> {
        let mut missing: BTreeMap<&Role, bool> =
            (bundle.signers().iter()).map(|role| (role, true)).collect();
        for (number, jws) in (1..).zip(signatures) {
            let signed = self.identity.verify_signature(jws, text);
            let by = signed
                .map_err(|flaw| NotAgreed::Signature { number, flaw })?
                .by;
            let role = self.organisations.find(by).map(|known| &known.role);
            let waits = role.and_then(|role| missing.get_mut(role).map(|waits| (role, waits)));
            match waits {
                None => return Err(NotAgreed::NoParty { number, by }),
                Some((role, false)) => return Err(NotAgreed::Twice(role.clone())),
                Some((_, waits)) => *waits = false,
            }
        }
        let missing = missing.into_iter().find(|(_, waits)| *waits);
        missing.map_or(Ok(()), |(role, _)| Err(NotAgreed::Missing(role.clone())))
    }

    async fn look_again(&self) -> Result<(), NotAgreed> {
        let read = self.refresh_policy().await;
        read.map_err(|_: Failure| NotAgreed::Unavailable)
    }
}

/// Whether an agreement would overrule one that is yet to begin: it lasts until after that beginning, or
/// begins before the end that was signed there. What was planned without an end is relieved by what is
/// planned after it, and what has begun by anything: that cannot be taken back any more.
fn contradicts(new: &Agreement, planned: &Activation, now: Moment) -> bool {
    if planned.from <= now {
        return false;
    }
    if new.from <= planned.from {
        new.until.is_none_or(|until| until > planned.from)
    } else {
        planned.until.is_some_and(|until| new.from < until)
    }
}
