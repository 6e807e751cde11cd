//! One release that is judged afterwards: what it was, why it was allowed, what was found before, and
//! the form of the one who judges.

mod lines;
mod suggested;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

pub(super) use lines::{RemarkLine, Told, end, judged_line, remark_line};
pub(super) use suggested::Suggested;

use super::cause;
use super::forms::{Filled, Form};
use super::page::{Notice, Page, html};
use super::problem::Problem;
use super::reviews::{PAGE, standing};
use super::routes::{OFFICER, Routes, WATCHERS};
use super::terms::{self, Term};
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::domain::DeskRole;
use crate::exchange::Failure;
use crate::exchange::officer::{Remark, UnderReview, Verdict};
use crate::language::Language;
use crate::ledger::entry::Judgement;
use crate::oversight::Standing;
use lines::{JudgedLine, RuleLine, aos_dates, rules};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/beoordelingen/{index}", WATCHERS, show)
        .post("/beoordelingen/{index}", OFFICER, judge)
        .get("/beoordelingen/{index}/opmerkingen", WATCHERS, back)
        .post("/beoordelingen/{index}/opmerkingen", WATCHERS, open)
}

/// What can be judged, in the order of the form.
const JUDGEMENTS: [(&str, Judgement); 3] = [
    ("rechtmatig", Judgement::Lawful),
    ("onrechtmatig", Judgement::Unlawful),
    ("meer-informatie", Judgement::MoreInformation),
];

/// What can be judged of a release: where no rule asked for it there is no term to go on.
fn judgements(is_asked: bool) -> impl Iterator<Item = (&'static str, Judgement)> {
    let all = JUDGEMENTS.into_iter();
    all.filter(move |(_, judgement)| is_asked || *judgement != Judgement::MoreInformation)
}

/// One of the three judgements, as the form offers it.
struct Choice {
    code: &'static str,
    name: &'static str,
    hint: &'static str,
}

