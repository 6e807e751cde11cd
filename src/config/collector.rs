//! `[collector]`: who is told what comes into the ledger, in the words of a standard.

use std::path::PathBuf;

use super::section::Section;
use crate::https::Address;
use crate::views::Form;

/// `[collector]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorSettings {
    /// Where it takes logs (OTLP/HTTP).
    pub url: String,
    /// The CAs of its server.
    pub trust_anchors: Vec<PathBuf>,
    /// In whose words, each once.
    pub views: Vec<Form>,
}

/// Reads `[collector]`; without that table nobody is told.
pub(super) fn collector(root: &mut Section) -> Option<CollectorSettings> {
    if !root.has("collector") {
        return None;
    }
    let mut section = root.table("collector");
    let url = section.required("url", |text| {
        let read = Address::parse(text).map(|_| text.to_owned());
        read.map_err(|error| error.to_string())
    });
    let trust_anchors = section.paths("trust-anchors");
    let all = !section.has("views");
    let views = section.list("views", |text| {
        let named = Form::ALL.into_iter().find(|form| form.code() == text);
        named.ok_or_else(|| "expected fsc, ldv or adl".to_owned())
    });
    let views = if all { Form::ALL.to_vec() } else { views? };
    let twice = |(at, form): (usize, &Form)| views.iter().take(at).any(|earlier| earlier == form);
    if views.is_empty() || views.iter().enumerate().any(twice) {
        section.mistake(
            "views",
            "expected each of fsc, ldv and adl once, or not at all",
        );
    }
    Some(CollectorSettings {
        url: url?,
        trust_anchors: trust_anchors?,
        views,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::section::read_alone;

    fn read(text: &str) -> Result<Option<CollectorSettings>, Vec<String>> {
        match read_alone(text, collector) {
            (read, mistakes) if mistakes.is_empty() => Ok(read),
            (_, mistakes) => Err(mistakes.into_iter().map(|told| told.key).collect()),
        }
    }

    #[test]
    fn a_collector_is_read_whole_or_not_at_all() {
        let whole =
            "[collector]\nurl = \"https://logs.example/v1/logs\"\ntrust-anchors = [\"ca.pem\"]\n";
        for (text, told) in [
            (
                "collector = 5",
                &["collector", "collector.trust-anchors", "collector.url"][..],
            ),
            (&whole.replace("https:", "http:"), &["collector.url"]),
            (
                &whole.replace("trust-anchors", "ca"),
                &["collector.ca", "collector.trust-anchors"],
            ),
            (&format!("{whole}views = []"), &["collector.views"]),
            (&format!("{whole}views = \"ldv\""), &["collector.views"]),
            (
                &format!("{whole}views = [\"csv\"]"),
                &["collector.views[0]"],
            ),
            (
                &format!("{whole}views = [\"ldv\", \"adl\", \"ldv\"]"),
                &["collector.views"],
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), told, "{text}");
        }
        assert_eq!(read(""), Ok(None));
        let settings = read(whole).unwrap().unwrap();
        assert_eq!(settings.trust_anchors, [Path::new("/etc/sluis/ca.pem")]);
        assert_eq!(settings.views, Form::ALL);
        let one = read(&format!("{whole}views = [\"adl\"]")).unwrap().unwrap();
        assert_eq!(one.views, [Form::Adl]);
    }

    /// The sample configuration explains every key.
    #[test]
    fn the_sample_is_read() {
        let sample = include_str!("../../deploy/sluis.toml");
        let (_, from) = sample.split_once("# [collector]\n").unwrap();
        let example = from.lines().take_while(|line| line.starts_with('#'));
        let keys = ["url = ", "trust-anchors = ", "views = "];
        let lines = example
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| keys.iter().any(|key| line.starts_with(key)));
        let text = format!("[collector]\n{}", lines.collect::<Vec<_>>().join("\n"));
        assert_eq!(read(&text).unwrap().unwrap().views, Form::ALL);
    }
}
