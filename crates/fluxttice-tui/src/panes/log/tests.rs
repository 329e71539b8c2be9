//! *Log* in its states, scrolling, and hostile texts in it.

use super::{Entry, Log, Origin};
use crate::log_buffer::LogLevel;
use crate::testing::*;

#[test]
fn empty_growing_and_after_the_end() {
    for (name, picture) in pictures_of(Tab::Log, &["empty", "live", "diverged"]) {
        insta::assert_snapshot!(name, picture);
    }
}

#[test]
fn hostile_texts_neither_break_nor_fill_the_screen() {
    let mut app = fixtures::live(80, 24);
    app.on_event(Event::Notice(Notice {
        level: NoticeLevel::Error,
        text: "\u{1b}[2Jone\ttwo\nthree\u{7} 漢字 ".repeat(40),
    }));
    press(&mut app, KeyCode::Char('6'));
    let shown = picture(&app, 80, 24);
    assert!(
        !shown
            .chars()
            .any(|character| character.is_control() && character != '\n')
    );
    app.on_input(&Input::Paste("nothing open".into()));
    press(&mut app, KeyCode::Char('/'));
    app.on_input(&Input::Paste("漢\u{1b}[31m".repeat(1_000)));
    assert!(picture(&app, 80, 24).contains("1 Train"));
}

fn entry(level: LogLevel, text: &str) -> Entry {
    Entry {
        time: SystemTime::UNIX_EPOCH,
        level,
        origin: Origin::Notice,
        text: text.into(),
    }
}

#[test]
fn what_is_read_stays_in_place() {
    let mut log = Log::default();
    for number in 0..20 {
        log.push(entry(LogLevel::Info, &number.to_string()));
    }
    log.scroll(-5);
    log.push(entry(LogLevel::Info, "new"));
    log.push(entry(LogLevel::Debug, "hidden"));
    assert_eq!(log.back, 6);
    let lowest = log
        .visible()
        .rev()
        .nth(log.back)
        .map(|entry| entry.text.clone());
    assert_eq!(lowest.as_deref(), Some("14"));
    log.scroll(1_000);
    assert_eq!(log.back, 0);
}
