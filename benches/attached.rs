//! What it costs to be watched and steered from elsewhere, and how fast that is.
//!
//! Latency: a detached trainer and an attached explorer, two processes, the explorer in a terminal of 120×36.
//! A key pauses or resumes 200 times; timed is from the key to the outcome on the screen, of which the batch at
//! hand is a part. 200 epochs are timed from the moment at which their line is in `metrics.jsonl` to the moment
//! at which the screen shows them.
//!
//! Cost: a session in this process trains blocks of 20 epochs of the published configuration, in turns without
//! the protocol, with it, with two explorers attached, and with 10,000 files among the requests that are none;
//! wall time and this process's CPU time of each block, and that of the thread that serves the protocol. The
//! ratios are of blocks of the same turn, with the 95 % interval of their mean. Arguments: `latency`, or `cost`
//! with the number of turns, 20 at most; nothing for both.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/pty.rs"]
mod pty;

#[cfg(unix)]
mod bench {
    use std::fs;
    use std::os::unix::fs::{chown, symlink};
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use fluxttice_core::config::{Config, Source};
    use fluxttice_core::device::DeviceSpec;
    use fluxttice_core::numbers::{index, rounded};
    use fluxttice_core::protocol::new_id;
    use fluxttice_core::protocol::status::Status;
    use fluxttice_core::run::Disk;
    use fluxttice_core::run::names::REQUESTS;
    use fluxttice_core::session::message::Event;
    use fluxttice_core::session::{Meeting, Plan, RunLocation, Session};
    use fluxttice_core::statistics::{MOST_VALUES, interval};

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::pty::Terminal;

    const TIMES: usize = 200;
    const PROGRAM: &str = env!("CARGO_BIN_EXE_fluxttice-explorer");
    const EPOCHS: u32 = 20;
    const HOSTILE: u32 = 10_000;
    const ITSELF: &str = "/proc/self/stat";

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

    /// CPU time so far, in seconds, by one of the files that proc(5) calls `stat`.
    fn cpu(stat: &Path) -> f64 {
        let text = fs::read_to_string(stat).unwrap();
        let (_, rest) = text.rsplit_once(')').unwrap();
        let ticks = |place: usize| -> f64 {
            let field = rest.split_whitespace().nth(place).unwrap();
            field.parse::<f64>().unwrap() / 100.0
        };
        // User and system time, by proc(5), of which the first two fields lie before.
        ticks(11) + ticks(12)
    }

    /// CPU time so far of the thread that serves the protocol, in seconds; none where it does not run.
    fn publisher() -> f64 {
        let threads = fs::read_dir("/proc/self/task").unwrap();
        let stat = |thread: &Path| cpu(&thread.join("stat"));
        let mut threads = threads.map(|thread| thread.unwrap().path());
        let found = threads.find(|thread| {
            fs::read_to_string(thread.join("comm")).is_ok_and(|name| name.trim() == "publisher")
        });
        found.map_or(0.0, |thread| stat(&thread))
    }

