//! Taking out what a signal consists of, with its addresses: for telling those concerned (AVG 34).

use super::look::{WATCHERS, not_ready};
use super::{About, Cause, Failure, Officer, Officers, unreadable};
use crate::ledger::entry::{Act, Kind};

/// What is personal of one exchange that was taken out; what was erased is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOut {
    /// Where its entry stands.
    pub index: u64,
    /// The address.
    pub address: Option<String>,
    /// The case it was asked in, if it was the officer's own organisation that asked.
    pub case: Option<String>,
    /// Who asked, if it was the officer's own organisation, and that was asked for.
    pub employee: Option<String>,
}

impl Officers {
    /// Opens the addresses of the exchanges of a signal, after recording that this officer takes out so
    /// many.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when one of them is not the officer's own organisation's; then nothing was
    /// recorded, and nothing may be shown.
    pub async fn take_out(
        &self,
        officer: &Officer,
        cause: &Cause,
        (signal, about): (&'static str, u64),
        exchanges: &[u64],
        with_employees: bool,
    ) -> Result<Vec<TakenOut>, Failure> {
        officer.must_be(&WATCHERS)?;
        let oin = officer.organisation.oin;
        let mut all = exchanges.to_vec();
        all.push(about);
        let looked = self.oversight.read(move |index| {
            let own = index.party(oin);
            let is_own = |one: &u64| index.find_row(*one).is_some_and(|row| row.is_of(own));
            all.iter().all(is_own)
        });
        if !looked.await.map_err(not_ready)? {
            return Err(Failure::NotFound);
        }
        let (mut entry, personal) = self.entry(officer, Kind::Reading, Some(cause))?;
        entry.handeling = Some(Act::Export);
        entry.aantal = Some(exchanges.len() as u64);
        entry.signaal = Some(signal.to_owned());
        entry.index = Some(about);
        self.append(officer, entry, personal, About::Nowhere)
            .await?;

        let mut taken = Vec::with_capacity(exchanges.len());
        for at in exchanges {
            let read = self.exchange.ledger.leaves(*at, at + 1).await;
            let Some(leaf) = read.map_err(unreadable)?.pop() else {
                continue;
            };
            // Who asked there, and for which case of theirs, is not another organisation's to know.
            let is_own = leaf.entry.aanvrager == Some(oin);
            let value = |field: &str, is_told: bool| {
                let value = leaf.values.get(field).filter(|_| is_told);
                value.cloned()
            };
            taken.push(TakenOut {
                index: *at,
                address: value("nummeraanduiding", true),
                case: value("zaak", is_own),
                employee: value("medewerker", is_own && with_employees),
            });
        }
        Ok(taken)
    }
}
