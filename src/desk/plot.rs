//! Plots drawn on the server, as SVG in the page: no script, no picture to fetch.
//!
//! Each is drawn in percentages of its own width and in whole pixels of height, with only the bars in
//! a `viewBox` that is stretched. So bars become narrow on a narrow screen and the words do not: they
//! keep the size the style sheet gives `.label`, also at 320 pixels and with enlarged text.
//!
//! Nobody has to see a colour: series have patterns as well, and below each plot stand the same
//! numbers as a table. Presentation is by class name only (`vlak-1` … `vlak-6`, `as`, `raster-lijn`,
//! `label`, and here besides: `nadruk`, `nadruk-vlak`, `streep`, `legenda`, `staal`, `schuif`), for
//! the pages allow no style of their own.

mod bars;
mod spread;
mod weeks;

use std::fmt::{self, Display, Write as _};

pub use bars::Bars;
pub use spread::{Quartiles, Spread};
pub use weeks::Plot;

use crate::language::Language;

/// Series in one plot; what is beyond is shown together, as the last.
pub const SERIES: usize = 6;
/// Weeks in one plot; of more, the last are shown.
pub const WEEKS: usize = 53;
/// Rows of horizontal bars; what is beyond stands in the table alone.
pub const ROWS: usize = 20;
/// A scale goes no further: beyond it a bar is as high as the plot.
const LARGEST: u64 = 1_000_000_000_000;

/// The height of a plot by week, in pixels, and of the part where its bars stand.
const HEIGHT: u64 = 270;
const STAGE: u64 = 200;
/// Where that part begins, and how high it is, in tenths of a percent of the whole.
const STAGE_TOP: u64 = 148;
const STAGE_HEIGHT: u64 = 741;
/// The smallest height at which a bar is seen, in tenths of a pixel, also when the style sheet draws
/// a line of the paper's colour around it: one release is never nothing.
const SEEN: u64 = 25;

/// The words that every plot has in common.
#[derive(Debug, Clone, Copy)]
struct Head<'a> {
    id: &'a str,
    language: Language,
    title: &'a str,
    description: &'a str,
    unit: &'a str,
}

impl Head<'_> {
    /// The opening tag, with the names that are read aloud.
    fn open(&self, out: &mut String, height: u64) {
        let (id, title, text) = (Id(self.id), Text(self.title), Text(self.description));
        put(
            out,
            format_args!(
                "<svg role=\"img\" width=\"100%\" height=\"{height}\" \
                 aria-labelledby=\"{id}-t {id}-d\">\
                 <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{text}</desc>"
            ),
        );
    }

    /// The numbers as a table that can be unfolded. The first column of `rows` is each row's head;
    /// the cells are numbers that are already written.
    fn table(&self, columns: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
        let summary = self
            .language
            .pick("De getallen als tabel", "The numbers as a table");
        let (title, unit) = (Text(self.title), Text(self.unit));
        let mut out = String::new();
        put(
            &mut out,
            format_args!(
                "<details><summary>{summary}<span class=\"sr\">: {title}</span></summary>\
                 <div class=\"schuif\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">\
                 <table><caption>{title} ({unit})</caption><thead><tr>"
            ),
        );
        for (number, column) in columns.iter().enumerate() {
            let class = if number == 0 { "" } else { " class=\"getal\"" };
            put(
                &mut out,
                format_args!("<th scope=\"col\"{class}>{}</th>", Text(column)),
            );
        }
        out.push_str("</tr></thead><tbody>");
        for (head, cells) in rows {
            put(
                &mut out,
                format_args!("<tr><th scope=\"row\">{}</th>", Text(&head)),
            );
            for cell in cells {
                put(&mut out, format_args!("<td class=\"getal\">{cell}</td>"));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div></details>");
        out
    }

    /// A whole figure: what it is called, the drawing, its legend, its numbers.
    fn figure(&self, svg: &str, legend: &str, table: &str) -> String {
        let title = Text(self.title);
        format!(
            "<figure class=\"grafiek\"><figcaption>{title}</figcaption>{svg}{legend}{table}</figure>"
        )
    }
}

/// The scale of a plot: `steps` round steps of `step`, the last at or above the largest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    step: u64,
    steps: u64,
}

impl Axis {
    /// At most five steps, each 1, 2 or 5 with noughts.
    fn up_to(largest: u64) -> Self {
        let largest = largest.clamp(1, LARGEST);
        let mut magnitude = 1;
        loop {
            for step in [magnitude, 2 * magnitude, 5 * magnitude] {
                if step * 5 >= largest {
                    let steps = largest.div_ceil(step);
                    return Self { step, steps };
                }
            }
            magnitude *= 10;
        }
    }

    fn top(self) -> u64 {
        self.step * self.steps
    }

    /// How high a value stands, in tenths of a pixel of the stage.
    fn height(self, value: u64) -> u64 {
        value.min(self.top()) * STAGE * 10 / self.top()
    }

    /// How much of the width the numbers beside the scale take on the narrowest screen, in tenths of
    /// a percent of the 288 pixels a plot has there.
    fn gutter(self, language: Language) -> u64 {
        let widest = language.number(self.top()).len();
        let pixels = u64::try_from(widest).unwrap_or(9) * 72 + 80;
        pixels * 100 / 288
    }

    /// The lines of the scale with their numbers, and over the highest the unit.
    fn draw(self, out: &mut String, language: Language, unit: &str) {
        put(
            out,
            format_args!(
                "<text class=\"label\" x=\"0\" y=\"0\" dy=\"1em\">{}</text>",
                Text(unit)
            ),
        );
        for at in 0..=self.steps {
            let y = Tenths(STAGE_TOP + STAGE_HEIGHT * (self.steps - at) / self.steps);
            let class = if at == 0 { "as" } else { "raster-lijn" };
            let number = language.number(at * self.step);
            put(
                out,
                format_args!(
                    "<line class=\"{class}\" x1=\"0\" y1=\"{y}%\" x2=\"100%\" y2=\"{y}%\"/>\
                     <text class=\"label\" x=\"0\" y=\"{y}%\" dy=\"-.3em\">{number}</text>"
                ),
            );
        }
    }
}

