//! Values that are not possible, alone or together.

use super::{all, load};
use crate::config::{Config, ConfigError, SourceSpan};

#[test]
fn values_that_are_not_possible() {
    all(&[
        (
            "model:\n  rho_min: 1.5\n",
            "my.yaml:2:3: model.rho_min: found 1.5; expected a number, 0 to 1",
        ),
        (
            "model:\n  lambda3_base: .nan\n",
            "my.yaml:2:3: model.lambda3_base: found .nan; expected a number, finite in single precision",
        ),
        (
            "grad_clip: .inf\n",
            "my.yaml:1:1: grad_clip: found .inf; expected a number, above 0, finite in single precision",
        ),
        (
            "free_bits: 1e300\n",
            "my.yaml:1:1: free_bits: found 1e300; expected a number, at least 0, finite in single precision",
        ),
        (
            "model:\n  latent_dim: 32\n",
            "my.yaml:2:3: model.latent_dim: found 32; \
             expected 16, the only size that can be built so far",
        ),
        (
            "model:\n  input_dim: 4\n",
            "my.yaml:2:3: model.input_dim: found 4; \
             expected 9, the only size that can be built so far",
        ),
        (
            "batch_size: 19684\n",
            "my.yaml:1:1: batch_size: found 19684; expected a whole number, 1 to 19683",
        ),
        (
            "vae_b:\n  temp_phase4: 0\n",
            "my.yaml:2:3: vae_b.temp_phase4: found 0.0; expected a number, above 0, or null",
        ),
        (
            "train_split: 1.0\n",
            "my.yaml:1:1: train_split: found 1.0; expected a number, above 0, below 1",
        ),
        (
            "rules:\n  - when it rains then beta-b\n",
            "my.yaml:2:3: rules.0: found `when it rains then beta-b` is no rule; expected `when FIGURE gains less than X in N epochs \
             then DISRUPTION` or `when FIGURE above|below X for N epochs then DISRUPTION`",
        ),
        (
            "checkpoint_dir: \"a\\nb\"\n",
            "my.yaml:1:1: checkpoint_dir: found the text \"a\\nb\"; expected one line of text",
        ),
    ]);
}

#[test]
fn bounds_hold_at_their_ends() {
    for text in [
        "batch_size: 1",
        "batch_size: 19683",
        "total_epochs: 1",
        "total_epochs: 1000000",
        "patience: 1",
        "checkpoint_freq: 1",
        "eval_num_samples: 10000000",
        "free_bits: 0",
        "seed: 18446744073709551615",
        "model: {rho_min: 0, rho_max: 0}",
        "model: {rho_max: 1}",
        "vae_a: {temp_boost_amplitude: null}",
        "optimizer: {lr_schedule: [{epoch: 0, lr: 1}]}",
    ] {
        assert!(load(text, &[]).is_ok(), "{text}");
    }
    for text in [
        "batch_size: 0",
        "total_epochs: 0",
        "total_epochs: 1000001",
        "patience: 0",
        "checkpoint_freq: 0",
        "eval_num_samples: 0",
        "eval_num_samples: 10000001",
        "free_bits: -0.1",
        "grad_clip: 0",
        "optimizer: {weight_decay: -1}",
        "optimizer: {lr_schedule: [{epoch: 0, lr: 0}]}",
        "vae_a: {beta_start: -0.1}",
        "vae_a: {temp_end: 0}",
        "model: {rho_max: 1.1}",
        "val_split: 0",
    ] {
        let key = text.split(':').next().unwrap();
        let error = load(text, &[]).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{text}: {error}");
        assert!(error.problems()[0].key.starts_with(key), "{text}: {error}");
    }
}

#[test]
fn rules_between_keys() {
    all(&[
        (
            // rho_min is at its default: the key that was written is the one that is named.
            "seed: 1\nmodel:\n  rho_max: 0.05\n",
            "my.yaml:3:3: model.rho_max: found model.rho_min 0.1 above model.rho_max 0.05; \
             expected model.rho_min at most model.rho_max",
        ),
        (
            "val_split: 0.5\n",
            "my.yaml:1:1: val_split: found train_split 0.8 + val_split 0.5 + test_split 0.1 = 1.4; \
             expected a sum of 1",
        ),
        (
            "train_split: 0.89999\nval_split: 0.00001\n",
            "my.yaml:1:1: train_split: found 17714 operations to train on, 0 to validate on and \
             1969 held back; expected at least one of the 19683 in each share",
        ),
        (
            "optimizer: {lr_schedule: []}\n",
            "my.yaml:1:1: optimizer.lr_schedule: found an empty list; \
             expected at least one step, the first at epoch 0",
        ),
        (
            "optimizer:\n  lr_schedule:\n  - epoch: 5\n    lr: 0.1\n",
            "my.yaml:3:5: optimizer.lr_schedule.0.epoch: found 5; \
             expected 0: the table must say where the learning rate starts",
        ),
        (
            "optimizer:\n  lr_schedule:\n  - epoch: 0\n    lr: 0.1\n  - epoch: 0\n    lr: 0.1\n",
            "my.yaml:5:5: optimizer.lr_schedule.1.epoch: found epoch 0 after epoch 0; \
             expected epochs that ascend from step to step",
        ),
        (
            "phase_transitions:\n  entropy_expansion_end: 120\n",
            "my.yaml:2:3: phase_transitions.entropy_expansion_end: \
             found consolidation_end 120 with entropy_expansion_end 120; \
             expected consolidation_end above entropy_expansion_end",
        ),
        (
            "phase_transitions:\n  resonant_coupling_end: 200\n",
            "my.yaml:2:3: phase_transitions.resonant_coupling_end: \
             found ultra_exploration_start 250 with resonant_coupling_end 200; \
             expected the same epoch for both, as they name the same border",
        ),
    ]);
}

#[test]
fn a_filled_in_configuration_is_checked_too() {
    let mut config = Config::default();
    config.vae_a.temp_start = f64::NAN;
    config.batch_size = 0;
    let Err(ConfigError::Invalid(problems)) = config.validate() else {
        unreachable!("two values are impossible");
    };
    let keys: Vec<_> = problems.iter().map(|p| p.key.as_str()).collect();
    assert_eq!(keys, ["batch_size", "vae_a.temp_start"]);
    assert_eq!(problems[0].place, SourceSpan::Program);
}
