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
use super::facts::of_choice;
use super::papers::{self, Paper, PaperPage, WINDOW};
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
    let receipted = Receipted {
        choice: choice_of(kept.address, leaf).ok_or(Problem::NotFound)?,
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

fn receipt(
    receipted: &Receipted,
    own: &crate::domain::Organisation,
    organisations: &crate::domain::Organisations,
    wording: &Wording,
) -> Report {
    let l = wording.l;
    let (choice, told) = (&receipted.choice, &receipted.told);
    let text = |dutch, english| Block::Paragraph(l.pick(dutch, english).to_owned());
    let mut facts: Vec<(String, String)> = of_choice(choice, wording)
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
        Block::Facts(facts),
    ];
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
            "Wij schrijven elke keuze in een logboek. Niemand kan er ongemerkt iets in veranderen. Met deze gegevens kan iedereen nagaan dat uw keuze erin staat.",
            "We write every choice in a log. Nobody can change anything in it unnoticed. With these data everybody can check that your choice is in it.",
        ),
        Block::Facts(place),
    ]);
    Report {
        title: title(choice.kind, choice.state, l).to_owned(),
        language: l,
        head: papers::head(own),
        to: WINDOW.to_owned(),
        date: words::day(told.time.local().day(), l),
        blocks,
    }
}
