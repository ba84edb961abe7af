use std::io::Write as _;
use std::net::TcpListener;

fn main() {
    let variable = |name: &str| std::env::var(name).expect("set by the platform");
    let listener = TcpListener::bind(format!("{}:{}", variable("HOST"), variable("PORT"))).unwrap();
    for mut stream in listener.incoming().flatten() {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n").ok();
    }
}
