//! The document index and the facts of an address, as the writer changes them and readers see them.

use std::collections::BTreeSet;

use super::super::testing::Engine;
use super::super::{Change, DocumentChange, DocumentOutcome, Store, Writer};
use super::{fresh, on_both_engines};
use crate::clock::Moment;
use crate::domain::{
    AddressId, Document, DocumentId, DocumentKind, Dossier, DossierNumber, MediaType, Oin, OwnerId,
    Ownership, Title, Version,
};

on_both_engines!(
    each_line_of_a_change_is_answered,
    thousands_of_lines_are_one_change,
    a_change_moves_the_version_of_its_address,
);

fn oin(last: u8) -> Oin {
    Oin::parse(&format!("0000000181234567800{last}")).unwrap()
}

fn address(last: u8) -> AddressId {
    AddressId::parse(&format!("001420000000000{last}")).unwrap()
}

fn document(number: u16, provider: Oin, title: &str) -> Document {
    let mut id = [0; 16];
    id[14..].copy_from_slice(&number.to_be_bytes());
    Document {
        id: DocumentId::from_bytes(id),
        provider,
        dossier: DossierNumber::parse("D-1").unwrap(),
        kind: DocumentKind::parse("planning").unwrap(),
        title: Title::parse(title).unwrap(),
        media_type: MediaType::parse("application/pdf").unwrap(),
        size_bytes: 10,
        created: Moment::EPOCH,
        address: address(1),
        health: false,
        version: Version::parse("1").unwrap(),
    }
}

async fn change(
    writer: &mut Writer,
    changes: &[DocumentChange],
    all_or_nothing: bool,
) -> (Vec<DocumentOutcome>, BTreeSet<AddressId>) {
    let (mut batch, _head) = writer.begin().await.unwrap();
    let done = batch
        .change_documents(oin(1), changes, all_or_nothing)
        .await
        .unwrap();
    batch.commit().await.unwrap();
    done
}

async fn titles(store: &Store) -> Vec<String> {
    let mut titles = Vec::new();
    for at in [1, 2] {
        let (documents, _) = store.documents_at(address(at), None, 100).await.unwrap();
        titles.extend(
            documents
                .iter()
                .map(|document| format!("{at} {}", document.title)),
        );
    }
    titles
}

/// The lines, all or nothing, what each is answered, how many addresses, what stands there then.
type Row = (
    Vec<DocumentChange>,
    bool,
    Vec<DocumentOutcome>,
    usize,
    &'static [&'static str],
);

async fn each_line_of_a_change_is_answered(engine: Engine) {
    use DocumentOutcome::{Created, Deleted, NotApplied, NotOwned, Replaced, Unchanged, Unknown};
    let (_database, store) = fresh(engine).await;
    let mut writer = store.writer().await.unwrap();
    let put = |number, title| DocumentChange::Put(document(number, oin(1), title));
    let foreign = |number| DocumentChange::Put(document(number, oin(2), "van een ander"));
    let delete = |number| DocumentChange::Delete(document(number, oin(1), "x").id);
    let moved = DocumentChange::Put(Document {
        address: address(2),
        ..document(2, oin(1), "b")
    });

    let rows: [Row; 9] = [
        (vec![delete(1)], false, vec![Unknown], 0, &[]),
        (vec![foreign(1)], false, vec![NotOwned], 0, &[]),
        (
            vec![put(1, "a"), foreign(3)],
            true,
            vec![NotApplied, NotOwned],
            0,
            &[],
        ),
        (
            vec![put(1, "a"), foreign(3), put(2, "b")],
            false,
            vec![Created, NotOwned, Created],
            1,
            &["1 a", "1 b"],
        ),
        (
            vec![put(1, "a"), put(2, "b")],
            true,
            vec![Unchanged, Unchanged],
            0,
            &["1 a", "1 b"],
        ),
        (
            vec![put(1, "c"), put(1, "d"), put(1, "d")],
            true,
            vec![Replaced, Replaced, Unchanged],
            1,
            &["1 d", "1 b"],
        ),
        (vec![moved], true, vec![Replaced], 2, &["1 d", "2 b"]),
        (
            vec![delete(1), delete(1), put(1, "e")],
            false,
            vec![Deleted, Unknown, Created],
            1,
            &["1 e", "2 b"],
        ),
        (
            vec![delete(1), delete(2)],
            true,
            vec![Deleted, Deleted],
            2,
            &[],
        ),
    ];
    for (number, (lines, all_or_nothing, outcomes, touched, left)) in rows.into_iter().enumerate() {
        let done = change(&mut writer, &lines, all_or_nothing).await;
        assert_eq!(done.0, outcomes, "row {number}");
        assert_eq!(done.1.len(), touched, "row {number}");
        assert_eq!(titles(&store).await, left, "row {number}");
    }
    // What belongs to another cannot be replaced or deleted, whoever's it is said to be.
    let (mut batch, _head) = writer.begin().await.unwrap();
    batch
        .change_documents(oin(2), &[foreign(1)], true)
        .await
        .unwrap();
    batch.commit().await.unwrap();
    for line in [put(1, "gekaapt"), delete(1), foreign(1)] {
        assert_eq!(change(&mut writer, &[line], false).await.0, [NotOwned]);
    }
    assert_eq!(titles(&store).await, ["1 van een ander"]);
}

