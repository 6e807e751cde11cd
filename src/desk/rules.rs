//! Regels: what the parties agreed on, as the book has it; each bundle's rules for people to read; and
//! two bundles beside each other. Nothing here is personal, so nothing is recorded.

mod agreed;
mod compared;
mod kept;
mod one;
#[cfg(test)]
mod tests;

pub(super) use kept::Kept;

use askama::Template;
use axum::response::Response;

use self::agreed::AgreedPart;
use super::page::{Page, html};
use super::problem::Problem;
use super::routes::{EVERYONE, Routes};
use super::visit::Visit;
use super::words::Wording;
use crate::bounds;
use crate::domain::Sha256;
use crate::exchange::officer::AgreementStanding;
use crate::language::Language;
use crate::policy::Bundle;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/regels", EVERYONE, show)
        .with(one::routes)
        .with(compared::routes)
}

/// Where the rules of a bundle are, or one of them.
pub(super) fn place(bundle: Sha256, rule: Option<&str>) -> String {
    let rule = rule.map_or_else(String::new, |id| format!("#regel-{id}"));
    format!("/regels/{bundle}{rule}")
}

/// A bundle of this gateway that nobody agreed on yet.
struct NotAgreed {
    title: String,
    code: String,
    hash: String,
    is_candidate: bool,
}

impl NotAgreed {
    fn new(bundle: &Bundle, l: Language) -> Self {
        Self {
            title: bundle.title_in(l).to_owned(),
            code: bundle.id().to_owned(),
            hash: bundle.hash().to_string(),
            is_candidate: bundle.is_candidate(),
        }
    }
}

#[derive(Template)]
#[template(path = "bundels.html")]
struct RulesPage {
    page: Page,
    agreed: Vec<AgreedPart>,
    has_more: bool,
    /// Whether one of them decides now.
    has_one: bool,
    others: Vec<NotAgreed>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let agreements = officers.agreements(bounds::DESK_AGREEMENTS).await?;
    let wording = Wording::new(officers, l);
    let policies = officers.policies();
    let mut others: Vec<_> = policies
        .all()
        .into_iter()
        .filter(|bundle| !agreements.bundles.contains(&bundle.hash()))
        .collect();
    others.sort_by_key(|bundle| order(bundle));
    let mut list = agreements.list.iter();
    Ok(html(&RulesPage {
        page: visit.page(l.pick("Regels", "Rules")),
        has_one: list.any(|one| one.standing == AgreementStanding::InForce),
        agreed: agreements
            .list
            .iter()
            .map(|one| AgreedPart::new(one, policies.find(one.bundle).as_deref(), &wording))
            .collect(),
        has_more: agreements.has_more,
        others: others
            .iter()
            .map(|bundle| NotAgreed::new(bundle, l))
            .collect(),
    }))
}

/// What comes before what: by the day from which a bundle is meant, candidates last.
fn order(bundle: &Bundle) -> (bool, crate::clock::Moment, Sha256) {
    let (from, _) = bundle.in_force();
    (bundle.is_candidate(), from, bundle.hash())
}
