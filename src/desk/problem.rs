//! What goes wrong, as a page that says what it is and what to do.

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::page::{Page, html};
use super::visit::{Passing, see_other};
use crate::exchange::Failure;
use crate::language::Language;
use crate::oversight::{NotReady, State};

/// Everything that can go wrong towards somebody at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nobody is logged in, or not any more: to the login, and back.
    NotLoggedIn,
    /// Not for the part somebody plays.
    NotYours,
    /// There is no such page, or nothing there that this organisation may see.
    NotFound,
    /// A link of the demo that was used, or that another took the place of.
    LinkUsed,
    /// A form that is not from one of our pages, or from one that is too old.
    Foreign,
    /// Not a form at all.
    NoForm,
    /// More than a form can be.
    TooLarge,
    /// Somebody else was first, or it is done already.
    Conflict,
    /// The book is still being read.
    Reading(u64, u64),
    /// What stands in the database is not what was signed.
    Differs,
    /// The book cannot be read or written.
    Unavailable,
    /// Too much at once.
    Busy,
    /// Our own mistake.
    Internal,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotAuthorised => Self::NotYours,
            Failure::NotFound | Failure::DocumentUnknown => Self::NotFound,
            Failure::Conflict => Self::Conflict,
            Failure::LedgerUnavailable => Self::Unavailable,
            Failure::Overloaded => Self::Busy,
            Failure::TokenMissing
            | Failure::TokenInvalid
            | Failure::TokenExpired
            | Failure::TokenNotBound
            | Failure::TokenReused
            | Failure::PurposeUnknown { .. }
            | Failure::NotAllowed { .. }
            | Failure::Invalid(_)
            | Failure::BundleUnusable(_)
            | Failure::NotAgreed(_)
            | Failure::AgreedOtherwise(_)
            | Failure::RangeNotSatisfiable { .. }
            | Failure::ProviderError
            | Failure::ProviderUnreachable
            | Failure::ProviderTooLate
            | Failure::Internal => Self::Internal,
        }
    }
}

impl From<NotReady> for Problem {
    fn from(NotReady(state): NotReady) -> Self {
        match state {
            State::Reading { done, of } => Self::Reading(done, of),
            State::Differs { .. } => Self::Differs,
            State::Current { .. } | State::Unreadable => Self::Unavailable,
        }
    }
}

