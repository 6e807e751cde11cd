//! An incident: a release that was judged unlawful, the clock of AVG 33, and what was done about it.

mod notification;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::cause;
use super::forms::{Filled, Form};
use super::judging::{
    REMARK_TOO_LONG, RemarkLine, Suggested, Told, index_of, judged_line, remark_line,
    under_reviews, wrong,
};
use super::page::{Notice, Page, html};
use super::problem::Problem;
use super::routes::{OFFICER, Routes, WATCHERS};
use super::signals;
use super::terms::{self, Term};
use super::visit::{Visit, see_other};
use super::words::Wording;
use crate::clock::Moment;
use crate::domain::DeskRole;
use crate::exchange::Failure;
use crate::exchange::officer::{Measure, Remark, UnderReview};
use crate::language::Language;
use crate::ledger::entry::IncidentStep;
use crate::oversight::{Extent, Incident, NOTIFY_WITHIN_HOURS, SignalKind};
use notification::{Part, extent_told, parts, signals_of};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/incidenten/{index}", WATCHERS, show)
        .post("/incidenten/{index}", OFFICER, step)
        .get("/incidenten/{index}/opmerkingen", WATCHERS, back)
        .post("/incidenten/{index}/opmerkingen", WATCHERS, open)
}

/// The steps, in the order of the form.
const STEPS: [(&str, IncidentStep); 4] = [
    ("gemeld-bij-ap", IncidentStep::Notified),
    ("melding-niet-nodig", IncidentStep::NotNotifiable),
    ("betrokkene-geinformeerd", IncidentStep::SubjectInformed),
    ("afgesloten", IncidentStep::Closed),
];

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Something that happened.
struct Happened {
    at: Told,
    kind: &'static str,
    title: String,
    remark: RemarkLine,
}

/// A step, as the form offers it.
struct Choice {
    code: &'static str,
    name: &'static str,
    hint: &'static str,
}

