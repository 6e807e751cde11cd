//! What is proper HTTP, byte by byte (SECURITY 15).
#![expect(clippy::too_many_lines, reason = "a long table")]

use super::*;

/// Each of these gets 400 and its connection ends; in the second list it goes on.
#[tokio::test]
async fn what_is_not_proper_http_is_refused_and_closed() {
    let exchange = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let plain = Gateway::start(Kind::Plain, TlsProfile::NcscGoed).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let with_te = format!(
        "POST / HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{smuggled}"
    );
    let cl_first = format!(
        "POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
    );
    for (name, request) in [
        ("no Host", "GET / HTTP/1.1\r\n\r\n"),
        (
            "two Hosts",
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        ),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        (
            "Host with a path",
            "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
        ),
        (
            "Host with a user",
            "GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n",
        ),
        (
            "Host is not the target's",
            "GET http://other/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        (
            "only the target names a host",
            "GET http://localhost/ HTTP/1.1\r\n\r\n",
        ),
        (
            "HTTP/1.0",
            "GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
        ),
        ("HTTP/0.9", "GET /\r\n\r\n"),
        (
            "body on GET",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi",
        ),
        (
            "chunked body on GET",
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ),
        ("TE, then CL", &with_te),
        ("CL, then TE", &cl_first),
        (
            "two lengths",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        ),
        (
            "one length twice",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        ),
        (
            "length with a sign",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\nhi",
        ),
        (
            "two encodings",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ),
        (
            "one encoding twice",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "another encoding before",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "Host with a port of letters",
            "GET / HTTP/1.1\r\nHost: localhost:port\r\n\r\n",
        ),
        (
            "bare LF after a header",
            "GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
        ),
        (
            "bare LF after the first line",
            "GET / HTTP/1.1\nHost: localhost\r\n\r\n",
        ),
        ("bare LF everywhere", "GET / HTTP/1.1\nHost: localhost\n\n"),
        (
            "bare LF at the end",
            "GET / HTTP/1.1\r\nHost: localhost\r\n\n",
        ),
        (
            "a folded line",
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
        ),
        (
            "space before the colon",
            "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        ),
        (
            "CONNECT",
            "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
        ),
    ] {
        // A request that follows on the same connection must never be answered.
        let text = format!("{request}{smuggled}");
        let mut over_tls = exchange
            .connect(exchange.usual("img", "http/1.1"))
            .await
            .unwrap();
        let mut over_tcp = TcpStream::connect(plain.address).await.unwrap();
        for (answer, closed) in [
            raw(&mut over_tls, &text).await,
            raw(&mut over_tcp, &text).await,
        ] {
            assert!(
                answer.starts_with("HTTP/1.1 400")
                    || name.starts_with("HTTP/") && answer.contains(" 400 "),
                "{name}: {answer}"
            );
            assert_eq!(answer.matches("\r\ndate: ").count(), 1, "{name}: {answer}");
            assert!(closed, "{name}: still open");
        }
    }
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(bounds::HEADER_BYTES)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: y\r\n".repeat(bounds::HEADER_LINES)
    );
    for (name, request) in [("too long", long), ("too many lines", many)] {
        let mut stream = exchange
            .connect(exchange.usual("img", "http/1.1"))
            .await
            .unwrap();
        let (answer, closed) = raw(&mut stream, &request).await;
        assert!(
            answer.starts_with("HTTP/1.1 431") && closed,
            "{name}: {answer}"
        );
    }
}

#[tokio::test]
async fn proper_requests_follow_one_another_on_a_connection() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let post = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n...";
    let mut stream = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    let pipelined = format!(
        "\r\n{ASK}{post}{ASK}{post}GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    let (answer, closed) = raw(&mut stream, &pipelined).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 5, "{answer}");
    assert!(
        !closed && answer.matches("\r\n\r\n30").count() == 2,
        "{answer}"
    );
    // Byte by byte the same.
    for byte in ASK.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    let (answer, closed) = raw(&mut stream, post).await;
    assert!(
        answer.matches("HTTP/1.1 200").count() == 2 && !closed,
        "{answer}"
    );
    // Chunks are proper; what follows them is not followed, so the connection ends.
    let chunked = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let (answer, closed) = raw(&mut stream, chunked).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with('2') && closed,
        "{answer}"
    );
}

#[tokio::test]
async fn over_http2_too_a_body_on_get_is_refused_and_the_connection_ends() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let stream = gateway.connect(gateway.usual("img", "h2")).await.unwrap();
    let (mut send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = |host: Option<&str>, body: &'static str| {
        let builder = host
            .into_iter()
            .fold(http::Request::get("https://localhost/"), |b, host| {
                b.header("host", host)
            });
        builder
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .unwrap()
    };
    let good = send.send_request(request(None, "")).await.unwrap();
    assert_eq!(
        good.into_body().collect().await.unwrap().to_bytes(),
        "peer img"
    );
    assert_eq!(
        send.send_request(request(Some("localhost"), ""))
            .await
            .unwrap()
            .status(),
        200
    );
    let bad = send.send_request(request(None, "body")).await.unwrap();
    assert_eq!(bad.status(), 400);
    drop(bad);
    assert!(timeout(Duration::from_secs(2), connection).await.is_ok());
    let stream = gateway.connect(gateway.usual("img", "h2")).await.unwrap();
    let (mut send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    assert_eq!(
        send.send_request(request(Some("other"), ""))
            .await
            .unwrap()
            .status(),
        400
    );
}
