use axum::{Router, routing::get};

pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
        let listener = tokio::net::TcpListener::bind(format!("0.0.0.0:{port}")).await.expect("a free port");
        let app = Router::new().route("/", get(|| async { "high water at noon" }));
        axum::serve(listener, app).await.expect("a listener");
    });
}
