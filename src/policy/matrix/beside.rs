//! Two matrices, old beside new.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::{self, Row};
use super::place::{Direction, Factor, Place, Point, Position};
use super::{Answer, Matrix, directions, universe};
use crate::domain::{DocumentKind, Purpose};
use crate::language::Language;
use crate::policy::bundle::Bundle;
use crate::policy::vocabulary::Bilingual;

/// Two bundles, everything that each decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// The one that was.
    pub old: Side,
    /// The one that would be.
    pub new: Side,
    /// The purposes of both, sorted by code.
    pub purposes: Vec<BesidePurpose>,
    /// For each factor every position it can be in, in either.
    pub(super) universe: BTreeMap<Factor, Vec<Position>>,
}

/// One of the two bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its code.
    pub id: String,
    /// Its title.
    pub title: Bilingual,
    /// Its hash.
    pub hash: String,
}

/// One purpose in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesidePurpose {
    /// The purpose.
    pub purpose: Purpose,
    /// Its name: that of the new bundle, or else of the old.
    pub name: Bilingual,
    /// Its places, those together where the same is decided in both.
    pub groups: Vec<BesideGroup>,
}

/// Places where both decide the same as elsewhere in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideGroup {
    /// The places.
    pub places: Vec<Place>,
    /// What both decide: exactly one row holds for each point.
    pub rows: Vec<Row<Pair>>,
}

/// What the two decide in the same case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The old bundle.
    pub old: Answer,
    /// The new one.
    pub new: Answer,
}

/// How the new stands to the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shift {
    /// The same.
    Same,
    /// Refused, and now permitted.
    Wider,
    /// Permitted, and now refused.
    Tighter,
    /// Permitted in both, on another ground or with other duties.
    OtherGround,
}

impl Shift {
    /// Whether anything is otherwise.
    #[must_use]
    pub fn is_change(self) -> bool {
        self != Self::Same
    }

    /// In one word.
    #[must_use]
    pub const fn told(self, l: Language) -> &'static str {
        match self {
            Self::Same => l.pick("gelijk", "the same"),
            Self::Wider => l.pick("ruimer", "wider"),
            Self::Tighter => l.pick("strenger", "tighter"),
            Self::OtherGround => l.pick("andere grond", "other ground"),
        }
    }
}

impl Pair {
    /// How the new stands to the old. Which rule says it makes no difference; what it says does.
    #[must_use]
    pub fn shift(&self) -> Shift {
        match (&self.old, &self.new) {
            (
                Answer::Permitted {
                    ground: old,
                    obligations: duties,
                    ..
                },
                Answer::Permitted {
                    ground,
                    obligations,
                    ..
                },
            ) => {
                if old == ground && duties == obligations {
                    Shift::Same
                } else {
                    Shift::OtherGround
                }
            }
            (Answer::Permitted { .. }, _) => Shift::Tighter,
            (_, Answer::Permitted { .. }) => Shift::Wider,
            _ => Shift::Same,
        }
    }
}

impl BesideGroup {
    /// Whether anything is otherwise in these places.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.rows.iter().any(|row| row.value.shift().is_change())
    }

    /// Whether anything is permitted in these places, in either.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.value.old.is_permitted() || row.value.new.is_permitted())
    }
}

impl Beside {
    /// Puts two bundles beside each other.
    #[must_use]
    pub fn of(old: &Bundle, new: &Bundle) -> Self {
        Self::of_made((old, &Matrix::of(old)), (new, &Matrix::of(new)))
    }

    /// The same with matrices that were made before, each of its bundle.
    #[must_use]
    pub fn of_made((old, of_old): (&Bundle, &Matrix), (new, of_new): (&Bundle, &Matrix)) -> Self {
        let bundles = Both { old, new };
        let universe = bundles.universe();
        let (directions, kinds) = (bundles.directions(), bundles.kinds());
        let purposes = bundles
            .purposes()
            .into_iter()
            .map(|(purpose, name)| {
                let mut found: BTreeMap<_, BTreeSet<(Direction, DocumentKind)>> = BTreeMap::new();
                for direction in &directions {
                    for kind in &kinds {
                        let of = |matrix: &Matrix| {
                            rows_of(matrix, (&purpose, direction, kind), &universe)
                        };
                        let pair = (of(of_old), of(of_new));
                        let cells = found.entry(pair).or_default();
                        cells.insert((direction.clone(), kind.clone()));
                    }
                }
                BesidePurpose {
                    groups: groups(found, &universe),
                    purpose,
                    name,
                }
            })
            .collect();
        Self {
            old: side(old),
            new: side(new),
            purposes,
            universe,
        }
    }

    /// Every position a factor can be in, in either bundle.
    pub(in crate::policy) fn positions(&self, factor: Factor) -> &[Position] {
        self.universe.get(&factor).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is otherwise.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        let mut groups = self.purposes.iter().flat_map(|purpose| &purpose.groups);
        groups.any(BesideGroup::is_changed)
    }
}

type Rows = Vec<Row<Answer>>;

