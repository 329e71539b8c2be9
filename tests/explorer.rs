//! The explorer as a person meets it: the real program in a real terminal, key by key.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/pty.rs"]
mod pty;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pty::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use vt100::{MouseProtocolMode, Screen};

/// Arguments of a training longer than any test waits for.
const TRAIN: [&str; 5] = [
    "--device=cpu",
    "--set=eval_num_samples=2000",
    "--seed=42",
    "--set=total_epochs=4000",
    "--set=patience=4000",
];

/// An explorer that trains, seen until its first epoch is on the charts.
fn training(home: &TempDir) -> Terminal {
    let terminal = Terminal::start(120, 36, home.path(), &TRAIN);
    terminal.shows("now, epoch ");
    terminal
}

/// The only run in there.
fn run(home: &TempDir) -> PathBuf {
    let mut runs = fs::read_dir(home.path().join("runs")).unwrap();
    let run = runs.next().unwrap().unwrap().path();
    assert!(runs.next().is_none(), "one run");
    run
}

fn lines(run: &Path, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(run.join(file)).unwrap();
    // Of a program that is still writing, the last line may be half there.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The number of finished epochs of a program that has ended, each of them there once and whole.
fn epochs(run: &Path) -> usize {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let metrics = lines(run, "metrics.jsonl");
    let numbers = metrics.iter().map(|line| line["epoch"].as_u64().unwrap());
    assert!(numbers.eq(0..metrics.len() as u64));
    metrics.len()
}

/// The terminal is as it was before the program.
#[track_caller]
fn given_back(screen: &Screen) {
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is on");
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
}

/// The number behind `epoch` in the first line.
fn header_epoch(screen: &Screen) -> Option<usize> {
    let header = screen.rows(0, screen.size().1.get()).next()?;
    let (_, behind) = header.split_once(" epoch ")?;
    behind.trim_start().split('/').next()?.parse().ok()
}

#[test]
fn every_view_opens_by_key_and_by_mouse() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    let views = [
        ("2", "map of all operations"),
        ("3", "nearest codes of A"),
        ("6", "times in UTC"),
        ("1", "now, epoch"),
        ("\t", "map of all operations"),
        ("\x1b[Z", "now, epoch"),
    ];
    for (key, title) in views {
        terminal.press(key);
        terminal.shows(title);
    }
    // A click on `3 Neighbours`, wherever in the second line it stands.
    let column = terminal.until("tab", |screen| {
        let line = screen.rows(0, 120).nth(1)?;
        let byte = line.find("3 Neighbours")?;
        Some(line[..byte].chars().count() + 1)
    });
    terminal.press(&format!("\x1b[<0;{column};2M\x1b[<0;{column};2m"));
    terminal.shows("nearest codes of A");
    terminal.press("?");
    terminal.shows("in every view");
    terminal.press("\x1b");
    terminal.hides("in every view");
    terminal.press(":");
    terminal.shows("╭ commands");
    terminal.press("pause after\r");
    terminal.shows("‖ paused");
}

#[test]
fn pause_disruption_and_snapshot_reach_the_run() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press(" ");
    terminal.shows("‖ paused");
    terminal.press(" ");
    terminal.hides("paused");
    terminal.press("d");
    terminal.shows("disruption");
    terminal.press("\r");
    terminal.shows("✓ disrupt");
    terminal.press("s");
    terminal.shows("without a name");
    terminal.press("mine\r");
    terminal.shows("✓ snapshot");
    let weights = run(&home).join("snapshots/mine/weights.safetensors");
    assert!(weights.is_file(), "{} is not there", weights.display());
    terminal.press("6");
    terminal.shows("times in UTC");
    for word in ["pause", "disrupt", "snapshot"] {
        terminal.shows(word);
    }
    let journal = lines(&run(&home), "journal.jsonl");
    let asked: Vec<&str> = journal
        .iter()
        .filter_map(|l| l["request"].as_str())
        .collect();
    assert_eq!(asked, ["pause", "resume", "disrupt", "snapshot"]);
    assert!(journal.iter().all(|line| line["applied"] != false));
}

/// Epochs of a tenth of a second, more of them than any test waits for.
const QUICK: [&str; 8] = [
    "--device=cpu",
    "--set=total_epochs=4000",
    "--set=patience=4000",
    "--set=train_split=0.05",
    "--set=val_split=0.01",
    "--set=test_split=0.94",
    "--set=eval_num_samples=2000",
    "--set=checkpoint_freq=1",
];

