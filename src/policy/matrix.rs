//! The whole matrix of a bundle: for each purpose, direction and kind of document, what is decided
//! under every combination of the facts that can matter there.
//!
//! It is made by asking the rules, concretely and without a solver: what it says is what would be
//! decided. Three things make that a text that people can read. A fact is varied only where some rule
//! of the purpose can look at it in that place (`matters`). The owners are three or none, and of each
//! of the four questions they face only this counts: whether somebody says yes, somebody no, somebody
//! nothing (a rule has sets of owners and cannot count them). And what comes out the same is told once
//! (`fold`), so that nothing is lost: the rows of a place do not overlap and leave nothing out.
//!
//! What it deliberately does not do: it does not look at how the facts of an address are reduced to
//! what a rule sees (dates, earlier owners, the longest time a report counts). Where a rule could tell
//! more apart than is varied here, [`Matrix::beyond`] says so.

mod beside;
mod fold;
mod matters;
mod place;
mod text;
pub(super) mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use beside::{Beside, BesideGroup, BesidePurpose, Pair, Shift, Side};
pub use fold::Row;
#[cfg(test)]
pub(super) use place::point;
pub use place::{Answered, Direction, Factor, Place, Point, Position};

use super::bundle::Bundle;
use super::engine::{Outcome, Prepared, Unusable};
use super::facts::{Situation, Stand};
use super::reason::Reason;
use super::verdict::{Ground, Obligation, RuleId};
use super::vocabulary::{PurposeInfo, Vocabulary};
use crate::domain::{ChoiceKind, DocumentKind, Purpose};
use matters::Readings;

/// How many owners an address has here when it has any: one for each thing an owner can say.
const OWNERS: usize = 3;

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Yes.
    Permitted {
        /// On which ground.
        ground: Ground,
        /// By which rules.
        rules: Vec<RuleId>,
        /// What must happen because of it.
        obligations: Vec<Obligation>,
    },
    /// No: no rule permits it, or these prohibit it.
    Refused {
        /// The rules that prohibit it, with their reasons; empty when nothing permits it.
        rules: Vec<(RuleId, Reason)>,
    },
    /// No: the rules cannot be evaluated.
    Unusable,
    /// No: the bundle does not know the word. Only where two bundles are compared.
    Unknown,
}

impl Answer {
    /// No, for want of a rule that permits it.
    pub(super) const NOTHING_PERMITS: Self = Self::Refused { rules: Vec::new() };

    /// Whether it is a yes.
    #[must_use]
    pub const fn is_permitted(&self) -> bool {
        matches!(self, Self::Permitted { .. })
    }
}

/// All that a bundle decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Its purposes, sorted by code.
    pub purposes: Vec<PurposeMatrix>,
    /// What a rule can tell apart and this matrix does not, each with the rule's id.
    pub beyond: BTreeSet<Beyond>,
    /// For each factor every position it can be in.
    pub(super) universe: BTreeMap<Factor, Vec<Position>>,
}

/// All that is decided for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeMatrix {
    /// The purpose.
    pub purpose: Purpose,
    /// Its places, those together where the same is decided; first those where anything is permitted.
    pub groups: Vec<Group>,
}

/// Places where the same is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The places: none is in two groups of a purpose, and all groups together are every place.
    pub places: Vec<Place>,
    /// What is decided: exactly one row holds for each point.
    pub rows: Vec<Row<Answer>>,
}

impl Group {
    /// Whether anything is permitted in these places.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.rows.iter().any(|row| row.value.is_permitted())
    }
}

/// Something a rule can tell apart and the matrix does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// A rule names a number: a fixed time.
    Number(RuleId),
    /// A rule names a text: one address.
    Text(RuleId),
    /// A rule compares who said one thing with who said another.
    WhoSaidWhat(RuleId),
}

impl Matrix {
    /// Asks the bundle everything, as its switches stand.
    #[must_use]
    pub fn of(bundle: &Bundle) -> Self {
        let vocabulary = bundle.vocabulary();
        let readings = Readings::new(bundle);
        let mut entities = Entities::new();
        let universe = universe(vocabulary);
        let purposes = vocabulary
            .purposes()
            .map(|purpose| {
                let mut found: BTreeMap<Vec<Row<Answer>>, BTreeSet<(Direction, DocumentKind)>> =
                    BTreeMap::new();
                for direction in directions(vocabulary) {
                    for (kind, _) in vocabulary.kinds() {
                        let cell = Cell {
                            bundle,
                            purpose,
                            direction: &direction,
                            kind,
                        };
                        let rows = cell.rows(&universe, &readings, &mut entities);
                        let cells = found.entry(rows).or_default();
                        cells.insert((direction.clone(), kind.clone()));
                    }
                }
                PurposeMatrix {
                    purpose: purpose.code.clone(),
                    groups: groups(found),
                }
            })
            .collect();
        Self {
            purposes,
            beyond: readings.beyond,
            universe,
        }
    }

    /// What a rule can tell apart and a matrix does not: [`Matrix::beyond`], without making one.
    #[must_use]
    pub fn beyond_of(bundle: &Bundle) -> BTreeSet<Beyond> {
        Readings::new(bundle).beyond
    }

    /// What is decided in one place at one point; nothing for a word the bundle does not have.
    #[must_use]
    pub fn find(
        &self,
        purpose: &Purpose,
        direction: &Direction,
        kind: &DocumentKind,
        point: &Point,
    ) -> Option<&Answer> {
        let rows = self.find_rows(purpose, direction, kind)?;
        let row = rows.iter().find(|row| row.holds_at(point))?;
        Some(&row.value)
    }

