//! Certificates, estimates and the figures that mislead, on the screen.

use std::path::PathBuf;
use std::sync::Arc;

use fluxttice_core::certificate::{Found, Item, ItemKind, Statement, Verdict};
use fluxttice_core::measure::{Corrected, Estimate, Evenness, Progress, Rare};
use fluxttice_core::model::Weights;
use fluxttice_core::numbers::single;
use fluxttice_core::session::message::Model;
use fluxttice_core::session::{
    Estimates, JobEvent, JobRequest, Measurement, Misleading, QuickJob, VaeEstimates,
};
use fluxttice_core::space::{OPERATIONS, Operation};
use serde_json::json;

use crate::testing::*;

mod validation;

fn statement() -> Statement {
    let figure = |name: &str, vae: &str, value: f64, samples: u32, ceiling: f64| {
        json!({
            "name": name, "vae": vae, "of": null, "value": value, "samples": samples, "seed": 0,
            "ceiling": ceiling, "standard_error": null, "trend": null, "digest": null,
        })
    };
    let define = |name: &str, unit: &str, ranks: bool| json!({ "name": name, "unit": unit, "definition": "…", "ranks_untrained_below": ranks });
    let predicate = json!({
        "tool": { "name": "fluxttice-explorer", "version": "0.1.0", "commit": "0123456789ab",
            "compiler": "rustc 1.95.0", "lockfile": "sha256:00" },
        "made": "2026-11-21T12:00:00Z",
        "run": { "name": "20261121-120000-s42", "seed": 42, "device": "cpu", "configuration": "sha256:01",
            "journal": "sha256:02", "epochs": 107, "batch": 0, "parent": null },
        "measurement": { "arithmetic": "64 bits", "generator": "Philox", "seed": 0,
            "samples": [50_000, 195_000], "probability_codes": 1_000_000, "tolerance": 1e-9 },
        "definitions": [
            define("argmax coverage", "operations", true),
            define("categorical coverage", "operations", false),
            define("decode entropy", "nats", true),
            define("mutual information", "nats", true),
        ],
        "figures": [
            figure("argmax coverage", "a", 16_984.0, 50_000, 18_131.18),
            figure("categorical coverage", "a", 17_127.0, 50_000, 18_131.18),
            figure("decode entropy", "a", 1.7441, 50_000, 9.8875),
            figure("mutual information", "a", 8.0357, 1_000_000, 9.8875),
            figure("argmax coverage", "b", 17_245.0, 50_000, 18_131.18),
            figure("categorical coverage", "b", 17_265.0, 50_000, 18_131.18),
            figure("decode entropy", "b", 1.2978, 50_000, 9.8875),
            figure("mutual information", "b", 8.493, 1_000_000, 9.8875),
        ],
        "untrained": { "seed": 0, "samples": 50_000, "argmax_coverage": [332, 3134],
            "mutual_information": [0.015, 0.11], "coverage_margin": 1.5, "information_margin": 1.0 },
        "checks": {
            "passed": [{ "name": "the weights have a training history", "found": "107 epochs in the metrics" }],
            "failed": [],
        },
    });
    serde_json::from_value(json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": [],
        "predicateType": "urn:fluxttice-explorer:coverage-certificate:v1", "predicate": predicate,
    }))
    .unwrap()
}

fn item(name: &str, kind: ItemKind) -> Item {
    Item {
        folder: PathBuf::from("/runs").join(name),
        name: name.to_owned(),
        run: "20261121-120000-s42".to_owned(),
        kind,
    }
}

fn certificate(name: &str) -> Item {
    let statement = Box::new(Ok(statement()));
    item(
        name,
        ItemKind::Certificate {
            statement,
            signed: true,
        },
    )
}

/// Three certificates, one of them damaged, and a snapshot.
fn shelf() -> JobEvent {
    let statement = Box::new(Err("expected value at line 1 column 1".to_owned()));
    JobEvent::Listed(Ok(Arc::new(vec![
        certificate("epoch-0106"),
        certificate("epoch-0050"),
        item(
            "broken",
            ItemKind::Certificate {
                statement,
                signed: false,
            },
        ),
        item(
            "epoch-0051-batch-131",
            ItemKind::Snapshot {
                position: Some((51, 131)),
            },
        ),
    ])))
}

