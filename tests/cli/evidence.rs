//! Certificates from the command line: `certify`, `verify`, `keygen`.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::program::{Home, Ran};

/// The names of the checks that failed, from `verify --json`.
fn failed(ran: &Ran) -> Vec<String> {
    let verdict: Value = serde_json::from_str(&ran.stdout).unwrap();
    let checks = verdict["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["ok"] == false);
    failed
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_built_in_models_certificate_holds_in_another_home_and_its_forgery_does_not() {
    let maker = Home::new();
    let keys = maker.path("me").display().to_string();
    maker.run(&format!("keygen --out {keys}")).exits(0);
    let folder = maker.path("evidence");
    let out = folder.display().to_string();
    let made = maker.run(&format!("certify --out {out} --sign {keys}.key.pem --json"));
    let made: Value = serde_json::from_str(&made.exits(0).stdout).unwrap();
    assert_eq!(made["checks"]["failed"].as_array().unwrap().len(), 0);
    assert!(made["figures"].as_array().unwrap().len() > 150);
    assert!(made["validation"].as_array().unwrap().len() >= 58);
    if let Ok(sums) = Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(&folder)
        .output()
    {
        assert!(sums.status.success(), "sha256sum: {sums:?}");
    }
    // Never overwritten.
    maker
        .run(&format!("certify --out {out}"))
        .exits(3)
        .says_only(&["evidence", "not overwritten"]);

    // The folder alone, somewhere else.
    let stranger = Home::new();
    let copy = stranger.path("copy");
    fs::rename(&folder, &copy).unwrap();
    let copy = copy.display().to_string();
    let key = format!("{keys}.pub.pem");
    let held = stranger
        .run(&format!("verify {copy} --key {key} --json"))
        .exits(0);
    assert_eq!(failed(&held), [] as [&str; 0]);
    let verdict: Value = serde_json::from_str(&held.stdout).unwrap();
    assert_eq!(verdict["ok"], true);
    assert!(verdict["signature"].as_str().unwrap().contains("good"));

    // One digit of one figure, and verdicts that are nicer than what was found.
    let path = stranger.path("copy").join("certificate.json");
    let text = fs::read_to_string(&path).unwrap();
    let forged = text.replacen("18030.0", "18039.0", 1);
    assert_ne!(text, forged);
    let forged = forged.replace("does_not_discriminate", "passes");
    fs::write(&path, forged).unwrap();
    let caught = stranger
        .run(&format!("verify {copy} --key {key} --json"))
        .exits(1);
    let names = failed(&caught);
    for expected in [
        "SHA256SUMS: certificate.json",
        "certificate.dsse.json: payload",
        "certificate.md: content",
        "argmax coverage of A (N = 50000)",
        "validation: reversal of the symbols of A",
    ] {
        assert!(
            names.iter().any(|name| name == expected),
            "{expected}: {names:?}"
        );
    }
    let told = stranger.run(&format!("verify {copy} --sums-only")).exits(1);
    assert!(
        told.stdout
            .contains("differs: SHA256SUMS: certificate.json"),
        "{}",
        told.stdout
    );
}

#[test]
fn a_model_that_learned_nothing_gets_no_certificate() {
    let home = Home::new();
    home.train(
        "run",
        "--epochs 1 --set optimizer.lr_start=1e-6 --set optimizer.lr_schedule=[{\"epoch\":0,\"lr\":1e-6}]",
    )
    .exits(0);
    let run = home.path("run").display().to_string();
    let out = home.path("evidence").display().to_string();
    let refused = home
        .run(&format!("certify --checkpoint {run} --out {out}"))
        .exits(1);
    for words in [
        "mutual information of A",
        "mutual information of B",
        "untrained",
    ] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert!(!home.path("evidence").exists());
}

#[test]
fn what_cannot_be_certified_or_verified_says_why() {
    let home = Home::new();
    let weights = home.path("weights.safetensors");
    fs::copy("assets/published/weights.safetensors", &weights).unwrap();
    let out = home.path("evidence").display().to_string();
    let weights = weights.display();
    let refused = home.run(&format!("certify --checkpoint {weights} --out {out}"));
    assert!(refused.exits(1).stderr.contains("training history"));
    let none = home.path("none").display().to_string();
    home.run(&format!("verify {none}"))
        .exits(3)
        .says_only(&["none", "certificate"]);
    let broken = home.path("broken");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("certificate.json"), "{").unwrap();
    let broken = broken.display().to_string();
    let verdict = home.run(&format!("verify {broken} --json")).exits(1);
    assert!(failed(&verdict).contains(&"certificate.json".to_owned()));
    let key = home.file("no.pem", "not a key").display().to_string();
    home.run(&format!("verify {broken} --key {key}"))
        .exits(3)
        .says_only(&["no.pem", "expected an Ed25519 public key"]);
    home.run(&format!("certify --out {out} --sign {key}"))
        .exits(3)
        .says_only(&["no.pem", "expected an Ed25519 private key"]);
}

#[test]
fn the_built_in_model_comes_with_a_certificate_that_holds() {
    let home = Home::new();
    let held = home.run("verify assets/builtin").exits(0);
    assert!(held.stdout.starts_with("holds: "), "{}", held.stdout);
    let certified = fs::read("assets/builtin/weights.safetensors").unwrap();
    assert!(certified == fluxttice_core::run::BUILT_IN_WEIGHTS);
}
