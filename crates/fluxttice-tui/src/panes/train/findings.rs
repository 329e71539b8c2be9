//! Findings: facts in the records that a reader should know, in plain words.
//!
//! Anyone can check a finding in `metrics.jsonl`; none guesses at a cause.

use std::sync::Arc;

use fluxttice_core::model::LATENT;
use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::Members;
use fluxttice_core::session::message::{RunInfo, Tuning};
use fluxttice_core::space::MOST_ENTROPY;

use crate::format::{balanced_band, coverage_percent, fixed, percent, scientific};

/// Coverage passes over which coverage must stand still to be called a plateau.
const PLATEAU_COUNTS: usize = 10;
/// Percentage points below which it counts as standing still.
const PLATEAU_POINTS: f64 = 0.2;
/// Distance, in nats, at which a KL counts as being at its floor.
const KL_NEAR: f64 = 0.05;
/// Share of ln 19,683 above which decode entropy means that codes do not name operations.
const VAGUE: f64 = 0.5;
/// Epochs after which a value that has not moved is said to stand still.
const STILL_EPOCHS: usize = 5;
/// Epochs without a better validation loss after which that is a finding.
const STALE_EPOCHS: u32 = 10;
/// Epochs over which StateNet's corrections are compared.
const STATENET_EPOCHS: usize = 10;
/// Range of StateNet's answers below which they count as nearly constant; they lie in (-1, 1).
const STATENET_SPREAD: f64 = 0.1;

/// Bounds of λ1 and λ2.
const LAMBDA_BOUNDS: [f64; 2] = [0.5, 0.95];
/// Share of operations rebuilt only with the partner's code above which that is a finding.
const LEANING: f64 = 0.1;
/// Epochs in which jumps of ρ are counted, the size of a jump, and the number that is a finding.
const FLICKER_EPOCHS: usize = 12;
const FLICKER_STEP: f64 = 0.02;
const FLICKER_JUMPS: usize = 4;
/// Rise of `β_A + β_B` above which two losses are not comparable any more.
const RISEN: f64 = 0.1;

/// Cross entropy of B, in nats, below which nothing moves it any more while `β_B` is 0.
const AT_REST: f64 = 1e-4;
/// Cross entropy of B, in nats, above which it has not learned its operations yet.
const LEARNING: f64 = 0.1;
/// Percentage points that B's argmax coverage must have lost to be said to decay.
const DECAYED: f64 = 5.0;

/// Severity of a finding; the worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Something is broken.
    Bad,
    /// Something that should be watched.
    Watch,
    /// Information that helps to read the charts.
    Note,
}

/// A finding in the records of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule that found it, as `docs/reference/metrics.md` explains it.
    pub rule: &'static str,
    /// Severity, which decides order, sign and style.
    pub gravity: Gravity,
    /// Statement of the finding, with its numbers.
    pub text: String,
    /// Advice on what can be tried; empty where nothing needs to be.
    pub hint: &'static str,
}

/// Data that the rules read.
struct Shown<'a> {
    /// Records of the finished epochs, oldest first.
    records: &'a [Arc<EpochRecord>],
    newest: &'a EpochRecord,
    info: Option<&'a RunInfo>,
    members: &'a Members,
}

