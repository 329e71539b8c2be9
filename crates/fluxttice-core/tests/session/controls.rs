//! Every key that can be changed while a run goes on is changed, and shows in what comes next.

use burn::tensor::{DType, Device};

use fluxttice_core::config::{Config, KEYS, KeyInfo, live_keys};
use fluxttice_core::numbers::count32;
use fluxttice_core::record::{EpochRecord, Seconds};
use fluxttice_core::run::checkpoints;
use fluxttice_core::training::{Advance, Planned, Steer, Trainer};

use fluxttice_testing::session::{Watched, config, new_run};

/// The epoch before which everything is changed.
const CHANGED: u32 = 1;
/// Number of epochs: enough to reach phase 4.
const EPOCHS: u32 = 7;

/// All four phases and both warm-ups within a few epochs.
fn short() -> Config {
    config(&[
        "total_epochs=8",
        "vae_a.beta_warmup_epochs=2",
        "vae_b.beta_warmup_epochs=2",
        "controller.temp_lag=1",
        "phase_transitions.entropy_expansion_end=1",
        "phase_transitions.consolidation_end=3",
        "phase_transitions={resonant_coupling_end: 5, ultra_exploration_start: 5}",
        // Otherwise no KL would reach its floor, and no change of the floor would show.
        "free_bits=0.5",
        // Otherwise nothing would be generated, and no number of codes would show.
        "beyond.certainty=0.1",
        // Otherwise there would be nothing to blur, and nothing to spread over fewer epochs.
        "beyond.evenness=0.1",
        "beyond.sharpening=2",
    ])
}

fn records(mut trainer: Trainer, change: Option<(&str, &str)>) -> Vec<EpochRecord> {
    let mut records = Vec::new();
    while trainer.epoch() < EPOCHS {
        if let Some((key, value)) = change
            && (trainer.epoch(), trainer.batch()) == (CHANGED, 0)
        {
            let mut steer = Steer::set(key, value);
            trainer.steer(&mut steer).unwrap();
        }
        if let Advance::Epoch(report) = trainer.advance().unwrap() {
            records.push(report.record.as_ref().clone());
        }
    }
    records
}

fn trainer(config: &Config) -> Trainer {
    Trainer::new(config, &Device::flex(), DType::F32)
}

type Figure = fn(&EpochRecord) -> f64;

