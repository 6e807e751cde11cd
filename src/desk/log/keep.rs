//! Taking lines out as a file, and keeping searches for a next time.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, file, html};
use super::super::problem::Problem;
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::{export, find, gone, results_page, sought};
use crate::bounds;
use crate::exchange::officer::{SEARCH_NAME_CHARS, SearchName, Viewed};
use crate::oversight::Criteria;

#[derive(Template)]
#[template(path = "logboek-uitvoer.html")]
struct ExportPage {
    page: Page,
    f: Filled,
    number: u32,
    badges: Vec<String>,
    extent: String,
}

/// A search that is kept, as the page lists it.
pub(super) struct Kept {
    pub(super) name: String,
    /// What is sought; empty for everything.
    pub(super) what: String,
    pub(super) readable: bool,
}

/// What this officer keeps.
pub(super) async fn kept(visit: &Visit, wording: &Wording) -> Result<Vec<Kept>, Problem> {
    let saved = visit.desk.officers.saved_searches(visit.officer()).await?;
    let kept = saved.into_iter().map(|(name, criteria)| Kept {
        name,
        what: criteria
            .as_ref()
            .map(|criteria| sought::badges(criteria, wording, false).join(", "))
            .unwrap_or_default(),
        readable: criteria.is_some(),
    });
    Ok(kept.collect())
}

/// Keeps the search that is shown, without what is personal in it.
pub(super) async fn keep(
    visit: Visit,
    Path(number): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let Some((number, criteria)) = find(&visit, &number) else {
        return Ok(gone(&visit));
    };
    let typed = sought::form_of(&criteria).with("naam", form.value("naam"));
    let mut f = Filled::new(typed, visit.l);
    let name = f.required(
        "naam",
        (
            &format!("Naam: vul een naam in van 1 tot {SEARCH_NAME_CHARS} tekens."),
            &format!("Name: fill in a name of 1 to {SEARCH_NAME_CHARS} characters."),
        ),
        SearchName::parse,
    );
    if let Some(name) = name {
        let officers = &visit.desk.officers;
        if officers
            .keep_search(visit.officer(), &name, &criteria)
            .await?
        {
            visit.session.tell(Notice::done(visit.l.pick(
                "De zoekopdracht is bewaard. U vindt haar terug onder Logboek.",
                "The search was kept. You find it again under Log.",
            )));
            return Ok(see_other(&format!("/logboek/{number}")));
        }
        let most = bounds::SAVED_SEARCHES;
        f.wrong(
            "naam",
            &format!("U bewaart al {most} zoekopdrachten. Verwijder er eerst een."),
            &format!("You keep {most} searches already. Delete one first."),
        );
    }
    results_page(&visit, number, criteria, None, f).await
}

/// Opens a search that was kept. Nothing personal is in it, so there is nothing to record.
pub(super) async fn reopen(visit: &Visit, name: &str) -> Result<Response, Problem> {
    let saved = visit.desk.officers.saved_searches(visit.officer()).await?;
    let found = saved.into_iter().find(|(known, _)| known == name);
    let criteria = found.and_then(|(_, criteria)| criteria);
    let criteria = criteria.ok_or(Problem::NotFound)?;
    let number = visit.session.keep_search(criteria);
    Ok(see_other(&format!("/logboek/{number}")))
}

/// Lets go of one. That it was gone already is as good.
pub(super) async fn delete(visit: &Visit, name: &str) -> Result<Response, Problem> {
    if let Some(name) = SearchName::parse(name) {
        let officers = &visit.desk.officers;
        officers.drop_search(visit.officer(), &name).await?;
    }
    visit.session.tell(Notice::done(visit.l.pick(
        "De bewaarde zoekopdracht is verwijderd.",
        "The kept search was deleted.",
    )));
    Ok(see_other("/logboek"))
}

/// What the file would hold, and why it is wanted.
pub(super) async fn ask(visit: Visit, Path(number): Path<String>) -> Result<Response, Problem> {
    let Some((number, criteria)) = find(&visit, &number) else {
        return Ok(gone(&visit));
    };
    let f = Filled::new(Form::default(), visit.l);
    ask_page(&visit, number, &criteria, f).await
}

async fn ask_page(
    visit: &Visit,
    number: u32,
    criteria: &Criteria,
    f: Filled,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let (oin, wanted) = (visit.officer().organisation.oin, criteria.clone());
    let oversight = officers.oversight();
    let total = oversight.read(move |index| index.matching(oin, &wanted).count());
    let total = total.await?;
    let wrong = f.is_wrong();
    let mut response = html(&ExportPage {
        page: visit.page(l.pick("Regels als bestand", "Lines as a file")),
        f,
        number,
        badges: sought::badges(criteria, &Wording::new(officers, l), true),
        extent: export::extent(total, bounds::EXPORT_LINES, l),
    });
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

/// Takes the lines out: recorded, with how many, before the first byte is sent.
pub(super) async fn take(
    visit: Visit,
    Path(number): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let Some((number, criteria)) = find(&visit, &number) else {
        return Ok(gone(&visit));
    };
    let mut f = Filled::new(form, visit.l);
    let wanted = f.required(
        "vorm",
        ("Kies CSV of JSON.", "Choose CSV or JSON."),
        export::Form::find,
    );
    let cause = cause::of(&visit, &mut f);
    let (Some(form), Some(cause)) = (wanted, cause) else {
        return ask_page(&visit, number, &criteria, f).await;
    };
    let officers = &visit.desk.officers;
    let (oin, at) = (visit.officer().organisation.oin, officers.now());
    let address = criteria.address;
    let taken = officers.oversight().read(move |index| {
        let mut total = 0;
        let mut lines = Vec::new();
        for row in index.matching(oin, &criteria) {
            total += 1;
            if lines.len() < bounds::EXPORT_LINES {
                lines.push(index.line(row));
            }
        }
        export::Taken {
            lines,
            total,
            size: index.size(),
            at,
            criteria,
        }
    });
    let taken = taken.await?;
    let viewed = Viewed::Export {
        address,
        count: taken.lines.len() as u64,
    };
    officers
        .record_view(visit.officer(), &cause, viewed)
        .await?;
    let wording = Wording::new(officers, visit.l);
    let written = tokio::task::spawn_blocking(move || export::write(form, &taken, &wording));
    let written = written.await.ok().flatten().ok_or(Problem::Internal)?;
    Ok(file(form.media_type(), form.name(), written))
}