fn verdict(failed: Option<(&str, &str, &str)>) -> Arc<Verdict> {
    let passed = Found {
        name: "SHA256SUMS: form".to_owned(),
        ok: true,
        expected: String::new(),
        found: String::new(),
    };
    let failed = failed.map(|(name, expected, found)| Found {
        name: name.to_owned(),
        ok: false,
        expected: expected.to_owned(),
        found: found.to_owned(),
    });
    Arc::new(Verdict {
        checks: failed.into_iter().chain([passed]).collect(),
        signature: "unsigned: anybody may have made it".to_owned(),
        ..Verdict::default()
    })
}

pub fn stocked(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    press(&mut app, KeyCode::Char('5'));
    app.on_job(shelf());
    app
}

fn estimates(epoch: u32) -> Arc<Estimates> {
    let mut dice = fixtures::Dice::new(5);
    let mut vae = |level: f64| {
        let likelihoods: Vec<f64> = (0..OPERATIONS)
            .map(|_| (2.0 * dice.roll()).powi(2))
            .collect();
        let mut rare: Vec<Rare> = Operation::all()
            .zip(&likelihoods)
            .map(|(operation, l)| Rare {
                operation,
                probability: l / OPERATIONS as f64,
                standard_error: 1e-6,
            })
            .collect();
        rare.sort_by(|a, b| a.probability.total_cmp(&b.probability));
        rare.truncate(50);
        VaeEstimates {
            codes: 400_000,
            probabilities: likelihoods
                .iter()
                .map(|l| single(l / OPERATIONS as f64))
                .collect(),
            rare,
            mutual_information: Estimate {
                corrected: Some(Corrected {
                    value: level,
                    standard_error: 0.004,
                }),
                raw: level - 0.02,
            },
            effective: Estimate {
                corrected: Some(Corrected {
                    value: 17_743.4,
                    standard_error: 4.9,
                }),
                raw: 17_553.0,
            },
            evenness: Evenness {
                categorical: 65_200.0,
                argmax: 72_500.0,
            },
            likeliest: 0.41,
            misleading: Misleading {
                samples: 195_000,
                rounded_expectation: 19_579,
                untrained: 19_673,
            },
        }
    };
    Arc::new(Estimates {
        epoch,
        source: format!("epoch {}", epoch - 1),
        seed: 0,
        vaes: [vae(8.006), vae(8.457)].into(),
    })
}

