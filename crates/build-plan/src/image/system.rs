//! Packages of the operating system: all of them where the project is built, and where it runs the libraries alone.

use super::subject::Subject;

/// What only builds need.
const FOR_BUILDS: &[&str] =
    &["gcc", "g++", "make", "cmake", "pkg-config", "build-essential", "git", "hugo", "zola", "mdbook", "npm"];
/// Images that have these, and usual libraries with what compilers need of them.
const WITH_COMPILERS: &[&str] = &["python:", "node:", "ruby:", "golang:", "rust:", "elixir:"];
const COMPILERS: &[&str] = &["gcc", "g++", "make", "pkg-config", "build-essential", "git"];
/// Libraries by the packages that bring them together with what compilers need, as Debian 12 has them.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("default-libmysqlclient-dev", &["libmariadb3"]),
    ("freetds-dev", &["libsybdb5"]),
    ("libcairo2-dev", &["libcairo2"]),
    ("libffi-dev", &["libffi8"]),
    ("libgdal-dev", &["libgdal32"]),
    ("libgif-dev", &["libgif7"]),
    ("libgraphviz-dev", &["graphviz"]),
    ("libjpeg-dev", &["libjpeg62-turbo"]),
    ("libldap2-dev", &["libldap-2.5-0"]),
    ("libmagickwand-dev", &["libmagickwand-6.q16-6"]),
    ("libmariadb-dev", &["libmariadb3"]),
    ("libpango1.0-dev", &["libpango-1.0-0", "libpangocairo-1.0-0"]),
    ("libpq-dev", &["libpq5"]),
    ("librdkafka-dev", &["librdkafka1"]),
    ("librsvg2-dev", &["librsvg2-2"]),
    ("libsasl2-dev", &["libsasl2-2"]),
    ("libsnappy-dev", &["libsnappy1v5"]),
    ("libsqlite3-dev", &["libsqlite3-0"]),
    ("libssl-dev", &["libssl3"]),
    ("libvips-dev", &["libvips42"]),
    ("libxml2-dev", &["libxml2"]),
    ("libxmlsec1-dev", &["libxmlsec1-openssl"]),
    ("libxslt1-dev", &["libxslt1.1"]),
    ("libyaml-dev", &["libyaml-0-2"]),
    ("portaudio19-dev", &["libportaudio2"]),
    ("zlib1g-dev", &["zlib1g"]),
];

/// The packages of the plan that a build on this image installs.
pub(super) fn for_build(subject: &Subject<'_>, image: &str) -> Vec<String> {
    let has_compilers = WITH_COMPILERS.iter().any(|name| image.starts_with(name));
    let names = subject.plan.system_packages.iter().map(|package| package.name.as_str());
    sorted(names.filter(|name| is_installable(name) && !(has_compilers && COMPILERS.contains(name))))
}

/// The packages that an app needs when it runs.
pub(super) fn for_run(subject: &Subject<'_>, more: &[&'static str]) -> Vec<String> {
    let mut names = more.to_vec();
    for package in &subject.plan.system_packages {
        let name = package.name.as_str();
        match LIBRARIES.iter().find(|(whole, _)| *whole == name) {
            Some((_, libraries)) => names.extend(*libraries),
            None if FOR_BUILDS.contains(&name) || !is_installable(name) => {}
            None => names.push(name),
        }
    }
    sorted(names.into_iter())
}

/// Extensions of PHP are built for the image's own PHP, and Node comes from an image of its own.
fn is_installable(name: &str) -> bool {
    let is_known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.:".contains(&b);
    !(name == "nodejs" || name.starts_with("php-"))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(is_known)
}

fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The command that installs them.
pub(super) fn command(packages: &[String]) -> Vec<String> {
    vec![
        "apt-get update".to_owned(),
        format!("apt-get install -y --no-install-recommends {}", packages.join(" ")),
        "rm -rf /var/lib/apt/lists/*".to_owned(),
    ]
}
