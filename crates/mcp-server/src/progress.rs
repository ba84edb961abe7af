//! Progress of one call, told to the caller's own progress token and to nobody else: at once where a call may take long,
//! then whenever something changes, and at least every [`HEARTBEAT`].
//!
//! Progress is for the person who watches. What the work says in the very moment in which it ends is dropped: the result
//! says it better, and some clients stumble over progress that arrives together with the result.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use platform_client::Progress as Step;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// The longest silence of a call that is under way.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a call that is expected to be quick stays silent.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a client may take to read a message before the work goes on without it.
const SEND_LIMIT: Duration = Duration::from_secs(1);
/// How many messages wait for a client that reads slowly; further ones are dropped.
const QUEUE_MESSAGES_MAX: usize = 64;

/// How a call begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It may take a while: say this at once.
    Now(&'static str),
    /// It is expected to be quick: say this once it turns out not to be.
    IfSlow(&'static str),
}

/// What a step of the client's own work is called.
pub(crate) fn said(step: &Step) -> String {
    match step {
        Step::Reading => "reading the folder".to_owned(),
        Step::Planned => "planned; finding the platform, or starting it".to_owned(),
        Step::Creating => "creating the deployment".to_owned(),
        Step::Uploading { sent_bytes, total_bytes } => {
            // In tenths, because what is said again is not sent again.
            let tenths = (sent_bytes * 10).checked_div(*total_bytes).unwrap_or(10);
            format!("uploading: {} % of {total_bytes} bytes", tenths * 10)
        }
    }
}

/// With what the work says how far it is.
#[derive(Debug, Clone)]
pub(crate) struct Voice(mpsc::Sender<String>);

impl Voice {
    /// Says what happens now; without effect when nobody listens.
    pub(crate) fn say(&self, text: impl Into<String>) {
        // A full queue means a client that does not read: the next message tells more than this one.
        self.0.try_send(text.into()).ok();
    }
}

/// Tells the caller something, with a number that only grows.
type Tell = Box<dyn FnMut(u32, String) -> BoxFuture<'static, ()> + Send>;

/// The way of a call's progress to its caller.
pub(crate) struct Progress {
    said: mpsc::Receiver<String>,
    send: Option<Tell>,
}

/// The voice and the way of one call. Without a progress token in the call, nothing is ever sent.
pub(crate) fn of(context: &RequestContext<RoleServer>) -> (Voice, Progress) {
    let token = context.meta.get_progress_token();
    channel(token.map(|token| to_token(context.peer.clone(), token)))
}

fn to_token(peer: Peer<RoleServer>, token: ProgressToken) -> Tell {
    Box::new(move |count, text| {
        let message = ProgressNotificationParam::new(token.clone(), f64::from(count)).with_message(text);
        let peer = peer.clone();
        // A client that cannot be written to is on its way out; its call ends with the session.
        async move { peer.notify_progress(message).await.unwrap_or_default() }.boxed()
    })
}

fn channel(send: Option<Tell>) -> (Voice, Progress) {
    let (voice, said) = mpsc::channel(QUEUE_MESSAGES_MAX);
    (Voice(voice), Progress { said, send })
}

impl Progress {
    /// Does the work and tells about it meanwhile. Returns when the work is done, with no message of it under way.
    pub(crate) async fn during<T>(mut self, opening: Opening, work: impl Future<Output = T>) -> T {
        let Some(send) = self.send.take() else { return work.await };
        let mut pace = Pace::new(opening, send);
        if let Opening::Now(_) = opening {
            pace.say(None).await;
        }
        let mut work = pin!(work);
        loop {
            let text = tokio::select! {
                biased;
                done = &mut work => return done,
                Some(text) = self.said.recv() => {
                    if text == pace.last && pace.count > 0 {
                        continue;
                    }
                    Some(text)
                }
                () = sleep_until(pace.due) => None,
            };
            let mut saying = pin!(pace.say(text));
            tokio::select! {
                biased;
                done = &mut work => {
                    saying.await;
                    return done;
                }
                () = &mut saying => {}
            }
        }
    }
}

/// What was said, and when something has to be said again.
struct Pace {
    send: Tell,
    began: Instant,
    due: Instant,
    last: String,
    count: u32,
}

impl Pace {
    fn new(opening: Opening, send: Tell) -> Self {
        let (Opening::Now(text) | Opening::IfSlow(text)) = opening;
        let began = Instant::now();
        Self { send, began, due: began + PATIENCE, last: text.to_owned(), count: 0 }
    }

    /// Says something new, or that the last thing still goes on.
    async fn say(&mut self, text: Option<String>) {
        let seconds = (Instant::now() - self.began).as_secs();
        let text = match text {
            Some(text) => {
                self.last.clone_from(&text);
                text
            }
            None if self.count == 0 => self.last.clone(),
            None => format!("{} ({seconds} s so far)", self.last),
        };
        self.count += 1;
        let sending = (self.send)(self.count, text);
        timeout(SEND_LIMIT, sending).await.unwrap_or_default();
        self.due = Instant::now() + HEARTBEAT;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::time::sleep;

    use super::*;

    type Heard = Arc<Mutex<Vec<(u64, u32, String)>>>;

    /// A caller that notes when it heard what, and takes `slow` to read each message.
    fn caller(slow: Duration) -> (Heard, Tell) {
        let heard = Heard::default();
        let began = Instant::now();
        let ear = heard.clone();
        let send: Tell = Box::new(move |count, text| {
            let at_ms = u64::try_from((Instant::now() - began).as_millis()).unwrap();
            ear.lock().unwrap().push((at_ms, count, text));
            sleep(slow).boxed()
        });
        (heard, send)
    }

    fn entries(heard: &Heard) -> Vec<(u64, u32, String)> {
        heard.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn long_calls_speak_at_once_at_every_change_and_every_ten_seconds() {
        let (heard, send) = caller(Duration::ZERO);
        let (voice, progress) = channel(Some(send));
        let work = async {
            sleep(Duration::from_secs(3)).await;
            voice.say("building");
            voice.say("building");
            sleep(Duration::from_secs(25)).await;
            voice.say("too late to be worth a message");
            7
        };
        assert_eq!(progress.during(Opening::Now("reading"), work).await, 7);
        let expected = [
            (0, 1, "reading"),
            (3_000, 2, "building"),
            (13_000, 3, "building (13 s so far)"),
            (23_000, 4, "building (23 s so far)"),
        ];
        assert_eq!(entries(&heard), expected.map(|(at, count, text)| (at, count, text.to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn quick_calls_stay_silent_until_they_are_slow() {
        let (heard, send) = caller(Duration::ZERO);
        let (_voice, progress) = channel(Some(send));
        progress.during(Opening::IfSlow("asking"), sleep(Duration::from_millis(900))).await;
        assert_eq!(entries(&heard), []);

        let (heard, send) = caller(Duration::ZERO);
        let (_voice, progress) = channel(Some(send));
        progress.during(Opening::IfSlow("asking"), sleep(Duration::from_secs(5))).await;
        assert_eq!(entries(&heard), [(1_000, 1, "asking".to_owned())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_does_not_read_holds_nothing_up() {
        let (_, send) = caller(Duration::from_hours(1));
        let (voice, progress) = channel(Some(send));
        let began = Instant::now();
        let work = async {
            for n in 0..200 {
                voice.say(n.to_string());
            }
            sleep(Duration::from_secs(2)).await;
        };
        progress.during(Opening::Now("reading"), work).await;
        assert!(Instant::now() - began <= Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_token_the_work_is_all_there_is() {
        let (voice, progress) = channel(None);
        let work = async {
            voice.say("to nobody");
            sleep(Duration::from_mins(1)).await;
            "done"
        };
        assert_eq!(progress.during(Opening::Now("reading"), work).await, "done");
    }
}
