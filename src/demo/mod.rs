//! Material for `sluis demo`: invented documents, and an organisation that provides them.

pub mod pdf;

mod page;
mod picture;
mod texts;
