//! Articles as residents read them: `TwG 3(4) jo. 2(7)` is `Tijdelijke wet Groningen, artikel 3 lid 4,
//! samen met artikel 2 lid 7`.

use crate::language::Language;

/// The laws a bundle may name, as people call them.
const LAWS: [(&str, &str, &str); 2] = [
    (
        "TwG",
        "Tijdelijke wet Groningen",
        "Temporary Groningen Act (Tijdelijke wet Groningen)",
    ),
    (
        "AVG",
        "Algemene verordening gegevensbescherming",
        "General Data Protection Regulation",
    ),
];

/// An article in words; what is not in the usual form stays as it is.
pub(super) fn in_words(text: &str, l: Language) -> String {
    read(text, l).unwrap_or_else(|| text.to_owned())
}

fn read(text: &str, l: Language) -> Option<String> {
    let mut words = text.split_whitespace();
    let named = words.next()?;
    let (_, dutch, english) = LAWS.into_iter().find(|(code, ..)| *code == named)?;
    let mut told = l.pick(dutch, english).to_owned();
    let mut joined = ", ";
    for word in words {
        match word {
            "jo." => joined = l.pick(", samen met ", ", together with "),
            "en" => joined = l.pick(" en ", " and "),
            place => {
                told.push_str(joined);
                told.push_str(&reference(place, l)?);
                joined = l.pick(" en ", " and ");
            }
        }
    }
    Some(told)
}

/// `3(4)`: article 3, fourth paragraph; `6(1)(c)`: the first, under c.
fn reference(text: &str, l: Language) -> Option<String> {
    let (article, rest) = text.split_at(text.find('(').unwrap_or(text.len()));
    let is_article = article.starts_with(|c: char| c.is_ascii_digit())
        && article.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_article {
        return None;
    }
    let mut told = format!("{} {article}", l.pick("artikel", "article"));
    let mut rest = rest;
    while !rest.is_empty() {
        let (part, after) = rest.strip_prefix('(')?.split_once(')')?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let name = if part.starts_with(|c: char| c.is_ascii_digit()) {
            l.pick("lid", "paragraph")
        } else {
            l.pick("onder", "under")
        };
        told = format!("{told} {name} {part}");
        rest = after;
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_article_stays_as_it_is() {
        for text in [
            "", "BW 6:162", "TwG drie", "TwG 3(", "TwG 3()", "TwG 3(4", "TwG 3)4(", "AVG x(1)",
        ] {
            assert_eq!(in_words(text, Language::Dutch), text);
        }
    }

    #[test]
    fn articles_are_told_in_words() {
        for (text, dutch, english) in [
            (
                "TwG 3(4)",
                "Tijdelijke wet Groningen, artikel 3 lid 4",
                "Temporary Groningen Act (Tijdelijke wet Groningen), article 3 paragraph 4",
            ),
            (
                "TwG 2a(4) jo. 3(4) en 3(5)",
                "Tijdelijke wet Groningen, artikel 2a lid 4, samen met artikel 3 lid 4 en artikel 3 lid 5",
                "Temporary Groningen Act (Tijdelijke wet Groningen), article 2a paragraph 4, together with article 3 paragraph 4 and article 3 paragraph 5",
            ),
            (
                "AVG 6(1)(a)",
                "Algemene verordening gegevensbescherming, artikel 6 lid 1 onder a",
                "General Data Protection Regulation, article 6 paragraph 1 under a",
            ),
            (
                "TwG 13a",
                "Tijdelijke wet Groningen, artikel 13a",
                "Temporary Groningen Act (Tijdelijke wet Groningen), article 13a",
            ),
        ] {
            assert_eq!(in_words(text, Language::Dutch), dutch);
            assert_eq!(in_words(text, Language::English), english);
        }
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
                    let words = in_words(article, Language::Dutch);
                    assert!(words.contains("artikel"), "{}: {article}", path.display());
                    told += 1;
                }
            }
        }
        assert!(told > 10);
    }
}
