//! `kill -9` at any moment: everything reported as saved is on the disk, and resuming works.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use fluxttice_core::run::journal::{Entry, JournalEvent};
use fluxttice_core::run::names::CONFIG;
use fluxttice_core::run::read_journal;
use serde_json::Value;

use crate::program::Home;
use fluxttice_testing::whole::reopened;

/// A run that does not end by itself.
const LONG: &str = "--set total_epochs=100000 --set patience=100000 --set checkpoint_freq=7";

#[test]
fn twenty_kills_lose_nothing_that_was_told() {
    kill(20);
}

#[test]
#[ignore = "takes minutes"]
fn two_hundred_kills_lose_nothing_that_was_told() {
    kill(200);
}

/// Half a certificate lies in a folder whose name nothing reads until it is complete.
#[test]
fn a_certificate_that_is_killed_half_written_is_none() {
    let home = Home::new();
    let evidence = home.path("evidence");
    let certify = format!("certify --quiet --out {}", evidence.display());
    let begun = || {
        let mut there = std::fs::read_dir(home.path(".")).unwrap();
        let name = |entry: std::io::Result<DirEntry>| entry.unwrap().file_name();
        there.any(|entry| name(entry).to_string_lossy().starts_with(".evidence."))
    };
    let mut child = home.command(certify.split(' ')).spawn().unwrap();
    while !begun() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let quicker = if evidence.exists() {
        ", or was whole"
    } else {
        ""
    };
    println!("half a certificate was there: {}{quicker}", begun());
    if !evidence.exists() {
        home.run(&certify).exits(0);
    }
    home.run(&format!("verify --quiet {}", evidence.display()))
        .exits(0);
}

#[test]
fn twenty_kills_of_every_command_that_writes_leave_a_run_whole() {
    kill_commands(20);
}

#[test]
#[ignore = "takes minutes"]
fn two_hundred_kills_of_every_command_that_writes_leave_a_run_whole() {
    kill_commands(200);
}

/// Commands that are killed while they write, each with its longest life as a share of
/// the training of one epoch.
const WRITING: [(&str, f64); 6] = [
    (
        "train --json --device=cpu --branch RUN@1 --epochs 1 --out PLACE/branch",
        1.0,
    ),
    ("runs delete RUN --yes", 0.15),
    ("runs restore RUN", 0.15),
    ("runs check RUN --repair", 0.3),
    ("runs export RUN --force --out PLACE/figures.csv", 0.15),
    ("certify --quiet --out PLACE/evidence", 3.0),
];

fn kill_commands(times: u32) {
    let home = Home::new();
    let began = Instant::now();
    home.train("place/run", "--epochs 2 --set checkpoint_freq=1")
        .exits(0);
    let unit = began.elapsed().as_secs_f64();
    let place = home.path("place");
    let run = home.path("place/run");
    let whole = saved(&run);
    let weights = home.weights("place/run");
    let (mut killed, mut done) = (0, 0);
    for number in 0..times {
        let (command, longest) = WRITING[number as usize % WRITING.len()];
        let words = |command: &str| {
            let command = command.replace("RUN", &run.display().to_string());
            command.replace("PLACE", &place.display().to_string())
        };
        if command.contains("restore") {
            home.run(&words("runs delete RUN --yes")).exits(0);
        }
        if command.contains("check") {
            // Something to set right.
            std::fs::remove_file(run.join("checkpoints/latest")).unwrap();
        }
        let command = words(command);
        let mut child = home.command(command.split(' '));
        let mut child = child
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let life = f64::from(number) * 0.618_033_988_749_895;
        let life = Instant::now() + Duration::from_secs_f64(unit * longest * life.fract());
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() >= life => break None,
                None => std::thread::yield_now(),
            }
        };
        match status {
            Some(status) => {
                assert!(status.success(), "{command}: {status}");
                done += 1;
            }
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
            }
        }
        // The next command finds it where it was, or in the trash.
        home.run(&words("runs trash PLACE")).exits(0);
        if !run.join(CONFIG).exists() {
            home.run(&words("runs restore RUN")).exits(0);
        }
        assert_eq!(
            saved(&run),
            whole,
            "{command}: everything that was saved is there"
        );
        home.run(&words("runs export RUN --force --out PLACE/figures.csv"))
            .exits(0);
        home.run(&words("runs check RUN --repair")).exits(0);
        let left: Vec<_> = crate::program::names(&place)
            .into_iter()
            .chain(crate::program::names(&run.join("checkpoints")))
            .filter(|name| name.ends_with(".tmp") || name.ends_with(".old"))
            .collect();
        assert_eq!(left, [""; 0], "{command}: leftovers");
        for made in ["branch", "evidence"] {
            let made = place.join(made);
            if made.exists() {
                std::fs::remove_dir_all(made).unwrap();
            }
        }
    }
    assert!(killed > 0);
    home.resume("place/run", "--epochs 1").exits(0);
    assert!(home.weights("place/run") != weights);
    println!("{killed} killed, {done} were quicker");
}

