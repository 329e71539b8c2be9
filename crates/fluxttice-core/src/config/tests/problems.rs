//! Everything that can be wrong with a text, with the line, the key and the words for it.

use super::{all, refused};

#[test]
fn texts_that_hold_no_keys() {
    let no_keys = "my.yaml: found no keys at all; expected a YAML mapping such as `seed: 42`";
    all(&[
        ("", no_keys),
        ("# only a comment\n\n", no_keys),
        ("---\n", no_keys),
        (
            "- 1\n- 2\n",
            "my.yaml: found a list of 2; expected a YAML mapping such as `seed: 42`",
        ),
        (
            "seed",
            "my.yaml: found the text \"seed\"; expected a YAML mapping such as `seed: 42`",
        ),
        (
            "seed: 1\n---\nseed: 2\n",
            "my.yaml: found more than one YAML document; expected one",
        ),
    ]);
}

#[test]
fn texts_that_are_not_yaml() {
    let tab = refused("model:\n\trho_min: 1\n", &[]);
    assert!(
        tab.starts_with("my.yaml:2:1: found text that is not YAML: a tab in the indentation"),
        "{tab}"
    );
    let quote = refused("seed: 1\ncheckpoint_dir: 'x\n", &[]);
    assert!(
        quote.starts_with("my.yaml:3:1: found text that is not YAML: "),
        "{quote}"
    );
    let escape = refused("seed: \u{1b}[31m\n", &[]);
    assert!(
        escape.contains("control characters") && !escape.contains('\u{1b}'),
        "{escape}"
    );
}

#[test]
fn repeated_keys() {
    all(&[
        (
            "seed: 1\nbatch_size: 8\nseed: 2\n",
            "my.yaml:3:1: seed: found the key a second time, first in line 1; expected it once",
        ),
        (
            "model:\n  rho_min: 0.1\n  rho_max: 0.5\n  rho_min: 0.2\n",
            "my.yaml:4:3: model.rho_min: found the key a second time, first in line 2; \
             expected it once",
        ),
    ]);
}

#[test]
fn unknown_keys() {
    all(&[
        (
            "seed: 1\nmodel:\n  rho_mni: 0.1\n",
            "my.yaml:3:3: model.rho_mni: unknown key; did you mean `model.rho_min`?",
        ),
        (
            "rho_min: 0.1\n",
            "my.yaml:1:1: rho_min: unknown key; did you mean `model.rho_min`?",
        ),
        (
            "controller:\n  kangaroo: 1\n",
            "my.yaml:2:3: controller.kangaroo: unknown key; expected one of temp_lag, \
             beta_phase_lag, entropy_ema_alpha, dH_dt_threshold",
        ),
        (
            "kangaroo: 1\n",
            "my.yaml:1:1: kangaroo: unknown key; expected a key that `config keys` lists, \
             nested below its section",
        ),
        (
            "model.rho_min: 0.1\n",
            "my.yaml:1:1: model.rho_min: unknown key; expected a key that `config keys` lists, \
             nested below its section",
        ),
        (
            "optimizer:\n  lr_schedule:\n  - epoch: 0\n    lr: 0.1\n    rl: 0.1\n",
            "my.yaml:5:5: optimizer.lr_schedule.0.rl: unknown key; expected one of epoch, lr",
        ),
        (
            "a: &a {rho_min: 0.1}\nmodel:\n  <<: *a\n",
            "my.yaml:1:1: a: unknown key; expected a key that `config keys` lists, nested below \
             its section\n\
             my.yaml:3:3: model.<<: unknown key; expected one of input_dim, latent_dim, rho_min, \
             rho_max, lambda3_base, lambda3_amplitude, eps_kl, gradient_balance, \
             adaptive_scheduling, use_statenet, statenet_lr_scale, statenet_lambda_scale, \
             written out: merge keys are not read",
        ),
    ]);
}

