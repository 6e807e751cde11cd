//! `manifest.toml`: who agreed to what, from when, in which words, and how open questions are
//! answered. Read whole; everything that is wrong is reported together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;

use super::mistake::Mistake;
use super::source::{MANIFEST, line_at, line_of};
use super::vocabulary::{PurposeInfo, PurposeRow, Switch, Vocabulary};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, Role};

/// A manifest, read and checked.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) candidate: bool,
    pub(super) caveat: String,
    pub(super) from: Moment,
    pub(super) until: Option<Moment>,
    pub(super) signers: Vec<Role>,
    /// Title and place of each public text this is a reading of.
    pub(super) sources: Vec<(String, String)>,
    pub(super) vocabulary: Vocabulary,
    /// IRI → the name people use, such as `AVG 6(1)(c)`.
    pub(super) grounds: BTreeMap<String, String>,
    /// In order of rank.
    pub(super) actions: Vec<ActionInfo>,
    pub(super) switches: Vec<Switch>,
    pub(super) choice_limits: Vec<ChoiceLimit>,
    /// The longest an unsafe situation counts after its beginning, in days.
    pub(super) unsafe_situation_days: Option<u32>,
}

/// One ground that can be asked for.
#[derive(Debug, Clone)]
pub(super) struct ActionInfo {
    pub(super) code: String,
    /// Whether what is given on it must be reviewed afterwards.
    pub(super) review: bool,
}

/// From when a yes must have been given to count, while a switch stands a certain way.
#[derive(Debug, Clone)]
pub(super) struct ChoiceLimit {
    pub(super) kind: ChoiceKind,
    pub(super) from: Moment,
    pub(super) switch: String,
    pub(super) position: String,
}

mod file {
    //! The file as it is written.
    use std::collections::BTreeMap;

    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Manifest {
        pub(super) code: String,
        pub(super) titel: String,
        pub(super) status: Status,
        pub(super) voorbehoud: String,
        pub(super) van: String,
        pub(super) tot: Option<String>,
        pub(super) ondertekenaars: Vec<String>,
        pub(super) bron: Vec<Bron>,
        pub(super) gebied: Gebied,
        pub(super) aos: Option<Aos>,
        pub(super) partij: Vec<Woord>,
        pub(super) team: Vec<Woord>,
        pub(super) soort: Vec<Soort>,
        #[serde(default)]
        pub(super) kenmerk: Vec<Woord>,
        #[serde(default)]
        pub(super) vertaling: Vec<Vertaling>,
        pub(super) grondslag: Vec<Grondslag>,
        pub(super) handeling: Vec<Handeling>,
        pub(super) doel: Vec<Doel>,
        #[serde(default)]
        pub(super) schakelaar: Vec<Schakelaar>,
        #[serde(default)]
        pub(super) keuzegrens: Vec<Keuzegrens>,
    }

    #[derive(Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    pub(super) enum Status {
        Vastgesteld,
        Kandidaat,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Bron {
        pub(super) titel: String,
        pub(super) vindplaats: String,
    }

