//! The golden vectors: their folder, and the closed forms they were computed from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn::tensor::{DType, Device, Tensor};
use fluxttice_core::model::{LATENT, PARAMETERS, Weights, codes_tensor};
use fluxttice_core::numbers::{index, single};
use fluxttice_core::space::{OPERATIONS, Operation};
use serde_json::Value;

/// The folder that replaces the fixtures, if it is set.
const FOLDER: &str = "FLUXTTICE_REFERENCE_DIR";

fn folder() -> PathBuf {
    std::env::var_os(FOLDER).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference"),
        PathBuf::from,
    )
}

static VECTORS: LazyLock<HashMap<(String, String), Value>> = LazyLock::new(|| {
    let mut vectors = HashMap::new();
    let folder = folder();
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
    {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let value: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            if let (Some(scenario), Some(precision)) =
                (value["scenario"].as_str(), value["precision"].as_str())
            {
                vectors.insert((scenario.to_owned(), precision.to_owned()), value);
            }
        }
    }
    vectors
});

/// Precision in which vectors were computed, and how near a result must come.
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    pub name: &'static str,
    pub dtype: DType,
    /// Relative tolerance of a figure.
    pub tolerance: f64,
}

/// Vectors hold nine digits: 1e-8 is what can be asked at best.
pub const F64: Precision = Precision {
    name: "f64",
    dtype: DType::F64,
    tolerance: 2e-8,
};
/// Two programs that round to 32 bits in another order differ by some 1e-7 in a sum of 64 rows;
/// ten times that.
pub const F32: Precision = Precision {
    name: "f32",
    dtype: DType::F32,
    tolerance: 2e-6,
};

/// The vectors of a scenario; `None` (said aloud) only where another folder leaves it out.
pub fn vectors(scenario: &str, precision: Precision) -> Option<&'static Value> {
    let found = VECTORS.get(&(scenario.to_owned(), precision.name.to_owned()));
    if found.is_none() {
        assert!(
            std::env::var_os(FOLDER).is_some(),
            "no fixture for {scenario} in {}",
            precision.name
        );
        eprintln!(
            "skipped: {} has no {scenario} in {}",
            folder().display(),
            precision.name
        );
    }
    found
}

/// The generator behind `fill: hash`.
#[derive(Clone, Copy)]
pub struct Fill {
    salt: u64,
}

impl Fill {
    pub fn of(vectors: &Value) -> Self {
        assert_eq!(vectors["fill"], "hash");
        Self {
            salt: vectors["salt"].as_u64().unwrap(),
        }
    }

    fn unit(self, stream: u64, i: u64) -> f64 {
        let key = (stream.wrapping_add(self.salt) << 32).wrapping_add(i);
        (mix(key) >> 11) as f64 * 2f64.powi(-53)
    }

    pub fn weights(self) -> Weights {
        let mut weights = Weights::fresh(0);
        for (k, (parameter, tensor)) in PARAMETERS.iter().zip(&mut weights.tensors).enumerate() {
            let matrix = parameter.shape.len() == 2;
            let norm_weight = parameter.name == "state_net.encoder.1.weight";
            for (i, value) in tensor.iter_mut().enumerate() {
                let r = 2.0 * self.unit(k as u64 + 1, i as u64) - 1.0;
                *value = single(if matrix {
                    (6.0 / parameter.shape[1] as f64).sqrt() * r
                } else if norm_weight {
                    1.0 + 0.1 * r
                } else {
                    0.1 * r
                });
            }
        }
        weights
    }

    /// ε of A and B for step t, rounded to 32 bits.
    pub fn noise(self, t: u64, rows: usize, device: &Device, dtype: DType) -> [Tensor<2>; 2] {
        [1_000 + 2 * t, 1_001 + 2 * t].map(|stream| {
            let numbers = (0..(rows * LATENT) as u64)
                .map(|n| {
                    let sum: f64 = (0..4).map(|k| self.unit(stream, 4 * n + k)).sum();
                    f64::from(single((sum - 2.0) * 3f64.sqrt()))
                })
                .collect();
            codes_tensor(numbers, device, dtype)
        })
    }
}

fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// The first `rows` operations of batch t.
pub fn operations(t: usize, rows: usize) -> Vec<Operation> {
    (0..rows)
        .map(|i| Operation::new(((i + 64 * t) * 307 + 11) % OPERATIONS).unwrap())
        .collect()
}

/// A number in a vector file, also where it is written as text.
pub fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Asserts |found - expected| ≤ tolerance · max(|expected|, scale).
pub fn near(what: &str, found: f64, expected: f64, scale: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(scale);
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: found {found}, expected {expected} ± {allowed:e}"
    );
}

/// Asserts a list of numbers against its shape, sum, sum of squares and first rows.
pub fn near_tensor(what: &str, found: &[f64], expected: &Value, tolerance: f64) {
    let shape: Vec<usize> = expected["shape"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| index(n.as_u64().unwrap()))
        .collect();
    assert_eq!(found.len(), shape.iter().product::<usize>(), "{what}");
    let squares: f64 = found.iter().map(|x| x * x).sum();
    near(
        &format!("{what}: sum of squares"),
        squares,
        number(&expected["sumsq"]),
        0.0,
        4.0 * tolerance,
    );
    let rms = (squares / found.len() as f64).sqrt();
    // Errors of a sum of n terms of size rms add up like a random walk.
    let scale = rms * (found.len() as f64).sqrt();
    near(
        &format!("{what}: sum"),
        found.iter().sum(),
        number(&expected["sum"]),
        scale,
        4.0 * tolerance,
    );
    let mut first = Vec::new();
    flatten(&expected["first_rows"], &mut first);
    assert!(!first.is_empty(), "{what} has no rows");
    for (i, expected) in first.iter().enumerate() {
        near(
            &format!("{what}[{i}]"),
            found[i],
            *expected,
            rms,
            4.0 * tolerance,
        );
    }
}

pub fn flatten(value: &Value, out: &mut Vec<f64>) {
    match value.as_array() {
        Some(values) => values.iter().for_each(|value| flatten(value, out)),
        None => out.push(number(value)),
    }
}
