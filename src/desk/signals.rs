//! Signalen: what stands out, with its numbers; who it is, once somebody says why they want to know;
//! and a way to deal with it.

mod dealing;
mod explained;
mod one;
mod taken;
#[cfg(test)]
mod tests;
mod told;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::forms::{Filled, Form};
use super::page::{Page, html};
use super::plot::Plot;
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::visit::Visit;
use super::words::{self, Wording};
use crate::clock::{Moment, Week};
use crate::domain::{CaseNumber, DeskRole, Employee};
use crate::language::Language;
use crate::ledger::entry::Judgement;
use crate::oversight::{Personal, Signal, SignalKind, Story};
use dealing::act;
pub(super) use one::path;
pub(super) use told::{Told, addresses, documents, name, tell};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/signalen", WATCHERS, show)
        .post("/signalen", WATCHERS, act)
        .get("/signalen/{signaal}", WATCHERS, one::show)
        .post("/signalen/{signaal}", WATCHERS, one::take)
}

/// Open signals on the page, the gravest; the others follow when some of these are dealt with.
const SHOWN: usize = 15;
/// Signals of which the weeks are drawn.
const DRAWN: usize = 6;
/// Dismissed signals on the page, the newest.
const DISMISSED: usize = 50;

struct LineShown {
    iso: String,
    at: String,
    text: String,
    path: String,
}

/// Who a signal is about, as far as somebody asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Who {
    #[default]
    Unasked,
    Named(Employee, Option<CaseNumber>),
    Erased,
}

/// A signal on the page.
struct Card {
    id: String,
    code: &'static str,
    about: u64,
    is_far: bool,
    told: Told,
    iso: String,
    at: String,
    drawing: Option<(String, String)>,
    lines: Vec<LineShown>,
    more: Option<String>,
    /// Where all of them are, and how many there are.
    path: String,
    exchanges: String,
    /// The first signal about the same person, when it is another one.
    first: Option<(String, String)>,
    /// When this is the first: the others.
    also: Vec<(String, String)>,
    /// An entry of whom it is about, if it is about somebody.
    entry_of_person: Option<u64>,
    /// Somebody does not deal with what is about themselves.
    is_self: bool,
    who: Who,
    /// What was typed, when this is the signal the form was about.
    f: Filled,
    is_open: bool,
}

struct Done {
    title: String,
    path: String,
    /// What was found of it, with its colour.
    found: &'static str,
    kind: &'static str,
    sentence: String,
    iso: String,
    at: String,
}

#[derive(Template)]
#[template(path = "signalen.html")]
struct SignalsPage {
    page: Page,
    cards: Vec<Card>,
    /// How many more there are.
    more: Option<String>,
    dismissed: Vec<Done>,
    dismissed_count: String,
    may_dismiss: bool,
    /// What is wrong, for the summary: with the id of its field.
    mistakes: Vec<(String, String)>,
}

/// What a form was about.
#[derive(Default)]
struct Sent {
    signal: Option<(SignalKind, u64)>,
    f: Filled,
    who: Who,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    page(&visit, Sent::default()).await
}

/// What stands out now, and for each signal whether it is about this officer.
async fn signals(visit: &Visit) -> Result<Vec<(Signal, bool)>, Problem> {
    let officer = visit.officer();
    let (own, person) = (officer.organisation.oin, officer.subject.clone());
    let now = visit.desk.clock.now();
    let looked = visit.desk.officers.oversight().read(move |index| {
        let person = index.tag(Personal::Employee(own), person.as_str());
        let all = index.signals(own, now).into_iter();
        let all = all.map(|signal| {
            let is_self = signal.person == Some(person);
            (signal, is_self)
        });
        all.collect()
    });
    Ok(looked.await?)
}

