//! What waits for somebody, in the parts they play.

use crate::clock::Moment;
use crate::desk::signals;
use crate::desk::terms::{self, Term};
use crate::desk::visit::Visit;
use crate::desk::witnesses::Told;
use crate::desk::words::{self, Wording};
use crate::domain::DeskRole;
use crate::exchange::officer::Waits as Asked;
use crate::language::Language;
use crate::oversight::{EXPIRES_WITHIN_DAYS, Figures, Signal, Waiting};

/// Something that waits, as a panel that leads there.
pub(super) struct Waits {
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    pub(super) number: String,
    pub(super) what: String,
    pub(super) badge: Option<Term>,
    pub(super) after_badge: &'static str,
    pub(super) hint: String,
    pub(super) is_urgent: bool,
}

/// What waits for this person, in the parts they play; what waits for nobody is left out.
pub(super) fn waits(
    visit: &Visit,
    figures: &Figures,
    (found, elsewhere): (&[Signal], u64),
    wording: &Wording,
    now: Moment,
) -> Vec<Waits> {
    let l = visit.l;
    let officer = visit.officer();
    let is = |role| officer.is_any(&[role]);
    let mut all = Vec::new();
    if is(DeskRole::Fg) {
        all.extend(incidents(figures, now, l));
    }
    if is(DeskRole::Fg) || is(DeskRole::Auditor) {
        all.extend(condemned_elsewhere(elsewhere, l));
        all.extend(reviews(figures, now, l));
        let own = words::short_name(&officer.organisation);
        all.extend(open_signals(found, &own, wording));
    }
    if is(DeskRole::Beheer) {
        all.extend(proposals(figures, l));
    }
    if officer.organisation.provides && (is(DeskRole::Beheer) || is(DeskRole::Fg)) {
        all.extend(choices(figures, l));
    }
    if figures.book.check_due {
        all.push(Waits {
            path: "/integriteit",
            title: l.pick("Integriteit", "Integrity"),
            number: String::new(),
            what: l
                .pick(
                    "Het logboek is een week of langer niet in zijn geheel nagegaan.",
                    "The log was not checked as a whole for a week or more.",
                )
                .to_owned(),
            badge: None,
            after_badge: "",
            hint: l
                .pick(
                    "U start de controle zelf; u hoeft er niet bij te blijven.",
                    "You start the check yourself; you need not stay with it.",
                )
                .to_owned(),
            is_urgent: false,
        });
    }
    all
}

/// That nothing is released, or that there is another book: whoever is here must know.
pub(super) fn stopped(witnesses: Option<&Told>, l: Language) -> Option<Waits> {
    let mut warnings = witnesses?.warnings.iter();
    let warning = warnings.find(|warning| warning.kind == "nee")?;
    Some(Waits {
        path: "/integriteit",
        title: l.pick("Getuigen", "Witnesses"),
        number: String::new(),
        what: format!("{}.", warning.title),
        badge: None,
        after_badge: "",
        hint: l
            .pick(
                "Wat u dan doet, staat bij de stand van het logboek.",
                "What to do then stands with the state of the log.",
            )
            .to_owned(),
        is_urgent: true,
    })
}

fn incidents(figures: &Figures, now: Moment, l: Language) -> Option<Waits> {
    let open = figures.incidents;
    (open.count > 0).then(|| Waits {
        path: "/beoordelingen",
        title: l.pick("Incidenten", "Incidents"),
        number: l.number(open.count),
        what: plural(
            open.count,
            l.pick("incident is niet gesloten", "incident is not closed"),
            l.pick("incidenten zijn niet gesloten", "incidents are not closed"),
        ),
        badge: open.notify_before.map(|at| terms::hours(at, now, l)),
        after_badge: l.pick(
            "om te melden bij de Autoriteit Persoonsgegevens (AVG 33: 72 uur)",
            "to notify the supervisory authority (GDPR 33: 72 hours)",
        ),
        hint: String::new(),
        is_urgent: true,
    })
}

