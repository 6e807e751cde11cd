//! What is proven of one bundle: that its rules are sound, and that they keep to its limits.

use cedar_policy::Policy;
use cedar_policy_symcc::{
    CompiledPolicySet, Env, always_denies_asserts, disjoint_asserts, never_errors_asserts,
};
use serde::Serialize;

use super::answer::{Answer, Example};
use super::case::{Case, Ruling};
use super::facts;
use super::flat::{Flat, FlatPermit, one_of, parsed, turned};
use super::solver::{GaveUp, Session, Solver};
use super::{Positions, SymbolicError, known_positions};
use crate::domain::{DocumentKind, Role};
use crate::errors::in_full;
use crate::policy::bundle::{Bundle, BundleHash, Variant};
use crate::policy::engine::{Engine, Unusable};
use crate::policy::schema::{KIND, PURPOSE, ROLE};

/// What was asked about one bundle, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct ProofReport {
    /// The bundle's code.
    #[serde(rename = "bundel")]
    pub bundle: String,
    /// Its content hash.
    #[serde(rename = "hash")]
    pub hash: BundleHash,
    /// The solver, such as `cvc5 1.0.3`.
    #[serde(rename = "oplosser")]
    pub solver: String,
    /// The open questions that were answered otherwise than the bundle does.
    #[serde(rename = "schakelaars")]
    pub switches: Positions,
    /// Each statement: first what holds for every bundle, then the limits in their order.
    #[serde(rename = "uitspraken")]
    pub proofs: Vec<Proof>,
}

/// One statement.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// Its id: `bouw-…` for every bundle, `grens-…` of this one.
    pub id: String,
    /// What it says: a Dutch sentence.
    #[serde(rename = "zin")]
    pub sentence: String,
    /// The same in English.
    #[serde(rename = "sentence")]
    pub sentence_en: String,
    /// The article it comes from.
    #[serde(rename = "artikel")]
    pub article: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: ProofOutcome,
}

/// What came of one statement.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "uitkomst")]
pub enum ProofOutcome {
    /// It holds for all requests.
    #[serde(rename = "bewezen")]
    Proven,
    /// It does not hold.
    #[serde(rename = "weerlegd")]
    Refuted {
        /// What is wrong, in Dutch.
        #[serde(rename = "wat")]
        what: String,
        /// A request that shows it, verified by the bundle's own engine; none where no request can.
        #[serde(rename = "voorbeeld")]
        example: Option<Box<Example>>,
        /// What the bundle says of that request.
        #[serde(rename = "antwoord")]
        answer: Option<Answer>,
    },
    /// The solver gave up: nobody knows.
    #[serde(rename = "niet-bewezen")]
    Unproven {
        /// Why, as the solver put it.
        #[serde(rename = "waarom")]
        why: String,
    },
}

impl ProofReport {
    /// Whether every statement holds for all requests.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        (self.proofs.iter()).all(|proof| matches!(proof.outcome, ProofOutcome::Proven))
    }
}

/// Proves or refutes that the bundle's rules are sound and keep to its limits, for all requests.
/// `positions` are open questions to answer otherwise than the bundle does.
///
/// # Errors
/// [`SymbolicError`] when nothing can be said at all. A statement that the solver gave up on is in
/// the report.
pub async fn prove(
    solver: &Solver,
    bundle: &Bundle,
    positions: &Positions,
) -> Result<ProofReport, SymbolicError> {
    known_positions(bundle, positions)?;
    let words = facts::union([bundle.schema()]);
    let flat = Flat::of(bundle, positions, &words)?;
    let variant =
        (bundle.with_switches(positions)).map_err(|what| SymbolicError::Internal { what })?;
    let mut proving = Proving {
        bundle,
        flat: &flat,
        variant: &variant,
        positions: bundle.positions(positions),
        session: solver.session(&flat.read.schema)?,
    };
    let all = proving.session.set(flat.all())?;
    let mut proofs = proving.structure().await?;
    for (id, sentence, sentence_en, policy) in proving.everywhere()? {
        let outcome = proving.limit(&all, id, &policy).await?;
        proofs.push(proof(id, sentence, sentence_en, outcome));
    }
    for limit in bundle.bounds() {
        if proving.is_off(limit.switch.as_ref()) {
            continue;
        }
        let outcome = proving
            .limit(&all, limit.id.as_str(), &limit.policy)
            .await?;
        proofs.push(Proof {
            id: limit.id.to_string(),
            sentence: limit.sentence.clone(),
            sentence_en: limit.sentence_en.clone(),
            article: limit.article.clone(),
            outcome,
        });
    }
    Ok(ProofReport {
        bundle: bundle.id().to_owned(),
        hash: bundle.hash(),
        solver: solver.version().to_owned(),
        switches: positions.clone(),
        proofs,
    })
}

