//! What is usual: the median of the weeks before, and how far weeks ordinarily are from it. One strange
//! week changes neither.

/// Weeks before a week that it is compared with, at most.
pub const HISTORY_WEEKS: usize = 26;
/// With fewer weeks before it, nobody can tell what is usual.
pub const FEWEST_WEEKS: usize = 8;
/// So many times the spread above the median is no chance any more.
pub const SPREADS: u64 = 6;

/// What was usual in the weeks before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// How many weeks.
    pub weeks: u64,
    /// The median, rounded.
    pub median: u64,
    /// How far a week ordinarily is from it, rounded up.
    pub spread: u64,
    /// The highest of them.
    pub highest: u64,
}

impl Usual {
    /// Of these weeks; `None` when they are fewer than [`FEWEST_WEEKS`].
    #[must_use]
    pub fn of(weeks: &[u32]) -> Option<Self> {
        if weeks.len() < FEWEST_WEEKS {
            return None;
        }
        let mut sorted: Vec<u64> = weeks.iter().map(|count| u64::from(*count)).collect();
        sorted.sort_unstable();
        let twice = twice_median(sorted.clone());
        let deviations = weeks
            .iter()
            .map(|count| (2 * u64::from(*count)).abs_diff(twice));
        // The deviation was taken of doubled numbers, and is doubled again.
        let four_times = twice_median(deviations.collect());
        let median = twice.div_ceil(2);
        // Where nearly every other week is a busy one, half of the weeks say nothing about those: then
        // the upper quartile tells how far weeks are.
        let quartile = sorted.get((sorted.len() * 3).div_ceil(4).saturating_sub(1));
        let above = (2 * quartile.copied().unwrap_or(0)).saturating_sub(twice);
        let four_times = four_times.max(2 * above);
        // 1.4826 times the median deviation is the standard deviation, where weeks vary by chance
        // alone. Whole numbers vary by at least the root of what they are, also where few weeks were
        // seen and happen to be alike.
        let seen = (four_times * 14_826).div_ceil(40_000);
        let by_chance = root(median);
        Some(Self {
            weeks: weeks.len() as u64,
            median,
            spread: seen.max(by_chance).max(1),
            highest: weeks.iter().copied().max().unwrap_or(0).into(),
        })
    }

    /// From which number on it is not usual any more: far beyond the spread, half as much again as the
    /// median, and never less than `floor`, for what is small is no news.
    #[must_use]
    pub fn threshold(&self, floor: u64) -> u64 {
        let far = self.median.saturating_add(SPREADS * self.spread);
        let more = self.median + self.median.div_ceil(2);
        far.max(more).max(floor)
    }
}

/// Twice the median, so that it is whole also between two numbers.
fn twice_median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    let at = |at: usize| numbers.get(at).copied().unwrap_or(0);
    at(numbers.len().saturating_sub(1) / 2) + at(numbers.len() / 2)
}

/// The square root, rounded up.
fn root(of: u64) -> u64 {
    let root = of.isqrt();
    root + u64::from(root * root < of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_the_middle_and_how_far_weeks_are_from_it() {
        assert_eq!(Usual::of(&[5; FEWEST_WEEKS - 1]), None);
        // Weeks; median, spread, highest; the threshold with a floor of 20.
        for (weeks, median, spread, highest, threshold) in [
            (&[0, 0, 0, 0, 0, 0, 0, 0][..], 0, 1, 0, 20),
            (&[1, 1, 1, 1, 1, 1, 1, 1], 1, 1, 1, 20),
            (&[9, 9, 9, 9, 9, 9, 9, 9], 9, 3, 9, 27),
            // Between two middles; the deviations are 0.5, 0.5, 1.5 …
            (&[7, 8, 9, 10, 11, 12, 13, 14], 11, 4, 14, 35),
            // One strange week changes little.
            (&[9, 9, 9, 9, 9, 9, 9, 400], 9, 3, 400, 27),
            // Weeks that vary much: the middle deviation is 45.
            (&[10, 100, 10, 100, 10, 100, 10, 100], 55, 67, 100, 457),
            // Busy every other week: the upper quartile is 36 above the middle.
            (&[4, 40, 4, 40, 4, 40, 4, 40, 4], 4, 54, 40, 328),
            // Large and steady: half as much again is what counts.
            (&[1_000_000; 10], 1_000_000, 1_000, 1_000_000, 1_500_000),
        ] {
            let usual = Usual::of(weeks).unwrap();
            let found = (usual.median, usual.spread, usual.highest);
            assert_eq!(found, (median, spread, highest), "{weeks:?}");
            assert_eq!(usual.threshold(20), threshold, "{weeks:?}");
        }
    }
}
