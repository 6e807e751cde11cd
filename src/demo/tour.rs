//! The tour: every case of the dataset, a withdrawal that binds the next request, and the proof of
//! one release checked from outside. One line each, with the outcome and its ground.

use serde_json::Value;

use super::caller::{CallError, Claims};
use super::dataset::{Case, Party};
use super::lines::{Group, LINES, Line, TEXT_COLUMNS};
use super::play::{self, Played};
use super::register::{self, RegisterError};
use super::screen::{Ink, Screen, padded};
use super::stage::Stage;
use crate::domain::ChoiceState;
use crate::ledger::entry::Entry;
use crate::ledger::note::Verifier;
use crate::ledger::proof::{self, NotProven};

/// Where the text of a case begins.
const TEXT_AT: usize = 14;

/// Why the tour came to no end.
#[derive(Debug, thiserror::Error)]
pub enum TourError {
    /// A call had no answer.
    #[error("the tour was broken off")]
    Call(#[from] CallError),
    /// The gateway refused what the tour rests on.
    #[error("the tour was broken off")]
    Register(#[from] RegisterError),
}

/// How the tour went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases there are.
    pub cases: usize,
    /// Of those, how many came out as expected.
    pub right: usize,
    /// Whether the withdrawal and the proof were as they should be.
    pub rest_is_right: bool,
    /// Documents released.
    pub documents: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Tally {
    /// Whether everything was as expected.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.cases == self.right && self.rest_is_right
    }
}

impl Stage {
    /// Plays the tour.
    ///
    /// # Errors
    /// [`TourError`]; an outcome that was not expected is no error, but shown and counted.
    pub async fn tour(&mut self, screen: &mut Screen, key: &Verifier) -> Result<Tally, TourError> {
        let cases = self.dataset.cases.clone();
        let mut tally = Tally {
            cases: cases.len(),
            ..Tally::default()
        };
        let mut shown = None;
        for group in Group::ALL {
            let named = |line: &'static Line| {
                let found = cases.iter().find(|case| case.name == line.name);
                found.map(|case| (line, case))
            };
            let of_group = LINES
                .iter()
                .filter(|line| line.group == group)
                .filter_map(named);
            let of_group: Vec<(&Line, &Case)> = of_group.collect();
            let ground = of_group
                .iter()
                .find_map(|(_, case)| case.expect.ground.as_deref());
            let ground = ground.map(|iri| article(screen, iri)).unwrap_or_default();
            screen.heading(group.heading(screen.language()), &ground);
            for (line, case) in of_group {
                let played = self.play(case, screen.language()).await?;
                self.show(screen, case, line.text(screen.language()), &played);
                tally.right += usize::from(played.wrong.is_none());
                if played.granted {
                    tally.documents += 1;
                    tally.bytes += played.bytes;
                    shown.get_or_insert((case, played.transaction));
                }
            }
        }
        let bound = self.withdrawal(screen).await?;
        let proven = match shown {
            Some((case, transaction)) => self.prove(screen, case, &transaction, key).await?,
            None => false,
        };
        tally.rest_is_right = bound && proven;
        conclude(screen, &tally);
        Ok(tally)
    }

    /// Shows one case.
    fn show(&self, screen: &mut Screen, case: &Case, text: &str, played: &Played) {
        let (mark, ink) = match (&played.wrong, played.granted) {
            (Some(_), _) => ("!", Ink::Wrong),
            (None, true) => ("✓", Ink::Good),
            (None, false) => ("×", Ink::Refused),
        };
        let holder = self.holder(case).map_or("?", short);
        let route = format!("{} ← {holder}", short(case.asks));
        let line = format!(
            " {} {}  {}  {}",
            screen.ink(ink, mark),
            padded(&route, 9),
            padded(text, TEXT_COLUMNS),
            screen.ink(ink, &played.outcome)
        );
        screen.line(line.trim_end());
        if let Some(wrong) = &played.wrong {
            let expected = format!("{}: {wrong}", screen.pick("verwacht", "expected"));
            let expected = screen.ink(Ink::Wrong, &expected);
            screen.line(&format!("{}{expected}", " ".repeat(TEXT_AT)));
        }
        if !played.granted {
            let missing = play::missing(&played.missing, screen.language());
            let missing = if missing.is_empty() {
                screen
                    .pick(
                        "geen ontbrekend feit zou dit anders maken",
                        "no missing fact would change this",
                    )
                    .to_owned()
            } else {
                format!("{}: {missing}", screen.pick("ontbreekt", "missing"))
            };
            screen.paragraph(TEXT_AT, &missing);
        }
    }