#[derive(Template)]
#[template(path = "incident.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether the page shows one of its parts"
)]
struct IncidentPage {
    page: Page,
    f: Filled,
    index: u64,
    sentence: String,
    transaction: String,
    clock: Term,
    before: Told,
    passed_hours: i64,
    all_hours: i64,
    is_settled: bool,
    is_closed: bool,
    is_judge: bool,
    happened: Vec<Happened>,
    choices: Vec<Choice>,
    has_remarks: bool,
    asks_cause: bool,
    parts: Vec<Part>,
    /// The signals it is about: where each stands, and what kind it is.
    signals: Vec<(String, &'static str)>,
    /// How much was released in them.
    extent: Option<String>,
}

/// An incident, with what it is about.
struct Found {
    under: UnderReview,
    incident: Incident,
    /// What was released in the exchanges of its signals, where those are at hand.
    extent: Option<Extent>,
}

async fn find(visit: &Visit, index: u64) -> Result<Found, Problem> {
    let officers = &visit.desk.officers;
    let under = officers.review(visit.officer(), index).await?;
    let incident = under.review.incident.clone().ok_or(Problem::NotFound)?;
    let (own, now, known) = (
        visit.officer().organisation.oin,
        officers.now(),
        incident.clone(),
    );
    let extent = officers.oversight();
    let extent = extent
        .read(move |index| index.extent_of(own, now, &known))
        .await?;
    Ok(Found {
        under,
        incident,
        extent,
    })
}

async fn show(visit: Visit, path: Path<String>) -> Result<Response, Problem> {
    let index = index_of(&path)?;
    let found = find(&visit, index).await?;
    let f = Filled::new(Suggested::incident(index).prefilled(), visit.l);
    let nothing = BTreeMap::new();
    Ok(html(&page(&visit, &found, f, &nothing, false)))
}

async fn back(path: Path<String>) -> Result<Response, Problem> {
    Ok(see_other(&format!("/incidenten/{}", index_of(&path)?)))
}

/// Shows the remarks, after the reading was recorded.
async fn open(visit: Visit, path: Path<String>, form: Form) -> Result<Response, Problem> {
    let index = index_of(&path)?;
    find(&visit, index).await?;
    let mut f = Filled::new(form, visit.l);
    let Some(cause) = cause::of(&visit, &mut f) else {
        let found = find(&visit, index).await?;
        let page = page(&visit, &found, f, &BTreeMap::new(), false);
        return Ok(wrong(html(&page)));
    };
    let remarks = visit
        .desk
        .officers
        .open_remarks(visit.officer(), &cause, index);
    let remarks = remarks.await?;
    let found = find(&visit, index).await?;
    Ok(html(&page(&visit, &found, f, &remarks, true)))
}

async fn step(visit: Visit, path: Path<String>, form: Form) -> Result<Response, Problem> {
    let (l, index) = (visit.l, index_of(&path)?);
    let officers = &visit.desk.officers;
    let found = find(&visit, index).await?;
    let mut f = Filled::new(form, l);
    let step = f.required(
        "stap",
        ("Kies wat u deed.", "Choose what you did."),
        |code| {
            let mut all = STEPS.into_iter();
            all.find(|(known, _)| *known == code).map(|(_, is)| is)
        },
    );
    if let Some(step) = step {
        note_what_is_wrong(&mut f, &found.incident, step, officers.now());
    }
    let remark = f.optional("opmerking", REMARK_TOO_LONG, Remark::parse);
    let measure = step.and_then(|step| Measure::new(step, remark));
    let cause = cause::of(&visit, &mut f);
    let (Some(measure), Some(cause), false) = (measure, cause, f.is_wrong()) else {
        let page = page(&visit, &found, f, &BTreeMap::new(), false);
        return Ok(wrong(html(&page)));
    };
    let step = measure.step();
    let taken = officers.take_step(visit.officer(), &cause, index, &measure);
    let receipt = match taken.await {
        Ok(receipt) => receipt,
        Err(Failure::Conflict) => {
            let found = find(&visit, index).await?;
            note_what_is_wrong(&mut f, &found.incident, step, officers.now());
            let page = page(&visit, &found, f, &BTreeMap::new(), false);
            return Ok(wrong(html(&page)));
        }
        Err(failure) => return Err(failure.into()),
    };
    let entry = l.number(receipt.index);
    visit.session.tell(Notice::done(match l {
        Language::Dutch => format!("Vastgelegd als regel {entry} van het logboek."),
        Language::English => format!("Recorded as entry {entry} of the log."),
    }));
    if step == IncidentStep::Closed {
        Suggested::incident(index).close(&visit);
        return Ok(see_other("/beoordelingen"));
    }
    Ok(see_other(&format!("/incidenten/{index}")))
}

/// Why this step cannot be taken now, and what must be written beside it.
fn note_what_is_wrong(f: &mut Filled, incident: &Incident, step: IncidentStep, now: Moment) {
    if !incident.allows(step) {
        let (dutch, english) = why_not(incident, step);
        f.wrong("stap", dutch, english);
    } else if step == IncidentStep::Closed && f.value("zeker") != "ja" {
        f.wrong(
            "zeker",
            "Afsluiten kan niet meer terug. Kruis aan dat er niets meer te doen blijft.",
            "Closing cannot be undone. Tick that nothing is left to be done.",
        );
    } else if Incident::must_explain(step) && f.value("opmerking").is_empty() {
        let (dutch, english) = if step == IncidentStep::NotNotifiable {
            (
                "Schrijf op waarom er waarschijnlijk geen risico is voor de betrokkenen (AVG 33, vijfde lid).",
                "Write down why there is unlikely to be a risk for those concerned (GDPR 33(5)).",
            )
        } else if now > incident.notify_before() {
            (
                "Schrijf het nummer van de melding op, en waarom zij later kwam dan na 72 uur (AVG 33, eerste lid).",
                "Write down the number of the notification, and why it came later than after 72 hours (GDPR 33(1)).",
            )
        } else {
            (
                "Schrijf het nummer van de melding op: dat kreeg u van de Autoriteit Persoonsgegevens.",
                "Write down the number of the notification: the data protection authority gave it to you.",
            )
        };
        f.wrong("opmerking", dutch, english);
    }
}

fn why_not(incident: &Incident, step: IncidentStep) -> (&'static str, &'static str) {
    let was_taken = incident.steps.iter().any(|(taken, ..)| *taken == step);
    if incident.is_closed() {
        (
            "Dit incident is al afgesloten. Er is niets vastgelegd.",
            "This incident is closed already. Nothing was recorded.",
        )
    } else if was_taken {
        ("Dit is al vastgelegd.", "This was recorded already.")
    } else if step == IncidentStep::Closed {
        (
            "Leg eerst vast of u meldt bij de Autoriteit Persoonsgegevens; daarna kunt u afsluiten.",
            "First record whether you notify the data protection authority; then you can close it.",
        )
    } else {
        (
            "U hebt al gemeld. Wilt u de melding intrekken? Dat doet u bij de Autoriteit Persoonsgegevens.",
            "You notified already. Do you want to take that back? Do so at the data protection authority.",
        )
    }
}

const fn step_name(step: IncidentStep, l: Language) -> &'static str {
    match step {
        IncidentStep::Notified => l.pick(
            "Gemeld bij de Autoriteit Persoonsgegevens",
            "Notified to the data protection authority",
        ),
        IncidentStep::NotNotifiable => l.pick(
            "Melding is niet nodig: er is waarschijnlijk geen risico",
            "No need to notify: a risk is unlikely",
        ),
        IncidentStep::SubjectInformed => l.pick(
            "De betrokkenen zijn geïnformeerd",
            "Those concerned were told",
        ),
        IncidentStep::Closed => l.pick("Afgesloten", "Closed"),
    }
}

