//! The style sheet and the mark, under names that change with them, so that a browser may keep them.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use http::header;
use ring::digest;

use super::routes::{Access, Routes};

const CSS: &str = include_str!("assets/balie.css");
const MARK: &str = include_str!("assets/balie.svg");

/// Where they are.
pub(super) struct Places {
    pub(super) css: String,
    pub(super) mark: String,
}

pub(super) static PLACES: LazyLock<Places> = LazyLock::new(|| Places {
    css: format!("/balie/{}.css", name_of(CSS)),
    mark: format!("/balie/{}.svg", name_of(MARK)),
});

fn name_of(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let start = digest.as_ref().first_chunk::<8>().copied();
    format!("{:016x}", u64::from_be_bytes(start.unwrap_or_default()))
}

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/balie/{file}", Access::Public, asset)
}

async fn asset(axum::extract::Path(file): axum::extract::Path<String>) -> Response {
    let path = format!("/balie/{file}");
    let (media_type, text) = if path == PLACES.css {
        ("text/css; charset=utf-8", CSS)
    } else if path == PLACES.mark {
        ("image/svg+xml", MARK)
    } else {
        return super::problem::Problem::NotFound.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, text).into_response()
}