#[derive(Template)]
#[template(path = "beoordeling.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether the page shows one of its parts"
)]
struct JudgingPage {
    page: Page,
    f: Filled,
    index: u64,
    sentence: String,
    released: Told,
    purpose: String,
    article: String,
    team: String,
    health: bool,
    end: String,
    transaction: String,
    rules: Vec<RuleLine>,
    bundle: String,
    aos: Vec<(&'static str, Told)>,
    aos_by: String,
    term: Term,
    due: Told,
    is_late: bool,
    standing: String,
    standing_kind: &'static str,
    is_open: bool,
    /// Whether a rule asked for the judgement, with a term.
    is_asked: bool,
    is_judge: bool,
    given: Vec<JudgedLine>,
    has_remarks: bool,
    /// What four eyes mean here and now; empty where one person judges.
    four_eyes: String,
    choices: Vec<Choice>,
    asks_cause: bool,
    has_incident: bool,
}

fn number(text: &str) -> Result<u64, Problem> {
    // Only as it is written in our own links: one release has one address.
    let number: u64 = text.parse().map_err(|_| Problem::NotFound)?;
    (number.to_string() == text)
        .then_some(number)
        .ok_or(Problem::NotFound)
}

/// The index of a decision, from a path.
pub(super) fn index_of(Path(text): &Path<String>) -> Result<u64, Problem> {
    number(text)
}

/// The release that is judged: an incident can be about something else too.
async fn find(visit: &Visit, index: u64) -> Result<UnderReview, Problem> {
    let under = visit.desk.officers.review(visit.officer(), index).await?;
    let is_release = under.review.is_release;
    is_release.then_some(under).ok_or(Problem::NotFound)
}

async fn show(visit: Visit, path: Path<String>) -> Result<Response, Problem> {
    let index = index_of(&path)?;
    let under = find(&visit, index).await?;
    let form = Suggested::review(index).prefilled();
    let f = Filled::new(form, visit.l);
    Ok(html(&page(&visit, &under, f, &BTreeMap::new(), false)))
}

async fn back(path: Path<String>) -> Result<Response, Problem> {
    Ok(see_other(&format!("/beoordelingen/{}", index_of(&path)?)))
}

/// Shows the remarks, after the reading was recorded. They are not kept: whoever loads the page again
/// opens them again, and is in the book again.
async fn open(visit: Visit, path: Path<String>, form: Form) -> Result<Response, Problem> {
    let index = index_of(&path)?;
    let officers = &visit.desk.officers;
    let mut f = Filled::new(form, visit.l);
    let under = find(&visit, index).await?;
    let Some(cause) = cause::of(&visit, &mut f) else {
        let page = page(&visit, &under, f, &BTreeMap::new(), false);
        return Ok(wrong(html(&page)));
    };
    let remarks = officers.open_remarks(visit.officer(), &cause, index);
    let remarks = remarks.await?;
    let under = officers.review(visit.officer(), index).await?;
    Ok(html(&page(&visit, &under, f, &remarks, true)))
}

async fn judge(visit: Visit, path: Path<String>, form: Form) -> Result<Response, Problem> {
    let (l, index) = (visit.l, index_of(&path)?);
    let officers = &visit.desk.officers;
    let under = find(&visit, index).await?;
    let mut f = Filled::new(form, l);
    let verdict = verdict(&mut f, under.review.is_asked);
    let cause = cause::of(&visit, &mut f);
    let (Some(verdict), Some(cause), false) = (verdict, cause, f.is_wrong()) else {
        let page = page(&visit, &under, f, &BTreeMap::new(), false);
        return Ok(wrong(html(&page)));
    };
    let judged = officers.judge(visit.officer(), &cause, index, &verdict);
    let receipt = match judged.await {
        Ok(receipt) => receipt,
        Err(Failure::Conflict) => return refused(&visit, index, f).await,
        Err(failure) => return Err(failure.into()),
    };
    Suggested::review(index).close(&visit);
    let after = officers.review(visit.officer(), index).await?.review;
    visit.session.tell(told(
        after.standing,
        verdict.judgement(),
        &l.number(receipt.index),
        l,
    ));
    if f.value("daad") == "volgende" {
        return next(&visit).await;
    }
    Ok(see_other("/beoordelingen"))
}

/// To the first that still waits, or to the queue when nothing does.
async fn next(visit: &Visit) -> Result<Response, Problem> {
    let officer = visit.officer();
    let (own, who) = (officer.organisation.oin, officer.subject.clone());
    let now = visit.desk.officers.now();
    let oversight = visit.desk.officers.oversight();
    let queue = oversight.read(move |index| index.queue((own, &who), false, now, (0, PAGE)));
    // What waits for a colleague is passed by.
    let releases = queue.await?.releases.into_iter();
    let mut mine = releases.filter(|one| {
        !(one.last_is_own && matches!(one.standing, Standing::Half(_)))
            && one.standing != Standing::MoreInformation
    });
    Ok(match mine.next() {
        Some(one) => see_other(&format!("/beoordelingen/{}", one.line.index)),
        None => see_other("/beoordelingen"),
    })
}

/// What was judged, with what must be written beside it; `None` with what is wrong.
fn verdict(f: &mut Filled, is_asked: bool) -> Option<Verdict> {
    let judgement = f.required(
        "oordeel",
        ("Kies een oordeel.", "Choose a judgement."),
        |code| {
            let mut all = judgements(is_asked);
            all.find(|(known, _)| *known == code).map(|(_, is)| is)
        },
    );
    let remark = f.optional("opmerking", REMARK_TOO_LONG, Remark::parse);
    let judgement = judgement.filter(|_| !f.is_wrong())?;
    let verdict = Verdict::new(judgement, remark);
    if verdict.is_none() {
        let (dutch, english) = match judgement {
            Judgement::MoreInformation => (
                "Schrijf op wat u nog wilt weten, en van wie.",
                "Write down what you still want to know, and from whom.",
            ),
            _ => (
                "Schrijf op waarop u uw oordeel baseert.",
                "Write down what you base your judgement on.",
            ),
        };
        f.wrong("opmerking", dutch, english);
    }
    verdict
}

/// What is wrong with a remark.
pub(super) const REMARK_TOO_LONG: (&str, &str) = (
    "Houd de toelichting korter dan 2.000 tekens, en gebruik gewone tekens.",
    "Keep the explanation below 2,000 characters, and use plain characters.",
);

/// Somebody was first, or the second of four eyes would be the first again: the page as it is now,
/// that says which.
async fn refused(visit: &Visit, index: u64, mut f: Filled) -> Result<Response, Problem> {
    let under = find(visit, index).await?;
    if let Standing::Judged(judgement) = under.review.standing {
        let judged = words::judgement(judgement, visit.l);
        let text = match visit.l {
            Language::Dutch => format!(
                "Iemand anders was u voor: deze verstrekking is al beoordeeld als {judged}. Uw oordeel is niet vastgelegd."
            ),
            Language::English => format!(
                "Somebody else was first: this release is already judged to be {judged}. Your judgement was not recorded."
            ),
        };
        visit.session.tell(Notice::know(text));
        return Ok(see_other(&format!("/beoordelingen/{index}")));
    }
    f.wrong(
        "oordeel",
        "Dit oordeel gaf u al. Het tweede oordeel is aan een collega: twee mensen kijken, niet één mens twee keer.",
        "You gave this judgement already. The second one is for a colleague: two people look, not one person twice.",
    );
    let page = page(visit, &under, f, &BTreeMap::new(), false);
    Ok(wrong(html(&page)))
}

/// What to tell after a judgement.
fn told(after: Standing, judgement: Judgement, entry: &str, l: Language) -> Notice {
    let recorded = match l {
        Language::Dutch => format!("Uw oordeel is vastgelegd als regel {entry} van het logboek."),
        Language::English => format!("Your judgement is recorded as entry {entry} of the log."),
    };
    let next = match (after, judgement) {
        (Standing::Judged(Judgement::Unlawful), _) => l.pick(
            "Er is nu een incident. U hebt 72 uur om te besluiten over een melding bij de Autoriteit Persoonsgegevens.",
            "There is now an incident. You have 72 hours to decide whether to notify the data protection authority.",
        ),
        (Standing::Half(_), _) => l.pick(
            "Een collega moet hetzelfde oordelen; dan is het klaar.",
            "A colleague must judge alike; then it is done.",
        ),
        (_, Judgement::MoreInformation) => l.pick(
            "De termijn loopt door.",
            "The term goes on.",
        ),
        _ => "",
    };
    let is_unlawful = after == Standing::Judged(Judgement::Unlawful);
    Notice {
        kind: if is_unlawful { "let-op" } else { "ja" },
        text: format!("{recorded} {next}").trim_end().to_owned(),
    }
}

/// A page with a form that has mistakes in it.
pub(super) fn wrong(mut response: Response) -> Response {
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// Names the menu's line for a page that stands beside it.
pub(super) fn under_reviews(mut page: Page) -> Page {
    for item in &mut page.menu {
        item.here = item.path == "/beoordelingen";
    }
    page
}

/// What four eyes mean for whoever looks, here and now.
fn four_eyes(under: &UnderReview, last_is_own: bool, l: Language) -> String {
    if !under.review.four_eyes {
        return String::new();
    }
    let rule = l.pick(
        "De regel vraagt om vier ogen: twee privacy officers van uw organisatie moeten hetzelfde oordelen.",
        "The rule asks for four eyes: two privacy officers of your organisation must judge alike.",
    );
    let next = match (under.review.standing, last_is_own) {
        (Standing::Half(_), true) => l.pick(
            "Het eerste oordeel was van u; het tweede is aan een collega. Denkt u er nu anders over? Dan kunt u een ander oordeel geven.",
            "The first judgement was yours; the second is for a colleague. Do you see it differently now? Then you can give another judgement.",
        ),
        (Standing::Half(_), false) => l.pick(
            "Het eerste oordeel was van een collega. Oordeelt u anders, dan moet weer een ander met u instemmen.",
            "The first judgement was a colleague's. If you judge differently, somebody else must agree with you in turn.",
        ),
        (Standing::Judged(_), _) => "",
        _ => l.pick("Na u kijkt een collega.", "After you a colleague looks."),
    };
    format!("{rule} {next}").trim_end().to_owned()
}

fn choices(is_asked: bool, l: Language) -> Vec<Choice> {
    let hint = |judgement| {
        match judgement {
        Judgement::Lawful => l.pick(
            "Het document was nodig, en aan de voorwaarden was voldaan.",
            "The document was needed, and the conditions were met.",
        ),
        Judgement::Unlawful => l.pick(
            "Er komt een incident. U hebt dan 72 uur om te besluiten over een melding bij de Autoriteit Persoonsgegevens.",
            "There will be an incident. You then have 72 hours to decide whether to notify the data protection authority.",
        ),
        _ => l.pick("De termijn loopt door.", "The term goes on."),
    }
    };
    let all = judgements(is_asked);
    all.map(|(code, judgement)| Choice {
        code,
        name: match judgement {
            Judgement::Lawful => l.pick("Rechtmatig", "Lawful"),
            Judgement::Unlawful => l.pick("Onrechtmatig", "Unlawful"),
            _ => l.pick("Ik heb meer informatie nodig", "I need more information"),
        },
        hint: hint(judgement),
    })
    .collect()
}

fn page(
    visit: &Visit,
    under: &UnderReview,
    f: Filled,
    opened: &BTreeMap<u64, String>,
    is_open: bool,
) -> JudgingPage {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let wording = Wording::new(officers, l);
    let review = &under.review;
    let own = Some(visit.officer().organisation.oin);
    let (now, line) = (officers.now(), &review.line);
    let last_is_own = review
        .given
        .iter()
        .rev()
        .find(|given| given.by == own)
        .is_some_and(|given| given.is_own);
    let given = review.given.iter().map(|given| {
        let remark = remark_line(given.index, under, opened, is_open);
        judged_line(given, visit, &wording, remark)
    });
    let given = given.collect();
    let (standing_text, standing_kind) = standing(review.standing, last_is_own, l);
    let (rules, bundle) = rules(visit, under);
    let asks = Suggested::review(line.index).is_asked(visit.session.cause().as_ref());
    JudgingPage {
        page: under_reviews(visit.page(l.pick("Beoordelen", "Judging"))),
        asks_cause: asks || cause::is_wrong(&f),
        f,
        index: line.index,
        sentence: wording.sentence(line),
        released: Told::moment(line.at, l),
        purpose: wording.purpose(&line.purpose),
        article: line.article.to_string(),
        team: wording.team(&review.team),
        health: review.health,
        end: end(under, l),
        transaction: line.transaction.to_string(),
        rules,
        bundle,
        aos: under.aos.iter().flat_map(|aos| aos_dates(aos, l)).collect(),
        aos_by: under
            .aos
            .and_then(|aos| aos.by)
            .map_or_else(String::new, |oin| wording.organisation(oin)),
        term: terms::days(review.due, now, l),
        due: Told::moment(review.due, l),
        is_asked: review.is_asked,
        is_late: review.is_asked && review.due <= now,
        standing: standing_text,
        standing_kind,
        is_open: !matches!(review.standing, Standing::Judged(_)),
        is_judge: visit.officer().is_any(&[DeskRole::Fg]),
        given,
        has_remarks: !under.remarks.is_empty() && !is_open,
        four_eyes: four_eyes(under, last_is_own, l),
        choices: choices(review.is_asked, l),
        has_incident: review.incident.is_some(),
    }
}
