//! What takes long to make and never changes: the rules of a bundle in words, and the tables of two
//! bundles. A bundle is known by its content, so what was made once stays right.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::super::problem::Problem;
use crate::bounds;
use crate::domain::Sha256;
use crate::language::Language;
use crate::policy::Bundle;
use crate::policy::comparison::Compared;
use crate::policy::document::{self, NotWritten};

/// What was made before.
pub(in crate::desk) struct Kept {
    rules: Cache<(Sha256, Language), Arc<str>>,
    pairs: Cache<([Sha256; 2], Language), Arc<Compared>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            rules: Cache::new(bounds::DESK_RULES),
            pairs: Cache::new(bounds::DESK_PAIRS),
        }
    }
}

impl Kept {
    /// The rules of a bundle in words: HTML.
    pub(super) async fn rules(
        &self,
        bundle: &Arc<Bundle>,
        l: Language,
    ) -> Result<Arc<str>, Problem> {
        let make = {
            let bundle = Arc::clone(bundle);
            made(move || document::content(&bundle, l).map(Arc::from))
        };
        let key = (bundle.hash(), l);
        self.rules.get_or_insert_async(&key, make).await
    }

    /// Two bundles beside each other.
    pub(super) async fn pair(
        &self,
        [old, new]: [&Arc<Bundle>; 2],
        l: Language,
    ) -> Result<Arc<Compared>, Problem> {
        let make = {
            let (old, new) = (Arc::clone(old), Arc::clone(new));
            made(move || Compared::of(&old, &new, l).map(Arc::new))
        };
        let key = ([old.hash(), new.hash()], l);
        self.pairs.get_or_insert_async(&key, make).await
    }
}

/// Makes it where it holds up nobody.
async fn made<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, NotWritten> + Send + 'static,
) -> Result<T, Problem> {
    let made = tokio::task::spawn_blocking(make).await;
    let made = made.map_err(|error| {
        tracing::error!(error = %error, "the making of a page ended early");
        Problem::Internal
    })?;
    made.map_err(|error| {
        tracing::error!(
            error = crate::errors::in_full(&error),
            "a page could not be made"
        );
        Problem::Internal
    })
}
