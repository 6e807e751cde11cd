//! One signal with all its exchanges, and the list of them with their addresses: whoever was harmed is
//! told (AVG 34).

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;

use super::{Told, addresses, documents, found, taken, tell};
use crate::bounds;
use crate::desk::cause;
use crate::desk::forms::{Filled, Form};
use crate::desk::lines::{DayOfLines, Seen, by_day};
use crate::desk::page::{Page, file, html};
use crate::desk::problem::Problem;
use crate::desk::visit::Visit;
use crate::desk::words::{self, Wording};
use crate::ledger::entry::Judgement;
use crate::oversight::{SignalKind, Whole};

/// Where a signal is shown.
pub(in crate::desk) fn path(kind: SignalKind, about: u64) -> String {
    format!("/signalen/{}-{about}", kind.code())
}

#[derive(Template)]
#[template(path = "signaal.html")]
struct SignalPage {
    page: Page,
    f: Filled,
    path: String,
    told: Told,
    /// What was found of it, with the colour of it.
    found: Option<(&'static str, &'static str)>,
    /// The incident that came of it.
    incident: Option<String>,
    /// `92 stukken, over 92 adressen`.
    extent: String,
    is_about_case: bool,
    days: Vec<DayOfLines>,
    count: String,
    /// The page it is, counted from 1, of how many.
    number: usize,
    pages: usize,
    /// When the list holds fewer.
    most: Option<String>,
    asks_cause: bool,
}

/// Reads what [`path`] ends with: only as it is written in our own links.
fn meant(text: &str) -> Option<(SignalKind, u64)> {
    let (code, about) = text.rsplit_once('-')?;
    let number: u64 = about.parse().ok()?;
    (number.to_string() == about).then_some(())?;
    Some((SignalKind::find(code)?, number))
}

async fn find(visit: &Visit, text: &str) -> Result<Whole, Problem> {
    let meant = meant(text).ok_or(Problem::NotFound)?;
    let (own, now) = (visit.officer().organisation.oin, visit.desk.clock.now());
    let oversight = visit.desk.officers.oversight();
    let looked = oversight.read(move |index| index.find_signal(own, now, meant));
    looked.await?.ok_or(Problem::NotFound)
}

pub(super) async fn show(
    visit: Visit,
    Path(text): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let whole = find(&visit, &text).await?;
    let wanted = query.get("blad").and_then(|number| number.parse().ok());
    // Nearly always why somebody looks here.
    let f = Filled::new(Form::default().with("aanleiding", "incident"), visit.l);
    page(&visit, &whole, f, wanted.unwrap_or(1)).await
}

/// Takes the exchanges out as a file, with their addresses, after that was recorded.
pub(super) async fn take(
    visit: Visit,
    Path(text): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let whole = find(&visit, &text).await?;
    let mut f = Filled::new(form, visit.l);
    let with_employees = f.is("medewerkers", "ja");
    let Some(cause) = cause::of(&visit, &mut f) else {
        return page(&visit, &whole, f, 1).await;
    };
    let officers = &visit.desk.officers;
    let signal = (whole.signal.kind.code(), whole.signal.about);
    let lines = whole.exchanges.iter().take(bounds::REPORT_LINES);
    let indices: Vec<u64> = lines.map(|line| line.index).collect();
    let opened = officers
        .take_out(visit.officer(), &cause, signal, &indices, with_employees)
        .await?;
    let wording = Wording::new(officers, visit.l);
    let text = taken::write(&whole.exchanges, &opened, with_employees, &wording);
    let text = text.ok_or(Problem::Internal)?;
    Ok(file(
        "text/csv; charset=utf-8; header=present",
        "signaal.csv",
        text,
    ))
}

async fn page(visit: &Visit, whole: &Whole, f: Filled, wanted: usize) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let wording = Wording::new(officers, l);
    let signal = &whole.signal;
    let own = &visit.officer().organisation;
    let pages = whole
        .exchanges
        .len()
        .div_ceil(bounds::DESK_PAGE_LINES)
        .max(1);
    let number = wanted.clamp(1, pages);
    let shown = whole
        .exchanges
        .iter()
        .skip((number - 1) * bounds::DESK_PAGE_LINES);
    let shown: Vec<_> = shown.take(bounds::DESK_PAGE_LINES).cloned().collect();
    let oin = own.oin;
    let seen = officers.oversight().read(move |index| {
        let party = index.party(oin);
        let seen = shown.into_iter();
        seen.map(|line| Seen::of_line(index, line, party))
            .collect::<Vec<_>>()
    });
    let seen = seen.await?;
    let told = tell(signal, &words::short_name(own), &wording);
    let judgement = signal.dismissed.map(|dealt| dealt.judgement);
    let is_wrong = f.is_wrong();
    let most = whole.exchanges.len() > bounds::REPORT_LINES;
    let mut around = visit.page(&told.title);
    for item in &mut around.menu {
        item.here |= item.path == "/signalen";
    }
    let mut response = html(&SignalPage {
        asks_cause: visit.session.cause().is_none() || cause::is_wrong(&f),
        page: around,
        f,
        path: path(signal.kind, signal.about),
        found: judgement.map(|judgement| found(Some(judgement), l)),
        incident: (judgement == Some(Judgement::Unlawful))
            .then(|| format!("/incidenten/{}", signal.about)),
        extent: format!(
            "{}, {} {}",
            documents(whole.extent.documents, l),
            l.pick("over", "about"),
            addresses(whole.extent.addresses, l)
        ),
        is_about_case: signal.kind == SignalKind::NothingFollowed,
        days: by_day(&seen, &wording),
        count: l.number(whole.exchanges.len() as u64),
        number,
        pages,
        most: most.then(|| l.number(bounds::REPORT_LINES as u64)),
        told,
    });
    if is_wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_one_address() {
        for wrong in [
            "",
            "-1",
            "volume-medewerker",
            "volume-medewerker-",
            "volume-medewerker-01",
            "volume-medewerker-+1",
            "volume-medewerker--1",
            "volume-medewerker-99999999999999999999",
            "iets-anders-1",
        ] {
            assert_eq!(meant(wrong), None, "{wrong:?}");
        }
        for kind in SignalKind::ALL {
            let path = path(kind, 17);
            let text = path.strip_prefix("/signalen/").unwrap();
            assert_eq!(meant(text), Some((kind, 17)));
        }
    }
}
