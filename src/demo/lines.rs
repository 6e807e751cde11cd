//! What the tour says of each case: under which heading, in at most [`TEXT_COLUMNS`] characters, in
//! both languages. A test holds it to the dataset.

use crate::language::Language;

/// Room for the text of a case.
pub(super) const TEXT_COLUMNS: usize = 38;

/// The headings of the tour, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Duty,
    Unsafe,
    PublicTask,
    Consent,
    Health,
    Refused,
}

impl Group {
    pub(super) const ALL: [Self; 6] = [
        Self::Duty,
        Self::Unsafe,
        Self::PublicTask,
        Self::Consent,
        Self::Health,
        Self::Refused,
    ];

    pub(super) const fn heading(self, language: Language) -> &'static str {
        match self {
            Self::Duty => language.pick("Wettelijke plicht", "Statutory duty"),
            Self::Unsafe => language.pick(
                "Acuut onveilige situatie: wacht nooit op toestemming",
                "Acutely unsafe building: never waits for consent",
            ),
            Self::PublicTask => language.pick("Taak van algemeen belang", "Public interest"),
            Self::Consent => language.pick("Toestemming van de eigenaar", "The owner's consent"),
            Self::Health => language.pick(
                "Gezondheidsgegevens: alleen met uitdrukkelijke instemming",
                "Health data: only with explicit agreement",
            ),
            Self::Refused => language.pick("Geweigerd, en waarom", "Refused, and why"),
        }
    }
}

/// A case in the tour.
pub(super) struct Line {
    /// Its name in the dataset.
    pub(super) name: &'static str,
    pub(super) group: Group,
    dutch: &'static str,
    english: &'static str,
}

impl Line {
    pub(super) const fn text(&self, language: Language) -> &'static str {
        language.pick(self.dutch, self.english)
    }
}

const fn line(
    group: Group,
    name: &'static str,
    dutch: &'static str,
    english: &'static str,
) -> Line {
    Line {
        name,
        group,
        dutch,
        english,
    }
}

use Group::{Consent, Duty, Health, PublicTask, Refused, Unsafe};

