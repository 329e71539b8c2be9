//! What the records show that a reader would want to be told, in plain words.
//!
//! Each finding states a fact that anyone can check in `metrics.jsonl`; none guesses at a cause.

use std::sync::Arc;

use super::format::{coverage_percent, fixed};
use crate::record::EpochRecord;
use crate::session::message::RunInfo;
use crate::space::OPERATIONS;

/// Epochs over which coverage must stand still to be called a plateau.
const PLATEAU_EPOCHS: usize = 10;
/// Percentage points by which it may still move.
const PLATEAU_POINTS: f64 = 0.2;
/// A KL this close to its floor is at it.
const KL_NEAR: f64 = 0.05;
/// Decode entropy above this share of ln 19,683 means that codes do not name operations.
const VAGUE: f64 = 0.5;
/// Epochs after which a value that has not moved is said to stand still.
const STILL_EPOCHS: usize = 5;
/// Epochs without a better validation loss that are worth saying.
const STALE_EPOCHS: u32 = 10;
/// Epochs that StateNet's corrections are watched for.
const STATENET_EPOCHS: usize = 10;
/// StateNet's answers lie in (-1, 1); moving less than this is standing nearly still.
const STATENET_SPREAD: f64 = 0.1;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Something is broken.
    Bad,
    /// Something to watch.
    Watch,
    /// Good to know when reading the charts.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is meant.
    pub gravity: Gravity,
    /// What is found.
    pub text: String,
}

/// What these records, oldest first, show; the gravest first.
pub fn findings(records: &[Arc<EpochRecord>], info: Option<&RunInfo>) -> Vec<Finding> {
    let Some(newest) = records.last() else {
        return Vec::new();
    };
    let rules = [
        not_a_number(records),
        vague_codes(newest),
        out_of_band(records),
        kl_floor(newest, info),
        plateau(records),
        stale(newest),
        free_codes(newest, info),
        statenet(records),
        still(records, "λ1", |record| record.lambda1),
        still(records, "λ2", |record| record.lambda2),
    ];
    let mut found: Vec<Finding> = rules.into_iter().flatten().collect();
    found.sort_by_key(|finding| finding.gravity);
    found
}

fn finding(gravity: Gravity, text: String) -> Option<Finding> {
    Some(Finding { gravity, text })
}

/// First epoch of the run of newest records for which something holds, and how many there are.
fn since(
    records: &[Arc<EpochRecord>],
    holds: impl Fn(&EpochRecord) -> bool,
) -> Option<(u32, usize)> {
    let count = records
        .iter()
        .rev()
        .take_while(|record| holds(record))
        .count();
    let first = records.get(records.len() - count)?;
    Some((first.epoch, count))
}

fn not_a_number(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    for (name, figure) in [
        (
            "training",
            (|record: &EpochRecord| record.train.loss) as fn(&EpochRecord) -> f64,
        ),
        ("validation", |record| record.validation.loss),
    ] {
        if let Some((epoch, _)) = since(records, |record| !figure(record).is_finite()) {
            return finding(
                Gravity::Bad,
                format!("the {name} loss is no number since epoch {epoch}"),
            );
        }
    }
    None
}

fn vague_codes(newest: &EpochRecord) -> Option<Finding> {
    let coverage = newest.coverage.as_ref()?;
    let most = (OPERATIONS as f64).ln();
    let vague: Vec<&str> = [
        ("A", coverage.a.decode_entropy),
        ("B", coverage.b.decode_entropy),
    ]
    .into_iter()
    .filter(|(_, entropy)| *entropy > VAGUE * most)
    .map(|(name, _)| name)
    .collect();
    if vague.is_empty() {
        return None;
    }
    let text = format!(
        "codes of {} name no operation yet (decode entropy over {} of {} nats): categorical coverage says nothing here",
        vague.join(" and "),
        fixed(VAGUE * most, 1),
        fixed(most, 2)
    );
    finding(Gravity::Watch, text)
}

fn out_of_band(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let (epoch, count) = since(records, |record| !record.gradient.balanced)?;
    if count < 2 {
        return None;
    }
    let ratio = records.last()?.gradient.ratio;
    let text = format!(
        "gradient ratio B/A out of 0.8–1.2 since epoch {epoch}, now {}",
        fixed(ratio, 2)
    );
    finding(Gravity::Watch, text)
}

fn kl_floor(newest: &EpochRecord, info: Option<&RunInfo>) -> Option<Finding> {
    let floor = info
        .map(|info| info.tuning.kl_floor)
        .filter(|floor| *floor > 0.0)?;
    let at_floor: Vec<&str> = [("A", newest.train.kl_a), ("B", newest.train.kl_b)]
        .into_iter()
        .filter(|(_, kl)| (floor - KL_NEAR..floor + KL_NEAR).contains(kl))
        .map(|(name, _)| name)
        .collect();
    if at_floor.is_empty() {
        return None;
    }
    let text = format!(
        "KL of {} is reported at its floor of {} nats: a collapse would not show in it",
        at_floor.join(" and "),
        fixed(floor, 1)
    );
    finding(Gravity::Watch, text)
}

