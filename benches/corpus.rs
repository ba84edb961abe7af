//! A workspace of 3,000 source files, 34 MB, always the same.

use std::fmt::Write as _;
use std::path::Path;

const FILES: usize = 3_000;
const BYTES_PER_FILE: usize = 11_333;

/// Writes it. `index.html` makes it a static site: nothing to build.
pub(crate) fn write(folder: &Path) {
    let mut dice = Dice(7);
    for number in 0..FILES {
        let dir = folder.join(format!("package{:02}/module{}", number % 60, number % 5));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join(format!("part{number}.py")), source(&mut dice)).expect("a file");
    }
    std::fs::write(folder.join("index.html"), "<h1>3,000 files</h1>\n").expect("a file");
}

/// Code as it is: few distinct words, indentation, names that come again.
fn source(dice: &mut Dice) -> String {
    let length = BYTES_PER_FILE / 5 + dice.below(BYTES_PER_FILE * 8 / 5);
    let names: Vec<String> = (0..40).map(|_| dice.word()).collect();
    let mut text = String::with_capacity(length + 200);
    while text.len() < length {
        let [a, b, c, d] = [(); 4].map(|()| &names[dice.below(names.len())]);
        let number = dice.below(1_000);
        let written = match dice.below(5) {
            0 => writeln!(text, "\n\ndef {a}_{b}({c}: int, {d}: str = \"{}\") -> None:", dice.word()),
            1 => writeln!(text, "    {a} = {b}.{c}({d}, {number})"),
            2 => writeln!(text, "    if {a} is not None and {b} > {number}:\n        return {c}"),
            3 => writeln!(text, "    # {} {} {a} {} {b}", dice.word(), dice.word(), dice.word()),
            _ => writeln!(text, "    for {a} in {b}.{c}:\n        {d}.append({a}[{number}])"),
        };
        written.expect("a string");
    }
    text
}

/// A small generator of numbers (xorshift): the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] = [
            "re", "con", "ta", "ble", "in", "dex", "pro", "ject", "val", "ue", "han", "dle", "que", "ry",
            "sta", "te",
        ];
        (0..2 + self.below(3)).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }
}
