//! Inzageverzoek: the answer to a person who asks what was shared about them (AVG 15), as a page and
//! as a PDF to send.
//!
//! The report is the answer to the form itself, and nothing of it is kept: not in the session, and under
//! no address of its own. Whoever wants it again, or as a PDF, posts the same form again, and is in the
//! book again. So there is nothing to be found by who comes after at the same browser, and every copy
//! that was made can be counted.

mod ground;
mod letter;
mod paper;
mod tables;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;

use super::cause;
use super::forms::{Filled, Form};
use super::judging::wrong;
use super::page::{Page, file, html};
use super::problem::Problem;
use super::routes::{OFFICER, Routes};
use super::visit::Visit;
use super::words::Wording;
use crate::clock::{Day, Moment};
use crate::domain::{AddressId, OwnerId};
use crate::exchange::officer::{Choices, Shared, Subject};
use crate::language::Language;
use letter::{Letter, Table};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/inzageverzoek", OFFICER, show)
        .post("/inzageverzoek", OFFICER, make)
}

/// What a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    subject: Subject,
    /// From the beginning of this day.
    from: Option<Day>,
    /// To the end of this one.
    to: Option<Day>,
    language: Language,
    is_pdf: bool,
}

impl Asked {
    fn period(&self) -> (Option<Moment>, Option<Moment>) {
        let end = self.to.map(|day| day.plus_days(1).start());
        (self.from.map(Day::start), end)
    }
}

#[derive(Template)]
#[template(path = "inzageverzoek.html")]
struct FormPage {
    page: Page,
    f: Filled,
}

#[derive(Template)]
#[template(path = "inzageverzoek-rapport.html")]
struct ReportPage {
    page: Page,
    /// What was asked, to ask it again.
    f: Filled,
    letter: Letter,
    entry: String,
    /// What the officer should see to before sending it.
    cautions: Vec<String>,
    may_erase: bool,
}

impl ReportPage {
    /// What to say where the page has no room for a whole table.
    fn rest(&self, table: &Table) -> Option<String> {
        table.rest(self.letter.l)
    }
}

async fn show(visit: Visit) -> Response {
    let form = Form::default()
        .with("aanleiding", "inzageverzoek")
        .with("taal", visit.l.tag());
    form_page(&visit, Filled::new(form, visit.l))
}

fn form_page(visit: &Visit, f: Filled) -> Response {
    html(&FormPage {
        page: visit.page(visit.l.pick("Inzageverzoek", "Access request")),
        f,
    })
}

async fn make(visit: Visit, form: Form) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let mut f = Filled::new(form, l);
    let asked = read(&mut f, l);
    let today = officers.now().local().day();
    if asked.as_ref().and_then(|asked| asked.from) > Some(today) {
        f.wrong(
            "van",
            "Deze dag ligt in de toekomst. Kies een dag tot en met vandaag.",
            "This day lies in the future. Choose a day up to today.",
        );
    }
    let cause = cause::of(&visit, &mut f);
    let (Some(asked), Some(cause), false) = (asked, cause, f.is_wrong()) else {
        return Ok(wrong(form_page(&visit, f)));
    };
    let (from, until) = asked.period();
    let report = officers.report(visit.officer(), &cause, &asked.subject, from, until);
    let shared = report.await?;
    let letter = Letter::new(&visit.officer().organisation, officers, &asked, &shared);
    if asked.is_pdf {
        let day = shared.receipt.time.local().day();
        let name = asked
            .language
            .pick("overzicht-gedeelde-gegevens", "overview-of-shared-data");
        let name = format!("{name}-{day}.pdf");
        // Setting thousands of lines takes a while: not on a thread that serves requests.
        let made = tokio::task::spawn_blocking(move || letter.to_pdf()).await;
        let made = made.map_err(|_| Problem::Internal)?;
        return Ok(file("application/pdf", &name, made));
    }
    Ok(html(&ReportPage {
        page: visit.page(l.pick("Overzicht voor de bewoner", "Overview for the resident")),
        f,
        letter,
        entry: l.number(shared.receipt.index),
        cautions: cautions(&shared, &Wording::new(officers, l)),
        may_erase: visit.may_erase(),
    }))
}

/// What a form asks for; `None` with what is wrong beside the fields.
fn read(f: &mut Filled, l: Language) -> Option<Asked> {
    let both = !f.value("nummeraanduiding").is_empty() && !f.value("eigenaar").is_empty();
    if both {
        f.wrong(
            "eigenaar",
            "Vul één van beide in: het adres of de eigenaar.",
            "Fill in one of the two: the address or the owner.",
        );
    }
    let owner = f.optional(
        "eigenaar",
        (
            "Een pseudoniem heeft 1 tot 128 tekens.",
            "A pseudonym has 1 to 128 characters.",
        ),
        |text| OwnerId::parse(text).ok(),
    );
    let address = if f.value("eigenaar").is_empty() {
        f.required(
            "nummeraanduiding",
            (
                "Vul het BAG-nummer van het adres in: 16 cijfers, met 20 op plaats 5 en 6. Of vul een eigenaar in.",
                "Fill in the BAG number of the address: 16 digits, with 20 at places 5 and 6. Or fill in an owner.",
            ),
            |text| AddressId::parse(text).ok(),
        )
    } else {
        None
    };
    let day = (
        "Vul een bestaande datum in, of laat het veld leeg.",
        "Fill in a date that exists, or leave the field empty.",
    );
    let from = f.optional("van", day, |text| Day::parse(text).ok());
    let to = f.optional("tot", day, |text| Day::parse(text).ok());
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        f.wrong(
            "tot",
            "De einddatum ligt voor de begindatum.",
            "The end lies before the beginning.",
        );
    }
    let subject = address
        .map(Subject::Address)
        .or_else(|| owner.map(Subject::Owner))?;
    Some(Asked {
        subject,
        from,
        to,
        language: Language::find(f.value("taal")).unwrap_or(l),
        is_pdf: f.value("vorm") == "pdf",
    })
}

