//! The whole screen: pictures of every view in every state, and keys that must never break it.

mod asking;
mod evidence;
mod export;
mod idle;
mod operations;
mod past;
mod places;
mod population;
mod soak;
mod steering;
mod validation;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use fluxttice_core::disruption::{Disruption, DisruptionKind};
use fluxttice_core::record::Stage;
use fluxttice_core::request::{Author, Command, EndReason, Outcome};
use fluxttice_core::run::bookmarks::BookmarkChange;
use fluxttice_core::run::{checkpoints, is_open};
use fluxttice_core::session::message::{
    End, Event, Notice, NoticeLevel, Progress, RunState, Unsaved,
};
use fluxttice_core::session::{
    FoundCodes, JobEvent, JobRequest, LoadedCodes, QuickJob, RunGlance, Toward, locate_point,
};
use fluxttice_core::space::names;
use fluxttice_core::training::Steer;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::app::App;
use super::dialogs::Dialog;
use super::keys::{self, Action, Context};
use super::panes::Tab;
use super::theme::Theme;
use super::{ColorDepth, StopSignal, fixtures, frame};

/// The screen as text, one line a row, without trailing spaces.
fn picture(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| frame::draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut text = String::new();
    for y in 0..height {
        let row: String = (0..width)
            .filter_map(|x| buffer.cell((x, y)))
            .map(|cell| cell.symbol())
            .collect();
        text += row.trim_end();
        text.push('\n');
    }
    text
}

fn press(app: &mut App, code: KeyCode) {
    input(app, &Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// Takes an input in, and has the jobs done that it waits for: points decoded, folders looked at.
fn input(app: &mut App, input: &Input) {
    app.on_input(input);
    for request in app.take_job_requests() {
        match request {
            JobRequest::Quick(QuickJob::Locate(point)) => {
                app.on_job(JobEvent::Located(Arc::new(locate_point(point))));
            }
            JobRequest::Quick(QuickJob::Glance(run)) => {
                let glance = RunGlance {
                    checkpoints: checkpoints(&run),
                    is_open: is_open(&run),
                };
                app.on_job(JobEvent::Glanced(run, glance));
            }
            other => app.ask_job(other),
        }
    }
}

fn type_text(app: &mut App, text: &str) {
    for character in text.chars() {
        press(app, KeyCode::Char(character));
    }
}

/// A worker and a desk that take what they are asked, or nothing.
#[derive(Default)]
struct Asked {
    refuses: bool,
    commands: Vec<Command>,
}

impl super::Session for Asked {
    fn send(&mut self, command: Command) -> Option<u64> {
        self.commands.push(command);
        (!self.refuses).then_some(self.commands.len() as u64)
    }

    fn ask(&mut self, _: JobRequest) -> bool {
        !self.refuses
    }
}

/// Hands what is asked over to the worker, under numbers from 1 on.
fn sent(app: &mut App) -> Vec<Command> {
    let mut session = Asked::default();
    app.ask_worker(&mut session);
    session.commands
}

/// The same to a worker and a desk that take nothing.
fn unsent(app: &mut App) -> Vec<Command> {
    let mut session = Asked {
        refuses: true,
        ..Asked::default()
    };
    app.ask_worker(&mut session);
    app.ask_jobs(&mut session);
    session.commands
}

/// Hands commands over as the loop does, and answers them as a worker would.
fn answer(app: &mut App) -> Vec<Command> {
    let commands = sent(app);
    for (id, command) in (1..).zip(&commands) {
        app.on_event(Event::Outcome(Outcome {
            by: Author::User,
            id,
            command: command.clone(),
            epoch: 51,
            batch: 132,
            applied: true,
            message: "done".into(),
        }));
    }
    commands
}

fn end(app: &mut App, reason: EndReason, message: &str) {
    let state = match reason {
        EndReason::Failed | EndReason::Diverged => RunState::Failed,
        _ => RunState::Finished,
    };
    app.on_event(Event::State(state));
    app.on_event(Event::Ended(End {
        reason,
        message: message.into(),
    }));
}

fn paused(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    press(&mut app, KeyCode::Char(' '));
    answer(&mut app);
    app.on_event(Event::State(RunState::Paused));
    app
}

fn diverged(width: u16, height: u16) -> App {
    let mut app = fixtures::warming_up(width, height);
    fixtures::finish(&mut app, fixtures::diverged(40));
    end(
        &mut app,
        EndReason::Diverged,
        "the training loss is no number since epoch 37",
    );
    app
}

fn finished(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    fixtures::finish(
        &mut app,
        (51..107)
            .map(|epoch| Arc::new(fixtures::record(epoch)))
            .collect(),
    );
    end(
        &mut app,
        EndReason::EarlyStop,
        "no better validation loss for 100 epochs",
    );
    app
}

fn failed(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    end(&mut app, EndReason::Failed, "the disk is full");
    app
}

type Make = fn(u16, u16) -> App;

const STATES: [(&str, Make); 7] = [
    ("empty", fixtures::app),
    ("warming_up", fixtures::warming_up),
    ("live", fixtures::live),
    ("paused", paused),
    ("diverged", diverged),
    ("finished", finished),
    ("failed", failed),
];
/// Sizes of every picture; the live state is also shown where there is much room.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

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

fn pictures_of(tab: Tab, name: &str) {
    for (state, make) in STATES {
        let sizes = if state == "live" {
            &SIZES[..]
        } else {
            &SIZES[..2]
        };
        for &(width, height) in sizes {
            let mut app = make(width, height);
            let (key, _) = tab.label();
            press(&mut app, KeyCode::Char(key));
            insta::assert_snapshot!(
                format!("{name}_{state}_{width}x{height}"),
                picture(&app, width, height)
            );
        }
    }
}

#[test]
fn train_in_every_state() {
    pictures_of(Tab::Train, "train");
}

#[test]
fn coverage_in_every_state() {
    pictures_of(Tab::Coverage, "coverage");
}

#[test]
fn neighbours_in_every_state() {
    pictures_of(Tab::Neighbours, "neighbours");
}

#[test]
fn log_in_every_state() {
    pictures_of(Tab::Log, "log");
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
fn dialogs() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('?'));
    insta::assert_snapshot!("dialog_help", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('d'));
    insta::assert_snapshot!("dialog_disrupt", picture(&app, 120, 40));
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('x'));
    insta::assert_snapshot!("dialog_disrupt_wrong", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('/'));
    insta::assert_snapshot!("dialog_find", picture(&app, 120, 40));
    type_text(&mut app, "luk");
    insta::assert_snapshot!("dialog_find_typed", picture(&app, 120, 40));
    type_text(&mut app, "99,");
    insta::assert_snapshot!("dialog_find_wrong", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('s'));
    insta::assert_snapshot!("dialog_snapshot", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "zoom");
    insta::assert_snapshot!("dialog_palette", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('q'));
    insta::assert_snapshot!("dialog_quit", picture(&app, 120, 40));
}

