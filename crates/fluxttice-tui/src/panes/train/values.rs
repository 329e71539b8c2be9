//! Panel beside the charts: the values of an epoch in two aligned columns, findings, and facts about the run.

use fluxttice_core::metrics::{self, Metric};
use fluxttice_core::numbers::rounded;
use fluxttice_core::record::{EpochRecord, Unique};
use fluxttice_core::run::Members;
use fluxttice_core::space::{MOST_ENTROPY, OPERATIONS, percent_of_all};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Train, findings_list, run_facts};
use crate::format::{fit, fixed, percent, scientific, significant, thousands, width};
use crate::layout::cells;
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::{below, heading, lines, misleading, paragraph};

/// Columns of a row's label.
const LABEL: usize = 10;
/// Columns of a value with the arrow after it.
const VALUE: usize = 9;
/// Rows kept for findings, their heading included.
const FINDINGS: usize = 5;

const ARGMAX: Pair = [&metrics::ARGMAX_A, &metrics::ARGMAX_B];
const CATEGORICAL: Pair = [&metrics::CATEGORICAL_A, &metrics::CATEGORICAL_B];
const DECODE_ENTROPY: Pair = [&metrics::DECODE_ENTROPY_A, &metrics::DECODE_ENTROPY_B];
const INFORMATION: Pair = [&metrics::INFORMATION_A, &metrics::INFORMATION_B];
const REBUILT: Pair = [&metrics::REBUILT_A, &metrics::REBUILT_B];

/// Rows of A's and B's values that every epoch has: importance, label, metrics, format and note.
const PAIRS: [(u8, &str, Pair, Text, &str); 5] = [
    (
        8,
        "latent H",
        [&metrics::ENTROPY_A, &metrics::ENTROPY_B],
        two,
        "nats",
    ),
    (8, "β", [&metrics::BETA_A, &metrics::BETA_B], three, ""),
    (
        4,
        "τ",
        [&metrics::TEMPERATURE_A, &metrics::TEMPERATURE_B],
        three,
        "",
    ),
    (
        3,
        "cross ent.",
        [&metrics::CROSS_ENTROPY_A, &metrics::CROSS_ENTROPY_B],
        significant,
        "nats",
    ),
    (
        3,
        "KL",
        [&metrics::KL_A, &metrics::KL_B],
        significant,
        "nats, as trained",
    ),
];

/// A row of the panel; the one of least importance is left out first where there is no room.
struct Row {
    line: Line<'static>,
    importance: u8,
    part: Part,
}

/// Role of a row among those around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A row that stands for itself.
    Alone,
    /// A heading, which says nothing without the rows under it.
    Heading,
    /// A row under a heading.
    Under,
}

/// Values of an epoch, and those of the epoch before, by which arrows are drawn.
struct Table<'a> {
    theme: Theme,
    now: &'a EpochRecord,
    before: Option<&'a EpochRecord>,
    members: &'a Members,
    room: usize,
    rows: Vec<Row>,
}