fn plateau(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let counted: Vec<_> = records
        .iter()
        .filter_map(|record| record.coverage.as_ref())
        .collect();
    let recent = counted.get(counted.len().checked_sub(PLATEAU_EPOCHS + 1)?..)?;
    let moved = |figure: fn(&crate::record::CoveragePair) -> f64| {
        let values = recent.iter().map(|coverage| figure(coverage));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        high - low
    };
    let still: Vec<&str> = [
        ("A", moved(|coverage| coverage_percent(&coverage.a.argmax))),
        ("B", moved(|coverage| coverage_percent(&coverage.b.argmax))),
    ]
    .into_iter()
    .filter(|(_, moved)| *moved < PLATEAU_POINTS)
    .map(|(name, _)| name)
    .collect();
    if still.is_empty() {
        return None;
    }
    let text = format!(
        "argmax coverage of {} moved less than {PLATEAU_POINTS} points in {PLATEAU_EPOCHS} epochs",
        still.join(" and ")
    );
    finding(Gravity::Watch, text)
}

fn stale(newest: &EpochRecord) -> Option<Finding> {
    let waited = newest.epoch.saturating_sub(newest.best.epoch);
    if waited < STALE_EPOCHS {
        return None;
    }
    let text = format!(
        "validation loss is not better than epoch {}'s for {waited} epochs; a rising β raises it too",
        newest.best.epoch
    );
    finding(Gravity::Note, text)
}

fn free_codes(newest: &EpochRecord, info: Option<&RunInfo>) -> Option<Finding> {
    if newest.beta_b != 0.0 {
        return None;
    }
    let starts = info.and_then(|info| {
        let ahead = info
            .tuning
            .schedule
            .iter()
            .enumerate()
            .skip(newest.epoch as usize);
        ahead
            .into_iter()
            .find(|(_, scheduled)| scheduled.beta_b > 0.0)
            .map(|(epoch, _)| epoch)
    });
    let text = match starts {
        Some(epoch) => format!("β_B is 0 until epoch {epoch}: B's codes cost nothing"),
        None => "β_B is 0: B's codes cost nothing".into(),
    };
    finding(Gravity::Note, text)
}

fn statenet(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let recent = records.get(records.len().checked_sub(STATENET_EPOCHS)?..)?;
    let answers: Vec<[f64; 4]> = recent
        .iter()
        .filter_map(|record| record.statenet)
        .map(|answer| {
            [
                answer.delta_lr,
                answer.delta_lambda1,
                answer.delta_lambda2,
                answer.delta_lambda3,
            ]
        })
        .collect();
    if answers.len() < STATENET_EPOCHS {
        return None;
    }
    let spread = (0..4)
        .map(|which| {
            let values = answers.iter().map(|answer| answer[which]);
            let (low, high) = values
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            high - low
        })
        .fold(0.0, f64::max);
    if spread >= STATENET_SPREAD {
        return None;
    }
    let text = format!(
        "StateNet's four answers moved at most {} of ±1 in {STATENET_EPOCHS} epochs: nearly constant",
        fixed(spread, 2)
    );
    finding(Gravity::Note, text)
}

fn still(
    records: &[Arc<EpochRecord>],
    name: &str,
    figure: fn(&EpochRecord) -> f64,
) -> Option<Finding> {
    let now = figure(records.last()?);
    let (epoch, count) = since(records, |record| (figure(record) - now).abs() < 1e-9)?;
    if count <= STILL_EPOCHS {
        return None;
    }
    finding(
        Gravity::Note,
        format!("{name} stands at {} since epoch {epoch}", fixed(now, 3)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures;

    fn texts(records: &[Arc<EpochRecord>]) -> Vec<String> {
        let info = fixtures::info();
        findings(records, Some(&info))
            .into_iter()
            .map(|finding| finding.text)
            .collect()
    }

    fn has(records: &[Arc<EpochRecord>], part: &str) -> bool {
        texts(records).iter().any(|text| text.contains(part))
    }

    #[test]
    fn says_nothing_of_nothing() {
        assert_eq!(texts(&[]), Vec::<String>::new());
    }

    #[test]
    fn b_is_free_until_epoch_50() {
        assert!(has(&fixtures::records(20), "β_B is 0 until epoch 50"));
        assert!(!has(&fixtures::records(60), "β_B is 0"));
    }

    #[test]
    fn a_loss_that_is_no_number_comes_first() {
        let found = texts(&fixtures::diverged(30));
        assert!(found[0].contains("no number since epoch 27"), "{found:?}");
    }

    #[test]
    fn a_plateau_needs_ten_epochs_of_standing_still() {
        let mut records = fixtures::records(40);
        assert!(!has(&records, "argmax coverage of"));
        let coverage = records[20].coverage;
        for record in &mut records[25..] {
            Arc::make_mut(record).coverage = coverage;
        }
        assert!(has(&records, "argmax coverage of A and B"));
    }
}
