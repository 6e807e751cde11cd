//! The matrix as one text that a jurist can review in a diff: the same bytes for the same bundle, in
//! aligned columns, in Dutch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::fold::Row;
use super::place::{Direction, Factor, Place, Position};
use super::{Answer, Beside, BesideGroup, Beyond, Group, Matrix, Pair, words};
use crate::domain::{DocumentKind, Purpose};
use crate::language::Language;
use crate::policy::bundle::Bundle;
use crate::policy::manifest::ChoiceLimit;
use crate::policy::verdict::RuleId;

/// Where lines of words are broken, in characters.
const WIDTH: usize = 100;
const L: Language = Language::Dutch;

impl Matrix {
    /// The whole matrix as text. `bundle` is the one it was made of.
    #[must_use]
    pub fn text(&self, bundle: &Bundle) -> String {
        let mut out = format!("Matrix van {}\n{}\n\n", bundle.id(), bundle.title());
        for switch in bundle.switches() {
            put(
                &mut out,
                &format!("schakelaar {} = {}", switch.code, switch.position),
            );
        }
        for told in bundle.reductions(L) {
            put(&mut out, &told);
        }
        for beyond in &self.beyond {
            put(&mut out, &beyond_told(beyond));
        }
        out.push_str(LEGEND);
        let all = All::of(bundle);
        for of_purpose in &self.purposes {
            let name = bundle.vocabulary().find_purpose(&of_purpose.purpose);
            let (name, actions) = name.map_or_else(Default::default, |purpose| {
                (purpose.name.dutch.clone(), purpose.actions.join(", "))
            });
            heading(&mut out, &of_purpose.purpose, &name);
            put(
                &mut out,
                &format!("grondslagen, in volgorde van rang: {actions}"),
            );
            for group in of_purpose.groups.iter().filter(|group| group.is_open()) {
                out.push('\n');
                places(&mut out, &group.places, &all);
                self.rows(&mut out, &group.rows);
            }
        }
        self.closed(&mut out, &all);
        out
    }

    /// What is nowhere permitted, told once for all purposes where it is the same: first what has its
    /// own places, then all the rest of each purpose.
    fn closed(&self, out: &mut String, all: &All) {
        let title = "Gesloten";
        put(out, &format!("\n\n{title}\n{}", "=".repeat(title.len())));
        put(
            out,
            "Wat hierboven niet onder zijn doel staat, is gesloten, wat er ook is gekozen of gemeld.",
        );
        let mut apart: BTreeMap<Closed<'_>, Vec<&str>> = BTreeMap::new();
        let mut rest: BTreeMap<&[Row<Answer>], Vec<&str>> = BTreeMap::new();
        for of_purpose in &self.purposes {
            let cells = |group: &&Group| -> usize {
                group.places.iter().map(|one| one.cells().count()).sum()
            };
            let closed = || of_purpose.groups.iter().filter(|group| !group.is_open());
            let largest = closed().max_by_key(cells);
            for group in closed() {
                let purpose = of_purpose.purpose.as_str();
                if largest == Some(group) {
                    rest.entry(&group.rows).or_default().push(purpose);
                } else {
                    let key = (group.places.as_slice(), group.rows.as_slice());
                    apart.entry(key).or_default().push(purpose);
                }
            }
        }
        for ((of_group, rows), purposes) in apart {
            out.push('\n');
            wrapped(out, "  ", &format!("bij {}:", purposes.join(", ")));
            places(out, of_group, all);
            self.rows(out, rows);
        }
        for (rows, purposes) in rest {
            out.push('\n');
            let purposes = purposes.join(", ");
            wrapped(out, "  ", &format!("al het overige bij {purposes}:"));
            self.rows(out, rows);
        }
    }

    fn rows(&self, out: &mut String, rows: &[Row<Answer>]) {
        let told = |answer: &Answer| vec![answer_told(answer)];
        let is_plain = |answer: &Answer| *answer == Answer::NOTHING_PERMITS;
        table(out, rows, &self.universe, &["uitkomst"], told, is_plain);
    }
}

