fn main() {
    panic!("nothing to serve");
}
