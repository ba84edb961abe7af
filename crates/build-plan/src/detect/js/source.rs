//! What a JavaScript module imports and whether it listens: enough to tell a server from a library.

use super::ports::{self, Ports};

/// How many lines of one file are looked at.
const LINES_MAX: usize = 20_000;
/// The longest name of a module, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// What a module's source says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// The packages that it imports or requires, with the line of each.
    pub(crate) imports: Vec<(String, usize)>,
    /// The line on which it listens.
    pub(crate) listens: Option<usize>,
    /// Whether it reads the environment's PORT.
    pub(crate) reads_port: bool,
    /// Another name under which it reads its port from the environment, with the line.
    pub(crate) other_port: Option<(&'static str, usize)>,
    /// The port on which it listens where it is told none, with its line.
    pub(crate) port: Option<(u16, usize)>,
    /// The line on which it listens on an address that only this machine reaches.
    pub(crate) loopback: Option<usize>,
    /// The line with a call that only Bun or Deno has, and which of the two.
    pub(crate) native: Option<(Native, usize)>,
    /// Whether it hands a handler of requests to whatever starts it.
    pub(crate) exports_handler: bool,
}

/// A runtime with calls of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Native {
    Bun,
    Deno,
}

impl Script {
    /// The first of these packages that is imported, with its line.
    pub(crate) fn first_import<'n>(&self, names: &[&'n str]) -> Option<(&'n str, usize)> {
        names.iter().find_map(|name| {
            let is_it = |module: &str| module.strip_prefix("node:").unwrap_or(module) == *name;
            let (_, line) = self.imports.iter().find(|(module, _)| is_it(module))?;
            Some((*name, *line))
        })
    }
}

/// Reads a module's source, line by line; comments are skipped.
pub(crate) fn scan(source: &str) -> Script {
    let mut script = Script::default();
    let mut ports = Ports::default();
    let mut in_comment = false;
    for (number, line) in source.lines().take(LINES_MAX).enumerate() {
        let code = code_of(line, &mut in_comment);
        let number = number + 1;
        script.imports.extend(imported(&code).map(|module| (module.to_owned(), number)));
        if script.listens.is_none() && listens(&code) {
            script.listens = Some(number);
        }
        script.reads_port |= ports::is_read(&code);
        script.other_port = script.other_port.or_else(|| ports::other_name(&code).map(|name| (name, number)));
        ports.note(&code, number);
        script.loopback = script.loopback.or_else(|| is_loopback(&code).then_some(number));
        script.native = script.native.or_else(|| native(&code).map(|native| (native, number)));
        script.exports_handler |= exports_handler(&code);
    }
    script.port = ports.of(script.listens);
    script
}

/// The source without its comments.
pub(crate) fn without_comments(source: &str) -> String {
    let mut in_comment = false;
    let lines = source.lines().take(LINES_MAX).map(|line| code_of(line, &mut in_comment));
    lines.collect::<Vec<_>>().join("\n")
}

/// The line without its comments. What only looks like one is kept: the `//` of a URL, which does not follow a blank, and
/// what stands in quotes, such as the path `/api/*`.
fn code_of(line: &str, in_comment: &mut bool) -> String {
    let mut code = String::new();
    let mut quote = None;
    let mut is_escaped = false;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        let rest = &line[at..];
        if *in_comment {
            if rest.starts_with("*/") {
                *in_comment = false;
                chars.next();
            }
            continue;
        }
        if quote.is_none() && rest.starts_with("/*") {
            *in_comment = true;
            chars.next();
            continue;
        }
        if quote.is_none() && rest.starts_with("//") && (code.is_empty() || code.ends_with([' ', '\t'])) {
            break;
        }
        match quote {
            _ if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            _ => {}
        }
        code.push(c);
    }
    code
}

