//! A model that was trained on other targets knows nothing of what was held out, and does not pass for one
//! that does.

use std::path::Path;

use fluxttice_core::config::{Config, Source};
use fluxttice_core::model::Weights;
use fluxttice_core::run::{checkpoint, checkpoint_index};
use fluxttice_core::vae::Vae;
use fluxttice_core::validation::{Finding, Past, Verdict, validate};

use fluxttice_testing::session::{Watched, new_run};

/// Epochs after which B gives back what was held out.
const EPOCHS: u32 = 6;

/// B's hold-out reconstruction after a few epochs of the published configuration, with a change.
fn hold_out(run: &Path, change: &str) -> Finding {
    let overrides = [change, "eval_num_samples=2000"].map(str::to_owned);
    let config = Config::load(Source::BuiltIn, &overrides).unwrap().config;
    let mut session = Watched::train(new_run(run, &config, Some(EPOCHS)));
    session.ended();
    session.leave().0.unwrap();
    let folder = checkpoint_index(run)[&EPOCHS].clone();
    let weights: Weights = checkpoint::load_weights(&checkpoint::weights_path(&folder)).unwrap();
    let findings = validate(&weights, &Past::new(config, Vec::new()), 0, &|_| {}).unwrap();
    let mut findings = findings.into_iter();
    let of_b = |finding: &Finding| {
        finding.test.name == "hold-out reconstruction" && finding.which == Vae::B
    };
    findings.find(of_b).unwrap()
}

#[test]
fn held_out_operations_are_known_by_their_own_targets_alone() {
    let home = tempfile::tempdir().unwrap();
    let own = hold_out(&home.path().join("own"), "beyond.shuffle_targets=false");
    assert_eq!(own.verdict, Verdict::Passes, "{}", own.measured.value);
    let shuffled = hold_out(&home.path().join("shuffled"), "beyond.shuffle_targets=true");
    assert_eq!(shuffled.verdict, Verdict::Fails);
    assert!(
        shuffled.measured.value < 0.01,
        "{}",
        shuffled.measured.value
    );
}
