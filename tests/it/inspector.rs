//! The official Inspector, in both eras of the protocol.

use crate::harness::{npm, run_within};

#[test]
fn smoke() {
    let Some(mut c) = npm("smoke", "inspector") else { return };
    println!("{:?}", run_within(60, c.arg("--help")));
    let Some(mut c) = npm("smoke", "claude") else { return };
    println!("{:?}", run_within(60, c.arg("--version")));
}
