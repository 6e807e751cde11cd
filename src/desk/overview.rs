//! Overzicht: what waits for somebody, and this week against the weeks before.

use askama::Template;
use axum::response::Response;

use super::page::{Page, html};
use super::plot::{Bars, Plot, Quartiles, Spread};
use super::problem::Problem;
use super::routes::{EVERYONE, Routes, WATCHERS};
use super::visit::Visit;
use super::words::{self, Wording};
use crate::clock::Moment;
use crate::domain::DeskRole;
use crate::language::Language;
use crate::ledger::entry::Finding;
use crate::oversight::{Against, Basis, EXPIRES_WITHIN_DAYS, Figures, Waiting};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/", EVERYONE, show)
}

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Something that waits, as a panel that leads there.
struct Waits {
    path: &'static str,
    title: &'static str,
    number: String,
    what: String,
    /// A badge, and how grave it is.
    badge: Option<(String, &'static str)>,
    after_badge: &'static str,
    hint: String,
    is_urgent: bool,
}

/// A plot with what it says.
struct Shown {
    title: &'static str,
    text: String,
    svg: String,
    legend: String,
    table: String,
    is_wide: bool,
}

struct BookPanel {
    size: String,
    signed: Option<(String, String)>,
    checked: Option<(String, String)>,
    is_whole: bool,
    is_due: bool,
}

#[derive(Template)]
#[template(path = "overzicht.html")]
struct OverviewPage {
    page: Page,
    lead: String,
    waits: Vec<Waits>,
    plots: Vec<Shown>,
    book: BookPanel,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let now = visit.desk.clock.now();
    let officer = visit.officer();
    let (own, person) = (officer.organisation.oin, officer.subject.clone());
    let looked = officers
        .oversight()
        .read(move |index| index.figures(own, &person, now));
    let figures = looked.await?;
    let wording = Wording::new(officers, l);
    let watches = officer.is_any(&[DeskRole::Fg, DeskRole::Auditor]);
    let mut plots = Vec::new();
    if watches {
        plots.push(releases(&figures, l));
        plots.push(refusals_now(&figures, &wording));
    }
    if officer.organisation.provides {
        plots.push(answers(&figures, l));
    }
    if watches {
        plots.push(refusals(&figures, &wording));
    }
    Ok(html(&OverviewPage {
        page: visit.page(l.pick("Overzicht", "Overview")),
        lead: lead(&figures, now, &words::short_name(&officer.organisation), l),
        waits: waits(&visit, &figures, now),
        plots,
        book: book(&figures, l),
    }))
}

fn lead(figures: &Figures, now: Moment, own: &str, l: Language) -> String {
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
    match l {
        Language::Dutch => format!("Week {number}: {since}. U ziet wat {own} kreeg en gaf."),
        Language::English => {
            format!("Week {number}: {since}. You see what {own} received and gave.")
        }
    }
}

/// How much of a term is left, and whether it is over.
fn time_left(due: Moment, now: Moment, l: Language) -> (String, &'static str) {
    let left = due.ms_since(now);
    if left < 0 {
        let days = -left / DAY_MS;
        let late = match days {
            0 => l.pick("vandaag te laat", "late today").to_owned(),
            1 => l.pick("1 dag te laat", "1 day late").to_owned(),
            days => format!("{days} {}", l.pick("dagen te laat", "days late")),
        };
        return (late, "nee");
    }
    let text = match left / DAY_MS {
        0 => match left / HOUR_MS {
            0 => l
                .pick("nog minder dan een uur", "less than an hour left")
                .to_owned(),
            1 => l.pick("nog 1 uur", "1 hour left").to_owned(),
            hours => format!(
                "{}{hours} {}",
                l.pick("nog ", ""),
                l.pick("uur", "hours left")
            ),
        },
        1 => l.pick("nog 1 dag", "1 day left").to_owned(),
        days => format!(
            "{}{days} {}",
            l.pick("nog ", ""),
            l.pick("dagen", "days left")
        ),
    };
    let grave = if left < 3 * DAY_MS { "let-op" } else { "info" };
    (text, grave)
}

/// What waits for this person, in the parts they play; what waits for nobody is left out.
fn waits(visit: &Visit, figures: &Figures, now: Moment) -> Vec<Waits> {
    let l = visit.l;
    let officer = visit.officer();
    let is = |role| officer.is_any(&[role]);
    let mut all = Vec::new();
    if is(DeskRole::Fg) {
        all.extend(incidents(figures, now, l));
    }
    if is(DeskRole::Fg) || is(DeskRole::Auditor) {
        all.extend(reviews(figures, now, l));
    }
    if is(DeskRole::Beheer) {
        all.extend(proposals(figures, l));
    }
    if officer.organisation.provides && (is(DeskRole::Beheer) || is(DeskRole::Fg)) {
        all.extend(choices(figures, l));
    }
    if figures.book.check_due {
        all.push(Waits {
            path: "/integriteit",
            title: l.pick("Integriteit", "Integrity"),
            number: String::new(),
            what: l
                .pick(
                    "Het logboek is een week of langer niet in zijn geheel nagegaan.",
                    "The log was not checked as a whole for a week or more.",
                )
                .to_owned(),
            badge: None,
            after_badge: "",
            hint: l
                .pick(
                    "U start de controle zelf; u hoeft er niet bij te blijven.",
                    "You start the check yourself; you need not stay with it.",
                )
                .to_owned(),
            is_urgent: false,
        });
    }
    all
}

fn incidents(figures: &Figures, now: Moment, l: Language) -> Option<Waits> {
    let open = figures.incidents;
    (open.count > 0).then(|| Waits {
        path: "/beoordelingen",
        title: l.pick("Incidenten", "Incidents"),
        number: l.number(open.count),
        what: plural(
            open.count,
            l.pick("incident is niet gesloten", "incident is not closed"),
            l.pick("incidenten zijn niet gesloten", "incidents are not closed"),
        ),
        badge: open.notify_before.map(|at| time_left(at, now, l)),
        after_badge: l.pick(
            "om te melden bij de Autoriteit Persoonsgegevens (AVG 33: 72 uur)",
            "to notify the supervisory authority (GDPR 33: 72 hours)",
        ),
        hint: String::new(),
        is_urgent: true,
    })
}

fn reviews(figures: &Figures, now: Moment, l: Language) -> Option<Waits> {
    let (at_unsafe, other) = (figures.unsafe_reviews, figures.other_reviews);
    let count = at_unsafe.count + other.count;
    let first_due = [at_unsafe, other]
        .into_iter()
        .filter_map(|waiting: Waiting| waiting.first_due)
        .min();
    let overdue = at_unsafe.overdue + other.overdue;
    let hint = match (overdue, other.count) {
        (0, 0) => String::new(),
        (0, other) => format!(
            "{} {}",
            l.number(other),
            l.pick(
                "daarvan om een andere reden.",
                "of them for another reason."
            )
        ),
        (late, _) => format!(
            "{} {}",
            l.number(late),
            l.pick(
                "daarvan hadden al beoordeeld moeten zijn.",
                "of them should have been judged before now."
            )
        ),
    };
    (count > 0).then(|| Waits {
        path: "/beoordelingen",
        title: l.pick("Beoordelingen", "Reviews"),
        number: l.number(count),
        what: if other.count == 0 {
            plural(
                count,
                l.pick(
                    "verstrekking bij een onveilig gebouw (AOS)",
                    "release at an unsafe building (AOS)",
                ),
                l.pick(
                    "verstrekkingen bij een onveilig gebouw (AOS)",
                    "releases at an unsafe building (AOS)",
                ),
            )
        } else {
            plural(
                count,
                l.pick("verstrekking om te beoordelen", "release to judge"),
                l.pick("verstrekkingen om te beoordelen", "releases to judge"),
            )
        },
        badge: first_due.map(|due| time_left(due, now, l)),
        after_badge: l.pick("voor de eerste", "for the first"),
        hint,
        is_urgent: overdue > 0 || first_due.is_some_and(|due| due.ms_since(now) < 3 * DAY_MS),
    })
}

fn proposals(figures: &Figures, l: Language) -> Option<Waits> {
    let waiting = figures.proposals;
    let count = waiting.of_others + waiting.own;
    (count > 0).then(|| Waits {
        path: "/toestemmingen",
        title: l.pick("Te bevestigen", "To confirm"),
        number: l.number(waiting.of_others),
        what: plural(
            waiting.of_others,
            l.pick(
                "voorstel van een collega kunt u bevestigen",
                "proposal of a colleague can be confirmed by you",
            ),
            l.pick(
                "voorstellen van collega’s kunt u bevestigen",
                "proposals of colleagues can be confirmed by you",
            ),
        ),
        badge: None,
        after_badge: "",
        hint: match waiting.own {
            0 => String::new(),
            own => format!(
                "{} {}",
                l.number(own),
                l.pick(
                    "van uzelf; die bevestigt een ander.",
                    "of your own; somebody else confirms those."
                )
            ),
        },
        is_urgent: false,
    })
}

fn choices(figures: &Figures, l: Language) -> Option<Waits> {
    let open = figures.choices;
    (open.expiring + open.asked > 0).then(|| Waits {
        path: "/toestemmingen",
        title: l.pick("Toestemmingen", "Consents"),
        number: l.number(open.expiring),
        what: match l {
            Language::Dutch => format!("lopen binnen {EXPIRES_WITHIN_DAYS} dagen af"),
            Language::English => format!("end within {EXPIRES_WITHIN_DAYS} days"),
        },
        badge: None,
        after_badge: "",
        hint: match open.asked_since {
            None => String::new(),
            Some(since) => format!(
                "{} {} {}.",
                l.number(open.asked),
                plural(
                    open.asked,
                    l.pick(
                        "vraag aan een eigenaar is nog niet beantwoord, sinds",
                        "question to an owner was not answered yet, since",
                    ),
                    l.pick(
                        "vragen aan eigenaren zijn nog niet beantwoord; de oudste is van",
                        "questions to owners were not answered yet; the oldest is of",
                    ),
                ),
                words::day(since.local().day(), l)
            ),
        },
        is_urgent: false,
    })
}

fn plural(count: u64, one: &str, more: &str) -> String {
    if count == 1 { one } else { more }.to_owned()
}

fn week_names(figures: &Figures) -> Vec<String> {
    let names = figures.weeks.iter();
    names
        .map(|week| format!("week {}", week.number()))
        .collect()
}

/// This week against those before, in a sentence.
fn against(number: Against, l: Language) -> String {
    let this_week = l.number(number.this_week);
    match (number.usual, l) {
        (Some(usual), Language::Dutch) => format!(
            "Deze week {this_week}. In de weken ervoor waren het er op dit moment van de week \
             gemiddeld {}.",
            l.number(usual)
        ),
        (Some(usual), Language::English) => format!(
            "This week {this_week}. In the weeks before it was {} on average by this moment of \
             the week.",
            l.number(usual)
        ),
        (None, Language::Dutch) => {
            format!("Deze week {this_week}. Er is nog geen hele week om mee te vergelijken.")
        }
        (None, Language::English) => {
            format!("This week {this_week}. There is no whole week yet to compare with.")
        }
    }
}

const fn basis(basis: Basis, l: Language) -> &'static str {
    match basis {
        Basis::Duty => l.pick("wettelijke plicht", "duty by law"),
        Basis::PublicTask => l.pick("algemeen belang", "public interest"),
        Basis::Consent => l.pick("toestemming", "consent"),
        Basis::Unsafe => l.pick("onveilig gebouw (AOS)", "unsafe building (AOS)"),
        Basis::Health => l.pick(
            "uitdrukkelijke instemming (gezondheid)",
            "explicit agreement (health)",
        ),
        Basis::Other => l.pick("andere grond", "another ground"),
    }
}

