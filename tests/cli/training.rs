//! `train`: the same figures every time, in the contract's words, in the contract's files.

use std::fs;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::program::{Home, Ran, SMALL, names};

/// The epoch line of the contract: names and kinds count, values do not.
const EPOCH: &str = r#"
{"event":"epoch","epoch":0,"phase":1,"rho":0.1,"beta_a":0.0,"beta_b":0.0,"temperature_a":1.1,"temperature_b":0.9,
 "lambda1":0.70,"lambda2":0.70,"lambda3":0.30,"learning_rate":{"scheduled":0.001,"corrected":0.001004},
 "gradient":{"norm_a":1.0,"norm_b":1.0,"ratio":1.0,"balanced":true},
 "entropy_a":2.2,"entropy_b":2.5,
 "train":{"loss":6.9,"ce_a":6.3,"ce_b":3.8,"kl_a":1467.9,"kl_b":481.0,"entropy_term_b":9.1,"repulsion_b":0.0,"entropy_alignment":0.3},
 "validation":{"loss":6.9,"ce_a":6.3,"ce_b":3.8,"kl_a":1467.9,"kl_b":481.0,"entropy_term_b":9.1,"repulsion_b":0.0,"entropy_alignment":0.3},
 "coverage":{"a":{"categorical":{"unique":19639,"samples":195000,"ceiling":19682.0},"argmax":{"unique":17176,"samples":50000,"ceiling":18131.2},"decode_entropy":1.72},
             "b":{"categorical":{"unique":19639,"samples":195000,"ceiling":19682.0},"argmax":{"unique":17176,"samples":50000,"ceiling":18131.2},"decode_entropy":1.72}},
 "statenet":{"delta_lr":0.07,"delta_lambda1":0.26,"delta_lambda2":0.02,"delta_lambda3":0.08},
 "best":{"epoch":0,"validation_loss":1.4},"seconds":{"train":0.7,"validation":0.05,"coverage":1.1}}"#;

/// Asserts that everything in `expected` is in `found`, with values of the same kind;
/// whole numbers stay whole.
#[track_caller]
fn same_form(expected: &Value, found: &Value, place: &str) {
    let kind = |value: &Value| match value {
        Value::Number(number) if number.is_u64() => "a whole number",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::String(_) => "a text",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::Null => "nothing",
    };
    assert_eq!(kind(expected), kind(found), "{place}");
    for (name, value) in expected.as_object().into_iter().flatten() {
        same_form(value, &found[name], &format!("{place}.{name}"));
    }
}

/// A line without its wall times, the one thing that differs between two equal runs.
fn timeless(lines: Vec<Value>) -> Vec<Value> {
    lines
        .into_iter()
        .map(|mut line| {
            line["seconds"].take();
            line
        })
        .collect()
}

#[test]
fn the_published_configuration_gives_the_same_weights_bit_for_bit_also_in_two_parts() {
    let home = Home::new();
    let train = |out: &str, epochs: u32| -> Ran {
        let out = home.path(out).display().to_string();
        home.run(&format!(
            "train --json --seed 42 --device cpu --epochs {epochs} --out {out}"
        ))
        .exits(0)
    };
    train("once", 3);
    train("again", 3);
    let first = train("parts", 1).events("epoch");
    let rest = home.resume("parts", "--epochs 2").exits(0).events("epoch");
    for file in ["weights.safetensors", "optimizer.bpk", "state.json"] {
        let read = |run: &str| fs::read(home.path(run).join("checkpoints/latest").join(file));
        let once = read("once").unwrap();
        assert!(
            once == read("again").unwrap(),
            "{file} differs between two runs"
        );
        assert!(
            once == read("parts").unwrap(),
            "{file} differs after a resume"
        );
    }
    let told = [first, rest].concat();
    assert_eq!(
        told,
        home.metrics("parts"),
        "metrics.jsonl is what was told"
    );
    assert_eq!(timeless(told), timeless(home.metrics("once")));
}

#[test]
fn another_seed_gives_another_model() {
    let home = Home::new();
    home.train("one", "--epochs 1").exits(0);
    home.train("other", "--epochs 1 --seed 43").exits(0);
    assert!(home.weights("one") != home.weights("other"));
}