    /// Makes a folder with 10,000 things that are no requests.
    fn make_hostile(folder: &Path) {
        fs::create_dir(folder).unwrap();
        for number in 0..HOSTILE {
            let id = folder.join(format!("{}.json", new_id().unwrap()));
            match number % 8 {
                0 => symlink("/dev/zero", id).unwrap(),
                1 => mkfifoat(CWD, &id, Mode::RUSR).unwrap(),
                2 => fs::File::create(id).unwrap().set_len(1 << 30).unwrap(),
                3 => fs::write(id, "[".repeat(4000)).unwrap(),
                4 => fs::create_dir(id).unwrap(),
                5 => fs::write(folder.join(format!("\u{1b}[31m{number}\n")), "x").unwrap(),
                6 => fs::write(id, r#"{"command":{"request":"dance"}}"#).unwrap(),
                _ => {
                    fs::write(&id, "{}").unwrap();
                    // Only a superuser can give files away; to others it is one more of the kind before.
                    let _ = chown(&id, Some(12345), None);
                }
            }
        }
    }

    /// Other programs that meet a block at its folder.
    #[derive(Clone, Copy)]
    enum Others {
        Watchers(usize),
        Hostile,
    }

    impl Others {
        fn watchers(self) -> usize {
            match self {
                Self::Watchers(count) => count,
                Self::Hostile => 0,
            }
        }
    }

    /// Place of the hostile files until their block has begun.
    fn hostile_for(folder: &Path) -> PathBuf {
        folder.with_extension("hostile")
    }

    /// Trains a block; returns its wall time, its CPU time and the part of that of the thread that serves the
    /// protocol, without the first epoch, in seconds.
    fn block(folder: &Path, meeting: Option<Meeting>, others: Others) -> [f64; 3] {
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
            until: None,
            paused: false,
        };
        let mut session = Session::train(plan).unwrap();
        let mut terminals = Vec::new();
        let mut began = None;
        loop {
            match session.events.blocking_recv().unwrap() {
                Event::Started(_) => {
                    let name = folder.display().to_string();
                    for _ in 0..others.watchers() {
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
                    if let Others::Hostile = others {
                        fs::rename(hostile_for(folder), folder.join(REQUESTS)).unwrap();
                    }
                    began = Some((Instant::now(), cpu(Path::new(ITSELF)), publisher()));
                }
                Event::Ended(_) => break,
                _ => {}
            }
        }
        let (wall, used, of_it) = began.unwrap();
        let spent = [
            wall.elapsed().as_secs_f64(),
            cpu(Path::new(ITSELF)) - used,
            publisher() - of_it,
        ];
        drop(terminals);
        drop(session.inlet);
        session.worker.join().unwrap();
        spent
    }

    const KINDS: [(&str, Others); 3] = [
        ("nobody watches", Others::Watchers(0)),
        ("two explorers attached", Others::Watchers(2)),
        ("hostile files", Others::Hostile),
    ];

    pub fn cost(turns: usize) {
        let home = home("cost");
        let meeting = || {
            Some(Meeting {
                program: "bench".to_owned(),
                version: "1".to_owned(),
                allow_group: false,
                after: None,
                successor: None,
            })
        };
        let turns = turns.min(MOST_VALUES);
        let mut shares = [const { [const { Vec::new() }; 3] }; 3];
        for number in 0..turns {
            let folder = |kind: &str| home.join(format!("{kind}-{number}"));
            make_hostile(&hostile_for(&folder("hostile files")));
            // Each kind comes first, second, third and last equally often: a machine changes its speed with time.
            let mut spent = [[0.0; 3]; KINDS.len() + 1];
            for place in 0..spent.len() {
                let kind = (place + number) % spent.len();
                spent[kind] = match kind.checked_sub(1) {
                    None => block(&folder("alone"), None, Others::Watchers(0)),
                    Some(kind) => block(&folder(KINDS[kind].0), meeting(), KINDS[kind].1),
                };
            }
            let [alone, others @ ..] = spent;
            print!(
                "turn {number}: alone {:.2} s, CPU {:.2} s",
                alone[0], alone[1]
            );
            for (((kind, _), [wall, used, served]), shares) in
                KINDS.into_iter().zip(others).zip(&mut shares)
            {
                print!("; {kind} {wall:.2} s, CPU {used:.2} s ({served:.2})");
                shares[0].push(wall / alone[0] - 1.0);
                shares[1].push(used / alone[1] - 1.0);
                shares[2].push(served / alone[1]);
            }
            println!();
        }
        for ((kind, _), shares) in KINDS.into_iter().zip(shares) {
            let measured = ["wall time", "CPU time", "CPU time of the protocol's thread"];
            for (what, shares) in measured.into_iter().zip(shares) {
                let mean = shares.iter().sum::<f64>() / shares.len() as f64;
                let [low, high] = interval(&shares).unwrap();
                println!(
                    "{kind}, {what}: {:+.2} % ({:+.2} to {:+.2}), {turns} turns of blocks of {EPOCHS} epochs",
                    100.0 * mean,
                    100.0 * low,
                    100.0 * high
                );
            }
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
        let turns = std::env::args().nth(2).and_then(|turns| turns.parse().ok());
        bench::cost(turns.unwrap_or(12));
    }
}

/// There is no terminal to put the program into.
#[cfg(not(unix))]
fn main() {}
