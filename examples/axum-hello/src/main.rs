//! The smallest axum app that a platform can run.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let setting = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let address = format!("{}:{}", setting("HOST", "127.0.0.1"), setting("PORT", "8080"));
    let app = Router::new().route("/", get(async || "Hello from axum\n")).route("/health", get(async || "ok\n"));

    println!("listening on {address}");
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
