//! A checker of histories: three gateways on one PostgreSQL, and what their clients saw. A release
//! never starts after its withdrawal was acknowledged, at whichever gateway; a token opens one gateway
//! only. What the clients saw and what the book says must be one story.
//!
//! Here a few hundred races; `cargo bench --bench races` runs a hundred thousand with the same code.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Barrier;

use crate::client::{Call, Line};
use crate::outsider::{Book, is_release};
use crate::party::{Party, Token};
use crate::world::{World, consent};

const KIND: &str = "schademelding";
const OWNER: &str = "eig-1";
const REFUSED: &str = "403 niet-toegestaan TOESTEMMING_INGETROKKEN";
const GATEWAYS: usize = 3;
/// Addresses that are raced for at the same time.
const LANES: usize = 6;

/// What a run came to.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) races: usize,
    /// Answers while a withdrawal was neither before nor behind them.
    pub(crate) overlapping: usize,
    pub(crate) released: usize,
    pub(crate) refused: usize,
    /// Token races whose two requests were sent within a millisecond.
    pub(crate) same_millisecond: usize,
}

impl Figures {
    pub(crate) fn add(&mut self, more: Self) {
        self.races += more.races;
        self.overlapping += more.overlapping;
        self.released += more.released;
        self.refused += more.refused;
        self.same_millisecond += more.same_millisecond;
    }
}

fn download(uuid: &str, party: &'static str, purpose: &str) -> Call {
    let token = Party::find(party).token(&Token::new(purpose));
    Call::get(format!("/v1/documenten/{uuid}/download")).token(&token)
}

/// How far the withdrawal of a race is.
#[derive(Debug, Default)]
struct Withdrawal {
    sent: AtomicBool,
    acknowledged: AtomicBool,
}

/// One address, raced for again and again.
struct Lane {
    number: usize,
    uuid: String,
    address: String,
    /// Who asks for the document, at each gateway.
    asking: Vec<Line>,
    /// Who records and withdraws, at each gateway.
    recording: Vec<Line>,
    withdrawing: Vec<Line>,
    /// What belongs to this lane in the book: transactions of decisions, ids of consents.
    traces: Vec<String>,
    figures: Figures,
}

