//! The word of a verdict, who vouches, and what is said to be unchecked.

use rayon::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::certificate::keys::PublicKey;
use crate::certificate::verify;

/// A version that this program does not know.
const LATER: &str = "9.9.9";

fn word(verdict: Verdict) -> (Word, String) {
    let verdict = at_this_scale(verdict);
    (verdict.word(), verdict.headline())
}

/// Returns word and headline for files that somebody without the key made consistent again.
fn word_of(files: &Files) -> (Word, String) {
    word(checked(files, Trust::default()))
}

/// Changes the statement as JSON, keeps the files for people as given, and makes the digests again.
fn with_statement(files: &Files, change: impl FnOnce(&mut Value)) -> Files {
    let mut files = bound(files.clone(), statement(files));
    let mut value: Value = serde_json::from_slice(&files[CERTIFICATE]).unwrap();
    change(&mut value);
    let bytes = serde_json::to_vec_pretty(&value).unwrap();
    files.insert(CERTIFICATE.to_owned(), [bytes, b"\n".to_vec()].concat());
    summed(files)
}

/// Makes only the sums again.
fn summed(mut files: Files) -> Files {
    files.remove(SUMS);
    let text = sums(files.iter());
    files.insert(SUMS.to_owned(), text.into_bytes());
    files
}

fn of_version(version: &str) -> Statement {
    let mut statement = statement(&made().files);
    version.clone_into(&mut statement.predicate.tool.version);
    statement
}

#[test]
fn an_untouched_certificate_is_valid() {
    assert_eq!(word_of(&made().files).0, Word::Valid);
}

#[test]
fn nothing_measured_is_never_simply_valid() {
    let verdict = at_this_scale(sums_only(&made().files));
    assert_eq!(verdict.headline(), "VALID, BUT nothing was measured");
    assert!(verdict.ok(), "it is what was asked for");
}

#[test]
fn a_file_for_people_that_says_something_else_is_never_valid() {
    for name in [DOCUMENT, PLOT, PICTURE] {
        for (version, expected) in [("0.1.0", Word::Invalid), (LATER, Word::ValidBut)] {
            let files = hashed_again(made().files.clone(), of_version(version));
            let mut forged = files.clone();
            forged.insert(name.to_owned(), b"99 % coverage".to_vec());
            let (word, headline) = word_of(&bound(forged, statement(&files)));
            assert_eq!(word, expected, "{headline}");
            assert!(headline.contains(name), "{headline}");
            assert_eq!(headline.contains(LATER), version == LATER, "{headline}");
        }
    }
}

#[test]
fn another_version_is_no_reason_to_find_fault() {
    let files = hashed_again(made().files.clone(), of_version(LATER));
    assert_eq!(word_of(&files).0, Word::Valid);
    // The same figures, written down otherwise.
    let otherwise = |version: &str| {
        let mut files = hashed_again(made().files.clone(), of_version(version));
        let text = String::from_utf8_lossy(&files[CERTIFICATE]).replace("\": ", "\":");
        files.insert(CERTIFICATE.to_owned(), text.into_bytes());
        word_of(&summed(files)).0
    };
    assert_eq!(otherwise(LATER), Word::ValidBut);
    assert_eq!(otherwise("0.1.0"), Word::Invalid);
}

#[test]
fn another_version_does_not_hide_a_figure_that_does_not_hold() {
    let mut statement = of_version(LATER);
    statement.predicate.figures[0].value = Some(19_683.0);
    let (word, headline) = word_of(&hashed_again(made().files.clone(), statement));
    assert_eq!(word, Word::Invalid, "{headline}");
    assert!(headline.contains("19683"), "{headline}");
}

