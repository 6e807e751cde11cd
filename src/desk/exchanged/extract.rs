//! An extract of the exchange, to keep or to show to somebody else: what stands in the log, its proof,
//! and of what is personal only what was ticked.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;

use super::super::forms::Form;
use super::super::page::file;
use super::super::problem::Problem;
use super::super::visit::{Visit, see_other};
use super::find;

/// Only what is open on the page can be ticked; it is recorded that it was taken out.
pub(super) async fn take(
    visit: Visit,
    Path(transaction): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let exchanged = find(&visit, &transaction).await?;
    let id = exchanged.entry.entry.transactie;
    let fields: BTreeSet<&str> = form.values("veld").collect();
    let cause = visit.session.cause();
    let shown = cause.filter(|_| visit.session.has_opened(id));
    if shown.is_none() && !fields.is_empty() {
        // The case was closed meanwhile, and what was open with it.
        return Ok(see_other(&format!("/uitwisseling/{id}#persoon")));
    }
    let shown = shown.as_ref().filter(|_| !fields.is_empty());
    let shown = shown.map(|cause| (cause, &fields));
    let officers = &visit.desk.officers;
    let extract = officers.extract(visit.officer(), &exchanged, shown).await?;
    let name = format!("uittreksel-{id}.json");
    Ok(file("application/json", &name, extract.to_string()))
}
