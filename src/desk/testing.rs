//! The desk in process, over a real book on a real database: people come in by a link, and what they
//! are shown is what a browser gets. The book is verified whole when a house is closed.

mod agreeing;
mod guest;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use http::StatusCode;

use agreeing::BUNDLES;
pub(super) use guest::{Answer, Guest};

use super::{Links, Login, Parts, Persona};
use crate::clock::{Clock, Moment, Random};
use crate::cosign::Watch;
use crate::domain::{
    AddressId, AosId, ChoiceId, ChoiceKind, ChoiceState, DeskRole, DocumentKind, Employee,
    Language, Oin, Organisation, Organisations, Purpose, Role, Sha256, Team, Version, Wording,
};
use crate::exchange::Exchange;
use crate::exchange::officer::{Officer, Officers};
use crate::identity::tests::World;
use crate::ledger::Claims;
use crate::ledger::entry::{Act, Entry, Kind, Outcome, Shown};
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::testing::{Book, Gateway, unseen};
use crate::oversight::Oversight;
use crate::policy::Policies;
use crate::policy::testing::permit;
use crate::provider::Providers;
use crate::store::testing::Engine;

const ORIGIN: &str = "https://sluis.example:8444";

/// Values that may never come out, wherever they were put.
pub(super) const CANARY_EMPLOYEE: &str = "kanarie-medewerker-7781";
pub(super) const CANARY_CASE: &str = "KANARIE-ZAAK-7782";
/// A title that would be markup if it were not told as text.
pub(super) const CANARY_TITLE: &str = "<b>kanarie</b> & titel";

/// The desk, with everything under it.
pub(super) struct House {
    pub(super) book: Book,
    gateway: Option<Gateway>,
    officers: Option<Officers>,
    exchange: Option<Arc<Exchange>>,
    people: Vec<Persona>,
    /// Shared with the guests, and taken away when the house is closed.
    router: Arc<Mutex<Option<Router>>>,
    links: Links,
    pub(super) img: Oin,
    pub(super) ncg: Oin,
    world: World,
}

/// One release or refusal, as a test wishes it.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) asks: Oin,
    pub(super) holds: Oin,
    pub(super) act: Act,
    pub(super) refused: Option<&'static str>,
    pub(super) kind: &'static str,
    pub(super) purpose: &'static str,
    pub(super) ground: &'static str,
    pub(super) article: &'static str,
    /// The rule, and whether what it permits is reviewed afterwards.
    pub(super) rule: Option<&'static str>,
    /// Which bundle: the letter of 2021, or the statute.
    pub(super) bundle: usize,
    pub(super) address: AddressId,
    pub(super) owners: Vec<&'static str>,
}

impl House {
    pub(super) async fn open(engine: Engine) -> Self {
        Self::witnessed(engine, None).await
    }

    /// One whose book has these witnesses.
    pub(super) async fn witnessed(engine: Engine, witnesses: Option<Watch>) -> Self {
        Self::with(engine, witnesses, Vec::new()).await
    }

    /// One whose entries of some kinds are kept for so many years.
    pub(super) async fn keeping(engine: Engine, terms: Vec<(Kind, u16)>) -> Self {
        Self::with(engine, None, terms).await
    }

    async fn with(engine: Engine, witnesses: Option<Watch>, terms: Vec<(Kind, u16)>) -> Self {
        let book = Book::new(engine).await;
        let gateway = book.open().await;
        let world = World::new();
        let known = world.organisations();
        let mut organisations: Vec<Organisation> = known.iter().cloned().collect();
        let (img, ncg) = (organisations[0].oin, organisations[1].oin);
        organisations.push(Organisation {
            oin: Oin::parse("00000001834567890000").unwrap(),
            name: "Gemeente Eemsdelta".to_owned(),
            role: Role::parse("gemeente").unwrap(),
            teams: BTreeSet::new(),
            provides: false,
            contact: String::new(),
            words: Wording::Shared,
        });
        let clock: Arc<dyn Clock> = book.clock.clone();
        let random: Arc<dyn Random> = book.random.clone();
        let policies = Policies::new(BUNDLES.clone());
        let parts = crate::exchange::Parts {
            organisations: Organisations::new(organisations.clone()),
            identity: world.identity(),
            store: gateway.store.clone(),
            policies: policies.clone(),
            shadow: None,
            ledger: gateway.ledger.clone(),
            providers: Providers::new(Vec::new()),
            clock: clock.clone(),
            random: random.clone(),
        };
        let exchange = Arc::new(Exchange::new(parts).await.unwrap());
        let signed = crate::exchange::testing::signed(&world, &BUNDLES);
        exchange.agree_on_configured(&signed).await.unwrap();
        let oversight = Oversight::start(gateway.ledger.clone(), policies, &*random).unwrap();
        let person = |code, at: usize, subject, role| Persona {
            code,
            officer: Officer {
                subject: Employee::parse(subject).unwrap(),
                name: None,
                organisation: Arc::new(organisations[at].clone()),
                roles: BTreeSet::from([role]),
            },
        };
        let people = vec![
            person("anna", 0, "fg-img-anna", DeskRole::Fg),
            person("bram", 0, "fg-img-bram", DeskRole::Fg),
            person("aukje", 0, "auditor-img-aukje", DeskRole::Auditor),
            person("harm", 1, "fg-ncg-harm", DeskRole::Fg),
            person("geert", 2, "fg-gemeente-geert", DeskRole::Fg),
        ];
        let links = Links::new(people.clone());
        let officers = Officers::new(Arc::clone(&exchange), oversight)
            .witnessed(witnesses)
            .keeping(terms);
        let router = super::router(Parts {
            officers: officers.clone(),
            login: Login::Links(links.clone()),
            origin: ORIGIN.to_owned(),
            clock,
            random,
        });
        Self {
            book,
            gateway: Some(gateway),
            officers: Some(officers),
            exchange: Some(exchange),
            people,
            router: Arc::new(Mutex::new(Some(router))),
            links,
            img,
            ncg,
            world,
        }
    }

