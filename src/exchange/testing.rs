//! The procedure over a real book on a real database, for tests of what is in the book afterwards. Its
//! callers are made here, without certificates and tokens: who they are is not what is tested.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::{
    BulkLine, BulkMode, ByteRange, Caller, Exchange, Failure, NewAos, NewChoice, Parts, Search,
    Wanted, Who, Withdrawal,
};
use crate::clock::{Clock, Moment, Random};
use crate::domain::{
    AddressId, AosId, CaseNumber, ChoiceId, ChoiceKind, ChoiceState, Document, DocumentId,
    DocumentKind, DossierNumber, Employee, Evidence, EvidenceKind, Language, MediaType, Oin,
    Organisation, Organisations, OwnerId, Purpose, Reference, Role, Sha256, ShownText, Team, Title,
    TransactionId, Version, Wording,
};
use crate::identity::StatementSigner;
use crate::identity::tests::World;
use crate::ledger::testing::{Book, Gateway, address};
use crate::policy::{Agreement, Bundle, Policies, ProofRecord, SignedAgreement};
use crate::provider::Providers;
use crate::store::testing::Engine;

/// The bundles; read once, because that takes longer than all the rest.
static BUNDLES: LazyLock<Vec<Arc<Bundle>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let load = |name| Arc::new(Bundle::load(&folder.join(name)).unwrap());
    ["2021-04-01-convenant", "2023-04-19-twg"].map(load).into()
});

/// The shipped candidate; it is in force nowhere.
static CANDIDATE: LazyLock<Arc<Bundle>> = LazyLock::new(|| {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Arc::new(Bundle::load(&policies.join("kandidaat-combinatiedossier")).unwrap())
});

/// A bundle to be put on trial.
pub(crate) fn candidate() -> Arc<Bundle> {
    CANDIDATE.clone()
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A gateway without listeners.
pub(crate) struct Office {
    pub(crate) book: Book,
    pub(crate) gateway: Gateway,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) organisations: Organisations,
    pub(crate) img: Oin,
    pub(crate) ncg: Oin,
    pub(crate) world: World,
}

pub(crate) fn policies() -> Policies {
    Policies::new(BUNDLES.clone())
}

/// What IMG and NCG signed about these bundles, each for its own dates.
pub(crate) fn signed(world: &World, bundles: &[Arc<Bundle>]) -> Vec<SignedAgreement> {
    let mut signed = Vec::new();
    for bundle in bundles {
        let (from, until) = bundle.in_force();
        let parties = bundle.signers().iter().map(Role::as_str);
        signed.extend(signed_by(world, parties, &agreement(bundle, from, until)));
    }
    signed
}

/// An agreement on this bundle, whatever the bundle says of its dates.
pub(crate) fn agreement(bundle: &Bundle, from: Moment, until: Option<Moment>) -> Agreement {
    let (title, proof) = (bundle.title().to_owned(), ProofRecord::supposed(bundle));
    Agreement::told(bundle.hash(), title, proof, from, until)
}

/// The same agreement, signed by each of these parties.
pub(crate) fn signed_by<'p>(
    world: &World,
    parties: impl IntoIterator<Item = &'p str>,
    agreement: &Agreement,
) -> Vec<SignedAgreement> {
    let sign = |party| SignedAgreement {
        signature: signature(world, party, &agreement.text()),
        agreement: agreement.clone(),
    };
    parties.into_iter().map(sign).collect()
}

/// The signature of a party under a text.
pub(crate) fn signature(world: &World, party: &str, text: &[u8]) -> String {
    let party = world.pki.party(party).unwrap();
    let now = world.clock.now();
    let signer = StatementSigner::open(&party.key, &party.certificate, now).unwrap();
    signer.sign(text, now).unwrap()
}

