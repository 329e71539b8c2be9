//! Operations that an expression found: highlighted on the map, listed in *Neighbours*.

use fluxttice_core::space::{Operation, OperationSet};

/// Operations that an expression found.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Expression, as it was typed.
    pub text: String,
    /// Operations for which the expression is true.
    pub found: OperationSet,
    /// Number of these operations.
    pub count: usize,
}

impl Selection {
    /// Makes a selection of an expression and the operations that it found.
    pub fn new(text: String, found: OperationSet) -> Self {
        Self {
            count: found.len(),
            text,
            found,
        }
    }

    /// Returns the next or previous operation of the selection, wrapping round at the ends; `None` where it
    /// is empty.
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