/// Refuses a bundle of which nothing can be said because its own rules are not sound.
pub(super) async fn sound(
    solver: &Solver,
    bundle: &Bundle,
    variant: &Variant,
    flat: &Flat,
) -> Result<(), SymbolicError> {
    let mut proving = Proving {
        bundle,
        flat,
        variant,
        positions: Positions::new(),
        session: solver.session(&flat.read.schema)?,
    };
    for (statement, outcome) in [
        (NO_ERRORS, proving.no_errors().await?),
        (ONE_GROUND, proving.one_ground().await?),
    ] {
        if !matches!(outcome, ProofOutcome::Proven) {
            return Err(SymbolicError::Unsound {
                bundle: bundle.id().to_owned(),
                statement: statement.to_owned(),
            });
        }
    }
    Ok(())
}

const NO_ERRORS: &str = "bouw-geen-fouten";
const NONE_DEAD: &str = "bouw-geen-dode-regel";
const ONE_GROUND: &str = "bouw-een-grond";
const OWN_DOCUMENT: &str = "bouw-eigen-document";
const MATRIX: &str = "bouw-tafel";

/// The statements that are about every bundle. An agreement of version 1 rests on these, and a replay
/// asks for them years later: one more is a new version of what is signed.
const STRUCTURE: [&str; 5] = [NO_ERRORS, NONE_DEAD, ONE_GROUND, OWN_DOCUMENT, MATRIX];

/// What must be proven of a bundle as it stands: ids, sorted.
pub(super) fn required(bundle: &Bundle) -> Vec<String> {
    let positions = bundle.positions(&Positions::new());
    let limits = bundle.bounds().iter().filter(|limit| {
        let switch = limit.switch.as_ref();
        switch.is_none_or(|(code, at)| positions.get(code) == Some(at))
    });
    let limits = limits.map(|limit| limit.id.to_string());
    let mut ids: Vec<String> = STRUCTURE
        .map(str::to_owned)
        .into_iter()
        .chain(limits)
        .collect();
    ids.sort();
    ids
}

/// Id, Dutch and English sentence, and the limit itself.
type Everywhere = (&'static str, &'static str, &'static str, Policy);

struct Proving<'a> {
    bundle: &'a Bundle,
    flat: &'a Flat,
    variant: &'a Variant,
    /// How every open question is answered.
    positions: Positions,
    session: Session<'a>,
}

fn proof(id: &str, sentence: &str, sentence_en: &str, outcome: ProofOutcome) -> Proof {
    Proof {
        id: id.to_owned(),
        sentence: sentence.to_owned(),
        sentence_en: sentence_en.to_owned(),
        article: None,
        outcome,
    }
}

fn unproven(gave_up: &GaveUp) -> ProofOutcome {
    ProofOutcome::Unproven {
        why: in_full(gave_up),
    }
}

fn refuted(what: String) -> ProofOutcome {
    ProofOutcome::Refuted {
        what,
        example: None,
        answer: None,
    }
}

