//! *Coverage* in every state and at every zoom.

use crate::testing::*;

#[test]
fn every_state() {
    for (name, picture) in pictures_of(
        Tab::Coverage,
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
fn the_map_at_every_zoom() {
    for steps in 0..4 {
        let mut app = fixtures::live(120, 40);
        press(&mut app, KeyCode::Char('2'));
        for _ in 0..steps {
            press(&mut app, KeyCode::Char('+'));
        }
        insta::assert_snapshot!(format!("zoom_{steps}"), picture(&app, 120, 40));
    }
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "2mvn");
    insta::assert_snapshot!("missing", picture(&app, 120, 40));
}

/// Without colour the three kinds of the map still differ, and A from B in every chart.
#[test]
fn colour_is_never_the_only_difference() {
    let mut app = fixtures::live(120, 40);
    assert!(!app.shared.theme.has_color());
    type_text(&mut app, "2+++");
    let shown = picture(&app, 120, 40);
    assert!(["■", "A", "B", "·"].iter().all(|sign| shown.contains(sign)));
    app.shared.theme = Theme::new(ColorDepth::True);
    assert_eq!(
        picture(&app, 120, 40).lines().nth(10),
        shown.lines().nth(10)
    );
}

#[test]
fn covers_and_the_cursor_have_their_colours() {
    let mut app = fixtures::live(80, 24);
    type_text(&mut app, "2+");
    insta::assert_snapshot!("styled", styled(&mut app, 80, 24));
}
