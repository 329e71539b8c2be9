//! Numbers and counts in words.

/// Returns a count of something: `1 epoch`, `2 epochs`. The plural is the word with an s.
pub fn counted(number: impl Into<u64>, thing: &str) -> String {
    match number.into() {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}

/// Returns a number with its thousands separated, for people: `19,683`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a number of any size in four digits or fewer, for people: `0.0213`, `12.5`, `3.1e-5`, `40`.
pub fn short_number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size != 0.0 && !(1e-3..1e6).contains(&size) => return format!("{value:.2e}"),
        _ if size >= 1_000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 1.0 => 3,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Returns a decimal number with its thousands separated: `19,556.25`.
pub fn separated(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    match digits.parse() {
        Ok(digits) => format!("{sign}{}{rest}", thousands(digits)),
        // Such as an exponent or an infinity.
        Err(_) => number.to_owned(),
    }
}

/// Returns a sentence with the thousands of its numbers separated. Digits that are part
/// of a word are left unchanged.
pub fn for_people(text: &str) -> String {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    let within = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(within) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !within(c)).unwrap_or(from.len()));
        out += before;
        if word.chars().all(number) {
            out += &separated(word);
        } else {
            out += word;
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_nothing_else() {
        let cases = ["7", "999", "1,000", "19,683", "1,000,000"];
        assert_eq!([7, 999, 1_000, 19_683, 1_000_000].map(thousands), cases);
        for (number, text) in [
            ("19556.2527", "19,556.2527"),
            ("-1234.5", "-1,234.5"),
            ("0.0065", "0.0065"),
            ("3.200e-4", "3.200e-4"),
            ("inf", "inf"),
        ] {
            assert_eq!(separated(number), text);
        }
        let text = "18030 operations of 50000, 1.000000000, a12345 and \u{2264} 2000 at 195000.";
        let found =
            "18,030 operations of 50,000, 1.000000000, a12345 and \u{2264} 2,000 at 195,000.";
        assert_eq!(for_people(text), found);
    }
}
