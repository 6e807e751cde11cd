//! Every limit of the house, in one place, the unit last in the name (DESIGN, I7).
//!
//! A limit that an operator may want to move is a configuration key whose default stands here; the
//! rest is fixed. Each says what breaks when it is too small or too large.

use std::time::Duration;

/// A JSON body of a single call. The largest honest one is a choice, under 8 KiB.
pub const JSON_BODY_BYTES: usize = 64 * 1024;
/// The body of a call that puts a bundle in force: its files, and what each party signed. The shipped
/// bundles take about 120 KiB.
pub const AGREEMENT_BODY_BYTES: usize = 1024 * 1024;
/// The whole body of a bulk call; at about 500 bytes a line this is 30,000 documents.
pub const BULK_BODY_BYTES: usize = 16 * 1024 * 1024;
/// One line of a bulk call.
pub const BULK_LINE_BYTES: usize = 8 * 1024;
/// By how much a body may be too large and still be read, to be thrown away. Too small, and an
/// honest caller sees a broken connection where the answer says `te-groot`.
pub const DISCARDED_BODY_BYTES: usize = 1024 * 1024;
/// Lines in one bulk call: they are one transaction, and everyone else waits for it.
pub const BULK_LINES: usize = 20_000;
/// A request's header section; a token takes about 1 KiB of it.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Header lines in a request.
pub const HEADER_LINES: usize = 64;
/// A token's length in characters.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// Documents answered by one `_zoek`, when the caller does not say.
pub const SEARCH_DEFAULT_DOCUMENTS: u32 = 50;
/// Documents answered by one `_zoek` at most: each is a decision of its own.
pub const SEARCH_DOCUMENTS: u32 = 200;
/// Items in a list inside a body: owners, receivers, purposes, kinds, marks.
pub const LIST_ITEMS: usize = 64;
/// Mistakes listed for one body; more are counted. Too small hides mistakes from an honest caller,
/// whose largest body (a choice with three full lists) has fewer; without it an answer could be
/// ten times its request.
pub const FIELD_ERRORS: usize = 256;
/// Mistakes listed for one line of a bulk call.
pub const BULK_LINE_ERRORS: usize = 32;
/// Mistakes listed for a whole bulk call; lines after that only say that they are wrong.
pub const BULK_ERRORS: usize = 10_000;
/// Bulk calls of one organisation at once; each holds its body in memory. More is a 429.
pub const BULK_CALLS_PER_ORGANISATION: usize = 2;
/// Requests of one organisation being worked on at once, bodies under way out not counted. More is
/// a 429, so that one organisation's flood is not the other's. With many organisations it is each
/// one's part of [`APPEND_QUEUE`], so that the queue has room for all.
pub const REQUESTS_PER_ORGANISATION: usize = 1_024;
/// Documents of which bytes are under way to one organisation. More is a 429. With many organisations
/// it is each one's part of [`OPEN_RELEASES`], so that nobody's slow readers take another's room.
pub const RELEASES_PER_ORGANISATION: usize = 640;
/// Objects and lists inside one another in a JSON text; honest ones have four.
pub const JSON_DEPTH: usize = 16;

/// How long a TLS handshake may take (SECURITY 16).
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request's header section may take to arrive.
pub const HEADER_READ: Duration = Duration::from_secs(10);
/// How long a request's body may take to arrive.
pub const BODY_READ: Duration = Duration::from_secs(30);
/// How long a connection may move not a byte in either direction: a stalled requester too, who leaves
/// its document unread, is gone after that.
pub const IDLE: Duration = Duration::from_mins(1);
/// How slowly a requester may read, or a provider send, in the long run; slower ones are ended once their
/// patience (a minute for a requester) is used up. Larger breaks off downloads over slow but honest lines;
/// this is half of what a modem does, and 10 MiB take three quarters of an hour at it. Smaller lets a
/// trickle hold its place for longer.
pub const LEAST_BYTES_PER_SECOND: u64 = 4 * 1024;
/// What the kernel may hold of an answer that it has not sent: enough to keep a fast line busy, and little
/// enough that a slow reader is seen to read: it asks for more when half of this is out.
pub const UNSENT_BYTES: u32 = 256 * 1024;
/// What can be unsent on one connection of HTTP/1 or one stream of HTTP/2; also what can be read ahead. Smaller
/// costs more calls of the kernel for large documents; larger is memory for each reader that is slow.
pub const CONNECTION_BUFFER_BYTES: usize = 64 * 1024;
/// Connections per listener; the next one waits in the kernel's queue.
pub const CONNECTIONS: usize = 4_096;
/// Connections whose handshake is under way at once, at one listener; one more, and the oldest is given up.
/// Smaller gives up honest ones when many come at once; they take some milliseconds each.
pub const HANDSHAKES: usize = 1_024;
/// Connections of one organisation at the exchange; one more is closed. With many organisations it is each
/// one's part of [`CONNECTIONS`], so that nobody can hold those of others.
pub const CONNECTIONS_PER_ORGANISATION: usize = 1_024;
/// Connections of all whose certificate is good and whose organisation is unknown: each of their requests
/// is answered 403.
pub const UNKNOWN_CONNECTIONS: usize = 64;
/// Concurrent HTTP/2 streams on one connection.
pub const HTTP2_STREAMS: u32 = 128;
/// How long running requests get to end when the gateway stops.
pub const DRAIN: Duration = Duration::from_secs(20);

