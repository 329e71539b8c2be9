//! Pane *Evidence*: snapshots and certificates of all runs, and the verdicts on them.

mod details;
mod draw;
#[cfg(test)]
pub mod tests;
mod validation;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxttice_core::certificate::{Item, ItemKind, Verdict};
use fluxttice_core::run::names::SNAPSHOTS;
use fluxttice_core::session::{JobError, JobEvent, Measurement, QuickJob};
use fluxttice_core::validation::{Finding, failed_deciding};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Pane;
use crate::effects::{Effect, Effects, say};
use crate::keys::{Action, Context, FAR};
use crate::layout;
use crate::shared::Shared;

/// State of the pane: the list, the choice, and the results of checks.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Snapshots and certificates of all runs; `None` until they have been listed.
    items: Option<Arc<Vec<Item>>>,
    selected: usize,
    /// First visible line of the details.
    scroll: usize,
    /// Verdicts on certificates that were checked since the explorer was started, by folder.
    verdicts: Vec<(PathBuf, Arc<Verdict>)>,
    /// Findings on checkpoints that were validated since the explorer was started; `None` is the built-in
    /// model.
    validations: Vec<(Option<PathBuf>, Arc<Vec<Finding>>)>,
}

fn measure(words: String, measurement: Measurement) -> Effects {
    vec![Effect::Measure(words, measurement)]
}

fn failed(what: &str, problem: &JobError) -> Effects {
    vec![Effect::Warn(format!("✖ cannot {what}: {problem}"))]
}

impl Evidence {
    fn chosen(&self) -> Option<&Item> {
        self.items.as_ref()?.get(self.selected)
    }

    /// Returns the verdict on a certificate; `None` if it was not checked since the explorer was started.
    fn verdict(&self, item: &Item) -> Option<&Verdict> {
        let of_item = |(folder, _): &&(PathBuf, Arc<Verdict>)| *folder == item.folder;
        self.verdicts.iter().find(of_item).map(|(_, v)| v.as_ref())
    }

    /// Returns the findings on the chosen item, or on the model that is explored where none is chosen.
    fn validation(&self, cx: &Shared) -> Option<&[Finding]> {
        let explored = || cx.live().info.as_ref()?.checkpoint.as_ref();
        let chosen = self.chosen().map(|item| &item.folder);
        let folder = chosen.or_else(explored);
        let mut validations = self.validations.iter();
        let found = validations.find(|(other, _)| other.as_ref() == folder);
        found.map(|(_, findings)| findings.as_slice())
    }

    fn len(&self) -> usize {
        self.items.as_ref().map_or(0, |items| items.len())
    }

    fn step(&mut self, by: isize) {
        self.selected = layout::step(self.selected, by, self.len());
        self.scroll = 0;
    }

    fn scroll_down(&mut self, cx: &Shared) {
        if let Some(body) = cx.body() {
            let details = layout::list_and_details(body).details;
            let lines = details::count(cx, self, usize::from(details.width));
            let last = lines.saturating_sub(usize::from(details.height));
            self.scroll = (self.scroll + FAR as usize).min(last);
        }
    }

    /// Asks for a certificate of the chosen snapshot; `None` where nothing is chosen.
    fn certify_chosen(&self) -> Option<Effects> {
        let item = self.chosen()?;
        Some(match item.kind {
            ItemKind::Snapshot { .. } => certify(Some(item.folder.clone()), &item.name),
            ItemKind::Certificate { .. } => say(
                "this is a certificate; v checks it, c in another view makes one of the model as it is",
            ),
        })
    }

    fn verify(&self) -> Effects {
        match self.chosen() {
            None => say("nothing is chosen"),
            Some(item) if matches!(item.kind, ItemKind::Snapshot { .. }) => {
                say("a snapshot states nothing that could be checked; c makes a certificate of it")
            }
            Some(item) => measure(
                format!("verifying {}", item.name),
                Measurement::Verify(item.folder.clone()),
            ),
        }
    }

