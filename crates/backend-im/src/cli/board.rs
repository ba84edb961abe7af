//! Progress on stderr: a moving line on a terminal, one plain line per step elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use platform_client::Progress;

use super::render::{self, Screen};
use super::{clean, text};

/// How often the moving line moves.
const TICK: Duration = Duration::from_millis(80);

/// Where progress is shown.
pub(crate) struct Board {
    bar: ProgressBar,
    screen: Screen,
}

impl Board {
    /// A board for one command.
    pub(crate) fn new(screen: Screen) -> Self {
        let target =
            if screen.is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(moving());
        if screen.is_terminal {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, screen }
    }

    /// The screen it is on.
    pub(crate) const fn screen(&self) -> Screen {
        self.screen
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            render::tell(text);
        } else {
            self.bar.suspend(|| render::tell(text));
        }
    }

    /// What is being done now, on the moving line.
    pub(crate) fn now(&self, text: &str) {
        self.bar.set_prefix(text.to_owned());
        self.bar.set_message(String::new());
    }

    /// The newest line of the app's output, behind what is being done now.
    pub(crate) fn output(&self, line: &str) {
        self.bar.set_message(clean::line(line));
    }

    /// What a deploy does before the platform has accepted it.
    pub(crate) fn progress(&self, progress: &Progress) {
        match progress {
            Progress::Reading => self.now("reading the folder"),
            Progress::Planned => self.now("planning"),
            Progress::Uploading { sent_bytes, total_bytes } => {
                self.now("uploading");
                self.output(&format!("{} of {}", text::bytes(*sent_bytes), text::bytes(*total_bytes)));
            }
            Progress::Creating => self.now("handing over"),
        }
    }

    /// Clears the moving line; whatever is told next stands alone.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.clear();
    }
}

fn moving() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix} {wide_msg:.dim}").expect("the template is right")
}
