//! The answers: from what the procedure gives to what goes on the wire.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::gates::Place;
use super::media;
use super::problem::{Code, Problem};
use crate::domain::{Choice, Document, MediaType};
use crate::exchange::{Found, KnownCodes, Receipt, Release, TestOutcome};

/// A JSON answer.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let text = serde_json::to_vec(value).map_err(|_| Code::Internal)?;
    Ok(typed(status, media::JSON, text.into()))
}

/// A JSON answer that is always the same.
pub(super) fn fixed_json(text: &'static str) -> Response {
    typed(StatusCode::OK, media::JSON, text.into())
}

/// A text answer.
pub(super) fn text(text: String) -> Response {
    typed(StatusCode::OK, "text/plain; charset=utf-8", text.into())
}

/// An answer of bytes.
pub(super) fn bytes(bytes: Vec<u8>) -> Response {
    typed(StatusCode::OK, media::BYTES, bytes.into())
}

/// An answer without a body.
pub(super) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// An answer of this type.
pub(super) fn typed(status: StatusCode, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A document, in the words of who asks.
pub(super) fn document(document: &Document, codes: &KnownCodes) -> Result<Value, Problem> {
    let mut value = value(document)?;
    say(&mut value, "soort", json!(codes.kinds.say(&document.kind)));
    Ok(value)
}

/// A choice, in the words of who asks.
pub(super) fn choice(choice: &Choice, codes: &KnownCodes) -> Result<Value, Problem> {
    let purposes = choice.purposes.iter();
    let purposes: Vec<String> = purposes.map(|it| codes.purposes.say(it)).collect();
    let kinds: Vec<String> = choice.kinds.iter().map(|it| codes.kinds.say(it)).collect();
    let mut value = value(choice)?;
    say(&mut value, "doelen", json!(purposes));
    say(&mut value, "documentsoorten", json!(kinds));
    Ok(value)
}

fn value<T: Serialize>(of: &T) -> Result<Value, Problem> {
    serde_json::to_value(of).map_err(|_| Code::Internal.into())
}

/// Puts other words in a member; its place among the others stays.
fn say(value: &mut Value, member: &str, words: Value) {
    if let Some(place) = value.get_mut(member) {
        *place = words;
    }
}

/// The answer to a search, in the words of who asks.
pub(super) fn found(found: &Found, codes: &KnownCodes) -> Result<Value, Problem> {
    let documents = found.documents.iter();
    let documents: Result<Vec<Value>, Problem> = documents.map(|it| document(it, codes)).collect();
    let withheld = found.withheld.iter();
    let withheld: Vec<Value> = withheld
        .map(|it| json!({"soort": codes.kinds.say(&it.kind), "reden": it.reason}))
        .collect();
    let mut answer = json!({"documenten": documents?, "onthouden": withheld});
    if let (Some(cursor), Some(answer)) = (found.cursor, answer.as_object_mut()) {
        answer.insert("vervolg".to_owned(), json!(cursor));
    }
    Ok(answer)
}

/// The answer to a test.
pub(super) fn test_outcome(outcome: TestOutcome) -> Value {
    let mut answer = Map::new();
    answer.insert("toegestaan".to_owned(), json!(outcome.permitted));
    if let Some(ground) = outcome.ground {
        answer.insert("grondslag".to_owned(), json!(ground.iri));
        if !ground.also.is_empty() {
            answer.insert("medegrondslagen".to_owned(), json!(ground.also));
        }
        answer.insert("artikel".to_owned(), json!(ground.article));
    }
    answer.insert("regels".to_owned(), json!(outcome.rules));
    if let Some(reason) = outcome.reason {
        answer.insert("reden".to_owned(), json!(reason));
    }
    answer.insert("ontbreekt".to_owned(), outcome.missing);
    answer.insert("uitleg".to_owned(), json!(outcome.told));
    Value::Object(answer)
}

/// Where something stands in the ledger.
pub(super) fn receipt(receipt: &Receipt) -> Value {
    json!({
        "index": receipt.index,
        "transactieId": receipt.transaction,
        "tijd": receipt.time,
    })
}

/// What was recorded, with where it stands in the ledger.
pub(super) fn recorded<T: Serialize>(value: &T, told: &Receipt) -> Result<Value, Problem> {
    match (serde_json::to_value(value), receipt(told)) {
        (Ok(Value::Object(mut answer)), Value::Object(place)) => {
            answer.extend(place);
            Ok(Value::Object(answer))
        }
        (Ok(_) | Err(_), _) => Err(Code::Internal.into()),
    }
}

/// The choices at an address, in the words of who asks.
pub(super) fn choices(choices: &[Choice], codes: &KnownCodes) -> Result<Value, Problem> {
    let choices = choices.iter().map(|it| choice(it, codes));
    let choices: Result<Vec<Value>, Problem> = choices.collect();
    Ok(json!({ "toestemmingen": choices? }))
}

/// A document, on its way, and its place until it is there.
pub(super) fn release(release: Release, place: Place) -> Result<Response, Problem> {
    let head = Head {
        status: release.status,
        media_type: release.media_type,
        length: release.length,
        content_range: release.content_range,
        etag: release.etag,
        article: release.article,
        index: release.index,
        file_name: release.file_name,
    };
    let body = release.body;
    head.with(Body::new(Held { body, place }))
}

/// Bytes with a place that is held for as long as they are under way.
struct Held<B> {
    body: B,
    #[expect(dead_code, reason = "it is dropped with the body")]
    place: Place,
}

impl<B: HttpBody + Unpin> HttpBody for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What a release says before its bytes.
#[derive(Debug)]
struct Head {
    status: u16,
    media_type: MediaType,
    length: Option<u64>,
    content_range: Option<String>,
    etag: String,
    article: String,
    index: u64,
    file_name: String,
}

impl Head {
    fn with(self, body: Body) -> Result<Response, Problem> {
        let mut response = Response::new(body);
        *response.status_mut() = match self.status {
            200 => StatusCode::OK,
            206 => StatusCode::PARTIAL_CONTENT,
            _ => return Err(Code::Internal.into()),
        };
        let headers = [
            (header::CONTENT_TYPE, Some(self.media_type.to_string())),
            (header::CONTENT_LENGTH, self.length.map(|n| n.to_string())),
            (header::CONTENT_RANGE, self.content_range),
            (header::ACCEPT_RANGES, Some("bytes".to_owned())),
            (header::ETAG, Some(self.etag)),
            (
                header::CONTENT_DISPOSITION,
                Some(content_disposition(&self.file_name)),
            ),
            (
                HeaderName::from_static("sluis-grondslag"),
                Some(self.article),
            ),
            (
                HeaderName::from_static("sluis-logboek-index"),
                Some(self.index.to_string()),
            ),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                let value = HeaderValue::try_from(value).map_err(|_| Code::Internal)?;
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}

/// `attachment`, with the name in ASCII for old readers (RFC 6266) and, when that is not the whole
/// name, in UTF-8 as well (RFC 8187). Nothing that is part of a path, that a shell or a file
/// system takes for something else, or that turns the text around, stays in it.
fn content_disposition(name: &str) -> String {
    let safe: String = name
        .trim_start_matches('.')
        .chars()
        .map(|c| if unsafe_in_a_name(c) { '_' } else { c })
        .collect();
    let safe = if safe.trim().is_empty() {
        "document"
    } else {
        &safe
    };
    let ascii: String = safe
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    if ascii == safe {
        return format!("attachment; filename=\"{ascii}\"");
    }
    let encoded: String = safe.bytes().map(encode).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn unsafe_in_a_name(c: char) -> bool {
    c.is_control()
        || "/\\:*?\"<>|%".contains(c)
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// RFC 8187, 3.2.1: `attr-char` stands for itself.
fn encode(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(status: u16) -> Head {
        Head {
            status,
            media_type: MediaType::parse("application/pdf").unwrap(),
            length: Some(3),
            content_range: (status == 206).then(|| "bytes 0-2/9".to_owned()),
            etag: "\"3\"".to_owned(),
            article: "TwG 3(4)".to_owned(),
            index: 42,
            file_name: "Advies.pdf".to_owned(),
        }
    }

    #[test]
    fn a_release_says_what_it_is_and_on_what_ground() {
        let sent = |head: Head| head.with(Body::from("%PD"));
        assert_eq!(sent(released(404)).unwrap_err().code(), Code::Internal);
        let mut broken = released(200);
        broken.article = "TwG\r\nSet-Cookie: x".to_owned();
        assert_eq!(sent(broken).unwrap_err().code(), Code::Internal);
        for (status, range) in [(200, None), (206, Some("bytes 0-2/9"))] {
            let response = sent(released(status)).unwrap();
            assert_eq!(response.status().as_u16(), status);
            let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap());
            assert_eq!(header("content-type"), Some("application/pdf"));
            assert_eq!(header("content-length"), Some("3"));
            assert_eq!(header("content-range"), range);
            assert_eq!(header("accept-ranges"), Some("bytes"));
            assert_eq!(header("etag"), Some("\"3\""));
            let name = Some("attachment; filename=\"Advies.pdf\"");
            assert_eq!(header("content-disposition"), name);
            assert_eq!(header("sluis-grondslag"), Some("TwG 3(4)"));
            assert_eq!(header("sluis-logboek-index"), Some("42"));
        }
    }

    #[test]
    fn a_file_name_is_a_name_and_nothing_more() {
        for (name, header) in [
            ("", "attachment; filename=\"document\""),
            ("..", "attachment; filename=\"document\""),
            (
                "../../etc/passwd",
                "attachment; filename=\"_.._etc_passwd\"",
            ),
            ("a\"; x=\"b", "attachment; filename=\"a_; x=_b\""),
            (
                "a\r\nSet-Cookie: x",
                "attachment; filename=\"a__Set-Cookie_ x\"",
            ),
            ("c:\\x%41.pdf", "attachment; filename=\"c__x_41.pdf\""),
            ("fdp.\u{202e}exe", "attachment; filename=\"fdp._exe\""),
            ("Advies 12.pdf", "attachment; filename=\"Advies 12.pdf\""),
            (
                "Één.pdf",
                "attachment; filename=\"__n.pdf\"; filename*=UTF-8''%C3%89%C3%A9n.pdf",
            ),
        ] {
            assert_eq!(content_disposition(name), header, "{name:?}");
        }
    }
}
