//! Two people for every choice that is registered or ended at the desk, on both engines: exactly what
//! was proposed, once, by another than who proposed it.

use std::path::Path;
use std::sync::Arc;

use sluis::app::{Gateway, Ports, Prepared};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::demo::people;
use sluis::desk::{Links, Login};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Visitor;
use crate::client::{Answer, Line};
use crate::party::client_tls;
use crate::process::sluis;
use crate::world::{World, on_each_store};

const ADDRESS: &str = "0010200000000017";
const OWNER: &str = "eigenaar-17";
const IMG: &str = "00000001812345678000";
const SCAN: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A gateway of this process, with a desk.
pub(super) struct Desk {
    origin: String,
    address: std::net::SocketAddr,
    links: Links,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Desk {
    pub(super) async fn start(config: &Path) -> Self {
        let config = Config::read(config).unwrap();
        let links = Links::new(people::of(&config.organisations));
        let prepared = Prepared::new(
            config,
            Arc::new(SystemClock),
            Arc::new(SystemRandomness::default()),
        );
        let open = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let desk = open().await;
        let address = desk.local_addr().unwrap();
        let ports = Ports {
            exchange: open().await,
            desk: Some((desk, Login::Links(links.clone()))),
            ops: open().await,
        };
        let gateway = Gateway::start_on(prepared.unwrap(), ports).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            gateway.run(until).await.unwrap();
        });
        Self {
            origin: format!("https://{address}"),
            address,
            links,
            stop,
            running,
        }
    }

    pub(super) async fn enter(&self, person: &str) -> Visitor {
        let link = self.links.fresh(&SystemRandomness::default()).unwrap();
        let mut visitor = Visitor {
            origin: self.origin.clone(),
            line: Line::new(self.address, client_tls(None)),
            cookies: Vec::new(),
            token: String::new(),
        };
        let entered = visitor.post(&link, &[("persoon", person)]).await;
        assert_eq!(entered.status, 303, "{person}");
        visitor.get("/toestemmingen").await;
        visitor
    }

    /// Stops it, and has the whole book verified.
    pub(super) async fn close(self, config: &Path) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
        let verified = sluis(["ledger", "verify", "--config", config.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success(), "{said}");
    }
}

const CAUSE: [(&str, &str); 2] = [("aanleiding", "registratie"), ("zaak", "REG-17")];

/// A whole choice, as the form sends it.
fn choice<'a>(reference: &'a str, state: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("soort", "toestemming"),
        ("toestand", state),
        ("adres", ADDRESS),
        ("eigenaar", OWNER),
        ("ontvangers", IMG),
        ("doelen", "overig"),
        ("documentsoorten-welke", "enkele"),
        ("documentsoorten", "opnamerapport"),
        ("documentsoorten", "bouwtekening"),
        ("van", "2025-01-01"),
        ("tot", "2099-01-01"),
        ("bewijssoort", "ondertekende-brief"),
        ("kenmerk", reference),
        ("sha256", SCAN),
        ("taal", "nl"),
        ("versie", "balie-2026-1"),
    ];
    fields.extend(CAUSE);
    fields
}

fn to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text_or_nothing());
    answer.header("location").to_owned()
}

async fn propose(visitor: &mut Visitor, reference: &str, state: &str) -> String {
    let fields = choice(reference, state);
    let proposal = to(&visitor.post("/toestemmingen/vastleggen", &fields).await);
    assert!(
        proposal.starts_with("/toestemmingen/voorstel/"),
        "{proposal}"
    );
    visitor.get(&proposal).await;
    proposal
}

/// Opens a proposal; answers the page.
async fn open(visitor: &mut Visitor, proposal: &str) -> String {
    visitor.get(proposal).await;
    assert_eq!(to(&visitor.post(proposal, &CAUSE).await), proposal);
    visitor.get(proposal).await.text().to_owned()
}

async fn answer(visitor: &mut Visitor, proposal: &str, decision: &str, remark: &str) -> Answer {
    let fields = [("besluit", decision), ("opmerking", remark)];
    visitor.post(proposal, &fields).await
}

