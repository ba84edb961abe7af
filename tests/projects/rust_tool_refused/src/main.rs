fn main() {
    println!("nothing to sift");
}
