//! Whether a request costs the same when the book is long and the registry is large.
//!
//! Beside the gateway of the other phases, with a short book and few addresses, a second one of the same
//! binary is filled through its own calls. Then both are asked in turn, the large one twice: for documents
//! of a few addresses, whose facts it remembers, and for documents of any address, most of whose facts it
//! has to read. What is known of an address is the same everywhere, so that only how much there is differs.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::{Connection, Reader, Target};
use crate::failure::{Context as _, Failure, Outcome};
use crate::filling;
use crate::gateway::Gateway;
use crate::options::Options;
use crate::phases::{CONNECTIONS, MIB};
use crate::process::resident_bytes;
use crate::provider::Size;
use crate::registration::ADDRESSES;
use crate::rounds::{SETTLE, cost, float, medians, rounds_in_turn};
use crate::table::{Goal, Line, Section};
use crate::world::{Side, World};

/// How many times what a request costs in the short book it may cost in the long one, and the reverse of that
/// for how many are answered.
const FLAT: f64 = 1.15;
const LEAST: f64 = 0.87;
/// The most memory with a million choices, MiB.
const RESIDENT: f64 = 256.0;
/// Some addresses of the small gateway that have what all of the large one have.
const ALIKE: Range<usize> = ADDRESSES..2 * ADDRESSES;
/// What was used once is remembered for five minutes, and forgotten by whole minutes. A filling that took
/// longer than a moment leaves much of it, which has nothing to do with how much is registered.
const REMEMBERED: Duration = Duration::from_secs(6 * 60 + 10);
const MOMENT: Duration = Duration::from_mins(1);

/// The large gateway.
struct Large {
    gateway: Gateway,
    warm: Arc<Target>,
    cold: Arc<Target>,
}

/// How it became so.
struct Filled {
    addresses: Duration,
    entries: Duration,
    /// Entries that were asked for and answered, beside those of the registry.
    asked: u64,
}

/// The large gateway beside the small one.
pub(crate) async fn flat(
    world: &mut World,
    options: &Options,
    directory: &Path,
) -> Outcome<Section> {
    if options.postgres.is_some() {
        let told = "scale keeps two books, and there is only one PostgreSQL database";
        return Err(Failure::new(told));
    }
    let short = world.address();
    filling::addresses(&world.told(short), ALIKE).await?;
    let folder = directory.join("large");
    let (mut large, filled) = fill(world, options, &folder).await?;
    if filled.addresses + filled.entries > MOMENT {
        eprintln!("filled: waiting until what was used once is forgotten");
        sleep(REMEMBERED).await;
    }
    let disk = float(ledger_bytes(&folder)?) / MIB;
    world.gateway.restart().await?;
    let since = Instant::now();
    large.gateway.restart().await?;
    let again = since.elapsed();
    sleep(SETTLE).await;
    let entries = large.gateway.size().await?;
    let resting = resident(&large.gateway)?;

    let small = Side {
        peer: None,
        target: world.asking("the small gateway", short, ALIKE)?,
        tree: world.gateway.tree(false),
    };
    let of_large = |target: &Arc<Target>| Side {
        peer: None,
        target: target.clone(),
        tree: large.gateway.tree(false),
    };
    let sides = [small, of_large(&large.warm), of_large(&large.cold)];
    let load = async |side: &Side, time: Duration| -> Outcome<[f64; 2]> {
        let (_, cost) = cost(side, Size::Small, CONNECTIONS, time).await?;
        Ok([cost.cpu_us_per_request, cost.requests_per_second])
    };
    let measured = rounds_in_turn(&sides, options, options.slice(), load).await?;
    let loaded = resident(&large.gateway)?;
    let [base, warm, cold] = measured.as_slice() else {
        return Err(Failure::new("not all sides were measured"));
    };
    let mut lines = asked(base, warm, cold)?;
    let most = [Goal::AtMost(RESIDENT)];
    lines.extend([
        Line::alone("large: RSS after a start, MiB", resting, &most),
        Line::alone("large: RSS after the load, MiB", loaded, &most),
        Line::alone("large: ended and begun again, s", again.as_secs_f64(), &[]),
        Line::alone("large: ledger on the disk, MiB", disk, &[]),
    ]);
    lines.extend(told(options, &filled));
    Ok(Section {
        title: format!(
            "4 KiB, {CONNECTIONS} connections kept; large: {} addresses, {entries} entries",
            options.addresses
        ),
        lines,
    })
}

