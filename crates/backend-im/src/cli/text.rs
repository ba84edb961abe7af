//! What people read, as text: pure functions from values to lines. Meaning never hangs on colour alone.

use clap::builder::styling::{AnsiColor, Style};
use platform_api::{Deployment, DeploymentId, Failure, InstanceView, Phase, Receipt, Status};
use platform_client::{
    CacheLayer, Confidence, Diagnosis, Ignored, Part, Plan, Preview, Shortfall, UploadReport, Verification,
    diagnosis,
};

use super::clean;

/// How many of the things left out are shown in full.
const IGNORED_SHOWN: usize = 6;
/// How many of an app's last lines an error shows.
const OUTPUT_LINES: usize = 20;

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    styles: Option<Styles>,
}

#[derive(Debug, Clone, Copy)]
struct Styles {
    good: Style,
    bad: Style,
    dim: Style,
    bold: Style,
}

impl Paint {
    /// For a terminal.
    pub(crate) const COLOUR: Self = Self {
        styles: Some(Styles {
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().bold(),
            dim: Style::new().dimmed(),
            bold: Style::new().bold(),
        }),
    };
    /// For pipes and files.
    pub(crate) const PLAIN: Self = Self { styles: None };

    fn with(self, style: impl Fn(&Styles) -> Style, text: &str) -> String {
        match &self.styles {
            Some(styles) => {
                let style = style(styles);
                format!("{style}{text}{style:#}")
            }
            None => text.to_owned(),
        }
    }

    /// Something went well.
    pub(crate) fn good(self, text: &str) -> String {
        self.with(|styles| styles.good, text)
    }

    /// Something went wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with(|styles| styles.bad, text)
    }

    /// Of less interest.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with(|styles| styles.dim, text)
    }

    /// Of most interest.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with(|styles| styles.bold, text)
    }
}

/// A number of bytes: `12.3 kB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1e3;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < units.len() {
        value /= 1e3;
        unit += 1;
    }
    if value < 99.95 { format!("{value:.1} {}", units[unit]) } else { format!("{value:.0} {}", units[unit]) }
}

/// A duration: `4 ms`, `3.2 s`, `2 min 5 s`, `3 h 20 min`, `2 d`.
pub(crate) fn duration(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s}.{} s", ms % 1_000 / 100),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..172_800 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d", s / 86_400),
    }
}

/// How long before `now_ms` something was.
pub(crate) fn ago(then_ms: u64, now_ms: u64) -> String {
    let s = now_ms.saturating_sub(then_ms) / 1_000;
    match s {
        0 => "just now".to_owned(),
        1..60 => format!("{s} s ago"),
        60..3_600 => format!("{} min ago", s / 60),
        3_600..172_800 => format!("{} h ago", s / 3_600),
        _ => format!("{} d ago", s / 86_400),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What a deployment does in a status, for people.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Queued => "waiting for its turn",
        Status::Committing => "commit",
        Status::CreatingNamespace => "release folder",
        Status::CreatingPvc => "data folder",
        Status::Building => "build",
        Status::Deploying => "start",
        Status::HealthCheck => "health check and switch",
        Status::Complete => "complete",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
    }
}

/// A phase that is over.
pub(crate) fn phase(paint: Paint, phase: Phase) -> String {
    format!("{} {:<24}{:>10}", paint.good("✓"), status(phase.status), duration(phase.ms))
}

/// What an upload carried.
pub(crate) fn upload(report: &UploadReport) -> String {
    let all = format!("{}, {}", count(report.files, "file", "files"), bytes(report.bytes));
    match report.sent_files {
        0 => format!("{all}; the platform has them all, nothing sent"),
        sent if sent == report.files => format!("{all} sent"),
        sent => format!("{all}; sent {}, {}", count(sent, "file", "files"), bytes(report.sent_bytes)),
    }
}

