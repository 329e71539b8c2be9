//! The whole screen: requests and their answers, leaving, files, and keys that must never break it.

mod asking;
mod attached;
mod export;
mod foreign;
mod idle;

use fluxttice_core::run::bookmarks::BookmarkChange;
use proptest::prelude::*;

use crate::effects::Dialog;
use crate::panes::runs::tests as steering;
use crate::testing::*;

#[test]
fn saving_shows_where_the_disk_takes_its_time_and_only_there() {
    let mut app = fixtures::live(120, 40);
    let saving = Progress {
        stage: Stage::Saving,
        ..app.shared.live().progress
    };
    let at = |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
    app.on_tick(at(0));
    app.on_progress(saving);
    app.on_tick(at(900));
    assert!(!picture(&app, 120, 40).contains("saving"));
    app.on_tick(at(1_100));
    assert!(picture(&app, 120, 40).contains("saving the epoch"));
    // Told of once more, and done at last.
    app.on_progress(saving);
    let training = fixtures::live(120, 40).shared.live().progress;
    app.on_progress(training);
    app.on_tick(at(9_000));
    assert!(!picture(&app, 120, 40).contains("saving"));
}

#[test]
fn too_small() {
    for (width, height) in [(43, 12), (59, 40), (5, 1)] {
        let app = fixtures::live(width, height);
        insta::assert_snapshot!(
            format!("too_small_{width}x{height}"),
            picture(&app, width, height)
        );
    }
    insta::assert_snapshot!("smallest_60x16", picture(&fixtures::live(60, 16), 60, 16));
}

#[test]
fn pause_is_asked_then_granted() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(sent(&mut app), [Command::Pause]);
    assert!(picture(&app, 120, 40).contains("pausing …"));
    app.on_event(Event::State(RunState::Paused));
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command: Command::Pause,
        epoch: 51,
        batch: 132,
        applied: true,
        message: "held".into(),
    }));
    let shown = picture(&app, 120, 40);
    assert!(
        shown.contains("‖ paused") && shown.contains("✓ pause: held (epoch 51, batch 132)"),
        "{shown}"
    );
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(sent(&mut app), [Command::Resume]);
}

#[test]
fn a_refusal_is_shown_as_one() {
    let mut app = fixtures::live(120, 40);
    app.on_event(Event::Outcome(Outcome {
        by: Author::User,
        id: 1,
        command: Command::Snapshot { name: None },
        epoch: 51,
        batch: 3,
        applied: false,
        message: "the disk is full".into(),
    }));
    assert!(picture(&app, 120, 40).contains("▲ ✖ refused snapshot: the disk is full"));
    let marks = |app: &App| app.shared.run().marks.len();
    assert_eq!(
        marks(&app),
        marks(&fixtures::live(120, 40)),
        "a refused snapshot leaves no mark"
    );
}

#[test]
fn a_frozen_view_stands_still_and_catches_up() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('f'));
    let before = picture(&app, 120, 40);
    assert!(before.contains("FROZEN"));
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(51))]);
    assert_eq!(picture(&app, 120, 40), before);
    press(&mut app, KeyCode::Char('f'));
    assert!(picture(&app, 120, 40).contains("now, epoch 51"));
}

#[test]
fn quitting_waits_for_the_worker() {
    for (key, expected) in [('f', Command::StopAfterEpoch), ('s', Command::StopNow)] {
        let mut app = fixtures::live(120, 40);
        press(&mut app, KeyCode::Char('q'));
        assert_eq!(app.contexts()[0], Context::Quit);
        press(&mut app, KeyCode::Char(key));
        assert_eq!(answer(&mut app), [expected]);
        assert!(!app.is_done());
        end(&mut app, EndReason::Stopped, "saved");
        assert!(app.is_done());
        assert_eq!(
            app.exit().end.map(|end| end.reason),
            Some(EndReason::Stopped)
        );
    }
    let mut app = finished(120, 40);
    assert!(!app.is_done());
    press(&mut app, KeyCode::Char('q'));
    assert!(app.is_done());
}

#[test]
fn what_is_not_saved_is_on_the_screen_until_it_is_and_not_left_unsaid() {
    let unsaved = Unsaved {
        since: 47,
        problem: "No space left on device".into(),
    };
    let mut app = fixtures::live(80, 24);
    let shown = |app: &App| picture(app, 80, 24).contains("NOT SAVED from epoch 47 on");
    app.on_event(Event::Unsaved(Some(unsaved.clone())));
    assert!(shown(&app));
    press(&mut app, KeyCode::Char('q'));
    assert!(picture(&app, 80, 24).contains("Not saved from epoch 47 on"));
    press(&mut app, KeyCode::Esc);
    app.on_event(Event::Unsaved(None));
    assert!(!shown(&app));

    app.on_event(Event::Unsaved(Some(unsaved)));
    end(&mut app, EndReason::Finished, "done");
    assert!(shown(&app));
    press(&mut app, KeyCode::Char('q'));
    assert!(!app.is_done() && picture(&app, 80, 24).contains("not saved from epoch 47"));
    press(&mut app, KeyCode::Char('q'));
    assert!(app.is_done());
}

