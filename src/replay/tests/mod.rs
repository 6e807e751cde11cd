//! Books that the procedure itself wrote, and what becomes of them.

mod asked;
mod erased;
mod forged;
mod forger;
mod honest;
mod registry;
mod second;
mod shadow;

use std::sync::Arc;

use super::{NotRight, Replayed, With, run};
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::Opener;
use crate::ledger::testing::Book;
use crate::ledger::verify::{DatabaseBook, SealedSource};
use crate::policy::Policies;
use crate::store::Store;
use crate::store::tests::settings;

pub(crate) fn with(office: &Office, policies: Policies, book: &Book) -> With {
    With {
        organisations: office.organisations.clone(),
        policies,
        opener: Opener::new(Arc::new(book.keys().master)),
        threads: 2,
    }
}

async fn replay<S: SealedSource + Send + 'static>(
    source: S,
    book: &Book,
    with: With,
) -> Result<Replayed, NotRight> {
    let verifier = book.keys().signer.verifier();
    run(Arc::new(source), &verifier, None, with, |_| {}).await
}

async fn database(book: &Book) -> DatabaseBook {
    let store = Store::open_for_reading(settings(&book.database)).await;
    DatabaseBook::new(store.unwrap())
}

async fn day_of(engine: crate::store::testing::Engine) -> (Book, With) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let with = with(&office, policies(), &office.book);
    (office.close().await, with)
}
