//! Finds the line of a dotted key in YAML text.
//!
//! A parsed value no longer knows where it stood. This scanner reads block YAML by its
//! indentation, well enough for configuration files; what it does not understand (keys within
//! one-line `{…}`, aliases) is placed at the nearest section around it.

use super::path::join;

/// Limits of nesting (levels) and of keys (bytes); no configuration key needs more.
const DEEPEST: usize = 8;
const LONGEST: usize = 128;

/// Positions of all keys of a text.
#[derive(Debug, Default)]
pub(super) struct Locations(Vec<(String, Position)>);

/// A line and a column in characters, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// An open block: the keys, or the list entries, that start in one column.
#[derive(Debug)]
struct Block {
    indent: usize,
    path: String,
    entries: Option<usize>,
}

impl Locations {
    pub(super) fn of(text: &str) -> Self {
        Scanner::default().scan(text)
    }

    /// Returns the position of a key, or else of the nearest section around it.
    pub(super) fn find(&self, key: &str) -> Option<Position> {
        let mut key = key;
        loop {
            if let Some(position) = self.exactly(key).next() {
                return Some(position);
            }
            key = key.rsplit_once('.')?.0;
        }
    }

    /// Returns all positions of a key; more than one if it was written twice.
    pub(super) fn exactly(&self, key: &str) -> impl Iterator<Item = Position> {
        self.0
            .iter()
            .filter(move |(found, _)| found == key)
            .map(|(_, position)| *position)
    }
}

#[derive(Debug, Default)]
struct Scanner {
    found: Locations,
    blocks: Vec<Block>,
    /// Key or entry that the next deeper block belongs to.
    current: String,
    /// Indentation of the key whose literal text (`|` or `>`) is being skipped.
    literal: Option<usize>,
}

impl Scanner {
    fn scan(mut self, text: &str) -> Locations {
        for (number, line) in text.lines().enumerate() {
            self.line(number + 1, line);
        }
        self.found
    }

    fn line(&mut self, number: usize, line: &str) {
        let mut rest = line.trim_start_matches(' ');
        let mut indent = line.len() - rest.len();
        if rest.trim().is_empty() || rest.starts_with('#') {
            return;
        }
        if self.literal.is_some_and(|of| indent > of) {
            return;
        }
        self.literal = None;
        while let Some(entry) = rest
            .strip_prefix('-')
            .filter(|e| e.is_empty() || e.starts_with(' '))
        {
            if !self.entry(number, indent) {
                return;
            }
            rest = entry.trim_start_matches(' ');
            indent += 1 + entry.len() - rest.len();
        }
        if let Some((key, value)) = split_key(rest) {
            self.key(number, indent, key);
            if value.trim_start().starts_with(['|', '>']) {
                self.literal = Some(indent);
            }
        }
    }

    /// Records a `- `; returns false if it is nested too deep.
    fn entry(&mut self, line: usize, indent: usize) -> bool {
        self.blocks.retain(|block| block.indent <= indent);
        let open = self
            .blocks
            .last()
            .is_some_and(|b| b.indent == indent && b.entries.is_some());
        if !open && !self.open(indent, Some(0)) {
            return false;
        }
        if let Some(Block {
            path,
            entries: Some(count),
            ..
        }) = self.blocks.last_mut()
        {
            self.current = join(path, &count.to_string());
            *count += 1;
        }
        self.note(line, indent);
        true
    }

    fn key(&mut self, line: usize, indent: usize, key: &str) {
        // A list may start in the column of its key; the next key in that column ends it.
        self.blocks
            .retain(|b| b.indent < indent || (b.indent == indent && b.entries.is_none()));
        let open = self
            .blocks
            .last()
            .is_some_and(|block| block.indent == indent);
        if !open && !self.open(indent, None) {
            return;
        }
        if let Some(block) = self.blocks.last() {
            self.current = join(&block.path, key);
        }
        self.note(line, indent);
    }

    fn open(&mut self, indent: usize, entries: Option<usize>) -> bool {
        let room = self.blocks.len() < DEEPEST;
        if room {
            let path = if indent == 0 && entries.is_none() {
                ""
            } else {
                &self.current
            };
            self.blocks.push(Block {
                indent,
                path: path.to_owned(),
                entries,
            });
        }
        room
    }

    fn note(&mut self, line: usize, indent: usize) {
        let position = Position {
            line,
            column: indent + 1,
        };
        self.found.0.push((self.current.clone(), position));
    }
}

/// Splits `key: value` into its two parts.
fn split_key(content: &str) -> Option<(&str, &str)> {
    let (key, value) = match content.chars().next()? {
        quote @ ('"' | '\'') => {
            let (key, rest) = content.get(1..)?.split_once(quote)?;
            (key, rest.trim_start().strip_prefix(':')?)
        }
        '[' | '{' | '&' | '*' | '!' | '%' | '@' | '?' => return None,
        _ => match content.split_once(": ") {
            Some(parts) => parts,
            None => (content.trim_end().strip_suffix(':')?, ""),
        },
    };
    let key = key.trim();
    (key.len() <= LONGEST && !key.is_empty()).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::Locations;

    const TEXT: &str = "\
# a comment: with a colon
model:
  rho_min: 0.1   # again: one

  'rho_max': 0.7
note: |
  model: not a key
seed: 42
optimizer:
  lr_schedule:
  - epoch: 0
    lr: 0.001
  -
    epoch: 50
    lr: 0.5
  weight_decay: 0
vae_a: {temp_start: 1.0}
list:
    - - 1
seed: 43
";

    fn at(key: &str) -> Option<(usize, usize)> {
        Locations::of(TEXT).find(key).map(|p| (p.line, p.column))
    }

    #[test]
    fn block_keys_are_found() {
        assert_eq!(at("model"), Some((2, 1)));
        assert_eq!(at("model.rho_min"), Some((3, 3)));
        assert_eq!(at("model.rho_max"), Some((5, 3)));
        assert_eq!(at("optimizer.weight_decay"), Some((16, 3)));
    }

    #[test]
    fn list_entries_are_found() {
        assert_eq!(at("optimizer.lr_schedule.0"), Some((11, 3)));
        assert_eq!(at("optimizer.lr_schedule.0.epoch"), Some((11, 5)));
        assert_eq!(at("optimizer.lr_schedule.0.lr"), Some((12, 5)));
        assert_eq!(at("optimizer.lr_schedule.1.lr"), Some((15, 5)));
        assert_eq!(at("list.0.0"), Some((19, 7)));
    }

    #[test]
    fn what_is_not_found_is_placed_at_its_section() {
        assert_eq!(at("vae_a.temp_start"), Some((17, 1)));
        assert_eq!(at("optimizer.lr_schedule.7.lr"), Some((10, 3)));
        assert_eq!(at("vae_b.temp_start"), None);
    }

    #[test]
    fn both_places_of_a_repeated_key_are_known() {
        let lines: Vec<_> = Locations::of(TEXT)
            .exactly("seed")
            .map(|p| p.line)
            .collect();
        assert_eq!(lines, [8, 20]);
    }

    #[test]
    fn noise_costs_little() {
        for piece in ["- ", "a:\n ", "? ", "[", "a: |\n"] {
            Locations::of(&piece.repeat(100_000));
        }
        let stairs: String = (0..1000)
            .map(|i| format!("{}a:\n", " ".repeat(i)))
            .collect();
        assert!(Locations::of(&stairs).0.len() <= 1000);
    }
}
