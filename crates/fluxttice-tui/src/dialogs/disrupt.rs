//! Dialog that asks for a disruption, for its measurement, or for both.

use std::str::FromStr;

use crossterm::event::KeyCode;
use fluxttice_core::disruption::{Disruption, DisruptionKind, Shape};
use fluxttice_core::experiment::{MAX_HORIZON, MAX_REPETITIONS};
use fluxttice_core::request::Command;
use fluxttice_core::training::Steer;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;

use super::{close_and, window};
use crate::effects::{Dialog, Effect, Effects};
use crate::follow_up::{FollowUp, Measuring};
use crate::format::fixed;
use crate::keys::{Action, Context};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::Role;
use crate::widgets::chart::{Chart, ChartFrame, Series, Stroke, Window};
use crate::widgets::{below, lines, paragraph, part};

/// Columns of a field's label.
const LABEL: usize = 9;
/// Columns of a typed number.
const NUMBER: u16 = 12;
/// Fewest and most rows of the curve.
const CURVE: (u16, u16) = (5, 9);
/// Epochs shown before and after the disruption.
const AROUND: u32 = 8;

/// Fields of the disruption dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Quantity that is disrupted.
    Kind,
    /// Amplitude of the disruption.
    Amplitude,
    /// Duration, in epochs.
    Epochs,
    /// Shape: the strength as a function of time.
    Shape,
    /// Epochs after the disruption in which no other one is accepted.
    Cooldown,
    /// Choice between disrupting the run, measuring the effect, or both.
    Doing,
    /// Epochs watched after the disruption.
    Watch,
    /// Number of pairs of arms, each with and without the disruption.
    Repetitions,
}

impl Field {
    /// Every field, top to bottom.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::Amplitude,
        Self::Epochs,
        Self::Shape,
        Self::Cooldown,
        Self::Doing,
        Self::Watch,
        Self::Repetitions,
    ];

    /// Returns true if the field has choices instead of typed text.
    pub fn is_choice(self) -> bool {
        matches!(self, Self::Kind | Self::Shape | Self::Doing)
    }
}

/// Choice between disrupting the run and measuring the effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Disrupts the run.
    #[default]
    Disrupt,
    /// Disrupts the run, and trains copies of it with and without the disruption.
    Both,
    /// Trains copies of the run with and without the disruption; the run itself goes on undisturbed.
    Measure,
}

impl Doing {
    /// Every choice, in the order of the dialog.
    pub const ALL: [Self; 3] = [Self::Disrupt, Self::Both, Self::Measure];

    /// Returns the words of the choice in the dialog.
    pub fn words(self) -> &'static str {
        match self {
            Self::Disrupt => "disrupt",
            Self::Both => "disrupt and measure",
            Self::Measure => "only measure",
        }
    }
}

/// State of the disruption dialog.
#[derive(Clone, Debug)]
pub struct Disrupt {
    /// Field that has the focus.
    pub field: Field,
    /// Quantity that is disrupted.
    pub kind: DisruptionKind,
    /// Amplitude, as typed.
    pub amplitude: Input,
    /// Duration in epochs, as typed.
    pub epochs: Input,
    /// Shape: the strength as a function of time.
    pub shape: Shape,
    /// Epochs afterwards in which no other disruption is accepted, as typed.
    pub cooldown: Input,
    /// Choice between disrupting the run and measuring the effect.
    pub doing: Doing,
    /// Epochs watched after the disruption, as typed.
    pub watch: Input,
    /// Number of pairs of arms, as typed.
    pub repetitions: Input,
}

impl Default for Disrupt {
    fn default() -> Self {
        let kind = DisruptionKind::BetaB;
        let measuring = Measuring::default();
        Self {
            field: Field::Kind,
            kind,
            amplitude: Input::new(kind.default_amplitude().to_string()),
            epochs: Input::new(kind.default_epochs().to_string()),
            shape: Shape::default(),
            cooldown: Input::new("0".to_owned()),
            doing: Doing::default(),
            watch: Input::new(measuring.watch.to_string()),
            repetitions: Input::new(measuring.repetitions.to_string()),
        }
    }
}

