//! Versions: their numbers, and where they stand in what a program says of itself.

/// How many numbers of a version count.
const PARTS_MAX: usize = 3;

/// The numbers of a version as it was written, up to the first part that is none: `3.12`, `1.22.5`, `20.x`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Numbers(pub(super) Vec<u64>);

impl Numbers {
    /// Reads `3.12.1`, `v20.x`, `8.0.100-rc.1`. Empty for what does not begin with a number.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim().trim_start_matches(['v', '=', '"', '\'']).trim_start();
        let mut numbers = Vec::new();
        for part in text.split('.').take(PARTS_MAX) {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let Ok(number) = part[..end].parse() else { break };
            numbers.push(number);
            if end < part.len() {
                break;
            }
        }
        Self(numbers)
    }

    /// The same with a zero for every number that was not given.
    pub(super) fn padded(&self) -> [u64; PARTS_MAX] {
        std::array::from_fn(|at| self.0.get(at).copied().unwrap_or_default())
    }

    /// As text: `1.22.5`.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
    }
}

/// Where a program's answer has its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The first one after these words, or the first one of all where they do not occur.
    After(&'static str),
    /// The first one of every line: what lists several.
    EachLine,
}

/// The versions that an answer names: `1.19.8` of `go version go1.19.8 linux/amd64`.
pub(super) fn versions_in(said: &str, place: Place) -> Vec<String> {
    let first = |text: &str| {
        // A version has two numbers at least: `Debian 12` is none.
        let words = text.split(|c: char| c.is_whitespace() || "\"'(),[]".contains(c));
        words.into_iter().find_map(number_in)
    };
    match place {
        Place::After(words) => {
            let rest = said.split_once(words).map_or(said, |(_, rest)| rest);
            first(rest).into_iter().collect()
        }
        Place::EachLine => said.lines().filter_map(first).collect(),
    }
}

/// The version in a word: `go1.19.8`, `v20.20.2`, `3.1.2p20`, or a lone number such as Java's `21`.
fn number_in(word: &str) -> Option<String> {
    let start = word.find(|c: char| c.is_ascii_digit())?;
    if word[..start].chars().any(|c| !c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = &word[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let version = rest[..end].trim_end_matches('.');
    let has_parts = version.contains('.') || start == 0 && end == rest.len();
    has_parts.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::program::find;

    #[test]
    fn numbers_end_where_the_version_does() {
        for (text, numbers) in [
            ("3.12", &[3, 12][..]),
            ("v20.x", &[20]),
            ("8.0.100-rc.1", &[8, 0, 100]),
            ("3.13.0rc1", &[3, 13, 0]),
            ("1.2.3.4", &[1, 2, 3]),
            ("*", &[]),
            ("stable", &[]),
        ] {
            assert_eq!(Numbers::parse(text).0, numbers, "{text}");
        }
        assert_eq!(Numbers::parse("3.1").padded(), [3, 1, 0]);
    }

    #[test]
    fn every_program_is_read_as_it_answers() {
        for (program, said, version) in [
            ("go", "go version go1.19.8 linux/amd64", "1.19.8"),
            ("go", "go version go1.24 darwin/arm64", "1.24"),
            (
                "java",
                "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)",
                "17.0.15",
            ),
            ("java", "openjdk version \"21\" 2023-09-19", "21"),
            ("java", "java version \"1.8.0_392\"\nJava(TM) SE Runtime Environment", "1.8.0"),
            ("java", "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version \"11.0.2\" 2019-01-15", "11.0.2"),
            ("javac", "javac 17.0.15", "17.0.15"),
            ("php", "PHP 8.2.29 (cli) (built: Jul  3 2025 16:16:05) (NTS)\nCopyright (c)", "8.2.29"),
            ("php", "PHP 8.1.2-1ubuntu2.14 (cli)", "8.1.2"),
            ("ruby", "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", "3.1.2"),
            (
                "elixir",
                "Erlang/OTP 25 [erts-13.1.5] [64-bit]\n\nElixir 1.14.0 (compiled with Erlang/OTP 24)",
                "1.14.0",
            ),
            ("cargo", "cargo 1.85.1 (d73d2caf9 2024-12-31)", "1.85.1"),
            ("node", "v20.20.2 115 x64", "20.20.2"),
            (
                "python3",
                "/root/.pyenv/versions/3.12.1/bin/python3.12\n3.11.7\ncpython-311-x86_64-linux-gnu",
                "3.11.7",
            ),
            ("python3", "Python 3.9.2", "3.9.2"),
            ("mvn", "\u{1b}[1mApache Maven 3.8.7\u{1b}[m\nMaven home: /usr/share/maven", "3.8.7"),
            (
                "gradle",
                "\n------------------------------------------------------------\nGradle 8.10.2\n------------\n",
                "8.10.2",
            ),
            ("composer", "Composer version 2.5.5 2023-03-21 11:50:05", "2.5.5"),
            (
                "hugo",
                "hugo v0.111.3-5d4eb5154e1fed125ca8e9b5a0315c4180dab192+extended linux/amd64",
                "0.111.3",
            ),
            ("zola", "zola 0.19.2", "0.19.2"),
            ("mdbook", "mdbook v0.4.40", "0.4.40"),
            ("bundle", "Bundler version 2.3.15", "2.3.15"),
            ("deno", "deno 2.1.4 (stable, release, x86_64-unknown-linux-gnu)\nv8 13.0.245.12-rusty", "2.1.4"),
            ("bun", "1.1.38", "1.1.38"),
            ("pnpm", "9.15.0", "9.15.0"),
            ("uv", "uv 0.5.9 (x86_64-unknown-linux-gnu)", "0.5.9"),
        ] {
            let place = find(program).expect("in the table").place;
            assert_eq!(versions_in(said, place), [version], "{program}: {said}");
        }
        let sdks = "6.0.428 [/usr/share/dotnet/sdk]\n8.0.404 [/usr/share/dotnet/sdk]\n";
        let place = find("dotnet").expect("in the table").place;
        assert_eq!(versions_in(sdks, place), ["6.0.428", "8.0.404"]);
        assert!(versions_in("no version is set for command go", Place::After("go version")).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic(said in "(go|version|Elixir |v|\"|\\.|[0-9]{1,22}|\n|\\PC){0,24}") {
            for place in [Place::After("Elixir "), Place::EachLine] {
                for version in versions_in(&said, place) {
                    Numbers::parse(&version).padded();
                }
            }
        }
    }
}
