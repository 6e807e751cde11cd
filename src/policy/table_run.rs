//! Running the table: every row, for every kind it names, against the bundle.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Bundle;
use super::facts::{DocumentFacts, Question};
use super::reason::{Fact, Missing};
use super::table::Table;
use super::table_row::{Expected, Row};
use super::verdict::{Ground, RuleId, Verdict};
use crate::domain::{DocumentKind, Purpose, Role};

/// What running a table showed.
#[derive(Debug, Clone, Default)]
pub struct TableReport {
    /// How many rows there are.
    pub rows: usize,
    /// How many decisions were made: one for each kind of each row.
    pub decisions: usize,
    /// The decisions that were not as expected, in the order of the table.
    pub failures: Vec<RowFailure>,
    /// Every row as it was asked, in the order of the table.
    pub(super) runs: Vec<RowRun>,
    /// The rules that determined at least one decision.
    pub(super) rules: BTreeSet<RuleId>,
    /// The cells of the matrix (purpose, from, to, kind) that were permitted at least once.
    pub(super) cells: BTreeSet<(Purpose, Role, Role, DocumentKind)>,
}

impl TableReport {
    /// Whether every decision was as expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty()
    }
}

/// One row, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowRun {
    pub(super) line: usize,
    pub(super) number: String,
    /// Who asks whom for what, from which team.
    pub(super) asked: String,
    pub(super) kinds: Vec<DocumentKind>,
    /// The article, or the reason.
    pub(super) expected: String,
    pub(super) situation: String,
}

impl RowRun {
    fn of(row: &Row) -> Self {
        let (who, whom) = (&row.requester.role, &row.holder.role);
        let team = row.team.as_ref();
        let team = team.map_or_else(String::new, |team| format!(" ({team})"));
        Self {
            line: row.line,
            number: row.number.clone(),
            asked: format!("{who}{team} vraagt {whom}: {}", row.purpose),
            kinds: row.kinds.clone(),
            expected: match row.expected.reason {
                Some(reason) => reason.to_string(),
                None => row.expected.article.clone(),
            },
            situation: row
                .situation
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

/// A decision that was not as its row expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFailure {
    /// The line in the table.
    pub line: usize,
    /// The row's own number.
    pub number: String,
    /// The row's own description.
    pub situation: String,
    /// For which kind.
    pub kind: DocumentKind,
    /// What differs: `column: expected …, got …`, in Dutch.
    pub differences: Vec<String>,
}

/// Runs every row.
pub(super) fn run(bundle: &Bundle, table: &Table) -> TableReport {
    let mut report = TableReport {
        rows: table.rows.len(),
        runs: table.rows.iter().map(RowRun::of).collect(),
        ..TableReport::default()
    };
    let mut variants = BTreeMap::new();
    for row in &table.rows {
        if !row.switches.is_empty() && !variants.contains_key(&row.switches) {
            variants.insert(&row.switches, bundle.with_switches(&row.switches));
        }
        let variant = match variants.get(&row.switches) {
            None => Ok(bundle.standing()),
            Some(variant) => variant.as_ref(),
        };
        for kind in &row.kinds {
            report.decisions += 1;
            let differences = match variant {
                Ok(variant) => {
                    let verdict = bundle.under(variant).decide(&question(row, kind));
                    note_coverage(&mut report, row, kind, &verdict);
                    differences(bundle, &row.expected, &verdict)
                }
                Err(text) => vec![text.clone()],
            };
            if !differences.is_empty() {
                report.failures.push(RowFailure {
                    line: row.line,
                    number: row.number.clone(),
                    situation: row.situation.clone(),
                    kind: kind.clone(),
                    differences,
                });
            }
        }
    }
    report
}

fn question<'a>(row: &'a Row, kind: &'a DocumentKind) -> Question<'a> {
    Question {
        at: row.at,
        requester: row.requester.oin,
        requester_role: &row.requester.role,
        team: row.team.as_ref(),
        purpose: &row.purpose,
        document: DocumentFacts {
            kind,
            provider: row.holder.oin,
            provider_role: &row.holder.role,
            health: row.health,
            address: row.address.address,
        },
        address: &row.address,
    }
}

fn note_coverage(report: &mut TableReport, row: &Row, kind: &DocumentKind, verdict: &Verdict) {
    match verdict {
        Verdict::Permit(permit) => {
            report.rules.extend(permit.rules().iter().cloned());
            report.cells.insert((
                row.purpose.clone(),
                row.holder.role.clone(),
                row.requester.role.clone(),
                kind.clone(),
            ));
        }
        Verdict::Deny(denial) => report.rules.extend(denial.rules().iter().cloned()),
    }
}

fn differences(bundle: &Bundle, expected: &Expected, verdict: &Verdict) -> Vec<String> {
    let (reason, ground, rules, missing) = match verdict {
        Verdict::Permit(permit) => (None, Some(permit.ground()), permit.rules(), [].as_slice()),
        Verdict::Deny(denial) => (
            Some(denial.reason()),
            None,
            denial.rules(),
            denial.missing(),
        ),
    };
    let outcome = |reason: Option<super::reason::Reason>| {
        reason.map_or_else(|| "toegestaan".to_owned(), |r| format!("geweigerd, {r}"))
    };
    let ids: Vec<&str> = rules.iter().map(RuleId::as_str).collect();
    let compared = [
        ("uitkomst", outcome(expected.reason), outcome(reason)),
        (
            "grondslag",
            expected.ground.clone(),
            ground.map(|g| ground_names(bundle, g)).unwrap_or_default(),
        ),
        (
            "artikel",
            expected.article.clone(),
            ground.map(|g| g.article.clone()).unwrap_or_default(),
        ),
        (
            "ontbreekt",
            expected.missing.clone(),
            missing_words(missing),
        ),
        ("regels", expected.rules.clone(), ids.join(", ")),
    ];
    compared
        .into_iter()
        .filter(|(_, expected, got)| expected != got)
        .map(|(column, expected, got)| {
            format!("{column}: verwacht \"{expected}\", maar het is \"{got}\"")
        })
        .collect()
}

/// A ground as the table names it: `AVG 6(1)(e) met AVG 9(2)(a)`.
fn ground_names(bundle: &Bundle, ground: &Ground) -> String {
    let name = |iri: &String| bundle.find_ground_name(iri).unwrap_or(iri).to_owned();
    let names: Vec<String> = std::iter::once(&ground.iri)
        .chain(&ground.also)
        .map(name)
        .collect();
    names.join(" met ")
}

/// What is missing as the table names it: `a of b` when either would do, `a en b` when both must.
fn missing_words(missing: &[Missing]) -> String {
    let words: Vec<String> = missing
        .iter()
        .map(|m| match (&m.value, m.fact) {
            (Some(value), Fact::Team) => format!("team {value}"),
            _ => m.fact.code().to_owned(),
        })
        .collect();
    let together = missing.iter().any(|m| !m.together_with.is_empty());
    words.join(if together { " en " } else { " of " })
}
