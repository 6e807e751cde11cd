//! The head of a provider's answer: judged, then cut down to an allow-list of typed fields.
//!
//! What is not named here does not exist for the rest of the house. Nothing is ever decompressed,
//! and no redirect is followed.

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{StatusCode, header};

use super::body::ProviderBody;
use super::failure::{ProviderFailure, Wrong};
use super::outbound::Outbound;
use crate::domain::MediaType;

/// An answer that may be passed on: its typed head, and the body still to come.
#[derive(Debug)]
pub struct Incoming {
    /// Whether this is the whole document or a part of it.
    ///
    /// A provider may ignore a range and send the whole (RFC 9110, 14.2). Then this is
    /// [`Part::Whole`] although a range was asked for, and whoever passes it on answers 200.
    pub part: Part,
    /// How many bytes the body has, when that is known before its end.
    pub length: Option<u64>,
    /// What the provider says it is; `None` when it says nothing readable.
    pub media_type: Option<MediaType>,
    /// The provider's entity tag; `None` when it sends none that is well formed.
    pub etag: Option<EntityTag>,
    /// The bytes.
    pub body: ProviderBody,
}

/// How much of the document an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it (200).
    Whole,
    /// A part (206), with the positions of its first and last byte, both included, and the size of
    /// the whole.
    Range {
        /// The first byte's position, from 0.
        first: u64,
        /// The last byte's position.
        last: u64,
        /// The size of the whole document.
        size: u64,
    },
}

/// An entity tag (RFC 9110, 8.8.3) of at most 128 characters, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    fn parse(text: &str) -> Option<Self> {
        let opaque = text
            .strip_prefix("W/")
            .unwrap_or(text)
            .strip_prefix('"')?
            .strip_suffix('"')?;
        let proper = text.len() <= 128
            && opaque
                .bytes()
                .all(|b| b == b'!' || (b'#'..=b'~').contains(&b));
        proper.then(|| Self(text.to_owned()))
    }

    /// The tag as it stands in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the head says, once it is found to be in order.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) part: Part,
    pub(super) length: Option<u64>,
    pub(super) media_type: Option<MediaType>,
    pub(super) etag: Option<EntityTag>,
}

impl Head {
    /// Judges the head of an answer to `asked`.
    pub(super) fn judge(parts: &Parts, asked: &Outbound) -> Result<Self, ProviderFailure> {
        match parts.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
            StatusCode::NOT_FOUND => return Err(ProviderFailure::NotFound),
            other => return Err(ProviderFailure::Wrong(Wrong::Status(other))),
        }
        Self::of_success(parts, asked).map_err(ProviderFailure::Wrong)
    }

    fn of_success(parts: &Parts, asked: &Outbound) -> Result<Self, Wrong> {
        let headers = &parts.headers;
        if headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .any(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            return Err(Wrong::Encoded);
        }
        let told = framing(headers)?;
        let part = part(parts.status, headers, asked)?;
        let (whole, expected) = match part {
            Part::Whole => (told, asked.size_bytes),
            Part::Range { first, last, size } => (Some(size), Some(last - first + 1)),
        };
        if let (Some(told), Some(indexed)) = (whole, asked.size_bytes)
            && told != indexed
        {
            return Err(Wrong::OtherSize { told, indexed });
        }
        if told.is_some() && expected.is_some() && told != expected {
            return Err(Wrong::OtherPart);
        }
        Ok(Self {
            part,
            length: told.or(expected),
            media_type: text(headers, &CONTENT_TYPE).and_then(media_type),
            etag: text(headers, &ETAG).and_then(EntityTag::parse),
        })
    }
}

/// The content length, or `None` when the body comes in chunks; anything else is not accepted,
/// least of all both at once (RFC 9112, 6.3).
fn framing(headers: &HeaderMap) -> Result<Option<u64>, Wrong> {
    let mut coding = headers.get_all(TRANSFER_ENCODING).iter();
    let mut length = headers.get_all(CONTENT_LENGTH).iter();
    match (coding.next(), coding.next(), length.next(), length.next()) {
        (Some(coding), None, None, None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Ok(None)
        }
        (None, None, Some(length), None) => {
            let digits = length.to_str().map_err(|_| Wrong::Unframed)?;
            if digits.bytes().all(|b| b.is_ascii_digit()) {
                digits.parse().map(Some).map_err(|_| Wrong::Unframed)
            } else {
                Err(Wrong::Unframed)
            }
        }
        _ => Err(Wrong::Unframed),
    }
}

fn part(status: StatusCode, headers: &HeaderMap, asked: &Outbound) -> Result<Part, Wrong> {
    if status == StatusCode::OK {
        return Ok(Part::Whole);
    }
    let range = asked.range.ok_or(Wrong::OtherPart)?;
    let (first, last, size) = text(headers, &CONTENT_RANGE)
        .and_then(content_range)
        .ok_or(Wrong::OtherPart)?;
    if range.within(size) == Some((first, last)) {
        Ok(Part::Range { first, last, size })
    } else {
        Err(Wrong::OtherPart)
    }
}

/// Reads `bytes 0-99/1000`; a size of `*` is not accepted, because then nothing can be checked.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let number = |digits: &str| {
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse::<u64>().ok())?
    };
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((number(first)?, number(last)?, number(size)?))
}

/// The one value of a header; a second one makes it unreadable.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => header::HeaderValue::to_str(value).ok(),
        _ => None,
    }
}

fn media_type(text: &str) -> Option<MediaType> {
    let essence = text.split(';').next()?.trim();
    if essence.bytes().any(|b| b.is_ascii_uppercase()) {
        MediaType::parse(&essence.to_ascii_lowercase()).ok()
    } else {
        MediaType::parse(essence).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        for wrong in [
            "",
            "bytes",
            "bytes 0-9",
            "bytes 0-9/*",
            "bytes */10",
            "0-9/10",
            "bytes=0-9/10",
            "bytes +0-9/10",
            "bytes -9/10",
            "bytes 0-9/10 ",
            "bytes 0-99999999999999999999/10",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong:?}");
        }
        assert_eq!(content_range("bytes 0-9/10"), Some((0, 9, 10)));
    }

    #[test]
    fn entity_tags_are_quoted() {
        for wrong in [
            "",
            "abc",
            "\"",
            "\"a",
            "w/\"a\"",
            "\"a\"b\"",
            "\"a b\"",
            "\"a\u{7f}\"",
        ] {
            assert_eq!(EntityTag::parse(wrong), None, "{wrong:?}");
        }
        assert!(EntityTag::parse(&format!("\"{}\"", "x".repeat(127))).is_none());
        for good in ["\"\"", "\"a-1\"", "W/\"a\""] {
            assert_eq!(
                EntityTag::parse(good).as_ref().map(EntityTag::as_str),
                Some(good)
            );
        }
    }
}
