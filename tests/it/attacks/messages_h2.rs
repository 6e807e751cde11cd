//! Malformed messages of HTTP/2 (RFC 9113, 8), and frames out of order. After each an honest request is
//! made on the same connection.

mod fields;
mod order;

use super::frames::{ALL, Frames, HEADERS, fields as block, frame};
use super::judge;
use super::siege::Siege;

/// What comes of stream 1, whether the provider is asked for it, and whether the next request is
/// answered.
type Row = (&'static str, Vec<u8>, &'static str, bool, bool);

/// An honest request's fields.
struct Honest {
    path: String,
    token: String,
}

impl Honest {
    fn of(siege: &Siege) -> Self {
        Self {
            path: siege.path(),
            token: format!("Bearer {}", Siege::token()),
        }
    }

    fn pseudo(&self) -> [(&str, &str); 4] {
        [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "sluis.example"),
            (":path", &self.path),
        ]
    }

    /// Headers of stream 1 with one pseudo-header said otherwise, and these after the token.
    fn with(&self, pseudo: &[(&str, &str)], more: &[(&str, &str)], flags: u8) -> Vec<u8> {
        let mut all: Vec<(&str, &str)> = self
            .pseudo()
            .into_iter()
            .map(|(name, value)| {
                let other = pseudo.iter().find(|(known, _)| *known == name);
                (name, other.map_or(value, |(_, other)| other))
            })
            .collect();
        all.push(("authorization", &self.token));
        all.extend(more);
        frame(HEADERS, flags, 1, &block(&all))
    }

    fn without(&self, missing: &str) -> Vec<u8> {
        let mut all: Vec<_> = self.pseudo().to_vec();
        all.retain(|(name, _)| *name != missing);
        all.push(("authorization", &self.token));
        frame(HEADERS, ALL, 1, &block(&all))
    }

    /// With these fields in front of everything.
    fn after(&self, first: &[(&str, &str)]) -> Vec<u8> {
        let mut all = first.to_vec();
        all.extend(self.pseudo());
        all.push(("authorization", &self.token));
        frame(HEADERS, ALL, 1, &block(&all))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_of_http2_is_read_in_two_ways() {
    let siege = Siege::lay().await;
    let rows: Vec<Row> = fields::rows(&siege)
        .into_iter()
        .chain(order::rows(&siege))
        .collect();
    let mut wrong = Vec::new();
    for (name, bytes, outcome, asked, kept) in &rows {
        let mut connection = Frames::connect(&siege, b"").await;
        connection.say(bytes).await;
        let came_of_it = connection.outcome(1).await;
        let served = *kept && {
            let mut next = Honest::of(&siege).with(&[], &[], ALL);
            next[5..9].copy_from_slice(&3_u32.to_be_bytes());
            connection.say(&next).await;
            connection.outcome(3).await == "200"
        };
        if !kept {
            connection.until_the_end().await;
        }
        let heard = siege.heard();
        let expected = usize::from(*asked) + usize::from(*kept);
        if came_of_it != *outcome || served != *kept || heard != Ok(expected) {
            wrong.push(format!(
                "- {name}: {came_of_it}, not {outcome}; {}; the provider heard {heard:?}, not {expected}",
                if served { "kept" } else { "closed" },
            ));
        }
    }
    // Who does not begin with the preface is not listened to.
    for beginning in [
        &b"GET / HTTP/1.1\r\nHost: sluis.example\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let mut connection = Frames::silent(&siege).await;
        connection.say(beginning).await;
        connection.hush().await;
        let outcome = connection.outcome(1).await;
        assert!(outcome == "closed" || outcome == "goaway 1", "{outcome}");
    }
    siege.honest().await;
    let honest = rows.iter().filter(|(.., asked, _)| *asked).count();
    let told = format!(
        " ({} refused, {honest} passed on as exactly what an honest request sends)",
        rows.len() - honest,
    );
    judge(
        "malformed HTTP/2 messages and frames",
        rows.len(),
        80,
        &told,
        &wrong,
    );
    siege.world.close().await;
}
