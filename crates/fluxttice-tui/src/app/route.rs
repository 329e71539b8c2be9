//! Routes of keys and clicks to the dialog or pane that they are for, and their effects.

use std::sync::Arc;

use fluxttice_core::request::Command;
use fluxttice_core::session::QuickJob;
use ratatui::layout::Position;

use super::{App, Redraw};
use crate::dialogs::controls::Controls;
use crate::dialogs::disrupt::Disrupt;
use crate::dialogs::export;
use crate::dialogs::find::Find;
use crate::dialogs::help::Help;
use crate::dialogs::palette::Palette;
use crate::dialogs::snapshot::Snapshot;
use crate::effects::{Dialog, Effect, Effects, ask, open, refusal, say};
use crate::follow_up::FollowUp;
use crate::keys::Action;
use crate::panes::evidence;
use crate::run_view::Condition;
use crate::tab::Tab;
use crate::{header, layout};

impl App {
    /// Performs an action of a key, the mouse or the palette.
    pub fn perform(&mut self, action: Action) {
        self.redraw(Redraw::Now);
        let done = match &mut self.dialog {
            Some(dialog) => dialog.act(action, &self.shared),
            None => self.panes.of_mut(self.tab).act(action, &self.shared),
        };
        let effects = done.unwrap_or_else(|| self.act(action));
        self.carry_out(effects);
        self.settle();
    }

    /// Performs an action that is the same in every pane, or in every dialog.
    fn act(&mut self, action: Action) -> Effects {
        let show = |tab| vec![Effect::Show(tab)];
        match action {
            Action::Suspend => self.suspend = true,
            Action::Repaint => self.clear = true,
            Action::Interrupt => self.ask_to_quit(),
            Action::Close => self.dialog = None,
            _ if self.dialog.is_some() => {}
            Action::Quit => self.ask_to_quit(),
            Action::Stop => self.ask_to_stop(),
            Action::ShowTrain => return show(Tab::Train),
            Action::ShowCoverage => return show(Tab::Coverage),
            Action::ShowNeighbours => return show(Tab::Neighbours),
            Action::ShowRuns => return show(Tab::Runs),
            Action::ShowEvidence => return show(Tab::Evidence),
            Action::ShowLog => return show(Tab::Log),
            Action::NextTab => return show(self.tab.next(true)),
            Action::PreviousTab => return show(self.tab.next(false)),
            Action::TogglePause => return self.toggle_pause(),
            Action::Disrupt if self.shared.live.foreign.is_some() => {
                return self.refuse("nothing to disrupt");
            }
            Action::Disrupt => {
                return self.while_training("nothing to disrupt", Disrupt::default());
            }
            Action::Controls => {
                return self.while_training("nothing to change", Controls::default());
            }
            Action::Snapshot if !self.shared.live.serves() => {
                return self.refuse("nothing to save");
            }
            Action::Snapshot => return open(Snapshot::default()),
            Action::Certify => return self.certify(),
            Action::ToggleMisleading => self.shared.misleading = !self.shared.misleading,
            Action::ToggleFreeze => self.toggle_freeze(),
            Action::FindOperation => return open(Find::default()),
            Action::DropSelection => return vec![Effect::Select(None)],
            Action::Export => return export::offer(self.front().exports(&self.shared)),
            Action::Help => return open(Help::default()),
            Action::Palette => return open(Palette::of(self.front().context())),
            _ => {}
        }
        Vec::new()
    }