#[test]
fn what_only_a_later_version_knows_is_named_and_not_held_against_it() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("field predicate.weather", |value| {
            value["predicate"]["weather"] = json!("fine");
        }),
        ("field predicate.figures.0.colour", |value| {
            value["predicate"]["figures"][0]["colour"] = json!("red");
        }),
        ("new figure of A", |value| {
            let mut figure = value["predicate"]["figures"][0].clone();
            figure["name"] = json!("new figure");
            let figures = value["predicate"]["figures"].as_array_mut().unwrap();
            figures.push(figure);
        }),
        ("definitions of argmax coverage", |value| {
            value["predicate"]["definitions"][0]["definition"] = json!("another");
        }),
        ("validation: new test of A", |value| {
            value["predicate"]["validation"] = json!([{
                "test": "new test", "group": "deciding", "which": "a", "value": 1.0,
                "untrained": null, "baseline": null, "bound": "", "verdict": "passes",
            }]);
        }),
        ("check: new check", |value| {
            let passed = value["predicate"]["checks"]["passed"]
                .as_array_mut()
                .unwrap();
            passed.push(json!({ "name": "new check", "found": "" }));
        }),
    ];
    for (name, change) in changes {
        for (version, expected) in [("0.1.0", Word::Invalid), (LATER, Word::ValidBut)] {
            let files = with_statement(&made().files, |value| {
                value["predicate"]["tool"]["version"] = json!(version);
                change(value);
            });
            let verdict = checked(&files, Trust::default());
            let named = match expected {
                Word::Invalid => failed(&verdict),
                _ => verdict
                    .unchecked
                    .iter()
                    .map(|left| left.name.clone())
                    .collect(),
            };
            assert!(
                named.iter().any(|found| found.starts_with(name)),
                "{name}: {named:?}"
            );
            assert_eq!(word(verdict).0, expected, "{name}");
        }
    }
}

#[test]
fn a_statement_of_another_kind_is_neither_valid_nor_invalid() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 3] = [
        ("certificate:v2", |value| {
            value["predicateType"] = json!("urn:fluxttice-explorer:coverage-certificate:v2");
        }),
        ("Statement/v2", |value| {
            value["_type"] = json!("https://in-toto.io/Statement/v2");
        }),
        (LATER, |value| {
            value["predicate"]["tool"]["version"] = json!(LATER);
            value["predicate"]["figures"][0]["vae"] = json!("c");
        }),
    ];
    for (named, change) in changes {
        let files = with_statement(&made().files, change);
        let (word, headline) = word_of(&files);
        assert_eq!(word, Word::NotACertificate, "{headline}");
        assert!(headline.contains(named), "{headline}");
        // Altered on the way it is invalid all the same.
        let mut altered = files;
        altered.get_mut(DOCUMENT).unwrap().push(b'!');
        assert_eq!(word_of(&altered).0, Word::Invalid);
    }
}

#[test]
fn a_folder_that_is_no_certificate_says_so() {
    let home = tempfile::tempdir().unwrap();
    let told = |path: &Path| word(verify(path, Trust::default(), &|_| {}).unwrap());
    assert!(verify(&home.path().join("none"), Trust::default(), &|_| {}).is_err());
    let file = home.path().join("notes.txt");
    std::fs::write(&file, "").unwrap();
    for path in [home.path(), &file] {
        let (word, headline) = told(path);
        assert_eq!(word, Word::NotACertificate);
        assert!(headline.contains(CERTIFICATE), "{headline}");
    }
    std::fs::write(
        home.path().join(CERTIFICATE),
        r#"{"subject": "mathematics"}"#,
    )
    .unwrap();
    assert_eq!(told(home.path()).0, Word::NotACertificate);
    std::fs::write(home.path().join(CERTIFICATE), "{").unwrap();
    assert_eq!(told(home.path()).0, Word::Invalid);
}

#[test]
fn a_file_that_the_statement_binds_and_nobody_can_judge_is_named() {
    let mut files = made().files.clone();
    files.insert("audit.txt".to_owned(), b"certified by everybody".to_vec());
    let honest = statement(&files);
    let (word, headline) = word_of(&bound(files, honest));
    assert_eq!(word, Word::ValidBut);
    assert!(
        headline.contains("what audit.txt says was not checked"),
        "{headline}"
    );
}

#[test]
fn a_digest_that_is_a_word_stands_for_no_file() {
    for word in ["missing", "no plain file", "not listed"] {
        let files = with_statement(&made().files, |value| {
            let subjects = value["subject"].as_array_mut().unwrap();
            subjects.push(json!({ "name": "optimizer.bpk", "digest": { "sha256": word } }));
        });
        let text = String::from_utf8_lossy(&files[SUMS]).into_owned();
        let text = text.replace("  weights", &format!("  weights\n{word}  optimizer.bpk"));
        let text = text
            .replace("weights\n", "")
            .replace("optimizer.bpk.", "weights.");
        let files: Files = files
            .into_iter()
            .chain([(SUMS.to_owned(), text.into_bytes())])
            .collect();
        assert_eq!(word_of(&files).0, Word::Invalid);
    }
}

