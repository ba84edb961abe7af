use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let address = format!("{}:{}", std::env::var("HOST").unwrap(), std::env::var("PORT").unwrap());
    let _first = TcpListener::bind(&address)?;
    TcpListener::bind(&address).map(drop)
}
