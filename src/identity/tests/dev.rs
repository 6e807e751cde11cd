//! The development PKI: made once, found again, never overwritten.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn again(world: &World) -> Result<DevPki, PkiError> {
    dev_pki(
        world.directory.path(),
        &*world.clock,
        &SystemRandomness::default(),
    )
}

#[test]
fn what_is_there_is_left_alone() {
    let world = World::new();
    assert!(world.pki.made);
    let list = || {
        let mut files: Vec<_> = fs::read_dir(world.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = list();
    assert_eq!(before.len(), 3 + 4 * 4);
    let found = again(&world).unwrap();
    assert!(!found.made && list() == before);
    for party in &found.parties {
        for key in [&party.key, &party.token_key, &found.ca_key] {
            assert_eq!(
                fs::metadata(key).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}

#[test]
fn a_pki_that_is_broken_or_old_is_refused_in_words() {
    type Spoil = fn(&World);
    let rows: [(&str, Spoil, &str); 6] = [
        (
            "a file is missing",
            |w| fs::remove_file(&w.pki.party("ncg").unwrap().jwks).unwrap(),
            "holds a part of a PKI, without ncg.jwks.json",
        ),
        (
            "a certificate is rubbish",
            |w| fs::write(&w.pki.party("img").unwrap().certificate, "x").unwrap(),
            "is no longer good",
        ),
        (
            "a key is another's",
            |w| {
                fs::copy(
                    &w.pki.party("ncg").unwrap().key,
                    &w.pki.party("img").unwrap().key,
                )
                .map(|_| ())
                .unwrap();
            },
            "img.key: is there but cannot be used",
        ),
        (
            "a certificate is another's",
            |w| {
                fs::copy(
                    &w.pki.party("ncg").unwrap().certificate,
                    &w.pki.party("img").unwrap().certificate,
                )
                .map(|_| ())
                .unwrap();
            },
            "img.pem: is there but cannot be used",
        ),
        (
            "the CA key is rubbish",
            |w| fs::write(&w.pki.ca_key, "x").unwrap(),
            "ca.key: is there but cannot be used",
        ),
        (
            "it has expired",
            |w| w.clock.advance_ms(400 * 24 * 3_600_000),
            "gateway.pem: is no longer good",
        ),
    ];
    for (name, spoil, expected) in rows {
        let world = World::new();
        spoil(&world);
        let refused = again(&world).expect_err(name).to_string();
        assert!(refused.contains(expected), "{name}: {refused}");
    }
}

#[test]
fn the_crl_is_renewed_and_keeps_what_it_revokes() {
    let world = World::new();
    let identity = world.identity();
    let [img, ncg] = ["img", "ncg"].map(|name| identity.peer(&world.chain(name)).unwrap());
    for party in ["img", "ncg"] {
        let certificate = &world.pki.party(party).unwrap().certificate;
        world.pki.revoke(certificate, &*world.clock).unwrap();
    }
    let before = fs::read(&world.pki.crl).unwrap();
    world.clock.advance_ms(20 * 24 * 3_600_000);
    assert!(!again(&world).unwrap().made);
    assert_ne!(fs::read(&world.pki.crl).unwrap(), before);
    identity.reload();
    for peer in [&img, &ncg] {
        let revoked = PeerRefused::Certificate(CertificateRefused::Revoked);
        assert_eq!(identity.recheck(peer), Err(revoked));
    }
    world.clock.advance_ms(20 * 24 * 3_600_000);
    let gateway = identity.peer(&world.chain("gateway")).unwrap();
    assert_eq!(
        identity.recheck(&gateway),
        Err(PeerRefused::OrganisationUnknown)
    );
}
