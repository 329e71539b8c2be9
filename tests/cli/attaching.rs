//! A run that is trained in one process, and watched and steered from others.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fluxttice_core::protocol::Post;
use fluxttice_core::protocol::process::claim;
use fluxttice_core::protocol::status::{State, Status};
use fluxttice_core::request::Command;
use fluxttice_core::run::{is_open, read_journal};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Home, Ran, Running, names, parse_lines};

/// A run that does not end by itself.
const LONG: &str = "--set total_epochs=100000 --set patience=100000";
/// Limit of a wait, far above what anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A run that a process of its own trains, which is stopped at the end of the test.
struct Background<'a> {
    home: &'a Home,
    run: PathBuf,
}

impl<'a> Background<'a> {
    fn train(home: &'a Home, arguments: &str) -> Self {
        let mut command = home.training("run", arguments);
        command.arg("--detach");
        let begun = Ran::of(command).exits(0).lines();
        assert_eq!(begun[0]["event"], "detached");
        let run = PathBuf::from(begun[0]["folder"].as_str().unwrap());
        assert!(run.ends_with("run"));
        Self { home, run }
    }

    fn steer(&self, verb: &str) -> Ran {
        let arguments = format!("steer {} {verb} --json", self.run.display());
        self.home.run(&arguments)
    }

    /// Asks and waits for the answer, which must say that it was done.
    #[track_caller]
    fn done(&self, verb: &str) -> Value {
        let answer = self.steer(&format!("{verb} --wait")).exits(0).lines();
        assert_eq!(answer[0]["applied"], true, "{}", answer[0]);
        answer[0].clone()
    }

