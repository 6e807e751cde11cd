//! The policy, tried: the shipped tables, every trap of the library, and properties over random
//! facts.

mod answers;
mod force;
mod matrix;
mod mistakes;
mod pages;
mod properties;
mod support;
mod tables;
mod traps;
