//! Documents held against the certificate of the built-in model.

use std::path::Path;

use serde_json::Value;

use crate::numbers::rounded;
use crate::words::thousands;

fn text(name: &str) -> String {
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(name),
    )
    .unwrap()
}

/// Predicate of the built-in model's certificate, as JSON.
struct Certified(Value);

impl Certified {
    fn read() -> Self {
        let statement: Value =
            serde_json::from_str(&text("assets/builtin/certificate.json")).unwrap();
        Self(statement["predicate"].clone())
    }

    /// Returns one of the figures; `samples` tells it from others of its name.
    fn figure(&self, name: &str, vae: &str, samples: Option<u32>) -> &Value {
        let mut all = self.0["figures"].as_array().unwrap().iter();
        let is_it = |figure: &&Value| {
            let asked = samples.is_none_or(|samples| figure["samples"] == samples);
            figure["name"] == name && figure["vae"] == vae && asked
        };
        all.find(is_it).unwrap()
    }

    /// Returns the values of a figure for A and for B.
    fn both(&self, name: &str, samples: Option<u32>) -> [f64; 2] {
        ["a", "b"].map(|vae| self.figure(name, vae, samples)["value"].as_f64().unwrap())
    }
}

#[test]
fn documents_say_of_the_built_in_model_what_its_certificate_says() {
    const ALL: f64 = 19_683.0;
    let certified = Certified::read();
    let first = Some(50_000);
    let information = certified.both("mutual information", None);
    let [a, b] = information;
    let [sharp_a, sharp_b] = certified.both("decode entropy", first);
    let untrained = &certified.0["untrained"]["mutual_information"];
    let untrained = [0, 1].map(|vae| untrained[vae].as_f64().unwrap());
    let codes = &certified.figure("mutual information", "a", None)["samples"];
    let codes = thousands(codes.as_u64().unwrap());
    let argmax = certified.both("argmax coverage", first);
    let percent = |count: f64| format!("{:.2} %", 100.0 * count / ALL);
    let ceiling = certified.figure("argmax coverage", "a", first)["ceiling"].as_f64();
    let expected = percent(ceiling.unwrap());
    let readme = text("README.md");
    let has = |page: &str, sentence: &str| assert!(page.contains(sentence), "{sentence}");
    has(
        &readme,
        &format!(
            "| I(z; x), from {codes} prior codes | A {a:.3}, B {b:.3} of 9.888 nats (measurement seed 0) |"
        ),
    );
    has(
        &readme,
        &format!(
            "| argmax coverage of 50,000 | A {}, B {}; {expected} expected of a uniform generator (seed 0) |",
            percent(argmax[0]),
            percent(argmax[1])
        ),
    );
    has(
        &readme,
        &format!("| decode entropy | A {sharp_a:.3}, B {sharp_b:.3} nats |"),
    );
    has(
        &readme,
        &format!(
            "built-in model {a:.3}, {b:.3}; untrained {:.3}, {:.3} at best",
            untrained[0], untrained[1]
        ),
    );
    let categorical = certified.both("categorical coverage", first);
    let count = |count: f64| format!("{} = {}", thousands(rounded(count)), percent(count));
    let assets = text("assets/README.md");
    for (i, (vae, sharp)) in [("A", sharp_a), ("B", sharp_b)].into_iter().enumerate() {
        let figure = certified.figure("mutual information", ["a", "b"][i], None);
        let error = figure["standard_error"].as_f64().unwrap();
        has(
            &assets,
            &format!(
                "| {vae} | {} | {} | {sharp:.3} nats | {:.4} ± {error:.4} |",
                count(argmax[i]),
                count(categorical[i]),
                information[i]
            ),
        );
    }
    let [z_a, z_b] = certified.both("argmax chi-squared deviation", first);
    let metrics = text("docs/reference/metrics.md");
    has(
        &metrics,
        &format!("The built-in model at 50,000: z = {z_a:.1} and {z_b:.1} by argmax."),
    );
    has(
        &metrics,
        &format!(
            "`coverage` reads {} (seed 0).",
            thousands(rounded(argmax[0]))
        ),
    );
    let bias = |name: &str| {
        let figure = certified.figure(name, "a", None);
        figure["raw"].as_f64().unwrap() - figure["value"].as_f64().unwrap()
    };
    has(
        &metrics,
        &format!(
            "the plain I(z; x) of the built-in model from {codes} codes is {:.3} nats too low, its\nKL from uniform {:.3} too high",
            -bias("mutual information"),
            bias("KL from uniform")
        ),
    );
}
