//! Members that are trained at once: each brings its batch to a table, where one thread trains them all.
//!
//! An epoch begins for all of them together. A member that is late, that has another shape than most, or a
//! configuration that an [`Ensemble`](super::Ensemble) does not take, trains that epoch alone; all meet again
//! at the next one. The members at a table only change the time that a batch takes, and the order in which a
//! device adds up, which the last of 32 bits show.

mod pass;
mod table;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::controller::Controller;
use super::core::Core;
use super::member::{BatchReport, StepError};
use super::observe::Seen;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{Architecture, Loss};
use crate::schedule::Scheduled;
use crate::space::Operation;
use table::Table;

/// Time that a member waits for the others before it looks for other requests.
const PATIENCE: Duration = Duration::from_millis(20);

/// A member's seat at a table. Once it is dropped, the others no longer wait for the member.
#[derive(Debug)]
pub struct Seat {
    number: usize,
    table: Sender<Message>,
}

/// Result of a step that is done with others.
#[derive(Debug)]
pub(super) enum Together<T> {
    /// The step is done.
    Done(T),
    /// Some members are not there yet: nothing has happened.
    Waiting,
    /// The step is to be done alone, by this core; `None` where the member's own core is up to date.
    Alone(Option<Box<Core>>),
}

/// Properties that members must have in common for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) architecture: Architecture,
    /// Number of operations trained on; `batch_size` of them are in a batch.
    pub(super) rows: usize,
    pub(super) batch_size: usize,
    /// Number of operations validated on.
    pub(super) validation: usize,
}

/// A training batch of a member.
#[derive(Debug)]
pub(super) struct Lesson {
    /// Core of the member, with an epoch's first batch.
    pub(super) core: Option<Box<Core>>,
    pub(super) config: Config,
    pub(super) controller: Controller,
    /// Inputs, each with its target.
    pub(super) pairs: Vec<[Operation; 2]>,
    /// Posterior noise ε of A and B, row by row.
    pub(super) epsilon: [Vec<f64>; 2],
    /// Normal numbers for the noise added to the codes of A and B; `None` unless a disruption adds any.
    pub(super) jitter: Option<[Vec<f64>; 2]>,
    pub(super) scheduled: Scheduled,
    /// True for the epoch's last training batch; `validates` is true if validation follows.
    pub(super) last: bool,
    pub(super) validates: bool,
}

/// Result of a training batch of a member.
#[derive(Debug)]
pub(super) struct Learned {
    pub(super) report: Result<BatchReport, StepError>,
    /// Number of members whose batches were trained on at once.
    pub(super) of: usize,
    pub(super) controller: Controller,
    /// Core of the member, after the epoch's last batch or where it cannot go on.
    pub(super) core: Option<Box<Core>>,
}

/// A validation batch of a member.
#[derive(Debug)]
pub(super) struct Exam {
    pub(super) operations: Vec<Operation>,
    pub(super) scheduled: Scheduled,
    pub(super) last: bool,
}

/// Request that a member brings to the table.
#[derive(Debug)]
enum Brought {
    Epoch(Shape),
    Lesson(Box<Lesson>),
    Exam(Exam),
}

/// Answer of the table to a member.
#[derive(Debug)]
enum Answer {
    Begin,
    Learned(Box<Learned>),
    Examined(Box<(Loss, Seen)>),
    Waiting,
    Alone(Option<Box<Core>>),
    Failed(DeviceFailure),
}

#[derive(Debug)]
enum Message {
    Bring(usize, Brought, Sender<Answer>),
    /// Takes back a request that was not answered yet.
    Withdraw(usize),
    /// Asks for the member's core as it is between two batches.
    Look(usize, Sender<Option<Box<Core>>>),
    /// The member trains alone until it comes for an epoch again.
    Away(usize),
    Leave(usize),
}