    fn listed(&self) -> String {
        let data = self.run.parent().unwrap().join("data");
        fs::create_dir_all(data.join("runs")).unwrap();
        let link = data.join("runs/run");
        if !link.exists() {
            std::os::unix::fs::symlink(&self.run, &link).unwrap();
        }
        let listed = self.home.run("runs --json").exits(0).lines();
        listed[0]["state"].as_str().unwrap().to_owned()
    }
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        if is_open(&self.run) {
            self.steer("stop");
            let began = Instant::now();
            while is_open(&self.run) && began.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Trains again by the journal of a run, and returns the weights.
fn replayed(home: &Home, run: &Path) -> Vec<u8> {
    let epochs = home.metrics("run").len();
    let journal = run.join("journal.jsonl");
    let arguments = format!("{LONG} --epochs {epochs} --replay {}", journal.display());
    home.train("replayed", &arguments).exits(0);
    home.weights("replayed")
}

#[test]
fn a_run_in_the_background_is_watched_steered_and_stopped_from_elsewhere() {
    let home = Home::new();
    let background = Background::train(&home, LONG);
    let run = background.run.display().to_string();
    let watch = home.command(["watch", "--json", "--follow", &run]);
    let mut watch = Running::start(watch);
    watch.wait_for("epoch");

    assert_eq!(background.listed(), "live");
    assert_eq!(background.done("pause")["message"], "paused");
    until("it is listed so", || background.listed() == "paused");
    let again = background.steer("pause --wait").exits(1).lines();
    assert_eq!(again[0]["message"], "already paused");
    background.done("set hold.rho=0.3");
    let wrong = background.steer("set seed=7 --wait").exits(1);
    assert!(
        wrong.stdout.contains("decides the run from its start"),
        "{}",
        wrong.stdout
    );
    let controls = background.steer("controls").exits(0).lines();
    let held = controls[0]["controls"].as_array().unwrap().iter();
    let held: Vec<&Value> = held
        .filter(|control| control["name"] == "hold.rho")
        .collect();
    assert_eq!((held.len(), &held[0]["value"]), (1, &"0.3".into()));
    background.done("disrupt beta-b:amplitude=0.3,epochs=2");
    background.done("snapshot mine");
    assert!(background.run.join("snapshots/mine").exists());
    background.done("resume");
    // A wish that only the trainer's own program may have is refused, and changes nothing.
    let post = Post::new(&background.run, claim("a test"));
    post.send(Command::HandOver).unwrap();
    watch.wait_for("epoch");
    let refused = home.run(&format!("train --resume {run}")).exits(3);
    assert!(
        refused.stderr.contains("fluxttice-explorer attach"),
        "{}",
        refused.stderr
    );
    watch.wait_for("epoch");
    background.done("stop --after-epoch");
    let (status, told, _) = watch.end();
    assert!(status.success());
    assert_eq!(told.last().unwrap()["reason"], "stopped");
    until("the process has ended", || !is_open(&background.run));
    assert_eq!(background.listed(), "stopped");

    let late = background.steer("pause --wait").exits(3);
    late.says_only(&["not being trained"]);
    let attached = home.run(&format!("attach {run}")).exits(2);
    attached.says_only(&["needs a terminal"]);
    // All that happened, in order, as the trainer told it.
    let story = home.run(&format!("watch --json {run}")).exits(0).lines();
    let epochs = story.iter().filter(|line| line["event"] == "epoch");
    assert!(epochs.eq(&home.metrics("run")));
    assert_eq!(story.last().unwrap()["event"], "end");
    // The journal knows how it ended, too.
    fs::remove_file(background.run.join("status.json")).unwrap();
    let story = home.run(&format!("watch --json {run}")).exits(0).lines();
    assert_eq!(story.last().unwrap()["reason"], "stopped");
    assert!(home.weights("run") == replayed(&home, &background.run));
}

#[test]
fn a_run_that_loses_its_terminal_goes_on_in_a_process_of_its_own_to_the_bit() {
    let home = Home::new();
    let more = "--epochs 9 --change 6:hold.rho=0.3 --disrupt 7:beta-b:amplitude=0.3,epochs=1";
    let mut command = home.training("run", &format!("{LONG} {more}"));
    command.arg("--on-hangup=detach");
    let mut first = Running::start(command);
    first.wait_for("epoch");
    first.signal(Signal::HUP);
    let (status, told, stderr) = first.end();
    assert_eq!(status.code(), Some(129), "{stderr}");
    let end = told.last().unwrap();
    assert_eq!(end["reason"], "handed_over", "{end}");
    let run = home.path("run");
    let arguments = format!("watch --json {}", run.display());
    let told = home.run(&arguments).exits(0).lines();
    assert_eq!(told.last().unwrap()["reason"], "finished");
    until("the process has ended", || !is_open(&run));
    assert_eq!(home.metrics("run").len(), 9);
    home.train("whole", &format!("{LONG} {more}")).exits(0);
    assert!(home.weights("run") == home.weights("whole"));
}

#[test]
fn a_stop_that_was_answered_holds_also_where_the_terminal_is_lost_then() {
    let home = Home::new();
    let mut command = home.training("run", LONG);
    command.arg("--on-hangup=detach");
    let mut trainer = Running::start(command);
    trainer.wait_for("epoch");
    let run = home.path("run").display().to_string();
    home.run(&format!("steer {run} stop --after-epoch --wait"))
        .exits(0);
    trainer.signal(Signal::HUP);
    let (_, told, _) = trainer.end();
    assert_eq!(told.last().unwrap()["reason"], "stopped");
    assert!(!is_open(&home.path("run")));
}

/// The arguments of the process that trains a run.
#[cfg(target_os = "linux")]
fn arguments_of_its_trainer(run: &Path) -> Vec<String> {
    let trainer = Status::of(run).unwrap().process.pid;
    let line = fs::read_to_string(format!("/proc/{trainer}/cmdline")).unwrap();
    line.split('\0').map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_handed_over_is_as_it_was_paused_and_with_its_time() {
    let home = Home::new();
    let told = home.path("told");
    let notify = format!("cat >> '{}'", told.display());
    let mut command = home.training("run", &format!("{LONG} --max-time 5h --on-hangup detach"));
    command.args(["--notify", &notify]);
    let mut first = Running::start(command);
    first.wait_for("epoch");
    let background = Background {
        home: &home,
        run: home.path("run"),
    };
    background.done("pause");
    first.signal(Signal::HUP);
    let (_, lines, stderr) = first.end();
    assert_eq!(lines.last().unwrap()["reason"], "handed_over", "{stderr}");
    until("it is paused again", || {
        Status::of(&background.run).unwrap().state == State::Paused
    });
    let epochs = home.metrics("run").len();
    let given = arguments_of_its_trainer(&background.run);
    let has = |wanted: &str| given.iter().any(|argument| argument == wanted);
    assert!(has(&notify) && has("--on-hangup=detach") && has("--device=cpu"));
    let left = given.iter().find(|given| given.starts_with("--max-time="));
    let (_, left) = left.unwrap().split_once('=').unwrap();
    let (left, _) = left.split_once('s').unwrap();
    let left: u64 = left.parse().unwrap();
    assert!((4 * 3_600..5 * 3_600).contains(&left), "{left} s");
    background.done("resume");
    until("it goes on", || home.metrics("run").len() > epochs);
    background.done("stop");
    until("it has ended", || {
        !is_open(&background.run) && told.exists()
    });
    until("whoever left is told", || {
        fs::read_to_string(&told).unwrap().ends_with('\n')
    });
    let told = parse_lines(&fs::read_to_string(told).unwrap());
    let ends: Vec<&Value> = told.iter().filter(|line| line["event"] == "end").collect();
    assert_eq!((ends.len(), &ends[0]["reason"]), (1, &"stopped".into()));
}

#[test]
fn whoever_watches_late_misses_no_epoch_of_a_run_that_was_taken_up_again() {
    let home = Home::new();
    let background = Background::train(&home, LONG);
    let run = background.run.display().to_string();
    let mut watch = Running::start(home.command(["watch", "--json", "--follow", &run]));
    watch.wait_for("epoch");
    watch.signal(Signal::STOP);
    background.done("stop --after-epoch");
    until("it has ended", || !is_open(&background.run));
    home.resume("run", "--epochs 3").exits(0);
    watch.signal(Signal::CONT);
    let (_, told, _) = watch.end();
    let epochs: Vec<Value> = told
        .into_iter()
        .filter(|line| line["event"] == "epoch")
        .collect();
    let all = home.metrics("run");
    assert!(epochs.len() > 3 && all.ends_with(&epochs));
}

#[test]
fn whoever_watches_ends_where_nobody_reads_any_more() {
    let home = Home::new();
    let background = Background::train(&home, LONG);
    let run = background.run.display().to_string();
    let mut watch = home.command(["watch", &run]);
    watch.stderr(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let mut line = String::new();
    let mut told = BufReader::new(watch.stderr.take().unwrap());
    told.read_line(&mut line).unwrap();
    drop(told);
    until("it has ended", || watch.try_wait().unwrap().is_some());
}

#[test]
fn a_run_whose_folder_is_removed_while_it_is_paused_is_there_again_and_watched_to_its_end() {
    let home = Home::new();
    let background = Background::train(&home, LONG);
    let run = background.run.display().to_string();
    let mut watch = Running::start(home.command(["watch", "--json", "--follow", &run]));
    watch.wait_for("epoch");
    background.done("pause");
    let journal = read_journal(&background.run).unwrap();
    fs::remove_dir_all(&background.run).unwrap();
    until("a trainer can be asked there again", || {
        Status::of(&background.run).is_some() && background.run.join("requests").is_dir()
    });
    let again = read_journal(&background.run).unwrap();
    assert_eq!(again[..journal.len()], journal);
    background.done("resume");
    background.done("stop --after-epoch");
    let (status, told, _) = watch.end();
    assert!(status.success());
    assert_eq!(told.last().unwrap()["reason"], "stopped");
}

#[test]
fn a_user_who_may_only_read_watches_and_is_told_why_nothing_can_be_asked() {
    let home = Home::new();
    let background = Background::train(&home, LONG);
    let run = background.run.display().to_string();
    let requests = background.run.join("requests");
    fs::set_permissions(&requests, fs::Permissions::from_mode(0o777)).unwrap();
    let Some(refused) = home.as_nobody(&format!("steer {run} pause --wait")) else {
        println!("skipped: no other user to be had here");
        return;
    };
    refused
        .exits(3)
        .says_only(&["its own user only", "--allow-group"]);
    assert_eq!(names(&requests), Vec::<String>::new());
    background.done("stop --after-epoch");
    until("it has ended", || !is_open(&background.run));
    let watched = home.as_nobody(&format!("watch --json {run}")).unwrap();
    assert!(watched.exits(0).events("epoch") == home.metrics("run"));
}

#[test]
fn a_command_that_never_ends_keeps_nobody_from_ending_the_program() {
    let home = Home::new();
    let mut command = home.training("run", "--epochs 1");
    command.args([
        "--notify",
        "echo $$ > \"$PIDS\"; exec sleep 600 2> /dev/null",
    ]);
    command.env("PIDS", home.path("pids"));
    let mut trainer = Running::start(command);
    trainer.wait_for("end");
    until("the command has begun", || home.path("pids").exists());
    trainer.signal(Signal::TERM);
    let (status, _, _) = trainer.end();
    assert_eq!(status.code(), Some(143));
    let pid: i32 = fs::read_to_string(home.path("pids"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_run_that_takes_too_long_is_stopped_and_whoever_left_is_told() {
    let home = Home::new();
    let told = home.path("told");
    let mut command = home.training("run", &format!("{LONG} --max-time 1s"));
    command
        .arg("--notify")
        .arg(format!("cat >> '{}'", told.display()));
    let ran = Ran::of(command).exits(0);
    assert_eq!(ran.events("end")[0]["reason"], "stopped");
    let told = parse_lines(&fs::read_to_string(told).unwrap());
    let end = told.last().unwrap();
    assert_eq!(
        (&end["event"], &end["reason"]),
        (&"end".into(), &"stopped".into())
    );
    assert_eq!(end["run"], "run");
}

#[test]
fn three_kills_amid_requests_from_three_processes_lose_and_repeat_nothing() {
    rounds(3);
}

#[test]
#[ignore = "takes many minutes"]
fn two_hundred_kills_amid_requests_from_three_processes_lose_and_repeat_nothing() {
    rounds(200);
}

/// Numbers that look random, the same in each test.
struct Numbers(u64);

impl Numbers {
    /// A number below this one.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }
}

fn trainer(home: &Home, is_first: bool) -> Child {
    let mut command = match is_first {
        true => home.training("run", LONG),
        false => {
            let mut command = home.command(["train", "--json", "--device=cpu", "--resume"]);
            command.arg(home.path("run"));
            command
        }
    };
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Sends requests until told to stop; returns their identifiers.
fn ask(home: &Home, seed: u64, stop: &AtomicBool) -> Vec<String> {
    let mut numbers = Numbers(seed);
    let run = home.path("run").display().to_string();
    let mut sent = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let verb = match numbers.below(7) {
            0 => "pause".to_owned(),
            1 | 2 => "resume".to_owned(),
            3 => format!("set hold.rho=0.{}", numbers.below(9)),
            4 => "disrupt latent-noise:amplitude=0.1,epochs=1".to_owned(),
            5 => "snapshot".to_owned(),
            _ => "set nonsense=1".to_owned(),
        };
        let ran = home.run(&format!("steer {run} {verb} --json"));
        // Between two sessions nobody can answer.
        if ran.code == Some(0) {
            sent.push(ran.lines()[0]["id"].as_str().unwrap().to_owned());
        }
        thread::sleep(Duration::from_millis(numbers.below(60)));
    }
    sent
}

fn rounds(count: u64) {
    let home = Home::new();
    let run = home.path("run");
    let mut numbers = Numbers(7);
    let mut sent = Vec::new();
    for round in 0..count {
        let mut child = trainer(&home, round == 0);
        let pid = child.id();
        until("it trains", || {
            let status = Status::of(&run);
            status.is_some_and(|status| status.process.pid == pid)
        });
        let stop = AtomicBool::new(false);
        let asked = thread::scope(|scope| {
            let (home, stop) = (&home, &stop);
            let askers =
                [1, 2, 3].map(|asker| scope.spawn(move || ask(home, 1_000 * round + asker, stop)));
            thread::sleep(Duration::from_millis(100 + numbers.below(900)));
            kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
            child.wait().unwrap();
            stop.store(true, Ordering::Relaxed);
            askers.map(|asker| asker.join().unwrap())
        });
        sent.extend(asked.into_iter().flatten());
    }
    // What was never taken is answered as too late.
    let mut last = trainer(&home, false);
    let requests = run.join("requests");
    until("all is answered", || names(&requests).is_empty());
    let stopped = home.run(&format!(
        "steer {} stop --after-epoch --wait",
        run.display()
    ));
    stopped.exits(0);
    last.wait().unwrap();

    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for entry in read_journal(&run).unwrap() {
        if let Some(id) = entry.request_id() {
            *answers.entry(id.to_owned()).or_default() += 1;
        }
    }
    println!("{} requests, {} answers", sent.len(), answers.len());
    assert!(answers.values().all(|count| *count == 1), "{answers:?}");
    for id in &sent {
        assert!(answers.contains_key(id), "{id} has no answer");
    }
    assert!(home.weights("run") == replayed(&home, &run));
}

/// A run in a container of its own: other process numbers, and another name of the machine.
#[test]
fn a_run_in_another_namespace_is_seen_live_and_lost() {
    let home = Home::new();
    let run = home.path("run");
    for (name, gone) in [("", "cut off"), ("elsewhere", "lost")] {
        let rename = match name {
            "" => String::new(),
            name => {
                format!("hostname {name} 2>/dev/null || echo {name} > /proc/sys/kernel/hostname; ")
            }
        };
        let mut train = home.training("run", LONG);
        if run.exists() {
            train = home.command(["train", "--json", "--device=cpu", "--resume"]);
            train.arg(&run);
        }
        let program = train.get_program().to_owned();
        let mut command = std::process::Command::new("unshare");
        command.args([
            "--pid",
            "--fork",
            "--uts",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
        ]);
        command
            .arg(format!("{rename}exec \"$@\""))
            .arg("sh")
            .arg(program);
        command.args(train.get_args());
        command.envs(
            train
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null());
        let Ok(mut child) = command.spawn() else {
            eprintln!("skipped: no unshare");
            return;
        };
        let here = Status::of(&run).map(|status| status.session);
        until("it trains, or may not", || {
            let now = Status::of(&run).map(|status| status.session);
            now != here || child.try_wait().unwrap().is_some()
        });
        if child.try_wait().unwrap().is_some() {
            eprintln!("skipped: no namespaces here");
            return;
        }
        let status = Status::of(&run).unwrap();
        assert_eq!(name == "elsewhere", status.process.host == "elsewhere");
        let background = Background {
            home: &home,
            run: run.clone(),
        };
        assert_eq!(background.listed(), "live");
        background.done("pause");
        until("it is seen to be paused", || {
            Status::of(&run).is_some_and(|status| status.state == State::Paused)
        });
        // The whole namespace ends with its first process.
        child.kill().unwrap();
        child.wait().unwrap();
        until("it is seen to be gone", || background.listed() == gone);
    }
}

#[test]
fn what_is_no_folder_of_a_run_cannot_be_watched_or_steered() {
    let home = Home::new();
    for command in ["attach nothing", "watch nothing", "steer nothing pause"] {
        home.run(command).exits(3).says_only(&["nothing"]);
    }
    home.run("attach")
        .exits(3)
        .says_only(&["no run", "being trained"]);
    home.train("run", "--epochs 1").exits(0);
    let run = home.path("run").display().to_string();
    let steer = home.run(&format!("steer {run} pause"));
    steer.exits(3).says_only(&["not being trained"]);
    let wrong = home.run(&format!("steer {run} disrupt nonsense"));
    wrong.exits(2);
}
