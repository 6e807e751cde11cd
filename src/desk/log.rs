//! Logboek: who asked for what, what became of it, and why. Sought, paged through, taken out.
//!
//! What is sought about a person is recorded before any of it is shown, and then shown only as far as
//! the book went when it was recorded. Only a search that was recorded gets into the session, and only
//! what is in the session is shown.

mod export;
mod keep;
mod sought;
#[cfg(test)]
mod tests;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;

pub(super) use self::export::defused;
use self::keep::Kept;
#[cfg(test)]
pub(super) use self::sought::PROBLEMS;
use super::cause;
use super::forms::{Filled, Form};
use super::keeping::{self, DeedRow};
use super::law::GROUNDS;
use super::lines::{DayOfLines, Seen, by_day};
use super::page::{Page, html};
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::bounds;
use crate::domain::DeskRole;
use crate::exchange::officer::Viewed;
use crate::oversight::{Criteria, Found, Newer};
use crate::policy::Vocabulary;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/logboek", WATCHERS, show)
        .post("/logboek", WATCHERS, search)
        .get("/logboek/{nummer}", WATCHERS, results)
        .post("/logboek/{nummer}", WATCHERS, keep::keep)
        .get("/logboek/{nummer}/uitvoer", WATCHERS, keep::ask)
        .post("/logboek/{nummer}/uitvoer", WATCHERS, keep::take)
}

/// How many entries about erasing and holding stand under the form.
const SHOWN_DEEDS: usize = 5;

/// What the lists of the form hold: value and name.
struct Lists {
    organisations: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    purposes: Vec<(String, String)>,
    grounds: Vec<(String, String)>,
    articles: Vec<(String, String)>,
    outcomes: Vec<(String, String)>,
    reasons: Vec<(String, String)>,
    /// Whose employees and cases can be sought.
    own: String,
    employee_label: String,
    case_label: String,
}

impl Lists {
    fn new(visit: &Visit, wording: &Wording) -> Self {
        let (l, officers) = (visit.l, &visit.desk.officers);
        let named = |code: &str, name: String| (code.to_owned(), name);
        let bundle = officers.bundle_in_force();
        let vocabulary = bundle.as_ref().map(|bundle| bundle.vocabulary());
        let kinds = vocabulary.into_iter().flat_map(Vocabulary::kinds);
        let purposes = vocabulary.into_iter().flat_map(Vocabulary::purposes);
        let bundles = officers.policies().all();
        let mut articles: Vec<(String, String)> = bundles
            .iter()
            .flat_map(|bundle| bundle.articles())
            .map(|article| named(article, article.to_owned()))
            .collect();
        articles.sort();
        articles.dedup();
        let own = words::short_name(&visit.officer().organisation);
        let reasons = crate::policy::Reason::ALL.iter();
        let reasons = reasons.map(|reason| reason.code()).chain(sought::PROBLEMS);
        Self {
            organisations: wording
                .organisations()
                .map(|(oin, name)| (oin.to_string(), name.to_owned()))
                .collect(),
            kinds: kinds
                .map(|(code, _)| named(code.as_str(), wording.kind(code.as_str())))
                .collect(),
            purposes: purposes
                .map(|purpose| {
                    let code = purpose.code.as_str();
                    named(code, wording.purpose(code))
                })
                .collect(),
            grounds: GROUNDS
                .iter()
                .map(|ground| named(ground.code, ground.name(l)))
                .collect(),
            articles,
            outcomes: sought::CAME
                .iter()
                .map(|(code, _, dutch, english)| named(code, l.pick(dutch, english).to_owned()))
                .collect(),
            reasons: reasons
                .map(|code| named(code, wording.reason(code)))
                .collect(),
            employee_label: format!("{} {own}", l.pick("Medewerker van", "Employee of")),
            case_label: format!("{} {own}", l.pick("Zaaknummer bij", "Case number at")),
            own,
        }
    }
}

