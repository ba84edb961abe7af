//! On which port a source listens: what it takes in place of PORT, or what it insists on.

/// How many lines behind a call of `listen` its options stand at most.
const OPTIONS_LINES_MAX: usize = 8;

/// The ports that a source names.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// Behind `process.env.PORT ||`.
    instead: Option<(u16, usize)>,
    /// The argument of `listen`.
    argument: Option<(u16, usize)>,
    /// Variables whose name says that they are a port.
    named: Vec<(u16, usize)>,
    /// `port: 3000`.
    options: Vec<(u16, usize)>,
}

impl Ports {
    /// Takes in one line.
    pub(super) fn note(&mut self, code: &str, line: usize) {
        self.instead = self.instead.or_else(|| Some((instead(code)?, line)));
        self.argument = self.argument.or_else(|| Some((argument(code)?, line)));
        self.named.extend(named(code).map(|port| (port, line)));
        self.options.extend(option(code).map(|port| (port, line)));
    }

    /// The port on which what listens on that line does so, where it is told none.
    pub(super) fn of(&self, listens: Option<usize>) -> Option<(u16, usize)> {
        let is_near = |line: usize| {
            listens.is_none_or(|listens| (listens..=listens + OPTIONS_LINES_MAX).contains(&line))
        };
        let option = || self.options.iter().find(|(_, line)| is_near(*line)).copied();
        let named = || self.named.first().copied();
        self.instead.or(self.argument).or_else(option).or_else(named)
    }
}

/// Whether the line reads the environment's PORT.
pub(super) fn is_read(code: &str) -> bool {
    behind_variable(code).any(|(is_whole, _)| is_whole)
}

/// Names under which servers look for their port in the environment, beside PORT.
const OTHER_NAMES: &[&str] = &[
    "port",
    "Port",
    "APP_PORT",
    "SERVER_PORT",
    "API_PORT",
    "HTTP_PORT",
    "NODE_PORT",
    "WEB_PORT",
    "BACKEND_PORT",
    "SERVICE_PORT",
    "EXPRESS_PORT",
    "NEST_PORT",
    "LISTEN_PORT",
    "SERVERPORT",
];

/// The other name under which the line reads a port from the environment.
pub(super) fn other_name(code: &str) -> Option<&'static str> {
    code.match_indices("env.").find_map(|(at, word)| {
        let rest = &code[at + word.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        OTHER_NAMES.iter().copied().find(|name| *name == &rest[..end])
    })
}

/// What stands behind each PORT that comes from the environment, and whether that is all of its name.
fn behind_variable(code: &str) -> impl Iterator<Item = (bool, &str)> {
    code.match_indices("PORT").filter_map(|(at, word)| {
        let before = code[..at].trim_end();
        let name = before.trim_end_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        let is_read = (before.contains("env") || before.contains("config") || name.ends_with(['{', ',']))
            && !code[at + word.len()..].starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        is_read.then(|| (name.len() == before.len(), &code[at + word.len()..]))
    })
}

/// The 3000 of `process.env.PORT || 3000`, of `PORT = 3000` among variables, and of `env("PORT", 3000)`.
fn instead(code: &str) -> Option<u16> {
    behind_variable(code).find_map(|(_, rest)| {
        let rest = rest.trim_start_matches([')', ']', '"', '\'', '!', ' ']);
        let rest = rest.strip_prefix("as string").unwrap_or(rest).trim_start_matches([')', ' ']);
        let rest = rest.strip_prefix(", 10)").unwrap_or(rest).trim_start_matches([',', ')', ' ']);
        let behind = ["||", "??", ":", "="].iter().find_map(|sign| rest.strip_prefix(sign)).unwrap_or(rest);
        number(behind)
    })
}

/// The 3000 of `app.listen(3000)`.
fn argument(code: &str) -> Option<u16> {
    code.match_indices(".listen(").find_map(|(at, call)| number(&code[at + call.len()..]))
}

/// The 3000 of `const port = 3000`.
fn named(code: &str) -> Option<u16> {
    let code = code.trim_start();
    let code = code.strip_prefix("export ").unwrap_or(code);
    let rest = ["const ", "let ", "var "].iter().find_map(|word| code.strip_prefix(word))?;
    let (name, value) = rest.split_once('=')?;
    let name = name.split(':').next().unwrap_or_default().trim();
    name.to_ascii_lowercase().ends_with("port").then(|| number(value)).flatten()
}

/// The 3000 of `port: 3000`.
fn option(code: &str) -> Option<u16> {
    code.match_indices("port").find_map(|(at, word)| {
        let is_whole =
            !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-'));
        let rest = code[at + word.len()..].trim_start_matches(['"', '\'', ' ']);
        rest.strip_prefix(':').filter(|_| is_whole).and_then(number)
    })
}

/// The number with which the text starts, in quotes or not, where it can be a port and nothing else.
fn number(text: &str) -> Option<u16> {
    let text = text.trim_start().trim_start_matches("Number(").trim_start_matches("parseInt(");
    let text = text.trim_start_matches(['"', '\'', '`']);
    let digits = &text[..text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len())];
    let is_whole = !text[digits.len()..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
    digits.parse().ok().filter(|port| is_whole && *port >= 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(source: &str, listens: Option<usize>) -> Option<u16> {
        let mut ports = Ports::default();
        for (number, line) in source.lines().enumerate() {
            ports.note(line, number + 1);
        }
        ports.of(listens).map(|(port, _)| port)
    }

    #[test]
    fn ports_are_found_as_people_write_them() {
        for (source, expected) in [
            ("const PORT = process.env.PORT || 5000;", Some(5000)),
            ("const port = Number(process.env.PORT) || 3001", Some(3001)),
            ("const port = parseInt(process.env.PORT ?? '8080', 10)", Some(8080)),
            ("const port = parseInt(process.env.PORT as string, 10) || 4000;", Some(4000)),
            ("const { PORT = 3000 } = process.env", Some(3000)),
            ("const port = parseInt(process.env.PORT, 10) || 4001;", Some(4001)),
            ("  port: env.int('PORT', 1337),", Some(1337)),
            ("app.listen(3000)", Some(3000)),
            ("const port = 5000;\nserver.listen({\n  port,", Some(5000)),
            ("await startStandaloneServer(server, { listen: { port: 4000 } })", Some(4000)),
            ("app.listen(config.port)", None),
            ("app.listen(port, () => 3000)", None),
            ("const support = 12", None),
            ("const DB_PORT = process.env.DB_PORTS || 5432", None),
        ] {
            assert_eq!(port(source, None), expected, "{source}");
        }
        assert_eq!(port("db({ port: 5432 })\n\n\nserve({ port: 8000 })", Some(4)), Some(8000));
        assert!(is_read("const PORT = process.env.PORT || 5000") && !is_read("const PORT = 5000"));
    }

    #[test]
    fn a_port_may_have_another_name() {
        assert_eq!(other_name("run(process.env.APP_PORT)"), Some("APP_PORT"));
        assert_eq!(other_name("app.listen(process.env.port || 3000)"), Some("port"));
        assert_eq!(other_name("process.env.DB_PORT"), None);
        assert_eq!(other_name("process.env.portal"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(code in "(env|PORT|port|:|=|\\|\\||.listen\\(|[0-9]|'|\\PC| ){0,40}") {
            is_read(&code);
            other_name(&code);
            Ports::default().note(&code, 1);
        }
    }
}
