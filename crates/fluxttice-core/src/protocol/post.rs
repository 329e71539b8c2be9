//! Sending requests to the trainer of a run, by files in its folder.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::place::Place;
use super::process::user_name;
use super::request_file::{RequestFile, file_name};
use super::status::Status;
use crate::request::{Claim, Command};
use crate::run::names::REQUESTS;
use crate::shown::shown;

/// Reason why a request could not be sent.
#[derive(Debug, Error)]
pub enum PostError {
    /// Nothing says that a trainer takes requests here.
    #[error("{}: no trainer takes requests here: it has no status.json", shown(.0))]
    NoTrainer(PathBuf),
    /// There is no folder of requests, which a trainer that takes some makes.
    #[error("{}: its trainer takes no requests: it has made no folder `requests`", shown(.0))]
    TakesNone(PathBuf),
    /// The folder of requests cannot be written to.
    #[error("{}: cannot be written to, so that nothing can be asked of its trainer: {source}", shown(.path))]
    Refused {
        /// Path of the folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The trainer takes requests of its own user only.
    #[error("{}: its trainer takes requests of its own user only, {owner}; it would take others' if it trained with --allow-group", shown(.path))]
    NotAllowed {
        /// Path of the folder.
        path: PathBuf,
        /// Name of the trainer's user.
        owner: String,
    },
    /// The system gives no random numbers.
    #[error("{0}")]
    NoId(String),
}

/// Sends requests to the trainer of a run.
#[derive(Debug)]
pub struct Post {
    path: PathBuf,
    author: Claim,
}

impl Post {
    /// Prepares to send requests to the trainer of the run in this folder.
    pub fn new(run: &Path, author: Claim) -> Self {
        Self {
            path: run.to_owned(),
            author,
        }
    }

    /// Sends a command to the session that trains now; returns the identifier under which it is answered.
    ///
    /// # Errors
    /// Fails where no trainer has left a status, or the folder of requests is not there or cannot be written
    /// to.
    pub fn send(&self, command: Command) -> Result<String, PostError> {
        let refused = |source| PostError::Refused {
            path: self.path.join(REQUESTS),
            source,
        };
        let run = Place::open(&self.path).map_err(refused)?;
        let status = Status::read(&run).ok_or_else(|| PostError::NoTrainer(self.path.clone()))?;
        let request = RequestFile::new(&status.session, self.author.clone(), command)
            .map_err(PostError::NoId)?;
        let text = serde_json::to_vec(&request).map_err(|error| refused(error.into()))?;
        let folder = run.existing(REQUESTS).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => PostError::TakesNone(self.path.clone()),
            _ => refused(error),
        })?;
        self.allowed(&status)?;
        folder.put(&request.file_name(), &text).map_err(refused)?;
        Ok(request.id)
    }

    /// Takes back a request that nobody has taken; returns true if its file was there.
    pub fn take_back(&self, id: &str) -> bool {
        let folder = Place::open(&self.path.join(REQUESTS));
        folder.is_ok_and(|folder| folder.remove(file_name(id)).is_ok())
    }

    /// Returns the reason why nothing can be asked of the trainer that has left this status; `None` where
    /// requests can be sent.
    pub fn problem(&self, status: &Status) -> Option<PostError> {
        if !self.path.join(REQUESTS).exists() {
            return Some(PostError::TakesNone(self.path.clone()));
        }
        #[cfg(unix)]
        {
            use rustix::fs::{Access, AtFlags, CWD, accessat};
            let path = self.path.join(REQUESTS);
            let may = Access::WRITE_OK | Access::EXEC_OK;
            if let Err(error) = accessat(CWD, &path, may, AtFlags::EACCESS) {
                let source = error.into();
                return Some(PostError::Refused { path, source });
            }
        }
        self.allowed(status).err()
    }

    /// Checks that the trainer takes requests of this program's user. The folder of requests is the trainer's.
    fn allowed(&self, status: &Status) -> Result<(), PostError> {
        #[cfg(unix)]
        if let Ok(folder) = self.path.join(REQUESTS).metadata()
            && !status.allow_group
        {
            use std::os::unix::fs::MetadataExt;
            let (owner, own) = (folder.uid(), rustix::process::geteuid());
            if !own.is_root() && own.as_raw() != owner {
                return Err(PostError::NotAllowed {
                    path: self.path.clone(),
                    owner: user_name(owner).unwrap_or_else(|| format!("number {owner}")),
                });
            }
        }
        Ok(())
    }
}
