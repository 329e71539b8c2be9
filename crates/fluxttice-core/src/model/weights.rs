//! Weights on the host, in the original's names and layouts, and their safetensors file.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::layout::{Architecture, PARAMETERS, Parameter, Start};
use crate::digest::hex;
use crate::numbers::{count32, single};
use crate::random::{Purpose, Stream};
use crate::shown::printable;

/// Names of the two gradient averages that the original stores among its weights.
const EMA_NAMES: [&str; 2] = ["grad_norm_A_ema", "grad_norm_B_ema"];

/// Largest weights file that is read, in bytes: more than ten times the size of the published model.
pub const MAX_FILE_BYTES: u64 = 8 << 20;

/// Key and value of the file's metadata for skip connections in VAE-A's decoder, which no shape shows.
pub(super) const SKIP_A: (&str, &str) = ("decoder_A", "skip connections");

/// All weights of one model in 32 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Architecture, from which the shapes of the tensors follow.
    pub architecture: Architecture,
    /// One tensor per entry of [`PARAMETERS`], row-major in the original's `[out, in]` layout.
    pub tensors: Vec<Vec<f32>>,
    /// Moving averages of the gradient norms of A and B.
    pub gradient_emas: [f32; 2],
}

impl Weights {
    /// Draws fresh weights of the published architecture, as a function of the seed alone.
    ///
    /// Matrices and biases are uniform in `±1/√fan_in`, the start of PyTorch's `nn.Linear`.
    pub fn fresh(seed: u64) -> Self {
        Self::start(Architecture::PUBLISHED, seed)
    }

    /// Draws fresh weights of any architecture, as a function of the seed alone.
    pub fn start(architecture: Architecture, seed: u64) -> Self {
        Self::drawn(architecture, seed, 0)
    }

    /// Draws fresh weights to mix into the decoders in an epoch. They differ from epoch to epoch, and from
    /// those that the run started from.
    pub fn fresh_in_epoch(architecture: Architecture, seed: u64, epoch: u32) -> Self {
        Self::drawn(architecture, seed, epoch.saturating_add(1))
    }

    fn drawn(architecture: Architecture, seed: u64, round: u32) -> Self {
        let tensors = PARAMETERS
            .iter()
            .zip(0..)
            .map(|(parameter, number)| {
                let stream = Stream::new(seed, Purpose::Weights, round, number);
                let len = parameter.len(architecture);
                match parameter.fan_in(architecture) {
                    Some(fan_in) => {
                        let bound = 1.0 / (fan_in as f64).sqrt();
                        (0..count32(len))
                            .map(|i| single((2.0 * stream.uniform(i, 0) - 1.0) * bound))
                            .collect()
                    }
                    None if parameter.start == Start::One => vec![1.0; len],
                    None => vec![0.0; len],
                }
            })
            .collect();
        Self {
            architecture,
            tensors,
            gradient_emas: [1.0; 2],
        }
    }

    /// Returns these weights with a share of others in both decoders: (1 - share) · w + share · other.
    #[must_use]
    pub fn with_decoders_mixed(mut self, other: &Self, share: f64) -> Self {
        for ((parameter, own), other) in
            PARAMETERS.iter().zip(&mut self.tensors).zip(&other.tensors)
        {
            if parameter.name.starts_with("decoder_") {
                for (own, other) in own.iter_mut().zip(other) {
                    *own = single((1.0 - share) * f64::from(*own) + share * f64::from(*other));
                }
            }
        }
        self
    }

    /// Returns these weights with the logits of both decoders multiplied by `factor`. The most likely values
    /// stay so; the probability ratios of the others to them are raised to the power of `factor`.
    #[must_use]
    pub fn with_logits_scaled(mut self, factor: f64) -> Self {
        for (parameter, tensor) in PARAMETERS.iter().zip(&mut self.tensors) {
            if parameter.makes_logits() {
                for value in tensor {
                    *value = single(f64::from(*value) * factor);
                }
            }
        }
        self
    }

