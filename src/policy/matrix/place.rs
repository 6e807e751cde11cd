//! Where in the matrix: from whom to whom, which kinds, and how the facts stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{ChoiceKind, DocumentKind, Role, Team};
#[cfg(test)]
use crate::policy::facts::Situation;
use crate::policy::facts::Stand;

/// From whom to whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Direction {
    /// The part of whoever holds the document.
    pub from: Role,
    /// The part of whoever asks for it.
    pub to: Role,
    /// Whether they are the same organisation. If not, and the parts are the same, they are two of them.
    pub is_own: bool,
}

impl Direction {
    /// Somebody asks for a document that is their own.
    pub(super) fn own(role: Role) -> Self {
        Self {
            from: role.clone(),
            to: role,
            is_own: true,
        }
    }
}

/// Some kinds in some directions: all of them in all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From whom to whom.
    pub directions: BTreeSet<Direction>,
    /// Which kinds of document.
    pub kinds: BTreeSet<DocumentKind>,
}

impl Place {
    /// Its cells, one by one.
    pub(in crate::policy) fn cells(&self) -> impl Iterator<Item = (Direction, DocumentKind)> {
        self.directions.iter().flat_map(|direction| {
            let kinds = self.kinds.iter();
            kinds.map(move |kind| (direction.clone(), kind.clone()))
        })
    }

    /// These cells as few places: kinds together that go in the same directions.
    pub(in crate::policy) fn fold(cells: BTreeSet<(Direction, DocumentKind)>) -> Vec<Self> {
        let mut kinds_of: BTreeMap<Direction, BTreeSet<DocumentKind>> = BTreeMap::new();
        for (direction, kind) in cells {
            kinds_of.entry(direction).or_default().insert(kind);
        }
        let mut places: BTreeMap<BTreeSet<DocumentKind>, BTreeSet<Direction>> = BTreeMap::new();
        for (direction, kinds) in kinds_of {
            places.entry(kinds).or_default().insert(direction);
        }
        let mut places: Vec<Self> = places
            .into_iter()
            .map(|(kinds, directions)| Self { directions, kinds })
            .collect();
        places.sort();
        places
    }
}

/// A fact that is varied, beside who, what and why. In the order in which people would ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// Whether the document is marked as holding health data.
    Health,
    /// Whether the address has an active dossier at both.
    Combined,
    /// Whether an unsafe situation is reported.
    UnsafeSituation,
    /// From which team the request comes.
    Team,
    /// Whether anybody is known to own the address.
    OwnersKnown,
    /// What the owners said of alignment.
    Objection,
    /// What the owners said of joint handling.
    JointRequest,
    /// What the owners said of sharing health data.
    ExplicitAgreement,
    /// What the owners said of this document going there for this.
    Consent,
}

impl Factor {
    pub(super) const ALL: [Self; 9] = [
        Self::Health,
        Self::Combined,
        Self::UnsafeSituation,
        Self::Team,
        Self::OwnersKnown,
        Self::Objection,
        Self::JointRequest,
        Self::ExplicitAgreement,
        Self::Consent,
    ];

    /// The factor of a choice.
    #[must_use]
    pub const fn of_choice(kind: ChoiceKind) -> Self {
        match kind {
            ChoiceKind::Consent => Self::Consent,
            ChoiceKind::ExplicitAgreement => Self::ExplicitAgreement,
            ChoiceKind::Objection => Self::Objection,
            ChoiceKind::JointRequest => Self::JointRequest,
        }
    }

    /// The choice it is about, if it is about one.
    #[must_use]
    pub const fn choice(self) -> Option<ChoiceKind> {
        match self {
            Self::Consent => Some(ChoiceKind::Consent),
            Self::ExplicitAgreement => Some(ChoiceKind::ExplicitAgreement),
            Self::Objection => Some(ChoiceKind::Objection),
            Self::JointRequest => Some(ChoiceKind::JointRequest),
            Self::Health
            | Self::Combined
            | Self::UnsafeSituation
            | Self::Team
            | Self::OwnersKnown => None,
        }
    }

