//! What it costs to be watched and steered from elsewhere, and how fast that is.
//!
//! Latency: a detached trainer and an attached explorer, two processes, the explorer in a terminal of 120×36.
//! A key pauses or resumes 200 times; timed is from the key to the outcome on the screen, of which the batch at
//! hand is a part. 200 epochs are timed from the moment at which their line is in `metrics.jsonl` to the moment
//! at which the screen shows them.
//!
//! Cost: a session in this process trains blocks of 20 epochs of the published configuration, in turns without
//! the protocol, with it, and with two explorers attached; wall time and this process's CPU time of each
//! block. The ratios are of neighbouring blocks, with the 95 % interval of their mean. Arguments: `latency`, or
//! `cost` with the number of blocks; nothing for both.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/pty.rs"]
mod pty;

#[cfg(unix)]
mod bench {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use fluxttice_core::config::{Config, Source};
    use fluxttice_core::device::DeviceSpec;
    use fluxttice_core::numbers::{index, rounded};
    use fluxttice_core::protocol::status::Status;
    use fluxttice_core::run::Disk;
    use fluxttice_core::session::message::Event;
    use fluxttice_core::session::{Meeting, Plan, RunLocation, Session};
    use fluxttice_core::statistics::interval;

    use super::pty::Terminal;

    const TIMES: usize = 200;
    const PROGRAM: &str = env!("CARGO_BIN_EXE_fluxttice-explorer");
    const EPOCHS: u32 = 20;

    pub fn home(name: &str) -> PathBuf {
        let home = format!("fluxttice-attached-{name}-{}", std::process::id());
        let home = std::env::temp_dir().join(home);
        fs::create_dir_all(&home).unwrap();
        home
    }

    fn steer(run: &Path, verb: &str) {
        let mut command = Command::new(PROGRAM);
        let asked = command
            .arg("steer")
            .arg(run)
            .args([verb, "--wait"])
            .output();
        assert!(asked.unwrap().status.success());
    }

    fn told(what: &str, mut spent: Vec<Duration>) {
        spent.sort();
        let milliseconds = |share: f64| {
            let place = index(rounded((spent.len() - 1) as f64 * share));
            spent[place].as_secs_f64() * 1e3
        };
        println!(
            "{what}, {} times: median {:.0} ms, p95 {:.0} ms, max {:.0} ms",
            spent.len(),
            milliseconds(0.5),
            milliseconds(0.95),
            milliseconds(1.0)
        );
    }

    pub fn latency() {
        let home = home("latency");
        let run = home.join("run");
        let mut train = Command::new(PROGRAM);
        train.args([
            "train",
            "--detach",
            "--device=cpu",
            "--quiet",
            "--set=total_epochs=100000",
            "--set=patience=100000",
        ]);
        // Short epochs: two hundred of them are seen in minutes.
        train.args([
            "--set=train_split=0.05",
            "--set=val_split=0.01",
            "--set=test_split=0.94",
            "--set=eval_num_samples=2000",
        ]);
        assert!(
            train
                .arg("--out")
                .arg(&run)
                .output()
                .unwrap()
                .status
                .success()
        );
        let name = run.display().to_string();
        let mut terminal = Terminal::start(120, 36, &home, &["attach", &name]);
        terminal.shows("now, epoch ");
        let mut spent = Vec::with_capacity(TIMES);
        for press in 0..TIMES {
            // Gaps that fall on no rhythm of batches, looks or frames.
            std::thread::sleep(Duration::from_millis(60 + (press as u64 * 37) % 101));
            let began = Instant::now();
            terminal.press(" ");
            match press % 2 {
                0 => terminal.shows("‖ paused"),
                _ => terminal.shows("✓ go on: going on"),
            }
            spent.push(began.elapsed());
        }
        told(
            "key in an attached explorer to the outcome on its screen",
            spent,
        );

        let mut spent = Vec::with_capacity(TIMES);
        let metrics = run.join("metrics.jsonl");
        let lines = || fs::read_to_string(&metrics).unwrap().lines().count();
        while spent.len() < TIMES {
            let before = lines();
            while lines() == before {
                std::thread::sleep(Duration::from_millis(1));
            }
            let began = Instant::now();
            let epoch = lines() - 1;
            terminal.until("the epoch, or a later one", |screen| {
                let contents = screen.contents();
                let (_, behind) = contents.split_once("now, epoch ")?;
                let number: String = behind.chars().take_while(char::is_ascii_digit).collect();
                (number.parse::<usize>().ok()? >= epoch).then_some(())
            });
            spent.push(began.elapsed());
        }
        told("line of an epoch to an attached explorer's screen", spent);
        drop(terminal);
        steer(&run, "stop");
        // What a run leaves in the temporary folder is of no use to anyone.
        let _ = fs::remove_dir_all(&home);
    }

