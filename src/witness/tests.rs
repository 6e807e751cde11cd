//! Every answer of a witness, and what it knows after a crash, a full disk and damage.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use super::*;
use crate::clock::{FixedClock, Moment, SystemRandomness};
use crate::errors::in_full;
use crate::ledger::note::Signer;
use crate::merkle::{self, Edge, Hash, Proof, TileAt, Tiles};

const ORIGIN: &str = "sluis.example/logboek";

/// A log of at most 256 entries, whose owner can make it say anything.
struct Book {
    signer: Signer,
    leaves: Vec<Hash>,
}

impl Book {
    fn new(origin: &str) -> Self {
        let leaf = |number: u8| merkle::leaf_hash(&[number]);
        Self {
            signer: Signer::generate(origin, &SystemRandomness::default()).unwrap(),
            leaves: (0..100).map(leaf).collect(),
        }
    }

    /// The same key over other entries from this index on.
    fn forked(&self, from: usize) -> Self {
        let mut leaves = self.leaves.clone();
        for leaf in &mut leaves[from..] {
            *leaf = merkle::leaf_hash(leaf);
        }
        let signer = Signer::parse(&self.signer.secret()).unwrap();
        Self { signer, leaves }
    }

    fn checkpoint(&self, size: usize) -> Checkpoint {
        let mut edge = Edge::default();
        for leaf in &self.leaves[..size] {
            edge.push(*leaf, &mut Vec::new());
        }
        Checkpoint {
            size: edge.size(),
            root: edge.root(),
        }
    }

    fn note(&self, size: usize) -> String {
        self.signer.sign(&self.checkpoint(size))
    }

    fn proof(&self, old: usize, size: usize) -> String {
        let Some(proof) = Proof::consistency(old as u64, size as u64) else {
            return String::new();
        };
        let mut tiles = Tiles::default();
        let first = TileAt {
            level: 0,
            number: 0,
        };
        tiles.insert(first, self.leaves[..size].to_vec());
        let hashes = proof.hashes(&tiles).unwrap();
        let lines = hashes.iter().map(|hash| BASE64.encode(hash) + "\n");
        lines.collect()
    }

    /// An honest request.
    fn request(&self, old: usize, size: usize) -> String {
        format!("old {old}\n{}\n{}", self.proof(old, size), self.note(size))
    }
}

struct Place {
    folder: TempDir,
    clock: Arc<FixedClock>,
    cosigner: Cosigner,
}

impl Place {
    /// A folder that was made ready for the log of this book.
    fn new(book: &Book) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            clock: FixedClock::at(Moment::from_unix_seconds(1_700_000_000).unwrap()),
            cosigner: Cosigner::generate("getuige.example", &SystemRandomness::default()).unwrap(),
        };
        let made = init(&place.state(), &[book.signer.verifier()], Key::New).unwrap();
        assert_eq!(made, [ORIGIN]);
        place
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn file(&self) -> PathBuf {
        let name = format!("{}.checkpoint", origin_hash(ORIGIN));
        self.state().join(name)
    }

    fn try_open(&self, book: &Book) -> Result<Witness, OpenError> {
        let cosigner = Cosigner::parse(&self.cosigner.secret()).unwrap();
        let clock: Arc<dyn Clock> = self.clock.clone();
        Witness::open(&self.state(), &[book.signer.verifier()], cosigner, clock)
    }

    fn open(&self, book: &Book) -> Witness {
        self.try_open(book).unwrap()
    }

    fn newest_on_disk(&self, book: &Book) -> u64 {
        let text = std::fs::read_to_string(self.file()).unwrap();
        book.signer.verifier().open(&text).unwrap().size
    }
}

fn cosigned(witness: &Witness, request: &str) -> String {
    match witness.add_checkpoint(request.as_bytes()) {
        Answer::Cosigned(line) => line,
        other => panic!("{other:?}"),
    }
}

