//! Integriteit: checking the whole book, and what an auditor needs, on one page.

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, header};

use super::page::{Notice, Page, file, html};
use super::problem::Problem;
use super::routes::{EVERYONE, Routes};
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::ledger::entry::Finding;
use crate::oversight::{Check, What};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/integriteit", EVERYONE, show)
        .post("/integriteit", EVERYONE, start)
        .get("/integriteit/stand", EVERYONE, checkpoint)
}

/// How many of the earlier checks are shown.
const SHOWN_CHECKS: usize = 20;

struct Run {
    done: String,
    of: String,
    percent: u64,
}

#[derive(Clone)]
struct Done {
    iso: String,
    at: String,
    by: String,
    size: String,
    is_whole: bool,
}

#[derive(Template)]
#[template(path = "integriteit.html")]
struct IntegrityPage {
    page: Page,
    running: Option<Run>,
    verdict: &'static str,
    verdict_kind: &'static str,
    latest: Option<Done>,
    last_told: Option<String>,
    checks: Vec<Done>,
    checkpoint: String,
    key: String,
    size: String,
    readings: String,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let looked = officers.oversight().read(|index| {
        let newest = index.checks().iter().rev().take(SHOWN_CHECKS);
        let checks: Vec<_> = newest.map(|check| (*check, index.oin(check.by))).collect();
        let readings = index.rows().iter().filter(|row| row.what == What::Reading);
        (checks, index.size(), readings.count() as u64)
    });
    let (found, size, readings) = looked.await?;
    let wording = Wording::new(officers, l);
    let done = |(check, oin): &(Check, Option<crate::domain::Oin>)| Done {
        iso: check.at.to_string(),
        at: words::moment(check.at, l),
        by: oin.map_or_else(String::new, |oin| wording.organisation(oin)),
        size: l.number(check.size),
        is_whole: check.finding == Finding::Whole,
    };
    let checks: Vec<Done> = found.iter().map(done).collect();
    let latest = checks.first().cloned();
    let (verdict, verdict_kind) = match &latest {
        None => (l.pick("Nog niet nagegaan", "Not checked yet"), "let-op"),
        Some(done) if done.is_whole => (
            l.pick(
                "Laatste controle: het logboek klopt",
                "Last check: the log is right",
            ),
            "ja",
        ),
        Some(_) => (
            l.pick(
                "Laatste controle: het logboek klopt niet",
                "Last check: the log is wrong",
            ),
            "nee",
        ),
    };
    let running = officers.checking().map(|run| Run {
        done: l.number(run.done),
        of: l.number(run.of),
        percent: run
            .done
            .saturating_mul(100)
            .checked_div(run.of)
            .unwrap_or(0),
    });
    let goes_on = running.is_some();
    let last_told = officers.last_check().map(|last| match last.told {
        Ok(told) | Err(told) => told,
    });
    let mut response = html(&IntegrityPage {
        page: visit.page(l.pick("Integriteit", "Integrity")),
        running,
        verdict,
        verdict_kind,
        latest,
        last_told,
        checks,
        checkpoint: officers.checkpoint(),
        key: officers.ledger_key(),
        size: l.number(size),
        readings: l.number(readings),
    });
    if goes_on {
        let again = HeaderValue::from_static("2; url=/integriteit");
        response.headers_mut().insert(header::REFRESH, again);
    }
    Ok(response)
}

async fn start(visit: Visit) -> Result<Response, Problem> {
    visit.desk.officers.start_check(visit.officer())?;
    visit.session.tell(Notice::know(visit.l.pick(
        "De controle is begonnen. De uitslag komt in het logboek.",
        "The check has begun. Its result goes into the log.",
    )));
    Ok(see_other("/integriteit"))
}

async fn checkpoint(visit: Visit) -> Response {
    let text = visit.desk.officers.checkpoint();
    file(
        "text/plain; charset=utf-8",
        "stand-van-het-logboek.txt",
        text,
    )
}
