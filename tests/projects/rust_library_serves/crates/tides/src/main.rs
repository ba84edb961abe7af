fn main() {
    tides_web::run();
}
