//! A secret's value in memory.

use std::fmt;
use std::sync::Arc;

use platform_api::{InvalidSecretValue, check_secret_value};
use secrecy::zeroize::Zeroize as _;
use secrecy::{ExposeSecret as _, SecretString};

/// A value that fits the limits. It leaves this box to be sealed, to be put into the environment of an app, and to be
/// looked for in output; nowhere else.
#[derive(Clone)]
pub(crate) struct SecretValue(Arc<SecretString>);

impl SecretValue {
    /// Takes a text for a value.
    ///
    /// # Errors
    /// [`InvalidSecretValue`] when it cannot be one.
    pub(crate) fn new(mut text: String) -> Result<Self, InvalidSecretValue> {
        match check_secret_value(&text) {
            Ok(()) => Ok(Self(Arc::new(text.into()))),
            Err(error) => {
                text.zeroize();
                Err(error)
            }
        }
    }

    /// A text with values in it.
    pub(super) fn composed(text: String) -> Self {
        Self(Arc::new(text.into()))
    }

    /// The value itself.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_shown() {
        let value = SecretValue::new("hunter2-hunter2".to_owned()).unwrap();
        assert_eq!(value.expose(), "hunter2-hunter2");
        assert!(!format!("{value:?} {:?}", Some(&value)).contains("hunter2"));
        assert!(SecretValue::new("nul\0inside".to_owned()).is_err());
    }
}
