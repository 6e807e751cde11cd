//! Everything that can be asked of a bundle.

use std::collections::BTreeSet;

use sluis::clock::Moment;
use sluis::domain::{
    AddressFacts, AddressId, Aos, AosId, Choice, ChoiceId, ChoiceKind, ChoiceState, DocumentKind,
    Dossier, DossierNumber, Evidence, EvidenceKind, Language, Oin, OwnerId, Ownership, Purpose,
    Reference, Role, Sha256, ShownText, Team, Version,
};
use sluis::policy::{Bundle, DocumentFacts, Question};

const DAY_MS: i64 = 86_400_000;

/// What the owners of an address say, each of them.
#[derive(Debug, Clone, Copy)]
enum Said {
    Nothing,
    Yes,
    /// One of the two.
    HalfYes,
    TookBack,
    Objection,
}

/// One question, with its own facts.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    at: Moment,
    requester: (Oin, Role),
    provider: (Oin, Role),
    team: Option<Team>,
    purpose: Purpose,
    kind: DocumentKind,
    facts: AddressFacts,
}

impl Case {
    pub(crate) fn question(&self) -> Question<'_> {
        Question {
            at: self.at,
            requester: self.requester.0,
            requester_role: &self.requester.1,
            team: self.team.as_ref(),
            purpose: &self.purpose,
            document: DocumentFacts {
                kind: &self.kind,
                provider: self.provider.0,
                provider_role: &self.provider.1,
                health: self.kind.as_str() == "gezondheidsgegevens",
                address: self.facts.address,
            },
            address: &self.facts,
        }
    }

    /// The same, so many rounds on: at another address, a moment later.
    pub(crate) fn moved(&self, round: u8) -> Self {
        let mut moved = self.clone();
        moved.at = self.at.plus_ms(i64::from(round) * 1_234);
        let address = address(u64::from(round));
        moved.facts.address = address;
        moved
            .facts
            .choices
            .iter_mut()
            .for_each(|one| one.address = address);
        moved
            .facts
            .aos
            .iter_mut()
            .for_each(|one| one.address = address);
        moved
    }
}

fn address(number: u64) -> AddressId {
    AddressId::parse(&format!("197920{number:010}")).unwrap()
}

/// Every purpose, kind, direction, choice and state of the address, in its words.
pub(crate) fn matrix(bundle: &Bundle) -> Vec<Case> {
    let words = bundle.vocabulary();
    let roles: Vec<(Oin, Role)> = words
        .roles()
        .zip(1_u8..)
        .map(|((role, _), number)| (Oin::parse(&format!("{number:020}")).unwrap(), role.clone()))
        .collect();
    let (from, until) = bundle.in_force();
    let at = until.map_or_else(
        || from.plus_ms(400 * DAY_MS),
        |until| until.plus_ms(-DAY_MS),
    );
    let teams = words.teams().map(|(team, _)| Some(team.clone()));
    let teams: Vec<Option<Team>> = std::iter::once(None).chain(teams).collect();
    let mut cases = Vec::new();
    for purpose in words.purposes() {
        for (kind, _) in words.kinds() {
            for requester in &roles {
                for provider in roles.iter().filter(|provider| *provider != requester) {
                    for said in [
                        Said::Nothing,
                        Said::Yes,
                        Said::HalfYes,
                        Said::TookBack,
                        Said::Objection,
                    ] {
                        for (is_unsafe, combined) in [(false, false), (true, false), (false, true)]
                        {
                            let mut case = Case {
                                at,
                                requester: requester.clone(),
                                provider: provider.clone(),
                                team: teams[cases.len() % teams.len()].clone(),
                                purpose: purpose.code.clone(),
                                kind: kind.clone(),
                                facts: AddressFacts::nothing_known(address(0)),
                            };
                            fill(&mut case, said, is_unsafe, combined);
                            cases.push(case);
                        }
                    }
                }
            }
        }
    }
    cases
}

fn fill(case: &mut Case, said: Said, is_unsafe: bool, combined: bool) {
    let owners = ["A", "B"].map(|owner| OwnerId::parse(owner).unwrap());
    let since = case.at.plus_ms(-300 * DAY_MS);
    case.facts.ownerships.push(Ownership {
        from: since,
        owners: owners.iter().cloned().collect(),
        recorded_at: 1,
    });
    let kinds = match said {
        Said::Nothing => &[][..],
        Said::Objection => &[ChoiceKind::Objection],
        Said::Yes | Said::HalfYes | Said::TookBack => &[
            ChoiceKind::Consent,
            ChoiceKind::ExplicitAgreement,
            ChoiceKind::JointRequest,
        ],
    };
    let state = match said {
        Said::TookBack => ChoiceState::Withdrawn,
        _ => ChoiceState::Given,
    };
    let who = if matches!(said, Said::HalfYes) {
        &owners[..1]
    } else {
        &owners[..]
    };
    for kind in kinds {
        let chosen = who.iter().map(|owner| choice(case, *kind, owner, state));
        let chosen: Vec<Choice> = chosen.collect();
        case.facts.choices.extend(chosen);
    }
    if is_unsafe {
        case.facts.aos.push(Aos {
            id: AosId::parse("01900000-0000-7000-8000-000000000001").unwrap(),
            address: case.facts.address,
            reported_by: case.provider.0,
            from: case.at.plus_ms(-DAY_MS),
            until: case.at.plus_ms(DAY_MS),
            closed: None,
        });
    }
    if combined {
        case.facts.dossiers = [&case.requester, &case.provider]
            .map(|(oin, _)| Dossier {
                organisation: *oin,
                number: DossierNumber::parse("D-1").unwrap(),
                active: true,
                marks: BTreeSet::new(),
            })
            .to_vec();
    }
}

fn choice(case: &Case, kind: ChoiceKind, owner: &OwnerId, state: ChoiceState) -> Choice {
    Choice {
        id: ChoiceId::parse("01900000-0000-7000-8000-000000000000").unwrap(),
        kind,
        address: case.facts.address,
        owner: owner.clone(),
        receivers: vec![case.requester.0],
        purposes: vec![case.purpose.clone()],
        kinds: vec![case.kind.clone()],
        valid_from: case.at.plus_ms(-DAY_MS),
        valid_until: None,
        evidence: Evidence {
            kind: EvidenceKind::parse("formulier").unwrap(),
            reference: Reference::parse("F-1").unwrap(),
            sha256: Sha256::from_bytes([7; 32]),
        },
        shown: ShownText {
            language: Language::parse("nl").unwrap(),
            version: Version::parse("1").unwrap(),
        },
        coordinator: (kind == ChoiceKind::JointRequest).then_some(case.requester.0),
        recorded_by: case.provider.0,
        state,
        changed_at: case.facts.choices.len() as u64,
    }
}
