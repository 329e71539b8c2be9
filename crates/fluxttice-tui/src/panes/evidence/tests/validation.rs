//! Whether a model learned, as *Evidence* shows it.

use std::path::PathBuf;

use fluxttice_core::session::{JobEvent, JobRequest, Measurement};
use fluxttice_core::vae::Vae;
use fluxttice_core::validation::{Finding, Measured, Method, Verdict, failed_deciding, tests};

use super::{explored, stocked};
use crate::testing::*;

/// One finding of each verdict in turn, for every test.
fn findings() -> Vec<Finding> {
    use Verdict::{DoesNotDiscriminate, Fails, Passes};
    let verdicts = [Passes, Passes, DoesNotDiscriminate, Fails];
    let pairs = tests().flat_map(|test| Vae::BOTH.map(|which| (test, which)));
    pairs
        .zip(verdicts.into_iter().cycle())
        .map(|((test, which), verdict)| Finding {
            test,
            which,
            seed: 0,
            measured: Measured {
                value: 0.75,
                interval: None,
                method: Method::None,
                samples: 1_969,
            },
            untrained: 0.001,
            chance: f64::NAN,
            verdict,
        })
        .collect()
}

#[test]
fn the_chosen_one_is_validated_and_its_numbers_stand_side_by_side() {
    let mut app = stocked(120, 40);
    app.take_job_requests();
    press(&mut app, KeyCode::Char('t'));
    let asked = app.take_job_requests();
    let [JobRequest::Measure(Measurement::Validate(folder))] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(*folder, Some(PathBuf::from("/runs/epoch-0106")));
    let found = Arc::new(findings());
    app.on_job(JobEvent::Validated(folder.clone(), Ok(Arc::clone(&found))));
    insta::assert_snapshot!("validated_120x40", picture(&app, 120, 40));
    app.set_size(80, 24);
    insta::assert_snapshot!("validated_80x24", picture(&app, 80, 24));
    let failed_deciding = failed_deciding(&found);
    assert!(failed_deciding > 0);
    let words = format!("{failed_deciding} of the deciding tests do not pass");
    app.set_size(200, 60);
    assert!(picture(&app, 200, 60).contains(&words));
    // Another item was not validated.
    press(&mut app, KeyCode::End);
    assert!(app.panes.evidence.validation(&app.shared).is_none());
}

#[test]
fn what_is_explored_is_validated_where_nothing_is_on_the_shelf() {
    for checkpoint in [None, Some(PathBuf::from("/runs/r/checkpoints/epoch-0010"))] {
        let mut app = explored(checkpoint.clone());
        app.on_job(JobEvent::Listed(Ok(Arc::default())));
        type_text(&mut app, "5t");
        let asked = app.take_job_requests();
        let [JobRequest::Measure(Measurement::Validate(folder))] = &asked[..] else {
            panic!("{asked:?}");
        };
        assert_eq!(*folder, checkpoint);
        app.on_job(JobEvent::Validated(checkpoint, Ok(Arc::new(findings()))));
        let shown = picture(&app, 120, 40);
        assert!(shown.contains("this model") && shown.contains("hold-out reconstruction"));
    }
}

#[test]
fn what_is_being_trained_is_saved_before_it_is_validated() {
    let mut app = fixtures::live(120, 40);
    app.on_job(JobEvent::Listed(Ok(Arc::default())));
    type_text(&mut app, "5t");
    let asked = app.take_job_requests();
    let measured = |request: &JobRequest| matches!(request, JobRequest::Measure(_));
    assert!(!asked.iter().any(measured));
    assert!(picture(&app, 120, 40).contains("s saves the model as it is; then t"));
}