impl Lane {
    async fn new(world: &World, number: usize) -> Self {
        let address = format!("00242000000{number:05}");
        world.owners(&address, &[OWNER]).await;
        let uuid = world.document("img", KIND, &address, 500).await;
        let lines = |party: &'static str| (0..GATEWAYS).map(|at| world.line(at, party)).collect();
        Self {
            number,
            uuid,
            address,
            asking: lines("ncg"),
            recording: lines("img"),
            withdrawing: lines("ncg"),
            traces: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// Consent at one gateway; then it is withdrawn there while two others are asked.
    async fn race(&mut self, race: usize) {
        let home = race % GATEWAYS;
        let token = Party::find("img").token(&Token::beheer());
        let call = Call::new("POST", "/v1/toestemmingen").token(&token);
        let call = call.json(&consent(&self.address, OWNER, "ncg", KIND));
        let answer = self.recording[home].call(&call).await;
        assert!(answer.status < 300, "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().to_owned();

        let withdrawal = Arc::new(Withdrawal::default());
        let lane = self.number;
        let mut asking: Vec<_> = std::mem::take(&mut self.asking);
        let asked: Vec<_> = asking
            .drain(..)
            .enumerate()
            .map(|(at, line)| {
                let (uuid, withdrawal) = (self.uuid.clone(), Arc::clone(&withdrawal));
                tokio::spawn(async move {
                    let told = format!("lane {lane}, race {race}, gateway {at}");
                    // The home gateway is asked once at the end only: it knows best.
                    ask_until_refused(line, &uuid, &withdrawal, at == home, &told).await
                })
            })
            .collect();
        // Each race a little later: before, in and after the requests' own commits.
        tokio::time::sleep(Duration::from_micros(1_500 * (race as u64 % 13))).await;
        let token = Party::find("ncg").token(&Token::beheer());
        let call = Call::new("POST", format!("/v1/toestemmingen/{id}/intrekken")).token(&token);
        withdrawal.sent.store(true, Ordering::SeqCst);
        self.withdrawing[home].call(&call).await.expect("200");
        withdrawal.acknowledged.store(true, Ordering::SeqCst);
        for one in asked {
            let (line, traces, figures) = one.await.unwrap();
            self.asking.push(line);
            self.traces.extend(traces);
            self.figures.add(figures);
        }
        self.traces.push(id);
        self.figures.races += 1;
    }
}

/// Asks until a request that began after the acknowledgement was refused, as it must be.
async fn ask_until_refused(
    mut line: Line,
    uuid: &str,
    withdrawal: &Withdrawal,
    only_after: bool,
    told: &str,
) -> (Line, Vec<String>, Figures) {
    let (mut traces, mut figures) = (Vec::new(), Figures::default());
    while only_after && !withdrawal.acknowledged.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    loop {
        let call = download(uuid, "ncg", "overig");
        let began_after = withdrawal.acknowledged.load(Ordering::SeqCst);
        let answer = line.call(&call).await;
        let ended_before = !withdrawal.sent.load(Ordering::SeqCst);
        traces.push(answer.header("fsc-transaction-id").to_owned());
        let short = answer.short();
        if began_after {
            assert_eq!(short, REFUSED, "{told}: began after the acknowledgement");
        } else if ended_before {
            assert_eq!(short, "200", "{told}: ended before the withdrawal");
        } else {
            let possible = ["200", REFUSED, "503 overbelast"];
            assert!(possible.contains(&short.as_str()), "{told}: {short}");
            figures.overlapping += 1;
        }
        figures.released += usize::from(short == "200");
        figures.refused += usize::from(short == REFUSED);
        if began_after {
            return (line, traces, figures);
        }
    }
}

/// By the order of the book alone: no permit of a lane between its withdrawal and its next consent.
fn check_book(book: &Book, lane_of: &HashMap<String, usize>) {
    let mut consented = [false; LANES];
    let mut seen = 0;
    for (index, entry) in book.entries.iter().enumerate() {
        let kind = entry["soort"].as_str().unwrap();
        let trace = match kind {
            "toestemming" | "intrekking" => &entry["toestemming"],
            "besluit" => &entry["transactie"],
            _ => continue,
        };
        let Some(lane) = lane_of.get(trace.as_str().unwrap_or_default()) else {
            continue;
        };
        seen += 1;
        match kind {
            "toestemming" => consented[*lane] = true,
            "intrekking" => consented[*lane] = false,
            // A decision that was overtaken too often is on record as refused, whatever holds.
            _ if entry["code"].is_string() => {}
            _ => assert_eq!(
                is_release(entry),
                consented[*lane],
                "entry {index}: {entry}"
            ),
        }
    }
    assert!(
        seen >= lane_of.len(),
        "{seen} of {} are in the book",
        lane_of.len()
    );
}

/// Races withdrawals against requests; the world must have three gateways on one PostgreSQL.
pub(crate) async fn race_withdrawals(world: &mut World, races: usize) -> Figures {
    let mut lanes = Vec::new();
    for number in 0..LANES {
        lanes.push(Lane::new(world, number).await);
    }
    let running: Vec<_> = lanes
        .into_iter()
        .map(|mut lane| {
            tokio::spawn(async move {
                for race in (lane.number..races).step_by(LANES) {
                    lane.race(race).await;
                }
                lane
            })
        })
        .collect();
    let (mut lane_of, mut figures) = (HashMap::new(), Figures::default());
    for lane in running {
        let lane = lane.await.unwrap();
        figures.add(lane.figures);
        lane_of.extend(lane.traces.into_iter().map(|trace| (trace, lane.number)));
    }
    check_book(&world.settled().await, &lane_of);
    figures
}

/// Sends one token to two gateways at once: exactly one opens.
pub(crate) async fn race_tokens(world: &World, races: usize) -> Figures {
    let uuid = world
        .document("ncg", "opnamerapport", "0024200000099999", 500)
        .await;
    let running: Vec<_> = (0..LANES)
        .map(|lane| {
            let uuid = uuid.clone();
            let mut lines = [lane, lane + 1].map(|at| Some(world.line(at % GATEWAYS, "img")));
            tokio::spawn(async move {
                let mut figures = Figures::default();
                for race in (lane..races).step_by(LANES) {
                    let call = download(&uuid, "img", "schade-afhandeling");
                    let together = Arc::new(Barrier::new(2));
                    let both = lines.each_mut().map(|line| {
                        let (mut line, call) = (line.take().unwrap(), call.clone());
                        let together = Arc::clone(&together);
                        tokio::spawn(async move {
                            together.wait().await;
                            let sent = Instant::now();
                            let short = line.call(&call).await.short();
                            (line, sent, short)
                        })
                    });
                    let [one, other] = both;
                    let (one, other) = (one.await.unwrap(), other.await.unwrap());
                    let mut answers = [one.2, other.2];
                    answers.sort();
                    assert_eq!(
                        answers,
                        ["200", "401 token-hergebruikt"],
                        "lane {lane}, race {race}"
                    );
                    let apart = one.1.max(other.1).duration_since(one.1.min(other.1));
                    figures.same_millisecond += usize::from(apart < Duration::from_millis(1));
                    figures.races += 1;
                    lines = [Some(one.0), Some(other.0)];
                }
                figures
            })
        })
        .collect();
    let mut figures = Figures::default();
    for lane in running {
        figures.add(lane.await.unwrap());
    }
    assert_eq!(
        world.ncg.take_asked().len(),
        figures.races,
        "the provider was asked once a token"
    );
    figures
}
