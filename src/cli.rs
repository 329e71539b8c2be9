//! The command line: what can be asked for, and how it is spelled.

mod flags;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use fluxttice_core::device::DeviceSpec;
use fluxttice_core::disruption::Disruption;
use fluxttice_core::measure::neighbours::Metric;
use fluxttice_core::session::MOST_MEMBERS;
use fluxttice_core::space::query::{Query, QueryError};
use fluxttice_core::threads;
use fluxttice_core::training::{Planned, Steer};
use fluxttice_core::vae::{Scope, Vae};

/// Train, watch, steer and explore the Ternary VAE v5.5: two coupled autoencoders that learn all
/// 19,683 nine-entry truth tables over {-1, 0, +1}.
///
/// Without a command the explorer opens and starts training at once.
#[derive(Debug, Parser)]
#[command(version, long_version = LONG_VERSION, arg_required_else_help = false, max_term_width = 100)]
#[command(
    after_help = "A signal ends it with 128 plus the signal's number, after training was saved.

Examples:
  fluxttice-explorer                       open the explorer and train the published configuration
  fluxttice-explorer --explore             look around in a trained model, train nothing
  fluxttice-explorer --resume              continue the run that was written to last
  fluxttice-explorer train --epochs 3      train without a terminal
  fluxttice-explorer neighbors min -k 5    the operations whose codes lie nearest to min's"
)]
pub struct Cli {
    /// What is the same for every command.
    #[command(flatten)]
    pub global: Global,
    /// Continue a run: its name or folder [default when no value: the newest run].
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "")]
    pub resume: Option<String>,
    /// Train several seeds side by side: seeds=N, from --seed on, or seeds=A,B,C.
    #[arg(long, value_name = "SEEDS", conflicts_with_all = ["resume", "explore"])]
    pub population: Option<Population>,
    /// Open without training, on the best saved checkpoint or the built-in model.
    #[arg(long, conflicts_with_all = ["resume", "Unattended"])]
    pub explore: bool,
    /// With --explore: codes of any embedding, an array of NumPy of the shape [operations, dimensions].
    #[arg(long, value_name = "FILE.npy", requires = "explore")]
    pub codes: Option<PathBuf>,
    /// Operation of each row of --codes [default: all in the order of their indices].
    #[arg(long, value_name = "FILE", requires = "codes")]
    pub operations: Option<String>,
    /// Settings for a run that nobody looks at.
    #[command(flatten)]
    pub unattended: Unattended,
    /// The command; none opens the explorer.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// Reads the command line; true beside it where threads compute in the command.
    ///
    /// # Errors
    /// What is wrong with it, or what `--help` and `--version` tell.
    pub fn read(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<(Self, bool), clap::Error> {
        let matches = with_negative_numbers(Self::command()).try_get_matches_from(arguments)?;
        let cli = Self::from_arg_matches(&matches)?;
        match cli.in_vain(&matches) {
            Some(text) => Err(clap::Error::raw(ErrorKind::ArgumentConflict, text + "\n")),
            None => {
                let computes = cli.computes(&matches);
                Ok((cli, computes))
            }
        }
    }
}

/// A negative number is read as a value, which is refused with what is expected, not as a flag nobody knows.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let value = |arg: clap::Arg| {
        let takes_values = arg.get_action().takes_values();
        arg.allow_negative_numbers(takes_values)
    };
    command
        .mut_args(value)
        .mut_subcommands(with_negative_numbers)
}

/// Version, commit (where the build names it) and compiled backends.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("FLUXTTICE_COMMIT"),
    "; backends: flex on the CPU, wgpu on GPUs)"
);

/// The largest seed: most readers of JSON keep no larger whole number.
pub const MOST_SEED: u64 = 1 << 53;

