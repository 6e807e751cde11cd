//! Two bundles beside each other: what would be decided, old and new. It is asked of the rules
//! themselves; what a solver says about all requests is for the command line, which needs one.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::response::Response;

use super::super::forms::Form;
use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::one::find;
use super::order;
use crate::bounds;
use crate::domain::Sha256;
use crate::language::Language;
use crate::policy::Bundle;
use crate::policy::comparison::{Compared, ComparedPurpose};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/regels/{bundel}/vergelijking", EVERYONE, show)
}

/// One of the two.
struct Side {
    title: String,
    code: String,
    hash: String,
    is_in_force: bool,
    is_candidate: bool,
}

/// A bundle to compare with.
struct Other {
    hash: String,
    title: String,
    is_chosen: bool,
}

/// Two of them, the old one first.
struct Pair {
    sides: [Side; 2],
    /// The one compared with, as it stands in a link.
    with: String,
    compared: Arc<Compared>,
    /// The purposes whose tables are on this page.
    shown: BTreeSet<String>,
    /// Whether only one purpose was asked for.
    is_one: bool,
}

impl Pair {
    fn is_shown(&self, purpose: &ComparedPurpose) -> bool {
        self.shown.contains(&purpose.code)
    }
}

#[derive(Template)]
#[template(path = "bundel-vergelijking.html")]
struct ComparisonPage<'a> {
    page: Page,
    l: Language,
    title: String,
    hash: String,
    others: Vec<Other>,
    pair: Option<Pair>,
    notes: &'a [String],
}

async fn show(
    visit: Visit,
    Path(hash): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let bundle = find(&visit, &hash)?;
    let asked = Form::read(query.unwrap_or_default().as_bytes()).ok_or(Problem::NotFound)?;
    let in_force = officers.bundle_in_force().map(|bundle| bundle.hash());
    let mut others = officers.policies().all();
    others.retain(|other| other.hash() != bundle.hash());
    others.sort_by_key(|other| order(other));
    let other = match asked.value("met") {
        "" => by_default(&bundle, &others, in_force),
        hash => Some(find(&visit, hash)?),
    };
    let pair = match &other {
        None => None,
        Some(other) => {
            let mut two = [other, &bundle];
            two.sort_by_key(|bundle| order(bundle));
            let compared = visit.desk.rules.pair(two, l).await?;
            let shown = shown(&compared.purposes, asked.value("doel"))?;
            Some(Pair {
                sides: two.map(|bundle| Side::new(bundle, in_force, l)),
                with: other.hash().to_string(),
                compared,
                shown,
                is_one: !asked.value("doel").is_empty(),
            })
        }
    };
    let compared = pair.as_ref().map(|pair| Arc::clone(&pair.compared));
    let chosen = other.map(|other| other.hash());
    Ok(html(&ComparisonPage {
        page: visit.page(l.pick("Wat zou er veranderen?", "What would change?")),
        l,
        title: bundle.title_in(l).to_owned(),
        hash: bundle.hash().to_string(),
        others: others
            .iter()
            .map(|other| Other {
                hash: other.hash().to_string(),
                title: format!("{} ({})", other.title_in(l), other.id()),
                is_chosen: chosen == Some(other.hash()),
            })
            .collect(),
        notes: compared
            .as_ref()
            .map_or(&[], |compared| compared.notes.as_slice()),
        pair,
    }))
}

impl Side {
    fn new(bundle: &Bundle, in_force: Option<Sha256>, l: Language) -> Self {
        Self {
            title: bundle.title_in(l).to_owned(),
            code: bundle.id().to_owned(),
            hash: bundle.hash().to_string(),
            is_in_force: in_force == Some(bundle.hash()),
            is_candidate: bundle.is_candidate(),
        }
    }
}

/// What decides now; or, for that itself, the one before it, or the one after it.
fn by_default(
    bundle: &Bundle,
    others: &[Arc<Bundle>],
    in_force: Option<Sha256>,
) -> Option<Arc<Bundle>> {
    let deciding = others.iter().find(|one| Some(one.hash()) == in_force);
    let before = || others.iter().rfind(|one| order(one) < order(bundle));
    let found = deciding.or_else(before).or_else(|| others.first());
    found.cloned()
}

/// Which purposes have their tables on the page: the one asked for, or as many as fit, those in which
/// something changes first.
fn shown(all: &[ComparedPurpose], asked: &str) -> Result<BTreeSet<String>, Problem> {
    if !asked.is_empty() {
        let found = all.iter().find(|purpose| purpose.code == asked);
        let found = found.ok_or(Problem::NotFound)?;
        return Ok(BTreeSet::from([found.code.clone()]));
    }
    let mut left = bounds::DESK_TABLES_BYTES;
    let (changed, same): (Vec<_>, Vec<_>) = all.iter().partition(|purpose| purpose.is_changed);
    let fits = |purpose: &&&ComparedPurpose| {
        let fits = left.checked_sub(purpose.tables.len());
        left = fits.unwrap_or(left);
        fits.is_some()
    };
    let in_order: Vec<&ComparedPurpose> = changed.into_iter().chain(same).collect();
    let shown = in_order.iter().filter(fits);
    Ok(shown.map(|purpose| purpose.code.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_has_a_page_of_its_own_and_what_changes_goes_first() {
        let purpose = |code: &str, is_changed, part: usize| ComparedPurpose {
            code: code.to_owned(),
            name: code.to_owned(),
            is_changed,
            tables: "x".repeat(bounds::DESK_TABLES_BYTES / part),
        };
        let all = [
            purpose("a", false, 2),
            purpose("b", true, 2),
            purpose("c", false, 3),
            purpose("d", true, 3),
            purpose("e", false, 8),
        ];
        assert_eq!(shown(&all, "z"), Err(Problem::NotFound));
        for (asked, expected) in [("", "bde"), ("a", "a"), ("e", "e")] {
            let shown: String = shown(&all, asked).unwrap().into_iter().collect();
            assert_eq!(shown, expected, "{asked}");
        }
        assert!(shown(&[], "").unwrap().is_empty());
    }
}
