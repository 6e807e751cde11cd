//! What differs between two bundles, for all requests.
//!
//! The solver is asked for a request that one bundle permits and the other does not. What it finds is
//! made smaller and tried in every direction and for every kind, by both engines; the cells in which it
//! makes the same difference are noted and left out of the next question, until there is no request
//! left. So every cell of purpose, direction, kind and health mark in which anything differs is told,
//! with one example. Other requests of that cell may differ too.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicyId};
use cedar_policy_symcc::implies_asserts;
use serde::Serialize;

use super::answer::{Answer, Example};
use super::case::{Case, Ruling};
use super::differences::{self, Difference, Effect};
use super::facts::{self, Words};
use super::flat::{Flat, one_of, parsed};
use super::prove;
use super::solver::Solver;
use super::{Positions, SymbolicError, known_positions};
use crate::policy::bundle::{Bundle, BundleHash, Variant};
use crate::policy::schema::{KIND, ROLE};

/// Two bundles compared.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The bundle that was.
    #[serde(rename = "oud")]
    pub old: Side,
    /// The bundle that would be.
    #[serde(rename = "nieuw")]
    pub new: Side,
    /// The solver, such as `cvc5 1.0.3`.
    #[serde(rename = "oplosser")]
    pub solver: String,
    /// What holds for all requests with the same facts.
    #[serde(rename = "oordeel")]
    pub relation: Relation,
    /// Every cell in which something changes: first what becomes wider, then what becomes tighter.
    #[serde(rename = "wijzigingen")]
    pub changes: Vec<Change>,
    /// What differs beside the rules: how facts are made, words, grounds, duties.
    #[serde(rename = "verder")]
    pub differences: Vec<Difference>,
}

/// One of the two.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Its code.
    #[serde(rename = "bundel")]
    pub bundle: String,
    /// Its title.
    #[serde(rename = "titel")]
    pub title: String,
    /// Its content hash.
    pub hash: BundleHash,
    /// The open questions that were answered otherwise than it does.
    #[serde(rename = "schakelaars")]
    pub switches: Positions,
}

/// What the new bundle permits beside the old one, over all requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Relation {
    /// The same.
    #[serde(rename = "gelijk")]
    Equal,
    /// Less, and nothing else.
    #[serde(rename = "strenger")]
    Tighter,
    /// More, and nothing less.
    #[serde(rename = "ruimer")]
    Wider,
    /// More of some, less of other.
    #[serde(rename = "beide")]
    Both,
}

/// Which way a cell changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Direction {
    /// Something is permitted that was not.
    #[serde(rename = "ruimer")]
    Wider,
    /// Something is not permitted that was.
    #[serde(rename = "strenger")]
    Tighter,
}

/// Cells in which the same request makes a difference.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// Which way.
    #[serde(rename = "wijziging")]
    pub direction: Direction,
    /// The purpose.
    #[serde(rename = "doel")]
    pub purpose: String,
    /// The role of who holds the document.
    #[serde(rename = "van")]
    pub from: String,
    /// The role of who asks.
    #[serde(rename = "naar")]
    pub to: String,
    /// Whether it is about documents marked as holding health data.
    #[serde(rename = "gezondheid")]
    pub health: bool,
    /// The kinds, sorted; the example is about one of them.
    #[serde(rename = "soorten")]
    pub kinds: Vec<String>,
    /// A request that shows it, verified by both engines.
    #[serde(rename = "voorbeeld")]
    pub example: Example,
    /// What the old bundle says of it.
    #[serde(rename = "eerst")]
    pub before: Answer,
    /// What the new bundle says of it.
    #[serde(rename = "straks")]
    pub after: Answer,
}

impl Comparison {
    /// Whether the new bundle lets pass what the old one did not: by its rules, or by how it makes
    /// facts.
    #[must_use]
    pub fn is_wider(&self) -> bool {
        matches!(self.relation, Relation::Wider | Relation::Both)
            || (self.differences.iter()).any(|difference| difference.effect == Effect::Wider)
    }
}

