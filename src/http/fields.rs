//! Reading a JSON object so that *all* its mistakes come out at once, each with its place.
//!
//! Nothing here knows a body; `bodies` does. A reader returns `None` when something was wrong and
//! says what in [`Errors`]; whoever asked for the value looks at the errors last, so an absent
//! optional field and a wrong one need no telling apart on the way.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::bounds::LIST_ITEMS;
use crate::clock::Moment;
use crate::domain::{Malformed, Oin};
use crate::exchange::{Codes, FieldError};

/// The mistakes found so far, in the order they were found.
#[derive(Debug)]
pub struct Errors {
    list: Vec<FieldError>,
    limit: usize,
    beyond: usize,
}

impl Errors {
    /// No mistakes yet; beyond `limit` they are counted, not listed.
    #[must_use]
    pub const fn up_to(limit: usize) -> Self {
        Self {
            list: Vec::new(),
            limit,
            beyond: 0,
        }
    }

    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.list.len() < self.limit {
            self.list.push(FieldError {
                field: field.into(),
                message: message.into(),
            });
        } else {
            self.beyond += 1;
        }
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty() && self.beyond == 0
    }

    /// The list, with a last line that counts what did not fit.
    #[must_use]
    pub fn into_list(mut self) -> Vec<FieldError> {
        if self.beyond > 0 {
            self.list.push(FieldError {
                field: "body".to_owned(),
                message: format!("en nog {} fouten", self.beyond),
            });
        }
        self.list
    }
}

/// What a reader of one value gives: the value, or in Dutch what was expected.
pub type Read<T> = Result<T, String>;

/// The members of one object that were not read yet.
#[derive(Debug)]
pub struct Fields<'e> {
    /// What comes before a member's name in its place: empty, or `bewijs.`.
    prefix: String,
    members: Map<String, Value>,
    errors: &'e mut Errors,
}

impl<'e> Fields<'e> {
    /// Opens a body; `None` when it is no object.
    pub fn open(body: Value, errors: &'e mut Errors) -> Option<Self> {
        Self::at(String::new(), "body", body, errors)
    }

