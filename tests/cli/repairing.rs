//! Checking and repairing a run: reports are true, nothing is lost, and a continued run
//! reaches the right bits.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::program::{Home, names};

/// Four epochs, each with a checkpoint.
const KEPT: &str = "--epochs 4 --set checkpoint_freq=1";

impl Home {
    fn check(&self, run: &str) -> crate::program::Ran {
        self.runs(&format!("check {}", self.path(run).display()))
    }

    fn repair(&self, run: &str) -> crate::program::Ran {
        self.runs(&format!("check {} --repair", self.path(run).display()))
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(file)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn write_lines<'a>(&self, file: &str, lines: impl IntoIterator<Item = &'a String>) {
        let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        self.file(file, text);
    }
}

#[test]
fn blank_lines_at_the_end_of_a_journal_change_nothing() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    home.train("whole", "--epochs 4").exits(0);
    for blank in ["\n", "  \t\n\n"] {
        let journal = fs::read_to_string(home.path("run/journal.jsonl")).unwrap();
        home.file("run/journal.jsonl", journal + blank);
        home.resume("run", "--epochs 1").exits(0);
        home.check("run").exits(0);
    }
    home.resume("run", "--epochs 1").exits(0);
    assert!(home.weights("run") == home.weights("whole"));
}

#[test]
fn what_stands_twice_in_a_journal_is_not_made_twice() {
    let home = Home::new();
    home.train("run", "--epochs 2 --disrupt 1:beta-b:epochs=2")
        .exits(0);
    home.copied("run", "twice", "-a");
    let lines = home.lines("run/journal.jsonl");
    home.write_lines("twice/journal.jsonl", lines.iter().chain(&lines));
    home.check("twice").exits(1);
    let said = home.repair("twice").exits(0);
    let words = format!("{} lines that stood there twice", lines.len());
    assert!(said.stdout.contains(&words), "{}", said.stdout);
    assert_eq!(home.lines("twice/journal.jsonl"), lines);
    for run in ["run", "twice"] {
        home.resume(run, "--epochs 1").exits(0);
    }
    assert!(home.weights("run") == home.weights("twice"));
}

#[test]
fn a_request_behind_a_damaged_line_is_kept_and_one_that_was_lost_is_said() {
    let home = Home::new();
    home.train("run", "--epochs 2 --disrupt 1:beta-b:epochs=2")
        .exits(0);
    let lines = home.lines("run/journal.jsonl");
    let request = lines
        .iter()
        .position(|line| line.contains("beta-b"))
        .unwrap();
    let mut changed = lines[..=request].to_vec();
    changed[request - 1] = changed[request - 1].replacen("\"time\":\"2", "\"time\":\"3", 1);
    assert_ne!(changed, lines[..=request]);
    home.copied("run", "changed", "-a");
    home.write_lines("changed/journal.jsonl", &changed);
    let said = home.repair("changed").exits(0);
    assert!(
        said.stdout.contains("is kept, though nothing shows")
            && said.stdout.contains("asked there is lost"),
        "{}",
        said.stdout
    );
    let left = home.lines("changed/journal.jsonl");
    assert!(left.iter().any(|line| line.contains("beta-b")), "{left:?}");
}

#[test]
fn epochs_that_a_repair_leaves_out_are_said_to_be_missing() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let lines = home.lines("run/metrics.jsonl");
    home.write_lines("run/metrics.jsonl", &lines[1..]);
    let said = home.repair("run").exits(0);
    assert!(
        said.stdout.contains("metrics of epochs 0 to 3 are missing"),
        "{}",
        said.stdout
    );
    let journal = home.lines("run/journal.jsonl");
    assert!(journal.iter().any(|line| line.contains("\"missing\"")));
    home.check("run").exits(0);
    home.resume("run", "--epochs 1").exits(0);
    home.check("run").exits(0);
}

#[test]
fn what_cannot_be_read_at_the_moment_is_not_moved_aside() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let before = home.bytes("run");
    let file = home.path("run/checkpoints/epoch-0003/weights.safetensors");
    let program = home.command(["runs"]);
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-o", "/dev/null", "-P"])
        .arg(&file)
        .args(["-e", "trace=read", "-e", "inject=read:error=EIO:when=1"])
        .arg(program.get_program())
        .args(["runs", "check"])
        .arg(home.path("run"))
        .arg("--repair");
    let Ok(output) = traced.output() else {
        println!("skipped: no strace here");
        return;
    };
    crate::program::Ran::from(output)
        .exits(3)
        .says_only(&["weights.safetensors", "os error 5"]);
    assert_eq!(home.bytes("run"), before);
}

#[test]
fn a_check_finds_what_going_on_would_refuse() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let replaced = |name: &str, what: &str| {
        let place = home.copied("run", name, "-a").join(what);
        let moved = home.path(&format!("{name}-moved"));
        if place.exists() {
            fs::rename(&place, &moved).unwrap();
        } else {
            fs::write(&moved, "").unwrap();
        }
        symlink(&moved, &place).unwrap();
    };
    for (name, what) in [
        ("state", "checkpoints/epoch-0003"),
        ("checkpoints", "checkpoints"),
        ("snapshots", "snapshots"),
        ("lock", ".lock"),
        ("log", "log.txt"),
        ("marker", "run.json"),
    ] {
        replaced(name, what);
        home.resume(name, "--epochs 1").exits(3);
        let checked = home.check(name).exits(1);
        assert!(
            checked.stdout.contains("found a link"),
            "{}",
            checked.stdout
        );
    }
    let later = home.copied("run", "later", "-a").join("run.json");
    let marker = fs::read_to_string(&later).unwrap();
    fs::write(&later, marker.replace("\"layout\":1", "\"layout\":2")).unwrap();
    for (ran, code) in [
        (home.check("later"), 1),
        (home.resume("later", "--epochs 1"), 3),
    ] {
        let ran = ran.exits(code);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("layout version 2"), "{said}");
    }
    // Of a checkpoint that was saved outside of a run nothing vouches for the metrics, but those before do.
    let alone = home.copied("run", "alone", "-a");
    let digests = alone.join("checkpoints/epoch-0003/digests.json");
    let mut read: serde_json::Value = serde_json::from_slice(&fs::read(&digests).unwrap()).unwrap();
    read["run"] = serde_json::Value::Null;
    fs::write(&digests, read.to_string()).unwrap();
    let checked = home.check("alone").exits(0);
    assert!(
        checked.stdout.contains("outside of a run"),
        "{}",
        checked.stdout
    );
    let metrics = fs::read_to_string(alone.join("metrics.jsonl")).unwrap();
    home.file(
        "alone/metrics.jsonl",
        metrics.replace("\"unique\":", "\"unique\":1"),
    );
    home.check("alone").exits(1);
}

#[test]
fn a_text_in_a_links_place_is_kept_unless_it_is_the_links() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    for (link, text) in [
        ("best", "epoch-notes: precious"),
        ("latest", "epoch-0000\n"),
    ] {
        let place = home.path("run/checkpoints").join(link);
        fs::remove_file(&place).unwrap();
        fs::write(place, text).unwrap();
    }
    home.resume("run", "--epochs 1").exits(0);
    let aside = names(&home.path("run/set-aside"));
    assert_eq!(aside.len(), 1, "{aside:?}");
    let kept = fs::read_to_string(home.path("run/set-aside").join(&aside[0])).unwrap();
    assert_eq!(kept, "epoch-notes: precious");
}