/// What is the same for every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Configuration file, or one of those built in: ternary_v5_5, ternary_v5_5_fast,
    /// ternary_v5_5_reproducible, fluxttice [default: ternary_v5_5].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override a key, for example `--set model.rho_max=0.5` (repeatable; VALUE is YAML).
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Seed: of a run (else the configuration's), or of a measurement (else 0); at most 2^53.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MOST_SEED))]
    pub seed: Option<u64>,
    /// Device of the tensors: auto, cpu, gpu, gpuN or software.
    #[arg(long, global = true, value_name = "DEVICE", default_value = "auto")]
    pub device: DeviceSpec,
    /// Folder for runs [default: the platform's data folder].
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print results as JSON, and nothing else, on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Suppress progress and informational messages; refusals and failed checks are still told.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Level of logging: error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub log: tracing::Level,
    /// Number of computing threads, at most 1,024 [default: RAYON_NUM_THREADS, or one for each core].
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=threads::MOST as i64))]
    pub threads: Option<u16>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train without a terminal: a progress bar, or JSON lines with --json.
    #[command(after_help = "Examples:
  fluxttice-explorer train --epochs 3 --seed 42 --json
  fluxttice-explorer train --disrupt 120:beta-b:amplitude=0.3,epochs=5
  fluxttice-explorer train --change 60:hold.rho=0.5
  fluxttice-explorer train --branch RUN@0050 --set vae_a.beta_end=0.4
  fluxttice-explorer train --population seeds=8 --epochs 50")]
    Train(TrainArgs),
    /// Look into a run that another process trains, and steer it: the explorer with all it can do.
    #[command(after_help = "Examples:
  fluxttice-explorer attach                the newest run that is being trained
  fluxttice-explorer attach RUN")]
    Attach(AttachArgs),
    /// Print what happens in a run that another process trains, until its training ends.
    #[command(after_help = "Examples:
  fluxttice-explorer watch RUN --json
  fluxttice-explorer watch --follow")]
    Watch(WatchArgs),
    /// Ask something of a run that another process trains.
    #[command(after_help = "Examples:
  fluxttice-explorer steer RUN pause --wait
  fluxttice-explorer steer RUN set hold.rho=0.5 --wait --json
  fluxttice-explorer steer RUN disrupt beta-b:amplitude=0.3,epochs=5
  fluxttice-explorer steer RUN stop --after-epoch
  fluxttice-explorer steer RUN controls --json")]
    Steer(SteerArgs),
    /// Try a disruption against its control: the same epochs from the same state with and without it.
    #[command(after_help = "Examples:
  fluxttice-explorer experiment RUN@0049 beta-b:amplitude=0.3,epochs=5
  fluxttice-explorer experiment RUN@0049 latent-noise --horizon 30 --repetitions 5 --json")]
    Experiment(ExperimentArgs),
    /// Every run and branch; show, compare, export, check, delete, restore.
    #[command(after_help = "Examples:
  fluxttice-explorer runs
  fluxttice-explorer runs show RUN
  fluxttice-explorer runs compare RUN OTHER
  fluxttice-explorer runs export RUN --out figures.csv
  fluxttice-explorer runs check RUN --repair
  fluxttice-explorer runs delete RUN
  fluxttice-explorer runs restore RUN")]
    Runs {
        /// What to do with them [default: list].
        #[command(subcommand)]
        command: Option<RunsCommand>,
    },
    /// Coverage of a checkpoint: distinct operations among N generated from the prior.
    #[command(after_help = "Example:
  fluxttice-explorer coverage --samples 50000 --draw argmax --which a")]
    Coverage(CoverageArgs),
    /// Measure a checkpoint and write a certificate: a folder that anyone can verify.
    #[command(after_help = "Examples:
  fluxttice-explorer certify --out evidence
  fluxttice-explorer certify --checkpoint RUN@0100 --out evidence --sign me.key.pem")]
    Certify(CertifyArgs),
    /// Test whether a model has really learned: each test beside untrained models and a trivial baseline.
    #[command(after_help = "Examples:
  fluxttice-explorer validate
  fluxttice-explorer validate --checkpoint RUN@best --json
  fluxttice-explorer validate --list
  fluxttice-explorer validate --study=seeds,statenet --seeds 42,1,7")]
    Validate(ValidateArgs),
    /// Verify a certificate: its files, its signature, and every figure measured again.
    #[command(after_help = "Examples:
  fluxttice-explorer verify evidence
  fluxttice-explorer verify evidence --key them.pub.pem --json")]
    Verify(VerifyArgs),
    /// Make a pair of keys: NAME.key.pem signs certificates, NAME.pub.pem checks them.
    #[command(after_help = "Example:
  fluxttice-explorer keygen --out me")]
    Keygen(KeygenArgs),
    /// Write the weights of a checkpoint for other programs: PyTorch, safetensors, NumPy.
    #[command(after_help = "Examples:
  fluxttice-explorer export RUN@best --out model.pt
  fluxttice-explorer export --out built-in.npz")]
    Export(ExportArgs),
    /// Make a run of a weights file of another program, with the histories in it as metrics.
    #[command(after_help = "Examples:
  fluxttice-explorer import latest.pt --out theirs
  fluxttice-explorer coverage --checkpoint theirs")]
    Import(ImportArgs),
    /// Latent vectors (codes) of operations: mean and variance of their posteriors.
    #[command(after_help = "Examples:
  fluxttice-explorer encode min --which a
  fluxttice-explorer encode - --json < operations.txt
  fluxttice-explorer encode all --out codes.npz")]
    Encode(EncodeArgs),
    /// Decode latent vectors: lines of 16 numbers, the output of `encode --json`, or an array.
    #[command(after_help = "Examples:
  fluxttice-explorer encode min --json | fluxttice-explorer decode
  fluxttice-explorer decode codes.npy --which b")]
    Decode(DecodeArgs),
    /// Operations generated from the prior, one index a line.
    #[command(after_help = "Example:
  fluxttice-explorer sample 1000 --draw argmax | sort -u | wc -l")]
    Sample(SampleArgs),
    /// Speed, coverage over several seeds, entropy and memory of a checkpoint, as a JSON file.
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:
  fluxttice-explorer bench --checkpoint RUN@best --trials 10
  fluxttice-explorer bench compare before.json after.json"
    )]
    Bench(BenchArgs),
    /// The operations whose codes lie nearest to one operation's, or to a point between them.
    #[command(
        visible_alias = "neighbours",
        after_help = "Examples:
  fluxttice-explorer neighbors min -k 5
  fluxttice-explorer neighbors 0++-0+--0 --metric cosine --which b
  fluxttice-explorer neighbors min --among 'commutative & associative' -k 3
  fluxttice-explorer neighbors 'min + max - product' --which both --radius 0.5
  fluxttice-explorer neighbors min --codes embedding.npy
  fluxttice-explorer neighbors --checkpoint RUN@best"
    )]
    Neighbors(NeighborsArgs),
    /// Find operations by their laws, or describe one.
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:
  fluxttice-explorer ops 'commutative & !associative & entropy > 1'
  fluxttice-explorer ops 'sheffer & hamming(webb) <= 2' --long
  fluxttice-explorer ops words
  fluxttice-explorer ops show lukasiewicz
  fluxttice-explorer ops 'latin_square' | fluxttice-explorer neighbors - -k 3"
    )]
    Ops(OpsArgs),
    /// List the devices of this machine; which one `auto` chooses, and why.
    #[command(after_help = "Example:
  fluxttice-explorer devices --json")]
    Devices,
    /// Check, show and explain configurations.
    #[command(
        subcommand,
        after_help = "Examples:
  fluxttice-explorer config check my.yaml
  fluxttice-explorer config show --set model.rho_max=0.5
  fluxttice-explorer config keys"
    )]
    Config(ConfigCommand),
    /// List the metrics of an epoch: name, unit, direction, definition, and where a file has it.
    #[command(
        subcommand,
        after_help = "Example:
  fluxttice-explorer metrics list"
    )]
    Metrics(MetricsCommand),
    /// Compare a run with the original program's own trajectory: a table and a plot.
    #[command(hide = true)]
    Compare(CompareArgs),
    /// Each metric of a trained model beside untrained weights: a table and a plot.
    #[command(hide = true)]
    Contrast(ContrastArgs),
}

