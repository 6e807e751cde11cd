//! One exchange: the story from the request to the last byte, the rule that decided, the proof, and
//! behind a reason what is personal about it: the facts as they were known then, and what changed since.

mod duties;
mod extract;
mod facts;
mod story;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use self::duties::Duty;
use self::facts::{Comparison, Field};
use self::story::{Rule, Step};
use super::cause;
use super::forms::{Filled, Form};
use super::keeping::{self, DeedRow};
use super::law;
use super::lines::{Badge, DayOfLines, Seen, badge, by_day};
use super::page::{Page, file, html};
use super::problem::Problem;
use super::routes::{Routes, WATCHERS};
use super::trial;
use super::visit::{Visit, see_other};
use super::words::{self, Wording};
use crate::bounds;
use crate::domain::{DeskRole, DocumentKind, Oin, Purpose, TransactionId};
use crate::exchange::officer::{Exchanged, Opened};
use crate::ledger::entry::{Entry, Kind};
use crate::merkle;
use crate::oversight::{Deed, Line, Review, Standing, What};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/uitwisseling/{transactie}", WATCHERS, show)
        .post("/uitwisseling/{transactie}", WATCHERS, open)
        .get("/uitwisseling/{transactie}/bewijs", WATCHERS, proof)
        .post(
            "/uitwisseling/{transactie}/uittreksel",
            WATCHERS,
            extract::take,
        )
}

/// The proof as it was checked on the spot.
struct Proven {
    holds: bool,
    sentence: String,
    leaf: String,
}

/// What is personal.
struct Person {
    fields: Vec<Field>,
    comparison: Option<Comparison>,
}

