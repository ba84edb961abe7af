//! One request: find its instance, hand it over, hand the answer back.

use std::convert::Infallible;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;

use super::body::{AnswerBody, RequestBody};
use super::connection::{Entrance, Visitor};
use super::headers;
use super::host::{Named, host_of};
use super::page::Page;
use super::route::{Claim, Route};
use super::upgrade;
use super::upstream::{Lost, Upstream};
use super::watch::{ANSWER_S, Phase};

/// Answers one request, with the app's answer or a page that says why there is none.
pub(super) async fn serve(
    mut request: Request<Incoming>,
    visitor: Arc<Visitor>,
) -> Result<Response<AnswerBody>, Infallible> {
    visitor.watch().enter(Phase::Answer);
    let accept = request.headers().get(http::header::ACCEPT).cloned();
    let claimed = match wanted(&request, &visitor) {
        Ok(wanted) => wanted.claim(&visitor).await,
        Err(page) => Err(page),
    };
    let answered = match claimed {
        Ok(claim) => {
            let upgrade = headers::wanted_upgrade(request.headers())
                .map(|protocol| Upgrade { protocol, client: hyper::upgrade::on(&mut request) });
            forward(towards_app(request, upgrade.as_ref(), &visitor), claim, upgrade, &visitor).await
        }
        Err(page) => Err(page),
    };
    visitor.watch().enter(Phase::Body);
    Ok(answered.unwrap_or_else(|page| {
        let accept: HeaderMap = accept.map(|value| (http::header::ACCEPT, value)).into_iter().collect();
        page.answer(&accept).map(|body| AnswerBody::page(body, visitor))
    }))
}

/// What a client wants its connection to become.
struct Upgrade {
    protocol: HeaderValue,
    client: OnUpgrade,
}

/// What a request's host names.
enum Wanted {
    Live(Arc<Route>),
    Release { route: Arc<Route>, commit: String },
}

impl Wanted {
    /// The instance that was named, with the request counted on it.
    async fn claim(self, visitor: &Visitor) -> Result<Claim, Page> {
        match self {
            Self::Live(route) => route.claim(),
            Self::Release { route, commit } => {
                let waker = visitor.worker().routes().waker();
                let claimed = route.claim_release(&commit, waker.as_deref()).await;
                // The app's time begins now, however long it took to start.
                visitor.watch().enter(Phase::Answer);
                claimed
            }
        }
    }
}

fn wanted(request: &Request<Incoming>, visitor: &Visitor) -> Result<Wanted, Page> {
    if request.method() == Method::CONNECT {
        return Err(Page::NoTunnel);
    }
    let host = host_of(request).ok_or(Page::BadHost)?;
    let foreign = || Page::ForeignHost { host: String::from_utf8_lossy(host.as_bytes()).into_owned() };
    let text = host.to_str().map_err(|_not_ascii| foreign())?;
    match visitor.entrance() {
        Entrance::Own { route, hosts } if hosts.accepts(text) => Ok(Wanted::Live(Arc::clone(route))),
        Entrance::Own { .. } => Err(foreign()),
        Entrance::Shared { hosts } => {
            let unknown = |project: &str| Page::UnknownProject { project: project.to_owned() };
            let find =
                |project: &str| visitor.worker().routes().find(project).ok_or_else(|| unknown(project));
            match hosts.named(text).ok_or_else(foreign)? {
                Named::Project(project) => Ok(Wanted::Live(find(&project)?)),
                Named::Release { commit, project } => {
                    Ok(Wanted::Release { route: find(&project)?, commit: commit.into_owned() })
                }
            }
        }
    }
}

fn towards_app(
    request: Request<Incoming>,
    upgrade: Option<&Upgrade>,
    visitor: &Arc<Visitor>,
) -> Request<RequestBody> {
    let (mut parts, body) = request.into_parts();
    let body = RequestBody::new(body, visitor);
    headers::towards_app(
        &mut parts.headers,
        visitor.address(),
        visitor.scheme(),
        upgrade.map(|wanted| wanted.protocol.clone()),
    );
    if !body.is_end_stream() && body.size_hint().exact().is_none() {
        headers::chunked(&mut parts.headers);
    }
    if parts.uri.authority().is_some() {
        let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        parts.uri = Uri::from(path);
    }
    parts.version = Version::HTTP_11;
    Request::from_parts(parts, body)
}

