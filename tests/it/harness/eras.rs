//! A client of either era of the protocol over stdio: greets or not, says what it can, and answers what it is asked.

use serde_json::{Value, json};

use super::{Home, Mcp, Project, eventually};

/// What a person does with a question: the whole response.
pub(crate) type Response = fn(&Value) -> Value;

/// A client without a person.
pub(crate) fn nobody(question: &Value) -> Value {
    panic!("nobody is here to answer {question}")
}

/// A client of either era, with what it says it can.
pub(crate) struct Client {
    pub(crate) mcp: Mcp,
    era: Era,
    capabilities: Value,
    id: u64,
    /// The questions that came, as the client was shown them.
    pub(crate) asked: Vec<Value>,
    /// The notifications that came.
    pub(crate) told: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Era {
    Old,
    New,
}

pub(crate) const ERAS: [Era; 2] = [Era::Old, Era::New];

impl Client {
    pub(crate) fn start(home: &Home, project: &Project, era: Era, capabilities: Value) -> Self {
        Self::over(Mcp::silent(home, &project.path()), era, capabilities)
    }

    /// The same over a server that was started already.
    pub(crate) fn over(mut mcp: Mcp, era: Era, capabilities: Value) -> Self {
        if era == Era::Old {
            let client = json!({"name": "test", "version": "1"});
            let hello =
                json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": client});
            mcp.request("initialize", &hello);
            mcp.line(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        }
        Self { mcp, era, capabilities, id: 1_000, asked: Vec::new(), told: Vec::new() }
    }

    /// Makes a request and answers its id; its answer is still to come.
    pub(crate) fn begin(&mut self, method: &str, mut params: Value) -> u64 {
        if self.era == Era::New {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            });
        }
        self.id += 1;
        self.mcp.line(&json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}));
        self.id
    }

    /// Makes a request and answers the whole response; what is asked before goes to `person`.
    pub(crate) fn send(&mut self, method: &str, params: Value, person: Response) -> Value {
        let id = self.begin(method, params);
        loop {
            let message = self.mcp.next();
            if message["method"] == "elicitation/create" {
                assert_eq!(self.era, Era::Old, "{message}");
                self.asked.push(message.clone());
                let result = person(&message);
                self.mcp.line(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
            } else if message["id"] == id {
                return message;
            } else {
                self.told.push(message);
            }
        }
    }

    /// Makes a request that must succeed without a person, and answers its result.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.send(method, params, nobody);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Waits until a notification has come, and answers it.
    pub(crate) fn hears(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(what, 60, || {
            let found = self.told.iter().find(|message| is_it(message)).cloned();
            // A request that needs nobody, so that what is on its way is read.
            if found.is_none() {
                self.ask("prompts/list", json!({}));
            }
            found
        })
    }

    /// Calls a tool, answering what is asked, and answers its result.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value, person: Response) -> Value {
        let mut params = json!({"name": tool, "arguments": arguments});
        for _ in 0..5 {
            let answer = self.send("tools/call", params.clone(), person);
            let result = &answer["result"];
            assert!(result.is_object(), "never an error of the protocol: {answer}");
            if result["resultType"] != "input_required" {
                return result.clone();
            }
            assert_eq!(self.era, Era::New, "{answer}");
            let requests = result["inputRequests"].as_object().expect("requests");
            let responses: serde_json::Map<_, _> =
                requests.iter().map(|(key, question)| (key.clone(), person(question))).collect();
            self.asked.extend(requests.values().cloned());
            params["inputResponses"] = Value::Object(responses);
            params["requestState"] = result["requestState"].clone();
        }
        panic!("asked again and again: {:?}", self.asked)
    }
}
