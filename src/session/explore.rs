//! A session without training: a finished model that can be asked for its codes.

use std::sync::Arc;

use burn::tensor::{DType, Device};

use super::error::SessionError;
use super::message::{Command, Event, Outcome, RunInfo, RunState};
use super::worker::{Lines, codes};
use crate::config::{Config, Source};
use crate::measure::{CoverageTask, Samples};
use crate::model::{DualVae, Which, parameter_counts};
use crate::record::{CoveragePair, CoveredSets};
use crate::run::{Checkpoint, journal, read_journal, read_metrics, stored_config};
use crate::schedule::Schedule;
use crate::training::ARGMAX_SAMPLES;

/// Serves a model that is not trained further.
pub(super) fn explore(checkpoint: &Checkpoint, lines: &Lines) -> Result<(), SessionError> {
    let config = match &checkpoint.run {
        Some(run) => stored_config(run)?,
        None => {
            Config::load(Source::BuiltIn, &[])
                .map_err(crate::run::RunError::from)?
                .config
        }
    };
    let (history, marks) = match &checkpoint.run {
        Some(run) => (read_metrics(run)?, journal::marks(&read_journal(run)?)),
        None => Default::default(),
    };
    let schedule = Schedule::new(&config);
    let epochs = history.len() as u32;
    let name = checkpoint
        .run
        .as_ref()
        .and_then(|run| run.file_name())
        .map(|name| name.to_string_lossy().into_owned());
    lines.event(Event::Started(Arc::new(RunInfo {
        name: name.unwrap_or_else(|| checkpoint.source.clone()),
        folder: checkpoint.run.clone().unwrap_or_default(),
        config_name: checkpoint.source.clone(),
        config_digest: config.digest().map_err(crate::run::RunError::from)?,
        ineffective: Vec::new(),
        seed: config.seed,
        device: "cpu".to_owned(),
        device_reason: "nothing is trained".to_owned(),
        total_epochs: config.total_epochs,
        last_epoch: epochs,
        phase_borders: schedule.phase_borders(),
        batches: 0,
        schedule: Arc::new(schedule.all()),
        parameters: parameter_counts(config.model.use_statenet),
        history: history.into_iter().map(Arc::new).collect(),
        marks,
        training: false,
    })));
    lines.event(Event::State(RunState::Finished));
    let (device, dtype) = (Device::flex(), DType::F32);
    let model = DualVae::new(&checkpoint.weights, &device, dtype);
    let source = checkpoint.source.clone();
    lines.event(Event::Codes(Arc::new(codes(
        &model, &device, dtype, epochs, source,
    )?)));
    lines.event(Event::Covered(Arc::new(covered(&model, &device, dtype)?)));
    while let Ok(request) = lines.requests.recv() {
        match request.command {
            Command::Encode => {
                let codes = codes(&model, &device, dtype, epochs, checkpoint.source.clone())?;
                lines.event(Event::Codes(Arc::new(codes)));
            }
            command => lines.event(Event::Outcome(Outcome {
                id: request.id,
                command,
                epoch: epochs,
                batch: 0,
                applied: false,
                message: "nothing is being trained here".to_owned(),
            })),
        }
    }
    Ok(())
}

/// Coverage of a model at hand, with seed 0 as the `coverage` command measures it.
fn covered(model: &DualVae, device: &Device, dtype: DType) -> Result<CoveredSets, SessionError> {
    let samples = Samples {
        categorical: ARGMAX_SAMPLES,
        argmax: ARGMAX_SAMPLES,
    };
    let measure = |which| -> Result<_, SessionError> {
        let mut task = CoverageTask::new(which, samples, 0, 0);
        while !task.tile(model, device, dtype)? {}
        Ok(task.finish())
    };
    let (a, b) = (measure(Which::A)?, measure(Which::B)?);
    Ok(CoveredSets {
        epoch: 0,
        counts: Some(CoveragePair {
            a: a.coverage,
            b: b.coverage,
        }),
        categorical: [a.categorical, b.categorical],
        argmax: [a.argmax, b.argmax],
    })
}
