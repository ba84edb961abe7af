//! Median, extremes and percentiles; and two contestants taking turns.

use std::time::Instant;

/// Measurements of one thing, in ascending order; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "something was measured");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// One measurement.
    pub(crate) fn single(value: f64) -> Self {
        Self::new(vec![value])
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    pub(crate) fn min(&self) -> f64 {
        self.0[0]
    }

    pub(crate) fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The smallest value that `percent` of all values do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    pub(crate) fn is_single(&self) -> bool {
        self.0.len() == 1
    }
}

/// How long `work` took, in milliseconds.
pub(crate) fn time_ms(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

/// Lets two take turns, A B A B …; what the first turn of each measured is warm-up and dropped.
pub(crate) fn take_turns<T>(
    rounds: usize,
    mut a: impl FnMut(usize) -> T,
    mut b: impl FnMut(usize) -> T,
) -> (Vec<T>, Vec<T>) {
    let turns = (0..=rounds).map(|round| (a(round), b(round)));
    turns.skip(1).unzip()
}

/// One alone, with the same warm-up.
pub(crate) fn alone<T>(rounds: usize, a: impl FnMut(usize) -> T) -> Vec<T> {
    (0..=rounds).map(a).skip(1).collect()
}
