//! What a frame costs, with 400 epochs of history and the codes of all operations at hand.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/pty.rs"]
mod pty;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::KeyCode;
use fluxttice_core::numbers::count32;
use fluxttice_core::record::{EpochRecord, EpochReport};
use fluxttice_core::run::built_in;
use fluxttice_core::session::Session;
use fluxttice_core::session::message::Event;
use fluxttice_tui::{ColorDepth, Offscreen, Options, Tab};

/// As long as the published run may be.
const EPOCHS: u32 = 400;
/// A run that is left alone for a day and a night.
const MANY_EPOCHS: u32 = 100_000;

/// Everything that the explorer is told of the built-in model, its history made longer.
fn story(epochs: u32) -> Vec<Event> {
    let mut session = Session::explore(built_in().unwrap()).unwrap();
    let mut events = Vec::new();
    loop {
        let event = session.events.blocking_recv().unwrap();
        let last = matches!(event, Event::Covered(_));
        events.push(event);
        if last {
            break;
        }
    }
    let Some(Event::Started(info)) = events.first() else {
        unreachable!("a session begins by saying what it is")
    };
    let history: Vec<EpochRecord> = info
        .history
        .iter()
        .map(|one| one.as_ref().clone())
        .collect();
    let more = (count32(history.len())..epochs).map(|epoch| {
        let record = EpochRecord {
            epoch,
            ..history[epoch as usize % history.len()].clone()
        };
        let record = Arc::new(record);
        Event::Epoch(Arc::new(EpochReport {
            record,
            covered: None,
        }))
    });
    events.extend(more);
    events
}

/// A screen that was told all of this.
fn screen(story: &[Event], tab: Tab, [columns, rows]: [u16; 2]) -> Offscreen {
    let options = Options {
        detach_on_hangup: false,
        depth: ColorDepth::True,
        tab,
        mouse: false,
    };
    let mut screen = Offscreen::new(columns, rows, options);
    for event in story {
        screen.event(event.clone());
    }
    screen
}

/// One frame after another, a key pressed before each, so that something changes.
fn drawn(c: &mut Criterion, name: &str, mut screen: Offscreen, keys: [KeyCode; 2]) {
    let mut keys = keys.into_iter().cycle();
    c.bench_function(name, |b| {
        b.iter(|| {
            screen.press(keys.next().unwrap());
            screen.draw().area
        });
    });
}

fn frames(c: &mut Criterion) {
    let usual = story(EPOCHS);
    for size @ [columns, rows] in [[80, 24], [200, 60]] {
        for (tab, title, keys) in [
            (Tab::Train, "train", [KeyCode::Left, KeyCode::Right]),
            (Tab::Coverage, "coverage", [KeyCode::Down, KeyCode::Up]),
            (Tab::Neighbours, "neighbours", [KeyCode::Down, KeyCode::Up]),
        ] {
            let name = format!("frame {columns}x{rows}, {title}");
            drawn(c, &name, screen(&usual, tab, size), keys);
        }
    }
    let long = screen(&story(MANY_EPOCHS), Tab::Train, [200, 60]);
    let name = "frame 200x60, train, 100,000 epochs";
    drawn(c, name, long, [KeyCode::Left, KeyCode::Right]);
}

/// From the program's start until a terminal has its first frame, exploring the built-in model.
#[cfg(unix)]
fn start(c: &mut Criterion) {
    use std::time::{Duration, Instant};

    let data = std::env::temp_dir().join(format!("fluxttice-start-{}", std::process::id()));
    std::fs::create_dir_all(&data).unwrap();
    let start = || {
        let began = Instant::now();
        let terminal = pty::Terminal::start(120, 36, &data, &["--explore"]);
        terminal.shows("fluxttice");
        began.elapsed()
    };
    let mut group = c.benchmark_group("program");
    group.sample_size(10);
    group.bench_function("start to first frame, 120x36", |b| {
        b.iter_custom(|n| (0..n).map(|_| start()).sum::<Duration>());
    });
    group.finish();
    // What the runs leave in the temporary folder is of no use to anyone.
    let _ = std::fs::remove_dir_all(&data);
}

/// There is no terminal to put the program into.
#[cfg(not(unix))]
fn start(_: &mut Criterion) {}

criterion_group!(benches, frames, start);
criterion_main!(benches);
