//! How long it takes to put every decision to another bundle.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::ledger::verify::DatabaseBook;
use sluis::ledger::{Keys, Opener};
use sluis::policy::{Bundle, Policies};
use sluis::replay::{self, Asking, With};
use sluis::store::Store;

use crate::replayed::peak_mib;
use crate::tell;
use crate::written::{Made, ORIGIN};

/// What a million decisions may take on two cores, with all the entries between them.
const MAY_TAKE: Duration = Duration::from_mins(2);

pub(crate) async fn measure(made: &Made, threads: Option<usize>) -> bool {
    let cores = std::thread::available_parallelism().unwrap().get();
    let threads = threads.unwrap_or(cores);
    let keys = Keys::read(&made.key, &made.master_key, ORIGIN).unwrap();
    let verifier = keys.signer.verifier();
    let store = Store::open_for_reading(made.store.clone()).await.unwrap();
    let with = With {
        organisations: made.organisations.clone(),
        policies: Policies::new(vec![Arc::<Bundle>::clone(&made.bundle)]),
        opener: Opener::new(Arc::new(keys.master)),
        threads,
    };
    let candidate = "policies/kandidaat-combinatiedossier";
    let candidate = Path::new(env!("CARGO_MANIFEST_DIR")).join(candidate);
    let asking = Asking {
        bundle: Arc::new(Bundle::load(&candidate).unwrap()),
        from: None,
        until: None,
    };
    let mut differ = 0;
    let begun = Instant::now();
    let source = Arc::new(DatabaseBook::new(store));
    let take = |_| differ += 1;
    let compared = replay::compare(source, &verifier, None, (with, asking), take, |_| {}).await;
    let took = begun.elapsed();
    let tally = compared.unwrap().tally;
    assert_eq!(tally.all.differ(), differ);
    let unasked: u64 = tally.unasked.values().map(|(count, _)| count).sum();
    let decisions = u32::try_from(tally.all.asked + unasked).unwrap();
    let each = took / decisions.max(1);
    let met = each * 1_000_000 <= MAY_TAKE;
    let what = format!("{decisions} decisions asked again on {threads} threads");
    tell(&what, &format!("{:.1} s", took.as_secs_f64()), met);
    let figure = format!("{:.1} µs", each.as_secs_f64() * 1e6);
    tell("  each", &figure, met);
    tell("  of which come out otherwise", &differ.to_string(), true);
    let mib = format!("{} MiB", peak_mib());
    tell("  memory at most, the writing included", &mib, true);
    met
}
