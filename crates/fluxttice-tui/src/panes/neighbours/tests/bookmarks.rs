//! Bookmarks, notes, and the way that was come.

use fluxttice_core::run::bookmarks::{Bookmark, BookmarkChange};
use fluxttice_core::session::{JobEvent, JobRequest, QuickJob};

use crate::testing::*;

/// What was asked of the bookmarks.
fn change(app: &mut App) -> BookmarkChange {
    let asked = app.take_job_requests();
    match &asked[..] {
        [JobRequest::Quick(QuickJob::Bookmark(change))] => change.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bookmark_is_kept_found_and_removed() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    let asked = app.take_job_requests();
    assert!(matches!(
        asked[..],
        [JobRequest::Quick(QuickJob::Bookmarks)]
    ));
    press(&mut app, KeyCode::Char('t'));
    type_text(&mut app, "the lattice's own");
    insta::assert_snapshot!("note", picture(&app, 80, 24));
    press(&mut app, KeyCode::Enter);
    let BookmarkChange::Set(min) = change(&mut app) else {
        panic!("set");
    };
    assert_eq!(min.note, "the lattice's own");
    let point = Bookmark {
        place: "min + max - product".parse().unwrap(),
        note: String::new(),
    };
    app.on_job(JobEvent::Bookmarks(Ok(Arc::new(vec![min.clone(), point]))));
    assert!(picture(&app, 120, 40).contains("★ the lattice's own"));

    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Char('\''));
    insta::assert_snapshot!("bookmarks", picture(&app, 80, 24));
    type_text(&mut app, "lattice");
    press(&mut app, KeyCode::Enter);
    assert!(app.dialog.is_none());
    assert!(app.panes.neighbours.around.place().is_same(&min.place));

    // The note is there to be changed.
    press(&mut app, KeyCode::Char('t'));
    type_text(&mut app, " meet");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(change(&mut app), BookmarkChange::Set(changed)
        if changed.note == "the lattice's own meet"));

    press(&mut app, KeyCode::Char('\''));
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Delete);
    assert!(matches!(change(&mut app), BookmarkChange::Remove(place) if place.is_same(&min.place)));
    app.on_job(JobEvent::Bookmarks(Ok(Arc::default())));
    // What is left is where somebody has been; that is no bookmark.
    press(&mut app, KeyCode::Delete);
    assert!(app.take_job_requests().is_empty());
    assert!(picture(&app, 120, 40).contains("this is no bookmark"));
    for _ in 0..200 {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Enter);
    assert!(
        app.panes.neighbours.around.place().is_same(&min.place),
        "the way began there"
    );
}

#[test]
fn bookmarks_that_arrive_leave_an_open_dialog_alone() {
    let mut app = fixtures::live(120, 40);
    type_text(&mut app, "3/min");
    app.on_job(JobEvent::Bookmarks(Ok(Arc::default())));
    let dialog = app.dialog.as_mut().unwrap();
    assert_eq!(dialog.context(), Context::Find);
    assert_eq!(dialog.line().unwrap().value(), "min");
}
