//! What the organisations asked of each other: the habits of ordinary days, unsafe situations, and the
//! planted abuse.

use serde_json::json;

use super::events::{Ask, Event, Script, What, is_working_day};
use super::{DAY_MS, DAYS, KINDS, Year, document_id};
use crate::clock::Moment;
use crate::demo::dataset::{DatasetError, Party};

/// What the organisations ask on an ordinary day: of a thousand requests how many, who asks, why,
/// and for which kinds.
type Habit = (u64, Party, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const HABITS: [Habit; 11] = [
    (400, Party::Img, "schade-afhandeling", &["opnamerapport", "beoordeling", "versterkingsadvies", "normbesluit", "funderingsonderzoek"]),
    (230, Party::Ncg, "versterking-uitvoering", &["schaderapport", "schadebesluit", "inspectierapport"]),
    (70, Party::Img, "afstemming", &["planning", "contactgegevens"]),
    (50, Party::Ncg, "afstemming", &["contactgegevens"]),
    (140, Party::Img, "immateriele-schade", &["planning", "beoordeling"]),
    (15, Party::Ncg, "veiligheidsnorm-melding", &["inspectierapport"]),
    (40, Party::Img, "overig", &["opnamerapport", "beoordeling"]),
    (20, Party::Img, "combinatie-behandeling", &["opnamerapport", "planning"]),
    (5, Party::Img, "knelpunt-gezondheid", &["gezondheidsgegevens"]),
    // What somebody new tries: the wrong kind, and the wrong way round.
    (20, Party::Img, "schade-afhandeling", &["planning", "contactgegevens"]),
    (10, Party::Ncg, "schade-afhandeling", &["schaderapport"]),
];

/// Requests on a working day, when all addresses take part.
const ASKED_A_DAY: u64 = 180;
const UNSAFE_A_YEAR: u64 = 150;
const EMPLOYEES: [u64; 2] = [60, 45];
/// The one who looks where nobody asked to: evenings in a row, house after house of one street.
pub(super) const ABUSER: u32 = 31;
pub(super) const ABUSE_CASE: &str = "IMG-zaak-000031";
const ABUSE_FIRST_DAY: i64 = 240;
const ABUSE_DAYS: i64 = 13;
const ABUSE_A_NIGHT: u32 = 7;

impl Script<'_> {
    /// Acutely unsafe situations, and what was asked for in the days after.
    pub(super) fn unsafe_situations(&mut self) -> Result<(), DatasetError> {
        const PATH: &str = "/v1/aos-meldingen";
        for case in 0..self.scaled(UNSAFE_A_YEAR).max(3) {
            let number = self.damaged_address();
            let day = 1 + self.draw((DAYS - 2).cast_unsigned()).cast_signed();
            let from = self.in_office_hours(day);
            let report = json!({
                "nummeraanduiding": Year::address(number)?,
                "van": from,
                "tot": from.plus_ms(28 * DAY_MS),
            });
            let made = self.make(from, Party::Img, PATH, report);
            for _ in 0..2 + self.draw(3) {
                let at = from.plus_ms(60_000 + self.draw(36 * 3_600_000).cast_signed());
                let asks = if self.draw(3) == 0 {
                    Party::Ncg
                } else {
                    Party::Img
                };
                self.ask(
                    at,
                    asks,
                    "aos",
                    number,
                    &["opnamerapport", "inspectierapport"],
                    case,
                );
            }
            let closed = from.plus_ms((3 + self.draw(24).cast_signed()) * DAY_MS);
            if closed < self.year.end() {
                self.events.push(Event {
                    at: closed,
                    party: Party::Img,
                    what: What::End {
                        made,
                        path: PATH,
                        what: "afsluiten",
                        body: json!({}),
                    },
                });
            }
        }
        Ok(())
    }

    /// An ordinary day at both offices; quiet in summer, nobody there at the weekend.
    pub(super) fn day(&mut self, day: i64) {
        if !is_working_day(self.day_at(day)) {
            return;
        }
        let month = self.day_at(day).to_string();
        let summer = matches!(month.get(5..7), Some("07" | "08"));
        let share = if summer { 60 } else { 75 + self.draw(50) };
        for _ in 0..self.scaled(ASKED_A_DAY * share) / 100 {
            let mut left = self.draw(1_000);
            let habit = HABITS.iter().find(|(weight, ..)| {
                let this = left < *weight;
                left = left.saturating_sub(*weight);
                this
            });
            let Some((_, party, purpose, kinds)) = habit else {
                continue;
            };
            let number = self.address_for(purpose);
            let at = self.in_office_hours(day);
            let case = self.draw(1_000_000);
            self.ask(at, *party, purpose, number, kinds, case);
        }
    }

    /// One request, by somebody of that organisation; nothing when the other has no such document.
    fn ask(
        &mut self,
        at: Moment,
        party: Party,
        purpose: &'static str,
        number: u32,
        kinds: &[&str],
        case: u64,
    ) {
        let holder = if party == Party::Img {
            Party::Ncg
        } else {
            Party::Img
        };
        let has = |kind: usize| KINDS.get(kind).is_some_and(|row| kinds.contains(&row.kind));
        let there: Vec<usize> = Year::kinds(number, holder)
            .filter(|kind| has(*kind))
            .collect();
        let chosen = self.draw(there.len() as u64);
        let chosen = usize::try_from(chosen).unwrap_or_default();
        let Some(kind) = there.get(chosen) else {
            return;
        };
        if at >= self.year.end() {
            return;
        }
        // Some have far more to do than others.
        let [of_img, of_ncg] = EMPLOYEES;
        let staff = if party == Party::Img { of_img } else { of_ncg };
        let employee = self.draw(staff).min(self.draw(staff));
        self.events.push(Event {
            at,
            party,
            what: What::Ask(Ask {
                employee: u32::try_from(employee).unwrap_or_default(),
                purpose,
                team: (purpose == "aos").then_some("aos"),
                case: format!("{}-zaak-{case:06}", party.code().to_uppercase()),
                document: document_id(number, *kind),
            }),
        });
    }

    /// The planted abuse: one employee, on many evenings, house after house of one street, all in
    /// one case that is about none of them.
    pub(super) fn abuse(&mut self) {
        let first = self.year.addresses() / 2;
        let mut house = 0;
        for day in ABUSE_FIRST_DAY..ABUSE_FIRST_DAY + ABUSE_DAYS {
            let evening = self.day_at(day).plus_ms(19 * 3_600_000 + 40 * 60_000);
            for visit in 0..ABUSE_A_NIGHT {
                let pause = self.draw(180_000).cast_signed();
                let at = evening.plus_ms(i64::from(visit) * 600_000 + pause);
                self.events.push(Event {
                    at,
                    party: Party::Img,
                    what: What::Ask(Ask {
                        employee: ABUSER,
                        purpose: "schade-afhandeling",
                        team: None,
                        case: ABUSE_CASE.to_owned(),
                        document: document_id((first + house) % self.year.addresses(), 0),
                    }),
                });
                house += 1;
            }
        }
    }

    /// Where a purpose is asked for: mostly where the owner chose what it needs.
    fn address_for(&mut self, purpose: &str) -> u32 {
        let choice = match purpose {
            "overig" => "toestemming",
            "combinatie-behandeling" => "verzoek-gezamenlijk",
            "knelpunt-gezondheid" => "uitdrukkelijke-instemming",
            "immateriele-schade" => return self.some_address(),
            _ => return self.damaged_address(),
        };
        let count = self.chosen.get(choice).map_or(0, Vec::len);
        let at = usize::try_from(self.draw(count as u64)).unwrap_or_default();
        let there = self.chosen.get(choice).and_then(|all| all.get(at)).copied();
        match there {
            Some(number) if self.draw(100) < 85 => number,
            _ => self.damaged_address(),
        }
    }
}
