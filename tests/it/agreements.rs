//! What both organisations sign decides at every gateway from its moment on, and not before (DESIGN, I2
//! for rules): over HTTP and by command. Every book is verified and replayed at the end.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use sluis::clock::{Clock as _, Moment, SystemClock};
use sluis::policy::Bundle;

use crate::client::{Answer, Call};
use crate::party::{Party, Token, pki};
use crate::process::sluis;
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";
const AT: &str = "/v1/overeenkomsten";
/// What the rules of 2021 say to a request that those of 2023 permit.
const BY_THE_OLD_RULES: &str = "403 niet-toegestaan TOESTEMMING_ONTBREEKT";

/// The rules of 2021, as if they had no end: a bundle that no configuration names.
fn old_rules(world: &World) -> PathBuf {
    const CODE: &str = "2021-04-01-convenant";
    let folder = world.folder.path().join(CODE);
    if folder.exists() {
        return folder;
    }
    std::fs::create_dir(&folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(CODE);
    for file in std::fs::read_dir(shipped).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let text = text.replacen("\ntot = \"2023-04-18T22:00:00Z\"\n", "\n", 1);
        std::fs::write(folder.join(file.file_name()), text).unwrap();
    }
    folder
}

/// What was proven of these rules. Those of 2021 without an end keep to their limits as those with one.
fn proof(world: &World, bundle: &Path) -> PathBuf {
    let code = bundle.file_name().unwrap().to_str().unwrap();
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("policies/bewijzen/{code}.json"));
    let text = std::fs::read_to_string(shipped).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let hash = Bundle::load(bundle).unwrap().hash().to_string();
    let out = world.folder.path().join(format!("bewijs-{code}.json"));
    std::fs::write(
        &out,
        text.replace(record["bundel"].as_str().unwrap(), &hash),
    )
    .unwrap();
    out
}

/// The rules of 2023, which decide in every world from the start.
fn new_rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg")
}

/// The one place where something is signed: what `sluis policy sign` wrote for each party.
fn signed(world: &World, name: &str, bundle: &Path, more: &[&str]) -> Vec<PathBuf> {
    let sign = |party: &str| {
        let out = world.folder.path().join(format!("{name}.{party}.json"));
        let paths = [
            ("--bundle", bundle.to_owned()),
            ("--key", pki().join(format!("{party}.key"))),
            ("--cert", pki().join(format!("{party}.pem"))),
            ("--out", out.clone()),
        ];
        let mut args = vec!["policy".to_owned(), "sign".to_owned()];
        for (option, path) in paths {
            args.extend([option.to_owned(), path.display().to_string()]);
        }
        args.extend(more.iter().map(|one| (*one).to_owned()));
        let told = sluis(args);
        assert!(told.status.success(), "{told:?}");
        out
    };
    ["img", "ncg"].map(sign).to_vec()
}

fn from(world: &World, name: &str, bundle: &Path, from: Moment) -> Vec<PathBuf> {
    let (from, proof) = (from.to_string(), proof(world, bundle).display().to_string());
    signed(world, name, bundle, &["--from", &from, "--proof", &proof])
}

fn statements(files: &[PathBuf]) -> Vec<Value> {
    let read = |file: &PathBuf| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    files.iter().map(read).collect()
}

/// The body of `POST /overeenkomsten`.
fn agreement(bundle: &Path, signed: &[PathBuf]) -> Value {
    let mut files = Map::new();
    for file in std::fs::read_dir(bundle).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        files.insert(file.file_name().into_string().unwrap(), json!(text));
    }
    json!({"bestanden": files, "verklaringen": statements(signed)})
}

/// What `--request` writes, or what was said instead.
fn requested(command: &str, more: &[(&str, &str)], signed: &[PathBuf]) -> Result<Value, String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("request.json");
    let mut args = vec![
        "policy".into(),
        command.into(),
        "--request".into(),
        out.clone(),
    ];
    args.extend(
        more.iter()
            .flat_map(|(option, value)| [option.into(), value.into()]),
    );
    args.extend(
        signed
            .iter()
            .flat_map(|one| ["--signature".into(), one.clone()]),
    );
    let told = sluis(args);
    let text = said(&told);
    if told.status.success() {
        assert!(text.contains("Send "), "{text}");
        return Ok(serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap());
    }
    assert!(told.status.code() == Some(1) && !out.exists(), "{text}");
    Err(text)
}

async fn post(world: &World, at: usize, path: &str, body: &Value) -> Answer {
    let token = Party::find("ncg").token(&Token::beheer());
    let call = Call::new("POST", path).json(body).token(&token);
    world.call_at(at, "ncg", &call).await
}