impl IntoResponse for Problem {
    /// A mark: the guard, which knows who asks and in which language, makes a page of it.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "probleem.html")]
struct ProblemPage {
    page: Page,
    what: String,
    next: String,
}

impl Problem {
    const fn status(self) -> StatusCode {
        match self {
            Self::NotLoggedIn => StatusCode::SEE_OTHER,
            Self::NotYours | Self::Foreign => StatusCode::FORBIDDEN,
            Self::NotFound | Self::LinkUsed => StatusCode::NOT_FOUND,
            Self::NoForm => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Reading(..) | Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Differs | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page.
    pub(super) fn page(self, passing: &Passing) -> Response {
        let l = passing.l;
        if self == Self::NotLoggedIn {
            return see_other(&super::login::path_back_to(&passing.path));
        }
        let (title, what, next) = self.texts(l);
        let page = Page::at_the_door(passing, title);
        let what = match self {
            Self::Reading(done, of) => {
                let percent = done.saturating_mul(100).checked_div(of).unwrap_or(0);
                format!("{what} {percent} %.")
            }
            _ => what.to_owned(),
        };
        let mut response = html(&ProblemPage {
            page,
            what,
            next: next.to_owned(),
        });
        *response.status_mut() = self.status();
        if matches!(self, Self::Reading(..)) {
            let again = HeaderValue::from_static("2");
            response.headers_mut().insert(header::REFRESH, again);
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            let later = HeaderValue::from_static("2");
            response.headers_mut().insert(header::RETRY_AFTER, later);
        }
        response
    }

    /// Title, what is the matter, what to do.
    #[expect(clippy::too_many_lines, reason = "one table of texts")]
    const fn texts(self, l: Language) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotLoggedIn => ("", "", ""),
            Self::NotYours => (
                l.pick("Niet voor uw rol", "Not for your role"),
                l.pick(
                    "Deze pagina of handeling hoort niet bij uw rol.",
                    "This page or action does not belong to your role.",
                ),
                l.pick(
                    "Denkt u dat dit niet klopt? Vraag de beheerder van de inlogdienst om uw rol na te gaan.",
                    "Do you think this is wrong? Ask whoever manages the login service to check your role.",
                ),
            ),
            Self::NotFound => (
                l.pick("Niet gevonden", "Not found"),
                l.pick(
                    "Deze pagina bestaat niet, of er is niets dat u mag zien.",
                    "This page does not exist, or there is nothing you may see.",
                ),
                l.pick(
                    "Controleer het adres, of ga naar het overzicht.",
                    "Check the address, or go to the overview.",
                ),
            ),
            Self::LinkUsed => (
                l.pick("Deze link werkt niet meer", "This link works no more"),
                l.pick(
                    "De link is al gebruikt, of er is een nieuwere. Elke link werkt één keer.",
                    "The link was used already, or there is a newer one. Each link works once.",
                ),
                l.pick(
                    "Een nieuwe link staat in het venster waarin u de demo startte.",
                    "A new link stands in the window in which you started the demo.",
                ),
            ),
            Self::Foreign => (
                l.pick("Het formulier is verlopen", "The form has expired"),
                l.pick(
                    "Dit formulier hoort niet bij uw huidige sessie. Er is niets gebeurd.",
                    "This form does not belong to your present session. Nothing was done.",
                ),
                l.pick(
                    "Ga terug, laad de pagina opnieuw en vul het formulier nog eens in.",
                    "Go back, load the page again and fill in the form once more.",
                ),
            ),
            Self::NoForm => (
                l.pick("Dit kan de balie niet lezen", "The desk cannot read this"),
                l.pick(
                    "Wat verstuurd werd, is geen formulier van de balie.",
                    "What was sent is not a form of the desk.",
                ),
                l.pick("Ga terug en probeer het opnieuw.", "Go back and try again."),
            ),
            Self::TooLarge => (
                l.pick("Te groot", "Too large"),
                l.pick(
                    "Het formulier is te groot om te verwerken. Er is niets gebeurd.",
                    "The form is too large. Nothing was done.",
                ),
                l.pick("Maak de tekst korter.", "Make the text shorter."),
            ),
            Self::Conflict => (
                l.pick("Dit is al gedaan", "This was done already"),
                l.pick(
                    "Iemand deed dit al: een collega, of uzelf in een ander tabblad. Er is nu niets veranderd.",
                    "Somebody did this already: a colleague, or you yourself in another tab. Nothing was changed now.",
                ),
                l.pick(
                    "Ga terug en laad de pagina opnieuw om te zien hoe het nu staat.",
                    "Go back and load the page again to see how it stands now.",
                ),
            ),
            Self::Reading(..) => (
                l.pick("Het logboek wordt gelezen", "The log is being read"),
                l.pick(
                    "Na een start leest de balie het hele logboek en rekent het na. Gelezen:",
                    "After a start the desk reads the whole log and computes its root again. Read:",
                ),
                l.pick(
                    "Deze pagina laadt zichzelf opnieuw.",
                    "This page loads itself again.",
                ),
            ),
            Self::Differs => (
                l.pick("Het logboek klopt niet", "The log is not right"),
                l.pick(
                    "Wat in de database staat, is niet wat ondertekend is. De balie toont er daarom niets uit.",
                    "What stands in the database is not what was signed. The desk therefore shows nothing of it.",
                ),
                l.pick(
                    "Waarschuw de beheerder en de auditor, en laat het logboek nagaan met sluis ledger verify.",
                    "Warn the operator and the auditor, and have the log checked with sluis ledger verify.",
                ),
            ),
            Self::Unavailable => (
                l.pick("Het logboek is niet bereikbaar", "The log cannot be reached"),
                l.pick(
                    "Wat u wilde zien of doen, kon niet worden vastgelegd. Daarom is er niets getoond en niets gedaan.",
                    "What you wanted to see or do could not be recorded. So nothing was shown and nothing was done.",
                ),
                l.pick("Probeer het over een minuut opnieuw.", "Try again in a minute."),
            ),
            Self::Busy => (
                l.pick("Even te druk", "Too busy"),
                l.pick(
                    "Er is nu te veel tegelijk te doen. Er is niets gebeurd.",
                    "There is too much to do at once. Nothing was done.",
                ),
                l.pick("Probeer het zo opnieuw.", "Try again in a moment."),
            ),
            Self::Internal => (
                l.pick("Er ging iets mis", "Something went wrong"),
                l.pick(
                    "Dat ligt aan de balie, niet aan u.",
                    "That is the desk's fault, not yours.",
                ),
                l.pick(
                    "Probeer het opnieuw; gaat het weer mis, waarschuw dan de beheerder.",
                    "Try again; if it goes wrong again, tell the operator.",
                ),
            ),
        }
    }
}
