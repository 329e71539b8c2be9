//! `certificate.md`: the statement for people.

use super::statement::Predicate;
use super::{CERTIFICATE, ENVELOPE, SUMS};
use crate::measure::{Estimators, Figure};
use crate::space::{OPERATIONS, percent_of_all};
use crate::validation::{Score, number};
use crate::words::{for_people, separated};

/// Renders the document, which is a function of the predicate alone.
#[expect(
    clippy::too_many_lines,
    reason = "the document stands here as it is read, line by line"
)]
pub fn document(predicate: &Predicate) -> String {
    let mut text = String::new();
    let mut line = |words: &str| {
        text += words;
        text.push('\n');
    };
    let run = &predicate.run;
    let measurement = &predicate.measurement;
    line(&format!("# Coverage certificate of {}", run.name));
    line("");
    line(&headline(predicate));
    line("");
    line("![Coverage against the number of samples](coverage.svg)");
    line("");
    line("| | |");
    line("|---|---|");
    let mut fact = |name: &str, value: &str| line(&format!("| {name} | {value} |"));
    fact("run", &run.name);
    fact("seed of the run", &run.seed.to_string());
    fact(
        "trained on",
        run.device.as_deref().unwrap_or("not recorded"),
    );
    fact("finished epochs", &run.epochs.to_string());
    if run.batch > 0 {
        fact("batches of the next epoch", &run.batch.to_string());
    }
    fact("configuration", &format!("`{}`", run.configuration));
    fact("journal", &format!("`{}`", run.journal));
    fact(
        "measured with",
        &format!(
            "{} {} ({}), {}",
            predicate.tool.name,
            predicate.tool.version,
            predicate.tool.commit,
            predicate.tool.compiler
        ),
    );
    fact("dependencies", &format!("`{}`", predicate.tool.lockfile));
    fact("made", &predicate.made);
    fact(
        "codes and draws",
        &format!("{}; seed {}", measurement.generator, measurement.seed),
    );
    fact("arithmetic", &measurement.arithmetic);
    line("");
    line("## Figures");
    line("");
    match measurement.estimators {
        Estimators::Plain => {
            line(
                "Ceiling: what a perfect generator reaches on average, or the largest possible value. Trend: the same",
            );
            line(
                "from a quarter and from half of the codes; a drift towards the value shows what bias is left.",
            );
            line("");
            line("| figure | VAE | N | value | ± | ceiling | trend | digest |");
            line("|---|---|---|---|---|---|---|---|");
        }
        Estimators::Corrected => {
            line(
                "±: one standard error, with what may be left of the bias; a 95 % interval reaches 2.131 of them to each side. Raw: the",
            );
            line(
                "same before its bias was corrected. Ceiling: what a uniform generator is expected to reach, or the largest possible value.",
            );
            line("Too few: the codes do not suffice for a figure.");
            line("");
            line("| figure | VAE | N | value | ± | raw | ceiling | digest |");
            line("|---|---|---|---|---|---|---|---|");
        }
    }
    for figure in &predicate.figures {
        line(&match measurement.estimators {
            Estimators::Plain => plain_row(figure),
            Estimators::Corrected => row(figure),
        });
    }
    line("");
    line("## What the names mean");
    line("");
    line("| figure | unit | definition | tells untrained weights from trained ones |");
    line("|---|---|---|---|");
    for defined in &predicate.definitions {
        let tells = if defined.ranks_untrained_below {
            "yes"
        } else {
            "no"
        };
        let definition = defined.definition.replace('|', "\\|");
        line(&format!(
            "| {} | {} | {definition} | {tells} |",
            defined.name, defined.unit
        ));
    }
    line("");
    line("## Checks");
    line("");
    let readable = |words: String| match measurement.estimators {
        Estimators::Plain => words,
        Estimators::Corrected => for_people(&words),
    };
    for (mark, checks) in [
        ("x", &predicate.checks.passed),
        (" ", &predicate.checks.failed),
    ] {
        for check in checks {
            line(&format!("- [{mark}] {}", readable(check.to_string())));
        }
    }
    if !predicate.validation.is_empty() {
        line("");
        line("## Validation");
        line("");
        line(
            "Each test beside the best of three untrained models and a trivial baseline, whatever its verdict:",
        );
        line(
            "`fluxttice-explorer validate --list` defines them. The first five alone say whether a model learned.",
        );
        line("");
        line("| test | VAE | value | untrained | baseline | bound | verdict |");
        line("|---|---|---|---|---|---|---|");
        for score in &predicate.validation {
            line(&readable(finding(score)));
        }
    }
    line("");
    line("## Checking it again");
    line("");
    line(
        "`fluxttice-explorer verify FOLDER` needs this folder and the program, nothing else. It adds up every file,",
    );
    line(&format!(
        "measures everything again and says exactly what differs. Counts and digests must be equal, other figures to {:e} of",
        measurement.tolerance
    ));
    line(&format!(
        "their size. `sha256sum -c {SUMS}` checks the files alone. What binds files and figures is"
    ));
    line(&format!(
        "`{CERTIFICATE}`, an in-toto statement; who vouches for it stands in `{ENVELOPE}`, where there is one."
    ));
    line("");
    line(
        "Digests show that files belong together, a signature shows who says so. Without a signature, whoever",
    );
    line(
        "edits a file and every digest after it can change what is not measured again: times, names, the",
    );
    line("tool, the metrics and journal of the training.");
    text
}

