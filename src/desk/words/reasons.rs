//! Why a request was refused: a reason of the policy, or the code of a problem.

use super::Wording;

impl Wording {
    /// Why a request was refused: a reason of the policy, or the code of a problem.
    pub(in crate::desk) fn reason(&self, code: &str) -> String {
        let l = self.l;
        let text = match code {
            "TOESTEMMING_ONTBREEKT" => l.pick("geen toestemming", "no consent"),
            "TOESTEMMING_INGETROKKEN" => l.pick(
                "toestemming geweigerd of ingetrokken",
                "consent refused or withdrawn",
            ),
            "TOESTEMMING_VERLOPEN" => l.pick("toestemming verlopen", "consent expired"),
            "TOESTEMMING_ONVOLLEDIG" => l.pick(
                "niet alle eigenaren gaven toestemming",
                "not all owners consented",
            ),
            "BEZWAAR_AFSTEMMING" => l.pick("een eigenaar heeft bezwaar", "an owner objects"),
            "GEEN_VERZOEK_GEZAMENLIJK" => l.pick(
                "geen verzoek om gezamenlijke behandeling",
                "no request for joint handling",
            ),
            "GEZONDHEIDSGEGEVENS" => l.pick("gezondheidsgegevens", "health data"),
            "GEEN_GRONDSLAG" => l.pick("geen grondslag", "no legal basis"),
            "AOS_NIET_ACTIEF" => l.pick("geen lopende AOS-melding", "no unsafe situation in force"),
            "SOORT_NIET_BIJ_DOEL" => l.pick(
                "soort hoort niet bij het doel",
                "kind does not go with the purpose",
            ),
            "BELEID_ONBRUIKBAAR" => l.pick(
                "het beleid kon niet worden getoetst",
                "the policy could not be evaluated",
            ),
            "token-ontbreekt" => l.pick("token ontbreekt", "no token"),
            "token-ongeldig" => l.pick("token ongeldig", "token invalid"),
            "token-verlopen" => l.pick("token verlopen", "token expired"),
            "token-niet-gebonden" => l.pick(
                "token hoort niet bij het certificaat",
                "token of another certificate",
            ),
            "token-hergebruikt" => l.pick("token al gebruikt", "token used before"),
            "conflict" => l.pick("nummer al gebruikt", "number used before"),
            "doel-onbekend" => l.pick("doel onbekend", "purpose unknown"),
            "document-onbekend" => l.pick("document onbekend", "document unknown"),
            "niet-bevoegd" => l.pick("niet bevoegd", "not authorised"),
            "niet-gevonden" => l.pick("niet gevonden", "not found"),
            "bundel-onbruikbaar" => l.pick("bundel onbruikbaar", "bundle unusable"),
            "niet-overeengekomen" => l.pick("niet overeengekomen", "not agreed"),
            "anders-overeengekomen" => l.pick("anders overeengekomen", "agreed otherwise"),
            "bereik-ongeldig" => l.pick("bereik buiten het document", "range outside the document"),
            other => other,
        };
        text.to_owned()
    }

    /// The same in a letter to a citizen, in whole sentences.
    pub(in crate::desk) fn reason_explained(&self, code: &str) -> String {
        let l = self.l;
        let text = match code {
            "TOESTEMMING_ONTBREEKT" => l.pick(
                "Hiervoor was uw toestemming nodig. Die was er niet.",
                "This needed your consent. There was none.",
            ),
            "TOESTEMMING_INGETROKKEN" => l.pick(
                "Hiervoor was toestemming nodig. Die is geweigerd of ingetrokken.",
                "This needed consent. It was refused or withdrawn.",
            ),
            "TOESTEMMING_VERLOPEN" => l.pick(
                "Hiervoor was toestemming nodig. Die was verlopen.",
                "This needed consent. It had expired.",
            ),
            "TOESTEMMING_ONVOLLEDIG" => l.pick(
                "Hiervoor was toestemming van alle eigenaren nodig. Die was er niet van iedereen.",
                "This needed the consent of all owners. Not all of them gave it.",
            ),
            "BEZWAAR_AFSTEMMING" => l.pick(
                "Een eigenaar maakte bezwaar tegen het afstemmen van schade en versterking.",
                "An owner objected to aligning damage and strengthening.",
            ),
            "GEEN_VERZOEK_GEZAMENLIJK" => l.pick(
                "Niemand vroeg om schade en versterking samen te behandelen. Zonder dat verzoek mag dit niet.",
                "Nobody asked to handle damage and strengthening together. Without that this is not allowed.",
            ),
            "GEZONDHEIDSGEGEVENS" => l.pick(
                "Het ging om gegevens over gezondheid. Die mogen alleen worden gedeeld als u daar uitdrukkelijk mee instemt.",
                "It was about health. Such data may be shared only when you explicitly agree.",
            ),
            "GEEN_GRONDSLAG" => l.pick(
                "Geen regel in de wet staat toe dat dit document hiervoor wordt gedeeld.",
                "No rule of the law allows that this document is shared for this.",
            ),
            "AOS_NIET_ACTIEF" => l.pick(
                "Dit mag alleen zolang een gebouw acuut onveilig is. Zo'n melding liep er niet.",
                "This is allowed only while a building is acutely unsafe. There was no such report.",
            ),
            "SOORT_NIET_BIJ_DOEL" => l.pick(
                "Dit soort document is hiervoor niet nodig.",
                "Documents of this kind are not needed for this.",
            ),
            "BELEID_ONBRUIKBAAR" => l.pick(
                "De computer kon de regels niet nagaan. Dan geeft hij niets.",
                "The computer could not check the rules. Then it gives nothing.",
            ),
            "conflict" => l.pick(
                "De vraag had een nummer dat al was gebruikt.",
                "The request had a number that was used before.",
            ),
            "doel-onbekend" => l.pick(
                "Waarvoor het werd gevraagd, staat niet in de afspraken.",
                "What it was asked for is not in the agreements.",
            ),
            "document-onbekend" => l.pick(
                "Het gevraagde document was er niet.",
                "The document that was asked for was not there.",
            ),
            "niet-bevoegd" => l.pick(
                "Wie het vroeg, mag dit niet vragen.",
                "Whoever asked may not ask for this.",
            ),
            code if code.starts_with("token-") => l.pick(
                "Het systeem dat het vroeg, kon niet goed laten zien wie er vroeg.",
                "The system that asked could not properly show who was asking.",
            ),
            code => return self.reason(code),
        };
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::log::PROBLEMS;
    use crate::language::Language;
    use crate::policy::Reason;

    /// What only the wire needs, and no letter tells.
    const NEVER_TOLD: [&str; 1] = ["bereik-ongeldig"];

    #[test]
    fn every_reason_is_explained_in_sentences() {
        for l in [Language::Dutch, Language::English] {
            let wording = Wording::bare(l);
            let reasons = Reason::ALL.iter().map(|reason| reason.code());
            for code in reasons.chain(PROBLEMS) {
                assert_ne!(wording.reason(code), code);
                let told = wording.reason_explained(code);
                let is_told = told.ends_with('.') && told.starts_with(char::is_uppercase);
                assert!(is_told || NEVER_TOLD.contains(&code), "{code}: {told}");
            }
        }
    }
}
