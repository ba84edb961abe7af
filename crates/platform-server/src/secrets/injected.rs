//! What secrets add to an environment.

use std::collections::{BTreeMap, BTreeSet};

use build_plan::secret;
use platform_api::SecretName;

use super::SecretValue;

/// The values that a release runs with.
pub(crate) type Values = BTreeMap<SecretName, SecretValue>;

/// Variables whose values are secret, and the secrets themselves for whoever has to keep them out of a log. Nothing in
/// here is ever written down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Injected {
    /// For the environment; they win over plain variables.
    pub(crate) variables: BTreeMap<String, SecretValue>,
    /// By name, for the redactor.
    pub(crate) values: Values,
}

impl Injected {
    /// Every secret as a variable of its own name, and every variable of `env` that refers to secrets with them in their
    /// places.
    ///
    /// # Errors
    /// The names that `env` refers to and that have no value.
    pub(super) fn new(env: &BTreeMap<String, String>, values: Values) -> Result<Self, Vec<String>> {
        let missing = missing(env, values.keys());
        if !missing.is_empty() {
            return Err(missing);
        }
        let mut variables: BTreeMap<String, SecretValue> =
            values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        for (variable, text) in env.iter().filter(|(_, text)| secret::is_reference(text)) {
            let known = |name: &str| Some(values.get(&name.parse::<SecretName>().ok()?)?.expose());
            let filled = secret::fill(text, known).expect("nothing is missing");
            variables.insert(variable.clone(), SecretValue::composed(filled));
        }
        Ok(Self { variables, values })
    }
}

/// The secrets that an environment refers to and that are not among the known, each once.
pub(crate) fn missing<'n>(
    env: &BTreeMap<String, String>,
    known: impl IntoIterator<Item = &'n SecretName>,
) -> Vec<String> {
    let mut missing: BTreeSet<&str> = env.values().flat_map(|text| secret::names(text)).collect();
    for name in known {
        missing.remove(name.as_str());
    }
    missing.into_iter().map(str::to_owned).collect()
}

/// The variables that may be shown to anybody, a build for example: those that refer to no secret.
pub(crate) fn plain(env: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    let plain = env.iter().filter(|(_, text)| !secret::is_reference(text));
    plain.map(|(name, text)| (name.clone(), text.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SecretName {
        text.parse().unwrap()
    }

    fn value(text: &str) -> SecretValue {
        SecretValue::new(text.to_owned()).unwrap()
    }

    #[test]
    fn secrets_come_under_their_own_names_and_where_they_are_referred_to() {
        let env = BTreeMap::from(
            [("URL", "pg://${SECRET:PASSWORD}@db"), ("TOKEN", "${SECRET:OTHER}"), ("COLOUR", "red")]
                .map(|(name, text)| (name.to_owned(), text.to_owned())),
        );
        let values = Values::from([
            (name("PASSWORD"), value("pw")),
            (name("OTHER"), value("o")),
            (name("TOKEN"), value("own")),
        ]);
        let injected = Injected::new(&env, values.clone()).unwrap();
        let seen: Vec<_> =
            injected.variables.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        // What the configuration says of TOKEN is more particular than that there is a secret of this name.
        assert_eq!(seen, [("OTHER", "o"), ("PASSWORD", "pw"), ("TOKEN", "o"), ("URL", "pg://pw@db")]);
        assert_eq!(plain(&env).collect::<Vec<_>>(), [("COLOUR".to_owned(), "red".to_owned())]);
        assert!(!format!("{injected:?}").contains("pg://"));

        let fewer = Values::from([(name("TOKEN"), value("own"))]);
        assert_eq!(Injected::new(&env, fewer).unwrap_err(), ["OTHER", "PASSWORD"]);
    }
}
