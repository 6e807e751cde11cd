use super::text::encode;
use super::*;

mod reader;

use reader::File;

fn report(blocks: Vec<Block>) -> Report {
    Report {
        title: "Wie kreeg uw gegevens?".to_owned(),
        language: Language::Dutch,
        head: Head {
            organisation: "Voorbeeldbestuur".to_owned(),
            line: "Postbus 1, Groningen".to_owned(),
        },
        to: "De bewoners van\nBorgstraat 12".to_owned(),
        date: "22 november 2026".to_owned(),
        blocks,
    }
}

/// Makes the report, reads it back, and holds what is true of every one: its text stays between the
/// margins, lines do not lie over each other, and the same report is the same file.
fn read(report: &Report) -> File {
    let made = report.to_pdf();
    assert_eq!(made, report.to_pdf());
    let file = File::read(&made);
    for shown in &file.shown {
        let Some(_) = shown.mark else { continue };
        assert!(
            shown.x >= 70.0 && shown.x + shown.width <= 525.0,
            "{shown:?}"
        );
        assert!((80.0..=790.0).contains(&shown.y), "{shown:?}");
    }
    for (at, one) in file.shown.iter().enumerate() {
        for other in file.shown.iter().skip(at + 1).take(40) {
            let over = one.page == other.page
                && (one.y - other.y).abs() < 8.0
                && one.x < other.x + other.width
                && other.x < one.x + one.width;
            assert!(!over, "{one:?} lies over {other:?}");
        }
    }
    file
}

fn long_text(sentences: usize) -> String {
    (0..sentences)
        .map(|n| format!("Zin {n} van een lange tekst die over meer regels gaat."))
        .collect::<Vec<_>>()
        .join(" ")
}

fn table(rows: usize) -> Block {
    Block::Table {
        caption: "Gedeelde stukken".to_owned(),
        columns: vec![
            Column::words("Wanneer", 3),
            Column::words("Wat", 4),
            Column::numbers("Grootte", 2),
        ],
        rows: (0..rows)
            .map(|row| {
                let kind = [
                    "Opnamerapport",
                    "Een stuk met een heel lange naam, die niet past",
                ];
                vec![
                    format!("dag {row}"),
                    kind[row % 2].to_owned(),
                    format!("{row} KiB"),
                ]
            })
            .collect(),
    }
}

#[test]
fn what_is_empty_or_absurd_still_makes_a_paper() {
    let text = str::to_owned;
    let empty = Report {
        title: String::new(),
        language: Language::English,
        head: Head {
            organisation: String::new(),
            line: String::new(),
        },
        to: " ".to_owned(),
        date: String::new(),
        blocks: Vec::new(),
    };
    let file = read(&empty);
    assert_eq!(file.texts("P"), Vec::<String>::new());
    assert_eq!(file.artifacts(), ["page 1 of 1"]);
    let column = |width| Column::words("kop", width);
    for (name, block, texts) in [
        ("a blank paragraph", Block::Paragraph(text(" \n ")), vec![]),
        ("a blank heading", Block::Heading(1, text("")), vec![]),
        ("no points", Block::List(vec![text(" ")]), vec![]),
        ("no facts", Block::Facts(vec![]), vec![]),
        (
            "no value",
            Block::Facts(vec![(text("Naam"), text(""))]),
            vec!["Naam", ""],
        ),
        (
            "no code",
            Block::Qr {
                matrix: vec![],
                caption: text("x"),
            },
            vec![],
        ),
        ("nothing to sign", Block::Signature(vec![]), vec![]),
        ("nothing to choose", Block::Boxes(vec![text(" ")]), vec![]),
        ("only a break", Block::PageBreak, vec![]),
        (
            "no columns",
            Block::Table {
                caption: text("x"),
                columns: vec![],
                rows: vec![vec![text("y")]],
            },
            vec![],
        ),
        (
            "no rows",
            Block::Table {
                caption: text(""),
                columns: vec![column(0)],
                rows: vec![],
            },
            vec!["kop"],
        ),
        (
            "cells too few and too many",
            Block::Table {
                caption: text(""),
                columns: vec![column(0), column(u16::MAX)],
                rows: vec![vec![], vec![text("a"), text("b"), text("c")]],
            },
            vec!["kop", "kop", "", "", "a", "b"],
        ),
    ] {
        let file = File::read(&report(vec![block]).to_pdf());
        let leaves = ["H2", "LBody", "Lbl", "TH", "TD"];
        let all = file.outline().into_iter();
        let found: Vec<String> = all
            .filter(|(_, role, _)| leaves.contains(&role.as_str()))
            .map(|(_, _, text)| text)
            .collect();
        // Of a column without width each sign stands on its own line.
        assert_eq!(found, texts, "{name}");
    }
}

