//! The files of the protocol beside their JSON Schemas, which are part of the documentation.

use std::fs;
use std::path::Path;

use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::protocol::is_id;
use fluxttice_core::protocol::process::claim;
use fluxttice_core::protocol::request_file::RequestFile;
use fluxttice_core::protocol::watchers::Wants;
use fluxttice_core::request::Command;
use fluxttice_core::session::Session;
use fluxttice_core::training::Steer;
use serde_json::{Value, json};

use fluxttice_testing::session::{Watched, config, continued, new_run};

fn schema(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/protocol");
    let path = Path::new(folder).join(format!("{name}.schema.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("unknown type {other}"),
    }
}

/// What is wrong with a value by a schema; only the words that these schemas use are known, and no other is
/// passed over.
fn problem(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let wrong = |word: &str| Some(format!("{at}: {word} in {value}"));
    let length = || value.as_array().map_or(0, Vec::len) as u64;
    for (word, wanted) in schema.as_object().unwrap() {
        let found = match word.as_str() {
            "type" => {
                let kinds: Vec<&str> = match wanted {
                    Value::String(kind) => vec![kind],
                    kinds => kinds
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter_map(Value::as_str)
                        .collect(),
                };
                let fits = kinds.into_iter().any(|kind| is_of(value, kind));
                (!fits).then(|| format!("{at}: type of {value}"))
            }
            "const" if value != wanted => wrong(word),
            "enum" if !wanted.as_array().unwrap().contains(value) => wrong(word),
            "required" => {
                let names = wanted.as_array().unwrap().iter().filter_map(Value::as_str);
                let lacking = value
                    .is_object()
                    .then(|| names.into_iter().find(|name| value.get(name).is_none()));
                lacking.flatten().map(|name| format!("{at}: no {name}"))
            }
            "properties" => {
                let mut named = wanted.as_object().unwrap().iter();
                named.find_map(|(name, schema)| {
                    problem(schema, value.get(name)?, &format!("{at}.{name}"))
                })
            }
            "items" => {
                let mut items = value.as_array().into_iter().flatten();
                items.find_map(|item| problem(wanted, item, &format!("{at}[]")))
            }
            "oneOf" => {
                let fitting = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|schema| problem(schema, value, at).is_none());
                (fitting.count() != 1).then(|| format!("{at}: not one of several"))
            }
            "minimum" => value
                .as_f64()
                .filter(|number| *number < wanted.as_f64().unwrap())
                .and_then(|_| wrong(word)),
            "exclusiveMinimum" => value
                .as_f64()
                .filter(|number| *number <= wanted.as_f64().unwrap())
                .and_then(|_| wrong(word)),
            "minLength" => value
                .as_str()
                .filter(|text| text.is_empty())
                .and_then(|_| wrong(word)),
            "minItems" if length() < wanted.as_u64().unwrap() => wrong(word),
            "maxItems" if length() > wanted.as_u64().unwrap() => wrong(word),
            "pattern" => match (value.as_str(), wanted.as_str().unwrap()) {
                (None, _) => None,
                (Some(text), pattern) if pattern.contains("HJKMNP") => {
                    (!is_id(text)).then(|| format!("{at}: {text}"))
                }
                (Some(text), pattern) => {
                    let ending = if pattern.contains("npy") {
                        ".npy"
                    } else {
                        ".bin"
                    };
                    (!text.ends_with(ending)).then(|| format!("{at}: {text}"))
                }
            },
            // Looked at above, and met.
            "$schema" | "title" | "examples" | "const" | "enum" | "minItems" | "maxItems" => None,
            other => panic!("unknown word {other}"),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[track_caller]
fn fits(name: &str, value: &Value) {
    assert_eq!(problem(&schema(name), value, name), None);
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_what_the_schemas_say() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let mut trainer = Watched::train(new_run(&run, &config(&[]), None));
    trainer.epoch();
    let attached = Session::attach(run.clone(), continued(&run, None)).unwrap();
    let mut watcher = Watched::new(attached);
    watcher.started();
    fits("status", &parsed(&run.join("status.json")));
    watcher.outcome(Command::Pause);
    watcher.outcome(Command::Steer(Steer::set("hold.rho", "0.4")));
    watcher.outcome(Command::Resume);
    watcher.outcome(Command::StopAfterEpoch);
    watcher.ended();
    watcher.leave().0.unwrap();
    trainer.leave().0.unwrap();
    let status = parsed(&run.join("status.json"));
    assert_eq!(status["end"]["reason"], "stopped");
    fits("status", &status);
    fits("controls", &parsed(&run.join("controls.json")));
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let lines = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers: Vec<Value> = lines.filter(|line| line["event"] == "outcome").collect();
    assert_eq!(answers.len(), 4);
    for answer in &answers {
        fits("answer", answer);
    }
}

#[test]
fn every_command_that_may_be_sent_is_in_the_schema_and_no_other() {
    let disruption = Disruption::new(DisruptionKind::LatentNoise);
    let request = |command: Command| {
        let request = RequestFile::new("S", claim("a test"), command).unwrap();
        serde_json::to_value(request).unwrap()
    };
    for command in [
        Command::Pause,
        Command::Resume,
        Command::StopNow,
        Command::StopAfterEpoch,
        Command::Snapshot { name: None },
        Command::Snapshot {
            name: Some("mine".into()),
        },
        Command::Keep { epochs: 3 },
        Command::Steer(Steer::set("hold.rho", "0.4")),
        Command::Steer(Steer::Disrupt { disruption }),
    ] {
        fits("request", &request(command));
    }
    for command in [
        Command::Encode,
        Command::HandOver,
        Command::Open {
            run: "other".into(),
        },
    ] {
        assert!(problem(&schema("request"), &request(command), "request").is_some());
    }
    let mut wrong = request(Command::Pause);
    wrong["id"] = json!("../../etc/passwd");
    assert!(problem(&schema("request"), &wrong, "request").is_some());
    fits("watcher", &serde_json::to_value(Wants::ALL).unwrap());
}
