//! One entry about erasing or holding: what was done, and what is left to do elsewhere.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::super::words::Wording;
use super::index_of;
use super::wording::{When, lines, sentence};
use crate::ledger::asks_of_owner;
use crate::ledger::entry::Act;
use crate::oversight::Did;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/bewaren/regel/{index}", EVERYONE, show)
}

#[derive(Template)]
#[template(path = "bewaren-regel.html")]
struct ReceiptPage {
    page: Page,
    number: String,
    at: When,
    sentence: String,
    transaction: String,
    /// The entry that asked for it.
    asked: Option<(u64, String)>,
    /// Whether it is about an owner, and not about a whole address.
    of_owner: bool,
    /// Where it erased: how many entries, and by destroying how many keys.
    erased: Option<(String, String)>,
}

async fn show(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let index = index_of(&index)?;
    let found = officers.find_deed(visit.officer(), index).await?;
    let (entry, did) = found.ok_or(Problem::NotFound)?;
    let wording = Wording::new(officers, l);
    let count = entry.aantal.unwrap_or_default();
    let erases = matches!(did, Did::Agreed(Act::Erase) | Did::Expired);
    let mut of_owner = false;
    if let (Did::Agreed(Act::Erase), Some(asked)) = (did, entry.index) {
        let asked = officers.find_deed(visit.officer(), asked).await?;
        of_owner = asked.is_some_and(|(asked, _)| asks_of_owner(&asked));
    }
    Ok(html(&ReceiptPage {
        page: visit.keeping_page(title(did, of_owner, l)),
        of_owner,
        number: l.number(index),
        at: When::of(entry.tijd, l),
        sentence: sentence(did, entry.aanvrager, count, entry.code.as_deref(), &wording),
        transaction: entry.transactie.to_string(),
        asked: entry.index.map(|asked| (asked, l.number(asked))),
        erased: erases.then(|| (lines(count, l), l.number(entry.sleutels.len() as u64))),
    }))
}

const fn title(did: Did, of_owner: bool, l: crate::language::Language) -> &'static str {
    match did {
        Did::Agreed(Act::Erase) if of_owner => l.pick("Eigenaar gewist", "Owner erased"),
        Did::Agreed(Act::Erase) => l.pick("Adres gewist", "Address erased"),
        Did::Expired => l.pick("Bewaartermijn voorbij", "Term of keeping over"),
        Did::Agreed(Act::Hold) => l.pick("Bewaarplicht bevestigd", "Hold confirmed"),
        Did::Agreed(_) => l.pick("Bewaarplicht opgeheven", "Hold lifted"),
        Did::TurnedDown(_) => l.pick("Afgewezen", "Turned down"),
        Did::Asked(_) => l.pick("Gevraagd", "Asked"),
    }
}
