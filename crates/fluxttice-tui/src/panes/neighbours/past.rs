//! Going back in time in *Neighbours*: codes of the checkpoints that were kept.

use std::sync::Arc;

use fluxttice_core::measure::displacement::displacements;
use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{FoundCodes, JobError, LoadCodes, LoadedCodes, QuickJob, Toward};
use fluxttice_core::space::{Operation, OperationSet};

use crate::effects::{Effect, Effects, say};
use crate::run_view::RunView;
use crate::selection::Selection;

/// Number of operations that *moved most* selects.
const MOVERS: usize = 100;

/// The moment that is looked back to, and the others there are.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Moments by finished epochs, now among them, as last looked up; 0 is before training.
    pub kept: Vec<u32>,
    codes: Option<Arc<Codes>>,
    /// A moment is being looked up.
    asked: bool,
    /// By space.
    moved: [Option<Moved>; 3],
}

/// How far each operation moved from one moment to another.
#[derive(Clone, Debug)]
struct Moved {
    sources: [String; 2],
    distances: Option<Arc<Vec<f64>>>,
}

impl Past {
    /// Codes of the moment that is looked back to; `None` where now is looked at.
    pub fn codes(&self) -> Option<&Arc<Codes>> {
        self.codes.as_ref()
    }

    /// Forgets the moments of another run.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// How far each operation moved in a space since the moment that is looked back to.
    pub fn moved(&self, space: Space) -> Option<&[f64]> {
        let moved = self.moved[space as usize].as_ref();
        let moved = moved.filter(|_| self.codes.is_some())?;
        moved
            .distances
            .as_ref()
            .map(|distances| distances.as_slice())
    }

    /// Computes how far each operation moved since then, where that is not known.
    pub fn compare(&mut self, now: &Codes, space: Space) {
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

    /// Asks for the checkpoint before or after the epoch that is looked at.
    pub fn load(&mut self, forward: bool, run: &RunView) -> Effects {
        if self.asked {
            return Vec::new();
        }
        let (Some(info), Some(now)) = (&run.info, &run.codes) else {
            return say("there are no codes yet");
        };
        let at = self.codes.as_ref().unwrap_or(now).epoch;
        let load = LoadCodes {
            run: info.training_folder().map(ToOwned::to_owned),
            seed: info.seed,
            architecture: now.weights.architecture,
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

    /// Takes in that nobody answers.
    pub fn give_up(&mut self) {
        self.asked = false;
    }

    /// Looks at the newest codes again.
    pub fn leave(&mut self) {
        self.codes = None;
    }

    /// Takes in loaded codes, or why there are none.
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
            (FoundCodes::Nowhere, Toward::After(_)) => return say("no later codes were kept"),
        }
        Vec::new()
    }

    /// Selects the operations that moved most since the epoch that is looked at.
    pub fn select_movers(&self, space: Space, run: &RunView) -> Effects {
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
