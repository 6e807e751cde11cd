//! Why an agreement came to nothing, for whoever handed it in: what is wrong, and what to do.

use super::agreement::NotAgreed;
use super::api::{Failure, FieldError};
use super::{Caller, Exchange};
use crate::clock::Moment;
use crate::errors::in_full;
use crate::identity::SignatureFlaw;
use crate::language::Language;
use crate::ledger::entry::Act;
use crate::policy::{AgreementFlaw, BundleError};

impl Exchange {
    /// Records that an agreement came to nothing, and answers what to tell the caller.
    pub(super) async fn record_unsettled(&self, caller: &Caller, refused: &NotAgreed) -> Failure {
        let contradicts = match refused {
            NotAgreed::Unavailable => return Failure::LedgerUnavailable,
            NotAgreed::NotAppended(error) => {
                return self.not_appended(caller, Act::Registry, *error).await;
            }
            NotAgreed::NothingToRevoke(_) => return self.record_missing(caller).await,
            NotAgreed::Known(_)
            | NotAgreed::TakenBack(_)
            | NotAgreed::Overlaps { .. }
            | NotAgreed::Begun { .. } => true,
            NotAgreed::Agreement(_)
            | NotAgreed::Different { .. }
            | NotAgreed::OtherRevocation { .. }
            | NotAgreed::Signature { .. }
            | NotAgreed::NoParty { .. }
            | NotAgreed::Twice(_)
            | NotAgreed::Missing(_) => false,
        };
        let errors = vec![FieldError {
            field: place(refused),
            message: told(refused, caller.language),
        }];
        let (code, failure) = if contradicts {
            ("anders-overeengekomen", Failure::AgreedOtherwise(errors))
        } else {
            ("niet-overeengekomen", Failure::NotAgreed(errors))
        };
        let personal = caller.personal();
        self.record_code(caller, Act::Registry, code, personal, failure)
            .await
    }

    /// Records that a bundle cannot be used; every mistake is told with file, line and rule.
    pub(super) async fn record_unusable(
        &self,
        caller: &Caller,
        errors: Vec<FieldError>,
    ) -> Failure {
        let (personal, failure) = (caller.personal(), Failure::BundleUnusable(errors));
        self.record_code(
            caller,
            Act::Registry,
            "bundel-onbruikbaar",
            personal,
            failure,
        )
        .await
    }
}

/// The mistakes of a bundle that cannot be loaded.
pub(super) fn mistakes(error: &BundleError) -> Vec<FieldError> {
    let listed = error.mistakes().iter().map(mistake).collect();
    match error {
        BundleError::Mistakes { .. } => listed,
        BundleError::Folder { .. } => vec![FieldError {
            field: FILES.to_owned(),
            message: "deze bestanden zijn geen bundel".to_owned(),
        }],
    }
}

/// One of them: authors of bundles are told in Dutch, whatever they speak.
pub(super) fn mistake(one: &crate::policy::Mistake) -> FieldError {
    let field = if one.file == FILES {
        FILES.to_owned()
    } else {
        let shown: String = one.file.chars().take(64).collect();
        format!("{FILES}.{shown}")
    };
    FieldError {
        field,
        message: one.to_string(),
    }
}

/// The member with the files of a bundle.
const FILES: &str = "bestanden";

/// Which part of the body it is about.
fn place(refused: &NotAgreed) -> String {
    let signed = |number: usize, part: &str| format!("verklaringen[{}].{part}", number - 1);
    match refused {
        NotAgreed::Agreement(AgreementFlaw::OtherBundle { .. } | AgreementFlaw::Candidate) => {
            FILES.to_owned()
        }
        NotAgreed::Agreement(_) | NotAgreed::Overlaps { .. } => signed(1, "verklaring"),
        NotAgreed::Different { number } | NotAgreed::OtherRevocation { number } => {
            signed(*number, "verklaring")
        }
        NotAgreed::Signature { number, .. } | NotAgreed::NoParty { number, .. } => {
            signed(*number, "handtekening")
        }
        NotAgreed::Begun { .. } | NotAgreed::NothingToRevoke(_) => "index".to_owned(),
        NotAgreed::Twice(_)
        | NotAgreed::Missing(_)
        | NotAgreed::Known(_)
        | NotAgreed::TakenBack(_)
        | NotAgreed::NotAppended(_)
        | NotAgreed::Unavailable => "verklaringen".to_owned(),
    }
}

