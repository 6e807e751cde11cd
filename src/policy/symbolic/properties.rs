//! What makes the proofs mean something: the facts of every situation are well-formed, and the flat
//! form decides of every situation what the engine decides.

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};

use super::Positions;
use super::facts::{self, DECISION};
use super::flat::{Flat, parsed};
use crate::policy::Verdict;
use crate::policy::bundle::{Bundle, Variant};
use crate::policy::engine::{Engine, Outcome};
use crate::policy::facts::{Question, Situation};
use crate::policy::schema::{KIND, PURPOSE};
use crate::policy::tests::properties::question;
use crate::policy::tests::support::{
    Asked, CANDIDATE, CONVENANT, TWG, bundle, changed, files, replace,
};

/// How many questions are asked, of each bundle in each reading.
const QUESTIONS: usize = 1_000;

/// A bundle in one reading, and its flat form.
struct Both {
    bundle: Bundle,
    variant: Variant,
    flat: Engine,
    well_formed: Engine,
}

impl Both {
    /// `beside` is a bundle whose words there are as well.
    fn new(bundle: Bundle, switches: &[(&str, &str)], beside: &Bundle) -> Self {
        let positions: Positions = switches
            .iter()
            .map(|(code, at)| ((*code).to_owned(), (*at).to_owned()))
            .collect();
        let words = facts::union([bundle.schema(), beside.schema()]);
        let flat = Flat::of(&bundle, &positions, &words).unwrap();
        let anything = parsed("permit (principal, action, resource);").unwrap();
        Self {
            variant: bundle.with_switches(&positions).unwrap(),
            well_formed: flat
                .engine(&bundle, vec![anything, flat.well_formed.clone()])
                .unwrap(),
            flat: flat.engine(&bundle, flat.all()).unwrap(),
            bundle,
        }
    }

    fn reduce<'a>(&'a self, question: &Question<'a>) -> Situation<'a> {
        let days = self.bundle.manifest().unsafe_situation_days;
        Situation::reduce(question, &self.variant.limits, days)
    }

    fn decides(&self, question: &Question<'_>) -> bool {
        let verdict = self.bundle.under(&self.variant).decide(question);
        matches!(verdict, Verdict::Permit(_))
    }
}

fn permits(engine: &Engine, situation: &Situation<'_>) -> bool {
    let answer = engine.prepare(situation);
    let answer = answer.and_then(|prepared| engine.ask(DECISION, situation, &prepared));
    matches!(answer, Ok(Outcome::Permit(_)))
}

/// A bundle with a team less, beside one with a kind more: words that only one of two knows.
fn words_apart() -> Both {
    let mut less = files(CONVENANT);
    replace(&mut less, "schema.cedarschema", "\"interventieteam\", ", "");
    let block = "[[team]]\ncode = \"interventieteam\"\nnaam = \"Interventieteam (schrijnende situaties)\"\nname = \"Intervention team (distressing situations)\"\n\n";
    replace(&mut less, "manifest.toml", block, "");
    let mut more = files(TWG);
    let last = "\"contactgegevens\",\n  \"gezondheidsgegevens\"";
    replace(
        &mut more,
        "schema.cedarschema",
        last,
        &format!("\"nieuwsbrief\", {last}"),
    );
    let block = "[[soort]]\ncode = \"contactgegevens\"";
    let new = "[[soort]]\ncode = \"nieuwsbrief\"\nnaam = \"Nieuwsbrief\"\nname = \"Newsletter\"\nvan = [\"img\"]\n\n";
    replace(&mut more, "manifest.toml", block, &format!("{new}{block}"));
    Both::new(
        Bundle::from_files(CONVENANT, less).unwrap(),
        &[("aos-zonder-toestemming", "ja")],
        &Bundle::from_files(TWG, more).unwrap(),
    )
}

/// Random questions; some about words that only one of two bundles knows.
fn each_question(mut ask: impl FnMut(&Asked)) {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let strategy = question();
    for number in 0..QUESTIONS {
        let mut asked = strategy.new_tree(&mut runner).unwrap().current();
        if number % 3 == 0 {
            asked.team = Some("interventieteam");
        }
        if number % 5 == 0 {
            asked.kind = "nieuwsbrief";
            for choice in &mut asked.facts.choices {
                choice.kinds = vec!["nieuwsbrief".parse().unwrap()];
            }
        }
        ask(&asked);
    }
}

fn all() -> Vec<Both> {
    let twg = || bundle(TWG);
    let nobody_owns = ("alle-eigenaren", "nee");
    let without = ("aos-zonder-toestemming", "ja");
    vec![
        Both::new(twg(), &[], &twg()),
        Both::new(twg(), &[nobody_owns, ("bezwaar-stopt-plicht", "ja")], &twg()),
        Both::new(twg(), &[("oude-toestemmingen", "ja")], &bundle(CONVENANT)),
        Both::new(bundle(CONVENANT), &[], &twg()),
        Both::new(bundle(CONVENANT), &[nobody_owns, without], &twg()),
        Both::new(bundle(CANDIDATE), &[without], &bundle(CONVENANT)),
        words_apart(),
        // Forbids that hold for one action only, and one that reads the action.
        Both::new(
            changed(
                CONVENANT,
                "00-verboden.cedar",
                &[(
                    "@id(\"verbod-gezondheid\")",
                    "@id(\"verbod-een\")\n@artikel(\"x\")\n@reden(\"GEEN_GRONDSLAG\")\n@toelichting(\"Een.\")\n@explanation(\"One.\")\n\
                     forbid (principal, action == Action::\"toestemming\", resource) when { context.bezwaar.actief.isEmpty() } unless { context.combinatie };\n\
                     @id(\"verbod-twee\")\n@artikel(\"x\")\n@reden(\"GEEN_GRONDSLAG\")\n@toelichting(\"Twee.\")\n@explanation(\"Two.\")\n\
                     forbid (principal, action in Action::\"verstrekken\", resource) when { action in [Action::\"publiekeTaak\", Action::\"aos\"] && resource.soort == Soort::\"planning\" };\n\
                     @id(\"verbod-gezondheid\")",
                )],
            )
            .unwrap(),
            &[without],
            &twg(),
        ),
    ]
}

#[test]
fn the_flat_form_decides_as_the_engine_does_and_every_situation_is_well_formed() {
    for (number, both) in all().iter().enumerate() {
        let (mut permitted, mut known) = (0, 0);
        each_question(|asked| {
            let address = asked.facts.address;
            asked.with_question(address, |question| {
                let situation = both.reduce(question);
                // A word that neither bundle has is no request of these two.
                if both.flat.knows(PURPOSE, asked.purpose) && both.flat.knows(KIND, asked.kind) {
                    known += 1;
                    assert!(
                        permits(&both.well_formed, &situation),
                        "{number}: {situation:?}"
                    );
                }
                let decided = both.decides(question);
                assert_eq!(
                    decided,
                    permits(&both.flat, &situation),
                    "{number}: {situation:?}"
                );
                permitted += usize::from(decided);
            });
        });
        assert!(known > QUESTIONS / 2, "{number}: {known}");
        // Without permits nothing would have been compared.
        assert!(permitted > QUESTIONS / 50, "{number}: {permitted}");
    }
}
