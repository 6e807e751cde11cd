//! A table of the configuration file, read key by key. What nobody asked for is a mistake.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use toml::{Table, Value};

use super::Mistake;

/// A table, the keys not yet read, and where to tell mistakes.
pub(super) struct Section {
    name: String,
    rest: Table,
    base: PathBuf,
    /// The file that explains every key.
    sample: &'static str,
    mistakes: Rc<RefCell<Vec<Mistake>>>,
}

impl Section {
    pub(super) fn root(table: Table, base: &Path) -> Self {
        Self {
            name: String::new(),
            rest: table,
            base: base.to_owned(),
            sample: "deploy/sluis.toml",
            mistakes: Rc::default(),
        }
    }

    /// The same for a file that another sample explains.
    pub(super) fn explained_by(mut self, sample: &'static str) -> Self {
        self.sample = sample;
        self
    }

    fn child(&self, name: String, rest: Table) -> Self {
        Self {
            name,
            rest,
            base: self.base.clone(),
            sample: self.sample,
            mistakes: Rc::clone(&self.mistakes),
        }
    }

    /// The folder paths are relative to.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// Tells a mistake about a key.
    pub(super) fn mistake(&mut self, key: &str, message: &str) {
        let key = self.full(key);
        self.mistakes.borrow_mut().push(Mistake {
            key,
            message: message.to_owned(),
        });
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.rest.contains_key(key)
    }

    /// A table inside this one; empty when it is not there.
    pub(super) fn table(&mut self, key: &str) -> Self {
        let rest = match self.rest.remove(key) {
            Some(Value::Table(table)) => table,
            None => Table::new(),
            Some(_) => {
                self.mistake(key, &format!("expected a table, [{key}]"));
                Table::new()
            }
        };
        self.child(self.full(key), rest)
    }

    /// How many tables there are under this key.
    pub(super) fn tables(&mut self, key: &str) -> usize {
        match self.rest.get(key) {
            Some(Value::Array(list)) => list.len(),
            _ => 0,
        }
    }

    /// One of the tables under this key.
    pub(super) fn table_at(&mut self, key: &str, at: usize) -> Option<Self> {
        let Some(Value::Array(list)) = self.rest.get_mut(key) else {
            return None;
        };
        let last = at + 1 == list.len();
        let taken = std::mem::replace(list.get_mut(at)?, Value::Boolean(true));
        if last {
            self.rest.remove(key);
        }
        let name = format!("{}[{at}]", self.full(key));
        if let Value::Table(table) = taken {
            Some(self.child(name, table))
        } else {
            self.mistake(key, &format!("expected tables, [[{key}]]"));
            None
        }
    }

    fn text<T>(
        &mut self,
        key: &str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            self.mistake(key, "expected a text between quotes");
            return None;
        };
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(message) => {
                self.mistake(key, &message);
                None
            }
        }
    }

    /// A key that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(value) = self.rest.remove(key) else {
            self.mistake(key, "is missing");
            return None;
        };
        self.text(key, &value, parse)
    }

    /// A key with a default.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
        default: impl FnOnce() -> T,
    ) -> Option<T> {
        match self.rest.remove(key) {
            Some(value) => self.text(key, &value, parse),
            None => Some(default()),
        }
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        match self.rest.remove(key) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => {
                let mut list = Vec::with_capacity(values.len());
                for (at, value) in values.iter().enumerate() {
                    list.extend(self.text(&format!("{key}[{at}]"), value, &parse));
                }
                (list.len() == values.len()).then_some(list)
            }
            Some(_) => {
                self.mistake(key, "expected a list of texts, such as [\"a\", \"b\"]");
                None
            }
        }
    }

    /// A path that must be there.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let base = self.base.clone();
        self.required(key, move |text| file(&base, text))
    }

    /// A path that may be there.
    pub(super) fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        let base = self.base.clone();
        self.optional(key, move |text| file(&base, text).map(Some), || None)
            .flatten()
    }

    /// A list of paths, at least one.
    pub(super) fn paths(&mut self, key: &str) -> Option<Vec<PathBuf>> {
        if !self.has(key) {
            self.mistake(key, "is missing");
            return None;
        }
        let base = self.base.clone();
        let paths = self.list(key, move |text| file(&base, text))?;
        if paths.is_empty() {
            self.mistake(key, "expected at least one path");
            return None;
        }
        Some(paths)
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<i64>,
        default: i64,
    ) -> Option<i64> {
        match self.rest.remove(key) {
            None => Some(default),
            Some(Value::Integer(number)) if range.contains(&number) => Some(number),
            Some(_) => {
                let (from, to) = (range.start(), range.end());
                self.mistake(key, &format!("expected a whole number from {from} to {to}"));
                None
            }
        }
    }

    /// A part of the whole, 0 to 1, in millionths.
    pub(super) fn share(&mut self, key: &str, default: u32) -> Option<u32> {
        let share = match self.rest.remove(key) {
            None => return Some(default),
            Some(Value::Integer(0)) => 0.0,
            Some(Value::Integer(1)) => 1.0,
            Some(Value::Float(share)) if (0.0..=1.0).contains(&share) => share,
            Some(_) => {
                self.mistake(key, "expected a number from 0 to 1, such as 0.05");
                return None;
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to a million"
        )]
        Some((share * 1_000_000.0).round() as u32)
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> Option<bool> {
        match self.rest.remove(key) {
            None => Some(default),
            Some(Value::Boolean(flag)) => Some(flag),
            Some(_) => {
                self.mistake(key, "expected true or false");
                None
            }
        }
    }

    /// Every mistake of the whole file, in the order of their keys.
    pub(super) fn finish(self) -> Vec<Mistake> {
        let all = Rc::clone(&self.mistakes);
        drop(self);
        let mut mistakes = all.take();
        mistakes.sort_by(|a, b| a.key.cmp(&b.key));
        mistakes
    }
}

impl Drop for Section {
    /// Keys that nobody read do not exist.
    fn drop(&mut self) {
        let unknown: Vec<String> = self.rest.keys().cloned().collect();
        for key in unknown {
            let sample = self.sample;
            self.mistake(
                &key,
                &format!("there is no such key; see {sample} for those there are"),
            );
        }
    }
}

fn file(base: &Path, text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("expected the path of a file or folder".to_owned());
    }
    Ok(base.join(text))
}

/// Reads a text by itself, as part of a file of `/etc/sluis`; for the tests of parts.
#[cfg(test)]
pub(super) fn read_alone<T>(text: &str, read: impl FnOnce(&mut Section) -> T) -> (T, Vec<Mistake>) {
    let mut root = Section::root(text.parse().unwrap(), Path::new("/etc/sluis"));
    let part = read(&mut root);
    (part, root.finish())
}