/// What is wrong and what to do.
fn told(refused: &NotAgreed, l: Language) -> String {
    let (dutch, english) = match refused {
        NotAgreed::Agreement(flaw) => return flaw_told(flaw, l),
        NotAgreed::Signature { flaw, .. } => return signature_told(flaw, l),
        NotAgreed::Different { .. } => (
            "gaat over een andere bundel of over andere data dan de eerste; laat elke partij dezelfde bundel voor dezelfde data tekenen".to_owned(),
            "is about another bundle or other dates than the first; have every party sign the same bundle for the same dates".to_owned(),
        ),
        NotAgreed::OtherRevocation { .. } => (
            "trekt een andere overeenkomst in, of een uit een ander logboek; teken met de bundel en de bladhash van deze overeenkomst".to_owned(),
            "withdraws another agreement, or one of another ledger; sign with the bundle and the leaf hash (bladhash) of this agreement".to_owned(),
        ),
        NotAgreed::NoParty { by, .. } => (
            format!("is van {by}, en die is geen partij bij deze bundel; laat haar weg"),
            format!("is by {by}, who is no party to this bundle; leave it out"),
        ),
        NotAgreed::Twice(role) => (
            format!("van {role} is er meer dan één handtekening; stuur er van elke partij één"),
            format!("there is more than one signature of {role}; send one of each party"),
        ),
        NotAgreed::Missing(role) => (
            format!("de handtekening van {role} ontbreekt; laat {role} hetzelfde tekenen en stuur beide"),
            format!("the signature of {role} is missing; have {role} sign the same, and send both"),
        ),
        NotAgreed::Known(index) => (
            format!("deze overeenkomst staat al in regel {index}; teken voor andere data om de bundel opnieuw te laten gelden"),
            format!("this agreement stands in entry {index} already; sign for other dates to put the bundle in force again"),
        ),
        NotAgreed::TakenBack(index) => (
            format!("deze overeenkomst stond in regel {index} en is ingetrokken, en haar handtekeningen tellen niet meer; teken voor andere data"),
            format!("this agreement stood in entry {index} and was withdrawn, and its signatures no longer count; sign for other dates"),
        ),
        NotAgreed::Overlaps { entry, from } => (
            format!("de data overlappen met die van de overeenkomst in regel {entry}, die begint op {from}; trek die eerst in, of teken voor andere data"),
            format!("the dates overlap with those of the agreement in entry {entry}, which begins at {from}; withdraw that one first, or sign for other dates"),
        ),
        NotAgreed::Begun { agreement, from } => (
            format!("de overeenkomst in regel {agreement} geldt vanaf {from} en is niet meer in te trekken; kom een bundel overeen die haar opvolgt"),
            format!("the agreement in entry {agreement} holds from {from} on and can no longer be withdrawn; agree on a bundle that follows it"),
        ),
        NotAgreed::NothingToRevoke(index) => (
            format!("in regel {index} staat geen overeenkomst"),
            format!("there is no agreement in entry {index}"),
        ),
        NotAgreed::NotAppended(_) | NotAgreed::Unavailable => (
            "er kon niets worden vastgelegd; probeer het later opnieuw".to_owned(),
            "nothing could be recorded; try again later".to_owned(),
        ),
    };
    l.pick(&dutch, &english).to_owned()
}

fn end(until: Option<Moment>, l: Language) -> String {
    until.map_or_else(
        || l.pick("nader bericht", "further notice").to_owned(),
        |until| until.to_string(),
    )
}

fn flaw_told(flaw: &AgreementFlaw, l: Language) -> String {
    let dutch = match flaw {
        AgreementFlaw::Form => {
            "is geen verklaring van deze versie; teken opnieuw met sluis policy sign".to_owned()
        }
        AgreementFlaw::OtherBundle { signed, found } => format!(
            "getekend is de bundel {signed}, en dit is {found}: na het tekenen is een bestand veranderd, of het is een andere bundel; stuur de bestanden zoals ze getekend zijn, of laat opnieuw tekenen"
        ),
        AgreementFlaw::Candidate => {
            "de bundel is een kandidaat; geef hem in manifest.toml een andere status en laat opnieuw tekenen"
                .to_owned()
        }
        AgreementFlaw::OtherProof { proven, found } => format!(
            "bewezen is de bundel {proven}, en dit is {found}; bewijs deze met sluis policy prove en laat opnieuw tekenen"
        ),
        AgreementFlaw::Unproven(lacks) => format!(
            "niet alles is bewezen: {} ontbreekt; bewijs de bundel opnieuw met sluis policy prove en laat opnieuw tekenen",
            lacks.join(", ")
        ),
        AgreementFlaw::Dates { from, until } => {
            format!("eindigt, op {until}, voordat zij begint, op {from}; teken voor andere data")
        }
        AgreementFlaw::Outside { from, until } => format!(
            "de bundel is voor {from} tot {}, en de data vallen daar niet binnen; teken voor data daarbinnen",
            end(*until, l)
        ),
    };
    match (l, flaw) {
        (Language::Dutch, _) => dutch,
        (Language::English, AgreementFlaw::OtherBundle { .. }) => {
            format!("{flaw}; send the files as they were signed, or have them signed again")
        }
        (
            Language::English,
            AgreementFlaw::Candidate
            | AgreementFlaw::OtherProof { .. }
            | AgreementFlaw::Unproven(_),
        ) => {
            format!("{flaw}, and have it signed again")
        }
        (Language::English, _) => format!("{flaw}; sign again, for other dates"),
    }
}

fn signature_told(flaw: &SignatureFlaw, l: Language) -> String {
    if l == Language::English {
        return format!("{}; have this party sign again", in_full(flaw));
    }
    match flaw {
        SignatureFlaw::Form => {
            "is geen losse JWS met alg, iat, typ en x5c; teken met sluis policy sign".to_owned()
        }
        SignatureFlaw::Algorithm => {
            "heeft een ander algoritme dan ES256, ES384, PS256 of PS384; teken met een andere sleutel"
                .to_owned()
        }
        SignatureFlaw::Signature => {
            "is niet met het certificaat erin gezet onder deze verklaring; stuur beide zoals sluis policy sign ze schreef"
                .to_owned()
        }
        SignatureFlaw::Profile(_) | SignatureFlaw::Subject(_) => {
            "het certificaat erin is niet dat van een organisatie zoals deze sluis die kent; teken met het eigen certificaat"
                .to_owned()
        }
        SignatureFlaw::Certificate(_) => {
            "het certificaat erin wordt nu niet aanvaard: verlopen, ingetrokken of van een andere uitgever; teken met een geldig certificaat"
                .to_owned()
        }
        SignatureFlaw::Early(at) => {
            format!("zegt dat zij later gezet is dan nu, op {at}; zet de klok gelijk en teken opnieuw")
        }
    }
}