impl Seat {
    /// Starts a table and returns its seats. The table's thread runs until the last seat is dropped.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn at_one_table(members: usize) -> std::io::Result<Vec<Self>> {
        let (table, messages) = channel();
        let thread = std::thread::Builder::new().name("members".to_owned());
        thread.spawn(move || Table::new(members).serve(&messages))?;
        let seat = |number| Self {
            number,
            table: table.clone(),
        };
        Ok((0..members).map(seat).collect())
    }

    /// Returns the number of this seat, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Waits for the others, to begin an epoch with them.
    pub(super) fn begin(&self, shape: Shape) -> Result<Together<()>, DeviceFailure> {
        match self.bring(Brought::Epoch(shape), Some(PATIENCE))? {
            Answer::Begin => Ok(Together::Done(())),
            answer => other(answer),
        }
    }

    /// Has the table train on a batch.
    pub(super) fn train(&self, lesson: Lesson) -> Result<Together<Box<Learned>>, DeviceFailure> {
        // All have begun the epoch: whoever is not there yet comes or leaves.
        let patience = lesson.core.is_none().then_some(PATIENCE);
        match self.bring(Brought::Lesson(Box::new(lesson)), patience)? {
            Answer::Learned(learned) => Ok(Together::Done(learned)),
            answer => other(answer),
        }
    }

    /// Has the table validate a batch.
    pub(super) fn validate(
        &self,
        exam: Exam,
    ) -> Result<Together<Box<(Loss, Seen)>>, DeviceFailure> {
        match self.bring(Brought::Exam(exam), Some(PATIENCE))? {
            Answer::Examined(seen) => Ok(Together::Done(seen)),
            answer => other(answer),
        }
    }

    /// Returns the member's core as it is between two batches; `None` where nothing has been trained with
    /// others in this epoch.
    pub(super) fn look(&self) -> Result<Option<Box<Core>>, DeviceFailure> {
        let (reply, answer) = channel();
        self.send(Message::Look(self.number, reply))?;
        answer.recv().map_err(|_| gone())
    }

    /// Tells the table that the member trains alone until it comes for an epoch again.
    pub(super) fn stay_away(&self) -> Result<(), DeviceFailure> {
        self.send(Message::Away(self.number))
    }

    fn bring(&self, brought: Brought, patience: Option<Duration>) -> Result<Answer, DeviceFailure> {
        let (reply, answer) = channel();
        self.send(Message::Bring(self.number, brought, reply))?;
        let answer = match patience {
            Some(patience) => match answer.recv_timeout(patience) {
                Err(RecvTimeoutError::Timeout) => {
                    self.send(Message::Withdraw(self.number))?;
                    received(&answer)
                }
                answer => answer.map_err(|_| gone()),
            },
            None => received(&answer),
        }?;
        match answer {
            Answer::Failed(failure) => Err(failure),
            answer => Ok(answer),
        }
    }

    fn send(&self, message: Message) -> Result<(), DeviceFailure> {
        self.table.send(message).map_err(|_| gone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Where the table is gone nobody waits.
        let _ = self.table.send(Message::Leave(self.number));
    }
}

fn received(answer: &Receiver<Answer>) -> Result<Answer, DeviceFailure> {
    answer.recv().map_err(|_| gone())
}

fn gone() -> DeviceFailure {
    DeviceFailure::new("the thread that trains all members at once has ended")
}

/// Returns the result of an answer that any request can get; another answer is a failure.
fn other<T>(answer: Answer) -> Result<Together<T>, DeviceFailure> {
    match answer {
        Answer::Alone(core) => Ok(Together::Alone(core)),
        Answer::Waiting => Ok(Together::Waiting),
        _ => Err(DeviceFailure::new(
            "the thread that trains all members at once answered something else",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rows: usize) -> Shape {
        Shape {
            architecture: Architecture::PUBLISHED,
            rows,
            batch_size: 64,
            validation: 0,
        }
    }

    /// Comes for an epoch until something else than waiting is the answer; whether it is one with others.
    fn come(seat: &Seat, rows: usize) -> bool {
        loop {
            match seat.begin(shape(rows)).unwrap() {
                Together::Done(()) => return true,
                Together::Alone(_) => return false,
                Together::Waiting => {}
            }
        }
    }

    /// All come at once, with so many rows each; who is together.
    fn all_come(seats: &[Seat], rows: &[usize]) -> Vec<bool> {
        std::thread::scope(|scope| {
            let come = |(seat, rows)| scope.spawn(move || come(seat, rows));
            let threads: Vec<_> = seats.iter().zip(rows.iter().copied()).map(come).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    #[test]
    fn who_was_away_is_met_again() {
        let seats = Seat::at_one_table(3).unwrap();
        for seat in &seats {
            seat.stay_away().unwrap();
        }
        // Nobody is expected: the first one to come back goes alone, and is waited for the next time.
        assert!(!come(&seats[0], 100));
        assert!(matches!(
            seats[1].begin(shape(100)).unwrap(),
            Together::Waiting
        ));
        assert_eq!(all_come(&seats[..2], &[100; 2]), [true; 2]);
        // The others have begun: who is late goes alone, and so does who gives the epoch up.
        assert!(!come(&seats[2], 100) && !come(&seats[0], 100));
    }

    #[test]
    fn the_shape_of_most_decides_and_the_others_meet_them_later() {
        let seats = Seat::at_one_table(4).unwrap();
        assert_eq!(
            all_come(&seats, &[90, 100, 100, 100]),
            [false, true, true, true]
        );
    }

    #[test]
    fn who_has_left_is_not_waited_for_and_one_alone_is_alone() {
        let mut seats = Seat::at_one_table(3).unwrap();
        assert_eq!(all_come(&seats, &[100, 90, 80]), [false; 3]);
        seats.truncate(2);
        assert_eq!(all_come(&seats, &[100; 2]), [true; 2]);
        seats.truncate(1);
        assert_eq!(all_come(&seats, &[100]), [false]);
    }

    #[test]
    fn a_table_that_is_gone_is_a_failure_and_not_nothing() {
        let (table, messages) = channel();
        drop(messages);
        let seat = Seat { number: 0, table };
        assert!(seat.begin(shape(1)).is_err() && seat.look().is_err() && seat.stay_away().is_err());
    }
}
