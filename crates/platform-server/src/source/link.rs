//! Which symbolic links a project may have: only those that cannot lead out of it.

use platform_api::FilePath;

/// Whether a link at `path` with this target certainly stays inside the project.
///
/// `..` is accepted only at the start of the target, and not more often than the link has folders above it. A link's own
/// folders are real ones (a path is never both link and folder), so the start leads to a real folder of the project; from
/// there on it only goes down, through files and links for which the same holds.
pub(super) fn stays_inside(path: &FilePath, target: &[u8]) -> bool {
    let Ok(target) = std::str::from_utf8(target) else { return false };
    if target.is_empty() || target.starts_with('/') || target.contains(|c: char| c.is_control() || c == '\\')
    {
        return false;
    }
    let depth = path.as_str().split('/').count() - 1;
    let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let ups = parts.iter().take_while(|part| **part == "..").count();
    ups <= depth && parts[ups..].iter().all(|part| *part != ".." && !part.eq_ignore_ascii_case(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_go_up_only_at_their_start_and_never_out() {
        let path = |text: &str| text.parse::<FilePath>().unwrap();
        for (link, target) in [
            ("a", "b"),
            ("a", "./b/c"),
            ("x/a", "../b"),
            ("x/y/a", "../../b/c"),
            ("x/a", ".."),
            ("a", "b//c/"),
        ] {
            assert!(stays_inside(&path(link), target.as_bytes()), "{link} -> {target}");
        }
        for (link, target) in [
            ("a", ""),
            ("a", "/etc/passwd"),
            ("a", "../b"),
            ("x/a", "../../b"),
            // Through a link, the lexical answer ("x/b") and the real one differ.
            ("x/a", "b/../../c"),
            ("a", "b/.."),
            ("a", "b\\c"),
            ("a", "b\0"),
            ("a", ".git/config"),
        ] {
            assert!(!stays_inside(&path(link), target.as_bytes()), "{link} -> {target:?}");
        }
        assert!(!stays_inside(&path("a"), b"\xff"));
    }
}
