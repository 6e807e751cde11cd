//! What can go wrong on the road to a provider: before an answer ([`ProviderFailure`]) and in the
//! middle of one ([`BrokenOff`]). Each says whose fault it is; which problem code the requester
//! sees follows from the variant alone.

use std::fmt;
use std::io;

use http::StatusCode;

/// Why there is no answer to pass on.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFailure {
    /// No connection could be made: `bron-onbereikbaar`, 502.
    #[error("the providing organisation cannot be reached")]
    Unreachable(#[source] Unreachable),
    /// It let a time limit pass: `bron-te-laat`, 504.
    #[error("the providing organisation did not {0} in time")]
    TooLate(Awaited),
    /// It answered, but not as the contract says, or is not who it should be: `bron-fout`, 502.
    #[error("the providing organisation answered wrongly")]
    Wrong(#[source] Wrong),
    /// It says it has no such document (404).
    #[error("the providing organisation does not have the document")]
    NotFound,
}

/// Why no connection could be made.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// No organisation with this OIN is configured to provide documents.
    #[error("no provider is configured for this organisation")]
    NotConfigured,
    /// There are no usable certificates to call it with.
    #[error("no usable client certificate or trust anchors for this provider")]
    NoCertificates,
    /// The network said no.
    #[error("the connection could not be made")]
    Connection(#[source] io::Error),
}

/// What was waited for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The connection, TLS handshake included.
    Connection,
    /// The head of the answer.
    FirstByte,
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "accept the connection",
            Self::FirstByte => "begin its answer",
        })
    }
}

/// In which way an answer is not what the contract says.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Its certificate, or ours, was refused.
    #[error("the TLS handshake was refused")]
    Tls(#[source] rustls::Error),
    /// A status other than 200, 206 and 404; redirects are among these and never followed.
    #[error("status {0}")]
    Status(StatusCode),
    /// What came was not HTTP/1.1, or larger than [`crate::bounds`] allows.
    #[error("the head of the answer cannot be read")]
    Unreadable(#[source] hyper::Error),
    /// The connection ended before the head of an answer was complete.
    #[error("the connection ended before an answer")]
    NoAnswer(#[source] hyper::Error),
    /// The body is compressed although `identity` was asked for.
    #[error("the body has a content coding")]
    Encoded,
    /// The body has neither a length nor chunks, or both, or another transfer coding.
    #[error("the end of the body is not marked by exactly one of content-length and chunks")]
    Unframed,
    /// A 206 nobody asked for, or one for another part than was asked for.
    #[error("the part sent is not the part that was asked for")]
    OtherPart,
    /// The size differs from what the provider had told the index.
    #[error("the document has {told} bytes where the index says {indexed}")]
    OtherSize {
        /// What the answer says.
        told: u64,
        /// What the index says.
        indexed: u64,
    },
}

/// Why a body that was begun did not end well. Whoever streams it on must end with an error too.
#[derive(Debug, thiserror::Error)]
pub enum BrokenOff {
    /// The connection broke, or what came cannot be read as a body.
    #[error("the provider's answer broke off")]
    Connection(#[source] hyper::Error),
    /// Nothing came for as long as the limit between two pieces, or for twice as long only a trickle
    /// ([`crate::pace`]).
    #[error("the provider fell silent in the middle of its answer")]
    Silent,
    /// The body ended before its length was reached.
    #[error("the provider sent fewer bytes than it should")]
    TooShort,
    /// More came than the length allows.
    #[error("the provider sent more bytes than it should")]
    TooLong,
}