impl Disrupt {
    /// Returns the visible fields; those of the measurement only where there is one.
    pub fn fields(&self) -> &'static [Field] {
        let all = Field::ALL.as_slice();
        match self.doing {
            Doing::Disrupt => &all[..all.len() - 2],
            Doing::Both | Doing::Measure => all,
        }
    }

    /// Moves the focus to the next or previous field, wrapping round at the ends.
    pub fn step(&mut self, forward: bool) {
        self.field = neighbour(self.fields(), self.field, forward);
    }

    /// Takes the next or previous choice of the field that has the focus. Another quantity also resets
    /// amplitude and duration to its defaults.
    pub fn choose(&mut self, forward: bool) {
        match self.field {
            Field::Kind => {
                self.kind = neighbour(&DisruptionKind::ALL, self.kind, forward);
                self.amplitude = Input::new(self.kind.default_amplitude().to_string());
                self.epochs = Input::new(self.kind.default_epochs().to_string());
            }
            Field::Shape => self.shape = neighbour(&Shape::ALL, self.shape, forward),
            Field::Doing => self.doing = neighbour(&Doing::ALL, self.doing, forward),
            _ => {}
        }
    }

    /// Returns the disruption that the fields describe; a decimal comma counts as a point.
    ///
    /// # Errors
    /// Returns a message that names the number which cannot be used, and the numbers that can.
    pub fn disruption(&self) -> Result<Disruption, String> {
        let disruption = Disruption {
            amplitude: number(&self.amplitude, "amplitude")?,
            epochs: number(&self.epochs, "epochs")?,
            shape: self.shape,
            cooldown: number(&self.cooldown, "cooldown")?,
            ..Disruption::new(self.kind)
        };
        disruption.check().map_err(|error| error.to_string())
    }

    /// Returns the size of the experiment; `None` where the effect is not measured.
    ///
    /// # Errors
    /// Returns a message that names the number which cannot be used, and the numbers that can.
    pub fn measuring(&self) -> Result<Option<Measuring>, String> {
        if self.doing == Doing::Disrupt {
            return Ok(None);
        }
        let number = |input: &Input, what: &str, most: u32| match input.value().trim().parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(format!("{what}: expected a whole number, 1 to {most}")),
        };
        Ok(Some(Measuring {
            watch: number(&self.watch, "follow-up", MAX_HORIZON / 2)?,
            repetitions: number(&self.repetitions, "repetitions", MAX_REPETITIONS)?,
        }))
    }

    /// Asks for the disruption, for its measurement, or for both.
    fn confirmed(&self, cx: &Shared) -> Effects {
        // While a number is wrong the dialog shows the reason and stays open.
        let (Ok(disruption), Ok(measuring)) = (self.disruption(), self.measuring()) else {
            return Vec::new();
        };
        let command = match self.doing {
            Doing::Disrupt | Doing::Both => Command::Steer(Steer::Disrupt { disruption }),
            // Both arms start from the newest checkpoint, which must not be deleted meanwhile.
            Doing::Measure => Command::Keep {
                epochs: cx.live().epochs_done(),
            },
        };
        let then = measuring.map(|measuring| FollowUp::Try(disruption, measuring));
        close_and([Effect::Ask(command, then)])
    }
}

impl Dialog for Disrupt {
    fn context(&self) -> Context {
        Context::Disrupt
    }

    fn size(&self, _screen: Rect) -> (u16, u16) {
        (78, 23)
    }

    fn line(&mut self) -> Option<&mut Input> {
        match self.field {
            Field::Kind | Field::Shape | Field::Doing => None,
            Field::Amplitude => Some(&mut self.amplitude),
            Field::Epochs => Some(&mut self.epochs),
            Field::Cooldown => Some(&mut self.cooldown),
            Field::Watch => Some(&mut self.watch),
            Field::Repetitions => Some(&mut self.repetitions),
        }
    }

    fn types(&self, key: KeyCode) -> bool {
        !self.field.is_choice() && matches!(key, KeyCode::Left | KeyCode::Right)
    }

