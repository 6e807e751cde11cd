//! A search made again, as far as it can be: which documents there were is not in the book, so each
//! kind it listed must be one that some organisation's document could be permitted of, and each reason
//! it gave one that could be given.

use super::fault::Fault;
use super::{Found, Unjudged, With};
use crate::domain::{AddressFacts, DocumentKind};
use crate::ledger::entry::Entry;
use crate::policy::{Bundle, DocumentFacts, Judgement, Question, Reason};

pub(super) fn judge(
    entry: &Entry,
    facts: &AddressFacts,
    bundle: Option<&Bundle>,
    with: &With,
) -> Result<Found, Fault> {
    let requester = entry.aanvrager.ok_or(Fault::Lacks("aanvrager"))?;
    let purpose = entry.doel.as_ref().ok_or(Fault::Lacks("doel"))?;
    let Some(requesting) = with.organisations.find(requester) else {
        return Ok(Found::Unjudged(Unjudged::Organisation));
    };
    let possible = |kind: &DocumentKind| -> Vec<Judgement> {
        let Some(bundle) = bundle else {
            return Vec::new();
        };
        let others = with.organisations.iter().filter(|one| one.oin != requester);
        let each = others.flat_map(|one| [false, true].map(|health| (one, health)));
        each.map(|(providing, health)| {
            let question = Question {
                at: entry.tijd,
                requester,
                requester_role: &requesting.role,
                team: entry.team.as_ref(),
                purpose,
                document: DocumentFacts {
                    kind,
                    provider: providing.oin,
                    provider_role: &providing.role,
                    health,
                    address: facts.address,
                },
                address: facts,
            };
            bundle.judge(&question)
        })
        .collect()
    };
    for listed in &entry.getoond {
        let answers = possible(&listed.soort);
        if !answers.iter().any(|answer| answer.reason.is_none()) {
            return Err(Fault::Listed {
                kind: listed.soort.to_string(),
            });
        }
    }
    for withheld in &entry.onthouden {
        // A provider that was taken out of the configuration since gives this reason, and no other.
        if withheld.reden == Reason::PolicyUnusable.code() {
            continue;
        }
        let answers = possible(&withheld.soort);
        let given = |answer: &Judgement| {
            answer
                .reason
                .is_some_and(|reason| reason.code() == withheld.reden)
        };
        if !answers.iter().any(given) {
            return Err(Fault::Withheld {
                kind: withheld.soort.to_string(),
                reason: withheld.reden.clone(),
            });
        }
    }
    Ok(Found::Searched)
}