/// Clock leeway for a token's times. Larger lets a stolen token live longer; smaller refuses honest
/// organisations whose clocks drift.
pub const TOKEN_LEEWAY_SECONDS: i64 = 5;
/// Longest life of a token, from the earliest of `iat` and `nbf` to `exp`. It is also how long a
/// used `jti` must be remembered (with the leeway), so a longer life is a larger table; beside SQLite it
/// is in memory too, with some 20 to 40 bytes each.
pub const TOKEN_LIFE_SECONDS: i64 = 300;
/// How far the time inside an `Fsc-Transaction-Id` may be off. It is also how long a used id must
/// be remembered: an older one is refused for its age.
pub const TRANSACTION_SKEW_MS: i64 = 5 * 60 * 1000;

/// How often a gateway erases what was kept for its term.
pub const RETENTION: Duration = Duration::from_hours(24);

/// Keys that one entry about what was kept for its term destroys: their names fit in it twice over.
pub const DESTROYED_AT_ONCE: u32 = 1_000;

/// Openings that are nulled in one batch when they need not be at once: their key is gone already.
pub const NULLED_AT_ONCE: u64 = 20_000;

/// Entries that came since the book was looked through for an owner, and are looked at before the commit
/// while others wait; with more of them it is looked through further first.
pub const OWNER_SINCE_ENTRIES: u64 = 4_096;

/// An entry of the ledger (C2SP tlog-tiles: a length in two bytes).
pub const ENTRY_BYTES: usize = 65_535;
/// Entries written by one commit; more wait for the next.
pub const BATCH_ENTRIES: usize = 256;
/// Entries that may wait for a commit. Full means 503 `overbelast`, early, rather than late.
pub const APPEND_QUEUE: usize = 4_096;
/// How long who waited least may have waited: an entry for its commit, a task for a processor. More than
/// that during [`QUEUE_INTERVAL`], and whoever has more than its share under way gets 503 `overbelast`.
/// Smaller refuses what would have been served a moment later; larger lets everybody wait longer.
pub const QUEUE_WAIT: Duration = Duration::from_millis(50);
/// For how long that must have been so: shorter takes a burst for overload.
pub const QUEUE_INTERVAL: Duration = Duration::from_millis(500);
/// A batch under way for longer than this holds up whatever comes: the disk or the database stalls. The
/// slowest honest commits, with a standby far away, take a tenth of it.
pub const QUEUE_STALLED: Duration = Duration::from_secs(2);
/// How often it is looked how long a task waits for a processor.
pub const QUEUE_PROBE: Duration = Duration::from_millis(50);
/// The longest that `Retry-After` says, before chance is added.
pub const RETRY_SECONDS: u64 = 30;
/// From the moment of a decision to its commit; older ones are decided again (DESIGN).
pub const DECISION_AGE_MS: i64 = 5_000;
/// How far the clocks of gateways on one ledger may differ. Larger lets the verifier pass over times
/// that went backwards; smaller finds fault with honest entries.
pub const GATEWAY_CLOCKS_MS: i64 = 5_000;
/// How often a decision is made again because the facts moved, before 503.
pub const DECISION_ATTEMPTS: u32 = 4;
/// How long a batch may take in the database before its outcome counts as unknown.
pub const COMMIT: Duration = Duration::from_secs(5);
/// The signature of an organisation with its certificates, as text.
pub const SIGNATURE_BYTES: usize = 16 * 1024;
/// What was proven of a bundle, as text: with the signatures of three parties it fits in an entry.
pub const PROOF_BYTES: usize = 8 * 1024;
/// A file with an agreement and a signature under it.
pub const SIGNATURE_FILE_BYTES: u64 = 32 * 1024;
/// How long a closing entry waits for a decision to share its commit with.
pub const CLOSING_WAIT: Duration = Duration::from_millis(5);
/// How long SQLite's journal gathers commits before they are moved into its file together.
pub const JOURNAL_PAUSE: Duration = Duration::from_millis(100);
/// How long the sequencer waits after the database failed.
pub const STORE_RETRY: Duration = Duration::from_millis(200);
/// How often it asks for the outcome of a commit before the process ends.
pub const FIND_OUT_ATTEMPTS: u32 = 25;
/// Entries of another gateway that are read at once.
pub const CATCH_UP_ENTRIES: u64 = 4_096;
/// How long a read from the database may take.
pub const READ: Duration = Duration::from_secs(5);
/// Connections to the database for reading.
pub const READ_CONNECTIONS: u32 = 8;
/// Documents and addresses whose facts are kept in memory, each.
pub const CACHED_FACTS: usize = 50_000;

