//! Where webpack puts its bundles, and the folder of the page that asks for them.

use super::{Js, source};
use crate::detect::text::folder;

/// Where its settings lie when the build script does not say it.
const CONFIGS: &[&str] = &["webpack.config", "webpack.prod", "webpack.config.prod", "rspack.config"];
/// Plugins that put a page into the folder of the bundles.
const PAGE_PLUGINS: &[&str] = &["html-webpack-plugin", "copy-webpack-plugin", "html-bundler-webpack-plugin"];

/// The folder that is to be served, with what says so: the one of the bundles, or above it the one of their page.
pub(super) fn root(js: &Js<'_>) -> Option<(String, String)> {
    let (path, text) = config(js)?;
    let output = output(&path, &text)?;
    let source = format!("{path}: output.path");
    let page_in = |folder: &str| {
        let page = if folder.is_empty() { "index.html".to_owned() } else { format!("{folder}/index.html") };
        js.project.has(&page)
    };
    let makes_page = PAGE_PLUGINS.iter().any(|plugin| js.package.uses(plugin));
    if output.is_empty() || makes_page || page_in(&output) {
        return (!output.is_empty()).then_some((output, source));
    }
    let mut above = folder(&output);
    loop {
        if page_in(above) {
            let page = if above.is_empty() { "index.html".to_owned() } else { format!("{above}/index.html") };
            let root = if above.is_empty() { "." } else { above };
            return Some((root.to_owned(), format!("{source}; {page}")));
        }
        if above.is_empty() {
            return Some((output, source));
        }
        above = folder(above);
    }
}

/// The settings that the build script names, or those under a usual name.
fn config(js: &Js<'_>) -> Option<(String, String)> {
    let build = js.package.build_script().and_then(|name| js.package.script(name)).unwrap_or_default();
    let mut words = build.split([' ', '=']).skip_while(|word| !matches!(*word, "--config" | "-c")).skip(1);
    let named = words.next().map(|path| path.trim_start_matches("./").to_owned());
    if let Some(path) = named
        && let Some(text) = js.project.source(&path)
    {
        return Some((path, source::without_comments(&text)));
    }
    CONFIGS.iter().find_map(|name| js.config(name))
}

/// The folder of the bundles, as a path of the project; nothing where it takes more than reading to know it.
fn output(path: &str, text: &str) -> Option<String> {
    let behind = &text[text.find("output")?..];
    let value = value_of(behind, "path", ':')?;
    let name = value.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = if is_name { value_of(text, name, '=')? } else { value };
    let is_here = ["__dirname", "process.cwd()", "import.meta"].iter().any(|word| value.contains(word));
    let parts = literals(value);
    // A single text is a path of its own.
    if parts.is_empty() || !(is_here || value.trim_start().starts_with(['"', '\'', '`'])) {
        return None;
    }
    let mut folders: Vec<&str> = folder(path).split('/').filter(|part| !part.is_empty()).collect();
    for part in parts.iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." | "${__dirname}" => {}
            ".." => drop(folders.pop()?),
            part if part.contains(['$', '[', '*']) => return None,
            part => folders.push(part),
        }
    }
    Some(folders.join("/"))
}

/// What stands behind a name and a sign, as far as the expression goes.
fn value_of<'t>(text: &'t str, name: &str, sign: char) -> Option<&'t str> {
    let rest = text.match_indices(name).find_map(|(at, word)| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
        let rest = text[at + word.len()..].trim_start_matches(['"', '\'']).trim_start();
        rest.strip_prefix(sign).filter(|_| !text[..at].ends_with(is_part))
    })?;
    let mut depth = 0_usize;
    let mut quote = None;
    let end = rest.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return Some(at),
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',' | ';' | '\n') if depth == 0 && at > 0 => return Some(at),
            _ => {}
        }
        None
    });
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// The texts in quotes.
fn literals(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let quote = &rest[at..=at];
        let Some((inner, behind)) = rest[at + 1..].split_once(quote) else { break };
        found.push(inner);
        rest = behind;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_bundles_is_read() {
        for (path, text, expected) in [
            (
                "webpack.config.js",
                "output: { path: path.resolve(__dirname, 'build', \"web\"), filename: 'a' }",
                Some("build/web"),
            ),
            (
                "webpack.config.js",
                "output: {\n  filename: 'x.js',\n  path: __dirname + '/public'\n}",
                Some("public"),
            ),
            ("webpack.config.js", "output: { path: `${__dirname}/docs` }", Some("docs")),
            ("build/webpack.prod.js", "output: { path: path.join(__dirname, '../dist') }", Some("dist")),
            (
                "webpack.config.js",
                "const OUT = path.resolve(__dirname, 'a/b');\nx = { output: { path: OUT } }",
                Some("a/b"),
            ),
            ("webpack.config.js", "output: { path: './out' }", Some("out")),
            ("webpack.config.js", "output: { path: paths.build }", None),
            ("webpack.config.js", "output: { path: path.resolve(__dirname, '../../x') }", None),
            ("webpack.config.js", "entry: 'a'", None),
        ] {
            assert_eq!(output(path, text).as_deref(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_settings_make_it_panic(text in "(output|path|:|=|\\(|\\)|\\{|\\}|'|\"|`|__dirname|\\.\\./|é|,|\n| ){0,40}") {
            output("webpack.config.js", &text);
        }
    }
}
