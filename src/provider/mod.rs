//! The road out to a providing organisation: HTTP/1.1 over mutual TLS, one request, one stream.
//!
//! What it does: build the request from typed values, keep idle connections, hold every time limit,
//! judge the head of the answer, and see to it that a body that breaks off never looks whole. What
//! it deliberately does not: decide anything, retry a body that was begun, follow a redirect,
//! decompress, or know what a certificate must say (that is `identity`'s `ClientConfig`).
//!
//! How many requests are under way at once is bounded by whoever calls (a release holds room for
//! its closing entry before the provider is asked); here only idle connections are counted.

mod answer;
mod body;
mod failure;
mod outbound;
mod road;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use answer::{EntityTag, Incoming, Part};
pub use body::ProviderBody;
pub use failure::{Awaited, BrokenOff, ProviderFailure, Unreachable, Wrong};
pub use outbound::{Article, ByteRange, Outbound};

use crate::bounds;
use crate::domain::Oin;
use crate::https::Address;
use crate::ledger::{Closing, Recorded};
use answer::Head;
use road::Road;

/// Gives the TLS configuration of this moment: certificates, trust anchors and CRLs reload without
/// a restart. As long as nothing changed it must give the *same* `Arc`: connections made under
/// another one are not used again. `None` when there is nothing usable.
///
/// The configuration must not resume sessions: a resumed session skips the check of the
/// provider's certificate, revocation included.
pub type CurrentTls = Arc<dyn Fn() -> Option<Arc<rustls::ClientConfig>> + Send + Sync>;

/// One organisation that provides documents.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Which organisation.
    pub oin: Oin,
    /// Where its documents are: `{base}/documenten/{uuid}`.
    pub base_url: BaseUrl,
    /// How to call it.
    pub tls: CurrentTls,
    /// How long to wait for what.
    pub limits: Limits,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("oin", &self.oin)
            .field("base_url", &self.base_url)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The limits on one provider; the defaults are those of [`crate::bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To connect, TLS handshake included.
    pub connect: Duration,
    /// From the request to the head of the answer.
    pub first_byte: Duration,
    /// Between two pieces of the body, while one is waited for.
    pub between_bytes: Duration,
    /// Idle connections kept.
    pub idle_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: bounds::PROVIDER_CONNECT,
            first_byte: bounds::PROVIDER_FIRST_BYTE,
            between_bytes: bounds::PROVIDER_BETWEEN_BYTES,
            idle_connections: bounds::PROVIDER_IDLE_CONNECTIONS,
        }
    }
}

/// Where a provider is: `https`, a host, perhaps a port, perhaps a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    address: Address,
    /// Without a slash at its end.
    path: String,
}

/// Why a text is not a [`BaseUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an address such as https://documents.example:8443/ without user, query or fragment"
)]
pub struct NotABaseUrl;

impl BaseUrl {
    /// Reads the address of a provider.
    ///
    /// # Errors
    /// [`NotABaseUrl`] for another scheme than `https`, a user name, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, NotABaseUrl> {
        let address = Address::parse(text).map_err(|_| NotABaseUrl)?;
        if address.query().is_some() {
            return Err(NotABaseUrl);
        }
        Ok(Self {
            path: address.path().trim_end_matches('/').to_owned(),
            address,
        })
    }

    /// The host and port in it.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Its path, without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// All providing organisations, and the connections to them.
#[derive(Debug)]
pub struct Providers(Vec<Arc<Provider>>);

/// One of them.
pub(crate) struct Provider {
    oin: Oin,
    base_url: BaseUrl,
    tls: CurrentTls,
    limits: Limits,
    /// The one used last is on top: a few stay warm and the rest grow old.
    #[expect(
        clippy::vec_box,
        reason = "a road is large and moves from here into a body and back"
    )]
    idle: Mutex<Vec<Box<Road>>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("oin", &self.oin)
            .finish_non_exhaustive()
    }
}

