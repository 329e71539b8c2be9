//! Arbitrary input causes no panic and no endless work, and a configuration that is written reads back equal.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::load;
use crate::config::{BUILT_IN, Config, KEYS, LearningRateStep, Range, SIZE_LIMIT, Source};

/// Generous for an unoptimised build on a busy machine; what is quadratic takes minutes.
const LONG: Duration = Duration::from_secs(30);

#[test]
fn hostile_texts_are_refused_soon() {
    let limit = usize::try_from(SIZE_LIMIT).unwrap();
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let row = vec![format!("*a{}", i - 1); 9].join(", ");
        laughs += &format!("a{i}: &a{i} [{row}]\n");
    }
    let fill = |piece: &str| piece.repeat(limit / piece.len());
    let many = |line: fn(usize) -> String| -> String {
        let mut text = String::new();
        for i in 0.. {
            text += &line(i);
            if text.len() > limit - 100 {
                break;
            }
        }
        text
    };
    let texts = [
        laughs,
        fill("["),
        fill("{a: "),
        fill("- "),
        fill("? "),
        fill("\u{fffd}"),
        fill("a"),
        (0..1000)
            .map(|i| format!("{}a:\n", " ".repeat(i)))
            .collect(),
        "a: &a [*a]\n".to_owned(),
        many(|i| format!("kez{i}: 1\n")),
        many(|i| format!("seed: {i}\n")),
        format!("model:\n{}", many(|i| format!("  k{i}: 1\n"))),
        format!(
            "optimizer:\n  lr_schedule:\n{}",
            many(|_| "  - {epoch: 3, lr: 9}\n".to_owned())
        ),
        format!(
            "optimizer:\n  lr_schedule:\n{}",
            many(|_| "  - {epoch: 3, lr: .1}\n".to_owned())
        ),
        format!(
            "optimizer:\n  lr_schedule:\n{}",
            many(|_| "  - {epoch: 3, lx: 9}\n".to_owned())
        ),
        format!(
            "optimizer:\n  lr_schedule:\n{}",
            many(|_| "  - 3\n".to_owned())
        ),
    ];
    for text in texts {
        let start = Instant::now();
        let message = load(&text, &[]).unwrap_err().to_string();
        let took = start.elapsed();
        let head: String = text.chars().take(60).collect();
        assert!(took < LONG, "{took:?} for {head:?}…");
        assert!(message.lines().count() <= 21, "{message}");
        assert!(message.len() < 8000, "{message}");
    }
}

/// A value within the range of a key, as YAML.
fn value(range: Range, optional: bool) -> BoxedStrategy<String> {
    let within: BoxedStrategy<String> = match range {
        Range::Whole { min, max } => (min..=max).prop_map(|v| v.to_string()).boxed(),
        Range::Only(only) => Just(only.to_string()).boxed(),
        Range::Real { .. } => prop_oneof![
            (-30.0_f64..30.0).prop_map(f64::exp),
            0.0_f64..1.0,
            -1e3_f64..1e3,
        ]
        .prop_filter("in range", move |v| range.holds_real(*v))
        .prop_map(|v| format!("{v:e}"))
        .boxed(),
        Range::Flag => any::<bool>().prop_map(|v| v.to_string()).boxed(),
        Range::Text => "\\PC{0,20}"
            .prop_map(|text| serde_json::to_string(&text).unwrap())
            .boxed(),
        Range::OneOf(words) => proptest::sample::select(words)
            .prop_map(str::to_owned)
            .boxed(),
    };
    if optional {
        prop_oneof![9 => within, 1 => Just("null".to_owned())].boxed()
    } else {
        within
    }
}

/// Overrides of some keys that have no rule with others.
fn settings() -> impl Strategy<Value = Vec<String>> {
    const TOGETHER: [&str; 10] = [
        "stopping.by",
        "model.rho_min",
        "model.rho_max",
        "train_split",
        "val_split",
        "test_split",
        "phase_transitions.entropy_expansion_end",
        "phase_transitions.consolidation_end",
        "phase_transitions.resonant_coupling_end",
        "phase_transitions.ultra_exploration_start",
    ];
    let alone: Vec<_> = KEYS
        .iter()
        .filter(|i| !TOGETHER.contains(&i.key) && !i.key.contains(".N"))
        .collect();
    let one = proptest::sample::select(alone).prop_flat_map(|info| {
        value(info.range, info.optional).prop_map(move |value| format!("{}={value}", info.key))
    });
    proptest::collection::vec(one, 0..20)
}