/// The registry of the address, as one page.
async fn registry(visitor: &mut Visitor) -> String {
    let mut fields = vec![("adres", ADDRESS)];
    fields.extend(CAUSE);
    visitor.get("/toestemmingen").await;
    let page = to(&visitor.post("/toestemmingen", &fields).await);
    assert!(!page.contains(ADDRESS), "an address in a URL: {page}");
    visitor.get(&page).await.text().to_owned()
}

on_each_store! {
    async fn what_one_proposes_another_confirms_once(store) {
        let mut world = World::new(store).await;
        world.owners(ADDRESS, &[OWNER]).await;
        world.gateways[0].stop().await;
        let config = world.config();
        let desk = Desk::start(&config).await;
        let mut first = desk.enter("img-beheer").await;
        let mut second = desk.enter("img-beheer-2").await;
        let mut again = desk.enter("img-beheer-2").await;
        let mut other = desk.enter("ncg-beheer").await;

        // One's own proposal is refused, kindly, and nothing changes.
        let proposal = propose(&mut first, "POST-1", "gegeven").await;
        assert!(!open(&mut first, &proposal).await.contains("value=\"bevestigen\""));
        assert_eq!(to(&answer(&mut first, &proposal, "bevestigen", "").await), proposal);
        assert!(first.get(&proposal).await.text().contains("U hebt dit zelf voorgesteld"));
        assert!(!registry(&mut first).await.contains("POST-1"));

        // Another organisation knows nothing of it; nobody confirms what they have not opened.
        assert_eq!(other.get(&proposal).await.status, 404);
        assert_eq!(other.post(&proposal, &CAUSE).await.status, 404);
        let mut unseen = vec![("besluit", "bevestigen")];
        unseen.extend(CAUSE);
        assert_eq!(to(&second.post(&proposal, &unseen).await), proposal);
        assert!(!registry(&mut first).await.contains("POST-1"));

        // Twice at once: one of the two is told so, and there is one entry.
        let shown = open(&mut second, &proposal).await;
        for part in [ADDRESS, OWNER, "POST-1", SCAN, "bouwtekening", "beheer-img-1"] {
            assert!(shown.contains(part), "{part} is not shown");
        }
        open(&mut again, &proposal).await;
        let (one, two) = tokio::join!(
            answer(&mut second, &proposal, "bevestigen", ""),
            answer(&mut again, &proposal, "bevestigen", ""),
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        let done = if one.status == 303 { &one } else { &two };
        let receipt = to(done);
        let holder = if one.status == 303 { &mut second } else { &mut again };
        let shown = holder.get(&receipt).await.text().to_owned();
        assert!(shown.contains("Wij hebben uw toestemming vastgelegd"));
        for hidden in ["beheer-img", "Bouke"] {
            let letter = shown.split_once("<article").unwrap().1;
            assert!(!letter.contains(hidden), "{hidden} on the receipt");
        }
        let pdf = holder.get(&format!("{receipt}?vorm=pdf")).await;
        assert_eq!(pdf.header("content-type"), "application/pdf");
        assert_eq!(answer(&mut second, &proposal, "bevestigen", "").await.status, 409);
        let page = registry(&mut first).await;
        assert_eq!(page.matches("<h3>Toestemming gegeven</h3>").count(), 1);

        // Ended meanwhile: the second of two withdrawals finds nothing left to end.
        let withdraw = page.split_once("/toestemmingen/intrekken/").unwrap().1;
        let withdraw = format!("/toestemmingen/intrekken/{}", &withdraw[..36]);
        let ended = [("toestand", "ingetrokken")];
        let by_first = to(&first.post(&withdraw, &ended).await);
        registry(&mut second).await;
        let twice = second.post(&withdraw, &ended).await;
        assert_eq!(twice.status, 409);
        assert!(twice.text().contains("Er wacht al een voorstel"));
        assert!(twice.text().contains(&format!("href=\"{by_first}\"")));
        // The second person reads that there is no letter of it, and the first letter as what it is.
        let shown = open(&mut second, &by_first).await;
        for part in ["Mag deze keuze eindigen?", "geen bewijs van de intrekking", "Bewijs van de keuze zelf", "POST-1"] {
            assert!(shown.contains(part), "{part} is not shown");
        }
        assert!(!shown.contains("Klopt dit met de brief?"));
        let ended_by = to(&answer(&mut second, &by_first, "bevestigen", "").await);
        let shown = second.get(&ended_by).await.text().to_owned();
        assert!(shown.contains("Zij geldt vanaf nu niet meer."));
        let letter = shown.split_once("<article").unwrap().1;
        for part in ["Uw keuze geldt niet meer sinds", "geen apart bewijs opgegeven"] {
            assert!(letter.contains(part), "{part}: {letter}");
        }
        for wrong in ["Geldig", "SHA-256"] {
            assert!(!letter.contains(wrong), "{wrong} on the receipt of an end");
        }
        assert_eq!(answer(&mut second, &by_first, "bevestigen", "").await.status, 409);
        let page = registry(&mut first).await;
        assert_eq!(page.matches("<h3>Toestemming ingetrokken</h3>").count(), 1);

        // Turned down: with a remark, and for good.
        let proposal = propose(&mut first, "POST-2", "geweigerd").await;
        open(&mut second, &proposal).await;
        let wrong = answer(&mut second, &proposal, "afwijzen", "  ").await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.text().contains("id=\"opmerking-fout\""));
        let rejected = answer(&mut second, &proposal, "afwijzen", "Het pseudoniem klopt niet.").await;
        assert_eq!(to(&rejected), "/toestemmingen");
        assert_eq!(answer(&mut second, &proposal, "bevestigen", "").await.status, 409);
        assert!(!registry(&mut first).await.contains("POST-2"));

        desk.close(&config).await;
        world.abandon();
    }
}

