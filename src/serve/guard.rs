//! Whether a request is proper HTTP (SECURITY 15), as far as hyper lets one see it.

use axum::body::HttpBody;
use http::uri::Authority;
use http::{Extensions, Method, Request, Version, header};

/// Marks a request as no proper HTTP, with what is wrong, in Dutch; the application answers it.
pub type Mark = fn(&mut Extensions, &'static str);

/// What is wrong with a request, if anything.
pub(super) fn fault<B: HttpBody>(request: &Request<B>) -> Option<&'static str> {
    let version = request.version();
    if version < Version::HTTP_11 {
        return Some("HTTP/1.1 of HTTP/2 is nodig");
    }
    if request.method() == Method::CONNECT {
        return Some("CONNECT is hier geen methode");
    }
    let bodiless = [Method::GET, Method::HEAD].contains(request.method());
    if bodiless && !request.body().is_end_stream() {
        return Some("GET en HEAD hebben geen inhoud");
    }
    host_fault(request)
}

/// Exactly one name of the server: `Host`, or in HTTP/2 `:authority`, and if both then the same.
fn host_fault<B>(request: &Request<B>) -> Option<&'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Some("Host komt twee keer voor");
    }
    let host = match first.map(|host| Authority::try_from(host.as_bytes())) {
        Some(Err(_)) => return Some("Host is geen naam met eventueel een poort"),
        Some(Ok(host)) => Some(host),
        None => None,
    };
    match (host, request.uri().authority()) {
        (None, None) => Some("Host ontbreekt"),
        (None, Some(_)) if request.version() < Version::HTTP_2 => Some("Host ontbreekt"),
        (Some(host), Some(authority)) if host != *authority => {
            Some("Host en het adres van het verzoek verschillen")
        }
        // What reads on must not take a user for the host, nor half of a port for the whole.
        (Some(named), _) if !is_name(&named) => Some("Host is geen naam met eventueel een poort"),
        (None, Some(named)) if !is_name(named) => Some("Host is geen naam met eventueel een poort"),
        _ => None,
    }
}

/// Whether it is a host with a port at most (RFC 9112, 3.2; RFC 9113, 8.3.1): `http` lets a user and a
/// port of letters through.
fn is_name(authority: &Authority) -> bool {
    let text = authority.as_str();
    let port = match text.rsplit_once(':') {
        // The end of an address of IPv6.
        Some((_, port)) if !port.ends_with(']') => port,
        _ => "",
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    !text.contains('@') && digits && (port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host_with_a_port_at_most() {
        for (text, good) in [
            ("a@sluis.example", false),
            ("a:b@sluis.example:443", false),
            ("sluis.example:port", false),
            ("sluis.example:65536", false),
            ("sluis.example:+1", false),
            ("[::1]:x", false),
            ("sluis.example", true),
            ("sluis.example:443", true),
            ("sluis.example:", true),
            ("[::1]", true),
            ("[::1]:8443", true),
        ] {
            let parsed = Authority::try_from(text);
            assert_eq!(parsed.is_ok_and(|a| is_name(&a)), good, "{text}");
        }
    }
}
