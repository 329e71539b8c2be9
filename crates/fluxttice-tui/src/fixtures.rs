//! Made-up runs for tests. The curves have the shape of real ones; no number here was measured.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use fluxttice_core::config::Config;
use fluxttice_core::measure::neighbours::{Cloud, Spaces};
use fluxttice_core::measure::{Posteriors, ceiling};
use fluxttice_core::model::Weights;
use fluxttice_core::numbers::{count32, rounded, single};
use fluxttice_core::record::{
    Best, Coverage, CoveredSets, EpochRecord, EpochReport, EventName, Gradient, Information,
    LearningRate, LossTerms, Seconds, Stage, StateNetAnswer, Unique,
};
use fluxttice_core::request::{Mark, MarkKind};
use fluxttice_core::run::built_in;
use fluxttice_core::schedule::Scheduled;
use fluxttice_core::session::message::{
    Attached, Codes, Event, Progress, Recipe, RunInfo, RunKind, RunState, Tuning,
};
use fluxttice_core::space::{OPERATIONS, Operation, OperationSet};
use fluxttice_core::vae::PerVae;

use super::app::App;
use super::theme::ColorDepth;
use super::{Options, Tab};

/// Numbers that look random and are always the same.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number in 0..1.
    pub fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Noon on a day without meaning.
pub fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(12)
}

fn beta_b(epoch: u32) -> f64 {
    if epoch < 50 {
        0.0
    } else {
        0.212 + 0.0004 * f64::from(epoch - 50)
    }
}

fn scheduled(epoch: u32) -> Scheduled {
    let at = f64::from(epoch);
    Scheduled {
        phase: Some(match epoch {
            0..40 => 1,
            40..120 => 2,
            120..250 => 3,
            _ => 4,
        }),
        rho: (0.1 + 0.001 * at).min(0.7),
        lambda3: 0.3,
        temperature_a: 1.1 - 0.002 * at,
        temperature_b: 0.9 - 0.0015 * at,
        beta_a: 0.006 * at.min(50.0),
        beta_b: beta_b(epoch),
        learning_rate: if epoch < 50 { 1e-3 } else { 5e-4 },
        latent_noise: 0.0,
        fresh_share: 0.0,
    }
}

/// A run of 400 epochs that was just opened.
pub fn info() -> RunInfo {
    RunInfo {
        name: "7f3a".into(),
        folder: "/home/someone/.local/share/fluxttice/runs/7f3a".into(),
        kind: RunKind::Own(Recipe {
            config_name: "ternary_v5_5".into(),
            config_digest: "sha256:0123456789abcdef".into(),
            ineffective: vec!["vae_b.beta_end: never read".into()],
            seed: 42,
            tuning: Arc::new(Tuning {
                config: Config::default(),
                schedule: (0..400).map(scheduled).collect(),
                last_epoch: 400,
                phase_borders: [40, 120, 250],
                kl_floor: 8.0,
            }),
            parameters: [168_770, 50_203, 117_499, 1_068],
        }),
        device: "cpu".into(),
        device_reason: "no GPU found".into(),
        batches: 247,
        history: Vec::new(),
        marks: Vec::new(),
        checkpoint: None,
        training: true,
        attached: None,
        answered: Vec::new(),
    }
}

fn unique(share: f64, samples: u32) -> Unique {
    Unique {
        unique: count32(rounded((share * OPERATIONS as f64).floor())),
        samples,
        ceiling: ceiling(samples),
    }
}

