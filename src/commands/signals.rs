//! Signals: which end the program once everything is saved, and which one is the disk's refusal.

use std::process::ExitCode;

use fluxttice_tui::StopSignal;
use tokio::sync::watch;

use super::Failure;

#[cfg(unix)]
mod unix {
    use std::fs;

    use rustix::process::Signal;

    /// Signals that end a program which does not listen to them, and tell of no defect of its own: they come
    /// from people, shells, timers, batch systems and power supplies.
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

    /// Linux's real-time signals, without those that a C library keeps for itself and the last one, which tokio
    /// cannot listen to.
    #[cfg(target_os = "linux")]
    const REAL_TIME: std::ops::Range<i32> = 35..64;
    #[cfg(not(target_os = "linux"))]
    const REAL_TIME: std::ops::Range<i32> = 0..0;

    /// Numbers of the signals that are listened to: all that end a program, but those that somebody has decided on
    /// before. `nohup` and a shell's `&` have some ignored, a profiler listens to its own.
    pub fn ending() -> impl Iterator<Item = i32> {
        let decided = decided();
        let named = ENDING.iter().map(|signal| signal.as_raw());
        named
            .chain(REAL_TIME)
            .filter(move |number| decided & (1 << (number - 1)) == 0)
    }

    /// The signals that are ignored or listened to already, a bit for each; none where `/proc` does not tell.
    fn decided() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            u64::from_str_radix(line.trim(), 16).ok()
        };
        mask("SigIgn:").unwrap_or(0) | mask("SigCgt:").unwrap_or(0)
    }
}

/// Makes a file that grows over its limit (`ulimit -f`) the disk's refusal instead of the program's end: with
/// somebody listening to SIGXFSZ, the write fails as on a full disk.
pub fn outlive_file_limits() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let number = rustix::process::Signal::XFSZ.as_raw();
        let runtime = runtime()?;
        let _within = runtime.enter();
        // The handler outlives the runtime and whoever might hear of it.
        drop(signal(SignalKind::from_raw(number)).map_err(Failure::System)?);
    }
    Ok(())
}

/// Listens from now on; must be called within a runtime.
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

/// 128 plus the signal's number.
pub fn code(signal: StopSignal) -> ExitCode {
    ExitCode::from(128 + signal.number())
}

/// A runtime on this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::System)
}
