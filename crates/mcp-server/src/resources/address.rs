//! Where a resource is.

use std::fmt;
use std::str::FromStr;

use platform_api::DeploymentId;

const PROJECTS: &str = "backend-im://projects";
const DEPLOYMENTS: &str = "backend-im://deployments/";
const LOGS: &str = "/logs";
/// The addresses of all deployments.
pub(crate) const DEPLOYMENT_TEMPLATE: &str = "backend-im://deployments/{id}";
/// The addresses of all logs.
pub(crate) const LOGS_TEMPLATE: &str = "backend-im://deployments/{id}/logs";

/// The address of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Address {
    Projects,
    Deployment(DeploymentId),
    Logs(DeploymentId),
}

/// Not the address of a resource, or not the way it is written here.
#[derive(Debug, thiserror::Error)]
#[error("there is no such resource")]
pub(crate) struct InvalidAddress;

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = |text: &str| text.parse().map_err(|_| InvalidAddress);
        let address = match text.strip_prefix(DEPLOYMENTS) {
            Some(deployment) => match deployment.strip_suffix(LOGS) {
                Some(deployment) => Self::Logs(id(deployment)?),
                None => Self::Deployment(id(deployment)?),
            },
            None => Self::Projects,
        };
        // One spelling each, so that what is told of a resource names it as the client does.
        if address.to_string() == text { Ok(address) } else { Err(InvalidAddress) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Projects => f.write_str(PROJECTS),
            Self::Deployment(id) => write!(f, "{DEPLOYMENTS}{id}"),
            Self::Logs(id) => write!(f, "{DEPLOYMENTS}{id}{LOGS}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_one_spelling() {
        let id = "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10";
        let (deployment, logs) = (DEPLOYMENT_TEMPLATE.replace("{id}", id), LOGS_TEMPLATE.replace("{id}", id));
        for text in [PROJECTS, &deployment, &logs] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!(logs.parse::<Address>().unwrap(), Address::Logs(id.parse().unwrap()));
        for wrong in [
            "",
            "projects",
            "backend-im://projects/",
            "backend-im://deployments/",
            "backend-im://deployments/latest",
            "backend-im://deployments/0190B5A4-6E1F-7C3A-9B1D-2F6C8E4A7D10",
            "backend-im://deployments/0190b5a46e1f7c3a9b1d2f6c8e4a7d10",
            "file:///etc/passwd",
            &format!("{deployment}/../.."),
            &format!("{logs}/logs"),
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
