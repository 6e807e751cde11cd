//! Time and chance, as arguments.
//!
//! Nothing else in the house asks the operating system what time it is or draws a random number:
//! whoever needs either is handed a [`Clock`] or a [`Random`], so that a test can hold both still.

mod local;

use std::fmt;
use std::sync::Arc;

pub use local::{Day, Local, NotADay, Week};

use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

/// A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// On the wire and in the ledger it is RFC 3339 with exactly three decimals and a `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// Why a text is not a [`Moment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time in UTC such as 2026-01-31T09:30:00Z (RFC 3339)")]
pub struct NotAMoment;

impl Moment {
    /// The last moment this type expresses on the wire: 9999-12-31T23:59:59.999Z.
    const LAST_MS: i64 = 253_402_300_799_999;

    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// A moment from milliseconds since the epoch; `None` outside the years 1970 to 9999.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Option<Self> {
        if ms < 0 || ms > Self::LAST_MS {
            None
        } else {
            Some(Self(ms))
        }
    }

    /// A moment from whole seconds since the epoch, as tokens carry them; `None` when out of range.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(1000) {
            Some(ms) => Self::from_unix_ms(ms),
            None => None,
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by `ms` milliseconds, held inside the years 1970 to 9999.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms).clamp(0, Self::LAST_MS))
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is the later one.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Reads RFC 3339. Only UTC is accepted: the contract says every time on the wire is in UTC.
    ///
    /// # Errors
    /// [`NotAMoment`] for anything else, for years before 1970 too.
    pub fn parse(text: &str) -> Result<Self, NotAMoment> {
        if !text.ends_with(['Z', 'z']) {
            return Err(NotAMoment);
        }
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotAMoment)?;
        let ms = i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000))
            .map_err(|_| NotAMoment)?;
        Self::from_unix_ms(ms).ok_or(NotAMoment)
    }

    /// Reads the `Date` of an HTTP answer, whole seconds (RFC 9110, 5.6.7); `None` for anything else.
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let parsed = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        Self::from_unix_seconds(parsed.unix_timestamp())
    }

    /// The calendar year in UTC: openings are sealed under one key per address and year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.date_time().year()
    }

    fn date_time(self) -> OffsetDateTime {
        // The range of the type is inside the range of `time`, so the fallback is never taken.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.date_time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// Where chance comes from.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes` with bytes nobody can predict.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give; nothing may be sealed then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the real time is read"
    )]
    fn now(&self) -> Moment {
        let ms = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
        Moment(ms.clamp(0, Moment::LAST_MS))
    }
}

/// The operating system's random source, through `ring`.
#[derive(Debug, Clone)]
pub struct SystemRandomness(SystemRandom);

impl Default for SystemRandomness {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Random for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.0.fill(bytes).map_err(|_| NoRandomness)
    }
}

/// A clock that stands where it was put, for tests and for replaying the past.
#[derive(Debug)]
pub struct FixedClock(std::sync::atomic::AtomicI64);

impl FixedClock {
    /// A clock that says `at` until it is moved.
    #[must_use]
    pub fn at(at: Moment) -> Arc<Self> {
        Arc::new(Self(std::sync::atomic::AtomicI64::new(at.unix_ms())))
    }

    /// Moves the clock by `ms` milliseconds, backwards when negative.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read_in_its_one_form() {
        for wrong in [
            "",
            "now",
            "2026-01-31T09:30:00Z",
            "Sat, 31 Jan 1931 09:30:00 GMT",
        ] {
            assert_eq!(Moment::parse_http_date(wrong), None, "{wrong}");
        }
        let date = Moment::parse_http_date("Sat, 31 Jan 2026 09:30:07 GMT");
        assert_eq!(date, Moment::parse("2026-01-31T09:30:07Z").ok());
    }

    #[test]
    fn a_moment_reads_and_writes_utc_only() {
        for wrong in [
            "",
            "2026-01-31",
            "2026-01-31T09:30:00",
            "2026-01-31T09:30:00+01:00",
            "1969-12-31T23:59:59Z",
            "2026-13-01T00:00:00Z",
        ] {
            assert_eq!(Moment::parse(wrong), Err(NotAMoment), "{wrong}");
        }
        for (text, back) in [
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31T09:30:00.1239Z", "2026-01-31T09:30:00.123Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(
                Moment::parse(text).map(|m| m.to_string()),
                Ok(back.to_owned())
            );
        }
    }
}
