//! Threads beside the worker: one measures, certifies and verifies while training goes on, one looks
//! after the folders meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::message::Model;
use crate::certificate::{
    CertificateError, Item, Trust, Verdict, certify, export, place, shelf, verify,
};
use crate::device::DeviceFailure;
use crate::measure::{Estimate, Evaluator, PriorQuestion, Progress, Scale, survey};
use crate::model::{Weights, Which};
use crate::run::find_checkpoint;
use crate::space::Operation;

/// Seed of everything the desk measures.
const SEED: u64 = 0;
/// Codes behind live probabilities; a certificate takes ten times as many.
const CODES: u32 = 100_000;
/// Samples of the two coverages that mislead.
const MISLEADING_SAMPLES: u32 = 195_000;
/// Least probable operations that are named.
const RAREST: usize = 50;

/// Something asked of the desk. What is measured is measured one after another; lists and copies do
/// not wait for it.
#[derive(Clone, Debug)]
pub enum DeskRequest {
    /// Every snapshot and certificate of all runs.
    List,
    /// Measure a checkpoint (a folder or file; `None`: the built-in model) and write its certificate.
    Certify(Option<PathBuf>),
    /// Check a certificate: files, and every figure measured again.
    Verify(PathBuf),
    /// Copy a snapshot or certificate to a new folder.
    Export {
        /// Its folder.
        folder: PathBuf,
        /// Where to.
        to: PathBuf,
    },
    /// Probabilities of all operations, and the figures that mislead.
    Estimate(Arc<Model>),
}

/// What the desk has to tell, in order.
#[derive(Clone, Debug)]
pub enum DeskEvent {
    /// Every snapshot and certificate of all runs.
    Listed(Arc<Vec<Item>>),
    /// How far the request at hand is.
    Progress(Progress),
    /// A certificate was written to this folder.
    Certified(PathBuf),
    /// A certificate was checked.
    Verified(PathBuf, Arc<Verdict>),
    /// A folder was copied to here.
    Exported(PathBuf),
    /// Probabilities, as asked for.
    Estimated(Arc<Estimates>),
    /// A folder could not be copied, and why.
    NotCopied(String),
    /// Something could not be measured.
    Failed {
        /// What was asked, in a word or two.
        what: &'static str,
        /// Why not.
        problem: String,
    },
}

/// What was estimated of a model.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// Finished epochs of the model.
    pub epoch: u32,
    /// Where the model comes from.
    pub source: String,
    /// Seed of codes and draws.
    pub seed: u64,
    /// A's and B's.
    pub vaes: [VaeEstimates; 2],
}

/// What was estimated of one VAE.
#[derive(Clone, Debug)]
pub struct VaeEstimates {
    /// Codes averaged over.
    pub codes: u32,
    /// p(x) of every operation.
    pub probabilities: Vec<f32>,
    /// The least probable operations with probability and standard error, least first.
    pub rarest: Vec<(Operation, f64, f64)>,
    /// I(z; x) in nats.
    pub mutual_information: Estimate,
    /// The figures that mislead.
    pub misleading: Misleading,
}

/// Two coverages that have fooled people, to be seen as what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misleading {
    /// Samples of both.
    pub samples: u32,
    /// Distinct operations when every entry's expectation is rounded: no sample of the model.
    pub rounded_expectation: u32,
    /// Distinct operations that untrained weights reach by categorical draws.
    pub untrained: u32,
}

/// A running desk; it ends when the inlet is dropped and the request at hand is done.
#[derive(Debug)]
pub struct Desk {
    /// What the desk has to tell.
    pub events: UnboundedReceiver<DeskEvent>,
    /// Where requests go in.
    pub inlet: DeskInlet,
}

/// Where requests go in.
#[derive(Clone, Debug)]
pub struct DeskInlet {
    measuring: Sender<DeskRequest>,
    folders: Sender<DeskRequest>,
}

impl DeskInlet {
    /// Hands a request over without waiting; false where the desk is gone.
    pub fn send(&self, request: DeskRequest) -> bool {
        let line = match request {
            DeskRequest::List | DeskRequest::Export { .. } => &self.folders,
            _ => &self.measuring,
        };
        line.send(request).is_ok()
    }
}

impl Desk {
    /// Opens a desk for the runs in a folder.
    ///
    /// It leaves one core to training where there are several.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    pub fn open(runs: PathBuf) -> std::io::Result<Self> {
        let (measuring, requests) = channel();
        let (folders, about_folders) = channel();
        let (told, events) = unbounded_channel();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = ThreadPoolBuilder::new()
            .num_threads((cores - 1).max(1))
            .build()
            .map_err(std::io::Error::other)?;
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (shelf, to_tell) = (runs.clone(), told.clone());
        thread("folders").spawn(move || look_after(&shelf, &about_folders, &to_tell))?;
        thread("desk").spawn(move || measure(&runs, &pool, &requests, &told))?;
        Ok(Self {
            events,
            inlet: DeskInlet { measuring, folders },
        })
    }
}

