//! `steer`: asks something of a run that another process trains.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use fluxttice_core::config::Config;
use fluxttice_core::protocol::controls::Controls;
use fluxttice_core::protocol::liveness::Pulse;
use fluxttice_core::protocol::place::Place;
use fluxttice_core::protocol::request_file::WAIT_S;
use fluxttice_core::protocol::status::Status;
use fluxttice_core::protocol::{Post, PostError};
use fluxttice_core::request::{Command, Outcome};
use fluxttice_core::run::journal::JournalEvent;
use fluxttice_core::run::names::CONTROLS;
use fluxttice_core::run::{RunError, is_foreign, is_open, read_journal, stored_config};
use fluxttice_core::shown::shown;
use fluxttice_core::training::Steer;
use serde_json::json;

use super::{Done, Failure, json_line, line, note, setup};
use crate::cli::{Global, SteerArgs, SteerVerb};

/// Time between two looks for the answer.
const LOOK: Duration = Duration::from_millis(50);

/// Sends a request, and waits for its answer where that is asked for.
pub fn run(global: &Global, args: &SteerArgs) -> Done {
    let run = setup::found_run(global, Some(&args.run))?;
    let command = match &args.verb {
        SteerVerb::Controls => return controls(global, &run),
        SteerVerb::Pause => Command::Pause,
        SteerVerb::Resume => Command::Resume,
        SteerVerb::Stop { after_epoch: true } => Command::StopAfterEpoch,
        SteerVerb::Stop { after_epoch: false } => Command::StopNow,
        SteerVerb::Snapshot { name } => Command::Snapshot { name: name.clone() },
        SteerVerb::Set { change } => Command::Steer(change.clone()),
        SteerVerb::Disrupt { disruption } => Command::Steer(Steer::Disrupt {
            disruption: *disruption,
        }),
    };
    let Some(status) = Status::of(&run) else {
        return Err(match is_open(&run) {
            false => nobody(&run),
            true => Failure::Input(format!(
                "{} is being trained, but its status.json cannot be read: nothing can be asked of its trainer",
                shown(&run)
            )),
        });
    };
    let pulse = Pulse::new(&status);
    if pulse.judge(&status, &run).is_over() {
        return Err(nobody(&run));
    }
    let post = Post::new(&run, setup::meeting(global, None, None).claim());
    let id = post.send(command.clone()).map_err(|error| match error {
        PostError::NoTrainer(_) => nobody(&run),
        PostError::Refused { source, path } => {
            Failure::Run(RunError::disk("write to", &path)(source))
        }
        problem @ (PostError::TakesNone(_) | PostError::NotAllowed { .. }) => {
            Failure::Input(problem.to_string())
        }
        PostError::NoId(problem) => Failure::System(std::io::Error::other(problem)),
    })?;
    if !args.wait {
        match global.json {
            true => json_line(&json!({"event": "sent", "id": id}))?,
            false => line(&format!("sent {id}"))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    match answer(&run, &post, &id, pulse)? {
        Answer::Given(outcome) => tell(global, &id, &outcome),
        Answer::None(problem) => {
            match global.json {
                true => json_line(&json!({"event": "unanswered", "id": id, "message": problem}))?,
                false => note(&format!("error: {problem}")),
            }
            Ok(ExitCode::from(1))
        }
    }
}

fn nobody(run: &Path) -> Failure {
    Failure::Input(format!(
        "{} is not being trained: nobody can answer",
        shown(run)
    ))
}

enum Answer {
    Given(Box<Outcome>),
    /// None came, for this reason.
    None(String),
}

/// Waits for the answer to a request, as long as its trainer lives and the request may wait.
fn answer(run: &Path, post: &Post, id: &str, mut pulse: Pulse) -> Result<Answer, Failure> {
    let began = Instant::now();
    loop {
        if let Some(outcome) = answered(run, id)? {
            return Ok(Answer::Given(Box::new(outcome)));
        }
        let Some(status) = Status::of(run) else {
            return Ok(Answer::None("its trainer is gone".to_owned()));
        };
        pulse.hear(&status);
        let gone = pulse.judge(&status, run).is_over();
        // A trainer that is silent answers late, if at all.
        let too_long = began.elapsed().as_secs_f64() > 2.0 * WAIT_S;
        if gone || too_long {
            let back = match post.take_back(id) {
                true => "the request was taken back",
                false => "whether it was done is not known",
            };
            // Answered before it could be taken back.
            if let Some(outcome) = answered(run, id)? {
                return Ok(Answer::Given(Box::new(outcome)));
            }
            let why = if gone {
                "its trainer is gone"
            } else {
                "no answer came"
            };
            return Ok(Answer::None(format!("{why}; {back}")));
        }
        thread::sleep(LOOK);
    }
}

fn answered(run: &Path, id: &str) -> Result<Option<Outcome>, Failure> {
    let entries = read_journal(run)?;
    let found = entries
        .into_iter()
        .rev()
        .find(|entry| entry.request_id() == Some(id));
    Ok(found.and_then(|entry| match entry.event {
        JournalEvent::Outcome(outcome) => Some(outcome),
        _ => None,
    }))
}

fn tell(global: &Global, id: &str, outcome: &Outcome) -> Done {
    if global.json {
        let mut value = serde_json::to_value(outcome).unwrap_or_default();
        value["event"] = json!("outcome");
        value["request_id"] = json!(id);
        json_line(&value)?;
    } else {
        let refused = if outcome.applied { "" } else { "refused, " };
        line(&format!(
            "epoch {} batch {}: {}: {refused}{}",
            outcome.epoch, outcome.batch, outcome.command, outcome.message
        ))?;
    }
    Ok(match outcome.applied {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

/// Prints what can be changed in a run while it is trained.
fn controls(global: &Global, run: &Path) -> Done {
    let place = Place::open(run).map_err(RunError::unread(run))?;
    let controls = match Controls::read(&place) {
        Some(controls) => controls,
        None if is_foreign(run) => {
            return Err(Failure::Input(format!(
                "{}: expected what may be changed, found no file that can be read",
                shown(run.join(CONTROLS))
            )));
        }
        None => {
            note(
                "there is no controls.json that can be read: the values are those that the run began with",
            );
            Controls::of(&stored(run)?, "")
        }
    };
    if global.json {
        json_line(&controls)?;
        return Ok(ExitCode::SUCCESS);
    }
    for control in &controls.controls {
        let unit = control.unit.as_ref();
        let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
        line(&format!(
            "{:<36} {:<14} {}{unit}; {}, from the next {} on",
            control.name, control.value, control.range, control.meaning, control.safe_point
        ))?;
    }
    for kind in &controls.disruptions {
        line(&format!(
            "{:<36} amplitude {}, {} epochs; {}",
            kind.kind, kind.amplitude, kind.epochs, kind.meaning
        ))?;
    }
    if !is_open(run) && !global.quiet {
        note("nobody trains it on this machine now");
    }
    Ok(ExitCode::SUCCESS)
}

fn stored(run: &Path) -> Result<Config, Failure> {
    Ok(stored_config(run)?)
}
