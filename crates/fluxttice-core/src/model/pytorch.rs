//! Weights in files that PyTorch wrote, read without PyTorch: nothing in such a file is run.
//!
//! The model may be the file's root or lie under any keys of it (`model`, `state_dict`), and each name may begin
//! with what wrappers add (`module.`, `_orig_mod.`). Numbers of 16 and 64 bits are converted to 32.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PickleValue, PytorchReader, Tensor};

use super::container;
use super::layout::PARAMETERS;
use super::weights::{SKIP_A, Weights, WeightsError, assemble};
use crate::numbers::{count32, single};
use crate::shown::printable;
use crate::words::counted;

/// Most figures and histories that are kept of those beside the weights, and the longest name of one.
const MOST_KEPT: usize = 24;
const LONGEST_NAME: usize = 40;
/// Largest number of an epoch that is believed.
const MOST_EPOCHS: i64 = 10_000_000;
/// Longest part of a problem that is told, in characters.
const TOLD: usize = 200;

/// Parts of names that lie before a model's own where nobody chose them: keys of checkpoints, and wrappers.
const USUAL: [&str; 7] = [
    "model",
    "state_dict",
    "model_state_dict",
    "module",
    "_orig_mod",
    "net",
    "vae",
];

/// A model as PyTorch saved it, with what the file says beside its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Weights in 32 bits.
    pub weights: Weights,
    /// Number of the last finished epoch, from 0; `None` where the file does not say.
    pub epoch: Option<u32>,
    /// Numbers that the file has beside its weights, by their keys (`best_val_loss`).
    pub figures: BTreeMap<String, f64>,
    /// One number per epoch, by their keys (`coverage_A_history`).
    pub histories: BTreeMap<String, Vec<f64>>,
    /// Parts of names that lie before those of other models in the file.
    pub others: Vec<String>,
    /// Types of numbers that were converted to 32 bits, in words (`F16`).
    pub converted: BTreeSet<String>,
}

impl Saved {
    /// Reads a model in any of the formats that `torch.save` has written.
    ///
    /// # Errors
    /// Fails with a [`WeightsError`] that says what the file lacks, or why it cannot be read.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        container::check(path).map_err(|problem| unreadable(&problem))?;
        let root = PytorchReader::read_pickle_data(path, None);
        let root = root.map_err(|error| unreadable(&error))?;
        named_once(&root)?;
        let beside = match root {
            PickleValue::Dict(entries) => entries,
            _ => HashMap::new(),
        };
        let reader = PytorchReader::new(path).map_err(|error| unreadable(&error))?;
        let tensors = reader.into_tensors();
        let (prefix, others) = prefix(&tensors)?;
        let (key, skips) = SKIP_A;
        let skip_a = matches!(beside.get(key), Some(PickleValue::String(note)) if note == skips);
        let (weights, converted) = model(tensors, &prefix, skip_a)?;
        let mut saved = Self {
            weights,
            epoch: None,
            figures: BTreeMap::new(),
            histories: BTreeMap::new(),
            others,
            converted,
        };
        saved.keep_figures(beside);
        Ok(saved)
    }

    fn keep_figures(&mut self, entries: HashMap<String, PickleValue>) {
        let short = |(key, _): &(String, _)| key.chars().count() <= LONGEST_NAME;
        let entries: BTreeMap<_, _> = entries.into_iter().filter(short).collect();
        for (key, value) in entries {
            match value {
                PickleValue::Int(epoch) if key == "epoch" => {
                    let believed = Some(epoch).filter(|epoch| *epoch < MOST_EPOCHS);
                    self.epoch = believed.and_then(|epoch| u32::try_from(epoch).ok());
                }
                _ if self.figures.len() + self.histories.len() == MOST_KEPT => {}
                PickleValue::List(values) if !values.is_empty() => {
                    let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
                    self.histories.extend(numbers.map(|numbers| (key, numbers)));
                }
                value => self
                    .figures
                    .extend(number(&value).map(|number| (key, number))),
            }
        }
    }

    /// Says in whole sentences what a reader should know of the file.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.converted.is_empty() {
            let kinds: Vec<&str> = self.converted.iter().map(String::as_str).collect();
            notes.push(format!(
                "numbers of the kind {} were converted to 32 bits",
                kinds.join(" and ")
            ));
        }
        if !self.others.is_empty() {
            let others = printable(&self.others.join(", ")).into_owned();
            let others = start(&others);
            notes.push(format!("other models in the file were not taken: {others}"));
        }
        let figures = self.figures.iter();
        let figures = figures.map(|(key, value)| format!("{} {value}", printable(key)));
        let histories = self.histories.iter().map(|(key, values)| {
            let last = values.last().copied().unwrap_or(f64::NAN);
            let epochs = counted(count32(values.len()), "epoch");
            format!("{} of {epochs}, the last {last}", printable(key))
        });
        let reported: Vec<String> = figures.chain(histories).collect();
        if let Some(epoch) = self.epoch {
            notes.push(format!("saved by PyTorch after epoch {epoch}"));
        }
        if !reported.is_empty() {
            notes.push(format!(
                "its trainer reported, which nobody checked: {}",
                reported.join("; ")
            ));
        }
        notes
    }
}