/// `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    /// Stop after N more epochs; the schedules stay as they are.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub epochs: Option<u32>,
    /// Continue a run: its name or folder [default when no value: the newest run].
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "")]
    pub resume: Option<String>,
    /// The run's folder [default: a new one under the data folder].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// A new run that continues from a checkpoint of another (RUN, RUN@best, RUN@0050); `--set` changes
    /// its configuration from there on.
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "resume")]
    pub branch: Option<String>,
    /// Train several seeds side by side: seeds=N, from --seed on, or seeds=A,B,C. With --out DIR each has a folder
    /// in there, and the same command resumes what is there.
    #[arg(long, value_name = "SEEDS", conflicts_with_all = ["resume", "branch", "replay"])]
    pub population: Option<Population>,
    /// Replay this journal: its changes at the same epochs and batches, and no others; rules are not
    /// evaluated.
    #[arg(long, value_name = "JOURNAL")]
    pub replay: Option<PathBuf>,
    /// Start a disruption at an epoch: EPOCH:KIND[:amplitude=X,epochs=N,shape=S,cooldown=N]
    /// (repeatable).
    #[arg(long, value_name = "SPEC", value_parser = disruption_at)]
    pub disrupt: Vec<Planned>,
    /// Change a key of the configuration at an epoch: EPOCH:KEY=VALUE (repeatable); `config keys` says
    /// which keys can be changed.
    #[arg(long, value_name = "SPEC", value_parser = change_at)]
    pub change: Vec<Planned>,
    /// Train in the background: print the run's folder and return; what is printed goes to the run's log.
    #[arg(long)]
    pub detach: bool,
    /// Settings for a run that nobody looks at.
    #[command(flatten)]
    pub unattended: Unattended,
    /// True if the run is to wait until it is asked to go on.
    #[arg(long, hide = true)]
    pub paused: bool,
    /// The session before, of which requests may still be waiting.
    #[arg(long, hide = true)]
    pub after_session: Option<String>,
    /// The process was started to train without a terminal.
    #[arg(long, hide = true, value_enum)]
    pub detached: Option<DetachedAs>,
}

