//! A run that another process trains: the same screen, but for what is named here.

use fluxttice_core::request::{Claim, Requester};
use fluxttice_core::session::message::Contact;

use super::opened;
use crate::testing::*;

/// Actions that do something else on a run that another process trains, each with its sentence.
const EXCEPTIONS: [(Action, &str); 5] = [
    (Action::Quit, "leaves at once: the run goes on"),
    (Action::Interrupt, "leaves at once: the run goes on"),
    (
        Action::LeaveRunning,
        "leaves: it is running without this screen already",
    ),
    (Action::StopNow, "the screen stays to see the trainer stop"),
    (
        Action::FinishEpoch,
        "the screen stays to see the trainer stop",
    ),
];

/// All that a key has caused: requests, jobs, what is shown.
fn effects(app: &mut App, key: &Input) -> String {
    app.on_input(key);
    let jobs = app.take_job_requests();
    let asked = sent(app);
    let dialog = app.contexts()[0];
    let toast = app.toast().map(|toast| toast.text.clone());
    let leaves = (app.is_leaving(), app.is_done());
    format!(
        "{asked:?} {jobs:?} {:?} {dialog:?} {toast:?} {leaves:?}",
        app.tab
    )
}

#[test]
fn every_key_does_the_same_as_on_a_run_of_its_own_but_for_those_that_are_named() {
    let mut different = Vec::new();
    for tab in Tab::ALL {
        for binding in keys::TABLE {
            let key = Input::Key(binding.keys[0].event());
            let [own, attached] = [fixtures::live, fixtures::attached].map(|make| {
                let mut app = make(120, 40);
                press(&mut app, KeyCode::Char(tab.label().0));
                if binding.context.is_of_dialog() && binding.context != Context::Box {
                    app.dialog = Some(opened(binding.context));
                }
                answer(&mut app);
                effects(&mut app, &key)
            });
            if own != attached && !different.contains(&binding.action) {
                different.push(binding.action);
            }
        }
    }
    let named: Vec<Action> = EXCEPTIONS.iter().map(|(action, _)| *action).collect();
    for action in &different {
        assert!(named.contains(action), "{action:?} is not named");
    }
    for (action, sentence) in EXCEPTIONS {
        assert!(different.contains(&action), "{action:?}: {sentence}");
    }
}

#[test]
fn the_header_says_who_trains_and_for_how_long_nothing_was_heard() {
    let mut app = fixtures::attached(120, 40);
    assert!(picture(&app, 120, 40).contains("attached · trained by pid 4711 on node07"));
    app.on_event(Event::Contact(Contact::Silent(12)));
    let wide = "attached · pid 4711 on node07 · nothing heard for 12 s";
    assert!(picture(&app, 140, 40).contains(wide));
    assert!(picture(&app, 120, 40).contains(" nothing heard for 12 s"));
    let narrow = fixtures::attached(80, 24);
    assert!(picture(&narrow, 80, 24).contains(" attached"));
    app.on_event(Event::Contact(Contact::NotResponding(75)));
    assert!(picture(&app, 120, 40).contains("not responding for "));
    app.on_event(Event::Contact(Contact::Heard));
    assert!(picture(&app, 120, 40).contains("trained by pid 4711"));
}

#[test]
fn the_log_has_what_was_asked_before_with_its_time_and_its_author() {
    let mut app = fixtures::app(120, 40);
    let mut info = fixtures::attached(120, 40)
        .shared
        .live()
        .info
        .as_deref()
        .cloned()
        .unwrap();
    let requester = Requester {
        id: "01M8PJF0YHQ2MC61PSJFA467TV".into(),
        owner: Some("anna".into()),
        claim: Claim {
            user: "anna".into(),
            host: "login1".into(),
            program: "a script".into(),
        },
        ..Requester::default()
    };
    let outcome = Outcome {
        by: Author::Request(Box::new(requester)),
        id: 0,
        command: Command::Pause,
        epoch: 12,
        batch: 3,
        applied: true,
        message: "paused".into(),
    };
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600 + 34 * 60 + 56);
    info.answered = vec![(time, outcome)];
    app.on_event(Event::Started(Arc::new(info)));
    assert!(app.toast().is_none(), "it is no news");
    press(&mut app, KeyCode::Char('6'));
    let shown = picture(&app, 120, 40);
    let line = "✓ by anna on login1 with a script, pause: paused (epoch 12, batch 3)";
    assert!(
        shown.contains(line) && shown.contains("12:34:56"),
        "{shown}"
    );
}

