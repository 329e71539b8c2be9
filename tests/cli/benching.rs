//! `bench`: never without a checkpoint, a file that says what was measured, files side by side.

use std::fs;

use serde_json::Value;

use crate::program::Home;

#[test]
fn a_bench_needs_a_checkpoint() {
    let home = Home::new();
    home.run("bench").exits(2).says_only(&["--checkpoint"]);
    home.run("bench --checkpoint none")
        .exits(3)
        .says_only(&["none", "no such"]);
}

#[test]
fn a_bench_says_what_was_measured_and_two_stand_side_by_side() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let run = home.path("run").display().to_string();
    let bench = |checkpoint: &str, file: &str| -> Value {
        let out = home.path(file).display().to_string();
        let ran = home.run(&format!(
            "bench --checkpoint {checkpoint} --trials 2 --device cpu --json --out {out}"
        ));
        let told: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
        let kept: Value = serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap();
        assert_eq!(told, kept);
        kept
    };
    let of_run = bench(&run, "benchmarks/run.json");
    let published = bench(
        "assets/published/weights.safetensors",
        "benchmarks/published.json",
    );
    assert_eq!(published["device"], "cpu");
    assert_eq!(
        published["checkpoint"]["sha256"],
        "sha256:f401b741487038a02a3b5463182d2ee5fb6eceb01038b19c79917d9e9b4be772"
    );
    assert_eq!(published["configuration_sha256"], Value::Null);
    assert!(
        of_run["configuration_sha256"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    for vae in ["a", "b"] {
        let trained = &published["benchmark"][vae];
        let fresh = &of_run["benchmark"][vae];
        for trials in trained["coverage"].as_array().unwrap() {
            let (samples, ceiling) = (&trials["samples"], trials["ceiling"].as_f64().unwrap());
            for draw in ["argmax", "categorical", "rounded_expectation"] {
                let spread = &trials[draw];
                assert_eq!(spread["trials"], 2);
                assert!(spread["mean"].as_f64() <= spread["max"].as_f64());
                assert!(
                    spread["mean"].as_f64().unwrap() < ceiling + 200.0,
                    "{samples}"
                );
            }
        }
        let argmax = |bench: &Value| bench["coverage"][0]["argmax"]["mean"].as_f64().unwrap();
        assert!(
            argmax(trained) > 1.5 * argmax(fresh),
            "another checkpoint, other figures"
        );
        assert!(trained["operations_per_second"]["min"].as_f64().unwrap() > 0.0);
    }
    let files = ["run", "published"]
        .map(|name| {
            home.path(&format!("benchmarks/{name}.json"))
                .display()
                .to_string()
        })
        .join(" ");
    let table = home.run(&format!("bench compare {files}")).exits(0).stdout;
    let row = table
        .lines()
        .find(|line| line.starts_with("A argmax coverage at 50000"));
    let mean = published["benchmark"]["a"]["coverage"][0]["argmax"]["mean"]
        .as_f64()
        .unwrap();
    assert!(row.unwrap().contains(&format!("{mean:.1}")), "{table}");
    let broken = home.file("broken.json", "{}").display().to_string();
    home.run(&format!("bench compare {broken}"))
        .exits(3)
        .says_only(&["broken.json", "expected a bench file"]);
}