    pub(super) fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    /// What officers may do, without a page between.
    pub(super) fn officers(&self) -> &Officers {
        self.officers.as_ref().unwrap()
    }

    /// Somebody who can come in.
    pub(super) fn officer(&self, person: &str) -> &Officer {
        let mut people = self.people.iter();
        &people.find(|known| known.code == person).unwrap().officer
    }

    pub(super) fn now(&self) -> Moment {
        self.book.clock.now()
    }

    /// Entries in the book.
    pub(super) fn size(&self) -> u64 {
        self.gateway().ledger.size()
    }

    pub(super) fn wait_days(&self, days: i64) {
        self.wait_hours(24 * days);
    }

    pub(super) fn wait_hours(&self, hours: i64) {
        self.book.clock.advance_ms(hours * 60 * 60 * 1000);
    }

    /// The entry at an index, as it stands in the book.
    pub(super) async fn entry(&self, index: u64) -> Entry {
        let found = self.gateway().ledger.find_at(index).await.unwrap();
        found.unwrap().entry
    }

    /// Somebody who just came in.
    pub(super) async fn enter(&self, person: &str) -> Guest {
        let mut guest = Guest::new(Arc::clone(&self.router));
        let link = self.links.fresh(&*self.book.random).unwrap();
        let entered = guest.post(&link, &[("persoon", person)]).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
        loop {
            let answer = guest.get("/integriteit").await;
            match answer.status {
                StatusCode::OK => return guest,
                // The book is read for the first time.
                StatusCode::SERVICE_UNAVAILABLE => tokio::task::yield_now().await,
                other => panic!("{other} {} {}", answer.location(), answer.text),
            }
        }
    }

    /// What NCG gets of IMG in an unsafe situation, reviewed by one person.
    pub(super) fn aos(&self) -> Wish {
        Wish {
            asks: self.ncg,
            holds: self.img,
            act: Act::Download,
            refused: None,
            kind: "inspectierapport",
            purpose: "aos",
            ground: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c",
            article: "TwG 3(4) jo. 2(7)",
            rule: Some("aos-van-img-naar-ncg"),
            bundle: 1,
            address: address(1),
            owners: vec!["eigenaar-anna"],
        }
    }

    /// The same under the letter of 2021, whose rule asks for four eyes.
    pub(super) fn aos_of_two(&self) -> Wish {
        let rules = BUNDLES[0].find_rule("aos-zonder-toestemming");
        assert!(rules.is_some_and(|rule| rule.four_eyes), "the rule moved");
        Wish {
            rule: Some("aos-zonder-toestemming"),
            bundle: 0,
            ..self.aos()
        }
    }

    /// What IMG gets of NCG to deal with damage.
    pub(super) fn damage(&self) -> Wish {
        Wish {
            asks: self.img,
            holds: self.ncg,
            kind: "versterkingsadvies",
            purpose: "schade-afhandeling",
            article: "TwG 3(4)",
            rule: None,
            ..self.aos()
        }
    }

