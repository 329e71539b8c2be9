//! `validate --study`: retrainings that are made once, gone on with, and held against each other.

use std::fs;
#[cfg(unix)]
use std::io::{BufRead, BufReader};
#[cfg(unix)]
use std::process::Stdio;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Home, Ran, SMALL};

/// Two small epochs: little is learned in them, but everything is made.
const SHORT: &str = "--set=total_epochs=2";

/// Makes a study in a folder of the home.
fn study(home: &Home, out: &str, arguments: &str) -> Ran {
    let words = ["validate", "--json", SHORT].into_iter().chain(SMALL);
    let mut command = home.command(words.chain(arguments.split_whitespace()));
    command.arg("--out").arg(home.path(out));
    Ran::of(command)
}

fn values(line: &Value, test: &str, which: &str) -> Vec<f64> {
    let tested = line["tested"].as_array().unwrap();
    let found = tested
        .iter()
        .find(|one| one["test"] == test && one["which"] == which);
    let values = found.unwrap()["values"].as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn a_study_trains_each_arm_and_seed_once_and_compares_them() {
    let home = Home::new();
    let asked = "--study=seeds,statenet --seeds 3,4";
    // Two epochs do not pass, as the part expects of a whole training.
    let lines = study(&home, "study", asked).exits(1).lines();
    assert_eq!(lines.len(), 2);
    let [plain, without] = [&lines[0], &lines[1]];
    assert_eq!(plain["arm"], "as-given");
    assert_eq!(without["against"], "as-given");
    assert_eq!(plain["seeds"], serde_json::json!([3, 4]));
    assert!(plain["surprises"].as_array().unwrap().len() >= 4);
    assert!(without["surprises"].as_array().unwrap().is_empty());
    let (own, other) = (
        values(without, "mutual information", "a"),
        values(plain, "mutual information", "a"),
    );
    // Another seed is another model, and so is the same seed without StateNet.
    assert!(own[0] != own[1] && own[0] != other[0]);
    let tested = without["tested"].as_array().unwrap();
    let found = tested
        .iter()
        .find(|one| one["test"] == "mutual information" && one["which"] == "a");
    let mean = found.unwrap()["difference"]["mean"].as_f64().unwrap();
    let expected = 0.5 * (own[0] - other[0] + own[1] - other[1]);
    assert!((mean - expected).abs() < 1e-12);

    // Asked again, nothing is trained or measured again; one that was lost is, to the same figures.
    let runs = home.path("study");
    let weights = |name: &str| {
        let text = fs::read_to_string(runs.join(name).join("validation.json")).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        read["weights"].as_str().unwrap().to_owned()
    };
    let before = weights("as-given-s3");
    let kept = runs.join("without-statenet-s4/validation.json");
    let written = fs::metadata(&kept).unwrap().modified().unwrap();
    fs::remove_dir_all(runs.join("as-given-s3")).unwrap();
    assert_eq!(study(&home, "study", asked).exits(1).lines(), lines);
    assert_eq!(weights("as-given-s3"), before);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), written);

    // A study goes into no folder of another one.
    let other = format!("{asked} --set=batch_size=512");
    let refused = study(&home, "study", &other).exits(3);
    refused.says_only(&["as-given-s3", "name another folder with --out"]);
}

#[test]
fn an_interrupted_retraining_goes_on_where_it_was() {
    let home = Home::new();
    let asked = "--study=seeds --seeds 5";
    let whole = study(&home, "whole", asked).exits(1).lines();
    // The first epoch of the same run, as if it had been stopped there.
    fs::create_dir(home.path("cut")).unwrap();
    home.train("cut/as-given-s5", &format!("{SHORT} --seed 5 --epochs 1"))
        .exits(0);
    let cut = study(&home, "cut", asked).exits(1).lines();
    assert_eq!(cut, whole);
    // Measured with another seed it is not the same, and nothing of it is trained again.
    let weights = home.weights("whole/as-given-s5");
    let other = study(&home, "whole", &format!("{asked} --seed 9")).exits(1);
    assert_eq!(other.lines()[0]["measure_seed"], 9);
    let information = |lines: &[Value]| values(&lines[0], "mutual information", "a");
    assert_ne!(information(&other.lines()), information(&whole));
    assert!(home.weights("whole/as-given-s5") == weights);
}

#[cfg(unix)]
#[test]
fn a_signal_stops_a_study_and_what_is_finished_stays() {
    let home = Home::new();
    // More retrainings than cores, of which each has one at a time: 20 seeds of at least five arms.
    let seeds: Vec<String> = (1..=20).map(|seed| seed.to_string()).collect();
    let seeds = format!("--seeds={}", seeds.join(","));
    let words = [
        "validate",
        SHORT,
        "--study=seeds,statenet,ablations",
        &seeds,
    ];
    let mut command = home.command(words.into_iter().chain(SMALL));
    command.arg("--out").arg(home.path("study"));
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let measured = told
        .by_ref()
        .find(|line| line.as_ref().unwrap().contains("measured"));
    assert!(measured.is_some(), "ended before anything was measured");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let last = told.map(|line| line.unwrap()).last().unwrap();
    assert!(last.contains("resumes from here"), "{last}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let runs = fs::read_dir(home.path("study")).unwrap();
    let finished = runs.filter(|run| {
        let run = run.as_ref().unwrap().path();
        run.join("validation.json").exists()
    });
    assert!((1..100).contains(&finished.count()));
}

#[test]
fn what_cannot_be_studied_is_refused_before_anything_is_trained() {
    let home = Home::new();
    let refused = |rest: &str, why: &str| {
        let ran = home.run(&format!("validate {rest}")).exits(2);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    };
    refused("--study=seeds,colour", "expected some of seeds");
    refused("--study=seeds --seeds 1,1", "twice");
    refused("--seeds 1", "--study");
    refused("--study --checkpoint x", "--checkpoint");
    assert!(!home.path("data/studies").exists());
    let parts = home.run("validate --study --list --json").exits(0).lines();
    let names: Vec<&str> = parts
        .iter()
        .map(|part| part["part"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "seeds",
            "hold-out",
            "targets",
            "statenet",
            "beta",
            "options",
            "ablations"
        ]
    );
}
