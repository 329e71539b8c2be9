//! Memory that a batch needs, and memory that is kept from one batch to the next.

use std::fs;
use std::hint::black_box;

use crate::config::{Config, ConfigError, Fault, Problem, SourceSpan};
use crate::numbers::{index, rounded};

/// Memory of a batch for each pair of its rows, in bytes: the loss compares all with all. Measured on the
/// processor: 82 MB with 512 rows, 247 MB with 1,024, 869 MB with 2,048.
const OF_A_PAIR: u64 = 200;
/// Need above which the user is told, in bytes.
const MUCH: u64 = 1 << 30;

/// Need of memory while a configuration is trained.
#[derive(Debug, PartialEq, Eq)]
pub enum Need {
    /// At most 1 GiB, which the user is not told.
    Little,
    /// More than 1 GiB, described for the user.
    Much(String),
}

/// Estimates the memory that a batch of this configuration needs on the processor.
///
/// # Errors
/// Fails where that is more than the machine has.
pub fn need(config: &Config) -> Result<Need, ConfigError> {
    need_of(config, of_machine())
}

fn need_of(config: &Config, machine: Option<u64>) -> Result<Need, ConfigError> {
    let share = (config.train_split * crate::space::OPERATIONS as f64).floor();
    let share = index(rounded(share));
    let rows = config.batch_size.min(share) as u64;
    let need = OF_A_PAIR * rows * rows;
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let found = format!(
        "{rows} rows in a batch, which needs about {}",
        gigabytes(need)
    );
    match machine {
        Some(machine) if need > machine => Err(ConfigError::Invalid(vec![Problem {
            place: SourceSpan::Program,
            key: "batch_size".to_owned(),
            fault: Fault::Unusable {
                found,
                expected: format!(
                    "at most {} rows, for which the {} here suffice",
                    (machine / OF_A_PAIR).isqrt(),
                    gigabytes(machine)
                ),
            },
        }])),
        _ if need > MUCH => Ok(Need::Much(found)),
        _ => Ok(Need::Little),
    }
}

/// Returns the machine's memory in bytes, or the limit of its control group or of this process where that is
/// less; `None` where the system does not say.
fn of_machine() -> Option<u64> {
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let line = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = group.and_then(|limit| limit.trim().parse().ok());
    let limits = [limit, of_process()];
    let least = limits.into_iter().flatten().min();
    Some((kibibytes * 1024).min(least.unwrap_or(u64::MAX)))
}

/// Returns the limit of this process's memory in bytes (`ulimit -v`, `ulimit -d`); `None` without one.
fn of_process() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limits = [Resource::As, Resource::Data].map(|kind| getrlimit(kind).current);
        limits.into_iter().flatten().min()
    }
    #[cfg(not(unix))]
    None
}

/// Size of the block that is freed, in bytes. Twice as much is kept, which suffices for a batch of 64.
const BLOCK: usize = 4 << 20;

/// Makes glibc's allocator keep the memory that a batch frees for the next one, instead of returning it to
/// the system and asking for it again page by page: it returns memory only beyond twice the largest block
/// that was ever freed. Nothing is written to the block freed here, so that it takes no memory itself. Other
/// allocators are not affected.
pub(super) fn keep_freed() {
    drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_needs_is_said_where_it_is_much_and_refused_where_it_is_not_there() {
        let of = |batch_size: usize| Config {
            batch_size,
            ..Config::default()
        };
        let machine = Some(8_000_000_000);
        assert_eq!(need_of(&of(64), machine).unwrap(), Need::Little);
        let Need::Much(text) = need_of(&of(4_096), machine).unwrap() else {
            panic!("3.4 GB are much");
        };
        assert!(text.contains("about 3.4 GB"), "{text}");
        let error = need_of(&of(8_192), machine).unwrap_err().to_string();
        assert!(error.contains("batch_size: found 8192 rows"), "{error}");
        assert!(error.contains("at most 6324 rows"), "{error}");
        // A batch has no more rows than there are to train on.
        let few = Config {
            train_split: 0.02,
            ..of(8_192)
        };
        assert_eq!(need_of(&few, machine).unwrap(), Need::Little);
        assert!(need_of(&of(19_683), None).is_ok());
    }
}
