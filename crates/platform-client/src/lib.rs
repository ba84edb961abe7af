//! The agent's side of the platform: read the workspace, upload what is missing, call the platform, follow the events.
//!
//! [`Backend`] is the whole of it: every tool and every command is one of its methods. How a platform comes up it does
//! not know; the program hands it a [`Connect`]. Nothing in this crate prints, starts a process or reads the environment.

mod backend;
mod baseline;
mod challenge;
mod client;
mod codec;
mod deploy;
mod endpoint;
mod error;
mod follow;
mod generate;
mod http;
mod identity;
mod image;
mod landing;
mod links;
mod observe;
mod parcel;
mod pin;
mod plan;
mod pull;
mod retry;
mod secrets;
mod state;
#[cfg(test)]
mod testing;
mod toolchain;
mod upload;
mod workspace;

pub use backend::{Backend, Connect};
pub use build_plan::toolchain::{Need, Shortfall};
pub use build_plan::{
    CacheLayer, Confidence, Diagnosis, Evidence, Install, InstallMethod, Plan, Runtime, Verification,
};
pub use client::{Client, LogQuery, StopApps};
pub use deploy::{DeployOptions, Deployed, Force, Progress};
pub use endpoint::{ApiToken, Endpoint, InvalidApiToken};
pub use error::ClientError;
pub use follow::FollowFrom;
pub use generate::{GenerateOptions, Generated, Overwrite, WrittenFile};
pub use image::ImageReport;
pub use observe::{Target, diagnosis, is_settled};
pub use parcel::{Parcel, Part};
pub use plan::{PlanOptions, PlanReport, Preview};
pub use pull::{PullOptions, Pulled};
pub use secrets::SecretValue;
pub use toolchain::Look;
pub use upload::UploadReport;
pub use workspace::Ignored;
