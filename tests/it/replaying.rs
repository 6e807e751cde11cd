//! `sluis policy replay`: what another bundle would have decided, over a book that requests made.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Call;
use crate::party::Token;
use crate::process::sluis;
use crate::world::{World, on_each_store};

const ADDRESS: &str = "0024200000017304";
const DUTY: &str = "10-wettelijke-plicht.cedar";

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg")
}

/// The statute's bundle in a folder of its own, with this said otherwise in one of its files.
fn changed(world: &World, folder: &str, file: &str, was: &str, is: &str) -> String {
    let to = world.folder.path().join(folder).join("2023-04-19-twg");
    std::fs::create_dir_all(&to).unwrap();
    for one in std::fs::read_dir(shipped()).unwrap() {
        let one = one.unwrap();
        std::fs::copy(one.path(), to.join(one.file_name())).unwrap();
    }
    let text = std::fs::read_to_string(to.join(file)).unwrap();
    assert!(text.contains(was), "{file}: {was}");
    std::fs::write(to.join(file), text.replacen(was, is, 1)).unwrap();
    to.display().to_string()
}

/// Its exit code, what it said, its complaint.
fn replay(config: &str, args: &[&str]) -> (i32, String, String) {
    let whole = [&["policy", "replay", "--config", config], args].concat();
    let output = sluis(whole);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn as_json(config: &str, args: &[&str]) -> Value {
    let (code, said, complaint) = replay(config, &[args, &["--json"]].concat());
    assert_eq!((code, &*complaint), (0, ""), "{said}");
    serde_json::from_str(&said).unwrap()
}

/// It ends so, with one line in all that says this.
fn refused(config: &str, args: &[&str], code: i32, complaint: &str) {
    let told = replay(config, args);
    let lines = format!("{}{}", told.1, told.2);
    assert_eq!(told.0, code, "{args:?}: {lines}");
    assert!(lines.contains(complaint), "{args:?}: {lines}");
    assert_eq!(lines.lines().count(), 1, "{args:?}: {lines}");
}

/// A book, an export of it, and bundles to ask.
struct Asked {
    folder: PathBuf,
    config: String,
    /// Another article under one rule.
    other: String,
    /// No article at all under it.
    flawed: String,
    export: String,
}

impl Asked {
    async fn new(world: &mut World) -> Self {
        world.owners(ADDRESS, &["eig-1"]).await;
        let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        for (purpose, status) in [("schade-afhandeling", 200), ("overig", 403)] {
            let call = Call::get(format!("/v1/documenten/{document}/download"));
            let answer = world.ask("img", &Token::new(purpose), call).await;
            assert_eq!(answer.status, status, "{}", answer.text());
        }
        world.settled().await;
        let (article, another) = ("@artikel(\"TwG 3(4)\")\n", "@artikel(\"TwG 3(9)\")\n");
        let asked = Self {
            config: world.config().display().to_string(),
            other: changed(world, "ander", DUTY, article, another),
            flawed: changed(world, "fout", DUTY, article, ""),
            export: world.folder.path().join("export").display().to_string(),
            folder: world.folder.path().to_owned(),
        };
        let export = ["ledger", "export", "--config", &asked.config, "--out"];
        let export = export.into_iter().chain([asked.export.as_str()]);
        assert_eq!(sluis(export).status.code(), Some(0));
        asked
    }

    fn place(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// What is wrong is told in one line, and as what it is.
    fn check_wrong_inputs(&self) {
        let config = &self.config;
        let refused = |args: &[&str], code, complaint| refused(config, args, code, complaint);
        refused(&["--bundle", &self.place("nergens")], 64, "cannot be read");
        let (code, said, _) = replay(config, &["--bundle", &self.flawed]);
        assert_eq!(code, 1, "{said}");
        let first = said.lines().next().unwrap();
        assert!(first.contains(&format!("2023-04-19-twg/{DUTY}:")), "{said}");
        assert!(first.contains("(regel schade-afhandeling)"), "{said}");
        let with = |more: &[&'static str]| [&["--bundle", &*self.other], more].concat();
        let crossed = with(&["--from", "2026-02-02", "--to", "2026-02-01T00:00:00Z"]);
        refused(&crossed, 64, "nothing lies between them");
        let late = with(&["--from", "2999-01-01"]);
        refused(&late, 64, "the ledger's last entry is of");
        let early = with(&["--to", "2000-01-01"]);
        refused(&early, 64, "the ledger begins at");
        let log = Path::new(&self.export).join("log").display().to_string();
        let public = ["--bundle", &self.other, "--export", &log];
        refused(&public, 64, "what opens the entries is not in it");
        let master = self.folder.join("master.key");
        let key = std::fs::read(&master).unwrap();
        let mut strange = key.clone();
        strange[0] = if key[0] == b'A' { b'B' } else { b'A' };
        std::fs::write(&master, strange).unwrap();
        refused(&with(&[]), 64, "is another ledger's");
        std::fs::write(&master, key).unwrap();
    }

    /// An export that was cut short is found wrong, and no list of it is left.
    fn check_cut_short(&self) {
        let mut files = Vec::new();
        for one in std::fs::read_dir(Path::new(&self.export).join("log/tile/entries")).unwrap() {
            let partial = std::fs::read_dir(one.unwrap().path());
            files.extend(
                partial
                    .into_iter()
                    .flatten()
                    .map(|file| file.unwrap().path()),
            );
        }
        assert_eq!(files.len(), 1, "{files:?}");
        let bytes = std::fs::read(&files[0]).unwrap();
        std::fs::write(&files[0], &bytes[..bytes.len() / 2]).unwrap();
        let list = self.place("lijst-3.csv");
        let args = [
            "--bundle",
            &self.other,
            "--export",
            &self.export,
            "--list",
            &list,
        ];
        refused(&self.config, &args, 1, "sluis: ");
        assert!(!Path::new(&list).exists());
    }
}

fn counts(asked: u64, same: u64, ground: u64) -> Value {
    json!({
        "gevraagd": asked, "gelijk": same, "straksToegestaan": 0, "straksGeweigerd": 0,
        "andereGrondslag": ground,
    })
}

on_each_store! {
    async fn another_bundle_is_asked_over_a_book_of_requests(store) {
        let mut world = World::new(store).await;
        let asked = Asked::new(&mut world).await;
        asked.check_wrong_inputs();
        let (config, other, export) = (&*asked.config, &*asked.other, &*asked.export);

        // The bundle in force would decide the same.
        let twg = shipped().display().to_string();
        let same = as_json(config, &["--bundle", &twg]);
        assert_eq!(same["besluiten"], counts(2, 2, 0));
        assert_eq!(same["verschillen"], json!([]));
        assert_eq!(same["nietTeVragen"], json!([]));
        let (code, said, _) = replay(config, &["--bundle", &twg]);
        assert!(code == 0 && said.contains("Geen enkel besluit zou anders"), "{said}");

        // Another one: the same from the database and from an export.
        let (list, exported) = (asked.place("lijst.csv"), asked.place("lijst-2.csv"));
        let told = as_json(config, &["--bundle", other, "--list", &list]);
        let copied = ["--bundle", other, "--export", export, "--list", &exported];
        let copied = as_json(config, &copied);
        for field in ["besluiten", "verschillen", "perGrondslag", "perWeek", "perRichting"] {
            assert_eq!(told[field], copied[field], "{field}");
        }
        assert_eq!(told["besluiten"], counts(2, 1, 1));
        assert_eq!(told["perDoel"], json!([
            {"doel": "overig", "besluiten": counts(1, 1, 0)},
            {"doel": "schade-afhandeling", "besluiten": counts(1, 0, 1)},
        ]));
        let direction = json!({"van": "ncg", "naar": "img"});
        assert_eq!(told["perRichting"][0]["richting"], direction);
        let one = &told["verschillen"][0];
        assert_eq!(one["verschil"], "andere-grondslag");
        assert_eq!(one["eerst"]["artikel"], "TwG 3(4)");
        assert_eq!(one["straks"]["artikel"], "TwG 3(9)");
        let rows = std::fs::read_to_string(&list).unwrap();
        assert_eq!(rows, std::fs::read_to_string(&exported).unwrap());
        let rows: Vec<&str> = rows.lines().collect();
        assert!(rows.len() == 2 && rows[0].starts_with("index;transactie;tijd;week;"), "{rows:?}");
        let transaction = one["transactie"].as_str().unwrap();
        assert!(rows[1].contains(&format!(";{transaction};")), "{rows:?}");
        assert!(rows[1].contains(";andere-grondslag;toegestaan;"), "{rows:?}");
        refused(config, &["--bundle", other, "--list", &list], 64, "is not there yet");
        let (code, said, _) = replay(config, &["--bundle", other]);
        assert_eq!(code, 0, "{said}");
        for part in [
            "        2  besluiten opnieuw gevraagd",
            "        1  toegestaan, straks op een andere grondslag",
            "eerst toegestaan op TwG 3(4), straks toegestaan op TwG 3(9): NCG verstrekt",
            transaction,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        asked.check_cut_short();
        world.close().await;
    }
}
