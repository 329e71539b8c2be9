//! A model: encode, decode, sample, neighbours, and its honest figures.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use fluxttice_core::measure::neighbours::{LatentPoint, Metric, Search, Spaces, nearest};
use fluxttice_core::measure::{
    CoverageReport, Evaluator, MeasurementPlan, PriorQuestion, sample_prior, samples,
};
use fluxttice_core::model::LATENT;
use fluxttice_core::run::{Checkpoint, find_checkpoint, runs_folder};
use fluxttice_core::space::query::Query;
use fluxttice_core::space::{ENTRIES, OPERATIONS, Operation, OperationSet, VALUES};
use fluxttice_core::vae::{Scope, Vae};
use fluxttice_core::{decode, locate};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayDyn, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::arrays::{indices, operations, shaped};
use crate::errors::{failure, file, value};
use crate::work::done;

/// Operations sampled at a time.
const TILE: u32 = 16_384;

type Two<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);
type Decoded<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray3<f64>>,
);
type Neighbours<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
);

/// A checkpoint that is ready to be asked.
#[pyclass(frozen, module = "fluxttice._native")]
pub struct Model {
    /// Weights, and where they come from.
    pub checkpoint: Arc<Checkpoint>,
    evaluator: Arc<Evaluator>,
    spaces: Arc<OnceLock<Spaces>>,
}

/// Adds the class and its maker.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Model>()?;
    module.add_function(wrap_pyfunction!(load, module)?)
}

/// Loads a checkpoint; without a name the built-in model.
#[pyfunction]
fn load(py: Python<'_>, named: Option<String>, data_dir: Option<PathBuf>) -> PyResult<Model> {
    let found = done(py, move || {
        find_checkpoint(&runs_folder(data_dir.as_deref())?, named.as_deref())
    })?;
    let checkpoint = Arc::new(found.map_err(file)?);
    let evaluator = Arc::new(Evaluator::new(&checkpoint.weights));
    Ok(Model {
        checkpoint,
        evaluator,
        spaces: Arc::default(),
    })
}

/// Reads the name of a VAE.
pub fn vae(name: &str) -> PyResult<Vae> {
    match name {
        "a" => Ok(Vae::A),
        "b" => Ok(Vae::B),
        other => Err(value(format!(
            "which: expected \"a\" or \"b\", found {other:?}"
        ))),
    }
}

#[pymethods]
impl Model {
    /// Origin of the weights.
    #[getter]
    fn origin(&self) -> String {
        self.checkpoint.origin.to_string()
    }

    /// Notes on the file, and those parts of it that could not be checked.
    #[getter]
    fn notes(&self) -> Vec<String> {
        let Checkpoint {
            notes, unchecked, ..
        } = self.checkpoint.as_ref();
        let unchecked = unchecked.iter().map(|text| format!("not checked: {text}"));
        notes.iter().cloned().chain(unchecked).collect()
    }