#[test]
fn who_listens_gets_the_same_in_the_same_order() {
    let file = read(&report(vec![
        Block::Paragraph("U vroeg het ons op\n3 maart. Eén stuk kostte € 0 – ‘niets’.".to_owned()),
        Block::Heading(1, "In het kort".to_owned()),
        Block::Facts(vec![("Kenmerk".to_owned(), "0192f0c1".to_owned())]),
        Block::List(vec!["Bel ons.".to_owned(), "Of schrijf.".to_owned()]),
        Block::Heading(2, "Stukken".to_owned()),
        table(1),
        Block::Qr {
            matrix: vec![vec![true, false], vec![false, true]],
            caption: "Scan deze code".to_owned(),
        },
        Block::Space,
        Block::Signature(vec!["Handtekening".to_owned()]),
    ]));
    let lines: Vec<String> = file
        .outline()
        .into_iter()
        .map(|(depth, role, text)| format!("{}{role} {text}", "  ".repeat(depth)))
        .map(|line| line.trim_end().to_owned())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Document
      P Voorbeeldbestuur
      P Postbus 1, Groningen
      P De bewoners van Borgstraat 12
      P 22 november 2026
      H1 Wie kreeg uw gegevens?
      P U vroeg het ons op 3 maart. Eén stuk kostte € 0 – ‘niets’.
      H2 In het kort
      L
        LI
          Lbl Kenmerk
          LBody 0192f0c1
      L
        LI
          Lbl •
          LBody Bel ons.
        LI
          Lbl •
          LBody Of schrijf.
      H3 Stukken
      Table
        Caption Gedeelde stukken
        THead
          TR
            TH Wanneer
            TH Wat
            TH Grootte
        TBody
          TR
            TD dag 0
            TD Opnamerapport
            TD 0 KiB
      Figure
      P Scan deze code
      P Handtekening
    ");
}

#[test]
fn programs_are_told_title_language_and_that_there_is_structure() {
    let mut made = report(vec![Block::Heading(1, "Één & meer".to_owned())]);
    made.title = "Wat <u> vroeg & wij\nschreven\u{1}".to_owned();
    for (language, tag, foot) in [
        (Language::Dutch, "nl", "bladzijde 1 van 1"),
        (Language::English, "en", "page 1 of 1"),
    ] {
        made.language = language;
        let file = read(&made);
        assert_eq!(file.catalog["Lang"].text(), tag);
        let word = reader::Value::Word("true".to_owned());
        assert_eq!(file.catalog["MarkInfo"].dict()["Marked"], word);
        assert_eq!(
            file.catalog["ViewerPreferences"].dict()["DisplayDocTitle"],
            word
        );
        assert_eq!(file.info["Title"].text(), "Wat <u> vroeg & wij schreven");
        let xmp = file.stream(file.catalog["Metadata"].reference());
        let xmp = String::from_utf8(xmp.to_vec()).unwrap();
        for part in [
            "xml:lang=\"x-default\">Wat &lt;u&gt; vroeg &amp; wij schreven<".to_owned(),
            format!("<dc:language><rdf:Bag><rdf:li>{tag}<"),
        ] {
            assert!(xmp.contains(&part), "{part}\n{xmp}");
        }
        // What is not true is not said: the fonts are not embedded.
        assert!(!xmp.contains("pdfuaid"));
        assert_eq!(file.artifacts(), [foot]);
        let bookmarks = file.object(file.catalog["Outlines"].reference());
        let first = file.object(bookmarks["First"].reference());
        assert_eq!(first["Title"].text(), "Één & meer");
        assert_eq!(first["Dest"].array()[0].reference(), file.pages[0]);
    }
}