/// What is not settled, or was judged unlawful: the officer reads that before the letter goes out.
fn doubts(shared: &Shared, wording: &Wording) -> Vec<String> {
    let l = wording.l;
    let lines = |count: usize| match (count, l) {
        (1, Language::Dutch) => "1 regel".to_owned(),
        (count, Language::Dutch) => format!("{} regels", l.number(count as u64)),
        (1, Language::English) => "1 line".to_owned(),
        (count, Language::English) => format!("{} lines", l.number(count as u64)),
    };
    let mut all = Vec::new();
    let has_choices = !matches!(&shared.choices, Choices::Of(list) if list.is_empty());
    let has_choices = has_choices && shared.choices != Choices::NotHere;
    if shared.lines.is_empty() && !has_choices {
        all.push(
            l.pick(
                "De balie vond niets over dit adres of deze eigenaar. Kijk na of u het nummer, het pseudoniem en de periode goed invulde voor u dit verstuurt.",
                "The desk found nothing about this address or this owner. Check whether you filled in the number, the pseudonym and the period rightly before you send this.",
            )
            .to_owned(),
        );
    }
    if shared.in_signals > 0 {
        let told = lines(shared.in_signals);
        all.push(match l {
            Language::Dutch => format!(
                "{told} in dit overzicht hoort bij een signaal waar nog niemand naar keek. Zoek eerst uit of het delen terecht was, op de pagina Signalen. Verstuur het overzicht daarna."
            ),
            Language::English => format!(
                "{told} in this overview is part of a signal that nobody looked at yet. First find out whether the sharing was right, on the page Signals. Send the overview after that."
            ),
        });
    }
    let unlawful = shared.lines.iter().filter(|line| line.unlawful).count();
    if unlawful > 0 {
        let told = lines(unlawful);
        all.push(match l {
            Language::Dutch => format!(
                "Bij {told} in dit overzicht oordeelde uw organisatie dat delen niet mocht. Dat staat in de brief. Is de bewoner al geïnformeerd over dit datalek (AVG 34)? Kijk bij Beoordelingen, onder incidenten."
            ),
            Language::English => format!(
                "About {told} in this overview your organisation judged that sharing was not lawful. The letter says so. Was the resident told of this breach already (GDPR 34)? Look under Reviews, at the incidents."
            ),
        });
    }
    let others = shared.lines.iter().filter(|line| !line.unlawful);
    let others: Vec<_> = others.flat_map(|line| &line.unlawful_by_others).collect();
    if !others.is_empty() {
        let told = lines(others.len());
        let names: BTreeSet<_> = others
            .iter()
            .map(|oin| wording.organisation(**oin))
            .collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        all.push(match l {
            Language::Dutch => format!(
                "Bij {told} in dit overzicht oordeelde {names} dat delen niet mocht. Uw eigen organisatie oordeelde dat niet. Overleg voor u het overzicht verstuurt."
            ),
            Language::English => format!(
                "About {told} in this overview {names} judged that sharing was not lawful. Your own organisation did not. Consult before you send the overview."
            ),
        });
    }
    all
}

/// What to see to before it is sent.
fn cautions(shared: &Shared, wording: &Wording) -> Vec<String> {
    let mut all = doubts(shared, wording);
    let l = wording.l;
    if let Some(last) = shared.owners_changed.last() {
        let day = super::words::day(last.local().day(), l);
        all.push(match l {
            Language::Dutch => format!(
                "Het adres kreeg een andere eigenaar, het laatst op {day}. Wat daarvoor is gedeeld, kan over iemand anders gaan. Is de vrager de nieuwe eigenaar? Kies dan een begindatum, of maak het overzicht voor de eigenaar."
            ),
            Language::English => format!(
                "The address got another owner, last on {day}. What was shared before may be about somebody else. Is the new owner asking? Then choose a beginning, or make the overview for the owner."
            ),
        });
    }
    if matches!(shared.choices, Choices::OfSeveral(_)) {
        all.push(
            l.pick(
                "De keuzes van eigenaren staan er niet in, want ze zijn van meer mensen of van een vorige eigenaar. Maak daarvoor een overzicht per eigenaar.",
                "The choices of owners are not in it, because they are of several people or of an earlier owner. Make an overview for each owner for that.",
            )
            .to_owned(),
        );
    }
    if shared.more {
        all.push(
            l.pick(
                "Er is meer dan in één overzicht past: dit is het begin. Kies een kortere periode en maak er meer.",
                "There is more than fits in one overview: this is the beginning. Choose a shorter period and make several.",
            )
            .to_owned(),
        );
    }
    if let Some(since) = shared.since {
        let day = super::words::day(since.local().day(), l);
        all.push(match l {
            Language::Dutch => format!(
                "De balie heeft de regels vanaf {day} bij de hand. Wat ouder is, staat in het logboek zelf; vraag de beheerder daarnaar."
            ),
            Language::English => format!(
                "The desk has the entries from {day} on at hand. What is older is in the log itself; ask the operator for it."
            ),
        });
    }
    all
}
