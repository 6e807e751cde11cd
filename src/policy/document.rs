//! A bundle as a page that a citizen can read: what is shared, with whom, why, what you can decide, what
//! happens when you say no, how long it is kept, and from when. Dutch at level B1, and English.
//!
//! Nothing about one bundle is written here: the words are those of its rules and its manifest, and what
//! a choice brings about is looked up in its [`Matrix`], so the page says what would be decided.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::bundle::{Bundle, RuleInfo};
use super::matrix::{Answer, Direction, Factor, Matrix, Place, PurposeMatrix, Row, words};
use super::verdict::Obligation;
use super::vocabulary::PurposeInfo;
use crate::domain::{DocumentKind, Role};
use crate::language::Language;

mod choices;
use choices::ChoicePart;

/// Why the page could not be made: the template failed, which no bundle can bring about.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the page")]
pub struct NotWritten(#[source] askama::Error);

impl From<askama::Error> for NotWritten {
    fn from(source: askama::Error) -> Self {
        Self(source)
    }
}

/// The bundle as a page on its own: HTML without script, and nothing that is fetched.
///
/// # Errors
/// [`NotWritten`].
pub fn page(bundle: &Bundle, l: Language) -> Result<String, NotWritten> {
    let page = DocumentPage {
        l,
        title: bundle.title_in(l),
        content: content(bundle, l)?,
    };
    Ok(page.render()?)
}

/// What stands on that page below its title, to stand on another page: HTML in which all that the
/// bundle says is text. Where a rule is told, its id with `regel-` before it is the place's.
///
/// # Errors
/// [`NotWritten`].
pub fn content(bundle: &Bundle, l: Language) -> Result<String, NotWritten> {
    let matrix = Matrix::of(bundle);
    let teller = Teller { bundle, l };
    let mut told = BTreeSet::new();
    let purposes: Vec<PurposePart> = matrix
        .purposes
        .iter()
        .filter_map(|of_purpose| {
            let purpose = bundle.vocabulary().find_purpose(&of_purpose.purpose)?;
            let mut part = teller.purpose(purpose, of_purpose);
            for way in &mut part.ways {
                way.is_first = told.insert(way.rule);
            }
            Some(part)
        })
        .collect();
    let (from, until) = bundle.in_force();
    let vocabulary = bundle.vocabulary();
    let terms = Terms {
        l,
        bundle,
        caveat: bundle.caveat_in(l),
        from: words::day(from, l),
        // The end is excluded: the day before is the last.
        last: until.map(|until| words::day(until.plus_ms(-1), l)),
        parties: vocabulary.roles().map(|(_, name)| name.told(l)).collect(),
        never: bundle
            .rules_in_force()
            .filter(|rule| rule.forbids)
            .map(|rule| {
                let article = rule.article.map(|article| format!(" ({article})"));
                let told = format!("{}{}", rule.sentence.told(l), article.unwrap_or_default());
                (rule.id, told)
            })
            .collect(),
        questions: bundle
            .switches()
            .iter()
            .map(|switch| {
                let question = switch.question.told(l);
                let answer = answer_word(&switch.position, l);
                // Codes stand between backticks there; here they are words.
                let explanation = switch.explanation.told(l).replace('`', "");
                (question, answer, explanation)
            })
            .collect(),
        retention: bundle.retention(l),
        sources: bundle.sources().collect(),
        purposes,
    };
    Ok(terms.render()?)
}

#[derive(Template)]
#[template(path = "afspraken.html")]
struct DocumentPage<'b> {
    l: Language,
    title: &'b str,
    content: String,
}

#[derive(Template)]
#[template(path = "afspraken-inhoud.html")]
struct Terms<'b> {
    l: Language,
    bundle: &'b Bundle,
    caveat: &'b str,
    from: String,
    last: Option<String>,
    parties: Vec<&'b str>,
    purposes: Vec<PurposePart<'b>>,
    /// The rules that prohibit: their ids and sentences.
    never: Vec<(&'b str, String)>,
    /// Question, answer and what the answers mean.
    questions: Vec<(&'b str, String, String)>,
    retention: Option<&'b str>,
    sources: Vec<(&'b str, &'b str)>,
}

/// What is shared for one purpose.
struct PurposePart<'b> {
    code: &'b str,
    name: &'b str,
    /// From whom to whom at all, for the short overview.
    between: Vec<String>,
    ways: Vec<Way<'b>>,
    choices: Vec<ChoicePart<'b>>,
}

