//! One row of the table: the facts as a jurist writes them, and what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use super::manifest::Manifest;
use super::reason::Reason;
use super::table::Cells;
use crate::clock::Moment;
use crate::domain::{
    AddressFacts, AddressId, Aos, AosId, Choice, ChoiceId, ChoiceKind, ChoiceState, DocumentKind,
    Dossier, DossierNumber, Evidence, EvidenceKind, Language, Oin, OwnerId, Ownership, Purpose,
    Reference, Role, Sha256, ShownText, Team, Version,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A choice of which no beginning is written was made so many days before the moment of the row.
const CHOSEN_DAYS_BEFORE: i64 = 7;
/// The address every row is about, and the owners' first day there unless the row says otherwise.
const ADDRESS: &str = "0014200000000001";
const OWNED_SINCE: &str = "2015-01-01T00:00:00Z";

/// A row, parsed.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) number: String,
    pub(super) situation: String,
    pub(super) at: Moment,
    pub(super) requester: Party,
    pub(super) holder: Party,
    pub(super) purpose: Purpose,
    pub(super) team: Option<Team>,
    /// The row says the same of each of these.
    pub(super) kinds: Vec<DocumentKind>,
    pub(super) health: bool,
    pub(super) address: AddressFacts,
    /// Switches that stand otherwise than in the manifest.
    pub(super) switches: BTreeMap<String, String>,
    pub(super) expected: Expected,
}

/// An organisation of a row: its role, and its number when there are several.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) role: Role,
    pub(super) oin: Oin,
}

/// What a row expects.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// `None`: permitted.
    pub(super) reason: Option<Reason>,
    pub(super) ground: String,
    pub(super) article: String,
    pub(super) missing: String,
    pub(super) rules: String,
}

type Wrong = Vec<String>;

/// Reads a row, or says all that is wrong with it.
pub(super) fn read(cells: &Cells, manifest: &Manifest) -> Result<Row, Wrong> {
    let mut reader = Reader {
        cells,
        manifest,
        wrong: Vec::new(),
    };
    let row = reader.row();
    match row {
        Some(row) if reader.wrong.is_empty() => Ok(row),
        _ => Err(reader.wrong),
    }
}

struct Reader<'a> {
    cells: &'a Cells,
    manifest: &'a Manifest,
    wrong: Wrong,
}

