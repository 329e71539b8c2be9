//! Checks that the targets of links and the files that the documents name exist.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

fn documents() -> Vec<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![home.join("docs"), home.join("assets")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|name| home.join(name)));
    found
}

/// Texts between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open)
        .skip(1)
        .filter_map(move |rest| rest.split_once(close))
        .map(|(inner, _)| inner)
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|title| {
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in between(&text, "](", ')') {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            let place = document.display();
            assert!(target.exists(), "{place}: {link}");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(
                    there.iter().any(|one| one == anchor),
                    "{place}: {link}: {there:?}"
                );
            }
            links += 1;
        }
    }
    assert!(links > 20, "{links} links were found");
}

#[test]
fn every_file_that_is_named_is_there() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ours = [
        "src/", "crates/", "tests/", "docs/", "benches/", "configs/", "assets/", ".ci/",
    ];
    let mut named = 0;
    for document in documents() {
        if document.ends_with("CHANGELOG.md") {
            continue;
        }
        let text = fs::read_to_string(&document).unwrap();
        for line in text.lines() {
            for path in line.split('`').skip(1).step_by(2) {
                if ours.iter().any(|folder| path.starts_with(folder)) {
                    assert!(home.join(path).exists(), "{}: {path}", document.display());
                    named += 1;
                }
            }
        }
    }
    assert!(named > 20, "{named} files were found");
}

#[test]
fn the_readme_can_be_finished() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let words = fs::read_to_string(readme)
        .unwrap()
        .split_whitespace()
        .count();
    assert!(words <= 1_500, "{words} words");
}
