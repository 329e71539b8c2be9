//! Lists of operations as CSV, for other programs.

use std::path::PathBuf;

use super::{App, Cover, Tab};
use crate::measure::neighbours::Neighbour;
use crate::session::message::CoveredSets;
use crate::session::{Chore, Content};
use crate::space::{Operation, OperationSet};
use crate::tui::app::Draw;

impl App {
    /// Has the list in front written to where the program was started: what is near in *Neighbours*, what is
    /// selected, or else missing, in *Coverage*.
    pub(super) fn export_list(&mut self) {
        let selection = self.selection.as_deref();
        let (name, text) = if self.tab == Tab::Neighbours {
            let view = &self.neighbours;
            let name = format!(
                "near {} {} {}",
                view.place(),
                view.space.title(),
                view.metric.name()
            );
            (name, neighbours_csv(&view.found().near.neighbours))
        } else {
            let (sets, draw) = (self.run().covered.as_deref(), self.map.draw);
            match (selection, sets) {
                (Some(selection), _) => {
                    let text = operations_csv(&selection.found, sets, draw);
                    (format!("selected {}", selection.text), text)
                }
                (None, Some(found)) => {
                    let [a, b] = draw.of(found);
                    let generated = a.union(b);
                    let missing: OperationSet = Operation::all()
                        .filter(|operation| !generated.contains(*operation))
                        .collect();
                    let text = operations_csv(&missing, sets, draw);
                    (format!("missing {} {}", draw.name(), found.epoch), text)
                }
                (None, None) => return self.say("coverage has not been counted yet"),
            }
        };
        self.desk.push(Chore::Write {
            content: Content::Text(text),
            to: PathBuf::from(format!("{}.csv", file_name(&name))),
        });
    }
}

/// Letters, digits and single hyphens: a name for a file everywhere.
fn file_name(text: &str) -> String {
    const LONGEST: usize = 80;
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name = words.join("-").to_lowercase();
    name.chars().take(LONGEST).collect()
}

fn neighbours_csv(found: &[Neighbour]) -> String {
    let mut text = "rank,operation,trits,name,distance,hamming,hamming_rank\n".to_owned();
    for near in found {
        text += &format!(
            "{},{},{},{},{},{},{}\n",
            near.rank,
            near.operation.index(),
            near.operation,
            near.operation.name().unwrap_or_default(),
            near.distance,
            near.hamming,
            near.hamming_rank
        );
    }
    text
}

/// Operations with whether A and B generated them; empty where that was not counted.
fn operations_csv(found: &OperationSet, sets: Option<&CoveredSets>, draw: Draw) -> String {
    let mut text = "operation,trits,name,generated_by\n".to_owned();
    for operation in found.iter() {
        let cover = sets.map(|sets| Cover::of(sets, draw, operation));
        text += &format!(
            "{},{operation},{},{}\n",
            operation.index(),
            operation.name().unwrap_or_default(),
            cover.map_or("", Cover::words)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_hold_nothing_that_a_system_minds() {
        assert_eq!(
            file_name("near min + max - product A euclidean"),
            "near-min-max-product-a-euclidean"
        );
        assert_eq!(
            file_name("selected commutative & !(x | ../y)"),
            "selected-commutative-x-y"
        );
        assert!(file_name(&"long ".repeat(100)).len() <= 80);
    }
}