#[test]
fn heads_of_columns_say_that_they_are_and_lists_how_they_are_numbered() {
    let file = read(&report(vec![
        table(1),
        Block::List(vec!["punt".to_owned()]),
    ]));
    let mut found = Vec::new();
    let mut todo = vec![file.object(file.catalog["StructTreeRoot"].reference())["K"].reference()];
    while let Some(id) = todo.pop() {
        let element = file.object(id);
        if let Some(attributes) = element.get("A") {
            let says = attributes.array()[0].dict();
            let key = if says.contains_key("Scope") {
                "Scope"
            } else {
                "ListNumbering"
            };
            found.push(format!("{} {}", element["S"].name(), says[key].name()));
        }
        for kid in file.kids(id) {
            if let reader::Kid::Element(kid) = kid {
                todo.push(kid);
            }
        }
    }
    found.sort();
    assert_eq!(found, ["L Disc", "TH Column", "TH Column", "TH Column"]);
}

#[test]
fn no_level_of_headings_is_skipped() {
    let levels = |levels: &[u8]| -> Vec<String> {
        let heading = |level: &u8| Block::Heading(*level, "kop".to_owned());
        let file = read(&report(levels.iter().map(heading).collect()));
        let outline = file.outline().into_iter();
        outline
            .map(|(_, role, _)| role)
            .filter(|role| role.starts_with('H'))
            .collect()
    };
    for (given, expected) in [
        (&[1, 2, 3][..], &["H1", "H2", "H3", "H4"][..]),
        (&[3, 3, 1], &["H1", "H2", "H3", "H2"]),
        (&[0, 9], &["H1", "H2", "H3"]),
        (&[1, 3, 2, 1, 2], &["H1", "H2", "H3", "H3", "H2", "H3"]),
    ] {
        assert_eq!(levels(given), expected, "{given:?}");
    }
}

#[test]
fn a_table_over_many_pages_says_its_head_on_each_and_is_heard_once() {
    let file = read(&report(vec![table(200)]));
    let pages = file.pages.len();
    assert!((6..20).contains(&pages), "{pages}");
    assert_eq!(file.texts("TH"), ["Wanneer", "Wat", "Grootte"]);
    for head in ["Wanneer", "Wat", "Grootte"] {
        let repeated = file
            .artifacts()
            .iter()
            .filter(|text| **text == head)
            .count();
        assert_eq!(repeated, pages - 1, "{head}");
    }
    let heads = file
        .artifacts()
        .into_iter()
        .filter(|text| text.contains(" – "));
    assert!(heads.eq(std::iter::repeat_n(
        "Voorbeeldbestuur – Wie kreeg uw gegevens?",
        pages - 1
    )));
    let cells = file.texts("TD");
    assert_eq!(cells.len(), 600);
    for (row, cells) in cells.chunks(3).enumerate() {
        assert_eq!(
            [&cells[0], &cells[2]],
            [&format!("dag {row}"), &format!("{row} KiB")]
        );
    }
    // A row that fits is never broken: all its lines are on one page.
    for row in 0..200 {
        let shown = |text: &str| file.shown.iter().find(|shown| shown.text == text).unwrap();
        let [first, last] = [format!("dag {row}"), format!("{row} KiB")];
        assert_eq!(shown(&first).page, shown(&last).page);
    }
    let places: Vec<String> = (1..=pages)
        .map(|n| format!("bladzijde {n} van {pages}"))
        .collect();
    let feet = file
        .artifacts()
        .into_iter()
        .filter(|text| text.starts_with("bladzijde"));
    assert!(feet.eq(places.iter().map(String::as_str)));
}

#[test]
fn what_is_longer_than_a_page_goes_on_and_loses_nothing() {
    let text = long_text(400);
    let word = "0123456789".repeat(500);
    let column = |head| Column::words(head, 1);
    for (name, block, role) in [
        ("a paragraph", Block::Paragraph(text.clone()), "P"),
        ("a point", Block::List(vec![text.clone()]), "LBody"),
        (
            "a fact",
            Block::Facts(vec![("Naam".to_owned(), text.clone())]),
            "LBody",
        ),
        ("a heading", Block::Heading(1, text.clone()), "H2"),
        (
            "a caption",
            Block::Qr {
                matrix: vec![vec![true]],
                caption: text.clone(),
            },
            "P",
        ),
        (
            "a row",
            Block::Table {
                caption: "x".to_owned(),
                columns: vec![column("a"), column("b")],
                rows: vec![vec!["kort".to_owned(), text.clone()]],
            },
            "TD",
        ),
    ] {
        let file = read(&report(vec![block]));
        assert!(file.pages.len() > 2, "{name}");
        assert!(file.texts(role).contains(&text), "{name}");
    }
    let file = read(&report(vec![Block::Paragraph(word.clone())]));
    assert!(file.texts("P").contains(&word));
}

