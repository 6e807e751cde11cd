//! A long book, made through the product's own ledger.

use std::path::Path;
use std::sync::Arc;

use sluis::app;
use sluis::clock::{Clock, FixedClock, Moment, Random, SystemRandomness};
use sluis::config::Config;
use sluis::domain::{AddressId, DocumentKind, Oin, Purpose, Sha256, TransactionId};
use sluis::ledger::entry::{Act, Entry, Kind, Outcome};
use sluis::ledger::seal::{Owner, Personal};
use sluis::ledger::{Claims, Keys, Ledger, Seen};
use sluis::store::{Location, Store};

const ADDRESSES: u64 = 26_000;
/// From one decision to the next, in office hours: a million of them are some three years.
const BETWEEN_MS: i64 = 33_000;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// A week has so many hours, and so many of them are in office.
const HOURS: (i64, i64) = (7 * 24, 5 * 12);
/// Appends that wait for a commit at once.
const AT_ONCE: usize = 64;

/// What to ask pages about.
pub(crate) struct About {
    pub(crate) entries: u64,
    pub(crate) address: String,
    pub(crate) transaction: TransactionId,
    pub(crate) review: u64,
}

/// A demo's folder, with an empty book of its own.
pub(crate) async fn prepare(folder: &Path, postgres: Option<&str>) -> Config {
    let demo = folder.join("demo");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_sluis"))
        .args(["demo", "--tour", "--ports", "0", "--dir"])
        .arg(&demo)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut config = Config::read(&demo.join("sluis.toml")).unwrap_or_else(|mistakes| {
        panic!("{mistakes:?}");
    });
    config.ledger.key = folder.join("log.key");
    config.ledger.master_key = folder.join("master.key");
    config.store.location = match postgres {
        Some(url) => Location::parse(url, folder).unwrap(),
        None => Location::Sqlite(folder.join("ledger.db")),
    };
    let random = SystemRandomness::default();
    app::init_ledger(&config, &random).await.unwrap();
    config
}

fn address(number: u64) -> AddressId {
    AddressId::parse(&format!("1979200005{:06}", number % ADDRESSES)).unwrap()
}

/// Fills the book with decisions, and a change of the registry for every tenth of them.
pub(crate) async fn fill(config: &Config, decisions: u64) -> About {
    let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
    let end = sluis::clock::SystemClock.now();
    let (all, in_office) = HOURS;
    let span = BETWEEN_MS * i64::try_from(decisions).unwrap() * all / in_office + all * HOUR_MS;
    let clock = FixedClock::at(end.plus_ms(-span));
    let settings = &config.ledger;
    let keys = Keys::read(&settings.key, &settings.master_key, &settings.origin).unwrap();
    let store = Store::open(config.store.clone()).await.unwrap();
    let timed: Arc<dyn Clock> = clock.clone();
    let ledger = Ledger::open(store, keys, timed, Arc::clone(&random))
        .await
        .unwrap();
    let mut parties = config.organisations.iter().map(|one| one.oin);
    let (img, ncg) = (parties.next().unwrap(), parties.next().unwrap());
    let makes = Makes { img, ncg, random };

    let mut about = None;
    let mut waiting = std::collections::VecDeque::new();
    for number in 0..decisions {
        let mut made = vec![makes.decision(number, clock.now())];
        if number.is_multiple_of(10) {
            made.push(makes.dossier(number / 10, clock.now()));
        }
        for (entry, personal, at) in made {
            let transaction = entry.transactie;
            let reviewed = !entry.verplichtingen.is_empty();
            let ledger = ledger.clone();
            waiting.push_back(tokio::spawn(async move {
                let (claims, seen) = (Claims::default(), Seen::nothing());
                let owner = Owner::Address(at);
                let draft = ledger
                    .draft(entry, &personal, owner, claims, seen, None)
                    .await;
                let receipt = ledger.append(draft.unwrap()).await.unwrap();
                (receipt.index, transaction, at, reviewed)
            }));
        }
        // In groups, so that none is older than a decision may be when it is written.
        if waiting.len() >= AT_ONCE || number + 1 == decisions {
            let passed = i64::try_from(waiting.len()).unwrap_or(0) * BETWEEN_MS;
            for one in waiting.drain(..) {
                let (index, transaction, at, reviewed) = one.await.unwrap();
                if reviewed {
                    about = Some((at.to_string(), transaction, index));
                }
            }
            clock.advance_ms(passed * 10 / 11);
            while !is_in_office(clock.now()) {
                clock.advance_ms(HOUR_MS);
            }
        }
    }
    let entries = ledger.size();
    ledger.close().await;
    let (address, transaction, review) = about.unwrap();
    About {
        entries,
        address,
        transaction,
        review,
    }
}