type Text = fn(f64) -> String;
/// Metric of A, and the one of B.
type Pair = [&'static Metric; 2];

impl Table<'_> {
    /// Formats a value, with an arrow where it reads otherwise than in the epoch before.
    fn value(&self, figure: impl Fn(&EpochRecord) -> f64, text: Text) -> String {
        let value = figure(self.now);
        let now = text(value);
        let before = self.before.map(figure);
        let arrow = match before.filter(|before| text(*before) != now) {
            Some(before) if before < value => '↗',
            Some(before) if before > value => '↘',
            _ => ' ',
        };
        let room = VALUE - 2;
        format!("{now:>room$} {arrow}")
    }

    fn push(&mut self, importance: u8, spans: Vec<Span<'static>>) {
        self.rows.push(Row {
            line: Line::from(spans),
            importance,
            part: Part::Alone,
        });
    }

    /// Removes the row of least importance, and its heading too where it was the last row below that.
    fn shorten(&mut self) {
        let Some(weakest) = self.rows.iter().map(|row| row.importance).min() else {
            return;
        };
        let place = self.rows.iter().rposition(|row| row.importance == weakest);
        let place = place.unwrap_or_default();
        self.rows.remove(place);
        let part = |place: usize| self.rows.get(place).map(|row| row.part);
        if let Some(above) = place.checked_sub(1)
            && part(above) == Some(Part::Heading)
            && part(place) != Some(Part::Under)
        {
            self.rows.remove(above);
        }
    }

    fn label(&self, label: &str) -> Span<'static> {
        Span::styled(format!("{label:<LABEL$}"), self.theme.dim())
    }

    fn note(&self, text: &str) -> Span<'static> {
        let left = self.room.saturating_sub(LABEL + 2 * VALUE);
        Span::styled(
            if width(text) < left {
                format!(" {text}")
            } else {
                String::new()
            },
            self.theme.dim(),
        )
    }

    /// Adds a row with the value of A and that of B.
    fn pair(&mut self, importance: u8, label: &str, [a, b]: Pair, text: Text, note: &str) {
        let levels = [a, b].map(|metric| self.value(|record| metric.level(record), text));
        self.columns(importance, label, levels, note);
    }

    /// Adds a row with a text in A's column and one in B's.
    fn columns(&mut self, importance: u8, label: &str, [a, b]: [String; 2], note: &str) {
        let spans = vec![
            self.label(label),
            Span::styled(a, self.theme.role(Role::A)),
            Span::styled(b, self.theme.role(Role::B)),
            self.note(note),
        ];
        self.push(importance, spans);
    }

    /// Adds a row with a value of the whole model and a note on it.
    fn single(
        &mut self,
        importance: u8,
        label: &str,
        metric: &Metric,
        text: Text,
        note: (String, Style),
    ) {
        let room = self.room.saturating_sub(LABEL + VALUE + 1);
        // A note with a number cut short would be wrong: a note that does not fit is left out.
        let note = if width(&note.0) <= room {
            note
        } else {
            (String::new(), note.1)
        };
        let spans = vec![
            self.label(label),
            Span::styled(
                self.value(|record| metric.level(record), text),
                self.theme.text(),
            ),
            Span::styled(format!(" {}", note.0), note.1),
        ];
        self.push(importance, spans);
    }

    /// Adds a row that names a draw with its N and ceiling, and below it A's and B's counts and shares.
    fn coverage(&mut self, importance: u8, name: &str, pair: Pair, unique: &Unique) {
        let samples = thousands(unique.samples.into());
        let most = percent(percent_of_all(unique.ceiling));
        let long = format!("{name}, N {samples}, ceiling {most} %");
        let short = format!("{name} N {samples} ≤ {most} %");
        let text = if width(&long) <= self.room {
            long
        } else {
            fit(&short, self.room)
        };
        self.rows.push(Row {
            line: Line::styled(text, self.theme.text()),
            importance,
            part: Part::Heading,
        });
        let first = self.rows.len();
        let counts = pair.map(|metric| self.value(|record| metric.value(record), count));
        let most = format!("{} if uniform", thousands(rounded(unique.ceiling)));
        self.columns(importance - 1, "  distinct", counts, &most);
        let shares = pair.map(|metric| share(metric.level(self.now)));
        let of_all = format!("% of {}", thousands(OPERATIONS as u64));
        self.columns(importance, "  share", shares, &of_all);
        self.band(importance - 1, pair, percent, "%, lowest to highest");
        for row in &mut self.rows[first..] {
            row.part = Part::Under;
        }
    }

    /// Adds a row with the lowest and the highest value among all runs of a population, for A and for B.
    fn band(&mut self, importance: u8, [a, b]: Pair, text: Text, note: &str) {
        if !self.members.are_several() {
            return;
        }
        let Some((epoch, a)) = self
            .members
            .of_all(self.now.epoch, |record| a.level(record))
        else {
            return;
        };
        let Some(b) = self.members.band(epoch, |record| b.level(record)) else {
            return;
        };
        let [a, b] = [a, b].map(|band| format!("{}–{}", text(band.low), text(band.high)));
        // A number cut short would be wrong.
        if width(&a).max(width(&b)) > VALUE {
            return;
        }
        let runs = self.members.runs();
        // The other runs may not have finished this epoch yet.
        let label = match epoch == self.now.epoch {
            true => format!("  {runs} runs"),
            false => format!("  {runs} @{epoch}"),
        };
        let mut spans = vec![
            Span::styled(
                format!("{label:<width$}", width = LABEL - 1),
                self.theme.dim(),
            ),
            Span::styled(format!("{a:>VALUE$} "), self.theme.role(Role::A)),
            Span::styled(format!("{b:>VALUE$}"), self.theme.role(Role::B)),
        ];
        spans.push(self.note(note));
        self.push(importance, spans);
    }
}

fn share(percent_of_all: f64) -> String {
    let room = VALUE - 2;
    let text = if percent_of_all.is_finite() {
        format!("{}%", percent(percent_of_all))
    } else {
        "NaN".into()
    };
    format!("{text:>room$}  ")
}

fn count(value: f64) -> String {
    if value.is_finite() {
        thousands(rounded(value.trunc()))
    } else {
        "–".into()
    }
}

