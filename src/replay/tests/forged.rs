//! What was written anew, with every key and a signature that is good, is found all the same.

use super::forger::{Line, lines, remove, see_again, write};
use super::{day_of, replay};
use crate::domain::{Sha256, Team};
use crate::errors::in_full;
use crate::ledger::entry::{Act, Kind, Listed, Outcome, Withheld};
use crate::ledger::testing::address;
use crate::policy::ProofRecord;
use crate::store::testing::Engine;

/// Changes the book; answers the index that is wrong then.
type Forge = fn(&mut Vec<Line>) -> usize;

fn find(lines: &[Line], is: impl Fn(&Line) -> bool) -> usize {
    lines.iter().position(is).unwrap()
}

fn of_kind(lines: &[Line], kind: Kind) -> usize {
    find(lines, |line| line.entry.soort == kind)
}

fn refused(lines: &[Line], reason: &str) -> usize {
    find(lines, |line| line.entry.reden.as_deref() == Some(reason))
}

/// The first permit of this purpose.
fn permit(lines: &[Line], purpose: &str) -> usize {
    find(lines, |line| {
        let entry = &line.entry;
        entry.uitkomst == Some(Outcome::Permitted)
            && entry
                .doel
                .as_ref()
                .is_some_and(|doel| doel.as_str() == purpose)
    })
}

/// The agreement with this number, counted from 0.
fn agreement(lines: &[Line], number: usize) -> usize {
    let is = |line: &Line| line.entry.soort == Kind::Agreement;
    let mut all = (0..lines.len()).filter(|at| is(&lines[*at]));
    all.nth(number).unwrap()
}

/// A refusal that is written as the permit before it.
fn as_permit(lines: &mut [Line], at: usize, like: usize) {
    let like = lines[like].entry.clone();
    let entry = &mut lines[at].entry;
    entry.uitkomst = Some(Outcome::Permitted);
    entry.handeling = Some(Act::Metadata);
    entry.reden = None;
    (entry.grondslag, entry.artikel) = (like.grondslag, like.artikel);
    (entry.regels, entry.verplichtingen) = (like.regels, like.verplichtingen);
}

