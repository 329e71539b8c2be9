//! Thread that trains members at once, and its knowledge of the seats.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};

use super::pass::{Pass, Problem};
use super::{Answer, Brought, Message, Shape};
use crate::device::DeviceFailure;

/// State of a seat.
#[derive(Debug)]
struct Place {
    /// True until the member gives the seat up.
    taken: bool,
    /// True while the member trains alone, and is not waited for until it comes for an epoch.
    away: bool,
    brought: Option<(Brought, Sender<Answer>)>,
}

#[derive(Debug)]
pub(super) struct Table {
    places: Vec<Place>,
    pass: Option<Pass>,
}

impl Table {
    pub(super) fn new(seats: usize) -> Self {
        let place = || Place {
            taken: true,
            away: false,
            brought: None,
        };
        Self {
            places: std::iter::repeat_with(place).take(seats).collect(),
            pass: None,
        }
    }

    /// Answers messages until the last seat is dropped.
    pub(super) fn serve(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Bring(seat, brought, reply) => {
                    let begins = matches!(brought, Brought::Epoch(_));
                    self.places[seat].brought = Some((brought, reply));
                    if begins {
                        // It may have given up the epoch that the others are in.
                        self.let_go(seat);
                        self.places[seat].away = false;
                        let others = self.pass.as_ref().map(Pass::seats);
                        if others.is_some_and(|others| !others.is_empty()) {
                            // Late: they meet at the next one.
                            self.tell(seat, Answer::Alone(None));
                        }
                    }
                }
                Message::Withdraw(seat) => self.tell(seat, Answer::Waiting),
                Message::Look(seat, reply) => {
                    let core = self.pass.as_ref().and_then(|pass| pass.core(seat));
                    // The member may no longer wait for it, which does no harm.
                    let _ = reply.send(core);
                }
                Message::Away(seat) => self.let_go(seat),
                Message::Leave(seat) => {
                    self.places[seat].taken = false;
                    self.let_go(seat);
                }
            }
            while self.proceed() {}
        }
    }

    /// Answers the request of a seat, if there is one.
    fn tell(&mut self, seat: usize, answer: Answer) {
        if let Some((_, reply)) = self.places[seat].brought.take() {
            // A member that is gone has given its seat up.
            let _ = reply.send(answer);
        }
    }

    /// Stops waiting for a seat until it comes for an epoch again.
    fn let_go(&mut self, seat: usize) {
        self.places[seat].away = true;
        if let Some(pass) = &mut self.pass {
            pass.drop_out(seat);
        }
    }

    /// Does the step for which all have come; returns true if something was done.
    fn proceed(&mut self) -> bool {
        match self.pass.take() {
            None => self.begin(),
            Some(pass) if pass.seats().is_empty() => true,
            Some(pass) => {
                let ready = |seat: &usize| self.places[*seat].brought.is_some();
                let ready = pass.seats().iter().all(ready);
                self.pass = if ready { self.turn(pass) } else { Some(pass) };
                ready
            }
        }
    }

    /// Begins an epoch once all have come for one, with those of the shape that most have. Returns true if
    /// members were answered.
    fn begin(&mut self) -> bool {
        let mut come: Vec<(usize, Shape)> = Vec::new();
        for (seat, place) in self.places.iter().enumerate() {
            match &place.brought {
                Some((Brought::Epoch(shape), _)) => come.push((seat, *shape)),
                _ if place.taken && !place.away => return false,
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
        let (seats, others): (Vec<_>, Vec<_>) =
            come.iter().partition(|(_, shape)| is_of_them(shape));
        for (seat, _) in &others {
            self.tell(*seat, Answer::Alone(None));
        }
        let seats: Vec<usize> = seats.into_iter().map(|(seat, _)| seat).collect();
        for seat in &seats {
            self.tell(*seat, Answer::Begin);
        }
        self.pass = Some(Pass::new(seats)).filter(|pass| !pass.seats().is_empty());
        true
    }

    /// Does one batch of all; returns the pass where it goes on.
    fn turn(&mut self, mut pass: Pass) -> Option<Pass> {
        let seats = pass.seats();
        let (mut replies, mut lessons, mut exams) = (Vec::new(), Vec::new(), Vec::new());
        for seat in &seats {
            let brought = self.places[*seat].brought.take();
            let Some((brought, reply)) = brought else {
                continue;
            };
            replies.push(reply);
            match brought {
                Brought::Lesson(lesson) => lessons.push(*lesson),
                Brought::Exam(exam) => exams.push(exam),
                Brought::Epoch(_) => {}
            }
        }
        // A graphics driver that fails can panic.
        let done = catch_unwind(AssertUnwindSafe(|| {
            if exams.is_empty() {
                pass.train(lessons)
            } else {
                pass.examine(exams)
            }
        }));
        let done = done
            .unwrap_or_else(|panic| Err(Problem::Device(DeviceFailure::of_panic(panic.as_ref()))));
        let answers: Vec<Answer> = done.unwrap_or_else(|problem| {
            pass.over = true;
            let answer = |seat: &usize| match &problem {
                Problem::Device(failure) => Answer::Failed(failure.clone()),
                Problem::Apart(why) => {
                    tracing::warn!("the member in seat {seat} goes on alone: {why}");
                    Answer::Alone(pass.core(*seat))
                }
            };
            seats.iter().map(answer).collect()
        });
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A member that is gone has given its seat up.
            let _ = reply.send(answer);
        }
        (!pass.over).then_some(pass)
    }
}
