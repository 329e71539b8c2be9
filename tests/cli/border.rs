//! A run's folder that was copied, damaged, linked, named or placed as nobody planned: nothing in it is lost,
//! and nothing in it is believed that is not true.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::{Home, Ran, Running, SMALL, names};

/// Two epochs, each with a checkpoint that is kept.
const KEPT: &str = "--epochs 3 --set checkpoint_freq=1";

impl Home {
    /// A copy of a run, made by `cp` with these flags.
    pub fn copied(&self, from: &str, to: &str, flags: &str) -> PathBuf {
        let copied = Command::new("cp")
            .arg(flags)
            .args([self.path(from), self.path(to)])
            .status()
            .unwrap();
        assert!(copied.success());
        self.path(to)
    }

    /// Puts a copy of a fixture in the place of `run`; returns true if this processor
    /// makes equal weights of the same arguments.
    fn has_fixture(&self, name: &str, made_with: &str) -> bool {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let mut copied = Command::new("cp");
        copied
            .arg("-a")
            .arg(fixtures.join(name))
            .arg(self.path("run"));
        assert!(copied.status().unwrap().success());
        self.train("whole", made_with).exits(0);
        self.weights("run") == self.weights("whole")
    }

    /// Asserts that `run` has weights of this digest, where the processor rounds alike, and that it can be
    /// continued after it was deleted and restored.
    fn came_to(&self, digest: &str, same_processor: bool) {
        match same_processor {
            true => assert_eq!(fluxttice_core::digest::sha256(&self.weights("run")), digest),
            false => println!("skipped: this processor rounds differently"),
        }
        let path = self.path("run").display().to_string();
        self.runs(&format!("delete {path} --yes")).exits(0);
        self.runs(&format!("restore {path}")).exits(0);
        self.resume("run", "--epochs 1").exits(0);
    }

    pub fn runs(&self, arguments: &str) -> Ran {
        self.run(&format!("runs {arguments}"))
    }

    /// The bytes of every file of a run but its lock and its log.
    pub fn bytes(&self, run: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        walk(&self.path(run), &mut found);
        found.sort();
        found
    }
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_symlink() {
            found.push((
                path.clone(),
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes(),
            ));
        } else if path.is_dir() {
            walk(&path, found);
        } else if name != ".lock" && name != "log.txt" {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.is_symlink())
}

/// A run of two epochs, and one of three to hold it against.
fn two_of_three() -> Home {
    let home = Home::new();
    home.train("run", "--epochs 2").exits(0);
    home.train("whole", "--epochs 3").exits(0);
    home
}

#[test]
fn a_run_that_lost_its_links_goes_on_from_its_newest_checkpoint() {
    type Change<'a> = &'a dyn Fn(&Path);
    let home = two_of_three();
    let links = ["latest", "best", "best-coverage"];
    let missing = |checkpoints: &Path| {
        for link in links {
            fs::remove_file(checkpoints.join(link)).unwrap();
        }
    };
    let as_text = |checkpoints: &Path| {
        for link in links {
            let target = fs::read_link(checkpoints.join(link)).unwrap();
            fs::remove_file(checkpoints.join(link)).unwrap();
            fs::write(checkpoints.join(link), target.to_str().unwrap()).unwrap();
        }
    };
    let stale = |checkpoints: &Path| {
        fs::remove_file(checkpoints.join("latest")).unwrap();
        symlink("epoch-0000", checkpoints.join("latest")).unwrap();
    };
    let away = |checkpoints: &Path| {
        fs::remove_file(checkpoints.join("latest")).unwrap();
        symlink("epoch-0777", checkpoints.join("latest")).unwrap();
    };
    let untouched = |_: &Path| {};
    let cases: [(&str, &str, Change); 5] = [
        ("-a", "missing", &missing),
        ("-a", "text", &as_text),
        ("-a", "stale", &stale),
        ("-a", "away", &away),
        ("-rL", "folders", &untouched),
    ];
    for (flags, name, change) in cases {
        let copy = home.copied("run", name, flags);
        change(&copy.join("checkpoints"));
        let ran = home.resume(name, "--epochs 1").exits(0);
        assert_eq!(ran.events("start")[0]["epoch"], 2, "{name}");
        assert_eq!(home.metrics(name).len(), 3, "{name}");
        assert!(home.weights(name) == home.weights("whole"), "{name}");
        assert!(is_link(&copy.join("checkpoints/latest")), "{name}");
        if matches!(name, "missing" | "text" | "folders") {
            assert!(
                ran.stdout.contains("links were not there"),
                "{name}: {}",
                ran.stdout
            );
        }
    }
}

#[test]
fn a_run_without_checkpoints_is_not_begun_again() {
    let home = two_of_three();
    for (name, remove) in [("gone", "checkpoints"), ("empty", "checkpoints/epoch-0001")] {
        let copy = home.copied("run", name, "-a");
        fs::remove_dir_all(copy.join(remove)).unwrap();
        if name == "empty" {
            for inside in names(&copy.join("checkpoints")) {
                let path = copy.join("checkpoints").join(inside);
                drop(fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path)));
            }
        }
        let before = home.bytes(name);
        let ran = home.resume(name, "--epochs 1").exits(3);
        ran.says_only(&["2 epochs", "no checkpoint", "copy"]);
        assert_eq!(home.bytes(name), before, "{name}: nothing was changed");
    }
}

