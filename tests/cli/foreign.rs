//! Runs that another program trains, by the files that it writes.

use std::fs;

use crate::program::Home;

/// A run of another program after three epochs, by its own words ended or not.
fn make(home: &Home, end: &str) -> String {
    let run = home.path("data/runs/theirs");
    fs::create_dir_all(run.join("samples")).unwrap();
    let status = format!(
        r#"{{"protocol":1,"session":"S","program":"their trainer","version":"7","beat":5,"state":"training","last_epoch":9{end}}}"#
    );
    fs::write(run.join("status.json"), status).unwrap();
    let epochs: String = (0..3)
        .map(|epoch| {
            format!("{{\"event\":\"epoch\",\"epoch\":{epoch},\"loss\":{{\"train\":{}}},\"note\":\"x\",\"odd\":null}}\n", 3.5 - f64::from(epoch))
        })
        .collect();
    fs::write(run.join("metrics.jsonl"), epochs).unwrap();
    run.display().to_string()
}

const ENDED: &str = r#","end":{"reason":"stopped","message":"enough"}"#;

#[test]
fn a_run_of_another_program_is_listed_watched_exported_and_thrown_away() {
    let home = Home::new();
    let run = make(&home, ENDED);
    let samples = format!("{run}/samples/epoch-0002.npy");
    home.run(&format!("sample 500 --draw argmax --out {samples}"))
        .exits(0);
    let listed = home.run("runs").exits(0).stdout;
    let words = [
        "theirs",
        "stopped",
        "3 epochs",
        "by their trainer 7",
        "loss/train 1.5",
    ];
    assert!(words.iter().all(|word| listed.contains(word)), "{listed}");
    let object = &home.run("runs --json").exits(0).lines()[0];
    assert_eq!(object["program"], "their trainer 7");
    assert_eq!(object["newest"]["values"]["loss/train"], 1.5);
    let watched = home.run("watch theirs --json").exits(0);
    assert_eq!(watched.events("epoch").len(), 3);
    let given = &watched.events("samples")[0];
    assert_eq!(
        (&given["samples"], &given["given"]),
        (&500.into(), &true.into())
    );
    let counted = home
        .run(&format!("coverage --json --samples-from {samples}"))
        .exits(0);
    assert_eq!(given["digest"], counted.lines()[0]["digest"]);
    assert_eq!(watched.events("end")[0]["reason"], "stopped");
    let csv = home.run("runs export theirs --out -").exits(0).stdout;
    assert_eq!(csv, "epoch,loss/train\n0,3.5\n1,2.5\n2,1.5\n");
    home.run("runs delete theirs --purge --yes")
        .exits(3)
        .says_only(&["another program made it"]);
    home.run("runs delete theirs --yes").exits(0);
    assert!(!fs::exists(&run).unwrap());
    home.run("runs restore theirs").exits(0);
    assert!(fs::exists(&run).unwrap());
}

#[test]
fn what_only_its_own_trainer_can_do_is_said_in_one_sentence() {
    let home = Home::new();
    make(&home, "");
    for command in [
        "train --resume theirs",
        "train --branch theirs",
        "certify --checkpoint theirs --out certificate",
        "coverage --checkpoint theirs",
        "runs check theirs",
        "runs check theirs --repair",
        "experiment theirs beta-b",
        "export theirs --out x.pt",
        "runs compare theirs theirs",
    ] {
        let ran = home.run(command);
        let code = ran.code.unwrap();
        assert!([2, 3].contains(&code), "{command}: {code} {}", ran.stderr);
        assert!(
            ran.stderr
                .contains("another program trains it (their trainer 7)"),
            "{command}: {}",
            ran.stderr
        );
        assert_eq!(
            ran.stderr.trim().lines().count(),
            1,
            "{command}: {}",
            ran.stderr
        );
    }
    // Nothing was changed on the way.
    let left: Vec<_> = fs::read_dir(home.path("data/runs/theirs"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(left.len(), 3);
}

#[test]
fn damaged_files_of_another_program_are_no_panic() {
    let home = Home::new();
    // A trainer that beats often is lost soon.
    let run = make(&home, r#","heartbeat_s":0.1"#);
    fs::write(format!("{run}/samples/epoch-0001.npy"), b"\x93NUMPY\x01").unwrap();
    fs::create_dir(format!("{run}/codes")).unwrap();
    fs::write(format!("{run}/codes/epoch-0001.npy"), "no array").unwrap();
    fs::write(format!("{run}/controls.json"), "{\"controls\":[{}]}").unwrap();
    let path = format!("{run}/metrics.jsonl");
    let mut lines = fs::read_to_string(&path).unwrap();
    lines += "{\"epoch\":1e300}\n\n[[[\n{\"epoch\":3,\"\\u001b[31mred\":1e999}\n{\"epoch\":4,\"\\u001b[31mred\":2}\nhal";
    fs::write(&path, lines).unwrap();
    let listed = home.run("runs show theirs").exits(0).stdout;
    assert!(
        listed.contains("red") && !listed.contains('\u{1b}'),
        "{listed:?}"
    );
    let told = home.run("watch theirs").exits(1);
    assert!(
        told.stderr.contains("samples given in epoch 1"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("codes given in epoch 1"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("lost: their trainer is gone"),
        "{}",
        told.stderr
    );
    let controls = home.run("steer theirs controls").exits(0);
    assert_eq!(controls.stdout.lines().count(), 1);
    // Numbers and nothing in the places of texts, as a program in Python writes them at first.
    let control = r#"{"controls":[{"name":"lr","value":0.001,"range":[0,1],"unit":null,"default":null}],"disruptions":7}"#;
    fs::write(format!("{run}/controls.json"), control).unwrap();
    let controls = home.run("steer theirs controls").exits(0).stdout;
    assert!(
        controls.contains("lr ") && controls.contains("0.001 "),
        "{controls}"
    );
    let odd = r#"{"session":"S","program":"odd","last_epoch":-1,"device":null,"host":5,"epoch":1.5,"beat":"x","loss":"high"}"#;
    fs::write(format!("{run}/status.json"), odd).unwrap();
    let listed = home.run("runs --json").exits(0).lines();
    assert_eq!(
        (&listed[0]["program"], &listed[0]["total_epochs"]),
        (&"odd".into(), &serde_json::Value::Null)
    );
    home.run("steer theirs pause")
        .exits(3)
        .says_only(&["takes no requests"]);
    fs::write(format!("{run}/status.json"), "{}").unwrap();
    home.run("runs show theirs").exits(3);
}
