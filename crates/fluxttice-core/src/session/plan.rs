//! Plan of a session, before it starts.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::error::SessionError;
use super::publisher::Meeting;
use crate::config::Config;
use crate::device::DeviceSpec;
use crate::run::{Disk, Reopened, RunError, RunFolder, branch, reserve, stored_config};
use crate::training::Planned;

/// Plan of a training session.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Disk that the run is written to.
    pub disk: Disk,
    /// Device that the tensors run on, as asked for.
    pub device: DeviceSpec,
    /// Place of the run, new or existing.
    pub place: RunLocation,
    /// Name of the configuration, for people.
    pub config_name: String,
    /// Keys of the configuration that have no effect.
    pub ineffective: Vec<String>,
    /// Number of epochs to add before stopping; `None` goes on until the schedule ends.
    pub epochs: Option<u32>,
    /// Changes that are made by themselves when their batch has come.
    pub planned: Vec<Planned>,
    /// Moment at which training stops, as if it were asked to; `None` where none is set.
    pub until: Option<Instant>,
    /// True if it is to wait until it is asked to go on.
    pub paused: bool,
    /// How it meets others at the run's folder; `None` where nobody is to look in or to ask for anything.
    pub meeting: Option<Meeting>,
    /// True in a replay: the planned changes are all, and the configuration's rules are not obeyed.
    pub replay: bool,
}

/// Place where a run lies or will lie.
#[derive(Clone, Debug)]
pub enum RunLocation {
    /// A new folder under the folder of all runs, for a run with this configuration.
    NewUnder(PathBuf, Box<Config>),
    /// A new run in this folder, with this configuration.
    NewAt(PathBuf, Box<Config>),
    /// An existing run, to be continued.
    Existing(PathBuf),
    /// An existing run that the process which started this one hands over, with its open lock file.
    TakenOver(PathBuf, Arc<File>),
    /// A new run that goes on from a checkpoint of another.
    Branch {
        /// Folder of the other run.
        from: PathBuf,
        /// Epochs that both runs share.
        epochs: u32,
        /// Folder of all runs, in which a new folder is made where `to` is `None`.
        runs: PathBuf,
        /// Folder of the new run; `None` for a new one under `runs`.
        to: Option<PathBuf>,
        /// Configuration of the new run.
        config: Box<Config>,
    },
}

impl Plan {
    /// Returns the configuration that the session will use.
    ///
    /// # Errors
    /// Returns [`SessionError::Run`] where an existing run's configuration cannot be read.
    pub fn config(&self) -> Result<Config, SessionError> {
        match &self.place {
            RunLocation::NewUnder(_, config)
            | RunLocation::NewAt(_, config)
            | RunLocation::Branch { config, .. } => Ok(config.as_ref().clone()),
            RunLocation::Existing(path) | RunLocation::TakenOver(path, _) => {
                Ok(stored_config(path)?)
            }
        }
    }

    /// Creates or opens the run's folder.
    pub(super) fn open_run(&self) -> Result<Reopened, SessionError> {
        match &self.place {
            RunLocation::NewUnder(runs, config) => {
                Ok(RunFolder::create_under(&self.disk, runs, config)?.into())
            }
            RunLocation::NewAt(path, config) => {
                Ok(RunFolder::create(&self.disk, path, config)?.into())
            }
            RunLocation::Branch {
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
            RunLocation::Existing(path) => Ok(RunFolder::open(&self.disk, path)?),
            RunLocation::TakenOver(path, lock) => {
                let lock = lock.try_clone();
                let lock = lock.map_err(RunError::disk("open", path))?;
                Ok(RunFolder::take_over(&self.disk, path, lock)?)
            }
        }
    }
}
