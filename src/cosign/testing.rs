//! Witnesses for tests of what looks at them: what became of them is said, nobody is asked.

use std::fmt::Write as _;

use super::Watch;
use super::standing::Trouble;
use crate::clock::{Moment, SystemRandomness};
use crate::ledger::note::{Cosigner, Policy};

/// Witnesses of these names, by a rule such as `group g 2 a b c`, whose group is the quorum.
pub(crate) fn watch(names: &[&str], rule: &str) -> Watch {
    let mut file = String::new();
    for name in names {
        let cosigner = Cosigner::generate(&format!("{name}.example"), &SystemRandomness::default());
        let key = cosigner.unwrap().key();
        writeln!(file, "witness {name} {key} https://{name}.example/").unwrap();
    }
    let quorum = rule.split(' ').nth(1).unwrap();
    writeln!(file, "{rule}\nquorum {quorum}").unwrap();
    let hosts: Vec<String> = names.iter().map(|name| format!("{name}.example")).collect();
    let policy = Policy::parse(file.as_bytes()).unwrap();
    Watch::new(policy, hosts.iter().map(String::as_str))
}

/// A witness cosigns so many entries.
pub(crate) fn cosigns(watch: &Watch, witness: usize, at: Moment, size: u64) {
    watch.standings()[witness].note_cosigned(at, size);
}

/// It does not.
pub(crate) fn fails(watch: &Watch, witness: usize, at: Moment, why: Trouble) {
    watch.standings()[witness].note_mishap(why, at);
}
