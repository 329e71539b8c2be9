//! Where everything stands, as a function of the room alone: drawing and the mouse share it.

use ratatui::layout::{Rect, Size};

/// Smallest terminal in which the views are legible.
pub const SMALLEST: Size = Size {
    width: 60,
    height: 16,
};

/// The five parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Run, state, epoch, speed.
    pub header: Rect,
    /// Names of the views; device.
    pub tabs: Rect,
    /// The view.
    pub body: Rect,
    /// What just happened, and progress within the epoch.
    pub status: Rect,
    /// What can be done.
    pub hints: Rect,
}

/// The parts of a screen; `None` where it is too small.
pub fn screen(area: Rect) -> Option<Screen> {
    if area.width < SMALLEST.width || area.height < SMALLEST.height {
        return None;
    }
    let row = |y: u16| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    Some(Screen {
        header: row(0),
        tabs: row(1),
        body: Rect {
            x: area.x + 1,
            y: area.y + 2,
            width: area.width - 2,
            height: area.height - 4,
        },
        status: row(area.height - 2),
        hints: row(area.height - 1),
    })
}

/// Parts of *Train*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Train {
    /// Charts, row by row.
    pub charts: Vec<Rect>,
    /// Charts beside each other.
    pub columns: usize,
    /// The time axis below each column of charts.
    pub axes: Vec<Rect>,
    /// Values and findings.
    pub panel: Rect,
}

/// Rows of the time axis: marks and phases, epochs.
const AXIS_ROWS: u16 = 2;
/// Fewest rows of a chart, its title included.
const CHART_ROWS: u16 = 8;
/// Fewest columns of a chart beside another.
const CHART_COLUMNS: u16 = 38;
/// Columns between parts.
const GAP: u16 = 2;

/// Splits *Train* for this many charts.
pub fn train(body: Rect, charts: usize) -> Train {
    let panel_width = match body.width {
        170.. => 50,
        110.. => 38,
        76.. => 33,
        _ => 28,
    };
    let (left, panel) = beside(body, panel_width);
    let columns = (left.width / CHART_COLUMNS).clamp(1, 3);
    let high = left.height.saturating_sub(AXIS_ROWS);
    let wanted = charts.div_ceil(usize::from(columns)) as u16;
    let rows = (high / CHART_ROWS).clamp(1, wanted.max(1));
    let xs = share(left.x, left.width, columns, GAP);
    let ys = share(left.y, high, rows, 0);
    let cells = ys.iter().flat_map(|&(y, height)| {
        xs.iter().map(move |&(x, width)| Rect {
            x,
            y,
            width,
            height,
        })
    });
    Train {
        charts: cells.take(charts).collect(),
        columns: usize::from(columns),
        axes: xs
            .iter()
            .map(|&(x, width)| Rect {
                x,
                y: left.y + high,
                width,
                height: AXIS_ROWS.min(left.height),
            })
            .collect(),
        panel,
    }
}

/// Parts of *Coverage*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
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
pub fn coverage(body: Rect) -> Coverage {
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
    Coverage {
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

/// Parts of *Neighbours*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// The operation in the middle and the chosen one.
    pub card: Rect,
    /// Title and column heads of the list.
    pub head: Rect,
    /// The list.
    pub list: Rect,
    /// Heads and list of the other VAE's space, where there is room for both.
    pub other: Option<(Rect, Rect)>,
    /// Planes that codes are drawn on, if any.
    pub planes: Vec<Rect>,
    /// The moments that can be looked back to, if any are known.
    pub time: Option<Rect>,
}

/// Parts of *Evidence*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Title above the list.
    pub head: Rect,
    /// Snapshots and certificates.
    pub list: Rect,
    /// Title above the details.
    pub title: Rect,
    /// Details of the chosen one.
    pub details: Rect,
}