fn two(value: f64) -> String {
    fixed(value, 2)
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

/// Adds a row with I(z; x), as it was last measured.
fn information<'a>(table: &mut Table<'a>, cx: &'a Shared) {
    const IMPORTANCE: u8 = 9;
    let theme = table.theme;
    let told = |table: &mut Table<'_>, text: String| {
        let label = table.label("I(z; x)");
        table.push(IMPORTANCE, vec![label, Span::styled(text, theme.dim())]);
    };
    let informed = cx.run().informed(table.now.epoch);
    let Some((record, found)) = informed.and_then(|record| Some((record, record.information?)))
    else {
        return told(table, "  not measured".to_owned());
    };
    if found.a.is_nan() && found.b.is_nan() {
        let codes = thousands(found.codes.into());
        return told(table, format!("  {codes} codes are too few"));
    }
    // A value of another epoch is marked as such, however narrow the panel is.
    let at = record.epoch;
    let earlier = [
        format!("I(z;x) @{at}"),
        format!("I(z;x)@{at}"),
        format!("I @{at}"),
    ];
    let fits = |label: &&String| width(label) <= LABEL;
    let label = match at == table.now.epoch {
        true => "I(z; x)",
        false => earlier.iter().find(fits).unwrap_or(&earlier[2]),
    };
    let note = format!("of {} nats", fixed(MOST_ENTROPY, 2));
    let before = record.epoch.checked_sub(1);
    let before = before.and_then(|epoch| cx.run().informed(epoch));
    let around = (table.now, table.before);
    (table.now, table.before) = (record, before.map(AsRef::as_ref));
    table.pair(IMPORTANCE, label, INFORMATION, two, &note);
    (table.now, table.before) = around;
}

fn table<'a>(cx: &'a Shared, now: &'a EpochRecord, room: usize) -> Table<'a> {
    let run = cx.run();
    let before = now
        .epoch
        .checked_sub(1)
        .and_then(|epoch| run.at(epoch))
        .map(AsRef::as_ref);
    let theme = cx.theme;
    let mut table = Table {
        theme,
        now,
        before,
        members: &run.members,
        room,
        rows: Vec::new(),
    };
    coverage(&mut table, cx);
    information(&mut table, cx);
    for (importance, label, pair, text, note) in PAIRS {
        table.pair(importance, label, pair, text, note);
    }
    losses(&mut table);
    latent(&mut table);
    steering(&mut table, cx);
    table
}

/// Adds what the newest count of coverage up to the epoch says.
fn coverage<'a>(table: &mut Table<'a>, cx: &'a Shared) {
    let run = cx.run();
    let (theme, now, before) = (cx.theme, table.now, table.before);
    let counted = run.counted(now.epoch);
    match counted.and_then(|counted| Some((counted, counted.coverage?))) {
        Some((counted, pair)) => {
            if counted.epoch != now.epoch {
                let text = format!("coverage: counted in epoch {}", counted.epoch);
                table.push(10, vec![Span::styled(text, theme.dim())]);
                let before = counted.epoch.checked_sub(1);
                table.before = before
                    .and_then(|epoch| run.counted(epoch))
                    .map(AsRef::as_ref);
                table.now = counted;
            }
            table.coverage(10, "argmax", ARGMAX, &pair.a.argmax);
            table.coverage(5, "categorical", CATEGORICAL, &pair.a.categorical);
            let note = format!("of {} nats", fixed(MOST_ENTROPY, 2));
            table.pair(9, "decode H", DECODE_ENTROPY, two, &note);
            table.band(8, DECODE_ENTROPY, two, "nats, lowest to highest");
            (table.now, table.before) = (now, before);
        }
        None => table.push(
            10,
            vec![Span::styled("coverage not counted yet", theme.dim())],
        ),
    }
}

/// Adds the losses, and the epochs in which the validation loss and coverage were best.
fn losses(table: &mut Table<'_>) {
    let now = table.now;
    let dim = table.theme.dim();
    table.single(
        8,
        "loss train",
        &metrics::TRAIN_LOSS,
        significant,
        ("nats".into(), dim),
    );
    let best = format!(
        "best {} at {}",
        significant(now.best.validation_loss),
        now.best.epoch
    );
    let left = table.room.saturating_sub(LABEL + VALUE + 1);
    let best = if width(&best) <= left {
        best
    } else {
        format!("best at {}", now.best.epoch)
    };
    table.single(
        8,
        "loss val.",
        &metrics::VALIDATION_LOSS,
        significant,
        (best, dim),
    );
    if now.train.penalty > 0.0 {
        // The penalty is part of the training loss and not of the validation loss.
        table.single(
            6,
            "penalty",
            &metrics::PENALTY,
            significant,
            ("in the training loss".to_owned(), dim),
        );
    }
    if let Some(best) = now.best_coverage {
        table.single(
            5,
            "best cov.",
            &metrics::BEST_COVERAGE,
            percent,
            (format!("% at {}, A and B", best.epoch), dim),
        );
    }
}