async fn page(visit: &Visit, sent: Sent) -> Result<Response, Problem> {
    let l = visit.l;
    let wording = Wording::new(&visit.desk.officers, l);
    let own = words::short_name(&visit.officer().organisation);
    let (dismissed, open): (Vec<_>, Vec<_>) = signals(visit)
        .await?
        .into_iter()
        .partition(|(signal, _)| signal.dismissed.is_some());
    let more = open.len().saturating_sub(SHOWN);
    let mut cards: Vec<Card> = Vec::new();
    let mut drawn = 0;
    for (signal, is_self) in open.iter().take(SHOWN) {
        let mut card = card(signal, *is_self, &own, &wording);
        if let Some(history) = history(signal).filter(|_| drawn < DRAWN) {
            drawn += 1;
            card.drawing = Some(drawing(&card, history, &wording));
        }
        if sent.signal == Some((signal.kind, signal.about)) {
            card.f = sent.f.clone();
            card.is_open = sent.f.is_wrong();
            card.who = sent.who.clone();
        }
        cards.push(card);
    }
    relate(&mut cards, &open);
    let mistakes = cards.iter().filter(|card| card.is_open).flat_map(|card| {
        let mistakes = card.f.mistakes.iter();
        mistakes.map(|one| (format!("{}-{}", one.field, card.id), one.message.clone()))
    });
    let mistakes: Vec<_> = mistakes.collect();
    let is_wrong = !mistakes.is_empty();
    let mut response = html(&SignalsPage {
        mistakes,
        more: (more > 0).then(|| l.number(more as u64)),
        dismissed_count: l.number(dismissed.len() as u64),
        dismissed: dismissed
            .iter()
            .take(DISMISSED)
            .map(|(signal, _)| done(signal, &own, &wording))
            .collect(),
        may_dismiss: visit.officer().is_any(&[DeskRole::Fg]),
        page: visit.page(l.pick("Signalen", "Signals")),
        cards,
    });
    if is_wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

/// Leads from the first signal about somebody to the others about the same person, and back.
fn relate(cards: &mut [Card], open: &[(Signal, bool)]) {
    let titles = cards.iter();
    let titles: Vec<_> = titles
        .map(|card| (card.id.clone(), card.told.title.clone()))
        .collect();
    let all = || open.iter().map(|(signal, _)| signal).zip(&titles);
    for (at, (card, (signal, _))) in cards.iter_mut().zip(open).enumerate() {
        let about = all().enumerate();
        let about = about
            .filter(|(_, (other, _))| signal.person.is_some() && other.person == signal.person);
        let mut about = about.map(|(place, (_, title))| (place, title.clone()));
        match about.next() {
            Some((first, title)) if first != at => card.first = Some(title),
            _ => card.also = about.map(|(_, title)| title).collect(),
        }
    }
}

fn card(signal: &Signal, is_self: bool, own: &str, wording: &Wording) -> Card {
    let l = wording.l;
    let lines = signal.lines.iter().map(|line| LineShown {
        iso: line.at.to_string(),
        at: short_moment(line.at, wording),
        text: wording.sentence(line),
        path: format!("/uitwisseling/{}", line.transaction),
    });
    let code = signal.kind.code();
    Card {
        id: format!("{code}-{}", signal.about),
        code,
        about: signal.about,
        is_far: signal.is_far(),
        told: tell(signal, own, wording),
        iso: signal.until.to_string(),
        at: words::day(signal.until.local().day(), l),
        drawing: None,
        lines: lines.collect(),
        more: (signal.more > 0).then(|| l.number(signal.more)),
        path: path(signal.kind, signal.about),
        exchanges: l.number(signal.exchanges),
        first: None,
        also: Vec::new(),
        entry_of_person: signal.entry_of_person,
        is_self,
        who: Who::Unasked,
        // Nearly always why somebody looks here.
        f: Filled::new(Form::default().with("aanleiding", "incident"), l),
        is_open: false,
    }
}

fn short_moment(at: Moment, wording: &Wording) -> String {
    let l = wording.l;
    let day = words::day(at.local().day(), l);
    format!("{day}, {}", words::clock_time(at, l))
}

fn done(signal: &Signal, own: &str, wording: &Wording) -> Done {
    let told = tell(signal, own, wording);
    let at = signal
        .dismissed
        .map_or(signal.until, |dismissed| dismissed.at);
    let judgement = signal.dismissed.map(|dismissed| dismissed.judgement);
    let (found, kind) = found(judgement, wording.l);
    Done {
        title: told.title,
        path: path(signal.kind, signal.about),
        found,
        kind,
        sentence: told.sentence,
        iso: at.to_string(),
        at: words::day(at.local().day(), wording.l),
    }
}

/// What was found of a signal, with the colour of it.
pub(super) const fn found(
    judgement: Option<Judgement>,
    l: Language,
) -> (&'static str, &'static str) {
    match judgement {
        Some(Judgement::Unlawful) => (l.pick("niet in orde", "not in order"), "nee"),
        Some(Judgement::Lawful) => (l.pick("in orde", "in order"), "ja"),
        _ => (l.pick("afgehandeld", "dealt with"), ""),
    }
}

const fn history(signal: &Signal) -> Option<&Vec<(Week, u64)>> {
    match &signal.story {
        Story::EmployeeVolume { history, .. } | Story::SystemVolume { history, .. } => {
            Some(history)
        }
        Story::NothingFollowed { .. }
        | Story::OutsideHours { .. }
        | Story::Refusals { .. }
        | Story::LogReadings { .. } => None,
    }
}

/// The weeks before and this one, drawn and as a table.
fn drawing(card: &Card, history: &[(Week, u64)], wording: &Wording) -> (String, String) {
    let l = wording.l;
    let weeks = history.iter();
    // Each drawing of the page has a name of its own.
    let name = l.pick("Verzoeken per week", "Requests by week");
    let title = format!("{name}: {}", card.told.title);
    let plot = Plot {
        id: &card.id,
        language: l,
        title: &title,
        description: &card.told.sentence,
        unit: l.pick("verzoeken", "requests"),
        weeks: weeks
            .map(|(week, _)| format!("week {}", week.number()))
            .collect(),
        series: vec![(
            l.pick("verzoeken", "requests").to_owned(),
            history.iter().map(|(_, count)| *count).collect(),
        )],
        emphasise_last: true,
    };
    (plot.svg(), plot.table())
}
