//! Names of a run's files.

/// Configuration of the run, as used.
pub const CONFIG: &str = "config.yaml";
/// Metrics, one line for each epoch.
pub const METRICS: &str = "metrics.jsonl";
/// Journal, one line for each event: a request with its outcome, the start or end of a session, and others.
pub const JOURNAL: &str = "journal.jsonl";
/// Marker, which says that this program made the folder.
pub const MARKER: &str = "run.json";
/// Lock file, held by the process that writes to the run.
pub const LOCK: &str = ".lock";
/// File that names the owner of the lock where the file system has no locks.
pub const LOCK_OWNER: &str = ".lock-owner";
/// Log of the library and of the program.
pub const LOG: &str = "log.txt";
/// Weights of a checkpoint.
pub const WEIGHTS: &str = "weights.safetensors";
/// Moments of a checkpoint's optimizer.
pub const OPTIMIZER: &str = "optimizer.bpk";
/// State of a checkpoint: everything else that resuming needs.
pub const STATE: &str = "state.json";
/// Digests that a checkpoint is verified against.
pub const DIGESTS: &str = "digests.json";
/// Folder of the snapshots that the user saved.
pub const SNAPSHOTS: &str = "snapshots";
/// Folder of checkpoints, each saved after an epoch.
pub const CHECKPOINTS: &str = "checkpoints";
/// Empty file in the folder of checkpoints, as long as none was saved.
pub const NONE_YET: &str = "none-yet";
/// Folder of the run's experiments.
pub const EXPERIMENTS: &str = "experiments";
/// Folder of certificates, in a run or beside all of them.
pub const CERTIFICATES: &str = "certificates";
/// Findings of a study's validation of a retraining.
pub const VALIDATION: &str = "validation.json";
/// Folder of things that were damaged or in the way and were moved aside.
pub const SET_ASIDE: &str = "set-aside";

/// What the trainer of the run says of itself, replaced again and again.
pub const STATUS: &str = "status.json";
/// What can be changed while the run is trained.
pub const CONTROLS: &str = "controls.json";
/// Folder of requests to the trainer.
pub const REQUESTS: &str = "requests";
/// Folder of what lay among the requests and was none.
pub const REFUSED: &str = "refused";
/// Folder of the signs that watchers give.
pub const WATCHERS: &str = "watchers";
/// Folder of what the trainer shows to watchers.
pub const LIVE: &str = "live";

/// Folder of the samples that a trainer of another program gives, an array for each epoch.
pub const SAMPLES: &str = "samples";

/// Folder of the codes that a trainer of another program gives, an array for each epoch.
pub const CODES: &str = "codes";
/// Operations of the rows of these codes, where they are not all of them in order.
pub const CODES_OF: &str = "operations.npy";

/// Statement of a certificate, as JSON.
pub const CERTIFICATE: &str = "certificate.json";
/// Statement of a certificate, for people.
pub const DOCUMENT: &str = "certificate.md";
/// Signed envelope of a certificate's statement; missing where it was not signed.
pub const ENVELOPE: &str = "certificate.dsse.json";
/// Plot of a certificate, as SVG.
pub const PLOT: &str = "coverage.svg";
/// Plot of a certificate, as PNG.
pub const PICTURE: &str = "coverage.png";
/// SHA-256 of every other file of a certificate, as `sha256sum -c` reads it.
pub const SUMS: &str = "SHA256SUMS";
