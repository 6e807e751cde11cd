//! What was changed behind the product's back is refused at the start or found by the verifier.

use crate::ledger::OpenError;
use crate::ledger::note::{Checkpoint, NoteError, Signer};
use crate::ledger::testing::{Book, ORIGIN};
use crate::ledger::verify::Wrong;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    a_change_of_the_tables_is_found,
    a_change_that_leads_astray_is_found_where_it_was_made,
);

/// What opening the book says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opens {
    Well,
    Tail,
    Unread,
    Signature,
    Unsigned,
}

async fn opens(book: &Book) -> Opens {
    match book.try_open().await {
        Ok(gateway) => {
            gateway.close().await;
            Opens::Well
        }
        Err(OpenError::Tail { .. }) => Opens::Tail,
        Err(OpenError::Read(_)) => Opens::Unread,
        Err(OpenError::Checkpoint(NoteError::Signature)) => Opens::Signature,
        Err(OpenError::OtherKey { .. }) => Opens::Unsigned,
        Err(other) => panic!("{other:?}"),
    }
}

type Judge = Box<dyn Fn(&Wrong) -> bool>;

#[expect(
    clippy::too_many_lines,
    reason = "a table of everything that can be changed"
)]
async fn a_change_of_the_tables_is_found(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.grow(600).await;
    let entry = async |index| {
        gateway
            .store
            .entries(index, index + 1)
            .await
            .unwrap()
            .remove(0)
    };
    let (early, late) = (entry(3).await, entry(550).await);
    let tile = gateway
        .store
        .tiles(0, 1, 2)
        .await
        .unwrap()
        .remove(0)
        .concat();
    let head = gateway.store.head().await.unwrap();
    gateway.close().await;
    let other = Signer::generate(ORIGIN, &*book.random).unwrap();
    let root = book
        .keys()
        .signer
        .verifier()
        .open(&head.checkpoint)
        .unwrap()
        .root;

    let literal = |bytes: &[u8]| book.database.literal(bytes);
    // A byte inside a commitment: what is left is still an entry in good form.
    let touched = |line: &[u8]| {
        let mut line = line.to_vec();
        let at = line.len() - 8;
        line[at] = if line[at] == b'A' { b'B' } else { b'A' };
        line
    };
    let set_entry = |index: u64, line: &[u8]| {
        format!(
            "update entries set entry = {} where idx = {index}",
            literal(line)
        )
    };
    let mut wrong_tile = tile.clone();
    wrong_tile[5 * 32] ^= 1;
    let set_tile = |bytes: &[u8]| {
        format!(
            "update tiles set hashes = {} where level = 0 and number = 1",
            literal(bytes)
        )
    };
    let text = |text: &str| format!("'{text}'");
    let set_head = |size: u64, note: &str| {
        format!("update head set size = {size}, checkpoint = {}", text(note))
    };
    let good_head = set_head(600, &head.checkpoint);
    let signed_600 = other.sign(&Checkpoint { size: 600, root });
    let move_entry =
        |from: u64, to: u64| format!("update entries set idx = {to} where idx = {from}");

    let index = |index| move |wrong: &Wrong| wrong.index() == Some(index);
    let rows: [(&str, String, Opens, Judge, String); 12] = [
        (
            "an early entry",
            set_entry(3, &touched(&early)),
            Opens::Well,
            Box::new(|wrong| matches!(wrong, Wrong::Hash { index: 3 })),
            set_entry(3, &early),
        ),
        (
            "an early entry, not even JSON",
            set_entry(3, b"x"),
            Opens::Well,
            Box::new(|wrong| matches!(wrong, Wrong::Entry { index: 3, .. })),
            set_entry(3, &early),
        ),
        (
            "a late entry",
            set_entry(550, &touched(&late)),
            Opens::Tail,
            Box::new(|wrong| matches!(wrong, Wrong::Root { size: 600 })),
            set_entry(550, &late),
        ),
        (
            "a tile",
            set_tile(&wrong_tile),
            Opens::Tail,
            Box::new(|wrong| matches!(wrong, Wrong::Hash { index: 261 })),
            set_tile(&tile),
        ),
        (
            "a tile that was cut",
            set_tile(&tile[..64]),
            Opens::Unread,
            Box::new(index(256)),
            set_tile(&tile),
        ),
        (
            "the size",
            set_head(599, &head.checkpoint),
            Opens::Tail,
            Box::new(|wrong| {
                matches!(
                    wrong,
                    Wrong::Head {
                        claimed: 599,
                        signed: 600
                    }
                )
            }),
            good_head.clone(),
        ),
        (
            "the checkpoint",
            set_head(600, &head.checkpoint.replace("600", "601")),
            Opens::Signature,
            Box::new(|wrong| matches!(wrong, Wrong::Checkpoint(NoteError::Signature))),
            good_head.clone(),
        ),
        (
            "the key",
            set_head(600, &signed_600),
            Opens::Unsigned,
            Box::new(|wrong| matches!(wrong, Wrong::Checkpoint(NoteError::OtherKey { .. }))),
            good_head.clone(),
        ),
        (
            "an entry of the tail is gone",
            move_entry(599, 9_999),
            Opens::Tail,
            Box::new(index(599)),
            move_entry(9_999, 599),
        ),
        (
            "an early entry is gone",
            move_entry(100, 9_999),
            Opens::Well,
            Box::new(index(100)),
            move_entry(9_999, 100),
        ),
        (
            "an entry after the last",
            format!(
                "insert into entries (idx, transactie, entry) values (600, {}, {})",
                literal(&[1; 16]),
                literal(&late)
            ),
            Opens::Well,
            Box::new(|wrong| matches!(wrong, Wrong::Excess { index: 600 })),
            "delete from entries where idx = 600".to_owned(),
        ),
        (
            "a whole tile is gone",
            "update tiles set number = 7 where number = 0".to_owned(),
            Opens::Unread,
            Box::new(index(0)),
            "update tiles set number = 0 where number = 7".to_owned(),
        ),
    ];
    assert_eq!(book.verify().await.size, 600);
    for (what, harm, opening, judge, repair) in rows {
        assert_eq!(book.database.run(&harm).await, 1, "{what}");
        assert_eq!(opens(&book).await, opening, "{what}");
        let wrong = book.try_verify().await.unwrap_err();
        assert!(judge(&wrong), "{what}: {wrong:?}");
        assert!(wrong.is_finding(), "{what}");
        assert_eq!(book.database.run(&repair).await, 1, "{what}");
    }
    assert_eq!(opens(&book).await, Opens::Well);
    book.verify().await;
}

/// An entry that is in good form but breaks the order of a later one: the first wrong index is its
/// own, not that of the entry that stumbles.
async fn a_change_that_leads_astray_is_found_where_it_was_made(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.grow(20).await;
    let recorded = gateway.release().await.unwrap();
    let decision = recorded.receipt().index;
    drop(recorded);
    gateway.grow(500).await;
    let line = gateway
        .store
        .entries(decision, decision + 1)
        .await
        .unwrap()
        .remove(0);
    gateway.close().await;
    let refused = String::from_utf8(line)
        .unwrap()
        .replace("toegestaan", "geweigerd");
    let literal = book.database.literal(refused.as_bytes());
    let harm = format!("update entries set entry = {literal} where idx = {decision}");
    book.database.run(&harm).await;
    let wrong = book.try_verify().await.unwrap_err();
    // The closing entry stands in the same tile, which was not whole when it stumbled.
    assert!(
        wrong.index().is_some_and(|index| index == decision),
        "{wrong:?}"
    );
}
