//! Controls, disruptions with their measurement, runs and experiments on the screen.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fluxttice_core::config::Config;
use fluxttice_core::experiment::{Arm, Base, Experiment, Pair, Verdict};
use fluxttice_core::protocol::standing::Standing;
use fluxttice_core::record::EpochRecord;
use fluxttice_core::run::journal::{Entry, JournalEvent};
use fluxttice_core::run::{Branch, NotOwn, Parent, Summary};
use fluxttice_core::session::message::Tuning;
use fluxttice_core::session::{JobError, JobEvent, JobRequest, QuickJob, RunEntry};

use crate::testing::*;

/// The run at work in the fixtures.
fn at_work() -> PathBuf {
    fixtures::info().folder
}

/// An epoch whose argmax coverage lies this many operations beside the usual.
fn epoch(epoch: u32, more: i64) -> EpochRecord {
    let mut record = fixtures::record(epoch);
    if let Some(pair) = &mut record.coverage {
        for coverage in [&mut pair.a, &mut pair.b] {
            let unique = i64::from(coverage.argmax.unique) + more;
            coverage.argmax.unique = u32::try_from(unique).unwrap_or(0);
        }
    }
    record
}

fn experiment(effects: &[i64]) -> Experiment {
    let arm = |treated: bool, more: i64| Arm {
        weights: format!("{treated} {more}"),
        records: (50..65)
            .map(|at| epoch(at, if treated { more } else { 0 }))
            .collect(),
    };
    let pairs: Vec<Pair> = effects
        .iter()
        .zip(42..)
        .map(|(more, key)| Pair {
            key,
            treated: arm(true, *more),
            control: arm(false, 0),
        })
        .collect();
    let disruption = Disruption::new(DisruptionKind::BetaB);
    Experiment {
        version: 1,
        made: "2026-11-21T12:00:00Z".into(),
        program: "0.1.0".into(),
        device: "cpu".into(),
        base: Base {
            run: "7f3a".into(),
            config_digest: "sha256:00".into(),
            seed: 42,
            epochs: 50,
            weights: Some("00".into()),
        },
        disruption,
        epoch: 50,
        batch: 0,
        horizon: 15,
        verdict: Verdict::of(&pairs, 15, disruption.epochs),
        pairs,
    }
}

fn disrupted(epoch: u32, kind: DisruptionKind) -> Entry {
    Entry {
        time: "2026-11-21T12:00:00Z".into(),
        event: JournalEvent::Outcome(Outcome {
            id: 1,
            by: Author::User,
            command: Command::Steer(Steer::Disrupt {
                disruption: Disruption::new(kind),
            }),
            epoch,
            batch: 0,
            applied: true,
            message: "done".into(),
        }),
    }
}

fn summary(path: &Path, epochs: u32) -> Summary {
    let overrides = ["hold.rho=0.4".to_owned()];
    Summary {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        path: path.to_owned(),
        config: Config::default().with(&overrides).unwrap(),
        parent: None,
        records: (0..epochs).map(|at| epoch(at, 0)).collect(),
        journal: Vec::new(),
        checkpoints: vec![0, 10, 20],
        saved: epochs,
        end: None,
        open: false,
    }
}

fn entries() -> Vec<RunEntry> {
    let own = summary(&at_work(), 51);
    let own = Summary {
        journal: vec![
            disrupted(50, DisruptionKind::BetaB),
            disrupted(30, DisruptionKind::TemperatureA),
        ],
        ..own
    };
    let branch = Summary {
        parent: Some(Parent {
            run: "7f3a".into(),
            epochs: 21,
            weights: None,
        }),
        ..summary(&at_work().with_file_name("branch"), 34)
    };
    let entry = |run: Result<Summary, NotOwn>, path: PathBuf, depth| RunEntry {
        standing: run.as_ref().ok().map(|_| Standing::CutOff),
        branch: Branch { run, path, depth },
        experiments: Vec::new(),
    };
    let broken = at_work().with_file_name("broken");
    let mut own = entry(Ok(own), at_work(), 0);
    own.experiments = vec![
        (
            "epoch-0050-batch-000-beta-b".into(),
            Ok(experiment(&[800, 900, 1_100])),
        ),
        (
            "epoch-0050-batch-000-beta-b-2".into(),
            Err("truncated".into()),
        ),
    ];
    let path = branch.path.clone();
    vec![
        own,
        entry(Ok(branch), path, 1),
        entry(
            Err(NotOwn::Unreadable("config.yaml: nonsense".into())),
            broken,
            0,
        ),
    ]
}

