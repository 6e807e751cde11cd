//! What is wrong with trust at this moment, and whether it hinders.
//!
//! It hinders where nobody at all would be let in, no provider at all be believed, or our own certificate
//! be accepted by nobody. A file that turned bad hinders nothing, for what it held before counts. Nor
//! does an issuer of several that is shut: those under it are refused, and a gateway that stopped for
//! that would refuse the others too.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{DEPTH, Paths};
use super::files::IdentityError;
use super::trust::{Trust, without_crl};
use crate::clock::Moment;

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmAbout {
    /// A file that cannot be used; what it held before counts.
    File,
    /// The gateway's own certificate, or a trust anchor.
    Certificate,
    /// A revocation list that is stale, or is not there.
    Crl,
}

/// Something about trust that an operator must hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub about: AlarmAbout,
    /// Whether nobody can be served because of it.
    pub hinders: bool,
    /// In one line, with what to do.
    pub told: String,
}

/// Names, as DER.
type Names = BTreeSet<Vec<u8>>;

/// Who issued the certificate of which CA, by their names, as far as certificates that are held here
/// say so. One that issued its own is not among them.
pub(super) type IssuedBy = BTreeMap<Vec<u8>, Vec<u8>>;

impl Trust {
    /// Everything an operator must hear of, at this moment.
    pub(super) fn alarms(&self, now: Moment) -> Vec<Alarm> {
        let shut = self.shut(now);
        let mut alarms = Vec::new();
        let mut tell = |about, hinders, told| {
            let alarm = Alarm {
                about,
                hinders,
                told,
            };
            // One anchor may stand in the files of several.
            if !alarms.contains(&alarm) {
                alarms.push(alarm);
            }
        };
        for fault in &self.faults {
            let told = format!("{fault}; until that is mended, what the file held before counts");
            tell(AlarmAbout::File, false, told);
        }
        if let Some(told) = self.own_alarm(now) {
            tell(AlarmAbout::Certificate, true, told);
        }
        let anchors = || self.anchors.iter().flat_map(|file| file.iter());
        for anchor in anchors().filter(|anchor| !anchor.is_valid(now)) {
            let (name, subject) = (&anchor.examined.name, &anchor.examined.subject);
            let told = format!(
                "{name}: this trust anchor is not valid now and has dropped out; put its successor in its file"
            );
            tell(AlarmAbout::Certificate, shut.contains(subject), told);
        }
        for crl in self.crls.iter().filter(|crl| crl.next_update() <= now) {
            let until = self.clients.stale_from(crl);
            let refused = now >= until;
            let meaning = if refused {
                ": everybody under it is refused".to_owned()
            } else {
                format!(", and counts until {until} (tls.crl-grace-hours)")
            };
            let told = format!(
                "{}: the CRL is stale since {}{meaning}; fetch the next one (deploy/runbooks/crl.md)",
                crl.issuer_name(),
                crl.next_update()
            );
            let hinders = refused && shut.contains(crl.issuer());
            tell(AlarmAbout::Crl, hinders, told);
        }
        let without = without_crl(anchors(), &self.crls, now);
        let mut without: Vec<_> = without.map(|anchor| &anchor.examined).collect();
        without.sort_unstable_by_key(|examined| &examined.name);
        for examined in without {
            let issuer = examined.name.clone();
            let told = IdentityError::NoCrl { issuer }.to_string();
            tell(AlarmAbout::Crl, shut.contains(&examined.subject), told);
        }
        alarms
    }

    fn own_alarm(&self, now: Moment) -> Option<String> {
        const NEXT: &str =
            "put one that is valid at tls.certificate (deploy/runbooks/certificate.md)";
        if now > self.own.not_after {
            return Some(format!("the gateway's own certificate has expired; {NEXT}"));
        }
        (now < self.own.not_before).then(|| {
            format!(
                "the gateway's own certificate is not valid before {}; {NEXT}",
                self.own.not_before
            )
        })
    }

    /// Whose certificates are all refused, where that leaves nobody to be let in, or no provider to be
    /// believed.
    fn shut(&self, now: Moment) -> Names {
        let mut shut = Names::new();
        if !self.lets_in(&self.clients, now) {
            shut.extend(self.issuers(&self.clients));
        }
        if !self.servers.iter().any(|paths| self.lets_in(paths, now)) {
            shut.extend(self.servers.iter().flat_map(|paths| self.issuers(paths)));
        }
        shut
    }

    /// Whether anybody could be let in, as far as that can be known before they knock: a chain names
    /// CAs between itself and its anchor that nobody told us of, and each needs a list.
    fn lets_in(&self, paths: &Paths, now: Moment) -> bool {
        let anchors: Names = paths
            .anchors()
            .map(|anchor| anchor.examined.subject.clone())
            .collect();
        if !anchors.iter().any(|one| self.issues(paths, one, now)) {
            return false;
        }
        // A CA of CAs issues to nobody else: below a root whose list lasts a year, the lists of those
        // that issue to organisations are what grows stale.
        let of_cas: Names = self.issued_by.values().cloned().collect();
        let mut issuers = self.issuers(paths);
        issuers.retain(|issuer| !of_cas.contains(issuer));
        issuers.is_empty() || issuers.iter().any(|one| self.issues(paths, one, now))
    }

    /// Whether certificates of this issuer may be accepted, as far as it and those that are known to be
    /// above it go.
    fn issues(&self, paths: &Paths, issuer: &[u8], now: Moment) -> bool {
        let mut at = issuer;
        for _ in 0..DEPTH {
            let counts = paths.lists_count(at, now);
            let mut anchors = paths
                .anchors()
                .filter(|one| one.examined.subject == at)
                .peekable();
            if anchors.peek().is_some() {
                return counts == Some(true) && anchors.any(|one| one.is_valid(now));
            }
            if counts == Some(false) {
                return false;
            }
            let Some(above) = self.issued_by.get(at) else {
                return true;
            };
            at = above;
        }
        true
    }

    /// The anchors of these paths, and every other issuer there is a list of.
    fn issuers(&self, paths: &Paths) -> Names {
        let of_anchor = |name: &[u8]| {
            let mut anchors = self.anchors.iter().flat_map(|file| file.iter());
            anchors.any(|anchor| anchor.examined.subject == name)
        };
        let anchors = paths.anchors().map(|anchor| &anchor.examined.subject);
        let others = paths.crls().map(super::crl::Crl::issuer);
        let others = others
            .filter(|issuer| !of_anchor(issuer))
            .map(<[u8]>::to_vec);
        anchors.cloned().chain(others).collect()
    }
}

impl Paths {
    /// Whether the lists of this issuer still count, all of them; `None` where there is none.
    fn lists_count(&self, issuer: &[u8], now: Moment) -> Option<bool> {
        let mut lists = self.crls().filter(|crl| crl.is_of(issuer)).peekable();
        lists.peek()?;
        Some(lists.all(|crl| now < self.stale_from(crl)))
    }
}