/// Releases streaming at once; each holds room for its closing entry.
pub const OPEN_RELEASES: usize = 2_048;
/// Longest time to connect to a provider, handshake included.
pub const PROVIDER_CONNECT: Duration = Duration::from_secs(5);
/// Longest time from request to the first byte of a provider's answer.
pub const PROVIDER_FIRST_BYTE: Duration = Duration::from_secs(30);
/// Longest silence between two pieces of a provider's body.
pub const PROVIDER_BETWEEN_BYTES: Duration = Duration::from_secs(30);
/// Idle connections kept to one provider.
pub const PROVIDER_IDLE_CONNECTIONS: usize = 32;
/// How long a connection to a provider may rest unused. Longer than the provider's own limit only
/// costs a second try; shorter costs a handshake.
pub const PROVIDER_IDLE: Duration = Duration::from_secs(50);
/// How long one connection to a provider is used at all: its certificate's dates were checked when
/// it was made.
pub const PROVIDER_CONNECTION_AGE: Duration = Duration::from_mins(10);
/// What is read ahead of the requester on one connection to a provider at once: one record of TLS, so that
/// no piece holds more memory than it has bytes.
pub const PROVIDER_BUFFER_BYTES: usize = 16 * 1024;

/// What is read at once of an answer of anybody else over HTTPS: a login service, a witness, a collector, a
/// ledger. The head of an answer has to fit.
pub const HTTPS_BUFFER_BYTES: usize = 64 * 1024;

/// Client chains whose check is remembered; one more costs the oldest a second check.
pub const VETTED_CHAINS: usize = 1_024;
/// A file of certificates, CRLs or keys. The largest are CRLs; one of 8 MiB revokes 200,000.
pub const TRUST_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// How often certificates, CRLs and JWKS are looked at for a change on disk.
pub const RELOAD: Duration = Duration::from_millis(500);
/// How often PostgreSQL's durability settings are asserted (SECURITY 3).
pub const DURABILITY_CHECK: Duration = Duration::from_mins(1);
/// How long one answer may take when a book is read over HTTPS.
pub const FETCH: Duration = Duration::from_secs(30);
/// How often a gateway says in the database that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a beat may take until the ledger counts as one that cannot be written.
pub const BEAT: Duration = Duration::from_secs(15);
/// After how long without a heartbeat a gateway's open releases are closed by another.
pub const GATEWAY_DEAD_MS: i64 = 60_000;

