//! The one problem table (CONTRACT.md, "Problems"; RFC 9457).
//!
//! Whatever goes wrong becomes a [`Problem`] with one of the codes below; the edge writes it out,
//! because only the edge knows the transaction. Texts are static or built from typed values the
//! caller sent: nothing of the inside gets out.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::english;
use crate::domain::TransactionId;
use crate::exchange::{Failure, FieldError};
use crate::language::Language;

/// Who must act before the same request can succeed (`partij`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The requester.
    Requester,
    /// This gateway.
    Gateway,
    /// The organisation that keeps the document.
    Provider,
}

impl Party {
    const fn code(self) -> &'static str {
        match self {
            Self::Requester => "aanvrager",
            Self::Gateway => "sluis",
            Self::Provider => "bron",
        }
    }
}

/// How loud the operator log says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// A refusal or a mistake of the caller: our work as it should be.
    Info,
    /// Somebody should look at it soon.
    Warn,
    /// Somebody should look at it now.
    Error,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code; also the last part of the type's URI.
    pub code: &'static str,
    /// The title, the same for every problem of this code.
    pub title: &'static str,
    /// What it means for the caller.
    pub detail: &'static str,
    /// Who must act.
    pub party: Party,
    /// For the operator log.
    pub severity: Severity,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident $code:literal $party:ident $severity:ident $title:literal $detail:literal;)+) => {
        /// Every problem there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name),+ }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its line in the table.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        status: StatusCode::$status,
                        code: $code,
                        title: $title,
                        detail: $detail,
                        party: Party::$party,
                        severity: Severity::$severity,
                    }),+
                }
            }
        }
    };
}

