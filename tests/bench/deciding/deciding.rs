//! What a decision costs, and a candidate beside it: `cargo bench --bench deciding`.
//!
//! It asks each shipped bundle its whole matrix: every purpose, kind, direction, choice of the owners,
//! with and without an unsafe situation and a combined case. Then it asks everything again with a
//! candidate beside it, first as it comes and then once more, at another address and a later moment, as
//! traffic does: nothing that was asked before is asked literally again.
//!
//! Nothing is asserted in CI: nothing runs unless cargo was asked to bench.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that measures, and stops when something is not as it must be"
)]

mod asked;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use sluis::policy::{Bundle, Said, Shadow};

/// What a decision may take, half of the time.
const DECISION: Duration = Duration::from_micros(100);
/// What a candidate may add to a request.
const SHADOW: Duration = Duration::from_micros(30);

/// The bundles, and the candidate that is tried beside each.
const PAIRS: [(&str, &str); 3] = [
    ("2021-04-01-convenant", "kandidaat-combinatiedossier"),
    ("2023-04-19-twg", "kandidaat-combinatiedossier"),
    ("kandidaat-combinatiedossier", "2023-04-19-twg"),
];

#[derive(Debug, Parser)]
struct Options {
    /// Rounds through the whole matrix
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    rounds: u8,
    /// Given by cargo bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("not measured: this is a benchmark; run `cargo bench --bench deciding`");
        return ExitCode::SUCCESS;
    }
    let mut good = true;
    for (in_force, candidate) in PAIRS {
        let [in_force, candidate] = [in_force, candidate].map(load);
        good &= measure(&in_force, &candidate, options.rounds);
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

fn load(code: &str) -> Arc<Bundle> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Arc::new(Bundle::load(&folder.join(code)).unwrap())
}

/// Times, sorted.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn at(&self, percent: usize) -> Duration {
        self.0[(self.0.len() - 1) * percent / 100]
    }

    fn mean(&self) -> Duration {
        self.0.iter().sum::<Duration>() / u32::try_from(self.0.len()).unwrap()
    }

    fn tell(&self, what: &str, most: Option<Duration>) -> bool {
        let us = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e6);
        let met = most.is_none_or(|most| self.at(50) <= most);
        println!(
            "  {what:<44}{:>10}{:>10}{:>10}{:>10}{}",
            us(self.at(50)),
            us(self.mean()),
            us(self.at(99)),
            us(self.at(100)),
            if met { "" } else { "  missed" }
        );
        met
    }
}

fn measure(in_force: &Arc<Bundle>, candidate: &Arc<Bundle>, rounds: u8) -> bool {
    let cases = asked::matrix(in_force);
    println!(
        "{}: {} questions{:>width$}{:>10}{:>10}{:>10}  µs",
        in_force.id(),
        cases.len(),
        "p50",
        "mean",
        "p99",
        "most",
        width = 56_usize.saturating_sub(in_force.id().len() + cases.len().to_string().len() + 12),
    );
    let shadow = Shadow::new(Arc::clone(candidate));
    let (mut decided, mut first, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut differ = 0_usize;
    for round in 0..rounds {
        for case in &cases {
            let case = case.moved(round);
            let question = case.question();
            let begun = Instant::now();
            let verdict = in_force.decide(&question);
            decided.push(begun.elapsed());
            let begun = Instant::now();
            let found = shadow.beside(in_force, &question, Said::from(&verdict));
            let took = begun.elapsed();
            differ += usize::from(round == 0 && found.is_some());
            let times = if round == 0 { &mut first } else { &mut again };
            times.push(took);
        }
    }
    let mut good = Times::of(decided).tell("a decision", Some(DECISION));
    let beside = format!("{} beside it", candidate.id());
    Times::of(first).tell(&format!("{beside}, all new"), None);
    if !again.is_empty() {
        good &= Times::of(again).tell(&format!("{beside}, in traffic"), Some(SHADOW));
    }
    println!("  {differ} of the questions are answered otherwise by the candidate");
    good
}
