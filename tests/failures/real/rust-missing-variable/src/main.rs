use std::net::TcpListener;

fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL must be set");
    println!("{url}");
    TcpListener::bind("127.0.0.1:8080").expect("a free port");
}
