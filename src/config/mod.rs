//! The configuration: one TOML file, parsed whole before anything is opened.
//!
//! Every mistake is reported at once, with its key and what would be right; a key that does not
//! exist is a mistake too. Paths are relative to the file. `deploy/sluis.toml` explains each key.

mod collector;
mod desk;
mod rates;
mod retention;
mod section;
mod telemetry;
mod witness;
mod witnesses;

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::bounds;
use crate::domain::text::{Role, Team};
use crate::domain::{Oin, Organisation, Organisations, Wording};
use crate::http::{Rate, RateLimits};
use crate::identity::{
    IdentitySettings, OrganisationFiles, TlsProfile, TlsSettings, TokenSettings,
};
use crate::ledger::{KeyFileError, Keys, note};
use crate::provider::BaseUrl;
use crate::store;
pub use collector::CollectorSettings;
pub use desk::DeskSettings;
pub use retention::RetentionSettings;
use section::Section;
pub use telemetry::TelemetrySettings;
pub use witness::{WitnessConfig, WitnessTls};
pub use witnesses::WitnessesSettings;

/// One mistake in the configuration: the key, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The key, such as `organisations[1].jwks`.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The gateway's audience: what a token's `aud` must be, exactly.
    pub audience: String,
    /// Where to listen.
    pub listen: Listen,
    /// Who may knock, and with what.
    pub identity: IdentitySettings,
    /// The organisations.
    pub organisations: Organisations,
    /// Where the providing ones keep their documents.
    pub providers: Vec<(Oin, BaseUrl)>,
    /// The database.
    pub store: store::Settings,
    /// The book.
    pub ledger: LedgerSettings,
    /// The folders of policy bundles.
    pub bundles: Vec<PathBuf>,
    /// The files with what the parties signed about them.
    pub signatures: Vec<PathBuf>,
    /// The folder of the bundle that is asked beside the one in force and decides nothing.
    pub shadow: Option<PathBuf>,
    /// The desk; without it nothing listens for browsers.
    pub desk: Option<DeskSettings>,
    /// Who cosigns its checkpoints; without it nobody is asked.
    pub witnesses: Option<WitnessesSettings>,
    /// Who is told what comes into the book; without it nobody is.
    pub collector: Option<CollectorSettings>,
    /// Who is told what the gateway does; without it nobody is.
    pub telemetry: Option<TelemetrySettings>,
    /// For how long what opens entries is kept.
    pub retention: RetentionSettings,
    /// How often organisations may call.
    pub rates: RateLimits,
}

/// `[listen]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// For systems: mutual TLS.
    pub exchange: SocketAddr,
    /// For browsers: TLS.
    pub desk: SocketAddr,
    /// For the operator: plain HTTP, on loopback only.
    pub ops: SocketAddr,
}

/// `[ledger]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSettings {
    /// The origin line of checkpoints, and the name of the log's key.
    pub origin: String,
    /// The file of the signing key.
    pub key: PathBuf,
    /// The file of a second signing key, which signs beside the first while it takes over.
    pub next_key: Option<PathBuf>,
    /// The file of the master key of the openings.
    pub master_key: PathBuf,
}

impl LedgerSettings {
    /// Reads the keys that it names.
    ///
    /// # Errors
    /// [`KeyFileError`], naming the file and what to do.
    pub fn read_keys(&self) -> Result<Keys, KeyFileError> {
        let keys = Keys::read(&self.key, &self.master_key, &self.origin)?;
        keys.with_next(self.next_key.as_deref())
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        let (table, base) = table_in(path)?;
        Self::from_table(table, &base)
    }