/// Key, another value, the figure that must move, and the epoch in which it must.
const CHANGES: &[(&str, &str, Figure, u32)] = &[
    ("model.rho_min", "0.2", |r| r.rho, 1),
    ("model.rho_max", "0.9", |r| r.rho, 5),
    ("model.lambda3_base", "0.5", |r| r.lambda3, 1),
    ("model.lambda3_amplitude", "0.3", |r| r.lambda3, 1),
    ("model.gradient_balance", "false", |r| r.train.loss, 1),
    (
        "model.adaptive_scheduling",
        "false",
        |r| r.gradient.norm_b,
        1,
    ),
    (
        "model.use_statenet",
        "false",
        |r| r.learning_rate.corrected,
        1,
    ),
    (
        "model.statenet_lr_scale",
        "0.9",
        |r| r.learning_rate.corrected,
        1,
    ),
    ("model.statenet_lambda_scale", "0.2", |r| r.lambda3, 1),
    ("total_epochs", "20", |r| r.temperature_a, 1),
    ("optimizer.weight_decay", "5.0", |r| r.train.loss, 1),
    (
        "optimizer.lr_schedule.1.epoch",
        "1",
        |r| r.learning_rate.scheduled,
        1,
    ),
    (
        "optimizer.lr_schedule.0.lr",
        "0.002",
        |r| r.learning_rate.scheduled,
        1,
    ),
    ("vae_a.beta_start", "1.0", |r| r.beta_a, 1),
    ("vae_a.beta_end", "2.0", |r| r.beta_a, 3),
    ("vae_a.beta_warmup_epochs", "4", |r| r.beta_a, 1),
    ("vae_a.temp_start", "1.5", |r| r.temperature_a, 1),
    ("vae_a.temp_end", "0.5", |r| r.temperature_a, 1),
    ("vae_a.temp_cyclic", "false", |r| r.temperature_a, 1),
    ("vae_a.temp_boost_amplitude", "null", |r| r.temperature_a, 5),
    ("vae_b.beta_start", "1.0", |r| r.beta_b, 1),
    ("vae_b.beta_warmup_epochs", "4", |r| r.beta_b, 2),
    ("vae_b.temp_start", "1.2", |r| r.temperature_b, 1),
    ("vae_b.temp_end", "0.5", |r| r.temperature_b, 2),
    ("vae_b.temp_phase4", "0.8", |r| r.temperature_b, 5),
    ("vae_b.entropy_weight", "0.5", |r| r.train.loss, 1),
    ("vae_b.repulsion_weight", "5.0", |r| r.train.loss, 1),
    ("free_bits", "2.0", |r| r.train.kl_a, 1),
    ("controller.temp_lag", "0", |r| r.temperature_b, 1),
    ("controller.beta_phase_lag", "1.5", |r| r.beta_b, 2),
    ("grad_clip", "0.01", |r| r.gradient.norm_a, 1),
    (
        "eval_num_samples",
        "1000",
        |r| r.coverage.unwrap().a.categorical.samples.into(),
        1,
    ),
    (
        "coverage_check_interval",
        "2",
        |r| f64::from(u8::from(r.coverage.is_some())),
        1,
    ),
    ("phase_transitions.entropy_expansion_end", "0", |r| r.rho, 1),
    ("phase_transitions.consolidation_end", "4", |r| r.rho, 2),
    ("beyond.align_spread", "true", |r| r.train.loss, 1),
    (
        "beyond.statenet_rate",
        "1.0",
        |r| r.statenet.unwrap().delta_lr,
        2,
    ),
    ("beyond.rename_share", "0.9", |r| r.train.loss, 1),
    ("beyond.flip_rate", "0.2", |r| r.train.loss, 1),
    ("beyond.consistency", "1.0", |r| r.train.penalty, 1),
    ("beyond.composition", "1.0", |r| r.train.penalty, 1),
    ("beyond.curriculum_epochs", "50", |r| r.train.loss, 1),
    ("beyond.certainty", "1.0", |r| r.train.penalty, 1),
    ("beyond.evenness", "1.0", |r| r.train.penalty, 1),
    ("beyond.blur", "0.5", |r| r.train.penalty, 1),
    (
        "beyond.smooth_rate",
        "true",
        |r| r.learning_rate.scheduled,
        1,
    ),
    ("beyond.sharpening", "4.0", |r| r.train.ce_a, 1),
    ("beyond.sharpening_epochs", "3", |r| r.train.ce_a, 1),
    ("beyond.prior_codes", "16", |r| r.train.penalty, 1),
    ("hold.rho", "0.42", |r| r.rho, 1),
    ("hold.beta_a", "0.42", |r| r.beta_a, 1),
    ("hold.beta_b", "0.42", |r| r.beta_b, 1),
    ("hold.temperature_a", "0.42", |r| r.temperature_a, 1),
    ("hold.temperature_b", "0.42", |r| r.temperature_b, 1),
    ("hold.lambda1", "0.42", |r| r.lambda1, 1),
    ("hold.lambda2", "0.42", |r| r.lambda2, 1),
    ("hold.lambda3", "0.42", |r| r.lambda3, 1),
    (
        "hold.learning_rate",
        "0.0042",
        |r| r.learning_rate.corrected,
        1,
    ),
];
/// Keys that show in what a run leaves behind and in when it ends; each has a test of
/// its own, below or in another file.
const ELSEWHERE: [&str; 7] = [
    "patience",
    "checkpoint_freq",
    "rules.N",
    "stopping.by",
    "stopping.minimum_gain",
    "stopping.information_every",
    "stopping.roll_back",
];

