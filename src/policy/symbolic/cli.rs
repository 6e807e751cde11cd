//! The bodies of `sluis policy prove` and `sluis policy compare`: what they print and how they end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::answer::party;
use super::compare::{Change, Comparison, Direction, Relation, compare};
use super::differences::Effect;
use super::prove::{Proof, ProofOutcome, ProofReport, prove};
use super::record::ProofRecord;
use super::solver::Solver;
use super::{Positions, SymbolicError};
use crate::clock::Moment;
use crate::errors::in_full;
use crate::language::Language;
use crate::policy::bundle::Bundle;
use crate::policy::cli::{Exit, list};
use crate::policy::comparison::{Example as Shown, Solved, page};
use crate::policy::matrix::Shift;
use crate::policy::mistake::BundleError;
use crate::policy::vocabulary::Bilingual;

/// What `policy prove` was asked.
#[derive(Debug, Clone)]
pub struct ProveOptions {
    /// The folders of the bundles.
    pub bundles: Vec<PathBuf>,
    /// Open questions to answer otherwise than the bundle does.
    pub switches: Positions,
    /// Where the proof record goes; only when everything is proven.
    pub out: Option<PathBuf>,
    /// Print the reports as JSON, one line each.
    pub json: bool,
}

/// What `policy compare` was asked.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The folder of the bundle that was.
    pub old: PathBuf,
    /// The folder of the bundle that would be.
    pub new: PathBuf,
    /// Open questions to answer otherwise than the old bundle does.
    pub switches_old: Positions,
    /// Open questions to answer otherwise than the new bundle does.
    pub switches: Positions,
    /// Where the page for a meeting goes; a new file.
    pub html: Option<PathBuf>,
    /// Print the comparison as JSON, on one line.
    pub json: bool,
    /// End with 1 when anything becomes wider.
    pub no_wider: bool,
}

/// Reads `code=stand`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_switch(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(code, position)| !code.is_empty() && !position.is_empty())
        .map(|(code, position)| (code.to_owned(), position.to_owned()))
        .ok_or_else(|| "expected code=stand, such as alle-eigenaren=nee".to_owned())
}

/// Proves bundles sound and within their limits, for all requests.
///
/// # Errors
/// When `out` cannot be written.
pub async fn prove_all(
    options: &ProveOptions,
    now: Moment,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    prove_with(Solver::find().await, options, now, out).await
}

pub(super) async fn prove_with(
    solver: Result<Solver, SymbolicError>,
    options: &ProveOptions,
    now: Moment,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    if options.out.is_some() && (options.bundles.len() != 1 || !options.switches.is_empty()) {
        writeln!(
            out,
            "FOUT  --out takes one bundle, as it is: a proof record is about one hash; leave --schakelaar and other folders away"
        )?;
        return Ok(Exit::Usage);
    }
    let solver = match solver {
        Ok(solver) => solver,
        Err(error) => return failed(&error, out),
    };
    let mut worst = Exit::Clean;
    for dir in &options.bundles {
        let bundle = match load(dir, out)? {
            Ok(bundle) => bundle,
            Err(exit) => {
                worst = worst.max(exit);
                continue;
            }
        };
        let report = match prove(&solver, &bundle, &options.switches).await {
            Ok(report) => report,
            Err(error) => {
                worst = worst.max(failed(&error, out)?);
                continue;
            }
        };
        if options.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else {
            write_report(&report, out)?;
        }
        if !report.is_proven() {
            worst = worst.max(Exit::Wrong);
        } else if let Some(file) = &options.out {
            worst = worst.max(keep(&report, now, file, out)?);
        }
    }
    Ok(worst)
}

