//! Each kind of block, set on the sheet.

use pdf_writer::Rect;
use pdf_writer::types::StructRole;

use super::sheet::{
    BLUE, GREY, INK, LEFT, Mark, Pages, RIGHT, Sheet, Style, fill, fitting, height, tenth,
};
use super::text::{Face, Line, broken};
use super::tree::{Node, Says};
use super::{Block, Report, table};

const BODY: Style = Style::new(Face::Regular, 10.5, 15.5, INK);
const TITLE: Style = Style::new(Face::Bold, 20.0, 25.0, BLUE);
const LABEL: Style = Style::new(Face::Regular, 10.5, 15.5, GREY);
const SMALL: Style = Style::new(Face::Regular, 9.0, 13.0, GREY);
/// What separates a paragraph from the next.
const GAP: f32 = 8.0;
/// Where the values of facts begin, and the text of points.
const FACTS: f32 = 158.0;
const POINTS: f32 = 14.0;
/// The side of a QR code: 34 mm, to be read from paper with any telephone.
const QR: f32 = 96.0;
/// How wide a line to write on is.
const SIGNATURE: f32 = 230.0;
/// The side of a box to be crossed, and where the text beside it begins.
const BOX: f32 = 9.5;
const BESIDE_BOX: f32 = 20.0;
/// A paragraph of so many lines at most stays with the table it introduces.
const INTRODUCED_BY: usize = 8;

/// Sets the whole report.
pub(super) fn set(report: &Report) -> Pages {
    let mut sheet = Sheet::new(report);
    begin(&mut sheet, report);
    // The title is the first heading; under it none may be skipped.
    let mut deepest = 0;
    for (block, next) in report.blocks.iter().zip(1..) {
        match block {
            Block::Heading(level, text) => {
                let level = (*level).clamp(1, 3).min(deepest + 1);
                if !is_blank(text) {
                    deepest = level;
                    let rest = report.blocks.get(next..).unwrap_or_default();
                    heading(&mut sheet, level, text, beginning(rest));
                }
            }
            Block::Paragraph(text) => paragraph(&mut sheet, text),
            Block::List(points) => list(&mut sheet, points),
            Block::Boxes(choices) => boxes(&mut sheet, choices),
            Block::Facts(facts) => set_facts(&mut sheet, facts),
            Block::Table {
                caption,
                columns,
                rows,
            } => table::set(&mut sheet, caption, columns, rows),
            Block::Qr { matrix, caption } => qr(&mut sheet, matrix, caption),
            Block::Signature(words) => signature(&mut sheet, words),
            Block::Space => sheet.space(BODY.leading),
            Block::PageBreak => sheet.page_break(),
        }
    }
    sheet.finish()
}

/// The head of the first page, the date, the title.
fn begin(sheet: &mut Sheet<'_>, report: &Report) {
    sheet.rule((LEFT, RIGHT), 806.0, 4.0, BLUE);
    let one_line = |text: &str, style: Style| broken(text, style.face, style.size, RIGHT - LEFT);
    let name = Style::new(Face::Bold, 12.0, 15.0, BLUE);
    sheet.y = 785.0;
    for (text, style) in [
        (&report.head.organisation, name),
        (&report.head.line, SMALL),
    ] {
        if !is_blank(text) {
            let lines = one_line(text, style);
            let node = sheet.element(StructRole::P);
            sheet.lines(node, style, (LEFT, sheet.y), &lines);
            sheet.y -= height(lines.len(), style.leading);
        }
    }
    sheet.y = sheet.y.min(757.0) - 44.0;
    if !is_blank(&report.to) {
        let node = sheet.element(StructRole::P);
        flow(sheet, node, BODY, LEFT, &report.to);
        sheet.y -= 36.0;
    } else if !report.to.is_empty() {
        // Lines without words: the window is kept free, for a label or to be written in.
        sheet.y -= height(report.to.split('\n').count(), BODY.leading) + 36.0;
    }
    if !is_blank(&report.date) {
        let node = sheet.element(StructRole::P);
        let lines = one_line(&report.date, LABEL);
        sheet.lines(node, LABEL, (LEFT, sheet.y), &lines);
        sheet.y -= height(lines.len(), LABEL.leading) + 20.0;
    }
    if !is_blank(&report.title) {
        let node = sheet.element(StructRole::H1);
        flow(sheet, node, TITLE, LEFT, &report.title);
        sheet.y -= 6.0;
    }
}

