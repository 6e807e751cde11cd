//! The one place that writes to the terminal. A reader that went away (`| head`) is no error.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

/// Writes text to standard output, as it is.
pub(crate) fn print(text: &str) {
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line about an error to standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "sluis: {line}");
}

/// A bar on standard error with this template; nothing where nobody looks.
pub(crate) fn progress_bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
