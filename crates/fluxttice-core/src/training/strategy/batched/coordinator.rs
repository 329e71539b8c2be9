//! Thread of a group: waits until all members have submitted a step, and does it for all at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};

use super::group::{Answer, Message, Request, Shape};
use super::pass::{EpochPass, Problem};
use crate::device::DeviceFailure;

/// State of a member in the group.
#[derive(Debug)]
struct Slot {
    /// True until the member leaves the group.
    taken: bool,
    /// True while the member trains alone, and is not waited for until it submits a request for an epoch.
    opted_out: bool,
    submitted: Option<(Request, Sender<Answer>)>,
}

#[derive(Debug)]
pub(super) struct Coordinator {
    slots: Vec<Slot>,
    pass: Option<EpochPass>,
}

impl Coordinator {
    pub(super) fn new(members: usize) -> Self {
        let slot = || Slot {
            taken: true,
            opted_out: false,
            submitted: None,
        };
        Self {
            slots: std::iter::repeat_with(slot).take(members).collect(),
            pass: None,
        }
    }

    /// Answers messages until the last member is dropped.
    pub(super) fn serve(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Submit(member, request, reply) => {
                    let begins = matches!(request, Request::Epoch(_));
                    self.slots[member].submitted = Some((request, reply));
                    if begins {
                        // It may have given up the epoch that the others are in.
                        self.let_go(member);
                        self.slots[member].opted_out = false;
                        let others = self.pass.as_ref().map(EpochPass::members);
                        if others.is_some_and(|others| !others.is_empty()) {
                            // Late: they meet at the next one.
                            self.tell(member, Answer::Alone(None));
                        }
                    }
                }
                Message::Withdraw(member) => self.tell(member, Answer::Waiting),
                Message::Read(member, reply) => {
                    let learner = self.pass.as_ref().and_then(|pass| pass.learner(member));
                    // The member may no longer wait for it, which does no harm.
                    let _ = reply.send(learner);
                }
                Message::OptOut(member) => self.let_go(member),
                Message::Leave(member) => {
                    self.slots[member].taken = false;
                    self.let_go(member);
                }
            }
            while self.proceed() {}
        }
    }

    /// Answers the request of a member, if there is one.
    fn tell(&mut self, member: usize, answer: Answer) {
        if let Some((_, reply)) = self.slots[member].submitted.take() {
            // A member that is gone has given its member up.
            let _ = reply.send(answer);
        }
    }

    /// Stops waiting for a member until it comes for an epoch again.
    fn let_go(&mut self, member: usize) {
        self.slots[member].opted_out = true;
        if let Some(pass) = &mut self.pass {
            pass.drop_out(member);
        }
    }

    /// Does the step for which all have come; returns true if something was done.
    fn proceed(&mut self) -> bool {
        match self.pass.take() {
            None => self.begin(),
            Some(pass) if pass.members().is_empty() => true,
            Some(pass) => {
                let ready = |member: &usize| self.slots[*member].submitted.is_some();
                let ready = pass.members().iter().all(ready);
                self.pass = if ready { self.turn(pass) } else { Some(pass) };
                ready
            }
        }
    }

    /// Begins an epoch once all have come for one, with those of the shape that most have. Returns true if
    /// members were answered.
    fn begin(&mut self) -> bool {
        let mut come: Vec<(usize, Shape)> = Vec::new();
        for (member, slot) in self.slots.iter().enumerate() {
            match &slot.submitted {
                Some((Request::Epoch(shape), _)) => come.push((member, *shape)),
                _ if slot.taken && !slot.opted_out => return false,
                _ => {}
            }
        }
        let alike = |one: &Shape| come.iter().filter(|(_, shape)| shape == one).count();
        let most = come.iter().map(|(_, shape)| (alike(shape), shape));
        let Some((alike, most)) = most.max_by_key(|(alike, _)| *alike) else {
            return false;
        };
        // A member without others of its shape trains alone.
        let is_of_them = |shape: &Shape| alike > 1 && shape == most;
        let (members, others): (Vec<_>, Vec<_>) =
            come.iter().partition(|(_, shape)| is_of_them(shape));
        for (member, _) in &others {
            self.tell(*member, Answer::Alone(None));
        }
        let members: Vec<usize> = members.into_iter().map(|(member, _)| member).collect();
        for member in &members {
            self.tell(*member, Answer::Begin);
        }
        self.pass = Some(EpochPass::new(members)).filter(|pass| !pass.members().is_empty());
        true
    }

    /// Does one batch of all; returns the pass where it goes on.
    fn turn(&mut self, mut pass: EpochPass) -> Option<EpochPass> {
        let members = pass.members();
        let (mut replies, mut to_train, mut to_evaluate) = (Vec::new(), Vec::new(), Vec::new());
        for member in &members {
            let submitted = self.slots[*member].submitted.take();
            let Some((request, reply)) = submitted else {
                continue;
            };
            replies.push(reply);
            match request {
                Request::Train(request) => to_train.push(*request),
                Request::Eval(request) => to_evaluate.push(request),
                Request::Epoch(_) => {}
            }
        }
        // A graphics driver that fails can panic.
        let done = catch_unwind(AssertUnwindSafe(|| {
            if to_evaluate.is_empty() {
                pass.train(to_train)
            } else {
                pass.evaluate(to_evaluate)
            }
        }));
        let done = done
            .unwrap_or_else(|panic| Err(Problem::Device(DeviceFailure::of_panic(panic.as_ref()))));
        let answers: Vec<Answer> = done.unwrap_or_else(|problem| {
            pass.over = true;
            let answer = |member: &usize| match &problem {
                Problem::Device(failure) => Answer::Failed(failure.clone()),
                Problem::Apart(why) => {
                    tracing::warn!("member {member} goes on alone: {why}");
                    Answer::Alone(pass.learner(*member))
                }
            };
            members.iter().map(answer).collect()
        });
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A member that is gone has given its member up.
            let _ = reply.send(answer);
        }
        (!pass.over).then_some(pass)
    }
}
