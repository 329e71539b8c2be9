//! `--notify`: runs a command of the user's where training ends or something serious is found.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
/// Time that commands have to end after a signal has ended training.
const AFTER_SIGNAL: Duration = Duration::from_secs(10);

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
    /// until a signal asks for the end, which is returned. Where one has ended training, they have ten seconds.
    pub async fn wait(
        &mut self,
        shutdown: &mut watch::Receiver<Option<StopSignal>>,
        signal: Option<StopSignal>,
    ) -> Option<StopSignal> {
        let began = Instant::now();
        let is_over = || signal.is_some() && began.elapsed() >= AFTER_SIGNAL;
        while self.are_running() && !is_over() {
            tokio::select! {
                () = sleep(LOOK) => {}
                Ok(()) = shutdown.changed() => return *shutdown.borrow_and_update(),
            }
        }
        signal
    }

    /// Returns true if a command has not ended; notes those that have failed.
    fn are_running(&mut self) -> bool {
        self.started.retain_mut(|child| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(exit)) if !exit.success() => {
                note(&format!("--notify: the command ended with {exit}"));
                false
            }
            Ok(Some(_)) | Err(_) => false,
        });
        !self.started.is_empty()
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
            // Nobody bounds what it prints; whether it failed is told.
            .stderr(Stdio::null())
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
