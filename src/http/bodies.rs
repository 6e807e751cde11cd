//! The bodies of the calls (CONTRACT.md, "Endpoints of `exchange`"), each from JSON to the type the
//! procedure takes.
//!
//! A reader says everything that is wrong in `Errors`. What it returns counts only when it added
//! nothing: an unknown field does not keep it from returning the rest.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{Errors, Fields, boolean, known, moment, organisation, text, whole};
use crate::bounds::{SEARCH_DEFAULT_DOCUMENTS, SEARCH_DOCUMENTS};
use crate::clock::Moment;
use crate::domain::{
    AddressId, ChoiceKind, ChoiceState, Document, DocumentId, DossierNumber, Evidence,
    EvidenceKind, Language, Malformed, Mark, MediaType, Oin, OwnerId, Reference, Sha256, ShownText,
    Title, Version,
};
use crate::exchange::{KnownCodes, NewAos, NewChoice, Search, Withdrawal};

/// The largest whole number that every JSON reader takes exactly (RFC 7493, 2.2).
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// A reader of one body.
pub type Reader<T> = fn(Value, &KnownCodes, &mut Errors) -> Option<T>;

/// Who owns an address, from when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// The address.
    pub address: AddressId,
    /// All owners; empty when nobody is known.
    pub owners: BTreeSet<OwnerId>,
    /// From when.
    pub from: Moment,
}

/// A dossier of the calling organisation at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierAt {
    /// The address.
    pub address: AddressId,
    /// Its number.
    pub dossier: DossierNumber,
    /// Whether it is being worked on.
    pub active: bool,
    /// Its marks.
    pub marks: BTreeSet<Mark>,
}

/// The body of `PUT /documenten/{uuid}`: a document without its id, which is in the path. An id of
/// zeros stands in its place until the caller puts it there.
pub fn document(body: Value, codes: &KnownCodes, errors: &mut Errors) -> Option<Document> {
    let mut fields = Fields::open(body, errors)?;
    let nil = DocumentId::from_bytes([0; 16]);
    let document = document_fields(Some(nil), &mut fields, codes);
    fields.finish();
    document
}

/// A line of `POST /documenten/_bulk`: a document with its id. The id comes out, when it is one,
/// also if the rest is wrong.
pub fn bulk_document(
    line: Value,
    codes: &KnownCodes,
    errors: &mut Errors,
) -> (Option<DocumentId>, Option<Document>) {
    let Some(mut fields) = Fields::open(line, errors) else {
        return (None, None);
    };
    let id = fields.required("uuid", text(DocumentId::parse));
    let document = document_fields(id, &mut fields, codes);
    fields.finish();
    (id, document)
}

fn document_fields(
    id: Option<DocumentId>,
    fields: &mut Fields<'_>,
    codes: &KnownCodes,
) -> Option<Document> {
    let provider = fields.required("bronorganisatie", text(Oin::parse));
    let dossier = fields.required("dossier", text(DossierNumber::parse));
    let kind = fields.required("soort", known(&codes.kinds));
    let title = fields.required("titel", text(Title::parse));
    let media_type = fields.required("formaat", text(MediaType::parse));
    let size_bytes = fields.required("bestandsomvang", whole(0, LARGEST_EXACT));
    let created = fields.required("creatiedatum", moment);
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let health = fields.required("gezondheidsgegevens", boolean);
    let version = fields.required("versie", text(Version::parse));
    Some(Document {
        id: id?,
        provider: provider?,
        dossier: dossier?,
        kind: kind?,
        title: title?,
        media_type: media_type?,
        size_bytes: size_bytes?,
        created: created?,
        address: address?,
        health: health?,
        version: version?,
    })
}

/// The body of `POST /documenten/_zoek`.
pub fn search(body: Value, codes: &KnownCodes, errors: &mut Errors) -> Option<Search> {
    let mut fields = Fields::open(body, errors)?;
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let kind = fields.optional("soort", known(&codes.kinds));
    let provider = fields.optional("bronorganisatie", organisation(&codes.organisations));
    let limit = fields.optional("limiet", whole(1, u64::from(SEARCH_DOCUMENTS)));
    let cursor = fields.optional("vervolg", text(DocumentId::parse));
    fields.finish();
    Some(Search {
        address: address?,
        kind,
        provider,
        limit: limit
            .and_then(|limit| u32::try_from(limit).ok())
            .unwrap_or(SEARCH_DEFAULT_DOCUMENTS),
        cursor,
    })
}

