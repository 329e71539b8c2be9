//! What can be asked of a run while it goes on, in a form that can be written down and repeated.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::disruption::Disruption;

/// A change of the run: everything that a journal can repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Steer {
    /// Push a scheduled quantity off its schedule, from the next batch on.
    Disrupt {
        /// What, how far and how long.
        disruption: Disruption,
    },
    /// Give a key of the configuration another value.
    Set {
        /// The dotted key.
        key: String,
        /// The value as YAML; `null` where the key is no longer to be set.
        value: String,
        /// The value before, once it was changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// Why, in the words of whoever asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// What is changed, in a few words.
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
    /// A change of a key without a reason.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Set {
            key: key.into(),
            value: value.into(),
            was: None,
            why: None,
        }
    }
}

/// A change that is to be made by itself when its batch has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Epoch.
    pub epoch: u32,
    /// Batches of that epoch finished before it.
    pub batch: u32,
    /// What.
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

    /// Takes out what is due here, in order.
    pub fn due(&mut self, epoch: u32, batch: u32) -> Vec<Steer> {
        self.0
            .extract_if(.., |planned| {
                (planned.epoch, planned.batch) == (epoch, batch)
            })
            .map(|planned| planned.steer)
            .collect()
    }

    /// Takes out what can not come due any more, because its place lies before this one.
    pub fn past(&mut self, epoch: u32, batch: u32) -> Vec<Planned> {
        let past = |planned: &mut Planned| (planned.epoch, planned.batch) < (epoch, batch);
        self.0.extract_if(.., past).collect()
    }

    /// Takes out everything that still waits.
    pub fn rest(&mut self) -> Vec<Planned> {
        std::mem::take(&mut self.0)
    }

    /// What still waits.
    pub fn waiting(&self) -> &[Planned] {
        &self.0
    }
}
