//! Terminal in raw mode, and its restoration in every case.
//!
//! Three ways lead out, and all of them restore the terminal: the guard is dropped, the thread that draws
//! panics, or the program is suspended. A panic on any other thread leaves the screen as it is: the owner of
//! that thread reports it, and the user keeps everything that is shown.

use std::io::{self, Write};
use std::panic;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};

/// Thread that holds the terminal; `None` while none does.
static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);

fn holder() -> Option<ThreadId> {
    *HOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_holder(thread: Option<ThreadId>) {
    *HOLDER.lock().unwrap_or_else(PoisonError::into_inner) = thread;
}

/// Guard that keeps the terminal in raw mode on its alternate screen until it is dropped.
#[derive(Debug)]
pub struct TerminalGuard {
    mouse: bool,
}

impl TerminalGuard {
    /// Takes the terminal for the calling thread, with or without the mouse.
    ///
    /// # Errors
    /// Fails where the terminal refuses, and leaves it as it was before.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse };
        guard.take()?;
        Ok(guard)
    }

    /// Gives the terminal back, runs `pause`, and takes the terminal again: for suspending the program.
    ///
    /// # Errors
    /// Fails where the terminal refuses to be taken again, or `pause` fails.
    pub fn lend(&self, pause: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        restore();
        let paused = pause();
        self.take()?;
        paused
    }

    fn take(&self) -> io::Result<()> {
        enable_raw_mode()?;
        set_holder(Some(thread::current().id()));
        let mut out = io::stdout();
        let taken = queue!(out, EnterAlternateScreen, EnableBracketedPaste, Hide)
            .and_then(|()| {
                if self.mouse {
                    queue!(out, EnableMouseCapture)
                } else {
                    Ok(())
                }
            })
            .and_then(|()| out.flush());
        if taken.is_err() {
            restore();
        }
        taken
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back if it is held. Errors are ignored: there is no place to show them.
fn restore() {
    if holder().is_none() {
        return;
    }
    set_holder(None);
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

/// Installs a panic hook that keeps panics from spoiling the screen. Call it once, after any hook that prints
/// reports.
///
/// A panic on the thread that holds the terminal restores the terminal first and then runs the hook that was
/// there before. A panic on another thread is logged instead of printed over the screen; its text reaches the
/// log pane through `tracing`.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |info| match holder() {
            Some(thread) if thread != thread::current().id() => {
                let name = thread::current().name().unwrap_or("unnamed").to_owned();
                tracing::error!(target: "panic", "thread {name}: {info}");
            }
            _ => {
                restore();
                earlier(info);
            }
        }));
    });
}

/// Stops the whole job as Ctrl-Z does in a shell, and returns when it is continued.
///
/// The signal goes to the process group (a wrapper such as `cargo run` must stop too). The shell sends it,
/// because raising a signal takes a system call that safe Rust does not offer.
#[cfg(unix)]
pub(super) fn stop_job() -> io::Result<()> {
    let status = std::process::Command::new("sh")
        .args(["-c", "kill -s TSTP 0"])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("kill -s TSTP: {status}")))
    }
}

/// Refuses in words: only Unix shells can suspend a program.
#[cfg(not(unix))]
pub(super) fn stop_job() -> io::Result<()> {
    Err(io::Error::other("this system cannot suspend a program"))
}
