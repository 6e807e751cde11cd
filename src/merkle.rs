//! The Merkle tree of RFC 6962 (section 2.1), cut into C2SP tiles. Pure: no I/O, no clock.
//!
//! [`Edge`] is all that is needed to append: the incomplete tiles at the right of the tree. Whole
//! tiles fall out of it, once and for ever, and are the ledger's to store. Proofs are computed from
//! tiles through [`Tiles`].

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{Context, SHA256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hashes in a whole tile (C2SP tlog-tiles).
pub const TILE_WIDTH: usize = 256;
/// Levels of the binary tree in one tile.
const TILE_HEIGHT: u32 = 8;

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    // ring's SHA-256 digest is 32 bytes long, so the two slices always agree in length.
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The root of the tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The root of a perfect tree over these hashes; their number must be a power of two, not zero.
fn perfect_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&perfect_root(left), &perfect_root(right))
        }
    }
}

/// The root over a whole tile: its hash in the tile above.
#[must_use]
pub fn perfect_tile_root(tile: &[Hash]) -> Hash {
    perfect_root(tile)
}

/// Where a tile stands: its level and its number in that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileAt {
    /// 0 for tiles of leaf hashes.
    pub level: u8,
    /// Counted from the left.
    pub number: u64,
}

/// The number of a tile in groups of three digits, all but the last behind an `x` (C2SP tlog-tiles).
#[must_use]
pub fn tile_number(number: u64) -> String {
    let last = format!("{:03}", number % 1000);
    let mut path = last;
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

/// A tile that became whole: it will never change again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeTile {
    /// Where it stands.
    pub at: TileAt,
    /// Its 256 hashes.
    pub hashes: Vec<Hash>,
}

/// The right edge of the tree: the incomplete tile of each level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// `levels[l]` has `(size >> 8·l) & 255` hashes.
    levels: Vec<Vec<Hash>>,
    /// The roots of the perfect subtrees whose sizes are the binary digits of `size`, largest first.
    peaks: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of `size` entries from its incomplete tiles, lowest level first.
    ///
    /// `None` when their widths are not those of a tree of that size.
    #[must_use]
    pub fn from_tiles(size: u64, mut levels: Vec<Vec<Hash>>) -> Option<Self> {
        while levels.last().is_some_and(Vec::is_empty) {
            levels.pop();
        }
        let mut expected = size;
        for tile in &levels {
            if u64::try_from(tile.len()).ok()? != expected & 0xff {
                return None;
            }
            expected >>= TILE_HEIGHT;
        }
        if expected != 0 {
            return None;
        }
        let mut peaks = Vec::new();
        for tile in levels.iter().rev() {
            let mut rest = tile.as_slice();
            while !rest.is_empty() {
                let (perfect, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(perfect_root(perfect));
                rest = after;
            }
        }
        Some(Self {
            size,
            levels,
            peaks,
        })
    }

    /// How many entries the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; every tile that became whole by it is added to `whole`.
    pub fn push(&mut self, leaf: Hash, whole: &mut Vec<WholeTile>) {
        let mut merged = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                merged = node_hash(&left, &merged);
            }
        }
        self.peaks.push(merged);

        let mut hash = leaf;
        let mut number = self.size;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::with_capacity(TILE_WIDTH));
            }
            number >>= TILE_HEIGHT;
            let Some(tile) = self.levels.get_mut(at) else {
                break;
            };
            tile.push(hash);
            if tile.len() < TILE_WIDTH {
                break;
            }
            hash = perfect_root(tile);
            whole.push(WholeTile {
                at: TileAt { level, number },
                hashes: std::mem::take(tile),
            });
        }
        self.size += 1;
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// The incomplete tile of this level, empty when there is none.
    #[must_use]
    pub fn tile(&self, level: u8) -> &[Hash] {
        self.levels
            .get(usize::from(level))
            .map_or(&[], Vec::as_slice)
    }
}

/// How many hashes a tile has in a tree of this size; 0 when it does not exist there.
#[must_use]
pub fn tile_width(at: TileAt, size: u64) -> usize {
    let in_level = size
        .checked_shr(TILE_HEIGHT * u32::from(at.level))
        .unwrap_or(0);
    let before = at.number.saturating_mul(TILE_WIDTH as u64);
    usize::try_from(in_level.saturating_sub(before).min(TILE_WIDTH as u64)).unwrap_or(0)
}

