//! Who sends or reads a byte at a time, or nothing at all: each has its end, in the book too, and nobody
//! else waits for it. What is slow but honest goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::floods::resident_kib;
use super::frames::{ALL, Frames, HEADERS, PING, RST_STREAM, field, fields, frame, setting};
use super::siege::Siege;
use super::{judge, tell};
use crate::client::Call;
use crate::outsider::Book;
use crate::party::{Party, Token};
use crate::provider::Behaviour;

/// Everything has ended long before, on any machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// From one byte to the next.
const BEAT: Duration = Duration::from_secs(1);
/// Larger than what the sockets of both sides hold.
const LARGE: usize = 10 * 1024 * 1024;
/// What a slow reader's socket holds: little, so that the gateway sees how slowly it reads.
const SMALL_WINDOW: u32 = 16 * 1024;
/// What an honest reader on a slow line reads at each beat, and for so many beats; then the line is good.
const SLOW_BYTES: usize = 16 * 1024;
const SLOW_BEATS: usize = 90;
/// What a reader that is too slow reads at each beat, and for how many: the gateway's patience is at its end
/// long before.
const SIP_BYTES: usize = 500;
const SIPS: usize = 110;
/// By how much all who stall may make the gateway larger together.
const GROWTH_KIB: u64 = 64 * 1024;
const ADDRESS: &str = "0024200000017301";

async fn tcp(siege: &Siege) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(SMALL_WINDOW).unwrap();
    let stream = socket.connect(siege.world.gateways[0].exchange).await;
    stream.unwrap()
}

async fn tls(siege: &Siege) -> TlsStream<TcpStream> {
    let config: Arc<ClientConfig> = Party::find("img").tls();
    let host = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(config).connect(host, tcp(siege).await);
    stream.await.unwrap()
}

