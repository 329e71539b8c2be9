//! Layout of *Neighbours*.

use ratatui::layout::Rect;

use crate::layout::{GAP, share};

/// Areas of the parts of *Neighbours*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Column at the left: the centre and the chosen neighbour.
    pub card: Rect,
    /// Two rows: title and column heads of the list.
    pub head: Rect,
    /// Rows of the list.
    pub list: Rect,
    /// Heads and rows of the list in another space; `None` where there is no room for both lists.
    pub other: Option<(Rect, Rect)>,
    /// Planes of codes above the lists; empty while they are not shown.
    pub planes: Vec<Rect>,
    /// Row of the kept epochs at the bottom; `None` where none are known.
    pub time: Option<Rect>,
}

/// Fewest columns of one of two lists side by side.
const LIST_COLUMNS: u16 = 66;

/// Fewest columns of one of two planes side by side.
const PLANE_COLUMNS: u16 = 30;

/// Divides the pane's area into its parts, with or without planes of codes above the lists and a row of kept
/// epochs below.
pub fn parts(body: Rect, with_planes: bool, with_time: bool) -> Parts {
    let time = with_time.then(|| Rect {
        y: body.bottom().saturating_sub(1).max(body.y),
        height: 1.min(body.height),
        ..body
    });
    let body = Rect {
        height: body.height - time.map_or(0, |time| time.height),
        ..body
    };
    let card_width = match body.width {
        150.. => 46,
        100.. => 36,
        _ => 27,
    };
    let card = Rect {
        width: card_width.min(body.width),
        ..body
    };
    let rest = body.width.saturating_sub(card_width + GAP);
    let right = Rect {
        x: body.x + body.width - rest,
        width: rest,
        ..body
    };
    let high = if with_planes { 3 * right.height / 5 } else { 0 };
    let planes = if with_planes {
        let count = (right.width / (PLANE_COLUMNS + GAP)).clamp(1, 2);
        share(right.x, right.width, count, GAP)
            .into_iter()
            .map(|(x, width)| Rect {
                x,
                width,
                height: high,
                ..right
            })
            .collect()
    } else {
        Vec::new()
    };
    let right = Rect {
        y: right.y + high,
        height: right.height - high,
        ..right
    };
    let split = |area: Rect| {
        let rows = 2.min(area.height);
        let head = Rect {
            height: rows,
            ..area
        };
        (
            head,
            Rect {
                y: area.y + rows,
                height: area.height - rows,
                ..area
            },
        )
    };
    let lists = (right.width / (LIST_COLUMNS + GAP)).clamp(1, 2);
    let mut areas = share(right.x, right.width, lists, GAP)
        .into_iter()
        .map(|(x, width)| split(Rect { x, width, ..right }));
    let (head, list) = areas.next().unwrap_or_else(|| split(right));
    Parts {
        card,
        head,
        list,
        other: areas.next(),
        time,
        planes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::check_parts;

    #[test]
    fn nothing_overlaps() {
        for (planes, time) in [(false, false), (false, true), (true, false), (true, true)] {
            check_parts(|body| {
                let parts = parts(body, planes, time);
                let other = parts
                    .other
                    .into_iter()
                    .flat_map(|(head, list)| [head, list]);
                [parts.card, parts.head, parts.list]
                    .into_iter()
                    .chain(other)
                    .chain(parts.planes)
                    .chain(parts.time)
                    .collect()
            });
        }
    }
}
