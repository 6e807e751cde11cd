//! Every statement, once, in the subset of SQL that both engines read alike: integers for time,
//! text, bytes, `$1` placeholders, `on conflict`, `returning`. A test prepares and runs each on both.
//!
//! Statements over many rows exist in some widths, made once from static text. Each statement costs a
//! round trip or a thread hop, so most take any number of rows up to the widest at once: a list of
//! values that is too short for its form is filled up with its last value, which changes nothing.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// How many rows the forms of a statement take, widest first.
pub(super) const WIDTHS: [usize; 14] = [128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// A statement over many rows, in its widths.
pub(super) struct Rows {
    /// With `$1`, as PostgreSQL has it.
    numbered: [String; WIDTHS.len()],
    /// With `?`: the driver of SQLite looks up each `$1` by its name in a list, and a statement of
    /// many rows has hundreds.
    plain: [String; WIDTHS.len()],
    /// Whether naming a row twice is the same as naming it once.
    fills_up: bool,
}

/// One statement of several for many rows.
#[derive(Debug)]
pub(super) struct Part<'r, T> {
    pub(super) sql: &'static str,
    /// The rows it takes.
    pub(super) rows: &'r [T],
    /// How often the last of them is to be bound once more.
    pub(super) more: usize,
    /// The rows for the next statement.
    pub(super) later: &'r [T],
}

impl<T> Part<'_, T> {
    /// The last row, as often as the form has room left.
    pub(super) fn filling(&self) -> impl Iterator<Item = &T> {
        self.rows.last().into_iter().cycle().take(self.more)
    }
}

impl Rows {
    /// A statement to which naming a row twice is the same as naming it once.
    fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self {
            fills_up: true,
            ..Self::exactly(before, columns, after)
        }
    }

    /// A statement that must name each row once.
    fn exactly(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self::listing(before, ["(", ")", ", "], columns, after)
    }

    /// The sum of what is counted for each of many values. (Asked as a list, SQLite makes a table of it
    /// first, each time.)
    fn sum(before: &'static str, after: &'static str) -> Self {
        Self::listing("select ", [before, after, " + "], 1, " as rows")
    }

    fn listing(
        before: &'static str,
        [open, close, between]: [&'static str; 3],
        columns: usize,
        after: &'static str,
    ) -> Self {
        let text = |rows: usize, numbered: bool| {
            let mut sql = String::from(before);
            let mut placeholder = 0;
            for row in 0..rows {
                sql.push_str(if row == 0 { "" } else { between });
                sql.push_str(open);
                for column in 0..columns {
                    placeholder += 1;
                    sql.push_str(if column == 0 { "" } else { ", " });
                    let _ = if numbered {
                        write!(sql, "${placeholder}")
                    } else {
                        write!(sql, "?")
                    };
                }
                sql.push_str(close);
            }
            sql.push_str(after);
            sql
        };
        Self {
            numbered: WIDTHS.map(|rows| text(rows, true)),
            plain: WIDTHS.map(|rows| text(rows, false)),
            fills_up: false,
        }
    }

    /// The next statement for these rows; `None` when there are none.
    pub(super) fn part<'r, T>(&'static self, rows: &'r [T], numbered: bool) -> Option<Part<'r, T>> {
        let texts = if numbered {
            &self.numbered
        } else {
            &self.plain
        };
        let fitting = |(width, _): &(&usize, &String)| rows.len() >= **width;
        let mut forms = WIDTHS.iter().zip(texts);
        let (width, sql) = if self.fills_up && !rows.is_empty() {
            // The narrowest that takes them all, or else the widest.
            let takes_all = forms.clone().rfind(|(width, _)| **width >= rows.len());
            takes_all.or_else(|| forms.next())?
        } else {
            forms.find(fitting)?
        };
        let (now, later) = rows.split_at(rows.len().min(*width));
        Some(Part {
            sql,
            rows: now,
            more: *width - now.len(),
            later,
        })
    }

    /// Every form, for PostgreSQL and for SQLite.
    #[cfg(test)]
    pub(super) fn all(&'static self) -> Vec<(&'static str, &'static str)> {
        let pairs = self.numbered.iter().zip(&self.plain);
        pairs
            .map(|(one, other)| (one.as_str(), other.as_str()))
            .collect()
    }
}

pub(super) const HEAD: &str =
    "select size, checkpoint, facts_epoch, policy_epoch, keys_epoch from head where id = 1";