impl Proving<'_> {
    /// What holds of the rules of every bundle.
    async fn structure(&mut self) -> Result<Vec<Proof>, SymbolicError> {
        Ok(vec![
            proof(
                NO_ERRORS,
                "Geen regel kan mislukken, wat er ook wordt gevraagd.",
                "No rule can fail, whatever is asked.",
                self.no_errors().await?,
            ),
            proof(
                NONE_DEAD,
                "Elke regel kan werken: er is een aanvraag waarbij zij iets toestaat of verbiedt.",
                "Every rule can work: there is a request for which it permits or forbids something.",
                self.none_dead().await?,
            ),
            proof(
                ONE_GROUND,
                "Regels die samen iets toestaan, noemen dezelfde grondslag.",
                "Rules that permit something together name the same legal ground.",
                self.one_ground().await?,
            ),
        ])
    }

    async fn no_errors(&mut self) -> Result<ProofOutcome, SymbolicError> {
        let permits = self.flat.permits.iter().map(|p| (&p.rule, &p.policy));
        let reaches = self.flat.reaches.iter();
        let reaches = reaches.flat_map(|(rule, policies)| policies.iter().map(move |p| (rule, p)));
        for (rule, policy) in permits.chain(reaches) {
            let compiled = self.session.rule(policy)?;
            match self.session.find(&never_errors_asserts(&compiled)).await {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(refuted(format!("regel {rule} kan mislukken"))),
                Err(gave_up) => return Ok(unproven(&gave_up)),
            }
        }
        Ok(ProofOutcome::Proven)
    }

    async fn none_dead(&mut self) -> Result<ProofOutcome, SymbolicError> {
        let mut dead = Vec::new();
        for rule in self.bundle.rules() {
            let permits = self.flat.permits.iter().filter(|p| p.rule == rule.id);
            let mut set: Vec<Policy> = permits.map(|permit| permit.policy.clone()).collect();
            if !set.is_empty() {
                set = self.flat.with_forbids(set);
            } else if let Some((_, reach)) = self.flat.reaches.iter().find(|(id, _)| *id == rule.id)
            {
                set.extend(reach.iter().cloned());
                set.push(self.flat.well_formed.clone());
            } else if self.is_off(rule.switch.as_ref()) {
                continue;
            }
            if set.is_empty() {
                dead.push(rule.id.to_string());
                continue;
            }
            let compiled = self.session.set(set)?;
            match self.session.find(&always_denies_asserts(&compiled)).await {
                Ok(Some(_)) => {}
                Ok(None) => dead.push(rule.id.to_string()),
                Err(gave_up) => return Ok(unproven(&gave_up)),
            }
        }
        Ok(match dead.as_slice() {
            [] => ProofOutcome::Proven,
            [one] => refuted(format!("regel {one} kan nooit werken")),
            more => refuted(format!(
                "deze regels kunnen nooit werken: {}",
                more.join(", ")
            )),
        })
    }

    fn is_off(&self, switch: Option<&(String, String)>) -> bool {
        switch.is_some_and(|(code, at)| self.positions.get(code) != Some(at))
    }

    async fn one_ground(&mut self) -> Result<ProofOutcome, SymbolicError> {
        let permits = &self.flat.permits;
        for (at, one) in permits.iter().enumerate() {
            for other in permits.iter().skip(at + 1) {
                if one.action != other.action || one.ground == other.ground {
                    continue;
                }
                let outcome = self.apart(one, other).await?;
                if !matches!(outcome, ProofOutcome::Proven) {
                    return Ok(outcome);
                }
            }
        }
        Ok(ProofOutcome::Proven)
    }

    /// Whether two permits of one action never permit the same request.
    async fn apart(
        &mut self,
        one: &FlatPermit,
        other: &FlatPermit,
    ) -> Result<ProofOutcome, SymbolicError> {
        let set = |permit: &FlatPermit| self.flat.with_forbids([permit.policy.clone()]);
        let (left, right) = (self.session.set(set(one))?, self.session.set(set(other))?);
        let env = match self.session.find(&disjoint_asserts(&left, &right)).await {
            Ok(None) => return Ok(ProofOutcome::Proven),
            Ok(Some(env)) => env,
            Err(gave_up) => return Ok(unproven(&gave_up)),
        };
        let clash = |case: &Case| {
            let situation = case.situation();
            let engine = &self.variant.engine;
            let answer = engine.prepare(&situation);
            let answer = answer.and_then(|p| engine.ask(&one.action, &situation, &p));
            matches!(answer, Err(Unusable::NotOneGround))
        };
        let what = format!(
            "regel {} ({}) en regel {} ({}) kunnen samen gelden",
            one.rule, one.ground.article, other.rule, other.ground.article
        );
        let case = self.verified(ONE_GROUND, &env, clash)?;
        Ok(ProofOutcome::Refuted {
            what,
            example: Some(Box::new(Example::of(&case, &[self.bundle]))),
            answer: Some(Answer::of(self.bundle, &self.ruling(&case))),
        })
    }

    /// The limits that hold in every bundle.
    fn everywhere(&self) -> Result<Vec<Everywhere>, SymbolicError> {
        let made = |condition: &str| {
            parsed(&format!(
                "forbid (principal, action, resource) {condition};"
            ))
            .map_err(|what| SymbolicError::Internal { what })
        };
        Ok(vec![
            (
                OWN_DOCUMENT,
                "De aanvrager is nooit degene die het document houdt.",
                "The requester is never the one who holds the document.",
                made("when { principal == resource.houder }")?,
            ),
            (
                MATRIX,
                "Buiten de tafel van doel, richting en soort die de partijen ondertekenen, gaat niets over.",
                "Nothing is shared outside the table of purpose, direction and kind that the parties sign.",
                made(&format!("unless {{ {} }}", self.matrix()))?,
            ),
        ])
    }

    /// The table of the manifest, as a condition.
    fn matrix(&self) -> String {
        let mut rows = Vec::new();
        for purpose in self.bundle.vocabulary().purposes() {
            for row in &purpose.rows {
                rows.push(format!(
                    "({} && {} && {} && {})",
                    one_of(PURPOSE, [purpose.code.as_str()], "context.doel"),
                    one_of(ROLE, row.from.iter().map(Role::as_str), "resource.bron"),
                    one_of(ROLE, row.to.iter().map(Role::as_str), "principal.partij"),
                    one_of(
                        KIND,
                        row.kinds.iter().map(DocumentKind::as_str),
                        "resource.soort"
                    ),
                ));
            }
        }
        if rows.is_empty() {
            return "false".to_owned();
        }
        rows.join(" || ")
    }

    /// Whether nothing that the rules permit falls under a limit.
    async fn limit(
        &mut self,
        all: &CompiledPolicySet,
        id: &str,
        limit: &Policy,
    ) -> Result<ProofOutcome, SymbolicError> {
        let matches = turned(limit, "permit").map_err(|what| SymbolicError::Internal { what })?;
        let limited = self.session.set(vec![matches.clone()])?;
        let env = match self.session.find(&disjoint_asserts(all, &limited)).await {
            Ok(None) => return Ok(ProofOutcome::Proven),
            Ok(Some(env)) => env,
            Err(gave_up) => return Ok(unproven(&gave_up)),
        };
        let engine: Engine = self
            .flat
            .engine(self.bundle, vec![matches, self.flat.well_formed.clone()])?;
        let breaks =
            |case: &Case| self.ruling(case).permits() && case.flat_permits(&engine) == Ok(true);
        let case = self.verified(id, &env, breaks)?;
        Ok(ProofOutcome::Refuted {
            what: "de regels staan dit toe, en het valt onder de grens".to_owned(),
            example: Some(Box::new(Example::of(&case, &[self.bundle]))),
            answer: Some(Answer::of(self.bundle, &self.ruling(&case))),
        })
    }

    fn ruling(&self, case: &Case) -> Ruling {
        case.ruling(self.bundle, self.bundle.under(self.variant))
    }

    /// INVARIANT (verified): nothing the solver found is shown that the engine decides otherwise.
    fn verified(
        &self,
        what: &str,
        env: &Env,
        is_example: impl Fn(&Case) -> bool,
    ) -> Result<Case, SymbolicError> {
        let case = Case::read(env).filter(|case| is_example(case));
        let case = case.ok_or_else(|| SymbolicError::Spurious {
            bundle: self.bundle.id().to_owned(),
            what: what.to_owned(),
        })?;
        Ok(case.smallest(is_example))
    }
}
