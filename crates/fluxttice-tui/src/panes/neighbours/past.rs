//! Codes of kept checkpoints, for a view of earlier epochs in *Neighbours*.

use fluxttice_core::vae::Scope;
use std::sync::Arc;

use fluxttice_core::measure::displacement::displacements;
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{FoundCodes, JobError, LoadCodes, LoadedCodes, QuickJob, Toward};
use fluxttice_core::space::{Operation, OperationSet};

use crate::effects::{Effect, Effects, say};
use crate::run_view::RunView;
use crate::selection::Selection;

/// Number of operations that the action `SelectMovers` selects.
const MOVERS: usize = 100;

/// Codes of an earlier epoch, and the epochs whose codes are kept.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Numbers of finished epochs whose codes are kept, the newest included, as last read; 0 is before
    /// training.
    pub kept: Vec<u32>,
    codes: Option<Arc<Codes>>,
    /// Set while an earlier or later checkpoint is being read.
    asked: bool,
    /// Movement by space: A, B and both.
    moved: [Option<Moved>; 3],
}

/// Distance by which each operation moved from one epoch to another.
#[derive(Clone, Debug)]
struct Moved {
    sources: [String; 2],
    distances: Option<Arc<Vec<f64>>>,
}

impl Past {
    /// Returns the codes of an earlier epoch; `None` where the newest are shown.
    pub fn codes(&self) -> Option<&Arc<Codes>> {
        self.codes.as_ref()
    }

    /// Forgets the codes of another run.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Returns the distance by which each operation moved in a space from the earlier epoch to the newest
    /// codes, in root-mean-square norms; `None` where it is not known.
    pub fn moved(&self, space: Scope) -> Option<&[f64]> {
        let moved = self.moved[space as usize].as_ref();
        let moved = moved.filter(|_| self.codes.is_some())?;
        moved
            .distances
            .as_ref()
            .map(|distances| distances.as_slice())
    }

    /// Computes the distance by which each operation moved in a space, where that is not known yet.
    pub fn compare(&mut self, now: &Codes, space: Scope) {
        let Some(then) = &self.codes else {
            return;
        };
        let sources = [then.source.clone(), now.source.clone()];
        let moved = &mut self.moved[space as usize];
        if moved.as_ref().is_none_or(|moved| moved.sources != sources) {
            let distances = displacements(then.spaces.of(space), now.spaces.of(space));
            *moved = Some(Moved {
                sources,
                distances: distances.map(Arc::new),
            });
        }
    }

    /// Asks for the checkpoint before or after the epoch that is shown.
    pub fn load(&mut self, forward: bool, run: &RunView) -> Effects {
        if self.asked {
            return Vec::new();
        }
        let (Some(info), Some(now)) = (&run.info, &run.codes) else {
            return say("there are no codes yet");
        };
        let (Some(recipe), Some(weights)) = (run.recipe(), &now.weights) else {
            return say("another program made these codes: only the newest are known");
        };
        let at = self.codes.as_ref().unwrap_or(now).epoch;
        let load = LoadCodes {
            run: info.training_folder().map(ToOwned::to_owned),
            seed: recipe.seed,
            architecture: weights.architecture,
            now: now.epoch,
            toward: if forward {
                Toward::After(at)
            } else {
                Toward::Before(at)
            },
        };
        self.asked = true;
        vec![QuickJob::LoadCodes(load).into()]
    }

    /// Forgets a request that will not be answered.
    pub fn give_up(&mut self) {
        self.asked = false;
    }

    /// Returns to the newest codes.
    pub fn leave(&mut self) {
        self.codes = None;
    }

    /// Handles loaded codes, or the reason why there are none.
    pub fn on_codes(
        &mut self,
        loaded: Result<Arc<LoadedCodes>, JobError>,
        run: &RunView,
    ) -> Effects {
        self.asked = false;
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(problem) => {
                return vec![Effect::Warn(format!("✖ cannot look back: {problem}"))];
            }
        };
        let here = run.info.as_ref();
        if here.is_none_or(|info| info.training_folder() != loaded.asked.run.as_deref()) {
            return Vec::new();
        }
        self.kept.clone_from(&loaded.kept);
        match (&loaded.found, loaded.asked.toward) {
            (FoundCodes::Codes(codes), _) => self.codes = Some(Arc::clone(codes)),
            (FoundCodes::Now, _) => self.codes = None,
            (FoundCodes::Nowhere, Toward::Before(_)) => {
                return say("before training there was nothing");
            }
            (FoundCodes::Nowhere, Toward::After(_)) => return say("no later checkpoint is saved"),
        }
        Vec::new()
    }

    /// Selects the 100 operations that moved most from the earlier epoch to the newest codes.
    pub fn select_movers(&self, space: Scope, run: &RunView) -> Effects {
        let (Some(then), Some(now)) = (&self.codes, &run.codes) else {
            return say("go back in time first (<): who moved is counted from there to now");
        };
        let Some(moved) = self.moved(space) else {
            return say("the codes of then and now cannot be laid on each other");
        };
        let mut order: Vec<(f64, Operation)> =
            moved.iter().copied().zip(Operation::all()).collect();
        order.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
        order.truncate(MOVERS);
        let found: OperationSet = order.into_iter().map(|(_, operation)| operation).collect();
        let text = format!(
            "{MOVERS} moved most in {}, {} to {}",
            space.title(),
            then.source,
            now.source
        );
        vec![Effect::Select(Some(Selection::new(text, found)))]
    }
}
