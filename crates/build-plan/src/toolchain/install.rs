//! The command that gets a program or a package onto a system.

use super::machine::{Manager, System};
use super::range::{Range, Verdict};
use super::version::Numbers;
use super::{official, package, packaged};

/// How something is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Install {
    /// The command, or where it is described.
    pub(super) command: String,
    /// What has to be known about it.
    pub(super) note: Option<String>,
}

/// Whether the machine has an older one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    No,
    TooOld,
}

/// The command that installs a program in a version that fits.
pub(super) fn of_program(
    name: &str,
    (label, wanted): (&str, Option<&Range>),
    system: &System,
    present: Present,
) -> Install {
    let known = packaged::versions(system, name);
    let fits =
        |version: &&&str| wanted.is_none_or(|wanted| wanted.judge(&Numbers::parse(version)) == Verdict::Fits);
    let fitting = known.and_then(|versions| versions.iter().find(fits)).copied();
    let lowest = wanted.and_then(Range::lowest);
    let is_worth_a_try = match (known, wanted, system.manager()) {
        (Some(_), Some(_), _) => fitting.is_some(),
        // What a release that is not listed has got too old stays so.
        (None, Some(_), Some(Manager::Apt | Manager::Dnf | Manager::Zypper)) => present == Present::No,
        _ => true,
    };
    if let Some(manager) = system.manager().filter(|_| is_worth_a_try)
        && let Some(packages) = names(name, manager, (fitting, lowest))
    {
        return Install { command: manager.command(&packages, system), note: None };
    }
    let newest = known.and_then(|versions| versions.last());
    let too_old = newest
        .filter(|_| wanted.is_some())
        .map(|version| format!("{} packages {label} {version}, which does not fit", system.name));
    let remark = official::remark(name).map(str::to_owned);
    let note = [too_old, remark].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let command = official::command(name, lowest, system);
    Install { command, note: Some(note).filter(|note| !note.is_empty()) }
}

/// The command that installs a package of the system; `None` where nobody knows what it is called there.
pub(super) fn of_package(name: &str, system: &System) -> Option<String> {
    let manager = system.manager()?;
    let elsewhere = package::find(name)?.elsewhere;
    let name = match manager {
        Manager::Apt => name,
        Manager::Dnf => elsewhere[0],
        Manager::Pacman => elsewhere[1],
        Manager::Apk => elsewhere[2],
        Manager::Zypper => elsewhere[3],
        Manager::Brew => elsewhere[4],
    };
    (!name.is_empty()).then(|| manager.command(name, system))
}

/// The packages that bring a program; `None` where the system has none.
fn names(
    program: &str,
    manager: Manager,
    (packaged, lowest): (Option<&str>, Option<&Numbers>),
) -> Option<String> {
    // For apt, dnf, pacman, apk, zypper, Homebrew.
    let all = match program {
        "java" | "javac" => return Some(java(manager, packaged, lowest)),
        "dotnet" => return dotnet(manager, packaged, lowest),
        "python3" => ["python3 python3-venv", "python3", "python", "python3", "python3", "python"],
        "node" | "npm" => {
            ["nodejs npm", "nodejs npm", "nodejs npm", "nodejs npm", "nodejs-default npm-default", "node"]
        }
        "go" => ["golang-go", "golang", "go", "go", "go", "go"],
        "cargo" => ["cargo", "cargo", "rust", "cargo", "cargo", "rust"],
        "rustup" => ["", "", "rustup", "rustup", "rustup", "rustup"],
        "cc" => ["build-essential", "gcc", "gcc", "build-base", "gcc", "gcc"],
        "mvn" => ["maven"; 6],
        "gradle" => ["", "", "gradle", "gradle", "", "gradle"],
        "php" => ["php-cli", "php-cli", "php", "php", "php8", "php"],
        "composer" => ["composer", "composer", "composer", "composer", "php-composer2", "composer"],
        "ruby" => [
            "ruby-dev bundler",
            "ruby-devel rubygem-bundler",
            "ruby ruby-bundler",
            "ruby-dev ruby-bundler",
            "ruby-devel",
            "ruby",
        ],
        "bundle" => ["bundler", "rubygem-bundler", "ruby-bundler", "ruby-bundler", "", "ruby"],
        "elixir" => ["elixir"; 6],
        "git" => ["git"; 6],
        "hugo" => ["hugo"; 6],
        "zola" => ["", "", "zola", "zola", "", "zola"],
        "mdbook" => ["", "", "mdbook", "mdbook", "", "mdbook"],
        "uv" => ["", "uv", "uv", "uv", "", "uv"],
        "deno" => ["", "", "deno", "deno", "", "deno"],
        _ => return None,
    };
    let name = match manager {
        Manager::Apt => all[0],
        Manager::Dnf => all[1],
        Manager::Pacman => all[2],
        Manager::Apk => all[3],
        Manager::Zypper => all[4],
        Manager::Brew => all[5],
    };
    (!name.is_empty()).then(|| name.to_owned())
}

