//! The one table of routes: what there is, in which methods and forms. The router, `Allow`, 406,
//! 415 and the test that holds `openapi.json` to it all read this table.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use super::Shared;
use super::handlers::{agreements, book, decisions, documents, index, logs, registry};
use super::media::{BYTES, JSON, LINES, TEXT};
use super::problem::{Code, Problem};

/// What a call takes as its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumes {
    /// Nothing.
    Nothing,
    /// A JSON object.
    Json,
    /// A JSON object, or nothing.
    OptionalJson,
    /// NDJSON.
    Lines,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub template: &'static str,
    /// What it takes.
    pub consumes: Consumes,
    /// The media types it answers in; none when that depends on what is asked for.
    pub produces: &'static [&'static str],
    /// The query parameters it knows.
    pub query: &'static [&'static str],
}

/// A call with what serves it.
type Row = (Route, MethodRouter<Shared>);

const AS_JSON: &[&str] = &[JSON];
const AS_LINES: &[&str] = &[LINES];
const AS_TEXT: &[&str] = &[TEXT];
const AS_BYTES: &[&str] = &[BYTES];
const AS_ANYTHING: &[&str] = &[];

fn row<H, T>(
    (method, filter): (Method, MethodFilter),
    template: &'static str,
    consumes: Consumes,
    produces: &'static [&'static str],
    handler: H,
) -> Row
where
    H: Handler<T, Shared>,
    T: 'static,
{
    let query: &[&str] = match consumes {
        Consumes::Lines => &["modus"],
        Consumes::Nothing | Consumes::Json | Consumes::OptionalJson => &[],
    };
    let route = Route {
        method,
        template,
        consumes,
        produces,
        query,
    };
    (route, on(filter, handler))
}

/// The same call, with these query parameters.
fn with_query(query: &'static [&'static str], (route, serve): Row) -> Row {
    (Route { query, ..route }, serve)
}

/// CONTRACT.md, "Endpoints of `exchange`", in its order.
#[rustfmt::skip] // a table reads as one when each call is one line
fn table() -> Vec<Row> {
    use Consumes::{Json, Lines, Nothing, OptionalJson};
    const GET: (Method, MethodFilter) = (Method::GET, MethodFilter::GET);
    const PUT: (Method, MethodFilter) = (Method::PUT, MethodFilter::PUT);
    const POST: (Method, MethodFilter) = (Method::POST, MethodFilter::POST);
    const DELETE: (Method, MethodFilter) = (Method::DELETE, MethodFilter::DELETE);
    vec![
        row(POST, "/v1/documenten/_zoek", Json, AS_JSON, documents::search),
        row(GET, "/v1/documenten/{uuid}", Nothing, AS_JSON, documents::metadata),
        row(GET, "/v1/documenten/{uuid}/download", Nothing, AS_ANYTHING, documents::download),
        row(POST, "/v1/documenten/{uuid}/_toets", OptionalJson, AS_JSON, documents::test),
        row(PUT, "/v1/documenten/{uuid}", Json, AS_JSON, index::put),
        row(DELETE, "/v1/documenten/{uuid}", Nothing, AS_ANYTHING, index::delete),
        row(POST, "/v1/documenten/_bulk", Lines, AS_LINES, index::bulk),
        row(PUT, "/v1/adressen/_eigenaren", Json, AS_JSON, registry::owners),
        row(PUT, "/v1/adressen/_dossiers", Json, AS_JSON, registry::dossier),
        row(POST, "/v1/toestemmingen", Json, AS_JSON, registry::register_choice),
        row(GET, "/v1/toestemmingen/{id}", Nothing, AS_JSON, registry::choice),
        row(POST, "/v1/toestemmingen/{id}/intrekken", OptionalJson, AS_JSON, registry::withdraw),
        row(POST, "/v1/toestemmingen/_zoek", Json, AS_JSON, registry::find_choices),
        row(POST, "/v1/aos-meldingen", Json, AS_JSON, registry::report_aos),
        row(POST, "/v1/aos-meldingen/{id}/afsluiten", OptionalJson, AS_JSON, registry::close_aos),
        row(POST, "/v1/overeenkomsten", Json, AS_JSON, agreements::activate),
        row(GET, "/v1/overeenkomsten", Nothing, AS_JSON, agreements::all),
        row(GET, "/v1/overeenkomsten/{index}", Nothing, AS_JSON, agreements::one),
        row(POST, "/v1/overeenkomsten/{index}/intrekken", Json, AS_JSON, agreements::withdraw),
        row(GET, "/v1/besluiten/{transactieId}", Nothing, AS_JSON, decisions::decision),
        row(GET, "/v1/besluiten/{transactieId}/bewijs", Nothing, AS_TEXT, decisions::proof),
        with_query(&["velden"], row(GET, "/v1/besluiten/{transactieId}/uittreksel", Nothing, AS_JSON, decisions::extract)),
        with_query(logs::PARAMETERS, row(GET, "/v1/logs", Nothing, AS_JSON, logs::logs)),
        row(GET, "/v1/logboek/checkpoint", Nothing, AS_TEXT, book::checkpoint),
        row(GET, "/v1/logboek/tile/{*tegel}", Nothing, AS_BYTES, book::tile),
        row(GET, "/v1/logboek/getuigd/checkpoint", Nothing, AS_TEXT, book::cosigned),
        row(GET, "/v1/logboek/getuigd/tile/{*tegel}", Nothing, AS_BYTES, book::tile),
        row(GET, "/v1/logboek/schema.json", Nothing, AS_JSON, book::schema),
        row(GET, "/v1/openapi.json", Nothing, AS_JSON, book::openapi),
    ]
}

/// The calls, by the template of their path.
#[derive(Debug)]
pub(super) struct Routes(HashMap<&'static str, Vec<Arc<Route>>>);

impl Routes {
    /// The calls of the table.
    pub(super) fn new() -> Self {
        let mut by_template: HashMap<_, Vec<_>> = HashMap::new();
        for (route, _) in table() {
            by_template
                .entry(route.template)
                .or_default()
                .push(Arc::new(route));
        }
        Self(by_template)
    }

    /// The call of this path and method.
    pub(super) fn find(
        &self,
        template: Option<&str>,
        method: &Method,
    ) -> Result<&Arc<Route>, Problem> {
        let calls = template
            .and_then(|template| self.0.get(template))
            .ok_or(Code::NotFound)?;
        calls
            .iter()
            .find(|call| call.method == *method)
            .ok_or_else(|| {
                let allow: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
                Problem::method_not_allowed(&allow.join(", "))
            })
    }

    /// Every call.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.values().flatten().map(Arc::as_ref)
    }
}

/// The router of the table, without the edge around it.
pub(super) fn unguarded() -> Router<Shared> {
    table()
        .into_iter()
        .fold(Router::new(), |router, (route, serve)| {
            router.route(route.template, serve)
        })
}
