//! Ambiguous and malformed messages of HTTP/1.1 (SECURITY 15). Behind each row follows, on the same
//! connection, an honest request: where the row says that the connection ends, it must not be answered,
//! however the row is read. `@Q` asks whether the document would be given, with a body or without one: a row
//! that is read as proper is answered 200.

mod beginning;
mod fields;
mod lengths;

use super::judge;
use super::siege::{Fate, Row, Siege};

fn row(name: &'static str, sent: &str, answers: &'static [u16], fate: Fate, asked: usize) -> Row {
    let sent = sent.to_owned();
    Row {
        name,
        sent,
        answers,
        fate,
        asked,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_read_in_two_ways() {
    let siege = Siege::lay().await;
    let mut rows = beginning::rows();
    rows.extend(lengths::rows());
    rows.extend(fields::rows());
    let wrong = siege.run(&rows).await;
    let honest: usize = rows.iter().map(|row| row.asked).sum();
    let told = format!(
        " ({} refused, {honest} passed on as exactly what an honest request sends)",
        rows.len() - honest,
    );
    judge(
        "ambiguous and malformed HTTP/1.1 messages",
        rows.len(),
        120,
        &told,
        &wrong,
    );
    siege.world.close().await;
}
