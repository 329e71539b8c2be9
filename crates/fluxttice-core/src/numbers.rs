//! Conversions between types of numbers, each of which says why nothing that counts is lost.

/// Returns a count in 32 bits. Operations, samples, batches, epochs and pixels are counted, all far fewer than
/// 2³²; a larger count would be given as the largest.
pub fn count32(count: impl TryInto<u32>) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

/// Returns a number as an index or a length in memory. An array that has the entry fits in memory, so its index
/// fits too; any other number becomes an index that no array has.
pub fn index(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

/// Returns the nearest whole number: 0 for a negative number and NaN, the largest one for anything beyond it.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is whole; beyond either end the end is meant"
)]
pub fn rounded(number: f64) -> u64 {
    number.round() as u64
}

/// Returns the nearest number of single precision, in which the original computes and weights are kept;
/// infinity beyond its range.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
pub fn single(number: f64) -> f32 {
    number as f32
}

/// Returns a count in 16 bits. Columns of random numbers are counted, far fewer than 2¹⁶; a larger count would
/// be given as the largest.
pub fn count16(count: usize) -> u16 {
    count.try_into().unwrap_or(u16::MAX)
}

/// Returns a count as the exponent of a power. Entries of a table are counted, and how often a run went back,
/// both far below 2³¹; a larger count would be given as the largest.
pub fn exponent(count: usize) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
