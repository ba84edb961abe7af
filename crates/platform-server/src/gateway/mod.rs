//! The gateway: every request to an app passes here. It routes by host or by port, moves a project from one instance to
//! the next without losing a request, and answers clearly when there is nobody to ask. It knows instances only as
//! addresses that were healthy; it starts, probes and stops none.
//!
//! ```text
//! listen ─► worker ─► connection ─► proxy ─► route (claim) ─► upstream (pool) ─► instance
//!                         │           └─► page: there is no answer, and why
//!                         └─ watch: limits on time
//! ```

mod body;
mod connection;
mod gate;
mod headers;
mod host;
mod instance;
mod listen;
mod page;
mod preview;
mod proxy;
mod route;
#[cfg(test)]
mod tests;
mod upgrade;
mod upstream;
mod watch;
mod worker;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use platform_api::{ProjectId, ShortCommit};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::preview::{RETRY_S, Wake};
pub(crate) use self::route::Switched;

use self::connection::{Entrance, Scheme};
use self::host::{OwnHosts, SharedHosts};
use self::instance::Instance;
use self::preview::{WAKES_MAX, Waker};
use self::route::{OwnPort, Routes};
use self::worker::Workers;
use crate::health::Healthy;
use crate::http::Certificate;

/// Where the gateway listens.
#[derive(Debug, Clone)]
pub(crate) struct GatewayConfig {
    /// The address of the shared port. Projects' own ports open on the same interface.
    pub(crate) address: SocketAddr,
    /// The certificate of all ports; without one they speak plain HTTP.
    pub(crate) certificate: Option<Certificate>,
}

