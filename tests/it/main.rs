//! The integration tests: the real `sluis` as processes, real mutual TLS, real tokens, real
//! databases, real providing organisations. They know the product by CONTRACT.md only; what they
//! take from its library is the maker of tokens and the demo's dataset, both a requester's side, and
//! the road to the login service, whose other end is a real one. Only `oracles`, `cosigned` and
//! `fuzzed` look further: they hold the product's tree, notes and parsers against other people's.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod agreements;
mod attacks;
mod bad_input;
mod canary;
mod client;
mod cluster;
mod collector;
mod odd;
mod outsider;
mod party;
mod process;
mod provider;
mod races;
#[path = "../fuzz/targets.rs"]
mod targets;
#[expect(dead_code, reason = "the tests of the store use more of it")]
#[path = "../../src/store/testing.rs"]
mod testing;
mod world;

mod checking;
mod configuration;
mod conformance;
mod copies;
mod cosigned;
mod crash;
mod desk;
mod doctor;
mod erasure;
mod failover;
mod floors;
mod force;
mod fuzzed;
mod login;
mod main_job;
mod matrix;
mod no_record;
mod once;
mod oracles;
mod overlap;
mod providers;
mod raced;
mod ready;
mod replaying;
mod rotation;
mod running;
mod seeing;
mod shadow;
mod signing;
mod struck;
mod terms;
mod traced;
mod views;
mod withdrawal;
mod witness;
mod words;
mod year;