impl Reader<'_> {
    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, text: &str) -> Option<T> {
        text.parse()
            .map_err(|e: T::Err| {
                self.wrong
                    .push(format!("{column}: \"{text}\": verwacht {e}"));
            })
            .ok()
    }

    fn moment(&mut self, column: &str, text: &str) -> Option<Moment> {
        let whole = if text.len() == 10 {
            format!("{text}T00:00:00Z")
        } else {
            text.to_owned()
        };
        Moment::parse(&whole)
            .map_err(|_| {
                self.wrong.push(format!(
                    "{column}: \"{text}\": verwacht een dag (2024-05-01) of een tijd in UTC (2024-05-01T10:00:00Z)"
                ));
            })
            .ok()
    }

    fn yes_or_no(&mut self, column: &str) -> bool {
        match self.cells.text(column) {
            "ja" => true,
            "nee" => false,
            other => {
                self.wrong
                    .push(format!("{column}: \"{other}\": verwacht ja of nee"));
                false
            }
        }
    }

    fn row(&mut self) -> Option<Row> {
        let cells = self.cells;
        if cells.text("nr").is_empty() || cells.text("situatie").is_empty() {
            self.wrong
                .push("nr en situatie mogen niet leeg zijn".to_owned());
        }
        let at = self.moment("moment", cells.text("moment"));
        let requester = self.party("aanvrager", cells.text("aanvrager"));
        let holder = self.party("houder", cells.text("houder"));
        let purpose = self.parsed("doel", cells.text("doel"));
        let team = match cells.text("team") {
            "" => None,
            team => self.parsed("team", team),
        };
        let kinds: Vec<DocumentKind> = list(cells.text("soort"), ',')
            .filter_map(|kind| self.parsed("soort", kind))
            .collect();
        if kinds.is_empty() {
            self.wrong
                .push("soort: verwacht ten minste één soort".to_owned());
        }
        let (at, requester, purpose) = (at?, requester?, purpose?);
        let mut row = Row {
            line: cells.line,
            number: cells.text("nr").to_owned(),
            situation: cells.text("situatie").to_owned(),
            at,
            holder: holder?,
            team,
            health: self.yes_or_no("gezondheid"),
            address: AddressFacts::nothing_known(AddressId::parse(ADDRESS).ok()?),
            switches: self.switches(),
            expected: self.expected()?,
            requester,
            purpose,
            kinds,
        };
        self.address(&mut row);
        Some(row)
    }

    /// `img`, or `gemeente 2` for a second one in the same role. A role the bundle does not know is
    /// allowed here: what happens then is for the row to say.
    fn party(&mut self, column: &str, text: &str) -> Option<Party> {
        let (role, number) = text.split_once(' ').unwrap_or((text, "1"));
        let role: Role = self.parsed(column, role)?;
        let number: u32 = self.parsed(column, number)?;
        let known = self
            .manifest
            .vocabulary
            .roles()
            .position(|(r, _)| *r == role);
        let place = known.map_or(0, |at| at + 1);
        let oin = self.parsed(column, &format!("{place:010}{number:010}"))?;
        Some(Party { role, oin })
    }

    fn switches(&mut self) -> BTreeMap<String, String> {
        let mut switches = BTreeMap::new();
        for item in list(self.cells.text("schakelaars"), ',') {
            let known = item.split_once('=').filter(|(code, position)| {
                let of_manifest = self.manifest.switches.iter().find(|s| s.code == *code);
                of_manifest.is_some_and(|s| s.positions.iter().any(|p| p == position))
            });
            match known {
                Some((code, position)) => {
                    switches.insert(code.to_owned(), position.to_owned());
                }
                None => self.wrong.push(format!(
                    "schakelaars: \"{item}\": verwacht een schakelaar van het manifest, als code=stand"
                )),
            }
        }
        switches
    }

    fn expected(&mut self) -> Option<Expected> {
        let cell = |column| self.cells.text(column).to_owned();
        let reason = match (self.cells.text("uitkomst"), self.cells.text("reden")) {
            ("toegestaan", "") => None,
            ("geweigerd", code) => {
                let found = Reason::find(code);
                if found.is_none() {
                    self.wrong.push(format!("reden: \"{code}\" is geen reden"));
                    return None;
                }
                found
            }
            _ => {
                self.wrong.push(
                    "uitkomst: verwacht toegestaan (zonder reden) of geweigerd (met reden)"
                        .to_owned(),
                );
                return None;
            }
        };
        Some(Expected {
            reason,
            ground: cell("grondslag"),
            article: cell("artikel"),
            missing: cell("ontbreekt"),
            rules: cell("regels"),
        })
    }

    fn address(&mut self, row: &mut Row) {
        row.address.ownerships = self.ownerships();
        if self.yes_or_no("combinatie") {
            // Everybody whose documents the bundle knows.
            let origins = self.manifest.vocabulary.kind_origins.values();
            let roles: BTreeSet<&Role> = origins.flatten().collect();
            let parties: Vec<Party> = (roles.into_iter())
                .filter_map(|role| self.party("combinatie", role.as_str()))
                .collect();
            row.address
                .dossiers
                .extend(parties.iter().filter_map(dossier));
        }
        for (column, kind) in [
            ("toestemming", ChoiceKind::Consent),
            ("instemming", ChoiceKind::ExplicitAgreement),
            ("bezwaar", ChoiceKind::Objection),
            ("verzoek", ChoiceKind::JointRequest),
        ] {
            for item in list(self.cells.text(column), '|') {
                if let Some(choice) = self.choice(column, kind, item, row) {
                    row.address.choices.push(choice);
                }
            }
        }
        for item in list(self.cells.text("aos"), '|') {
            if let Some(aos) = self.aos(item, row) {
                row.address.aos.push(aos);
            }
        }
    }

    /// `A, B`, or with dates `2015-01-01: A | 2024-01-01: B`.
    fn ownerships(&mut self) -> Vec<Ownership> {
        let mut ownerships = Vec::new();
        for (index, item) in (0_u64..).zip(list(self.cells.text("eigenaren"), '|')) {
            let (from, owners) = item.split_once(": ").unwrap_or((OWNED_SINCE, item));
            let Some(from) = self.moment("eigenaren", from) else {
                continue;
            };
            let owners: BTreeSet<OwnerId> = list(owners, ',')
                .filter_map(|owner| self.parsed("eigenaren", owner))
                .collect();
            ownerships.push(Ownership {
                from,
                owners,
                recorded_at: index,
            });
        }
        ownerships
    }

    /// `A gegeven`, and where it differs from the request: `van`, `tot`, `voor`, `doel`, `soort`.
    fn choice(&mut self, column: &str, kind: ChoiceKind, item: &str, row: &Row) -> Option<Choice> {
        let mut words = item.split_whitespace();
        let (Some(owner), Some(state)) = (words.next(), words.next()) else {
            self.wrong.push(format!(
                "{column}: \"{item}\": verwacht een eigenaar en een toestand, zoals A gegeven"
            ));
            return None;
        };
        let state = ChoiceState::parse(state)
            .map_err(|e| {
                self.wrong
                    .push(format!("{column}: \"{state}\": verwacht {e}"));
            })
            .ok()?;
        let mut choice = Choice {
            id: ChoiceId::parse("01900000-0000-7000-8000-000000000000").ok()?,
            kind,
            address: row.address.address,
            owner: self.parsed(column, owner)?,
            receivers: vec![row.requester.oin],
            purposes: vec![row.purpose.clone()],
            kinds: row.kinds.clone(),
            valid_from: row.at.plus_ms(-CHOSEN_DAYS_BEFORE * DAY_MS),
            valid_until: None,
            evidence: evidence()?,
            shown: ShownText {
                language: Language::parse("nl").ok()?,
                version: Version::parse("1").ok()?,
            },
            coordinator: None,
            recorded_by: row.requester.oin,
            state,
            changed_at: row.address.choices.len() as u64,
        };
        for (key, value) in self.pairs(column, words) {
            match key {
                "van" => choice.valid_from = self.moment(column, value)?,
                "tot" => choice.valid_until = Some(self.moment(column, value)?),
                "voor" => choice.receivers = vec![self.party(column, value)?.oin],
                "doel" => choice.purposes = vec![self.parsed(column, value)?],
                "soort" => choice.kinds = vec![self.parsed(column, value)?],
                _ => self.wrong.push(format!(
                    "{column}: \"{key}\": verwacht van, tot, voor, doel of soort"
                )),
            }
        }
        Some(choice)
    }

    /// `van 2024-05-01 tot 2024-05-15`, and `gesloten` with the moment if it was closed before.
    fn aos(&mut self, item: &str, row: &Row) -> Option<Aos> {
        let mut times = BTreeMap::new();
        for (key, value) in self.pairs("aos", item.split_whitespace()) {
            if !["van", "tot", "gesloten"].contains(&key) {
                self.wrong
                    .push(format!("aos: \"{key}\": verwacht van, tot of gesloten"));
            }
            times.insert(key, self.moment("aos", value)?);
        }
        let (Some(from), Some(until)) = (times.get("van"), times.get("tot")) else {
            self.wrong
                .push(format!("aos: \"{item}\": verwacht van … tot …"));
            return None;
        };
        Some(Aos {
            id: AosId::parse("01900000-0000-7000-8000-000000000001").ok()?,
            address: row.address.address,
            reported_by: row.holder.oin,
            from: *from,
            until: *until,
            closed: times.get("gesloten").copied(),
        })
    }

    fn pairs<'t>(
        &mut self,
        column: &str,
        mut words: impl Iterator<Item = &'t str>,
    ) -> Vec<(&'t str, &'t str)> {
        let mut pairs = Vec::new();
        while let Some(key) = words.next() {
            match words.next() {
                Some(value) => pairs.push((key, value)),
                None => self
                    .wrong
                    .push(format!("{column}: na \"{key}\" ontbreekt een waarde")),
            }
        }
        pairs
    }
}

fn list(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator)
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn dossier(party: &Party) -> Option<Dossier> {
    Some(Dossier {
        organisation: party.oin,
        number: DossierNumber::parse("1").ok()?,
        active: true,
        marks: BTreeSet::new(),
    })
}

fn evidence() -> Option<Evidence> {
    Some(Evidence {
        kind: EvidenceKind::parse("ondertekend-formulier").ok()?,
        reference: Reference::parse("tabel").ok()?,
        sha256: Sha256::from_bytes([0; 32]),
    })
}
