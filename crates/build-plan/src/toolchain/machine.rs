//! What a machine has and what system it is, as somebody who may look has seen it.

use std::collections::{BTreeMap, BTreeSet};

/// What a machine has of what was looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its system.
    pub system: System,
    /// The programs that are there, by name.
    pub programs: BTreeMap<String, Installed>,
    /// The packages of which a sign was found, by their Debian names.
    pub packages: BTreeSet<String>,
}

/// A program that is there, in one version or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// What each of them said of itself; nothing where it was not asked.
    pub said: Vec<String>,
    /// What went wrong when it was asked, where none of them gave an answer.
    pub trouble: Option<String>,
}

/// An operating system, as far as it matters for installing something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// `debian`, `ubuntu`, `fedora`, `macos`; empty when nobody knows.
    pub id: String,
    /// What it descends from: `debian` for Ubuntu.
    pub like: Vec<String>,
    /// Its release: `12`, `24.04`.
    pub release: String,
    /// Its name for people: `Debian 12`.
    pub name: String,
    /// The processor, in the words of Rust: `x86_64`, `aarch64`.
    pub processor: String,
    /// Whose commands the shown ones are.
    pub user: User,
}

/// Who is to run a command that changes the system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum User {
    /// Somebody who has to become root for it.
    #[default]
    Person,
    /// Root, to whom `sudo` says nothing and who may not have it.
    Root,
}

/// What installs packages of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    Apt,
    Dnf,
    Pacman,
    Apk,
    Zypper,
    Brew,
}

impl System {
    /// Reads `/etc/os-release`.
    pub fn parse(os_release: &str) -> Self {
        let field = |name: &str| {
            let line = os_release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned()).unwrap_or_default()
        };
        let (id, release, name) = (field("ID"), field("VERSION_ID"), field("NAME"));
        let name = name.trim_end_matches(" GNU/Linux").trim_end_matches(" Linux");
        Self {
            name: format!("{name} {release}").trim().to_owned(),
            like: field("ID_LIKE").split_whitespace().map(str::to_owned).collect(),
            id,
            release,
            ..Self::default()
        }
    }

    /// What has no such file.
    pub fn macos() -> Self {
        Self { id: "macos".to_owned(), name: "macOS".to_owned(), ..Self::default() }
    }

    pub(super) fn manager(&self) -> Option<Manager> {
        let ids = std::iter::once(&self.id).chain(&self.like);
        ids.map(String::as_str).find_map(|id| match id {
            "debian" | "ubuntu" => Some(Manager::Apt),
            "fedora" | "rhel" | "centos" | "rocky" | "almalinux" | "amzn" => Some(Manager::Dnf),
            "arch" | "manjaro" => Some(Manager::Pacman),
            "alpine" => Some(Manager::Apk),
            "suse" | "opensuse" | "sles" | "opensuse-leap" | "opensuse-tumbleweed" => Some(Manager::Zypper),
            "macos" => Some(Manager::Brew),
            _ => None,
        })
    }

    /// `sudo ` where whoever is told has to become root first.
    pub(super) fn sudo(&self) -> &'static str {
        match self.user {
            User::Person => "sudo ",
            User::Root => "",
        }
    }
}

impl Manager {
    /// The command that installs these packages.
    pub(super) fn command(self, packages: &str, system: &System) -> String {
        let sudo = system.sudo();
        match self {
            Self::Apt => format!("{sudo}apt install -y {packages}"),
            Self::Dnf => format!("{sudo}dnf install -y {packages}"),
            Self::Pacman => format!("{sudo}pacman -S --noconfirm {packages}"),
            Self::Apk => format!("{sudo}apk add {packages}"),
            Self::Zypper => format!("{sudo}zypper install -y {packages}"),
            Self::Brew => format!("brew install {packages}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_themselves_or_by_what_they_descend_from() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n";
        let system = System::parse(debian);
        assert_eq!((system.name.as_str(), system.release.as_str()), ("Debian 12", "12"));
        for (text, manager) in [
            (debian, Some(Manager::Apt)),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Some(Manager::Apt)),
            ("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=41\n", Some(Manager::Dnf)),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", Some(Manager::Dnf)),
            ("ID=endeavouros\nID_LIKE='arch'\n", Some(Manager::Pacman)),
            ("ID=alpine\nVERSION_ID=3.20.3\n", Some(Manager::Apk)),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", Some(Manager::Zypper)),
            ("ID=nixos\n", None),
            ("", None),
        ] {
            assert_eq!(System::parse(text).manager(), manager, "{text}");
        }
        assert_eq!(System::macos().manager(), Some(Manager::Brew));
    }

    #[test]
    fn root_needs_no_sudo() {
        let person = System::parse("ID=debian\n");
        let root = System { user: User::Root, ..person.clone() };
        assert_eq!(Manager::Apt.command("golang-go", &person), "sudo apt install -y golang-go");
        assert_eq!(Manager::Apt.command("golang-go", &root), "apt install -y golang-go");
    }
}
