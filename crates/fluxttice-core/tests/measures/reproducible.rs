//! Equal questions have equal answers: whatever the tiles, the threads, the arithmetic library.

use fluxttice_core::measure::{
    CoveragePass, CoverageTask, Decoding, Evaluator, Mean, PriorAnswer, PriorQuestion, Samples,
    most_likely, prior_information, sample_prior,
};
use fluxttice_core::model::{Architecture, DualVae, LATENT, Weights};
use fluxttice_core::random::{Purpose, Stream};
use fluxttice_core::record::Information;
use fluxttice_core::run::built_in;
use fluxttice_core::space::OperationSet;
use fluxttice_core::vae::Vae;

use crate::plain;

fn ask(which: Vae, samples: &[u32], codes: u32) -> PriorAnswer {
    let evaluator = Evaluator::new(&built_in().unwrap().weights);
    let question = PriorQuestion {
        which,
        seed: 0,
        samples: samples.to_vec(),
        probability_codes: codes,
    };
    sample_prior(&evaluator, &question, &|_| {}).unwrap()
}

#[test]
fn draws_and_counts_are_those_of_plain_arithmetic() {
    const CODES: u32 = 2_000;
    let weights = built_in().unwrap().weights;
    for (which, prior, draw) in [
        (Vae::A, Purpose::PriorA, Purpose::DrawA),
        (Vae::B, Purpose::PriorB, Purpose::DrawB),
    ] {
        let (prior, draws) = (Stream::new(0, prior, 0, 0), Stream::new(0, draw, 0, 0));
        let (mut argmax, mut categorical) = (OperationSet::default(), OperationSet::default());
        let mut entropy = 0.0;
        for row in 0..CODES {
            let (mut code, mut uniforms) = ([0.0; LATENT], [0.0; 9]);
            prior.normals(row, &mut code);
            draws.uniforms(row, &mut uniforms);
            let logits = plain::logits(&weights, which, &code);
            let decoding = Decoding::new(&logits);
            argmax.insert(most_likely(&logits));
            categorical.insert(decoding.draw(&uniforms));
            entropy += decoding.entropy();
        }
        let found = ask(which, &[CODES], 0).covered.remove(0);
        assert_eq!(found.argmax.digest(), argmax.digest());
        assert_eq!(found.categorical.digest(), categorical.digest());
        let expected = entropy / f64::from(CODES);
        let apart = (found.coverage.decode_entropy - expected).abs() / expected;
        assert!(apart < 1e-9, "{which:?}: {apart}");
    }
}

#[test]
fn every_architecture_decodes_as_plain_arithmetic_does() {
    let mut seen = Vec::new();
    for (width, skip_a) in [(1, false), (1, true), (2, false), (3, true)] {
        let weights = Weights::start(Architecture { width, skip_a }, 11);
        let read = Weights::from_bytes(&weights.to_bytes().unwrap()).unwrap();
        let evaluator = Evaluator::new(&read);
        let mut code = [0.0; LATENT];
        Stream::new(0, Purpose::PriorA, 0, 0).normals(7, &mut code);
        for which in Vae::BOTH {
            let found = evaluator.logits(which, code.to_vec()).unwrap();
            let expected = plain::logits(&weights, which, &code);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{width} {skip_a} {which:?}"
                );
            }
            seen.push(expected);
        }
    }
    // B's decoder has no skip connections to be switched on.
    assert!(seen[0] != seen[2] && seen[1] == seen[3]);
}

#[test]
fn digests_are_the_ones_that_every_machine_finds() {
    // Printed by `coverage --samples 2000` where this was written; checked there also on an
    // emulated processor without AVX.
    let expected = [
        (
            Vae::A,
            "7afa319c1fcad4ccb80acd1782283daebb9e7909d1e6675eba71336dee122257",
            "1348e36f7e963ca5bd8b583aa08882e05102fa0e5f0b502e0d84ebe08c77b890",
        ),
        (
            Vae::B,
            "967d4fe179c1f258f3e5ea240abb79f6362654b84c0311cbb599186a494f72a2",
            "b2dafc94bd4567039599c71eb49c2f8f60f1d6de38522d018abc083eddb57d74",
        ),
    ];
    for (which, argmax, categorical) in expected {
        let found = ask(which, &[2_000], 0).covered.remove(0);
        assert_eq!(
            found.argmax.digest(),
            format!("sha256:{argmax}"),
            "{which:?}"
        );
        assert_eq!(
            found.categorical.digest(),
            format!("sha256:{categorical}"),
            "{which:?}"
        );
    }
}

#[test]
fn neither_threads_nor_other_questions_change_an_answer() {
    let on = |threads: usize, samples: &[u32], codes| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| ask(Vae::B, samples, codes))
    };
    let one = on(1, &[700, 20_000], 20_000);
    let three = on(3, &[20_000, 700], 20_000);
    assert_eq!(one.covered[0], three.covered[1]);
    assert_eq!(one.covered[1], three.covered[0]);
    let generators = [one.generator.unwrap(), three.generator.unwrap()];
    let [a, b] = generators.each_ref().map(|generator| {
        let information = generator.estimate(Mean::mutual_information);
        (generator.mean().probabilities.clone(), information)
    });
    assert_eq!(a, b, "not a bit differs");
    // Asked alone, with other tiles.
    assert_eq!(on(2, &[700], 0).covered[0], three.covered[1]);
}

#[test]
fn the_measurement_between_batches_finds_what_the_survey_finds() {
    let weights = built_in().unwrap().weights;
    let device = burn::tensor::Device::flex();
    let model = DualVae::new(&weights, &device, burn::tensor::DType::F64);
    let samples = Samples {
        categorical: 9_000,
        argmax: 9_000,
    };
    let mut task = CoverageTask::new(Vae::A, samples, 0, 0);
    while !task
        .tile(&model, &device, burn::tensor::DType::F64)
        .unwrap()
    {}
    assert_eq!(task.finish(), ask(Vae::A, &[9_000], 0).covered[0]);
}

#[test]
fn information_out_of_the_measurement_between_batches_is_that_of_the_survey() {
    const CODES: u32 = 130_000;
    let weights = built_in().unwrap().weights;
    let device = burn::tensor::Device::flex();
    let model = DualVae::new(&weights, &device, burn::tensor::DType::F64);
    let samples = Samples {
        categorical: CODES,
        argmax: 1_000,
    };
    let mut pass = CoveragePass::new(samples, 0, 0).with_information();
    while !pass
        .tile(&model, &device, burn::tensor::DType::F64)
        .unwrap()
    {}
    let found = pass.information().unwrap();
    let expected = prior_information(&Evaluator::new(&weights), 0, CODES).unwrap();
    let expected = expected.unwrap();
    let all = |found: Information| {
        let (error, raw) = (found.standard_error.unwrap(), found.raw.unwrap());
        [found.a, found.b, error.a, error.b, raw.a, raw.b]
    };
    for (found, expected) in all(found).into_iter().zip(all(expected)) {
        // Sums of 32 bits, which the correction enlarges.
        assert!(
            (found - expected).abs() < 2e-5,
            "{found} instead of {expected}"
        );
    }
    assert_eq!((found.codes, expected.codes), (CODES, CODES));
    let silent = CoveragePass::new(samples, 0, 0);
    assert_eq!(silent.information(), None);
}
