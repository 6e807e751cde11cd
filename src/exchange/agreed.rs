//! What was agreed on, over the wire: putting a bundle in force, taking an agreement back before it
//! begins, and reading what stands. Nothing here is personal but who asked.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::agreement::NotAgreed;
use super::api::Failure;
use super::record::unreadable;
use super::unsettled;
use super::{Caller, Exchange};
use crate::identity::Signed;
use crate::ledger::entry::{Act, Kind};
use crate::ledger::{self, HandedIn};
use crate::policy::{Bundle, Revocation, SignedAgreement, SignedRevocation};
use crate::store::Activation;

/// What became of an agreement that was handed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It was recorded.
    New(Value),
    /// It stood there just so: the answer to the call that did it was lost.
    Known(Value),
}

impl Exchange {
    /// Puts a bundle in force, from its files and from what each party signed. The same agreement once
    /// more answers the entry that stands, and changes nothing.
    ///
    /// # Errors
    /// [`Failure`]; what is in force stays in force.
    pub async fn put_in_force(
        &self,
        caller: Caller,
        files: String,
        signed: Vec<SignedAgreement>,
    ) -> Result<Settled, Failure> {
        self.check_party(&caller).await?;
        // Reading a bundle takes long enough to hold up everyone else on this thread.
        let reading = tokio::task::spawn_blocking(move || match Bundle::from_text(&files) {
            Ok(bundle) => {
                let mistakes = bundle.audit();
                let told = mistakes.iter().map(unsettled::mistake).collect();
                if mistakes.is_empty() {
                    Ok(bundle)
                } else {
                    Err(told)
                }
            }
            Err(error) => Err(unsettled::mistakes(&error)),
        });
        let bundle = match reading.await.map_err(|_| Failure::Internal)? {
            Ok(bundle) => Arc::new(bundle),
            Err(mistakes) => return Err(self.record_unusable(&caller, mistakes).await),
        };
        let by = Some(caller.hands_in());
        match Box::pin(self.agree_on(by, &bundle, &signed)).await {
            Ok(receipt) => Ok(Settled::New(self.agreement_told(receipt.index).await?)),
            Err(NotAgreed::Known(index)) => {
                self.use_up(&caller).await?;
                Ok(Settled::Known(self.agreement_told(index).await?))
            }
            Err(refused) => Err(self.record_unsettled(&caller, &refused).await),
        }
    }

