//! Which forms come in and go out: `Content-Type`, `Content-Encoding` and `Accept` (RFC 9110, 8.3,
//! 8.4 and 12.5.1).

use http::{HeaderMap, header};

use crate::language::Language;

pub(super) const JSON: &str = "application/json";
pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const TEXT: &str = "text/plain";
pub(super) const BYTES: &str = "application/octet-stream";

/// Whether the body is said to be of this type, in UTF-8, not encoded further.
pub(super) fn is(headers: &HeaderMap, expected: &str) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(given)), None) = (types.next().map(http::HeaderValue::to_str), types.next())
    else {
        return false;
    };
    let mut parts = given.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(expected))
        && parts.all(|parameter| {
            parameter.eq_ignore_ascii_case("charset=utf-8")
                || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
        })
        && headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Whether one of these types is acceptable. Without types, or without `Accept`, everything is; a
/// part of the header that cannot be read accepts nothing.
pub(super) fn acceptable(headers: &HeaderMap, types: &[&str]) -> bool {
    if types.is_empty() || !headers.contains_key(header::ACCEPT) {
        return true;
    }
    let ranges: Vec<Range<'_>> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::read)
        .collect();
    types.iter().any(|offered| {
        let best = ranges
            .iter()
            .filter_map(|range| Some((range.precision(offered)?, range.wanted)))
            .max();
        best.is_some_and(|(_, wanted)| wanted)
    })
}

/// The language to answer in: of the two there are, the one that is wanted more; Dutch where that says
/// nothing.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let wanted = |language: Language| {
        let ranges = headers
            .get_all(header::ACCEPT_LANGUAGE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let weights = ranges.filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let of_it = tag.trim().split('-').next()?;
            let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
            of_it.eq_ignore_ascii_case(language.tag()).then_some(weight)
        });
        weights.fold(0.0, f32::max)
    };
    if wanted(Language::English) > wanted(Language::Dutch) {
        Language::English
    } else {
        Language::Dutch
    }
}

/// One media range of an `Accept`.
struct Range<'a> {
    kind: &'a str,
    sub: &'a str,
    /// Whether its weight is more than zero.
    wanted: bool,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, sub) = parts.next()?.split_once('/')?;
        if kind.is_empty() || sub.is_empty() || (kind == "*" && sub != "*") {
            return None;
        }
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let wanted = match weight {
            Some((_, q)) => q.parse::<f32>().is_ok_and(|q| q > 0.0),
            None => true,
        };
        Some(Self { kind, sub, wanted })
    }

    /// How precisely it names this type; `None` when it does not.
    fn precision(&self, offered: &str) -> Option<u8> {
        let (kind, sub) = offered.split_once('/')?;
        match (self.kind, self.sub) {
            ("*", "*") => Some(0),
            (k, "*") if k.eq_ignore_ascii_case(kind) => Some(1),
            (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(sub) => Some(2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_body_is_json_in_utf_8_or_it_is_not() {
        for wrong in [
            &[][..],
            &[("content-type", "")],
            &[("content-type", "text/json")],
            &[("content-type", "application/json; charset=iso-8859-1")],
            &[("content-type", "application/json; profile=x")],
            &[("content-type", "application/json, text/plain")],
            &[("content-type", "application/jsonl")],
            &[("content-type", JSON), ("content-type", JSON)],
            &[("content-type", JSON), ("content-encoding", "gzip")],
            &[
                ("content-type", JSON),
                ("content-encoding", "identity, gzip"),
            ],
        ] {
            assert!(!is(&headers(wrong), JSON), "{wrong:?}");
        }
        for right in [
            &[("content-type", JSON)][..],
            &[("content-type", "Application/JSON;charset=UTF-8")],
            &[("content-type", "application/json ; charset=\"utf-8\"")],
            &[("content-type", JSON), ("content-encoding", "identity")],
        ] {
            assert!(is(&headers(right), JSON), "{right:?}");
        }
    }

    #[test]
    fn the_most_precise_range_decides() {
        for (accept, wanted) in [
            ("", false),
            ("json", false),
            ("text/html", false),
            ("*/json", false),
            ("application/json;q=0", false),
            ("application/json;q=0, */*", false),
            ("application/json; q=x", false),
            ("application/problem+json", false),
            ("text/*", false),
            ("*/*", true),
            ("application/*", true),
            ("text/html, application/json;q=0.1", true),
            ("*/*;q=0, application/JSON", true),
            ("application/json; charset=utf-8", true),
        ] {
            assert_eq!(
                acceptable(&headers(&[("accept", accept)]), &[JSON]),
                wanted,
                "{accept}"
            );
        }
        assert!(acceptable(&headers(&[]), &[JSON]));
        assert!(acceptable(&headers(&[("accept", "text/html")]), &[]));
        let two = headers(&[("accept", "text/html"), ("accept", JSON)]);
        assert!(acceptable(&two, &[JSON]));
    }

    #[test]
    fn english_is_for_who_wants_it_more_than_dutch() {
        for (values, language) in [
            (&[][..], Language::Dutch),
            (&[""], Language::Dutch),
            (&["*"], Language::Dutch),
            (&["fr, de"], Language::Dutch),
            (&["en;q=0"], Language::Dutch),
            (&["en;q=x"], Language::Dutch),
            (&["nl, en"], Language::Dutch),
            (&["en;q=0.5, nl-NL;q=0.8"], Language::Dutch),
            (&["en"], Language::English),
            (&["EN-gb"], Language::English),
            (&["fr, en;q=0.3"], Language::English),
            (&["nl;q=0.2", "en;q=0.9"], Language::English),
        ] {
            let values: Vec<_> = values
                .iter()
                .map(|value| ("accept-language", *value))
                .collect();
            assert_eq!(super::language(&headers(&values)), language, "{values:?}");
        }
    }
}