    fn from_table(table: toml::Table, base: &Path) -> Result<Self, Vec<Mistake>> {
        let mut root = Section::root(table, base);
        let audience = root.required("audience", |text| {
            let proper = text
                .strip_prefix("https://")
                .is_some_and(|rest| !rest.is_empty())
                && !text.contains(char::is_whitespace);
            proper
                .then(|| text.to_owned())
                .ok_or("expected the gateway's https URL, as tokens name it in aud".to_owned())
        });
        let listen = listen(&mut root);
        let tls = tls(&mut root);
        let tokens = tokens(&mut root);
        let organisations = organisations(&mut root);
        let store = store(&mut root);
        let ledger = ledger(&mut root);
        let (bundles, shadow) = {
            let mut policy = root.table("policy");
            let signatures = if policy.has("signatures") {
                policy.paths("signatures")
            } else {
                Some(Vec::new())
            };
            let shadow = policy.optional_path("shadow");
            (policy.paths("bundles").zip(signatures), shadow)
        };
        let desk = desk::desk(&mut root);
        let witnesses = witnesses::witnesses(&mut root);
        let collector = collector::collector(&mut root);
        let telemetry = telemetry::telemetry(&mut root);
        let retention = retention::retention(&mut root);
        let usual = rates::usual(&mut root);
        let mistakes = root.finish();
        let complete = (audience, listen, tls, tokens, store, ledger, bundles);
        let (
            Some(audience),
            Some(listen),
            Some(tls),
            Some(tokens),
            Some(store),
            Some(ledger),
            Some((bundles, signatures)),
        ) = complete
        else {
            return Err(mistakes);
        };
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut providers = Vec::new();
        let mut files = Vec::new();
        let mut list = Vec::new();
        let mut own = HashMap::new();
        for one in organisations {
            own.extend(one.rate.map(|rate| (one.organisation.oin, rate)));
            if let Some((base_url, _)) = &one.provider {
                providers.push((one.organisation.oin, base_url.clone()));
            }
            files.push(OrganisationFiles {
                oin: one.organisation.oin,
                jwks: one.jwks,
                provider_trust_anchors: one.provider.map(|(_, anchors)| anchors),
            });
            list.push(one.organisation);
        }
        Ok(Self {
            identity: IdentitySettings {
                audience: audience.clone(),
                tls,
                tokens,
                organisations: files,
            },
            audience,
            listen,
            organisations: Organisations::new(list),
            providers,
            store,
            ledger,
            bundles,
            signatures,
            shadow,
            desk,
            witnesses,
            collector,
            telemetry,
            retention,
            rates: RateLimits { usual, own },
        })
    }
}

/// So many characters at most say where people reach an organisation.
const CONTACT_CHARS: usize = 500;

/// The table of a file, and the folder its paths are relative to.
fn table_in(path: &Path) -> Result<(toml::Table, PathBuf), Vec<Mistake>> {
    let whole = |message: String| {
        vec![Mistake {
            key: path.display().to_string(),
            message,
        }]
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| whole(format!("cannot be read ({error}); check the path")))?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        whole(format!("is not TOML: {}", one_line(&error.to_string())))
    })?;
    let base = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    Ok((table, base))
}

