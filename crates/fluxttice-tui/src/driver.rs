//! The loop: messages in, commands out, a frame when something changed.

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
        events,
        progress,
        jobs,
        log,
        shutdown,
    } = inputs;
    let guard = TerminalGuard::enter(options.mouse).map_err(UiError::Enter)?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let mut screen = Terminal::new(backend).map_err(UiError::Enter)?;
    // Asked before anyone reads keys: the terminal answers as if it typed.
    let mut graphics = Graphics::of_terminal();
    let mut app = App::new(options, SystemTime::now());
    if let Ok(size) = screen.size() {
        app.set_size(size.width, size.height);
    }
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut drawn = Instant::now();
    // A source that has dried up is `None`: polled again it would answer at once, for ever.
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
                // No more keys: the terminal is gone. The run is stopped and saved.
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

/// Waits for what a source gives next. One that gives `None` has dried up and is not asked again: from then on
/// this never returns.
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

/// Waits for another value, and returns it; `None` once nobody can change it any more.
async fn newest<T: Copy>(values: &mut Receiver<T>) -> Option<T> {
    values.changed().await.ok()?;
    Some(*values.borrow_and_update())
}

/// The end of a session whose worker does not tell of it.
fn lost() -> Event {
    Event::Ended(End {
        reason: EndReason::Failed,
        message: "the training thread went away without a word".into(),
    })
}

/// A key with everything that came at once with it.
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
fn draw(screen: &mut Screen, app: &App, graphics: &mut Graphics) -> io::Result<()> {
    queue!(screen.backend_mut(), BeginSynchronizedUpdate)?;
    screen.draw(|to| {
        frame::draw(to, app);
        graphics.draw(to, app);
    })?;
    queue!(screen.backend_mut(), EndSynchronizedUpdate)?;
    screen.backend_mut().flush()
}
