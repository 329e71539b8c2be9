//! The trash: files that are not this program's never get into it and are never removed for good.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use crate::program::{Home, names};

impl Home {
    fn delete(&self, run: &str, flags: &str) -> crate::program::Ran {
        self.runs(&format!(
            "delete {} --yes {flags}",
            self.path(run).display()
        ))
    }
}

#[test]
fn names_that_others_give_are_not_taken_for_leftovers() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    let theirs = [
        ".photos.2023-08.old",
        ".backup.2024-12.tmp",
        ".notes.2024-12.old",
    ];
    let long_ago = SystemTime::now() - Duration::from_hours(72);
    for folder in ["", "results", "run"] {
        fs::create_dir_all(home.path(folder)).unwrap();
        for name in theirs {
            let path = home.path(folder).join(name);
            fs::write(&path, "precious").unwrap();
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(long_ago).unwrap();
        }
    }
    let (run, result) = (home.path("run"), home.path("results/figures.csv"));
    let asked = format!("export {} --out {}", run.display(), result.display());
    home.runs(&asked).exits(0);
    home.resume("run", "--epochs 1").exits(0);
    home.train("other", "--epochs 1").exits(0);
    for folder in ["", "results", "run"] {
        for name in theirs {
            assert!(home.path(folder).join(name).exists(), "{folder}/{name}");
        }
    }
}

#[test]
fn nothing_but_runs_leaves_the_trash_for_good() {
    let home = Home::new();
    let purge = |name: &str| home.delete(name, "--purge");
    fs::create_dir_all(home.path("place/.fluxttice-trash/2020/thesis")).unwrap();
    home.file("place/.fluxttice-trash/2020/thesis/thesis.tex", "years");
    purge("place/thesis").exits(3);
    assert!(
        home.path("place/.fluxttice-trash/2020/thesis/thesis.tex")
            .exists()
    );

    home.train("place/run", "--epochs 1").exits(0);
    home.delete("place/run", "").exits(0);
    let trash = home.path("place/.fluxttice-trash");
    let time = names(&trash)
        .into_iter()
        .find(|name| name != "2020")
        .unwrap();
    let letter = trash.join(&time).join("run/letter.txt");
    fs::write(&letter, "dear").unwrap();
    purge("place/run")
        .exits(3)
        .says_only(&["letter.txt", "move it away"]);
    fs::remove_file(letter).unwrap();

    // Half made: it is another process's, or what it holds is still to be put back.
    let entry = trash.join(&time);
    let half_made = trash.join(format!(".{time}.0123abcd-1-1-0.tmp"));
    fs::rename(&entry, &half_made).unwrap();
    fs::write(half_made.join("run/thesis.tex"), "years").unwrap();
    for command in ["delete --yes --purge", "restore"] {
        let asked = format!("{command} {}", home.path("place/run").display());
        home.runs(&asked).exits(3).says_only(&["another process"]);
    }
    let listed = home.runs(&format!("trash {}", home.path("place").display()));
    assert!(listed.exits(0).stdout.contains("on its way to the trash"));
    fs::remove_file(half_made.join("run/thesis.tex")).unwrap();
    fs::rename(&half_made, &entry).unwrap();

    let linked = home.path("linked");
    fs::create_dir(&linked).unwrap();
    symlink(&trash, linked.join(".fluxttice-trash")).unwrap();
    purge("linked/run").exits(3).says_only(&["is a link"]);
    assert!(entry.exists());
    purge("place/run").exits(0);
    assert!(!entry.exists());
}

#[test]
fn a_name_is_purged_wherever_it_is() {
    let home = Home::new();
    home.train("kept", "--epochs 1").exits(0);
    for _ in 0..2 {
        home.copied("kept", "run", "-a");
        home.delete("run", "").exits(0);
    }
    home.copied("kept", "run", "-a");
    home.delete("run", "--purge").exits(0);
    assert_eq!(
        names(home.path("").as_path())
            .iter()
            .filter(|name| *name != "data")
            .count(),
        1
    );
}

#[test]
fn nothing_is_taken_back_through_a_link_or_a_file() {
    let home = Home::new();
    home.train("run", "--epochs 1").exits(0);
    home.delete("run", "").exits(0);
    let (run, elsewhere) = (home.path("run"), home.path("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    let restore = || home.runs(&format!("restore {}", run.display()));
    symlink(&elsewhere, &run).unwrap();
    restore().exits(3).says_only(&["a link is in the way"]);
    assert!(names(&elsewhere).is_empty());
    fs::remove_file(&run).unwrap();
    fs::write(&run, "").unwrap();
    restore()
        .exits(3)
        .says_only(&["a plain file is in the way"]);
    fs::remove_file(&run).unwrap();
    restore().exits(0);
    home.resume("run", "--epochs 1").exits(0);
}
