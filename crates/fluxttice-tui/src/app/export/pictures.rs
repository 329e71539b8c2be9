//! The picture in front as data to be drawn elsewhere.

use fluxttice_core::measure::neighbours::Space;
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::plot::{
    Cells, Curve, Curves, Dash, Drawing, Heading, Ink, Panel, Plane, Points,
};
use fluxttice_core::space::Operation;

use super::Named;
use crate::app::{App, COLUMNS, Cover, LIKELIHOODS, Look, Paint, Row, Tab, Window};
use crate::chart::{Chart, Reference, Series, Stroke};
use crate::format::{percent, thousands};
use crate::theme::Role;
use crate::view;

/// Okabe and Ito's colours, told apart by colour-blind readers.
const BLUE: Ink = (0, 114, 178);
const ORANGE: Ink = (230, 159, 0);
const GREEN: Ink = (0, 158, 115);
const PURPLE: Ink = (204, 121, 167);
const VERMILION: Ink = (213, 94, 0);
const BLACK: Ink = (0, 0, 0);
/// What lies below what is looked at.
const GROUND: Ink = (225, 225, 225);
/// From little to much, evenly in brightness (viridis, van der Walt and Smith 2015, turned round).
const SCALE: [Ink; 5] = [
    (253, 231, 37),
    (94, 201, 98),
    (33, 145, 140),
    (59, 82, 139),
    (68, 1, 84),
];
/// Characters of a digest that stand for it, with the name of its kind.
const SHORT_DIGEST: usize = "sha256:".len() + 12;

impl App {
    /// What the picture in front is; `None` where there is none.
    pub(super) fn picture_name(&self) -> Option<Named> {
        let (run, name) = (self.run(), self.run_name());
        match self.tab {
            Tab::Train => (!run.records.is_empty()).then(|| Named {
                words: "the charts, with the epochs that are shown".to_owned(),
                stem: format!("{name} charts"),
            }),
            Tab::Coverage => {
                let measured = if self.map.likely {
                    self.desk.estimates.is_some()
                } else {
                    run.covered.is_some()
                };
                measured.then(|| Named {
                    words: "the map of all operations".to_owned(),
                    stem: format!("{name} map"),
                })
            }
            Tab::Neighbours => self.codes().map(|codes| Named {
                words: "the codes on their planes".to_owned(),
                stem: format!("{name} plane {}", codes.source),
            }),
            Tab::Runs => self.compared().map(|(name, _)| Named {
                words: format!("the charts of {name}"),
                stem: format!("{name} charts"),
            }),
            Tab::Evidence | Tab::Log => None,
        }
    }

    /// The picture in front.
    pub(super) fn picture(&mut self) -> Option<Drawing> {
        match self.tab {
            Tab::Train => Some(Drawing::Curves(self.charts())),
            Tab::Coverage => self.cells().map(Drawing::Cells),
            Tab::Neighbours => {
                // Planes are only computed where they are shown.
                self.projection.shown = true;
                self.refresh_neighbours();
                self.planes().map(Drawing::Points)
            }
            Tab::Runs => self.compared().map(|(_, curves)| Drawing::Curves(curves)),
            Tab::Evidence | Tab::Log => None,
        }
    }

    /// The chosen run or experiment by name, with its charts.
    fn compared(&self) -> Option<(String, Curves)> {
        let row = self.runs.chosen()?;
        let run = row.entry().branch.run.as_ref().ok()?;
        let (name, notes, charts, window, dotted) = match &row {
            Row::Experiment(_, name, read) => {
                let found = read.as_ref().ok()?;
                let (charts, window) = view::experiment_charts(found);
                let notes = vec![
                    format!("{}, from epoch {}", found.disruption, found.epoch),
                    found.verdict.to_string(),
                ];
                (
                    format!("{} {name}", run.name),
                    notes,
                    charts,
                    window,
                    "95 % interval",
                )
            }
            _ => {
                let (charts, window) = view::run_charts(self, run)?;
                let notes = vec![format!("seed {}", run.config.seed)];
                (run.name.clone(), notes, charts, window, "")
            }
        };
        let curves = curves(name.clone(), notes, charts, window, dotted);
        Some((name, curves))
    }

