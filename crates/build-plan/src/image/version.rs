//! Whether a line of a runtime's releases, such as Python 3.12, has what a project asks for in its own words.

/// Operators, the longer ones first.
const OPERATORS: &[&str] = &["===", "~=", "==", "!=", ">=", "<=", "~>", "^", "~", ">", "<", "="];
/// How many conditions are read.
const CONDITIONS_MAX: usize = 16;
/// Names that Node gives to its lines with long support.
const NODE_NAMES: &[(&str, u32)] =
    &[("krypton", 24), ("jod", 22), ("iron", 20), ("hydrogen", 18), ("gallium", 16)];

/// What a project asks for: any of several lists of conditions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted(Vec<Vec<Condition>>);

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    operator: &'static str,
    version: Vec<u32>,
}

impl Wanted {
    /// Reads `3.12`, `>=3.11,<4`, `^18 || ^20`, `~> 3.2`, `20.x`, `18 - 20`, `lts/jod`; nothing where no version is named.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let alternatives = text.split("||").flat_map(|part| part.split(" | ")).map(conditions);
        let alternatives: Vec<_> = alternatives.filter(|list| !list.is_empty()).collect();
        (!alternatives.is_empty()).then_some(Self(alternatives))
    }

    /// Whether some release of the line is one of them.
    pub(super) fn allows(&self, line: &[u32]) -> bool {
        self.0.iter().any(|all| all.iter().all(|condition| condition.allows(line)))
    }

    /// The release that is asked for outright, as its numbers.
    pub(super) fn exact(&self) -> Option<&[u32]> {
        match self.0.as_slice() {
            [only] => match only.as_slice() {
                [Condition { operator: "" | "=" | "==" | "===" | "~" | "~>" | "^", version }] => {
                    Some(version)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn conditions(text: &str) -> Vec<Condition> {
    let named = NODE_NAMES.iter().find(|(name, _)| text.to_ascii_lowercase().contains(name));
    if let Some((_, major)) = named {
        return vec![Condition { operator: "", version: vec![*major] }];
    }
    if let Some((low, high)) = text.split_once(" - ") {
        let bound = |operator, text| Condition { operator, version: numbers(text) };
        return vec![bound(">=", low), bound("<=", high)];
    }
    let mut operator = "";
    let mut found = Vec::new();
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()).take(CONDITIONS_MAX) {
        let known = OPERATORS.iter().find(|operator| part.starts_with(**operator)).copied();
        operator = known.unwrap_or(operator);
        let version = numbers(&part[known.map_or(0, str::len)..]);
        if !version.is_empty() {
            found.push(Condition { operator, version });
            operator = "";
        }
    }
    found
}

impl Condition {
    /// As if the line had a release later than any: what is too old for it is too old for the whole line.
    fn allows(&self, line: &[u32]) -> bool {
        let wanted = self.version.as_slice();
        let common = wanted.len().min(line.len());
        let is_inside = wanted[..common] == line[..common];
        match self.operator {
            ">=" | ">" => is_inside && wanted.len() > line.len() || line >= &wanted[..common],
            "<=" => is_inside || line < &wanted[..common],
            // A line below 3.12.4 has releases below it as well.
            "<" => line < &wanted[..common] || is_inside && wanted[common..].iter().any(|part| *part > 0),
            "!=" => !(is_inside && wanted.len() <= line.len()),
            "^" => line.first() == wanted.first() && line >= &wanted[..common],
            "~=" | "~>" if wanted.len() <= 2 => line.first() == wanted.first() && line >= &wanted[..common],
            _ => is_inside,
        }
    }
}

/// The numbers of `3.12.1`, up to the first part that is none.
pub(super) fn numbers(text: &str) -> Vec<u32> {
    let text = text.trim().trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split('.').map_while(|part| digits(part).parse().ok()).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_allowed_as_their_projects_mean_them() {
        for (text, allowed, refused) in [
            ("3.12", &["3.12"][..], &["3.11", "3.13"][..]),
            ("3.12.8", &["3.12"], &["3.13"]),
            (">=3.11", &["3.11", "3.14"], &["3.10"]),
            (">=3.11.5", &["3.11", "3.12"], &["3.10"]),
            (">=3.11,<3.13", &["3.11", "3.12"], &["3.13"]),
            (">=3.10,<4.0", &["3.13"], &["3.9"]),
            ("<3.12.4", &["3.12", "3.11"], &["3.13"]),
            ("^3.11", &["3.13"], &["3.10", "4.0"]),
            ("~=3.11.2", &["3.11"], &["3.12"]),
            ("~> 3.2", &["3.4"], &["3.1", "4.0"]),
            ("!=3.12.*,>=3.11", &["3.13"], &["3.12"]),
            ("^18 || ^20", &["18", "20"], &["19", "22"]),
            (">=18.0.0 <=22.x.x", &["18", "22"], &["24"]),
            ("18 - 20", &["19"], &["22"]),
            ("20.x", &["20"], &["22"]),
            ("lts/jod", &["22"], &["20"]),
            ("v20.18.0", &["20"], &["22"]),
        ] {
            let wanted = Wanted::parse(text).unwrap();
            let allows = |line: &&str| wanted.allows(&numbers(line));
            assert!(allowed.iter().all(allows), "{text} allows {allowed:?}");
            assert!(!refused.iter().any(allows), "{text} refuses {refused:?}");
        }
        for text in ["", "lts/*", "stable", "node", "*"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(>=|~=|\\^|==|<|,|\\.|3|\\*| - |\\|\\||\\PC| ){0,30}") {
            if let Some(wanted) = Wanted::parse(&text) {
                wanted.exact();
                wanted.allows(&[3, 12]);
            }
        }
    }
}
