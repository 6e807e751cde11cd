//! The look of the demo's letters: a coloured head, references, paragraphs, pictures.

use pdf_writer::{Content, Name, Str};

use crate::paper::WIDTH;
use crate::paper::text::{self, Face, broken, encode};

const REGULAR: Face = Face::Regular;
const BOLD: Face = Face::Bold;
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
            composer.ink(0.0, |page| {
                text::line_of(page, BOLD, 15.0, (LEFT, y), &line.bytes);
            });
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
                    .set_font(REGULAR.resource(), 10.0)
                    .set_leading(14.0)
                    .next_line(LEFT, y);
                for (number, line) in now.iter().enumerate() {
                    if number == 0 {
                        page.show(Str(&line.bytes));
                    } else {
                        page.next_line_show(Str(&line.bytes));
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

fn line_of(page: &mut Content, face: Face, size: f32, x: f32, y: f32, words: &str) {
    text::line_of(page, face, size, (x, y), &encode(words));
}

fn measure(words: &str, face: Face, size: f32) -> f32 {
    text::measure(&encode(words), face, size)
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
