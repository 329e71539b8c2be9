//! Signals: those that end the program once everything is saved, and the one that turns
//! a full file into a write error.

use std::process::ExitCode;

use fluxttice_tui::StopSignal;
use tokio::sync::watch;

use super::Failure;

#[cfg(unix)]
mod unix {
    use std::fs;

    use rustix::process::Signal;

    /// Signals that end a program which does not handle them, and that do not report a defect of the program:
    /// they come from people, shells, timers, batch systems and power supplies.
    const ENDING: &[Signal] = &[
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::TERM,
        Signal::XCPU,
        Signal::VTALARM,
        Signal::PROF,
        #[cfg(target_os = "linux")]
        Signal::IO,
        #[cfg(target_os = "linux")]
        Signal::POWER,
        #[cfg(all(
            target_os = "linux",
            any(target_arch = "x86_64", target_arch = "aarch64")
        ))]
        Signal::STKFLT,
    ];

    /// Linux's real-time signals, without those that a C library keeps for itself, and
    /// without the last one, which tokio cannot handle.
    #[cfg(target_os = "linux")]
    const REAL_TIME: std::ops::Range<i32> = 35..64;
    #[cfg(not(target_os = "linux"))]
    const REAL_TIME: std::ops::Range<i32> = 0..0;

    /// Returns the numbers of the signals to handle: all that end a program, except those that are ignored or
    /// handled already. `nohup` and a shell's `&` ignore some, and a profiler handles its own.
    pub fn ending() -> impl Iterator<Item = i32> {
        let decided = decided();
        let named = ENDING.iter().map(|signal| signal.as_raw());
        named
            .chain(REAL_TIME)
            .filter(move |number| decided & (1 << (number - 1)) == 0)
    }

    /// Returns the signals that are ignored or handled already, a bit for each; 0 where
    /// `/proc` does not report them.
    fn decided() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            u64::from_str_radix(line.trim(), 16).ok()
        };
        mask("SigIgn:").unwrap_or(0) | mask("SigCgt:").unwrap_or(0)
    }
}

/// Turns a file that grows over its limit (`ulimit -f`) into a write error instead of the program's end: once
/// SIGXFSZ is handled, the write fails as on a full disk.
pub fn outlive_file_limits() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let number = rustix::process::Signal::XFSZ.as_raw();
        let runtime = runtime()?;
        let _within = runtime.enter();
        // The handler stays when the runtime and the listener are dropped.
        drop(signal(SignalKind::from_raw(number)).map_err(Failure::System)?);
    }
    Ok(())
}

/// Handles the signals from now on. The receiver holds the last signal received. Must
/// be called within a runtime.
pub fn listen() -> Result<watch::Receiver<Option<StopSignal>>, Failure> {
    let (sender, receiver) = watch::channel(None);
    #[cfg(unix)]
    for number in unix::ending() {
        use tokio::signal::unix::{SignalKind, signal};
        let mut caught = signal(SignalKind::from_raw(number)).map_err(Failure::System)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while caught.recv().await.is_some() {
                if sender.send(Some(StopSignal::numbered(number))).is_err() {
                    return;
                }
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if sender.send(Some(StopSignal::Interrupt)).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Returns the exit code of a signal: 128 plus its number.
pub fn code(signal: StopSignal) -> ExitCode {
    ExitCode::from(128 + signal.number())
}

/// Builds a runtime on this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::System)
}
