//! The bodies of the calls about agreements: files of a bundle, and what each party signed, as
//! `sluis policy sign` writes it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fields::{Errors, Fields, Read};
use crate::bounds::{LIST_ITEMS, SIGNATURE_BYTES};
use crate::domain::Malformed;
use crate::exchange::KnownCodes;
use crate::policy::{SignedAgreement, SignedRevocation};

/// What the parties agree on.
#[derive(Debug)]
pub(super) struct Handed {
    /// The files of the bundle: a JSON object of names and texts.
    pub(super) files: String,
    /// What each party signed.
    pub(super) signed: Vec<SignedAgreement>,
}

/// The body of `POST /overeenkomsten`.
pub(super) fn agreement(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<Handed> {
    let mut fields = Fields::open(body, errors)?;
    let files = fields.required("bestanden", files);
    let signed = fields.objects("verklaringen", 1, |one| {
        let signature = one.required("handtekening", signature);
        let agreement = one.required("verklaring", statement);
        Some(SignedAgreement {
            signature: signature?,
            agreement: agreement?,
        })
    });
    fields.finish();
    Some(Handed {
        files: files?,
        signed: signed?,
    })
}

/// The body of `POST /overeenkomsten/{index}/intrekken`.
pub(super) fn withdrawal(
    body: Value,
    _: &KnownCodes,
    errors: &mut Errors,
) -> Option<Vec<SignedRevocation>> {
    let mut fields = Fields::open(body, errors)?;
    let signed = fields.objects("verklaringen", 1, |one| {
        let signature = one.required("handtekening", signature);
        let revocation = one.required("verklaring", statement);
        Some(SignedRevocation {
            signature: signature?,
            revocation: revocation?,
        })
    });
    fields.finish();
    signed
}

/// An index in the book, as it stands in a path.
///
/// # Errors
/// Anything but digits that make a whole number.
pub(super) fn index(text: &str) -> Result<u64, Malformed> {
    const EXPECTED: &str = "de index van een regel in het logboek, een geheel getal";
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = digits.then(|| text.parse().ok()).flatten();
    read.ok_or_else(|| Malformed::new(EXPECTED))
}

/// The files as one text; what is in them is the bundle's to judge.
fn files(value: &Value) -> Read<String> {
    let Value::Object(files) = value else {
        return Err(
            "verwacht: een object met de bestanden van de bundel, tekst bij naam".to_owned(),
        );
    };
    if files.is_empty() || files.len() > LIST_ITEMS {
        return Err(format!(
            "verwacht: 1 tot {LIST_ITEMS} bestanden; dit zijn er {}",
            files.len()
        ));
    }
    if !files.contains_key("manifest.toml") {
        return Err("manifest.toml ontbreekt; stuur alle bestanden van de bundel".to_owned());
    }
    if let Some((name, _)) = files.iter().find(|(_, text)| !text.is_string()) {
        let shown: String = name.chars().take(64).collect();
        return Err(format!("{shown}: verwacht: een tekst"));
    }
    Ok(value.to_string())
}

/// A JWS without its text; whether it is a good one is not looked at here.
fn signature(value: &Value) -> Read<String> {
    let of_jws = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match value {
        Value::String(text)
            if (1..=SIGNATURE_BYTES).contains(&text.len()) && text.bytes().all(of_jws) =>
        {
            Ok(text.clone())
        }
        _ => Err(format!(
            "verwacht: een losse JWS van hoogstens {SIGNATURE_BYTES} tekens, zoals sluis policy sign die schrijft"
        )),
    }
}

/// What was signed, as it was signed.
fn statement<T: DeserializeOwned>(value: &Value) -> Read<T> {
    serde_json::from_value(value.clone()).map_err(|_| {
        "verwacht: de verklaring zoals sluis policy sign die schrijft, zonder andere velden"
            .to_owned()
    })
}
