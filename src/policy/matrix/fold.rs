//! Telling once what comes out the same, so that nothing is lost.
//!
//! The factors are asked one after the other, as in a tree; positions of a factor under which all that
//! follows is the same are taken together, and a factor of which all positions are is not named at all.
//! So the rows never overlap, and together they are everything.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{Answered, Factor, Point, Position};

/// When something holds, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row<T> {
    /// The positions under which it holds; a factor that is not named does not matter.
    pub when: BTreeMap<Factor, BTreeSet<Position>>,
    /// What holds.
    pub value: T,
}

impl<T> Row<T> {
    /// Whether an owner is known, where the row tells and says only one thing of it.
    fn owners_known(&self) -> Option<&Position> {
        let told = self.when.get(&Factor::OwnersKnown)?;
        told.first().filter(|_| told.len() == 1)
    }

    /// Whether it holds at a point.
    #[must_use]
    pub fn holds_at(&self, point: &Point) -> bool {
        self.when.iter().all(|(factor, positions)| {
            let position = point.get(factor);
            position.is_some_and(|position| positions.contains(position))
        })
    }
}

/// Asks every combination of these factors' positions, and folds the answers.
pub(super) fn rows<T: Clone + PartialEq>(
    factors: &[(Factor, &[Position])],
    ask: &mut impl FnMut(&Point) -> T,
) -> Vec<Row<T>> {
    without_owners(below(factors, &mut Point::new(), ask))
}

/// Leaves out that an owner is known where what they said says so already: where nobody is known to
/// own the address, all there can be is silence.
fn without_owners<T: PartialEq>(rows: Vec<Row<T>>) -> Vec<Row<T>> {
    let silence = Position::Said(Answered::SILENT);
    let (unknown, mut told): (Vec<Row<T>>, Vec<Row<T>>) = rows
        .into_iter()
        .partition(|row| row.owners_known() == Some(&Position::No));
    let mut left = Vec::new();
    for mut row in unknown {
        row.when.remove(&Factor::OwnersKnown);
        let twin = told.iter_mut().find(|other| {
            let others = other.when.iter().filter(|(factor, positions)| {
                let is_said = factor.choice().is_some() && positions.contains(&silence);
                **factor != Factor::OwnersKnown && !is_said
            });
            other.owners_known() == Some(&Position::Yes)
                && other.value == row.value
                && others.eq(row.when.iter())
        });
        if let Some(twin) = twin {
            twin.when.remove(&Factor::OwnersKnown);
        } else {
            let no = BTreeSet::from([Position::No]);
            row.when.insert(Factor::OwnersKnown, no);
            left.push(row);
        }
    }
    for row in &mut told {
        let mut said = row.when.iter();
        if said.any(|(factor, said)| factor.choice().is_some() && !said.contains(&silence)) {
            row.when.remove(&Factor::OwnersKnown);
        }
    }
    told.append(&mut left);
    told
}

fn below<T: Clone + PartialEq>(
    factors: &[(Factor, &[Position])],
    at: &mut Point,
    ask: &mut impl FnMut(&Point) -> T,
) -> Vec<Row<T>> {
    let Some(((factor, positions), rest)) = factors.split_first() else {
        return vec![Row {
            when: BTreeMap::new(),
            value: ask(at),
        }];
    };
    let mut same: Vec<(BTreeSet<Position>, Vec<Row<T>>)> = Vec::new();
    for position in *positions {
        if !can_be(at, position) {
            continue;
        }
        at.insert(*factor, position.clone());
        let rows = below(rest, at, ask);
        match same.iter_mut().find(|(_, known)| *known == rows) {
            Some((positions, _)) => {
                positions.insert(position.clone());
            }
            None => same.push((BTreeSet::from([position.clone()]), rows)),
        }
    }
    at.remove(factor);
    let is_told = same.len() > 1;
    let told = same.into_iter().flat_map(|(positions, mut rows)| {
        for row in rows.iter_mut().filter(|_| is_told) {
            row.when.insert(*factor, positions.clone());
        }
        rows
    });
    told.collect()
}

/// Where nobody is known to own the address, nobody said anything.
fn can_be(at: &Point, position: &Position) -> bool {
    match position {
        Position::Said(said) => {
            *said == Answered::SILENT || at.get(&Factor::OwnersKnown) != Some(&Position::No)
        }
        _ => true,
    }
}

/// Positions that none of these rows tells apart, taken together.
pub(super) fn classes<'r>(
    factor: Factor,
    positions: &[Position],
    told_apart: impl Iterator<Item = &'r BTreeMap<Factor, BTreeSet<Position>>>,
) -> Vec<BTreeSet<Position>> {
    let sets: Vec<&BTreeSet<Position>> = told_apart.filter_map(|when| when.get(&factor)).collect();
    let mut classes: BTreeMap<Vec<bool>, BTreeSet<Position>> = BTreeMap::new();
    for position in positions {
        let mut within: Vec<bool> = sets.iter().map(|set| set.contains(position)).collect();
        // What can be said where nobody is known stays apart from what cannot.
        within.push(*position == Position::Said(Answered::SILENT));
        classes.entry(within).or_default().insert(position.clone());
    }
    classes.into_values().collect()
}
