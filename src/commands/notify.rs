//! `--notify`: runs a command of the user's where training ends or something serious is found.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::{Members, upsert_epoch};
use fluxttice_core::session::message::{End, Event, RunInfo};
use fluxttice_tui::{Gravity, findings};
use serde_json::{Value, json};

use super::{json_path, note};

/// Runs the user's command, with what there is to tell as JSON on its standard input.
#[derive(Debug)]
pub struct Notifier<'a> {
    command: Option<&'a str>,
    info: Option<Arc<RunInfo>>,
    records: Vec<Arc<EpochRecord>>,
    /// Rules whose findings were told: each once.
    told: Vec<&'static str>,
    /// Processes that may not have ended.
    started: Vec<Child>,
}

impl<'a> Notifier<'a> {
    /// Makes a notifier; without a command it does nothing.
    pub fn new(command: Option<&'a str>) -> Self {
        Self {
            command,
            info: None,
            records: Vec::new(),
            told: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Looks at an event for something serious.
    pub fn hear(&mut self, event: &Event) {
        if self.command.is_none() {
            return;
        }
        match event {
            Event::Started(info) => {
                self.records.clone_from(&info.history);
                self.info = Some(Arc::clone(info));
            }
            Event::Epoch(report) => {
                upsert_epoch(&mut self.records, &report.record);
                self.look();
            }
            Event::Unsaved(Some(unsaved)) => {
                self.tell(json!({"event": "unsaved", "text": unsaved.to_string()}));
            }
            _ => {}
        }
    }

    fn look(&mut self) {
        let members = Members::default();
        let found = findings(&self.records, self.info.as_deref(), &members);
        for finding in found {
            if finding.gravity == Gravity::Bad && !self.told.contains(&finding.rule) {
                self.told.push(finding.rule);
                let epoch = self.records.last().map(|record| record.epoch);
                self.tell(json!({
                    "event": "finding",
                    "finding": finding.rule,
                    "text": finding.text,
                    "hint": finding.hint,
                    "epoch": epoch,
                }));
            }
        }
    }

    /// Tells of the end of training, and waits for every command.
    pub fn ended(&mut self, end: &End) {
        self.tell(json!({"event": "end", "reason": end.reason, "message": end.message}));
        for mut child in self.started.drain(..) {
            // What became of it is the user's business.
            let _ = child.wait();
        }
    }

    fn tell(&mut self, mut what: Value) {
        let Some(command) = self.command else {
            return;
        };
        if let Some(info) = &self.info {
            what["run"] = json!(info.name);
            json_path(&mut what, "folder", &info.folder);
        }
        let (shell, flag) = match cfg!(windows) {
            true => ("cmd", "/C"),
            false => ("sh", "-c"),
        };
        let started = Command::new(shell)
            .args([flag, command])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        match started {
            Ok(mut child) => {
                if let Some(mut stdin) = child.stdin.take() {
                    // A command that reads nothing is no failure. What is written fits into a pipe.
                    let _ = writeln!(stdin, "{what}");
                }
                self.started.push(child);
            }
            Err(error) => note(&format!("--notify: `{command}` cannot be started: {error}")),
        }
    }
}