impl Beside {
    /// Only what differs, as text; empty when nothing does.
    #[must_use]
    pub fn changes(&self) -> String {
        let mut out = String::new();
        let all = All {
            directions: BTreeSet::new(),
            kinds: BTreeSet::new(),
        };
        for of_purpose in &self.purposes {
            let changed = |group: &&BesideGroup| group.is_changed();
            let mut groups = of_purpose.groups.iter().filter(changed).peekable();
            if groups.peek().is_none() {
                continue;
            }
            heading(&mut out, &of_purpose.purpose, &of_purpose.name.dutch);
            for group in groups {
                out.push('\n');
                places(&mut out, &group.places, &all);
                let changed: Vec<Row<Pair>> = group
                    .rows
                    .iter()
                    .filter(|row| row.value.shift().is_change())
                    .cloned()
                    .collect();
                let told = |pair: &Pair| {
                    vec![
                        pair.shift().told(L).to_owned(),
                        answer_told(&pair.old),
                        answer_told(&pair.new),
                    ]
                };
                let columns = ["wat", &self.old.id, &self.new.id];
                table(&mut out, &changed, &self.universe, &columns, told, |_| {
                    false
                });
            }
        }
        out
    }
}

const LEGEND: &str = "
  Elke tabel noemt alle gevallen, elk geval één keer. Een kolom die ontbreekt, maakt niet uit; een
  streepje ook niet. Onder toestemming, instemming, verzoek en bezwaar staat wat de eigenaren zeiden:
  ja (het telt nu), nee (geweigerd of ingetrokken), of niets. `allen` zijn alle bekende eigenaren.
";

/// Places where nothing is permitted, with what is decided there.
type Closed<'m> = (&'m [Place], &'m [Row<Answer>]);

/// All directions and kinds of a bundle, so that `alle` can be said.
struct All {
    directions: BTreeSet<Direction>,
    kinds: BTreeSet<DocumentKind>,
}

impl All {
    fn of(bundle: &Bundle) -> Self {
        let vocabulary = bundle.vocabulary();
        Self {
            directions: super::directions(vocabulary).into_iter().collect(),
            kinds: vocabulary.kinds().map(|(kind, _)| kind.clone()).collect(),
        }
    }
}

impl Bundle {
    /// What the reduction of facts adds to the matrix, in sentences: what is too old to count, and how
    /// long a report counts.
    pub(in crate::policy) fn reductions(&self, l: Language) -> Vec<String> {
        let limit = |limit: &ChoiceLimit| {
            let (day, kind) = (words::day(limit.from, l), words::choice(limit.kind, l));
            let switch = format!("{}={}", limit.switch, limit.position);
            match l {
                Language::Dutch => format!(
                    "een ja bij {kind} telt alleen als het is ingegaan op of na {day} ({switch}); een nee telt altijd"
                ),
                Language::English => format!(
                    "a yes to {kind} counts only if it began on or after {day} ({switch}); a no always counts"
                ),
            }
        };
        let mut told: Vec<String> = self.standing().limits.iter().map(limit).collect();
        if let Some(days) = self.unsafe_situation_days() {
            told.push(match l {
                Language::Dutch => format!(
                    "een AOS-melding telt tot haar eigen einde, en hoogstens {days} dagen na haar begin"
                ),
                Language::English => format!(
                    "a report of an unsafe situation counts until its own end, and for {days} days at most"
                ),
            });
        }
        told
    }
}

fn beyond_told(beyond: &Beyond) -> String {
    match beyond {
        Beyond::Number(rule) => format!(
            "LET OP: regel {rule} noemt een getal; de matrix toont de uitkomst op één moment, niet op elk"
        ),
        Beyond::Text(rule) => format!(
            "LET OP: regel {rule} noemt een tekst; de matrix toont de uitkomst voor één adres, niet voor elk"
        ),
        Beyond::WhoSaidWhat(rule) => format!(
            "LET OP: regel {rule} vergelijkt wie het een zei met wie het ander zei; de matrix doet dat niet"
        ),
    }
}

fn heading(out: &mut String, purpose: &Purpose, name: &str) {
    let title = format!("{purpose}: {name}");
    let line = "=".repeat(title.chars().count());
    put(out, &format!("\n\n{title}\n{line}"));
}

