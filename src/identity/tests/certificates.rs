//! Odd certificates and chains: each is refused, and for its own reason. `odd` counts them, and has
//! more chains.
#![expect(clippy::too_many_lines, reason = "long tables")]

use std::cell::Cell;

use rcgen::string::{BmpString, PrintableString};
use rcgen::{CustomExtension, DnValue, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData};

use super::*;

/// What a client under the test root gets to hear; the root has a CRL that revokes serial 666.
fn ask(spoil: impl FnOnce(&mut CertificateParams)) -> Result<Result<Oin, SubjectFlaw>, String> {
    let root = Ca::root(ca_params("Root"));
    let mut params = leaf_params();
    spoil(&mut params);
    present(
        &root,
        &[issue(&root, &params)],
        &[root.crl(-1, 1, &[666])],
        0,
    )
}

pub(super) fn present(
    root: &Ca,
    chain: &[CertificateDer<'static>],
    crls: &[String],
    grace_ms: i64,
) -> Result<Result<Oin, SubjectFlaw>, String> {
    let anchors = anchor::read(root.pem.as_bytes()).unwrap();
    let known: Vec<_> = anchors.iter().collect();
    let mut lists = Vec::new();
    for crl in crls {
        let (file, faults) =
            crl::CrlFile::read(crl.as_bytes(), &known, now(), &crl::CrlFile::default());
        assert!(faults.is_empty(), "{faults:?}");
        lists.extend(file.lists().cloned());
    }
    let alone = webpki_alone(&anchors, &lists, chain);
    let paths = chain::Paths::new(Usage::Client, vec![Arc::new(anchors)], lists, grace_ms);
    let vetted = paths.vet(chain, now()).map(|vetted| vetted.oin);
    if alone && !matches!(vetted, Ok(Ok(_))) {
        LET_IN_BY_WEBPKI.set(LET_IN_BY_WEBPKI.get() + 1);
    }
    vetted.map_err(|refused| in_full(&refused))
}

thread_local! {
    /// How many that we refused webpki alone would have let in, on this test's thread.
    pub(super) static LET_IN_BY_WEBPKI: Cell<usize> = const { Cell::new(0) };
}

/// Whether webpki lets a chain in, asked as rustls asks it: with the same anchors and lists.
fn webpki_alone(
    anchors: &[anchor::Anchor],
    crls: &[Arc<crl::Crl>],
    chain: &[CertificateDer<'static>],
) -> bool {
    let Some((leaf, others)) = chain.split_first() else {
        return false;
    };
    let anchors: Vec<_> = anchors.iter().map(|anchor| anchor.trust.clone()).collect();
    let lists: Vec<_> = crls.iter().map(|crl| crl.list()).collect();
    let revocation = webpki::RevocationOptionsBuilder::new(&lists).ok();
    let since = std::time::Duration::from_secs(now().unix_seconds().unsigned_abs());
    let found = webpki::EndEntityCert::try_from(leaf).and_then(|end| {
        end.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            others,
            rustls::pki_types::UnixTime::since_unix_epoch(since),
            webpki::KeyUsage::client_auth(),
            revocation.map(webpki::RevocationOptionsBuilder::build),
            None,
        )
        .map(|_| ())
    });
    found.is_ok()
}

pub(super) const PATH: &str = "there is no valid path to a trust anchor: ";
const LEAF: &str = "certificate 0 of the path does not fit the profile: ";

/// A leaf outside the profile.
pub(super) fn leaves() -> usize {
    type Spoil = fn(&mut CertificateParams);
    let rows: [(&str, Spoil, String); 18] = [
        (
            "expired",
            |p| p.not_after = day(-1),
            format!("{PATH}CertExpired"),
        ),
        (
            "not valid yet",
            |p| p.not_before = day(1),
            format!("{PATH}CertNotValidYet"),
        ),
        (
            "revoked",
            |p| p.serial_number = Some(666.into()),
            "a certificate of the path was revoked".into(),
        ),
        (
            "no extended key usage",
            |p| p.extended_key_usages.clear(),
            format!("{LEAF}its extended key usage lacks clientAuth"),
        ),
        (
            "serverAuth only",
            |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
            format!("{PATH}RequiredEkuNotFound"),
        ),
        (
            "any usage only",
            |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
            format!("{PATH}RequiredEkuNotFound"),
        ),
        (
            "no key usage",
            |p| p.key_usages.clear(),
            format!("{LEAF}its key usage lacks digitalSignature"),
        ),
        (
            "keyEncipherment only",
            |p| p.key_usages = vec![KeyUsagePurpose::KeyEncipherment],
            format!("{LEAF}its key usage lacks digitalSignature"),
        ),
        (
            "keyCertSign too",
            |p| p.key_usages.push(KeyUsagePurpose::KeyCertSign),
            format!("{LEAF}it is a CA certificate where a leaf is needed"),
        ),
        (
            "cRLSign too",
            |p| p.key_usages.push(KeyUsagePurpose::CrlSign),
            format!("{LEAF}it is a CA certificate where a leaf is needed"),
        ),
        (
            "CA flag",
            |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            format!("{PATH}CaUsedAsEndEntity"),
        ),
        (
            "serial 0",
            |p| p.serial_number = Some(SerialNumber::from_slice(&[0])),
            format!("{LEAF}its serial number is not positive"),
        ),
        (
            "serial of 21 octets",
            |p| p.serial_number = Some(SerialNumber::from_slice(&[0x11; 21])),
            format!("{LEAF}its serial number is not positive or longer"),
        ),
        (
            "serial of 20 octets and a sign octet",
            |p| p.serial_number = Some(SerialNumber::from_slice(&[0x81; 20])),
            format!("{LEAF}its serial number is not positive or longer"),
        ),
        (
            "unknown critical extension",
            |p| p.custom_extensions = vec![critical(&[1, 2, 3, 4])],
            format!("{PATH}UnsupportedCriticalExtension"),
        ),
        (
            "basicConstraints twice",
            |p| {
                p.is_ca = IsCa::ExplicitNoCa;
                p.custom_extensions = vec![CustomExtension::from_oid_content(
                    &[2, 5, 29, 19],
                    vec![0x30, 0],
                )];
            },
            format!("{PATH}ExtensionValueInvalid"),
        ),
        (
            "keyUsage twice",
            |p| {
                p.custom_extensions = vec![CustomExtension::from_oid_content(
                    &[2, 5, 29, 15],
                    vec![3, 2, 7, 0x80],
                )];
            },
            PATH.to_string(),
        ),
        (
            "key usage that is no bit string",
            |p| {
                p.key_usages.clear();
                p.custom_extensions = vec![CustomExtension::from_oid_content(
                    &[2, 5, 29, 15],
                    vec![5, 0],
                )];
            },
            LEAF.to_string(),
        ),
    ];
    for (name, spoil, expected) in &rows {
        let outcome = ask(spoil);
        let refused = outcome.expect_err(name);
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    assert_eq!(
        ask(|_| {}),
        Ok(Oin::parse("00000001812345678000").map_err(|_| SubjectFlaw::None))
    );
    assert!(ask(|p| p.serial_number = Some(SerialNumber::from_slice(&[0x11; 20]))).is_ok());
    rows.len()
}

fn critical(oid: &[u64]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
    extension.set_criticality(true);
    extension
}

/// A subject names an organisation in one way only.
pub(super) fn subjects() -> usize {
    let bmp = DnValue::BmpString(BmpString::try_from("00000001812345678000").unwrap());
    let texts: [(&str, Vec<DnValue>, SubjectFlaw); 12] = [
        ("none", vec![], SubjectFlaw::None),
        (
            "19 digits",
            vec!["0000000181234567800".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "21 digits",
            vec!["000000018123456780000".into()],
            SubjectFlaw::NotAnOin,
        ),
        ("empty", vec!["".into()], SubjectFlaw::NotAnOin),
        (
            "space before",
            vec![" 00000001812345678000".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "space after",
            vec!["00000001812345678000 ".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "line end after",
            vec!["00000001812345678000\n".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "zero byte after",
            vec!["00000001812345678000\0".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "letter O",
            vec!["O0000001812345678000".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "full-width digit",
            vec!["\u{ff10}0000001812345678000".into()],
            SubjectFlaw::NotAnOin,
        ),
        (
            "Arabic digit",
            vec!["\u{660}0000001812345678000".into()],
            SubjectFlaw::NotAnOin,
        ),
        ("BMPString", vec![bmp], SubjectFlaw::NotAnOin),
    ];
    let kind = || DnType::CustomDnType(vec![2, 5, 4, 5]);
    let tried = texts.len() + 1;
    for (name, values, flaw) in texts {
        let outcome = ask(|params| {
            params.distinguished_name.remove(kind());
            for value in values {
                params.distinguished_name.push(kind(), value);
            }
        });
        assert_eq!(outcome, Ok(Err(flaw)), "{name}");
    }
    // rcgen keeps one value of a kind, so a second one goes in by hand.
    let root = Ca::root(ca_params("Root"));
    let once = issue(&root, &leaf_params());
    assert_eq!(
        profile::leaf(&twice(&once), Usage::Client).unwrap().oin,
        Err(SubjectFlaw::Several)
    );
    let printable = PrintableString::try_from("00000001812345678000").unwrap();
    let outcome = ask(|params| {
        params
            .distinguished_name
            .push(kind(), DnValue::PrintableString(printable));
    });
    assert!(matches!(outcome, Ok(Ok(_))), "{outcome:?}");
    tried
}

/// The certificate with its CN made a second serialNumber: `2.5.4.3` becomes `2.5.4.5`. The
/// signature breaks, which the profile alone does not see.
fn twice(der: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut bytes = der.to_vec();
    let at = bytes
        .windows(9)
        .rposition(|w| w == [6, 3, 0x55, 4, 3, 0x0c, 3, b'i', b'm']);
    let at = at.unwrap();
    bytes[at + 4] = 5;
    bytes.into()
}

/// A serial number below zero, which rcgen does not write.
pub(super) fn negative_serial() -> usize {
    let root = Ca::root(ca_params("Root"));
    let mut params = leaf_params();
    params.serial_number = Some(SerialNumber::from_slice(&[0x7f, 0x55, 0x44]));
    let mut bytes = issue(&root, &params).to_vec();
    let at = bytes
        .windows(5)
        .position(|w| w == [2, 3, 0x7f, 0x55, 0x44])
        .unwrap();
    bytes[at + 2] = 0xff;
    let refused = profile::leaf(&bytes.into(), Usage::Client);
    assert_eq!(refused.map(|_| ()), Err(ProfileFlaw::Serial));
    1
}

/// A public key that only has to be looked at.
struct Bare(Vec<u8>);

impl PublicKeyData for Bare {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// An RSA public key with a modulus of this many octets.
fn rsa(octets: usize) -> Bare {
    let length = |n: usize| {
        vec![
            0x82,
            u8::try_from(n >> 8).unwrap(),
            u8::try_from(n & 0xff).unwrap(),
        ]
    };
    let mut inside = vec![2];
    inside.extend(length(octets + 1));
    inside.push(0);
    inside.extend(vec![0xc3; octets]);
    inside.extend([2, 3, 1, 0, 1]);
    let mut key = vec![0x30];
    key.extend(length(inside.len()));
    key.extend(inside);
    Bare(key)
}

/// Weak and foreign keys.
pub(super) fn keys() -> usize {
    let root = Ca::root(ca_params("Root"));
    let crls = [root.crl(-1, 1, &[])];
    let weak = format!("{LEAF}its key is not RSA of at least 2048 bits, P-256 or P-384");
    let ed = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let params = leaf_params();
    let rows = [
        ("RSA 1024", params.signed_by(&rsa(128), &root.issuer), false),
        ("RSA 2040", params.signed_by(&rsa(255), &root.issuer), false),
        ("Ed25519", params.signed_by(&ed, &root.issuer), false),
        ("RSA 2048", params.signed_by(&rsa(256), &root.issuer), true),
        ("P-384", params.signed_by(&p384, &root.issuer), true),
    ];
    let mut tried = 0;
    for (name, certificate, good) in rows {
        let outcome = present(&root, &[certificate.unwrap().der().clone()], &crls, 0);
        match outcome {
            Ok(_) => assert!(good, "{name}"),
            Err(refused) => {
                assert!(!good && refused == weak, "{name}: {refused}");
                tried += 1;
            }
        }
    }
    tried
}

/// An anchor must be a CA, and an expired one drops out.
pub(super) fn anchors() -> usize {
    let spoilt = |spoil: fn(&mut CertificateParams)| {
        let mut params = ca_params("Root");
        spoil(&mut params);
        Ca::root(params).pem
    };
    let rows = [
        ("empty", String::new(), "there is no certificate in it"),
        (
            "a key",
            KeyPair::generate().unwrap().serialize_pem(),
            "there is no certificate in it",
        ),
        (
            "cut off",
            spoilt(|_| {}).chars().take(200).collect(),
            "it is not whole PEM",
        ),
        (
            "not a CA",
            spoilt(|p| p.is_ca = IsCa::NoCa),
            "certificate 1 in it is not fit to be a trust anchor: it signs certificates without being a CA",
        ),
        (
            "no keyCertSign",
            spoilt(|p| p.key_usages = vec![KeyUsagePurpose::CrlSign]),
            "certificate 1 in it is not fit to be a trust anchor: its key usage lacks keyCertSign",
        ),
        (
            "no name",
            spoilt(|p| p.distinguished_name = DistinguishedName::new()),
            "certificate 1 in it is not fit to be a trust anchor: its issuer has no name",
        ),
        (
            "second is not a CA",
            spoilt(|_| {}) + &spoilt(|p| p.is_ca = IsCa::NoCa),
            "certificate 2 in it",
        ),
    ];
    for (name, pem, expected) in &rows {
        let refused = in_full(&anchor::read(pem.as_bytes()).expect_err(name));
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    let mut params = ca_params("Root");
    params.not_after = day(-1);
    let expired = Ca::root(params);
    let chain = [issue(&expired, &leaf_params())];
    let refused = present(&expired, &chain, &[expired.crl(-1, 1, &[])], 0).unwrap_err();
    assert!(refused.starts_with(PATH), "{refused}");
    rows.len() + 1
}

/// A CA that two roots vouch for is reached over the root that is still valid.
#[test]
fn an_expired_root_does_not_stand_in_the_way_of_a_valid_one() {
    let mut params = ca_params("Old root");
    params.not_after = day(-1);
    let (old, new) = (Ca::root(params), Ca::root(ca_params("New root")));
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let params = ca_params("Domain");
    let [by_old, by_new] = [&old, &new].map(|root| {
        let certificate = params.signed_by(&key, &root.issuer).unwrap();
        certificate.der().clone()
    });
    let domain = Ca {
        der: by_new.clone(),
        pem: String::new(),
        issuer: Issuer::new(params, key),
    };
    let leaf = issue(&domain, &leaf_params());
    let crls = [&old, &new, &domain].map(|ca| ca.crl(-1, 1, &[]));
    for (name, roots) in [
        ("old first", old.pem.clone() + &new.pem),
        ("new first", new.pem.clone() + &old.pem),
    ] {
        let both = Ca {
            pem: roots,
            der: new.der.clone(),
            issuer: Ca::root(ca_params("Unused")).issuer,
        };
        let chain = [leaf.clone(), by_old.clone(), by_new.clone()];
        assert!(present(&both, &chain, &crls, 0).is_ok(), "{name}");
        let chain = [leaf.clone(), by_old.clone()];
        assert!(present(&both, &chain, &crls, 0).is_err(), "{name}");
    }
}
