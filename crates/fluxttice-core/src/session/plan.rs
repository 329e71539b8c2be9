//! What a session is to do, before it starts.

use std::path::PathBuf;

use super::error::SessionError;
use crate::config::Config;
use crate::device::DeviceSpec;
use crate::run::{Disk, Reopened, RunFolder, branch, reserve, stored_config};
use crate::training::Planned;

/// A training session to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the run is written with.
    pub disk: Disk,
    /// What the tensors run on.
    pub device: DeviceSpec,
    /// Where the run lies or will lie.
    pub place: Place,
    /// Name of the configuration, for people.
    pub config_name: String,
    /// Keys of the configuration that have no effect.
    pub ineffective: Vec<String>,
    /// Epochs to add before stopping; `None`: until the schedule ends.
    pub epochs: Option<u32>,
    /// Changes to make by themselves.
    pub planned: Vec<Planned>,
    /// Whether those are all: the configuration's rules are not obeyed.
    pub replay: bool,
}

/// Where a run lies or will lie.
#[derive(Clone, Debug)]
pub enum Place {
    /// A new folder under the folder of all runs.
    NewUnder(PathBuf, Box<Config>),
    /// This new folder.
    NewAt(PathBuf, Box<Config>),
    /// An existing run, to be continued.
    Existing(PathBuf),
    /// A new run that goes on from a checkpoint of another.
    Branch {
        /// The other run.
        from: PathBuf,
        /// Epochs that both share.
        epochs: u32,
        /// The folder of all runs, for a new one in there.
        runs: PathBuf,
        /// The new folder, where it is not that.
        to: Option<PathBuf>,
        /// Its configuration.
        config: Box<Config>,
    },
}

impl Plan {
    /// The configuration the session will use.
    ///
    /// # Errors
    /// [`SessionError::Run`] where an existing run's configuration cannot be read.
    pub fn config(&self) -> Result<Config, SessionError> {
        match &self.place {
            Place::NewUnder(_, config) | Place::NewAt(_, config) | Place::Branch { config, .. } => {
                Ok(config.as_ref().clone())
            }
            Place::Existing(path) => Ok(stored_config(path)?),
        }
    }

    /// Creates or opens the run's folder.
    pub(super) fn open_run(&self) -> Result<Reopened, SessionError> {
        match &self.place {
            Place::NewUnder(runs, config) => {
                Ok(RunFolder::create_under(&self.disk, runs, config)?.into())
            }
            Place::NewAt(path, config) => Ok(RunFolder::create(&self.disk, path, config)?.into()),
            Place::Branch {
                from,
                epochs,
                runs,
                to,
                config,
            } => {
                let to = match to {
                    Some(to) => to.clone(),
                    None => reserve(&self.disk, runs, config)?,
                };
                Ok(branch(&self.disk, from, *epochs, &to, config)?)
            }
            Place::Existing(path) => Ok(RunFolder::open(&self.disk, path)?),
        }
    }
}
