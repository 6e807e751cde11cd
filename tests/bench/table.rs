//! The one table.

use std::fmt;

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// The ratio to nginx, at most.
    RatioAtMost(f64),
    /// The ratio to nginx, at least.
    RatioAtLeast(f64),
    /// The gateway's own figure, at most.
    AtMost(f64),
    /// The gateway's own figure, at least.
    AtLeast(f64),
}

/// One figure of both sides.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) ours: f64,
    pub(crate) nginx: Option<f64>,
    pub(crate) goal: Option<Goal>,
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        self.nginx
            .filter(|nginx| *nginx > 0.0)
            .map(|nginx| self.ours / nginx)
    }

    /// Whether it is as it should be; a ratio that could not be made is not.
    fn met(&self) -> bool {
        match self.goal {
            None => true,
            Some(Goal::RatioAtMost(most)) => self.ratio().is_some_and(|ratio| ratio <= most),
            Some(Goal::RatioAtLeast(least)) => self.ratio().is_some_and(|ratio| ratio >= least),
            Some(Goal::AtMost(most)) => self.ours <= most,
            Some(Goal::AtLeast(least)) => self.ours >= least,
        }
    }
}

/// What was measured in one phase.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) heading: Vec<String>,
    pub(crate) sections: Vec<Section>,
}

impl Report {
    /// Whether every target was met.
    pub(crate) fn met(&self) -> bool {
        self.sections
            .iter()
            .flat_map(|section| &section.lines)
            .all(Line::met)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.heading {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        let (label, ours, nginx) = ("", "gateway", "nginx");
        writeln!(
            f,
            "{label:<44}{ours:>10}{nginx:>10}{:>10}   target",
            "ratio"
        )?;
        for section in &self.sections {
            writeln!(f, "{}", section.title)?;
            for line in &section.lines {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nginx = self.nginx.map_or_else(|| "–".to_owned(), figure);
        let ratio = self
            .ratio()
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2} ×"));
        write!(
            f,
            "  {:<42}{:>10}{nginx:>10}{ratio:>10}",
            self.label,
            figure(self.ours)
        )?;
        let Some(goal) = self.goal else { return Ok(()) };
        let verdict = if self.met() { "met" } else { "MISSED" };
        match goal {
            Goal::RatioAtMost(most) => write!(f, "   at most {most} ×: {verdict}"),
            Goal::RatioAtLeast(least) => write!(f, "   at least {least} ×: {verdict}"),
            Goal::AtMost(most) => write!(f, "   at most {most}: {verdict}"),
            Goal::AtLeast(least) => write!(f, "   at least {least}: {verdict}"),
        }
    }
}

/// Three digits that say something.
fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}
