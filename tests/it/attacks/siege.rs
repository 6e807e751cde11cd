//! A gateway under attack: connections of bytes, and what the provider heard.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{Answer, Call};
use crate::party::{Party, Token};
use crate::world::{Store, World};

/// Nothing takes longer, on any machine. A connection on which nothing happens lives for a minute: one
/// that ends within this time was ended.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// The document that IMG may have for `schade-afhandeling`.
pub(super) const SIZE: usize = 1_000;
/// No answer is larger, whatever was asked.
const ANSWERS_BYTES: usize = 128 * 1024;
const ADDRESS: &str = "0024200000017301";

/// A world with one document, and somebody at the gate.
pub(super) struct Siege {
    pub(super) world: World,
    pub(super) uuid: String,
}

/// What is sent, and what comes of it.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// `@P` is the path of the download, `@Q` that of the question whether it would be given, `@A`
    /// a line with a fresh token, `@B` one with a fresh token for the registry, `@S` a whole honest
    /// request.
    pub(super) sent: String,
    /// The statuses of the answers, in their order.
    pub(super) answers: &'static [u16],
    pub(super) fate: Fate,
    /// How many honest requests of it reach the provider.
    pub(super) asked: usize,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// An honest request that follows at once is answered.
    Kept,
    /// It is not, and the connection ends.
    Closed,
    /// The message is cut off; then the connection ends.
    Cut,
}

/// What came back on a connection.
pub(super) struct Said {
    pub(super) statuses: Vec<u16>,
    pub(super) text: String,
    pub(super) closed: bool,
    /// The end came so hard that an answer before it may have been lost on the way (RFC 9112, 9.6).
    pub(super) reset: bool,
}

impl Siege {
    pub(super) async fn lay() -> Self {
        Self::around(World::new(Store::Sqlite).await).await
    }

    /// Around a world whose gateway is open already.
    pub(super) async fn around(world: World) -> Self {
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
        let siege = Self { world, uuid };
        siege.honest().await;
        siege
    }

    pub(super) fn path(&self) -> String {
        format!("/v1/documenten/{}/download", self.uuid)
    }

    pub(super) fn token() -> String {
        Party::find("img").token(&Token::new("schade-afhandeling"))
    }

    /// A whole honest download, over a connection of its own: it is served, and the provider is
    /// asked exactly as agreed.
    pub(super) async fn honest(&self) {
        let call = Call::get(self.path()).token(&Self::token());
        let mut line = self.world.line(0, "img");
        let answer: Answer = line.call(&call).await.expect("200");
        assert_eq!(answer.body.len(), SIZE);
        assert_eq!(self.heard(), Ok(1), "an honest request");
    }

    /// The same while others ask as well.
    pub(super) async fn honest_beside(&self) {
        let call = Call::get(self.path()).token(&Self::token());
        let answer = self.world.line(0, "img").call(&call).await.expect("200");
        assert_eq!(answer.body.len(), SIZE);
    }

    /// Puts fresh tokens and the path in a text.
    pub(super) fn filled(&self, text: &str) -> Vec<u8> {
        let whole = text
            .replace("@S", "GET @P HTTP/1.1\r\nHost: sluis.example\r\n@A\r\n")
            .replace("@P", &self.path())
            .replace("@Q", &format!("/v1/documenten/{}/_toets", self.uuid));
        let whole = if whole.contains("@B") {
            let token = Party::find("img").token(&Token::beheer());
            whole.replace("@B", &format!("Authorization: Bearer {token}\r\n"))
        } else {
            whole
        };
        let mut filled = String::new();
        for (n, piece) in whole.split("@A").enumerate() {
            if n > 0 {
                let _ = write!(filled, "Authorization: Bearer {}\r\n", Self::token());
            }
            filled.push_str(piece);
        }
        filled.into_bytes()
    }

