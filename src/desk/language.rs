//! Dutch, and English by a switch. Both stand side by side where they are used.

/// The language of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// Dutch.
    #[default]
    Dutch,
    /// English.
    English,
}

impl Language {
    /// The one of two texts that is in this language.
    pub(super) const fn pick<'t>(self, dutch: &'t str, english: &'t str) -> &'t str {
        match self {
            Self::Dutch => dutch,
            Self::English => english,
        }
    }

    /// The language tag (RFC 5646).
    pub(super) const fn tag(self) -> &'static str {
        self.pick("nl", "en")
    }

    /// The language with this tag.
    pub(super) fn find(tag: &str) -> Option<Self> {
        match tag {
            "nl" => Some(Self::Dutch),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Dutch => Self::English,
            Self::English => Self::Dutch,
        }
    }

    /// A whole number, with its thousands apart.
    pub(super) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut written = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                written.push_str(self.pick(".", ","));
            }
            written.push(digit);
        }
        written
    }
}
