//! Which alarms hinder, held against who is let in at that moment.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const DAY: i64 = 24 * 3_600_000;

/// What hinders, and what is only told, each by what it begins with.
fn told(identity: &Identity) -> (Vec<String>, Vec<String>) {
    let short = |alarm: &Alarm| {
        let words = alarm.told.split([':', ';']).next();
        words.unwrap_or_default().to_owned()
    };
    let alarms = identity.alarms();
    let (hinder, warn): (Vec<Alarm>, Vec<Alarm>) = alarms.into_iter().partition(|one| one.hinders);
    (
        hinder.iter().map(short).collect(),
        warn.iter().map(short).collect(),
    )
}

/// As in `PKIoverheid`: a root, a CA of CAs below it, and two that issue to organisations. The
/// gateway's own certificate is of the first of them.
struct Tall {
    world: World,
    root: Ca,
    domain: Ca,
    one: Ca,
    two: Ca,
}

impl Tall {
    fn new() -> Self {
        let mut world = World::new();
        let root = Ca::root(ca_params("Root"));
        let domain = root.below(ca_params("Domain"));
        let one = domain.below(ca_params("One"));
        let two = domain.below(ca_params("Two"));
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let own = leaf_params().signed_by(&key, &one.issuer).unwrap();
        let chain = format!("{}{}{}", own.pem(), one.pem, domain.pem);
        let tls = &mut world.settings.tls;
        fs::write(&tls.certificate, chain).unwrap();
        fs::write(&tls.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&tls.key, fs::Permissions::from_mode(0o600)).unwrap();
        let anchors = vec![world.file("root.pem", &root.pem)];
        world.settings.tls.trust_anchors.clone_from(&anchors);
        for organisation in &mut world.settings.organisations {
            organisation.provider_trust_anchors = Some(anchors.clone());
        }
        Self {
            world,
            root,
            domain,
            one,
            two,
        }
    }

    /// With lists of these, until so many days from now, and a grace.
    fn with(mut self, lists: &[(&str, i64)], grace_hours: u32) -> Self {
        let tls = &mut self.world.settings.tls;
        tls.crls.clear();
        tls.crl_grace_hours = grace_hours;
        for (name, until) in lists {
            let ca = match *name {
                "Root" => &self.root,
                "Domain" => &self.domain,
                "One" => &self.one,
                _ => &self.two,
            };
            let crl = ca.crl(-20, *until, &[]);
            let file = self.world.file(&format!("{name}.crl.pem"), crl);
            self.world.settings.tls.crls.push(file);
        }
        self
    }

    /// Whether a client of each of the two is let in.
    fn let_in(&self, identity: &Identity) -> [bool; 2] {
        [&self.one, &self.two].map(|ca| {
            let chain = [
                issue(ca, &leaf_params()),
                ca.der.clone(),
                self.domain.der.clone(),
            ];
            identity.peer(&chain).is_ok()
        })
    }
}

#[test]
fn a_stale_list_hinders_where_it_leaves_nobody() {
    let whole = [("Root", 300), ("Domain", 300), ("One", 3), ("Two", 3)];
    // The lists that are otherwise, the grace; who is let in; what hinders, what is a warning.
    for (other, grace, open, hinder, warn) in [
        (
            &[("One", -1), ("Two", -1)][..],
            0,
            [false, false],
            &["CN=One", "CN=Two"][..],
            &[][..],
        ),
        (
            &[("One", -3), ("Two", -3)],
            48,
            [false, false],
            &["CN=One", "CN=Two"],
            &[],
        ),
        (&[("Root", -1)], 0, [false, false], &["CN=Root"], &[]),
        (
            &[("Root", -1), ("One", -1)],
            0,
            [false, false],
            &["CN=One", "CN=Root"],
            &[],
        ),
        // Who else is below an issuer is only known once they come.
        (&[("Domain", -1)], 0, [false, false], &[], &["CN=Domain"]),
        (&[("One", -1)], 0, [false, true], &[], &["CN=One"]),
        (&[("Two", -1)], 0, [true, false], &[], &["CN=Two"]),
        (
            &[("One", -1), ("Two", -1)],
            48,
            [true, true],
            &[],
            &["CN=One", "CN=Two"],
        ),
        (&[], 0, [true, true], &[], &[]),
    ] {
        let mut lists = whole;
        for (name, until) in other {
            let of = lists.iter_mut().find(|(ca, _)| ca == name);
            of.unwrap().1 = *until;
        }
        let tall = Tall::new().with(&lists, grace);
        let identity = tall.world.identity();
        assert_eq!(tall.let_in(&identity), open, "{other:?}");
        let (mut hinders, mut warns) = told(&identity);
        hinders.sort_unstable();
        warns.sort_unstable();
        assert_eq!(
            (hinders, warns),
            (strings(hinder), strings(warn)),
            "{other:?}"
        );
    }
}

