//! The panel beside the charts: one epoch's values in two aligned columns, findings, the run itself.

use fluxttice_core::record::{Coverage, EpochRecord, Unique};
use fluxttice_core::run::Members;
use fluxttice_core::space::{MOST_ENTROPY, OPERATIONS, percent_of_all};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Train, findings_list, run_facts};
use crate::format::{fit, fixed, percent, scientific, significant, thousands, width};
use crate::shared::Shared;
use crate::theme::{Role, Theme};
use crate::widgets::{below, heading, lines, misleading, paragraph};

/// Columns of a row's label.
const LABEL: usize = 10;
/// Columns of a value with the arrow behind it.
const VALUE: usize = 9;
/// Rows kept for findings, their heading included.
const FINDINGS: usize = 5;

/// A row and how much it is missed where there is no room for it.
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
    /// It only says what the rows under it are.
    Heading,
    /// One of the rows under a heading.
    Under,
}

/// The values of an epoch and of the one before it, to say which way they moved.
struct Table<'a> {
    theme: Theme,
    now: &'a EpochRecord,
    before: Option<&'a EpochRecord>,
    members: &'a Members,
    room: usize,
    rows: Vec<Row>,
}

type Figure = fn(&EpochRecord) -> f64;
type Text = fn(f64) -> String;

impl Table<'_> {
    /// A value and, where it reads differently than an epoch before, which way it moved.
    fn value(&self, figure: Figure, text: Text) -> String {
        let now = text(figure(self.now));
        let arrow = match self.before.map(figure) {
            Some(before) if text(before) != now && before < figure(self.now) => '↗',
            Some(before) if text(before) != now && before > figure(self.now) => '↘',
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

    /// Takes out the row that is missed least, and its heading with the last row below that.
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

    fn note(&self, text: String) -> Span<'static> {
        let left = self.room.saturating_sub(LABEL + 2 * VALUE);
        Span::styled(
            if width(&text) < left {
                format!(" {text}")
            } else {
                String::new()
            },
            self.theme.dim(),
        )
    }

    /// A value of A and the same of B.
    fn pair(&mut self, importance: u8, label: &str, a: Figure, b: Figure, text: Text, note: &str) {
        let spans = vec![
            self.label(label),
            Span::styled(self.value(a, text), self.theme.role(Role::A)),
            Span::styled(self.value(b, text), self.theme.role(Role::B)),
            self.note(note.to_owned()),
        ];
        self.push(importance, spans);
    }

    /// A value of the whole model and what there is to say about it.
    fn single(
        &mut self,
        importance: u8,
        label: &str,
        figure: Figure,
        text: Text,
        note: (String, Style),
    ) {
        let room = self.room.saturating_sub(LABEL + VALUE + 1);
        // A cut number is a wrong one: what does not fit is left out.
        let note = if width(&note.0) <= room {
            note
        } else {
            (String::new(), note.1)
        };
        let spans = vec![
            self.label(label),
            Span::styled(self.value(figure, text), self.theme.text()),
            Span::styled(format!(" {}", note.0), note.1),
        ];
        self.push(importance, spans);
    }

    /// What a draw measured: its N and ceiling in words, then both decoders.
    fn coverage(&mut self, importance: u8, name: &str, a: Figure, b: Figure, unique: &Unique) {
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
            line: Line::from(Span::styled(text, self.theme.text())),
            importance,
            part: Part::Heading,
        });
        let first = self.rows.len();
        let most = format!("{} if uniform", thousands(unique.ceiling.round() as u64));
        self.pair(importance - 1, "  distinct", a, b, count, &most);
        let share_a: String = self.share(a);
        let share_b: String = self.share(b);
        let spans = vec![
            self.label("  share"),
            Span::styled(share_a, self.theme.role(Role::A)),
            Span::styled(share_b, self.theme.role(Role::B)),
            self.note(format!("% of {}", thousands(OPERATIONS as u64))),
        ];
        self.push(importance, spans);
        self.band(
            importance - 1,
            [a, b],
            |count| percent(percent_of_all(count)),
            "%, lowest to highest",
        );
        for row in &mut self.rows[first..] {
            row.part = Part::Under;
        }
    }

    /// The lowest and the highest of all runs of a population, of A and of B.
    fn band(&mut self, importance: u8, figures: [Figure; 2], text: Text, note: &str) {
        if !self.members.are_several() {
            return;
        }
        let Some((epoch, a)) = self.members.of_all(self.now.epoch, figures[0]) else {
            return;
        };
        let Some(b) = self.members.band(epoch, figures[1]) else {
            return;
        };
        let [a, b] = [a, b].map(|band| format!("{}–{}", text(band.low), text(band.high)));
        // A cut number is a wrong one.
        if width(&a).max(width(&b)) > VALUE {
            return;
        }
        let runs = self.members.runs();
        // The others may not be there yet.
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
        spans.push(self.note(note.to_owned()));
        self.push(importance, spans);
    }

    fn share(&self, figure: Figure) -> String {
        let room = VALUE - 2;
        let value = figure(self.now);
        let text = if value.is_finite() {
            format!("{}%", percent(percent_of_all(value)))
        } else {
            "NaN".into()
        };
        format!("{text:>room$}  ")
    }
}

