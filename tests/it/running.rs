//! What `deploy/` promises to who runs it: units that are shut tight, a service manager and probes that are
//! told how the gateway does, links that lead somewhere. `deploy/test-package` tries the rest.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::client::Call;
use crate::party::let_crl_grow_stale;
use crate::process::{Gateway, SLUIS, mortal, sluis};
use crate::world::{Store, World};

/// `systemd-analyze security` counts tenths; at most 1.5 is what was asked for.
const EXPOSURE: &str = "--threshold=15";

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

#[test]
fn units_are_shut_tight() {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("SKIPPED units_are_shut_tight: systemd-analyze is not here");
        return;
    }
    let judged = |unit: &Path| {
        let mut judge = Command::new("systemd-analyze");
        judge.args(["security", "--offline=true", "--no-pager", EXPOSURE]);
        judge.arg(unit).output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["sluis.service", "sluis-witness.service"] {
        let unit = deploy().join("systemd").join(name);
        let told = judged(&unit);
        assert!(told.status.success(), "{name}: {told:?}");
        // And it would be noticed.
        let text = std::fs::read_to_string(&unit).unwrap();
        let open = text.replace("SystemCallFilter=", "# ");
        let open = open.replace("CapabilityBoundingSet=", "# ");
        assert_ne!(open, text);
        let changed = folder.path().join(name);
        std::fs::write(&changed, open).unwrap();
        assert!(!judged(&changed).status.success(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_manager_and_probes_are_told() {
    let (mut world, own_pki) = World::with_own_list().await;
    let path = world.folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let wait = Some(Duration::from_mins(1));
    manager.set_read_timeout(wait).unwrap();
    let told = || {
        let mut state = [0; 64];
        let length = manager.recv(&mut state).unwrap();
        String::from_utf8_lossy(&state[..length]).into_owned()
    };
    let mut command = mortal("KILL", SLUIS);
    command.args(["serve", "--config"]).arg(world.config());
    command.env("NOTIFY_SOCKET", &path);
    let gateway = Gateway::start_with(command, &world.log(0)).await;
    world.gateways.push(gateway.unwrap());
    assert_eq!(told(), "READY=1");

    let ops = world.gateways[0].ops.to_string();
    let health = |further: &[&str]| {
        let asked = sluis(["health", "--ops", &ops].iter().chain(further));
        let said = String::from_utf8(asked.stdout).unwrap();
        (asked.status.code(), said)
    };
    let well = "{\"ready\":true,\"notReady\":[],\"warnings\":[]}\n";
    assert_eq!(health(&[]), (Some(0), well.to_owned()));
    assert_eq!(health(&["--live"]), (Some(0), "ok\n".to_owned()));

    let until = async |told: &str| {
        let mut said = health(&[]);
        for _ in 0..600 {
            if said.1.contains(told) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            said = health(&[]);
        }
        assert!(said.1.contains(told), "{said:?}");
        said
    };
    // A probe is not to take it out for a file of which the last good one counts.
    let good = std::fs::read(&own_pki.crl).unwrap();
    std::fs::write(&own_pki.crl, "no CRL").unwrap();
    let said = until("ca.crl.pem: cannot be used").await;
    assert_eq!(said.0, Some(0), "{said:?}");
    std::fs::write(&own_pki.crl, good).unwrap();
    let_crl_grow_stale(&own_pki);
    let said = until("the CRL is stale").await;
    assert_eq!(said.0, Some(1), "{said:?}");
    assert_eq!(health(&["--live"]).0, Some(0), "it lives all the same");

    assert_eq!(world.gateways[0].stop().await, Some(0));
    assert_eq!(told(), "STOPPING=1");
    assert_eq!(health(&["--live"]).0, Some(1), "nobody is there");
    world.abandon();
}

/// Hands lines of the log on until the gateway has opened, and then no more, as a service manager that stands
/// still.
const STANDS_STILL: &str = r#"exec "$0" serve --config "$1" 2> >(
    while read -r line; do
        printf '%s\n' "$line" >&2
        [[ $line != *'the gateway is open'* ]] || exec tail --pid=$PPID -f /dev/null
    done
)"#;

/// Each refused call is a line of some 400 bytes, and a pipe holds 64 KiB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_for_who_reads_the_log() {
    const CALLS: usize = 500;
    let mut world = World::without_gateway(Store::Sqlite).await;
    let mut command = mortal("KILL", "bash");
    command.args(["-c", STANDS_STILL, SLUIS]);
    command.arg(world.config());
    let gateway = Gateway::start_with(command, &world.log(0)).await;
    world.gateways.push(gateway.unwrap());
    let said = world.gateways[0].said();
    for _ in 0..CALLS {
        let answer = world
            .call(
                "img",
                &Call::get("/v1/documenten/00000000-0000-4000-8000-000000000001/download"),
            )
            .await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(world.gateways[0].said(), said, "nobody took a line since");
    assert_eq!(world.gateways[0].stop().await, Some(0));
    world.abandon();
}

#[test]
fn links_of_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("certs/README.md")];
    for folder in [deploy(), deploy().join("runbooks")] {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|it| it == "md")));
    }
    let mut links = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let (link, _) = link.split_once(')').unwrap();
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let (path, _) = link.split_once('#').unwrap_or((link, ""));
            let there = page.parent().unwrap().join(path);
            assert!(there.exists(), "{}: {link}", page.display());
            links += 1;
        }
    }
    assert!(links > 40, "only {links} links were found");
}