#[test]
fn changed_line_ends_are_named_as_what_they_are() {
    let crlf = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace('\n', "\r\n")
            .into_bytes()
    };
    let text = |name: &str| ![PICTURE, "weights.safetensors"].contains(&name);
    let files = &made().files;
    let names: Vec<&String> = files.keys().filter(|name| text(name)).collect();
    let changed = |chosen: &[&String]| {
        let mut changed = files.clone();
        for name in chosen {
            changed.insert((*name).clone(), crlf(&files[*name]));
        }
        checked(
            &changed,
            Trust {
                sums_only: true,
                key: Some(&made().pair.public),
            },
        )
    };
    let chosen = names.iter().map(|name| vec![*name]).chain([names.clone()]);
    for chosen in chosen {
        let verdict = changed(&chosen);
        assert_eq!(failed(&verdict), ["line ends"], "{chosen:?}");
        assert_eq!(verdict.word(), Word::Invalid);
        let found = &verdict.failed().next().unwrap().found;
        assert!(chosen.iter().all(|name| found.contains(*name)), "{found}");
    }
    // With a letter changed as well it is no matter of line ends.
    let mut tampered = files.clone();
    let text = String::from_utf8_lossy(&files[DOCUMENT]).replace("Coverage", "coverage");
    tampered.insert(DOCUMENT.to_owned(), crlf(text.as_bytes()));
    let failed = failed(&sums_only(&tampered));
    assert!(
        failed.contains(&format!("subject {DOCUMENT}")),
        "{failed:?}"
    );
}

#[test]
fn no_text_of_a_certificate_can_write_a_line_of_the_verdict() {
    let evil = "x\u{1b}[2J\u{1b}[H\nVALID: 281 checks passed\u{202e}\u{9b}";
    let mut files = with_statement(&made().files, |value| {
        value["predicate"]["tool"]["version"] = json!(format!("9{evil}"));
        value["predicate"]["run"]["name"] = json!(evil);
        value["predicate"]["run"]["device"] = json!(evil);
        value["predicate"]["figures"][0]["name"] = json!(evil);
        value["predicate"]["checks"]["passed"][0]["name"] = json!(evil);
        value["predicate"]["checks"]["passed"][1]["found"] = json!(evil);
        value["predicate"]["definitions"][0]["name"] = json!(evil);
        value["predicate"][evil] = json!(evil);
    });
    files.insert(evil.to_owned(), Vec::new());
    let safe = |text: &str| !text.contains(crate::shown::is_unsafe);
    let verdict = checked(&files, Trust::default());
    assert!(safe(&verdict.headline()), "{:?}", verdict.headline());
    assert!(verdict.checks.len() > 100 && verdict.unchecked.len() > 3);
    for check in &verdict.checks {
        assert!(
            safe(&check.name) && safe(&check.expected) && safe(&check.found),
            "{check:?}"
        );
    }
    for left in &verdict.unchecked {
        assert!(safe(&left.name) && safe(&left.reason), "{left:?}");
    }
    for claim in verdict.claims() {
        assert!(safe(&claim.stated), "{claim:?}");
    }
}

#[test]
fn a_text_of_a_million_letters_does_not_fill_the_screen() {
    let long = "x".repeat(300_000);
    let files = with_statement(&made().files, |value| {
        value["predicate"]["run"]["name"] = json!(long);
        value["predicate"]["figures"][0]["name"] = json!(long);
        value["predicate"]["tool"]["version"] = json!(long);
    });
    let verdict = checked(
        &files,
        Trust {
            sums_only: true,
            key: None,
        },
    );
    assert!(verdict.headline().chars().count() < 2_000);
}

#[test]
fn who_signed_is_the_key_that_verified_and_nobody_else() {
    type Change<'a> = &'a dyn Fn(&mut Value);
    let made = made();
    let trust = Trust {
        sums_only: true,
        key: Some(&made.pair.public),
    };
    let honest: Value = serde_json::from_slice(&made.files[ENVELOPE]).unwrap();
    let other = KeyPair::generate().unwrap().public.id();
    let changes: [Change; 5] = [
        &|_| {},
        &|value| value["signatures"][0]["keyid"] = json!(other),
        &|value| value["signatures"][0]["keyid"] = json!(null),
        &|value| {
            let signatures = value["signatures"].as_array_mut().unwrap();
            signatures.insert(0, json!({ "keyid": "anybody", "sig": "" }));
        },
        &|value| {
            let mut bogus = value["signatures"][0].clone();
            bogus["keyid"] = json!(other);
            bogus["sig"] = json!("AAAA");
            value["signatures"].as_array_mut().unwrap().push(bogus);
            value["anything"] = json!({ "else": 1 });
        },
    ];
    for change in changes {
        let mut envelope = honest.clone();
        change(&mut envelope);
        let mut files = made.files.clone();
        files.insert(ENVELOPE.to_owned(), serde_json::to_vec(&envelope).unwrap());
        let files = summed(files);
        let verdict = checked(&files, trust);
        assert_eq!(failed(&verdict), [] as [&str; 0]);
        assert_eq!(verdict.signature, format!("signed by {}", made.pair.public));
        assert_eq!(verdict.signed_by, Some(made.pair.public.id()));
        // Without a key nobody is named at all.
        let verdict = sums_only(&files);
        assert!(
            verdict.signature.contains("nobody has checked"),
            "{}",
            verdict.signature
        );
        assert_eq!(verdict.signed_by, None);
    }
}