/// Settings made beforehand, each with a key that has no effect beside it, and another value of that key.
const IDLE: &[(&str, &str, &str)] = &[
    ("model.use_statenet=false", "model.statenet_lr_scale", "0.9"),
    (
        "model.use_statenet=false",
        "model.statenet_lambda_scale",
        "0.2",
    ),
    ("model.use_statenet=false", "beyond.statenet_rate", "1.0"),
    (
        "vae_a.temp_cyclic=false",
        "vae_a.temp_boost_amplitude",
        "2.0",
    ),
    ("vae_b.beta_warmup_epochs=1", "vae_b.beta_start", "1.0"),
    ("vae_b.beta_warmup_epochs=0", "vae_b.beta_start", "1.0"),
    ("hold.rho=0.2", "model.rho_min", "0.4"),
    ("hold.rho=0.2", "model.rho_max", "0.9"),
    ("hold.beta_a=0.2", "vae_a.beta_start", "1.0"),
    ("hold.beta_a=0.2", "vae_a.beta_end", "2.0"),
    ("hold.beta_a=0.2", "vae_a.beta_warmup_epochs", "4"),
    ("hold.beta_b=0.2", "vae_b.beta_start", "1.0"),
    ("hold.beta_b=0.2", "vae_b.beta_warmup_epochs", "4"),
    ("hold.beta_b=0.2", "controller.beta_phase_lag", "1.5"),
    ("hold.temperature_a=0.5", "vae_a.temp_start", "1.5"),
    ("hold.temperature_a=0.5", "vae_a.temp_end", "0.5"),
    ("hold.temperature_a=0.5", "vae_a.temp_cyclic", "false"),
    (
        "hold.temperature_a=0.5",
        "vae_a.temp_boost_amplitude",
        "2.0",
    ),
    ("hold.temperature_b=0.5", "vae_b.temp_start", "1.2"),
    ("hold.temperature_b=0.5", "vae_b.temp_end", "0.5"),
    ("hold.temperature_b=0.5", "vae_b.temp_phase4", "0.8"),
    ("hold.temperature_b=0.5", "controller.temp_lag", "0"),
    (
        "hold={lambda1: 0.6, lambda2: 0.6, lambda3: 0.3}",
        "model.statenet_lambda_scale",
        "0.2",
    ),
    ("hold.lambda3=0.3", "model.lambda3_base", "0.5"),
    ("hold.lambda3=0.3", "model.lambda3_amplitude", "0.3"),
    ("hold.learning_rate=0.001", "model.statenet_lr_scale", "0.9"),
    (
        "hold.learning_rate=0.001",
        "optimizer.lr_schedule.0.lr",
        "0.002",
    ),
    (
        "hold.learning_rate=0.001",
        "optimizer.lr_schedule.1.epoch",
        "1",
    ),
    ("hold.learning_rate=0.001", "beyond.smooth_rate", "true"),
    (
        "optimizer.lr_schedule=[{epoch: 0, lr: 0.001}]",
        "beyond.smooth_rate",
        "true",
    ),
    ("patience=8", "stopping.by", "argmax_coverage"),
    ("patience=8", "stopping.minimum_gain", "50"),
    ("beyond.evenness=0", "beyond.blur", "0.5"),
    (
        "beyond={evenness: 0, certainty: 0}",
        "beyond.prior_codes",
        "16",
    ),
    ("beyond.sharpening=1", "beyond.sharpening_epochs", "3"),
];

#[test]
fn what_is_said_to_have_no_effect_beside_other_values_changes_no_figure() {
    let listed = |key: &str| key.replace(".0.", ".N.").replace(".1.", ".N.");
    let mut tested: Vec<String> = IDLE.iter().map(|(_, key, _)| listed(key)).collect();
    let beside = |info: &'static KeyInfo| info.idle_beside().map(|_| info.key.to_owned());
    // A trainer by itself obeys no rules.
    let keys = KEYS.iter().filter(|info| info.key != "rules.N");
    let mut all: Vec<String> = keys.flat_map(beside).collect();
    tested.sort();
    all.sort();
    tested.dedup();
    all.dedup();
    assert_eq!(tested, all);

    let figures = |trainer, change| -> Vec<EpochRecord> {
        let untimed = |record| EpochRecord {
            seconds: Seconds::default(),
            ..record
        };
        records(trainer, change).into_iter().map(untimed).collect()
    };
    let mut plain: (&str, Vec<EpochRecord>) = ("", Vec::new());
    for (set, key, value) in IDLE {
        let config = short().with(&[(*set).to_owned()]).unwrap();
        let mut steer = Steer::set(*key, *value);
        let told = trainer(&config).steer(&mut steer).unwrap();
        assert!(
            told.contains("without effect as long as"),
            "{set} {key}: {told}"
        );
        // Those beside the same values stand together.
        if plain.0 != *set {
            plain = (set, figures(trainer(&config), None));
        }
        let changed = figures(trainer(&config), Some((key, value)));
        assert!(plain.1 == changed, "{key} beside {set}");
    }
}

