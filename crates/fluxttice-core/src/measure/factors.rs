//! Sums of p(x | z) over many codes, computed as a product of two matrices.

use burn::tensor::{DType, Device, Element, Tensor, TensorData};

use crate::device::DeviceFailure;
use crate::numbers::{count32, single};
use crate::space::{ENTRIES, VALUES};

/// Number of entries in the low factor, entries 0–4; entries 5–8 are the high one:
/// operation = low + 243 · high.
const LOW: usize = 5;
const LOWS: usize = 243;
const HIGHS: usize = 81;

/// Number type of the factors.
pub(super) trait Number: Element + Copy + std::ops::Mul<Output = Self> {
    /// Rounds to the nearest representable number.
    fn near(value: f64) -> Self;
}

impl Number for f64 {
    fn near(value: f64) -> Self {
        value
    }
}

impl Number for f32 {
    fn near(value: f64) -> Self {
        single(value)
    }
}

/// The two factors of p(x | z): products over entries 0–4 and over entries 5–8, with a row for each code.
#[derive(Debug, Default)]
pub(super) struct Factors<F> {
    low: Vec<F>,
    high: Vec<F>,
}

impl<F: Number> Factors<F> {
    pub fn with_capacity(codes: usize) -> Self {
        Self {
            low: Vec::with_capacity(codes * LOWS),
            high: Vec::with_capacity(codes * HIGHS),
        }
    }

    /// Adds a code, given by the probability of each value of each entry.
    pub fn push(&mut self, probabilities: &[[f64; VALUES]; ENTRIES]) {
        let probabilities = probabilities.map(|entry| entry.map(F::near));
        push_products(&mut self.low, &probabilities[..LOW]);
        push_products(&mut self.high, &probabilities[LOW..]);
    }

    /// Adds the sum of p(x | z) over the codes to the sum of each operation. `device` must be the CPU.
    ///
    /// # Errors
    /// Returns the device's failure.
    pub fn add_to(
        self,
        sums: &mut [f64],
        device: &Device,
        dtype: DType,
    ) -> Result<(), DeviceFailure> {
        let place = |numbers: Vec<F>, columns: usize| {
            let rows = numbers.len() / columns;
            let data = TensorData::new(numbers, [rows, columns]);
            Tensor::<2>::from_data(data, (device, dtype))
        };
        let high = place(self.high, HIGHS).transpose();
        let products: Vec<f64> = high.matmul(place(self.low, LOWS)).try_into_vec_as()?;
        for (sum, product) in sums.iter_mut().zip(products) {
            *sum += product;
        }
        Ok(())
    }
}

/// Appends the products of one value from each entry, the first entry's value changing fastest.
fn push_products<F: Number>(rows: &mut Vec<F>, entries: &[[F; VALUES]]) {
    let start = rows.len();
    rows.resize(start + VALUES.pow(count32(entries.len())), F::near(1.0));
    let row = &mut rows[start..];
    let mut there = 1;
    for [first, second, third] in entries {
        let (products, rest) = row.split_at_mut(there);
        let (seconds, rest) = rest.split_at_mut(there);
        for ((product, of_second), of_third) in products.iter_mut().zip(seconds).zip(rest) {
            *of_second = *product * *second;
            *of_third = *product * *third;
            *product = *product * *first;
        }
        there *= VALUES;
    }
}