#[derive(Template)]
#[template(path = "uitwisseling.html")]
struct ExchangePage {
    page: Page,
    f: Filled,
    transaction: String,
    badge: Badge,
    iso: String,
    at: String,
    /// On what ground it was given, or why not.
    why: String,
    /// Who judged afterwards that it was not lawful.
    unlawful: String,
    steps: Vec<Step>,
    rules: Vec<Rule>,
    bundle: Option<story::Terms>,
    /// What a candidate would have decided otherwise.
    beside: Option<trial::Beside>,
    is_decision: bool,
    short: Vec<(&'static str, String)>,
    duties: Vec<Duty>,
    /// Where it can be judged, though no rule asks for that.
    judging: Option<String>,
    readings: Vec<DayOfLines>,
    more_readings: bool,
    proof: Proven,
    /// Whether anything personal was recorded, to be opened or erased since.
    has_personal: bool,
    person: Option<Person>,
    /// Where that was erased: the entries that may have done it, of which one did.
    erased: Option<Vec<DeedRow>>,
}

/// What the index knows around an entry.
struct Around {
    review: Option<(Review, Standing)>,
    /// Who judged afterwards that it was not lawful.
    unlawful: Vec<Oin>,
    /// Whether it is a release that no rule asks a judgement of, and nobody here judged.
    can_be_judged: bool,
    /// Whether a rule asked for a judgement.
    is_asked: bool,
    readings: Vec<Seen>,
    more_readings: bool,
    /// The transaction of the entry a reading was of.
    read: Option<TransactionId>,
    /// What was erased since that may have had this entry with it.
    deeds: Vec<(Deed, Option<Oin>)>,
}

async fn find(visit: &Visit, transaction: &str) -> Result<Exchanged, Problem> {
    let transaction = TransactionId::parse(transaction).map_err(|_| Problem::NotFound)?;
    let officers = &visit.desk.officers;
    let found = officers.find_exchange(visit.officer(), transaction).await?;
    found.ok_or(Problem::NotFound)
}

async fn show(visit: Visit, Path(transaction): Path<String>) -> Result<Response, Problem> {
    let exchanged = find(&visit, &transaction).await?;
    let f = Filled::new(Form::default(), visit.l);
    let opened = if visit.session.has_opened(exchanged.entry.entry.transactie) {
        let officers = &visit.desk.officers;
        Some(
            officers
                .reopen_exchange(visit.officer(), &exchanged)
                .await?,
        )
    } else {
        None
    };
    page(&visit, exchanged, opened, f).await
}

async fn open(
    visit: Visit,
    Path(transaction): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let exchanged = find(&visit, &transaction).await?;
    let mut f = Filled::new(form, visit.l);
    let Some(cause) = cause::of(&visit, &mut f) else {
        return page(&visit, exchanged, None, f).await;
    };
    let id = exchanged.entry.entry.transactie;
    if !visit.session.has_opened(id) {
        let officers = &visit.desk.officers;
        officers
            .open_exchange(visit.officer(), &cause, &exchanged)
            .await?;
        visit.session.note_opened(id);
    }
    Ok(see_other(&format!("/uitwisseling/{id}#persoon")))
}

async fn proof(visit: Visit, Path(transaction): Path<String>) -> Result<Response, Problem> {
    let exchanged = find(&visit, &transaction).await?;
    let proof = visit.desk.officers.proof(&exchanged.entry).await?;
    let name = format!("bewijs-{}.tlog-proof.txt", exchanged.entry.entry.transactie);
    Ok(file("text/plain; charset=utf-8", &name, proof.text))
}

/// What the index knows around an entry, as far as this organisation may see it.
async fn around(visit: &Visit, exchanged: &Exchanged) -> Result<Around, Problem> {
    let oin = visit.officer().organisation.oin;
    let (at, of) = (exchanged.entry.index, exchanged.entry.entry.index);
    let kind = exchanged.entry.entry.soort;
    let looked = visit.desk.officers.oversight().read(move |index| {
        let own = index.party(oin);
        // What was judged unasked waits for nobody.
        let review = index
            .judgements_of(at)
            .filter(|review| index.reviews().contains_key(&at) || !review.is_open(own));
        let unlawful = index.incidents().values();
        let unlawful = unlawful.filter(|incident| incident.decision == at);
        let rows = index.rows();
        // Whoever read an entry did so after it was written.
        let later = rows.partition_point(|row| row.index <= at);
        let later = rows.get(later..).unwrap_or_default().iter().rev();
        let mut readings = later
            .filter(|row| row.what == What::Reading && row.of == Some(at) && row.is_of(own))
            .map(|row| Seen::new(index, row, own));
        Around {
            can_be_judged: review.is_none()
                && index
                    .find_row(at)
                    .is_some_and(|row| row.is_release() && row.is_of(own)),
            is_asked: index.reviews().contains_key(&at),
            review: review.map(|review| (review.clone(), review.standing(own))),
            unlawful: unlawful.filter_map(|one| index.oin(one.by)).collect(),
            readings: readings.by_ref().take(bounds::DESK_NEWEST_LINES).collect(),
            more_readings: readings.next().is_some(),
            read: of
                .and_then(|of| index.find_row(of).filter(|row| row.is_of(own)))
                .map(|row| row.transaction),
            deeds: index
                .deeds()
                .iter()
                .filter(|deed| deed.index > at && deed.may_have_erased(kind))
                .map(|deed| (deed.clone(), index.oin(deed.by)))
                .collect(),
        }
    });
    Ok(looked.await?)
}

async fn page(
    visit: &Visit,
    exchanged: Exchanged,
    opened: Option<Opened>,
    f: Filled,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let around = around(visit, &exchanged).await?;
    let proven = proven(visit, &exchanged).await?;
    let wording = Wording::new(officers, l);
    let entry = &exchanged.entry.entry;
    let closing = exchanged.closing.as_ref();
    let line = line_of(&exchanged);
    let seen = Seen {
        waits: around
            .review
            .as_ref()
            .is_some_and(|(_, standing)| !matches!(standing, Standing::Judged(_))),
        line,
    };
    let bundle = entry.bundel.and_then(|hash| officers.policies().find(hash));
    let erased = officers.is_erased(&exchanged).await?;
    let wrong = f.is_wrong();
    let mut around_it = visit.page(&headline(&seen.line, &wording));
    for item in &mut around_it.menu {
        // It has no place of its own in the menu: one comes here from the log.
        item.here |= item.path == "/logboek";
    }
    let mut response = html(&ExchangePage {
        page: around_it,
        f,
        transaction: entry.transactie.to_string(),
        badge: badge(&seen, &wording),
        iso: entry.tijd.to_string(),
        at: words::moment(entry.tijd, l),
        why: why(entry, &wording),
        unlawful: around
            .unlawful
            .iter()
            .map(|oin| wording.organisation(*oin))
            .collect::<Vec<_>>()
            .join(l.pick(" en ", " and ")),
        steps: story::steps(&exchanged.entry, closing, around.read, &wording),
        rules: story::rules(entry, bundle.as_deref(), l),
        bundle: bundle.as_deref().map(|bundle| story::Terms::new(bundle, l)),
        beside: trial::Beside::new(entry, |hash| officers.find_bundle(hash), &wording),
        is_decision: entry.soort == Kind::Decision,
        short: story::short(entry, &wording),
        duties: duties::of(
            &exchanged.entry,
            around.review.as_ref(),
            around.is_asked,
            officers.now(),
            l,
        ),
        judging: (around.can_be_judged && visit.officer().is_any(&[DeskRole::Fg]))
            .then(|| format!("/beoordelingen/{}", exchanged.entry.index)),
        readings: by_day(&around.readings, &wording),
        more_readings: around.more_readings,
        proof: proven,
        has_personal: entry.soort == Kind::Decision || !entry.zegels.is_empty(),
        person: opened.map(|opened| Person {
            fields: facts::fields(&opened, l),
            comparison: Comparison::new(entry, &opened, officers.now(), &wording),
        }),
        erased: erased.then(|| keeping::rows(&around.deeds, &wording)),
    });
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

async fn proven(visit: &Visit, exchanged: &Exchanged) -> Result<Proven, Problem> {
    let l = visit.l;
    let found = &exchanged.entry;
    let proof = visit.desk.officers.proof(found).await?;
    let sentence = match proof.proven {
        Ok(proven) => format!(
            "{} {} {} {} {}",
            l.pick("Regel", "Entry"),
            l.number(proven.index),
            l.pick(
                "staat ongewijzigd in het logboek van",
                "stands unchanged in the log of"
            ),
            l.number(proven.size),
            l.pick(
                "regels. Dat is net nagerekend.",
                "entries. That was checked just now."
            )
        ),
        Err(error) => {
            tracing::error!(error = %error, ledger.index = found.index, "a proof does not hold");
            l.pick(
                "Het bewijs van deze regel klopt niet. Waarschuw de beheerder en de auditor.",
                "The proof of this entry does not hold. Warn the operator and the auditor.",
            )
            .to_owned()
        }
    };
    let hash = merkle::leaf_hash(&found.line);
    Ok(Proven {
        holds: proof.proven.is_ok(),
        sentence,
        leaf: crate::domain::Sha256::from_bytes(hash).to_string(),
    })
}

/// The entry as a line of the log.
fn line_of(exchanged: &Exchanged) -> Line {
    let entry = &exchanged.entry.entry;
    let closing = exchanged.closing.as_ref().map(|closing| &closing.entry);
    let text = |text: Option<&str>| text.unwrap_or_default().into();
    let sum = |counts: &mut dyn Iterator<Item = u32>| counts.fold(0, u32::saturating_add);
    let listed = sum(&mut entry.getoond.iter().map(|listed| listed.aantal));
    Line {
        index: exchanged.entry.index,
        at: entry.tijd,
        transaction: entry.transactie,
        what: match entry.soort {
            Kind::Search => What::Search,
            Kind::Reading => What::Reading,
            _ => What::Decision,
        },
        act: entry.handeling,
        outcome: entry.uitkomst,
        end: closing.and_then(|closing| closing.einde),
        occasion: entry.aanleiding,
        review: entry
            .verplichtingen
            .iter()
            .any(|duty| duty == duties::REVIEW),
        requester: entry.aanvrager,
        provider: entry.bron,
        kind: text(entry.documentsoort.as_ref().map(DocumentKind::as_str)),
        purpose: text(entry.doel.as_ref().map(Purpose::as_str)),
        ground: text(entry.grondslag.as_deref()),
        article: text(entry.artikel.as_deref()),
        reason: text(entry.reden.as_deref().or(entry.code.as_deref())),
        count: entry
            .aantal
            .map_or(listed, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        withheld: sum(&mut entry.onthouden.iter().map(|withheld| withheld.aantal)),
        of: entry.index.filter(|_| entry.soort == Kind::Reading),
    }
}

/// The sentence without what is told beside it.
fn headline(line: &Line, wording: &Wording) -> String {
    wording.sentence(&Line {
        purpose: "".into(),
        article: "".into(),
        reason: "".into(),
        ..line.clone()
    })
}

/// On what ground it was given, or why not, in a sentence or two.
fn why(entry: &Entry, wording: &Wording) -> String {
    let l = wording.l;
    let purpose = entry.doel.as_ref().map(Purpose::as_str);
    let purpose = purpose.filter(|code| *code != "beheer");
    let purpose = purpose.map_or_else(String::new, |code| {
        format!(
            "{} {}. ",
            l.pick("Doel:", "Purpose:"),
            wording.purpose(code)
        )
    });
    let because = match (&entry.grondslag, &entry.artikel) {
        (Some(ground), Some(article)) => format!(
            "{} {}.",
            l.pick("Grond:", "Ground:"),
            law::ground_of(ground, article, l)
        ),
        _ => match entry.reden.as_deref().or(entry.code.as_deref()) {
            Some(code) => format!(
                "{} {}.",
                l.pick("Geweigerd:", "Refused:"),
                wording.reason(code)
            ),
            None => String::new(),
        },
    };
    format!("{purpose}{because}")
}
