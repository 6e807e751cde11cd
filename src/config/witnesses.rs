//! `[witnesses]`: who cosigns the ledger's checkpoints, and what happens when they do not.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use crate::bounds;

/// `[witnesses]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessesSettings {
    /// The tlog-policy file: the witnesses with their URLs, and the quorum.
    pub policy: PathBuf,
    /// The CAs of their servers.
    pub trust_anchors: Vec<PathBuf>,
    /// From which age of the quorum on nothing is released.
    pub refuse_after: Option<Duration>,
}

/// Reads `[witnesses]`; without that table nobody is asked.
pub(super) fn witnesses(root: &mut Section) -> Option<WitnessesSettings> {
    if !root.has("witnesses") {
        return None;
    }
    let mut section = root.table("witnesses");
    let policy = section.path("policy");
    let trust_anchors = section.paths("trust-anchors");
    let refuse_after = section
        .has("refuse-after-seconds")
        .then(|| section.number("refuse-after-seconds", shortest()..=7 * 24 * 3600, 0));
    let refuse_after = match refuse_after {
        None => None,
        Some(seconds) => Some(Duration::from_secs(u64::try_from(seconds?).ok()?)),
    };
    Some(WitnessesSettings {
        policy: policy?,
        trust_anchors: trust_anchors?,
        refuse_after,
    })
}

/// A shorter term would refuse while all is well: one call to a witness may take so long.
fn shortest() -> i64 {
    let seconds = (bounds::WITNESS_CALL + bounds::WITNESS_ROUND).as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::section::read_alone;
    use crate::ledger::note::Policy;

    fn read(text: &str) -> Result<Option<WitnessesSettings>, Vec<String>> {
        match read_alone(text, witnesses) {
            (read, mistakes) if mistakes.is_empty() => Ok(read),
            (_, mistakes) => Err(mistakes.into_iter().map(|told| told.key).collect()),
        }
    }

    #[test]
    fn witnesses_are_read_whole_or_not_at_all() {
        let whole = "[witnesses]\npolicy = \"w.policy\"\ntrust-anchors = [\"ca.pem\"]\n";
        for (text, told) in [
            (
                "witnesses = 5",
                &["witnesses", "witnesses.policy", "witnesses.trust-anchors"][..],
            ),
            ("[witnesses]\npolicy = \"a\"", &["witnesses.trust-anchors"]),
            (
                &whole.replace("policy =", "polcy ="),
                &["witnesses.polcy", "witnesses.policy"],
            ),
            (
                &format!("{whole}refuse-after-seconds = 5"),
                &["witnesses.refuse-after-seconds"],
            ),
            (
                &format!("{whole}refuse-after-seconds = \"60\""),
                &["witnesses.refuse-after-seconds"],
            ),
            (
                &format!("{whole}refuse-after-seconds = 604801"),
                &["witnesses.refuse-after-seconds"],
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), told, "{text}");
        }
        assert_eq!(read(""), Ok(None));
        let settings = read(whole).unwrap().unwrap();
        assert_eq!(settings.policy, Path::new("/etc/sluis/w.policy"));
        assert_eq!(settings.refuse_after, None);
        let refusing = read(&format!("{whole}refuse-after-seconds = 6"))
            .unwrap()
            .unwrap();
        assert_eq!(refusing.refuse_after, Some(Duration::from_secs(6)));
    }

    /// The sample configuration explains every key, and the sample policy is one.
    #[test]
    fn the_samples_are_read() {
        let read_sample = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/");
            std::fs::read_to_string(format!("{folder}{name}")).unwrap()
        };
        let sample = read_sample("sluis.toml");
        let (_, from) = sample.split_once("# [witnesses]\n").unwrap();
        let example = from.lines().take_while(|line| line.starts_with('#'));
        let keys = ["policy = ", "trust-anchors = ", "refuse-after-seconds = "];
        let lines = example
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| keys.iter().any(|key| line.starts_with(key)));
        let text = format!("[witnesses]\n{}", lines.collect::<Vec<_>>().join("\n"));
        let settings = read(&text).unwrap().unwrap();
        assert_eq!(settings.refuse_after, Some(Duration::from_mins(1)));
        let policy = Policy::parse(read_sample("witnesses.policy").as_bytes()).unwrap();
        assert!(
            policy
                .witnesses()
                .iter()
                .all(|witness| witness.url.is_some())
        );
        assert!(!policy.is_reached(|witness| witness == 0));
    }
}
