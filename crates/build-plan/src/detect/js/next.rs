//! Next: a server, a server that stands by itself, or pages.

use super::{Js, address, frameworks, script};
use crate::Runtime;
use crate::draft::{Draft, Strength};

/// What the configuration says about the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Server,
    Standalone,
    Export,
}

/// A standalone server has neither the public files nor the compiled ones beside it.
const COMPLETE: &str =
    "cp -r .next/static .next/standalone/.next/ && if [ -d public ]; then cp -r public .next/standalone/; fi";

/// Looks for Next.
pub(super) fn detect(js: &Js<'_>) -> Option<Draft> {
    js.package.uses("next").then_some(())?;
    let config = js.config("next.config");
    let output = match config.as_ref().map_or(Output::Server, |(_, text)| output(text)) {
        // In a workspace it lies as deep as the member does below whatever Next takes for the top.
        Output::Standalone if js.context.member.is_some() => Output::Server,
        output => output,
    };
    let source = match (&config, output) {
        (Some((path, _)), Output::Standalone | Output::Export) => format!("{path}: output"),
        _ => Js::dependency("next"),
    };
    let build = js.build_command().unwrap_or_else(|| (js.chosen.exec("next build"), Js::dependency("next")));
    let mut draft = match output {
        Output::Export => pages(js, &source),
        Output::Server | Output::Standalone => server(js, output),
    };
    draft.set_framework("next", Js::dependency("next"));
    draft.keep("next", &[".next/cache"]);
    if output == Output::Standalone && draft.start.is_none() {
        draft.set_build(format!("{} && {COMPLETE}", build.0), format!("{}; {source}", build.1));
        draft.set_start("HOSTNAME=$HOST node .next/standalone/server.js", source);
    } else {
        draft.set_build(build.0, build.1);
    }
    if draft.start.is_none() && draft.runtime == Runtime::Node {
        draft.set_start(js.chosen.exec("next start -H $HOST -p $PORT"), Js::dependency("next"));
    }
    Some(draft)
}

fn output(config: &str) -> Output {
    let value = config.split("output").skip(1).find_map(|rest| {
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        // A choice by the environment is made where it is built; a server is right in either case.
        rest.strip_prefix(['"', '\''])?.split(['"', '\'']).next()
    });
    match value {
        Some("export") => Output::Export,
        Some("standalone") => Output::Standalone,
        _ => Output::Server,
    }
}

fn pages(js: &Js<'_>, source: &str) -> Draft {
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, "package.json");
    let dist = js.config("next.config").and_then(|(_, text)| frameworks::literal(&text, "distDir"));
    draft.set_static_root(dist.as_deref().unwrap_or("out"), source);
    draft
}

/// The start script where it is more than `next start`: a server of the project's own.
fn server(js: &Js<'_>, output: Output) -> Draft {
    let mut draft = Draft::new(Runtime::Node, Strength::Server, "package.json");
    let Some((name, text)) = script::start(&js.package) else { return draft };
    let (program, is_start) = match script::plain(text) {
        Some(parts) => (parts.program.to_owned(), parts.arguments.contains(&"start")),
        None => (String::new(), text.contains("next start")),
    };
    // Next itself says that its own start is not for a server that stands by itself.
    if program == "next" && is_start && output == Output::Standalone {
        return draft;
    }
    if program == "next" && is_start && text.contains(" -") {
        let start = address::heeded(text).unwrap_or_else(|| text.to_owned());
        draft.set_start(js.chosen.exec(&start), format!("package.json: scripts.{name}"));
    } else if program != "next" && !script::is_development(text) && !script::serves_files(text) {
        super::server::by_script(js, name, text, &mut draft);
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_read_from_the_configuration() {
        assert_eq!(output("const c = { output: 'export' }"), Output::Export);
        assert_eq!(output("output:\"standalone\","), Output::Standalone);
        assert_eq!(output("output: process.env.X ? 'export' : undefined"), Output::Server);
        assert_eq!(output("outputFileTracingRoot: 'export'"), Output::Server);
    }
}
