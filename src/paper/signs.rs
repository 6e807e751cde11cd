//! Which signs the faces have, and what is written for those they have not.

/// A text in `WinAnsiEncoding` (PDF 32000-1, annex D), which is Latin-1 with a few signs more.
///
/// Letters with a mark it does not have lose their mark, signs that stand for others become those,
/// invisible ones vanish, line ends and other control characters become spaces; what is left is `?`.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut last = None;
    for c in text.chars() {
        // A mark of its own, after its letter: together they may be a letter of Latin-1.
        if ('\u{300}'..='\u{36f}').contains(&c) {
            if let Some(whole) = last.take().and_then(|letter| composed(letter, c)) {
                bytes.pop();
                bytes.push(whole);
            }
            continue;
        }
        last = Some(c);
        match single(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(several(c)),
        }
    }
    bytes
}

fn single(c: char) -> Option<u8> {
    match c {
        '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => {
            u8::try_from(u32::from(c)).ok()
        }
        c if c.is_control() => Some(b' '),
        '\u{2002}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{205f}' | '\u{3000}' => Some(b' '),
        '\u{202f}' => Some(0xa0),
        '\u{2010}' | '\u{2011}' => Some(b'-'),
        '\u{2012}' | '\u{2212}' => Some(0x96),
        '\u{2015}' => Some(0x97),
        '\u{2032}' => Some(b'\''),
        '\u{2033}' => Some(b'"'),
        'Ș' => Some(b'S'),
        'ș' => Some(b's'),
        'Ț' => Some(b'T'),
        'ț' => Some(b't'),
        c => extra(c).or_else(|| plain(c)),
    }
}

/// The signs between 0x80 and 0x9f, which are not those of Latin-1.
fn extra(c: char) -> Option<u8> {
    let at = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ"
        .chars()
        .position(|known| known == c)?;
    u8::try_from(0x80 + at).ok()
}

/// Letters of Latin Extended-A (U+0100 to U+017F) without their marks; a space where there is none.
fn plain(c: char) -> Option<u8> {
    let at = usize::try_from(u32::from(c).checked_sub(0x100)?).ok()?;
    let letters = b"AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKkkLlLlLlLlLlNnNnNnnNn\
        OoOo\xd6\xf6  RrRrRrSsSsSs  TtTtTtUuUuUuUu\xdc\xfcUuWwYy ZzZz  s";
    letters.get(at).copied().filter(|byte| *byte != b' ')
}

fn several(c: char) -> &'static [u8] {
    match c {
        'Ĳ' => b"IJ",
        'ĳ' => b"ij",
        'ﬁ' => b"fi",
        'ﬂ' => b"fl",
        '→' => b"->",
        '←' => b"<-",
        '≤' => b"<=",
        '≥' => b">=",
        '≈' => b"ca.",
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => b"",
        _ => b"?",
    }
}

/// The letter of Latin-1 that is this letter with this mark.
fn composed(letter: char, mark: char) -> Option<u8> {
    let (letters, whole) = match mark {
        '\u{300}' => ("AEIOUaeiou", "ÀÈÌÒÙàèìòù"),
        '\u{301}' => ("AEIOUYaeiouy", "ÁÉÍÓÚÝáéíóúý"),
        '\u{302}' => ("AEIOUaeiou", "ÂÊÎÔÛâêîôû"),
        '\u{303}' => ("ANOano", "ÃÑÕãñõ"),
        '\u{308}' => ("AEIOUYaeiouy", "ÄËÏÖÜŸäëïöüÿ"),
        '\u{30a}' => ("Aa", "Åå"),
        '\u{327}' => ("Cc", "Çç"),
        _ => return None,
    };
    let at = letters.chars().position(|known| known == letter)?;
    single(whole.chars().nth(at)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_encoding_is_replaced_sensibly() {
        for (text, expected) in [
            (
                "één € – ‘x’ “y” 6 m²",
                &b"\xe9\xe9n \x80 \x96 \x91x\x92 \x93y\x94 6 m\xb2"[..],
            ),
            (
                "coördinator reünie geïnd",
                b"co\xf6rdinator re\xfcnie ge\xefnd",
            ),
            // Letters in two parts, as some keyboards and file systems write them.
            ("e\u{301}e\u{301}n i\u{308} x\u{301}", b"\xe9\xe9n \xef x"),
            ("\u{301}", b""),
            (
                "Şükrü Gökçe, Łódź, Őrség",
                b"S\xfckr\xfc G\xf6k\xe7e, L\xf3dz, \xd6rs\xe9g",
            ),
            (
                "Šuš Žž Œuvre Ÿ ƒ ‰ … •",
                b"\x8au\x9a \x8e\x9e \x8cuvre \x9f \x83 \x89 \x85 \x95",
            ),
            ("Ĳsselmeer, ĳs", b"IJsselmeer, ijs"),
            ("a\u{ad}b\u{200b}c\u{feff}", b"abc"),
            (
                "x\u{202f}y\u{2011}z −1 → 2 ≤ 3",
                b"x\xa0y-z \x961 -> 2 <= 3",
            ),
            ("a\tb\u{0}c\u{85}d\u{7f}e", b"a b c d e"),
            ("中文 👍", b"?? ?"),
        ] {
            assert_eq!(encode(text), expected, "{text}");
        }
    }

    /// Every sign of the encoding comes out as itself.
    #[test]
    fn all_of_the_encoding_can_be_written() {
        let undefined = [0x81, 0x8d, 0x8f, 0x90, 0x9d, 0xad, 0x7f];
        let signs: Vec<char> = (0x20..=0xff_u8)
            .filter(|byte| !undefined.contains(byte))
            .map(|byte| match byte {
                0x80..=0x9f => {
                    let at = usize::from(byte - 0x80);
                    "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ".chars().nth(at).unwrap()
                }
                byte => char::from(byte),
            })
            .collect();
        let text: String = signs.iter().collect();
        let bytes = encode(&text);
        let expected: Vec<u8> = (0x20..=0xff_u8)
            .filter(|byte| !undefined.contains(byte))
            .collect();
        assert_eq!(bytes, expected);
        let letters = ('\u{100}'..='\u{17f}').map(|c| encode(&c.to_string()));
        assert!(
            letters
                .into_iter()
                .all(|bytes| bytes != b"?" && !bytes.is_empty())
        );
    }
}
