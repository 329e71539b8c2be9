//! Parity with the original program, figure by figure, against golden vectors measured on it.
//!
//! The vectors lie in `tests/fixtures/reference`, or in the folder that `FLUXTTICE_REFERENCE_DIR`
//! names.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "reference/vectors.rs"]
mod vectors;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor};
use fluxttice_core::config::{Config, Source};
use fluxttice_core::device::{DeviceSpec, choose, read_all};
use fluxttice_core::model::{
    Architecture, Batch, Coupling, DualVae, LATENT, Loss, LossWeights, PARAMETERS, Posterior,
    codes_tensor, histogram, kl, latent_entropy, loss_graph, parameter_counts, repulsion,
};
use fluxttice_core::numbers::{count32, index, rounded, single};
use fluxttice_core::schedule::{Schedule, Scheduled};
use fluxttice_core::training::{Clipped, Controller, FlatGradients, Learner, Means, ParamLayout};
use fluxttice_core::vae::Vae;
use serde_json::Value;
use vectors::{F32, F64, Fill, Precision, flatten, near, near_tensor, number, operations, vectors};

fn published() -> Config {
    Config::load(Source::BuiltIn, &[]).unwrap().config
}

fn figures<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.clone().inner().try_into_vec_as().unwrap()
}

#[test]
fn parameters_have_the_originals_names_shapes_order_and_counts() {
    for precision in [F32, F64] {
        let Some(expected) = vectors("params", precision) else {
            continue;
        };
        let weights = Fill::of(expected).weights();
        let listed = expected["params"].as_array().unwrap();
        assert_eq!(listed.len(), PARAMETERS.len());
        for ((parameter, tensor), expected) in PARAMETERS.iter().zip(&weights.tensors).zip(listed) {
            assert_eq!(parameter.name, expected["name"]);
            let shape: Vec<usize> = expected["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| index(n.as_u64().unwrap()))
                .collect();
            assert_eq!(parameter.shape, shape);
            checksums(
                parameter.name,
                tensor.iter().map(|w| f64::from(*w)),
                expected,
                1e-8,
            );
        }
        let counts = &expected["counts"];
        let expected = ["total", "VAE_A", "VAE_B", "state_net"]
            .map(|key| index(counts[key].as_u64().unwrap()));
        assert_eq!(parameter_counts(Architecture::PUBLISHED, true), expected);
        // The module holds exactly these tensors, and gives them back as it got them.
        let model = DualVae::new(&weights, &Device::flex(), DType::F32);
        assert_eq!(model.num_params(), expected[0]);
        assert_eq!(model.weights(weights.gradient_emas).unwrap(), weights);
    }
}

/// Compares sum and sum of squares.
fn checksums(what: &str, values: impl Iterator<Item = f64>, expected: &Value, tolerance: f64) {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for value in values {
        sum += value;
        squares += value * value;
        n += 1.0;
    }
    near(
        &format!("{what}: sum of squares"),
        squares,
        number(&expected["sumsq"]),
        1e-3,
        tolerance,
    );
    let scale = f64::sqrt(squares.max(1e-3)) * f64::sqrt(n);
    near(
        &format!("{what}: sum"),
        sum,
        number(&expected["sum"]),
        scale,
        tolerance,
    );
}

/// A scenario's settings in the program's own terms.
struct Settings {
    scheduled: Scheduled,
    controller: Controller,
    config: Config,
    training: bool,
    rows: usize,
}

fn settings(config: &Value) -> Settings {
    let get = |key: &str| number(&config[key]);
    let mut published = published();
    published.free_bits = get("free_bits");
    published.vae_b.entropy_weight = get("entropy_weight_B");
    published.vae_b.repulsion_weight = get("repulsion_weight_B");
    let scheduled = Scheduled {
        phase: Some(1),
        rho: get("rho"),
        lambda3: get("lambda3"),
        temperature_a: get("temp_A"),
        temperature_b: get("temp_B"),
        beta_a: get("beta_A"),
        beta_b: get("beta_B"),
        learning_rate: 1e-3,
        latent_noise: 0.0,
        fresh_share: 0.0,
    };
    let controller = Controller {
        gradient_emas: [get("emaA"), get("emaB")],
        momentum: get("mom"),
        ratio: get("emaB") / (get("emaA") + 1e-8),
        lambda1: get("lambda1"),
        lambda2: get("lambda2"),
        lambda3: get("lambda3"),
        learning_rate: 1e-3,
        ..Controller::default()
    };
    let rows = index(config["B"].as_u64().unwrap());
    Settings {
        scheduled,
        controller,
        config: published,
        training: config["training"].as_bool().unwrap(),
        rows,
    }
}

fn check_losses(what: &str, loss: &Loss, expected: &Value, tolerance: f64) {
    for (name, found, scale) in [
        ("loss", loss.loss, 0.0),
        ("ce_A", loss.ce_a, 0.0),
        ("ce_B", loss.ce_b, 0.0),
        ("kl_A", loss.kl_a, 0.0),
        ("kl_B", loss.kl_b, 0.0),
        ("loss_A", loss.loss_a, 0.0),
        ("loss_B", loss.loss_b, 0.0),
        ("entropy_B", loss.entropy_term_b, 0.0),
        // exp(-d²/0.25) multiplies the relative error of d² by d²/0.25, up to a hundredfold.
        ("repulsion_B", loss.repulsion_b, 1e-2),
        ("H_A", loss.entropy_a, 0.0),
        ("H_B", loss.entropy_b, 0.0),
        // A difference of two entropies near 3.
        ("entropy_align", loss.entropy_alignment, 3.0),
    ] {
        near(
            &format!("{what} {name}"),
            found,
            number(&expected[name]),
            scale,
            tolerance,
        );
    }
}

/// Every gradient by the original's name, row-major `[out, in]`.
struct GradientReader {
    gradients: Gradients,
    found: Vec<Option<Vec<f64>>>,
}

impl ModuleVisitor for GradientReader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param.val().grad(&self.gradients);
        self.found
            .push(gradient.map(|g| figures(&if D == 2 { g.transpose() } else { g })));
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "a file of reference vectors is walked through once"
)]
fn forward(scenario: &str, precision: Precision, device: &Device) {
    let Some(expected) = vectors(scenario, precision) else {
        return;
    };
    let fill = Fill::of(expected);
    let settings = settings(&expected["config"]);
    let device = device.clone().autodiff();
    let (dtype, tolerance) = (precision.dtype, precision.tolerance);
    let model = DualVae::new(&fill.weights(), &device, dtype);
    let batch = Batch::new(operations(0, settings.rows).into_iter(), &device, dtype);
    let noise = settings.training.then(|| {
        let [a, b] = fill.noise(0, settings.rows, &device, dtype);
        near_tensor("eps_A", &figures(&a), &expected["eps_A"], 1e-8);
        near_tensor("eps_B", &figures(&b), &expected["eps_B"], 1e-8);
        [
            (a, settings.scheduled.temperature_a),
            (b, settings.scheduled.temperature_b),
        ]
    });
    let pass = model.forward(
        batch.x.clone(),
        Coupling {
            noise,
            ..Coupling::at(settings.scheduled.rho)
        },
    );

    for (i, which) in ["A", "B"].into_iter().enumerate() {
        let checks: [(&str, Vec<f64>); 5] = [
            ("mu_", figures(&pass.posterior[i].mu)),
            ("logvar_", figures(&pass.posterior[i].log_variance)),
            ("z_", figures(&pass.z[i])),
            ("logits_", figures(&pass.logits[i])),
            ("tilde", figures(&pass.injected[i])),
        ];
        for (name, found) in checks {
            let key = if name == "tilde" {
                format!("z_{which}_tilde")
            } else {
                format!("{name}{which}")
            };
            near_tensor(&key, &found, &expected[&key], tolerance);
        }
        let codes = figures(&pass.z[i]);
        for (dimension, expected) in expected[format!("hist_{which}")]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            let counts = histogram(codes.iter().skip(dimension).step_by(LATENT).copied());
            let mut wanted = Vec::new();
            flatten(expected, &mut wanted);
            assert!(
                counts.iter().map(|c| f64::from(*c)).eq(wanted),
                "histogram {which} {dimension}"
            );
        }
    }

    let mut model_config = settings.config.model.clone();
    model_config.gradient_balance = settings.training;
    let [scale_a, scale_b] = settings.controller.scales(&model_config);
    let weights = LossWeights {
        align_spread: false,
        beta_a: settings.scheduled.beta_a,
        beta_b: settings.scheduled.beta_b,
        lambda1: settings.controller.lambda1,
        lambda2: settings.controller.lambda2,
        lambda3: settings.controller.lambda3,
        free_bits: settings.config.free_bits,
        entropy_weight: settings.config.vae_b.entropy_weight,
        repulsion_weight: settings.config.vae_b.repulsion_weight,
        scale_a,
        scale_b,
    };
    near(
        "grad_scale_A",
        scale_a,
        number(&expected["losses"]["grad_scale_A"]),
        0.0,
        1e-7,
    );
    near(
        "grad_scale_B",
        scale_b,
        number(&expected["losses"]["grad_scale_B"]),
        0.0,
        1e-7,
    );
    let graph = loss_graph(&pass, &batch, &weights);
    let read = read_all(graph.clone().figures().to_vec()).unwrap();
    check_losses(
        scenario,
        &Loss::from_figures(&read.try_into().unwrap(), &weights),
        &expected["losses"],
        tolerance,
    );

    let mut reader = GradientReader {
        gradients: graph.objective.backward(),
        found: Vec::new(),
    };
    model.visit(&mut reader);
    for (parameter, found) in PARAMETERS.iter().zip(&reader.found) {
        let wanted = &expected["grad"][parameter.name];
        let Some(found) = found else {
            assert!(wanted.is_null(), "{} has no gradient", parameter.name);
            continue;
        };
        let norm = found.iter().map(|g| g * g).sum::<f64>().sqrt();
        near(
            &format!("{} norm", parameter.name),
            norm,
            number(&wanted["norm"]),
            1e-6,
            5.0 * tolerance,
        );
        let sum = found.iter().sum();
        let scale = norm * (found.len() as f64).sqrt();
        near(
            &format!("{} sum", parameter.name),
            sum,
            number(&wanted["sum"]),
            scale,
            5.0 * tolerance,
        );
        for (i, wanted) in wanted["first"].as_array().unwrap().iter().enumerate() {
            near(
                &format!("{}[{i}]", parameter.name),
                found[i],
                number(wanted),
                norm,
                5.0 * tolerance,
            );
        }
    }
    let places = ParamLayout::on(&device, model.architecture());
    let flat = FlatGradients::collect(&model.vaes, reader.gradients, 1, &places);
    let clipped = Clipped::new(places.squared_norms(&figures(&flat.squares())), 1.0);
    near(
        "gradient norm",
        clipped.norm,
        number(&expected["global_grad_norm_before_clip"]),
        0.0,
        2.0 * tolerance,
    );
    near(
        "clip coefficient",
        clipped.coefficient,
        number(&expected["clip_coef"]),
        0.0,
        2.0 * tolerance,
    );
    let mut controller = settings.controller;
    if settings.training {
        controller.observe_gradient(clipped.parts);
    }
    near(
        "ema A",
        controller.gradient_emas[0],
        number(&expected["ema_after_update"]["A"]),
        0.0,
        5.0 * tolerance,
    );
    near(
        "ema B",
        controller.gradient_emas[1],
        number(&expected["ema_after_update"]["B"]),
        0.0,
        5.0 * tolerance,
    );
}