async fn thousands_of_lines_are_one_change(engine: Engine) {
    let (_database, store) = fresh(engine).await;
    let mut writer = store.writer().await.unwrap();
    let lines: Vec<DocumentChange> = (0..2_500)
        .map(|n| DocumentChange::Put(document(n, oin(1), "t")))
        .collect();
    let (outcomes, touched) = change(&mut writer, &lines, true).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == DocumentOutcome::Created)
    );
    assert_eq!(touched.len(), 1);
    // Pages by id, without gap or double.
    let (mut seen, mut after) = (0_u16, None);
    loop {
        let (page, _) = store.documents_at(address(1), after, 200).await.unwrap();
        let Some(last) = page.last() else { break };
        for document in &page {
            let id = document.id.as_bytes();
            assert_eq!(u16::from_be_bytes([id[14], id[15]]), seen);
            seen += 1;
        }
        after = Some(last.id);
    }
    assert_eq!(seen, 2_500);
    let subject = store
        .find_subject(document(7, oin(1), "t").id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        subject.address.index_revision, 1,
        "one change, however many lines"
    );
}

async fn a_change_moves_the_version_of_its_address(engine: Engine) {
    let (_database, store) = fresh(engine).await;
    let mut writer = store.writer().await.unwrap();
    let dossier = Dossier {
        organisation: oin(1),
        number: DossierNumber::parse("D-1").unwrap(),
        active: true,
        marks: BTreeSet::new(),
    };
    let told = |owner: &str| {
        let owners = BTreeSet::from([OwnerId::parse(owner).unwrap()]);
        Change::Owners(
            address(1),
            Ownership {
                from: Moment::EPOCH,
                owners,
                recorded_at: 0,
            },
        )
    };
    let again = Dossier {
        active: false,
        ..dossier.clone()
    };
    for (index, change) in [
        (4, Change::Dossier(address(1), dossier)),
        (7, told("e-1")),
        (9, Change::Dossier(address(1), again)),
        (12, told("e-2")),
    ] {
        let (mut batch, _head) = writer.begin().await.unwrap();
        batch.apply(&change, index).await.unwrap();
        let versions = batch
            .address_versions(&[address(1), address(2)])
            .await
            .unwrap();
        assert_eq!(versions.get(&address(1)), Some(&(index + 1, 0)));
        assert_eq!(versions.get(&address(2)), None, "nothing is known there");
        batch.commit().await.unwrap();
        store.cache().forget(address(1));
        assert_eq!(
            store.address(address(1)).await.unwrap().facts.version,
            index + 1
        );
    }
    let facts = &store.address(address(1)).await.unwrap().facts;
    assert_eq!(facts.dossiers.len(), 1);
    assert!(!facts.dossiers[0].active);
    assert_eq!(
        facts
            .ownerships
            .iter()
            .map(|told| told.recorded_at)
            .collect::<Vec<_>>(),
        [7, 12]
    );
    let owners: Vec<String> = facts
        .owners_at(Moment::EPOCH)
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        owners,
        ["e-2"],
        "of two with one date the later entry holds"
    );
}
