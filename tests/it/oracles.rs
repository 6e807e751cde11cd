//! The product's own tree, proofs, tiles and notes beside those of others, who never saw its code:
//! `tlog_tiles` and `signed_note` (after Go's), `ct-merkle` (after RFC 6962). They must agree on
//! every hash, and refuse the same things.

use std::collections::HashMap;
use std::sync::LazyLock;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use sluis::clock::SystemRandomness;
use sluis::http::tiles::TilePath;
use sluis::ledger::note::{Checkpoint, Signer, Verifier};
use sluis::merkle::{self, Edge, Hash, Proof, TileAt, Tiles};
use tlog_tiles::{HashReader, Tile};

/// Around every edge of a tile, and one level up.
const SIZES: [u64; 7] = [0, 1, 255, 256, 257, 65_536, 70_000];
const ORIGIN: &str = "sluis.example/logboek";

fn record(index: u64) -> Vec<u8> {
    format!("entry {index} of a test").into_bytes()
}

/// The store of hashes that `tlog_tiles` reads.
#[derive(Default)]
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, at: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(at
            .iter()
            .map(|at| self.0[usize::try_from(*at).unwrap()])
            .collect())
    }
}

/// The same tree three times.
struct Trees {
    size: u64,
    edge: Edge,
    hashes: HashMap<TileAt, Vec<Hash>>,
    tlog: Stored,
    ct: MemoryBackedTree<Sha256, Vec<u8>>,
}

impl Trees {
    fn new(size: u64) -> Self {
        let (mut edge, mut whole) = (Edge::default(), Vec::new());
        let mut tlog = Stored::default();
        let mut ct = MemoryBackedTree::new();
        for index in 0..size {
            let record = record(index);
            edge.push(merkle::leaf_hash(&record), &mut whole);
            let new = tlog_tiles::stored_hashes(index, &record, &tlog).unwrap();
            tlog.0.extend(new);
            ct.push(record);
        }
        let mut tiles: HashMap<_, _> = whole
            .into_iter()
            .map(|tile| (tile.at, tile.hashes))
            .collect();
        for level in 0..8_u8 {
            let number = size >> (8 * (u32::from(level) + 1)).min(63);
            let hashes = edge.tile(level).to_vec();
            if !hashes.is_empty() {
                tiles.insert(TileAt { level, number }, hashes);
            }
        }
        Self {
            size,
            edge,
            hashes: tiles,
            tlog,
            ct,
        }
    }

    fn root(&self) -> tlog_tiles::Hash {
        tlog_tiles::Hash(self.edge.root())
    }

    fn ours(&self, proof: &Proof) -> Vec<Hash> {
        let mut tiles = Tiles::default();
        for at in proof.tiles() {
            tiles.insert(at, self.hashes[&at].clone());
        }
        proof.hashes(&tiles).unwrap()
    }
}

/// One tree of each size, for all tests.
static TREES: LazyLock<Vec<Trees>> = LazyLock::new(|| SIZES.into_iter().map(Trees::new).collect());

/// Every index of a small tree; of a large one those beside the edges, and some on the way.
fn indices(size: u64) -> Vec<u64> {
    if size <= 257 {
        return (0..size).collect();
    }
    let edges = [
        0, 1, 255, 256, 257, 65_279, 65_280, 65_535, 65_536, 69_887, 69_888,
    ];
    let on_the_way = (0..size).step_by(499);
    let mut all: Vec<u64> = edges
        .into_iter()
        .chain(on_the_way)
        .chain([size - 1])
        .collect();
    all.retain(|index| *index < size);
    all
}

fn bare(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.0).collect()
}

/// The same hashes with one bit of the last turned; `None` when there are none.
fn touched(hashes: &[Hash]) -> Option<Vec<Hash>> {
    let mut hashes = hashes.to_vec();
    hashes.last_mut()?[31] ^= 1;
    Some(hashes)
}

#[test]
fn roots_are_theirs() {
    for tree in &*TREES {
        let (size, root) = (tree.size, tree.edge.root());
        if size > 0 {
            let theirs = tlog_tiles::tree_hash(size, &tree.tlog).unwrap();
            assert_eq!(theirs.0, root, "tlog_tiles, size {size}");
        } else {
            assert_eq!(tlog_tiles::EMPTY_HASH.0, root);
        }
        let theirs = tree.ct.root();
        assert_eq!(
            (theirs.as_bytes().as_slice(), theirs.num_leaves()),
            (&root[..], size),
            "ct-merkle"
        );
    }
}

