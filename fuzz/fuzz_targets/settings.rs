//! Any settings file.
#![no_main]

use build_plan::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = config::parse("backend-im.yml", text) {
        assert!(!error.message.is_empty());
    }
});