/// How long one call to the login service may take, from connecting to the last byte of its answer.
pub const LOGIN_CALL: Duration = Duration::from_secs(10);
/// Calls to the login service at once. More is told to come back in a moment: anybody who can reach
/// the desk can begin to log in.
pub const LOGIN_CALLS: usize = 16;
/// An answer of the login service. Its keys with certificates are the largest, some 30 KiB.
pub const LOGIN_ANSWER_BYTES: usize = 128 * 1024;
/// An id token's length in characters. One with a hundred group names takes about 6 KiB.
pub const ID_TOKEN_BYTES: usize = 16 * 1024;
/// The code that the login service sends along, in characters.
pub const LOGIN_CODE_BYTES: usize = 4 * 1024;
/// From the way to the login service to the way back. Longer leaves more time for a second factor,
/// and to somebody who found a page left open.
pub const LOGIN_MS: i64 = 10 * 60 * 1000;
/// Clock leeway for an id token's times. Larger than a request token's: a nonce makes it good for
/// one login only, and the service's clock is not in our hands.
pub const LOGIN_LEEWAY_SECONDS: i64 = 60;
/// How long the login service's own description and keys are used before they are asked again. A key
/// it withdrew counts no longer than this.
pub const LOGIN_SERVICE_AGE_MS: i64 = 60 * 60 * 1000;
/// How often its keys are asked again because an id token fits none of them.
pub const LOGIN_KEYS_MS: i64 = 60_000;

/// One file of a policy bundle; the largest honest one is its table, under 100 KiB.
pub const BUNDLE_FILE_BYTES: u64 = 1024 * 1024;

/// Lines of the log that the desk has at hand, the newest; at about 130 bytes each this is 650 MB.
/// Older ones are in the book, and in no search; what is to be judged still stays in its queue.
pub const DESK_ROWS: usize = 5_000_000;
/// Entries the desk reads at once.
pub const DESK_READ_ENTRIES: u64 = 1_024;
/// Lines on one page of the log.
pub const DESK_PAGE_LINES: usize = 50;
/// Lines under the search form, the newest.
pub const DESK_NEWEST_LINES: usize = 20;
/// Agreements on one page.
pub const DESK_AGREEMENTS: usize = 25;
/// Bundles that the desk has written out, in a language; each takes some tens of kilobytes.
pub const DESK_RULES: usize = 32;
/// Pairs of bundles that the desk has put beside each other, in a language.
pub const DESK_PAIRS: usize = 16;
/// Tables of a comparison on one page; a purpose whose tables do not fit has a page of its own.
pub const DESK_TABLES_BYTES: usize = 64 * 1024;
/// Lines in one file taken out of the log: at about 250 bytes each this is 25 MB, made in memory.
/// More, and the page says so.
pub const EXPORT_LINES: usize = 100_000;
/// Rows of the index of documents that are exported or restored at once.
pub const EXPORT_ROWS: u32 = 1_000;
/// Searches an officer can keep.
pub const SAVED_SEARCHES: u32 = 50;
/// Lines in one report to a person; an address has some tens a year.
pub const REPORT_LINES: usize = 5_000;

/// People logged in at the desk at once; one more ends the session that was away longest.
pub const SESSIONS: usize = 1_024;
/// How long somebody may be away from the desk (SECURITY 19).
pub const SESSION_IDLE_MS: i64 = 15 * 60 * 1000;
/// How long a session lasts at most (SECURITY 19).
pub const SESSION_MS: i64 = 8 * 60 * 60 * 1000;
/// Searches a session remembers, the newest.
pub const DESK_SEARCHES: usize = 32;
/// Exchanges that stay open in a session; more, and all are closed.
pub const DESK_OPENED: usize = 256;
/// Looked-up addresses, proposals, receipts and letters a session has open, the newest.
pub const DESK_KEPT: usize = 32;
/// Choices on one page of what expires, or is asked and not answered.
pub const DESK_CHOICES: usize = 25;
/// A form's body.
pub const FORM_BYTES: usize = 64 * 1024;
/// Logins under way at the login service at once; one more, and the oldest begins anew.
pub const LOGINS: usize = 4_096;

