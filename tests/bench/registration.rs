//! Tells the gateway what there is to ask for, by its own calls, as the organisations would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use rustls::ClientConfig;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::certificates::Party;
use crate::client::{Connection, Reader};
use crate::failure::{Failure, Outcome};
use crate::gateway::AUDIENCE;
use crate::provider::Size;
use crate::tokens::Signer;

/// Different addresses, so that no single one is all there is to remember.
pub(crate) const ADDRESSES: usize = 64;

/// What kind of document all of them are.
pub(crate) const KIND: &str = "versterkingsadvies";

/// A body of one value.
pub(crate) const JSON: &str = "application/json";

/// Where choices are registered.
pub(crate) const CHOICES: &str = "/v1/toestemmingen";
/// Where owners are told of.
pub(crate) const OWNERS: &str = "/v1/adressen/_eigenaren";
/// Where dossiers are told of.
pub(crate) const DOSSIERS: &str = "/v1/adressen/_dossiers";

/// For what, and how long, a call is made again that the gateway had no room for.
const NO_ROOM: [StatusCode; 2] = [
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::TOO_MANY_REQUESTS,
];
const REST: Duration = Duration::from_secs(1);
const RESTS: u32 = 120;

/// How many documents of each size there are, one per address.
pub(crate) const fn documents_of(size: Size) -> usize {
    match size {
        Size::Small => ADDRESSES,
        Size::Middle => 16,
        Size::Large => 8,
    }
}

/// Registers owners, dossiers of both organisations, and the documents, which NCG keeps.
pub(crate) async fn register(exchange: SocketAddr, img: &Party, ncg: &Party) -> Outcome<()> {
    let mut from_ncg = Caller::connect(exchange, ncg, "beheer").await?;
    let mut from_img = Caller::connect(exchange, img, "beheer").await?;
    for number in 0..ADDRESSES {
        from_ncg.put(OWNERS, &owners(number)).await?;
        for (caller, year) in [(&mut from_ncg, NCG_YEAR), (&mut from_img, "S-2024")] {
            caller.put(DOSSIERS, &dossier(year, number)).await?;
        }
    }
    for size in Size::ALL {
        for number in 0..documents_of(size) {
            let path = format!("/v1/documenten/{}", size.uuid(number));
            from_ncg.put(&path, &document(ncg, size, number)).await?;
        }
    }
    Ok(())
}

/// Address number so many, registered in the municipality of Groningen.
pub(crate) fn address(number: usize) -> String {
    format!("001420{number:010}")
}

/// Who owns it.
pub(crate) fn owner(number: usize) -> String {
    format!("eigenaar-{number:04}")
}

/// That they own it, for [`OWNERS`].
pub(crate) fn owners(number: usize) -> Value {
    json!({
        "nummeraanduiding": address(number),
        "eigenaren": [owner(number)],
        "per": "2020-01-01T00:00:00Z",
    })
}

/// What NCG's dossiers begin with.
pub(crate) const NCG_YEAR: &str = "V-2024";

/// A dossier at it, for [`DOSSIERS`].
pub(crate) fn dossier(year: &str, number: usize) -> Value {
    json!({
        "nummeraanduiding": address(number),
        "dossier": format!("{year}-{number:04}"),
        "actief": true,
        "kenmerken": [],
    })
}

/// A consent of its owner with what this receiver is given for another purpose, for [`CHOICES`].
pub(crate) fn choice(number: usize, receiver: &str) -> Value {
    json!({
        "soort": "toestemming",
        "nummeraanduiding": address(number),
        "eigenaar": owner(number),
        "ontvangers": [receiver],
        "doelen": ["overig"],
        "documentsoorten": [KIND],
        "geldigVan": "2025-01-01T00:00:00Z",
        "bewijs": {
            "soort": "ondertekend-formulier",
            "kenmerk": "formulier/2025-17",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        "tekst": {"taal": "nl", "versie": "2024-1"},
    })
}

/// NCG's document of this size at it.
pub(crate) fn document(ncg: &Party, size: Size, number: usize) -> Value {
    json!({
        "bronorganisatie": ncg.oin,
        "dossier": format!("{NCG_YEAR}-{number:04}"),
        "soort": KIND,
        "titel": "Versterkingsadvies",
        "formaat": "application/pdf",
        "bestandsomvang": size.bytes(),
        "creatiedatum": "2024-05-01T09:30:00Z",
        "nummeraanduiding": address(number),
        "gezondheidsgegevens": false,
        "versie": "1",
    })
}

/// One organisation's system, for one purpose, on a connection of its own.
pub(crate) struct Caller {
    exchange: SocketAddr,
    tls: Arc<ClientConfig>,
    connection: Connection,
    signer: Signer,
}

impl Caller {
    pub(crate) async fn connect(
        exchange: SocketAddr,
        party: &Party,
        purpose: &'static str,
    ) -> Outcome<Self> {
        let tls = party.client_tls()?;
        Ok(Self {
            exchange,
            connection: Connection::open(exchange, tls.clone(), Reader::Fast).await?,
            tls,
            signer: Signer::new(party, AUDIENCE, purpose)?,
        })
    }

    pub(crate) async fn put(&mut self, path: &str, body: &Value) -> Outcome<()> {
        let body = (JSON, body.to_string().into());
        self.tell(Method::PUT, path, Some(body)).await
    }

    /// A call that succeeds, be it after a rest: the gateway may say that it has no room now.
    pub(crate) async fn tell(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> Outcome<()> {
        let mut rests = 0;
        loop {
            if !self.connection.usable().await {
                let opened = Connection::open(self.exchange, self.tls.clone(), Reader::Fast);
                self.connection = opened.await?;
            }
            let token = self.signer.sign()?;
            let asked = self
                .connection
                .ask(token, method.clone(), path, body.clone());
            let (status, told) = asked.await?;
            if status.is_success() {
                return Ok(());
            }
            if !NO_ROOM.contains(&status) || rests == RESTS {
                let told = String::from_utf8_lossy(&told);
                let refused = format!("the gateway refused {method} {path}: {status} {told}");
                return Err(Failure::new(refused));
            }
            rests += 1;
            sleep(REST).await;
        }
    }
}
