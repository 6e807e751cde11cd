//! Genuine PDF files for the demo: letters and reports in Dutch, with pictures, of exactly the size
//! that is asked for.
//!
//! A small document says less; a large one has appendices with pictures, unpacked as scanners leave
//! them. What is then still missing is white space in the XMP packet, which its specification
//! reserves for just that.

use pdf_writer::{Finish, Name, Pdf, Rect, Ref, TextStr};

pub use super::page::Letterhead;
use super::page::{Composer, Placed};
use super::picture::{Picture, Scene};
use super::texts;
use crate::paper::text::Face;
use crate::paper::{HEIGHT, WIDTH};

/// The smallest size that can be asked for.
pub const SMALLEST_BYTES: usize = 4 * 1024;
/// The largest: 32 MiB, far above anything the demo needs.
pub const LARGEST_BYTES: usize = 32 * 1024 * 1024;
/// One picture has at most so many bytes of samples; more become more pictures.
const PICTURE_BYTES: usize = 2_400_000;
/// Below this a picture would be too coarse to look at.
const SMALLEST_PICTURE_BYTES: usize = 24_000;
/// Up to this a picture is grey: three times as sharp.
const GREY_BYTES: usize = 240_000;
/// Line ends after the end of a file, at most.
const LINE_ENDS: usize = 3;
/// What a picture and its half of a page cost beside its samples, at most.
const FIGURE_BYTES: usize = 900;

/// One document to be made.
#[derive(Debug, Clone, Copy)]
pub struct Paper<'a> {
    /// Whose it is.
    pub head: Letterhead,
    /// Its kind, which decides what it says.
    pub kind: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The dossier it belongs to.
    pub dossier: &'a str,
    /// The address, as people write it.
    pub address: &'a str,
    /// The address, as the BAG numbers it.
    pub address_id: &'a str,
    /// The date, as people write it.
    pub date: &'a str,
    /// Chooses the pictures.
    pub seed: u64,
}

/// Why a document cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a document of {asked_bytes} bytes cannot be made; {SMALLEST_BYTES} to {LARGEST_BYTES} can"
)]
pub struct WrongSize {
    asked_bytes: usize,
}

/// Makes the document; the same input gives the same bytes.
///
/// # Errors
/// [`WrongSize`] when the size is out of bounds.
pub fn make(paper: &Paper<'_>, size_bytes: usize) -> Result<Vec<u8>, WrongSize> {
    let wrong = WrongSize {
        asked_bytes: size_bytes,
    };
    if !(SMALLEST_BYTES..=LARGEST_BYTES).contains(&size_bytes) {
        return Err(wrong);
    }
    // As much text as fits, then pictures in what is left, then white space.
    let text = (0..=texts::COMMON.len() + 2)
        .rev()
        .map(|amount| Draft::new(paper, amount, Vec::new()))
        .find(|draft| draft.assemble(0).len() <= size_bytes)
        .ok_or(wrong)?;
    let room = size_bytes - text.assemble(0).len();
    let pictures = room.div_ceil(PICTURE_BYTES);
    let each = (room / pictures.max(1)).saturating_sub(FIGURE_BYTES);
    let draft = if each >= SMALLEST_PICTURE_BYTES {
        Draft::new(paper, text.amount, paint(paper, pictures, each))
    } else {
        text
    };
    // Numbers in the file get a digit more as it grows, so the white space is found by trying, and
    // some sizes are stepped over; a line end or two after the end of the file is allowed.
    let mut padding = 0;
    for _ in 0..8 {
        let mut made = draft.assemble(padding);
        match size_bytes.checked_sub(made.len()) {
            Some(short) if short <= LINE_ENDS => {
                made.resize(size_bytes, b'\n');
                return Ok(made);
            }
            Some(short) => padding += short,
            None => padding = (padding + size_bytes).saturating_sub(made.len()),
        }
    }
    Err(wrong)
}

