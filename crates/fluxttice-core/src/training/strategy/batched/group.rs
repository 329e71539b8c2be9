//! Groups of members: each member submits its batch, and the group's thread trains all batches at once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::coordinator::Coordinator;
use crate::config::Config;
use crate::device::DeviceFailure;
use crate::model::{Architecture, Loss};
use crate::schedule::Scheduled;
use crate::space::Operation;
use crate::training::controller::Controller;
use crate::training::evaluation::EvalOutputs;
use crate::training::host_state::{BatchReport, StepError};
use crate::training::learner::Learner;

/// Time that a member waits for the others before it looks for other requests.
const SUBMIT_TIMEOUT: Duration = Duration::from_millis(20);

/// A member's handle on its group. Once it is dropped, the others no longer wait for the member.
#[derive(Debug)]
pub struct GroupHandle {
    number: usize,
    group: Sender<Message>,
}

/// Result of a step that is done with others.
#[derive(Debug)]
pub(in crate::training) enum Submitted<T> {
    /// The step is done.
    Done(T),
    /// Some members are not there yet: nothing has happened.
    Waiting,
    /// The step is to be done alone, by this learner; `None` where the group has trained no batch of this epoch.
    Alone(Option<Box<Learner>>),
}

/// Properties that members must have in common for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::training) struct Shape {
    pub(in crate::training) architecture: Architecture,
    /// Number of operations trained on; `batch_size` of them are in a batch.
    pub(in crate::training) rows: usize,
    pub(in crate::training) batch_size: usize,
    /// Number of operations validated on.
    pub(in crate::training) validation: usize,
}

/// A training batch of a member.
#[derive(Debug)]
pub(in crate::training) struct TrainRequest {
    /// Learner of the member, with an epoch's first batch.
    pub(in crate::training) learner: Option<Box<Learner>>,
    pub(in crate::training) config: Config,
    pub(in crate::training) controller: Controller,
    /// Inputs, each with its target.
    pub(in crate::training) pairs: Vec<[Operation; 2]>,
    /// Posterior noise ε of A and B, row by row.
    pub(in crate::training) epsilon: [Vec<f64>; 2],
    /// Normal numbers for the noise added to the codes of A and B; `None` unless a disruption adds any.
    pub(in crate::training) jitter: Option<[Vec<f64>; 2]>,
    pub(in crate::training) scheduled: Scheduled,
    /// True for the epoch's last training batch; `validates` is true if validation follows.
    pub(in crate::training) last: bool,
    pub(in crate::training) validates: bool,
}

/// Result of a training batch of a member.
#[derive(Debug)]
pub(in crate::training) struct TrainReply {
    pub(in crate::training) report: Result<BatchReport, StepError>,
    /// Number of members whose batches were trained on at once.
    pub(in crate::training) of: usize,
    pub(in crate::training) controller: Controller,
    /// Learner of the member, after the epoch's last batch or where it cannot go on.
    pub(in crate::training) learner: Option<Box<Learner>>,
}

/// A validation batch of a member.
#[derive(Debug)]
pub(in crate::training) struct EvalRequest {
    pub(in crate::training) operations: Vec<Operation>,
    pub(in crate::training) scheduled: Scheduled,
    pub(in crate::training) last: bool,
}

/// Request of a member.
#[derive(Debug)]
pub(super) enum Request {
    Epoch(Shape),
    Train(Box<TrainRequest>),
    Eval(EvalRequest),
}

/// Answer of the group to a member.
#[derive(Debug)]
pub(super) enum Answer {
    Begin,
    Trained(Box<TrainReply>),
    Evaluated(Box<(Loss, EvalOutputs)>),
    Waiting,
    Alone(Option<Box<Learner>>),
    Failed(DeviceFailure),
}

/// Message of a member to the group's thread.
#[derive(Debug)]
pub(super) enum Message {
    Submit(usize, Request, Sender<Answer>),
    /// Takes back a request that was not answered yet.
    Withdraw(usize),
    /// Asks for the member's learner as it is between two batches.
    Read(usize, Sender<Option<Box<Learner>>>),
    /// The member trains alone until it submits a request for an epoch again.
    OptOut(usize),
    Leave(usize),
}

impl GroupHandle {
    /// Starts a group and returns its members' handles. The group's thread runs until the last of them is dropped.
    ///
    /// # Errors
    /// Returns the system's refusal to start a thread.
    pub fn group_of(members: usize) -> std::io::Result<Vec<Self>> {
        let (group, messages) = channel();
        let thread = std::thread::Builder::new().name("members".to_owned());
        thread.spawn(move || Coordinator::new(members).serve(&messages))?;
        let handle = |number| Self {
            number,
            group: group.clone(),
        };
        Ok((0..members).map(handle).collect())
    }

    /// Returns the number of this member, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Waits for the others, to begin an epoch with them.
    pub(in crate::training) fn begin(&self, shape: Shape) -> Result<Submitted<()>, DeviceFailure> {
        match self.submit(Request::Epoch(shape), Some(SUBMIT_TIMEOUT))? {
            Answer::Begin => Ok(Submitted::Done(())),
            answer => other(answer),
        }
    }

