//! The protocol as lines on two pipes, safe against whatever a client sends.
//!
//! Every line is bounded in length, in nesting and in how many values it holds. One that cannot be served is answered as
//! JSON-RPC has it, with the id where that can be told, and the next line is read. What needs no answer (a notification
//! that nobody knows, an answer to nothing) is passed over. No id serves two requests at once, and only so many requests
//! wait for their answer. A client that does not read its answers is not read either.

mod glance;
mod in_flight;
mod lines;
mod refusal;

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, RequestId, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::error::Category;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::sync::CancellationToken;

use self::glance::Glance;
use self::in_flight::{InFlight, Request};
use self::lines::{Lines, Said};
use self::refusal::Refusal;

/// The deepest nesting that is read; what the parser takes at most.
const DEPTH_MAX: usize = 127;
/// How many values a message may hold, because each takes many times its own length in memory.
const VALUES_MAX: usize = 50_000;
/// About how much memory one value takes, in bytes.
const VALUE_BYTES: usize = 300;
/// The longest name of a method and the longest id, in bytes; both come back in answers.
const METHOD_BYTES_MAX: usize = 256;
const ID_BYTES_MAX: usize = 1_024;
/// How much room for answers is kept for later ones, in bytes.
const KEPT_BYTES_MAX: usize = 256 << 10;

/// A client on two pipes. Clones are the same client.
#[derive(Debug)]
pub(crate) struct Stdio<R, W> {
    input: Arc<Mutex<Input<R>>>,
    output: Arc<Mutex<Output<W>>>,
    requests: Arc<InFlight>,
    hung_up: CancellationToken,
}

/// What comes in, and what has to be said about it first.
#[derive(Debug)]
struct Input<R> {
    lines: Lines<R>,
    refusing: Refusing,
}

/// How far the answer to a line that is not served has come.
#[derive(Debug)]
enum Refusing {
    Nothing,
    Begun(Refusal),
    Written,
}

/// What goes out: whole lines, each of them to its end, whoever begins it.
#[derive(Debug)]
struct Output<W> {
    write: W,
    unsent: BytesMut,
}

impl<R, W> Clone for Stdio<R, W> {
    fn clone(&self) -> Self {
        Self {
            input: self.input.clone(),
            output: self.output.clone(),
            requests: self.requests.clone(),
            hung_up: self.hung_up.clone(),
        }
    }
}

impl<R, W> Stdio<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    /// Cancels `hung_up` when the client has gone away.
    pub(crate) fn new(read: R, write: W, hung_up: CancellationToken) -> Self {
        let input = Input { lines: Lines::new(read), refusing: Refusing::Nothing };
        let output = Output { write, unsent: BytesMut::new() };
        Self {
            input: Arc::new(Mutex::new(input)),
            output: Arc::new(Mutex::new(output)),
            requests: Arc::default(),
            hung_up,
        }
    }

    /// The next message that can be served; nothing once the client has closed.
    async fn next(&self, input: &mut Input<R>) -> io::Result<Option<ClientJsonRpcMessage>> {
        loop {
            self.refuse(&mut input.refusing).await?;
            self.requests.room().await;
            let Some(said) = input.lines.next().await? else { return Ok(None) };
            match self.understand(said, &mut input.lines) {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) => {}
                Err(refusal) => input.refusing = Refusing::Begun(refusal),
            }
        }
    }

    /// Answers what is not served. Goes on where it was given up.
    async fn refuse(&self, refusing: &mut Refusing) -> io::Result<()> {
        if let Refusing::Nothing = refusing {
            return Ok(());
        }
        let mut output = self.output.lock().await;
        if let Refusing::Begun(refusal) = refusing {
            tracing::debug!(message = %refusal.message(), "a line of the client was not served");
            output.put(refusal.line().as_bytes());
            *refusing = Refusing::Written;
        }
        output.flush().await?;
        *refusing = Refusing::Nothing;
        Ok(())
    }

    /// The message in a line, if there is one to serve.
    fn understand(&self, said: Said, lines: &mut Lines<R>) -> Result<Option<ClientJsonRpcMessage>, Refusal> {
        let line = match said {
            Said::Line(line) => line,
            Said::TooLong(glance) if glance.wants_no_answer() => return Ok(None),
            Said::TooLong(glance) => return Err(Refusal::too_long(glance.id())),
        };
        let glance = Glance::of(&line);
        let (parsed, bytes) = (parse(&line, &glance), line.len() + glance.values() * VALUE_BYTES);
        lines.reuse(line);
        let Some(message) = parsed? else { return Ok(None) };
        self.admit(&message, bytes)?;
        Ok(Some(message))
    }

    /// Notes which requests wait for an answer.
    fn admit(&self, message: &ClientJsonRpcMessage, bytes: usize) -> Result<(), Refusal> {
        match message {
            ClientJsonRpcMessage::Request(asked) => {
                if matches!(&asked.id, RequestId::String(id) if id.len() > ID_BYTES_MAX) {
                    return Err(Refusal::long_id());
                }
                if asked.request.method().len() > METHOD_BYTES_MAX {
                    return Err(Refusal::no_message(Some(asked.id.clone())));
                }
                let is_subscription = matches!(asked.request, ClientRequest::SubscriptionsListenRequest(_));
                let entered = self.requests.enter(&asked.id, Request { bytes, is_subscription });
                entered.map_err(|denied| Refusal::denied(&asked.id, denied))
            }
            ClientJsonRpcMessage::Notification(told) => {
                // An answer that is no longer wanted is never sent.
                if let ClientNotification::CancelledNotification(cancelled) = &told.notification {
                    cancelled.params.request_id.iter().for_each(|id| self.requests.leave(id));
                }
                Ok(())
            }
            ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => Ok(()),
        }
    }

    async fn say(&self, line: &[u8]) -> io::Result<()> {
        let mut output = self.output.lock().await;
        output.put(line);
        output.flush().await
    }
}

