//! `[telemetry]`: who is told what the gateway does, for operators: traces, and its own log.

use std::path::PathBuf;

use super::section::Section;
use crate::collect::Signal;
use crate::https::Address;

/// Of how many calls of a million a trace is made, when the configuration does not say.
const USUAL_SHARE: u32 = 50_000;

/// `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// Below which it takes traces and logs (OTLP/HTTP).
    pub url: String,
    /// The CAs of its server.
    pub trust_anchors: Vec<PathBuf>,
    /// What it is told, each once.
    pub signals: Vec<Signal>,
    /// Of so many calls of a million a trace is made, where the caller does not say.
    pub traces_per_million: u32,
}

/// Reads `[telemetry]`; without that table nobody is told.
pub(super) fn telemetry(root: &mut Section) -> Option<TelemetrySettings> {
    if !root.has("telemetry") {
        return None;
    }
    let mut section = root.table("telemetry");
    let url = section.required("url", |text| match Address::parse(text) {
        Ok(address) if address.query().is_none() => Ok(text.to_owned()),
        Ok(_) => Err(
            "expected an address without a query: /v1/traces and /v1/logs are put behind it"
                .to_owned(),
        ),
        Err(error) => Err(error.to_string()),
    });
    let trust_anchors = section.paths("trust-anchors");
    let all = !section.has("signals");
    let signals = section.list("signals", |text| {
        let named = Signal::ALL.into_iter().find(|signal| signal.code() == text);
        named.ok_or_else(|| "expected traces or logs".to_owned())
    });
    let signals = if all { Signal::ALL.to_vec() } else { signals? };
    let twice = |(at, one): (usize, &Signal)| signals.iter().take(at).any(|earlier| earlier == one);
    if signals.is_empty() || signals.iter().enumerate().any(twice) {
        section.mistake(
            "signals",
            "expected each of traces and logs once, or not at all",
        );
    }
    let share = section.share("sample-ratio", USUAL_SHARE);
    Some(TelemetrySettings {
        url: url?,
        trust_anchors: trust_anchors?,
        signals,
        traces_per_million: share?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::section::read_alone;

    fn read(text: &str) -> Result<Option<TelemetrySettings>, Vec<String>> {
        match read_alone(text, telemetry) {
            (read, mistakes) if mistakes.is_empty() => Ok(read),
            (_, mistakes) => Err(mistakes.into_iter().map(|told| told.key).collect()),
        }
    }

    #[test]
    fn telemetry_is_read_whole_or_not_at_all() {
        let whole =
            "[telemetry]\nurl = \"https://otel.example:4318\"\ntrust-anchors = [\"ca.pem\"]\n";
        for (text, told) in [
            (
                "telemetry = 5",
                &["telemetry", "telemetry.trust-anchors", "telemetry.url"][..],
            ),
            (&whole.replace("https:", "http:"), &["telemetry.url"]),
            (&whole.replace(":4318", ":4318/?a=b"), &["telemetry.url"]),
            (&format!("{whole}signals = []"), &["telemetry.signals"]),
            (
                &format!("{whole}signals = [\"metrics\"]"),
                &["telemetry.signals[0]"],
            ),
            (
                &format!("{whole}signals = [\"logs\", \"logs\"]"),
                &["telemetry.signals"],
            ),
            (
                &format!("{whole}sample-ratio = 2"),
                &["telemetry.sample-ratio"],
            ),
            (
                &format!("{whole}sample-ratio = -0.1"),
                &["telemetry.sample-ratio"],
            ),
            (
                &format!("{whole}sample-ratio = \"1\""),
                &["telemetry.sample-ratio"],
            ),
            (
                &format!("{whole}sample-ratio = nan"),
                &["telemetry.sample-ratio"],
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), told, "{text}");
        }
        assert_eq!(read(""), Ok(None));
        let settings = read(whole).unwrap().unwrap();
        assert_eq!(settings.trust_anchors, [Path::new("/etc/sluis/ca.pem")]);
        assert_eq!(settings.signals, Signal::ALL);
        assert_eq!(settings.traces_per_million, USUAL_SHARE);
        for (ratio, per_million) in [
            ("0", 0),
            ("1", 1_000_000),
            ("1.0", 1_000_000),
            ("0.001", 1_000),
        ] {
            let read = read(&format!("{whole}sample-ratio = {ratio}")).unwrap();
            assert_eq!(read.unwrap().traces_per_million, per_million, "{ratio}");
        }
    }

    /// The sample configuration explains every key.
    #[test]
    fn the_sample_is_read() {
        let sample = include_str!("../../deploy/sluis.toml");
        let (_, from) = sample.split_once("# [telemetry]\n").unwrap();
        let example = from.lines().take_while(|line| line.starts_with('#'));
        let keys = [
            "url = ",
            "trust-anchors = ",
            "signals = ",
            "sample-ratio = ",
        ];
        let lines: Vec<&str> = example
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| keys.iter().any(|key| line.starts_with(key)))
            .collect();
        assert_eq!(lines.len(), keys.len());
        let text = format!("[telemetry]\n{}", lines.join("\n"));
        assert_eq!(read(&text), read(&text.replace("sample-ratio = 0.05", "")));
    }
}
