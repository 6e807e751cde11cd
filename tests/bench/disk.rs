//! What one durable write costs here: a ledger cannot commit faster than that.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const WRITES: u64 = 500;
const BYTES: usize = 8 * 1024;

/// The times of `fdatasync` after a write of 8 KiB, in a file that has its size already; the shortest
/// first.
pub(crate) fn fdatasync(directory: &Path) -> std::io::Result<Vec<Duration>> {
    let path = directory.join("fdatasync");
    let file = File::create(path)?;
    let block = [7_u8; BYTES];
    let spread = 64;
    file.set_len(spread * BYTES as u64)?;
    for index in 0..spread {
        file.write_all_at(&block, index * BYTES as u64)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for index in 0..WRITES {
        file.write_all_at(&block, index % spread * BYTES as u64)?;
        let since = Instant::now();
        file.sync_data()?;
        times.push(since.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}