/// One CA issues to everybody: its list, and that of any CA above it, is everybody's.
#[test]
fn the_list_of_the_only_issuer_hinders_and_so_does_one_above_it() {
    for stale in ["Root", "Domain", "One"] {
        let lists =
            ["Root", "Domain", "One"].map(|name| (name, if name == stale { -1 } else { 3 }));
        let tall = Tall::new().with(&lists, 0);
        let identity = tall.world.identity();
        assert_eq!(tall.let_in(&identity), [false, false], "{stale}");
        assert_eq!(told(&identity), (vec![format!("CN={stale}")], vec![]));
    }
}

fn strings(of: &[&str]) -> Vec<String> {
    of.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn an_anchor_that_dropped_out_or_has_no_list_hinders_where_it_was_the_last() {
    let short = Ca::root({
        let mut params = ca_params("Short");
        params.not_after = day(5);
        params
    });
    let mut world = World::new();
    let anchor = world.file("other.pem", &short.pem);
    let crl = world.file("other.crl.pem", short.crl(-1, 50, &[]));
    world.settings.tls.trust_anchors.push(anchor.clone());
    world.settings.tls.crls.push(crl);
    // And of one of both providers.
    world.settings.organisations[0].provider_trust_anchors = Some(vec![anchor.clone()]);
    let identity = world.identity();
    assert_eq!(told(&identity), (vec![], vec![]));
    world.clock.advance_ms(6 * DAY);
    assert_eq!(told(&identity), (vec![], strings(&["CN=Short"])));
    assert!(identity.peer(&world.chain("img")).is_ok());
    // Now it is all the file has; the file of clients is another one still.
    world.settings.tls.trust_anchors = vec![anchor];
    let alone = World::identity(&world);
    assert_eq!(told(&alone), (strings(&["CN=Short"]), vec![]));
    assert!(alone.peer(&world.chain("img")).is_err());

    // A successor without its list lets nobody in either.
    let next = Ca::root(ca_params("Next"));
    world.replace(&world.settings.tls.trust_anchors[0], &next.pem);
    assert!(alone.reload().changed);
    assert_eq!(told(&alone), (strings(&["CN=Next"]), vec![]));
    world.replace(&world.settings.tls.crls[1], next.crl(0, 50, &[]));
    assert!(alone.reload().changed);
    assert_eq!(told(&alone), (vec![], vec![]));
}

#[test]
fn of_providers_that_cannot_be_believed_only_the_last_hinders() {
    let mut world = World::new();
    let other = Ca::root(ca_params("Other"));
    let anchor = world.file("other.pem", &other.pem);
    let crl = world.file("other.crl.pem", other.crl(-1, 5, &[]));
    world.settings.tls.crls.push(crl);
    for (providers, expected) in [
        (1, (vec![], strings(&["CN=Other"]))),
        (2, (strings(&["CN=Other"]), vec![])),
    ] {
        for organisation in &mut world.settings.organisations[..providers] {
            organisation.provider_trust_anchors = Some(vec![anchor.clone()]);
        }
        let identity = world.identity();
        assert_eq!(told(&identity), (vec![], vec![]));
        world.clock.advance_ms(5 * DAY);
        assert_eq!(told(&identity), expected);
        assert!(identity.peer(&world.chain("img")).is_ok());
        world.clock.advance_ms(-5 * DAY);
    }
}

#[test]
fn the_gateways_own_certificate_hinders_before_and_after_its_dates() {
    let tall = Tall::new().with(&[("Root", 300), ("Domain", 300), ("One", 300)], 0);
    let clock = &tall.world.clock;
    let identity = tall.world.identity();
    assert_eq!(told(&identity), (vec![], vec![]));
    clock.advance_ms(10 * DAY + 1);
    let expired = strings(&["the gateway's own certificate has expired"]);
    assert_eq!(told(&identity), (expired, vec![]));
    clock.advance_ms(-20 * DAY - 2);
    let early = &told(&identity).0[0];
    let expected = "the gateway's own certificate is not valid before 2026-11-11T12";
    assert_eq!(early, expected);
}

#[test]
fn a_file_that_cannot_be_used_hinders_nobody() {
    let world = World::new();
    let identity = world.identity();
    let gateway = world.pki.party("gateway").unwrap();
    let img = world.pki.party("img").unwrap();
    let files = [
        &world.pki.ca,
        &world.pki.crl,
        &gateway.certificate,
        &gateway.key,
        &img.jwks,
    ];
    for path in files {
        let good = fs::read(path).unwrap();
        fs::write(path, "rubbish").unwrap();
        assert!(identity.reload().changed);
        let alarms = identity.alarms();
        let [alarm] = &alarms[..] else {
            panic!("{alarms:?}");
        };
        assert!(!alarm.hinders, "{alarm:?}");
        assert_eq!(alarm.about, AlarmAbout::File);
        assert!(alarm.told.contains(" until that is mended, "), "{alarm:?}");
        assert!(identity.peer(&world.chain("img")).is_ok());
        fs::write(path, good).unwrap();
        assert!(identity.reload().changed);
        assert_eq!(identity.alarms(), []);
    }
}
