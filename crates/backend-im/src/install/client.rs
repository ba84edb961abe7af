//! The clients, and what sets each apart.

use clap::ValueEnum;

use super::document::Format;

/// An MCP client that this program can be put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Claude Code
    #[value(alias = "claude")]
    ClaudeCode,
    /// Claude Desktop
    #[value(alias = "desktop")]
    ClaudeDesktop,
    /// Cursor
    Cursor,
    /// VS Code with GitHub Copilot
    #[value(name = "vscode", aliases = ["vs-code", "code", "copilot"])]
    VsCode,
    /// Windsurf
    Windsurf,
    /// Zed
    Zed,
    /// Codex
    #[value(alias = "codex-cli")]
    Codex,
    /// Gemini CLI
    #[value(alias = "gemini-cli")]
    Gemini,
}

/// Whose file is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// The person's: for all projects
    User,
    /// That of the current folder: for everybody who works in it
    Project,
}

/// How a server learns which folder is the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workspace {
    /// The client starts it there, or tells it.
    Told,
    /// A project's file may name it with this variable; a person's file may not.
    Variable(&'static str),
    /// Not at all: the client knows no projects.
    Unknown,
}

/// How the program is named in a person's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// By name where the name finds it: the client is started from a shell.
    ByName,
    /// By its path: desktops start the client with a `PATH` of their own.
    ByPath,
}

impl Client {
    /// Its name for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::ClaudeDesktop => "Claude Desktop",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Windsurf => "Windsurf",
            Self::Zed => "Zed",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
        }
    }

    /// The member of its file that holds the servers.
    pub(crate) const fn servers(self) -> &'static str {
        match self {
            Self::VsCode => "servers",
            Self::Zed => "context_servers",
            Self::Codex => "mcp_servers",
            _ => "mcpServers",
        }
    }

    /// What its file is written in.
    pub(crate) const fn format(self) -> Format {
        match self {
            Self::Codex => Format::Toml,
            _ => Format::Json,
        }
    }

    /// How it tells a server which folder is the project.
    pub(crate) const fn workspace(self) -> Workspace {
        match self {
            Self::ClaudeCode | Self::Zed | Self::Codex | Self::Gemini => Workspace::Told,
            Self::Cursor | Self::VsCode => Workspace::Variable("${workspaceFolder}"),
            Self::ClaudeDesktop | Self::Windsurf => Workspace::Unknown,
        }
    }

    /// How it finds the program.
    pub(crate) const fn program(self) -> Program {
        match self {
            Self::ClaudeCode | Self::Codex | Self::Gemini => Program::ByName,
            _ => Program::ByPath,
        }
    }

    /// Whose file is edited unless somebody says otherwise: the person's, except where only a project's file can say
    /// which folder is meant.
    pub(crate) const fn default_scope(self) -> Scope {
        match self.workspace() {
            Workspace::Variable(_) => Scope::Project,
            _ => Scope::User,
        }
    }

    /// What is left to do in the client.
    pub(crate) const fn afterwards(self) -> &'static str {
        match self {
            Self::ClaudeCode => "new sessions have it; `claude mcp list` shows whether it connects",
            Self::ClaudeDesktop => "quit Claude Desktop and start it again",
            Self::Cursor => "switch it on in Cursor's settings under MCP",
            Self::VsCode => "start it with the command `MCP: List Servers`",
            Self::Windsurf => "press refresh in Windsurf's list of MCP servers",
            Self::Zed => "Zed starts it by itself; its agent's settings show it",
            Self::Codex => "new sessions have it; `codex mcp list` shows it",
            Self::Gemini => "new sessions have it; `/mcp` shows whether it connects",
        }
    }
}
