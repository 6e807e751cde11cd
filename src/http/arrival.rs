//! One call inside the counter: what the edge found out about it, and the reading of its path,
//! query and body, all mistakes together.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, RawPathParams, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

use super::bodies::Reader;
use super::fields::Errors;
use super::media;
use super::problem::{Code, Problem};
use super::routes::{Consumes, Route};
use crate::bounds::{
    BODY_READ, DISCARDED_BODY_BYTES, FIELD_ERRORS, JSON_BODY_BYTES, LIST_ITEMS, TOKEN_BYTES,
};
use crate::domain::{Malformed, Organisation, TraceParent, TransactionId, json};
use crate::exchange::{Call, Caller, Exchange, Failure, KnownCodes};
use crate::identity::Peer;
use crate::language::Language;

/// What the edge found out about a call it let through.
#[derive(Debug, Clone)]
pub(super) struct Admitted {
    pub(super) transaction: TransactionId,
    pub(super) traceparent: Option<TraceParent>,
    pub(super) language: Language,
    pub(super) peer: Arc<Peer>,
    pub(super) organisation: Arc<Organisation>,
    pub(super) route: Arc<Route>,
}

/// A call that the edge let through.
#[derive(Debug)]
pub(super) struct Arrival {
    admitted: Arc<Admitted>,
    headers: HeaderMap,
    params: Vec<(String, String)>,
    query: Option<String>,
    body: Body,
    errors: Errors,
}

impl<S: Send + Sync> FromRequest<S> for Arrival {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        use axum::extract::FromRequestParts;
        let (mut parts, body) = request.into_parts();
        let params = RawPathParams::from_request_parts(&mut parts, state)
            .await
            .map(|params| {
                let pairs = params.iter();
                pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
            })
            .unwrap_or_default();
        let admitted = parts
            .extensions
            .remove::<Arc<Admitted>>()
            .ok_or(Code::Internal)?;
        let mut arrival = Self {
            admitted,
            headers: parts.headers,
            params,
            query: parts.uri.query().map(ToOwned::to_owned),
            body,
            errors: Errors::up_to(FIELD_ERRORS),
        };
        arrival.check_what_is_not_there();
        Ok(arrival)
    }
}

impl Arrival {
    /// Mistakes that need no reading: a query where none is defined (it would be the place where
    /// an address ends up in somebody's log), a body where none belongs, and a condition on a
    /// change, which nobody would look at.
    fn check_what_is_not_there(&mut self) {
        let route = &self.admitted.route;
        if self.query.is_some() && route.query.is_empty() {
            self.errors.add(
                "query",
                "deze aanroep kent geen queryparameters; gegevens horen in de body",
            );
        }
        if route.consumes == Consumes::Nothing && !self.body.is_end_stream() {
            self.errors.add("body", "deze aanroep heeft geen body");
        }
        if route.method != http::Method::GET {
            for name in [
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                header::IF_MODIFIED_SINCE,
                header::IF_UNMODIFIED_SINCE,
            ] {
                if self.headers.contains_key(&name) {
                    self.errors
                        .add(name.as_str(), "wijzigen onder voorwaarde bestaat hier niet");
                }
            }
        }
    }

    /// The organisation at the other end.
    pub(super) fn organisation(&self) -> &Organisation {
        &self.admitted.organisation
    }

