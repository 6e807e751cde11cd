//! The receipt for an owner: what was recorded, when, where it stands, how to take it back. No
//! employee is named.

use std::collections::HashMap;

use axum::extract::{Path, Query};
use axum::response::Response;

use super::super::problem::Problem;
use super::super::routes::{REGISTRAR, Routes};
use super::super::visit::Visit;
use super::super::words::{self, Wording};
use super::address::closed;
use super::facts::{of_choice, of_end};
use super::papers::{self, Paper, PaperPage, WINDOW};
use super::typed::FINAL_STATES;
use crate::clock::Moment;
use crate::domain::{Choice, ChoiceKind, ChoiceState, TransactionId};
use crate::language::Language;
use crate::oversight::choice_of;
use crate::paper::{Block, Report};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/bewijs/{nummer}", REGISTRAR, show)
        .get(
            "/toestemmingen/adres/{nummer}/bewijs/{index}",
            REGISTRAR,
            of_history,
        )
}

/// Whether a choice in this state has ended.
pub(super) fn is_end(state: Option<ChoiceState>) -> bool {
    state.is_some_and(|state| FINAL_STATES.contains(&state))
}

/// Where and when something was recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) index: u64,
    pub(super) transaction: TransactionId,
    pub(super) time: Moment,
}

/// What a receipt is of.
#[derive(Debug)]
pub(super) struct Receipted {
    pub(super) choice: Choice,
    /// The choice as it was, of one that ended.
    pub(super) before: Option<Choice>,
    /// Whether the registry had who chose as an owner since before the choice began.
    pub(super) is_of_owner: bool,
    pub(super) told: Told,
    /// A signed checkpoint that covers its entry.
    pub(super) checkpoint: String,
}

async fn show(
    visit: Visit,
    Path(number): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let number: u32 = number.parse().map_err(|_| Problem::NotFound)?;
    let Some(kept) = visit.session.find_kept::<Receipted>(number) else {
        return Ok(closed(&visit));
    };
    let path = format!("/toestemmingen/bewijs/{number}");
    Ok(page(&visit, &kept, path, &query))
}