fn releases(figures: &Figures, l: Language) -> Shown {
    let series = figures.releases.iter();
    let series = series.filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    let series: Vec<(String, Vec<u64>)> = series
        .map(|(ground, counts)| (basis(*ground, l).to_owned(), counts.clone()))
        .collect();
    let title = l.pick("Verstrekkingen naar grondslag", "Releases by ground");
    let text = against(figures.released, l);
    let plot = Plot {
        id: "grondslag",
        language: l,
        title,
        description: &text,
        unit: l.pick("verstrekkingen", "releases"),
        weeks: week_names(figures),
        series,
        emphasise_last: true,
    };
    Shown {
        title,
        svg: plot.svg(),
        legend: plot.legend(),
        table: plot.table(),
        text,
        is_wide: true,
    }
}

fn refusals_now(figures: &Figures, wording: &Wording) -> Shown {
    let l = wording.l;
    let latest = |counts: &Vec<u64>| counts.last().copied().unwrap_or(0);
    let mut rows: Vec<(String, u64)> = figures
        .refusals
        .iter()
        .map(|(reason, counts)| (wording.reason(reason), latest(counts)))
        .filter(|(_, count)| *count > 0)
        .collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let title = l.pick(
        "Weigeringen deze week, naar reden",
        "Refusals this week, by reason",
    );
    let text = against(figures.refused, l);
    let plot = Bars {
        id: "reden",
        language: l,
        title,
        description: &text,
        unit: l.pick("weigeringen", "refusals"),
        of: l.pick("Reden", "Reason"),
        rows,
    };
    Shown {
        title,
        svg: plot.svg(),
        legend: String::new(),
        table: plot.table(),
        text,
        is_wide: false,
    }
}