fn count(value: f64) -> String {
    if value.is_finite() {
        thousands(value as u64)
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

/// A figure of the coverage of A or B, where there is one.
fn of(record: &EpochRecord, b: bool, figure: fn(&Coverage) -> f64) -> f64 {
    record
        .coverage
        .map_or(f64::NAN, |pair| figure(if b { &pair.b } else { &pair.a }))
}

/// I(z; x), as it was last measured.
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
    // A value of another epoch says so, however narrow the panel is.
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
    table.pair(
        IMPORTANCE,
        label,
        |r| r.information.map_or(f64::NAN, |both| both.a),
        |r| r.information.map_or(f64::NAN, |both| both.b),
        two,
        &note,
    );
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
            table.coverage(
                10,
                "argmax",
                |r| of(r, false, |c| c.argmax.unique.into()),
                |r| of(r, true, |c| c.argmax.unique.into()),
                &pair.a.argmax,
            );
            table.coverage(
                5,
                "categorical",
                |r| of(r, false, |c| c.categorical.unique.into()),
                |r| of(r, true, |c| c.categorical.unique.into()),
                &pair.a.categorical,
            );
            let note = format!("of {} nats", fixed(MOST_ENTROPY, 2));
            table.pair(
                9,
                "decode H",
                |r| of(r, false, |c| c.decode_entropy),
                |r| of(r, true, |c| c.decode_entropy),
                two,
                &note,
            );
            table.band(
                8,
                [
                    |r| of(r, false, |c| c.decode_entropy),
                    |r| of(r, true, |c| c.decode_entropy),
                ],
                two,
                "nats, lowest to highest",
            );
            (table.now, table.before) = (now, before);
        }
        None => table.push(
            10,
            vec![Span::styled("coverage not counted yet", theme.dim())],
        ),
    }
    information(&mut table, cx);
    table.pair(8, "latent H", |r| r.entropy_a, |r| r.entropy_b, two, "nats");
    table.pair(8, "β", |r| r.beta_a, |r| r.beta_b, three, "");
    table.pair(4, "τ", |r| r.temperature_a, |r| r.temperature_b, three, "");
    table.pair(
        3,
        "cross ent.",
        |r| r.train.ce_a,
        |r| r.train.ce_b,
        significant,
        "nats",
    );
    table.pair(
        3,
        "KL",
        |r| r.train.kl_a,
        |r| r.train.kl_b,
        significant,
        "nats, as trained",
    );
    let dim = theme.dim();
    table.single(
        8,
        "loss train",
        |r| r.train.loss,
        significant,
        ("nats".into(), dim),
    );
    let best = format!(
        "best {} at {}",
        significant(now.best.validation_loss),
        now.best.epoch
    );
    let left = room.saturating_sub(LABEL + VALUE + 1);
    let best = if width(&best) <= left {
        best
    } else {
        format!("best at {}", now.best.epoch)
    };
    table.single(
        8,
        "loss val.",
        |r| r.validation.loss,
        significant,
        (best, dim),
    );
    if now.train.penalty > 0.0 {
        // It is in the training loss and not in the validation loss.
        table.single(
            6,
            "penalty",
            |r| r.train.penalty,
            significant,
            ("in the training loss".to_owned(), dim),
        );
    }
    if let Some(best) = now.best_coverage {
        table.single(
            5,
            "best cov.",
            |r| r.best_coverage.map_or(f64::NAN, |best| best.value),
            percent,
            (format!("% at {}, A and B", best.epoch), dim),
        );
    }
    if let Some(latent) = now.latent {
        table.pair(
            5,
            "rebuilt",
            |r| {
                r.latent
                    .map_or(f64::NAN, |latent| 100.0 * latent.exact_alone.a)
            },
            |r| {
                r.latent
                    .map_or(f64::NAN, |latent| 100.0 * latent.exact_alone.b)
            },
            percent,
            "% alone",
        );
        let active = format!(
            "  {} / {} of 16 dimensions active",
            latent.active.a, latent.active.b
        );
        if width(&active) + LABEL <= room {
            let label = table.label("codes");
            table.push(3, vec![label, Span::styled(active, dim)]);
        }
    }
    let scheduled = run
        .info
        .as_ref()
        .and_then(|info| info.tuning.schedule.get(now.epoch as usize));
    let rho = match scheduled {
        Some(scheduled) if (scheduled.rho - now.rho).abs() > 5e-4 => {
            format!("scheduled {}", three(scheduled.rho))
        }
        _ => String::new(),
    };
    table.single(8, "ρ", |r| r.rho, three, (rho, dim));
    let balance = if now.gradient.balanced {
        ("● balanced".to_owned(), theme.good())
    } else {
        ("○ out of band".to_owned(), theme.warning())
    };
    table.single(7, "grad. B/A", |r| r.gradient.ratio, two, balance);
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
    let label = table.label("rate");
    table.push(6, vec![label, Span::raw(rate)]);
    let seconds = now.seconds;
    let text = [seconds.train, seconds.validation, seconds.coverage].map(|s| fixed(s, 1));
    let [train, validation, counting] = &text;
    let forms = [
        format!("  {train} train  {validation} val  {counting} count"),
        format!("  {train} + {validation} + {counting}"),
    ];
    let text = forms
        .into_iter()
        .find(|text| width(text) + LABEL <= room)
        .unwrap_or_default();
    let label = table.label("seconds");
    table.push(2, vec![label, Span::styled(text, dim)]);
    table
}

/// Draws the panel.
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
                area.x + x as u16,
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
    let rest = below(area, rows.len() as u16 + 2);
    let used = findings_list::render(rest, buf, cx, record.epoch);
    if rest.height > used + 4 {
        run_facts::render(below(rest, used + 1), buf, cx);
    }
}