codes! {
    /// The certificate is good, its OIN is nobody's here.
    OrganisationUnknown = FORBIDDEN "organisatie-onbekend" Requester Info
        "Organisatie onbekend"
        "Het certificaat is geldig, maar het OIN erin is niet van een aangesloten organisatie.";
    /// No token.
    TokenMissing = UNAUTHORIZED "token-ontbreekt" Requester Info
        "Token ontbreekt"
        "Deze aanroep vraagt om een token in de header Authorization: Bearer.";
    /// Which check failed is not told.
    TokenInvalid = UNAUTHORIZED "token-ongeldig" Requester Info
        "Token ongeldig"
        "Het token is niet aanvaard.";
    /// Past its `exp`.
    TokenExpired = UNAUTHORIZED "token-verlopen" Requester Info
        "Token verlopen"
        "Het token is verlopen; maak voor elk verzoek een nieuw token.";
    /// Bound to another certificate.
    TokenNotBound = UNAUTHORIZED "token-niet-gebonden" Requester Info
        "Token niet gebonden aan dit certificaat"
        "De claim cnf.x5t#S256 is niet de vingerafdruk van het certificaat van deze verbinding.";
    /// Accepted before.
    TokenReused = UNAUTHORIZED "token-hergebruikt" Requester Info
        "Token al gebruikt"
        "Een token wordt één keer aanvaard; maak voor elk verzoek een nieuw token.";
    /// Not a purpose of the policy in force.
    PurposeUnknown = FORBIDDEN "doel-onbekend" Requester Info
        "Doel onbekend"
        "De claim doel noemt geen doel dat bij deze aanroep past; voor index, register en besluiten is het doel beheer.";
    /// The policy said no.
    NotAllowed = FORBIDDEN "niet-toegestaan" Requester Info
        "Niet toegestaan"
        "Het verzoek is beoordeeld en geweigerd: reden zegt waarom, ontbreekt wat het anders had gemaakt.";
    /// Not this organisation's.
    NotAuthorised = FORBIDDEN "niet-bevoegd" Requester Info
        "Niet bevoegd"
        "Dit gegeven is niet van uw organisatie om te wijzigen of in te zien.";
    /// No such document for this caller.
    DocumentUnknown = NOT_FOUND "document-onbekend" Requester Info
        "Document onbekend"
        "Er is geen document met deze uuid.";
    /// Nothing there.
    NotFound = NOT_FOUND "niet-gevonden" Requester Info
        "Niet gevonden"
        "Dit pad bestaat niet, of er staat niets dat voor u te zien is.";
    /// Not this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "methode-niet-toegestaan" Requester Info
        "Methode niet toegestaan"
        "Dit pad kent deze methode niet; de header Allow noemt welke wel.";
    /// Not in a form the caller accepts.
    NotAcceptable = NOT_ACCEPTABLE "niet-acceptabel" Requester Info
        "Niet acceptabel"
        "Het antwoord bestaat niet in een vorm die de header Accept toelaat.";
    /// Used before.
    Conflict = CONFLICT "conflict" Requester Info
        "Transactie al gebruikt"
        "Deze Fsc-Transaction-Id is eerder gebruikt; maak voor elk verzoek een nieuwe.";
    /// Larger than its bound.
    TooLarge = PAYLOAD_TOO_LARGE "te-groot" Requester Info
        "Te groot"
        "De body is groter dan deze aanroep toelaat.";
    /// Another content type or coding.
    MediaTypeUnknown = UNSUPPORTED_MEDIA_TYPE "mediatype-onbekend" Requester Info
        "Mediatype onbekend"
        "Deze aanroep verwacht een ander Content-Type, in UTF-8 en zonder Content-Encoding.";
    /// Wrong input; all mistakes are in `fouten`.
    InvalidInput = BAD_REQUEST "ongeldige-invoer" Requester Info
        "Ongeldige invoer"
        "De invoer klopt niet; fouten noemt alles wat er niet aan klopt.";
    /// No bundle; all mistakes are in `fouten`, with file, line and rule.
    BundleUnusable = UNPROCESSABLE_ENTITY "bundel-onbruikbaar" Requester Info
        "Bundel onbruikbaar"
        "De bundel is niet te gebruiken; fouten noemt alles wat er niet aan klopt. Wat gold, blijft gelden.";
    /// Nothing that the parties signed together; why is in `fouten`.
    NotAgreed = UNPROCESSABLE_ENTITY "niet-overeengekomen" Requester Info
        "Niet overeengekomen"
        "Dit hebben de partijen zo niet samen getekend; fouten zegt waarom. Wat gold, blijft gelden.";
    /// Against what stands; why is in `fouten`.
    AgreedOtherwise = CONFLICT "anders-overeengekomen" Requester Info
        "Anders overeengekomen"
        "Dit past niet bij wat al is overeengekomen; fouten zegt waarom. Wat gold, blijft gelden.";
    /// Outside the document.
    RangeInvalid = RANGE_NOT_SATISFIABLE "bereik-ongeldig" Requester Info
        "Bereik ongeldig"
        "Het gevraagde bereik ligt buiten het document.";
    /// More at once, or more often, than one organisation may.
    TooManyRequests = TOO_MANY_REQUESTS "te-veel-verzoeken" Requester Info
        "Te veel verzoeken"
        "Uw organisatie vraagt te veel tegelijk of te snel na elkaar; probeer het opnieuw na de tijd in Retry-After.";
    /// Our own mistake.
    Internal = INTERNAL_SERVER_ERROR "interne-fout" Gateway Error
        "Interne fout"
        "Er ging bij Sluis iets mis; er is niets afgegeven.";
    /// The provider's answer is none.
    ProviderError = BAD_GATEWAY "bron-fout" Provider Warn
        "Fout bij de bron"
        "De organisatie die het document heeft, gaf geen bruikbaar antwoord.";
    /// The provider cannot be reached.
    ProviderUnreachable = BAD_GATEWAY "bron-onbereikbaar" Provider Warn
        "Bron onbereikbaar"
        "De organisatie die het document heeft, is niet bereikbaar.";
    /// Nothing can be recorded.
    LedgerUnavailable = SERVICE_UNAVAILABLE "logboek-onbeschikbaar" Gateway Error
        "Logboek onbeschikbaar"
        "Er kan nu niets worden vastgelegd, en zonder vastlegging wordt niets afgegeven.";
    /// Too much at once.
    Overloaded = SERVICE_UNAVAILABLE "overbelast" Gateway Warn
        "Overbelast"
        "Sluis heeft het te druk; probeer het zo opnieuw.";
    /// The provider took too long.
    ProviderTooLate = GATEWAY_TIMEOUT "bron-te-laat" Provider Warn
        "Bron te laat"
        "De organisatie die het document heeft, antwoordde niet op tijd.";
}

/// One problem, on its way to the edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    code: Code,
    own: Box<Own>,
}

/// What one problem has beyond what all of its code have; boxed, because every call can return it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Own {
    headers: HeaderMap,
    /// Members beyond those every problem has, in their order.
    members: Map<String, Value>,
    /// Words that could have been meant.
    nearest: Vec<String>,
}

impl Problem {
    /// Seconds after which an overloaded gateway may be asked again.
    const RETRY_SOON_SECONDS: &'static str = "1";
    /// Seconds after which a gateway without a ledger may be asked again.
    const RETRY_LATER_SECONDS: &'static str = "10";

