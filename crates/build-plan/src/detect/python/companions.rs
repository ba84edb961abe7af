//! What an old package needs beside it and did not say when it was published: without a bound, the newest release of the
//! other one is installed, which no longer has what the old one imports.

use super::packages::Packages;

/// A package, the version from which it no longer applies, the package that it then needs to be older, and its bound.
type Companion = (&'static str, &'static [u64], &'static str, &'static str);

const COMPANIONS: &[Companion] = &[
    ("flask", &[2], "werkzeug", "werkzeug<2.1"),
    ("flask", &[2], "jinja2", "jinja2<3.1"),
    ("flask", &[2], "itsdangerous", "itsdangerous<2.1"),
    ("flask", &[2, 3], "werkzeug", "werkzeug<3"),
    ("flask-login", &[0, 6, 3], "werkzeug", "werkzeug<3"),
    ("flask-sqlalchemy", &[3], "sqlalchemy", "sqlalchemy<2"),
    ("jinja2", &[3], "markupsafe", "markupsafe<2.1"),
    ("gunicorn", &[20, 2], "setuptools", "setuptools<81"),
    ("pandas", &[2, 2, 2], "numpy", "numpy<2"),
    ("scikit-learn", &[1, 4, 2], "numpy", "numpy<2"),
    ("openai", &[1, 55, 3], "httpx", "httpx<0.28"),
    ("streamlit", &[1, 11], "protobuf", "protobuf<3.21"),
    ("streamlit", &[1, 22], "altair", "altair<5"),
    ("gradio", &[5], "huggingface-hub", "huggingface-hub<1"),
];

/// The bounds that the packages of a list need and that it does not name, each with the one that needs it.
pub(super) fn missing(packages: &Packages) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut bounded: Vec<&str> = Vec::new();
    for (package, below, other, bound) in COMPANIONS {
        let is_old = packages.pinned(package).is_some_and(|version| numbers(version).as_slice() < *below);
        if is_old && !packages.has(other) && !bounded.contains(other) {
            bounded.push(other);
            found.push((bound, package));
        }
    }
    found
}

/// The numbers of a version: `[2, 0, 1]` of `2.0.1`.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(requirements: &[&str]) -> Vec<&'static str> {
        let mut packages = Packages::of("requirements.txt");
        for requirement in requirements {
            packages.add(requirement);
        }
        missing(&packages).into_iter().map(|(bound, _)| bound).collect()
    }

    #[test]
    fn a_package_of_an_older_time_gets_what_it_was_made_for() {
        assert_eq!(bounds(&["Flask==2.0.1"]), ["werkzeug<3"]);
        assert_eq!(bounds(&["flask == 1.1.2"]), ["werkzeug<2.1", "jinja2<3.1", "itsdangerous<2.1"]);
        assert_eq!(bounds(&["flask==2.2.5", "Werkzeug==2.2.3", "gunicorn==20.1.0"]), ["setuptools<81"]);
        assert_eq!(bounds(&["pandas==2.0.3", "scikit-learn==1.3.0"]), ["numpy<2"]);
    }

    #[test]
    fn what_is_new_or_bounded_or_open_is_left_alone() {
        for requirements in [
            &["flask==3.0.0", "gunicorn==21.2.0"][..],
            &["flask>=2.0", "gunicorn"],
            &["flask==2.*"],
            &["pandas==2.0.3", "numpy>=1.26"],
        ] {
            assert_eq!(bounds(requirements), [] as [&str; 0], "{requirements:?}");
        }
    }
}
