//! Mistakes of an operator: told all at once, exit 64, and no port opened.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::client::{Call, ops};
use crate::party::pki;
use crate::process::{Ended, sluis};
use crate::world::{Store, World, on_each_store};

/// Starts the gateway, which must not start.
async fn refused(world: &World) -> Ended {
    let ended = world
        .try_start(9)
        .await
        .expect_err("it opened all the same");
    let _ = std::fs::remove_file(world.log(9));
    assert!(!ended.said.contains("the gateway is open"), "{ended:?}");
    ended
}

fn complaints(ended: &Ended) -> Vec<&str> {
    ended
        .said
        .lines()
        .filter_map(|line| line.strip_prefix("sluis: "))
        .collect()
}

fn edit(world: &World, edits: &[(&str, &str)]) {
    let mut config = std::fs::read_to_string(world.config()).unwrap();
    for (from, to) in edits {
        assert!(config.contains(from), "{from} is not in the configuration");
        config = config.replace(from, to);
    }
    std::fs::write(world.config(), config).unwrap();
}

#[test]
fn a_wrong_command_line_is_one_line_that_says_where_to_look() {
    for (args, what, help) in [
        (&[][..], "name a command: demo, serve, ", "sluis"),
        (
            &["ledger"],
            "name a command: init, key, new-key, verify, check-proof, export, restore, drill, erase, hold, retain;",
            "sluis ledger",
        ),
        (&["serv"], "'serve'", "sluis"),
        (
            &["ledger", "verify", "--cert", "x"],
            "--url <URL>",
            "sluis ledger verify",
        ),
        (&["demo", "--ports", "x"], "--ports <PORT>", "sluis demo"),
        (&["serve", "--koffie"], "--koffie", "sluis serve"),
    ] {
        let output = sluis(args);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{args:?}: {errors}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(
            errors.starts_with("sluis: ") && errors.contains(what),
            "{errors}"
        );
        let end = format!("; see `{help} --help`\n");
        assert!(errors.ends_with(&end), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_told_at_once() {
    let world = World::without_gateway(Store::Sqlite).await;
    let good = std::fs::read_to_string(world.config()).unwrap();
    for (edits, keys) in [
        (
            &[
                (
                    "audience = \"https://sluis.example\"",
                    "audience = 5\nkoffie = true",
                ),
                ("desk = \"127.0.0.1:0\"", "desk = \"overal\""),
                ("ops = \"127.0.0.1:0\"", "ops = \"0.0.0.0:0\""),
                ("[tls]", "[tls]\nprofile = \"ssl3\""),
                ("role = \"ncg\"", "role = \"N C G\""),
                ("master-key", "mastr-key"),
                ("[store]", "[tokens]\nallow-rs256 = \"ja\"\n[store]"),
            ][..],
            &[
                "audience",
                "koffie",
                "ledger.master-key",
                "ledger.mastr-key",
                "listen.desk",
                "listen.ops",
                "organisations[1].role",
                "tls.profile",
                "tokens.allow-rs256",
            ][..],
        ),
        (&[("sqlite:ledger.db", "mysql://x")], &["store.url"]),
        (
            &[("sqlite:ledger.db", "postgres://u:geheim@h/db")],
            &["store.url"],
        ),
    ] {
        edit(&world, edits);
        let config = world.config().display().to_string();
        let checked = sluis(["check-config", "--config", &config]);
        assert_eq!(checked.status.code(), Some(64));
        let checked = String::from_utf8(checked.stderr).unwrap();
        let ended = refused(&world).await;
        assert_eq!(ended.code, Some(64), "{ended:?}");
        let told = complaints(&ended);
        let named: Vec<&str> = told
            .iter()
            .map(|line| line.split(": ").next().unwrap())
            .collect();
        assert_eq!(named, keys, "{told:#?}");
        let both: Vec<&str> = checked
            .lines()
            .filter_map(|l| l.strip_prefix("sluis: "))
            .collect();
        assert_eq!(both, told, "check-config and serve say the same");
        assert!(!checked.contains("geheim"), "a password is shown");
        std::fs::write(world.config(), &good).unwrap();
    }
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_right_is_named() {
    let world = World::without_gateway(Store::Sqlite).await;
    let good = std::fs::read_to_string(world.config()).unwrap();
    let own = world.folder.path().to_owned();
    let copy = |name: &str, mode: u32| {
        let to = own.join(name);
        std::fs::copy(pki().join(name), &to).unwrap();
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode)).unwrap();
        to.display().to_string()
    };
    let open_key = copy("gateway.key", 0o644);
    std::fs::write(own.join("empty.pem"), "").unwrap();
    std::fs::create_dir(own.join("bundle")).unwrap();
    let in_pki = |name: &str| pki().join(name).display().to_string();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg");
    for (from, to, named) in [
        (in_pki("gateway.key"), open_key.clone(), "gateway.key"),
        (
            in_pki("gateway.pem"),
            own.join("empty.pem").display().to_string(),
            "empty.pem",
        ),
        (in_pki("gateway.key"), in_pki("img.key"), "key"),
        (
            in_pki("ca.crl.pem"),
            own.join("gone.pem").display().to_string(),
            "gone.pem",
        ),
        (
            in_pki("img.jwks.json"),
            own.join("empty.pem").display().to_string(),
            "empty.pem",
        ),
        (
            shipped.display().to_string(),
            own.join("bundle").display().to_string(),
            "bundle",
        ),
    ] {
        edit(&world, &[(&format!("\"{from}\""), &format!("\"{to}\""))]);
        let ended = refused(&world).await;
        assert_eq!(ended.code, Some(64), "{named}: {ended:?}");
        let told = complaints(&ended);
        assert!(
            !told.is_empty() && told.iter().any(|line| line.contains(named)),
            "{named}: {told:?}"
        );
        std::fs::write(world.config(), &good).unwrap();
    }
    for key in ["log.key", "master.key"] {
        let path = own.join(key);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let ended = refused(&world).await;
        assert_eq!(ended.code, Some(64), "{ended:?}");
        let told = complaints(&ended).join("\n");
        assert!(told.contains(key) && told.contains("600"), "{told}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_after_signing_puts_nothing_in_force() {
    let world = World::without_gateway(Store::Sqlite).await;
    let good = std::fs::read_to_string(world.config()).unwrap();
    let of_ncg = pki().join("2023-04-19-twg.ncg.json");
    let signed = std::fs::read_to_string(&of_ncg).unwrap();
    let of_img = std::fs::read_to_string(pki().join("2023-04-19-twg.img.json")).unwrap();
    let record = "        \"grens-gezondheid\",\n";
    assert!(signed.contains(record) && signed.contains("2023-04-18T22:00:00.000Z"));
    for (file, named) in [
        (
            signed.replace("2023-04-18T22:00", "2023-04-18T23:00"),
            "signature 1 is not good",
        ),
        (
            signed.replace(record, ""),
            "does not cover grens-gezondheid",
        ),
        (of_img, "there is more than one signature for img"),
        (
            signed.replacen("\"handtekening\": \"", "\"handtekening\": \"x", 1),
            "signature 2 is not good",
        ),
        (
            signed.replacen("\"bewijzen\"", "\"bewijs\"", 1),
            "is not what `sluis policy sign` writes",
        ),
    ] {
        let changed = world.folder.path().join("changed.json");
        std::fs::write(&changed, &file).unwrap();
        let from = format!("\"{}\"", of_ncg.display());
        edit(&world, &[(&from, &format!("\"{}\"", changed.display()))]);
        let ended = refused(&world).await;
        assert_eq!(ended.code, Some(64), "{named}: {ended:?}");
        let told = complaints(&ended).join("\n");
        assert!(told.contains(named), "{named}: {told}");
        std::fs::write(world.config(), &good).unwrap();
    }
    world.abandon();
}

on_each_store! {
    async fn a_missing_ledger_is_not_made(store) {
        let world = World::without_gateway(store).await;
        if store == Store::Sqlite {
            std::fs::remove_file(world.folder.path().join("ledger.db")).unwrap();
        } else {
            world.database.run("drop schema public cascade; create schema public").await;
        }
        for _ in 0..2 {
            let ended = refused(&world).await;
            assert_eq!(ended.code, Some(64), "{ended:?}");
            let told = complaints(&ended).join("\n");
            assert!(told.contains("there is no ledger") && told.contains("ledger init"), "{told}");
        }
        assert!(store == Store::Postgres || !world.folder.path().join("ledger.db").exists());
        world.abandon();
    }

    async fn a_second_init_leaves_everything_as_it_was(store) {
        let mut world = World::new(store).await;
        let before = world.book().await.lines;
        let keys = ["log.key", "master.key"].map(|key| world.folder.path().join(key));
        let were = keys.each_ref().map(|key| std::fs::read(key).unwrap());
        let config = world.config().display().to_string();
        let again = sluis(["ledger", "init", "--config", &config]);
        assert_eq!(again.status.code(), Some(64), "{again:?}");
        for key in &keys {
            std::fs::remove_file(key).unwrap();
        }
        let without_keys = sluis(["ledger", "init", "--config", &config]);
        assert_eq!(without_keys.status.code(), Some(64), "{without_keys:?}");
        for (key, was) in keys.iter().zip(were) {
            assert!(!key.exists(), "a new key for an old ledger");
            std::fs::write(key, was).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(key, private).unwrap();
        }
        assert_eq!(world.book().await.lines, before);
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_gateway_on_one_sqlite_is_refused() {
    let world = World::new(Store::Sqlite).await;
    let ended = refused(&world).await;
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(
        complaints(&ended).join("\n").contains("another gateway"),
        "{ended:?}"
    );
    world
        .call("img", &Call::get("/v1/logboek/checkpoint"))
        .await
        .expect("200");
    assert_eq!(ops(world.gateways[0].ops, "/readyz").await.status, 200);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_named() {
    let world = World::without_gateway(Store::Sqlite).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    edit(
        &world,
        &[(
            "exchange = \"127.0.0.1:0\"",
            &format!("exchange = \"{address}\""),
        )],
    );
    let ended = refused(&world).await;
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(
        complaints(&ended).join("\n").contains(&address),
        "{ended:?}"
    );
    world.abandon();
}
