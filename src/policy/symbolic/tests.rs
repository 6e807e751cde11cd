//! What the solver says is compared with what people expect, and the flat form with the engine.

use super::*;
use crate::policy::bundle::Bundle;
use crate::policy::tests::support::{
    self, CANDIDATE, CONVENANT, TWG, bundle, changed, files, replace,
};

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

fn solver() -> Solver {
    run(Solver::find()).expect("cvc5 is installed; tests/run does it")
}

fn positions(text: &str) -> Positions {
    let pairs = text
        .split_whitespace()
        .filter_map(|one| one.split_once('='));
    pairs
        .map(|(code, at)| (code.to_owned(), at.to_owned()))
        .collect()
}

fn proven(bundle: &Bundle, switches: &str) -> ProofReport {
    run(prove(&solver(), bundle, &positions(switches))).unwrap()
}

fn compared(old: &Bundle, new: &Bundle) -> Comparison {
    let none = Positions::new();
    run(compare(&solver(), (old, &none), (new, &none))).unwrap()
}

fn text_of(report: &ProofReport) -> String {
    let mut text = Vec::new();
    cli::write_report(report, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn text(comparison: &Comparison) -> String {
    let mut text = Vec::new();
    cli::write_comparison(comparison, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    // Which version of the solver it was matters to nobody here.
    text.replace(&comparison.solver, "cvc5")
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn what_is_wrong_with_a_bundle_is_refuted_with_an_example_the_engine_agrees_with() {
    let consent = "50-toestemming.cedar";
    let task = "30-publieke-taak.cedar";
    let aos = "20-aos.cedar";
    let off = "when { resource.gezondheid || resource.soort == Soort::\"gezondheidsgegevens\" }";
    for (edits, statement, expected) in [
        (
            // A health document for consent: both the prohibition and the rule must go wrong.
            vec![
                (
                    "00-verboden.cedar",
                    off,
                    "when { resource.gezondheid && resource.soort == Soort::\"gezondheidsgegevens\" }",
                ),
                (
                    consent,
                    "resource.soort != Soort::\"gezondheidsgegevens\" &&\n",
                    "",
                ),
            ],
            "grens-gezondheid",
            "vraagt gezondheidsgegevens van",
        ),
        (
            vec![(
                "00-verboden.cedar",
                off,
                "when { resource.soort == Soort::\"gezondheidsgegevens\" }",
            )],
            "grens-gezondheid",
            "(gemerkt als gezondheidsgegevens) van",
        ),
        (
            vec![(
                "00-verboden.cedar",
                "when { principal == resource.houder }",
                "when { principal == resource.houder && resource.adres == \"\" }",
            )],
            "bouw-eigen-document",
            "de aanvrager houdt het document zelf",
        ),
        (
            vec![
                (aos, "  context.nu < context.melding.tot &&\n", ""),
                (aos, "  context.melding.actief &&\n", ""),
            ],
            "grens-aos",
            "er loopt geen AOS-melding",
        ),
        (
            vec![(
                task,
                "  context.bezwaar.actief.isEmpty()\n",
                "  !context.verzoek.actief.isEmpty()\n",
            )],
            "grens-bezwaar-afstemming",
            "voor afstemming; geen combinatiedossier; één eigenaar; bezwaar van de eigenaar; verzoek om gezamenlijke behandeling van de eigenaar",
        ),
        (
            vec![(
                task,
                "  [Soort::\"planning\", Soort::\"contactgegevens\"]",
                "  [Soort::\"planning\", Soort::\"schaderapport\"]",
            )],
            "bouw-tafel",
            "vraagt schaderapport van",
        ),
        (
            vec![(
                consent,
                "!resource.eigenaren.isEmpty() &&\n  context.toestemming.actief.containsAll(resource.eigenaren)",
                "!context.toestemming.actief.isEmpty()",
            )],
            "grens-toestemming-alle-eigenaren",
            "toestemming van 1 van de 2 eigenaren",
        ),
        (
            vec![
                (
                    "10-wettelijke-plicht.cedar",
                    "context.doel == Doel::\"immateriele-schade\"",
                    "context.doel == Doel::\"schade-afhandeling\"",
                ),
                (
                    "10-wettelijke-plicht.cedar",
                    "@artikel(\"TwG 3(7)\")",
                    "@artikel(\"TwG 3(4)\")",
                ),
                (
                    "10-wettelijke-plicht.cedar",
                    "@artikel(\"TwG 3(4)\")",
                    "@artikel(\"TwG 9\")",
                ),
            ],
            "bouw-een-grond",
            "vraagt beoordeling van NCG voor schade-afhandeling",
        ),
        (
            vec![(
                "10-wettelijke-plicht.cedar",
                "context.doel == Doel::\"immateriele-schade\"",
                "context.doel == Doel::\"overig\"",
            )],
            "bouw-geen-dode-regel",
            "regel immateriele-schade kan nooit werken",
        ),
    ] {
        let mut planted = files(TWG);
        for (file, from, to) in &edits {
            replace(&mut planted, file, from, to);
        }
        let bundle = Bundle::from_files(TWG, planted).unwrap();
        let report = proven(&bundle, "");
        assert!(!report.is_proven(), "{edits:?}");
        assert!(ProofRecord::of(&report, crate::clock::Moment::EPOCH).is_none());
        let told = text_of(&report);
        let proof = report.proofs.iter().find(|proof| proof.id == statement);
        let outcome = &proof.unwrap().outcome;
        assert!(
            matches!(outcome, ProofOutcome::Refuted { .. }),
            "{statement}:\n{told}"
        );
        assert!(told.contains(expected), "{expected}:\n{told}");
    }
}

#[test]
fn the_shipped_bundles_keep_to_their_limits_whichever_way_a_question_is_answered() {
    for (code, switches) in [
        (TWG, ""),
        (TWG, "alle-eigenaren=nee"),
        (TWG, "bezwaar-stopt-plicht=ja"),
        (CONVENANT, ""),
        (CONVENANT, "alle-eigenaren=nee aos-zonder-toestemming=ja"),
        (CANDIDATE, ""),
        (CANDIDATE, "alle-eigenaren=nee aos-zonder-toestemming=ja"),
    ] {
        let report = proven(&bundle(code), switches);
        assert!(
            report.is_proven(),
            "{code} {switches}:\n{}",
            text_of(&report)
        );
    }
}

#[test]
fn a_solver_that_gives_up_has_proven_nothing() {
    let bundle = bundle(TWG);
    let none = Positions::new();
    let starved = solver().starved();
    let report = run(prove(&starved, &bundle, &none)).unwrap();
    assert!(!report.is_proven());
    let gave_up = |proof: &Proof| matches!(proof.outcome, ProofOutcome::Unproven { .. });
    assert!(report.proofs.iter().any(gave_up), "{}", text_of(&report));
    assert!(text_of(&report).contains("NIET BEWEZEN"));
    let error = run(compare(&starved, (&bundle, &none), (&bundle, &none))).unwrap_err();
    assert!(
        matches!(
            error,
            SymbolicError::Unsound { .. } | SymbolicError::GaveUp { .. }
        ),
        "{error}"
    );
    // One that says nothing at all is not waited for.
    let folder = tempfile::tempdir().unwrap();
    let silent = folder.path().join("cvc5");
    std::fs::write(&silent, "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&silent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let silent = solver().impatient(silent.to_str().unwrap());
    let report = run(async {
        let bundle = changed(TWG, "grenzen.cedar", &[]).unwrap();
        prove(&silent, &bundle, &none).await
    });
    assert!(text_of(&report.unwrap()).contains("no answer within"));
}

#[test]
fn without_a_solver_it_says_how_to_get_one() {
    let error = run(Solver::named("cvc5-that-nobody-has")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no cvc5 on this machine; install it with `apt install cvc5`"
    );
}

#[test]
fn the_commands_end_as_they_should_and_say_what_to_do() {
    let now = crate::clock::Moment::parse("2026-01-02T03:04:05Z").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("bewijs.json");
    let options = |bundle: &str, switches: &str, out: bool| cli::ProveOptions {
        bundles: vec![support::folder(bundle)],
        switches: positions(switches),
        out: out.then(|| record.clone()),
        json: false,
    };
    let missing = || Err(SymbolicError::NoSolver);
    let here = || Ok(solver());
    for (found, asked, code, expected) in [
        (missing(), options(TWG, "", false), 69, "apt install cvc5"),
        (
            here(),
            options("geen-bundel", "", false),
            64,
            "name a bundle folder",
        ),
        (
            here(),
            options(TWG, "maan=vol", false),
            64,
            "is no switch of this bundle",
        ),
        (
            here(),
            options(TWG, "alle-eigenaren=nee", true),
            64,
            "--out takes one bundle, as it is",
        ),
        (here(), options(TWG, "", true), 0, "bewijs geschreven naar"),
    ] {
        let mut text = Vec::new();
        let exit = run(cli::prove_with(found, &asked, now, &mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(exit.code(), code, "{text}");
        assert!(text.contains(expected), "{text}");
        assert_eq!(record.exists(), code == 0, "{text}");
        if code != 0 {
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    let kept = std::fs::read_to_string(&record).unwrap();
    assert!(ProofRecord::parse(&kept).unwrap().covers(&bundle(TWG)));
    let mut asked = cli::CompareOptions {
        old: support::folder(CONVENANT),
        new: support::folder(CANDIDATE),
        switches_old: Positions::new(),
        switches: Positions::new(),
        html: None,
        json: true,
        no_wider: false,
    };
    for (no_wider, code) in [(false, 0), (true, 1)] {
        asked.no_wider = no_wider;
        let mut text = Vec::new();
        let exit = run(cli::compare_two(&asked, &mut text)).unwrap();
        assert_eq!(exit.code(), code);
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(json["oordeel"], "ruimer");
        assert_eq!(json["wijzigingen"][0]["voorbeeld"]["van"], "img");
        assert_eq!(json["verder"][0]["gevolg"], "anders");
    }
    for wrong in ["", "alle-eigenaren", "=ja", "alle-eigenaren="] {
        assert!(cli::parse_switch(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_switch_that_a_bundle_does_not_have_is_refused() {
    let bundle = bundle(TWG);
    for wrong in ["maan=vol", "alle-eigenaren=misschien"] {
        let error = run(prove(&solver(), &bundle, &positions(wrong))).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains(wrong) && told.contains("alle-eigenaren=ja|nee"),
            "{told}"
        );
    }
}

#[test]
fn wider_tighter_equal_and_both_are_told_apart() {
    let old = bundle(TWG);
    let task = "30-publieke-taak.cedar";
    let kinds = "[Soort::\"planning\", Soort::\"contactgegevens\"]";
    for (file, from, to, relation, expected) in [
        (
            task,
            kinds,
            "[Soort::\"planning\", Soort::\"contactgegevens\", Soort::\"bouwtekening\"]",
            Relation::Wider,
            "afstemming, van IMG naar NCG: bouwtekening",
        ),
        (
            task,
            kinds,
            "[Soort::\"planning\"]",
            Relation::Tighter,
            "afstemming, van NCG naar IMG: contactgegevens",
        ),
        (
            task,
            kinds,
            "[Soort::\"planning\", Soort::\"bouwtekening\"]",
            Relation::Both,
            "eerst geweigerd: geen regel staat het toe\n  straks toegestaan op TwG 2a(3) jo. 3(5) (AVG 6(1)(e)), regel afstemming",
        ),
        (
            // An editorial change: the same, said otherwise, under another name.
            task,
            "@id(\"afstemming\")",
            "@id(\"afstemming-anders-gezegd\")",
            Relation::Equal,
            "GELIJK",
        ),
        (
            task,
            "  context.bezwaar.actief.isEmpty()\n",
            "  !([true].contains(!context.bezwaar.actief.isEmpty()))\n",
            Relation::Equal,
            "GELIJK",
        ),
    ] {
        let mut planted = files(TWG);
        replace(&mut planted, file, from, to);
        let new = Bundle::from_files(TWG, planted).unwrap();
        let comparison = compared(&old, &new);
        let told = text(&comparison);
        assert_eq!(comparison.relation, relation, "{to}:\n{told}");
        assert!(told.contains(expected), "{expected}:\n{told}");
        assert_eq!(
            comparison.is_wider(),
            matches!(relation, Relation::Wider | Relation::Both)
        );
    }
}

#[test]
fn what_the_candidate_changes_is_what_it_says_it_changes() {
    let comparison = compared(&bundle(CONVENANT), &bundle(CANDIDATE));
    insta::assert_snapshot!(text(&comparison), @r"
    Van 2021-04-01-convenant naar kandidaat-combinatiedossier.
    RUIMER: alles wat mocht, mag nog, en er komt iets bij. Nagegaan voor alle aanvragen, door cvc5.

    Straks toegestaan, en eerst niet:
    - combinatie-behandeling, van IMG naar NCG: beoordeling, inspectierapport, normbesluit, opnamerapport, schadebesluit, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: NCG vraagt inspectierapport van IMG voor combinatie-behandeling; team combinatieteam; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op AVG 6(1)(e), regel combinatiedossier-zonder-toestemming
    - combinatie-behandeling, van NCG naar IMG: beoordeling, inspectierapport, normbesluit, opnamerapport, schadebesluit, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt beoordeling van NCG voor combinatie-behandeling; team combinatieteam; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op AVG 6(1)(e), regel combinatiedossier-zonder-toestemming

    Wat verder verschilt:
    - Straks luidt grens-combinatie-toestemming: Van een combinatiedossier gaan zonder toestemming voor dit adres, dit doel en deze ontvanger alleen planning en contactgegevens over, en aan het combinatieteam de rapporten, besluiten, adviezen en plannen die de behandeling nodig heeft. (anders)
    - Straks luidt grens-combinatie-alle-eigenaren: Moeten alle eigenaren kiezen, dan gaan de andere stukken van een combinatiedossier niet over zolang er één ontbreekt. (anders)
    - Nieuw is grens-combinatie-eigenaar-bekend: Is van een adres geen eigenaar bekend, dan gaan van een combinatiedossier alleen planning en contactgegevens over: er is niemand om te informeren, en niemand die bezwaar kan maken. (anders)
    ");
    let back = compared(&bundle(CANDIDATE), &bundle(CONVENANT));
    assert_eq!(back.relation, Relation::Tighter);
    assert_eq!(back.changes.len(), comparison.changes.len());
}

#[test]
fn the_law_of_2023_is_wider_and_tighter_than_the_line_of_2021() {
    let comparison = compared(&bundle(CONVENANT), &bundle(TWG));
    insta::assert_snapshot!(text(&comparison), @r"
    Van 2021-04-01-convenant naar 2023-04-19-twg.
    BEIDE: er komt iets bij, en er gaat iets af. Nagegaan voor alle aanvragen, door cvc5.

    Straks toegestaan, en eerst niet:
    - aos, van IMG naar gemeente: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: gemeente vraagt aos-inspectierapport van IMG voor aos; team aos; geen combinatiedossier; er loopt een AOS-melding; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 2(7) (AVG 6(1)(c)), regel aos-van-img-naar-burgemeester
    - aos, van IMG naar NCG: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor aos; team aos; geen combinatiedossier; er loopt een AOS-melding; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 3(4) jo. 2(7) (AVG 6(1)(c)), regel aos-van-img-naar-ncg
    - aos, van NCG naar IMG: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: IMG vraagt bouwtekening van NCG voor aos; team aos; geen combinatiedossier; er loopt een AOS-melding; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 3(8) jo. 3(4) (AVG 6(1)(c)), regel aos-van-ncg-naar-img
    - combinatie-behandeling, van IMG naar NCG: aos-inspectierapport, beoordeling, bouwtekening, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor combinatie-behandeling; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar; verzoek om gezamenlijke behandeling van de eigenaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 2a(4) jo. 3(4) en 3(5) (AVG 6(1)(e)), regel combinatie-behandeling-alle-eigenaren
    - combinatie-behandeling, van NCG naar IMG: aos-inspectierapport, beoordeling, bouwtekening, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt beoordeling van NCG voor combinatie-behandeling; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar; verzoek om gezamenlijke behandeling van de eigenaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 2a(4) jo. 3(4) en 3(5) (AVG 6(1)(e)), regel combinatie-behandeling-alle-eigenaren
    - knelpunt-gezondheid, van IMG naar NCG: gezondheidsgegevens
      voorbeeld: NCG vraagt gezondheidsgegevens van IMG voor knelpunt-gezondheid; één eigenaar; uitdrukkelijke instemming van de eigenaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 2(11) jo. 3(9) (AVG 6(1)(e)), regel knelpunt-gezondheid
    - knelpunt-gezondheid, van IMG naar NCG, gemerkt als gezondheidsgegevens: gezondheidsgegevens
      voorbeeld: NCG vraagt gezondheidsgegevens (gemerkt als gezondheidsgegevens) van IMG voor knelpunt-gezondheid; één eigenaar; uitdrukkelijke instemming van de eigenaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 2(11) jo. 3(9) (AVG 6(1)(e)), regel knelpunt-gezondheid
    - knelpunt-gezondheid, van NCG naar IMG: gezondheidsgegevens
      voorbeeld: IMG vraagt gezondheidsgegevens van NCG voor knelpunt-gezondheid; één eigenaar; uitdrukkelijke instemming van de eigenaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 2(11) jo. 3(9) (AVG 6(1)(e)), regel knelpunt-gezondheid
    - knelpunt-gezondheid, van NCG naar IMG, gemerkt als gezondheidsgegevens: gezondheidsgegevens
      voorbeeld: IMG vraagt gezondheidsgegevens (gemerkt als gezondheidsgegevens) van NCG voor knelpunt-gezondheid; één eigenaar; uitdrukkelijke instemming van de eigenaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 2(11) jo. 3(9) (AVG 6(1)(e)), regel knelpunt-gezondheid
    - schade-afhandeling, van NCG naar IMG: beoordeling, funderingsonderzoek, normbesluit, opnamerapport, versterkingsadvies
      voorbeeld: IMG vraagt beoordeling van NCG voor schade-afhandeling; geen combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 3(4) (AVG 6(1)(c)), regel schade-afhandeling
    - veiligheidsnorm-melding, van IMG naar gemeente: inspectierapport
      voorbeeld: gemeente vraagt inspectierapport van IMG voor veiligheidsnorm-melding; één eigenaar; geen bezwaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 3(7) (AVG 6(1)(c)), regel veiligheidsnorm-melding
    - veiligheidsnorm-melding, van IMG naar NCG: inspectierapport
      voorbeeld: NCG vraagt inspectierapport van IMG voor veiligheidsnorm-melding; één eigenaar; geen bezwaar
      eerst geweigerd: deze bundel kent dat woord niet
      straks toegestaan op TwG 3(7) (AVG 6(1)(c)), regel veiligheidsnorm-melding
    - versterking-uitvoering, van IMG naar NCG: inspectierapport, schadebesluit, schaderapport
      voorbeeld: NCG vraagt inspectierapport van IMG voor versterking-uitvoering; geen combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 3(5) (AVG 6(1)(c)), regel versterking-uitvoering

    Eerst toegestaan, en straks niet:
    - aos, van IMG naar gemeente: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: gemeente vraagt aos-inspectierapport van IMG voor aos; geen team; geen combinatiedossier; er loopt geen AOS-melding; één eigenaar; toestemming van de eigenaar; geen bezwaar
      eerst toegestaan op AVG 6(1)(a), regel dossierstuk-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - aos, van IMG naar NCG: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor aos; geen team; geen combinatiedossier; er loopt geen AOS-melding; één eigenaar; toestemming van de eigenaar; geen bezwaar
      eerst toegestaan op AVG 6(1)(a), regel dossierstuk-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - aos, van NCG naar IMG: aos-inspectierapport, bouwtekening, fotorapportage, inspectierapport, opnamerapport
      voorbeeld: IMG vraagt bouwtekening van NCG voor aos; geen team; geen combinatiedossier; er loopt geen AOS-melding; één eigenaar; toestemming van de eigenaar; geen bezwaar
      eerst toegestaan op AVG 6(1)(a), regel dossierstuk-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - combinatie-behandeling, van IMG naar NCG: aos-inspectierapport, beoordeling, bouwtekening, contactgegevens, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, planning, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor combinatie-behandeling; combinatiedossier; één eigenaar; toestemming van de eigenaar; geen bezwaar; geen verzoek om gezamenlijke behandeling
      eerst toegestaan op AVG 6(1)(a), regel combinatiedossier-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - combinatie-behandeling, van NCG naar IMG: aos-inspectierapport, beoordeling, bouwtekening, contactgegevens, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, planning, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt beoordeling van NCG voor combinatie-behandeling; combinatiedossier; één eigenaar; toestemming van de eigenaar; geen bezwaar; geen verzoek om gezamenlijke behandeling
      eerst toegestaan op AVG 6(1)(a), regel combinatiedossier-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe

    Wat verder verschilt:
    - Een AOS-melding telt straks tot haar einde; eerst hoogstens 14 dagen. (ruimer)
    - Straks telt de keuze toestemming alleen als zij is ingegaan op of na 19-4-2023. (strenger)
    - Nieuw is het doel knelpunt-gezondheid. (anders)
    - Nieuw is het doel veiligheidsnorm-melding. (anders)
    - Regel immateriele-schade rust straks op TwG 3(4); eerst op AVG 6(1)(c). (anders)
    - Straks luidt grens-gezondheid: Gezondheidsgegevens gaan alleen over voor een knelpunt, en alleen als alle eigenaren daar uitdrukkelijk mee hebben ingestemd. (anders)
    - Straks luidt grens-toestemming: Voor het doel overig gaat niets over zonder toestemming voor dit adres, dit doel en deze ontvanger, en niets als een eigenaar die weigerde of introk. (anders)
    - Straks luidt grens-toestemming-alle-eigenaren: Moeten alle eigenaren kiezen, dan gaat voor het doel overig niets over zolang er één ontbreekt. (anders)
    - Nieuw is grens-aos: Voor een acuut onveilige situatie gaat alleen iets over zolang de melding voor dit adres loopt, aan het AOS-team, tussen het Instituut en NCG of van het Instituut naar de gemeente, en alleen van de afgesproken soorten. (anders)
    - Nieuw is grens-bezwaar-plicht: In de lezing waarin een bezwaar ook de plicht stopt, gaat bij bezwaar voor schadeafhandeling, versterking en immateriële schade niets over. (anders)
    - Nieuw is grens-gezamenlijk: Gezamenlijke behandeling is er alleen voor een adres met een lopend dossier bij beide organisaties, als een eigenaar erom verzocht en geen eigenaar dat weigerde of introk. (anders)
    - Nieuw is grens-gezamenlijk-alle-eigenaren: Moeten alle eigenaren kiezen, dan is er geen gezamenlijke behandeling zolang er één niet om verzocht. (anders)
    - Vervallen is grens-combinatie-toestemming: Van een combinatiedossier gaan andere stukken dan planning en contactgegevens niet over zonder toestemming voor dit adres, dit doel en deze ontvanger, en niet als een eigenaar die weigerde of introk. (anders)
    - Vervallen is grens-combinatie-alle-eigenaren: Moeten alle eigenaren kiezen, dan gaan van een combinatiedossier andere stukken dan planning en contactgegevens niet over zolang er één ontbreekt. (anders)
    - Vervallen is grens-combinatie-lopend: Voor gezamenlijke behandeling gaat alleen iets over van een adres met een lopend dossier bij beide organisaties. (anders)
    - Vervallen is grens-aos-toestemming: Voor een acuut onveilige situatie gaat niets over zonder toestemming voor dit adres, dit doel en deze ontvanger, en niets als een eigenaar die weigerde of introk. (anders)
    - Vervallen is grens-aos-uitzondering: Zonder toestemming gaan voor een acuut onveilige situatie alleen het AOS-inspectierapport en het opnamerapport over, zolang de melding voor dit adres loopt, aan het AOS-team, tussen het Instituut en NCG of van het Instituut naar de gemeente. (anders)
    ");
}

#[test]
fn a_proof_record_is_read_as_it_was_written_and_not_otherwise() {
    let bundle = bundle(TWG);
    let report = proven(&bundle, "");
    let at = crate::clock::Moment::parse("2026-01-02T03:04:05Z").unwrap();
    let record = ProofRecord::of(&report, at).unwrap();
    let json = record.to_json();
    assert_eq!(
        json,
        serde_json_canonicalizer::to_string(
            &serde_json::from_str::<serde_json::Value>(&json).unwrap()
        )
        .unwrap()
    );
    assert_eq!(ProofRecord::parse(&(json.clone() + "\n")).unwrap(), record);
    assert!(record.covers(&bundle));
    let other = changed(TWG, "tabel.csv", &[("\n", "\n\n")]);
    assert!(!other.is_ok_and(|other| record.covers(&other)));
    for (from, to) in [
        ("{", "{ "),
        ("\"v\":1", "\"v\":2"),
        ("\"v\":1", "\"v\":1,\"w\":1"),
        ("\"bewezen\":[", "\"bewezen\":[\"zzz\","),
    ] {
        assert!(
            ProofRecord::parse(&json.replacen(from, to, 1)).is_err(),
            "{to}"
        );
    }
    let without = json.replacen("\"grens-gezondheid\",", "", 1);
    assert!(!ProofRecord::parse(&without).unwrap().covers(&bundle));
    let other = proven(&bundle, "alle-eigenaren=nee");
    assert!(other.is_proven() && ProofRecord::of(&other, at).is_none());
}

#[test]
fn what_is_kept_of_the_shipped_bundles_is_what_is_proven_of_them() {
    for code in [CONVENANT, TWG] {
        let report = proven(&bundle(code), "");
        let again = ProofRecord::of(&report, crate::clock::Moment::EPOCH).unwrap();
        let kept = crate::policy::find_shipped_proof(code).unwrap();
        assert_eq!(kept.bundle(), again.bundle(), "{code}");
        assert_eq!(kept.proven(), again.proven(), "{code}");
    }
}
