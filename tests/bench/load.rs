//! The shapes of load.
//!
//! Closed: each connection asks again when it has its answer; for throughput and CPU per request.
//! Paced: requests are due at fixed moments whatever became of the ones before, and latency counts
//! from that moment, so that a stall is charged to every request it delays. Anew: a connection and
//! a full handshake for each request. Slow: readers who take their time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::client::{Connection, Reader, Target};
use crate::failure::{Context as _, Outcome};
use crate::provider::Size;

/// What a load of known length did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
}

/// Connections to one target, up before anything is measured.
pub(crate) struct Pool {
    target: Arc<Target>,
    connections: Vec<Connection>,
}

impl Pool {
    pub(crate) async fn open(target: &Arc<Target>, count: usize, reader: Reader) -> Outcome<Self> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::to(target, reader).await?);
        }
        Ok(Self {
            target: target.clone(),
            connections,
        })
    }

    /// As fast as the answers come, for this long. What is under way then is finished and counted.
    pub(crate) async fn closed(self, size: Size, time: Duration) -> Outcome<Done> {
        let since = Instant::now();
        let mut workers = JoinSet::new();
        for mut connection in self.connections {
            let target = self.target.clone();
            workers.spawn(async move {
                let mut requests = 0;
                while since.elapsed() < time {
                    if !connection.usable().await {
                        connection = Connection::to(&target, Reader::Fast).await?;
                    }
                    connection.download(&target, size).await?;
                    requests += 1;
                }
                Ok(requests)
            });
        }
        total(workers, since).await
    }

    /// At a fixed rate, for this long: each request's latency from the moment it was due.
    pub(crate) async fn paced(
        self,
        size: Size,
        rate: u32,
        time: Duration,
    ) -> Outcome<Vec<Duration>> {
        let (give_back, idle) = mpsc::unbounded_channel();
        for connection in self.connections {
            give_back.send(connection).or_fail("keep a connection")?;
        }
        let queue = Arc::new(Queue {
            target: self.target,
            idle: Mutex::new(idle),
            give_back,
            size,
        });
        // A thread of its own: the runtime's timer knows whole milliseconds only.
        let runtime = Handle::current();
        let pacer = tokio::task::spawn_blocking(move || {
            let (interval, start) = (Duration::from_secs(1) / rate, Instant::now());
            let mut running = Vec::new();
            let mut due = start;
            while due < start + time {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                running.push(runtime.spawn(queue.clone().one(due)));
                due += interval;
            }
            running
        });
        let mut latencies = Vec::new();
        for request in pacer.await.or_fail("keep the pace")? {
            latencies.push(request.await.or_fail("end a request")??);
        }
        Ok(latencies)
    }

    /// One document on each connection, read evenly over this time.
    pub(crate) async fn slow(self, size: Size, time: Duration) -> Outcome<()> {
        let mut readers = JoinSet::new();
        for mut connection in self.connections {
            let target = self.target.clone();
            readers.spawn(async move { connection.download_over(&target, size, time).await });
        }
        while let Some(ended) = readers.join_next().await {
            ended.or_fail("end a reader")??;
        }
        Ok(())
    }
}

/// A new connection for each request, this many at a time, for this long.
pub(crate) async fn anew(
    target: &Arc<Target>,
    size: Size,
    at_once: usize,
    time: Duration,
) -> Outcome<Done> {
    let since = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..at_once {
        let target = target.clone();
        workers.spawn(async move {
            let mut requests = 0;
            while since.elapsed() < time {
                let mut connection = Connection::to(&target, Reader::Fast).await?;
                connection.download(&target, size).await?;
                requests += 1;
            }
            Ok(requests)
        });
    }
    total(workers, since).await
}

struct Queue {
    target: Arc<Target>,
    idle: Mutex<mpsc::UnboundedReceiver<Connection>>,
    give_back: mpsc::UnboundedSender<Connection>,
    size: Size,
}

impl Queue {
    async fn one(self: Arc<Self>, due: Instant) -> Outcome<Duration> {
        let taken = self.idle.lock().await.recv().await;
        let mut connection = taken.or_fail("find a connection")?;
        if !connection.usable().await {
            connection = Connection::to(&self.target, Reader::Fast).await?;
        }
        connection.download(&self.target, self.size).await?;
        let latency = due.elapsed();
        self.give_back
            .send(connection)
            .or_fail("keep a connection")?;
        Ok(latency)
    }
}

async fn total(mut workers: JoinSet<Outcome<u64>>, since: Instant) -> Outcome<Done> {
    let mut requests = 0;
    while let Some(ended) = workers.join_next().await {
        requests += ended.or_fail("end a connection's work")??;
    }
    Ok(Done {
        requests,
        elapsed: since.elapsed(),
    })
}
