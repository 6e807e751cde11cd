//! Words on paper: what text of a PDF looks like and how much room it takes.

pub mod text;

mod signs;

/// The width of A4, in points.
pub const WIDTH: f32 = 595.0;
/// Its height.
pub const HEIGHT: f32 = 842.0;