    /// A consent is taken back between two requests.
    async fn withdrawal(&mut self, screen: &mut Screen) -> Result<bool, TourError> {
        screen.heading(
            screen.pick(
                "Een intrekking bindt het eerstvolgende verzoek",
                "A withdrawal binds the very next request",
            ),
            "",
        );
        let tour = self.dataset.tour.clone();
        let choices = &self.dataset.choices;
        let choice = choices.iter().find(|choice| choice.key == tour.consent);
        let choice = choice.cloned();
        let choice = choice.ok_or_else(|| CallError::Answer(tour.consent.to_owned()))?;
        let id = register::given(&mut self.callers, &choice).await?;
        let before = self.play(&tour.request, screen.language()).await?;
        let text = screen.pick(
            "schademelding, met toestemming",
            "damage report, with consent",
        );
        self.show(screen, &tour.request, text, &before);

        let (party, state) = (choice.recorded_by, ChoiceState::Withdrawn);
        let recorded =
            register::take_back(&mut self.callers, party, &id.to_string(), state).await?;
        let index = recorded
            .get("index")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let line = format!(
            "   {}  {}  {} #{index}",
            padded(short(party), 9),
            padded(
                screen.pick("de eigenaar trekt die in", "the owner takes it back"),
                TEXT_COLUMNS
            ),
            screen.pick("logboek", "ledger")
        );
        screen.line(&line);

        let mut after = tour.request.clone();
        after.expect.status = 403;
        after.expect.ground = None;
        after.expect.article = None;
        after.expect.reason = Some("TOESTEMMING_INGETROKKEN");
        let played = self.play(&after, screen.language()).await?;
        let text = screen.pick(
            "hetzelfde verzoek, meteen daarna",
            "the same request, right after it",
        );
        self.show(screen, &after, text, &played);
        Ok(before.wrong.is_none() && played.wrong.is_none())
    }

    /// Fetches the proof of a release and checks it with nothing but the ledger's public key.
    async fn prove(
        &mut self,
        screen: &mut Screen,
        case: &Case,
        transaction: &str,
        key: &Verifier,
    ) -> Result<bool, TourError> {
        screen.heading(
            screen.pick(
                "Het bewijs van de eerste afgifte, van buiten nagerekend",
                "The proof of the first release, checked from outside",
            ),
            "",
        );
        let told = self.decision(case, transaction).await?;
        let path = format!("/v1/besluiten/{transaction}/bewijs");
        let proof = self
            .callers
            .of(case.asks)
            .get(&path, Claims::registry()?)
            .await?
            .text();
        let line = told
            .get("vermelding")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let entry = Entry::parse(line.as_bytes()).ok();
        let proven = proof::check(&proof, line.as_bytes(), key);
        let (index, tree, signed) = self::told(screen, &proven);
        let permitted = told.pointer("/besluit/uitkomst").and_then(Value::as_str);
        let same = permitted == Some("toegestaan")
            && told.get("index").and_then(Value::as_u64) == proven.ok().map(|proven| proven.index);

        let opening = told.pointer("/openingen/nummeraanduiding");
        let opens = entry
            .zip(opening)
            .is_some_and(|(entry, opening)| proof::opens(&entry, "nummeraanduiding", opening));
        let closing = told.pointer("/afgifte/index").and_then(Value::as_u64);
        let bytes = told
            .pointer("/afgifte/bytes")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let closed = closing.is_some_and(|closing| Some(closing) > proven.ok().map(|p| p.index))
            && told.pointer("/afgifte/einde").and_then(Value::as_str) == Some("volledig");
        let size = screen.language().size(bytes);
        let closing = closing.map_or_else(String::new, |closing| format!("#{closing} "));
        let found = [
            (same, screen.pick("het besluit", "the decision"), index),
            (
                proven.is_ok(),
                screen.pick("in de boom", "in the tree"),
                tree,
            ),
            (proven.is_ok(), screen.pick("ondertekend", "signed"), signed),
            (
                opens,
                screen.pick("het adres", "the address"),
                screen
                    .pick(
                        "staat er alleen verzegeld in; de opening past op het zegel",
                        "is in it under seal only; its opening fits the seal",
                    )
                    .to_owned(),
            ),
            (
                closed,
                screen.pick("de afgifte", "the release"),
                format!(
                    "{closing}{}: {size}, {}",
                    screen.pick("volledig", "complete"),
                    screen.pick("SHA-256 zoals bij de bron", "SHA-256 as at its source")
                ),
            ),
        ];
        let mut all = true;
        for (right, what, how) in found {
            let (mark, ink) = if right {
                ("✓", Ink::Good)
            } else {
                ("!", Ink::Wrong)
            };
            screen.line(&format!(
                " {} {}  {how}",
                screen.ink(ink, mark),
                padded(what, 12)
            ));
            all &= right;
        }
        Ok(all)
    }
}

