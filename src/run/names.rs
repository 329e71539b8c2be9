//! Names of a run's files.

/// The configuration as used.
pub const CONFIG: &str = "config.yaml";
/// One line for each epoch.
pub const METRICS: &str = "metrics.jsonl";
/// One line for each request and its outcome.
pub const JOURNAL: &str = "journal.jsonl";
/// The weights in a checkpoint.
pub const WEIGHTS: &str = "weights.safetensors";
/// The optimizer's moments in a checkpoint.
pub const OPTIMIZER: &str = "optimizer.bpk";
/// Everything else that resuming needs.
pub const STATE: &str = "state.json";
/// Folder of what the user saved.
pub const SNAPSHOTS: &str = "snapshots";
/// Folder of checkpoints, one an epoch.
pub const CHECKPOINTS: &str = "checkpoints";
/// Folder of its experiments.
pub const EXPERIMENTS: &str = "experiments";
/// Folder of certificates, in a run or beside all of them.
pub const CERTIFICATES: &str = "certificates";
