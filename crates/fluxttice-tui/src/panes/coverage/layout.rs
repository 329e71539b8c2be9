//! Parts of *Coverage*.

use ratatui::layout::Rect;

use crate::layout::beside;

/// Parts of *Coverage*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Title and column scale above the map.
    pub top: Rect,
    /// Row scale left of the map.
    pub left: Rect,
    /// The map.
    pub map: Rect,
    /// What the colours mean.
    pub legend: Rect,
    /// Counts and the operation under the cursor.
    pub side: Rect,
}

/// Splits *Coverage*.
pub fn parts(body: Rect) -> Parts {
    let side_width = match body.width {
        190.. => 60,
        130.. => 44,
        100.. => 36,
        76.. => 31,
        _ => 27,
    };
    let (area, side) = beside(body, side_width);
    let gutter = 5.min(area.width);
    let rows = area.height.saturating_sub(3);
    let map = Rect {
        x: area.x + gutter,
        y: area.y + 2,
        width: area.width - gutter,
        height: rows,
    };
    Parts {
        top: Rect {
            height: 2.min(area.height),
            ..area
        },
        left: Rect {
            x: area.x,
            width: gutter,
            ..map
        },
        map,
        legend: Rect {
            y: map.bottom(),
            height: area.height.min(1),
            ..area
        },
        side,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::check_parts;

    #[test]
    fn nothing_overlaps() {
        check_parts(|body| {
            let parts = parts(body);
            vec![parts.top, parts.left, parts.map, parts.legend, parts.side]
        });
    }
}
