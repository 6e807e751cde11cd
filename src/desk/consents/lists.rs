//! What soon expires, and what was asked and not answered. A list says which kind of choice and since
//! when; whose it is and where, only once it was opened for a case.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words;
use super::OpenedChoices;
use super::wording::{Date, days, days_between, kind_name};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::ChoiceId;
use crate::language::Language;
use crate::oversight::{Index, Listed, Party};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/lijst/{code}", EVERYONE, show)
        .post("/toestemmingen/lijst/{code}", EVERYONE, open)
}

/// How long before its end a choice is in the list.
pub(super) const EXPIRES_WITHIN_DAYS: i64 = 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Choices that soon expire.
    Expiring,
    /// Questions that were not answered.
    Unanswered,
}

impl Which {
    pub(super) const ALL: [Self; 2] = [Self::Unanswered, Self::Expiring];

    const fn code(self) -> &'static str {
        match self {
            Self::Expiring => "loopt-af",
            Self::Unanswered => "gevraagd",
        }
    }

    fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.code() == code)
    }

    pub(super) fn path(self) -> String {
        format!("/toestemmingen/lijst/{}", self.code())
    }

    /// What is in it.
    pub(super) fn of(self, index: &Index, own: Party, now: Moment) -> Vec<Listed> {
        match self {
            Self::Expiring => index.expiring(own, now, EXPIRES_WITHIN_DAYS * DAY_MS),
            Self::Unanswered => index.unanswered(own, now),
        }
    }

    pub(super) const fn title(self, l: Language) -> &'static str {
        match self {
            Self::Expiring => l.pick("Loopt binnenkort af", "Soon expires"),
            Self::Unanswered => l.pick("Gevraagd, nog geen antwoord", "Asked, not yet answered"),
        }
    }

    pub(super) const fn none(self, l: Language) -> &'static str {
        match self {
            Self::Expiring => l.pick(
                "Geen keuze loopt binnen 60 dagen af.",
                "No choice expires within 60 days.",
            ),
            Self::Unanswered => l.pick("Er staat geen vraag open.", "No question is waiting."),
        }
    }

    /// What the day in a row is.
    pub(super) const fn column(self, l: Language) -> &'static str {
        match self {
            Self::Expiring => l.pick("Geldig tot", "Holds until"),
            Self::Unanswered => l.pick("Gevraagd op", "Asked on"),
        }
    }
}

impl Which {
    /// What the number of days in a row is.
    pub(super) const fn distance(self, l: Language) -> &'static str {
        match self {
            Self::Expiring => l.pick("Nog", "Left"),
            Self::Unanswered => l.pick("Geleden", "Ago"),
        }
    }
}

/// What is only shown once it was opened.
struct RowOpened {
    address: String,
    owner: String,
    reference: String,
}

/// A choice in a list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) day: Date,
    /// Days since, or days left.
    pub(super) days: String,
    opened: Option<RowOpened>,
}

pub(super) fn row(one: &Listed, which: Which, now: Moment, l: Language) -> Row {
    let (day, distance) = match (which, one.until) {
        (Which::Expiring, Some(until)) => (until, days_between(now, until)),
        (Which::Expiring | Which::Unanswered, _) => (one.at, days_between(one.at, now)),
    };
    Row {
        id: one.id.to_string(),
        kind: kind_name(one.kind, l),
        day: Date::of(day, l),
        days: days(distance, l),
        opened: None,
    }
}

#[derive(Template)]
#[template(path = "toestemmingen-lijst.html")]
struct ListPage {
    page: Page,
    f: Filled,
    action: String,
    column: &'static str,
    distance: &'static str,
    none: &'static str,
    organisation: String,
    /// Whether something here is still closed, and may be opened.
    may_open: bool,
    /// Whether letters can be made.
    letters: bool,
    rows: Vec<Row>,
    total: String,
    before: Option<String>,
    after: Option<String>,
    position: String,
}