fn refusals(figures: &Figures, wording: &Wording) -> Shown {
    let l = wording.l;
    let series = figures.refusals.iter();
    let series = series.map(|(reason, counts)| (wording.reason(reason), counts.clone()));
    let title = l.pick("Weigeringen naar reden", "Refusals by reason");
    let text = l
        .pick(
            "Een weigering is geen fout: de regels hielden iets tegen. Wordt één reden ineens \
             groter, dan is er iets veranderd bij wie vraagt, of in het register.",
            "A refusal is no mistake: the rules kept something back. When one reason suddenly \
             grows, something changed with those who ask, or in the registry.",
        )
        .to_owned();
    let plot = Plot {
        id: "weigering",
        language: l,
        title,
        description: &text,
        unit: l.pick("weigeringen", "refusals"),
        weeks: week_names(figures),
        series: series.collect(),
        emphasise_last: true,
    };
    Shown {
        title,
        svg: plot.svg(),
        legend: plot.legend(),
        table: plot.table(),
        text,
        is_wide: true,
    }
}

fn answers(figures: &Figures, l: Language) -> Shown {
    let days = |took: &u64| (took + 12 * 3_600_000) / (24 * 3_600_000);
    let weeks = figures.answers_ms.iter();
    let weeks: Vec<Option<Quartiles>> = weeks
        .map(|took| Quartiles::of(took.iter().map(days).collect()))
        .collect();
    let title = l.pick("Van vraag tot antwoord", "From question to answer");
    let text = match (weeks.last().copied().flatten(), l) {
        (Some(week), Language::Dutch) => format!(
            "Deze week beantwoord: {}. De helft van die antwoorden kwam binnen {}.",
            l.number(week.count),
            count_days(week.median, l)
        ),
        (Some(week), Language::English) => format!(
            "Answered this week: {}. Half of those answers came within {}.",
            l.number(week.count),
            count_days(week.median, l)
        ),
        (None, Language::Dutch) => {
            "Deze week kwam er nog geen antwoord van een eigenaar.".to_owned()
        }
        (None, Language::English) => "No owner answered yet this week.".to_owned(),
    };
    let plot = Spread {
        id: "antwoord",
        language: l,
        title,
        description: &text,
        unit: l.pick("dagen", "days"),
        weeks: week_names(figures).into_iter().zip(weeks).collect(),
        emphasise_last: true,
    };
    Shown {
        title,
        svg: plot.svg(),
        legend: plot.legend(),
        table: plot.table(),
        text,
        is_wide: false,
    }
}

fn count_days(days: u64, l: Language) -> String {
    match days {
        0 => l.pick("een halve dag", "half a day").to_owned(),
        1 => l.pick("1 dag", "1 day").to_owned(),
        days => format!("{} {}", l.number(days), l.pick("dagen", "days")),
    }
}

fn book(figures: &Figures, l: Language) -> BookPanel {
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
    }
}
