//! Addresses over HTTPS, and a connection to one: what everybody who asks something of somebody else
//! over TLS has in common. Whom to trust is in the TLS configuration that is handed in, time limits
//! are set around by the caller, and nothing here follows a redirect.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HOST, USER_AGENT};
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error as TlsError};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::bounds;
use crate::clock::Moment;
use crate::errors::in_full;

/// Whom to trust, and what to show.
pub type Tls = Arc<ClientConfig>;

/// An address: `https`, a host, perhaps a port, a path, perhaps a query.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    authority: HeaderValue,
    host: String,
    port: u16,
    name: ServerName<'static>,
    target: PathAndQuery,
}

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an https address without user name or fragment")]
pub struct NotAnAddress;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum NoConnection {
    /// The network said no, or the TLS handshake failed.
    #[error("no connection could be made")]
    Connect(#[source] io::Error),
    /// HTTP could not begin.
    #[error("the connection broke off")]
    Http(#[source] hyper::Error),
}

/// One answer, read whole.
#[derive(Debug)]
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The certificate of whoever answered.
    pub certificate: Option<CertificateDer<'static>>,
}

impl Answered {
    /// What its clock said.
    #[must_use]
    pub fn date(&self) -> Option<Moment> {
        let date = self.headers.get(DATE)?.to_str().ok()?;
        Moment::parse_http_date(date)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// There is no connection.
    #[error(transparent)]
    Connection(#[from] NoConnection),
    /// There was one, and it ended before the answer was whole; or the answer is longer than it can be.
    #[error("the answer broke off, or is longer than it can be")]
    BrokenOff(#[source] Box<dyn Error + Send + Sync>),
    /// It took too long.
    #[error("no answer came within {} seconds", .0.as_secs())]
    TooLate(Duration),
}

/// What TLS had against a connection, somewhere among the causes of an error; for whoever must say what
/// to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsTrouble {
    /// The other end's certificate is not accepted here.
    Certificate(String),
    /// The other end ended it, by this alert of TLS (RFC 8446, 6.2).
    Alert(String),
    /// Anything else: what answers is no TLS, or none in common.
    Other(String),
}

impl TlsTrouble {
    /// Looks for it.
    #[must_use]
    pub fn find(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>();
            let inner = io.and_then(io::Error::get_ref);
            if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<TlsError>()) {
                return Some(match tls {
                    TlsError::InvalidCertificate(why) => Self::Certificate(amiss(why)),
                    TlsError::AlertReceived(alert) => Self::Alert(format!("{alert:?}")),
                    other => Self::Other(other.to_string()),
                });
            }
            next = error.source();
        }
        None
    }
}

/// What is amiss with a certificate, in words.
fn amiss(why: &CertificateError) -> String {
    let words = match why {
        CertificateError::UnknownIssuer => "it comes from no CA that is trusted here",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet"
        }
        CertificateError::Revoked => "it was revoked",
        CertificateError::UnknownRevocationStatus => "there is no CRL of its issuer",
        CertificateError::NotValidForName => "it is for another host",
        CertificateError::BadSignature => {
            "the CA of that name that is trusted here did not sign it"
        }
        CertificateError::Other(other) => return in_full(other.0.as_ref()),
        other => return other.to_string(),
    };
    words.to_owned()
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`NotAnAddress`] for another scheme than `https`, a user name or a fragment.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let uri: Uri = text.parse().map_err(|_| NotAnAddress)?;
        let authority = uri.authority().ok_or(NotAnAddress)?;
        let proper = uri.scheme() == Some(&Scheme::HTTPS)
            && !authority.as_str().contains('@')
            && !text.contains('#');
        if !proper {
            return Err(NotAnAddress);
        }
        let bare = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let has_port_text = authority.as_str().len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(port) if port > 0 => port,
            None if !has_port_text => 443,
            Some(_) | None => return Err(NotAnAddress),
        };
        let target = uri.path_and_query().ok_or(NotAnAddress)?;
        if !target.as_str().starts_with('/') {
            return Err(NotAnAddress);
        }
        Ok(Self {
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| NotAnAddress)?,
            host: bare.to_owned(),
            port,
            name: ServerName::try_from(bare.to_owned()).map_err(|_| NotAnAddress)?,
            target: target.clone(),
        })
    }

    /// Host and port as they were written, for messages.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority.to_str().unwrap_or_default()
    }

    /// The same, for `Host`.
    #[must_use]
    pub fn host_header(&self) -> HeaderValue {
        self.authority.clone()
    }

    /// The host alone; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 443 when none was written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whom the certificate must name.
    #[must_use]
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// The path; at least a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// What follows the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// Path and query, as a request names them.
    #[must_use]
    pub fn target(&self) -> Uri {
        self.target.clone().into()
    }

    /// Connects and shakes hands; for HTTP/1.1. The connection ends when the sender is dropped.
    ///
    /// # Errors
    /// [`NoConnection`].
    pub async fn connect<B>(&self, tls: Tls) -> Result<SendRequest<B>, NoConnection>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.meet(tls).await.map(|(sender, _)| sender)
    }

    /// The same, with the certificate that the other end showed.
    ///
    /// # Errors
    /// [`NoConnection`].
    pub async fn meet<B>(
        &self,
        tls: Tls,
    ) -> Result<(SendRequest<B>, Option<CertificateDer<'static>>), NoConnection>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(NoConnection::Connect)?;
        tcp.set_nodelay(true).map_err(NoConnection::Connect)?;
        let stream = TlsConnector::from(tls)
            .connect(self.name.clone(), tcp)
            .await
            .map_err(NoConnection::Connect)?;
        let shown = stream.get_ref().1.peer_certificates();
        let shown = shown.and_then(|chain| chain.first().cloned());
        let (sender, connection) = http1::Builder::new()
            .max_headers(bounds::HEADER_LINES)
            .max_header_size(bounds::HEADER_BYTES)
            .max_buf_size(bounds::HTTPS_BUFFER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(NoConnection::Http)?;
        // What goes wrong on it, the request under way hears.
        tokio::spawn(connection);
        Ok((sender, shown))
    }
}

