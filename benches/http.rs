//! The least HTTP client: GET over one connection that stays open. It adds nothing to what it measures, and it never
//! sends anything twice.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection to a server.
pub(crate) struct Connection {
    stream: Option<BufReader<TcpStream>>,
    address: String,
    headers: String,
}

impl Connection {
    /// A connection to `host:port`, opened by its first use.
    pub(crate) fn open(address: &str) -> Self {
        Self { stream: None, address: address.to_owned(), headers: format!("Host: {address}\r\n") }
    }

    /// The one to a URL without a path.
    pub(crate) fn to(url: &str) -> Self {
        Self::open(url.trim_start_matches("http://").trim_end_matches('/'))
    }

    /// Sends a bearer token with every request.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.headers.push_str("Authorization: Bearer ");
        self.headers.extend([token, "\r\n"]);
        self
    }

    /// GETs a path; answers status and body. After an error the next use opens a new connection.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.headers);
        stream.get_mut().write_all(request.as_bytes())?;
        let (answer, stays_open) = read_answer(&mut stream)?;
        if stays_open {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(BufReader::new(stream))
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<((u16, Vec<u8>), bool)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let first = read_line(stream)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| wrong(&format!("no status in `{first}`")))?;
    let (mut length, mut stays_open) = (None, true);
    loop {
        let line = read_line(stream)?.to_ascii_lowercase();
        match line.split_once(':') {
            None if line.is_empty() => break,
            Some(("content-length", value)) => length = value.trim().parse().ok(),
            Some(("connection", value)) => stays_open = value.trim() != "close",
            _ => {}
        }
    }
    let mut body = vec![0; length.ok_or_else(|| wrong("an answer without Content-Length"))?];
    stream.read_exact(&mut body)?;
    Ok(((status, body), stays_open))
}

fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