/// Lists and copies.
fn look_after(runs: &Path, requests: &Receiver<DeskRequest>, told: &UnboundedSender<DeskEvent>) {
    while let Ok(request) = requests.recv() {
        let event = match request {
            DeskRequest::Export { folder, to } => match export(&folder, &to) {
                Ok(()) => DeskEvent::Exported(to),
                Err(error) => DeskEvent::NotCopied(error.to_string()),
            },
            _ => DeskEvent::Listed(Arc::new(shelf(runs))),
        };
        let _ = told.send(event);
    }
}

/// Certifies, verifies and estimates.
fn measure(
    runs: &Path,
    pool: &ThreadPool,
    requests: &Receiver<DeskRequest>,
    told: &UnboundedSender<DeskEvent>,
) {
    // Nobody listening is no reason to leave a certificate half measured.
    let tell = |event: DeskEvent| {
        let _ = told.send(event);
    };
    let watch = |progress: Progress| tell(DeskEvent::Progress(progress));
    let mut untrained = None;
    while let Ok(request) = requests.recv() {
        let what = match &request {
            DeskRequest::Certify(_) => "certify",
            DeskRequest::Verify(_) => "verify",
            _ => "estimate probabilities",
        };
        let done = pool.install(|| answer(runs, request, &mut untrained, &watch));
        match done {
            Ok(Some(event)) => tell(event),
            Ok(None) => {}
            Err(error) => tell(DeskEvent::Failed {
                what,
                problem: error.to_string(),
            }),
        }
    }
}

fn answer(
    runs: &Path,
    request: DeskRequest,
    untrained: &mut Option<[u32; 2]>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Option<DeskEvent>, CertificateError> {
    Ok(Some(match request {
        DeskRequest::Certify(checkpoint) => certified(runs, checkpoint.as_deref(), watch)?,
        DeskRequest::Verify(folder) => {
            let verdict = verify(&folder, Trust::default(), watch)?;
            DeskEvent::Verified(folder, Arc::new(verdict))
        }
        DeskRequest::Estimate(model) => {
            DeskEvent::Estimated(Arc::new(estimate(&model, untrained)?))
        }
        // The other thread's.
        DeskRequest::List | DeskRequest::Export { .. } => return Ok(None),
    }))
}

fn certified(
    runs: &Path,
    checkpoint: Option<&Path>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<DeskEvent, CertificateError> {
    let named = checkpoint.map(|path| path.to_string_lossy().into_owned());
    let checkpoint = find_checkpoint(runs, named.as_deref())?;
    let folder = place(runs, &checkpoint);
    let certified = certify(&checkpoint, &Scale::certificate(SEED), &folder, None, watch)?;
    Ok(DeskEvent::Certified(certified.folder))
}

/// Measures a model; what untrained weights reach is measured once.
fn estimate(model: &Model, untrained: &mut Option<[u32; 2]>) -> Result<Estimates, DeviceFailure> {
    let fresh = match *untrained {
        Some(known) => known,
        None => {
            let evaluator = Evaluator::new(&Weights::fresh(SEED));
            let saturation = |which| -> Result<u32, DeviceFailure> {
                let answer = survey(&evaluator, &question(which, 0), &|_| {})?;
                Ok(answer.covered[0].coverage.categorical.unique)
            };
            *untrained.insert([saturation(Which::A)?, saturation(Which::B)?])
        }
    };
    let evaluator = Evaluator::new(&model.weights);
    let one = |which, untrained| -> Result<VaeEstimates, DeviceFailure> {
        let answer = survey(&evaluator, &question(which, CODES), &|_| {})?;
        let Some(generator) = answer.generator else {
            let reason = "no probabilities were measured".to_owned();
            return Err(DeviceFailure { reason });
        };
        let probabilities = generator.mean().probabilities.iter();
        Ok(VaeEstimates {
            codes: generator.codes(),
            probabilities: probabilities.map(|p| *p as f32).collect(),
            rarest: generator.rarest(RAREST),
            mutual_information: generator.estimate(|mean| mean.mutual_information()),
            misleading: Misleading {
                samples: MISLEADING_SAMPLES,
                rounded_expectation: answer.rounded_expectation[0].len() as u32,
                untrained,
            },
        })
    };
    Ok(Estimates {
        epoch: model.epoch,
        source: model.source.clone(),
        seed: SEED,
        vaes: [one(Which::A, fresh[0])?, one(Which::B, fresh[1])?],
    })
}

fn question(which: Which, probability_codes: u32) -> PriorQuestion {
    PriorQuestion {
        which,
        seed: SEED,
        samples: vec![MISLEADING_SAMPLES],
        probability_codes,
    }
}
