//! SIGINT, SIGTERM and SIGHUP as a value that changes once.

use std::process::ExitCode;

use fluxttice_core::tui::StopSignal;
use tokio::sync::watch;

use super::Failure;

/// Listens from now on; must be called within a runtime.
pub fn listen() -> Result<watch::Receiver<Option<StopSignal>>, Failure> {
    let (sender, receiver) = watch::channel(None);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::System)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::System)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(Failure::System)?;
        tokio::spawn(async move {
            loop {
                let caught = tokio::select! {
                    _ = interrupt.recv() => StopSignal::Interrupt,
                    _ = terminate.recv() => StopSignal::Terminate,
                    _ = hangup.recv() => StopSignal::Hangup,
                };
                if sender.send(Some(caught)).is_err() {
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
    ExitCode::from(match signal {
        StopSignal::Hangup => 129,
        StopSignal::Interrupt => 130,
        StopSignal::Terminate => 143,
    })
}

/// A runtime on this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::System)
}
