//! Operations by law in the explorer: found, selected, drawn; the documented questions with their answers.
use fluxttice_core::run::built_in;
use fluxttice_core::session::Session;
use fluxttice_core::space::query::Query;
use fluxttice_core::vae::Scope;

use crate::panes::neighbours::ColorBy;
use crate::testing::*;

/// Types an expression into the search and takes it.
pub fn find(app: &mut App, text: &str) {
    press(app, KeyCode::Char('/'));
    type_text(app, text);
    press(app, KeyCode::Enter);
}

#[test]
fn what_an_expression_finds_is_listed_lit_and_walked_through() {
    let mut app = fixtures::live(120, 40);
    find(&mut app, "commutative & idem");
    assert_eq!(app.tab, Tab::Neighbours);
    let selection = app.shared.selection.clone().unwrap();
    assert_eq!(
        (selection.text.as_str(), selection.count),
        ("commutative & idempotent", 27)
    );
    let query: Query = selection.text.parse().unwrap();
    // min is commutative and idempotent itself.
    assert_eq!(
        app.panes.neighbours.around.found().near.neighbours.len(),
        26
    );
    for near in &app.panes.neighbours.around.found().near.neighbours {
        assert!(query.matches(near.operation));
    }
    insta::assert_snapshot!("selected", picture(&app, 120, 40));
    press(&mut app, KeyCode::Char('2'));
    insta::assert_snapshot!("selected_on_the_map", picture(&app, 120, 40));
    for _ in 0..30 {
        press(&mut app, KeyCode::Char('n'));
        assert!(query.matches(app.panes.coverage.map.operation()));
    }
    press(&mut app, KeyCode::Esc);
    assert!(app.shared.selection.is_none());
    press(&mut app, KeyCode::Char('3'));
    assert_eq!(
        app.panes.neighbours.around.found().near.neighbours.len(),
        100
    );
}

#[test]
fn everything_as_near_as_the_chosen_one_is_selected() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    for _ in 0..4 {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Char('r'));
    let selection = app.shared.selection.clone().unwrap();
    assert_eq!(
        selection.count, 6,
        "five neighbours and the centre: {}",
        selection.text
    );
    assert!(
        selection
            .found
            .contains(app.panes.neighbours.around.centre())
    );
}

#[test]
fn codes_are_drawn_on_their_plane() {
    for (name, width, height) in [("80x24", 80, 24), ("120x40", 120, 40), ("200x60", 200, 60)] {
        let mut app = fixtures::live(width, height);
        type_text(&mut app, "3p");
        assert!(app.panes.neighbours.planes.of(Scope::A).is_some());
        insta::assert_snapshot!(format!("plane_{name}"), picture(&app, width, height));
    }
}

#[test]
fn each_paint_has_a_look_of_its_own() {
    for depth in [ColorDepth::None, ColorDepth::True] {
        let mut app = fixtures::live(200, 60);
        app.shared.theme = Theme::new(depth);
        type_text(&mut app, "3p");
        let mut seen = Vec::new();
        while app.panes.neighbours.planes.color_by != ColorBy::Plain {
            press(&mut app, KeyCode::Char('v'));
            let paint = app.panes.neighbours.planes.color_by;
            // Neither probabilities nor another moment are known here.
            if matches!(paint, ColorBy::Probability | ColorBy::Moved) {
                continue;
            }
            let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
            terminal.draw(|frame| frame::draw(frame, &app)).unwrap();
            // Below the headings, whose words differ in any case.
            let buffer = terminal.backend().buffer();
            let cells = (5..30).flat_map(|y| (60..190).map(move |x| (x, y)));
            let looks: Vec<_> = cells.map(|at| buffer[at].clone()).collect();
            assert!(!seen.contains(&looks), "{paint:?}");
            seen.push(looks);
        }
    }
}

#[test]
fn a_plane_does_not_claim_a_paint_that_is_not_measured() {
    let mut app = fixtures::live(200, 60);
    type_text(&mut app, "3pv");
    assert_eq!(app.panes.neighbours.planes.color_by, ColorBy::Probability);
    assert!(app.shared.estimates.is_none());
    assert!(picture(&app, 200, 60).contains("by probability once measured"));
}

#[test]
fn a_search_says_what_it_will_find() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('/'));
    insta::assert_snapshot!("find_empty", picture(&app, 80, 24));
    type_text(&mut app, "commutative & id");
    insta::assert_snapshot!("find_guess", picture(&app, 80, 24));
    type_text(&mut app, "empotent");
    insta::assert_snapshot!("find_expression", picture(&app, 80, 24));
    type_text(&mut app, " & !!!x");
    insta::assert_snapshot!("find_pointed_at", picture(&app, 80, 24));
}

/// A question of docs/guide/operations.md: keys to press, and what the screen must hold then.
struct Question<'a> {
    title: &'a str,
    keys: Vec<&'a str>,
    answers: Vec<&'a str>,
}