/// How much of what follows a heading stays with it: a few lines, or of a table its head and its first
/// rows, with the short paragraph that introduces it.
fn beginning(rest: &[Block]) -> f32 {
    let lines = 3.0 * BODY.leading;
    match rest {
        [
            Block::Table {
                caption,
                columns,
                rows,
            },
            ..,
        ] => table::beginning(caption, columns, rows),
        [Block::Facts(facts), ..] => {
            let first = facts.iter().take(2);
            first.map(|(name, value)| fact_height(name, value)).sum()
        }
        [
            Block::Paragraph(text),
            after @ (Block::Table { .. } | Block::Facts(_)),
            ..,
        ] => {
            let count = broken(text, BODY.face, BODY.size, RIGHT - LEFT).len();
            if count > INTRODUCED_BY {
                return lines;
            }
            height(count, BODY.leading) + GAP + beginning(std::slice::from_ref(after))
        }
        _ => lines,
    }
}

fn heading(sheet: &mut Sheet<'_>, level: u8, text: &str, follows: f32) {
    let (role, style, before, after) = match level {
        1 => (
            StructRole::H2,
            Style::new(Face::Bold, 14.0, 18.0, BLUE),
            16.0,
            5.0,
        ),
        2 => (
            StructRole::H3,
            Style::new(Face::Bold, 11.5, 15.5, BLUE),
            10.0,
            3.0,
        ),
        _ => (
            StructRole::H4,
            Style::new(Face::Bold, 10.5, 15.5, INK),
            6.0,
            1.0,
        ),
    };
    let lines = broken(text, style.face, style.size, RIGHT - LEFT);
    // Kept together with the first lines of what follows.
    sheet.need(before + height(lines.len(), style.leading) + after + follows + 1.0);
    sheet.space(before);
    if level == 1 {
        sheet.marks.push(Mark {
            title: text.replace('\n', " "),
            page: sheet.page_number(),
            y: sheet.y + style.leading,
        });
    }
    let node = sheet.element(role);
    flow(sheet, node, style, LEFT, text);
    sheet.y -= after;
}

fn paragraph(sheet: &mut Sheet<'_>, text: &str) {
    if is_blank(text) {
        return;
    }
    let node = sheet.element(StructRole::P);
    flow(sheet, node, BODY, LEFT, text);
    sheet.y -= GAP;
}

fn list(sheet: &mut Sheet<'_>, points: &[String]) {
    let points = || points.iter().filter(|point| !is_blank(point));
    if points().next().is_none() {
        return;
    }
    let node = sheet
        .tree
        .add(super::tree::Tree::DOCUMENT, StructRole::L, Says::Dots);
    for point in points() {
        let item = sheet.tree.add(node, StructRole::LI, Says::Nothing);
        let label = sheet.tree.add(item, StructRole::Lbl, Says::Nothing);
        let body = sheet.tree.add(item, StructRole::LBody, Says::Nothing);
        let count = broken(point, BODY.face, BODY.size, RIGHT - LEFT - POINTS).len();
        sheet.need(height(count.min(2), BODY.leading));
        let dot = broken("•", BODY.face, BODY.size, POINTS);
        sheet.lines(label, BODY, (LEFT, sheet.y), &dot);
        flow(sheet, body, BODY, LEFT + POINTS, point);
        sheet.y -= 3.0;
    }
    sheet.y -= GAP - 3.0;
}

fn boxes(sheet: &mut Sheet<'_>, choices: &[String]) {
    let choices = || choices.iter().filter(|choice| !is_blank(choice));
    if choices().next().is_none() {
        return;
    }
    let node = sheet.element(StructRole::L);
    let alt = sheet
        .language()
        .pick("vakje om aan te kruisen", "box to be crossed");
    for choice in choices() {
        let item = sheet.tree.add(node, StructRole::LI, Says::Nothing);
        let label = sheet.tree.add(item, StructRole::Lbl, Says::Nothing);
        let figure = sheet.tree.add(label, StructRole::Figure, Says::Nothing);
        let body = sheet.tree.add(item, StructRole::LBody, Says::Nothing);
        let count = broken(choice, BODY.face, BODY.size, RIGHT - LEFT - BESIDE_BOX).len();
        sheet.need(height(count.min(2), BODY.leading));
        let (left, foot) = (tenth(LEFT), tenth(sheet.y - 1.0));
        let place = Rect::new(left, foot, tenth(left + BOX), tenth(foot + BOX));
        sheet.tree.place(figure, alt, place);
        sheet.tagged(figure, |page| {
            let [r, g, b] = INK;
            page.set_stroke_rgb(r, g, b).set_line_width(0.9);
            page.rect(left, foot, BOX, BOX).stroke();
        });
        flow(sheet, body, BODY, LEFT + BESIDE_BOX, choice);
        sheet.y -= 5.0;
    }
    sheet.y -= GAP - 5.0;
}

/// What a fact takes at least of one page: its name stays whole; of a value that fills pages at least
/// two lines stand beside it.
fn fact_height(name: &str, value: &str) -> f32 {
    let names = broken(name, LABEL.face, LABEL.size, FACTS - 12.0).len();
    let values = broken(value, BODY.face, BODY.size, RIGHT - LEFT - FACTS).len();
    height(names.max(values.min(2)), BODY.leading) + 2.0
}

