//! Changes made consistent again by somebody without the key: everything that can be measured is
//! caught all the same.

use super::*;
use crate::model::Weights;
use crate::run::names::{METRICS, WEIGHTS};
use crate::vae::Vae;
use crate::validation::{Group, Score, Verdict};

/// Returns the failed checks of a full check, after a change to the statement and new sums.
fn after(change: impl FnOnce(&mut Statement)) -> Vec<String> {
    let files = made().files.clone();
    let mut statement = statement(&files);
    change(&mut statement);
    failed(&checked(&hashed_again(files, statement), Trust::default()))
}

#[test]
fn nothing_is_found_where_nothing_was_changed() {
    assert_eq!(after(|_| {}), [] as [&str; 0]);
}

#[test]
fn every_figure_that_is_edited_is_found_out() {
    let files = made().files.clone();
    let honest = statement(&files);
    let mut edited = honest.clone();
    for figure in &mut edited.predicate.figures {
        // A millionth more, and one operation more where operations are counted.
        let whole = |value: f64| f64::from(u8::from(value.fract() == 0.0));
        figure.value = figure
            .value
            .map(|value| value * (1.0 + 1e-6) + whole(value));
    }
    let verdict = checked(&hashed_again(files, edited), Trust::default());
    let found = failed(&verdict);
    let figures = honest.predicate.figures.iter();
    let with_value = figures.filter(|figure| figure.value.is_some()).count();
    assert_eq!(found.len(), with_value, "{found:?}");
}

#[test]
fn what_stands_beside_a_figure_is_found_out_too() {
    type Edit = fn(&mut Statement);
    let cases: [(&str, Edit); 5] = [
        ("digest", |statement| {
            let figure = &mut statement.predicate.figures[0];
            figure.digest = Some(format!("sha256:{}", "0".repeat(64)));
        }),
        ("ceiling", |statement| {
            statement.predicate.figures[0].ceiling = Some(17_000.0);
        }),
        ("samples", |statement| {
            statement.predicate.figures[0].samples = Some(1_000);
        }),
        ("name", |statement| {
            statement.predicate.figures[0].name = "categorical coverage".to_owned();
        }),
        ("fewer", |statement| {
            statement.predicate.figures.pop();
        }),
    ];
    for (case, change) in cases {
        let found = after(change);
        // A figure that is another's leaves its own unstated, and disturbs the list of definitions too.
        assert!((1..=4).contains(&found.len()), "{case}: {found:?}");
    }
}

#[test]
fn a_check_a_margin_or_a_definition_that_is_edited_is_found_out() {
    assert_eq!(
        after(|statement| {
            statement.predicate.checks.passed.pop();
        }),
        ["check: argmax coverage of B is near the one that the run recorded"]
    );
    assert_eq!(
        after(|statement| statement.predicate.untrained.argmax_coverage[0] = 1),
        ["untrained weights, for comparison"]
    );
    assert_eq!(
        after(|statement| statement.predicate.untrained.coverage_margin = 0.5),
        ["untrained weights, for comparison"]
    );
    assert_eq!(
        after(|statement| "the best".clone_into(&mut statement.predicate.definitions[0].definition)),
        ["definitions of argmax coverage"]
    );
    assert_eq!(
        after(|statement| statement.predicate.measurement.tolerance = 1.0),
        ["measurement: how"]
    );
    assert_eq!(
        after(|statement| statement.predicate.run.epochs += 1),
        ["run: finished epochs and batches"]
    );
    assert_eq!(
        after(|statement| statement.predicate.run.seed += 1),
        ["run: seed"]
    );
}

#[test]
fn findings_that_nobody_made_are_found_out() {
    let finding = Score {
        test: "argmax coverage".to_owned(),
        group: Group::Deciding,
        which: Vae::A,
        value: Some(19_683.0),
        untrained: None,
        baseline: None,
        bound: String::new(),
        verdict: Verdict::Passes,
    };
    assert_eq!(
        after(|statement| statement.predicate.validation.push(finding)),
        ["validation: argmax coverage of A"]
    );
}

