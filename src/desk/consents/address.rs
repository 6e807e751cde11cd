//! The registry of one address, as it was when it was opened.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::{self, Wording};
use super::Registered;
use super::history::{self, Step};
use super::standing::{self, Chosen, Stand};
use super::wording::{Date, absent, in_a_row, kind_name, validity};
use crate::clock::Moment;
use crate::domain::{AddressFacts, Choice, ChoiceKind, ChoiceState, DeskRole};
use crate::language::Language;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/toestemmingen/adres/{nummer}", EVERYONE, show)
}

/// The way back when what was opened is closed again.
pub(super) fn closed(visit: &Visit) -> Response {
    visit.session.tell(Notice::know(visit.l.pick(
        "Wat u hier had geopend, is weer dicht. Zoek het adres nog eens op.",
        "What you had opened here is closed again. Look the address up once more.",
    )));
    see_other("/toestemmingen")
}

/// A choice in the table of an owner.
struct ChoiceRow {
    kind: &'static str,
    badge: &'static str,
    state: &'static str,
    about: String,
    holds: String,
    /// How it can be taken back, where it can.
    withdraw: Option<String>,
    /// The letter of what was asked.
    letter: Option<String>,
}

struct OwnerPart {
    name: String,
    since: Date,
    rows: Vec<ChoiceRow>,
}

struct FormerRow {
    owner: String,
    /// Why it does not count.
    why: &'static str,
    kind: &'static str,
    state: &'static str,
    about: String,
    holds: String,
}

struct DossierRow {
    organisation: String,
    number: String,
    is_active: bool,
    marks: String,
}

struct AosRow {
    by: String,
    from: Date,
    until: Date,
    badge: &'static str,
    state: String,
}

struct OwnershipRow {
    from: Date,
    owners: String,
}

#[derive(Template)]
#[template(path = "toestemming-adres.html")]
struct AddressPage {
    page: Page,
    number: u32,
    address: String,
    at: Date,
    lead: String,
    is_known: bool,
    owners: Vec<OwnerPart>,
    former: Vec<FormerRow>,
    ownerships: Vec<OwnershipRow>,
    dossiers: Vec<DossierRow>,
    reports: Vec<AosRow>,
    steps: Vec<Step>,
    is_registrar: bool,
    may_export: bool,
    /// The address, for whoever may ask that it is erased or held.
    erasable: Option<String>,
}

async fn show(visit: Visit, Path(number): Path<String>) -> Result<Response, Problem> {
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    let Some(kept) = visit.find_registered(number) else {
        return Ok(closed(&visit));
    };
    let l = visit.l;
    let wording = Wording::new(&visit.desk.officers, l);
    let own = visit.officer().organisation.oin;
    let (facts, at) = (&kept.facts, kept.at);
    let owners = standing::owners(facts, at);
    let may_withdraw = visit.is_registrar();
    let owners: Vec<OwnerPart> = owners
        .iter()
        .map(|one| OwnerPart {
            name: one.owner.to_string(),
            since: Date::of(one.since, l),
            rows: one
                .chosen
                .iter()
                .flat_map(|chosen| rows(chosen, may_withdraw, &wording))
                .collect(),
        })
        .collect();
    let former = standing::of_former_owners(facts, at);
    Ok(html(&AddressPage {
        number,
        address: kept.address.to_string(),
        at: Date::and_time(at, l),
        lead: lead(&kept, &wording),
        is_known: facts.version > 0,
        owners,
        former: former
            .iter()
            .map(|one| former_row(one, facts, &wording))
            .collect(),
        ownerships: ownerships(&kept, l),
        dossiers: dossiers(&kept, &wording),
        reports: reports(&kept, &wording),
        steps: history::steps(kept.address, &kept.leaves, own, &wording),
        is_registrar: may_withdraw,
        erasable: visit.may_erase().then(|| kept.address.to_string()),
        may_export: visit.officer().is_any(&[DeskRole::Fg, DeskRole::Auditor]),
        page: visit.page(&format!("{} {}", l.pick("Adres", "Address"), kept.address)),
    }))
}

fn lead(kept: &Registered, wording: &Wording) -> String {
    let l = wording.l;
    let facts = &kept.facts;
    let owners = match facts.owners_at(kept.at).len() {
        0 => l
            .pick("Geen eigenaar bekend.", "No owner known.")
            .to_owned(),
        1 => l.pick("Eén eigenaar.", "One owner.").to_owned(),
        many => format!("{many} {}", l.pick("eigenaren.", "owners.")),
    };
    let mut active: Vec<String> = Vec::new();
    for dossier in facts.dossiers.iter().filter(|dossier| dossier.active) {
        let name = wording.organisation(dossier.organisation);
        if !active.contains(&name) {
            active.push(name);
        }
    }
    let dossiers = if active.is_empty() {
        l.pick("Geen lopend dossier.", "No active dossier.")
            .to_owned()
    } else {
        format!(
            "{} {}.",
            l.pick("Lopend dossier bij", "Active dossier at"),
            in_a_row(&active, l)
        )
    };
    let aos = match facts.aos_at(kept.at) {
        Some(_) => l.pick(
            " Er loopt een melding van een acuut onveilige situatie.",
            " A report of an acutely unsafe situation is in force.",
        ),
        None => "",
    };
    format!("{owners} {dossiers}{aos}")
}

