//! Pages, filled from the top down: where the next line goes, when a page is full, and that every
//! mark on them is either part of the text or said to be none (an artifact).

use pdf_writer::types::{ArtifactSubtype, ArtifactType, StructRole};
use pdf_writer::{Content, Finish, Name, Str};

use super::text::{Face, Line, line_of, measure, shortened};
use super::tree::{Node, Says, Tree};
use super::{Report, WIDTH};
use crate::language::Language;

/// Where text begins and ends, from the left side of the page.
pub(super) const LEFT: f32 = 71.0;
pub(super) const RIGHT: f32 = WIDTH - 71.0;
/// Under this stands nothing but the number of the page.
const BOTTOM: f32 = 84.0;
/// Where the first line of a further page goes.
const TOP: f32 = 752.0;

/// Dark blue of the Rijkshuisstijl, #154273.
pub(super) const BLUE: [f32; 3] = [0.082, 0.259, 0.451];
/// Text.
pub(super) const INK: [f32; 3] = [0.13, 0.13, 0.13];
/// What explains, still well above 7 : 1 on white.
pub(super) const GREY: [f32; 3] = [0.33, 0.33, 0.33];
/// Lines between rows.
pub(super) const FAINT: [f32; 3] = [0.80, 0.83, 0.87];

/// How a piece of text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) leading: f32,
    pub(super) colour: [f32; 3],
}

impl Style {
    pub(super) const fn new(face: Face, size: f32, leading: f32, colour: [f32; 3]) -> Self {
        Self {
            face,
            size,
            leading,
            colour,
        }
    }
}

/// A place in the text that can be jumped to.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// The pages of one report.
pub(super) struct Sheet<'a> {
    report: &'a Report,
    full: Vec<Content>,
    page: Content,
    /// Whether nothing stands on this page yet.
    fresh: bool,
    /// The foot of the line that was set last, above the foot of the page.
    pub(super) y: f32,
    pub(super) tree: Tree,
    pub(super) marks: Vec<Mark>,
}

/// What [`Sheet::finish`] gives.
pub(super) struct Pages {
    pub(super) contents: Vec<Vec<u8>>,
    pub(super) tree: Tree,
    pub(super) marks: Vec<Mark>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let mut tree = Tree::new();
        tree.begin_page();
        Self {
            report,
            full: Vec::new(),
            page: Content::new(),
            fresh: true,
            y: TOP,
            tree,
            marks: Vec::new(),
        }
    }

    /// The language of the text.
    pub(super) fn language(&self) -> Language {
        self.report.language
    }

    /// A new element of the text, under the document itself.
    pub(super) fn element(&mut self, role: StructRole) -> Node {
        self.tree.add(Tree::DOCUMENT, role, Says::Nothing)
    }

    /// What is left of this page.
    pub(super) fn room(&self) -> f32 {
        (self.y - BOTTOM).max(0.0)
    }

    /// What there is of a whole page.
    pub(super) const fn whole_page() -> f32 {
        TOP - BOTTOM
    }

    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height.min(Self::whole_page()) {
            self.page_break();
        }
    }

    /// Leaves white space, but none at the head of a page.
    pub(super) fn space(&mut self, height: f32) {
        if !self.fresh {
            self.y -= height;
        }
    }

    /// Begins a page, unless this one is still empty.
    pub(super) fn page_break(&mut self) {
        if self.fresh {
            return;
        }
        let next = Content::new();
        self.full.push(std::mem::replace(&mut self.page, next));
        self.tree.begin_page();
        self.y = TOP;
        self.fresh = true;
    }

    /// Which page this is, from 0.
    pub(super) fn page_number(&self) -> usize {
        self.full.len()
    }

    /// Lines of one element, the first at `y`; the sheet does not move. An element of which nothing
    /// is set stays in the tree, empty.
    pub(super) fn lines(&mut self, node: Node, style: Style, (x, y): (f32, f32), lines: &[Line]) {
        if lines.iter().all(|line| line.bytes.is_empty()) {
            return;
        }
        self.tagged(node, |page| write_lines(page, style, (x, y), lines));
    }

    /// The same, each line set against the right side `x`.
    pub(super) fn lines_right(
        &mut self,
        node: Node,
        style: Style,
        (x, y): (f32, f32),
        lines: &[Line],
    ) {
        if lines.iter().all(|line| line.bytes.is_empty()) {
            return;
        }
        self.tagged(node, |page| {
            let mut y = y;
            for line in lines {
                let left = x - measure(&line.bytes, style.face, style.size);
                write_lines(page, style, (left, y), std::slice::from_ref(line));
                y -= style.leading;
            }
        });
    }

    /// Anything that belongs to an element.
    pub(super) fn tagged(&mut self, node: Node, draw: impl FnOnce(&mut Content)) {
        let (tag, number) = self.tree.mark(node);
        self.fresh = false;
        let mut mark = self.page.begin_marked_content_with_properties(tag);
        mark.properties().identify(number);
        mark.finish();
        draw(&mut self.page);
        self.page.end_marked_content();
    }

    /// Anything that is not read aloud: lines, and what is said elsewhere.
    pub(super) fn artifact(&mut self, draw: impl FnOnce(&mut Content)) {
        self.fresh = false;
        artifact(&mut self.page, ArtifactType::Layout, None, draw);
    }

    /// A line from side to side.
    pub(super) fn rule(&mut self, (left, right): (f32, f32), y: f32, width: f32, ink: [f32; 3]) {
        self.artifact(|page| rule(page, (left, right), y, width, ink));
    }

    /// All pages, each with its foot, all but the first with their head.
    pub(super) fn finish(mut self) -> Pages {
        self.full.push(self.page);
        let total = self.full.len();
        let language = self.report.language;
        let running = [&self.report.head.organisation, &self.report.title]
            .map(|text| text.trim())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" – ");
        let head = shortened(&running, Face::Regular, 8.5, RIGHT - LEFT);
        for (number, page) in (1..).zip(&mut self.full) {
            if number > 1 {
                let kind = ArtifactType::Pagination;
                artifact(page, kind, Some(ArtifactSubtype::Header), |page| {
                    fill(page, GREY);
                    line_of(page, Face::Regular, 8.5, (LEFT, 797.0), &head);
                    rule(page, (LEFT, RIGHT), 788.0, 1.0, BLUE);
                });
            }
            let place = match language {
                Language::Dutch => format!("bladzijde {number} van {total}"),
                Language::English => format!("page {number} of {total}"),
            };
            let wide = measure(place.as_bytes(), Face::Regular, 8.5);
            let kind = ArtifactType::Pagination;
            artifact(page, kind, Some(ArtifactSubtype::Footer), |page| {
                fill(page, GREY);
                let at = (RIGHT - wide, 46.0);
                line_of(page, Face::Regular, 8.5, at, place.as_bytes());
            });
        }
        Pages {
            contents: self
                .full
                .into_iter()
                .map(|page| page.finish().into_vec())
                .collect(),
            tree: self.tree,
            marks: self.marks,
        }
    }
}