fn paint(paper: &Paper<'_>, count: usize, each_bytes: usize) -> Vec<(Picture, &'static str)> {
    let scenes: &[(Scene, &str)] = match paper.kind {
        "bouwtekening" | "versterkingsplan" | "engineeringrapport" => &[
            (Scene::Plan, "Plattegrond begane grond, schaal 1 : 50"),
            (Scene::Facade, "Gevel, gezien vanaf de tuin"),
        ],
        "funderingsonderzoek" => &[
            (Scene::Pit, "Inspectieput naast de gevel"),
            (Scene::Facade, "Gevel boven de inspectieput"),
        ],
        _ => &[
            (Scene::Facade, "Achtergevel met trapscheur; meetlat 25 cm"),
            (Scene::Plan, "Plaats van de waarnemingen, gearceerd"),
            (Scene::Pit, "Fundering naast de gevel"),
        ],
    };
    (0..)
        .zip(scenes.iter().cycle())
        .take(count)
        .map(|(number, (scene, caption))| {
            let grey = each_bytes < GREY_BYTES;
            (
                Picture::paint(*scene, paper.seed.wrapping_add(number), each_bytes, grey),
                *caption,
            )
        })
        .collect()
}

/// A document whose pages are set and whose pictures are painted.
struct Draft<'a> {
    paper: &'a Paper<'a>,
    amount: usize,
    pages: Vec<Vec<u8>>,
    pictures: Vec<(Picture, &'static str)>,
    placed: Vec<Placed>,
}

impl<'a> Draft<'a> {
    /// Sets the pages with so much text: 0 is the opening alone, each step adds a part.
    fn new(paper: &'a Paper<'a>, amount: usize, pictures: Vec<(Picture, &'static str)>) -> Self {
        let text = texts::of(paper.kind);
        let filled = |text: &str| {
            text.replace("{adres}", paper.address)
                .replace("{dossier}", paper.dossier)
        };
        let references = [
            ("Dossier", paper.dossier.to_owned()),
            ("Datum", paper.date.to_owned()),
            ("Adres", paper.address.to_owned()),
            ("Nummeraanduiding", paper.address_id.to_owned()),
        ];
        let mut composer = Composer::begin(paper.head, &references, paper.title);
        composer.paragraph(&filled(text.opening));
        let sections = |composer: &mut Composer, sections: &[(&str, &[&str])]| {
            for (heading, paragraphs) in sections {
                composer.heading(heading);
                for paragraph in *paragraphs {
                    composer.paragraph(&filled(paragraph));
                }
            }
        };
        if amount >= 1 {
            sections(
                &mut composer,
                text.sections.get(..1).unwrap_or(text.sections),
            );
        }
        if amount >= 2 {
            composer.table(text.table);
            sections(&mut composer, text.sections.get(1..).unwrap_or_default());
        }
        sections(
            &mut composer,
            texts::COMMON
                .get(..amount.saturating_sub(2))
                .unwrap_or_default(),
        );
        let mut placed = Vec::new();
        for (number, (_, caption)) in pictures.iter().enumerate() {
            if number == 0 {
                composer.page_break();
                composer.heading("Bijlage: afbeeldingen");
            }
            let name = picture_name(number);
            let caption = format!("Afbeelding {}. {caption}.", number + 1);
            let page = composer.figure(Name(name.as_bytes()), &caption);
            placed.push(Placed {
                page,
                picture: number,
            });
        }
        let foot = "Fictief stuk, gemaakt voor de demonstratie van Sluis";
        Self {
            paper,
            amount,
            pages: composer.finish(foot),
            pictures,
            placed,
        }
    }

    /// Writes the file, with so much white space in its XMP packet.
    fn assemble(&self, padding: usize) -> Vec<u8> {
        let mut ids = (1..).map(Ref::new);
        let mut id = || ids.next().unwrap_or(Ref::new(i32::MAX));
        let [catalog, tree, regular, bold, info, metadata] = std::array::from_fn(|_| id());
        let pages: Vec<(Ref, Ref)> = self.pages.iter().map(|_| (id(), id())).collect();
        let pictures: Vec<Ref> = self.pictures.iter().map(|_| id()).collect();

        let mut pdf = Pdf::new();
        pdf.catalog(catalog)
            .pages(tree)
            .metadata(metadata)
            .lang(TextStr("nl-NL"));
        let leaves = pages.iter().map(|(page, _)| *page);
        pdf.pages(tree)
            .count(i32::try_from(pages.len()).unwrap_or(i32::MAX))
            .kids(leaves);
        for (font, face) in [(regular, Face::Regular), (bold, Face::Bold)] {
            pdf.type1_font(font)
                .base_font(face.base())
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        pdf.document_info(info)
            .title(TextStr(self.paper.title))
            .author(TextStr(self.paper.head.name))
            .producer(TextStr("Sluis demo"));
        pdf.metadata(metadata, xmp(padding).as_bytes()).finish();
        for (number, ((page_id, content_id), content)) in pages.iter().zip(&self.pages).enumerate()
        {
            let mut page = pdf.page(*page_id);
            page.parent(tree)
                .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
                .contents(*content_id);
            let mut resources = page.resources();
            let [first, second] = Face::ALL.map(Face::resource);
            resources.fonts().pair(first, regular).pair(second, bold);
            let mut shown = resources.x_objects();
            for placed in self.placed.iter().filter(|placed| placed.page == number) {
                if let Some(picture) = pictures.get(placed.picture) {
                    shown.pair(Name(picture_name(placed.picture).as_bytes()), *picture);
                }
            }
            shown.finish();
            resources.finish();
            page.finish();
            pdf.stream(*content_id, content);
        }
        for (picture_id, (picture, _)) in pictures.iter().zip(&self.pictures) {
            let mut image = pdf.image_xobject(*picture_id, &picture.samples);
            image
                .width(i32::try_from(picture.width).unwrap_or(i32::MAX))
                .height(i32::try_from(picture.height).unwrap_or(i32::MAX))
                .bits_per_component(8)
                .interpolate(true);
            if picture.grey {
                image.color_space().device_gray();
            } else {
                image.color_space().device_rgb();
            }
        }
        pdf.finish()
    }
}

fn picture_name(number: usize) -> String {
    format!("B{}", number + 1)
}

/// An XMP packet that says only that it is one, with room as the specification suggests
/// (ISO 16684-1, 7.3.2).
fn xmp(padding: usize) -> String {
    let line = 100;
    let mut room = String::with_capacity(padding);
    for at in 1..=padding {
        room.push(if at.is_multiple_of(line) { '\n' } else { ' ' });
    }
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" \
         xmp:CreatorTool=\"Sluis demo\"/></rdf:RDF></x:xmpmeta>\n{room}<?xpacket end=\"w\"?>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Letterhead = Letterhead {
        name: "Voorbeeldbestuur",
        line: "Groningen",
        colour: [0.1, 0.3, 0.5],
    };

    fn paper(kind: &str) -> Paper<'_> {
        Paper {
            head: HEAD,
            kind,
            title: "Opnamerapport Borgstraat 12",
            dossier: "NCG-2024-00117",
            address: "Borgstraat 12, 9917 PA Wirdum",
            address_id: "0024200000017301",
            date: "12 maart 2025",
            seed: 3,
        }
    }

