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
        (Some(host), _) if host.as_str().contains('@') => Some("Host is geen naam"),
        _ => None,
    }
}
