//! The book, opened for a command that puts a bundle in force or takes an agreement back.

use super::{Prepared, StartError, book, providers, unusable};
use crate::exchange::{Exchange, Parts};

/// The procedure over the book, without ports: what a gateway would do with what was signed, a command
/// does too.
#[derive(Debug)]
pub struct Signing {
    /// The procedure.
    pub exchange: Exchange,
    /// The witnesses that were not heard, as the policy file calls them.
    pub silent: Vec<String>,
}

impl Signing {
    /// Opens the book and asks its witnesses, as a gateway does before it lets anyone in.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(prepared: Prepared) -> Result<Self, StartError> {
        let Prepared {
            config,
            identity,
            policies,
            witnesses,
            clock,
            random,
            ..
        } = prepared;
        let (store, ledger) = book::open(&config, witnesses.as_ref(), &clock, &random).await?;
        let silent = match book::silent(witnesses, &ledger, &clock).await {
            Ok(silent) => silent,
            Err(broken) => {
                ledger.close().await;
                return Err(broken.into());
            }
        };
        let parts = Parts {
            organisations: config.organisations.clone(),
            providers: providers(&config, &identity),
            identity,
            store,
            policies,
            ledger,
            shadow: None,
            clock,
            random,
        };
        let exchange = Exchange::new(parts).await;
        let exchange = exchange.map_err(|error| unusable(&error))?;
        Ok(Self { exchange, silent })
    }

    /// Lets go of the book once everything stands in it.
    pub async fn close(self) {
        let ledger = self.exchange.ledger().clone();
        drop(self.exchange);
        ledger.close().await;
    }
}
