//! The disk under the ledger loses its power, fails, is full: whoever holds a byte of a document holds
//! one whose permit is in the book, whatever the disk did (SECURITY 2, 4).
//!
//! Power loss is the kernel's own: `FS_IOC_SHUTDOWN` with NOLOGFLUSH on a loop-mounted file system.
//! What was not on the disk by then never comes there; a SIGKILL cannot show that. It takes root and a
//! loop device. Errors of the disk come from strace, which answers a system call in its stead.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::Call;
use crate::crash::{CLIENTS, Held, SIZE, check_permits, requester};
use crate::party::{Party, Token};
use crate::process::{Gateway, SLUIS, mortal};
use crate::world::{Store, World};

/// How often the power goes, per file system; 25 is what SECURITY 2 tells of.
const VARIABLE: &str = "SLUIS_TEST_POWER_LOSSES";
const LOSSES: usize = 4;
const ADDRESS: &str = "0024200000017301";
const PATIENCE: Duration = Duration::from_secs(20);
/// What the gateway ends with when its disk failed.
const STORAGE_FAILED: i32 = 70;

/// A disk of the gateway's own in a file, that nobody else sees; it is gone with the process, and what
/// came to it stays in the file.
const ON_A_DISK_OF_ITS_OWN: &str = r#"
mount -o loop "$1/disk.img" "$1/disk" || exit 69
[ -e "$1/disk/ledger.db" ] || { cp "$1/ledger.db" "$1/disk/" && sync -f "$1/disk"; }
exec "$2" serve --config "$1/sluis.toml"
"#;

/// `ioctl(directory, FS_IOC_SHUTDOWN, FS_SHUTDOWN_FLAGS_NOLOGFLUSH)`; perl is on every Debian.
const SHUT_DOWN: &str = r#"
sysopen(my $disk, $ARGV[0], 0) or die "open: $!\n";
ioctl($disk, 0x8004587d, my $flags = pack("L", 2)) or die "ioctl: $!\n";
"#;