#[test]
fn a_control_is_changed_and_the_run_branched_from_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &QUICK);
    terminal.shows("now, epoch 3");
    let first = run(&home);
    terminal.press(",");
    terminal.shows("╭ controls");
    terminal.press("hold.rho\r");
    terminal.shows("hold.rho = ");
    terminal.press(&"\x7f".repeat(12));
    terminal.press("0.44\r");
    terminal.shows("✓ hold.rho null → 0.44");
    terminal.press("\x1b");
    terminal.hides("╭ controls");
    terminal.shows("0.440");
    // Back to the first checkpoint: the crosshair stands on epoch 0.
    terminal.press("\x1b[H");
    terminal.press("b");
    terminal.shows("A new run continues after epoch 0");
    terminal.press("\r");
    terminal.shows("this run stays as it is");
    terminal.press("4");
    terminal.shows("runs 2");
    terminal.press("\x1b[B");
    terminal.shows("branch of");
    terminal.press("q");
    terminal.shows("╭ quit");
    terminal.press("s");
    assert_eq!(terminal.ends().0, 0);
    let journal = lines(&first, "journal.jsonl");
    let branched = journal
        .iter()
        .find(|line| line["request"] == "branch")
        .unwrap();
    let second = first.with_file_name(branched["name"].as_str().unwrap());
    assert!(epochs(&second) > 0);
    let records = lines(&second, "metrics.jsonl");
    assert!(
        records.iter().all(|line| line["rho"] != 0.44),
        "the change came after the branch"
    );
    assert_eq!(lines(&second, "journal.jsonl")[0]["event"], "opened");
}

#[test]
fn a_disruption_is_tried_against_its_control_beside_training() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &QUICK);
    terminal.shows("now, epoch 2");
    terminal.press("d");
    terminal.shows("╭ disruption");
    // Down to what is done with it, and on to only measuring.
    terminal.press("\t\t\t\t\t\x1b[D");
    terminal.shows("paired repetitions");
    terminal.press("\r");
    terminal.hides("paired repetitions");
    terminal.press("4");
    terminal.shows("⚖");
    terminal.press("\x1b[B");
    terminal.shows("repetitions, mean of the last 5 epochs");
    let run = run(&home);
    let journal = lines(&run, "journal.jsonl");
    let verdict = journal
        .iter()
        .find(|line| line["event"] == "verdict")
        .unwrap();
    let name = verdict["experiment"].as_str().unwrap();
    assert!(run.join(format!("experiments/{name}.json")).is_file());
    assert!(
        journal.iter().all(|line| line["request"] != "disrupt"),
        "the run was left alone"
    );
}

#[test]
fn a_frozen_view_stands_still_while_training_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press("f");
    let frozen = terminal.until("FROZEN", |screen| {
        let is_frozen = screen.contents().contains("FROZEN");
        is_frozen.then(|| header_epoch(screen)).flatten()
    });
    // The run is past the epoch shown; the picture is not.
    let metrics = run(&home).join("metrics.jsonl");
    let deadline = Instant::now() + pty::PATIENCE;
    while fs::read_to_string(&metrics).unwrap().lines().count() < frozen + 2 {
        assert!(Instant::now() < deadline, "training does not go on");
        std::thread::sleep(Duration::from_millis(20));
    }
    terminal.press("2");
    terminal.shows("map of all operations");
    terminal.until("the frozen epoch", |screen| {
        (header_epoch(screen) == Some(frozen)).then_some(())
    });
    terminal.press("f");
    terminal.until("a later epoch", |screen| {
        (header_epoch(screen)? > frozen).then_some(())
    });
    terminal.hides("FROZEN");
}

#[test]
fn any_size_is_drawn_and_too_small_says_so() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    for (columns, rows) in [(200, 60), (80, 24), (60, 16), (120, 36)] {
        terminal.resize(columns, rows);
        let filled = terminal.until("header", |screen| {
            let header = screen.rows(0, columns).next()?;
            let filled = header.trim_end().chars().count() > usize::from(columns) * 3 / 4;
            (filled && header.contains("fluxttice")).then_some(header)
        });
        assert!(filled.contains('●'), "{filled}");
        for (key, title) in [
            ("2", "under the cursor"),
            ("3", "nearest"),
            ("6", "UTC"),
            ("1", "epoch"),
        ] {
            terminal.press(key);
            terminal.shows(title);
        }
        terminal.shows("q quit");
    }
    for (columns, rows) in [(43, 12), (5, 2), (1, 1)] {
        terminal.resize(columns, rows);
        if columns == 43 {
            terminal.shows("too small");
        }
    }
    terminal.resize(120, 36);
    terminal.shows("now, epoch");
    terminal.hides("too small");
}

