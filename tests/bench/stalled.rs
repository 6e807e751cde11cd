//! What honest requests notice of connections that stall.
//!
//! Five kinds of them, held up all the time: what the gateway ends is begun anew. In each round the same
//! load is measured without them and beside them, so that their ratio is of one moment.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

use crate::client::{Reader, Target, connect};
use crate::failure::{Context as _, Outcome};
use crate::load::Pool;
use crate::options::Options;
use crate::phases::{CONNECTIONS, MIB, RATE, RATE_SLICE};
use crate::process::resident_bytes;
use crate::provider::Size;
use crate::rounds::{WARM_UP, float, medians, per_mille_ms};
use crate::table::{Goal, Line, Section};
use crate::world::World;

/// How many stall, in all five ways together.
const STALLED: usize = 500;
/// How long they get to be there.
const GATHER: Duration = Duration::from_secs(3);
/// Before one that was ended, or not let in, tries again.
const AGAIN: Duration = Duration::from_millis(200);

/// How a connection stalls.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A few bytes of a handshake.
    Handshake,
    /// Nothing after the handshake.
    Silence,
    /// Half a head.
    Head,
    /// Half a body.
    Body,
    /// An answer that is not read.
    Unread,
}

impl Way {
    const ALL: [Self; 5] = [
        Self::Handshake,
        Self::Silence,
        Self::Head,
        Self::Body,
        Self::Unread,
    ];

    /// What is said after the handshake.
    fn said(self, target: &Target) -> Outcome<Vec<u8>> {
        let token = || -> Outcome<String> {
            let token = target.tokens.take()?;
            let token = token.to_str().or_fail("read a token")?;
            Ok(format!("Host: localhost\r\nAuthorization: {token}\r\n"))
        };
        let text = match self {
            Self::Handshake | Self::Silence => String::new(),
            Self::Head => "GET /v1/openapi.json HTTP/1.1\r\nHost: loc".to_owned(),
            Self::Body => format!(
                "POST /v1/documenten/_zoek HTTP/1.1\r\n{}Content-Type: application/json\r\n\
                 Content-Length: 1000\r\n\r\n{{",
                token()?
            ),
            Self::Unread => {
                let document = target.document(Size::Large)?;
                format!("GET {document} HTTP/1.1\r\n{}\r\n", token()?)
            }
        };
        Ok(text.into_bytes())
    }
}

/// Stalls for ever, over one connection after another.
async fn stall(target: Arc<Target>, way: Way) -> Outcome<()> {
    loop {
        // What the gateway does with it is its own affair: it may be ended at any moment.
        let _ = stall_once(&target, way).await;
        sleep(AGAIN).await;
    }
}

async fn stall_once(target: &Target, way: Way) -> Outcome<()> {
    let socket = connect(target.address, Reader::Slow);
    let mut socket = socket.await.or_fail("connect")?;
    if matches!(way, Way::Handshake) {
        socket
            .write_all(&[22, 3, 1, 2, 0, 1])
            .await
            .or_fail("stall")?;
        return until_ended(socket).await;
    }
    let name = ServerName::try_from("localhost").or_fail("name the server")?;
    let tls = TlsConnector::from(target.tls.clone()).connect(name, socket);
    let mut tls = tls.await.or_fail("shake hands")?;
    tls.write_all(&way.said(target)?).await.or_fail("stall")?;
    tls.flush().await.or_fail("stall")?;
    if matches!(way, Way::Unread) {
        // Nobody reads, so the end is not seen: longer than the gateway has patience.
        sleep(Duration::from_mins(2)).await;
        return Ok(());
    }
    until_ended(tls).await
}

async fn until_ended(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Outcome<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await.or_fail("stall")? > 0 {}
    Ok(())
}

/// The p99 of honest requests without and beside connections that stall.
pub(crate) async fn beside_stalled(world: &World, options: &Options) -> Outcome<Section> {
    let side = world.ours();
    let target = side.target.clone();
    let slice = options.slice().max(RATE_SLICE);
    let load = async |time: Duration| -> Outcome<[f64; 2]> {
        let tokens = u64::from(RATE) * (time.as_secs() + 1);
        target
            .tokens
            .fill(usize::try_from(tokens).unwrap_or(usize::MAX))?;
        let pool = Pool::open(&target, CONNECTIONS, Reader::Fast).await?;
        let mut latencies = pool.paced(Size::Small, RATE, time).await?;
        latencies.sort_unstable();
        Ok([
            per_mille_ms(&latencies, 500)?,
            per_mille_ms(&latencies, 990)?,
        ])
    };
    load(WARM_UP).await?;
    let pids = side.tree.without_database().pids()?;
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let before = resident_bytes(&pids);
        let alone = load(slice).await?;
        let mut stalled = JoinSet::new();
        for number in 0..STALLED {
            let way = *Way::ALL.get(number % Way::ALL.len()).or_fail("stall")?;
            stalled.spawn(stall(target.clone(), way));
        }
        sleep(GATHER).await;
        let beside = load(slice).await?;
        let grown = float(resident_bytes(&pids).saturating_sub(before)) / MIB;
        stalled.shutdown().await;
        let [p50, p99] = alone;
        let [p50_beside, p99_beside] = beside;
        rounds.push([p50, p50_beside, p99, p99_beside, p99_beside / p99, grown]);
    }
    let [p50, p50_beside, p99, p99_beside, ratio, grown] = medians(&rounds)?;
    Ok(Section {
        title: format!("4 KiB at {RATE} per second, beside {STALLED} connections that stall"),
        lines: vec![
            Line::alone("p50 alone, ms", p50, &[]),
            Line::alone("p50 beside them, ms", p50_beside, &[]),
            Line::alone("p99 alone, ms", p99, &[]),
            Line::alone("p99 beside them, ms", p99_beside, &[]),
            Line::alone("p99 beside them to p99 alone", ratio, &[Goal::AtMost(2.0)]),
            Line::alone("RSS added, MiB", grown, &[]),
        ],
    })
}
