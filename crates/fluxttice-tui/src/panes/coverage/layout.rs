//! Layout of *Coverage*.

use ratatui::layout::Rect;

use crate::layout::beside;

/// Areas of the parts of *Coverage*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Two rows above the map: title and column numbers.
    pub top: Rect,
    /// Five columns left of the map: row numbers.
    pub left: Rect,
    /// Characters of the map.
    pub map: Rect,
    /// Row of the legend below the map.
    pub legend: Rect,
    /// Panel at the right: counts, and the operation under the cursor.
    pub side: Rect,
}

/// Divides the pane's area into its parts.
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
