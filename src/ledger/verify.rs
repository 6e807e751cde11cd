//! Checking the book.
