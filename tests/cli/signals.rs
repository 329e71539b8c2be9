//! Events from outside: signals, a pipe nobody reads, a disk that is full.

use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::program::{Home, Ran, Running, SMALL, names};
use fluxttice_testing::whole::whole;

/// After whatever happened to `run`, it goes on to the weights of a run that was left alone.
fn goes_on_as_if_nothing_had_happened(home: &Home, run: &str) {
    home.resume(run, "--epochs 1").exits(0);
    home.resume(run, "--epochs 1").exits(0);
    let metrics = home.metrics(run);
    let epochs: Vec<Value> = metrics.iter().map(|line| line["epoch"].clone()).collect();
    let expected: Vec<Value> = (0..metrics.len()).map(Value::from).collect();
    assert_eq!(epochs, expected);
    home.train("alone", &format!("--epochs {}", metrics.len()))
        .exits(0);
    assert!(home.weights(run) == home.weights("alone"));
}

/// Returns true if this process was started with a signal ignored, as its children then are.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & (1 << (signal.as_raw() - 1)) != 0
}

#[test]
fn signals_stop_save_and_say_so() {
    for (signal, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::USR1, 128 + Signal::USR1.as_raw()),
        (Signal::XCPU, 128 + Signal::XCPU.as_raw()),
    ] {
        if is_ignored(signal) {
            println!("skipped: {signal:?} is ignored by who started the tests, as below `nohup`");
            continue;
        }
        let home = Home::new();
        let mut running = Running::start(home.training("run", ""));
        running.wait_for("epoch");
        running.signal(signal);
        let (status, rest, stderr) = running.end();
        assert_eq!(status.code(), Some(code), "{stderr}");
        let end = rest.last().unwrap();
        assert_eq!(
            (&end["event"], &end["reason"]),
            (&"end".into(), &"stopped".into())
        );
        goes_on_as_if_nothing_had_happened(&home, "run");
    }
}

/// Runs a small training to its end below a shell that does something before it.
fn below(home: &Home, shell: &str, signal: Signal) -> Ran {
    let program = home.training("run", "--epochs 2");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args());
    let mut running = Running::start(command);
    running.wait_for("start");
    running.signal(signal);
    let (status, rest, stderr) = running.end();
    let lines: Vec<String> = rest.iter().map(Value::to_string).collect();
    Ran {
        code: status.code(),
        stdout: lines.join("\n"),
        stderr,
    }
}

#[test]
fn every_signal_that_would_end_the_program_ends_it_with_its_number_after_saving() {
    let ending = [
        Signal::QUIT,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        #[cfg(target_os = "linux")]
        Signal::IO,
        #[cfg(target_os = "linux")]
        Signal::POWER,
    ];
    for signal in ending {
        let home = Home::new();
        let ran = below(&home, "", signal).exits(128 + signal.as_raw());
        assert_eq!(ran.events("end")[0]["reason"], "stopped", "{signal:?}");
        assert_eq!(ran.stderr, "");
        home.resume("run", "--epochs 1").exits(0);
    }
}

/// `nohup fx train &`, and a shell script's `fx train &`.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for (name, signal) in [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("USR1", Signal::USR1),
    ] {
        let home = Home::new();
        let ran = below(&home, &format!("trap '' {name};"), signal).exits(0);
        assert_eq!(ran.events("end")[0]["reason"], "finished", "{name}");
        assert_eq!(home.metrics("run").len(), 2);
    }
}

/// `ulimit -f`, and a batch system's limit on what is written.
#[test]
fn a_file_that_grows_over_its_limit_is_the_disks_refusal() {
    let home = Home::new();
    // 512-byte blocks of POSIX, 1,024 bytes in bash: too few for one checkpoint either way.
    let program = home.training("run", "--epochs 2");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 200; exec \"$0\" \"$@\""]);
    command.arg(program.get_program()).args(program.get_args());
    let ran = Ran::of(command).exits(6).says_only(&["run", "--resume"]);
    assert_eq!(ran.events("epoch").len(), 2, "training went on");
    assert_eq!(ran.events("end")[0]["reason"], "failed");
}

#[test]
fn a_signal_before_the_first_epoch_leaves_a_run_that_can_go_on() {
    let home = Home::new();
    let mut running = Running::start(home.training("run", ""));
    running.wait_for("start");
    running.signal(Signal::TERM);
    assert_eq!(running.end().0.code(), Some(143));
    goes_on_as_if_nothing_had_happened(&home, "run");
}