/// One `[[organisations]]` table.
struct OneOrganisation {
    organisation: Organisation,
    jwks: PathBuf,
    rate: Option<Rate>,
    provider: Option<(BaseUrl, Vec<PathBuf>)>,
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of<T, E: std::fmt::Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        parse(text).map_err(|error| {
            let wanted = error.to_string();
            format!("expected {}", wanted.trim_start_matches("expected "))
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8443".to_owned())
}

fn listen(root: &mut Section) -> Option<Listen> {
    let mut section = root.table("listen");
    let exchange = section.optional("exchange", address, || {
        SocketAddr::from(([127, 0, 0, 1], 8443))
    });
    let desk = section.optional("desk", address, || SocketAddr::from(([127, 0, 0, 1], 8444)));
    let ops = section.optional(
        "ops",
        |text| {
            let address = address(text)?;
            if address.ip().is_loopback() {
                Ok(address)
            } else {
                Err(
                    "expected a loopback address: this listener has no TLS and no password"
                        .to_owned(),
                )
            }
        },
        || SocketAddr::from(([127, 0, 0, 1], 9464)),
    );
    let listen = Listen {
        exchange: exchange?,
        desk: desk?,
        ops: ops?,
    };
    let ports = [listen.exchange, listen.desk, listen.ops];
    let distinct: BTreeSet<_> = ports.iter().filter(|address| address.port() != 0).collect();
    if distinct.len() < ports.iter().filter(|address| address.port() != 0).count() {
        section.mistake(
            "exchange",
            "two listeners have the same address; give each its own port",
        );
    }
    Some(listen)
}

fn profile(text: &str) -> Result<TlsProfile, String> {
    match text {
        "ncsc-goed" => Ok(TlsProfile::NcscGoed),
        "digikoppeling" => Ok(TlsProfile::Digikoppeling),
        _ => Err("expected ncsc-goed or digikoppeling".to_owned()),
    }
}

fn tls(root: &mut Section) -> Option<TlsSettings> {
    let mut section = root.table("tls");
    let profile = section.optional("profile", profile, || TlsProfile::NcscGoed);
    let certificate = section.path("certificate");
    let key = section.path("key");
    let trust_anchors = section.paths("trust-anchors");
    let crls = section.paths("crls");
    let grace = section.number("crl-grace-hours", 0..=24 * 30, 0);
    Some(TlsSettings {
        profile: profile?,
        certificate: certificate?,
        key: key?,
        trust_anchors: trust_anchors?,
        crls: crls?,
        crl_grace_hours: u32::try_from(grace?).ok()?,
    })
}

fn tokens(root: &mut Section) -> Option<TokenSettings> {
    let mut section = root.table("tokens");
    let life = section.number("max-life-seconds", 1..=3600, bounds::TOKEN_LIFE_SECONDS);
    let allow = section.flag("allow-rs256", false);
    Some(TokenSettings {
        max_life_seconds: life?,
        allow_rs256: allow?,
    })
}

/// Where people reach an organisation; over several lines if need be.
fn contact(text: &str) -> Result<String, String> {
    let text = text.trim();
    let proper = (1..=CONTACT_CHARS).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() && c != '\n');
    proper
        .then(|| text.to_owned())
        .ok_or_else(|| format!("expected a text of 1 to {CONTACT_CHARS} characters"))
}

fn words(text: &str) -> Result<Wording, String> {
    match text {
        "shared" => Ok(Wording::Shared),
        "own" => Ok(Wording::Own),
        _ => Err("expected shared or own".to_owned()),
    }
}

fn organisations(root: &mut Section) -> Vec<OneOrganisation> {
    let mut known = BTreeSet::new();
    let mut list = Vec::new();
    let sections = root.tables("organisations");
    if sections == 0 {
        root.mistake(
            "organisations",
            "expected at least one [[organisations]] table",
        );
    }
    for at in 0..sections {
        let Some(mut section) = root.table_at("organisations", at) else {
            continue;
        };
        let oin = section.required("oin", text_of(Oin::parse));
        let name = section.required("name", |text| {
            let length = text.chars().count();
            let proper = (1..=128).contains(&length) && !text.chars().any(char::is_control);
            proper
                .then(|| text.to_owned())
                .ok_or("expected a name of 1 to 128 characters".to_owned())
        });
        let role = section.required("role", text_of(Role::parse));
        let teams = section.list("teams", text_of(Team::parse));
        let jwks = section.path("jwks");
        let contact = section.optional("contact", contact, String::new);
        let words = section.optional("words", words, Wording::default);
        let rate = rates::rate(&mut section);
        let provider = section.has("provider").then(|| {
            let mut provider = section.table("provider");
            let base_url = provider.required("base-url", text_of(BaseUrl::parse));
            let anchors = provider.paths("trust-anchors");
            base_url.zip(anchors)
        });
        if let Some(oin) = oin
            && !known.insert(oin)
        {
            section.mistake("oin", "another organisation has this OIN already");
        }
        let provides = provider.is_some();
        let (Some(oin), Some(name), Some(role), Some(jwks)) = (oin, name, role, jwks) else {
            continue;
        };
        list.push(OneOrganisation {
            organisation: Organisation {
                oin,
                name,
                role,
                teams: teams.unwrap_or_default().into_iter().collect(),
                provides,
                contact: contact.unwrap_or_default(),
                words: words.unwrap_or_default(),
            },
            jwks,
            rate,
            provider: provider.flatten(),
        });
    }
    list
}

fn store(root: &mut Section) -> Option<store::Settings> {
    let mut section = root.table("store");
    let base = section.base().to_owned();
    let location = section.required("url", |text| {
        store::Location::parse(text, &base).map_err(str::to_owned)
    });
    let password_file = section.optional_path("password-file");
    let password = match password_file {
        None => None,
        Some(path) => match secret(&path) {
            Ok(password) => Some(password),
            Err(message) => {
                section.mistake("password-file", &message);
                None
            }
        },
    };
    Some(store::Settings {
        location: location?,
        password,
    })
}

fn ledger(root: &mut Section) -> Option<LedgerSettings> {
    let mut section = root.table("ledger");
    let origin = section.required("origin", |text| {
        note::is_key_name(text).then(|| text.to_owned()).ok_or(
            "expected a name such as sluis.example/logboek, without spaces or plus signs"
                .to_owned(),
        )
    });
    let key = section.path("key");
    let next_key = section.optional_path("next-key");
    let master_key = section.path("master-key");
    if next_key.is_some() && next_key == key {
        section.mistake(
            "next-key",
            "this is ledger.key; name the file of another key, or leave it out",
        );
    }
    Some(LedgerSettings {
        origin: origin?,
        key: key?,
        next_key,
        master_key: master_key?,
    })
}

/// Reads a secret from a file that only its owner can read.
fn secret(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path)
        .map_err(|error| format!("{shown} cannot be read ({error}); check the path"))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "others can read {shown}; make it private with chmod 600"
        ));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{shown} cannot be read ({error}); check the path"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        Err(format!("{shown} is empty"))
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        audience = "https://sluis.example"
        [tls]
        certificate = "gateway.pem"
        key = "gateway.key"
        trust-anchors = ["ca.pem"]
        crls = ["ca.crl.pem"]
        [[organisations]]
        oin = "00000001812345678000"
        name = "IMG"
        role = "img"
        teams = ["aos"]
        jwks = "img.jwks.json"
        [organisations.provider]
        base-url = "https://127.0.0.1:9001/"
        trust-anchors = ["ca.pem"]
        [store]
        url = "sqlite:ledger.db"
        [ledger]
        origin = "sluis.example/logboek"
        key = "log.key"
        master-key = "master.key"
        [policy]
        bundles = ["policies/2023-04-19-twg"]
    "#;

    fn read(text: &str) -> Result<Config, Vec<String>> {
        Config::from_table(text.parse().unwrap(), Path::new("/etc/sluis"))
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_whole_file_is_read_with_paths_relative_to_it() {
        let config = read(WHOLE).unwrap();
        assert_eq!(config.identity.tls.key, Path::new("/etc/sluis/gateway.key"));
        assert_eq!(config.listen.ops, SocketAddr::from(([127, 0, 0, 1], 9464)));
        assert_eq!(config.providers.len(), 1);
        assert!(
            config
                .organisations
                .iter()
                .all(|organisation| organisation.provides)
        );
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_key() {
        let wrong = WHOLE
            .replace("https://sluis.example\"", "sluis\"")
            .replace("key = \"gateway.key\"", "kee = \"gateway.key\"")
            .replace("00000001812345678000", "0000000181234567800O")
            .replace("teams = [\"aos\"]", "teams = \"aos\"")
            .replace("https://127.0.0.1:9001/", "http://127.0.0.1:9001/")
            .replace("sqlite:ledger.db", "postgres://u:geheim@h/db")
            .replace(
                "[policy]",
                "[tokens]\nmax-life-seconds = 9999\n[listen]\nops = \"0.0.0.0:1\"\n[policy]",
            );
        let mistakes = read(&wrong).unwrap_err();
        let keys: Vec<&str> = mistakes
            .iter()
            .filter_map(|m| m.split(": ").next())
            .collect();
        assert_eq!(
            keys,
            [
                "audience",
                "listen.ops",
                "organisations[0].oin",
                "organisations[0].provider.base-url",
                "organisations[0].teams",
                "store.url",
                "tls.kee",
                "tls.key",
                "tokens.max-life-seconds",
            ],
            "{mistakes:#?}"
        );
        assert!(
            !mistakes.iter().any(|mistake| mistake.contains("geheim")),
            "a secret is not shown"
        );
    }

    #[test]
    fn where_people_reach_an_organisation_is_a_short_text_or_nothing() {
        let with = |value: &str| {
            let line = format!("jwks = \"img.jwks.json\"\ncontact = {value}");
            read(&WHOLE.replace("jwks = \"img.jwks.json\"", &line))
        };
        let long = format!("\"{}\"", "x".repeat(501));
        for wrong in ["\"\"", "\" \"", "\"a\\tb\"", &long, "3"] {
            let mistakes = with(wrong).unwrap_err();
            let told = mistakes.first().unwrap();
            assert!(told.starts_with("organisations[0].contact: "), "{told}");
        }
        let reached = |config: Config| config.organisations.iter().next().unwrap().contact.clone();
        assert_eq!(reached(read(WHOLE).unwrap()), "");
        let lines = with("\"\"\"\nPostbus 1\n050 000\n\"\"\"").unwrap();
        assert_eq!(reached(lines), "Postbus 1\n050 000");
    }

    #[test]
    fn an_organisation_speaks_shared_words_or_its_own() {
        let with = |line: &str| {
            let line = format!("jwks = \"img.jwks.json\"\n{line}");
            read(&WHOLE.replace("jwks = \"img.jwks.json\"", &line))
        };
        for wrong in [
            "words = \"\"",
            "words = \"eigen\"",
            "words = \"Own\"",
            "words = true",
        ] {
            let mistakes = with(wrong).unwrap_err();
            let told = mistakes.first().unwrap();
            assert!(told.starts_with("organisations[0].words: "), "{told}");
        }
        for (line, words) in [
            ("", Wording::Shared),
            ("words = \"shared\"", Wording::Shared),
            ("words = \"own\"", Wording::Own),
        ] {
            let config = with(line).unwrap();
            assert_eq!(config.organisations.iter().next().unwrap().words, words);
        }
    }

    #[test]
    fn two_organisations_cannot_share_an_oin() {
        let (_, from_table) = WHOLE.split_once("[[organisations]]").unwrap();
        let (table, _) = from_table.split_once("[organisations.provider]").unwrap();
        let twice = WHOLE.replace("[store]", &format!("[[organisations]]{table}\n[store]"));
        assert_eq!(
            read(&twice).unwrap_err(),
            ["organisations[1].oin: another organisation has this OIN already"]
        );
    }
}
