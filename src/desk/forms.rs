//! Forms: what was typed, and what is wrong with it, field by field.

use crate::language::Language;

/// What a form sent, field by field, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

/// More fields than any form of ours has.
const FIELDS: usize = 256;

impl Form {
    /// Reads a body of `application/x-www-form-urlencoded`; `None` when it is not UTF-8 or has too
    /// many fields.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let pairs = form_urlencoded::parse(body);
        let mut fields = Vec::new();
        for (name, value) in pairs {
            // What was no UTF-8 was replaced by this.
            if fields.len() >= FIELDS || value.contains('\u{fffd}') {
                return None;
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Some(Self(fields))
    }

    /// What was typed in a field, without white space at either end; empty when it is not there.
    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Everything that was chosen in a field of which several can be.
    pub(super) fn values<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let chosen = self.0.iter().filter(move |(field, _)| field == name);
        chosen
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Every field with its value.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.0
    }

    /// With a value that a page fills in beforehand.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) field: &'static str,
    pub(super) message: String,
}

/// A form as it is shown: with what was typed, and with what is wrong beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) form: Form,
    pub(super) mistakes: Vec<Mistake>,
    l: Language,
}

impl Filled {
    /// A form that was sent, or one to begin with.
    pub(super) fn new(form: Form, l: Language) -> Self {
        Self {
            form,
            mistakes: Vec::new(),
            l,
        }
    }

    /// What stands in a field.
    pub(super) fn value(&self, name: &str) -> &str {
        self.form.value(name)
    }

    /// Whether this value is chosen in a field.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.form.values(name).any(|chosen| chosen == value)
    }

    /// What is wrong with a field; empty when nothing is.
    pub(super) fn error(&self, name: &str) -> &str {
        let found = self.mistakes.iter().find(|mistake| mistake.field == name);
        found.map_or("", |mistake| &mistake.message)
    }

    /// Whether anything is wrong.
    pub(super) fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// Notes what is wrong with a field.
    pub(super) fn wrong(&mut self, field: &'static str, dutch: &str, english: &str) {
        let message = self.l.pick(dutch, english).to_owned();
        self.mistakes.push(Mistake { field, message });
    }

    /// A field that must be filled in.
    pub(super) fn required<T>(
        &mut self,
        field: &'static str,
        (dutch, english): (&str, &str),
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.form.value(field));
        if parsed.is_none() {
            self.wrong(field, dutch, english);
        }
        parsed
    }

    /// A field that may be left empty.
    pub(super) fn optional<T>(
        &mut self,
        field: &'static str,
        texts: (&str, &str),
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.form.value(field).is_empty() {
            None
        } else {
            self.required(field, texts, parse)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// A browser cuts what is pasted into such a field, and says nothing.
    #[test]
    fn no_field_cuts_what_is_typed_in_silence() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desk/templates");
        let mut read = 0;
        for file in templates.read_dir().unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("maxlength"), "{}", path.display());
            read += 1;
        }
        assert!(read > 20);
    }
}