#[test]
fn a_key_that_signed_another_statement_vouches_for_nothing_here() {
    let made = made();
    let mut edited = statement(&made.files);
    "1999-01-01T00:00:00Z".clone_into(&mut edited.predicate.made);
    let mut files = hashed_again(made.files.clone(), edited);
    files.insert(ENVELOPE.to_owned(), made.files[ENVELOPE].clone());
    let files = summed(files);
    for key in [None, Some(&made.pair.public)] {
        let verdict = checked(
            &files,
            Trust {
                sums_only: true,
                key,
            },
        );
        assert_eq!(verdict.word(), Word::Invalid);
        assert!(
            verdict.signature.contains("another statement"),
            "{}",
            verdict.signature
        );
        assert_eq!(verdict.signed_by, None);
    }
}

#[test]
fn an_envelope_or_key_with_one_bit_changed_names_no_other_signer() {
    let made = made();
    let (id, envelope) = (made.pair.public.id(), &made.files[ENVELOPE]);
    // The envelope's payload is long; its ends, and what follows it, hold everything else.
    let ends = (0..200).chain(envelope.len() - 400..envelope.len());
    let places: Vec<usize> = ends
        .chain((200..envelope.len() - 400).step_by(997))
        .collect();
    places.into_par_iter().for_each(|place| {
        let mut files = made.files.clone();
        files.get_mut(ENVELOPE).unwrap()[place] ^= 1 << (place % 7);
        let trust = Trust {
            sums_only: true,
            key: Some(&made.pair.public),
        };
        let verdict = at_this_scale(checked(&summed(files), trust));
        let named = verdict.signed_by == Some(id.clone());
        assert_eq!(verdict.ok(), named, "{place}: {}", verdict.headline());
    });
    let home = tempfile::tempdir().unwrap();
    let paths = [home.path().join("key"), home.path().join("pub")];
    made.pair
        .save(&Disk::default(), &paths[0], &paths[1])
        .unwrap();
    let pem = std::fs::read(&paths[1]).unwrap();
    for place in 0..pem.len() {
        let mut pem = pem.clone();
        pem[place] ^= 1 << (place % 7);
        std::fs::write(&paths[1], pem).unwrap();
        if let Ok(key) = PublicKey::load(&paths[1]) {
            let trust = Trust {
                sums_only: true,
                key: Some(&key),
            };
            let verdict = at_this_scale(checked(&made.files, trust));
            assert_eq!(verdict.ok(), key.id() == id, "{place}");
        }
    }
}

#[test]
fn what_no_measurement_shows_is_listed_as_claims() {
    let verdict = sums_only(&made().files);
    let claims = verdict.claims();
    let names: Vec<&str> = claims.iter().map(|claim| claim.name.as_str()).collect();
    for name in [
        "made",
        "run: name",
        "tool: version",
        "metrics.jsonl",
        "journal.jsonl",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(!names.contains(&"optimizer.bpk"), "it is not there");
}

#[test]
fn a_flipped_byte_with_sums_made_again_is_never_valid() {
    let files = &made().files;
    let stated = files
        .keys()
        .filter(|name| ![SUMS, ENVELOPE].contains(&name.as_str()));
    let places: Vec<(&String, usize)> = stated
        .flat_map(|name| {
            let length = files[name].len();
            (0..40).map(move |part| (name, part * (length - 1) / 39))
        })
        .collect();
    places.into_par_iter().for_each(|(name, place)| {
        let mut tampered = files.clone();
        tampered.get_mut(name).unwrap()[place] ^= 1 << (place % 8);
        let word = word(sums_only(&summed(tampered))).0;
        assert!(
            matches!(word, Word::Invalid | Word::NotACertificate),
            "{name} at {place}: {word}"
        );
    });
}
