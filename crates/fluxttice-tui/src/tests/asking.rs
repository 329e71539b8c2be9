//! What waits for an answer goes where its request goes.

use fluxttice_core::session::Measurement;

use crate::testing::*;

/// Answers the first request of those handed over last, as applied.
fn granted(app: &mut App, command: Command) {
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command,
        epoch: 51,
        batch: 131,
        applied: true,
        message: "done".into(),
    }));
}

fn saved() -> Command {
    Command::Snapshot {
        name: Some("x".into()),
    }
}

fn certifies(app: &mut App) -> bool {
    let asked = app.take_job_requests();
    let certify =
        |request: &JobRequest| matches!(request, JobRequest::Measure(Measurement::Certify(_)));
    asked.iter().any(certify)
}

/// Asks for a disruption, a choice away from `disrupt` among what can be done with it.
fn disrupt(app: &mut App, choice: Option<KeyCode>) {
    press(app, KeyCode::Char('d'));
    for _ in 0..5 {
        press(app, KeyCode::Tab);
    }
    if let Some(choice) = choice {
        press(app, choice);
    }
    press(app, KeyCode::Enter);
}

#[test]
fn a_certificate_that_was_not_asked_for_in_the_end_is_not_made_of_the_next_snapshot() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('c'));
    assert_eq!(unsent(&mut app), [Command::Snapshot { name: None }]);
    assert!(picture(&app, 120, 40).contains("snapshot: the worker takes no requests now"));
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Enter);
    assert_eq!(sent(&mut app), [Command::Snapshot { name: None }]);
    granted(&mut app, saved());
    assert!(!certifies(&mut app));
}

#[test]
fn of_two_snapshots_asked_for_at_once_the_one_for_the_certificate_is_certified() {
    for (keys, certified) in [(['s', 'c'], [false, true]), (['c', 's'], [true, false])] {
        let mut app = fixtures::live(120, 40);
        for key in keys {
            press(&mut app, KeyCode::Char(key));
            if key == 's' {
                press(&mut app, KeyCode::Enter);
            }
        }
        assert_eq!(sent(&mut app).len(), 2);
        granted(&mut app, saved());
        assert_eq!(certifies(&mut app), certified[0], "{keys:?}");
    }
}

#[test]
fn a_certificate_asked_for_as_training_ends_is_made_all_the_same() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('c'));
    sent(&mut app);
    end(&mut app, EndReason::Finished, "400 epochs are done");
    granted(&mut app, saved());
    assert!(certifies(&mut app));
}

#[test]
fn an_experiment_goes_with_its_own_request() {
    for choice in [KeyCode::Left, KeyCode::Right] {
        let mut app = fixtures::live(120, 40);
        disrupt(&mut app, Some(choice));
        assert_eq!(unsent(&mut app).len(), 1);
        disrupt(&mut app, None);
        let command = sent(&mut app).remove(0);
        granted(&mut app, command);
        assert!(app.take_job_requests().is_empty(), "{choice:?}");

        disrupt(&mut app, Some(choice));
        disrupt(&mut app, None);
        let command = sent(&mut app).remove(0);
        granted(&mut app, command);
        let asked = app.take_job_requests();
        assert!(
            matches!(asked[..], [JobRequest::Try(_)]),
            "{choice:?}: {asked:?}"
        );
    }
}

#[test]
fn codes_and_estimates_that_were_not_asked_for_are_asked_for_again_in_the_same_epoch() {
    for (keys, command) in [("3", Command::Encode), ("2mm", Command::Weights)] {
        let mut app = fixtures::live(120, 40);
        type_text(&mut app, keys);
        fixtures::finish(&mut app, vec![Arc::new(fixtures::record(51))]);
        assert_eq!(unsent(&mut app), std::slice::from_ref(&command));
        // Nobody asked for that by a key: nobody is told.
        assert!(!picture(&app, 120, 40).contains("takes no requests"));
        app.on_event(Event::State(RunState::Running));
        assert_eq!(sent(&mut app), [command]);
        app.on_event(Event::State(RunState::Running));
        assert_eq!(sent(&mut app), [], "once is enough");
    }
}

#[test]
fn nothing_waits_for_a_thread_of_jobs_that_has_gone() {
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "3<");
    unsent(&mut app);
    assert!(picture(&app, 120, 40).contains("start the explorer again"));
    press(&mut app, KeyCode::Char('<'));
    let asked = app.take_job_requests();
    let [JobRequest::Quick(QuickJob::LoadCodes(_))] = &asked[..] else {
        panic!("{asked:?}");
    };
    let mut app = crate::panes::evidence::tests::explored(None);
    press(&mut app, KeyCode::Char('c'));
    assert!(app.shared.job().is_some());
    unsent(&mut app);
    assert!(app.shared.job().is_none());
}
