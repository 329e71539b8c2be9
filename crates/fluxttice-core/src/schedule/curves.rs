//! The published schedules, as functions of the epoch.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::Scheduled;
use crate::config::Config;

/// Period of λ3 and `τ_A` in epochs.
const PERIOD: u32 = 30;
/// ρ at the end of phase 2 and while phase 3 is gated off.
const RHO_COUPLED: f64 = 0.3;
/// Share of phase 3 in which ρ rises: the published 80 of its 130 epochs.
const RESONANT_RAMP: f64 = 80.0 / 130.0;
/// Lowest temperature of VAE-A.
const TEMPERATURE_FLOOR: f64 = 0.1;
/// Amplitude of `τ_A` as a share of its base, before phase 4 and wherever no boost is set.
const SWING: f64 = 0.1;

/// All schedules of one configuration.
#[derive(Clone, Debug)]
pub struct Schedule {
    config: Config,
}

impl Schedule {
    /// Takes the schedules from a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
        }
    }

    /// Returns the scheduled values of an epoch; `balanced` is true if the gate of phase 3 is open. A
    /// quantity that the configuration holds does not follow its schedule; `β_B` follows a `β_A` that is held.
    pub fn at(&self, epoch: u32, balanced: bool) -> Scheduled {
        let (phase, rho) = self.permeability(epoch, balanced);
        let hold = &self.config.hold;
        let beta_a = hold.beta_a.unwrap_or_else(|| self.beta_a(epoch));
        let beta_b = || self.beta_b(epoch, beta_a);
        let rate = || self.learning_rate(epoch);
        Scheduled {
            phase,
            rho: hold.rho.unwrap_or(rho),
            lambda3: hold.lambda3.unwrap_or_else(|| self.lambda3(epoch)),
            temperature_a: hold
                .temperature_a
                .unwrap_or_else(|| self.temperature_a(epoch)),
            temperature_b: hold
                .temperature_b
                .unwrap_or_else(|| self.temperature_b(epoch)),
            beta_a,
            beta_b: hold.beta_b.unwrap_or_else(beta_b),
            learning_rate: hold.learning_rate.unwrap_or_else(rate),
            latent_noise: 0.0,
            fresh_share: 0.0,
        }
    }

    /// Returns the scheduled values of every epoch of the run, with the gate of phase 3 open.
    pub fn all(&self) -> Vec<Scheduled> {
        (0..self.config.total_epochs)
            .map(|epoch| self.at(epoch, true))
            .collect()
    }

    /// Returns the epochs at which phases 2, 3 and 4 begin.
    pub fn phase_borders(&self) -> [u32; 3] {
        let borders = &self.config.phase_transitions;
        [
            borders.entropy_expansion_end,
            borders.consolidation_end,
            borders.resonant_coupling_end,
        ]
    }

    fn permeability(&self, epoch: u32, balanced: bool) -> (Option<u8>, f64) {
        let model = &self.config.model;
        let [second, third, fourth] = self.phase_borders();
        let share = |from: u32, length: f64| f64::from(epoch - from) / length;
        if epoch < second {
            (Some(1), model.rho_min)
        } else if epoch < third {
            let progress = share(second, f64::from(third - second));
            (
                Some(2),
                model.rho_min + progress * (RHO_COUPLED - model.rho_min),
            )
        } else if epoch < fourth {
            if !balanced {
                return (None, RHO_COUPLED);
            }
            let ramp = f64::from(fourth - third) * RESONANT_RAMP;
            (
                Some(3),
                RHO_COUPLED + share(third, ramp).min(1.0) * (model.rho_max - RHO_COUPLED),
            )
        } else {
            (Some(4), model.rho_max)
        }
    }

    fn swing(epoch: u32, shift: f64) -> f64 {
        (TAU * f64::from(epoch % PERIOD) / f64::from(PERIOD) + shift).cos()
    }

    fn lambda3(&self, epoch: u32) -> f64 {
        let model = &self.config.model;
        model.lambda3_base + model.lambda3_amplitude * Self::swing(epoch, FRAC_PI_2)
    }

    fn in_phase_4(&self, epoch: u32) -> bool {
        epoch >= self.phase_borders()[2]
    }

    fn temperature_a(&self, epoch: u32) -> f64 {
        let vae = &self.config.vae_a;
        let base = line(
            vae.temp_start,
            vae.temp_end,
            epoch,
            self.config.total_epochs,
        );
        let amplitude = match vae.temp_boost_amplitude {
            _ if !vae.temp_cyclic => 0.0,
            Some(boost) if self.in_phase_4(epoch) => boost,
            _ => SWING * base,
        };
        (base + amplitude * Self::swing(epoch, 0.0)).max(TEMPERATURE_FLOOR)
    }

    fn temperature_b(&self, epoch: u32) -> f64 {
        let vae = &self.config.vae_b;
        match vae.temp_phase4 {
            Some(temperature) if self.in_phase_4(epoch) => temperature,
            _ => {
                let lagging = epoch.saturating_sub(self.config.controller.temp_lag);
                line(
                    vae.temp_start,
                    vae.temp_end,
                    lagging,
                    self.config.total_epochs,
                )
            }
        }
    }

    fn beta_a(&self, epoch: u32) -> f64 {
        let vae = &self.config.vae_a;
        let warm_up = vae.beta_warmup_epochs;
        if epoch < warm_up {
            return f64::from(epoch) / f64::from(warm_up) * vae.beta_start;
        }
        line(
            vae.beta_start,
            vae.beta_end,
            epoch - warm_up,
            self.config.total_epochs.saturating_sub(warm_up),
        )
    }

    fn beta_b(&self, epoch: u32, beta_a: f64) -> f64 {
        let vae = &self.config.vae_b;
        if epoch < vae.beta_warmup_epochs {
            return f64::from(epoch) / f64::from(vae.beta_warmup_epochs) * vae.beta_start;
        }
        beta_a * self.config.controller.beta_phase_lag.sin().abs()
    }

    fn learning_rate(&self, epoch: u32) -> f64 {
        let steps = &self.config.optimizer.lr_schedule;
        let reached = steps.iter().rev().find(|step| step.epoch <= epoch);
        let Some(from) = reached.or(steps.first()) else {
            return 0.0;
        };
        let next = steps.iter().find(|step| step.epoch > epoch);
        match next.filter(|_| self.config.beyond.smooth_rate == Some(true)) {
            Some(next) => line(
                from.lr,
                next.lr,
                epoch.saturating_sub(from.epoch),
                next.epoch.saturating_sub(from.epoch),
            ),
            None => from.lr,
        }
    }
}