    /// The request's headers.
    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Who is asking. Comes before anything that was sent is looked at.
    pub(super) fn identify<'e>(
        &self,
        exchange: &'e Exchange,
    ) -> impl Future<Output = Result<Caller, Failure>> + use<'e> {
        exchange.identify(Call {
            transaction: self.admitted.transaction,
            peer: Arc::clone(&self.admitted.peer),
            organisation: Arc::clone(&self.admitted.organisation),
            unverified_token: unverified_token(&self.headers),
            traceparent: self.admitted.traceparent,
            language: self.admitted.language,
        })
    }

    /// A parameter of the path.
    pub(super) fn path<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        let (_, text) = self.params.iter().find(|(key, _)| key == name)?;
        parse(text)
            .map_err(|wrong| self.errors.add(name, format!("verwacht: {wrong}")))
            .ok()
    }

    /// A parameter of the path as it stands.
    pub(super) fn raw_path(&self, name: &str) -> Option<&str> {
        let (_, text) = self.params.iter().find(|(key, _)| key == name)?;
        Some(text)
    }

    /// The one query parameter of a call, as one of these words; the first when it is absent.
    pub(super) fn query_word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let query = self.query.take().unwrap_or_default();
        let mut pairs = query.split('&').filter(|pair| !pair.is_empty());
        let given = match (pairs.next(), pairs.next()) {
            (None, _) => return words.first().map(|(_, value)| *value),
            (Some(pair), None) => pair.strip_prefix(name).and_then(|v| v.strip_prefix('=')),
            (Some(_), Some(_)) => None,
        };
        let found = words.iter().find(|(word, _)| Some(*word) == given);
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|(w, _)| format!("{name}={w}")).collect();
            self.errors
                .add("query", format!("verwacht: {}", all.join(" of ")));
        }
        found.map(|(_, value)| *value)
    }

    /// The one query parameter of a call, as a list with commas; empty when it is absent.
    pub(super) fn query_list(&mut self, name: &str) -> Option<BTreeSet<String>> {
        let query = self.query.take().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let list = match (pairs.next(), pairs.next()) {
            (None, _) => return Some(BTreeSet::new()),
            (Some((key, list)), None) if key == name => list,
            _ => Cow::Borrowed(""),
        };
        let items = || list.split(',');
        let set: BTreeSet<String> = items().map(ToOwned::to_owned).collect();
        let whole = (1..=LIST_ITEMS).contains(&set.len())
            && set.len() == items().count()
            && items().all(|item| !item.is_empty());
        if !whole {
            self.errors.add(
                "query",
                format!("verwacht: {name}= met 1 tot {LIST_ITEMS} namen, met komma's ertussen"),
            );
        }
        whole.then_some(set)
    }

    /// The query parameters of a call, read together.
    pub(super) fn query<T>(
        &mut self,
        read: impl FnOnce(&[(String, String)], &mut Errors) -> Option<T>,
    ) -> Option<T> {
        let query = self.query.take().unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        read(&pairs, &mut self.errors)
    }

    /// The JSON body, read by `reader`; an absent one is an empty object where that is allowed.
    /// What is wrong with the body as a whole (its type, its size, its transport) is a problem at
    /// once; the rest waits for [`Arrival::done`].
    pub(super) async fn json<T>(
        &mut self,
        codes: &KnownCodes,
        reader: Reader<T>,
    ) -> Result<Option<T>, Problem> {
        self.json_within(JSON_BODY_BYTES, codes, reader).await
    }

    /// The same with a bound of its own.
    pub(super) async fn json_within<T>(
        &mut self,
        limit_bytes: usize,
        codes: &KnownCodes,
        reader: Reader<T>,
    ) -> Result<Option<T>, Problem> {
        let may_be_absent = self.admitted.route.consumes == Consumes::OptionalJson;
        let is_json = media::is(&self.headers, media::JSON);
        let untyped = may_be_absent && !self.headers.contains_key(header::CONTENT_TYPE);
        if !is_json && !untyped {
            return Err(Code::MediaTypeUnknown.into());
        }
        let bytes = self.bytes(limit_bytes).await?;
        let value = if bytes.is_empty() && may_be_absent {
            Value::Object(Map::new())
        } else if is_json {
            match json::parse(&bytes) {
                Ok(value) => value,
                Err(wrong) => {
                    self.errors.add("body", wrong.to_string());
                    return Ok(None);
                }
            }
        } else {
            return Err(Code::MediaTypeUnknown.into());
        };
        Ok(reader(value, codes, &mut self.errors))
    }

    /// The body of a bulk call.
    pub(super) async fn lines(&mut self, limit_bytes: usize) -> Result<Bytes, Problem> {
        if !media::is(&self.headers, media::LINES) {
            return Err(Code::MediaTypeUnknown.into());
        }
        self.bytes(limit_bytes).await
    }

    /// What was read, when nothing was wrong; otherwise everything that was.
    pub(super) fn done<T>(self, read: Option<T>) -> Result<T, Problem> {
        if self.errors.is_empty() {
            read.ok_or_else(|| Code::Internal.into())
        } else {
            Err(Problem::invalid(&self.errors.into_list()))
        }
    }

    /// The same, for a call of which nothing needs reading.
    pub(super) fn plain(self) -> Result<(), Problem> {
        self.done(Some(()))
    }

    async fn bytes(&mut self, limit: usize) -> Result<Bytes, Problem> {
        collect_in(BODY_READ, std::mem::take(&mut self.body), limit).await
    }
}