/// What of a folder does not travel and why, grouped by reason; `None` when everything does.
pub(crate) fn ignored(ignored: &[Ignored]) -> Option<String> {
    if ignored.is_empty() {
        return None;
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for entry in ignored {
        match reasons.iter_mut().find(|(reason, _)| *reason == entry.reason) {
            Some((_, paths)) => paths.push(&entry.path),
            None => reasons.push((&entry.reason, vec![&entry.path])),
        }
    }
    let group = |(reason, paths): &(&str, Vec<&str>)| {
        let shown = paths.iter().take(IGNORED_SHOWN).map(|path| clean::line(path));
        let shown = shown.collect::<Vec<_>>().join(", ");
        match paths.len().saturating_sub(IGNORED_SHOWN) {
            0 => format!("{shown} ({reason})"),
            more => format!("{shown} and {more} more ({reason})"),
        }
    };
    Some(format!("left out: {}", reasons.iter().map(group).collect::<Vec<_>>().join("; ")))
}

/// The plan in one line: `python · fastapi · uv sync --locked · uvicorn main:app`.
pub(crate) fn plan_line(plan: &Plan) -> String {
    let runtime = match &plan.version {
        Some(version) => format!("{} {version}", word(&plan.runtime)),
        None => word(&plan.runtime),
    };
    let parts = [
        Some(runtime),
        plan.framework.clone(),
        plan.install.as_ref().map(|install| install.command.clone()),
        plan.build.clone(),
        plan.start.clone().or_else(|| plan.static_root.as_ref().map(|root| format!("files of {root}"))),
    ];
    parts.into_iter().flatten().map(|part| clean::line(&part)).collect::<Vec<_>>().join(" · ")
}

/// How much of a long list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A few lines that count the rest.
    Folded,
    /// All of it.
    Full,
}

/// How many lines show what would be uploaded when that is folded.
const PARTS_MAX: usize = 12;

/// The plan with what decided each part, what would travel, and what stays here.
pub(crate) fn plan(paint: Paint, preview: &Preview, extent: Extent) -> String {
    let Preview { report, parcel } = preview;
    let plan = &report.plan;
    let noted = |field: &str| {
        let evidence = plan.evidence.iter().find(|evidence| evidence.field == field);
        evidence.map(|evidence| evidence.value.clone())
    };
    let rows = [
        ("root", plan.root.clone()),
        ("runtime", Some(word(&plan.runtime))),
        ("version", plan.version.clone()),
        ("framework", plan.framework.clone()),
        ("package_manager", noted("package_manager")),
        ("system_packages", noted("system_packages")),
        ("install", plan.install.as_ref().map(|install| install.command.clone())),
        ("build", plan.build.clone()),
        ("test", plan.test.clone()),
        ("release", plan.release.clone()),
        ("start", plan.start.clone()),
        ("processes", noted("processes")),
        ("static_root", plan.static_root.clone()),
        ("single_page", noted("single_page")),
        ("env", noted("env")),
        ("port", Some(plan.port.to_string())),
        ("health_path", plan.health_path.clone()),
        ("layers", layers(plan)),
        ("plan_hash", Some(plan.plan_hash.clone())),
        ("upload", Some(format!("{}, {}", count(plan.files, "file", "files"), bytes(plan.bytes)))),
    ];
    let source = |field: &str| {
        let of_field = plan.evidence.iter().filter(|one| one.field == field);
        let sources: Vec<String> = of_field.map(|one| clean::line(&one.source)).collect();
        if sources.is_empty() { String::new() } else { paint.dim(&format!("  ({})", sources.join(", "))) }
    };
    let shown = |(field, value): (&str, Option<String>)| {
        let label = paint.bold(&format!("{:<16}", field.replace('_', " ")));
        value.map(|value| format!("{label}{}{}", clean::line(&value), source(field)))
    };
    let mut lines: Vec<String> = rows.into_iter().filter_map(shown).collect();
    let parts = match extent {
        Extent::Folded => parcel.folded(PARTS_MAX),
        Extent::Full => parcel.files().collect(),
    };
    lines.extend(uploaded(&parts).map(|line| paint.dim(&line)));
    let left_out: Vec<String> = match extent {
        Extent::Folded => ignored(&report.ignored).into_iter().collect(),
        Extent::Full => report.ignored.iter().filter_map(|one| ignored(std::slice::from_ref(one))).collect(),
    };
    let left_out = left_out.iter().map(|line| paint.dim(line));
    let warnings = plan.warnings.iter().map(|warning| format!("warning: {}", clean::line(warning)));
    let missing = report.missing.iter().map(|one| missing(paint, one));
    for note in missing.chain(left_out).chain(warnings) {
        lines.extend([String::new(), note]);
    }
    page(&lines)
}