/// A valid table of learning rates.
fn steps() -> impl Strategy<Value = Vec<LearningRateStep>> {
    proptest::collection::vec((1_u32..1000, -20.0_f64..0.0), 1..12).prop_map(|steps| {
        let mut next = 0;
        steps
            .into_iter()
            .map(|(gap, log)| {
                let epoch = next;
                next += gap;
                LearningRateStep {
                    epoch,
                    lr: log.exp(),
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(
        settings in settings(),
        steps in steps(),
        (low, high) in (0.0_f64..=1.0, 0.0_f64..=1.0),
        borders in (0_u32..1000, 1_u32..1000, 1_u32..1000),
    ) {
        let mut config = Config::load(Source::BuiltIn, &settings).unwrap().config;
        config.optimizer.lr_schedule = steps;
        (config.model.rho_min, config.model.rho_max) = (low.min(high), low.max(high));
        let at = &mut config.phase_transitions;
        at.entropy_expansion_end = borders.0;
        at.consolidation_end = at.entropy_expansion_end + borders.1;
        at.resonant_coupling_end = at.consolidation_end + borders.2;
        at.ultra_exploration_start = at.resonant_coupling_end;

        let yaml = config.to_yaml().unwrap();
        let loaded = load(&yaml, &[]).unwrap();
        prop_assert_eq!(&loaded.config, &config);
        prop_assert_eq!(loaded.config.to_yaml().unwrap(), yaml);
        prop_assert_eq!(loaded.config.digest().unwrap(), config.digest().unwrap());
        prop_assert_eq!(loaded.defaulted, [""; 0]);
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = load(&text, &[]);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.yaml");
        std::fs::write(&path, bytes).unwrap();
        let _ = Config::load(Source::File(path), &[]);
    }

    #[test]
    fn damaged_files_are_answered(
        cuts in proptest::collection::vec((0..BUILT_IN.len(), "[-\\[\\]{}:,&*!|>'\"%@`#? \\t\\na0.~<]{0,3}"), 1..6),
    ) {
        let mut text = BUILT_IN.to_owned();
        for (at, piece) in cuts {
            let at = (at.min(text.len())..=text.len()).find(|i| text.is_char_boundary(*i)).unwrap();
            text.replace_range(at..(at + text[at..].chars().next().map_or(0, char::len_utf8)), &piece);
        }
        if let Err(error) = load(&text, &[]) {
            prop_assert!(error.to_string().starts_with("my.yaml"), "{}", error);
        }
    }

    #[test]
    fn any_override_is_answered(
        key in prop_oneof![
            proptest::sample::select(KEYS.iter().map(|i| i.key.to_owned()).collect::<Vec<_>>()),
            "[a-z_.0N]{0,30}",
            Just("optimizer.lr_schedule".to_owned()),
            Just("optimizer.lr_schedule.0".to_owned()),
            Just("model".to_owned()),
        ],
        value in prop_oneof![any::<String>(), "[-\\[\\]{}:,&*!a0.~]{0,12}"],
    ) {
        let set = format!("{key}={value}");
        if let Err(error) = load("model: {rho_min: 0.1}\n", &[&set]) {
            prop_assert!(error.to_string().starts_with("--set "), "{}", error);
        }
    }
}

#[test]
fn digest_tells_configurations_apart() {
    let published = Config::default().digest().unwrap();
    let hex = published.strip_prefix("sha256:").unwrap();
    assert!(
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        "{published}"
    );
    assert_eq!(
        load(BUILT_IN, &[]).unwrap().config.digest().unwrap(),
        published
    );
    assert_eq!(
        load("seed: 42\n", &[]).unwrap().config.digest().unwrap(),
        published
    );
    assert_ne!(
        load("seed: 43\n", &[]).unwrap().config.digest().unwrap(),
        published
    );
    // A key without effect is still part of the configuration.
    assert_ne!(
        load("min_delta: 1\n", &[])
            .unwrap()
            .config
            .digest()
            .unwrap(),
        published
    );
}
