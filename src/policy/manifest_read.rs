//! Checking a manifest: every word is known, every order and date makes sense, and whatever does not
//! is noted with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use super::manifest::{ActionInfo, ChoiceLimit, Manifest};
use super::manifest_file as file;
use super::mistake::Mistake;
use super::source::{MANIFEST, line_at, line_of};
use super::vocabulary::{Bilingual, PurposeInfo, PurposeRow, Switch, Vocabulary, is_sentence};
use super::words::OwnWords;
use crate::clock::Moment;
use crate::domain::{ChoiceKind, Purpose, Role, Word};

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) mistakes: Vec<Mistake>,
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
        words: impl IntoIterator<Item = (String, Bilingual)>,
    ) -> BTreeMap<T, Bilingual> {
        let mut map = BTreeMap::new();
        for (code, name) in words {
            let name = self.name(&code, name);
            let Some(word) = self.parsed::<T>(&code) else {
                continue;
            };
            if map.insert(word, name).is_some() {
                self.wrong(&code, format!("\"{code}\" staat er twee keer"));
            }
        }
        map
    }

    /// What people call the thing with this code, in both languages.
    fn name(&mut self, code: &str, name: Bilingual) -> Bilingual {
        for (text, what) in [(&name.dutch, "naam"), (&name.english, "name")] {
            if text.trim().is_empty() {
                self.wrong(code, format!("\"{code}\" heeft geen `{what}`"));
            }
        }
        name
    }

    pub(super) fn manifest(&mut self, folder: &str, written: file::Manifest) -> Option<Manifest> {
        if written.code != folder {
            self.wrong(
                &written.code,
                format!("de code moet gelijk zijn aan de naam van de map, \"{folder}\""),
            );
        }
        for (text, what) in [
            (&written.titel, "titel"),
            (&written.title, "title"),
            (&written.voorbehoud, "voorbehoud"),
            (&written.caveat, "caveat"),
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
        let retention = written.bewaartermijn.map(|told| self.retention(told));
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
        self.purposes(&written.doel, &actions, &mut vocabulary);
        self.translations(&written.vertaling, &mut vocabulary);
        let signers = self.signers(&written.ondertekenaars, &vocabulary);
        Some(Manifest {
            code: written.code,
            title: bilingual(written.titel, written.title),
            candidate: written.status == file::Status::Kandidaat,
            caveat: bilingual(one_line(&written.voorbehoud), one_line(&written.caveat)),
            from: from?,
            date_lines: [
                line_of(self.text, &format!("\"{}\"", written.van)),
                written
                    .tot
                    .and_then(|tot| line_of(self.text, &format!("\"{tot}\""))),
            ],
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
            retention,
        })
    }

    /// Who signs: at least everybody whose documents the bundle is about. One of them writes it, and must
    /// not free itself of another's consent.
    fn signers(&mut self, written: &[String], vocabulary: &Vocabulary) -> Vec<Role> {
        let signers: Vec<Role> = (written.iter())
            .filter_map(|role| self.known(role, &vocabulary.roles, "partij"))
            .collect();
        if signers.is_empty() {
            let message = "ondertekenaars: niemand, en een bundel geldt pas als er getekend is";
            let mut mistake = Mistake::in_file(MANIFEST, message);
            mistake.line = line_of(self.text, "ondertekenaars");
            self.mistakes.push(mistake);
        }
        let origins: BTreeSet<&Role> = vocabulary.kind_origins.values().flatten().collect();
        for missing in origins.into_iter().filter(|role| !signers.contains(role)) {
            let message = format!(
                "ondertekenaars: {missing} ontbreekt, en de bundel gaat over stukken van {missing}"
            );
            let mut mistake = Mistake::in_file(MANIFEST, message);
            mistake.line = line_of(self.text, "ondertekenaars");
            self.mistakes.push(mistake);
        }
        signers
    }

    /// Sentences in two languages; like that of a rule they can only be checked for being sentences.
    fn retention(&mut self, written: file::Bewaartermijn) -> Bilingual {
        let mut told = |language: &str, text: String| {
            let text = one_line(&text);
            if !is_sentence(&text) {
                let mut mistake = Mistake::in_file(
                    MANIFEST,
                    format!(
                        "bewaartermijn, `{language}`: verwacht een zin, met een hoofdletter en een punt"
                    ),
                );
                mistake.line = line_of(self.text, "[bewaartermijn]");
                self.mistakes.push(mistake);
            }
            text
        };
        bilingual(told("nl", written.nl), told("en", written.en))
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
            let name = bilingual(action.naam.clone(), action.name.clone());
            actions.push(ActionInfo {
                code: action.code.clone(),
                name: self.name(&action.code, name),
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
            for (text, what) in [
                (&s.vraag, "vraag"),
                (&s.question, "question"),
                (&s.toelichting, "toelichting"),
                (&s.explanation, "explanation"),
            ] {
                if text.trim().is_empty() {
                    let told = format!("schakelaar \"{}\": `{what}` is leeg", s.code);
                    self.wrong(&s.code, told);
                }
            }
            switches.push(Switch {
                code: s.code,
                question: bilingual(s.vraag, s.question),
                positions: s.standen,
                position: s.stand,
                explanation: bilingual(one_line(&s.toelichting), one_line(&s.explanation)),
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
                self.wrong(&limit.keuze, format!("\"{}\": verwacht {e}", limit.keuze));
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
        let pairs = |words: Vec<file::Woord>| {
            let words = words.into_iter();
            words.map(|w| (w.code, bilingual(w.naam, w.name)))
        };
        let mut vocabulary = Vocabulary {
            roles: self.words(pairs(roles)),
            teams: self.words(pairs(teams)),
            kinds: self.words(kinds.iter().map(|k| {
                let name = bilingual(k.naam.clone(), k.name.clone());
                (k.code.clone(), name)
            })),
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

    /// The own words of the parties. Each means one thing: whoever reads it must not have to guess.
    fn translations(&mut self, written: &[file::Vertaling], vocabulary: &mut Vocabulary) {
        for t in written {
            let Some(role) = self.known(&t.partij, &vocabulary.roles, "partij") else {
                continue;
            };
            let mut own = vocabulary.own.remove(&role).unwrap_or_default();
            match (&t.soort, &t.kenmerk, &t.doel) {
                (Some(kind), None, None) => {
                    self.translation(t, kind, &vocabulary.kinds, "soort", &mut own.kinds);
                }
                (None, Some(mark), None) => {
                    self.translation(t, mark, &vocabulary.marks, "kenmerk", &mut own.marks);
                }
                (None, None, Some(purpose)) => {
                    let known = &vocabulary.purposes;
                    self.translation(t, purpose, known, "doel", &mut own.purposes);
                }
                _ => self.wrong_word(t, "verwacht precies één van `soort`, `kenmerk` en `doel`"),
            }
            vocabulary.own.insert(role, own);
        }
    }

    fn translation<T: FromStr<Err: Display> + Display + Ord + Clone, V>(
        &mut self,
        written: &file::Vertaling,
        shared: &str,
        known: &BTreeMap<T, V>,
        what: &str,
        own: &mut OwnWords<T>,
    ) {
        let Some(shared) = self.known(shared, known, what) else {
            return;
        };
        let word = match Word::parse(written.woord.get_ref()) {
            Ok(word) => word,
            Err(malformed) => return self.wrong_word(written, format!("verwacht {malformed}")),
        };
        let also: Option<T> = word.as_str().to_lowercase().parse().ok();
        if also.is_some_and(|also| also != shared && known.contains_key(&also)) {
            self.wrong_word(
                written,
                format!("dat is zelf een {what} van deze bundel, en zou dan twee dingen betekenen"),
            );
        } else if what == "doel" && word.as_str().eq_ignore_ascii_case(Purpose::REGISTRY) {
            self.wrong_word(
                written,
                "dat is het doel van elk token voor index en register",
            );
        } else if !own.add(word, shared) {
            self.wrong_word(
                written,
                format!("is als {what} al vertaald voor {}", written.partij),
            );
        }
    }

    /// Notes a mistake about a translation at the line of its own word.
    fn wrong_word(&mut self, written: &file::Vertaling, what: impl Display) {
        let line = line_at(self.text, written.woord.span().start);
        let text = format!("vertaling van \"{}\": {what}", written.woord.get_ref());
        self.mistakes.push(Mistake::at(MANIFEST, line, text));
    }

    fn purposes(
        &mut self,
        written: &[file::Doel],
        actions: &[ActionInfo],
        vocabulary: &mut Vocabulary,
    ) {
        for purpose in written {
            let Some(code) = self.parsed::<Purpose>(&purpose.code) else {
                continue;
            };
            if code.is_registry() {
                self.wrong(
                    &purpose.code,
                    format!("\"{code}\" is het doel van elk token voor index en register"),
                );
            }
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
            let closed = purpose.gesloten.iter().flat_map(|closed| &closed.soorten);
            let closed: Vec<String> = closed.cloned().collect();
            let closed = self.known_set(&closed, &vocabulary.kinds, "soort");
            let info = PurposeInfo {
                closed,
                code,
                name: self.name(
                    &purpose.code,
                    bilingual(purpose.naam.clone(), purpose.name.clone()),
                ),
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

const fn bilingual(dutch: String, english: String) -> Bilingual {
    Bilingual { dutch, english }
}

/// A text of several lines, as one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
