//! A long book that follows, made through the product's own ledger.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluis::clock::{Clock, FixedClock, Moment, Random, SystemRandomness};
use sluis::domain::{
    AddressId, Choice, ChoiceId, ChoiceKind, ChoiceState, DocumentKind, Evidence, EvidenceKind,
    Language, Oin, Organisation, Organisations, OwnerId, Ownership, Purpose, Reference, Role,
    Sha256, ShownText, TransactionId, Version, Wording,
};
use sluis::identity::{StatementSigner, dev_pki};
use sluis::ledger::entry::{Act, End, Entry, Kind, Outcome, Shown};
use sluis::ledger::seal::{Owner, Personal};
use sluis::ledger::{Agreed, Claims, Keys, Ledger, Report, Seen, permitted};
use sluis::policy::{self, Agreement, Bundle, DocumentFacts, Question, Verdict};
use sluis::store::{Change, ClaimedToken, Location, Settings, Store};

pub(crate) const ORIGIN: &str = "sluis.example/ledger";
const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";
const ADDRESSES: u64 = 26_000;
/// Appends that wait for a commit at once.
const AT_ONCE: u64 = 64;
/// Requests from one sign of life of the gateway to the next.
const BEAT: u64 = 100 * AT_ONCE;
/// From the first entry to the last, however many there are.
const SPAN_MS: i64 = 3 * 365 * 24 * 60 * 60 * 1000;
/// How long a token is remembered at most.
const REMEMBERED_MS: i64 = 5 * 60 * 1000;

/// Where the book is, and what it takes to judge it.
pub(crate) struct Made {
    pub(crate) store: Settings,
    pub(crate) key: PathBuf,
    pub(crate) master_key: PathBuf,
    pub(crate) organisations: Organisations,
    pub(crate) bundle: Arc<Bundle>,
    /// How many addresses are in it.
    pub(crate) addresses: u64,
    epoch: u64,
}

/// Who writes in it.
pub(crate) struct Writer {
    ledger: Ledger,
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    bundle: Arc<Bundle>,
    img: Oin,
    ncg: Oin,
    epoch: u64,
    addresses: u64,
}

impl Made {
    /// An empty book.
    async fn create(folder: &Path, postgres: Option<&str>, addresses: u64) -> Self {
        let (key, master_key) = (folder.join("log.key"), folder.join("master.key"));
        let location = match postgres {
            Some(url) => Location::parse(url, folder).unwrap(),
            None => Location::Sqlite(folder.join("ledger.db")),
        };
        let store = Settings {
            location,
            password: None,
        };
        let random = SystemRandomness::default();
        let empty = Keys::create(&key, &master_key, ORIGIN, &random).unwrap();
        Store::create(&store, &empty).await.unwrap();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg");
        let organisation = |oin: &str, role: &str| Organisation {
            contact: String::new(),
            words: Wording::Shared,
            oin: Oin::parse(oin).unwrap(),
            name: role.to_owned(),
            role: Role::parse(role).unwrap(),
            teams: BTreeSet::new(),
            provides: true,
        };
        Self {
            store,
            key,
            master_key,
            organisations: Organisations::new(vec![
                organisation(IMG, "img"),
                organisation(NCG, "ncg"),
            ]),
            bundle: Arc::new(Bundle::load(&policies).unwrap()),
            addresses,
            epoch: 0,
        }
    }

    /// Opens it to write more, at these times.
    pub(crate) async fn writer(&self, clock: Arc<dyn Clock>) -> Writer {
        let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
        let store = Store::open(self.store.clone()).await.unwrap();
        let keys = Keys::read(&self.key, &self.master_key, ORIGIN).unwrap();
        let (timed, chance) = (Arc::clone(&clock), Arc::clone(&random));
        let ledger = Ledger::open(store.clone(), keys, timed, chance).await;
        Writer {
            ledger: ledger.unwrap(),
            store,
            clock,
            random,
            bundle: Arc::clone(&self.bundle),
            img: Oin::parse(IMG).unwrap(),
            ncg: Oin::parse(NCG).unwrap(),
            epoch: self.epoch,
            addresses: self.addresses,
        }
    }
}

