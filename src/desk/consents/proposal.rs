//! A proposal: what a first person wants to register or end, for a second to confirm or turn down.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{REGISTRAR, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::{self, Wording};
use super::facts::{Fact, has_own_evidence, of_choice, of_end};
use super::receipt::{Receipted, Told, is_end};
use super::wording::{Date, kind_name};
use crate::clock::Moment;
use crate::domain::{Choice, ChoiceState};
use crate::exchange::Failure;
use crate::exchange::officer::{Proposed, Remark};
use crate::language::Language;
use crate::oversight::Personal;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/voorstel/{index}", REGISTRAR, show)
        .post("/toestemmingen/voorstel/{index}", REGISTRAR, act)
}

/// What may be told of a proposal to whoever has not opened it.
struct Outside {
    at: Date,
    what: String,
    is_mine: bool,
    withdraws: bool,
}

/// What was proposed, once it was opened.
struct Inside {
    withdraws: bool,
    /// Whether an end has evidence of its own, rather than that of the choice.
    is_proven: bool,
    is_of_owner: bool,
    proposer: String,
    facts: Vec<Fact>,
}

#[derive(Template)]
#[template(path = "toestemming-voorstel.html")]
struct ProposalPage {
    page: Page,
    f: Filled,
    action: String,
    number: String,
    outside: Outside,
    inside: Option<Inside>,
}

/// The proposal as the index knows it. One that was answered is done.
async fn outside(visit: &Visit, index: u64) -> Result<Outside, Problem> {
    let officer = visit.officer();
    let (oin, person) = (officer.organisation.oin, officer.subject.clone());
    let looked = visit.desk.officers.oversight().read(move |known| {
        let own = known.party(oin);
        let proposal = known.proposals().get(&index).filter(|one| one.by == own)?;
        let person = known.tag(Personal::Employee(oin), person.as_str());
        Some((*proposal, proposal.proposer == person))
    });
    let (proposal, is_mine) = looked.await?.ok_or(Problem::NotFound)?;
    if proposal.answered.is_some() {
        return Err(Problem::Conflict);
    }
    let l = visit.l;
    let kind = proposal.kind.map_or("", |kind| kind_name(kind, l));
    let state = proposal.kind.zip(proposal.state);
    let state = state.map_or("", |(kind, state)| words::choice_state_of(kind, state, l));
    Ok(Outside {
        at: Date::and_time(proposal.at, l),
        what: format!("{kind}: {state}"),
        is_mine,
        withdraws: is_end(proposal.state),
    })
}

fn find_opened(visit: &Visit, index: u64) -> Option<Arc<Proposed>> {
    let all = visit.session.all_kept::<Proposed>();
    let mut all = all.into_iter().map(|(_, proposed)| proposed);
    all.find(|proposed| proposed.index == index)
}

async fn page(visit: &Visit, index: u64, f: Filled) -> Result<Response, Problem> {
    let outside = outside(visit, index).await?;
    let l = visit.l;
    let wording = Wording::new(&visit.desk.officers, l);
    let inside = find_opened(visit, index).map(|proposed| {
        let (choice, before) = (&proposed.change.choice, proposed.before.as_ref());
        let withdraws = proposed.change.withdraws;
        Inside {
            withdraws,
            is_proven: !withdraws || has_own_evidence(choice, before),
            is_of_owner: proposed.is_of_owner,
            proposer: proposed.proposer.to_string(),
            facts: if withdraws {
                of_end(choice, before, &wording)
            } else {
                of_choice(choice, &wording)
            },
        }
    });
    Ok(html(&ProposalPage {
        action: format!("/toestemmingen/voorstel/{index}"),
        number: l.number(index),
        page: visit.page(l.pick("Voorstel", "Proposal")),
        outside,
        inside,
        f,
    }))
}

fn index_of(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}

async fn show(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let f = Filled::new(Form::default(), visit.l);
    page(&visit, index_of(&index)?, f).await
}

