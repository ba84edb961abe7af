//! Where each client keeps its servers, on each system.

use std::path::{Path, PathBuf};

use super::client::Client;
use crate::config::Environment;

/// An operating system, as far as clients keep their files differently there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    const THIS: Self = if cfg!(target_os = "macos") {
        Self::MacOs
    } else if cfg!(windows) {
        Self::Windows
    } else {
        Self::Linux
    };
}

/// The folders of a person.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    system: System,
    home: PathBuf,
    /// Where desktop programs keep their settings, if the person moved that.
    config: Option<PathBuf>,
    claude: Option<PathBuf>,
    codex: Option<PathBuf>,
}

impl Places {
    /// The folders of the person who runs this; nothing without a home directory.
    pub(crate) fn of(env: &Environment) -> Option<Self> {
        let config = match System::THIS {
            System::Linux => env.folder("XDG_CONFIG_HOME"),
            System::MacOs => None,
            System::Windows => env.folder("APPDATA"),
        };
        Some(Self {
            system: System::THIS,
            home: env.user_home()?,
            config,
            claude: env.folder("CLAUDE_CONFIG_DIR"),
            codex: env.folder("CODEX_HOME"),
        })
    }

    /// The person's home directory.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The file that holds for all projects of the person.
    pub(crate) fn user_file(&self, client: Client) -> PathBuf {
        let home = |path: &str| self.home.join(path);
        let config = || match (&self.config, self.system) {
            (Some(moved), _) => moved.clone(),
            (None, System::Linux) => home(".config"),
            (None, System::MacOs) => home("Library/Application Support"),
            (None, System::Windows) => home("AppData/Roaming"),
        };
        match client {
            Client::ClaudeCode => self.claude.as_ref().unwrap_or(&self.home).join(".claude.json"),
            Client::ClaudeDesktop => config().join("Claude/claude_desktop_config.json"),
            Client::Cursor => home(".cursor/mcp.json"),
            Client::VsCode => config().join("Code/User/mcp.json"),
            Client::Windsurf => home(".codeium/windsurf/mcp_config.json"),
            Client::Zed => match self.system {
                System::Linux => config().join("zed/settings.json"),
                System::MacOs => home(".config/zed/settings.json"),
                System::Windows => config().join("Zed/settings.json"),
            },
            Client::Codex => self.codex.clone().unwrap_or_else(|| home(".codex")).join("config.toml"),
            Client::Gemini => home(".gemini/settings.json"),
        }
    }

    /// The file of a project, below its folder; nothing for clients that know no projects.
    pub(crate) const fn project_file(client: Client) -> Option<&'static str> {
        match client {
            Client::ClaudeCode => Some(".mcp.json"),
            Client::Cursor => Some(".cursor/mcp.json"),
            Client::VsCode => Some(".vscode/mcp.json"),
            Client::Zed => Some(".zed/settings.json"),
            Client::Codex => Some(".codex/config.toml"),
            Client::Gemini => Some(".gemini/settings.json"),
            Client::ClaudeDesktop | Client::Windsurf => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(system: System) -> Places {
        Places { system, home: "/home/ada".into(), config: None, claude: None, codex: None }
    }

    #[test]
    fn each_client_has_its_file_on_each_system() {
        let table = [
            (Client::ClaudeCode, [".claude.json"; 3]),
            (
                Client::ClaudeDesktop,
                [
                    ".config/Claude/claude_desktop_config.json",
                    "Library/Application Support/Claude/claude_desktop_config.json",
                    "AppData/Roaming/Claude/claude_desktop_config.json",
                ],
            ),
            (Client::Cursor, [".cursor/mcp.json"; 3]),
            (
                Client::VsCode,
                [
                    ".config/Code/User/mcp.json",
                    "Library/Application Support/Code/User/mcp.json",
                    "AppData/Roaming/Code/User/mcp.json",
                ],
            ),
            (Client::Windsurf, [".codeium/windsurf/mcp_config.json"; 3]),
            (
                Client::Zed,
                [
                    ".config/zed/settings.json",
                    ".config/zed/settings.json",
                    "AppData/Roaming/Zed/settings.json",
                ],
            ),
            (Client::Codex, [".codex/config.toml"; 3]),
            (Client::Gemini, [".gemini/settings.json"; 3]),
        ];
        for (client, files) in table {
            for (system, file) in [System::Linux, System::MacOs, System::Windows].into_iter().zip(files) {
                let expected = Path::new("/home/ada").join(file);
                assert_eq!(places(system).user_file(client), expected, "{client:?} on {system:?}");
            }
        }
    }

    #[test]
    fn folders_that_were_moved_are_followed() {
        let moved = Places {
            config: Some("/settings".into()),
            claude: Some("/claude".into()),
            codex: Some("/codex".into()),
            ..places(System::Linux)
        };
        assert_eq!(moved.user_file(Client::Zed), Path::new("/settings/zed/settings.json"));
        assert_eq!(moved.user_file(Client::ClaudeCode), Path::new("/claude/.claude.json"));
        assert_eq!(moved.user_file(Client::Codex), Path::new("/codex/config.toml"));
    }
}