impl<W: AsyncWrite + Unpin> Output<W> {
    fn put(&mut self, line: &[u8]) {
        self.unsent.extend_from_slice(line);
    }

    /// Writes what is not written yet.
    ///
    /// # Cancel safety
    /// The rest of what was begun stays here and goes out first the next time.
    async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.write.write(&self.unsent).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.unsent.advance(written),
            }
        }
        if self.unsent.capacity() > KEPT_BYTES_MAX {
            self.unsent = BytesMut::new();
        }
        self.write.flush().await
    }
}

impl<R, W> Transport<RoleServer> for Stdio<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn name() -> Cow<'static, str> {
        "stdio".into()
    }

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let client = self.clone();
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let sent = client.say(&line).await;
            if let Some(id) = answered(&message) {
                client.requests.leave(id);
            }
            // Nobody reads any more, so nobody is there.
            sent.inspect_err(|_| client.hung_up.cancel())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        let mut input = self.input.lock().await;
        match self.hung_up.run_until_cancelled(self.next(&mut input)).await {
            Some(Ok(Some(message))) => return Some(message),
            Some(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the client is gone");
            }
            Some(Ok(None)) | None => {}
        }
        self.hung_up.cancel();
        None
    }

    /// Does not wait for a client that does not read.
    async fn close(&mut self) -> Result<(), io::Error> {
        Ok(())
    }
}

/// The id of the request that a message answers.
fn answered(message: &ServerJsonRpcMessage) -> Option<&RequestId> {
    match message {
        ServerJsonRpcMessage::Response(response) => Some(&response.id),
        ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
        ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => None,
    }
}

/// The message in a line; nothing if it is one that needs no answer and that nobody can use.
fn parse(line: &[u8], glance: &Glance) -> Result<Option<ClientJsonRpcMessage>, Refusal> {
    if glance.values() > VALUES_MAX {
        return Err(Refusal::too_many_values(glance.id()));
    }
    if glance.deepest() > DEPTH_MAX {
        return Err(Refusal::too_deep(glance.id()));
    }
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    serde_json::from_slice(line).map(Some).or_else(|error| match error.classify() {
        Category::Syntax | Category::Eof => Err(Refusal::no_json()),
        Category::Data | Category::Io if glance.wants_no_answer() => Ok(None),
        Category::Data | Category::Io if glance.is_batch() => Err(Refusal::batch()),
        Category::Data | Category::Io => Err(Refusal::no_message(glance.id())),
    })
}

#[cfg(test)]
mod tests;
