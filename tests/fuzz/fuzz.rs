//! One program for all targets: `SLUIS_FUZZ_TARGET` names the one that is run.
#![no_main]

mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    static RUN: OnceLock<fn(&[u8]) -> bool> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let wanted = std::env::var("SLUIS_FUZZ_TARGET").unwrap_or_default();
        let found = targets::TARGETS.iter().find(|(name, _)| *name == wanted);
        found.expect("SLUIS_FUZZ_TARGET names a target").1
    });
    let _ = run(data);
});