/// What a build keeps for the next one: each layer's name, the folders that it holds, and its key.
fn layers(plan: &Plan) -> Option<String> {
    let one = |layer: &CacheLayer| format!("{} ({}) {}", layer.name, layer.holds.join(", "), layer.key);
    let all: Vec<String> = plan.layers.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What the machine that would build lacks, with the way to get it.
pub(crate) fn missing(paint: Paint, lacking: &Shortfall) -> String {
    let label = if lacking.blocks { paint.bad("missing:") } else { paint.bold("missing:") };
    format!("{label} {}", clean::line(&lacking.line()))
}

/// What would travel, a line each, below the row that counts it.
fn uploaded(parts: &[Part]) -> impl Iterator<Item = String> {
    parts.iter().map(|part| {
        let path = clean::line(&part.path);
        let size = bytes(part.bytes);
        if part.path.ends_with('/') || part.files > 1 {
            format!("{:16}{path}  {}, {size}", "", count(part.files, "file", "files"))
        } else {
            format!("{:16}{path}  {size}", "")
        }
    })
}

/// A value's name on the wire.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What a switch cost, in words.
pub(crate) fn receipt(receipt: &Receipt) -> String {
    let Receipt { requests, failed, in_flight, drain_ms, open } = *receipt;
    let text = match (requests, failed) {
        (0, _) => "no request came during the switch".to_owned(),
        (_, 0) => format!("none of {} failed during the switch", count(requests, "request", "requests")),
        _ => format!("{failed} of {} failed during the switch", count(requests, "request", "requests")),
    };
    if in_flight == 0 {
        return text;
    }
    let done = count(in_flight.saturating_sub(open), "request", "requests");
    let text = format!("{text}; {done} in flight had {} to finish on the old version", duration(drain_ms));
    match open {
        0 => text,
        1 => format!("{text}, 1 is still open there"),
        _ => format!("{text}, {open} are still open there"),
    }
}

/// Why a deployment failed, for people: the cause, the last lines of the output, the hint.
pub(crate) fn failure(paint: Paint, shown: &Deployment, failure: &Failure) -> String {
    // A guess says no more than the failure itself.
    let diagnosis = diagnosis(shown).filter(|found| found.confidence > Confidence::Low);
    let message = clean::line(&failure.message);
    let mut lines = vec![format!("{} {message} ({})", paint.bad("error:"), failure.code)];
    if let Some(cause) = diagnosis.as_ref().and_then(|found| found.cause_line.as_deref()) {
        lines.extend([String::new(), format!("{} {}", paint.bold("cause:"), clean::line(cause))]);
    }
    let output = clean::lines(&shown.logs);
    let last = &output[output.len().saturating_sub(OUTPUT_LINES)..];
    if !last.is_empty() {
        lines.extend([String::new(), paint.dim("the last lines of its output:")]);
        lines.extend(last.iter().map(|line| quoted(paint, line)));
    }
    if let Some(patch) = diagnosis.as_ref().and_then(|found| found.patch.as_deref()) {
        let patch: Vec<String> = patch.lines().map(str::to_owned).collect();
        lines.extend([String::new(), paint.dim("a patch that mends it (`git apply`):")]);
        lines.extend(clean::lines(&patch).iter().map(|line| format!("  {line}")));
    }
    lines.extend(diagnosis.as_ref().and_then(|found| verification(paint, shown.id, found)));
    let mut hints: Vec<String> =
        [diagnosis.map(|found| found.fix), failure.hint.clone()].into_iter().flatten().collect();
    hints.dedup();
    lines.extend(hints.iter().flat_map(|text| [String::new(), hint(paint, text)]));
    page(&lines)
}

/// How trying the patch went, in one line.
fn verification(paint: Paint, id: DeploymentId, found: &Diagnosis) -> Option<String> {
    let note = clean::line(found.verification_note.as_deref().unwrap_or_default());
    Some(match found.verification? {
        Verification::Pending => {
            paint.dim(&format!("it is being tried; `backend-im status {id}` says how that went"))
        }
        Verification::Passed => format!("{} it was tried: {note}", paint.good("✓")),
        Verification::Failed => format!("{} it was tried and is not enough alone: {note}", paint.bad("✗")),
    })
}

/// What to do next.
pub(crate) fn hint(paint: Paint, text: &str) -> String {
    format!("{} {}", paint.bold("hint:"), clean::lines(&[text]).join("\n"))
}

/// A cleaned line that an app printed, so that nobody takes it for a line of ours.
pub(crate) fn quoted(paint: Paint, line: &str) -> String {
    format!("  {} {line}", paint.dim("|"))
}

/// A named value.
pub(crate) fn row(paint: Paint, label: &str, value: &str) -> String {
    format!("  {}{value}", paint.dim(&format!("{label:<12}")))
}

/// Lines as one text.
pub(crate) fn page(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// A deployment as `status` shows it.
pub(crate) fn deployment(paint: Paint, shown: &Deployment, now_ms: u64) -> String {
    let when_live = |url: &Option<String>| url.clone().filter(|_| shown.live);
    let phases = shown.phases.iter().map(|one| format!("{} {}", status(one.status), duration(one.ms)));
    let phases = phases.collect::<Vec<_>>().join(" · ");
    let made = format!("{}, by a {}", ago(shown.created_ms, now_ms), word(&shown.trigger));
    let rows = [
        ("status", Some(standing(paint, shown))),
        ("url", when_live(&shown.url)),
        ("direct url", when_live(&shown.direct_url)),
        ("preview", shown.preview_url.clone()),
        ("commit", Some(shown.commit_hash.to_string())),
        ("deployment", Some(shown.id.to_string())),
        ("made", Some(made)),
        ("message", shown.message.as_deref().map(clean::line)),
        ("phases", Some(phases).filter(|phases| !phases.is_empty())),
        ("switch", shown.receipt.as_ref().map(receipt)),
    ];
    let rows = rows.into_iter().filter_map(|(label, value)| Some(row(paint, label, &value?)));
    let runs = shown.instances.iter().map(|one| row(paint, "runs", &instance(one, now_ms)));
    let mut lines = vec![paint.bold(shown.project_id.name())];
    lines.extend(rows.chain(runs));
    page(&lines)
}

/// Where a deployment is, how long it took, and whether it serves.
fn standing(paint: Paint, shown: &Deployment) -> String {
    let took = shown.ended_ms.map(|end| format!(" in {}", duration(end.saturating_sub(shown.created_ms))));
    let place = match (shown.live, shown.superseded_by) {
        (true, _) => ", live",
        (false, Some(_)) => ", replaced by a later one",
        (false, None) => "",
    };
    format!("{}{}{place}", state(paint, shown.status), took.unwrap_or_default())
}

fn instance(shown: &InstanceView, now_ms: u64) -> String {
    let since = duration(now_ms.saturating_sub(shown.started_ms));
    match shown.restarts {
        0 => format!("on {} for {since}", shown.address),
        restarts => {
            let times = count(u64::from(restarts), "time", "times");
            format!("on {} for {since}, started again {times}", shown.address)
        }
    }
}

/// A status with a sign that needs no colour.
pub(crate) fn state(paint: Paint, status: Status) -> String {
    match status {
        Status::Complete => paint.good("✓ complete"),
        Status::Failed => paint.bad("✗ failed"),
        Status::Cancelled => "✗ cancelled".to_owned(),
        under_way => format!("… {under_way}"),
    }
}

/// Rows under a header, columns aligned.
pub(crate) fn table(paint: Paint, header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let mut lines = vec![paint.dim(&line(&header))];
    lines.extend(rows.iter().map(|row| line(row)));
    page(&lines)
}

#[cfg(test)]
mod tests;