/// Returns the bytes of the epochs and checkpoints that a run reported as saved.
fn saved(run: &std::path::Path) -> Vec<Vec<u8>> {
    let files = ["config.yaml", "metrics.jsonl", "journal.jsonl"];
    let states = [
        "weights.safetensors",
        "optimizer.bpk",
        "state.json",
        "digests.json",
    ];
    let states = ["epoch-0000", "epoch-0001"]
        .iter()
        .flat_map(|epoch| states.map(|name| format!("checkpoints/{epoch}/{name}")));
    let files = files.iter().map(ToString::to_string).chain(states);
    files
        .map(|name| std::fs::read(run.join(name)).unwrap())
        .collect()
}

fn kill(times: u32) {
    let home = Home::new();
    let run = home.path("run");
    // The longest life is that of two epochs on this machine, started and all.
    let mut first = home.training("first", "--epochs 1");
    let began = Instant::now();
    assert!(first.stdout(Stdio::null()).status().unwrap().success());
    let slowness = (2.0 * began.elapsed().as_secs_f64() / LONGEST).max(1.0);
    let (mut finished, mut starts, mut answers) = (0, 0, BTreeSet::new());
    for number in 0..times {
        let mut command = if run.join(CONFIG).exists() {
            let mut command = home.command(["train", "--json", "--device=cpu"]);
            command.arg("--resume").arg(&run);
            command
        } else {
            home.training("run", LONG)
        };
        // Something to answer in every epoch, which changes nothing in the weights.
        for epoch in finished..finished + 20 {
            command.arg(format!("--change={epoch}:patience={}", 100_000 + epoch));
        }
        let told = until_killed(&mut command, life(number).mul_f64(slowness));
        if !run.join(CONFIG).exists() {
            assert!(told.is_empty(), "{told:?}");
            continue;
        }
        let before = finished;
        finished = reopened(&run);
        assert!(finished >= before);
        for line in &told {
            let epoch = line["epoch"].as_u64();
            match line["event"].as_str() {
                Some("start") => starts += 1,
                Some("epoch") => assert!(Some(u64::from(finished)) > epoch),
                Some("outcome") => answers.extend(epoch),
                _ => {}
            }
        }
        let journal = read_journal(&run).unwrap();
        let opened = |entry: &&Entry| matches!(entry.event, JournalEvent::Opened { .. });
        assert!(journal.iter().filter(opened).count() >= starts);
        let answered: BTreeSet<u64> = journal
            .iter()
            .filter(|entry| matches!(entry.event, JournalEvent::Outcome(_)))
            .map(|entry| u64::from(entry.event.epoch()))
            .collect();
        assert!(answered.is_superset(&answers), "{answers:?} {answered:?}");
    }
    assert!(finished > 0 && !answers.is_empty(), "it came to something");
    home.resume("run", "--epochs 1").exits(0);
    home.train("whole", &format!("{LONG} --epochs {}", finished + 1))
        .exits(0);
    assert!(
        home.weights("run") == home.weights("whole"),
        "{times} kills in {finished} epochs made a difference"
    );
    println!(
        "{times} kills, {finished} epochs, {} answers",
        answers.len()
    );
}

/// Longest life of a program, in seconds.
const LONGEST: f64 = 0.7;

/// Returns the life of a program that trains several epochs within `LONGEST`. Lives are spread evenly and
/// without a pattern (steps of the golden ratio).
fn life(number: u32) -> Duration {
    Duration::from_secs_f64(LONGEST * (f64::from(number) * 0.618_033_988_749_895).fract())
}

/// Starts a program, kills it after a while, and gives back the lines that it had time to write.
fn until_killed(command: &mut Command, life: Duration) -> Vec<Value> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, ended) = channel();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).unwrap();
        let _ = sender.send(());
        text
    });
    // The moment is what is tried here; nothing waits for anything.
    let by_itself = ended.recv_timeout(life).is_ok();
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!by_itself, "ended by itself: {status}");
    let text = String::from_utf8(reader.join().unwrap()).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
