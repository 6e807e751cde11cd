//! The rules: which bundle is in force, until when, and whose signature a bundle waits for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::super::{read_signed, roles_nobody_knows};
use crate::clock::Moment;
use crate::config::Config;
use crate::domain::Role;
use crate::errors::in_full;
use crate::finding::{Findings, RENEW_MS, Term, day, left};
use crate::identity::Signed;
use crate::policy::{Activation, Bundle, NotInForce, Policies, SignedAgreement, in_force};
use crate::store::Store;

const POLICY: &str = "policy";
/// What to do where there are no rules.
const SIGN: &str = "have every party sign a bundle (`sluis policy sign`), and name the files in policy.signatures or use `sluis policy activate`";

pub(super) async fn told(all: &mut Findings, config: &Config, store: Option<&Store>, now: Moment) {
    let mut bundles = Vec::new();
    for folder in &config.bundles {
        bundles.extend(loaded(all, folder).map(Arc::new));
    }
    if let Some(folder) = &config.shadow
        && let Some(bundle) = loaded(all, folder)
    {
        all.ok(POLICY, format!("{} is on trial", bundle.id()));
    }
    for mistake in roles_nobody_knows(config, &bundles) {
        all.fail_as_told(POLICY, mistake);
    }
    let mut signed = Vec::new();
    for path in &config.signatures {
        match read_signed(path) {
            Ok(one) => signed.push((path.display().to_string(), one)),
            Err(mistake) => all.fail_as_told(POLICY, mistake),
        }
    }
    let recorded = match store {
        None => Ok(Vec::new()),
        Some(store) => recorded(store, &bundles).await,
    };
    let (activations, policies) = match recorded {
        Ok(list) => with_policies(list, &bundles),
        Err(error) => {
            let what = format!("what was agreed on cannot be read: {error}");
            return all.fail(POLICY, what, "check it with `sluis ledger verify --config`");
        }
    };
    let mut ready = Vec::new();
    for bundle in &bundles {
        waiting(all, config, bundle, (&signed, &activations), &mut ready);
    }
    match in_force(&policies, &activations, now) {
        Ok(bundle) => deciding(all, &bundle, &activations, now),
        Err(NotInForce::None) if !ready.is_empty() => all.ok(
            POLICY,
            format!(
                "nothing is in force yet; at the next start {}",
                ready.join(", ")
            ),
        ),
        Err(NotInForce::None) => all.fail(
            POLICY,
            "no bundle is in force: every request is refused (BELEID_ONBRUIKBAAR)",
            SIGN,
        ),
        Err(error) => all.fail(POLICY, in_full(&error), SIGN),
    }
}

/// A bundle in a folder, or everything that is wrong with it.
fn loaded(all: &mut Findings, folder: &Path) -> Option<Bundle> {
    match Bundle::load(folder) {
        Ok(bundle) => Some(bundle),
        Err(error) => {
            for line in error.to_string().lines() {
                all.fail_as_told(POLICY, line);
            }
            None
        }
    }
}

type Read = (Activation, Option<Arc<Bundle>>);

/// The agreements that hold or are planned, each with its bundle as the database keeps it.
async fn recorded(store: &Store, configured: &[Arc<Bundle>]) -> Result<Vec<Read>, String> {
    let told = |error: &dyn std::error::Error| in_full(error);
    let stored = store.activations().await.map_err(|error| told(&error))?;
    let mut list = Vec::new();
    for one in stored.into_iter().filter(|one| one.revoked.is_none()) {
        let known = configured.iter().find(|known| known.hash() == one.bundle);
        let bundle = if let Some(known) = known {
            Some(Arc::clone(known))
        } else {
            let files = store.bundle(one.bundle).await.map_err(|e| told(&e))?;
            let bundle = files.and_then(|files| Bundle::from_text(&files).ok());
            let bundle = bundle.filter(|found| found.hash() == one.bundle);
            bundle.map(Arc::new)
        };
        let activation = Activation {
            bundle: one.bundle,
            from: one.from,
            until: one.until,
            index: one.index,
        };
        list.push((activation, bundle));
    }
    Ok(list)
}

fn with_policies(list: Vec<Read>, configured: &[Arc<Bundle>]) -> (Vec<Activation>, Policies) {
    let policies = Policies::new(configured.to_vec());
    let mut activations = Vec::with_capacity(list.len());
    for (activation, bundle) in list {
        if let Some(bundle) = bundle {
            policies.learn(&bundle);
        }
        activations.push(activation);
    }
    (activations, policies)
}

/// Who signed for this bundle, where that matters: it is not in the ledger yet.
fn waiting(
    all: &mut Findings,
    config: &Config,
    bundle: &Bundle,
    (signed, activations): (&[(String, SignedAgreement)], &[Activation]),
    ready: &mut Vec<String>,
) {
    let of_it = signed
        .iter()
        .filter(|(_, one)| one.agreement.bundle == bundle.hash());
    let mut roles: BTreeSet<&Role> = BTreeSet::new();
    let mut dates = None;
    for (path, one) in of_it {
        let agreement = &one.agreement;
        let recorded = activations.iter().any(|known| {
            (known.bundle, known.from, known.until)
                == (agreement.bundle, agreement.from, agreement.until)
        });
        if recorded {
            return;
        }
        if let Err(flaw) = agreement.check(bundle) {
            let what = format!("{path}: {}", in_full(&flaw));
            return all.fail(POLICY, what, "sign it again with `sluis policy sign`");
        }
        match Signed::parse(&one.signature, &agreement.text()) {
            Ok(signed) => {
                let by = config.organisations.find(signed.by);
                roles.extend(by.map(|organisation| &organisation.role));
                dates = Some((agreement.from, agreement.until));
            }
            Err(flaw) => {
                let what = format!("{path}: the signature is not good: {}", in_full(&flaw));
                all.fail(POLICY, what, "sign it again with `sluis policy sign`");
            }
        }
    }
    let Some((from, _)) = dates else { return };
    let missing: Vec<&str> = (bundle.signers().iter())
        .filter(|role| !roles.contains(role))
        .map(Role::as_str)
        .collect();
    if missing.is_empty() {
        ready.push(format!("{} will be, from {}", bundle.id(), day(from)));
    } else {
        all.warn(
            POLICY,
            format!(
                "{} waits for the signature of {}",
                bundle.id(),
                missing.join(" and ")
            ),
            "have it signed with `sluis policy sign`, and name the file in policy.signatures",
        );
    }
}

/// Until when the bundle in force decides, and what comes then.
fn deciding(all: &mut Findings, bundle: &Bundle, activations: &[Activation], now: Moment) {
    let (from, own_end) = bundle.in_force();
    let of_it = activations
        .iter()
        .filter(|one| one.bundle == bundle.hash() && one.from <= now);
    let newest = of_it.max_by_key(|one| one.index);
    let entry = newest.map_or(0, |one| one.index);
    let end = [own_end, newest.and_then(|one| one.until)];
    let what = format!("{} is in force, agreed on in entry {entry}", bundle.id());
    let Some(end) = end.into_iter().flatten().min() else {
        return all.ok(POLICY, format!("{what}, without an end"));
    };
    let followed = activations
        .iter()
        .any(|one| one.from <= end && one.until.is_none_or(|until| until > end));
    match Term::of(now, from, end, RENEW_MS) {
        Term::Soon if !followed => all.warn(
            POLICY,
            format!(
                "{what}; it ends in {}, on {}, and nothing follows it",
                left(now, end),
                day(end)
            ),
            SIGN,
        ),
        _ => all.ok(POLICY, format!("{what}, until {}", day(end))),
    }
}
