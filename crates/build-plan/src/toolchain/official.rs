//! The tools' own ways of being installed, for systems whose packages do not have them or have them too old.

use super::machine::System;
use super::version::Numbers;

/// Versions that are installed where a project asks for none.
const GO_USUAL: &str = "1.24.0";
const JAVA_USUAL: u64 = 21;
const DOTNET_USUAL: &str = "8.0";
const PHP_USUAL: &str = "8.3";
const RUBY_USUAL: &str = "3.3.6";
const PYTHON_USUAL: &str = "3.12";
const NODE_USUAL: u64 = 22;
/// Build tools that do not depend on what a project asks for.
const MAVEN: &str = "3.9.9";
const GRADLE: &str = "8.14";

/// The command that installs a program, in `version` or newer, in the way that its makers describe.
pub(super) fn command(program: &str, version: Option<&Numbers>, system: &System) -> String {
    if system.id == "macos" {
        return format!("see {}", site(program));
    }
    let sudo = system.sudo();
    match program {
        "python3" => format!(
            "curl -LsSf https://astral.sh/uv/install.sh | sh && ~/.local/bin/uv python install {}",
            parts(version, 2, PYTHON_USUAL)
        ),
        "uv" => "curl -LsSf https://astral.sh/uv/install.sh | sh".to_owned(),
        "node" | "npm" => node(version, system),
        "pnpm" | "yarn" | "bun" | "deno" => format!("{sudo}npm install -g {program}"),
        "go" => go(version, system),
        "cargo" | "rustup" => {
            "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y".to_owned()
        }
        "java" | "javac" => java(version, system),
        "mvn" => format!(
            "curl -fsSL https://archive.apache.org/dist/maven/maven-3/{MAVEN}/binaries/apache-maven-{MAVEN}-bin.tar.gz | \
             {sudo}tar -xz -C /opt && {sudo}ln -sf /opt/apache-maven-{MAVEN}/bin/mvn /usr/local/bin/"
        ),
        "gradle" => format!(
            "curl -fsSLo /tmp/gradle.zip https://services.gradle.org/distributions/gradle-{GRADLE}-bin.zip && \
             {sudo}unzip -q -d /opt /tmp/gradle.zip && {sudo}ln -sf /opt/gradle-{GRADLE}/bin/gradle /usr/local/bin/"
        ),
        "php" => php(version, system),
        "composer" => format!(
            "curl -fsSL https://getcomposer.org/installer | \
             {sudo}php -- --install-dir=/usr/local/bin --filename=composer"
        ),
        "ruby" => format!(
            "git clone --depth 1 https://github.com/rbenv/ruby-build /tmp/ruby-build && \
             {sudo}/tmp/ruby-build/bin/ruby-build {} /usr/local",
            parts(version, 3, RUBY_USUAL)
        ),
        "bundle" => format!("{sudo}gem install bundler"),
        "elixir" => "curl -fsSO https://elixir-lang.org/install.sh && \
                     sh install.sh elixir@latest otp@latest"
            .to_owned(),
        "dotnet" => format!(
            "curl -fsSL https://dot.net/v1/dotnet-install.sh | \
             {sudo}bash -s -- --channel {} --install-dir /usr/local/share/dotnet && \
             {sudo}ln -sf /usr/local/share/dotnet/dotnet /usr/local/bin/",
            parts(version, 2, DOTNET_USUAL)
        ),
        "mdbook" => "cargo install mdbook".to_owned(),
        program => format!("see {}", site(program)),
    }
}

/// What has to be known about such an installation; nothing where it is on everybody's `PATH`.
pub(super) fn remark(program: &str) -> Option<&'static str> {
    match program {
        "cargo" | "rustup" | "mdbook" => {
            Some("it goes to ~/.cargo/bin, which must be on the PATH of the platform")
        }
        "elixir" => Some(
            "it goes to ~/.elixir-install/installs, of which both bin folders must be on the PATH of the platform",
        ),
        "python3" => Some("interpreters come from GitHub, where that can be reached: PyPI has none"),
        _ => None,
    }
}