/// The gateway. Clones are the same gateway.
#[derive(Debug, Clone)]
pub(crate) struct Gateway(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    interface: IpAddr,
    port: u16,
    scheme: Scheme,
    routes: Arc<Routes>,
    workers: Arc<Workers>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Gateway {
    /// Opens the shared port and starts the workers. They end after `shutdown`: what is in flight gets some seconds to
    /// finish, and `tasks` waits for them.
    ///
    /// # Errors
    /// When the port cannot be opened, or no thread can be started.
    pub(crate) async fn bind(
        config: GatewayConfig,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> io::Result<Self> {
        let (port, listeners) = listen::open(config.address).await?;
        let tls = config.certificate.map(|certificate| certificate.config);
        let scheme = if tls.is_some() { Scheme::Https } else { Scheme::Http };
        let routes = Arc::new(Routes::default());
        let (workers, threads) = Workers::start(&routes, tls.as_ref(), &shutdown)?;
        let joining = shutdown.clone();
        let join = tasks.clone();
        tasks.spawn(async move {
            joining.cancelled().await;
            let joined =
                join.spawn_blocking(|| threads.into_iter().filter_map(|thread| thread.join().err()).count());
            if !matches!(joined.await, Ok(0)) {
                tracing::error!("a gateway thread panicked");
            }
        });
        let gateway = Self(Arc::new(Shared {
            interface: config.address.ip(),
            port,
            scheme,
            routes,
            workers: Arc::new(workers),
            places: listen::places(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        }));
        gateway.accept(listeners, &Entrance::Shared { hosts: Arc::new(SharedHosts::new(port)) }, &shutdown);
        Ok(gateway)
    }

    /// The shared port.
    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// Opens `project`'s own port: `wanted` if it is free, else another; 0 takes any. A port that is open already stays.
    ///
    /// # Errors
    /// When no port can be opened.
    pub(crate) async fn open_port(&self, project: &ProjectId, wanted: u16) -> io::Result<u16> {
        let route = self.0.routes.of(project);
        if let Some(port) = route.port().as_ref() {
            return Ok(port.number);
        }
        let (number, listeners) = match listen::open((self.0.interface, wanted).into()).await {
            Ok(opened) => opened,
            Err(error) if wanted != 0 => {
                tracing::warn!(project.id = %project, %error, "port {wanted} of `{project}` is taken: it gets another");
                listen::open((self.0.interface, 0).into()).await?
            }
            Err(error) => return Err(error),
        };
        let open = self.0.shutdown.child_token();
        {
            let mut port = route.port();
            if let Some(port) = port.as_ref() {
                return Ok(port.number);
            }
            *port = Some(OwnPort { number, open: open.clone() });
        }
        let hosts = Arc::new(OwnHosts::new((self.0.interface, number).into()));
        self.accept(listeners, &Entrance::Own { route, hosts }, &open);
        Ok(number)
    }

    /// Where its shared port is.
    pub(crate) fn base_url(&self) -> String {
        format!("{}://localhost:{}", self.0.scheme.name(), self.0.port)
    }

    /// Where `project` answers by name.
    pub(crate) fn url(&self, project: &ProjectId) -> String {
        format!("{}://{project}.localhost:{}", self.0.scheme.name(), self.0.port)
    }

    /// Where `project` answers by port, once it has one.
    pub(crate) fn direct_url(&self, project: &ProjectId) -> Option<String> {
        let route = self.0.routes.find(project.as_str())?;
        let number = route.port().as_ref()?.number;
        let at = match self.0.interface {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            one => one,
        };
        Some(format!("{}://{}", self.0.scheme.name(), SocketAddr::new(at, number)))
    }

    /// Where this very release of `project` answers while it is kept.
    pub(crate) fn preview_url(&self, project: &ProjectId, commit: &ShortCommit) -> String {
        format!("{}://{commit}.{project}.localhost:{}", self.0.scheme.name(), self.0.port)
    }

    /// Sends new requests to `to` from here on. What was replaced finishes what it has: wait with [`Switched::drained`].
    pub(crate) fn switch(&self, project: &ProjectId, commit: &ShortCommit, to: Healthy) -> Switched {
        let instance = Arc::new(Instance::new(to, commit.clone(), self.0.workers.count()));
        self.0.routes.of(project).switch(Some(instance))
    }

    /// Routes to an instance that outlived the platform, where nothing is replaced.
    pub(crate) fn restore(&self, project: &ProjectId, commit: &ShortCommit, to: Healthy) {
        drop(self.switch(project, commit, to));
    }

    /// Takes `project` off the air and keeps its port; its hosts say that it is stopped. `None` when nothing was live.
    pub(crate) fn withdraw(&self, project: &ProjectId) -> Option<Switched> {
        let switched = self.0.routes.find(project.as_str())?.switch(None);
        switched.old.is_some().then_some(switched)
    }

    /// Forgets `project`: closes its port and its route. `None` when nothing was live.
    pub(crate) fn remove(&self, project: &ProjectId) -> Option<Switched> {
        let route = self.0.routes.remove(project)?;
        if let Some(port) = route.port().take() {
            port.open.cancel();
        }
        let switched = route.switch(None);
        switched.old.is_some().then_some(switched)
    }

    /// Tells which releases of `project` are kept: only those are started when their hosts are asked. A project without a
    /// route, such as one that was deleted meanwhile, gets none by this.
    pub(crate) fn known(&self, project: &ProjectId, commits: &[ShortCommit]) {
        if let Some(route) = self.0.routes.find(project.as_str()) {
            route.know(commits);
        }
    }

    /// The releases to be started from here on: kept ones that do not run and whose hosts are asked.
    pub(crate) fn wakes(&self) -> mpsc::Receiver<Wake> {
        let (queue, wakes) = mpsc::channel(WAKES_MAX);
        self.0.routes.wake_with(Waker { queue, workers: self.0.workers.count() });
        wakes
    }

    /// Ends the previews of `project` and starts no others; resolves when nothing of them is left.
    pub(crate) async fn end_previews(&self, project: &ProjectId) {
        if let Some(route) = self.0.routes.find(project.as_str()) {
            route.know(&[]);
            route.previews().ended().await;
        }
    }

    fn accept(&self, listeners: Vec<TcpListener>, entrance: &Entrance, open: &CancellationToken) {
        for listener in listeners {
            let (workers, places) = (Arc::clone(&self.0.workers), Arc::clone(&self.0.places));
            self.0.tasks.spawn(listen::accept(listener, entrance.clone(), workers, places, open.clone()));
        }
    }
}
