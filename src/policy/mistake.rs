//! What can be wrong with a bundle. All of it is reported at once: file, line, rule, and what to do.

use std::fmt;

/// One thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file inside the bundle's folder.
    pub file: String,
    /// The line, counted from 1; `None` when it is about the whole file.
    pub line: Option<usize>,
    /// The `@id` of the rule it is about.
    pub rule: Option<String>,
    /// What is wrong and what was expected, in Dutch: the authors of bundles are jurists.
    pub text: String,
}

impl Mistake {
    pub(super) fn in_file(file: &str, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            rule: None,
            text: text.into(),
        }
    }

    pub(super) fn at(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::in_file(file, text)
        }
    }

    pub(super) fn with_rule(mut self, rule: Option<&str>) -> Self {
        self.rule = rule.map(str::to_owned);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, " (regel {rule})")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Its folder cannot be read or written.
    #[error("cannot read or write the bundle folder {folder}")]
    Folder {
        /// The folder as it was given.
        folder: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// It can be read, and this is what is wrong with it.
    #[error("bundle {bundle} has {} mistake(s): {}", mistakes.len(), one_line(mistakes))]
    Mistakes {
        /// The folder's name.
        bundle: String,
        /// Everything that is wrong, in the order of files and lines; never empty.
        mistakes: Vec<Mistake>,
    },
}

impl BundleError {
    /// What is wrong inside the bundle; empty when it could not be read at all.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Folder { .. } => &[],
            Self::Mistakes { mistakes, .. } => mistakes,
        }
    }
}

fn one_line(mistakes: &[Mistake]) -> String {
    let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    all.join("; ").replace('\n', " ")
}