pub(super) const NEW_HEAD: &str = "insert into head (id, size, checkpoint, facts_epoch, policy_epoch, keys_epoch) values (1, 0, $1, 0, 0, 0)";
/// The compare-and-swap of the head.
pub(super) const SWAP_HEAD: &str = "update head \
     set size = $1, checkpoint = $2, facts_epoch = $3, policy_epoch = $4, keys_epoch = $5 \
     where id = 1 and size = $6 and checkpoint = $7";

/// How many of these transactions stand in the book.
pub(super) static COUNT_RECORDED: LazyLock<Rows> =
    LazyLock::new(|| Rows::sum("(select count(*) from entries where transactie = ", ")"));
pub(super) static RECORDED: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "select distinct transactie from entries where (transactie) in (",
        1,
        ")",
    )
});
pub(super) static USED: LazyLock<Rows> =
    LazyLock::new(|| Rows::new("select what from used where (what) in (", 1, ")"));
pub(super) static USE: LazyLock<Rows> =
    LazyLock::new(|| Rows::exactly("insert into used (what, until) values ", 2, ""));
pub(super) static INSERT_ENTRIES: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "insert into entries (idx, transactie, entry, opening_key, opening) values ",
        5,
        " on conflict do nothing",
    )
});
pub(super) static INSERT_OPEN_RELEASES: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "insert into open_releases (idx, transactie, gateway) values ",
        3,
        " on conflict do nothing",
    )
});
/// How many of these releases are open.
pub(super) static COUNT_OPEN_RELEASES: LazyLock<Rows> =
    LazyLock::new(|| Rows::sum("(select count(*) from open_releases where idx = ", ")"));
pub(super) static CLOSE_RELEASES: LazyLock<Rows> =
    LazyLock::new(|| Rows::new("delete from open_releases where (idx) in (", 1, ")"));
pub(super) static CLOSE_RELEASES_TELLING: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "delete from open_releases where (idx) in (",
        1,
        ") returning idx",
    )
});
pub(super) static ADDRESS_VERSIONS: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "select address, version, index_revision from addresses where (address) in (",
        1,
        ")",
    )
});
pub(super) static DOCUMENTS_BY_ID: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "select id, address, record from documents where (id) in (",
        1,
        ")",
    )
});
pub(super) static UPSERT_DOCUMENTS: LazyLock<Rows> = LazyLock::new(|| {
    Rows::exactly(
        "insert into documents (id, address, record) values ",
        3,
        " on conflict (id) do update set address = excluded.address, record = excluded.record",
    )
});
pub(super) static DELETE_DOCUMENTS: LazyLock<Rows> =
    LazyLock::new(|| Rows::new("delete from documents where (id) in (", 1, ")"));
pub(super) static TOUCH_INDEX: LazyLock<Rows> = LazyLock::new(|| {
    Rows::exactly(
        "insert into addresses (address, version, index_revision) values ",
        3,
        " on conflict (address) do update set index_revision = addresses.index_revision + 1",
    )
});

pub(super) const TOUCH_ADDRESS: &str = "insert into addresses (address, version, index_revision) values ($1, $2, 0) \
     on conflict (address) do update set version = excluded.version";
pub(super) const INSERT_TILE: &str =
    "insert into tiles (level, number, hashes) values ($1, $2, $3)";
pub(super) const INSERT_ACTIVATION: &str =
    "insert into activations (idx, bundle, valid_from, valid_until) values ($1, $2, $3, $4)";
pub(super) const REVOKE_ACTIVATION: &str =
    "update activations set revoked = $2 where idx = $1 and revoked is null";
pub(super) const KEEP_BUNDLE: &str =
    "insert into bundles (hash, files) values ($1, $2) on conflict (hash) do nothing";
pub(super) const BUNDLES: &str = "select hash, files from bundles order by hash";
pub(super) const BUNDLE: &str = "select files from bundles where hash = $1";
pub(super) const UPSERT_OWNERSHIP: &str =
    "insert into ownerships (address, recorded_at, record) values ($1, $2, $3)";
pub(super) const UPSERT_DOSSIER: &str = "insert into dossiers (address, organisation, number, record) values ($1, $2, $3, $4) \
     on conflict (address, organisation, number) do update set record = excluded.record";
pub(super) const UPSERT_CHOICE: &str = "insert into choices (id, address, record) values ($1, $2, $3) \
     on conflict (id) do update set record = excluded.record";
