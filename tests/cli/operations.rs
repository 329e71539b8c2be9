//! Operations by law, and neighbours by every metric, in every space, of operations and of points.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use fluxttice_core::space::Operation;
use serde_json::Value;

use crate::program::{Home, Ran};

/// Runs the program on some input.
fn piped<'a>(home: &Home, arguments: impl IntoIterator<Item = &'a str>, input: &str) -> Ran {
    let command = home.command(arguments);
    Ran::with_input(command, input)
}

#[test]
fn expressions_are_answered_counted_and_piped() {
    let home = Home::new();
    let found = Ran::of(home.command(["ops", "latin_square & commutative"])).exits(0);
    let indices: Vec<&str> = found.stdout.lines().collect();
    assert_eq!(indices.len(), 6, "{indices:?}");
    let sum = "sum_mod_3"
        .parse::<Operation>()
        .unwrap()
        .index()
        .to_string();
    assert!(indices.contains(&sum.as_str()));
    let count = Ran::of(home.command(["ops", "sheffer", "--count"])).exits(0);
    assert_eq!(count.stdout, "3774\n");
    let nobody = Ran::of(home.command(["ops", "constant & sheffer"])).exits(0);
    assert_eq!(
        (nobody.stdout.as_str(), nobody.stderr.is_empty()),
        ("", false)
    );

    let near = piped(
        &home,
        ["neighbors", "-", "-k", "2", "--json"],
        &found.stdout,
    )
    .exits(0);
    assert_eq!(near.lines().len(), 12);
    let shown = piped(&home, ["ops", "show", "-", "--json"], &found.stdout).exits(0);
    for line in shown.lines() {
        let laws = line["laws"].as_array().unwrap();
        assert!(laws.iter().any(|law| law == "commutative"), "{line}");
    }
}

#[test]
fn an_operation_is_described() {
    let home = Home::new();
    let line = &home.run("ops show min --json").exits(0).lines()[0];
    assert_eq!(line["name"], "min");
    assert_eq!(line["dual"], "max".parse::<Operation>().unwrap().index());
    assert_eq!(
        line["negated"],
        "nand".parse::<Operation>().unwrap().index()
    );
    assert_eq!(line["orbit"].as_array().unwrap().len(), 6);
    assert_eq!(
        (&line["identity_element"], &line["absorbing_element"]),
        (&1.into(), &(-1).into())
    );
    let text = home.run("ops show lukasiewicz").exits(0).stdout;
    assert!(
        text.contains("1920") && text.contains("lukasiewicz_or"),
        "{text}"
    );
}

#[test]
fn a_wrong_expression_is_pointed_at() {
    let home = Home::new();
    let ran = Ran::of(home.command(["ops", "commutative & ass"])).exits(3);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0].contains("at character 15"), "{}", ran.stderr);
    assert_eq!(lines[1].find("ass"), lines[2].find('^'), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    Ran::of(home.command(["ops"])).exits(2);
    Ran::of(home.command(["neighbors", "min", "--among", "com"])).exits(2);
    for wrong in ["min + mix", "min + z16", "2*", "mean(constant & !constant)"] {
        Ran::of(home.command(["neighbors", wrong]))
            .exits(3)
            .says_only(&["no point"]);
    }
    let spread = ["neighbors", "min + max", "--metric", "jeffreys"];
    Ran::of(home.command(spread))
        .exits(3)
        .says_only(&["--metric euclidean"]);
}

#[test]
fn words_are_counted_as_expressions_are() {
    let home = Home::new();
    let words = home.run("ops words --json").exits(0).lines();
    let of = |word: &str| -> Value {
        words
            .iter()
            .find(|line| line["word"] == word)
            .unwrap()
            .clone()
    };
    assert_eq!(of("associative")["operations"], 113);
    assert_eq!(of("entropy")["is_figure"], true);
    assert_eq!(of("hamming")["argument"], "OPERATION");
}

fn distances(ran: &Ran) -> Vec<(u64, f64)> {
    let pair = |line: &Value| {
        (
            line["operation"].as_u64().unwrap(),
            line["distance"].as_f64().unwrap(),
        )
    };
    ran.lines().iter().map(pair).collect()
}

