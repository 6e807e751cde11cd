//! Sluis: a gateway between public bodies. Every dossier document passes only on a recorded legal
//! ground. ARCHITECTURE.md draws the floors; `exchange` tells the story of one request.

pub mod app;
pub mod backup;
pub mod bounds;
pub mod clock;
pub mod collect;
pub mod config;
pub mod conformance;
pub mod cosign;
pub mod demo;
pub mod desk;
pub mod domain;
pub mod errors;
pub mod exchange;
pub mod fetch;
pub mod finding;
pub mod follow;
pub mod http;
pub mod https;
pub mod identity;
pub mod language;
pub mod ledger;
pub mod merkle;
pub mod oidc;
pub mod oversight;
pub mod pace;
pub mod paper;
pub mod policy;
pub mod provider;
pub mod queueing;
pub mod replay;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod views;
pub mod witness;
