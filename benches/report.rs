//! What was measured, against what, with which goal: one Markdown table.

use std::collections::BTreeSet;
use std::fmt;

use crate::machine;
use crate::statistics::Sample;

/// All rows of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    skipped: Vec<String>,
    notes: Vec<String>,
    versions: BTreeSet<String>,
    noise: Vec<(&'static str, f64)>,
}

/// One thing that was measured.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Sample,
    /// Who did the same, and how it went.
    pub(crate) peer: Option<(String, Sample)>,
    pub(crate) goal: Goal,
}

/// What a row should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Ours divided by the peer's is at most this.
    RatioMax(f64),
    /// Ours divided by the peer's is at least this.
    RatioMin(f64),
    /// Ours is at most this.
    Max(f64),
    /// Only to know.
    Told,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|(_, peer)| self.ours.median() / peer.median())
    }

    /// None: it has no goal.
    fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioMax(limit) => Some(self.ratio()? <= limit),
            Goal::RatioMin(limit) => Some(self.ratio()? >= limit),
            Goal::Max(limit) => Some(self.ours.median() <= limit),
            Goal::Told => None,
        }
    }
}

impl Report {
    /// Measures an area and how busy the machine was with other things before and after.
    pub(crate) fn area(&mut self, name: &'static str, measure: fn(&mut Self)) {
        eprintln!("measuring {name} …");
        let before = machine::pressure_percent().unwrap_or_default();
        measure(self);
        let after = machine::pressure_percent().unwrap_or_default();
        self.noise.push((name, before.max(after)));
    }

    pub(crate) fn row(&mut self, row: Row) {
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Says loudly what is not measured and why.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        let line = format!("SKIPPED {what}: {why}");
        eprintln!("{line}");
        self.skipped.push(line);
    }

    /// Says something that explains a row, beside the table.
    pub(crate) fn note(&mut self, text: &str) {
        eprintln!("{text}");
        self.notes.push(text.to_owned());
    }

    /// Whether all these tools are on this machine; their versions are told. When one is not, what needs it is skipped.
    pub(crate) fn has_tools(&mut self, what: &str, tools: &[(&str, &str)]) -> bool {
        for (tool, argument) in tools {
            let Some(version) = machine::version(tool, argument) else {
                self.skip(what, &format!("`{tool}` is not on this machine"));
                return false;
            };
            self.versions.insert(format!("{tool} {}", version.replace(tool, "").trim()));
        }
        true
    }

    pub(crate) fn goals_are_met(&self) -> bool {
        self.rows.iter().all(|row| row.is_met() != Some(false))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| measured | here | peer | ratio | goal | |\n|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        writeln!(f, "\nMedians, in brackets least and most. {}", machine::description())?;
        let versions: Vec<_> = self.versions.iter().map(String::as_str).collect();
        if !versions.is_empty() {
            writeln!(f, "{}", versions.join(" · "))?;
        }
        for (area, percent) in self.noise.iter().filter(|(_, percent)| *percent > machine::NOISY_PERCENT) {
            writeln!(
                f,
                "NOISY {area}: others made the CPUs' queue wait {percent:.0} % of the time around it"
            )?;
        }
        self.notes.iter().chain(&self.skipped).try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |sample: &Sample| {
            let middle = format!("{} {}", number(sample.median()), self.unit);
            if sample.is_single() {
                return middle;
            }
            format!("{middle} ({}–{})", number(sample.min()), number(sample.max()))
        };
        let peer = self.peer.as_ref().map(|(name, sample)| format!("{name}: {}", shown(sample)));
        let ratio = self.ratio().map(|ratio| format!("{}×", number(ratio)));
        let goal = match self.goal {
            Goal::RatioMax(limit) => format!("≤ {limit}×"),
            Goal::RatioMin(limit) => format!("≥ {limit}×"),
            Goal::Max(limit) => format!("≤ {} {}", number(limit), self.unit),
            Goal::Told => String::new(),
        };
        let verdict = self.is_met().map_or("", |met| if met { "met" } else { "**missed**" });
        let (what, ours) = (&self.what, shown(&self.ours));
        let (peer, ratio) = (peer.unwrap_or_default(), ratio.unwrap_or_default());
        write!(f, "| {what} | {ours} | {peer} | {ratio} | {goal} | {verdict} |")
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.0995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
