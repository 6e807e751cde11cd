//! Tables: rows that break over pages, under a head that is repeated.

use pdf_writer::types::StructRole;

use super::Column;
use super::blocks::is_blank;
use super::sheet::{BLUE, FAINT, INK, LEFT, RIGHT, Sheet, Style, fitting, height};
use super::text::{Face, Line, broken, line_of, measure};
use super::tree::{Node, Says};

const CAPTION: Style = Style::new(Face::Bold, 10.0, 14.0, INK);
const HEAD: Style = Style::new(Face::Bold, 9.0, 12.5, BLUE);
const CELL: Style = Style::new(Face::Regular, 9.0, 12.5, INK);
/// Between two columns.
const GUTTER: f32 = 10.0;
/// From a line to the foot of the text under it, and from the text to the next line.
const OVER: f32 = 14.0;
const UNDER: f32 = 5.5;

/// A column as it is set: its left side and width on the page.
#[derive(Debug, Clone, Copy)]
struct Place {
    x: f32,
    width: f32,
    right: bool,
}

/// A table under way: what a page break needs to know.
struct Head {
    places: Vec<Place>,
    cells: Vec<Vec<Line>>,
    lines: usize,
}

/// How many rows stay with the head of their table, and how many lines of them at most.
const FIRST_ROWS: usize = 2;
const FIRST_LINES: usize = 8;

