//! The paths of the tiles (C2SP tlog-tiles): `<L>/<N>[.p/<W>]` and `entries/<N>[.p/<W>]`.
//!
//! Each tile has exactly one path; every other spelling of it is not found, so that a cache or a
//! mirror never holds one tile under two names.

/// What a path below `tile/` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TilePath {
    /// Hashes.
    Hashes {
        /// The level, 0 to 63.
        level: u8,
        /// Which tile of that level.
        n: u64,
        /// How many hashes, 1 to 256; 256 is the full tile.
        width: u16,
    },
    /// A bundle of entries.
    Entries {
        /// Which bundle.
        n: u64,
        /// How many entries, 1 to 256; 256 is the full bundle.
        width: u16,
    },
}

impl TilePath {
    /// Reads what comes after `tile/`; `None` for anything that is not the one spelling of a tile.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (n, width) = match rest.split_once(".p/") {
            Some((n, width)) => (n, number(width, 255).filter(|w| *w > 0)?),
            None => (rest, 256),
        };
        let n = index(n)?;
        let width = u16::try_from(width).ok()?;
        if level == "entries" {
            return Some(Self::Entries { n, width });
        }
        let level = u8::try_from(number(level, 63)?).ok()?;
        Some(Self::Hashes { level, n, width })
    }
}

/// A decimal number without leading zeros, at most `max`.
fn number(text: &str, max: u64) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| plain && *number <= max)
}

/// Groups of three digits, all but the last with an `x`, without an empty group in front.
fn index(text: &str) -> Option<u64> {
    let mut groups = text.split('/').peekable();
    let mut n: u64 = 0;
    let mut first = true;
    while let Some(group) = groups.next() {
        let digits = match groups.peek() {
            Some(_) => group.strip_prefix('x')?,
            None => group,
        };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if first && digits == "000" && groups.peek().is_some() {
            return None;
        }
        first = false;
        n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_one_spelling_of_a_tile_is_found() {
        for wrong in [
            "",
            "0",
            "0/",
            "/000",
            "00/000",
            "01/000",
            "64/000",
            "-1/000",
            "+1/000",
            "x/000",
            "0/0",
            "0/00",
            "0/0000",
            "0/x000",
            "0/x000/001",
            "0/x000/x000/001",
            "0/001/002",
            "0/x001/x002",
            "0/X001/002",
            "0/x001//002",
            "0/000/",
            "0//000",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/+1",
            "0/000.p/1/",
            "0/000.p/1.p/1",
            "0/000/.p/1",
            "0/x018/x446/x744/x073/x709/x551/616",
            "0/٠٠١",
            "entries",
            "entries/",
            "entries/0",
            "Entries/000",
            "entries/0/000",
            "data/000",
        ] {
            assert_eq!(TilePath::parse(wrong), None, "{wrong}");
        }
        for (path, n, width) in [
            ("000", 0, 256),
            ("067", 67, 256),
            ("x001/x234/067", 1_234_067, 256),
            ("x001/000.p/1", 1000, 1),
            ("x018/x446/x744/x073/x709/x551/615.p/255", u64::MAX, 255),
        ] {
            assert_eq!(
                TilePath::parse(&format!("63/{path}")),
                Some(TilePath::Hashes {
                    level: 63,
                    n,
                    width
                }),
                "{path}"
            );
            assert_eq!(
                TilePath::parse(&format!("entries/{path}")),
                Some(TilePath::Entries { n, width }),
                "{path}"
            );
        }
    }

    /// The writer, as C2SP words it.
    fn written(n: u64) -> String {
        let last = format!("{:03}", n % 1000);
        let mut rest = n / 1000;
        let mut groups = vec![last];
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        groups.join("/")
    }

    proptest! {
        #[test]
        fn every_tile_is_found_under_its_path(level in 0_u8..64, n: u64, width in 1_u16..=256) {
            let partial = if width == 256 { String::new() } else { format!(".p/{width}") };
            prop_assert_eq!(
                TilePath::parse(&format!("{level}/{}{partial}", written(n))),
                Some(TilePath::Hashes { level, n, width })
            );
        }

        #[test]
        fn what_is_found_is_spelled_so(path in "(entries|[0-9]{1,2})/(x[0-9]{3}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
            let back = TilePath::parse(&path).map(|tile| {
                let (first, n, width) = match tile {
                    TilePath::Hashes { level, n, width } => (level.to_string(), n, width),
                    TilePath::Entries { n, width } => ("entries".to_owned(), n, width),
                };
                let partial = if width == 256 { String::new() } else { format!(".p/{width}") };
                format!("{first}/{}{partial}", written(n))
            });
            prop_assert!(back.is_none() || back == Some(path));
        }

        #[test]
        fn no_text_brings_it_down(path in "\\PC*") {
            let _ = TilePath::parse(&path);
        }
    }
}