    fn at(prefix: String, place: &str, value: Value, errors: &'e mut Errors) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self {
                prefix,
                members,
                errors,
            }),
            other => {
                errors.add(place, unlike("een JSON-object", &other));
                None
            }
        }
    }

    /// A field that may be absent; `null` is the same as absent.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Option<T> {
        let value = self.take(name)?;
        read(&value)
            .map_err(|message| self.errors.add(self.place(name), message))
            .ok()
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Option<T> {
        self.present(name).then(|| self.optional(name, read))?
    }

    /// A list that must be there, with at least so many items and none twice.
    pub fn list<T: PartialEq>(
        &mut self,
        name: &str,
        at_least: usize,
        read: impl Fn(&Value) -> Read<T>,
    ) -> Option<Vec<T>> {
        if !self.present(name) {
            return None;
        }
        let items = match self.take(name)? {
            Value::Array(items) => items,
            other => {
                let message = unlike("een lijst", &other);
                self.errors.add(self.place(name), message);
                return None;
            }
        };
        if items.len() < at_least || items.len() > LIST_ITEMS {
            let message = format!(
                "verwacht: een lijst van {at_least} tot {LIST_ITEMS}; dit zijn er {}",
                items.len()
            );
            self.errors.add(self.place(name), message);
            return None;
        }
        let expected = items.len();
        let mut list = Vec::with_capacity(expected);
        for (at, item) in items.iter().enumerate() {
            let message = match read(item) {
                Ok(value) if list.contains(&value) => "staat al eerder in de lijst".to_owned(),
                Ok(value) => {
                    list.push(value);
                    continue;
                }
                Err(message) => message,
            };
            self.errors
                .add(format!("{}[{at}]", self.place(name)), message);
        }
        (list.len() == expected).then_some(list)
    }

    /// A list of objects that must be there, with at least so many items.
    pub fn objects<T>(
        &mut self,
        name: &str,
        at_least: usize,
        read: impl Fn(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.list(name, at_least, |item| match item {
            Value::Object(_) => Ok(item.clone()),
            other => Err(unlike("een object", other)),
        })?;
        let mut all = Some(Vec::with_capacity(items.len()));
        for (at, item) in items.into_iter().enumerate() {
            let place = format!("{}[{at}]", self.place(name));
            let inner = Fields::at(format!("{place}."), &place, item, self.errors);
            let one = inner.and_then(|mut inner| {
                let one = read(&mut inner);
                inner.finish();
                one
            });
            all = all.zip(one).map(|(mut all, one)| {
                all.push(one);
                all
            });
        }
        all
    }

    /// An object inside this one that may be absent.
    pub fn optional_object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let place = self.place(name);
        let mut inner = Fields::at(format!("{place}."), &place, value, self.errors)?;
        let read = read(&mut inner);
        inner.finish();
        read
    }

    /// An object inside this one that must be there.
    pub fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        self.present(name)
            .then(|| self.optional_object(name, read))?
    }

    /// A mistake that is about more than one field.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(self.place(name), message);
    }

    /// Refuses every member that nobody read.
    pub fn finish(self) {
        for name in self.members.keys() {
            let shown: String = name.chars().take(64).collect();
            self.errors
                .add(format!("{}{shown}", self.prefix), "onbekend veld");
        }
    }

    /// The value of this member; one that is absent, or `null`, is no value.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.members
            .remove(name)
            .filter(|value| !matches!(value, Value::Null))
    }

    /// Whether this member is there; when not, says so.
    fn present(&mut self, name: &str) -> bool {
        let message = match self.members.get(name) {
            Some(Value::Null) => "verplicht veld, mag niet null zijn",
            Some(_) => return true,
            None => "verplicht veld ontbreekt",
        };
        self.members.remove(name);
        self.errors.add(self.place(name), message);
        false
    }

    fn place(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// A text that one of the domain's parsers reads.
pub fn text<T>(parse: impl Fn(&str) -> Result<T, Malformed>) -> impl Fn(&Value) -> Read<T> {
    move |value| match value {
        Value::String(text) => parse(text).map_err(|malformed| format!("verwacht: {malformed}")),
        other => Err(unlike("een tekst", other)),
    }
}

/// A text that must be one of the words that exist for this organisation; what it means comes out.
pub fn known<T: Ord + Clone + Display + FromStr<Err = Malformed>>(
    exist: &Codes<T>,
) -> impl Fn(&Value) -> Read<T> {
    move |value| match value {
        Value::String(word) => exist.read(word),
        other => Err(unlike("een tekst", other)),
    }
}

/// A text that must be the OIN of one of these organisations.
pub fn organisation(exist: &BTreeSet<Oin>) -> impl Fn(&Value) -> Read<Oin> {
    let parse = text(Oin::parse);
    move |value| {
        let oin = parse(value)?;
        if exist.contains(&oin) {
            return Ok(oin);
        }
        let all: Vec<&str> = exist.iter().map(Oin::as_str).collect();
        Err(format!("onbekend; bekend zijn: {}", all.join(", ")))
    }
}

/// A time in UTC.
///
/// # Errors
/// What was expected.
pub fn moment(value: &Value) -> Read<Moment> {
    const EXPECTED: &str = "een tijd in UTC zoals 2026-01-31T09:30:00Z (RFC 3339)";
    match value {
        Value::String(text) => Moment::parse(text).map_err(|_| format!("verwacht: {EXPECTED}")),
        other => Err(unlike(EXPECTED, other)),
    }
}

/// `true` or `false`.
///
/// # Errors
/// What was expected.
pub fn boolean(value: &Value) -> Read<bool> {
    value
        .as_bool()
        .ok_or_else(|| unlike("true of false", value))
}

/// A whole number, both ends included.
pub fn whole(from: u64, to: u64) -> impl Fn(&Value) -> Read<u64> {
    move |value| match value {
        Value::Number(number) => number
            .as_u64()
            .filter(|number| (from..=to).contains(number))
            .ok_or_else(|| format!("verwacht: een geheel getal van {from} tot en met {to}")),
        other => Err(unlike("een geheel getal", other)),
    }
}

fn unlike(expected: &str, value: &Value) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "true of false",
        Value::Number(_) => "een getal",
        Value::String(_) => "een tekst",
        Value::Array(_) => "een lijst",
        Value::Object(_) => "een object",
    };
    format!("verwacht: {expected}; dit is {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Purpose;
    use serde_json::json;

    fn check(body: Value) -> Vec<String> {
        let mut errors = Errors::up_to(20);
        let exist = ["aos", "overig"].map(|code| Purpose::parse(code).unwrap());
        let exist = Codes::new(exist.into(), None);
        if let Some(mut fields) = Fields::open(body, &mut errors) {
            fields.required("oin", text(Oin::parse));
            fields.optional("tijd", moment);
            fields.optional("ja", boolean);
            fields.optional("getal", whole(1, 200));
            fields.list("doelen", 1, known(&exist));
            fields.optional_object("in", |inner| inner.required("oin", text(Oin::parse)));
            fields.finish();
        }
        let list = errors.into_list();
        list.iter()
            .map(|e| format!("{}: {}", e.field, e.message))
            .collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        const OIN: &str = "00000001812345678000";
        for (body, mistakes) in [
            (
                json!([]),
                vec!["body: verwacht: een JSON-object; dit is een lijst"],
            ),
            (
                json!({"oin": "x", "tijd": 5, "ja": "ja", "getal": 0, "doelen": "aos", "in": 1, "meer": 1}),
                vec![
                    "oin: verwacht: een OIN van precies 20 cijfers (teken 1 klopt niet)",
                    "tijd: verwacht: een tijd in UTC zoals 2026-01-31T09:30:00Z (RFC 3339); dit is een getal",
                    "ja: verwacht: true of false; dit is een tekst",
                    "getal: verwacht: een geheel getal van 1 tot en met 200",
                    "doelen: verwacht: een lijst; dit is een tekst",
                    "in: verwacht: een JSON-object; dit is een getal",
                    "meer: onbekend veld",
                ],
            ),
            (
                json!({"oin": null, "doelen": ["aos", 1, "aos", "anders", "AOS"], "in": {"x": 1}}),
                vec![
                    "oin: verplicht veld, mag niet null zijn",
                    "doelen[1]: verwacht: een tekst; dit is een getal",
                    "doelen[2]: staat al eerder in de lijst",
                    "doelen[3]: onbekend; bekend zijn: aos, overig",
                    "doelen[4]: verwacht: een code van 1 tot 64 kleine letters, cijfers en koppeltekens, met een letter voorop",
                    "in.oin: verplicht veld ontbreekt",
                    "in.x: onbekend veld",
                ],
            ),
            (
                json!({"oin": OIN, "doelen": [], "getal": 1.0}),
                vec![
                    "getal: verwacht: een geheel getal van 1 tot en met 200",
                    "doelen: verwacht: een lijst van 1 tot 64; dit zijn er 0",
                ],
            ),
            (
                json!({"oin": OIN, "doelen": ["aos"], "tijd": null, "getal": 200}),
                vec![],
            ),
        ] {
            assert_eq!(check(body.clone()), mistakes, "{body}");
        }
    }

    #[test]
    fn a_flood_of_mistakes_is_counted() {
        let flood: Map<String, Value> = (0..50).map(|n| (format!("f{n}"), json!(n))).collect();
        let mistakes = check(Value::Object(flood));
        assert_eq!(mistakes.len(), 21);
        assert_eq!(mistakes.last().unwrap(), "body: en nog 32 fouten");
        let long = check(json!({ "é".repeat(900): 1 }));
        assert_eq!(
            long.last().unwrap(),
            &format!("{}: onbekend veld", "é".repeat(64))
        );
    }
}