#[test]
fn every_control_shows_its_effect_and_none_before_its_time() {
    let placed = |key: &str| key.replace(".0.", ".N.").replace(".1.", ".N.");
    let mut tested: Vec<String> = CHANGES.iter().map(|change| placed(change.0)).collect();
    tested.extend(ELSEWHERE.map(str::to_owned));
    tested.sort();
    let mut all: Vec<String> = live_keys().map(|info| info.key.to_owned()).collect();
    all.sort();
    assert_eq!(tested, all);

    let config = short();
    let plain = records(trainer(&config), None);
    for (key, value, figure, epoch) in CHANGES {
        let changed = records(trainer(&config), Some((key, value)));
        let at = |records: &[EpochRecord], epoch: u32| figure(&records[epoch as usize]);
        for before in 0..CHANGED {
            assert_eq!(
                at(&changed, before),
                at(&plain, before),
                "{key} before its time"
            );
        }
        let (now, usual) = (at(&changed, *epoch), at(&plain, *epoch));
        assert_ne!(
            now, usual,
            "{key} = {value} shows no effect in epoch {epoch}"
        );
        if key.starts_with("hold.") {
            let held = value.parse::<f64>().unwrap();
            for epoch in CHANGED..EPOCHS {
                assert_eq!(at(&changed, epoch), held, "{key} moved in epoch {epoch}");
            }
        }
    }
}

#[test]
fn what_is_held_takes_effect_with_the_next_batch_and_lets_go_again() {
    let mut trainer = trainer(&short());
    for _ in 0..3 {
        trainer.advance().unwrap();
    }
    let told = trainer.steer(&mut Steer::set("hold.rho", "0.5")).unwrap();
    assert_eq!(told, "from the next batch on");
    let told = trainer
        .steer(&mut Steer::set("model.rho_min", "0.3"))
        .unwrap();
    assert_eq!(
        told,
        "from epoch 1 on, but without effect as long as `hold.rho` is set"
    );
    let mut rho = Vec::new();
    while rho.len() < 3 {
        if rho.len() == 1 && trainer.batch() == 2 {
            trainer.steer(&mut Steer::set("hold.rho", "null")).unwrap();
        }
        if let Advance::Epoch(report) = trainer.advance().unwrap() {
            rho.push(report.record.rho);
        }
    }
    assert_eq!(rho[..2], [0.5, 0.3]);
}

#[test]
fn patience_can_be_lost_while_training() {
    let mut trainer = trainer(&short());
    let mut best: Vec<u32> = Vec::new();
    trainer
        .steer(&mut Steer::set("total_epochs", "100"))
        .unwrap();
    trainer.steer(&mut Steer::set("patience", "2")).unwrap();
    while !trainer.out_of_patience() {
        assert!(best.len() < 100, "the loss never stopped getting better");
        if let Advance::Epoch(report) = trainer.advance().unwrap() {
            best.push(report.record.best.epoch);
        }
    }
    let last = count32(best.len()) - 1;
    assert_eq!(last - best.last().unwrap(), 2);
}

#[test]
fn checkpoints_are_kept_as_often_as_was_asked_for_last() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let mut plan = new_run(&folder, &config(&["checkpoint_freq=100"]), Some(7));
    plan.planned = vec![Planned {
        epoch: 3,
        batch: 0,
        steer: Steer::set("checkpoint_freq", "2"),
    }];
    Watched::train(plan).ended();
    let kept = checkpoints(&folder);
    assert!(
        kept.contains(&0) && kept.contains(&4) && kept.contains(&6),
        "{kept:?}"
    );
    let best = fluxttice_core::run::read_metrics(&folder).unwrap()[6]
        .best
        .epoch;
    assert!(!kept.contains(&1) || best == 1, "{kept:?}");
}

