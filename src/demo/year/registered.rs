//! What the organisations told the register: owners and dossiers in the first night, choices of owners
//! in the course of the year.

use http::Method;
use serde_json::{Value, json};

use super::events::{Event, Script, What};
use super::{DAY_MS, DAYS, KINDS, Year};
use crate::clock::Moment;
use crate::demo::dataset::{DatasetError, Party, form_hash};

/// Requests for joint handling in a week: 5 to 10 (LAW, the letter of 2021).
const JOINT_A_WEEK: u64 = 8;
/// Between two things told in the first night.
const APART_MS: i64 = 300;
const HEALTH: &str = "gezondheidsgegevens";

impl Script<'_> {
    /// What was known when the year began, told in its first night.
    pub(super) fn registry(&mut self) -> Result<(), DatasetError> {
        let long_ago = self.year.start().plus_ms(-1_500 * DAY_MS);
        for number in 0..self.year.addresses() {
            let at = self.year.start().plus_ms(i64::from(number) * APART_MS);
            let owners = json!({
                "nummeraanduiding": Year::address(number)?,
                "eigenaren": Year::owners(number)?,
                "per": long_ago,
            });
            let call = (Method::PUT, "/v1/adressen/_eigenaren");
            self.tell(at, Party::Ncg, call, owners);
        }
        // One after the other: two changes of one address cannot share a commit.
        for (party, hours) in [(Party::Ncg, 3), (Party::Img, 6)] {
            for number in 0..self.year.addresses() {
                if party == Party::Img && !Year::is_damaged(number) {
                    continue;
                }
                let into = hours * 3_600_000 + i64::from(number) * APART_MS;
                let dossier = json!({
                    "nummeraanduiding": Year::address(number)?,
                    "dossier": Year::dossier(number, party)?,
                    "actief": true,
                    "kenmerken": [],
                });
                let call = (Method::PUT, "/v1/adressen/_dossiers");
                let at = self.year.start().plus_ms(into);
                self.tell(at, party, call, dossier);
            }
        }
        Ok(())
    }

    fn choice(
        &self,
        number: u32,
        owner: usize,
        (kind, state): (&str, &str),
        at: Moment,
    ) -> Result<Value, DatasetError> {
        let owners = Year::owners(number)?;
        let owner = owners
            .iter()
            .nth(owner)
            .ok_or_else(|| DatasetError::Unknown(format!("owner of {number}")))?;
        let (purposes, kinds): (&[&str], &[&str]) = match kind {
            "toestemming" => (&["overig"], &["opnamerapport", "beoordeling"]),
            "bezwaar-afstemming" => (&["afstemming"], &["planning", "contactgegevens"]),
            "uitdrukkelijke-instemming" => (&["knelpunt-gezondheid"], &["gezondheidsgegevens"]),
            _ => (
                &["combinatie-behandeling"],
                &["opnamerapport", "planning", "schaderapport"],
            ),
        };
        let parties = &self.year.parties;
        let mut body = json!({
            "soort": kind,
            "nummeraanduiding": Year::address(number)?,
            "eigenaar": owner,
            "ontvangers": [parties.img, parties.ncg],
            "doelen": purposes,
            "documentsoorten": kinds,
            "geldigVan": at,
            "geldigTot": at.plus_ms(2 * DAYS * DAY_MS),
            "bewijs": {
                "soort": "ondertekend-formulier",
                "kenmerk": format!("formulier/{kind}/{number}"),
                "sha256": form_hash(&format!("{kind}/{number}")),
            },
            "tekst": {"taal": "nl", "versie": "2024-1"},
            "toestand": state,
        });
        if kind == "verzoek-gezamenlijk"
            && let Some(members) = body.as_object_mut()
        {
            members.insert("coordinator".to_owned(), json!(parties.ncg));
        }
        Ok(body)
    }

    /// What owners chose in the course of the year, and took back.
    pub(super) fn choices(&mut self) -> Result<(), DatasetError> {
        for (kind, count, taken_back) in [
            ("toestemming", self.scaled(1_500), 6),
            ("bezwaar-afstemming", self.scaled(400), 10),
            ("uitdrukkelijke-instemming", self.scaled(60), 5),
            ("verzoek-gezamenlijk", self.scaled(52 * JOINT_A_WEEK), 4),
        ] {
            for _ in 0..count {
                let number = self.address_for_choice(kind);
                self.chosen.entry(kind).or_default().push(number);
                let day = self.working_day();
                for owner in 0..Year::owners(number)?.len() {
                    let at = self.in_office_hours(day);
                    self.one_choice(number, owner, kind, at, taken_back)?;
                }
            }
        }
        Ok(())
    }

    fn one_choice(
        &mut self,
        number: u32,
        owner: usize,
        kind: &'static str,
        at: Moment,
        taken_back: u64,
    ) -> Result<(), DatasetError> {
        const PATH: &str = "/v1/toestemmingen";
        let party = if self.draw(100) < 40 {
            Party::Ncg
        } else {
            Party::Img
        };
        let mut given = at;
        if kind == "toestemming" {
            let asked = self.choice(number, owner, (kind, "gevraagd"), at)?;
            self.make(at, party, PATH, asked);
            let days = 1 + self.draw(9) + self.draw(9);
            given = at.plus_ms(days.cast_signed() * DAY_MS);
        }
        let answer = match self.draw(100) {
            0..12 if kind == "toestemming" => "geweigerd",
            12..20 if kind == "toestemming" => return Ok(()),
            _ => "gegeven",
        };
        if given >= self.year.end() {
            return Ok(());
        }
        let body = self.choice(number, owner, (kind, answer), given)?;
        let made = self.make(given, party, PATH, body);
        let later = given.plus_ms((1 + self.draw(120).cast_signed()) * DAY_MS);
        if answer == "gegeven" && self.draw(100) < taken_back && later < self.year.end() {
            self.events.push(Event {
                at: later,
                party,
                what: What::End {
                    made,
                    path: PATH,
                    what: "intrekken",
                    body: json!({"toestand": "ingetrokken"}),
                },
            });
        }
        Ok(())
    }

    /// Who agrees to an exchange of health data has some; nearly always one is found.
    fn address_for_choice(&mut self, kind: &str) -> u32 {
        let mut number = self.damaged_address();
        for _ in 0..2_000 {
            let mut kinds = Year::kinds(number, Party::Ncg).filter_map(|kind| KINDS.get(kind));
            if kind != "uitdrukkelijke-instemming" || kinds.any(|row| row.kind == HEALTH) {
                break;
            }
            number = self.damaged_address();
        }
        number
    }
}
