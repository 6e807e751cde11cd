//! The closure check: every entity a request refers to is present.
//!
//! Entities built with a schema do not check that the entities they refer to exist, and `in` and
//! `has` on an absent entity are silently false: a rule could then pass or fail on nothing. So every
//! reference is made here, noted, and looked up before Cedar is asked.

use cedar_policy::{Entities, EntityUid, RestrictedExpression};

/// The references made while a request was built.
#[derive(Debug, Clone, Default)]
pub(super) struct References(Vec<EntityUid>);

impl References {
    /// A value that refers to an entity which must be present.
    pub(super) fn value(&mut self, uid: &EntityUid) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(self.uid(uid))
    }

    /// The same for the request's own principal, action and resource.
    pub(super) fn uid(&mut self, uid: &EntityUid) -> EntityUid {
        self.0.push(uid.clone());
        uid.clone()
    }

    /// A word of an enumerated type: it has no entity, and the schema validates the word itself.
    pub(super) fn word(word: &EntityUid) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(word.clone())
    }

    /// Whether everything referred to is there.
    pub(super) fn closed_in(&self, entities: &Entities) -> bool {
        self.0.iter().all(|uid| entities.get(uid).is_some())
    }
}