/// Compares two bundles over all requests. `of_old` and `of_new` are open questions to answer
/// otherwise than the bundles do.
///
/// # Errors
/// [`SymbolicError`]; also when the solver gave up on a question: half a comparison is none.
pub async fn compare(
    solver: &Solver,
    (old, of_old): (&Bundle, &Positions),
    (new, of_new): (&Bundle, &Positions),
) -> Result<Comparison, SymbolicError> {
    let words = facts::union([old.schema(), new.schema()]);
    let old = Compared::new(old, of_old, &words)?;
    let new = Compared::new(new, of_new, &words)?;
    for one in [&old, &new] {
        prove::sound(solver, one.bundle, &one.variant, &one.flat).await?;
    }
    let comparing = Comparing { old, new, words };
    let wider = comparing.changes(solver, Direction::Wider).await?;
    let tighter = comparing.changes(solver, Direction::Tighter).await?;
    let relation = match (wider.is_empty(), tighter.is_empty()) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Tighter,
        (false, true) => Relation::Wider,
        (false, false) => Relation::Both,
    };
    let (old, new) = (&comparing.old, &comparing.new);
    Ok(Comparison {
        old: old.side(),
        new: new.side(),
        solver: solver.version().to_owned(),
        relation,
        changes: wider.into_iter().chain(tighter).collect(),
        differences: differences::between((old.bundle, old.positions), (new.bundle, new.positions)),
    })
}

struct Compared<'a> {
    bundle: &'a Bundle,
    variant: Variant,
    flat: Flat,
    positions: &'a Positions,
}

impl<'a> Compared<'a> {
    fn new(
        bundle: &'a Bundle,
        positions: &'a Positions,
        words: &Words,
    ) -> Result<Self, SymbolicError> {
        known_positions(bundle, positions)?;
        Ok(Self {
            bundle,
            variant: (bundle.with_switches(positions))
                .map_err(|what| SymbolicError::Internal { what })?,
            flat: Flat::of(bundle, positions, words)?,
            positions,
        })
    }

    fn side(&self) -> Side {
        Side {
            bundle: self.bundle.id().to_owned(),
            title: self.bundle.title().to_owned(),
            hash: self.bundle.hash(),
            switches: self.positions.clone(),
        }
    }

    fn ruling(&self, case: &Case) -> Ruling {
        case.ruling(self.bundle, self.bundle.under(&self.variant))
    }
}

/// Purpose and health mark, from, to, kind.
type Cell = ((String, bool), (String, String), String);

struct Comparing<'a> {
    old: Compared<'a>,
    new: Compared<'a>,
    words: Words,
}

