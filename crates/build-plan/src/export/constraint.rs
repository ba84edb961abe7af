//! The version constraints of Poetry and Pipenv in the form that all installers know.

/// `>=1.2,<2` of `^1.2`; nothing for any version.
pub(super) fn versions(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match parts.last_mut() {
            // `>= 1` is one constraint, `>=1 <2` are two.
            Some(open) if open.ends_with(['=', '<', '>', '^', '~']) => open.push_str(word),
            _ => parts.push(word.to_owned()),
        }
    }
    parts.iter().filter(|part| *part != "*").map(|part| one(part)).collect::<Vec<_>>().join(",")
}

/// The same as a condition on the interpreter: `python_version >= "3.8" and python_version < "4"`.
pub(super) fn python(text: &str) -> Option<String> {
    // Of alternatives none is a plain conjunction; whoever resolved the lock has checked them.
    if text.contains("||") {
        return None;
    }
    let versions = versions(text);
    let conditions: Vec<String> = versions.split(',').filter_map(condition).collect();
    (!conditions.is_empty()).then(|| conditions.join(" and "))
}

fn condition(part: &str) -> Option<String> {
    let end = part.find(|c: char| c.is_ascii_digit())?;
    let (operator, version) = part.split_at(end);
    let variable = if version.matches('.').count() > 1 { "python_full_version" } else { "python_version" };
    Some(format!("{variable} {operator} \"{version}\""))
}

fn one(part: &str) -> String {
    if let Some(version) = part.strip_prefix('^') {
        return between(version, caret(version));
    }
    if let Some(version) = part.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        return between(version, tilde(version));
    }
    if part.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("=={part}");
    }
    part.to_owned()
}

fn between(version: &str, below: Option<String>) -> String {
    let version = version.trim();
    below.map_or_else(|| format!(">={version}"), |below| format!(">={version},<{below}"))
}

fn numbers(version: &str) -> Vec<u64> {
    version.trim().split('.').map_while(|part| part.parse().ok()).collect()
}

/// The first version that the leftmost number which is not zero forbids.
fn caret(version: &str) -> Option<String> {
    let numbers = numbers(version);
    let at = numbers.iter().position(|number| *number > 0).unwrap_or(numbers.len().checked_sub(1)?);
    Some(raised(&numbers, at))
}

/// The first version that the second number forbids, or the first where there is only one.
fn tilde(version: &str) -> Option<String> {
    let numbers = numbers(version);
    let at = numbers.len().checked_sub(1)?.min(1);
    Some(raised(&numbers, at))
}

fn raised(numbers: &[u64], at: usize) -> String {
    let mut raised: Vec<String> = numbers[..at].iter().map(u64::to_string).collect();
    raised.push(numbers[at].saturating_add(1).to_string());
    raised.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_become_ranges() {
        for (text, expected) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.115", ">=0.115,<0.116"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("~1.2", ">=1.2,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.4.2", "~=1.4.2"),
            ("1.2.3", "==1.2.3"),
            ("1.*", "==1.*"),
            (">=1, <2", ">=1,<2"),
            (">=1 <2", ">=1,<2"),
            ("== 1.0", "==1.0"),
            ("*", ""),
            ("", ""),
        ] {
            assert_eq!(versions(text), expected, "{text}");
        }
        assert_eq!(
            python(">=3.8,<4.0").as_deref(),
            Some("python_version >= \"3.8\" and python_version < \"4.0\"")
        );
        assert_eq!(python("*"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_constraint_makes_it_panic(text in "(\\^|~|>=|==|\\*|[0-9]{1,30}|\\.|,| |\\PC){0,12}") {
            versions(&text);
            python(&text);
        }
    }
}
