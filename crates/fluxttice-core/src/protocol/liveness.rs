//! Whether a trainer lives: by its lock where that can be seen, else by its beats.

use std::path::Path;
use std::time::{Duration, Instant};

use super::process::Process;
use super::status::{State, Status};
use crate::run::is_open;
use crate::run::names::STATUS;

/// Beats that may be missed before a trainer counts as silent, and as lost where its lock cannot be seen.
const BEATS: f64 = 10.0;
/// Shortest and longest time between two beats that a status is believed, in seconds.
const BELIEVED: (f64, f64) = (0.1, 60.0);

/// What is known of a trainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It lives.
    Live,
    /// It holds its lock, and gives no sign any more.
    NotResponding,
    /// It ended as it should.
    Ended,
    /// It gives no sign any more, and its lock cannot be seen from here.
    Lost,
    /// It is gone without a word: its lock, which would be seen from here, is free.
    CutOff,
}

impl Liveness {
    /// Returns true if no trainer can answer any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Lost | Self::CutOff)
    }
}

/// Returns true if a run is being trained, as far as one look can say. Where the trainer's lock cannot be seen
/// from here, its status must be younger than ten beats, by this machine's clock.
pub fn is_live(run: &Path) -> bool {
    !glance(run).is_over()
}

/// Judges by one look whether a run is being trained; see [`is_live`].
pub fn glance(run: &Path) -> Liveness {
    let locked = is_open(run);
    let Some(status) = Status::of(run) else {
        return match locked {
            true => Liveness::Live,
            false => Liveness::Ended,
        };
    };
    let written = run
        .join(STATUS)
        .metadata()
        .and_then(|found| found.modified());
    let age = written.map(|written| written.elapsed().unwrap_or_default());
    let seen = is_seen(&status);
    judge(&status, age.unwrap_or(Duration::MAX), locked, seen)
}

/// Returns true if the trainer's lock would be seen from here.
fn is_seen(status: &Status) -> bool {
    status.locked && status.process.shares_a_machine_with(&Process::this())
}

/// A trainer, as one who watches it knows it.
#[derive(Clone, Debug)]
pub struct Pulse {
    session: String,
    beat: u64,
    /// Time at which the beat was seen to rise.
    heard: Instant,
}

impl Pulse {
    /// Begins to watch a trainer that has just been heard of.
    pub fn new(status: &Status) -> Self {
        Self {
            session: status.session.clone(),
            beat: status.beat,
            heard: Instant::now(),
        }
    }

    /// Takes a status into account.
    pub fn hear(&mut self, status: &Status) {
        if (&self.session, self.beat) != (&status.session, status.beat) {
            *self = Self::new(status);
        }
    }

    /// Returns the time since the trainer was last heard of.
    pub fn silence(&self) -> Duration {
        self.heard.elapsed()
    }

    /// Judges whether the trainer lives.
    pub fn judge(&self, status: &Status, run: &Path) -> Liveness {
        judge(status, self.silence(), is_open(run), is_seen(status))
    }
}

/// Judges whether a trainer lives; `seen` is true where its lock would be seen from here.
fn judge(status: &Status, silence: Duration, locked: bool, seen: bool) -> Liveness {
    let beat = status.heartbeat_s.clamp(BELIEVED.0, BELIEVED.1);
    let silent = silence.as_secs_f64() > BEATS * beat;
    // Before there was a status nobody gave a sign.
    let gives_signs = !status.session.is_empty();
    match (locked, silent) {
        (true, true) if gives_signs => Liveness::NotResponding,
        (false, _) if is_over(status) || !gives_signs => Liveness::Ended,
        (false, _) if seen => Liveness::CutOff,
        (false, true) => Liveness::Lost,
        // Whoever holds the lock lives, on whatever machine.
        (true, _) | (false, false) => Liveness::Live,
    }
}

fn is_over(status: &Status) -> bool {
    status.end.is_some() || matches!(status.state, State::Finished | State::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_decides_where_it_is_seen_and_the_beats_elsewhere() {
        let status = |state| Status {
            session: "S".to_owned(),
            heartbeat_s: 2.0,
            state,
            ..Status::default()
        };
        let training = status(State::Training);
        let (short, long) = (Duration::from_secs(19), Duration::from_secs(21));
        for (silence, locked, seen, wanted) in [
            (short, true, true, Liveness::Live),
            (long, true, true, Liveness::NotResponding),
            (short, false, true, Liveness::CutOff),
            (short, false, false, Liveness::Live),
            (long, false, false, Liveness::Lost),
            (short, true, false, Liveness::Live),
            (long, true, false, Liveness::NotResponding),
        ] {
            let found = judge(&training, silence, locked, seen);
            assert_eq!(found, wanted, "{silence:?} {locked} {seen}");
        }
        let over = status(State::Finished);
        assert_eq!(judge(&over, long, false, false), Liveness::Ended);
        assert_eq!(judge(&over, short, true, true), Liveness::Live);
        // A beat that is nonsense is not believed.
        let odd = Status {
            heartbeat_s: f64::INFINITY,
            ..training
        };
        let hour = Duration::from_hours(1);
        assert_eq!(judge(&odd, hour, false, false), Liveness::Lost);
    }
}