impl Comparing<'_> {
    /// All that changes in one direction.
    async fn changes(
        &self,
        solver: &Solver,
        direction: Direction,
    ) -> Result<Vec<Change>, SymbolicError> {
        let (more, less) = match direction {
            Direction::Wider => (&self.new, &self.old),
            Direction::Tighter => (&self.old, &self.new),
        };
        let mut session = solver.session(&more.flat.read.schema)?;
        let allowed = session.set(less.flat.all())?;
        let mut policies = more.flat.all();
        let mut told: BTreeSet<Cell> = BTreeSet::new();
        let mut changes = Vec::new();
        loop {
            let asked = session.set(policies.clone())?;
            let found = session.find(&implies_asserts(&asked, &allowed)).await;
            let found = found.map_err(|source| SymbolicError::GaveUp {
                what: match direction {
                    Direction::Wider => "what becomes wider".to_owned(),
                    Direction::Tighter => "what becomes tighter".to_owned(),
                },
                source,
            })?;
            let Some(env) = found else { break };
            let differs = |case: &Case| more.ruling(case).permits() && !less.ruling(case).permits();
            // INVARIANT (verified): both engines say so, or it is not shown. And a cell that was told
            // before cannot be found again, or this would not end.
            let case = Case::read(&env).filter(differs);
            let case = case.filter(|case| !told.contains(&cell(case)));
            let case = case.ok_or_else(|| SymbolicError::Spurious {
                bundle: more.bundle.id().to_owned(),
                what: "the comparison".to_owned(),
            })?;
            let case = case.smallest(differs);
            let group = self.group(&case, &told, &differs);
            policies.push(block(&case, &group, changes.len())?);
            for ((from, to), kinds) in group {
                changes.push(self.change(direction, &case, (&from, &to), &kinds));
                told.extend(kinds.into_iter().map(|kind| {
                    let of = (case.purpose.clone(), case.health);
                    (of, (from.clone(), to.clone()), kind)
                }));
            }
        }
        changes.sort_by(|a, b| {
            let key = |c: &Change| (c.purpose.clone(), c.from.clone(), c.to.clone(), c.health);
            key(a).cmp(&key(b))
        });
        Ok(changes)
    }

    /// In which cells of its purpose the same request makes the same difference.
    fn group(
        &self,
        case: &Case,
        told: &BTreeSet<Cell>,
        differs: &impl Fn(&Case) -> bool,
    ) -> BTreeMap<(String, String), Vec<String>> {
        let mut group: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let roles = || self.words.get(ROLE).into_iter().flatten();
        let kinds = || self.words.get(KIND).into_iter().flatten();
        for from in roles() {
            for to in roles() {
                for kind in kinds() {
                    let mut other = case.clone();
                    other.provider_role.clone_from(from);
                    other.requester_role.clone_from(to);
                    other.kind.clone_from(kind);
                    if !told.contains(&cell(&other)) && differs(&other) {
                        let direction = (from.clone(), to.clone());
                        group.entry(direction).or_default().push(kind.clone());
                    }
                }
            }
        }
        group
    }

    fn change(
        &self,
        direction: Direction,
        case: &Case,
        (from, to): (&str, &str),
        kinds: &[String],
    ) -> Change {
        let mut shown = case.clone();
        from.clone_into(&mut shown.provider_role);
        to.clone_into(&mut shown.requester_role);
        let made_there = |kind: &&String| {
            [self.old.bundle, self.new.bundle].iter().any(|bundle| {
                let kind = (bundle.vocabulary().kinds()).find(|(code, _)| code.as_str() == **kind);
                let origins = kind.and_then(|(code, _)| bundle.vocabulary().find_origins(code));
                origins.is_some_and(|of| of.iter().any(|role| role.as_str() == from))
            })
        };
        // A kind that comes into being with who holds it reads best.
        if let Some(kind) = kinds.iter().find(made_there).or_else(|| kinds.first()) {
            shown.kind.clone_from(kind);
        }
        Change {
            direction,
            purpose: case.purpose.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            health: case.health,
            kinds: kinds.to_vec(),
            example: Example::of(&shown, &[self.old.bundle, self.new.bundle]),
            before: Answer::of(self.old.bundle, &self.old.ruling(&shown)),
            after: Answer::of(self.new.bundle, &self.new.ruling(&shown)),
        }
    }
}

fn cell(case: &Case) -> Cell {
    (
        (case.purpose.clone(), case.health),
        (case.provider_role.clone(), case.requester_role.clone()),
        case.kind.clone(),
    )
}

/// These cells were told; what else is there?
fn block(
    case: &Case,
    group: &BTreeMap<(String, String), Vec<String>>,
    number: usize,
) -> Result<Policy, SymbolicError> {
    let cells: Vec<String> = group
        .iter()
        .map(|((from, to), kinds)| {
            format!(
                "(resource.bron == {ROLE}::{} && principal.partij == {ROLE}::{} && {})",
                facts::quoted(from),
                facts::quoted(to),
                one_of(KIND, kinds.iter().map(String::as_str), "resource.soort"),
            )
        })
        .collect();
    let text = format!(
        "forbid (principal, action, resource) when {{ context.doel == Doel::{} && resource.gezondheid == {} && ({}) }};",
        facts::quoted(&case.purpose),
        case.health,
        cells.join(" || "),
    );
    let policy = parsed(&text).map_err(|what| SymbolicError::Internal { what })?;
    Ok(policy.new_id(PolicyId::new(format!("verteld-{number}"))))
}