/// Sends one byte after another, without an end, and reads what comes until the other side ends it.
async fn drip(
    stream: impl AsyncRead + AsyncWrite,
    first: &[u8],
    then: u8,
) -> Result<String, &'static str> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut all = Vec::new();
    let dripping = async {
        for byte in first.iter().copied().chain(std::iter::repeat(then)) {
            if writer.write_all(&[byte]).await.is_err() || writer.flush().await.is_err() {
                break;
            }
            tokio::time::sleep(BEAT).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = async { while matches!(reader.read_buf(&mut all).await, Ok(1..)) {} };
    tokio::select! {
        () = reading => {}
        () = dripping => {}
        () = tokio::time::sleep(PATIENCE) => return Err("it goes on for ever"),
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}

fn download(uuid: &str) -> Vec<u8> {
    let path = format!("/v1/documenten/{uuid}/download");
    let token = Siege::token();
    format!("GET {path} HTTP/1.1\r\nHost: sluis.example\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// Reads so many bytes at each beat, and after a while all there is; how many came in all.
async fn sip(siege: &Siege, uuid: &str, bytes: usize) -> usize {
    let mut stream = tls(siege).await;
    stream.write_all(&download(uuid)).await.unwrap();
    let mut all = 0;
    for _ in 0..SIPS {
        let mut buffer = vec![0; bytes];
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => all += read,
            Ok(0) | Err(_) => return all,
        }
        tokio::time::sleep(BEAT).await;
    }
    let mut rest = Vec::new();
    // What the sockets of both sides hold still; cut off without a goodbye is an end too.
    let _ = stream.read_to_end(&mut rest).await;
    all + rest.len()
}

/// A stream whose window stays shut, on a connection that is used all the time: the stream is reset, and
/// the connection goes on.
async fn shut_stream(siege: &Siege, uuid: &str) -> Result<(), String> {
    let mut frames = Frames::connect(siege, &setting(4, 2_000)).await;
    let request = |path: &str| {
        let mut block = fields(&[
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "sluis.example"),
            (":path", path),
        ]);
        block.extend(field(
            "authorization",
            &format!("Bearer {}", Siege::token()),
        ));
        block
    };
    let path = format!("/v1/documenten/{uuid}/download");
    frames.say(&frame(HEADERS, ALL, 1, &request(&path))).await;
    let since = Instant::now();
    let mut served = 0;
    for next in (3..).step_by(2) {
        if since.elapsed() > PATIENCE {
            return Err("it goes on for ever".to_owned());
        }
        frames.say(&frame(PING, 0, 0, &[7; 8])).await;
        let checkpoint = request("/v1/logboek/checkpoint");
        frames.say(&frame(HEADERS, ALL, next, &checkpoint)).await;
        loop {
            match frames.next().await {
                Some(frame) if frame.kind == RST_STREAM && frame.stream == 1 => {
                    return match served {
                        0 => Err("reset at once".to_owned()),
                        _ => Ok(()),
                    };
                }
                Some(frame) if frame.stream == next && frame.kind == HEADERS => {
                    if frame.status() != 200 {
                        return Err(format!("{} beside it", frame.status()));
                    }
                    served += 1;
                }
                Some(frame) if frame.stream == next && frame.ends_stream() => break,
                Some(frame) if frame.stream == 1 && frame.ends_stream() => {
                    return Err("it came through a shut window".to_owned());
                }
                Some(_) => {}
                None => return Err(format!("the connection ended after {served} others")),
            }
        }
        tokio::time::sleep(BEAT).await;
    }
    Ok(())
}

/// A provider that sends a byte at a time.
async fn dripping_provider(siege: &Siege) -> Result<String, String> {
    let uuid = siege.world.document("img", "schaderapport", ADDRESS, LARGE);
    let uuid = uuid.await;
    siege.world.img.behave(Behaviour::Drips(1_000));
    let token = Party::find("ncg").token(&Token::new("versterking-uitvoering"));
    let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
    let answer = siege.world.line(0, "ncg").open(&call).await?;
    let transaction = answer.headers()["fsc-transaction-id"].to_str().unwrap();
    let transaction = transaction.to_owned();
    let whole = tokio::time::timeout(PATIENCE, answer.into_body().collect()).await;
    match whole {
        Err(_) => Err("it goes on for ever".to_owned()),
        Ok(Ok(_)) => Err("a clean end".to_owned()),
        Ok(Err(_)) => Ok(transaction),
    }
}

/// Ten megabytes over a slow line.
async fn slow_line(siege: &Siege, uuid: &str) -> Result<(), String> {
    let mut stream = tls(siege).await;
    stream.write_all(&download(uuid)).await.unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream
            .read_exact(&mut byte)
            .await
            .map_err(|e| format!("no head: {e}"))?;
        head.extend(byte);
    }
    let mut buffer = vec![0; SLOW_BYTES];
    let mut left = LARGE;
    for beat in 0..SLOW_BEATS {
        let read = stream.read_exact(&mut buffer).await;
        read.map_err(|e| format!("broken off at beat {beat}: {e}"))?;
        left -= SLOW_BYTES;
        tokio::time::sleep(BEAT).await;
    }
    let mut rest = vec![0; left];
    let read = stream.read_exact(&mut rest).await;
    read.map(drop)
        .map_err(|e| format!("broken off at the end: {e}"))
}

/// How the releases to a party ended, in the order of their permits.
fn ends(book: &Book, requester: &'static str) -> Vec<String> {
    let own = &Party::find(requester).oin;
    let decisions = book
        .of_kind("besluit")
        .filter(|(_, entry)| entry["aanvrager"] == **own && entry["uitkomst"] == "toegestaan");
    decisions
        .filter_map(|(_, entry)| {
            let (_, closing) = book.of_transaction(entry["transactie"].as_str()?);
            Some(closing?["einde"].as_str()?.to_owned())
        })
        .collect()
}

/// Waits until every release in the book is closed.
async fn settled(siege: &mut Siege) -> Book {
    let since = Instant::now();
    loop {
        let book = siege.world.book().await;
        if book.left_open().is_empty() {
            return book;
        }
        assert!(since.elapsed() < PATIENCE, "open: {:?}", book.left_open());
        tokio::time::sleep(BEAT).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_trickles_for_ever() {
    let mut siege = Siege::lay().await;
    let uuid = siege.world.document("ncg", "opnamerapport", ADDRESS, LARGE);
    let uuid = uuid.await;
    let mut wrong = Vec::new();
    {
        let siege = &siege;
        let hello = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
        let head = b"GET /v1/openapi.json HTTP/1.1\r\nHost: sluis.example\r\nX: ";
        let body = async {
            let mut stream = tls(siege).await;
            let head = format!(
                "POST /v1/documenten/_zoek HTTP/1.1\r\nHost: sluis.example\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\
                 Authorization: Bearer {}\r\n\r\n",
                Siege::token()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            drip(stream, b"{", b' ').await
        };
        let honest = async {
            for _ in 0..SLOW_BEATS / 5 {
                siege.honest_beside().await;
                tokio::time::sleep(5 * BEAT).await;
            }
        };
        let (shook, headed, sent, sipped, reset, dripped, slow, ()) = tokio::join!(
            async { drip(tcp(siege).await, &hello, 0).await },
            async { drip(tls(siege).await, head, b'x').await },
            body,
            sip(siege, &uuid, SIP_BYTES),
            shut_stream(siege, &uuid),
            dripping_provider(siege),
            slow_line(siege, &uuid),
            honest,
        );
        let mut hold = |name: &str, good: bool, told: String| {
            if !good {
                wrong.push(format!("- {name}: {told}"));
            }
        };
        let nothing = Ok(String::new());
        hold("a handshake", shook.is_ok(), format!("{shook:?}"));
        hold("a head", headed == nothing, format!("{headed:?}"));
        let refused = |text: &String| text.starts_with("HTTP/1.1 400 ");
        hold(
            "a body",
            sent.as_ref().is_ok_and(refused),
            format!("{sent:?}"),
        );
        hold("a reader", sipped < LARGE, format!("read all {sipped}"));
        hold("a shut stream", reset.is_ok(), format!("{reset:?}"));
        hold("a provider", dripped.is_ok(), format!("{dripped:?}"));
        hold("not a slow line", slow.is_ok(), format!("{slow:?}"));
    }
    judge("trickles", 7, 7, "", &wrong);
    let book = settled(&mut siege).await;
    assert_eq!(ends(&book, "ncg"), ["afgebroken-bron"]);
    let ends = ends(&book, "img");
    let of = |end: &str| ends.iter().filter(|one| *one == end).count();
    assert_eq!(of("afgebroken-aanvrager"), 2, "{ends:?}");
    assert_eq!(of("volledig"), ends.len() - 2, "{ends:?}");
    siege.world.close().await;
}

/// Whether the other side leaves a connection open for ever.
async fn stays(mut stream: impl AsyncRead + Unpin) -> bool {
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    tokio::time::timeout(PATIENCE, ended).await.is_err()
}

/// Five hundred who stall in five ways: everybody else is served, the gateway stays small, and lets go of
/// them all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_stall_and_nobody_waits() {
    const OF_EACH: usize = 100;
    let mut siege = Siege::lay().await;
    let uuid = siege.world.document("ncg", "opnamerapport", ADDRESS, LARGE);
    let uuid = uuid.await;
    let before = resident_kib(&siege);
    let (mut shaking, mut shaken) = (Vec::new(), Vec::new());
    for _ in 0..OF_EACH {
        let mut half = tcp(&siege).await;
        half.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
        shaking.push(half);
        let begun = format!(
            "POST /v1/documenten/_zoek HTTP/1.1\r\nHost: sluis.example\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\
             Authorization: Bearer {}\r\n\r\n{{",
            Siege::token()
        );
        for said in [
            &b""[..],
            b"GET / HTTP/1.1\r\nHost: slu",
            begun.as_bytes(),
            &download(&uuid),
        ] {
            let mut stream = tls(&siege).await;
            stream.write_all(said).await.unwrap();
            stream.flush().await.unwrap();
            shaken.push(stream);
        }
    }
    for _ in 0..30 {
        siege.honest_beside().await;
    }
    let grown = resident_kib(&siege).saturating_sub(before);
    // What is unread stays so until the gateway has given it up, which the book tells.
    let book = settled(&mut siege).await;
    let shaking = join_all(shaking.into_iter().map(stays)).await;
    let shaken = join_all(shaken.into_iter().map(stays)).await;
    let still_there = shaking.into_iter().chain(shaken).filter(|stays| *stays);
    let still_there = still_there.count();
    assert_eq!(still_there, 0, "of {}", 5 * OF_EACH);
    assert!(grown <= GROWTH_KIB, "{grown} KiB more");
    let ends = ends(&book, "img");
    let unread = ends.iter().filter(|end| *end == "afgebroken-aanvrager");
    assert_eq!(unread.count(), OF_EACH);
    tell(&format!(
        "{} stalled connections: 0 honest requests failed, {grown} KiB more, 0 left at the end",
        5 * OF_EACH
    ));
    siege.world.close().await;
}
