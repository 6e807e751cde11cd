//! Typesetting for the demo's letters: measures Helvetica, breaks lines, fills A4 pages.

use pdf_writer::{Content, Name, Str};

pub(super) const REGULAR: Name<'static> = Name(b"F1");
pub(super) const BOLD: Name<'static> = Name(b"F2");
pub(super) const WIDTH: f32 = 595.0;
pub(super) const HEIGHT: f32 = 842.0;
const LEFT: f32 = 70.0;
const RIGHT: f32 = 525.0;
const BOTTOM: f32 = 78.0;
const TOP_OF_NEXT_PAGE: f32 = 752.0;

/// Whose letter it is: what stands in its head, and its colour.
#[derive(Debug, Clone, Copy)]
pub struct Letterhead {
    /// The organisation.
    pub name: &'static str,
    /// The line under it.
    pub line: &'static str,
    /// Red, green and blue, each from 0 to 1.
    pub colour: [f32; 3],
}

/// A picture to be placed: its name as a resource, and the words under it.
#[derive(Debug)]
pub(super) struct Placed {
    /// On which page, from 0.
    pub(super) page: usize,
    /// Which picture, from 0.
    pub(super) picture: usize,
}

/// Fills page after page from the top down.
pub(super) struct Composer {
    head: Letterhead,
    pages: Vec<Content>,
    /// The height of the next line's top above the foot of the page.
    y: f32,
}

impl Composer {
    /// Begins a letter: the head, the block of references, the title.
    pub(super) fn begin(head: Letterhead, references: &[(&str, String)], title: &str) -> Self {
        let mut composer = Self {
            head,
            pages: Vec::new(),
            y: 0.0,
        };
        let mut first = Content::new();
        let [r, g, b] = head.colour;
        first
            .set_fill_rgb(r, g, b)
            .rect(0.0, 790.0, WIDTH, 52.0)
            .fill_nonzero();
        first.set_fill_gray(1.0);
        line_of(&mut first, BOLD, 17.0, LEFT, 811.0, head.name);
        line_of(&mut first, REGULAR, 9.0, LEFT, 798.0, head.line);
        first.set_fill_gray(0.0);
        composer.pages.push(first);
        composer.y = 754.0;
        for (name, value) in references {
            let y = composer.y;
            composer.ink(0.42, |page| line_of(page, REGULAR, 9.0, LEFT, y, name));
            composer.ink(0.0, |page| {
                line_of(page, REGULAR, 9.0, LEFT + 108.0, y, value);
            });
            composer.y -= 13.5;
        }
        composer.y -= 20.0;
        for line in broken(title, BOLD, 15.0, RIGHT - LEFT) {
            let y = composer.y;
            composer.ink(0.0, |page| line_of(page, BOLD, 15.0, LEFT, y, &line));
            composer.y -= 19.0;
        }
        composer.y -= 7.0;
        composer
    }

    /// A heading, kept together with the first lines of what follows.
    pub(super) fn heading(&mut self, text: &str) {
        self.need(60.0);
        self.y -= 6.0;
        let (y, [r, g, b]) = (self.y, self.head.colour);
        if let Some(page) = self.pages.last_mut() {
            page.set_fill_rgb(r, g, b);
            line_of(page, BOLD, 11.0, LEFT, y, text);
            page.set_fill_gray(0.0);
        }
        self.y -= 17.0;
    }

