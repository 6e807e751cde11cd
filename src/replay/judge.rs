//! A decision made again, and compared with what was recorded.

use super::case::{Case, On, asked_policy};
use super::fault::{Fault, Told};
use super::{Counts, Found, Judge, Unjudged, With, search};
use crate::domain::{AddressFacts, Organisations, OwnerId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Entry, Kind, Shadow};
use crate::policy::{self, Bundle, DocumentFacts, Judgement, NotInForce, Question, Reason, Said};

/// Whether what was recorded follows.
#[derive(Debug)]
pub(super) struct Follows;

impl Judge for Follows {
    type Tally = Counts;

    fn judge(&self, case: Case, with: &With, tally: &mut Counts) -> Result<(), Fault> {
        let index = case.index();
        tally.count(index, judge(case, with)?);
        Ok(())
    }
}

/// Judges one case.
fn judge(case: Case, with: &With) -> Result<Found, Fault> {
    let Case {
        leaf,
        on,
        activations,
        strangers,
    } = case;
    let entry = &leaf.entry;
    let searched = entry.soort == Kind::Search;
    let (facts, erased) = match &on {
        _ if !searched && !asked_policy(entry) => return Ok(Found::Unasked),
        On::Nothing => return Err(Fault::Lacks("gezien")),
        On::ErasedAddress => return Ok(Found::Unjudged(Unjudged::Erased)),
        On::ErasedFacts => return Ok(Found::Unjudged(Unjudged::ErasedBefore)),
        On::Facts { facts, erased } => (&**facts, *erased),
    };
    let bundle = match policy::in_force(&with.policies, &activations, entry.tijd) {
        Ok(bundle) => Some(bundle),
        Err(NotInForce::None | NotInForce::Candidate(_)) => None,
        Err(NotInForce::Unknown(missing)) => {
            let found = without_bundle(entry, searched, missing)?;
            return owners_too(&leaf, facts, erased).map(|()| found);
        }
    };
    let judged = if searched {
        search::judge(entry, facts, bundle.as_deref(), with)
    } else {
        decision(entry, facts, bundle.as_deref(), with)
    };
    let found = match judged {
        // What is left of its history says something else than all of it may have said.
        Err(_) if erased => Found::Unjudged(Unjudged::ErasedBefore),
        // Whose documents were searched is not in the book: perhaps those of one that left.
        Err(_) if searched && strangers => Found::Unjudged(Unjudged::Organisation),
        judged => judged?,
    };
    owners_too(&leaf, facts, erased).map(|()| found)
}

/// What can be said of a decision whose bundle is not at hand: it must be that one, or the refusal of
/// a gateway that did not have it either.
fn without_bundle(
    entry: &Entry,
    searched: bool,
    missing: crate::domain::Sha256,
) -> Result<Found, Fault> {
    let same = entry.bundel == Some(missing) || (entry.bundel.is_none() && is_unusable(entry));
    if searched || same {
        Ok(Found::Unjudged(Unjudged::Bundle))
    } else {
        Err(Fault::Bundle {
            recorded: entry.bundel,
            in_force: missing,
        })
    }
}

/// Whether it is a refusal because nothing could be checked.
fn is_unusable(entry: &Entry) -> bool {
    entry.reden.as_deref() == Some(Reason::PolicyUnusable.code())
        && entry.regels.is_empty()
        && entry.verplichtingen.is_empty()
        && entry.grondslag.is_none()
        && entry.artikel.is_none()
}

fn decision(
    entry: &Entry,
    facts: &AddressFacts,
    bundle: Option<&Bundle>,
    with: &With,
) -> Result<Found, Fault> {
    let Some(bundle) = bundle else {
        return if is_unusable(entry) && entry.bundel.is_none() {
            Ok(Found::Followed)
        } else {
            Err(differs(entry, Told::unusable(entry)))
        };
    };
    if entry.bundel != Some(bundle.hash()) && !(is_unusable(entry) && entry.bundel.is_none()) {
        return Err(Fault::Bundle {
            recorded: entry.bundel,
            in_force: bundle.hash(),
        });
    }
    let Some(question) = question(entry, facts, &with.organisations)? else {
        return Ok(Found::Unjudged(Unjudged::Organisation));
    };
    let judgement = bundle.judge(&question);
    if says(entry, &judgement) {
        return beside(entry, (bundle, &judgement), &question, with);
    }
    // A gateway that lacked the bundle or the organisation then refused, as it must.
    if is_unusable(entry) {
        return Ok(Found::Unjudged(Unjudged::Unusable));
    }
    Err(differs(entry, Told::follows(&judgement, entry)))
}

