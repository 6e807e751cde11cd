//! What a gateway that runs is asked: the body of a call, made of what the parties signed. What can be
//! seen without a configuration is checked here; whose certificates count is the gateway's to say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sluis::domain::Oin;
use sluis::exchange::NotAgreed;
use sluis::identity::Signed;
use sluis::policy::{Bundle, SignedAgreement, SignedRevocation};

use super::super::{Exit, Failed, Outcome, output};
use super::{not_agreed, write_new};

/// The body of `POST /v1/overeenkomsten`.
pub(super) fn agreement(
    out: &Path,
    bundle: &Bundle,
    signed: &[SignedAgreement],
    files: &[PathBuf],
) -> Outcome {
    let wrong = |error| not_agreed(&error, files);
    let mut by = BTreeSet::new();
    for (number, one) in (1..).zip(signed) {
        let first = signed
            .first()
            .is_some_and(|first| first.agreement == one.agreement);
        if !first {
            return Err(wrong(NotAgreed::Different { number }));
        }
        (one.agreement.check(bundle)).map_err(|flaw| wrong(NotAgreed::Agreement(flaw)))?;
        let read = Signed::parse(&one.signature, &one.agreement.text());
        let read = read.map_err(|flaw| wrong(NotAgreed::Signature { number, flaw }))?;
        by.insert(read.by);
    }
    let parties = bundle.signers().len();
    if by.len() != parties || signed.len() != parties {
        return Err(told_apart(parties, &by, signed.len()));
    }
    let texts: Value =
        serde_json::from_str(bundle.files()).map_err(|error| Failed::internal(&error))?;
    write_new(out, &json!({"bestanden": texts, "verklaringen": signed}))?;
    output::say(&format!(
        "Nothing was put in force yet. Send {} to a gateway: POST /v1/overeenkomsten, as one of the parties, with a token for the purpose `beheer`.",
        out.display()
    ));
    Ok(Exit::Done)
}

/// The body of `POST /v1/overeenkomsten/{index}/intrekken`.
pub(super) fn withdrawal(
    out: &Path,
    entry: u64,
    signed: &[SignedRevocation],
    files: &[PathBuf],
) -> Outcome {
    let wrong = |error| not_agreed(&error, files);
    for (number, one) in (1..).zip(signed) {
        let first = signed
            .first()
            .is_some_and(|first| first.revocation == one.revocation);
        if !first {
            return Err(wrong(NotAgreed::OtherRevocation { number }));
        }
        Signed::parse(&one.signature, &one.revocation.text())
            .map_err(|flaw| wrong(NotAgreed::Signature { number, flaw }))?;
    }
    write_new(out, &json!({"verklaringen": signed}))?;
    output::say(&format!(
        "Nothing was withdrawn yet. Send {} to a gateway: POST /v1/overeenkomsten/{entry}/intrekken, as one of the parties, with a token for the purpose `beheer`.",
        out.display()
    ));
    Ok(Exit::Done)
}

fn told_apart(parties: usize, by: &BTreeSet<Oin>, signatures: usize) -> Failed {
    let by: Vec<String> = by.iter().map(Oin::to_string).collect();
    Failed {
        exit: Exit::Wrong,
        lines: vec![format!(
            "{parties} parties sign for this bundle, each once, and these are {signatures} signatures, by {}; name a --signature of each party",
            by.join(" and ")
        )],
    }
}
