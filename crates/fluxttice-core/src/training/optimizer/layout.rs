//! Places of the trained tensors' numbers in one row.

use std::ops::Range;

use burn::tensor::Device;

use crate::device::is_cpu;
use crate::model::{Architecture, PARAMETERS, PIECE, TENSORS_A, TENSORS_TRAINED};

/// Alignment of the places at which a GPU can look into the middle of its memory, in numbers: 256 bytes, the
/// widest that graphics drivers ask for; with many it is less. A part that begins elsewhere, counted from the
/// row's start or from its end, has to be copied out by a kernel launch of its own.
pub(super) const ALIGNED: usize = 64;

/// Places of each tensor's numbers in a row, VAE-A's first, in the order of [`PARAMETERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamLayout {
    tensors: Vec<Range<usize>>,
    /// Ends of VAE-A's part and of VAE-B's.
    ends: [usize; 2],
    aligned: usize,
}

impl ParamLayout {
    /// Places the tensors one after another on the processor, and with gaps of zeros between them elsewhere.
    pub fn on(device: &Device, architecture: Architecture) -> Self {
        let plain = device.clone().without_autodiff();
        Self::new(architecture, if is_cpu(&plain) { 1 } else { ALIGNED })
    }

    pub(super) fn new(architecture: Architecture, aligned: usize) -> Self {
        let mut next = 0;
        let mut place = |length: usize| {
            let start = next;
            next = (start + length).next_multiple_of(aligned);
            start..start + length
        };
        let trained = PARAMETERS.iter().take(TENSORS_TRAINED);
        let tensors: Vec<_> = trained.map(|one| place(one.len(architecture))).collect();
        Self {
            ends: [tensors[TENSORS_A].start, next],
            tensors,
            aligned,
        }
    }

    /// Returns the length of a row, gaps included.
    pub fn length(&self) -> usize {
        self.ends[1]
    }

    /// Returns the number of trained parameters, without the gaps.
    pub fn numbers(&self) -> usize {
        self.tensors.iter().map(Range::len).sum()
    }

    /// Returns the range of each tensor in a row.
    pub(super) fn tensors(&self) -> &[Range<usize>] {
        &self.tensors
    }

    pub(super) fn has_gaps(&self) -> bool {
        self.aligned > 1
    }

    /// Returns the length of the shortest beginning of a part of so many numbers that needs no copy to be
    /// looked at.
    pub(super) fn first_of(&self, numbers: usize) -> usize {
        match numbers % self.aligned {
            0 => self.aligned.min(numbers),
            rest => rest,
        }
    }

    /// Returns the ranges of a row's pieces, which are short enough to be summed, VAE-A's first.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<usize>> {
        let of = |from: usize, to: usize| {
            let starts = (from..to).step_by(PIECE);
            starts.map(move |start| start..(start + PIECE).min(to))
        };
        let [a, b] = self.ends;
        of(0, a).chain(of(a, b))
    }

    /// Returns the squared norms of VAE-A's and VAE-B's parts of one member from the sums of squares of its
    /// pieces.
    pub fn squared_norms(&self, squares: &[f64]) -> [f64; 2] {
        let of_a = self.ends[0].div_ceil(PIECE);
        let (a, b) = squares.split_at(of_a.min(squares.len()));
        [a.iter().sum(), b.iter().sum()]
    }

    /// Returns a row of numbers that lie one after another, with zeros where there are fewer.
    pub(super) fn spread(&self, numbers: Vec<f32>) -> Vec<f32> {
        if !self.has_gaps() && numbers.len() == self.length() {
            return numbers;
        }
        let mut row = vec![0.0; self.length()];
        let mut rest = numbers.as_slice();
        for place in &self.tensors {
            let (tensor, after) = rest.split_at(place.len().min(rest.len()));
            row[place.clone()][..tensor.len()].copy_from_slice(tensor);
            rest = after;
        }
        row
    }

    /// Returns the numbers of a row one after another, without the gaps.
    pub(super) fn gathered(&self, row: Vec<f32>) -> Vec<f32> {
        if !self.has_gaps() {
            return row;
        }
        let parts = self.tensors.iter().map(|place| &row[place.clone()]);
        parts.flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_gaps_hold_the_same_numbers_at_places_that_a_gpu_can_look_at() {
        let places = ParamLayout::new(Architecture::PUBLISHED, ALIGNED);
        assert_eq!(places.numbers(), 50_203 + 117_499);
        assert!(
            places
                .tensors
                .iter()
                .all(|place| place.start % ALIGNED == 0)
        );
        assert_eq!(places.length() % ALIGNED, 0);
        let numbers: Vec<f32> = (1..=places.numbers()).map(|i| i as f32).collect();
        let row = places.spread(numbers.clone());
        assert_eq!(row.len(), places.length());
        let zeros = row.iter().filter(|number| **number == 0.0).count();
        assert_eq!(zeros, places.length() - places.numbers());
        assert_eq!(row[places.tensors[TENSORS_A].start], 50_204.0);
        assert_eq!(places.gathered(row), numbers);
        assert_eq!(places.spread(Vec::new()), vec![0.0; places.length()]);
    }

    #[test]
    fn without_gaps_a_row_is_what_it_is() {
        let places = ParamLayout::on(&Device::flex(), Architecture::PUBLISHED);
        assert_eq!(places.length(), places.numbers());
        let pieces: Vec<Range<usize>> = places.pieces().collect();
        assert_eq!(pieces[..2], [0..PIECE, PIECE..50_203]);
        assert_eq!(pieces.last().unwrap().end, places.length());
        let squares: Vec<f64> = pieces.iter().map(|piece| piece.len() as f64).collect();
        assert_eq!(places.squared_norms(&squares), [50_203.0, 117_499.0]);
    }

    #[test]
    fn what_is_looked_at_first_ends_where_a_gpu_can_look() {
        let places = ParamLayout::new(Architecture::PUBLISHED, ALIGNED);
        for (numbers, first) in [(2_304, 64), (27, 27), (216, 24), (16, 16)] {
            assert_eq!(places.first_of(numbers), first);
            assert_eq!((numbers - first) % ALIGNED, 0);
        }
        let dense = ParamLayout::on(&Device::flex(), Architecture::PUBLISHED);
        assert_eq!(dense.first_of(2_304), 1);
    }
}