    /// Takes an agreement back before it begins. Once more it answers the same.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn withdraw_agreement(
        &self,
        caller: Caller,
        agreement: u64,
        signed: Vec<SignedRevocation>,
    ) -> Result<Value, Failure> {
        self.check_party(&caller).await?;
        let by = Some(caller.hands_in());
        match Box::pin(self.withdraw(by, agreement, &signed)).await {
            Ok(_) => {}
            Err(NotAgreed::TakenBack(_)) => self.use_up(&caller).await?,
            Err(refused) => return Err(self.record_unsettled(&caller, &refused).await),
        }
        self.agreement_told(agreement).await
    }

    /// Learns what was agreed on at other gateways.
    ///
    /// # Errors
    /// [`Failure::LedgerUnavailable`] when the book cannot be read.
    pub async fn follow_agreements(&self) -> Result<(), Failure> {
        self.refresh_policy().await
    }

    /// Every agreement, oldest first, those that were taken back too.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn agreements(&self, caller: Caller) -> Result<Vec<Value>, Failure> {
        self.check_registry(&caller).await?;
        self.use_up(&caller).await?;
        self.refresh_policy().await?;
        let known = self.in_force.load();
        let mut told = Vec::new();
        for one in known.all() {
            told.push(self.in_short(one).await?.into());
        }
        Ok(told)
    }

    /// One agreement whole, by the index of its entry: the files of its bundle and who signed.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn agreement(&self, caller: Caller, index: u64) -> Result<Value, Failure> {
        self.check_registry(&caller).await?;
        self.refresh_policy().await?;
        let known = self.in_force.load();
        let Some(one) = known.all().iter().find(|one| one.index == index) else {
            return Err(self.record_missing(&caller).await);
        };
        self.use_up(&caller).await?;
        let mut told = self.in_short(one).await?;
        let entry = self.agreement_entry(index).await?;
        let text = ledger::agreement(&entry.entry).ok_or(Failure::Internal)?;
        let files = self.ledger.bundle_files(one.bundle).await;
        let files = files.map_err(unreadable)?.ok_or(Failure::Internal)?;
        let files: Value = serde_json::from_str(&files).map_err(unreadable)?;
        let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
        put("verklaring", json!(text));
        put("bestanden", files);
        put("ondertekenaars", self.signers_told(&entry, &text.text()));
        put("vermelding", line(&entry));
        if let Some(by) = one.revoked {
            let revoked = self.agreement_entry(by).await?;
            let text = Revocation::new(one.bundle, entry.hash());
            let signers = self.signers_told(&revoked, &text.text());
            put(
                "intrekking",
                json!({
                    "index": by,
                    "transactieId": revoked.entry.transactie,
                    "tijd": revoked.entry.tijd,
                    "verklaring": text,
                    "ondertekenaars": signers,
                    "vermelding": line(&revoked),
                }),
            );
        }
        Ok(told.into())
    }

    /// Only an organisation whose documents it is about changes what is agreed on; who must sign is
    /// another matter.
    async fn check_party(&self, caller: &Caller) -> Result<(), Failure> {
        self.check_registry(caller).await?;
        if caller.organisation.provides {
            return Ok(());
        }
        Err(self.record_not_authorised(caller).await)
    }

    /// What is read or repeated leaves no entry; the token is used up all the same.
    async fn use_up(&self, caller: &Caller) -> Result<(), Failure> {
        match self.ledger.claim(caller.uses()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.not_appended(caller, Act::Registry, error).await),
        }
    }

    async fn agreement_told(&self, index: u64) -> Result<Value, Failure> {
        let known = self.in_force.load();
        let one = known.all().iter().find(|one| one.index == index);
        Ok(self.in_short(one.ok_or(Failure::Internal)?).await?.into())
    }

    async fn agreement_entry(&self, index: u64) -> Result<ledger::Found, Failure> {
        let found = self.ledger.find_at(index).await.map_err(unreadable)?;
        let found = found.filter(|found| found.entry.soort == Kind::Agreement);
        found.ok_or(Failure::Internal)
    }

    /// One line of the list.
    async fn in_short(&self, one: &Activation) -> Result<Map<String, Value>, Failure> {
        let found = self.agreement_entry(one.index).await?;
        let (hash, entry) = (found.hash(), found.entry);
        let mut told = Map::new();
        let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
        put("index", json!(one.index));
        put("bladhash", json!(hash));
        put("transactieId", json!(entry.transactie));
        put("tijd", json!(entry.tijd));
        put("bundel", json!(one.bundle));
        put("titel", json!(entry.titel.unwrap_or_default()));
        put("geldigVan", json!(one.from));
        put("geldigTot", json!(one.until));
        put("stand", json!(self.stand(one)));
        put("ingetrokkenIn", json!(one.revoked));
        Ok(told)
    }

    /// What it comes to at this moment.
    fn stand(&self, one: &Activation) -> &'static str {
        let now = self.clock.now();
        let deciding = self.in_force.load().deciding(&self.policies, now);
        if one.revoked.is_some() {
            "ingetrokken"
        } else if one.from > now {
            "gepland"
        } else if deciding == Some(one.index) {
            "van-kracht"
        } else if one.until.is_some_and(|until| until <= now) {
            "verlopen"
        } else {
            "opgevolgd"
        }
    }

    /// Who signed; a signature that cannot be read any more is told as it stands.
    fn signers_told(&self, found: &ledger::Found, text: &[u8]) -> Value {
        let told = |jws: &String| match Signed::parse(jws, text) {
            Ok(signed) => {
                let known = self.organisations.find(signed.by);
                json!({
                    "oin": signed.by,
                    "naam": known.map(|known| &known.name),
                    "certificaat": signed.subject(),
                    "getekend": signed.at,
                    "handtekening": jws,
                })
            }
            Err(_) => json!({ "handtekening": jws }),
        };
        found.entry.handtekeningen.iter().map(told).collect()
    }
}

impl Caller {
    fn hands_in(&self) -> HandedIn {
        HandedIn {
            organisation: self.organisation.oin,
            transaction: self.transaction,
            personal: self.personal(),
            claims: self.uses(),
        }
    }
}

fn line(found: &ledger::Found) -> Value {
    json!(String::from_utf8_lossy(&found.line))
}
