//! Normal numbers that an idle core draws ahead, while another one trains.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;

use super::Stream;
use crate::numbers::single;
use crate::threads;

/// Rows of standard normal numbers to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Stream that they are drawn from.
    pub stream: Stream,
    /// Number of rows, from row 0 on.
    pub rows: u32,
    /// Numbers in a row.
    pub columns: usize,
}

impl Rows {
    /// Draws the numbers row by row, rounded to 32 bits.
    fn draw(self) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(self.rows as usize * self.columns);
        let mut one = vec![0.0; self.columns];
        for row in 0..self.rows {
            self.stream.normals(row, &mut one);
            numbers.extend(one.iter().copied().map(single));
        }
        numbers
    }
}

/// Numbers that a thread is drawing, or has drawn.
#[derive(Debug)]
pub struct Ahead {
    drawn: Receiver<(Stream, Vec<f32>)>,
    _place: Permit,
}

/// Permission to draw numbers ahead. There is one less than there are cores: where all cores are busy,
/// drawing ahead would only take memory.
#[derive(Debug)]
struct Permit;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Permit {
    fn take() -> Option<Self> {
        let cores = threads::count();
        let one_more = |taken: usize| (taken + 1 < cores).then_some(taken + 1);
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        // Lazily: a place that was not taken must not be given back.
        taken.is_ok().then(|| Self)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a thread that draws one part after the other; `None` where no core is left for it.
pub fn draw_ahead(parts: Vec<Rows>) -> Option<Ahead> {
    let place = Permit::take()?;
    let (to, drawn) = channel();
    let draw = move || {
        for part in parts {
            // Nobody may be waiting for them any more.
            if to.send((part.stream, part.draw())).is_err() {
                return;
            }
        }
    };
    Builder::new().name("numbers".to_owned()).spawn(draw).ok()?;
    Some(Ahead {
        drawn,
        _place: place,
    })
}

impl Ahead {
    /// Waits for the numbers of a stream and drops those drawn before them; `None` where the thread does not
    /// draw them any more.
    pub fn take(&mut self, stream: Stream) -> Option<Vec<f32>> {
        let part = self.drawn.iter().find(|(drawn, _)| *drawn == stream);
        part.map(|(_, numbers)| numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn numbers_are_those_of_their_addresses_and_not_everybody_gets_some() {
        let rows = |purpose, rows| Rows {
            stream: Stream::new(42, purpose, 3, 0),
            rows,
            columns: 16,
        };
        let parts = vec![
            rows(Purpose::NoiseA, 3),
            rows(Purpose::PriorA, 50),
            rows(Purpose::PriorB, 7),
        ];
        let cores = threads::count();
        let all: Vec<_> = (0..=cores).map(|_| draw_ahead(parts.clone())).collect();
        assert!(
            all.iter().flatten().count() < cores,
            "one core is left to those who train"
        );
        for mut ahead in all.into_iter().flatten() {
            // Who has no use for the first ones does not ask for them.
            let [a, b] = [1, 2].map(|part: usize| ahead.take(parts[part].stream).unwrap());
            assert_eq!((a.len(), b.len()), (50 * 16, 7 * 16));
            let mut code = [0.0; 16];
            parts[2].stream.normals(6, &mut code);
            assert_eq!(b[6 * 16..], code.map(single));
            assert_eq!(ahead.take(parts[0].stream), None, "they are forgotten");
        }
    }
}
