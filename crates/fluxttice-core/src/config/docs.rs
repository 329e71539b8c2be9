//! The table of keys as Markdown, for `docs/reference/configuration.md`.

use super::keys::{KEYS, KeyInfo};

/// Returns a Markdown table with a row for every key: type and bounds, published value, meaning, effect, and
/// when a change in a running session takes effect.
#[must_use]
pub fn markdown_table() -> String {
    let mut table = String::from(
        "| key | type | range | published | meaning | effect | while running |\n|---|---|---|---|---|---|---|\n",
    );
    for info in &KEYS {
        let effect = match info.no_effect() {
            None => match idle_beside(info) {
                None => "used".to_owned(),
                Some(cases) => format!("used, except where {cases}"),
            },
            Some(reason) => format!("**none**: {reason}"),
        };
        let live = info.live.map_or("–".to_owned(), |point| point.to_string());
        let default = if info.published || info.default != "null" {
            format!("`{}`", info.default)
        } else {
            "–".to_owned()
        };
        table += &format!(
            "| `{}` | {} | {} | {default} | {} | {effect} | {live} |\n",
            info.key,
            info.kind(),
            info.range_text(),
            info.meaning,
        );
    }
    table
}

/// Returns the values of other keys beside which a key changes nothing, as one clause of text.
/// `None` means that the key always changes something.
#[must_use]
pub fn idle_beside(info: &KeyInfo) -> Option<String> {
    let cases: Vec<&str> = info.idle_beside().collect();
    (!cases.is_empty()).then(|| cases.join(", or where "))
}

#[cfg(test)]
mod tests {
    use super::markdown_table;

    const PAGE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/configuration.md"
    );
    const BEGIN: &str = "<!-- keys: begin -->\n";
    const END: &str = "<!-- keys: end -->";

    #[test]
    fn page_shows_the_table_of_keys() {
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (head, rest) = page.split_once(BEGIN).unwrap();
        let (shown, tail) = rest.split_once(END).unwrap();
        let wanted = format!("\n{}\n", markdown_table());
        if std::env::var_os("FLUXTTICE_REGENERATE").is_some() {
            std::fs::write(PAGE, format!("{head}{BEGIN}{wanted}{END}{tail}")).unwrap();
        } else {
            assert!(
                shown == wanted,
                "docs/reference/configuration.md differs from the table of keys; \
                 run this test with FLUXTTICE_REGENERATE=1 to rewrite it"
            );
        }
    }

    #[test]
    fn rows_have_seven_cells() {
        for line in markdown_table().lines() {
            assert_eq!(line.matches('|').count(), 8, "{line}");
        }
    }
}
