//! The log on its way to standard error, by a thread of its own.
//!
//! Who reads standard error may stand still: a service manager that restarts, a container's log on a full
//! disk. Nothing waits for that: lines wait in a bounded queue, and one that finds no place there is left
//! out and counted.

use std::io::{self, BufWriter, Stderr, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Registry};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::{as_float, raise};
use crate::bounds;

/// Dropped when the process ends, which writes what waits.
static GUARD: Mutex<Option<WorkerGuard>> = Mutex::new(None);
static LEFT_OUT: OnceLock<ErrorCounter> = OnceLock::new();

/// Writes what comes together at once.
struct Gathered(BufWriter<Stderr>);

impl Write for Gathered {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line)
    }

    /// Called when no line waits any more. Those of the next moment will go out together: nobody wakes
    /// this thread for each.
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        std::thread::sleep(bounds::LOG_PAUSE);
        Ok(())
    }
}

/// A thread that writes, until this is dropped or kept.
pub(super) struct Started(ErrorCounter, WorkerGuard);

impl Started {
    /// Lets it write until [`finish_logging`].
    pub(super) fn keep(self) {
        let _ = LEFT_OUT.set(self.0);
        *GUARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.1);
    }
}

/// Starts the thread, and answers where it takes lines.
pub(super) fn open() -> (NonBlocking, Started) {
    let (outlet, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(bounds::LOG_LINES)
        .thread_name("log")
        .finish(Gathered(BufWriter::new(io::stderr())));
    let started = Started(outlet.error_counter(), guard);
    (outlet, started)
}

/// Writes what waits of the log, and gives up after about a second: for a process that is about to end.
pub fn finish_logging() {
    drop(GUARD.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// The figure of what was left out, read when somebody asks.
#[derive(Debug)]
struct LogFigures {
    left_out: Counter,
}

impl Collector for LogFigures {
    fn desc(&self) -> Vec<&Desc> {
        self.left_out.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let lines = LEFT_OUT.get().map_or(0, ErrorCounter::dropped_lines);
        raise(&self.left_out, as_float(lines as u64));
        self.left_out.collect()
    }
}

/// Lets the figure of what was left out be read.
///
/// # Errors
/// When it was registered before.
pub fn watch_log(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(LogFigures {
        left_out: Counter::new(
            "sluis_log_lines_left_out_total",
            "Lines of the log that found no place because nobody took them from standard error",
        )?,
    }))
}