pub(super) const UPSERT_AOS: &str = "insert into aos (id, address, record) values ($1, $2, $3) \
     on conflict (id) do update set record = excluded.record";
pub(super) const NEW_OPENING_KEY: &str = "insert into opening_keys (id, tag, year, kind, wrapped) values ($1, $2, $3, $4, $5) \
     on conflict do nothing";
pub(super) const KEPT_OPENING_KEY: &str =
    "select id, wrapped from opening_keys where tag = $1 and year = $2 and kind = $3";
pub(super) const HEARTBEAT: &str = "insert into gateways (id, seen) values ($1, $2) \
     on conflict (id) do update set seen = excluded.seen";
pub(super) const FORGET_GATEWAYS: &str = "delete from gateways where seen < $1";
pub(super) const FORGET_USED: &str = "delete from used where until < $1";

pub(super) const ACTIVATIONS: &str =
    "select idx, bundle, valid_from, valid_until, revoked from activations order by idx";
pub(super) const OWNERSHIPS: &str = "select record from ownerships where address = $1";
pub(super) const CHOICES: &str = "select record from choices where address = $1";
pub(super) const CHOICE: &str = "select record from choices where id = $1";
pub(super) const AOS_BY_ID: &str = "select record from aos where id = $1";
/// Everything known of an address and its documents up to a limit, all of one moment: a statement is a
/// snapshot by itself, and one round trip. Each row says by its first column what it is of
/// ([`super::facts`] reads them).
macro_rules! facts {
    ($address:literal, $documents:literal) => {
        concat!(
            "select cast(0 as bigint) as part, facts_epoch as one, keys_epoch as other, '' as record from head where id = 1 \
             union all select 1, version, index_revision, '' from addresses where address = ",
            $address,
            " union all select 2, 0, 0, record from ownerships where address = ",
            $address,
            " union all select 3, 0, 0, record from dossiers where address = ",
            $address,
            " union all select 4, 0, 0, record from choices where address = ",
            $address,
            " union all select 5, 0, 0, record from aos where address = ",
            $address,
            " union all select 6, 0, 0, record from ",
            $documents,
        )
    };
}
pub(super) const FACTS_OF_DOCUMENT: &str = facts!(
    "(select address from documents where id = $1)",
    "documents where id = $1"
);
pub(super) const FACTS_AT: &str = facts!(
    "$1",
    "(select record from documents where address = $1 and id > $2 order by id limit $3) as page"
);

pub(super) const ALL_DOCUMENTS: &str =
    "select record from documents where id > $1 order by id limit $2";
/// Without an order, so that nothing is sorted.
pub(super) const EVERY_USED: &str = "select what, until from used";
pub(super) const ALL_USED: &str = "select what, until from used order by what";
pub(super) const ALL_SEARCHES: &str = "select owner, name, criteria from saved_searches";

pub(super) const ENTRIES: &str =
    "select idx, entry from entries where idx >= $1 and idx < $2 order by idx";
pub(super) const SEALED_ENTRIES: &str = "select e.idx, e.entry, e.opening, k.id, k.tag, k.year, k.kind, k.wrapped \
     from entries e left join opening_keys k on k.id = e.opening_key \
     where e.idx >= $1 and e.idx < $2 order by e.idx";
pub(super) const ENTRIES_OF_TRANSACTION: &str =
    "select idx, entry from entries where transactie = $1 order by idx";
pub(super) const TILE: &str = "select hashes from tiles where level = $1 and number = $2";
pub(super) const TILES: &str = "select number, hashes from tiles where level = $1 and number >= $2 and number < $3 order by number";
pub(super) const OPENING: &str = "select e.opening, k.id, k.tag, k.year, k.kind, k.wrapped \
     from entries e join opening_keys k on k.id = e.opening_key \
     where e.idx = $1 and e.opening is not null";
/// The key with this name, and the epoch at which it was there, in one snapshot.
pub(super) const OPENING_KEY: &str = "select h.keys_epoch, k.id, k.wrapped from head h \
     left join opening_keys k on k.tag = $1 and k.year = $2 and k.kind = $3 where h.id = 1";
/// Every entry that is sealed under a key of this tag, newest first. (SQLite takes the tables of a cross
/// join in their order: the few keys first, never the long book.)
pub(super) const SEALED_ENTRIES_OF: &str = "select e.idx, e.entry, e.opening, k.id, k.tag, k.year, k.kind, k.wrapped \
     from opening_keys k cross join entries e \
     where k.tag = $1 and e.opening_key = k.id and e.idx < $2 order by e.idx desc limit $3";
