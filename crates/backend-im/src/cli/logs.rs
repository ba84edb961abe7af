//! `backend-im logs`: what a build and an app print.

use std::time::Duration;

use clap::{Args, ValueEnum};
use platform_api::{LogCursor, LogLine, LogPage, LogSource, LogStream, limits};
use platform_client::{LogQuery, Target};

use super::context::{Context, Work};
use super::error::Error;
use super::render::{self, Format, Screen};
use super::{Json, clean};

/// How long one call waits for new lines when following.
const FOLLOW: Duration = Duration::from_secs(limits::LONG_POLL_S_MAX);

/// Show what a build and an app print.
///
/// Lines go to stdout, cleaned of control sequences. Without `-f`, `--json` prints one page with `nextCursor`; with it,
/// one JSON object per line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im logs
  backend-im logs -f shop
  backend-im logs shop --source build --grep error")]
pub(crate) struct Arguments {
    /// A deployment's id or a project [default: the folder's]
    #[arg(value_name = "ID|PROJECT")]
    target: Option<String>,
    /// Go on until the log ends, or Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Whose lines
    #[arg(long, value_enum, default_value_t = Source::All)]
    source: Source,
    /// How many of the newest lines
    #[arg(long, short = 'n', default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    lines: u16,
    /// Only lines that contain this text, in any case
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only lines after this place, from `nextCursor` of an earlier page
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Whose lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// The build: dependencies, build command, tests
    Build,
    /// The running app
    Runtime,
    /// Both
    All,
}

impl Source {
    const fn filter(self) -> Option<LogSource> {
        match self {
            Self::Build => Some(LogSource::Build),
            Self::Runtime => Some(LogSource::Runtime),
            Self::All => None,
        }
    }
}

/// What is shown of a page, and how.
struct View {
    grep: Option<String>,
    format: Format,
    screen: Screen,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no such thing, [`Error::Interrupted`] on Ctrl-C while following.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let target = work.target(arguments.target)?;
    let view = View {
        grep: arguments.grep.map(|text| text.to_lowercase()),
        format: arguments.json.format(),
        screen: context.screen,
    };
    let query = LogQuery {
        source: arguments.source.filter(),
        cursor: arguments.cursor.map(LogCursor),
        follow: Duration::ZERO,
        lines_max: arguments.lines.into(),
    };
    if !arguments.follow {
        let page = work.backend.logs(&target, query).await?;
        return view.page(page);
    }
    tokio::select! {
        followed = follow(&work, &target, query, &view) => followed,
        interrupt = tokio::signal::ctrl_c() => {
            interrupt.map_err(|error| Error::machine("cannot listen for Ctrl-C", error))?;
            Err(Error::Interrupted)
        }
    }
}

/// Shows page after page until the log has ended.
async fn follow(work: &Work, target: &Target, mut query: LogQuery, view: &View) -> Result<(), Error> {
    loop {
        let page = work.backend.logs(target, query.clone()).await?;
        view.omitted(page.omitted);
        for line in page.lines.iter().filter(|line| view.wants(line)) {
            view.line(line)?;
        }
        if page.complete {
            return Ok(());
        }
        query.cursor = Some(page.next_cursor);
        query.follow = FOLLOW;
    }
}

impl View {
    fn wants(&self, line: &LogLine) -> bool {
        self.grep.as_ref().is_none_or(|text| line.text.to_lowercase().contains(text))
    }

    /// A page on its own.
    fn page(&self, mut page: LogPage) -> Result<(), Error> {
        page.lines.retain(|line| self.wants(line));
        if self.format == Format::Json {
            return render::json(&page);
        }
        self.omitted(page.omitted);
        page.lines.iter().try_for_each(|line| self.line(line))
    }

    fn line(&self, line: &LogLine) -> Result<(), Error> {
        let text = clean::line(&line.text);
        match (self.format, line.stream) {
            (Format::Json, _) => render::json_line(line),
            (Format::Text, LogStream::Platform) => {
                render::data(&format!("{}\n", self.screen.data_paint.dim(&format!("· {text}"))))
            }
            (Format::Text, _) => render::data(&format!("{text}\n")),
        }
    }

    fn omitted(&self, lines: u64) {
        if lines > 0 && self.format == Format::Text {
            render::tell(&format!("({lines} earlier lines are not shown)"));
        }
    }
}