fn model(epoch: u32) -> Event {
    Event::Weights(Arc::new(Model {
        epoch,
        source: format!("epoch {}", epoch - 1),
        weights: Weights::fresh(0),
    }))
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn pictures_of_the_shelf() {
    for (width, height) in SIZES {
        let mut empty = fixtures::live(width, height);
        press(&mut empty, KeyCode::Char('5'));
        insta::assert_snapshot!(
            format!("looking_{width}x{height}"),
            picture(&empty, width, height)
        );
        empty.on_job(JobEvent::Listed(Ok(Arc::default())));
        insta::assert_snapshot!(
            format!("nothing_{width}x{height}"),
            picture(&empty, width, height)
        );

        let mut app = stocked(width, height);
        insta::assert_snapshot!(
            format!("unchecked_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Char('v'));
        app.on_job(JobEvent::Progress(Progress {
            what: "prior codes of A",
            done: 430_000,
            of: 1_000_000,
        }));
        insta::assert_snapshot!(
            format!("verifying_{width}x{height}"),
            picture(&app, width, height)
        );
        app.on_job(JobEvent::Verified(
            "/runs/epoch-0106".into(),
            Ok(verdict(None)),
        ));
        insta::assert_snapshot!(
            format!("holds_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Down);
        press(&mut app, KeyCode::Enter);
        let differs = (
            "argmax coverage of A (N = 50000)",
            "18984 of 18131.18",
            "16984 of 18131.18",
        );
        app.on_job(JobEvent::Verified(
            "/runs/epoch-0050".into(),
            Ok(verdict(Some(differs))),
        ));
        insta::assert_snapshot!(
            format!("differs_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Down);
        insta::assert_snapshot!(
            format!("damaged_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Down);
        insta::assert_snapshot!(
            format!("snapshot_{width}x{height}"),
            picture(&app, width, height)
        );
    }
}

#[test]
fn pictures_of_estimates() {
    for (width, height) in SIZES {
        let mut app = fixtures::live(width, height);
        type_text(&mut app, "2mmu");
        insta::assert_snapshot!(
            format!("estimating_{width}x{height}"),
            picture(&app, width, height)
        );
        answer(&mut app);
        app.on_event(model(51));
        app.on_job(JobEvent::Estimated(Ok(estimates(51))));
        press(&mut app, KeyCode::Char('n'));
        insta::assert_snapshot!(
            format!("likely_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Char('m'));
        insta::assert_snapshot!(
            format!("beside_counts_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Char('1'));
        insta::assert_snapshot!(
            format!("beside_charts_{width}x{height}"),
            picture(&app, width, height)
        );
    }
}

#[test]
fn a_certificate_of_a_run_is_made_of_a_snapshot_of_this_moment() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('c'));
    assert_eq!(sent(&mut app), [Command::Snapshot { name: None }]);
    assert!(
        app.take_job_requests().is_empty(),
        "there is nothing to measure yet"
    );
    let outcome = |id, applied| {
        Event::Outcome(Outcome {
            by: Author::User,
            id,
            command: Command::Snapshot {
                name: Some("epoch-0051-batch-131".to_owned()),
            },
            epoch: 51,
            batch: 131,
            applied,
            message: "saved".to_owned(),
        })
    };
    // Another snapshot's outcome asks for nothing but the list.
    app.on_event(outcome(6, true));
    assert!(matches!(
        &app.take_job_requests()[..],
        [JobRequest::Quick(QuickJob::List)]
    ));
    app.on_event(outcome(1, true));
    let folder = fixtures::info()
        .folder
        .join("snapshots/epoch-0051-batch-131");
    match &app.take_job_requests()[..] {
        [
            JobRequest::Measure(Measurement::Certify(Some(asked))),
            JobRequest::Quick(QuickJob::List),
        ] => assert_eq!(*asked, folder),
        other => panic!("{other:?}"),
    }
    app.on_job(JobEvent::Certified(Ok("/runs/x".into())));
    assert!(
        matches!(
            &app.take_job_requests()[..],
            [JobRequest::Quick(QuickJob::List)]
        ),
        "the list is looked at again"
    );
}

#[test]
fn a_snapshot_that_was_refused_is_not_certified() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('c'));
    sent(&mut app);
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command: Command::Snapshot {
            name: Some("x".to_owned()),
        },
        epoch: 51,
        batch: 131,
        applied: false,
        message: "the disk is full".to_owned(),
    }));
    let asked = app.take_job_requests();
    assert!(
        !asked
            .iter()
            .any(|request| matches!(request, JobRequest::Measure(Measurement::Certify(_)))),
        "{asked:?}"
    );
}

/// An explorer of a checkpoint; `None` is the built-in model.
pub fn explored(checkpoint: Option<PathBuf>) -> App {
    let mut app = fixtures::app(120, 40);
    let info = fluxttice_core::session::message::RunInfo {
        training: false,
        attached: None,
        answered: Vec::new(),
        checkpoint,
        ..fixtures::info()
    };
    app.on_event(Event::Started(Arc::new(info)));
    app.on_event(Event::State(RunState::Finished));
    app
}

#[test]
fn what_is_explored_is_certified_as_it_lies() {
    for checkpoint in [None, Some(PathBuf::from("/runs/r/checkpoints/epoch-0010"))] {
        let mut app = explored(checkpoint.clone());
        press(&mut app, KeyCode::Char('c'));
        assert_eq!(sent(&mut app), [], "nothing is asked of the worker");
        match &app.take_job_requests()[..] {
            [JobRequest::Measure(Measurement::Certify(asked))] => assert_eq!(*asked, checkpoint),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn in_evidence_the_chosen_one_is_certified_checked_and_copied() {
    let mut app = stocked(120, 40);
    app.take_job_requests();
    press(&mut app, KeyCode::Char('c'));
    assert!(
        app.take_job_requests().is_empty(),
        "a certificate needs no certificate"
    );
    press(&mut app, KeyCode::Char('v'));
    press(&mut app, KeyCode::Char('e'));
    match &app.take_job_requests()[..] {
        [
            JobRequest::Measure(Measurement::Verify(folder)),
            JobRequest::Quick(QuickJob::Export { folder: from, to }),
        ] => {
            assert_eq!((folder, folder), (&PathBuf::from("/runs/epoch-0106"), from));
            assert_eq!(*to, PathBuf::from("20261121-120000-s42-epoch-0106"));
        }
        other => panic!("{other:?}"),
    }
    press(&mut app, KeyCode::End);
    press(&mut app, KeyCode::Char('v'));
    assert!(
        app.take_job_requests().is_empty(),
        "a snapshot states nothing"
    );
    press(&mut app, KeyCode::Char('c'));
    assert!(matches!(
        &app.take_job_requests()[..],
        [JobRequest::Measure(Measurement::Certify(Some(_)))]
    ));
}

#[test]
fn estimates_are_asked_for_one_at_a_time_and_once_an_epoch() {
    let mut app = fixtures::live(120, 40);
    assert_eq!(answer(&mut app), [], "nobody looks at them");
    type_text(&mut app, "2mm");
    assert_eq!(sent(&mut app), [Command::Weights]);
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(51))]);
    assert_eq!(sent(&mut app), [], "the first is under way");
    app.on_event(model(51));
    assert!(matches!(
        &app.take_job_requests()[..],
        [JobRequest::Measure(Measurement::Estimate(_))]
    ));
    assert_eq!(sent(&mut app), [], "a job is running");
    app.on_job(JobEvent::Estimated(Ok(estimates(51))));
    assert_eq!(
        sent(&mut app),
        [Command::Weights],
        "epoch 51 is finished meanwhile"
    );
    app.on_event(model(52));
    app.take_job_requests();
    app.on_job(JobEvent::Estimated(Ok(estimates(52))));
    assert_eq!(sent(&mut app), [], "nothing is newer");
    // Out of sight they are not asked for.
    press(&mut app, KeyCode::Char('3'));
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(52))]);
    assert!(!sent(&mut app).contains(&Command::Weights));
}

#[test]
fn the_cursor_goes_through_the_rare_of_whom_they_are_shown() {
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "2mm");
    answer(&mut app);
    app.on_event(model(51));
    let estimates = estimates(51);
    app.on_job(JobEvent::Estimated(Ok(Arc::clone(&estimates))));
    // The smaller of both, then A, then B.
    press(&mut app, KeyCode::Char('v'));
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(
        app.panes.coverage.map.operation(),
        estimates.vaes.a.rare[0].operation
    );
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(
        app.panes.coverage.map.operation(),
        estimates.vaes.a.rare[1].operation
    );
    press(&mut app, KeyCode::Char('N'));
    assert_eq!(
        app.panes.coverage.map.operation(),
        estimates.vaes.a.rare[0].operation
    );
    press(&mut app, KeyCode::Char('v'));
    press(&mut app, KeyCode::Char('n'));
    assert_eq!(
        app.panes.coverage.map.operation(),
        estimates.vaes.b.rare[0].operation
    );

    let mut none = (*estimates).clone();
    none.vaes.b.rare.clear();
    app.on_job(JobEvent::Estimated(Ok(Arc::new(none))));
    press(&mut app, KeyCode::Char('n'));
    let screen = picture(&app, 120, 40);
    assert!(screen.contains("none stands out among"), "{screen}");
}

#[test]
fn a_verdict_is_seen_by_its_colour() {
    let mut app = stocked(80, 24);
    let differs = ("argmax coverage of A", "18984", "16984");
    app.on_job(JobEvent::Verified(
        "/runs/epoch-0106".into(),
        Ok(verdict(None)),
    ));
    app.on_job(JobEvent::Verified(
        "/runs/epoch-0050".into(),
        Ok(verdict(Some(differs))),
    ));
    press(&mut app, KeyCode::Down);
    insta::assert_snapshot!("styled_verdicts", styled(&mut app, 80, 24));
}
