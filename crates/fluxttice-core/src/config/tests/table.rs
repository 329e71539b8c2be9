//! The table of keys, the schema, the defaults and the built-in file say the same.

use serde_yaml::Value;

use super::load;
use crate::config::{BUILT_IN, Config, Effect, KEYS, KeyInfo, find_key};

/// The published keys that nothing reads; the list stands here a second time on purpose.
const WITHOUT_EFFECT: [&str; 22] = [
    "model.eps_kl",
    "ternary_dataset.num_samples",
    "ternary_dataset.exhaustive",
    "ternary_dataset.seed",
    "num_workers",
    "optimizer.type",
    "optimizer.lr_start",
    "vae_b.beta_end",
    "controller.entropy_ema_alpha",
    "controller.dH_dt_threshold",
    "min_delta",
    "coverage_plateau_patience",
    "min_coverage_delta",
    "log_interval",
    "checkpoint_dir",
    "eval_interval",
    "test_split",
    "target_coverage_percent",
    "target_kld_min",
    "target_kld_max",
    "target_recon_accuracy",
    "phase_transitions.statenet_warm_start",
];

/// Dotted keys and values in the order of the text, list entries collected under `N`.
fn leaves(value: &Value, path: &str, into: &mut Vec<(String, Vec<Value>)>) {
    let join = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Mapping(section) => {
            for (key, value) in section {
                leaves(value, &join(key.as_str().unwrap()), into);
            }
        }
        Value::Sequence(entries) => entries.iter().for_each(|e| leaves(e, &join("N"), into)),
        single => match into.iter_mut().find(|(key, _)| key == path) {
            Some((_, values)) => values.push(single.clone()),
            None => into.push((path.to_owned(), vec![single.clone()])),
        },
    }
}

#[test]
fn table_file_and_schema_have_the_same_keys_and_values_in_the_same_order() {
    let table: Vec<(String, Vec<Value>)> = KEYS
        .iter()
        .filter(|info| info.published)
        .map(|info| {
            let parts = info
                .default
                .split(", ")
                .map(|text| serde_yaml::from_str(text).unwrap());
            (info.key.to_owned(), parts.collect())
        })
        .collect();
    let mut file = Vec::new();
    leaves(&serde_yaml::from_str(BUILT_IN).unwrap(), "", &mut file);
    let mut schema = Vec::new();
    leaves(
        &serde_yaml::to_value(Config::default()).unwrap(),
        "",
        &mut schema,
    );
    assert_eq!(table, file);
    assert_eq!(table, schema);
}

#[test]
fn exactly_these_keys_have_no_effect() {
    let told: Vec<_> = KEYS
        .iter()
        .filter(|info| info.effect != Effect::Used)
        .map(|info| info.key)
        .collect();
    assert_eq!(told, WITHOUT_EFFECT);
}

