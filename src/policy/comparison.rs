//! Two bundles beside each other as a page for a meeting: every purpose, direction and kind with what
//! the owners chose, old beside new, changes marked; and what the solver found, when it was asked.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::bundle::Bundle;
use super::document::NotWritten;
use super::matrix::{
    Answer, Beside, BesideGroup, Factor, Pair, Place, Position, Row, Shift, words,
};
use super::vocabulary::Bilingual;
use crate::domain::DocumentKind;
use crate::language::Language;

/// What a solver found about all requests, for the page to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Solved {
    /// Which solver, with its version.
    pub solver: String,
    /// Whether some request is refused by the old and permitted by the new.
    pub is_wider: bool,
    /// Whether some request is permitted by the old and refused by the new.
    pub is_tighter: bool,
    /// Verified examples.
    pub examples: Vec<Example>,
    /// What differs otherwise, in sentences: how facts are reduced, say.
    pub remarks: Vec<Bilingual>,
}

/// One request that the two decide differently, tried on both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What becomes of it.
    pub shift: Shift,
    /// Who asks what, for what, and how the facts stand: a sentence.
    pub told: Bilingual,
    /// What the old bundle says.
    pub old: Bilingual,
    /// What the new bundle says.
    pub new: Bilingual,
}

/// The two as the tables show them, purpose by purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The whole difference in a sentence, as far as the tables show it.
    pub verdict: &'static str,
    /// What the tables do not show, of each side.
    pub notes: Vec<String>,
    /// The purposes of both, sorted by code.
    pub purposes: Vec<ComparedPurpose>,
    /// Whether something is permitted by both, and otherwise.
    is_other: bool,
}

/// One purpose in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedPurpose {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether anything is otherwise.
    pub is_changed: bool,
    /// Its tables under a heading: HTML in which all that a bundle says is text.
    pub tables: String,
}

impl Compared {
    /// Puts them beside each other. This takes a while.
    ///
    /// # Errors
    /// [`NotWritten`].
    pub fn of(old: &Bundle, new: &Bundle, l: Language) -> Result<Self, NotWritten> {
        let beside = Beside::of(old, new);
        let teller = Teller {
            bundles: [new, old],
            beside: &beside,
            l,
        };
        let purposes = beside.purposes.iter().map(|purpose| {
            let (open, closed): (Vec<&BesideGroup>, Vec<&BesideGroup>) =
                purpose.groups.iter().partition(|group| group.is_open());
            let tables = PurposeTables {
                l,
                code: purpose.purpose.as_str(),
                name: purpose.name.told(l),
                groups: open.iter().map(|group| teller.group(group)).collect(),
                has_closed: !closed.is_empty(),
            };
            Ok(ComparedPurpose {
                code: tables.code.to_owned(),
                name: tables.name.to_owned(),
                is_changed: open.iter().any(|group| group.is_changed()),
                tables: tables.render()?,
            })
        });
        let purposes: Vec<ComparedPurpose> = purposes.collect::<Result<_, NotWritten>>()?;
        let groups = beside.purposes.iter().flat_map(|purpose| &purpose.groups);
        let shifts: Vec<Shift> = groups
            .flat_map(|group| group.rows.iter().map(|row| row.value.shift()))
            .collect();
        let has = |shift| shifts.contains(&shift);
        let is_other = has(Shift::OtherGround);
        Ok(Self {
            verdict: verdict(has(Shift::Wider), has(Shift::Tighter), is_other, l),
            notes: notes(old, new, l),
            purposes,
            is_other,
        })
    }
}

