//! Changes of a run while it goes on, in a form that can be stored and repeated.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::disruption::Disruption;

/// A change of the run, as a journal stores and repeats it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Steer {
    /// Push a scheduled quantity off its schedule, from the next batch on.
    Disrupt {
        /// Quantity, amplitude and duration of the push.
        disruption: Disruption,
    },
    /// Give a key of the configuration another value.
    Set {
        /// Dotted key of the configuration.
        key: String,
        /// Value as YAML; `null` where the key is no longer to be set.
        value: String,
        /// Value before the change; `None` until it was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// Reason, in the words of whoever asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// Writes the change in a few words.
impl fmt::Display for Steer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disrupt { disruption } => write!(f, "disruption {disruption}"),
            Self::Set {
                key, value, was, ..
            } => match was {
                Some(was) => write!(f, "{key} {was} → {value}"),
                None => write!(f, "{key} = {value}"),
            },
        }
    }
}

impl Steer {
    /// Returns a change of a key, without a reason.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Set {
            key: key.into(),
            value: value.into(),
            was: None,
            why: None,
        }
    }
}

/// A change that is made when its batch has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Epoch in which it is made.
    pub epoch: u32,
    /// Batches of that epoch finished before it.
    pub batch: u32,
    /// The change to be made.
    pub steer: Steer,
}

/// Changes that wait for their batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agenda(Vec<Planned>);

impl Agenda {
    /// Takes over changes in any order; those of one place are made in the order given.
    pub fn new(planned: Vec<Planned>) -> Self {
        Self(planned)
    }

    /// Takes out the changes that are due at this epoch and batch, in order.
    pub fn due(&mut self, epoch: u32, batch: u32) -> Vec<Steer> {
        self.0
            .extract_if(.., |planned| {
                (planned.epoch, planned.batch) == (epoch, batch)
            })
            .map(|planned| planned.steer)
            .collect()
    }

    /// Takes out the changes that can no longer come due, because their place lies before this one.
    pub fn past(&mut self, epoch: u32, batch: u32) -> Vec<Planned> {
        let past = |planned: &mut Planned| (planned.epoch, planned.batch) < (epoch, batch);
        self.0.extract_if(.., past).collect()
    }

    /// Takes out everything that still waits.
    pub fn rest(&mut self) -> Vec<Planned> {
        std::mem::take(&mut self.0)
    }

    /// Returns the changes that still wait.
    pub fn waiting(&self) -> &[Planned] {
        &self.0
    }
}
