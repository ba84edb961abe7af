//! Asking a person for a secret: a page that answers once, for a short time, known by an address that nobody can guess.
//!
//! Kept in memory only: a request that a platform's end cuts off is asked again. No value is ever in here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform_api::{ProjectId, SecretRequest, SecretRequestState as State, limits};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::now_ms;

/// How many requests are remembered at once.
const REQUESTS_MAX: usize = 64;
/// How long a request lives.
const LIFE: Duration = Duration::from_secs(limits::SECRET_REQUEST_S);
/// How long after that its end is still told.
const AFTERLIFE: Duration = Duration::from_secs(limits::SECRET_REQUEST_S);
/// The random part of an address, in bytes.
const PAGE_BYTES: usize = 24;
/// The random part of an id, in bytes.
const ID_BYTES: usize = 16;

/// The open requests, and those that ended a short while ago.
#[derive(Default)]
pub(crate) struct Requests(Mutex<HashMap<String, Entry>>);

struct Entry {
    asked: AskedFor,
    until: Instant,
    state: watch::Sender<State>,
    /// Whether its asker has been told how it ended: then the same question is a new request.
    told: bool,
}

/// A request as the platform knows it.
#[derive(Debug, Clone)]
pub(crate) struct AskedFor {
    pub(crate) id: String,
    /// The page's part of its address.
    pub(crate) page: String,
    pub(crate) project: ProjectId,
    pub(crate) request: SecretRequest,
    pub(crate) state: State,
    /// When its page ends, in milliseconds since the Unix epoch.
    pub(crate) expires_ms: u64,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The value that was asked for was given, and is stored.
    Stored,
    /// What was asked for may be done.
    Approved,
    /// It may not.
    Declined,
}

/// More are open than a person could ever answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Requests {
    /// Asks, or finds what the same question led to, as long as that was not told yet.
    pub(crate) fn ask(&self, project: &ProjectId, request: &SecretRequest) -> Result<AskedFor, TooMany> {
        let mut entries = self.entries();
        let same = |entry: &&mut Entry| {
            let asked = &entry.asked;
            asked.project == *project
                && (&asked.request.name, &asked.request.source) == (&request.name, &request.source)
                && !entry.told
                && entry.state() != State::Expired
        };
        if let Some(entry) = entries.values_mut().find(same) {
            return Ok(entry.tell());
        }
        if entries.len() >= REQUESTS_MAX {
            return Err(TooMany);
        }
        let asked = AskedFor {
            id: hex::encode(random::<ID_BYTES>()),
            page: URL_SAFE_NO_PAD.encode(random::<PAGE_BYTES>()),
            project: project.clone(),
            request: request.clone(),
            state: State::Waiting,
            expires_ms: now_ms() + limits::SECRET_REQUEST_S * 1000,
            is_new: false,
        };
        let state = watch::Sender::new(State::Waiting);
        let entry = Entry { asked: asked.clone(), until: Instant::now() + LIFE, state, told: false };
        entries.insert(asked.id.clone(), entry);
        Ok(AskedFor { is_new: true, ..asked })
    }

    /// The request of this id, as soon as it is no longer waiting, at the latest at `deadline`.
    pub(crate) async fn wait(&self, project: &ProjectId, id: &str, deadline: Instant) -> Option<AskedFor> {
        let find = |entries: &HashMap<String, Entry>| {
            let entry = entries.get(id).filter(|entry| entry.asked.project == *project)?;
            Some((entry.state.subscribe(), entry.until))
        };
        let (mut state, until) = find(&self.entries())?;
        let answered = state.wait_for(|state| *state != State::Waiting);
        // Whatever ended the waiting: what is so then is told.
        drop(tokio::time::timeout_at(deadline.min(until), answered).await);
        self.entries().get_mut(id).map(Entry::tell)
    }

    /// The request of this page.
    pub(crate) fn of_page(&self, page: &str) -> Option<AskedFor> {
        self.entries().values().find(|entry| entry.asked.page == page).map(Entry::view)
    }

    /// Answers the page's request, once: `None` when it is not waiting.
    pub(crate) fn answer(&self, page: &str, answer: Answer) -> Option<AskedFor> {
        let mut entries = self.entries();
        let entry = entries.values_mut().find(|entry| entry.asked.page == page)?;
        if entry.state() != State::Waiting {
            return None;
        }
        entry.state.send_replace(match answer {
            Answer::Stored => State::Stored,
            Answer::Approved => State::Approved,
            Answer::Declined => State::Declined,
        });
        Some(entry.view())
    }

    /// The value that the person agreed to is stored: the request is done.
    pub(crate) fn fulfil(&self, project: &ProjectId, id: &str) {
        if let Some(entry) = self.entries().get_mut(id).filter(|entry| entry.asked.project == *project) {
            entry.state.send_replace(State::Stored);
            entry.told = true;
        }
    }

    /// Forgets what was asked for a project that is gone.
    pub(crate) fn forget(&self, project: &ProjectId) {
        self.entries().retain(|_, entry| entry.asked.project != *project);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        entries.retain(|_, entry| now < entry.until + AFTERLIFE);
        entries
    }
}

