//! Which project a `Host` header means. Every port accepts only its own hosts, so that a page of another origin cannot
//! reach an app by pointing its own name at loopback (DNS rebinding).

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::HOST;
use http::{HeaderValue, Request};

/// The hosts of the shared port: `{project}.localhost:PORT` and `{commit}.{project}.localhost:PORT`.
#[derive(Debug, Clone)]
pub(super) struct SharedHosts {
    suffix: String,
}

/// What a host of the shared port names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// A project, whatever is live.
    Project(Cow<'a, str>),
    /// One release of a project.
    Release { commit: Cow<'a, str>, project: Cow<'a, str> },
}

impl SharedHosts {
    pub(super) fn new(port: u16) -> Self {
        let suffix = if port == 80 { ".localhost".to_owned() } else { format!(".localhost:{port}") };
        Self { suffix }
    }

    /// Reads `host`; `None` when it is none of this port's.
    pub(super) fn named<'a>(&self, host: &'a str) -> Option<Named<'a>> {
        let split = host.len().checked_sub(self.suffix.len()).filter(|at| host.is_char_boundary(*at))?;
        let (labels, suffix) = host.split_at(split);
        if !suffix.eq_ignore_ascii_case(&self.suffix) {
            return None;
        }
        let is_label =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match labels.split_once('.') {
            None if is_label(labels) => Some(Named::Project(lower(labels))),
            Some((commit, project)) if is_label(commit) && is_label(project) => {
                Some(Named::Release { commit: lower(commit), project: lower(project) })
            }
            _ => None,
        }
    }
}

/// The hosts of a project's own port.
#[derive(Debug, Clone)]
pub(super) enum OwnHosts {
    /// Loopback by number or by name.
    Loopback([String; 4]),
    /// Every name, off loopback: there the certificate tells whose it is.
    Any,
}

impl OwnHosts {
    pub(super) fn new(address: SocketAddr) -> Self {
        if !address.ip().is_loopback() {
            return Self::Any;
        }
        let port = address.port();
        let [v4, name, v6] = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}"));
        Self::Loopback([v4, name, v6, address.to_string()])
    }

    pub(super) fn accepts(&self, host: &str) -> bool {
        match self {
            Self::Loopback(own) => own.iter().any(|own| own.eq_ignore_ascii_case(host)),
            Self::Any => true,
        }
    }
}

/// The one host of a request; `None` when it has none, several, or an absolute target that names another.
pub(super) fn host_of<B>(request: &Request<B>) -> Option<&HeaderValue> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, None) = (hosts.next()?, hosts.next()) else { return None };
    match request.uri().authority() {
        Some(authority) if !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()) => None,
        _ => Some(host),
    }
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_port_reads_projects_and_releases() {
        let hosts = SharedHosts::new(8787);
        let project = |text: &'static str| Some(Named::Project(text.into()));
        assert_eq!(hosts.named("ana-todo.localhost:8787"), project("ana-todo"));
        assert_eq!(hosts.named("Ana-Todo.LOCALHOST:8787"), project("ana-todo"));
        assert_eq!(
            hosts.named("0123456789ab.ana-todo.localhost:8787"),
            Some(Named::Release { commit: "0123456789ab".into(), project: "ana-todo".into() })
        );
    }

    #[test]
    fn the_shared_port_refuses_every_other_host() {
        let hosts = SharedHosts::new(8787);
        for other in [
            "",
            "localhost:8787",
            ".localhost:8787",
            "127.0.0.1:8787",
            "evil.example:8787",
            "ana-todo.localhost",
            "ana-todo.localhost:87",
            "ana-todo.localhost:18787",
            "a.b.ana-todo.localhost:8787",
            "ana-todo.localhost:8787:8787",
            "ana-todo.localhost.:8787",
            "ana_todo.localhost:8787",
            "ana-todo.localhost:8787.evil.example",
            "é.localhost:8787",
            "x@ana.localhost:8787",
        ] {
            assert_eq!(hosts.named(other), None, "{other}");
        }
    }

    #[test]
    fn a_projects_own_port_is_loopback_only_unless_tls_tells_whose_it_is() {
        let hosts = OwnHosts::new("127.0.0.1:4100".parse().unwrap());
        for own in ["127.0.0.1:4100", "localhost:4100", "LocalHost:4100", "[::1]:4100"] {
            assert!(hosts.accepts(own), "{own}");
        }
        for other in ["127.0.0.1", "127.0.0.1:4101", "evil.example:4100", "ana-todo.localhost:4100", ""] {
            assert!(!hosts.accepts(other), "{other}");
        }
        assert!(OwnHosts::new("127.0.0.2:4100".parse().unwrap()).accepts("127.0.0.2:4100"));
        assert!(OwnHosts::new("0.0.0.0:4100".parse().unwrap()).accepts("apps.example:4100"));
    }

    #[test]
    fn a_request_has_exactly_one_host() {
        let request = |target: &str, hosts: &[&str]| {
            let mut builder = Request::get(target);
            for host in hosts {
                builder = builder.header(HOST, *host);
            }
            host_of(&builder.body(()).unwrap()).map(|host| host.to_str().unwrap().to_owned())
        };
        assert_eq!(request("/", &["a:1"]).as_deref(), Some("a:1"));
        assert_eq!(request("http://A:1/", &["a:1"]).as_deref(), Some("a:1"));
        assert_eq!(request("/", &[]), None);
        assert_eq!(request("/", &["a:1", "b:1"]), None);
        assert_eq!(request("http://b:1/", &["a:1"]), None);
    }
}
