//! What goes to the desk and what comes back: certificates, verdicts, estimates.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::certificate::{Item, ItemKind, Verdict};
use fluxttice_core::measure::Progress;
use fluxttice_core::request::Command;
use fluxttice_core::session::message::Model;
use fluxttice_core::session::{Chore, DeskEvent, DeskRequest, Estimates, Measurement};
use fluxttice_core::validation::{Finding, condemned};

use crate::app::{App, Follow, Origin, Paint, Redraw, Tab};
use crate::log_buffer::LogLevel;

/// A request at the desk that the user is to know of.
#[derive(Clone, Debug)]
pub struct Job {
    /// In words: `certifying epoch-0010`; empty for what goes on by itself.
    pub words: String,
    /// How far it is, once it has begun.
    pub progress: Option<Progress>,
}

/// The desk as the screen knows it.
#[derive(Clone, Debug, Default)]
pub struct DeskView {
    /// Snapshots and certificates of all runs; `None` until they were listed.
    pub items: Option<Arc<Vec<Item>>>,
    /// The chosen one.
    pub selected: usize,
    /// First line of its details in sight.
    pub scroll: usize,
    /// What was found of certificates that were checked in this session.
    pub verdicts: Vec<(PathBuf, Arc<Verdict>)>,
    /// What was found of checkpoints that were validated in this session; `None` is the built-in model.
    pub validations: Vec<(Option<PathBuf>, Arc<Vec<Finding>>)>,
    /// Newest estimates.
    pub estimates: Option<Arc<Estimates>>,
    /// Whether the figures that mislead are shown.
    pub misleading: bool,
    /// Measurements at the desk, the one at work first.
    pub jobs: VecDeque<Job>,
    requests: Vec<DeskRequest>,
    /// Finished epochs of the model that estimates were last asked for.
    pub(super) estimating: Option<u32>,
}

impl DeskView {
    /// The chosen item.
    pub fn chosen(&self) -> Option<&Item> {
        self.items.as_ref()?.get(self.selected)
    }

    /// What was found of a certificate, if it was checked in this session.
    pub fn verdict(&self, item: &Item) -> Option<&Verdict> {
        let of_item = |(folder, _): &&(PathBuf, Arc<Verdict>)| *folder == item.folder;
        self.verdicts.iter().find(of_item).map(|(_, v)| v.as_ref())
    }

    /// What the desk is doing, if it is anything the user asked for.
    pub fn at_work(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| !job.words.is_empty())
    }

    /// Chooses another item.
    pub fn step(&mut self, by: isize) {
        let last = self.items.as_ref().map_or(0, |items| items.len()).max(1) - 1;
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.scroll = 0;
    }

    /// Another model is at work: what was estimated was another's.
    pub(super) fn forget_model(&mut self) {
        self.estimates = None;
        self.estimating = None;
    }

    /// Hands a request over that is not measured in jobs.
    pub(super) fn push(&mut self, request: impl Into<DeskRequest>) {
        self.requests.push(request.into());
    }

    fn ask(&mut self, words: &str, measurement: Measurement) {
        self.jobs.push_back(Job {
            words: words.to_owned(),
            progress: None,
        });
        self.push(measurement);
    }
}

impl App {
    /// Requests to hand to the desk, each once.
    pub fn take_desk_requests(&mut self) -> Vec<DeskRequest> {
        std::mem::take(&mut self.desk.requests)
    }

    /// Takes in what the desk has to tell.
    pub fn on_desk(&mut self, event: DeskEvent) {
        if let DeskEvent::Progress(progress) = event {
            if let Some(job) = self.desk.jobs.front_mut() {
                job.progress = Some(progress);
            }
            return self.redraw(Redraw::Progress);
        }
        let measured = matches!(
            event,
            DeskEvent::Certified(_)
                | DeskEvent::Verified(..)
                | DeskEvent::Validated(..)
                | DeskEvent::Estimated(_)
                | DeskEvent::Failed { .. }
        );
        if measured {
            self.desk.jobs.pop_front();
        }
        match event {
            DeskEvent::Progress(_) => {}
            DeskEvent::Runs(_)
            | DeskEvent::Deleted(..)
            | DeskEvent::Checked(..)
            | DeskEvent::NotDeleted(_)
            | DeskEvent::Trying(_)
            | DeskEvent::Tried(..)
            | DeskEvent::NotTried(_) => self.on_runs(event),
            DeskEvent::Listed(items) => {
                self.desk.items = Some(items);
                self.desk.step(0);
            }
            DeskEvent::Certified(folder) => {
                self.say(format!("✓ certified: {}", folder.display()));
                self.list();
            }
            DeskEvent::Verified(folder, verdict) => {
                let words = format!("{} {}", verdict.word().mark(), verdict.headline());
                self.desk.verdicts.retain(|(other, _)| *other != folder);
                self.desk.verdicts.push((folder, verdict));
                self.say(words);
            }
            DeskEvent::Validated(folder, findings) => {
                let condemned = condemned(&findings);
                self.desk.validations.retain(|(other, _)| *other != folder);
                self.desk.validations.push((folder, findings));
                self.say(match condemned {
                    0 => "✓ validated: every deciding test passes".to_owned(),
                    count => format!("✖ validated: {count} of the deciding tests do not pass"),
                });
            }
            DeskEvent::Exported(to) => self.say(format!("✓ copied to {}", to.display())),
            DeskEvent::Estimated(estimates) => self.desk.estimates = Some(estimates),
            DeskEvent::Recalled(found) => self.on_recalled(&found),
            DeskEvent::NotRecalled(problem) => self.on_not_recalled(&problem),
            DeskEvent::Bookmarks(bookmarks) => self.on_bookmarks(bookmarks),
            DeskEvent::NotBookmarked(problem) => self.on_not_bookmarked(&problem),
            DeskEvent::NotCopied(problem) => {
                let text = format!("✖ cannot copy: {problem}");
                self.tell(LogLevel::Warn, Origin::Notice, text);
            }
            DeskEvent::Failed { what, problem } => {
                let text = format!("✖ cannot {what}: {problem}");
                self.tell(LogLevel::Warn, Origin::Notice, text);
            }
        }
        self.want_estimates();
        self.redraw(Redraw::News);
    }

