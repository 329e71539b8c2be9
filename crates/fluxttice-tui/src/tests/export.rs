//! What is on the screen as files.
use fluxttice_core::plot::Drawing;
use fluxttice_core::session::{Content, JobRequest, QuickJob};
use fluxttice_core::vae::Scope;

use crate::panes::neighbours::ColorBy;
use crate::panes::neighbours::tests::operations::{explored, find};
use crate::testing::*;

/// Writes the file with this place in the dialog: its name and what it holds.
fn export(app: &mut App, key: char, place: usize) -> (String, Content) {
    press(app, KeyCode::Char(key));
    for _ in 0..place {
        press(app, KeyCode::Down);
    }
    app.take_job_requests();
    press(app, KeyCode::Enter);
    assert!(app.dialog.is_none());
    let asked = app.take_job_requests();
    match &asked[..] {
        [JobRequest::Quick(QuickJob::Write { content, to })] => {
            (to.display().to_string(), content.clone())
        }
        other => panic!("{other:?}"),
    }
}

fn text((name, content): (String, Content)) -> (String, String) {
    match content {
        Content::Text(text) => (name, text),
        other => panic!("{other:?}"),
    }
}

fn drawing((name, content): (String, Content)) -> (String, Drawing) {
    match content {
        Content::Picture(drawing) => (name, *drawing),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_are_written_as_they_are_shown() {
    let mut app = fixtures::live(120, 40);
    press(&mut app, KeyCode::Char('3'));
    find(&mut app, "commutative & idempotent");
    press(&mut app, KeyCode::Char('x'));
    insta::assert_snapshot!("export", picture(&app, 80, 24));
    press(&mut app, KeyCode::Esc);
    let listed = app.panes.neighbours.around.found().near.neighbours.clone();
    let (name, csv) = text(export(&mut app, 'x', 0));
    assert_eq!(name, "near-min-a-euclidean.csv");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(
        rows[0],
        "rank,operation,trits,name,distance,hamming,hamming_rank"
    );
    assert_eq!(rows.len(), 1 + listed.len());
    let first = listed[0];
    assert!(rows[1].starts_with(&format!("{},{},", first.rank, first.operation.index())));
    let (name, json) = text(export(&mut app, 'x', 1));
    assert_eq!(name, "near-min-a-euclidean.json");
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read.as_array().unwrap().len(), listed.len());
    assert_eq!(read[0]["distance"], first.distance);

    press(&mut app, KeyCode::Char('2'));
    let (name, csv) = text(export(&mut app, 'x', 0));
    assert_eq!(name, "selected-commutative-idempotent.csv");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 1 + 27);
    let min = rows.iter().find(|row| row.contains(",min,")).unwrap();
    assert!(min.starts_with("15633,----00-0+,min,"), "{min}");

    press(&mut app, KeyCode::Char('1'));
    let (_, csv) = text(export(&mut app, 'x', 0));
    assert_eq!(csv.lines().count(), 1 + app.shared.run().records.len());
    press(&mut app, KeyCode::Char('6'));
    let (_, json) = text(export(&mut app, 'x', 1));
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        read.as_array().unwrap().len(),
        app.panes.log.visible().count()
    );
}

/// Every colour of a picture in which something is drawn, as SVG writes them.
fn colours(svg: &str) -> std::collections::BTreeSet<&str> {
    svg.split("fill=\"#")
        .skip(1)
        .filter_map(|rest| rest.get(..6))
        .collect()
}

#[test]
fn pictures_hold_what_is_on_the_screen() {
    let mut app = explored();
    app.set_size(160, 45);
    press(&mut app, KeyCode::Char('2'));
    let (name, map) = drawing(export(&mut app, 'x', 2));
    assert_eq!(name, "built-in-model-map.svg");
    let Drawing::Cells(cells) = &map else {
        panic!("{name}");
    };
    // The counts of the legend are those of the cells, and all operations are there.
    assert_eq!(cells.cells.len(), 19_683);
    for (place, (words, _)) in cells.heading.legend.iter().enumerate() {
        let count = cells.cells.iter().filter(|cell| **cell == place).count();
        let count = crate::format::thousands(count as u64);
        assert!(words.ends_with(&format!(": {count}")), "{words}");
    }
    let svg = String::from_utf8(map.bytes("svg").unwrap()).unwrap();
    assert!(
        svg.contains("seed 42") && svg.contains("argmax, N 50,000"),
        "{}",
        &svg[..2_000]
    );
    assert!(colours(&svg).len() >= 4);

    type_text(&mut app, "3vv");
    assert_eq!(app.panes.neighbours.planes.color_by, ColorBy::Zeros);
    let (name, planes) = drawing(export(&mut app, 'x', 3));
    assert_eq!(name, "built-in-model-plane-built-in-model.png");
    let Drawing::Points(points) = &planes else {
        panic!("{name}");
    };
    assert_eq!(points.planes.len(), 2);
    for (plane, space) in points.planes.iter().zip([Scope::A, Scope::B]) {
        assert_eq!(plane.points.len(), 19_683);
        assert_eq!(plane.rings.len(), 10);
        let min = app.panes.neighbours.planes.of(space).unwrap().points[15_633];
        assert_eq!(plane.named, Some((min, "min".to_owned())));
    }
    let png = planes.bytes("png").unwrap();
    assert!(png.starts_with(b"\x89PNG"));

    press(&mut app, KeyCode::Char('1'));
    let (_, charts) = drawing(export(&mut app, 'x', 2));
    let Drawing::Curves(curves) = &charts else {
        panic!("charts");
    };
    assert_eq!(curves.panels.len(), 10);
    let svg = String::from_utf8(charts.bytes("svg").unwrap()).unwrap();
    assert!(svg.contains("coverage by argmax, N 50,000"));
}

#[test]
fn runs_and_experiments_are_written_with_their_charts() {
    let mut app = crate::panes::runs::tests::runs(120, 40);
    let (name, csv) = text(export(&mut app, 'e', 0));
    assert!(name.ends_with("figures.csv"), "{name}");
    assert!(csv.starts_with("epoch,phase,rho,"), "{csv}");
    let (_, charts) = drawing(export(&mut app, 'e', 2));
    let Drawing::Curves(run) = &charts else {
        panic!("charts");
    };
    assert!(charts.bytes("svg").is_ok() && !run.panels.is_empty());

    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    let (name, content) = export(&mut app, 'e', 0);
    let Content::File(from) = content else {
        panic!("{name}");
    };
    assert!(name.ends_with(".json"), "{name}");
    assert_eq!(from.parent().unwrap().file_name().unwrap(), "experiments");
    let (_, charts) = drawing(export(&mut app, 'e', 1));
    let svg = String::from_utf8(charts.bytes("svg").unwrap()).unwrap();
    for words in ["without", "no difference", "95 % interval"] {
        assert!(svg.contains(words), "{words}");
    }
}