/// Settings for a run that nobody looks at.
#[derive(Clone, Debug, Args)]
pub struct Unattended {
    /// What the terminal's end (SIGHUP) means: stop and save, or go on in a process of its own.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub on_hangup: OnHangup,
    /// Let other users steer the run, where the permissions of its folder let them write.
    #[arg(long)]
    pub allow_group: bool,
    /// Run this shell command when training ends, or something serious is found or not saved: it gets a line
    /// of JSON on standard input.
    #[arg(long, value_name = "COMMAND")]
    pub notify: Option<String>,
    /// Stop after this time, as 3h, 90m or 1h30m; the unfinished epoch is discarded.
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<humantime::Duration>,
}

impl Unattended {
    /// Returns the moment at which training is to stop; `None` where it may take as long as it does.
    pub fn until(&self) -> Option<Instant> {
        Instant::now().checked_add(self.max_time?.into())
    }
}

/// What the end of the terminal means for training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnHangup {
    /// Training stops and is saved.
    #[default]
    Stop,
    /// A process of its own goes on.
    Detach,
}

/// How a process without a terminal was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DetachedAs {
    /// By `train --detach`.
    New,
    /// By a process that leaves its run to it; the run's lock is its standard input.
    Heir,
}

/// `attach`.
#[derive(Clone, Debug, Args)]
pub struct AttachArgs {
    /// The run: its name or folder [default: the newest that is being trained].
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// `watch`.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// The run: its name or folder [default: the newest that is being trained].
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Leave out what happened before, and begin with what happens now.
    #[arg(long)]
    pub follow: bool,
}

/// `steer`.
#[derive(Clone, Debug, Args)]
pub struct SteerArgs {
    /// The run: its name or folder.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Wait until the request is answered: 0 where it was done, 1 where it was refused.
    #[arg(long, global = true)]
    pub wait: bool,
    /// What is asked for.
    #[command(subcommand)]
    pub verb: SteerVerb,
}

/// What can be asked of a run.
#[derive(Clone, Debug, Subcommand)]
pub enum SteerVerb {
    /// Hold training after the batch at hand.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Stop after the batch at hand, and save; the unfinished epoch is discarded.
    Stop {
        /// Finish the epoch first.
        #[arg(long)]
        after_epoch: bool,
    },
    /// Save the model as it is.
    Snapshot {
        /// Name of its folder [default: by epoch and batch].
        name: Option<String>,
    },
    /// Give a key of the configuration another value, as KEY=VALUE; `controls` lists them.
    Set {
        /// The change, KEY=VALUE; VALUE is YAML, null takes a hold back.
        #[arg(value_name = "KEY=VALUE", value_parser = set)]
        change: Steer,
    },
    /// Start a disruption: KIND[:amplitude=X,epochs=N,shape=S,cooldown=N].
    Disrupt {
        /// The disruption.
        #[arg(value_name = "SPEC", value_parser = disruption)]
        disruption: Disruption,
    },
    /// List what can be changed, with its value now, and the disruptions.
    Controls,
}

/// Seeds that are trained side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Population {
    /// So many, one after another from the run's seed on.
    Count(u64),
    /// These.
    These(Vec<u64>),
}