/// A perfect subtree: the leaves `index · 2^height .. (index + 1) · 2^height`.
#[derive(Debug, Clone, Copy)]
struct Subtree {
    height: u32,
    index: u64,
}

impl Subtree {
    /// The tile that has its root, or whose hashes make it.
    fn tile(self) -> TileAt {
        let inside = self.height % TILE_HEIGHT;
        TileAt {
            // The height of a subtree is below 64, so the level is below 8.
            level: u8::try_from(self.height / TILE_HEIGHT).unwrap_or(u8::MAX),
            number: (self.index << inside) >> TILE_HEIGHT,
        }
    }
}

/// The perfect subtrees that make up the leaves `from..to`, left to right; `from` is a multiple of
/// the largest power of two not above `to - from`.
fn subtrees(from: u64, to: u64) -> Vec<Subtree> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let height = (to - at).ilog2();
        found.push(Subtree {
            height,
            index: at >> height,
        });
        at += 1 << height;
    }
    found
}

/// The ranges of leaves whose roots are the inclusion proof of `index` in a tree of `size`, leaf's
/// sibling first (RFC 6962, 2.1.1).
fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to) = (0, size);
    let mut ranges = Vec::new();
    while to - from > 1 {
        let split = from + (to - from - 1).checked_ilog2().map_or(1, |bits| 1 << bits);
        if index < split {
            ranges.push((split, to));
            to = split;
        } else {
            ranges.push((from, split));
            from = split;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges of leaves whose roots are the consistency proof from `old` to `size` (RFC 6962,
/// 2.1.2).
fn consistency_ranges(old: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to) = (0, size);
    let mut ranges = Vec::new();
    let mut old_is_whole = true;
    while old != to {
        let split = from + (to - from - 1).checked_ilog2().map_or(1, |bits| 1 << bits);
        if old <= split {
            ranges.push((split, to));
            to = split;
        } else {
            ranges.push((from, split));
            from = split;
            old_is_whole = false;
        }
    }
    if !old_is_whole {
        ranges.push((from, to));
    }
    ranges.reverse();
    ranges
}

/// A proof that can be computed once its tiles have been read.
#[derive(Debug, Clone)]
pub struct Proof {
    ranges: Vec<(u64, u64)>,
    size: u64,
}

impl Proof {
    /// The inclusion proof of entry `index` in a tree of `size` entries; `None` when the tree does
    /// not have that entry.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        (index < size).then(|| Self {
            ranges: inclusion_ranges(index, size),
            size,
        })
    }

    /// The proof that the tree of `size` entries begins with the tree of `old`; `None` unless
    /// `0 < old <= size`.
    #[must_use]
    pub fn consistency(old: u64, size: u64) -> Option<Self> {
        (old > 0 && old <= size).then(|| Self {
            ranges: consistency_ranges(old, size),
            size,
        })
    }

    /// The tiles that must be read, each at least as wide as in a tree of the proof's size.
    #[must_use]
    pub fn tiles(&self) -> BTreeSet<TileAt> {
        self.ranges
            .iter()
            .flat_map(|&(from, to)| subtrees(from, to))
            .map(Subtree::tile)
            .collect()
    }

    /// The hashes of the proof; `None` when a tile is missing or too narrow.
    #[must_use]
    pub fn hashes(&self, tiles: &Tiles) -> Option<Vec<Hash>> {
        self.ranges
            .iter()
            .map(|&(from, to)| tiles.range_root(from, to))
            .collect()
    }

    /// The size of the tree the proof is for.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}

/// Tiles that were read, to compute proofs from.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<TileAt, Vec<Hash>>);

impl Tiles {
    /// Adds a tile.
    pub fn insert(&mut self, at: TileAt, hashes: Vec<Hash>) {
        self.0.insert(at, hashes);
    }

    fn subtree_root(&self, subtree: Subtree) -> Option<Hash> {
        let inside = subtree.height % TILE_HEIGHT;
        let tile = self.0.get(&subtree.tile())?;
        let first = usize::try_from((subtree.index << inside) & 0xff).ok()?;
        tile.get(first..first + (1 << inside)).map(perfect_root)
    }