const fn step_hint(step: IncidentStep, l: Language) -> &'static str {
    match step {
        IncidentStep::Notified => l.pick(
            "Zet het nummer van de melding in de toelichting.",
            "Put the number of the notification in the explanation.",
        ),
        IncidentStep::NotNotifiable => l.pick(
            "Leg uit waarom. De Autoriteit Persoonsgegevens kan daarnaar vragen.",
            "Explain why. The data protection authority can ask for it.",
        ),
        IncidentStep::SubjectInformed => l.pick(
            "Verplicht als het risico hoog is (AVG 34). Anders mag het.",
            "Required when the risk is high (GDPR 34). Otherwise it is up to you.",
        ),
        IncidentStep::Closed => l.pick(
            "Er blijft niets meer te doen. Daarna kunt u niets toevoegen.",
            "Nothing is left to be done. After this nothing can be added.",
        ),
    }
}

const fn step_kind(step: IncidentStep) -> &'static str {
    match step {
        IncidentStep::Notified | IncidentStep::NotNotifiable | IncidentStep::SubjectInformed => "",
        IncidentStep::Closed => "ja",
    }
}

fn happened(
    visit: &Visit,
    found: &Found,
    wording: &Wording,
    opened: &BTreeMap<u64, String>,
    is_open: bool,
) -> Vec<Happened> {
    let l = wording.l;
    let (under, incident) = (&found.under, &found.incident);
    let mut all: Vec<(Moment, Happened)> = Vec::new();
    let mut add = |at: Moment, kind, title: String, remark| {
        let at_told = Told::moment(at, l);
        all.push((
            at,
            Happened {
                at: at_told,
                kind,
                title,
                remark,
            },
        ));
    };
    let line = &under.review.line;
    add(line.at, "nee", wording.sentence(line), RemarkLine::None);
    for given in &under.review.given {
        let remark = remark_line(given.index, under, opened, is_open);
        let judged = judged_line(given, visit, wording, remark);
        let title = format!("{}: {}", judged.who, judged.text);
        add(given.at, judged.kind, title, judged.remark);
    }
    for condemned in &incident.signals {
        let remark = remark_line(condemned.index, under, opened, is_open);
        let name = SignalKind::find(&condemned.signal).map(|kind| signals::name(kind, l));
        let title = format!(
            "{}: {}",
            name.unwrap_or_default(),
            l.pick("niet in orde", "not in order")
        );
        add(condemned.at, "nee", title, remark);
    }
    let clock = l.pick("De klok van 72 uur begon", "The clock of 72 hours began");
    add(
        incident.opened,
        "let-op",
        clock.to_owned(),
        RemarkLine::None,
    );
    for (step, at, index) in &incident.steps {
        let remark = remark_line(*index, under, opened, is_open);
        let name = step_name(*step, l).to_owned();
        add(*at, step_kind(*step), name, remark);
    }
    // What happened at one moment stays in the order in which it was put here.
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, one)| one).collect()
}

fn page(
    visit: &Visit,
    found: &Found,
    f: Filled,
    opened: &BTreeMap<u64, String>,
    is_open: bool,
) -> IncidentPage {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let wording = Wording::new(officers, l);
    let (under, incident) = (&found.under, &found.incident);
    let line = &under.review.line;
    let now = officers.now();
    let steps = STEPS.into_iter();
    let possible = steps.filter(|(_, step)| incident.allows(*step));
    let choices = possible.map(|(code, step)| Choice {
        code,
        name: step_name(step, l),
        hint: step_hint(step, l),
    });
    let choices = choices.collect();
    let asks = Suggested::incident(line.index).is_asked(visit.session.cause().as_ref());
    let title = format!("Incident {}", line.index);
    let passed = now.ms_since(incident.opened) / HOUR_MS;
    IncidentPage {
        page: under_reviews(visit.page(&title)),
        asks_cause: asks || cause::is_wrong(&f),
        f,
        index: line.index,
        sentence: wording.sentence(line),
        transaction: line.transaction.to_string(),
        clock: terms::hours(incident.notify_before(), now, l),
        before: Told::moment(incident.notify_before(), l),
        passed_hours: passed.clamp(0, NOTIFY_WITHIN_HOURS),
        all_hours: NOTIFY_WITHIN_HOURS,
        is_settled: incident.is_settled(),
        is_closed: incident.is_closed(),
        is_judge: visit.officer().is_any(&[DeskRole::Fg]),
        happened: happened(visit, found, &wording, opened, is_open),
        choices,
        has_remarks: !under.remarks.is_empty() && !is_open,
        parts: parts(found, &wording),
        signals: signals_of(found, l),
        extent: found.extent.as_ref().map(|extent| extent_told(extent, l)),
    }
}