impl Population {
    /// The seeds, where the run's own would be `seed`.
    pub fn seeds(&self, seed: u64) -> Vec<u64> {
        match self {
            Self::Count(count) => (0..*count).map(|n| seed.wrapping_add(n)).collect(),
            Self::These(seeds) => seeds.clone(),
        }
    }
}

impl FromStr for Population {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = format!(
            "expected seeds=N (2 to {MOST_MEMBERS}) or different seeds up to 2^53 as in seeds=42,1,7"
        );
        let numbers = text
            .strip_prefix("seeds=")
            .ok_or(expected.clone())?
            .split(',');
        let numbers: Result<Vec<u64>, _> = numbers.map(|number| number.trim().parse()).collect();
        let numbers = numbers.map_err(|_| expected.clone())?;
        let population = match numbers[..] {
            [count] => Self::Count(count),
            _ => Self::These(numbers),
        };
        let runs = match &population {
            Self::Count(count) => *count,
            Self::These(seeds) => seeds.iter().collect::<BTreeSet<_>>().len() as u64,
        };
        let kept = !matches!(&population, Self::These(seeds) if seeds.iter().any(|seed| *seed > MOST_SEED));
        let different = !matches!(&population, Self::These(seeds) if seeds.len() as u64 > runs);
        match (2..=MOST_MEMBERS as u64).contains(&runs) && different && kept {
            true => Ok(population),
            false => Err(expected),
        }
    }
}

/// `experiment`.
#[derive(Clone, Debug, Args)]
pub struct ExperimentArgs {
    /// State from which both arms start: RUN, RUN@best or RUN@0049 (the state after that epoch).
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: String,
    /// What the treated arm does: KIND[:amplitude=X,epochs=N,shape=S].
    #[arg(value_name = "DISRUPTION")]
    pub disruption: Disruption,
    /// Epochs of each arm [default: the disruption's and 10 more].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub horizon: Option<u32>,
    /// Paired repetitions, each with its own noise, batch order and prior samples.
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repetitions: u32,
    /// Folder for every epoch of every arm [default: the run's folder of experiments].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// `runs …`.
#[derive(Clone, Debug, Subcommand)]
pub enum RunsCommand {
    /// Every run, each followed by its branches; JSON lines with --json.
    List,
    /// One run: configuration, checkpoints, journal, experiments.
    Show {
        /// Its name or folder.
        run: String,
    },
    /// Several runs: where their configurations differ, and their metrics at the last common epoch.
    Compare {
        /// Their names or folders.
        #[arg(required = true, num_args = 2..)]
        runs: Vec<String>,
        /// Also draw I(z; x), argmax coverage and decode entropy of all of them, as .svg or .png.
        #[arg(long, value_name = "FILE")]
        plot: Option<PathBuf>,
        /// Horizontal axis of the plot.
        #[arg(long, value_enum, default_value_t = PlotBy::Epoch, requires = "plot")]
        by: PlotBy,
        /// Replace an existing plot.
        #[arg(long, requires = "plot")]
        force: bool,
    },
    /// Export the metrics of every epoch as CSV.
    Export {
        /// Its name or folder.
        run: String,
        /// The file; `-` for standard output.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace an existing file.
        #[arg(long)]
        force: bool,
    },
    /// Check a run: configuration, metrics, journal, checkpoints, snapshots, links, and leftovers of killed
    /// commands.
    Check {
        /// Its name or folder.
        run: String,
        /// Repair what can be repaired and report each step; nothing is removed, damaged files are moved aside.
        #[arg(long)]
        repair: bool,
    },
    /// Move runs to the trash beside them; `restore` brings them back.
    Delete {
        /// Their names or folders.
        #[arg(required = true)]
        runs: Vec<String>,
        /// Delete without asking.
        #[arg(long)]
        yes: bool,
        /// Remove them permanently: the runs, and the entries of the trash with these names.
        #[arg(long)]
        purge: bool,
    },
    /// List the runs in the trash and their sizes.
    Trash {
        /// Folder whose trash is listed [default: that of all runs].
        #[arg(value_name = "DIR")]
        place: Option<PathBuf>,
    },
    /// Restore a run from the trash.
    Restore {
        /// Its name, or when it was deleted as `runs trash` says; or the path where it was, with a `/`.
        run: String,
    },
}

/// `coverage`.
#[derive(Clone, Debug, Args)]
pub struct CoverageArgs {
    /// Number of samples (repeatable).
    #[arg(long, value_name = "N", default_value = "50000", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub samples: Vec<u32>,
    /// How entries are drawn [default: both].
    #[arg(long)]
    pub draw: Option<Draw>,
    /// VAE whose decoder is used [default: both].
    #[arg(long)]
    pub which: Option<WhichArg>,
    /// Also estimate the generator's probabilities of all operations, averaged over N codes
    /// [default if N is omitted: 1000000].
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1000000", value_parser = clap::value_parser!(u32).range(16..=100_000_000))]
    pub probabilities: Option<u32>,
    /// Count the operations in this file instead of drawing any: an array of NumPy (.npy) of indices or of rows
    /// of nine entries, or one operation a line; `-` reads them from standard input.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["samples", "draw", "which", "probabilities", "checkpoint"]
    )]
    pub samples_from: Option<String>,
    /// Run (RUN, RUN@best, RUN@0050), snapshot folder, weights file, or `untrained[:SEED]` for fresh
    /// weights to compare with [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `validate`.
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// List each test, its bound and the source of the bound, without measuring.
    #[arg(long, conflicts_with_all = ["checkpoint", "seeds", "out"])]
    pub list: bool,
    /// Run (RUN, RUN@best, RUN@0050), snapshot folder, weights file, or `untrained[:SEED]` for fresh
    /// weights to compare with [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
    /// Retrain with the given configuration for the questions that one model cannot answer; --list names
    /// the parts [default when no value: all]. Takes hours; the same command resumes after a stop.
    #[arg(long, value_name = "PARTS", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "", hide_default_value = true, conflicts_with = "checkpoint")]
    pub study: Option<Vec<String>>,
    /// Seeds of the study's retrainings, the first of them that of sweeps.
    #[arg(
        long,
        value_name = "SEEDS",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_parser = clap::value_parser!(u64).range(..=MOST_SEED),
        default_value = "42,1,7",
        requires = "study"
    )]
    pub seeds: Vec<u64>,
    /// Folder of the study's runs [default: one under the data folder, named by the configuration].
    #[arg(long, value_name = "DIR", requires = "study")]
    pub out: Option<PathBuf>,
}

