//! What was sought, as an officer keeps it: as JSON, and without what is personal.

use serde::{Deserialize, Serialize};

use super::search::{Came, Criteria};
use crate::clock::Moment;
use crate::domain::{Oin, TransactionId};

/// The form in which criteria are kept. There is no field for an address, an employee or a case, so
/// none can be kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    van: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    tot: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    transactie: Option<TransactionId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    aanvrager: Option<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    bron: Option<Oin>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    documentsoort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    doel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    grondslag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    artikel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reden: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    uitkomst: Option<Came>,
}

impl Criteria {
    /// The same without what is personal.
    #[must_use]
    pub fn without_personal(&self) -> Self {
        Self {
            address: None,
            employee: None,
            case: None,
            below: None,
            ..self.clone()
        }
    }

    /// As JSON, without what is personal.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let kept = Kept {
            van: self.from,
            tot: self.until,
            transactie: self.transaction,
            aanvrager: self.requester,
            bron: self.provider,
            documentsoort: self.kind.clone(),
            doel: self.purpose.clone(),
            grondslag: self.ground.clone(),
            artikel: self.article.clone(),
            reden: self.reason.clone(),
            uitkomst: self.came,
        };
        // Texts and times always serialise.
        serde_json::to_value(kept).unwrap_or_default()
    }

    /// Reads what [`Criteria::to_json`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text).ok()?;
        Some(Self {
            from: kept.van,
            until: kept.tot,
            transaction: kept.transactie,
            requester: kept.aanvrager,
            provider: kept.bron,
            kind: kept.documentsoort,
            purpose: kept.doel,
            ground: kept.grondslag,
            article: kept.artikel,
            reason: kept.reden,
            came: kept.uitkomst,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AddressId, CaseNumber, Employee};

    fn everything() -> Criteria {
        let id = "0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31";
        Criteria {
            from: Moment::from_unix_seconds(1_800_000_000),
            until: Moment::from_unix_seconds(1_900_000_000),
            address: AddressId::parse("0014200012345678").ok(),
            transaction: TransactionId::parse(id).ok(),
            requester: Oin::parse("00000001812345678000").ok(),
            provider: Oin::parse("00000001823456789000").ok(),
            kind: Some("opnamerapport".to_owned()),
            purpose: Some("aos".to_owned()),
            ground: Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".to_owned()),
            article: Some("TwG 3(4)".to_owned()),
            reason: Some("GEEN_GRONDSLAG".to_owned()),
            came: Some(Came::ToReview),
            employee: Employee::parse("kanarie-medewerker").ok(),
            case: CaseNumber::parse("kanarie-zaak").ok(),
            below: Some(12),
        }
    }

    #[test]
    fn nothing_personal_is_kept_and_the_rest_comes_back() {
        let text = everything().to_json().to_string();
        for personal in ["0014200012345678", "kanarie"] {
            assert!(!text.contains(personal), "{text}");
        }
        assert_eq!(
            Criteria::from_json(&text),
            Some(everything().without_personal())
        );
        assert_eq!(Criteria::from_json("{}"), Some(Criteria::default()));
        assert!(!everything().without_personal().is_personal());
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for wrong in [
            "",
            "[1]",
            "{",
            r#"{"nummeraanduiding":"0014200012345678"}"#,
            r#"{"uitkomst":"anders"}"#,
            r#"{"van":"gisteren"}"#,
            r#"{"aanvrager":"1"}"#,
        ] {
            assert_eq!(Criteria::from_json(wrong), None, "{wrong}");
        }
    }
}
