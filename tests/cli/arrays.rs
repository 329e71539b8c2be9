//! Weights, codes and samples as files of other programs.

use std::fs;

use serde_json::Value;

use crate::program::{Home, parse_lines};

fn fixture(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/tests/fixtures/pytorch/{name}")
}

/// The answers of `coverage`, without the place of the weights.
fn coverage(home: &Home, arguments: &str) -> Vec<Value> {
    let asked = format!("coverage --samples 500 --json {arguments}");
    home.run(&asked).exits(0).lines()
}

#[test]
fn a_checkpoint_of_pytorch_gives_the_figures_of_the_same_weights() {
    let home = Home::new();
    let safetensors = home.path("model.safetensors");
    let export = format!(
        "export {} --out {}",
        fixture("plain.pt"),
        safetensors.display()
    );
    home.run(&export).exits(0);
    let figures = coverage(&home, &format!("--checkpoint {}", safetensors.display()));
    for name in [
        "plain.pt",
        "nested.pth",
        "wrapped.pt",
        "double.pt",
        "legacy.pt",
    ] {
        let found = coverage(&home, &format!("--checkpoint {}", fixture(name)));
        assert_eq!(found, figures, "{name}");
    }
    let told = format!(
        "coverage --samples 50 --checkpoint {}",
        fixture("nested.pth")
    );
    let told = home.run(&told).exits(0);
    for words in [
        "F16 were converted to 32 bits",
        "saved by PyTorch after epoch 2",
        "nobody checked",
    ] {
        assert!(told.stderr.contains(words), "{}", told.stderr);
    }
    for name in ["other.pt", "two.pt", "vast.pt", "hostile.pt", "deep.pt"] {
        let refused = home.run(&format!("coverage --checkpoint {}", fixture(name)));
        refused.exits(3).says_only(&[name]);
    }
}

#[test]
fn what_is_exported_is_the_same_model_in_every_format() {
    let home = Home::new();
    home.train("run", "--epochs 3").exits(0);
    let run = home.path("run").display().to_string();
    let best = coverage(&home, &format!("--checkpoint {run}"));
    for name in ["model.pt", "model.pth", "model.safetensors"] {
        let out = home.path(name).display().to_string();
        home.run(&format!("export {run} --out {out}")).exits(0);
        assert_eq!(
            coverage(&home, &format!("--checkpoint {out}")),
            best,
            "{name}"
        );
    }
    let told = home.run(&format!(
        "coverage --samples 50 --checkpoint {}",
        home.path("model.pt").display()
    ));
    let told = told.exits(0).stderr;
    assert!(
        told.contains("after epoch 2") && told.contains("coverage_A_history of 3 epochs"),
        "{told}"
    );
    let weights = fs::read(home.path("model.safetensors")).unwrap();
    assert!(weights == home.weights("run"));
    home.run(&format!(
        "export {run} --out {}",
        home.path("model.npz").display()
    ))
    .exits(0);
    assert!(fs::read(home.path("model.npz")).unwrap().starts_with(b"PK"));

    let again = format!("export {run} --out {}", home.path("model.pt").display());
    home.run(&again).exits(3).says_only(&["model.pt"]);
    home.run(&format!("{again} --force")).exits(0);
    home.run(&format!(
        "export {run} --out {}",
        home.path("model.onnx").display()
    ))
    .exits(2);
}

#[test]
fn samples_that_are_given_are_counted_as_those_that_are_drawn() {
    let home = Home::new();
    let array = home.path("samples.npy").display().to_string();
    home.run(&format!("sample 500 --seed 3 --out {array}"))
        .exits(0);
    let text = home.run("sample 500 --seed 3").exits(0).stdout;
    let lines = home.file("samples.txt", &text).display().to_string();
    let drawn = home
        .run("coverage --samples 500 --seed 3 --which a --draw categorical --json")
        .exits(0)
        .lines();
    for file in [&array, &lines] {
        let given = home
            .run(&format!("coverage --samples-from {file} --json"))
            .exits(0)
            .lines();
        for key in [
            "samples",
            "unique",
            "percent",
            "ceiling_percent",
            "chi_squared",
            "digest",
        ] {
            assert_eq!(given[0][key], drawn[0][key], "{key}");
        }
        assert!(given[0].get("seed").is_none() && given[0]["given"] == file.as_str());
    }
    let shown = home
        .run(&format!("coverage --samples-from {array}"))
        .exits(0);
    assert!(
        shown.stdout.contains("given and not drawn here"),
        "{}",
        shown.stdout
    );
    for (name, content, words) in [
        ("odd", "12\nbogus\n", "line 2"),
        ("none", "\n\n", "no sample"),
        ("array", "\u{93}NUMPY", "UTF-8"),
    ] {
        let bytes: Vec<u8> = content.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let file = home.file(name, bytes).display().to_string();
        let refused = home.run(&format!("coverage --samples-from {file}"));
        let words = if name == "array" { "header" } else { words };
        refused.exits(3).says_only(&[words]);
    }
    home.run(&format!("coverage --samples-from {array} --samples 5"))
        .exits(2);
}