/// What the other party judged unlawful, and nobody here judged yet.
fn condemned_elsewhere(count: u64, l: Language) -> Option<Waits> {
    (count > 0).then(|| Waits {
        path: "/beoordelingen",
        title: l.pick("Oordeel van de ander", "Judged by the other"),
        number: l.number(count),
        what: plural(
            count,
            l.pick(
                "verstrekking vond de andere organisatie onrechtmatig",
                "release was found unlawful by the other organisation",
            ),
            l.pick(
                "verstrekkingen vond de andere organisatie onrechtmatig",
                "releases were found unlawful by the other organisation",
            ),
        ),
        badge: None,
        after_badge: "",
        hint: l
            .pick(
                "Uw organisatie oordeelt zelf, en besluit zelf over een melding (AVG 33).",
                "Your organisation judges for itself, and decides for itself about notifying (GDPR 33).",
            )
            .to_owned(),
        is_urgent: true,
    })
}

fn reviews(figures: &Figures, now: Moment, l: Language) -> Option<Waits> {
    let (at_unsafe, other) = (figures.unsafe_reviews, figures.other_reviews);
    let count = at_unsafe.count + other.count;
    let first_due = [at_unsafe, other]
        .into_iter()
        .filter_map(|waiting: Waiting| waiting.first_due)
        .min();
    let overdue = at_unsafe.overdue + other.overdue;
    let hint = match (overdue, other.count) {
        (0, 0) => String::new(),
        (0, other) => format!(
            "{} {}",
            l.number(other),
            l.pick(
                "daarvan om een andere reden.",
                "of them for another reason."
            )
        ),
        (1, _) => l
            .pick(
                "Eén daarvan had al beoordeeld moeten zijn.",
                "One of them should have been judged before now.",
            )
            .to_owned(),
        (late, _) => format!(
            "{} {}",
            l.number(late),
            l.pick(
                "daarvan hadden al beoordeeld moeten zijn.",
                "of them should have been judged before now."
            )
        ),
    };
    (count > 0).then(|| Waits {
        path: "/beoordelingen",
        title: l.pick("Beoordelingen", "Reviews"),
        number: l.number(count),
        what: if other.count == 0 {
            plural(
                count,
                l.pick(
                    "verstrekking bij een onveilig gebouw (AOS)",
                    "release at an unsafe building (AOS)",
                ),
                l.pick(
                    "verstrekkingen bij een onveilig gebouw (AOS)",
                    "releases at an unsafe building (AOS)",
                ),
            )
        } else {
            plural(
                count,
                l.pick("verstrekking om te beoordelen", "release to judge"),
                l.pick("verstrekkingen om te beoordelen", "releases to judge"),
            )
        },
        badge: first_due.map(|due| terms::days(due, now, l)),
        after_badge: l.pick("voor de eerste", "for the first"),
        hint,
        is_urgent: first_due.is_some_and(|due| !terms::days(due, now, l).kind.is_empty()),
    })
}

fn open_signals(found: &[Signal], own: &str, wording: &Wording) -> Option<Waits> {
    let l = wording.l;
    let open = found.iter().filter(|signal| signal.dismissed.is_none());
    let count = open.clone().count() as u64;
    let far = open.clone().filter(|signal| signal.is_far()).count() as u64;
    let first = open.clone().next()?;
    Some(Waits {
        path: "/signalen",
        title: l.pick("Signalen", "Signals"),
        number: l.number(count),
        what: match (far, l) {
            (0, _) => plural(
                count,
                l.pick("signaal", "signal"),
                l.pick("signalen", "signals"),
            ),
            (far, Language::Dutch) => {
                format!("signalen, waarvan {} ver over de grens", l.number(far))
            }
            (far, Language::English) => {
                format!("signals, {} of them far beyond the limit", l.number(far))
            }
        },
        badge: None,
        after_badge: "",
        hint: format!(
            "{} {}.",
            l.pick("Het eerste:", "The first:"),
            signals::tell(first, own, wording).title
        ),
        is_urgent: far > 0,
    })
}

