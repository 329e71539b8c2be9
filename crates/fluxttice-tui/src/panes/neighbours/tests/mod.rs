//! *Neighbours*: its states, found and selected operations, points, walks, the past and bookmarks.

mod bookmarks;
pub mod operations;
mod past;

use crate::testing::*;

#[test]
fn without_codes_with_them_and_after_the_end() {
    for (name, picture) in pictures_of(Tab::Neighbours, &["empty", "live", "finished"]) {
        insta::assert_snapshot!(name, picture);
    }
}

#[test]
fn neighbours_ask_for_codes_once_an_epoch() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    assert_eq!(answer(&mut app), [], "those of epoch 51 are there");
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(51))]);
    assert_eq!(answer(&mut app), [Command::Encode]);
    app.on_event(Event::Codes(Arc::new(fixtures::codes(52))));
    assert_eq!(answer(&mut app), []);
    press(&mut app, KeyCode::Char('1'));
    fixtures::finish(&mut app, vec![Arc::new(fixtures::record(52))]);
    assert_eq!(answer(&mut app), []);
}

#[test]
fn an_operation_is_found_followed_and_left_again() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "max");
    press(&mut app, KeyCode::Enter);
    let max = names::find("max").unwrap();
    assert_eq!(app.panes.neighbours.around.centre(), max);
    press(&mut app, KeyCode::Down);
    let chosen = app.panes.neighbours.around.chosen().unwrap().operation;
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.panes.neighbours.around.centre(), chosen);
    press(&mut app, KeyCode::Char('['));
    assert_eq!(app.panes.neighbours.around.centre(), max);
    press(&mut app, KeyCode::Char('m'));
    assert_eq!(
        (app.tab, app.panes.coverage.map.operation()),
        (Tab::Coverage, max)
    );
    press(&mut app, KeyCode::Down);
    let below = app.panes.coverage.map.operation();
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        (app.tab, app.panes.neighbours.around.centre()),
        (Tab::Neighbours, below)
    );
}
