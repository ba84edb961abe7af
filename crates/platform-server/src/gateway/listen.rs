//! Ports: opening them, and accepting what comes.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::connection::{Accepted, Entrance};
use super::worker::Workers;

/// How many clients' connections there are at most, if the limit on open files allows as many.
const CONNECTIONS_MAX: usize = 16_384;
/// How long accepting rests when the system has no more file descriptors, in milliseconds.
const EXHAUSTED_MS: u64 = 50;

/// The places for clients' connections: each needs two descriptors, and the rest of the platform needs some as well.
pub(super) fn places() -> Arc<Semaphore> {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    Arc::new(Semaphore::new((files / 3).clamp(32, CONNECTIONS_MAX)))
}

/// Opens `address`, and for loopback the same port of the other protocol version where it is free: names ending in
/// `localhost` mean both.
pub(super) async fn open(address: SocketAddr) -> io::Result<(u16, Vec<TcpListener>)> {
    let listener = TcpListener::bind(address).await?;
    let port = listener.local_addr()?.port();
    let mut listeners = vec![listener];
    let twin = match address {
        SocketAddr::V4(v4) if *v4.ip() == Ipv4Addr::LOCALHOST => {
            Some(SocketAddr::from((Ipv6Addr::LOCALHOST, port)))
        }
        SocketAddr::V6(v6) if *v6.ip() == Ipv6Addr::LOCALHOST => {
            Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        }
        _ => None,
    };
    if let Some(twin) = twin {
        match TcpListener::bind(twin).await {
            Ok(listener) => listeners.push(listener),
            Err(error) => tracing::debug!(%error, "{twin} stays closed"),
        }
    }
    Ok((port, listeners))
}

/// Accepts connections until `open` is cancelled.
pub(super) async fn accept(
    listener: TcpListener,
    entrance: Entrance,
    workers: Arc<Workers>,
    places: Arc<Semaphore>,
    open: CancellationToken,
) {
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                Ok((stream, peer)) => {
                    workers.serve(Accepted { stream, peer, entrance: entrance.clone(), permit }).await;
                }
                Err(error) if is_exhausted(&error) => {
                    tracing::warn!(%error, "cannot accept a connection now");
                    tokio::time::sleep(Duration::from_millis(EXHAUSTED_MS)).await;
                }
                Err(error) => tracing::debug!(%error, "a client left before it was accepted"),
            }
        }
    };
    tokio::select! {
        () = open.cancelled() => {}
        () = accepting => {}
    }
}

fn is_exhausted(error: &io::Error) -> bool {
    let exhausted = [
        rustix::io::Errno::MFILE,
        rustix::io::Errno::NFILE,
        rustix::io::Errno::NOBUFS,
        rustix::io::Errno::NOMEM,
    ];
    exhausted.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
