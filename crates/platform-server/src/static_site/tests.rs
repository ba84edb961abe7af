use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::*;

struct Site {
    folder: TempDir,
    address: SocketAddr,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Site {
    async fn start(files: &[(&str, &str)]) -> Self {
        Self::with_pages(files, Pages::Files).await
    }

    async fn with_pages(files: &[(&str, &str)], pages: Pages) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let served = Served { root: Root::open(folder.path()).unwrap(), pages };
        tasks.spawn(serve(Arc::new(served), listener, shutdown.clone()));
        Self { folder, address, shutdown, tasks }
    }

    async fn ask(&self, head: &str) -> Got {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{head}\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Got { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn get(&self, path: &str) -> Got {
        self.ask(&format!("GET {path} HTTP/1.1")).await
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[derive(Debug)]
struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

#[tokio::test]
async fn files_folders_and_clean_addresses() {
    let site = Site::start(&[
        ("index.html", "home"),
        ("about.html", "about"),
        ("docs/index.html", "docs"),
        ("docs/a b.txt", "spaced"),
        ("empty/file.txt", ""),
        ("app.js", "js"),
    ])
    .await;
    for (path, status, body) in [
        ("/", 200, "home"),
        ("/index.html", 200, "home"),
        ("/?x=1", 200, "home"),
        ("/about", 200, "about"),
        ("/docs/", 200, "docs"),
        ("/docs/a%20b.txt", 200, "spaced"),
        ("/empty/file.txt", 200, ""),
        ("/empty/", 404, "Nothing is here.\n"),
        ("/none.html", 404, "Nothing is here.\n"),
        ("/index.html/", 404, "Nothing is here.\n"),
        ("/app.js/x", 404, "Nothing is here.\n"),
    ] {
        let got = site.get(path).await;
        assert_eq!((got.status, got.body.as_str()), (status, body), "{path}");
    }
    let got = site.get("/docs?x=1").await;
    assert_eq!((got.status, got.header("location")), (301, Some("/docs/?x=1")));
}

#[tokio::test]
async fn kinds_are_named_for_browsers() {
    let names =
        ["a.html", "a.css", "a.js", "a.mjs", "a.json", "a.svg", "a.png", "a.wasm", "a.woff2", "LICENSE"];
    let site = Site::start(&names.map(|name| (name, "x"))).await;
    let mut kinds = Vec::new();
    for name in names {
        kinds.push(site.get(&format!("/{name}")).await.header("content-type").unwrap().to_owned());
    }
    let expected = [
        "text/html; charset=utf-8",
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/javascript; charset=utf-8",
        "application/json; charset=utf-8",
        "image/svg+xml",
        "image/png",
        "application/wasm",
        "font/woff2",
        "application/octet-stream",
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn nothing_outside_and_nothing_hidden_is_served() {
    let site = Site::start(&[("index.html", "home"), (".env", "secret"), ("a/.git/config", "secret")]).await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path(), site.path().join("out")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", site.path().join("passwd")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        site.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    for path in [
        "/.env",
        "/a/.git/config",
        "/out/secret",
        "/passwd",
        "/pipe",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/a/%2e%2e/%2e%2e/etc/passwd",
        "/%2Eenv",
    ] {
        let got = site.get(path).await;
        assert_eq!((got.status, got.body.as_str()), (404, "Nothing is here.\n"), "{path}");
    }
}

#[tokio::test]
async fn a_site_has_its_own_page_for_what_is_missing() {
    let site = Site::start(&[("404.html", "<p>not here</p>")]).await;
    let got = site.get("/none").await;
    assert_eq!((got.status, got.body.as_str()), (404, "<p>not here</p>"));
    assert_eq!((got.header("content-type"), got.header("etag")), (Some("text/html; charset=utf-8"), None));
}

#[tokio::test]
async fn a_client_that_has_a_file_gets_it_only_when_it_changed() {
    let site = Site::start(&[("a.txt", "0123456789")]).await;
    let first = site.get("/a.txt").await;
    let (etag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    let again = site.ask(&format!("GET /a.txt HTTP/1.1\r\nIf-None-Match: {etag}")).await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(etag)));
    assert_eq!(site.ask(&format!("GET /a.txt HTTP/1.1\r\nIf-Modified-Since: {date}")).await.status, 304);
    std::fs::write(site.path().join("a.txt"), "changed").unwrap();
    let changed = site.ask(&format!("GET /a.txt HTTP/1.1\r\nIf-None-Match: {etag}")).await;
    assert_eq!((changed.status, changed.body.as_str()), (200, "changed"));
}

#[tokio::test]
async fn parts_and_heads() {
    let site = Site::start(&[("a.txt", "0123456789")]).await;
    let part = site.ask("GET /a.txt HTTP/1.1\r\nRange: bytes=2-4").await;
    assert_eq!((part.status, part.body.as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    let none = site.ask("GET /a.txt HTTP/1.1\r\nRange: bytes=10-").await;
    assert_eq!((none.status, none.header("content-range")), (416, Some("bytes */10")));
    let head = site.ask("HEAD /a.txt HTTP/1.1").await;
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", Some("10")));
    let post = site.ask("POST /a.txt HTTP/1.1\r\nContent-Length: 0").await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn a_large_file_streams_whole_and_in_parts() {
    let large = "0123456789abcdef".repeat(1 << 16);
    let site = Site::start(&[("large.txt", &large)]).await;
    assert!(site.get("/large.txt").await.body == large);
    let part = site.ask("GET /large.txt HTTP/1.1\r\nRange: bytes=16-999999").await;
    assert!(part.status == 206 && part.body == large[16..1_000_000]);
}

#[tokio::test]
async fn stopping_ends_idle_connections_and_the_server() {
    let mut site = Site::start(&[("index.html", "home")]).await;
    let mut idle = TcpStream::connect(site.address).await.unwrap();
    idle.write_all(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    idle.read_exact(&mut byte).await.unwrap();
    site.shutdown.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(4), site.tasks.join_next()).await;
    stopped.expect("sooner than any limit").unwrap().unwrap();
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test]
async fn a_single_page_answers_for_every_path_that_a_browser_shows() {
    let files = [("index.html", "app"), ("assets/a.js", "js"), ("about.html", "about")];
    let site = Site::with_pages(&files, Pages::Single).await;
    for (path, body) in
        [("/users/7", "app"), ("/deep/er/", "app"), ("/about", "about"), ("/assets/a.js", "js")]
    {
        let got = site.get(path).await;
        assert_eq!((got.status, got.body.as_str()), (200, body), "{path}");
    }
    assert_eq!(site.get("/assets/gone.js").await.status, 404, "a missing part is no page");
    let named = site.ask("GET /users/jo.doe HTTP/1.1\r\nAccept: text/html,*/*").await;
    assert_eq!((named.status, named.body.as_str()), (200, "app"));
    let files = Site::start(&files).await;
    assert_eq!(files.get("/users/7").await.status, 404);
}