#[test]
fn dialogs_fit_the_usual_terminal() {
    for key in ['?', 'd', ',', '/', 's', ':', 'q'] {
        let mut app = fixtures::live(80, 24);
        press(&mut app, KeyCode::Char(key));
        insta::assert_snapshot!(
            format!("dialog_80x24_{}", u32::from(key)),
            picture(&app, 80, 24)
        );
    }
}

#[test]
fn the_crosshair_reads_every_chart() {
    let mut app = fixtures::live(120, 40);
    for _ in 0..10 {
        press(&mut app, KeyCode::Left);
    }
    press(&mut app, KeyCode::Char('+'));
    press(&mut app, KeyCode::Char('l'));
    press(&mut app, KeyCode::Char('S'));
    insta::assert_snapshot!("train_crosshair", picture(&app, 120, 40));
}

#[test]
fn the_map_at_every_zoom() {
    for steps in 0..4 {
        let mut app = fixtures::live(120, 40);
        press(&mut app, KeyCode::Char('2'));
        for _ in 0..steps {
            press(&mut app, KeyCode::Char('+'));
        }
        insta::assert_snapshot!(format!("coverage_zoom_{steps}"), picture(&app, 120, 40));
    }
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "2mvn");
    insta::assert_snapshot!("coverage_missing", picture(&app, 120, 40));
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
fn a_disruption_is_asked_for_and_marked() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('d'));
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Tab);
    for _ in 0..5 {
        press(&mut app, KeyCode::Backspace);
    }
    type_text(&mut app, "0.25");
    press(&mut app, KeyCode::Enter);
    let disruption = Disruption {
        amplitude: 0.25,
        ..Disruption::new(DisruptionKind::Permeability)
    };
    assert_eq!(
        answer(&mut app),
        [Command::Steer(Steer::Disrupt { disruption })]
    );
    assert!(picture(&app, 120, 40).contains('◆'));
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
fn a_penalty_is_shown_where_there_is_one() {
    let mut app = fixtures::live(200, 60);
    assert!(!picture(&app, 200, 60).contains("penalty"));
    let mut record = fixtures::record(51);
    record.train.penalty = 0.25;
    fixtures::finish(&mut app, vec![Arc::new(record)]);
    let shown = picture(&app, 200, 60);
    assert!(shown.contains("penalty"), "{shown}");
    assert!(shown.contains("in the training loss"), "{shown}");
}

#[test]
fn the_ceiling_that_is_shown_is_the_one_that_was_recorded() {
    let mut app = fixtures::live(200, 60);
    assert!(picture(&app, 200, 60).contains("ceiling 92.1"));
    let mut record = fixtures::record(51);
    if let Some(coverage) = &mut record.coverage {
        coverage.a.argmax.ceiling = 10_000.0;
    }
    fixtures::finish(&mut app, vec![Arc::new(record)]);
    let shown = picture(&app, 200, 60);
    assert!(shown.contains("ceiling 50.8"), "{shown}");
    assert!(shown.contains("10,000 if uniform"), "{shown}");
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
fn neighbours_ask_for_codes_once_an_epoch() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    assert_eq!(answer(&mut app), [], "those of epoch 51 are there");
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(51))]);
    assert_eq!(answer(&mut app), [Command::Encode]);
    app.on_event(Event::Codes(Arc::new(fixtures::codes(52))));
    assert_eq!(answer(&mut app), []);
    press(&mut app, KeyCode::Char('1'));
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(52))]);
    assert_eq!(answer(&mut app), []);
}

