//! Handlers of the session's events, of answers of the threads beside it, of progress, log lines and time.

use std::time::{Duration, SystemTime};

use fluxttice_core::record::Stage;
use fluxttice_core::request::{Command, EndReason, Outcome};
use fluxttice_core::session::message::{Event, NoticeLevel, Progress};
use fluxttice_core::session::{JobEvent, QuickJob, RunGlance};

use super::{App, Redraw};
use crate::effects::say;
use crate::follow_up::AfterGlance;
use crate::log_buffer::{LogLevel, LogLine};
use crate::panes::log::{Entry, Origin};
use crate::tab::Tab;

/// Time for which a message is shown.
const PASSING: Duration = Duration::from_secs(6);
/// Time that saving an epoch may take before the screen shows it.
const SLOW_DISK: Duration = Duration::from_secs(1);

impl App {
    /// Handles an event of the session.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event is handed over, as its sender has no more use for it"
    )]
    pub fn on_event(&mut self, event: Event) {
        match &event {
            Event::Outcome(outcome) => {
                self.report(outcome);
                self.on_leave_refused(outcome);
                self.follow_up(outcome);
                if let Command::Snapshot { .. } = outcome.command {
                    self.ask_job(QuickJob::List);
                }
            }
            Event::Weights(model) => self.estimate(model),
            Event::Unsaved(Some(unsaved)) => {
                let text = format!("{unsaved}; training continues, and saving is tried again");
                self.tell(LogLevel::Error, Origin::Notice, text);
            }
            Event::Unsaved(None) => self.say("everything is saved again"),
            Event::Notice(notice) => {
                let level = match notice.level {
                    NoticeLevel::Info => LogLevel::Info,
                    NoticeLevel::Warning => LogLevel::Warn,
                    NoticeLevel::Error => LogLevel::Error,
                };
                self.tell(level, Origin::Notice, notice.text.clone());
            }
            Event::Ended(end) if self.shared.live.end.is_none() => {
                let level = match end.reason {
                    EndReason::Diverged | EndReason::Failed | EndReason::Lost => LogLevel::Error,
                    _ => LogLevel::Info,
                };
                self.tell(level, Origin::Notice, end.message.clone());
            }
            Event::Started(info) => {
                // Codes and estimates of another run say nothing of this one.
                self.outbox.forget_model();
                self.shared.estimates = None;
                self.panes.train.forget();
                self.panes.neighbours.forget();
                for (time, outcome) in &info.answered {
                    let (level, text) = line(outcome);
                    self.panes.log.push(Entry {
                        time: *time,
                        level,
                        origin: Origin::Outcome,
                        text,
                    });
                }
                for line in info
                    .recipe()
                    .into_iter()
                    .flat_map(|recipe| &recipe.ineffective)
                {
                    let text = format!("configuration, no effect: {line}");
                    self.note(LogLevel::Info, Origin::Notice, text);
                }
            }
            _ => {}
        }
        self.shared.live.on_event(&event);
        if matches!(event, Event::Ended(_)) {
            self.on_ended();
        }
        self.settle();
        self.redraw(Redraw::News);
    }

    /// Handles an answer of the threads beside the worker.
    pub fn on_job(&mut self, event: JobEvent) {
        if let JobEvent::Progress(progress) = event {
            if let Some(job) = self.shared.jobs.front_mut() {
                job.progress = Some(progress);
            }
            return self.redraw(Redraw::Progress);
        }
        if matches!(
            event,
            JobEvent::Certified(_)
                | JobEvent::Verified(..)
                | JobEvent::Validated(..)
                | JobEvent::Estimated(_)
        ) {
            self.shared.jobs.pop_front();
        }
        match event {
            JobEvent::Progress(_) => {}
            JobEvent::Estimated(Ok(estimates)) => self.shared.estimates = Some(estimates),
            JobEvent::Estimated(Err(problem)) => {
                self.warn(format!("✖ cannot estimate probabilities: {problem}"));
            }
            JobEvent::Written(Ok(to)) => self.say(format!("✓ wrote {}", to.display())),
            JobEvent::Written(Err(problem)) => self.warn(format!("✖ cannot write: {problem}")),
            JobEvent::Bookmarks(Ok(bookmarks)) => self.shared.bookmarks = bookmarks,
            JobEvent::Bookmarks(Err(problem)) => self.warn(format!("✖ bookmarks: {problem}")),
            JobEvent::Glanced(_, glance) => self.on_glance(&glance),
            JobEvent::Listed(_)
            | JobEvent::Certified(_)
            | JobEvent::Verified(..)
            | JobEvent::Validated(..) => {
                let effects = self.panes.evidence.on_job(event);
                self.carry_out(effects);
            }
            JobEvent::Runs(_)
            | JobEvent::Deleted(..)
            | JobEvent::Checked(..)
            | JobEvent::Trying(_)
            | JobEvent::Tried(_) => {
                let effects = self.panes.runs.on_job(event);
                self.carry_out(effects);
            }
            JobEvent::CodesLoaded(loaded) => {
                let effects = self.panes.neighbours.on_codes(loaded, &self.shared);
                self.carry_out(effects);
            }
            JobEvent::Located(point) => self.panes.neighbours.on_located(point),
        }
        self.settle();
        self.redraw(Redraw::News);
    }

    /// Goes on with the continuation that waited for a run's folder to be read.
    fn on_glance(&mut self, glance: &RunGlance) {
        let effects = match self.after_glance.take() {
            None => return,
            Some(AfterGlance::Branch(point)) => point.ask(&glance.checkpoints),
            Some(AfterGlance::Refuse { name, nothing }) => say(match glance.is_open {
                true => format!("another process trains {name}: {nothing}"),
                false => format!("opened without training, --resume continues it: {nothing}"),
            }),
        };
        self.carry_out(effects);
    }

    /// Handles the worker's progress within an epoch.
    pub fn on_progress(&mut self, progress: Progress) {
        if progress.stage == Stage::Saving {
            self.saving = Some((progress, self.now));
            return;
        }
        self.saving = None;
        self.show_progress(progress);
    }

    fn show_progress(&mut self, progress: Progress) {
        if self.shared.live.progress == progress {
            return;
        }
        self.shared.live.progress = progress;
        if !self.shared.is_frozen() {
            self.redraw(Redraw::Progress);
        }
    }

    /// Adds log lines to the log pane.
    pub fn on_log(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.panes.log.push_line(line);
        }
        if self.tab == Tab::Log {
            self.redraw(Redraw::News);
        }
    }

    /// Handles the time: removes an old message, and shows that saving takes long.
    pub fn on_tick(&mut self, now: SystemTime) {
        let before = std::mem::replace(&mut self.now, now);
        self.wait(now.duration_since(before).unwrap_or_default());
        let effects = self.panes.of_mut(self.tab).tick(now);
        self.carry_out(effects);
        let older = |since, than| now.duration_since(since).is_ok_and(|age| age > than);
        if let Some((progress, _)) = self.saving.take_if(|(_, since)| older(*since, SLOW_DISK)) {
            self.show_progress(progress);
        }
        if self
            .toast
            .take_if(|toast| older(toast.since, PASSING))
            .is_some()
        {
            self.redraw(Redraw::News);
        }
    }

    fn report(&mut self, outcome: &Outcome) {
        let (level, text) = line(outcome);
        // An experiment asked for it, and reports its own progress.
        let kept = outcome.applied && matches!(outcome.command, Command::Keep { .. });
        if kept || level == LogLevel::Debug {
            self.note(level, Origin::Outcome, text);
        } else {
            self.tell(level, Origin::Outcome, text);
        }
    }
}

/// Returns an outcome as a line of the log, with its severity.
fn line(outcome: &Outcome) -> (LogLevel, String) {
    let (level, sign) = match (outcome.applied, &outcome.command) {
        (_, Command::Encode | Command::Weights) => (LogLevel::Debug, "✓"),
        (true, _) => (LogLevel::Info, "✓"),
        (false, _) => (LogLevel::Warn, "✖ refused"),
    };
    let Outcome {
        by,
        command,
        message,
        epoch,
        batch,
        ..
    } = outcome;
    let place = format!("epoch {epoch}, batch {batch}");
    let text = match (outcome.applied, by.requester()) {
        // Nobody should take whoever asked for whoever refused.
        (false, Some(_)) => format!("✖ {by}{command}: refused, {message} ({place})"),
        _ => format!("{sign} {by}{command}: {message} ({place})"),
    };
    (level, text)
}
