//! Commands that only read: `coverage`, `neighbors`, `devices`, `config`, help and version.

use fluxttice_core::space::Operation;
use serde_json::Value;

use crate::program::{Home, Ran, names};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

fn number(value: &Value, name: &str) -> f64 {
    value[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no number `{name}` in {value}"))
}

#[test]
fn coverage_answers_each_question_with_the_contracts_fields() {
    let home = Home::new();
    let ran = home
        .run("coverage --json --samples 3000 --samples 500")
        .exits(0);
    let lines = ran.lines();
    let asked = |line: &Value| {
        let samples = line["samples"].as_u64().unwrap();
        (
            text(line, "which").to_owned(),
            text(line, "draw").to_owned(),
            samples,
        )
    };
    let mut questions: Vec<_> = lines.iter().map(asked).collect();
    questions.sort();
    questions.dedup();
    assert_eq!(
        (lines.len(), questions.len()),
        (8, 8),
        "2 VAEs × 2 draws × 2 sizes"
    );
    for line in &lines {
        let (unique, samples) = (number(line, "unique"), number(line, "samples"));
        assert!(0.0 < unique && unique <= samples, "{line}");
        assert!(
            (number(line, "percent") - 100.0 * unique / 19_683.0).abs() < 1e-9,
            "{line}"
        );
        assert!(
            number(line, "percent") < number(line, "ceiling_percent") + 1.0,
            "{line}"
        );
        assert_eq!(line["seed"], 0);
        let digest = text(line, "digest").strip_prefix("sha256:").unwrap();
        assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()));
    }
    let one = home
        .run("coverage --json --samples 500 --which b --draw argmax")
        .exits(0);
    assert_eq!(one.lines().len(), 1);
    assert!(
        lines.contains(&one.lines()[0]),
        "the same answer when asked alone"
    );
}

#[test]
fn coverage_is_the_same_on_any_number_of_threads_and_another_with_another_seed() {
    let home = Home::new();
    let ask = |threads: &str, seed: &str| {
        let arguments = [
            "coverage",
            "--json",
            "--samples=9000",
            "--probabilities=40000",
            "--seed",
            seed,
        ];
        let mut command = home.command(arguments);
        Ran::of({
            command.env("RAYON_NUM_THREADS", threads);
            command
        })
        .exits(0)
        .stdout
    };
    let one = ask("1", "0");
    assert_eq!(one, ask("4", "0"));
    let other = ask("1", "1");
    assert!(one.lines().zip(other.lines()).all(|(a, b)| a != b));
}

#[test]
fn fresh_weights_can_be_asked_for_by_name_and_are_a_function_of_the_seed() {
    let home = Home::new();
    let ask = |named: &str| {
        let arguments = format!("coverage --json --samples 500 --checkpoint {named}");
        home.run(&arguments).exits(0).stdout
    };
    assert_eq!(ask("untrained"), ask("untrained:0"));
    assert_ne!(ask("untrained:1"), ask("untrained:0"));
    home.run("coverage --checkpoint untrained:x")
        .exits(3)
        .says_only(&["untrained:SEED"]);
}

#[test]
fn coverage_reads_a_run_an_epoch_a_folder_and_a_file() {
    let home = Home::new();
    home.train("run", "--epochs 2").exits(0);
    let run = home.path("run").display().to_string();
    let ask = |checkpoint: &str| {
        let ran = home.run(&format!(
            "coverage --json --samples 500 --checkpoint {checkpoint}"
        ));
        ran.exits(0).stdout
    };
    let latest = ask(&run);
    assert_eq!(latest, ask(&format!("{run}@0001")));
    assert_eq!(latest, ask(&format!("{run}@latest")));
    assert_eq!(latest, ask(&format!("{run}/checkpoints/epoch-0001")));
    assert_eq!(
        latest,
        ask(&format!("{run}/checkpoints/epoch-0001/weights.safetensors"))
    );
    assert_ne!(latest, ask(&format!("{run}@0000")));
    let best = home.metrics("run")[1]["best"]["epoch"].as_u64().unwrap();
    assert_eq!(
        ask(&format!("{run}@best")),
        ask(&format!("{run}@{best:04}"))
    );
    assert_ne!(
        latest,
        home.run("coverage --json --samples 500").stdout,
        "built in"
    );
}

