//! The `Range` of a download (RFC 9110, 14).
//!
//! One range of bytes is honoured. Everything else is ignored, as RFC 9110 allows (14.2): another
//! unit, several ranges, a malformed one, two headers. Then the whole document is sent.
//!
//! `If-Range` makes `Range` be ignored as well: what it names can only be compared after the
//! provider was asked, and the whole document is always a right answer to it. Who wants to go on
//! with a broken transfer sends `Range` and compares the `ETag`. `If-None-Match` and its kin are
//! not looked at: every answer is `no-store`, so there is no kept copy a 304 could refer to.

use http::{HeaderMap, header};

use crate::exchange::ByteRange;

/// The range that is asked for, when there is one to honour.
#[must_use]
pub fn of(headers: &HeaderMap) -> Option<ByteRange> {
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    if headers.contains_key(header::IF_RANGE) {
        return None;
    }
    parse(value.to_str().ok()?)
}

fn parse(text: &str) -> Option<ByteRange> {
    let (unit, set) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim_matches([' ', '\t']).split_once('-')?;
    match (first, last) {
        ("", last) => Some(ByteRange::Last(position(last)?)),
        (first, "") => Some(ByteRange::From(position(first)?)),
        (first, last) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then_some(ByteRange::FromTo(first, last))
        }
    }
}

/// Decimal digits only. A number beyond any document is held at the largest one: its range cannot
/// be satisfied, or ends at the end, all the same.
fn position(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn one_range_of_bytes_is_honoured_and_everything_else_ignored() {
        for ignored in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1-0",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=1 -2",
            "bytes=0-1,5-6",
            "items=0-1",
            "bytes 0-1",
            "bytes=--1",
        ] {
            assert_eq!(parse(ignored), None, "{ignored}");
        }
        for (text, range) in [
            ("bytes=0-0", ByteRange::FromTo(0, 0)),
            ("Bytes=5-99", ByteRange::FromTo(5, 99)),
            ("bytes= 5-", ByteRange::From(5)),
            ("bytes=-1", ByteRange::Last(1)),
            ("bytes=-0", ByteRange::Last(0)),
            (
                "bytes=0-99999999999999999999999",
                ByteRange::FromTo(0, u64::MAX),
            ),
        ] {
            assert_eq!(parse(text), Some(range), "{text}");
        }
    }

    #[test]
    fn two_headers_or_an_if_range_mean_the_whole_document() {
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), None);
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(of(&headers), Some(ByteRange::FromTo(0, 1)));
        headers.append(header::RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(of(&headers), None);
        headers.remove(header::RANGE);
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-1"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"1\""));
        assert_eq!(of(&headers), None);
    }
}
