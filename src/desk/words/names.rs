//! What the bundles name by a code, in English. Bundles are written in Dutch, by those who sign them;
//! these words are the desk's own.

const KINDS: [(&str, &str); 18] = [
    ("schademelding", "damage claim"),
    ("schaderapport", "damage report"),
    ("schadebesluit", "decision on a damage claim"),
    (
        "aos-inspectierapport",
        "inspection report of an acutely unsafe situation",
    ),
    (
        "immateriele-schade-besluit",
        "decision on immaterial damage",
    ),
    ("inspectierapport", "inspection report"),
    ("opnamerapport", "survey report"),
    ("beoordeling", "safety assessment"),
    ("normbesluit", "decision on the safety standard"),
    ("versterkingsadvies", "recommendation on strengthening"),
    ("versterkingsplan", "strengthening plan"),
    ("engineeringrapport", "engineering report"),
    ("funderingsonderzoek", "foundation survey"),
    ("planning", "work schedule"),
    ("bouwtekening", "construction drawing"),
    ("fotorapportage", "photo report"),
    ("contactgegevens", "contact details"),
    ("gezondheidsgegevens", "health data"),
];
const PURPOSES: [(&str, &str); 9] = [
    ("schade-afhandeling", "handling mining damage"),
    (
        "versterking-uitvoering",
        "deciding on and carrying out strengthening",
    ),
    ("afstemming", "aligning damage and strengthening"),
    (
        "combinatie-behandeling",
        "handling damage and strengthening together",
    ),
    (
        "veiligheidsnorm-melding",
        "reporting that a building may not meet the safety standard",
    ),
    ("aos", "acting in an acutely unsafe situation"),
    (
        "knelpunt-gezondheid",
        "solving a problem that needs health data",
    ),
    ("immateriele-schade", "assessing immaterial damage"),
    ("overig", "other purposes, with the owner's consent"),
];
const TEAMS: [(&str, &str); 3] = [
    ("combinatieteam", "Combination team"),
    (
        "interventieteam",
        "Intervention team (distressing situations)",
    ),
    ("aos", "Consultation on acutely unsafe situations"),
];

fn find(all: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    let found = all.iter().find(|(known, _)| *known == code);
    found.map(|(_, name)| *name)
}

pub(super) fn kind(code: &str) -> Option<&'static str> {
    find(&KINDS, code)
}

pub(super) fn purpose(code: &str) -> Option<&'static str> {
    find(&PURPOSES, code)
}

pub(super) fn team(code: &str) -> Option<&'static str> {
    find(&TEAMS, code)
}

/// A kind with its article.
pub(super) fn a_kind(code: &str) -> Option<String> {
    let name = kind(code)?;
    let has_none = ["details", "data"].iter().any(|end| name.ends_with(end));
    let article = match name.chars().next() {
        _ if has_none => "",
        Some('a' | 'e' | 'i' | 'o' | 'u') => "an ",
        _ => "a ",
    };
    Some(format!("{article}{name}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::policy::Bundle;

    #[test]
    fn everything_the_bundles_name_has_an_english_name() {
        let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut bundles = 0;
        for folder in all.read_dir().unwrap() {
            let folder = folder.unwrap().path();
            if !folder.join("manifest.toml").exists() {
                continue;
            }
            bundles += 1;
            let bundle = Bundle::load(&folder).unwrap();
            let vocabulary = bundle.vocabulary();
            for (code, _) in vocabulary.kinds() {
                assert!(kind(code.as_str()).is_some(), "{code}");
            }
            for one in vocabulary.purposes() {
                assert!(purpose(one.code.as_str()).is_some(), "{}", one.code);
            }
            for (code, _) in vocabulary.teams() {
                assert!(team(code.as_str()).is_some(), "{code}");
            }
        }
        assert!(bundles >= 2);
    }

    #[test]
    fn a_kind_has_the_article_that_fits() {
        for (code, expected) in [
            ("onbekend", None),
            ("opnamerapport", Some("a survey report")),
            ("inspectierapport", Some("an inspection report")),
            ("gezondheidsgegevens", Some("health data")),
            ("contactgegevens", Some("contact details")),
        ] {
            assert_eq!(a_kind(code).as_deref(), expected, "{code}");
        }
    }
}
