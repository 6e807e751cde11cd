//! What `sluis ledger verify` and its kin say of a ledger that was found right.

use sluis::domain::Sha256;
use sluis::ledger::entry::Kind;
use sluis::ledger::note::{Backing, Checkpoint};
use sluis::ledger::verify::{Progress, Summary};
use sluis::replay::Replayed;

use super::{output, trust};

/// Says what a whole ledger is, and who stands behind it.
pub(super) fn tell(summary: &Summary, backing: Option<&Backing>, seen: Option<Checkpoint>) {
    output::say(&format!(
        "The ledger is whole: {} entries, signed.",
        summary.size
    ));
    tell_root(summary);
    if let Some(backing) = backing {
        let size = backing.checkpoint.size;
        trust::tell(backing, &format!("its first {size} entries"));
    }
    if let Some(seen) = seen {
        output::say(&if seen.size == summary.size {
            format!("  it is what your checkpoint of {} signs", seen.size)
        } else {
            format!("  it grew from your checkpoint of {} entries", seen.size)
        });
    }
    for (kind, count) in &summary.kinds {
        output::say(&format!("  {:<13} {count:>9}", kind.code()));
    }
    if summary.open_releases > 0 {
        output::say(&format!(
            "  {} releases have no closing entry yet",
            summary.open_releases
        ));
    }
    tell_signing(summary);
    output::say("Every entry has its form, every release stands after its permit.");
}

/// Says with which keys the last gateway signs that said so: what a reader must have from then on.
fn tell_signing(summary: &Summary) {
    let Some((index, keys)) = &summary.signing else {
        return;
    };
    match keys.as_slice() {
        [key] => output::say(&format!(
            "  the gateway that started last (entry {index}) signs with {}",
            trust::plain(key)
        )),
        keys => {
            output::say(&format!(
                "  the gateway that started last (entry {index}) signs with these keys; the last of them takes over, keep all until it did:"
            ));
            for key in keys {
                output::say(&format!("    {}", trust::plain(key)));
            }
        }
    }
}

pub(super) fn tell_root(summary: &Summary) {
    output::say(&format!("  root {}", Sha256::from_bytes(summary.root)));
}

pub(super) fn tell_unchecked(summary: &Summary) {
    let of = |kind| summary.kinds.get(&kind).copied().unwrap_or(0);
    let decided = of(Kind::Decision) + of(Kind::Search);
    output::say(&format!(
        "Not checked: what the entries commit to, and whether {decided} decisions and searches follow from what was known; that takes the keys and --replay."
    ));
}

pub(super) fn tell_replayed(replayed: &Replayed) {
    let counts = &replayed.counts;
    output::say("Every sealed value is the one its entry committed to.");
    output::say(&format!(
        "Every decision follows from what stood before it: {} of the policy, {} searches; {} calls were refused before any policy was asked.",
        counts.followed, counts.searches, counts.unasked
    ));
    if counts.shadows > 0 {
        output::say(&format!(
            "  what the candidate says beside {} of them follows too",
            counts.shadows
        ));
    }
    if counts.erased > 0 {
        output::say(&format!(
            "  of {} entries something was erased",
            counts.erased
        ));
    }
    for told in counts.not_judged() {
        output::say(&format!("  {told}"));
    }
}

pub(super) fn progress_bar() -> impl FnMut(Progress) + Send {
    let bar = output::progress_bar("[{wide_bar}] {human_pos} of {human_len}, {eta} left");
    move |progress: Progress| {
        bar.set_length(progress.size);
        bar.set_position(progress.checked);
        if progress.checked == progress.size {
            bar.finish_and_clear();
        }
    }
}
