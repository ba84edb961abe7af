//! The gateway against nginx: both proxy to the same deployed app (`upstream.rs`) over kept connections, both add the
//! same `X-Forwarded-*`, wrk asks both over 64 connections. All of them share the machine's cores.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::home::Home;
use crate::http::Connection;
use crate::peer::{self, Server};
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, take_turns};

const ROUNDS: usize = 7;

/// What wrk saw.
struct Seen {
    per_second: f64,
    p99_ms: f64,
}

pub(crate) fn measure(report: &mut Report) {
    let tools = [("wrk", "--version"), ("nginx", "-v")];
    if !report.has_tools("gateway", &tools) {
        return;
    }
    let (home, project) = (Home::started(), Project::empty("upstream"));
    let program = std::env::current_exe().expect("a path");
    project.write("Procfile", &format!("web: {} {}\n", program.display(), crate::upstream::ARGUMENT));
    let live = home.deploy(&project.path());
    let url = live["url"].as_str().expect("a URL");
    let (host, port) = url.trim_start_matches("http://").split_once(':').expect("a port");
    let upstream = live["instances"][0]["address"].as_str().expect("an address");

    let nginx_port = free_port();
    let folder = home.path().join("nginx");
    let nginx = start_nginx(&folder, nginx_port, upstream);
    wait_for(nginx_port);
    let host = format!("{host}:{port}");
    let ours = |_| load(&format!("http://127.0.0.1:{port}/"), &host);
    let theirs = |_| load(&format!("http://127.0.0.1:{nginx_port}/"), &host);
    let (ours, theirs) = take_turns(ROUNDS, ours, theirs);
    drop(nginx);

    let sample = |seen: &[Seen], of: fn(&Seen) -> f64| Sample::new(seen.iter().map(of).collect());
    let mut row = |what: &str, unit, of: fn(&Seen) -> f64, goal| {
        let peer = Some(("nginx".to_owned(), sample(&theirs, of)));
        report.row(Row { what: what.to_owned(), unit, ours: sample(&ours, of), peer, goal });
    };
    row("gateway, 64 connections: requests per second", "/s", |seen| seen.per_second, Goal::RatioMin(0.85));
    row("gateway, 64 connections: p99", "ms", |seen| seen.p99_ms, Goal::RatioMax(1.0));
}

fn start_nginx(folder: &Path, port: u16, upstream: &str) -> Server {
    std::fs::create_dir_all(folder).expect("a folder");
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};", folder.display()))
        .join(" ");
    let settings = format!(
        "worker_processes {workers}; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; {temporary}
  upstream app {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://app; proxy_http_version 1.1;
      proxy_set_header Connection \"\"; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto http;
    }}
  }}
}}
",
        folder = folder.display()
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, settings).expect("a file");
    Server::start(Command::new("nginx").arg("-e").arg(folder.join("error.log")).arg("-c").arg(file))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn wait_for(port: u16) {
    let mut connection = Connection::open(&format!("127.0.0.1:{port}"));
    let answers = |_: &usize| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        connection.get("/").is_ok_and(|(status, _)| status == 200)
    };
    assert!((0..250).find(answers).is_some(), "nginx answers");
}

fn load(url: &str, host: &str) -> Seen {
    let header = format!("Host: {host}");
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c64", "-d3s", "--latency", "-H", &header, url]);
    let said = peer::run(&mut wrk).expect("wrk works");
    assert!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
    let after = |label: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {said}")).trim().to_owned()
    };
    Seen {
        per_second: after("Requests/sec:").parse().expect("a number"),
        p99_ms: milliseconds(&after("99%")).expect("a time"),
    }
}

/// `850.00us`, `2.31ms`, `1.02s`.
fn milliseconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}