#[test]
fn a_key_pressed_in_the_instant_of_a_resize_is_not_held_back() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    for _ in 0..20 {
        for (columns, key, title) in [(200, "2", "under the cursor"), (120, "1", "now, epoch")] {
            terminal.resize(columns, 36);
            terminal.press(key);
            terminal.shows(title);
        }
    }
}

#[test]
fn only_what_changed_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press(" ");
    terminal.shows("‖ paused");
    terminal.press("2");
    terminal.shows("under the cursor");
    let place = |screen: &Screen| {
        let text = screen.contents();
        let (_, behind) = text.split_once("under the cursor")?;
        Some(behind.chars().take(200).collect::<String>())
    };
    let mut sent = Vec::new();
    for _ in 0..20 {
        let (from, before) = (terminal.until("a place", place), terminal.bytes());
        terminal.press("\x1b[C");
        terminal.until("another place", |screen| {
            (place(screen)? != from).then_some(())
        });
        sent.push(terminal.bytes() - before);
    }
    let before = terminal.bytes();
    terminal.resize(121, 37);
    terminal.shows("under the cursor");
    terminal.shows("q quit");
    let whole = terminal.bytes() - before;
    sent.sort_unstable();
    let median = sent[sent.len() / 2];
    println!("{median} bytes for a step of the cursor, {whole} for a whole screen of 121x37");
    assert!(median * 10 < whole, "{sent:?} of {whole}");
}

#[test]
fn pasted_garbage_and_a_flood_of_the_mouse_do_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    let garbage: String = (0..20_000u32)
        .map(|n| {
            char::from_u32(n * 37 % 0xd7ff)
                .filter(|c| *c != '\x1b')
                .unwrap_or('q')
        })
        .collect();
    terminal.press(&format!("\x1b[200~{garbage}\x1b[201~"));
    for n in 0..3_000 {
        let (column, row) = (n % 120 + 1, n % 33 + 3);
        terminal.press(&format!("\x1b[<35;{column};{row}M\x1b[<65;{column};{row}M"));
    }
    terminal.press("6");
    terminal.shows("times in UTC");
    terminal.press(" ");
    terminal.shows("‖ paused");
}

#[test]
fn closing_the_terminal_saves_the_run() {
    let home = tempfile::tempdir().unwrap();
    let terminal = training(&home);
    let run = run(&home);
    let status = terminal.hang_up();
    assert_eq!((status.exit_code(), status.signal()), (129, None));
    let journal = lines(&run, "journal.jsonl");
    assert_eq!(journal.last().unwrap()["event"], "closed");
    assert!(epochs(&run) > 0);
}

#[test]
fn an_operation_is_found_by_name_and_its_neighbours_walked() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press("/");
    terminal.shows("find operations");
    terminal.press("min\r");
    terminal.shows("15,633");
    terminal.shows("----00-0+");
    let chosen = |screen: &Screen| {
        // The first neighbour's row: rank 1, then its index.
        let contents = screen.contents();
        let row = contents
            .lines()
            .find_map(|line| line.split_once("  1  "))?
            .1
            .to_owned();
        row.split("  ")
            .find(|part| !part.is_empty())
            .map(|part| part.trim().to_owned())
    };
    let nearest = terminal.until("a neighbour", chosen);
    // Enter follows the chosen neighbour, `[` leads back.
    terminal.press("\x1b[H\r");
    terminal.until("the neighbour as the centre", |screen| {
        let rows: Vec<String> = screen.rows(0, 40).collect();
        rows.iter()
            .take(6)
            .any(|row| row.contains(&nearest))
            .then_some(())
    });
    terminal.press("[");
    terminal.until("min as the centre", |screen| {
        let rows: Vec<String> = screen.rows(0, 40).collect();
        rows.iter()
            .take(6)
            .any(|row| row.contains("15,633"))
            .then_some(())
    });
    for (key, title) in [
        ("e", "of A · cosine"),
        ("e", "2-Wasserstein of posteriors"),
        ("e", "Jeffreys divergence, nats"),
        ("e", "nearest by entries"),
        ("e", "nearest by 3-adic distance"),
        ("e", "of A · Euclidean"),
        ("b", "of B · Euclidean"),
        ("o", "of A and B · Euclidean"),
        ("p", "% · by coverage"),
        ("/", "find operations"),
        (
            "commutative & assoc\r",
            "among 63: commutative & associative",
        ),
        ("2", "of 63 selected"),
        ("/", "find operations"),
        ("commutative & zz", "expected a law"),
    ] {
        terminal.press(key);
        terminal.shows(title);
    }
    // A key right behind Esc would be taken for one held with Alt.
    terminal.press("\x1b");
    terminal.hides("find operations");
    terminal.press("/");
    terminal.shows("find operations");
    terminal.press("min + max - product\r");
    terminal.shows("nearest codes of A and B");
}