/// What was asked, on the facts of its address; `None` where the configuration lacks an organisation it
/// names.
pub(super) fn question<'a>(
    entry: &'a Entry,
    facts: &'a AddressFacts,
    organisations: &'a Organisations,
) -> Result<Option<Question<'a>>, Fault> {
    let requester = entry.aanvrager.ok_or(Fault::Lacks("aanvrager"))?;
    let provider = entry.bron.ok_or(Fault::Lacks("bron"))?;
    let kind = entry
        .documentsoort
        .as_ref()
        .ok_or(Fault::Lacks("documentsoort"))?;
    let health = entry.gezondheid.ok_or(Fault::Lacks("gezondheid"))?;
    let purpose = entry.doel.as_ref().ok_or(Fault::Lacks("doel"))?;
    let parts = (organisations.find(requester), organisations.find(provider));
    let (Some(requesting), Some(providing)) = parts else {
        return Ok(None);
    };
    Ok(Some(Question {
        at: entry.tijd,
        requester,
        requester_role: &requesting.role,
        team: entry.team.as_ref(),
        purpose,
        document: DocumentFacts {
            kind,
            provider,
            provider_role: &providing.role,
            health,
            address: facts.address,
        },
        address: facts,
    }))
}

/// What a candidate said beside a decision that follows: where nothing stands there, it was not asked,
/// or said the same.
fn beside(
    entry: &Entry,
    (bundle, judgement): (&Bundle, &Judgement),
    question: &Question<'_>,
    with: &With,
) -> Result<Found, Fault> {
    let Some(recorded) = &entry.schaduw else {
        return Ok(Found::Followed);
    };
    let Some(candidate) = with.policies.find(recorded.bundel) else {
        return Ok(Found::FollowedAlone);
    };
    let judged = candidate.judge(question);
    let in_force = (bundle, Said::from(judgement));
    let follows = policy::tried(in_force, (&candidate, &judged), question);
    if follows.as_ref().map(Shadow::from).as_ref() == Some(&**recorded) {
        Ok(Found::FollowedBoth)
    } else {
        Err(Fault::Shadow(recorded.bundel))
    }
}

fn differs(entry: &Entry, follows: Told) -> Fault {
    Fault::Differs {
        recorded: Box::new(Told::recorded(entry)),
        follows: Box::new(follows),
    }
}

/// Whether the entry says what the bundle says.
fn says(entry: &Entry, judgement: &Judgement) -> bool {
    let ground = judgement.ground.as_ref();
    let rules = judgement.rules.iter().map(policy::RuleId::as_str);
    let duties = judgement.obligations.iter().map(|duty| duty.code());
    entry.bundel == Some(judgement.bundle)
        && entry.reden.as_deref() == judgement.reason.map(Reason::code)
        && entry.grondslag.as_deref() == ground.map(|ground| ground.iri.as_str())
        && entry.artikel.as_deref() == ground.map(|ground| ground.article.as_str())
        && entry.regels.iter().map(String::as_str).eq(rules)
        && entry.verplichtingen.iter().map(String::as_str).eq(duties)
}

/// Checks the owners as well, where all of the address's history is left. No bundle says who they are.
fn owners_too(leaf: &Leaf, facts: &AddressFacts, erased: bool) -> Result<(), Fault> {
    if erased {
        return Ok(());
    }
    check_owners(leaf, facts)
}

/// The owners a decision or a search seals, so that they can be told of it, are those of its moment.
fn check_owners(leaf: &Leaf, facts: &AddressFacts) -> Result<(), Fault> {
    const OWNERS: &str = "eigenaren";
    let owners = facts.owners_at(leaf.entry.tijd);
    let sealed = leaf.entry.zegels.contains_key(OWNERS);
    if sealed == owners.is_empty() {
        return Err(Fault::Owners);
    }
    let Some(told) = leaf.values.get(OWNERS) else {
        return Ok(());
    };
    let told: Vec<String> = serde_json::from_str(told).map_err(|_| Fault::Owners)?;
    if told
        .iter()
        .map(String::as_str)
        .eq(owners.keys().map(OwnerId::as_str))
    {
        Ok(())
    } else {
        Err(Fault::Owners)
    }
}
