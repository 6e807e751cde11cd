//! Registering a choice from a signed letter: first which of the four it is, then the rest. What is
//! filled in is proposed; a second person confirms it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{REGISTRAR, Routes};
use super::super::visit::{Visit, see_other};
use super::history::{EVIDENCE, LANGUAGES};
use super::offer::{Named, Offer};
use super::standing::KINDS;
use super::typed::{self, NEW_STATES};
use super::wording::kind_name;
use crate::clock::Moment;
use crate::domain::{ChoiceKind, ChoiceState};
use crate::exchange::NewChoice;
use crate::exchange::officer::Doubts;
use crate::language::Language;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/vastleggen", REGISTRAR, show)
        .post("/toestemmingen/vastleggen", REGISTRAR, propose)
}

struct KindChoice {
    code: &'static str,
    name: &'static str,
    hint: &'static str,
}

#[derive(Template)]
#[template(path = "toestemming-soort.html")]
struct KindPage {
    page: Page,
    kinds: Vec<KindChoice>,
    from: String,
}

/// Something to tick or pick: value, name.
pub(super) type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "toestemming-vastleggen.html")]
struct RegisterPage {
    page: Page,
    f: Filled,
    kind: &'static str,
    kind_code: &'static str,
    hint: &'static str,
    is_joint: bool,
    whom: &'static str,
    makes_no_difference: bool,
    receivers: Options,
    purposes: Options,
    kinds: Options,
    coordinators: Options,
    states: Options,
    evidence: Options,
    languages: Options,
    /// To be ticked where something speaks against it.
    sure: Options,
}

/// What a kind of choice is for.
const fn hint(kind: ChoiceKind, l: Language) -> &'static str {
    match kind {
        ChoiceKind::Consent => l.pick(
            "Voor wat zonder toestemming niet mag (AVG 6(1)(a)).",
            "For what is not allowed without consent (GDPR 6(1)(a)).",
        ),
        ChoiceKind::ExplicitAgreement => l.pick(
            "Voor gezondheidsgegevens bij een knelpunt (AVG 9(2)(a), TwG 3(9)).",
            "For health data in a deadlock (GDPR 9(2)(a), TwG 3(9)).",
        ),
        ChoiceKind::Objection => l.pick(
            "De eigenaar wil niet dat schade en versterking op elkaar worden afgestemd (TwG 2a(3)).",
            "The owner does not want damage and strengthening to be aligned (TwG 2a(3)).",
        ),
        ChoiceKind::JointRequest => l.pick(
            "De eigenaar wil gezamenlijke behandeling en kiest wie coördineert (TwG 2a(4)).",
            "The owner wants joint handling and chooses who coordinates (TwG 2a(4)).",
        ),
    }
}

/// A state in which a choice is recorded, as the answer of an owner.
fn state_name(kind: ChoiceKind, state: ChoiceState, l: Language) -> &'static str {
    let objects = kind == ChoiceKind::Objection;
    match state {
        ChoiceState::Given if objects => l.pick(
            "gegeven: de eigenaar maakt bezwaar",
            "given: the owner objects",
        ),
        ChoiceState::Given => l.pick("gegeven: de eigenaar zegt ja", "given: the owner says yes"),
        ChoiceState::Renewed => l.pick(
            "vernieuwd: de eigenaar zegt opnieuw ja, voordat de vorige keuze afliep",
            "renewed: the owner says yes again, before the choice before it expired",
        ),
        ChoiceState::Refused => l.pick(
            "geweigerd: de eigenaar zegt nee",
            "refused: the owner says no",
        ),
        _ => l.pick(
            "gevraagd: de brief is verstuurd, er is nog geen antwoord",
            "asked: the letter was sent, there is no answer yet",
        ),
    }
}

pub(super) fn options<T: ToString>(all: &[Named<T>]) -> Options {
    all.iter()
        .map(|one| (one.value.to_string(), one.name.clone()))
        .collect()
}

pub(super) fn worded(all: &[(&str, &str, &str)], l: Language) -> Options {
    all.iter()
        .map(|(code, dutch, english)| ((*code).to_owned(), l.pick(dutch, english).to_owned()))
        .collect()
}

async fn show(
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let l = visit.l;
    let from = query.get("bij").map_or("", String::as_str);
    let kind = query
        .get("soort")
        .and_then(|code| ChoiceKind::parse(code).ok());
    let Some(kind) = kind else {
        let kinds = KINDS.into_iter().map(|kind| KindChoice {
            code: kind.code(),
            name: kind_name(kind, l),
            hint: hint(kind, l),
        });
        return Ok(html(&KindPage {
            kinds: kinds.collect(),
            from: from
                .parse::<u32>()
                .map_or_else(|_| String::new(), |number| number.to_string()),
            page: visit.page(l.pick(
                "Keuze uit een brief vastleggen",
                "Register a choice from a letter",
            )),
        }));
    };
    let mut form = Form::default().with("taal", "nl");
    let address = from
        .parse()
        .ok()
        .and_then(|number| visit.find_registered(number));
    if let Some(kept) = address {
        form = form.with("adres", kept.address.as_str());
        let owners = kept.facts.owners_at(kept.at);
        if let (Some((owner, _)), 1) = (owners.first_key_value(), owners.len()) {
            form = form.with("eigenaar", owner.as_str());
        }
    }
    let offer = offer(&visit, kind)?;
    if let [only] = offer.purposes.as_slice() {
        form = form.with("doelen", &only.value.to_string());
    }
    if let [only] = offer.kinds.as_slice() {
        form = form.with("documentsoorten", &only.value.to_string());
    }
    let form = form
        .with("doelen-welke", "enkele")
        .with("documentsoorten-welke", "enkele");
    Ok(page(&visit, &offer, Filled::new(form, l)))
}

