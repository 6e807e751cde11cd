//! `manifest.toml` as it is written: names and shapes only, nothing is checked here.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) code: String,
    pub(super) titel: String,
    pub(super) title: String,
    pub(super) status: Status,
    pub(super) voorbehoud: String,
    pub(super) caveat: String,
    pub(super) van: String,
    pub(super) tot: Option<String>,
    pub(super) ondertekenaars: Vec<String>,
    pub(super) bron: Vec<Bron>,
    pub(super) gebied: Gebied,
    pub(super) aos: Option<Aos>,
    pub(super) bewaartermijn: Option<Bewaartermijn>,
    pub(super) partij: Vec<Woord>,
    pub(super) team: Vec<Woord>,
    pub(super) soort: Vec<Soort>,
    #[serde(default)]
    pub(super) kenmerk: Vec<Woord>,
    #[serde(default)]
    pub(super) vertaling: Vec<Vertaling>,
    pub(super) grondslag: Vec<Grondslag>,
    pub(super) handeling: Vec<Handeling>,
    pub(super) doel: Vec<Doel>,
    #[serde(default)]
    pub(super) schakelaar: Vec<Schakelaar>,
    #[serde(default)]
    pub(super) keuzegrens: Vec<Keuzegrens>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Vastgesteld,
    Kandidaat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bron {
    pub(super) titel: String,
    pub(super) vindplaats: String,
}

/// Read so that it cannot be misspelt; the gateway does not test it, and says so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gebied {
    #[serde(rename = "artikel")]
    pub(super) _artikel: String,
    #[serde(rename = "gemeenten")]
    pub(super) _gemeenten: Vec<String>,
    pub(super) getoetst: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Aos {
    pub(super) hoogstens_dagen: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bewaartermijn {
    pub(super) nl: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Woord {
    pub(super) code: String,
    pub(super) naam: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Soort {
    pub(super) code: String,
    pub(super) naam: String,
    pub(super) name: String,
    pub(super) van: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vertaling {
    pub(super) partij: String,
    pub(super) woord: Spanned<String>,
    pub(super) soort: Option<String>,
    pub(super) kenmerk: Option<String>,
    pub(super) doel: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grondslag {
    pub(super) code: String,
    pub(super) iri: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handeling {
    pub(super) code: String,
    pub(super) naam: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) nabeoordeling: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Doel {
    pub(super) code: String,
    pub(super) naam: String,
    pub(super) name: String,
    pub(super) handelingen: Vec<String>,
    pub(super) verwerkingsactiviteit: BTreeMap<String, String>,
    pub(super) rij: Vec<Rij>,
    #[serde(default)]
    pub(super) gesloten: Vec<Gesloten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gesloten {
    pub(super) soorten: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rij {
    pub(super) van: Vec<String>,
    pub(super) naar: Vec<String>,
    pub(super) soorten: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schakelaar {
    pub(super) code: String,
    pub(super) vraag: String,
    pub(super) question: String,
    pub(super) standen: Vec<String>,
    pub(super) stand: String,
    pub(super) toelichting: String,
    pub(super) explanation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keuzegrens {
    pub(super) keuze: String,
    pub(super) vanaf: String,
    pub(super) schakelaar: String,
    pub(super) stand: String,
}
