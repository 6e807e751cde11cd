//! `/readyz` from outside: what takes a gateway out of a balancer, and what is only said.
//!
//! The others: a disk and a database in `no_record`, witnesses in `witness`, dates of certificates and
//! lists of several issuers in the tests of `identity`.

use std::path::Path;
use std::time::{Duration, Instant};

use sluis::clock::SystemClock;

use crate::client::{Call, ops};
use crate::party::{Party, Token, let_crl_grow_stale, pki};
use crate::process::sluis;
use crate::seeing::value;
use crate::world::World;

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(45);

const ADDRESS: &str = "0024200000019501";

/// What is not ready and what it warns of, once there are so many of each. Status, body and figures agree.
async fn until(world: &World, not_ready: usize, warnings: usize) -> (Vec<String>, Vec<String>) {
    let since = Instant::now();
    loop {
        let told = ops(world.gateways[0].ops, "/readyz").await;
        let list = |name: &str| -> Vec<String> {
            serde_json::from_value(told.json()[name].clone()).unwrap()
        };
        let (missing, warned) = (list("notReady"), list("warnings"));
        let status = if missing.is_empty() { 200 } else { 503 };
        assert_eq!(told.status, status, "{told:?}");
        assert_eq!(told.json()["ready"], missing.is_empty(), "{told:?}");
        if (missing.len(), warned.len()) == (not_ready, warnings) {
            let figures = ops(world.gateways[0].ops, "/metrics").await;
            let causes = value(figures.text(), "sluis_not_ready_causes", "");
            assert!((causes - f64::from(status == 503)).abs() < f64::EPSILON);
            return (missing, warned);
        }
        assert!(
            since.elapsed() < PATIENCE,
            "not {not_ready} and {warnings}: {told:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many warnings its figures count of this cause, and of all.
async fn counted(world: &World, cause: &str) -> (f64, f64) {
    let figures = ops(world.gateways[0].ops, "/metrics").await;
    let of = |cause: &str| {
        let label = format!("{{cause=\"{cause}\"}}");
        value(figures.text(), "sluis_warnings", &label)
    };
    let all = ["certificate", "crl", "file", "policy"].map(of);
    (of(cause), all.iter().sum())
}

/// Puts a file in place in one step, as the runbooks do.
fn put(content: &str, at: &Path) {
    let beside = at.with_extension("beside");
    std::fs::write(&beside, content).unwrap();
    std::fs::rename(beside, at).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_new_file_is_said_and_takes_nobody_out_and_a_stale_list_does() {
    let (mut world, own) = World::with_own_list().await;
    world.start().await;
    until(&world, 0, 0).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let download = || {
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        Call::get(format!("/v1/documenten/{document}/download")).token(&token)
    };
    let good = std::fs::read_to_string(&own.crl).unwrap();
    let half: String = good.chars().take(good.len() / 2).collect();
    let fault = format!("{}: cannot be used as CRLs (tls.crls): ", own.crl.display());
    for bad in ["no CRL", "", &half] {
        put(bad, &own.crl);
        let (_, warned) = until(&world, 0, 1).await;
        assert!(warned[0].starts_with(&fault), "{warned:?}");
        assert!(warned[0].contains("until that is mended"), "{warned:?}");
        // On a connection of before, and on a new one.
        world.call("img", &download()).await.expect("200");
        world.line(0, "img").call(&download()).await.expect("200");
        assert_eq!(counted(&world, "file").await, (1.0, 1.0));
        put(&good, &own.crl);
        until(&world, 0, 0).await;
        assert_eq!(counted(&world, "file").await, (0.0, 0.0));
    }

    let_crl_grow_stale(&own);
    let (missing, _) = until(&world, 1, 0).await;
    assert!(missing[0].contains("the CRL is stale since"), "{missing:?}");
    assert!(missing[0].contains("crl.md"), "{missing:?}");
    let refused = world.line(0, "img").try_call(&download()).await;
    assert!(refused.is_err(), "{refused:?}");
    // What is only said is said then too.
    put("no CRL", &own.crl);
    let (still, warned) = until(&world, 1, 1).await;
    assert_eq!(still, missing);
    assert!(warned[0].starts_with(&fault), "{warned:?}");

    put(&good, &own.crl);
    let (_, warned) = until(&world, 1, 1).await;
    assert!(warned[0].starts_with(&fault), "{warned:?}");
    own.renew_crl(&SystemClock, 30).unwrap();
    until(&world, 0, 0).await;
    world.line(0, "img").call(&download()).await.expect("200");
    world.close().await;
}

/// The first agreement may come over HTTP, so a balancer must let it through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bundle_documents_are_refused_and_the_gateway_stays_within_reach() {
    let (mut world, own) = World::with_own_list().await;
    let config = std::fs::read_to_string(world.config()).unwrap();
    let lines = config.lines();
    let unsigned: Vec<&str> = lines
        .filter(|line| !line.starts_with("signatures"))
        .collect();
    let unsigned = unsigned.join("\n");
    std::fs::write(world.config(), &unsigned).unwrap();
    world.start().await;
    let (_, warned) = until(&world, 0, 1).await;
    let [policy] = &warned[..] else {
        panic!("{warned:?}");
    };
    assert!(
        policy.starts_with("no policy bundle is in force"),
        "{policy}"
    );
    for way in ["/v1/overeenkomsten", "policy.signatures"] {
        assert!(policy.contains(way), "{policy}");
    }
    assert_eq!(counted(&world, "policy").await, (1.0, 1.0));
    let beheer = Token::beheer();
    let agreements = || Call::get("/v1/overeenkomsten");
    world.ask("img", &beheer, agreements()).await.expect("200");
    put("no CRL", &own.crl);
    let (_, both) = until(&world, 0, 2).await;
    assert!(both[0].contains("ca.crl.pem: cannot be used"), "{both:?}");
    assert_eq!(&both[1], policy);
    let asked = world.folder.path().join("asked.toml");
    let at = format!("ops = \"{}\"", world.gateways[0].ops);
    std::fs::write(&asked, unsigned.replace("ops = \"127.0.0.1:0\"", &at)).unwrap();
    let doctor = sluis(["doctor", "--config", &asked.display().to_string()]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    let of_gateway: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(" gateway "))
        .collect();
    for told in ["one runs here and is ready", &both[0], policy] {
        assert!(of_gateway.iter().any(|line| line.contains(told)), "{said}");
    }

    std::fs::copy(pki().join("ca.crl.pem"), &own.crl).unwrap();
    own.renew_crl(&SystemClock, 30).unwrap();
    std::fs::write(world.config(), config).unwrap();
    world.restart(0).await;
    until(&world, 0, 0).await;
    world.close().await;
}