    /// Carries out effects, in order.
    pub(super) fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Ask(command, then) => self.ask(command, then),
                Effect::Job(request) => self.ask_job(request),
                Effect::Measure(words, measurement) => self.measure(words, measurement),
                Effect::Glance(run, then) => {
                    self.after_glance = Some(then);
                    self.ask_job(QuickJob::Glance(run));
                }
                Effect::Say(text) => self.say(text),
                Effect::Warn(text) => self.warn(text),
                Effect::Open(dialog) => self.dialog = Some(dialog),
                Effect::Close => self.dialog = None,
                Effect::Show(tab) => self.show(tab),
                Effect::Visit(place) => {
                    self.panes.neighbours.visit(place);
                    self.show(Tab::Neighbours);
                }
                Effect::Point(operation) => {
                    self.panes.coverage.point_to(operation, &self.shared);
                    self.show(Tab::Coverage);
                }
                Effect::Select(selection) => {
                    self.shared.selection = selection.map(Arc::new);
                    if self.shared.selection.is_some() && self.tab != Tab::Coverage {
                        self.show(Tab::Neighbours);
                    }
                }
                Effect::Read(reading) => self.shared.reading = reading,
                Effect::Perform(action) => self.perform(action),
                Effect::Write(format, to) => {
                    let front = self.panes.of_mut(self.tab);
                    match front.content(format, &self.shared) {
                        Some(content) => self.ask_job(QuickJob::Write { content, to }),
                        None => self.say("there is nothing to write any more"),
                    }
                }
                Effect::Leave(command) => self.leave(command),
            }
        }
    }

    /// Lets the pane in front compute what it shows of the state, and asks for what that needs.
    pub(super) fn settle(&mut self) {
        let effects = self.panes.of_mut(self.tab).refresh(&self.shared);
        self.carry_out(effects);
        self.ask_for_model();
    }

    /// Brings a pane to the front.
    fn show(&mut self, tab: Tab) {
        self.tab = tab;
        let effects = self.panes.of_mut(tab).open(&self.shared);
        self.carry_out(effects);
    }

    /// Opens a dialog that changes training, or says why nothing is trained.
    fn while_training(&self, nothing: &str, dialog: impl Dialog + 'static) -> Effects {
        match self.shared.live.idle() {
            Some(_) => self.refuse(nothing),
            None => open(dialog),
        }
    }

    /// Asks the trainer, or says why nothing can be asked of it.
    fn steer(&self, command: Command) -> Effects {
        match self.shared.live.idle() {
            Some(_) => self.refuse("nothing to pause"),
            None => ask(command),
        }
    }

    fn refuse(&self, nothing: &str) -> Effects {
        vec![refusal(&self.shared.live, nothing)]
    }

    fn toggle_pause(&self) -> Effects {
        match self.shared.live.condition() {
            Condition::Paused | Condition::Pausing => self.steer(Command::Resume),
            Condition::Resuming
            | Condition::Training
            | Condition::Validating
            | Condition::Counting
            | Condition::Saving
            | Condition::FinishingEpoch => self.steer(Command::Pause),
            Condition::Preparing => say("not training yet: nothing to pause"),
            Condition::Stopping => say("stopping already"),
            Condition::Ended(_) | Condition::Exploring => self.refuse("nothing to pause"),
        }
    }

    /// Certifies the model as it is now.
    fn certify(&self) -> Effects {
        match &self.shared.live.info {
            Some(info) if info.foreign().is_some() => self.refuse("nothing to certify"),
            Some(info) if !info.training => {
                let checkpoint = info.checkpoint.clone();
                evidence::certify(checkpoint, &info.name)
            }
            // The weights go on changing, so that a snapshot of them is certified.
            _ if self.shared.live.serves() => {
                let snapshot = Command::Snapshot { name: None };
                vec![Effect::Ask(snapshot, Some(FollowUp::Certify))]
            }
            _ => self.refuse("nothing to certify"),
        }
    }

    fn toggle_freeze(&mut self) {
        self.shared.frozen = match self.shared.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(self.shared.live.clone())),
        };
    }

    /// Handles a notch of the wheel: -1 scrolls up, 1 down.
    pub(super) fn wheel(&mut self, by: isize) {
        let effects = match &self.dialog {
            Some(dialog) => return self.perform(dialog.wheel(by)),
            None => self.panes.of_mut(self.tab).wheel(by, &self.shared),
        };
        self.carry_out(effects);
        self.settle();
    }

    /// Handles a click, or the pointer dragged to a position.
    pub(super) fn click(&mut self, at: Position, drag: bool) {
        let Some(screen) = layout::screen(self.shared.area) else {
            return;
        };
        if let Some(dialog) = &self.dialog {
            if !drag && !dialog.area(self.shared.area).contains(at) {
                self.dialog = None;
            }
            return;
        }
        let effects = match header::tab_at(screen.tabs, at).filter(|_| !drag) {
            Some(tab) => vec![Effect::Show(tab)],
            None => {
                let front = self.panes.of_mut(self.tab);
                front.click(at, drag, screen.body, &self.shared)
            }
        };
        self.carry_out(effects);
        self.settle();
    }
}
