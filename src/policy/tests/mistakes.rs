//! What is wrong with a bundle is found, and all of it is told at once.

use super::support::{CONVENANT, TWG, changed, files, replace};
use crate::language::Language;
use crate::policy::{Bundle, BundleError};

/// All mistakes of a shipped bundle with texts replaced in one file, one per line.
fn told(file: &str, replacements: &[(&str, &str)]) -> String {
    match changed(TWG, file, replacements) {
        Ok(_) => panic!("accepted: {replacements:?}"),
        Err(error) => lines(&error),
    }
}

fn lines(error: &BundleError) -> String {
    let mistakes = error.mistakes().iter().map(ToString::to_string);
    mistakes.collect::<Vec<_>>().join("\n")
}

#[test]
fn annotations_that_cedar_ignores_are_ours_to_check() {
    let rules = "10-wettelijke-plicht.cedar";
    for (from, to, expected) in [
        (
            "@id(\"schade-afhandeling\")\n",
            "",
            ":3: @id ontbreekt of is leeg",
        ),
        (
            "@id(\"immateriele-schade\")",
            "@id(\"schade-afhandeling\")",
            "(regel schade-afhandeling): deze @id is al van een andere regel",
        ),
        ("@artikel(\"TwG 3(4)\")\n", "", "@artikel ontbreekt"),
        (
            "@artikel(\"TwG 3(4)\")",
            "@artikel(\"TwG 3, 4\u{1d49} lid\")",
            "alleen ASCII",
        ),
        (
            "#A6-1-c\")",
            "#A6-1-z\")",
            "is geen grondslag van deze bundel",
        ),
        (
            "@informeren(\"eigenaar\")",
            "@informeren(\"buurman\")",
            "verwacht \"eigenaar\"",
        ),
        (
            "@informeren(",
            "@infomeren(",
            "@infomeren hoort niet bij deze regel",
        ),
        (
            "@toelichting(\"NCG",
            "@toelichting(\"\")\n@x(\"NCG",
            "@toelichting ontbreekt",
        ),
        (
            "@explanation(\"On request, NCG",
            "@explanation(\"\")\n@x(\"On request, NCG",
            "@explanation ontbreekt",
        ),
        (
            "@explanation(\"On request, NCG",
            "@explanation(\"on request, NCG",
            "@explanation: verwacht een zin",
        ),
        (
            "De eigenaar wordt geïnformeerd.\")",
            "De eigenaar wordt geïnformeerd\")",
            "verwacht een zin",
        ),
        (
            "@informeren(\"eigenaar\")",
            "@schakelaar(\"alle-eigenaren=misschien\")",
            "verwacht een schakelaar van het manifest",
        ),
    ] {
        let told = told(rules, &[(from, to)]);
        assert!(told.contains(expected), "{from} -> {to}:\n{told}");
        assert!(told.contains(rules), "{told}");
    }
    for (from, to, expected) in [
        (
            "@reden(\"GEZONDHEIDSGEGEVENS\")",
            "@reden(\"ZOMAAR\")",
            "verwacht een van TOESTEMMING",
        ),
        ("@reden(\"GEZONDHEIDSGEGEVENS\")\n", "", "@reden ontbreekt"),
        (
            "@reden(\"GEZONDHEIDSGEGEVENS\")",
            "@reden(\"GEZONDHEIDSGEGEVENS\")\n@grondslag(\"x\")",
            "@grondslag hoort niet bij deze regel",
        ),
    ] {
        let told = told("00-verboden.cedar", &[(from, to)]);
        assert!(told.contains(expected), "{from} -> {to}:\n{told}");
    }
    for (from, to) in [
        ("@nabeoordeling(\"14 dagen\")\n", ""),
        (
            "@nabeoordeling(\"14 dagen\")",
            "@nabeoordeling(\"spoedig\")",
        ),
    ] {
        let told = told("20-aos.cedar", &[(from, to)]);
        assert!(
            told.contains("20-aos.cedar:6 (regel aos-van-img-naar-ncg): @nabeoordeling"),
            "{told}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_file_line_and_rule() {
    let mut files = files(TWG);
    for (file, from, to) in [
        ("manifest.toml", "stand = \"ja\"", "stand = \"soms\""),
        ("manifest.toml", "naar = [\"ncg\"]", "naar = [\"nam\"]"),
        (
            "10-wettelijke-plicht.cedar",
            "Soort::\"beoordeling\"",
            "Soort::\"beordeling\"",
        ),
        (
            "20-aos.cedar",
            "context.melding.actief &&",
            "context.melding.actief & &",
        ),
        ("tabel.csv", ";toegestaan;", ";misschien;"),
    ] {
        replace(&mut files, file, from, to);
    }
    let error = Bundle::from_files(TWG, files.clone()).unwrap_err();
    let told = lines(&error);
    assert!(told.contains("manifest.toml:"), "{told}");
    assert!(told.contains("\"soms\" is geen van zijn standen"), "{told}");
    assert!(told.contains("\"nam\" is geen partij"), "{told}");
    // With the manifest whole again, the rules and the table are read too.
    let (_, bytes) = files
        .iter_mut()
        .find(|(name, _)| name == "manifest.toml")
        .unwrap();
    *bytes = super::support::files(TWG)
        .into_iter()
        .find(|(name, _)| name == "manifest.toml")
        .map(|(_, bytes)| bytes)
        .unwrap();
    let told = lines(&Bundle::from_files(TWG, files).unwrap_err());
    for expected in [
        "10-wettelijke-plicht.cedar:16 (regel schade-afhandeling): entity",
        "beordeling",
        "20-aos.cedar:19: ",
        "tabel.csv:",
        "uitkomst: verwacht toegestaan",
    ] {
        assert!(told.contains(expected), "{expected}:\n{told}");
    }
}

#[test]
fn the_manifest_is_read_strictly() {
    for (from, to, expected) in [
        ("titel = ", "tittel = ", "unknown field `tittel`"),
        ("title = ", "# title = ", "missing field `title`"),
        (
            "caveat = ",
            "caveat = \"\"\nkaveat = ",
            "unknown field `kaveat`",
        ),
        ("name = \"Damage claim\"\n", "", "missing field `name`"),
        (
            "name = \"Damage claim\"",
            "name = \" \"",
            "\"schademelding\" heeft geen `name`",
        ),
        (
            "name = \"Statutory duty\"",
            "name = \"\"",
            "\"wettelijkePlicht\" heeft geen `name`",
        ),
        (
            "name = \"Handling mining damage\"",
            "name = \"\"",
            "\"schade-afhandeling\" heeft geen `name`",
        ),
        (
            "question = \"Must all owners have chosen, or is one enough?\"",
            "question = \"\"",
            "schakelaar \"alle-eigenaren\": `question` is leeg",
        ),
        (
            "status = \"vastgesteld\"",
            "status = \"bijna\"",
            "unknown variant `bijna`",
        ),
        (
            "van = \"2023-04-18T22:00:00Z\"",
            "van = \"2023-04-19T00:00:00+02:00\"",
            "verwacht een tijd in UTC",
        ),
        (
            "van = \"2023-04-18T22:00:00Z\"",
            "van = \"2023-04-18T22:00:00Z\"\ntot = \"2023-04-18T22:00:00Z\"",
            "`tot` moet na `van` liggen",
        ),
        (
            "code = \"2023-04-19-twg\"",
            "code = \"anders\"",
            "gelijk zijn aan de naam van de map",
        ),
        (
            "getoetst = false",
            "getoetst = true",
            "kan het gebied niet toetsen",
        ),
        (
            "code = \"interventieteam\"",
            "code = \"geen\"",
            "kan geen team zijn",
        ),
        (
            "code = \"interventieteam\"",
            "code = \"ander-team\"",
            "Team \"ander-team\" staat in het manifest, maar niet in het schema",
        ),
        (
            "code = \"bouwtekening\"",
            "code = \"tekening\"",
            "\"bouwtekening\" is geen soort van deze bundel",
        ),
        (
            "handelingen = [\"publiekeTaak\"]",
            "handelingen = [\"toestemming\", \"publiekeTaak\"]",
            "niet in volgorde van rang",
        ),
        (
            "handelingen = [\"publiekeTaak\"]",
            "handelingen = []",
            "heeft geen handelingen",
        ),
        (
            "keuze = \"toestemming\"",
            "keuze = \"bezwaar-afstemming\"",
            "een keuzegrens kan een bezwaar niet ongedaan maken",
        ),
        (
            "img = \"https://sluis.example/verwerkingen/img/schade-afhandeling\"\n",
            "",
            "de verwerkingsactiviteit van img ontbreekt",
        ),
    ] {
        let told = told("manifest.toml", &[(from, to)]);
        assert!(told.contains(expected), "{from} -> {to}:\n{told}");
    }
}

#[test]
fn a_word_of_a_party_means_one_thing() {
    const OPNAME: &str = "woord = \"opname\"\nsoort = \"opnamerapport\"";
    let line = |text: &str| text.lines().count();
    let manifest = files(TWG)
        .into_iter()
        .find(|(name, _)| name == "manifest.toml")
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .unwrap();
    let at = line(manifest.split_once(OPNAME).unwrap().0) + 1;
    for (to, expected) in [
        (
            "woord = \"opname\"",
            "vertaling van \"opname\": verwacht precies één van `soort`, `kenmerk` en `doel`",
        ),
        (
            "woord = \"opname\"\nsoort = \"opnamerapport\"\ndoel = \"overig\"",
            "verwacht precies één van",
        ),
        (
            "woord = \" opname\"\nsoort = \"opnamerapport\"",
            "vertaling van \" opname\": verwacht een woord van 1 tot 128 tekens",
        ),
        (
            "woord = \"\"\nsoort = \"opnamerapport\"",
            "verwacht een woord van 1 tot 128 tekens",
        ),
        (
            "woord = \"Planning\"\nsoort = \"opnamerapport\"",
            "vertaling van \"Planning\": dat is zelf een soort van deze bundel",
        ),
        (
            "woord = \"overig\"\ndoel = \"aos\"",
            "vertaling van \"overig\": dat is zelf een doel van deze bundel",
        ),
        (
            "woord = \"Beheer\"\ndoel = \"overig\"",
            "vertaling van \"Beheer\": dat is het doel van elk token voor index en register",
        ),
        (
            "woord = \"opname\"\ndoel = \"opname\"",
            "\"opname\" is geen doel van deze bundel",
        ),
    ] {
        let told = told("manifest.toml", &[(OPNAME, to)]);
        assert!(told.contains(expected), "{to}:\n{told}");
        let place = format!("manifest.toml:{at}: ");
        assert!(
            told.starts_with(&place) || to.contains("doel = \"opname\""),
            "{told}"
        );
    }
    // The second of two is the mistake, whatever its case; another party may mean something else.
    let second = "woord = \"Opname\"\nsoort = \"planning\"";
    let twice = format!("{OPNAME}\n[[vertaling]]\npartij = \"ncg\"\n{second}");
    let told = told("manifest.toml", &[(OPNAME, &twice)]);
    let place = at + 4;
    assert_eq!(
        told,
        format!(
            "manifest.toml:{place}: vertaling van \"Opname\": is als soort al vertaald voor ncg"
        )
    );
    let of_another = twice.replace("partij = \"ncg\"", "partij = \"img\"");
    assert!(changed(TWG, "manifest.toml", &[(OPNAME, &of_another)]).is_ok());
    let registry = &[("code = \"overig\"", "code = \"beheer\"")];
    let told = self::told("manifest.toml", registry);
    assert!(
        told.contains("\"beheer\" is het doel van elk token"),
        "{told}"
    );
}

#[test]
fn a_schema_may_only_ask_for_facts_the_gateway_fills() {
    for (from, to, expected) in [
        ("entity Eigenaar;", "entity Eigenaar", "schema.cedarschema:"),
        (
            "nu: Long,",
            "nu: Long, humeur: Long,",
            "de poort kent geen feit `humeur`",
        ),
        ("nu: Long,", "nu?: Long,", "`nu` is facultatief"),
        ("\"geen\", ", "", "voor een aanvraag zonder team"),
        (
            "gezondheid: Bool,",
            "gezondheid: Bool, kleur: String,",
            "kan de feiten niet zo leveren",
        ),
    ] {
        let told = told("schema.cedarschema", &[(from, to)]);
        assert!(told.contains(expected), "{from} -> {to}:\n{told}");
    }
}

#[test]
fn how_long_data_is_kept_is_a_sentence_in_two_languages_or_nothing() {
    let written = |term: &str| {
        let mut files = files(CONVENANT);
        let manifest = files.iter_mut().find(|(name, _)| name == "manifest.toml");
        let (_, manifest) = manifest.unwrap();
        let text = String::from_utf8(manifest.clone()).unwrap();
        let (before, after) = text.split_once("[bewaartermijn]").unwrap();
        let (_, after) = after.split_once("[[partij]]").unwrap();
        *manifest = format!("{before}{term}\n[[partij]]{after}").into_bytes();
        Bundle::from_files(CONVENANT, files)
    };
    for (term, expected) in [
        (
            "[bewaartermijn]\nnl = \"Zeven jaar.\"",
            "missing field `en`",
        ),
        (
            "[bewaartermijn]\nnl = \"Zeven jaar.\"\nen = \"Seven years.\"\njaren = 7",
            "unknown field `jaren`",
        ),
        (
            "[bewaartermijn]\nnl = \" \"\nen = \"Seven years.\"",
            "bewaartermijn, `nl`: verwacht een zin",
        ),
        (
            "[bewaartermijn]\nnl = \"Zeven jaar.\"\nen = \"seven years\"",
            "bewaartermijn, `en`: verwacht een zin",
        ),
    ] {
        let told = lines(&written(term).unwrap_err());
        assert!(told.contains(expected), "{term}:\n{told}");
        assert!(told.starts_with("manifest.toml:"), "{told}");
    }
    let term =
        "[bewaartermijn]\nnl = \"\"\"\nZeven jaar\nen niet langer.\n\"\"\"\nen = \"Seven years.\"";
    let bundle = written(term).unwrap();
    assert_eq!(
        bundle.retention(Language::Dutch),
        Some("Zeven jaar en niet langer.")
    );
    assert_eq!(bundle.retention(Language::English), Some("Seven years."));
    assert_eq!(written("").unwrap().retention(Language::Dutch), None);
}

#[test]
fn a_folder_holds_a_bundle_and_nothing_else() {
    for (name, expected) in [
        (
            "notities.txt",
            "notities.txt: dit bestand hoort niet in een bundel",
        ),
        ("manifest.toml.orig", "dit bestand hoort niet in een bundel"),
    ] {
        let mut files = files(CONVENANT);
        files.push((name.to_owned(), b"x".to_vec()));
        let told = lines(&Bundle::from_files(CONVENANT, files).unwrap_err());
        assert!(told.contains(expected), "{told}");
    }
    let mut files = files(CONVENANT);
    files.retain(|(name, _)| name == "manifest.toml" || name == "schema.cedarschema");
    files.push(("00.cedar".to_owned(), vec![0xff]));
    let told = lines(&Bundle::from_files(CONVENANT, files).unwrap_err());
    assert_eq!(
        told,
        "*.cedar: er zijn geen regels\n00.cedar: het bestand is geen UTF-8\ngrenzen.cedar: dit bestand ontbreekt\ntabel.csv: dit bestand ontbreekt"
    );
}

#[test]
fn the_hash_is_over_every_byte_and_every_name() {
    let hash = |files| Bundle::from_files(CONVENANT, files).unwrap().hash();
    let before = hash(files(CONVENANT));
    let mut reversed = files(CONVENANT);
    reversed.reverse();
    assert_eq!(before, hash(reversed), "the order of reading is not in it");
    let mut comment = files(CONVENANT);
    comment
        .iter_mut()
        .find(|(name, _)| name == "30-aos.cedar")
        .unwrap()
        .1
        .push(b'\n');
    assert_ne!(before, hash(comment));
    let mut renamed = files(CONVENANT);
    renamed
        .iter_mut()
        .find(|(name, _)| name == "30-aos.cedar")
        .unwrap()
        .0 = "31-aos.cedar".into();
    assert_ne!(before, hash(renamed));
}

#[test]
fn a_check_finds_rules_that_say_other_than_the_parties_signed_and_rules_without_example() {
    for (file, from, to, expected) in [
        (
            "10-wettelijke-plicht.cedar",
            "    Soort::\"beoordeling\",\n",
            "",
            "doel schade-afhandeling, van ncg naar img, soort beoordeling: staat in de tafel, maar geen regel staat het toe",
        ),
        (
            "10-wettelijke-plicht.cedar",
            "    Soort::\"beoordeling\",\n",
            "    Soort::\"beoordeling\",\n    Soort::\"planning\",\n",
            "doel schade-afhandeling, van ncg naar img, soort planning: wordt door een regel toegestaan, maar staat niet in de tafel",
        ),
        (
            // Only the reading that is not in force goes wrong; it is found all the same.
            "50-toestemming.cedar",
            "@schakelaar(\"alle-eigenaren=nee\")\n@grondslag(\"https://w3id.org/dpv/legal/eu/gdpr#A6-1-a\")\n@artikel(\"AVG 6(1)(a)\")\n@toelichting(\"Een",
            "@schakelaar(\"bezwaar-stopt-plicht=ja\")\n@grondslag(\"https://w3id.org/dpv/legal/eu/gdpr#A6-1-a\")\n@artikel(\"AVG 6(1)\")\n@toelichting(\"Een",
            "(bij schakelaar alle-eigenaren=nee)",
        ),
        (
            "00-verboden.cedar",
            "@id(\"verbod-eigen-document\")",
            "@id(\"verbod-nieuw\")\n@artikel(\"x\")\n@reden(\"GEEN_GRONDSLAG\")\n@toelichting(\"Nieuw.\")\n@explanation(\"New.\")\nforbid (principal, action == Action::\"aos\", resource) when { resource.bron == Partij::\"gemeente\" && principal == resource.houder && resource.adres == \"x\" };\n\n@id(\"verbod-eigen-document\")",
            "00-verboden.cedar:20 (regel verbod-nieuw): geen rij van de tabel laat deze regel werken",
        ),
    ] {
        let bundle = changed(TWG, file, &[(from, to)]).unwrap();
        let found: Vec<String> = crate::policy::check::audit(&bundle)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            found.join("\n").contains(expected),
            "{expected}:\n{}",
            found.join("\n")
        );
    }
}

/// A text that is changed, and what is said of it: file, where in the changed file, rule, words.
struct Bad {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// What stands on the line that is named; empty where it is about the whole file.
    at: &'static str,
    rule: Option<&'static str>,
    told: &'static str,
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one table of everything that can be wrong"
)]
fn every_bad_bundle_is_refused_by_file_line_and_rule() {
    const DUTY: &str = "10-wettelijke-plicht.cedar";
    for bad in [
        Bad {
            file: DUTY,
            from: "context.doel == Doel::\"schade-afhandeling\" &&",
            to: "context.doel == Doel::\"schade-afhandeling\" & &",
            at: "Doel::\"schade-afhandeling\" & &",
            rule: None,
            told: "",
        },
        Bad {
            file: DUTY,
            from: "Soort::\"beoordeling\"",
            to: "Soort::\"beordeling\"",
            at: "Soort::\"beordeling\"",
            rule: Some("schade-afhandeling"),
            told: "beordeling",
        },
        Bad {
            file: DUTY,
            from: "principal.partij == Partij::\"img\"",
            to: "principal.partij == Partij::\"nam\"",
            at: "Partij::\"nam\"",
            rule: Some("schade-afhandeling"),
            told: "nam",
        },
        Bad {
            file: DUTY,
            from: "principal.partij == Partij::\"img\"",
            to: "principal.rol == Partij::\"img\"",
            at: "principal.rol",
            rule: Some("schade-afhandeling"),
            told: "rol",
        },
        Bad {
            file: DUTY,
            from: "@id(\"schade-afhandeling\")\n",
            to: "",
            at: "@grondslag",
            rule: None,
            told: "@id ontbreekt of is leeg",
        },
        Bad {
            file: DUTY,
            from: "@id(\"versterking-uitvoering\")",
            to: "@id(\"schade-afhandeling\")",
            at: "@id(\"schade-afhandeling\")",
            rule: Some("schade-afhandeling"),
            told: "deze @id is al van een andere regel",
        },
        Bad {
            file: DUTY,
            from: "@artikel(\"TwG 3(4)\")\n",
            to: "",
            at: "@id(\"schade-afhandeling\")",
            rule: Some("schade-afhandeling"),
            told: "@artikel ontbreekt",
        },
        Bad {
            file: DUTY,
            from: "@grondslag(\"https://w3id.org/dpv/legal/eu/gdpr#A6-1-c\")\n",
            to: "",
            at: "@id(\"schade-afhandeling\")",
            rule: Some("schade-afhandeling"),
            told: "@grondslag ontbreekt",
        },
        Bad {
            file: "00-verboden.cedar",
            from: "@reden(\"GEZONDHEIDSGEGEVENS\")\n",
            to: "",
            at: "@id(\"verbod-gezondheid\")",
            rule: Some("verbod-gezondheid"),
            told: "@reden ontbreekt",
        },
        Bad {
            // A sum can be too large, and a rule that fails is skipped: for some moment it would be.
            file: "20-aos.cedar",
            from: "context.nu < context.melding.tot",
            to: "context.nu + 1 < context.melding.tot",
            at: "@id(\"aos-van-img-naar-ncg\")",
            rule: Some("aos-van-img-naar-ncg"),
            told: "`+` kan mislukken",
        },
        Bad {
            file: "50-toestemming.cedar",
            from: "!resource.eigenaren.isEmpty() &&\n",
            to: "",
            at: "@id(\"overig-toestemming-alle-eigenaren\")",
            rule: Some("overig-toestemming-alle-eigenaren"),
            told: "containsAll zonder",
        },
        Bad {
            file: "manifest.toml",
            from: "naar = [\"img\"]",
            to: "naar = [\"nam\"]",
            at: "naar = [\"nam\"]",
            rule: None,
            told: "\"nam\" is geen partij van deze bundel",
        },
        Bad {
            file: "manifest.toml",
            from: "van = \"2023-04-18T22:00:00Z\"",
            to: "van = \"2023-04-18\"",
            at: "van = \"2023-04-18\"",
            rule: None,
            told: "verwacht een tijd in UTC",
        },
        Bad {
            file: "manifest.toml",
            from: "handelingen = [\"aos\"]",
            to: "handelingen = [\"acuut\"]",
            at: "handelingen = [\"acuut\"]",
            rule: None,
            told: "\"acuut\" is geen handeling van deze bundel",
        },
        Bad {
            file: "manifest.toml",
            from: "[[doel.gesloten]]\nsoorten = [\n",
            to: "[[doel.gesloten]]\nsoorten = [\n\"brief\",\n",
            at: "\"brief\"",
            rule: None,
            told: "\"brief\" is geen soort van deze bundel",
        },
        Bad {
            file: "schema.cedarschema",
            from: "entity Eigenaar;",
            to: "entity Eigenaar",
            at: "",
            rule: None,
            told: "",
        },
    ] {
        let Err(error) = changed(TWG, bad.file, &[(bad.from, bad.to)]) else {
            panic!("accepted: {}", bad.to);
        };
        let text = files(TWG).into_iter().find(|(name, _)| name == bad.file);
        let text = String::from_utf8(text.unwrap().1).unwrap();
        let text = text.replacen(bad.from, bad.to, 1);
        let named: Vec<usize> = text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(bad.at))
            .map(|(at, _)| at + 1)
            .collect();
        let found = error.mistakes().iter().any(|mistake| {
            let rule = mistake.rule.as_deref();
            mistake.file == bad.file
                && mistake.line.is_some_and(|line| named.contains(&line))
                && bad
                    .rule
                    .is_none_or(|wanted| rule.is_some_and(|rule| rule.starts_with(wanted)))
                && mistake.text.contains(bad.told)
        });
        assert!(
            found,
            "{} -> {} at {named:?}:\n{}",
            bad.from,
            bad.to,
            lines(&error)
        );
    }
}

#[test]
fn a_kind_is_shared_for_a_purpose_or_closed_and_never_both_or_neither() {
    let found = |from: &str, to: &str| {
        let bundle = changed(TWG, "manifest.toml", &[(from, to)]).unwrap();
        let audit = crate::policy::check::audit(&bundle);
        audit
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let first = "[[doel.gesloten]]\nsoorten = [\n    \"schademelding\",";
    assert_eq!(
        found(first, "[[doel.gesloten]]\nsoorten = [\n   "),
        "manifest.toml: doel schade-afhandeling, soort schademelding: staat in geen rij en is niet \
         gesloten (`[[doel.gesloten]]`)"
    );
    assert_eq!(
        found(
            first,
            &first.replace("soorten = [", "soorten = [\"opnamerapport\",")
        ),
        "manifest.toml: doel schade-afhandeling, soort opnamerapport: staat in een rij en is ook gesloten"
    );
}