#[test]
fn points_are_where_their_operations_are() {
    let home = Home::new();
    let near = |place: &str, which: &str| {
        let command = ["neighbors", place, "--which", which, "-k", "5", "--json"];
        distances(&Ran::of(home.command(command)).exits(0))
    };
    for which in ["a", "b", "both"] {
        // A sum that comes back to min has min itself nearest, then min's own neighbours.
        let own = near("min", which);
        let point = near("min + max - max", which);
        assert!(point[0].0 == 15_633 && point[0].1 < 1e-9, "{point:?}");
        assert!(point[1].0 == own[0].0 && (point[1].1 - own[0].1).abs() < 1e-9);
        // Half-way on the line both ends are equally far.
        let half = [
            "neighbors",
            "0.5*min + 0.5*max",
            "--which",
            which,
            "-k",
            "19683",
            "--json",
        ];
        let half = distances(&Ran::of(home.command(half)).exits(0));
        assert_eq!(half.len(), 19_683);
        let far = |name: &str| {
            let index = name.parse::<Operation>().unwrap().index() as u64;
            half.iter().find(|(found, _)| *found == index).unwrap().1
        };
        assert!((far("min") - far("max")).abs() < 1e-9);
    }
    // The unit vector of a dimension is one away.
    let moved = near("min + 1*z3", "a");
    let min = moved.iter().find(|(index, _)| *index == 15_633);
    assert!(
        min.is_none_or(|(_, distance)| (distance - 1.0).abs() < 1e-9),
        "{moved:?}"
    );
}

#[test]
fn a_radius_and_an_expression_choose() {
    let home = Home::new();
    let all = distances(&home.run("neighbors min --json -k 19682").exits(0));
    let radius = all[99].1;
    let within = Ran::of(home.command([
        "neighbors",
        "min",
        "--json",
        "--radius",
        &radius.to_string(),
    ]));
    assert_eq!(distances(&within.exits(0)), all[..100]);
    let among = [
        "neighbors",
        "min",
        "--json",
        "-k",
        "4",
        "--among",
        "commutative & associative",
    ];
    let lines = Ran::of(home.command(among)).exits(0).lines();
    assert_eq!(lines.len(), 4);
    for line in lines {
        let rank = usize::try_from(line["rank"].as_u64().unwrap()).unwrap();
        let (index, distance) = all[rank - 1];
        assert_eq!(
            (&line["operation"], &line["distance"]),
            (&index.into(), &distance.into())
        );
        let operation = Operation::new(usize::try_from(index).unwrap()).unwrap();
        let laws: Vec<&str> = operation.laws().map(|law| law.word).collect();
        assert!(laws.contains(&"commutative") && laws.contains(&"associative"));
    }
}

/// 200 queries for each metric, spread over the spaces, against a brute force written in Python.
#[test]
fn neighbours_are_those_of_an_independent_brute_force() {
    const K: usize = 10;
    let python = ["python3", "python"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(python) = python else {
        eprintln!("skipped: needs Python 3");
        return;
    };
    let home = Home::new();
    let everything: String = (0..19_683).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "{index}");
        text
    });
    let codes = piped(&home, ["encode", "-", "--json"], &everything)
        .exits(0)
        .stdout;
    let codes = home.file("codes.jsonl", codes);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/brute_force.py");
    let mut state = 1u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 19_683
    };
    for metric in ["euclidean", "cosine", "wasserstein", "jeffreys", "hamming"] {
        for (which, count) in [("a", 67), ("b", 67), ("both", 66)] {
            let queries = (0..count).fold(String::new(), |mut text, _| {
                let _ = writeln!(text, "{}", random());
                text
            });
            let k = K.to_string();
            let asked = [
                "neighbors",
                "-",
                "-k",
                &k,
                "--json",
                "--metric",
                metric,
                "--which",
                which,
            ];
            let found = distances(&piped(&home, asked, &queries).exits(0));
            let mut brute = Command::new(python);
            brute.arg(&script).arg(&codes).args([metric, which, &k]);
            let brute = Ran::with_input(brute, &queries).exits(0).stdout;
            let expected: Vec<(u64, f64)> = brute
                .lines()
                .flat_map(|line| {
                    let numbers: Vec<&str> = line.split(' ').collect();
                    let pair = |pair: &[&str]| (pair[0].parse().unwrap(), pair[1].parse().unwrap());
                    numbers.chunks(2).map(pair).collect::<Vec<_>>()
                })
                .collect();
            assert_eq!((found.len(), expected.len()), (count * K, count * K));
            for ((index, distance), (other, expected)) in found.iter().zip(&expected) {
                let close = 1e-9 * expected.abs().max(1.0);
                assert!(
                    (distance - expected).abs() < close,
                    "{metric} {which}: {distance} {expected}"
                );
                assert_eq!(index, other, "{metric} {which} at {distance}");
            }
        }
    }
    fs::remove_file(codes).unwrap();
}