/// Function of a rule, which returns its findings.
type Find = fn(&Shown<'_>) -> Vec<Finding>;

/// Rules by the name under which `docs/reference/metrics.md` explains them.
static RULES: [(&str, Find); 16] = [
    ("a loss is no number", |run| all(not_a_number(run.records))),
    ("decoders still undecided", |run| {
        all(vague_codes(run.records))
    }),
    ("gradient ratio out of 0.8–1.2", |run| {
        all(out_of_band(run.records))
    }),
    ("dimensions carry no information", |run| {
        all(dead_dimensions(run.newest))
    }),
    ("a VAE leans on its partner", |run| {
        all(dependent(run.newest))
    }),
    ("ρ jumps", |run| all(flickering(run.records))),
    ("KL at its floor", |run| all(kl_floor(run.newest, run.info))),
    ("coverage stands still", |run| all(plateau(run.records))),
    ("best epoch before β rose", |run| {
        all(best_in_warm_up(run.newest, run.info))
    }),
    ("validation loss not better", |run| {
        // The finding that another loss was the best says more.
        match best_in_warm_up(run.newest, run.info) {
            Some(_) => Vec::new(),
            None => all(stale(run.newest)),
        }
    }),
    ("β_B is 0", |run| all(free_codes(run.newest, run.info))),
    ("B at rest or moving", |run| all(unweighted(run.records))),
    ("StateNet nearly constant", |run| all(statenet(run.records))),
    ("λ1 or λ2 stands still", |run| {
        let lambdas = [
            still(run.records, "λ1", |record| record.lambda1),
            still(run.records, "λ2", |record| record.lambda2),
        ];
        lambdas.into_iter().flatten().collect()
    }),
    ("rules are armed", |run| armed(run.info)),
    ("several runs side by side", |run| {
        all(side_by_side(run.info, run.members))
    }),
];

fn all(found: Option<Finding>) -> Vec<Finding> {
    found.into_iter().collect()
}

/// Returns the findings in these records, which are given oldest first; the worst finding comes first.
pub fn findings(
    records: &[Arc<EpochRecord>],
    info: Option<&RunInfo>,
    members: &Members,
) -> Vec<Finding> {
    let Some(newest) = records.last() else {
        return Vec::new();
    };
    let shown = Shown {
        records,
        newest,
        info,
        members,
    };
    let of_rule = |(rule, find): &(&'static str, Find)| {
        let rule = *rule;
        let found = find(&shown).into_iter();
        found.map(move |finding| Finding { rule, ..finding })
    };
    let mut found: Vec<Finding> = RULES.iter().flat_map(of_rule).collect();
    found.sort_by_key(|finding| finding.gravity);
    found
}

fn tuning(info: Option<&RunInfo>) -> Option<&Tuning> {
    Some(info?.recipe()?.tuning.as_ref())
}

/// States that there are several runs, and which one's values are shown.
fn side_by_side(info: Option<&RunInfo>, members: &Members) -> Option<Finding> {
    let recipe = info.filter(|_| members.are_several())?.recipe()?;
    let text = format!(
        "{} runs side by side, dotted from the lowest to the highest: requests apply to all; values, map and codes are those of seed {}",
        members.runs(),
        recipe.seed
    );
    finding(Gravity::Note, text, "")
}

/// Lists the rules of the configuration that may start a disruption by themselves.
fn armed(info: Option<&RunInfo>) -> Vec<Finding> {
    let rules = tuning(info).map_or(&[][..], |tuning| &tuning.config.rules);
    rules
        .iter()
        .map(|text| Finding {
            rule: "",
            gravity: Gravity::Note,
            text: format!("⚑ armed: {text}"),
            hint: "",
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "each rule ends with it")]
fn finding(gravity: Gravity, text: String, hint: &'static str) -> Option<Finding> {
    Some(Finding {
        rule: "",
        gravity,
        text,
        hint,
    })
}

/// Returns the first epoch and the number of the newest records for which a condition holds without a break;
/// `None` where it does not hold for the newest.
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
                "b in Runs goes back to a checkpoint; hold.learning_rate or grad_clip lower",
            );
        }
    }
    None
}

fn vague_codes(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let mut newest_first = records.iter().rev();
    let coverage = newest_first.find_map(|record| record.coverage)?;
    let most = MOST_ENTROPY;
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
        "decoders of {} are still undecided (decode entropy over {} of {} nats): ignore categorical coverage",
        vague.join(" and "),
        fixed(VAGUE * most, 1),
        fixed(most, 2)
    );
    finding(
        Gravity::Watch,
        text,
        "train on; a beta-b disruption makes decoders decide",
    )
}

fn out_of_band(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let (epoch, count) = since(records, |record| !record.gradient.balanced)?;
    if count < 2 {
        return None;
    }
    let ratio = records.last()?.gradient.ratio;
    let text = format!(
        "gradient ratio B/A out of {} since epoch {epoch}, now {}",
        balanced_band(),
        fixed(ratio, 2)
    );
    finding(
        Gravity::Watch,
        text,
        "hold.lambda1 and hold.lambda2 weigh the losses by hand",
    )
}