fn artifact(
    page: &mut Content,
    kind: ArtifactType,
    subtype: Option<ArtifactSubtype<'_>>,
    draw: impl FnOnce(&mut Content),
) {
    let mut mark = page.begin_marked_content_with_properties(Name(b"Artifact"));
    let mut says = mark.properties().artifact();
    says.kind(kind);
    if let Some(subtype) = subtype {
        says.subtype(subtype);
    }
    says.finish();
    mark.finish();
    draw(page);
    page.end_marked_content();
}

fn write_lines(page: &mut Content, style: Style, (x, y): (f32, f32), lines: &[Line]) {
    fill(page, style.colour);
    page.begin_text()
        .set_font(style.face.resource(), style.size)
        .set_leading(style.leading)
        .next_line(tenth(x), tenth(y));
    for (number, line) in lines.iter().enumerate() {
        // Who reads the text without its lines needs the space at which it was broken.
        let mut bytes = line.bytes.clone();
        if line.space {
            bytes.push(b' ');
        }
        if number == 0 {
            page.show(Str(&bytes));
        } else {
            page.next_line_show(Str(&bytes));
        }
    }
    page.end_text();
}

pub(super) fn fill(page: &mut Content, [r, g, b]: [f32; 3]) {
    page.set_fill_rgb(r, g, b);
}

fn rule(page: &mut Content, (left, right): (f32, f32), y: f32, width: f32, [r, g, b]: [f32; 3]) {
    page.set_stroke_rgb(r, g, b).set_line_width(width);
    page.move_to(tenth(left), tenth(y))
        .line_to(tenth(right), tenth(y))
        .stroke();
}

/// A tenth of a point is finer than anyone sees, and short to write.
pub(super) fn tenth(points: f32) -> f32 {
    (points * 10.0).round() / 10.0
}

/// How many lines of this height fit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lines on a page: some tens, never below nought"
)]
pub(super) fn fitting(room: f32, leading: f32) -> usize {
    // A hair of room lost to rounding must not cost a line.
    ((room + 0.01) / leading).max(0.0) as usize
}

/// The height of so many lines.
#[expect(
    clippy::cast_precision_loss,
    reason = "lines of a text, some thousands"
)]
pub(super) fn height(lines: usize, leading: f32) -> f32 {
    lines as f32 * leading
}