#[test]
fn earlier_epochs_are_looked_back_to_while_training_goes_on_and_places_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press("3");
    terminal.shows("codes of epoch");
    terminal.press("t");
    terminal.shows("bookmark");
    terminal.press("the meet\r");
    terminal.shows("★ the meet");
    let kept = fs::read_to_string(home.path().join("bookmarks.yaml")).unwrap();
    assert!(
        kept.contains("place: min") && kept.contains("note: the meet"),
        "{kept}"
    );
    let then = |screen: &Screen| {
        let contents = screen.contents();
        let (_, rest) = contents.split_once("then: ")?;
        let words: Vec<&str> = rest.split_whitespace().take(2).collect();
        Some(words.join(" "))
    };
    terminal.press("<");
    let mut at = terminal.until("a moment", then);
    // However many epochs were kept meanwhile, the way back ends before training.
    while at != "before training" {
        terminal.press("<");
        let before = at;
        at = terminal.until("an earlier moment", |screen| {
            then(screen).filter(|then| *then != before)
        });
    }
    terminal.shows("# now");
    terminal.press("\x1b");
    terminal.hides("then: ");
}

#[test]
fn quitting_saves_and_resume_goes_on_at_the_right_epoch() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press("q");
    terminal.shows("stop after this batch");
    terminal.press("\x1b");
    terminal.hides("stop after this batch");
    terminal.press("q");
    terminal.shows("stop after this batch");
    terminal.press("s");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{}", screen.contents());
    given_back(&screen);
    assert!(
        screen.contents().contains("saved in"),
        "{}",
        screen.contents()
    );
    let run = run(&home);
    let done = epochs(&run);

    let mut terminal = Terminal::start(120, 36, home.path(), &["--resume", "--device=cpu"]);
    let first = terminal.until("an epoch", header_epoch);
    assert_eq!(first, done, "the next epoch, no other");
    terminal.shows(&format!("now, epoch {done}"));
    terminal.press("q");
    terminal.shows("finish this epoch");
    terminal.press("f");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{}", screen.contents());
    given_back(&screen);
    assert!(epochs(&run) > done);
}

#[test]
fn a_second_explorer_of_a_run_follows_it_and_each_sees_what_the_other_did() {
    let home = tempfile::tempdir().unwrap();
    let mut first = training(&home);
    first.press(" ");
    first.shows("‖ paused");
    let mut second = Terminal::start(120, 36, home.path(), &["--resume", "--device=cpu"]);
    second.shows("attached · trained by pid");
    second.shows("‖ paused");
    second.press(" ");
    second.hides("‖ paused");
    first.hides("‖ paused");
    first.shows("by root on");
    second.press("q");
    let (code, screen) = second.ends();
    assert_eq!(code, 0);
    assert!(screen.contents().contains("is left to its trainer"));
    first.press("q");
    first.shows("stop after this batch");
    first.press("s");
    assert_eq!(first.ends().0, 0);
    epochs(&run(&home));
}

