//! Grounds and articles in words. What they are is data of the bundles; here they are only spelled
//! out for who does not know the abbreviations.

use crate::language::Language;

/// A ground: its name in the vocabulary of DPV, the article of the AVG, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ground {
    /// As a form sends it.
    pub(super) code: &'static str,
    /// As the book has it.
    pub(super) iri: &'static str,
    article: &'static str,
    dutch: &'static str,
    english: &'static str,
}

/// The grounds that bundles name.
pub(super) const GROUNDS: [Ground; 4] = [
    Ground {
        code: "A6-1-c",
        iri: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c",
        article: "AVG 6(1)(c)",
        dutch: "wettelijke plicht",
        english: "legal obligation",
    },
    Ground {
        code: "A6-1-e",
        iri: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-e",
        article: "AVG 6(1)(e)",
        dutch: "taak van algemeen belang",
        english: "task in the public interest",
    },
    Ground {
        code: "A6-1-a",
        iri: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
        article: "AVG 6(1)(a)",
        dutch: "toestemming",
        english: "consent",
    },
    Ground {
        code: "A9-2-a",
        iri: "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a",
        article: "AVG 9(2)(a)",
        dutch: "uitdrukkelijke instemming",
        english: "explicit agreement",
    },
];

impl Ground {
    /// `wettelijke plicht`.
    const fn meaning(&self, l: Language) -> &'static str {
        l.pick(self.dutch, self.english)
    }

    /// `wettelijke plicht, AVG 6(1)(c)`.
    pub(super) fn name(&self, l: Language) -> String {
        format!("{}, {}", self.meaning(l), self.article)
    }
}

/// A ground in words; one that is not known here as the book has it.
pub(super) fn ground(iri: &str, l: Language) -> String {
    let mut all = GROUNDS.iter();
    let known = all.find(|ground| ground.iri == iri);
    known.map_or_else(|| iri.to_owned(), |ground| ground.name(l))
}

/// A ground and the article it follows from: `wettelijke plicht, TwG 3(4)`.
pub(super) fn ground_of(iri: &str, article: &str, l: Language) -> String {
    let mut all = GROUNDS.iter();
    let known = all.find(|ground| ground.iri == iri);
    known.map_or_else(
        || article.to_owned(),
        |ground| format!("{}, {article}", ground.meaning(l)),
    )
}

/// An article in words: `TwG 3(4)` is `artikel 3, lid 4, van de Tijdelijke wet Groningen`. `None` when
/// it is not written in that way.
pub(super) fn article_in_words(article: &str, l: Language) -> Option<String> {
    let (statute, places) = article.split_once(' ')?;
    let statute = match statute {
        "TwG" => l.pick(
            "de Tijdelijke wet Groningen",
            "the Temporary Act Groningen (Tijdelijke wet Groningen)",
        ),
        "AVG" => l.pick(
            "de Algemene verordening gegevensbescherming",
            "the General Data Protection Regulation",
        ),
        _ => return None,
    };
    let words = places.split(' ').map(|part| match part {
        "jo." => Some(l.pick("in samenhang met", "together with").to_owned()),
        "en" => Some(l.pick("en", "and").to_owned()),
        place => place_in_words(place, l),
    });
    let words: Vec<String> = words.collect::<Option<_>>()?;
    Some(format!(
        "{}{} {statute}",
        words.join(" "),
        l.pick(" van", " of")
    ))
}

/// `6(1)(c)` is `artikel 6, lid 1, onder c`.
fn place_in_words(place: &str, l: Language) -> Option<String> {
    let (number, rest) = place.split_once('(').unwrap_or((place, ""));
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    if !is_number || !number.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut text = format!("{} {number}", l.pick("artikel", "article"));
    if rest.is_empty() {
        return (place == number).then_some(text);
    }
    for part in rest.strip_suffix(')')?.split(")(") {
        let name = match part.chars().next()? {
            c if c.is_ascii_digit() => l.pick("lid", "paragraph"),
            c if c.is_ascii_lowercase() => l.pick("onder", "point"),
            _ => return None,
        };
        text = format!("{text}, {name} {part}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_spelled_out_when_they_are_written_as_the_bundles_do() {
        for wrong in [
            "",
            "TwG",
            "TwG ",
            "BW 3(4)",
            "TwG 3(4",
            "TwG (4)",
            "TwG 3()",
            "TwG 3(A)",
            "TwG 3(4)x",
            "TwG 3 lid 4",
        ] {
            assert_eq!(article_in_words(wrong, Language::Dutch), None, "{wrong:?}");
        }
        for (article, words) in [
            ("TwG 13a", "artikel 13a van de Tijdelijke wet Groningen"),
            (
                "AVG 6(1)(c)",
                "artikel 6, lid 1, onder c van de Algemene verordening gegevensbescherming",
            ),
            (
                "TwG 2a(4) jo. 3(4) en 3(5)",
                "artikel 2a, lid 4 in samenhang met artikel 3, lid 4 en artikel 3, lid 5 van de \
                 Tijdelijke wet Groningen",
            ),
        ] {
            let made = article_in_words(article, Language::Dutch);
            assert_eq!(made.as_deref(), Some(words));
        }
    }

    #[test]
    fn a_ground_has_a_name_and_an_unknown_one_stays_as_it_is() {
        assert_eq!(
            ground("https://w3id.org/dpv/legal/eu/gdpr#A6-1-e", Language::Dutch),
            "taak van algemeen belang, AVG 6(1)(e)"
        );
        assert_eq!(ground("iets", Language::Dutch), "iets");
    }

    #[test]
    fn every_article_of_the_bundles_we_ship_can_be_told() {
        use std::path::Path;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut told = 0;
        for bundle in ["2021-04-01-convenant", "2023-04-19-twg"] {
            for file in std::fs::read_dir(folder.join(bundle)).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                for part in text.split("@artikel(\"").skip(1) {
                    let article = part.split('"').next().unwrap();
                    let words = article_in_words(article, Language::Dutch);
                    assert!(words.is_some(), "{}: {article}", path.display());
                    told += 1;
                }
            }
        }
        assert!(told > 10);
    }
}