/// What the caption, the head and the first rows of a table take.
pub(super) fn beginning(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> f32 {
    if columns.is_empty() {
        return 0.0;
    }
    let head = Head::new(columns);
    let captions = broken(caption, CAPTION.face, CAPTION.size, RIGHT - LEFT);
    let first = rows.iter().take(FIRST_ROWS).map(|row| {
        let cells = row.iter().zip(&head.places);
        let lines =
            cells.map(|(text, place)| broken(text, CELL.face, CELL.size, place.width).len());
        let lines = lines.max().unwrap_or(1).clamp(1, FIRST_LINES);
        OVER + height(lines - 1, CELL.leading) + UNDER
    });
    let first: f32 = first.sum();
    height(captions.len(), CAPTION.leading) + head.height() + first.max(3.0 * OVER)
}

pub(super) fn set(sheet: &mut Sheet<'_>, caption: &str, columns: &[Column], rows: &[Vec<String>]) {
    if columns.is_empty() {
        return;
    }
    let head = Head::new(columns);
    let captions = broken(caption, CAPTION.face, CAPTION.size, RIGHT - LEFT);
    sheet.need(beginning(caption, columns, rows));
    let table = sheet.element(StructRole::Table);
    if !is_blank(caption) {
        let node = sheet.tree.add(table, StructRole::Caption, Says::Nothing);
        sheet.lines(node, CAPTION, (LEFT, sheet.y), &captions);
        sheet.y -= height(captions.len(), CAPTION.leading) - 8.0;
    }
    let group = sheet.tree.add(table, StructRole::THead, Says::Nothing);
    head.set(sheet, group);
    if rows.is_empty() {
        sheet.y -= 18.0;
        return;
    }
    let body = sheet.tree.add(table, StructRole::TBody, Says::Nothing);
    for row in rows {
        set_row(sheet, &head, body, row);
    }
    sheet.y -= 22.0;
}

fn set_row(sheet: &mut Sheet<'_>, head: &Head, body: Node, row: &[String]) {
    let node = sheet.tree.add(body, StructRole::TR, Says::Nothing);
    let texts = row.iter().map(String::as_str).chain(std::iter::repeat(""));
    let cells: Vec<(Node, Vec<Line>)> = head
        .places
        .iter()
        .zip(texts)
        .map(|(place, text)| {
            let cell = sheet.tree.add(node, StructRole::TD, Says::Nothing);
            (cell, broken(text, CELL.face, CELL.size, place.width))
        })
        .collect();
    let total = cells
        .iter()
        .map(|(_, lines)| lines.len())
        .max()
        .unwrap_or(1);
    let fits =
        |sheet: &Sheet<'_>| fitting(sheet.room() - OVER - UNDER + CELL.leading, CELL.leading);
    // A row that fits on a page is kept whole; one that never fits begins where there is room for
    // a few of its lines.
    let page = fitting(
        Sheet::whole_page() - head.height() - OVER - UNDER,
        CELL.leading,
    );
    if fits(sheet) < if total <= page { total } else { 3 } {
        head.set_again(sheet);
    }
    let mut from = 0;
    while from < total {
        if from > 0 {
            head.set_again(sheet);
        }
        let to = total.min(from + fits(sheet).max(1));
        let y = sheet.y - OVER;
        for ((cell, lines), place) in cells.iter().zip(&head.places) {
            let part = lines.get(from..to.min(lines.len())).unwrap_or_default();
            place.set(sheet, *cell, CELL, y, part);
        }
        sheet.y = y - height(to - from - 1, CELL.leading) - UNDER;
        sheet.rule((LEFT, RIGHT), sheet.y, 0.5, FAINT);
        from = to;
    }
}

impl Head {
    fn new(columns: &[Column]) -> Self {
        let parts: f32 = columns
            .iter()
            .map(|column| f32::from(column.width.max(1)))
            .sum();
        let gutters = height(columns.len() - 1, GUTTER);
        let wide = (RIGHT - LEFT - gutters).max(0.0);
        let mut x = LEFT;
        let mut places = Vec::new();
        for column in columns {
            let width = wide * f32::from(column.width.max(1)) / parts;
            let right = column.right;
            places.push(Place { x, width, right });
            x += width + GUTTER;
        }
        let cells: Vec<Vec<Line>> = columns
            .iter()
            .zip(&places)
            .map(|(column, place)| broken(&column.head, HEAD.face, HEAD.size, place.width))
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        Self {
            places,
            cells,
            lines,
        }
    }

    fn height(&self) -> f32 {
        OVER + height(self.lines - 1, HEAD.leading) + UNDER
    }

    /// The head, where the table begins.
    fn set(&self, sheet: &mut Sheet<'_>, group: Node) {
        let row = sheet.tree.add(group, StructRole::TR, Says::Nothing);
        let y = sheet.y - OVER;
        for (place, lines) in self.places.iter().zip(&self.cells) {
            let cell = sheet.tree.add(row, StructRole::TH, Says::OverColumn);
            place.set(sheet, cell, HEAD, y, lines);
        }
        self.close(sheet);
    }

    /// The head once more, on a next page: who listens has heard it already.
    fn set_again(&self, sheet: &mut Sheet<'_>) {
        sheet.page_break();
        sheet.y += OVER - 4.0;
        let y = sheet.y - OVER;
        sheet.artifact(|page| {
            super::sheet::fill(page, HEAD.colour);
            for (place, lines) in self.places.iter().zip(&self.cells) {
                let mut y = y;
                for line in lines {
                    let at = (place.left(&line.bytes, HEAD), y);
                    line_of(page, HEAD.face, HEAD.size, at, &line.bytes);
                    y -= HEAD.leading;
                }
            }
        });
        self.close(sheet);
    }

    fn close(&self, sheet: &mut Sheet<'_>) {
        sheet.y -= self.height();
        sheet.rule((LEFT, RIGHT), sheet.y, 1.0, BLUE);
    }
}

impl Place {
    fn left(self, bytes: &[u8], style: Style) -> f32 {
        if self.right {
            self.x + self.width - measure(bytes, style.face, style.size)
        } else {
            self.x
        }
    }

    fn set(self, sheet: &mut Sheet<'_>, node: Node, style: Style, y: f32, lines: &[Line]) {
        if self.right {
            sheet.lines_right(node, style, (self.x + self.width, y), lines);
        } else {
            sheet.lines(node, style, (self.x, y), lines);
        }
    }
}
