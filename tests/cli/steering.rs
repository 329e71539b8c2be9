//! `train --change`, `--branch`, `--replay`; `experiment`; `runs`.

use std::fs;

use serde_json::Value;

use crate::program::{Home, Ran, SMALL};

/// The one object that a command printed.
fn object(ran: &Ran) -> Value {
    let lines = ran.lines();
    assert_eq!(lines.len(), 1);
    lines[0].clone()
}

#[test]
fn a_change_takes_effect_in_its_epoch_and_is_replayed_from_the_journal() {
    let home = Home::new();
    home.train(
        "run",
        "--epochs 3 --change 1:hold.rho=0.5 --disrupt 2:latent-noise:epochs=1,shape=cosine",
    )
    .exits(0);
    let rho: Vec<f64> = home
        .metrics("run")
        .iter()
        .map(|line| line["rho"].as_f64().unwrap())
        .collect();
    assert_eq!(rho, [0.1, 0.5, 0.5]);
    assert_eq!(home.metrics("run")[2]["latent_noise"], 0.3);
    let journal = home.path("run/journal.jsonl");
    let replay = format!("--epochs 3 --replay {}", journal.display());
    home.train("again", &replay).exits(0);
    assert!(home.weights("run") == home.weights("again"));
}

/// The messages of refused plans, each of them in the journal as well.
fn refused(home: &Home, run: &str, ran: &Ran) -> Vec<String> {
    let told: Vec<Value> = ran.events("outcome");
    let told = told.iter().filter(|outcome| outcome["applied"] == false);
    let told: Vec<String> = told
        .map(|outcome| {
            assert_eq!(outcome["by"], "plan");
            outcome["message"].as_str().unwrap().to_owned()
        })
        .collect();
    let journal = fs::read_to_string(home.path(run).join("journal.jsonl")).unwrap();
    for message in &told {
        assert!(journal.contains(message), "{message} is not in {journal}");
    }
    told
}