    /// CPU time of this process so far, in seconds.
    fn cpu() -> f64 {
        let text = fs::read_to_string("/proc/self/stat").unwrap();
        let (_, rest) = text.rsplit_once(')').unwrap();
        let ticks = |place: usize| -> f64 {
            let field = rest.split_whitespace().nth(place).unwrap();
            field.parse::<f64>().unwrap() / 100.0
        };
        // User and system time, by proc(5), of which the first two fields lie before.
        ticks(11) + ticks(12)
    }

    /// Trains a block; returns its wall time and its CPU time, without the first epoch, in seconds.
    fn block(folder: &Path, meeting: Option<Meeting>, watchers: u32) -> [f64; 2] {
        let config = Config::load(Source::BuiltIn, &["seed=42".to_owned()])
            .unwrap()
            .config;
        let plan = Plan {
            disk: Disk::default(),
            device: DeviceSpec::Cpu,
            place: RunLocation::NewAt(folder.to_owned(), Box::new(config)),
            config_name: "bench".to_owned(),
            ineffective: Vec::new(),
            epochs: Some(EPOCHS + 1),
            planned: Vec::new(),
            meeting,
            replay: false,
        };
        let mut session = Session::train(plan).unwrap();
        let mut terminals = Vec::new();
        let mut began = None;
        loop {
            match session.events.blocking_recv().unwrap() {
                Event::Started(_) => {
                    let name = folder.display().to_string();
                    for _ in 0..watchers {
                        while Status::of(folder).is_none() {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        let home = folder.parent().unwrap();
                        terminals.push(Terminal::start(120, 36, home, &["attach", &name]));
                    }
                }
                Event::Epoch(report) if report.record.epoch == 0 => {
                    for terminal in &terminals {
                        terminal.shows("now, epoch 0");
                    }
                    began = Some((Instant::now(), cpu()));
                }
                Event::Ended(_) => break,
                _ => {}
            }
        }
        let (wall, used) = began.unwrap();
        let spent = [wall.elapsed().as_secs_f64(), cpu() - used];
        drop(terminals);
        drop(session.inlet);
        session.worker.join().unwrap();
        spent
    }

    pub fn cost(blocks: usize) {
        let home = home("cost");
        let meeting = || {
            Some(Meeting {
                program: "bench".to_owned(),
                version: "1".to_owned(),
                allow_group: false,
                successor: None,
            })
        };
        let mut ratios = [const { Vec::new() }; 4];
        for number in 0..blocks {
            let folder = |kind: &str| home.join(format!("{kind}-{number}"));
            let alone = block(&folder("alone"), None, 0);
            let open = block(&folder("open"), meeting(), 0);
            let watched = block(&folder("watched"), meeting(), 2);
            for which in 0..2 {
                ratios[which].push(open[which] / alone[which]);
                ratios[2 + which].push(watched[which] / alone[which]);
            }
            println!(
                "block {number}: wall {:.2} {:.2} {:.2} s, CPU {:.2} {:.2} {:.2} s",
                alone[0], open[0], watched[0], alone[1], open[1], watched[1]
            );
        }
        let names = [
            "without a watcher, wall",
            "without a watcher, CPU",
            "two explorers attached, wall",
            "two explorers attached, CPU of the trainer",
        ];
        for (name, ratios) in names.into_iter().zip(ratios) {
            let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
            let percent = |ratio: f64| 100.0 * (ratio - 1.0);
            let [low, high] = interval(&ratios).unwrap();
            println!(
                "{name}: {:+.2} % ({:+.2} to {:+.2}), {blocks} pairs of blocks of {EPOCHS} epochs",
                percent(mean),
                percent(low),
                percent(high)
            );
        }
        // What the runs leave in the temporary folder is of no use to anyone.
        let _ = fs::remove_dir_all(&home);
    }
}

#[cfg(unix)]
fn main() {
    let only = std::env::args()
        .nth(1)
        .filter(|argument| !argument.starts_with('-'));
    if only.as_deref() != Some("cost") {
        bench::latency();
    }
    if only.as_deref() != Some("latency") {
        let blocks = std::env::args()
            .nth(2)
            .and_then(|blocks| blocks.parse().ok());
        bench::cost(blocks.unwrap_or(12));
    }
}

/// There is no terminal to put the program into.
#[cfg(not(unix))]
fn main() {}
