//! Exit codes: what a script may rely on. `--help` prints the same table.

use std::process::ExitCode;

use platform_api::Code;

/// How the program ended, as a number for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// The deployment failed or was cancelled; the old version kept serving.
    DeploymentFailed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A setting, a `BACKEND_IM_*` variable or the configuration file is wrong.
    Configuration = 3,
    /// The platform cannot be reached or did not start.
    Unreachable = 4,
    /// The platform refused.
    Refused = 5,
    /// The folder cannot be deployed or written as it is.
    Folder = 6,
    /// Something on this machine is missing or broken.
    Machine = 7,
    /// Ctrl-C.
    Interrupted = 130,
}

/// The table that `--help` ends with.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  the deployment failed or was cancelled; the old version keeps serving
    2  the command line makes no sense
    3  a setting, a BACKEND_IM_* variable or the configuration file is wrong
    4  the platform cannot be reached or did not start
    5  the platform refused
    6  the folder cannot be deployed, or files in it are in the way
    7  something on this machine is missing or broken
  130  interrupted with Ctrl-C";

/// Wrong settings.
const CONFIGURATION: &[Code] = &[Code::INVALID_CONFIG, Code::INSECURE_URL, Code::NO_WORKSPACE_ROOT];

/// No platform to talk to.
const UNREACHABLE: &[Code] = &[
    Code::UNREACHABLE,
    Code::IMPOSTOR,
    Code::PLATFORM_NEWER,
    Code::PLATFORM_START_FAILED,
    Code::PORT_TAKEN,
    Code::DRAINING,
];

/// The folder, before the platform has heard of it.
const FOLDER: &[Code] = &[
    Code::NO_SUCH_FOLDER,
    Code::EMPTY_FOLDER,
    Code::OUTSIDE_WORKSPACE,
    Code::UNREADABLE_FILE,
    Code::SYMLINK_ESCAPES,
    Code::FILE_CHANGED,
    Code::WOULD_OVERWRITE,
    Code::UNRECOGNISED_PROJECT,
    Code::AMBIGUOUS_PROJECT,
    Code::INVALID_PATH,
    Code::TOO_LARGE,
];

/// The machine.
const MACHINE: &[Code] = &[Code::DISK_FULL, Code::MISSING_TOOL, Code::WRONG_TOOL_VERSION];

impl Exit {
    /// The exit code for an error with `code`.
    pub(crate) fn for_code(code: &Code) -> Self {
        let groups = [
            (CONFIGURATION, Self::Configuration),
            (UNREACHABLE, Self::Unreachable),
            (FOLDER, Self::Folder),
            (MACHINE, Self::Machine),
        ];
        groups.into_iter().find(|(codes, _)| codes.contains(code)).map_or(Self::Refused, |(_, exit)| exit)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_in_the_table_that_help_prints() {
        for exit in [
            Exit::Ok,
            Exit::DeploymentFailed,
            Exit::Usage,
            Exit::Configuration,
            Exit::Unreachable,
            Exit::Refused,
            Exit::Folder,
            Exit::Machine,
            Exit::Interrupted,
        ] {
            let number = format!("{:>5}  ", exit as u8);
            assert!(HELP.lines().any(|line| line.starts_with(&number)), "{exit:?}");
        }
    }

    #[test]
    fn a_code_ends_in_the_group_it_belongs_to() {
        assert_eq!(Exit::for_code(&Code::UNREACHABLE), Exit::Unreachable);
        assert_eq!(Exit::for_code(&Code::EMPTY_FOLDER), Exit::Folder);
        assert_eq!(Exit::for_code(&Code::INVALID_CONFIG), Exit::Configuration);
        assert_eq!(Exit::for_code(&Code::DISK_FULL), Exit::Machine);
        assert_eq!(Exit::for_code(&Code::DIVERGED), Exit::Refused);
        assert_eq!(Exit::for_code(&Code::other("something_new")), Exit::Refused);
    }
}
