//! The flat facts: one action, whose context is every fact the gateway can fill, and what is always
//! true of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::policy::mistake::Mistake;
use crate::policy::schema::{self, KIND, PURPOSE, ROLE, ReadSchema, TEAM};

/// The one action of the flat form.
pub(in crate::policy) const DECISION: &str = "besluit";
/// The id of what is always true of the facts.
pub(in crate::policy) const WELL_FORMED: &str = "welgevormd";

/// The words of each of the four vocabularies.
pub(in crate::policy) type Words = BTreeMap<String, BTreeSet<String>>;

/// The four vocabularies of these schemas together.
pub(in crate::policy) fn union<'a>(of: impl IntoIterator<Item = &'a ReadSchema>) -> Words {
    let mut all = Words::new();
    for read in of {
        for kind in [ROLE, TEAM, PURPOSE, KIND] {
            let words = read.words.get(kind).into_iter().flatten().cloned();
            all.entry(kind.to_owned()).or_default().extend(words);
        }
    }
    all
}

/// The flat schema with these words. What is not a word is what the gateway fills for every bundle.
pub(in crate::policy) fn flat_schema(words: &Words) -> Result<ReadSchema, Vec<Mistake>> {
    let mut text = String::new();
    for (kind, words) in words {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(text, "entity {kind} enum [{}];", words.join(", "));
    }
    text.push_str(SHAPES);
    schema::read(&text)
}

/// A text between quotes, as Cedar reads it.
pub(in crate::policy) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}

const SHAPES: &str = r"
entity Organisatie = { partij: Partij };
entity Eigenaar;
entity Document = {
  houder: Organisatie,
  bron: Partij,
  adres: String,
  soort: Soort,
  gezondheid: Bool,
  eigenaren: Set<Eigenaar>
};
type Keuzestand = {
  adres: String,
  doel: Doel,
  ontvanger: Organisatie,
  actief: Set<Eigenaar>,
  ingetrokken: Set<Eigenaar>
};
type Aosmelding = { adres: String, actief: Bool, sinds: Long, tot: Long };
action besluit appliesTo {
  principal: Organisatie,
  resource: Document,
  context: {
    doel: Doel,
    team: Team,
    nu: Long,
    combinatie: Bool,
    toestemming: Keuzestand,
    instemming: Keuzestand,
    bezwaar: Keuzestand,
    verzoek: Keuzestand,
    melding: Aosmelding
  }
};
";

/// What [`crate::policy::facts`] makes of any question, as one rule over the flat facts: who is not
/// well-formed is not permitted. The solver supposes nothing that this excludes, so whatever stands
/// here must be true of every [`Situation`](crate::policy::facts::Situation); a property test asks.
pub(in crate::policy) fn well_formed() -> String {
    let mut text = String::from(
        "forbid (principal, action, resource) unless {
  resource.bron == resource.houder.partij &&
  context.melding.adres == resource.adres &&
  context.nu >= 0 && context.nu <= 253402300799999 &&
  context.melding.sinds >= 0 && context.melding.tot <= 253402300799999 &&
  (if context.melding.actief
    then context.nu >= context.melding.sinds && context.nu < context.melding.tot
    else context.melding.sinds == 0 && context.melding.tot == 0)",
    );
    for stand in ["toestemming", "instemming", "bezwaar", "verzoek"] {
        let _ = write!(
            text,
            " &&
  context.{stand}.adres == resource.adres &&
  context.{stand}.doel == context.doel &&
  context.{stand}.ontvanger == principal &&
  resource.eigenaren.containsAll(context.{stand}.actief) &&
  resource.eigenaren.containsAll(context.{stand}.ingetrokken) &&
  !context.{stand}.actief.containsAny(context.{stand}.ingetrokken)"
        );
    }
    text.push_str("\n};");
    text
}
