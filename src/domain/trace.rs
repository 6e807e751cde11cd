//! Where a call stands in the trace it is part of (W3C Trace Context).

use std::fmt;
use std::str::FromStr;

use super::Malformed;

const EXPECTED: &str = "een traceparent van versie 00 (W3C Trace Context)";

/// A `traceparent` of version 00, `00-<32 hex>-<16 hex>-<2 hex>`: the trace, the span of whoever calls,
/// and flags. Neither id is zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// All of it: 55 lower-case characters, as it was written.
    text: [u8; 55],
}

impl TraceParent {
    /// Reads one of version 00.
    ///
    /// # Errors
    /// [`Malformed`] for anything else. W3C asks to ignore that, not to refuse the call.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = Malformed::new(EXPECTED);
        let mut parts = text.split('-');
        let mut hex = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length)?;
            let lower = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.bytes().all(lower).then_some(part)
        };
        let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
        let (version, trace, span, flags) = (hex(2), hex(32), hex(16), hex(2));
        let proper = version == Some("00")
            && trace.is_some_and(|id| !zero(id))
            && span.is_some_and(|id| !zero(id))
            && flags.is_some()
            && parts.next().is_none();
        match text.as_bytes().try_into() {
            Ok(text) if proper => Ok(Self { text }),
            _ => Err(wrong),
        }
    }

    /// One that says: this span of this trace, and it is traced. `None` when either is zero.
    #[must_use]
    pub fn sampled(trace: u128, span: u64) -> Option<Self> {
        Self::parse(&format!("00-{trace:032x}-{span:016x}-01")).ok()
    }

    /// As a header has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The trace: 32 characters.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.as_str().get(3..35).unwrap_or_default()
    }

    /// The span of whoever calls: 16 characters.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.as_str().get(36..52).unwrap_or_default()
    }

    /// Whether the caller says that it traces this call: the last bit of the flags.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        let flags = self.as_str().get(53..).unwrap_or_default();
        u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// Whether one of its ids could be a number of the world outside: W3C wants them random, but who
    /// calls chooses them, and sixteen digits are a nummeraanduiding too. Of random ones it is one
    /// in 1,800.
    #[must_use]
    pub fn could_be_a_number(&self) -> bool {
        let digits = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
        digits(self.trace_id()) || digits(self.parent_id())
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceParent({self})")
    }
}

impl FromStr for TraceParent {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl serde::Serialize for TraceParent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for TraceParent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn only_a_proper_one_is_read() {
        for wrong in [
            String::new(),
            format!("01-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-x"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}{SPAN}--01"),
            format!("00-{TRACE}-{SPAN}-01\r\nX: y"),
            format!("00-{TRACE}-é{}-01", "0".repeat(14)),
        ] {
            assert!(TraceParent::parse(&wrong).is_err(), "{wrong:?}");
        }
        let text = format!("00-{TRACE}-{SPAN}-01");
        let read = TraceParent::parse(&text).unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!((read.trace_id(), read.parent_id()), (TRACE, SPAN));
        assert!(!read.could_be_a_number());
        let json = format!("\"{text}\"");
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(serde_json::from_str::<TraceParent>(&json).unwrap(), read);
        assert!(serde_json::from_str::<TraceParent>("\"00\"").is_err());
    }

    #[test]
    fn the_last_bit_says_whether_it_is_traced() {
        for (flags, traced) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let read = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-{flags}")).unwrap();
            assert_eq!(read.is_sampled(), traced, "{flags}");
        }
        let made = TraceParent::sampled(0x4bf9, 0xf0).unwrap();
        let expected = "00-00000000000000000000000000004bf9-00000000000000f0-01";
        assert_eq!((made.as_str(), made.is_sampled()), (expected, true));
        assert_eq!(TraceParent::sampled(0, 1), None);
        assert_eq!(TraceParent::sampled(1, 0), None);
    }

    #[test]
    fn an_id_of_digits_could_be_a_number_of_somebody() {
        for (trace, span) in [
            (TRACE, "0003010000012345"),
            ("00000000000000000000000123456782", SPAN),
        ] {
            let read = TraceParent::parse(&format!("00-{trace}-{span}-00")).unwrap();
            assert!(read.could_be_a_number(), "{read}");
        }
    }
}
