//! The agent's side of the platform: read the workspace, upload what is missing, call the platform, follow the events.
