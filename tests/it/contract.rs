//! The wire contract, as one suite for any platform: `BACKEND_IM_CONTRACT_URL` and `BACKEND_IM_CONTRACT_TOKEN` name one;
//! without them every test starts a platform of its own. What can only be seen on a platform of one's own (its listener,
//! its crash) skips itself by name elsewhere.

mod app;
mod cancelling;
mod describing;
mod following;
mod listening;
mod logs;
mod planning;
mod platform;
mod projects;
mod published;
mod refusing;
mod repeating;
mod secrets;
mod socket;
mod uploading;

use platform::{Platform, refusal};
use socket::{Heard, Socket};