macro_rules! forward_tests {
    ($($name:ident: $scenario:literal),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                forward($scenario, F64, &Device::flex());
                forward($scenario, F32, &Device::flex());
            }
        )+
    };
}

forward_tests! {
    forward_main: "forward_main",
    forward_without_extra_terms: "forward_plain",
    forward_with_strong_coupling: "forward_strong",
    forward_with_unbalanced_gradients: "forward_scaled",
    forward_in_evaluation: "forward_eval",
    forward_with_repulsion_at_work: "forward_repulse",
    forward_of_two_operations: "forward_batch2",
    forward_of_one_operation: "forward_batch1",
}

/// The closed forms in the `functions` vectors, rounded to 32 bits.
fn form(n: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..n)
        .map(|i| f64::from(single(f(i as f64 + 1.0))))
        .collect()
}

#[expect(
    clippy::too_many_lines,
    reason = "a file of reference vectors is walked through once"
)]
fn functions(precision: Precision, device: &Device) {
    let Some(expected) = vectors("functions", precision) else {
        return;
    };
    let (dtype, tolerance) = (precision.dtype, precision.tolerance);
    let plain = device.clone();
    let device = device.clone().autodiff();
    let wave = |n: f64| (0.91 * n + 0.002 * n * (n % 37.0)).sin();

    let z = form(64 * LATENT, |n| 0.25 * wave(n));
    near_tensor("repulsion z", &z, &expected["repulsion"]["z"], 1e-8);
    let leaf = codes_tensor(z.clone(), &device, dtype).require_grad();
    let value = repulsion(leaf.clone());
    // In 32 bits the original forms distances by a matrix product; its own double value is the reference.
    near(
        "repulsion",
        figures(&value)[0],
        number(&expected["repulsion"]["value_direct_f64"]),
        0.0,
        5.0 * tolerance,
    );
    let gradient = figures(&leaf.grad(&value.backward()).unwrap());
    let wanted = &expected["repulsion"]["grad_direct_f64"];
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    near(
        "repulsion gradient",
        norm,
        number(&wanted["norm"]),
        0.0,
        5.0 * tolerance,
    );
    for (i, wanted) in wanted["first_row"].as_array().unwrap().iter().enumerate() {
        near(
            "repulsion gradient entry",
            gradient[i],
            number(wanted),
            norm,
            5.0 * tolerance,
        );
    }
    let eight = repulsion(codes_tensor(z[..8 * LATENT].to_vec(), &plain, dtype));
    let wanted = number(&expected["repulsion_first8rows"]["value_torch_cdist"]);
    near(
        "repulsion of eight",
        figures(&eight)[0],
        wanted,
        0.0,
        5.0 * tolerance,
    );

    let z = form(64 * LATENT, |n| 2.2 * wave(n) + 1.1 * (0.013 * n).cos());
    near_tensor("entropy z", &z, &expected["entropy"]["z"], 1e-8);
    near(
        "entropy",
        latent_entropy(&z, LATENT),
        number(&expected["entropy"]["H"]),
        0.0,
        1e-7,
    );
    near(
        "entropy outside",
        latent_entropy(&[9.0; 32], LATENT),
        number(&expected["entropy_all_outside"]["H"]),
        1.0,
        1e-12,
    );
    let edges = &expected["histc_edges"];
    for (value, bins) in edges["values"]
        .as_array()
        .unwrap()
        .iter()
        .zip(edges["bins"].as_array().unwrap())
    {
        let counts = histogram(std::iter::once(number(value)));
        let found: Vec<u64> = counts
            .iter()
            .enumerate()
            .filter(|(_, c)| **c > 0)
            .map(|(bin, _)| bin as u64)
            .collect();
        let wanted: Vec<u64> = bins
            .as_array()
            .unwrap()
            .iter()
            .map(|bin| bin.as_u64().unwrap())
            .collect();
        assert_eq!(found, wanted, "bin of {value}");
    }

    for (key, free_bits) in [("kl_free_bits_0.0", 0.0), ("kl_free_bits_0.5", 0.5)] {
        let wanted = &expected[key];
        let mu = codes_tensor(form(64 * LATENT, |n| 1.3 * (0.7 * n).sin()), &device, dtype)
            .require_grad();
        let log_variance = codes_tensor(
            form(64 * LATENT, |n| 1.1 * (0.45 * n).cos()),
            &device,
            dtype,
        )
        .require_grad();
        let value = kl(
            &Posterior {
                mu: mu.clone(),
                log_variance: log_variance.clone(),
            },
            free_bits,
            64.0,
        );
        near(
            key,
            figures(&value)[0],
            number(&wanted["value"]),
            0.0,
            tolerance,
        );
        let gradients = value.backward();
        for (leaf, row) in [(mu, "dmu_row0"), (log_variance, "dlv_row0")] {
            let found = figures(&leaf.grad(&gradients).unwrap());
            for (i, wanted) in wanted[row].as_array().unwrap().iter().enumerate() {
                near(row, found[i], number(wanted), 0.01, 5.0 * tolerance);
            }
        }
    }

    let weights = Fill::of(expected).weights();
    let model = DualVae::new(&weights, &plain, dtype);
    for case in expected["statenet"].as_array().unwrap() {
        let mut state = Vec::new();
        flatten(&case["state"], &mut state);
        let answer = model.state_net.correct(state.try_into().unwrap()).unwrap();
        for (found, wanted) in answer.iter().zip(case["corrections"].as_array().unwrap()) {
            near("StateNet", f64::from(*found), number(wanted), 1.0, 2e-6);
        }
        let apply = &case["apply"];
        if apply.is_object() {
            let mut state = Vec::new();
            flatten(&case["state"], &mut state);
            let mut controller = Controller {
                lambda1: state[6],
                lambda2: state[7],
                lambda3: state[8],
                learning_rate: number(&apply["lr_in"]),
                ..Controller::default()
            };
            controller.correct(answer, &published());
            for (name, found) in [
                ("lr_out", controller.learning_rate),
                ("lambda1", controller.lambda1),
                ("lambda2", controller.lambda2),
                ("lambda3", controller.lambda3),
            ] {
                near(name, found, number(&apply[name]), 0.0, 2e-7);
            }
        }
    }

    let z = form(4 * LATENT, |n| (0.3 * n).sin())
        .iter()
        .map(|z| f64::from(single(*z) * 1.4f32))
        .collect();
    let z = codes_tensor(z, &plain, dtype);
    for (which, key) in [(Vae::A, "logits_A"), (Vae::B, "logits_B")] {
        near_tensor(
            key,
            &figures(&model.decode(which, z.clone())),
            &expected["decoder"][key],
            tolerance,
        );
    }

    for case in expected["update_adaptive_lambdas"].as_array().unwrap() {
        let pair = |key: &str| [number(&case[key][0]), number(&case[key][1])];
        let [lambda1, lambda2] = pair("in");
        let mut controller = Controller {
            lambda1,
            lambda2,
            ..Controller::default()
        };
        let coverage = ["cov_A", "cov_B"].map(|key| count32(case[key].as_u64().unwrap()));
        controller.adapt(number(&case["grad_ratio"]), Some(coverage));
        let [wanted1, wanted2] = pair("out");
        near("lambda1", controller.lambda1, wanted1, 0.0, 1e-15);
        near("lambda2", controller.lambda2, wanted2, 0.0, 1e-15);
        near(
            "momentum",
            controller.momentum,
            number(&case["momentum"]),
            0.0,
            1e-15,
        );
        assert_eq!(
            controller.balanced,
            case["balance"].as_bool().unwrap(),
            "{case}"
        );
    }
}

