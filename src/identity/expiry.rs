//! What trust rests on and ends by itself, for whoever warns of it in time.

use crate::clock::Moment;

/// What it is that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ends {
    /// The gateway's own certificate.
    Own,
    /// One between that and its root, in the same file.
    OwnIssuer,
    /// A trust anchor.
    Anchor,
    /// A revocation list: by then the next one should be there.
    Crl,
}

/// Something that ends, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it is.
    pub what: Ends,
    /// The subject of a certificate, the issuer of a list, as people read it.
    pub name: String,
    /// The last moment it is good.
    pub at: Moment,
}
