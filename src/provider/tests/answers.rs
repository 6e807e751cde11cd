//! What the provider says, and what becomes of it.

use super::*;

#[tokio::test]
async fn a_wrong_head_is_a_failure_before_any_byte() {
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(65));
    let long_header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(17_000));
    let endless_header = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(200_000));
    for (head, asked, expected) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            whole(),
            "the providing organisation does not have the document",
        ),
        (
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            whole(),
            "status 500 Internal Server Error",
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            whole(),
            "status 204 No Content",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\n\r\n",
            whole(),
            "status 304 Not Modified",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
            whole(),
            "status 302 Found",
        ),
        (
            "HTTP/1.1 416 No\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n",
            part(ByteRange::From(9)),
            "status 416 Range Not Satisfiable",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhallo",
            whole(),
            "the body has a content coding",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: identity, gzip\r\nContent-Length: 5\r\n\r\nhallo",
            whole(),
            "the body has a content coding",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nhallo",
            whole(),
            "the end of the body is not marked by exactly one of content-length and chunks",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            whole(),
            "the end of the body is not marked by exactly one of content-length and chunks",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            whole(),
            "the end of the body is not marked by exactly one of content-length and chunks",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo",
            indexed(6),
            "the document has 5 bytes where the index says 6",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhallo",
            whole(),
            "the part sent is not the part that was asked for",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Length: 5\r\n\r\nhallo",
            part(ByteRange::FromTo(0, 4)),
            "the part sent is not the part that was asked for",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 1-5/9\r\nContent-Length: 5\r\n\r\nhallo",
            part(ByteRange::FromTo(0, 4)),
            "the part sent is not the part that was asked for",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-4/*\r\nContent-Length: 5\r\n\r\nhallo",
            part(ByteRange::FromTo(0, 4)),
            "the part sent is not the part that was asked for",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 4\r\n\r\nhall",
            part(ByteRange::FromTo(0, 4)),
            "the part sent is not the part that was asked for",
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhallo",
            Outbound {
                range: Some(ByteRange::FromTo(0, 4)),
                ..indexed(8)
            },
            "the document has 9 bytes where the index says 8",
        ),
        (
            &many_headers,
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            &long_header,
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            &endless_header,
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n",
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            whole(),
            "the head of the answer cannot be read",
        ),
        (
            "HTTP/1.1 200 O",
            whole(),
            "the connection ended before an answer",
        ),
        ("", whole(), "the connection ended before an answer"),
    ] {
        let expected = if head.starts_with("HTTP/1.1 404") {
            expected.to_owned()
        } else {
            format!("{WRONG}{expected}")
        };
        check(vec![say(head), HangUp], asked, &expected).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_whole_never_ends_cleanly() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    const BROKE: &str = "✂ the provider's answer broke off";
    const LONG: &str = "✂ the provider sent more bytes than it should";
    const SHORT: &str = "✂ the provider sent fewer bytes than it should";
    for (rest, asked, expected) in [
        (
            "Content-Length: 9\r\n\r\nhallo",
            whole(),
            format!("Whole 9 \"hallo\" {BROKE}"),
        ),
        // The piece that would complete the answer is kept back: the requester sees it broken.
        (
            "Content-Length: 5\r\n\r\nhallo!",
            whole(),
            format!("Whole 5 \"\" {LONG}"),
        ),
        (
            "Content-Length: 0\r\n\r\n!",
            whole(),
            format!("Whole 0 \"\" {LONG}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n",
            whole(),
            format!("Whole ? \"hallo\" {BROKE}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n9\r\nhallo",
            whole(),
            format!("Whole ? \"hallo\" {BROKE}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhallo",
            whole(),
            format!("Whole ? \"\" {BROKE}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n",
            indexed(5),
            format!("Whole 5 \"\" {BROKE}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n",
            indexed(4),
            format!("Whole 4 \"\" {LONG}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n",
            indexed(6),
            format!("Whole 6 \"hallo\" {SHORT}"),
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n!",
            whole(),
            format!("Whole ? \"hallo\" {LONG}"),
        ),
    ] {
        check(vec![say(format!("{OK}{rest}")), HangUp], asked, &expected).await;
    }
}

#[tokio::test]
async fn a_whole_answer_passes() {
    const PARTIAL: &str = "HTTP/1.1 206 Part\r\nContent-Range: bytes 1-3/5\r\n";
    for (answer, asked, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo".to_owned(), indexed(5), "Whole 5 \"hallo\""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(), indexed(0), "Whole 0 \"\""),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhallo".to_owned(), whole(), "Whole 5 \"hallo\""),
        ("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo".to_owned(), whole(), "Whole 5 \"hallo\""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n3\r\nllo\r\n0\r\nX-Trailer: no\r\n\r\n".to_owned(), whole(), "Whole ? \"hallo\""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n3\r\nllo\r\n0\r\n\r\n".to_owned(), indexed(5), "Whole 5 \"hallo\""),
        (format!("{PARTIAL}Content-Length: 3\r\n\r\nall"), part(ByteRange::FromTo(1, 3)), "Range { first: 1, last: 3, size: 5 } 3 \"all\""),
        (format!("{PARTIAL}Transfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n"), part(ByteRange::FromTo(1, 3)), "Range { first: 1, last: 3, size: 5 } 3 \"all\""),
        // A range was asked for and the provider sends everything, as it may.
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo".to_owned(), part(ByteRange::From(1)), "Whole 5 \"hallo\""),
    ] {
        check(vec![say(&answer)], asked.clone(), expected).await;
        check(vec![say(&answer), HangUp], asked, expected).await;
    }
}

#[tokio::test]
async fn of_the_providers_headers_only_the_listed_ones_exist() {
    let pki = Pki::new();
    for (headers, media_type, etag) in [
        (
            "Content-Type: Application/PDF; charset=x\r\nETag: \"v-1\"\r\nSet-Cookie: a=b\r\nSluis-Grondslag: alles\r\n",
            Some("application/pdf"),
            Some("\"v-1\""),
        ),
        ("Content-Type: geen\r\nETag: v-1\r\n", None, None),
        (
            "Content-Type: application/pdf\r\nContent-Type: text/html\r\nETag: \"a\"\r\nETag: \"b\"\r\n",
            None,
            None,
        ),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 5\r\n\r\nhallo");
        let (port, _) = provider(pki.server("localhost"), vec![say(answer)]).await;
        let answer = providers(port, pki.client()).ask(&whole()).await.unwrap();
        assert_eq!(
            answer
                .media_type
                .as_ref()
                .map(crate::domain::MediaType::as_str),
            media_type
        );
        assert_eq!(answer.etag.as_ref().map(EntityTag::as_str), etag);
    }
}
