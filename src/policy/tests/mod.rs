//! The policy, tried: the shipped tables, every trap of the library, and properties over random
//! facts.

mod agreement;
mod answers;
mod force;
mod limits;
mod matrix;
mod mistakes;
mod pages;
pub(super) mod properties;
mod shadow;
pub(super) mod support;
mod tables;
mod traps;