#[test]
fn what_is_not_saved_and_what_is_chosen_are_seen_by_their_colours() {
    let mut app = fixtures::live(80, 24);
    app.on_event(Event::Unsaved(Some(Unsaved {
        since: 50,
        problem: "the disk is full".into(),
    })));
    press(&mut app, KeyCode::Char(':'));
    insta::assert_snapshot!("styled_not_saved", styled(&mut app, 80, 24));
}

#[test]
fn a_signal_stops_and_leaves() {
    let mut app = fixtures::live(120, 40);
    app.on_signal(StopSignal::Terminate);
    assert_eq!(sent(&mut app), [Command::StopNow]);
    assert!(picture(&app, 120, 40).contains("stopping …"));
    end(&mut app, EndReason::Stopped, "saved");
    assert!(app.is_done());
    assert_eq!(app.exit().signal, Some(StopSignal::Terminate));
}

#[test]
fn a_terminal_that_closes_in_several_ways_stops_the_run_once() {
    let mut app = fixtures::live(120, 40);
    app.on_signal(StopSignal::Hangup);
    assert_eq!(sent(&mut app), [Command::StopNow]);
    app.on_signal(StopSignal::Hangup);
    assert_eq!(sent(&mut app), []);
}

#[test]
fn a_stop_that_is_not_taken_is_asked_for_again() {
    let mut app = fixtures::live(120, 40);
    app.on_signal(StopSignal::Terminate);
    assert_eq!(unsent(&mut app), [Command::StopNow]);
    assert_eq!(sent(&mut app), [Command::StopNow]);
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char(' '));
    unsent(&mut app);
    assert!(picture(&app, 120, 40).contains("pause: the worker takes no requests now"));
}

#[test]
fn control_c_twice_stops_now() {
    let mut app = fixtures::live(120, 40);
    let interrupt = Input::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    app.on_input(&interrupt);
    assert_eq!(app.contexts()[0], Context::Quit);
    app.on_input(&interrupt);
    assert_eq!(sent(&mut app), [Command::StopNow]);
}

#[test]
fn clicks_land_where_they_look() {
    let mut app = fixtures::live(120, 40);
    let click = |app: &mut App, column, row| {
        app.on_input(&Input::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    };
    click(&mut app, 20, 8);
    assert!(app.panes.train.time.cursor.is_some());
    click(&mut app, 14, 1);
    assert_eq!(app.tab, Tab::Coverage);
    let before = app.panes.coverage.map.operation();
    click(&mut app, 30, 20);
    assert_ne!(app.panes.coverage.map.operation(), before);
    click(&mut app, 28, 1);
    assert_eq!(app.tab, Tab::Neighbours);
    let row = picture(&app, 120, 40).lines().nth(9).unwrap().to_owned();
    click(&mut app, 60, 9);
    let chosen = app
        .panes
        .neighbours
        .around
        .chosen()
        .unwrap()
        .operation
        .to_string();
    assert!(row.contains(&chosen), "{row} {chosen}");
    click(&mut app, 60, 9);
    assert_eq!(app.panes.neighbours.around.centre().to_string(), chosen);
}

#[test]
fn every_key_in_every_view_and_state() {
    for (_, make) in STATES {
        for tab in Tab::ALL {
            for binding in keys::TABLE {
                for key in binding.keys {
                    let mut app = make(80, 24);
                    press(&mut app, KeyCode::Char(tab.label().0));
                    if binding.context.is_of_dialog() && binding.context != Context::Box {
                        app.dialog = Some(opened(binding.context));
                    }
                    input(&mut app, &Input::Key(key.event()));
                    answer(&mut app);
                    picture(&app, 80, 24);
                }
            }
        }
    }
}

/// The dialog of a context, as it is opened in a run at work.
fn opened(context: Context) -> Box<dyn Dialog> {
    let mut app = fixtures::live(80, 24);
    match context {
        Context::Help => app.perform(Action::Help),
        Context::Palette => app.perform(Action::Palette),
        Context::Quit => app.perform(Action::Quit),
        Context::Disrupt => app.perform(Action::Disrupt),
        Context::Controls => app.perform(Action::Controls),
        Context::Find => app.perform(Action::FindOperation),
        Context::Prompt => app.perform(Action::Snapshot),
        Context::Export => app.perform(Action::Export),
        Context::Bookmarks => type_text(&mut app, "3'"),
        Context::Question => {
            app = steering::runs(80, 24);
            press(&mut app, KeyCode::Delete);
        }
        Context::Always
        | Context::Everywhere
        | Context::Train
        | Context::Coverage
        | Context::Neighbours
        | Context::Runs
        | Context::Evidence
        | Context::Box
        | Context::Log => {}
    }
    let dialog = app.dialog.filter(|dialog| dialog.context() == context);
    dialog.unwrap_or_else(|| panic!("no dialog opens for {context:?}"))
}

fn any_input() -> impl Strategy<Value = Input> {
    let codes = prop_oneof![
        any::<char>().prop_map(KeyCode::Char),
        proptest::sample::select(
            "123456 dsf,/:?q+-=0lSmvnNeabcoxDryupijkEwtgGh[]"
                .chars()
                .collect::<Vec<_>>()
        )
        .prop_map(KeyCode::Char),
        proptest::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Backspace,
            KeyCode::Delete,
        ]),
    ];
    let held = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    let mouse = proptest::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ]);
    prop_oneof![
        6 => (codes, held).prop_map(|(code, held)| Input::Key(KeyEvent::new(code, held))),
        2 => (mouse, 0..250u16, 0..90u16).prop_map(|(kind, column, row)| {
            Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
        }),
        1 => (0..240u16, 0..80u16).prop_map(|(width, height)| Input::Resize(width, height)),
        1 => ".{0,12}".prop_map(Input::Paste),
    ]
}

