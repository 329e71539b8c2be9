//! `--notify`: runs a command of the user's where training ends or something serious is found.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fluxttice_core::record::EpochRecord;
use fluxttice_core::request::EndReason;
use fluxttice_core::run::{Members, upsert_epoch};
use fluxttice_core::session::message::{End, Event, RunInfo};
use fluxttice_tui::{Gravity, StopSignal, findings};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{json_path, note};

/// Time between two looks whether a command has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs the user's command, with what there is to tell as JSON on its standard input.
#[derive(Debug)]
pub struct Notifier {
    command: Option<String>,
    info: Option<Arc<RunInfo>>,
    records: Vec<Arc<EpochRecord>>,
    /// Rules whose findings were told: each once.
    told: Vec<&'static str>,
    /// Processes that may not have ended.
    started: Vec<Child>,
}

impl Notifier {
    /// Makes a notifier; without a command it does nothing.
    pub fn new(command: Option<&str>) -> Self {
        Self {
            command: command.map(str::to_owned),
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

    /// Tells of the end of training.
    pub fn ended(&mut self, end: &End) {
        if end.reason != EndReason::HandedOver {
            self.tell(json!({"event": "end", "reason": end.reason, "message": end.message}));
        }
    }

    /// Waits until every command has ended, which a container that ends with this process would end too; or
    /// until a signal asks for the end, which is returned.
    pub async fn wait(
        &mut self,
        shutdown: &mut watch::Receiver<Option<StopSignal>>,
    ) -> Option<StopSignal> {
        let is_running = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        while self.started.iter_mut().any(is_running) {
            tokio::select! {
                () = sleep(LOOK) => {}
                Ok(()) = shutdown.changed() => return *shutdown.borrow_and_update(),
            }
        }
        None
    }

    fn tell(&mut self, mut what: Value) {
        let Some(command) = &self.command else {
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
