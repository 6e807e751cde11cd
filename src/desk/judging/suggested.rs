//! The case that a form suggests.

use crate::desk::forms::Form;
use crate::desk::visit::Visit;
use crate::exchange::officer::Cause;
use crate::ledger::entry::Occasion;

/// The case a form suggests: one of its own for each release, so that whoever judges ten in a row
/// does not put all ten under the reference of the first.
pub(in crate::desk) struct Suggested {
    code: &'static str,
    occasion: Occasion,
    prefix: &'static str,
    index: u64,
}

impl Suggested {
    /// For a review.
    pub(in crate::desk) const fn review(index: u64) -> Self {
        Self {
            code: "nabeoordeling",
            occasion: Occasion::Review,
            prefix: "B-",
            index,
        }
    }

    /// For an incident.
    pub(in crate::desk) const fn incident(index: u64) -> Self {
        Self {
            code: "incident",
            occasion: Occasion::Incident,
            prefix: "INC-",
            index,
        }
    }

    fn reference(&self) -> String {
        format!("{}{}", self.prefix, self.index)
    }

    /// Whether the form asks for the case: none is being worked on, or one that was suggested for
    /// another release.
    pub(in crate::desk) fn is_asked(&self, cause: Option<&Cause>) -> bool {
        let Some(cause) = cause else { return true };
        let number = cause.case.as_str().strip_prefix(self.prefix);
        let number = number.and_then(|digits| digits.parse::<u64>().ok());
        cause.occasion == self.occasion && number.is_some_and(|number| number != self.index)
    }

    /// A form with the case filled in.
    pub(in crate::desk) fn prefilled(&self) -> Form {
        Form::default()
            .with("aanleiding", self.code)
            .with("zaak", &self.reference())
    }

    /// Closes the case, when it is the one that was suggested: what it was for is done.
    pub(in crate::desk) fn close(&self, visit: &Visit) {
        let cause = visit.session.cause();
        let is_ours = |cause: Cause| {
            cause.occasion == self.occasion && cause.case.as_str() == self.reference()
        };
        if cause.is_some_and(is_ours) {
            visit.session.set_cause(None);
        }
    }
}
