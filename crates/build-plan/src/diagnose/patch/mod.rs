//! From a finding to a patch: a unified diff against the project's files, where the fix is mechanical.
//!
//! The finding's words come from output that nobody vouches for, and a patch may be tried without a person reading it.
//! Hence a patch adds only packages that are well known by name, changes only what the failure is about, and nothing is
//! proposed where a lock file would have to be written anew.

mod address;
mod apply;
mod command;
mod diff;
mod json;
mod known;
mod node;
mod node_port;
mod python;
mod settings;
mod version;

pub(super) use known::{is_python as is_known_in_python, package_of_program};

use super::rule::Finding;
use super::scene::Scene;
use crate::Runtime;
use crate::project::Read;
pub use apply::{PatchError, patched};
use diff::Change;

/// The largest file that a patch changes, in bytes.
const FILE_BYTES_MAX: usize = 512 << 10;
/// The largest patch, in bytes: a line of a bundle may be as long as the bundle.
const PATCH_BYTES_MAX: usize = 16 << 10;

/// The project's files as a patch needs them.
struct Files<'a>(Read<'a>);

impl Files<'_> {
    /// The text of a file of the project; nothing for a path that leaves it.
    fn text(&self, path: &str) -> Option<String> {
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return None;
        }
        let bytes = (self.0)(path).filter(|bytes| bytes.len() <= FILE_BYTES_MAX)?;
        // A carriage return at a line's end would be lost on the way through a diff.
        String::from_utf8(bytes).ok().filter(|text| !text.contains('\r'))
    }

    fn has(&self, path: &str) -> bool {
        (self.0)(path).is_some()
    }

    /// The first of these that is there, with its text.
    fn first<'p>(&self, paths: &[&'p str]) -> Option<(&'p str, String)> {
        paths.iter().find_map(|path| Some((*path, self.text(path)?)))
    }
}

/// The patch for a finding.
pub(super) fn of(scene: &Scene, found: &Finding, read: Read<'_>) -> Option<String> {
    let files = Files(read);
    let changes = changes(scene, found, &files)?;
    let text: String = changes.iter().filter_map(Change::shown).collect();
    (!text.is_empty() && text.len() <= PATCH_BYTES_MAX).then_some(text)
}

fn changes(scene: &Scene, found: &Finding, files: &Files<'_>) -> Option<Vec<Change>> {
    let is_js = matches!(scene.runtime, Some(Runtime::Node | Runtime::Bun | Runtime::Static));
    let first = found.captured.first().map(String::as_str).unwrap_or_default();
    let last = found.captured.last().map(String::as_str).unwrap_or_default();
    let change = match found.code {
        "port_ignored" | "wrong_address" => return address::heed(scene, first, files),
        "missing_module" if is_js => node::require(files, first)?,
        "app_module_missing" => command::name_module(files, first)?,
        "missing_module" if command::names_module(files, first) => command::name_module(files, first)?,
        "missing_module" | "missing_optional_package" => python::require_module(files, first)?,
        "command_not_found" if is_js => node::require_tool(scene, files, last)?,
        "command_not_found" => python::require_package(files, last)?,
        "removed_standard_module" => python::require_setuptools(scene, found, files)?,
        "library_api_changed" => python::require_older(scene, found, files)?,
        "dependency_file_missing" => python::name_packages(files)?,
        "dependency_version_missing" => python::drop_standard(files, first)?,
        "native_library_missing" if first == "pg_config" => {
            python::swap(files, "psycopg2", "psycopg2-binary")?
        }
        "shared_library_missing" if first == "libGL.so.1" => {
            python::swap(files, "opencv-python", "opencv-python-headless")?
        }
        "pydantic_settings_moved" => return python::move_settings(scene, files),
        "app_object_missing" => return python::name_application(&found.captured, files),
        "host_not_allowed" => python::allow_hosts(files)?,
        "static_root_missing" => python::set_static_root(files)?,
        "missing_start_script" => node::add_start(files, first)?,
        "no_next_build" => node::add_script(files, "build", "next build")?,
        "module_format_mismatch" => node::make_module(scene, found, files)?,
        "too_many_open_files" => command::stop_watching(files)?,
        "permission_denied" => command::run_by_shell(files, last)?,
        "interactive_prompt" => command::force_artisan(files)?,
        "tool_configuration_invalid" if is_about(scene, found, "using Turbopack") => {
            command::build_with_webpack(files)?
        }
        "python_too_new" => version::older_python(files, &found.captured)?,
        "wrong_node_version" => version::needed_node(files, first)?,
        "locale_missing" => settings::set_env(files, "PYTHONUTF8", "\"1\"")?,
        "legacy_openssl" => settings::set_env(files, "NODE_OPTIONS", "--openssl-legacy-provider")?,
        "warnings_as_errors" => settings::set_env(files, "CI", "\"false\"")?,
        "migrations_pending" | "table_missing" => command::migrate(files)?,
        _ => return None,
    };
    Some(vec![change])
}

/// Whether the finding's line has these words.
fn is_about(scene: &Scene, found: &Finding, words: &str) -> bool {
    found.line.is_some_and(|line| scene.plain[line].contains(words))
}

#[cfg(test)]
mod tests;
