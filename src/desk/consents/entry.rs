//! An entry of the registry as it stands in the book, with its proof. Nothing personal stands in it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::super::page::{Page, file, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::wording::Date;
use crate::exchange::officer::Proof;
use crate::ledger::Found;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/regel/{index}", EVERYONE, show)
        .get("/toestemmingen/regel/{index}/bewijs", EVERYONE, proof)
}

#[derive(Template)]
#[template(path = "toestemming-regel.html")]
struct EntryPage {
    page: Page,
    at: Date,
    transaction: String,
    path: String,
    text: String,
    holds: bool,
    size: String,
    hashes: usize,
}

async fn find(visit: &Visit, index: &str) -> Result<(Found, Proof), Problem> {
    let index = index.parse().map_err(|_| Problem::NotFound)?;
    let officers = &visit.desk.officers;
    let found = officers.registry_entry(visit.officer(), index).await?;
    found.ok_or(Problem::NotFound)
}

async fn show(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let (found, proof) = find(&visit, &index).await?;
    let l = visit.l;
    let entry = &found.entry;
    let proven = proof.proven.as_ref();
    Ok(html(&EntryPage {
        at: Date::and_time(entry.tijd, l),
        transaction: entry.transactie.to_string(),
        path: format!("/toestemmingen/regel/{}/bewijs", found.index),
        text: serde_json::to_string_pretty(entry).map_err(|_| Problem::Internal)?,
        holds: proven.is_ok(),
        size: proven.map_or_else(|_| String::new(), |proven| l.number(proven.size)),
        hashes: proven.map_or(0, |proven| proven.hashes),
        page: visit.page(&format!(
            "{} {}",
            l.pick("Regel", "Entry"),
            l.number(found.index)
        )),
    }))
}

async fn proof(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let (found, proof) = find(&visit, &index).await?;
    let name = format!("regel-{}.tlog-proof", found.index);
    Ok(file("text/plain; charset=utf-8", &name, proof.text))
}
