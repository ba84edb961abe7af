//! The one place of a server in JavaScript that insists on a port: it reads PORT instead.

use super::Files;
use super::address::LOOPBACK;
use super::diff::Change;

/// Files that usually serve, beside those that package.json names.
const ENTRIES: &[&str] = &[
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "server.ts",
    "index.ts",
    "app.ts",
    "main.ts",
    "src/server.js",
    "src/index.js",
    "src/app.js",
    "src/main.js",
    "src/server.ts",
    "src/index.ts",
    "src/app.ts",
    "src/main.ts",
    "server/server.js",
    "server/index.js",
    "server/app.js",
    "server/index.ts",
    "backend/server.js",
    "backend/index.js",
    "bin/www",
];
/// Folders of what a build makes: a change there would be gone with the next one.
const MADE: &[&str] = &["dist", "build", "out", "lib", ".output", "node_modules"];
/// How many files package.json names at most.
const NAMED_MAX: usize = 16;

/// The change that has the app read PORT where it says `port` now.
pub(super) fn heed(files: &Files<'_>, port: &str) -> Option<Change> {
    let named = named(files);
    let paths = named.iter().map(String::as_str).chain(ENTRIES.iter().copied());
    paths.into_iter().find_map(|path| {
        let text = files.text(path)?;
        let new = reading_port(path, &text, port)?;
        Some(Change::of(path, text, new))
    })
}

/// The sources that the scripts of package.json start, and `main`.
fn named(files: &Files<'_>) -> Vec<String> {
    let parsed = files.text("package.json").and_then(|text| serde_json::from_str(&text).ok());
    let parsed: serde_json::Value = parsed.unwrap_or_default();
    let scripts = ["start", "start:prod", "serve", "server", "dev", "start:dev"];
    let commands = scripts.iter().filter_map(|name| parsed["scripts"][name].as_str());
    let words = commands.flat_map(|command| command.split([' ', '"', '\'']));
    let mains = ["main", "module"].iter().filter_map(|key| parsed[key].as_str());
    let paths = words.chain(mains).map(|word| word.trim_start_matches("./")).filter(|word| {
        let is_source =
            [".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx"].iter().any(|ending| word.ends_with(ending));
        is_source && !MADE.contains(&word.split('/').next().unwrap_or_default())
    });
    paths.take(NAMED_MAX).map(str::to_owned).collect()
}

/// What stands before a number that says where a server listens; those that say it more clearly come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// `const port = 3000`, `app.set('port', 3000)`.
    Variable,
    /// `process.env.API_PORT || 3000`.
    Instead,
    /// `.listen(3000`.
    Call,
    /// `port: 3000`.
    Member,
}

/// The number of a port in a text, with its quotes if it has some.
struct Found {
    place: Place,
    /// Its line, and where it stands in it.
    line: usize,
    range: std::ops::Range<usize>,
}

/// The text with the only such number read from PORT; nothing where there are several, or none.
fn reading_port(path: &str, text: &str, port: &str) -> Option<String> {
    let found: Vec<Found> = text
        .lines()
        .enumerate()
        .flat_map(|(line, code)| {
            let found = numbers(code, port)
                .filter_map(move |range| Some(Found { place: place(&code[..range.start])?, line, range }));
            found.collect::<Vec<_>>()
        })
        .collect();
    let best = found.iter().map(|found| found.place).min()?;
    let mut of_best = found.iter().filter(|found| found.place == best);
    let only = of_best.next().filter(|_| of_best.next().is_none())?;
    let line = text.lines().nth(only.line)?;
    let changed = changed(path, line, only);
    let mut lines = text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    lines[only.line] = lines[only.line].replacen(line, &changed, 1);
    Some(lines.concat())
}

fn changed(path: &str, line: &str, found: &Found) -> String {
    let (before, number, after) =
        (&line[..found.range.start], &line[found.range.clone()], &line[found.range.end..]);
    let is_typed = [".ts", ".mts", ".tsx"].iter().any(|ending| path.ends_with(ending));
    let is_text = number.starts_with(['"', '\'']);
    // A function that takes a number takes no text, as far as its types go.
    let variable = if !is_text && (is_typed || found.place == Place::Member) {
        "Number(process.env.PORT)"
    } else {
        "process.env.PORT"
    };
    let sign = if before.trim_end().ends_with("??") { "??" } else { "||" };
    let mut new = format!("{before}{variable} {sign} {number}{after}");
    for host in LOOPBACK {
        for quote in ['\'', '"'] {
            new = new.replace(
                &format!("{quote}{host}{quote}"),
                &format!("process.env.HOST || {quote}0.0.0.0{quote}"),
            );
        }
    }
    new
}