/// Adds exact reconstruction and the number of active dimensions.
fn latent(table: &mut Table<'_>) {
    let Some(latent) = table.now.latent else {
        return;
    };
    table.pair(5, "exact", REBUILT, percent, "%, ρ = 0");
    let active = format!(
        "  {} / {} of 16 dimensions active",
        latent.active.a, latent.active.b
    );
    if width(&active) + LABEL <= table.room {
        let label = table.label("codes");
        table.push(3, vec![label, Span::styled(active, table.theme.dim())]);
    }
}

/// Adds ρ, gradients, weights, the learning rate and the times.
fn steering(table: &mut Table<'_>, cx: &Shared) {
    let (run, now, dim) = (cx.run(), table.now, cx.theme.dim());
    let scheduled = run
        .tuning()
        .and_then(|tuning| tuning.schedule.get(now.epoch as usize));
    let rho = match scheduled {
        Some(scheduled) if (scheduled.rho - now.rho).abs() > 5e-4 => {
            format!("scheduled {}", three(scheduled.rho))
        }
        _ => String::new(),
    };
    table.single(8, "ρ", &metrics::RHO, three, (rho, dim));
    let balance = if now.gradient.balanced {
        ("● balanced".to_owned(), cx.theme.good())
    } else {
        ("○ out of band".to_owned(), cx.theme.warning())
    };
    table.single(7, "grad. B/A", &metrics::GRADIENT_RATIO, two, balance);
    let weights = [now.lambda1, now.lambda2, now.lambda3]
        .map(three)
        .join("  ");
    let label = table.label("λ1 λ2 λ3");
    table.push(6, vec![label, Span::raw(format!("  {weights}"))]);
    let rate = format!(
        "  {} → {}",
        scientific(now.learning_rate.scheduled),
        scientific(now.learning_rate.corrected)
    );
    let label = table.label("learn rate");
    table.push(6, vec![label, Span::raw(rate)]);
    let seconds = now.seconds;
    let text = [seconds.train, seconds.validation, seconds.coverage].map(|s| fixed(s, 1));
    let [train, validation, counting] = &text;
    let forms = [
        format!("  {train} train  {validation} val  {counting} coverage"),
        format!("  {train} + {validation} + {counting}"),
    ];
    let text = forms
        .into_iter()
        .find(|text| width(text) + LABEL <= table.room)
        .unwrap_or_default();
    let label = table.label("time, s");
    table.push(2, vec![label, Span::styled(text, dim)]);
}

/// Draws the panel: values, findings, and facts about the run, as much as there is room for.
pub fn render(area: Rect, buf: &mut Buffer, cx: &Shared, pane: &Train) {
    let (theme, run) = (cx.theme, cx.run());
    let room = usize::from(area.width);
    let record = pane
        .time
        .cursor
        .and_then(|epoch| run.at(epoch))
        .or(run.newest());
    let Some(record) = record else {
        heading(area, buf, theme, "now", "");
        let rest = below(area, 1);
        let waiting = if run.is_over() {
            "no epoch was finished"
        } else {
            "the first epoch is not finished yet"
        };
        lines(rest, buf, &paragraph(waiting, room, theme.dim()));
        run_facts::render(below(rest, 3), buf, cx);
        return;
    };
    let title = if pane.time.cursor.is_some() {
        format!("at epoch {}", record.epoch)
    } else if run.is_over() {
        format!("last epoch {}", record.epoch)
    } else {
        format!("now, epoch {}", record.epoch)
    };
    heading(area, buf, theme, &title, "");
    for (column, (name, role)) in [("A", Role::A), ("B", Role::B)].into_iter().enumerate() {
        let x = LABEL + (column + 1) * VALUE - 4;
        if x + 3 <= room && width(&title) < x {
            buf.set_string(
                area.x + cells(x),
                area.y,
                format!(" {name} "),
                theme.role(role),
            );
        }
    }

    let mut table = table(cx, record, room);
    let high = usize::from(area.height).saturating_sub(1);
    let misleading = misleading::lines(cx, room);
    while !table.rows.is_empty() && table.rows.len() + misleading.len() + FINDINGS > high {
        table.shorten();
    }
    let rows = table.rows.into_iter().map(|row| row.line);
    let rows: Vec<Line<'_>> = rows.chain(misleading).collect();
    lines(below(area, 1), buf, &rows);
    let rest = below(area, cells(rows.len()) + 2);
    let used = findings_list::render(rest, buf, cx, record.epoch);
    if rest.height > used + 4 {
        run_facts::render(below(rest, used + 1), buf, cx);
    }
}
