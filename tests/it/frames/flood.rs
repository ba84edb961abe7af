//! A stream of frames that no client should send, the same at every run.

use std::io::Write;

/// The id of the valid request at the end.
pub(super) const LAST: &str = "last";
/// How much is written at once, in bytes.
const BATCH_BYTES: usize = 64 << 10;
/// One of so many frames is larger than a line may be.
const OVERSIZED_EVERY: u64 = 100_000;
/// One of so many frames is as large as a line may be, or nearly.
const LARGE_EVERY: u64 = 20_000;

/// What a frame is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    None,
    One,
}

/// The frames.
#[derive(Debug)]
pub(super) struct Flood {
    frames: u64,
    dice: Dice,
}

/// Numbers that look random and are the same at every run.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).expect("an index")]
    }

    /// Bytes of any value but a line's end.
    fn bytes(&mut self, out: &mut Vec<u8>) {
        let length = self.below(60);
        out.extend(
            (0..length).map(|_| u8::try_from(self.below(256)).expect("a byte")).filter(|b| *b != b'\n'),
        );
    }

    fn repeats(&mut self, text: &str, least: u64, most: u64) -> String {
        text.repeat(usize::try_from(least + self.below(most - least)).expect("a count"))
    }
}

impl Flood {
    pub(super) fn new(frames: u64) -> Self {
        Self { frames, dice: Dice(0x005e_ed0f_f2a3_e500) }
    }

    /// Writes all of it, and a valid request behind it. Returns how many answers it has to get, without the last one.
    pub(super) fn pour(mut self, to: &mut impl Write) -> u64 {
        let mut answers = 0;
        let mut batch = Vec::with_capacity(2 * BATCH_BYTES);
        for at in 0..self.frames {
            answers += u64::from(self.frame(at, &mut batch) == Answer::One);
            batch.push(b'\n');
            if batch.len() >= BATCH_BYTES {
                to.write_all(&batch).expect("the server reads");
                batch = Vec::with_capacity(2 * BATCH_BYTES);
            }
        }
        writeln!(batch, r#"{{"jsonrpc":"2.0","id":"{LAST}","method":"ping"}}"#).expect("a buffer");
        to.write_all(&batch).expect("the server reads");
        answers
    }

    fn frame(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        if at % OVERSIZED_EVERY == OVERSIZED_EVERY / 2 {
            return self.oversized(at, out);
        }
        if at % LARGE_EVERY == LARGE_EVERY / 2 {
            return self.large(at, out);
        }
        match self.dice.below(10) {
            0 => self.noise(out),
            1 => self.truncated(at, out),
            2 => self.misshapen(out),
            3 => self.strange_id(at, out),
            4 => self.nested(at, out),
            5 => twice(at, out),
            6 => self.unanswered(out),
            7 => self.unknown(at, out),
            8 => self.bad_text(at, out),
            _ => self.bad_arguments(at, out),
        }
    }

    fn noise(&mut self, out: &mut Vec<u8>) -> Answer {
        out.push(1);
        self.dice.bytes(out);
        Answer::One
    }

    fn truncated(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let whole = format!(
            r#"{{"jsonrpc":"2.0","id":{at},"method":"tools/call","params":{{"name":"plan_deploy"}}}}"#
        );
        let kept = 1 + self.dice.below(whole.len() as u64 - 1);
        out.extend(&whole.as_bytes()[..usize::try_from(kept).expect("a length")]);
        Answer::One
    }

    fn misshapen(&mut self, out: &mut Vec<u8>) -> Answer {
        let shapes = [
            "[]",
            "{}",
            "null",
            "true",
            "-1",
            "\"tools/list\"",
            "[[[]]]",
            "[1,2,3]",
            r#"{"id":1}"#,
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"method":"ping","id":1}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":{}}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
            r#"{"JSONRPC":"2.0","ID":1,"METHOD":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"},"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
        ];
        out.extend(self.dice.of(&shapes).as_bytes());
        Answer::One
    }

