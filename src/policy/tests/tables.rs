//! The shipped bundles: checked whole, their tables run, and the embedded copy the same as the disk.

use super::support::{CANDIDATE, CONVENANT, TWG, bundle, folder};
use crate::policy::cli::{self, Exit};
use crate::policy::{Bundle, shipped, write_shipped};

#[test]
fn every_shipped_bundle_is_clean_and_its_table_holds() {
    let dirs = [CONVENANT, TWG, CANDIDATE].map(folder);
    for command in [cli::check, cli::test] {
        let mut out = Vec::new();
        let exit = command(&dirs, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(exit, Exit::Clean, "\n{out}");
    }
}
#[test]
fn zz_show() {
    let dirs = [CONVENANT, TWG, CANDIDATE].map(folder);
    for command in [cli::check, cli::test] {
        let mut out = Vec::new();
        command(&dirs, &mut out).unwrap();
        println!("{}", String::from_utf8(out).unwrap());
    }
    use crate::policy::tests::support::bundle;
    use std::time::Instant;
    let b = bundle(TWG);
    let t = Instant::now();
    let n = 50;
    let mut d = 0;
    for _ in 0..n {
        d += b.run_table().decisions;
    }
    println!("{:?} per decision", t.elapsed() / u32::try_from(d).unwrap());
}
