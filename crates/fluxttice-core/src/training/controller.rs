//! Rules that steer an epoch: gradient balance, λ adaptation, StateNet's corrections.

use serde::{Deserialize, Serialize};

use crate::config::{Config, Model};
use crate::model::Loss;
use crate::numbers::single;
use crate::record::StateNetAnswer;
use crate::schedule::Scheduled;

/// Keeps ratios of averages finite.
const RATIO_EPSILON: f64 = 1e-8;
/// Bounds of a balanced gradient ratio, both exclusive.
pub const BALANCED: (f64, f64) = (0.8, 1.2);
/// Momentum of the gradient averages where the ratio is balanced, where it is not, and where
/// `adaptive_scheduling` is off.
const MOMENTUM: (f64, f64, f64) = (0.95, 0.5, 0.9);
/// Step of λ1 and λ2 where one gradient dominates.
const LAMBDA_STEP: f64 = 0.02;
/// Relative step of λ1 and λ2 where one coverage dominates.
const LAMBDA_SHARE: f64 = 0.05;
/// Coverage ratios B/A outside of which λ1 and λ2 move.
const COVERAGE_BAND: (f64, f64) = (0.67, 1.5);
/// Bounds of λ1 and λ2.
const LAMBDA_BOUNDS: (f64, f64) = (0.5, 0.95);
/// Bounds of λ3 after StateNet's correction.
const LAMBDA3_BOUNDS: (f64, f64) = (0.15, 0.75);
/// Bounds of the learning rate after StateNet's correction.
const LEARNING_RATE_BOUNDS: (f64, f64) = (1e-6, 1e-2);
/// Bounds of the gradient balance scales.
const SCALE_BOUNDS: (f64, f64) = (0.5, 2.0);
/// λ1 and λ2 at the start.
const LAMBDA_START: f64 = 0.7;

/// State that carries over from batch to batch and from epoch to epoch, apart from weights and optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Moving averages of the clipped gradient norms of A and B.
    pub gradient_emas: [f64; 2],
    /// Momentum of those averages in this epoch.
    pub momentum: f64,
    /// True if the ratio at this epoch's start was balanced; always false without `adaptive_scheduling`.
    pub balanced: bool,
    /// `norm_B / norm_A` as this epoch began.
    pub ratio: f64,
    /// Weight of VAE-A's loss.
    pub lambda1: f64,
    /// Weight of VAE-B's loss.
    pub lambda2: f64,
    /// Weight of the entropy alignment.
    pub lambda3: f64,
    /// Phase of the schedule, 1..=4.
    pub phase: u8,
    /// Learning rate in use: scheduled, then corrected.
    pub learning_rate: f64,
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            gradient_emas: [1.0; 2],
            momentum: MOMENTUM.2,
            balanced: false,
            ratio: 1.0,
            lambda1: LAMBDA_START,
            lambda2: LAMBDA_START,
            lambda3: 0.0,
            phase: 1,
            learning_rate: 0.0,
        }
    }
}

impl Controller {
    /// Takes over an epoch's scheduled values and adapts λ1 and λ2.
    ///
    /// `coverage` holds the last measured coverage of A and B, `None` before there is one.
    pub fn begin_epoch(
        &mut self,
        scheduled: &Scheduled,
        config: &Config,
        coverage: Option<[u32; 2]>,
    ) {
        self.phase = scheduled.phase.unwrap_or(self.phase);
        self.lambda3 = scheduled.lambda3;
        self.learning_rate = scheduled.learning_rate;
        let ratio = self.gradient_emas[1] / (self.gradient_emas[0] + RATIO_EPSILON);
        if config.model.adaptive_scheduling {
            self.adapt(ratio, coverage);
        } else {
            self.ratio = ratio;
            self.balanced = false;
            self.momentum = MOMENTUM.2;
        }
        self.hold(config);
    }

    /// Takes over values that the configuration changed within an epoch; `answer` is StateNet's of
    /// this epoch, where it has given one.
    pub fn change(
        &mut self,
        scheduled: &Scheduled,
        answer: Option<StateNetAnswer>,
        config: &Config,
    ) {
        self.hold(config);
        self.learning_rate = match answer {
            Some(answer) => {
                corrected_rate(scheduled.learning_rate, single(answer.delta_lr), config)
            }
            None => scheduled.learning_rate,
        };
    }

    /// Sets each λ that the configuration holds to its held value.
    fn hold(&mut self, config: &Config) {
        let hold = &config.hold;
        for (value, held) in [
            (&mut self.lambda1, hold.lambda1),
            (&mut self.lambda2, hold.lambda2),
            (&mut self.lambda3, hold.lambda3),
        ] {
            *value = held.unwrap_or(*value);
        }
    }