/// The body of `PUT /adressen/_eigenaren`.
pub fn owners(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<Owners> {
    let mut fields = Fields::open(body, errors)?;
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let owners = fields.list("eigenaren", 0, text(OwnerId::parse));
    let from = fields.required("per", moment);
    fields.finish();
    Some(Owners {
        address: address?,
        owners: owners?.into_iter().collect(),
        from: from?,
    })
}

/// The body of `PUT /adressen/_dossiers`.
pub fn dossier(body: Value, codes: &KnownCodes, errors: &mut Errors) -> Option<DossierAt> {
    let mut fields = Fields::open(body, errors)?;
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let dossier = fields.required("dossier", text(DossierNumber::parse));
    let active = fields.required("actief", boolean);
    let marks = fields.list("kenmerken", 0, known(&codes.marks));
    fields.finish();
    Some(DossierAt {
        address: address?,
        dossier: dossier?,
        active: active?,
        marks: marks?.into_iter().collect(),
    })
}

/// The body of `POST /toestemmingen`.
pub fn choice(body: Value, codes: &KnownCodes, errors: &mut Errors) -> Option<NewChoice> {
    let party = || organisation(&codes.organisations);
    let mut fields = Fields::open(body, errors)?;
    let kind = fields.required("soort", text(ChoiceKind::parse));
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let owner = fields.required("eigenaar", text(OwnerId::parse));
    let receivers = fields.list("ontvangers", 1, party());
    let purposes = fields.list("doelen", 1, known(&codes.purposes));
    let kinds = fields.list("documentsoorten", 1, known(&codes.kinds));
    let valid_from = fields.required("geldigVan", moment);
    let valid_until = fields.optional("geldigTot", moment);
    refuse_reversed(
        &mut fields,
        ("geldigVan", valid_from),
        ("geldigTot", valid_until),
    );
    let evidence = fields.object("bewijs", evidence);
    let shown = fields.object("tekst", shown);
    let coordinator = if kind == Some(ChoiceKind::JointRequest) {
        fields.required("coordinator", party())
    } else {
        let given = fields.optional("coordinator", party());
        if kind.is_some() && given.is_some() {
            fields.wrong("coordinator", "hoort alleen bij verzoek-gezamenlijk");
        }
        given
    };
    let state = fields.optional("toestand", text(new_state));
    fields.finish();
    Some(NewChoice {
        kind: kind?,
        address: address?,
        owner: owner?,
        receivers: receivers?,
        purposes: purposes?,
        kinds: kinds?,
        valid_from: valid_from?,
        valid_until,
        evidence: evidence?,
        shown: shown?,
        coordinator,
        state: state.unwrap_or(ChoiceState::Given),
    })
}

/// The body of `POST /toestemmingen/{id}/intrekken`.
pub fn withdrawal(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<Withdrawal> {
    let mut fields = Fields::open(body, errors)?;
    let state = fields.optional("toestand", text(final_state));
    let evidence = fields.optional_object("bewijs", evidence);
    fields.finish();
    Some(Withdrawal {
        state: state.unwrap_or(ChoiceState::Withdrawn),
        evidence,
    })
}

/// The body of `POST /toestemmingen/_zoek`.
pub fn address(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<AddressId> {
    let mut fields = Fields::open(body, errors)?;
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    fields.finish();
    address
}

/// The body of `POST /aos-meldingen`.
pub fn aos(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<NewAos> {
    let mut fields = Fields::open(body, errors)?;
    let address = fields.required("nummeraanduiding", text(AddressId::parse));
    let from = fields.required("van", moment);
    let until = fields.required("tot", moment);
    refuse_reversed(&mut fields, ("van", from), ("tot", until));
    fields.finish();
    Some(NewAos {
        address: address?,
        from: from?,
        until: until?,
    })
}

/// A body without fields, of a call that needs none.
pub fn nothing(body: Value, _: &KnownCodes, errors: &mut Errors) -> Option<()> {
    Fields::open(body, errors)?.finish();
    Some(())
}

fn evidence(fields: &mut Fields<'_>) -> Option<Evidence> {
    let kind = fields.required("soort", text(EvidenceKind::parse));
    let reference = fields.required("kenmerk", text(Reference::parse));
    let sha256 = fields.required("sha256", text(Sha256::parse));
    Some(Evidence {
        kind: kind?,
        reference: reference?,
        sha256: sha256?,
    })
}

fn shown(fields: &mut Fields<'_>) -> Option<ShownText> {
    let language = fields.required("taal", text(Language::parse));
    let version = fields.required("versie", text(Version::parse));
    Some(ShownText {
        language: language?,
        version: version?,
    })
}

/// The states a choice can be recorded in.
fn new_state(text: &str) -> Result<ChoiceState, Malformed> {
    use ChoiceState::{
        EnteredInError, Given, Invalidated, Refused, Renewed, Requested, Revoked, Unknown,
        Withdrawn,
    };
    match ChoiceState::parse(text) {
        Ok(state @ (Requested | Given | Renewed | Refused)) => Ok(state),
        Ok(Withdrawn | Revoked | Invalidated | EnteredInError | Unknown) | Err(_) => {
            Err(Malformed::new("gevraagd, gegeven, vernieuwd of geweigerd"))
        }
    }
}

/// The states a choice can end in.
fn final_state(text: &str) -> Result<ChoiceState, Malformed> {
    use ChoiceState::{
        EnteredInError, Given, Invalidated, Refused, Renewed, Requested, Revoked, Unknown,
        Withdrawn,
    };
    match ChoiceState::parse(text) {
        Ok(state @ (Withdrawn | Revoked | Invalidated | EnteredInError)) => Ok(state),
        Ok(Requested | Given | Renewed | Refused | Unknown) | Err(_) => Err(Malformed::new(
            "ingetrokken, herroepen, ongeldig of foutief-ingevoerd",
        )),
    }
}

fn refuse_reversed(
    fields: &mut Fields<'_>,
    (from_name, from): (&str, Option<Moment>),
    (until_name, until): (&str, Option<Moment>),
) {
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        fields.wrong(until_name, format!("moet later zijn dan {from_name}"));
    }
}