fn is_in_office(at: Moment) -> bool {
    let local = at.local();
    (7..19).contains(&local.hour()) && !local.day().is_weekend()
}

struct Makes {
    img: Oin,
    ncg: Oin,
    random: Arc<dyn Random>,
}

type Made = (Box<Entry>, Personal, AddressId);

impl Makes {
    fn entry(&self, kind: Kind, at: Moment) -> Box<Entry> {
        let transaction = TransactionId::new(at, &*self.random).unwrap();
        Box::new(Entry::new(kind, at, transaction))
    }

    fn decision(&self, number: u64, at: Moment) -> Made {
        const KINDS: [(&str, &str); 6] = [
            ("opnamerapport", "schade-afhandeling"),
            ("beoordeling", "schade-afhandeling"),
            ("schaderapport", "versterking-uitvoering"),
            ("planning", "afstemming"),
            ("versterkingsadvies", "schade-afhandeling"),
            ("schadebesluit", "versterking-uitvoering"),
        ];
        let mut entry = self.entry(Kind::Decision, at);
        let of_ncg = number % 3 == 2;
        let unsafe_building = number % 250 == 249;
        let (kind, purpose) = match number {
            _ if unsafe_building => ("aos-inspectierapport", "aos"),
            _ if number % 50_000 == 1 => ("gezondheidsgegevens", "knelpunt-gezondheid"),
            _ => KINDS[usize::try_from(number % 6).unwrap_or_default()],
        };
        let (asks, holds) = if of_ncg {
            (self.ncg, self.img)
        } else {
            (self.img, self.ncg)
        };
        entry.aanvrager = Some(asks);
        entry.bron = Some(holds);
        entry.documentsoort = DocumentKind::parse(kind).ok();
        entry.doel = Purpose::parse(purpose).ok();
        entry.gezondheid = Some(kind == "gezondheidsgegevens");
        entry.gezien = Some(0);
        entry.handeling = Some(Act::Download);
        entry.bundel = Some(Sha256::from_bytes([7; 32]));
        if number % 13 == 12 {
            entry.uitkomst = Some(Outcome::Refused);
            entry.reden = Some("TOESTEMMING_ONTBREEKT".to_owned());
        } else {
            // Metadata: a download has a closing entry, which only a real transfer writes.
            entry.handeling = Some(if number.is_multiple_of(4) {
                Act::Metadata
            } else {
                Act::Download
            });
            entry.uitkomst = Some(Outcome::Permitted);
            entry.grondslag = Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".to_owned());
            entry.artikel = Some("TwG 3(4)".to_owned());
            entry.regels = vec!["schade-afhandeling".to_owned()];
            if unsafe_building {
                entry.handeling = Some(Act::Download);
                entry.verplichtingen = vec!["nabeoordelen".to_owned()];
            }
        }
        let where_ = address(number.wrapping_mul(7_919));
        let personal = Personal::none()
            .with("medewerker", format!("medewerker-{:02}", number % 80))
            .with("zaak", format!("zaak-{where_}-{}", number % 5))
            .with("document", format!("00000000-0000-4000-8000-{number:012}"))
            .with("nummeraanduiding", where_)
            .with("titel", "Opname van het pand")
            .with("eigenaren", format!("[\"eig-{:08}\"]", number % ADDRESSES));
        (entry, personal, where_)
    }

    fn dossier(&self, number: u64, at: Moment) -> Made {
        let mut entry = self.entry(Kind::Dossier, at);
        let asks = if number.is_multiple_of(2) {
            self.img
        } else {
            self.ncg
        };
        entry.aanvrager = Some(asks);
        entry.actief = Some(true);
        let where_ = address(number);
        let personal = Personal::none()
            .with("medewerker", "systeem")
            .with("zaak", "registratie")
            .with("dossier", format!("D-{number}"))
            .with("nummeraanduiding", where_);
        (entry, personal, where_)
    }
}
