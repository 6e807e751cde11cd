//! Every odd certificate and chain of these tests, counted; and chains that a path alone does not
//! refuse, or not for the reason one would think.
#![expect(clippy::too_many_lines, reason = "a long table")]

use rcgen::{CidrSubnet, CustomExtension, GeneralSubtree, NameConstraints, PKCS_ED25519};

use super::certificates::{
    LET_IN_BY_WEBPKI, PATH, anchors, keys, leaves, negative_serial, present, subjects,
};
use super::chains::{chains, revocations};
use super::*;

#[test]
fn no_odd_certificate_or_chain_is_let_in() {
    let tried = leaves()
        + subjects()
        + negative_serial()
        + keys()
        + chains()
        + revocations()
        + anchors()
        + issuers();
    let alone = LET_IN_BY_WEBPKI.get();
    assert!(tried >= 75, "{tried}");
    assert!(alone >= 20, "{alone}");
    tell(&format!(
        "odd certificates and chains: {tried} tried, 0 accepted (webpki alone accepts {alone} of them)"
    ));
}

/// A chain, and the list of the one between.
type Shown = (Vec<CertificateDer<'static>>, Option<String>);

/// A leaf below a CA that is odd itself, under a good root.
fn below(root: &Ca, spoil: impl FnOnce(&mut CertificateParams)) -> Shown {
    let mut params = ca_params("Odd");
    spoil(&mut params);
    let odd = root.below(params);
    let list = odd.crl(-1, 1, &[]);
    (
        vec![issue(&odd, &leaf_params()), odd.der.clone()],
        Some(list),
    )
}

/// A chain without one between.
fn alone(chain: Vec<CertificateDer<'static>>) -> Shown {
    (chain, None)
}

fn critical(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content);
    extension.set_criticality(true);
    extension
}

/// Odd issuers, and leaves that come from nowhere.
fn issuers() -> usize {
    const PROFILE: &str = "certificate 1 of the path does not fit the profile: ";
    let root = Ca::root(ca_params("Root"));
    let good = issue(&root, &leaf_params());
    let self_made = {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        leaf_params().self_signed(&key).unwrap().der().clone()
    };
    let by_leaf = {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let params = leaf_params();
        let der = params.signed_by(&key, &root.issuer).unwrap().der().clone();
        let leaf = Ca {
            der: der.clone(),
            pem: String::new(),
            issuer: Issuer::new(params, key),
        };
        alone(vec![issue(&leaf, &leaf_params()), der])
    };
    let by_ed25519 = {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let params = ca_params("Odd");
        let der = params.signed_by(&key, &root.issuer).unwrap().der().clone();
        let ca = Ca {
            der: der.clone(),
            pem: String::new(),
            issuer: Issuer::new(params, key),
        };
        let list = ca.crl(-1, 1, &[]);
        (vec![issue(&ca, &leaf_params()), der], Some(list))
    };
    let touched = |at: fn(usize) -> usize| {
        let mut bytes = good.to_vec();
        let at = at(bytes.len());
        bytes[at] ^= 1;
        alone(vec![CertificateDer::from(bytes)])
    };
    let longer = alone(vec![CertificateDer::from([good.as_ref(), &[0]].concat())]);
    let cut = alone(vec![CertificateDer::from(good[..good.len() - 1].to_vec())]);
    let elsewhere = NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elders.example".to_owned())],
        excluded_subtrees: Vec::new(),
    };
    let excluded = NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([0, 0, 0, 0], 0)),
        ],
    };
    let rows: Vec<(&str, Shown, &str)> = vec![
        (
            "an issuer that expired",
            below(&root, |p| p.not_after = day(-1)),
            PATH,
        ),
        (
            "an issuer of tomorrow",
            below(&root, |p| p.not_before = day(1)),
            PATH,
        ),
        (
            "an issuer with serial 0",
            below(&root, |p| {
                p.serial_number = Some(SerialNumber::from_slice(&[0]));
            }),
            PROFILE,
        ),
        (
            "an issuer with a serial of 21 octets",
            below(&root, |p| {
                p.serial_number = Some(SerialNumber::from_slice(&[0x11; 21]));
            }),
            PROFILE,
        ),
        (
            "an issuer with an unknown critical extension",
            below(&root, |p| {
                p.custom_extensions = vec![critical(&[1, 2, 3, 4], vec![5, 0])];
            }),
            PATH,
        ),
        (
            "an issuer with critical policy constraints",
            below(&root, |p| {
                p.custom_extensions = vec![critical(&[2, 5, 29, 36], vec![0x30, 3, 0x80, 1, 0])];
            }),
            PATH,
        ),
        (
            "an issuer of servers only",
            below(&root, |p| {
                p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
            PATH,
        ),
        (
            "an issuer for other names",
            below(&root, |p| p.name_constraints = Some(elsewhere)),
            PATH,
        ),
        (
            "an issuer not for these names",
            below(&root, |p| p.name_constraints = Some(excluded)),
            PATH,
        ),
        (
            "an issuer without a name",
            below(&root, |p| p.distinguished_name = DistinguishedName::new()),
            "",
        ),
        (
            "an issuer that may only sign lists",
            below(&root, |p| p.key_usages = vec![KeyUsagePurpose::CrlSign]),
            PROFILE,
        ),
        (
            "an issuer that may sign documents and lists",
            below(&root, |p| {
                p.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
            }),
            PROFILE,
        ),
        ("an issuer with a key of Ed25519", by_ed25519, ""),
        ("made by itself", alone(vec![self_made.clone()]), PATH),
        (
            "made by itself, twice",
            alone(vec![self_made.clone(), self_made]),
            PATH,
        ),
        ("made by a leaf", by_leaf, PATH),
        ("the root itself", alone(vec![root.der.clone()]), PATH),
        (
            "a CA as the leaf",
            alone(vec![root.below(ca_params("Odd")).der]),
            PATH,
        ),
        (
            "a bit of its signature changed",
            touched(|length| length - 1),
            PATH,
        ),
        (
            "a bit of its content changed",
            touched(|length| length / 2),
            "",
        ),
        ("a byte too many", longer, PATH),
        ("a byte too few", cut, PATH),
    ];
    let tried = rows.len();
    for (name, (chain, list), expected) in rows {
        let lists: Vec<String> = list.into_iter().chain([root.crl(-1, 1, &[])]).collect();
        let refused = present(&root, &chain, &lists, 0).expect_err(name);
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    tried
}