/// Runs the program without a terminal to its end.
#[track_caller]
fn program(home: &TempDir, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxttice-explorer"));
    command
        .env("FLUXTTICE_DATA_DIR", home.path())
        .args(arguments);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

fn newest_weights(run: &Path) -> Vec<u8> {
    fs::read(run.join("checkpoints/latest/weights.safetensors")).unwrap()
}

fn is_free(run: &Path) -> bool {
    let lock = fs::File::open(run.join(".lock")).unwrap();
    lock.try_lock_shared().is_ok()
}

#[test]
fn two_explorers_steer_a_run_that_has_no_screen_and_its_replay_has_the_same_weights() {
    let home = tempfile::tempdir().unwrap();
    program(&home, &[&["train", "--detach"], QUICK.as_slice()].concat());
    let run = run(&home);
    let attach = || Terminal::start(120, 36, home.path(), &["attach", "--device=cpu"]);
    let (mut one, mut other) = (attach(), attach());
    one.shows("now, epoch ");
    other.shows("now, epoch ");
    one.press(" ");
    one.shows("‖ paused");
    other.shows("‖ paused");
    other.press(" ");
    other.hides("‖ paused");
    one.hides("‖ paused");
    other.press("d");
    other.shows("╭ disruption");
    // Down to what is done with it, and on to disrupting and measuring.
    other.press("\t\t\t\t\t\x1b[C");
    other.shows("paired repetitions");
    other.press("\r");
    other.hides("paired repetitions");
    for terminal in [&mut one, &mut other] {
        terminal.press("4");
        terminal.shows("⚖");
        terminal.press("\x1b[B");
        terminal.shows("argmax coverage, mean of A and B  ");
    }
    one.press("6");
    one.shows("✓ by root on");
    for mut terminal in [one, other] {
        terminal.press("q");
        assert_eq!(terminal.ends().0, 0);
    }
    assert!(!is_free(&run), "the run goes on");
    let name = run.display().to_string();
    program(&home, &["steer", &name, "stop", "--after-epoch", "--wait"]);
    program(&home, &["watch", &name, "--follow", "--quiet"]);
    let done = epochs(&run).to_string();
    let journal = run.join("journal.jsonl").display().to_string();
    let replayed = home.path().join("replayed");
    let out = replayed.display().to_string();
    let replay = [
        "train", "--quiet", "--out", &out, "--replay", &journal, "--epochs", &done,
    ];
    program(&home, &[&replay, QUICK.as_slice()].concat());
    assert!(newest_weights(&run) == newest_weights(&replayed));
}

/// A process that is ended with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn a_trainer_in_python_is_watched_paused_changed_and_stopped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = tempfile::tempdir().unwrap();
    let trainer = Command::new("python3")
        .arg(root.join("tests/fixtures/trainer.py"))
        .arg(root.join("python"))
        .env("FLUXTTICE_DATA_DIR", home.path())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(trainer) = trainer else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let mut trainer = Ended(trainer);
    let run = home.path().join("runs/line");
    let mut told = String::new();
    let mut said = BufReader::new(trainer.0.stdout.take().unwrap());
    said.read_line(&mut told).unwrap();
    assert_eq!(told, "trains\n");
    let mut terminal = Terminal::start(120, 36, home.path(), &["attach", "line"]);
    for words in [
        "fluxttice (Python)",
        "attached · trained by pid",
        "train/loss",
        "used_rate",
    ] {
        terminal.shows(words);
    }
    terminal.press(" ");
    terminal.shows("‖ paused");
    let told = lines(&run, "metrics.jsonl").len();
    terminal.press(",");
    terminal.shows("step of the descent");
    terminal.press("\r");
    terminal.shows("learning_rate = 0.01");
    terminal.press("\x7f\x7f\x7f\x7f");
    terminal.hides("learning_rate = 0");
    terminal.press("0.25\r");
    terminal.hides("learning_rate = ");
    terminal.press("\x1b");
    terminal.shows("learning_rate                     0.25");
    assert_eq!(
        lines(&run, "metrics.jsonl").len(),
        told,
        "nothing is trained in a pause"
    );
    terminal.press(" ");
    terminal.hides("‖ paused");
    terminal.shows("used_rate                         0.25");
    terminal.press("Q");
    terminal.shows("stop after this batch");
    terminal.press("s");
    terminal.shows("■ stopped");
    terminal.press("q");
    assert_eq!(terminal.ends().0, 0);
    assert!(trainer.0.wait().unwrap().success());
    let answers = lines(&run, "journal.jsonl");
    let answers: Vec<_> = answers
        .iter()
        .filter(|line| line["event"] == "outcome")
        .collect();
    let kinds: Vec<&str> = answers
        .iter()
        .map(|line| line["request"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["pause", "set", "resume", "stop-now"]);
    for answer in answers {
        assert_eq!(answer["applied"], true);
        let claim = &answer["by"]["request"]["claim"]["program"];
        assert!(
            claim.as_str().unwrap().starts_with("fluxttice-explorer"),
            "{claim}"
        );
    }
}

#[test]
fn a_run_that_is_left_running_is_attached_to_again_and_comes_to_the_same() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &QUICK);
    terminal.shows("now, epoch 2");
    let run = run(&home);
    terminal.press("q");
    terminal.shows("leave it running");
    terminal.press("l");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{}", screen.contents());
    given_back(&screen);
    assert!(
        screen.contents().contains("attach"),
        "{}",
        screen.contents()
    );
    assert!(!is_free(&run));
    let left = lines(&run, "metrics.jsonl").len();
    let mut terminal = Terminal::start(120, 36, home.path(), &["attach"]);
    terminal.shows("attached · trained by pid");
    terminal.until("a later epoch", |screen| {
        header_epoch(screen).filter(|epoch| *epoch > left)
    });
    terminal.press("Q");
    terminal.shows("finish this epoch");
    terminal.press("f");
    terminal.shows("■ stopped");
    terminal.press("q");
    assert_eq!(terminal.ends().0, 0);
    let done = epochs(&run).to_string();
    let whole = home.path().join("whole");
    let out = whole.display().to_string();
    let again = ["train", "--quiet", "--out", &out, "--epochs", &done];
    program(&home, &[&again, QUICK.as_slice()].concat());
    assert!(newest_weights(&run) == newest_weights(&whole));
}

