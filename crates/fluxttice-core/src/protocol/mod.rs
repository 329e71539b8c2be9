//! How programs meet at a run's folder: what a trainer says of itself there, what may be asked of it, and what
//! it shows to those who watch.
//!
//! `docs/reference/protocol.md` describes each file for other programs. Nothing here starts a thread or
//! trains: `session` does both, on either side.

pub mod controls;
pub mod inbox;
pub mod live;
pub mod liveness;
pub mod place;
mod post;
pub mod process;
pub mod request_file;
pub mod standing;
pub mod status;
pub mod watchers;

pub use post::{Post, PostError};

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ulid::Ulid;

/// Identifier that this process made last.
static LAST: Mutex<Ulid> = Mutex::new(Ulid::nil());

/// Version of the protocol. It changes where a program of an older version would misunderstand a file.
pub const VERSION: u32 = 1;

/// Returns a new identifier: sortable by time, and unique without coordination (a ULID). Those of one process
/// sort in the order in which they were made.
///
/// # Errors
/// Returns a message where the system gives no random numbers.
pub fn new_id() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| format!("no random number: {error}"))?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since.map_or(0, |since| since.as_millis());
    let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
    let fresh = Ulid::from_parts(milliseconds, u128::from_le_bytes(random));
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let id = match last.increment() {
        // Made in the same millisecond, or the clock was set back.
        Ok(next) if fresh <= *last => next,
        _ => fresh,
    };
    *last = id;
    Ok(id.to_string())
}

/// Returns true if a text is such an identifier, written as this program writes it.
pub fn is_id(text: &str) -> bool {
    Ulid::from_string(text).is_ok_and(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_differ_and_are_told_from_other_names() {
        let (one, other) = (new_id().unwrap(), new_id().unwrap());
        assert!(is_id(&one) && is_id(&other) && one < other);
        for name in [
            "",
            "status",
            &one.to_lowercase(),
            &one[1..],
            "../../../../../etc/passwd0",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }
}
