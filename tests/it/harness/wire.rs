//! HTTP as it goes over the wire, for what a client library would hide: connections that are kept, the `Host` header,
//! bodies in pieces, upgrades. Nothing is repeated: whatever goes wrong is an error.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a read may take.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// One connection, kept until the other side closes it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Wire {
    /// Connects to `127.0.0.1:port`.
    pub(crate) fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(READ_LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request with a body and reads the whole answer.
    pub(crate) fn exchange(&mut self, target: &str, host: &str, body: &str) -> io::Result<(u16, String)> {
        let length = body.len();
        let request = format!("{target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.send(request.as_bytes())?;
        let head = self.head()?;
        let body = self.body(&head)?;
        Ok((head.status, String::from_utf8(body).map_err(io::Error::other)?))
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> io::Result<Head> {
        let broken = |line: &str| io::Error::other(format!("this is no HTTP: {line:?}"));
        let first = self.line()?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| broken(&first))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(Head { status, headers });
            }
            let (name, value) = line.split_once(':').ok_or_else(|| broken(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Reads the body that `head` announces.
    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = head.header("content-length") {
            body.resize(length.parse().map_err(io::Error::other)?, 0);
            self.stream.read_exact(&mut body)?;
        } else {
            while let Some(piece) = self.piece()? {
                body.extend(piece);
            }
        }
        Ok(body)
    }

    /// Reads one piece of a chunked body; `None` at its end.
    pub(crate) fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let length = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
        let mut piece = vec![0; length];
        self.stream.read_exact(&mut piece)?;
        self.line()?;
        Ok((length > 0).then_some(piece))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

/// The port of a URL that ends with it.
pub(crate) fn port_of(url: &str) -> u16 {
    let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    port.unwrap_or_else(|| panic!("{url} has no port"))
}

/// What a URL without a path has after its scheme: the `Host` header that a browser would send.
pub(crate) fn host_of(url: &str) -> &str {
    url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is no http URL"))
}