/// The whole body, if it comes in time.
async fn collect_in(time: Duration, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(time, collect(body, limit)).await;
    read.unwrap_or_else(|_| {
        let message = format!("kwam niet binnen {} seconden binnen", time.as_secs());
        Err(Problem::invalid_field("body", message))
    })
}

/// The whole body, if it is no longer than `limit` bytes; one that says it is much longer is not
/// read.
async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        if declared - limit <= DISCARDED_BODY_BYTES {
            discard(body).await;
        }
        return Err(Code::TooLarge.into());
    }
    let mut all = Vec::with_capacity(declared);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::invalid_field("body", "brak onderweg af"))?;
        if let Ok(data) = frame.into_data() {
            if all.len() + data.len() > limit {
                discard(body).await;
                return Err(Code::TooLarge.into());
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(all.into())
}

/// Reads on for a while without keeping anything. Who sends a little too much is still sending when
/// the answer comes; a connection that is closed under it takes the answer along.
async fn discard(mut body: Body) {
    let mut left = DISCARDED_BODY_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// What came after `Bearer` (RFC 6750, 2.1); no other scheme is looked at. Two headers, or more
/// than a token can be, come out as a token that cannot be good, so that the attempt is recorded.
fn unverified_token(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next()?;
    if values.next().is_some() || first.len() > TOKEN_BYTES + "Bearer ".len() {
        return Some(String::new());
    }
    let Ok(text) = first.to_str() else {
        return Some(String::new());
    };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then(|| token.trim_matches(' ').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_one_bearer_token_is_a_token() {
        let long = format!("Bearer {}", "a".repeat(TOKEN_BYTES + 1));
        for (values, token) in [
            (&[][..], None),
            (&["Basic YTpi"], None),
            (&["BearerYTpi"], None),
            (&["Bearer"], Some("")),
            (&["Bearer a.b.c", "Bearer a.b.c"], Some("")),
            (&["Basic YTpi", "Bearer a.b.c"], Some("")),
            (&["Bearer é"], Some("")),
            (&[long.as_str()], Some("")),
            (&["Bearer a.b.c"], Some("a.b.c")),
            (&["bearer  a.b.c"], Some("a.b.c")),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(unverified_token(&headers).as_deref(), token, "{values:?}");
        }
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        for (bytes, fits) in [(0, true), (10, true), (11, false)] {
            let whole = Body::from(vec![b'x'; bytes]);
            assert_eq!(collect(whole, 10).await.is_ok(), fits, "{bytes} declared");
            let pieces = (0..bytes).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"x")));
            let stream = Body::from_stream(futures_util::stream::iter(pieces));
            assert_eq!(collect(stream, 10).await.is_ok(), fits, "{bytes} streamed");
        }
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        let problem = collect(Body::from_stream(broken), 10).await.unwrap_err();
        assert_eq!(problem.code(), Code::InvalidInput);
    }

    /// Says it is larger than anything, and must not be read.
    struct Boast;

    impl HttpBody for Boast {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
            panic!("a body that says it is too large was read")
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(u64::MAX)
        }
    }

    #[tokio::test]
    async fn a_body_that_is_a_little_too_large_is_read_to_its_end() {
        let read = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = std::sync::Arc::clone(&read);
        let pieces = (0..12).map(move |_| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        });
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let problem = collect(body, 10).await.unwrap_err();
        assert_eq!(problem.code(), Code::TooLarge);
        assert_eq!(read.load(std::sync::atomic::Ordering::Relaxed), 12);
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_not_read() {
        let problem = collect(Body::new(Boast), 10).await.unwrap_err();
        assert_eq!(problem.code(), Code::TooLarge);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let body = Body::from_stream(never);
        let problem = collect_in(Duration::from_millis(5), body, 10).await;
        assert_eq!(problem.unwrap_err().code(), Code::InvalidInput);
    }
}