#[expect(clippy::too_many_lines, reason = "a table of forgeries")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_book_is_found_at_its_first_wrong_entry() {
    let rows: Vec<(&str, Forge, &str)> = vec![
        (
            "a permit that should have been a refusal",
            |all| {
                let (at, like) = (
                    refused(all, "TOESTEMMING_INGETROKKEN"),
                    permit(all, "overig"),
                );
                as_permit(all, at, like);
                at
            },
            "gives refused, TOESTEMMING_INGETROKKEN",
        ),
        (
            "health data by agreement of one owner",
            |all| {
                let at = refused(all, "GEZONDHEIDSGEGEVENS");
                let like = permit(all, "knelpunt-gezondheid");
                as_permit(all, at, like);
                at
            },
            "gives refused, GEZONDHEIDSGEGEVENS",
        ),
        (
            "a withdrawal that was taken out",
            |all| {
                let at = of_kind(all, Kind::Withdrawal);
                remove(all, at);
                see_again(all);
                refused(all, "TOESTEMMING_INGETROKKEN")
            },
            "but what stands before it gives permitted",
        ),
        (
            "a withdrawal that was taken out, and nothing else",
            |all| {
                let at = of_kind(all, Kind::Withdrawal);
                remove(all, at);
                at
            },
            "which is after it",
        ),
        (
            "a consent that was taken out",
            |all| {
                let at = of_kind(all, Kind::Choice);
                remove(all, at);
                see_again(all);
                find(all, |line| {
                    line.entry.reden.as_deref() == Some("TOESTEMMING_ONVOLLEDIG")
                })
            },
            "gives refused, TOESTEMMING_ONTBREEKT",
        ),
        (
            "another ground",
            |all| {
                let at = permit(all, "overig");
                all[at].entry.grondslag =
                    Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-e".to_owned());
                at
            },
            "#A6-1-e",
        ),
        (
            "another article",
            |all| {
                let at = permit(all, "schade-afhandeling");
                all[at].entry.artikel = Some("TwG 3(5)".to_owned());
                at
            },
            "permitted, TwG 3(5)",
        ),
        (
            "another rule",
            |all| {
                let at = permit(all, "schade-afhandeling");
                all[at].entry.regels = vec!["immateriele-schade".to_owned()];
                at
            },
            "by immateriele-schade",
        ),
        (
            "a duty that was taken out",
            |all| {
                let at = permit(all, "aos");
                all[at].entry.verplichtingen.pop();
                at
            },
            "with eigenaar-informeren nabeoordelen",
        ),
        (
            "another bundle",
            |all| {
                let at = permit(all, "schade-afhandeling");
                all[at].entry.bundel = all[0]
                    .entry
                    .bundel
                    .filter(|one| Some(*one) != all[at].entry.bundel)
                    .or(all[1].entry.bundel);
                at
            },
            "but in force was",
        ),
        (
            "a bundle that nobody has",
            |all| {
                let at = refused(all, "TOESTEMMING_ONTBREEKT");
                all[at].entry.bundel = Some(Sha256::from_bytes([7; 32]));
                at
            },
            "it names bundle 0707070707070707",
        ),
        (
            "a decision on older facts",
            |all| {
                let at = refused(all, "TOESTEMMING_INGETROKKEN");
                let entry = &mut all[at].entry;
                entry.gezien = entry.gezien.map(|seen| seen - 1);
                at
            },
            "the newest change there was at",
        ),
        (
            "a decision on facts of another address",
            |all| {
                let at = permit(all, "schade-afhandeling");
                let there = address(2).to_string();
                all[at].values.insert("nummeraanduiding".to_owned(), there);
                at
            },
            "but the newest change there was at 0",
        ),
        (
            "a change on older facts",
            |all| {
                let at = of_kind(all, Kind::Withdrawal);
                let entry = &mut all[at].entry;
                entry.gezien = entry.gezien.map(|seen| seen - 1);
                at
            },
            "it changes its address as of size",
        ),
        (
            "another reason",
            |all| {
                let at = refused(all, "TOESTEMMING_ONTBREEKT");
                all[at].entry.reden = Some("GEEN_GRONDSLAG".to_owned());
                at
            },
            "it says refused, GEEN_GRONDSLAG",
        ),
        (
            "a permit told as a refusal",
            |all| {
                let at = permit(all, "afstemming");
                let entry = &mut all[at].entry;
                entry.uitkomst = Some(Outcome::Refused);
                entry.reden = Some("BEZWAAR_AFSTEMMING".to_owned());
                (entry.grondslag, entry.artikel) = (None, None);
                entry.regels = Vec::new();
                // Its closing entry stumbles too, but later.
                at
            },
            "gives permitted",
        ),
        (
            "a refusal without a reason",
            |all| {
                let at = refused(all, "TOESTEMMING_ONTBREEKT");
                all[at].entry.reden = None;
                at
            },
            "it lacks reden",
        ),
        (
            "a refusal as if no policy was asked, on a release",
            |all| {
                let at = permit(all, "afstemming");
                all[at].entry.code = Some("token-ongeldig".to_owned());
                at
            },
            "contradict each other",
        ),
        (
            "a situation that was made longer",
            |all| {
                let at = of_kind(all, Kind::AosEnd);
                let tot = all[at].entry.tot;
                all[at].entry.tot = tot.map(|tot| tot.plus_ms(1));
                at
            },
            "not its organisation's to end",
        ),
        (
            "a situation that began later",
            |all| {
                let at = of_kind(all, Kind::Aos);
                let van = all[at].entry.van;
                all[at].entry.van = van.map(|van| van.plus_ms(3_600_000));
                let end = of_kind(all, Kind::AosEnd);
                all[end].entry.van = all[at].entry.van;
                permit(all, "aos")
            },
            "gives refused, AOS_NIET_ACTIEF",
        ),
        (
            "an owner who was added",
            |all| {
                let at = of_kind(all, Kind::Owners);
                let owners = "[\"eig-1\",\"eig-2\",\"eig-8\"]".to_owned();
                all[at].values.insert("eigenaren".to_owned(), owners);
                permit(all, "schade-afhandeling")
            },
            "the owners it seals",
        ),
        (
            "a withdrawal that leaves the choice as it was",
            |all| {
                let at = of_kind(all, Kind::Withdrawal);
                all[at].entry.toestand = Some(crate::domain::ChoiceState::Given);
                at
            },
            "leaves it counting",
        ),
        (
            "a withdrawal of something else",
            |all| {
                let at = of_kind(all, Kind::Withdrawal);
                all[at].entry.doelen.clear();
                at
            },
            "another choice than was recorded",
        ),
        (
            "a choice recorded twice",
            |all| {
                let at = of_kind(all, Kind::Choice);
                let id = all[at].entry.toestemming;
                let next = find(all, |line| {
                    line.entry.soort == Kind::Choice && line.entry.toestemming != id
                });
                all[next].entry.toestemming = id;
                next
            },
            "records already",
        ),
        (
            "a team that was not there",
            |all| {
                let at = permit(all, "aos");
                all[at].entry.team = Team::parse("combinatieteam").ok();
                at
            },
            "gives refused",
        ),
        (
            "a bundle in force for longer than it is for",
            |all| {
                let at = agreement(all, 0);
                all[at].entry.geldig_tot = None;
                at
            },
            "and the agreement is not within that",
        ),
        (
            "a bundle in force for shorter than was signed",
            |all| {
                let at = agreement(all, 1);
                let begins = all[at].entry.geldig_van.unwrap();
                all[at].entry.geldig_tot = Some(begins.plus_ms(86_400_000));
                at
            },
            "a signature in it is not one of what it says",
        ),
        (
            "an agreement that ends before it begins",
            |all| {
                let at = agreement(all, 1);
                all[at].entry.geldig_tot = all[at].entry.geldig_van;
                at
            },
            "before it begins",
        ),
        (
            "an agreement of one party",
            |all| {
                let at = agreement(all, 0);
                all[at].entry.handtekeningen.pop();
                at
            },
            "ncg did not sign for it",
        ),
        (
            "an agreement that one party signed twice",
            |all| {
                let at = agreement(all, 0);
                let signed = &mut all[at].entry.handtekeningen;
                signed[1] = signed[0].clone();
                at
            },
            "ncg did not sign for it",
        ),
        (
            "signatures of another agreement",
            |all| {
                let (at, other) = (agreement(all, 0), agreement(all, 1));
                let theirs = all[other].entry.handtekeningen.clone();
                all[at].entry.handtekeningen = theirs;
                at
            },
            "a signature in it is not one of what it says",
        ),
        (
            "another title than was signed",
            |all| {
                let at = agreement(all, 0);
                all[at].entry.titel = Some("Convenant".to_owned());
                at
            },
            "it puts a bundle in force that could not be",
        ),
        (
            "an agreement on what was not proven",
            |all| {
                let at = agreement(all, 0);
                all[at].entry.bewijzen = None;
                at
            },
            "it lacks bewijzen",
        ),
        (
            "an agreement with the proofs of another bundle",
            |all| {
                let (at, other) = (agreement(all, 0), agreement(all, 1));
                let theirs = all[other].entry.bewijzen.clone();
                all[at].entry.bewijzen = theirs;
                at
            },
            "the proof record is about the bundle",
        ),
        (
            "an agreement whose proofs lack one",
            |all| {
                let at = agreement(all, 0);
                let record = all[at].entry.bewijzen.take().unwrap();
                let mut proven = record.proven().to_vec();
                proven.retain(|id| id != "grens-gezondheid");
                let less = ProofRecord::of_ids(record.bundle(), proven);
                all[at].entry.bewijzen = Some(Box::new(less));
                at
            },
            "the proof record does not cover grens-gezondheid",
        ),
        (
            "a search that listed too much",
            |all| {
                let at = of_kind(all, Kind::Search);
                let listed = Listed {
                    aantal: 1,
                    soort: crate::domain::DocumentKind::parse("gezondheidsgegevens").unwrap(),
                };
                all[at].entry.getoond = vec![listed];
                at
            },
            "it listed gezondheidsgegevens",
        ),
        (
            "a search that withheld for no reason",
            |all| {
                let at = of_kind(all, Kind::Search);
                let withheld = Withheld {
                    aantal: 1,
                    reden: "TOESTEMMING_VERLOPEN".to_owned(),
                    soort: crate::domain::DocumentKind::parse("opnamerapport").unwrap(),
                };
                all[at].entry.onthouden = vec![withheld];
                at
            },
            "it withheld opnamerapport as TOESTEMMING_VERLOPEN",
        ),
        (
            "a search that names another owner",
            |all| {
                let at = of_kind(all, Kind::Search);
                let owners = "[\"eig-1\",\"eig-8\"]".to_owned();
                let before = all[at].values.insert("eigenaren".to_owned(), owners);
                assert!(before.is_some());
                at
            },
            "the owners it seals",
        ),
        (
            "a search that names no owner",
            |all| {
                let at = of_kind(all, Kind::Search);
                all[at].values.remove("eigenaren");
                all[at].entry.zegels.remove("eigenaren");
                at
            },
            "the owners it seals",
        ),
        (
            "a value that was not committed to",
            |all| {
                let at = permit(all, "overig");
                all[at].lies = true;
                at
            },
            "what its openings hold as zaak",
        ),
        (
            "values under somebody else's key",
            |all| {
                let at = permit(all, "overig");
                all[at].under = Some(address(2));
                at
            },
            "a key that is not its own",
        ),
        (
            "a call that asked no policy, under an address",
            |all| {
                let at = find(all, |line| {
                    line.entry.code.as_deref() == Some("document-onbekend")
                });
                all[at].under = Some(address(2));
                at
            },
            "a key that is not its own",
        ),
        (
            "a release that was never permitted",
            |all| {
                let at = of_kind(all, Kind::Release);
                all[at].entry.index = Some(0);
                at
            },
            "no open release stands there",
        ),
    ];
    let (book, _) = day_of(Engine::Sqlite).await;
    let honest = lines(&book).await;
    let office = crate::exchange::testing::Office::open(Engine::Sqlite).await;
    let again = || super::with(&office, crate::exchange::testing::policies(), &book);
    let whole = replay(write(honest.clone(), &book.keys()), &book, again()).await;
    assert!(whole.unwrap().counts.unjudged.is_empty());
    let mut passed = Vec::new();
    for (what, forge, says) in rows {
        let mut all = honest.clone();
        let at = forge(&mut all) as u64;
        match replay(write(all, &book.keys()), &book, again()).await {
            Ok(replayed) => passed.push(format!("{what}: {replayed}")),
            Err(wrong) => {
                let told = in_full(&wrong);
                let found = wrong.index() == Some(at) && told.contains(says);
                if !found || !wrong.is_finding() || told.contains('\n') {
                    passed.push(format!("{what}, at {at}: {told}"));
                }
            }
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    let _ = office.close().await;
}
