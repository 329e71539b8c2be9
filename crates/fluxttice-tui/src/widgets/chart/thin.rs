//! Reduction of a series to fewer points that look alike: a chart has some hundred columns, a run may have
//! any number of epochs.

/// Number of points up to which all are kept.
const FEW: usize = 4_096;

/// Keeps the lowest and the highest point of every stretch of epochs, in their order, so that no peak is lost
/// at any width. A stretch without a finite number stays a gap. Up to 4,096 points are kept as they are.
pub fn thinned(points: impl Iterator<Item = (u32, f64)>, count: usize) -> Vec<(u32, f64)> {
    if count <= FEW {
        return points.collect();
    }
    let stretch = count.div_ceil(FEW / 2);
    let mut kept = Vec::with_capacity(FEW);
    let mut points = points.peekable();
    while points.peek().is_some() {
        let (mut low, mut high, mut gap) = (None, None, None);
        for point in points.by_ref().take(stretch) {
            if !point.1.is_finite() {
                gap.get_or_insert(point);
                continue;
            }
            if low.is_none_or(|low: (u32, f64)| point.1 < low.1) {
                low = Some(point);
            }
            if high.is_none_or(|high: (u32, f64)| point.1 > high.1) {
                high = Some(point);
            }
        }
        match (low, high) {
            (Some(low), Some(high)) => {
                kept.push(if low.0 < high.0 { low } else { high });
                if low.0 != high.0 {
                    kept.push(if low.0 < high.0 { high } else { low });
                }
            }
            _ => kept.extend(gap),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxttice_core::numbers::count32;

    #[test]
    fn few_points_are_left_alone() {
        let points: Vec<(u32, f64)> = (0..count32(FEW)).map(|n| (n, f64::from(n))).collect();
        assert_eq!(thinned(points.iter().copied(), points.len()), points);
    }

    #[test]
    fn of_many_every_peak_stays_and_the_order_and_gaps() {
        let count = 100_000;
        let points = (0..count).map(|epoch| {
            let value = match epoch {
                50_000..60_000 => f64::NAN,
                77_777 => 9.0,
                77_778 => -9.0,
                _ => f64::from(epoch % 7),
            };
            (epoch, value)
        });
        let kept = thinned(points, count as usize);
        assert!(kept.len() <= FEW, "{}", kept.len());
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
        for wanted in [(77_777, 9.0), (77_778, -9.0)] {
            assert!(kept.contains(&wanted), "{wanted:?}");
        }
        let inside = |point: &&(u32, f64)| (50_100..59_900).contains(&point.0);
        assert!(kept.iter().filter(inside).count() > 100);
        assert!(kept.iter().filter(inside).all(|point| point.1.is_nan()));
    }
}