fn put(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn places(out: &mut String, places: &[Place], all: &All) {
    for place in places {
        let told = |is_own: bool, name: &str| -> Vec<String> {
            let those = || place.directions.iter().filter(|one| one.is_own == is_own);
            let whole = all.directions.iter().filter(|one| one.is_own == is_own);
            if whole.clone().count() > 1 && those().eq(whole) {
                return vec![name.to_owned()];
            }
            those().map(|one| words::direction(one, L)).collect()
        };
        let (across, own) = (
            told(false, "van elk naar elk ander"),
            told(true, "elk bij zichzelf"),
        );
        let directions = [across, own].concat().join(", ");
        wrapped(out, "  ", &directions);
        wrapped(out, "    ", &kinds(&place.kinds, &all.kinds));
    }
}

/// The kinds, or all but those left out, whichever is shorter.
fn kinds(kinds: &BTreeSet<DocumentKind>, all: &BTreeSet<DocumentKind>) -> String {
    let join = |kinds: Vec<&DocumentKind>| {
        let codes: Vec<&str> = kinds.into_iter().map(DocumentKind::as_str).collect();
        codes.join(", ")
    };
    let others: Vec<&DocumentKind> = all.difference(kinds).collect();
    if all.is_empty() || others.len() >= kinds.len() {
        return join(kinds.iter().collect());
    }
    if others.is_empty() {
        return "alle soorten".to_owned();
    }
    format!("alle soorten behalve {}", join(others))
}

fn wrapped(out: &mut String, indent: &str, text: &str) {
    let mut line = indent.to_owned();
    for word in text.split(' ') {
        let is_first = line.len() == indent.len();
        if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
            put(out, &line);
            line = format!("{indent}  ");
            line.push_str(word);
            continue;
        }
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    put(out, &line);
}

pub(in crate::policy) fn answer_told(answer: &Answer) -> String {
    match answer {
        Answer::Permitted {
            ground,
            rules,
            obligations,
        } => {
            let rules: Vec<&str> = rules.iter().map(RuleId::as_str).collect();
            let duties = obligations.iter().map(|one| format!("; {one}"));
            format!(
                "toegestaan, {}, door {}{}",
                ground.article,
                rules.join(" en "),
                duties.collect::<String>()
            )
        }
        Answer::Refused { rules } if rules.is_empty() => {
            "geweigerd, geen regel staat het toe".to_owned()
        }
        Answer::Refused { rules } => {
            let rules: Vec<String> = rules
                .iter()
                .map(|(rule, reason)| format!("{rule} ({reason})"))
                .collect();
            format!("geweigerd, door {}", rules.join(" en "))
        }
        Answer::Unusable => "geweigerd, de regels zijn niet te gebruiken".to_owned(),
        Answer::Unknown => "bestaat niet".to_owned(),
    }
}

/// Rows in aligned columns; what is plain comes last and together, as all other cases.
fn table<T>(
    out: &mut String,
    rows: &[Row<T>],
    universe: &BTreeMap<Factor, Vec<Position>>,
    columns: &[&str],
    told: impl Fn(&T) -> Vec<String>,
    is_plain: impl Fn(&T) -> bool,
) {
    let shown: Vec<&Row<T>> = rows.iter().filter(|row| !is_plain(&row.value)).collect();
    let plain = rows.iter().find(|row| is_plain(&row.value));
    let factors: BTreeSet<Factor> = shown
        .iter()
        .flat_map(|row| row.when.keys().copied())
        .collect();
    let heads = factors.iter().map(|factor| words::factor(*factor, L));
    let heads = heads.chain(columns.iter().copied()).map(str::to_owned);
    let mut lines: Vec<Vec<String>> = vec![heads.collect()];
    for row in &shown {
        let cells = factors.iter().map(|factor| match row.when.get(factor) {
            None => "-".to_owned(),
            Some(positions) => {
                let all = universe.get(factor).map_or(&[][..], Vec::as_slice);
                words::positions(*factor, positions, all, L)
            }
        });
        lines.push(cells.chain(told(&row.value)).collect());
    }
    if let Some(plain) = plain {
        let told = told(&plain.value);
        let mut line: Vec<String> = factors.iter().map(|_| String::new()).collect();
        match line.first_mut() {
            Some(first) if !shown.is_empty() => "anders".clone_into(first),
            _ => {}
        }
        line.extend(told);
        lines.push(line);
    }
    aligned(out, &lines);
}

fn aligned(out: &mut String, lines: &[Vec<String>]) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    for line in lines {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let text = cells.collect::<Vec<_>>().join(" | ");
        put(out, &format!("      {}", text.trim_end()));
    }
}
