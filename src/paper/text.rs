//! Text in the two faces every reader of PDF has: how wide its signs are, where a line ends.

use pdf_writer::{Content, Name, Str};

pub use super::signs::encode;

/// A face of the Helvetica that every reader brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Upright.
    Regular,
    /// Upright and bold.
    Bold,
}

impl Face {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Regular, Self::Bold];

    /// Its name among the resources of a page.
    #[must_use]
    pub const fn resource(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"F1"),
            Self::Bold => Name(b"F2"),
        }
    }

    /// What the font is called.
    #[must_use]
    pub const fn base(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"Helvetica"),
            Self::Bold => Name(b"Helvetica-Bold"),
        }
    }

    /// Widths in thousandths of the size, from the space (32) up to 255.
    #[must_use]
    pub const fn widths(self) -> &'static [u16; 224] {
        match self {
            Self::Regular => &REGULAR,
            Self::Bold => &BOLD,
        }
    }
}

/// A line of text as it is written to the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// In `WinAnsiEncoding`.
    pub bytes: Vec<u8>,
    /// Whether it ends at a space or where the text has a line end: who reads the text without its
    /// lines needs a space there.
    pub space: bool,
}

/// Breaks a text into lines no wider than `width`: at its own line ends, at spaces, and within words
/// that are wider than a whole line. A text without any sign is one empty line.
#[must_use]
pub fn broken(text: &str, face: Face, size: f32, width: f32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for part in text.split('\n') {
        if let Some(before) = lines.last_mut() {
            before.space = true;
        }
        break_part(&encode(part), face, size, width, &mut lines);
    }
    lines
}

fn break_part(part: &[u8], face: Face, size: f32, width: f32, lines: &mut Vec<Line>) {
    let space = measure(b" ", face, size);
    let mut line = Line::default();
    let mut at = 0.0;
    for word in part.split(|byte| *byte == b' ').filter(|w| !w.is_empty()) {
        let mut word = word;
        let mut wide = measure(word, face, size);
        if !line.bytes.is_empty() {
            if at + space + wide <= width {
                line.bytes.push(b' ');
                line.bytes.extend_from_slice(word);
                at += space + wide;
                continue;
            }
            line.space = true;
            lines.push(std::mem::take(&mut line));
        }
        while wide > width && word.len() > 1 {
            let (now, later) = word.split_at(fitting(word, face, size, width));
            lines.push(Line {
                bytes: now.to_vec(),
                space: false,
            });
            word = later;
            wide = measure(word, face, size);
        }
        line.bytes.extend_from_slice(word);
        at = wide;
    }
    if !line.bytes.is_empty() || part.iter().all(|byte| *byte == b' ') {
        lines.push(line);
    }
}

/// How much of a long word goes on a line: all that fits, or up to a sign after which people break;
/// at least one sign.
fn fitting(word: &[u8], face: Face, size: f32, width: f32) -> usize {
    let mut used = 0.0;
    let fits = word
        .iter()
        .take_while(|byte| {
            used += measure(&[**byte], face, size);
            used <= width
        })
        .count()
        .max(1);
    let sign = word
        .iter()
        .take(fits)
        .rposition(|byte| b"-/.:_@,;=&".contains(byte));
    sign.map(|at| at + 1)
        .filter(|at| *at * 2 > fits)
        .unwrap_or(fits)
}

/// The text on one line; what does not fit is cut off, and three dots say so.
#[must_use]
pub fn shortened(text: &str, face: Face, size: f32, width: f32) -> Vec<u8> {
    let mut bytes = encode(text);
    if measure(&bytes, face, size) <= width {
        return bytes;
    }
    while bytes.pop().is_some() && measure(&bytes, face, size) + size > width {}
    bytes.push(0x85);
    bytes
}

/// How wide a text is, in points.
#[must_use]
pub fn measure(bytes: &[u8], face: Face, size: f32) -> f32 {
    let widths = face.widths();
    let thousandths: u32 = bytes
        .iter()
        .filter_map(|byte| widths.get(usize::from(*byte).checked_sub(32)?))
        .map(|width| u32::from(*width))
        .sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a line of text is some thousands"
    )]
    let wide = thousandths as f32;
    wide * size / 1000.0
}

/// Writes one line, its foot at `y`.
pub fn line_of(page: &mut Content, face: Face, size: f32, (x, y): (f32, f32), bytes: &[u8]) {
    let x = (x * 10.0).round() / 10.0;
    page.begin_text()
        .set_font(face.resource(), size)
        .next_line(x, y)
        .show(Str(bytes))
        .end_text();
}

/// Widths of Helvetica (Adobe's core font metrics).
#[rustfmt::skip]
static REGULAR: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350,
    556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// The same for Helvetica-Bold.
#[rustfmt::skip]
static BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350,
    556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_none_is_too_wide() {
        let text = "De aanleg ligt 74 cm onder het maaiveld, op een laag stevige klei.";
        let lines = broken(text, Face::Regular, 10.0, 120.0);
        let bytes: Vec<&[u8]> = lines.iter().map(|line| line.bytes.as_slice()).collect();
        assert_eq!(bytes.join(&b' '), text.as_bytes());
        assert!(lines.len() > 2);
        let (last, others) = lines.split_last().unwrap();
        assert!(!last.space && others.iter().all(|line| line.space));
        assert!(
            bytes
                .iter()
                .all(|line| measure(line, Face::Regular, 10.0) <= 120.0),
            "{lines:?}"
        );
    }

    #[test]
    fn breaking_loses_nothing_at_any_width() {
        let cases: [(&str, f32, &[&str]); 8] = [
            ("", 100.0, &[""]),
            ("   ", 100.0, &[""]),
            ("een\ntwee\n\ndrie", 100.0, &["een", "twee", "", "drie"]),
            ("een  twee", 100.0, &["een twee"]),
            // Narrower than any sign: one sign a line, and it ends.
            ("abc", 1.0, &["a", "b", "c"]),
            ("aaaaaaaaaa", 28.0, &["aaaaa", "aaaaa"]),
            ("x aaaaaaaaaa y", 28.0, &["x", "aaaaa", "aaaaa", "y"]),
            ("0192f0c1-7abc-7def", 60.0, &["0192f0c1-", "7abc-7def"]),
        ];
        for (text, width, expected) in cases {
            let lines = broken(text, Face::Regular, 10.0, width);
            let lines: Vec<String> = lines
                .into_iter()
                .map(|line| String::from_utf8(line.bytes).unwrap())
                .collect();
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_says_so() {
        assert_eq!(shortened("kort", Face::Bold, 8.0, 100.0), b"kort");
        let short = shortened(&"lang ".repeat(20), Face::Bold, 8.0, 100.0);
        assert!(short.ends_with(b"\x85") && measure(&short, Face::Bold, 8.0) <= 100.0);
        assert!(short.len() > 15, "{}", short.len());
    }
}
