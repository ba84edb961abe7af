//! What people call the runtimes.

use crate::Runtime;

/// Every name, in lower case; of several the first is the one that is shown.
pub(super) const RUNTIMES: &[(&str, Runtime)] = &[
    ("python", Runtime::Python),
    ("python3", Runtime::Python),
    ("node", Runtime::Node),
    ("nodejs", Runtime::Node),
    ("javascript", Runtime::Node),
    ("bun", Runtime::Bun),
    ("deno", Runtime::Deno),
    ("go", Runtime::Go),
    ("golang", Runtime::Go),
    ("rust", Runtime::Rust),
    ("ruby", Runtime::Ruby),
    ("php", Runtime::Php),
    ("java", Runtime::Java),
    ("kotlin", Runtime::Java),
    ("jvm", Runtime::Java),
    ("dotnet", Runtime::Dotnet),
    (".net", Runtime::Dotnet),
    ("csharp", Runtime::Dotnet),
    ("elixir", Runtime::Elixir),
    ("static", Runtime::Static),
    ("html", Runtime::Static),
    ("command", Runtime::Command),
];