    /// Every position; for a team, which the bundle names, only that of none.
    pub(super) fn positions(self) -> Vec<Position> {
        match self {
            Self::Health | Self::Combined => vec![Position::No, Position::Yes],
            Self::OwnersKnown => vec![Position::Yes, Position::No],
            Self::UnsafeSituation => vec![Position::No, Position::Begins, Position::Runs],
            Self::Team => vec![Position::Team(None)],
            Self::Objection | Self::JointRequest | Self::ExplicitAgreement | Self::Consent => {
                Answered::ALL.map(Position::Said).to_vec()
            }
        }
    }
}

/// How a fact stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// No.
    No,
    /// Yes.
    Yes,
    /// An unsafe situation that begins at this very moment.
    Begins,
    /// An unsafe situation that began before.
    Runs,
    /// This team, or none.
    Team(Option<Team>),
    /// What the owners said.
    Said(Answered),
}

/// What the owners of an address said to one question: which of the three answers occur among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// Somebody said yes, and it counts now.
    pub yes: bool,
    /// Somebody refused or took it back.
    pub no: bool,
    /// Somebody said nothing that counts.
    pub silent: bool,
}

impl Answered {
    const fn new(yes: bool, no: bool, silent: bool) -> Self {
        Self { yes, no, silent }
    }

    /// Nobody said anything; all there is where no owner is known.
    pub const SILENT: Self = Self::new(false, false, true);
    /// Everybody said yes.
    pub const ALL_YES: Self = Self::new(true, false, false);
    /// Everybody said no.
    pub const ALL_NO: Self = Self::new(false, true, false);
    /// Some said yes, the others nothing.
    pub const SOME_YES: Self = Self::new(true, false, true);
    /// Some said yes, the others no.
    pub const SOME_BOTH: Self = Self::new(true, true, false);
    /// Everything owners can have said.
    pub const ALL: [Self; 7] = [
        Self::ALL_YES,
        Self::SOME_YES,
        Self::new(true, true, true),
        Self::SOME_BOTH,
        Self::ALL_NO,
        Self::new(false, true, true),
        Self::SILENT,
    ];

    /// Owners who say this between them, as far as there are any.
    pub(super) fn stand(self, owners: usize) -> Stand {
        let said = [(self.yes, 0), (self.no, 1), (self.silent, 2)];
        let said: Vec<u8> = said
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, what)| *what)
            .collect();
        let who_said = |what: u8| {
            let of = |number: usize| said.get(number).or(said.last()) == Some(&what);
            (0..owners).filter(|number| of(*number)).collect()
        };
        Stand {
            yes: who_said(0),
            withdrawn: who_said(1),
            expired: false,
        }
    }

    #[cfg(test)]
    fn of(stand: &Stand, owners: usize) -> Self {
        let spoke = |number: &usize| stand.yes.contains(number) || stand.withdrawn.contains(number);
        Self {
            yes: !stand.yes.is_empty(),
            no: !stand.withdrawn.is_empty(),
            silent: owners == 0 || !(0..owners).all(|number| spoke(&number)),
        }
    }
}

/// One way in which all facts can stand.
pub type Point = BTreeMap<Factor, Position>;

/// Where a situation stands in the matrix of a bundle.
#[cfg(test)]
pub(in crate::policy) fn point(situation: &Situation<'_>) -> Point {
    let yes_or_no = |is| if is { Position::Yes } else { Position::No };
    let mut point = Point::from([
        (Factor::Health, yes_or_no(situation.health)),
        (Factor::Combined, yes_or_no(situation.combined)),
        (Factor::OwnersKnown, yes_or_no(situation.owners > 0)),
        (
            Factor::Team,
            Position::Team(situation.team.and_then(|team| Team::parse(team).ok())),
        ),
        (
            Factor::UnsafeSituation,
            match situation.unsafe_since_until {
                None => Position::No,
                Some((since, _)) if since == situation.at => Position::Begins,
                Some(_) => Position::Runs,
            },
        ),
    ]);
    for kind in [
        ChoiceKind::Consent,
        ChoiceKind::ExplicitAgreement,
        ChoiceKind::Objection,
        ChoiceKind::JointRequest,
    ] {
        let said = Answered::of(situation.stand(kind), situation.owners);
        point.insert(Factor::of_choice(kind), Position::Said(said));
    }
    point
}
