//! Files of a static site over HTTP.