/// What stands in quotes behind `require(`, `from` and `import`.
fn imported(code: &str) -> impl Iterator<Item = &str> {
    ["require(", "from ", "import ", "import("].iter().flat_map(move |word| {
        code.match_indices(word).filter_map(move |(at, _)| {
            let rest = code[at + word.len()..].trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
            let end = rest.bytes().skip(1).take(NAME_BYTES_MAX).position(|b| b == quote as u8)?;
            (end > 0).then(|| &rest[1..=end])
        })
    })
}

fn listens(code: &str) -> bool {
    const CALLS: &[&str] =
        &["Bun.serve(", "Deno.serve(", "startServer(", "Hapi.server(", "hapi.server(", "Hapi.Server("];
    // `listen` of an event is no socket.
    let is_socket = |(at, call): (usize, &str)| !code[at + call.len()..].trim_start().starts_with("'change");
    code.match_indices(".listen(").any(is_socket)
        || code.contains("startStandaloneServer(")
        || CALLS.iter().any(|call| code.contains(call))
        || is_call_of_serve(code)
}

/// `serve(app)` of Hono's server for Node, and not a word that only ends so.
fn is_call_of_serve(code: &str) -> bool {
    code.match_indices("serve(").any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$')))
            && !code.trim_start().starts_with("function")
    })
}

fn is_loopback(code: &str) -> bool {
    let names_host = ["'127.0.0.1'", "\"127.0.0.1\"", "'localhost'", "\"localhost\""];
    (code.contains(".listen(") || code.contains("host:") || code.contains("hostname:"))
        && names_host.iter().any(|host| code.contains(host))
        && !code.contains("env.")
}

fn native(code: &str) -> Option<Native> {
    const BUN: &[&str] =
        &["Bun.serve(", "Bun.file(", "Bun.env", "from \"bun\"", "from 'bun'", "\"bun:", "'bun:"];
    const DENO: &[&str] =
        &["Deno.serve(", "Deno.env", "Deno.open", "Deno.read", "\"jsr:", "'jsr:", "deno.land/"];
    if BUN.iter().any(|call| code.contains(call)) {
        return Some(Native::Bun);
    }
    DENO.iter().any(|call| code.contains(call)).then_some(Native::Deno)
}

fn exports_handler(code: &str) -> bool {
    let code = code.trim_start();
    code.starts_with("export default app")
        || code.starts_with("export default {")
        || code.starts_with("export default new Elysia")
        || code.starts_with("export default server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_in_both_dialects_and_not_in_comments() {
        let source = "const express = require('express'); // require('koa')\n/* import x from 'hapi'\n*/ import http from \"node:http\"\n// import fastify from 'fastify'\nimport { a } from './a.js'\nimport 'dotenv/config'\nconst url = 'http://x'\napp.listen(process.env.PORT || 3000)";
        let script = scan(source);
        let imports: Vec<_> = script.imports.iter().map(|(m, line)| (m.as_str(), *line)).collect();
        assert_eq!(imports, [("express", 1), ("node:http", 3), ("./a.js", 5), ("dotenv/config", 6)]);
        assert_eq!((script.listens, script.reads_port), (Some(8), true));
        assert_eq!(script.first_import(&["koa", "http"]), Some(("http", 3)));
        assert!(scan("serve({ fetch: app.fetch })").listens.is_some());
        assert!(scan("preserve(x)\nfunction serve(x) {}\nx.observe(y)").listens.is_none());
        assert_eq!(scan("\nBun.serve({})").native, Some((Native::Bun, 2)));
        assert_eq!(scan("app.listen(3000, 'localhost')").loopback, Some(1));
        assert!(!scan("app.listen(3000)").reads_port);
        let route = "app.get('/*', x)\n// all of /api/*\napp.listen(process.env.PORT) /* so */\n";
        assert_eq!((scan(route).listens, scan(route).reads_port), (Some(3), true));
        assert!(scan("const { PORT = 3000 } = process.env").reads_port);
    }

    proptest::proptest! {
        #[test]
        fn no_source_makes_it_panic(source in "(require\\(|from|import|'|\"|/\\*|\\*/|//|PORT|\\PC|\n| ){0,80}") {
            scan(&source);
        }
    }
}