fn groups(
    found: BTreeMap<(Rows, Rows), BTreeSet<(Direction, DocumentKind)>>,
    universe: &BTreeMap<Factor, Vec<Position>>,
) -> Vec<BesideGroup> {
    // Other rows on both sides can come to the same pairs.
    let mut folded: BTreeMap<Vec<Row<Pair>>, BTreeSet<(Direction, DocumentKind)>> = BTreeMap::new();
    for ((old, new), cells) in found {
        folded
            .entry(pairs(&old, &new, universe))
            .or_default()
            .extend(cells);
    }
    let mut groups: Vec<BesideGroup> = folded
        .into_iter()
        .map(|(rows, cells)| BesideGroup {
            places: Place::fold(cells),
            rows,
        })
        .collect();
    groups.sort_by(|one, other| {
        let key = |group: &BesideGroup| {
            let places = group.places.clone();
            (!group.is_changed(), !group.is_open(), places)
        };
        key(one).cmp(&key(other))
    });
    groups
}

/// What both decide at every point, told once where it is the same.
fn pairs(
    old: &[Row<Answer>],
    new: &[Row<Answer>],
    universe: &BTreeMap<Factor, Vec<Position>>,
) -> Vec<Row<Pair>> {
    let whens = || old.iter().chain(new).map(|row| &row.when);
    let is_told = |factor: &Factor| whens().any(|when| when.contains_key(factor));
    let classes: Vec<(Factor, Vec<BTreeSet<Position>>)> = universe
        .iter()
        .filter(|(factor, _)| is_told(factor))
        .map(|(factor, positions)| (*factor, fold::classes(*factor, positions, whens())))
        .collect();
    // One of each class is asked for all of it.
    let first: Vec<(Factor, Vec<Position>)> = classes
        .iter()
        .map(|(factor, classes)| {
            let firsts = classes.iter().filter_map(|class| class.first().cloned());
            (*factor, firsts.collect())
        })
        .collect();
    let factors: Vec<(Factor, &[Position])> = first
        .iter()
        .map(|(factor, positions)| (*factor, positions.as_slice()))
        .collect();
    let find = |rows: &[Row<Answer>], point: &Point| {
        let row = rows.iter().find(|row| row.holds_at(point));
        row.map_or(Answer::Unknown, |row| row.value.clone())
    };
    let mut rows = fold::rows(&factors, &mut |point| Pair {
        old: find(old, point),
        new: find(new, point),
    });
    let whole = |factor: Factor, positions: &BTreeSet<Position>| -> BTreeSet<Position> {
        let of_factor = classes.iter().filter(|(one, _)| *one == factor);
        let classes = of_factor.flat_map(|(_, classes)| classes);
        let told =
            classes.filter(|class| class.first().is_some_and(|first| positions.contains(first)));
        told.flatten().cloned().collect()
    };
    for row in &mut rows {
        for (factor, positions) in &mut row.when {
            *positions = whole(*factor, positions);
        }
    }
    rows
}

/// What a matrix says of a place; a team that its bundle does not have is nobody's team there.
fn rows_of(
    matrix: &Matrix,
    (purpose, direction, kind): (&Purpose, &Direction, &DocumentKind),
    universe: &BTreeMap<Factor, Vec<Position>>,
) -> Rows {
    let Some(rows) = matrix.find_rows(purpose, direction, kind) else {
        return vec![Row {
            when: BTreeMap::new(),
            value: Answer::Unknown,
        }];
    };
    let teams = |of: &BTreeMap<Factor, Vec<Position>>| -> BTreeSet<Position> {
        of.get(&Factor::Team)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    };
    let elsewhere = &teams(universe) - &teams(&matrix.universe);
    let mut rows = rows.to_vec();
    for row in &mut rows {
        if let Some(teams) = row.when.get_mut(&Factor::Team)
            && teams.contains(&Position::Team(None))
        {
            teams.extend(elsewhere.iter().cloned());
        }
    }
    rows
}

struct Both<'a> {
    old: &'a Bundle,
    new: &'a Bundle,
}

impl Both<'_> {
    fn each(&self) -> [&Bundle; 2] {
        [self.old, self.new]
    }

    fn directions(&self) -> BTreeSet<Direction> {
        let each = self.each().map(|bundle| directions(bundle.vocabulary()));
        each.into_iter().flatten().collect()
    }

    fn kinds(&self) -> BTreeSet<DocumentKind> {
        let each = self.each().into_iter();
        each.flat_map(|bundle| bundle.vocabulary().kinds().map(|(kind, _)| kind.clone()))
            .collect()
    }

    fn purposes(&self) -> BTreeMap<Purpose, Bilingual> {
        let each = self.each().into_iter();
        each.flat_map(|bundle| bundle.vocabulary().purposes())
            .map(|purpose| (purpose.code.clone(), purpose.name.clone()))
            .collect()
    }

    fn universe(&self) -> BTreeMap<Factor, Vec<Position>> {
        let mut all = universe(self.old.vocabulary());
        for (factor, positions) in universe(self.new.vocabulary()) {
            let known = all.entry(factor).or_default();
            for position in positions {
                if !known.contains(&position) {
                    known.push(position);
                }
            }
        }
        all
    }
}

fn side(bundle: &Bundle) -> Side {
    Side {
        id: bundle.id().to_owned(),
        title: Bilingual {
            dutch: bundle.title_in(Language::Dutch).to_owned(),
            english: bundle.title_in(Language::English).to_owned(),
        },
        hash: bundle.hash().to_string(),
    }
}
