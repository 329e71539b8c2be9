//! `--set` on top of a file.

use super::{load, refused};
use crate::config::{BUILT_IN, Config};

#[test]
fn values_are_yaml_and_the_last_one_wins() {
    let config = load(
        "seed: 1\n",
        &[
            "seed=7",
            "model.rho_min = 0.2",
            "vae_b.temp_phase4=null",
            "vae_a.temp_cyclic=false",
            "seed=8",
            "checkpoint_dir=a=b",
        ],
    )
    .unwrap()
    .config;
    let mut expected = Config {
        seed: 8,
        ..Config::default()
    };
    expected.model.rho_min = 0.2;
    expected.vae_b.temp_phase4 = None;
    expected.vae_a.temp_cyclic = false;
    expected.checkpoint_dir = "a=b".to_owned();
    assert_eq!(config, expected);
}

#[test]
fn sections_are_merged_and_lists_replaced() {
    let config = load(
        "model: {rho_min: 0.2}\n",
        &[
            "model={rho_max: 0.5}",
            "optimizer.lr_schedule=[{epoch: 0, lr: 0.5}]",
        ],
    )
    .unwrap()
    .config;
    assert_eq!((config.model.rho_min, config.model.rho_max), (0.2, 0.5));
    assert_eq!(config.optimizer.lr_schedule.len(), 1);
}

#[test]
fn positions_reach_into_the_list_of_the_file_or_the_published_one() {
    for text in [BUILT_IN, "seed: 42\n"] {
        let set = [
            "optimizer.lr_schedule.0.lr=1e-4",
            "optimizer.lr_schedule.7={epoch: 360}",
        ];
        let config = load(text, &set).unwrap().config;
        let mut expected = Config::default();
        expected.optimizer.lr_schedule[0].lr = 1e-4;
        expected.optimizer.lr_schedule[7].epoch = 360;
        assert_eq!(config, expected);
    }
}

#[test]
fn what_is_wrong_is_told_with_the_override() {
    for (set, message) in [
        (
            "model.rho_mni=1",
            "model.rho_mni: unknown key; did you mean `model.rho_min`?",
        ),
        (
            "controller.x=1",
            "controller.x: unknown key; expected one of temp_lag, beta_phase_lag, \
             entropy_ema_alpha, dH_dt_threshold",
        ),
        (
            "seed",
            "found \"seed\" without `=`; expected KEY=VALUE, such as model.rho_min=0.2",
        ),
        (
            "=3",
            "found no key before `=`; expected KEY=VALUE, such as model.rho_min=0.2",
        ),
        (
            "model.rho_min=x",
            "model.rho_min: found the text \"x\"; expected a number, 0 to 1",
        ),
        (
            "model.rho_min=2",
            "model.rho_min: found 2.0; expected a number, 0 to 1",
        ),
        (
            "seed=",
            "seed: found nothing (null); expected a whole number, 0 to 2^64 - 1",
        ),
        (
            "seed=99999999999999999999999",
            "seed: found 99999999999999999999999; expected a whole number, 0 to 2^64 - 1",
        ),
        (
            "controller=3",
            "controller: found 3; expected a section with the keys temp_lag, beta_phase_lag, \
             entropy_ema_alpha, dH_dt_threshold",
        ),
        (
            "model={rho_mni: 1}",
            "model.rho_mni: unknown key; did you mean `model.rho_min`?",
        ),
        (
            "optimizer.lr_schedule.8.lr=1",
            "optimizer.lr_schedule.8.lr: found position 8; \
             expected a position below 8, the length of the list",
        ),
        (
            "optimizer.lr_schedule.N.lr=1",
            "optimizer.lr_schedule.N.lr: found position N; \
             expected a position below 8, the length of the list",
        ),
        (
            "optimizer.lr_schedule.1.epoch=0",
            "optimizer.lr_schedule.1.epoch: found epoch 0 after epoch 0; \
             expected epochs that ascend from step to step",
        ),
    ] {
        assert_eq!(refused(BUILT_IN, &[set]), format!("--set {set}: {message}"));
    }
    let broken = refused(BUILT_IN, &["seed=[1"]);
    assert!(
        broken.starts_with("--set seed=[1: seed: found text that is not YAML: "),
        "{broken}"
    );
}

#[test]
fn all_overrides_are_looked_at() {
    let message = refused(BUILT_IN, &["seed=x", "batch_size=8", "modle.rho_min=1"]);
    assert_eq!(
        message,
        "--set seed=x: seed: found the text \"x\"; expected a whole number, 0 to 2^64 - 1\n\
         --set modle.rho_min=1: modle.rho_min: unknown key; did you mean `model.rho_min`?"
    );
}

#[test]
fn an_override_may_repair_a_bound_but_not_a_type() {
    assert!(load("batch_size: 0\n", &["batch_size=8"]).is_ok());
    assert!(refused("batch_size: x\n", &["batch_size=8"]).starts_with("my.yaml:1:1: batch_size: "));
}

#[test]
fn blame_goes_to_the_override() {
    let message = refused(BUILT_IN, &["model.rho_max=0.05"]);
    assert!(
        message.starts_with("--set model.rho_max=0.05: model.rho_max: "),
        "{message}"
    );
}

#[test]
fn keys_without_effect_are_told_with_their_place() {
    let told: Vec<String> = load("min_delta: 0.1\n", &["vae_b.beta_end=0.7", "seed=3"])
        .unwrap()
        .ineffective
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "--set vae_b.beta_end=0.7: vae_b.beta_end has no effect: after its warm-up β_B \
             follows β_A, times abs(sin) of `controller.beta_phase_lag`",
            "my.yaml:1:1: min_delta has no effect: any lower validation loss counts as better",
        ]
    );
}

#[test]
fn keys_that_were_left_out_are_known() {
    let left_out = load("seed: 1\nvae_a: {temp_start: 1}\n", &["patience=5"])
        .unwrap()
        .defaulted;
    assert!(left_out.contains(&"vae_a.temp_boost_amplitude"));
    assert!(left_out.contains(&"optimizer.lr_schedule.N.lr"));
    assert!(!left_out.contains(&"vae_a.temp_start"));
    assert!(!left_out.contains(&"patience"));
    assert!(!left_out.contains(&"model.eps_kl"));
}
