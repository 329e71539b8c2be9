//! The thread that measures beside training: certificates, their checks, probabilities.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rayon::ThreadPool;
use tokio::sync::mpsc::UnboundedSender;

use super::Runs;
use super::message::{Estimates, JobError, JobEvent, Measurement, Misleading, VaeEstimates};
use crate::certificate::{CertificateError, Trust, certify, place, verify};
use crate::device::DeviceFailure;
use crate::measure::{Evaluator, Mean, MeasurementPlan, PriorQuestion, Progress, sample_prior};
use crate::model::{Architecture, Weights};
use crate::numbers::{count32, single};
use crate::run::{built_in, read_checkpoint};
use crate::session::message::Model;
use crate::vae::{PerVae, Vae};
use crate::validation::{Finding, Past, validate};

/// Seed of every measurement made here.
const SEED: u64 = 0;
/// Codes behind live probabilities, twenty for each operation: a tenth of an operation's share is two of
/// them, and fewer come by chance to one operation in twenty million.
const CODES: u32 = 400_000;
/// Samples of the two coverages that mislead.
const MISLEADING_SAMPLES: u32 = 195_000;

/// Makes one measurement after another until the sender is dropped.
pub(super) fn serve(
    runs: &Runs,
    pool: &ThreadPool,
    requests: &Receiver<Measurement>,
    answers: &UnboundedSender<JobEvent>,
) {
    // Nobody listening is no reason to leave a certificate half measured.
    let tell = |event: JobEvent| {
        let _ = answers.send(event);
    };
    let watch = |progress: Progress| tell(JobEvent::Progress(progress));
    let mut untrained = None;
    while let Ok(request) = requests.recv() {
        tell(pool.install(|| answer(runs, request, &mut untrained, &watch)));
    }
}

fn answer(
    runs: &Runs,
    request: Measurement,
    untrained: &mut Option<Fresh>,
    watch: &(dyn Fn(Progress) + Sync),
) -> JobEvent {
    match request {
        Measurement::Certify(checkpoint) => {
            let certified = certified(runs, checkpoint.as_deref(), watch);
            JobEvent::Certified(certified.map_err(JobError::new))
        }
        Measurement::Verify(folder) => {
            let verdict = verify(&folder, Trust::default(), watch);
            JobEvent::Verified(folder, verdict.map(Arc::new).map_err(JobError::new))
        }
        Measurement::Validate(checkpoint) => {
            let found = validated(checkpoint.as_deref(), watch);
            JobEvent::Validated(checkpoint, found.map(Arc::new).map_err(JobError::new))
        }
        Measurement::Estimate(model) => {
            let found = estimate(&model, untrained);
            JobEvent::Estimated(found.map(Arc::new).map_err(JobError::new))
        }
    }
}

fn validated(
    checkpoint: Option<&Path>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Finding>, CertificateError> {
    let checkpoint = checkpoint.map_or_else(built_in, read_checkpoint)?;
    let past = Past::of(&checkpoint.origin)?;
    Ok(validate(&checkpoint.weights, &past, SEED, watch)?)
}

fn certified(
    runs: &Runs,
    checkpoint: Option<&Path>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<PathBuf, CertificateError> {
    let checkpoint = checkpoint.map_or_else(built_in, read_checkpoint)?;
    let folder = place(&runs.folder, &checkpoint);
    let scale = MeasurementPlan::certificate(SEED);
    let certified = certify(
        &runs.disk,
        &runs.tool,
        &checkpoint,
        &scale,
        &folder,
        None,
        watch,
    )?;
    Ok(certified.folder)
}

/// Coverage that untrained weights of an architecture reach by categorical draws.
#[derive(Clone, Copy)]
struct Fresh {
    architecture: Architecture,
    reached: PerVae<u32>,
}

/// Measures a model; the untrained weights of its architecture are measured once.
fn estimate(model: &Model, untrained: &mut Option<Fresh>) -> Result<Estimates, DeviceFailure> {
    let architecture = model.weights.architecture;
    let known = untrained.filter(|known| known.architecture == architecture);
    let fresh = if let Some(known) = known {
        known.reached
    } else {
        let evaluator = Evaluator::new(&Weights::start(architecture, SEED));
        let saturation = |which| -> Result<u32, DeviceFailure> {
            let answer = sample_prior(&evaluator, &question(which, 0), &|_| {})?;
            Ok(answer.covered[0].coverage.categorical.unique)
        };
        let reached = PerVae::try_from_fn(saturation)?;
        *untrained = Some(Fresh {
            architecture,
            reached,
        });
        reached
    };
    let evaluator = Evaluator::new(&model.weights);
    let one = |which, untrained| -> Result<VaeEstimates, DeviceFailure> {
        let answer = sample_prior(&evaluator, &question(which, CODES), &|_| {})?;
        let Some(generator) = answer.generator else {
            return Err(DeviceFailure::new("no probabilities were measured"));
        };
        let probabilities = generator.mean().probabilities.iter().copied();
        Ok(VaeEstimates {
            codes: generator.codes(),
            probabilities: probabilities.map(single).collect(),
            rare: generator.rare(),
            mutual_information: generator.estimate(Mean::mutual_information),
            effective: generator.estimate(Mean::entropy).map(libm::exp, libm::exp),
            evenness: answer.evenness[0],
            likeliest: generator.mean().likeliest,
            misleading: Misleading {
                samples: MISLEADING_SAMPLES,
                rounded_expectation: count32(answer.rounded_expectation[0].len()),
                untrained,
            },
        })
    };
    Ok(Estimates {
        epoch: model.epoch,
        source: model.source.clone(),
        seed: SEED,
        vaes: PerVae::try_from_fn(|which| one(which, fresh[which]))?,
    })
}

fn question(which: Vae, probability_codes: u32) -> PriorQuestion {
    PriorQuestion {
        which,
        seed: SEED,
        samples: vec![MISLEADING_SAMPLES],
        probability_codes,
    }
}
