//! Integriteit: checking the whole book, and what an auditor needs, on one page.

mod result;
#[cfg(test)]
mod tests;
mod witnessed;

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::forms::{Filled, Form};
use super::page::{Notice, Page, file, html};
use super::problem::Problem;
use super::routes::{EVERYONE, Routes};
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::exchange::Failure;
use crate::exchange::officer::Checked;
use crate::language::Language;
use crate::ledger::entry::Finding;
use crate::ledger::note::NoteError;
use crate::ledger::{Compared, NotCompared};
use crate::oversight::{Check, What};
use crate::replay::Replayed;
use witnessed::Witnesses;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/integriteit", EVERYONE, show)
        .post("/integriteit", EVERYONE, act)
        .get("/integriteit/stand", EVERYONE, checkpoint)
        .get("/integriteit/getuigd", EVERYONE, cosigned)
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
    /// What the latest check counted, where this gateway made it.
    counted: Vec<String>,
    /// That the last check came to nothing.
    broken_off: bool,
    last_told: Option<String>,
    checks: Vec<Done>,
    checkpoint: String,
    key: String,
    size: String,
    readings: String,
    witnesses: Option<Witnesses>,
    /// The copy that was held against the book.
    f: Filled,
    /// How it stands to it: a class, a heading and a sentence.
    compared: Option<(&'static str, &'static str, String)>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let f = Filled::new(Form::default(), visit.l);
    page(&visit, f, None).await
}

async fn page(visit: &Visit, f: Filled, compared: Option<Compared>) -> Result<Response, Problem> {
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
    let last = officers.last_check();
    let whole = found
        .first()
        .filter(|(check, _)| check.finding == Finding::Whole);
    let counted = match (&last, whole) {
        (
            Some(Checked {
                found: Ok(Replayed { summary, counts }),
                ..
            }),
            Some((check, _)),
        ) if check.size == summary.size => result::told(counts, l),
        _ => Vec::new(),
    };
    let broken_off = last.as_ref().is_some_and(|last| !last.recorded);
    let last_told = last.map(|last| match last.found {
        Ok(found) => found.to_string(),
        Err(told) => told,
    });
    let mut response = html(&IntegrityPage {
        page: visit.page(l.pick("Integriteit", "Integrity")),
        running,
        verdict,
        verdict_kind,
        latest,
        counted,
        broken_off,
        last_told,
        checks,
        checkpoint: officers.checkpoint(),
        key: officers.ledger_key(),
        size: l.number(size),
        readings: l.number(readings),
        witnesses: officers.witnesses().map(|seen| Witnesses::new(&seen, l)),
        compared: compared.map(|compared| told(compared, l)),
        f,
    });
    if goes_on {
        let again = HeaderValue::from_static("2; url=/integriteit");
        response.headers_mut().insert(header::REFRESH, again);
    }
    Ok(response)
}

/// What a form asks: to check the whole book, or to hold a copy of a state against it.
async fn act(visit: Visit, form: Form) -> Result<Response, Problem> {
    if form.value("daad") == "vergelijken" {
        return compare(&visit, form).await;
    }
    visit.desk.officers.start_check(visit.officer())?;
    visit.session.tell(Notice::know(visit.l.pick(
        "De controle is begonnen. De uitslag komt in het logboek.",
        "The check has begun. Its result goes into the log.",
    )));
    Ok(see_other("/integriteit"))
}