fn questions(page: &str) -> Vec<Question<'_>> {
    let spans = |line: &'static str, text| -> Vec<&str> {
        let found = str::lines(text).find_map(|found: &str| found.strip_prefix(line));
        found
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect()
    };
    let sections = page.split("\n### ").skip(1);
    sections
        .map(|section| Question {
            title: section.lines().next().unwrap_or_default(),
            keys: spans("Keys:", section),
            answers: spans("Screen:", section),
        })
        .collect()
}

#[test]
fn the_documented_questions_have_their_answers() {
    let page = include_str!("../../../../../../docs/guide/operations.md");
    let questions = questions(page);
    assert_eq!(questions.len(), 10);
    for question in questions {
        let mut app = explored();
        for keys in question.keys {
            match keys {
                "Enter" => press(&mut app, KeyCode::Enter),
                "Down" => press(&mut app, KeyCode::Down),
                text => type_text(&mut app, text),
            }
            answer(&mut app);
        }
        let screen = picture(&app, 160, 45);
        assert!(!question.answers.is_empty(), "{}", question.title);
        for expected in question.answers {
            let shown = screen.lines().any(|line| line.contains(expected));
            assert!(shown, "{}: no `{expected}` in\n{screen}", question.title);
        }
    }
}

/// The explorer on the built-in model, with its codes and what it generates.
pub fn explored() -> App {
    let mut session = Session::explore(built_in().unwrap()).unwrap();
    let mut app = fixtures::app(160, 45);
    session.inlet.send(Command::Encode).unwrap();
    let (mut counted, mut encoded) = (false, false);
    while !(counted && encoded) {
        let event = session.events.blocking_recv().unwrap();
        counted |= matches!(event, Event::Covered(_));
        encoded |= matches!(event, Event::Codes(_));
        app.on_event(event);
    }
    drop(session.inlet);
    session.worker.join().unwrap();
    app
}

#[test]
fn a_point_between_operations_is_a_centre_like_any_other() {
    let mut app = explored();
    press(&mut app, KeyCode::Char('3'));
    find(&mut app, "min + max - product");
    assert_eq!(app.panes.neighbours.around.found().decoded.len(), 1);
    let read = app.panes.neighbours.around.found().decoded[0].1.operation;
    assert_eq!(
        (app.panes.neighbours.around.centre(), read.index()),
        (read, 19_539)
    );
    insta::assert_snapshot!("point", picture(&app, 120, 40));
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(app.panes.neighbours.around.found().decoded.len(), 2);
    // Metrics of posteriors say why they have nothing to show; Hamming compares with what is decoded.
    type_text(&mut app, "ee");
    assert!(picture(&app, 120, 40).contains("a point has none"));
    type_text(&mut app, "ee");
    assert_eq!(
        app.panes.neighbours.around.found().near.neighbours[0].operation,
        read
    );
    press(&mut app, KeyCode::Char('['));
    assert_eq!(
        app.panes.neighbours.around.centre(),
        names::find("min").unwrap()
    );
}

#[test]
fn a_box_on_the_plane_selects_what_it_holds() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Char('+'));
    press(&mut app, KeyCode::Right);
    let shown = picture(&app, 120, 40);
    insta::assert_snapshot!("box", shown);
    press(&mut app, KeyCode::Enter);
    let selection = app.shared.selection.clone().unwrap();
    let count = crate::format::thousands(selection.count as u64);
    assert!(shown.contains(&format!("{count} in the box")), "{count}");
    // A second one selects within the first.
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Char('-'));
    press(&mut app, KeyCode::Enter);
    let within = app.shared.selection.clone().unwrap();
    assert!(within.count < selection.count && within.count > 0);
    assert_eq!(within.found.difference(&selection.found).len(), 0);
    press(&mut app, KeyCode::Char('g'));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.shared.selection.clone().unwrap().count, within.count);
}

#[test]
fn a_line_is_walked_step_by_step() {
    let mut app = explored();
    press(&mut app, KeyCode::Char('3'));
    let start = app.panes.neighbours.around.place().clone();
    let chosen = app.panes.neighbours.around.chosen().unwrap().operation;
    press(&mut app, KeyCode::Char('+'));
    assert!(app.panes.neighbours.around.place().operation().is_none());
    insta::assert_snapshot!("walk", picture(&app, 120, 40));
    for _ in 0..9 {
        press(&mut app, KeyCode::Char('+'));
    }
    assert_eq!(
        app.panes.neighbours.around.place().operation(),
        Some(chosen)
    );
    press(&mut app, KeyCode::Char('['));
    assert!(app.panes.neighbours.around.place().is_same(&start));
    press(&mut app, KeyCode::Char('z'));
    press(&mut app, KeyCode::Char('-'));
    assert_eq!(
        app.panes.neighbours.around.place().to_string(),
        "min - 0.25*z0"
    );
    press(&mut app, KeyCode::Char('Z'));
    assert!(app.panes.neighbours.around.place().is_same(&start));
}