async fn act(visit: Visit, Path(index): Path<String>, form: Form) -> Result<Response, Problem> {
    let index = index_of(&index)?;
    let mut f = Filled::new(form, visit.l);
    let opened = find_opened(&visit, index);
    let decision = f.value("besluit").to_owned();
    let remark = match decision.as_str() {
        "afwijzen" => f.required(
            "opmerking",
            (
                "Schrijf op wat er niet klopt: 1 tot 2.000 tekens.",
                "Write down what is wrong: 1 to 2,000 characters.",
            ),
            Remark::parse,
        ),
        _ => None,
    };
    let cause = cause::of(&visit, &mut f);
    let Some(cause) = cause.filter(|_| !f.is_wrong()) else {
        let shown = page(&visit, index, f).await?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let officers = &visit.desk.officers;
    let path = format!("/toestemmingen/voorstel/{index}");
    match (decision.as_str(), opened, remark) {
        ("bevestigen", Some(proposed), _) => confirm(&visit, &cause, &proposed).await,
        ("afwijzen", Some(_), Some(remark)) => {
            officers
                .reject(visit.officer(), &cause, index, &remark)
                .await?;
            visit.session.tell(Notice::done(visit.l.pick(
                "Het voorstel is afgewezen. Er is niets veranderd.",
                "The proposal was turned down. Nothing was changed.",
            )));
            Ok(see_other("/toestemmingen"))
        }
        // Nobody answers what they have not seen.
        (_, None, _) => {
            let proposed = officers.proposal(visit.officer(), &cause, index).await?;
            visit.session.keep(proposed);
            Ok(see_other(&path))
        }
        (_, Some(_), _) => Ok(see_other(&path)),
    }
}

async fn confirm(
    visit: &Visit,
    cause: &crate::exchange::officer::Cause,
    proposed: &Proposed,
) -> Result<Response, Problem> {
    let officers = &visit.desk.officers;
    let confirmed = officers
        .confirm(visit.officer(), cause, proposed.index)
        .await;
    let (choice, receipt) = match confirmed {
        Ok(done) => done,
        Err(Failure::NotAuthorised) => {
            visit.session.tell(Notice {
                kind: "let-op",
                text: visit
                    .l
                    .pick(
                        "U hebt dit zelf voorgesteld. Vraag een collega om het na te kijken en te bevestigen.",
                        "You proposed this yourself. Ask a colleague to check and confirm it.",
                    )
                    .to_owned(),
            });
            return Ok(see_other(&format!(
                "/toestemmingen/voorstel/{}",
                proposed.index
            )));
        }
        Err(failure) => return Err(failure.into()),
    };
    let number = visit.session.keep(Receipted {
        told: Told {
            index: receipt.index,
            transaction: receipt.transaction,
            time: receipt.time,
        },
        choice: choice.clone(),
        before: proposed.before.clone(),
        is_of_owner: proposed.is_of_owner,
        checkpoint: officers.checkpoint(),
    });
    let l = visit.l;
    let below = l.pick(
        "Hieronder staat een bewijs voor de eigenaar.",
        "Below is a receipt for the owner.",
    );
    let done = done(&choice, proposed.is_of_owner, receipt.time, l);
    visit.session.tell(Notice::done(format!("{done} {below}")));
    Ok(see_other(&format!("/toestemmingen/bewijs/{number}")))
}

/// What was done by confirming it.
fn done(choice: &Choice, is_of_owner: bool, at: Moment, l: Language) -> String {
    let counts = matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed);
    let text = match choice.state {
        _ if is_end(Some(choice.state)) => l.pick(
            "De keuze is beëindigd. Zij geldt vanaf nu niet meer.",
            "The choice has ended. It no longer holds from now on.",
        ),
        ChoiceState::Refused => l.pick(
            "Vastgelegd is dat de eigenaar nee zegt.",
            "It is recorded that the owner says no.",
        ),
        _ if !counts => l.pick(
            "Vastgelegd is dat de keuze is gevraagd. Er is nog geen antwoord.",
            "It is recorded that the choice was asked for. There is no answer yet.",
        ),
        _ if !is_of_owner => l.pick(
            "De keuze is vastgelegd, maar telt niet mee: het register kent deze eigenaar niet als eigenaar van dit adres.",
            "The choice is recorded, but does not count: the registry does not know this owner as an owner of this address.",
        ),
        _ if at < choice.valid_from => {
            let day = words::day(choice.valid_from.local().day(), l);
            let text = l.pick(
                "De keuze is vastgelegd. Zij geldt nog niet, maar vanaf",
                "The choice is registered. It does not hold yet, but from",
            );
            return format!("{text} {day}.");
        }
        _ if choice.expired_at(at) => l.pick(
            "De keuze is vastgelegd, maar is al verlopen.",
            "The choice is registered, but has expired already.",
        ),
        _ => l.pick(
            "De keuze is vastgelegd. Zij geldt vanaf nu.",
            "The choice is registered. It holds from now on.",
        ),
    };
    text.to_owned()
}