    fn range_root(&self, from: u64, to: u64) -> Option<Hash> {
        let mut roots = subtrees(from, to)
            .into_iter()
            .rev()
            .map(|s| self.subtree_root(s));
        let last = roots.next()??;
        roots.try_fold(last, |right, left| Some(node_hash(&left?, &right)))
    }
}

/// Whether `proof` shows that `leaf` is entry `index` of the tree of `size` entries with this root
/// (RFC 9162, 2.1.3.2).
#[must_use]
pub fn includes(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `size` entries with `root` begins with the tree of `old`
/// entries with `old_root` (RFC 9162, 2.1.4.2).
#[must_use]
pub fn extends(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old > size {
        return false;
    }
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    let mut path = proof.iter();
    let start = if old.is_power_of_two() {
        Some(old_root)
    } else {
        path.next()
    };
    let Some(start) = start else { return false };
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut from_old, mut from_new) = (*start, *start);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && from_old == *old_root && from_new == *root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    /// The root by the definition of RFC 6962, 2.1, word for word.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
                node_hash(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    /// A tree with every tile it ever had.
    fn grow(size: u64) -> (Edge, Tiles) {
        let (mut edge, mut tiles) = (Edge::default(), Tiles::default());
        let mut whole = Vec::new();
        for leaf in leaves(size) {
            edge.push(leaf, &mut whole);
        }
        for tile in whole {
            tiles.insert(tile.at, tile.hashes);
        }
        for level in 0..8 {
            let number = size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            if !edge.tile(level).is_empty() {
                tiles.insert(TileAt { level, number }, edge.tile(level).to_vec());
            }
        }
        (edge, tiles)
    }

    #[test]
    fn known_roots() {
        // The test vectors of RFC 6962's reference implementation.
        let hex = |hash: Hash| crate::domain::Sha256::from_bytes(hash).to_string();
        assert_eq!(
            hex(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(leaf_hash(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        let two = [leaf_hash(b""), leaf_hash(&[0])];
        assert_eq!(
            hex(root_by_definition(&two)),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn the_edge_has_the_root_of_the_definition_and_tiles_of_the_right_width() {
        for size in [
            0, 1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000,
        ] {
            let (edge, tiles) = grow(size);
            assert_eq!(
                edge.root(),
                root_by_definition(&leaves(size)),
                "size {size}"
            );
            for (at, hashes) in &tiles.0 {
                assert_eq!(tile_width(*at, size), hashes.len(), "size {size} {at:?}");
            }
            let again = Edge::from_tiles(
                size,
                (0..8).map(|level| edge.tile(level).to_vec()).collect(),
            );
            assert_eq!(again.map(|e| e.root()), Some(edge.root()), "size {size}");
        }
        assert_eq!(Edge::from_tiles(2, vec![leaves(1)]), None);
        assert_eq!(Edge::from_tiles(256, vec![leaves(256)]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn proofs_hold_and_break_when_touched(size in 1_u64..70_000, a in any::<u64>(), b in any::<u64>(), flip in any::<u8>()) {
            let (edge, tiles) = grow(size);
            let index = a % size;
            let proof = Proof::inclusion(index, size).unwrap().hashes(&tiles).unwrap();
            let leaf = leaf_hash(&index.to_be_bytes());
            prop_assert!(includes(&leaf, index, size, &proof, &edge.root()));
            prop_assert!(!includes(&leaf, index + 1, size, &proof, &edge.root()) || size == 1);
            if !proof.is_empty() {
                let mut touched = proof.clone();
                let at = usize::from(flip) % touched.len();
                touched[at][0] ^= 1;
                prop_assert!(!includes(&leaf, index, size, &touched, &edge.root()));
                prop_assert!(!includes(&leaf, index, size, &proof[1..], &edge.root()));
            }

            let old = b % size + 1;
            let old_root = root_by_definition(&leaves(old));
            let proof = Proof::consistency(old, size).unwrap().hashes(&tiles).unwrap();
            prop_assert!(extends(old, &old_root, size, &edge.root(), &proof));
            prop_assert!(!extends(old, &leaf, size, &edge.root(), &proof) || old == 1 && index == 0);
            let mut longer = proof.clone();
            longer.push(leaf);
            prop_assert!(!extends(old, &old_root, size, &edge.root(), &longer));
        }
    }
}