/// Compares two bundles over all requests.
///
/// # Errors
/// When `out` cannot be written.
pub async fn compare_two(options: &CompareOptions, out: &mut dyn Write) -> io::Result<Exit> {
    if options.html.is_some() && !(options.switches.is_empty() && options.switches_old.is_empty()) {
        writeln!(
            out,
            "FOUT  --html shows both bundles as they stand; leave --schakelaar and --schakelaar-oud away"
        )?;
        return Ok(Exit::Usage);
    }
    let solver = match Solver::find().await {
        Ok(solver) => solver,
        Err(error) => return failed(&error, out),
    };
    let old = load(&options.old, out)?;
    let new = load(&options.new, out)?;
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(one), Err(other)) => return Ok(one.max(other)),
        (Err(exit), Ok(_)) | (Ok(_), Err(exit)) => return Ok(exit),
    };
    let compared = compare(
        &solver,
        (&old, &options.switches_old),
        (&new, &options.switches),
    );
    let comparison = match compared.await {
        Ok(comparison) => comparison,
        Err(error) => return failed(&error, out),
    };
    if options.json {
        writeln!(out, "{}", serde_json::to_string(&comparison)?)?;
    } else {
        write_comparison(&comparison, out)?;
    }
    if let Some(file) = &options.html {
        let made = write_page(file, (&old, &new), &comparison, out)?;
        if made != Exit::Clean {
            return Ok(made);
        }
    }
    if options.no_wider && comparison.is_wider() {
        return Ok(Exit::Wrong);
    }
    Ok(Exit::Clean)
}

/// The page for a meeting: the matrix of both, with what the solver found.
fn write_page(
    file: &Path,
    (old, new): (&Bundle, &Bundle),
    comparison: &Comparison,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    let page = match page(old, new, Some(&solved(comparison)), Language::Dutch) {
        Ok(page) => page,
        Err(error) => {
            writeln!(out, "FOUT  the page cannot be made: {}", in_full(&error))?;
            return Ok(Exit::Internal);
        }
    };
    let written = File::create_new(file).and_then(|mut made| made.write_all(page.as_bytes()));
    let file = file.display();
    if let Err(error) = written {
        writeln!(
            out,
            "FOUT  {file}: cannot be written ({error}); name a file that is not there yet"
        )?;
        return Ok(Exit::Usage);
    }
    writeln!(out, "\nDe pagina staat in {file}.")?;
    Ok(Exit::Clean)
}

/// What the page shows of it. Its sentences are Dutch.
fn solved(comparison: &Comparison) -> Solved {
    let told = |sentence: &str| Bilingual {
        dutch: sentence.to_owned(),
        english: sentence.to_owned(),
    };
    let relation = comparison.relation;
    Solved {
        solver: comparison.solver.clone(),
        is_wider: matches!(relation, Relation::Wider | Relation::Both),
        is_tighter: matches!(relation, Relation::Tighter | Relation::Both),
        examples: (comparison.changes.iter())
            .map(|change| Shown {
                shift: match change.direction {
                    Direction::Wider => Shift::Wider,
                    Direction::Tighter => Shift::Tighter,
                },
                told: told(&change.example.sentence),
                old: told(&change.before.text),
                new: told(&change.after.text),
            })
            .collect(),
        remarks: (comparison.differences.iter())
            .map(|difference| told(&difference.sentence))
            .collect(),
    }
}

fn load(dir: &Path, out: &mut dyn Write) -> io::Result<Result<Bundle, Exit>> {
    Ok(match Bundle::load(dir) {
        Ok(bundle) => Ok(bundle),
        Err(BundleError::Folder { folder, source }) => {
            writeln!(
                out,
                "FOUT  {folder}: cannot be read: {source}; name a bundle folder"
            )?;
            Err(Exit::Usage)
        }
        Err(BundleError::Mistakes { bundle, mistakes }) => {
            list(out, "FOUT", &bundle, &mistakes)?;
            Err(Exit::Wrong)
        }
    })
}

/// One line for what went wrong, and how it ends.
fn failed(error: &SymbolicError, out: &mut dyn Write) -> io::Result<Exit> {
    writeln!(out, "FOUT  {}", in_full(error).replace('\n', " "))?;
    Ok(match error {
        SymbolicError::NoSolver | SymbolicError::Solver { .. } => Exit::Unavailable,
        SymbolicError::NoSwitch { .. } => Exit::Usage,
        SymbolicError::GaveUp { .. }
        | SymbolicError::NotFlat { .. }
        | SymbolicError::Unsound { .. } => Exit::Wrong,
        SymbolicError::Spurious { .. }
        | SymbolicError::NotCompiled { .. }
        | SymbolicError::Internal { .. } => Exit::Internal,
    })
}

fn keep(report: &ProofReport, now: Moment, file: &Path, out: &mut dyn Write) -> io::Result<Exit> {
    let Some(record) = ProofRecord::of(report, now) else {
        return Ok(Exit::Wrong);
    };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| writeln!(open, "{}", record.to_json()));
    if let Err(error) = written {
        let file = file.display();
        writeln!(
            out,
            "FOUT  {file}: cannot be written: {error}; name a new file"
        )?;
        return Ok(Exit::Usage);
    }
    writeln!(out, "      bewijs geschreven naar {}", file.display())?;
    Ok(Exit::Clean)
}

