//! The figures of what trust rests on: how long each certificate and CRL lasts, what is not ready, and
//! what must be mended.

use std::fmt;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Registry};

use super::as_float;
use super::family::Family;
use crate::clock::Clock;
use crate::http::{Concern, Readiness};
use crate::identity::{Ends, Identity};

/// These figures, read when somebody asks.
struct TrustFigures {
    identity: Arc<Identity>,
    readiness: Readiness,
    clock: Arc<dyn Clock>,
    certificates: Family,
    crls: Family,
    missing: Gauge,
    warnings: Family,
}

impl fmt::Debug for TrustFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustFigures").finish_non_exhaustive()
    }
}

impl Collector for TrustFigures {
    fn desc(&self) -> Vec<&Desc> {
        let mut all = self.missing.desc();
        all.extend([
            self.certificates.desc(),
            self.crls.desc(),
            self.warnings.desc(),
        ]);
        all
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let condition = (self.readiness)();
        self.missing.set(as_float(condition.not_ready.len() as u64));
        let warnings = Concern::ALL.map(|concern| {
            let about = condition.warnings.iter();
            let about = about.filter(|warning| warning.about == concern);
            let count = as_float(about.count() as u64);
            (vec![concern.name().to_owned()], count)
        });
        let now = self.clock.now();
        let (mut certificates, mut crls) = (Vec::new(), Vec::new());
        for ending in self.identity.endings() {
            let left = seconds(ending.at.ms_since(now));
            let role = match ending.what {
                Ends::Own => "own",
                Ends::OwnIssuer => "own-issuer",
                Ends::Anchor => "anchor",
                Ends::Crl => {
                    crls.push((vec![ending.name], left));
                    continue;
                }
            };
            certificates.push((vec![ending.name, role.to_owned()], left));
        }
        let mut all = self.missing.collect();
        all.push(self.certificates.gauges(certificates));
        all.push(self.crls.gauges(crls));
        all.push(self.warnings.gauges(warnings.to_vec()));
        all
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus counts in floating point"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Lets these figures be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_trust(
    registry: &Registry,
    identity: &Arc<Identity>,
    readiness: Readiness,
    clock: &Arc<dyn Clock>,
) -> Result<(), prometheus::Error> {
    registry.register(Box::new(TrustFigures {
        identity: Arc::clone(identity),
        readiness,
        clock: Arc::clone(clock),
        certificates: Family::new(
            "sluis_certificate_left_seconds",
            "Until a certificate expires: the gateway's own, its issuers' in the same file, trust anchors",
            &["name", "role"],
        )?,
        crls: Family::new(
            "sluis_crl_left_seconds",
            "Until the next CRL of an issuer should be there",
            &["issuer"],
        )?,
        missing: Gauge::new(
            "sluis_not_ready_causes",
            "What /readyz says is not ready, counted",
        )?,
        warnings: Family::new(
            "sluis_warnings",
            "What /readyz says must be mended without being in the way, counted",
            &["cause"],
        )?,
    }))
}