    fn find_rows(
        &self,
        purpose: &Purpose,
        direction: &Direction,
        kind: &DocumentKind,
    ) -> Option<&[Row<Answer>]> {
        let of_purpose = self.purposes.iter().find(|one| one.purpose == *purpose)?;
        let group = of_purpose.groups.iter().find(|group| {
            let mut places = group.places.iter();
            places.any(|place| place.directions.contains(direction) && place.kinds.contains(kind))
        })?;
        Some(&group.rows)
    }
}

fn groups(found: BTreeMap<Vec<Row<Answer>>, BTreeSet<(Direction, DocumentKind)>>) -> Vec<Group> {
    let mut groups: Vec<Group> = found
        .into_iter()
        .map(|(rows, cells)| Group {
            places: Place::fold(cells),
            rows,
        })
        .collect();
    groups.sort_by(|one, other| {
        let key = |group: &Group| (!group.is_open(), group.places.clone());
        key(one).cmp(&key(other))
    });
    groups
}

/// Every direction: from each part to each, and each to itself.
fn directions(vocabulary: &Vocabulary) -> Vec<Direction> {
    let roles = || vocabulary.roles().map(|(role, _)| role.clone());
    roles()
        .flat_map(|from| {
            roles().flat_map(move |to| {
                let own = (from == to).then(|| Direction::own(from.clone()));
                let across = Direction {
                    from: from.clone(),
                    to,
                    is_own: false,
                };
                std::iter::once(across).chain(own)
            })
        })
        .collect()
}

fn universe(vocabulary: &Vocabulary) -> BTreeMap<Factor, Vec<Position>> {
    let teams = vocabulary
        .teams()
        .map(|(team, _)| Position::Team(Some(team.clone())));
    let teams: Vec<Position> = std::iter::once(Position::Team(None)).chain(teams).collect();
    Factor::ALL
        .into_iter()
        .map(|factor| {
            let positions = match factor {
                Factor::Team => teams.clone(),
                other => other.positions(),
            };
            (factor, positions)
        })
        .collect()
}

/// The entities that were made for a document; no purpose is in them.
type Entities = BTreeMap<(Direction, DocumentKind, bool, usize), Result<Prepared, Unusable>>;

/// One place of the matrix, about to be asked.
struct Cell<'a> {
    bundle: &'a Bundle,
    purpose: &'a PurposeInfo,
    direction: &'a Direction,
    kind: &'a DocumentKind,
}

impl Cell<'_> {
    fn rows(
        &self,
        universe: &BTreeMap<Factor, Vec<Position>>,
        readings: &Readings<'_>,
        entities: &mut Entities,
    ) -> Vec<Row<Answer>> {
        let matters = readings.factors(self.purpose, self.direction, self.kind);
        let factors: Vec<(Factor, &[Position])> = universe
            .iter()
            .filter(|(factor, _)| matters.contains(factor))
            .map(|(factor, positions)| (*factor, positions.as_slice()))
            .collect();
        let mut ask = |point: &Point| self.ask(point, entities);
        fold::rows(&factors, &mut ask)
    }

    fn ask(&self, point: &Point, kept: &mut Entities) -> Answer {
        let vocabulary = self.bundle.vocabulary();
        let Some(mut situation) = Situation::supposed(vocabulary, &self.purpose.code) else {
            return Answer::Unusable;
        };
        situation.provider_role = self.direction.from.as_str();
        situation.requester_role = self.direction.to.as_str();
        if self.direction.is_own {
            situation.requester = situation.provider;
        }
        situation.kind = self.kind.as_str();
        take_position(&mut situation, point);
        let rules = self.bundle.under(self.bundle.standing());
        let of_document = (
            self.direction.clone(),
            self.kind.clone(),
            situation.health,
            situation.owners,
        );
        let entities = kept
            .entry(of_document)
            .or_insert_with(|| rules.engine.prepare(&situation));
        let Ok(prepared) = entities else {
            return Answer::Unusable;
        };
        match rules.answer(self.purpose, &situation, prepared) {
            Ok(Outcome::Permit(granted)) => Answer::Permitted {
                ground: Ground::clone(&granted.ground),
                rules: granted.rules,
                obligations: granted.obligations,
            },
            Ok(Outcome::Deny(rules)) => Answer::Refused { rules },
            Err(_) => Answer::Unusable,
        }
    }
}

/// Makes the facts those of a point; a factor that it does not name does not matter, and has the
/// position in which nothing is recorded.
fn take_position<'a>(situation: &mut Situation<'a>, point: &'a Point) {
    let is_yes = |factor| point.get(&factor) == Some(&Position::Yes);
    situation.health = is_yes(Factor::Health);
    situation.combined = is_yes(Factor::Combined);
    situation.owners = match point.get(&Factor::OwnersKnown) {
        Some(Position::No) => 0,
        _ => OWNERS,
    };
    let owners = situation.owners;
    let stand = |kind| match point.get(&Factor::of_choice(kind)) {
        Some(Position::Said(said)) => said.stand(owners),
        _ => Stand::default(),
    };
    situation.consent = stand(ChoiceKind::Consent);
    situation.explicit_agreement = stand(ChoiceKind::ExplicitAgreement);
    situation.objection = stand(ChoiceKind::Objection);
    situation.joint_request = stand(ChoiceKind::JointRequest);
    situation.team = match point.get(&Factor::Team) {
        Some(Position::Team(team)) => team.as_ref().map(crate::domain::Team::as_str),
        _ => None,
    };
    let (at, hour) = (situation.at, 3_600_000);
    situation.unsafe_since_until = match point.get(&Factor::UnsafeSituation) {
        Some(Position::Begins) => Some((at, at.plus_ms(hour))),
        Some(Position::Runs) => Some((at.plus_ms(-hour), at.plus_ms(hour))),
        _ => None,
    };
}
