//! A session without training: a finished model that can be asked for its codes.

use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::{DType, Device};

use super::error::SessionError;
use super::message::{
    Codes, Event, Foreign, Model, Notice, NoticeLevel, Recipe, RunInfo, RunKind, RunState, Tuning,
    moment,
};
use super::worker::{Lines, codes};
use crate::measure::neighbours::{Cloud, Spaces};
use crate::measure::{CoveragePass, Samples};
use crate::model::{Architecture, DualVae, parameter_counts};
use crate::numbers::count32;
use crate::record::CoveredSets;
use crate::request::{Command, Outcome};
use crate::run::{Checkpoint, ForeignRun, Origin, is_open, journal};
use crate::training::ARGMAX_SAMPLES;
use crate::vae::PerVae;

/// Serves a model that is not trained further.
pub(super) fn explore(checkpoint: &Checkpoint, lines: &Lines) -> Result<(), SessionError> {
    let (config, mut history, entries) = checkpoint.origin.history()?;
    let (epochs, batch) = checkpoint.moment.unwrap_or((count32(history.len()), 0));
    // What the run did later says nothing of this model.
    history.truncate(epochs as usize);
    let mut marks = journal::marks(&entries);
    marks.retain(|mark| mark.epoch <= epochs);
    let source = match &checkpoint.origin {
        Origin::Run { .. } => moment(epochs, batch),
        other => other.to_string(),
    };
    let folder = checkpoint
        .origin
        .run()
        .map_or_else(PathBuf::new, PathBuf::from);
    let name = folder.file_name().map_or_else(
        || source.clone(),
        |name| name.to_string_lossy().into_owned(),
    );
    let trained = checkpoint.origin.run().filter(|run| is_open(run)).map(|_| {
        format!("another fluxttice-explorer trains {name}: to look at only, as of {source}")
    });
    lines.event(Event::Started(Arc::new(RunInfo {
        name,
        folder,
        kind: RunKind::Own(Recipe {
            config_name: config.name().unwrap_or("as stored").to_owned(),
            config_digest: config.digest().map_err(crate::run::RunError::from)?,
            ineffective: Vec::new(),
            seed: config.seed,
            tuning: Arc::new(Tuning::new(&config, epochs)),
            parameters: parameter_counts(Architecture::from(&config), config.model.use_statenet),
        }),
        device: "cpu".to_owned(),
        device_reason: match trained {
            None => "nothing is trained".to_owned(),
            Some(_) => "trained elsewhere".to_owned(),
        },
        batches: 0,
        history: history.into_iter().map(Arc::new).collect(),
        marks,
        checkpoint: match &checkpoint.origin {
            Origin::BuiltIn | Origin::Untrained(_) => None,
            Origin::Run { checkpoint, .. } => Some(checkpoint.clone()),
            Origin::File(path) => Some(path.clone()),
        },
        training: false,
        attached: None,
        answered: Vec::new(),
    })));
    lines.event(Event::State(RunState::Finished));
    for text in trained.into_iter().chain(checkpoint.unchecked.clone()) {
        let level = NoticeLevel::Warning;
        lines.event(Event::Notice(Notice { level, text }));
    }
    for text in checkpoint.notes.clone() {
        let level = NoticeLevel::Info;
        lines.event(Event::Notice(Notice { level, text }));
    }
    let (device, dtype) = (Device::flex(), DType::F32);
    let model = DualVae::new(&checkpoint.weights, &device, dtype);
    lines.event(Event::Codes(Arc::new(codes(
        &model,
        &device,
        dtype,
        epochs,
        source.clone(),
    )?)));
    lines.event(Event::Covered(Arc::new(covered(
        &model,
        &device,
        dtype,
        epochs.saturating_sub(1),
    )?)));
    while let Ok(request) = lines.requests.recv() {
        match request.command {
            Command::Encode => {
                let codes = codes(&model, &device, dtype, epochs, source.clone())?;
                lines.event(Event::Codes(Arc::new(codes)));
            }
            Command::Weights => lines.event(Event::Weights(Arc::new(Model {
                epoch: epochs,
                source: source.clone(),
                weights: checkpoint.weights.clone(),
            }))),
            command => lines.event(Event::Outcome(Outcome {
                id: request.id,
                by: request.by,
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

/// Serves codes that any program made, and nothing else; `name` says where they are from.
pub(super) fn explore_codes(name: String, cloud: Cloud, lines: &Lines) {
    let run = ForeignRun {
        name: name.clone(),
        program: "codes in a file".to_owned(),
        ..ForeignRun::default()
    };
    lines.event(Event::Started(Arc::new(RunInfo {
        name: name.clone(),
        folder: PathBuf::new(),
        kind: RunKind::Foreign(Foreign {
            run,
            ..Foreign::default()
        }),
        device: String::new(),
        device_reason: String::new(),
        batches: 0,
        history: Vec::new(),
        marks: Vec::new(),
        checkpoint: None,
        training: false,
        attached: None,
        answered: Vec::new(),
    })));
    lines.event(Event::State(RunState::Finished));
    lines.event(Event::Codes(Arc::new(Codes {
        epoch: 0,
        source: name,
        spaces: Spaces::embedding(cloud),
        weights: None,
    })));
    while let Ok(request) = lines.requests.recv() {
        lines.event(Event::Outcome(Outcome {
            id: request.id,
            by: request.by,
            command: request.command,
            epoch: 0,
            batch: 0,
            applied: false,
            message: "there are codes alone here, and no model".to_owned(),
        }));
    }
}

/// Measures the coverage of a model with seed 0, as the `coverage` command does.
pub(super) fn covered(
    model: &DualVae,
    device: &Device,
    dtype: DType,
    epoch: u32,
) -> Result<CoveredSets, SessionError> {
    let samples = Samples {
        categorical: ARGMAX_SAMPLES,
        argmax: ARGMAX_SAMPLES,
    };
    let mut pass = CoveragePass::new(samples, 0, 0);
    while !pass.tile(model, device, dtype)? {}
    let found = pass.finish();
    let counts = found.as_ref().map(|covered| covered.coverage);
    let PerVae { a, b } = found;
    Ok(CoveredSets {
        epoch,
        counts: Some(counts),
        categorical: [a.categorical, b.categorical].into(),
        argmax: [a.argmax, b.argmax].into(),
    })
}