#[test]
fn codes_in_an_array_decode_as_those_in_lines() {
    let home = Home::new();
    let codes = home.path("codes.npy").display().to_string();
    home.run(&format!("encode all --out {codes}")).exits(0);
    let decoded = home.run(&format!("decode {codes} --json")).exits(0).lines();
    assert_eq!(decoded.len(), 2 * 19_683);
    let one = home.run("encode min --json").exits(0).stdout;
    let mut decode = home.command(["decode", "--json"]);
    decode.stdin(std::process::Stdio::piped());
    let expected = crate::program::Ran::with_input(decode, &one)
        .exits(0)
        .lines();
    let min = parse_lines(&one)[0]["operation"].as_u64().unwrap();
    let min = usize::try_from(min).unwrap();
    assert_eq!(decoded[min], expected[0]);
    assert_eq!(decoded[19_683 + min], expected[1]);
    let csv = home.path("codes.csv").display().to_string();
    home.run(&format!("encode min --out {csv}")).exits(0);
    let lines = fs::read_to_string(&csv).unwrap();
    assert_eq!(lines.lines().count(), 3);
    assert!(
        lines.lines().all(|line| line.split(',').count() == 34),
        "{lines}"
    );
    home.run("encode min --out codes.txt").exits(2);
}

#[test]
fn any_embedding_has_neighbours_and_figures() {
    let home = Home::new();
    let (all, some) = (home.path("all.npy"), home.path("some.npy"));
    home.run(&format!("encode all --which a --out {}", all.display()))
        .exits(0);
    let neighbours = |arguments: &str| {
        home.run(&format!("neighbors {arguments} --json"))
            .exits(0)
            .lines()
    };
    let given = format!("--codes {}", all.display());
    assert_eq!(
        neighbours(&format!("min -k 7 {given}")),
        neighbours("min -k 7 --which a")
    );
    let figures = |arguments: &str| neighbours(arguments)[0]["figures"].clone();
    let own = figures("--which a");
    assert_eq!(figures(&given), own);
    assert!(
        own["overlap"][0]["share"].as_f64().unwrap()
            > 2.0 * own["overlap"][0]["chance"].as_f64().unwrap()
    );
    // Some operations, in an order of their own: the codes of `ops` below, by the same encoder.
    let named = home.file(
        "named.txt",
        "max\nmin\nconsensus\n15633\n".replace("15633", "product"),
    );
    let encoded = home.run("encode min --which a --json").exits(0).lines();
    assert_eq!(encoded.len(), 1);
    let mut command = home.command(["encode", "-", "--which", "a", "--out"]);
    command.arg(&some);
    crate::program::Ran::with_input(command, &fs::read_to_string(&named).unwrap()).exits(0);
    let of = format!(
        "--codes {} --operations {}",
        some.display(),
        named.display()
    );
    let found = neighbours(&format!("min {of}"));
    let names: Vec<&str> = found
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        ["max", "consensus", "product"]
            .iter()
            .all(|name| names.contains(name))
    );
    for (arguments, words) in [
        (
            format!("nand {of}"),
            "none of the operations that have a code",
        ),
        (format!("'min + max' {of}").replace('\'', ""), "unexpected"),
        (format!("min --codes {}", some.display()), "--operations"),
        (format!("min {of} --metric jeffreys"), "no variances"),
        (format!("min --codes {}", named.display()), "array of NumPy"),
    ] {
        let ran = home.run(&format!("neighbors {arguments}"));
        assert!([2, 3].contains(&ran.code.unwrap()), "{arguments}");
        assert!(ran.stderr.contains(words), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn three_adic_neighbours_share_their_first_entries() {
    let home = Home::new();
    let found = home
        .run("neighbors 0 -k 8 --metric 3-adic --json")
        .exits(0)
        .lines();
    let distances: Vec<f64> = found
        .iter()
        .map(|row| row["distance"].as_f64().unwrap())
        .collect();
    let [ninth, eighth] = [3f64.powi(8).recip(), 3f64.powi(7).recip()];
    assert!(
        distances[..2].iter().all(|it| (it - ninth).abs() < 1e-12),
        "{distances:?}"
    );
    assert!(
        distances[2..].iter().all(|it| (it - eighth).abs() < 1e-12),
        "{distances:?}"
    );
    assert_eq!(found[0]["operation"], 6_561);
}

#[test]
fn a_file_of_pytorch_becomes_a_run_with_its_histories() {
    let home = Home::new();
    let nested = fixture("nested.pth");
    let told = home.run(&format!("import {nested} --out theirs")).exits(0);
    assert!(
        told.stderr.contains("nobody here has checked them"),
        "{}",
        told.stderr
    );
    let figures = coverage(&home, &format!("--checkpoint {nested}"));
    assert_eq!(coverage(&home, "--checkpoint theirs"), figures);
    let run = &home.run("runs --json").exits(0).lines()[0];
    assert_eq!(
        (&run["run"], &run["state"]),
        (&"theirs".into(), &"finished".into())
    );
    assert!(run["newest"]["values"]["coverage_A"].is_number(), "{run}");
    home.run(&format!("import {nested} --out theirs"))
        .exits(3)
        .says_only(&["exists"]);
    home.run(&format!("import {} --out other", fixture("hostile.pt")))
        .exits(3);
    home.run("train --resume theirs")
        .exits(3)
        .says_only(&["another program trains it"]);
    assert!(!fs::exists(home.path("data/runs/other")).unwrap());
}