/// Sends the request on an idle connection if there is one, else on a new one, and turns the answer around.
async fn forward(
    request: Request<RequestBody>,
    claim: Claim,
    upgrade: Option<Upgrade>,
    visitor: &Arc<Visitor>,
) -> Result<Response<AnswerBody>, Page> {
    let (mut response, upstream) = match exchange(request, &claim, visitor).await {
        Ok(answered) => answered,
        Err(fault) => return Err(fault.page(&claim)),
    };
    *response.version_mut() = Version::HTTP_11;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        headers::towards_client(response.headers_mut());
        return Ok(response.map(|body| AnswerBody::app(body, upstream, claim, Arc::clone(visitor))));
    }
    let Some(upgrade) = upgrade else {
        return Err(
            Fault::Unreachable("it upgraded a connection that nobody asked to upgrade".into()).page(&claim)
        );
    };
    headers::towards_client_upgraded(response.headers_mut());
    upgrade::join(upgrade.client, upstream, claim, Arc::clone(visitor));
    Ok(response.map(|_none| AnswerBody::empty(Arc::clone(visitor))))
}

/// Why an app gave no answer.
enum Fault {
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
    Silent,
    /// The client's own request broke off.
    Client,
    /// The client's own request stopped arriving.
    Stalled,
}

impl Fault {
    /// Counts and reports the failure where it is one of the app, and says it to the client.
    fn page(self, claim: &Claim) -> Page {
        let id = claim.project();
        let project = id.to_string();
        match self {
            Self::Client => Page::BrokenRequest,
            Self::Stalled => Page::Stalled,
            Self::Silent => {
                claim.failed();
                tracing::warn!(project.id = %id, "`{id}` sent no answer within {ANSWER_S} s");
                Page::Silent { project, seconds: ANSWER_S }
            }
            Self::Unreachable(error) => {
                claim.failed();
                tracing::warn!(project.id = %id, error, "`{id}` did not take a request");
                Page::Unreachable { project }
            }
        }
    }
}

async fn exchange(
    request: Request<RequestBody>,
    claim: &Claim,
    visitor: &Visitor,
) -> Result<(Response<Incoming>, Box<Upstream>), Fault> {
    let mut request = request;
    let pool = claim.instance().pool(visitor.worker().index());
    while let Some(upstream) = pool.take() {
        let again = repeatable(&request);
        match upstream.exchange(request, visitor.watch()).await {
            Ok(answered) => return Ok(answered),
            // The server had closed the connection before anything was sent: any request may go on another one.
            Err(Lost::Unsent(unsent)) => request = *unsent,
            Err(Lost::Broken(error)) => match again {
                // The server may have closed it while the request was on its way.
                Some(again) => {
                    request = again;
                    break;
                }
                None => return Err(broken(error)),
            },
            Err(Lost::Overdue) => return Err(overdue(visitor)),
        }
    }
    let upstream = Upstream::connect(claim.instance().address())
        .await
        .map_err(|error| Fault::Unreachable(error.into()))?;
    upstream.exchange(request, visitor.watch()).await.map_err(|lost| match lost {
        Lost::Unsent(_) => Fault::Unreachable("it closed the connection at once".into()),
        Lost::Broken(error) => broken(error),
        Lost::Overdue => overdue(visitor),
    })
}

fn broken(error: hyper::Error) -> Fault {
    if error.is_user() { Fault::Client } else { Fault::Unreachable(error.into()) }
}

fn overdue(visitor: &Visitor) -> Fault {
    if visitor.watch().client_is_late() { Fault::Stalled } else { Fault::Silent }
}

/// A copy of a request that may be sent twice: one that changes nothing and has no body.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    if !request.method().is_safe() || !matches!(request.body(), RequestBody::Empty) {
        return None;
    }
    let mut again = Request::new(RequestBody::Empty);
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    Some(again)
}
