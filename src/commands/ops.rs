//! `ops`: lists operations by law, and describes single ones.

use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::space::query::{Query, words};
use fluxttice_core::space::symmetry::{Permutation, Values};
use fluxttice_core::space::{ENTRIES, Operation, VALUES, names};

use super::{Done, Failure, json_line, line, note, operations};
use crate::cli::{Global, OpsArgs, OpsCommand};

/// Lists the operations that an expression selects, describes operations, or lists the words of expressions.
pub fn run(global: &Global, args: &OpsArgs) -> Done {
    match (&args.command, &args.expression) {
        (Some(OpsCommand::Show { operation }), _) => {
            for (place, operation) in operations::read(operation)?.into_iter().enumerate() {
                if global.json {
                    json_line(&described(operation))?;
                } else {
                    show(operation, place > 0)?;
                }
            }
        }
        (Some(OpsCommand::Words), _) => list_words(global)?,
        (None, Some(expression)) => list(global, args, expression)?,
        (None, None) => {
            return Err(Failure::Usage(
                "expected an expression such as 'commutative & idempotent', `show OP` or `words`"
                    .to_owned(),
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, args: &OpsArgs, expression: &str) -> Result<(), Failure> {
    let query: Query = expression
        .parse()
        .map_err(|error| Failure::Input(format!("{error}\n`ops words` lists every word")))?;
    let found = query.operations();
    if args.count {
        return if global.json {
            json_line(&json!({"expression": expression, "count": found.len()}))
        } else {
            line(&found.len().to_string())
        };
    }
    for operation in found.iter() {
        if global.json {
            json_line(&json!({
                "operation": operation.index(),
                "trits": operation.to_string(),
                "name": operation.name(),
            }))?;
        } else if args.long {
            line(&operations::titled(operation))?;
        } else {
            line(&operation.index().to_string())?;
        }
    }
    if found.is_empty() && !global.quiet {
        note("no operation is like that");
    }
    Ok(())
}

fn list_words(global: &Global) -> Result<(), Failure> {
    for word in words() {
        let count = (!word.is_figure && word.argument.is_none())
            .then(|| word.text.parse::<Query>().ok())
            .flatten()
            .map(|query| query.operations().len());
        if global.json {
            json_line(&json!({
                "word": word.text,
                "argument": word.argument,
                "is_figure": word.is_figure,
                "operations": count,
                "meaning": word.meaning,
            }))?;
            continue;
        }
        let mut text = word.text.to_owned();
        if let Some(argument) = word.argument {
            text += &format!("({argument})");
        }
        if word.is_figure {
            text += " > 1";
        }
        let count = count.map_or(String::new(), |count| count.to_string());
        line(&format!("{text:<24} {count:>6}  {}", word.meaning))?;
    }
    Ok(())
}

/// Returns the relatives of an operation, each with its description.
fn relatives(operation: Operation) -> [(&'static str, Operation); 5] {
    [
        ("dual -f(-a, -b)", operation.dual()),
        ("negated -f(a, b)", operation.negated()),
        ("swapped f(b, a)", operation.swapped()),
        ("first negated f(-a, b)", operation.first_negated()),
        ("second negated f(a, -b)", operation.second_negated()),
    ]
}

fn closed(operation: Operation) -> impl Iterator<Item = Values> {
    Values::PROPER
        .into_iter()
        .filter(move |values| operation.is_closed_on(*values))
}

fn preserved(operation: Operation) -> impl Iterator<Item = Permutation> {
    Permutation::ALL
        .into_iter()
        .skip(1)
        .filter(move |permutation| operation.preserves(*permutation))
}

fn described(operation: Operation) -> serde_json::Value {
    let [dual, negated, swapped, first, second] =
        relatives(operation).map(|(_, relative)| relative.index());
    let named = names::entry(operation);
    json!({
        "operation": operation.index(),
        "trits": operation.to_string(),
        "entries": operation.entries(),
        "name": named.map(|named| named.name),
        "aliases": named.map_or(&[][..], |named| named.aliases),
        "source": named.map(|named| named.source).filter(|source| !source.is_empty()),
        "laws": operation.laws().map(|law| law.word).collect::<Vec<_>>(),
        "closed": closed(operation).map(|values| values.to_string()).collect::<Vec<_>>(),
        "automorphisms": preserved(operation).map(|p| p.to_string()).collect::<Vec<_>>(),
        "identity_element": operation.identity_element(),
        "absorbing_element": operation.absorbing_element(),
        "dual": dual,
        "negated": negated,
        "swapped": swapped,
        "first_negated": first,
        "second_negated": second,
        "orbit": operation.orbit().iter().map(|member| member.index()).collect::<Vec<_>>(),
    })
}

fn show(operation: Operation, again: bool) -> Result<(), Failure> {
    if again {
        line("")?;
    }
    line(&operations::titled(operation))?;
    if let Some(named) = names::entry(operation) {
        if !named.aliases.is_empty() {
            line(&format!("also      {}", named.aliases.join(", ")))?;
        }
        if !named.source.is_empty() {
            line(&format!("source    {}", named.source))?;
        }
    }
    line("\n  a\\b |  -  0  +")?;
    let sign = |entry: &i8| ["-", "0", "+"][usize::from((entry + 1).cast_unsigned())];
    let entries: [i8; ENTRIES] = operation.entries();
    for (input, row) in ["-", "0", "+"].iter().zip(entries.chunks_exact(VALUES)) {
        let signs: Vec<&str> = row.iter().map(sign).collect();
        line(&format!("    {input} |  {}", signs.join("  ")))?;
    }
    let listed = |words: Vec<String>| match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(", "),
    };
    let laws = operation.laws().map(|law| law.word.to_owned()).collect();
    line(&format!("\nlaws      {}", listed(laws)))?;
    let sets = closed(operation)
        .map(|values| format!("{{{values}}}"))
        .collect();
    line(&format!("closed    {}", listed(sets)))?;
    let kept = preserved(operation)
        .map(|p| format!("-0+ to {p}"))
        .collect();
    line(&format!("relabel   {}", listed(kept)))?;
    for (name, element) in [
        ("identity", operation.identity_element()),
        ("absorbing", operation.absorbing_element()),
    ] {
        if let Some(element) = element {
            line(&format!("{name:<9} {}", sign(&element)))?;
        }
    }
    line("")?;
    for (name, relative) in relatives(operation) {
        line(&format!("{name:<24} {}", operations::titled(relative)))?;
    }
    let orbit = operation.orbit();
    line(&format!(
        "\norbit under relabelling and swapping: {}",
        orbit.len()
    ))?;
    for member in orbit {
        line(&format!("  {}", operations::titled(member)))?;
    }
    Ok(())
}