/// A terminal that does not mark what is pasted, or a program below it that does not pass the marks on.
#[test]
fn unmarked_text_is_taken_in_bulk_and_confirms_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &["--explore"]);
    terminal.shows("nearest codes of A");
    terminal.press("/");
    terminal.shows("find");
    let before = terminal.frames();
    terminal.send(&"commutative | \r".repeat(1_200));
    terminal.shows("commutative | commutative");
    // Typed behind it: with that on the screen, all of it was taken.
    terminal.press("\x1b");
    terminal.hides("commutative | commutative");
    let frames = terminal.frames() - before;
    assert!(frames < 100, "{frames} frames for 18,000 characters");
    terminal.press("q");
    terminal.ends();
}

#[test]
fn a_signal_saves_and_gives_the_terminal_back() {
    for (signal, expected) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::USR1, 128 + Signal::USR1.as_raw().unsigned_abs()),
        (Signal::QUIT, 131),
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = training(&home);
        kill_process(Pid::from_raw(terminal.process()).unwrap(), signal).unwrap();
        let (code, screen) = terminal.ends();
        assert_eq!(code, expected, "{}", screen.contents());
        given_back(&screen);
        let run = run(&home);
        let done = epochs(&run);
        let program = env!("CARGO_BIN_EXE_fluxttice-explorer");
        let mut command = Command::new(program);
        command.args(["train", "--quiet", "--epochs=1", "--device=cpu", "--resume"]);
        let resumed = command.arg(&run).output().unwrap();
        assert!(resumed.status.success(), "{resumed:?}");
        assert_eq!(epochs(&run), done + 1);
    }
}

#[test]
fn suspended_it_gives_the_terminal_back_and_continued_it_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().display();
    let program = env!("CARGO_BIN_EXE_fluxttice-explorer");
    // Whatever is said of the terminal, or nothing.
    for environment in ["env", "env TERM=dumb", "env -u TERM"] {
        let mut shell = Terminal::shell();
        let prompt = |shell: &Terminal| {
            shell.until("a prompt", |screen| {
                let asks = screen.contents().trim_end().ends_with("\n$");
                (!screen.alternate_screen() && asks).then(|| given_back(screen))
            });
        };
        shell.press(&format!(
            "{environment} {program} --explore --data-dir {folder}\n"
        ));
        shell.shows("nearest codes of A");
        shell.shows("exploring");
        shell.press("\x1a");
        shell.shows("Stopped");
        prompt(&shell);
        shell.press("fg\n");
        shell.shows("nearest codes of A");
        shell.press("2");
        shell.shows("map of all operations");
        shell.press("q");
        prompt(&shell);
        shell.press("exit\n");
        assert_eq!(shell.ends().0, 0);
    }
}

