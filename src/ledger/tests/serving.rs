//! What is served is the tree: tiles, bundles and proofs, compared with the definition.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::ledger::testing::Book;
use crate::ledger::verify::split_bundle;
use crate::merkle::{self, Edge, Hash, TileAt, WholeTile};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(tiles_bundles_and_proofs_are_those_of_the_tree);

/// Every tile of the tree over these leaves, by pushing them one by one.
fn every_tile(leaves: &[Hash]) -> Vec<WholeTile> {
    let (mut edge, mut tiles) = (Edge::default(), Vec::new());
    for leaf in leaves {
        edge.push(*leaf, &mut tiles);
    }
    for level in 0..3_u8 {
        let hashes = edge.tile(level).to_vec();
        if !hashes.is_empty() {
            let number = (leaves.len() >> (8 * (u32::from(level) + 1))) as u64;
            tiles.push(WholeTile {
                at: TileAt { level, number },
                hashes,
            });
        }
    }
    tiles
}

async fn tiles_bundles_and_proofs_are_those_of_the_tree(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    for size in [0, 1, 255, 256, 257, 600_usize] {
        let ledger = &gateway.ledger;
        gateway
            .grow(size - usize::try_from(ledger.size()).unwrap())
            .await;
        let lines = gateway.store.entries(0, size as u64).await.unwrap();
        let leaves: Vec<Hash> = lines.iter().map(|line| merkle::leaf_hash(line)).collect();
        let tiles = every_tile(&leaves);
        let signed = ledger.verifier().open(&ledger.checkpoint()).unwrap();
        assert_eq!(signed.size, size as u64);

        for tile in &tiles {
            let whole = tile.hashes.len();
            for width in [1, whole / 2, whole] {
                let served = ledger.tile(tile.at, width).await.unwrap();
                let expected = (width > 0).then(|| tile.hashes[..width].to_vec());
                assert_eq!(served, expected, "size {size} {:?} width {width}", tile.at);
            }
            for width in [0, whole + 1, 257] {
                assert_eq!(
                    ledger.tile(tile.at, width).await.unwrap(),
                    None,
                    "size {size}"
                );
            }
        }
        for (level, number) in [(0, 3), (1, 1), (2, 0), (63, 0), (255, 0), (0, u64::MAX)] {
            assert_eq!(
                ledger.tile(TileAt { level, number }, 1).await.unwrap(),
                None
            );
        }

        let mut served = Vec::new();
        for number in 0..size.div_ceil(256) {
            let width = (size - number * 256).min(256);
            let bundle = ledger.bundle(number as u64, width).await.unwrap().unwrap();
            served.extend(split_bundle(&bundle).unwrap());
            let part = ledger.bundle(number as u64, 1).await.unwrap().unwrap();
            assert_eq!(split_bundle(&part).unwrap(), [lines[number * 256].clone()]);
            let cut = &bundle[..bundle.len() - 1];
            assert_eq!(
                split_bundle(cut),
                None,
                "a bundle that was cut is not whole"
            );
            assert_eq!(ledger.bundle(number as u64, width + 1).await.unwrap(), None);
        }
        assert_eq!(served, lines);
        assert_eq!(
            ledger.bundle(size.div_ceil(256) as u64, 1).await.unwrap(),
            None
        );
        assert_eq!(ledger.bundle(u64::MAX, 1).await.unwrap(), None);

        for index in (0..size).filter(|index| index % 37 == 0 || index + 3 > size) {
            let proof = ledger.proof(index as u64).await.unwrap();
            let (head, checkpoint) = proof.split_once("\n\n").unwrap();
            assert_eq!(checkpoint, ledger.checkpoint());
            let mut lines = head.lines();
            assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
            assert_eq!(lines.next(), Some(format!("index {index}").as_str()));
            let hashes: Vec<Hash> = lines
                .map(|line| BASE64.decode(line).unwrap().try_into().unwrap())
                .collect();
            let includes = |index: usize, at: usize| {
                let size = size as u64;
                merkle::includes(&leaves[index], at as u64, size, &hashes, &signed.root)
            };
            assert!(includes(index, index), "size {size} index {index}");
            assert!(
                size == 1 || !includes((index + 1) % size, index),
                "of another entry"
            );
        }
        assert!(ledger.proof(size as u64).await.is_err());
        book.verify().await;
    }
}
