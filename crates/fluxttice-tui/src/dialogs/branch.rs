//! Question whether to branch a run at one of its checkpoints.

use std::path::PathBuf;

use fluxttice_core::request::Command;

use super::question::Question;
use crate::effects::{Effect, Effects, open, refusal, say};
use crate::follow_up::{AfterGlance, BranchPoint};
use crate::shared::Shared;

impl BranchPoint {
    /// Asks whether to branch the run, at the last checkpoint that lies at or before the wanted epoch; says
    /// so where there is none. `checkpoints` are epochs in ascending order.
    pub fn ask(self, checkpoints: &[u32]) -> Effects {
        let before = |epoch: &&u32| self.at.is_none_or(|at| **epoch <= at);
        let Some(epoch) = checkpoints.iter().rfind(before) else {
            return say(match (self.at, checkpoints.first()) {
                (Some(at), Some(first)) => format!(
                    "no checkpoint at or before epoch {at}: the first is of epoch {first}, and one of {} is saved (checkpoint_freq)",
                    self.checkpoint_freq
                ),
                _ => format!(
                    "{} has no checkpoint yet: one is saved after each epoch",
                    self.run
                ),
            });
        };
        let command = Command::Branch {
            of: (!self.is_own).then(|| self.run.clone()),
            epochs: epoch + 1,
            name: None,
        };
        open(Question {
            title: "branch",
            text: format!(
                "A new run continues after epoch {epoch} of {}. {}",
                self.run, self.left_behind
            ),
            then: Some(Effect::Ask(command, None)),
        })
    }
}

/// Returns the effect that reads the checkpoints of a run and then asks whether to branch it. The run is
/// given by name and folder; `None` is the one that is trained here. `at` is the last epoch that may be
/// meant; `None` means the newest checkpoint.
pub fn branch(run: Option<(String, PathBuf)>, at: Option<u32>, cx: &Shared) -> Effects {
    let info = cx.live().info.as_ref().filter(|_| cx.live().moves());
    let (Some(info), Some(tuning)) = (info, cx.live().tuning()) else {
        return vec![refusal(cx.live(), "nothing to branch")];
    };
    let own = (info.name.clone(), info.folder.clone());
    let (name, folder) = run.unwrap_or(own);
    let point = BranchPoint {
        is_own: folder == info.folder,
        run: name,
        at,
        checkpoint_freq: tuning.config.checkpoint_freq,
        left_behind: left_behind(&info.name, cx),
    };
    vec![Effect::Glance(folder, AfterGlance::Branch(point))]
}

/// Returns the sentence on what becomes of a run that is left for another one.
pub fn left_behind(name: &str, cx: &Shared) -> String {
    if let Some(attached) = cx.live().attached().filter(|_| !cx.live().is_over()) {
        return format!("{name} goes on, trained by {}.", attached.trainer);
    }
    let dropped = if cx.live().is_over() {
        ""
    } else {
        "; its unfinished epoch is discarded"
    };
    format!("{name} stays as it is{dropped}.")
}