#[test]
fn proofs_of_inclusion_are_theirs() {
    for tree in &*TREES {
        let (size, root) = (tree.size, tree.edge.root());
        let ct_root = tree.ct.root();
        assert!(
            Proof::inclusion(size, size).is_none(),
            "no proof of what is not there"
        );
        for index in indices(size) {
            let what = format!("entry {index} of {size}");
            let ours = tree.ours(&Proof::inclusion(index, size).unwrap());
            let theirs = tlog_tiles::prove_record(size, index, &tree.tlog).unwrap();
            assert_eq!(bare(&theirs), ours, "tlog_tiles, {what}");
            let at = usize::try_from(index).unwrap();
            let ct = tree.ct.prove_inclusion(at);
            assert_eq!(ct.as_bytes(), ours.as_flattened(), "ct-merkle, {what}");

            let leaf = merkle::leaf_hash(&record(index));
            let judge = |index: u64, proof: &[Hash]| {
                let tlog_proof: Vec<_> = proof.iter().copied().map(tlog_tiles::Hash).collect();
                let tlog_leaf = tlog_tiles::record_hash(&record(at as u64));
                let ct_proof = InclusionProof::from_bytes(proof.as_flattened().to_vec());
                [
                    merkle::includes(&leaf, index, size, proof, &root),
                    tlog_tiles::check_record(&tlog_proof, size, tree.root(), index, tlog_leaf)
                        .is_ok(),
                    ct_root
                        .verify_inclusion(&record(at as u64), index, &ct_proof)
                        .is_ok(),
                ]
            };
            assert_eq!(judge(index, &ours), [true; 3], "{what}");
            assert_eq!(judge(index ^ 1, &ours), [false; 3], "beside {what}");
            let Some(wrong) = touched(&ours) else {
                continue;
            };
            assert_eq!(judge(index, &wrong), [false; 3], "{what}, touched");
            assert_eq!(judge(index, &ours[1..]), [false; 3], "{what}, cut");
            let longer = [&ours[..], &[root]].concat();
            assert_eq!(judge(index, &longer), [false; 3], "{what}, padded");
        }
    }
}

#[test]
fn proofs_of_consistency_are_theirs() {
    for tree in &*TREES {
        let (size, root) = (tree.size, tree.edge.root());
        assert!(
            Proof::consistency(0, size).is_none() && Proof::consistency(size + 1, size).is_none()
        );
        let olds = [
            1, 2, 3, 128, 129, 254, 255, 256, 257, 300, 65_535, 65_536, 65_537, 69_999, size,
        ];
        for old in olds.into_iter().filter(|old| (1..=size).contains(old)) {
            let what = format!("{old} of {size}");
            let before = Trees::new(old.min(300));
            let old_root = if old <= 300 {
                before.edge.root()
            } else {
                tlog_tiles::tree_hash(old, &tree.tlog).unwrap().0
            };
            let ours = tree.ours(&Proof::consistency(old, size).unwrap());
            let theirs = tlog_tiles::prove_tree(size, old, &tree.tlog).unwrap();
            assert_eq!(bare(&theirs), ours, "tlog_tiles, {what}");
            let added = usize::try_from(size - old).unwrap();
            let ct = tree.ct.prove_consistency(added);
            assert_eq!(ct.as_bytes(), ours.as_flattened(), "ct-merkle, {what}");

            let judge = |old_root: Hash, proof: &[Hash]| {
                let tlog_proof: Vec<_> = proof.iter().copied().map(tlog_tiles::Hash).collect();
                let tlog_old = tlog_tiles::Hash(old_root);
                let ct_proof = ConsistencyProof::try_from_bytes(proof.as_flattened().to_vec());
                let ct_old = RootHash::<Sha256>::new(old_root.into(), old);
                [
                    merkle::extends(old, &old_root, size, &root, proof),
                    tlog_tiles::check_tree(&tlog_proof, size, tree.root(), old, tlog_old).is_ok(),
                    tree.ct
                        .root()
                        .verify_consistency(&ct_old, &ct_proof.unwrap())
                        .is_ok(),
                ]
            };
            assert_eq!(judge(old_root, &ours), [true; 3], "{what}");
            let mut other = old_root;
            other[0] ^= 1;
            assert_eq!(judge(other, &ours), [false; 3], "{what}, of another tree");
            let Some(wrong) = touched(&ours) else {
                continue;
            };
            assert_eq!(judge(old_root, &wrong), [false; 3], "{what}, touched");
            assert_eq!(judge(old_root, &ours[1..]), [false; 3], "{what}, cut");
        }
    }
}

