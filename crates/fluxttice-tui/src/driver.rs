//! Main loop: receives messages, hands commands over, and draws a frame when something changed.

use std::future::pending;
use std::io::{self, BufWriter, Stdout, Write};
use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{self, Event as Input, EventStream};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use fluxttice_core::request::EndReason;
use fluxttice_core::session::message::{End, Event};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::app::{App, Redraw};
use super::graphics::Graphics;
use super::terminal::{TerminalGuard, stop_job};
use super::{Exit, Inputs, Options, Session, StopSignal, UiError, frame};

/// Shortest time between two frames for events of the run (30 frames a second).
const NEWS: Duration = Duration::from_millis(33);
/// Shortest time between two frames for progress within an epoch alone, so that training keeps its cores.
const PROGRESS: Duration = Duration::from_millis(125);
/// Period at which log lines are fetched and old messages are removed from the status line.
const TICK: Duration = Duration::from_millis(250);
/// Limit of the input events handled before a frame is drawn. Nobody types or pastes as many at once, so that
/// a frame comes in between only where a terminal never stops sending.
const BURST: usize = 1 << 16;
/// Time to wait for further input after an event. With no time at all crossterm polls nothing, and its stream
/// has each event fetched by another thread.
const WAITS: Duration = Duration::from_micros(100);

type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Shows the session until the user leaves, or until a signal has stopped it.
///
/// The calling thread holds the terminal meanwhile, and gives it back before this function returns.
///
/// # Errors
/// Fails where the terminal cannot be used. A terminal that stops working later counts as a hang-up, not as
/// an error.
pub async fn run(
    mut session: impl Session,
    inputs: Inputs,
    options: Options,
) -> Result<Exit, UiError> {
    let Inputs {
        events,
        progress,
        jobs,
        log,
        shutdown,
    } = inputs;
    let guard = TerminalGuard::enter(options.mouse).map_err(UiError::Enter)?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let mut screen = Terminal::new(backend).map_err(UiError::Enter)?;
    // Asked before anyone reads keys: the terminal sends its answer as if it were typed.
    let mut graphics = Graphics::of_terminal();
    let mut app = App::new(options, SystemTime::now());
    if let Ok(size) = screen.size() {
        app.set_size(size.width, size.height);
    }
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut drawn = Instant::now();
    // A source that has ended is `None`: polled again it would answer at once, for ever.
    let mut keys = Some(EventStream::new());
    let (mut events, mut jobs) = (Some(events), Some(jobs));
    let (mut progress, mut shutdown) = (Some(progress), Some(shutdown));
    let mut seen = 0;

    loop {
        app.ask_worker(&mut session);
        app.ask_jobs(&mut session);
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
            let shown = draw(&mut screen, &app, &mut graphics);
            hang_up_on_failure(&mut app, shown);
            app.drawn();
            drawn = Instant::now();
            continue;
        }

        tokio::select! {
            key = next(&mut keys, async |keys| keys.next().await?.ok()) => match key {
                Some(key) => app.on_burst(&burst(key)),
                // The stream of keys has ended: the terminal is gone. The run is stopped and saved.
                None => app.on_signal(StopSignal::Hangup),
            },
            event = next(&mut events, async |events| events.recv().await) => {
                app.on_event(event.unwrap_or_else(lost));
                while let Some(Ok(event)) = events.as_mut().map(UnboundedReceiver::try_recv) {
                    app.on_event(event);
                }
            }
            newest = next(&mut progress, newest) => {
                if let Some(newest) = newest {
                    app.on_progress(newest);
                }
            }
            event = next(&mut jobs, async |jobs| jobs.recv().await) => {
                if let Some(event) = event {
                    app.on_job(event);
                }
                while let Some(Ok(event)) = jobs.as_mut().map(UnboundedReceiver::try_recv) {
                    app.on_job(event);
                }
            }
            signal = next(&mut shutdown, newest) => {
                if let Some(signal) = signal.flatten() {
                    app.on_signal(signal);
                }
            }
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

/// Waits for the next item of a source. A source that returns `None` has ended and is not asked again: from
/// then on this never returns.
async fn next<S, T>(
    source: &mut Option<S>,
    ask: impl AsyncFnOnce(&mut S) -> Option<T>,
) -> Option<T> {
    let Some(open) = source else {
        return pending().await;
    };
    let given = ask(open).await;
    if given.is_none() {
        *source = None;
    }
    given
}

/// Waits until a watched value changes, and returns it; `None` once the sender is dropped.
async fn newest<T: Copy>(values: &mut Receiver<T>) -> Option<T> {
    values.changed().await.ok()?;
    Some(*values.borrow_and_update())
}

/// Returns the event that stands in where the worker's channel closes without an end.
fn lost() -> Event {
    Event::Ended(End {
        reason: EndReason::Failed,
        message: "the training thread went away without a word".into(),
    })
}

/// Collects a first input event with all that can be read right after it, at most [`BURST`].
fn burst(key: Input) -> Vec<Input> {
    let mut burst = vec![key];
    while burst.len() < BURST
        && let Ok(true) = event::poll(WAITS)
        && let Ok(event) = event::read()
    {
        burst.push(event);
    }
    burst
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due.into()).await;
    }
}

/// Treats failed output as a hang-up: the terminal is gone, whether or not its SIGHUP has arrived yet.
fn hang_up_on_failure(app: &mut App, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!("the terminal stopped working: {error}");
        app.on_signal(StopSignal::Hangup);
    }
}

/// Clears the screen, so that the next frame is drawn whole.
///
/// `Terminal::clear` will not do: it asks the terminal for the position of the cursor, and a terminal that is
/// slow to answer, or was just taken again after `fg`, does not answer in time.
fn wipe(screen: &mut Screen) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(size.into())
}

/// Draws one frame; terminals that know synchronized updates show it all at once.
fn draw(screen: &mut Screen, app: &App, graphics: &mut Graphics) -> io::Result<()> {
    queue!(screen.backend_mut(), BeginSynchronizedUpdate)?;
    screen.draw(|to| {
        frame::draw(to, app);
        graphics.draw(to, app);
    })?;
    queue!(screen.backend_mut(), EndSynchronizedUpdate)?;
    screen.backend_mut().flush()
}
