//! Pane *Train*: charts of the run over one time axis, with the values of an epoch and findings beside them.

mod charts;
mod draw;
pub mod findings;
mod findings_list;
mod foreign;
mod layout;
mod run_facts;
#[cfg(test)]
mod tests;
mod time_axis;
mod values;

use fluxttice_core::listing::Listing;
use fluxttice_core::plot::Drawing;
use fluxttice_core::run::figures;
use fluxttice_core::session::Content;
use fluxttice_core::words::counted;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Pane, Wants};
use crate::dialogs::branch::branch;
use crate::effects::Effects;
use crate::exports::{Exports, Format, Named};
use crate::keys::{Action, Context, FAR};
use crate::pictures;
use crate::shared::Shared;
use crate::widgets::chart::Window;
use time_axis::TimeView;

/// State of the pane: time axis, scroll position, and the choices of drawing.
#[derive(Clone, Debug, Default)]
pub struct Train {
    /// Zoom, position and crosshair on the time axis.
    pub time: TimeView,
    /// First visible row of charts.
    charts_from: usize,
    /// True while losses are drawn on a logarithmic scale.
    log_scale: bool,
    /// True while charts are drawn as moving averages.
    smooth: bool,
}

/// Returns the number of finished epochs, and that of the whole schedule; 0 where that is not known.
fn epochs(cx: &Shared) -> (u32, u32) {
    (cx.run().epochs_done(), cx.run().total_epochs().unwrap_or(0))
}

/// Returns the last row of charts from which on all that follow are visible.
fn last_chart_row(cx: &Shared) -> usize {
    cx.body().map_or(0, |body| {
        let count = charts::count(cx);
        let parts = layout::parts(body, count);
        let rows = parts.charts.len().div_ceil(parts.columns);
        count.div_ceil(parts.columns).saturating_sub(rows)
    })
}

impl Train {
    /// Resets position and crosshair on the time axis, because another run is at work.
    pub fn forget(&mut self) {
        self.time.release();
    }

    /// Returns the epochs on the charts' time axis.
    fn window(&self, cx: &Shared) -> Window {
        let (done, total) = epochs(cx);
        self.time.window(done, total)
    }

    fn curves(&self, cx: &Shared) -> Drawing {
        let window = self.window(cx);
        let charts = (0..charts::count(cx)).map(|number| charts::chart(number, cx, self));
        Drawing::Curves(pictures::curves(
            format!("charts of epochs {} to {}", window.first, window.last),
            vec![pictures::caption(cx.run())],
            charts.collect(),
            window,
            "categorical",
        ))
    }
}

/// Lists the figures of every epoch, one row for each.
fn listing(cx: &Shared) -> Listing {
    match &cx.run().foreign {
        Some(foreign) => foreign.run.figures(),
        None => figures(cx.run().records.iter().map(AsRef::as_ref)),
    }
}

impl Pane for Train {
    fn context(&self) -> Context {
        Context::Train
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        let (done, total) = epochs(cx);
        match action {
            Action::EpochBack => self.time.step(-1, done, total),
            Action::EpochForward => self.time.step(1, done, total),
            Action::EpochBackFar => self.time.step(-(FAR as i64), done, total),
            Action::EpochForwardFar => self.time.step(FAR as i64, done, total),
            Action::EpochFirst => self.time.place(self.window(cx).first, done, total),
            Action::EpochLast => self.time.place(u32::MAX, done, total),
            Action::CursorOff => self.time.release(),
            Action::ZoomIn => self.time.zoom(true, done, total),
            Action::ZoomOut => self.time.zoom(false, done, total),
            Action::ChartsUp => self.charts_from = self.charts_from.saturating_sub(1),
            Action::ChartsDown => {
                self.charts_from = (self.charts_from + 1).min(last_chart_row(cx));
            }
            Action::ToggleLog => self.log_scale = !self.log_scale,
            Action::ToggleSmooth => self.smooth = !self.smooth,
            Action::Branch => return Some(branch(None, self.time.cursor, cx)),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn click(&mut self, at: Position, _drag: bool, body: Rect, cx: &Shared) -> Effects {
        let parts = layout::parts(body, charts::count(cx));
        let mut areas = parts.charts.iter().chain(&parts.axes);
        let hit = areas.find(|area| area.contains(at));
        if let Some(plot) = hit.map(|area| layout::plot_columns(*area))
            && plot.width > 1
            && at.x >= plot.x
        {
            let place = f64::from(at.x - plot.x) / f64::from(plot.width - 1);
            let epoch = self.window(cx).epoch(place);
            let (done, total) = epochs(cx);
            self.time.place(epoch, done, total);
        }
        Vec::new()
    }

    fn wheel(&mut self, by: isize, cx: &Shared) -> Effects {
        let (done, total) = epochs(cx);
        self.time.zoom(by < 0, done, total);
        Vec::new()
    }

    fn wants(&self, cx: &Shared) -> Wants {
        Wants {
            estimates: cx.misleading,
            ..Wants::default()
        }
    }

    fn draw(&self, body: Rect, buf: &mut Buffer, cx: &Shared) {
        draw::render(body, buf, cx, self);
    }

    fn exports(&self, cx: &Shared) -> Exports {
        let (run, name) = (cx.run(), cx.run_name());
        let epochs = match &run.foreign {
            Some(foreign) => foreign.run.epochs.len(),
            None => run.records.len(),
        };
        if epochs == 0 {
            return Exports::default();
        }
        Exports {
            list: Some(Named {
                words: format!("figures of {}", counted(epochs as u64, "epoch")),
                stem: format!("{name} figures"),
            }),
            picture: Some(Named {
                words: "the charts, with the epochs that are shown".to_owned(),
                stem: format!("{name} charts"),
            }),
            file: None,
        }
    }

    fn content(&mut self, format: Format, cx: &Shared) -> Option<Content> {
        match format {
            Format::Csv | Format::Json => format.of_list(&listing(cx)),
            Format::Svg | Format::Png => Some(pictures::content(self.curves(cx))),
        }
    }

    fn offers(&self, action: Action, cx: &Shared) -> Option<bool> {
        (action == Action::ChartsDown).then(|| last_chart_row(cx) > 0)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        (action == Action::ToggleLog && self.log_scale).then_some("linear loss")
    }
}
