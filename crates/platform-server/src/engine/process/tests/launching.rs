//! Starting, output, end.

use super::*;

const GRACE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn output_is_captured_line_by_line_with_time_and_stream() {
    let home = Home::new().await;
    let spec = home.spec("echo one; echo two >&2; printf 'no end'; exit 3");
    home.engine.launch(&spec).await.unwrap();
    let exit = home.engine.exited(spec.instance).await;
    assert_eq!(exit, Exit { status: "exit status 3".to_owned(), success: false });
    assert_eq!(texts(&spec.logs, LogStream::Stdout), ["one", "no end"]);
    assert_eq!(texts(&spec.logs, LogStream::Stderr), ["two"]);
    let lines = spec.logs.tail(100, Some(LogSource::Runtime)).unwrap();
    assert!(lines.iter().all(|line| line.time_ms > 1_600_000_000_000));
    assert!(lines[0].text.starts_with("starting `echo one;"), "{}", lines[0].text);
    assert_eq!(lines.last().unwrap().text, "the process ended: exit status 3");
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn a_signal_is_reported_by_name() {
    let home = Home::new().await;
    let spec = home.spec("kill -9 $$");
    home.engine.launch(&spec).await.unwrap();
    assert_eq!(home.engine.exited(spec.instance).await.status, "signal 9 (SIGKILL)");
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn an_app_listens_where_it_was_told_and_is_seen_there() {
    let home = Home::new().await;
    // A grandchild listens, as with servers that fork workers.
    let spec = home.spec("python3 -m http.server --bind $HOST $PORT & wait");
    let address = home.engine.launch(&spec).await.unwrap();
    wait_until("it listens", || home.engine.listening(spec.instance) == [address]).await;
    assert!(get(address).await.unwrap().starts_with("HTTP/1.0 200"));
    let running = home.engine.running().await;
    assert_eq!(running.len(), 1);
    assert_eq!((running[0].instance, running[0].address), (spec.instance, address));
    home.engine.stop(spec.instance, GRACE).await.unwrap();
    assert!(home.engine.running().await.is_empty());
    assert!(home.engine.listening(spec.instance).is_empty());
    assert_eq!(home.engine.exited(spec.instance).await.status, "gone");
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn stop_asks_first_and_lets_the_app_finish() {
    let home = Home::new().await;
    let spec = home.spec("trap 'echo finishing; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    home.engine.stop(spec.instance, GRACE).await.unwrap();
    assert_eq!(texts(&spec.logs, LogStream::Stdout), ["ready", "finishing"]);
    assert_eq!(texts(&spec.logs, LogStream::Platform).last().unwrap(), "stopped (exit status 0)");
    home.engine.stop(spec.instance, GRACE).await.unwrap();
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn what_ignores_term_is_killed_after_the_grace() {
    let home = Home::new().await;
    let spec = home.spec("trap '' TERM; echo ready; while :; do sleep 1; done");
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "ready").await;
    let (began, grace) = (Instant::now(), Duration::from_millis(300));
    home.engine.stop(spec.instance, grace).await.unwrap();
    let took = began.elapsed();
    assert!(took >= grace && took < Duration::from_secs(5), "{took:?}");
    assert!(texts(&spec.logs, LogStream::Platform).last().unwrap().contains("signal 9 (SIGKILL)"));
    home.assert_nothing_is_left();
}

/// Forks twice and starts a session of its own, as daemons do, and speaks up when nobody of its family is left.
const DAEMON: &str = "
import os, time
if os.fork() == 0:
    os.setsid()
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent:
            time.sleep(0.005)
        print('daemon', flush=True)
        time.sleep(600)
    os._exit(0)
os.wait()
";

#[tokio::test]
async fn daemons_are_gone_after_stop() {
    let home = Home::new().await;
    let spec = home.spec("python3 daemon.py; exec sleep 600");
    std::fs::write(spec.release.root.join("daemon.py"), DAEMON).unwrap();
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "daemon").await;
    home.engine.stop(spec.instance, GRACE).await.unwrap();
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn daemons_do_not_outlive_an_app_that_ends_by_itself() {
    let home = Home::new().await;
    let spec = home.spec("python3 daemon.py; while [ ! -e go ]; do sleep 0.01; done");
    std::fs::write(spec.release.root.join("daemon.py"), DAEMON).unwrap();
    home.engine.launch(&spec).await.unwrap();
    wait_for_line(&spec.logs, "daemon").await;
    std::fs::write(spec.release.root.join("go"), "").unwrap();
    assert!(home.engine.exited(spec.instance).await.success);
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn an_app_sees_the_allow_list_and_nothing_else() {
    let home = Home::new().await;
    let mut spec = home.spec("env");
    spec.release.env.insert("FROM_PLAN".to_owned(), "plan".to_owned());
    spec.env.insert("FROM_PROJECT".to_owned(), "project".to_owned());
    let address = home.engine.launch(&spec).await.unwrap();
    home.engine.exited(spec.instance).await;
    let lines = texts(&spec.logs, LogStream::Stdout);
    for line in &lines {
        let (name, value) = line.split_once('=').unwrap();
        let is_shells_own = ["PWD", "OLDPWD", "SHLVL", "_"].contains(&name);
        let given =
            ["PORT", "HOST", "DATA_DIR", "XDG_RUNTIME_DIR", "FROM_PLAN", "FROM_PROJECT", spec::MARKER];
        let is_given = given.contains(&name);
        let is_allowed = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER"].contains(&name);
        assert!(is_shells_own || is_given || is_allowed || name.starts_with("LC_"), "{name} got through");
        assert_ne!(value, "tweet");
    }
    assert!(lines.contains(&format!("PORT={}", address.port())));
    assert!(lines.contains(&"HOST=127.0.0.1".to_owned()));
    assert!(lines.contains(&"FROM_PLAN=plan".to_owned()));
    assert!(lines.contains(&"FROM_PROJECT=project".to_owned()));
    assert!(lines.contains(&format!("DATA_DIR={}", home.path().join("data").display())));
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn limits_are_set_and_standard_input_is_empty() {
    let home = Home::new().await;
    // Somebody who starts a platform may leave descriptors open in it; this stands for one of those.
    let _inherited = inheritable();
    // The last command takes the shell's place: `ls` there would list the descriptor by which it lists.
    let spec =
        home.spec("ulimit -c; ulimit -n; wc -c; grep NoNewPrivs /proc/self/status; ls -l /proc/$$/fd; true");
    home.engine.launch(&spec).await.unwrap();
    home.engine.exited(spec.instance).await;
    let lines = texts(&spec.logs, LogStream::Stdout);
    assert_eq!((lines[0].as_str(), lines[2].as_str()), ("0", "0"));
    assert!(lines[1].parse::<u64>().unwrap() <= 65_536);
    assert_eq!(lines[3], "NoNewPrivs:\t1");
    let descriptors: Vec<&str> = lines[4..].iter().filter_map(|line| line.split(" -> ").nth(1)).collect();
    assert_eq!(descriptors.len(), 3, "{descriptors:?}");
    home.assert_nothing_is_left();
}

fn inheritable() -> std::fs::File {
    let file = std::fs::File::open("/dev/zero").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    file
}

#[tokio::test]
async fn a_release_that_cannot_start_says_why_and_leaves_nothing() {
    let home = Home::new().await;
    let mut spec = home.spec("true");
    spec.release.root = home.path().join("nowhere");
    let failure = home.engine.launch(&spec).await.unwrap_err();
    assert_eq!(failure.code, Code::START_FAILED);
    assert!(failure.message.contains("No such file"), "{}", failure.message);
    assert!(failure.hint.is_some());
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn a_launch_that_is_dropped_half_way_is_ended_by_stop() {
    let home = Home::new().await;
    for polls in 0..6 {
        let spec = home.spec("sleep 600");
        let mut launch = std::pin::pin!(home.engine.launch(&spec));
        for _ in 0..polls {
            tokio::select! {
                biased;
                _ = &mut launch => break,
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        home.engine.stop(spec.instance, Duration::from_millis(10)).await.unwrap();
    }
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn a_static_site_is_served_by_our_own_program() {
    let argv =
        command::to_argv(&StartCommand::StaticSite, Some(Path::new("/r/public")), Path::new("/bin/us"));
    assert_eq!(argv, ["/bin/us", "serve-static", "--root", "/r/public"]);
}

#[tokio::test]
async fn lines_keep_their_order_and_number_under_load() {
    let home = Home::new().await;
    let spec = home.spec("i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done");
    home.engine.launch(&spec).await.unwrap();
    home.engine.exited(spec.instance).await;
    let (mut cursor, mut got) = (LogDir::start(), Vec::new());
    loop {
        let query = ReadQuery { source: None, lines_max: 777, bytes_max: 1 << 20 };
        let page = spec.logs.read(&cursor, &query).unwrap();
        assert_eq!(page.omitted, 0);
        if page.lines.is_empty() {
            break;
        }
        got.extend(page.lines.into_iter().filter(|line| line.stream == LogStream::Stdout).map(|l| l.text));
        cursor = page.next_cursor;
    }
    assert_eq!(got, (0..20_000).map(|i| i.to_string()).collect::<Vec<_>>());
    home.assert_nothing_is_left();
}

#[tokio::test]
async fn no_zombie_stays_with_the_platform() {
    let home = Home::new().await;
    for _ in 0..5 {
        let spec = home.spec("true");
        home.engine.launch(&spec).await.unwrap();
        let pid = home.engine.find(spec.instance).unwrap().launcher.pid;
        home.engine.exited(spec.instance).await;
        // Reaping is the runtime's, when it hears of the end: a moment after we do.
        wait_until("the launcher is reaped", || !is_zombie_of_ours(pid)).await;
    }
    home.assert_nothing_is_left();
}

fn is_zombie_of_ours(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(&format!(" Z {} ", std::process::id())))
}