#[derive(Template)]
#[template(path = "logboek.html")]
struct LogPage {
    page: Page,
    f: Filled,
    lists: Lists,
    kept: Vec<Kept>,
    days: Vec<DayOfLines>,
    /// The newest entries about erasing and holding.
    deeds: Vec<DeedRow>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let f = Filled::new(Form::default(), visit.l);
    form_page(&visit, f).await
}

/// The form, and under it the newest lines: those say nothing about anybody.
async fn form_page(visit: &Visit, f: Filled) -> Result<Response, Problem> {
    let officers = &visit.desk.officers;
    let oin = visit.officer().organisation.oin;
    let newest = officers.oversight().read(move |index| {
        let own = index.party(oin);
        let everything = Criteria::default();
        let rows = index.matching(oin, &everything);
        let newest = rows.take(bounds::DESK_NEWEST_LINES);
        let deeds = index.deeds().iter().rev().take(SHOWN_DEEDS);
        let deeds = deeds.map(|deed| (deed.clone(), index.oin(deed.by)));
        let newest = newest.map(|row| Seen::new(index, row, own));
        (newest.collect::<Vec<_>>(), deeds.collect::<Vec<_>>())
    });
    let (newest, mut deeds) = newest.await?;
    if !visit.officer().organisation.provides {
        deeds.clear();
    }
    let wording = Wording::new(officers, visit.l);
    let wrong = f.is_wrong();
    let mut response = html(&LogPage {
        page: visit.page(visit.l.pick("Logboek", "Log")),
        lists: Lists::new(visit, &wording),
        kept: keep::kept(visit, &wording).await?,
        days: by_day(&newest, &wording),
        deeds: keeping::rows(&deeds, &wording),
        f,
    });
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

async fn search(visit: Visit, form: Form) -> Result<Response, Problem> {
    // The buttons beside a search that was kept.
    if !form.value("open").is_empty() {
        return keep::reopen(&visit, form.value("open")).await;
    }
    if !form.value("weg").is_empty() {
        return keep::delete(&visit, form.value("weg")).await;
    }
    let officers = &visit.desk.officers;
    let mut f = Filled::new(form, visit.l);
    let mut criteria = sought::read(&mut f, officers.organisations());
    if criteria.is_personal() {
        let Some(cause) = cause::of(&visit, &mut f) else {
            return form_page(&visit, f).await;
        };
        let (oin, wanted) = (visit.officer().organisation.oin, criteria.clone());
        let counted = officers.oversight().read(move |index| {
            let count = index.matching(oin, &wanted).count();
            (index.size(), count as u64)
        });
        let (size, count) = counted.await?;
        let viewed = Viewed::Lines {
            address: criteria.address,
            employee: criteria.employee.as_ref(),
            case: criteria.case.as_ref(),
            count,
        };
        officers
            .record_view(visit.officer(), &cause, viewed)
            .await?;
        criteria.below = Some(size);
    }
    if f.is_wrong() {
        return form_page(&visit, f).await;
    }
    let number = visit.session.keep_search(criteria);
    Ok(see_other(&format!("/logboek/{number}")))
}

#[derive(Template)]
#[template(path = "logboek-weg.html")]
struct GonePage {
    page: Page,
}

#[derive(Template)]
#[template(path = "logboek-resultaat.html")]
struct ResultPage {
    page: Page,
    number: u32,
    f: Filled,
    lists: Lists,
    badges: Vec<String>,
    /// The form that asks for the exchanges among them alone; empty when that was not asked of all.
    narrower: Vec<(String, String)>,
    days: Vec<DayOfLines>,
    is_empty: bool,
    /// `Regel 26 tot en met 50 van 132`.
    place: String,
    newer: Option<String>,
    older: Option<String>,
    /// The address and period that were sought, for who may answer a resident.
    report: Option<Report>,
    may_erase: bool,
}

/// What a report to a resident would be about.
struct Report {
    address: String,
    from: String,
    until: String,
}

/// What a page of results is asked by.
#[derive(serde::Deserialize)]
struct Paging {
    #[serde(default)]
    onder: String,
}

/// What was sought under a number of this session. INVARIANT (recorded searches): what is about a
/// person was recorded, and then it says as of when.
fn find(visit: &Visit, number: &str) -> Option<(u32, Criteria)> {
    let number = number.parse().ok()?;
    let criteria = visit.session.find_search(number)?;
    let recorded = !criteria.is_personal() || criteria.below.is_some();
    recorded.then_some((number, criteria))
}

fn gone(visit: &Visit) -> Response {
    let title = visit.l.pick(
        "Deze zoekopdracht is er niet meer",
        "This search is not there any more",
    );
    let mut response = html(&GonePage {
        page: visit.page(title),
    });
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn results(
    visit: Visit,
    Path(number): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let Some((number, criteria)) = find(&visit, &number) else {
        return Ok(gone(&visit));
    };
    let below = paging.onder.parse().ok();
    let f = Filled::new(sought::form_of(&criteria), visit.l);
    results_page(&visit, number, criteria, below, f).await
}

async fn results_page(
    visit: &Visit,
    number: u32,
    criteria: Criteria,
    below: Option<u64>,
    f: Filled,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let (oin, wanted) = (visit.officer().organisation.oin, criteria.clone());
    let found = officers.oversight().read(move |index| {
        let mut found = index.search(oin, &wanted, below, bounds::DESK_PAGE_LINES);
        let own = index.party(oin);
        let lines = std::mem::take(&mut found.lines).into_iter();
        let lines: Vec<Seen> = lines.map(|line| Seen::of_line(index, line, own)).collect();
        (found, lines)
    });
    let (found, lines) = found.await?;
    let wording = Wording::new(officers, l);
    let title = match found.total {
        0 => l.pick("Niets gevonden", "Nothing found").to_owned(),
        many => format!(
            "{} {}",
            words::lines(many as u64, l),
            l.pick("in het logboek", "in the log")
        ),
    };
    let may_report = visit.officer().is_any(&[DeskRole::Fg]);
    let wrong = f.is_wrong();
    let mut response = html(&ResultPage {
        page: visit.page(&title),
        number,
        f,
        lists: Lists::new(visit, &wording),
        badges: sought::badges(&criteria, &wording, true),
        narrower: match criteria.came {
            None if found.total > 0 => sought::only_exchanges(&criteria),
            _ => Vec::new(),
        },
        days: by_day(&lines, &wording),
        is_empty: found.total == 0,
        place: place(&found, lines.len(), visit),
        newer: found.newer.map(|newer| match newer {
            Newer::First => format!("/logboek/{number}"),
            Newer::Below(index) => format!("/logboek/{number}?onder={index}"),
        }),
        older: found
            .older
            .map(|index| format!("/logboek/{number}?onder={index}")),
        may_erase: visit.may_erase(),
        report: criteria.address.filter(|_| may_report).map(|address| {
            let form = sought::form_of(&criteria);
            Report {
                address: address.to_string(),
                from: form.value("van").to_owned(),
                until: form.value("tot").to_owned(),
            }
        }),
    });
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

/// Which lines of how many a page shows.
fn place(found: &Found, here: usize, visit: &Visit) -> String {
    let l = visit.l;
    let number = |many: usize| l.number(many as u64);
    let (first, last) = (number(found.before + 1), number(found.before + here));
    let (total, of) = (number(found.total), l.pick("van", "of"));
    match here {
        0 => format!("0 {of} {total}"),
        1 => format!("{} {first} {of} {total}", l.pick("Regel", "Line")),
        _ => format!(
            "{} {first} {} {last} {of} {total}",
            l.pick("Regel", "Lines"),
            l.pick("tot en met", "to")
        ),
    }
}