#[test]
fn tiles_and_their_paths_are_theirs() {
    for tree in &*TREES {
        let tiles = Tile::new_tiles(8, 0, tree.size);
        let mut wide = 0;
        for tile in &tiles {
            let path = tile.path();
            let path = path.strip_prefix("tile/8/").unwrap();
            let at = TileAt {
                level: tile.level(),
                number: tile.level_index(),
            };
            let width = usize::try_from(tile.width()).unwrap();
            assert_eq!(merkle::tile_width(at, tree.size), width, "{path}");
            let named = TilePath::Hashes {
                level: at.level,
                n: at.number,
                width: u16::try_from(width).unwrap(),
            };
            assert_eq!(TilePath::parse(path), Some(named), "{path}");
            let theirs = tile.read_data(&tree.tlog).unwrap();
            let ours = &tree.hashes[&at];
            assert_eq!(ours.as_flattened(), theirs, "{path} of {}", tree.size);
            wide += 1;
        }
        let expected = (0..3)
            .map(|level| (tree.size >> (8 * level)).div_ceil(256))
            .sum::<u64>();
        assert_eq!(wide, expected, "tiles of a tree of {}", tree.size);
    }
    // Far beyond any tree of a test.
    for n in [999, 1_000, 1_234_067, 999_999_999, u64::MAX >> 8] {
        for width in [1, 255, 256] {
            let path = Tile::new(8, 0, n, width, false).path();
            let width = u16::try_from(width).unwrap();
            let named = TilePath::Hashes { level: 0, n, width };
            assert_eq!(
                TilePath::parse(path.strip_prefix("tile/8/").unwrap()),
                Some(named)
            );
            let entries = Tile::new(8, 0, n, u32::from(width), true).path();
            let entries = entries.replace("tile/8/data/", "entries/");
            assert_eq!(
                TilePath::parse(&entries),
                Some(TilePath::Entries { n, width })
            );
        }
    }
    for wrong in [
        "0/1",
        "0/0001",
        "0/x001",
        "0/x000/001",
        "0/001.p/256",
        "0/001.p/01",
        "0/1/001",
    ] {
        let theirs = Tile::from_path(&format!("tile/8/{wrong}"));
        assert_eq!(
            (TilePath::parse(wrong), theirs.is_err()),
            (None, true),
            "{wrong}"
        );
    }
}

#[test]
fn checkpoints_are_theirs() {
    let signer = Signer::generate(ORIGIN, &SystemRandomness::default()).unwrap();
    let key = signer.verifier().to_string();
    let theirs = StandardSigner::new(&signer.secret()).expect("they read our key");
    let verifiers = || {
        let verifier = StandardVerifier::new(&key).expect("they read our verifier key");
        VerifierList::new(vec![Box::new(verifier)])
    };
    for tree in &*TREES {
        let ours = Checkpoint {
            size: tree.size,
            root: tree.edge.root(),
        };
        let note = signer.sign(&ours);
        let opened = Note::from_bytes(note.as_bytes()).unwrap();
        opened
            .verify(&verifiers())
            .expect("they believe our signature");
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(opened.text()).unwrap();
        assert_eq!(
            (
                checkpoint.origin(),
                checkpoint.size(),
                checkpoint.hash().0,
                checkpoint.extension()
            ),
            (ORIGIN, tree.size, ours.root, "")
        );
        // Ed25519 has one signature per key and text: theirs is ours, byte by byte.
        let mut made = Note::new(&checkpoint.to_bytes(), &[]).unwrap();
        made.add_sigs(&[&theirs]).unwrap();
        assert_eq!(String::from_utf8(made.to_bytes()).unwrap(), note);
        assert_eq!(Verifier::parse(&key).unwrap().open(&note), Ok(ours));

        for wrong in [
            note.replace("\n\n", "\n"),
            note.trim_end().to_owned(),
            note.replace('\u{2014}', "-"),
            note.replacen(ORIGIN, "elders.example/logboek", 1),
            note.replacen(
                &format!("\n{}\n", tree.size),
                &format!("\n{}\n", tree.size + 1),
                1,
            ),
        ] {
            let theirs = Note::from_bytes(wrong.as_bytes());
            let theirs = theirs.is_ok_and(|note| note.verify(&verifiers()).is_ok());
            let ours = signer.verifier().open(&wrong).is_ok();
            assert_eq!((ours, theirs), (false, false), "{wrong}");
        }
    }
}
