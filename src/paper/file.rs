//! The file around the pages: fonts, metadata, bookmarks, and the tree that says what is what.

use pdf_writer::types::{FontFlags, TabOrder};
use pdf_writer::{Finish, Name, Pdf, Rect, Ref, Settings, TextStr};

use super::sheet::{Mark, Pages};
use super::text::Face;
use super::tree::int;
use super::{HEIGHT, Report, WIDTH};

const CATALOG: i32 = 1;
const PAGE_TREE: i32 = 2;
const INFO: i32 = 3;
const METADATA: i32 = 4;
const STRUCTURE: i32 = 5;
/// Each face has two objects, from here on.
const FACES: i32 = 6;
const FIRST_PAGE: i32 = FACES + 4;

/// Writes the file.
pub(super) fn write(report: &Report, pages: Pages) -> Vec<u8> {
    let Pages {
        contents,
        tree,
        marks,
    } = pages;
    let page_refs: Vec<Ref> = (0..contents.len())
        .map(|page| Ref::new(FIRST_PAGE + 2 * int(page)))
        .collect();
    let first_element = FIRST_PAGE + 2 * int(contents.len());
    let outline = first_element + int(tree.objects());

    let capacity = 16 * 1024 + contents.iter().map(|page| page.len() * 3).sum::<usize>();
    let mut pdf = Pdf::with_settings_and_capacity(Settings { pretty: false }, capacity);
    let mut catalog = pdf.catalog(Ref::new(CATALOG));
    catalog
        .pages(Ref::new(PAGE_TREE))
        .metadata(Ref::new(METADATA))
        .lang(TextStr(report.language.tag()))
        .pair(Name(b"StructTreeRoot"), Ref::new(STRUCTURE));
    catalog.mark_info().marked(true);
    catalog.viewer_preferences().display_doc_title(true);
    if !marks.is_empty() {
        catalog.outlines(Ref::new(outline));
    }
    catalog.finish();

    let (title, author) = (clean(&report.title), clean(&report.head.organisation));
    pdf.document_info(Ref::new(INFO))
        .title(TextStr(&title))
        .author(TextStr(&author))
        .producer(TextStr("Sluis"));
    let xmp = xmp(report);
    pdf.metadata(Ref::new(METADATA), xmp.as_bytes()).finish();
    write_faces(&mut pdf);
    write_pages(&mut pdf, &contents, &page_refs);
    tree.write(&mut pdf, Ref::new(STRUCTURE), first_element, &page_refs);
    write_outline(&mut pdf, &marks, outline, &page_refs);
    pdf.finish()
}

fn write_pages(pdf: &mut Pdf, contents: &[Vec<u8>], page_refs: &[Ref]) {
    pdf.pages(Ref::new(PAGE_TREE))
        .count(int(contents.len()))
        .kids(page_refs.iter().copied());
    for (number, (content, id)) in contents.iter().zip(page_refs).enumerate() {
        let content_id = Ref::new(id.get() + 1);
        let mut page = pdf.page(*id);
        page.parent(Ref::new(PAGE_TREE))
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .struct_parents(int(number))
            .tab_order(TabOrder::StructureOrder)
            .contents(content_id);
        let mut resources = page.resources();
        let mut fonts = resources.fonts();
        for (face, id) in Face::ALL.into_iter().zip((FACES..).step_by(2)) {
            fonts.pair(face.resource(), Ref::new(id));
        }
        fonts.finish();
        resources.finish();
        page.finish();
        pdf.stream(content_id, content);
    }
}

/// The fonts, by name and with all that is known of them but their outlines: a reader that has
/// another face in Helvetica's place sets it at these widths.
fn write_faces(pdf: &mut Pdf) {
    for (face, id) in Face::ALL.into_iter().zip((FACES..).step_by(2)) {
        let descriptor = Ref::new(id + 1);
        pdf.type1_font(Ref::new(id))
            .base_font(face.base())
            .encoding_predefined(Name(b"WinAnsiEncoding"))
            .first_char(32)
            .last_char(255)
            .widths(face.widths().iter().map(|width| f32::from(*width)))
            .font_descriptor(descriptor);
        // Adobe's core font metrics.
        let (bounds, x_height, stem) = match face {
            Face::Regular => (Rect::new(-166.0, -225.0, 1000.0, 931.0), 523.0, 88.0),
            Face::Bold => (Rect::new(-170.0, -228.0, 1003.0, 962.0), 532.0, 140.0),
        };
        pdf.font_descriptor(descriptor)
            .name(face.base())
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(bounds)
            .italic_angle(0.0)
            .ascent(718.0)
            .descent(-207.0)
            .cap_height(718.0)
            .x_height(x_height)
            .stem_v(stem);
    }
}

/// Bookmarks: one for every heading of the first level.
fn write_outline(pdf: &mut Pdf, marks: &[Mark], root: i32, pages: &[Ref]) {
    let Some(last) = marks.len().checked_sub(1) else {
        return;
    };
    let id = |at: usize| Ref::new(root + 1 + int(at));
    pdf.outline(Ref::new(root))
        .first(id(0))
        .last(id(last))
        .count(int(marks.len()));
    for (at, mark) in marks.iter().enumerate() {
        let title = clean(&mark.title);
        let mut item = pdf.outline_item(id(at));
        item.title(TextStr(&title)).parent(Ref::new(root));
        if let Some(before) = at.checked_sub(1) {
            item.prev(id(before));
        }
        if at < last {
            item.next(id(at + 1));
        }
        if let Some(page) = pages.get(mark.page) {
            item.dest().page(*page).xyz(0.0, mark.y, None);
        }
    }
}

/// What the document is, for programs that look no further (ISO 16684-1). It does not say PDF/UA:
/// the fonts are not embedded.
fn xmp(report: &Report) -> String {
    let language = report.language.tag();
    let (title, author) = (xml(&report.title), xml(&report.head.organisation));
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
         <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\
         <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>\
         <dc:format>application/pdf</dc:format><pdf:Producer>Sluis</pdf:Producer>\
         <xmp:CreatorTool>Sluis</xmp:CreatorTool>\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}

/// Text in XML; what XML has no room for (its section 2.2) is left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// One line without control characters.
fn clean(text: &str) -> String {
    let space = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = text.chars().map(space).collect();
    line.trim().to_owned()
}
