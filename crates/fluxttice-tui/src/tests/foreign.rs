//! A run that another program trains: its metrics by name, its controls, its samples; nothing of ours is made up.

use std::collections::BTreeMap;

use fluxttice_core::measure::given::Given;
use fluxttice_core::measure::neighbours::{Cloud, Spaces};
use fluxttice_core::protocol::controls::{ControlInfo, Controls};
use fluxttice_core::run::{ForeignEpoch, ForeignRun};
use fluxttice_core::session::message::{Attached, Codes, Foreign, GivenSamples, RunInfo, RunKind};
use fluxttice_core::space::Operation;

use crate::testing::*;

/// A run of another program after some epochs.
fn run(width: u16, height: u16, epochs: u32) -> App {
    let mut app = fixtures::app(width, height);
    let control = ControlInfo {
        name: "learning_rate".into(),
        kind: "number".into(),
        range: "0 to 1".into(),
        value: "0.001".into(),
        safe_point: "batch".into(),
        meaning: "step size of the optimizer".into(),
        ..ControlInfo::default()
    };
    let foreign = Foreign {
        run: ForeignRun {
            name: "theirs".into(),
            path: "/runs/theirs".into(),
            program: "their trainer 7".into(),
            last_epoch: Some(60),
            ..ForeignRun::default()
        },
        controls: Some(Controls {
            controls: vec![control],
            requests: Some(vec!["pause".into(), "resume".into(), "set".into()]),
            ..Controls::default()
        }),
        samples: None,
        codes: None,
    };
    app.on_event(Event::Started(Arc::new(RunInfo {
        name: "theirs".into(),
        folder: "/runs/theirs".into(),
        kind: RunKind::Foreign(foreign),
        device: "cuda:0".into(),
        attached: Some(Attached {
            trainer: "pid 7 on node07".into(),
            cannot_steer: None,
        }),
        ..fixtures::info()
    })));
    app.on_event(Event::State(RunState::Running));
    app.on_progress(Progress {
        epoch: epochs,
        stage: Stage::Training,
        done: 7,
        of: 50,
        loss: 0.7,
        epochs_per_minute: 12.0,
    });
    for epoch in 0..epochs {
        let at = f64::from(epoch);
        let values = [
            ("train/loss", 9.0 * (-at / 15.0).exp()),
            ("val/loss", 0.3 + 9.4 * (-at / 17.0).exp()),
            ("lr", 1e-3 * (1.0 - at / 80.0)),
            ("accuracy", 1.0 - (-at / 10.0).exp()),
        ];
        let values: BTreeMap<String, f64> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        app.on_event(Event::ForeignEpoch(Arc::new(ForeignEpoch {
            epoch,
            values,
        })));
    }
    app
}

#[test]
fn charts_are_drawn_by_name_and_nothing_is_made_up() {
    for (width, height) in [(120, 40), (80, 24)] {
        let app = run(width, height, 40);
        let name = format!("foreign_{width}x{height}");
        insta::assert_snapshot!(name, picture(&app, width, height));
    }
    let app = run(120, 40, 40);
    let screen = picture(&app, 120, 40);
    for ours in [
        "phase",
        "seed",
        "β_A",
        "coverage by argmax",
        "NaN",
        "certificate",
        "disrupt",
    ] {
        assert!(!screen.contains(ours), "{ours} in\n{screen}");
    }
    insta::assert_snapshot!("foreign_without_epochs", picture(&run(120, 40, 0), 120, 40));
}

#[test]
fn samples_are_counted_and_labelled_as_given() {
    let mut app = run(120, 40, 3);
    press(&mut app, KeyCode::Char('2'));
    assert!(picture(&app, 120, 40).contains("its trainer has given no samples to count"));
    let operations: Vec<Operation> = Operation::all().step_by(3).collect();
    let samples = |counts| Event::Samples(Arc::new(GivenSamples { epoch: 2, counts }));
    app.on_event(samples(Err("row 7: expected an index".to_owned())));
    assert!(picture(&app, 120, 40).contains("row 7: expected an index"));
    app.on_event(samples(Ok(Given::count(&operations).unwrap())));
    insta::assert_snapshot!("foreign_samples", picture(&app, 120, 40));
}

#[test]
fn its_controls_are_offered_and_asked_for() {
    let mut app = run(120, 40, 3);
    press(&mut app, KeyCode::Char(','));
    insta::assert_snapshot!("foreign_controls", picture(&app, 120, 40));
    press(&mut app, KeyCode::Enter);
    for _ in 0..8 {
        press(&mut app, KeyCode::Backspace);
    }
    type_text(&mut app, "fast");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&app, 120, 40).contains("expected a number, found `fast`"));
    assert_eq!(sent(&mut app), []);
    for _ in 0..4 {
        press(&mut app, KeyCode::Backspace);
    }
    type_text(&mut app, "5e-4");
    press(&mut app, KeyCode::Enter);
    let asked = Command::Steer(Steer::set("learning_rate", "5e-4"));
    assert_eq!(sent(&mut app), [asked]);
}

#[test]
fn what_it_does_not_take_says_so_and_what_needs_our_model_too() {
    for (key, words) in [
        ('d', "another program trains this run: nothing to disrupt"),
        ('c', "another program trains this run: nothing to certify"),
        ('b', "another program trains this run: nothing to branch"),
        ('s', "another program trains this run: nothing to save"),
    ] {
        let mut app = run(120, 40, 3);
        press(&mut app, KeyCode::Char(key));
        assert!(picture(&app, 120, 40).contains(words), "{key}");
        assert_eq!(sent(&mut app), [], "{key}");
    }
    let mut app = run(120, 40, 3);
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(sent(&mut app), [Command::Pause]);
    press(&mut app, KeyCode::Char('3'));
    assert!(picture(&app, 120, 40).contains("its trainer has shown no codes"));
    assert_eq!(sent(&mut app), []);
}

/// Codes of two dimensions for every third operation: the index along a spiral.
fn codes() -> Event {
    let operations: Vec<Operation> = Operation::all().step_by(3).collect();
    let at = |operation: &Operation| {
        let turn = operation.index() as f64 / 500.0;
        [turn * turn.cos(), turn * turn.sin()]
    };
    let numbers: Vec<f64> = operations.iter().flat_map(at).collect();
    let cloud = Cloud::embedding(&operations, &numbers, 2).unwrap();
    Event::Codes(Arc::new(Codes {
        epoch: 3,
        source: "epoch 2, given by the trainer".to_owned(),
        spaces: Spaces::embedding(cloud),
        weights: None,
    }))
}

#[test]
fn its_codes_have_neighbours_and_a_plane() {
    let mut app = run(120, 40, 3);
    press(&mut app, KeyCode::Char('3'));
    app.on_event(codes());
    press(&mut app, KeyCode::Char('p'));
    insta::assert_snapshot!("foreign_codes", picture(&app, 120, 40));
    for (key, words) in [
        ('b', "these codes have one space"),
        ('<', "another program made these codes"),
    ] {
        press(&mut app, KeyCode::Char(key));
        assert!(picture(&app, 120, 40).contains(words), "{key}");
    }
    press(&mut app, KeyCode::Char('+'));
    assert!(picture(&app, 120, 40).contains("needs a decoder"));
    let nand = Operation::all()
        .find(|it| it.name() == Some("nand"))
        .unwrap();
    assert_ne!(nand.index() % 3, 0);
    app.panes.neighbours.visit(nand.into());
    press(&mut app, KeyCode::Home);
    assert!(picture(&app, 120, 40).contains("none of the operations that have a code"));
    assert_eq!(sent(&mut app), []);
}
