use std::net::TcpListener;

fn main() {
    let port: u16 = "8080";
    TcpListener::bind(("127.0.0.1", port)).expect("a free port");
}