fn offer(visit: &Visit, kind: ChoiceKind) -> Result<Offer, Problem> {
    let officers = &visit.desk.officers;
    // Without a bundle in force nothing has a purpose.
    let bundle = officers.bundle_in_force().ok_or(Problem::Unavailable)?;
    Ok(Offer::new(kind, &bundle, officers.organisations(), visit.l))
}

fn page(visit: &Visit, offer: &Offer, f: Filled) -> Response {
    let (l, kind) = (visit.l, offer.kind);
    let states = NEW_STATES.into_iter().map(|state| {
        let name = state_name(kind, state, l);
        (state.code().to_owned(), name.to_owned())
    });
    let sure = l.pick(
        "Ik heb dit nagekeken. Leg de keuze toch voor.",
        "I have checked this. Put the choice forward all the same.",
    );
    html(&RegisterPage {
        sure: vec![(checked(&f), sure.to_owned())],
        kind: kind_name(kind, l),
        kind_code: kind.code(),
        hint: hint(kind, l),
        is_joint: kind == ChoiceKind::JointRequest,
        whom: match kind {
            ChoiceKind::Objection => {
                l.pick("Wie mag niet meer afstemmen?", "Who may no longer align?")
            }
            _ => l.pick("Wie mag het krijgen?", "Who may receive it?"),
        },
        makes_no_difference: offer.makes_no_difference,
        receivers: options(&offer.receivers),
        purposes: options(&offer.purposes),
        kinds: options(&offer.kinds),
        coordinators: options(&offer.coordinators),
        states: states.collect(),
        evidence: worded(&EVIDENCE, l),
        languages: worded(&LANGUAGES, l),
        page: visit.page(l.pick(
            "Keuze uit een brief vastleggen",
            "Register a choice from a letter",
        )),
        f,
    })
}

/// The field that says that doubts were looked into.
const SURE: &str = "nagekeken";

/// What a doubt is about: who has looked into it has not looked into another.
fn checked(f: &Filled) -> String {
    let value = |field| f.value(field);
    format!("{} {} {}", value("adres"), value("van"), value("eigenaar"))
}

/// Says what speaks against a choice, so that it is looked at again before it is proposed.
fn doubt(f: &mut Filled, new: &NewChoice, doubts: Doubts, now: Moment) {
    let name = new.owner.as_str().contains(char::is_whitespace);
    if name {
        f.wrong(
            SURE,
            "De eigenaar lijkt een naam. Vul een pseudoniem in: een naam hoort niet in het register.",
            "The owner looks like a name. Fill in a pseudonym: a name does not belong in the registry.",
        );
    }
    if doubts.unknown_address {
        f.wrong(
            SURE,
            "Het register kent dit adres niet. Kijk het nummer na.",
            "The registry does not know this address. Check the number.",
        );
    } else if doubts.unknown_owner {
        f.wrong(
            SURE,
            "Het register kent deze eigenaar niet als eigenaar van dit adres op de begindatum. Dan telt de keuze niet mee.",
            "The registry does not know this owner as an owner of this address on the first day. Then the choice does not count.",
        );
    }
    if now < new.valid_from {
        f.wrong(
            SURE,
            "De begindatum ligt in de toekomst. Tot die dag geldt de keuze niet.",
            "The first day lies in the future. Until that day the choice does not hold.",
        );
    }
    if new.valid_until.is_some_and(|until| until <= now) {
        f.wrong(
            SURE,
            "De einddatum is al voorbij. De keuze geldt dan niet meer.",
            "The last day has passed already. Then the choice no longer holds.",
        );
    }
}

async fn propose(visit: Visit, form: Form) -> Result<Response, Problem> {
    let l = visit.l;
    let Ok(kind) = ChoiceKind::parse(form.value("soort")) else {
        return Ok(see_other("/toestemmingen/vastleggen"));
    };
    let offer = offer(&visit, kind)?;
    let mut f = Filled::new(form, l);
    let new = typed::new_choice(&mut f, &offer);
    let cause = cause::of(&visit, &mut f);
    let (Some(new), Some(cause)) = (new, cause) else {
        let shown = page(&visit, &offer, f);
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let officers = &visit.desk.officers;
    if !f.is(SURE, &checked(&f)) {
        let doubts = officers.doubts(visit.officer(), &cause, &new).await?;
        doubt(&mut f, &new, doubts, officers.now());
        if f.is_wrong() {
            let shown = page(&visit, &offer, f);
            return Ok((StatusCode::BAD_REQUEST, shown).into_response());
        }
    }
    let receipt = officers
        .propose_choice(visit.officer(), &cause, new)
        .await?;
    visit.session.tell(Notice::done(l.pick(
        "Het voorstel staat in het logboek. Er is nog niets veranderd: een collega moet het bevestigen.",
        "The proposal is in the log. Nothing has changed yet: a colleague must confirm it.",
    )));
    Ok(see_other(&format!(
        "/toestemmingen/voorstel/{}",
        receipt.index
    )))
}