    /// The run, as every picture names it.
    fn whose(&self) -> String {
        let info = self.run().info.as_ref();
        info.map_or_else(String::new, |info| {
            format!(
                "{}, {}, seed {}, configuration {}",
                info.name,
                info.config_name,
                info.seed,
                info.config_digest.get(..SHORT_DIGEST).unwrap_or_default()
            )
        })
    }

    fn charts(&self) -> Curves {
        let window = self.window();
        let charts = (0..view::CHARTS).map(|number| view::chart(number, self));
        let title = format!("charts of epochs {} to {}", window.first, window.last);
        curves(
            title,
            vec![self.whose()],
            charts.collect(),
            window,
            "categorical",
        )
    }

    /// The map by who generated what, or by probability.
    fn cells(&self) -> Option<Cells> {
        let (title, note, mut legend, kinds) = if self.map.likely {
            let estimates = self.desk.estimates.as_deref()?;
            let kind =
                |operation| Paint::Probability.shade(self.map.likelihood(estimates, operation));
            let kinds: Vec<usize> = Operation::all().map(kind).collect();
            (
                format!("probability of {}, × 1/19,683", view::whose(self)),
                format!(
                    "mean over {} prior codes, seed {}, {}",
                    thousands(estimates.vaes[0].codes.into()),
                    estimates.seed,
                    estimates.source
                ),
                numbered(LIKELIHOODS),
                kinds,
            )
        } else {
            let sets = self.run().covered.as_deref()?;
            let kind = |operation| Cover::of(sets, self.map.draw, operation) as usize;
            let kinds: Vec<usize> = Operation::all().map(kind).collect();
            (
                format!("who generates what by {}", view::drawn(sets, self.map.draw)),
                format!("epoch {}", sets.epoch),
                covers(),
                kinds,
            )
        };
        for (place, (words, _)) in legend.iter_mut().enumerate() {
            let count = kinds.iter().filter(|kind| **kind == place).count();
            *words = format!("{words}: {}", thousands(count as u64));
        }
        // Behind the kinds comes what is not looked at.
        let ground = legend.len();
        if let Some(selection) = &self.selection {
            legend.push((format!("not {}", selection.text), GROUND));
        }
        let shown = Operation::all().zip(kinds).map(|(operation, kind)| {
            if self.looks_at(operation) {
                kind
            } else {
                ground
            }
        });
        Some(Cells {
            heading: Heading {
                title,
                notes: vec![
                    self.whose(),
                    format!("{note}; entries 0 to 4 across, 5 to 8 down"),
                ],
                legend,
            },
            columns: COLUMNS,
            cells: shown.collect(),
        })
    }

    fn planes(&self) -> Option<Points> {
        let codes = self.codes()?;
        let legend = self.legend();
        // What is not looked at comes last, if there is any.
        let last = legend.last();
        let grounded = last.is_some_and(|(_, ink)| *ink == GROUND);
        let ground = legend.len().saturating_sub(1);
        let planes: Vec<Plane> = self
            .neighbours
            .spaces()
            .into_iter()
            .filter_map(|space| Some(self.plane(space, self.projection.of(space)?, ground)))
            .collect();
        let mut notes = vec![
            self.whose(),
            format!("codes of {}, by {}", codes.source, view::paint(self)),
        ];
        if let Some(selection) = &self.selection {
            let count = thousands(selection.count as u64);
            notes.push(format!("{count} selected: {}", selection.text));
        }
        (!planes.is_empty()).then(|| Points {
            heading: Heading {
                title: format!("latent codes around {}", self.neighbours.place()),
                notes,
                legend,
            },
            ground: grounded.then_some(ground),
            planes,
        })
    }

