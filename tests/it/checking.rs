//! What `deploy/checking.md` promises: with the public key, the witnesses' policy and a certificate,
//! somebody outside says that the book has one history and that a permit stood before its release.

use crate::client::Call;
use crate::party::{Token, pki};
use crate::process::sluis;
use crate::witness::{Witness, ask, cosigned};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000017301";

/// A command of the ledger, with what it answered: its exit code, what it said, its complaint.
fn ledger<'a>(args: impl IntoIterator<Item = &'a str>) -> (i32, String, String) {
    let output = sluis(std::iter::once("ledger").chain(args));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// What `deploy/checking.md` walks through: somebody with the public key, the policy file and a certificate
/// says that the book has one history, and that a permit stood in it before its release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one story, and what would spoil it")]
async fn an_outsider_says_that_a_permit_stood_before_its_release() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let (one, other) = (
        Witness::new(&world, "one").await,
        Witness::new(&world, "other").await,
    );
    ask(&world, &[&one, &other], "all", "");
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let call = Call::get(format!("/v1/documenten/{document}/download"));
    let token = Token::new("schade-afhandeling");
    let answer = world.ask("img", &token, call).await.expect("200");
    let permit: u64 = answer.header("sluis-logboek-index").parse().unwrap();
    let of = format!("/v1/besluiten/{}", answer.header("fsc-transaction-id"));
    world.settled().await;
    cosigned(&world, 0, world.size().await).await;

    // Each party takes out what it wants to show, and nothing that is not its own.
    let take = async |party, what: &str| {
        let call = Call::get(format!("{of}/{what}"));
        world.ask(party, &Token::beheer(), call).await
    };
    for (party, fields, short) in [
        ("gemeente", "document", "404 niet-gevonden"),
        ("ncg", "document,medewerker", "400 ongeldige-invoer"),
        ("img", "document,tijd", "400 ongeldige-invoer"),
        ("img", "document,", "400 ongeldige-invoer"),
    ] {
        let answer = take(party, &format!("uittreksel?velden={fields}")).await;
        answer.expect(short);
    }
    let extract = take("img", "uittreksel?velden=nummeraanduiding%2Cdocument").await;
    let extract = extract.expect("200").text().to_owned();
    assert!(!extract.contains("medewerker-17"), "{extract}");
    let bare = take("ncg", "bewijs").await.expect("200").text().to_owned();
    let empty = take("ncg", "uittreksel").await.expect("200").json();
    assert_eq!(empty["regels"][0]["openingen"], serde_json::json!({}));

    let keep = |name: &str, text: &str| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let file = keep("uittreksel.json", &extract);
    let policy = keep_path(&world, "witnesses.policy");
    let key = world.outsider.key().to_owned();
    let check = ["check-proof", &file, "--log-key", &key, "--policy", &policy];
    let (code, said, complaint) = ledger(check);
    assert_eq!((code, &*complaint), (0, ""), "{said}");
    let release = permit + 1..permit + 9;
    let order = |at: u64| {
        format!("The permit stands at {permit}, before the release at {at} that it led to.")
    };
    for part in [
        "stand in the book sluis.example/logboek, under its signed checkpoint of",
        "witness w0 (one.example) cosigned it at 2",
        "witness w1 (other.example) cosigned it at 2",
        "enough of them for the policy stood behind it at 2",
        "is a permit (besluit), made at 2",
        "is a release that was handed over to its last byte (afgifte)",
        "artikel          TwG 3(4)",
        "doel             schade-afhandeling",
        &document,
        ADDRESS,
        "withheld or erased: eigenaren, medewerker, titel, zaak\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        release.map(order).any(|told| said.contains(&told)),
        "{said}"
    );
    assert!(!said.contains("medewerker-17"), "{said}");

    // The policy may name the log itself; the proof alone shows its entry.
    assert_eq!(ledger(["check-proof", &file, "--policy", &policy]).0, 0);
    let (code, said, _) = ledger(["check-proof", &file, "--key", &key]);
    assert_eq!(code, 0);
    assert!(said.contains("not checked: signatures that name one.example, other.example"));
    let proof = keep("regel.tlog-proof", &bare);
    let shown: serde_json::Value = serde_json::from_str(&extract).unwrap();
    let line = shown["regels"][0]["vermelding"].as_str().unwrap();
    let entry = keep("regel.json", &format!("{line}\n"));
    let check = [
        "check-proof",
        &proof,
        "--entry",
        &entry,
        "--policy",
        &policy,
    ];
    let (code, said, _) = ledger(check);
    assert!(
        code == 0 && said.contains("is a permit (besluit)"),
        "{said}"
    );

    // The whole book, as it is served, with the witnesses behind it, and grown from this extract.
    let exchange = world.gateways[0].exchange;
    let url = format!("https://{exchange}/v1/logboek");
    let certificate = |file: &str| pki().join(file).display().to_string();
    let (ca, cert, own) = (
        certificate("ca.pem"),
        certificate("gemeente.pem"),
        certificate("gemeente.key"),
    );
    let config = world.config().display().to_string();
    let tls = ["--ca", &ca, "--cert", &cert, "--key", &own];
    let seen = ["--log-key", &key, "--policy", &policy, "--at-least", &file];
    let served = format!("{url}/getuigd");
    let over = |url| [&["verify", "--url", url], &tls[..], &seen[..]].concat();
    let database = [
        "verify", "--config", &config, "--policy", &policy, "--replay",
    ];
    let export = keep_path(&world, "export");
    let exported = ledger(["export", "--config", &config, "--out", &export]);
    assert_eq!(exported.0, 0, "{exported:?}");
    let mirror = [&["verify", "--export", &export], &seen[..]].concat();
    for verify in [over(&url), over(&served), database.to_vec(), mirror] {
        let (code, said, complaint) = ledger(verify.iter().copied());
        assert_eq!((code, &*complaint), (0, ""), "{verify:?}");
        assert!(said.starts_with("The ledger is whole: "), "{said}");
        let stood = "enough of them for the policy stood behind its first ";
        assert!(said.contains(stood), "{said}");
        assert!(said.contains("every release stands after its permit."));
    }

    // And what would spoil it.
    let stranger = Witness::prepared(&world, "stranger");
    let text = std::fs::read_to_string(&policy).unwrap();
    let stricter = text.replace(
        "group all-of-them all",
        &format!("witness w9 {}\ngroup all-of-them all w9", stranger.key),
    );
    let stricter = keep("stricter.policy", &stricter);
    let strange_key = format!("log {}\nquorum none\n", strange_log());
    let strange = keep("strange.policy", &strange_key);
    let no_log = keep("no-log.policy", "quorum none\n");
    let wrong = keep("wrong.policy", "quorum w1\n");
    let value = keep(
        "value.json",
        &extract.replace(&document, "018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60"),
    );
    let index = keep(
        "index.json",
        &extract.replace(
            &format!("index {permit}\\n"),
            &format!("index {}\\n", permit + 1),
        ),
    );
    let cut = keep("cut.json", &extract[..extract.len() / 2]);
    let other = keep("other.txt", "%PDF-1.7");
    let large = keep("large.json", &format!("{extract}{}", " ".repeat(1 << 20)));
    let missing = keep_path(&world, "missing");
    let strange_key = strange_log();
    for (args, code, complaint) in [
        (
            vec!["check-proof", &file],
            64,
            "the following required arguments",
        ),
        (
            vec!["check-proof", &missing, "--key", &key],
            64,
            "missing cannot be read",
        ),
        (
            vec!["check-proof", &file, "--key", "x"],
            64,
            "--log-key: it is not a note key",
        ),
        (
            vec!["check-proof", &file, "--policy", &wrong],
            64,
            "line 1: no witness or group w1",
        ),
        (
            vec!["check-proof", &file, "--policy", &no_log],
            64,
            "the policy names no log",
        ),
        (
            vec!["check-proof", &file, "--policy", &missing],
            64,
            "missing: it cannot be read",
        ),
        (
            vec!["check-proof", &file, "--key", &key, "--entry", &entry],
            64,
            "--entry goes with a bare tlog-proof",
        ),
        (
            vec!["check-proof", &proof, "--key", &key],
            64,
            "is a bare tlog-proof",
        ),
        (
            vec!["check-proof", &proof, "--key", &key, "--entry", &file],
            1,
            "is no entry of a book",
        ),
        (
            vec!["check-proof", &file, "--policy", &stricter],
            1,
            "too few witnesses cosigned it: 2 of the 3 that the policy names",
        ),
        (
            vec!["check-proof", &file, "--policy", &strange],
            1,
            "it is of the book sluis.example/logboek, which the policy does not name",
        ),
        (
            vec!["check-proof", &file, "--key", &strange_key],
            1,
            "it is of the book sluis.example/logboek, and the key given is of elders.example/logboek",
        ),
        (
            vec!["check-proof", &value, "--key", &key],
            1,
            "the value or the salt it shows of document is not what entry",
        ),
        (
            vec!["check-proof", &index, "--key", &key],
            1,
            "is not in the book of its checkpoint",
        ),
        (
            vec!["check-proof", &cut, "--key", &key],
            1,
            "it is not JSON from its first to its last byte",
        ),
        (
            vec!["check-proof", &other, "--key", &key],
            1,
            "it is neither an extract of a ledger (JSON) nor a C2SP tlog-proof",
        ),
        (
            vec!["check-proof", &large, "--key", &key],
            1,
            "it is longer than 1048576 bytes",
        ),
        (
            [
                &["verify", "--url", &url],
                &tls[..],
                &["--log-key", &key, "--policy", &stricter],
            ]
            .concat(),
            1,
            "the cosigned checkpoint cannot be believed: too few witnesses cosigned it: 2 of the 3",
        ),
        (
            vec!["verify", "--config", &config, "--policy", &stricter],
            1,
            "the cosigned checkpoint cannot be believed: too few witnesses",
        ),
    ] {
        let told = ledger(args.iter().copied());
        assert_eq!(told.0, code, "{args:?}: {told:?}");
        assert!(told.2.contains(complaint), "{args:?}: {told:?}");
        assert!(told.1.is_empty(), "{args:?}: {told:?}");
        if !complaint.starts_with("the following") {
            assert_eq!(told.2.lines().count(), 1, "one line: {told:?}");
        }
    }

    let book = world.close().await;
    let readings = book.of_kind("inzage").count();
    assert_eq!(
        readings, 1,
        "who was shown something personal is in the book"
    );
}

fn keep_path(world: &World, name: &str) -> String {
    world.folder.path().join(name).display().to_string()
}

/// The key of a log that nobody here has.
fn strange_log() -> String {
    let chance = sluis::clock::SystemRandomness::default();
    let signer = sluis::ledger::note::Signer::generate("elders.example/logboek", &chance);
    signer.unwrap().verifier().to_string()
}