/// `certify`.
#[derive(Clone, Debug, Args)]
pub struct CertifyArgs {
    /// Folder of the certificate; must not exist yet.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Sign with this key (PEM, made by `keygen`).
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// Run (RUN, RUN@best, RUN@0050) or snapshot folder [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// The certificate's folder.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Check files and statement only, measure nothing.
    #[arg(long)]
    pub sums_only: bool,
    /// The public key whose signature must be there (PEM).
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,
}

/// `keygen`.
#[derive(Clone, Debug, Args)]
pub struct KeygenArgs {
    /// Path of the pair, without its endings.
    #[arg(long, value_name = "NAME", default_value = "fluxttice")]
    pub out: PathBuf,
}

/// `encode`.
#[derive(Clone, Debug, Args)]
pub struct EncodeArgs {
    /// Index, nine trits, nine numbers or a name; `all`; `-` reads operations from standard input.
    #[arg(value_name = "OP", allow_hyphen_values = true)]
    pub operation: String,
    /// VAE of the codes [default: both].
    #[arg(long)]
    pub which: Option<WhichArg>,
    /// Write the codes to this file: .npy (the means, A's before B's), .npz (means and log-variances) or .csv.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Run, snapshot folder or weights file [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Run (RUN, RUN@best, RUN@0050), snapshot folder or weights file [default: the built-in model].
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
    /// File to write: .pt or .pth (PyTorch, with the keys of the original's checkpoints), .safetensors or .npz.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace the file.
    #[arg(long)]
    pub force: bool,
}

/// `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// Weights file: of PyTorch (.pt, .pth) or .safetensors.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The run: a name, or a new folder.
    #[arg(long, value_name = "RUN|DIR")]
    pub out: String,
}