async fn ask(world: &World, at: usize, uuid: &str) -> String {
    let token = Party::find("img").token(&Token::new("schade-afhandeling"));
    let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
    world.call_at(at, "img", &call).await.short()
}

async fn stands(world: &World, at: usize) -> Vec<String> {
    let token = Party::find("img").token(&Token::beheer());
    let all = world
        .call_at(at, "img", &Call::get(AT).token(&token))
        .await
        .expect("200")
        .json();
    let all = all["overeenkomsten"].as_array().unwrap();
    all.iter()
        .map(|one| one["stand"].as_str().unwrap().to_owned())
        .collect()
}

fn in_seconds(seconds: i64) -> Moment {
    SystemClock.now().plus_ms(seconds * 1000)
}

fn said(told: &Output) -> String {
    [&told.stdout[..], &told.stderr]
        .map(String::from_utf8_lossy)
        .concat()
}

/// A command about agreements, on the configuration of this world.
fn policy(
    world: &World,
    command: &str,
    more: &[(&str, &str)],
    signed: &[PathBuf],
) -> (Option<i32>, String) {
    let config = world.config().display().to_string();
    let mut args = vec!["policy", command, "--config", &config];
    args.extend(more.iter().flat_map(|(option, value)| [*option, *value]));
    let signed: Vec<String> = signed.iter().map(|one| one.display().to_string()).collect();
    args.extend(signed.iter().flat_map(|one| ["--signature", one.as_str()]));
    let told = sluis(args);
    (told.status.code(), said(&told))
}

