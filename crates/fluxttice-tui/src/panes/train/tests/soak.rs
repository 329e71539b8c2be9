//! A run that goes on for months, in miniature.

use fluxttice_core::record::{EpochRecord, EpochReport};

use crate::panes::train::charts;
use crate::testing::*;

const EPOCHS: u32 = 100_000;

#[test]
fn a_hundred_thousand_epochs_are_shown_and_cost_no_more_than_their_records() {
    let mut app = fixtures::live(200, 60);
    let first = app.shared.run().epochs_done();
    for epoch in first..EPOCHS {
        let record = Arc::new(fixtures::record(epoch));
        let covered = None;
        app.on_event(Event::Epoch(Arc::new(EpochReport { record, covered })));
        if epoch % 10_000 == 0 {
            picture(&app, 200, 60);
        }
    }
    assert!(picture(&app, 200, 60).contains("epoch 99999"));
    assert_eq!(app.shared.run().records.len(), EPOCHS as usize);
    // 65 MB for all of them; and nothing else may grow with their number.
    assert!(size_of::<EpochRecord>() <= 640);
    assert!(app.panes.log.len() < 1_000 && app.shared.run().marks.len() < 100);
    for number in 0..charts::count(&app.shared) {
        for series in charts::chart(number, &app.shared, &app.panes.train).series {
            assert!(series.points.len() <= 4_096, "chart {number}");
            assert_eq!(series.points.last().unwrap().0 / 100, (EPOCHS - 1) / 100);
        }
    }
    for code in [
        KeyCode::Left,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Char('-'),
        KeyCode::Char('f'),
    ] {
        press(&mut app, code);
        picture(&app, 200, 60);
    }
}