/// The badge and the words for how a choice stands.
pub(super) const fn stand_words(
    kind: ChoiceKind,
    stand: Stand,
    l: Language,
) -> (&'static str, &'static str) {
    let objects = matches!(kind, ChoiceKind::Objection);
    match stand {
        Stand::Counts if objects => ("let-op", l.pick("gemaakt, geldt", "made, holds")),
        Stand::CountsPartly if objects => (
            "let-op",
            l.pick("gemaakt, geldt deels nog", "made, holds in part"),
        ),
        Stand::Counts => ("ja", l.pick("gegeven, geldt", "given, holds")),
        Stand::CountsPartly => (
            "ja",
            l.pick("gegeven, geldt deels nog", "given, holds in part"),
        ),
        Stand::Overtaken => (
            "",
            l.pick(
                "ingehaald door een latere keuze",
                "overtaken by a later choice",
            ),
        ),
        Stand::Later => ("info", l.pick("gaat later in", "begins later")),
        Stand::Expired => ("let-op", l.pick("verlopen", "expired")),
        Stand::Is(ChoiceState::Requested) => (
            "info",
            l.pick("gevraagd, geen antwoord", "asked, no answer"),
        ),
        Stand::Is(
            state @ (ChoiceState::Refused | ChoiceState::Withdrawn | ChoiceState::Revoked),
        ) if !objects => ("nee", words::choice_state(state, l)),
        Stand::Is(state) => ("", words::choice_state(state, l)),
    }
}

fn rows(chosen: &Chosen<'_>, may_withdraw: bool, wording: &Wording) -> Vec<ChoiceRow> {
    let l = wording.l;
    let kind = kind_name(chosen.kind, l);
    if chosen.choices.is_empty() {
        return vec![ChoiceRow {
            kind,
            badge: "",
            state: l.pick("niets bekend", "nothing known"),
            about: absent(chosen.kind, l).to_owned(),
            holds: "–".to_owned(),
            withdraw: None,
            letter: None,
        }];
    }
    let row = |(choice, stand): &(&Choice, Stand)| {
        let (badge, state) = stand_words(chosen.kind, *stand, l);
        ChoiceRow {
            kind,
            badge,
            state,
            about: wording.about(choice),
            holds: validity(choice.valid_from, choice.valid_until, l),
            withdraw: (may_withdraw && choice.can_end())
                .then(|| format!("/toestemmingen/intrekken/{}", choice.id)),
            letter: (may_withdraw && *stand == Stand::Is(ChoiceState::Requested))
                .then(|| format!("/toestemmingen/brief/{}", choice.id)),
        }
    };
    chosen.choices.iter().map(row).collect()
}

fn former_row(choice: &Choice, facts: &AddressFacts, wording: &Wording) -> FormerRow {
    let l = wording.l;
    let mut told = facts.ownerships.iter();
    let was_owner = told.any(|told| told.owners.contains(&choice.owner));
    FormerRow {
        owner: choice.owner.to_string(),
        why: if was_owner {
            l.pick("telt niet", "does not count")
        } else {
            l.pick("nooit eigenaar", "never an owner")
        },
        kind: kind_name(choice.kind, l),
        state: words::choice_state_of(choice.kind, choice.state, l),
        about: wording.about(choice),
        holds: validity(choice.valid_from, choice.valid_until, l),
    }
}

fn ownerships(kept: &Registered, l: Language) -> Vec<OwnershipRow> {
    let mut told: Vec<_> = kept.facts.ownerships.iter().collect();
    told.sort_by_key(|one| std::cmp::Reverse((one.from, one.recorded_at)));
    let row = |one: &&crate::domain::Ownership| {
        let names: Vec<String> = one.owners.iter().map(ToString::to_string).collect();
        OwnershipRow {
            from: Date::of(one.from, l),
            owners: if names.is_empty() {
                l.pick("niemand bekend", "nobody known").to_owned()
            } else {
                in_a_row(&names, l)
            },
        }
    };
    told.iter().map(row).collect()
}

fn dossiers(kept: &Registered, wording: &Wording) -> Vec<DossierRow> {
    let all = kept.facts.dossiers.iter();
    let row = |dossier: &crate::domain::Dossier| {
        let marks: Vec<String> = dossier.marks.iter().map(ToString::to_string).collect();
        DossierRow {
            organisation: wording.organisation(dossier.organisation),
            number: dossier.number.to_string(),
            is_active: dossier.active,
            marks: in_a_row(&marks, wording.l),
        }
    };
    all.map(row).collect()
}

fn reports(kept: &Registered, wording: &Wording) -> Vec<AosRow> {
    let l = wording.l;
    let row = |aos: &crate::domain::Aos| {
        let (badge, state) = state_of(aos, kept.at, l);
        AosRow {
            by: wording.organisation(aos.reported_by),
            from: Date::and_time(aos.from, l),
            until: Date::and_time(aos.until, l),
            badge,
            state,
        }
    };
    kept.facts.aos.iter().rev().map(row).collect()
}

fn state_of(aos: &crate::domain::Aos, at: Moment, l: Language) -> (&'static str, String) {
    if aos.active_at(at) {
        return ("let-op", l.pick("loopt", "in force").to_owned());
    }
    match aos.closed {
        Some(closed) => (
            "",
            format!(
                "{} {}",
                l.pick("afgesloten op", "closed on"),
                words::day(closed.local().day(), l)
            ),
        ),
        None if at < aos.from => ("info", l.pick("gaat later in", "begins later").to_owned()),
        None => ("", l.pick("voorbij", "over").to_owned()),
    }
}
