//! Stacked bars by week.

use super::{
    Axis, Head, Id, SEEN, SERIES, STAGE, STAGE_TOP, Tenths, Text, WEEKS, Weeks, draw_nothing, put,
    rectangle,
};
use crate::language::Language;

/// How series are told apart without colour: the lines of a tile of eight by eight. The first has
/// none.
const TILES: [&str; SERIES] = [
    "",
    "M-2 2l4-4M0 8l8-8M6 10l4-4",
    "M2 2h.01M6 6h.01",
    "M0 2h8M0 6h8",
    "M-2 6l4 4M0 0l8 8M6-2l4 4",
    "M2 0v8M6 0v8",
];

/// Stacked bars: how many of each kind, week after week. Made of at most [`SERIES`] series over the
/// last [`WEEKS`] weeks; a value that is missing counts as nought.
#[derive(Debug, Clone)]
pub struct Plot<'a> {
    /// What it is called within the page; each plot of a page its own.
    pub id: &'a str,
    /// Of the words that are added, and of how numbers are written.
    pub language: Language,
    /// What is shown.
    pub title: &'a str,
    /// What can be seen in it, in a sentence, for who does not see it.
    pub description: &'a str,
    /// What is counted; stands over the scale.
    pub unit: &'a str,
    /// The name of each week, short, the oldest first.
    pub weeks: Vec<String>,
    /// Each series: its name, its number in every week. The first is drawn undermost.
    pub series: Vec<(String, Vec<u64>)>,
    /// Whether the last week is what the plot is about.
    pub emphasise_last: bool,
}