    fn strange_id(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let long = self.dice.repeats("x", 1, 3_000);
        let ids = [
            "null".to_owned(),
            "1.5".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            "true".to_owned(),
            "99999999999999999999999".to_owned(),
            "-9223372036854775808".to_owned(),
            format!("\"{at} {long}\""),
            format!("\"\\u0000\\u001b[2J{at}\""),
            format!(r#"{at},"id":{at}"#),
        ];
        let id = &ids[usize::try_from(self.dice.below(10)).expect("an index")];
        out.extend(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#).as_bytes());
        Answer::One
    }

    fn nested(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let open = self.dice.of(&["[", "{\"a\":", "[{\"id\":"]);
        let deep = self.dice.repeats(open, 2, 400);
        out.extend(format!(r#"{{"jsonrpc":"2.0","id":{at},"method":"ping","params":{deep}"#).as_bytes());
        Answer::One
    }

    fn unanswered(&mut self, out: &mut Vec<u8>) -> Answer {
        let quiet = [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"nobody"}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":"nonsense"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#,
            r#"{"jsonrpc":"2.0","method":"$/no/such/notification","params":[1,2,3]}"#,
            r#"{"jsonrpc":"2.0","method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"none","result":{"action":"accept","content":{}}}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":"nonsense"}"#,
            "   ",
            "\r",
            "",
        ];
        out.extend(self.dice.of(&quiet).as_bytes());
        Answer::None
    }

    fn unknown(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let method = self.dice.of(&[
            "no/such/method",
            "",
            "initialize",
            "tools/call/",
            "notifications/initialized",
            "rpc.discover",
            "\\u0000",
            "server/discover",
            "resources/read",
            "tasks/get",
        ]);
        out.extend(
            format!(r#"{{"jsonrpc":"2.0","id":{at},"method":"{method}","params":{{"a":[1,2]}}}}"#).as_bytes(),
        );
        Answer::One
    }

    fn bad_text(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        out.extend(format!(r#"{{"jsonrpc":"2.0","id":{at},"method":"ping","params":{{"a":""#).as_bytes());
        out.extend(match self.dice.below(4) {
            0 => &b"\xff\xfe"[..],
            1 => b"\xed\xa0\x80",
            2 => b"\\ud800\\u",
            _ => b"\x00\x1b",
        });
        out.extend(b"\"}}");
        Answer::One
    }

    fn bad_arguments(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let params = self.dice.of(&[
            r#"{"name":"plan_deploy","arguments":{"path":"../../../../etc"}}"#,
            r#"{"name":"plan_deploy","arguments":{"path":"\u0000"}}"#,
            r#"{"name":"get_status","arguments":{"deployment_id":"x","wait_seconds":-1}}"#,
            r#"{"name":"stream_logs","arguments":{"max_lines":1e308}}"#,
            r#"{"name":"no_such_tool","arguments":{}}"#,
            r#"{"name":"\u202edeploy_project","arguments":[]}"#,
            r#"{"arguments":{}}"#,
            r#"{"name":7}"#,
            "[]",
            r#"{"name":"plan_deploy","arguments":{"path":1},"_meta":{"progressToken":[]}}"#,
        ]);
        out.extend(
            format!(r#"{{"jsonrpc":"2.0","id":{at},"method":"tools/call","params":{params}}}"#).as_bytes(),
        );
        Answer::One
    }

    /// Longer than a line may be: with its id in front, behind, or nowhere.
    fn oversized(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let long = self.dice.repeats("x", 16 << 20, 17 << 20);
        out.extend(match self.dice.below(3) {
            0 => format!(r#"{{"jsonrpc":"2.0","id":{at},"method":"ping","params":{{"a":"{long}"}}}}"#)
                .into_bytes(),
            1 => format!(r#"{{"method":"ping","params":{{"a":"{long}"}},"jsonrpc":"2.0","id":{at}}}"#)
                .into_bytes(),
            _ => long.into_bytes(),
        });
        Answer::One
    }

    /// Within the limit, and much for whoever keeps all of it: one long text, or very many values.
    fn large(&mut self, at: u64, out: &mut Vec<u8>) -> Answer {
        let (text, repeats) = match self.dice.below(3) {
            0 => ("\"", self.dice.repeats("\\n", 3 << 20, 4 << 20)),
            1 => ("\"", self.dice.repeats("ä", 3 << 20, 4 << 20)),
            _ => ("[", self.dice.repeats("{\"a\":0},", 1 << 10, 1 << 17)),
        };
        let end = if text == "[" { "0]" } else { "\"" };
        let call =
            format!(r#""method":"tools/call","params":{{"name":"plan_deploy","arguments":{{"path":{text}"#);
        out.extend(format!(r#"{{"jsonrpc":"2.0","id":{at},{call}{repeats}{end}}}}}}}"#).as_bytes());
        Answer::One
    }
}

/// The same id twice in a row.
fn twice(at: u64, out: &mut Vec<u8>) -> Answer {
    let id = at / 2;
    out.extend(format!(r#"{{"jsonrpc":"2.0","id":"twice {id}","method":"ping"}}"#).as_bytes());
    Answer::One
}
