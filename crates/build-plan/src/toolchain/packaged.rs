//! Which versions the releases of distributions bring that do not roll on. What is not listed is not known, and nothing
//! is said about it.

use super::machine::System;

/// A release: system and number, then programs with the versions that can be installed of each.
type Release = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);

const RELEASES: &[Release] = &[
    (
        "debian",
        "11",
        &[
            ("go", &["1.15"]),
            ("java", &["11", "17"]),
            ("php", &["7.4"]),
            ("ruby", &["2.7"]),
            ("elixir", &["1.10"]),
            ("node", &["12.22"]),
            ("python3", &["3.9"]),
            ("cargo", &["1.48"]),
            ("dotnet", &[]),
        ],
    ),
    (
        "debian",
        "12",
        &[
            ("go", &["1.19"]),
            ("java", &["17"]),
            ("php", &["8.2"]),
            ("ruby", &["3.1"]),
            ("elixir", &["1.14"]),
            ("node", &["18.20"]),
            ("python3", &["3.11"]),
            ("cargo", &["1.63"]),
            ("dotnet", &[]),
        ],
    ),
    (
        "debian",
        "13",
        &[
            ("go", &["1.24"]),
            ("java", &["21", "25"]),
            ("php", &["8.4"]),
            ("ruby", &["3.3"]),
            ("elixir", &["1.18"]),
            ("node", &["20.19"]),
            ("python3", &["3.13"]),
            ("cargo", &["1.85"]),
            ("dotnet", &[]),
        ],
    ),
    (
        "ubuntu",
        "20.04",
        &[
            ("go", &["1.13"]),
            ("java", &["8", "11", "17", "21"]),
            ("php", &["7.4"]),
            ("ruby", &["2.7"]),
            ("elixir", &["1.9"]),
            ("node", &["10.19"]),
            ("python3", &["3.8"]),
            ("dotnet", &[]),
        ],
    ),
    (
        "ubuntu",
        "22.04",
        &[
            ("go", &["1.18"]),
            ("java", &["8", "11", "17", "21"]),
            ("php", &["8.1"]),
            ("ruby", &["3.0"]),
            ("elixir", &["1.12"]),
            ("node", &["12.22"]),
            ("python3", &["3.10"]),
            ("dotnet", &["6.0", "7.0", "8.0"]),
        ],
    ),
    (
        "ubuntu",
        "24.04",
        &[
            ("go", &["1.22"]),
            ("java", &["8", "11", "17", "21"]),
            ("php", &["8.3"]),
            ("ruby", &["3.2"]),
            ("elixir", &["1.14"]),
            ("node", &["18.19"]),
            ("python3", &["3.12"]),
            ("cargo", &["1.75"]),
            ("dotnet", &["8.0"]),
        ],
    ),
];

/// The versions of a program that can be installed from the system's own packages; `None` where nobody knows.
pub(super) fn versions(system: &System, program: &str) -> Option<&'static [&'static str]> {
    let release = RELEASES.iter().find(|(id, release, _)| *id == system.id && *release == system.release);
    let program = if program == "javac" { "java" } else { program };
    let programs = release?.2;
    programs.iter().find(|(name, _)| *name == program).map(|(_, versions)| *versions)
}
