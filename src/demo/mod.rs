//! Material for `sluis demo`: invented documents, and an organisation that provides them.

pub mod dataset;
pub mod pdf;
pub mod providing;

mod page;
mod picture;
mod planned;
mod tables;
mod texts;
