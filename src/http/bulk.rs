//! Many documents in one call: NDJSON in, and for each line what became of it (NDJSON out).
//!
//! `?modus=alles-of-niets` (the default) applies all lines or none: one wrong line makes it a
//! problem `ongeldige-invoer` that says, beside `fouten`, in `regels` what is with each wrong line.
//! `?modus=per-regel` applies each line that can be, and answers every line. Either way the lines
//! that are applied are applied in one transaction.

use std::collections::HashMap;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::bodies;
use super::fields::Errors;
use super::media;
use super::problem::{Code, Problem};
use super::reply;
use crate::bounds::{BULK_ERRORS, BULK_LINE_BYTES, BULK_LINE_ERRORS, BULK_LINES, FIELD_ERRORS};
use crate::domain::{DocumentId, Oin, json};
use crate::exchange::{BulkLine, BulkMode, BulkOutcome, FieldError, KnownCodes, Put};

/// The words of `modus`; the first holds when there is none.
pub(super) const MODES: &[(&str, BulkMode)] = &[
    ("alles-of-niets", BulkMode::AllOrNothing),
    ("per-regel", BulkMode::PerLine),
];

/// What is answered about one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LineAnswer {
    /// Counted from 1.
    #[serde(rename = "regel")]
    pub(super) line: usize,
    /// The document, when the line says which.
    pub(super) uuid: Option<DocumentId>,
    /// `aangemaakt`, `vervangen`, `ongewijzigd`, `geweigerd` or `niet-toegepast`.
    pub(super) status: &'static str,
    /// What is wrong with it.
    #[serde(rename = "fouten", skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<FieldError>,
}

/// The lines of a call, told apart.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// Those that can be applied.
    pub(super) right: Vec<BulkLine>,
    /// Those that cannot, each with why.
    pub(super) wrong: Vec<LineAnswer>,
}

/// Reads the lines of a bulk call of this organisation.
///
/// # Errors
/// A problem when the call as a whole is none: no lines, or too many.
pub(super) fn read(body: &[u8], provider: Oin, codes: &KnownCodes) -> Result<Read, Problem> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    if body.is_empty() {
        return Err(Problem::invalid_field(
            "body",
            "verwacht: één document per regel",
        ));
    }
    let mut read = Read {
        right: Vec::new(),
        wrong: Vec::new(),
    };
    let mut seen: HashMap<DocumentId, usize> = HashMap::new();
    let mut listed = 0;
    for (at, text) in body.split(|byte| *byte == b'\n').enumerate() {
        let line = at + 1;
        if line > BULK_LINES {
            return Err(Code::TooLarge.into());
        }
        // A line that can hold no mistake any more still says that it is wrong.
        let room = BULK_LINE_ERRORS.min(BULK_ERRORS.saturating_sub(listed));
        let mut errors = Errors::up_to(room);
        let (uuid, document) = one(text, provider, codes, &mut errors);
        if let Some(first) = uuid.and_then(|id| seen.get(&id)) {
            errors.add("uuid", format!("staat ook op regel {first}"));
        } else if let Some(id) = uuid {
            seen.insert(id, line);
        }
        match document {
            Some(document) if errors.is_empty() => read.right.push(BulkLine { line, document }),
            _ => {
                let errors = errors.into_list();
                listed += errors.len();
                read.wrong.push(LineAnswer {
                    line,
                    uuid,
                    status: REFUSED,
                    errors,
                });
            }
        }
    }
    Ok(read)
}

const REFUSED: &str = "geweigerd";

fn one(
    text: &[u8],
    provider: Oin,
    codes: &KnownCodes,
    errors: &mut Errors,
) -> (Option<DocumentId>, Option<crate::domain::Document>) {
    if text.len() > BULK_LINE_BYTES {
        errors.add("body", format!("langer dan {BULK_LINE_BYTES} bytes"));
        return (None, None);
    }
    let value = match json::parse(text) {
        Ok(value) => value,
        Err(wrong) => {
            errors.add("body", wrong.to_string());
            return (None, None);
        }
    };
    let (id, document) = bodies::bulk_document(value, codes, errors);
    if document.as_ref().is_some_and(|d| d.provider != provider) {
        errors.add(
            "bronorganisatie",
            "moet het OIN van uw eigen organisatie zijn",
        );
    }
    (id, document)
}

/// The lines as they were sent on, to put their outcomes beside.
pub(super) fn sent(lines: &[BulkLine]) -> Vec<(usize, DocumentId)> {
    lines
        .iter()
        .map(|line| (line.line, line.document.id))
        .collect()
}

/// The problem of an all-or-nothing call with a wrong line.
pub(super) fn refused(read: &Read) -> Problem {
    problem(&read.wrong)
}

fn problem(wrong: &[LineAnswer]) -> Problem {
    let mut errors = Errors::up_to(FIELD_ERRORS);
    for line in wrong {
        for error in &line.errors {
            let field = format!("regel {}: {}", line.line, error.field);
            errors.add(field, error.message.clone());
        }
    }
    Problem::invalid(&errors.into_list()).with("regels", json!(wrong))
}

/// The answer: a line for each line, in their order.
///
/// # Errors
/// A problem when an all-or-nothing call was not applied, or when the outcomes do not fit.
pub(super) fn answer(
    mode: BulkMode,
    sent: &[(usize, DocumentId)],
    outcomes: &[BulkOutcome],
    wrong: Vec<LineAnswer>,
) -> Result<Response, Problem> {
    if sent.len() != outcomes.len() {
        return Err(Code::Internal.into());
    }
    let mut lines = wrong;
    lines.extend(
        sent.iter()
            .zip(outcomes)
            .map(|((line, id), outcome)| outcome_line(*line, *id, *outcome)),
    );
    lines.sort_by_key(|line| line.line);
    if mode == BulkMode::AllOrNothing && lines.iter().any(|line| line.status == REFUSED) {
        lines.retain(|line| line.status == REFUSED);
        return Err(problem(&lines));
    }
    let mut text = Vec::new();
    for line in &lines {
        serde_json::to_writer(&mut text, line).map_err(|_| Code::Internal)?;
        text.push(b'\n');
    }
    Ok(reply::typed(StatusCode::OK, media::LINES, text.into()))
}

fn outcome_line(line: usize, id: DocumentId, outcome: BulkOutcome) -> LineAnswer {
    let (status, errors) = match outcome {
        BulkOutcome::Put(Put::Created) => ("aangemaakt", Vec::new()),
        BulkOutcome::Put(Put::Replaced) => ("vervangen", Vec::new()),
        BulkOutcome::Put(Put::Unchanged) => ("ongewijzigd", Vec::new()),
        BulkOutcome::NotApplied => ("niet-toegepast", Vec::new()),
        BulkOutcome::NotAuthorised => {
            let mistake = FieldError {
                field: "uuid".to_owned(),
                message: "een document met deze uuid is van een andere organisatie".to_owned(),
            };
            (REFUSED, vec![mistake])
        }
    };
    LineAnswer {
        line,
        uuid: Some(id),
        status,
        errors,
    }
}
