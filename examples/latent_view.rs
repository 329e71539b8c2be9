//! Looks into the latent space of the built-in model: the neighbours of an operation, a point between two of them, and
//! where all codes lie on the plane of their principal components.
//!
//! `cargo run --release --example latent_view -- 'min + max - product'`

use std::error::Error;

use fluxttice_core::locate;
use fluxttice_core::measure::Evaluator;
use fluxttice_core::measure::neighbours::{EmbeddingFigures, LatentPoint, Metric, Search, nearest};
use fluxttice_core::measure::projection::Projection;
use fluxttice_core::run::built_in;
use fluxttice_core::vae::Scope;

fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "min + max - product".to_owned());
    let place: LatentPoint = place.parse()?;
    let weights = built_in()?.weights;
    let spaces = Evaluator::new(&weights).spaces()?;
    let located = locate(&weights, &spaces, Scope::A, &place)?;
    for (which, decoded) in &located.decoded {
        println!(
            "{} decodes {place} to {} with probability {:.4}",
            which.title(),
            decoded.operation,
            decoded.probability
        );
    }
    let codes = spaces.of(Scope::A);
    for near in nearest(
        codes,
        &located.centre,
        &Search::nearest(Metric::Euclidean, 5),
    ) {
        let name = near.operation.name().unwrap_or("");
        println!("  {} distance {:.4} {name}", near.operation, near.distance);
    }
    let figures = EmbeddingFigures::of(codes);
    for overlap in &figures.overlap {
        println!(
            "of the {} nearest codes {:.1} % are among the {} nearest by Hamming distance; chance {:.1} %",
            overlap.k,
            100.0 * overlap.share,
            overlap.k,
            100.0 * overlap.chance
        );
    }
    if let Some(plane) = Projection::new(codes) {
        let [first, second] = plane.explained;
        println!(
            "the plane shows {:.1} % of the variance",
            100.0 * (first + second)
        );
    }
    Ok(())
}