/// One epoch of a made-up run.
pub fn record(epoch: u32) -> EpochRecord {
    let mut dice = Dice::new(u64::from(epoch) + 1);
    let mut jitter = |size: f64| size * (dice.roll() - 0.5);
    let at = f64::from(epoch);
    let schedule = scheduled(epoch);
    let surge = if epoch < 50 {
        0.0
    } else {
        0.13 * (1.0 - (-(at - 49.0) / 8.0).exp())
    };
    let loss = if epoch < 50 {
        0.7 + 6.0 * (-at / 1.5).exp()
    } else {
        4.0 + 7.0 * (-(at - 50.0) / 3.0).exp()
    };
    let coverage = |start: f64, jitter: f64| Coverage {
        categorical: unique(0.99 + jitter / 10.0, 195_000),
        argmax: unique(
            (start - 0.08 * at.min(50.0) / 50.0 + surge + jitter).clamp(0.0, 1.0),
            50_000,
        ),
        decode_entropy: 1.5 + 7.0 * (-at / 20.0).exp() + jitter,
    };
    let terms = |loss: f64| LossTerms {
        loss,
        ce_a: 0.01 + (-at / 4.0).exp(),
        ce_b: 0.02,
        kl_a: 8.006,
        kl_b: 12.0 + 100.0 * (-at / 10.0).exp(),
        entropy_term_b: 1.09,
        repulsion_b: 1e-6,
        entropy_alignment: 0.1,
        penalty: 0.0,
    };
    let information = |start: f64| 8.5 - start * (-at / 20.0).exp();
    let ratio = (0.5 + 0.01 * at + jitter(0.2)).max(0.05);
    EpochRecord {
        information: epoch.is_multiple_of(10).then(|| Information {
            a: information(7.0),
            b: information(6.0),
            codes: 195_000,
            standard_error: None,
            raw: None,
        }),
        latent: None,
        best_coverage: None,
        best_information: None,
        latent_noise: 0.0,
        fresh_share: 0.0,
        event: EventName::Epoch,
        epoch,
        phase: schedule.phase.unwrap_or(1),
        rho: schedule.rho,
        beta_a: schedule.beta_a,
        beta_b: schedule.beta_b,
        temperature_a: schedule.temperature_a,
        temperature_b: schedule.temperature_b,
        lambda1: (0.7 + 0.02 * at).min(0.95),
        lambda2: (0.7 - 0.015 * at).max(0.5),
        lambda3: 0.3 + 0.001 * at,
        learning_rate: LearningRate {
            scheduled: schedule.learning_rate,
            corrected: schedule.learning_rate * 1.0038,
        },
        gradient: Gradient {
            norm_a: 1.0,
            norm_b: ratio,
            ratio,
            balanced: ratio > 0.8 && ratio < 1.2,
        },
        entropy_a: 2.2 + 0.9 * (1.0 - (-at / 10.0).exp()) + jitter(0.1),
        entropy_b: 2.5 + 0.5 * (1.0 - (-at / 15.0).exp()) + jitter(0.1),
        train: terms(loss + jitter(0.1)),
        validation: terms(loss * 0.8 + jitter(0.1)),
        coverage: Some(PerVae {
            a: coverage(0.72, jitter(0.02)),
            b: coverage(0.62, jitter(0.02)),
        }),
        statenet: Some(StateNetAnswer {
            delta_lr: 0.04 + jitter(0.01),
            delta_lambda1: 0.26,
            delta_lambda2: 0.01,
            delta_lambda3: 0.05,
        }),
        best: Best {
            epoch: epoch.min(5),
            validation_loss: 0.337,
        },
        seconds: Seconds {
            train: 1.6,
            validation: 0.1,
            coverage: 0.3,
        },
    }
}

/// The first epochs of a made-up run.
pub fn records(count: u32) -> Vec<Arc<EpochRecord>> {
    (0..count).map(|epoch| Arc::new(record(epoch))).collect()
}

/// A run whose last three epochs have no finite loss.
pub fn diverged(count: u32) -> Vec<Arc<EpochRecord>> {
    let mut records = records(count);
    let first = records.len().saturating_sub(3);
    for record in &mut records[first..] {
        let record = Arc::make_mut(record);
        record.train.loss = f64::NAN;
        record.validation.loss = f64::NAN;
        record.coverage = None;
        record.entropy_a = f64::NAN;
    }
    records
}

