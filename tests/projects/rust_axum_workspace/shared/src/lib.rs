pub const GREETING: &str = "hello from axum";