    fn act(&mut self, action: Action, cx: &Shared) -> Option<Effects> {
        match action {
            Action::NextField => self.step(true),
            Action::PreviousField => self.step(false),
            Action::ChoiceBack => self.choose(false),
            Action::ChoiceForward => self.choose(true),
            Action::Confirm => return Some(self.confirmed(cx)),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Shared) -> Option<Position> {
        let inner = window::frame(area, buf, cx.theme, "disruption");
        let mut cursor = None;
        for (place, field) in self.fields().iter().enumerate() {
            let row = part(inner, cells(place), 1);
            let at = render_field(row, buf, cx, self, *field);
            if self.field == *field {
                cursor = at;
            }
        }
        let rest = below(inner, cells(self.fields().len() + 1));
        let (text, style) = match (self.disruption(), self.measuring()) {
            (Ok(disruption), Ok(_)) => (meaning(cx, disruption), cx.theme.text()),
            (Err(problem), _) | (_, Err(problem)) => (format!("▲ {problem}"), cx.theme.warning()),
        };
        let room = usize::from(inner.width);
        let mut rows = paragraph(&text, room, style);
        if self.disruption().is_ok() {
            let about = format!("{}.", self.kind.meaning());
            rows.extend(paragraph(&about, room, cx.theme.dim()));
        }
        lines(rest, buf, &rows);
        let rest = below(rest, cells(rows.len()));
        if let Ok(disruption) = self.disruption()
            && rest.height >= CURVE.0
        {
            let height = CURVE.1.min(rest.height);
            let area = Rect {
                y: rest.bottom() - height,
                height,
                ..rest
            };
            render_curve(area, buf, cx, disruption);
        }
        cursor
    }
}

/// Draws one field of the dialog; returns the position of the text cursor in it.
fn render_field(
    row: Rect,
    buf: &mut Buffer,
    cx: &Shared,
    form: &Disrupt,
    field: Field,
) -> Option<Position> {
    let theme = cx.theme;
    let (name, input, note) = match field {
        Field::Kind => ("disrupt", None, ""),
        Field::Amplitude => ("amplitude", Some(&form.amplitude), ""),
        Field::Epochs => ("epochs", Some(&form.epochs), ""),
        Field::Shape => ("shape", None, ""),
        Field::Cooldown => (
            "cooldown",
            Some(&form.cooldown),
            "epochs afterwards without another disruption",
        ),
        Field::Doing => ("do", None, ""),
        Field::Watch => (
            "follow-up",
            Some(&form.watch),
            "epochs after it, in both arms",
        ),
        Field::Repetitions => (
            "repeat",
            Some(&form.repetitions),
            "paired repetitions; one pair gives no interval",
        ),
    };
    let chosen = form.field == field;
    let sign = if chosen { "▸" } else { " " };
    let style = if chosen { theme.accent() } else { theme.dim() };
    let label = Span::styled(format!("{sign} {name:<LABEL$}"), style);
    // A choice has a background of its own, one column wider on each side.
    let typed = Span::styled(format!("{sign} {name:<LABEL$} "), style);
    let Some(input) = input else {
        let mut spans = vec![label];
        match field {
            Field::Kind => {
                let place = DisruptionKind::ALL
                    .iter()
                    .position(|kind| *kind == form.kind);
                let text = format!(" {} {} ", form.kind.symbol(), form.kind);
                let count = format!(
                    "  {} of {}, ←→",
                    place.unwrap_or_default() + 1,
                    DisruptionKind::ALL.len()
                );
                spans.push(Span::styled(text, theme.selected()));
                spans.push(Span::styled(count, theme.dim()));
            }
            Field::Shape => {
                let names = Shape::ALL.map(|shape| (shape.name(), shape == form.shape));
                spans.extend(choices(cx, &names));
            }
            _ => {
                let names = Doing::ALL.map(|doing| (doing.words(), doing == form.doing));
                spans.extend(choices(cx, &names));
            }
        }
        buf.set_line(row.x, row.y, &Line::from(spans), row.width);
        return None;
    };
    let beside = Rect {
        width: row.width.min(cells(LABEL + 3) + NUMBER),
        ..row
    };
    let cursor = window::input(beside, buf, typed, input, theme.strong());
    let left = row.width - beside.width;
    buf.set_stringn(beside.right(), row.y, note, usize::from(left), theme.dim());
    cursor
}

fn choices(cx: &Shared, names: &[(&'static str, bool)]) -> Vec<Span<'static>> {
    let theme = cx.theme;
    let span = |(name, chosen): &(&'static str, bool)| {
        let style = if *chosen {
            theme.selected()
        } else {
            theme.dim()
        };
        [Span::styled(format!(" {name} "), style), Span::raw(" ")]
    };
    names.iter().flat_map(span).collect()
}

/// Describes the change in numbers: the scheduled value, the disrupted value, and the epochs.
fn meaning(cx: &Shared, disruption: Disruption) -> String {
    let epoch = cx.live().epoch().unwrap_or_default();
    let symbol = disruption.kind.symbol();
    let tuning = cx.live().tuning();
    let scheduled = tuning.and_then(|tuning| tuning.schedule.get(epoch as usize).copied());
    let end = epoch.saturating_add(disruption.epochs - 1);
    let span = if disruption.epochs == 1 {
        format!("in epoch {epoch}")
    } else {
        format!("from the next batch of epoch {epoch} to the end of epoch {end}")
    };
    match scheduled {
        Some(scheduled) => {
            let from = scheduled.value(disruption.kind);
            let to = disruption.apply(from, 0);
            // Learning rates are thousandths and need more digits.
            let digits = if disruption.kind == DisruptionKind::LearningRate {
                5
            } else {
                3
            };
            format!(
                "{symbol} {} → {} {span}.",
                fixed(from, digits),
                fixed(to, digits)
            )
        }
        None => format!("{disruption}, {span}."),
    }
}

fn render_curve(area: Rect, buf: &mut Buffer, cx: &Shared, disruption: Disruption) {
    let Some(tuning) = cx.live().tuning() else {
        return;
    };
    let epoch = cx.live().epoch().unwrap_or_default();
    let last = epoch
        .saturating_add(disruption.epochs)
        .saturating_add(AROUND);
    let window = Window {
        first: epoch.saturating_sub(AROUND),
        last,
    };
    // Learning rates are drawn in thousandths, as in their chart.
    let (factor, unit) = match disruption.kind {
        DisruptionKind::LearningRate => (1_000.0, " ·10⁻³"),
        _ => (1.0, ""),
    };
    let scheduled: Vec<(u32, f64)> = (0..)
        .zip(tuning.schedule.iter())
        .filter(|(at, _)| window.contains(*at))
        .map(|(at, scheduled)| (at, scheduled.value(disruption.kind)))
        .collect();
    let scaled = |points: Vec<(u32, f64)>| -> Vec<(u32, f64)> {
        points
            .into_iter()
            .map(|(at, value)| (at, factor * value))
            .collect()
    };
    let disrupted = scheduled
        .iter()
        .map(|(at, value)| match at.checked_sub(epoch) {
            Some(t) => (*at, disruption.apply(*value, t)),
            None => (*at, *value),
        })
        .collect();
    let series = |label: &str, role, stroke, points| Series {
        label: label.into(),
        role,
        stroke,
        points: scaled(points),
        reading: " ".into(),
        tag: None,
    };
    let chart = Chart {
        titles: vec![format!(
            "{}{unit}, epochs {} to {}",
            disruption.kind.symbol(),
            window.first,
            window.last
        )],
        series: vec![
            series("disrupted", Role::Second, Stroke::Solid, disrupted),
            series("scheduled", Role::Plain, Stroke::Dashed, scheduled),
        ],
        references: Vec::new(),
        reach: vec![0.0],
        logarithmic: false,
        empty: "the schedule ends here".into(),
    };
    let frame = ChartFrame {
        theme: cx.theme,
        window,
        borders: Some(&tuning.phase_borders),
        disruptions: &[],
        cursor: None,
    };
    chart.render(area, buf, &frame);
}

/// Reads a number that is typed, with a decimal point or comma.
fn number<T: FromStr>(input: &Input, label: &str) -> Result<T, String> {
    let text = input.value().trim().replace(',', ".");
    let wrong = |_| format!("{label}: expected a number, found `{text}`");
    text.parse().map_err(wrong)
}

/// Returns the next or previous of some values, wrapping round at the ends.
fn neighbour<T: Copy + PartialEq>(all: &[T], at: T, forward: bool) -> T {
    let place = all.iter().position(|one| *one == at).unwrap_or_default();
    let by = if forward { 1 } else { all.len() - 1 };
    all.get((place + by) % all.len()).copied().unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_a_number_says_so() {
        let mut form = Disrupt::default();
        assert_eq!(
            form.disruption(),
            Ok(Disruption::new(DisruptionKind::BetaB))
        );
        form.amplitude = Input::new("0,3".into());
        assert!(
            form.disruption()
                .is_ok_and(|disruption| (disruption.amplitude - 0.3).abs() < 1e-12)
        );
        form.epochs = Input::new("many".into());
        assert!(form.disruption().is_err());
    }

    #[test]
    fn how_it_is_measured_is_asked_only_where_it_is() {
        let mut form = Disrupt::default();
        assert_eq!(form.measuring(), Ok(None));
        form.field = Field::Doing;
        form.step(true);
        assert_eq!(form.field, Field::Kind, "the last two are not in sight");
        form.field = Field::Doing;
        form.choose(true);
        assert_eq!(form.measuring(), Ok(Some(Measuring::default())));
        form.step(true);
        assert_eq!(form.field, Field::Watch);
        form.repetitions = Input::new("0".into());
        assert!(
            form.measuring()
                .is_err_and(|problem| problem.contains("1 to 20"))
        );
    }
}