/// Interpolates linearly from `start` at 0 to `end` at `length`, and stays at `end` afterwards.
fn line(start: f64, end: f64, position: u32, length: u32) -> f64 {
    if length == 0 {
        return end;
    }
    start + (end - start) * (f64::from(position) / f64::from(length)).min(1.0)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Source};
    use crate::schedule::Schedule;

    #[test]
    fn a_smooth_rate_meets_the_table_at_its_epochs_and_lies_between_them() {
        let set = [
            "optimizer.lr_schedule=[{epoch: 0, lr: 0.001}, {epoch: 4, lr: 0.003}, {epoch: 10, lr: 0.0001}]",
            "beyond.smooth_rate=true",
        ];
        let rates = |set: &[&str]| -> Vec<f64> {
            let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
            let config = Config::load(Source::BuiltIn, &set).unwrap().config;
            let schedule = Schedule::new(&config);
            let epochs = [0, 1, 3, 4, 7, 9, 10, 50];
            epochs
                .map(|epoch| schedule.at(epoch, false).learning_rate)
                .to_vec()
        };
        let smooth = [1.0, 1.5, 2.5, 3.0, 1.55, 0.1 + 2.9 / 6.0, 0.1, 0.1];
        for (found, expected) in rates(&set).into_iter().zip(smooth) {
            assert!(
                (found - 0.001 * expected).abs() < 1e-12,
                "{found} {expected}"
            );
        }
        let steps = [0.001, 0.001, 0.001, 0.003, 0.003, 0.003, 0.0001, 0.0001];
        assert_eq!(rates(&set[..1]), steps);
    }
}
