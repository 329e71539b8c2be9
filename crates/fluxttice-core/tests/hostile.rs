//! Files and words from anywhere: every reader takes them or says what is wrong, and nothing else happens.
//!
//! Each reader is given valid input, mutated. `FLUXTTICE_FUZZ=10000` sets the number of
//! mutations (a short form by default).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use burn::tensor::DType;
use fluxttice_core::certificate::{PublicKey, SecretKey, Trust, verify};
use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::choose;
use fluxttice_core::disruption::{Disruption, Rule};
use fluxttice_core::experiment::Experiment;
use fluxttice_core::measure::neighbours::LatentPoint;
use fluxttice_core::model::Weights;
use fluxttice_core::run::{Disk, bookmarks, checkpoint, journal, parse_metrics};
use fluxttice_core::space::Operation;
use fluxttice_core::space::query::{Query, complete};
use fluxttice_core::training::Trainer;
use fluxttice_testing::session;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Texts on which readers often fail.
const WORDS: [&str; 30] = [
    "\0",
    "\n",
    "\r\n",
    "\t",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[[[[[[[[",
    "]",
    "((((((((",
    ")",
    "!!!!!!!!",
    " & ",
    " | ",
    ": ",
    "- ",
    "#",
    "null",
    "-1",
    "1e999",
    "NaN",
    "99999999999999999999",
    "0x10",
    "../../x",
    "&a [*a, *a]",
    "\u{202e}",
    "ł💥",
    "\u{feff}",
];

/// A change of some bytes, each at a place that is a share of their length.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, usize),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Cut(Index),
    Move(Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), 1..=255u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (place(), 0..WORDS.len()).prop_map(|(at, word)| Change::Insert(at, word)),
        (place(), 1..40usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (place(), 1..40usize, 1..400usize).prop_map(|(at, n, times)| Change::Repeat(at, n, times)),
        place().prop_map(Change::Cut),
        (place(), place(), 1..200usize).prop_map(|(from, to, n)| Change::Move(from, to, n)),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return bytes.extend_from_slice(b"x");
        }
        let size = bytes.len();
        let piece = |at: &Index, length: usize| {
            let start = at.index(size);
            start..(start + length).min(size)
        };
        match self {
            Self::Flip(at, bits) => bytes[at.index(size)] ^= bits,
            Self::Insert(at, word) => {
                let at = at.index(size);
                bytes.splice(at..at, WORDS[*word].bytes());
            }
            Self::Remove(at, length) => drop(bytes.drain(piece(at, *length))),
            Self::Repeat(at, length, times) => {
                let piece = piece(at, *length);
                let repeated = bytes[piece.clone()].repeat(*times);
                bytes.splice(piece, repeated);
            }
            Self::Cut(at) => bytes.truncate(at.index(size)),
            Self::Move(from, to, length) => {
                let moved: Vec<u8> = bytes.drain(piece(from, *length)).collect();
                let to = to.index(bytes.len() + 1);
                bytes.splice(to..to, moved);
            }
        }
    }
}

/// Gives a reader mutations of valid inputs; an error must say something.
fn survives(reader: &str, valid: &[Vec<u8>], read: impl Fn(&[u8]) -> Result<(), String>) {
    for input in valid {
        let taken = read(input);
        assert!(taken.is_ok(), "{reader}: what is valid is taken: {taken:?}");
    }
    let asked = std::env::var("FLUXTTICE_FUZZ").ok();
    let cases = asked.map_or(400, |asked| asked.parse().unwrap());
    let settings = Cases {
        cases,
        failure_persistence: None,
        ..Cases::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(settings, random);
    let mutated = (0..valid.len(), prop::collection::vec(change(), 1..6));
    let tried = runner.run(&mutated, |(which, changes)| {
        let mut bytes = valid[which].clone();
        for change in &changes {
            change.make(&mut bytes);
        }
        match read(&bytes) {
            Ok(()) => Ok(()),
            Err(problem) if !problem.trim().is_empty() => Ok(()),
            Err(_) => Err(TestCaseError::fail("refused without a word")),
        }
    });
    if let Err(error) = tried {
        panic!("{reader}: {error}");
    }
    println!("{reader}: {cases} mutations");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn told<T>(read: Result<T, impl Display>) -> Result<(), String> {
    read.map(drop).map_err(|error| error.to_string())
}

fn parses<T: FromStr<Err: Display>>(bytes: &[u8]) -> Result<(), String> {
    told(text(bytes).parse::<T>())
}

fn lines(valid: &[&str]) -> Vec<Vec<u8>> {
    valid.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn built_in(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../assets/builtin")
            .join(name),
    )
    .unwrap()
}

/// The first lines of a file of the built-in model.
fn first_lines(name: &str, count: usize) -> Vec<u8> {
    let whole = text(&built_in(name));
    let lines: Vec<&str> = whole.lines().take(count).collect();
    (lines.join("\n") + "\n").into_bytes()
}

#[test]
fn configurations() {
    let files = [
        "ternary_v5_5.yaml",
        "fluxttice.yaml",
        "ternary_v5_5_reproducible.yaml",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let valid = files.map(|name| fs::read(folder.join(name)).unwrap());
    survives("configuration", &valid, |bytes| {
        let source = Source::Text {
            name: "mutated".to_owned(),
            text: text(bytes),
        };
        let taken = Config::load(source, &[]).map_err(|error| error.to_string())?;
        // A value that was accepted can be written, and reads back equal.
        let source = Source::Text {
            name: "written".to_owned(),
            text: taken.config.to_yaml().map_err(|error| error.to_string())?,
        };
        let again = Config::load(source, &[]).unwrap().config;
        assert_eq!(again.digest().unwrap(), taken.config.digest().unwrap());
        Ok(())
    });
    let valid = lines(&[
        "hold.rho=0.5",
        "seed=7",
        "optimizer.lr_schedule=[{epoch: 0, lr: 0.1}]",
    ]);
    survives("override", &valid, |bytes| {
        told(Config::load(Source::BuiltIn, &[text(bytes)]))
    });
}

#[test]
fn what_a_run_wrote() {
    let path = Path::new("mutated");
    let journals = [built_in("journal.jsonl")];
    survives("journal", &journals, |bytes| {
        told(journal::parse(&text(bytes), path))
    });
    let metrics = [first_lines("metrics.jsonl", 3)];
    survives("metrics", &metrics, |bytes| {
        told(parse_metrics(&text(bytes), path))
    });
    survives("weights", &[built_in("weights.safetensors")], |bytes| {
        told(Weights::from_bytes(bytes))
    });
}

/// A small run with an experiment: its folder, and the experiment's file.
fn run(home: &Path) -> (PathBuf, PathBuf) {
    use fluxttice_core::experiment::{Trial, run};
    use fluxttice_core::run::Disk;

    let folder = home.join("run");
    let config = session::config(&[]);
    let mut watched = session::Watched::train(session::new_run(&folder, &config, Some(1)));
    watched.ended();
    watched.leave().0.unwrap();
    let trial = Trial {
        run: folder.clone(),
        epoch: 1,
        batch: 0,
        disruption: "beta-b".parse().unwrap(),
        horizon: 6,
        repetitions: 1,
    };
    let chosen = choose("cpu".parse().unwrap()).unwrap();
    let found = run(&trial, &chosen, 1, &|_| true).unwrap();
    let file = found.save(&Disk::default(), &folder).unwrap();
    (folder, file)
}

#[test]
fn checkpoints_experiments_and_bookmarks() {
    let home = tempfile::tempdir().unwrap();
    let (run, experiment) = run(home.path());
    let checkpoint = run.join("checkpoints/epoch-0000");
    let config = session::config(&[]);
    let digest = config.digest().unwrap();
    let device = choose("cpu".parse().unwrap()).unwrap().device;
    for name in ["state.json", "optimizer.bpk", "weights.safetensors"] {
        let path = checkpoint.join(name);
        let whole = fs::read(&path).unwrap();
        survives(name, std::slice::from_ref(&whole), |bytes| {
            fs::write(&path, bytes).unwrap();
            let taken = checkpoint::load(&checkpoint, &digest);
            let snapshot = taken.map_err(|error| error.to_string())?;
            // A state that was accepted can be continued, for a step at least.
            let mut trainer = Trainer::resume(&config, snapshot, &device, DType::F32)?;
            told(trainer.advance())
        });
        fs::write(&path, whole).unwrap();
    }
    let whole = fs::read(&experiment).unwrap();
    survives("experiment", &[whole], |bytes| {
        fs::write(&experiment, bytes).unwrap();
        told(Experiment::read(&experiment))
    });
    let path = home.path().join("bookmarks.yaml");
    let valid = lines(&["- place: min\n  note: here\n- place: min + 0.3*z7\n"]);
    survives("bookmarks", &valid, |bytes| {
        fs::write(&path, bytes).unwrap();
        told(bookmarks::read(&path))
    });
}

#[test]
fn keys_and_certificates() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("key.pem");
    let pair = fluxttice_core::certificate::KeyPair::generate().unwrap();
    let (secret, public) = (home.path().join("s.pem"), home.path().join("p.pem"));
    pair.save(&Disk::default(), &secret, &public).unwrap();
    survives("secret key", &[fs::read(&secret).unwrap()], |bytes| {
        fs::write(&path, bytes).unwrap();
        told(SecretKey::load(&path))
    });
    survives("public key", &[fs::read(&public).unwrap()], |bytes| {
        fs::write(&path, bytes).unwrap();
        told(PublicKey::load(&path))
    });
    // A small certificate: anyone can write the statement and the sums as they like.
    let folder = home.path().join("certificate");
    fs::create_dir(&folder).unwrap();
    let names = [
        "certificate.json",
        "SHA256SUMS",
        "config.yaml",
        "journal.jsonl",
    ];
    for name in names {
        fs::write(folder.join(name), built_in(name)).unwrap();
    }
    fs::write(
        folder.join("metrics.jsonl"),
        first_lines("metrics.jsonl", 2),
    )
    .unwrap();
    let trust = Trust {
        sums_only: true,
        key: None,
    };
    for name in names {
        let whole = built_in(name);
        survives(
            &format!("certificate, {name}"),
            std::slice::from_ref(&whole),
            |bytes| {
                fs::write(folder.join(name), bytes).unwrap();
                let verdict = verify(&folder, trust, &|_| {}).map_err(|error| error.to_string())?;
                assert!(!verdict.ok(), "files are missing: it never holds");
                Ok(())
            },
        );
        fs::write(folder.join(name), whole).unwrap();
    }
}

#[test]
fn words() {
    survives(
        "operation",
        &lines(&["min", "15633", "----00-0+", "-1,-1,-1,-1,0,0,-1,0,1"]),
        parses::<Operation>,
    );
    let expressions = [
        "commutative & !associative & entropy > 1",
        "(like(0??-?????) | orbit(min)) & zeros <= 3",
        "preserves(+0-) & hamming(max) != 4",
    ];
    survives("expression", &lines(&expressions), |bytes| {
        let text = text(bytes);
        for cursor in 0..=text.len() {
            complete(&text, cursor);
        }
        told(text.parse::<Query>())
    });
    let places = [
        "min + max - product",
        "0.5*min + 0.5*max",
        "mean(commutative & !monotone) + 0.3*z7",
    ];
    survives("place", &lines(&places), parses::<LatentPoint>);
    survives(
        "disruption",
        &lines(&["beta-b:amplitude=0.2,epochs=5,shape=decay"]),
        parses::<Disruption>,
    );
    let rules = [
        "when argmax gains less than 0.2 in 3 epochs then beta-b:epochs=2",
        "when argmax-b below 60 for 2 epochs then latent-noise:amplitude=0.3",
    ];
    survives("rule", &lines(&rules), parses::<Rule>);
}

#[test]
fn depth_and_size_are_bounded() {
    let deep =
        |open: &str, close: &str| format!("{}min{}", open.repeat(100_000), close.repeat(100_000));
    for text in [
        deep("(", ")"),
        deep("!", ""),
        deep("hamming(", ")"),
        deep("mean(", ")"),
        deep("-", ""),
    ] {
        assert!(text.parse::<Query>().is_err());
        assert!(text.parse::<LatentPoint>().is_err());
        assert!(text.parse::<Rule>().is_err());
    }
    let laughs = (1..60)
        .map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1))
        .collect::<Vec<_>>()
        .concat();
    for text in [
        format!("a0: &a0 [1]\n{laughs}"),
        "[".repeat(100_000),
        "a: {".repeat(100_000),
    ] {
        let name = "deep".to_owned();
        assert!(Config::load(Source::Text { name, text }, &[]).is_err());
    }
    let line = format!("{}\n", "[".repeat(1_000_000));
    assert!(journal::parse(&line, Path::new("deep")).is_err());
    assert!(parse_metrics(&line, Path::new("deep")).is_err());
}
