//! Signalen: what stands out, with its numbers; who it is, once somebody says why they want to know;
//! and a way to deal with it.

mod explained;
#[cfg(test)]
mod tests;
mod told;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::cause;
use super::forms::{Filled, Form};
use super::page::{Notice, Page, html};
use super::plot::Plot;
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::clock::{Moment, Week};
use crate::domain::{DeskRole, Employee};
use crate::exchange::Failure;
use crate::exchange::officer::Remark;
use crate::oversight::{Personal, Signal, SignalKind, Story};
pub(super) use told::{Told, tell};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/signalen", WATCHERS, show)
        .post("/signalen", WATCHERS, act)
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
    Named(Employee),
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
    Done {
        title: told.title,
        sentence: told.sentence,
        iso: at.to_string(),
        at: words::day(at.local().day(), wording.l),
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

/// What a form asks: who it is, or to deal with it.
async fn act(visit: Visit, form: Form) -> Result<Response, Problem> {
    let l = visit.l;
    let mut f = Filled::new(form, l);
    let kind = SignalKind::find(f.value("signaal"));
    let about: Option<u64> = f.value("over").parse().ok();
    let meant = kind.zip(about);
    let all = signals(&visit).await?;
    let found = all.into_iter().find(|(signal, _)| {
        meant == Some((signal.kind, signal.about)) && signal.dismissed.is_none()
    });
    let Some((signal, is_self)) = found else {
        visit.session.tell(Notice::know(l.pick(
            "Dit signaal is er niet meer: iemand anders handelde het af, of de cijfers zijn veranderd.",
            "This signal is there no more: somebody else dealt with it, or the numbers changed.",
        )));
        return Ok(see_other("/signalen"));
    };
    if f.value("daad") == "medewerker" {
        return open_employee(&visit, f, &signal).await;
    }
    if !visit.officer().is_any(&[DeskRole::Fg]) {
        return Err(Problem::NotYours);
    }
    let cause = cause::of(&visit, &mut f);
    let remark = f.required(
        "opmerking",
        (
            "Schrijf op waarom dit in orde is, of wat u deed: 1 tot 2.000 tekens.",
            "Write down why this is in order, or what you did: 1 to 2,000 characters.",
        ),
        Remark::parse,
    );
    if is_self {
        f.wrong(
            "opmerking",
            "Dit signaal gaat over uzelf. Iemand anders handelt het af.",
            "This signal is about yourself. Somebody else deals with it.",
        );
    }
    let (Some(cause), Some(remark), false) = (cause, remark, f.is_wrong()) else {
        return page(&visit, sent(&signal, f, Who::Unasked)).await;
    };
    let code = signal.kind.code();
    let officers = &visit.desk.officers;
    let dismissed = officers.dismiss(visit.officer(), &cause, code, signal.about, &remark);
    let notice = match dismissed.await {
        Ok(_) => Notice::done(l.pick(
            "Het signaal is afgehandeld. Uw reden staat in het logboek.",
            "The signal is dealt with. Your reason is in the log.",
        )),
        Err(Failure::Conflict) => Notice::know(l.pick(
            "Iemand anders handelde dit signaal al af.",
            "Somebody else dealt with this signal already.",
        )),
        Err(failure) => return Err(failure.into()),
    };
    visit.session.tell(notice);
    Ok(see_other("/signalen"))
}

async fn open_employee(visit: &Visit, mut f: Filled, signal: &Signal) -> Result<Response, Problem> {
    let index = signal.entry_of_person.ok_or(Problem::NotFound)?;
    let Some(cause) = cause::of(visit, &mut f) else {
        return page(visit, sent(signal, f, Who::Unasked)).await;
    };
    let officers = &visit.desk.officers;
    let name = officers
        .open_employee(visit.officer(), &cause, index)
        .await?;
    page(visit, sent(signal, f, name.map_or(Who::Erased, Who::Named))).await
}

fn sent(signal: &Signal, f: Filled, who: Who) -> Sent {
    Sent {
        signal: Some((signal.kind, signal.about)),
        f,
        who,
    }
}
