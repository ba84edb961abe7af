//! Rules about Poetry, Pipenv and PDM, and about projects that are packages themselves.

use super::rule::{INSTALL, MAKE, Rule, rule};
use crate::Runtime::{self, Python};

const PY: &[Runtime] = &[Python];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_package_manager",
        MAKE,
        PY,
        [
            "Required uv version `{}` does not match the running version",
            "requires Poetry {}, but you are using",
            "This project requires Poetry {}"
        ],
        "The project wants another version of its package manager ({0})",
        "change `required-version` in pyproject.toml (Poetry: `requires-poetry`) to what runs here, or install the version that it names",
    ),
    rule!(
        "dependency_group_missing",
        MAKE,
        PY,
        [
            "Extra `{}` is not defined in the project's",
            "Group `{}` is not defined in the project's",
            "Group(s) not found: {}",
            "Extra [{}] is not specified",
            "Extra(s) [{}] not found"
        ],
        "The project has no extra or group of dependencies `{0}`",
        "correct the name in the install command, or define it in pyproject.toml (`[dependency-groups]`, `[project.optional-dependencies]`) and write the lock again",
    ),
    rule!(
        "manifest_missing",
        MAKE,
        PY,
        [
            "does not appear to be a Python project: neither 'setup.py' nor 'pyproject.toml' found",
            "is not installable. Neither 'setup.py' nor 'pyproject.toml' found",
            "No `pyproject.toml` found in current directory or any parent directory",
            "could not find a pyproject.toml file in {}",
            "No Pipfile present at project home"
        ],
        "There is no pyproject.toml where the command runs",
        "set `root` in backend-im.yml to the folder with the manifest, or install with `-r requirements.txt`",
    ),
    rule!(
        "package_renamed",
        MAKE,
        PY,
        ["The '{}' PyPI package is deprecated, use '{}'"],
        "The package `{0}` is now called `{1}`",
        "write `{1}` instead of `{0}` in requirements.txt or pyproject.toml, and write the lock again",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        PY,
        [
            "changed significantly since poetry.lock was last generated",
            "poetry.lock is not up to date with pyproject.toml",
            "pyproject.toml and poetry.lock are not consistent",
        ],
        "poetry.lock does not match pyproject.toml",
        "run `poetry lock`, and deploy the new poetry.lock with pyproject.toml",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        PY,
        ["Your Pipfile.lock ({}) is out of date"],
        "Pipfile.lock does not match the Pipfile",
        "run `pipenv lock`, and deploy the new Pipfile.lock with the Pipfile",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        PY,
        [
            "[PdmUsageError]: The lock file is not up-to-date{}",
            "Lock file hash doesn't match pyproject.toml",
            "Lockfile hash doesn't match pyproject.toml",
            "Lock file does not exist or hash doesn't match",
        ],
        "pdm.lock does not match pyproject.toml",
        "run `pdm lock`, and deploy the new pdm.lock with pyproject.toml",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        PY,
        ["which doesn't match any versions"],
        "There is no such version of a package",
        "correct its name or version in pyproject.toml, and write the lock again",
    ),
    rule!(
        "dependency_conflict",
        MAKE,
        PY,
        ["^Because {} depends on {}"],
        "The wanted versions contradict each other",
        "loosen or align the versions that the message names, so that one set satisfies all of them, and write the lock again",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        PY,
        ["In --require-hashes mode, all requirements must have"],
        "requirements.txt has hashes for some packages and not for all",
        "write it anew with all of them, also those that others need: `pip-compile --generate-hashes` or `uv pip compile --generate-hashes`",
    ),
    rule!(
        "lock_unreadable",
        MAKE,
        PY,
        [
            "The lock file is not compatible with the current version of Poetry",
            "Failed to parse `uv.lock`",
            "The lockfile at `uv.lock` uses an unsupported schema version",
        ],
        "The lock file was written by another version of the package manager, or is broken",
        "write it again with the version that is installed here, or install the version that wrote it",
    ),
    rule!(
        "wrong_python_version",
        MAKE,
        PY,
        [
            "Current Python version ({}) is not allowed by the project ({})",
            "The currently activated Python version {} is not supported by the project ({})",
            "Python {} was not found on your system",
            "does not match the Python requirement",
        ],
        "The project needs another Python ({1|see the message})",
        "install that Python on this machine, or widen `requires-python` in pyproject.toml (and .python-version) to the one that is installed",
    ),
    rule!(
        "python_too_new",
        MAKE,
        PY,
        [
            "error: the configured Python interpreter version ({}) is newer than PyO3's maximum supported version ({})",
            "Cannot install on Python version {}; only versions {} are supported",
            "RuntimeError: {} is not supported on this version of Python",
            "longintrepr.h: No such file or directory",
            "'PyThreadState' has no member named 'use_tracing'",
            "{} has no wheels with a matching Python",
            "{} can't be installed because it doesn't have a source distribution or wheel for the current platform",
            "{} has no wheels with a matching platform"
        ],
        "A package has no version for this Python yet ({0|see the message})",
        "update the package to a version that is built for this Python, or say an older Python in .python-version",
    ),
    rule!(
        "python_too_new",
        MAKE,
        PY,
        [
            "cannot import name 'getargspec' from 'inspect'",
            "module 'inspect' has no attribute 'getargspec'",
            "cannot import name '{}' from 'collections'",
            "module 'collections' has no attribute '{}'",
            "cannot import name 'Feature' from 'setuptools'",
            "module 'configparser' has no attribute 'SafeConfigParser'",
            "has no member named 'ob_digit'",
            "has no member named 'recursion_depth'",
        ],
        "A package is too old to be built for this Python",
        "choose a newer version of the package that the message names, or say an older Python in .python-version",
    ),
    rule!(
        "package_layout_unclear",
        MAKE,
        PY,
        [
            "Multiple top-level packages discovered in a flat-layout: {}",
            "Multiple top-level modules discovered in a flat-layout: {}",
            "Unable to determine which files to ship inside the wheel",
            "The current project could not be installed: {}",
            "Expected a Python module at: `{}`",
            "package directory '{}' does not exist",
        ],
        "The project is built as a package, and its packages cannot be told",
        "name them (`[tool.setuptools] packages = [\"app\"]`, `[tool.hatch.build.targets.wheel] packages = [\"app\"]`), or say that it is none: `package-mode = false` for Poetry, `[tool.uv] package = false` for uv",
    ),
    rule!(
        "wrong_platform",
        INSTALL,
        PY,
        [
            "No matching distribution found for pywin32{}",
            "No matching distribution found for pypiwin32{}",
            "No matching distribution found for pywinpty{}",
            "No matching distribution found for windows-curses{}",
            "No matching distribution found for pyobjc{}",
            "No matching distribution found for comtypes{}",
        ],
        "A package is made for another operating system",
        "remove it from requirements.txt, or mark it: `pywin32; sys_platform == \"win32\"`",
    ),
];
