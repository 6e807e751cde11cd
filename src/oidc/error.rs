//! Why somebody is not in. Each reason has a text for the page; its source is for the log only.

use std::fmt;

use http::StatusCode;

use crate::bounds;
use crate::clock::NoRandomness;
use crate::domain::json::NotStrictJson;
use crate::https::NoConnection;
use crate::identity::{IdTokenFlaw, JwksError};
use crate::language::Language;

/// Why a login did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The login service did not answer.
    #[error("the login service cannot be reached ({asked})")]
    Unreachable {
        /// What was asked.
        asked: Question,
        /// Why.
        #[source]
        source: NoAnswer,
    },
    /// It answered what it should not: it or our configuration is wrong.
    #[error("the login service answered wrongly ({asked})")]
    Wrong {
        /// What was asked.
        asked: Question,
        /// In what way.
        #[source]
        source: ServiceFault,
    },
    /// Too many logins at once.
    #[error("more than {} calls to the login service at once", bounds::LOGIN_CALLS)]
    Busy,
    /// The browser came back with something that cannot be read.
    #[error("what came back from the login service cannot be read")]
    Returned(#[source] ReturnFlaw),
    /// It came back after [`bounds::LOGIN_MS`].
    #[error("the login took too long")]
    TooLate,
    /// It came back from another login than the one under way.
    #[error("the state is not that of the login under way")]
    OtherLogin,
    /// It came back from another login service, or the service did not say which it is.
    #[error("the issuer that came back is not the configured one")]
    OtherService,
    /// The person, or the login service on its own rules, said no (`access_denied`).
    #[error("access was denied at the login service")]
    Denied,
    /// The login service is not able to just now.
    #[error("the login service is not able to ({0})")]
    Unable(&'static str),
    /// The login service does not accept what we ask.
    #[error(
        "the login service refuses ({0}); check desk.client-id, its secret and its redirect address"
    )]
    Refused(&'static str),
    /// The id token is not good.
    #[error("the id token is not accepted")]
    IdToken(#[source] IdTokenFlaw),
    /// `sub` cannot be a pseudonym in the book.
    #[error("the sub of the id token is not a pseudonym of 1 to 128 characters")]
    Subject,
    /// No OIN in the organisation claim.
    #[error("the organisation claim of the id token (desk.organisation-claim) is not an OIN")]
    NoOrganisation,
    /// An OIN that is not configured.
    #[error("the organisation in the id token is not a configured one")]
    OrganisationUnknown,
    /// None of the roles that exist here.
    #[error("the roles claim of the id token (desk.roles-claim) names no role of the desk")]
    NoRole,
    /// No randomness.
    #[error("a login cannot be begun")]
    Random(#[source] NoRandomness),
}

/// What the login service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Its description of itself (OpenID Connect Discovery 1.0).
    Description,
    /// Its public keys.
    Keys,
    /// An id token for a code.
    Token,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Description => "its description",
            Self::Keys => "its keys",
            Self::Token => "a token",
        })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No connection.
    #[error("{host}")]
    Connection {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: NoConnection,
    },
    /// The connection ended, or what came is not HTTP.
    #[error("the answer broke off")]
    BrokenOff(#[source] hyper::Error),
    /// Nothing whole within [`bounds::LOGIN_CALL`].
    #[error("no answer came in time")]
    TooLate,
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFault {
    /// Another status than 200; redirects are among these and never followed.
    #[error("status {0}")]
    Status(StatusCode),
    /// Longer than [`bounds::LOGIN_ANSWER_BYTES`].
    #[error("the answer is longer than {} bytes", bounds::LOGIN_ANSWER_BYTES)]
    TooLong,
    /// Not JSON, or a member is there twice.
    #[error("the answer is not plain JSON")]
    Json(#[source] NotStrictJson),
    /// A member that is missing or of the wrong type.
    #[error("{0} is missing or not what it should be")]
    Member(&'static str),
    /// The description is somebody else's.
    #[error("its issuer is not the configured one (desk.issuer)")]
    Issuer,
    /// An endpoint that is not an https address.
    #[error("{0} is not an https address")]
    Endpoint(&'static str),
    /// It cannot do what is needed here.
    #[error("{0} does not list {1}")]
    Unsupported(&'static str, &'static str),
    /// Its keys cannot be used.
    #[error("its keys cannot be used")]
    Keys(#[source] JwksError),
}

/// What is wrong with what came back through the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReturnFlaw {
    /// No state, or neither code nor error.
    #[error("state, or both code and error, are missing")]
    Missing,
    /// A parameter is there twice.
    #[error("a parameter is there twice")]
    Twice,
    /// Both a code and an error.
    #[error("there is a code and an error")]
    Both,
    /// A parameter longer than [`bounds::LOGIN_CODE_BYTES`].
    #[error("a parameter is longer than {} characters", bounds::LOGIN_CODE_BYTES)]
    TooLong,
}

/// The error codes there are (RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core 1.0, 3.1.2.6). Another
/// text never gets into a log.
const CODES: [&str; 13] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "server_error",
    "temporarily_unavailable",
];

impl LoginError {
    /// What an error code of the login service means.
    pub(super) fn of_code(code: &str) -> Self {
        if code == "access_denied" {
            return Self::Denied;
        }
        let known = CODES.into_iter().find(|known| *known == code);
        match known {
            Some(known @ ("server_error" | "temporarily_unavailable")) => Self::Unable(known),
            Some(known) => Self::Refused(known),
            None => Self::Refused("an error code of its own"),
        }
    }

    /// What the page says. Nothing of the inside is in it.
    #[must_use]
    pub fn told(&self, language: Language) -> &'static str {
        let (dutch, english) = match self {
            Self::Unreachable { .. } | Self::Unable(_) => (
                "De aanmelddienst van uw organisatie is nu niet bereikbaar. Probeer het over een paar minuten opnieuw.",
                "Your organisation's login service cannot be reached now. Try again in a few minutes.",
            ),
            Self::Busy | Self::Random(_) => (
                "Aanmelden lukt nu niet. Probeer het over een minuut opnieuw.",
                "Logging in does not work now. Try again in a minute.",
            ),
            Self::Wrong { .. } | Self::Refused(_) | Self::IdToken(_) => (
                "De aanmelddienst gaf een antwoord dat we niet kunnen vertrouwen. Meld dit bij uw beheerder.",
                "The login service gave an answer that we cannot trust. Tell your administrator.",
            ),
            Self::Returned(_) | Self::OtherLogin | Self::OtherService => (
                "Deze aanmelding hoort niet bij dit venster. Begin opnieuw met aanmelden.",
                "This login does not belong to this window. Start logging in again.",
            ),
            Self::TooLate => (
                "Het aanmelden duurde te lang. Begin opnieuw met aanmelden.",
                "Logging in took too long. Start logging in again.",
            ),
            Self::Denied => (
                "U bent niet aangemeld: het aanmelden is afgebroken of niet toegestaan.",
                "You are not logged in: logging in was cancelled or not allowed.",
            ),
            Self::Subject | Self::NoOrganisation => (
                "Uw account is niet volledig ingericht voor deze balie. Vraag uw beheerder om het organisatienummer (OIN) en uw kenmerk aan uw account toe te voegen.",
                "Your account is not fully set up for this desk. Ask your administrator to add the organisation number (OIN) and your identifier to your account.",
            ),
            Self::OrganisationUnknown => (
                "Uw organisatie doet niet mee aan deze uitwisseling. Klopt dat niet? Vraag het uw beheerder.",
                "Your organisation does not take part in this exchange. Is that wrong? Ask your administrator.",
            ),
            Self::NoRole => (
                "Uw account heeft geen rol aan deze balie. Vraag uw beheerder om de rol privacy officer, auditor of beheer.",
                "Your account has no role at this desk. Ask your administrator for the role of privacy officer, auditor or registrar.",
            ),
        };
        language.pick(dutch, english)
    }
}
