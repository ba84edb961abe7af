//! What happens when the platform, or a launcher, is killed.

use super::*;

/// An engine that is forgotten with all it holds open is what a platform killed with -9 leaves behind: nobody was told,
/// nothing was stopped.
async fn reopened(mut home: Home) -> Home {
    let engine = ProcessEngine::open(home.path(), launcher_program(), environment()).await.unwrap();
    drop(std::mem::replace(&mut home.engine, engine));
    home
}

#[tokio::test]
async fn an_app_survives_the_platform_and_loses_no_line() {
    let home = Home::new().await;
    let counting = "i=0; while [ ! -e stop ]; do echo $i; i=$((i+1)); sleep 0.001; done; echo total $i";
    let spec = home.spec(counting);
    let address = home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "5").await;
    let home = reopened(home).await;
    let running = home.engine.running().await;
    assert_eq!(running.len(), 1);
    let expected = Running {
        instance: spec.instance,
        deployment: spec.deployment,
        project: spec.project.clone(),
        address,
        started_ms: 7,
    };
    assert_eq!(running[0], expected);
    let last = texts(&spec.logs, LogStream::Stdout).last().unwrap().parse::<u64>().unwrap();
    wait_for_line(&spec.logs, &(last + 5).to_string()).await;
    std::fs::write(spec.release.root.join("stop"), "").unwrap();
    assert_eq!(home.engine.exited(spec.instance).await.status, "exit status 0");
    let lines = texts(&spec.logs, LogStream::Stdout);
    let count = lines.len() - 1;
    assert_eq!(lines.last().unwrap(), &format!("total {count}"));
    assert!(lines[..count].iter().enumerate().all(|(index, line)| *line == index.to_string()));
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn an_adopted_app_is_stopped_like_any_other() {
    let home = Home::new().await;
    let spec = home.spec("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    let home = reopened(home).await;
    home.engine.stop(spec.instance, Duration::from_secs(30)).await.unwrap();
    assert_eq!(texts(&spec.logs, LogStream::Stdout), ["ready", "bye"]);
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn what_ended_while_there_was_no_platform_is_cleared_away() {
    let home = Home::new().await;
    let spec = home.spec("echo done");
    home.engine.launch(&spec).await.unwrap();
    wait_for_note(&spec.logs, "the process ended").await;
    let home = reopened(home).await;
    wait_until("it is gone", || home.engine.find(spec.instance).is_none_or(|i| !i.launcher.is_running()))
        .await;
    home.engine.exited(spec.instance).await;
    assert!(home.engine.running().await.is_empty());
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn a_killed_launcher_takes_its_processes_with_it() {
    let home = Home::new().await;
    let spec = home.spec("echo ready; sleep 600 & sleep 600");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    home.engine.find(spec.instance).unwrap().launcher.signal(Signal::KILL);
    assert_eq!(home.engine.exited(spec.instance).await.status, "gone");
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn a_launcher_killed_while_there_was_no_platform_leaves_nothing_either() {
    let home = Home::new().await;
    let spec = home.spec("echo ready; sleep 600 & sleep 600");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    let instance = home.engine.find(spec.instance).unwrap();
    instance.launcher.signal(Signal::KILL);
    instance.launcher.ended().await;
    let home = reopened(home).await;
    assert!(home.engine.running().await.is_empty());
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn the_folder_of_another_boot_is_nobodys() {
    let home = Home::new().await;
    let spec = home.spec("echo ready; exec sleep 600");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    let file = Folder::of(home.path(), spec.instance).path().join("launcher.json");
    let identity = std::fs::read_to_string(&file).unwrap();
    let elsewhere = identity.replace(&tree::boot_id().unwrap(), "another-boot");
    std::fs::write(&file, elsewhere).unwrap();
    let home = reopened(home).await;
    assert!(home.engine.running().await.is_empty());
    home.assert_nothing_is_left();
}
