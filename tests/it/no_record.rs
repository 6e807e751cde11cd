//! No record, no release. On a full disk or a read-only database nothing can be recorded, so nothing
//! is released; and it gets well again by itself (SECURITY 4, 5).

use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::{Call, ops};
use crate::party::{Party, Token};
use crate::process::{Gateway, SLUIS, mortal};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000017301";
const PATIENCE: Duration = Duration::from_secs(25);

/// A small disk of the gateway's own, that nobody else sees: it is gone with the process.
const ON_A_SMALL_DISK: &str = r#"
mount -t tmpfs -o size=1m sluis-test "$1/disk" && cp "$1/ledger.db" "$1/disk/" &&
exec "$2" serve --config "$1/sluis.toml"
"#;

fn can_mount() -> bool {
    let try_it = "mount -t tmpfs -o size=64k sluis-test /mnt";
    let tried = Command::new("unshare")
        .args(["--mount", "sh", "-c", try_it])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

async fn until_ready(gateway: &Gateway, status: u16) {
    let since = Instant::now();
    while ops(gateway.ops, "/readyz").await.status != status {
        assert!(
            since.elapsed() < PATIENCE,
            "/readyz does not become {status}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_released_until_there_is_room() {
    if !can_mount() {
        eprintln!(
            "SKIPPED on_a_full_disk: only root with CAP_SYS_ADMIN can mount a small disk here"
        );
        return;
    }
    let mut world = World::without_gateway(Store::Sqlite).await;
    std::fs::create_dir(world.folder.path().join("disk")).unwrap();
    let config = std::fs::read_to_string(world.config()).unwrap();
    std::fs::write(
        world.config(),
        config.replace("sqlite:ledger.db", "sqlite:disk/ledger.db"),
    )
    .unwrap();
    let mut command = mortal("KILL", "unshare");
    command.args(["--mount", "sh", "-c", ON_A_SMALL_DISK, "sluis-test"]);
    command.arg(world.folder.path()).arg(SLUIS);
    let gateway = Gateway::start_with(command, &world.log(0)).await;
    world
        .gateways
        .push(gateway.unwrap_or_else(|ended| panic!("{ended:?}")));
    let gateway = &world.gateways[0];
    until_ready(gateway, 200).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let token = Token::new("schade-afhandeling");
    let download = || Call::get(format!("/v1/documenten/{uuid}/download"));
    world.ask("img", &token, download()).await.expect("200");
    let size = world.settled().await.size();
    world.ncg.take_asked();

    // The same disk, seen through the process.
    let gateway = &world.gateways[0];
    let disk = format!(
        "/proc/{}/root{}/disk",
        gateway.id(),
        world.folder.path().display()
    );
    let filler = format!("{disk}/filler");
    let filled = Command::new("sh")
        .args(["-c", "cat /dev/zero > \"$0\" 2>/dev/null", &filler])
        .status();
    assert!(!filled.unwrap().success(), "the disk has no end");
    // What the journal has room for may still be recorded, also after a refusal: once it was moved
    // into its file, it begins anew in the room that it has. But not for long.
    let mut released = 1;
    let mut refused_in_a_row = 0;
    let since = Instant::now();
    while refused_in_a_row < 5 {
        let answer = world.ask("img", &token, download()).await;
        let asked = world.ncg.take_asked().len();
        match answer.short().as_str() {
            "200" => {
                assert_eq!(asked, 1);
                released += 1;
                refused_in_a_row = 0;
            }
            "503 logboek-onbeschikbaar" => {
                assert_eq!(asked, 0, "the provider was asked all the same");
                assert_eq!(answer.json()["partij"], "sluis");
                assert!(!answer.header("retry-after").is_empty());
                refused_in_a_row += 1;
            }
            other => panic!("{other}"),
        }
        assert!(
            since.elapsed() < PATIENCE,
            "the disk is full and nobody notices"
        );
    }
    let gateway = &world.gateways[0];
    until_ready(gateway, 503).await;
    let told = ops(gateway.ops, "/readyz").await;
    let full = "the ledger cannot be written: the disk of ";
    assert!(told.text().contains(full), "{}", told.text());
    assert!(told.text().contains("disk.md"), "{}", told.text());
    assert_eq!(ops(gateway.ops, "/healthz").await.status, 200);

    std::fs::remove_file(&filler).unwrap();
    until_ready(gateway, 200).await;
    world.ask("img", &token, download()).await.expect("200");
    released += 1;
    let book = world.close_out_of_reach().await;
    assert!(book.size() > size);
    let recorded = book
        .of_kind("besluit")
        .filter(|(_, entry)| entry["uitkomst"] == "toegestaan");
    assert_eq!(recorded.count(), released, "no record, no release");
}

/// PostgreSQL's read-only: every commit of the gateway is refused from now on.
const READ_ONLY: &str = "
do $$ begin
  execute format('alter database %I set default_transaction_read_only = on', current_database());
end $$;
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()";
const READ_WRITE: &str = "
begin read write;
do $$ begin
  execute format('alter database %I reset default_transaction_read_only', current_database());
end $$;
commit;
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_read_only_database_nothing_is_released_until_it_can_be_written() {
    let world = World::new(Store::Postgres).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let token = Token::new("schade-afhandeling");
    let download = || Call::get(format!("/v1/documenten/{uuid}/download"));
    world.ask("img", &token, download()).await.expect("200");
    world.ncg.take_asked();
    world.database.run(READ_ONLY).await;
    for _ in 0..5 {
        let answer = world.ask("img", &token, download()).await;
        answer.expect("503 logboek-onbeschikbaar");
    }
    assert!(
        world.ncg.take_asked().is_empty(),
        "the provider was asked all the same"
    );
    let gateway = &world.gateways[0];
    until_ready(gateway, 503).await;
    world.database.run(READ_WRITE).await;
    until_ready(gateway, 200).await;
    world.ask("img", &token, download()).await.expect("200");
    world.close().await;
}

/// A row per connection that rests inside a transaction.
const STUCK: &str = "select 1 from pg_stat_activity where datname = current_database()
and state like 'idle in transaction%' and state_change < now() - interval '1 second'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requesters_that_hang_up_leave_no_transaction_behind() {
    let mut world = World::new(Store::Postgres).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    for at in 0..120_u64 {
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
        let mut line = world.line(0, "img");
        // Each a little later: before the facts, in the commit, on the way to the provider.
        let patience = Duration::from_micros(4_000 + 100 * at);
        let _ = tokio::time::timeout(patience, line.open(&call)).await;
    }
    let token = Token::new("schade-afhandeling");
    let download = Call::get(format!("/v1/documenten/{uuid}/download"));
    world.ask("img", &token, download).await.expect("200");
    world.settled().await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(world.database.run(STUCK).await, 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_ledger_is_not_served() {
    let world = World::without_gateway(Store::Sqlite).await;
    std::fs::write(world.folder.path().join("ledger.db"), [7_u8; 10_000]).unwrap();
    let ended = world.try_start(0).await.unwrap_err();
    assert_eq!(ended.code, Some(64), "{ended:?}");
    let last = ended.said.lines().last().unwrap();
    assert!(
        last.starts_with("sluis: ") && last.contains("ledger.db"),
        "{ended:?}"
    );
    world.abandon();
}
