use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

fn main() {
    let variable = |name: &str| std::env::var(name).expect("set by the platform");
    let listener = TcpListener::bind(format!("{}:{}", variable("HOST"), variable("PORT"))).unwrap();
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer(&stream));
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let head = BufReader::new(stream).lines().take_while(|line| matches!(line, Ok(line) if !line.is_empty()));
    head.for_each(drop);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nwho is there?")
}
