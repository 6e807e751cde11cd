//! How often organisations may call: `[limits]`, and an organisation's own.

use std::num::NonZeroU32;

use super::section::Section;
use crate::http::Rate;

/// The most that can be said of either: above this there is no limit worth the name.
const MOST: i64 = 1_000_000;

/// `[limits]`: the rate of every organisation that has none of its own.
pub(super) fn usual(root: &mut Section) -> Option<Rate> {
    rate(&mut root.table("limits"))
}

/// `requests-per-second` and `burst`; `None` where there is no limit, or a mistake was told.
pub(super) fn rate(section: &mut Section) -> Option<Rate> {
    let number = |section: &mut Section, key| {
        let given = section.has(key);
        let number = section.number(key, 1..=MOST, 1)?;
        NonZeroU32::new(u32::try_from(number).ok()?).filter(|_| given)
    };
    let limited = section.has("requests-per-second");
    let per_second = number(section, "requests-per-second");
    if !limited && section.has("burst") {
        section.mistake("burst", "expected requests-per-second beside it");
    }
    let burst = number(section, "burst");
    let per_second = per_second?;
    Some(Rate {
        per_second,
        burst: burst.unwrap_or(per_second),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    /// The sample with other limits.
    fn with(limits: &str, own: &str) -> Result<Config, Vec<String>> {
        let sample = include_str!("../../deploy/sluis.toml");
        let own_sample = "# requests-per-second = 1000\n# burst = 4000\n";
        let usual = "# requests-per-second = 500\n";
        assert!(sample.contains("# [limits]\n") && sample.contains(usual));
        assert!(sample.contains(own_sample));
        let text = sample
            .replace("# [limits]\n", "[limits]\n")
            .replace(usual, limits)
            .replace(own_sample, own);
        let table = text.parse().unwrap();
        let base = Path::new(env!("CARGO_MANIFEST_DIR"));
        Config::from_table(table, base)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn rates_are_read_and_mistakes_told() {
        let number = "expected a whole number from 1 to 1000000";
        for (limits, own, wrong) in [
            (
                "burst = 5\n",
                "",
                "limits.burst: expected requests-per-second beside it",
            ),
            (
                "requests-per-second = 0\n",
                "",
                &*format!("limits.requests-per-second: {number}"),
            ),
            (
                "requests-per-second = \"9\"\n",
                "",
                &*format!("limits.requests-per-second: {number}"),
            ),
            (
                "requests-per-second = 9\nburst = -1\n",
                "",
                &*format!("limits.burst: {number}"),
            ),
            (
                "",
                "requests-per-second = 1000001\n",
                &*format!("organisations[0].requests-per-second: {number}"),
            ),
            (
                "",
                "burst = 7\n",
                "organisations[0].burst: expected requests-per-second beside it",
            ),
        ] {
            assert_eq!(with(limits, own).unwrap_err(), [wrong], "{limits}{own}");
        }
        let rate = |per_second, burst| Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        };
        for (limits, own, usual, img) in [
            ("", "", None, None),
            ("requests-per-second = 9\n", "", Some(rate(9, 9)), None),
            (
                "requests-per-second = 9\nburst = 99\n",
                "requests-per-second = 3\nburst = 1\n",
                Some(rate(9, 99)),
                Some(rate(3, 1)),
            ),
            ("", "requests-per-second = 3\n", None, Some(rate(3, 3))),
        ] {
            let config = with(limits, own).unwrap();
            assert_eq!(config.rates.usual, usual, "{limits}{own}");
            let first = config.organisations.iter().next().unwrap().oin;
            assert_eq!(config.rates.own.get(&first).copied(), img, "{limits}{own}");
            assert_eq!(config.rates.own.len(), usize::from(img.is_some()));
        }
    }
}
