//! What the tests share: shipped bundles, changed on the way in.

use std::path::PathBuf;

use crate::clock::Moment;
use crate::domain::{
    AddressFacts, AddressId, Aos, AosId, Choice, ChoiceId, ChoiceKind, ChoiceState, DocumentKind,
    Dossier, DossierNumber, Evidence, EvidenceKind, Language, Oin, OwnerId, Ownership, Purpose,
    Reference, Role, Sha256, ShownText, Team, Version,
};
use crate::policy::{Bundle, BundleError, DocumentFacts, Question, Verdict, shipped};

/// The bundle in force today.
pub(super) const TWG: &str = "2023-04-19-twg";
/// The line of the letter of 2021.
pub(super) const CONVENANT: &str = "2021-04-01-convenant";
/// The candidate to compare it with.
pub(super) const CANDIDATE: &str = "kandidaat-combinatiedossier";

pub(super) fn folder(code: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(code)
}

/// The files of a shipped bundle.
pub(super) fn files(code: &str) -> Vec<(String, Vec<u8>)> {
    let prefix = format!("{code}/");
    shipped()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.to_vec())))
        .collect()
}

/// Replaces a text, which must occur, in one of the files.
pub(super) fn replace(files: &mut [(String, Vec<u8>)], file: &str, from: &str, to: &str) {
    let (_, bytes) = files
        .iter_mut()
        .find(|(name, _)| name == file)
        .expect("the file is shipped");
    let text = String::from_utf8(bytes.clone()).expect("shipped files are UTF-8");
    assert!(text.contains(from), "{from:?} is not in {file}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

/// A shipped bundle with texts replaced in one of its files.
pub(super) fn changed(
    code: &str,
    file: &str,
    replacements: &[(&str, &str)],
) -> Result<Bundle, BundleError> {
    let mut files = files(code);
    for (from, to) in replacements {
        replace(&mut files, file, from, to);
    }
    Bundle::from_files(code, files)
}

/// A shipped bundle.
pub(super) fn bundle(code: &str) -> Bundle {
    Bundle::from_files(code, files(code)).expect("the shipped bundle loads")
}

/// A request that can be changed field by field before it is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) at: Moment,
    pub(super) requester: &'static str,
    pub(super) provider: &'static str,
    pub(super) team: Option<&'static str>,
    pub(super) purpose: &'static str,
    pub(super) kind: &'static str,
    pub(super) health: bool,
    pub(super) facts: AddressFacts,
}

pub(super) const ADDRESS: &str = "0014200012345678";

pub(super) fn moment(text: &str) -> Moment {
    Moment::parse(text).expect("a moment")
}

pub(super) fn oin(role: &str) -> Oin {
    let number = ["img", "ncg", "gemeente"].iter().position(|r| *r == role);
    Oin::parse(&format!("{:020}", number.unwrap_or(9) + 1)).expect("an OIN")
}

impl Asked {
    /// The Instituut asks NCG, at an address of which nothing is recorded.
    pub(super) fn new(purpose: &'static str, kind: &'static str) -> Self {
        Self {
            at: moment("2024-05-15T10:00:00Z"),
            requester: "img",
            provider: "ncg",
            team: None,
            purpose,
            kind,
            health: false,
            facts: AddressFacts::nothing_known(AddressId::parse(ADDRESS).expect("an address")),
        }
    }

    /// These own the address from a day on.
    pub(super) fn owners(mut self, from: &str, owners: &[&str]) -> Self {
        let recorded_at = self.facts.ownerships.len() as u64;
        self.facts.ownerships.push(Ownership {
            from: moment(from),
            owners: owners
                .iter()
                .map(|o| OwnerId::parse(o).expect("an owner"))
                .collect(),
            recorded_at,
        });
        self
    }

    /// An owner chose, for exactly this request.
    pub(super) fn choice(mut self, kind: ChoiceKind, owner: &str, state: ChoiceState) -> Self {
        let choice = self.new_choice(kind, owner, state);
        self.facts.choices.push(choice);
        self
    }

    pub(super) fn new_choice(&self, kind: ChoiceKind, owner: &str, state: ChoiceState) -> Choice {
        Choice {
            id: ChoiceId::parse("01900000-0000-7000-8000-000000000000").expect("an id"),
            kind,
            address: self.facts.address,
            owner: OwnerId::parse(owner).expect("an owner"),
            receivers: vec![oin(self.requester)],
            purposes: vec![Purpose::parse(self.purpose).expect("a purpose")],
            kinds: vec![DocumentKind::parse(self.kind).expect("a kind")],
            valid_from: self.at.plus_ms(-86_400_000),
            valid_until: None,
            evidence: Evidence {
                kind: EvidenceKind::parse("ondertekend-formulier").expect("a kind"),
                reference: Reference::parse("F-1").expect("a reference"),
                sha256: Sha256::from_bytes([7; 32]),
            },
            shown: ShownText {
                language: Language::parse("nl").expect("a language"),
                version: Version::parse("3").expect("a version"),
            },
            coordinator: None,
            recorded_by: oin("img"),
            state,
            changed_at: self.facts.choices.len() as u64,
        }
    }

    /// An unsafe situation was reported, from a day before the request until a day after it.
    pub(super) fn aos(mut self) -> Self {
        self.facts.aos.push(Aos {
            id: AosId::parse("01900000-0000-7000-8000-000000000001").expect("an id"),
            address: self.facts.address,
            reported_by: oin("img"),
            from: self.at.plus_ms(-86_400_000),
            until: self.at.plus_ms(86_400_000),
            closed: None,
        });
        self
    }

    /// Both organisations have an active dossier.
    pub(super) fn combined(mut self) -> Self {
        self.facts.dossiers = ["img", "ncg"]
            .map(|role| Dossier {
                organisation: oin(role),
                number: DossierNumber::parse("D-1").expect("a number"),
                active: true,
                marks: std::collections::BTreeSet::new(),
            })
            .to_vec();
        self
    }

    pub(super) fn ask(&self, bundle: &Bundle) -> Verdict {
        self.ask_about(bundle, self.facts.address)
    }

    /// The same about a document of another address than the facts are of.
    pub(super) fn ask_about(&self, bundle: &Bundle, address: AddressId) -> Verdict {
        self.put(address, |question| bundle.decide(question))
    }

    /// Hands the question to somebody.
    pub(super) fn put<T>(&self, address: AddressId, to: impl FnOnce(&Question<'_>) -> T) -> T {
        let role = |role: &str| Role::parse(role).expect("a role");
        let (requester_role, provider_role) = (role(self.requester), role(self.provider));
        let team = self.team.map(|team| Team::parse(team).expect("a team"));
        to(&Question {
            at: self.at,
            requester: oin(self.requester),
            requester_role: &requester_role,
            team: team.as_ref(),
            purpose: &Purpose::parse(self.purpose).expect("a purpose"),
            document: DocumentFacts {
                kind: &DocumentKind::parse(self.kind).expect("a kind"),
                provider: oin(self.provider),
                provider_role: &provider_role,
                health: self.health,
                address,
            },
            address: &self.facts,
        })
    }
}

/// A verdict in one line: the article, or the reason and what is missing.
pub(super) fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Permit(permit) => permit.ground().article.clone(),
        Verdict::Deny(denial) => {
            let missing: Vec<&str> = denial.missing().iter().map(|m| m.fact.code()).collect();
            format!("{} {}", denial.reason(), missing.join("+"))
                .trim()
                .to_owned()
        }
    }
}
