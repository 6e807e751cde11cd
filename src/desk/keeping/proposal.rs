//! What somebody asks, for a second person of either organisation to confirm or turn down.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{KEEPERS, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::counted::{Counted, CountedOwner};
use super::index_of;
use super::wording::WaitRow;
use crate::exchange::officer::{Cause, NotErased, Remark, Waits, Weighing};
use crate::language::Language;
use crate::ledger::Asked;
use crate::store::Ask;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/bewaren/voorstel/{index}", KEEPERS, show).post(
        "/bewaren/voorstel/{index}",
        KEEPERS,
        act,
    )
}

/// A proposal that was opened, and what it would come to.
struct Opened {
    asked: Asked,
    weighing: Weighing,
}

/// What was opened, in words.
struct Inside {
    proposer: String,
    case: String,
    reason: String,
    of: Of,
    /// Whether a hold keeps it from being erased.
    is_held: bool,
}

/// What it is about, counted.
enum Of {
    Address(Counted),
    Owner(CountedOwner),
}

#[derive(Template)]
#[template(path = "bewaren-voorstel.html")]
struct ProposalPage {
    page: Page,
    f: Filled,
    action: String,
    waits: WaitRow,
    ask: Ask,
    inside: Option<Inside>,
}

impl ProposalPage {
    fn erases(&self) -> bool {
        self.ask == Ask::Erase
    }

    fn holds(&self) -> bool {
        self.ask == Ask::Hold
    }
}

/// What waits at this index; nothing waits where it was answered.
async fn waiting(visit: &Visit, index: u64) -> Result<Waits, Problem> {
    let (officers, officer) = (&visit.desk.officers, visit.officer());
    let waits = officers.waiting_erasures(officer).await?;
    if let Some(found) = waits.into_iter().find(|one| one.index == index) {
        return Ok(found);
    }
    let deed = officers.find_deed(officer, index).await?;
    Err(deed.map_or(Problem::NotFound, |_| Problem::Conflict))
}

fn find_opened(visit: &Visit, index: u64) -> Option<Arc<Opened>> {
    let all = visit.session.all_kept::<Opened>();
    let opened = all.into_iter().filter(|(_, one)| one.asked.index == index);
    // Of two the one that was opened last.
    let newest = opened.max_by_key(|(number, _)| *number);
    newest.map(|(_, opened)| opened)
}

async fn page(visit: &Visit, index: u64, f: Filled) -> Result<Response, Problem> {
    let waits = waiting(visit, index).await?;
    let wording = Wording::new(&visit.desk.officers, visit.l);
    let inside = find_opened(visit, index).map(|opened| {
        let asked = &opened.asked;
        Inside {
            proposer: asked.employee.to_string(),
            case: asked
                .case
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            reason: asked.explanation.clone().unwrap_or_default(),
            is_held: asked.ask == Ask::Erase && !opened.weighing.holds().is_empty(),
            of: match &opened.weighing {
                Weighing::Address(weighed) => {
                    Of::Address(Counted::of(weighed, Some(index), &wording))
                }
                Weighing::Owner(weighed) => Of::Owner(CountedOwner::of(weighed, &wording)),
            },
        }
    });
    let row = WaitRow::of(&waits, &wording);
    Ok(html(&ProposalPage {
        page: visit.keeping_page(row.what),
        action: format!("/bewaren/voorstel/{index}"),
        ask: waits.ask,
        waits: row,
        inside,
        f,
    }))
}

async fn show(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let index = index_of(&index)?;
    match page(&visit, index, Filled::new(Form::default(), visit.l)).await {
        // It was answered: that stands in an entry of its own.
        Err(Problem::Conflict) => {
            let looked = visit.desk.officers.oversight().read(move |known| {
                let answer = known.answer_to(index);
                answer.map_or(index, |deed| deed.index)
            });
            Ok(see_other(&format!("/bewaren/regel/{}", looked.await?)))
        }
        other => other,
    }
}

