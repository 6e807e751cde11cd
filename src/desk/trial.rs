//! Proefregels: what a candidate would have decided otherwise, week by week, while it decides nothing.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::law;
use super::page::{Page, html};
use super::plot::Plot;
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::visit::Visit;
use super::words::{self, Wording};
use crate::domain::Sha256;
use crate::language::Language;
use crate::ledger::entry::{Entry, Trial};
use crate::oversight::Shadowed;
use crate::policy::{Bundle, Difference};

/// Where the page is.
pub(super) const PATH: &str = "/proefregels";

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get(PATH, WATCHERS, show)
}

/// The candidate that is asked now.
struct Candidate {
    title: String,
    id: String,
    hash: String,
    caveat: String,
    since: Option<(String, String)>,
}

/// A week in which it differed.
struct WeekRow {
    name: String,
    decided: String,
    counts: Vec<(&'static str, String)>,
    /// Its first and last day, to look the decisions up.
    first: String,
    last: String,
}

#[derive(Template)]
#[template(path = "proefregels.html")]
struct TrialPage {
    page: Page,
    candidate: Option<Candidate>,
    sentence: String,
    figure: Option<String>,
    kinds: Vec<&'static str>,
    weeks: Vec<WeekRow>,
}

/// What a difference is called.
const fn name(difference: Difference, l: Language) -> &'static str {
    match difference {
        Difference::PermitToDeny => l.pick("zou weigeren", "would refuse"),
        Difference::DenyToPermit => l.pick("zou toestaan", "would permit"),
        Difference::Ground => l.pick("andere grond", "another ground"),
        Difference::Unknown => l.pick("niet te beoordelen", "cannot tell"),
    }
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let (own, now) = (visit.officer().organisation.oin, officers.now());
    let on_trial = officers.candidate();
    let hash = on_trial.as_ref().map(|bundle| bundle.hash());
    let looked = officers.oversight().read(move |index| {
        let since = hash.and_then(|hash| index.find_trial(hash));
        (index.shadowed(own, now), since)
    });
    let (shadowed, since) = looked.await?;
    let candidate = on_trial.map(|bundle| Candidate {
        title: bundle.title_in(l).to_owned(),
        id: bundle.id().to_owned(),
        hash: bundle.hash().to_string(),
        caveat: bundle.caveat_in(l).to_owned(),
        since: since.map(|at| (at.to_string(), words::moment(at, l))),
    });
    let sentence = sentence(&shadowed, l);
    Ok(html(&TrialPage {
        page: visit.page(l.pick("Proefregels", "Trial rules")),
        candidate,
        figure: shadowed
            .is_any()
            .then(|| plot(&shadowed, &sentence, l).figure()),
        kinds: Difference::ALL.map(|difference| name(difference, l)).into(),
        weeks: rows(&shadowed, l),
        sentence,
    }))
}

/// This week in a sentence.
pub(super) fn sentence(shadowed: &Shadowed, l: Language) -> String {
    let last = shadowed.weeks.len().saturating_sub(1);
    let differ = l.number(shadowed.in_week(last));
    let decided = l.number(shadowed.decided.last().copied().unwrap_or(0));
    match l {
        Language::Dutch => format!(
            "Deze week zouden proefregels bij {differ} van de {decided} besluiten iets anders hebben gezegd."
        ),
        Language::English => format!(
            "This week trial rules would have said something else about {differ} of the {decided} decisions."
        ),
    }
}

/// What the plot is called.
pub(super) const fn title(l: Language) -> &'static str {
    l.pick(
        "Proefregels: verschillen per week",
        "Trial rules: differences by week",
    )
}

/// The differences, drawn.
pub(super) fn plot<'a>(shadowed: &Shadowed, description: &'a str, l: Language) -> Plot<'a> {
    let series = shadowed.differences.iter();
    let series = series.filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    Plot {
        id: "proef",
        language: l,
        title: title(l),
        description,
        unit: l.pick("besluiten", "decisions"),
        weeks: shadowed
            .weeks
            .iter()
            .map(|week| format!("week {}", week.number()))
            .collect(),
        series: series
            .map(|(difference, counts)| (name(*difference, l).to_owned(), counts.clone()))
            .collect(),
        emphasise_last: true,
    }
}

/// The weeks with a difference, the newest first.
fn rows(shadowed: &Shadowed, l: Language) -> Vec<WeekRow> {
    let weeks = shadowed.weeks.iter().enumerate().rev();
    let differ = weeks.filter(|(at, _)| shadowed.in_week(*at) > 0);
    let count = |counts: &Vec<u64>, at: usize| l.number(counts.get(at).copied().unwrap_or(0));
    differ
        .map(|(at, week)| WeekRow {
            name: format!("week {}", week.number()),
            decided: count(&shadowed.decided, at),
            counts: shadowed
                .differences
                .iter()
                .map(|(difference, counts)| (name(*difference, l), count(counts, at)))
                .collect(),
            first: week.monday().to_string(),
            last: week.monday().plus_days(6).to_string(),
        })
        .collect()
}

/// What a candidate would have decided, beside one decision.
pub(super) struct Beside {
    pub(super) sentence: String,
    /// The sentences of its rules, as far as it is here.
    pub(super) rules: Vec<String>,
    pub(super) bundle: String,
}

impl Beside {
    /// Nothing where it would have decided alike, or was not asked.
    pub(super) fn new(
        entry: &Entry,
        find: impl FnOnce(Sha256) -> Option<Arc<Bundle>>,
        wording: &Wording,
    ) -> Option<Self> {
        let (l, shadow) = (wording.l, entry.schaduw.as_ref()?);
        let sentence = match (shadow.uitkomst?, &shadow.grondslag, &shadow.artikel) {
            (Trial::Permitted, Some(ground), Some(article)) => format!(
                "{} {}.",
                l.pick(
                    "De proefregels hadden dit toegestaan op deze grond:",
                    "The trial rules would have permitted this on this ground:"
                ),
                law::ground_of(ground, article, l)
            ),
            (Trial::Permitted, ..) => l
                .pick(
                    "De proefregels hadden dit toegestaan.",
                    "The trial rules would have permitted this.",
                )
                .to_owned(),
            (Trial::Refused, ..) => format!(
                "{} {}.",
                l.pick(
                    "De proefregels hadden dit geweigerd:",
                    "The trial rules would have refused this:"
                ),
                wording.reason(shadow.reden.as_deref().unwrap_or_default())
            ),
            (Trial::Unknown, ..) => l
                .pick(
                    "De proefregels kunnen dit niet beoordelen: zij kennen dit doel of deze soort niet.",
                    "The trial rules cannot tell: they do not know this purpose or this kind.",
                )
                .to_owned(),
        };
        let bundle = find(shadow.bundel);
        let told = bundle.as_ref().map(|bundle| bundle.title_in(l).to_owned());
        let rules = shadow.regels.iter().filter_map(|id| {
            let sentence = bundle.as_ref()?.find_sentence(id, l)?;
            Some(sentence.to_owned())
        });
        Some(Self {
            sentence,
            rules: rules.collect(),
            bundle: told.unwrap_or_else(|| shadow.bundel.to_string()),
        })
    }
}
