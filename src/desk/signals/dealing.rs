//! What is done with a signal: finding out who it is about, and dealing with it.

use axum::response::Response;

use super::{Sent, Who, page, signals};
use crate::desk::cause;
use crate::desk::forms::{Filled, Form};
use crate::desk::page::Notice;
use crate::desk::problem::Problem;
use crate::desk::visit::{Visit, see_other};
use crate::domain::DeskRole;
use crate::exchange::Failure;
use crate::exchange::officer::{Cause, Finding, Remark};
use crate::language::Language;
use crate::oversight::{Signal, SignalKind};

/// What a form asks: who it is, or to deal with it.
pub(super) async fn act(visit: Visit, form: Form) -> Result<Response, Problem> {
    let l = visit.l;
    let mut f = Filled::new(form, l);
    let kind = SignalKind::find(f.value("signaal"));
    let about: Option<u64> = f.value("over").parse().ok();
    let meant = kind.zip(about);
    let all = signals(&visit).await?;
    let open = |signal: &Signal| signal.dismissed.is_none();
    let found = all
        .iter()
        .find(|(signal, _)| meant == Some((signal.kind, signal.about)) && open(signal));
    let Some((signal, is_self)) = found else {
        visit.session.tell(Notice::know(l.pick(
            "Dit signaal is er niet meer: iemand anders handelde het af, of de cijfers zijn veranderd.",
            "This signal is there no more: somebody else dealt with it, or the numbers changed.",
        )));
        return Ok(see_other("/signalen"));
    };
    if f.value("daad") == "medewerker" {
        return open_person(&visit, f, signal).await;
    }
    if !visit.officer().is_any(&[DeskRole::Fg]) {
        return Err(Problem::NotYours);
    }
    let cause = cause::of(&visit, &mut f);
    let finding = finding(&mut f);
    if *is_self {
        f.wrong(
            "opmerking",
            "Dit signaal gaat over uzelf. Iemand anders handelt het af.",
            "This signal is about yourself. Somebody else deals with it.",
        );
    }
    let (Some(cause), Some(finding), false) = (cause, finding, f.is_wrong()) else {
        return page(&visit, sent(signal, f, Who::Unasked)).await;
    };
    // The one that was meant first, and with it what else is open about the same person if asked.
    let mut meant = vec![signal];
    if f.is("alle", "ja") && signal.person.is_some() {
        let others = all.iter().map(|(other, _)| other);
        meant.extend(others.filter(|other| {
            let is_other = (other.kind, other.about) != (signal.kind, signal.about);
            is_other && open(other) && other.person == signal.person
        }));
    }
    deal_with(&visit, &cause, &meant, &finding).await
}

/// What was found, with why; `None` with what is wrong.
fn finding(f: &mut Filled) -> Option<Finding> {
    let found = f.required(
        "oordeel",
        (
            "Kies of dit in orde is.",
            "Choose whether this is in order.",
        ),
        |code| match code {
            "in-orde" => Some(Finding::InOrder as fn(Remark) -> Finding),
            "niet-in-orde" => Some(Finding::NotInOrder as fn(Remark) -> Finding),
            _ => None,
        },
    );
    let remark = f.required(
        "opmerking",
        (
            "Schrijf op waarom, of wat u deed: 1 tot 2.000 tekens.",
            "Write down why, or what you did: 1 to 2,000 characters.",
        ),
        Remark::parse,
    );
    Some(found?(remark?))
}

/// Each gets an entry of its own; what somebody else dealt with in the meantime is left as it is.
async fn deal_with(
    visit: &Visit,
    cause: &Cause,
    meant: &[&Signal],
    finding: &Finding,
) -> Result<Response, Problem> {
    let l = visit.l;
    let officers = &visit.desk.officers;
    let mut done = Vec::new();
    for signal in meant {
        let code = signal.kind.code();
        let dealt = officers.deal_with(visit.officer(), cause, code, signal.about, finding);
        match dealt.await {
            Ok(_) => done.push(signal.about),
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    let recorded = match (done.len(), l) {
        (0, _) => {
            visit.session.tell(Notice::know(l.pick(
                "Iemand anders handelde dit signaal al af.",
                "Somebody else dealt with this signal already.",
            )));
            return Ok(see_other("/signalen"));
        }
        (1, _) => l
            .pick(
                "Het signaal is afgehandeld. Uw reden staat in het logboek.",
                "The signal is dealt with. Your reason is in the log.",
            )
            .to_owned(),
        (many, Language::Dutch) => {
            format!("{many} signalen zijn afgehandeld. Bij elk staat uw reden in het logboek.")
        }
        (many, Language::English) => {
            format!("{many} signals are dealt with. Your reason is in the log with each.")
        }
    };
    if let (Finding::NotInOrder(_), Some(about)) = (finding, done.first()) {
        let clock = l.pick(
                "Er is nu een incident. U hebt 72 uur om te besluiten over een melding bij de Autoriteit Persoonsgegevens.",
                "There is now an incident. You have 72 hours to decide whether to notify the data protection authority.",
            );
        visit.session.tell(Notice {
            kind: "let-op",
            text: format!("{recorded} {clock}"),
        });
        return Ok(see_other(&format!("/incidenten/{about}")));
    }
    visit.session.tell(Notice::done(recorded));
    Ok(see_other("/signalen"))
}

async fn open_person(visit: &Visit, mut f: Filled, signal: &Signal) -> Result<Response, Problem> {
    let index = signal.entry_of_person.ok_or(Problem::NotFound)?;
    let Some(cause) = cause::of(visit, &mut f) else {
        return page(visit, sent(signal, f, Who::Unasked)).await;
    };
    let officers = &visit.desk.officers;
    let opened = officers.open_employee(visit.officer(), &cause, index);
    let (name, case) = opened.await?;
    // Only where all of it is one case does that say anything.
    let case = case.filter(|_| signal.kind == SignalKind::NothingFollowed);
    let who = name.map_or(Who::Erased, |name| Who::Named(name, case));
    page(visit, sent(signal, f, who)).await
}

fn sent(signal: &Signal, f: Filled, who: Who) -> Sent {
    Sent {
        signal: Some((signal.kind, signal.about)),
        f,
        who,
    }
}