/// A request to a witness: 63 hashes and a note with many signatures.
pub const WITNESS_BODY_BYTES: usize = 136 * 1024;
/// Checkpoints a witness looks at, or waits for the disk for, at once; more wait.
pub const WITNESS_REQUESTS: usize = 64;
/// How often a witness looks whether its certificate changed on disk.
pub const WITNESS_RELOAD: Duration = Duration::from_secs(2);
/// How long one call to a witness may take, from connecting to the last byte of its answer. Longer
/// lets a slow witness count, but a quorum that needs it is that much older.
pub const WITNESS_CALL: Duration = Duration::from_secs(5);
/// How long a gateway that stops waits for its witnesses to cosign its last entries. Shorter leaves them
/// to the next start; longer holds up the stop where a witness is away.
pub const WITNESS_PARTING: Duration = Duration::from_secs(2);
/// How often witnesses are asked at most. Also how often a witness that is away is tried again.
pub const WITNESS_ROUND: Duration = Duration::from_secs(1);
/// How often they are asked again for a checkpoint they cosigned, when nothing was appended.
pub const WITNESS_AGAIN: Duration = Duration::from_secs(20);
/// From which age of its last cosignature on a witness counts as silent, and a quorum as lost, where
/// people look: some calls in a row came to nothing then.
pub const WITNESS_SILENT: Duration = Duration::from_mins(1);
/// How far a witness's clock may be ahead. A cosignature from later than that counts for nothing: it
/// would make the quorum look young for ever.
pub const WITNESS_CLOCK_MS: i64 = 60_000;
/// Checkpoints for which cosignatures are still gathered, the newest; a slow witness may answer for
/// an older one than was asked since.
pub const WITNESS_ROUNDS: usize = 8;
/// A witness's answer: some signature lines, of the largest kinds too.
pub const WITNESS_ANSWER_BYTES: usize = 32 * 1024;
/// A file with the policy of witnesses.
pub const WITNESS_POLICY_BYTES: u64 = 64 * 1024;
/// A file with an extract of the book: two entries with their proofs, whose openings are longer than
/// they are.
pub const EXTRACT_BYTES: usize = 1024 * 1024;
/// Personal fields an extract shows of one entry; no entry commits to more than a dozen.
pub const EXTRACT_FIELDS: usize = 64;

/// Records on one page of the transaction log (FSC Logging: `limit`).
pub const LOGS_RECORDS: u64 = 1_000;
/// Records on a page when the caller does not say (FSC Logging).
pub const LOGS_RECORDS_USUAL: u64 = 25;
/// Entries that are read for one page of the transaction log; a page ends there, however few records
/// were found, and its cursor goes on.
pub const LOGS_ENTRIES: u64 = 16_384;
/// Entries that are read from the database at once for it.
pub const LOGS_READ_ENTRIES: u64 = 1_024;
/// Transactions, services or grants that one call can ask for.
pub const LOGS_WANTED: usize = 100;

/// Entries that are told to a collector at once by a gateway that follows its own ledger: some records
/// for each.
pub const COLLECTOR_ENTRIES: u64 = 256;
/// How often such a gateway looks whether there is something to tell.
pub const COLLECTOR_ROUND: Duration = Duration::from_secs(1);
/// How long it leaves a collector that does not confirm alone, at most; at first [`COLLECTOR_RETRY`]
/// twice over.
pub const COLLECTOR_REST: Duration = Duration::from_mins(1);
/// Records in one request to a collector: at about 2 KiB each this is 1 MiB.
pub const COLLECTOR_RECORDS: usize = 512;
/// How long one call to a collector may take, from connecting to the last byte of its answer.
pub const COLLECTOR_CALL: Duration = Duration::from_secs(10);
/// How often a request is sent before the export gives up.
pub const COLLECTOR_ATTEMPTS: u32 = 5;
/// How long it waits before the second time; twice as long before each further one.
pub const COLLECTOR_RETRY: Duration = Duration::from_secs(1);
/// A collector's answer: whether it took everything, and a sentence.
pub const COLLECTOR_ANSWER_BYTES: usize = 64 * 1024;

/// How long the solver may think about one question of `policy prove` and `policy compare`; then it has
/// not been answered. The shipped bundles need a tenth of a second.
pub const SOLVER_QUESTION: Duration = Duration::from_secs(10);

/// Calls that wait to be told to a collector of traces, and events to one of logs: at some 2 KiB each
/// this is 2 MiB. What comes while it is full is dropped, and counted.
pub const TELEMETRY_QUEUE: usize = 1_024;
/// Spans of one call.
pub const SPANS_PER_CALL: usize = 64;
/// How long events are gathered before they are told.
pub const TELEMETRY_ROUND: Duration = Duration::from_secs(1);
/// Calls or events that are told at once.
pub const TELEMETRY_BATCH: usize = 256;
/// How long a gateway that stops waits until the rest is told.
pub const TELEMETRY_PARTING: Duration = Duration::from_secs(2);
/// Characters of a text in an event that is told.
pub const TELEMETRY_TEXT_CHARS: usize = 1_024;

/// Lines of the log that may wait for who reads standard error; some 500 bytes each.
pub const LOG_LINES: usize = 8_192;
/// How long lines of the log gather before they go out together.
pub const LOG_PAUSE: Duration = Duration::from_millis(10);