    /// The problem of this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let mut problem = Self {
            code,
            own: Box::default(),
        };
        match code.row().status {
            StatusCode::UNAUTHORIZED => {
                problem.set(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = if code == Code::LedgerUnavailable {
                    Self::RETRY_LATER_SECONDS
                } else {
                    Self::RETRY_SOON_SECONDS
                };
                problem.set(header::RETRY_AFTER, HeaderValue::from_static(seconds));
            }
            _ => {}
        }
        problem
    }

    /// The problem of this code, with how many seconds to wait.
    #[must_use]
    pub fn retry(code: Code, seconds: u64) -> Self {
        let mut problem = Self::new(code);
        problem.set(header::RETRY_AFTER, HeaderValue::from(seconds));
        problem
    }

    /// Wrong input, with everything that is wrong.
    #[must_use]
    pub fn invalid(errors: &[FieldError]) -> Self {
        Self::listing(Code::InvalidInput, errors)
    }

    /// The problem of this code, with everything that is wrong.
    fn listing(code: Code, errors: &[FieldError]) -> Self {
        let mut problem = Self::new(code);
        problem
            .own
            .members
            .insert("fouten".to_owned(), json!(errors));
        problem
    }

    /// Wrong input of which one thing is wrong.
    #[must_use]
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(&[FieldError {
            field: field.to_owned(),
            message: message.into(),
        }])
    }

    /// A purpose that is none here, with those that could have been meant.
    fn purpose_unknown(nearest: Vec<String>) -> Self {
        let mut problem = Self::new(Code::PurposeUnknown);
        problem.own.nearest = nearest;
        problem
    }

    /// A method this path does not have; `allow` is the `Allow` header.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed);
        if let Ok(value) = HeaderValue::from_str(allow) {
            problem.set(header::ALLOW, value);
        }
        problem
    }

    /// The same problem with one member more.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.own.members.insert(member.to_owned(), value);
        self
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.own.headers.insert(name, value);
    }

    /// Title and detail.
    fn texts(&self, l: Language) -> (&'static str, String) {
        let row = self.code.row();
        let (title, detail) = match l {
            Language::Dutch => (row.title, row.detail),
            Language::English => english::texts(self.code),
        };
        if self.own.nearest.is_empty() {
            return (title, detail.to_owned());
        }
        let like = l.pick("Het meest lijkt het op", "Closest to it are");
        let nearest = self.own.nearest.join(", ");
        (title, format!("{detail} {like}: {nearest}."))
    }

    /// The document of this problem for one transaction, in a language.
    #[must_use]
    pub fn document(&self, transaction: TransactionId, l: Language) -> Value {
        let row = self.code.row();
        let (title, detail) = self.texts(l);
        let mut document = Map::new();
        for (member, value) in [
            (
                "type",
                json!(format!("https://sluis.example/problemen/{}", row.code)),
            ),
            ("title", json!(title)),
            ("status", json!(row.status.as_u16())),
            ("detail", json!(detail)),
            ("code", json!(row.code)),
            ("instance", json!(format!("urn:uuid:{transaction}"))),
            ("partij", json!(row.party.code())),
        ] {
            document.insert(member.to_owned(), value);
        }
        document.extend(self.own.members.clone());
        Value::Object(document)
    }

    /// The answer of this problem for one transaction.
    pub(super) fn render(&self, transaction: TransactionId, l: Language) -> Response {
        let mut response = Response::new(self.document(transaction, l).to_string().into());
        *response.status_mut() = self.code.row().status;
        response.headers_mut().extend(self.own.headers.clone());
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
            .headers_mut()
            .insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(l.tag()));
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TokenMissing => Self::new(Code::TokenMissing),
            Failure::TokenInvalid => Self::new(Code::TokenInvalid),
            Failure::TokenExpired => Self::new(Code::TokenExpired),
            Failure::TokenNotBound => Self::new(Code::TokenNotBound),
            Failure::TokenReused => Self::new(Code::TokenReused),
            Failure::PurposeUnknown { nearest } => Self::purpose_unknown(nearest),
            Failure::NotAllowed {
                reason,
                missing,
                rules,
            } => {
                let problem = Self::new(Code::NotAllowed)
                    .with("reden", json!(reason))
                    .with("ontbreekt", missing);
                if rules.is_empty() {
                    problem
                } else {
                    problem.with("uitleg", json!(rules))
                }
            }
            Failure::NotAuthorised => Self::new(Code::NotAuthorised),
            Failure::DocumentUnknown => Self::new(Code::DocumentUnknown),
            Failure::NotFound => Self::new(Code::NotFound),
            Failure::Conflict => Self::new(Code::Conflict),
            Failure::Invalid(errors) => Self::invalid(&errors),
            Failure::BundleUnusable(errors) => Self::listing(Code::BundleUnusable, &errors),
            Failure::NotAgreed(errors) => Self::listing(Code::NotAgreed, &errors),
            Failure::AgreedOtherwise(errors) => Self::listing(Code::AgreedOtherwise, &errors),
            Failure::RangeNotSatisfiable { size } => {
                let mut problem = Self::new(Code::RangeInvalid);
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                    problem.set(header::CONTENT_RANGE, value);
                }
                problem
            }
            Failure::ProviderError => Self::new(Code::ProviderError),
            Failure::ProviderUnreachable => Self::new(Code::ProviderUnreachable),
            Failure::ProviderTooLate => Self::new(Code::ProviderTooLate),
            Failure::LedgerUnavailable => Self::new(Code::LedgerUnavailable),
            Failure::Overloaded => Self::new(Code::Overloaded),
            Failure::Internal => Self::new(Code::Internal),
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// A problem inside an answer, for the edge to write out.
#[derive(Debug, Clone)]
pub(super) struct Unwritten(pub(super) Arc<Problem>);

impl IntoResponse for Problem {
    /// An empty answer that carries the problem; without the edge around it nothing would be said.
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.code.row().status;
        response.extensions_mut().insert(Unwritten(Arc::new(self)));
        response
    }
}
