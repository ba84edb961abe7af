//! Whether an interpreter is one of those that a project asks for, in the many ways in which projects ask.

/// What a project asks for, as a conjunction of conditions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted(Vec<Condition>);

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    operator: &'static str,
    version: Vec<u32>,
}

/// Operators, the longer ones first.
const OPERATORS: &[&str] = &["===", "~=", "==", "!=", ">=", "<=", "^", "~", ">", "<", "="];
/// How many alternatives and conditions are read.
const CONDITIONS_MAX: usize = 16;

impl Wanted {
    /// Reads `3.12`, `>=3.11,<4`, `^3.10`, `~=3.11.2`, `3.*`; what cannot be read asks for nothing.
    pub(super) fn parse(text: &str) -> Self {
        // Of alternatives (`^3.9 || ^3.11`) the first one counts.
        let text = text.split("||").next().unwrap_or_default();
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty()).take(CONDITIONS_MAX);
        let mut operator = "";
        let mut conditions = Vec::new();
        for part in parts {
            let found = OPERATORS.iter().find(|operator| part.starts_with(**operator)).copied();
            operator = found.unwrap_or(operator);
            let version = numbers(&part[found.map_or(0, str::len)..]);
            if !version.is_empty() {
                conditions.push(Condition { operator, version });
                operator = "";
            }
        }
        Self(conditions)
    }

    /// The minor version that is asked for outright: `3.12`.
    pub(super) fn exact(&self) -> Option<String> {
        match self.0.as_slice() {
            [Condition { operator: "" | "==" | "=" | "===" | "~", version }] if version.len() >= 2 => {
                Some(format!("{}.{}", version[0], version[1]))
            }
            _ => None,
        }
    }

    /// Whether this version is one of them. Of versions asked for outright only the minor one counts: a patch is a fix.
    pub(super) fn allows(&self, version: &str) -> bool {
        let version = numbers(version);
        self.0.iter().all(|condition| condition.allows(&version))
    }
}

impl Condition {
    fn allows(&self, found: &[u32]) -> bool {
        let wanted = self.version.as_slice();
        let minor = |version: &[u32]| version.iter().copied().take(2).collect::<Vec<_>>();
        match self.operator {
            ">=" => found >= wanted,
            ">" => found > wanted && !found.starts_with(wanted),
            "<=" => found <= wanted || found.starts_with(wanted),
            "<" => found < wanted,
            "!=" => !found.starts_with(wanted),
            "^" => found >= wanted && found.first() == wanted.first(),
            "~=" if wanted.len() == 2 => found >= wanted && found.first() == wanted.first(),
            _ => found.starts_with(&minor(wanted)),
        }
    }
}

/// The numbers of `3.12.1`, up to the first part that is none.
fn numbers(text: &str) -> Vec<u32> {
    let text = text.trim().trim_start_matches("python").trim_start_matches(['-', 'v']);
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split('.').map_while(|part| digits(part).parse().ok()).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_allowed_as_their_projects_mean_them() {
        for (text, allowed, refused) in [
            ("3.12", &["3.12.0", "3.12.9"][..], &["3.11.7", "3.13.0"][..]),
            ("3.12.4", &["3.12.1"], &["3.13.0"]),
            (">=3.11", &["3.11.0", "3.13.1"], &["3.10.9"]),
            (">=3.11,<3.13", &["3.12.8"], &["3.13.0"]),
            (">= 3.11, < 3.13", &["3.12.8"], &["3.13.0"]),
            ("^3.10", &["3.12.0"], &["3.9.1", "4.0.0"]),
            ("~=3.11.2", &["3.11.9"], &["3.12.0"]),
            ("~=3.11", &["3.12.0"], &["4.0.0"]),
            ("==3.11.*", &["3.11.4"], &["3.12.0"]),
            ("!=3.12.*,>=3.11", &["3.13.0"], &["3.12.1"]),
            ("<=3.12", &["3.12.5"], &["3.13.0"]),
            ("python-3.11.9", &["3.11.2"], &["3.12.0"]),
            ("pypy", &["3.12.0"], &[]),
            ("", &["3.8.0"], &[]),
        ] {
            let wanted = Wanted::parse(text);
            assert!(allowed.iter().all(|version| wanted.allows(version)), "{text} allows {allowed:?}");
            assert!(!refused.iter().any(|version| wanted.allows(version)), "{text} refuses {refused:?}");
        }
        assert_eq!(Wanted::parse("3.12.4").exact().as_deref(), Some("3.12"));
        assert_eq!(Wanted::parse(">=3.12").exact(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(>=|~=|\\^|==|,|\\.|3|\\*|\\PC| ){0,30}", version in "\\PC{0,12}") {
            let wanted = Wanted::parse(&text);
            wanted.exact();
            wanted.allows(&version);
        }
    }
}