/// The page: HTML on its own, without script. `solved` is what a solver found, when one was asked.
///
/// # Errors
/// [`NotWritten`].
pub fn page(
    old: &Bundle,
    new: &Bundle,
    solved: Option<&Solved>,
    l: Language,
) -> Result<String, NotWritten> {
    let Compared {
        verdict: shown,
        notes,
        purposes,
        is_other,
    } = Compared::of(old, new, l)?;
    let page = ComparisonPage {
        l,
        sides: [old, new].map(|bundle| SidePart {
            id: bundle.id(),
            title: bundle.title_in(l),
            hash: bundle.hash().to_string(),
            is_candidate: bundle.is_candidate(),
        }),
        verdict: solved.map_or(shown, |solved| {
            verdict(solved.is_wider, solved.is_tighter, is_other, l)
        }),
        notes,
        remarks: solved
            .iter()
            .flat_map(|solved| solved.remarks.iter().map(|remark| remark.told(l)))
            .collect(),
        examples: solved
            .iter()
            .flat_map(|solved| &solved.examples)
            .map(|example| ExamplePart {
                shift: example.shift.told(l),
                told: example.told.told(l),
                old: example.old.told(l),
                new: example.new.told(l),
            })
            .collect(),
        solved,
        purposes,
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "vergelijking.html")]
struct ComparisonPage<'a> {
    l: Language,
    sides: [SidePart<'a>; 2],
    verdict: &'static str,
    /// What the matrix does not show, of each side.
    notes: Vec<String>,
    solved: Option<&'a Solved>,
    remarks: Vec<&'a str>,
    examples: Vec<ExamplePart<'a>>,
    purposes: Vec<ComparedPurpose>,
}

#[derive(Template)]
#[template(path = "vergelijking-doel.html")]
struct PurposeTables<'a> {
    l: Language,
    code: &'a str,
    name: &'a str,
    groups: Vec<GroupPart>,
    has_closed: bool,
}

struct SidePart<'a> {
    id: &'a str,
    title: &'a str,
    hash: String,
    is_candidate: bool,
}

struct ExamplePart<'a> {
    shift: &'static str,
    told: &'a str,
    old: &'a str,
    new: &'a str,
}

/// The whole difference in a sentence.
const fn verdict(is_wider: bool, is_tighter: bool, is_other: bool, l: Language) -> &'static str {
    match (is_wider, is_tighter) {
        (false, false) if is_other => l.pick(
            "Wat wordt toegestaan blijft gelijk; soms is de grond of wat daarna moet een andere.",
            "What is permitted stays the same; sometimes the ground or what must follow is another.",
        ),
        (false, false) => l.pick("De twee beslissen hetzelfde.", "The two decide the same."),
        (true, false) => l.pick(
            "De nieuwe afspraken zijn ruimer: wat mocht, mag nog, en er mag iets bij.",
            "The new terms are wider: what was permitted still is, and more is.",
        ),
        (false, true) => l.pick(
            "De nieuwe afspraken zijn strenger: er mag niets bij, en iets mag niet meer.",
            "The new terms are tighter: nothing more is permitted, and something no longer is.",
        ),
        (true, true) => l.pick(
            "De nieuwe afspraken zijn op sommige plaatsen ruimer en op andere strenger.",
            "The new terms are wider in some places and tighter in others.",
        ),
    }
}

struct GroupPart {
    directions: Vec<String>,
    kinds: Vec<String>,
    heads: Vec<&'static str>,
    rows: Vec<RowPart>,
    /// Whether there are other cases, which both refuse.
    has_others: bool,
    is_changed: bool,
}

struct RowPart {
    /// The heading of the column and the words in it.
    cells: Vec<(&'static str, String)>,
    old: Said,
    new: Said,
    shift: Shift,
    class: &'static str,
    mark: &'static str,
}

/// What one bundle says in a case.
struct Said {
    is_yes: bool,
    verdict: &'static str,
    why: String,
}

struct Teller<'a> {
    /// The new one first: its names are preferred.
    bundles: [&'a Bundle; 2],
    beside: &'a Beside,
    l: Language,
}

impl Teller<'_> {
    fn group(&self, group: &BesideGroup) -> GroupPart {
        let l = self.l;
        // What both refuse for want of a rule is told once, as all other cases.
        let is_plain = |row: &&Row<Pair>| {
            [&row.value.old, &row.value.new].iter().all(|answer| {
                matches!(answer, Answer::Refused { rules } if rules.is_empty())
                    || **answer == Answer::Unknown
            })
        };
        let mut rows: Vec<&Row<Pair>> = group.rows.iter().filter(|row| !is_plain(row)).collect();
        let factors: BTreeSet<Factor> = rows
            .iter()
            .flat_map(|row| row.when.keys().copied())
            .collect();
        let directions: BTreeSet<String> = group
            .places
            .iter()
            .flat_map(|place| &place.directions)
            .map(|direction| words::direction(direction, l))
            .collect();
        // What is refused either way comes last: people look for what is shared.
        rows.sort_by_key(|row| !(row.value.old.is_permitted() || row.value.new.is_permitted()));
        GroupPart {
            directions: directions.into_iter().collect(),
            kinds: self.kinds(&group.places),
            heads: factors.iter().map(|one| words::factor(*one, l)).collect(),
            rows: rows
                .into_iter()
                .map(|row| self.row(row, &factors))
                .collect(),
            has_others: group.rows.iter().any(|row| is_plain(&row)),
            is_changed: group.is_changed(),
        }
    }

