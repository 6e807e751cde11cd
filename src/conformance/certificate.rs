//! The client's certificate, held to the profile that every gateway holds it to.

use super::Asked;
use crate::clock::Moment;
use crate::errors::in_full;
use crate::finding::{Findings, Renewal};
use crate::identity::{CertificateFacts, ClientFacts, IdentityError, Links, ProfileFlaw};

const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";

const RENEWAL: Renewal = Renewal {
    consequence: "",
    not_yet: "check the clock of this machine, or wait",
    over: "have a new one issued; the gateway ends the connection of this one",
    soon: "have a new one issued",
};

/// What there is to tell, and the certificate itself where it and its key can be used to connect.
pub(super) fn looked_at(asked: &Asked, now: Moment) -> (Option<ClientFacts>, Findings) {
    let mut all = Findings::default();
    let path = asked.certificate.display();
    let facts = match ClientFacts::read(&asked.certificate, &asked.key) {
        Ok(facts) => facts,
        Err(error) => {
            let advice = "give the PEM file that your client shows: its certificate first, then each CA above it up to what the gateway knows";
            all.fail(CERTIFICATE, in_full(&error), advice);
            return (None, all);
        }
    };
    for (number, one) in (1..).zip(&facts.chain) {
        let what = format!("{path}, certificate {number}: {}", one.subject);
        let term = (one.not_before, one.not_after);
        all.lasts(CERTIFICATE, &what, term, now, &RENEWAL);
    }
    match facts.flaw {
        None => all.ok(CERTIFICATE, "keeps to every rule of the profile"),
        Some((at, flaw)) => all.fail(
            CERTIFICATE,
            format!(
                "certificate {} breaks a rule of the profile: {flaw}",
                at + 1
            ),
            mend(flaw),
        ),
    }
    if let Links::Broken(number) = facts.links {
        all.fail(
            CERTIFICATE,
            format!("{path}: certificate {number} was not issued by certificate {}", number + 1),
            "put your own certificate first and each issuer after what it issued, with none left out",
        );
    }
    if let Some(leaf) = facts.leaf() {
        organisation(&mut all, asked, leaf);
    }
    let usable = match &facts.key {
        Ok(()) => {
            all.ok(
                KEY,
                format!("{}: is the certificate's", asked.key.display()),
            );
            true
        }
        Err(error) => {
            let (what, advice) = key(error);
            all.fail(KEY, what, advice);
            false
        }
    };
    (usable.then_some(facts), all)
}

fn organisation(all: &mut Findings, asked: &Asked, leaf: &CertificateFacts) {
    match (leaf.oin, asked.oin) {
        (Err(flaw), _) => all.fail(
            "oin",
            flaw.to_string(),
            "have a certificate issued whose subject has exactly one serialNumber, the 20 digits of your OIN",
        ),
        (Ok(found), Some(wanted)) if found != wanted => all.fail(
            "oin",
            format!("the certificate is of {found}, and you gave {wanted}"),
            "use your own organisation's certificate, or correct --oin",
        ),
        (Ok(found), _) => all.ok("oin", format!("{found}, in the certificate's subject")),
    }
    all.ok(
        CERTIFICATE,
        format!("tokens bound to it have cnf.x5t#S256 {}", leaf.thumbprint()),
    );
}

/// What to have the CA do.
const fn mend(flaw: ProfileFlaw) -> &'static str {
    match flaw {
        ProfileFlaw::Unreadable => {
            "have it issued again: it is not DER, or an extension is damaged or there twice"
        }
        ProfileFlaw::Version => "have a certificate of version 3 issued",
        ProfileFlaw::Serial => {
            "have it issued with a serial number of 1 to 20 octets, positive (RFC 5280, 4.1.2.2)"
        }
        ProfileFlaw::NoIssuer => "have it issued by a CA that has a name",
        ProfileFlaw::Key => {
            "make a key of P-256, P-384 or RSA of 2048 to 8192 bits, and have a certificate issued for that"
        }
        ProfileFlaw::LeafIsCa => {
            "put your own certificate first in the file; a CA's is no client's"
        }
        ProfileFlaw::NoDigitalSignature => "have it issued with the key usage digitalSignature",
        ProfileFlaw::NoPurpose(_) => "have it issued with the extended key usage clientAuth",
        ProfileFlaw::NotCa | ProfileFlaw::NoKeyCertSign => {
            "behind your own certificate belong CA certificates only (basic constraints CA, key usage keyCertSign)"
        }
    }
}

fn key(error: &IdentityError) -> (String, &'static str) {
    match error {
        IdentityError::Key { path } => (
            format!(
                "{}: is not the PEM private key of the certificate",
                path.display()
            ),
            "give the key that the certificate was requested with, in PEM",
        ),
        IdentityError::KeyExposed { path } => (
            format!(
                "{}: others on this machine can read this key",
                path.display()
            ),
            "chmod 600 it; and if others could have read it, have a new one certified",
        ),
        error => (in_full(error), "give the key that your client uses, in PEM"),
    }
}
