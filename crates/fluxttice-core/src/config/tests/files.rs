//! The files that come with the program, and reading files at all.

use std::path::Path;

use super::load;
use crate::config::{BUILT_IN, Config, ConfigError, Loaded, NAMED, SIZE_LIMIT, Source};

const FAST: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../configs/ternary_v5_5_fast.yaml"
));
const REPRODUCIBLE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../configs/ternary_v5_5_reproducible.yaml"
));

fn built_in() -> Loaded {
    Config::load(Source::BuiltIn, &[]).unwrap()
}

fn refused_file(bytes: &[u8]) -> ConfigError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.yaml");
    std::fs::write(&path, bytes).unwrap();
    Config::load(Source::File(path), &[]).unwrap_err()
}

#[test]
fn built_in_is_the_default_with_nothing_left_out() {
    let loaded = built_in();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.defaulted, [""; 0]);
    assert!(loaded.config.validate().is_ok());
}

#[test]
fn built_in_names_its_keys_without_effect_and_their_lines() {
    let told: Vec<String> = built_in()
        .ineffective
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 22, "{told:#?}");
    let line = BUILT_IN
        .lines()
        .position(|l| l.starts_with("  eps_kl:"))
        .unwrap()
        + 1;
    let start = format!("the built-in ternary_v5_5.yaml:{line}:3: model.eps_kl has no effect: ");
    assert!(told[0].starts_with(&start), "{}", told[0]);
}

#[test]
fn fast_run_is_a_quarter_of_the_published_one() {
    let Loaded {
        config,
        ineffective,
        ..
    } = load(FAST, &[]).unwrap();
    assert_eq!(ineffective, []);
    let published = Config::default();
    let quarter = |epochs: u32| (epochs + 2) / 4;
    let mut expected = published.clone();
    expected.total_epochs = quarter(published.total_epochs);
    expected.vae_a.beta_warmup_epochs = quarter(50);
    expected.vae_b.beta_warmup_epochs = quarter(50);
    expected.controller.temp_lag = quarter(30);
    for step in &mut expected.optimizer.lr_schedule {
        step.epoch = quarter(step.epoch);
    }
    expected.phase_transitions.entropy_expansion_end = quarter(40);
    expected.phase_transitions.consolidation_end = quarter(120);
    expected.phase_transitions.resonant_coupling_end = quarter(250);
    expected.phase_transitions.ultra_exploration_start = quarter(250);
    assert_eq!(config, expected);
    // All four phases: the last border lies within the run, and nothing stops it before.
    assert!(config.phase_transitions.resonant_coupling_end < config.total_epochs);
    assert!(config.patience >= config.total_epochs);
}

#[test]
fn reproducible_run_is_the_published_one_and_leaves_nothing_open() {
    let loaded = load(REPRODUCIBLE, &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.ineffective, []);
    assert_eq!(loaded.defaulted, [""; 0]);
}

#[test]
fn missing_file_and_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.yaml");
    let message = Config::load(Source::File(path.clone()), &[])
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(&format!("{}: cannot be read: ", path.display())),
        "{message}"
    );

    assert!(message.ends_with("; expected a YAML file"), "{message}");
    for (word, expected) in [
        (
            "fluxtice",
            "a YAML file; did you mean `fluxttice`, which is built in?",
        ),
        (
            "ternary_v5_5_fast.yaml",
            "a YAML file; did you mean `ternary_v5_5_fast`, which is built in?",
        ),
        (
            "kangaroo",
            "a YAML file or a built-in one: ternary_v5_5, ternary_v5_5_fast, \
             ternary_v5_5_reproducible, fluxttice",
        ),
    ] {
        let message = Config::load(Source::at(word.into()), &[])
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with(&format!("; expected {expected}")),
            "{message}"
        );
    }

    let error = Config::load(Source::File(folder.path().to_owned()), &[]).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }));
    assert!(error.to_string().contains("found a folder"), "{error}");
}

#[test]
fn large_file_is_not_read() {
    let error = refused_file(&vec![b'#'; 10 << 20]);
    assert!(matches!(
        error,
        ConfigError::TooLarge {
            limit: SIZE_LIMIT,
            ..
        }
    ));
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn a_file_at_the_limit_is_read() {
    let mut text = "seed: 7\n#".to_owned();
    text.push_str(&"x".repeat(usize::try_from(SIZE_LIMIT).unwrap() - text.len()));
    assert_eq!(load(&text, &[]).unwrap().config.seed, 7);
    text.push('x');
    assert!(matches!(
        load(&text, &[]).unwrap_err(),
        ConfigError::TooLarge { .. }
    ));
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let message = refused_file(b"seed: 1\nmodel:\n  rho\xff_min: 1\n").to_string();
    assert!(
        message.contains("bad.yaml:3:6: found the byte 0xff, which is not UTF-8"),
        "{message}"
    );
}

#[test]
fn byte_order_mark_and_windows_line_ends_are_fine() {
    let loaded = load("\u{feff}seed: 7\r\nmodel:\r\n  rho_min: 0.2\r\n", &[]).unwrap();
    assert_eq!((loaded.config.seed, loaded.config.model.rho_min), (7, 0.2));
}

#[test]
fn every_configuration_of_the_folder_has_its_name_and_can_be_asked_for_by_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(files, names);
    for name in names {
        let named = Config::load(Source::at(name.into()), &[]).unwrap();
        let path = folder.join(name).with_extension("yaml");
        let read = Config::load(Source::at(path.clone()), &[]).unwrap();
        assert_eq!(named.config, read.config, "{name}");
        assert_eq!(Source::at(path.clone()), Source::File(path));
        // The reproducible one says in full what the published one is.
        let known = name.trim_end_matches("_reproducible");
        let another_seed = Config {
            seed: 7,
            ..named.config.clone()
        };
        assert_eq!(another_seed.name(), Some(known));
        let changed = Config {
            batch_size: 63,
            ..named.config
        };
        assert_eq!(changed.name(), None);
    }
    assert_eq!(Source::at("own".into()), Source::File("own".into()));
}
