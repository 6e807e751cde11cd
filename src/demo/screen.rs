//! What the demo shows: lines of at most eighty columns, in colour on a terminal.

use std::fmt;
use std::io::Write;

use crate::language::Language;

/// How wide a line may be.
pub const COLUMNS: usize = 80;

/// What a text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A heading.
    Heading,
    /// Granted, or as it should be.
    Good,
    /// Refused, as it should be.
    Refused,
    /// Not as it should be.
    Wrong,
    /// Beside the point.
    Faint,
    /// A command to copy.
    Command,
}

impl Ink {
    /// The parameters of "select graphic rendition" (ECMA-48, 8.3.117).
    const fn parameters(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Good => "32",
            Self::Refused => "33",
            Self::Wrong => "1;31",
            Self::Faint => "2",
            Self::Command => "36",
        }
    }
}

/// Where the demo writes to.
pub struct Screen {
    out: Box<dyn Write + Send>,
    colour: bool,
    language: Language,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("colour", &self.colour)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl Screen {
    /// A screen.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, colour: bool, language: Language) -> Self {
        Self {
            out,
            colour,
            language,
        }
    }

    /// The language it speaks.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The text in its language.
    #[must_use]
    pub const fn pick<'t>(&self, dutch: &'t str, english: &'t str) -> &'t str {
        self.language.pick(dutch, english)
    }

    /// A text in this ink.
    #[must_use]
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.parameters())
        } else {
            text.to_owned()
        }
    }

    /// Writes a line. That nobody reads it any more does not change what the demo finds.
    pub fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    /// Writes an empty line.
    pub fn gap(&mut self) {
        self.line("");
    }

    /// Writes a heading, with what goes with it at the right edge.
    pub fn heading(&mut self, text: &str, right: &str) {
        let room = COLUMNS.saturating_sub(width(text) + width(right) + 1);
        let (left, right) = (self.ink(Ink::Heading, text), self.ink(Ink::Faint, right));
        self.gap();
        self.line(format!(" {left}{}{right}", " ".repeat(room)).trim_end());
    }

    /// Writes a paragraph, broken into lines, faint.
    pub fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, COLUMNS.saturating_sub(indent)) {
            let line = self.ink(Ink::Faint, &line);
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }
}

/// How many columns a text takes: all the demo's characters take one.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// A text, filled up with spaces to so many columns; a longer one as it is.
#[must_use]
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Breaks a text into lines of at most so many columns, between words.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_never_lose_one() {
        let text = "een twee drie vier onbreekbaarlangwoord zes";
        assert_eq!(
            wrap(text, 9),
            ["een twee", "drie vier", "onbreekbaarlangwoord", "zes"]
        );
        assert!(wrap("", 9).is_empty());
        assert_eq!(padded("één", 5), "één  ");
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        for (colour, expected) in [(false, "ja"), (true, "\u{1b}[32mja\u{1b}[0m")] {
            let screen = Screen::new(Box::new(Vec::new()), colour, Language::Dutch);
            assert_eq!(screen.ink(Ink::Good, "ja"), expected);
        }
    }
}
