//! The configuration of our own teaches what it is for, and soon.

use burn::tensor::{DType, Device};

use fluxttice_core::config::{Config, Source};
use fluxttice_core::model::Weights;
use fluxttice_core::run::read_metrics;
use fluxttice_core::training::{Advance, Trainer};

use fluxttice_testing::session::{Watched, config, new_run};

/// I(z; x) of A and B after nine epochs of a built-in configuration with changes.
fn information(name: &str, changes: &[&str]) -> [f64; 2] {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let always = ["stopping.information_every=8", "eval_num_samples=2000"];
    let overrides: Vec<String> = always
        .iter()
        .chain(changes)
        .map(|set| (*set).to_owned())
        .collect();
    let config = Config::load(Source::at(name.into()), &overrides).unwrap();
    Watched::train(new_run(&folder, &config.config, Some(9))).ended();
    let last = read_metrics(&folder).unwrap()[8].information.unwrap();
    [last.a, last.b]
}

#[test]
fn its_terms_make_codes_that_name_operations_within_a_few_epochs() {
    let [own_a, own_b] = information("fluxttice", &["beyond.prior_codes=512"]);
    let without = ["beyond.certainty=null", "beyond.evenness=null"];
    let [plain_a, plain_b] = information("fluxttice", &without);
    assert!(own_a > plain_a + 0.5, "A {own_a}, without {plain_a}");
    assert!(own_b > plain_b + 1.0, "B {own_b}, without {plain_b}");
    assert!(own_b > 8.0, "{own_b}");
}

#[test]
fn logits_grow_by_the_whole_factor_in_the_last_epochs_and_not_before() {
    let overrides = [
        "total_epochs=3",
        "eval_num_samples=2000",
        "beyond.sharpening=16",
        "beyond.sharpening_epochs=2",
        // Too small a step to change any weight, and nobody to correct it.
        "hold.learning_rate=1e-30",
        "model.use_statenet=false",
    ];
    let mut trainer = Trainer::new(&config(&overrides), &Device::flex(), DType::F32);
    let weights = |trainer: &Trainer| Weights {
        gradient_emas: [1.0; 2],
        ..trainer.snapshot().unwrap().weights
    };
    let start = weights(&trainer);
    for factor in [1.0, 4.0, 16.0] {
        while !matches!(trainer.advance().unwrap(), Advance::Epoch(_)) {}
        assert_eq!(
            weights(&trainer),
            start.clone().with_logits_scaled(factor),
            "{factor}"
        );
    }
}