/// Where the port stands in a line of code: as a number, or as all of a text. Comments and longer texts only speak of it.
fn numbers<'l>(code: &'l str, port: &'l str) -> impl Iterator<Item = std::ops::Range<usize>> + 'l {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    code.match_indices(port).filter_map(move |(at, _)| {
        let (before, after) = (&code[..at], &code[at + port.len()..]);
        if before.ends_with(is_part) || after.starts_with(is_part) {
            return None;
        }
        match open_quote(before)? {
            None => Some(at..at + port.len()),
            Some(quote) => (before.ends_with(quote) && after.starts_with(quote) && quote != '`')
                .then(|| at - 1..at + port.len() + 1),
        }
    })
}

/// The quote within which the text ends; nothing at all where it ends within a comment.
#[expect(clippy::option_option, reason = "a comment is neither code nor a text")]
fn open_quote(text: &str) -> Option<Option<char>> {
    let mut open = None;
    let mut is_escaped = false;
    let mut last = ' ';
    for c in text.chars() {
        match open {
            _ if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'' | '`') => open = Some(c),
            None if last == '/' && matches!(c, '/' | '*') => return None,
            _ => {}
        }
        last = c;
    }
    Some(open)
}

/// What the code before a number says about it.
fn place(before: &str) -> Option<Place> {
    let before = before.trim_end();
    let code = before.trim_end_matches(['(', ' ']);
    if code.ends_with(".listen") && before.ends_with('(') {
        return Some(Place::Call);
    }
    let names_port = |text: &str| {
        let text = text.trim_end().trim_end_matches(['"', '\'']);
        let start = text.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')));
        let name = &text[start.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..];
        name.to_ascii_lowercase().ends_with("port")
    };
    let is_env = before.contains("process.env.") && before.to_ascii_lowercase().contains("port");
    if ["||", "??"].iter().any(|sign| before.ends_with(sign)) {
        return (is_env && !before.contains("env.PORT ")).then_some(Place::Instead);
    }
    if let Some(name) = before.strip_suffix('=').filter(|name| !name.ends_with(['=', '!', '<', '>'])) {
        let untyped =
            name.trim_end().strip_suffix("number").map(|name| name.trim_end().trim_end_matches(':'));
        return names_port(untyped.unwrap_or(name)).then_some(Place::Variable);
    }
    if let Some(name) = before.strip_suffix(',') {
        let is_setting = name.ends_with(['"', '\'']) && name.contains(".set(");
        return (is_setting && names_port(name)).then_some(Place::Variable);
    }
    before.strip_suffix(':').filter(|name| names_port(name)).map(|_| Place::Member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_port_is_read_from_the_environment() {
        for (path, line, expected) in [
            ("a.js", "const port = 3000; // 3000", Some("const port = process.env.PORT || 3000; // 3000")),
            (
                "a.ts",
                "const PORT: number = 3000",
                Some("const PORT: number = Number(process.env.PORT) || 3000"),
            ),
            ("a.js", "app.set('port', 3000)", Some("app.set('port', process.env.PORT || 3000)")),
            ("a.js", "app.listen('3000')", Some("app.listen(process.env.PORT || '3000')")),
            (
                "a.ts",
                "new Elysia().listen(3000)",
                Some("new Elysia().listen(Number(process.env.PORT) || 3000)"),
            ),
            (
                "a.js",
                "app.listen(3000, () => console.log(\"on port: 3000\"))",
                Some("app.listen(process.env.PORT || 3000, () => console.log(\"on port: 3000\"))"),
            ),
            ("a.js", "serve({ port:3000 })", Some("serve({ port:Number(process.env.PORT) || 3000 })")),
            (
                "a.js",
                "const port = process.env.API_PORT ?? 3000",
                Some("const port = process.env.API_PORT ?? process.env.PORT ?? 3000"),
            ),
            ("a.js", "const port = process.env.PORT || 3000", None),
            ("a.js", "// app.listen(3000)", None),
            ("a.js", "console.log('port: 3000')", None),
            ("a.js", "if (port === 3000) x()", None),
            ("a.js", "app.listen(30001)", None),
            ("a.js", "app.listen(3000)\nother.listen(3000)", None),
            ("a.js", "setTimeout(x, 3000)", None),
        ] {
            assert_eq!(reading_port(path, line, "3000").as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn what_package_json_starts_is_looked_at_first() {
        let files = |path: &str| {
            let text = match path {
                "package.json" => {
                    r#"{"main": "dist/x.js", "scripts": {"dev": "concurrently \"bun run --watch api/start.tsx\" \"css\""}}"#
                }
                "api/start.tsx" => "new Elysia().listen(3000)\n",
                "dist/x.js" | "index.js" => "app.listen(3000)\n",
                _ => return None,
            };
            Some(text.as_bytes().to_vec())
        };
        let change = heed(&Files(&files), "3000").and_then(|change| change.shown()).unwrap();
        assert!(change.contains("+++ b/api/start.tsx"), "{change}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(port|PORT|=|:|,|\\.listen\\(|3000|'|\"|`|//|/\\*|\\|\\||\\?\\?|process\\.env\\.|é|\\\\|\n| ){0,40}") {
            reading_port("a.ts", &text, "3000");
        }
    }
}
