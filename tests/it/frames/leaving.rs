//! The client goes away while calls are under way.