fn proposals(figures: &Figures, l: Language) -> Option<Waits> {
    let waiting = figures.proposals;
    let count = waiting.of_others + waiting.own;
    (count > 0).then(|| Waits {
        path: "/toestemmingen",
        title: l.pick("Te bevestigen", "To confirm"),
        number: l.number(waiting.of_others),
        what: plural(
            waiting.of_others,
            l.pick(
                "voorstel van een collega kunt u bevestigen",
                "proposal of a colleague can be confirmed by you",
            ),
            l.pick(
                "voorstellen van collega’s kunt u bevestigen",
                "proposals of colleagues can be confirmed by you",
            ),
        ),
        badge: None,
        after_badge: "",
        hint: match waiting.own {
            0 => String::new(),
            own => format!(
                "{} {}",
                l.number(own),
                l.pick(
                    "van uzelf; die bevestigt een ander.",
                    "of your own; somebody else confirms those."
                )
            ),
        },
        is_urgent: false,
    })
}

/// What a second person must agree to before it is erased, held or lifted.
pub(super) fn erasures(asked: &[Asked], l: Language) -> Option<Waits> {
    let own = asked.iter().filter(|one| one.is_mine).count() as u64;
    let of_others = asked.len() as u64 - own;
    (!asked.is_empty()).then(|| Waits {
        path: "/bewaren",
        title: l.pick("Bewaren en wissen", "Keeping and erasing"),
        number: l.number(of_others),
        what: plural(
            of_others,
            l.pick(
                "vraag om te wissen of te bewaren kunt u bevestigen",
                "request to erase or hold can be confirmed by you",
            ),
            l.pick(
                "vragen om te wissen of te bewaren kunt u bevestigen",
                "requests to erase or hold can be confirmed by you",
            ),
        ),
        badge: None,
        after_badge: "",
        hint: match own {
            0 => String::new(),
            own => format!(
                "{} {}",
                l.number(own),
                l.pick(
                    "van uzelf; die bevestigt een ander.",
                    "of your own; somebody else confirms those."
                )
            ),
        },
        is_urgent: of_others > 0,
    })
}

fn choices(figures: &Figures, l: Language) -> Option<Waits> {
    let open = figures.choices;
    let asked = open.asked_since.map(|since| {
        let text = plural(
            open.asked,
            l.pick(
                "vraag aan een eigenaar is nog niet beantwoord; die is van",
                "question to an owner was not answered yet; it is of",
            ),
            l.pick(
                "vragen aan eigenaren zijn nog niet beantwoord; de oudste is van",
                "questions to owners were not answered yet; the oldest is of",
            ),
        );
        format!("{text} {}", words::day(since.local().day(), l))
    });
    let expiring = (open.expiring > 0).then(|| match l {
        Language::Dutch => {
            let end = if open.expiring == 1 {
                "keuze loopt"
            } else {
                "keuzes lopen"
            };
            format!("{end} binnen {EXPIRES_WITHIN_DAYS} dagen af")
        }
        Language::English => {
            let end = if open.expiring == 1 {
                "choice ends"
            } else {
                "choices end"
            };
            format!("{end} within {EXPIRES_WITHIN_DAYS} days")
        }
    });
    let (number, what, hint) = match (expiring, asked) {
        (Some(expiring), Some(asked)) => {
            let hint = format!("{} {asked}.", l.number(open.asked));
            (open.expiring, expiring, hint)
        }
        (Some(expiring), None) => (open.expiring, expiring, String::new()),
        (None, Some(asked)) => (open.asked, asked, String::new()),
        (None, None) => return None,
    };
    Some(Waits {
        path: "/toestemmingen",
        title: l.pick("Toestemmingen", "Consents"),
        number: l.number(number),
        what,
        badge: None,
        after_badge: "",
        hint,
        is_urgent: false,
    })
}

fn plural(count: u64, one: &str, more: &str) -> String {
    if count == 1 { one } else { more }.to_owned()
}