    /// Returns true if every number is finite.
    pub fn is_finite(&self) -> bool {
        self.tensors
            .iter()
            .flatten()
            .chain(&self.gradient_emas)
            .all(|value| value.is_finite())
    }

    /// Returns name, shape and numbers of all 50 entries of a file, in the original's order.
    pub fn named(&self) -> Vec<(&'static str, Vec<usize>, &[f32])> {
        let tensors = PARAMETERS.iter().zip(&self.tensors);
        let tensors = tensors.map(|(parameter, numbers)| {
            let shape = parameter.shape_in(self.architecture);
            (parameter.name, shape, numbers.as_slice())
        });
        let emas = EMA_NAMES.into_iter().zip(self.gradient_emas.chunks(1));
        tensors
            .chain(emas.map(|(name, number)| (name, Vec::new(), number)))
            .collect()
    }

    /// Encodes the weights as a safetensors file: 50 entries under the original's names.
    ///
    /// The bytes are a function of the weights alone, so equal weights give equal files.
    ///
    /// # Errors
    /// Fails with [`WeightsError::Encode`] if the safetensors library refuses; it does not for these shapes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let bytes: Vec<(&str, Vec<usize>, Vec<u8>)> = self
            .named()
            .into_iter()
            .map(|(name, shape, numbers)| {
                let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
                (name, shape, bytes.collect())
            })
            .collect();
        let views: Vec<(&str, TensorView)> = bytes
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?))
            })
            .collect::<Result<_, safetensors::SafeTensorError>>()?;
        let (name, skips) = SKIP_A;
        let skip_a = self.architecture.skip_a;
        let note = skip_a.then(|| HashMap::from([(name.to_owned(), skips.to_owned())]));
        Ok(safetensors::serialize(views, note)?)
    }

    /// Returns the SHA-256 of the safetensors file in hexadecimal.
    ///
    /// # Errors
    /// Fails where [`Weights::to_bytes`] does.
    pub fn digest(&self) -> Result<String, WeightsError> {
        Ok(hex(&self.to_bytes()?))
    }

    /// Reads a safetensors file with the original's names.
    ///
    /// StateNet's tensors and the two averages may be missing (`use_statenet: false`): they start
    /// fresh then. Names that the model does not have are an error.
    ///
    /// # Errors
    /// Fails with a [`WeightsError`] that says which tensor is missing, unknown, or of another shape or type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        if bytes.is_empty() {
            return Err(WeightsError::Empty);
        }
        let other = |source| WeightsError::not_safetensors(bytes, source);
        let file = SafeTensors::deserialize(bytes).map_err(other)?;
        let (length, header) = SafeTensors::read_metadata(bytes).map_err(other)?;
        // The library takes the last of several values of a key; another reader may take the first.
        let text = bytes.get(8..).and_then(|rest| rest.get(..length));
        serde_json::from_slice::<EachOnce>(text.unwrap_or_default())
            .map_err(|error| WeightsError::Header(error.to_string()))?;
        let (name, skips) = SKIP_A;
        let note = header.metadata().as_ref().and_then(|notes| notes.get(name));
        let found: HashMap<String, TensorView> = file.tensors().into_iter().collect();
        let skip_a = note.is_some_and(|note| note == skips);
        assemble(found, skip_a, TensorView::shape, read)
    }
}