impl Office {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::open_with(engine, policies()).await
    }

    pub(crate) async fn open_with(engine: Engine, policies: Policies) -> Self {
        Self::open_beside(engine, policies, None).await
    }

    /// With a candidate beside the bundle in force.
    pub(crate) async fn open_beside(
        engine: Engine,
        policies: Policies,
        shadow: Option<Arc<Bundle>>,
    ) -> Self {
        let book = Book::new(engine).await;
        let gateway = book.open().await;
        let world = World::new();
        let mut list: Vec<Organisation> = world.organisations().iter().cloned().collect();
        for one in &mut list {
            one.teams = ["aos", "combinatieteam", "interventieteam"]
                .map(|team| Team::parse(team).unwrap())
                .into();
        }
        let (img, ncg) = (list[0].oin, list[1].oin);
        list.push(Organisation {
            contact: String::new(),
            words: Wording::Shared,
            oin: Oin::parse("00000001834567890000").unwrap(),
            name: "Gemeente Eemsdelta".to_owned(),
            role: Role::parse("gemeente").unwrap(),
            teams: BTreeSet::new(),
            provides: false,
        });
        let organisations = Organisations::new(list);
        let clock: Arc<dyn Clock> = book.clock.clone();
        let random: Arc<dyn Random> = book.random.clone();
        let bundles = policies.all();
        let parts = Parts {
            organisations: organisations.clone(),
            identity: world.identity(),
            store: gateway.store.clone(),
            policies,
            shadow,
            ledger: gateway.ledger.clone(),
            providers: Providers::new(Vec::new()),
            clock,
            random,
        };
        let exchange = Arc::new(Exchange::new(parts).await.unwrap());
        let signed = signed(&world, &bundles);
        assert_eq!(
            exchange.agree_on_configured(&signed).await.unwrap(),
            [""; 0]
        );
        Self {
            book,
            gateway,
            exchange,
            organisations,
            img,
            ncg,
            world,
        }
    }

    /// Gives everything up but the book.
    pub(crate) async fn close(self) -> Book {
        drop(self.exchange);
        // Closing entries of releases that came to nothing.
        self.gateway.ledger.beat().await.unwrap();
        self.gateway.close().await;
        self.book
    }

    pub(crate) fn now(&self) -> Moment {
        self.book.clock.now()
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.book.clock.advance_ms(ms);
    }

    pub(crate) fn caller(&self, oin: Oin, purpose: &str, team: Option<&str>) -> Caller {
        let organisation = self.organisations.find(oin).unwrap().clone();
        Caller {
            organisation: Arc::new(organisation),
            who: Who {
                employee: Employee::parse("medewerker-1").unwrap(),
                case: CaseNumber::parse("zaak-1").unwrap(),
                purpose: Wanted::Purpose(Purpose::parse(purpose).unwrap()),
                team: team.map(|team| Team::parse(team).unwrap()),
                document: None,
                token: None,
            },
            transaction: TransactionId::new(self.now(), &*self.book.random).unwrap(),
            traceparent: None,
            language: crate::language::Language::Dutch,
        }
    }

    fn registrar(&self, oin: Oin) -> Caller {
        self.caller(oin, "beheer", None)
    }

    pub(crate) async fn owners(&self, at: AddressId, owners: &[&str], from: Moment) -> u64 {
        let owners = owners.iter().map(|owner| OwnerId::parse(owner).unwrap());
        let caller = self.registrar(self.img);
        let told = self.exchange.set_owners(caller, at, owners.collect(), from);
        told.await.unwrap().index
    }

    pub(crate) async fn dossier(&self, by: Oin, at: AddressId, number: &str, active: bool) -> u64 {
        let number = DossierNumber::parse(number).unwrap();
        let caller = self.registrar(by);
        let told = self
            .exchange
            .set_dossier(caller, at, number, active, BTreeSet::new());
        told.await.unwrap().index
    }

    /// A choice about receiving at the other organisation, from now on.
    pub(crate) async fn choose(
        &self,
        at: AddressId,
        owner: &str,
        kind: ChoiceKind,
        purpose: &str,
        receiver: Oin,
        days: Option<i64>,
    ) -> ChoiceId {
        let now = self.now();
        let kinds = [
            "opnamerapport",
            "beoordeling",
            "planning",
            "gezondheidsgegevens",
        ];
        let new = NewChoice {
            kind,
            address: at,
            owner: OwnerId::parse(owner).unwrap(),
            receivers: vec![receiver],
            purposes: vec![Purpose::parse(purpose).unwrap()],
            kinds: kinds.map(|kind| DocumentKind::parse(kind).unwrap()).into(),
            valid_from: now,
            valid_until: days.map(|days| now.plus_ms(days * DAY_MS)),
            evidence: Evidence {
                kind: EvidenceKind::parse("formulier").unwrap(),
                reference: Reference::parse("F-1").unwrap(),
                sha256: Sha256::from_bytes([1; 32]),
            },
            shown: ShownText {
                language: Language::parse("nl").unwrap(),
                version: Version::parse("1").unwrap(),
            },
            coordinator: (kind == ChoiceKind::JointRequest).then_some(self.img),
            state: ChoiceState::Given,
        };
        let caller = self.registrar(self.img);
        let made = self.exchange.register_choice(caller, new).await.unwrap();
        made.0.id
    }

    pub(crate) async fn withdraw(&self, by: Oin, id: ChoiceId) -> Result<u64, Failure> {
        let how = Withdrawal {
            state: ChoiceState::Withdrawn,
            evidence: None,
        };
        let caller = self.registrar(by);
        let done = self.exchange.withdraw_choice(caller, id, how).await;
        done.map(|(_, receipt)| receipt.index)
    }

    pub(crate) async fn unsafe_at(&self, at: AddressId, days: i64) -> AosId {
        let (from, until) = (self.now(), self.now().plus_ms(days * DAY_MS));
        let new = NewAos {
            address: at,
            from,
            until,
        };
        let caller = self.registrar(self.img);
        self.exchange.report_aos(caller, new).await.unwrap().0.id
    }

    pub(crate) async fn safe_again(&self, id: AosId) -> Result<u64, Failure> {
        let caller = self.registrar(self.img);
        let done = self.exchange.close_aos(caller, id).await;
        done.map(|(_, receipt)| receipt.index)
    }

    /// Puts documents of these kinds into the index.
    pub(crate) async fn documents(
        &self,
        holder: Oin,
        at: AddressId,
        kinds: &[&str],
    ) -> Vec<DocumentId> {
        let mut ids = Vec::new();
        let mut lines = Vec::new();
        for (line, kind) in kinds.iter().enumerate() {
            let mut id = [0; 16];
            self.book.random.fill(&mut id).unwrap();
            ids.push(DocumentId::from_bytes(id));
            let document = Document {
                id: DocumentId::from_bytes(id),
                provider: holder,
                dossier: DossierNumber::parse("D-1").unwrap(),
                kind: DocumentKind::parse(kind).unwrap(),
                title: Title::parse("Stuk").unwrap(),
                media_type: MediaType::parse("application/pdf").unwrap(),
                size_bytes: 100,
                created: self.now(),
                address: at,
                health: *kind == "gezondheidsgegevens",
                version: Version::parse("1").unwrap(),
            };
            lines.push(BulkLine { line, document });
        }
        let caller = self.registrar(holder);
        let told = self.exchange.bulk(caller, lines, BulkMode::AllOrNothing);
        told.await.unwrap();
        ids
    }

    /// Asks for a document; with nobody at the other end, a permit ends as a provider that cannot be
    /// reached.
    pub(crate) async fn ask(&self, by: Oin, purpose: &str, id: DocumentId) -> Failure {
        let team = (purpose == "aos").then_some("aos");
        let caller = self.caller(by, purpose, team);
        self.exchange.download(caller, id, None).await.unwrap_err()
    }

    pub(crate) async fn search(&self, by: Oin, purpose: &str, at: AddressId) {
        let wanted = Search {
            address: at,
            kind: None,
            provider: None,
            limit: 50,
            cursor: None,
        };
        let caller = self.caller(by, purpose, None);
        let _ = self.exchange.search(caller, wanted).await;
    }
}