#[rustfmt::skip]
pub(super) static LINES: &[Line] = &[
    line(Duty, "wettelijke plicht: NCG geeft IMG wat nodig is voor de schade", "opnamerapport, nodig voor de schade", "survey report, needed for the damage"),
    line(Duty, "wettelijke plicht: een bezwaar tegen afstemming houdt die niet tegen", "ook bij bezwaar tegen afstemming", "even with an objection to alignment"),
    line(Duty, "wettelijke plicht: IMG geeft NCG wat nodig is voor de versterking", "schaderapport, voor de versterking", "damage report, for the strengthening"),
    line(Duty, "wettelijke plicht: NCG hoort van een vermoeden van onvoldoende veiligheid", "vermoeden van onvoldoende sterkte", "suspicion of insufficient strength"),
    line(Duty, "wettelijke plicht: de gemeente hoort dat ook", "de gemeente hoort dat ook", "the municipality is told as well"),
    line(Duty, "wettelijke plicht: NCG geeft IMG wat nodig is voor immateriële schade", "planning, voor immateriële schade", "planning, for immaterial damage"),
    line(Unsafe, "acuut onveilig: IMG aan NCG, terwijl de eigenaren niet willen delen", "ook al willen de eigenaren niet delen", "although the owners refuse to share"),
    line(Unsafe, "acuut onveilig: NCG aan IMG", "opnamerapport, de andere kant op", "survey report, the other way round"),
    line(Unsafe, "acuut onveilig: IMG aan de burgemeester", "inspectierapport, voor de burgemeester", "inspection report, for the mayor"),
    line(PublicTask, "taak van algemeen belang: afstemming, niemand heeft bezwaar", "afstemming, niemand heeft bezwaar", "alignment, nobody objects"),
    line(PublicTask, "taak van algemeen belang: afstemming, de andere kant op", "afstemming, de andere kant op", "alignment, the other way round"),
    line(PublicTask, "taak van algemeen belang: gezamenlijk behandeld op verzoek van beide eigenaren", "samen, op verzoek van beide eigenaren", "joint, as both owners asked"),
    line(PublicTask, "taak van algemeen belang: gezamenlijk behandeld, de andere kant op", "samen, de andere kant op", "joint, the other way round"),
    line(Health, "gezondheid: een knelpunt, met uitdrukkelijke instemming", "een knelpunt, met die instemming", "a deadlock, with that agreement"),
    line(Consent, "toestemming: gegeven voor precies deze soort en ontvanger", "voor deze soort en deze ontvanger", "for this kind and this receiver"),
    line(Consent, "toestemming: vernieuwd", "vernieuwd", "renewed"),
    line(Consent, "geen toestemming: het huis is verkocht, de nieuwe eigenaar heeft niets gekozen", "huis verkocht, nieuwe eigenaar zweeg", "house sold, new owner chose nothing"),
    line(Consent, "toestemming ingetrokken", "ingetrokken", "withdrawn"),
    line(Consent, "toestemming verlopen", "verlopen", "expired"),
    line(Consent, "toestemming van een van de twee eigenaren", "van een van de twee eigenaren", "of one of the two owners"),
    line(Refused, "bezwaar tegen afstemming", "bezwaar tegen afstemming", "an objection to alignment"),
    line(Refused, "gezamenlijk behandelen zonder dat de eigenaar daarom vroeg", "samen, maar daar vroeg niemand om", "joint, but nobody asked for that"),
    line(Health, "gezondheid: een knelpunt, zonder instemming", "een knelpunt, zonder die instemming", "a deadlock, without that agreement"),
    line(Health, "gezondheid: ook acute onveiligheid gaat daar niet boven", "ook acute onveiligheid gaat niet voor", "not even an unsafe building overrides"),
    line(Refused, "geen grondslag: de gemeente handelt geen schade af", "een gemeente handelt geen schade af", "a municipality handles no damage"),
    line(Refused, "geen grondslag: bij IMG loopt hier geen dossier", "samen, maar bij IMG loopt geen dossier", "joint, but IMG has no active case here"),
    line(Refused, "geen grondslag: acuut onveilig, maar niet gevraagd door het AOS-team", "onveilig, maar niet door het AOS-team", "unsafe, but not asked by the AOS team"),
    line(Refused, "de acuut onveilige situatie is voorbij", "de onveilige situatie is voorbij", "the unsafe situation is over"),
    line(Refused, "deze soort hoort niet bij dit doel", "een bouwtekening hoort niet bij schade", "a drawing is not for damage handling"),
    line(Refused, "beleid onbruikbaar: een team dat de overeenkomst niet kent", "een team dat het beleid niet kent", "a team that the policy does not know"),
];

/// What is missing, by its code in `ontbreekt`; the code itself for one that is not known here.
pub(super) fn missing(code: &str, language: Language) -> String {
    let known = match code {
        "intrekking-bezwaar" => ("intrekking van het bezwaar", "the objection's withdrawal"),
        "toestemming" => ("toestemming", "consent"),
        "uitdrukkelijke-instemming" => ("uitdrukkelijke instemming", "explicit agreement"),
        "verzoek-gezamenlijk" => (
            "verzoek om gezamenlijke behandeling",
            "a request to handle it jointly",
        ),
        "aos" => ("een lopende AOS-melding", "a running AOS report"),
        "combinatie" => ("een lopend dossier bij beide", "an active case at both"),
        "team" => ("het team", "the team"),
        "eigenaren" => ("een bekende eigenaar", "a known owner"),
        other => (other, other),
    };
    language.pick(known.0, known.1).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::demo::dataset::{Dataset, Parties};
    use crate::demo::screen::width;
    use crate::domain::Oin;

    #[test]
    fn every_case_has_its_line_and_every_line_fits() {
        let oin = Oin::parse("00000001812345678000").unwrap();
        let parties = Parties {
            img: oin,
            ncg: oin,
            municipality: oin,
        };
        let cases = Dataset::new(&parties, Moment::EPOCH.plus_ms(1 << 40))
            .unwrap()
            .cases;
        let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        let lines: Vec<&str> = LINES.iter().map(|line| line.name).collect();
        assert_eq!(lines, names);
        for line in LINES {
            for language in [Language::Dutch, Language::English] {
                let text = line.text(language);
                assert!(width(text) <= TEXT_COLUMNS, "{text}");
            }
        }
    }
}
