//! `backend-im logs`: what a build and an app print.

use std::collections::VecDeque;
use std::time::Duration;

use clap::{Args, ValueEnum};
use platform_api::{LogCursor, LogLine, LogPage, LogSource, LogStream, limits};
use platform_client::{Backend, LogQuery, Target};

use super::context::Context;
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

/// What is shown of a log, and how.
struct View {
    grep: Option<String>,
    format: Format,
    screen: Screen,
}

/// A log that is being read, and how far.
struct Reader<'a> {
    backend: &'a Backend,
    target: Target,
    source: Option<LogSource>,
    cursor: Option<LogCursor>,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no such thing, [`Error::Interrupted`] on Ctrl-C while following.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let view = View {
        grep: arguments.grep.map(|text| text.to_lowercase()),
        format: arguments.json.format(),
        screen: context.screen,
    };
    let mut reader = Reader {
        backend: &work.backend,
        target: one(&work.backend, work.target(arguments.target)?).await?,
        source: arguments.source.filter(),
        cursor: arguments.cursor.map(LogCursor),
    };
    let page = match reader.cursor {
        Some(_) => reader.page(arguments.lines.into(), Duration::ZERO).await?,
        None => reader.newest(arguments.lines.into(), &view).await?,
    };
    if !arguments.follow {
        return view.page(page);
    }
    tokio::select! {
        followed = reader.follow(page, &view) => followed,
        interrupt = tokio::signal::ctrl_c() => {
            interrupt.map_err(|error| Error::machine("cannot listen for Ctrl-C", error))?;
            Err(Error::Interrupted)
        }
    }
}

/// The one deployment whose log it is: a cursor belongs to a deployment, and a project's newest one may change meanwhile.
async fn one(backend: &Backend, target: Target) -> Result<Target, Error> {
    match target {
        Target::Deployment(_) => Ok(target),
        Target::Project(_) => Ok(Target::Deployment(backend.status(&target, Duration::ZERO).await?.id)),
    }
}

impl Reader<'_> {
    /// The next page.
    async fn page(&mut self, lines_max: usize, follow: Duration) -> Result<LogPage, Error> {
        let query = LogQuery { source: self.source, cursor: self.cursor.clone(), follow, lines_max };
        let page = self.backend.logs(&self.target, query).await?;
        self.cursor = Some(page.next_cursor.clone());
        Ok(page)
    }

    /// The newest lines that are wanted: the log is read from its beginning, and no more than these are kept.
    async fn newest(&mut self, lines_max: usize, view: &View) -> Result<LogPage, Error> {
        let mut newest = VecDeque::new();
        let mut omitted = 0;
        loop {
            let page = self.page(limits::LOG_LINES_MAX, Duration::ZERO).await?;
            let is_end = page.complete || page.lines.is_empty();
            omitted += page.omitted;
            newest.extend(page.lines.into_iter().filter(|line| view.wants(line)));
            let over = newest.len().saturating_sub(lines_max);
            newest.drain(..over);
            omitted += over as u64;
            if is_end {
                let (next_cursor, complete) = (page.next_cursor, page.complete);
                return Ok(LogPage { lines: newest.into(), next_cursor, complete, omitted });
            }
        }
    }

    /// Shows page after page until the log has ended.
    async fn follow(&mut self, mut page: LogPage, view: &View) -> Result<(), Error> {
        loop {
            view.omitted(page.omitted);
            page.lines.iter().filter(|line| view.wants(line)).try_for_each(|line| view.line(line))?;
            if page.complete {
                return Ok(());
            }
            page = self.page(limits::LOG_LINES_MAX, FOLLOW).await?;
        }
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
