//! Helpers of the tests: pictures of the screen, keys, a session that takes requests or refuses them, and runs in every state.

pub use std::sync::Arc;
pub use std::time::{Duration, SystemTime};

pub use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
pub use fluxttice_core::disruption::{Disruption, DisruptionKind};
pub use fluxttice_core::record::Stage;
pub use fluxttice_core::request::{Author, Command, EndReason, Outcome};
use fluxttice_core::run::{checkpoints, is_open};
use fluxttice_core::session::locate_point;
pub use fluxttice_core::session::message::{
    End, Event, Notice, NoticeLevel, Progress, RunState, Unsaved,
};
pub use fluxttice_core::session::{
    FoundCodes, JobEvent, JobRequest, LoadedCodes, QuickJob, RunGlance, Toward,
};
pub use fluxttice_core::space::names;
pub use fluxttice_core::training::Steer;
pub use ratatui::Terminal;
pub use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::style::Color;

pub use crate::StopSignal;
pub use crate::app::App;
pub(crate) use crate::keys::{self, Action, Context};
pub use crate::tab::Tab;
pub use crate::theme::{ColorDepth, Theme};
pub(crate) use crate::{fixtures, frame};

/// The screen as text, one line a row, without trailing spaces.
pub fn picture(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| frame::draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut text = String::new();
    for y in 0..height {
        let row: String = (0..width)
            .filter_map(|x| buffer.cell((x, y)))
            .map(Cell::symbol)
            .collect();
        text += row.trim_end();
        text.push('\n');
    }
    text
}

pub fn press(app: &mut App, code: KeyCode) {
    input(app, &Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// Takes an input in, and has the jobs done that it waits for: points decoded, folders looked at.
pub fn input(app: &mut App, input: &Input) {
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

pub fn type_text(app: &mut App, text: &str) {
    for character in text.chars() {
        press(app, KeyCode::Char(character));
    }
}

/// A worker and a thread of jobs that take every request, or none.
#[derive(Default)]
pub struct Asked {
    refuses: bool,
    commands: Vec<Command>,
}

impl crate::Session for Asked {
    fn send(&mut self, command: Command) -> Option<u64> {
        self.commands.push(command);
        (!self.refuses).then_some(self.commands.len() as u64)
    }

    fn ask(&mut self, _: JobRequest) -> bool {
        !self.refuses
    }
}

/// Hands what is asked over to the worker, under numbers from 1 on.
pub fn sent(app: &mut App) -> Vec<Command> {
    let mut session = Asked::default();
    app.ask_worker(&mut session);
    session.commands
}

/// The same with a worker and a thread of jobs that take nothing.
pub fn unsent(app: &mut App) -> Vec<Command> {
    let mut session = Asked {
        refuses: true,
        ..Asked::default()
    };
    app.ask_worker(&mut session);
    app.ask_jobs(&mut session);
    session.commands
}

/// Hands commands over as the loop does, and answers them as a worker would.
pub fn answer(app: &mut App) -> Vec<Command> {
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

pub fn end(app: &mut App, reason: EndReason, message: &str) {
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

pub fn paused(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    press(&mut app, KeyCode::Char(' '));
    answer(&mut app);
    app.on_event(Event::State(RunState::Paused));
    app
}

pub fn diverged(width: u16, height: u16) -> App {
    let mut app = fixtures::warming_up(width, height);
    fixtures::finish(&mut app, fixtures::diverged(40));
    end(
        &mut app,
        EndReason::Diverged,
        "the training loss is no number since epoch 37",
    );
    app
}

pub fn finished(width: u16, height: u16) -> App {
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

pub fn failed(width: u16, height: u16) -> App {
    let mut app = fixtures::live(width, height);
    end(&mut app, EndReason::Failed, "the disk is full");
    app
}

pub type Make = fn(u16, u16) -> App;

pub const STATES: [(&str, Make); 7] = [
    ("empty", fixtures::app),
    ("warming_up", fixtures::warming_up),
    ("live", fixtures::live),
    ("paused", paused),
    ("diverged", diverged),
    ("finished", finished),
    ("failed", failed),
];
/// Sizes of every picture; the live state is also shown where there is much room.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Pictures of a pane in these states, by the state's name and the size.
pub fn pictures_of(tab: Tab, states: &[&str]) -> impl Iterator<Item = (String, String)> {
    let states = STATES.iter().filter(|(name, _)| states.contains(name));
    let sizes = |state: &str| {
        if state == "live" {
            &SIZES[..]
        } else {
            &SIZES[..2]
        }
    };
    states.flat_map(move |(state, make)| {
        sizes(state).iter().map(move |&(width, height)| {
            let mut app = make(width, height);
            let (key, _) = tab.label();
            press(&mut app, KeyCode::Char(key));
            let name = format!("{state}_{width}x{height}");
            (name, picture(&app, width, height))
        })
    })
}

/// The screen in a terminal with all colours: below each row of text a row of letters that name the style of each
/// character, `.` being the terminal's own, and at the end the styles by their letters.
pub fn styled(app: &mut App, width: u16, height: u16) -> String {
    app.shared.theme = Theme::new(ColorDepth::True);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|to| frame::draw(to, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut styles: Vec<String> = Vec::new();
    let mut text = String::new();
    for y in 0..height {
        let cells = (0..width).filter_map(|x| buffer.cell((x, y)));
        let (mut symbols, mut letters) = (String::new(), String::new());
        for cell in cells {
            symbols += cell.symbol();
            let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
            // Of a blank only the ground is seen.
            let plain = cell.fg == Color::Reset || cell.symbol() == " ";
            if plain && cell.bg == Color::Reset && cell.modifier.is_empty() {
                letters.push('.');
                continue;
            }
            let known = styles.iter().position(|other| *other == style);
            let place = known.unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            letters.push(char::from(b'a' + u8::try_from(place).unwrap()));
        }
        text += &format!(
            "{}\n{}\n",
            symbols.trim_end(),
            letters.trim_end_matches('.')
        );
    }
    for (letter, style) in ('a'..).zip(styles) {
        text += &format!("{letter}: {style}\n");
    }
    text
}
