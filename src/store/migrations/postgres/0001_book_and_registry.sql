-- Sluis, first schema, for PostgreSQL. The same tables as the SQLite one; a test compares the two.
-- Times are milliseconds since 1970 in UTC; identifiers are their bytes; records are JSON.

-- The book ------------------------------------------------------------------------------------

-- One row: the head of the log, and the epochs that tell whether a decision saw the newest facts, and
-- an entry was sealed with keys of which none was destroyed since.
create table head (
    id bigint primary key check (id = 1),
    size bigint not null,
    checkpoint text not null,
    facts_epoch bigint not null,
    policy_epoch bigint not null,
    keys_epoch bigint not null
);

-- At most one row: the newest checkpoint that enough witnesses cosigned, and since when the quorum
-- stands behind it, so that every gateway and every restart has it.
create table cosigned (
    id bigint primary key check (id = 1),
    size bigint not null,
    quorum_at bigint not null,
    checkpoint text not null
);

-- How far the book was told in the words of a standard: the index of the first entry that was not.
create table places (
    view text primary key,
    next bigint not null
);

-- The leaves, and beside each that holds commitments what they open to: sealed under the key of one
-- address, year and kind of entry, and erased by destroying that key. By its keys every entry of an
-- address is found. A release has two entries of one transaction:
-- its decision and its closing.
-- `erases` is the index of an entry that tells which keys were destroyed: keys that come back from a copy of
-- these tables are destroyed again by it. The database reads it from the bytes of the entry itself (in
-- canonical form, so no text within it can look alike): there is no row beside it to be lost.
create table entries (
    idx bigint primary key,
    transactie bytea not null,
    entry bytea not null,
    opening_key bigint,
    opening bytea,
    erases bigint generated always as (case when position('"soort":"vernietiging"'::bytea in entry) > 0 then idx end) stored
);
create index entries_transactie on entries (transactie);
create index entries_opening_key on entries (opening_key) where opening_key is not null;
create index entries_erases on entries (erases) where erases is not null;

-- Whole tiles of hashes; they never change.
create table tiles (
    level bigint not null,
    number bigint not null,
    hashes bytea not null,
    primary key (level, number)
);

-- The keys of the openings, wrapped. The id is random, and never given to another key.
create table opening_keys (
    id bigint primary key,
    tag bytea not null,
    year bigint not null,
    kind text not null,
    wrapped bytea not null,
    unique (tag, year, kind)
);

-- What is held: a projection of the `voorstel` and `bewaarplicht` entries. A hold is named by the entry
-- that asked for it, and protects from then on; `confirmed` is the entry by which a second person
-- agreed. The tag is that of the address.
create table holds (
    idx bigint primary key,
    tag bytea not null,
    confirmed bigint
);

-- What waits for a second person: to erase, to hold, to lift a hold (then `hold` names it).
create table pending (
    idx bigint primary key,
    act text not null,
    tag bytea not null,
    hold bigint
);

-- What may be used once: a token by its tag, and by its id a transaction under which no entry stands.
-- Emptied of what is too old to be accepted anyway. Many gateways use things up, so here they are looked up.
create table used (
    what bytea not null,
    until bigint not null
);
create index used_until on used (until);
create unique index used_what on used (what);

-- Releases whose closing entry is still to come, and the gateways that stream them.
create table open_releases (
    idx bigint primary key,
    transactie bytea not null,
    gateway bytea not null
);
create table gateways (
    id bytea primary key,
    seen bigint not null
);

-- Activated policy bundles: a projection of the `overeenkomst` entries.
-- `revoked` is the index of the entry that took it back before it began.
create table activations (
    idx bigint primary key,
    bundle bytea not null,
    valid_from bigint not null,
    valid_until bigint,
    revoked bigint
);

-- What was agreed on, so that a decision can be explained years later: the files of each bundle, as a
-- JSON object of names and texts. The hash in the book says whether they are the ones.
create table bundles (
    hash bytea primary key,
    files text not null
);

-- The registry: projections of the book ---------------------------------------------------------

-- `version` is the size of the log after the last entry about this address; `index_revision`
-- moves with every change of the document index here.
create table addresses (
    address text primary key,
    version bigint not null,
    index_revision bigint not null
);

create table ownerships (
    address text not null,
    recorded_at bigint not null,
    record text not null,
    primary key (address, recorded_at)
);

create table dossiers (
    address text not null,
    organisation text not null,
    number text not null,
    record text not null,
    primary key (address, organisation, number)
);

create table choices (
    id bytea primary key,
    address text not null,
    record text not null
);
create index choices_address on choices (address);

create table aos (
    id bytea primary key,
    address text not null,
    record text not null
);
create index aos_address on aos (address);

-- The index of documents: the providers' own, not in the book ------------------------------------

create table documents (
    id bytea primary key,
    address text not null,
    record text not null
);
create index documents_address on documents (address, id);

-- The searches of the log that officers kept: theirs, not in the book. The owner is a keyed tag, and no
-- personal criterion is among the criteria.

create table saved_searches (
    owner bytea not null,
    name text not null,
    criteria text not null,
    primary key (owner, name)
);
