//! Who the witnesses are, what each last cosigned, and by which rule they are enough.

use crate::cosign::Mishap;
use crate::desk::witnesses::{self, Told, When};
use crate::desk::words::{self, in_a_row};
use crate::exchange::officer::{Witness, Witnessing};
use crate::language::Language;
use crate::ledger::note::Rule;

/// The part of the page about the witnesses.
pub(super) struct Witnesses {
    pub(super) told: Told,
    pub(super) rule: String,
    pub(super) limit: String,
    pub(super) rows: Vec<Row>,
}

/// One witness.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) key: String,
    pub(super) size: String,
    pub(super) when: Option<When>,
    pub(super) badge: &'static str,
    pub(super) kind: &'static str,
    pub(super) trouble: String,
}

impl Witnesses {
    pub(super) fn new(seen: &Witnessing, l: Language) -> Self {
        Self {
            told: witnesses::told(seen, l),
            rule: rule(seen, l),
            limit: limit(seen, l),
            rows: seen.witnesses.iter().map(|one| row(one, seen, l)).collect(),
        }
    }
}

fn row(one: &Witness, seen: &Witnessing, l: Language) -> Row {
    let another = one
        .trouble()
        .is_some_and(|mishap| mishap.why.is_another_history());
    let (badge, kind) = match (another, one.stands) {
        (true, _) => (l.pick("ander logboek", "another log"), "nee"),
        (false, true) => (l.pick("staat erachter", "stands behind it"), "ja"),
        (false, false) => (l.pick("tekent niet", "does not sign"), "let-op"),
    };
    Row {
        name: one.name.clone(),
        host: one.host.clone(),
        key: one.key.clone(),
        size: one
            .cosigned
            .map_or_else(String::new, |(_, size)| l.number(size)),
        when: one.cosigned.map(|(at, _)| When::new(at, seen.now, l)),
        badge,
        kind,
        trouble: one.mishap.map_or_else(
            || l.pick("geen", "none").to_owned(),
            |mishap| told_mishap(mishap, l),
        ),
    }
}

fn told_mishap(mishap: Mishap, l: Language) -> String {
    let why = witnesses::why(mishap.why, l);
    if mishap.is_over {
        let until = words::moment(mishap.until, l);
        match l {
            Language::Dutch => format!("{why}, tot {until}; daarna weer in orde"),
            Language::English => format!("{why}, until {until}; in order again since"),
        }
    } else {
        let since = words::moment(mishap.since, l);
        match l {
            Language::Dutch => format!("{why}, sinds {since}"),
            Language::English => format!("{why}, since {since}"),
        }
    }
}

/// Which of them must have signed, in a sentence.
fn rule(seen: &Witnessing, l: Language) -> String {
    let Some(rule) = &seen.rule else {
        return String::new();
    };
    let who = enough(rule, seen, true, l);
    let counted = rule.witnesses();
    let further = if counted < seen.witnesses.len() {
        l.pick(
            " De andere worden ook gevraagd, maar tellen hiervoor niet mee.",
            " The others are asked too, but do not count for this.",
        )
    } else {
        ""
    };
    match l {
        Language::Dutch => {
            format!("Een stand is getuigd als deze handtekeningen eronder staan: {who}.{further}")
        }
        Language::English => {
            format!("A state is witnessed when it has these signatures: {who}.{further}")
        }
    }
}

fn enough(rule: &Rule, seen: &Witnessing, is_whole: bool, l: Language) -> String {
    match rule {
        Rule::Witness(at) => {
            let witness = seen.witnesses.get(*at);
            let name = witness.map_or_else(String::new, |witness| witness.name.clone());
            if is_whole {
                format!("{} {name}", l.pick("die van", "that of"))
            } else {
                name
            }
        }
        Rule::Of { needed, members } => {
            let of = members.len();
            let names: Vec<String> = members
                .iter()
                .map(|member| enough(member, seen, false, l))
                .collect();
            let names = in_a_row(&names, l);
            let text = match (*needed, of, l) {
                (_, 1, _) => return enough_of_one(members, seen, is_whole, l),
                (all, 2, Language::Dutch) if all == of => format!("beide van {names}"),
                (all, 2, Language::English) if all == of => format!("both of {names}"),
                (all, _, Language::Dutch) if all == of => format!("alle {of} van {names}"),
                (all, _, Language::English) if all == of => format!("all {of} of {names}"),
                (some, _, Language::Dutch) => format!("minstens {some} van {names}"),
                (some, _, Language::English) => format!("at least {some} of {names}"),
            };
            if is_whole { text } else { format!("({text})") }
        }
    }
}

fn enough_of_one(members: &[Rule], seen: &Witnessing, is_whole: bool, l: Language) -> String {
    let one = members.first();
    one.map_or_else(String::new, |one| enough(one, seen, is_whole, l))
}

/// What happens when too few sign.
fn limit(seen: &Witnessing, l: Language) -> String {
    let limit = seen.refuses_after.map(|limit| l.number(limit.as_secs()));
    match (limit, l) {
        (Some(seconds), Language::Dutch) => format!(
            "Is dat langer dan {seconds} seconden geleden, dan worden er geen documenten verstrekt."
        ),
        (Some(seconds), Language::English) => {
            format!("Where that is more than {seconds} seconds ago, no documents are released.")
        }
        (None, _) => l
            .pick(
                "Tekenen er te weinig, dan gaat het verstrekken toch door: er is geen grens ingesteld.",
                "Where too few sign, releases go on all the same: no limit was configured.",
            )
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::exchange::officer::Quorum;

    fn seen(names: &[&str], rule: Rule) -> Witnessing {
        let witness = |name: &&str| Witness {
            name: (*name).to_owned(),
            host: String::new(),
            key: String::new(),
            cosigned: None,
            mishap: None,
            stands: false,
        };
        Witnessing {
            now: Moment::parse("2026-03-20T10:00:00Z").unwrap(),
            witnesses: names.iter().map(witness).collect(),
            rule: Some(rule),
            cosigned: None,
            refuses_after: None,
            quorum: Quorum::Lost,
        }
    }

    #[test]
    fn the_rule_is_a_sentence() {
        let of = |needed, members: &[Rule]| Rule::Of {
            needed,
            members: members.to_vec(),
        };
        let [a, b, c] = [0, 1, 2].map(Rule::Witness);
        let nested = of(2, &[a.clone(), of(1, &[b.clone(), c.clone()])]);
        for (rule, dutch, english) in [
            (a.clone(), "die van img.", "that of img."),
            (
                of(1, std::slice::from_ref(&a)),
                "die van img.",
                "that of img.",
            ),
            (
                of(1, &[a.clone(), b.clone(), c.clone()]),
                "minstens 1 van img, ncg en rijk.",
                "at least 1 of img, ncg and rijk.",
            ),
            (
                of(3, &[a.clone(), b.clone(), c.clone()]),
                "alle 3 van img, ncg en rijk.",
                "all 3 of img, ncg and rijk.",
            ),
            (
                nested,
                "beide van img en (minstens 1 van ncg en rijk).",
                "both of img and (at least 1 of ncg and rijk).",
            ),
        ] {
            let rest = rule.witnesses() < 3;
            let seen = seen(&["img", "ncg", "rijk"], rule);
            for (l, told, more) in [
                (Language::Dutch, dutch, "tellen hiervoor niet mee."),
                (Language::English, english, "do not count for this."),
            ] {
                let text = super::rule(&seen, l);
                assert!(text.contains(told), "{text}");
                assert_eq!(text.ends_with(more), rest, "{text}");
            }
        }
    }
}