/// Splits *Evidence*.
pub fn evidence(body: Rect) -> Evidence {
    let right = match body.width {
        150.. => body.width - 68,
        100.. => body.width - 50,
        _ => body.width / 2,
    };
    let right = right.min(body.width);
    let left = Rect {
        width: body.width - right - GAP.min(body.width - right),
        ..body
    };
    let right = Rect {
        x: body.right() - right,
        width: right,
        ..body
    };
    let split = |area: Rect| {
        let head = Rect {
            height: 1.min(area.height),
            ..area
        };
        let rest = Rect {
            y: area.y + head.height,
            height: area.height - head.height,
            ..area
        };
        (head, rest)
    };
    let ((head, list), (title, details)) = (split(left), split(right));
    Evidence {
        head,
        list,
        title,
        details,
    }
}

/// Fewest columns of one of two lists beside each other.
const LIST_COLUMNS: u16 = 66;

/// Fewest columns of one of two planes beside each other.
const PLANE_COLUMNS: u16 = 30;

/// Splits *Neighbours*, with or without planes of codes above the lists and moments of time below.
pub fn neighbours(body: Rect, with_planes: bool, with_time: bool) -> Neighbours {
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
    Neighbours {
        card,
        head,
        list,
        other: areas.next(),
        time,
        planes,
    }
}

/// A list's first row in sight, so that the chosen one is in sight and the list moves late.
pub fn first_row(selected: usize, rows: usize, len: usize) -> usize {
    let ahead = selected.saturating_sub(rows / 2);
    ahead.min(len.saturating_sub(rows))
}

/// Left part and right part of this width, with a gap.
fn beside(body: Rect, right: u16) -> (Rect, Rect) {
    let right = right.min(body.width / 2);
    let left = Rect {
        width: body.width - right - GAP.min(body.width - right),
        ..body
    };
    (
        left,
        Rect {
            x: body.right() - right,
            width: right,
            ..body
        },
    )
}

/// Divides a length among some parts with gaps, the first parts taking what remains over.
fn share(start: u16, length: u16, parts: u16, gap: u16) -> Vec<(u16, u16)> {
    let inner = length.saturating_sub(gap * parts.saturating_sub(1));
    let (each, over) = (inner / parts.max(1), inner % parts.max(1));
    let mut at = start;
    (0..parts)
        .map(|part| {
            let size = each + u16::from(part < over);
            let place = (at, size);
            at += size + gap;
            place
        })
        .collect()
}

/// A dialog of this size in the middle, as much of it as there is room for.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_nothing_sticks_out() {
        for width in SMALLEST.width..260 {
            for height in [SMALLEST.height, 24, 36, 40, 60, 90] {
                let area = Rect {
                    x: 0,
                    y: 0,
                    width,
                    height,
                };
                let body = screen(area).unwrap().body;
                let train = train(body, 9);
                let coverage = coverage(body);
                let neighbours = neighbours(body, width % 2 == 0, height % 2 == 0);
                let evidence = evidence(body);
                let groups: [Vec<Rect>; 4] = [
                    vec![
                        evidence.head,
                        evidence.list,
                        evidence.title,
                        evidence.details,
                    ],
                    train
                        .charts
                        .iter()
                        .chain(&train.axes)
                        .chain([&train.panel])
                        .copied()
                        .collect(),
                    vec![
                        coverage.top,
                        coverage.left,
                        coverage.map,
                        coverage.legend,
                        coverage.side,
                    ],
                    [neighbours.card, neighbours.head, neighbours.list]
                        .into_iter()
                        .chain(
                            neighbours
                                .other
                                .into_iter()
                                .flat_map(|(head, list)| [head, list]),
                        )
                        .chain(neighbours.planes)
                        .chain(neighbours.time)
                        .collect(),
                ];
                for group in groups {
                    for (place, rect) in group.iter().enumerate() {
                        assert_eq!(rect.intersection(body), *rect, "{width}×{height} {rect:?}");
                        for other in &group[..place] {
                            assert!(
                                !rect.intersects(*other),
                                "{width}×{height} {rect:?} {other:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn as_many_charts_as_fit() {
        let charts = |width, height| {
            let body = screen(Rect {
                x: 0,
                y: 0,
                width,
                height,
            })
            .unwrap()
            .body;
            train(body, 9).charts.len()
        };
        assert_eq!(
            (charts(80, 24), charts(120, 36), charts(200, 60)),
            (2, 6, 9)
        );
    }
}
