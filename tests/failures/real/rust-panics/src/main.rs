use std::net::TcpListener;

fn main() {
    let listener: Option<TcpListener> = None;
    if listener.is_none() {
        panic!("nothing to serve");
    }
}
