//! The policy, tried: the shipped tables, every trap of the library, and properties over random
//! facts.

mod answers;
mod force;
mod limits;
mod mistakes;
mod properties;
mod support;
mod tables;
mod traps;