    /// Puts what was wished for into the book; answers where the decision stands.
    pub(super) async fn decide(&self, wish: &Wish) -> u64 {
        let gateway = self.gateway();
        let mut entry = gateway.entry(Kind::Decision);
        entry.aanvrager = Some(wish.asks);
        entry.bron = Some(wish.holds);
        entry.handeling = Some(wish.act);
        entry.documentsoort = DocumentKind::parse(wish.kind).ok();
        entry.doel = Purpose::parse(wish.purpose).ok();
        entry.team = Team::parse("aos").ok().filter(|_| wish.purpose == "aos");
        entry.gezondheid = Some(false);
        if let Some(reason) = wish.refused {
            entry.uitkomst = Some(Outcome::Refused);
            entry.reden = Some(reason.to_owned());
        } else {
            entry.uitkomst = Some(Outcome::Permitted);
            entry.grondslag = Some(wish.ground.to_owned());
            entry.artikel = Some(wish.article.to_owned());
            entry.bundel = Some(BUNDLES[wish.bundle].hash());
            if let Some(rule) = wish.rule {
                entry.regels = vec![rule.to_owned()];
                entry.verplichtingen = vec!["nabeoordelen".to_owned()];
            }
        }
        let owners = serde_json::to_string(&wish.owners).unwrap();
        let personal = Personal::none()
            .with("medewerker", CANARY_EMPLOYEE)
            .with("zaak", CANARY_CASE)
            .with("titel", CANARY_TITLE)
            .with("nummeraanduiding", wish.address)
            .with("eigenaren", owners);
        let owner = Owner::Address(wish.address);
        let (claims, seen) = (Claims::default(), unseen());
        let draft = gateway
            .ledger
            .draft(Box::new(entry), &personal, owner, claims, seen, None);
        let draft = draft.await.unwrap();
        if wish.refused.is_some() || wish.act != Act::Download {
            return gateway.ledger.append(draft).await.unwrap().index;
        }
        let recorded = gateway.ledger.release(permit(), draft).await.unwrap();
        let index = recorded.receipt().index;
        drop(recorded.into_closing());
        gateway.ledger.beat().await.unwrap();
        index
    }

    /// Puts an entry about an address into the book.
    pub(super) async fn tell(
        &self,
        kind: Kind,
        by: Oin,
        at: AddressId,
        fill: impl FnOnce(&mut Entry),
        personal: Personal,
    ) -> u64 {
        let gateway = self.gateway();
        let mut entry = gateway.entry(kind);
        entry.aanvrager = Some(by);
        fill(&mut entry);
        let personal = personal
            .with("medewerker", CANARY_EMPLOYEE)
            .with("zaak", CANARY_CASE)
            .with("nummeraanduiding", at);
        let (claims, seen) = (Claims::default(), unseen());
        let entry = Box::new(entry);
        let draft = gateway
            .ledger
            .draft(entry, &personal, Owner::Address(at), claims, seen, None);
        let draft = draft.await.unwrap();
        gateway.ledger.append(draft).await.unwrap().index
    }

    /// An unsafe situation is reported, for four weeks.
    pub(super) async fn report_aos(&self, at: AddressId) -> u64 {
        let now = self.now();
        let id = AosId::new(now, &*self.book.random).unwrap();
        let fill = |entry: &mut Entry| {
            entry.melding = Some(id);
            entry.van = Some(now);
            entry.tot = Some(now.plus_ms(28 * 24 * 60 * 60 * 1000));
        };
        self.tell(Kind::Aos, self.img, at, fill, Personal::none())
            .await
    }

    /// Owners are told, from now on.
    pub(super) async fn own(&self, at: AddressId, owners: &[&str]) -> u64 {
        let now = self.now();
        let personal = Personal::none().with("eigenaren", serde_json::to_string(owners).unwrap());
        let fill = |entry: &mut Entry| entry.per = Some(now);
        self.tell(Kind::Owners, self.img, at, fill, personal).await
    }

    /// An owner consents, for a year.
    pub(super) async fn consent(&self, at: AddressId, owner: &str) -> u64 {
        let now = self.now();
        let id = ChoiceId::new(now, &*self.book.random).unwrap();
        let fill = |entry: &mut Entry| {
            entry.toestemming = Some(id);
            entry.keuze = Some(ChoiceKind::Consent);
            entry.toestand = Some(ChoiceState::Given);
            entry.ontvangers = vec![self.img];
            entry.doelen = vec![Purpose::parse("overig").unwrap()];
            entry.documentsoorten = vec![DocumentKind::parse("bouwtekening").unwrap()];
            entry.geldig_van = Some(now);
            entry.geldig_tot = Some(now.plus_ms(365 * 24 * 60 * 60 * 1000));
            entry.bewijs = Some(Sha256::from_bytes([7; 32]));
            entry.tekst = Some(Shown {
                taal: Language::parse("nl").unwrap(),
                versie: Version::parse("1").unwrap(),
            });
        };
        let personal = Personal::none()
            .with("eigenaar", owner)
            .with("bewijssoort", "formulier")
            .with("bewijskenmerk", CANARY_CASE);
        self.tell(Kind::Choice, self.ncg, at, fill, personal).await
    }

    /// Gives everything up and verifies the whole book.
    pub(super) async fn close(mut self) {
        drop(self.router.lock().unwrap().take());
        drop(self.officers.take());
        drop(self.exchange.take());
        self.gateway.take().unwrap().close().await;
        self.book.verify().await;
    }
}

pub(super) fn address(last: u8) -> AddressId {
    crate::ledger::testing::address(last)
}