#[test]
fn a_run_that_fails_stays_on_the_screen_and_ends_with_the_contracts_code() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "x").unwrap();
    let below_a_file = home.path().join("file/data");
    let beta = "--set=vae_a.beta_start=1e+38";
    let diverging = [
        "--device=cpu",
        "--set=free_bits=0",
        beta,
        "--set=train_split=0.02",
    ];
    let split = ["--set=test_split=0.88", "--set=eval_num_samples=2000"];
    for (data, arguments, shown, told, expected) in [
        (
            below_a_file.as_path(),
            &TRAIN[..],
            "✖ failed",
            "cannot create",
            6,
        ),
        (
            home.path(),
            &[&diverging[..], &split].concat(),
            "diverged",
            "training diverged",
            5,
        ),
    ] {
        let mut terminal = Terminal::start(120, 36, data, arguments);
        terminal.shows(shown);
        terminal.press("2");
        terminal.shows("under the cursor");
        terminal.press("q");
        let (code, screen) = terminal.ends();
        given_back(&screen);
        assert!(screen.contents().contains(told), "{}", screen.contents());
        assert_eq!(code, expected, "{}", screen.contents());
    }
}

#[test]
fn control_c_twice_stops_and_saves() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = training(&home);
    terminal.press("\x03");
    terminal.shows("stop after this batch");
    terminal.press("\x03");
    let (_, screen) = terminal.ends();
    given_back(&screen);
    assert!(epochs(&run(&home)) > 0);
}

#[test]
fn without_any_run_the_built_in_model_is_explored() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &["--explore"]);
    terminal.shows("built-in model");
    terminal.shows("nearest codes of A");
    terminal.shows("exploring");
    terminal.press("/");
    terminal.shows("find operations");
    terminal.press("min\r");
    terminal.shows("15,633");
    // The same answer as without a terminal.
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxttice-explorer"));
    command.args(["neighbors", "min", "-k", "1", "--json", "--data-dir"]);
    let asked = command.arg(home.path()).output().unwrap();
    let nearest: Value = serde_json::from_slice(&asked.stdout).unwrap();
    terminal.shows(nearest["trits"].as_str().unwrap());
    terminal.press("2");
    terminal.shows("map of all operations");
    terminal.press("q");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0);
    given_back(&screen);
    assert!(
        !home.path().join("runs").exists(),
        "looking around creates nothing"
    );
}

#[test]
fn a_certificate_is_made_and_checked_in_the_explorer() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(120, 36, home.path(), &["--explore"]);
    // The heading stands before the model is there; this is said only once it is.
    terminal.shows("codes of built-in model");
    terminal.press("c");
    terminal.shows("✓ certified");
    let folder = home.path().join("certificates/built-in");
    assert!(folder.join("SHA256SUMS").is_file());
    terminal.press("5");
    terminal.shows("not checked in this session");
    terminal.press("v");
    terminal.shows("every figure measured again");
    // One byte, and it does not hold any more.
    let document = folder.join("certificate.md");
    let text = fs::read_to_string(&document).unwrap();
    fs::write(&document, format!("{text} ")).unwrap();
    terminal.press("v");
    terminal.shows("✖ INVALID");
    terminal.shows("certificate.md: content");
    terminal.press("q");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{}", screen.contents());
    given_back(&screen);
}

#[test]
fn a_model_that_learned_nothing_yet_is_refused_a_certificate_and_training_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let slow = [
        "--set=optimizer.lr_start=1e-9",
        "--set=optimizer.lr_schedule=[{\"epoch\":0,\"lr\":1e-9}]",
    ];
    let arguments: Vec<&str> = TRAIN.into_iter().chain(slow).collect();
    let mut terminal = Terminal::start(200, 36, home.path(), &arguments);
    terminal.shows("now, epoch ");
    terminal.press("c");
    terminal.shows("cannot certify: no certificate for");
    let run = run(&home);
    let snapshot = fs::read_dir(run.join("snapshots")).unwrap().next().unwrap();
    assert!(
        snapshot
            .unwrap()
            .path()
            .join("weights.safetensors")
            .is_file()
    );
    assert!(!run.join("certificates").exists(), "nothing is left behind");
    let told = || lines(&run, "metrics.jsonl").len();
    let before = told();
    terminal.until("another epoch", |_| (told() > before).then_some(()));
    terminal.press("q");
    terminal.shows("stop after this batch");
    terminal.press("s");
    assert_eq!(terminal.ends().0, 0);
}
