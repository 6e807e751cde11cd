//! JSON read strictly: every member of an object has a name of its own.
//!
//! RFC 8259 (4) leaves open what two members of one name mean, so two programs can read two
//! different things in one signed text. Tokens and bodies are therefore read here first. What the
//! members mean, and which exist, is not decided here.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::bounds::JSON_DEPTH;

/// Why a text is not JSON as it is accepted here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStrictJson {
    /// Not JSON at all; the place is where reading stopped, both counted from 1.
    #[error("geen geldige JSON (regel {line}, kolom {column})")]
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// One object has two members of this name.
    #[error("het veld {member} komt twee keer voor")]
    DoubleMember {
        /// The name, cut off after 64 characters.
        member: String,
    },
    /// More objects and lists inside one another than any honest text has.
    #[error("meer dan {JSON_DEPTH} niveaus diep")]
    TooDeep,
}

/// Reads one JSON text, and nothing after it.
///
/// # Errors
/// [`NotStrictJson`] when it is not JSON, nests too deep or names one member twice, compared after
/// escapes are resolved (`"iss"` and `"\u0069ss"` are one name).
pub fn parse(text: &[u8]) -> Result<Value, NotStrictJson> {
    let fault = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Strict {
        depth_left: JSON_DEPTH,
        fault: &fault,
    };
    let read = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        fault.take().unwrap_or(NotStrictJson::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

/// Reads one value; what is wrong beyond syntax is left in `fault`, because the error type of serde
/// can only carry text.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth_left: usize,
    fault: &'a Cell<Option<NotStrictJson>>,
}

impl<'a> Strict<'a> {
    fn deeper<E: serde::de::Error>(self) -> Result<Strict<'a>, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Strict { depth_left, ..self }),
            None => Err(self.refuse(NotStrictJson::TooDeep)),
        }
    }

    fn refuse<E: serde::de::Error>(self, fault: NotStrictJson) -> E {
        self.fault.set(Some(fault));
        E::custom("not strict")
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let member = name.chars().take(64).collect();
                return Err(self.refuse(NotStrictJson::DoubleMember { member }));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn double(member: &str) -> NotStrictJson {
        NotStrictJson::DoubleMember {
            member: member.to_owned(),
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        for (text, fault) in [
            (r#"{"a":1,"a":1}"#.to_owned(), double("a")),
            (r#"{"iss":1,"\u0069ss":2}"#.to_owned(), double("iss")),
            (r#"[{"x":{"b":1,"c":2,"b":null}}]"#.to_owned(), double("b")),
            (
                format!(r#"{{"{0}":1,"{0}":1}}"#, "é".repeat(100)),
                double(&"é".repeat(64)),
            ),
            (deep(JSON_DEPTH + 1), NotStrictJson::TooDeep),
            (deep(100_000), NotStrictJson::TooDeep),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(fault), "{text:.80}");
        }
        assert!(parse(deep(JSON_DEPTH).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for wrong in [
            &b""[..],
            b"{",
            b"{} {}",
            b"{}x",
            b"\xef\xbb\xbf{}",
            b"{a:1}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"[01]",
            b"[1e999]",
            b"[NaN]",
            b"\"\xff\"",
            b"\"\\ud800\"",
            b"\"a\nb\"",
            b"// x\n1",
        ] {
            assert!(
                matches!(parse(wrong), Err(NotStrictJson::Syntax { .. })),
                "{:?}",
                String::from_utf8_lossy(wrong)
            );
        }
        assert_eq!(
            parse(b"{\n\"a\": ?}").map_err(|e| e.to_string()),
            Err("geen geldige JSON (regel 2, kolom 6)".to_owned())
        );
    }

    #[test]
    fn everything_else_reads_as_it_stands() {
        let text = br#" {"b":[1,-2,1.5,true,null],"a":{"b":"\u00e9"},"":{}} "#;
        assert_eq!(
            parse(text),
            Ok(json!({"b":[1,-2,1.5,true,null],"a":{"b":"é"},"":{}}))
        );
        // An integer and a float stay apart: a token's times must be the former.
        assert!(!parse(b"1.0").unwrap().is_i64() && parse(b"1").unwrap().is_i64());
    }
}
