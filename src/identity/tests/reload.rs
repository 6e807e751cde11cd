//! What changes on disk while connections are open, and what is wrong at the start.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn told(identity: &Identity) -> Vec<String> {
    let alarms = identity.alarms();
    alarms.into_iter().map(|alarm| alarm.told).collect()
}

/// The municipality's certificate is good, its organisation not configured.
#[test]
fn a_stranger_with_a_good_certificate_is_known_as_one() {
    let world = World::new();
    let identity = world.identity();
    let peer = identity.peer(&world.chain("gemeente")).unwrap();
    assert_eq!(peer.oin(), Ok(world.pki.party("gemeente").unwrap().oin));
    assert_eq!(
        identity.recheck(&peer),
        Err(PeerRefused::OrganisationUnknown)
    );
}

#[test]
fn a_revocation_reaches_an_open_connection() {
    let world = World::new();
    let identity = world.identity();
    let img = identity.peer(&world.chain("img")).unwrap();
    let ncg = identity.peer(&world.chain("ncg")).unwrap();
    let revoked = Err(PeerRefused::Certificate(CertificateRefused::Revoked));
    assert_eq!(identity.recheck(&img).unwrap().name, "img");
    let certificate = &world.pki.party("img").unwrap().certificate;
    world.pki.revoke(certificate, &*world.clock).unwrap();
    assert!(identity.recheck(&img).is_ok(), "nothing was read yet");
    let before = identity.exchange_tls();
    assert!(identity.reload().changed);
    assert!(!Arc::ptr_eq(&before, &identity.exchange_tls()));
    assert_eq!(identity.recheck(&img), revoked);
    assert_eq!(identity.recheck(&img), revoked, "and it stays so");
    assert_eq!(identity.recheck(&ncg).unwrap().name, "ncg");
    assert!(identity.peer(&world.chain("img")).is_err());
    assert!(!identity.reload().changed, "nothing changed since");
}

#[test]
fn what_ends_is_told_with_its_date_and_anew_after_a_reload() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let ca = world.file("other.pem", &other.pem);
    world.settings.tls.trust_anchors.push(ca);
    // Of several lists of one issuer the first that ends.
    for (name, until) in [("a.crl.pem", 20), ("b.crl.pem", 10), ("c.crl.pem", 15)] {
        let crl = world.file(name, other.crl(-1, until, &[]));
        world.settings.tls.crls.push(crl);
    }
    let identity = world.identity();
    let days = |what: Ends| -> Vec<i64> {
        let endings = identity.endings();
        let of = endings.iter().filter(|ending| ending.what == what);
        let mut days: Vec<i64> = of
            .map(|ending| ending.at.ms_since(now()) / 86_400_000)
            .collect();
        days.sort_unstable();
        days
    };
    assert_eq!(days(Ends::Own), [397]);
    assert_eq!(days(Ends::Anchor).len(), 2);
    assert_eq!(days(Ends::Crl), [10, 30]);
    world.pki.renew_crl(&*world.clock, 60).unwrap();
    assert_eq!(days(Ends::Crl), [10, 30], "nothing was read yet");
    assert!(identity.reload().changed);
    assert_eq!(days(Ends::Crl), [10, 60]);
}

#[test]
fn a_bad_crl_displaces_neither_the_last_good_one_nor_another() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let ca = world.file("other.pem", &other.pem);
    let crl = world.file("other.crl.pem", other.crl(-1, 10, &[]));
    world.settings.tls.trust_anchors.push(ca);
    world.settings.tls.crls.push(crl.clone());
    let identity = world.identity();
    let theirs = identity.peer(&[issue(&other, &leaf_params())]).unwrap();
    let ours = identity.peer(&world.chain("ncg")).unwrap();
    let stolen = Ca::root(ca_params("Other")).crl(-1, 10, &[]);
    for (name, content, fault) in [
        ("empty", String::new(), "there is no CRL in it"),
        (
            "half written",
            other.crl(-1, 10, &[]).chars().take(150).collect(),
            "it is not whole PEM",
        ),
        (
            "not a CRL inside",
            "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n".to_owned(),
            "a CRL in it cannot be read: ",
        ),
        ("a certificate", other.pem.clone(), "there is no CRL in it"),
        (
            "signed by another of that name",
            stolen,
            "the CRL of CN=Other is not signed by it",
        ),
        (
            "from the future",
            other.crl(1, 10, &[]),
            "the CRL of CN=Other is from the future",
        ),
        (
            "older",
            other.crl(-2, 10, &[]),
            "the CRL of CN=Other is older than the one in use",
        ),
    ] {
        world.replace(&crl, &content);
        let report = identity.reload();
        let expected = format!(
            "{}: cannot be used as CRLs (tls.crls): {fault}",
            crl.display()
        );
        assert!(
            report.faults.len() == 1 && report.faults[0].starts_with(&expected),
            "{name}: {report:?}"
        );
        assert!(told(&identity)[0].starts_with(&expected), "{name}");
        assert!(identity.recheck(&theirs).is_ok(), "{name}");
        assert!(identity.recheck(&ours).is_ok(), "{name}");
        let again = identity.reload();
        assert!(
            !again.changed && again.faults.is_empty(),
            "{name}: said once: {again:?}"
        );
    }
    // While that file is bad, another issuer's list still comes in.
    world
        .pki
        .revoke(&world.pki.party("ncg").unwrap().certificate, &*world.clock)
        .unwrap();
    assert!(identity.reload().changed);
    assert!(identity.recheck(&ours).is_err());
    assert!(identity.recheck(&theirs).is_ok());
    // And the file itself, once it is good again.
    world.replace(&crl, other.crl(0, 10, &[77]));
    assert!(identity.reload().changed);
    assert_eq!(
        identity.recheck(&theirs),
        Err(PeerRefused::Certificate(CertificateRefused::Revoked))
    );
    assert_eq!(identity.alarms(), []);
}

