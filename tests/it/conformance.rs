//! What the developer of a client is told: every wrong set-up by its own words, and a right one that it is.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::{DnType, DnValue, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use serde_json::{Value, json};

use crate::odd;
use crate::party::{AUDIENCE, Party, Token, pki, strange_pki};
use crate::process::sluis;
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";
const IMG: &str = "00000001812345678000";

/// A certificate with its key, and the lines that say what is wrong with it.
type Row<'a> = (&'a (PathBuf, PathBuf), &'a [(&'static str, &'static str)]);

/// What a run said.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
    complaints: String,
}

impl Told {
    #[track_caller]
    fn says(&self, start: &str, what: &str) {
        let (mark, about) = start.split_once(' ').unwrap();
        let said = self.lines.iter().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(mark) && words.next() == Some(about) && line.contains(what)
        });
        assert!(said, "{start}: {what}\n{self:#?}");
    }

    fn failed(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.starts_with("FAIL"))
            .count()
    }
}

/// The client that is looked at.
struct Client {
    url: String,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

impl Client {
    fn img(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ca: pki().join("ca.pem"),
            cert: pki().join("img.pem"),
            key: pki().join("img.key"),
        }
    }

    fn run(&self, more: &[&str]) -> Told {
        let paths = [&self.ca, &self.cert, &self.key].map(|path| path.display().to_string());
        let [ca, cert, key] = &paths;
        let args = [
            "conformance",
            "--url",
            &self.url,
            "--ca",
            ca,
            "--cert",
            cert,
            "--key",
            key,
        ];
        let output = sluis(args.iter().chain(more));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Told {
            code: output.status.code(),
            lines: text(output.stdout).lines().map(str::to_owned).collect(),
            complaints: text(output.stderr),
        }
    }
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a long table")]
async fn a_certificate_that_is_not_right_is_told_by_its_rule() {
    let world = World::new(Store::Sqlite).await;
    let url = format!("https://{}", world.gateways[0].exchange);
    let own = world.folder.path();
    let issued = |name: &str, oin: &str, change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = odd::leaf(oin);
        change(&mut params);
        odd::issue(own, name, &params)
    };
    let serial = DnType::CustomDnType(vec![2, 5, 4, 5]);
    let expired = issued("expired", IMG, &|params| {
        params.not_before = odd::days(-30);
        params.not_after = odd::days(-2);
    });
    let later = issued("later", IMG, &|params| params.not_before = odd::days(2));
    let server = issued("server", IMG, &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let signing = issued("signing", IMG, &|params| {
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    });
    let cas = issued("cas", IMG, &|params| {
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    });
    let nobody = issued("nobody", IMG, &|params| {
        params.distinguished_name.remove(serial.clone());
    });
    let spaced = issued("spaced", IMG, &|params| {
        params
            .distinguished_name
            .push(serial.clone(), DnValue::Utf8String(format!(" {IMG}")));
    });
    let good = issued("good", IMG, &|_| {});
    let strange = ("img.pem", "img.key");
    let strange = (strange_pki().join(strange.0), strange_pki().join(strange.1));
    let open = own.join("open.key");
    std::fs::copy(&good.1, &open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (ca, ca_key) = (pki().join("ca.pem"), pki().join("ca.key"));
    let disordered = own.join("disordered.pem");
    let texts = [&good.0, &good.0].map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(&disordered, texts.concat()).unwrap();
    let gateway = (pki().join("gateway.pem"), pki().join("gateway.key"));
    let rows: Vec<Row<'_>> = vec![
        (
            &expired,
            &[
                ("FAIL certificate", "expired on"),
                ("FAIL accepted", "has expired"),
            ],
        ),
        (
            &later,
            &[
                ("FAIL certificate", "is not valid before"),
                ("FAIL accepted", "refuses the certificate"),
            ],
        ),
        (
            &server,
            &[
                (
                    "FAIL certificate",
                    "extended key usage lacks clientAuth; have it issued with",
                ),
                ("FAIL accepted", "refuses the certificate"),
            ],
        ),
        (
            &signing,
            &[("FAIL certificate", "key usage lacks digitalSignature")],
        ),
        (
            &cas,
            &[(
                "FAIL certificate",
                "it is a CA certificate where a leaf is needed",
            )],
        ),
        (
            &nobody,
            &[(
                "FAIL oin",
                "the subject has no serialNumber; have a certificate issued",
            )],
        ),
        (&spaced, &[("FAIL oin", "is not an OIN of 20 digits")]),
        (
            &strange,
            &[
                ("ok certificate", "keeps to every rule"),
                ("FAIL accepted", "refuses the certificate"),
            ],
        ),
        (
            &gateway,
            &[
                ("ok certificate", "keeps to every rule"),
                (
                    "FAIL accepted",
                    "403 organisatie-onbekend; ask the gateway's operator to add your OIN",
                ),
            ],
        ),
    ];
    for (pair, lines) in &rows {
        let client = Client {
            cert: pair.0.clone(),
            key: pair.1.clone(),
            ..Client::img(&url)
        };
        let told = client.run(&[]);
        assert_eq!(told.code, Some(1), "{lines:?}: {told:#?}");
        for (start, what) in *lines {
            told.says(start, what);
        }
        told.says("ok server", "its certificate is trusted");
        assert!(told.complaints.is_empty(), "{told:#?}");
    }
    let others: Vec<(Client, i32, &str, &str)> = vec![
        (
            Client {
                key: pki().join("img.key"),
                cert: good.0.clone(),
                ..Client::img(&url)
            },
            1,
            "FAIL key",
            "is not the PEM private key of the certificate",
        ),
        (
            Client {
                key: open,
                cert: good.0.clone(),
                ..Client::img(&url)
            },
            1,
            "FAIL key",
            "chmod 600 it",
        ),
        (
            Client {
                key: own.join("gone"),
                ..Client::img(&url)
            },
            1,
            "FAIL key",
            "cannot be read",
        ),
        (
            Client {
                cert: own.join("gone"),
                ..Client::img(&url)
            },
            1,
            "FAIL certificate",
            "cannot be read",
        ),
        (
            Client {
                cert: pki().join("img.key"),
                ..Client::img(&url)
            },
            1,
            "FAIL certificate",
            "holds no PEM certificate chain",
        ),
        (
            Client {
                cert: disordered,
                key: good.1.clone(),
                ..Client::img(&url)
            },
            1,
            "FAIL certificate",
            "certificate 1 was not issued by certificate 2",
        ),
        (
            Client {
                cert: ca,
                key: ca_key,
                ..Client::img(&url)
            },
            1,
            "FAIL certificate",
            "where a leaf is needed",
        ),
        (
            Client {
                ca: strange_pki().join("ca.pem"),
                ..Client::img(&url)
            },
            1,
            "FAIL server",
            "its certificate is not accepted: the CA of that name",
        ),
        (
            Client {
                ca: own.join("gone"),
                ..Client::img(&url)
            },
            1,
            "FAIL server",
            "cannot be read",
        ),
        (
            Client::img(&format!("https://{}", world.gateways[0].ops)),
            1,
            "FAIL server",
            "there is no TLS with it",
        ),
        (
            Client::img("https://127.0.0.1:1"),
            69,
            "FAIL address",
            "cannot be reached",
        ),
        (
            Client::img(&format!("{url}/elders")),
            1,
            "FAIL accepted",
            "404 niet-gevonden",
        ),
    ];
    for (client, code, start, what) in &others {
        let told = client.run(&[]);
        assert_eq!(told.code, Some(*code), "{what}: {told:#?}");
        told.says(start, what);
    }
    let other_oin = Client::img(&url).run(&["--oin", "00000001823456789000"]);
    assert_eq!(other_oin.code, Some(1));
    other_oin.says(
        "FAIL oin",
        "the certificate is of 00000001812345678000, and you gave 00000001823456789000",
    );
    eprintln!(
        "conformance: {} wrong certificates and addresses, each told",
        rows.len() + others.len() + 1
    );
    world.close().await;
}

/// A token with this head and these claims, and no signature to speak of.
fn forged(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.{}", part(head), part(claims), BASE64.encode([0; 64]))
}

/// The head and claims of a right one.
fn right() -> (Value, Value) {
    let token = Party::find("img").token(&Token::new("schade-afhandeling"));
    let parts: Vec<Value> = token
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap())
        .collect();
    (parts[0].clone(), parts[1].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a long table")]
async fn a_token_that_is_not_right_is_told_claim_by_claim_and_not_sent() {
    let mut world = World::new(Store::Sqlite).await;
    let own = world.folder.path().to_owned();
    let client = Client::img(&format!("https://{}", world.gateways[0].exchange));
    let (head, claims) = right();
    let thumbprint = claims["cnf"]["x5t#S256"].as_str().unwrap().to_owned();
    let now = claims["iat"].as_i64().unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forged(&head, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        forged(&head, &claims)
    };
    let headed = |name: &str, value: Value| {
        let mut head = head.clone();
        head[name] = value;
        forged(&head, &claims)
    };
    let token = forged(&head, &claims);
    let mut hexadecimal = String::new();
    for byte in BASE64.decode(&thumbprint).unwrap() {
        write!(hexadecimal, "{byte:02x}").unwrap();
    }
    let rows: Vec<(String, &str)> = vec![
        (String::new(), "there is nothing in it"),
        (format!("Bearer {token}"), "give the token alone"),
        (
            format!("Authorization: Bearer {token}"),
            "give the token alone",
        ),
        (format!("\"{token}\""), "it stands between quotes"),
        (token.replacen('.', ".\n", 1), "there is white space in it"),
        ("a".repeat(9000), "it is longer than 8192 characters"),
        ("abc.def".to_owned(), "it has 2 parts"),
        (format!("{token}.e30.e30"), "it has 5 parts"),
        (
            token.replacen('.', "=.", 1),
            "its head is base64 with padding",
        ),
        ("e30.!!.e30".to_owned(), "its payload is not base64url"),
        ("W10.e30.e30".to_owned(), "its head is not a JSON object"),
        (
            format!(
                "{}.e30.e30",
                BASE64.encode(r#"{"alg":"ES256","alg":"ES256"}"#)
            ),
            "its head is not plain JSON",
        ),
        (
            headed("alg", json!("none")),
            "alg is none; sign with one of ES256",
        ),
        (headed("alg", json!("HS256")), "alg is HS256"),
        (headed("jwk", json!({})), "its head has jwk; leave that out"),
        (headed("crit", json!(["b64"])), "its head has crit"),
        (headed("typ", json!("at+jwt")), "typ is not JWT"),
        (headed("kid", json!(5)), "kid is not a text"),
        (without("iss"), "iss is missing"),
        (with("iss", json!(5)), "iss is not a text"),
        (
            with("iss", json!("00000001823456789000")),
            "iss is 00000001823456789000, and the certificate is of 00000001812345678000",
        ),
        (without("aud"), "aud is missing"),
        (
            with("aud", json!([AUDIENCE])),
            "aud is a list; set it to one text",
        ),
        (
            with("aud", json!(format!("{AUDIENCE}/"))),
            "and must be https://sluis.example, to the letter",
        ),
        (without("exp"), "exp is missing"),
        (with("exp", json!(now)), "exp is not after iat and nbf"),
        (with("exp", json!(now + 7200)), "it lives 7200 s"),
        (with("exp", json!((now + 60).to_string())), "exp is a text"),
        (with("exp", json!(1.5)), "exp has a fraction"),
        (with("iat", json!(now * 1000)), "is it in milliseconds"),
        (
            with("nbf", json!(now + 50)),
            "from now by this machine's clock",
        ),
        (without("jti"), "jti is missing"),
        (
            with("jti", json!("")),
            "jti is not a text of 1 to 128 characters",
        ),
        (without("cnf"), "cnf is missing"),
        (with("cnf", json!({})), "cnf has no x5t#S256"),
        (
            with("cnf", json!({"x5t": "AAAA"})),
            "cnf has x5t, which is SHA-1",
        ),
        (
            with("cnf", json!({"x5t#S256": hexadecimal})),
            "cnf.x5t#S256 is hexadecimal",
        ),
        (
            with("cnf", json!({"x5t#S256": format!("{thumbprint}=")})),
            "is not 32 bytes in base64url without padding",
        ),
        (
            with("cnf", json!({"x5t#S256": BASE64.encode([7; 32])})),
            "cnf.x5t#S256 is of another certificate; this one's is",
        ),
        (without("sub"), "sub is missing"),
        (with("sub", json!(" x")), "sub has the wrong form"),
        (without("doel"), "doel is missing"),
        (
            with("zaak", json!("x".repeat(129))),
            "zaak has the wrong form",
        ),
        (with("zaak", json!(17)), "zaak is not a text"),
        (with("team", json!("Team A")), "team has the wrong form"),
        (with("document", json!("17")), "document has the wrong form"),
    ];
    for (token, what) in &rows {
        let file = written(&own, "token", token);
        let told = client.run(&["--token", &file, "--aud", AUDIENCE]);
        assert_eq!(told.code, Some(1), "{what}: {told:#?}");
        told.says("FAIL token", what);
        told.says("skip call", "something is wrong with it");
        assert!(
            !told.lines.join("\n").contains("medewerker-17"),
            "{told:#?}"
        );
    }
    let expired = Party::find("img").token(&Token {
        age_seconds: 90,
        ..Token::beheer()
    });
    let told = client.run(&[
        "--token",
        &written(&own, "token", &expired),
        "--aud",
        AUDIENCE,
    ]);
    told.says("FAIL token", "it expired 3");
    // Against the keys that were handed over.
    let jwks = |party: &str| {
        pki()
            .join(format!("{party}.jwks.json"))
            .display()
            .to_string()
    };
    let good = written(&own, "token", &Party::find("img").token(&Token::beheer()));
    let unsigned = written(&own, "unsigned", &forged(&head, &claims));
    for (token, keys, what) in [
        (&good, jwks("ncg"), "its kid names no key of its issuer"),
        (&unsigned, jwks("img"), "its signature does not fit"),
    ] {
        let told = client.run(&["--token", token, "--aud", AUDIENCE, "--jwks", &keys]);
        assert_eq!(told.code, Some(1), "{told:#?}");
        told.says("FAIL token", what);
    }
    eprintln!(
        "conformance: {} wrong tokens, each told, none sent",
        rows.len() + 3
    );
    // Nothing of all that is in the ledger.
    assert_eq!(world.book().await.of_kind("besluit").count(), 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_not_right_is_told() {
    let world = World::new(Store::Sqlite).await;
    let client = Client::img(&format!("https://{}", world.gateways[0].exchange));
    let host = "Host: sluis.example\n";
    let old = "Fsc-Transaction-Id: 018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60\n";
    let rows: Vec<(String, &str)> = vec![
        (
            format!("GET / HTTP/1.0\n{host}"),
            "does not end in HTTP/1.1 or HTTP/2",
        ),
        (
            "GET / HTTP/1.1\nAccept: */*\n".to_owned(),
            "Host is there 0 times",
        ),
        (
            format!("{host}{host}"),
            "Host is there 2 times; send it exactly once",
        ),
        (
            format!("{host}zomaar\n"),
            "a line is not of the form Name: value",
        ),
        (
            format!("{host}Fsc-Transaction-Id: 17\n"),
            "is not a UUID of 36 characters",
        ),
        (
            format!("{host}Fsc-Transaction-Id: 9b2f0c1e-6d3a-4f5b-8c7d-0e1f2a3b4c5d\n"),
            "is a UUID of version 4; make a UUID of version 7",
        ),
        (format!("{host}{old}"), "make a new one for each request"),
        (
            format!("{host}{old}{old}"),
            "Fsc-Transaction-Id is there more than once",
        ),
        (
            format!("{host}Authorization: Basic YTpi\n"),
            "does not have the form Bearer TOKEN",
        ),
        (
            format!("{host}Authorization: Token x\n"),
            "does not have the form Bearer TOKEN",
        ),
        (
            format!("{host}Authorization: Bearer a\nAuthorization: Bearer b\n"),
            "Authorization is there more than once",
        ),
        (
            format!("{host}Content-Length: 3\nTransfer-Encoding: chunked\n"),
            "both Content-Length and Transfer-Encoding",
        ),
        (
            format!("{host}Content-Length: 3\nContent-Length: 4\n"),
            "Content-Length is there more than once",
        ),
        (
            format!("{host}{}", "X: y\n".repeat(70)),
            "send at most 64 lines",
        ),
    ];
    for (head, what) in &rows {
        let file = written(world.folder.path(), "head", head);
        let told = client.run(&["--headers", &file]);
        assert_eq!(told.code, Some(1), "{what}: {told:#?}");
        told.says("FAIL headers", what);
    }
    eprintln!("conformance: {} wrong heads, each told", rows.len());
    // As curl prints it, with the token in it.
    let id = sluis::domain::TransactionId::new(
        sluis::clock::Clock::now(&sluis::clock::SystemClock),
        &sluis::clock::SystemRandomness::default(),
    );
    let token = Party::find("img").token(&Token::beheer());
    let head = format!(
        "> GET /v1/overeenkomsten HTTP/1.1\n> Host: sluis.example\n> Fsc-Transaction-Id: {}\n> Authorization: Bearer {token}\n>\n",
        id.unwrap()
    );
    let told = client.run(&[
        "--headers",
        &written(world.folder.path(), "head", &head),
        "--aud",
        AUDIENCE,
    ]);
    assert_eq!((told.code, told.failed()), (Some(0), 0), "{told:#?}");
    told.says("ok headers", "Fsc-Transaction-Id is a UUIDv7 of about now");
    told.says("ok headers", "was taken over, and came back");
    told.says("ok call", "200: the token is accepted");
    world.close().await;
}

on_each_store! {
    async fn a_client_that_is_right_is_told_so(store) {
        let mut world = World::new(store).await;
        world.owners(ADDRESS, &["eig-1"]).await;
        let document = world.document("ncg", "opnamerapport", ADDRESS, 100).await;
        let url = format!("https://{}/v1/", world.gateways[0].exchange);
        let (own, client) = (world.folder.path().to_owned(), Client::img(&url));
        let jwks = pki().join("img.jwks.json").display().to_string();
        let key = pki().join("img-token.key").display().to_string();
        let before = world.book().await.lines.len();

        // Without a token nothing is recorded, nor with one for the registry.
        let told = client.run(&["--oin", IMG]);
        assert_eq!((told.code, told.failed()), (Some(0), 0), "{told:#?}");
        told.says("ok accepted", "that call is not recorded");
        told.says("skip call", "no call with a token");
        let told = client.run(&["--token-key", &key, "--aud", AUDIENCE, "--jwks", &jwks]);
        assert_eq!((told.code, told.failed()), (Some(0), 0), "{told:#?}");
        told.says("ok token", "signed by a key of");
        told.says("note call", "which changes nothing");
        assert_eq!(world.book().await.lines.len(), before, "the ledger grew");

        // One for a purpose is a test, and it is said so before.
        let purpose = ["--token-key", &key, "--aud", AUDIENCE, "--doel", "schade-afhandeling", "--sub", "canary-sub", "--zaak", "canary-zaak"];
        for (more, what, code) in [
            (&["--document", &document][..], "200: the token is accepted, and the document would be given", 0),
            (&[], "nobody has that document, as expected", 0),
            (&["--team", "onbekend"], "", 1),
        ] {
            let args: Vec<&str> = purpose.iter().chain(more).copied().collect();
            let told = client.run(&args);
            assert_eq!(told.code, Some(code), "{told:#?}");
            let place = |start: &str| told.lines.iter().position(|line| line.starts_with(start));
            let (note, call) = (place("note  call"), place(if code == 0 { "ok    call" } else { "FAIL  call" }));
            assert!(note.is_some() && note < call, "{told:#?}");
            if code == 0 {
                told.says("ok call", what);
            } else {
                told.says("FAIL call", "401 token-ongeldig; which check failed is told to nobody but");
            }
            assert!(!told.lines.join("\n").contains("canary"), "{told:#?}");
        }
        // A token of one's own, and the same once more.
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        let file = written(&own, "token", &format!("{token}\n"));
        let own_token = ["--token", &file, "--aud", AUDIENCE, "--document", &document];
        let told = client.run(&own_token);
        assert_eq!(told.code, Some(0), "{told:#?}");
        let told = client.run(&own_token);
        assert_eq!(told.code, Some(1), "{told:#?}");
        told.says("FAIL call", "401 token-hergebruikt; make a new token, with a new jti");
        let told = client.run(&["--token-key", &key, "--aud", AUDIENCE, "--doel", "zomaar"]);
        told.says("FAIL call", "403 doel-onbekend");
        let wrong_audience = client.run(&["--token-key", &key]);
        assert_eq!(wrong_audience.code, Some(1), "{wrong_audience:#?}");
        wrong_audience.says("FAIL call", "what its audience is");

        let book = world.close().await;
        let tests = book.of_kind("besluit").filter(|(_, entry)| entry["uitkomst"] == "toets");
        // That with a document, and the one with a token of one's own.
        assert_eq!(tests.count(), 2);
    }
}
