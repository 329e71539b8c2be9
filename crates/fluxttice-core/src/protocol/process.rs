//! The process that trains a run, or that asks something of it, as others may tell it apart.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::request::Claim;
use crate::run::owner::Owner;
use crate::shown::printable;

/// Longest name of a user, host or program that is kept, in characters.
const LONGEST: usize = 80;

/// A process, with all that tells it from another one of the same number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// Name of the machine, as its system has it.
    pub host: String,
    /// Identifier of the machine's start; `None` where the system does not tell.
    pub boot: Option<String>,
    /// Namespace of the process's number; `None` where the system has none.
    pub pid_namespace: Option<String>,
    /// Number of the process in its namespace.
    pub pid: u32,
    /// Start of the process in the system's ticks; `None` where the system does not tell.
    pub pid_started: Option<u64>,
}

impl Process {
    /// Describes this process.
    pub fn this() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let namespace = fs::read_link("/proc/self/ns/pid").ok();
        let owner = Owner::this();
        Self {
            host: host(),
            boot: boot.map(|boot| boot.trim().to_owned()),
            pid_namespace: namespace.map(|namespace| namespace.display().to_string()),
            pid: owner.process(),
            pid_started: Some(owner.began()).filter(|began| *began > 0),
        }
    }

    /// Returns true if both run on one machine since the same start of it, so that a lock that one holds is
    /// seen by the other.
    pub fn shares_a_machine_with(&self, other: &Self) -> bool {
        self.boot.is_some() && self.boot == other.boot && self.host == other.host
    }

    /// Returns the name of the machine, fit for a terminal.
    pub fn shown_host(&self) -> String {
        short(&self.host)
    }
}

/// Describes this process's user and machine, and the program by this name, as its requests say.
pub fn claim(program: &str) -> Claim {
    Claim {
        user: own_name(),
        host: host(),
        program: program.to_owned(),
    }
}

/// Returns a claim with each text shortened and fit for a terminal.
pub fn shown_claim(claim: &Claim) -> Claim {
    Claim {
        user: short(&claim.user),
        host: short(&claim.host),
        program: short(&claim.program),
    }
}

/// Returns the name of the user with this number; `None` where the system knows none.
pub fn user_name(number: u32) -> Option<String> {
    #[cfg(unix)]
    {
        use nix::unistd::{Uid, User};
        let user = User::from_uid(Uid::from_raw(number)).ok().flatten();
        user.map(|user| short(&user.name))
    }
    #[cfg(not(unix))]
    {
        let _ = number;
        None
    }
}

fn own_name() -> String {
    #[cfg(unix)]
    {
        let number = rustix::process::geteuid().as_raw();
        user_name(number).unwrap_or_else(|| number.to_string())
    }
    #[cfg(not(unix))]
    std::env::var("USERNAME").unwrap_or_default()
}

fn host() -> String {
    #[cfg(unix)]
    return rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Returns a text that another program wrote, shortened and fit for a terminal.
pub(super) fn short(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    printable(&text).into_owned()
}