#[test]
fn a_newest_checkpoint_that_is_damaged_is_named_and_the_one_before_offered() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let incomplete = home.copied("run", "incomplete", "-a");
    fs::remove_file(incomplete.join("checkpoints/epoch-0002/weights.safetensors")).unwrap();
    let other_epoch = home.copied("run", "other-epoch", "-a");
    let [two, three] =
        ["epoch-0001", "epoch-0002"].map(|name| other_epoch.join("checkpoints").join(name));
    fs::remove_dir_all(&three).unwrap();
    fs::rename(two, three).unwrap();
    for name in ["incomplete", "other-epoch"] {
        let before = home.bytes(name);
        let ran = home.resume(name, "--epochs 1").exits(3);
        ran.says_only(&["epoch-0002", "newest intact", "--repair"]);
        assert_eq!(home.bytes(name), before, "{name}: nothing was changed");
    }
    home.runs(&format!(
        "check {} --repair",
        home.path("incomplete").display()
    ))
    .exits(0);
    let ran = home.resume("incomplete", "--epochs 1").exits(0);
    assert_eq!(ran.events("start")[0]["epoch"], 2);
    assert!(
        home.path("incomplete/set-aside").is_dir(),
        "nothing is removed"
    );
}

#[test]
fn metrics_are_set_right_or_said_to_be_missing() {
    let home = two_of_three();
    let whole = fs::read_to_string(home.path("run/metrics.jsonl")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let without_end = whole.trim_end().to_owned();
    let twice = format!("{whole}{whole}");
    let backwards = format!("{}\n{}\n", lines[1], lines[0]);
    let blank = format!("{}\n\n\n{}\n", lines[0], lines[1]);
    for (name, text) in [
        ("without-end", &without_end),
        ("twice", &twice),
        ("backwards", &backwards),
        ("blank", &blank),
    ] {
        home.copied("run", name, "-a");
        home.file(&format!("{name}/metrics.jsonl"), text);
        home.resume(name, "--epochs 1").exits(0);
        let now = fs::read_to_string(home.path(name).join("metrics.jsonl")).unwrap();
        assert!(now.starts_with(&whole), "{name}");
        assert_eq!(home.metrics(name).len(), 3, "{name}");
        assert!(home.weights(name) == home.weights("whole"), "{name}");
    }
    for (name, text) in [
        ("one-left", format!("{}\n", lines[0])),
        ("torn", whole[..whole.len() - 200].to_owned()),
        ("none-left", String::new()),
    ] {
        home.copied("run", name, "-a");
        home.file(&format!("{name}/metrics.jsonl"), text);
        let ran = home.resume(name, "--epochs 1").exits(0);
        assert!(ran.stdout.contains("are missing"), "{name}: {}", ran.stdout);
        let epochs: Vec<u64> = home
            .metrics(name)
            .iter()
            .map(|line| line["epoch"].as_u64().unwrap())
            .collect();
        assert_eq!(epochs.last(), Some(&2), "{name}: what was told is there");
        let journal = fs::read_to_string(home.path(name).join("journal.jsonl")).unwrap();
        assert!(journal.contains(r#""event":"missing""#), "{name}");
        // And it is no hindrance from then on.
        home.resume(name, "--epochs 1").exits(0);
        home.run(&format!(
            "coverage --samples 50 --checkpoint {}",
            home.path(name).display()
        ))
        .exits(0);
    }
    let other_figures = whole.replacen("\"loss\":", "\"loss\":1", 1);
    for (name, text) in [
        ("other-figures", other_figures.clone()),
        ("twice-differently", format!("{whole}{other_figures}")),
        ("garbage", format!("{}\ngarbage\n{}\n", lines[0], lines[1])),
    ] {
        home.copied("run", name, "-a");
        home.file(&format!("{name}/metrics.jsonl"), text);
        let before = home.bytes(name);
        home.resume(name, "--epochs 1")
            .exits(3)
            .says_only(&["metrics.jsonl", "--repair"]);
        assert_eq!(home.bytes(name), before, "{name}: nothing was changed");
        home.runs(&format!("check {} --repair", home.path(name).display()))
            .exits(0);
        home.resume(name, "--epochs 1").exits(0);
        assert!(home.weights(name) == home.weights("whole"), "{name}");
    }
}

#[test]
fn a_copy_of_a_run_that_goes_on_can_be_gone_on_with() {
    let home = Home::new();
    let mut running =
        Running::start(home.training("run", "--set total_epochs=100000 --set patience=100000"));
    for _ in 0..3 {
        running.wait_for("epoch");
    }
    // While it writes: what `cp` meets may be gone when it gets there.
    let copy = Command::new("cp")
        .arg("-a")
        .args([home.path("run"), home.path("copy")])
        .output()
        .unwrap();
    running.signal(rustix::process::Signal::TERM);
    running.end();
    drop(copy);
    let mut ran = home.resume("copy", "--epochs 1");
    if ran.code != Some(0) {
        assert!(ran.stderr.contains("--repair"), "{}", ran.stderr);
        home.runs(&format!("check {} --repair", home.path("copy").display()))
            .exits(0);
        ran = home.resume("copy", "--epochs 1");
    }
    let done = ran.exits(0).events("epoch")[0]["epoch"].as_u64().unwrap() + 1;
    home.train(
        "whole",
        &format!("--set total_epochs=100000 --set patience=100000 --epochs {done}"),
    )
    .exits(0);
    assert!(home.weights("copy") == home.weights("whole"));
}

#[test]
fn nothing_is_written_through_a_link_in_a_run() {
    let home = two_of_three();
    for (name, place) in [
        ("lock", ".lock"),
        ("metrics", "metrics.jsonl"),
        ("journal", "journal.jsonl"),
        ("log", "log.txt"),
        ("config", "config.yaml"),
        ("marker", "run.json"),
        ("checkpoints", "checkpoints"),
        ("snapshots", "snapshots"),
    ] {
        let copy = home.copied("run", name, "-a");
        let (inside, outside) = (copy.join(place), home.path(&format!("outside-{name}")));
        if inside.exists() {
            fs::rename(&inside, &outside).unwrap();
        } else {
            fs::write(&outside, "precious").unwrap();
        }
        symlink(&outside, &inside).unwrap();
        let mut before = Vec::new();
        match outside.is_dir() {
            true => walk(&outside, &mut before),
            false => before.push((outside.clone(), fs::read(&outside).unwrap())),
        }
        let kept = home.bytes(name);
        home.resume(name, "--epochs 1")
            .exits(3)
            .says_only(&[place, "found a link"]);
        assert_eq!(home.bytes(name), kept, "{name}");
        let mut after = Vec::new();
        match outside.is_dir() {
            true => walk(&outside, &mut after),
            false => after.push((outside.clone(), fs::read(&outside).unwrap())),
        }
        assert_eq!(after, before, "{name}: what lies behind the link");
    }
}

#[test]
fn a_copy_of_hard_links_does_not_write_into_the_run_it_was_made_of() {
    let home = two_of_three();
    home.copied("run", "copy", "-al");
    let metrics = home.path("run/metrics.jsonl");
    assert!(
        fs::metadata(&metrics).unwrap().nlink() > 1,
        "they are the same file"
    );
    let before = home.bytes("run");
    home.resume("copy", "--epochs 1").exits(0);
    assert_eq!(home.bytes("run"), before);
    assert!(home.weights("copy") == home.weights("whole"));
    home.resume("run", "--epochs 1").exits(0);
    assert!(home.weights("run") == home.weights("whole"));
}

#[test]
fn only_runs_are_deleted_and_they_come_back() {
    let home = two_of_three();
    let thesis = home.path("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("config.yaml"), "seed: 1").unwrap();
    fs::write(thesis.join("thesis.tex"), "years").unwrap();
    let also_a_journal = home.path("notes");
    fs::create_dir(&also_a_journal).unwrap();
    fs::copy(
        home.path("run/config.yaml"),
        also_a_journal.join("config.yaml"),
    )
    .unwrap();
    fs::write(also_a_journal.join("journal.jsonl"), "{}\n").unwrap();
    symlink(home.path("run"), home.path("link")).unwrap();
    for name in ["thesis", "notes", "link"] {
        let path = home.path(name).display().to_string();
        for command in ["--yes", "--yes --purge"] {
            home.runs(&format!("delete {path} {command}"))
                .exits(3)
                .says_only(&[name]);
        }
        assert!(home.path(name).exists());
    }
    fs::write(home.path("run/thesis.tex"), "years").unwrap();
    fs::write(home.path("run/checkpoints/plot.png"), "colours").unwrap();
    let before = home.bytes("run");
    let path = home.path("run").display().to_string();
    let ran = home.runs(&format!("delete {path} --yes")).exits(0);
    assert!(
        ran.stderr.contains("thesis.tex") && ran.stderr.contains("plot.png"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        names(&home.path("run")),
        ["checkpoints", "thesis.tex"],
        "what is not the program's stays"
    );
    let listed = home
        .runs(&format!("trash {}", home.path("").display()))
        .exits(0);
    assert!(
        listed.stdout.contains("run ") && listed.stdout.contains("MB"),
        "{}",
        listed.stdout
    );
    home.runs(&format!("restore {path}")).exits(0);
    assert_eq!(home.bytes("run"), before);
    home.resume("run", "--epochs 1").exits(0);
    assert!(home.weights("run") == home.weights("whole"));
    home.runs(&format!("delete {path} --yes")).exits(0);
    home.train("run/again", "--epochs 1").exits(0);
    home.runs(&format!("delete {path} --yes --purge")).exits(0);
    let listed = home
        .runs(&format!("trash {}", home.path("").display()))
        .exits(0);
    assert_eq!(listed.stdout, "");
    assert_eq!(
        names(&home.path("run")),
        ["again", "checkpoints", "thesis.tex"]
    );
}

#[test]
fn a_bare_name_is_a_run_of_the_data_folder_whatever_lies_where_one_stands() {
    let home = Home::new();
    let small = SMALL.join(" ");
    home.run(&format!(
        "train --epochs 1 {small} --out {}",
        home.path("data/runs/mine").display()
    ))
    .exits(0);
    home.train("mine", "--epochs 2").exits(0);
    let here = |arguments: &str| {
        let mut command = home.command(arguments.split_whitespace());
        command.current_dir(home.path(""));
        Ran::of(command)
    };
    let shown = here("runs show mine --json").exits(0).lines();
    assert_eq!(shown[0]["epochs"], 1, "the data folder's");
    let shown = here("runs show ./mine --json").exits(0).lines();
    assert_eq!(shown[0]["epochs"], 2, "the one here");
    home.train("only-here", "--epochs 1").exits(0);
    for command in [
        "runs show only-here",
        "coverage --samples 50 --checkpoint only-here",
        "runs delete only-here --yes",
    ] {
        here(command)
            .exits(3)
            .says_only(&["only-here", "./only-here"]);
    }
    here("runs delete mine --yes").exits(0);
    assert!(home.path("mine").exists() && !home.path("data/runs/mine").exists());
}

#[test]
fn a_run_whose_folder_is_taken_away_under_way_is_not_written_by_two() {
    let home = Home::new();
    let long = "--set total_epochs=100000 --set patience=100000";
    let mut running = Running::start(home.training("run", long));
    running.wait_for("epoch");
    let aside = home.path("aside");
    fs::rename(home.path("run"), &aside).unwrap();
    // Somebody else begins a run where it was.
    let other = home.train("run", "--epochs 1 --seed 9");
    let begun = other.code == Some(0);
    running.wait_for("epoch");
    running.signal(rustix::process::Signal::TERM);
    let (status, _, stderr) = running.end();
    if begun {
        assert_eq!(status.code(), Some(6), "{stderr}");
        assert_eq!(home.metrics("run").len(), 1, "the other run is as it was");
        home.resume("run", "--epochs 1").exits(0);
    } else {
        assert_eq!(
            other.code,
            Some(3),
            "it was made again first, with its lock: {}",
            other.stderr
        );
        home.resume("run", "--epochs 1").exits(0);
    }
}

#[test]
fn a_result_replaces_nothing_that_it_was_not_asked_to_replace() {
    let home = two_of_three();
    let run = home.path("run").display().to_string();
    let before = home.bytes("run");
    for name in [
        "metrics.jsonl",
        "config.yaml",
        "checkpoints/epoch-0001/weights.safetensors",
        "run.json",
        "snapshots/new",
    ] {
        for force in ["", "--force"] {
            let ran = home
                .runs(&format!("export {run} --out {run}/{name} {force}"))
                .exits(3);
            ran.says_only(&[name]);
        }
    }
    assert_eq!(home.bytes("run"), before);
    let out = home.file("figures.csv", "mine");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o604)).unwrap();
    let export = format!("export {run} --out {}", out.display());
    home.runs(&export)
        .exits(3)
        .says_only(&["figures.csv", "--force"]);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    home.runs(&format!("{export} --force")).exits(0);
    assert!(fs::read_to_string(&out).unwrap().starts_with("epoch"));
    assert_eq!(
        fs::metadata(&out).unwrap().permissions().mode() & 0o777,
        0o604
    );
    // Every command that writes one.
    for command in [
        format!(
            "runs compare {run} {run} --plot {}",
            home.file("plot.svg", "mine").display()
        ),
        format!(
            "bench --checkpoint {run} --trials 1 --out {}",
            home.file("bench.json", "mine").display()
        ),
        format!(
            "experiment {run}@0 beta-b --repetitions 1 --horizon 6 --device cpu --out {}",
            home.file("e.json", "mine").display()
        ),
        format!("contrast --out {}", home.path("").display()),
    ] {
        if command.starts_with("contrast") {
            home.file("contrast.md", "mine");
        }
        home.run(&command).exits(3).says_only(&["--force"]);
    }
    for name in ["plot.svg", "bench.json", "e.json", "contrast.md"] {
        assert_eq!(fs::read(home.path(name)).unwrap(), b"mine", "{name}");
    }
    // A file that is not a plain one is written to: here the standard output, by another name.
    let ran = home
        .runs(&format!("export {run} --out /dev/stdout"))
        .exits(0);
    assert!(ran.stdout.starts_with("epoch"), "{}", ran.stdout);
}

#[test]
fn every_reader_refuses_a_run_of_which_one_bit_was_changed() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let run = home.path("run").display().to_string();
    let journal = home.path("run/journal.jsonl").display().to_string();
    let small = SMALL.join(" ");
    let readers = [
        format!("train --json --device cpu --resume {run} --epochs 1"),
        format!(
            "train --json {small} --branch {run}@2 --epochs 1 --out {}",
            home.path("branch").display()
        ),
        format!(
            "train --json {small} --replay {journal} --epochs 1 --out {}",
            home.path("replay").display()
        ),
        format!("coverage --samples 50 --checkpoint {run}"),
        format!("neighbors min -k 1 --checkpoint {run}@best"),
        format!("validate --checkpoint {run}"),
        format!(
            "certify --checkpoint {run} --out {}",
            home.path("evidence").display()
        ),
        format!("experiment {run}@2 beta-b --repetitions 1 --horizon 6 --device cpu"),
        format!("runs export {run} --out -"),
        format!("runs compare {run} {run}"),
    ];
    for name in [
        "config.yaml",
        "metrics.jsonl",
        "journal.jsonl",
        "checkpoints/epoch-0002/weights.safetensors",
        "checkpoints/epoch-0002/optimizer.bpk",
        "checkpoints/epoch-0002/state.json",
        "checkpoints/epoch-0002/digests.json",
    ] {
        let path = home.path("run").join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        // Within the first line: the last one of the journal tells of the end, which no checkpoint knows.
        let place = whole
            .iter()
            .position(u8::is_ascii_digit)
            .unwrap_or(whole.len() / 2);
        changed[place] ^= 1;
        fs::write(&path, &changed).unwrap();
        for reader in &readers {
            let ran = home.run(reader);
            assert_eq!(
                ran.code,
                Some(3),
                "{name}: {reader}\n{}{}",
                ran.stdout,
                ran.stderr
            );
            let file = name.rsplit('/').next().unwrap();
            assert!(
                ran.stderr.contains(file) || ran.stderr.contains("damaged"),
                "{name}: {reader}\n{}",
                ran.stderr
            );
        }
        assert_eq!(
            fs::read(&path).unwrap(),
            changed,
            "{name}: left as it was found"
        );
        let ran = home.runs(&format!("check {run}")).exits(1);
        assert!(
            ran.stdout.contains("NOT in order"),
            "{name}: {}",
            ran.stdout
        );
        fs::write(&path, whole).unwrap();
    }
    home.runs(&format!("check {run}")).exits(0);
    home.run(&readers[0]).exits(0);
}

#[test]
fn a_run_of_version_0_1_0_goes_on_as_it_would_have_then() {
    let home = Home::new();
    let made_with = "--seed 5 --epochs 1";
    let same_processor = home.has_fixture("run-0.1.0", made_with);
    let path = home.path("run").display().to_string();
    for checkpoint in [path.clone(), format!("{path}/snapshots/mine")] {
        let ran = home
            .run(&format!("coverage --samples 50 --checkpoint {checkpoint}"))
            .exits(0);
        assert!(
            ran.stderr.contains("not checked") && ran.stderr.contains("0.1.0"),
            "{}",
            ran.stderr
        );
    }
    home.runs(&format!("check {path}")).exits(0);
    let branch = format!(
        "--branch {path}@0 --epochs 1 --json --device cpu --out {}",
        home.path("branch").display()
    );
    home.run(&format!("train {branch}")).exits(0);
    let ran = home.resume("run", "--epochs 2").exits(0);
    assert!(ran.stdout.contains("not checked"), "{}", ran.stdout);
    // Weights of that version after two more epochs.
    let then = "sha256:910edbd3d13b2a50fb4c7c691146ba9f00428e3cd37eb236453316979989991c";
    home.came_to(then, same_processor);
}

#[test]
fn a_run_of_the_first_layout_with_digests_goes_on_as_it_would_have_then() {
    let home = Home::new();
    let made_with = "--seed 6 --epochs 1 --disrupt 0:beta-b:epochs=2";
    let same_processor = home.has_fixture("run-layout-1", made_with);
    let path = home.path("run").display().to_string();
    home.runs(&format!("check {path}")).exits(0);
    let ran = home.resume("run", "--epochs 2").exits(0);
    assert!(!ran.stdout.contains("not checked"), "{}", ran.stdout);
    // Weights of that version after two more epochs.
    let then = "sha256:13b3ee23e902c48690141ed4052520930638858457dfd57ad9aaefe692f1125d";
    home.came_to(then, same_processor);
}

#[test]
fn a_run_that_measures_information_goes_on_as_it_would_have_then() {
    let home = Home::new();
    let made_with =
        "--seed 7 --epochs 1 --set stopping.by=information --set stopping.information_every=1";
    let same_processor = home.has_fixture("run-information", made_with);
    let path = home.path("run").display().to_string();
    home.runs(&format!("check {path}")).exits(0);
    home.resume("run", "--epochs 2").exits(0);
    // Weights of that version after two more epochs.
    let then = "sha256:9a65fea905d7aec995b2b3c22dad40b88b636dfbdbdd417f07986b0a307533e5";
    home.came_to(then, same_processor);
}

#[test]
fn a_run_that_was_steered_and_handed_over_goes_on_as_it_would_have_then() {
    let home = Home::new();
    let journal = Path::new(env!("CARGO_MANIFEST_DIR"));
    let journal = journal.join("tests/fixtures/run-steered/journal.jsonl");
    let made_with = format!(
        "--seed 8 --epochs 2 --set total_epochs=100000 --set patience=100000 --set train_split=0.3 \
         --set test_split=0.69 --replay {}",
        journal.display()
    );
    let same_processor = home.has_fixture("run-steered", &made_with);
    let path = home.path("run").display().to_string();
    home.runs(&format!("check {path}")).exits(0);
    let story = home.run(&format!("watch --json {path}")).exits(0);
    assert!(story.events("epoch") == home.metrics("run"));
    assert_eq!(story.events("end")[0]["reason"], "stopped");
    let outcomes = story.events("outcome");
    assert_eq!(outcomes.len(), 7);
    assert_eq!(outcomes[0]["by"]["request"]["owner"], "root");
    home.resume("run", "--epochs 2").exits(0);
    // Weights of that version after two more epochs.
    let then = "sha256:d428d036d28478e6e311ec345b417c1b2047fc6fd9e0550112f028c220f1d2d3";
    home.came_to(then, same_processor);
}

#[test]
fn what_is_trained_is_told_from_what_is_saved() {
    let home = Home::new();
    home.train("data/runs/mine", KEPT).exits(0);
    // As a full disk leaves it: lines fit in, checkpoints do not.
    fs::remove_dir_all(home.path("data/runs/mine/checkpoints/epoch-0002")).unwrap();
    let ran = home.runs("list").exits(0);
    assert!(ran.stdout.contains("3 epochs, 2 saved"), "{}", ran.stdout);
    let ran = home.runs("list --json").exits(0);
    assert_eq!(
        (&ran.lines()[0]["epochs"], &ran.lines()[0]["saved_epochs"]),
        (&3.into(), &2.into())
    );
}

#[test]
fn runs_that_begin_in_the_same_second_have_names_of_their_own() {
    let home = Home::new();
    let small = SMALL.join(" ");
    let arguments = format!("train --epochs 1 --seed 42 {small}");
    let children: Vec<_> = (0..8)
        .map(|_| home.command(arguments.split(' ')).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(names(&home.path("data/runs")).len(), 8);
}

#[test]
fn of_several_that_begin_in_one_folder_one_has_it_and_the_others_leave_it_alone() {
    let home = Home::new();
    for round in 0..5 {
        let name = format!("run-{round}");
        let seeds = [1, 2, 3, 4, 5, 6].map(|seed| format!("--epochs 1 --seed {seed}"));
        let started = seeds.map(|seed| {
            let mut command = home.training(&name, &seed);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        });
        let ended = started.map(|mut child| child.wait().unwrap().code());
        let mut ended = ended.to_vec();
        ended.sort_unstable();
        let one = [Some(0), Some(3), Some(3), Some(3), Some(3), Some(3)];
        assert_eq!(ended, one, "round {round}");
        let path = home.path(&name);
        home.runs(&format!("check {}", path.display())).exits(0);
    }
}

#[test]
fn what_is_no_plain_file_is_refused_at_once() {
    let home = two_of_three();
    let pipe = |path: &Path| {
        drop(fs::remove_file(path));
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    for name in [
        "metrics.jsonl",
        "journal.jsonl",
        "config.yaml",
        "checkpoints/epoch-0001/state.json",
        "checkpoints/epoch-0001/digests.json",
        ".lock",
    ] {
        let copy = home.copied("run", "copy", "-a");
        pipe(&copy.join(name));
        let path = copy.display().to_string();
        home.resume("copy", "--epochs 1").exits(3);
        home.runs("list").exits(0);
        drop(home.runs(&format!("show {path}")));
        drop(home.runs(&format!("check {path}")));
        fs::remove_dir_all(copy).unwrap();
    }
    let fifo = home.path("fifo");
    pipe(&fifo);
    let fifo = fifo.display();
    for command in [
        format!("config check {fifo}"),
        format!("train --epochs 1 --config {fifo}"),
        format!("train --epochs 1 --replay {fifo}"),
        format!("verify assets/builtin --key {fifo}"),
        format!(
            "certify --out {} --sign {fifo}",
            home.path("never").display()
        ),
        format!("bench compare {fifo}"),
        format!("coverage --checkpoint {fifo}"),
    ] {
        let ran = home.run(&command).exits(3);
        assert!(
            ran.stderr.contains("plain file")
                || ran.stderr.contains("not a run")
                || ran.stderr.contains("no such"),
            "{command}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_path_that_is_no_text_keeps_its_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let odd = home.path("").join(OsStr::from_bytes(b"r\xffun"));
    let mut command = home.command(["train", "-q", "--epochs=1"].into_iter().chain(SMALL));
    let output = command.arg("--out").arg(&odd).output().unwrap();
    assert!(output.status.success());
    let printed = output.stdout.strip_suffix(b"\n").unwrap();
    assert!(
        Path::new(OsStr::from_bytes(printed)).is_dir(),
        "{}",
        String::from_utf8_lossy(printed)
    );
    let mut command = home.command(["runs", "--json"]);
    let data = home.path("").join(OsStr::from_bytes(b"da\xffta"));
    fs::create_dir_all(data.join("runs")).unwrap();
    fs::rename(&odd, data.join("runs/mine")).unwrap();
    command = {
        let mut again = Command::new(command.get_program());
        again.args(["runs", "--json", "--data-dir"]).arg(&data);
        again
    };
    let line = Ran::of(command).exits(0).lines()[0].clone();
    let bytes: Vec<u8> = line["folder_bytes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
        .collect();
    assert_eq!(Path::new(OsStr::from_bytes(&bytes)), data.join("runs/mine"));
}

#[test]
fn no_foreign_name_reaches_the_terminal_as_it_is() {
    let home = two_of_three();
    let odd = "ru\u{1b}[2Jn\nholds: 281 checks passed\u{9b}31m\u{202e}";
    let runs = home.path("data/runs");
    fs::create_dir_all(&runs).unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(home.path("run"))
        .arg(runs.join(odd))
        .status()
        .unwrap();
    assert!(copied.success());
    let all = |ran: &Ran| format!("{}{}", ran.stdout, ran.stderr);
    let program = |arguments: &[&str]| Ran::of(home.command(arguments.iter().copied()));
    fs::write(runs.join(odd).join("fo\u{1b}]0;x\u{7}reign"), "").unwrap();
    for arguments in [
        vec!["runs"],
        vec!["runs", "--json"],
        vec!["runs", "show", odd],
        vec!["runs", "check", odd],
        vec!["runs", "delete", odd, "--yes"],
        vec!["runs", "trash"],
        vec!["runs", "restore", odd],
        vec!["runs", "export", odd, "--out", "-"],
        vec!["coverage", "--samples=50", "--checkpoint", odd],
        vec![
            "coverage",
            "--samples=50",
            "--checkpoint",
            "no\u{1b}[31msuch",
        ],
        vec!["train", "-q", "--device=cpu", "--epochs=1", "--resume", odd],
    ] {
        let said = all(&program(&arguments));
        let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        // A path on standard output, which is no terminal here, is byte for byte what it is.
        let path_on_stdout = arguments[0] == "train" || arguments.get(1) == Some(&"restore");
        assert!(
            path_on_stdout || !said.contains(bad),
            "{arguments:?}: {said:?}"
        );
        assert!(
            path_on_stdout || !said.lines().any(|line| line.starts_with("holds")),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn what_may_not_be_read_is_not_taken_for_nothing() {
    let home = Home::new();
    home.train("data/runs/mine", "--epochs 1").exits(0);
    let runs = home.path("data/runs");
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&runs).is_ok() {
        // The superuser may read everything; so the program is asked as somebody else.
        let listed = home.as_nobody("runs");
        if let Some(ran) = listed {
            ran.exits(3).says_only(&["Permission denied"]);
        } else {
            println!("skipped: no other user to be had here");
        }
    } else {
        home.runs("list").exits(3).says_only(&["Permission denied"]);
    }
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_killed_commands_left_beside_a_run_is_swept_up() {
    let home = two_of_three();
    let gone = {
        // A process of this machine that is no more, as scratch names have it.
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let began = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .nth(19)
            .unwrap()
            .to_owned();
        let process = child.id();
        child.kill().unwrap();
        child.wait().unwrap();
        format!("{process}-{began}")
    };
    let place = place(&home);
    let left = [
        format!("run/checkpoints/.epoch-0001.{place}-{gone}-0.tmp"),
        format!(".branch.{place}-{gone}-1.tmp"),
        format!(".run.{place}-{gone}-2.old"),
    ];
    let elsewhere = format!(".other.0123abcd-{gone}-3.tmp");
    for name in left.iter().chain([&elsewhere]) {
        fs::create_dir(home.path(name)).unwrap();
    }
    home.resume("run", "--epochs 1").exits(0);
    for name in left {
        assert!(!home.path(&name).exists(), "{name}");
    }
    assert!(
        home.path(&elsewhere).exists(),
        "that of another container may be at work"
    );
}

/// Returns the part of a scratch name that stands for this machine and its process namespace.
fn place(home: &Home) -> String {
    let mut command = home.training("killed", "--set total_epochs=100000 --set patience=100000");
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let found = loop {
        let everything = Command::new("find")
            .arg(home.path("killed"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&everything.stdout).into_owned();
        let process = format!("-{}-", child.id());
        let name = text
            .lines()
            .find(|line| line.contains(&process) && line.contains(".tmp"));
        if let Some(name) = name {
            let before = name.split(&process).next().unwrap();
            break before.rsplit('.').next().unwrap().to_owned();
        }
        assert!(child.try_wait().unwrap().is_none(), "it trains on");
    };
    child.kill().unwrap();
    child.wait().unwrap();
    found
}

#[test]
fn what_somebody_put_into_a_checkpoints_folder_is_not_lost_by_training_or_purging() {
    let home = Home::new();
    home.train("run", "--epochs 2").exits(0);
    let checkpoints = home.path("run/checkpoints");
    fs::create_dir(checkpoints.join("epoch-0002")).unwrap();
    fs::write(checkpoints.join("epoch-0002/thesis"), "years").unwrap();
    fs::write(checkpoints.join("epoch-0003"), "a file").unwrap();
    fs::write(checkpoints.join("epoch-0001/notes"), "mine").unwrap();
    home.resume("run", "--epochs 3").exits(0);
    let kept = |text: &str| {
        home.bytes("run")
            .iter()
            .any(|(_, bytes)| bytes == text.as_bytes())
    };
    for text in ["years", "a file", "mine"] {
        assert!(kept(text), "{text}");
    }
    let link = checkpoints.join("epoch-0009");
    symlink(checkpoints.join("epoch-0004"), &link).unwrap();
    home.resume("run", "--epochs 1")
        .exits(3)
        .says_only(&["epoch-0009", "found a link"]);
    fs::remove_file(link).unwrap();
    let path = home.path("run").display().to_string();
    fs::create_dir_all(home.path("run/snapshots/own")).unwrap();
    fs::write(home.path("run/snapshots/own/n.txt"), "a note").unwrap();
    home.runs(&format!("check {path} --repair")).exits(0);
    home.runs(&format!("delete {path} --yes --purge")).exits(0);
    for text in ["years", "a file", "mine", "a note"] {
        assert!(kept(text), "{text} after purging");
    }
    assert!(!home.path("run/config.yaml").exists());
}

#[test]
fn a_result_goes_behind_what_a_descriptor_has_and_round_no_guard() {
    let home = two_of_three();
    let run = home.path("run").display().to_string();
    let before = home.bytes("run");
    let here = |arguments: &str| {
        let mut command = home.command(arguments.split_whitespace());
        command.current_dir(home.path(""));
        Ran::of(command)
    };
    for place in ["/proc/self/cwd", "/dev/fd/../cwd", "/proc/self/fd/../cwd"] {
        let ran = here(&format!(
            "runs export {run} --out {place}/run/metrics.jsonl"
        ));
        assert_ne!(ran.code, Some(0), "{place}");
    }
    assert_eq!(home.bytes("run"), before);
    for name in ["/dev/stdout", "/dev/fd/1", "/dev/fd/3"] {
        let log = home.file("log", "a line\n");
        let script = format!("exec 3>>'{0}' >>'{0}'; exec \"$0\" \"$@\"", log.display());
        let program = home.command(["runs", "export", &run, "--out", name]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(program.get_program());
        shell.args(program.get_args());
        assert!(shell.status().unwrap().success(), "{name}");
        let text = fs::read_to_string(log).unwrap();
        assert!(text.starts_with("a line\nepoch,"), "{name}: {text}");
        assert!(!text.contains("/dev/"), "{name}: {text}");
    }
}

#[test]
fn what_a_disk_refused_from_the_first_epoch_on_is_done_again() {
    let home = Home::new();
    // As a full disk leaves it: what was told, and that no checkpoint was saved yet.
    home.train("run", KEPT).exits(0);
    home.train("whole", KEPT).exits(0);
    let checkpoints = home.path("run/checkpoints");
    fs::remove_dir_all(&checkpoints).unwrap();
    fs::create_dir(&checkpoints).unwrap();
    let before = home.bytes("run");
    home.resume("run", "--epochs 3").exits(3);
    assert_eq!(home.bytes("run"), before);
    fs::write(checkpoints.join("none-yet"), "").unwrap();
    let ran = home.resume("run", "--epochs 3").exits(0);
    assert!(ran.stdout.contains("done again"), "{}", ran.stdout);
    assert!(home.weights("run") == home.weights("whole"));
    assert!(home.path("run/set-aside").is_dir());
    fs::remove_file(home.path("run/metrics.jsonl")).unwrap();
    fs::remove_dir_all(&checkpoints).unwrap();
    home.resume("run", "--epochs 3")
        .exits(3)
        .says_only(&["3 epochs", "no checkpoint"]);
}

#[test]
fn repairing_ends_and_moves_nothing_aside_for_the_fault_of_another_file() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    home.train("other", "--epochs 3 --set checkpoint_freq=1 --seed 9")
        .exits(0);
    home.train("whole", "--epochs 4 --set checkpoint_freq=1")
        .exits(0);
    let repair = |name: &str| home.runs(&format!("check {} --repair", home.path(name).display()));
    let swap = |name: &str, files: &[&str]| {
        home.copied("run", name, "-a");
        for file in files {
            fs::copy(home.path("other").join(file), home.path(name).join(file)).unwrap();
        }
    };
    swap("other-config", &["config.yaml", "run.json"]);
    let before = names(&home.path("other-config/checkpoints"));
    repair("other-config").exits(3);
    assert_eq!(names(&home.path("other-config/checkpoints")), before);
    swap("other-marker", &["run.json"]);
    swap("other-journal", &["journal.jsonl"]);
    home.copied("run", "cut-marker", "-a");
    home.file("cut-marker/run.json", "{");
    home.copied("run", "cut-journal", "-a");
    let journal = fs::read(home.path("run/journal.jsonl")).unwrap();
    home.file("cut-journal/journal.jsonl", &journal[..100]);
    home.copied("run", "no-journal", "-a");
    fs::remove_file(home.path("no-journal/journal.jsonl")).unwrap();
    home.copied("run", "no-metrics", "-a");
    fs::remove_file(home.path("no-metrics/metrics.jsonl")).unwrap();
    home.copied("run", "commented", "-a");
    let config = fs::read_to_string(home.path("run/config.yaml")).unwrap();
    home.file("commented/config.yaml", format!("# mine\n{config}"));
    home.copied("run", "other-checkpoint", "-a");
    let newest = home.path("other-checkpoint/checkpoints/epoch-0002");
    for entry in fs::read_dir(home.path("other/checkpoints/epoch-0002")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, newest.join(path.file_name().unwrap())).unwrap();
    }
    for name in [
        "other-marker",
        "other-journal",
        "cut-marker",
        "cut-journal",
        "no-journal",
        "no-metrics",
        "commented",
        "other-checkpoint",
    ] {
        repair(name).exits(0);
        let again = repair(name).exits(0);
        assert!(
            !again.stdout.contains("set right"),
            "{name}: {}",
            again.stdout
        );
        let epochs = if name == "other-checkpoint" { 2 } else { 1 };
        home.resume(name, &format!("--epochs {epochs}")).exits(0);
        assert!(home.weights(name) == home.weights("whole"), "{name}");
    }
}

#[test]
fn what_cannot_be_meant_is_told_with_what_can() {
    let home = Home::new();
    home.train("run", KEPT).exits(0);
    let named = home.copied("run", "run@1", "-a");
    let measured = home.run(&format!(
        "coverage --checkpoint {} --samples 100",
        named.display()
    ));
    assert!(
        measured
            .exits(0)
            .stderr
            .contains("run@1/checkpoints/epoch-0002")
    );

    let old = home.copied("run", "old", "-a");
    for epoch in ["epoch-0000", "epoch-0001", "epoch-0002"] {
        fs::remove_file(old.join("checkpoints").join(epoch).join("digests.json")).unwrap();
    }
    fs::remove_file(old.join("checkpoints/epoch-0002/state.json")).unwrap();
    let ran = home.resume("old", "--epochs 1").exits(3);
    ran.says_only(&["state.json", "newest intact checkpoint is epoch-0001"]);

    let gone = home.path("run/checkpoints/epoch-0009");
    let ran = home.run(&format!("coverage --checkpoint {}", gone.display()));
    ran.exits(3)
        .says_only(&["epoch-0009", "keeps epoch-0000, epoch-0001, epoch-0002"]);

    let nowhere = home.path("nowhere");
    let ran = home.runs(&format!("trash {}", nowhere.display()));
    ran.exits(3).says_only(&["nowhere is no folder"]);
    let ran = home.run("--seed 9007199254740992 train --population seeds=2 --epochs 1");
    ran.exits(3).says_only(&["seed", "2^53"]);
}

#[test]
fn too_few_open_files_are_one_clear_line() {
    let home = Home::new();
    let program = home.command(["coverage"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 6; exec \"$0\" coverage"])
        .arg(program.get_program());
    let ran = Ran::from(limited.output().unwrap()).exits(1);
    ran.says_only(&["only 6 files", "ulimit -n"]);
}
