//! Numbers and times as text, of the same width for the same kind, so that digits do not jump.

pub use fluxttice_core::words::thousands;
use std::time::{Duration, SystemTime};

use ratatui::text::Span;

use fluxttice_core::numbers::rounded;
use fluxttice_core::record::Unique;
use fluxttice_core::space::percent_of_all;
use fluxttice_core::training::BALANCED;

/// Returns the range in which the ratio of the gradients is balanced: `0.8–1.2`.
pub fn balanced_band() -> String {
    format!("{}–{}", BALANCED.0, BALANCED.1)
}

/// Returns the number of columns that a text takes on the screen.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Cuts a text to this many columns, with an ellipsis at its end where it is longer.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for character in text.chars() {
        let mut longer = out.clone();
        longer.push(character);
        if width(&longer) + 1 > columns {
            break;
        }
        out = longer;
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Cuts a text to this many columns in its middle where it is longer: for names that begin alike.
pub fn fit_ends(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let backwards = |text: &str| text.chars().rev().collect::<String>();
    let head = fit(text, columns / 3);
    let head = head.trim_end_matches('…');
    let tail = fit(&backwards(text), columns - width(head));
    head.to_owned() + &backwards(&tail)
}

/// Breaks a text into lines of at most this many columns, at spaces, and within words that are longer.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let mut taken = width(&line);
        for character in word.chars() {
            let wide = width(character.encode_utf8(&mut [0; 4]));
            if taken + wide > columns && taken > 0 {
                lines.push(std::mem::take(&mut line));
                taken = 0;
            }
            line.push(character);
            taken += wide;
        }
    }
    lines.push(line);
    lines
}

/// Formats a number with this many decimals; NaN and infinity as `NaN` and `∞`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 {
            "∞".into()
        } else {
            "-∞".into()
        }
    } else {
        format!("{value:.decimals$}")
    }
}

/// Formats a number with about four significant digits, for losses that range over decades.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => fixed(value, 0),
        _ if size >= 10_000.0 => format!("{value:.1e}"),
        _ if size >= 1_000.0 => fixed(value, 0),
        _ if size >= 100.0 => fixed(value, 1),
        _ if size >= 10.0 => fixed(value, 2),
        _ => fixed(value, 3),
    }
}

/// Formats a small rate in scientific notation: `5.02e-4`.
pub fn scientific(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.2e}")
    } else {
        fixed(value, 0)
    }
}

/// Formats a percentage with one decimal. Between 99.95 and 100 it has three decimals and is rounded down, so
/// that only 100 itself reads as 100.
pub fn percent(value: f64) -> String {
    if (99.95..100.0).contains(&value) {
        format!("{:.3}", (value * 1_000.0).floor() / 1_000.0)
    } else {
        fixed(value, 1)
    }
}

/// Returns the distinct operations of a coverage as a percentage of all 19,683.
pub fn coverage_percent(unique: &Unique) -> f64 {
    percent_of_all(f64::from(unique.unique))
}

/// Formats a duration in the unit that fits: `45 s`, `11 min`, `1 h 24 min`; `–` where it is no number.
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    let seconds = seconds.round();
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5_400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        let minutes = rounded(seconds / 60.0);
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}

/// Formats the time of day in UTC: `04:12:55`.
pub fn clock(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
        % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_meant() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(19_683), "19,683");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert_eq!(significant(11.104), "11.10");
        assert_eq!(significant(0.3368), "0.337");
        assert_eq!(percent(99.995), "99.995");
        assert_eq!(percent(99.999_999), "99.999");
        assert_eq!(percent(100.0), "100.0");
        assert_eq!(percent(92.116), "92.1");
        assert_eq!(span(83.0), "83 s");
        assert_eq!(span(660.0), "11 min");
        assert_eq!(span(7_500.0), "2 h 05 min");
    }

    #[test]
    fn texts_keep_to_their_room() {
        assert_eq!(fit("consolidation", 6), "conso…");
        assert_eq!(fit_ends("20261122-105849-s42", 19), "20261122-105849-s42");
        assert_eq!(fit_ends("20261122-105849-s42", 16), "2026…-105849-s42");
        assert_eq!(fit_ends("ρρρ", 2), "…ρ");
        assert_eq!(fit_ends("ρρρ", 0), "");
        assert_eq!(fit("ρ", 1), "ρ");
        assert_eq!(fit("long", 0), "");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a longword", 5), ["a", "longw", "ord"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