    /// Read so that it cannot be misspelt; the gateway does not test it, and says so.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Gebied {
        #[serde(rename = "artikel")]
        pub(super) _artikel: String,
        #[serde(rename = "gemeenten")]
        pub(super) _gemeenten: Vec<String>,
        pub(super) getoetst: bool,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    pub(super) struct Aos {
        pub(super) hoogstens_dagen: u32,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Woord {
        pub(super) code: String,
        pub(super) naam: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Soort {
        pub(super) code: String,
        pub(super) naam: String,
        pub(super) van: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Vertaling {
        pub(super) partij: String,
        pub(super) woord: String,
        pub(super) soort: Option<String>,
        pub(super) kenmerk: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Grondslag {
        pub(super) code: String,
        pub(super) iri: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Handeling {
        pub(super) code: String,
        #[serde(rename = "naam")]
        pub(super) _naam: String,
        #[serde(default)]
        pub(super) nabeoordeling: bool,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Doel {
        pub(super) code: String,
        pub(super) naam: String,
        pub(super) handelingen: Vec<String>,
        pub(super) verwerkingsactiviteit: BTreeMap<String, String>,
        pub(super) rij: Vec<Rij>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Rij {
        pub(super) van: Vec<String>,
        pub(super) naar: Vec<String>,
        pub(super) soorten: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Schakelaar {
        pub(super) code: String,
        pub(super) vraag: String,
        pub(super) standen: Vec<String>,
        pub(super) stand: String,
        pub(super) toelichting: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Keuzegrens {
        pub(super) keuze: String,
        pub(super) vanaf: String,
        pub(super) schakelaar: String,
        pub(super) stand: String,
    }
}

/// Reads the manifest of the bundle in this folder.
pub(super) fn read(folder: &str, text: &str) -> Result<Manifest, Vec<Mistake>> {
    let written = file::Manifest::deserialize(
        toml::Deserializer::parse(text).map_err(|e| vec![syntax(text, &e)])?,
    )
    .map_err(|e| vec![syntax(text, &e)])?;
    let mut reader = Reader {
        text,
        mistakes: Vec::new(),
    };
    let manifest = reader.manifest(folder, written);
    match manifest {
        Some(manifest) if reader.mistakes.is_empty() => Ok(manifest),
        _ => Err(reader.mistakes),
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Mistake {
    let message = error.message().to_owned();
    match error.span() {
        Some(span) => Mistake::at(MANIFEST, line_at(text, span.start), message),
        None => Mistake::in_file(MANIFEST, message),
    }
}

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    /// Notes a mistake at the first line that holds `near` as a TOML text.
    fn wrong(&mut self, near: &str, what: impl Into<String>) {
        let mut mistake = Mistake::in_file(MANIFEST, what);
        mistake.line = line_of(self.text, &format!("\"{near}\""));
        self.mistakes.push(mistake);
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, text: &str) -> Option<T> {
        text.parse()
            .map_err(|e: T::Err| self.wrong(text, format!("\"{text}\": verwacht {e}")))
            .ok()
    }

    fn moment(&mut self, text: &str) -> Option<Moment> {
        Moment::parse(text)
            .map_err(|_| {
                self.wrong(
                    text,
                    format!("\"{text}\": verwacht een tijd in UTC, zoals 2023-04-18T22:00:00Z"),
                );
            })
            .ok()
    }

    /// Parses a word that must be among those known.
    fn known<T: FromStr<Err: Display> + Ord, V>(
        &mut self,
        text: &str,
        known: &BTreeMap<T, V>,
        what: &str,
    ) -> Option<T> {
        let word: T = self.parsed(text)?;
        if known.contains_key(&word) {
            return Some(word);
        }
        self.wrong(text, format!("\"{text}\" is geen {what} van deze bundel"));
        None
    }

    fn known_set<T: FromStr<Err: Display> + Ord, V>(
        &mut self,
        texts: &[String],
        known: &BTreeMap<T, V>,
        what: &str,
    ) -> BTreeSet<T> {
        texts
            .iter()
            .filter_map(|text| self.known(text, known, what))
            .collect()
    }

    fn words<T: FromStr<Err: Display> + Ord>(
        &mut self,
        words: impl IntoIterator<Item = (String, String)>,
    ) -> BTreeMap<T, String> {
        let mut map = BTreeMap::new();
        for (code, name) in words {
            let Some(word) = self.parsed::<T>(&code) else {
                continue;
            };
            if name.trim().is_empty() {
                self.wrong(&code, format!("\"{code}\" heeft geen naam"));
            }
            if map.insert(word, name).is_some() {
                self.wrong(&code, format!("\"{code}\" staat er twee keer"));
            }
        }
        map
    }

    fn manifest(&mut self, folder: &str, written: file::Manifest) -> Option<Manifest> {
        if written.code != folder {
            self.wrong(
                &written.code,
                format!("de code moet gelijk zijn aan de naam van de map, \"{folder}\""),
            );
        }
        for (text, what) in [
            (&written.titel, "titel"),
            (&written.voorbehoud, "voorbehoud"),
        ] {
            if text.trim().is_empty() {
                self.wrong(text, format!("`{what}` is leeg"));
            }
        }
        if written.gebied.getoetst {
            self.wrong(
                "getoetst",
                "de poort kan het gebied niet toetsen: verwacht `getoetst = false`",
            );
        }
        let from = self.moment(&written.van);
        let until = written.tot.as_deref().map(|tot| self.moment(tot));
        if let (Some(from), Some(Some(until))) = (from, until)
            && until <= from
        {
            self.wrong("tot", "`tot` moet na `van` liggen");
        }
        let grounds = self.grounds(&written.grondslag);
        let actions = self.actions(&written.handeling);
        let switches = self.switches(written.schakelaar);
        let choice_limits = self.choice_limits(&written.keuzegrens, &switches);
        let mut vocabulary = self.vocabulary(
            written.partij,
            written.team,
            &written.soort,
            written.kenmerk,
        );
        self.translations(&written.vertaling, &mut vocabulary);
        self.purposes(&written.doel, &actions, &mut vocabulary);
        let signers: Vec<Role> = written
            .ondertekenaars
            .iter()
            .filter_map(|role| self.known(role, &vocabulary.roles, "partij"))
            .collect();
        Some(Manifest {
            code: written.code,
            title: written.titel,
            candidate: written.status == file::Status::Kandidaat,
            caveat: written.voorbehoud.trim().replace('\n', " "),
            from: from?,
            until: match until {
                Some(until) => Some(until?),
                None => None,
            },
            signers,
            sources: written
                .bron
                .into_iter()
                .map(|b| (b.titel, b.vindplaats))
                .collect(),
            vocabulary,
            grounds,
            actions,
            switches,
            choice_limits,
            unsafe_situation_days: written.aos.map(|aos| aos.hoogstens_dagen),
        })
    }

    fn grounds(&mut self, written: &[file::Grondslag]) -> BTreeMap<String, String> {
        let mut grounds = BTreeMap::new();
        for ground in written {
            if grounds
                .insert(ground.iri.clone(), ground.code.clone())
                .is_some()
            {
                self.wrong(
                    &ground.iri,
                    format!("\"{}\" staat er twee keer", ground.iri),
                );
            }
        }
        grounds
    }

    fn actions(&mut self, written: &[file::Handeling]) -> Vec<ActionInfo> {
        let mut actions: Vec<ActionInfo> = Vec::new();
        for action in written {
            if actions.iter().any(|a| a.code == action.code) {
                self.wrong(
                    &action.code,
                    format!("\"{}\" staat er twee keer", action.code),
                );
            }
            actions.push(ActionInfo {
                code: action.code.clone(),
                review: action.nabeoordeling,
            });
        }
        actions
    }

    fn switches(&mut self, written: Vec<file::Schakelaar>) -> Vec<Switch> {
        let mut switches: Vec<Switch> = Vec::new();
        for s in written {
            if switches.iter().any(|known| known.code == s.code) {
                self.wrong(&s.code, format!("\"{}\" staat er twee keer", s.code));
            }
            if !s.standen.contains(&s.stand) {
                self.wrong(
                    &s.code,
                    format!(
                        "schakelaar \"{}\": de stand \"{}\" is geen van zijn standen",
                        s.code, s.stand
                    ),
                );
            }
            switches.push(Switch {
                code: s.code,
                question: s.vraag,
                positions: s.standen,
                position: s.stand,
                explanation: s.toelichting.trim().replace('\n', " "),
            });
        }
        switches
    }

    fn choice_limits(
        &mut self,
        written: &[file::Keuzegrens],
        switches: &[Switch],
    ) -> Vec<ChoiceLimit> {
        let mut limits = Vec::new();
        for limit in written {
            let kind = ChoiceKind::parse(&limit.keuze).map_err(|e| {
                self.wrong(&limit.keuze, format!("\"{}\": verwacht {e}", limit.keuze))
            });
            let from = self.moment(&limit.vanaf);
            let known = switches
                .iter()
                .any(|s| s.code == limit.schakelaar && s.positions.contains(&limit.stand));
            if !known {
                self.wrong(
                    &limit.vanaf,
                    format!(
                        "keuzegrens: er is geen schakelaar \"{}\" met stand \"{}\"",
                        limit.schakelaar, limit.stand
                    ),
                );
            }
            if let (Ok(kind), Some(from)) = (kind, from) {
                limits.push(ChoiceLimit {
                    kind,
                    from,
                    switch: limit.schakelaar.clone(),
                    position: limit.stand.clone(),
                });
            }
        }
        limits
    }

    fn vocabulary(
        &mut self,
        roles: Vec<file::Woord>,
        teams: Vec<file::Woord>,
        kinds: &[file::Soort],
        marks: Vec<file::Woord>,
    ) -> Vocabulary {
        let pairs = |words: Vec<file::Woord>| words.into_iter().map(|w| (w.code, w.naam));
        let mut vocabulary = Vocabulary {
            roles: self.words(pairs(roles)),
            teams: self.words(pairs(teams)),
            kinds: self.words(kinds.iter().map(|k| (k.code.clone(), k.naam.clone()))),
            marks: self.words(pairs(marks)),
            ..Vocabulary::default()
        };
        for kind in kinds {
            let origins = self.known_set(&kind.van, &vocabulary.roles, "partij");
            if let Ok(code) = kind.code.parse() {
                vocabulary.kind_origins.insert(code, origins);
            }
        }
        vocabulary
    }

    fn translations(&mut self, written: &[file::Vertaling], vocabulary: &mut Vocabulary) {
        for t in written {
            let Some(role) = self.known(&t.partij, &vocabulary.roles, "partij") else {
                continue;
            };
            let word = (role, t.woord.to_lowercase());
            let twice = match (&t.soort, &t.kenmerk) {
                (Some(kind), None) => self
                    .known(kind, &vocabulary.kinds, "soort")
                    .is_some_and(|kind| vocabulary.kind_words.insert(word, kind).is_some()),
                (None, Some(mark)) => self
                    .known(mark, &vocabulary.marks, "kenmerk")
                    .is_some_and(|mark| vocabulary.mark_words.insert(word, mark).is_some()),
                _ => {
                    self.wrong(
                        &t.woord,
                        format!(
                            "vertaling van \"{}\": verwacht óf `soort` óf `kenmerk`",
                            t.woord
                        ),
                    );
                    false
                }
            };
            if twice {
                self.wrong(
                    &t.woord,
                    format!("\"{}\" is al vertaald voor {}", t.woord, t.partij),
                );
            }
        }
    }

    fn purposes(
        &mut self,
        written: &[file::Doel],
        actions: &[ActionInfo],
        vocabulary: &mut Vocabulary,
    ) {
        for purpose in written {
            let Some(code) = self.parsed(&purpose.code) else {
                continue;
            };
            self.purpose_actions(purpose, actions);
            let mut activities = BTreeMap::new();
            for (role, uri) in &purpose.verwerkingsactiviteit {
                if !uri.starts_with("https://") {
                    self.wrong(
                        uri,
                        format!("\"{uri}\": verwacht een URI die met https:// begint"),
                    );
                }
                if let Some(role) = self.known(role, &vocabulary.roles, "partij") {
                    activities.insert(role, uri.clone());
                }
            }
            let rows: Vec<PurposeRow> = purpose
                .rij
                .iter()
                .map(|row| PurposeRow {
                    from: self.known_set(&row.van, &vocabulary.roles, "partij"),
                    to: self.known_set(&row.naar, &vocabulary.roles, "partij"),
                    kinds: self.known_set(&row.soorten, &vocabulary.kinds, "soort"),
                })
                .collect();
            for role in rows.iter().flat_map(|row| row.from.iter().chain(&row.to)) {
                if !activities.contains_key(role) {
                    self.wrong(
                        &purpose.code,
                        format!(
                            "doel \"{}\": de verwerkingsactiviteit van {role} ontbreekt",
                            purpose.code
                        ),
                    );
                }
            }
            let info = PurposeInfo {
                code,
                name: purpose.naam.clone(),
                actions: purpose.handelingen.clone(),
                activities,
                rows,
            };
            if vocabulary
                .purposes
                .insert(info.code.clone(), info)
                .is_some()
            {
                self.wrong(
                    &purpose.code,
                    format!("\"{}\" staat er twee keer", purpose.code),
                );
            }
        }
    }

    /// The actions of a purpose exist and stand in the order of rank.
    fn purpose_actions(&mut self, purpose: &file::Doel, actions: &[ActionInfo]) {
        let rank = |code: &String| actions.iter().position(|a| a.code == *code);
        if purpose.handelingen.is_empty() {
            self.wrong(
                &purpose.code,
                format!("doel \"{}\" heeft geen handelingen", purpose.code),
            );
        }
        for unknown in purpose.handelingen.iter().filter(|a| rank(a).is_none()) {
            self.wrong(
                unknown,
                format!("\"{unknown}\" is geen handeling van deze bundel"),
            );
        }
        if !purpose
            .handelingen
            .iter()
            .map(rank)
            .is_sorted_by(|a, b| a < b)
        {
            self.wrong(
                &purpose.code,
                format!(
                    "doel \"{}\": de handelingen staan niet in volgorde van rang",
                    purpose.code
                ),
            );
        }
    }
}
