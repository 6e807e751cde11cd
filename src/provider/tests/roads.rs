//! Connections: time limits, who is refused, what is sent, and when one is used again.

use super::*;

#[tokio::test]
async fn every_wait_has_an_end() {
    const LATE: &str = "the providing organisation did not begin its answer in time";
    let long = Wait(Duration::from_secs(20));
    let head = say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal");
    check(vec![long.clone()], whole(), LATE).await;
    check(
        vec![say("HTTP/1.1 200 OK\r\n"), long.clone()],
        whole(),
        LATE,
    )
    .await;
    check(
        vec![head.clone(), long],
        whole(),
        "Whole 9 \"hal\" ✂ the provider fell silent in the middle of its answer",
    )
    .await;
    // Slow but never silent: the whole takes longer than any one limit.
    let pause = Wait(Duration::from_millis(200));
    check(
        vec![
            head,
            pause.clone(),
            say("lo,"),
            pause.clone(),
            say("daa"),
            pause,
        ],
        whole(),
        "Whole 9 \"hallo,daa\"",
    )
    .await;
}

#[tokio::test]
async fn a_requester_who_reads_slowly_is_not_the_providers_silence() {
    let pki = Pki::new();
    let body = "x".repeat(3_000_000);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (port, _) = provider(pki.server("localhost"), vec![say(answer)]).await;
    let mut answer = providers(port, pki.client()).ask(&whole()).await.unwrap();
    let first = answer
        .body
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap();
    assert!(
        first.len() <= bounds::PROVIDER_BUFFER_BYTES,
        "{} bytes read ahead",
        first.len()
    );
    tokio::time::sleep(limits().between_bytes * 2).await;
    let rest = answer.body.collect().await.unwrap().to_bytes();
    assert_eq!(first.len() + rest.len(), 3_000_000);
}

#[tokio::test]
async fn who_cannot_be_reached_or_trusted_is_not_asked() {
    let (pki, other) = (Pki::new(), Pki::new());
    let ok = vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo")];

    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let down = outcome(&providers(nobody, pki.client()), whole()).await;
    assert_eq!(
        down,
        "the providing organisation cannot be reached: the connection could not be made"
    );

    // It takes the connection and never shakes hands.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let late = outcome(&providers(port, pki.client()), whole()).await;
    assert_eq!(
        late,
        "the providing organisation did not accept the connection in time"
    );

    let gateway = || pki.leaf(ExtendedKeyUsagePurpose::ClientAuth, "gateway");
    let stranger = other.leaf(ExtendedKeyUsagePurpose::ClientAuth, "gateway");
    let refused = "the TLS handshake was refused";
    for (server, client, what) in [
        // Issued by an issuer we do not trust; for another host; of another organisation.
        (other.server("localhost"), pki.client(), refused),
        (pki.server("elsewhere.example"), pki.client(), refused),
        (
            pki.server("localhost"),
            pki.client_as(gateway(), |plain| Arc::new(OtherOin(plain))),
            refused,
        ),
        // The gateway's own certificate is not from whom the provider trusts. In TLS 1.3 that is
        // heard of after our handshake, and the alert can be lost to a reset connection.
        (
            pki.server("localhost"),
            pki.client_as(stranger, |plain| plain),
            "",
        ),
    ] {
        let (port, seen) = provider(server, ok.clone()).await;
        let found = outcome(&providers(port, client), whole()).await;
        assert!(found.starts_with(&format!("{WRONG}{what}")), "{found}");
        assert_eq!(*seen.requests.lock().unwrap(), Vec::<String>::new());
    }

    let (port, seen) = provider(pki.server("localhost"), ok).await;
    let asked = Outbound {
        provider: Oin::parse(REQUESTER).unwrap(),
        ..whole()
    };
    let unknown = outcome(&providers(port, pki.client()), asked).await;
    assert_eq!(
        unknown,
        "the providing organisation cannot be reached: no provider is configured for this organisation"
    );
    assert_eq!(seen.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_provider_receives_exactly_what_the_contract_names() {
    let pki = Pki::new();
    let ok = vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo")];
    let (port, seen) = provider(pki.server("localhost"), ok).await;
    let providers = providers(port, pki.client());
    outcome(&providers, part(ByteRange::Last(5))).await;
    outcome(
        &providers,
        Outbound {
            trace_parent: None,
            ..whole()
        },
    )
    .await;
    let common = format!(
        "host: localhost:{port}\r\naccept-encoding: identity\r\nfsc-transaction-id: {TRANSACTION}\r\n"
    );
    let told = format!(
        "sluis-doel: schade-afhandeling\r\nsluis-grondslag: TwG 3(4)\r\n\
         sluis-aanvrager: {REQUESTER}\r\nsluis-logboek-index: 42\r\n"
    );
    let line = format!("GET /archief/documenten/{DOCUMENT} HTTP/1.1\r\n");
    assert_eq!(
        *seen.requests.lock().unwrap(),
        [
            format!("{line}{common}traceparent: {TRACE}\r\n{told}range: bytes=-5\r\n\r\n"),
            format!("{line}{common}{told}\r\n"),
        ]
    );
}

#[tokio::test]
async fn connections_are_used_again_only_while_they_are_good() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo";
    let five = "Whole 5 \"hallo\"";
    let passed_on = Arc::new(Notify::new());
    for (name, script, connections) in [
        ("kept", vec![say(OK)], 1),
        (
            "chunked and kept",
            vec![say(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n",
            )],
            1,
        ),
        ("closed by the provider", vec![say(OK), HangUp], 3),
        (
            "to be closed",
            vec![say(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhallo",
            )],
            3,
        ),
        // Said late, when the answer was already passed on: the next request must not take it for
        // its own answer.
        (
            "unasked bytes",
            vec![
                say(OK),
                Until(Arc::clone(&passed_on)),
                say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!"),
            ],
            3,
        ),
    ] {
        let pki = Pki::new();
        let (port, seen) = provider(pki.server("localhost"), script).await;
        let providers = providers(port, pki.client());
        for _ in 0..3 {
            let found = outcome(&providers, whole()).await;
            assert_eq!(found.replace('?', "5"), five, "{name}");
            passed_on.notify_waiters();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        assert_eq!(
            seen.connections.load(Ordering::SeqCst),
            connections,
            "{name}"
        );
        assert_eq!(seen.requests.lock().unwrap().len(), 3, "{name}");
    }
}

#[tokio::test]
async fn a_stale_connection_is_replaced_once_and_a_begun_answer_never() {
    // The provider answers one request on each connection and is gone at the next.
    let pki = Pki::new();
    let tls = pki.server("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&tls));
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut stream = acceptor.accept(tcp).await.unwrap();
                let answers: [&[u8]; 2] =
                    [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo", b""];
                for answer in answers {
                    read_head(&mut stream).await;
                    counter.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(answer).await.unwrap();
                    stream.flush().await.unwrap();
                }
            });
        }
    });
    let providers = providers(port, pki.client());
    for _ in 0..2 {
        assert_eq!(outcome(&providers, whole()).await, "Whole 5 \"hallo\"");
    }
    assert_eq!(
        asked.load(Ordering::SeqCst),
        3,
        "the second was asked twice"
    );

    let broken = vec![
        say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhallo"),
        HangUp,
    ];
    let (port, seen) = provider(pki.server("localhost"), broken).await;
    let providers = self::providers(port, pki.client());
    for asked in 1..=2 {
        outcome(&providers, whole()).await;
        assert_eq!(seen.requests.lock().unwrap().len(), asked);
    }
}