fn set_facts(sheet: &mut Sheet<'_>, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    let node = sheet.element(StructRole::L);
    for (name, value) in facts {
        let item = sheet.tree.add(node, StructRole::LI, Says::Nothing);
        let label = sheet.tree.add(item, StructRole::Lbl, Says::Nothing);
        let body = sheet.tree.add(item, StructRole::LBody, Says::Nothing);
        let names = broken(name, LABEL.face, LABEL.size, FACTS - 12.0);
        let values = broken(value, BODY.face, BODY.size, RIGHT - LEFT - FACTS);
        sheet.need(fact_height(name, value) - 2.0);
        sheet.lines(label, LABEL, (LEFT, sheet.y), &names);
        let under_name = (
            sheet.page_number(),
            sheet.y - height(names.len(), LABEL.leading),
        );
        flow_lines(sheet, body, BODY, LEFT + FACTS, &values);
        if sheet.page_number() == under_name.0 {
            sheet.y = sheet.y.min(under_name.1);
        }
        sheet.y -= 2.0;
    }
    sheet.y -= GAP;
}

fn qr(sheet: &mut Sheet<'_>, matrix: &[Vec<bool>], caption: &str) {
    if matrix.is_empty() {
        return;
    }
    let module = QR / height(matrix.len(), 1.0);
    // The light border around it is four modules wide (ISO/IEC 18004, 6.3.8).
    let border = (4.0 * module).min(QR / 4.0);
    let (x, wide) = (LEFT + QR + 2.0 * border, RIGHT - LEFT - QR - 2.0 * border);
    let lines = broken(caption, BODY.face, BODY.size, wide);
    let words = height(lines.len(), BODY.leading);
    // Words that are higher than the code go under it.
    let beside = words <= QR;
    let tall = QR + 2.0 * border;
    sheet.need(tall);
    let top = sheet.y + BODY.size - border;
    let figure = sheet.element(StructRole::Figure);
    let place = Rect::new(tenth(LEFT), tenth(top - QR), tenth(LEFT + QR), tenth(top));
    let alt = sheet.language().pick(
        "QR-code; wat die doet, staat erna",
        "QR code; what it does is said next",
    );
    sheet.tree.place(figure, alt, place);
    sheet.tagged(figure, |page| {
        fill(page, [0.0; 3]);
        let mut y = top;
        for row in matrix {
            y -= module;
            let mut x = LEFT;
            for run in row.chunk_by(|one, next| one == next) {
                let wide = height(run.len(), module);
                if run.first() == Some(&true) {
                    page.rect(
                        hundredth(x),
                        hundredth(y),
                        hundredth(wide),
                        hundredth(module),
                    );
                }
                x += wide;
            }
        }
        page.fill_nonzero();
    });
    if beside && !is_blank(caption) {
        let node = sheet.element(StructRole::P);
        let y = top - BODY.size - (QR - words) / 2.0;
        sheet.lines(node, BODY, (x, y), &lines);
    }
    sheet.y -= tall + GAP;
    if !beside {
        paragraph(sheet, caption);
    }
}

fn signature(sheet: &mut Sheet<'_>, words: &[String]) {
    for word in words.iter().filter(|word| !is_blank(word)) {
        sheet.need(58.0);
        let node = sheet.element(StructRole::P);
        sheet.y -= 30.0;
        let y = sheet.y;
        sheet.rule((LEFT, LEFT + SIGNATURE), y, 0.6, GREY);
        sheet.y -= 13.0;
        flow(sheet, node, SMALL, LEFT, word);
    }
    sheet.y -= GAP;
}

/// A text from `x` to the right side, over as many pages as it needs.
fn flow(sheet: &mut Sheet<'_>, node: Node, style: Style, x: f32, text: &str) {
    let lines = broken(text, style.face, style.size, RIGHT - x);
    flow_lines(sheet, node, style, x, &lines);
}

fn flow_lines(sheet: &mut Sheet<'_>, node: Node, style: Style, x: f32, lines: &[Line]) {
    let mut rest = lines;
    while !rest.is_empty() {
        let mut now = fitting(sheet.room(), style.leading).min(rest.len());
        let later = rest.len() - now;
        // No line is left alone, neither at the foot of a page nor at the head of the next.
        if later == 1 && now > 1 {
            now -= 1;
        }
        if now == 0 || (now == 1 && later > 0) {
            let before = sheet.page_number();
            sheet.page_break();
            if sheet.page_number() != before {
                continue;
            }
            now = now.max(1);
        }
        let (lines, later) = rest.split_at(now);
        sheet.lines(node, style, (x, sheet.y), lines);
        sheet.y -= height(lines.len(), style.leading);
        rest = later;
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Modules of a QR code must meet: they are placed more finely than text.
fn hundredth(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}
