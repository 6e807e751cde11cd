//! The book on both engines; after every test the whole of it is verified.

mod appending;
mod big;
mod closing;
mod comparing;
mod erasing;
mod extracted;
mod failing;
mod gateways;
mod newest;
mod outcome;
mod owner;
mod saved;
mod serving;
mod tampering;
mod told;
mod witnessed;
