//! The loop: messages in, commands out, a frame when something changed.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{self, EventStream};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use fluxttice_core::request::EndReason;
use fluxttice_core::session::message::{End, Event};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::app::{App, Redraw};
use super::sharp::Sharp;
use super::terminal::{TerminalGuard, stop_job};
use super::{Exit, Inputs, Options, Session, StopSignal, UiError, view};

/// Frames for news of the run come at most this often (30 a second).
const NEWS: Duration = Duration::from_millis(33);
/// Frames for progress within an epoch alone come at most this often, so that training keeps its cores.
const PROGRESS: Duration = Duration::from_millis(125);
/// How often log lines are fetched and passing lines are taken down.
const TICK: Duration = Duration::from_millis(250);
/// Most events taken in before a frame is drawn: more than anybody types or pastes at once, so that only a terminal
/// that never ends to send is drawn in between.
const BURST: usize = 1 << 16;
/// How long is looked for more input behind some. With no time at all crossterm looks at nothing, and its stream has
/// each event fetched by another thread.
const WAITS: Duration = Duration::from_micros(100);

type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Shows the session until the user leaves, or until a signal has stopped it.
///
/// The terminal is held by the calling thread meanwhile, and given back before this returns.
///
/// # Errors
/// Where the terminal cannot be taken. One that stops working later is a hang-up, not an error.
pub async fn run(
    mut session: impl Session,
    inputs: Inputs,
    options: Options,
) -> Result<Exit, UiError> {
    let Inputs {
        mut events,
        mut progress,
        mut desk,
        log,
        mut shutdown,
    } = inputs;
    let guard = TerminalGuard::enter(options.mouse).map_err(UiError::Enter)?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let mut screen = Terminal::new(backend).map_err(UiError::Enter)?;
    // Asked before anyone reads keys: the terminal answers as if it typed.
    let mut sharp = Sharp::of_terminal();
    let mut input = EventStream::new();
    let mut app = App::new(options, SystemTime::now());
    if let Ok(size) = screen.size() {
        app.set_size(size.width, size.height);
    }

    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut drawn = Instant::now();
    // Sources that have dried up are not polled again: they would answer at once, for ever.
    let (mut keys_open, mut events_open, mut progress_open, mut desk_open, mut signals_open) =
        (true, true, true, true, true);
    let mut seen = 0;

    loop {
        app.ask_worker(&mut session);
        app.ask_desk(&mut session);
        if app.take_suspend() {
            match guard.lend(stop_job) {
                Ok(()) => {}
                Err(error) => app.say(format!("cannot suspend: {error}")),
            }
            hang_up_on_failure(&mut app, wipe(&mut screen));
            app.redraw(Redraw::Now);
        }
        if app.take_clear() {
            hang_up_on_failure(&mut app, wipe(&mut screen));
        }
        if app.is_done() {
            break;
        }

        let due = match app.pending_redraw() {
            Redraw::No => None,
            Redraw::Progress => Some(drawn + PROGRESS),
            Redraw::News => Some(drawn + NEWS),
            Redraw::Now => Some(drawn),
        };
        let visible = app.signal() != Some(StopSignal::Hangup);
        if visible && due.is_some_and(|due| due <= Instant::now()) {
            let shown = draw(&mut screen, &app, &mut sharp);
            hang_up_on_failure(&mut app, shown);
            app.drawn();
            drawn = Instant::now();
            continue;
        }

        tokio::select! {
            event = input.next(), if keys_open => match event {
                Some(Ok(event)) => {
                    let mut burst = vec![event];
                    while burst.len() < BURST
                        && let Ok(true) = event::poll(WAITS)
                        && let Ok(event) = event::read()
                    {
                        burst.push(event);
                    }
                    app.on_burst(&burst);
                }
                // No more keys: the terminal is gone. The run is stopped and saved.
                Some(Err(_)) | None => {
                    keys_open = false;
                    app.on_signal(StopSignal::Hangup);
                }
            },
            event = events.recv(), if events_open => match event {
                Some(event) => {
                    app.on_event(event);
                    while let Ok(event) = events.try_recv() {
                        app.on_event(event);
                    }
                }
                None => {
                    events_open = false;
                    app.on_event(Event::Ended(End {
                        reason: EndReason::Failed,
                        message: "the training thread went away without a word".into(),
                    }));
                }
            },
            changed = progress.changed(), if progress_open => match changed {
                Ok(()) => {
                    let newest = *progress.borrow_and_update();
                    app.on_progress(newest);
                }
                Err(_) => progress_open = false,
            },
            event = desk.recv(), if desk_open => match event {
                Some(event) => {
                    app.on_desk(event);
                    while let Ok(event) = desk.try_recv() {
                        app.on_desk(event);
                    }
                }
                None => desk_open = false,
            },
            changed = shutdown.changed(), if signals_open => match changed {
                Ok(()) => {
                    let signal = *shutdown.borrow_and_update();
                    if let Some(signal) = signal {
                        app.on_signal(signal);
                    }
                }
                Err(_) => signals_open = false,
            },
            () = until(due), if due.is_some() && visible => {}
            _ = ticks.tick() => {
                if log.written() != seen {
                    let (lines, written) = log.since(seen);
                    seen = written;
                    app.on_log(lines);
                }
                app.on_tick(SystemTime::now());
            }
        }
    }
    drop(guard);
    Ok(app.exit())
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due.into()).await;
    }
}

/// A terminal that takes no output any more is gone, whether or not its SIGHUP has arrived yet.
fn hang_up_on_failure(app: &mut App, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!("the terminal stopped working: {error}");
        app.on_signal(StopSignal::Hangup);
    }
}

/// Clears the screen, so that the next frame is drawn whole.
///
/// Not `Terminal::clear`: it asks the terminal where the cursor is, and one that is slow to answer, or has
/// just been taken again after `fg`, does not do so in time.
fn wipe(screen: &mut Screen) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(size.into())
}

/// One frame, shown at once by terminals that know synchronized updates.
fn draw(screen: &mut Screen, app: &App, sharp: &mut Sharp) -> io::Result<()> {
    queue!(screen.backend_mut(), BeginSynchronizedUpdate)?;
    screen.draw(|frame| {
        view::draw(frame, app);
        sharp.draw(frame, app);
    })?;
    queue!(screen.backend_mut(), EndSynchronizedUpdate)?;
    screen.backend_mut().flush()
}