/// Sets of operations that a made-up model generates: those with argmax, those by draws.
static SETS: LazyLock<[[OperationSet; 2]; 2]> = LazyLock::new(|| {
    let set = |seed: u64, share: f64| -> OperationSet {
        let mut dice = Dice::new(seed);
        Operation::all().filter(|_| dice.roll() < share).collect()
    };
    [[set(1, 0.76), set(2, 0.71)], [set(3, 0.99), set(4, 0.985)]]
});

/// Sets of operations that a made-up model generates.
pub fn covered(epoch: u32) -> CoveredSets {
    let [argmax, categorical] = SETS.clone();
    CoveredSets {
        epoch,
        counts: record(epoch).coverage,
        categorical: categorical.into(),
        argmax: argmax.into(),
    }
}

/// Codes of a made-up model: near each other where the trits are.
static CODES: LazyLock<Spaces> = LazyLock::new(|| {
    let [a, b] = [1, 2].map(|seed| {
        let mut dice = Dice::new(seed);
        let mu: Vec<f64> = Operation::all()
            .flat_map(Operation::entries)
            .map(|entry| f64::from(single(f64::from(entry) + 0.4 * (dice.roll() - 0.5))))
            .collect();
        let log_variance = (0..mu.len()).map(|_| dice.roll() - 2.0).collect();
        Cloud::new(Posteriors { mu, log_variance }, 9)
    });
    Spaces::new(a, b)
});

/// Weights that have nothing to do with those codes.
static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| built_in().unwrap().weights);

/// Codes of a made-up model after this many epochs.
pub fn codes(epoch: u32) -> Codes {
    Codes {
        epoch,
        source: format!("epoch {epoch}"),
        spaces: CODES.clone(),
        weights: Some(WEIGHTS.clone()),
    }
}

/// A screen without colour at this size, before anything has happened.
pub fn app(width: u16, height: u16) -> App {
    let options = Options {
        detach_on_hangup: false,
        depth: ColorDepth::None,
        tab: Tab::Train,
        mouse: true,
    };
    let mut app = App::new(options, noon());
    app.set_size(width, height);
    app
}

/// A run that is open and at work on its first epoch.
pub fn warming_up(width: u16, height: u16) -> App {
    opened(width, height, info())
}

fn opened(width: u16, height: u16, info: RunInfo) -> App {
    let mut app = app(width, height);
    app.on_event(Event::Started(Arc::new(info)));
    app.on_event(Event::State(RunState::Running));
    app.on_progress(Progress {
        stage: Stage::Training,
        done: 131,
        of: 247,
        loss: 12.34,
        ..Progress::default()
    });
    app
}

/// A run in its 52nd epoch.
pub fn live(width: u16, height: u16) -> App {
    at_work(width, height, info())
}

/// The same, trained by another process.
pub fn attached(width: u16, height: u16) -> App {
    let attached = Some(Attached {
        trainer: "pid 4711 on node07".into(),
        cannot_steer: None,
    });
    at_work(width, height, RunInfo { attached, ..info() })
}

fn at_work(width: u16, height: u16, info: RunInfo) -> App {
    let mut app = opened(width, height, with_marks(info));
    finish(&mut app, records(51));
    app.on_event(Event::Codes(Arc::new(codes(51))));
    app.on_progress(Progress {
        epoch: 51,
        stage: Stage::Training,
        done: 131,
        of: 247,
        loss: 8.213,
        epochs_per_minute: 31.2,
    });
    app
}

/// Lets these epochs finish.
pub fn finish(app: &mut App, records: Vec<Arc<EpochRecord>>) {
    for record in records {
        let covered = record.coverage.map(|_| Arc::new(covered(record.epoch)));
        app.on_event(Event::Epoch(Arc::new(EpochReport { record, covered })));
    }
}

/// Marks an epoch, as earlier sessions of the run did.
fn with_marks(mut info: RunInfo) -> RunInfo {
    info.marks = vec![
        Mark {
            epoch: 12,
            kind: MarkKind::Resumed,
        },
        Mark {
            epoch: 30,
            kind: MarkKind::Snapshot,
        },
        Mark {
            epoch: 44,
            kind: MarkKind::Disruption,
        },
    ];
    info
}
