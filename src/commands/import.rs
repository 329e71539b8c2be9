//! `import`: makes a run of a weights file of another program.

use std::process::ExitCode;

use fluxttice_core::import::import;
use fluxttice_core::run::{Disk, is_path};
use fluxttice_core::words::counted;

use super::{Done, note, path_line, setup};
use crate::cli::{Global, ImportArgs};

/// Makes the run, and says what came over.
pub fn run(global: &Global, args: &ImportArgs) -> Done {
    let to = match is_path(&args.out) {
        true => args.out.clone().into(),
        false => setup::runs(global)?.join(&args.out),
    };
    let run = import(&Disk::default(), &args.file, &to)?;
    if !global.quiet {
        let metrics = run.metrics().join(", ");
        note(&match run.epochs.len() {
            0 => "its weights; it has no histories".to_owned(),
            epochs => format!(
                "its weights and {} of {metrics}, as its trainer reported them: nobody here has checked them",
                counted(epochs as u64, "epoch")
            ),
        });
    }
    path_line(&to)?;
    Ok(ExitCode::SUCCESS)
}