/// `decode`.
#[derive(Clone, Debug, Args)]
pub struct DecodeArgs {
    /// Array of NumPy (.npy) of codes, a row each: 16 numbers, or A's and then B's; `-` reads lines from standard
    /// input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub codes: String,
    /// Decoder, where the input does not name one.
    #[arg(long, default_value = "a")]
    pub which: WhichArg,
    /// Run, snapshot folder or weights file [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `sample`.
#[derive(Clone, Debug, Args)]
pub struct SampleArgs {
    /// Number of operations.
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub samples: u32,
    /// VAE whose decoder is used.
    #[arg(long, default_value = "a")]
    pub which: WhichArg,
    /// How entries are drawn.
    #[arg(long, default_value = "categorical")]
    pub draw: Draw,
    /// Write the indices to this file, as an array of NumPy (.npy).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Run, snapshot folder or weights file [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// Run (RUN, RUN@best, RUN@0050), snapshot folder or weights file; there is no default.
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
    /// Seeds, one after another.
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub trials: u32,
    /// The JSON file.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "benchmarks/coverage_vs_entropy.json"
    )]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
    /// Subcommands beside measuring.
    #[command(subcommand)]
    pub command: Option<BenchCommand>,
}

/// `bench …`.
#[derive(Clone, Debug, Subcommand)]
pub enum BenchCommand {
    /// Bench files side by side.
    Compare {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// `neighbors`.
#[derive(Clone, Debug, Args)]
pub struct NeighborsArgs {
    /// An operation (index, nine trits, nine numbers or a name), or a point by arithmetic on codes, such as
    /// `min + max - product`, `0.5*min + 0.5*max`, `min + 0.3*z7`, `mean(commutative)`; `-` reads them from
    /// standard input.
    /// Without it, figures of all codes: neighbourhood overlap, and the rank correlation of norm and 3-adic
    /// valuation.
    #[arg(value_name = "OP", allow_hyphen_values = true)]
    pub place: Option<String>,
    /// Number of neighbours [default: 10; all with --radius].
    #[arg(short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=19_683))]
    pub k: Option<u16>,
    /// Largest distance.
    #[arg(long, value_name = "R", value_parser = radius, allow_hyphen_values = true)]
    pub radius: Option<f64>,
    /// How distance is measured.
    #[arg(long, default_value = "euclidean")]
    pub metric: MetricArg,
    /// VAE of the codes.
    #[arg(long, default_value = "a")]
    pub which: SpaceArg,
    /// Only operations that this expression finds (see `ops`); ranks are those among all.
    #[arg(long, value_name = "EXPRESSION", value_parser = expression)]
    pub among: Option<Query>,
    /// Codes of any embedding instead of a model's: an array of NumPy of the shape [operations, dimensions].
    #[arg(long, value_name = "FILE.npy", conflicts_with_all = ["checkpoint", "which"])]
    pub codes: Option<PathBuf>,
    /// Operation of each row of --codes: indices or entries in an array of NumPy, or text with one operation a line
    /// [default: all in the order of their indices].
    #[arg(long, value_name = "FILE", requires = "codes")]
    pub operations: Option<String>,
    /// Run, snapshot folder or weights file [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// `ops`.
#[derive(Clone, Debug, Args)]
pub struct OpsArgs {
    /// Expression of laws, numeric properties and names with & | ! ( ); prints one index a line.
    #[arg(value_name = "EXPRESSION")]
    pub expression: Option<String>,
    /// Print only their number.
    #[arg(long, requires = "expression")]
    pub count: bool,
    /// Print trits and name beside the index.
    #[arg(long, short, requires = "expression", conflicts_with = "count")]
    pub long: bool,
    /// Subcommands beside searching.
    #[command(subcommand)]
    pub command: Option<OpsCommand>,
}

/// What `ops` does besides searching.
#[derive(Clone, Debug, Subcommand)]
pub enum OpsCommand {
    /// Describe an operation: table, name, laws, relatives.
    Show {
        /// Index, nine trits, nine numbers or a name; `-` reads operations from standard input.
        #[arg(value_name = "OP", allow_hyphen_values = true)]
        operation: String,
    },
    /// List every word of an expression.
    Words,
}

/// `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a file: every problem at once, with line, key and what would be valid.
    Check {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
    /// Show the effective configuration, complete, with every override.
    Show,
    /// Every key: type, range, default, meaning.
    Keys,
}

/// `metrics`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum MetricsCommand {
    /// All of them, in the order of tables.
    List,
}

/// `compare`.
#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// The original's trajectory (CSV).
    pub original: PathBuf,
    /// The run.
    pub run: String,
    /// Folder of table and plot.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}

/// `contrast`.
#[derive(Clone, Debug, Args)]
pub struct ContrastArgs {
    /// Folder of table and plot.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
    /// Run, snapshot folder or weights file [default: the built-in model].
    #[arg(long, value_name = "CHECKPOINT")]
    pub checkpoint: Option<String>,
}

/// What runs are drawn against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlotBy {
    /// Epochs.
    Epoch,
    /// Seconds of training, validation and coverage.
    Time,
}

/// How entries are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Draw {
    /// One categorical draw per entry.
    Categorical,
    /// The most likely value per entry.
    Argmax,
}