impl Entry {
    fn state(&self) -> State {
        match *self.state.borrow() {
            State::Waiting if Instant::now() >= self.until => State::Expired,
            state => state,
        }
    }

    fn view(&self) -> AskedFor {
        AskedFor { state: self.state(), ..self.asked.clone() }
    }

    /// The request for its asker. An approval is told until it is made use of.
    fn tell(&mut self) -> AskedFor {
        let asked = self.view();
        self.told |= !matches!(asked.state, State::Waiting | State::Approved);
        asked
    }
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use platform_api::SecretSource;

    use super::*;

    fn project() -> ProjectId {
        "me-app".parse().unwrap()
    }

    fn request(name: &str) -> SecretRequest {
        SecretRequest {
            name: name.parse().unwrap(),
            source: SecretSource::Person,
            requested_by: "a test".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_question_is_one_request_until_its_answer_is_told() {
        let requests = Requests::default();
        let first = requests.ask(&project(), &request("KEY")).unwrap();
        assert_eq!(requests.ask(&project(), &request("KEY")).unwrap().id, first.id);
        assert_ne!(requests.ask(&project(), &request("OTHER")).unwrap().id, first.id);
        assert!(first.page.len() >= 32 && !first.page.contains(&first.id), "two secrets, not one");

        assert_eq!(requests.answer(&first.page, Answer::Stored).unwrap().state, State::Stored);
        assert!(requests.answer(&first.page, Answer::Declined).is_none(), "a page answers once");
        let told = requests.ask(&project(), &request("KEY")).unwrap();
        assert_eq!((told.id.as_str(), told.state), (first.id.as_str(), State::Stored));
        assert_ne!(requests.ask(&project(), &request("KEY")).unwrap().id, first.id, "asked anew");
    }

    #[tokio::test(start_paused = true)]
    async fn an_approval_holds_until_it_is_used() {
        let requests = Requests::default();
        let asked = requests.ask(&project(), &request("KEY")).unwrap();
        requests.answer(&asked.page, Answer::Approved).unwrap();
        for _ in 0..2 {
            assert_eq!(requests.ask(&project(), &request("KEY")).unwrap().state, State::Approved);
        }
        requests.fulfil(&project(), &asked.id);
        assert_ne!(requests.ask(&project(), &request("KEY")).unwrap().id, asked.id);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_with_the_answer_the_deadline_or_the_page() {
        let requests = Requests::default();
        let asked = requests.ask(&project(), &request("KEY")).unwrap();
        let soon = Instant::now() + Duration::from_secs(45);
        let waited = requests.wait(&project(), &asked.id, soon).await.unwrap();
        assert_eq!((waited.state, Instant::now()), (State::Waiting, soon));
        let answered = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            requests.answer(&asked.page, Answer::Declined)
        };
        let late = Instant::now() + Duration::from_hours(1);
        let project = project();
        let (waited, _) = tokio::join!(requests.wait(&project, &asked.id, late), answered);
        assert_eq!((waited.unwrap().state, Instant::now()), (State::Declined, soon + Duration::from_secs(5)));

        let asked = requests.ask(&project, &request("KEY")).unwrap();
        let waited = requests.wait(&project, &asked.id, Instant::now() + LIFE * 3 / 2).await.unwrap();
        assert_eq!(waited.state, State::Expired);
        assert!(requests.answer(&asked.page, Answer::Stored).is_none());
        assert_eq!(requests.of_page(&asked.page).unwrap().state, State::Expired);
        tokio::time::advance(AFTERLIFE).await;
        assert!(requests.of_page(&asked.page).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_counted_and_belong_to_their_project() {
        let requests = Requests::default();
        let asked = requests.ask(&project(), &request("KEY")).unwrap();
        let other: ProjectId = "me-other".parse().unwrap();
        assert!(requests.wait(&other, &asked.id, Instant::now()).await.is_none());
        for number in 1..REQUESTS_MAX {
            requests.ask(&project(), &request(&format!("K{number}"))).unwrap();
        }
        assert_eq!(requests.ask(&project(), &request("ONE_MORE")).unwrap_err(), TooMany);
        requests.forget(&project());
        assert!(requests.ask(&project(), &request("ONE_MORE")).is_ok());
    }
}
