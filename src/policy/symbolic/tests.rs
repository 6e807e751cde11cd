//! What the solver says is compared with what people expect, and the flat form with the engine.

use super::*;
use crate::policy::bundle::Bundle;
use crate::policy::tests::support::{CANDIDATE, CONVENANT, TWG, bundle, changed, files, replace};

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
        if to.contains("anders-gezegd") {
            // The table names the rule.
            replace(
                &mut planted,
                file,
                "een eigenaar heeft laten weten",
                "wie eigenaar is liet weten",
            );
        }
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
      voorbeeld: NCG vraagt beoordeling van IMG voor combinatie-behandeling; team combinatieteam; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op AVG 6(1)(e), regel kandidaat-combinatiedossier-zonder-toestemming
    - combinatie-behandeling, van NCG naar IMG: beoordeling, inspectierapport, normbesluit, opnamerapport, schadebesluit, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt beoordeling van NCG voor combinatie-behandeling; team combinatieteam; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op AVG 6(1)(e), regel kandidaat-combinatiedossier-zonder-toestemming

    Wat verder verschilt:
    - Bij regel aos-zonder-toestemming vervalt: beoordelen door twee mensen. (ruimer)
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
      voorbeeld: IMG vraagt aos-inspectierapport van NCG voor aos; team aos; geen combinatiedossier; er loopt een AOS-melding; één eigenaar; geen toestemming; geen bezwaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 3(8) jo. 3(4) (AVG 6(1)(c)), regel aos-van-ncg-naar-img
    - combinatie-behandeling, van IMG naar NCG: aos-inspectierapport, beoordeling, bouwtekening, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor combinatie-behandeling; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar; verzoek om gezamenlijke behandeling van de eigenaar
      eerst geweigerd: geen regel staat het toe
      straks toegestaan op TwG 2a(4) jo. 3(4) en 3(5) (AVG 6(1)(e)), regel combinatie-behandeling-alle-eigenaren
    - combinatie-behandeling, van NCG naar IMG: aos-inspectierapport, beoordeling, bouwtekening, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt aos-inspectierapport van NCG voor combinatie-behandeling; combinatiedossier; één eigenaar; geen toestemming; geen bezwaar; verzoek om gezamenlijke behandeling van de eigenaar
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
      voorbeeld: IMG vraagt aos-inspectierapport van NCG voor aos; geen team; geen combinatiedossier; er loopt geen AOS-melding; één eigenaar; toestemming van de eigenaar; geen bezwaar
      eerst toegestaan op AVG 6(1)(a), regel dossierstuk-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - combinatie-behandeling, van IMG naar NCG: aos-inspectierapport, beoordeling, bouwtekening, contactgegevens, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, planning, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: NCG vraagt aos-inspectierapport van IMG voor combinatie-behandeling; combinatiedossier; één eigenaar; toestemming van de eigenaar; geen bezwaar; geen verzoek om gezamenlijke behandeling
      eerst toegestaan op AVG 6(1)(a), regel combinatiedossier-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe
    - combinatie-behandeling, van NCG naar IMG: aos-inspectierapport, beoordeling, bouwtekening, contactgegevens, engineeringrapport, fotorapportage, funderingsonderzoek, immateriele-schade-besluit, inspectierapport, normbesluit, opnamerapport, planning, schadebesluit, schademelding, schaderapport, versterkingsadvies, versterkingsplan
      voorbeeld: IMG vraagt aos-inspectierapport van NCG voor combinatie-behandeling; combinatiedossier; één eigenaar; toestemming van de eigenaar; geen bezwaar; geen verzoek om gezamenlijke behandeling
      eerst toegestaan op AVG 6(1)(a), regel combinatiedossier-toestemming-alle-eigenaren
      straks geweigerd: geen regel staat het toe

    Wat verder verschilt:
    - Een AOS-melding telt straks tot haar einde; eerst hoogstens 14 dagen. (ruimer)
    - Straks telt de keuze toestemming alleen als zij is ingegaan op of na 19-4-2023. (strenger)
    - Nieuw is het doel knelpunt-gezondheid. (anders)
    - Nieuw is het doel veiligheidsnorm-melding. (anders)
    - Regel immateriele-schade rust straks op TwG 3(4); eerst op AVG 6(1)(c). (anders)
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
