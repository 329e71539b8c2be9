//! Some hundred damaged files of a run, a certificate and a key, each followed by the command that reads it:
//! a short form of `cargo run --release --example torture`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

#[path = "support/torture.rs"]
mod torture;

use torture::Torture;

#[test]
fn damaged_files_are_refused_or_come_to_the_same() {
    let torture = Torture::new(Path::new(env!("CARGO_BIN_EXE_fluxttice-explorer")), 7);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    torture.damage_a_run();
                    torture.damage_a_certificate();
                }
            });
        }
    });
    let (counts, told) = torture.told();
    println!("{counts}");
    assert_eq!(counts.tried(), 400);
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}