#[test]
fn a_run_is_judged_by_the_figure_it_is_told_and_by_no_smaller_gain() {
    let mut trainer = trainer(&short());
    for (key, value) in [
        ("total_epochs", "100"),
        ("patience", "3"),
        ("stopping.by", "argmax_coverage"),
        // More than there is to gain: nothing counts after the first epoch.
        ("stopping.minimum_gain", "100"),
    ] {
        trainer.steer(&mut Steer::set(key, value)).unwrap();
    }
    let mut epochs = 0;
    while !trainer.out_of_patience() {
        assert!(epochs < 20);
        if let Advance::Epoch(_) = trainer.advance().unwrap() {
            epochs += 1;
        }
    }
    assert_eq!(epochs, 4);
    // Another figure begins to count anew.
    trainer
        .steer(&mut Steer::set("stopping.by", "null"))
        .unwrap();
    trainer
        .steer(&mut Steer::set("stopping.minimum_gain", "null"))
        .unwrap();
    trainer.advance().unwrap();
    assert!(!trainer.out_of_patience());
}

#[test]
fn information_is_measured_as_often_as_asked_and_its_best_epoch_is_kept() {
    let mut trainer = trainer(&short());
    trainer
        .steer(&mut Steer::set("stopping.information_every", "null"))
        .unwrap();
    let refused = trainer.steer(&mut Steer::set("stopping.by", "information"));
    assert!(refused.is_err(), "it is not measured");
    trainer
        .steer(&mut Steer::set("stopping.information_every", "2"))
        .unwrap();
    trainer
        .steer(&mut Steer::set("stopping.by", "information"))
        .unwrap();
    let mut measured = Vec::new();
    while measured.len() < 3 {
        if let Advance::Epoch(report) = trainer.advance().unwrap() {
            let record = &report.record;
            measured.push(record.information);
            let best = record.best_information.unwrap();
            assert!(best.epoch % 2 == 0 && best.value > 0.0, "{best:?}");
        }
    }
    let there: Vec<bool> = measured.iter().map(Option::is_some).collect();
    assert_eq!(there, [true, false, true]);
    let first = measured[0].unwrap();
    assert!(
        first.codes == 400_000 && first.a < 9.8875 && first.b < 9.8875,
        "{first:?}"
    );
}

/// A run of few operations to its end: its records and its weights.
fn run_out(changes: &[&str]) -> (Vec<EpochRecord>, String) {
    let always = [
        "train_split=0.02",
        "val_split=0.01",
        "test_split=0.97",
        "total_epochs=14",
    ];
    let overrides: Vec<&str> = always.iter().chain(changes).copied().collect();
    let mut trainer = trainer(&config(&overrides));
    let mut records = Vec::new();
    while trainer.epoch() < 14 && !trainer.out_of_patience() {
        if let Advance::Epoch(report) = trainer.advance().unwrap() {
            records.push((*report.record).clone());
        }
    }
    (
        records,
        trainer.snapshot().unwrap().weights.digest().unwrap(),
    )
}

#[test]
fn a_key_that_is_set_to_what_holds_stays_unset_also_after_a_resume() {
    let config = short();
    let mut trainer = trainer(&config);
    trainer
        .steer(&mut Steer::set("stopping.information_every", "10"))
        .unwrap();
    while !matches!(trainer.advance().unwrap(), Advance::Epoch(_)) {}
    let snapshot = trainer.snapshot().unwrap();
    assert!(
        snapshot.state.edits.is_empty(),
        "{:?}",
        snapshot.state.edits
    );
}

/// Epochs in which I(z; x) was measured, with the codes it was measured on.
fn informed(records: &[EpochRecord]) -> Vec<(u32, u32)> {
    let codes = |record: &EpochRecord| Some((record.epoch, record.information?.codes));
    records.iter().filter_map(codes).collect()
}

