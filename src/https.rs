//! Addresses over HTTPS, and a connection to one: what everybody who asks something of somebody else
//! over TLS has in common. Whom to trust is in the TLS configuration that is handed in, time limits
//! are set around by the caller, and nothing here follows a redirect.

use std::fmt;
use std::io;
use std::sync::Arc;

use http::HeaderValue;
use http::uri::{PathAndQuery, Scheme, Uri};
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::bounds;

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
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(NoConnection::Connect)?;
        tcp.set_nodelay(true).map_err(NoConnection::Connect)?;
        let stream = TlsConnector::from(tls)
            .connect(self.name.clone(), tcp)
            .await
            .map_err(NoConnection::Connect)?;
        let (sender, connection) = http1::Builder::new()
            .max_headers(bounds::HEADER_LINES)
            .max_header_size(bounds::HEADER_BYTES)
            .max_buf_size(bounds::PROVIDER_BUFFER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(NoConnection::Http)?;
        // What goes wrong on it, the request under way hears.
        tokio::spawn(connection);
        Ok(sender)
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
