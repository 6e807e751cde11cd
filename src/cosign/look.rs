//! Whether the witnesses can be asked, and how far they know a book; for `sluis doctor`. What is asked
//! here makes a witness remember nothing: it is refused, and the refusal tells what it knows.

use std::fmt;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use http_body_util::Full;

use super::Settings;
use crate::bounds;
use crate::clock::Moment;
use crate::https::{Address, NoAnswer, Tls};
use crate::ledger::note;

/// What one witness answered.
#[derive(Debug)]
pub struct Looked {
    /// What the policy file calls it.
    pub name: String,
    /// Its host and port.
    pub host: String,
    /// What it knows of the book.
    pub known: Result<Known, NotKnown>,
    /// Its clock.
    pub date: Option<Moment>,
}

/// What a witness knows of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It cosigned so many entries.
    Size(u64),
    /// It knows the book's key.
    Log,
    /// It answers; there is no book to ask about.
    Answers,
}

/// Why a witness says nothing about a book.
#[derive(Debug, thiserror::Error)]
pub enum NotKnown {
    /// There is no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Its configuration lacks the book, or has another key of it.
    #[error("the witness does not know this ledger, or has another key of it (it answered {0})")]
    OtherLog(StatusCode),
    /// What answers there is no witness, or one that is not able to.
    #[error("the witness answered {0}")]
    Status(StatusCode),
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(0) => f.write_str("knows the ledger's key, and cosigned nothing of it yet"),
            Self::Size(size) => write!(f, "cosigned {size} entries"),
            Self::Log => f.write_str("knows the ledger's key"),
            Self::Answers => f.write_str("answers"),
        }
    }
}

impl Settings {
    /// Asks every witness at once how far it knows the book with this signed checkpoint, of this size.
    pub async fn look(&self, checkpoint: Option<(&str, u64)>) -> Vec<Looked> {
        let each = self.policy.witnesses().iter().zip(&self.addresses);
        let asked = each.map(|(line, address)| async move {
            let answer = ask(address, self.tls.clone(), checkpoint).await;
            let (known, date) = match answer {
                Ok((known, date)) => (known, date),
                Err(error) => (Err(NotKnown::NoAnswer(error)), None),
            };
            Looked {
                name: line.name.clone(),
                host: address.authority().to_owned(),
                known,
                date,
            }
        });
        join_all(asked).await
    }
}

/// INVARIANT (never remembered): there is no size that this request could be granted for. It takes the
/// witness to know one entry, and proves nothing from there; or more entries than there are.
fn request(target: &str, checkpoint: Option<(&str, u64)>) -> Request<Full<Bytes>> {
    let (method, body) = match checkpoint {
        None => (http::Method::GET, String::new()),
        Some((note, size)) => {
            let old = if size > 1 { 1 } else { size + 1 };
            (http::Method::POST, format!("old {old}\n\n{note}"))
        }
    };
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = method;
    if let Ok(target) = target.parse() {
        *request.uri_mut() = target;
    }
    let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
    request.headers_mut().insert(header::CONTENT_TYPE, plain);
    request
}

type Heard = (Result<Known, NotKnown>, Option<Moment>);

async fn ask(
    address: &Address,
    tls: Tls,
    checkpoint: Option<(&str, u64)>,
) -> Result<Heard, NoAnswer> {
    let target = format!("{}/add-checkpoint", address.path().trim_end_matches('/'));
    let request = request(&target, checkpoint);
    let most = bounds::WITNESS_ANSWER_BYTES;
    let answer = address
        .ask(tls, request, most, bounds::WITNESS_CALL)
        .await?;
    let date = answer.date();
    let text = std::str::from_utf8(&answer.body).unwrap_or_default();
    let size = text.strip_suffix('\n').and_then(note::size);
    let known = match (checkpoint, answer.status) {
        (None, status) if !status.is_server_error() => Ok(Known::Answers),
        (Some(_), StatusCode::CONFLICT) => size
            .map(Known::Size)
            .ok_or(NotKnown::Status(StatusCode::CONFLICT)),
        (Some((_, size)), StatusCode::UNPROCESSABLE_ENTITY) if size > 1 => Ok(Known::Size(1)),
        (Some((_, size)), StatusCode::BAD_REQUEST) if size <= 1 => Ok(Known::Log),
        (Some(_), status @ (StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)) => {
            Err(NotKnown::OtherLog(status))
        }
        (_, status) => Err(NotKnown::Status(status)),
    };
    Ok((known, date))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// However much a witness knows: what it compares with is another size, or a proof is missing.
    #[tokio::test]
    async fn nothing_is_asked_that_a_witness_could_grant() {
        for (size, old) in [(0, 1), (1, 2), (2, 1), (3, 1), (1_000_000, 1)] {
            let request = request("/add-checkpoint", Some(("note", size)));
            let body = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, format!("old {old}\n\nnote"), "{size}");
        }
    }
}