/// One of the two VAEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhichArg {
    /// VAE-A.
    A,
    /// VAE-B.
    B,
}

impl From<WhichArg> for Vae {
    fn from(which: WhichArg) -> Self {
        match which {
            WhichArg::A => Self::A,
            WhichArg::B => Self::B,
        }
    }
}

impl WhichArg {
    /// The VAEs asked for; both where none is named.
    pub fn asked(named: Option<Self>) -> Vec<Vae> {
        named.map_or(Vae::BOTH.to_vec(), |which| vec![which.into()])
    }
}

/// In which latent space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpaceArg {
    /// VAE-A's.
    A,
    /// VAE-B's.
    B,
    /// Both joined, each scaled by its root-mean-square norm.
    Both,
}

impl From<SpaceArg> for Scope {
    fn from(space: SpaceArg) -> Self {
        match space {
            SpaceArg::A => Self::A,
            SpaceArg::B => Self::B,
            SpaceArg::Both => Self::Both,
        }
    }
}

/// How distance is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricArg {
    /// Euclidean distance of the codes.
    Euclidean,
    /// One minus the cosine of the codes' angle.
    Cosine,
    /// 2-Wasserstein distance of the posteriors.
    Wasserstein,
    /// Symmetric Kullback-Leibler (Jeffreys) divergence of the posteriors, nats.
    #[value(alias = "kl")]
    Jeffreys,
    /// Differing entries of the truth tables; no codes.
    Hamming,
    /// 3-adic distance of the indices: 3^-v where v entries are equal before the first that differs; no codes.
    #[value(name = "3-adic")]
    ThreeAdic,
}

impl From<MetricArg> for Metric {
    fn from(metric: MetricArg) -> Self {
        match metric {
            MetricArg::Euclidean => Self::Euclidean,
            MetricArg::Cosine => Self::Cosine,
            MetricArg::Wasserstein => Self::Wasserstein,
            MetricArg::Jeffreys => Self::Jeffreys,
            MetricArg::Hamming => Self::Hamming,
            MetricArg::ThreeAdic => Self::ThreeAdic,
        }
    }
}

fn radius(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|radius| *radius >= 0.0 && radius.is_finite())
        .ok_or_else(|| "expected a finite distance of 0 or more".to_owned())
}

fn expression(text: &str) -> Result<Query, String> {
    text.parse().map_err(|error: QueryError| error.to_string())
}

fn disruption_at(text: &str) -> Result<Planned, String> {
    const EXPECTED: &str = "EPOCH:KIND[:amplitude=X,epochs=N,shape=S,cooldown=N]";
    let (epoch, rest) = epoch_and_rest(text, EXPECTED)?;
    let disruption = rest.parse::<Disruption>();
    Ok(at(
        epoch,
        Steer::Disrupt {
            disruption: disruption.map_err(|error| error.to_string())?,
        },
    ))
}

fn change_at(text: &str) -> Result<Planned, String> {
    const EXPECTED: &str = "EPOCH:KEY=VALUE";
    let (epoch, rest) = epoch_and_rest(text, EXPECTED)?;
    let (key, value) = rest.split_once('=').ok_or(format!("expected {EXPECTED}"))?;
    Ok(at(epoch, Steer::set(key.trim(), value.trim())))
}

fn set(text: &str) -> Result<Steer, String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok(Steer::set(key.trim(), value.trim()))
}

fn disruption(text: &str) -> Result<Disruption, String> {
    let disruption = text.parse::<Disruption>();
    disruption.map_err(|error| error.to_string())
}

fn epoch_and_rest<'a>(text: &'a str, expected: &str) -> Result<(u32, &'a str), String> {
    let (epoch, rest) = text.split_once(':').ok_or(format!("expected {expected}"))?;
    let epoch = epoch
        .parse()
        .map_err(|_| format!("`{epoch}` is not an epoch; expected {expected}"))?;
    Ok((epoch, rest))
}

fn at(epoch: u32, steer: Steer) -> Planned {
    Planned {
        epoch,
        batch: 0,
        steer,
    }
}