#[tokio::test]
async fn after_a_reload_connections_made_before_it_are_not_used() {
    let pki = Pki::new();
    let ok = vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo")];
    let (port, seen) = provider(pki.server("localhost"), ok).await;
    let current = Arc::new(Mutex::new(Some(pki.client())));
    let shared = Arc::clone(&current);
    let providers = Providers::new(vec![ProviderSettings {
        oin: Oin::parse(PROVIDER).unwrap(),
        base_url: BaseUrl::parse(&format!("https://127.0.0.1:{port}")).unwrap(),
        tls: Arc::new(move || shared.lock().unwrap().clone()),
        limits: limits(),
    }]);
    // The server's certificate is for `localhost` only, so by address it is refused.
    assert_eq!(
        outcome(&providers, whole()).await,
        format!("{WRONG}the TLS handshake was refused")
    );
    let providers = Providers::new(vec![ProviderSettings {
        oin: Oin::parse(PROVIDER).unwrap(),
        base_url: BaseUrl::parse(&format!("https://localhost:{port}")).unwrap(),
        tls: {
            let current = Arc::clone(&current);
            Arc::new(move || current.lock().unwrap().clone())
        },
        limits: limits(),
    }]);
    let before = seen.connections.load(Ordering::SeqCst);
    for _ in 0..2 {
        outcome(&providers, whole()).await;
    }
    assert_eq!(seen.connections.load(Ordering::SeqCst), before + 1);
    *current.lock().unwrap() = Some(pki.client());
    outcome(&providers, whole()).await;
    assert_eq!(seen.connections.load(Ordering::SeqCst), before + 2);
    *current.lock().unwrap() = None;
    assert_eq!(
        outcome(&providers, whole()).await,
        "the providing organisation cannot be reached: no usable client certificate or trust anchors for this provider"
    );
}

#[test]
fn a_base_url_is_https_and_nothing_else() {
    for wrong in [
        "",
        "/documenten",
        "localhost:9001",
        "http://localhost:9001/",
        "ftp://localhost/",
        "https://",
        "https://user@localhost/",
        "https://localhost/?a=b",
        "https://localhost/#a",
        "https://localhost:0/",
        "https://localhost:99999/",
        "https://localhost:/",
        "https://-/",
    ] {
        assert_eq!(BaseUrl::parse(wrong), Err(NotABaseUrl), "{wrong:?}");
    }
    for (good, host, port, path) in [
        ("https://localhost", "localhost", 443, ""),
        ("https://127.0.0.1:9001/", "127.0.0.1", 9001, ""),
        ("https://[::1]:9001/a/b//", "::1", 9001, "/a/b"),
    ] {
        let url = BaseUrl::parse(good).unwrap();
        assert_eq!(
            (url.address.host(), url.address.port(), url.path.as_str()),
            (host, port, path)
        );
    }
}
