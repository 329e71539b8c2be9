//! Memory between one batch and the next.

use std::hint::black_box;

/// Twice as much is kept, with which a batch of 64 gets along.
const BLOCK: usize = 4 << 20;

/// Makes glibc's allocator keep what a batch frees for the next one, instead of giving it back to the system and
/// asking for it again page by page: it gives memory back only beyond twice the largest block that was ever
/// freed. Nothing is written to this one, so that it costs none itself. Other allocators take no notice.
pub(super) fn keep_freed() {
    drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
}
