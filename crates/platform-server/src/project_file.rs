//! Reading one file of a checked-out project for a diagnosis.

use std::path::Path;

/// The largest file that a diagnosis looks at, in bytes.
const FILE_BYTES_MAX: u64 = 512 << 10;

/// The bytes of a plain file below `root`; nothing for one that is too big, or that lies elsewhere behind a link: what
/// is read here may be shown in a patch.
pub(crate) fn read(root: &Path, path: &str) -> Option<Vec<u8>> {
    let root = root.canonicalize().ok()?;
    let file = root.join(path);
    let is_inside = file.canonicalize().is_ok_and(|real| real == file && real.starts_with(&root));
    let meta = std::fs::symlink_metadata(&file).ok()?;
    (is_inside && meta.is_file() && meta.len() <= FILE_BYTES_MAX).then(|| std::fs::read(file).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_the_project_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("sub/a.txt"), "a").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        assert_eq!(read(&root, "sub/a.txt"), Some(b"a".to_vec()));
        for path in ["link", "../secret", "sub", "none", "/etc/passwd", "sub/../../secret"] {
            assert_eq!(read(&root, path), None, "{path}");
        }
    }
}
