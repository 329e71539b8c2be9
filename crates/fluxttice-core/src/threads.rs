//! Number of threads that compute at once.

use std::io;
use std::sync::OnceLock;
use std::thread::available_parallelism;

use rayon::ThreadPoolBuilder;

/// Largest number of threads that can be asked for; more than any machine this runs on has cores.
pub const MOST: usize = 1_024;

static CHOSEN: OnceLock<usize> = OnceLock::new();

/// Starts the pool in which tensors and measurements are computed; `None` stands for a thread for each core.
///
/// Call it once, before anything is computed: otherwise rayon starts its own pool at first use, and panics
/// where the system refuses a thread.
///
/// # Errors
/// Returns the system's refusal to start a thread.
pub fn start(threads: Option<usize>) -> io::Result<()> {
    let threads = *CHOSEN.get_or_init(|| threads.unwrap_or_else(cores));
    let pool = ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().map_err(|error| {
        io::Error::other(format!(
            "{threads} threads to compute with ({error}); --threads asks for fewer"
        ))
    })
}

/// Returns the number of threads that compute at once: as many as were asked for, else one for each core.
pub fn count() -> usize {
    *CHOSEN.get_or_init(cores)
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from).min(MOST)
}