on_each_store! {
    async fn what_cannot_count_is_looked_at_again_before_it_is_proposed(store) {
        let mut world = World::new(store).await;
        world.owners(ADDRESS, &[OWNER]).await;
        world.gateways[0].stop().await;
        let config = world.config();
        let desk = Desk::start(&config).await;
        let mut first = desk.enter("img-beheer").await;
        let mut second = desk.enter("img-beheer-2").await;

        // What cannot count is not proposed before it was looked at again.
        for (field, value, told) in [
            ("eigenaar", "Jan de Vries", "lijkt een naam"),
            ("eigenaar", "eigenaar-18", "niet als eigenaar van dit adres"),
            ("adres", "0010200000000018", "kent dit adres niet"),
            ("van", "2098-01-01", "ligt in de toekomst"),
        ] {
            let mut fields = choice("POST-0", "gegeven");
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            let asked = first.post("/toestemmingen/vastleggen", &fields).await;
            assert_eq!(asked.status, 400, "{value}");
            assert!(asked.text().contains(told), "{told}");
            // Whoever looked at another owner has not looked at this one.
            fields.push(("nagekeken", "iets anders"));
            let asked = first.post("/toestemmingen/vastleggen", &fields).await;
            assert_eq!(asked.status, 400, "{value}");
        }
        let mut strange = choice("POST-0", "gegeven");
        strange.retain(|(name, _)| *name != "eigenaar");
        strange.push(("eigenaar", "eigenaar-18"));
        let seen = format!("{ADDRESS} 2025-01-01 eigenaar-18");
        strange.push(("nagekeken", &seen));
        let proposal = to(&first.post("/toestemmingen/vastleggen", &strange).await);
        open(&mut second, &proposal).await;
        let receipt = to(&answer(&mut second, &proposal, "bevestigen", "").await);
        let shown = second.get(&receipt).await.text().to_owned();
        for part in ["maar telt niet mee", "Wij kregen uw antwoord, maar het telt niet mee"] {
            assert!(shown.contains(part), "{part} is not shown");
        }
        assert!(!shown.contains("Wij hebben uw toestemming vastgelegd"));
        let page = registry(&mut first).await;
        assert!(page.contains("Keuzes die niet meetellen") && page.contains("nooit eigenaar"));

        desk.close(&config).await;
        world.abandon();
    }
}
