//! How a value may look in output: as it is, and in the encodings that programs print it in.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use platform_api::limits::SECRET_REDACTED_CHARS_MIN;

/// Where encoders of several lines end one: MIME, and PEM.
const WRAPPED_CHARS: [usize; 2] = [76, 64];

/// Every form of `value` that is looked for; none of a value that is too short to be told from ordinary words.
pub(super) fn of(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for value in BTreeSet::from([value, value.trim()]) {
        if value.chars().count() >= SECRET_REDACTED_CHARS_MIN {
            forms.insert(value.as_bytes().to_vec());
            forms.extend(lines(value));
            forms.extend(base64(value.as_bytes()));
            forms.extend(percent(value));
            forms.extend(json(value));
        }
    }
    forms.retain(|form| form.len() >= SECRET_REDACTED_CHARS_MIN);
    forms
}

/// Output is read line by line, so a value of several lines is also looked for by each of them. What stands around a key
/// (`-----BEGIN …`) is no part of it.
fn lines(value: &str) -> impl Iterator<Item = Vec<u8>> {
    value
        .lines()
        .map(str::trim)
        .filter(|line| line.chars().count() >= SECRET_REDACTED_CHARS_MIN && !line.starts_with("-----"))
        .map(|line| line.as_bytes().to_vec())
}

/// Base64 in both alphabets. Within a longer text a value begins at one of three places of a group, and shares its first
/// and last characters with its neighbours; those are left out.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![STANDARD.encode(value).into_bytes()];
    for shift in 0..3 {
        let shifted = [&[0; 2][..shift], value].concat();
        let first = (shift * 8).div_ceil(6);
        let whole = shifted.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            forms.push(text.as_bytes()[first..whole].to_vec());
        }
    }
    let whole = forms[0].clone();
    for width in WRAPPED_CHARS.into_iter().filter(|width| whole.len() > *width) {
        forms.extend(whole.chunks(width).map(<[u8]>::to_vec));
    }
    forms
}

/// What encoders leave as it is besides letters and digits: strictly, in paths, in JavaScript's components.
const LEFT: [&[u8]; 3] = [b"-._~", b"-._~/", b"-._~!*'()"];

/// Percent encoding, as URLs and forms have it.
fn percent(value: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for left in LEFT {
        for space in ["%20", "+"] {
            for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
                let mut form = Vec::new();
                for byte in value.bytes() {
                    match byte {
                        b' ' => form.extend_from_slice(space.as_bytes()),
                        _ if byte.is_ascii_alphanumeric() || left.contains(&byte) => form.push(byte),
                        _ => form.extend([
                            b'%',
                            digits[usize::from(byte >> 4)],
                            digits[usize::from(byte & 15)],
                        ]),
                    }
                }
                forms.push(form);
            }
        }
    }
    forms
}

/// The inside of a JSON string, with and without everything beyond ASCII escaped, and with the slash that PHP escapes.
fn json(value: &str) -> Vec<Vec<u8>> {
    let text = serde_json::to_string(value).unwrap_or_default();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
    let mut ascii = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(ascii, "\\u{unit:04x}").expect("writing to memory does not fail");
            }
        }
    }
    let slashed = text.replace('/', "\\/");
    [text.to_owned(), ascii, slashed].map(String::into_bytes).to_vec()
}
