//! What a check of the whole book came to, counted and in words.

use crate::language::Language;
use crate::replay::{Counts, Unjudged};

/// One sentence for each thing that was counted.
pub(super) fn told(counts: &Counts, l: Language) -> Vec<String> {
    let mut all = vec![followed(counts.followed, l)];
    all.extend(searches(counts.searches, l));
    all.extend(unasked(counts.unasked, l));
    all.extend(erased(counts.erased, l));
    if counts.unjudged.is_empty() {
        let none = l.pick(
            "Er was geen besluit dat niet kon worden nagegaan.",
            "There was no decision that could not be checked.",
        );
        all.push(none.to_owned());
    }
    for (why, (count, first)) in &counts.unjudged {
        all.push(unjudged(*why, *count, *first, l));
    }
    all
}

fn followed(count: u64, l: Language) -> String {
    let number = l.number(count);
    match (count, l) {
        (0, _) => l
            .pick(
                "Er waren geen besluiten om opnieuw te nemen.",
                "There were no decisions to make again.",
            )
            .to_owned(),
        (1, _) => l
            .pick(
                "1 besluit is opnieuw genomen, met de regels en de gegevens van dat moment, en kwam op hetzelfde uit.",
                "1 decision was made again, with the rules and the facts of its moment, and came to the same.",
            )
            .to_owned(),
        (_, Language::Dutch) => {
            format!("{number} besluiten zijn opnieuw genomen, met de regels en de gegevens van dat moment, en kwamen op hetzelfde uit.")
        }
        (_, Language::English) => {
            format!("{number} decisions were made again, with the rules and the facts of their moment, and came to the same.")
        }
    }
}

fn searches(count: u64, l: Language) -> Option<String> {
    let number = l.number(count);
    (count > 0).then(|| match (count, l) {
        (1, _) => l
            .pick(
                "1 zoekvraag kan zijn beantwoord zoals er staat.",
                "1 search can have been answered as it stands there.",
            )
            .to_owned(),
        (_, Language::Dutch) => {
            format!("{number} zoekvragen kunnen zijn beantwoord zoals er staat.")
        }
        (_, Language::English) => {
            format!("{number} searches can have been answered as it stands there.")
        }
    })
}

fn unasked(count: u64, l: Language) -> Option<String> {
    let number = l.number(count);
    (count > 0).then(|| match (count, l) {
        (1, _) => l
            .pick(
                "1 verzoek is geweigerd voordat de regels eraan te pas kwamen, bijvoorbeeld om een verlopen token.",
                "1 request was refused before the rules came into it, for example for an expired token.",
            )
            .to_owned(),
        (_, Language::Dutch) => format!(
            "{number} verzoeken zijn geweigerd voordat de regels eraan te pas kwamen, bijvoorbeeld om een verlopen token."
        ),
        (_, Language::English) => format!(
            "{number} requests were refused before the rules came into it, for example for an expired token."
        ),
    })
}

fn erased(count: u64, l: Language) -> Option<String> {
    let number = l.number(count);
    (count > 0).then(|| match (count, l) {
        (1, _) => l
            .pick(
                "Van 1 regel is iets gewist.",
                "Of 1 entry something was erased.",
            )
            .to_owned(),
        (_, Language::Dutch) => format!("Van {number} regels is iets gewist."),
        (_, Language::English) => format!("Of {number} entries something was erased."),
    })
}

fn unjudged(why: Unjudged, count: u64, first: u64, l: Language) -> String {
    let (number, first) = (l.number(count), l.number(first));
    // The decision itself follows.
    if why == Unjudged::Candidate {
        return match l {
            Language::Dutch => format!(
                "Wat proefregels bij besluiten zeiden kon {number} keer niet worden nagegaan (het eerst bij regel {first}): die regels staan niet in de instellingen."
            ),
            Language::English => format!(
                "What trial rules said beside decisions could not be checked {number} times (first at entry {first}): those rules are not in the configuration."
            ),
        };
    }
    let why = reason(why, l);
    match (count, l) {
        (1, Language::Dutch) => {
            format!("1 besluit kon niet worden nagegaan (regel {first}): {why}.")
        }
        (1, Language::English) => {
            format!("1 decision could not be checked (entry {first}): {why}.")
        }
        (_, Language::Dutch) => format!(
            "{number} besluiten konden niet worden nagegaan (het eerste is regel {first}): {why}."
        ),
        (_, Language::English) => {
            format!("{number} decisions could not be checked (the first is entry {first}): {why}.")
        }
    }
}

const fn reason(why: Unjudged, l: Language) -> &'static str {
    match why {
        Unjudged::Erased => l.pick(
            "de eigen gegevens zijn gewist",
            "their own values were erased",
        ),
        Unjudged::ErasedBefore => l.pick(
            "iets waarop het besluit steunde is gewist",
            "something they rested on was erased",
        ),
        Unjudged::Bundle => l.pick(
            "de afspraken die toen golden zijn niet bewaard, of deze versie kan ze niet lezen",
            "the agreement in force then was not kept, or this version cannot read it",
        ),
        Unjudged::Organisation => l.pick(
            "een organisatie van toen staat niet meer in de instellingen",
            "an organisation of then is no longer in the configuration",
        ),
        Unjudged::Unusable => l.pick(
            "er was toen geen bruikbaar beleid, en daarom is geweigerd",
            "no policy could be used then, and so it was refused",
        ),
        Unjudged::Candidate => l.pick(
            "de proefregels van toen staan niet in de instellingen",
            "the trial rules of then are not in the configuration",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_could_not_be_judged_is_told_with_its_reason() {
        let nothing = Counts::default();
        let all = Counts {
            followed: 12_034,
            searches: 2,
            unasked: 1,
            shadows: 0,
            erased: 30,
            unjudged: BTreeMap::from([
                (Unjudged::Erased, (1, 7)),
                (Unjudged::Bundle, (1_200, 4_000)),
            ]),
        };
        for (counts, l, told) in [
            (
                &nothing,
                Language::Dutch,
                &[
                    "Er waren geen besluiten om opnieuw te nemen.",
                    "Er was geen besluit dat niet kon worden nagegaan.",
                ][..],
            ),
            (
                &all,
                Language::Dutch,
                &[
                    "12.034 besluiten zijn opnieuw genomen, met de regels en de gegevens van dat moment, en kwamen op hetzelfde uit.",
                    "2 zoekvragen kunnen zijn beantwoord zoals er staat.",
                    "1 verzoek is geweigerd voordat de regels eraan te pas kwamen, bijvoorbeeld om een verlopen token.",
                    "Van 30 regels is iets gewist.",
                    "1 besluit kon niet worden nagegaan (regel 7): de eigen gegevens zijn gewist.",
                    "1.200 besluiten konden niet worden nagegaan (het eerste is regel 4.000): de afspraken die toen golden zijn niet bewaard, of deze versie kan ze niet lezen.",
                ],
            ),
            (
                &all,
                Language::English,
                &[
                    "12,034 decisions were made again, with the rules and the facts of their moment, and came to the same.",
                    "2 searches can have been answered as it stands there.",
                    "1 request was refused before the rules came into it, for example for an expired token.",
                    "Of 30 entries something was erased.",
                    "1 decision could not be checked (entry 7): their own values were erased.",
                    "1,200 decisions could not be checked (the first is entry 4,000): the agreement in force then was not kept, or this version cannot read it.",
                ],
            ),
        ] {
            assert_eq!(super::told(counts, l), told);
        }
    }
}