fn kl_floor(newest: &EpochRecord, info: Option<&RunInfo>) -> Option<Finding> {
    let floor = tuning(info)
        .map(|tuning| tuning.kl_floor)
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
    finding(
        Gravity::Watch,
        text,
        "free_bits lower shows what lies below the floor",
    )
}

fn plateau(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let counted: Vec<_> = records
        .iter()
        .filter_map(|record| record.coverage.as_ref())
        .collect();
    let recent = counted.get(counted.len().checked_sub(PLATEAU_COUNTS + 1)?..)?;
    let moved =
        |figure: fn(&fluxttice_core::vae::PerVae<fluxttice_core::record::Coverage>) -> f64| {
            let values = recent.iter().map(|coverage| figure(coverage));
            let (low, high) = values
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
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
        "argmax coverage of {} moved less than {PLATEAU_POINTS} points in {PLATEAU_COUNTS} counts",
        still.join(" and ")
    );
    finding(
        Gravity::Watch,
        text,
        "d, only measure: would a disruption help?",
    )
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
    finding(Gravity::Note, text, "")
}

fn free_codes(newest: &EpochRecord, info: Option<&RunInfo>) -> Option<Finding> {
    if newest.beta_b != 0.0 {
        return None;
    }
    let starts = tuning(info).and_then(|tuning| {
        let ahead = tuning
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
    finding(
        Gravity::Note,
        text,
        "hold.beta_b or a beta-b disruption makes them cost something",
    )
}

/// States whether B is at rest while `β_B` is 0: the two kinds of runs in `docs/results/disruptions.md`.
fn unweighted(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let free = |record: &&Arc<EpochRecord>| record.beta_b == 0.0;
    let newest = records.last().filter(free)?;
    let counted = |record: &Arc<EpochRecord>| {
        let coverage = record.coverage.as_ref()?;
        Some((coverage_percent(&coverage.b.argmax), record.epoch))
    };
    let unbroken = || records.iter().rev().take_while(free);
    let (now, _) = unbroken().find_map(counted)?;
    let ratio = scientific(newest.gradient.ratio);
    if newest.train.ce_b < AT_REST {
        let rested = || unbroken().take_while(|record| record.train.ce_b < AT_REST);
        let since = rested().last()?.epoch;
        let (then, _) = rested().filter_map(counted).last()?;
        let text = format!(
            "B is at rest since epoch {since}: its loss is {}, its gradient {ratio} of A's; its argmax coverage was {} % then, is {} % now",
            scientific(newest.train.ce_b),
            percent(then),
            percent(now)
        );
        return finding(Gravity::Note, text, "");
    }
    let (most, at) = unbroken()
        .filter_map(counted)
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    if newest.train.ce_b > LEARNING || most - now < DECAYED {
        return None;
    }
    let text = format!(
        "B is not at rest: its loss is {}, its gradient {ratio} of A's, and its argmax coverage fell from {} % in epoch {at} to {} %",
        scientific(newest.train.ce_b),
        percent(most),
        percent(now)
    );
    finding(
        Gravity::Watch,
        text,
        "it falls until β_B rises, or B comes to rest; hold.beta_b above 0 keeps its codes together",
    )
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
    finding(
        Gravity::Note,
        text,
        "it is never trained; model.use_statenet: false changes little",
    )
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
    // StateNet computes in 32 bits, so that a bound is met within 1e-6.
    let at_bound = LAMBDA_BOUNDS.iter().any(|bound| (now - bound).abs() < 1e-6);
    let (bound, hint) = if at_bound {
        (
            ", its bound,",
            "the gradient ratio drives it there; hold it elsewhere with , controls",
        )
    } else {
        ("", "")
    };
    finding(
        Gravity::Note,
        format!(
            "{name} stands at {}{bound} since epoch {epoch}",
            fixed(now, 3)
        ),
        hint,
    )
}

/// States that a VAE rebuilds operations only with its partner's code.
fn dependent(newest: &EpochRecord) -> Option<Finding> {
    let latent = newest.latent?;
    let percent = |share: f64| format!("{} %", fixed(100.0 * share, 0));
    let leaning: Vec<String> = [
        ("A", latent.exact_alone.a, latent.exact_coupled.a, "B"),
        ("B", latent.exact_alone.b, latent.exact_coupled.b, "A"),
    ]
    .into_iter()
    .filter(|(_, alone, coupled, _)| coupled - alone > LEANING)
    .map(|(name, alone, coupled, other)| {
        format!(
            "{name} reconstructs {} alone, {} with {other}'s code",
            percent(alone),
            percent(coupled)
        )
    })
    .collect();
    if leaning.is_empty() {
        return None;
    }
    let text = format!("{} (validation operations, z = μ)", leaning.join("; "));
    finding(
        Gravity::Watch,
        text,
        "a lower hold.rho makes each independent of the other",
    )
}

/// States how many latent dimensions carry nothing.
fn dead_dimensions(newest: &EpochRecord) -> Option<Finding> {
    let active = newest.latent?.active;
    let dead: Vec<String> = [("A", active.a), ("B", active.b)]
        .into_iter()
        .filter(|(_, active)| (*active as usize) < LATENT)
        .map(|(name, active)| match active {
            0 => format!("{name}'s codes have collapsed: no dimension carries information"),
            _ => format!(
                "{} of {name}'s {LATENT} dimensions carry no information",
                LATENT - active as usize
            ),
        })
        .collect();
    if dead.is_empty() {
        return None;
    }
    let gravity = if active.a == 0 || active.b == 0 {
        Gravity::Bad
    } else {
        Gravity::Watch
    };
    finding(
        gravity,
        dead.join("; "),
        "a lower β (hold.beta_a, hold.beta_b) lets codes carry more information",
    )
}

/// States that the gate of phase 3 opens and shuts.
fn flickering(records: &[Arc<EpochRecord>]) -> Option<Finding> {
    let recent = &records[records.len().saturating_sub(FLICKER_EPOCHS)..];
    let jumps = recent
        .windows(2)
        .filter(|pair| (pair[1].rho - pair[0].rho).abs() > FLICKER_STEP)
        .count();
    if jumps < FLICKER_JUMPS {
        return None;
    }
    let text = format!(
        "ρ jumped {jumps} times in {FLICKER_EPOCHS} epochs: the gradient ratio opens and closes its gate"
    );
    finding(
        Gravity::Watch,
        text,
        "hold.rho fixes it; model.adaptive_scheduling: false closes the gate",
    )
}

/// States that the best epoch by validation loss lies where β was smaller and the loss another quantity.
fn best_in_warm_up(newest: &EpochRecord, info: Option<&RunInfo>) -> Option<Finding> {
    let schedule = &tuning(info)?.schedule;
    let best = newest.best.epoch;
    let beta = |epoch: u32| schedule.get(epoch as usize).map(|at| at.beta_a + at.beta_b);
    if beta(newest.epoch)? - beta(best)? < RISEN {
        return None;
    }
    let other = match newest.best_coverage {
        Some(best) => format!("; by argmax coverage it is epoch {}", best.epoch),
        None => String::new(),
    };
    let text = format!(
        "the best epoch by validation loss, {best}, lies where β was smaller: not comparable{other}"
    );
    finding(
        Gravity::Watch,
        text,
        "stopping.by: argmax_coverage selects by coverage",
    )
}

#[cfg(test)]
mod tests {
    use fluxttice_core::record::{BestOf, Latent, Pair};
    use fluxttice_core::vae::PerVae;

    use super::*;
    use crate::fixtures;

    fn texts(records: &[Arc<EpochRecord>]) -> Vec<String> {
        let info = fixtures::info();
        findings(records, Some(&info), &Members::default())
            .into_iter()
            .map(|finding| finding.text)
            .collect()
    }

    fn has(records: &[Arc<EpochRecord>], part: &str) -> bool {
        texts(records).iter().any(|text| text.contains(part))
    }

    /// Makes epochs of an invented run, with the newest changed.
    fn changed(epochs: u32, change: impl Fn(&mut EpochRecord)) -> Vec<Arc<EpochRecord>> {
        let mut records = fixtures::records(epochs);
        if let Some(newest) = records.last_mut() {
            change(Arc::make_mut(newest));
        }
        records
    }

    fn latent(alone: f64, active: u32) -> Latent {
        Latent {
            exact_alone: Pair { a: alone, b: 1.0 },
            exact_coupled: Pair { a: 0.9, b: 1.0 },
            active: PerVae { a: active, b: 16 },
        }
    }

    #[test]
    fn a_vae_that_leans_on_its_partner_is_told_apart_from_one_that_does_not() {
        let leaning = changed(20, |record| record.latent = Some(latent(0.02, 16)));
        assert!(has(
            &leaning,
            "A reconstructs 2 % alone, 90 % with B's code"
        ));
        let alone = changed(20, |record| record.latent = Some(latent(0.88, 16)));
        assert!(!has(&alone, "reconstructs"));
        assert!(
            !has(&fixtures::records(20), "reconstructs"),
            "nothing was measured there"
        );
    }

    #[test]
    fn dead_dimensions_and_a_collapse_are_seen() {
        let some = changed(20, |record| record.latent = Some(latent(0.9, 13)));
        assert!(has(&some, "3 of A's 16 dimensions carry no information"));
        let none = changed(20, |record| record.latent = Some(latent(0.9, 0)));
        assert!(
            texts(&none)[0].contains("A's codes have collapsed"),
            "the gravest first"
        );
        let all = changed(20, |record| record.latent = Some(latent(0.9, 16)));
        assert!(!has(&all, "carry nothing"));
    }

    #[test]
    fn a_gate_that_opens_and_shuts_is_seen_and_a_ramp_is_not() {
        let mut records = fixtures::records(30);
        for (place, record) in records.iter_mut().enumerate() {
            Arc::make_mut(record).rho = if place % 2 == 0 { 0.3 } else { 0.45 };
        }
        assert!(has(&records, "ρ jumped 11 times in 12 epochs"));
        for (place, record) in records.iter_mut().enumerate() {
            Arc::make_mut(record).rho = 0.3 + 0.005 * place as f64;
        }
        assert!(!has(&records, "ρ jumped"));
    }

    #[test]
    fn a_best_epoch_of_before_beta_rose_is_told_with_the_one_by_coverage() {
        let late = changed(80, |record| {
            record.best.epoch = 6;
            record.best_coverage = Some(BestOf {
                epoch: 70,
                value: 86.0,
            });
        });
        assert!(has(&late, "6, lies where β was smaller"));
        assert!(has(&late, "by argmax coverage it is epoch 70"));
        let recent = changed(80, |record| record.best.epoch = 79);
        assert!(!has(&recent, "where β was smaller"));
    }

    #[test]
    fn every_rule_is_explained_in_the_document_of_the_figures() {
        let page = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/metrics.md"
        );
        let page = std::fs::read_to_string(page).unwrap();
        let (_, section) = page.split_once("\n## Findings\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        let explained: Vec<&str> = rows.filter_map(|row| row.split(" | ").next()).collect();
        assert_eq!(explained[1..], RULES.map(|(name, _)| name));
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
    fn b_at_rest_and_b_in_motion_are_told_apart() {
        let before = |ce_b: f64| {
            let mut records = fixtures::records(40);
            for record in &mut records[12..] {
                Arc::make_mut(record).train.ce_b = ce_b;
            }
            records
        };
        assert!(has(&before(3e-7), "B is at rest since epoch 12"));
        let moving = before(0.02);
        assert!(has(&moving, "B is not at rest") && has(&moving, "in epoch"));
        // B still learns, or has lost nothing yet.
        assert!(!has(&before(2.0), "at rest"));
        let mut steady = before(0.02);
        let coverage = steady[0].coverage;
        for record in &mut steady {
            Arc::make_mut(record).coverage = coverage;
        }
        assert!(!has(&steady, "at rest"));
        assert!(!has(&fixtures::records(60), "at rest"), "β_B has risen");
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