/// Puts weights together from tensors by their names in the original; `shape` and `read` look at one of them.
///
/// # Errors
/// Fails as [`Weights::from_bytes`] does.
pub(super) fn assemble<T>(
    mut found: HashMap<String, T>,
    skip_a: bool,
    shape: impl Fn(&T) -> &[usize],
    mut read: impl FnMut(&str, &[usize], &T) -> Result<Vec<f32>, WeightsError>,
) -> Result<Weights, WeightsError> {
    let first = found.get(PARAMETERS[0].name);
    let architecture = Architecture {
        width: width(first.and_then(|first| shape(first).first().copied())),
        skip_a,
    };
    let mut weights = Weights::start(architecture, 0);
    for (parameter, tensor) in PARAMETERS.iter().zip(&mut weights.tensors) {
        let shape = parameter.shape_in(architecture);
        match found.remove(parameter.name) {
            Some(there) => *tensor = read(parameter.name, &shape, &there)?,
            None if parameter.name.starts_with("state_net.") => {}
            None => return Err(missing(parameter)),
        }
    }
    for (name, ema) in EMA_NAMES.into_iter().zip(&mut weights.gradient_emas) {
        if let Some(there) = found.remove(name) {
            *ema = read(name, &[], &there)?[0];
        }
    }
    match found.into_keys().min() {
        Some(name) => Err(WeightsError::Unknown { name }),
        None => Ok(weights),
    }
}

/// JSON in which no object has a key twice, at any depth.
struct EachOnce;

impl<'de> Deserialize<'de> for EachOnce {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for EachOnce {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Self>()?;
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("`{key}` is defined twice")));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

/// Returns the factor on the published width that the rows of the first layer show; 1 where they show none.
fn width(rows: Option<usize>) -> usize {
    let wide = rows.map_or(1, |rows| rows / PARAMETERS[0].shape[0]);
    if (1..=Architecture::MOST_WIDTH).contains(&wide) {
        wide
    } else {
        1
    }
}

fn missing(parameter: &Parameter) -> WeightsError {
    WeightsError::Missing {
        name: parameter.name,
        shape: parameter.shape.to_vec(),
    }
}

fn read(name: &str, shape: &[usize], view: &TensorView) -> Result<Vec<f32>, WeightsError> {
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(WeightsError::Shape {
            name: name.to_owned(),
            expected: format!("F32 {shape:?}"),
            found: format!("{:?} {:?}", view.dtype(), view.shape()),
        });
    }
    Ok(view
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect())
}

/// Reason for which some bytes are not the weights of this model.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file is empty.
    #[error("the file is empty; expected safetensors with the model's 48 tensors")]
    Empty,
    /// The file is a PyTorch checkpoint.
    #[error(
        "this is a PyTorch archive under the name of a safetensors file; rename it to end with .pt"
    )]
    PyTorch,
    /// The file is a PyTorch checkpoint that cannot be read.
    #[error("this PyTorch checkpoint cannot be read: {0}")]
    Unreadable(String),
    /// The file is a PyTorch checkpoint of something else.
    #[error("no Ternary VAE v5.5 in this PyTorch checkpoint: none of its {count} tensors is called `{wanted}`, with or without something before it{}", first.as_ref().map_or_else(String::new, |first| format!("; the first is `{}`", printable(first))), wanted = PARAMETERS[0].name)]
    NoModel {
        /// Number of tensors in the file.
        count: usize,
        /// Name of one of them, the first in alphabetical order.
        first: Option<String>,
    },
    /// The file is a PyTorch checkpoint of several such models.
    #[error("several models in this PyTorch checkpoint, under {}; save the one that is meant alone", .0.join(", "))]
    SeveralModels(Vec<String>),
    /// The file is a pointer that Git LFS keeps in place of a large file.
    #[error("this is a Git LFS pointer, not the file itself; `git lfs pull` fetches it")]
    LargeFilePointer,
    /// The file is a page of a web site, where the file itself was meant.
    #[error(
        "this is a web page, not the file itself; expected safetensors (download the raw file)"
    )]
    WebPage,
    /// The header has a key twice, so that it can be read in more than one way.
    #[error("the safetensors header: {0}; expected every tensor and every key once")]
    Header(String),
    /// The bytes are no safetensors file.
    #[error("not a safetensors file ({source}); expected safetensors with the model's 48 tensors")]
    NotSafetensors {
        /// Error of the safetensors library.
        source: safetensors::SafeTensorError,
    },
    /// A tensor of the model is missing.
    #[error(
        "tensor `{name}` {shape:?} is missing; expected all 48 tensors of the Ternary VAE v5.5"
    )]
    Missing {
        /// Name of the missing tensor.
        name: &'static str,
        /// Shape of the missing tensor in the published architecture.
        shape: Vec<usize>,
    },
    /// The file has a tensor that the model does not have.
    #[error("tensor `{name}` is not part of the Ternary VAE v5.5; is this another model?")]
    Unknown {
        /// Name of the unknown tensor; the first in alphabetical order where there are several.
        name: String,
    },
    /// A tensor has another shape or type.
    #[error("tensor `{name}`: expected {expected}, found {found}")]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Type and shape in this model.
        expected: String,
        /// Type and shape in the file.
        found: String,
    },
    /// The weights could not be encoded.
    #[error("cannot encode the weights: {0}")]
    Encode(#[from] safetensors::SafeTensorError),
}