/// One rule that permits, in words.
struct Way<'b> {
    rule: &'b str,
    /// Whether it is not told above, for another purpose.
    is_first: bool,
    sentence: &'b str,
    /// What kind of ground it is, as the manifest calls it, with the article.
    basis: String,
    flows: Vec<Flow<'b>>,
    conditions: Vec<String>,
    afterwards: Vec<String>,
}

struct Flow<'b> {
    /// From whom to whom, in words.
    directions: Vec<String>,
    kinds: Vec<&'b str>,
}

#[derive(Clone, Copy)]
struct Teller<'b> {
    bundle: &'b Bundle,
    l: Language,
}

impl<'b> Teller<'b> {
    fn purpose(self, purpose: &'b PurposeInfo, matrix: &PurposeMatrix) -> PurposePart<'b> {
        let mut cells: BTreeMap<&str, BTreeSet<(Direction, DocumentKind)>> = BTreeMap::new();
        let mut rows: BTreeMap<&str, Vec<&Row<Answer>>> = BTreeMap::new();
        let mut directions = BTreeSet::new();
        for group in &matrix.groups {
            for row in &group.rows {
                let Answer::Permitted { rules, .. } = &row.value else {
                    continue;
                };
                directions.extend(group.places.iter().flat_map(|one| one.directions.clone()));
                for rule in rules {
                    rows.entry(rule.as_str()).or_default().push(row);
                    let of_rule = cells.entry(rule.as_str()).or_default();
                    of_rule.extend(group.places.iter().flat_map(Place::cells));
                }
            }
        }
        let in_order = self.bundle.rules_in_force();
        let ways: Vec<Way<'b>> = in_order
            .filter_map(|rule| {
                let cells = cells.remove(rule.id)?;
                let rows = rows.remove(rule.id)?;
                Some(self.way(rule, cells, &rows))
            })
            .collect();
        PurposePart {
            code: purpose.code.as_str(),
            name: purpose.name.told(self.l),
            between: self.directions(&directions),
            choices: choices::of(self, matrix),
            ways,
        }
    }

    fn way(
        self,
        rule: RuleInfo<'b>,
        cells: BTreeSet<(Direction, DocumentKind)>,
        rows: &[&Row<Answer>],
    ) -> Way<'b> {
        let l = self.l;
        let flows = Place::fold(cells).into_iter().map(|place| Flow {
            directions: self.directions(&place.directions),
            kinds: self.kinds(&place.kinds),
        });
        let obligations: BTreeSet<Obligation> = rows
            .iter()
            .filter_map(|row| match &row.value {
                Answer::Permitted { obligations, .. } => Some(obligations.iter().copied()),
                _ => None,
            })
            .flatten()
            .collect();
        let mut afterwards: Vec<String> = obligations
            .into_iter()
            .map(|duty| match duty {
                Obligation::InformOwner => l
                    .pick(
                        "De eigenaar krijgt hierover bericht.",
                        "The owner is told about this.",
                    )
                    .to_owned(),
                Obligation::ReviewWithin { days } => match l {
                    Language::Dutch => {
                        format!("Binnen {days} dagen kijkt iemand na of het delen terecht was.")
                    }
                    Language::English => {
                        format!("Within {days} days somebody checks whether the sharing was right.")
                    }
                },
            })
            .collect();
        if rule.four_eyes {
            let two = l.pick("Twee mensen kijken dat na.", "Two people check that.");
            afterwards.push(two.to_owned());
        }
        Way {
            rule: rule.id,
            is_first: true,
            basis: self.basis(rule),
            flows: flows.collect(),
            conditions: self.conditions(rows),
            afterwards,
            sentence: rule.sentence.told(l),
        }
    }

    /// `Statutory duty, TwG 3(4)`.
    fn basis(self, rule: RuleInfo<'b>) -> String {
        let actions = self.bundle.actions_of(rule.id);
        let names: Vec<&str> = actions.iter().map(|name| name.told(self.l)).collect();
        let article = rule.article.map(str::to_owned);
        let all = names.into_iter().map(str::to_owned).chain(article);
        all.collect::<Vec<_>>().join(", ")
    }