/// Which page, counted from 1.
fn page_number(query: &HashMap<String, String>) -> usize {
    let typed = query.get("blad").and_then(|text| text.parse().ok());
    typed.filter(|number| *number >= 1).unwrap_or(1)
}

/// One page of a list.
struct Leafed {
    rows: Vec<Listed>,
    total: usize,
    /// Counted from 1; the last one when a later one was asked for.
    number: usize,
    pages: usize,
}

async fn leafed(visit: &Visit, which: Which, number: usize) -> Result<Leafed, Problem> {
    let oin = visit.officer().organisation.oin;
    let now = visit.desk.clock.now();
    let oversight = visit.desk.officers.oversight();
    let looked = oversight.read(move |index| which.of(index, index.party(oin), now));
    let all = looked.await?;
    let pages = all.len().div_ceil(bounds::DESK_CHOICES).max(1);
    let number = number.min(pages);
    let rows = all.chunks(bounds::DESK_CHOICES).nth(number - 1);
    Ok(Leafed {
        rows: rows.unwrap_or_default().to_vec(),
        total: all.len(),
        number,
        pages,
    })
}

async fn show(
    visit: Visit,
    Path(code): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let which = Which::find(&code).ok_or(Problem::NotFound)?;
    let leafed = leafed(&visit, which, page_number(&query)).await?;
    let f = Filled::new(Form::default(), visit.l);
    Ok(page(&visit, which, &leafed, f))
}

fn page(visit: &Visit, which: Which, leafed: &Leafed, f: Filled) -> Response {
    let l = visit.l;
    let now = visit.desk.clock.now();
    let to = |number: usize| format!("{}?blad={number}", which.path());
    let rows = leafed.rows.iter().map(|one| {
        let opened = visit.find_opened_choice(one.id).map(|choice| RowOpened {
            address: choice.address.to_string(),
            owner: choice.owner.to_string(),
            reference: choice.evidence.reference.to_string(),
        });
        Row {
            opened,
            ..row(one, which, now, l)
        }
    });
    let rows: Vec<Row> = rows.collect();
    html(&ListPage {
        action: to(leafed.number),
        column: which.column(l),
        distance: which.distance(l),
        none: which.none(l),
        organisation: words::short_name(&visit.officer().organisation),
        may_open: visit.may_see_registry() && rows.iter().any(|row| row.opened.is_none()),
        letters: which == Which::Unanswered && visit.is_registrar(),
        rows,
        total: l.number(leafed.total as u64),
        before: (leafed.number > 1).then(|| to(leafed.number - 1)),
        after: (leafed.number < leafed.pages).then(|| to(leafed.number + 1)),
        position: format!(
            "{} {} {} {}",
            l.pick("Blad", "Page"),
            leafed.number,
            l.pick("van", "of"),
            leafed.pages
        ),
        page: visit.page(which.title(l)),
        f,
    })
}

async fn open(
    visit: Visit,
    Path(code): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    form: Form,
) -> Result<Response, Problem> {
    let which = Which::find(&code).ok_or(Problem::NotFound)?;
    if !visit.may_see_registry() {
        return Err(Problem::NotYours);
    }
    let leafed = leafed(&visit, which, page_number(&query)).await?;
    let mut f = Filled::new(form, visit.l);
    let Some(cause) = cause::of(&visit, &mut f) else {
        let shown = page(&visit, which, &leafed, f);
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let closed = leafed.rows.iter().map(|one| one.id);
    let closed: Vec<ChoiceId> = closed
        .filter(|id| visit.find_opened_choice(*id).is_none())
        .collect();
    if !closed.is_empty() {
        let officers = &visit.desk.officers;
        let opened = officers.open_choices(visit.officer(), &cause, &closed);
        visit.session.keep(OpenedChoices(opened.await?));
    }
    Ok(see_other(&format!(
        "{}?blad={}",
        which.path(),
        leafed.number
    )))
}