impl WeightsError {
    /// Names the kind of file that safetensors refused. Only called then, because a safetensors file can
    /// begin with any bytes: they are the length of its header.
    fn not_safetensors(bytes: &[u8], source: safetensors::SafeTensorError) -> Self {
        match bytes.trim_ascii_start() {
            [b'P', b'K', ..] => Self::PyTorch,
            [b'<', ..] => Self::WebPage,
            text if text.starts_with(b"version https://git-lfs") => Self::LargeFilePointer,
            _ => Self::NotSafetensors { source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DualVae, LATENT, codes_tensor};
    use crate::vae::Vae;
    use burn::tensor::{DType, Device};
    use proptest::prelude::*;

    #[test]
    fn a_file_gives_back_what_went_in_with_fifty_entries() {
        let weights = Weights {
            gradient_emas: [0.25, 4.0],
            ..Weights::fresh(7)
        };
        let bytes = weights.to_bytes().unwrap();
        assert_eq!(SafeTensors::deserialize(&bytes).unwrap().len(), 50);
        assert_eq!(Weights::from_bytes(&bytes).unwrap(), weights);
        assert_eq!(bytes, weights.clone().to_bytes().unwrap());
    }

    #[test]
    fn a_file_says_what_the_network_looks_like() {
        for architecture in [
            Architecture::PUBLISHED,
            Architecture {
                width: 2,
                skip_a: false,
            },
            Architecture {
                width: Architecture::MOST_WIDTH,
                skip_a: true,
            },
        ] {
            let weights = Weights::start(architecture, 3);
            let bytes = weights.to_bytes().unwrap();
            assert!(10 * bytes.len() as u64 >= MAX_FILE_BYTES / 2);
            assert!((bytes.len() as u64) < MAX_FILE_BYTES);
            assert_eq!(Weights::from_bytes(&bytes).unwrap(), weights);
        }
    }

    #[test]
    fn scaled_logits_are_those_of_the_decoders_and_nothing_else_changes() {
        let plain = Weights::fresh(3);
        let scaled = plain.clone().with_logits_scaled(3.0);
        let differs = plain.tensors.iter().zip(&scaled.tensors);
        assert_eq!(differs.filter(|(own, other)| own != other).count(), 4);
        let device = Device::flex();
        let codes: Vec<f64> = (0..5 * LATENT).map(|i| (i as f64).sin()).collect();
        let codes = codes_tensor(codes, &device, DType::F64);
        for which in Vae::BOTH {
            let logits = |weights: &Weights| -> Vec<f64> {
                let model = DualVae::new(weights, &device, DType::F64);
                let logits = model.decode(which, codes.clone());
                logits.try_into_vec_as().unwrap()
            };
            for (own, other) in logits(&plain).into_iter().zip(logits(&scaled)) {
                assert!((3.0 * own - other).abs() < 1e-6, "{own} {other}");
            }
        }
    }

    #[test]
    fn fresh_weights_depend_on_the_seed_and_stay_in_their_bounds() {
        let (a, b) = (Weights::fresh(1), Weights::fresh(2));
        assert_ne!(a, b);
        assert_eq!(a, Weights::fresh(1));
        let first = &a.tensors[0];
        assert!(first.iter().all(|w| w.abs() <= 1.0 / 3.0));
        // A uniform variable on ±1/3 has standard deviation 1/(3√3) = 0.19245.
        let variance = first.iter().map(|w| w * w).sum::<f32>() / first.len() as f32;
        assert!((variance.sqrt() - 0.192_45).abs() < 0.006, "{variance}");
    }

    #[test]
    fn a_wrong_file_is_told_apart() {
        let good = Weights::fresh(0).to_bytes().unwrap();
        assert!(matches!(Weights::from_bytes(b""), Err(WeightsError::Empty)));
        assert!(matches!(
            Weights::from_bytes(b"PK\x03\x04"),
            Err(WeightsError::PyTorch)
        ));
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
        assert!(matches!(
            Weights::from_bytes(pointer),
            Err(WeightsError::LargeFilePointer)
        ));
        for page in [&b"\n<!DOCTYPE html>"[..], b"<html>", b"<?xml"] {
            assert!(matches!(
                Weights::from_bytes(page),
                Err(WeightsError::WebPage)
            ));
        }
        assert!(matches!(
            Weights::from_bytes(b"\x89PNG\r\n\x1a\n"),
            Err(WeightsError::NotSafetensors { .. })
        ));
        assert!(matches!(
            Weights::from_bytes(&good[..good.len() / 2]),
            Err(WeightsError::NotSafetensors { .. })
        ));
        let data = [0u8; 4];
        let view = TensorView::new(Dtype::F32, vec![1], &data).unwrap();
        let other = safetensors::serialize([("encoder_A.encoder.0.weight", view)], None).unwrap();
        let error = Weights::from_bytes(&other).unwrap_err().to_string();
        assert!(
            error.contains("expected F32 [256, 9], found F32 [1]"),
            "{error}"
        );
    }

    /// A file of tensors of one number each, with this header.
    fn with_header(header: &str, numbers: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + 4 * numbers, 0);
        bytes
    }

    #[test]
    fn a_header_that_can_be_read_in_two_ways_is_refused() {
        let entry = |name: &str, from: usize| {
            let to = from + 4;
            format!(r#""{name}":{{"dtype":"F32","shape":[1],"data_offsets":[{from},{to}]}}"#)
        };
        let (a, again, b) = (entry("a", 0), entry("a", 0), entry("b", 4));
        let twice_within = a.replace(r#""shape":[1]"#, r#""shape":[1],"shape":[1]"#);
        let notes = r#""__metadata__":{"decoder_A":"skip connections","decoder_A":""}"#;
        for (header, numbers, problem) in [
            (format!("{{{a},{again}}}"), 1, "`a` is defined twice"),
            (
                format!("{{{a},{},{b}}}", entry("b", 4)),
                2,
                "`b` is defined twice",
            ),
            (
                format!("{{{notes},{a}}}"),
                1,
                "`decoder_A` is defined twice",
            ),
            (format!("{{{twice_within}}}"), 1, "shape"),
            // Overlaps, holes and bytes of nobody.
            (
                format!("{{{a},{}}}", entry("b", 0)),
                2,
                "not a safetensors file",
            ),
            (
                format!("{{{a},{}}}", entry("b", 8)),
                3,
                "not a safetensors file",
            ),
            (format!("{{{a}}}"), 2, "not a safetensors file"),
        ] {
            let read = Weights::from_bytes(&with_header(&header, numbers));
            let error = read.unwrap_err().to_string();
            assert!(error.contains(problem), "{header}: {error}");
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(position in 0usize..20_000, value: u8, cut in 0usize..700_000) {
            let mut bytes = Weights::fresh(0).to_bytes().unwrap();
            bytes[position] = value;
            bytes.truncate(cut.max(1));
            let _ = Weights::from_bytes(&bytes);
        }
    }
}
