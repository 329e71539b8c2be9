//! One change to the files of a certificate, nothing made consistent again.

use rayon::prelude::*;

use super::*;
use crate::certificate::{export, verify};
use crate::random::{Purpose, Stream, pick};

/// Size in bytes up to which files are flipped byte by byte.
const SMALL_FILE: usize = 1_024;
/// Number of random bytes that are flipped of a larger file.
const FLIPS: u32 = 250;

/// Returns true if the verdict names a file in a reason or a failed check.
fn named(verdict: &Verdict, name: &str) -> bool {
    let foreign = verdict.foreign.iter().any(|reason| reason.contains(name));
    foreign || failed(verdict).iter().any(|check| check.contains(name))
}

#[test]
fn an_untouched_certificate_holds_and_is_small() {
    let made = made();
    let trust = Trust {
        sums_only: false,
        key: Some(&made.pair.public),
    };
    let verdict = checked(&made.files, trust);
    assert_eq!(failed(&verdict), [] as [&str; 0]);
    // It took fewer samples than a certificate must, and that alone is held against it.
    assert_eq!(verdict.failed().count(), 1);
    assert!(verdict.checks.len() > 150);
    assert_eq!(verdict.signature, format!("signed by {}", made.pair.public));
    assert_eq!(verdict.signed_by, Some(made.pair.public.id()));
}

#[test]
fn every_flipped_byte_is_caught_and_its_file_named() {
    let files = &made().files;
    for (name, bytes) in files {
        let places: Vec<usize> = if bytes.len() <= SMALL_FILE {
            (0..bytes.len()).collect()
        } else {
            let stream = Stream::new(11, Purpose::Shuffle, 0, 0);
            let place = |i| pick(stream.uniform(i, 0), bytes.len());
            (0..FLIPS).map(place).collect()
        };
        let missed: Vec<usize> = places
            .par_iter()
            .copied()
            .map_init(
                || files.clone(),
                |tampered, place| {
                    // One bit of each byte, another one at every place.
                    let bit = 1 << (place % 8);
                    tampered.get_mut(name).unwrap()[place] ^= bit;
                    let verdict = sums_only(tampered);
                    tampered.get_mut(name).unwrap()[place] ^= bit;
                    (place, named(&verdict, name))
                },
            )
            .filter(|(_, caught)| !caught)
            .map(|(place, _)| place)
            .collect();
        assert!(
            missed.is_empty(),
            "{name}: flips at {missed:?} were not caught"
        );
    }
}

#[test]
fn a_file_that_is_cut_off_emptied_or_gone_is_named() {
    let files = &made().files;
    for (name, bytes) in files {
        for kept in [bytes.len() / 2, bytes.len() - 1, 0] {
            let mut tampered = files.clone();
            tampered.get_mut(name).unwrap().truncate(kept);
            assert!(named(&sums_only(&tampered), name), "{name} cut to {kept}");
        }
        // An envelope that is gone is a certificate that was never signed: the key misses it.
        let mut tampered = files.clone();
        tampered.remove(name);
        assert!(named(&sums_only(&tampered), name), "{name} removed");
    }
}

#[test]
fn a_signature_that_is_taken_away_is_missed_by_whoever_has_the_key() {
    let made = made();
    let stripped = hashed_again(made.files.clone(), statement(&made.files));
    assert_eq!(failed(&sums_only(&stripped)), [] as [&str; 0]);
    let trust = Trust {
        sums_only: true,
        key: Some(&made.pair.public),
    };
    assert_eq!(failed(&checked(&stripped, trust)), ["signature"]);
    let other = KeyPair::generate().unwrap();
    let trust = Trust {
        sums_only: true,
        key: Some(&other.public),
    };
    let name = format!("signature by {}", other.public);
    assert_eq!(failed(&checked(&made.files, trust)), [name]);
}

#[test]
fn two_files_that_trade_places_are_named() {
    let files = &made().files;
    let names: Vec<&String> = files.keys().collect();
    for (i, a) in names.iter().enumerate() {
        for b in &names[..i] {
            let mut tampered = files.clone();
            tampered.insert((*a).clone(), files[*b].clone());
            tampered.insert((*b).clone(), files[*a].clone());
            let verdict = sums_only(&tampered);
            assert!(named(&verdict, a) && named(&verdict, b), "{a} and {b}");
        }
    }
}

