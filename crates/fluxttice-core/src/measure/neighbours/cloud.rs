//! Codes of all operations in one latent space: A's, B's, or both joined.

use crate::measure::Posteriors;
use crate::space::{OPERATIONS, Operation, OperationSet};
use crate::statistics::{correlation, ranks};

/// Posteriors of the operations in one latent space, operation 0 first; or codes of any embedding of some of
/// them, which have no variances.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cloud {
    dimensions: usize,
    mu: Vec<f64>,
    /// Empty where the codes have no variances.
    deviation: Vec<f64>,
    /// Operations that have a code, in the order of their indices; `None` where these are the first ones.
    some: Option<Vec<Operation>>,
}

/// Posterior of one operation, a diagonal Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Code<'a> {
    /// Mean of each dimension.
    pub mu: &'a [f64],
    /// Standard deviation of each dimension; empty where none is known.
    pub deviation: &'a [f64],
}

impl Cloud {
    /// Makes a cloud from posteriors of `dimensions` dimensions, operation 0 first.
    /// Operations without a complete row are left out.
    pub fn new(posteriors: Posteriors, dimensions: usize) -> Self {
        let deviation = posteriors.log_variance.iter().map(|v| (0.5 * v).exp());
        Self {
            dimensions,
            mu: posteriors.mu,
            deviation: deviation.collect(),
            some: None,
        }
    }

    /// Makes a cloud of an embedding: `codes` are row-major `[operations × dimensions]`.
    ///
    /// # Errors
    /// Says in which rows an operation occurs twice, and which code is not finite.
    pub fn embedding(
        operations: &[Operation],
        codes: &[f64],
        dimensions: usize,
    ) -> Result<Self, String> {
        let mut rows: Vec<(Operation, usize)> = operations.iter().copied().zip(0..).collect();
        rows.sort_unstable();
        if let Some([(operation, first), (_, second)]) = rows
            .array_windows()
            .find(|[(one, _), (other, _)]| one == other)
        {
            let index = operation.index();
            return Err(format!(
                "expected each operation once, found {index} in the rows {first} and {second}"
            ));
        }
        let mut mu = Vec::with_capacity(codes.len());
        for (_, row) in &rows {
            let code = &codes[row * dimensions..(row + 1) * dimensions];
            if let Some(found) = code.iter().find(|number| !number.is_finite()) {
                return Err(format!("row {row}: expected finite numbers, found {found}"));
            }
            mu.extend_from_slice(code);
        }
        let some: Vec<Operation> = rows.into_iter().map(|(operation, _)| operation).collect();
        Ok(Self {
            dimensions,
            mu,
            deviation: Vec::new(),
            some: Some(some).filter(|some| some.len() < OPERATIONS),
        })
    }

    /// Returns true if the codes have variances.
    pub fn has_spread(&self) -> bool {
        !self.deviation.is_empty() || self.mu.is_empty()
    }