#[test]
fn no_line_and_no_heading_is_left_alone() {
    for (lines, words) in (20..60).flat_map(|lines| [40, 50, 80, 200].map(|words| (lines, words))) {
        let filler = (0..lines)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join("\n");
        let file = read(&report(vec![
            Block::Paragraph(filler),
            Block::Heading(1, "Kop".to_owned()),
            Block::Paragraph("Zin ".repeat(words)),
        ]));
        let page = |text: &str| {
            let shown = file.shown.iter().filter(|s| s.mark.is_some());
            shown
                .filter(|s| s.text.contains(text))
                .map(|s| s.page)
                .collect::<Vec<_>>()
        };
        assert_eq!(page("Kop")[0], page("Zin")[0], "{lines}");
        let of_text = file
            .shown
            .iter()
            .filter(|s| s.mark.is_some() && s.text.contains("Zin"));
        let mut pages = std::collections::BTreeMap::new();
        for shown in of_text {
            *pages.entry(shown.page).or_insert(0) += 1;
        }
        assert!(
            pages.values().all(|count| *count >= 2),
            "{lines}: {pages:?}"
        );
    }
}

#[test]
fn a_heading_stays_with_the_first_rows_of_its_table() {
    let facts = ["dag 0", "dag 1", "dag 2"].map(|day| ("Wanneer".to_owned(), day.to_owned()));
    for (lines, after) in (20..60).flat_map(|lines| {
        let all = [table(5), Block::Facts(facts.to_vec())];
        all.map(|after| (lines, after))
    }) {
        let filler: Vec<String> = (0..lines).map(|n| n.to_string()).collect();
        let introduced = Block::Paragraph("Dit is gedeeld. ".repeat(20));
        for between in [vec![], vec![introduced]] {
            let mut blocks = vec![
                Block::Paragraph(filler.join("\n")),
                Block::Heading(1, "Kop".to_owned()),
            ];
            blocks.extend(between);
            blocks.push(after.clone());
            let file = read(&report(blocks));
            let page = |text: &str| {
                let mut shown = file.shown.iter().filter(|shown| shown.mark.is_some());
                let found = shown.find(|shown| shown.text == text);
                found.unwrap_or_else(|| panic!("{text}")).page
            };
            assert_eq!(page("Kop"), page("dag 0"), "{lines}");
            assert_eq!(page("Kop"), page("dag 1"), "{lines}");
        }
    }
}

#[test]
fn a_box_to_be_crossed_stands_before_each_choice() {
    let choices = ["Ja.", "Nee."].map(str::to_owned).to_vec();
    let file = read(&report(vec![Block::Boxes(choices)]));
    assert_eq!(file.texts("LBody"), ["Ja.", "Nee."]);
    assert_eq!(file.texts("Figure").len(), 2);
}

#[test]
fn a_break_begins_a_page_but_never_an_empty_one() {
    let file = read(&report(vec![
        Block::PageBreak,
        Block::PageBreak,
        Block::Space,
        Block::Paragraph("tweede".to_owned()),
        Block::PageBreak,
    ]));
    let shown = file
        .shown
        .iter()
        .find(|shown| shown.text == "tweede")
        .unwrap();
    assert_eq!((shown.page, shown.y), (1, 752.0));
}

#[test]
fn numbers_are_set_to_the_right_of_their_column() {
    let file = read(&report(vec![table(120)]));
    let ends: Vec<f32> = file
        .shown
        .iter()
        .filter(|shown| shown.text.ends_with("KiB") && shown.mark.is_some())
        .map(|shown| shown.x + shown.width)
        .collect();
    assert_eq!(ends.len(), 120);
    assert!(ends.iter().all(|end| (end - 524.0).abs() < 0.1), "{ends:?}");
}

/// Time and memory are in proportion to the rows: so is the file.
#[test]
fn a_report_of_thousands_of_rows_is_in_proportion() {
    let size = |rows| report(vec![table(rows)]).to_pdf().len();
    let (small, large) = (size(500), size(5_000));
    assert!(large < 11 * small && large < 6_000_000, "{small} {large}");
}

#[test]
fn what_cannot_be_written_is_the_same_for_eye_and_ear() {
    let file = read(&report(vec![Block::Paragraph(
        "Łódź 中 e\u{301}".to_owned(),
    )]));
    assert!(file.texts("P").contains(&"Lódz ? é".to_owned()));
    assert_eq!(encode("中"), b"?");
}
