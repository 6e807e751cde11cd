//! This week against the weeks before, drawn.

use crate::desk::plot::{Bars, Plot, Quartiles, Spread};
use crate::desk::trial;
use crate::desk::words::Wording;
use crate::language::Language;
use crate::oversight::{Against, Basis, Figures, Shadowed};

/// A plot with what it says.
pub(super) struct Shown {
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) svg: String,
    pub(super) legend: String,
    pub(super) table: String,
    pub(super) is_wide: bool,
    /// A page that tells more.
    pub(super) more: Option<(&'static str, &'static str)>,
}

impl Shown {
    fn of(plot: &Plot<'_>, title: &'static str) -> Self {
        Self {
            title,
            text: plot.description.to_owned(),
            svg: plot.svg(),
            legend: plot.legend(),
            table: plot.table(),
            is_wide: true,
            more: None,
        }
    }
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

pub(super) fn releases(figures: &Figures, l: Language) -> Shown {
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
    Shown::of(&plot, title)
}

pub(super) fn refusals_now(figures: &Figures, wording: &Wording) -> Shown {
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
        more: None,
    }
}

pub(super) fn refusals(figures: &Figures, wording: &Wording) -> Shown {
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
    Shown::of(&plot, title)
}

pub(super) fn answers(figures: &Figures, l: Language) -> Shown {
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
        more: None,
    }
}

fn count_days(days: u64, l: Language) -> String {
    match days {
        0 => l.pick("een halve dag", "half a day").to_owned(),
        1 => l.pick("1 dag", "1 day").to_owned(),
        days => format!("{} {}", l.number(days), l.pick("dagen", "days")),
    }
}

/// In what a candidate differs, where one looks on.
pub(super) fn trial(shadowed: &Shadowed, l: Language) -> Shown {
    let description = trial::sentence(shadowed, l);
    let plot = trial::plot(shadowed, &description, l);
    Shown {
        is_wide: false,
        more: Some((
            trial::PATH,
            l.pick("Naar de proefregels", "To the trial rules"),
        )),
        ..Shown::of(&plot, trial::title(l))
    }
}