#[test]
fn of_two_crls_of_one_issuer_in_a_file_the_newer_counts() {
    let other = Ca::root(ca_params("Other"));
    let (newer, older) = (other.crl(-1, 10, &[77]), other.crl(-2, 10, &[]));
    for content in [
        format!("{newer}{older}"),
        format!("{older}{newer}"),
        format!("{older}{newer}{older}"),
    ] {
        let mut world = World::new();
        let ca = world.file("other.pem", &other.pem);
        let crl = world.file("other.crl.pem", content.clone());
        world.settings.tls.trust_anchors.push(ca);
        world.settings.tls.crls.push(crl.clone());
        let identity = world.identity();
        let peer = identity.peer(&[issue(&other, &leaf_params())]);
        assert_eq!(peer.err(), Some(CertificateRefused::Revoked), "{content}");
        // The same once more: the older one in it is no reason to complain.
        world.replace(&crl, format!("{content}\n"));
        let report = identity.reload();
        assert!(report.faults.is_empty(), "{report:?}");
        assert_eq!(identity.alarms(), []);
    }
}

#[test]
fn a_crl_of_tomorrow_comes_into_use_tomorrow() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let ca = world.file("other.pem", &other.pem);
    let crl = world.file("other.crl.pem", other.crl(-1, 10, &[]));
    world.settings.tls.trust_anchors.push(ca);
    world.settings.tls.crls.push(crl.clone());
    let identity = world.identity();
    let peer = identity.peer(&[issue(&other, &leaf_params())]).unwrap();
    world.replace(&crl, other.crl(1, 10, &[77]));
    identity.reload();
    assert!(identity.recheck(&peer).is_ok());
    world.clock.advance_ms(24 * 3_600_000);
    assert!(identity.reload().changed, "time alone made it good");
    assert!(identity.recheck(&peer).is_err());
}

/// One file each, turned bad: what it held stays, the alarm says so, and the good one comes in.
#[test]
fn every_other_file_keeps_its_last_good_too() {
    let world = World::new();
    let identity = world.identity();
    let peer = identity.peer(&world.chain("img")).unwrap();
    let gateway = world.pki.party("gateway").unwrap();
    let img = world.pki.party("img").unwrap();
    for (name, path, fault) in [
        ("anchors", &world.pki.ca, "cannot be used as trust anchors"),
        (
            "certificate",
            &gateway.certificate,
            "holds no PEM certificate chain",
        ),
        (
            "key",
            &gateway.key,
            "is not the PEM private key of the certificate",
        ),
        ("jwks", &img.jwks, "cannot be used as JWKS"),
    ] {
        let good = fs::read(path).unwrap();
        fs::write(path, "rubbish").unwrap();
        let report = identity.reload();
        assert_eq!(report.faults.len(), 1, "{name}: {report:?}");
        assert!(report.faults[0].contains(fault), "{name}: {report:?}");
        assert!(identity.recheck(&peer).is_ok(), "{name}");
        fs::remove_file(path).unwrap();
        assert!(
            identity.reload().faults[0].contains("cannot be read"),
            "{name}"
        );
        fs::write(path, good).unwrap();
        permit(path, 0o600);
        assert!(identity.reload().changed, "{name}");
        assert_eq!(identity.alarms(), [], "{name}");
    }
    permit(&gateway.key, 0o640);
    assert!(identity.reload().faults[0].contains("others can read this key"));
}

