//! QR codes, so that a letter can be answered without typing its reference: as SVG for a page, as a
//! matrix for paper.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use super::plot::{Id, Text};

/// The light border every reader needs (ISO/IEC 18004, 6.3.8), in modules.
pub const QUIET_MODULES: usize = 4;
/// The longest text, in bytes: more makes modules too small to be read from a printed letter.
pub const LONGEST_BYTES: usize = 400;

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text of {length_bytes} bytes is too long for a QR code; at most {LONGEST_BYTES} fit")]
pub struct TooLong {
    length_bytes: usize,
}

/// A QR code with error correction M: it can be read with 15 % of it lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Row by row, without the border; dark is true. As many columns as rows.
    matrix: Vec<Vec<bool>>,
}

impl Code {
    /// Makes the code of a text; the same text gives the same code.
    ///
    /// # Errors
    /// [`TooLong`] for more than [`LONGEST_BYTES`].
    pub fn of(text: &str) -> Result<Self, TooLong> {
        let too_long = TooLong {
            length_bytes: text.len(),
        };
        if text.len() > LONGEST_BYTES {
            return Err(too_long);
        }
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| too_long)?;
        let dark: Vec<bool> = code.to_colors().iter().map(|c| *c == Color::Dark).collect();
        let matrix = dark.chunks(code.width()).map(<[bool]>::to_vec).collect();
        Ok(Self { matrix })
    }

    /// Row by row, without the border; dark is true.
    #[must_use]
    pub fn matrix(&self) -> &[Vec<bool>] {
        &self.matrix
    }

    /// The code as SVG: one path, black on white also on a dark page, with its border. It has no
    /// size of its own beyond its `viewBox`; the style sheet gives one to `.qr`.
    #[must_use]
    pub fn svg(&self, id: &str, title: &str) -> String {
        let (id, title) = (Id(id), Text(title));
        let side = self.matrix.len() + 2 * QUIET_MODULES;
        let mut path = String::new();
        for (y, row) in self.matrix.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                let wide = run.len();
                if run.first() == Some(&true) {
                    let (left, top) = (x + QUIET_MODULES, y + QUIET_MODULES);
                    let written = write!(path, "M{left} {top}h{wide}v1h-{wide}z");
                    debug_assert!(written.is_ok(), "writing to a string cannot fail");
                }
                x += wide;
            }
        }
        format!(
            "<svg class=\"qr\" role=\"img\" viewBox=\"0 0 {side} {side}\" \
             aria-labelledby=\"{id}-t\" shape-rendering=\"crispEdges\">\
             <title id=\"{id}-t\">{title}</title>\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let longest = "x".repeat(LONGEST_BYTES);
        assert!(Code::of(&longest).is_ok());
        assert_eq!(
            Code::of(&(longest + "x")),
            Err(TooLong {
                length_bytes: LONGEST_BYTES + 1
            })
        );
    }

    /// The three corners by which a reader finds the code, and the two lines that count modules
    /// (ISO/IEC 18004, 6.3.3 and 6.3.5).
    #[test]
    fn it_has_what_every_reader_looks_for() {
        let code = Code::of("https://sluis.example/toestemming/0192-abc").unwrap();
        let matrix = code.matrix();
        let side = matrix.len();
        assert!(side >= 21 && (side - 21).is_multiple_of(4), "{side}");
        assert!(matrix.iter().all(|row| row.len() == side));
        for (top, left) in [(0, 0), (0, side - 7), (side - 7, 0)] {
            for y in 0..7 {
                for x in 0..7_usize {
                    let ring = x.min(6 - x).min(y).min(6 - y);
                    assert_eq!(matrix[top + y][left + x], ring != 1, "{top} {left} {y} {x}");
                }
            }
        }
        let counted = || (8..side - 8).map(|at| (at, at % 2 == 0));
        assert!(counted().all(|(at, dark)| matrix[6][at] == dark && matrix[at][6] == dark));
        // The level stands in the first two format bits, masked: M is 00, so they read 10.
        assert!(matrix[8][0] && !matrix[8][1]);
    }

    #[test]
    fn the_drawing_is_the_matrix() {
        let code = Code::of("SLUIS").unwrap();
        let svg = code.svg("qr", "Code van <deze> brief");
        assert!(svg.contains("viewBox=\"0 0 29 29\""), "{svg}");
        assert!(svg.contains("Code van &lt;deze&gt; brief</title>"));
        assert!(svg.len() < 5_000, "{}", svg.len());
        // Read the path back.
        let path = svg
            .split(" d=\"")
            .nth(2)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let mut drawn = vec![vec![false; 29]; 29];
        for part in path.split('M').skip(1) {
            let numbers: Vec<usize> = part
                .split([' ', 'h', 'v'])
                .take(3)
                .map(|n| n.parse().unwrap())
                .collect();
            drawn[numbers[1]][numbers[0]..numbers[0] + numbers[2]].fill(true);
        }
        for (y, row) in drawn.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let inside = |at: usize| at.checked_sub(QUIET_MODULES);
                let known = inside(y)
                    .and_then(|y| code.matrix().get(y))
                    .and_then(|row| row.get(inside(x)?))
                    .copied();
                assert_eq!(*dark, known.unwrap_or(false), "{x} {y}");
            }
        }
    }
}
