use platform_api::{DeploymentId, ProjectId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::app::{App, Client, Got, soon};
use super::{DRAIN, Running, commit, healthy, project};
use crate::gateway::Wake;

/// A project whose release 2 is live and whose release 1 is kept.
struct Kept {
    running: Running,
    todo: ProjectId,
    wakes: mpsc::Receiver<Wake>,
    live: App,
}

impl Kept {
    async fn start() -> Self {
        let running = Running::start().await;
        let (todo, live) = (project("todo"), App::start("live").await);
        drop(running.gateway.switch(&todo, &commit(2), healthy(live.address)));
        running.gateway.known(&todo, &[commit(2), commit(1)]);
        let wakes = running.gateway.wakes();
        Self { running, todo, wakes, live }
    }

    /// Requests at once for release 1.
    fn ask(&self, count: usize) -> JoinSet<Got> {
        let (port, host) = (self.running.gateway.port(), self.running.host(&self.todo));
        let ask = move |host: String| async move { Client::connect(port).await.get(&host, "/").await };
        (0..count).map(|_| ask(format!("{}.{host}", commit(1)))).collect()
    }

    async fn asked(&self) -> Got {
        soon(self.ask(1).join_next()).await.unwrap().unwrap()
    }

    async fn wake(&mut self) -> Wake {
        soon(self.wakes.recv()).await.unwrap()
    }

    /// Release 1 runs at `app`.
    async fn woken(&mut self, app: &App) -> Wake {
        let mut asked = self.ask(1);
        let wake = self.wake().await;
        wake.up(healthy(app.address));
        assert_eq!(soon(asked.join_next()).await.unwrap().unwrap().body, app_name());
        wake
    }
}

fn app_name() -> &'static str {
    "one"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_first_requests_cause_one_start_and_count_for_nothing_else() {
    let mut kept = Kept::start().await;
    let app = App::start(app_name()).await;
    let asked = kept.ask(10);
    let wake = kept.wake().await;
    assert_eq!((wake.project(), wake.commit()), (&kept.todo, &commit(1)));
    wake.up(healthy(app.address));
    assert!(soon(asked.join_all()).await.iter().all(|got| got.body == app_name()));
    assert!(kept.wakes.try_recv().is_err(), "one start is enough");

    let next = App::start("next").await;
    let switched = kept.running.gateway.switch(&kept.todo, &commit(3), healthy(next.address));
    assert_eq!(soon(switched.drained(DRAIN)).await.requests, 0);
    assert_eq!(kept.asked().await.body, app_name(), "a switch to another release leaves it alone");
    soon(wake.withdraw().drained(DRAIN)).await;
    let again = kept.ask(1);
    assert_eq!(kept.wake().await.commit(), &commit(1), "what was withdrawn is started again");
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_does_not_come_up_says_why_and_is_not_tried_again_at_once() {
    let mut kept = Kept::start().await;
    let asked = kept.ask(3);
    let wake = kept.wake().await;
    let logs = DeploymentId::from_v7(Uuid::now_v7());
    wake.failed(logs, "the app ended".to_owned());
    for got in soon(asked.join_all()).await {
        assert!(got.status == 503 && got.body.contains("did not start: the app ended"), "{got:?}");
        assert!(got.body.contains(&format!("backend-im logs {logs}")), "{got:?}");
        assert!(got.head.to_ascii_lowercase().contains("retry-after: 10"), "{got:?}");
    }
    assert_eq!(kept.asked().await.status, 503);
    assert!(kept.wakes.try_recv().is_err(), "it is not tried again while the wake is held");
    drop(wake);
    let asked = kept.ask(1);
    drop(kept.wake().await);
    let got = soon(asked.join_all()).await.remove(0);
    assert!(got.status == 410 && got.body.contains("rollback ana-todo --to"), "{got:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_ends_when_its_release_is_retired_or_live_itself_or_its_project_deleted() {
    let mut kept = Kept::start().await;
    let app = App::start(app_name()).await;
    let wake = kept.woken(&app).await;
    kept.running.gateway.known(&kept.todo, &[commit(2)]);
    soon(wake.unwanted()).await;
    drop(wake);
    assert_eq!(kept.asked().await.status, 410);

    kept.running.gateway.known(&kept.todo, &[commit(2), commit(1)]);
    let wake = kept.woken(&app).await;
    drop(kept.running.gateway.switch(&kept.todo, &commit(1), healthy(kept.live.address)));
    soon(wake.unwanted()).await;
    assert_eq!(kept.asked().await.body, "live", "the live route answers for it");
    drop(wake);

    drop(kept.running.gateway.switch(&kept.todo, &commit(2), healthy(kept.live.address)));
    let asked = kept.ask(1);
    let wake = kept.wake().await;
    drop(kept.running.gateway.switch(&kept.todo, &commit(1), healthy(kept.live.address)));
    soon(wake.unwanted()).await;
    drop(wake);
    assert_eq!(soon(asked.join_all()).await[0].body, "live", "who waited for the start gets the live one");

    drop(kept.running.gateway.switch(&kept.todo, &commit(2), healthy(kept.live.address)));
    let wake = kept.woken(&app).await;
    tokio::join!(kept.running.gateway.end_previews(&kept.todo), async {
        soon(wake.unwanted()).await;
        drop(wake);
    });
    assert_eq!(kept.asked().await.status, 410, "no other starts once they have ended");
}
