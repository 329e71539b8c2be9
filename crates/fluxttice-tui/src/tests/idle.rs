//! Where nothing is trained, keys that need it say why.

use std::fs::{self, File};
use std::path::PathBuf;

use fluxttice_core::session::message::RunInfo;

use crate::testing::*;

/// An explorer that only looks at the run in this folder; an empty one is no run's.
fn looked_at(folder: PathBuf) -> App {
    let mut app = fixtures::app(120, 40);
    app.on_event(Event::Started(Arc::new(RunInfo {
        training: false,
        attached: None,
        answered: Vec::new(),
        folder,
        ..fixtures::info()
    })));
    app.on_event(Event::State(RunState::Finished));
    app
}

/// Presses keys that need training, in *Train* and, to resume another run, in *Runs*, and looks for what each says.
fn say(mut app: App, why: &str, keys: &str) {
    for key in keys.chars() {
        if key == 'o' {
            press(&mut app, KeyCode::Char('4'));
        }
        press(&mut app, KeyCode::Char(key));
        let shown = picture(&app, 120, 40);
        assert!(shown.contains(why), "{key}: {shown}");
        assert!(
            app.dialog.is_none(),
            "{key} opens a dialog that leads nowhere"
        );
        assert_eq!(sent(&mut app), [], "{key}");
    }
}

#[test]
fn a_run_that_another_process_trains_is_said_to_be_only_looked_at_until_that_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    let lock = File::create(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let keys = " d,sbo";
    let path = folder.path().to_owned();
    say(
        looked_at(path.clone()),
        "another process trains 7f3a: ",
        keys,
    );
    lock.unlock().unwrap();
    let why = "opened without training, --resume continues it: ";
    say(looked_at(path), why, keys);
}

#[test]
fn a_model_of_no_run_is_said_not_to_have_been_trained_here() {
    let why = "this model was not trained here: ";
    say(looked_at(PathBuf::new()), why, " d,sbo");
}

#[test]
fn before_a_run_is_open_and_after_an_error_keys_say_so() {
    let why = "the run is not open yet: ";
    say(fixtures::app(120, 40), why, "d,sbco");
    say(
        failed(120, 40),
        "training has ended with an error: ",
        " d,sbco",
    );
    say(
        diverged(120, 40),
        "training has ended with an error: ",
        " d,sbco",
    );
    say(finished(120, 40), "training has ended: ", " d,");
}

#[test]
fn only_what_can_be_done_is_offered_at_the_bottom() {
    let hints = |app: &App| picture(app, 200, 60).lines().last().unwrap().to_owned();
    let offered = ["pause", "disrupt", "controls", "snapshot", "branch"];
    let of = |app: &App| offered.map(|hint| hints(app).contains(hint));
    assert_eq!(of(&fixtures::live(200, 60)), [true; 5]);
    assert_eq!(of(&finished(200, 60)), [false, false, false, true, true]);
    assert_eq!(of(&failed(200, 60)), [false; 5]);
    assert_eq!(of(&looked_at(PathBuf::new())), [false; 5]);
}

#[test]
fn a_run_that_is_only_looked_at_is_not_shown_as_at_work_here() {
    let mut app = crate::panes::runs::tests::runs(120, 40);
    assert!(picture(&app, 120, 40).contains("● 7f3a"));
    app.on_event(Event::Started(Arc::new(RunInfo {
        training: false,
        attached: None,
        answered: Vec::new(),
        ..fixtures::info()
    })));
    assert!(!picture(&app, 120, 40).contains("● 7f3a"));
}

#[test]
fn where_no_checkpoint_is_kept_the_first_one_and_their_distance_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let mut app = fixtures::app(120, 40);
        app.on_event(Event::Started(Arc::new(RunInfo {
            folder: folder.path().to_owned(),
            ..fixtures::info()
        })));
        fixtures::finish(&mut app, fixtures::records(51));
        press(&mut app, KeyCode::Char('b'));
        app
    };
    let none = picture(&open(), 200, 60);
    assert!(
        none.contains("7f3a has no checkpoint yet: one is saved after each epoch"),
        "{none}"
    );
    let kept = folder.path().join("checkpoints/epoch-0020");
    fs::create_dir_all(&kept).unwrap();
    for file in ["weights.safetensors", "optimizer.bpk", "state.json"] {
        File::create(kept.join(file)).unwrap();
    }
    let mut app = open();
    assert!(picture(&app, 200, 60).contains("continues after epoch 20 of 7f3a"));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Home);
    press(&mut app, KeyCode::Char('b'));
    let told = "no checkpoint at or before epoch 0: the first is of epoch 20, and one of 10 is saved (checkpoint_freq)";
    let shown = picture(&app, 200, 60);
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn how_a_run_ended_is_said_in_the_same_words_everywhere() {
    let words = EndReason::EarlyStop.words();
    assert!(picture(&finished(120, 40), 120, 40).contains(words));
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('4'));
    app.on_job(JobEvent::Runs(Ok(Arc::new(
        crate::panes::runs::tests::entries_ended(EndReason::EarlyStop),
    ))));
    assert!(picture(&app, 120, 40).contains(words));
}