async fn act(visit: Visit, Path(index): Path<String>, form: Form) -> Result<Response, Problem> {
    let index = index_of(&index)?;
    let waits = waiting(&visit, index).await?;
    let mut f = Filled::new(form, visit.l);
    let opened = find_opened(&visit, index);
    let decision = f.value("besluit").to_owned();
    let mut remark = None;
    match decision.as_str() {
        "afwijzen" if opened.is_some() => {
            let texts = (
                "Schrijf op waarom niet: 1 tot 2.000 tekens.",
                "Write down why not: 1 to 2,000 characters.",
            );
            remark = f.required("opmerking", texts, Remark::parse);
        }
        "bevestigen" if opened.is_some() && !waits.is_mine => {
            let texts = (
                "Kruis aan dat u dit hebt nagekeken.",
                "Tick that you have checked this.",
            );
            f.required("zeker", texts, |ticked| (ticked == "ja").then_some(()));
        }
        _ => {}
    }
    let cause = cause::of(&visit, &mut f);
    let Some(cause) = cause.filter(|_| !f.is_wrong()) else {
        let shown = page(&visit, index, f).await?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    match (decision.as_str(), opened, remark) {
        ("bevestigen", Some(_), _) => confirm(&visit, &cause, &waits).await,
        ("afwijzen", Some(_), Some(remark)) => {
            let (officers, officer) = (&visit.desk.officers, visit.officer());
            officers.turn_down(officer, &cause, index, &remark).await?;
            visit
                .session
                .tell(Notice::done(turned_down(waits.ask, visit.l)));
            Ok(see_other("/bewaren"))
        }
        // Nobody answers what they have not seen.
        (_, None, _) => {
            open(&visit, &cause, index).await?;
            Ok(see_other(&format!("/bewaren/voorstel/{index}")))
        }
        (_, Some(_), _) => Ok(see_other(&format!("/bewaren/voorstel/{index}"))),
    }
}

async fn open(visit: &Visit, cause: &Cause, index: u64) -> Result<(), Problem> {
    let (officers, officer) = (&visit.desk.officers, visit.officer());
    let (asked, weighing) = officers.weigh_asked(officer, cause, index).await?;
    visit.session.keep(Opened { asked, weighing });
    Ok(())
}

async fn confirm(visit: &Visit, cause: &Cause, waits: &Waits) -> Result<Response, Problem> {
    let (l, index) = (visit.l, waits.index);
    let officers = &visit.desk.officers;
    match officers.agree(visit.officer(), cause, index).await {
        Ok(receipt) => {
            if waits.ask == Ask::Erase {
                // What is erased does not stay in a session either.
                visit.session.set_cause(None);
            }
            visit.session.tell(Notice::done(done(waits, l)));
            Ok(see_other(&format!("/bewaren/regel/{}", receipt.index)))
        }
        Err(NotErased::SamePerson) => {
            visit.session.tell(Notice {
                kind: "let-op",
                text: l
                    .pick(
                        "U hebt dit zelf gevraagd. Een ander moet het nakijken en bevestigen.",
                        "You asked for this yourself. Somebody else must check and confirm it.",
                    )
                    .to_owned(),
            });
            Ok(see_other(&format!("/bewaren/voorstel/{index}")))
        }
        // Somebody held it meanwhile: the page says since when.
        Err(NotErased::Held) => {
            open(visit, cause, index).await?;
            let shown = page(visit, index, Filled::new(Form::default(), l)).await?;
            Ok((StatusCode::CONFLICT, shown).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

const fn done(waits: &Waits, l: Language) -> &'static str {
    match waits.ask {
        Ask::Erase if waits.of_owner => l.pick(
            "De eigenaar is gewist. Uw zaak is gesloten, want daarin kon de naam nog staan.",
            "The owner is erased. Your case is closed, because the name could stand in it still.",
        ),
        Ask::Erase => l.pick(
            "Het adres is gewist. Uw zaak is gesloten, want daarin stond het adres nog.",
            "The address is erased. Your case is closed, because the address stood in it still.",
        ),
        Ask::Hold => l.pick("De bewaarplicht is bevestigd.", "The hold is confirmed."),
        Ask::Lift(_) => l.pick(
            "De bewaarplicht is opgeheven. Van dit adres kan weer worden gewist.",
            "The hold is lifted. This address can be erased again.",
        ),
    }
}

const fn turned_down(ask: Ask, l: Language) -> &'static str {
    match ask {
        Ask::Erase => l.pick(
            "Het voorstel is afgewezen. Er is niets gewist.",
            "The proposal was turned down. Nothing was erased.",
        ),
        Ask::Hold => l.pick(
            "De bewaarplicht is afgewezen. Zij geldt niet meer.",
            "The hold was turned down. It counts no more.",
        ),
        Ask::Lift(_) => l.pick(
            "Het voorstel is afgewezen. De bewaarplicht geldt nog.",
            "The proposal was turned down. The hold still counts.",
        ),
    }
}
