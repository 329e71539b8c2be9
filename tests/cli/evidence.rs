//! Certificates from the command line: `certify`, `verify`, `keygen`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

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
    assert_eq!(
        (&verdict["ok"], &verdict["verdict"]),
        (&json!(true), &json!("valid"))
    );
    assert_eq!(verdict["counts"]["failed"], 0);
    assert_eq!(verdict["not_checked"], json!([]));
    let id = verdict["signed_by"].as_str().unwrap();
    let told = stranger
        .run(&format!("verify {copy} --key {key} --sums-only"))
        .exits(0);
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert_eq!(lines[0], "VALID, BUT nothing was measured");
    assert_eq!(lines[1], format!("signed by SHA256:{id} = {key}"));
    let claims = verdict["claims"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim["name"] == "made"));

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
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(lines[0].starts_with("INVALID: "), "{}", told.stdout);
    assert!(lines[0].contains("SHA256SUMS: certificate.json"));
    assert!(lines[1].contains("another statement"), "{}", lines[1]);
    assert!(lines.contains(&"differs: SHA256SUMS: certificate.json"));
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
    for (name, what) in [("notes", "folder"), ("notes.txt", "file")] {
        let path = home.path(name);
        match what {
            "folder" => fs::create_dir(&path).unwrap(),
            _ => fs::write(&path, "").unwrap(),
        }
        let path = path.display().to_string();
        let told = home.run(&format!("verify {path}")).exits(3);
        assert!(
            told.stdout.starts_with("NOT A CERTIFICATE: "),
            "{}",
            told.stdout
        );
        let told = home.run(&format!("verify {path} --json")).exits(3);
        let told: Value = serde_json::from_str(&told.stdout).unwrap();
        assert_eq!(
            (&told["verdict"], &told["ok"]),
            (&json!("not_a_certificate"), &json!(false))
        );
    }
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
    let lines: Vec<&str> = held.stdout.lines().collect();
    assert!(lines[0].starts_with("VALID: "), "{}", held.stdout);
    assert_eq!(lines[1..], ["unsigned: anybody may have made it"]);
    let certified = fs::read("assets/builtin/weights.safetensors").unwrap();
    assert!(certified == fluxttice_core::run::BUILT_IN_WEIGHTS);
}

#[test]
fn earlier_certificates_are_verified_by_what_they_state() {
    let home = Home::new();
    // Of version 0.1.0, and the first with corrected estimators.
    for fixture in ["certificate-0.1.0", "certificate-corrected"] {
        let held = home
            .run(&format!("verify tests/fixtures/{fixture}"))
            .exits(0);
        assert!(held.stdout.starts_with("VALID: "), "{}", held.stdout);
    }
}

#[test]
fn a_script_that_shares_no_code_comes_to_the_same_figures() {
    let home = Home::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recompute.py");
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    if !python(&["-c", "import numpy"]).is_ok_and(|ran| ran.status.success()) {
        println!("skipped: needs Python 3 with NumPy");
        return;
    }
    let again = |folder: &str| Ran::from(python(&[&script.display().to_string(), folder]).unwrap());
    let same = again("assets/builtin").exits(0);
    assert!(same.stdout.contains(", 0 differ"), "{}", same.stdout);
    let copy = copied(&home);
    let certificate = copy.join("certificate.json");
    let text = fs::read_to_string(&certificate).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let figures = value["predicate"]["figures"].as_array_mut().unwrap();
    let named = |figure: &&mut Value| figure["name"] == "mutual information";
    let figure = figures.iter_mut().find(named).unwrap();
    figure["value"] = json!(figure["value"].as_f64().unwrap() + 1e-7);
    fs::write(&certificate, value.to_string()).unwrap();
    let other = again(&copy.display().to_string()).exits(1);
    assert!(other.stdout.contains(", 1 differ"), "{}", other.stdout);
}

/// A copy of the built-in model's certificate.
fn copied(home: &Home) -> PathBuf {
    let copy = home.path("copy");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir("assets/builtin").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn a_file_beside_a_certificate_is_named_and_the_rest_is_in_order() {
    let home = Home::new();
    let copy = copied(&home);
    fs::write(copy.join(".DS_Store"), [0; 6_148]).unwrap();
    fs::create_dir(copy.join("x\u{1b}[2J\nVALID: everything")).unwrap();
    let told = home
        .run(&format!("verify {} --json", copy.display()))
        .exits(1);
    let verdict: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(verdict["verdict"], "valid_but");
    assert_eq!(verdict["counts"]["not_checked"], 2);
    assert_eq!(failed(&told), [] as [&str; 0]);
    let told = home
        .run(&format!("verify {} --sums-only", copy.display()))
        .exits(0);
    let first = told.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("VALID, BUT nothing was measured; "),
        "{first}"
    );
    assert!(first.contains(".DS_Store is in the folder"), "{first}");
    assert!(
        told.stdout
            .lines()
            .skip(1)
            .all(|line| !line.starts_with("VALID"))
    );
    assert!(!told.stdout.contains('\u{1b}'));
}

#[test]
fn a_text_without_measure_is_not_read() {
    let home = Home::new();
    let copy = copied(&home);
    for (name, code) in [
        ("SHA256SUMS", 1),
        ("certificate.json", 3),
        ("certificate.md", 1),
    ] {
        let path = copy.join(name);
        let kept = fs::read(&path).unwrap();
        fs::write(&path, "0  x\n".repeat(1_000_000)).unwrap();
        let told = home
            .run(&format!("verify {} --sums-only", copy.display()))
            .exits(code);
        assert!(
            told.stdout.contains("bytes that are read at most"),
            "{}",
            told.stdout
        );
        fs::write(&path, kept).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let keys = home.path("me").display().to_string();
    home.run(&format!("keygen --out {keys}")).exits(0);
    let secret = format!("{keys}.key.pem");
    // A refusal comes before any measurement; the key is checked first.
    let sign = || {
        let taken = home.path("data").parent().unwrap().display().to_string();
        home.run(&format!("certify --out {taken} --sign {secret}"))
            .exits(3)
            .stderr
    };
    assert!(!sign().contains("warning"));
    for mode in [0o644, 0o640, 0o602] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let told = sign();
        assert!(
            told.contains("warning: ") && told.contains("chmod 600"),
            "{told}"
        );
    }
}

#[test]
fn what_a_dead_process_left_beside_the_certificate_is_swept_up() {
    let home = Home::new();
    let left = home.path(".evidence.0123abcd-1-1-1.tmp");
    fs::create_dir(&left).unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(48);
    fs::File::open(&left)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let weights = home.path("weights.safetensors");
    fs::copy("assets/published/weights.safetensors", &weights).unwrap();
    let out = home.path("evidence").display().to_string();
    let weights = weights.display();
    home.run(&format!("certify --checkpoint {weights} --out {out}"))
        .exits(1);
    assert!(!left.exists());
}

#[test]
fn weights_of_another_run_are_not_certified_however_few_samples_it_counted() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let checkpoint = home.path("run/checkpoints/epoch-0000");
    // As version 0.1.0 left it: nothing but its figures says whose weights they are.
    fs::remove_file(checkpoint.join("digests.json")).unwrap();
    let trained = include_bytes!("../../assets/builtin/weights.safetensors");
    fs::write(checkpoint.join("weights.safetensors"), trained).unwrap();
    let (run, out) = (home.path("run"), home.path("certificate"));
    let asked = format!(
        "certify --checkpoint {} --out {}",
        run.display(),
        out.display()
    );
    let refused = home.run(&asked).exits(1);
    let words = "of 2,000 samples now";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert!(!out.exists());
}
