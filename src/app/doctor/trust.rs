//! Certificates, trust anchors, CRLs and JWKS: what the files of `[tls]` and `[[organisations]]` hold.

use crate::clock::Moment;
use crate::config::Config;
use crate::errors::in_full;
use crate::finding::{Findings, Renewal, Term, left};
use crate::https::Address;
use crate::identity::{
    CertificateRefused, IdentityError, IdentitySettings, Links, ListFacts, OwnFacts, Survey,
};

const CERTIFICATE: &str = "certificate";
const ANCHOR: &str = "anchor";
const CRL: &str = "crl";
const JWKS: &str = "jwks";

const OWN_RENEWAL: Renewal = Renewal {
    consequence: "",
    not_yet: "check the system's clock, or wait",
    over: "have a new one issued and put it in its place; a running gateway takes it over by itself",
    soon: "have a new one issued and put it in its place; a running gateway takes it over by itself",
};
const ANCHOR_RENEWAL: Renewal = Renewal {
    consequence: ", and does not count",
    not_yet: "check the system's clock, or wait",
    over: "put its successor in the file of trust anchors; nobody under it is let in",
    soon: "put its successor beside it in the file of trust anchors",
};

pub(super) fn told(config: &Config, survey: &Survey, now: Moment) -> Findings {
    let mut all = Findings::default();
    for about in [CERTIFICATE, ANCHOR, CRL, JWKS] {
        let faults = survey.faults.iter();
        for fault in faults.filter(|fault| subject(fault, &config.identity) == about) {
            all.fail_as_told(about, in_full(fault));
        }
        match about {
            CERTIFICATE => own(&mut all, config, survey.own.as_ref(), now),
            ANCHOR => anchors(&mut all, survey, now),
            CRL => lists(&mut all, config, survey, now),
            _ => keys(&mut all, config, survey),
        }
    }
    all
}

/// What a fault is about.
fn subject(fault: &IdentityError, settings: &IdentitySettings) -> &'static str {
    match fault {
        IdentityError::File { path, .. } | IdentityError::TooLarge { path } => {
            if settings.tls.crls.contains(path) {
                CRL
            } else if settings.organisations.iter().any(|one| one.jwks == *path) {
                JWKS
            } else if [&settings.tls.certificate, &settings.tls.key].contains(&path) {
                CERTIFICATE
            } else {
                ANCHOR
            }
        }
        IdentityError::Anchors { .. } | IdentityError::NoAnchors { .. } => ANCHOR,
        IdentityError::Crl { .. } | IdentityError::NoCrl { .. } => CRL,
        IdentityError::Jwks { .. } => JWKS,
        IdentityError::KeyExposed { .. }
        | IdentityError::Key { .. }
        | IdentityError::Certificate { .. }
        | IdentityError::OwnProfile { .. }
        | IdentityError::TokenLife { .. }
        | IdentityError::Tls(_) => CERTIFICATE,
    }
}

fn own(all: &mut Findings, config: &Config, own: Option<&OwnFacts>, now: Moment) {
    let tls = &config.identity.tls;
    let path = tls.certificate.display();
    let Some(own) = own else { return };
    for (number, one) in (1..).zip(&own.chain) {
        let what = format!("{path}, certificate {number}: {}", one.subject);
        let term = (one.not_before, one.not_after);
        all.lasts(CERTIFICATE, &what, term, now, &OWN_RENEWAL);
    }
    all.ok(
        CERTIFICATE,
        format!(
            "{}: is the certificate's key, and its owner's alone to read",
            tls.key.display()
        ),
    );
    match own.links {
        Links::Whole => {}
        Links::Broken(number) => all.fail(
            CERTIFICATE,
            format!(
                "{path}: certificate {number} was not issued by certificate {}",
                number + 1
            ),
            "put the chain in order, the gateway's own certificate first and each issuer after what it issued",
        ),
    }
    match &own.standing {
        Err(CertificateRefused::Revoked) => all.fail(
            CERTIFICATE,
            format!("{path}: the certificate, or one above it, was revoked"),
            "have a new one issued; providers refuse this one",
        ),
        Err(CertificateRefused::Path(webpki)) if own.chain.iter().all(|one| now <= one.not_after) => all.warn(
            CERTIFICATE,
            format!("{path}: leads to none of the configured trust anchors ({webpki})"),
            "where it should, put the CA certificates between it and the anchor behind it in the file",
        ),
        // What a list or a date does to it is told with that list or date.
        Ok(()) | Err(_) => {}
    }
    names(all, config, own);
}

