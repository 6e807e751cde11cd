//! Erasing an address and holding one from the command line, with real gateways before and after.

use std::path::Path;

use crate::client::Call;
use crate::party::{Party, Token};
use crate::process::sluis;
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "1651204071930258";
const HELD: &str = "1651204071930259";
const UNKNOWN: &str = "1651204071930260";
const OWNER: &str = "kanarie-eigenaar-7f31";
const KIND: &str = "schademelding";

/// What a command of the ledger came to, and what it said.
fn ledger(config: &Path, what: &[&str]) -> (Option<i32>, String) {
    let config = ["--config", config.to_str().unwrap()];
    let (command, rest) = what.split_first().unwrap();
    let args = ["ledger", command].into_iter().chain(config);
    let done = sluis(args.chain(rest.iter().copied()));
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(said).unwrap())
}

fn by<'a>(what: &[&'a str], organisation: &'a str, person: &'a str) -> Vec<&'a str> {
    let who = [
        "--organisation",
        organisation,
        "--person",
        person,
        "--case",
        "AVG-17",
    ];
    [what, &who].concat()
}

/// The number after the first "entry " that was said.
fn entry(said: &str) -> String {
    let after = said.split_once("entry ").unwrap().1;
    after.chars().take_while(char::is_ascii_digit).collect()
}

/// Whether any file under this folder holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|found| {
        let path = found.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

async fn filled(world: &World, address: &str) -> (String, String) {
    world.owners(address, &[OWNER]).await;
    let uuid = world.document("img", KIND, address, 1_000).await;
    let consent = world.consent(address, OWNER, "ncg", KIND).await;
    world.call("ncg", &download(&uuid)).await.expect("200");
    (uuid, consent)
}

fn download(uuid: &str) -> Call {
    let token = Party::find("ncg").token(&Token::new("overig"));
    Call::get(format!("/v1/documenten/{uuid}/download")).token(&token)
}

/// What is asked wrongly, and what is said of it.
fn wrong_is_refused(config: &Path) {
    let [img, city] = ["img", "gemeente"].map(|name| Party::find(name).oin.clone());
    for (wrong, says) in [
        (by(&["erase", "--address", "12"], &img, "anna"), "--address"),
        (by(&["erase"], &img, "anna"), "--address"),
        (by(&["erase", "--reject", "3"], &img, "anna"), "--reason"),
        (
            by(
                &["erase", "--address", ADDRESS],
                "00000001899999999000",
                "anna",
            ),
            "organisations",
        ),
        (
            by(&["erase", "--address", ADDRESS], &city, "anna"),
            "provides no documents",
        ),
        (
            by(&["erase", "--confirm", "0"], &city, "anna"),
            "provides no documents",
        ),
        (
            by(&["erase", "--address", UNKNOWN], &img, "anna"),
            "nothing is known of this address",
        ),
        (
            by(&["erase", "--owner", "eig-bestaatniet"], &img, "anna"),
            "names this owner at no address",
        ),
        (vec!["erase", "--address", ADDRESS], "--person"),
        (
            by(&["erase", "--confirm", "0"], &img, "anna"),
            "no proposal",
        ),
        (by(&["hold", "--lift", "0"], &img, "anna"), "no proposal"),
    ] {
        let (code, said) = ledger(config, &wrong);
        assert_eq!(code, Some(64), "{wrong:?}: {said}");
        assert!(said.contains(says), "{wrong:?}: {said}");
    }
}

