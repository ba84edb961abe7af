//! The environment variables that a project's owner gives: checked once, where they come in.

use std::collections::BTreeMap;

use platform_api::limits;

use super::Refusal;

/// What the platform itself sets for every app.
const OURS: [&str; 3] = ["PORT", "HOST", "DATA_DIR"];

/// What the project's variables become with the given ones added.
pub(super) fn merged(
    kept: &BTreeMap<String, String>,
    given: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut env = kept.clone();
    for (name, value) in given.into_iter().flatten() {
        check(name, value)?;
        let value = build_plan::secret::canonical(value).map_err(|error| {
            Refusal::malformed(format!("the value of `{name}`: {error}"))
                .hint("Refer to a secret as `secret:NAME`, or within a longer value as `${SECRET:NAME}`.")
        })?;
        env.insert(name.clone(), value);
    }
    if env.len() > limits::ENV_MAX {
        let detail = format!("{} environment variables; the limit is {}", env.len(), limits::ENV_MAX);
        return Err(Refusal::new(platform_api::Code::TOO_LARGE, detail));
    }
    Ok(env)
}

fn check(name: &str, value: &str) -> Result<(), Refusal> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.is_empty() || !name.bytes().all(is_name) || name.as_bytes()[0].is_ascii_digit() {
        let detail = format!("`{}` is no name of an environment variable", name.escape_debug());
        return Err(Refusal::malformed(detail)
            .hint("Use letters, digits and underscores, not beginning with a digit."));
    }
    if OURS.contains(&name) {
        return Err(Refusal::malformed(format!("`{name}` is set by the platform for every app"))
            .hint("Leave it out; read it in the app."));
    }
    if value.contains('\0') {
        return Err(Refusal::malformed(format!("the value of `{name}` holds a NUL character")));
    }
    if value.len() > limits::ENV_VALUE_BYTES_MAX {
        let (bytes, limit) = (value.len(), limits::ENV_VALUE_BYTES_MAX);
        let detail = format!("the value of `{name}` is {bytes} bytes long; the limit is {limit}");
        return Err(Refusal::new(platform_api::Code::TOO_LARGE, detail).hint("Ship large values as a file."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_added_to_the_kept_ones_and_bad_names_are_refused() {
        let kept = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "1".to_owned())]);
        let given = BTreeMap::from([("B".to_owned(), "2".to_owned())]);
        let env = merged(&kept, Some(&given)).unwrap();
        assert_eq!((env["A"].as_str(), env["B"].as_str()), ("1", "2"));
        for bad in ["", "1A", "A-B", "A=B", "PORT", "DATA_DIR", "Ä"] {
            let given = BTreeMap::from([(bad.to_owned(), "x".to_owned())]);
            assert!(merged(&kept, Some(&given)).is_err(), "{bad}");
        }
    }
}