impl Plot<'_> {
    /// The whole `<figure>`: title, drawing, legend, table.
    #[must_use]
    pub fn figure(&self) -> String {
        self.head()
            .figure(&self.svg(), &self.legend(), &self.table())
    }

    /// The drawing alone.
    #[must_use]
    pub fn svg(&self) -> String {
        let (labels, series) = (self.labels(), self.shown());
        let totals = totals(&series, labels.len());
        let axis = Axis::up_to(totals.iter().copied().max().unwrap_or(0));
        let weeks = Weeks::new(labels.len(), axis.gutter(self.language));
        let mut out = String::with_capacity(12 * 1024);
        self.head().open(&mut out, super::HEIGHT);
        self.define_tiles(&mut out, series.len());
        axis.draw(&mut out, self.language, self.unit);
        weeks.open_stage(&mut out);
        if self.emphasise_last && !labels.is_empty() {
            weeks.draw_emphasis(&mut out);
        }
        self.draw_series(&mut out, &series, weeks, axis);
        out.push_str("</svg>");
        if let (Some(total), Some(label), true) =
            (totals.last(), labels.last(), self.emphasise_last)
        {
            // Over the plot, not over its bar: a higher neighbour would stand behind the number.
            let (y, label, number) = (Tenths(STAGE_TOP), Text(label), self.language.number(*total));
            put(
                &mut out,
                format_args!(
                    "<text class=\"label nadruk\" x=\"100%\" y=\"{y}%\" dy=\"-1em\" \
                     text-anchor=\"end\">{label}: {number}</text>"
                ),
            );
        }
        if totals.iter().all(|total| *total == 0) {
            draw_nothing(&mut out, self.language);
        }
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        weeks.draw_names(&mut out, &labels, self.emphasise_last);
        out.push_str("</svg>");
        out
    }

    /// What each pattern stands for, as a list that wraps where there is no room.
    #[must_use]
    pub fn legend(&self) -> String {
        let id = Id(self.id);
        let mut out = String::from("<ul class=\"legenda\">");
        for (number, (name, _)) in (1..).zip(self.shown()) {
            put(
                &mut out,
                format_args!(
                    "<li><svg class=\"staal\" width=\"16\" height=\"16\" aria-hidden=\"true\">\
                     <rect class=\"vlak-{number}\" width=\"16\" height=\"16\"/>"
                ),
            );
            if number > 1 {
                put(
                    &mut out,
                    format_args!(
                        "<rect width=\"16\" height=\"16\" fill=\"url(#{id}-p{number})\"/>"
                    ),
                );
            }
            put(&mut out, format_args!("</svg> {}</li>", Text(&name)));
        }
        out.push_str("</ul>");
        out
    }

    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let (labels, series) = (self.labels(), self.shown());
        let totals = totals(&series, labels.len());
        let total = self.language.pick("Totaal", "Total");
        let columns: Vec<&str> = std::iter::once("Week")
            .chain(series.iter().map(|(name, _)| name.as_str()))
            .chain(std::iter::once(total))
            .collect();
        let rows = labels.iter().enumerate().map(|(at, label)| {
            let values = series.iter().map(|(_, values)| value(values, at));
            let all = values.chain(totals.get(at).copied());
            let cells = all.map(|number| self.language.number(number));
            (label.clone(), cells.collect())
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

    /// The weeks that are shown: the last ones.
    fn labels(&self) -> &[String] {
        let skipped = self.weeks.len().saturating_sub(WEEKS);
        self.weeks.get(skipped..).unwrap_or_default()
    }

    /// The series that are shown: of those weeks, and the last ones together if there are too many.
    fn shown(&self) -> Vec<(String, Vec<u64>)> {
        let skipped = self.weeks.len().saturating_sub(WEEKS);
        let weeks = self.labels().len();
        let of = |values: &[u64]| -> Vec<u64> {
            (skipped..skipped + weeks)
                .map(|at| value(values, at))
                .collect()
        };
        let alone = if self.series.len() > SERIES {
            SERIES - 1
        } else {
            SERIES
        };
        let mut shown: Vec<(String, Vec<u64>)> = self
            .series
            .iter()
            .take(alone)
            .map(|(name, values)| (name.clone(), of(values)))
            .collect();
        let rest: Vec<(String, Vec<u64>)> = self
            .series
            .iter()
            .skip(alone)
            .map(|(name, values)| (name.clone(), of(values)))
            .collect();
        if !rest.is_empty() {
            let name = self.language.pick("Overig", "Other");
            shown.push((name.to_owned(), totals(&rest, weeks)));
        }
        shown
    }

    /// The patterns; the colour of their lines can be set by the style sheet.
    fn define_tiles(&self, out: &mut String, series: usize) {
        let id = Id(self.id);
        out.push_str("<defs>");
        for (number, tile) in (1..=series).zip(TILES).skip(1) {
            put(
                out,
                format_args!(
                    "<pattern id=\"{id}-p{number}\" width=\"8\" height=\"8\" \
                     patternUnits=\"userSpaceOnUse\"><path class=\"streep\" d=\"{tile}\" \
                     fill=\"none\" stroke=\"#fff\" stroke-opacity=\".6\" \
                     stroke-width=\"{}\" stroke-linecap=\"round\"/></pattern>",
                    if number == 3 { "2" } else { "1" }
                ),
            );
        }
        out.push_str("</defs>");
    }

    /// One path for a whole series, used twice: for its colour and for its pattern.
    fn draw_series(
        &self,
        out: &mut String,
        series: &[(String, Vec<u64>)],
        weeks: Weeks,
        axis: Axis,
    ) {
        let id = Id(self.id);
        // How high each week's bar has become, in tenths.
        let mut reached = vec![0; usize::try_from(weeks.count).unwrap_or(0)];
        for (number, (_, values)) in (1..).zip(series) {
            let mut path = String::new();
            for ((week, value), reached) in (0..).zip(values).zip(&mut reached) {
                if *value == 0 {
                    continue;
                }
                let height = axis.height(*value).max(SEEN);
                let top = (STAGE * 10).saturating_sub(*reached + height);
                // A hair of ground stays between two parts that are high enough.
                let hair = if *reached > 0 && height > 40 { 8 } else { 0 };
                rectangle(&mut path, weeks.bar(week), top, height - hair);
                *reached += height;
            }
            if path.is_empty() {
                continue;
            }
            // The fill is of the group, so that the second use of the path can have another.
            put(
                out,
                format_args!(
                    "<g class=\"vlak-{number}\"><path id=\"{id}-s{number}\" d=\"{path}\"/></g>"
                ),
            );
            if number > 1 {
                put(
                    out,
                    format_args!("<use href=\"#{id}-s{number}\" fill=\"url(#{id}-p{number})\"/>"),
                );
            }
        }
    }
}

fn value(values: &[u64], at: usize) -> u64 {
    values.get(at).copied().unwrap_or(0)
}

/// The sum of all series, week by week.
fn totals(series: &[(String, Vec<u64>)], weeks: usize) -> Vec<u64> {
    let sum = |at| {
        series.iter().fold(0_u64, |sum, (_, values)| {
            sum.saturating_add(value(values, at))
        })
    };
    (0..weeks).map(sum).collect()
}
