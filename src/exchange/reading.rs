//! The calls that read: metadata, a test, a search, a decision and its proof, the public book.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Map, Value, json};

use super::api::{Failure, FieldError, Found, Search, TestOutcome, Withheld};
use super::record::{Refusal, unreadable, with_owners};
use super::{Caller, Exchange, beside, told};
use crate::bounds;
use crate::domain::{Document, DocumentId, DocumentKind, Sha256, TransactionId};
use crate::ledger::entry::{Act, Entry, Kind, Listed, Withheld as WithheldCount};
use crate::ledger::extract::Extract;
use crate::ledger::seal::Owner;
use crate::ledger::{self, NotAppended, Seen};
use crate::merkle::TileAt;
use crate::policy::Ground;
use crate::spans;
use crate::store::Subject;

/// What a decision came to, when nothing is released by it.
enum Decided {
    Permitted {
        ground: Ground,
        rules: Vec<String>,
        bundle: Sha256,
    },
    Refused(Refusal),
}

impl Exchange {
    /// The metadata of one document, on the same decision as its bytes.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn metadata(&self, caller: Caller, id: DocumentId) -> Result<Document, Failure> {
        match self.decide_and_record(&caller, Act::Metadata, id).await? {
            (subject, Decided::Permitted { .. }) => Ok(Document::clone(&subject.document)),
            (_, Decided::Refused(refusal)) => Err(self.refused(&caller, &refusal)),
        }
    }

    /// Whether it would be permitted, and what is missing.
    ///
    /// # Errors
    /// [`Failure`]; a no is not one of them.
    pub async fn test(&self, caller: Caller, id: DocumentId) -> Result<TestOutcome, Failure> {
        let language = caller.language;
        Ok(
            match self.decide_and_record(&caller, Act::Test, id).await?.1 {
                Decided::Permitted {
                    ground,
                    rules,
                    bundle,
                } => TestOutcome {
                    told: self.rules_told(language, Some(bundle), &rules),
                    permitted: true,
                    ground: Some(ground),
                    rules,
                    reason: None,
                    missing: json!([]),
                },
                Decided::Refused(refusal) => TestOutcome {
                    told: self.rules_told(language, refusal.bundle, &refusal.rules),
                    permitted: false,
                    ground: None,
                    rules: refusal.rules,
                    reason: Some(refusal.reason),
                    missing: self.missing_told(&caller, &refusal.missing),
                },
            },
        )
    }

    /// Decides about a document and records it, where the record is all that follows.
    async fn decide_and_record(
        &self,
        caller: &Caller,
        act: Act,
        id: DocumentId,
    ) -> Result<(Subject, Decided), Failure> {
        self.check_requester(caller, act, Some(id)).await?;
        for _ in 0..bounds::DECISION_ATTEMPTS {
            let Some(subject) = self.find_subject(id).await? else {
                return Err(self.record_unknown(caller, act, id).await);
            };
            let now = self.clock.now();
            let beside::Decided { outcome, on } = self.decide_beside(caller, &subject, now);
            let (recorded, decided) = match outcome {
                Ok(permit) => {
                    let decided = Decided::Permitted {
                        ground: permit.ground().clone(),
                        rules: told::ids(permit.rules()),
                        bundle: permit.bundle(),
                    };
                    let draft = self
                        .permit_draft(caller, act, &subject, now, &on, &permit)
                        .await;
                    let recorded = match draft {
                        Ok(draft) => self.ledger.append(draft).await,
                        Err(error) => Err(error),
                    };
                    (recorded, decided)
                }
                Err(refusal) => {
                    let recorded = self
                        .record_refusal(caller, act, &subject, now, &on, &refusal)
                        .await;
                    (recorded, Decided::Refused(refusal))
                }
            };
            match recorded {
                Ok(_) => {
                    self.count(&on);
                    return Ok((subject, decided));
                }
                Err(NotAppended::Stale) => self.learn_anew(&subject).await?,
                Err(error) => return Err(self.not_appended(caller, act, error).await),
            }
        }
        Err(Failure::Overloaded)
    }

    /// The documents of an address that this caller may have for this purpose. Each is a decision;
    /// one entry tells how many were listed and withheld, by kind and reason. No candidate is asked
    /// beside them: which document it would decide otherwise could not be told in sums.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn search(&self, caller: Caller, wanted: Search) -> Result<Found, Failure> {
        self.check_requester(&caller, Act::Search, None).await?;
        for _ in 0..bounds::DECISION_ATTEMPTS {
            // One more than fits, to tell whether there is more; a filter may leave fewer.
            let read = bounds::SEARCH_DOCUMENTS + 1;
            let part = spans::enter("facts");
            let (documents, address) = self
                .store
                .documents_at(wanted.address, wanted.cursor, read)
                .await
                .map_err(unreadable)?;
            drop(part);
            let complete = documents.len() < read as usize;
            let now = self.clock.now();
            let mut found = Found {
                documents: Vec::new(),
                withheld: Vec::new(),
                cursor: None,
            };
            let mut listed: BTreeMap<DocumentKind, u32> = BTreeMap::new();
            let mut withheld: BTreeMap<(DocumentKind, &'static str), u32> = BTreeMap::new();
            let mut epoch = self.in_force.load().epoch();
            let mut last = None;
            let mut more = !complete;
            let part = spans::enter("decide");
            for document in documents {
                let asked_for = wanted
                    .kind
                    .as_ref()
                    .is_none_or(|kind| *kind == document.kind)
                    && wanted
                        .provider
                        .is_none_or(|provider| provider == document.provider);
                if asked_for && found.documents.len() >= wanted.limit as usize {
                    more = true;
                    break;
                }
                last = Some(document.id);
                // What one has oneself is not asked for here.
                if !asked_for || document.provider == caller.organisation.oin {
                    continue;
                }
                let (decided, seen) = self.decide(&caller, &document, &address.facts, now);
                epoch = epoch.min(seen);
                match decided {
                    Ok(_) => {
                        *listed.entry(document.kind.clone()).or_default() += 1;
                        found.documents.push(document);
                    }
                    Err(refusal) => {
                        *withheld.entry((document.kind, refusal.reason)).or_default() += 1;
                    }
                }
            }
            drop(part);
            found.withheld = withheld
                .keys()
                .map(|(kind, reason)| Withheld {
                    kind: kind.clone(),
                    reason,
                })
                .collect();
            found.cursor = if more { last } else { None };

            let mut entry = caller.entry(Kind::Search, now);
            entry.handeling = Some(Act::Search);
            entry.gezien = Some(address.facts.version);
            entry.getoond = listed
                .into_iter()
                .map(|(soort, aantal)| Listed { aantal, soort })
                .collect();
            entry.onthouden = withheld
                .into_iter()
                .map(|((soort, reden), aantal)| WithheldCount {
                    aantal,
                    reden: reden.to_owned(),
                    soort,
                })
                .collect();
            let personal = caller.personal().with("nummeraanduiding", wanted.address);
            let personal = with_owners(personal, &address.facts, now);
            let seen = Seen {
                address: Some(address),
                policy_epoch: Some(epoch),
            };
            let owner = Owner::Address(wanted.address);
            let draft = self
                .ledger
                .draft(entry, &personal, owner, caller.uses(), seen, None)
                .await;
            let recorded = match draft {
                Ok(draft) => self.ledger.append(draft).await,
                Err(error) => Err(error),
            };
            match recorded {
                Ok(_) => return Ok(found),
                Err(NotAppended::Stale) => self.refresh_policy().await?,
                Err(error) => return Err(self.not_appended(&caller, Act::Search, error).await),
            }
        }
        Err(Failure::Overloaded)
    }

    /// One exchange of the past, for its two parties: what stands in the book about it, and the
    /// openings that are theirs to see. The reading is recorded before it is shown.
    ///
    /// # Errors
    /// [`Failure`]; to anyone else it does not exist.
    pub async fn decision(&self, caller: Caller, of: TransactionId) -> Result<Value, Failure> {
        self.check_registry(&caller).await?;
        let Some(found) = self.own_exchange(&caller, of).await? else {
            return Err(self.record_missing(&caller).await);
        };
        self.record_reading(&caller, None, Some(found.index))
            .await?;

        let openings = self.ledger.open_values(&found).await;
        let openings: Map<String, Value> = openings
            .map_err(unreadable)?
            .into_iter()
            .filter(|(field, _)| may_see(&found.entry, field, &caller))
            .map(|(field, opened)| {
                let shown = json!({"waarde": opened.value, "zout": BASE64URL.encode(opened.salt)});
                (field, shown)
            })
            .collect();
        let closing = self.ledger.find_closing(of).await.map_err(unreadable)?;
        let line = String::from_utf8_lossy(&found.line).into_owned();
        let entry = &found.entry;
        Ok(json!({
            "transactieId": of,
            "index": found.index,
            "vermelding": line,
            "besluit": entry_value(entry),
            "uitleg": self.rules_told(caller.language, entry.bundel, &entry.regels),
            "openingen": openings,
            "afgifte": closing.as_ref().map(|closing| {
                let mut value = entry_value(&closing.entry);
                if let Some(members) = value.as_object_mut() {
                    members.insert("index".to_owned(), json!(closing.index));
                }
                value
            }),
        }))
    }

    /// A C2SP tlog-proof of one exchange of the past, for its two parties.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn proof(&self, caller: Caller, of: TransactionId) -> Result<String, Failure> {
        self.check_registry(&caller).await?;
        let Some(found) = self.own_exchange(&caller, of).await? else {
            return Err(self.record_missing(&caller).await);
        };
        // A proof holds hashes only, so it leaves no entry; the token is used up all the same.
        if let Err(error) = self.ledger.claim(caller.uses()).await {
            return Err(self.not_appended(&caller, Act::Registry, error).await);
        }
        self.ledger.proof(found.index).await.map_err(unreadable)
    }

    /// An extract of one exchange of the past, for its two parties: what stands in the book about it,
    /// proven, with these personal fields shown and no others. Where any is shown, the reading is
    /// recorded before; what was erased is left out.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where a field is not this party's to show.
    pub async fn extract(
        &self,
        caller: Caller,
        of: TransactionId,
        fields: &BTreeSet<String>,
    ) -> Result<Extract, Failure> {
        self.check_registry(&caller).await?;
        let Some(found) = self.own_exchange(&caller, of).await? else {
            return Err(self.record_missing(&caller).await);
        };
        let sealed = found.entry.zegels.keys();
        let own: BTreeSet<&String> = sealed
            .filter(|field| may_see(&found.entry, field, &caller))
            .collect();
        if let Some(strange) = fields.iter().find(|field| !own.contains(field)) {
            return Err(Failure::Invalid(vec![not_to_show(strange, &own)]));
        }
        let openings = if fields.is_empty() {
            // Hashes only, as in a proof.
            if let Err(error) = self.ledger.claim(caller.uses()).await {
                return Err(self.not_appended(&caller, Act::Registry, error).await);
            }
            BTreeMap::new()
        } else {
            self.record_reading(&caller, None, Some(found.index))
                .await?;
            let openings = self.ledger.open_values(&found).await;
            let mut openings = openings.map_err(unreadable)?;
            openings.retain(|field, _| fields.contains(field));
            openings
        };
        let closing = self.ledger.find_closing(of).await.map_err(unreadable)?;
        let extract = self.ledger.extract(&found, openings, closing.as_ref());
        extract.await.map_err(unreadable)
    }

    async fn own_exchange(
        &self,
        caller: &Caller,
        of: TransactionId,
    ) -> Result<Option<ledger::Found>, Failure> {
        let found = self.ledger.find(of).await.map_err(unreadable)?;
        let own = caller.organisation.oin;
        let parties = |entry: &Entry| BTreeSet::from([entry.aanvrager, entry.bron]);
        Ok(found.filter(|found| {
            parties(&found.entry).contains(&Some(own)) && !is_of_the_desk(&found.entry)
        }))
    }

    /// The last signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.ledger.checkpoint()
    }

    /// The newest checkpoint that enough witnesses cosigned; `None` before the first.
    #[must_use]
    pub fn cosigned_checkpoint(&self) -> Option<String> {
        self.ledger.cosigned().map(|cosigned| cosigned.note.clone())
    }

    /// The first `width` hashes of a tile, as C2SP tlog-tiles serves them.
    ///
    /// # Errors
    /// [`Failure::LedgerUnavailable`].
    pub async fn tile(
        &self,
        level: u8,
        number: u64,
        width: u16,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let at = TileAt { level, number };
        let hashes = self
            .ledger
            .tile(at, usize::from(width))
            .await
            .map_err(unreadable)?;
        Ok(hashes.map(|hashes| hashes.as_flattened().to_vec()))
    }

    /// The first `width` entries of a bundle.
    ///
    /// # Errors
    /// [`Failure::LedgerUnavailable`].
    pub async fn entries(&self, number: u64, width: u16) -> Result<Option<Vec<u8>>, Failure> {
        self.ledger
            .bundle(number, usize::from(width))
            .await
            .map_err(unreadable)
    }
}

