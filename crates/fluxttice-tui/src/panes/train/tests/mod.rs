//! *Train* in every state, with a population, and with very many epochs.

mod population;
mod soak;

use crate::testing::*;

#[test]
fn every_state() {
    for (name, picture) in pictures_of(
        Tab::Train,
        &[
            "empty",
            "warming_up",
            "live",
            "paused",
            "diverged",
            "finished",
            "failed",
        ],
    ) {
        insta::assert_snapshot!(name, picture);
    }
}

#[test]
fn the_crosshair_reads_every_chart() {
    let mut app = fixtures::live(120, 40);
    for _ in 0..10 {
        press(&mut app, KeyCode::Left);
    }
    press(&mut app, KeyCode::Char('+'));
    press(&mut app, KeyCode::Char('l'));
    press(&mut app, KeyCode::Char('S'));
    insta::assert_snapshot!("crosshair", picture(&app, 120, 40));
}

#[test]
fn a_penalty_is_shown_where_there_is_one() {
    let mut app = fixtures::live(200, 60);
    assert!(!picture(&app, 200, 60).contains("penalty"));
    let mut record = fixtures::record(51);
    record.train.penalty = 0.25;
    fixtures::finish(&mut app, vec![Arc::new(record)]);
    let shown = picture(&app, 200, 60);
    assert!(shown.contains("penalty"), "{shown}");
    assert!(shown.contains("in the training loss"), "{shown}");
}

#[test]
fn the_ceiling_that_is_shown_is_the_one_that_was_recorded() {
    let mut app = fixtures::live(200, 60);
    assert!(picture(&app, 200, 60).contains("ceiling 92.1"));
    let mut record = fixtures::record(51);
    if let Some(coverage) = &mut record.coverage {
        coverage.a.argmax.ceiling = 10_000.0;
    }
    fixtures::finish(&mut app, vec![Arc::new(record)]);
    let shown = picture(&app, 200, 60);
    assert!(shown.contains("ceiling 50.8"), "{shown}");
    assert!(shown.contains("10,000 if uniform"), "{shown}");
}

#[test]
fn what_is_wrong_is_seen_by_its_colour() {
    let mut app = diverged(80, 24);
    insta::assert_snapshot!("styled_diverged", styled(&mut app, 80, 24));
}