#[test]
fn single_functions() {
    functions(F64, &Device::flex());
    functions(F32, &Device::flex());
}

/// Tolerances of a run of steps: Adam divides by √v, so that a gradient near zero can move a
/// weight by a whole step in either direction once roundings differ.
struct Drift {
    loss: f64,
    gradient_norm: f64,
    squares: f64,
}

fn drift(precision: Precision) -> Drift {
    match precision.dtype {
        DType::F64 => Drift {
            loss: 1e-7,
            gradient_norm: 1e-6,
            squares: 1e-7,
        },
        _ => Drift {
            loss: 2e-5,
            gradient_norm: 2e-4,
            squares: 2e-5,
        },
    }
}

fn check_weights(what: &str, model: &DualVae, expected: &Value, tolerance: f64) {
    let weights = model.weights([1.0; 2]).unwrap();
    for (parameter, tensor) in PARAMETERS.iter().zip(&weights.tensors) {
        if expected[parameter.name].is_object() {
            let what = format!("{what}: {}", parameter.name);
            checksums(
                &what,
                tensor.iter().map(|w| f64::from(*w)),
                &expected[parameter.name],
                tolerance,
            );
        }
    }
}

fn train(precision: Precision, device: &Device, steps: usize) {
    let Some(expected) = vectors("train20", precision) else {
        return;
    };
    let fill = Fill::of(expected);
    let settings = settings(&expected["config"]);
    let mut core = Learner::new(&settings.config, &fill.weights(), device, precision.dtype);
    *core.controller_mut() = settings.controller;
    let drift = drift(precision);
    for (t, wanted) in expected["steps"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .take(steps)
    {
        let (place, dtype) = core.placement();
        let batch = Batch::new(operations(t, 64).into_iter(), place, dtype);
        let noise = fill.noise(t as u64, 64, place, dtype);
        let report = core
            .train_batch(&batch, noise, &settings.scheduled, t == 0)
            .unwrap();
        check_losses(
            &format!("step {t}"),
            &report.loss,
            &wanted["losses"],
            drift.loss,
        );
        let norm = number(&wanted["gnorm_preclip"]);
        near(
            &format!("step {t} gradient norm"),
            report.gradient.norm,
            norm,
            0.0,
            drift.gradient_norm,
        );
        near(
            "learning rate",
            core.controller().learning_rate,
            number(&wanted["lr"]),
            0.0,
            1e-6,
        );
        near(
            "ema A",
            core.controller().gradient_emas[0],
            number(&wanted["ema_A"]),
            0.0,
            drift.gradient_norm,
        );
        near(
            "ema B",
            core.controller().gradient_emas[1],
            number(&wanted["ema_B"]),
            0.0,
            drift.gradient_norm,
        );
        check_weights(
            &format!("after step {}", t + 1),
            &core.model(),
            &expected["params_after_step"][(t + 1).to_string()],
            drift.squares,
        );
    }
}

#[test]
fn twenty_optimizer_steps() {
    train(F64, &Device::flex(), 20);
    train(F32, &Device::flex(), 20);
}

#[expect(
    clippy::too_many_lines,
    reason = "a file of reference vectors is walked through once"
)]
fn epochs_around_the_disruption(precision: Precision) {
    let Some(expected) = vectors("epochs49_52", precision) else {
        return;
    };
    let fill = Fill::of(expected);
    let config = published();
    let schedule = Schedule::new(&config);
    let mut core = Learner::new(&config, &fill.weights(), &Device::flex(), precision.dtype);
    let drift = drift(precision);
    let mut t = 0;
    for wanted in expected["epochs"].as_array().unwrap() {
        let epoch = count32(wanted["epoch"].as_u64().unwrap());
        let what = format!("epoch {epoch}");
        let coverage = wanted["coverage_history_before"]
            .as_array()
            .map(|c| [0, 1].map(|which| count32(c[which].as_u64().unwrap())));
        let scheduled = schedule.at(epoch, core.controller().balanced);
        core.controller_mut()
            .begin_epoch(&scheduled, &config, coverage);
        let losses = &wanted["epoch_losses"];
        near(
            "gradient ratio",
            core.controller().ratio,
            number(&losses["grad_ratio"]),
            0.0,
            drift.gradient_norm,
        );
        near(
            "momentum",
            core.controller().momentum,
            number(&losses["ema_momentum"]),
            0.0,
            1e-12,
        );
        near(
            "β_B",
            scheduled.beta_b,
            number(&losses["beta_B"]),
            1.0,
            1e-8,
        );
        let mut means = Means::default();
        for batch in 0..7 {
            let rows = if batch == 6 { 2 } else { 64 };
            let (place, dtype) = core.placement();
            let tensors = Batch::new(operations(t, rows).into_iter(), place, dtype);
            let noise = fill.noise(t as u64, rows, place, dtype);
            let report = core
                .train_batch(&tensors, noise, &scheduled, batch == 0)
                .unwrap();
            means.add(&report.loss);
            t += 1;
        }
        let terms = means.terms();
        for (name, found) in [
            ("loss", terms.loss),
            ("ce_A", terms.ce_a),
            ("ce_B", terms.ce_b),
            ("kl_A", terms.kl_a),
            ("kl_B", terms.kl_b),
            ("entropy_B", terms.entropy_term_b),
            ("H_A", means.entropies()[0]),
            ("H_B", means.entropies()[1]),
        ] {
            // A value that crosses a bin's edge in 32 bits moves H by about 0.001.
            let loss = if name.starts_with('H') && precision.dtype == DType::F32 {
                1e-3
            } else {
                drift.loss
            };
            near(
                &format!("{what} {name}"),
                found,
                number(&losses[name]),
                0.0,
                loss,
            );
        }
        near(
            &format!("{what} λ1"),
            core.controller().lambda1,
            number(&wanted["lambda1"]),
            0.0,
            1e-5,
        );
        near(
            &format!("{what} λ2"),
            core.controller().lambda2,
            number(&wanted["lambda2"]),
            0.0,
            1e-5,
        );
        near(
            &format!("{what} λ3"),
            core.controller().lambda3,
            number(&wanted["lambda3"]),
            0.0,
            1e-5,
        );
        near(
            &format!("{what} ema A"),
            core.controller().gradient_emas[0],
            number(&wanted["ema_A"]),
            0.0,
            drift.gradient_norm,
        );
        near(
            &format!("{what} ema B"),
            core.controller().gradient_emas[1],
            number(&wanted["ema_B"]),
            0.0,
            drift.gradient_norm,
        );
        assert_eq!(
            core.controller().balanced,
            wanted["balance"].as_bool().unwrap(),
            "{what}"
        );
        check_weights(&what, &core.model(), &wanted["params"], drift.squares);

        let mut validation = Means::default();
        let model = core.inference_model();
        for (t, rows) in [(500, 64), (501, 64), (502, 48)] {
            let batch = Batch::new(
                operations(t, rows).into_iter(),
                &Device::flex(),
                precision.dtype,
            );
            validation.add(&core.validate_batch(&model, &batch, &scheduled).unwrap().0);
        }
        let loss = number(&wanted["validate"]["loss"]);
        near(
            &format!("{what} validation"),
            validation.terms().loss,
            loss,
            0.0,
            10.0 * drift.loss,
        );
    }
}

