//! What goes to an owner on paper: one text, as a page that prints well and as a PDF.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;

use super::super::page::{Page, file, html};
use crate::domain::{Oin, Organisations};
use crate::language::Language;
use crate::paper::{Block, Head, Report};

/// Five lines, kept free for the window of an envelope.
pub(super) const WINDOW: &str = "\n\n\n\n";

/// A letter or a receipt.
pub(super) struct Paper {
    pub(super) report: Report,
    /// The QR code as a drawing, where the report has one.
    pub(super) qr: String,
}

#[derive(Template)]
#[template(path = "toestemming-papier.html")]
pub(super) struct PaperPage {
    pub(super) page: Page,
    pub(super) paper: Paper,
    /// What it is called in the trail.
    pub(super) name: &'static str,
    /// Where it is, in both languages and as PDF.
    pub(super) path: String,
}

impl PaperPage {
    fn language(&self) -> Language {
        self.paper.report.language
    }

    fn window(&self) -> bool {
        !self.paper.report.to.is_empty()
    }
}

/// Shows a paper, or hands it over as PDF under this name.
pub(super) fn answer(page: &PaperPage, query: &HashMap<String, String>, name: &str) -> Response {
    if query.get("vorm").is_some_and(|form| form == "pdf") {
        return file(
            "application/pdf",
            &format!("{name}.pdf"),
            page.paper.report.to_pdf(),
        );
    }
    html(page)
}

/// In which language it was asked for: Dutch, unless English was.
pub(super) fn language(query: &HashMap<String, String>) -> Language {
    let asked = query.get("taal").and_then(|tag| Language::find(tag));
    asked.unwrap_or_default()
}

/// Whose paper it is.
pub(super) fn head(organisation: &crate::domain::Organisation) -> Head {
    Head {
        organisation: organisation.name.clone(),
        line: String::new(),
    }
}

/// Where to reach it, if that was configured.
pub(super) fn contact(organisation: &crate::domain::Organisation) -> Vec<Block> {
    if organisation.contact.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading(1, "Contact".to_owned()),
        Block::Paragraph(organisation.contact.clone()),
    ]
}

/// Organisations by their whole names, for people who do not know the abbreviations.
pub(super) fn names(oins: &[Oin], organisations: &Organisations, l: Language) -> String {
    let name = |oin: &Oin| {
        let known = organisations.find(*oin);
        known.map_or_else(|| oin.to_string(), |one| one.name.clone())
    };
    let names: Vec<String> = oins.iter().map(name).collect();
    super::wording::in_a_row(&names, l)
}
