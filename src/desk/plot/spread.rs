//! How long things took, week after week: the middle half as a box, the median as a bar across it.

use super::{Axis, HEIGHT, Head, SEEN, STAGE, WEEKS, Weeks, draw_nothing, put, rectangle};
use crate::language::Language;

/// How thick the bar of a median is, in tenths of a pixel.
const MEDIAN: u64 = 40;

/// What was measured in one week: of `count` cases a quarter, half and three quarters had an answer
/// within so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quartiles {
    /// How many cases.
    pub count: u64,
    /// A quarter of them took this or less.
    pub lower: u64,
    /// Half of them.
    pub median: u64,
    /// Three quarters.
    pub upper: u64,
}

impl Quartiles {
    /// Of these durations, by nearest rank: each quartile is one of them. `None` if there are none.
    #[must_use]
    pub fn of(mut durations: Vec<u64>) -> Option<Self> {
        durations.sort_unstable();
        let rank = |quarters: usize| {
            let rank = (durations.len() * quarters).div_ceil(4);
            durations.get(rank.checked_sub(1)?).copied()
        };
        Some(Self {
            count: u64::try_from(durations.len()).ok()?,
            lower: rank(1)?,
            median: rank(2)?,
            upper: rank(3)?,
        })
    }
}

/// A distribution by week; weeks without cases stay empty. Of more than [`WEEKS`] the last are shown.
#[derive(Debug, Clone)]
pub struct Spread<'a> {
    /// What it is called within the page; each plot of a page its own.
    pub id: &'a str,
    /// Of the words that are added, and of how numbers are written.
    pub language: Language,
    /// What is shown.
    pub title: &'a str,
    /// What can be seen in it, in a sentence, for who does not see it.
    pub description: &'a str,
    /// In what it is measured, such as `dagen`; stands over the scale and in the table.
    pub unit: &'a str,
    /// The name of each week, short, and what was measured in it; the oldest first.
    pub weeks: Vec<(String, Option<Quartiles>)>,
    /// Whether the last week is what the plot is about.
    pub emphasise_last: bool,
}

impl Spread<'_> {
    /// The whole `<figure>`: title, drawing, legend, table.
    #[must_use]
    pub fn figure(&self) -> String {
        self.head()
            .figure(&self.svg(), &self.legend(), &self.table())
    }

    /// The drawing alone.
    #[must_use]
    pub fn svg(&self) -> String {
        let shown = self.shown();
        let measured = || shown.iter().filter_map(|(_, quartiles)| *quartiles);
        let axis = Axis::up_to(measured().map(|week| week.upper).max().unwrap_or(0));
        let weeks = Weeks::new(shown.len(), axis.gutter(self.language));
        let mut out = String::with_capacity(6 * 1024);
        self.head().open(&mut out, HEIGHT);
        axis.draw(&mut out, self.language, self.unit);
        weeks.open_stage(&mut out);
        if self.emphasise_last && !shown.is_empty() {
            weeks.draw_emphasis(&mut out);
        }
        let (mut boxes, mut medians) = (String::new(), String::new());
        for (week, (_, quartiles)) in (0..).zip(shown) {
            let Some(quartiles) = quartiles else { continue };
            let [lower, median, upper] =
                [quartiles.lower, quartiles.median, quartiles.upper].map(|at| axis.height(at));
            let (x, width) = weeks.bar(week);
            let height = upper.saturating_sub(lower).max(SEEN);
            let top = (STAGE * 10).saturating_sub(lower + height);
            // The box is narrower than the bar across it: their shapes differ, not only their colours.
            let inset = width / 6;
            rectangle(&mut boxes, (x + inset, width - 2 * inset), top, height);
            let top = (STAGE * 10).saturating_sub(median + MEDIAN / 2);
            rectangle(&mut medians, (x, width), top, MEDIAN);
        }
        put(
            &mut out,
            format_args!(
                "<path class=\"vlak-2\" fill-opacity=\".75\" d=\"{boxes}\"/>\
                 <path class=\"vlak-1\" d=\"{medians}\"/></svg>"
            ),
        );
        if measured().next().is_none() {
            draw_nothing(&mut out, self.language);
        }
        let labels: Vec<&str> = shown.iter().map(|(label, _)| label.as_str()).collect();
        weeks.draw_names(&mut out, &labels, self.emphasise_last);
        out.push_str("</svg>");
        out
    }

    /// What box and bar stand for.
    #[must_use]
    pub fn legend(&self) -> String {
        let median = self.language.pick(
            "de helft duurde niet langer (mediaan)",
            "half took no longer (median)",
        );
        let middle = self.language.pick(
            "de middelste helft: van een kwart tot driekwart",
            "the middle half: from a quarter to three quarters",
        );
        format!(
            "<ul class=\"legenda\"><li><svg class=\"staal\" width=\"16\" height=\"16\" \
             aria-hidden=\"true\"><rect class=\"vlak-1\" y=\"6\" width=\"16\" height=\"4\"/></svg> \
             {median}</li><li><svg class=\"staal\" width=\"16\" height=\"16\" aria-hidden=\"true\">\
             <rect class=\"vlak-2\" fill-opacity=\".75\" x=\"3\" width=\"10\" height=\"16\"/></svg> \
             {middle}</li></ul>"
        )
    }

    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let words = |dutch, english| self.language.pick(dutch, english);
        let columns = [
            "Week",
            words("Aantal", "Number"),
            words("Een kwart binnen", "A quarter within"),
            words("De helft binnen", "Half within"),
            words("Driekwart binnen", "Three quarters within"),
        ];
        let rows = self.shown().iter().map(|(label, quartiles)| {
            let cells = match quartiles {
                Some(week) => [week.count, week.lower, week.median, week.upper]
                    .map(|number| self.language.number(number)),
                None => ["0", "–", "–", "–"].map(str::to_owned),
            };
            (label.clone(), cells.to_vec())
        });
        self.head().table(&columns, rows)
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: self.id,
            language: self.language,
            title: self.title,
            description: self.description,
            unit: self.unit,
        }
    }

    fn shown(&self) -> &[(String, Option<Quartiles>)] {
        let skipped = self.weeks.len().saturating_sub(WEEKS);
        self.weeks.get(skipped..).unwrap_or_default()
    }
}
