//! What must be done because of a release, and how that stands.

use super::super::reviews::judgement_kind;
use super::super::words;
use crate::clock::Moment;
use crate::language::Language;
use crate::ledger::Found;
use crate::oversight::{Review, Standing};

/// The obligation to review afterwards.
pub(super) const REVIEW: &str = "nabeoordelen";
/// The obligation to tell the owner.
const INFORM: &str = "eigenaar-informeren";

/// Something that must be done because of a release.
pub(super) struct Duty {
    pub(super) text: String,
    pub(super) kind: &'static str,
    pub(super) standing: &'static str,
    pub(super) link: Option<String>,
}

/// What must be done because of it, and how that stands.
pub(super) fn of(
    found: &Found,
    review: Option<&(Review, Standing)>,
    is_asked: bool,
    now: Moment,
    l: Language,
) -> Vec<Duty> {
    let mut duties = Vec::new();
    let must = |duty: &str| found.entry.verplichtingen.iter().any(|code| code == duty);
    if must(INFORM) {
        duties.push(Duty {
            text: l
                .pick(
                    "De eigenaar informeren. Dat doet de organisatie die het document kreeg; deze poort volgt het niet.",
                    "Tell the owner. The organisation that received the document does so; this gateway does not follow it.",
                )
                .to_owned(),
            kind: "info",
            standing: "",
            link: None,
        });
    }
    if let Some((review, standing)) = review {
        let due = words::day(review.due.local().day(), l);
        let (kind, word) = match standing {
            Standing::Judged(judgement) => {
                (judgement_kind(*judgement), words::judgement(*judgement, l))
            }
            _ if now > review.due => ("nee", l.pick("te laat", "too late")),
            Standing::Half(_) => (
                "let-op",
                l.pick("wacht op een tweede persoon", "waits for a second person"),
            ),
            Standing::MoreInformation => (
                "let-op",
                l.pick("meer informatie gevraagd", "more information asked"),
            ),
            Standing::Waiting => (
                "let-op",
                l.pick("wacht op een oordeel", "waits for a judgement"),
            ),
        };
        duties.push(Duty {
            text: if is_asked {
                format!(
                    "{} {due}.",
                    l.pick("Achteraf beoordelen, uiterlijk", "Review afterwards, by")
                )
            } else {
                l.pick(
                    "Een privacy officer beoordeelde deze verstrekking, zonder dat een regel erom vroeg.",
                    "A privacy officer judged this release, though no rule asked for it.",
                )
                .to_owned()
            },
            kind,
            standing: word,
            link: Some(format!("/beoordelingen/{}", found.index)),
        });
    }
    duties
}