#[test]
fn an_operation_may_be_written_in_every_way() {
    let home = Home::new();
    let ask = |operation: &str| {
        let ran = Ran::of(home.command(["neighbors", operation, "-k", "3", "--json"]));
        ran.exits(0).stdout
    };
    let min = Operation::from_function(i8::min);
    let named = ask("min");
    assert_eq!(named.lines().count(), 3);
    let entries = min.entries().map(|entry| entry.to_string()).join(",");
    for written in [&min.index().to_string(), &min.to_string(), &entries] {
        assert!(written.starts_with(['-', '1']), "{written}");
        assert_eq!(named, ask(written), "{written}");
    }
    let zeros = ask("000000000");
    let index = Operation::from_function(|_, _| 0).index();
    assert_eq!(
        zeros,
        ask(&index.to_string()),
        "nine zeros are trits, not the number 0"
    );
    assert_ne!(zeros, ask("0"));

    let command = home.command(["neighbors", "-", "-k", "3", "--json"]);
    let asked = format!("min\n{min}\n\n{entries}\n000000000");
    let ran = Ran::with_input(command, &asked).exits(0);
    assert_eq!(
        ran.stdout,
        [named.as_str(), &named, &named, &zeros].concat()
    );
}

#[test]
fn neighbours_are_ranked_told_apart_and_complete() {
    let home = Home::new();
    let centre: Operation = "7153".parse().unwrap();
    for (metric, which) in [("euclidean", "a"), ("cosine", "b"), ("hamming", "a")] {
        let asked = format!("neighbors 7153 --json -k 19682 --metric {metric} --which {which}");
        let lines = home.run(&asked).exits(0).lines();
        assert_eq!(lines.len(), 19_682, "all but the operation itself");
        let mut seen = vec![false; 19_683];
        let mut before = (f64::NEG_INFINITY, 0);
        for (place, line) in lines.iter().enumerate() {
            let index = usize::try_from(line["operation"].as_u64().unwrap()).unwrap();
            let operation = Operation::new(index).unwrap();
            assert!(!std::mem::replace(&mut seen[index], true), "{index} twice");
            assert_eq!(line["rank"], place + 1);
            assert_eq!(text(line, "trits"), operation.to_string());
            assert_eq!(line["hamming"], centre.hamming(operation));
            assert!(line["hamming_rank"].is_u64());
            let distance = number(line, "distance");
            assert!(
                (distance, index) > before,
                "rank {}: ties go by index",
                place + 1
            );
            before = (distance, index);
            if metric == "hamming" {
                assert_eq!(distance, f64::from(centre.hamming(operation)));
                assert_eq!(line["hamming_rank"], line["rank"]);
            }
        }
        assert!(!seen[7153], "without itself");
    }
    let spelled = home.run("neighbours 7153 --json").exits(0).lines();
    assert_eq!(spelled.len(), 10);
}

#[test]
fn what_is_no_operation_is_refused() {
    let home = Home::new();
    for wrong in [
        "nonsense",
        "19683",
        "-1",
        "0++",
        "0++-0+--0+",
        "2,0,0,0,0,0,0,0,0",
        "1,0",
        "",
        "٣",
    ] {
        let ran = Ran::of(home.command(["neighbors", wrong])).exits(3);
        assert_eq!(ran.says_only(&["expected"]).stdout, "");
    }
    let command = home.command(["neighbors", "-", "--json"]);
    let ran = Ran::with_input(command, "min\nnonsense\n").exits(3);
    ran.says_only(&["line 2", "nonsense"]);
}

#[test]
fn devices_names_the_cpu_and_chooses_exactly_one() {
    let home = Home::new();
    let lines = home.run("devices --json").exits(0).lines();
    assert!(
        lines
            .iter()
            .any(|line| line["id"] == "cpu" && line["kind"] == "cpu")
    );
    for line in &lines {
        for name in ["id", "name", "api", "why"] {
            assert!(!text(line, name).is_empty(), "{name} of {line}");
        }
        let kinds = ["discrete", "integrated", "virtual", "software", "cpu"];
        assert!(kinds.contains(&text(line, "kind")), "{line}");
        assert!(
            line["kind"] != "software" || line["chosen"] == false,
            "auto takes none"
        );
    }
    assert_eq!(
        lines.iter().filter(|line| line["chosen"] == true).count(),
        1
    );
}