fn headline(predicate: &Predicate) -> String {
    let of = |name: &str, vae: &str| {
        let figures = predicate.figures.iter();
        figures
            .filter(|figure| figure.name == name && figure.vae.to_string() == vae)
            .min_by_key(|figure| figure.samples)
    };
    let sentences = ["A", "B"].map(|vae| {
        let argmax = of("argmax coverage", vae);
        let value = argmax.and_then(|figure| figure.value).unwrap_or(f64::NAN);
        let ceiling = argmax.and_then(|figure| figure.ceiling).unwrap_or(f64::NAN);
        let samples = argmax.and_then(|figure| figure.samples).unwrap_or(0);
        let entropy = of("decode entropy", vae).and_then(|figure| figure.value);
        let information = of("mutual information", vae).and_then(|figure| figure.value);
        if predicate.measurement.estimators == Estimators::Corrected {
            let whole = |value: f64| separated(&format!("{value:.0}"));
            return format!(
                "**VAE-{vae}** generates {} of {} operations with {} samples by argmax: {:.2} %, where {:.2} % are expected of a uniform \
                 generator; decode entropy {:.3} nats, mutual information {} nats of 9.888.",
                whole(value),
                whole(OPERATIONS as f64),
                whole(f64::from(samples)),
                percent_of_all(value),
                percent_of_all(ceiling),
                entropy.unwrap_or(f64::NAN),
                information.map_or("of too few codes to tell".to_owned(), |found| format!("{found:.3}")),
            );
        }
        format!(
            "**VAE-{vae}** generates {value} of {OPERATIONS} operations with {samples} samples by argmax: {:.2} % of {:.2} % possible, \
             decode entropy {:.3} nats, mutual information {:.3} of 9.888 nats.",
            percent_of_all(value),
            percent_of_all(ceiling),
            entropy.unwrap_or(f64::NAN),
            information.unwrap_or(f64::NAN),
        )
    });
    sentences.join("\n")
}

fn row(figure: &Figure) -> String {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| separated(&shown(value)));
    let digest = figure
        .digest
        .as_ref()
        .map_or(String::new(), |digest| format!("`{digest}`"));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {digest} |",
        figure.title(),
        figure.vae,
        number(figure.samples.map(f64::from)),
        figure
            .value
            .map_or("too few".to_owned(), |value| separated(&shown(value))),
        figure
            .standard_error
            .map_or(String::new(), |error| format!("{error:.1e}")),
        number(figure.raw),
        number(figure.ceiling),
    )
}

/// Formats a figure as a row of the table that version 0.1.0 wrote.
fn plain_row(figure: &Figure) -> String {
    let number = |value: Option<f64>| value.map_or(String::new(), shown);
    let trend = figure.trend.map_or(String::new(), |[quarter, half]| {
        format!("{}, {}", shown(quarter), shown(half))
    });
    let digest = figure
        .digest
        .as_ref()
        .map_or(String::new(), |digest| format!("`{digest}`"));
    let samples = figure
        .samples
        .map_or(String::new(), |samples| samples.to_string());
    format!(
        "| {} | {} | {samples} | {} | {} | {} | {trend} | {digest} |",
        figure.title(),
        figure.vae,
        figure.value.map_or("none".to_owned(), shown),
        figure
            .standard_error
            .map_or(String::new(), |error| format!("{error:.1e}")),
        number(figure.ceiling),
    )
}

fn finding(score: &Score) -> String {
    let value = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        score.test,
        score.which.title(),
        value(score.value),
        value(score.untrained),
        value(score.baseline),
        score.bound,
        score.verdict.words()
    )
}

/// Formats a whole number as such, one below 0.001 with an exponent, and any other with five places.
fn shown(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        format!("{value:.0}")
    } else if value.abs() < 0.001 {
        format!("{value:.3e}")
    } else {
        format!("{value:.5}")
    }
}
