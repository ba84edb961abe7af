fn main() {
    let port: u16 = "8080";
}