#[test]
fn a_killed_program_leaves_a_run_that_can_go_on() {
    let home = Home::new();
    for _ in 0..2 {
        let mut command = home.command(["train", "--json", "--device=cpu"]);
        command.arg("--resume").arg(home.path("run"));
        let command = if home.path("run").exists() {
            command
        } else {
            home.training("run", "")
        };
        let mut running = Running::start(command);
        running.wait_for("epoch");
        running.signal(Signal::KILL);
        assert_eq!(running.close().unwrap().0.code(), None, "killed");
    }
    goes_on_as_if_nothing_had_happened(&home, "run");
}

#[test]
fn training_goes_on_and_says_so_once_where_nobody_reads_on() {
    let home = Home::new();
    let mut running = Running::start(home.training("run", "--epochs 3"));
    running.wait_for("start");
    let (status, stderr) = running.close().unwrap();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert_eq!(stderr, "standard output was closed; training continues\n");
    assert_eq!(home.metrics("run").len(), 3);
    goes_on_as_if_nothing_had_happened(&home, "run");

    // The exit code reports the failure all the same.
    let diverging = "--set=vae_a.beta_start=1e+38 --set=free_bits=0";
    let mut running = Running::start(home.training("diverging", diverging));
    running.wait_for("start");
    assert_eq!(running.close().unwrap().0.code(), Some(5));
}

#[test]
fn nobody_reading_a_result_is_no_failure() {
    let home = Home::new();
    // Far more lines than a pipe holds.
    let mut command = home.command(["neighbors", "min", "-k", "19682", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
    assert_eq!(ran.stderr, "");
}

/// `train 2>&1 | head -1`, as people type it.
#[test]
fn nobody_reading_notes_is_no_reason_to_die() {
    let home = Home::new();
    let mut command = home.command(["train", "--epochs=2"].into_iter().chain(SMALL));
    command.arg("--out").arg(home.path("run"));
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(home.metrics("run").len(), 2);
}

/// A disk of a few megabytes, where the system lets us have one.
struct SmallDisk<'a>(&'a std::path::Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a std::path::Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        mount("size=2m", at).then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

fn mount(options: &str, at: &std::path::Path) -> bool {
    Command::new("mount")
        .args(["-t", "tmpfs", "-o", options, "tmpfs"])
        .arg(at)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a_disk_that_stays_full_is_one_error_and_nothing_saved_is_lost() {
    let home = Home::new();
    let place = home.path("disk");
    let Some(_disk) = SmallDisk::mount(&place) else {
        println!("skipped: no tmpfs can be mounted here");
        return;
    };
    let ran = home
        .train("disk/run", "--epochs 4")
        .exits(6)
        .says_only(&["disk/run", "space", "--resume"]);
    assert_eq!(ran.events("end")[0]["reason"], "failed");
    assert_eq!(ran.events("epoch").len(), 4, "training went on");
    let saving = ran.events("saving");
    assert_eq!(saving.len(), 1, "said once: {saving:?}");
    let since = saving[0]["unsaved_since"].as_u64();
    assert!(since > Some(0), "an epoch fits, or this tests nothing");
    assert_eq!(Some(u64::from(whole(&place.join("run")))), since);
    let left = names(&place.join("run/checkpoints"));
    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{left:?}");

    assert!(mount("remount,size=64m", &place), "the disk is made larger");
    goes_on_as_if_nothing_had_happened(&home, "disk/run");
}

#[test]
fn a_disk_that_was_full_for_a_while_has_everything_in_the_end() {
    let home = Home::new();
    let place = home.path("disk");
    let Some(_disk) = SmallDisk::mount(&place) else {
        println!("skipped: no tmpfs can be mounted here");
        return;
    };
    let mut running = Running::start(home.training("disk/run", ""));
    let full = running.wait_for("saving");
    assert!(
        full["problem"].as_str().unwrap().contains("space"),
        "{full}"
    );
    running.wait_for("epoch");
    assert!(mount("remount,size=64m", &place), "the disk is made larger");
    let again = running.wait_for("saving");
    assert!(again["unsaved_since"].is_null(), "{again}");
    running.signal(Signal::TERM);
    let (status, rest, stderr) = running.end();
    assert_eq!(status.code(), Some(143), "{stderr}");
    assert_eq!(rest.last().unwrap()["reason"], "stopped");
    goes_on_as_if_nothing_had_happened(&home, "disk/run");
}