    /// Asks for a validation of the chosen item's model, or of the one that is explored.
    fn validate(&self, cx: &Shared) -> Effects {
        let (name, checkpoint) = match (self.chosen(), &cx.live().info) {
            (Some(item), _) => (&item.name, Some(item.folder.clone())),
            (None, Some(info)) if !info.training => (&info.name, info.checkpoint.clone()),
            _ => return say("s saves the model as it is; then t validates it here"),
        };
        measure(
            format!("validating {name}"),
            Measurement::Validate(checkpoint),
        )
    }

    fn copy_folder(&self) -> Effects {
        match self.chosen() {
            None => say("nothing is chosen"),
            Some(item) => {
                let export = QuickJob::Export {
                    folder: item.folder.clone(),
                    to: PathBuf::from(format!("{}-{}", item.run, item.name)),
                };
                vec![export.into()]
            }
        }
    }

    /// Handles a list, a new certificate, a verdict or findings.
    pub fn on_job(&mut self, event: JobEvent) -> Effects {
        match event {
            JobEvent::Listed(Ok(items)) => {
                self.items = Some(items);
                self.step(0);
                Vec::new()
            }
            JobEvent::Listed(Err(problem)) => failed("list the runs", &problem),
            JobEvent::Certified(Ok(folder)) => vec![
                Effect::Say(format!("✓ certified: {}", folder.display())),
                QuickJob::List.into(),
            ],
            JobEvent::Certified(Err(problem)) => failed("certify", &problem),
            JobEvent::Verified(folder, Ok(verdict)) => {
                let words = format!("{} {}", verdict.word().mark(), verdict.headline());
                self.verdicts.retain(|(other, _)| *other != folder);
                self.verdicts.push((folder, verdict));
                say(words)
            }
            JobEvent::Verified(_, Err(problem)) => failed("verify", &problem),
            JobEvent::Validated(folder, Ok(findings)) => {
                let failed_deciding = failed_deciding(&findings);
                self.validations.retain(|(other, _)| *other != folder);
                self.validations.push((folder, findings));
                say(match failed_deciding {
                    0 => "✓ validated: every deciding test passes".to_owned(),
                    count => format!("✖ validated: {count} of the deciding tests do not pass"),
                })
            }
            JobEvent::Validated(_, Err(problem)) => failed("validate", &problem),
            _ => Vec::new(),
        }
    }
}

impl Pane for Evidence {
    fn context(&self) -> Context {
        Context::Evidence
    }

    fn open(&mut self, _cx: &Shared) -> Effects {
        match self.items {
            None => vec![QuickJob::List.into()],
            Some(_) => Vec::new(),
        }
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        match action {
            Action::ListUp => self.step(-1),
            Action::ListDown => self.step(1),
            Action::ListFirst => self.step(isize::MIN),
            Action::ListLast => self.step(isize::MAX),
            Action::ListFarUp => self.scroll = self.scroll.saturating_sub(FAR as usize),
            Action::ListFarDown => self.scroll_down(cx),
            Action::Certify => return self.certify_chosen(),
            Action::Verify => return Some(self.verify()),
            Action::Validate => return Some(self.validate(cx)),
            Action::CopyFolder => return Some(self.copy_folder()),
            Action::Refresh => return Some(vec![QuickJob::List.into()]),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn click(&mut self, at: Position, _drag: bool, body: Rect, _cx: &Shared) -> Effects {
        let list = layout::list_and_details(body).list;
        if let Some(row) = layout::row_at(list, at, self.selected, self.len()) {
            self.selected = row;
            self.scroll = 0;
        }
        Vec::new()
    }

    fn wheel(&mut self, by: isize, _cx: &Shared) -> Effects {
        self.step(by);
        Vec::new()
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx, self);
    }

    fn offers(&self, action: Action, _cx: &Shared) -> Option<bool> {
        (action == Action::Certify).then_some(true)
    }
}

/// Asks for a certificate of a checkpoint; `None` is the built-in model.
pub fn certify(checkpoint: Option<PathBuf>, name: &str) -> Effects {
    vec![
        Effect::Measure(
            format!("certifying {name}"),
            Measurement::Certify(checkpoint),
        ),
        Effect::Say(format!("measuring {name} for a certificate")),
    ]
}

/// Asks for a certificate of a run's snapshot.
pub fn certify_snapshot(run: &Path, name: &str) -> Effects {
    certify(Some(run.join(SNAPSHOTS).join(name)), name)
}