#[test]
fn wrong_types() {
    all(&[
        (
            "model:\n  rho_min: abc\n",
            "my.yaml:2:3: model.rho_min: found the text \"abc\"; expected a number, 0 to 1",
        ),
        (
            "\nbatch_size: 64.5\n",
            "my.yaml:2:1: batch_size: found 64.5; expected a whole number, 1 to 19683",
        ),
        (
            "total_epochs: -3\n",
            "my.yaml:1:1: total_epochs: found -3; expected a whole number, 1 to 1000000",
        ),
        (
            "total_epochs: 5000000000\n",
            "my.yaml:1:1: total_epochs: found 5000000000; expected a whole number, 1 to 1000000",
        ),
        (
            "batch_size: 64\nseed: 99999999999999999999999\n",
            "my.yaml:2:7: seed: found 99999999999999999999999; \
             expected a whole number, 0 to 2^64 - 1",
        ),
        (
            "seed: null\n",
            "my.yaml:1:1: seed: found nothing (null); expected a whole number, 0 to 2^64 - 1",
        ),
        (
            "vae_a:\n  temp_cyclic: yes\n",
            "my.yaml:2:3: vae_a.temp_cyclic: found the text \"yes\"; expected true or false",
        ),
        (
            "vae_b:\n  temp_phase4: [1]\n",
            "my.yaml:2:3: vae_b.temp_phase4: found a list of 1; \
             expected a number, above 0, or null",
        ),
        (
            "checkpoint_dir: 5\n",
            "my.yaml:1:1: checkpoint_dir: found 5; expected one line of text",
        ),
        (
            "optimizer:\n  type: sgd\n",
            "my.yaml:2:3: optimizer.type: found the text \"sgd\"; expected adamw",
        ),
        (
            "grad_clip: !half 3\n",
            "my.yaml:1:1: grad_clip: found a value tagged !half; expected a number, above 0",
        ),
    ]);
}

#[test]
fn sections_and_lists_of_the_wrong_shape() {
    let controller = "expected a section with the keys temp_lag, beta_phase_lag, \
                      entropy_ema_alpha, dH_dt_threshold";
    let entry = "expected a section with the keys epoch, lr";
    for (text, message) in [
        (
            "controller:\n",
            format!("my.yaml:1:1: controller: found nothing (null); {controller}"),
        ),
        // By position, the schema alone would take this.
        (
            "controller: [30, 1]\n",
            format!("my.yaml:1:1: controller: found a list of 2; {controller}"),
        ),
        (
            "optimizer:\n  lr_schedule:\n  - [0, 0.1]\n",
            format!("my.yaml:3:3: optimizer.lr_schedule.0: found a list of 2; {entry}"),
        ),
        (
            "optimizer:\n  lr_schedule:\n  - {epoch: 0, lr: 1}\n  - {epoch: 5}\n",
            format!(
                "my.yaml:4:3: optimizer.lr_schedule.1: found a section with the keys epoch; {entry}"
            ),
        ),
        (
            "optimizer:\n  lr_schedule: 0.1\n",
            "my.yaml:2:3: optimizer.lr_schedule: found 0.1; \
             expected a list of entries with the keys epoch, lr"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(text, &[]), message, "for {text:?}");
    }
}

#[test]
fn several_problems_come_together_in_the_order_of_the_text() {
    all(&[
        (
            "seed: x\nmodel:\n  rho_mni: 1\n  rho_max: y\nbatch_sise: 3\n",
            "my.yaml:1:1: seed: found the text \"x\"; expected a whole number, 0 to 2^64 - 1\n\
             my.yaml:3:3: model.rho_mni: unknown key; did you mean `model.rho_min`?\n\
             my.yaml:4:3: model.rho_max: found the text \"y\"; expected a number, 0 to 1\n\
             my.yaml:5:1: batch_sise: unknown key; did you mean `batch_size`?",
        ),
        (
            "patience: 0\ngrad_clip: -1\n",
            "my.yaml:1:1: patience: found 0; expected a whole number, 1 to 1000000\n\
             my.yaml:2:1: grad_clip: found -1.0; expected a number, above 0",
        ),
    ]);
}
