//! Codes as points on planes, side by side.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{DrawError, FONT, Heading, Picture, failed, pixels};
use crate::numbers::count32;

/// Width and height of a plane in pixels.
const SIDE: u32 = 720;
/// Largest number of planes side by side.
const BESIDE: usize = 2;

/// Codes of one latent space, on a plane.
#[derive(Clone, Debug)]
pub struct Plane {
    /// Title: the VAE, and the share of variance that the axes explain.
    pub title: String,
    /// Position of each code and its index in the legend; later ones are drawn above earlier ones.
    pub points: Vec<([f64; 2], usize)>,
    /// Positions that are marked with a ring.
    pub rings: Vec<[f64; 2]>,
    /// A position that is marked and labelled; `None` where the plane has none.
    pub named: Option<([f64; 2], String)>,
}

/// Planes that share one legend.
#[derive(Clone, Debug)]
pub struct Points {
    /// Title and legend above the planes.
    pub heading: Heading,
    /// Index in the legend of the points that form the background; `None` where there is no background.
    pub ground: Option<usize>,
    /// Planes, from left to right.
    pub planes: Vec<Plane>,
}

impl Points {
    /// Returns width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let count = count32(self.planes.len().clamp(1, BESIDE));
        (count * SIDE, self.heading.height() + SIDE)
    }
}

impl Picture for Points {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawError> {
        let below = self.heading.draw(area)?;
        let areas = below.split_evenly((1, self.planes.len().clamp(1, BESIDE)));
        for (area, plane) in areas.iter().zip(&self.planes) {
            self.plane(area, plane)?;
        }
        Ok(())
    }
}

impl Points {
    fn plane<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        plane: &Plane,
    ) -> Result<(), DrawError> {
        let far = plane.points.iter().flat_map(|(point, _)| point);
        let far = far.fold(f64::MIN_POSITIVE, |far, x| far.max(x.abs())) * 1.05;
        let mut chart = ChartBuilder::on(area)
            .caption(&plane.title, (FONT, 16))
            .margin(12)
            .x_label_area_size(28)
            .y_label_area_size(40)
            .build_cartesian_2d(-far..far, -far..far)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(BLACK.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .label_style((FONT, 12))
            .draw()
            .map_err(failed)?;
        let dots = plane.points.iter().map(|([x, y], ink)| {
            // Twenty thousand small dots still show where they are dense; the few above
            // a background may be larger.
            let above = self.ground.is_some_and(|ground| ground != *ink);
            let radius = if above { 2 } else { 1 };
            Circle::new((*x, *y), radius, self.heading.ink(*ink).filled())
        });
        chart.draw_series(dots).map_err(failed)?;
        let ring = |[x, y]: &[f64; 2]| Circle::new((*x, *y), 6, BLACK.stroke_width(2));
        chart
            .draw_series(plane.rings.iter().map(ring))
            .map_err(failed)?;
        let Some(([x, y], name)) = &plane.named else {
            return Ok(());
        };
        let style = (FONT, 15).into_text_style(area);
        let (wide, high) = area.estimate_text_size(name, &style).map_err(failed)?;
        let (wide, high) = (pixels(wide), pixels(high));
        let paper = Rectangle::new([(10, -2), (16 + wide, high + 2)], WHITE.mix(0.85).filled());
        let label = EmptyElement::at((*x, *y)) + paper + Text::new(name.clone(), (13, 0), style);
        chart.draw_series([label]).map_err(failed)?;
        chart
            .draw_series([Circle::new((*x, *y), 7, BLACK.filled())])
            .map_err(failed)?;
        Ok(())
    }
}
