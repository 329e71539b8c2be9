//! Names and texts from outside, made safe for a terminal.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

/// Returns text without anything that a terminal acts on: control characters, line breaks, marks that change
/// the direction of writing and invisible characters are written as `\n` or `\u{…}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_unsafe(c) {
            true => safe.extend(c.escape_default()),
            false => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns true for a character that does something other than being seen, or that
/// looks like a blank and is a different character.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns a path as a terminal may show it; bytes that are not UTF-8 are written as `\x…`.
pub fn shown(path: impl AsRef<Path>) -> String {
    shown_name(path.as_ref().as_os_str())
}

/// Returns a file's name as a terminal may show it; bytes that are not UTF-8 are written as `\x…`.
pub fn shown_name(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text += &printable(chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        for (text, safe) in [
            ("plain ρ 字", "plain ρ 字"),
            ("no\u{a0}break\u{2003}", "no\\u{a0}break\\u{2003}"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("\u{202e}gnp.exe\u{2066}", "\\u{202e}gnp.exe\\u{2066}"),
            ("\u{2028}\u{feff}\u{200b}", "\\u{2028}\\u{feff}\\u{200b}"),
        ] {
            assert_eq!(printable(text), safe);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_keeps_its_bytes_in_sight() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"/r\xff\xfeun\x1b[1m/x"));
        assert_eq!(shown(path), "/r\\xff\\xfeun\\u{1b}[1m/x");
    }
}
