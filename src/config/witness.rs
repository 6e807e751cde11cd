//! The configuration of a witness: a small file of its own. `deploy/witness.toml` explains each key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::section::Section;
use super::{Mistake, address, profile, table_in, text_of};
use crate::identity::TlsProfile;
use crate::ledger::note::{self, Verifier};

/// The file that explains every key.
const SAMPLE: &str = "deploy/witness.toml";

/// The whole configuration of a witness.
#[derive(Debug, Clone)]
pub struct WitnessConfig {
    /// Its name, which is its key's.
    pub name: String,
    /// Where it listens: TLS, without a client certificate.
    pub listen: SocketAddr,
    /// The file of its signing key.
    pub key: PathBuf,
    /// The folder of what it remembers.
    pub state: PathBuf,
    /// The logs it watches, by their keys.
    pub logs: Vec<Verifier>,
    /// Its server's certificate.
    pub tls: WitnessTls,
}

/// `[tls]` of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessTls {
    /// Which versions and suites are offered.
    pub profile: TlsProfile,
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl WitnessConfig {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        let (table, base) = table_in(path)?;
        Self::from_table(table, &base)
    }

    fn from_table(table: toml::Table, base: &Path) -> Result<Self, Vec<Mistake>> {
        let mut root = Section::root(table, base).explained_by(SAMPLE);
        let name = root.required("name", |text| {
            note::is_key_name(text).then(|| text.to_owned()).ok_or(
                "expected a name such as getuige.img.example/sluis, without spaces or plus signs"
                    .to_owned(),
            )
        });
        let listen = root.optional("listen", address, || {
            SocketAddr::from(([127, 0, 0, 1], 8446))
        });
        let key = root.path("key");
        let state = root.path("state");
        let logs = logs(&mut root);
        let tls = {
            let mut section = root.table("tls");
            let profile = section.optional("profile", profile, || TlsProfile::NcscGoed);
            let certificate = section.path("certificate");
            (profile, certificate, section.path("key"))
        };
        let mistakes = root.finish();
        match (name, listen, key, state, tls) {
            (
                Some(name),
                Some(listen),
                Some(key),
                Some(state),
                (Some(profile), Some(certificate), Some(tls_key)),
            ) if mistakes.is_empty() => Ok(Self {
                name,
                listen,
                key,
                state,
                logs,
                tls: WitnessTls {
                    profile,
                    certificate,
                    key: tls_key,
                },
            }),
            _ => Err(mistakes),
        }
    }
}

fn logs(root: &mut Section) -> Vec<Verifier> {
    let mut logs = Vec::new();
    let sections = root.tables("logs");
    if sections == 0 {
        root.mistake("logs", "expected at least one [[logs]] table");
    }
    for at in 0..sections {
        let Some(mut section) = root.table_at("logs", at) else {
            continue;
        };
        let parse = text_of(|text: &str| {
            Verifier::parse(text).map_err(|error| {
                format!("the key that `sluis ledger init` printed for this log, but {error}")
            })
        });
        if let Some(key) = section.required("key", parse) {
            if logs.contains(&key) {
                section.mistake("key", "another [[logs]] table has this key already");
            } else {
                logs.push(key);
            }
        }
    }
    logs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;
    use crate::ledger::note::{Cosigner, Signer};

    fn sample() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/witness.toml");
        std::fs::read_to_string(path).unwrap()
    }

    fn read(text: &str) -> Result<WitnessConfig, Vec<String>> {
        let told = |mistakes: Vec<Mistake>| mistakes.into_iter().map(|told| told.key).collect();
        WitnessConfig::from_table(text.parse().unwrap(), Path::new("/etc/w")).map_err(told)
    }

    #[test]
    fn the_sample_is_read_and_every_mistake_is_told_with_its_key() {
        let sample = sample();
        let config = read(&sample).unwrap();
        assert_eq!(config.key, Path::new("/etc/w/witness.key"));
        assert_eq!(config.logs[0].name(), "sluis.example/logboek");
        let with = |key: &str, line: &str| {
            let other = |old: &str| {
                if old.starts_with(&format!("{key} =")) {
                    line.to_owned()
                } else {
                    old.to_owned()
                }
            };
            let lines: Vec<String> = sample.lines().map(other).collect();
            lines.join("\n")
        };
        let witness = Cosigner::generate("w", &SystemRandomness::default())
            .unwrap()
            .key();
        let (logs, rest) = sample.split_once("[[logs]]").unwrap();
        let (log, tls) = rest.split_once("[tls]").unwrap();
        let log_key = Signer::generate("l", &SystemRandomness::default())
            .unwrap()
            .verifier();
        for (text, told) in [
            (with("name", ""), &["name"][..]),
            (with("name", "name = \"a b\""), &["name"]),
            (with("name", "name = \"a+b\""), &["name"]),
            (with("listen", "listen = \"8446\""), &["listen"]),
            (with("listen", "lisen = \"127.0.0.1:1\""), &["lisen"]),
            (with("state", ""), &["state"]),
            (with("certificate", ""), &["tls.certificate"]),
            (with("profile", "profile = \"ssl3\""), &["tls.profile"]),
            (format!("{logs}[tls]{tls}"), &["logs"]),
            (
                format!("{logs}[[logs]]\nkey = \"{witness}\"\n[tls]{tls}"),
                &["logs[0].key"],
            ),
            (
                format!("{logs}[[logs]]\nkey = \"{log_key}x\"\n[tls]{tls}"),
                &["logs[0].key"],
            ),
            (format!("{sample}\n[[logs]]{log}"), &["logs[1].key"]),
            (
                format!("{sample}\n[[logs]]\norigin = \"x\""),
                &["logs[1].key", "logs[1].origin"],
            ),
        ] {
            assert_eq!(read(&text).unwrap_err(), told, "{text}");
        }
    }
}
