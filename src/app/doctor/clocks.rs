//! What everybody's clock says beside ours.

use std::process::Stdio;
use std::time::Duration;

use crate::bounds;
use crate::clock::Moment;
use crate::finding::Findings;
use crate::https::Answered;

const CLOCK: &str = "clock";
/// An honest difference: whole seconds, and the road in between.
const SAME_MS: i64 = 2_000;
/// How long the system may take to say whether its clock is kept right.
const OWN_CLOCK: Duration = Duration::from_secs(2);

/// What clocks said.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// Whose clock, and how far ours is ahead of it in milliseconds.
    compared: Vec<(String, i64)>,
    /// Whether the system says that its clock is kept right; unknown where it does not say.
    kept: Option<bool>,
}

impl Clocks {
    pub(super) fn compare(&mut self, whose: &str, theirs: Moment, ours: Moment) {
        self.compared
            .push((whose.to_owned(), ours.ms_since(theirs)));
    }

    /// The `Date` of an answer is cut to whole seconds.
    pub(super) fn compare_date(&mut self, whose: &str, answer: &Answered, ours: Moment) {
        if let Some(date) = answer.date() {
            self.compare(whose, date.plus_ms(500), ours);
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.compared.extend(more.compared);
        self.kept = self.kept.or(more.kept);
    }
}

/// What the clocks come to. Where some agree with ours, one that does not is wrong itself.
pub(super) fn judged(clocks: Clocks) -> Findings {
    let mut all = Findings::default();
    match clocks.kept {
        Some(true) => all.ok(CLOCK, "the system says that it is synchronised"),
        Some(false) => all.warn(
            CLOCK,
            "the system says that it is not synchronised",
            "turn on NTP (timedatectl set-ntp true, or chrony)",
        ),
        None if clocks.compared.is_empty() => all.skip(
            CLOCK,
            "nobody to compare with, and the system does not say whether it is synchronised",
        ),
        None => {}
    }
    let is_same = |ms: i64| ms.abs() <= SAME_MS;
    let some_agree = clocks.compared.iter().any(|(_, ms)| is_same(*ms));
    for (whose, ms) in clocks.compared {
        let way = if ms < 0 { "behind" } else { "ahead of" };
        let tenths = ms.abs() / 100;
        let text = format!("{}.{} s {way} {whose}", tenths / 10, tenths % 10);
        if is_same(ms) {
            all.ok(CLOCK, text);
        } else if some_agree {
            let advice = "others agree with this machine: tell whoever runs that one";
            all.warn(CLOCK, text, advice);
        } else if ms.abs() <= bounds::TOKEN_LEEWAY_SECONDS * 1000 {
            let advice = "set the clock by NTP, before tokens are refused for it";
            all.warn(CLOCK, text, advice);
        } else {
            let advice = format!(
                "set the clock by NTP: with more than {} s between them tokens are refused",
                bounds::TOKEN_LEEWAY_SECONDS
            );
            all.fail(CLOCK, text, advice);
        }
    }
    all
}

/// Whether the system says that its clock is kept right.
pub(super) async fn own() -> Clocks {
    let mut command = tokio::process::Command::new("timedatectl");
    command
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let told = tokio::time::timeout(OWN_CLOCK, command.output()).await;
    let kept = match told {
        Ok(Ok(output)) if output.stdout.starts_with(b"yes") => Some(true),
        Ok(Ok(output)) if output.stdout.starts_with(b"no") => Some(false),
        _ => None,
    };
    Clocks {
        compared: Vec::new(),
        kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(compared: &[(&str, i64)], kept: Option<bool>) -> Vec<String> {
        let clocks = Clocks {
            compared: compared
                .iter()
                .map(|(who, ms)| ((*who).to_owned(), *ms))
                .collect(),
            kept,
        };
        let list = judged(clocks).into_list();
        list.iter()
            .map(|one| one.to_string().chars().take(45).collect())
            .collect()
    }

    #[test]
    fn a_clock_is_held_against_others() {
        for (compared, kept, lines) in [
            (
                &[][..],
                None,
                &["skip  clock        nobody to compare with, an"][..],
            ),
            (
                &[],
                Some(false),
                &["warn  clock        the system says that it is "],
            ),
            (
                &[("a", -90_000)],
                None,
                &["FAIL  clock        90.0 s behind a; set the cl"],
            ),
            (
                &[("a", 4_000)],
                None,
                &["warn  clock        4.0 s ahead of a; set the clo"],
            ),
            (
                &[("a", 300), ("b", 90_000)],
                None,
                &[
                    "ok    clock        0.3 s ahead of a",
                    "warn  clock        90.0 s ahead of b; others ag",
                ],
            ),
            (
                &[("a", 300)],
                Some(true),
                &[
                    "ok    clock        the system says that it is ",
                    "ok    clock        0.3 s ahead of a",
                ],
            ),
        ] {
            let told = told(compared, kept);
            let cut: Vec<String> = lines
                .iter()
                .map(|line| line.chars().take(45).collect())
                .collect();
            assert_eq!(told.len(), cut.len(), "{told:?}");
            for (found, wanted) in told.iter().zip(&cut) {
                assert!(found.starts_with(wanted.as_str()), "{found} / {wanted}");
            }
        }
    }
}
