//! `requests/ID.json`: one request to the trainer of a run.

use serde::{Deserialize, Serialize};

use super::VERSION;
use crate::request::{Claim, Command};

/// Ending of a request's file; its name before it is the request's identifier.
pub const ENDING: &str = ".json";
/// Largest request that is read, in bytes.
pub const LIMIT: u64 = 64 << 10;
/// Time that a request may wait to be taken where it does not say, in seconds.
pub const WAIT_S: f64 = 60.0;

/// One request to the trainer of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestFile {
    /// Version of the protocol.
    pub protocol: u32,
    /// Identifier of the request, which is also its file's name.
    pub id: String,
    /// Session of the trainer that it is for.
    pub session: String,
    /// Time of the request in UTC (RFC 3339), by the clock of whoever sends it. It is for people alone.
    #[serde(default)]
    pub time: String,
    /// Longest time that it may wait to be taken, in seconds; then it is refused as too late.
    #[serde(default = "default_wait")]
    pub wait_s: f64,
    /// What the sender says of himself.
    #[serde(default)]
    pub author: Claim,
    /// Command, in the form that the journal has.
    pub command: Command,
}

fn default_wait() -> f64 {
    WAIT_S
}

impl RequestFile {
    /// Makes a request to a session, with a new identifier.
    ///
    /// # Errors
    /// Returns a message where the system gives no random numbers.
    pub fn new(session: &str, author: Claim, command: Command) -> Result<Self, String> {
        Ok(Self {
            protocol: VERSION,
            id: super::new_id()?,
            session: session.to_owned(),
            time: crate::run::journal::now(),
            wait_s: WAIT_S,
            author,
            command,
        })
    }

    /// Returns the name of its file.
    pub fn file_name(&self) -> String {
        file_name(&self.id)
    }

    /// Parses what lies in the file with this identifier.
    ///
    /// # Errors
    /// Returns a clause that says what is wrong with it.
    pub fn parse(id: &str, bytes: &[u8]) -> Result<Self, String> {
        let request: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("no request: {error}"))?;
        if request.protocol != VERSION {
            let found = request.protocol;
            return Err(format!("protocol {found}; expected {VERSION}"));
        }
        if request.id != id {
            return Err("another identifier inside than its name".to_owned());
        }
        if !(request.wait_s >= 0.0 && request.wait_s.is_finite()) {
            return Err("wait_s is no time".to_owned());
        }
        Ok(request)
    }
}

/// Returns the reason why a command is none that another program may ask for; `None` where it may.
pub fn refusal(command: &Command) -> Option<&'static str> {
    match command {
        Command::Pause
        | Command::Resume
        | Command::StopNow
        | Command::StopAfterEpoch
        | Command::Snapshot { .. }
        | Command::Keep { .. }
        | Command::Steer(_) => None,
        Command::Branch { .. } | Command::Open { .. } => {
            Some("whoever wants another run trains it; this trainer keeps to its own")
        }
        Command::HandOver => Some("only the program that trains can hand a run over"),
        Command::Encode | Command::Weights => {
            Some("the newest checkpoint and `live/` have it: nothing of this is sent")
        }
    }
}

/// Returns the name of the file of the request with this identifier.
pub fn file_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Steer;

    #[test]
    fn a_request_is_read_as_it_was_written_and_others_are_refused() {
        let command = Command::Steer(Steer::set("hold.rho", "0.4"));
        let request = RequestFile::new("S", Claim::default(), command).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        let read = |text: &str| RequestFile::parse(&request.id, text.as_bytes());
        assert_eq!(read(&text).unwrap(), request);
        let deep = "[".repeat(100_000);
        for (wrong, problem) in [
            (
                text.replace("\"protocol\":1", "\"protocol\":2"),
                "protocol 2",
            ),
            (text.replace(&request.id, "other"), "another identifier"),
            (text.replace("\"wait_s\":60.0", "\"wait_s\":-1"), "no time"),
            (text.replace("\"set\"", "\"sing\""), "no request"),
            (deep, "no request"),
            (String::new(), "no request"),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        let least = format!(
            "{{\"protocol\":1,\"id\":\"{}\",\"session\":\"S\",\"command\":{{\"request\":\"pause\"}}}}",
            request.id
        );
        let least = read(&least).unwrap();
        assert_eq!((least.command, least.wait_s), (Command::Pause, WAIT_S));
    }
}