/// Starts the large gateway and fills it.
async fn fill(world: &World, options: &Options, folder: &Path) -> Outcome<(Large, Filled)> {
    let several = usize::try_from(options.addresses).or_fail("count the addresses")?;
    let (gateway, exchange) = world.another(folder).await?;
    let asking = |numbers| world.asking("the large gateway", exchange, numbers);
    let (warm, cold) = (asking(0..ADDRESSES)?, asking(0..several)?);
    let told = world.told(exchange);
    let addresses = filling::addresses(&told, 0..several).await?;
    let mut connection = Connection::to(&cold, Reader::Fast).await?;
    connection.compare(&cold, Size::Small).await?;
    let before = gateway.size().await?;
    // Targets of its own: what is asked for later was not asked for in the same order.
    let anywhere = asking(0..several)?;
    let entries = filling::entries(&gateway, &told, &anywhere, options.entries).await?;
    let filled = Filled {
        addresses,
        entries,
        asked: gateway.size().await?.saturating_sub(before),
    };
    let large = Large {
        gateway,
        warm,
        cold,
    };
    Ok((large, filled))
}

/// One side's rounds: CPU of a request in µs, and requests per second.
type Rounds = Vec<[f64; 2]>;

/// What a request cost. Ratios are of one round, so that they are of one moment.
fn asked(base: &Rounds, warm: &Rounds, cold: &Rounds) -> Outcome<Vec<Line>> {
    let to_base = |of: &Rounds| -> Outcome<[f64; 2]> {
        let ratios = of.iter().zip(base);
        let ratios =
            ratios.map(|([cpu, rate], [base_cpu, base_rate])| [cpu / base_cpu, rate / base_rate]);
        medians(&ratios.collect::<Vec<_>>())
    };
    let ([base_cpu, base_rate], [warm_cpu, warm_rate]) = (medians(base)?, medians(warm)?);
    let [cold_cpu, cold_rate] = medians(cold)?;
    let ([warm_dearer, warm_rates], [cold_dearer, cold_rates]) = (to_base(warm)?, to_base(cold)?);
    let (most, least) = ([Goal::AtMost(FLAT)], [Goal::AtLeast(LEAST)]);
    Ok(vec![
        Line::alone("small: CPU per request, µs", base_cpu, &[]),
        Line::alone("large, warm facts: CPU per request, µs", warm_cpu, &[]),
        Line::alone("large, warm facts: CPU to small", warm_dearer, &most),
        Line::alone("large, cold facts: CPU per request, µs", cold_cpu, &[]),
        Line::alone("large, cold facts: CPU to small", cold_dearer, &most),
        Line::alone("small: requests per second", base_rate, &[]),
        Line::alone("large, warm facts: requests per second", warm_rate, &[]),
        Line::alone("large, warm facts: rate to small", warm_rates, &least),
        Line::alone("large, cold facts: requests per second", cold_rate, &[]),
        Line::alone("large, cold facts: rate to small", cold_rates, &least),
    ])
}

/// How long the filling took, and how fast it went.
fn told(options: &Options, filled: &Filled) -> [Line; 4] {
    let (addresses, entries) = (filled.addresses.as_secs_f64(), filled.entries.as_secs_f64());
    [
        Line::alone("filling: the registry, minutes", addresses / 60.0, &[]),
        Line::alone(
            "filling: addresses per second",
            float(options.addresses) / addresses,
            &[],
        ),
        Line::alone("filling: the book, minutes", entries / 60.0, &[]),
        Line::alone(
            "filling: entries per second",
            float(filled.asked) / entries,
            &[],
        ),
    ]
}

fn resident(gateway: &Gateway) -> Outcome<f64> {
    Ok(float(resident_bytes(&gateway.tree(false).pids()?)) / MIB)
}

/// The bytes of the ledger in this folder, with its journal.
fn ledger_bytes(folder: &Path) -> Outcome<u64> {
    let asked = format!("read {}", folder.display());
    let mut bytes = 0;
    for file in std::fs::read_dir(folder).or_fail(&asked)? {
        let file = file.or_fail(&asked)?;
        if file.file_name().to_string_lossy().starts_with("ledger.db") {
            bytes += file.metadata().or_fail(&asked)?.len();
        }
    }
    Ok(bytes)
}