/// Writes a book of at least this many entries.
pub(crate) async fn book(folder: &Path, postgres: Option<&str>, entries: u64) -> Made {
    // As many decisions at each as in the book of a million.
    let addresses = (entries * ADDRESSES / 1_000_000).clamp(10, ADDRESSES);
    let mut made = Made::create(folder, postgres, addresses).await;
    let clock = FixedClock::at(Moment::parse("2023-05-01T08:00:00Z").unwrap());
    let timed: Arc<dyn Clock> = clock.clone();
    let mut writer = made.writer(timed).await;
    let bundle = &made.bundle;
    let (from, until) = bundle.in_force();
    let proof = policy::find_shipped_proof(bundle.id()).unwrap();
    let agreement = Agreement::new(bundle, proof, from, until).unwrap();
    let signatures = signatures(folder, &agreement, clock.now());
    let activated = writer.ledger.activate(
        Agreed {
            agreement,
            files: bundle.files().into(),
            signatures,
        },
        0,
    );
    made.epoch = activated.await.unwrap().index + 1;
    writer.epoch = made.epoch;
    let writer = Arc::new(writer);
    for at in 0..addresses {
        writer.owned(at).await;
        if at % AT_ONCE == 0 {
            clock.advance_ms(1_000);
        }
    }
    let groups = i64::try_from(entries / 2 / AT_ONCE).unwrap().max(1);
    let mut number = 0;
    while writer.ledger.size() < entries {
        let group: Vec<_> = (number..number + AT_ONCE)
            .map(|one| tokio::spawn(Arc::clone(&writer).decide(one)))
            .collect();
        for one in group {
            one.await.unwrap();
        }
        number += AT_ONCE;
        clock.advance_ms(SPAN_MS / groups);
        // As a gateway does: what was used once and is too old is forgotten.
        if number.is_multiple_of(BEAT) {
            writer.ledger.beat().await.unwrap();
        }
    }
    Arc::into_inner(writer).unwrap().close().await;
    made
}

fn address(number: u64) -> AddressId {
    AddressId::parse(&format!("197920{number:010}")).unwrap()
}

/// What both parties signed, with certificates of a PKI made for it.
fn signatures(folder: &Path, agreement: &Agreement, now: Moment) -> Vec<String> {
    let clock = FixedClock::at(now);
    let pki = dev_pki(&folder.join("pki"), &*clock, &SystemRandomness::default()).unwrap();
    let sign = |party: &str| {
        let party = pki.party(party).unwrap();
        let signer = StatementSigner::open(&party.key, &party.certificate, now).unwrap();
        signer.sign(&agreement.text(), now).unwrap()
    };
    vec![sign("img"), sign("ncg")]
}

impl Writer {
    /// How many entries are in the book.
    pub(crate) fn size(&self) -> u64 {
        self.ledger.size()
    }

    /// The entries of an address, the newest first, opened; by its tag, in the database.
    pub(crate) async fn search(&self, number: u64, most: u32) -> usize {
        let at = address(number % self.addresses);
        let found = self.ledger.leaves_of(at, u64::MAX, most).await.unwrap();
        found.len()
    }

    /// Lets go of the book, with every closing entry in it.
    pub(crate) async fn close(self) {
        self.ledger.beat().await.unwrap();
        self.ledger.close().await;
    }

    fn entry(&self, kind: Kind, by: Oin, purpose: &str) -> Box<Entry> {
        let now = self.clock.now();
        let transaction = TransactionId::new(now, &*self.random).unwrap();
        let mut entry = Box::new(Entry::new(kind, now, transaction));
        entry.aanvrager = Some(by);
        entry.doel = Purpose::parse(purpose).ok();
        entry
    }

    /// An address has owners, and one in three consented to what is asked for beside the statute.
    async fn owned(&self, number: u64) {
        let (at, now) = (address(number), self.clock.now());
        let owner = OwnerId::parse(&format!("eig-{number:08}")).unwrap();
        let mut entry = self.entry(Kind::Owners, self.img, "beheer");
        entry.per = Some(now.plus_ms(-86_400_000));
        let told = Ownership {
            from: now.plus_ms(-86_400_000),
            owners: BTreeSet::from([owner.clone()]),
            recorded_at: 0,
        };
        let personal = Personal::none().with("eigenaren", format!("[\"{owner}\"]"));
        self.change(at, entry, personal, Change::Owners(at, told))
            .await;
        if !number.is_multiple_of(3) {
            return;
        }
        let choice = Choice {
            id: ChoiceId::new(now, &*self.random).unwrap(),
            kind: ChoiceKind::Consent,
            address: at,
            owner,
            receivers: vec![self.img],
            purposes: vec![Purpose::parse("overig").unwrap()],
            kinds: vec![DocumentKind::parse("opnamerapport").unwrap()],
            valid_from: now,
            valid_until: None,
            evidence: Evidence {
                kind: EvidenceKind::parse("formulier").unwrap(),
                reference: Reference::parse("F-1").unwrap(),
                sha256: Sha256::from_bytes([1; 32]),
            },
            shown: ShownText {
                language: Language::parse("nl").unwrap(),
                version: Version::parse("1").unwrap(),
            },
            coordinator: None,
            recorded_by: self.img,
            state: ChoiceState::Given,
            changed_at: 0,
        };
        let mut entry = self.entry(Kind::Choice, self.img, "beheer");
        entry.toestemming = Some(choice.id);
        entry.keuze = Some(choice.kind);
        entry.toestand = Some(choice.state);
        entry.ontvangers.clone_from(&choice.receivers);
        entry.doelen.clone_from(&choice.purposes);
        entry.documentsoorten.clone_from(&choice.kinds);
        entry.geldig_van = Some(choice.valid_from);
        entry.bewijs = Some(choice.evidence.sha256);
        entry.tekst = Some(Shown {
            taal: choice.shown.language.clone(),
            versie: choice.shown.version.clone(),
        });
        let personal = Personal::none()
            .with("eigenaar", &choice.owner)
            .with("bewijssoort", &choice.evidence.kind)
            .with("bewijskenmerk", &choice.evidence.reference);
        self.change(at, entry, personal, Change::Choice(Box::new(choice)))
            .await;
    }

