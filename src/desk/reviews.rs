//! Beoordelingen: the queue of releases that are judged afterwards, and the incidents that came of it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;

use super::page::{Page, html};
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::terms::{self, Term};
use super::visit::Visit;
use super::words::{self, Wording};
use crate::clock::Moment;
use crate::language::Language;
use crate::ledger::entry::Judgement;
use crate::oversight::{OpenIncident, Queue, Queued, Standing};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/beoordelingen", WATCHERS, show)
}

/// Releases on a page.
pub(super) const PAGE: usize = 50;
/// Of what is done, so many stand below what waits.
const GLANCE: usize = 5;

/// A release in the queue, in words.
struct Waiting {
    index: u64,
    sentence: String,
    term: Term,
    iso: String,
    at: String,
    standing: String,
    kind: &'static str,
}

/// An incident, in words.
struct IncidentLine {
    index: u64,
    sentence: String,
    iso: String,
    at: String,
    clock: Term,
    settled: bool,
    is_signal: bool,
}

#[derive(Template)]
#[template(path = "beoordelingen.html")]
struct QueuePage {
    page: Page,
    /// Whether it shows what is done instead of what waits.
    is_done: bool,
    /// Whether it shows only what is past its term.
    is_late: bool,
    is_judge: bool,
    incidents: Vec<IncidentLine>,
    /// What the other party judged unlawful, and nobody here judged yet: where, and what.
    elsewhere: Vec<(u64, String)>,
    releases: Vec<Waiting>,
    total: String,
    late: usize,
    /// The page it is, counted from 1, of how many.
    number: usize,
    pages: usize,
    done: Vec<Waiting>,
    done_total: usize,
}

impl QueuePage {
    /// The address of another page of this list.
    fn path(&self, number: usize) -> String {
        let shown = match (self.is_done, self.is_late) {
            (true, _) => "toon=gedaan&",
            (_, true) => "toon=te-laat&",
            _ => "",
        };
        format!("/beoordelingen?{shown}blad={number}")
    }
}

async fn show(
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let shows = |what: &str| query.get("toon").is_some_and(|shown| shown == what);
    let (is_done, is_late) = (shows("gedaan"), shows("te-laat"));
    let wanted = query.get("blad").and_then(|number| number.parse().ok());
    let wanted = usize::saturating_sub(wanted.unwrap_or(1), 1);
    let (own, who) = (
        visit.officer().organisation.oin,
        visit.officer().subject.clone(),
    );
    let now = officers.now();
    let looked = officers.oversight().read(move |index| {
        let mut queue = index.queue((own, &who), is_done, now, (wanted, PAGE));
        if is_late {
            // What is late stands first: of its last page the rest is left out.
            let last = queue.late.div_ceil(PAGE).saturating_sub(1);
            queue = index.queue((own, &who), false, now, (wanted.min(last), PAGE));
            queue.releases.retain(|one| one.due <= now);
            queue.total = queue.late;
        }
        let glance = index.queue((own, &who), true, now, (0, GLANCE));
        let elsewhere = index.condemned_elsewhere(own);
        (queue, glance, index.incidents_of(own, is_done), elsewhere)
    });
    let (queue, glance, incidents, elsewhere) = looked.await?;
    let wording = Wording::new(officers, l);
    let Queue {
        releases,
        total,
        late,
        page: at,
    } = queue;
    Ok(html(&QueuePage {
        page: visit.page(l.pick("Beoordelingen", "Reviews")),
        is_done,
        is_late,
        is_judge: visit.officer().is_any(&[crate::domain::DeskRole::Fg]),
        incidents: incidents
            .iter()
            .map(|one| incident_line(one, &wording, now))
            .collect(),
        elsewhere: elsewhere
            .iter()
            .map(|line| (line.index, wording.sentence(line)))
            .collect(),
        releases: releases
            .iter()
            .map(|one| waiting(one, &wording, now))
            .collect(),
        total: l.number(total as u64),
        late,
        number: at + 1,
        pages: total.div_ceil(PAGE).max(1),
        done: glance
            .releases
            .iter()
            .map(|one| waiting(one, &wording, now))
            .collect(),
        done_total: glance.total,
    }))
}

fn waiting(queued: &Queued, wording: &Wording, now: Moment) -> Waiting {
    let l = wording.l;
    let is_done = matches!(queued.standing, Standing::Judged(_));
    let at = if is_done {
        queued.last_at.unwrap_or(queued.line.at)
    } else {
        queued.line.at
    };
    let (standing, kind) = standing(queued.standing, queued.last_is_own, l);
    Waiting {
        index: queued.line.index,
        sentence: wording.sentence(&queued.line),
        term: terms::days(queued.due, now, l),
        iso: at.to_string(),
        at: words::day(at.local().day(), l),
        standing,
        kind,
    }
}

fn incident_line(one: &OpenIncident, wording: &Wording, now: Moment) -> IncidentLine {
    IncidentLine {
        index: one.incident.decision,
        sentence: wording.sentence(&one.line),
        iso: one.incident.opened.to_string(),
        at: words::day(one.incident.opened.local().day(), wording.l),
        clock: terms::hours(one.incident.notify_before(), now, wording.l),
        settled: one.incident.is_settled(),
        is_signal: !one.incident.signals.is_empty(),
    }
}

/// Where a release stands, in words, with the colour of its badge.
pub(super) fn standing(
    standing: Standing,
    last_is_own: bool,
    l: Language,
) -> (String, &'static str) {
    match standing {
        Standing::Waiting => (
            l.pick("wacht op een oordeel", "waits for a judgement")
                .to_owned(),
            "",
        ),
        Standing::MoreInformation => (
            l.pick("meer informatie gevraagd", "more information asked")
                .to_owned(),
            "let-op",
        ),
        Standing::Half(judgement) => {
            let told = words::judgement(judgement, l);
            let text = match (last_is_own, l) {
                (true, Language::Dutch) => format!("wacht op een collega; u vond: {told}"),
                (true, Language::English) => format!("waits for a colleague; you found: {told}"),
                (false, Language::Dutch) => format!("tweede oordeel nodig; het eerste: {told}"),
                (false, Language::English) => {
                    format!("second judgement needed; the first: {told}")
                }
            };
            (text, "info")
        }
        Standing::Judged(judgement) => (
            words::judgement(judgement, l).to_owned(),
            judgement_kind(judgement),
        ),
    }
}

/// The colour of a judgement.
pub(super) const fn judgement_kind(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Lawful | Judgement::Confirmed => "ja",
        Judgement::Unlawful | Judgement::Rejected => "nee",
        Judgement::MoreInformation => "let-op",
        Judgement::Dismissed => "",
    }
}