    #[test]
    fn a_size_out_of_bounds_is_refused() {
        for wrong in [0, 1, SMALLEST_BYTES - 1, LARGEST_BYTES + 1, usize::MAX] {
            assert_eq!(
                make(&paper("planning"), wrong),
                Err(WrongSize { asked_bytes: wrong })
            );
        }
    }

    #[test]
    fn every_size_is_met_to_the_byte() {
        let sizes = (4096..4106)
            .chain((4100..70_000).step_by(1_777))
            .chain(9_990..10_005)
            // Where the place of the table of contents gets a digit more.
            .chain(10_250..10_350);
        for size in sizes.chain([100_000, 250_000, 1_000_000, 5_000_001]) {
            let made = make(&paper("funderingsonderzoek"), size).unwrap();
            assert_eq!(made.len(), size);
            assert!(
                made.starts_with(b"%PDF-1.7\n") && made.trim_ascii_end().ends_with(b"%%EOF"),
                "{size}"
            );
        }
    }

    #[test]
    fn the_same_paper_is_the_same_bytes_and_another_is_not() {
        let first = make(&paper("opnamerapport"), 60_000);
        assert_eq!(first, make(&paper("opnamerapport"), 60_000));
        assert_ne!(
            first,
            make(
                &Paper {
                    seed: 4,
                    ..paper("opnamerapport")
                },
                60_000
            )
        );
    }

    #[test]
    fn a_small_one_still_says_what_it_is() {
        let made = make(&paper("opnamerapport"), SMALLEST_BYTES).unwrap();
        let text = String::from_utf8_lossy(&made);
        for part in [
            "Voorbeeldbestuur",
            "Opnamerapport Borgstraat 12",
            "NCG-2024-00117",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
}