#[test]
fn the_effective_configuration_shown_is_one_that_loads_again() {
    let home = Home::new();
    let shown = home
        .run("config show --set model.rho_max=0.55 --seed 7")
        .exits(0)
        .stdout;
    let file = home.file("shown.yaml", &shown).display().to_string();
    let again = home
        .run(&format!("config show --config {file}"))
        .exits(0)
        .stdout;
    assert_eq!(shown, again);
    let digest = |file: &str| {
        let ran = home.run(&format!("config check {file} --json")).exits(0);
        text(&ran.lines()[0], "digest").to_owned()
    };
    let copy = home.file("again.yaml", &again).display().to_string();
    assert_eq!(digest(&file), digest(&copy));
    let published = home.file(
        "published.yaml",
        include_str!("../../configs/ternary_v5_5.yaml"),
    );
    assert_ne!(digest(&file), digest(&published.display().to_string()));

    let json = &home
        .run(&format!("config show --json --config {file}"))
        .exits(0)
        .lines()[0];
    assert_eq!(
        (&json["model"]["rho_max"], &json["seed"]),
        (&0.55.into(), &7.into())
    );
    assert_eq!(names(&home.path("")).len(), 3, "nothing else is created");
}

#[test]
fn every_key_of_a_configuration_is_explained() {
    let home = Home::new();
    let keys = home.run("config keys --json").exits(0).lines();
    for key in &keys {
        for name in ["key", "type", "range", "default", "meaning"] {
            assert!(!text(key, name).is_empty(), "{name} of {key}");
        }
        assert_eq!(key["used"] == false, key["reason"].is_string(), "{key}");
    }
    let explained = |name: &str| {
        let within = format!("{name}[");
        let below = format!("{name}.");
        keys.iter()
            .map(|key| text(key, "key"))
            .any(|key| key == name || key.starts_with(&within) || key.starts_with(&below))
    };
    let shown = &home.run("config show --json").exits(0).lines()[0];
    for (name, value) in shown.as_object().unwrap() {
        match value.as_object() {
            Some(section) => section.keys().for_each(|key| {
                assert!(explained(&format!("{name}.{key}")), "{name}.{key}");
            }),
            None => assert!(explained(name), "{name}"),
        }
    }
}

#[test]
fn every_metric_of_a_table_is_explained() {
    let home = Home::new();
    home.train("run", "--epochs 1 --seed 3").exits(0);
    let run = home.path("run").display().to_string();
    let table = home
        .run(&format!("runs export {run} --out -"))
        .exits(0)
        .stdout;
    let metrics = home.run("metrics list --json").exits(0).lines();
    for metric in &metrics {
        for name in ["id", "name", "unit", "definition", "source"] {
            assert!(!text(metric, name).is_empty(), "{name} of {metric}");
        }
    }
    let known: Vec<&str> = metrics.iter().map(|metric| text(metric, "id")).collect();
    let columns: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    assert_eq!(columns.len(), 24);
    assert!(
        columns[1..].iter().all(|column| known.contains(column)),
        "{columns:?}"
    );
    let shown = home.run("metrics list").exits(0).stdout;
    assert!(shown.contains("in a rule: argmax-a, in percent"), "{shown}");
}

#[test]
fn help_shows_examples_and_version_names_what_was_built() {
    let home = Home::new();
    for command in [
        "",
        "train",
        "coverage",
        "neighbors",
        "ops",
        "devices",
        "config",
        "metrics",
    ] {
        let help = home.run(&format!("{command} --help")).exits(0).stdout;
        assert!(help.contains("Example"), "{command}: {help}");
        let example = format!("fluxttice-explorer {command}");
        assert!(help.contains(example.trim_end()), "{command}: {help}");
    }
    let version = home.run("--version").exits(0).stdout;
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    assert!(
        version.contains("commit") && version.contains("wgpu"),
        "{version}"
    );
}

