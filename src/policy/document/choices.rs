//! What an owner can decide about one purpose, and what comes of it: looked up in the matrix.

use std::collections::BTreeSet;

use super::Teller;
use crate::domain::{ChoiceKind, DocumentKind};
use crate::language::Language;
use crate::policy::matrix::{Answer, Answered, Factor, Position, PurposeMatrix};

/// One choice, in words.
pub(super) struct ChoicePart<'b> {
    /// What you can do.
    pub(super) what: &'static str,
    /// When you say no, or nothing; or, for an objection, when you make one.
    pub(super) when_no: &'static str,
    /// Whether nothing at all is then shared for this purpose.
    pub(super) stops_all: bool,
    /// The kinds that are then not shared.
    pub(super) stopped: Vec<&'b str>,
    /// What is said before those that are shared all the same.
    pub(super) but: &'static str,
    /// The kinds that can then be shared all the same.
    pub(super) still: Vec<&'b str>,
    /// What holds with more than one owner.
    pub(super) several: &'static str,
}

/// The choices that make a difference for this purpose.
pub(super) fn of<'b>(teller: Teller<'b>, matrix: &PurposeMatrix) -> Vec<ChoicePart<'b>> {
    [
        ChoiceKind::Consent,
        ChoiceKind::ExplicitAgreement,
        ChoiceKind::JointRequest,
        ChoiceKind::Objection,
    ]
    .into_iter()
    .filter_map(|kind| part(teller, matrix, kind))
    .collect()
}

fn part<'b>(
    teller: Teller<'b>,
    matrix: &PurposeMatrix,
    kind: ChoiceKind,
) -> Option<ChoicePart<'b>> {
    let factor = Factor::of_choice(kind);
    let matters = |row: &&crate::policy::matrix::Row<Answer>| {
        row.value.is_permitted() && row.when.contains_key(&factor)
    };
    let mut rows = matrix.groups.iter().flat_map(|group| &group.rows);
    rows.find(matters)?;
    let l = teller.l;
    let is_objection = kind == ChoiceKind::Objection;
    // What stands in the way: a no of everybody; an objection is a yes to the question whether one objects.
    let against = if is_objection {
        Answered::ALL_YES
    } else {
        Answered::ALL_NO
    };
    let at_all = permitted(matrix, factor, &Answered::ALL);
    let against = permitted(matrix, factor, &[against]);
    let stopped: BTreeSet<DocumentKind> = &at_all - &against;
    let silent = permitted(matrix, factor, &[Answered::SILENT]);
    Some(ChoicePart {
        what: what(kind, l),
        when_no: when_no(kind, silent.is_superset(&stopped), l),
        stops_all: against.is_empty() && stopped == of_purpose(matrix),
        stopped: teller.kinds(&stopped),
        but: l.pick(
            "Deze kunnen dan toch gedeeld worden, op een andere grond die hierboven staat:",
            "These can then be shared all the same, on another ground named above:",
        ),
        still: teller.kinds(&against),
        several: several(matrix, kind, &stopped, l),
    })
}

/// The kinds that some point permits at which the owners said one of these.
fn permitted(matrix: &PurposeMatrix, factor: Factor, said: &[Answered]) -> BTreeSet<DocumentKind> {
    let open = matrix.groups.iter().filter(|group| {
        group.rows.iter().any(|row| {
            let fits = row.when.get(&factor).is_none_or(|positions| {
                said.iter()
                    .any(|one| positions.contains(&Position::Said(*one)))
            });
            row.value.is_permitted() && fits
        })
    });
    open.flat_map(|group| group.places.iter().flat_map(|place| place.kinds.clone()))
        .collect()
}

const fn what(kind: ChoiceKind, l: Language) -> &'static str {
    match kind {
        ChoiceKind::Consent => l.pick(
            "U kunt toestemming geven of weigeren.",
            "You can give or refuse consent.",
        ),
        ChoiceKind::ExplicitAgreement => l.pick(
            "U kunt uitdrukkelijk instemmen met het delen van gegevens over gezondheid, of dat weigeren.",
            "You can explicitly agree to the sharing of health data, or refuse.",
        ),
        ChoiceKind::JointRequest => l.pick(
            "U kunt vragen om uw schade en uw versterking samen te behandelen.",
            "You can ask to have your damage and your strengthening handled together.",
        ),
        ChoiceKind::Objection => l.pick(
            "U kunt bezwaar maken.",
            "You can object.",
        ),
    }
}

const fn when_no(kind: ChoiceKind, silence_is_yes: bool, l: Language) -> &'static str {
    match (kind, silence_is_yes) {
        (ChoiceKind::Objection, _) => l.pick("Maakt u bezwaar?", "Do you object?"),
        (ChoiceKind::JointRequest, false) => {
            l.pick("Vraagt u er niet om?", "Do you not ask for it?")
        }
        (_, false) => l.pick("Zegt u nee, of zegt u niets?", "Do you say no, or nothing?"),
        (_, true) => l.pick("Zegt u nee?", "Do you say no?"),
    }
}

/// Every kind that is permitted for the purpose at all.
fn of_purpose(matrix: &PurposeMatrix) -> BTreeSet<DocumentKind> {
    let open = matrix.groups.iter().filter(|group| group.is_open());
    open.flat_map(|group| group.places.iter().flat_map(|place| place.kinds.clone()))
        .collect()
}

/// What one owner among several can bring about.
fn several(
    matrix: &PurposeMatrix,
    kind: ChoiceKind,
    concerned: &BTreeSet<DocumentKind>,
    l: Language,
) -> &'static str {
    let factor = Factor::of_choice(kind);
    let go = |said: &[Answered]| permitted(matrix, factor, said).is_superset(concerned);
    let (one_yes, one_no) = (Answered::SOME_YES, Answered::SOME_BOTH);
    if kind == ChoiceKind::Objection {
        return if go(&[one_yes]) {
            l.pick(
                "Zijn er meer eigenaren? Dan telt het bezwaar alleen als alle eigenaren het maken.",
                "Is there more than one owner? Then the objection counts only if all owners make it.",
            )
        } else {
            l.pick(
                "Zijn er meer eigenaren? Dan is het bezwaar van één van hen genoeg.",
                "Is there more than one owner? Then the objection of one of them is enough.",
            )
        };
    }
    match (go(&[one_yes]), go(&[one_no])) {
        (false, _) => l.pick(
            "Zijn er meer eigenaren? Dan moeten zij allemaal ja zeggen.",
            "Is there more than one owner? Then all of them must say yes.",
        ),
        (true, false) => l.pick(
            "Zijn er meer eigenaren? Dan is het genoeg als één van hen ja zegt en geen ander nee.",
            "Is there more than one owner? Then it is enough if one of them says yes and no other says no.",
        ),
        (true, true) => l.pick(
            "Zijn er meer eigenaren? Dan is het genoeg als één van hen ja zegt.",
            "Is there more than one owner? Then it is enough if one of them says yes.",
        ),
    }
}
