//! Bad input of every kind: each is told with a stable code, what happened and what to do next, and whatever was live
//! stays live. The apps that must not go live lie in `tests/failures/`.

mod building;
mod configuration;
mod diagnosed;
mod disk;
mod folder;
mod peer;
mod platforms;
mod ports;
mod standing;
mod starting;
mod told;

use standing::Standing;
use told::Told;