impl Providers {
    /// The providers as configured.
    #[must_use]
    pub fn new(settings: Vec<ProviderSettings>) -> Self {
        Self(
            settings
                .into_iter()
                .map(
                    |ProviderSettings {
                         oin,
                         base_url,
                         tls,
                         limits,
                     }| {
                        Arc::new(Provider {
                            oin,
                            base_url,
                            tls,
                            limits,
                            idle: Mutex::default(),
                        })
                    },
                )
                .collect(),
        )
    }

    /// Opens the road: asks the provider for the document, and gives its answer, whose body is still
    /// to be read, with the duty to close the release.
    ///
    /// INVARIANT (release after record): only a [`Recorded`] opens the road, and it is used up by it.
    /// Dropping the future, the body or the [`Closing`] drops the connection and closes the release.
    ///
    /// Without the record there is no road:
    ///
    /// ```compile_fail
    /// async fn around(road: &sluis::provider::Providers, request: sluis::provider::Outbound) {
    ///     let _ = road.ask(&request).await;
    /// }
    /// ```
    pub async fn open(
        &self,
        recorded: Recorded,
        request: Outbound,
    ) -> (Closing, Result<Incoming, ProviderFailure>) {
        let closing = recorded.into_closing();
        let answer = self.ask(&request).await;
        (closing, answer)
    }

    /// Asks the provider. Private: [`Providers::open`] is the only way in.
    async fn ask(&self, request: &Outbound) -> Result<Incoming, ProviderFailure> {
        let provider = self
            .0
            .iter()
            .find(|provider| provider.oin == request.provider)
            .ok_or(ProviderFailure::Unreachable(Unreachable::NotConfigured))?;
        provider.open(request).await
    }
}

impl Provider {
    async fn open(self: &Arc<Self>, asked: &Outbound) -> Result<Incoming, ProviderFailure> {
        let tls = (self.tls)().ok_or(ProviderFailure::Unreachable(Unreachable::NoCertificates))?;
        let mut fresh = false;
        loop {
            let mut road = match self.take_idle(&tls) {
                Some(road) if !fresh => road,
                _ => {
                    fresh = true;
                    self.connect(&tls).await?
                }
            };
            let request = asked
                .request(&self.base_url.address.host_header(), &self.base_url.path)
                .ok_or(ProviderFailure::Unreachable(Unreachable::NotConfigured))?;
            let answer = match road.ask(request, self.limits.first_byte).await {
                Ok(answer) => answer,
                // At most once: the second time the connection is fresh.
                Err(no_head) if !fresh && no_head.was_stale() => {
                    fresh = true;
                    continue;
                }
                Err(no_head) => return Err(no_head.into()),
            };
            let (parts, raw) = answer.into_parts();
            let Head {
                part,
                length,
                media_type,
                etag,
            } = Head::judge(&parts, asked)?;
            let body = ProviderBody::new(raw, road, Arc::clone(self), length);
            return Ok(Incoming {
                part,
                length,
                media_type,
                etag,
                body,
            });
        }
    }

    async fn connect(&self, tls: &Arc<rustls::ClientConfig>) -> Result<Box<Road>, ProviderFailure> {
        let road = Road::build(&self.base_url.address, Arc::clone(tls));
        match tokio::time::timeout(self.limits.connect, road).await {
            Ok(road) => road.map(Box::new),
            Err(_) => Err(ProviderFailure::TooLate(Awaited::Connection)),
        }
    }

    fn take_idle(&self, tls: &Arc<rustls::ClientConfig>) -> Option<Box<Road>> {
        let now = Instant::now();
        loop {
            // The lock is let go before the socket is looked at.
            let mut road = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            if road.is_usable(tls, now) {
                return Some(road);
            }
        }
    }

    /// Keeps a connection whose answer was read to its end, if there is room.
    fn keep(&self, mut road: Box<Road>) {
        if !road.rest() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The oldest are in front. Without this a quiet time would leave sockets half closed.
        let now = Instant::now();
        let old = idle.iter().take_while(|road| road.is_old(now)).count();
        idle.drain(..old);
        if idle.len() < self.limits.idle_connections {
            idle.push(road);
        }
    }
}