/// Puts the weights together from the tensors of a file, of which those of the optimizer are none.
fn model(
    tensors: HashMap<String, Tensor>,
    prefix: &str,
    skip_a: bool,
) -> Result<(Weights, BTreeSet<String>), WeightsError> {
    let own = tensors.into_iter().filter_map(|(name, tensor)| {
        let own = name.strip_prefix(prefix)?;
        Some((own.to_owned(), tensor))
    });
    let own: HashMap<String, Tensor> = own.collect();
    let mut converted = BTreeSet::new();
    let weights = assemble(own, skip_a, Tensor::shape, |name, shape, tensor| {
        let numbers = read(name, shape, tensor)?;
        if tensor.dtype() != DType::F32 {
            converted.insert(format!("{:?}", tensor.dtype()));
        }
        Ok(numbers)
    })?;
    Ok((weights, converted))
}

/// Checks that no two tensors have one name once the keys on the way to them are joined: which of them a reader
/// takes would be a matter of chance.
fn named_once(root: &PickleValue) -> Result<(), WeightsError> {
    let mut seen = BTreeSet::new();
    let mut left = vec![(String::new(), root)];
    while let Some((path, value)) = left.pop() {
        match value {
            PickleValue::Dict(entries) => {
                let within = |key: &String| match path.is_empty() {
                    true => key.clone(),
                    false => format!("{path}.{key}"),
                };
                left.extend(entries.iter().map(|(key, value)| (within(key), value)));
            }
            PickleValue::Unsupported(_) if seen.contains(&path) => {
                return Err(unreadable(&format!("two tensors are called `{path}`")));
            }
            PickleValue::Unsupported(_) => drop(seen.insert(path)),
            _ => {}
        }
    }
    Ok(())
}

/// Returns what lies before the model's own names in a file, and before those of models beside it.
fn prefix(tensors: &HashMap<String, Tensor>) -> Result<(String, Vec<String>), WeightsError> {
    let first = PARAMETERS[0].name;
    let before = tensors.keys().filter_map(|name| name.strip_suffix(first));
    let before = before.filter(|before| before.is_empty() || before.ends_with('.'));
    let mut found: Vec<&str> = before.collect();
    found.sort_unstable();
    let is_usual = |before: &&str| {
        let mut parts = before.split_terminator('.');
        parts.all(|part| USUAL.contains(&part))
    };
    let usual: Vec<&str> = found.iter().copied().filter(is_usual).collect();
    match (usual.as_slice(), found.as_slice()) {
        ([one], _) | ([], [one]) => {
            let others = found.iter().filter(|other| *other != one);
            let others = others.map(|other| (*other).to_owned()).collect();
            Ok(((*one).to_owned(), others))
        }
        (_, []) => Err(WeightsError::NoModel {
            count: tensors.len(),
            first: tensors.keys().min().map(|name| start(name).to_owned()),
        }),
        _ => Err(WeightsError::SeveralModels(
            found
                .into_iter()
                .take(4)
                .map(|name| start(&printable(name)).to_owned())
                .collect(),
        )),
    }
}

fn read(name: &str, shape: &[usize], tensor: &Tensor) -> Result<Vec<f32>, WeightsError> {
    let dtype = tensor.dtype();
    let is_real = matches!(dtype, DType::F64 | DType::F32 | DType::F16 | DType::BF16);
    // Looked at before anything is read: a file may claim any size.
    if !is_real || tensor.shape() != shape {
        return Err(WeightsError::Shape {
            name: name.to_owned(),
            expected: format!("F32 {shape:?}"),
            found: format!("{dtype:?} {:?}", tensor.shape()),
        });
    }
    let bytes = tensor.read().map_err(|error| unreadable(&error))?;
    Ok(match dtype {
        DType::F64 => chunks(&bytes)
            .map(|it| single(f64::from_ne_bytes(it)))
            .collect(),
        DType::F16 => chunks(&bytes)
            .map(|it| f16::from_ne_bytes(it).to_f32())
            .collect(),
        DType::BF16 => chunks(&bytes)
            .map(|it| bf16::from_ne_bytes(it).to_f32())
            .collect(),
        _ => chunks(&bytes).map(f32::from_ne_bytes).collect(),
    })
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}

fn number(value: &PickleValue) -> Option<f64> {
    match value {
        PickleValue::Int(number) => Some(*number as f64),
        PickleValue::Float(number) => Some(*number),
        _ => None,
    }
}

fn unreadable(problem: &impl Display) -> WeightsError {
    WeightsError::Unreadable(start(&printable(&problem.to_string())).to_owned())
}