pub(super) const ORPHANED_RELEASES: &str = "select idx, transactie from open_releases \
     where gateway <> $1 and gateway not in (select id from gateways where seen >= $2) \
     order by idx limit $3";

pub(super) const ERASURES: &str =
    "select erases from entries where erases is not null order by erases";
/// How many entries of each kind are sealed under the keys of this tag.
pub(super) const SEALED_COUNT_OF: &str = "select k.kind, count(*) as rows \
     from opening_keys k cross join entries e \
     where k.tag = $1 and e.opening_key = k.id group by k.kind order by k.kind";
pub(super) const KEYS_OF: &str = "select id from opening_keys where tag = $1 order by id";
/// Of one kind and from before a year, but not those of an address that is held.
pub(super) const KEYS_PAST: &str = "select id from opening_keys \
     where kind = $1 and year < $2 and tag not in (select tag from holds) order by id limit $3";
pub(super) const HELD_PAST: &str = "select count(*) as rows from opening_keys \
     where kind = $1 and year < $2 and tag in (select tag from holds)";
pub(super) static KEYS_THERE: LazyLock<Rows> =
    LazyLock::new(|| Rows::new("select id from opening_keys where (id) in (", 1, ")"));
pub(super) static SEALING_KEYS: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "select distinct opening_key from entries where (opening_key) in (",
        1,
        ")",
    )
});
pub(super) static COUNT_SEALED: LazyLock<Rows> = LazyLock::new(|| {
    Rows::new(
        "select count(*) as rows from entries where (opening_key) in (",
        1,
        ")",
    )
});
pub(super) static DESTROY_KEYS: LazyLock<Rows> =
    LazyLock::new(|| Rows::new("delete from opening_keys where (id) in (", 1, ")"));
pub(super) const NULL_OPENINGS: &str = "update entries set opening_key = null, opening = null \
     where idx in (select idx from entries where opening_key = $1 limit $2)";
/// What the registry and the index of documents hold of an address.
pub(super) const FORGET_ADDRESS: [&str; 6] = [
    FORGET_OWNERSHIPS,
    FORGET_DOSSIERS,
    FORGET_CHOICES,
    FORGET_AOS,
    FORGET_DOCUMENTS,
    FORGET_VERSION,
];
pub(super) const FORGET_OWNERSHIPS: &str = "delete from ownerships where address = $1";
pub(super) const FORGET_DOSSIERS: &str = "delete from dossiers where address = $1";
pub(super) const FORGET_CHOICES: &str = "delete from choices where address = $1";
pub(super) const FORGET_AOS: &str = "delete from aos where address = $1";
pub(super) const FORGET_DOCUMENTS: &str = "delete from documents where address = $1";
pub(super) const FORGET_VERSION: &str = "delete from addresses where address = $1";
pub(super) const FORGET_OWNERSHIP: &str =
    "delete from ownerships where address = $1 and recorded_at = $2";
pub(super) const FORGET_CHOICE: &str = "delete from choices where id = $1";
pub(super) const RESEAL: &str = "update entries set opening_key = $2, opening = $3 where idx = $1";
pub(super) const SEALED_ENTRIES_UNDER: &str = "select e.idx, e.entry, e.opening, k.id, k.tag, k.year, k.kind, k.wrapped \
     from opening_keys k cross join entries e \
     where k.id = $1 and e.opening_key = k.id order by e.idx";
pub(super) const FORGET_PENDING: &str = "delete from pending where tag = $1";
pub(super) const NOTE_PENDING: &str =
    "insert into pending (idx, act, tag, hold) values ($1, $2, $3, $4)";
pub(super) const NOTE_HOLD: &str = "insert into holds (idx, tag) values ($1, $2)";
pub(super) const CONFIRM_HOLD: &str = "update holds set confirmed = $2 where idx = $1";
pub(super) const DROP_HOLD: &str = "delete from holds where idx = $1";
pub(super) const DROP_PENDING: &str = "delete from pending where idx = $1";
pub(super) const WAITS: &str = "select count(*) as rows from pending where idx = $1 and act = $2";
pub(super) const HOLDS_OF: &str = "select count(*) as rows from holds where tag = $1";
/// A hold that two people agreed on, and that nobody asks to lift yet.
pub(super) const HOLD_TO_LIFT: &str = "select count(*) as rows from holds \
     where idx = $1 and confirmed is not null and idx not in \
     (select hold from pending where hold is not null)";