    /// How many requests the provider received since the last time, each exactly an honest one;
    /// otherwise what it received.
    pub(super) fn heard(&self) -> Result<usize, String> {
        assert!(self.world.img.take_heard().is_empty(), "the other provider");
        let heard = String::from_utf8_lossy(&self.world.ncg.take_heard()).into_owned();
        let honest = format!(
            "GET /bron/documenten/{} HTTP/1.1\r\nhost: {}\r\naccept-encoding: identity\r\n\
             fsc-transaction-id: *\r\nsluis-doel: schade-afhandeling\r\nsluis-grondslag: TwG 3(4)\r\n\
             sluis-aanvrager: {}\r\nsluis-logboek-index: *\r\n\r\n",
            self.uuid,
            self.world.ncg.address,
            Party::find("img").oin,
        );
        let requests: Vec<String> = heard
            .split_inclusive("\r\n\r\n")
            .map(|request| {
                request
                    .split_inclusive("\r\n")
                    .map(|line| match line.split_once(": ") {
                        Some((name @ ("fsc-transaction-id" | "sluis-logboek-index"), value))
                            if value.trim_end().bytes().all(is_hex_or_dash) =>
                        {
                            format!("{name}: *\r\n")
                        }
                        _ => line.to_owned(),
                    })
                    .collect()
            })
            .collect();
        if requests.iter().all(|request| *request == honest) {
            return Ok(requests.len());
        }
        Err(heard)
    }

    pub(super) async fn connect(&self, tls: Arc<ClientConfig>) -> std::io::Result<Stream> {
        let tcp = TcpStream::connect(self.world.gateways[0].exchange).await?;
        tcp.set_nodelay(true).unwrap();
        let host = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(tls).connect(host, tcp).await
    }

    /// Sends bytes as IMG and reads until so many answers have come, or the end.
    pub(super) async fn say(&self, bytes: &[u8], cut: bool, answers: usize, head: bool) -> Said {
        let mut stream = self.connect(Party::find("img").tls()).await.unwrap();
        // Whoever is refused halfway may find nobody to read the rest.
        let _ = stream.write_all(bytes).await;
        let _ = stream.flush().await;
        if cut {
            let _ = stream.shutdown().await;
        }
        let mut all = Vec::new();
        let (mut closed, mut reset) = (false, false);
        while !closed && statuses(&all, head).len() < answers {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut all)).await;
            let read = read.unwrap_or_else(|_| panic!("neither answered nor closed"));
            closed = !matches!(read, Ok(1..));
            reset = matches!(read, Err(error) if error.kind() == ErrorKind::ConnectionReset);
        }
        Said {
            statuses: statuses(&all, head),
            text: String::from_utf8_lossy(&all).into_owned(),
            closed,
            reset,
        }
    }

    /// Tries every row; a row that goes otherwise is told with what happened.
    pub(super) async fn run(&self, rows: &[Row]) -> Vec<String> {
        let mut wrong = Vec::new();
        for row in rows {
            let mut bytes = self.filled(&row.sent);
            let cut = row.fate == Fate::Cut;
            if !cut {
                bytes.extend(self.filled("@S"));
            }
            let head = row.sent.starts_with("HEAD ");
            let said = self.say(&bytes, cut, row.answers.len() + 1, head).await;
            let kept = row.fate == Fate::Kept;
            let mut expected = row.answers.to_vec();
            expected.extend(kept.then_some(200));
            let heard = self.heard();
            let asked = row.asked + usize::from(kept);
            let lost = said.reset && said.statuses.is_empty();
            if said.text.len() > ANSWERS_BYTES {
                wrong.push(format!(
                    "- {}: {} bytes of answer",
                    row.name,
                    said.text.len()
                ));
            }
            if (said.statuses != expected && !lost) || said.closed == kept || heard != Ok(asked) {
                wrong.push(format!(
                    "- {}: answered {:?}, not {expected:?}; {}; the provider heard {heard:?}, not {asked}",
                    row.name,
                    said.statuses,
                    if said.closed { "closed" } else { "kept" },
                ));
            }
        }
        // Whatever was tried, the next one is served.
        self.honest().await;
        wrong
    }
}

pub(super) type Stream = TlsStream<TcpStream>;

fn is_hex_or_dash(byte: u8) -> bool {
    byte == b'-' || byte.is_ascii_hexdigit()
}

/// The statuses of the whole answers in these bytes; the first one may be to a HEAD.
fn statuses(bytes: &[u8], head: bool) -> Vec<u16> {
    let mut statuses = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
        let text = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        let status: u16 = text
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no answer of HTTP/1.1: {text}"));
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let bodiless = status < 200 || status == 204 || (head && statuses.is_empty());
        let whole = end + 4 + if bodiless { 0 } else { length };
        if rest.len() < whole {
            break;
        }
        statuses.push(status);
        rest = &rest[whole..];
    }
    statuses
}
