//! A progress bar on standard error for measurements that take a while.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use fluxttice_core::measure::Progress;

use crate::cli::Global;

/// A progress bar; invisible with --quiet and where standard error is not a terminal.
pub struct Bar {
    bar: ProgressBar,
    what: Mutex<&'static str>,
}

impl Bar {
    /// Makes a bar that has not begun.
    pub fn new(global: &Global) -> Self {
        let target = if global.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {elapsed_precise}")
        {
            bar.set_style(style);
        }
        Self {
            bar,
            what: Mutex::new(""),
        }
    }

    /// Shows the progress of a measurement.
    pub fn show(&self, progress: Progress) {
        // A poisoned lock still holds the word last shown.
        let mut what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        if *what != progress.what {
            *what = progress.what;
            self.bar.set_message(progress.what);
            self.bar.set_length(u64::from(progress.of));
        }
        self.bar.set_position(u64::from(progress.done));
    }

    /// Removes the bar from the terminal.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