/// Returns the start of a text, where a file may have made it as long as it likes.
fn start(text: &str) -> &str {
    let end = text.char_indices().nth(TOLD);
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::Architecture;

    fn fixture(name: &str) -> PathBuf {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pytorch");
        fixtures.join(name)
    }

    /// The weights that the script beside the fixtures makes.
    fn made() -> Weights {
        let number = |i: usize, t: usize| ((7919 * i + 104_729 * t) % 17) as f32;
        let number = |i, t| (number(i, t) - 8.0) / 64.0;
        let mut weights = Weights::start(Architecture::PUBLISHED, 0);
        for (t, tensor) in weights.tensors.iter_mut().enumerate() {
            for (i, value) in tensor.iter_mut().enumerate() {
                *value = number(i, t);
            }
        }
        let first = weights.tensors.len();
        weights.gradient_emas = [number(0, first), number(0, first + 1)];
        weights
    }

    #[test]
    fn every_way_of_saving_gives_the_same_weights() {
        for (name, converted, epoch) in [
            ("plain.pt", "", None),
            ("nested.pth", "F16", Some(2)),
            ("wrapped.pt", "BF16", None),
            ("double.pt", "F64", Some(7)),
            ("legacy.pt", "", None),
            ("of_twenty_one_letters.pt", "F16", None),
        ] {
            let saved = Saved::read(&fixture(name)).unwrap();
            assert!(saved.weights == made(), "{name}");
            let found: Vec<&str> = saved.converted.iter().map(String::as_str).collect();
            assert_eq!(
                (found.join(" ").as_str(), saved.epoch),
                (converted, epoch),
                "{name}"
            );
        }
    }

    #[test]
    fn what_lies_beside_the_weights_is_told_as_reported() {
        let saved = Saved::read(&fixture("nested.pth")).unwrap();
        assert_eq!(saved.figures["best_val_loss"].to_bits(), 0.25f64.to_bits());
        assert_eq!(saved.histories["coverage_A_history"], [100.0, 200.0, 300.0]);
        assert_eq!(saved.histories["H_B_history"], [1.0, 2.0, 3.0]);
        let notes = saved.notes().join("\n");
        for words in [
            "F16 were converted",
            "after epoch 2",
            "nobody checked",
            "the last 300",
        ] {
            assert!(notes.contains(words), "{notes}");
        }
    }

    #[test]
    fn what_is_no_such_model_is_refused_in_one_line_and_nothing_of_it_is_run() {
        for (name, words) in [
            ("other.pt", "none of its 2 tensors"),
            ("two.pt", "a_model., b_model."),
            ("vast.pt", "found F16 [65536, 32768]"),
            ("hostile.pt", "none of its 0 tensors"),
            ("deep.pt", "nesting"),
            ("same.pt", "two tensors are called"),
        ] {
            let message = Saved::read(&fixture(name)).unwrap_err().to_string();
            assert!(
                message.contains(words) && message.lines().count() == 1,
                "{message}"
            );
        }
        let beside = Saved::read(&fixture("hostile-zip.pt")).unwrap();
        assert!(beside.weights == made());
        assert!(!Path::new("/tmp/a-pickle-was-run").exists());
    }

    #[test]
    fn a_file_that_ends_too_early_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for name in ["nested.pth", "legacy.pt"] {
            let whole = std::fs::read(fixture(name)).unwrap();
            for part in 1..8 {
                let path = home.path().join(format!("{part}-{name}"));
                std::fs::write(&path, &whole[..whole.len() * part / 8]).unwrap();
                assert!(Saved::read(&path).is_err(), "{name}: {part} of 8");
            }
        }
    }

    #[test]
    fn what_no_shape_shows_is_written_and_read_too() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("written.pt");
        for skip_a in [false, true] {
            let architecture = Architecture { width: 2, skip_a };
            let weights = Weights::start(architecture, 5);
            let bytes = crate::model::to_pytorch(&weights, &serde_json::Map::new()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            assert!(Saved::read(&path).unwrap().weights == weights);
        }
    }

    #[test]
    fn what_is_written_for_pytorch_is_read_again_with_what_lies_beside() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("written.pt");
        let beside = serde_json::json!({
            "epoch": 3,
            "best_val_loss": -1.5,
            "coverage_A_history": [1, 2, 5_000_000_000_i64],
            "config": {"seed": 7, "names": ["a", null, true, false]},
        });
        let bytes = crate::model::to_pytorch(&made(), beside.as_object().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let saved = Saved::read(&path).unwrap();
        assert!(saved.weights == made());
        assert_eq!(saved.epoch, Some(3));
        assert_eq!(
            saved.figures["best_val_loss"].to_bits(),
            (-1.5f64).to_bits()
        );
        assert_eq!(saved.histories["coverage_A_history"], [1.0, 2.0, 5e9]);
    }
}
