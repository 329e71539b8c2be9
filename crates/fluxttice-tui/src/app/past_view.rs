//! Going back in time in *Neighbours*: codes of the checkpoints that were kept.

use std::sync::Arc;

use fluxttice_core::measure::displacement::displacements;
use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{Chore, Moment, Recall, Recalled, Toward};
use fluxttice_core::space::{Operation, OperationSet};

use super::{App, Origin, Selection};
use crate::log_buffer::LogLevel;

/// How many of those that moved most are selected.
const MOVERS: usize = 100;

/// The moment that is looked back to, and the others there are.
#[derive(Clone, Debug, Default)]
pub struct PastView {
    /// Moments by finished epochs, now among them, as last looked up; 0 is before training.
    pub kept: Vec<u32>,
    codes: Option<Arc<Codes>>,
    /// A moment is being looked up.
    pub(super) asked: bool,
    /// By space.
    moved: [Option<Moved>; 3],
}

/// How far each operation moved from one moment to another.
#[derive(Clone, Debug)]
struct Moved {
    sources: [String; 2],
    distances: Option<Arc<Vec<f64>>>,
}

impl PastView {
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
}

impl App {
    /// The codes that are looked at in *Neighbours*: of an earlier moment, or the newest.
    pub fn codes(&self) -> Option<&Arc<Codes>> {
        self.past.codes().or(self.run().codes.as_ref())
    }

    /// Asks for the kept moment before or after the one that is looked at.
    pub(super) fn look_back(&mut self, forward: bool) {
        if self.past.asked {
            return;
        }
        let (Some(info), Some(now)) = (&self.run().info, &self.run().codes) else {
            return self.say("there are no codes yet");
        };
        let at = self.past.codes.as_ref().unwrap_or(now).epoch;
        let recall = Recall {
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
        self.past.asked = true;
        self.desk.push(Chore::Recall(recall));
    }

    /// Looks at the newest codes again.
    pub(super) fn look_at_now(&mut self) {
        self.past.codes = None;
        self.refresh_neighbours();
    }

    /// Takes in a moment that was looked up.
    pub(super) fn on_recalled(&mut self, found: &Recalled) {
        self.past.asked = false;
        let here = self.run().info.as_ref();
        if here.is_none_or(|info| info.training_folder() != found.asked.run.as_deref()) {
            return;
        }
        self.past.kept.clone_from(&found.kept);
        match (&found.found, found.asked.toward) {
            (Moment::Codes(codes), _) => self.past.codes = Some(Arc::clone(codes)),
            (Moment::Now, _) => self.past.codes = None,
            (Moment::Nowhere, Toward::Before(_)) => self.say("before training there was nothing"),
            (Moment::Nowhere, Toward::After(_)) => self.say("no later codes were kept"),
        }
        self.refresh_neighbours();
    }

    /// Takes in that a moment could not be looked up.
    pub(super) fn on_not_recalled(&mut self, problem: &str) {
        self.past.asked = false;
        let text = format!("✖ cannot look back: {problem}");
        self.tell(LogLevel::Warn, Origin::Notice, text);
    }

    /// Selects the operations that moved most since the moment that is looked at.
    pub(super) fn select_movers(&mut self) {
        let space = self.neighbours.space;
        let (Some(then), Some(now)) = (self.past.codes.clone(), self.run().codes.clone()) else {
            return self.say("go back in time first (<): who moved is counted from there to now");
        };
        let Some(moved) = self.past.moved(space) else {
            return self.say("the codes of then and now cannot be laid on each other");
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
        self.select(Some(Selection::new(text, found)));
    }
}
