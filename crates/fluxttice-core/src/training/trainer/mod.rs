//! One epoch after another, in steps small enough to be interrupted between any two.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use burn::tensor::{DType, Device};

use crate::config::{Changed, Config, InformationEvery, SafePoint, StopBy};
use crate::device::DeviceFailure;
use crate::disruption::{Disruption, DisruptionKind};
use crate::measure::{CoveragePass, Covered, Evaluator, Samples, prior_information};
use crate::model::{Architecture, DualVae, LATENT, Weights};
use crate::numbers::count32;
use crate::random::{Ahead, Purpose, Rows, Stream, draw_ahead};
use crate::record::{
    Best, Coverage, CoveredSets, EpochRecord, EpochReport, EventName, Gradient, Information,
    LearningRate, Pair, Seconds, Stage, StateNetAnswer,
};
use crate::refusal::Refusal;
use crate::schedule::{Schedule, Scheduled};
use crate::space::percent_of_all;
use crate::training::best::{Bests, Judged};
use crate::training::ensemble::Ensemble;
use crate::training::evaluation::EvalStats;
use crate::training::host_state::{BatchReport, StepError, finite};
use crate::training::learner::Learner;
use crate::training::means::Means;
use crate::training::sampler::{BatchKey, BatchSampler};
use crate::training::split::Split;
use crate::training::state::{Active, Snapshot, TrainerState};
use crate::training::steer::Steer;
use crate::training::strategy::{EvalTask, GroupHandle, Shape, Step, Strategy, TrainTask};
use crate::vae::PerVae;

/// Codes decoded by argmax after every epoch, and measured for their decode entropy.
pub const ARGMAX_SAMPLES: u32 = 50_000;

/// Prior codes behind I(z; x) of each decoder, where they are not those that coverage is counted from.
const INFORMATION_CODES: u32 = 400_000;
/// Smallest number of counted codes that is enough for I(z; x) where somebody asked for it: that of a
/// published count.
const ENOUGH_COUNTED: u32 = 195_000;

/// Result of one call of [`Trainer::advance`].
#[derive(Clone, Debug)]
pub enum Advance {
    /// One training batch is done.
    Batch(BatchReport),
    /// One validation batch or one tile of a coverage pass is done.
    Measured,
    /// Nothing is done: others, with whom the next batch is to be trained, are not there yet.
    Waiting,
    /// The epoch is finished.
    Epoch(EpochReport),
}

/// Trains a model: owns model, optimizer and the position within the epoch.
#[derive(Debug)]
pub struct Trainer {
    /// Model, optimizer and controller, and the way in which batches are trained.
    strategy: Strategy,
    /// Configuration in effect in the current epoch.
    config: Config,
    /// Configuration with every change asked for so far, in effect from the next epoch on.
    next: Config,
    edits: Vec<String>,
    /// Key of order, noise, prior codes and draws; the run's seed but for a repetition of it.
    noise: u64,
    schedule: Schedule,
    split: Split,
    sampler: BatchSampler,
    device: Device,
    dtype: DType,
    epoch: u32,
    coverage: Option<[u32; 2]>,
    best: Option<Best>,
    bests: Bests,
    stale: u32,
    rolled_back: u32,
    disruptions: Vec<Active>,
    at: Position,
    current: Current,
}

/// Source of the codes for I(z; x).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Informing {
    /// The codes that coverage is counted from.
    Counted,
    /// [`INFORMATION_CODES`] codes drawn for it alone, under the key of the run's noise.
    Own,
}

/// Position within the epoch.
#[derive(Debug)]
enum Position {
    Start,
    Training {
        order: Vec<u32>,
        batch: u32,
    },
    Validation {
        batch: u32,
        model: Box<DualVae>,
    },
    Coverage {
        pass: Box<CoveragePass>,
        model: Box<DualVae>,
    },
    /// Nothing is left to be measured in this epoch.
    Closing,
}

/// Figures that the current epoch has gathered so far.
#[derive(Debug, Default)]
struct Current {
    scheduled: Option<Scheduled>,
    /// True if the gate of phase 3 was open as the epoch began.
    gate: bool,
    train: Means,
    validation: Means,
    observed: EvalStats,
    statenet: Option<StateNetAnswer>,
    /// The count of coverage that is to come, if any.
    coverage: Option<Box<CoveragePass>>,
    /// Noise of the batches and codes to be counted that another core draws; `None` where it draws none.
    ahead: Option<Ahead>,
    /// I(z; x), where it is measured in this epoch.
    information: Option<Information>,
    seconds: Seconds,
}