#[test]
fn information_is_measured_every_ten_epochs_and_at_the_end_where_nobody_asks() {
    let few = "eval_num_samples=2000";
    let (records, weights) = run_out(&[few]);
    assert_eq!(informed(&records), [(0, 2_000), (10, 2_000), (13, 400_000)]);
    let last = records[13].information.unwrap();
    let [errors, raw] = [last.standard_error, last.raw].map(Option::unwrap);
    assert!(
        last.a > raw.a && last.b > raw.b,
        "{last:?} is corrected upwards"
    );
    assert_eq!(records[13].best_information, None, "nobody asked for it");
    assert!(
        errors.a > 0.0 && errors.a < 0.01 && errors.b < 0.01,
        "{last:?}"
    );
    // Nothing but what is measured depends on it.
    let (silent, same) = run_out(&[few, "stopping.information_every=null"]);
    assert_eq!((informed(&silent).len(), same), (0, weights));
    let unmeasured = |record: &EpochRecord| EpochRecord {
        information: None,
        best_information: None,
        seconds: Seconds::default(),
        ..record.clone()
    };
    let strip = |all: &[EpochRecord]| all.iter().map(unmeasured).collect::<Vec<_>>();
    assert_eq!(strip(&records), strip(&silent));
    // In the first count of coverage of each ten epochs; where a run ends early, its end.
    let (records, _) = run_out(&[few, "coverage_check_interval=4"]);
    assert_eq!(informed(&records), [(0, 2_000), (12, 2_000), (13, 400_000)]);
    let ends = ["stopping.minimum_gain=1000", "patience=3"];
    let (records, _) = run_out(&[[few].as_slice(), ends.as_slice()].concat());
    assert_eq!(informed(&records), [(0, 2_000), (3, 400_000)]);
    // Also where somebody lowers the end while it trains.
    for lowered in [("patience", "3"), ("total_epochs", "6")] {
        let config = config(&[
            "eval_num_samples=2000",
            "stopping.minimum_gain=1000",
            "train_split=0.02",
            "val_split=0.01",
            "test_split=0.97",
        ]);
        let mut trainer = trainer(&config);
        let mut records = Vec::new();
        while trainer.epoch() < 6 {
            let report = trainer.advance().unwrap();
            if trainer.epoch() == 5 && matches!(report, Advance::Batch(_)) {
                trainer
                    .steer(&mut Steer::set(lowered.0, lowered.1))
                    .unwrap();
            }
            if let Advance::Epoch(report) = report {
                records.push((*report.record).clone());
            }
        }
        assert_eq!(
            informed(&records),
            [(0, 2_000), (5, 400_000)],
            "{lowered:?}"
        );
    }
    // A number that somebody sets is kept to, on codes that suffice.
    let (records, _) = run_out(&[few, "stopping.information_every=6"]);
    let enough = [0, 6, 12, 13].map(|epoch| (epoch, 400_000));
    assert_eq!(informed(&records), enough);
}

#[test]
fn the_best_epoch_by_coverage_can_be_gone_back_to() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    Watched::train(new_run(&folder, &config(&["checkpoint_freq=100"]), Some(6))).ended();
    let records = fluxttice_core::run::read_metrics(&folder).unwrap();
    let best = records[5].best_coverage.unwrap();
    let mean = |record: &EpochRecord| {
        let pair = record.coverage.unwrap();
        pair.a.argmax.unique + pair.b.argmax.unique
    };
    let most = records.iter().map(mean).max().unwrap();
    assert_eq!(mean(&records[best.epoch as usize]), most);
    let finished = fluxttice_core::run::finished_epochs(&folder, "best-coverage").unwrap();
    assert_eq!(finished, best.epoch + 1);
}

#[test]
fn coverage_is_counted_every_so_often_and_at_the_end() {
    let counted = |every: u32| -> Vec<EpochRecord> {
        let every = format!("coverage_check_interval={every}");
        let config = config(&["total_epochs=6", &every]);
        let mut trainer = trainer(&config);
        let mut records = Vec::new();
        while trainer.epoch() < 6 {
            if let Advance::Epoch(report) = trainer.advance().unwrap() {
                assert_eq!(report.covered.is_some(), report.record.coverage.is_some());
                records.push(report.record.as_ref().clone());
            }
        }
        records
    };
    let (all, some) = (counted(1), counted(4));
    let epochs: Vec<u32> = (0..)
        .zip(&some)
        .filter(|(_, record)| record.coverage.is_some())
        .map(|(epoch, _)| epoch)
        .collect();
    assert_eq!(epochs, [0, 4, 5]);
    // The count itself is the same: its codes depend on the epoch, not on how often is counted.
    assert_eq!(some[0].coverage, all[0].coverage);
    // The best checkpoint by coverage is the best of the epochs that were counted.
    let best = some[5].best_coverage.unwrap();
    assert!([0, 4, 5].contains(&best.epoch));
    assert!(all.iter().all(|record| record.coverage.is_some()));
}
