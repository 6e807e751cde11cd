//! Towards a provider, with real TLS: who may answer in its name.

use rcgen::SanType;
use rustls::pki_types::ServerName;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

type Chain = Vec<CertificateDer<'static>>;

/// Connects to a server that shows this chain; gives the client's error.
async fn call(
    world: &World,
    identity: &Identity,
    chain: Chain,
    key: PrivateKeyDer<'static>,
    host: &str,
) -> Result<(), String> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(world.chain("img").last().unwrap().clone())
        .unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let time = Arc::new(WorldTime(world.clock.clone()));
    let clients =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), ring.clone());
    let mut server = rustls::ServerConfig::builder_with_details(ring, time)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    // A provider that would rather speak HTTP/2.
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let ncg = world.pki.party("ncg").unwrap().oin;
    let client = TlsConnector::from(identity.provider_tls(ncg).unwrap());
    let (near, far) = tokio::io::duplex(64 * 1024);
    let host = ServerName::try_from(host.to_owned()).unwrap();
    let (client, server) = tokio::join!(
        client.connect(host, near),
        TlsAcceptor::from(Arc::new(server)).accept(far)
    );
    client.map_err(|error| error.to_string())?;
    // It showed the gateway's own certificate, and chose the one protocol the road speaks.
    let server = server.unwrap();
    let connection = server.get_ref().1;
    let shown = connection.peer_certificates().unwrap()[0].clone();
    assert_eq!(shown, world.chain("gateway")[0]);
    assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(())
}

#[tokio::test]
async fn only_the_provider_itself_may_answer() {
    let world = World::new();
    let identity = world.identity();
    let other = Ca::root(ca_params("Sluis Development CA"));
    let foreign = KeyPair::generate().unwrap();
    let foreign_key = || PrivateKeyDer::try_from(foreign.serialize_der()).unwrap();
    let mut params = leaf_params();
    params
        .distinguished_name
        .remove(DnType::CustomDnType(vec![2, 5, 4, 5]));
    serial_number(&mut params, "00000001823456789000");
    params
        .subject_alt_names
        .push(SanType::DnsName("ncg.example".try_into().unwrap()));
    let forged = params
        .signed_by(&foreign, &other.issuer)
        .unwrap()
        .der()
        .clone();
    for (name, chain, key, host, expected) in [
        (
            "another organisation's certificate",
            world.chain("img"),
            world.key("img"),
            "localhost",
            Some("OtherOrganisation"),
        ),
        (
            "the gateway's own",
            world.chain("gateway"),
            world.key("gateway"),
            "localhost",
            Some("OtherOrganisation"),
        ),
        (
            "another host",
            world.chain("ncg"),
            world.key("ncg"),
            "ncg.example",
            Some("NotValidForName"),
        ),
        (
            "another CA",
            vec![forged],
            foreign_key(),
            "localhost",
            Some("invalid peer certificate"),
        ),
        (
            "itself",
            world.chain("ncg"),
            world.key("ncg"),
            "localhost",
            None,
        ),
        (
            "itself by address",
            world.chain("ncg"),
            world.key("ncg"),
            "127.0.0.1",
            None,
        ),
    ] {
        match (call(&world, &identity, chain, key, host).await, expected) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) => {
                assert!(error.contains(expected), "{name}: {error}");
            }
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
    let before = identity
        .provider_tls(world.pki.party("ncg").unwrap().oin)
        .unwrap();
    world
        .pki
        .revoke(&world.pki.party("ncg").unwrap().certificate, &*world.clock)
        .unwrap();
    identity.reload();
    let after = identity
        .provider_tls(world.pki.party("ncg").unwrap().oin)
        .unwrap();
    assert!(
        !Arc::ptr_eq(&before, &after),
        "pooled connections must notice"
    );
    let outcome = call(
        &world,
        &identity,
        world.chain("ncg"),
        world.key("ncg"),
        "localhost",
    )
    .await;
    assert!(outcome.is_err_and(|error| error.contains("Revoked") || error.contains("revoked")));
    assert!(
        identity
            .provider_tls(world.pki.party("gemeente").unwrap().oin)
            .is_none()
    );
}

#[tokio::test]
async fn a_leaf_for_clients_only_cannot_answer() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let ca = world.file("other.pem", &other.pem);
    let crl = world.file("other.crl.pem", other.crl(-1, 1, &[]));
    world.settings.tls.crls.push(crl);
    world.settings.organisations[1].provider_trust_anchors = Some(vec![ca]);
    let identity = world.identity();
    let key = KeyPair::generate().unwrap();
    let mut params = leaf_params();
    params
        .distinguished_name
        .remove(DnType::CustomDnType(vec![2, 5, 4, 5]));
    serial_number(&mut params, "00000001823456789000");
    for (name, usages, good) in [
        (
            "client only",
            vec![ExtendedKeyUsagePurpose::ClientAuth],
            false,
        ),
        ("no usage", vec![], false),
        (
            "server only",
            vec![ExtendedKeyUsagePurpose::ServerAuth],
            true,
        ),
    ] {
        params.extended_key_usages = usages;
        let chain = vec![params.signed_by(&key, &other.issuer).unwrap().der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let outcome = call(&world, &identity, chain, key, "localhost").await;
        assert_eq!(outcome.is_ok(), good, "{name}: {outcome:?}");
    }
    // Its own CA counts for this provider, and not the one that lets clients in.
    let outcome = call(
        &world,
        &identity,
        world.chain("ncg"),
        world.key("ncg"),
        "localhost",
    )
    .await;
    assert!(outcome.is_err());
    assert!(identity.peer(&[issue(&other, &leaf_params())]).is_err());
}