/// Says how the copy of a state that somebody kept stands to the book.
async fn compare(visit: &Visit, form: Form) -> Result<Response, Problem> {
    let mut f = Filled::new(form, visit.l);
    // A form sends its lines with a carriage return, and a signature ends with a line feed.
    let note = f.value("stand").replace("\r\n", "\n") + "\n";
    match visit.desk.officers.compare(&note).await {
        Ok(compared) => page(visit, f, Some(compared)).await,
        Err(NotCompared::Checkpoint(NoteError::OtherKey { .. })) => {
            f.wrong(
                "stand",
                "Deze stand is op naam van dit logboek ondertekend, maar met een andere sleutel dan de huidige. Is hij van voordat de sleutel is vervangen, dan gaat de beheerder hem na met de oude sleutel: sluis ledger verify --at-least … --at-least-key ….",
                "This state is signed in the name of this log, but with another key than the present one. If it is of before the key was replaced, the operator checks it with the old key: sluis ledger verify --at-least … --at-least-key ….",
            );
            refused(visit, f).await
        }
        Err(NotCompared::Checkpoint(_)) => {
            f.wrong(
                "stand",
                "Dit is geen stand die met de sleutel van dit logboek is ondertekend. Plak de hele tekst van het bewaarde bestand, ook de regel die met een streepje begint.",
                "This is no state that was signed with the key of this log. Paste the whole text of the file you kept, the line that begins with a dash as well.",
            );
            refused(visit, f).await
        }
        Err(NotCompared::Read(_)) => Err(Failure::LedgerUnavailable.into()),
    }
}

/// The page again, with what is wrong with the form.
async fn refused(visit: &Visit, f: Filled) -> Result<Response, Problem> {
    let mut response = page(visit, f, None).await?;
    *response.status_mut() = StatusCode::BAD_REQUEST;
    Ok(response)
}

fn told(compared: Compared, l: Language) -> (&'static str, &'static str, String) {
    match compared {
        Compared::Begins { kept, size } => {
            let (kept, added) = (l.number(kept), l.number(size.saturating_sub(kept)));
            let sentence = match l {
                Language::Dutch => format!(
                    "De {kept} regels van uw stand staan er nog, ongewijzigd en op dezelfde plaats. Daarna kwamen er {added} bij."
                ),
                Language::English => format!(
                    "The {kept} entries of your state still stand there, unchanged and in the same place. After those {added} were added."
                ),
            };
            let title = l.pick("Uw stand klopt met het logboek", "Your state fits the log");
            ("ja", title, sentence)
        }
        Compared::Differs { kept, .. } => {
            let kept = l.number(kept);
            let sentence = match l {
                Language::Dutch => format!(
                    "Uw stand is met de sleutel van dit logboek ondertekend, maar de eerste {kept} regels zijn nu andere. Het logboek is veranderd, of er zijn er twee. Bewaar uw kopie en waarschuw de auditor."
                ),
                Language::English => format!(
                    "Your state was signed with the key of this log, but its first {kept} entries are others now. The log was changed, or there are two. Keep your copy, and warn the auditor."
                ),
            };
            let title = l.pick(
                "Uw stand klopt niet met het logboek",
                "Your state does not fit the log",
            );
            ("nee", title, sentence)
        }
        Compared::Ahead { kept, size } => {
            let (kept, size) = (l.number(kept), l.number(size));
            let sentence = match l {
                Language::Dutch => format!(
                    "Uw stand telt {kept} regels, het logboek nu {size}. Er zijn regels weg: misschien is een oude kopie teruggezet. Bewaar uw kopie en waarschuw de beheerder en de auditor."
                ),
                Language::English => format!(
                    "Your state counts {kept} entries, the log {size} now. Entries are gone: perhaps an old copy was put back. Keep your copy, and warn the administrator and the auditor."
                ),
            };
            let title = l.pick(
                "Het logboek is korter dan uw stand",
                "The log is shorter than your state",
            );
            ("nee", title, sentence)
        }
    }
}

async fn checkpoint(visit: Visit) -> Response {
    let text = visit.desk.officers.checkpoint();
    file(
        "text/plain; charset=utf-8",
        "stand-van-het-logboek.txt",
        text,
    )
}

async fn cosigned(visit: Visit) -> Result<Response, Problem> {
    let witnesses = visit.desk.officers.witnesses();
    let newest = witnesses.and_then(|seen| seen.cosigned);
    let newest = newest.ok_or(Problem::NotFound)?;
    Ok(file(
        "text/plain; charset=utf-8",
        "getuigde-stand-van-het-logboek.txt",
        newest.note.clone(),
    ))
}
