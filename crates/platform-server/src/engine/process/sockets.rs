//! Which TCP addresses a tree of processes listens on.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::sock_diag;
use super::tree::descendants;

/// The addresses on which a process below `root` listens, in ascending order.
pub(super) fn listening(root: i32) -> Vec<SocketAddr> {
    let processes = descendants(root);
    if processes.is_empty() {
        return Vec::new();
    }
    // Some containers have no such netlink; what they print is slow to read, but says the same.
    let table = sock_diag::listeners().unwrap_or_else(|_| printed_listeners());
    let mut found: Vec<SocketAddr> = processes
        .iter()
        .flat_map(|process| socket_inodes(process.pid))
        .filter_map(|inode| table.get(&inode).copied())
        .map(plain)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Java opens IPv4 addresses through IPv6 sockets: `[::ffff:127.0.0.1]` is 127.0.0.1.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The listening sockets as `/proc` prints them, by inode.
fn printed_listeners() -> HashMap<u64, SocketAddr> {
    let mut found = HashMap::new();
    for table in ["tcp", "tcp6"] {
        let Ok(file) = std::fs::File::open(format!("/proc/net/{table}")) else { continue };
        found.extend(BufReader::new(file).lines().map_while(Result::ok).filter_map(|line| parse(&line)));
    }
    found
}

/// The inode and address of one line, if it is a listener's.
fn parse(line: &str) -> Option<(u64, SocketAddr)> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_ascii_whitespace();
    let local = fields.nth(1)?;
    if fields.nth(1)? != LISTEN {
        return None;
    }
    let inode = fields.nth(5)?.parse().ok()?;
    let (address, port) = local.split_once(':')?;
    Some((inode, SocketAddr::new(parse_ip(address)?, u16::from_str_radix(port, 16).ok()?)))
}

/// An address is printed as 32-bit words in the machine's own byte order.
fn parse_ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    if hex.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let words = [word(0)?, word(8)?, word(16)?, word(24)?];
    let octets: [u8; 16] = words.concat().try_into().ok()?;
    Some(Ipv6Addr::from(octets).into())
}

fn socket_inodes(pid: i32) -> Vec<u64> {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let target = |entry: std::fs::DirEntry| std::fs::read_link(entry.path()).ok();
    descriptors
        .flatten()
        .filter_map(target)
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_and_proc_agree() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_ours =
            |table: HashMap<u64, SocketAddr>| table.into_iter().find(|(_, found)| *found == address);
        let printed = is_ours(printed_listeners());
        assert!(printed.is_some());
        assert_eq!(printed, is_ours(sock_diag::listeners().unwrap()));
    }

    #[test]
    fn an_address_of_one_family_within_the_other_is_what_it_stands_for() {
        let plain = |text: &str| plain(text.parse().unwrap()).to_string();
        assert_eq!(plain("[::ffff:127.0.0.1]:80"), "127.0.0.1:80");
        assert_eq!(plain("[::1]:80"), "[::1]:80");
    }

    #[test]
    fn lines_of_the_kernels_tables_are_understood() {
        let four = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        assert_eq!(parse(four), Some((4711, "127.0.0.1:8080".parse().unwrap())));
        let six = "   1: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A \
                   00000000:00000000 00:00000000 00000000  1000        0 99 1 0";
        assert_eq!(parse(six), Some((99, "[::]:3000".parse().unwrap())));
        assert_eq!(parse(&four.replace(" 0A ", " 01 ")), None);
    }
}