/// Everything the procedure can write, at two addresses.
pub(crate) async fn busy_day(office: &Office) {
    let (img, ncg) = (office.img, office.ncg);
    let (here, there) = (address(1), address(2));
    let long_ago = office.now().plus_ms(-3 * 365 * 86_400_000);
    office.owners(here, &["eig-1", "eig-2"], long_ago).await;
    office.dossier(img, here, "I-1", true).await;
    office.dossier(ncg, here, "N-1", true).await;
    let kinds = [
        "opnamerapport",
        "beoordeling",
        "planning",
        "gezondheidsgegevens",
    ];
    let held = office.documents(ncg, here, &kinds).await;
    let of_img = office
        .documents(img, here, &["inspectierapport", "schaderapport"])
        .await;
    let (survey, planning, health) = (held[0], held[2], held[3]);

    // What the statute asks for, and what consent is needed for.
    office.ask(img, "schade-afhandeling", survey).await;
    office.ask(img, "overig", survey).await;
    let consent = ChoiceKind::Consent;
    let first = office
        .choose(here, "eig-1", consent, "overig", img, Some(30))
        .await;
    office.ask(img, "overig", survey).await;
    office
        .choose(here, "eig-2", consent, "overig", img, None)
        .await;
    office.ask(img, "overig", survey).await;
    office.withdraw(ncg, first).await.unwrap();
    office.ask(img, "overig", survey).await;
    // The same choice cannot end twice.
    office.withdraw(ncg, first).await.unwrap_err();

    // An objection, a joint request, explicit agreement.
    office.ask(img, "afstemming", planning).await;
    let objection = ChoiceKind::Objection;
    let against = office
        .choose(here, "eig-1", objection, "afstemming", img, None)
        .await;
    office.ask(img, "afstemming", planning).await;
    office.withdraw(img, against).await.unwrap();
    for owner in ["eig-1", "eig-2"] {
        let (joint, agreed) = (ChoiceKind::JointRequest, ChoiceKind::ExplicitAgreement);
        office
            .choose(here, owner, joint, "combinatie-behandeling", img, None)
            .await;
        office.ask(img, "combinatie-behandeling", survey).await;
        office
            .choose(here, owner, agreed, "knelpunt-gezondheid", img, None)
            .await;
        office.ask(img, "knelpunt-gezondheid", health).await;
    }
    office.ask(img, "schade-afhandeling", health).await;

    // An unsafe situation, until it ends.
    let inspection = of_img[0];
    office.ask(ncg, "aos", inspection).await;
    let situation = office.unsafe_at(here, 28).await;
    office.pass(60_000);
    office.ask(ncg, "aos", inspection).await;
    office.search(img, "schade-afhandeling", here).await;
    office.safe_again(situation).await.unwrap();
    office.pass(1_000);
    office.ask(ncg, "aos", inspection).await;
    office.safe_again(situation).await.unwrap_err();

    // Time passes, the house is sold, and the dossier is closed.
    office.pass(40 * 86_400_000);
    office.owners(here, &["eig-3"], office.now()).await;
    office.dossier(ncg, here, "N-1", false).await;
    office.ask(img, "overig", survey).await;
    office.ask(img, "combinatie-behandeling", survey).await;

    // Calls that ask no policy, tests and metadata, an address nobody knows anything about.
    let unknown = office.documents(ncg, there, &["opnamerapport"]).await[0];
    office.ask(img, "schade-afhandeling", unknown).await;
    office.ask(img, "overig", unknown).await;
    office.ask(img, "bestaat-niet", unknown).await;
    let gone = DocumentId::from_bytes([9; 16]);
    office.ask(img, "overig", gone).await;
    for purpose in ["schade-afhandeling", "overig"] {
        let asks = |purpose| office.caller(img, purpose, None);
        let _ = office.exchange.test(asks(purpose), unknown).await;
        let _ = office.exchange.metadata(asks(purpose), survey).await;
        office.search(img, purpose, here).await;
        office.search(img, purpose, there).await;
    }
    let far = ByteRange::From(1_000);
    let caller = office.caller(img, "schade-afhandeling", None);
    let _ = office.exchange.download(caller, survey, Some(far)).await;
    let caller = office.caller(ncg, "beheer", None);
    office.exchange.find_choices(caller, here).await.unwrap();
}
