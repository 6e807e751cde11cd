//! The grounds of sharing as residents know them.

use crate::exchange::officer::SharedLine;
use crate::language::Language;

/// The grounds as residents know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    Aos,
    Duty,
    PublicTask,
    Consent,
    Explicit,
}

impl Ground {
    /// The grounds of a line: an unsafe building is told beside the duty it rests on.
    pub(super) fn of(line: &SharedLine) -> Vec<Self> {
        let iri = line.ground.as_deref().unwrap_or_default();
        let by_iri = [
            ("#A6-1-c", Self::Duty),
            ("#A6-1-e", Self::PublicTask),
            ("#A6-1-a", Self::Consent),
            ("#A9-2-a", Self::Explicit),
        ];
        let mut all = Vec::new();
        all.extend((line.purpose == "aos").then_some(Self::Aos));
        let found = by_iri.into_iter().find(|(end, _)| iri.ends_with(end));
        all.extend(found.map(|(_, ground)| ground));
        all
    }

    /// In a few words.
    pub(super) const fn name(self, l: Language) -> &'static str {
        match self {
            Self::Aos => l.pick("acuut onveilig gebouw", "acutely unsafe building"),
            Self::Duty => l.pick("wettelijke plicht", "legal obligation"),
            Self::PublicTask => l.pick("taak van algemeen belang", "task in the public interest"),
            Self::Consent => l.pick("toestemming", "consent"),
            Self::Explicit => l.pick("uitdrukkelijke instemming", "explicit agreement"),
        }
    }

    /// In a sentence or two, with the article.
    pub(super) const fn explained(self, l: Language) -> &'static str {
        match self {
            Self::Aos => l.pick(
                "Acuut onveilig gebouw: uw gebouw was gemeld als acuut onveilig. Dan moeten de organisaties snel handelen. Zij mogen dan niet wachten op toestemming (Tijdelijke wet Groningen, artikel 2 lid 7 en artikel 3). Een privacy officer kijkt achteraf of het terecht was.",
                "Acutely unsafe building: your building was reported as acutely unsafe. Then the organisations must act fast. They may not wait for consent then (Temporary Groningen Act, article 2 paragraph 7 and article 3). A privacy officer looks afterwards whether it was right.",
            ),
            Self::Duty => l.pick(
                "Wettelijke plicht: de wet schrijft voor dat de organisaties bepaalde gegevens met elkaar delen. Toestemming is daarvoor niet nodig (AVG, artikel 6 lid 1 onder c).",
                "Legal obligation: the law says that the organisations share certain data with each other. No consent is needed for that (GDPR, article 6 paragraph 1 under c).",
            ),
            Self::PublicTask => l.pick(
                "Taak van algemeen belang: de organisaties mogen delen wat nodig is voor het werk dat zij voor iedereen doen. U kunt hiertegen bezwaar maken (AVG, artikel 6 lid 1 onder e, en artikel 21).",
                "Task in the public interest: the organisations may share what is needed for the work that they do for everybody. You can object to it (GDPR, article 6 paragraph 1 under e, and article 21).",
            ),
            Self::Consent => l.pick(
                "Toestemming: de eigenaar vond het goed. Die kan de toestemming altijd weer intrekken (AVG, artikel 6 lid 1 onder a, en artikel 7).",
                "Consent: the owner agreed to it. The owner can always take the consent back (GDPR, article 6 paragraph 1 under a, and article 7).",
            ),
            Self::Explicit => l.pick(
                "Uitdrukkelijke instemming: het ging om gezondheid, en de eigenaar stemde daar uitdrukkelijk mee in (AVG, artikel 9 lid 2 onder a, en Tijdelijke wet Groningen, artikel 3 lid 9).",
                "Explicit agreement: it was about health, and the owner explicitly agreed to it (GDPR, article 9 paragraph 2 under a, and Temporary Groningen Act, article 3 paragraph 9).",
            ),
        }
    }
}
