//! Packages of the operating system that Python packages need, by their Debian names.

use super::packages::Packages;
use crate::draft::Draft;
use crate::project::Project;

/// What a Python package needs besides what its wheel brings.
const NEEDS: &[(&str, &[&str])] = &[
    ("psycopg2", &["libpq-dev", "gcc"]),
    ("psycopg", &["libpq5"]),
    ("mysqlclient", &["default-libmysqlclient-dev", "pkg-config", "gcc"]),
    ("pyodbc", &["unixodbc"]),
    ("python-ldap", &["libldap2-dev", "libsasl2-dev", "gcc"]),
    ("uwsgi", &["gcc"]),
    ("pycairo", &["libcairo2-dev", "pkg-config", "gcc"]),
    ("cairosvg", &["libcairo2"]),
    ("weasyprint", &["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]),
    ("xhtml2pdf", &["libcairo2-dev", "pkg-config", "gcc"]),
    ("pdfkit", &["wkhtmltopdf"]),
    ("imgkit", &["wkhtmltopdf"]),
    ("pdf2image", &["poppler-utils"]),
    ("pytesseract", &["tesseract-ocr"]),
    ("ocrmypdf", &["ocrmypdf"]),
    ("opencv-python", &["libgl1", "libglib2.0-0"]),
    ("opencv-contrib-python", &["libgl1", "libglib2.0-0"]),
    ("python-magic", &["libmagic1"]),
    ("pydub", &["ffmpeg"]),
    ("ffmpeg-python", &["ffmpeg"]),
    ("moviepy", &["ffmpeg"]),
    ("openai-whisper", &["ffmpeg"]),
    ("soundfile", &["libsndfile1"]),
    ("pyaudio", &["portaudio19-dev", "gcc"]),
    ("pyzbar", &["libzbar0"]),
    ("graphviz", &["graphviz"]),
    ("pygraphviz", &["libgraphviz-dev", "gcc"]),
    ("gdal", &["libgdal-dev", "g++"]),
    ("xmlsec", &["libxmlsec1-dev", "pkg-config", "gcc"]),
    ("python3-saml", &["libxmlsec1-dev", "pkg-config", "gcc"]),
    ("pymssql", &["freetds-dev"]),
    ("python-snappy", &["libsnappy-dev", "g++"]),
    ("wand", &["libmagickwand-dev"]),
    ("dlib", &["cmake", "g++"]),
    ("face-recognition", &["cmake", "g++"]),
    ("pyenchant", &["libenchant-2-2"]),
    ("python-libsass", &["g++"]),
];
/// Files in which other platforms let people list packages of the operating system.
const LISTS: &[&str] = &["packages.txt", "Aptfile", "apt.txt"];
/// How many packages such a file may name.
const LISTED_MAX: usize = 64;

/// Adds what the project's packages and its own lists need.
pub(super) fn note(project: &Project<'_>, packages: Option<&Packages>, draft: &mut Draft) {
    if let Some(packages) = packages {
        for (name, needs) in NEEDS.iter().filter(|(name, _)| packages.has(name)) {
            for need in *needs {
                draft.need_system_package(need, format!("{}: {name}", packages.source));
            }
        }
    }
    for file in LISTS {
        let Ok(Some(text)) = project.manifest(file) else { continue };
        for name in listed(&text).take(LISTED_MAX) {
            draft.need_system_package(name, *file);
        }
    }
}

/// The names in a list, one per line.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| {
        line.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && line.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.:=".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_packages_and_nothing_else() {
        let text = "# for ocr\ntesseract-ocr\n\nlibpq-dev # db\n:repo:deb http://x\nrm -rf /\n$(reboot)\n";
        assert_eq!(listed(text).collect::<Vec<_>>(), ["tesseract-ocr", "libpq-dev"]);
    }
}
