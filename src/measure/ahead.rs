//! Prior codes drawn by a core that has nothing else to do, while another one trains.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, available_parallelism};

use crate::model::LATENT;
use crate::random::Stream;

/// Codes `[rows, 16]` that are being drawn, or have been.
#[derive(Debug)]
pub struct Ahead {
    codes: Receiver<Vec<f32>>,
    _place: Arc<Place>,
}

/// One of the few who may have codes drawn ahead at a time: where all cores are busy it would only take memory.
#[derive(Debug)]
struct Place;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Place {
    fn take() -> Option<Self> {
        let cores = available_parallelism().map_or(1, usize::from);
        let one_more = |taken: usize| (taken + 1 < cores).then_some(taken + 1);
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        // Lazily: a place that was not taken must not be given back.
        taken.is_ok().then(|| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Begins to draw so many codes of each of two streams, one after the other; `None` where no core is left for it.
pub fn draw_ahead([first, second]: [(Stream, u32); 2]) -> Option<[Ahead; 2]> {
    let place = Arc::new(Place::take()?);
    let ((to_first, first_codes), (to_second, second_codes)) = (channel(), channel());
    let draw = move || {
        for ((stream, rows), to) in [(first, to_first), (second, to_second)] {
            // Nobody waits for them any more: no harm done.
            let _ = to.send(draw(stream, rows));
        }
    };
    Builder::new().name("codes".to_owned()).spawn(draw).ok()?;
    Some([first_codes, second_codes].map(|codes| Ahead {
        codes,
        _place: Arc::clone(&place),
    }))
}

fn draw(stream: Stream, rows: u32) -> Vec<f32> {
    let mut codes = Vec::with_capacity(rows as usize * LATENT);
    let mut code = [0.0; LATENT];
    for row in 0..rows {
        stream.normals(row, &mut code);
        codes.extend(code.map(|number| number as f32));
    }
    codes
}

impl Ahead {
    /// Waits for the codes; `None` where their thread has failed.
    pub fn codes(self) -> Option<Vec<f32>> {
        self.codes.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn codes_are_those_of_their_addresses_and_not_everybody_gets_some() {
        let stream = |purpose| Stream::new(42, purpose, 3, 0);
        let passes = [(stream(Purpose::PriorA), 50), (stream(Purpose::PriorB), 7)];
        let cores = available_parallelism().map_or(1, usize::from);
        let all: Vec<_> = (0..cores + 1).map(|_| draw_ahead(passes)).collect();
        assert!(
            all.iter().flatten().count() < cores,
            "one core is left to those who train"
        );
        for ahead in all.into_iter().flatten() {
            let [a, b] = ahead.map(|ahead| ahead.codes().unwrap());
            assert_eq!((a.len(), b.len()), (50 * LATENT, 7 * LATENT));
            let mut code = [0.0; LATENT];
            stream(Purpose::PriorB).normals(6, &mut code);
            assert_eq!(b[6 * LATENT..], code.map(|number| number as f32));
        }
    }
}
