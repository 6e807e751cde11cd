//! Who comes to the house: a browser, as far as the desk can tell.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use tower_service::Service as _;

use super::ORIGIN;

/// Somebody at the desk with a browser.
pub(in crate::desk) struct Guest {
    router: Arc<Mutex<Option<Router>>>,
    cookie: String,
    token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(in crate::desk) struct Answer {
    pub(in crate::desk) status: StatusCode,
    pub(in crate::desk) headers: HeaderMap,
    pub(in crate::desk) text: String,
    pub(in crate::desk) bytes: Vec<u8>,
}

impl Answer {
    /// Where it leads.
    pub(in crate::desk) fn location(&self) -> &str {
        let location = self.headers.get(header::LOCATION);
        location.map_or("", |to| to.to_str().unwrap())
    }
}

impl Guest {
    /// Somebody who was never here.
    pub(super) const fn new(router: Arc<Mutex<Option<Router>>>) -> Self {
        Self {
            router,
            cookie: String::new(),
            token: String::new(),
        }
    }

    pub(in crate::desk) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::builder().method("GET").uri(path);
        self.send(request, String::new()).await
    }

    pub(in crate::desk) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("teken", &self.token);
        body.extend_pairs(fields);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("origin", ORIGIN)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request, body.finish()).await
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        let host = ORIGIN.trim_start_matches("https://");
        let request = request.header("host", host).header("cookie", &self.cookie);
        let request = request.body(Body::from(body)).unwrap();
        let router = self.router.lock().unwrap().clone();
        let response = router.unwrap().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            set.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, after)) = text.split_once("name=\"teken\" value=\"") {
            after.split('"').next().unwrap().clone_into(&mut self.token);
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
            bytes,
        }
    }
}
