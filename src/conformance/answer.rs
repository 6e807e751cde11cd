//! What a gateway's answer means for whoever made the call, and what to do.

use http::StatusCode;
use serde_json::Value;

use crate::domain::json;
use crate::https::{Answered, NoAnswer, TlsTrouble};

/// A problem document (RFC 9457), as far as there is something to explain in it.
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// Its code; empty where the answer is none of a gateway.
    pub(super) code: String,
    /// `reden`, and what is in `fouten`.
    details: Vec<String>,
}

impl Problem {
    pub(super) fn of(answer: &Answered) -> Self {
        let body = json::parse(&answer.body).unwrap_or_default();
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(line);
        let faults = body.get("fouten").and_then(Value::as_array);
        let faults = faults.into_iter().flatten().filter_map(|fault| {
            Some(format!(
                "{}: {}",
                text(fault, "veld")?,
                text(fault, "melding")?
            ))
        });
        Self {
            status: answer.status,
            code: text(&body, "code").unwrap_or_default(),
            details: text(&body, "reden")
                .into_iter()
                .chain(faults)
                .take(8)
                .collect(),
        }
    }

    /// In one line: `401 token-ongeldig`, and what it says more.
    pub(super) fn told(&self) -> String {
        let mut told = format!("{} {}", self.status.as_u16(), self.code);
        if !self.details.is_empty() {
            told = format!("{told} ({})", self.details.join("; "));
        }
        told.trim_end().to_owned()
    }

    /// Whether the gateway, or whoever is behind it, was not able to answer.
    pub(super) fn is_theirs(&self) -> bool {
        self.status.is_server_error()
    }

    /// What to do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self.code.as_str() {
            "organisatie-onbekend" => {
                "ask the gateway's operator to add your OIN as one of its [[organisations]], with your JWKS"
            }
            "token-ontbreekt" => "send Authorization: Bearer TOKEN, once",
            "token-ongeldig" => {
                "which check failed is told to nobody but the gateway's operator; if all above is right, ask whether the gateway has your newest JWKS with this kid, what its audience is, how long tokens may live, and which teams your organisation has"
            }
            "token-verlopen" => {
                "make a token just before each request, and keep the clock right (NTP)"
            }
            "token-niet-gebonden" => {
                "bind the token to the certificate of the connection it is sent over"
            }
            "token-hergebruikt" => {
                "make a new token, with a new jti, for each request, also when you try again"
            }
            "doel-onbekend" => {
                "documents are asked for a purpose of the bundle in force; registry, index and decisions for `beheer`"
            }
            "niet-toegestaan" => {
                "the token is right; the rules refuse this: _toets says what is missing"
            }
            "niet-bevoegd" => {
                "the token is right; this is not your organisation's to see or change"
            }
            "document-onbekend" => "the token is right; there is no such document",
            "niet-gevonden" => {
                "the path is none of the gateway's: is there something behind --url that should not be"
            }
            "conflict" => "make a new Fsc-Transaction-Id for each request",
            "ongeldige-invoer" => "correct what it names",
            "te-veel-verzoeken" | "overbelast" => "wait as long as Retry-After says, and try again",
            "bron-fout" | "bron-onbereikbaar" | "bron-te-laat" => {
                "the organisation that keeps the document must act; tell the gateway's operator"
            }
            "logboek-onbeschikbaar" | "interne-fout" => {
                "the gateway's operator must act; tell them the time"
            }
            _ => {
                "this is no answer of Sluis: is --url the address of the exchange, and is there a proxy in between"
            }
        }
    }
}

/// What came from outside, as one line of plain text.
fn line(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control());
    plain.take(300).collect()
}

/// Why a connection with the client's certificate came to nothing; `objection` is what a second one heard.
pub(super) fn refused(
    error: &NoAnswer,
    objection: Option<TlsTrouble>,
) -> Option<(String, &'static str)> {
    let alert = match TlsTrouble::find(error).or(objection) {
        Some(TlsTrouble::Alert(alert)) => alert,
        None if matches!(error, NoAnswer::BrokenOff(_)) => {
            let what = "the gateway ended the connection before it answered".to_owned();
            return Some((
                what,
                "it does not accept the certificate: is it of a CA that the gateway's operator trusts, and not revoked",
            ));
        }
        _ => return None,
    };
    let advice = match alert.as_str() {
        "CertificateExpired" => {
            "the certificate, or one above it, has expired: have a new one issued"
        }
        "CertificateRevoked" => "the certificate was revoked: have a new one issued",
        "UnknownCA" => {
            "the gateway trusts no CA above it: put every CA certificate between yours and the one it trusts behind yours in --cert, or ask its operator which CAs those are"
        }
        "CertificateRequired" => "show a certificate",
        "CertificateUnknown" | "BadCertificate" | "UnsupportedCertificate" | "AccessDenied" => {
            "it breaks a rule of the profile (told above, if it does), or the gateway lacks a CRL of its issuer: ask its operator"
        }
        "ProtocolVersion" | "HandshakeFailure" | "InsufficientSecurity" => {
            "there is no version or suite of TLS that both speak: speak TLS 1.3 with AES-256-GCM or CHACHA20-POLY1305"
        }
        _ => "ask the gateway's operator what its log says of it",
    };
    Some((
        format!("the gateway refuses the certificate ({alert})"),
        advice,
    ))
}
