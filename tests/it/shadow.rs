//! A candidate beside the bundle in force: configured, compared on live traffic, in the book and in the
//! figures; and without any influence.

use std::path::Path;

use crate::client::{Call, ops};
use crate::party::Token;
use crate::process::sluis;
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000019501";
const CANDIDATE: &str = "kandidaat-combinatiedossier";

/// Puts a bundle on trial.
fn configure(world: &World, folder: &Path) {
    let config = std::fs::read_to_string(world.config()).unwrap();
    let shadow = format!("[policy]\nshadow = {:?}\n", folder.display().to_string());
    assert!(config.contains("[policy]\n"));
    std::fs::write(world.config(), config.replace("[policy]\n", &shadow)).unwrap();
}

fn shipped(code: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(code)
}

/// Asks for a document for every purpose; answers what came of it.
async fn traffic(world: &World) -> Vec<(u16, String)> {
    let id = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let mut came = Vec::new();
    for purpose in [
        "schade-afhandeling",
        "overig",
        "afstemming",
        "knelpunt-gezondheid",
        "veiligheidsnorm-melding",
    ] {
        for what in ["/download", ""] {
            let call = Call::get(format!("/v1/documenten/{id}{what}"));
            let answer = world.ask("img", &Token::new(purpose), call).await;
            let code = if answer.status == 200 {
                String::new()
            } else {
                answer.json()["reden"].to_string()
            };
            came.push((answer.status, code));
        }
    }
    came
}

on_each_store! {
    async fn what_a_candidate_says_is_in_the_book_and_in_the_figures(store) {
        let alone = World::new(store).await;
        let without = traffic(&alone).await;
        alone.close().await;

        let mut world = World::without_gateway(store).await;
        configure(&world, &shipped(CANDIDATE));
        world.start().await;
        assert_eq!(traffic(&world).await, without);

        let figures = ops(world.gateways[0].ops, "/metrics").await;
        let count = |difference: &str| -> usize {
            let name = format!("sluis_shadow_decisions_total{{difference=\"{difference}\"}} ");
            let line = figures.text().lines().find_map(|line| line.strip_prefix(&name)).unwrap();
            line.parse().unwrap()
        };
        let book = world.close().await;
        let (_, start) = book.of_kind("start").next().unwrap();
        let candidate = start["schaduw"]["bundel"].as_str().unwrap().to_owned();
        let decided = book.of_kind("besluit").filter(|(_, entry)| entry["bundel"].is_string());
        let said: Vec<Option<(String, String)>> = decided
            .map(|(_, entry)| {
                let shadow = entry.get("schaduw")?;
                assert_eq!(shadow["bundel"], *candidate, "{entry}");
                let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
                Some((text("doel"), shadow["uitkomst"].as_str().unwrap().to_owned()))
            })
            .collect();
        let differ = ["permit-to-deny", "deny-to-permit", "ground", "unknown"];
        let counted: usize = differ.into_iter().map(count).sum();
        assert_eq!(said.iter().flatten().count(), counted, "{said:?}");
        assert_eq!(said.len(), counted + count("none"), "{said:?}");
        let unknown: Vec<&str> = said
            .iter()
            .flatten()
            .filter(|(_, says)| says == "niet-te-beoordelen")
            .map(|(purpose, _)| purpose.as_str())
            .collect();
        assert!(!unknown.is_empty(), "{said:?}");
        for purpose in &unknown {
            assert!(["knelpunt-gezondheid", "veiligheidsnorm-melding"].contains(purpose), "{said:?}");
        }
        assert_eq!(unknown.len(), count("unknown"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_with_a_mistake_stops_the_start() {
    let world = World::without_gateway(Store::Sqlite).await;
    let folder = world.folder.path().join(CANDIDATE);
    std::fs::create_dir(&folder).unwrap();
    for file in std::fs::read_dir(shipped(CANDIDATE)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let rules = folder.join("40-combinatiedossier.cedar");
    let good = std::fs::read_to_string(&rules).unwrap();
    let id = good
        .split("@id(\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let (before, after) = good.split_once("@toelichting(").unwrap();
    std::fs::write(&rules, format!("{before}@toelichtin({after}")).unwrap();
    configure(&world, &folder);
    let config = world.config().display().to_string();
    let checked = sluis(["check-config", "--config", &config]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(64), "{said}");
    for part in [CANDIDATE, "40-combinatiedossier.cedar:", id] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let ended = world
        .try_start(9)
        .await
        .expect_err("it opened all the same");
    assert_eq!(ended.code, Some(64), "{ended:?}");
    let _ = std::fs::remove_file(world.log(9));
    // A folder that is not there is one too.
    std::fs::remove_dir_all(&folder).unwrap();
    let checked = sluis(["check-config", "--config", &config]);
    assert_eq!(checked.status.code(), Some(64));
    world.abandon();
}