/// The weeks along the foot of a plot: how many, how wide each, how much is left free at the left.
#[derive(Debug, Clone, Copy)]
struct Weeks {
    count: u64,
    /// Units of the stage from one week to the next.
    pitch: u64,
    /// In tenths of a percent of the width.
    gutter: u64,
}

impl Weeks {
    fn new(count: usize, gutter: u64) -> Self {
        let count = u64::try_from(count).unwrap_or(0).max(1);
        Self {
            count,
            pitch: (600 / count).max(2),
            gutter,
        }
    }

    /// The middle of a week, in tenths of a percent of the width.
    fn middle(self, week: u64) -> u64 {
        self.gutter + (1000 - self.gutter) * (2 * week + 1) / (2 * self.count)
    }

    /// Left side and width of a bar, in units of the stage.
    fn bar(self, week: u64) -> (u64, u64) {
        let gap = (self.pitch / 5).max(1);
        (week * self.pitch + gap / 2, self.pitch - gap)
    }

    /// Opens the stage, on which bars are drawn in its own units.
    fn open_stage(self, out: &mut String) {
        let (x, width) = (Tenths(self.gutter), Tenths(1000 - self.gutter));
        let (y, height) = (Tenths(STAGE_TOP), Tenths(STAGE_HEIGHT));
        let wide = self.count * self.pitch;
        put(
            out,
            format_args!(
                "<svg x=\"{x}%\" y=\"{y}%\" width=\"{width}%\" height=\"{height}%\" \
                 viewBox=\"0 0 {wide} {STAGE}\" preserveAspectRatio=\"none\" overflow=\"visible\">"
            ),
        );
    }

    /// Which weeks are named: as many as fit on the narrowest screen, counted back from the last.
    fn named(self, labels: &[&str]) -> Vec<u64> {
        let widest = labels.iter().map(|label| label.chars().count()).max();
        let pixels = u64::try_from(widest.unwrap_or(0)).unwrap_or(100).min(100) * 7 + 16;
        let room = 288 * (1000 - self.gutter) / 1000;
        let each = (pixels * self.count).div_ceil(room).max(1);
        // The last is set against the right side: it takes half a name more of its neighbour's room.
        let last = self.count - 1;
        let next = last.checked_sub(each + each.div_ceil(2));
        std::iter::once(last)
            .chain(std::iter::successors(next, |at| at.checked_sub(each)))
            .collect()
    }

    /// A light ground under the last week.
    fn draw_emphasis(self, out: &mut String) {
        let (x, width) = ((self.count - 1) * self.pitch, self.pitch);
        put(
            out,
            format_args!(
                "<rect class=\"nadruk-vlak\" x=\"{x}\" y=\"-8\" width=\"{width}\" \
                 height=\"{}\" fill=\"currentColor\" fill-opacity=\".08\"/>",
                STAGE + 8
            ),
        );
    }

    /// The names of weeks under the plot.
    fn draw_names(self, out: &mut String, labels: &[&str], emphasise_last: bool) {
        for week in self.named(labels) {
            let label = usize::try_from(week).ok().and_then(|at| labels.get(at));
            let Some(label) = label else { continue };
            let last = week + 1 == self.count;
            let x = Tenths(if last { 1000 } else { self.middle(week) });
            let anchor = if last { "end" } else { "middle" };
            let class = emphasis(last && emphasise_last);
            let text = Text(label);
            put(
                out,
                format_args!(
                    "<text class=\"{class}\" x=\"{x}%\" y=\"100%\" dy=\"-.4em\" \
                     text-anchor=\"{anchor}\">{text}</text>"
                ),
            );
        }
    }
}

/// Nothing to show is said, for an empty plot could as well be a broken one.
fn draw_nothing(out: &mut String, language: Language) {
    let words = language.pick("Nog niets om te tonen", "Nothing to show yet");
    put(
        out,
        format_args!(
            "<text class=\"label\" x=\"50%\" y=\"50%\" text-anchor=\"middle\">{words}</text>"
        ),
    );
}

fn emphasis(on: bool) -> &'static str {
    if on { "label nadruk" } else { "label" }
}

/// A rectangle as part of a path; `y` and `height` in tenths of a unit.
fn rectangle(out: &mut String, (x, width): (u64, u64), y: u64, height: u64) {
    let (y, height) = (Tenths(y), Tenths(height));
    put(out, format_args!("M{x} {y}h{width}v{height}h-{width}z"));
}

/// Writing to a string cannot fail.
fn put(out: &mut String, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
}

/// A number of tenths, as a decimal fraction.
#[derive(Debug, Clone, Copy)]
struct Tenths(u64);

impl Display for Tenths {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(to, "{whole}"),
            (whole, tenths) => write!(to, "{whole}.{tenths}"),
        }
    }
}

/// A text in HTML or SVG, harmless also within quotes; control characters become spaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => to.write_str("&amp;")?,
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '"' => to.write_str("&quot;")?,
                '\'' => to.write_str("&#39;")?,
                c if c.is_control() => to.write_char(' ')?,
                c => to.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// An identifier within the page: only what needs no escaping anywhere, also not within `url(#…)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id<'a>(pub(super) &'a str);

impl Display for Id<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        for c in "g-".chars().chain(self.0.chars().filter(known)) {
            to.write_char(c)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
