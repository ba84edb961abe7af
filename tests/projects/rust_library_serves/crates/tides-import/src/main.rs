fn main() {
    for tide in csv::Reader::from_reader(std::io::stdin()).records() {
        println!("{:?}", tide.expect("a line of the table"));
    }
}
