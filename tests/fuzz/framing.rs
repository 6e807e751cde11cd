//! Where the requests on a connection of HTTP/1.1 begin and end. What reaches the application must be
//! what a strict reader of RFC 9112 finds in the same bytes, request by request from the first; to
//! refuse more is always right.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use http_body_util::{BodyExt as _, Limited};
use sluis::serve::{self, Stopper};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};

/// A request as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    method: String,
    /// Path and query, where the target begins with a slash.
    path: Option<String>,
    body: Vec<u8>,
}

/// How often the gateway may go on before we hang up: more than one request needs that is all there.
const TURNS: usize = 32;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}

pub(super) fn framing(data: &[u8]) -> bool {
    let (theirs, whole) = strict(data);
    let ours = RUNTIME.with(|runtime| runtime.block_on(served(data)));
    assert!(ours.len() <= theirs.len(), "{ours:?} instead of {theirs:?}");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((&ours.method, &ours.body), (&theirs.method, &theirs.body));
        if let Some(path) = theirs.path.as_ref().filter(|path| !path.contains('#')) {
            assert_eq!(ours.path.as_ref(), Some(path));
        }
    }
    whole && !ours.is_empty() && ours.len() == theirs.len()
}

/// The requests that reach the application whole.
async fn served(data: &[u8]) -> Vec<Read> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    let app = Router::new().fallback(move |request: Request| {
        let log = Arc::clone(&kept);
        async move {
            let (head, body) = request.into_parts();
            let Ok(body) = Limited::new(body, 1 << 20).collect().await else {
                return;
            };
            let path = head.uri.path_and_query().map(ToString::to_string);
            log.lock().expect("nobody panicked").push(Read {
                method: head.method.to_string(),
                path,
                body: body.to_bytes().to_vec(),
            });
        }
    });
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (mut reader, mut writer) = tokio::io::split(ours);
    // Kept until the end: to drop it is the word to stop.
    let (_stopper, stop) = Stopper::new();
    let ask = async {
        // A gateway that closes has heard enough.
        let _ = writer.write_all(data).await;
        // The end of what we say ends hyper's work on a request, so it comes when that had its turns.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        let _ = writer.shutdown().await;
    };
    let hear = async {
        let mut answers = Vec::new();
        let _ = reader.read_to_end(&mut answers).await;
    };
    tokio::join!(serve::stream(theirs, app, stop), ask, hear);
    let log = log.lock().expect("nobody panicked");
    log.clone()
}

/// The requests that RFC 9112 finds, up to the first mistake in their framing; and whether there was
/// none. Only framing is judged here: lines, lengths, chunks.
fn strict(data: &[u8]) -> (Vec<Read>, bool) {
    let mut rest = data;
    let mut requests = Vec::new();
    loop {
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        }
        if rest.is_empty() {
            return (requests, true);
        }
        let Some((request, after, last)) = one(rest) else {
            return (requests, false);
        };
        requests.push(request);
        if last {
            return (requests, after.is_empty());
        }
        rest = after;
    }
}

/// A line and what follows it; none when there is a bare CR or LF in it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(2).position(|two| two == b"\r\n")?;
    let (line, rest) = bytes.split_at(at);
    let proper = !line.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
    proper.then_some((line, &rest[2..]))
}

/// One request, what follows it, and whether nothing may.
fn one(bytes: &[u8]) -> Option<(Read, &[u8], bool)> {
    let (first, mut rest) = line(bytes)?;
    let mut parts = first.split(|byte| *byte == b' ');
    let (method, target) = (parts.next()?, parts.next()?);
    if parts.next() != Some(b"HTTP/1.1") || parts.next().is_some() {
        return None;
    }
    let (mut length, mut chunked) = (None, false);
    loop {
        let (field, after) = line(rest)?;
        rest = after;
        if field.is_empty() {
            break;
        }
        let at = field.iter().position(|byte| *byte == b':')?;
        let name = &field[..at];
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        let value = std::str::from_utf8(&field[at + 1..]).unwrap_or("\u{fffd}");
        let value = value.trim_matches([' ', '\t']);
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            if length.is_some() || !digits {
                return None;
            }
            length = Some(value.parse::<usize>().ok()?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case("chunked") {
                return None;
            }
            chunked = true;
        }
    }
    let (body, rest) = match (length, chunked) {
        (Some(_), true) => return None,
        (None, true) => chunks(rest)?,
        (length, false) => {
            let length = length.unwrap_or(0);
            (rest.get(..length)?.to_vec(), rest.get(length..)?)
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let read = Read {
        method: text(method),
        path: target.starts_with(b"/").then(|| text(target)),
        body,
    };
    Some((read, rest, chunked))
}

/// A body in chunks, and what follows its trailers.
fn chunks(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let (head, after) = line(rest)?;
        let size = head.split(|byte| *byte == b';').next()?;
        // hyper lets a size be followed by blanks, as RFC 9112 (7.1.1) asks before an extension.
        let size = std::str::from_utf8(size)
            .ok()?
            .trim_end_matches([' ', '\t']);
        if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let size = usize::try_from(u64::from_str_radix(size, 16).ok()?).ok()?;
        rest = after;
        if size == 0 {
            break;
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    // What trailers hold is nobody's: they are dropped, and the connection ends. So only their end counts.
    if let Some(after) = rest.strip_prefix(b"\r\n") {
        return Some((body, after));
    }
    let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((body, rest.get(end + 4..)?))
}
