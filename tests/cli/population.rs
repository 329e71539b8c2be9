//! `train --population`: several seeds at once, each a run of its own, and their figures beside each other.

use serde_json::Value;

use crate::program::Home;

fn of_kind<'a>(lines: &'a [Value], event: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["event"] == event)
}

#[test]
fn several_seeds_come_out_as_each_alone_and_are_summed_up() {
    let home = Home::new();
    let lines = home
        .train("all", "--population seeds=3 --seed 5 --epochs 2")
        .exits(0)
        .lines();
    home.train("alone", "--seed 6 --epochs 2").exits(0);
    assert_eq!(home.weights("all/s6"), home.weights("alone"));

    let members = of_kind(&lines, "member");
    let mut told: Vec<(u64, u64)> = members
        .map(|line| {
            (
                line["seed"].as_u64().unwrap(),
                line["record"]["epoch"].as_u64().unwrap(),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(told, [(6, 0), (6, 1), (7, 0), (7, 1)]);
    assert_eq!(of_kind(&lines, "epoch").count(), 2);
    assert_eq!(lines.last().unwrap()["event"], "end");
    let seeds = of_kind(&lines, "start").map(|line| line["seed"].as_u64().unwrap());
    let mut seeds: Vec<u64> = seeds.collect();
    seeds[1..].sort_unstable();
    assert_eq!(seeds, [5, 6, 7], "the first one first");

    // The summary agrees with the records of the runs.
    let summary = of_kind(&lines, "population").next().unwrap();
    assert_eq!(summary["epoch"], 1);
    let losses = ["all/s5", "all/s6", "all/s7"]
        .map(|run| home.metrics(run)[1]["validation"]["loss"].as_f64().unwrap());
    let figures = summary["figures"].as_array().unwrap();
    let figure = figures
        .iter()
        .find(|one| one["figure"] == "validation loss")
        .unwrap();
    let number = |name: &str| figure[name].as_f64().unwrap();
    assert_eq!(figure["runs"], 3);
    assert!((number("mean") - losses.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert_eq!(
        number("low"),
        losses.iter().copied().fold(f64::INFINITY, f64::min)
    );
    assert_eq!(number("high"), losses.iter().copied().fold(0.0, f64::max));
    assert!(figure["interval"][0].as_f64().unwrap() < number("mean"));
}

#[test]
fn the_same_command_goes_on_with_what_is_there() {
    let home = Home::new();
    let train = |epochs: u32| {
        let words = format!("--population seeds=9,4 --epochs {epochs}");
        home.train("pair", &words).exits(0)
    };
    train(1);
    let text = train(2).lines();
    assert_eq!(home.metrics("pair/s9").len(), 3);
    assert_eq!(home.metrics("pair/s4").len(), 3);
    assert_eq!(of_kind(&text, "population").next().unwrap()["epoch"], 2);
    let other = home.train("pair", "--population seeds=9,4 --set batch_size=32");
    other
        .exits(3)
        .says_only(&["s9", "another configuration", "--out"]);
}

#[test]
fn seeds_that_are_none_are_refused() {
    let home = Home::new();
    for seeds in ["seeds=1", "seeds=65", "seeds=7,7", "seeds=a", "8", "seeds="] {
        let refused = home.run(&format!("train --population {seeds}")).exits(2);
        assert!(
            refused.stderr.contains("expected seeds=N (2 to 64)"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_plan_that_never_comes_due_is_answered_for_every_run() {
    let home = Home::new();
    let plan = "--population seeds=2 --seed 5 --epochs 1 --disrupt 3:beta-b";
    let ran = home.train("all", plan).exits(0);
    let reason = "was not reached: the session ended after epoch 0";
    let told = |line: &Value| line.to_string().contains(reason);
    let lines = ran.lines();
    assert!(of_kind(&lines, "outcome").any(told));
    assert!(
        of_kind(&lines, "notice").any(|line| told(line) && line.to_string().contains("seed 6"))
    );
    for run in ["all/s5", "all/s6"] {
        let journal = std::fs::read_to_string(home.path(run).join("journal.jsonl")).unwrap();
        assert!(journal.contains(reason), "{journal}");
    }
}