fn succeeds(program: &str, arguments: &[&str]) -> Result<(), String> {
    match Command::new(program).args(arguments).output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(format!(
            "{program}: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        )),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

fn shut_down(disk: &Path) -> Result<(), String> {
    succeeds("perl", &["-e", SHUT_DOWN, &disk.display().to_string()])
}

/// Makes an empty disk in a file.
fn make_disk(image: &Path, file_system: &str) -> Result<(), String> {
    let path = image.display().to_string();
    let _ = std::fs::remove_file(image);
    succeeds("truncate", &["--size=320M", &path])?;
    succeeds(&format!("mkfs.{file_system}"), &["-q", &path])
}

/// Why this file system cannot be put out of power here; tried out, for there are many reasons.
fn why_not(file_system: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("try.img");
    if let Err(why) = make_disk(&image, file_system) {
        return Some(why);
    }
    let script = format!(
        "mkdir \"$0/try\" && mount -o loop \"$0/try.img\" \"$0/try\" && perl -e '{SHUT_DOWN}' \"$0/try\""
    );
    let path = folder.path().display().to_string();
    succeeds("unshare", &["--mount", "sh", "-c", &script, &path]).err()
}

/// The loop device goes away a moment after the last who mounted it.
async fn until_unmounted(image: &Path) {
    let since = Instant::now();
    loop {
        let used = Command::new("losetup")
            .arg("-j")
            .arg(image)
            .output()
            .unwrap();
        if used.stdout.is_empty() {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "the disk is never let go");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start_on_disk(world: &World) -> Gateway {
    until_unmounted(&world.folder.path().join("disk.img")).await;
    let mut command = mortal("KILL", "unshare");
    command.args(["--mount", "sh", "-c", ON_A_DISK_OF_ITS_OWN, "sluis-test"]);
    command.arg(world.folder.path()).arg(SLUIS);
    let gateway = Gateway::start_with(command, &world.log(0)).await;
    gateway.unwrap_or_else(|ended| panic!("{ended:?}"))
}

async fn a_power_loss_takes_nothing_that_was_acknowledged(file_system: &str) {
    if let Some(why) = why_not(file_system) {
        eprintln!(
            "SKIPPED power loss on {file_system}: it takes root, a loop device and mkfs.{file_system} ({why})"
        );
        return;
    }
    let losses = std::env::var(VARIABLE).map_or(LOSSES, |losses| losses.parse().unwrap());
    let mut world = World::without_gateway(Store::Sqlite).await;
    let config = std::fs::read_to_string(world.config()).unwrap();
    let moved = config.replace("sqlite:ledger.db", "sqlite:disk/ledger.db");
    std::fs::write(world.config(), moved).unwrap();
    std::fs::create_dir(world.folder.path().join("disk")).unwrap();
    make_disk(&world.folder.path().join("disk.img"), file_system).unwrap();
    let gateway = start_on_disk(&world).await;
    world.gateways.push(gateway);
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    let held = Arc::new(Held::default());
    let mut late = 0;
    for loss in 0..losses {
        let requesters: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let line = world.line(0, "img");
                tokio::spawn(requester(line, uuid.clone(), Arc::clone(&held)))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(120 + 29 * (loss as u64 % 11))).await;
        // Who gets an answer after this moment gets it from a machine that has no power: while it
        // shuts down, ext4 lets an fsync return as if it had been well.
        let before = held.any.lock().unwrap().clone();
        // The same disk, seen through the process.
        let gateway = &mut world.gateways[0];
        let seen = format!(
            "/proc/{}/root{}/disk",
            gateway.id(),
            world.folder.path().display()
        );
        shut_down(Path::new(&seen)).unwrap();
        let code = gateway.ended().await;
        assert_eq!(
            code,
            Some(STORAGE_FAILED),
            "it must not go on: {}",
            gateway.said()
        );
        for one in requesters {
            one.await.unwrap();
        }
        late += held.any.lock().unwrap().len() - before.len();
        *held.any.lock().unwrap() = before;
        world.gateways[0] = start_on_disk(&world).await;
        let book = world.book().await;
        check_permits(&book, &held, loss);
        assert_eq!(book.left_open(), [0; 0], "loss {loss}");
    }
    let held = held.any.lock().unwrap().len();
    assert!(held > losses, "too little load to say anything");
    eprintln!(
        "{file_system}: {losses} power losses, {held} transfers begun before them, none without its permit; {late} began in their moment"
    );
    world.close_out_of_reach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_loss_on_ext4() {
    a_power_loss_takes_nothing_that_was_acknowledged("ext4").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_loss_on_xfs() {
    a_power_loss_takes_nothing_that_was_acknowledged("xfs").await;
}

/// Why strace cannot answer system calls here.
fn why_no_strace() -> Option<String> {
    let inject = ["-qq", "-o/dev/null", "-einject=fsync:error=EIO", "true"];
    succeeds("strace", &inject).err()
}

/// A gateway some of whose system calls are answered by strace.
async fn start_traced(world: &World, inject: &str) -> Gateway {
    let mut command = mortal("KILL", "strace");
    command.args(["-f", "-qq", "-o/dev/null", "--seccomp-bpf"]);
    command.arg(format!("-einject={inject}"));
    // strace leaves its children alone when it is killed; they must go all the same.
    command.args([
        "setpriv",
        "--pdeathsig",
        "KILL",
        "--",
        SLUIS,
        "serve",
        "--config",
    ]);
    command.arg(world.config());
    let gateway = Gateway::start_with(command, &world.log(0)).await;
    gateway.unwrap_or_else(|ended| panic!("{ended:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_failed_fsync_is_the_last() {
    if let Some(why) = why_no_strace() {
        eprintln!("SKIPPED failing fsync: strace cannot answer system calls here ({why})");
        return;
    }
    let mut world = World::new(Store::Sqlite).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    let held = Arc::new(Held::default());
    for (round, fails) in [12, 19, 40].into_iter().enumerate() {
        assert_eq!(world.gateways[0].stop().await, Some(0));
        // Only this one; all later ones would go well again.
        let inject = format!("fsync,fdatasync:error=EIO:when={fails}");
        world.gateways[0] = start_traced(&world, &inject).await;
        let requesters: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let line = world.line(0, "img");
                tokio::spawn(requester(line, uuid.clone(), Arc::clone(&held)))
            })
            .collect();
        let code = world.gateways[0].ended().await;
        let said = world.gateways[0].said();
        assert_eq!(code, Some(STORAGE_FAILED), "fsync {fails}: {said}");
        for one in requesters {
            one.await.unwrap();
        }
        world.come_back(0).await;
        let book = world.book().await;
        check_permits(&book, &held, round);
        assert_eq!(book.left_open(), [0; 0], "fsync {fails}");
    }
    assert!(
        held.any.lock().unwrap().len() > 3,
        "too little load to say anything"
    );
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_for_a_while_takes_nothing() {
    if let Some(why) = why_no_strace() {
        eprintln!("SKIPPED full disk: strace cannot answer system calls here ({why})");
        return;
    }
    let mut world = World::new(Store::Sqlite).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    // In the middle of a batch, for some writes; SQLite writes with this call only.
    let inject = "pwrite64:error=ENOSPC:when=400..430";
    world.gateways[0] = start_traced(&world, inject).await;
    world.ncg.take_asked();
    // Until it was refused, and then released again.
    let (mut released, mut refused, mut healed) = (0, 0, false);
    let since = Instant::now();
    while !healed {
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
        let answer = world.line(0, "img").call(&call).await;
        let asked = world.ncg.take_asked().len();
        match answer.short().as_str() {
            "200" => {
                assert_eq!(asked, 1);
                released += 1;
                healed = refused > 0;
            }
            "503 logboek-onbeschikbaar" => {
                assert_eq!(asked, 0, "the provider was asked all the same");
                refused += 1;
            }
            other => panic!("{other}"),
        }
        assert!(
            since.elapsed() < PATIENCE,
            "{released} released, {refused} refused"
        );
    }
    world.gateways[0].kill();
    world.come_back(0).await;
    let book = world.close().await;
    let permits = book
        .of_kind("besluit")
        .filter(|(_, entry)| entry["uitkomst"] == "toegestaan");
    assert!(permits.count() >= released);
}