#[test]
fn an_operation_is_found_followed_and_left_again() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "max");
    press(&mut app, KeyCode::Enter);
    let max = names::find("max").unwrap();
    assert_eq!(app.panes.neighbours.around.centre(), max);
    press(&mut app, KeyCode::Down);
    let chosen = app.panes.neighbours.around.chosen().unwrap().operation;
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.panes.neighbours.around.centre(), chosen);
    press(&mut app, KeyCode::Char('['));
    assert_eq!(app.panes.neighbours.around.centre(), max);
    press(&mut app, KeyCode::Char('m'));
    assert_eq!(
        (app.tab, app.panes.coverage.map.operation()),
        (Tab::Coverage, max)
    );
    press(&mut app, KeyCode::Down);
    let below = app.panes.coverage.map.operation();
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        (app.tab, app.panes.neighbours.around.centre()),
        (Tab::Neighbours, below)
    );
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
    app.on_event(Event::Saving(Some(unsaved.clone())));
    assert!(shown(&app));
    press(&mut app, KeyCode::Char('q'));
    assert!(picture(&app, 80, 24).contains("Not saved from epoch 47 on"));
    press(&mut app, KeyCode::Esc);
    app.on_event(Event::Saving(None));
    assert!(!shown(&app));

    app.on_event(Event::Saving(Some(unsaved)));
    end(&mut app, EndReason::Finished, "done");
    assert!(shown(&app));
    press(&mut app, KeyCode::Char('q'));
    assert!(!app.is_done() && picture(&app, 80, 24).contains("not saved from epoch 47"));
    press(&mut app, KeyCode::Char('q'));
    assert!(app.is_done());
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
fn hostile_texts_neither_break_nor_fill_the_screen() {
    let mut app = fixtures::live(80, 24);
    app.on_event(Event::Notice(Notice {
        level: NoticeLevel::Error,
        text: "\u{1b}[2Jone\ttwo\nthree\u{7} 漢字 ".repeat(40),
    }));
    press(&mut app, KeyCode::Char('6'));
    let shown = picture(&app, 80, 24);
    assert!(
        !shown
            .chars()
            .any(|character| character.is_control() && character != '\n')
    );
    app.on_input(&Input::Paste("nothing open".into()));
    press(&mut app, KeyCode::Char('/'));
    app.on_input(&Input::Paste("漢\u{1b}[31m".repeat(1_000)));
    assert!(picture(&app, 80, 24).contains("1 Train"));
}

/// Keys that come at once, as those of a paste do that the terminal does not mark.
fn paste(app: &mut App, text: &str) {
    let key = |character| match character {
        '\r' => KeyCode::Enter,
        other => KeyCode::Char(other),
    };
    let keys = text.chars().map(key);
    let keys = keys.map(|code| Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    app.on_burst(&keys.collect::<Vec<_>>());
}

#[test]
fn a_line_break_or_a_letter_of_a_paste_confirms_nothing() {
    for opened in ["", "q", "s", ":", "/", "d", "?", ","] {
        let mut app = fixtures::live(120, 40);
        type_text(&mut app, opened);
        paste(&mut app, "snap\rsnap\r\r");
        paste(&mut app, "sf\r");
        paste(&mut app, "\r\r");
        let asked = sent(&mut app);
        // Without a dialog letters are keys of the view, and `s` asks for a name.
        assert_eq!(asked, [], "after {opened:?}");
        assert!(!app.is_done(), "after {opened:?}");
    }
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "s");
    paste(&mut app, "before\r50");
    assert!(picture(&app, 120, 40).contains("before50"));
    // A key alone is a key.
    paste(&mut app, "\r");
    let name = Some("before50".to_owned());
    assert_eq!(sent(&mut app), [Command::Snapshot { name }]);
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

/// Without colour the three kinds of the map still differ, and A from B in every chart.
#[test]
fn colour_is_never_the_only_difference() {
    let mut app = fixtures::live(120, 40);
    assert!(!app.shared.theme.has_color());
    type_text(&mut app, "2+++");
    let shown = picture(&app, 120, 40);
    assert!(["■", "A", "B", "·"].iter().all(|sign| shown.contains(sign)));
    app.shared.theme = super::theme::Theme::new(ColorDepth::True);
    assert_eq!(
        picture(&app, 120, 40).lines().nth(10),
        shown.lines().nth(10)
    );
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

/// Answers what the desk is asked at once: an earlier moment, and bookmarks of where one is.
fn answer_desk(app: &mut App) {
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
            answer_desk(&mut app);
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
