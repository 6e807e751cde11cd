//! The policy, tried: the shipped tables, every trap of the library, and properties over random
//! facts.

mod agreement;
mod answers;
mod force;
mod mistakes;
mod properties;
mod support;
mod tables;
mod traps;
