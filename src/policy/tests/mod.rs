//! The policy, tried: the shipped tables, every trap of the library, and properties over random
//! facts.

mod support;
mod tables;