#[test]
fn other_weights_under_the_same_statement_are_found_out() {
    let mut files = made().files.clone();
    // One number of the weights, changed by a thousandth of its size, as another epoch would have it.
    let mut weights = Weights::from_bytes(&files[WEIGHTS]).unwrap();
    weights.tensors[10][0] *= 1.001;
    files.insert(WEIGHTS.to_owned(), weights.to_bytes().unwrap());
    // The old statement stays, and the sums name the changed file.
    let found = failed(&sums_only(&files));
    assert_eq!(
        found,
        [
            "SHA256SUMS: weights.safetensors",
            "subject weights.safetensors"
        ]
    );
    // With sums and subjects made again, the figures give the change away.
    let statement = statement(&files);
    let verdict = checked(&hashed_again(files, statement), Trust::default());
    let found = failed(&verdict);
    assert!(
        found
            .iter()
            .any(|name| name.starts_with("decode entropy of A")),
        "{found:?}"
    );
}

#[test]
fn the_story_of_another_run_does_not_fit() {
    let mut files = made().files.clone();
    // Half of the metrics, with the coverage of an earlier epoch at the end.
    let text = String::from_utf8(files[METRICS].clone()).unwrap();
    let half: String = text
        .lines()
        .take(50)
        .flat_map(|line| [line, "\n"])
        .collect();
    files.insert(METRICS.to_owned(), half.into_bytes());
    let mut statement = statement(&files);
    statement.predicate.run.epochs = 50;
    let found = failed(&checked(&hashed_again(files, statement), Trust::default()));
    assert!(
        found.iter().any(|name| name.starts_with("check: ")),
        "{found:?}"
    );
    assert!(found.contains(&"checks failed".to_owned()), "{found:?}");
}

#[test]
fn what_an_unsigned_certificate_cannot_show_is_what_the_documents_say() {
    // Times, names and the tool are not measured: only a signature speaks for them.
    let edits: [fn(&mut Statement); 4] = [
        |statement| "1999-01-01T00:00:00Z".clone_into(&mut statement.predicate.made),
        |statement| "another".clone_into(&mut statement.predicate.run.name),
        |statement| "another".clone_into(&mut statement.predicate.tool.compiler),
        |statement| "another".clone_into(&mut statement.predicate.tool.commit),
    ];
    for edit in edits {
        assert_eq!(after(edit), [] as [&str; 0]);
    }
    let made = made();
    let mut edited = statement(&made.files);
    "1999-01-01T00:00:00Z".clone_into(&mut edited.predicate.made);
    let mut files = hashed_again(made.files.clone(), edited);
    // Keeping the old envelope beside the new statement does not help.
    files.insert(ENVELOPE.to_owned(), made.files[ENVELOPE].clone());
    let sums = sums(files.iter().filter(|(name, _)| *name != SUMS));
    files.insert(SUMS.to_owned(), sums.into_bytes());
    let trust = Trust {
        sums_only: true,
        key: Some(&made.pair.public),
    };
    assert_eq!(
        failed(&checked(&files, trust)),
        ["certificate.dsse.json: payload"]
    );
}

#[test]
fn a_statement_cannot_make_its_reader_measure_for_ever() {
    let edits: [fn(&mut Statement); 3] = [
        |statement| statement.predicate.measurement.samples = vec![u32::MAX],
        |statement| statement.predicate.measurement.samples = vec![50_000; 1_000_000],
        |statement| statement.predicate.measurement.probability_codes = u32::MAX,
    ];
    for edit in edits {
        let mut statement = statement(&made().files);
        edit(&mut statement);
        let files = hashed_again(made().files.clone(), statement);
        let verdict = checked(&files, Trust::default());
        assert!(verdict.failed().any(|check| check.name == SMALL));
        assert!(
            verdict
                .checks
                .iter()
                .all(|check| !check.name.starts_with("argmax"))
        );
    }
}
