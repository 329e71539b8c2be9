//! Pictures of the dialogs, and what they ask for.

use crate::testing::*;

#[test]
fn dialogs() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('?'));
    insta::assert_snapshot!("help", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('d'));
    insta::assert_snapshot!("disrupt", picture(&app, 120, 40));
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Char('x'));
    insta::assert_snapshot!("disrupt_wrong", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('/'));
    insta::assert_snapshot!("find", picture(&app, 120, 40));
    type_text(&mut app, "luk");
    insta::assert_snapshot!("find_typed", picture(&app, 120, 40));
    type_text(&mut app, "99,");
    insta::assert_snapshot!("find_wrong", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('s'));
    insta::assert_snapshot!("snapshot", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "zoom");
    insta::assert_snapshot!("palette", picture(&app, 120, 40));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('q'));
    insta::assert_snapshot!("quit", picture(&app, 120, 40));
}

#[test]
fn dialogs_fit_the_usual_terminal() {
    for (key, name) in [
        ('?', "help"),
        ('d', "disrupt"),
        (',', "controls"),
        ('/', "find"),
        ('s', "snapshot"),
        (':', "palette"),
        ('q', "quit"),
    ] {
        let mut app = fixtures::live(80, 24);
        press(&mut app, KeyCode::Char(key));
        insta::assert_snapshot!(format!("{name}_80x24"), picture(&app, 80, 24));
    }
}

#[test]
fn a_disruption_is_asked_for_and_marked() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('d'));
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Tab);
    for _ in 0..5 {
        press(&mut app, KeyCode::Backspace);
    }
    type_text(&mut app, "0.25");
    press(&mut app, KeyCode::Enter);
    let disruption = Disruption {
        amplitude: 0.25,
        ..Disruption::new(DisruptionKind::Permeability)
    };
    assert_eq!(
        answer(&mut app),
        [Command::Steer(Steer::Disrupt { disruption })]
    );
    assert!(picture(&app, 120, 40).contains('◆'));
}

/// Keys that come at once, as those of a paste do that the terminal does not mark.
fn paste(app: &mut App, text: &str) {
    let key = |character| match character {
        '\r' => KeyCode::Enter,
        other => KeyCode::Char(other),
    };
    let keys = text.chars().map(key);
    let keys = keys.map(|code| Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    app.on_burst(&keys.collect::<Vec<_>>());
}

#[test]
fn a_line_break_or_a_letter_of_a_paste_confirms_nothing() {
    for opened in ["", "q", "s", ":", "/", "d", "?", ","] {
        let mut app = fixtures::live(120, 40);
        type_text(&mut app, opened);
        paste(&mut app, "snap\rsnap\r\r");
        paste(&mut app, "sf\r");
        paste(&mut app, "\r\r");
        let asked = sent(&mut app);
        // Without a dialog letters are keys of the view, and `s` asks for a name.
        assert_eq!(asked, [], "after {opened:?}");
        assert!(!app.is_done(), "after {opened:?}");
    }
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "s");
    paste(&mut app, "before\r50");
    assert!(picture(&app, 120, 40).contains("before50"));
    // A key alone is a key.
    paste(&mut app, "\r");
    let name = Some("before50".to_owned());
    assert_eq!(sent(&mut app), [Command::Snapshot { name }]);
}