#[test]
fn json_lines_are_the_contracts_from_start_to_end() {
    let home = Home::new();
    let ran = home.train("run", "--epochs 2").exits(0);
    let lines = ran.lines();
    let order: Vec<&str> = lines.iter().filter_map(|l| l["event"].as_str()).collect();
    assert_eq!(order, ["start", "epoch", "epoch", "end"]);

    let start = &lines[0];
    let parameters = r#"{"total":168770,"vae_a":50203,"vae_b":117499,"statenet":1068}"#;
    assert_eq!(
        start["parameters"],
        serde_json::from_str::<Value>(parameters).unwrap()
    );
    assert_eq!(start["folder"], home.path("run").to_str().unwrap());
    assert_eq!(start["device"], "cpu");
    assert!(
        start["device_reason"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    let stored = home.path("run/config.yaml").display().to_string();
    let check = home.run(&format!("config check {stored} --json")).exits(0);
    assert_eq!(start["config_digest"], check.lines()[0]["digest"]);

    let contract: Value = serde_json::from_str(EPOCH).unwrap();
    for (number, line) in lines[1..3].iter().enumerate() {
        same_form(&contract, line, "epoch line");
        assert_eq!(line["epoch"], number);
        assert_eq!(line["coverage"]["b"]["argmax"]["samples"], 2000);
    }
    assert_eq!(lines[3]["reason"], "finished");
}

#[test]
fn without_json_the_result_is_the_folder_and_quiet_means_quiet() {
    let home = Home::new();
    let small = SMALL.join(" ");
    let told = home.run(&format!("train --epochs 1 {small}")).exits(0);
    let folder = told.stdout.trim_end();
    assert!(std::path::Path::new(folder).join("metrics.jsonl").is_file());
    assert!(told.stderr.contains("epoch   0"), "{}", told.stderr);
    let quiet = home.run(&format!("train -q --epochs 1 {small}")).exits(0);
    assert_eq!(quiet.stderr, "");
    assert_eq!(
        names(&home.path("data/runs")).len(),
        2,
        "two runs, two folders"
    );
}

#[test]
fn a_runs_folder_is_laid_out_as_promised() {
    let home = Home::new();
    home.train("run", "--epochs 13").exits(0);
    let run = home.path("run");
    let there: Vec<String> = names(&run);
    for name in [
        "checkpoints",
        "config.yaml",
        "journal.jsonl",
        "log.txt",
        "metrics.jsonl",
        "run.json",
        "snapshots",
    ] {
        assert!(there.iter().any(|it| it == name), "no {name} in {there:?}");
    }
    let checkpoints = run.join("checkpoints");
    let pointed = |link: &str| fs::read_link(checkpoints.join(link)).unwrap();
    assert_eq!(pointed("latest").to_str(), Some("epoch-0012"));
    let best = home.metrics("run")[12]["best"]["epoch"].as_u64().unwrap();
    assert_eq!(
        pointed("best").to_str().unwrap(),
        format!("epoch-{best:04}")
    );
    let covered = home.metrics("run")[12]["best_coverage"]["epoch"]
        .as_u64()
        .unwrap();
    assert_eq!(
        pointed("best-coverage").to_str().unwrap(),
        format!("epoch-{covered:04}")
    );
    let mut kept = vec!["best".into(), "best-coverage".into(), "latest".into()];
    kept.extend([0, 10, 12, best, covered].map(|epoch| format!("epoch-{epoch:04}")));
    kept.sort();
    kept.dedup();
    assert_eq!(
        names(&checkpoints),
        kept,
        "every tenth, the best ones, the latest, nothing else"
    );
    assert_eq!(
        names(&checkpoints.join("epoch-0010")),
        [
            "digests.json",
            "optimizer.bpk",
            "state.json",
            "weights.safetensors"
        ]
    );
    let weights = home.weights("run");
    let tensors = SafeTensors::deserialize(&weights).unwrap();
    assert_eq!(tensors.len(), 50);
    assert!(names(&run.join("snapshots")).is_empty());
}

#[test]
fn a_disruption_changes_its_epoch_alone_and_a_replay_repeats_it() {
    let home = Home::new();
    // With free bits the KL of so young a model lies on its floor, and β multiplies a constant.
    let settings = "--epochs 4 --set free_bits=0";
    home.train("plain", settings).exits(0);
    let disrupt = "--disrupt 1:beta-b:amplitude=0.3,epochs=1";
    let ran = home
        .train("pushed", &format!("{settings} {disrupt}"))
        .exits(0);
    let beta = |run: &str| -> Vec<f64> {
        let metrics = home.metrics(run);
        metrics
            .iter()
            .map(|m| m["beta_b"].as_f64().unwrap())
            .collect()
    };
    let (plain, pushed) = (beta("plain"), beta("pushed"));
    let moved: Vec<f64> = pushed.iter().zip(&plain).map(|(a, b)| a - b).collect();
    assert_eq!(moved, [0.0, 0.3, 0.0, 0.0]);
    assert!(home.weights("plain") != home.weights("pushed"));

    let outcomes = ran.events("outcome");
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0]["request"], "disrupt");
    assert_eq!(outcomes[0]["applied"], true);
    assert_eq!(
        (&outcomes[0]["epoch"], &outcomes[0]["batch"]),
        (&1.into(), &0.into())
    );

    let journal = home.path("pushed/journal.jsonl").display().to_string();
    home.train("replayed", &format!("{settings} --replay {journal}"))
        .exits(0);
    assert!(home.weights("pushed") == home.weights("replayed"));
    assert_eq!(
        timeless(home.metrics("pushed")),
        timeless(home.metrics("replayed"))
    );
}

#[test]
fn a_disruption_that_spans_a_resume_goes_on() {
    let home = Home::new();
    let disrupt = "--disrupt 1:temperature-a:amplitude=0.3,epochs=2";
    home.train("whole", &format!("--epochs 4 {disrupt}"))
        .exits(0);
    home.train("parts", &format!("--epochs 2 {disrupt}"))
        .exits(0);
    home.resume("parts", "--epochs 2").exits(0);
    assert!(home.weights("whole") == home.weights("parts"));
}

#[test]
fn a_model_that_diverges_ends_with_5_and_keeps_what_was_saved() {
    let home = Home::new();
    // β_A is 0 in the first epoch and a fiftieth of this in the second.
    let steep = "--set free_bits=0 --set vae_a.beta_start=1e+38";
    home.train("good", &format!("--epochs 1 {steep}")).exits(0);
    let ran = home.train("run", &format!("--epochs 3 {steep}")).exits(5);
    let end = &ran.events("end")[0];
    assert_eq!(end["reason"], "diverged");
    assert!(
        ran.stderr.starts_with("error: training diverged"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        home.metrics("run").len(),
        1,
        "the epoch that diverged is not told"
    );
    assert!(
        home.weights("run") == home.weights("good"),
        "the epoch before is intact"
    );
}
