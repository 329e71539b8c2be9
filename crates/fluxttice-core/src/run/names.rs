//! Names of a run's files.

/// The configuration as used.
pub const CONFIG: &str = "config.yaml";
/// One line for each epoch.
pub const METRICS: &str = "metrics.jsonl";
/// One line for each request and its outcome.
pub const JOURNAL: &str = "journal.jsonl";
/// Says that this program made the folder.
pub const MARKER: &str = "run.json";
/// Held by who writes to the run.
pub const LOCK: &str = ".lock";
/// Names who holds it where the file system has no locks.
pub const LOCK_OWNER: &str = ".lock-owner";
/// The library's and the program's log.
pub const LOG: &str = "log.txt";
/// The weights in a checkpoint.
pub const WEIGHTS: &str = "weights.safetensors";
/// The optimizer's moments in a checkpoint.
pub const OPTIMIZER: &str = "optimizer.bpk";
/// Everything else that resuming needs.
pub const STATE: &str = "state.json";
/// What a checkpoint is held against.
pub const DIGESTS: &str = "digests.json";
/// Folder of what the user saved.
pub const SNAPSHOTS: &str = "snapshots";
/// Folder of checkpoints, one an epoch.
pub const CHECKPOINTS: &str = "checkpoints";
/// In the folder of checkpoints as long as none was saved.
pub const NONE_YET: &str = "none-yet";
/// Folder of its experiments.
pub const EXPERIMENTS: &str = "experiments";
/// Folder of certificates, in a run or beside all of them.
pub const CERTIFICATES: &str = "certificates";
/// What a study found of a retraining.
pub const VALIDATION: &str = "validation.json";
/// Folder of what was damaged or in the way, moved aside.
pub const SET_ASIDE: &str = "set-aside";

/// Of a certificate: the statement.
pub const CERTIFICATE: &str = "certificate.json";
/// The statement for people.
pub const DOCUMENT: &str = "certificate.md";
/// The statement in a signed envelope, where it was signed.
pub const ENVELOPE: &str = "certificate.dsse.json";
/// The plot as text.
pub const PLOT: &str = "coverage.svg";
/// The plot as a picture.
pub const PICTURE: &str = "coverage.png";
/// SHA-256 of every other file, as `sha256sum -c` reads it.
pub const SUMS: &str = "SHA256SUMS";
