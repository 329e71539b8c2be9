//! Several runs side by side, and epochs in which coverage was not counted.

use fluxttice_core::record::{EpochRecord, EpochReport};
use fluxttice_core::session::message::Member;

use crate::panes::train::charts;
use crate::testing::*;

/// An epoch whose argmax coverage lies this many operations beside the usual.
fn epoch(epoch: u32, more: i32) -> Arc<EpochRecord> {
    let mut record = fixtures::record(epoch);
    if let Some(pair) = &mut record.coverage {
        for coverage in [&mut pair.a, &mut pair.b] {
            coverage.argmax.unique = coverage.argmax.unique.saturating_add_signed(more);
        }
    }
    Arc::new(record)
}

fn with_others(mut app: App, epochs: u32) -> App {
    for (seed, more) in [(43, -1_000), (44, 800), (45, 200)] {
        for at in 0..epochs {
            let record = epoch(at, more);
            app.on_event(Event::Member(Member { seed, record }));
        }
    }
    app
}

#[test]
fn a_population_is_seen_as_a_band() {
    let app = with_others(fixtures::live(200, 60), 51);
    insta::assert_snapshot!("population_200x60", picture(&app, 200, 60));
    let small = picture(&with_others(fixtures::live(80, 24), 51), 80, 24);
    insta::assert_snapshot!("population_80x24", small);

    // The edges of the band of A's coverage are those of the runs with the least and the most of it.
    let chart = charts::chart(0, &app.shared, &app.panes.train);
    let dotted: Vec<_> = chart
        .series
        .iter()
        .filter(|one| one.tag.is_none())
        .collect();
    assert_eq!(dotted.len(), 4, "lowest and highest of A and of B");
    let own = chart
        .series
        .iter()
        .find(|one| one.tag == Some('A'))
        .unwrap();
    let apart = |edge: usize| 19_683.0 * (dotted[edge].points[50].1 - own.points[50].1) / 100.0;
    assert!((apart(0) + 1_000.0).abs() < 1e-6 && (apart(1) - 800.0).abs() < 1e-6);
}

#[test]
fn a_band_ends_where_the_others_are() {
    let app = with_others(fixtures::live(120, 40), 20);
    let chart = charts::chart(0, &app.shared, &app.panes.train);
    let low = chart.series.iter().find(|one| one.tag.is_none()).unwrap();
    assert_eq!(low.points.len(), 20);
    let own = chart
        .series
        .iter()
        .find(|one| one.tag == Some('A'))
        .unwrap();
    assert!(low.points[19].1 < own.points[19].1);
    // The values beside the charts say of which epoch they are.
    let picture = picture(&app, 120, 40);
    assert!(picture.contains("  4 @19 "), "{picture}");
}

#[test]
fn another_run_that_is_taken_up_has_no_band() {
    let mut app = with_others(fixtures::live(120, 40), 20);
    assert!(app.shared.run().members.are_several());
    app.on_event(Event::Started(Arc::new(fixtures::info())));
    assert!(!app.shared.run().members.are_several());
}

/// Epochs 0, 4, 8, … have a count.
fn counted_now_and_then() -> App {
    let mut app = fixtures::live(120, 40);
    for at in 0..51 {
        let mut record = fixtures::record(at);
        if at % 4 > 0 {
            record.coverage = None;
        }
        let (record, covered) = (Arc::new(record), None);
        app.on_event(Event::Epoch(Arc::new(EpochReport { record, covered })));
    }
    app
}

#[test]
fn between_two_counts_of_coverage_the_last_one_stands() {
    let app = counted_now_and_then();
    let picture = picture(&app, 120, 40);
    assert!(
        picture.contains("coverage: counted in epoch 48"),
        "{picture}"
    );
    let chart = charts::chart(0, &app.shared, &app.panes.train);
    let own = chart
        .series
        .iter()
        .find(|one| one.tag == Some('A'))
        .unwrap();
    let epochs: Vec<u32> = own.points.iter().map(|(epoch, _)| *epoch).collect();
    assert_eq!(
        epochs,
        (0..51).step_by(4).collect::<Vec<u32>>(),
        "a line, without gaps"
    );
    let reading = fixtures::record(48).coverage.unwrap().a.argmax.unique;
    let percent = 100.0 * f64::from(reading) / 19_683.0;
    assert!(
        own.reading.starts_with(&format!("{percent:.1}")),
        "{}",
        own.reading
    );
}
