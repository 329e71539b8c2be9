//! The examples do what they say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

/// Runs an example, which `cargo test` has built beside the tests; returns what it printed.
fn example(name: &str, arguments: &[&str]) -> String {
    let this = std::env::current_exe().unwrap();
    let built: PathBuf = this.ancestors().nth(2).unwrap().join("examples").join(name);
    let built = built.with_extension(std::env::consts::EXE_EXTENSION);
    let ran = Command::new(&built).args(arguments).output();
    let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    let (told, problem) = (String::from_utf8(ran.stdout), String::from_utf8(ran.stderr));
    assert!(ran.status.success(), "{name}: {}", problem.unwrap());
    told.unwrap()
}

#[test]
fn basic_training_tells_each_epoch_with_its_ceiling() {
    let told = example("basic_training", &["2", "0.02"]);
    assert_eq!(told.lines().count(), 2);
    assert!(
        told.contains("epoch 1: loss") && told.contains("a uniform generator 18131"),
        "{told}"
    );
}

#[test]
fn coverage_analysis_tells_trained_from_untrained() {
    let told = example("coverage_analysis", &["2000"]);
    let words = [
        "built-in model, seed 0",
        "untrained",
        "distinct of 2000",
        "decode entropy",
    ];
    assert!(words.iter().all(|word| told.contains(word)), "{told}");
}

#[test]
fn latent_view_decodes_and_lists() {
    let told = example("latent_view", &["min + max - product"]);
    let words = ["A decodes", "distance", "chance 0.1 %", "of the variance"];
    assert!(words.iter().all(|word| told.contains(word)), "{told}");
    assert!(example("latent_view", &["min"]).contains("lukasiewicz_and"));
}

#[test]
fn transfer_learning_goes_on_with_what_was_changed() {
    let home = tempfile::tempdir().unwrap();
    let told = example(
        "transfer_learning",
        &[home.path().to_str().unwrap(), "2", "2"],
    );
    assert!(
        told.contains("epoch 3: learning rate 2.0e-4, β_B 0.50"),
        "{told}"
    );
}
