//! `train --resume`: what was stored rules, what was torn is mended, what is over stays over.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::program::{Home, Ran, SMALL, names, parse_lines};

fn append(home: &Home, file: &str, text: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .open(home.path(file))
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn epochs(lines: &[Value]) -> Vec<u64> {
    lines
        .iter()
        .map(|line| line["epoch"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_torn_line_of_metrics_is_mended() {
    let home = Home::new();
    let mut told = home.train("run", "--epochs 2").exits(0).events("epoch");
    append(
        &home,
        "run/metrics.jsonl",
        r#"{"event":"epoch","epoch":2,"pha"#,
    );
    told.extend(home.resume("run", "--epochs 1").exits(0).events("epoch"));
    assert_eq!(epochs(&home.metrics("run")), [0, 1, 2]);
    assert_eq!(home.metrics("run"), told);
}

#[test]
fn an_epoch_told_but_not_saved_is_done_again_and_told_once() {
    let home = Home::new();
    home.train("whole", "--epochs 3").exits(0);
    home.train("run", "--epochs 2").exits(0);
    // As if the power had gone between the line and the checkpoint.
    let mut line = home.metrics("run")[1].clone();
    line["epoch"] = 2.into();
    append(&home, "run/metrics.jsonl", &format!("{line}\n"));
    let start = home.resume("run", "--epochs 1").exits(0);
    assert_eq!(start.events("start")[0]["epoch"], 2, "two epochs are done");
    assert_eq!(epochs(&home.metrics("run")), [0, 1, 2]);
    assert_ne!(home.metrics("run")[2], line);
    assert!(home.weights("run") == home.weights("whole"));
}

#[test]
fn a_torn_line_of_the_journal_does_not_spoil_the_lines_after_it() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    append(&home, "run/journal.jsonl", r#"{"time":"2026-01-01T00"#);
    home.resume("run", "--epochs 1").exits(0);
    // The session above has written to the journal; it must be readable still.
    home.resume("run", "--epochs 1").exits(0);
    let journal = home.path("run/journal.jsonl").display().to_string();
    home.train("replayed", &format!("--epochs 1 --replay {journal}"))
        .exits(0);
    let text = fs::read_to_string(&journal).unwrap();
    let whole: Vec<&str> = text.lines().filter(|line| line.ends_with('}')).collect();
    let opened = parse_lines(&whole.join("\n"));
    let opened = opened.iter().filter(|line| line["event"] == "opened");
    assert_eq!(opened.count(), 3, "{text}");
}

#[test]
fn leftovers_of_an_interrupted_write_are_swept_up() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let checkpoints = home.path("run/checkpoints");
    fs::create_dir(checkpoints.join(".epoch-0001.2147483647-0.tmp")).unwrap();
    fs::write(
        checkpoints.join(".epoch-0001.2147483647-0.tmp/weights.safetensors"),
        "half",
    )
    .unwrap();
    fs::create_dir(checkpoints.join(".epoch-0000.2147483647-1.old")).unwrap();
    // As version 0.1.0 named them, a process id alone: nobody can tell whose, but they are old.
    let long_ago = SystemTime::now() - Duration::from_hours(48);
    for name in [
        ".epoch-0001.2147483647-0.tmp",
        ".epoch-0000.2147483647-1.old",
    ] {
        let folder = fs::File::open(checkpoints.join(name)).unwrap();
        folder.set_modified(long_ago).unwrap();
    }
    // Killed after the folder was renamed into place, before `latest` pointed at it.
    fs::create_dir(checkpoints.join("epoch-0001")).unwrap();
    home.resume("run", "--epochs 1").exits(0);
    let left = names(&checkpoints);
    assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
    home.train("whole", "--epochs 2").exits(0);
    assert!(home.weights("run") == home.weights("whole"));
}

#[test]
fn the_same_settings_are_accepted_and_others_are_not() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let before = home.weights("run");
    for (other, key) in [
        ("--set model.rho_max=0.6", "rho_max"),
        ("--seed 43", "seed"),
        ("--set batch_size=32", "batch_size"),
    ] {
        let refused = home.resume("run", &format!("--epochs 1 {other}")).exits(3);
        refused.says_only(&[key, "run"]);
    }
    assert!(home.weights("run") == before);
    home.resume("run", "--epochs 1 --seed 42 --set train_split=0.02")
        .exits(0);
    let stored = home.path("run/config.yaml").display().to_string();
    home.resume("run", &format!("--epochs 1 --config {stored}"))
        .exits(0);
    assert_eq!(epochs(&home.metrics("run")), [0, 1, 2]);
}

#[test]
fn epochs_never_change_the_schedules() {
    let home = Home::new();
    let config = |run: &str| fs::read(home.path(run).join("config.yaml")).unwrap();
    home.train("short", "--epochs 1").exits(0);
    home.train("long", "--epochs 2").exits(0);
    assert!(config("short") == config("long"));
}

#[test]
fn a_finished_run_says_so() {
    let home = Home::new();
    home.train("run", "--set total_epochs=2").exits(0);
    let before = home.weights("run");
    for arguments in ["", "--epochs 5"] {
        let ran = home.resume("run", arguments).exits(0);
        assert!(ran.events("epoch").is_empty(), "{}", ran.stdout);
        let end = &ran.events("end")[0];
        assert_eq!(end["reason"], "finished");
        assert!(
            end["message"]
                .as_str()
                .unwrap()
                .contains("2 epochs are done"),
            "{end}"
        );
    }
    assert!(home.weights("run") == before);
    assert_eq!(epochs(&home.metrics("run")), [0, 1]);
}

#[test]
fn after_an_early_stop_only_more_epochs_go_on() {
    let home = Home::new();
    // At two percent of the operations the validation loss soon rises.
    let ran = home
        .train("run", "--set patience=2 --set total_epochs=60")
        .exits(0);
    assert_eq!(ran.events("end")[0]["reason"], "early_stop");
    let done = home.metrics("run");
    let last = done.last().unwrap();
    assert_eq!(
        last["epoch"].as_u64(),
        last["best"]["epoch"].as_u64().map(|best| best + 2)
    );
    let again = home.resume("run", "").exits(0);
    assert!(again.events("epoch").is_empty());
    assert_eq!(again.events("end")[0]["reason"], "early_stop");
    let more = home.resume("run", "--epochs 1").exits(0);
    assert_eq!(more.events("epoch").len(), 1);
    assert_eq!(home.metrics("run").len(), done.len() + 1);
}

#[test]
fn the_newest_run_is_continued_without_a_name_and_any_by_its_name() {
    let home = Home::new();
    let small = SMALL.join(" ");
    for _ in 0..2 {
        home.run(&format!("train --epochs 1 {small}")).exits(0);
    }
    let runs = names(&home.path("data/runs"));
    assert_eq!(runs.len(), 2);
    let start = |arguments: &str| {
        let ran = home.run(&format!("train --json --device cpu --epochs 1 {arguments}"));
        ran.exits(0).events("start")[0].clone()
    };
    assert_eq!(
        start(&format!("--resume {}", runs[0]))["run"],
        runs[0].as_str()
    );
    let newest = start("--resume");
    assert_eq!(newest["run"], runs[0].as_str(), "it was written to last");
    assert_eq!(newest["epoch"], 2);
}

#[test]
fn a_run_that_is_over_says_why_nothing_is_trained_and_what_goes_on() {
    let home = Home::new();
    let ran = home.train("run", "--set=total_epochs=1").exits(0);
    let message = |ran: &Ran| ran.events("end")[0]["message"].as_str().unwrap().to_owned();
    assert!(
        message(&ran).starts_with("1 epoch is done; saved"),
        "{}",
        message(&ran)
    );
    let ran = home.resume("run", "--epochs 3").exits(0);
    for words in ["total_epochs = 1", "none was trained", "--branch"] {
        assert!(message(&ran).contains(words), "{}", message(&ran));
    }
    assert_eq!(home.metrics("run").len(), 1);
    // The command that the message proposes works.
    let mut command = home.command(["train", "--json", "--device=cpu", "--set=total_epochs=3"]);
    command.arg("--branch").arg(home.path("run"));
    command.arg("--out").arg(home.path("on"));
    Ran::of(command).exits(0);
    assert_eq!(home.metrics("on").len(), 3);
}