impl Address {
    /// Asks one thing over a connection of its own: `Host` and `User-Agent` are put in, the answer is read
    /// whole, and all of it takes no longer than `patience`.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(
        &self,
        tls: Tls,
        mut request: Request<Full<Bytes>>,
        most_bytes: usize,
        patience: Duration,
    ) -> Result<Answered, NoAnswer> {
        const AGENT: &str = concat!("sluis/", env!("CARGO_PKG_VERSION"));
        let headers = request.headers_mut();
        headers.insert(HOST, self.host_header());
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let work = async {
            let broken_off = |error: hyper::Error| NoAnswer::BrokenOff(error.into());
            let (mut sender, certificate) = self.meet(tls).await?;
            sender.ready().await.map_err(broken_off)?;
            let answer = sender.send_request(request).await.map_err(broken_off)?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, most_bytes).collect().await;
            Ok(Answered {
                status: parts.status,
                headers: parts.headers,
                body: body.map_err(NoAnswer::BrokenOff)?.to_bytes(),
                certificate,
            })
        };
        let done = tokio::time::timeout(patience, work).await;
        done.unwrap_or(Err(NoAnswer::TooLate(patience)))
    }

    /// Connects, says nothing, and waits for what the other end has against that. In TLS 1.3 a client thinks
    /// that it is connected before its certificate is looked at, and what it sends in that moment can make
    /// the reason get lost.
    pub async fn objection(&self, tls: Tls, patience: Duration) -> Option<TlsTrouble> {
        let work = async {
            let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
            let connector = TlsConnector::from(tls);
            let mut stream = connector.connect(self.name.clone(), tcp).await?;
            stream.read(&mut [0]).await
        };
        match tokio::time::timeout(patience, work).await {
            Ok(Err(error)) => TlsTrouble::find(&error),
            Ok(Ok(_)) | Err(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.authority(), self.target)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_https_address_is_one() {
        for wrong in [
            "",
            "login.example",
            "/path",
            "http://login.example/",
            "ftp://login.example/",
            "https://",
            "https:///path",
            "https://who:what@login.example/",
            "https://login.example/#fragment",
            "https://login.example:0/",
            "https://login.example:99999/",
            "https://login.example:/",
            "https://login.example?x=y",
            "https://login.example/with space",
            "https://login.example/\r\nHost: other",
            "https://-/",
        ] {
            assert_eq!(Address::parse(wrong), Err(NotAnAddress), "{wrong:?}");
        }
        for (text, host, port, target) in [
            ("https://login.example", "login.example", 443, "/"),
            ("https://login.example/a/b", "login.example", 443, "/a/b"),
            ("https://[::1]:8443/a?b=c", "::1", 8443, "/a?b=c"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host(), address.port()), (host, port), "{text}");
            assert_eq!(address.target(), target, "{text}");
            assert!(address.to_string().starts_with("https://"), "{address}");
        }
    }
}