fn refused(witness: &Witness, request: &str) -> Refused {
    match witness.add_checkpoint(request.as_bytes()) {
        Answer::Refused(refused) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let book = Book::new(ORIGIN);
    let place = Place::new(&book);
    let witness = place.open(&book);
    let good = book.request(0, 5);
    let note = book.note(5);
    let hash = BASE64.encode([9; 32]);
    for (body, why) in [
        (String::new(), NotARequest::Checkpoint),
        ("old 0".to_owned(), NotARequest::Checkpoint),
        ("old 0\n\n".to_owned(), NotARequest::Checkpoint),
        (note.clone(), NotARequest::Old),
        (good.replace("old 0", "Old 0"), NotARequest::Old),
        (good.replace("old 0", "old"), NotARequest::Old),
        (good.replace("old 0", "old  0"), NotARequest::Old),
        (good.replace("old 0", "old 00"), NotARequest::Old),
        (good.replace("old 0", "old 05"), NotARequest::Old),
        (good.replace("old 0", "old +5"), NotARequest::Old),
        (good.replace("old 0", "old -1"), NotARequest::Old),
        (good.replace("old 0", "old 0 "), NotARequest::Old),
        (
            good.replace("old 0", "old 18446744073709551616"),
            NotARequest::Old,
        ),
        (good.replace("old 0", "old 6"), NotARequest::Shrinks),
        (format!("old 5\nhash\n\n{note}"), NotARequest::Hash),
        (format!("old 5\n{hash}A\n\n{note}"), NotARequest::Hash),
        (format!("old 5\n{hash} \n\n{note}"), NotARequest::Hash),
        (format!("old 5\nAAAA\n\n{note}"), NotARequest::Hash),
        (
            format!("old 5\n{}\n{note}", format!("{hash}\n").repeat(64)),
            NotARequest::TooLong,
        ),
        (good.replace("\u{2014}", "-"), NotARequest::Checkpoint),
        (good.replace('\n', "\r\n"), NotARequest::Checkpoint),
        (good.trim_end().to_owned(), NotARequest::Checkpoint),
    ] {
        assert_eq!(
            refused(&witness, &body),
            Refused::NotARequest(why),
            "{body:?}"
        );
    }
    let raw = [good.as_bytes(), b"\xff"].concat();
    let answer = witness.add_checkpoint(&raw);
    assert_eq!(
        answer,
        Answer::Refused(Refused::NotARequest(NotARequest::Checkpoint))
    );
    // Sixty-three are not too many; they prove nothing.
    let most = format!("old 0\n{}\n{note}", format!("{hash}\n").repeat(63));
    assert_eq!(
        refused(&witness, &most),
        Refused::Inconsistent(Doubt::ProofFromNothing)
    );
}

#[test]
fn only_a_known_log_that_signed_is_heard() {
    let (book, other) = (Book::new(ORIGIN), Book::new(ORIGIN));
    let stranger = Book::new("elders.example/logboek");
    let place = Place::new(&book);
    let witness = place.open(&book);
    let good = book.request(0, 5);
    let both = format!(
        "{good}{}",
        other.note(5).lines().last().unwrap().to_owned() + "\n"
    );
    let body = book.note(5).split("\n\n").next().unwrap().to_owned();
    for (what, request, expected) in [
        ("another log", stranger.request(0, 5), Refused::UnknownLog),
        ("another key", other.request(0, 5), Refused::NotSigned),
        (
            "a touched size",
            good.replace("\n5\n", "\n6\n"),
            Refused::NotSigned,
        ),
        (
            "one good and one wrong line of the key",
            format!(
                "{good}{}",
                book.note(6).lines().last().unwrap().to_owned() + "\n"
            ),
            Refused::NotSigned,
        ),
        (
            "signed by a witness alone",
            format!(
                "old 0\n\n{body}\n\n{}",
                Place::new(&book).cosigner.cosign(&body, Moment::EPOCH)
            ),
            Refused::NotSigned,
        ),
    ] {
        assert_eq!(refused(&witness, &request), expected, "{what}");
    }
    // Signatures by strangers are passed over.
    cosigned(&witness, &both);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a long table")]
fn only_what_continues_the_newest_is_cosigned() {
    let book = Book::new(ORIGIN);
    let place = Place::new(&book);
    let witness = place.open(&book);
    assert_eq!(witness.newest(&origin_hash(ORIGIN)), None);
    let touched_empty = book.signer.sign(&Checkpoint {
        size: 0,
        root: [0; 32],
    });
    let wrong = Refused::Inconsistent(Doubt::EmptyRoot);
    assert_eq!(
        refused(&witness, &format!("old 0\n\n{touched_empty}")),
        wrong
    );
    cosigned(&witness, &book.request(0, 0));
    cosigned(&witness, &book.request(0, 7));

    let fork = book.forked(3);
    let with_proof = |old: usize, proof: &str, note: &str| format!("old {old}\n{proof}\n{note}");
    let doubt = Refused::Inconsistent;
    for (what, request, expected) in [
        (
            "from nothing again",
            book.request(0, 9),
            Refused::OtherSize { newest: 7 },
        ),
        (
            "from before",
            book.request(6, 9),
            Refused::OtherSize { newest: 7 },
        ),
        (
            "from after",
            book.request(8, 9),
            Refused::OtherSize { newest: 7 },
        ),
        (
            "rolled back",
            book.request(5, 5),
            Refused::OtherSize { newest: 7 },
        ),
        (
            "rolled back, as if from here",
            with_proof(7, "", &book.note(5)),
            Refused::NotARequest(NotARequest::Shrinks),
        ),
        (
            "no proof",
            with_proof(7, "", &book.note(9)),
            doubt(Doubt::Proof),
        ),
        (
            "another proof",
            with_proof(7, &book.proof(6, 9), &book.note(9)),
            doubt(Doubt::Proof),
        ),
        (
            "a line too many",
            with_proof(
                7,
                &(book.proof(7, 9) + &BASE64.encode([1; 32]) + "\n"),
                &book.note(9),
            ),
            doubt(Doubt::Proof),
        ),
        (
            "a line too few",
            with_proof(
                7,
                book.proof(7, 9).split_once('\n').unwrap().1,
                &book.note(9),
            ),
            doubt(Doubt::Proof),
        ),
        ("a fork that grew", fork.request(7, 9), doubt(Doubt::Proof)),
        (
            "a fork of the same size",
            fork.request(7, 7),
            doubt(Doubt::Forked),
        ),
        (
            "the same with a proof",
            with_proof(7, &book.proof(6, 7), &book.note(7)),
            doubt(Doubt::Proof),
        ),
    ] {
        assert_eq!(refused(&witness, &request), expected, "{what}");
        assert_eq!(place.newest_on_disk(&book), 7, "{what}");
    }

    place.clock.advance_ms(5_000);
    let line = cosigned(&witness, &book.request(7, 64));
    let note = book.note(64);
    let parsed = UnverifiedNote::parse(&note).unwrap();
    let found = witness
        .key()
        .find_in_answer(parsed.body(), &line)
        .unwrap()
        .unwrap();
    assert_eq!(found.at.unix_seconds(), 1_700_000_005);
    assert_eq!(
        witness.newest(&origin_hash(ORIGIN)).unwrap(),
        format!("{note}{line}")
    );
    assert_eq!(witness.newest(&origin_hash("elders")), None);
    // The same again is the newest still, at a later time.
    place.clock.advance_ms(5_000);
    assert_ne!(cosigned(&witness, &book.request(64, 64)), line);
}

#[test]
fn it_knows_the_same_after_a_crash_at_any_step() {
    let book = Book::new(ORIGIN);
    let place = Place::new(&book);
    let witness = place.open(&book);
    assert!(matches!(
        place.try_open(&book),
        Err(OpenError::InUse { .. })
    ));
    cosigned(&witness, &book.request(0, 7));
    drop(witness);

    // Before the rename: a new file, whole or half, that never got its name.
    let beside = place.file().with_added_extension("new");
    for left in [
        book.note(9),
        book.note(9).chars().take(20).collect(),
        String::new(),
    ] {
        std::fs::write(&beside, left).unwrap();
        let witness = place.open(&book);
        assert!(!beside.exists(), "rubbish is cleared away");
        assert_eq!(
            refused(&witness, &book.request(9, 9)),
            Refused::OtherSize { newest: 7 }
        );
    }
    // After the rename, before the answer: the log is told, and goes on from there.
    std::fs::write(place.file(), book.note(9)).unwrap();
    let witness = place.open(&book);
    assert_eq!(
        refused(&witness, &book.request(7, 9)),
        Refused::OtherSize { newest: 9 }
    );
    cosigned(&witness, &book.request(9, 12));
    drop(witness);
    assert_eq!(place.newest_on_disk(&book), 12);
    // What is there is never begun anew.
    assert!(
        init(&place.state(), &[book.signer.verifier()], Key::MadeBefore)
            .unwrap()
            .is_empty()
    );
    assert_eq!(place.newest_on_disk(&book), 12);
}

#[test]
fn a_damaged_or_missing_state_is_no_beginning() {
    let book = Book::new(ORIGIN);
    let place = Place::new(&book);
    cosigned(&place.open(&book), &book.request(0, 7));
    let good = std::fs::read_to_string(place.file()).unwrap();
    let cut = good.trim_end().rsplit_once('\n').unwrap().0.to_owned();
    let own = good.lines().last().unwrap().to_owned();
    let other = Book::new(ORIGIN);
    for (what, text) in [
        ("empty", String::new()),
        ("cut", good.chars().take(good.len() / 2).collect()),
        ("a flipped bit", good.replace("\n7\n", "\n6\n")),
        ("our own line touched", good.replace(&own, &touched(&own))),
        ("without a line end", cut),
        ("of another key", other.note(7)),
        ("of another log", Book::new("elders").note(7)),
        ("as if nothing was of another", state_of_nothing("elders")),
    ] {
        assert_ne!(text, good, "{what}");
        std::fs::write(place.file(), text).unwrap();
        let error = place.try_open(&book).expect_err(what);
        let told = in_full(&error);
        assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {told}");
        assert!(told.contains(ORIGIN) && !told.contains('\n'), "{told}");
    }
    let keys = [book.signer.verifier()];
    let again = || init(&place.state(), &keys, Key::MadeBefore);
    // A log that is new beside one that is remembered; ours is not there any more.
    let elders = Book::new("elders").signer.verifier();
    assert_eq!(
        init(&place.state(), &[elders], Key::MadeBefore).unwrap(),
        ["elders"]
    );
    std::fs::remove_file(place.file()).unwrap();
    assert!(matches!(
        place.try_open(&book),
        Err(OpenError::Missing { .. })
    ));
    // Nothing is remembered at all: no start, and no beginning under the same key.
    let other = place
        .state()
        .join(format!("{}.checkpoint", origin_hash("elders")));
    std::fs::remove_file(other).unwrap();
    for forgot in [place.try_open(&book).err(), again().err()] {
        assert!(
            matches!(forgot, Some(OpenError::Forgot { .. })),
            "{forgot:?}"
        );
    }
    std::fs::remove_dir_all(place.state()).unwrap();
    assert!(matches!(
        place.try_open(&book),
        Err(OpenError::NoFolder { .. })
    ));
    assert!(matches!(again(), Err(OpenError::Forgot { .. })));
    assert!(!place.state().exists(), "nothing was made");
}

/// A signature line with one letter near its end exchanged.
fn touched(line: &str) -> String {
    let at = line.chars().count() - 12;
    let other = |letter| if letter == 'A' { 'B' } else { 'A' };
    let letters = line.chars().enumerate();
    letters
        .map(|(index, letter)| if index == at { other(letter) } else { letter })
        .collect()
}

fn state_of_nothing(origin: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let key = Book::new(origin).signer.verifier();
    init(folder.path(), &[key], Key::New).unwrap();
    let file = format!("{}.checkpoint", origin_hash(origin));
    std::fs::read_to_string(folder.path().join(file)).unwrap()
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_signed() {
    let book = Book::new(ORIGIN);
    let place = Place::new(&book);
    let witness = place.open(&book);
    cosigned(&witness, &book.request(0, 7));
    // A disk without room: nothing happened, and it heals.
    let beside = place.file().with_added_extension("new");
    symlink("/dev/full", &beside).unwrap();
    let request = book.request(7, 9);
    assert_eq!(witness.add_checkpoint(request.as_bytes()), Answer::NotKept);
    assert_eq!(place.newest_on_disk(&book), 7);
    std::fs::remove_file(&beside).unwrap();
    cosigned(&witness, &request);
    // Anything else of the disk is the end.
    std::fs::remove_dir_all(place.state()).unwrap();
    let request = book.request(9, 11);
    assert_eq!(witness.add_checkpoint(request.as_bytes()), Answer::NotKept);
    assert_eq!(witness.failed().await, StorageFailed);
}

#[test]
fn of_two_at_once_one_is_cosigned() {
    let book = Book::new(ORIGIN);
    let fork = book.forked(5);
    for round in 0..20 {
        let place = Place::new(&book);
        let witness = place.open(&book);
        cosigned(&witness, &book.request(0, 5));
        // An honest one and a fork from the same size, each good by itself.
        let requests = [book.request(5, 50 + round), fork.request(5, 30)];
        let answers = std::thread::scope(|scope| {
            let ask = |request: &String| {
                let (witness, request) = (&witness, request.clone());
                scope.spawn(move || witness.add_checkpoint(request.as_bytes()))
            };
            let asked = requests.each_ref().map(ask);
            asked.map(|one| one.join().unwrap())
        });
        let signed = answers.iter().filter(|a| matches!(a, Answer::Cosigned(_)));
        assert_eq!(signed.count(), 1, "{answers:?}");
        let other_size = |a: &&Answer| matches!(a, Answer::Refused(Refused::OtherSize { .. }));
        assert_eq!(answers.iter().filter(other_size).count(), 1, "{answers:?}");
    }
}

#[test]
fn a_log_may_have_an_old_and_a_new_key() {
    let (old, new) = (Book::new(ORIGIN), Book::new(ORIGIN));
    let place = Place::new(&old);
    let keys = [old.signer.verifier(), new.signer.verifier()];
    let cosigner = Cosigner::parse(&place.cosigner.secret()).unwrap();
    let witness = Witness::open(&place.state(), &keys, cosigner, place.clock.clone()).unwrap();
    assert_eq!(witness.logs(), 1);
    cosigned(&witness, &old.request(0, 3));
    cosigned(&witness, &new.request(3, 8));
}

/// Whoever leaves the old key out has what both signed, and is told where that is not so.
#[test]
fn the_old_key_of_two_is_left_out_once_the_new_one_signed() {
    let (old, new) = (Book::new(ORIGIN), Book::new(ORIGIN));
    let place = Place::new(&old);
    let open = |keys: &[Verifier]| {
        let cosigner = Cosigner::parse(&place.cosigner.secret()).unwrap();
        Witness::open(&place.state(), keys, cosigner, place.clock.clone())
    };
    let (by_old, by_new) = (old.signer.verifier(), new.signer.verifier());
    let twice = open(&[by_old.clone(), by_old.clone()]).unwrap_err();
    assert!(matches!(twice, OpenError::Keys { .. }), "{twice:?}");

    // Whichever stands first in the configuration.
    for keys in [
        [by_old.clone(), by_new.clone()],
        [by_new.clone(), by_old.clone()],
    ] {
        let witness = open(&keys).unwrap();
        let known = witness.newest(&origin_hash(ORIGIN));
        let size = known.map_or(0, |note| by_old.open(&note).unwrap().size);
        let size = usize::try_from(size).unwrap();
        cosigned(&witness, &old.request(size, size + 3));
        drop(witness);
        let gone = open(std::slice::from_ref(&by_new)).unwrap_err();
        assert!(matches!(gone, OpenError::KeyGone { .. }), "{gone:?}");
        let told = in_full(&gone);
        assert!(told.contains("put the key that was there back"), "{told}");

        let witness = open(&keys).unwrap();
        let mut both = old.request(size + 3, size + 4);
        both.push_str(new.note(size + 4).lines().last().unwrap());
        both.push('\n');
        cosigned(&witness, &both);
        drop(witness);
        for key in [&by_old, &by_new] {
            let witness = open(std::slice::from_ref(key)).unwrap();
            let note = witness.newest(&origin_hash(ORIGIN)).unwrap();
            assert_eq!(key.open(&note).unwrap().size, size as u64 + 4);
        }
    }
    // With the new one alone, what only the old one signs counts no more.
    let witness = open(std::slice::from_ref(&by_new)).unwrap();
    assert_eq!(refused(&witness, &old.request(8, 9)), Refused::NotSigned);
}
