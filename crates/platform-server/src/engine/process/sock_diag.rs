//! The machine's listening TCP sockets, asked of the kernel over netlink. Reading `/proc/net/tcp` instead walks the
//! whole table of connections, 10 to 30 ms on an ordinary machine, and a health check asks many times a second.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const REQUEST_DUMP: u16 = 0x301;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const IPPROTO_TCP: u8 = 6;
/// The bit of the state `TCP_LISTEN`.
const LISTENING: u32 = 1 << 10;
/// The families as the kernel numbers them.
const INET: u8 = 2;
const INET6: u8 = 10;

const HEADER_BYTES: usize = 16;
/// `struct inet_diag_req_v2`.
const REQUEST_BYTES: usize = 56;
/// `struct inet_diag_msg`.
const ANSWER_BYTES: usize = 72;
/// As much as the kernel puts into one datagram of a dump.
const DATAGRAM_BYTES: usize = 32 << 10;

/// Every listening TCP socket of this network namespace, by inode.
pub(super) fn listeners() -> io::Result<HashMap<u64, SocketAddr>> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?;
    let mut found = HashMap::new();
    for family in [INET, INET6] {
        send(&socket, &request(family), SendFlags::empty())?;
        receive(&socket, &mut found)?;
    }
    Ok(found)
}

/// Netlink speaks the machine's own byte order.
fn request(family: u8) -> Vec<u8> {
    let length = u32::try_from(HEADER_BYTES + REQUEST_BYTES).expect("it is short");
    let mut message = Vec::with_capacity(HEADER_BYTES + REQUEST_BYTES);
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend_from_slice(&REQUEST_DUMP.to_ne_bytes());
    // Sequence number and sender: one question at a time needs neither.
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[family, IPPROTO_TCP, 0, 0]);
    message.extend_from_slice(&LISTENING.to_ne_bytes());
    // The rest of the request names one socket, and we want them all.
    message.resize(HEADER_BYTES + REQUEST_BYTES, 0);
    message
}

fn receive(socket: &OwnedFd, found: &mut HashMap<u64, SocketAddr>) -> io::Result<()> {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    loop {
        let (length, _) = recv(socket, &mut datagram[..], RecvFlags::empty())?;
        let mut rest = &datagram[..length];
        while let Some((kind, body, next)) = message(rest) {
            match kind {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.extend(parse(body)),
            }
            rest = next;
        }
    }
}

/// The first message's type and body, and what follows it.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(part(bytes, 0)?)).ok()?;
    let kind = u16::from_ne_bytes(part(bytes, 4)?);
    let body = bytes.get(HEADER_BYTES..length)?;
    // Messages are aligned to four bytes.
    Some((kind, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn parse(body: &[u8]) -> Option<(u64, SocketAddr)> {
    let body = body.get(..ANSWER_BYTES)?;
    let address: IpAddr = match body[0] {
        INET => Ipv4Addr::from(part::<4>(body, 8)?).into(),
        INET6 => Ipv6Addr::from(part::<16>(body, 8)?).into(),
        _ => return None,
    };
    let port = u16::from_be_bytes(part(body, 4)?);
    let inode = u32::from_ne_bytes(part(body, 68)?);
    Some((inode.into(), SocketAddr::new(address, port)))
}

fn part<const LENGTH: usize>(bytes: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    bytes.get(at..at + LENGTH)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn listeners_of_both_families_are_found() {
        let four = TcpListener::bind("127.0.0.1:0").unwrap();
        let six = TcpListener::bind("[::]:0").unwrap();
        let found: Vec<SocketAddr> = listeners().unwrap().into_values().collect();
        assert!(found.contains(&four.local_addr().unwrap()));
        assert!(found.contains(&six.local_addr().unwrap()));
        let connection = std::net::TcpStream::connect(four.local_addr().unwrap()).unwrap();
        let found: Vec<SocketAddr> = listeners().unwrap().into_values().collect();
        assert!(!found.contains(&connection.local_addr().unwrap()));
    }
}