fn site(program: &str) -> &'static str {
    match program {
        "python3" => "https://www.python.org/downloads",
        "node" | "npm" => "https://nodejs.org/en/download",
        "go" => "https://go.dev/dl",
        "cargo" | "rustup" | "mdbook" => "https://rustup.rs",
        "java" | "javac" => "https://adoptium.net/temurin/releases",
        "mvn" => "https://maven.apache.org/install.html",
        "gradle" => "https://gradle.org/install",
        "php" => "https://www.php.net/downloads",
        "composer" => "https://getcomposer.org/download",
        "ruby" | "bundle" => "https://www.ruby-lang.org/en/documentation/installation",
        "dotnet" => "https://dotnet.microsoft.com/download",
        "elixir" => "https://elixir-lang.org/install.html",
        "hugo" => "https://gohugo.io/installation",
        "zola" => "https://www.getzola.org/documentation/getting-started/installation",
        _ => "the documentation of your system",
    }
}

fn node(version: Option<&Numbers>, system: &System) -> String {
    let sudo = system.sudo();
    if !matches!(system.id.as_str(), "debian" | "ubuntu") {
        return format!("see {}", site("node"));
    }
    let major = version.and_then(|version| version.0.first().copied()).unwrap_or(NODE_USUAL);
    format!(
        "curl -fsSL https://deb.nodesource.com/setup_{major}.x | {sudo}bash - && {sudo}apt install -y nodejs"
    )
}

fn go(version: Option<&Numbers>, system: &System) -> String {
    let sudo = system.sudo();
    let version = match version.map(|version| version.0.as_slice()) {
        // Since 1.21 the first one of a line ends in a zero.
        Some([1, minor]) if *minor >= 21 => format!("1.{minor}.0"),
        Some([1, minor, 0]) if *minor < 21 => format!("1.{minor}"),
        Some([major, rest @ ..]) if !rest.is_empty() => Numbers([&[*major], rest].concat()).text(),
        _ => GO_USUAL.to_owned(),
    };
    let processor = if system.processor == "aarch64" { "arm64" } else { "amd64" };
    format!(
        "{sudo}rm -rf /usr/local/go && curl -fsSL https://go.dev/dl/go{version}.linux-{processor}.tar.gz | \
         {sudo}tar -xz -C /usr/local && {sudo}ln -sf /usr/local/go/bin/go /usr/local/go/bin/gofmt /usr/local/bin/"
    )
}

fn java(version: Option<&Numbers>, system: &System) -> String {
    let sudo = system.sudo();
    let major = version.and_then(|version| version.0.first().copied()).unwrap_or(JAVA_USUAL);
    let processor = if system.processor == "aarch64" { "aarch64" } else { "x64" };
    let folder = format!("/opt/jdk-{major}");
    format!(
        "{sudo}mkdir -p {folder} && \
         curl -fsSL https://api.adoptium.net/v3/binary/latest/{major}/ga/linux/{processor}/jdk/hotspot/normal/eclipse | \
         {sudo}tar -xz --strip-components=1 -C {folder} && \
         {sudo}ln -sf {folder}/bin/java {folder}/bin/javac /usr/local/bin/"
    )
}

fn php(version: Option<&Numbers>, system: &System) -> String {
    let sudo = system.sudo();
    let package = format!("php{}-cli", parts(version, 2, PHP_USUAL));
    match system.id.as_str() {
        "debian" => format!(
            "curl -fsSL https://packages.sury.org/php/README.txt | {sudo}bash && {sudo}apt install -y {package}"
        ),
        "ubuntu" => {
            format!("{sudo}add-apt-repository -y ppa:ondrej/php && {sudo}apt install -y {package}")
        }
        _ => format!("see {}", site("php")),
    }
}

/// The first numbers of a version; the usual one where there is none.
fn parts(version: Option<&Numbers>, count: usize, usual: &str) -> String {
    match version {
        Some(version) => Numbers(version.padded()[..count].to_vec()).text(),
        None => usual.to_owned(),
    }
}
