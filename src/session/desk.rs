//! Threads beside the worker: one measures, certifies and verifies while training goes on, one tries
//! disruptions against their control, one looks after the folders meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::lab::Lab;
use super::message::Model;
use crate::certificate::{
    CertificateError, Item, Trust, Verdict, certify, export, place, shelf, verify,
};
use crate::device::{DeviceFailure, DeviceSpec};
use crate::experiment::{Experiment, Trial, TrialProgress, experiments};
use crate::measure::{Estimate, Evaluator, PriorQuestion, Progress, Scale, survey};
use crate::model::{Weights, Which};
use crate::run::{
    Branch, RunError, delete, figures_csv, find_checkpoint, read_metrics, tree, write_new_file,
};
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
    /// Every run, branch and experiment.
    Runs,
    /// Remove a run with everything in it.
    Delete(PathBuf),
    /// Copy a file.
    ExportFile {
        /// The file.
        from: PathBuf,
        /// Where to; must not exist yet.
        to: PathBuf,
    },
    /// Write the figures of a run as CSV.
    ExportFigures {
        /// Its folder.
        run: PathBuf,
        /// Where to; must not exist yet.
        to: PathBuf,
    },
    /// Write a text to a new file.
    WriteNew {
        /// What it says.
        text: String,
        /// Where to; must not exist yet.
        to: PathBuf,
    },
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
    /// Try a disruption against its control.
    Try(Trial),
    /// Give up the experiment at hand.
    GiveUp,
}

/// What the desk has to tell, in order.
#[derive(Clone, Debug)]
pub enum DeskEvent {
    /// Every snapshot and certificate of all runs.
    Listed(Arc<Vec<Item>>),
    /// Every run, each followed by its branches.
    Runs(Arc<Vec<RunEntry>>),
    /// A run was removed.
    Deleted(PathBuf),
    /// A run could not be removed, and why.
    NotDeleted(String),
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
    /// An arm of the experiment at hand has finished an epoch.
    Trying(Arc<TrialProgress>),
    /// An experiment came to its end: the run's folder, the experiment's name.
    Tried(PathBuf, String, Arc<Experiment>),
    /// An experiment came to nothing, and why.
    NotTried(String),
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

/// A run and the experiments made with it.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// The run and its place in the tree.
    pub branch: Branch,
    /// Its experiments by name, those that are damaged with what is wrong.
    pub experiments: Vec<(String, Result<Experiment, String>)>,
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
    trials: Sender<Trial>,
    /// Set to give up the experiment at hand.
    given_up: Arc<AtomicBool>,
}

impl DeskInlet {
    /// Hands a request over without waiting; false where the desk is gone.
    pub fn send(&self, request: DeskRequest) -> bool {
        match request {
            DeskRequest::GiveUp => {
                self.given_up.store(true, Ordering::Relaxed);
                true
            }
            DeskRequest::Try(trial) => self.trials.send(trial).is_ok(),
            DeskRequest::List
            | DeskRequest::Runs
            | DeskRequest::Delete(_)
            | DeskRequest::ExportFile { .. }
            | DeskRequest::ExportFigures { .. }
            | DeskRequest::WriteNew { .. }
            | DeskRequest::Export { .. } => self.folders.send(request).is_ok(),
            DeskRequest::Certify(_) | DeskRequest::Verify(_) | DeskRequest::Estimate(_) => {
                self.measuring.send(request).is_ok()
            }
        }
    }
}

impl Desk {
    /// Opens a desk for the runs in a folder; experiments run on this device.
    ///
    /// It leaves one core to training where there are several.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    pub fn open(runs: PathBuf, device: DeviceSpec) -> std::io::Result<Self> {
        let (measuring, requests) = channel();
        let (folders, about_folders) = channel();
        let (told, events) = unbounded_channel();
        let (trials, to_try) = channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let spare = (cores - 1).max(1);
        let pool = ThreadPoolBuilder::new()
            .num_threads(spare)
            .build()
            .map_err(std::io::Error::other)?;
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (shelf, to_tell) = (runs.clone(), told.clone());
        thread("folders").spawn(move || look_after(&shelf, &about_folders, &to_tell))?;
        let lab = Lab {
            device,
            threads: spare,
            given_up: Arc::clone(&given_up),
            told: told.clone(),
        };
        thread("lab").spawn(move || lab.work(&to_try))?;
        thread("desk").spawn(move || measure(&runs, &pool, &requests, &told))?;
        Ok(Self {
            events,
            inlet: DeskInlet {
                measuring,
                folders,
                trials,
                given_up,
            },
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
            DeskRequest::ExportFile { from, to } => exported(
                std::fs::read(&from).map_err(|error| RunError::unusable(&from, error.to_string())),
                to,
            ),
            DeskRequest::ExportFigures { run, to } => exported(
                read_metrics(&run).map(|records| figures_csv(&records).into_bytes()),
                to,
            ),
            DeskRequest::WriteNew { text, to } => exported(Ok(text.into_bytes()), to),
            DeskRequest::Delete(run) => match delete(&run) {
                Ok(()) => DeskEvent::Deleted(run),
                Err(error) => DeskEvent::NotDeleted(error.to_string()),
            },
            DeskRequest::Runs => DeskEvent::Runs(Arc::new(entries(runs))),
            _ => DeskEvent::Listed(Arc::new(shelf(runs))),
        };
        let _ = told.send(event);
    }
}

/// Writes what was read to a new file.
fn exported(bytes: Result<Vec<u8>, RunError>, to: PathBuf) -> DeskEvent {
    match bytes.and_then(|bytes| write_new_file(&to, &bytes)) {
        Ok(()) => DeskEvent::Exported(to),
        Err(error) => DeskEvent::NotCopied(error.to_string()),
    }
}

fn entries(runs: &Path) -> Vec<RunEntry> {
    let entry = |branch: Branch| RunEntry {
        experiments: experiments(&branch.path)
            .into_iter()
            .map(|(name, read)| (name, read.map_err(|error| error.to_string())))
            .collect(),
        branch,
    };
    tree(runs).into_iter().map(entry).collect()
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
        // The other threads'.
        DeskRequest::List
        | DeskRequest::Runs
        | DeskRequest::Delete(_)
        | DeskRequest::ExportFile { .. }
        | DeskRequest::ExportFigures { .. }
        | DeskRequest::WriteNew { .. }
        | DeskRequest::Export { .. }
        | DeskRequest::Try(_)
        | DeskRequest::GiveUp => return Ok(None),
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