    fn row(&self, row: &Row<Pair>, factors: &BTreeSet<Factor>) -> RowPart {
        let l = self.l;
        let cell = |factor: &Factor| {
            let positions = row.when.get(factor);
            let all = self.beside.positions(*factor);
            let told = positions.map_or_else(
                || l.pick("maakt niet uit", "any").to_owned(),
                |positions: &BTreeSet<Position>| words::positions(*factor, positions, all, l),
            );
            (words::factor(*factor, l), told)
        };
        let shift = row.value.shift();
        let (class, mark) = match shift {
            Shift::Same => ("", ""),
            Shift::Wider => ("ruimer", l.pick("+ ruimer", "+ wider")),
            Shift::Tighter => ("strenger", l.pick("− strenger", "− tighter")),
            Shift::OtherGround => ("anders", l.pick("≠ andere grond", "≠ other ground")),
        };
        RowPart {
            cells: factors.iter().map(cell).collect(),
            old: self.said(&row.value.old),
            new: self.said(&row.value.new),
            shift,
            class,
            mark,
        }
    }

    fn said(&self, answer: &Answer) -> Said {
        let l = self.l;
        let why = match answer {
            Answer::Permitted {
                ground,
                obligations,
                ..
            } => {
                let duties = obligations.iter().map(|one| words::obligation(*one, l));
                let all = std::iter::once(ground.article.clone()).chain(duties);
                all.collect::<Vec<_>>().join("; ")
            }
            Answer::Refused { rules } => {
                let reasons = rules.iter().map(|(_, reason)| words::reason(*reason, l));
                let reasons: BTreeSet<&str> = reasons.collect();
                reasons.into_iter().collect::<Vec<_>>().join("; ")
            }
            Answer::Unusable => l
                .pick(
                    "de regels zijn niet te gebruiken",
                    "the rules cannot be used",
                )
                .to_owned(),
            Answer::Unknown => l.pick("bestaat niet", "does not exist").to_owned(),
        };
        let is_yes = answer.is_permitted();
        let verdict = if is_yes {
            l.pick("mag", "permitted")
        } else {
            l.pick("mag niet", "refused")
        };
        Said {
            is_yes,
            verdict,
            why,
        }
    }

    fn kinds(&self, places: &[Place]) -> Vec<String> {
        let kinds: BTreeSet<&DocumentKind> = places.iter().flat_map(|place| &place.kinds).collect();
        let names: BTreeMap<&DocumentKind, &Bilingual> = self
            .bundles
            .iter()
            .rev()
            .flat_map(|bundle| bundle.vocabulary().kinds())
            .collect();
        let name = |kind: &&DocumentKind| {
            let name = names.get(*kind).map(|name| name.told(self.l));
            name.unwrap_or(kind.as_str()).to_lowercase()
        };
        kinds.iter().map(name).collect()
    }
}

/// What the reduction of facts adds to the tables, where the two differ or not.
fn notes(old: &Bundle, new: &Bundle, l: Language) -> Vec<String> {
    let (before, after) = (old.reductions(l), new.reductions(l));
    let mut notes = Vec::new();
    for told in before.iter().filter(|told| after.contains(told)) {
        notes.push(format!("{}: {told}", l.pick("Beide", "Both")));
    }
    for told in before.iter().filter(|told| !after.contains(told)) {
        notes.push(format!("{}: {told}", l.pick("Alleen oud", "Old only")));
    }
    for told in after.iter().filter(|told| !before.contains(told)) {
        notes.push(format!("{}: {told}", l.pick("Alleen nieuw", "New only")));
    }
    notes
}
