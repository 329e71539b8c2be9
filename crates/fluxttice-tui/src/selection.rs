//! The operations that an expression found: lit on the map, listed in *Neighbours*.

use fluxttice_core::space::{Operation, OperationSet};

/// Operations that are looked at, by the expression that found them.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The expression.
    pub text: String,
    /// What it found.
    pub found: OperationSet,
    /// How many they are.
    pub count: usize,
}

impl Selection {
    /// What an expression found.
    pub fn new(text: String, found: OperationSet) -> Self {
        Self {
            count: found.len(),
            text,
            found,
        }
    }

    /// The next or previous operation of it, round and round; `None` where it holds none.
    pub fn after(&self, operation: Operation, forward: bool) -> Option<Operation> {
        let later = |other: &Operation| *other > operation;
        let earlier = |other: &Operation| *other < operation;
        if forward {
            self.found
                .iter()
                .find(later)
                .or_else(|| self.found.iter().next())
        } else {
            self.found
                .iter()
                .filter(earlier)
                .last()
                .or_else(|| self.found.iter().last())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_round_in_both_directions() {
        let operation = |index| Operation::new(index).unwrap();
        let found = [3, 50, 900].map(operation).into_iter().collect();
        let selection = Selection::new("some".to_owned(), found);
        assert_eq!(selection.after(operation(10), true), Some(operation(50)));
        assert_eq!(selection.after(operation(900), true), Some(operation(3)));
        assert_eq!(selection.after(operation(10), false), Some(operation(3)));
        assert_eq!(selection.after(operation(3), false), Some(operation(900)));
        let empty = Selection::new("none".to_owned(), OperationSet::default());
        assert_eq!(empty.after(operation(3), true), None);
    }
}
