//! Odd certificates and chains: each is refused, and for its own reason.
#![expect(clippy::too_many_lines, reason = "long tables")]

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

fn present(
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
    let paths = chain::Paths::new(Usage::Client, vec![Arc::new(anchors)], lists, grace_ms);
    paths
        .vet(chain, now())
        .map(|vetted| vetted.oin)
        .map_err(|refused| in_full(&refused))
}

const PATH: &str = "there is no valid path to a trust anchor: ";
const LEAF: &str = "certificate 0 of the path does not fit the profile: ";

#[test]
fn a_leaf_outside_the_profile_is_refused_for_its_own_reason() {
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
    for (name, spoil, expected) in rows {
        let outcome = ask(spoil);
        let refused = outcome.expect_err(name);
        assert!(refused.starts_with(&expected), "{name}: {refused}");
    }
    assert_eq!(
        ask(|_| {}),
        Ok(Oin::parse("00000001812345678000").map_err(|_| SubjectFlaw::None))
    );
    assert!(ask(|p| p.serial_number = Some(SerialNumber::from_slice(&[0x11; 20]))).is_ok());
}

fn critical(oid: &[u64]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
    extension.set_criticality(true);
    extension
}

#[test]
fn a_subject_names_an_organisation_in_one_way_only() {
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

#[test]
fn a_negative_serial_number_is_refused() {
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

#[test]
fn weak_and_foreign_keys_are_refused() {
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
    for (name, certificate, good) in rows {
        let outcome = present(&root, &[certificate.unwrap().der().clone()], &crls, 0);
        match outcome {
            Ok(_) => assert!(good, "{name}"),
            Err(refused) => assert!(!good && refused == weak, "{name}: {refused}"),
        }
    }
}

#[test]
fn a_chain_is_judged_whole() {
    let root = Ca::root(ca_params("Root"));
    let other = Ca::root(ca_params("Root"));
    let domain = root.below(ca_params("Domain"));
    let tsp = domain.below(ca_params("TSP"));
    let deep = tsp.below(ca_params("Deep"));
    let not_ca = root.below({
        let mut params = ca_params("Not a CA");
        params.is_ca = IsCa::ExplicitNoCa;
        params
    });
    let no_sign = root.below({
        let mut params = ca_params("No signing");
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        params
    });
    let no_usage = root.below({
        let mut params = ca_params("No usage");
        params.key_usages = vec![];
        params
    });
    let short = root.below({
        let mut params = ca_params("Short");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
    });
    let too_low = short.below(ca_params("Too low"));
    let leaf = |ca: &Ca| issue(ca, &leaf_params());
    let fresh = |ca: &Ca| ca.crl(-1, 1, &[]);
    let all: Vec<String> = [
        &root, &domain, &tsp, &deep, &not_ca, &no_sign, &no_usage, &short, &too_low,
    ]
    .map(fresh)
    .to_vec();
    let der = |cas: &[&Ca]| cas.iter().map(|ca| ca.der.clone()).collect::<Vec<_>>();
    let chain = |ca: &Ca, above: &[&Ca]| [vec![leaf(ca)], der(above)].concat();
    let rows: Vec<(&str, Vec<CertificateDer<'static>>, &[String], &str)> = vec![
        ("nothing", vec![], &all, "a chain of 1 to 4"),
        (
            "five",
            chain(&deep, &[&deep, &tsp, &domain, &root]),
            &all,
            "a chain of 1 to 4",
        ),
        (
            "three between",
            chain(&deep, &[&deep, &tsp, &domain]),
            &all,
            "the path to the trust anchor is longer",
        ),
        (
            "not DER",
            vec![vec![1, 2, 3].into()],
            &all,
            "there is no valid path",
        ),
        (
            "other CA of the same name",
            chain(&other, &[]),
            &all,
            "there is no valid path",
        ),
        (
            "other CA, brought along",
            chain(&other, &[&other]),
            &all,
            "there is no valid path",
        ),
        (
            "one between is missing",
            chain(&tsp, &[&domain]),
            &all,
            "there is no valid path",
        ),
        (
            "CA without the flag",
            chain(&not_ca, &[&not_ca]),
            &all,
            "there is no valid path",
        ),
        (
            "CA without keyCertSign",
            chain(&no_sign, &[&no_sign]),
            &all,
            "certificate 1 of the path does not fit the profile: its key usage lacks keyCertSign",
        ),
        (
            "CA without key usage",
            chain(&no_usage, &[&no_usage]),
            &all,
            "certificate 1 of the path does not fit the profile: its key usage lacks keyCertSign",
        ),
        (
            "below a CA that may have none below",
            chain(&too_low, &[&too_low, &short]),
            &all,
            "there is no valid path",
        ),
        ("no CRL at all", chain(&root, &[]), &[], "there is no CRL"),
        (
            "no CRL of the one between",
            chain(&domain, &[&domain]),
            &all[..1],
            "there is no CRL",
        ),
        (
            "no CRL of the root",
            chain(&domain, &[&domain]),
            &all[1..2],
            "there is no CRL",
        ),
    ];
    for (name, chain, crls, expected) in rows {
        let refused = present(&root, &chain, crls, 0).expect_err(name);
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    for (name, chain) in [
        ("two between", chain(&tsp, &[&tsp, &domain])),
        (
            "two between and the root",
            chain(&tsp, &[&tsp, &domain, &root]),
        ),
        ("another order", chain(&tsp, &[&domain, &tsp])),
    ] {
        assert!(present(&root, &chain, &all, 0).is_ok(), "{name}");
    }
}

#[test]
fn revocation_reaches_the_ones_between_and_staleness_has_its_grace() {
    let root = Ca::root(ca_params("Root"));
    let domain = root.below({
        let mut params = ca_params("Domain");
        params.serial_number = Some(4711.into());
        params
    });
    let chain = [issue(&domain, &leaf_params()), domain.der.clone()];
    let day_ms = 24 * 3_600_000;
    let rows = [
        (
            "one between revoked",
            root.crl(-1, 1, &[4711]),
            0,
            Some("a certificate of the path was revoked"),
        ),
        (
            "stale, no grace",
            root.crl(-3, -1, &[]),
            0,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "stale at this very moment",
            root.crl(-3, 0, &[]),
            0,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "stale by exactly the grace",
            root.crl(-3, -1, &[]),
            day_ms,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "revoked by a stale one",
            root.crl(-3, -1, &[4711]),
            day_ms + 1,
            Some("a certificate of the path was revoked"),
        ),
        (
            "stale by less than the grace",
            root.crl(-3, -1, &[]),
            day_ms + 1,
            None,
        ),
        ("fresh", root.crl(-1, 1, &[]), 0, None),
    ];
    for (name, crl, grace_ms, expected) in rows {
        let outcome = present(&root, &chain, &[crl, domain.crl(-1, 1, &[])], grace_ms);
        assert_eq!(outcome.err().as_deref(), expected, "{name}");
    }
}

#[test]
fn an_anchor_must_be_a_ca_and_an_expired_one_drops_out() {
    let spoilt = |spoil: fn(&mut CertificateParams)| {
        let mut params = ca_params("Root");
        spoil(&mut params);
        Ca::root(params).pem
    };
    for (name, pem, expected) in [
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
    ] {
        let refused = in_full(&anchor::read(pem.as_bytes()).expect_err(name));
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    let mut params = ca_params("Root");
    params.not_after = day(-1);
    let expired = Ca::root(params);
    let chain = [issue(&expired, &leaf_params())];
    let refused = present(&expired, &chain, &[expired.crl(-1, 1, &[])], 0).unwrap_err();
    assert!(refused.starts_with(PATH), "{refused}");
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