#[test]
fn time_ends_what_was_good() {
    const DAY: i64 = 24 * 3_600_000;
    let world = World::new();
    let identity = world.identity();
    let peer = identity.peer(&world.chain("img")).unwrap();
    world.clock.advance_ms(30 * DAY - 1);
    assert!(identity.recheck(&peer).is_ok());
    world.clock.advance_ms(1);
    let stale = Err(PeerRefused::Certificate(CertificateRefused::StaleCrl));
    assert_eq!(identity.recheck(&peer), stale);
    assert!(
        told(&identity)[0].contains("the CRL is stale since 2026-12-21"),
        "{:?}",
        identity.alarms()
    );
    // A new list, and then the certificates themselves come to their end.
    dev_pki(
        world.directory.path(),
        &*world.clock,
        &SystemRandomness::default(),
    )
    .unwrap();
    assert!(identity.reload().changed);
    assert!(identity.recheck(&peer).is_ok());
    world.clock.advance_ms(400 * DAY);
    assert!(matches!(
        identity.recheck(&peer),
        Err(PeerRefused::Certificate(CertificateRefused::Path(_)))
    ));
    let alarms = told(&identity).join("\n");
    assert!(alarms.contains("own certificate has expired"), "{alarms}");
    assert!(
        alarms.contains("this trust anchor is not valid now and has dropped out"),
        "{alarms}"
    );
    // Back in time is not a way around the check either.
    world.clock.advance_ms(-500 * DAY);
    assert!(identity.recheck(&peer).is_err());
}

#[test]
fn all_mistakes_of_the_settings_are_told_at_once() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let without = world.file("other.pem", &other.pem);
    let rubbish = world.file("rubbish", "rubbish");
    permit(&world.settings.tls.key, 0o644);
    world.settings.tokens.max_life_seconds = 0;
    world.settings.tls.trust_anchors.push(without);
    world.settings.tls.crls.push(rubbish.clone());
    world.settings.organisations[0].jwks = rubbish;
    world.settings.organisations[0].provider_trust_anchors = Some(vec![]);
    world.settings.organisations[1].jwks = "/nowhere".into();
    let errors = world.load().unwrap_err();
    let told = errors
        .iter()
        .map(|e| in_full(e))
        .collect::<Vec<_>>()
        .join("\n");
    for expected in [
        "gateway.key: others can read this key; chmod 600 it",
        "rubbish: cannot be used as CRLs",
        "rubbish: cannot be used as JWKS: it is not plain JSON",
        "/nowhere: cannot be read",
        "CN=Other: this trust anchor has no CRL",
        "tokens.max-life-seconds is 0",
        "no trust anchors for provider.trust-anchors of 00000001812345678000",
    ] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
    assert_eq!(errors.len(), 7, "{told}");
}

#[test]
fn the_gateways_own_certificate_is_held_to_the_profile_too() {
    let mut world = World::new();
    world.settings.tls.certificate = world.pki.ca.clone();
    let errors = world.load().unwrap_err();
    let told = in_full(&errors[0]);
    assert!(
        told.contains("cannot be the server's own (tls.certificate): it is a CA"),
        "{told}"
    );
    world.settings.tls.certificate = world.pki.party("img").unwrap().certificate.clone();
    let told = in_full(&world.load().unwrap_err()[0]);
    assert!(
        told.contains("is not the PEM private key of the certificate"),
        "{told}"
    );
}

#[tokio::test]
async fn watching_takes_a_change_over_within_a_second() {
    let world = World::new();
    let identity = world.identity();
    let watching = tokio::spawn(identity.clone().watch());
    let peer = identity.peer(&world.chain("img")).unwrap();
    world
        .pki
        .revoke(&world.pki.party("img").unwrap().certificate, &*world.clock)
        .unwrap();
    let refused = async {
        while identity.recheck(&peer).is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let second = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(second, refused).await.is_ok());
    watching.abort();
}

/// Run by hand: `cargo test --release -- --ignored --nocapture how_long`.
#[test]
#[ignore = "measures, and decides nothing"]
fn how_long_a_request_takes_here() {
    let world = World::new();
    let identity = world.identity();
    let peer = identity.peer(&world.chain("img")).unwrap();
    let img = identity.recheck(&peer).unwrap();
    let party = world.pki.party("img").unwrap();
    let request = TokenRequest {
        key: party.token_key.clone(),
        certificate: party.certificate.clone(),
        audience: "https://sluis.example".to_owned(),
        employee: "e".parse().unwrap(),
        purpose: "beheer".parse().unwrap(),
        case: "z".parse().unwrap(),
        team: None,
        document: None,
        life_seconds: 60,
    };
    let token = make_token(&request, &*world.clock, &SystemRandomness::default()).unwrap();
    let time = |name: &str, mut work: Box<dyn FnMut() + '_>| {
        let start = std::time::Instant::now();
        for _ in 0..20_000 {
            work();
        }
        println!(
            "{name}: {:.2} µs",
            start.elapsed().as_secs_f64() * 1e6 / 20_000.0
        );
    };
    time(
        "recheck",
        Box::new(|| drop(identity.recheck(&peer).unwrap())),
    );
    time(
        "verify_token",
        Box::new(|| drop(identity.verify_token(&token, &peer, &img).unwrap())),
    );
}