/// Whether browsers and clients find the name they call.
fn names(all: &mut Findings, config: &Config, own: &OwnFacts) {
    let Some(leaf) = own.chain.first() else {
        return;
    };
    let names = leaf.names.join(", ");
    let host = |url: &str| Address::parse(url).ok().map(|url| url.host().to_owned());
    if let Some(desk) = config.desk.as_ref().and_then(|desk| host(&desk.url))
        && !leaf.is_for(&desk)
    {
        all.fail(
            CERTIFICATE,
            format!("is for {names}, and not for {desk}: browsers refuse the desk"),
            "have a certificate issued with that name, or correct desk.url",
        );
    }
    match host(&config.audience) {
        Some(audience) if !leaf.is_for(&audience) => all.warn(
            CERTIFICATE,
            format!("is for {names}, and not for {audience}, the host in audience"),
            "systems that call the gateway by that name refuse it: have a certificate issued with it, or let them use another name",
        ),
        _ => all.ok(CERTIFICATE, format!("is for {names}")),
    }
}

fn anchors(all: &mut Findings, survey: &Survey, now: Moment) {
    for anchor in &survey.anchors {
        let term = (anchor.not_before, anchor.not_after);
        all.lasts(ANCHOR, &anchor.name, term, now, &ANCHOR_RENEWAL);
    }
}

fn lists(all: &mut Findings, config: &Config, survey: &Survey, now: Moment) {
    let grace_hours = config.identity.tls.crl_grace_hours;
    for list in &survey.lists {
        let ListFacts {
            issuer,
            path,
            this_update,
            next_update,
            is_verified,
        } = list;
        let signed = if *is_verified {
            "signed by it"
        } else {
            "its signature is verified when somebody shows the issuer's certificate"
        };
        let what = format!("{}: {issuer}", path.display());
        // A list is renewed while it holds: one that is mostly used up was not.
        let term_ms = next_update.ms_since(*this_update);
        let overdue = Term::of(now, *this_update, *next_update, term_ms / 4);
        let grace = next_update.plus_ms(i64::from(grace_hours) * 3_600_000);
        match overdue {
            Term::Over if now < grace => all.warn(
                CRL,
                format!(
                    "{what}: stale since {next_update}; by tls.crl-grace-hours it counts for another {}",
                    left(now, grace)
                ),
                "fetch a new one from the issuer now",
            ),
            Term::Over => all.fail(
                CRL,
                format!("{what}: stale since {next_update}, so everybody under this issuer is refused"),
                "fetch a new one from the issuer and put it in its place; a running gateway takes it over by itself",
            ),
            Term::Soon => all.warn(
                CRL,
                format!("{what}: {} left of its term, until {next_update}", left(now, *next_update)),
                "see that a new one is fetched before that",
            ),
            Term::Good | Term::NotYet => all.ok(
                CRL,
                format!("{what}: {} left, until {next_update}, {signed}", left(now, *next_update)),
            ),
        }
    }
}

fn keys(all: &mut Findings, config: &Config, survey: &Survey) {
    for (oin, keys) in &survey.keys {
        let name = config.organisations.find(*oin).map(|one| one.name.as_str());
        let each = keys.iter().map(|key| match &key.kid {
            Some(kid) => format!("{kid} ({})", key.algorithm),
            None => format!("one without kid ({})", key.algorithm),
        });
        let each = each.collect::<Vec<_>>().join(", ");
        all.ok(JWKS, format!("{oin} {}: {each}", name.unwrap_or_default()));
    }
}
