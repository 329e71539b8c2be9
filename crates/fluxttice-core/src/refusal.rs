//! Reasons for which something that was asked for is refused.

use thiserror::Error;

/// The reason for a refusal, in one line for people: what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refusal(String);

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<Refusal> for String {
    fn from(Refusal(reason): Refusal) -> Self {
        reason
    }
}
