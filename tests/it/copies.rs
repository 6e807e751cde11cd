//! What can be wrong with a copy of the book, or with how somebody asks about it: each told as what it is,
//! and never as something worse.

use std::path::Path;

use crate::client::Call;
use crate::party::{Token, pki, strange_pki};
use crate::process::sluis;
use crate::witness::{Witness, ask, cosigned};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000017302";
const CHECKPOINT: &str = "log/checkpoint";
const COSIGNED: &str = "log/getuigd/checkpoint";

/// A command of the ledger: its exit code, what it said, its complaint.
fn ledger<S: AsRef<str>>(args: &[S]) -> (i32, String, String) {
    let args = args.iter().map(AsRef::as_ref);
    let output = sluis(std::iter::once("ledger").chain(args));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// It ends so, with one line of complaint that says this.
fn refused(args: &[&str], code: i32, complaint: &str) {
    let told = ledger(args);
    assert_eq!(told.0, code, "{args:?}: {told:?}");
    assert!(told.2.contains(complaint), "{args:?}: {told:?}");
    assert_eq!(told.2.lines().count(), 1, "{args:?}: {told:?}");
}

/// It ends well, and says all of this.
fn done(args: &[&str], parts: &[&str]) -> String {
    let told = ledger(args);
    assert_eq!(told.0, 0, "{args:?}: {told:?}");
    for part in parts {
        assert!(told.1.contains(part), "{args:?}: {part}: {told:?}");
    }
    told.1
}

/// How many entries a checkpoint signs.
fn size_of(path: impl AsRef<Path>) -> u64 {
    let note = std::fs::read_to_string(path).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

/// Does something to a file while this runs, and puts it back.
fn while_changed(path: &Path, change: impl FnOnce(&mut Vec<u8>), run: impl FnOnce()) {
    let was = std::fs::read(path).unwrap();
    let mut other = was.clone();
    change(&mut other);
    assert_ne!(other, was);
    std::fs::write(path, other).unwrap();
    run();
    std::fs::write(path, was).unwrap();
}

/// What is forbidden is permitted.
fn flip_rule(bytes: &mut Vec<u8>) {
    let text = String::from_utf8(std::mem::take(bytes)).unwrap();
    *bytes = text.replacen("forbid (", "permit (", 1).into_bytes();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::too_many_lines,
    reason = "one book, and all that is asked of it"
)]
async fn a_copy_is_told_to_be_what_it_is() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let witness = Witness::new(&world, "one").await;
    ask(&world, &[&witness], "all", "");
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let place = |name: &str| world.folder.path().join(name).display().to_string();
    let keep = |name: &str, bytes: &[u8]| {
        std::fs::write(place(name), bytes).unwrap();
        place(name)
    };
    let key = world.outsider.key().to_owned();
    let key_file = keep("log.vkey", format!("{key}\n").as_bytes());
    let call = Call::get("/v1/logboek/checkpoint");
    let seen = world.call("img", &call).await.expect("200");
    let seen_size: u64 = seen.text().lines().nth(1).unwrap().parse().unwrap();
    let seen = keep("seen", &seen.body);

    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let call = Call::get(format!("/v1/documenten/{document}/download"));
    let token = Token::new("schade-afhandeling");
    let answer = world.ask("img", &token, call).await.expect("200");
    let of = format!("/v1/besluiten/{}", answer.header("fsc-transaction-id"));
    let paper = keep("rapport.pdf", &answer.body);
    let other_paper = keep("ander.pdf", &answer.body[1..]);
    let mut settled = 0;
    while settled == 0 || world.size().await > settled {
        settled = world.size().await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    cosigned(&world, 0, settled).await;
    let call = Call::get(format!("{of}/uittreksel?velden=document"));
    let extract = world.ask("img", &Token::beheer(), call).await.expect("200");
    let extract = keep("uittreksel.json", &extract.body);
    let policy = place("witnesses.policy");

    // A certificate that is not accepted is told as that.
    let url = format!("https://{}/v1/logboek", world.gateways[0].exchange);
    let ca = pki().join("ca.pem").display().to_string();
    let strange = |name: &str| strange_pki().join(name).display().to_string();
    let (cert, own) = (strange("img.pem"), strange("img.key"));
    let over = ["verify", "--url", &url, "--ca", &ca, "--log-key", &key];
    let with = [&over[..], &["--cert", &cert, "--key", &own]].concat();
    refused(&with, 70, "does not accept the client certificate");
    refused(&over, 70, "does not accept the client certificate");
    refused(
        &[&over[..], &["--cert", &cert]].concat(),
        64,
        "--key <FILE>",
    );
    let replay = [&over[..], &["--replay"]].concat();
    refused(&replay, 64, "with --url there are no keys to replay with");

    // What was read last left an entry, and the witness sees that too before the gateway is gone.
    assert_eq!(world.gateways[0].stop().await, Some(0));
    let config = world.config().display().to_string();
    let export = place("export");
    done(&["export", "--config", &config, "--out", &export], &[]);
    let at = |name: &str| Path::new(&export).join(name);
    let size = size_of(at(CHECKPOINT));
    assert!(size > settled, "the reading is in it");
    assert_eq!(size_of(at(COSIGNED)), size, "the last round");

    // The whole copy, and what is public of it: under the key in a file, grown from what was seen.
    let log = at("log").display().to_string();
    let trusting = ["--log-key", &key_file, "--policy", &policy];
    let whole = [&["verify", "--export", &export], &trusting[..]].concat();
    let public = [&["verify", "--export", &log], &trusting[..]].concat();
    let grown = format!("it grew from your checkpoint of {seen_size} entries");
    let from = ["--at-least", &seen, "--max-age", "600"];
    for copy in [&whole, &public] {
        done(
            &[&copy[..], &from].concat(),
            &[&grown, " ago\n", "Z (to the second)"],
        );
    }
    let mirror = place("mirror");
    std::fs::create_dir(&mirror).unwrap();
    std::fs::copy(at("export.json"), Path::new(&mirror).join("export.json")).unwrap();
    std::os::unix::fs::symlink(at("log"), Path::new(&mirror).join("log")).unwrap();
    let mirrored = [&["verify", "--export", &mirror], &trusting[..]].concat();
    done(&mirrored, &["nothing sealed is in it"]);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let old = [&whole[..], &["--max-age", "0"]].concat();
    refused(&old, 1, "the witnesses' word is too old");

    // Damage is damage, whoever stands behind the book and whatever was seen before.
    let bundle = at(&format!("log/tile/entries/000.p/{size}"));
    let seeing = ["--at-least", &seen];
    let flip = |bytes: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let begin = text.find("\"programma\":\"sluis ").unwrap();
        bytes[begin + 13] = b'x';
    };
    while_changed(&bundle, flip, || {
        for more in [&[][..], &seeing] {
            for copy in [&whole, &public] {
                let args = [&copy[..], more].concat();
                refused(&args, 1, "does not have the hash its tile holds");
            }
        }
    });
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(9);
    while_changed(&at(CHECKPOINT), cut, || {
        let why = "sluis: the checkpoint cannot be believed: it is not a signed note";
        refused(&whole, 1, why);
        refused(&public, 1, why);
    });
    while_changed(&at(COSIGNED), cut, || {
        done(&whole[..5], &[]);
    });
    let older = std::fs::read(&seen).unwrap();
    let back = |bytes: &mut Vec<u8>| bytes.clone_from(&older);
    let partial = at(&format!("log/tile/0/000.p/{size}"));
    let tile = std::fs::read(&partial).unwrap();
    let entries = std::fs::read(&bundle).unwrap();
    std::fs::write(at("log/tile/0/000"), &tile).unwrap();
    std::fs::write(at("log/tile/entries/000"), &entries).unwrap();
    while_changed(&at(CHECKPOINT), back, || {
        refused(
            &public,
            1,
            "it was rolled back: the cosigned checkpoint that is kept beside it",
        );
    });
    std::fs::remove_file(at("log/tile/0/000")).unwrap();
    std::fs::remove_file(at("log/tile/entries/000")).unwrap();

    // The paper in hand.
    let check = ["check-proof", &extract, "--log-key", &key_file];
    let paper_of = |paper| [&check[..], &["--document", paper]].concat();
    done(
        &paper_of(&paper),
        &["is, byte for byte, the one that entry"],
    );
    refused(
        &paper_of(&other_paper),
        1,
        "it is not the document that entry",
    );

    // Who is missing.
    let absent = Witness::prepared(&world, "two");
    let text = std::fs::read_to_string(&policy).unwrap();
    let stricter = text.replace(
        "group all-of-them all",
        &format!("witness w9 {}\ngroup all-of-them all w9", absent.key),
    );
    let stricter = keep("stricter.policy", stricter.as_bytes());
    let args = ["check-proof", &extract, "--policy", &stricter];
    refused(
        &args,
        1,
        "missing: w9 (two.example); witnesses cosign within some seconds",
    );
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let marked = keep("marked.policy", &marked);
    let args = ["check-proof", &extract, "--policy", &marked];
    refused(&args, 64, "it begins with a byte order mark");

    // What the operator is told.
    assert_eq!(done(&["key", "--config", &config], &[]), format!("{key}\n"));
    refused(&["init", "--config", &config], 64, &key);
    let csv = place("boek.csv");
    let table = ["export", "--config", &config, "--as", "csv"];
    let more = |more: &[&'static str]| [&table[..], more].concat();
    let next = format!("the next export begins with --from {size}.");
    done(&[&table[..], &["--out", &csv]].concat(), &[&next]);
    refused(
        &more(&["--from", "9999"]),
        64,
        "--from 9999: the ledger has ",
    );
    let stranger = ["--for", "00000009999999999000"];
    refused(
        &more(&stranger),
        64,
        "no organisation of the configuration has the OIN",
    );
    refused(
        &more(&["--for", "x"]),
        64,
        "expected an OIN of twenty digits",
    );
    let master = Path::new(&config).with_file_name("master.key");
    let strange_master = |bytes: &mut Vec<u8>| {
        bytes[0] = if bytes[0] == b'A' { b'B' } else { b'A' };
    };
    let (copy, again) = (place("copy"), place("again.toml"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&again, text.replace("ledger.db", "again.db")).unwrap();
    while_changed(&master, strange_master, || {
        for args in [
            &["verify", "--config", &config, "--replay"][..],
            &["export", "--config", &config, "--out", &copy],
            &table,
            &["restore", "--config", &again, "--from", &export],
        ] {
            refused(args, 64, "is another ledger's: it opens no key of this one");
        }
    });

    // The rules are in the book: no folder of them is needed to make its decisions again.
    let far = place("far.toml");
    std::fs::write(&far, text.replace("/policies/", "/nowhere/")).unwrap();
    let rules = [
        &["verify", "--config", &far, "--replay"][..],
        &["verify", "--config", &far, "--replay", "--export", &export],
        &["drill", "--config", &far],
        &["export", "--config", &far, "--as", "ldv"],
    ];
    for args in rules {
        assert!(!done(args, &[]).contains("not judged"), "{args:?}");
    }
    let rules = std::fs::read_dir(at("log/beleid")).unwrap();
    let rules: Vec<_> = rules.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(rules.len(), 2);
    while_changed(&rules[0], flip_rule, || {
        refused(&whole, 1, "it has another hash");
    });

    // A restored book keeps what its witnesses cosigned.
    done(&["restore", "--config", &again, "--from", &export], &[]);
    done(
        &["verify", "--config", &again, "--policy", &policy],
        &["stood behind its first"],
    );
    world.abandon();
}

/// `deploy/lost.md`: a new ledger that begins with what is left of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_ledger_begins_with_what_is_left_of_another() {
    let mut world = World::new(Store::Sqlite).await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let call = Call::get("/v1/logboek/checkpoint");
    let seen = world.call("img", &call).await.expect("200");
    world.owners(ADDRESS, &["eig-2"]).await;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    let place = |name: &str| world.folder.path().join(name).display().to_string();
    std::fs::write(place("seen"), &seen.body).unwrap();
    let (config, old) = (place("sluis.toml"), world.outsider.key().to_owned());
    let book = place("old-book");
    done(&["export", "--config", &config, "--out", &book], &[]);
    let lines = std::fs::read_to_string(&config).unwrap();
    let elsewhere = lines
        .replace("ledger.db", "new.db")
        .replace("\"log.key\"", "\"new.key\"");
    let anew = place("anew.toml");
    let restore = [
        "restore",
        "--config",
        &anew,
        "--from",
        &book,
        "--begin-anew",
        "--log-key",
        &old,
    ];
    std::fs::write(&anew, &elsewhere).unwrap();
    refused(&restore, 64, "ledger.origin is still sluis.example/logboek");
    let renamed = elsewhere.replace("sluis.example/logboek", "sluis.example/logboek-2");
    std::fs::write(&anew, renamed).unwrap();
    let said = done(
        &restore,
        &["The ledger sluis.example/logboek ends for good"],
    );
    let key = said.lines().last().unwrap();
    assert!(key.starts_with("sluis.example/logboek-2+"), "{said}");
    refused(&restore, 64, "");
    let begun = [
        "verify",
        "--config",
        &anew,
        "--replay",
        "--log-key",
        key,
        "--at-least",
        &place("seen"),
        "--at-least-key",
        &old,
    ];
    done(
        &begun,
        &["it grew from your checkpoint of", "Every decision follows"],
    );
    refused(&begun[..8], 64, "it is not signed by the expected key");
    // A gateway takes it on, under its new name.
    let config = Path::new(&anew);
    let mut gateway = crate::process::Gateway::start(config, &world.log(1))
        .await
        .unwrap();
    assert_eq!(gateway.stop().await, Some(0));
    world.abandon();
}

/// Where no tile is kept yet, what an entry seals may still say which one was changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_entry_of_the_last_ones_is_named_where_it_can_be() {
    let mut world = World::new(Store::Postgres).await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let last = world.size().await - 1;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    let change = format!(
        "update entries set entry = convert_to(replace(convert_from(entry, 'UTF8'), \
         '\"transactie\":\"01', '\"transactie\":\"02'), 'UTF8') where idx = {last}"
    );
    assert_eq!(world.database.run(&change).await, 1);
    let config = world.config().display().to_string();
    let verify = ["verify", "--config", &config];
    refused(&verify, 1, &format!("sluis: entry {last} is wrong: "));
    world.abandon();
}