    /// The facts, beside the owners' choices, without which none of these rows holds.
    fn conditions(self, rows: &[&Row<Answer>]) -> Vec<String> {
        let l = self.l;
        let needed = |factor: Factor| -> Option<BTreeSet<_>> {
            let sets: Option<Vec<_>> = rows.iter().map(|row| row.when.get(&factor)).collect();
            Some(sets?.into_iter().flatten().cloned().collect())
        };
        let mut told = Vec::new();
        if needed(Factor::Combined).is_some_and(|yes| yes.len() == 1) {
            told.push(
                l.pick(
                    "Het adres heeft een lopend dossier bij beide organisaties.",
                    "The address has an active file at both organisations.",
                )
                .to_owned(),
            );
        }
        if needed(Factor::UnsafeSituation).is_some_and(|runs| runs.len() < 3) {
            told.push(match (self.bundle.unsafe_situation_days(), l) {
                (None, _) => l
                    .pick(
                        "Er is gemeld dat het gebouw acuut onveilig is. Het geldt alleen zolang die melding loopt.",
                        "It was reported that the building is acutely unsafe. It holds only while that report runs.",
                    )
                    .to_owned(),
                (Some(days), Language::Dutch) => format!(
                    "Er is gemeld dat het gebouw acuut onveilig is. Het geldt alleen zolang die melding loopt, en hoogstens {days} dagen."
                ),
                (Some(days), Language::English) => format!(
                    "It was reported that the building is acutely unsafe. It holds only while that report runs, and for {days} days at most."
                ),
            });
        }
        if let Some(teams) = needed(Factor::Team) {
            let names = self.bundle.vocabulary().teams();
            let names: Vec<&str> = names
                .filter(|(team, _)| {
                    teams.contains(&super::matrix::Position::Team(Some((*team).clone())))
                })
                .map(|(_, name)| name.told(l))
                .collect();
            let only = l.pick("Alleen dit team krijgt het:", "Only this team gets it:");
            told.push(format!("{only} {}.", names.join(l.pick(" of ", " or "))));
        }
        told
    }

    /// From whom to whom, in few words: what goes both ways is said once.
    fn directions(self, directions: &BTreeSet<Direction>) -> Vec<String> {
        let l = self.l;
        let pairs: BTreeSet<(&Role, &Role)> = directions
            .iter()
            .map(|direction| (&direction.from, &direction.to))
            .collect();
        let parties = self.bundle.vocabulary().roles().count();
        if parties > 1 && pairs.len() == parties * parties {
            let all = l.pick("tussen alle deelnemers", "between all who take part");
            return vec![all.to_owned()];
        }
        pairs
            .iter()
            .filter(|(from, to)| from <= to || !pairs.contains(&(*to, *from)))
            .map(|(from, to)| {
                let (a, b) = (self.role(from), self.role(to));
                match l {
                    Language::Dutch if from == to => format!("tussen twee keer {a}"),
                    Language::English if from == to => format!("between two of {a}"),
                    Language::Dutch if pairs.contains(&(*to, *from)) => {
                        format!("tussen {a} en {b}, in beide richtingen")
                    }
                    Language::English if pairs.contains(&(*to, *from)) => {
                        format!("between {a} and {b}, both ways")
                    }
                    Language::Dutch => format!("van {a} naar {b}"),
                    Language::English => format!("from {a} to {b}"),
                }
            })
            .collect()
    }

    /// What people call a party, without what explains it: that stands at the top of the page.
    fn role(self, role: &Role) -> &'b str {
        let mut roles = self.bundle.vocabulary().roles();
        let found = roles.find(|(code, _)| *code == role);
        let name = found.map_or("", |(_, name)| name.told(self.l));
        let name = name.split_once(" (").map_or(name, |(short, _)| short);
        name.split_once(", ").map_or(name, |(short, _)| short)
    }

    /// Kinds by their names, sorted.
    fn kinds(self, kinds: &BTreeSet<DocumentKind>) -> Vec<&'b str> {
        let known = self.bundle.vocabulary().kinds();
        let mut names: Vec<&str> = known
            .filter(|(code, _)| kinds.contains(*code))
            .map(|(_, name)| name.told(self.l))
            .collect();
        names.sort_unstable();
        names
    }
}

/// A position of a switch; `ja` and `nee` are also said in English.
fn answer_word(position: &str, l: Language) -> String {
    match position {
        "ja" => l.pick("ja", "yes").to_owned(),
        "nee" => l.pick("nee", "no").to_owned(),
        other => other.to_owned(),
    }
}
