//! `sluis conformance`: tells the developer of a new client, step by step, whether their side is right:
//! the certificate, the token claim by claim, the headers; and then what a gateway says of them.
//!
//! A requester's tool: it knows of the gateway what its documentation says, and nothing else. What is not
//! right by what is known here is told before anything is sent; what only the gateway can know (which
//! organisations it knows, which keys it was given) its answer tells, and that is explained.
//!
//! Nothing of a token but its own organisation, audience and names of keys is ever printed.

mod answer;
mod certificate;
mod headers;
mod token;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::{Clock, Random};
use crate::domain::{DocumentId, Oin};
use crate::finding::{Finding, Findings, Mark};
use crate::https::Address;

/// What is to be looked at.
#[derive(Debug)]
pub struct Asked {
    /// The gateway, such as `https://sluis.example:8443`.
    pub url: Address,
    /// The CA of the gateway's certificate, PEM.
    pub ca: PathBuf,
    /// The client's certificate with its chain, leaf first, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The OIN the client believes to have.
    pub oin: Option<Oin>,
    /// A token, as the client made it, with what may stand around it by mistake; or why none could be made
    /// for it.
    pub token: Option<Result<String, String>>,
    /// The public keys that the gateway was given.
    pub jwks: Option<PathBuf>,
    /// The gateway's audience, as its operator told.
    pub audience: Option<String>,
    /// A document to ask about.
    pub document: Option<DocumentId>,
    /// The head of a request, as the client sends it.
    pub head: Option<String>,
}

/// What it all came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The client's side is right.
    Right,
    /// Something of it is not.
    Wrong,
    /// The gateway could not be asked, so nobody knows.
    NoAnswer,
}

/// Takes every step, and tells each as it is taken.
pub async fn run(
    asked: &Asked,
    clock: &Arc<dyn Clock>,
    random: &dyn Random,
    tell: &mut (dyn FnMut(&Finding) + Send),
) -> Verdict {
    let mut is_wrong = false;
    let mut told = |findings: Findings| {
        for one in findings.into_list() {
            is_wrong |= one.mark == Mark::Fail;
            tell(&one);
        }
    };
    let now = clock.now();
    let (own, findings) = certificate::looked_at(asked, now);
    told(findings);
    let (mut given, mut transaction) = (asked.token.clone(), None);
    if let Some(head) = asked.head.as_deref().map(|head| headers::read(head, now)) {
        told(head.findings);
        transaction = head.transaction;
        given = given.or(head.token.map(Ok));
    }
    let mut findings = Findings::default();
    let mut token = None;
    match &given {
        Some(Ok(unverified)) => {
            (token, findings) = token::looked_at(unverified, asked, own.as_ref(), now);
        }
        Some(Err(why)) => findings.fail("token", why, "mend that first"),
        None => findings.skip(
            "token",
            "none: give one of your own with --token FILE, or have one made with --token-key FILE",
        ),
    }
    told(findings);
    let wire = wire::Wire {
        asked,
        clock,
        random,
        transaction,
    };
    let heard = wire.walk(own.is_some(), token.as_ref(), &mut told).await;
    if let wire::Heard::Nothing(why) = heard {
        why.into_list().iter().for_each(&mut *tell);
        return if is_wrong {
            Verdict::Wrong
        } else {
            Verdict::NoAnswer
        };
    }
    if is_wrong {
        Verdict::Wrong
    } else {
        Verdict::Right
    }
}