/// Whether an officer left it: what officers look at and judge is not for systems to read.
fn is_of_the_desk(entry: &Entry) -> bool {
    matches!(entry.soort, Kind::Review | Kind::Proposal | Kind::Check) || entry.aanleiding.is_some()
}

/// Whether a personal field of an entry is this party's to see: who asked there, and for which case of
/// theirs, is not the provider's to know.
fn may_see(entry: &Entry, field: &str, caller: &Caller) -> bool {
    entry.aanvrager == Some(caller.organisation.oin) || !matches!(field, "medewerker" | "zaak")
}

fn not_to_show(field: &str, own: &BTreeSet<&String>) -> FieldError {
    let shown: String = field.chars().take(64).collect();
    let own: Vec<&str> = own.iter().map(|field| field.as_str()).collect();
    let can = match own.as_slice() {
        [] => "in deze regel staat niets dat u kunt tonen".to_owned(),
        own => format!("u kunt tonen: {}", own.join(", ")),
    };
    FieldError {
        field: "velden".to_owned(),
        message: format!("{shown} is hier niet te tonen; {can}"),
    }
}

/// An entry as a value of an answer, its seals left out: they stand in `vermelding`.
fn entry_value(entry: &Entry) -> Value {
    let mut value = json!(entry);
    if let Some(members) = value.as_object_mut() {
        members.remove("zegels");
    }
    value
}
