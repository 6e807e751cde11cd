//! Attacks in tables, on a real gateway over real mutual TLS. Each row says what is sent, what the
//! gateway answers and what becomes of the connection; of every row it is asserted what the
//! providing organisation received, byte by byte: nothing, or exactly what an honest request would
//! have sent. `deploy/attacks.md` lists the tables.

mod bombs;
mod certificates;
mod fair;
mod floods;
mod frames;
mod messages;
mod messages_h2;
mod overload;
mod paths;
mod ranges;
mod refusals;
mod siege;
mod tokens;
mod trickles;

use std::io::Write as _;

/// Tells the count of a table where it is seen though the test passes: the harness keeps only what is
/// printed by its own macros.
fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Ends a table: nothing went otherwise than its rows say, and there are so many at least.
fn judge(table: &str, tried: usize, least: usize, told: &str, wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{table}: {} of {tried} went otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(tried >= least, "{table}: {tried} rows, not {least}");
    tell(&format!("{table}: {tried} tried, 0 accepted{told}"));
}
