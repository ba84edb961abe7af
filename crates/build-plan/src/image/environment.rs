//! Variables: those of the plan that may stand in an image, and those that must not.

use super::subject::Subject;
use crate::secret;

/// The plan's variables, parted.
pub(super) struct Variables {
    /// Configuration that everybody may see.
    pub(super) open: Vec<(String, String)>,
    /// Names of those that hold or look like secrets, or that an image cannot carry: whoever runs it gives them.
    pub(super) withheld: Vec<String>,
}

/// Parts the plan's variables. An image is copied from machine to machine, with all that was ever in it.
pub(super) fn part(subject: &Subject<'_>) -> Variables {
    let mut parted = Variables { open: Vec::new(), withheld: Vec::new() };
    for (name, value) in &subject.plan.env {
        let is_secret = secret::is_reference(value) || secret::resembles(name, value).is_some();
        if is_secret || value.chars().any(char::is_control) {
            parted.withheld.push(name.clone());
        } else {
            parted.open.push((name.clone(), value.clone()));
        }
    }
    parted
}
