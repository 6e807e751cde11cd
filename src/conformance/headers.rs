//! The head of a request as a client sends it: what a gateway looks at before it reads a word more.

use crate::bounds;
use crate::clock::Moment;
use crate::domain::TransactionId;
use crate::finding::Findings;

const HEADERS: &str = "headers";

/// A head that was read.
pub(super) struct Head {
    pub(super) findings: Findings,
    /// What stands behind `Bearer`.
    pub(super) token: Option<String>,
    /// Its transaction id, where it is one that a gateway takes over.
    pub(super) transaction: Option<TransactionId>,
}

/// Reads a head: a request line if there is one, and lines `Name: value`; also as `curl -v` prints it.
pub(super) fn read(text: &str, now: Moment) -> Head {
    let mut all = Findings::default();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix("> ").unwrap_or(line))
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.trim().is_empty() && *line != ">")
        .collect();
    let mut lines = lines.as_slice();
    let mut is_http2 = false;
    if let Some((first, rest)) = lines.split_first()
        && name_of(first).is_none_or(|(name, _)| name.contains(' '))
    {
        is_http2 = version(&mut all, first);
        lines = rest;
    }
    let mut headers = Vec::new();
    for line in lines {
        match name_of(line) {
            Some((name, value)) => headers.push((name, value)),
            None => all.fail(
                HEADERS,
                "a line is not of the form Name: value",
                "send each header on one line, without folding it",
            ),
        }
    }
    let bytes: usize = lines.iter().map(|line| line.len() + 2).sum();
    if headers.len() > bounds::HEADER_LINES || bytes > bounds::HEADER_BYTES {
        all.fail(
            HEADERS,
            format!("{} lines of {bytes} bytes in all", headers.len()),
            format!(
                "send at most {} lines of {} bytes in all",
                bounds::HEADER_LINES,
                bounds::HEADER_BYTES
            ),
        );
    }
    let of = |wanted: &str| -> Vec<&str> {
        let same = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        same.map(|(_, value)| *value).collect()
    };
    let transaction = transaction(&mut all, &of("fsc-transaction-id"), now);
    let token = authorization(&mut all, &of("authorization"));
    let host = of("host").len();
    if host > 1 || (host == 0 && !is_http2) {
        all.fail(
            HEADERS,
            format!("Host is there {host} times"),
            "send it exactly once",
        );
    }
    framing(&mut all, &of("transfer-encoding"), &of("content-length"));
    Head {
        findings: all,
        token,
        transaction,
    }
}

fn name_of(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let proper = !name.is_empty() && name.trim() == name;
    proper.then(|| (name, value.trim()))
}

/// Whether it is HTTP/2, where the host is no header.
fn version(all: &mut Findings, line: &str) -> bool {
    let version = line.rsplit(' ').next();
    match version {
        Some("HTTP/1.1" | "HTTP/2" | "HTTP/2.0") => {
            all.ok(HEADERS, "the version of HTTP is one that is served");
        }
        _ => all.fail(
            HEADERS,
            "the request line does not end in HTTP/1.1 or HTTP/2",
            "speak HTTP/1.1 or HTTP/2; HTTP/1.0 is answered 400",
        ),
    }
    version.is_some_and(|version| version.starts_with("HTTP/2"))
}

fn transaction(all: &mut Findings, values: &[&str], now: Moment) -> Option<TransactionId> {
    match values {
        [] => {
            all.ok(
                HEADERS,
                "no Fsc-Transaction-Id: the gateway makes one, and answers with it",
            );
            None
        }
        [value] => match TransactionId::parse(value) {
            Err(_) => {
                let version = value.chars().nth(14);
                let is_uuid = value.len() == 36 && value.matches('-').count() == 4;
                let what = match version {
                    Some(other) if is_uuid && other != '7' => {
                        format!("Fsc-Transaction-Id is a UUID of version {other}")
                    }
                    _ => "Fsc-Transaction-Id is not a UUID of 36 characters".to_owned(),
                };
                all.fail(
                    HEADERS,
                    what,
                    "make a UUID of version 7 (RFC 9562, 5.7) for each request",
                );
                None
            }
            Ok(id) => {
                let off = id.moment().map_or(i64::MAX, |made| now.ms_since(made));
                if off.saturating_abs() <= bounds::TRANSACTION_SKEW_MS {
                    all.ok(HEADERS, "Fsc-Transaction-Id is a UUIDv7 of about now");
                    Some(id)
                } else {
                    all.fail(
                        HEADERS,
                        format!(
                            "Fsc-Transaction-Id is a UUIDv7 of {} s {}",
                            off.saturating_abs() / 1000,
                            if off > 0 { "ago" } else { "from now" }
                        ),
                        format!(
                            "make a new one for each request: more than {} s is refused",
                            bounds::TRANSACTION_SKEW_MS / 1000
                        ),
                    );
                    None
                }
            }
        },
        _ => {
            all.fail(
                HEADERS,
                "Fsc-Transaction-Id is there more than once",
                "send it once",
            );
            None
        }
    }
}

fn authorization(all: &mut Findings, values: &[&str]) -> Option<String> {
    match values {
        [] => {
            all.warn(
                HEADERS,
                "no Authorization",
                "calls about documents, choices and decisions need Authorization: Bearer TOKEN",
            );
            None
        }
        [value] => match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                all.ok(HEADERS, "Authorization has the form Bearer TOKEN");
                Some(token.to_owned())
            }
            _ => {
                all.fail(
                    HEADERS,
                    "Authorization does not have the form Bearer TOKEN",
                    "send the word Bearer, one space and the token, without quotes",
                );
                None
            }
        },
        _ => {
            all.fail(
                HEADERS,
                "Authorization is there more than once",
                "send it once",
            );
            None
        }
    }
}

fn framing(all: &mut Findings, transfer: &[&str], length: &[&str]) {
    if !transfer.is_empty() && !length.is_empty() {
        all.fail(
            HEADERS,
            "both Content-Length and Transfer-Encoding",
            "send one of them: with both the connection is closed",
        );
    } else if length.len() > 1 {
        all.fail(
            HEADERS,
            "Content-Length is there more than once",
            "send it once",
        );
    }
}
