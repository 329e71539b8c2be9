//! Layout of the screen as a function of its size alone; drawing and the mouse share it.

use ratatui::layout::{Position, Rect, Size};

/// Smallest terminal, in columns and rows, in which the panes are legible.
pub const SMALLEST: Size = Size {
    width: 60,
    height: 16,
};

/// Areas of the five parts of the screen, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// First row: run, state, epoch, speed.
    pub header: Rect,
    /// Second row: names of the panes, and the device.
    pub tabs: Rect,
    /// Area of the pane: the rows between, without the first and last column.
    pub body: Rect,
    /// Last row but one: the last message, and progress within the epoch.
    pub status: Rect,
    /// Last row: keys that do something here.
    pub hints: Rect,
}

/// Returns a number of columns or rows in the terminal's type. No terminal has more than 65,535 of either, and
/// a larger number lies beyond its edge all the same.
pub fn cells(count: impl TryInto<u16>) -> u16 {
    count.try_into().unwrap_or(u16::MAX)
}

/// Returns the number of the dot or pixel nearest to a place, which may lie before the first one or behind the
/// last. Numbers far beyond either are the same to a picture, which shows none of them.
#[expect(clippy::cast_possible_truncation, reason = "the number is whole")]
pub fn nearest(place: f64) -> i64 {
    place.round() as i64
}

/// Divides the terminal into its parts; `None` where it is smaller than [`SMALLEST`].
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

/// Columns between two parts that stand side by side.
pub const GAP: u16 = 2;

/// Areas of a list and of the details of its chosen line, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListAndDetails {
    /// Row of the title above the list.
    pub head: Rect,
    /// Rows of the list.
    pub list: Rect,
    /// Row of the title above the details.
    pub title: Rect,
    /// Rows of the details.
    pub details: Rect,
}

/// Divides an area into a list at the left and details at the right.
pub fn list_and_details(body: Rect) -> ListAndDetails {
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
    ListAndDetails {
        head,
        list,
        title,
        details,
    }
}

/// Returns the first visible row of a list, chosen so that the selected row stands in the middle where it
/// can.
pub fn first_row(selected: usize, rows: usize, len: usize) -> usize {
    let ahead = selected.saturating_sub(rows / 2);
    ahead.min(len.saturating_sub(rows))
}

/// Divides an area into a left and a right part with a gap; the right one has this width, or half where that
/// is less.
pub fn beside(body: Rect, right: u16) -> (Rect, Rect) {
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

/// Divides a length among some parts with gaps, as (start, length) each; the first parts take the remainder.
pub fn share(start: u16, length: u16, parts: u16, gap: u16) -> Vec<(u16, u16)> {
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

/// Returns the selected row after a step up (negative) or down, in a list of `len` rows.
pub fn step(selected: usize, by: isize, len: usize) -> usize {
    selected
        .saturating_add_signed(by)
        .min(len.saturating_sub(1))
}

/// Returns the row of a list at a position; `None` where that is not one of its `len` rows.
pub fn row_at(list: Rect, at: Position, selected: usize, len: usize) -> Option<usize> {
    if !list.contains(at) {
        return None;
    }
    let row = first_row(selected, usize::from(list.height), len) + usize::from(at.y - list.y);
    (row < len).then_some(row)
}

/// Returns the area of a dialog of this size in the middle of the screen, cut to the screen.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// Checks that no part of a pane overlaps another or sticks out of its area, in terminals of every size.
#[cfg(test)]
pub fn check_parts(parts: impl Fn(Rect) -> Vec<Rect>) {
    for width in SMALLEST.width..260 {
        for height in [SMALLEST.height, 24, 36, 40, 60, 90] {
            let body = screen(Rect::new(0, 0, width, height)).unwrap().body;
            let parts = parts(body);
            for (place, part) in parts.iter().enumerate() {
                assert_eq!(part.intersection(body), *part, "{width}×{height} {part:?}");
                for other in &parts[..place] {
                    assert!(
                        !part.intersects(*other),
                        "{width}×{height} {part:?} {other:?}"
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_its_details_lie_beside_each_other() {
        check_parts(|body| {
            let parts = list_and_details(body);
            vec![parts.head, parts.list, parts.title, parts.details]
        });
    }
}
