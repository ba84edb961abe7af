//! Which values of its project's secrets an instance starts with. They are opened for the start and kept by nobody: a
//! restart opens them again.

use platform_api::Failure;

use super::Site;
use crate::secrets::{Injected, SecretError};
use crate::store::{DeploymentRow, SecretVersions};

/// Those that were current when the deployment was accepted.
pub(super) fn of_deployment<E>(site: &Site<E>, row: &DeploymentRow) -> Result<Injected, Failure> {
    opened(site, row, &row.secrets)
}

/// Those that are current now: a preview of an old release has no claim to values that nothing live runs with.
pub(super) fn current<E>(site: &Site<E>, row: &DeploymentRow) -> Result<Injected, Failure> {
    let versions = site.store.secret_versions(&row.project).map_err(|error| failure(row, &error.into()))?;
    opened(site, row, &versions)
}

fn opened<E>(site: &Site<E>, row: &DeploymentRow, versions: &SecretVersions) -> Result<Injected, Failure> {
    let mut env = row.plan.env.clone();
    env.extend(row.env.clone());
    site.secrets.injected(&row.project, &env, versions).map_err(|error| failure(row, &error))
}

fn failure(row: &DeploymentRow, error: &SecretError) -> Failure {
    Failure::new(error.code(), error.to_string()).hint(error.hint(&row.project))
}