/// What a checked proof shows, in three lines.
fn told(screen: &Screen, proven: &Result<proof::Proven, NotProven>) -> (String, String, String) {
    match proven {
        Ok(proven) => (
            format!(
                "#{} {}",
                proven.index,
                screen.pick(
                    "toegestaan; bladhash herrekend uit de vermelding",
                    "permitted; leaf hash computed from the entry itself"
                )
            ),
            format!(
                "{} {}",
                proven.hashes,
                screen
                    .pick(
                        "hashes leiden naar de wortel over {} vermeldingen",
                        "hashes lead to the root over {} entries"
                    )
                    .replace("{}", &proven.size.to_string())
            ),
            screen
                .pick(
                    "het controlepunt, met de sleutel van het logboek",
                    "the checkpoint, by the ledger's key",
                )
                .to_owned(),
        ),
        Err(error) => (error.to_string(), error.to_string(), error.to_string()),
    }
}

fn conclude(screen: &mut Screen, tally: &Tally) {
    let Tally {
        cases,
        right,
        documents,
        bytes,
        ..
    } = *tally;
    let ink = if tally.is_clean() {
        Ink::Good
    } else {
        Ink::Wrong
    };
    let summary = format!(
        "{right} {} {cases} {}",
        screen.pick("van", "of"),
        screen.pick("zoals verwacht", "as expected")
    );
    let rest = if tally.rest_is_right {
        screen.pick(
            "; de intrekking en het bewijs ook",
            "; the withdrawal and the proof too",
        )
    } else {
        screen.pick(
            "; de intrekking of het bewijs niet",
            "; the withdrawal or the proof not",
        )
    };
    let summary = screen.ink(ink, &format!("{summary}{rest}"));
    screen.gap();
    screen.line(&format!(" {summary}"));
    if right < cases {
        screen.paragraph(
            1,
            screen.pick(
                "De rondleiding gaat over de regels waarmee de map begon. Beslist er nu een andere bundel \
                 (sluis policy agreements --config sluis.toml), dan valt zij anders uit; met --dir begint u \
                 een nieuwe map.",
                "The tour is about the rules its folder began with. Where another bundle decides now \
                 (sluis policy agreements --config sluis.toml) it ends otherwise; --dir begins a new folder.",
            ),
        );
    }
    let size = screen.language().size(bytes);
    let released = match screen.language() {
        super::Language::Dutch => format!(
            "{documents} documenten afgegeven, samen {size}, elk gelijk aan dat van de bron"
        ),
        super::Language::English => {
            format!("{documents} documents released, {size} in all, each identical to its source's")
        }
    };
    screen.paragraph(1, &released);
}

const fn short(party: Party) -> &'static str {
    match party {
        Party::Img => "IMG",
        Party::Ncg => "NCG",
        Party::Municipality => "gem",
    }
}

/// `…#A6-1-c` as people write it: `AVG 6(1)(c)`.
fn article(screen: &Screen, iri: &str) -> String {
    let (_, code) = iri.rsplit_once("#A").unwrap_or_default();
    let mut parts = code.split('-');
    let mut text = format!(
        "{} {}",
        screen.pick("AVG", "GDPR"),
        parts.next().unwrap_or_default()
    );
    for part in parts {
        text.push('(');
        text.push_str(part);
        text.push(')');
    }
    text
}
