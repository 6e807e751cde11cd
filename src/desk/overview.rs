//! Overzicht: what waits for somebody, and this week against the weeks before.

mod plots;
mod waits;

use askama::Template;
use axum::response::Response;

use super::page::{Page, html};
use super::problem::Problem;
use super::routes::{EVERYONE, Routes};
use super::visit::Visit;
use super::witnesses::{self, Told};
use super::words::{self, Wording};
use crate::clock::Moment;
use crate::domain::DeskRole;
use crate::exchange::officer::Witnessing;
use crate::language::Language;
use crate::ledger::entry::Finding;
use crate::oversight::Figures;

use plots::Shown;
use waits::Waits;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/", EVERYONE, show)
}

struct BookPanel {
    size: String,
    signed: Option<(String, String)>,
    checked: Option<(String, String)>,
    is_whole: bool,
    is_due: bool,
    /// How it stands with its witnesses, if it has any.
    witnesses: Option<Told>,
}

impl BookPanel {
    fn has_warnings(&self) -> bool {
        let told = self.witnesses.as_ref();
        told.is_some_and(|told| !told.warnings.is_empty())
    }
}

#[derive(Template)]
#[template(path = "overzicht.html")]
struct OverviewPage {
    page: Page,
    lead: String,
    waits: Vec<Waits>,
    plots: Vec<Shown>,
    book: BookPanel,
    last: Option<Shown>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let now = visit.desk.clock.now();
    let officer = visit.officer();
    let (own, person) = (officer.organisation.oin, officer.subject.clone());
    let watches = officer.is_any(&[DeskRole::Fg, DeskRole::Auditor]);
    let looked = officers.oversight().read(move |index| {
        let signals = watches.then(|| index.signals(own, now));
        (
            index.figures(own, &person, now),
            signals.unwrap_or_default(),
            watches.then(|| index.shadowed(own, now)),
            index.condemned_elsewhere(own).len() as u64,
        )
    });
    let (figures, signals, shadowed, elsewhere) = looked.await?;
    let asked = if visit.may_erase() {
        officers.waiting_erasures(officer).await?
    } else {
        Vec::new()
    };
    let wording = Wording::new(officers, l);
    let mut drawn = Vec::new();
    if watches {
        drawn.push(plots::releases(&figures, l));
        drawn.push(plots::refusals_now(&figures, &wording));
    }
    let looks_on = officers.candidate().is_some();
    if let Some(shadowed) = shadowed.filter(|shadowed| looks_on || shadowed.is_any()) {
        drawn.push(plots::trial(&shadowed, l));
    }
    if officer.organisation.provides {
        drawn.push(plots::answers(&figures, l));
    }
    let last = watches.then(|| plots::refusals(&figures, &wording));
    let seen = watches.then(|| words::short_name(&officer.organisation));
    let book = book(&figures, officers.witnesses().as_ref(), l);
    let mut waits = waits::waits(&visit, &figures, (&signals, elsewhere), &wording, now);
    waits.extend(waits::erasures(&asked, l));
    waits.splice(0..0, waits::stopped(book.witnesses.as_ref(), l));
    Ok(html(&OverviewPage {
        page: visit.page(l.pick("Overzicht", "Overview")),
        lead: lead(&figures, now, seen.as_deref(), l),
        waits,
        plots: drawn,
        book,
        last,
    }))
}

/// Which week it is, and whose exchanges are shown, if any are.
fn lead(figures: &Figures, now: Moment, own: Option<&str>, l: Language) -> String {
    let Some(week) = figures.weeks.last() else {
        return String::new();
    };
    let today = now.local().day();
    let since = if week.monday() == today {
        l.pick("vandaag", "today").to_owned()
    } else {
        format!(
            "{} {}",
            words::day(week.monday(), l),
            l.pick("tot en met vandaag", "to today"),
        )
    };
    let number = week.number();
    match (own, l) {
        (Some(own), Language::Dutch) => {
            format!("Week {number}: {since}. U ziet wat {own} kreeg en gaf.")
        }
        (Some(own), Language::English) => {
            format!("Week {number}: {since}. You see what {own} received and gave.")
        }
        (None, _) => format!("Week {number}: {since}."),
    }
}

fn book(figures: &Figures, seen: Option<&Witnessing>, l: Language) -> BookPanel {
    let told = |at: Moment| (at.to_string(), words::moment(at, l));
    let book = figures.book;
    BookPanel {
        size: l.number(book.size),
        signed: book.newest.map(told),
        checked: book.last_check.map(|check| told(check.at)),
        is_whole: book
            .last_check
            .is_some_and(|check| check.finding == Finding::Whole),
        is_due: book.check_due,
        witnesses: seen.map(|seen| witnesses::told(seen, l)),
    }
}
