//! The texts of the problem table in English, for who asks for that. Codes are the same for everybody.

use super::problem::Code;

/// Title and detail of a problem.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) const fn texts(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::OrganisationUnknown => (
            "Organisation unknown",
            "The certificate is valid, but the OIN in it is not that of an organisation that takes part.",
        ),
        Code::TokenMissing => (
            "Token missing",
            "This call asks for a token in the header Authorization: Bearer.",
        ),
        Code::TokenInvalid => ("Token invalid", "The token was not accepted."),
        Code::TokenExpired => (
            "Token expired",
            "The token has expired; make a new token for every request.",
        ),
        Code::TokenNotBound => (
            "Token not bound to this certificate",
            "The claim cnf.x5t#S256 is not the thumbprint of the certificate of this connection.",
        ),
        Code::TokenReused => (
            "Token used before",
            "A token is accepted once; make a new token for every request.",
        ),
        Code::PurposeUnknown => (
            "Purpose unknown",
            "The claim doel names no purpose that fits this call; for index, registry and decisions the purpose is beheer.",
        ),
        Code::NotAllowed => (
            "Not allowed",
            "The request was judged and refused: reden says why, ontbreekt what would have made it otherwise.",
        ),
        Code::NotAuthorised => (
            "Not authorised",
            "This is not your organisation's to change or to see.",
        ),
        Code::DocumentUnknown => ("Document unknown", "There is no document with this uuid."),
        Code::NotFound => (
            "Not found",
            "This path does not exist, or there is nothing for you to see.",
        ),
        Code::MethodNotAllowed => (
            "Method not allowed",
            "This path does not know this method; the header Allow names those it does.",
        ),
        Code::NotAcceptable => (
            "Not acceptable",
            "The answer does not exist in a form that the header Accept allows.",
        ),
        Code::Conflict => (
            "Transaction used before",
            "This Fsc-Transaction-Id was used before; make a new one for every request.",
        ),
        Code::TooLarge => ("Too large", "The body is larger than this call allows."),
        Code::MediaTypeUnknown => (
            "Media type unknown",
            "This call expects another Content-Type, in UTF-8 and without Content-Encoding.",
        ),
        Code::InvalidInput => (
            "Invalid input",
            "The input is wrong; fouten names everything that is wrong with it.",
        ),
        Code::BundleUnusable => (
            "Bundle unusable",
            "The bundle cannot be used; fouten names everything that is wrong with it. What was in force stays in force.",
        ),
        Code::NotAgreed => (
            "Not agreed",
            "This is not what the parties signed together; fouten says why. What was in force stays in force.",
        ),
        Code::AgreedOtherwise => (
            "Agreed otherwise",
            "This does not go with what was agreed on before; fouten says why. What was in force stays in force.",
        ),
        Code::RangeInvalid => (
            "Range invalid",
            "The range asked for lies outside the document.",
        ),
        Code::TooManyRequests => (
            "Too many requests",
            "Your organisation asks too much at once or too often; try again after the time in Retry-After.",
        ),
        Code::Internal => (
            "Internal error",
            "Something went wrong at Sluis; nothing was released.",
        ),
        Code::ProviderError => (
            "Error at the provider",
            "The organisation that has the document gave no usable answer.",
        ),
        Code::ProviderUnreachable => (
            "Provider unreachable",
            "The organisation that has the document cannot be reached.",
        ),
        Code::LedgerUnavailable => (
            "Ledger unavailable",
            "Nothing can be recorded now, and nothing is released without record.",
        ),
        Code::Overloaded => ("Overloaded", "Sluis is too busy; try again in a moment."),
        Code::ProviderTooLate => (
            "Provider too late",
            "The organisation that has the document did not answer in time.",
        ),
    }
}