async fn of_history(
    visit: Visit,
    Path((number, index)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let number: u32 = number.parse().map_err(|_| Problem::NotFound)?;
    let index: u64 = index.parse().map_err(|_| Problem::NotFound)?;
    let Some(kept) = visit.find_registered(number) else {
        return Ok(closed(&visit));
    };
    let leaf = kept.leaves.iter().find(|leaf| leaf.index == index);
    let leaf = leaf.ok_or(Problem::NotFound)?;
    let choice = choice_of(kept.address, leaf).ok_or(Problem::NotFound)?;
    let earlier = kept.leaves.iter().filter(|leaf| leaf.index < index);
    let mut earlier = earlier.filter_map(|leaf| choice_of(kept.address, leaf));
    let owners = kept.facts.owners_at(leaf.entry.tijd);
    let since = owners.get(&choice.owner);
    let receipted = Receipted {
        before: earlier.rfind(|before| before.id == choice.id),
        is_of_owner: since.is_some_and(|since| choice.valid_from >= *since),
        choice,
        told: Told {
            index,
            transaction: leaf.entry.transactie,
            time: leaf.entry.tijd,
        },
        checkpoint: visit.desk.officers.checkpoint(),
    };
    let path = format!("/toestemmingen/adres/{number}/bewijs/{index}");
    Ok(page(&visit, &receipted, path, &query))
}

fn page(
    visit: &Visit,
    receipted: &Receipted,
    path: String,
    query: &HashMap<String, String>,
) -> Response {
    let language = papers::language(query);
    let officers = &visit.desk.officers;
    let report = receipt(
        receipted,
        &visit.officer().organisation,
        officers.organisations(),
        &Wording::new(officers, language),
    );
    let shown = PaperPage {
        page: visit.page(&report.title),
        paper: Paper {
            report,
            qr: String::new(),
        },
        name: visit
            .l
            .pick("Bewijs voor de eigenaar", "Receipt for the owner"),
        path,
    };
    let name = format!("bewijs-regel-{}", receipted.told.index);
    papers::answer(&shown, query, &name)
}

const fn title(kind: ChoiceKind, state: ChoiceState, l: Language) -> &'static str {
    match (state, kind) {
        (ChoiceState::Given | ChoiceState::Renewed, ChoiceKind::Consent) => l.pick(
            "Wij hebben uw toestemming vastgelegd",
            "We have recorded your consent",
        ),
        (ChoiceState::Given | ChoiceState::Renewed, ChoiceKind::ExplicitAgreement) => l.pick(
            "Wij hebben vastgelegd dat u instemt",
            "We have recorded that you agree",
        ),
        (ChoiceState::Given | ChoiceState::Renewed, ChoiceKind::Objection) => l.pick(
            "Wij hebben uw bezwaar vastgelegd",
            "We have recorded your objection",
        ),
        (ChoiceState::Given | ChoiceState::Renewed, ChoiceKind::JointRequest) => l.pick(
            "Wij hebben uw verzoek vastgelegd",
            "We have recorded your request",
        ),
        (ChoiceState::Refused, _) => l.pick(
            "Wij hebben vastgelegd dat u nee zegt",
            "We have recorded that you say no",
        ),
        (ChoiceState::Requested | ChoiceState::Unknown, _) => l.pick(
            "Wij hebben vastgelegd wat wij u vroegen",
            "We have recorded what we asked you",
        ),
        (ChoiceState::Withdrawn, _) => l.pick(
            "Wij hebben vastgelegd dat u uw keuze intrekt",
            "We have recorded that you withdraw your choice",
        ),
        (ChoiceState::Revoked, _) => l.pick(
            "Uw eerdere keuze is beëindigd",
            "Your earlier choice was ended",
        ),
        (ChoiceState::Invalidated, _) => l.pick(
            "Uw eerdere keuze is niet geldig",
            "Your earlier choice is not valid",
        ),
        (ChoiceState::EnteredInError, _) => l.pick(
            "Wij hebben een vergissing hersteld",
            "We have corrected a mistake",
        ),
    }
}

/// Whether it is an answer that does not count, because the registry does not know who gave it.
const fn counts_not(receipted: &Receipted) -> bool {
    let answered = matches!(
        receipted.choice.state,
        ChoiceState::Given | ChoiceState::Renewed | ChoiceState::Refused
    );
    answered && !receipted.is_of_owner
}

/// Since when it holds, or why it does not, where the facts alone would mislead.
fn holds(receipted: &Receipted, l: Language) -> Option<String> {
    let (choice, at) = (&receipted.choice, receipted.told.time);
    if counts_not(receipted) {
        let text = l.pick(
            "Het register kent u niet als eigenaar van dit adres op de dag dat de keuze begint. Daarom telt uw keuze niet mee. Bent u wel de eigenaar? Laat het ons weten.",
            "The registry does not know you as an owner of this address on the day the choice begins. So your choice does not count. Are you the owner? Then tell us.",
        );
        return Some(text.to_owned());
    }
    if is_end(Some(choice.state)) {
        let at = words::moment(at, l);
        let since = l.pick(
            "Uw keuze geldt niet meer sinds",
            "Your choice no longer holds since",
        );
        return Some(format!("{since} {at}."));
    }
    let is_yes = matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed);
    (is_yes && at < choice.valid_from).then(|| {
        let day = words::day(choice.valid_from.local().day(), l);
        let from = l.pick(
            "Uw keuze geldt nog niet. Zij geldt vanaf",
            "Your choice does not hold yet. It holds from",
        );
        format!("{from} {day}.")
    })
}

