//! The one place that writes to the terminal.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the CLI's own output"
)]

/// Writes text to standard output, as it is.
pub(crate) fn print(text: &str) {
    print!("{text}");
}

/// Writes a line to standard output.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes a line about an error to standard error.
pub(crate) fn complain(line: &str) {
    eprintln!("sluis: {line}");
}