#[test]
fn progress_that_arrives_before_the_run_is_kept() {
    let run = fixtures::attached(120, 40).shared.live().clone();
    let mut app = fixtures::app(120, 40);
    app.on_progress(run.progress);
    app.on_event(Event::Started(run.info.unwrap()));
    app.on_event(Event::State(RunState::Running));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(sent(&mut app), [Command::Pause]);
}

#[test]
fn leaving_leaves_the_run_alone_and_stopping_it_is_a_choice_of_its_own() {
    let mut app = fixtures::attached(120, 40);
    press(&mut app, KeyCode::Char('q'));
    assert!(app.is_done() && sent(&mut app).is_empty());
    assert_eq!(app.exit().left_running.as_deref(), Some("7f3a"));

    let mut app = fixtures::attached(120, 40);
    press(&mut app, KeyCode::Char('Q'));
    assert_eq!(app.contexts()[0], Context::Quit);
    press(&mut app, KeyCode::Char('f'));
    assert_eq!(sent(&mut app), [Command::StopAfterEpoch]);
    assert!(!app.is_leaving());
    end(&mut app, EndReason::Stopped, "saved");
    assert!(!app.is_done());
    press(&mut app, KeyCode::Char('q'));
    assert!(app.is_done());
    assert_eq!(app.exit().left_running, None);
}

#[test]
fn a_signal_leaves_at_once_and_asks_nothing_of_the_trainer() {
    let mut app = fixtures::attached(120, 40);
    app.on_signal(StopSignal::Hangup);
    assert!(app.is_done() && sent(&mut app).is_empty());
}

#[test]
fn where_nothing_can_be_asked_every_key_that_asks_says_why() {
    for key in [' ', 'd', ',', 's', 'c', 'Q'] {
        let mut app = fixtures::attached(120, 40);
        let mut info = app.shared.live().info.as_deref().cloned().unwrap();
        if let Some(attached) = &mut info.attached {
            attached.cannot_steer = Some("requests: may only be read".into());
        }
        app.on_event(Event::Started(Arc::new(info)));
        app.on_event(Event::State(RunState::Running));
        app.on_progress(fixtures::live(80, 24).shared.live().progress);
        press(&mut app, KeyCode::Char(key));
        let toast = app.toast().map(|toast| toast.text.clone());
        assert_eq!(
            toast.as_deref(),
            Some("requests: may only be read"),
            "{key}"
        );
        assert!(sent(&mut app).is_empty() && app.dialog.is_none(), "{key}");
    }
}

#[test]
fn a_run_that_cannot_be_left_to_another_process_keeps_its_screen() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('q'));
    press(&mut app, KeyCode::Char('l'));
    assert_eq!(answer(&mut app), [Command::HandOver]);
    assert!(app.is_leaving());
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command: Command::HandOver,
        epoch: 51,
        batch: 3,
        applied: false,
        message: "a replay is not left to another process".into(),
    }));
    assert!(!app.is_leaving() && !app.is_done());
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('q'));
    press(&mut app, KeyCode::Char('l'));
    answer(&mut app);
    end(&mut app, EndReason::HandedOver, "left running");
    assert!(app.is_done());
    assert_eq!(app.exit().left_running.as_deref(), Some("7f3a"));
}