pub(super) const PENDING: &str = "select idx, act, tag, hold from pending order by idx";
pub(super) const HOLDS: &str = "select idx, tag, confirmed from holds order by idx";

/// Keeps a search, if its officer has room for it; one of the same name is replaced.
pub(super) const KEEP_SEARCH: &str = "insert into saved_searches (owner, name, criteria) \
     select $1, $2, $3 \
     where (select count(*) from saved_searches where owner = $1 and name <> $2) < $4 \
     on conflict (owner, name) do update set criteria = excluded.criteria";
pub(super) const DROP_SEARCH: &str = "delete from saved_searches where owner = $1 and name = $2";
pub(super) const SAVED_SEARCHES: &str =
    "select name, criteria from saved_searches where owner = $1";

/// Keeps what the witnesses cosigned, unless what is there is newer: another gateway may be ahead.
pub(super) const KEEP_COSIGNED: &str = "insert into cosigned (id, size, quorum_at, checkpoint) values (1, $1, $2, $3) \
     on conflict (id) do update \
     set size = excluded.size, quorum_at = excluded.quorum_at, checkpoint = excluded.checkpoint \
     where cosigned.size < excluded.size \
     or (cosigned.size = excluded.size and cosigned.quorum_at < excluded.quorum_at)";
pub(super) const COSIGNED: &str = "select checkpoint from cosigned where id = 1";

/// Keeps how far a view was told, unless another gateway told it further.
pub(super) const KEEP_PLACE: &str = "insert into places (view, next) values ($1, $2) \
     on conflict (view) do update set next = excluded.next where places.next < excluded.next";
pub(super) const PLACE: &str = "select next from places where view = $1";

/// Every statement by its name, as PostgreSQL and as SQLite get it; a test prepares and runs each on both engines, and fails when one is
/// missing here.
#[cfg(test)]
pub(super) fn every() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    macro_rules! named {
        ($($one:ident)+ ; $($rows:ident)+) => {
            vec![$((stringify!($one), vec![($one, $one)]),)+ $((stringify!($rows), $rows.all()),)+]
        };
    }
    named! {
        HEAD NEW_HEAD SWAP_HEAD TOUCH_ADDRESS INSERT_TILE INSERT_ACTIVATION
        REVOKE_ACTIVATION KEEP_BUNDLE BUNDLES BUNDLE
        UPSERT_OWNERSHIP UPSERT_DOSSIER UPSERT_CHOICE UPSERT_AOS NEW_OPENING_KEY KEPT_OPENING_KEY HEARTBEAT
        FORGET_GATEWAYS FORGET_USED ACTIVATIONS FACTS_OF_DOCUMENT
        FACTS_AT OWNERSHIPS CHOICES CHOICE AOS_BY_ID ENTRIES
        SEALED_ENTRIES SEALED_ENTRIES_OF ENTRIES_OF_TRANSACTION TILE TILES OPENING OPENING_KEY ORPHANED_RELEASES
        KEEP_SEARCH DROP_SEARCH SAVED_SEARCHES KEEP_COSIGNED COSIGNED ALL_DOCUMENTS EVERY_USED ALL_USED
        ALL_SEARCHES KEEP_PLACE PLACE ERASURES SEALED_COUNT_OF KEYS_OF KEYS_PAST HELD_PAST NULL_OPENINGS
        FORGET_OWNERSHIPS FORGET_DOSSIERS FORGET_CHOICES FORGET_AOS FORGET_DOCUMENTS FORGET_VERSION
        FORGET_PENDING NOTE_PENDING NOTE_HOLD CONFIRM_HOLD DROP_HOLD DROP_PENDING WAITS HOLDS_OF
        HOLD_TO_LIFT PENDING HOLDS FORGET_OWNERSHIP FORGET_CHOICE RESEAL SEALED_ENTRIES_UNDER
        ;
        KEYS_THERE SEALING_KEYS COUNT_SEALED DESTROY_KEYS
        COUNT_RECORDED RECORDED USED USE INSERT_ENTRIES INSERT_OPEN_RELEASES
        COUNT_OPEN_RELEASES CLOSE_RELEASES CLOSE_RELEASES_TELLING ADDRESS_VERSIONS DOCUMENTS_BY_ID UPSERT_DOCUMENTS DELETE_DOCUMENTS
        TOUCH_INDEX
    }
}
