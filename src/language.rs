//! The two languages in which people are spoken to: at the terminal, at the desk, on paper.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Dutch.
    #[default]
    Dutch,
    /// English.
    English,
}

impl Language {
    /// Its tag (RFC 5646), as `lang` wants it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("nl", "en")
    }

    /// The text in this language.
    #[must_use]
    pub const fn pick<'t>(self, dutch: &'t str, english: &'t str) -> &'t str {
        match self {
            Self::Dutch => dutch,
            Self::English => english,
        }
    }

    /// The language with this tag.
    #[must_use]
    pub fn find(tag: &str) -> Option<Self> {
        match tag {
            "nl" => Some(Self::Dutch),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Dutch => Self::English,
            Self::English => Self::Dutch,
        }
    }

    /// The name of a month, counted from 1; empty for one that does not exist.
    #[must_use]
    pub fn month(self, number: u8) -> &'static str {
        let months = match self {
            Self::Dutch => [
                "januari",
                "februari",
                "maart",
                "april",
                "mei",
                "juni",
                "juli",
                "augustus",
                "september",
                "oktober",
                "november",
                "december",
            ],
            Self::English => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
        };
        let at = usize::from(number).checked_sub(1);
        at.and_then(|at| months.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// So many bytes, as people write them.
    #[must_use]
    pub fn size(self, bytes: u64) -> String {
        let (tenths, unit) = if bytes >= 1 << 20 {
            ((bytes * 10 + (1 << 19)) >> 20, "MiB")
        } else {
            ((bytes * 10 + (1 << 9)) >> 10, "KiB")
        };
        let point = self.pick(",", ".");
        format!("{}{point}{} {unit}", tenths / 10, tenths % 10)
    }

    /// A number as people write it, in groups of three digits: `26.000`, `26,000`.
    #[must_use]
    pub fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.pick(".", ","));
            }
            text.push(digit);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_groups_of_three() {
        for (number, dutch, english) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1.000", "1,000"),
            (26_000, "26.000", "26,000"),
            (1_000_640, "1.000.640", "1,000,640"),
        ] {
            assert_eq!(Language::Dutch.number(number), dutch);
            assert_eq!(Language::English.number(number), english);
        }
    }

    #[test]
    fn sizes_are_rounded_and_written_as_people_do() {
        for (bytes, dutch, english) in [
            (4_096, "4,0 KiB", "4.0 KiB"),
            (10_485_760, "10,0 MiB", "10.0 MiB"),
            (1_073_000, "1,0 MiB", "1.0 MiB"),
            (634_880, "620,0 KiB", "620.0 KiB"),
        ] {
            assert_eq!(Language::Dutch.size(bytes), dutch);
            assert_eq!(Language::English.size(bytes), english);
        }
    }
}