    /// Returns the operations that have a code, in the order of their indices.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        Operation::all().filter(|operation| self.code(*operation).is_some())
    }

    /// Joins both spaces into one: codes are concatenated, each space scaled by its
    /// root-mean-square norm, so that both weigh the same.
    pub fn joined(a: &Self, b: &Self) -> Self {
        let scales = [a, b].map(|cloud| cloud.rms_norm().recip());
        let mut joined = Self {
            dimensions: a.dimensions + b.dimensions,
            ..Self::default()
        };
        for operation in Operation::all() {
            let (Some(a), Some(b)) = (a.code(operation), b.code(operation)) else {
                break;
            };
            for (code, scale) in [a, b].into_iter().zip(scales) {
                joined.mu.extend(code.mu.iter().map(|x| x * scale));
                joined
                    .deviation
                    .extend(code.deviation.iter().map(|x| x * scale));
            }
        }
        joined
    }

    /// Returns the number of dimensions of a code.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Returns the means μ, row-major `[operations × dimensions]`.
    pub fn means(&self) -> &[f64] {
        &self.mu
    }

    /// Returns √(mean |μ|²), the typical length of a code.
    pub fn rms_norm(&self) -> f64 {
        let rows = self.mu.len().checked_div(self.dimensions).unwrap_or(0);
        (self.mu.iter().map(|x| x * x).sum::<f64>() / rows as f64).sqrt()
    }

    /// Returns an operation's code, if it has a complete one.
    pub fn code(&self, operation: Operation) -> Option<Code<'_>> {
        let place = match &self.some {
            None => operation.index(),
            Some(some) => some.binary_search(&operation).ok()?,
        };
        let start = place.checked_mul(self.dimensions)?;
        let row = |numbers| -> Option<&[f64]> {
            <[f64]>::get(numbers, start..start.checked_add(self.dimensions)?)
                .filter(|row| !row.is_empty())
        };
        Some(Code {
            mu: row(&self.mu)?,
            deviation: match self.deviation.is_empty() {
                true => &[],
                false => row(&self.deviation)?,
            },
        })
    }

    /// Returns the mean code of some operations; `None` where none of them has a code.
    pub fn mean(&self, operations: &OperationSet) -> Option<Vec<f64>> {
        let mut sum = vec![0.0; self.dimensions];
        let mut count = 0;
        for code in operations
            .iter()
            .filter_map(|operation| self.code(operation))
        {
            count += 1;
            for (sum, x) in sum.iter_mut().zip(code.mu) {
                *sum += x;
            }
        }
        (count > 0).then(|| sum.into_iter().map(|x| x / f64::from(count)).collect())
    }

    /// Returns true if every operation has a code.
    pub fn is_whole(&self) -> bool {
        self.dimensions > 0 && self.mu.len() == OPERATIONS * self.dimensions
    }

    /// Returns the cloud with all numbers divided by the power of two next to the largest, so that no square is too
    /// large or too small: neighbours and ranks stay as they are.
    #[must_use]
    pub fn in_units_of_its_largest(&self) -> Self {
        let largest = self
            .mu
            .iter()
            .fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let (_, exponent) = libm::frexp(largest);
        let mut scaled = self.clone();
        if largest.is_normal() {
            for number in scaled.mu.iter_mut().chain(&mut scaled.deviation) {
                *number = libm::ldexp(*number, -exponent);
            }
        }
        scaled
    }

    /// Returns the rank correlation (Spearman 1904, ties by their mean rank) of the norm of each code and the 3-adic
    /// valuation of its operation's index, which is 9 for index 0; NaN where all of either are alike. Work on
    /// 3-adic embeddings calls it *hierarchy*: it is -1 where codes lie the nearer to the origin the more often 3
    /// divides their index.
    pub fn hierarchy(&self) -> f64 {
        let Some(first) = Operation::new(0) else {
            return f64::NAN;
        };
        let pairs = self.operations().filter_map(|operation| {
            let norm = self.code(operation)?.mu.iter().map(|x| x * x).sum::<f64>();
            Some((norm.sqrt(), f64::from(operation.valuation(first))))
        });
        let (norms, valuations): (Vec<f64>, Vec<f64>) = pairs.unzip();
        correlation(&ranks(&norms), &ranks(&valuations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_spaces_are_equally_loud() {
        let cloud = |scale: f64| {
            let posteriors = Posteriors {
                mu: (0..OPERATIONS).map(|i| scale * (i as f64 + 1.0)).collect(),
                log_variance: vec![2.0 * scale.ln(); OPERATIONS],
            };
            Cloud::new(posteriors, 1)
        };
        let joined = Cloud::joined(&cloud(1.0), &cloud(1_000.0));
        assert!(joined.is_whole());
        let code = joined.code(Operation::new(77).unwrap()).unwrap();
        assert!((code.mu[0] - code.mu[1]).abs() < 1e-12);
        assert!((code.deviation[0] / code.deviation[1] - 1.0).abs() < 1e-12);
        assert!((joined.rms_norm() - 2f64.sqrt()).abs() < 1e-12);
    }
}