#[test]
fn what_is_added_to_the_folder_is_named_and_the_rest_is_in_order() {
    let files = &made().files;
    let trust = Trust {
        sums_only: true,
        key: None,
    };
    let look = |add: &dyn Fn(&Path)| {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), files);
        add(home.path());
        at_this_scale(verify(home.path(), trust, &|_| {}).unwrap())
    };
    assert_eq!(failed(&look(&|_| {})), [] as [&str; 0]);
    let added: [&dyn Fn(&Path); 2] = [
        &|home| std::fs::write(home.join("extra"), "").unwrap(),
        &|home| std::fs::create_dir(home.join("extra")).unwrap(),
    ];
    for add in added {
        let verdict = look(add);
        assert_eq!(failed(&verdict), [] as [&str; 0]);
        assert!(
            verdict.headline().contains("extra is in the folder"),
            "{}",
            verdict.headline()
        );
    }
    // What the program would make something of is no stranger.
    assert!(named(
        &look(&|home| std::fs::write(home.join("state.json"), "{}").unwrap()),
        "state.json"
    ));
    #[cfg(unix)]
    {
        let link = |home: &Path| {
            let target = home.join("weights.safetensors");
            std::fs::rename(&target, home.join("../moved-weights")).unwrap();
            std::os::unix::fs::symlink("../moved-weights", target).unwrap();
        };
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("evidence");
        std::fs::create_dir(&folder).unwrap();
        write(&folder, files);
        link(&folder);
        let verdict = verify(&folder, trust, &|_| {}).unwrap();
        assert!(
            named(&verdict, "weights.safetensors"),
            "a link is no file of this folder"
        );
    }
}

#[test]
fn a_folder_without_measure_is_not_read_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &made().files);
    let trust = Trust {
        sums_only: true,
        key: None,
    };
    for number in 0..100 {
        std::fs::write(home.path().join(format!("{number}")), "").unwrap();
    }
    // A sparse file: as large as it says only for a program that reads it.
    let sparse = |name: &str| {
        let huge = std::fs::File::create(home.path().join(name)).unwrap();
        huge.set_len(1 << 40).unwrap();
    };
    sparse("huge");
    let verdict = at_this_scale(verify(home.path(), trust, &|_| {}).unwrap());
    assert_eq!(failed(&verdict), [] as [&str; 0]);
    assert!(
        verdict.headline().contains("more than 64 names"),
        "{}",
        verdict.headline()
    );
    assert!(verdict.unchecked.len() < 70);
    for (name, _) in crate::certificate::sums::KNOWN {
        write(home.path(), &made().files);
        sparse(name);
        let verdict = verify(home.path(), trust, &|_| {}).unwrap();
        assert!(named(&verdict, name), "{name}: {}", verdict.headline());
        std::fs::remove_file(home.path().join(name)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_copy_holds_nothing_from_outside_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let (folder, copy) = (home.path().join("evidence"), home.path().join("copy"));
    std::fs::create_dir(&folder).unwrap();
    write(&folder, &made().files);
    std::fs::write(home.path().join("private"), "mine").unwrap();
    std::os::unix::fs::symlink("../private", folder.join("notes.txt")).unwrap();
    let refused = export(&Disk::default(), &folder, &copy).unwrap_err();
    assert!(refused.to_string().contains("notes.txt"), "{refused}");
    assert!(!copy.exists());
    std::fs::remove_file(folder.join("notes.txt")).unwrap();
    export(&Disk::default(), &folder, &copy).unwrap();
    assert_eq!(read(&copy), made().files);
}

#[test]
fn a_file_named_twice_in_the_sums_is_no_canonical_form() {
    let mut files = made().files.clone();
    let text = String::from_utf8(files[SUMS].clone()).unwrap();
    let first = text.lines().next().unwrap();
    files.insert(SUMS.to_owned(), format!("{first}\n{text}").into_bytes());
    assert_eq!(failed(&sums_only(&files)), ["SHA256SUMS: form"]);
}
