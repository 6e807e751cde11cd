//! What identity must be told; the configuration file fills it.

use std::path::PathBuf;

use crate::domain::Oin;

/// Everything identity reads, and by which rules it judges.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The gateway's audience URL; a token's `aud` must be exactly this.
    pub audience: String,
    /// The `[tls]` table.
    pub tls: TlsSettings,
    /// The `[tokens]` table.
    pub tokens: TokenSettings,
    /// What each organisation brings.
    pub organisations: Vec<OrganisationFiles>,
}

/// The `[tls]` table.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Which versions and suites are offered.
    pub profile: TlsProfile,
    /// The gateway's own chain, PEM, leaf first: for the listeners and towards providers.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by its owner only.
    pub key: PathBuf,
    /// CA certificates under which clients are let in, PEM.
    pub trust_anchors: Vec<PathBuf>,
    /// CRLs of every issuer, of clients and of providers, PEM or DER.
    pub crls: Vec<PathBuf>,
    /// How long after its nextUpdate a CRL still counts, in hours.
    pub crl_grace_hours: u32,
}

/// Which TLS is spoken, on the listeners and towards providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsProfile {
    /// NCSC 2025, "goed": TLS 1.3 with AES-256-GCM or CHACHA20-POLY1305.
    NcscGoed,
    /// Adds TLS 1.2 with ECDHE and AEAD, which Digikoppeling obliges a provider to offer.
    Digikoppeling,
}

/// The `[tokens]` table.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// Longest life of a token, 1 to 3600.
    pub max_life_seconds: i64,
    /// Whether an organisation's JWKS may hold RS256 keys.
    pub allow_rs256: bool,
}

/// The files of one `[[organisations]]` table.
#[derive(Debug, Clone)]
pub struct OrganisationFiles {
    /// The organisation.
    pub oin: Oin,
    /// Its public token keys, a JWKS file.
    pub jwks: PathBuf,
    /// `[organisations.provider] trust-anchors`, for organisations that provide.
    pub provider_trust_anchors: Option<Vec<PathBuf>>,
}