/// The same, the first of which ended for this reason.
pub fn entries_ended(reason: EndReason) -> Vec<RunEntry> {
    let mut entries = entries();
    if let Ok(run) = &mut entries[0].branch.run {
        run.end = Some(reason);
    }
    entries[0].standing = Some(Standing::Ended(reason));
    entries
}

pub fn runs(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    press(&mut app, KeyCode::Char('4'));
    app.on_job(JobEvent::Runs(Ok(Arc::new(entries()))));
    app
}

#[test]
fn runs_disruptions_and_experiments_are_shown() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = runs(width, height);
        insta::assert_snapshot!(
            format!("runs_{width}x{height}"),
            picture(&app, width, height)
        );
        press(&mut app, KeyCode::Down);
        press(&mut app, KeyCode::Down);
        insta::assert_snapshot!(
            format!("experiment_{width}x{height}"),
            picture(&app, width, height)
        );
    }
    let mut app = runs(120, 40);
    for _ in 0..5 {
        // A damaged experiment, a branch and a damaged run, one after the other.
        press(&mut app, KeyCode::Down);
        picture(&app, 120, 40);
    }
    assert!(picture(&app, 120, 40).contains("config.yaml: nonsense"));
}

#[test]
fn runs_are_drawn_beside_each_other() {
    let mut app = runs(120, 40);
    for _ in 0..4 {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Char('x'));
    press(&mut app, KeyCode::Home);
    let shown = picture(&app, 120, 40);
    assert!(
        shown.contains("╍branch") && shown.contains("same configuration as branch"),
        "{shown}"
    );
    press(&mut app, KeyCode::End);
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Char('x'));
    assert!(app.panes.runs.compared.is_empty());
}

#[test]
fn a_disruption_is_measured_once_it_has_begun() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('d'));
    for _ in 0..5 {
        press(&mut app, KeyCode::Tab);
    }
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Enter);
    assert!(app.take_job_requests().is_empty(), "it has not begun yet");
    answer(&mut app);
    let asked = app.take_job_requests();
    let [JobRequest::Try(trial)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!((trial.epoch, trial.batch), (51, 132), "where it began");
    assert_eq!((trial.horizon, trial.repetitions), (15, 3));
    assert_eq!(trial.run, at_work());
    // Once the passing line is gone.
    app.on_tick(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40));
    assert!(picture(&app, 120, 40).contains("experiment β_B +0.212 for 5 epochs: epoch 0 of 90"));
    let found = Arc::new(experiment(&[800, 900, 1_100]));
    app.on_job(JobEvent::Tried(Ok(("beta".into(), found))));
    assert!(picture(&app, 120, 40).contains("it helped"));
    assert!(matches!(
        app.take_job_requests()[..],
        [JobRequest::Quick(QuickJob::Runs)]
    ));
}

#[test]
fn only_measuring_leaves_the_run_alone() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('d'));
    for _ in 0..5 {
        press(&mut app, KeyCode::Tab);
    }
    press(&mut app, KeyCode::Left);
    press(&mut app, KeyCode::Enter);
    let done = app.shared.live().newest().unwrap().epoch + 1;
    assert_eq!(answer(&mut app), [Command::Keep { epochs: done }]);
    let asked = app.take_job_requests();
    let [JobRequest::Try(trial)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!((trial.epoch, trial.batch), (done, 0));
    assert!(
        picture(&app, 120, 40).contains("experiment β_B"),
        "no line covers it"
    );
    // A disruption that is refused is not measured.
    press(&mut app, KeyCode::Char('d'));
    for _ in 0..5 {
        press(&mut app, KeyCode::Tab);
    }
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Enter);
    let command = sent(&mut app).remove(0);
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command,
        epoch: 51,
        batch: 0,
        applied: false,
        message: "cools down".into(),
    }));
    assert!(app.take_job_requests().is_empty());
}

