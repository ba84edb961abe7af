//! What stands in for the model: the calls that it makes one after the other, whatever it is told. It keeps no state,
//! because a client may ask the same question twice: the place in the script follows from the results so far.

use serde_json::Value;

/// One thing that the "model" does.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// Calls a tool.
    Call { tool: &'static str, input: Value },
    /// Calls a tool again and again until its result says that a deployment has ended.
    Await { tool: &'static str, input: Value },
}

/// What a tool answered, as it reached the "model".
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

impl Told {
    /// The result as data.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn has_ended(&self) -> bool {
        let result: Value = serde_json::from_str(&self.text).unwrap_or_default();
        !matches!(result["status"].as_str(), Some(status) if !["complete", "failed", "cancelled"].contains(&status))
    }

    /// The results in a request's messages, oldest first.
    pub(crate) fn all(request: &Value) -> Vec<Self> {
        let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let blocks = messages.iter().filter_map(|message| message["content"].as_array()).flatten();
        blocks.filter(|block| block["type"] == "tool_result").map(Self::of).collect()
    }

    fn of(block: &Value) -> Self {
        let text = match &block["content"] {
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
            content => content.as_str().unwrap_or_default().to_owned(),
        };
        Self { text, is_error: block["is_error"] == true }
    }
}

/// The calls of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Script(Vec<Turn>);

impl Script {
    pub(crate) fn new(turns: Vec<Turn>) -> Self {
        Self(turns)
    }

    /// The call that follows these results: a tool and its input. Nothing at the end.
    pub(crate) fn next(&self, results: &[Told]) -> Option<(&'static str, &Value)> {
        let place = self.paired(results).iter().filter(|(turn, told)| turn.is_done(told)).count();
        self.0.get(place).map(Turn::call)
    }

    /// Each result beside the turn that asked for it.
    pub(crate) fn paired<'a>(&'a self, results: &'a [Told]) -> Vec<(&'a Turn, &'a Told)> {
        let mut turns = self.0.iter().peekable();
        let pair = |told| {
            let turn = *turns.peek()?;
            if turn.is_done(told) {
                turns.next();
            }
            Some((turn, told))
        };
        results.iter().map_while(pair).collect()
    }
}

impl Turn {
    /// The tool that it calls.
    pub(crate) fn tool(&self) -> &'static str {
        self.call().0
    }

    fn call(&self) -> (&'static str, &Value) {
        let (Self::Call { tool, input } | Self::Await { tool, input }) = self;
        (tool, input)
    }

    fn is_done(&self, told: &Told) -> bool {
        matches!(self, Self::Call { .. }) || told.has_ended()
    }
}