on_each_store! {
    async fn what_two_people_erase_is_gone_and_the_book_is_whole(store) {
        let mut world = World::new(store).await;
        let (uuid, consent) = filled(&world, ADDRESS).await;
        let (kept, _) = filled(&world, HELD).await;
        let config = world.config();
        let (img, ncg) = (Party::find("img").oin.clone(), Party::find("ncg").oin.clone());
        let ask = by(&["erase", "--address", ADDRESS], &img, "anna");
        if store == Store::Sqlite {
            let (code, said) = ledger(&config, &ask);
            assert_eq!(code, Some(64), "{said}");
            assert!(said.contains("at its desk"), "{said}");
        }
        world.gateways[0].stop().await;

        wrong_is_refused(&config);
        let (code, said) = ledger(&config, &ask);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Known of this address: ") && said.contains("1 document,"), "{said}");
        let asked = entry(&said);
        let (code, said) = ledger(&config, &ask);
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(&format!("asked in entry {asked} already")), "{said}");
        let (code, said) = ledger(&config, &["erase", "--list"]);
        assert_eq!(code, Some(0), "{said}");
        let waits = format!("{asked}: to erase an address, asked by {img} at ");
        assert!(said.starts_with(&waits) && !said.contains(ADDRESS), "{said}");
        let confirm = ["erase", "--confirm", asked.as_str()];
        let (code, said) = ledger(&config, &by(&confirm, &img, "anna"));
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains("second person"), "{said}");
        let (_, same) = ledger(&config, &by(&confirm, &img, "Anna"));
        assert_eq!(same, said, "however it is written");

        // A hold of another address keeps that one, from the moment it is asked.
        let (code, said) = ledger(&config, &by(&["hold", "--address", HELD], &ncg, "ben"));
        assert_eq!(code, Some(0), "{said}");
        let held = entry(&said);
        let (code, said) = ledger(&config, &by(&["erase", "--address", HELD], &img, "anna"));
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(&format!("hold --reject {held}")), "{said}");
        let (code, said) = ledger(&config, &by(&["hold", "--confirm", &held], &img, "anna"));
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = ledger(&config, &by(&["erase", "--address", HELD], &img, "anna"));
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(&format!("hold --lift {held}")), "{said}");
        let (code, said) = ledger(&config, &["hold", "--list"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.starts_with(&format!("{held}: held by {ncg} at ")), "{said}");
        assert!(said.contains("confirmed in entry") && !said.contains(HELD), "{said}");

        let (code, said) = ledger(&config, &by(&confirm, &ncg, "anna"));
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = ledger(&config, &by(&confirm, &ncg, "carla"));
        assert_eq!(code, Some(64), "{said}");
        let export = world.folder.path().join("export");
        let out = ["export", "--out", export.to_str().unwrap()];
        for (what, says) in [
            (&["verify"][..], "vernietiging"),
            (&["verify", "--replay"], "erased"),
            (&out, "written"),
            (&["drill"], "the same root"),
            (&["retain"], "[retention]"),
        ] {
            let (code, said) = ledger(&config, what);
            assert_eq!(code, Some(0), "{what:?}: {said}");
            assert!(said.contains(says), "{what:?}: {said}");
        }
        let from = ["verify", "--replay", "--export", export.to_str().unwrap()];
        let (code, said) = ledger(&config, &from);
        assert_eq!(code, Some(0), "{said}");
        assert!(!holds(&export, ADDRESS), "the export tells the address");
        assert!(holds(&export, HELD), "the index tells the other");
        if store == Store::Sqlite {
            let database = std::fs::read(world.folder.path().join("ledger.db")).unwrap();
            let told = |text: &str| {
                database.windows(text.len()).any(|window| window == text.as_bytes())
            };
            assert!(!told(ADDRESS), "the database tells the address");
            assert!(told(HELD));
        }

        world.come_back(0).await;
        let answer = world.call("ncg", &download(&uuid)).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        let choice = Call::get(format!("/v1/toestemmingen/{consent}"));
        let answer = world.ask("img", &Token::beheer(), choice).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        world.call("ncg", &download(&kept)).await.expect("200");
        // What is known of it from now on is known again.
        let (again, _) = filled(&world, ADDRESS).await;
        world.call("ncg", &download(&again)).await.expect("200");
        let book = world.close().await;
        assert_eq!(book.of_kind("vernietiging").count(), 1);
    }
}
