//! Input that cannot be used: one clear error, the documented exit code, nothing left behind.

use std::fs;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::program::{Home, Ran, SMALL, names};

#[test]
fn a_wrong_configuration_is_named_by_key_and_line_and_nothing_is_created() {
    let published = include_str!("../../configs/ternary_v5_5.yaml");
    let noise: Vec<u8> = (0..10_000_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
        .collect();
    let line = 1 + published
        .lines()
        .position(|l| l.starts_with("batch_size"))
        .unwrap();
    let batch_line = format!("wrong.yaml:{line}:");
    let with = |from: &str, to: &str| -> Vec<u8> {
        assert!(
            published.contains(from),
            "no `{from}` in the published file"
        );
        published.replacen(from, to, 1).into_bytes()
    };
    let cases: [(&str, Vec<u8>, &[&str]); 9] = [
        (
            "unknown key",
            with("batch_size", "batch_siz"),
            &[&batch_line, "batch_siz", "batch_size"],
        ),
        (
            "wrong type",
            with("batch_size:", "batch_size: many #"),
            &[&batch_line, "batch_size", "many"],
        ),
        (
            "out of range",
            with("batch_size:", "batch_size: 0 #"),
            &[&batch_line, "batch_size", "0"],
        ),
        (
            "rho",
            with("rho_max:", "rho_max: 0.05 #"),
            &["wrong.yaml:", "rho_max", "rho_min", "0.05"],
        ),
        (
            "splits",
            with("train_split:", "train_split: 0.9 #"),
            &["wrong.yaml:", "split", "0.9"],
        ),
        ("empty", Vec::new(), &["wrong.yaml"]),
        ("not YAML", b"model: [".to_vec(), &["wrong.yaml:", "YAML"]),
        (
            "a PNG",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            &["wrong.yaml"],
        ),
        ("noise", noise, &["wrong.yaml"]),
    ];
    for (what, content, words) in cases {
        let home = Home::new();
        let file = home.file("wrong.yaml", content).display().to_string();
        for command in [
            format!("train --epochs 1 --device cpu --config {file}"),
            format!("config check {file}"),
            format!("config show --config {file}"),
        ] {
            println!("{what}: {command}");
            let ran = home.run(&command).exits(3).says_only(words);
            assert_eq!(ran.stdout, "");
            assert_eq!(names(&home.path("")), ["wrong.yaml"], "nothing is created");
        }
    }
}

#[test]
fn a_wrong_override_is_named() {
    for (set, words) in [
        ("model.rho_mx=0.5", ["model.rho_mx", "model.rho_max"]),
        ("model.rho_max=high", ["model.rho_max", "high"]),
        ("model.rho_max=0.05", ["rho_max", "rho_min"]),
        ("batch_size", ["--set", "batch_size"]),
        ("train_split=0.5", ["split", "0.5"]),
    ] {
        let home = Home::new();
        let ran = home.run(&format!("train --epochs 1 --device cpu --set {set}"));
        ran.exits(3).says_only(&words);
        assert!(names(&home.path("")).is_empty(), "nothing is created");
    }
}

/// Weights of the right names of which one has another shape.
fn other_shapes(weights: &[u8]) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(weights).unwrap();
    let four = [0; 16];
    let views = tensors.iter().map(|(name, view)| {
        let wrong = TensorView::new(Dtype::F32, vec![2, 2], &four).unwrap();
        let is_wrong = name == "encoder_A.mu.weight" || view.shape() == [16];
        (name.to_owned(), if is_wrong { wrong } else { view })
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_wrong_checkpoint_is_refused_by_everything_that_reads_one() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let good = home.weights("run");
    let shapes = other_shapes(&good);
    assert_ne!(shapes, good);
    let files = [
        home.file("truncated.safetensors", &good[..good.len() / 2]),
        home.file("shapes.safetensors", shapes),
        home.file("empty.safetensors", ""),
        home.file("picture.safetensors", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        home.path("folder"),
        home.path("odd"),
        home.path("nowhere"),
    ];
    fs::create_dir(home.path("folder")).unwrap();
    fs::create_dir_all(home.path("odd/weights.safetensors")).unwrap();
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap();
        for command in ["coverage --samples 100", "neighbors min"] {
            let ran = home.run(&format!("{command} --checkpoint {}", file.display()));
            ran.exits(3).says_only(&[name]);
        }
    }
    let run = home.path("run").display().to_string();
    let absent = home.run(&format!("coverage --samples 100 --checkpoint {run}@0007"));
    absent.exits(3).says_only(&["0007", "epoch-0000"]);
}

#[test]
fn a_run_with_a_damaged_checkpoint_is_not_trained_over() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    for file in ["weights.safetensors", "optimizer.bpk", "state.json"] {
        let path = home.path("run/checkpoints/epoch-0000").join(file);
        let good = fs::read(&path).unwrap();
        for bad in [&good[..good.len() / 2], b"", b"\x89PNG\r\n\x1a\n"] {
            fs::write(&path, bad).unwrap();
            home.resume("run", "--epochs 1").exits(3).says_only(&[file]);
            assert_eq!(fs::read(&path).unwrap(), bad, "left as it was found");
            assert_eq!(home.metrics("run").len(), 1);
        }
        fs::write(&path, good).unwrap();
    }
    home.resume("run", "--epochs 1").exits(0);
}

#[test]
fn an_unwritable_place_is_the_disks_refusal() {
    let home = Home::new();
    let file = home.file("file", "x").display().to_string();
    let small = SMALL.join(" ");
    for place in [
        format!("--data-dir {file}/data"),
        format!("--data-dir unused --out {file}/run"),
        format!("--data-dir unused --out {file}"),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fluxttice-explorer"));
        let arguments = format!("train --epochs 1 {small} {place}");
        command.args(arguments.split_whitespace());
        Ran::of(command).exits(6).says_only(&[&file]);
    }
    assert_eq!(fs::read(home.path("file")).unwrap(), b"x");
}

#[test]
fn a_folder_that_holds_something_is_not_overwritten() {
    let home = Home::new();
    fs::create_dir(home.path("run")).unwrap();
    home.file("run/thesis.tex", "years of work");
    home.train("run", "--epochs 1")
        .exits(3)
        .says_only(&["run", "--resume"]);
    assert_eq!(names(&home.path("run")), ["thesis.tex"]);
}

#[test]
fn wrong_usage_is_2_and_an_absent_device_is_4() {
    let home = Home::new();
    for usage in [
        "--no-such-flag",
        "no-such-command",
        "train --epochs 0",
        "train --epochs many",
        "train --device abacus",
        "train --disrupt 1",
        "train --disrupt 1:no-such-kind",
        "train --disrupt one:beta-b",
        "train --disrupt 1:beta-b:amplitude=nan",
        "train --disrupt 1:beta-b:epochs=0",
        "train --resume x --out y",
        "neighbors min -k 0",
        "neighbors min -k 19684",
        "neighbors min --metric manhattan",
        "coverage --samples 0",
        "coverage --draw dice",
        "coverage --which c",
        "--explore --resume",
        // No terminal.
        "",
        "--explore",
    ] {
        println!("{usage}");
        let ran = home.run(usage).exits(2);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let mut absent = home.command(["train", "--epochs=1", "--device=gpu4000"]);
    // Mesa's drivers complain on standard error where they find no such folder.
    absent.env("XDG_RUNTIME_DIR", home.path(""));
    Ran::of(absent).exits(4).says_only(&["gpu4000"]);
    assert!(names(&home.path("")).is_empty(), "nothing is created");
}

/// Compares the meaning of each flag for each command with the table beside it.
#[test]
fn a_flag_that_means_nothing_for_a_command_is_wrong_usage() {
    let home = Home::new();
    for (line, words) in [
        ("coverage --device gpu", ["--device", "`coverage`"]),
        ("validate --device gpu", ["--device", "`validate`"]),
        ("--seed 3 keygen", ["--seed", "`keygen`"]),
        ("runs export x --out - --json", ["--json", "`runs export`"]),
        ("--explore --config x", ["--config", "`--explore`"]),
        ("--json", ["--json", "the explorer"]),
    ] {
        let ran = home.run(line).exits(2).says_only(&words);
        assert_eq!(ran.stdout, "");
    }
    assert!(names(&home.path("")).is_empty(), "nothing is created");
}

#[test]
fn a_number_of_threads_that_no_machine_has_is_refused() {
    let home = Home::new();
    for threads in ["0", "1025", "99999999999"] {
        let ran = home.run(&format!("coverage --threads {threads}")).exits(2);
        assert!(ran.stderr.contains("--threads"), "{}", ran.stderr);
    }
    for threads in ["1025", "99999999999", "-1", "many"] {
        let mut command = home.command(["coverage", "--samples=100"]);
        command.env("RAYON_NUM_THREADS", threads);
        Ran::of(command)
            .exits(2)
            .says_only(&["RAYON_NUM_THREADS", threads, "1 to 1024"]);
    }
    let counted = |threads: &str| {
        let line = format!("coverage --json --samples 3000 --threads {threads}");
        home.run(&line).exits(0).stdout
    };
    assert_eq!(counted("1"), counted("7"));
}

/// Another user's process may have no second thread.
#[cfg(target_os = "linux")]
#[test]
fn a_refused_thread_is_one_clear_line() {
    let home = Home::new();
    let program = home.command(["coverage", "--samples=100"]);
    let limited = |first: &str| {
        let mut command = std::process::Command::new("prlimit");
        command.args(["--nproc=1", "setpriv", "--reuid=54321", "--clear-groups"]);
        command.arg(first);
        command
    };
    if !limited("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        println!("skipped: no other user can be had here");
        return;
    }
    let mut command = limited("env");
    command.arg(home.for_all_users()).args(program.get_args());
    Ran::of(command)
        .exits(1)
        .says_only(&["the system refuses", "threads", "--threads"]);
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_told_by_the_code() {
    let home = Home::new();
    for line in [
        "--help",
        "--version",
        "train --help",
        "runs export --help",
        "help",
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = home.command(line.split(' '));
        let ran = command.stdout(full).output().unwrap();
        assert_eq!(ran.status.code(), Some(6), "{line}");
        assert!(String::from_utf8_lossy(&ran.stderr).contains("space"));
        let mut command = home.command(line.split(' '));
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{line}");
        assert!(
            home.run(line)
                .exits(0)
                .stdout
                .contains("fluxttice-explorer")
        );
    }
}

#[test]
fn a_flag_of_the_explorer_before_a_command_is_not_ignored() {
    let home = Home::new();
    for flag in ["--explore", "--resume=x", "--population=seeds=2"] {
        let name = flag.split('=').next().unwrap();
        let ran = home.run(&format!("{flag} train --epochs 1 --device cpu"));
        ran.exits(2).says_only(&[name, "behind the command"]);
    }
    assert!(!home.path("data").exists(), "nothing is created");
}

#[test]
fn what_cannot_be_continued_or_replayed_is_named() {
    let home = Home::new();
    fs::create_dir(home.path("folder")).unwrap();
    let nonsense = home.file("journal", "nonsense\n").display().to_string();
    let folder = home.path("folder").display().to_string();
    for (command, word) in [
        ("train --resume nowhere".to_owned(), "nowhere"),
        (format!("train --resume {folder}"), "folder"),
        ("train --resume".to_owned(), "runs"),
        (format!("train --epochs 1 --replay {nonsense}"), "line 1"),
        (format!("train --epochs 1 --replay {folder}"), "folder"),
        ("train --epochs 1 --replay absent".to_owned(), "absent"),
    ] {
        let ran = home.run(&format!("{command} --device cpu"));
        ran.exits(3).says_only(&[word]);
    }
    assert!(!home.path("data").exists(), "nothing is created");
}

#[test]
fn what_only_looks_like_yaml_is_named() {
    let home = Home::new();
    for (text, words) in [
        (
            "model:\n\trho_max: 0.5\n",
            ["x.yaml:2:1", "a tab in the indentation"],
        ),
        ("seed:\u{a0}42\nmodel:\n", ["x.yaml:1:6", "U+00A0"]),
        ("seed:\u{a0}42\n", ["x.yaml:1:6", "U+00A0"]),
        ("seed: 42\u{200b}\n", ["seed: found the text", "\\u{200b}"]),
        ("\u{2003}seed: 42\n", ["unknown key", "\\u{2003}seed"]),
        (
            "model: &m\n  rho_max: 0.5\nvae_a:\n  <<: *m\n",
            ["vae_a.<<", "merge keys"],
        ),
    ] {
        let file = home.file("x.yaml", text);
        let ran = home.run(&format!("config check {}", file.display()));
        ran.exits(3).says_only(&words);
    }
    let fine = home.file("fine.yaml", "# \u{a0}\tdone\nseed:\t7\n");
    home.run(&format!("config check {}", fine.display()))
        .exits(0);
}

#[test]
fn a_number_that_single_precision_makes_a_forbidden_one_is_refused() {
    let home = Home::new();
    for set in [
        "grad_clip=1e-50",
        "optimizer.lr_start=1e-46",
        "train_split=1e-60",
    ] {
        let ran = home.run(&format!("config check fluxttice --set {set}"));
        let key = set.split('=').next().unwrap();
        ran.exits(3).says_only(&[key, "single precision"]);
    }
    home.run("config check fluxttice --set grad_clip=1e-30")
        .exits(0);
}

#[test]
fn a_configuration_comes_from_standard_input_and_a_built_in_name_is_that_one() {
    let home = Home::new();
    let check = |input: &str| Ran::with_input(home.command(["config", "check", "-"]), input);
    let ran = check("seed: 7\n").exits(0);
    assert!(
        ran.stdout.starts_with("standard input: valid"),
        "{}",
        ran.stdout
    );
    check("seed: x\n")
        .exits(3)
        .says_only(&["standard input:1:1", "seed"]);
    home.file("fluxttice", "no: configuration\n");
    let within = |name: &str| {
        let mut command = home.command(["config", "check", name]);
        command.current_dir(home.path(""));
        Ran::of(command)
    };
    within("fluxttice").exits(0);
    within("./fluxttice").exits(3).says_only(&["unknown key"]);
}

#[test]
fn a_seed_that_readers_of_json_would_change_is_refused_for_new_runs() {
    let home = Home::new();
    let (most, more) = (1_u64 << 53, (1_u64 << 53) + 1);
    home.run(&format!("config show --seed {most}")).exits(0);
    for line in [
        format!("config show --seed {more}"),
        format!("train --population seeds=1,{more}"),
    ] {
        home.run(&line).exits(2);
    }
    home.run(&format!("train --set seed={more}"))
        .exits(3)
        .says_only(&["seed", &more.to_string(), "2^53"]);
    assert!(names(&home.path("")).is_empty(), "nothing is created");
    // A run that has one goes on.
    home.train("run", "--epochs 1").exits(0);
    let file = home.path("run/config.yaml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        config.replace("seed: 42\n", &format!("seed: {more}\n")),
    )
    .unwrap();
    let shown = home.run(&format!("runs show {} --json", home.path("run").display()));
    assert_eq!(shown.exits(0).lines()[0]["seed"], more);
}
