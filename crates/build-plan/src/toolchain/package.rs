//! Packages of the operating system: by which file each is known to be there, and what it is called elsewhere.

/// A package, by its Debian name.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name in Debian and Ubuntu.
    pub name: &'static str,
    /// What shows that it is there; any of these.
    pub signs: &'static [Sign],
    /// Its names for dnf, pacman, apk, zypper and Homebrew; empty where nobody looked it up.
    pub(super) elsewhere: [&'static str; 5],
}

/// A file that a package brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A program on the `PATH`.
    Program(&'static str),
    /// A header, below one of the folders for headers.
    Header(&'static str),
    /// A shared library, in one of the folders for libraries.
    Library(&'static str),
}

use Sign::{Header, Library, Program};

const fn same(name: &'static str, sign: &'static [Sign]) -> Package {
    Package { name, signs: sign, elsewhere: [name; 5] }
}

const fn only(name: &'static str, sign: &'static [Sign]) -> Package {
    Package { name, signs: sign, elsewhere: [""; 5] }
}

const fn named(name: &'static str, signs: &'static [Sign], elsewhere: [&'static str; 5]) -> Package {
    Package { name, signs, elsewhere }
}

const PACKAGES: &[Package] = &[
    named("gcc", &[Program("gcc"), Program("cc")], ["gcc", "gcc", "build-base", "gcc", "gcc"]),
    named("g++", &[Program("g++"), Program("c++")], ["gcc-c++", "gcc", "build-base", "gcc-c++", "gcc"]),
    named(
        "build-essential",
        &[Program("make")],
        ["gcc gcc-c++ make", "base-devel", "build-base", "gcc gcc-c++ make", "make"],
    ),
    same("cmake", &[Program("cmake")]),
    named(
        "pkg-config",
        &[Program("pkg-config"), Program("pkgconf")],
        ["pkgconf-pkg-config", "pkgconf", "pkgconf", "pkg-config", "pkgconf"],
    ),
    named(
        "libpq-dev",
        &[Program("pg_config")],
        ["libpq-devel", "postgresql-libs", "libpq-dev", "postgresql-devel", "libpq"],
    ),
    named("libpq5", &[Library("libpq.so.5")], ["libpq", "postgresql-libs", "libpq", "libpq5", "libpq"]),
    named(
        "default-libmysqlclient-dev",
        &[Program("mysql_config"), Program("mariadb_config")],
        ["mariadb-connector-c-devel", "mariadb-libs", "mariadb-dev", "libmariadb-devel", "mysql-client"],
    ),
    named(
        "unixodbc",
        &[Library("libodbc.so.2")],
        ["unixODBC", "unixodbc", "unixodbc", "unixODBC", "unixodbc"],
    ),
    named(
        "libsqlite3-dev",
        &[Header("sqlite3.h")],
        ["sqlite-devel", "sqlite", "sqlite-dev", "sqlite3-devel", "sqlite"],
    ),
    named(
        "libffi-dev",
        &[Header("ffi.h")],
        ["libffi-devel", "libffi", "libffi-dev", "libffi-devel", "libffi"],
    ),
    named(
        "libssl-dev",
        &[Header("openssl/ssl.h")],
        ["openssl-devel", "openssl", "openssl-dev", "libopenssl-devel", "openssl"],
    ),
    named(
        "libicu-dev",
        &[Header("unicode/utypes.h")],
        ["libicu-devel", "icu", "icu-dev", "libicu-devel", "icu4c"],
    ),
    named(
        "libcairo2-dev",
        &[Header("cairo/cairo.h")],
        ["cairo-devel", "cairo", "cairo-dev", "cairo-devel", "cairo"],
    ),
    only("libcairo2", &[Library("libcairo.so.2")]),
    only("libldap2-dev", &[Header("ldap.h")]),
    only("libsasl2-dev", &[Header("sasl/sasl.h")]),
    only("libpango-1.0-0", &[Library("libpango-1.0.so.0")]),
    only("libpangoft2-1.0-0", &[Library("libpangoft2-1.0.so.0")]),
    only("libharfbuzz-subset0", &[Library("libharfbuzz-subset.so.0")]),
    only("libpango1.0-dev", &[Header("pango-1.0/pango/pango.h")]),
    only("libjpeg-dev", &[Header("jpeglib.h")]),
    only("libgif-dev", &[Header("gif_lib.h")]),
    only("librsvg2-dev", &[Header("librsvg-2.0/librsvg/rsvg.h")]),
    only("libgl1", &[Library("libGL.so.1")]),
    only("libglib2.0-0", &[Library("libglib-2.0.so.0")]),
    only("libmagic1", &[Library("libmagic.so.1")]),
    only("libsndfile1", &[Library("libsndfile.so.1")]),
    only("libzbar0", &[Library("libzbar.so.0")]),
    only("libenchant-2-2", &[Library("libenchant-2.so.2")]),
    only("portaudio19-dev", &[Header("portaudio.h")]),
    only("libgraphviz-dev", &[Header("graphviz/cgraph.h")]),
    only("libgdal-dev", &[Program("gdal-config")]),
    only("libxmlsec1-dev", &[Header("xmlsec1/xmlsec/xmlsec.h")]),
    only("freetds-dev", &[Header("sybdb.h")]),
    only("libsnappy-dev", &[Header("snappy-c.h")]),
    only("librdkafka-dev", &[Header("librdkafka/rdkafka.h")]),
    same("ffmpeg", &[Program("ffmpeg")]),
    same("graphviz", &[Program("dot")]),
    same("ocrmypdf", &[Program("ocrmypdf")]),
    only("wkhtmltopdf", &[Program("wkhtmltopdf")]),
    named(
        "imagemagick",
        &[Program("magick"), Program("convert")],
        ["ImageMagick", "imagemagick", "imagemagick", "ImageMagick", "imagemagick"],
    ),
    named(
        "graphicsmagick",
        &[Program("gm")],
        ["GraphicsMagick", "graphicsmagick", "graphicsmagick", "GraphicsMagick", "graphicsmagick"],
    ),
    named(
        "poppler-utils",
        &[Program("pdftoppm")],
        ["poppler-utils", "poppler", "poppler-utils", "poppler-tools", "poppler"],
    ),
    named(
        "tesseract-ocr",
        &[Program("tesseract")],
        ["tesseract", "tesseract", "tesseract-ocr", "tesseract-ocr", "tesseract"],
    ),
    named(
        "chromium",
        &[Program("chromium"), Program("chromium-browser"), Program("google-chrome")],
        ["chromium", "chromium", "chromium", "chromium", "--cask chromium"],
    ),
];

/// What is known of a package, by its Debian name.
pub fn find(name: &str) -> Option<&'static Package> {
    PACKAGES.iter().find(|package| package.name == name)
}