    /// What the colours of the planes mean: the paint's own kinds, then what is not looked at.
    fn legend(&self) -> Vec<(String, Ink)> {
        let law = self.projection.law.word;
        let mut legend = match self.projection.paint {
            Paint::Coverage if self.run().covered.is_some() => covers(),
            Paint::Probability | Paint::Zeros | Paint::Apart | Paint::Moved => {
                numbered(self.projection.paint.bounds())
            }
            Paint::Law => vec![(law.to_owned(), VERMILION)],
            Paint::Coverage | Paint::Plain => vec![("operation".to_owned(), BLUE)],
        };
        if self.projection.paint == Paint::Law {
            legend.push((format!("not {law}"), GROUND));
        } else if self.selection.is_some() {
            legend.push(("not selected".to_owned(), GROUND));
        }
        legend
    }

    fn plane(&self, space: Space, plane: &Projection, ground: usize) -> Plane {
        let look = self.looks(space);
        let kind = |operation| match look(operation) {
            Look::Ground => ground,
            Look::Kind(kind) => kind,
            Look::Number(number) => self.projection.paint.shade(number),
        };
        let mut points: Vec<([f64; 2], usize)> = Operation::all()
            .zip(&plane.points)
            .map(|(operation, point)| (*point, kind(operation)))
            .collect();
        // What is looked at lies above the ground.
        points.sort_by_key(|(_, kind)| *kind != ground);
        let marks = self.marks(space, plane);
        let [first, second] = plane.explained.map(|share| percent(100.0 * share));
        Plane {
            title: format!(
                "codes of {}: {first} % and {second} % of variance",
                space.title()
            ),
            points,
            rings: marks.near,
            named: marks
                .centre
                .map(|centre| (centre, self.neighbours.place().to_string())),
        }
    }
}

/// Who generated an operation, in the order of [`Cover`].
fn covers() -> Vec<(String, Ink)> {
    let covers = [Cover::Neither, Cover::OnlyA, Cover::OnlyB, Cover::Both];
    let inks = [VERMILION, BLUE, ORANGE, GREEN];
    let words = covers.map(|cover| cover.words().to_owned());
    words.into_iter().zip(inks).collect()
}

/// The five shades between four bounds.
fn numbered([a, b, c, d]: [f64; 4]) -> Vec<(String, Ink)> {
    let words = [
        format!("< {a}"),
        format!("{a} to {b}"),
        format!("{b} to {c}"),
        format!("{c} to {d}"),
        format!("≥ {d}"),
    ];
    words.into_iter().zip(SCALE).collect()
}

fn ink(role: Role) -> Ink {
    match role {
        Role::A => BLUE,
        Role::B => ORANGE,
        Role::Both => GREEN,
        Role::Second => PURPLE,
        _ => BLACK,
    }
}

/// Charts as far as they are in sight; on the screen the words beside them name what is dotted.
fn curves(
    title: String,
    notes: Vec<String>,
    charts: Vec<Chart>,
    window: Window,
    dotted: &str,
) -> Curves {
    let curve = |series: Series| Curve {
        label: match series.stroke {
            Stroke::Dotted => dotted.to_owned(),
            _ => series.label,
        },
        ink: ink(series.role),
        dash: match series.stroke {
            Stroke::Solid => Dash::Solid,
            Stroke::Dashed => Dash::Dashed,
            Stroke::Dotted => Dash::Dotted,
        },
        points: series
            .points
            .into_iter()
            .filter(|(epoch, _)| window.contains(*epoch))
            .collect(),
    };
    let reference = |line: Reference| {
        let name = line.labels.last().cloned();
        (line.value, name.unwrap_or_default())
    };
    let panel = |chart: Chart| Panel {
        title: chart.titles.into_iter().next().unwrap_or_default(),
        curves: chart.series.into_iter().map(curve).collect(),
        references: chart.references.into_iter().map(reference).collect(),
        reach: chart.reach,
        logarithmic: chart.logarithmic,
    };
    Curves {
        heading: Heading {
            title,
            notes,
            legend: Vec::new(),
        },
        epochs: (window.first, window.last),
        panels: charts.into_iter().map(panel).collect(),
    }
}
