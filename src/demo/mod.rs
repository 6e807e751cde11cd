//! What `sluis demo` plays with: a folder with a PKI and genuine documents, two organisations that
//! provide them, a dataset that shows every outcome, and the tour that asks for it.
//!
//! It plays the organisations, from outside the gateway: over the network, with their certificates
//! and tokens. Starting the gateway itself is the command's business.

mod agreements;
pub mod dataset;
pub mod folder;
pub mod further;
pub mod pdf;
pub mod people;
pub mod ports;
pub mod providing;
pub mod register;
pub mod screen;
pub mod settings;
pub mod stage;
pub mod tour;
pub mod year;

mod caller;
mod lines;
mod page;
mod picture;
mod planned;
mod play;
mod tables;
mod texts;

pub use crate::language::Language;
pub use agreements::{NotSigned, sign};
pub use caller::CallError;
pub use folder::Folder;
pub use screen::Screen;
pub use stage::{Stage, dataset, parties};
