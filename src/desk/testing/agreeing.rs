//! What the parties of the house agree on, signed by both.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::House;
use crate::clock::{Clock as _, Moment};
use crate::identity::StatementSigner;
use crate::policy::{Agreement, Bundle, ProofRecord, Revocation};

/// The bundles; read once, because that takes longer than all the rest.
pub(super) static BUNDLES: LazyLock<Vec<Arc<Bundle>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let load = |name| Arc::new(Bundle::load(&folder.join(name)).unwrap());
    ["2021-04-01-convenant", "2023-04-19-twg"].map(load).into()
});

impl House {
    /// A bundle of this gateway.
    pub(in crate::desk) fn bundle(at: usize) -> &'static Arc<Bundle> {
        &BUNDLES[at]
    }

    /// Both parties sign for a bundle from a moment on; answers the entry.
    pub(in crate::desk) async fn agree(&self, bundle: &Arc<Bundle>, from: Moment) -> u64 {
        let proof = ProofRecord::supposed(bundle);
        let agreement = Agreement::new(bundle, proof, from, None).unwrap();
        let signatures = self.signatures(&agreement.text());
        let exchange = self.exchange.as_ref().unwrap();
        let agreed = exchange.agree(bundle, &agreement, signatures).await;
        agreed.unwrap().index
    }

    /// Both parties take it back.
    pub(in crate::desk) async fn take_back(&self, bundle: &Bundle, agreement: u64) -> u64 {
        let entry = self.gateway().ledger.find_at(agreement).await.unwrap();
        let text = Revocation::new(bundle.hash(), entry.unwrap().hash()).text();
        let exchange = self.exchange.as_ref().unwrap();
        let taken = exchange.take_back(agreement, self.signatures(&text)).await;
        taken.unwrap().index
    }

    fn signatures(&self, text: &[u8]) -> Vec<String> {
        let now = self.world.clock.now();
        let sign = |party: &str| {
            let party = self.world.pki.party(party).unwrap();
            let signer = StatementSigner::open(&party.key, &party.certificate, now).unwrap();
            signer.sign(text, now).unwrap()
        };
        ["img", "ncg"].map(sign).into()
    }
}
