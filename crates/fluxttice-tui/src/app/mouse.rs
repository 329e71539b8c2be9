//! What a click or the wheel does: the same geometry that drew the screen says what was hit.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{App, Modal, Redraw, Tab};
use crate::keys::Action;
use crate::view::{self, layout};

/// Lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

impl App {
    /// Takes in the mouse.
    pub(super) fn on_mouse(&mut self, mouse: MouseEvent) {
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at, false),
            MouseEventKind::Drag(MouseButton::Left) => self.click(at, true),
            MouseEventKind::ScrollUp => self.wheel(-1),
            MouseEventKind::ScrollDown => self.wheel(1),
            _ => return,
        }
        self.redraw(Redraw::Now);
    }

    fn wheel(&mut self, by: isize) {
        if let Some(modal) = &self.modal {
            let action = match (modal, by < 0) {
                (Modal::Help { .. } | Modal::Palette(_) | Modal::Controls(_), true) => {
                    Action::ListUp
                }
                (Modal::Help { .. } | Modal::Palette(_) | Modal::Controls(_), false) => {
                    Action::ListDown
                }
                (Modal::Find(_), true) => Action::PreviousField,
                (Modal::Find(_), false) => Action::NextField,
                _ => return,
            };
            return self.perform(action);
        }
        match self.tab {
            Tab::Train => self.perform(if by < 0 {
                Action::ZoomIn
            } else {
                Action::ZoomOut
            }),
            Tab::Coverage => self.perform(if by < 0 {
                Action::MapZoomIn
            } else {
                Action::MapZoomOut
            }),
            Tab::Neighbours => self.neighbours.step(by * NOTCH),
            Tab::Runs => self.runs.step(by),
            Tab::Evidence => self.desk.step(by),
            Tab::Log => self.log.scroll(by * NOTCH),
        }
    }

    fn click(&mut self, at: Position, drag: bool) {
        let Some(screen) = layout::screen(Rect::from(self.size)) else {
            return;
        };
        if self.modal.is_some() {
            if !drag && !view::dialog_area(self, Rect::from(self.size)).contains(at) {
                self.modal = None;
            }
            return;
        }
        if !drag && screen.tabs.contains(at) {
            if let Some(tab) = view::tab_at(screen.tabs, at.x) {
                self.show(tab);
            }
            return;
        }
        match self.tab {
            Tab::Train => self.click_chart(screen.body, at),
            Tab::Coverage => {
                let map = layout::coverage(screen.body).map;
                if map.contains(at) {
                    let (x, y) = (usize::from(at.x - map.x), usize::from(at.y - map.y));
                    self.map.point(x, y, map.as_size());
                }
            }
            Tab::Neighbours => self.click_neighbour(screen.body, at, drag),
            Tab::Runs => self.click_run(screen.body, at),
            Tab::Evidence => self.click_item(screen.body, at),
            Tab::Log => {}
        }
    }

    fn click_run(&mut self, body: Rect, at: Position) {
        let list = layout::evidence(body).list;
        let len = self.runs.rows().len();
        if list.contains(at) {
            let first = layout::first_row(self.runs.selected, usize::from(list.height), len);
            let row = first + usize::from(at.y - list.y);
            self.runs.selected = row.min(len.saturating_sub(1));
        }
    }

    fn click_item(&mut self, body: Rect, at: Position) {
        let list = layout::evidence(body).list;
        let len = self.desk.items.as_ref().map_or(0, |items| items.len());
        if list.contains(at) {
            let first = layout::first_row(self.desk.selected, usize::from(list.height), len);
            let row = first + usize::from(at.y - list.y);
            if row < len {
                self.desk.selected = row;
                self.desk.scroll = 0;
            }
        }
    }

    fn click_chart(&mut self, body: Rect, at: Position) {
        let train = layout::train(body, view::CHARTS);
        let hit = train
            .charts
            .iter()
            .chain(&train.axes)
            .find(|area| area.contains(at));
        let Some(plot) = hit.map(|area| view::plot_columns(*area)) else {
            return;
        };
        if plot.width < 2 || at.x < plot.x {
            return;
        }
        let place = f64::from(at.x - plot.x) / f64::from(plot.width - 1);
        let epoch = self.window().epoch(place);
        let (done, total) = (self.epochs_done(), self.epochs_total());
        self.time.place(epoch, done, total);
    }

    fn click_neighbour(&mut self, body: Rect, at: Position, drag: bool) {
        let list = self.neighbour_parts(body).list;
        if !list.contains(at) {
            return;
        }
        let len = self.neighbours.found().near.neighbours.len();
        let first = layout::first_row(self.neighbours.selected, usize::from(list.height), len);
        let row = first + usize::from(at.y - list.y);
        if row >= len {
            return;
        }
        // A second click on the chosen row goes there.
        if row == self.neighbours.selected && !drag {
            self.perform(Action::Follow);
        } else {
            self.neighbours.selected = row;
        }
    }
}