    /// Judges a gradient ratio and moves λ1 and λ2 by it, or by the coverage where it is balanced.
    pub fn adapt(&mut self, ratio: f64, coverage: Option<[u32; 2]>) {
        let (low, high) = BALANCED;
        self.ratio = ratio;
        self.balanced = ratio > low && ratio < high;
        self.momentum = if self.balanced {
            MOMENTUM.0
        } else {
            MOMENTUM.1
        };
        let Some([coverage_a, coverage_b]) = coverage else {
            return;
        };
        if ratio < low {
            self.lambda1 += LAMBDA_STEP;
            self.lambda2 -= LAMBDA_STEP;
        } else if ratio > high {
            self.lambda1 -= LAMBDA_STEP;
            self.lambda2 += LAMBDA_STEP;
        } else if self.balanced && coverage_a > 0 {
            let ratio = f64::from(coverage_b) / f64::from(coverage_a);
            let push = if ratio > COVERAGE_BAND.1 {
                LAMBDA_SHARE
            } else if ratio < COVERAGE_BAND.0 {
                -LAMBDA_SHARE
            } else {
                0.0
            };
            self.lambda1 *= 1.0 + push;
            self.lambda2 *= 1.0 - push;
        }
        self.lambda1 = clamp(self.lambda1, LAMBDA_BOUNDS);
        self.lambda2 = clamp(self.lambda2, LAMBDA_BOUNDS);
    }

    /// Returns the scales `s_A` and `s_B` that balance the two losses; 1 where `gradient_balance` is off.
    pub fn scales(&self, model: &Model) -> [f64; 2] {
        if !model.gradient_balance {
            return [1.0; 2];
        }
        let [a, b] = self.gradient_emas;
        [
            clamp(b / (a + RATIO_EPSILON), SCALE_BOUNDS),
            clamp(a / (b + RATIO_EPSILON), SCALE_BOUNDS),
        ]
    }

    /// Returns the input of StateNet: nine figures of a batch's loss and of the run.
    pub fn state(&self, loss: &Loss, rho: f64) -> [f64; 9] {
        [
            loss.entropy_a,
            loss.entropy_b,
            loss.kl_a,
            loss.kl_b,
            self.ratio,
            rho,
            self.lambda1,
            self.lambda2,
            self.lambda3,
        ]
    }

    /// Applies StateNet's answer; in 32 bits, as the original's tensors are.
    pub fn correct(&mut self, answer: [f32; 4], config: &Config) -> StateNetAnswer {
        let [lr, lambda1, lambda2, lambda3] = answer;
        let scale = single(config.model.statenet_lambda_scale);
        self.learning_rate = corrected_rate(self.learning_rate, lr, config);
        let shift = |value: f64, delta: f32, (low, high): (f64, f64)| {
            f64::from((single(value) + scale * delta).clamp(single(low), single(high)))
        };
        self.lambda1 = shift(self.lambda1, lambda1, LAMBDA_BOUNDS);
        self.lambda2 = shift(self.lambda2, lambda2, LAMBDA_BOUNDS);
        self.lambda3 = shift(self.lambda3, lambda3, LAMBDA3_BOUNDS);
        self.hold(config);
        let [delta_lr, delta_lambda1, delta_lambda2, delta_lambda3] = answer.map(f64::from);
        StateNetAnswer {
            delta_lr,
            delta_lambda1,
            delta_lambda2,
            delta_lambda3,
        }
    }

    /// Takes the norms of a clipped gradient's two parts into the averages; a norm of 0 is skipped.
    pub fn observe_gradient(&mut self, parts: [f64; 2]) {
        for (ema, norm) in self.gradient_emas.iter_mut().zip(parts) {
            if norm > 0.0 {
                *ema = self.momentum * *ema + (1.0 - self.momentum) * norm;
            }
        }
    }
}

/// Returns the learning rate after StateNet's correction; one that is held is not corrected.
fn corrected_rate(scheduled: f64, delta: f32, config: &Config) -> f64 {
    if config.hold.learning_rate.is_some() {
        return scheduled;
    }
    let scale = single(config.model.statenet_lr_scale);
    let corrected = single(scheduled) * (1.0 + scale * delta);
    clamp(f64::from(corrected), LEARNING_RATE_BOUNDS)
}

fn clamp(value: f64, (low, high): (f64, f64)) -> f64 {
    value.clamp(low, high)
}