fn java(manager: Manager, packaged: Option<&str>, lowest: Option<&Numbers>) -> String {
    let major =
        packaged.map(Numbers::parse).as_ref().or(lowest).and_then(|version| version.0.first().copied());
    // A project that asks for nothing takes what is usual there.
    let Some(major) = major.filter(|_| lowest.is_some()) else {
        let usual = match manager {
            Manager::Apt => "default-jdk-headless",
            Manager::Dnf => "java-latest-openjdk-devel",
            Manager::Pacman => "jdk-openjdk",
            Manager::Apk => "openjdk21",
            Manager::Zypper => "java-21-openjdk-devel",
            Manager::Brew => "openjdk",
        };
        return usual.to_owned();
    };
    match manager {
        Manager::Apt => format!("openjdk-{major}-jdk-headless"),
        Manager::Dnf | Manager::Zypper => format!("java-{major}-openjdk-devel"),
        Manager::Pacman => format!("jdk{major}-openjdk"),
        Manager::Apk => format!("openjdk{major}"),
        Manager::Brew => format!("openjdk@{major}"),
    }
}

fn dotnet(manager: Manager, packaged: Option<&str>, lowest: Option<&Numbers>) -> Option<String> {
    let lowest = lowest.map(|version| Numbers(version.padded()[..2].to_vec()));
    let version = packaged.map(str::to_owned).or_else(|| lowest.as_ref().map(Numbers::text));
    let version = version.unwrap_or_else(|| "8.0".to_owned());
    let major = version.split('.').next().unwrap_or(&version);
    match manager {
        // Only some releases of Ubuntu have it.
        Manager::Apt => packaged.map(|version| format!("dotnet-sdk-{version}")),
        Manager::Dnf => Some(format!("dotnet-sdk-{version}")),
        Manager::Pacman => Some("dotnet-sdk aspnet-runtime".to_owned()),
        Manager::Apk => Some(format!("dotnet{major}-sdk")),
        Manager::Zypper => None,
        Manager::Brew => Some("dotnet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::machine::User;
    use crate::toolchain::range::Dialect;

    fn system(text: &str) -> System {
        System { processor: "x86_64".to_owned(), ..System::parse(text) }
    }

    #[track_caller]
    fn command(program: &str, wanted: Option<(&str, Dialect)>, system: &System) -> Install {
        let range = wanted.map(|(text, dialect)| Range::parse(text, dialect));
        of_program(program, (program, range.as_ref()), system, Present::No)
    }

    #[test]
    fn every_system_gets_its_own_command() {
        for (os, expected) in [
            ("ID=debian\nVERSION_ID=13", "sudo apt install -y golang-go"),
            ("ID=ubuntu\nVERSION_ID=24.04", "sudo apt install -y golang-go"),
            ("ID=fedora\nVERSION_ID=41", "sudo dnf install -y golang"),
            ("ID=arch", "sudo pacman -S --noconfirm go"),
            ("ID=alpine\nVERSION_ID=3.20.3", "sudo apk add go"),
            ("ID=opensuse-tumbleweed\nID_LIKE=suse", "sudo zypper install -y go"),
        ] {
            assert_eq!(command("go", Some(("1.22", Dialect::Minimum)), &system(os)).command, expected);
        }
        assert_eq!(command("go", None, &System::macos()).command, "brew install go");
        let root = System { user: User::Root, ..system("ID=alpine") };
        assert_eq!(command("go", None, &root).command, "apk add go");
        assert_eq!(command("go", None, &system("ID=nixos")).command.split(' ').next(), Some("sudo"));
    }

    #[test]
    fn what_a_release_has_too_old_comes_from_its_makers_and_that_is_said() {
        let debian = system("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=12");
        let go = command("go", Some(("1.24", Dialect::Minimum)), &debian);
        assert!(go.command.contains("https://go.dev/dl/go1.24.0.linux-amd64.tar.gz"), "{}", go.command);
        assert_eq!(go.note.as_deref(), Some("Debian 12 packages go 1.19, which does not fit"));
        let go = command("go", Some(("1.19", Dialect::Minimum)), &debian);
        assert_eq!((go.command.as_str(), go.note), ("sudo apt install -y golang-go", None));
        for (program, wanted, dialect, part) in [
            ("java", "21", Dialect::Minimum, "/binary/latest/21/ga/linux/x64/"),
            ("java", "17", Dialect::Minimum, "apt install -y openjdk-17-jdk-headless"),
            ("java", "11", Dialect::Major, "/binary/latest/11/ga/linux/x64/"),
            ("php", "^8.3", Dialect::Composer, "packages.sury.org"),
            ("php", "^8.1", Dialect::Composer, "apt install -y php-cli"),
            ("ruby", "3.3.1", Dialect::Gem, "ruby-build 3.3.1 /usr/local"),
            ("dotnet", "8.0", Dialect::Major, "--channel 8.0 "),
            ("elixir", "~> 1.17", Dialect::Gem, "elixir@latest"),
            ("python3", ">=3.13", Dialect::Python, "uv python install 3.13"),
            ("cargo", "1.85", Dialect::Minimum, "https://sh.rustup.rs"),
        ] {
            let found = command(program, Some((wanted, dialect)), &debian).command;
            assert!(found.contains(part), "{program} {wanted}: {found}");
        }
        let ubuntu = system("ID=ubuntu\nVERSION_ID=24.04");
        let found = command("dotnet", Some(("8.0", Dialect::Major)), &ubuntu).command;
        assert_eq!(found, "sudo apt install -y dotnet-sdk-8.0");
        let found = command("java", Some(("21", Dialect::Minimum)), &ubuntu).command;
        assert_eq!(found, "sudo apt install -y openjdk-21-jdk-headless");
    }

    #[test]
    fn what_an_unknown_release_has_too_old_is_not_installed_again() {
        let mint = system("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=22");
        let wanted = Range::parse("1.24", Dialect::Minimum);
        let of = |present| of_program("go", ("Go", Some(&wanted)), &mint, present).command;
        assert_eq!(of(Present::No), "sudo apt install -y golang-go");
        assert!(of(Present::TooOld).contains("https://go.dev/dl/"));
    }

    #[test]
    fn every_program_of_the_table_can_be_had_everywhere() {
        for program in crate::toolchain::program::PROGRAMS {
            for os in ["ID=debian\nVERSION_ID=12", "ID=fedora", "ID=arch", "ID=alpine", "ID=suse", "ID=void"]
            {
                let install = command(program.name, None, &system(os));
                assert!(!install.command.ends_with("of your system") || os == "ID=void", "{}", program.name);
            }
        }
    }

    #[test]
    fn packages_are_called_what_they_are_called_there() {
        let of = |os| of_package("libpq-dev", &system(os));
        assert_eq!(of("ID=debian").as_deref(), Some("sudo apt install -y libpq-dev"));
        assert_eq!(of("ID=fedora").as_deref(), Some("sudo dnf install -y libpq-devel"));
        assert_eq!(of("ID=nixos"), None);
        assert_eq!(of_package("libldap2-dev", &system("ID=fedora")), None, "nobody looked it up");
    }
}
