//! Tricks with paths: each names the document that IMG may have, in a spelling that is not ours.

use super::judge;
use super::siege::Fate::{Closed, Kept};
use super::siege::{Fate, Row, Siege};

/// The path as it is spelled, `@U` being the uuid and `@P` the whole; the answer; what becomes of the
/// connection.
const PATHS: [(&str, &str, u16, Fate); 62] = [
    ("a slash at the end", "@P/", 404, Kept),
    ("a dot at the end", "@P.", 404, Kept),
    ("a dot segment at the end", "@P/.", 404, Kept),
    ("up again at the end", "@P/..", 404, Kept),
    ("up and down", "@P/../download", 404, Kept),
    ("a dot segment", "/v1/./documenten/@U/download", 404, Kept),
    (
        "up from a strange place",
        "/v1/logboek/../documenten/@U/download",
        404,
        Kept,
    ),
    (
        "up from the book",
        "/v1/logboek/tile/../../documenten/@U/download",
        404,
        Kept,
    ),
    ("up above the root", "/../..@P", 404, Kept),
    (
        "up from the uuid",
        "/v1/documenten/x/../@U/download",
        404,
        Kept,
    ),
    ("two slashes at the front", "/@P", 404, Kept),
    (
        "two slashes inside",
        "/v1//documenten/@U/download",
        404,
        Kept,
    ),
    (
        "two slashes before the end",
        "/v1/documenten/@U//download",
        404,
        Kept,
    ),
    ("an empty uuid", "/v1/documenten//download", 400, Kept),
    (
        "an encoded letter",
        "/v1/document%65n/@U/download",
        404,
        Kept,
    ),
    ("an encoded v", "/%761/documenten/@U/download", 404, Kept),
    ("an encoded end", "/v1/documenten/@U/downloa%64", 404, Kept),
    (
        "an encoded dash",
        "/v1/documenten/00000000%2d0000-4000-8000-000000000001/download",
        404,
        Kept,
    ),
    (
        "an encoded slash",
        "/v1/documenten/@U%2fdownload",
        404,
        Kept,
    ),
    (
        "an encoded slash in capitals",
        "/v1/documenten/@U%2Fdownload",
        404,
        Kept,
    ),
    (
        "an encoded backslash",
        "/v1/documenten/@U%5cdownload",
        404,
        Kept,
    ),
    (
        "encoded dots",
        "/v1/logboek/%2e%2e/documenten/@U/download",
        404,
        Kept,
    ),
    (
        "one encoded dot",
        "/v1/logboek/.%2e/documenten/@U/download",
        404,
        Kept,
    ),
    (
        "dots encoded twice",
        "/v1/logboek/%252e%252e/documenten/@U/download",
        404,
        Kept,
    ),
    (
        "a slash encoded twice",
        "/v1/documenten/@U%252fdownload",
        404,
        Kept,
    ),
    (
        "a slash encoded three times",
        "/v1/documenten/@U%25252fdownload",
        404,
        Kept,
    ),
    (
        "an overlong slash",
        "/v1/documenten/@U%c0%afdownload",
        404,
        Kept,
    ),
    (
        "an overlong dot",
        "/v1/logboek/%c0%ae%c0%ae/documenten/@U/download",
        404,
        Kept,
    ),
    (
        "an overlong slash of three bytes",
        "/v1/documenten/@U%e0%80%afdownload",
        404,
        Kept,
    ),
    ("%u notation", "/v1/documenten/@U%u002fdownload", 404, Kept),
    ("half an escape", "@P%", 404, Kept),
    ("an escape that is none", "@P%zz", 404, Kept),
    ("an encoded zero byte", "@P%00", 404, Kept),
    ("an encoded zero byte and an ending", "@P%00.pdf", 404, Kept),
    ("an encoded line end", "@P%0d%0aX:y", 404, Kept),
    ("an encoded question mark", "@P%3fx=1", 404, Kept),
    ("an encoded space", "@P%20", 404, Kept),
    ("an encoded semicolon", "@P%3bx", 404, Kept),
    ("a matrix parameter", "@P;x=1", 404, Kept),
    (
        "a matrix parameter inside",
        "/v1;x/documenten/@U/download",
        404,
        Kept,
    ),
    ("a session in the path", "@P;jsessionid=1", 404, Kept),
    ("an ending", "@P.pdf", 404, Kept),
    ("another ending", "@P.json", 404, Kept),
    ("more behind it", "@P/x", 404, Kept),
    ("a backslash", "/v1/documenten/@U\\download", 400, Kept),
    (
        "backslashes all over",
        "\\v1\\documenten\\@U\\download",
        400,
        Closed,
    ),
    (
        "capitals in the path",
        "/V1/Documenten/@U/Download",
        404,
        Kept,
    ),
    (
        "capitals at the end",
        "/v1/documenten/@U/DOWNLOAD",
        404,
        Kept,
    ),
    (
        "a letter from elsewhere",
        "/v1/documenten/@U/d\u{43e}wnload",
        404,
        Kept,
    ),
    (
        "full-width letters",
        "/v1/documenten/@U/\u{ff44}ownload",
        404,
        Kept,
    ),
    (
        "a uuid without dashes",
        "/v1/documenten/00000000000040008000000000000001/download",
        400,
        Kept,
    ),
    (
        "a uuid in braces",
        "/v1/documenten/{@U}/download",
        400,
        Kept,
    ),
    (
        "a uuid as a urn",
        "/v1/documenten/urn:uuid:@U/download",
        400,
        Kept,
    ),
    (
        "a uuid with a plus",
        "/v1/documenten/+@U/download",
        400,
        Kept,
    ),
    (
        "a uuid and a comma",
        "/v1/documenten/@U,/download",
        400,
        Kept,
    ),
    ("a uuid too long", "/v1/documenten/@U0/download", 400, Kept),
    (
        "another version of the interface",
        "/v2/documenten/@U/download",
        404,
        Kept,
    ),
    ("no version", "/documenten/@U/download", 404, Kept),
    ("the provider's own path", "/bron/documenten/@U", 404, Kept),
    ("a query", "@P?x=1", 400, Kept),
    ("a token in the query", "@P?access_token=x", 400, Kept),
    ("an empty query", "@P?", 400, Kept),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_has_one_path() {
    let siege = Siege::lay().await;
    let rows: Vec<Row> = PATHS
        .iter()
        .map(|(name, path, status, fate)| {
            let path = path.replace("@U", &siege.uuid);
            Row {
                name,
                sent: format!("GET {path} HTTP/1.1\r\nHost: sluis.example\r\n@A\r\n"),
                answers: match status {
                    400 => &[400],
                    _ => &[404],
                },
                fate: *fate,
                asked: 0,
            }
        })
        .collect();
    let wrong = siege.run(&rows).await;
    judge("odd paths", rows.len(), 60, "", &wrong);
    siege.world.close().await;
}
