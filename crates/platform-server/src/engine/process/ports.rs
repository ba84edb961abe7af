//! Free loopback ports for instances.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

/// How many ports are remembered; no two starts that are this close to each other get the same.
const RECENT_MAX: usize = 512;
/// How many ports are tried before the kernel is asked for any.
const ATTEMPTS: usize = 64;

/// Hands out ports.
#[derive(Debug, Default)]
pub(super) struct Ports {
    recent: Mutex<VecDeque<u16>>,
}

impl Ports {
    /// A port that nothing is bound to and that was not handed out lately.
    ///
    /// It lies below the range that the kernel takes for outgoing connections: a gateway under load opens thousands of
    /// those, and one of them could take the port in the moment before the app binds it.
    pub(super) fn pick(&self) -> io::Result<u16> {
        let range = below_ephemeral();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for attempt in 0.. {
            let wanted = if attempt < ATTEMPTS { random_in(&range)? } else { 0 };
            let Ok(port) = try_bind(wanted) else {
                if attempt > ATTEMPTS * 2 {
                    break;
                }
                continue;
            };
            if recent.contains(&port) && attempt < ATTEMPTS * 2 {
                continue;
            }
            recent.push_back(port);
            if recent.len() > RECENT_MAX {
                recent.pop_front();
            }
            return Ok(port);
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port on this machine"))
    }
}

fn below_ephemeral() -> Range<u16> {
    const FLOOR: u16 = 20_000;
    const USUAL_CEILING: u16 = 32_768;
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let ceiling = range.split_ascii_whitespace().next().and_then(|low| low.parse().ok());
    match ceiling.unwrap_or(USUAL_CEILING) {
        ceiling if ceiling > FLOOR + 1_000 => FLOOR..ceiling,
        _ => FLOOR..USUAL_CEILING,
    }
}

fn random_in(range: &Range<u16>) -> io::Result<u16> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let width = range.end - range.start;
    Ok(range.start + u16::from_ne_bytes(bytes) % width)
}

/// Binds without listening, so that nobody can connect to the trial; on all addresses, because an app may do so too.
fn try_bind(port: u16) -> io::Result<u16> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))?;
    let bound = SocketAddrV4::try_from(getsockname(&socket)?).map_err(io::Error::from)?;
    Ok(bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_starts_get_the_same_port() {
        let ports = Ports::default();
        let mut seen: Vec<u16> = (0..RECENT_MAX).map(|_| ports.pick().unwrap()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), RECENT_MAX);
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(try_bind(listener.local_addr().unwrap().port()).is_err());
    }
}
