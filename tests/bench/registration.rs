//! Tells the gateway what there is to ask for, by its own calls, as the organisations would.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use serde_json::{Value, json};

use crate::certificates::Party;
use crate::client::{Connection, Reader};
use crate::failure::{Context as _, Failure, Outcome};
use crate::gateway::AUDIENCE;
use crate::provider::Size;
use crate::tokens::Signer;

/// Different addresses, so that no single one is all there is to remember.
pub(crate) const ADDRESSES: usize = 64;

/// What kind of document all of them are.
pub(crate) const KIND: &str = "versterkingsadvies";

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
    let mut from_ncg = Registrar::connect(exchange, ncg).await?;
    let mut from_img = Registrar::connect(exchange, img).await?;
    for number in 0..ADDRESSES {
        let address = address(number);
        let owners = json!({
            "nummeraanduiding": address,
            "eigenaren": [owner(number)],
            "per": "2020-01-01T00:00:00Z",
        });
        from_ncg.put("/v1/adressen/_eigenaren", &owners).await?;
        for (registrar, dossier) in [(&mut from_ncg, "V-2024"), (&mut from_img, "S-2024")] {
            let dossier = json!({
                "nummeraanduiding": address,
                "dossier": format!("{dossier}-{number:04}"),
                "actief": true,
                "kenmerken": [],
            });
            registrar.put("/v1/adressen/_dossiers", &dossier).await?;
        }
    }
    for size in Size::ALL {
        for number in 0..documents_of(size) {
            let document = json!({
                "bronorganisatie": ncg.oin,
                "dossier": format!("V-2024-{number:04}"),
                "soort": KIND,
                "titel": "Versterkingsadvies",
                "formaat": "application/pdf",
                "bestandsomvang": size.bytes(),
                "creatiedatum": "2024-05-01T09:30:00Z",
                "nummeraanduiding": address(number),
                "gezondheidsgegevens": false,
                "versie": "1",
            });
            from_ncg
                .put(&format!("/v1/documenten/{}", size.uuid(number)), &document)
                .await?;
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

/// One organisation's system, keeping its part up to date.
struct Registrar {
    connection: Connection,
    signer: Signer,
}

impl Registrar {
    async fn connect(exchange: SocketAddr, party: &Party) -> Outcome<Self> {
        Ok(Self {
            connection: Connection::open(exchange, party.client_tls()?, Reader::Fast).await?,
            signer: Signer::new(party, AUDIENCE, "beheer")?,
        })
    }

    async fn put(&mut self, path: &str, body: &Value) -> Outcome<()> {
        let request = Request::put(path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, self.signer.sign()?)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .or_fail("make a request")?;
        let (status, told) = self.connection.call(request).await?;
        if status.is_success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&told);
        Err(Failure::new(format!(
            "the gateway refused PUT {path} {body}: {status} {told}"
        )))
    }
}
