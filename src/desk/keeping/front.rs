//! The first page: what is kept, what waits, what is held, and what was done.

use askama::Template;
use axum::response::Response;

use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::super::words::Wording;
use super::wording::{DeedRow, HoldRow, WaitRow, kind_of_entry, rows};
use crate::language::Language;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/bewaren", EVERYONE, show)
}

/// How many of the newest entries stand there.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "bewaren.html")]
struct FrontPage {
    page: Page,
    /// Whether it is this organisation's to see.
    may_see: bool,
    may_erase: bool,
    waits: Vec<WaitRow>,
    holds: Vec<HoldRow>,
    deeds: Vec<DeedRow>,
    /// Kind of entry and years.
    terms: Vec<(String, String)>,
    /// What the parties agreed about it, in the terms in force.
    agreed: String,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let wording = Wording::new(officers, l);
    let may_erase = visit.may_erase();
    let may_see = visit.officer().organisation.provides;
    let (mut waits, mut holds, mut deeds) = (Vec::new(), Vec::new(), Vec::new());
    if may_erase {
        waits = officers.waiting_erasures(visit.officer()).await?;
        holds = officers.holds(visit.officer()).await?;
    }
    if may_see {
        let looked = officers.oversight().read(|index| {
            let newest = index.deeds().iter().rev().take(SHOWN);
            let newest = newest.map(|deed| (deed.clone(), index.oin(deed.by)));
            newest.collect::<Vec<_>>()
        });
        deeds = looked.await?;
    }
    let terms = officers.terms().iter();
    Ok(html(&FrontPage {
        may_see,
        may_erase,
        holds: holds
            .iter()
            .map(|one| HoldRow::of(one, &waits, &wording))
            .collect(),
        waits: waits.iter().map(|one| WaitRow::of(one, &wording)).collect(),
        deeds: rows(&deeds, &wording),
        terms: terms
            .map(|(kind, term)| (kind_of_entry(kind.code(), l), years(*term, l)))
            .collect(),
        agreed: wording.retention().unwrap_or_default().to_owned(),
        page: visit.keeping_page(l.pick("Bewaren en wissen", "Keeping and erasing")),
    }))
}

fn years(years: u16, l: Language) -> String {
    match l {
        Language::Dutch => format!("{years} jaar"),
        Language::English if years == 1 => "1 year".to_owned(),
        Language::English => format!("{years} years"),
    }
}