    fn encode<'py>(
        &self,
        py: Python<'py>,
        given: &Bound<'py, PyAny>,
        which: &str,
    ) -> PyResult<Two<'py>> {
        let (which, asked) = (vae(which)?, operations(given)?);
        let evaluator = Arc::clone(&self.evaluator);
        let rows = asked.len();
        let found = done(py, move || evaluator.posteriors(which, &asked))?.map_err(failure)?;
        Ok((
            shaped(py, found.mu, [rows, LATENT])?,
            shaped(py, found.log_variance, [rows, LATENT])?,
        ))
    }

    fn logits<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, f64>,
        which: &str,
    ) -> PyResult<Bound<'py, PyArray3<f64>>> {
        let which = vae(which)?;
        let codes = rows(&codes)?;
        let count = codes.len();
        let evaluator = Arc::clone(&self.evaluator);
        let found = done(py, move || evaluator.logits(which, codes.concat()))?.map_err(failure)?;
        shaped(py, found, [count, ENTRIES, VALUES])
    }

    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, f64>,
        which: &str,
    ) -> PyResult<Decoded<'py>> {
        let which = vae(which)?;
        let codes = rows(&codes)?;
        let checkpoint = Arc::clone(&self.checkpoint);
        let found =
            done(py, move || decode(&checkpoint.weights, which, &codes))?.map_err(failure)?;
        let entries = found
            .iter()
            .flat_map(|decoded| decoded.probabilities.as_flattened());
        Ok((
            indices(py, found.iter().map(|decoded| decoded.operation)),
            found
                .iter()
                .map(|decoded| decoded.probability)
                .collect::<Vec<f64>>()
                .into_pyarray(py),
            found
                .iter()
                .map(|decoded| decoded.entropy)
                .collect::<Vec<f64>>()
                .into_pyarray(py),
            shaped(
                py,
                entries.copied().collect(),
                [found.len(), ENTRIES, VALUES],
            )?,
        ))
    }

    fn sample<'py>(
        &self,
        py: Python<'py>,
        count: u32,
        which: &str,
        argmax: bool,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let which = vae(which)?;
        let mut all: Vec<Operation> = Vec::with_capacity(count as usize);
        for start in (0..count).step_by(TILE as usize) {
            let rows = start..start.saturating_add(TILE).min(count);
            let evaluator = Arc::clone(&self.evaluator);
            let drawn =
                done(py, move || samples(&evaluator, which, seed, rows))?.map_err(failure)?;
            all.extend(drawn.iter().map(|drawn| match argmax {
                true => drawn.argmax,
                false => drawn.categorical,
            }));
        }
        Ok(indices(py, all.into_iter()))
    }

    #[expect(clippy::too_many_arguments, reason = "they are those of the search")]
    fn neighbors<'py>(
        &self,
        py: Python<'py>,
        place: &str,
        k: usize,
        metric: &str,
        which: &str,
        radius: f64,
        among: Option<&str>,
    ) -> PyResult<Neighbours<'py>> {
        let place: LatentPoint = place.parse().map_err(value)?;
        let found = Metric::ALL.into_iter().find(|known| known.name() == metric);
        let metric = found.ok_or_else(|| {
            let names = Metric::ALL.map(Metric::name).join(", ");
            value(format!("metric: expected one of {names}, found {metric:?}"))
        })?;
        let scope = match which {
            "both" => Scope::Both,
            one => vae(one)
                .map_err(|_| {
                    value(format!(
                        "which: expected \"a\", \"b\" or \"both\", found {one:?}"
                    ))
                })?
                .into(),
        };
        let among = among.map(|text| text.parse::<Query>().map(|query| query.operations()));
        let among: Option<OperationSet> = among.transpose().map_err(value)?;
        let (checkpoint, evaluator) = (Arc::clone(&self.checkpoint), Arc::clone(&self.evaluator));
        let known = Arc::clone(&self.spaces);
        let found = done(py, move || {
            let spaces = match known.get() {
                Some(spaces) => spaces,
                None => {
                    let spaces = evaluator.spaces().map_err(failure)?;
                    known.get_or_init(|| spaces)
                }
            };
            let located = locate(&checkpoint.weights, spaces, scope, &place).map_err(value)?;
            if let Some(problem) = located.centre.problem(spaces.of(scope), metric) {
                return Err(value(problem));
            }
            let search = Search {
                metric,
                k,
                radius,
                among: among.as_ref(),
            };
            Ok(nearest(spaces.of(scope), &located.centre, &search))
        })??;
        Ok((
            indices(py, found.iter().map(|near| near.operation)),
            found
                .iter()
                .map(|near| near.distance)
                .collect::<Vec<f64>>()
                .into_pyarray(py),
            found
                .iter()
                .map(|near| i64::from(near.hamming))
                .collect::<Vec<i64>>()
                .into_pyarray(py),
            found
                .iter()
                .map(|near| i64::from(near.hamming_rank))
                .collect::<Vec<i64>>()
                .into_pyarray(py),
        ))
    }

    /// Every figure of the report as JSON, an array of objects.
    fn figures(
        &self,
        py: Python<'_>,
        samples: Vec<u32>,
        seed: u64,
        codes: u32,
    ) -> PyResult<String> {
        let plan = MeasurementPlan {
            seed,
            samples,
            probability_codes: codes,
        };
        let evaluator = Arc::clone(&self.evaluator);
        let report = done(py, move || {
            CoverageReport::measure(&evaluator, &plan, None, &|_| {})
        })?;
        serde_json::to_string(&report.map_err(failure)?.figures()).map_err(failure)
    }

    fn probabilities<'py>(
        &self,
        py: Python<'py>,
        which: &str,
        codes: u32,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        if codes == 0 {
            return Err(value("codes: expected at least 1, found 0"));
        }
        let question = PriorQuestion {
            which: vae(which)?,
            seed,
            samples: Vec::new(),
            probability_codes: codes,
        };
        let evaluator = Arc::clone(&self.evaluator);
        let answer =
            done(py, move || sample_prior(&evaluator, &question, &|_| {}))?.map_err(failure)?;
        let mean = answer
            .generator
            .map(|generator| generator.mean().probabilities.clone());
        shaped(py, mean.unwrap_or_default(), vec![OPERATIONS])
    }
}

/// Reads codes, 16 finite numbers a row.
fn rows(codes: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<[f64; LATENT]>> {
    let view = codes.as_array();
    if view.ncols() != LATENT {
        return Err(value(format!(
            "codes: expected the shape [n, {LATENT}], found {:?}",
            view.shape()
        )));
    }
    let row = |(number, row): (usize, numpy::ndarray::ArrayView1<'_, f64>)| {
        let row: [f64; LATENT] = std::array::from_fn(|dimension| row[dimension]);
        match row.iter().find(|number| !(**number as f32).is_finite()) {
            None => Ok(row),
            Some(found) => Err(value(format!(
                "codes, row {number}: expected numbers that are finite in single precision, found {found}"
            ))),
        }
    };
    view.outer_iter().enumerate().map(row).collect()
}
