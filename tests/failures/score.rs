//! How well failures are diagnosed: precision and recall, per code and over all. Shared by the recorded failures and by
//! those that really run.

use std::collections::BTreeMap;

/// How often a code was expected, given, and given where it was expected.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    expected: u32,
    given: u32,
    right: u32,
}

/// The counts of many failures.
#[derive(Debug, Default)]
pub(crate) struct Score {
    codes: BTreeMap<String, Count>,
    all: Count,
    /// Healthy outputs of which a cause was claimed all the same.
    false_alarms: u32,
}

impl Score {
    /// Counts one failure: the code that it must get, and the one that it got, if that was a claim.
    pub(crate) fn count(&mut self, expected: &str, given: Option<&str>) {
        self.codes.entry(expected.to_owned()).or_default().expected += 1;
        self.all.expected += 1;
        let Some(given) = given else { return };
        let right = u32::from(given == expected);
        let code = self.codes.entry(given.to_owned()).or_default();
        (code.given, code.right) = (code.given + 1, code.right + right);
        (self.all.given, self.all.right) = (self.all.given + 1, self.all.right + right);
    }

    /// Counts a healthy output of which a cause was claimed.
    pub(crate) fn false_alarm(&mut self) {
        self.false_alarms += 1;
        self.all.given += 1;
    }

    /// One line over all.
    pub(crate) fn total(&self, title: &str) -> String {
        line(title, self.all)
    }

    /// A line per code, and one over all.
    pub(crate) fn table(&self, title: &str) -> String {
        let codes = self.codes.iter().map(|(code, count)| line(code, *count));
        let lines: String = codes.chain([self.total("all")]).collect();
        let (codes, alarms) = (self.codes.len(), self.false_alarms);
        format!("{title:<34} cases  precision  recall\n{lines}{codes} codes, {alarms} false alarms\n")
    }
}

fn line(name: &str, count: Count) -> String {
    let share = |of: u32| match of {
        0 => "-".to_owned(),
        of => format!("{:.3}", f64::from(count.right) / f64::from(of)),
    };
    let Count { expected, given, .. } = count;
    format!("{name:<34} {expected:>5}  {:>9}  {:>6}\n", share(given), share(expected))
}