    /// A paragraph, broken into lines and, where need be, over pages.
    pub(super) fn paragraph(&mut self, text: &str) {
        let lines = broken(text, REGULAR, 10.0, RIGHT - LEFT);
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            self.need(28.0);
            let room = whole((self.y - BOTTOM) / 14.0).max(1);
            let (now, later) = rest.split_at(room.min(rest.len()));
            let y = self.y;
            if let Some(page) = self.pages.last_mut() {
                page.begin_text()
                    .set_font(REGULAR, 10.0)
                    .set_leading(14.0)
                    .next_line(LEFT, y);
                for (number, line) in now.iter().enumerate() {
                    let bytes = latin(line);
                    if number == 0 {
                        page.show(Str(&bytes));
                    } else {
                        page.next_line_show(Str(&bytes));
                    }
                }
                page.end_text();
            }
            self.y -= 14.0 * count(now.len());
            rest = later;
        }
        self.y -= 7.0;
    }

    /// A table of three columns, the last one set to the right; its head is the first row.
    pub(super) fn table(&mut self, rows: &[[&str; 3]]) {
        self.need(17.0 * count(rows.len()) + 20.0);
        self.y -= 2.0;
        let [r, g, b] = self.head.colour;
        for (number, [first, second, third]) in rows.iter().enumerate() {
            let (y, font) = (self.y, if number == 0 { BOLD } else { REGULAR });
            let Some(page) = self.pages.last_mut() else {
                return;
            };
            if number == 0 {
                page.set_fill_rgb(
                    1.0 - (1.0 - r) * 0.16,
                    1.0 - (1.0 - g) * 0.16,
                    1.0 - (1.0 - b) * 0.16,
                );
                page.rect(LEFT, y - 5.0, RIGHT - LEFT, 17.0)
                    .fill_nonzero()
                    .set_fill_gray(0.0);
            }
            line_of(page, font, 9.5, LEFT + 5.0, y, first);
            line_of(page, font, 9.5, LEFT + 172.0, y, second);
            line_of(
                page,
                font,
                9.5,
                RIGHT - 5.0 - measure(third, font, 9.5),
                y,
                third,
            );
            page.set_stroke_gray(0.78).set_line_width(0.5);
            page.move_to(LEFT, y - 5.0).line_to(RIGHT, y - 5.0).stroke();
            self.y -= 17.0;
        }
        self.y -= 10.0;
    }

    /// A picture of four by three with its caption; two go on a page. Gives the page it is on.
    pub(super) fn figure(&mut self, name: Name<'_>, caption: &str) -> usize {
        let (width, height) = (384.0, 288.0);
        self.need(height + 34.0);
        let foot = self.y - height + 8.0;
        if let Some(page) = self.pages.last_mut() {
            page.save_state()
                .transform([width, 0.0, 0.0, height, LEFT, foot]);
            page.x_object(name).restore_state();
            page.set_fill_gray(0.42);
            line_of(page, REGULAR, 8.5, LEFT, foot - 13.0, caption);
            page.set_fill_gray(0.0);
        }
        self.y = foot - 38.0;
        self.pages.len() - 1
    }

    /// Begins a new page, unless this one is still empty.
    pub(super) fn page_break(&mut self) {
        self.pages.push(Content::new());
        self.y = TOP_OF_NEXT_PAGE;
    }

    /// All pages, each with its foot.
    pub(super) fn finish(mut self, foot: &str) -> Vec<Vec<u8>> {
        let total = self.pages.len();
        let [r, g, b] = self.head.colour;
        for (number, page) in (1..).zip(&mut self.pages) {
            page.set_stroke_rgb(r, g, b).set_line_width(0.8);
            page.move_to(LEFT, 56.0)
                .line_to(RIGHT, 56.0)
                .stroke()
                .set_fill_gray(0.42);
            line_of(page, REGULAR, 8.0, LEFT, 43.0, foot);
            let place = format!("{number} / {total}");
            line_of(
                page,
                REGULAR,
                8.0,
                RIGHT - measure(&place, REGULAR, 8.0),
                43.0,
                &place,
            );
        }
        self.pages
            .into_iter()
            .map(|page| page.finish().into_vec())
            .collect()
    }

    fn need(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.page_break();
        }
    }

    fn ink(&mut self, grey: f32, draw: impl FnOnce(&mut Content)) {
        if let Some(page) = self.pages.last_mut() {
            page.set_fill_gray(grey);
            draw(page);
        }
    }
}

fn line_of(page: &mut Content, font: Name<'_>, size: f32, x: f32, y: f32, text: &str) {
    let x = (x * 10.0).round() / 10.0;
    page.begin_text()
        .set_font(font, size)
        .next_line(x, y)
        .show(Str(&latin(text)))
        .end_text();
}

/// Breaks a text into lines no wider than `width`.
fn broken(text: &str, font: Name<'_>, size: f32, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0.0;
    let space = measure(" ", font, size);
    for word in text.split(' ') {
        let wide = measure(word, font, size);
        match lines.last_mut() {
            Some(line) if at + space + wide <= width => {
                line.push(' ');
                line.push_str(word);
                at += space + wide;
            }
            _ => {
                lines.push(word.to_owned());
                at = wide;
            }
        }
    }
    lines
}

fn measure(text: &str, font: Name<'_>, size: f32) -> f32 {
    let widths = if font == BOLD {
        &BOLD_WIDTHS
    } else {
        &REGULAR_WIDTHS
    };
    let thousandths: u32 = latin(text)
        .iter()
        .map(|byte| {
            let known = usize::from(*byte)
                .checked_sub(32)
                .and_then(|at| widths.get(at));
            u32::from(known.copied().unwrap_or(556))
        })
        .sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a line of text is some thousands"
    )]
    let wide = thousandths as f32;
    wide * size / 1000.0
}

/// A text in `WinAnsiEncoding` (PDF 32000-1, annex D), which is Latin-1 with a few signs more.
pub(super) fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match c {
            '€' => 0x80,
            '…' => 0x85,
            '‘' => 0x91,
            '’' => 0x92,
            '“' => 0x93,
            '”' => 0x94,
            '•' => 0x95,
            '–' => 0x96,
            c => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "lines on a page")]
fn count(number: usize) -> f32 {
    number as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lines on a page"
)]
fn whole(number: f32) -> usize {
    number.max(0.0) as usize
}

/// Widths of Helvetica in thousandths, from the space on (Adobe's core font metrics).
#[rustfmt::skip]
static REGULAR_WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The same for Helvetica-Bold.
#[rustfmt::skip]
static BOLD_WIDTHS: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_none_is_too_wide() {
        let text = "De aanleg ligt 74 cm onder het maaiveld, op een laag stevige klei.";
        let lines = broken(text, REGULAR, 10.0, 120.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 2);
        assert!(
            lines
                .iter()
                .all(|line| measure(line, REGULAR, 10.0) <= 120.0),
            "{lines:?}"
        );
    }

    #[test]
    fn dutch_has_its_signs() {
        assert_eq!(
            latin("één € – ‘x’ 6 m²"),
            b"\xe9\xe9n \x80 \x96 \x91x\x92 6 m\xb2"
        );
        assert_eq!(latin("中"), b"?");
    }
}