#[test]
fn what_was_planned_and_never_comes_due_is_refused_with_the_reason() {
    let home = Home::new();
    let ran = home
        .train(
            "run",
            "--epochs 2 --change 1:hold.rho=0.5 --disrupt 7:beta-b",
        )
        .exits(0);
    // Changes stand before disruptions.
    let unreached = "epoch 7, batch 0 was not reached: the session ended after epoch 1";
    assert_eq!(refused(&home, "run", &ran), [unreached]);
    let plan = "--disrupt 0:beta-b --change 1:hold.rho=0.5 --change 2:hold.rho=0.4";
    let ran = home.resume("run", &format!("--epochs 1 {plan}")).exits(0);
    let past = ["epoch 1 is past", "epoch 0 is past"];
    assert_eq!(refused(&home, "run", &ran), past);
    assert_eq!(home.metrics("run")[2]["rho"], 0.4, "the third came due");

    // A batch that no epoch has; and a run that is over already.
    let journal = home.file(
        "journal",
        r#"{"time":"2026-01-01T00:00:00Z","event":"outcome","id":0,"request":"set","key":"hold.rho","value":"0.5","epoch":0,"batch":9999,"applied":true,"message":""}
"#,
    );
    let replay = format!("--replay {}", journal.display());
    let ran = home.train("again", &format!("--epochs 2 {replay}"));
    assert_eq!(refused(&home, "again", &ran.exits(0)), ["epoch 0 is past"]);
    let short = format!("--set=total_epochs=1 {replay}");
    let ran = home.train("short", &short).exits(0);
    assert_eq!(refused(&home, "short", &ran), ["epoch 0 is past"]);
    let told = home.run(&format!(
        "train --resume {} --disrupt 1:beta-b --device cpu",
        home.path("short").display()
    ));
    let told = told.exits(0).stderr;
    assert!(
        told.contains("refused, epoch 1, batch 0 was not reached"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_changed_is_refused_before_anything_is_trained() {
    let home = Home::new();
    for (change, code, problem) in [
        ("5:seed=7", 3, "decides the run from its start"),
        ("5:hold.rho=7", 3, "expected a number, 0 to 1"),
        ("5:rules=nonsense", 3, "is no rule"),
        ("five:hold.rho=0.5", 2, "is not an epoch"),
        ("5:hold.rho", 2, "expected EPOCH:KEY=VALUE"),
    ] {
        let refused = home.train("run", &format!("--change {change}")).exits(code);
        assert!(
            refused.stderr.contains(problem),
            "{change}: {}",
            refused.stderr
        );
    }
    assert!(!home.path("run").exists());
}

#[test]
fn a_branch_goes_on_from_a_checkpoint_with_a_configuration_of_its_own() {
    let home = Home::new();
    home.train("runs/run", "--epochs 4 --set=checkpoint_freq=1")
        .exits(0);
    let from = format!("{}@0001", home.path("runs/run").display());
    let branch = |out: &str, more: &str| {
        let mut command = home.command(["train", "--json", "--device=cpu", "--branch", &from]);
        command
            .args(more.split_whitespace())
            .arg("--out")
            .arg(home.path(out));
        Ran::of(command)
    };
    branch("same", "--epochs 2").exits(0);
    assert!(
        home.weights("same") == home.weights("runs/run"),
        "it shares everything"
    );
    branch("other", "--epochs 2 --set hold.rho=0.7").exits(0);
    assert!(home.weights("other") != home.weights("runs/run"));
    let rho: Vec<Value> = home
        .metrics("other")
        .iter()
        .map(|line| line["rho"].clone())
        .collect();
    assert_eq!(rho, [0.1, 0.1, 0.7, 0.7]);
    let journal = fs::read_to_string(home.path("other/journal.jsonl")).unwrap();
    assert!(
        journal.contains(r#""event":"branched","parent":"run","epoch":2,"weights":""#),
        "{journal}"
    );
    let refused = branch("third", "--set train_split=7").exits(3);
    assert!(refused.stderr.contains("train_split"), "{}", refused.stderr);
}

#[test]
fn an_experiment_tells_what_a_disruption_did_and_can_be_repeated() {
    let home = Home::new();
    home.train("run", "--epochs 2").exits(0);
    let run = home.path("run").display().to_string();
    let ask = |spec: &str, more: &str| {
        home.run(&format!(
            "experiment {run} {spec} --horizon 3 --device cpu --json {more}"
        ))
        .exits(0)
    };
    let nothing = object(&ask("beta-b:amplitude=0,epochs=1", "--repetitions 2"));
    assert_eq!(nothing["verdict"]["decision"], "identical");
    let one = object(&ask("permeability:amplitude=0.5", "--repetitions 1"));
    assert_eq!(one["verdict"]["decision"], "not-repeated");
    let first = object(&ask("permeability:amplitude=0.5", "--repetitions 2"));
    let again = object(&ask("permeability:amplitude=0.5", "--repetitions 2"));
    assert_eq!(
        first["verdict"], again["verdict"],
        "the same to the last digit"
    );
    assert_eq!(first["base"]["epochs"], 2);
    assert_ne!(first["file"], again["file"], "none is written over");
    let kept: Value =
        serde_json::from_slice(&fs::read(first["file"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(kept["pairs"].as_array().unwrap().len(), 2);
    assert_eq!(
        kept["pairs"][0]["control"]["records"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    let told = home
        .run(&format!(
            "experiment {run} permeability:amplitude=0.5 --horizon 3 --repetitions 1 --device cpu"
        ))
        .exits(0);
    assert!(
        told.stdout.contains("one repetition gives no interval"),
        "{}",
        told.stdout
    );
    let late = home
        .run(&format!("experiment {run}@0007 beta-b --device cpu"))
        .exits(3);
    assert!(
        late.stderr.contains("no checkpoint `0007`"),
        "{}",
        late.stderr
    );
}

#[test]
fn runs_are_listed_compared_exported_and_deleted() {
    let home = Home::new();
    let data = home.path("data/runs");
    let out = |name: &str| data.join(name).display().to_string();
    let train = |arguments: Vec<&str>| {
        let mut command = home.command(["train", "--quiet"].into_iter().chain(SMALL));
        command.args(arguments);
        Ran::of(command).exits(0);
    };
    assert!(home.run("runs").exits(0).stderr.contains("no run yet"));
    train(vec!["--epochs", "2", "--out", &out("first")]);
    train(vec![
        "--epochs",
        "3",
        "--seed",
        "7",
        "--change",
        "1:hold.rho=0.5",
        "--out",
        &out("second"),
    ]);
    home.run(&format!(
        "train --quiet --device cpu --branch first@0001 --epochs 1 --out {}",
        out("third")
    ))
    .exits(0);

    let listed = home.run("runs").exits(0).stdout;
    let place = |name: &str| listed.lines().position(|line| line.contains(name)).unwrap();
    assert_eq!(
        place("└ third"),
        place("first") + 1,
        "a branch follows its parent\n{listed}"
    );
    assert!(listed.contains("from first after 2 epochs"), "{listed}");
    let lines = home.run("runs list --json").exits(0).lines();
    assert_eq!(lines.len(), 3);
    let third = lines.iter().find(|line| line["run"] == "third").unwrap();
    assert_eq!(
        (&third["parent"]["run"], &third["epochs"]),
        (&"first".into(), &3.into())
    );

    let shown = object(&home.run("runs show second --json").exits(0));
    assert!(
        shown["differs_from_published"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["key"] == "seed")
    );
    let compared = home.run("runs compare first second").exits(0).stdout;
    assert!(
        compared.contains("seed: 42 in first, 7 in second"),
        "{compared}"
    );
    assert!(
        compared.contains("second: epoch 1 batch 0: hold.rho null → 0.5"),
        "{compared}"
    );
    assert!(
        compared.contains("at epoch 1, their last common epoch"),
        "{compared}"
    );
    for (name, start) in [("reached.svg", &b"<svg"[..]), ("reached.png", b"\x89PNG")] {
        let plot = home.path(name);
        let plotted = format!("--plot {} --by time", plot.display());
        home.run(&format!("runs compare first second third {plotted}"))
            .exits(0);
        assert!(fs::read(plot).unwrap().starts_with(start), "{name}");
    }
    let odd = home.run("runs compare first second --plot reached.txt");
    assert!(odd.exits(2).stderr.contains(".svg or .png"));

    let csv = home.path("figures.csv");
    home.run(&format!("runs export second --out {}", csv.display()))
        .exits(0);
    let csv = fs::read_to_string(csv).unwrap();
    assert_eq!(csv.lines().count(), 4);
    let columns = csv.lines().map(|line| line.split(',').count());
    assert!(columns.eq([24; 4]), "{csv}");

    let unasked = home.run("runs delete first").exits(2);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    home.run("runs delete first --yes").exits(0);
    assert!(!data.join("first").exists() && data.join("third").exists());
    home.run("runs show first").exits(3);
}
