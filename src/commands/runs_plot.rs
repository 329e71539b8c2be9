//! `runs compare --plot`: draws what runs reached, by epoch or by time.

use fluxttice_core::metrics;
use fluxttice_core::numbers::{count32, rounded};
use fluxttice_core::plot::{Curve, Curves, Dash, Heading, Ink, Panel};
use fluxttice_core::record::{EpochRecord, Unique};
use fluxttice_core::run::Summary;
use fluxttice_core::shown::printable;
use fluxttice_core::space::MOST_ENTROPY;

use crate::cli::PlotBy;

/// Okabe and Ito's colours, one for each configuration: blue, orange, green, purple, vermilion, sky.
const INKS: [Ink; 6] = [
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (86, 180, 233),
];

type Figure = fn(&EpochRecord) -> f64;

/// A chart: its title, the value that a perfect generator reaches, and the figures of A and of B.
type Chart = (&'static str, Option<(f64, &'static str)>, [Figure; 2]);

const CHARTS: [Chart; 3] = [
    (
        "I(z; x), nats",
        Some((MOST_ENTROPY, "9.8875: ln 19,683")),
        [
            |r| metrics::INFORMATION_A.value(r),
            |r| metrics::INFORMATION_B.value(r),
        ],
    ),
    (
        "argmax coverage, % of what its samples can reach",
        Some((100.0, "100: ceiling")),
        [
            |r| r.coverage.map_or(f64::NAN, |found| share(&found.a.argmax)),
            |r| r.coverage.map_or(f64::NAN, |found| share(&found.b.argmax)),
        ],
    ),
    (
        "decode entropy, nats",
        None,
        [
            |r| metrics::DECODE_ENTROPY_A.value(r),
            |r| metrics::DECODE_ENTROPY_B.value(r),
        ],
    ),
];

/// Returns the share of the ceiling in percent. Runs may have different ceilings, which
/// depend on the samples.
fn share(unique: &Unique) -> f64 {
    100.0 * f64::from(unique.unique) / unique.ceiling
}

/// Returns the charts of some runs; runs that differ in the seed alone have the same colour.
pub fn curves(runs: &[Summary], by: PlotBy) -> Curves {
    let mut groups: Vec<Vec<&Summary>> = Vec::new();
    for run in runs {
        let same = |group: &&mut Vec<&Summary>| {
            let first = group.first();
            first.is_some_and(|first| first.config.differs_by_seed_alone(&run.config))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    let coloured = || groups.iter().zip(INKS.into_iter().cycle());
    let name = |group: &[&Summary]| {
        let names: Vec<_> = group.iter().map(|run| printable(&run.name)).collect();
        names.join(", ")
    };
    let last = runs
        .iter()
        .filter_map(|run| places(&run.records, by).last());
    Curves {
        heading: Heading {
            title: match by {
                PlotBy::Epoch => "by epoch".to_owned(),
                PlotBy::Time => "by seconds of training, validation and coverage".to_owned(),
            },
            notes: vec!["A solid, B dashed".to_owned()],
            legend: coloured().map(|(group, ink)| (name(group), ink)).collect(),
        },
        epochs: (0, last.max().unwrap_or(1)),
        panels: CHARTS
            .iter()
            .map(|(title, most, figures)| Panel {
                title: titled(title, runs, figures),
                curves: coloured()
                    .flat_map(|(group, ink)| group.iter().map(move |run| (*run, ink)))
                    .flat_map(|(run, ink)| pair(run, ink, by, figures))
                    .collect(),
                references: most
                    .iter()
                    .map(|(at, name)| (*at, (*name).to_owned()))
                    .collect(),
                reach: most.iter().map(|(at, _)| *at).collect(),
                logarithmic: false,
            })
            .collect(),
    }
}

/// Returns the title, which names the runs in which none of the figures was measured.
fn titled(title: &str, runs: &[Summary], figures: &[Figure; 2]) -> String {
    let measured = |run: &&Summary| {
        let known = |record| figures.iter().any(|figure| figure(record).is_finite());
        run.records.iter().any(known)
    };
    let without: Vec<_> = runs.iter().filter(|run| !measured(run)).collect();
    match without.len() {
        0 => title.to_owned(),
        all if all == runs.len() => format!("{title}: not measured"),
        _ => {
            let names: Vec<_> = without.iter().map(|run| printable(&run.name)).collect();
            format!("{title}; not measured in {}", names.join(", "))
        }
    }
}

/// Returns A's curve and B's.
fn pair(run: &Summary, ink: Ink, by: PlotBy, figures: &[Figure; 2]) -> [Curve; 2] {
    let curve = |figure: Figure, dash| Curve {
        label: String::new(),
        ink,
        dash,
        points: places(&run.records, by)
            .zip(run.records.iter().map(figure))
            // Figures that are measured every few epochs are joined by a line.
            .filter(|(_, value)| value.is_finite())
            .collect(),
    };
    [
        curve(figures[0], Dash::Solid),
        curve(figures[1], Dash::Dashed),
    ]
}

/// Returns the position of each epoch on the axis: its number, or the seconds of training until its end.
fn places(records: &[EpochRecord], by: PlotBy) -> impl Iterator<Item = u32> {
    let mut seconds = 0.0;
    records.iter().map(move |record| {
        seconds += record.seconds.total();
        match by {
            PlotBy::Epoch => record.epoch,
            PlotBy::Time => count32(rounded(seconds.floor())),
        }
    })
}