#[test]
fn what_is_encoded_decodes_to_itself_and_samples_are_those_that_coverage_counts() {
    let home = Home::new();
    let asked = home.file("asked", "min\n7153\n");
    let mut command = home.command(["encode", "-", "--json"]);
    command.stdin(std::fs::File::open(asked).unwrap());
    let encoded = Ran::of(command).exits(0);
    let lines = encoded.lines();
    assert_eq!(lines.len(), 4, "2 operations × 2 VAEs");
    let path = home.file("codes.jsonl", &encoded.stdout);
    let mut command = home.command(["decode", "--json"]);
    command.stdin(std::fs::File::open(path).unwrap());
    let decoded = Ran::of(command).exits(0);
    for (encoded, decoded) in lines.iter().zip(decoded.lines()) {
        assert_eq!(encoded["operation"], decoded["operation"]);
        assert_eq!(encoded["which"], decoded["which"]);
        let probabilities = decoded["probabilities"].as_array().unwrap();
        let product: f64 = probabilities
            .iter()
            .map(|entry| {
                entry
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|p| p.as_f64().unwrap())
                    .fold(0.0, f64::max)
            })
            .product();
        assert!((product - number(&decoded, "probability")).abs() < 1e-12);
    }
    let short = home.file("short", "1 2 3");
    let mut command = home.command(["decode"]);
    command.stdin(std::fs::File::open(short).unwrap());
    Ran::of(command)
        .exits(3)
        .says_only(&["line 1", "16 numbers, found 3"]);

    let coverage = home.run("coverage --json --samples 20000 --which b --draw argmax");
    let unique = number(&coverage.exits(0).lines()[0], "unique");
    let sampled = home
        .run("sample 20000 --which b --draw argmax")
        .exits(0)
        .stdout;
    assert_eq!(sampled.lines().count(), 20_000);
    let distinct: std::collections::BTreeSet<&str> = sampled.lines().collect();
    assert!((distinct.len() as f64 - unique).abs() < 0.5);
}

#[test]
fn numbers_that_overflow_and_places_without_neighbours_are_refused_with_the_reason() {
    let home = Home::new();
    let zeros = |first: &str| format!("{first}{}\n", " 0".repeat(15));
    for first in ["1e308", "-1e39", "nan", "inf", "1e999"] {
        let command = home.command(["decode"]);
        let ran = Ran::with_input(command, &format!("{}{}", zeros("1"), zeros(first)));
        ran.exits(3)
            .says_only(&["line 2", first, "single precision"]);
    }
    let object = |first: &str| format!(r#"{{"which":"a","mu":[{first}{}]}}"#, ",0".repeat(15));
    Ran::with_input(home.command(["decode"]), &object("1e300"))
        .exits(3)
        .says_only(&["1e300", "single precision"]);
    let far = Ran::with_input(home.command(["decode", "--json"]), &zeros("3e38"));
    let entropy = far.exits(0).lines()[0]["entropy"].as_f64();
    assert!(entropy.is_some_and(f64::is_finite));

    for (place, metric, reason) in [
        ("min - min", "cosine", "the origin has none"),
        (
            "0.1*min + 0.2*min - 0.3*min",
            "cosine",
            "the origin has none",
        ),
        ("1e-300*min", "cosine", "the origin has none"),
        ("1e160*min", "euclidean", "too far out"),
        ("1e20*min", "cosine", "too far out"),
        ("1e308*min + 1e308*min", "hamming", "too far out"),
        ("2*min", "jeffreys", "a point has none"),
    ] {
        for which in ["a", "b", "both"] {
            let asked = ["neighbors", place, "--metric", metric, "--which", which];
            let ran = Ran::of(home.command(asked)).exits(3);
            assert_eq!(ran.stdout, "");
            ran.says_only(&[place, reason]);
        }
    }
    for radius in ["inf", "nan", "1e999", "-1"] {
        let ran = home
            .run(&format!("neighbors min --radius {radius}"))
            .exits(2);
        assert!(
            ran.stderr.contains("finite distance of 0 or more"),
            "{}",
            ran.stderr
        );
    }
    for metric in ["euclidean", "hamming"] {
        let asked = ["neighbors", "min - min", "--metric", metric];
        Ran::of(home.command(asked)).exits(0);
    }
}

#[test]
fn a_byte_order_mark_in_front_of_an_input_is_read_over() {
    let home = Home::new();
    let zeros = " 0".repeat(16);
    Ran::with_input(home.command(["decode"]), &format!("\u{feff}{zeros}\n")).exits(0);
    for command in [["ops", "show", "-"], ["neighbors", "-", "-k1"]] {
        Ran::with_input(home.command(command), "\u{feff}min\n").exits(0);
    }
    let config = home.file("marked.yaml", "\u{feff}seed: 7\n");
    home.run(&format!("config check {}", config.display()))
        .exits(0);
    home.train("run", "--epochs 1 --disrupt 0:beta-b").exits(0);
    let journal = std::fs::read_to_string(home.path("run/journal.jsonl")).unwrap();
    let journal = home.file("journal", format!("\u{feff}{journal}"));
    let replay = format!("--epochs 1 --replay {}", journal.display());
    home.train("again", &replay).exits(0);
    assert!(home.weights("run") == home.weights("again"));
}