impl Trainer {
    /// Creates a trainer at the start of a run.
    pub fn new(config: &Config, device: &Device, dtype: DType) -> Self {
        let weights = Weights::start(Architecture::from(config), config.seed);
        Self::from_weights(config, &weights, device, dtype)
    }

    fn from_weights(config: &Config, weights: &Weights, device: &Device, dtype: DType) -> Self {
        let split = Split::new(config);
        Self {
            sampler: BatchSampler::new(config, &split.train),
            strategy: Strategy::new(Learner::new(config, weights, device, dtype), None),
            config: config.clone(),
            next: config.clone(),
            edits: Vec::new(),
            noise: config.seed,
            schedule: Schedule::new(config),
            split,
            device: device.clone(),
            dtype,
            epoch: 0,
            coverage: None,
            best: None,
            bests: Bests::default(),
            stale: 0,
            rolled_back: 0,
            disruptions: Vec::new(),
            at: Position::Start,
            current: Current::default(),
        }
    }

    /// Creates a trainer that goes on from a checkpoint of a run with this configuration.
    ///
    /// # Errors
    /// Fails where the checkpoint holds a change that the configuration does not take.
    pub fn resume(
        config: &Config,
        snapshot: Snapshot,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Refusal> {
        let state = snapshot.state;
        let changed = config.with(&state.edits)?;
        let mut trainer = Self::from_weights(&changed, &snapshot.weights, device, dtype);
        let mut learner = Learner::new(&changed, &snapshot.weights, device, dtype);
        learner.set_optimizer(snapshot.optimizer);
        *learner.controller_mut() = state.controller;
        trainer.strategy = Strategy::new(learner, None);
        trainer.epoch = state.epoch;
        trainer.coverage = state.coverage;
        trainer.best = state.best;
        let loss = state.best.map(|best| best.validation_loss);
        trainer.bests = match changed.stopping.figure() {
            StopBy::ValidationLoss => state.bests.counting_from(loss),
            _ => state.bests,
        };
        trainer.stale = state.stale;
        trainer.rolled_back = state.rolled_back;
        trainer.disruptions = state.disruptions;
        trainer.edits = state.edits;
        Ok(trainer)
    }

    /// Draws order, noise and prior codes under another key than the run's seed: the same run with
    /// other random numbers. Split and initial weights stay those of the seed.
    #[must_use]
    pub fn with_noise(mut self, key: u64) -> Self {
        self.noise = key;
        self
    }

    /// Returns the number of times that the run went back after it had diverged.
    pub fn rolled_back(&self) -> u32 {
        self.rolled_back
    }

    /// Halves the learning rate once for each time that the run went back.
    #[must_use]
    pub fn after_rolling_back(mut self, times: u32) -> Self {
        self.rolled_back = times;
        self
    }

    /// Returns the configuration with every change asked for so far: the one of the next epoch.
    pub fn settings(&self) -> &Config {
        &self.next
    }

    /// Returns every change of the configuration, `KEY=VALUE`, in order.
    pub fn edits(&self) -> &[String] {
        &self.edits
    }

    /// Returns the disruptions in effect, cooling down or yet to start.
    pub fn disruptions(&self) -> &[Active] {
        &self.disruptions
    }

    /// Returns the number of the current epoch, or of the next one between two epochs.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Returns true if the figure that stops the run has not got better for `patience` epochs.
    pub fn out_of_patience(&self) -> bool {
        self.stale >= self.next.patience
    }

    /// Returns the split of the operations into training, validation and test.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// Returns the stage at work, and how many of its parts are done, of how many.
    pub fn progress(&self) -> (Stage, u32, u32) {
        match &self.at {
            Position::Start => (Stage::Training, 0, self.batches()),
            Position::Training { batch, .. } => (Stage::Training, *batch, self.batches()),
            Position::Validation { batch, .. } => {
                (Stage::Validation, *batch, self.validation_batches())
            }
            Position::Closing => (
                Stage::Validation,
                self.validation_batches(),
                self.validation_batches(),
            ),
            Position::Coverage { pass, .. } => {
                let (done, tiles) = pass.progress();
                (Stage::Coverage, done, tiles)
            }
        }
    }

    /// Returns the number of training batches of the current epoch that are already in the weights.
    pub fn batch(&self) -> u32 {
        match &self.at {
            Position::Start => 0,
            Position::Training { batch, .. } => *batch,
            Position::Validation { .. } | Position::Coverage { .. } | Position::Closing => {
                self.batches()
            }
        }
    }

    /// Returns the number of training batches in the current epoch.
    pub fn batches(&self) -> u32 {
        let rows = self.sampler.rows(&self.config, self.epoch);
        count32(rows.div_ceil(self.config.batch_size))
    }

    fn validation_batches(&self) -> u32 {
        count32(self.split.validation.len().div_ceil(self.config.batch_size))
    }

    /// Makes a change with the next training batch, or with the next epoch where it can only take
    /// effect then; fills in the value that was there before.
    ///
    /// Returns one line that says from when on it takes effect.
    ///
    /// # Errors
    /// Returns one line that says why it is refused; nothing has changed then.
    pub fn steer(&mut self, steer: &mut Steer) -> Result<String, Refusal> {
        match steer {
            Steer::Disrupt { disruption } => self.disrupt(*disruption),
            Steer::Set {
                key, value, was, ..
            } => self.set(key, value, was),
        }
    }

    fn disrupt(&mut self, disruption: Disruption) -> Result<String, Refusal> {
        let disruption = disruption.check().map_err(|error| error.to_string())?;
        let cool = self.disruptions.iter().map(Active::cool).max().unwrap_or(0);
        let mid_epoch = matches!(self.at, Position::Training { .. });
        // Weights are mixed as an epoch starts: this one has started.
        let late = mid_epoch && disruption.kind == DisruptionKind::DecoderRewarm;
        let since = self.first_epoch_of_change() + u32::from(late);
        if since < cool {
            return Err(
                format!("the run cools down from a disruption until epoch {cool} begins").into(),
            );
        }
        let active = Active { disruption, since };
        self.disruptions.push(active);
        self.refresh();
        let from = if since == self.epoch {
            "the next batch".to_owned()
        } else {
            format!("epoch {since}")
        };
        Ok(format!(
            "from {from} to the end of epoch {}",
            active.end() - 1
        ))
    }

    fn set(&mut self, key: &str, value: &str, was: &mut Option<String>) -> Result<String, Refusal> {
        let Changed {
            config,
            from,
            was: before,
            idle,
        } = self.next.changed(key, value)?;
        if config != self.next {
            self.next = config;
            // Only the last value of a key counts: a slider pulled for hours leaves one line.
            let of_key = |edit: &String| edit.split_once('=').is_some_and(|(name, _)| name == key);
            self.edits.retain(|edit| !of_key(edit));
            self.edits.push(format!("{key}={value}"));
        }
        *was = Some(before);
        let since = self.first_epoch_of_change();
        let mid_epoch = matches!(self.at, Position::Training { .. });
        let mut told = if from == SafePoint::Epoch && mid_epoch {
            format!("from epoch {} on", since + 1)
        } else if mid_epoch {
            self.take(self.config.changed(key, value)?.config);
            self.refresh();
            "from the next batch on".to_owned()
        } else {
            format!("from epoch {since} on")
        };
        if let Some(beside) = idle {
            told.extend([", but without effect as long as ", beside]);
        }
        Ok(told)
    }

    /// Returns the epoch whose next training batch a change meets first.
    fn first_epoch_of_change(&self) -> u32 {
        match self.at {
            Position::Start | Position::Training { .. } => self.epoch,
            // This epoch has no training batch left: what it recorded must not change any more.
            Position::Validation { .. } | Position::Coverage { .. } | Position::Closing => {
                self.epoch + 1
            }
        }
    }

    fn take(&mut self, config: Config) {
        if config.stopping.figure() != self.config.stopping.figure() {
            self.bests.count_anew();
            self.stale = 0;
        }
        self.strategy.set_config(&config);
        self.schedule = Schedule::new(&config);
        self.config = config;
    }

    /// Takes changes into an epoch whose batches are being trained.
    fn refresh(&mut self) {
        if !matches!(self.at, Position::Training { .. }) {
            return;
        }
        let scheduled = self.disrupted(self.current.gate);
        self.current.scheduled = Some(scheduled);
        self.strategy
            .controller_mut()
            .change(&scheduled, self.current.statenet, &self.config);
    }

    /// Returns the scheduled values of the current epoch, with disruptions.
    fn disrupted(&self, gate: bool) -> Scheduled {
        let mut scheduled = self.schedule.at(self.epoch, gate);
        scheduled.learning_rate *= 0.5_f64.powf(f64::from(self.rolled_back));
        self.disruptions
            .iter()
            .fold(scheduled, |scheduled, active| {
                match active.elapsed(self.epoch) {
                    Some(t) => scheduled.disrupted(active.disruption, t),
                    None => scheduled,
                }
            })
    }

    /// Does the next training batch, validation batch or coverage tile, or ends the epoch.
    ///
    /// # Errors
    /// Fails with a [`StepError`]. Where it diverged, weights, optimizer and controller are as before the
    /// batch. After a device's failure the trainer is of no more use.
    pub fn advance(&mut self) -> Result<Advance, StepError> {
        let began = Instant::now();
        // `Start` stands in while the position is moved on; every arm puts a new one back.
        match std::mem::replace(&mut self.at, Position::Start) {
            Position::Start => {
                let shape = Ensemble::refused(&self.next)
                    .is_none()
                    .then(|| self.shape());
                if let Step::Waiting = self.strategy.begin_epoch(shape)? {
                    return Ok(Advance::Waiting);
                }
                self.begin_epoch()?;
                let order = self.sampler.order(&self.config, self.noise, self.epoch);
                self.train_batch(order, 0, began)
            }
            Position::Training { order, batch } => self.train_batch(order, batch, began),
            Position::Validation { batch, model } => {
                let advance = self.validate_batch(batch, model)?;
                self.current.seconds.validation += began.elapsed().as_secs_f64();
                Ok(advance)
            }
            Position::Coverage { mut pass, model } => {
                let last = pass.tile(&model, &self.device, self.dtype)?;
                if last {
                    self.current.information = pass.information();
                }
                self.current.seconds.coverage += began.elapsed().as_secs_f64();
                if last {
                    return Ok(Advance::Epoch(self.finish_epoch(Some(pass.finish()))?));
                }
                self.at = Position::Coverage { pass, model };
                Ok(Advance::Measured)
            }
            Position::Closing => Ok(Advance::Epoch(self.finish_epoch(None)?)),
        }
    }

    fn begin_epoch(&mut self) -> Result<(), StepError> {
        if self.next != self.config {
            self.take(self.next.clone());
        }
        let epoch = self.epoch;
        self.disruptions
            .retain(|active| epoch < active.end().max(active.cool()));
        // The gate of ρ uses the balance as the previous epoch left it.
        let gate = self.strategy.controller().balanced;
        let scheduled = self.disrupted(gate);
        self.strategy
            .controller_mut()
            .begin_epoch(&scheduled, &self.config, self.coverage);
        let coverage = self.counts_coverage().then(|| self.coverage_pass());
        self.current = Current {
            scheduled: Some(scheduled),
            gate,
            ahead: self.drawn_ahead(coverage.as_ref()),
            coverage: coverage.map(Box::new),
            ..Current::default()
        };
        if scheduled.fresh_share > 0.0 {
            self.rewarm(scheduled.fresh_share)?;
        }
        if let Some(factor) = self.sharpening() {
            self.strategy.learner_mut()?.scale_logits(factor)?;
        }
        Ok(())
    }

    /// Returns the factor by which logits grow in this epoch; `None` where they are not sharpened.
    fn sharpening(&self) -> Option<f64> {
        let total = self.config.total_epochs;
        let beyond = &self.config.beyond;
        let epochs = beyond
            .sharpening_epochs
            .map_or(total, |epochs| epochs.min(total));
        let factor = beyond.sharpening.filter(|_| self.epoch >= total - epochs)?;
        Some(factor.powf(f64::from(epochs).recip()))
    }

    fn rewarm(&mut self, share: f64) -> Result<(), StepError> {
        let fresh =
            Weights::fresh_in_epoch(Architecture::from(&self.config), self.noise, self.epoch);
        Ok(self.strategy.learner_mut()?.mix_decoders(&fresh, share)?)
    }

    fn scheduled(&self) -> Scheduled {
        self.current.scheduled.unwrap_or_else(|| {
            self.schedule
                .at(self.epoch, self.strategy.controller().balanced)
        })
    }

    fn train_batch(
        &mut self,
        order: Vec<u32>,
        batch: u32,
        began: Instant,
    ) -> Result<Advance, StepError> {
        let from = batch as usize * self.config.batch_size;
        let last = batch + 1 == self.batches();
        let trained = self.strategy.train(TrainTask {
            sampler: &self.sampler,
            config: &self.config,
            rows: &order[from..(from + self.config.batch_size).min(order.len())],
            key: BatchKey {
                key: self.noise,
                epoch: self.epoch,
                batch,
            },
            scheduled: self.scheduled(),
            ahead: &mut self.current.ahead,
            last,
            validates: !self.split.validation.is_empty(),
        })?;
        let Step::Done(report) = trained else {
            self.at = Position::Training { order, batch };
            self.current.seconds.train += began.elapsed().as_secs_f64();
            return Ok(Advance::Waiting);
        };
        self.current.train.add(&report.loss);
        self.current.statenet = report.statenet.or(self.current.statenet);
        self.at = if last {
            let model = Box::new(self.strategy.learner()?.inference_model());
            match self.split.validation.is_empty() {
                true => self.after_validation(model),
                false => Position::Validation { batch: 0, model },
            }
        } else {
            Position::Training {
                order,
                batch: batch + 1,
            }
        };
        self.current.seconds.train += began.elapsed().as_secs_f64();
        Ok(Advance::Batch(report))
    }

    /// Properties that runs must have in common to train the next epoch together.
    fn shape(&self) -> Shape {
        Shape {
            architecture: Architecture::from(&self.next),
            rows: self.sampler.rows(&self.next, self.epoch),
            batch_size: self.next.batch_size,
            validation: self.split.validation.len(),
        }
    }

    /// Joins a group, to train batches at once with those of its other members, where they can be.
    #[must_use]
    pub fn in_group(mut self, group: Option<GroupHandle>) -> Self {
        self.strategy.join(group);
        self
    }

    /// Goes on alone, from the next batch on. Returns the handle on the group, to join it again; once it is
    /// dropped, the others no longer wait for this run.
    ///
    /// # Errors
    /// Returns the device's failure to hand over the model that was trained with the others.
    pub fn leave_group(&mut self) -> Result<Option<GroupHandle>, DeviceFailure> {
        if self.strategy.is_batched() {
            // Noise that was drawn ahead for an epoch with others is not that of batches alone.
            self.current.ahead = None;
        }
        self.strategy.leave()
    }

    /// Returns the number of runs whose batches were last trained on at once, this one included; 1 when
    /// alone.
    pub fn at_once(&self) -> usize {
        self.strategy.at_once()
    }

    /// Has another core draw random numbers of the current epoch, in the order in which they are needed;
    /// `None` where it cannot, and always except in 32 bits.
    fn drawn_ahead(&self, coverage: Option<&CoveragePass>) -> Option<Ahead> {
        if self.dtype != DType::F32 {
            return None;
        }
        let (all, most) = (
            count32(self.sampler.rows(&self.config, self.epoch)),
            count32(self.config.batch_size),
        );
        // A member that trains with others brings its noise to them.
        let alone = if self.strategy.is_batched() {
            0
        } else {
            self.batches()
        };
        let noise = (0..alone).flat_map(|batch| {
            [Purpose::NoiseA, Purpose::NoiseB].map(|purpose| Rows {
                stream: Stream::new(self.noise, purpose, self.epoch, batch),
                rows: most.min(all - batch * most),
                columns: LATENT,
            })
        });
        let prior = coverage.into_iter().flat_map(CoveragePass::prior);
        draw_ahead(noise.chain(prior).collect())
    }

    fn validate_batch(&mut self, batch: u32, model: Box<DualVae>) -> Result<Advance, StepError> {
        let from = batch as usize * self.config.batch_size;
        let to = (from + self.config.batch_size).min(self.split.validation.len());
        let validated = self.strategy.validate(&EvalTask {
            operations: &self.split.validation[from..to],
            scheduled: self.scheduled(),
            last: to == self.split.validation.len(),
            model: &model,
            placement: (&self.device, self.dtype),
        })?;
        let Step::Done((loss, seen)) = validated else {
            self.at = Position::Validation { batch, model };
            return Ok(Advance::Waiting);
        };
        finite("the validation loss", loss.loss, &loss)?;
        self.current.validation.add(&loss);
        let operations = &self.split.validation[from..to];
        self.current.observed.add(operations, &seen);
        self.at = if to < self.split.validation.len() {
            Position::Validation {
                batch: batch + 1,
                model,
            }
        } else {
            self.after_validation(model)
        };
        Ok(Advance::Measured)
    }

    fn after_validation(&mut self, model: Box<DualVae>) -> Position {
        match self.current.coverage.take() {
            Some(mut pass) => {
                pass.take_from(self.current.ahead.take());
                Position::Coverage { pass, model }
            }
            None => Position::Closing,
        }
    }

    /// Returns true if coverage is counted in the current epoch: every so often, and in the last one.
    fn counts_coverage(&self) -> bool {
        self.epoch
            .is_multiple_of(self.config.coverage_check_interval)
            || self.epoch + 1 == self.config.total_epochs
    }

    fn samples(&self) -> Samples {
        let categorical = count32(self.config.eval_num_samples);
        Samples {
            categorical,
            argmax: ARGMAX_SAMPLES.min(categorical),
        }
    }

    fn coverage_pass(&self) -> CoveragePass {
        let pass = CoveragePass::new(self.samples(), self.noise, self.epoch);
        match self.informing() {
            Some(Informing::Counted) => pass.with_information(),
            _ => pass,
        }
    }

    fn finish_epoch(&mut self, counted: Option<PerVae<Covered>>) -> Result<EpochReport, StepError> {
        if !self.strategy.learner()?.weights()?.is_finite() {
            // The last batch's step: no loss has seen it where nothing is validated.
            return Err(StepError::Diverged {
                what: "a weight",
                value: f64::NAN,
                loss: self.current.train.terms().loss,
            });
        }
        let validation = self.current.validation.terms();
        let loss = if self.current.validation.is_empty() {
            self.current.train.terms().loss
        } else {
            validation.loss
        };
        let this_epoch = Best {
            epoch: self.epoch,
            validation_loss: loss,
        };
        let beaten = |best: Best| loss < best.validation_loss || best.validation_loss.is_nan();
        if self.best.is_none_or(beaten) {
            self.best = Some(this_epoch);
        }
        let informing = self.informing();
        if informing == Some(Informing::Own) {
            self.inform()?;
        }
        let counts = counted
            .as_ref()
            .map(|counted| counted.as_ref().map(|covered| covered.coverage));
        let judged = Judged {
            epoch: self.epoch,
            validation_loss: loss,
            coverage: counts.map_or(f64::NAN, |pair| {
                let unique = pair.a.argmax.unique + pair.b.argmax.unique;
                percent_of_all(0.5 * f64::from(unique))
            }),
            information: self.judged_information(),
        };
        let stopping = self.config.stopping;
        let gain = stopping.minimum_gain.unwrap_or(0.0);
        let was_out = self.stale >= self.config.patience;
        self.stale = match self.bests.judge(judged, stopping.figure(), gain) {
            true => 0,
            false => self.stale + 1,
        };
        // Unless somebody lets the run go on.
        let ends = self.epoch + 1 >= self.next.total_epochs || (self.out_of_patience() && !was_out);
        let measured = stopping.information_every.epochs().is_some();
        if ends && measured && informing != Some(Informing::Own) {
            self.inform()?;
        }
        self.bests.inform(self.epoch, self.judged_information());
        let unique = counts.map(|pair| [pair.a.categorical.unique, pair.b.categorical.unique]);
        self.coverage = unique.or(self.coverage);
        let record = self.record(counts, this_epoch);
        let covered = counted.map(|PerVae { a, b }| CoveredSets {
            epoch: self.epoch,
            counts,
            categorical: [a.categorical, b.categorical].into(),
            argmax: [a.argmax, b.argmax].into(),
        });
        self.epoch += 1;
        self.at = Position::Start;
        self.strategy.end_epoch()?;
        Ok(EpochReport {
            record: Arc::new(record),
            covered: covered.map(Arc::new),
        })
    }

    /// Returns the source of I(z; x) in the current epoch; `None` where it is not measured.
    fn informing(&self) -> Option<Informing> {
        let stopping = self.config.stopping;
        let every = stopping.information_every.epochs()?;
        if self.epoch + 1 == self.config.total_epochs {
            return Some(Informing::Own);
        }
        let interval = self.config.coverage_check_interval;
        let set = stopping.information_every != InformationEvery::Usual;
        let suffices =
            self.samples().categorical >= ENOUGH_COUNTED && every.is_multiple_of(interval);
        // What decides is measured on the same codes every time.
        if stopping.figure() == StopBy::Information || (set && !suffices) {
            return self.epoch.is_multiple_of(every).then_some(Informing::Own);
        }
        // In the first of every so many epochs in which coverage is counted.
        let before = self.epoch.checked_sub(interval);
        let due = before.is_none_or(|before| before / every < self.epoch / every);
        (due && self.counts_coverage()).then_some(Informing::Counted)
    }

    /// Measures I(z; x) on codes of its own.
    fn inform(&mut self) -> Result<(), StepError> {
        let evaluator = Evaluator::new(&self.strategy.learner()?.weights()?);
        self.current.information = prior_information(&evaluator, self.noise, INFORMATION_CODES)?;
        Ok(())
    }

    /// Returns I(z; x) by which the epoch is judged, mean of A and B. NaN where it is not known, or only
    /// measured as usual: no epoch is kept for a figure that nobody asked for.
    fn judged_information(&self) -> f64 {
        let stopping = self.config.stopping;
        match self.current.information {
            None => f64::NAN,
            // As version 0.1.0 did, so that runs stop where they did: always of equally many codes, it needs
            // no correction.
            Some(found) if stopping.figure() == StopBy::Information => {
                found.raw.map_or(f64::NAN, Pair::mean)
            }
            Some(_) if stopping.information_every == InformationEvery::Usual => f64::NAN,
            Some(Information { a, b, .. }) => Pair { a, b }.mean(),
        }
    }

    fn record(&self, coverage: Option<PerVae<Coverage>>, this_epoch: Best) -> EpochRecord {
        let scheduled = self.scheduled();
        let controller = self.strategy.controller();
        let [entropy_a, entropy_b] = self.current.train.entropies();
        EpochRecord {
            event: EventName::Epoch,
            epoch: self.epoch,
            phase: controller.phase,
            rho: scheduled.rho,
            beta_a: scheduled.beta_a,
            beta_b: scheduled.beta_b,
            latent_noise: scheduled.latent_noise,
            fresh_share: scheduled.fresh_share,
            temperature_a: scheduled.temperature_a,
            temperature_b: scheduled.temperature_b,
            lambda1: controller.lambda1,
            lambda2: controller.lambda2,
            lambda3: controller.lambda3,
            learning_rate: LearningRate {
                scheduled: scheduled.learning_rate,
                corrected: controller.learning_rate,
            },
            gradient: Gradient {
                norm_a: controller.gradient_emas[0],
                norm_b: controller.gradient_emas[1],
                ratio: controller.ratio,
                balanced: controller.balanced,
            },
            entropy_a,
            entropy_b,
            train: self.current.train.terms(),
            validation: self.current.validation.terms(),
            coverage,
            statenet: self.current.statenet,
            latent: self.current.observed.figures(),
            information: self.current.information,
            best: self.best.unwrap_or(this_epoch),
            best_coverage: self.bests.coverage,
            best_information: self.bests.information,
            seconds: self.current.seconds,
        }
    }

    /// Returns the model as it is, without autodiff, on [`placement`](Self::placement).
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn inference_model(&self) -> Result<DualVae, DeviceFailure> {
        Ok(self.strategy.learner()?.inference_model())
    }

    /// Returns device (without autodiff) and type of the inference model.
    pub fn placement(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }

    /// Reads the whole state back from the device.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn snapshot(&self) -> Result<Snapshot, DeviceFailure> {
        let learner = self.strategy.learner()?;
        Ok(Snapshot {
            weights: learner.weights()?,
            optimizer: learner.optimizer()?,
            state: TrainerState {
                epoch: self.epoch,
                batch: self.batch(),
                controller: self.strategy.controller().clone(),
                coverage: self.coverage,
                best: self.best,
                bests: self.bests,
                stale: self.stale,
                rolled_back: self.rolled_back,
                disruptions: self.disruptions.clone(),
                edits: self.edits.clone(),
            },
        })
    }
}