/// A report as a jurist reads it: what does not hold first.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_report(report: &ProofReport, out: &mut dyn Write) -> io::Result<()> {
    let holds = |proof: &&Proof| matches!(proof.outcome, ProofOutcome::Proven);
    let wrong = report.proofs.iter().filter(|proof| !holds(proof));
    for proof in wrong.chain(report.proofs.iter().filter(holds)) {
        let word = match &proof.outcome {
            ProofOutcome::Proven => "bewezen      ",
            ProofOutcome::Refuted { .. } => "WEERLEGD     ",
            ProofOutcome::Unproven { .. } => "NIET BEWEZEN ",
        };
        let article = match &proof.article {
            Some(article) => format!(" ({article})"),
            None => String::new(),
        };
        writeln!(out, "{word} {}{article}: {}", proof.id, proof.sentence)?;
        match &proof.outcome {
            ProofOutcome::Proven => {}
            ProofOutcome::Unproven { why } => {
                writeln!(out, "      de oplosser gaf geen antwoord: {why}")?;
            }
            ProofOutcome::Refuted {
                what,
                example,
                answer,
            } => {
                writeln!(out, "      {what}")?;
                if let Some(example) = example {
                    writeln!(out, "      voorbeeld: {}", example.sentence)?;
                }
                if let Some(answer) = answer {
                    writeln!(out, "      de poort zegt: {}", answer.text)?;
                }
            }
        }
    }
    let proven = report.proofs.iter().filter(holds).count();
    let all = report.proofs.len();
    let word = if proven == all { "goed" } else { "FOUT" };
    let under = report.switches.iter();
    let under: Vec<String> = under
        .map(|(code, at)| format!(", met {code}={at}"))
        .collect();
    let under = under.concat();
    writeln!(
        out,
        "{word}  {}: {proven} van de {all} uitspraken bewezen voor alle aanvragen, door {}{under}",
        report.bundle, report.solver
    )
}

/// A comparison as a jurist reads it: what becomes wider first.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let (old, new) = (&comparison.old, &comparison.new);
    writeln!(out, "Van {} naar {}.", old.bundle, new.bundle)?;
    for side in [old, new] {
        for (code, position) in &side.switches {
            writeln!(out, "{} met schakelaar {code}={position}.", side.bundle)?;
        }
    }
    let verdict = match comparison.relation {
        Relation::Equal => "GELIJK: bij dezelfde feiten wordt hetzelfde toegestaan.",
        Relation::Tighter => "STRENGER: niets wordt toegestaan wat eerst niet mocht.",
        Relation::Wider => "RUIMER: alles wat mocht, mag nog, en er komt iets bij.",
        Relation::Both => "BEIDE: er komt iets bij, en er gaat iets af.",
    };
    writeln!(
        out,
        "{verdict} Nagegaan voor alle aanvragen, door {}.",
        comparison.solver
    )?;
    for (direction, title) in [
        (Direction::Wider, "Straks toegestaan, en eerst niet"),
        (Direction::Tighter, "Eerst toegestaan, en straks niet"),
    ] {
        let changes: Vec<&Change> = (comparison.changes.iter())
            .filter(|change| change.direction == direction)
            .collect();
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}:")?;
        for change in changes {
            write_change(change, out)?;
        }
    }
    if !comparison.differences.is_empty() {
        writeln!(out, "\nWat verder verschilt:")?;
        for difference in &comparison.differences {
            let effect = match difference.effect {
                Effect::Wider => "ruimer",
                Effect::Tighter => "strenger",
                Effect::Otherwise => "anders",
            };
            writeln!(out, "- {} ({effect})", difference.sentence)?;
        }
    }
    Ok(())
}

fn write_change(change: &Change, out: &mut dyn Write) -> io::Result<()> {
    let health = if change.health {
        ", gemerkt als gezondheidsgegevens"
    } else {
        ""
    };
    writeln!(
        out,
        "- {}, van {} naar {}{health}: {}",
        change.purpose,
        party(&change.from),
        party(&change.to),
        change.kinds.join(", ")
    )?;
    writeln!(out, "  voorbeeld: {}", change.example.sentence)?;
    writeln!(out, "  eerst {}", change.before.text)?;
    writeln!(out, "  straks {}", change.after.text)
}