/// Answers every job at once: an earlier checkpoint, and the bookmarks of the centre.
fn answer_jobs(app: &mut App) {
    for request in app.take_job_requests() {
        match request {
            JobRequest::Quick(QuickJob::LoadCodes(asked)) => {
                let found = match asked.toward {
                    Toward::Before(0) => FoundCodes::Nowhere,
                    Toward::Before(epochs) => {
                        FoundCodes::Codes(Arc::new(fixtures::codes(epochs / 2)))
                    }
                    Toward::After(_) => FoundCodes::Now,
                };
                app.on_job(JobEvent::CodesLoaded(Ok(Arc::new(LoadedCodes {
                    kept: vec![0, asked.now / 2, asked.now],
                    asked,
                    found,
                }))));
            }
            JobRequest::Quick(QuickJob::Bookmark(BookmarkChange::Set(bookmark))) => {
                app.on_job(JobEvent::Bookmarks(Ok(Arc::new(vec![bookmark]))));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// A thousand walks through all views, dialogs and sizes, in terminals of every ability: nothing
    /// breaks, and from everywhere the way leads back to the view and the operation where it began.
    #[test]
    fn every_walk_leads_back_to_where_it_began(
        state in 0..STATES.len(),
        depth in proptest::sample::select(DEPTHS.to_vec()),
        inputs in proptest::collection::vec(any_input(), 1..30),
    ) {
        let (mut width, mut height) = (80, 24);
        let mut app = (STATES[state].1)(width, height);
        app.shared.theme = Theme::new(depth);
        let (tab, place) = (app.tab, app.panes.neighbours.around.place().clone());
        for given in inputs {
            if let Input::Resize(columns, rows) = given {
                (width, height) = (columns, rows);
            }
            input(&mut app, &given);
            answer(&mut app);
            answer_jobs(&mut app);
            picture(&app, width, height);
        }
        // Out of every dialog, all operations again, now, back on the way, to the first view.
        for _ in 0..2 {
            press(&mut app, KeyCode::Esc);
        }
        prop_assert!(app.dialog.is_none());
        press(&mut app, KeyCode::Char('3'));
        press(&mut app, KeyCode::Esc);
        prop_assert!(app.shared.selection.is_none());
        press(&mut app, KeyCode::Esc);
        prop_assert!(app.panes.neighbours.past.codes().is_none());
        for _ in 0..app.panes.neighbours.around.history().steps().0 {
            press(&mut app, KeyCode::Char('['));
        }
        prop_assert!(app.panes.neighbours.around.place().is_same(&place));
        press(&mut app, KeyCode::Char(tab.label().0));
        prop_assert_eq!(app.tab, tab);
        picture(&app, width, height);
    }
}

const DEPTHS: [ColorDepth; 4] = [
    ColorDepth::None,
    ColorDepth::Sixteen,
    ColorDepth::Indexed,
    ColorDepth::True,
];