#[test]
fn every_key_refuses_a_list_and_says_what_it_expects() {
    // An entry of a list has a place only where the list has one.
    for info in KEYS.iter().filter(|info| !info.key.ends_with(".N")) {
        let key = info.key.replace(".N.", ".0.");
        let error = load(BUILT_IN, &[&format!("{key}=[]")]).unwrap_err();
        let message = format!(
            "--set {key}=[]: {key}: found a list of 0; expected {}",
            info.expected()
        );
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn only_two_published_keys_may_be_null() {
    let optional: Vec<_> = KEYS
        .iter()
        .filter(|info| info.optional && info.published)
        .map(|i| i.key)
        .collect();
    assert_eq!(
        optional,
        ["vae_a.temp_boost_amplitude", "vae_b.temp_phase4"]
    );
    for info in &KEYS {
        let set = format!("{}=null", info.key.replace(".N.", ".0."));
        assert_eq!(load(BUILT_IN, &[&set]).is_ok(), info.optional, "{set}");
    }
}

#[test]
fn keys_are_found_with_positions() {
    assert_eq!(
        find_key("optimizer.lr_schedule.3.lr"),
        find_key("optimizer.lr_schedule.N.lr")
    );
    assert!(find_key("optimizer.lr_schedule.3.lr").is_some());
    assert_eq!(find_key("optimizer.lr_schedule"), None);
    assert_eq!(find_key(""), None);
}

#[test]
fn a_key_is_one_json_object() {
    let json = |key: &str| serde_json::to_string(find_key(key).unwrap()).unwrap();
    assert_eq!(
        json("vae_b.temp_phase4"),
        "{\"key\":\"vae_b.temp_phase4\",\"type\":\"number\",\"range\":\"above 0, or null\",\
         \"default\":\"0.3\",\"meaning\":\"τ_B in phase 4; null lets it go on towards \
         `vae_b.temp_end`\",\"used\":true,\"reason\":null,\
         \"live\":\"next epoch\"}"
    );
    assert!(json("min_delta").ends_with(
        "\"used\":false,\"reason\":\"any lower validation loss counts as better\",\"live\":null}"
    ));
}

#[test]
fn what_is_not_published_is_off_and_not_written_unless_it_is_set() {
    let published = Config::default().to_yaml().unwrap();
    let held = |info: &&KeyInfo| info.key.starts_with("hold.");
    for info in KEYS.iter().filter(|info| !info.published) {
        let section = info.key.split_once('.').unwrap().0;
        assert!(!published.contains(&format!("\n{section}:")), "{section}");
        let usual = match info.key {
            "stopping.information_every" => "10",
            _ => "null",
        };
        assert_eq!(info.default, usual);
    }
    for info in KEYS.iter().filter(held) {
        let (section, name) = info.key.split_once('.').unwrap();
        let set = load(BUILT_IN, &[&format!("{}=0.01", info.key)]).unwrap();
        let written = set.config.to_yaml().unwrap();
        assert!(
            written.ends_with(&format!("{section}:\n  {name}: 0.01\n")),
            "{written}"
        );
        assert_eq!(load(&written, &[]).unwrap().config, set.config);
    }
}

#[test]
fn what_changes_nothing_beside_other_values_is_told_and_valid() {
    let rule = |epochs: u32| format!("[\"when argmax above 1 for {epochs} epochs then beta-b\"]");
    let long = format!("total_epochs=7,patience=9,rules={}", rule(7));
    for (set, told) in [
        ("beyond.blur=0.2", &["beyond.blur"][..]),
        ("beyond.blur=0.2,beyond.evenness=0", &["beyond.blur"]),
        ("beyond.blur=0.2,beyond.evenness=1", &[]),
        ("beyond.blur=null", &[]),
        ("beyond.prior_codes=9", &["beyond.prior_codes"]),
        ("beyond.prior_codes=9,beyond.certainty=1", &[]),
        ("beyond.prior_codes=9,beyond.evenness=1", &[]),
        ("beyond.sharpening_epochs=9", &["beyond.sharpening_epochs"]),
        ("beyond.sharpening_epochs=9,beyond.sharpening=2", &[]),
        ("stopping.minimum_gain=1", &[]),
        (
            "stopping.minimum_gain=1,stopping.by=argmax_coverage,patience=400",
            &["stopping.by", "stopping.minimum_gain"],
        ),
        ("hold.rho=0.1", &["model.rho_min", "model.rho_max"]),
        (
            "hold.learning_rate=0.001",
            &["model.statenet_lr_scale", "optimizer.lr_schedule"],
        ),
        (
            "model.use_statenet=false,beyond.statenet_rate=0.1",
            &[
                "model.statenet_lr_scale",
                "model.statenet_lambda_scale",
                "beyond.statenet_rate",
            ],
        ),
        (&long, &["rules.0"]),
        (&long.replace("7 epochs", "6 epochs"), &[]),
    ] {
        let sets: Vec<&str> = set.split(',').collect();
        let loaded = load(BUILT_IN, &sets).unwrap();
        let found: Vec<&str> = loaded
            .ineffective
            .iter()
            .map(|key| key.key.as_str())
            .filter(|key| !WITHOUT_EFFECT.contains(key))
            .collect();
        assert_eq!(found, told, "{set}");
    }
    let blur = load("beyond:\n  blur: 0.2\n", &[]).unwrap().ineffective;
    assert_eq!(
        blur[0].to_string(),
        "my.yaml:2:3: beyond.blur has no effect: `beyond.evenness` is not set, or 0"
    );
}