on_each_store! {
    async fn an_agreement_decides_the_very_next_request_at_the_other_gateway(store) {
        let mut world = World::new(store).await;
        let second = if store == Store::Postgres { world.start().await } else { 0 };
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        assert_eq!(ask(&world, second, &uuid).await, "200");
        let old = old_rules(&world);

        // Planned: nothing changes, and it can be taken back.
        let planned = from(&world, "planned", &old, in_seconds(3_600));
        let body = agreement(&old, &planned);
        let folder = old.display().to_string();
        let bundle = ("--bundle", folder.as_str());
        assert_eq!(requested("activate", &[bundle], &planned).unwrap(), body);
        let told = post(&world, 0, AT, &body).await.expect("201").json();
        assert_eq!(told["stand"], "gepland");
        assert_eq!(post(&world, second, AT, &body).await.expect("200").json(), told);
        assert_eq!(ask(&world, second, &uuid).await, "200");
        assert_eq!(stands(&world, second).await, ["verlopen", "van-kracht", "gepland"]);
        let index = told["index"].to_string();
        let hash = told["bladhash"].as_str().unwrap();
        let back = signed(&world, "back", &old, &["--withdraw", hash]);
        let both = requested("withdraw", &[("--entry", &index)], &back).unwrap();
        let back = statements(&back);
        let path = format!("{AT}/{index}/intrekken");
        let one = json!({"verklaringen": back[..1]});
        post(&world, second, &path, &one).await.expect("422 niet-overeengekomen");
        assert_eq!(both, json!({"verklaringen": back}));
        let told = post(&world, second, &path, &both).await.expect("200");
        assert_eq!(told.json()["stand"], "ingetrokken");
        post(&world, 0, AT, &body).await.expect("409 anders-overeengekomen");

        // From now on: at one gateway it is recorded, at the other the very next request is decided by it.
        let signing = Instant::now();
        let now = from(&world, "now", &old, in_seconds(0));
        let signing = i64::try_from(signing.elapsed().as_secs()).unwrap();
        let one = json!({"bestanden": body["bestanden"], "verklaringen": statements(&now)[..1]});
        post(&world, 0, AT, &one).await.expect("422 niet-overeengekomen");
        assert_eq!(ask(&world, second, &uuid).await, "200");
        post(&world, 0, AT, &agreement(&old, &now)).await.expect("201");
        assert_eq!(ask(&world, second, &uuid).await, BY_THE_OLD_RULES);
        assert_eq!(ask(&world, 0, &uuid).await, BY_THE_OLD_RULES);

        // From a moment on that is still to come, when all of it is signed and handed in.
        let begins = in_seconds(8 + 3 * signing);
        let soon = from(&world, "soon", &new_rules(), begins);
        post(&world, second, AT, &agreement(&new_rules(), &soon)).await.expect("201");
        assert_eq!(ask(&world, 0, &uuid).await, BY_THE_OLD_RULES);
        while SystemClock.now() < begins {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ask(&world, 0, &uuid).await, "200");
        let all = ["verlopen", "opgevolgd", "ingetrokken", "opgevolgd", "van-kracht"];
        assert_eq!(stands(&world, second).await, all);

        // A restart knows what stands in the book, though no configuration names it.
        world.restart(0).await;
        assert_eq!(ask(&world, 0, &uuid).await, "200");
        let book = world.close().await;
        let agreed: Vec<&Value> = book.of_kind("overeenkomst").map(|(_, entry)| entry).collect();
        assert_eq!(agreed.len(), 6, "two of the configuration, three that were posted, one withdrawal");
        assert!(agreed[2..].iter().all(|entry| entry["aanvrager"] == Party::find("ncg").oin.as_str()));
        let codes: Vec<&str> = book.entries.iter().filter_map(|entry| entry["code"].as_str()).collect();
        assert_eq!(codes, ["niet-overeengekomen", "anders-overeengekomen", "niet-overeengekomen"]);
    }

    async fn an_agreement_by_command_is_the_same(store) {
        let mut world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        let old = old_rules(&world);
        let folder = old.display().to_string();
        let bundle = ("--bundle", folder.as_str());
        let now = from(&world, "now", &old, in_seconds(0));
        let planned = from(&world, "planned", &new_rules(), in_seconds(3_600));
        if store == Store::Sqlite {
            let (code, said) = policy(&world, "activate", &[bundle], &now);
            assert_eq!(code, Some(64), "{said}");
            assert!(said.contains("stop it first, or send it what --request writes (POST /v1/overeenkomsten)"), "{said}");
            assert_eq!(world.gateways[0].stop().await, Some(0));
        }
        let other = [now[0].clone(), planned[1].clone()];
        let twice = [now[0].clone(), now[0].clone()];
        let none = world.folder.path().join("none.json");
        for (signed, code, part) in [
            (&now[..1], 1, "the signature of ncg is missing"),
            (&twice[..], 1, "there is more than one signature for img"),
            (&other[..], 1, "planned.ncg.json: signature 2 is for another bundle, or for other dates"),
            (&[none][..], 64, "none.json: cannot be read"),
            (&[world.config()][..], 64, "sluis.toml: is not what `sluis policy sign` writes"),
        ] {
            let (found, said) = policy(&world, "activate", &[bundle], signed);
            assert_eq!(found, Some(code), "{said}");
            assert!(said.contains(part), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        let another = new_rules().display().to_string();
        for (bundle, signed, part) in [
            (bundle, &now[..1], "and these are 1 signatures"),
            (bundle, &twice[..], "and these are 2 signatures"),
            (bundle, &other[..], "planned.ncg.json: signature 2 is for another bundle, or for other dates"),
            (("--bundle", another.as_str()), &now[..], "is about the bundle"),
        ] {
            let said = requested("activate", &[bundle], signed).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
        let (code, said) = policy(&world, "activate", &[bundle], &now);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("is in force, from"), "{said}");
        let (code, said) = policy(&world, "activate", &[bundle], &now);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("already") && said.contains("nothing was changed"), "{said}");

        let shipped = new_rules().display().to_string();
        let (code, said) = policy(&world, "activate", &[("--bundle", &shipped)], &planned);
        assert_eq!(code, Some(0), "{said}");
        let index = said.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
        let (_, list) = policy(&world, "agreements", &[], &[]);
        let hash = list.trim_end().rsplit(' ').next().unwrap();
        let back = signed(&world, "back", &new_rules(), &["--withdraw", hash]);
        let entry = ("--entry", index.as_str());
        for (entry, signed, part) in [
            (("--entry", "2"), &back, "cannot be withdrawn any more"),
            (("--entry", "9999"), &back, "there is no agreement in entry 9999"),
            (entry, &back[..1].to_vec(), "the signature of ncg is missing"),
        ] {
            let (code, said) = policy(&world, "withdraw", &[entry], signed);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(part), "{said}");
        }
        let (code, said) = policy(&world, "agreements", &[], &[]);
        assert!(code == Some(0) && said.contains(&format!("{index}: planned, from")), "{said}");
        let (code, said) = policy(&world, "withdraw", &[entry], &back);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = policy(&world, "withdraw", &[entry], &back);
        assert!(code == Some(0) && said.contains("already"), "{said}");

        if store == Store::Sqlite {
            world.come_back(0).await;
        }
        assert_eq!(ask(&world, 0, &uuid).await, BY_THE_OLD_RULES);
        // Beside a gateway that has the book open.
        let (code, said) = policy(&world, "agreements", &[], &[]);
        assert_eq!(code, Some(0), "{said}");
        for part in ["ended, from", "followed by another, from", "in force, from", "withdrawn in entry"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.contains(&Party::find("img").oin), "{said}");
        world.close().await;
    }
}
