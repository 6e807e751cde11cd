//! The counter for people: pages on which privacy officers review who saw what, and why.

pub mod plot;
pub mod qr;