#[test]
fn four_epochs_around_the_disruption() {
    epochs_around_the_disruption(F32);
}

#[test]
fn all_four_hundred_epochs_of_every_schedule() {
    let folder = std::env::var_os("FLUXTTICE_REFERENCE_DIR").map(std::path::PathBuf::from);
    let fixtures =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
    let path = folder
        .map(|f| f.join("schedules.csv"))
        .filter(|p| p.exists())
        .unwrap_or(fixtures.join("schedules.csv"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let schedule = Schedule::new(&published());
    let mut epochs = 0;
    for line in lines {
        let row: Vec<f64> = line.split(',').map(|n| n.parse().unwrap()).collect();
        let get = |name: &str| row[columns.iter().position(|c| *c == name).unwrap()];
        let epoch = count32(rounded(get("epoch")));
        let (open, shut) = (schedule.at(epoch, true), schedule.at(epoch, false));
        for (name, found) in [
            ("rho_balanced", open.rho),
            ("rho_unbalanced", shut.rho),
            ("lambda3", open.lambda3),
            ("temp_A", open.temperature_a),
            ("temp_B", open.temperature_b),
            ("beta_A", open.beta_a),
            ("beta_B", open.beta_b),
            ("lr", open.learning_rate),
        ] {
            near(
                &format!("epoch {epoch} {name}"),
                found,
                get(name),
                1e-3,
                1e-12,
            );
        }
        assert_eq!(
            f64::from(open.phase.unwrap()),
            get("phase_balanced"),
            "epoch {epoch}"
        );
        if let Some(phase) = shut.phase {
            assert_eq!(f64::from(phase), get("phase_unbalanced"), "epoch {epoch}");
        }
        epochs += 1;
    }
    assert_eq!(epochs, 400);
}

/// Runs with few steps on any adapter there is, a software rasteriser included: its
/// kernels are compiled when they are first used.
#[test]
fn forward_and_three_steps_through_wgpu() {
    let chosen = choose(DeviceSpec::Gpu(None)).or_else(|_| choose(DeviceSpec::Software));
    let Ok(chosen) = chosen else {
        eprintln!("skipped: no graphics adapter, not even a software one, on this machine");
        return;
    };
    // exp and log of a GPU are good to about 1e-6; sums run in another order.
    let precision = Precision {
        tolerance: 2e-5,
        ..F32
    };
    forward("forward_main", precision, &chosen.device);
    train(F32, &chosen.device, 3);
}