    async fn change(
        &self,
        at: AddressId,
        mut entry: Box<Entry>,
        personal: Personal,
        change: Change,
    ) {
        let loaded = self.store.address(at).await.unwrap();
        entry.gezien = Some(loaded.facts.version);
        let personal = personal
            .with("medewerker", "systeem")
            .with("zaak", "registratie")
            .with("nummeraanduiding", at);
        let seen = Seen {
            address: Some(loaded),
            policy_epoch: None,
        };
        let (owner, claims) = (Owner::Address(at), Claims::default());
        let draft = self
            .ledger
            .draft(entry, &personal, owner, claims, seen, Some(change));
        self.ledger.append(draft.await.unwrap()).await.unwrap();
    }

    /// One request, decided as the gateway decides it.
    pub(crate) async fn decide(self: Arc<Self>, number: u64) {
        const ASKED: [(&str, &str); 6] = [
            ("opnamerapport", "schade-afhandeling"),
            ("beoordeling", "schade-afhandeling"),
            ("schaderapport", "versterking-uitvoering"),
            ("planning", "afstemming"),
            ("versterkingsadvies", "schade-afhandeling"),
            ("schadebesluit", "versterking-uitvoering"),
        ];
        let (kind, purpose) = match number % 20 {
            19 => ("opnamerapport", "overig"),
            _ => ASKED[usize::try_from(number % 6).unwrap()],
        };
        let (asks, holds) = match purpose {
            "versterking-uitvoering" => (self.ncg, self.img),
            _ => (self.img, self.ncg),
        };
        let role = |oin| Role::parse(if oin == self.img { "img" } else { "ncg" }).unwrap();
        let at = address(number.wrapping_mul(7_919) % self.addresses);
        let mut entry = self.entry(Kind::Decision, asks, purpose);
        let loaded = self.store.address(at).await.unwrap();
        let (kind, now) = (DocumentKind::parse(kind).unwrap(), entry.tijd);
        let verdict = self.bundle.decide(&Question {
            at: now,
            requester: asks,
            requester_role: &role(asks),
            team: None,
            purpose: entry.doel.as_ref().unwrap(),
            document: DocumentFacts {
                kind: &kind,
                provider: holds,
                provider_role: &role(holds),
                health: false,
                address: at,
            },
            address: &loaded.facts,
        });
        entry.bron = Some(holds);
        entry.documentsoort = Some(kind);
        entry.gezondheid = Some(false);
        entry.gezien = Some(loaded.facts.version);
        let owners: Vec<String> = loaded
            .facts
            .owners_at(now)
            .keys()
            .map(ToString::to_string)
            .collect();
        let personal = Personal::none()
            .with("medewerker", format!("medewerker-{:02}", number % 80))
            .with("zaak", format!("zaak-{:06}", number % 200_000))
            .with("document", format!("00000000-0000-4000-8000-{number:012}"))
            .with("nummeraanduiding", at)
            .with("titel", "Opname van het pand")
            .with("eigenaren", serde_json::to_string(&owners).unwrap());
        let seen = Seen {
            address: Some(loaded),
            policy_epoch: Some(self.epoch),
        };
        let mut tag = [0; 32];
        self.random.fill(&mut tag).unwrap();
        let until = now.plus_ms(REMEMBERED_MS);
        let claims = Claims {
            token: Some(ClaimedToken { tag, until }),
            transaction: Some(entry.transactie),
        };
        let owner = Owner::Address(at);
        match verdict {
            Verdict::Permit(permit) => {
                permitted(&mut entry, &permit, Act::Download);
                let draft = self
                    .ledger
                    .draft(entry, &personal, owner, claims, seen, None);
                let recorded = self.ledger.release(permit, draft.await.unwrap()).await;
                let report = Report {
                    status: 200,
                    bytes: 4_096,
                    sha256: Sha256::from_bytes([7; 32]),
                    end: End::Complete,
                };
                recorded.unwrap().into_closing().finish(&report);
            }
            Verdict::Deny(denial) => {
                entry.handeling = Some(Act::Download);
                entry.uitkomst = Some(Outcome::Refused);
                entry.reden = Some(denial.reason().code().to_owned());
                entry.regels = denial.rules().iter().map(ToString::to_string).collect();
                entry.bundel = Some(denial.bundle());
                let draft = self
                    .ledger
                    .draft(entry, &personal, owner, claims, seen, None);
                self.ledger.append(draft.await.unwrap()).await.unwrap();
            }
        }
    }
}
