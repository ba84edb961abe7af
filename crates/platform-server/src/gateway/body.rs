//! Bodies on their way: neither direction holds more than a buffer of one.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connection::Visitor;
use super::route::Claim;
use super::upstream::{Pool, Upstream, poll_body};
use super::watch::Phase;

/// The body of a request to an app.
#[derive(Debug)]
pub(super) enum RequestBody {
    /// None.
    Empty,
    /// As it arrives from the client.
    Streaming {
        /// The client's bytes.
        incoming: Incoming,
        /// Whose they are: as long as they move, the app's time has not begun.
        visitor: Arc<Visitor>,
    },
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, visitor: &Arc<Visitor>) -> Self {
        if incoming.is_end_stream() {
            return Self::Empty;
        }
        Self::Streaming { incoming, visitor: Arc::clone(visitor) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Streaming { incoming, visitor } => {
                let polled = pin!(incoming).poll_frame(cx);
                visitor.watch().body_was_wanted(&polled);
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streaming { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streaming { incoming, .. } => incoming.size_hint(),
        }
    }
}

/// The body of an answer to a client.
#[derive(Debug)]
pub(super) struct AnswerBody {
    content: Content,
    visitor: Arc<Visitor>,
}

#[derive(Debug)]
enum Content {
    Page(Full<Bytes>),
    App { incoming: Incoming, carrier: Option<Carrier> },
}

/// What has to live until an app's answer is complete.
#[derive(Debug)]
struct Carrier {
    upstream: Box<Upstream>,
    claim: Claim,
}

impl AnswerBody {
    /// A page of the gateway's own.
    pub(super) fn page(page: Full<Bytes>, visitor: Arc<Visitor>) -> Self {
        Self { content: Content::Page(page), visitor }
    }

    /// No body.
    pub(super) fn empty(visitor: Arc<Visitor>) -> Self {
        Self::page(Full::default(), visitor)
    }

    /// An app's body.
    pub(super) fn app(
        incoming: Incoming,
        upstream: Box<Upstream>,
        claim: Claim,
        visitor: Arc<Visitor>,
    ) -> Self {
        let carrier = Some(Carrier { upstream, claim });
        let mut body = Self { content: Content::App { incoming, carrier }, visitor };
        body.settle();
        body
    }

    /// Lets go of instance and connection as soon as the app has delivered everything, however slow the client reads.
    fn settle(&mut self) {
        if let Content::App { incoming, carrier } = &mut self.content
            && incoming.is_end_stream()
        {
            finish(carrier, &self.visitor);
        }
    }
}

fn finish(carrier: &mut Option<Carrier>, visitor: &Visitor) {
    if let Some(Carrier { upstream, claim }) = carrier.take() {
        Pool::put(claim.instance(), upstream, visitor.worker());
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let (incoming, carrier) = match &mut this.content {
            Content::Page(page) => return pin!(page).poll_frame(cx).map_err(|never| match never {}),
            Content::App { incoming, carrier } => (incoming, carrier),
        };
        let polled = poll_body(carrier.as_mut().map(|carrier| &mut carrier.upstream), Pin::new(incoming), cx);
        match &polled {
            Poll::Ready(Some(Ok(_))) => this.settle(),
            Poll::Ready(Some(Err(error))) => {
                if let Some(Carrier { claim, .. }) = carrier.take() {
                    claim.failed();
                    let project = claim.project();
                    tracing::warn!(project.id = %project, %error, "`{project}` broke off an answer");
                }
            }
            Poll::Ready(None) => finish(carrier, &this.visitor),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Page(page) => page.is_end_stream(),
            Content::App { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Page(page) => page.size_hint(),
            Content::App { incoming, .. } => incoming.size_hint(),
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.visitor.watch().enter(Phase::Idle);
    }
}