    /// Has the group train on a batch.
    pub(in crate::training) fn train(
        &self,
        request: TrainRequest,
    ) -> Result<Submitted<Box<TrainReply>>, DeviceFailure> {
        // All have begun the epoch: whoever is not there yet comes or leaves.
        let timeout = request.learner.is_none().then_some(SUBMIT_TIMEOUT);
        match self.submit(Request::Train(Box::new(request)), timeout)? {
            Answer::Trained(reply) => Ok(Submitted::Done(reply)),
            answer => other(answer),
        }
    }

    /// Has the group validate a batch.
    pub(in crate::training) fn validate(
        &self,
        request: EvalRequest,
    ) -> Result<Submitted<Box<(Loss, EvalOutputs)>>, DeviceFailure> {
        match self.submit(Request::Eval(request), Some(SUBMIT_TIMEOUT))? {
            Answer::Evaluated(outputs) => Ok(Submitted::Done(outputs)),
            answer => other(answer),
        }
    }

    /// Returns the member's learner as it is between two batches; `None` where nothing has been trained with
    /// others in this epoch.
    pub(in crate::training) fn read(&self) -> Result<Option<Box<Learner>>, DeviceFailure> {
        let (reply, answer) = channel();
        self.send(Message::Read(self.number, reply))?;
        answer.recv().map_err(|_| gone())
    }

    /// Tells the group that the member trains alone until it submits a request for an epoch again.
    pub(in crate::training) fn opt_out(&self) -> Result<(), DeviceFailure> {
        self.send(Message::OptOut(self.number))
    }

    fn submit(&self, request: Request, timeout: Option<Duration>) -> Result<Answer, DeviceFailure> {
        let (reply, answer) = channel();
        self.send(Message::Submit(self.number, request, reply))?;
        let answer = match timeout {
            Some(timeout) => match answer.recv_timeout(timeout) {
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
        self.group.send(message).map_err(|_| gone())
    }
}

impl Drop for GroupHandle {
    fn drop(&mut self) {
        // Where the group's thread is gone nobody waits.
        let _ = self.group.send(Message::Leave(self.number));
    }
}

fn received(answer: &Receiver<Answer>) -> Result<Answer, DeviceFailure> {
    answer.recv().map_err(|_| gone())
}

fn gone() -> DeviceFailure {
    DeviceFailure::new("the thread that trains all members at once has ended")
}

/// Returns the result of an answer that any request can get; another answer is a failure.
fn other<T>(answer: Answer) -> Result<Submitted<T>, DeviceFailure> {
    match answer {
        Answer::Alone(learner) => Ok(Submitted::Alone(learner)),
        Answer::Waiting => Ok(Submitted::Waiting),
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
    fn come(handle: &GroupHandle, rows: usize) -> bool {
        loop {
            match handle.begin(shape(rows)).unwrap() {
                Submitted::Done(()) => return true,
                Submitted::Alone(_) => return false,
                Submitted::Waiting => {}
            }
        }
    }

    /// All come at once, with so many rows each; who is together.
    fn all_come(handles: &[GroupHandle], rows: &[usize]) -> Vec<bool> {
        std::thread::scope(|scope| {
            let come = |(handle, rows)| scope.spawn(move || come(handle, rows));
            let threads: Vec<_> = handles.iter().zip(rows.iter().copied()).map(come).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    #[test]
    fn who_was_away_is_met_again() {
        let handles = GroupHandle::group_of(3).unwrap();
        for handle in &handles {
            handle.opt_out().unwrap();
        }
        // Nobody is expected: the first one to come back goes alone, and is waited for the next time.
        assert!(!come(&handles[0], 100));
        assert!(matches!(
            handles[1].begin(shape(100)).unwrap(),
            Submitted::Waiting
        ));
        assert_eq!(all_come(&handles[..2], &[100; 2]), [true; 2]);
        // The others have begun: who is late goes alone, and so does who gives the epoch up.
        assert!(!come(&handles[2], 100) && !come(&handles[0], 100));
    }

    #[test]
    fn the_shape_of_most_decides_and_the_others_meet_them_later() {
        let handles = GroupHandle::group_of(4).unwrap();
        assert_eq!(
            all_come(&handles, &[90, 100, 100, 100]),
            [false, true, true, true]
        );
    }

    #[test]
    fn who_has_left_is_not_waited_for_and_one_alone_is_alone() {
        let mut handles = GroupHandle::group_of(3).unwrap();
        assert_eq!(all_come(&handles, &[100, 90, 80]), [false; 3]);
        handles.truncate(2);
        assert_eq!(all_come(&handles, &[100; 2]), [true; 2]);
        handles.truncate(1);
        assert_eq!(all_come(&handles, &[100]), [false]);
    }

    #[test]
    fn a_group_that_is_gone_is_a_failure_and_not_nothing() {
        let (group, messages) = channel();
        drop(messages);
        let handle = GroupHandle { number: 0, group };
        assert!(
            handle.begin(shape(1)).is_err() && handle.read().is_err() && handle.opt_out().is_err()
        );
    }
}
