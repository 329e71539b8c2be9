//! Back and forth between the epochs that were kept.

use fluxttice_core::measure::Posteriors;
use fluxttice_core::measure::neighbours::{Centre, Cloud, Metric, Search, Spaces, nearest};
use fluxttice_core::session::message::Codes;
use fluxttice_core::session::{FoundCodes, JobEvent, JobRequest, LoadCodes, LoadedCodes, QuickJob};
use fluxttice_core::space::{OPERATIONS, Operation};
use fluxttice_core::vae::Scope;

use crate::panes::neighbours::ColorBy;
use crate::testing::*;

/// Answers what was asked of the past with the codes of another epoch, or with none.
fn recall(app: &mut App, found: FoundCodes) {
    let asked = app.take_job_requests();
    let [JobRequest::Quick(QuickJob::LoadCodes(asked))] = &asked[..] else {
        panic!("{asked:?}");
    };
    let recalled = LoadedCodes {
        asked: asked.clone(),
        kept: vec![0, 10, 41, 51],
        found,
    };
    app.on_job(JobEvent::CodesLoaded(Ok(Arc::new(recalled))));
}

/// Codes of then, as they are recalled.
fn past(epoch: u32) -> FoundCodes {
    FoundCodes::Codes(Arc::new(past_codes(epoch)))
}

/// Codes like those of the fixture, but that each operation has that of another far away.
fn past_codes(epoch: u32) -> Codes {
    let codes = fixtures::codes(epoch);
    let cloud = |space| {
        let now = codes.spaces.of(space);
        let far = |operation: Operation| {
            let index = (operation.index() + 6_561) % OPERATIONS;
            now.code(Operation::new(index).unwrap()).unwrap()
        };
        let posteriors = Posteriors {
            mu: Operation::all()
                .flat_map(|one| far(one).mu.to_vec())
                .collect(),
            log_variance: vec![0.0; now.means().len()],
        };
        Cloud::new(posteriors, now.dimensions())
    };
    Codes {
        spaces: Spaces::new(cloud(Scope::A), cloud(Scope::B)),
        ..codes
    }
}

#[test]
fn kept_epochs_are_walked_back_and_forth() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    let now = app.panes.neighbours.codes(&app.shared).unwrap().clone();
    let before = picture(&app, 120, 40);
    app.take_job_requests();
    // Held down, the key asks once at a time.
    press(&mut app, KeyCode::Char('<'));
    press(&mut app, KeyCode::Char('<'));
    recall(&mut app, past(41));
    assert_eq!(app.panes.neighbours.codes(&app.shared).unwrap().epoch, 41);
    insta::assert_snapshot!("then", picture(&app, 120, 40));
    insta::assert_snapshot!("then_80x24", picture(&app, 80, 24));

    // Every rank by now is that of a search among the codes of now.
    let near = app.panes.neighbours.around.found().near.clone();
    let min = Centre::Operation(app.panes.neighbours.around.centre());
    let all = Search::nearest(Metric::Euclidean, OPERATIONS);
    let by_now = nearest(now.spaces.of(Scope::A), &min, &all);
    for (then, rank) in near.neighbours.iter().zip(&near.now) {
        let found = by_now.iter().find(|now| now.operation == then.operation);
        assert_eq!(found.unwrap().rank, *rank);
    }
    assert_eq!(near.now.len(), near.neighbours.len());
    let ten = near.now[..10].iter().filter(|rank| **rank <= 10).count();
    assert_eq!(near.stayed(10), Some(ten));

    press(&mut app, KeyCode::Char('w'));
    let movers = app.shared.selection.clone().unwrap();
    assert_eq!(
        (movers.count, movers.text.as_str()),
        (100, "100 moved most in A, epoch 41 to epoch 51")
    );
    let moved = app.panes.neighbours.past.moved(Scope::A).unwrap();
    let least = movers
        .found
        .iter()
        .map(|one| moved[one.index()])
        .fold(f64::INFINITY, f64::min);
    assert_eq!(moved.iter().filter(|moved| **moved > least).count(), 99);
    // Among some, the first ten are not the ten nearest.
    assert_eq!(app.panes.neighbours.around.found().near.stayed(10), None);
    press(&mut app, KeyCode::Esc);
    assert!(app.shared.selection.is_none() && app.panes.neighbours.past.codes().is_some());

    press(&mut app, KeyCode::Char('>'));
    recall(&mut app, FoundCodes::Now);
    assert!(app.panes.neighbours.past.codes().is_none());
    press(&mut app, KeyCode::Char('>'));
    recall(&mut app, FoundCodes::Nowhere);
    assert!(picture(&app, 120, 40).contains("no later checkpoint is saved"));
    press(&mut app, KeyCode::Char('w'));
    assert!(picture(&app, 120, 40).contains("go back in time first"));

    // Esc leads back to now from anywhere.
    press(&mut app, KeyCode::Char('<'));
    recall(&mut app, past(0));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.panes.neighbours.codes(&app.shared).unwrap().epoch, 51);
    let list = |picture: &str| picture.lines().nth(5).unwrap().to_owned();
    assert_eq!(list(&picture(&app, 120, 40)), list(&before));
}

#[test]
fn what_was_asked_of_another_run_is_not_shown() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    app.take_job_requests();
    press(&mut app, KeyCode::Char('<'));
    let asked = app.take_job_requests();
    let [JobRequest::Quick(QuickJob::LoadCodes(asked))] = &asked[..] else {
        panic!("{asked:?}");
    };
    let asked = LoadCodes {
        run: Some("/elsewhere".into()),
        ..asked.clone()
    };
    app.on_job(JobEvent::CodesLoaded(Ok(Arc::new(LoadedCodes {
        asked,
        kept: vec![0],
        found: past(0),
    }))));
    assert!(
        app.panes.neighbours.past.codes().is_none() && app.panes.neighbours.past.kept.is_empty()
    );
}

#[test]
fn movement_colours_the_plane_once_there_is_some() {
    let mut app = fixtures::live(200, 60);
    type_text(&mut app, "3p");
    app.take_job_requests();
    app.panes.neighbours.planes.color_by = ColorBy::Moved;
    let still = picture(&app, 200, 60);
    assert!(still.contains("movement once < looks back"));
    press(&mut app, KeyCode::Char('<'));
    recall(&mut app, past(41));
    let moved = picture(&app, 200, 60);
    assert!(moved.contains("movement to now"));
    // Both planes know how far theirs moved.
    assert!(
        app.panes.neighbours.past.moved(Scope::A).is_some()
            && app.panes.neighbours.past.moved(Scope::B).is_some()
    );
}