    /// Asks for the list again.
    pub(super) fn list(&mut self) {
        self.desk.push(Chore::List);
    }

    /// Asks for a certificate: of the chosen snapshot in *Evidence*, else of the model as it is.
    pub(super) fn certify(&mut self) {
        let chosen = self.desk.chosen().filter(|_| self.tab == Tab::Evidence);
        match chosen.map(|item| (&item.kind, item.folder.clone(), item.name.clone())) {
            Some((ItemKind::Snapshot { .. }, folder, name)) => {
                self.certify_folder(Some(folder), &name);
            }
            Some((ItemKind::Certificate { .. }, ..)) => {
                self.say("this is a certificate; v checks it, c in another view makes one of the model as it is");
            }
            None => self.certify_model(),
        }
    }

    fn certify_model(&mut self) {
        match self.live.info.clone() {
            Some(info) if !info.training => {
                self.certify_folder(info.checkpoint.clone(), &info.name);
            }
            _ if self.served("nothing to certify").is_some() => {
                // The weights go on changing: what is certified is a snapshot of this moment.
                self.ask_then(Command::Snapshot { name: None }, Some(Follow::Certify));
            }
            _ => {}
        }
    }

    pub(super) fn certify_folder(&mut self, checkpoint: Option<PathBuf>, name: &str) {
        self.desk.ask(
            &format!("certifying {name}"),
            Measurement::Certify(checkpoint),
        );
        self.say(format!("measuring {name} for a certificate"));
    }

    pub(super) fn verify(&mut self) {
        match self.desk.chosen().cloned() {
            None => self.say("nothing is chosen"),
            Some(item) if matches!(item.kind, ItemKind::Snapshot { .. }) => {
                self.say(
                    "a snapshot states nothing that could be checked; c makes a certificate of it",
                );
            }
            Some(item) => {
                let words = format!("verifying {}", item.name);
                self.desk.ask(&words, Measurement::Verify(item.folder));
            }
        }
    }

    /// What validating found of the chosen item, or of the model that is explored where none is chosen.
    pub fn validation(&self) -> Option<&[Finding]> {
        let explored = || self.live.info.as_ref()?.checkpoint.as_ref();
        let chosen = self.desk.chosen().map(|item| &item.folder);
        let folder = chosen.or_else(explored);
        let mut validations = self.desk.validations.iter();
        let found = validations.find(|(other, _)| other.as_ref() == folder);
        found.map(|(_, findings)| findings.as_slice())
    }

    /// Asks whether the chosen item's model, or the one that is explored, learned anything.
    pub(super) fn validate(&mut self) {
        if let Some(item) = self.desk.chosen() {
            let words = format!("validating {}", item.name);
            let folder = item.folder.clone();
            return self.desk.ask(&words, Measurement::Validate(Some(folder)));
        }
        match &self.live.info {
            Some(info) if !info.training => {
                let words = format!("validating {}", info.name);
                let checkpoint = info.checkpoint.clone();
                self.desk.ask(&words, Measurement::Validate(checkpoint));
            }
            _ => self.say("s saves the model as it is; then t validates it here"),
        }
    }

    pub(super) fn export(&mut self) {
        let Some(item) = self.desk.chosen().cloned() else {
            return self.say("nothing is chosen");
        };
        let request = Chore::Export {
            folder: item.folder,
            to: PathBuf::from(format!("{}-{}", item.run, item.name)),
        };
        self.desk.push(request);
    }

    /// Hands a copy of the model on to the desk.
    pub(super) fn estimate(&mut self, model: &Arc<Model>) {
        self.desk.ask("", Measurement::Estimate(Arc::clone(model)));
    }

    /// Asks for a copy of the newest model while estimates are shown, once for each epoch and one
    /// at a time.
    pub(super) fn want_estimates(&mut self) {
        let done = self.live.epochs_done();
        let painted = self.projection.shown && self.projection.paint == Paint::Probability;
        let shown = (self.tab == Tab::Coverage && self.map.likely)
            || (self.tab == Tab::Neighbours && painted)
            || (self.desk.misleading && matches!(self.tab, Tab::Train | Tab::Coverage));
        if shown
            && self.frozen.is_none()
            && self.live.answers()
            && self.desk.estimating.is_none_or(|epoch| epoch < done)
            && !self.is_asked(&Command::Weights)
            && self.desk.jobs.is_empty()
        {
            self.ask(Command::Weights);
        }
    }

    pub(super) fn toggle_misleading(&mut self) {
        self.desk.misleading = !self.desk.misleading;
        self.want_estimates();
    }
}
