//! Sluis: a gateway between public bodies. Every dossier document passes only on a recorded legal
//! ground. ARCHITECTURE.md draws the floors; `exchange` tells the story of one request.

pub mod bounds;
pub mod clock;
pub mod demo;
pub mod domain;
pub mod ledger;
pub mod merkle;
pub mod store;
pub mod identity;
pub mod provider;
pub mod policy;
pub mod serve;
