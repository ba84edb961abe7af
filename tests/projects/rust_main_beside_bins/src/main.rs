use actix_web::{App, HttpServer};

fn main() {}
