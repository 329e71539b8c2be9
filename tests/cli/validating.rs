//! `validate`: it passes a model that learned, and no other.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;

use crate::program::{Home, Ran};

/// Verdicts of the tests that decide, by test and VAE.
fn deciding(ran: &Ran) -> BTreeMap<(String, String), String> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = ran.lines();
    let lines = lines.iter().filter(|line| line["group"] == "deciding");
    lines
        .map(|line| {
            let key = (text(line, "test"), text(line, "which"));
            (key, text(line, "verdict"))
        })
        .collect()
}

/// Verdicts of a test, A's and B's.
fn verdicts_of(ran: &Ran, test: &str) -> Vec<String> {
    let lines = ran.lines();
    let found = lines.iter().filter(|line| line["test"] == test);
    found
        .map(|line| line["verdict"].as_str().unwrap().to_owned())
        .collect()
}

/// Weights with the bytes of some tensors changed.
fn changed(weights: &[u8], change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(weights).unwrap();
    let bytes: Vec<(String, Vec<u8>)> = tensors
        .iter()
        .map(|(name, view)| {
            let mut bytes = view.data().to_vec();
            change(name, &mut bytes);
            (name.to_owned(), bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let old = tensors.tensor(name).unwrap();
        let view = TensorView::new(old.dtype(), old.shape().to_vec(), bytes).unwrap();
        (name.clone(), view)
    });
    safetensors::serialize(views, None).unwrap()
}

/// Validates weights that do not pass.
fn failed_deciding(home: &Home, weights: Vec<u8>) -> Ran {
    let file = home.file("odd.safetensors", weights);
    home.run(&format!("validate --json --checkpoint {}", file.display()))
        .exits(1)
}

const BUILT_IN: &[u8] = include_bytes!("../../assets/builtin/weights.safetensors");

#[test]
fn the_built_in_model_passes_every_deciding_test() {
    let home = Home::new();
    let ran = home.run("validate --json").exits(0);
    let verdicts = deciding(&ran);
    assert_eq!(verdicts.len(), 10);
    assert!(
        verdicts.values().all(|verdict| verdict == "passes"),
        "{verdicts:?}"
    );
    // The tests that the original took for generalization do not tell this model from
    // one that has learned nothing.
    for (test, expected) in [
        ("noise of 5 %", "does not discriminate"),
        ("reversal of the symbols", "does not discriminate"),
        ("any renaming of the symbols", "fails"),
        ("latent arithmetic", "does not discriminate"),
        // A copy of its noisy input: nothing is undone.
        ("input noise of 5 %", "does not discriminate"),
        ("input noise of 20 %", "fails"),
        ("phase synchrony", "does not discriminate"),
    ] {
        assert_eq!(verdicts_of(&ran, test), [expected, expected], "{test}");
    }
    // A's schedule is smooth without any training; B's jump is intended.
    assert_eq!(
        verdicts_of(&ran, "smooth β"),
        ["does not discriminate", "fails"]
    );
    // Some untrained decoder reaches the published 10 %.
    let hashed = verdicts_of(&ran, "hash-validated coverage");
    assert_eq!(hashed, ["passes", "does not discriminate"]);
}

#[test]
fn untrained_weights_fail_every_deciding_test() {
    let home = Home::new();
    let ran = home
        .run("validate --json --checkpoint untrained:7")
        .exits(1);
    let verdicts = deciding(&ran);
    assert!(
        verdicts.values().all(|verdict| verdict == "fails"),
        "{verdicts:?}"
    );
    // Nothing is known of a run.
    assert_eq!(verdicts_of(&ran, "smooth β"), ["not measured"; 2]);
}

#[test]
fn a_decoder_that_ignores_its_code_fails() {
    let home = Home::new();
    let deaf = changed(BUILT_IN, |name, bytes| {
        if ["decoder_A.decoder.0.weight", "decoder_B.fc_in.weight"].contains(&name) {
            bytes.fill(0);
        }
    });
    let ran = failed_deciding(&home, deaf);
    for ((test, _), verdict) in deciding(&ran) {
        // The encoders are as they were, and one who always says the same is certain of it.
        let expected = match test.as_str() {
            "latent activity" | "decode entropy" => "passes",
            _ => "fails",
        };
        assert_eq!(verdict, expected, "{test}");
    }
}

/// A model as if trained on other targets generates as well as before, and reconstructs
/// nothing that it is shown.
#[test]
fn a_model_of_other_targets_fails_by_reconstruction_alone() {
    let home = Home::new();
    let turned = changed(BUILT_IN, |name, bytes| {
        let last =
            name.starts_with("decoder_A.decoder.4.") || name.starts_with("decoder_B.fc_out.");
        if last {
            // Entry 0 is answered with what was entry 1's, and so on round.
            let entry = bytes.len() / 9;
            bytes.rotate_left(entry);
        }
    });
    let ran = failed_deciding(&home, turned);
    for ((test, _), verdict) in deciding(&ran) {
        let knows = test != "hold-out reconstruction";
        assert_eq!(verdict, if knows { "passes" } else { "fails" }, "{test}");
    }
}

#[test]
fn every_test_says_what_it_measures_and_where_its_bound_is_from() {
    let home = Home::new();
    let lines = home.run("validate --list --json").exits(0).lines();
    assert!(lines.len() >= 29);
    for line in &lines {
        for name in ["name", "definition", "baseline", "source"] {
            assert!(!line[name].as_str().unwrap().is_empty(), "{line}");
        }
    }
}
