//! The book.

pub mod entry;
pub mod note;