fn receipt(
    receipted: &Receipted,
    own: &crate::domain::Organisation,
    organisations: &crate::domain::Organisations,
    wording: &Wording,
) -> Report {
    let l = wording.l;
    let (choice, told) = (&receipted.choice, &receipted.told);
    let text = |dutch, english| Block::Paragraph(l.pick(dutch, english).to_owned());
    let ended = is_end(Some(choice.state));
    let facts = if ended {
        of_end(choice, receipted.before.as_ref(), wording)
    } else {
        of_choice(choice, wording)
    };
    let mut facts: Vec<(String, String)> = facts
        .into_iter()
        .map(|fact| (fact.name.to_owned(), fact.value))
        .collect();
    let whom = papers::names(&choice.receivers, organisations, l);
    for (name, value) in &mut facts {
        if name == l.pick("Voor wie", "For whom") {
            value.clone_from(&whom);
        }
    }
    let fact = |dutch, english, value: String| (l.pick(dutch, english).to_owned(), value);
    let mut place = vec![
        fact("Vastgelegd door", "Recorded by", own.name.clone()),
        fact("Vastgelegd op", "Recorded on", words::moment(told.time, l)),
        fact(
            "Regel in het logboek",
            "Entry in the log",
            l.number(told.index),
        ),
        fact("Transactie", "Transaction", told.transaction.to_string()),
    ];
    let mut checkpoint = receipted.checkpoint.lines().skip(1);
    if let (Some(size), Some(root)) = (checkpoint.next(), checkpoint.next()) {
        let size = size.parse().unwrap_or(0);
        let english = "Size of the log, signed";
        place.push(fact(
            "Omvang van het logboek, ondertekend",
            english,
            l.number(size),
        ));
        place.push(fact(
            "Kenmerk van die stand (wortel)",
            "Hash of that state (root)",
            root.to_owned(),
        ));
    }
    let mut blocks = vec![
        text("Geachte eigenaar,", "Dear owner,"),
        text(
            "Hieronder staat wat wij hebben vastgelegd. Klopt er iets niet? Laat het ons dan weten.",
            "Below is what we have recorded. Is something wrong? Then tell us.",
        ),
    ];
    blocks.extend(holds(receipted, l).map(Block::Paragraph));
    blocks.push(Block::Facts(facts));
    if choice.can_end() && choice.state != ChoiceState::Requested {
        blocks.push(Block::Heading(
            1,
            l.pick("Kunt u zich bedenken?", "Can you change your mind?")
                .to_owned(),
        ));
        blocks.push(text(
            "Ja, altijd. Schrijf ons dat u deze keuze intrekt, en noem het kenmerk van het bewijs. U hoeft niet te zeggen waarom. Vanaf het moment dat wij het vastleggen, geldt uw keuze niet meer. Wat daarvoor is gedeeld, blijft rechtmatig gedeeld.",
            "Yes, always. Write to us that you withdraw this choice, and name the reference of the evidence. You need not say why. From the moment we record it, your choice no longer holds. What was shared before that was shared lawfully.",
        ));
    }
    blocks.extend([
        Block::Heading(1, l.pick("Waar het staat", "Where it stands").to_owned()),
        text(
            "Wij schrijven elke keuze in een logboek. Niemand kan er ongemerkt iets in veranderen. Met deze gegevens vinden wij uw keuze terug. Wilt u laten nagaan dat zij ongewijzigd in het logboek staat? Vraag ons dan om het bewijs bij deze regel.",
            "We write every choice in a log. Nobody can change anything in it unnoticed. With these data we find your choice again. Do you want to have it checked that it stands in the log unchanged? Then ask us for the proof of this entry.",
        ),
        Block::Facts(place),
    ]);
    blocks.extend(papers::contact(own));
    Report {
        title: if counts_not(receipted) {
            l.pick(
                "Wij kregen uw antwoord, maar het telt niet mee",
                "We received your answer, but it does not count",
            )
            .to_owned()
        } else {
            title(choice.kind, choice.state, l).to_owned()
        },
        language: l,
        head: papers::head(own),
        to: WINDOW.to_owned(),
        date: words::day(told.time.local().day(), l),
        blocks,
    }
}
