//! Packages of the operating system that packages of Node need.

use super::manifest::PackageJson;
use crate::draft::Draft;

/// Packages by what needs them.
const NEEDED: &[(&str, &[&str])] = &[
    ("canvas", &["libcairo2-dev", "libpango1.0-dev", "libjpeg-dev", "libgif-dev", "librsvg2-dev"]),
    ("puppeteer", &["chromium"]),
    ("puppeteer-core", &["chromium"]),
    ("playwright", &["chromium"]),
    ("playwright-core", &["chromium"]),
    ("fluent-ffmpeg", &["ffmpeg"]),
    ("gm", &["graphicsmagick"]),
    ("node-rdkafka", &["librdkafka-dev"]),
    ("pg-native", &["libpq-dev"]),
    ("oracledb", &["libaio1"]),
    ("node-poppler", &["poppler-utils"]),
    ("tesseract.js-node", &["tesseract-ocr"]),
];

/// Notes what the dependencies need.
pub(super) fn note(package: &PackageJson, draft: &mut Draft) {
    for (name, needed) in NEEDED.iter().filter(|(name, _)| package.depends_on(name)) {
        for system in *needed {
            draft.need_system_package(system, format!("package.json: {name}"));
        }
    }
}