#[test]
fn a_disruption_that_was_not_measured_is_measured_later() {
    let mut app = runs(120, 40);
    app.take_job_requests();
    press(&mut app, KeyCode::Down);
    assert!(picture(&app, 120, 40).contains(": m measures"));
    press(&mut app, KeyCode::Char('m'));
    let asked = app.take_job_requests();
    let [JobRequest::Try(trial)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (trial.epoch, trial.disruption.kind),
        (30, DisruptionKind::TemperatureA)
    );
    assert!(picture(&app, 120, 40).contains("running, 0 %"));
    press(&mut app, KeyCode::Char('g'));
    assert!(matches!(app.take_job_requests()[..], [JobRequest::GiveUp]));
    app.on_job(JobEvent::Tried(Err(JobError::new("given up"))));
    assert!(picture(&app, 120, 40).contains("given up"));
}

#[test]
fn a_control_is_found_changed_and_shown() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char(','));
    insta::assert_snapshot!("dialog_controls", picture(&app, 120, 40));
    type_text(&mut app, "hold.rho");
    press(&mut app, KeyCode::Enter);
    insta::assert_snapshot!("dialog_control_edited", picture(&app, 120, 40));
    type_text(&mut app, "9");
    press(&mut app, KeyCode::Backspace);
    for _ in 0..12 {
        press(&mut app, KeyCode::Backspace);
    }
    type_text(&mut app, "2");
    let shown = picture(&app, 120, 40);
    assert!(
        shown.contains("found 2.0; expected a number, 0 to 1, or null"),
        "{shown}"
    );
    press(&mut app, KeyCode::Enter);
    assert!(sent(&mut app).is_empty(), "a wrong value is not asked for");
    press(&mut app, KeyCode::Backspace);
    type_text(&mut app, "0.4");
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        answer(&mut app),
        [Command::Steer(Steer::set("hold.rho", "0.4"))]
    );
    let config = Config::default().changed("hold.rho", "0.4").unwrap().config;
    app.on_event(Event::Tuned(Arc::new(Tuning::new(&config, 400))));
    let shown = picture(&app, 120, 40);
    assert!(
        shown
            .lines()
            .any(|line| line.contains("hold.rho") && line.contains("0.4 ")),
        "{shown}"
    );
    press(&mut app, KeyCode::Esc);
    assert!(
        picture(&app, 120, 40).contains('✎'),
        "the change is marked on the time axis"
    );
}

#[test]
fn a_question_stands_before_what_cannot_be_taken_back() {
    let mut app = runs(120, 40);
    app.take_job_requests();
    for _ in 0..4 {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Char('D'));
    insta::assert_snapshot!("dialog_question", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    assert!(app.take_job_requests().is_empty());
    press(&mut app, KeyCode::Char('D'));
    press(&mut app, KeyCode::Enter);
    let asked = app.take_job_requests();
    assert!(
        matches!(&asked[..], [JobRequest::Quick(QuickJob::Delete(path))] if path.ends_with("branch")),
        "{asked:?}"
    );
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Char('y'));
    assert_eq!(
        sent(&mut app),
        [Command::Open {
            run: "branch".into()
        }]
    );
}

#[test]
fn another_run_takes_the_place_of_the_one_before() {
    let mut app = fixtures::live(120, 40);
    let mut info = fixtures::info();
    info.name = "branch".into();
    info.history = (0..20).map(|at| Arc::new(epoch(at, 0))).collect();
    app.on_event(Event::Started(Arc::new(info)));
    assert_eq!(app.shared.live().newest().unwrap().epoch, 19);
    assert!(app.shared.live().marks.is_empty() && app.shared.live().end.is_none());
    assert!(picture(&app, 200, 40).contains("run branch"));
}

#[test]
fn a_run_that_was_checked_says_what_was_found() {
    use fluxttice_core::run::{Condition, Part, Report};
    let mut app = runs(120, 40);
    app.take_job_requests();
    let path = app.panes.runs.chosen().unwrap().entry().branch.path.clone();
    press(&mut app, KeyCode::Char('v'));
    let asked = app.take_job_requests();
    assert!(matches!(&asked[..], [JobRequest::Quick(QuickJob::Check(run))] if *run == path));
    for (condition, words) in [
        (Condition::InOrder, "checked: in order"),
        (Condition::Noted, "worth knowing: metrics.jsonl"),
        (Condition::Wrong, "not in order: metrics.jsonl"),
    ] {
        let part = Part {
            name: "metrics.jsonl".to_owned(),
            condition,
            words: String::new(),
        };
        let report = Arc::new(Report { parts: vec![part] });
        app.on_job(JobEvent::Checked(path.clone(), report));
        assert!(picture(&app, 120, 40).contains(words), "{words}");
    }
}
