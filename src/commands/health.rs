//! `sluis health`: how a gateway on this machine does, for probes where there is no curl.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use sluis::errors::in_full;
use tokio::net::TcpStream;

use super::{Exit, Failed, Outcome, output};

/// For the whole question.
const PATIENCE: Duration = Duration::from_secs(5);
/// What an answer may be long: one short line for each thing that is not ready.
const ANSWER_BYTES: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    /// Where the gateway listens for operators: `listen.ops` of its configuration.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    ops: SocketAddr,
    /// Ask only whether it lives, and not whether it is ready to serve.
    #[arg(long)]
    live: bool,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
enum HealthError {
    #[error("nobody listens at {0}; is the gateway running, and is that its listen.ops?")]
    Connect(SocketAddr, #[source] std::io::Error),
    #[error("{0} does not speak HTTP")]
    Http(SocketAddr, #[source] hyper::Error),
    #[error("the answer of {0} broke off, or is too long")]
    Answer(SocketAddr),
    #[error("{0} does not answer within {seconds} s", seconds = PATIENCE.as_secs())]
    Slow(SocketAddr),
}

pub(super) async fn run(args: HealthArgs) -> Outcome {
    let path = if args.live { "/healthz" } else { "/readyz" };
    let asked = tokio::time::timeout(PATIENCE, ask(args.ops, path)).await;
    let (status, told) = asked
        .unwrap_or(Err(HealthError::Slow(args.ops)))
        .map_err(|error| Failed {
            exit: Exit::Wrong,
            lines: vec![in_full(&error)],
        })?;
    output::say(String::from_utf8_lossy(&told).trim_end());
    Ok(if status == StatusCode::OK {
        Exit::Done
    } else {
        Exit::Wrong
    })
}

async fn ask(ops: SocketAddr, path: &'static str) -> Result<(StatusCode, Bytes), HealthError> {
    let tcp = TcpStream::connect(ops).await;
    let tcp = tcp.map_err(|cause| HealthError::Connect(ops, cause))?;
    let http = |cause| HealthError::Http(ops, cause);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
        .await
        .map_err(http)?;
    tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = http::Uri::from_static(path);
    let host = header::HeaderValue::try_from(ops.to_string());
    if let Ok(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    let answer = sender.send_request(request).await.map_err(http)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES)
        .collect()
        .await;
    let body = body.map_err(|_| HealthError::Answer(ops))?;
    Ok((status, body.to_bytes()))
}
