//! What one durable write costs here: a ledger cannot commit faster than that.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Outcome};

const WRITES: u64 = 500;
const BYTES: usize = 8 * 1024;

/// The median time of `fdatasync` after a write of 8 KiB, in a file that has its size already.
pub(crate) fn fdatasync(directory: &Path) -> Outcome<Duration> {
    let path = directory.join("fdatasync");
    let file = File::create(&path).or_fail(format!("create {}", path.display()))?;
    let block = [7_u8; BYTES];
    let spread = 64;
    file.set_len(spread * BYTES as u64).or_fail("size a file")?;
    for index in 0..spread {
        file.write_all_at(&block, index * BYTES as u64)
            .or_fail("write to the disk")?;
    }
    file.sync_all().or_fail("sync the disk")?;
    let mut times = Vec::new();
    for index in 0..WRITES {
        file.write_all_at(&block, index % spread * BYTES as u64)
            .or_fail("write to the disk")?;
        let since = Instant::now();
        file.sync_data().or_fail("sync the disk")?;
        times.push(since.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().or_fail("time the disk")
}
